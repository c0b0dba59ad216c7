"""From a panel to the rows that a network reads, and from what it puts out back to the units of the series."""

import math
from copy import copy, deepcopy
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from .calendar import calendar_features
from .covariates import Columns
from .network.windows import SeriesStretches, SeriesWindows
from .panel import Panel, interpolate, repeat_last
from .scaling import means

TOO_LARGE = "{label} has a value that is too large for {dtype}; correct it, scale the series, or set dtype='float64'."
ONE_ROW = np.array([0, 1])  # the bounds of a series of one
PIECE = 2**18  # rows that are scaled at once: what they leave beside the result is small where the data are large


@dataclass(frozen=True)
class Series:
    """The values of all series of a panel, in the order in which the network is trained on them.

    Parameters
    ----------
    values : ndarray of shape (n_rows, n_targets), float64
        NaN where missing.
    covariates : ndarray of shape (n_rows, n_covariates), float64
        As in :class:`tsrnn.panel.Panel`.
    bounds : ndarray of shape (n_series + 1,)
    weights : ndarray of shape (n_rows,), float64
        How much each row counts as a target; empty if all count the same.
    panel : Panel
        Where they come from.
    """

    values: np.ndarray
    covariates: np.ndarray
    bounds: np.ndarray
    weights: np.ndarray
    panel: Panel

    @classmethod
    def of(cls, panel):
        """Return those of a panel."""
        order = panel.order
        if (np.diff(order) == 1).all():
            return cls(panel.values, panel.covariates, panel.bounds, panel.weights, panel)
        lengths = panel.lengths[order]
        bounds = np.append(0, np.cumsum(lengths))
        rows = np.repeat(panel.bounds[order] - bounds[:-1], lengths) + np.arange(bounds[-1])
        weights = panel.weights[rows] if len(panel.weights) else panel.weights
        return cls(panel.values[rows], panel.covariates[rows], bounds, weights, panel)

    @property
    def starts(self):
        """The step of the clock at which each series begins."""
        return self.panel.starts[self.panel.order]

    def label(self, number):
        """Return what messages call a series."""
        return self.panel.label(self.panel.order[number])

    def means(self):
        """Return the mean of each target over what is known of each series, shape (n_series, n_targets)."""
        with np.errstate(over="ignore", invalid="ignore"):  # of values that are too large to scale, too
            return np.column_stack([means(values, self.bounds) for values in self.values.T])

    @cached_property
    def lengths(self):
        """Rows of each series."""
        return np.diff(self.bounds)

    @property
    def has_holes(self):
        """Whether any value is missing, of a target or a covariate."""
        return bool(np.isnan(self.values).any() or np.isnan(self.covariates).any())

    def head(self, lengths):
        """Return the first so many rows of each series; the same arrays where that is all of them."""
        if (lengths == self.lengths).all():
            return self
        heads, bounds = self.heads(lengths), np.append(0, np.cumsum(lengths))
        weights = self.weights[heads] if len(self.weights) else self.weights
        return replace(
            self, values=self.values[heads], covariates=self.covariates[heads], bounds=bounds, weights=weights
        )

    def heads(self, lengths):
        """Return the first so many rows of each series: a slice, or whether each row is one."""
        if len(lengths) == 1:
            return slice(0, lengths[0])
        is_in_head = np.zeros(len(self.values) + 1, np.int8)  # +1 where one begins, -1 where it ends, summed up
        np.add.at(is_in_head, self.bounds[:-1], 1)
        np.add.at(is_in_head, self.bounds[:-1] + lengths, -1)
        return np.cumsum(is_in_head[:-1], dtype=np.int8).view(bool)


class Labels:
    """What messages call the series of a Series, each made when it is asked for."""

    def __init__(self, series):
        self._series = series

    def __getitem__(self, number):
        return self._series.label(number)


