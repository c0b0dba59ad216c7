"""One network of a forecaster: what is learnt before and in training, and its forecasts, on arrays."""

from copy import copy
from dataclasses import dataclass, replace

import numpy as np

from .covariates import Columns
from .network.architecture import Architecture
from .network.training import predict
from .network.windows import SeriesWindows
from .preparation import Preparation

FORECASTS_AT_ONCE = 4096  # of those that are made step by step, from copies of what they see


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What a member is made by; the arguments of :class:`tsrnn.RNNForecaster`, nothing of them "auto" any more.

    Parameters
    ----------
    horizon : int
        Steps that the network gives at once.
    n_ahead : int
        Steps of a forecast, a multiple of them.
    season : int
        Rows of a season of the clock.
    transform : Transform
        Of the targets; not fitted.
    """

    horizon: int
    n_ahead: int
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
        preparation = prepare(settings, series, n_training)
        horizon, n_past, n_targets = settings.horizon, preparation.n_past, series.values.shape[1]
        decodes = n_past > 0  # an output at each step of the horizon, which reads what is known of it
        architecture = Architecture(
            settings.cell, settings.lookback + horizon * decodes, preparation.n_features + decodes,
            settings.hidden_layer_sizes, n_targets * (1 if decodes else horizon), settings.activation,
            settings.reset_after, settings.window_norm,
            horizon=horizon, n_past=n_past, skips_missing=settings.missing == "mask", categories=preparation.categories,
        )  # fmt: skip
        windows, validation = make_windows(preparation, settings, series, n_training), None
        if (n_training < series.lengths).any():
            last = np.where(n_training < series.lengths, series.lengths - settings.horizon, -1)
            validation = preparation.windows(
                windows.rows, series, settings.lookback, settings.horizon, n_training, last, settings.windows_per_epoch
            )
        for part, name in ((windows, "learnt from"), (validation, "held out for validation")):
            if part is not None and not part.has_target():
                raise ValueError(
                    f"no step that is {name} has a value, and a weight above zero; give more of them, or set "
                    "early_stopping=False."
                )
        return cls(architecture, preparation, windows, validation)


def prepare(settings, series, n_training):
    """Return the Preparation that is learnt from the first rows of each series, so many."""
    panel = series.panel
    columns = Columns(
        tuple(panel.covariate_names), panel.categories, settings.past_covariates, settings.missing == "mask"
    )
    preparation = Preparation(
        settings.transform, settings.n_ahead, settings.missing, settings.dtype, settings.bounds, columns,
        settings.calendar,
    )  # fmt: skip
    return preparation.fit(series, n_training)


def make_windows(preparation, settings, series, n_training):
    """Return the windows whose targets are among the first rows of each series, so many."""
    rows = preparation.rows(series, n_training)
    first, last = settings.first_rows(n_training), n_training - settings.horizon
    return preparation.windows(
        rows, series, settings.lookback, settings.horizon, first, last, settings.windows_per_epoch
    )


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

    def with_parameters(self, parameters):
        """Return this member with other parameters."""
        other = copy(self)
        other.parameters = parameters
        return other

    def task_again(self, series):
        """Return the Task to learn on from all rows of these series, prepared as the member's were."""
        return Task(self.architecture, self.preparation, self.memory_of(series)[1], None)

    def memory_of(self, series):
        """Return the memory of a Series that forecasts are made from."""
        series = self.preparation.fill(series)
        return series, make_windows(self.preparation, self.settings, series, series.lengths)

    def with_memory(self, memory):
        """Return this member with another memory; what was learnt stays.

        Another one, so that a copy of a forecaster may move on by itself.
        """
        other = copy(self)
        other._series, other._windows = memory
        return other

    def forecast_from(self, numbers, rows, n_threads):
        """Return the forecasts of `n_ahead` steps from these rows of series on, made from what stands before them.

        Parameters
        ----------
        numbers, rows : ndarray of int64, shape (n,)
            Of the series, in the order of training. Where nothing that a network reads is before a row, the means of
            training are forecast.

        Returns
        -------
        ndarray of shape (n, n_ahead, n_targets), float64
        """
        forecasts = self.preparation.means[numbers][:, np.newaxis].repeat(self.settings.n_ahead, axis=1)
        has_window = np.flatnonzero(rows > self.settings.n_lost)
        for start in range(0, len(has_window), self._n_at_once):
            piece = has_window[start : start + self._n_at_once]
            made = self._forecast_inside(numbers[piece], rows[piece], n_threads)
            forecasts[piece] = self.preparation.restore(made, numbers[piece], rows[piece], self._series)
        return forecasts

    @property
    def _n_at_once(self):
        """Forecasts that are made at once: those that are made step by step need copies of what they see."""
        return 2**62 if self.settings.horizon == self.settings.n_ahead else FORECASTS_AT_ONCE

    def _forecast_inside(self, numbers, rows, n_threads):
        """Return forecasts on the scale of the network, shape (n, n_ahead, n_targets)."""
        settings = self.settings
        if settings.horizon == settings.n_ahead:
            borders = self.preparation.firsts(self._series)[numbers] + rows
            return self._predict(self._windows, borders, numbers, n_threads)
        seen = self._windows.rows, self._series, numbers, rows
        cut, lengths = self.preparation.cut(*seen, settings.lookback, settings.n_ahead)
        return self._go_on(cut, lengths, n_threads)

    def forecast_ahead(self, numbers, n_steps, n_threads, ahead=None):
        """Return the forecasts of the steps after these series, shape (n, n_steps, n_targets).

        Beyond the horizon they are made as if the forecasts before had been observed.

        Parameters
        ----------
        ahead : ndarray of shape (n, n_steps, n_covariates), optional
            The covariates of these steps.
        """
        horizon, lookback = self.settings.horizon, self.settings.lookback
        n_ahead = -(-n_steps // horizon) * horizon
        tail, lengths = self.preparation.tail(self._windows.rows, self._series, numbers, lookback, n_ahead, ahead)
        forecasts = self._go_on(tail, lengths, n_threads)[:, :n_steps]
        return self.preparation.restore(forecasts, numbers, self._series.lengths[numbers], self._series)

    def _go_on(self, tail, lengths, n_threads):
        """Return the forecasts of the rows after the lookback, on the scale of the network, each horizon from the last.

        Parameters
        ----------
        tail : ndarray of shape (n, lookback + n_steps, n_features)
            Overwritten.
        lengths : ndarray of shape (n,)
            Rows of the lookback that are seen.
        """
        horizon, lookback, n_targets = self.settings.horizon, self.settings.lookback, self._windows.n_targets
        n, n_rows, n_features = tail.shape
        starts = np.arange(n) * n_rows
        of_tail = replace(self._windows, rows=tail.reshape(-1, n_features), firsts=starts + lookback - lengths)
        for first in range(lookback, n_rows, horizon):
            forecasts = self._predict(of_tail, starts + first, np.arange(n), n_threads)
            tail[:, first : first + horizon, :n_targets] = forecasts
            tail[:, first : first + horizon, n_targets : self.preparation.n_of_targets] = 0  # as if observed
        return tail[:, lookback:, :n_targets]

    def _predict(self, windows, borders, numbers, n_threads):
        """Return forecasts (n, horizon, n_targets), on the scale of the network, of the steps from these borders on."""
        forecasts = predict(self.architecture, self.parameters, windows.sequences(borders, numbers), n_threads)
        return forecasts.reshape(len(borders), self.settings.horizon, -1)
