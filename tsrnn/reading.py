"""The door for pandas: data of any format become a panel, later rows are added to it, rows are found in it.

Everything behind this door works on plain arrays: the rows of all series side by side, without holes in their clocks.
What cannot be read without guessing is an error here, in one sentence.
"""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from .clock import Clock, check_index, is_too_sparse, read_clock
from .columns import FROM_DTYPE, read_covariates, read_numbers
from .frames import ID_COL, TIME_COL, WIDE, is_default, listing, plain, read_keys, read_table
from .panel import NO_WEIGHTS, Panel, interpolate, refuse_empty


@dataclass(frozen=True)
class Rows:
    """Rows that are asked for.

    Parameters
    ----------
    series : ndarray of int64, or None
        The series of each; None where each row stands for all of them.
    steps : ndarray of int64
        Of the clock.
    """

    series: np.ndarray | None
    steps: np.ndarray


@dataclass(frozen=True)
class _Places:
    """Where rows that were given stand in a panel.

    Parameters
    ----------
    clock : Clock
    starts, bounds : ndarray of int64
        As of a Panel.
    rows : ndarray of shape (n_given,), int64, or None
        The row of the panel for each; None where they are the rows of the panel.
    """

    clock: Clock
    starts: np.ndarray
    bounds: np.ndarray
    rows: np.ndarray | None

    def spread(self, values):
        """Return a row for each of the panel, with NaN where none was given."""
        if self.rows is None:
            return values
        spread = np.full((self.bounds[-1], values.shape[1]), np.nan)
        spread[self.rows] = values
        return spread


def read_panel(
    X, y=None, *, target=None, id_col=ID_COL, time_col=TIME_COL, freq=None, weights=NO_WEIGHTS,
    categorical=FROM_DTYPE,
):  # fmt: skip
    """Return series on their clock.

    Parameters
    ----------
    X, y, target, id_col, time_col
        As in :func:`tsrnn.frames.read_table`.
    freq : str or DateOffset, optional
        Step of the clock where it cannot be told from the stamps.
    weights : ndarray of shape (n_rows,), optional
        Of the rows of X.
    categorical : "from_dtype", list of names, or None
        The covariates that have categories, as in :func:`tsrnn.columns.read_covariates`.

    Returns
    -------
    Panel

    Raises
    ------
    TypeError, ValueError
        If the data cannot be read without guessing; the sentence says what to do.
    """
    table = read_table(X, y, target, id_col, time_col)
    form = table.form
    if not len(table.targets):
        raise ValueError(f"{form.label} has no rows; give at least two.")
    cure = "convert it (pd.to_numeric)" + (", or name the target if this is no series" if form.kind == WIDE else "")
    given = read_numbers(table.targets, form.label_of, cure)
    covariates, categories = read_covariates(table.covariates, categorical=categorical)
    places = _places_of_series(table.keys, form, freq) if form.has_ids else _places_of_one(table, freq)
    starts, bounds, ids, n_missing = places.starts, places.bounds, table.keys.ids, int(np.isnan(given).sum())
    values, covariates = places.spread(given), places.spread(covariates)
    if len(weights):  # an absent stamp weighs what its neighbours do, as its value is taken from them
        weights = interpolate(places.spread(weights[:, np.newaxis])[:, 0], places.bounds)[:, np.newaxis]
    n_absent = len(values) - len(given)
    if form.kind == WIDE:
        n_missing = int(np.isnan(_side_by_side(given)[0]).sum())
        ids, (values, starts, bounds, exists) = form.targets, _side_by_side(values)
        if len(weights):  # of a row, for each of its series
            weights = np.broadcast_to(weights.T, exists.shape)[exists]
        covariates = np.zeros((len(values), 0))
    names = table.covariates.columns
    panel = Panel(
        values, bounds, starts, places.clock, ids, covariates, names, categories, form, n_missing, n_absent,
        weights.reshape(-1),
    )  # fmt: skip
    refuse_empty(panel)
    return panel


def read_rows(X, panel, id_col=ID_COL, time_col=TIME_COL):
    """Return the Rows that X asks for; None where X has no clock.

    Raises
    ------
    TypeError, ValueError
        If rows are of no known series, or not on the clock.
    """
    keys = read_keys(X, id_col, time_col)
    return None if keys is None else Rows(_find_series(keys, len(X), panel), panel.clock.positions(keys.stamps))


