"""One network of a forecaster: what is learnt before and in training, and its forecasts, on arrays."""

from copy import copy
from dataclasses import dataclass, replace

import numpy as np

from .covariates import Columns
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
    transform : Transform
        Of the targets; not fitted.
    """

    horizon: int
    lookback: int
    season: int
    cell: str
    hidden_layer_sizes: tuple
    activation: str
    reset_after: bool
    transform: object
    window_norm: str | None
    missing: str
    dtype: str
    windows_per_epoch: int | None
    bounds: tuple | None = None
    past_covariates: tuple = ()
    calendar: tuple = ()

    @property
    def n_lost(self):
        """First rows of each series that the transform cannot make."""
        return self.transform.n_lost

    def first_rows(self, n_training):
        """Return the row of the first target of the first window of each series, of which so many rows are learnt from.

        A series too short for a whole lookback begins with what it has.
        """
        return np.clip(n_training - self.horizon, 1, self.lookback + self.n_lost).clip(1 + self.n_lost)

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
        panel = series.panel
        columns = Columns(tuple(panel.covariate_names), panel.categories, settings.past_covariates)
        preparation = Preparation(
            settings.transform, settings.horizon, settings.missing, settings.dtype, settings.bounds, columns,
            settings.calendar,
        ).fit(series, n_training)  # fmt: skip
        horizon, n_past, n_targets = settings.horizon, preparation.n_past, series.values.shape[1]
        decodes = n_past > 0  # an output at each step of the horizon, which reads what is known of it
        architecture = Architecture(
            settings.cell, settings.lookback + horizon * decodes, preparation.n_features + decodes,
            settings.hidden_layer_sizes, n_targets * (1 if decodes else horizon), settings.activation,
            settings.reset_after, settings.window_norm,
            horizon=horizon, n_past=n_past, skips_missing=settings.missing == "mask",
        )  # fmt: skip
        windows, validation = make_windows(preparation, settings, series, n_training), None
        if (n_training < series.lengths).any():
            last = np.where(n_training < series.lengths, series.lengths - settings.horizon, -1)
            validation = preparation.windows(
                windows.rows, series, settings.lookback, n_training, last, settings.windows_per_epoch
            )
        for part, name in ((windows, "learnt from"), (validation, "held out for validation")):
            if part is not None and not part.has_target():
                raise ValueError(
                    f"no step that is {name} has a value, and a weight above zero; give more of them, or set "
                    "early_stopping=False."
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

    def observing(self, series):
        """Return this member with a memory of a Series, from which forecasts are made; what was learnt stays.

        Another one, so that a copy of a forecaster may move on by itself.
        """
        other, series = copy(self), self.preparation.fill(series)
        other._series, other._windows = series, make_windows(self.preparation, self.settings, series, series.lengths)
        return other

    def forecast_from(self, numbers, rows, n_threads):
        """Return the forecasts of the horizon from these rows of series on, made from what stands before them.

        Parameters
        ----------
        numbers, rows : ndarray of int64, shape (n,)
            Of the series, in the order of training. Where nothing that a network reads is before a row, the means of
            training are forecast.

        Returns
        -------
        ndarray of shape (n, horizon, n_targets), float64
        """
        forecasts = self.preparation.means[numbers][:, np.newaxis].repeat(self.settings.horizon, axis=1)
        has_window = rows > self.settings.n_lost
        if has_window.any():
            numbers, rows = numbers[has_window], rows[has_window]
            borders = self.preparation.firsts(self._series)[numbers] + rows
            made = self._predict(self._windows, borders, numbers, n_threads)
            forecasts[has_window] = self.preparation.restore(made, numbers, rows, self._series)
        return forecasts

    def forecast_ahead(self, numbers, n_steps, n_threads, ahead=None):
        """Return the forecasts of the steps after these series, shape (n, n_steps, n_targets).

        Beyond the horizon they are made as if the forecasts before had been observed.

        Parameters
        ----------
        ahead : ndarray of shape (n, n_steps, n_covariates), optional
            The covariates of these steps.
        """
        horizon, lookback, windows = self.settings.horizon, self.settings.lookback, self._windows
        n_ahead = -(-n_steps // horizon) * horizon
        tail, lengths = self.preparation.tail(windows.rows, self._series, numbers, lookback, n_ahead, ahead)
        n, n_rows, n_features = tail.shape
        starts, n_targets = np.arange(n) * n_rows, windows.n_targets
        of_tail = replace(windows, rows=tail.reshape(-1, n_features), firsts=starts + lookback - lengths)
        for first in range(lookback, n_rows, horizon):
            forecasts = self._predict(of_tail, starts + first, np.arange(n), n_threads)
            tail[:, first : first + horizon, :n_targets] = forecasts
            tail[:, first : first + horizon, n_targets : self.preparation.n_of_targets] = 0  # as if observed
        forecasts, lengths = tail[:, lookback : lookback + n_steps, :n_targets], self._series.lengths[numbers]
        return self.preparation.restore(forecasts, numbers, lengths, self._series)

    def _predict(self, windows, borders, numbers, n_threads):
        """Return forecasts (n, horizon, n_targets), on the scale of the network, of the steps from these borders on."""
        forecasts = predict(self.architecture, self.parameters, windows.sequences(borders, numbers), n_threads)
        return forecasts.reshape(len(borders), self.settings.horizon, -1)
