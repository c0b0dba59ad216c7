"""One network of a forecaster: what is learnt before and in training, and its forecasts, on arrays."""

from dataclasses import dataclass, replace

import numpy as np

from .network.architecture import Architecture
from .network.training import predict
from .network.windows import SeriesWindows
from .preparation import Preparation


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What a member is made by; the arguments of :class:`tsrnn.RNNForecaster`, nothing of them "auto" any more.

    Parameters
    ----------
    season : int
        Rows of a season of the clock.
    """

    horizon: int
    lookback: int
    season: int
    cell: str
    hidden_layer_sizes: tuple
    activation: str
    reset_after: bool
    scaler: object
    window_norm: str | None
    missing: str
    dtype: str
    windows_per_epoch: int | None

    def first_rows(self, n_training):
        """Return the row of the first target of the first window of each series, of which so many rows are learnt from.

        A series too short for a whole lookback begins with what it has.
        """
        return np.clip(n_training - self.horizon, 1, self.lookback)

    def count_windows(self, n_training):
        """Return how many windows an epoch has."""
        last = n_training - self.horizon
        n_windows = int(np.maximum(last - self.first_rows(n_training) + 1, 0).sum())
        return min(n_windows, self.windows_per_epoch or n_windows)


@dataclass(frozen=True)
class Task:
    """What a network is trained on.

    Parameters
    ----------
    architecture : Architecture
    preparation : Preparation
    windows : SeriesWindows
    validation : SeriesWindows or None
        Those whose targets are among the rows held out.
    """

    architecture: Architecture
    preparation: Preparation
    windows: SeriesWindows
    validation: SeriesWindows | None

    @classmethod
    def of(cls, settings, series, n_training):
        """Return the task to learn from the first rows of each series, so many; the others are held out."""
        preparation = Preparation(settings.scaler, settings.season, settings.horizon, settings.missing, settings.dtype)
        preparation.fit(series, n_training)
        architecture = Architecture(
            settings.cell, settings.lookback, preparation.n_features, settings.hidden_layer_sizes,
            settings.horizon * series.values.shape[1], settings.activation, settings.reset_after, settings.window_norm,
            horizon=settings.horizon, skips_missing=settings.missing == "mask",
        )  # fmt: skip
        windows, validation = make_windows(preparation, settings, series, n_training), None
        if (n_training < series.lengths).any():
            last = np.where(n_training < series.lengths, series.lengths - settings.horizon, -1)
            validation = preparation.windows(
                windows.rows, series, settings.lookback, n_training, last, settings.windows_per_epoch
            )
        return cls(architecture, preparation, windows, validation)


def make_windows(preparation, settings, series, n_training):
    """Return the windows whose targets are among the first rows of each series, so many."""
    rows = preparation.rows(series, n_training)
    first, last = settings.first_rows(n_training), n_training - settings.horizon
    return preparation.windows(rows, series, settings.lookback, first, last, settings.windows_per_epoch)


class Member:
    """A trained network, and the memory that its forecasts are made from.

    Parameters
    ----------
    settings : Settings
    task : Task
        What it was trained on.
    parameters : ndarray
    """

    def __init__(self, settings, task, parameters):
        self.settings, self.architecture, self.preparation = settings, task.architecture, task.preparation
        self.parameters = parameters

    def observe(self, series):
        """Take the Series that forecasts are made from; what was learnt stays."""
        self._series = series
        self._windows = make_windows(self.preparation, self.settings, series, series.lengths)

    def forecast_from(self, numbers, rows, n_threads):
        """Return the forecasts of the horizon from these rows of series on, made from what stands before them.

        Parameters
        ----------
        numbers, rows : ndarray of int64, shape (n,)
            Of the series, in the order of training. From row 0 on nothing is known: the means of training stand there.

        Returns
        -------
        ndarray of shape (n, horizon, n_targets), float64
        """
        forecasts = self._predict(self._windows, self._windows.firsts[numbers] + rows, numbers, n_threads)
        forecasts = self.preparation.restore(forecasts, numbers, rows, self._series)
        means = self.preparation.means[numbers][:, np.newaxis]
        return np.where((rows > 0)[:, np.newaxis, np.newaxis], forecasts, means)

    def forecast_ahead(self, numbers, n_steps, n_threads):
        """Return the forecasts of the steps after these series, shape (n, n_steps, n_targets).

        Beyond the horizon they are made as if the forecasts before had been observed.
        """
        windows, lengths = self._windows, self._series.lengths[numbers]
        forecasts = self._predict(windows, windows.firsts[numbers] + lengths, numbers, n_threads)
        while forecasts.shape[1] < n_steps:
            forecasts = self._go_on(forecasts, numbers, n_threads)
        return self.preparation.restore(forecasts[:, :n_steps], numbers, lengths, self._series)

    def _go_on(self, forecasts, numbers, n_threads):
        """Return more forecasts, on the scale of the network."""
        horizon, lookback, windows = self.settings.horizon, self.settings.lookback, self._windows
        n_known, n_targets = forecasts.shape[1:]
        lengths = np.minimum(self._series.lengths[numbers], lookback)
        ends = windows.firsts[numbers] + self._series.lengths[numbers]
        n_rows = lookback + n_known + horizon
        rows = np.full((len(numbers), n_rows, windows.rows.shape[1]), np.nan, windows.rows.dtype)
        for back in range(1, lookback + 1):
            has_row = lengths >= back
            rows[has_row, lookback - back] = windows.rows[ends[has_row] - back]
        rows[:, lookback : lookback + n_known, :n_targets] = forecasts
        rows[:, lookback : lookback + n_known, n_targets:] = 0
        starts = np.arange(len(numbers)) * n_rows
        longer = replace(windows, rows=rows.reshape(-1, rows.shape[2]), firsts=starts + lookback - lengths)
        more = self._predict(longer, starts + lookback + n_known, np.arange(len(numbers)), n_threads)
        return np.concatenate([forecasts, more], axis=1)

    def _predict(self, windows, borders, numbers, n_threads):
        """Return forecasts (n, horizon, n_targets), on the scale of the network, of the steps from these borders on."""
        forecasts = predict(self.architecture, self.parameters, windows.sequences(borders, numbers), n_threads)
        return forecasts.reshape(len(borders), self.settings.horizon, -1)