def extend(panel, X, y=None, *, target=None, id_col=ID_COL, time_col=TIME_COL):
    """Return the Panel with later rows of its series.

    Parameters
    ----------
    panel : Panel
    X, y, target, id_col, time_col
        As of :func:`read_panel`; the rows may leave out stamps, and series.

    Raises
    ------
    TypeError, ValueError
        If rows cannot be read, are of other series or columns, or of stamps that are known already.
    """
    table = read_table(X, y, target, id_col, time_col)
    series, steps = _find_series(table.keys, len(table.targets), panel), _steps_after(table, panel)
    values = read_numbers(*_targets_of_training(table, panel))
    covariates = _covariates_of_training(table, panel)
    if series is None:  # of a wide frame: one series after the other
        series, steps = np.arange(panel.n_series).repeat(len(steps)), np.tile(steps, panel.n_series)
        values, covariates = values.T.reshape(-1, 1), np.zeros((values.size, 0))
    _refuse_known(panel, series, steps)
    _refuse_disorder(series, steps, panel.label, lambda step: panel.stamps([step])[0])
    places, weights = _places_with(panel, series, steps), panel.weights
    if len(weights):
        later = np.full(len(values), weights.mean())  # of a usual row
        weights = interpolate(places.spread(np.append(weights, later)[:, np.newaxis])[:, 0], places.bounds)
    n_absent = int(places.bounds[-1]) - len(panel.values) - len(values)
    if panel.form.kind == WIDE:
        n_absent //= panel.n_series  # a stamp is absent once, as it would be there once
    return replace(
        panel,
        values=places.spread(np.concatenate([panel.values, values])),
        covariates=places.spread(np.concatenate([panel.covariates, covariates])),
        bounds=places.bounds,
        clock=places.clock,
        n_missing=panel.n_missing + int(np.isnan(values).sum()),
        n_absent=panel.n_absent + n_absent,
        weights=weights,
    )


def read_truth(X, panel, target=None, id_col=ID_COL, time_col=TIME_COL):
    """Return the values of the targets of a panel as they stand in X, shape (n,) or (n, n_outputs), NaN where missing.

    Raises
    ------
    TypeError, ValueError
        If X has other targets, or values that are no numbers.
    """
    values = read_numbers(*_targets_of_training(read_table(X, None, target, id_col, time_col), panel))
    return values[:, 0] if values.shape[1] == 1 else values


def _places_of_one(table, freq):
    """Return the places of rows that share one clock: those of a series, or of a wide frame."""
    stamps, n_rows = table.keys.stamps, len(table.targets)
    if stamps is not None:
        clock, rows = read_clock(stamps, freq, table.form.label)
        _refuse_sparse([clock.n], [n_rows], [0], clock, freq, lambda _: table.form.label)
    elif freq is None:
        clock, rows = Clock(0, 1, n_rows, is_given=False), None
    else:
        raise ValueError(
            f"freq={freq!r} is for dates, but {table.form.label} has no time stamps; give a Series with an index."
        )
    return _Places(clock, np.zeros(1, np.int64), np.array([0, clock.n]), rows)


def _places_of_series(keys, form, freq):
    """Return the places of rows that have ids, each series from its first stamp to its last."""
    series = keys.series
    if keys.stamps.hasnans:
        row = int(np.asarray(keys.stamps.isna()).argmax())
        raise ValueError(f"row {row} has a missing stamp (NaT); drop that row or give it its time.")
    check_index(keys.stamps, form.label)
    numbers, stamps = pd.factorize(keys.stamps, sort=True)

    def label(number):
        return f"series {plain(keys.ids[number])!r}"

    order = _refuse_disorder(series, numbers, label, lambda number: stamps[number])
    clock, steps_of_stamps = read_clock(stamps, freq, form.label)
    steps = numbers if steps_of_stamps is None else steps_of_stamps[numbers]
    n_given = np.bincount(series, minlength=len(keys.ids))
    last = np.cumsum(n_given) - 1
    starts = steps[order[last - n_given + 1]]
    lengths = steps[order[last]] + 1 - starts
    _refuse_sparse(lengths, n_given, starts, clock, freq, label)
    bounds = np.append(0, np.cumsum(lengths))
    return _Places(clock, starts, bounds, bounds[series] + steps - starts[series])


def _places_with(panel, series, steps):
    """Return the places of the rows of a panel, and after them of new ones at these steps of these series."""
    ends = panel.ends
    np.maximum.at(ends, series, steps + 1)
    n_rows = panel.lengths + np.bincount(series, minlength=panel.n_series)
    is_far = is_too_sparse(ends - panel.starts, n_rows, is_named=True)
    if is_far.any():
        worst = int(is_far.argmax())
        stamp = panel.stamps([ends[worst] - 1])[0]
        raise ValueError(
            f"the new rows of {panel.label(worst)} go on until {stamp}, {ends[worst] - panel.ends[worst]} steps after "
            "its last one; check their stamps, or fit again."
        )
    bounds = np.append(0, np.cumsum(ends - panel.starts))
    old = np.arange(len(panel.values)) + np.repeat(bounds[:-1] - panel.bounds[:-1], panel.lengths)
    new = bounds[series] + steps - panel.starts[series]
    clock = replace(panel.clock, n=max(panel.clock.n, int(ends.max())))
    return _Places(clock, panel.starts, bounds, np.append(old, new))


