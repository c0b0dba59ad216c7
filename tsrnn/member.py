"""One network of a forecaster: what is learnt before and in training, and its forecasts, on arrays."""

from copy import copy
from dataclasses import dataclass, replace
from threading import Lock

import numpy as np

from .covariates import Columns
from .distributions import NormalScale
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
    least_seen : int
        Rows that the first window of a series sees.
    season : int
        Rows of a season of the clock.
    group : int
        Members of one group have the same settings; groups are averaged.
    network : Architecture
        What arguments say of the network; steps, features and outputs follow from the data.
    transform : Transform
        Of the targets; not fitted.
    sizes : Sizes
        How much it learns (:class:`tsrnn.choices.Sizes`).
    """

    horizon: int
    n_ahead: int
    lookback: int
    least_seen: int
    season: int
    group: int
    network: Architecture
    transform: object
    missing: str
    dtype: str
    windows_per_epoch: int | None
    batch_size: int
    sizes: object = None
    bounds: tuple | None = None
    past_covariates: tuple = ()
    calendar: tuple = ()

    @property
    def n_lost(self):
        """First rows of each series that the transform cannot make."""
        return self.transform.n_lost

    def first_rows(self, n_training):
        """Return the row of the first target of the first window of each series, of which so many rows are learnt from.

        A series too short for that begins with what it has.
        """
        return np.clip(n_training - self.horizon, 1, self.least_seen + self.n_lost).clip(1 + self.n_lost)

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
        architecture = replace(
            settings.network,
            n_steps=settings.lookback + horizon * decodes,
            n_features=preparation.n_features + decodes,
            n_outputs=n_targets * settings.network.n_of_target * (1 if decodes else horizon),
            n_past=n_past,
            categories=preparation.categories,
        )
        windows, validation = make_windows(preparation, settings, series, n_training), None
        if (n_training < series.lengths).any():
            last = np.where(n_training < series.lengths, series.lengths - settings.horizon, -1)
            validation = preparation.windows(
                windows.rows, series, settings.lookback, settings.horizon, n_training, last, settings.windows_per_epoch
            )
        check_targets(windows, validation)
        return cls(architecture, preparation, windows, validation)


class Tasks:
    """What the networks of a fit are trained on, one after the other; no more of it is in memory than is needed.

    Parameters
    ----------
    make : callable
        Gives for the numbers of rows of the series that are trained on the Task.
    n_training, lengths : ndarray of shape (n_series,)
    has_refit : bool
        Whether all rows are trained on after the first ones.
    n_members : int
    """

    def __init__(self, make, n_training, lengths, has_refit, n_members):
        self.first, self.has_refit = make(n_training), has_refit
        self._make, self._lengths, self._n_waiting, self._lock = make, lengths, n_members, Lock()
        self._is_whole, self._on_all = bool((n_training == lengths).all()), None

    def let_go(self):
        """Say that another member has learnt the first task; after the last one its windows are let go."""
        with self._lock:
            self._n_waiting -= 1
            if not self._n_waiting and not self._is_whole:
                self.first = replace(self.first, windows=None, validation=None)

    def on_all(self):
        """Return the task to learn from all rows."""
        with self._lock:
            self._on_all = self._on_all or self._make(self._lengths)
        return self._on_all

    def rows_of_all(self):
        """Return the rows that were made of all of the series, by the id of their preparation."""
        made = [self.first if self._is_whole else None, self._on_all]
        return {id(task.preparation): task.windows.rows for task in made if task is not None}


def check_targets(windows, validation):
    """Raise if there is nothing to learn, or nothing to watch."""
    for part, name in ((windows, "learnt from"), (validation, "held out for validation")):
        if part is not None and not part.has_target():
            raise ValueError(
                f"no step that is {name} has a value, and a weight above zero; give more of them, or set "
                "early_stopping=False."
            )


def prepare(settings, series, n_training):
    """Return the Preparation that is learnt from the first rows of each series, so many."""
    panel = series.panel
    columns = Columns(
        tuple(panel.covariate_names), panel.categories, settings.past_covariates, settings.missing == "mask"
    )
    preparation = Preparation(
        settings.transform, settings.n_ahead, settings.missing, settings.dtype, settings.bounds, columns,
        settings.calendar, sees_calendar_ahead=settings.network.n_skip == 0 and settings.network.patch == 1,
    )  # fmt: skip
    return preparation.fit(series, n_training)


def make_windows(preparation, settings, series, n_training, rows=None):
    """Return the windows whose targets are among the first rows of each series, so many.

    `rows` are those that the preparation makes of the series, if they are made already.
    """
    rows = preparation.rows(series, n_training) if rows is None else rows
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

    def task_again(self):
        """Return the Task to learn on from all rows of the memory."""
        return Task(self.architecture, self.preparation, self._windows, None)

    def memory_of(self, series, rows=None):
        """Return the memory of a Series that forecasts are made from; `rows` as in :func:`make_windows`."""
        filled = self.preparation.fill(series)
        return filled, make_windows(self.preparation, self.settings, filled, series.lengths, rows), series

    def with_memory(self, memory):
        """Return this member with another memory; what was learnt stays.

        Another one, so that a copy of a forecaster may move on by itself.
        """
        other = copy(self)
        other._series, other._windows, other._observed = memory
        return other

    @property
    def series(self):
        """The Series that it remembers."""
        return self._series

    def with_preparation(self, preparation):
        """Return this member with another preparation, such as its own for one series alone."""
        other = copy(self)
        other.preparation = preparation
        return other

    def forecast_from(self, numbers, rows, n_threads):
        """Return the forecasts of `n_ahead` steps from these rows of series on, made from what stands before them.

        Parameters
        ----------
        numbers, rows : ndarray of int64, shape (n,)
            Of the series, in the order of training. Before the first value of a series the means of training are
            forecast.

        Returns
        -------
        ndarray of shape (n, n_ahead, n_targets), float64
        """
        means = self.preparation.means[numbers][:, np.newaxis].repeat(self.settings.n_ahead, axis=1)
        return self._forecast_all(means, self._restored, numbers, rows, n_threads)

    def outputs_from(self, numbers, rows, n_threads):
        """Return what the network puts out where `forecast_from` makes forecasts of it, on the scale of the network.

        Returns
        -------
        ndarray of shape (n, n_ahead, n_targets, n_of_target), float64
            NaN before the first value of a series.
        """
        unknown = np.full((len(rows), self.settings.n_ahead, self._n_targets, self._n_of_target), np.nan)
        return self._forecast_all(unknown, lambda outputs, *_: outputs, numbers, rows, n_threads)

    def targets_from(self, numbers, rows):
        """Return the values of the `n_ahead` steps from these rows on, on the scale of the network."""
        places = (self.preparation.firsts(self._series)[numbers] + rows)[:, np.newaxis]
        return np.float64(self._windows.rows[places + np.arange(self.settings.n_ahead), : self._n_targets])

    def last_targets(self):
        """Return the values of the last row of a single series, on the scale of the network, shape (n_targets,)."""
        return np.float64(self._windows.rows[self._series.lengths[0] - 1, : self._n_targets])

    def _restored(self, outputs, numbers, rows, series):
        """Return the forecasts that outputs stand for, in the units of the series."""
        return self.preparation.restore(self._points(outputs), numbers, rows, series)

    def _points(self, outputs):
        """Return the forecasts (..., n_targets) that outputs (..., n_targets, n_of_target) stand for."""
        if self._n_of_target == 1:
            return outputs[..., 0]
        return NormalScale(self.architecture.loss, outputs, self.architecture.loss_numbers).point()

    @property
    def _n_targets(self):
        return self.preparation.means.shape[1]

    @property
    def _n_of_target(self):
        return self.architecture.n_of_target

    def _forecast_all(self, forecasts, give, numbers, rows, n_threads):
        """Write to `forecasts` what `give` makes of outputs, numbers, rows and the Series that they were made from."""
        is_open = self._is_in_hole(numbers, rows)
        whole = np.flatnonzero((rows > self._n_unread) & ~is_open)
        for start in range(0, len(whole), self._n_at_once):
            piece = whole[start : start + self._n_at_once]
            made = self._forecast_inside(numbers[piece], rows[piece], n_threads)
            forecasts[piece] = give(made, numbers[piece], rows[piece], self._series)
        if is_open.any():
            self._forecast_in_holes(forecasts, give, np.flatnonzero(is_open), numbers, rows, n_threads)
        return forecasts

    def _is_in_hole(self, numbers, rows):
        """Return whether what stands right before these rows was interpolated: from values after them, too."""
        if self._observed is self._series:
            return np.zeros(len(rows), bool)
        before = np.maximum(self._series.bounds[numbers] + rows - 1, 0)
        return self.preparation.is_filled(self._observed, before) & (rows > 0)

    def _forecast_in_holes(self, forecasts, give, places, numbers, rows, n_threads):
        """Write forecasts from rows in holes, since the beginning of which what was known last is repeated.

        What stands before a hole is what it is elsewhere. Where transforms look back on values, the first holes of all
        series are therefore taken together, then the second ones, and so on.
        """
        preparation, firsts = self.preparation, self._series.bounds[:-1]
        is_filled = preparation.is_filled(self._observed)
        begins = is_filled & np.append(True, ~is_filled[:-1])
        begins[firsts] = is_filled[firsts]
        first_row = np.maximum.accumulate(np.where(begins, np.arange(len(begins)), 0))  # of the hole of each row
        hole = np.cumsum(begins)
        hole -= np.repeat(hole[firsts] - begins[firsts], self._series.lengths)  # counted in each series by itself
        forward = preparation.fill_forward(self._observed)
        n_unknown = np.add.reduceat(preparation.is_filled(forward), firsts)  # rows of each series before all are known
        mine = hole[firsts[numbers[places]] + rows[places] - 1]
        if not preparation.transform.needs_history:
            mine = np.zeros_like(mine)
        for number in np.unique(mine):
            known = forward
            if number:
                known = preparation.with_rows(self._series, is_filled & (hole == number), forward)
            asked = places[mine == number]
            of, at = numbers[asked], rows[asked]
            begun = first_row[firsts[of] + at - 1] - firsts[of]
            made = self._forecast_from_filled(give, known, of, at, begun, n_unknown[of], n_threads)
            is_known = at > n_unknown[of]
            forecasts[asked[is_known]] = made[is_known]

    def _forecast_from_filled(self, give, known, numbers, rows, begun, n_unknown, n_threads):
        """Return forecasts from rows in holes that begin with the rows `begun`; `known` is a Series that is filled."""
        settings, preparation = self.settings, self.preparation
        read, parts = preparation.rows(known, known.lengths), []
        for start in range(0, len(rows), FORECASTS_AT_ONCE):
            piece = slice(start, start + FORECASTS_AT_ONCE)
            of, at, first, n_lacking = numbers[piece], rows[piece], begun[piece], n_unknown[piece]
            window = of, at, settings.lookback, settings.n_ahead
            cut, lengths = preparation.cut(self._windows.rows, self._series, *window)
            forward, _ = preparation.cut(read, known, *window)
            is_in_hole = at[:, np.newaxis] + np.arange(-settings.lookback, settings.n_ahead) >= first[:, np.newaxis]
            cut[is_in_hole] = forward[is_in_hole]
            lengths = np.minimum(lengths, np.maximum(at - n_lacking, 0))
            levels = np.zeros((len(of), self._windows.n_targets), cut.dtype)  # a hole is full of values
            parts.append(give(self._go_on(cut, lengths, n_threads, levels), of, at, known))
        return np.concatenate(parts)

    @property
    def _n_unread(self):
        """First rows of a series from which no forecast is made; an empty window is one."""
        return 0

    @property
    def _n_at_once(self):
        """Forecasts that are made at once: those that are made step by step need copies of what they see."""
        return 2**62 if self.settings.horizon == self.settings.n_ahead else FORECASTS_AT_ONCE

    def _forecast_inside(self, numbers, rows, n_threads):
        """Return outputs on the scale of the network, shape (n, n_ahead, n_targets, n_of_target)."""
        settings = self.settings
        if settings.horizon == settings.n_ahead:
            borders = self.preparation.firsts(self._series)[numbers] + rows
            made = self._predict(self._windows, borders, numbers, n_threads)
            return self._lifted(made, self._levels(numbers, rows))
        seen = self._windows.rows, self._series, numbers, rows
        cut, lengths = self.preparation.cut(*seen, settings.lookback, settings.n_ahead)
        return self._go_on(cut, lengths, n_threads, self._levels(numbers, rows))

    def _levels(self, numbers, rows):
        """Return the levels of windows before these rows that hold no value, (n, n_targets): the last one before them.

        The network takes the level of such a window for zero. Zero where windows hold one, or nothing was ever known.
        """
        of_windows = self._windows.rows
        levels = np.zeros((len(rows), self._windows.n_targets), of_windows.dtype)
        if self.settings.missing == "mask" and self.architecture.window_norm not in (None, "scale"):
            firsts = self.preparation.firsts(self._series)[numbers]
            for k in range(levels.shape[1]):
                known = np.append(-1, np.flatnonzero(~np.isnan(of_windows[:, k])))
                last = known[np.searchsorted(known, firsts + rows) - 1]
                is_blind = (last >= firsts) & (last < firsts + rows - self.settings.lookback)
                levels[is_blind, k] = of_windows[last[is_blind], k]
        return levels

    def forecast_ahead(self, numbers, n_steps, n_threads, ahead=None):
        """Return the forecasts of the steps after these series, shape (n, n_steps, n_targets).

        Beyond the horizon they are made as if the forecasts before had been observed.

        Parameters
        ----------
        ahead : ndarray of shape (n, n_steps, n_covariates), optional
            The covariates of these steps.
        """
        outputs = self.outputs_ahead(numbers, n_steps, n_threads, ahead)
        return self._restored(outputs, numbers, self._series.lengths[numbers], self._series)

    def outputs_ahead(self, numbers, n_steps, n_threads, ahead=None):
        """Return what the network puts out where `forecast_ahead` makes forecasts of it, as `outputs_from` does."""
        horizon, lookback = self.settings.horizon, self.settings.lookback
        n_ahead = -(-n_steps // horizon) * horizon
        tail, lengths = self.preparation.tail(self._windows.rows, self._series, numbers, lookback, n_ahead, ahead)
        return self._go_on(tail, lengths, n_threads, self._levels(numbers, self._series.lengths[numbers]))[:, :n_steps]

    def _lifted(self, outputs, levels):
        """Return outputs whose locations are higher by levels (n, n_targets); scales are as they were."""
        n_lifted = self._n_of_target if self.architecture.loss == "quantile" else 1
        outputs[..., :n_lifted] += levels[:, np.newaxis, :, np.newaxis]
        return outputs

    def _go_on(self, tail, lengths, n_threads, levels):
        """Return the outputs for the rows after the lookback, each horizon made from the forecasts of the last.

        Parameters
        ----------
        tail : ndarray of shape (n, lookback + n_steps, n_features)
            Overwritten.
        lengths : ndarray of shape (n,)
            Rows of the lookback that are seen.
        levels : ndarray of shape (n, n_targets)
            What is added to the first forecasts.
        """
        horizon, lookback, n_targets = self.settings.horizon, self.settings.lookback, self._windows.n_targets
        n, n_rows, n_features = tail.shape
        starts = np.arange(n) * n_rows
        of_tail = replace(self._windows, rows=tail.reshape(-1, n_features), firsts=starts + lookback - lengths)
        made = np.empty((n, n_rows - lookback, n_targets, self._n_of_target), tail.dtype)
        for first in range(lookback, n_rows, horizon):
            outputs = self._predict(of_tail, starts + first, np.arange(n), n_threads)
            outputs = self._lifted(outputs, levels) if first == lookback else outputs
            made[:, first - lookback : first - lookback + horizon] = outputs
            tail[:, first : first + horizon, :n_targets] = self._points(outputs)
            tail[:, first : first + horizon, n_targets : self.preparation.n_of_targets] = 0  # as if observed
        return made

    def _predict(self, windows, borders, numbers, n_threads):
        """Return outputs (n, horizon, n_targets, n_of_target), on the scale of the network, from borders on."""
        outputs = predict(self.architecture, self.parameters, windows.sequences(borders, numbers), n_threads)
        return self._of_targets(outputs)

    def _of_targets(self, outputs):
        """Return the outputs of rows, in the order in which networks have them, by step and target."""
        return outputs.reshape(-1, self.settings.horizon, self._n_targets, self._n_of_target)


def remembering(members, series, rows=None):
    """Return members with the memory of a Series, which those that were prepared together share.

    `rows` are, by the id of a preparation, those that it has made of all of the series already.
    """
    memories, rows = {}, rows or {}
    for member in members:
        key = id(member.preparation)
        if key not in memories:
            memories[key] = member.memory_of(series, rows.get(key))
    return [member.with_memory(memories[id(member.preparation)]) for member in members]