class Preparation:
    """What is learnt about series before a network is trained on them, and the rows that it reads.

    Parameters
    ----------
    transform : Transform
        Of the targets, each of which learns a copy of it.
    n_after : int
        Rows without a value that follow each series: as many as are forecast from its end.
    missing : {"raise", "mask", "interpolate"}
    dtype : str
    bounds : tuple of two float, optional
        What forecasts are kept above and below, in the units of the series; infinite for nothing.
    columns : Columns, optional
        The covariates.
    calendar : tuple of str
        What is read off the clock (:func:`tsrnn.calendar.calendar_features`).
    sees_calendar_ahead : bool
        Whether windows end in steps to come because that is known of them.

    Notes
    -----
    A row has the targets; with "mask" as many numbers that say which of them are missing; the covariates, those that
    are known of the past alone first; the features of the calendar.
    """

    def __init__(
        self, transform, n_after, missing, dtype, bounds=None, columns=None, calendar=(), sees_calendar_ahead=True
    ):
        self.transform, self.n_after, self.missing, self.dtype, self.bounds = transform, n_after, missing, dtype, bounds
        self.columns, self.calendar = columns or Columns((), {}), calendar
        self._sees_calendar_ahead = sees_calendar_ahead
        self._reads_whole_series = True

    def fit(self, series, known_lengths):
        """Learn from the first rows of each series alone; return self."""
        known = self.fill(series.head(known_lengths))
        self.transforms = [
            deepcopy(self.transform).fit(values, known.bounds, Labels(known)) for values in known.values.T
        ]
        self.means = known.means()  # of the targets of each series
        self.columns.fit(known.covariates)
        self._n_calendar = self.of_calendar(series, np.zeros(1, np.int64)).shape[1]
        return self

    def of_series(self, number, before):
        """Return this preparation for one series alone, which then begins with a later row of what it was.

        Parameters
        ----------
        number : int
            Of the series.
        before : ndarray of shape (n_before, n_targets)
            Its values before that row; with "interpolate" none of them missing.
        """
        one = copy(self)
        pairs = zip(self.transforms, before.T, strict=True)
        one.transforms = [transform.of_series(number, values) for transform, values in pairs]
        one.transform = one.transforms[0]
        one.means, one._reads_whole_series = self.means[number : number + 1], False
        return one

    def after(self, values):
        """Return this preparation for its one series from the row after one of these values on."""
        return self if all(transform.is_by_row for transform in self.transforms) else self.of_series(0, values[None])

    @property
    def n_of_targets(self):
        """Numbers of a row that the targets have."""
        return len(self.transforms) * (2 if self.missing == "mask" else 1)

    @property
    def n_features(self):
        """Numbers of a row."""
        return self.n_of_targets + self.columns.n_columns + self._n_calendar

    @property
    def categories(self):
        """Of each number of a row that is a category its place, how many there are, and the size of their vectors."""
        return tuple((self.n_of_targets + place, n, size) for place, n, size in self.columns.embedded)

    @property
    def n_past(self):
        """How many of them are not known ahead; 0 if windows have no steps to come."""
        n_past = self.n_of_targets + self.columns.n_past
        n_ahead = self.columns.n_columns - self.columns.n_past + self._n_calendar * self._sees_calendar_ahead
        return n_past if n_ahead else 0

    def rows(self, series, known_lengths):
        """Return the rows that a network reads, those of each series followed by `n_after` without a value.

        What is interpolated in the first rows of a series, so many, follows from them alone.
        """
        filled, n_targets = self.fill(series, known_lengths), len(self.transforms)
        n_rows = int(series.bounds[-1]) + len(series.lengths) * self.n_after
        rows = np.full((n_rows, self.n_features), np.nan, self.dtype)
        for k, transform in enumerate(self.transforms):
            self._scale(transform, filled, k, rows[:, k])
        if self.missing == "mask":
            for start in range(0, n_rows, PIECE):
                piece = rows[start : start + PIECE]
                piece[:, n_targets : 2 * n_targets] = np.isnan(piece[:, :n_targets])
        if self.n_features > self.n_of_targets:
            self._add_columns(filled, rows)
        return rows

    def row(self, values, covariates, of_calendar, label):
        """Return the row that a network reads of the next row of a single series, zero where a target is missing.

        Parameters
        ----------
        values, covariates : ndarray of shape (n_targets,), (n_covariates,)
        of_calendar : ndarray of shape (n_columns,)
            What `of_calendar` gives for its step.
        label : str
            The series, for messages.
        """
        # A step of a stream is to cost microseconds: numbers are looked at one by one, which NumPy takes longer for.
        row, n_targets = np.zeros(self.n_features, self.dtype), len(self.transforms)
        for k, transform in enumerate(self.transforms):
            scaled = float(transform.transform(values[k : k + 1], ONE_ROW)[0])
            if math.isnan(scaled):
                if self.missing == "mask":
                    row[n_targets + k] = 1
            elif abs(scaled) > float(np.finfo(self.dtype).max):
                raise ValueError(TOO_LARGE.format(label=label, dtype=self.dtype))
            else:
                row[k] = scaled
        if len(row) > n_targets:
            first, last = self.n_of_targets, len(row) - self._n_calendar
            if last > first:
                row[first:last] = self.columns.transform(covariates[None], self.dtype)[0]
            row[last:] = of_calendar
        return row

    def tail(self, rows, series, numbers, lookback, n_ahead, ahead=None):
        """Return the last rows of some series, followed by those to come.

        Parameters
        ----------
        rows : ndarray
            What `rows` has made of the series.
        numbers : ndarray of int64, shape (n,)
            Of the series.
        n_ahead : int
            So many rows to come: their targets are NaN.
        ahead : ndarray of shape (n, n_given, n_covariates), optional
            The covariates of the first of these, NaN where unknown.

        Returns
        -------
        tail : ndarray of shape (n, lookback + n_ahead, n_features)
        lengths : ndarray of shape (n,)
            How many of the `lookback` rows there are that the transform has not lost; those before are NaN.
        """
        tail = np.full((len(numbers), lookback + n_ahead, self.n_features), np.nan, rows.dtype)
        ends, lengths = self.firsts(series)[numbers] + series.lengths[numbers], series.lengths[numbers]
        if len(numbers) < lookback:  # whichever loop is shorter
            for n, seen in enumerate(np.minimum(lengths, lookback)):
                tail[n, lookback - seen : lookback] = rows[ends[n] - seen : ends[n]]
        else:
            for back in range(1, lookback + 1):
                has_row = lengths >= back
                tail[has_row, lookback - back] = rows[ends[has_row] - back]
        if self.n_features > self.n_of_targets:
            first, last = self.n_of_targets, self.n_of_targets + self.columns.n_columns
            given = np.full((len(numbers), n_ahead, series.covariates.shape[1]), np.nan)
            if ahead is not None:
                n_given = min(n_ahead, ahead.shape[1])
                given[:, :n_given] = ahead[:, :n_given]
            if self.missing == "interpolate" and given.size:  # between the last row and what is given, and then on
                last_row = series.covariates[series.bounds[1:] - 1][numbers][:, np.newaxis]
                both, bounds = np.concatenate([last_row, given], axis=1), np.arange(len(numbers) + 1) * (n_ahead + 1)
                filled = self.columns.interpolate(both.reshape(-1, both.shape[2]), bounds)
                given = filled.reshape(both.shape)[:, 1:]
            read = self.columns.transform(given.reshape(len(numbers) * n_ahead, given.shape[2]), rows.dtype)
            tail[:, lookback:, first:last] = read.reshape(len(numbers), n_ahead, last - first)
            steps = (series.starts + series.lengths)[numbers][:, None] + np.arange(n_ahead)
            tail[:, lookback:, last:] = self.of_calendar(series, steps.ravel()).reshape(*steps.shape, self._n_calendar)
        return tail, np.clip(lengths - self.transform.n_lost, 0, lookback)

    def cut(self, rows, series, numbers, at, lookback, n_ahead):
        """Return what `tail` would of series that end before the rows `at`, those to come being rows of the series.

        Of these are known what is known ahead.
        """
        firsts = self.firsts(series)[numbers]
        places = firsts[:, np.newaxis] + at[:, np.newaxis] + np.arange(-lookback, n_ahead)
        cut = rows[np.maximum(places, firsts[:, np.newaxis])]
        cut[:, lookback:, : self.n_of_targets] = np.nan
        first, n_past = self.n_of_targets, self.columns.n_past
        cut[:, lookback:, first : first + n_past] = self.columns.unknown(rows.dtype)[:n_past]
        if self.missing == "interpolate":
            are_categories = [place for place, *_ in self.categories]
            numbers = np.setdiff1d(np.arange(first, first + n_past), are_categories)
            cut[:, lookback:, numbers] = cut[:, lookback - 1 : lookback, numbers]
        return cut, np.clip(at - self.transform.n_lost, 0, lookback)

    def _add_columns(self, series, rows):
        """Write covariates and the calendar into the rows; covariates after the end of a series are unknown."""
        first, firsts, starts = self.n_of_targets, self.firsts(series), series.starts
        after = first + self.columns.n_columns
        rows[:, first:after] = self.columns.unknown(rows.dtype)
        for start in range(0, len(series.values), PIECE):
            piece = slice(start, start + PIECE)
            if after > first:
                rows[self._places(series, piece), first:after] = self.columns.transform(
                    series.covariates[piece], rows.dtype
                )
        for start in range(0, len(rows) if self.calendar else 0, PIECE):
            places = np.arange(start, min(start + PIECE, len(rows)))
            of_series = np.searchsorted(firsts, places, side="right") - 1
            rows[places, after:] = self.of_calendar(series, places - firsts[of_series] + starts[of_series])

    def of_calendar(self, series, steps):
        """Return the features of the calendar at some steps of the clock, shape (n, n_columns)."""
        if not self.calendar:
            return np.zeros((len(steps), 0))
        first = int(steps.min())
        stamps = series.panel.clock.stamps(first, int(steps.max()) + 1)
        features, _ = calendar_features(stamps, self.calendar)
        return features[steps - first]

    def firsts(self, series):
        """Return the row at which each series begins."""
        return series.bounds[:-1] + np.arange(len(series.lengths)) * self.n_after

    def windows(self, rows, series, lookback, horizon, first, last, per_epoch=None):
        """Return windows whose first target is row `first` to `last` of each series, both of shape (n_series,).

        With `per_epoch`, windows of an epoch, or of validation, at most.
        """
        firsts, counts, weights = self.firsts(series), np.maximum(last - first + 1, 0), series.weights
        if len(weights):
            weights = np.zeros(len(rows))
            weights[self._places(series)] = series.weights
        return SeriesWindows(
            rows, len(self.transforms), lookback, horizon, firsts + self.transform.n_lost, firsts + first, counts,
            per_epoch, weights, reads_ahead=self.n_past > 0,
        )  # fmt: skip

    def stretches(self, rows, series, n_steps, horizon, first, last, n_together):
        """Return stretches of the series, the targets of which are the rows from `first` on and before `last` of each.

        Their weights are zero elsewhere.
        """
        firsts, n_lost, lengths = self.firsts(series), self.transform.n_lost, series.lengths
        row = np.arange(int(series.bounds[-1])) - np.repeat(series.bounds[:-1], lengths)
        first, last = np.broadcast_to(first, lengths.shape), np.broadcast_to(last, lengths.shape)
        is_target = (row >= np.repeat(first, lengths)) & (row < np.repeat(last, lengths))
        weights = np.zeros(0) if is_target.all() else is_target.astype(np.float64)
        if len(series.weights):
            weights = np.where(is_target, series.weights, 0)
        if len(weights):
            of_values, weights = weights, np.zeros(len(rows))
            weights[self._places(series)] = of_values
        n_read = np.where(last > first, np.maximum(last - 1 - n_lost, 0), 0)
        return SeriesStretches(
            rows, len(self.transforms), horizon, firsts + n_lost, weights, n_read, n_steps, n_together
        )  # fmt: skip

    def _places(self, series, piece=slice(None)):
        """Return the row of the network that each row of the series is, or each of a piece of them: array or slice."""
        if len(series.lengths) == 1:
            return slice(*piece.indices(len(series.values)))
        rows = np.arange(len(series.values))[piece]
        return rows + (np.searchsorted(series.bounds, rows, side="right") - 1) * self.n_after

    def restore(self, forecasts, numbers, first, series):
        """Return forecasts (n, h, n_targets) in the units of the series.

        Parameters
        ----------
        forecasts : ndarray of shape (n, h, n_targets)
        numbers, first : ndarray of shape (n,)
            The series of each, and the row of its first step.
        series : Series
            With nothing missing that is interpolated.
        """
        restored = [
            transform.inverse_transform(forecasts[:, :, k], numbers, first, series.values[:, k], series.bounds)
            for k, transform in enumerate(self.transforms)
        ]
        restored = np.stack(restored, axis=2)
        return restored if self.bounds is None else np.clip(restored, *self.bounds)

    def fill(self, series, known_lengths=None):
        """Return the series without what is missing, if that is interpolated; in their first rows from these alone."""
        if self.missing != "interpolate" or not series.has_holes:
            return series
        filled = np.empty_like(series.values)
        for k, values in enumerate(series.values.T):
            filled[:, k] = interpolate(values, series.bounds)
        covariates = self.columns.interpolate(series.covariates, series.bounds)
        if known_lengths is not None and (known_lengths < series.lengths).any():
            heads, head = series.heads(known_lengths), self.fill(series.head(known_lengths))
            filled[heads], covariates[heads] = head.values, head.covariates
        return replace(series, values=filled, covariates=covariates)

    def fill_forward(self, series):
        """Return the series with what is missing as it was known last; what was never known before stays missing."""
        covariates, numbers = series.covariates.copy(), self.columns.are_numbers
        covariates[:, numbers] = repeat_last(covariates[:, numbers], series.bounds)
        return replace(series, values=repeat_last(series.values, series.bounds), covariates=covariates)

    def is_filled(self, series, rows=slice(None)):
        """Return whether anything in some rows of a Series is missing that `fill` interpolates."""
        covariates = series.covariates[rows][:, self.columns.are_numbers]
        return np.isnan(series.values[rows]).any(axis=1) | np.isnan(covariates).any(axis=1)

    def with_rows(self, series, is_other, other):
        """Return a Series in which some rows are those of another one."""
        where = is_other[:, np.newaxis]
        return replace(
            series,
            values=np.where(where, other.values, series.values),
            covariates=np.where(where, other.covariates, series.covariates),
        )

    def _scale(self, transform, series, k, out):
        """Write one transformed target, in the precision of the network, to `out`, a column of its rows."""
        values, bounds = series.values[:, k], series.bounds
        exact = None if transform.is_by_row else transform.transform(values, bounds)
        shift = np.arange(len(series.lengths)) * self.n_after  # of a series, by the rows that follow each one before it
        rounding, movement, n_moves = (np.zeros(len(shift)) for _ in range(3))  # of each series
        for start in range(0, len(values), PIECE):
            stop = min(start + PIECE, len(values))
            own = np.clip(bounds, start, stop) - start
            piece = transform.transform(values[start:stop], own) if exact is None else exact[start:stop]
            with np.errstate(over="ignore", invalid="ignore"):
                scaled = piece.astype(self.dtype)
                moves, off = np.abs(np.diff(piece)), np.abs(scaled - piece)
            mine = np.flatnonzero(np.diff(own))  # the series that have rows in this piece
            if np.isinf(scaled).any():
                number = int(np.searchsorted(bounds, start + np.isinf(scaled).argmax(), side="right")) - 1
                raise ValueError(TOO_LARGE.format(label=series.label(number), dtype=self.dtype))
            if len(shift) > 1:
                moves[own[(own > 0) & (own < stop - start)] - 1] = np.nan  # from one series to the next
                out[np.arange(start, stop) + np.repeat(shift, np.diff(own))] = scaled
            else:
                out[start:stop] = scaled
            is_move = np.append(moves > 0, False)  # a series may rest for long
            rounding[mine] = np.fmax(rounding[mine], np.fmax.reduceat(off, own[mine]))
            movement[mine] += np.add.reduceat(np.where(is_move, np.append(moves, 0), 0), own[mine])
            n_moves[mine] += np.add.reduceat(is_move.astype(np.float64), own[mine])
        is_lost = rounding * n_moves > movement
        if self._reads_whole_series and is_lost.any():
            label = series.label(int(is_lost.argmax()))
            raise ValueError(f"{label} moves by less than {self.dtype} resolves; set dtype='float64'.")