def _refuse_disorder(series, steps, label, stamp):
    """Raise unless the steps of each series rise from row to row; return the rows series by series.

    Parameters
    ----------
    series, steps : ndarray of shape (n_rows,), int
    label, stamp : callable
        Give for the number of a series, or of a step, what messages call it.
    """
    order = np.argsort(series, kind="stable")
    gaps = np.diff(steps[order])
    falls = (gaps <= 0) & (np.diff(series[order]) == 0)
    if falls.any():
        at = int(falls.argmax())
        earlier, row = order[at : at + 2]
        if gaps[at]:
            what = f"is not sorted: {stamp(steps[row])} comes after {stamp(steps[earlier])}; sort its rows by time"
        else:
            what = f"has the stamp {stamp(steps[row])} more than once; keep one row per stamp"
        raise ValueError(f"the clock of {label(series[row])} {what}.")
    return order


def _refuse_sparse(n_steps, n_rows, starts, clock, freq, label):
    """Raise if a series has far fewer rows than the clock has steps from its first stamp to its last."""
    is_sparse = is_too_sparse(np.asarray(n_steps), np.asarray(n_rows), freq is not None)
    if is_sparse.any():
        worst = int(is_sparse.argmax())
        first = clock.stamps(starts[worst], starts[worst] + 1)[0]
        together = ", fit series of one step together" if len(is_sparse) > 1 else ""
        raise ValueError(
            f"the clock of {label(worst)} has no regular step: {n_steps[worst] - n_rows[worst]} of its "
            f"{n_steps[worst]} stamps from {first} on, in steps of {clock.step_name}, are absent; resample the "
            f"series{together}, or name its freq."
        )


def _side_by_side(values):
    """Return the values series by series, starts, bounds, and which rows each series of a wide frame has.

    A series begins with its first value.
    """
    n = len(values)
    is_known = ~np.isnan(values)
    starts = np.where(is_known.any(axis=0), is_known.argmax(axis=0), 0)
    bounds = np.append(0, np.cumsum(n - starts))
    exists = np.arange(n) >= starts[:, None]
    return values.T[exists][:, None], starts, bounds, exists


def _find_series(keys, n_rows, panel):
    """Return the number of the series of each row; None where each row stands for all series."""
    if keys.series is None:
        if panel.form.has_ids:
            raise ValueError(
                f"the rows have no ids, but the forecaster was fitted on {panel.n_series} series: each row needs the "
                "id of its series and its time stamp, in columns or in the two levels of an index, as future_frame(h) "
                "has them."
            )
        return np.zeros(n_rows, np.int64) if panel.n_series == 1 else None
    if not panel.form.has_ids:
        raise ValueError(
            "the rows have ids, but the forecaster was fitted on data without them; give rows with a clock alone, as "
            "future_frame(h) has them."
        )
    numbers = panel.ids.get_indexer(keys.ids)
    if (numbers < 0).any():
        unknown = keys.ids[numbers < 0]
        raise ValueError(
            f"X has rows of {len(unknown)} series that the forecaster was not fitted on ({listing(unknown, 3)}); fit "
            "it on them, leave these rows out, or split panels with PanelTimeSeriesSplit, by their stamps."
        )
    return numbers[keys.series]


def _targets_of_training(table, panel):
    """Return the columns of the targets in the order of training, and how messages call them."""
    form, known, given = table.form, panel.form.targets, table.form.targets
    are_named = not any(name is None for name in (*given, *known))
    is_same = len(given) == len(known) and (not are_named or set(given) == set(known))
    if not is_same or (panel.form.kind == WIDE) != (form.kind == WIDE):
        raise ValueError(f"the rows have the targets {listing(given)}; give those of training, {listing(known)}.")
    if not are_named:
        return table.targets, form.label_of
    order = given.get_indexer(known)
    return table.targets.iloc[:, order], lambda place: form.label_of(order[place])


def _covariates_of_training(table, panel):
    """Return the values of the covariates in the order of training."""
    given, known = table.covariates.columns, panel.covariate_names
    if len(given) != len(known) or set(given) != set(known):
        raise ValueError(
            f"the rows have the covariates {listing(given) or 'none'}; give those of training, "
            f"{listing(known) or 'none'}."
        )
    return read_covariates(table.covariates[list(known)], panel.categories)[0]


def _steps_after(table, panel):
    """Return the steps at which new rows stand."""
    stamps, n_rows = table.keys.stamps, len(table.targets)
    if not panel.clock.is_given:
        if stamps is None or is_default(stamps):
            return panel.clock.n + np.arange(n_rows)
        raise TypeError("the new rows have a clock, but the forecaster was fitted without one; give an array.")
    if stamps is None:
        raise TypeError(
            "the new rows have no clock, but the forecaster was fitted with one; give a Series or a DataFrame with a "
            "time index."
        )
    return panel.clock.positions(stamps)


def _refuse_known(panel, series, steps):
    """Raise if a new row stands where its series has one already."""
    is_known = steps < panel.ends[series]
    if is_known.any():
        row = int(is_known.argmax())
        stamp = panel.stamps([steps[row]])[0]
        raise ValueError(
            f"the new rows of {panel.label(series[row])} begin at {stamp}, which is known already; give those after it."
        )
