"""The door for pandas: frames become values on a clock, series by series, and forecasts become what the user gave.

Everything behind this door works on plain arrays: the rows of all series side by side, without holes in their clocks.
What cannot be read without guessing is an error here, in one sentence.
"""

from dataclasses import dataclass, replace
from functools import cached_property
from numbers import Real

import numpy as np
import pandas as pd

from .clock import MOST_ROWS_PER_STAMP, MOST_ROWS_PER_STAMP_IF_NAMED, Clock, read_clock
from .frames import ARRAY, FRAME, LEVELS, LONG, WIDE, Form, listing, looks_like_dates, read_table


@dataclass(frozen=True)
class Panel:
    """Series as arrays, with what is needed to give forecasts back in the user's format.

    Parameters
    ----------
    values : ndarray of shape (n_rows, n_targets), float64
        NaN where missing or absent, never infinite; rows of a series stand side by side, a step of the clock apart.
    bounds : ndarray of shape (n_series + 1,), int64
        Series s has the rows bounds[s] ... bounds[s + 1] - 1.
    starts : ndarray of shape (n_series,), int64
        The step of the clock at which the first row of each series stands.
    clock : Clock
        Of all series.
    ids : Index or None
        Of the series, in the order in which they came; None for a single one.
    covariates : ndarray of shape (n_rows, n_covariates), float64
        NaN where missing; of categories their number, -1 for one that was not among those of training.
    covariate_names : tuple
    categories : dict
        The categories of those covariates that have some, by name.
    form : Form
    n_missing, n_absent : int
        NaN among the targets given, and stamps that had no row.
    """

    values: np.ndarray
    bounds: np.ndarray
    starts: np.ndarray
    clock: Clock
    ids: pd.Index | None
    covariates: np.ndarray
    covariate_names: tuple
    categories: dict
    form: Form
    n_missing: int
    n_absent: int

    @property
    def n_series(self):
        """Series that are modelled apart; the targets of one are not."""
        return len(self.starts)

    @property
    def lengths(self):
        """Rows of each series."""
        return np.diff(self.bounds)

    @property
    def ends(self):
        """The step of the clock after the last row of each series."""
        return self.starts + self.lengths

    @property
    def n_targets(self):
        """Values of a row that are forecast."""
        return self.values.shape[1]

    @cached_property
    def order(self):
        """The numbers of the series in an order that does not depend on how they came: that of their ids as text."""
        if self.ids is None:
            return np.zeros(1, np.int64)
        return np.argsort(self.ids.map(str).to_numpy(dtype=object), kind="stable")

    def label(self, series=0):
        """Return a series as an error message says it."""
        if self.ids is not None:
            return f"series {self.ids[series]!r}"
        name = self.form.names[0] if len(self.form.names) == 1 else None
        return "the series" if name is None or self.form.kind == ARRAY else f"series {name!r}"

    def stamps(self, steps):
        """Return the stamps of some steps of the clock, an Index."""
        steps = np.asarray(steps, np.int64)
        if not len(steps):
            return self.clock.stamps(0, 0)
        first = int(steps.min())
        every = self.clock.stamps(first, int(steps.max()) + 1)
        return every if len(every) == len(steps) and (np.diff(steps) == 1).all() else every[steps - first]

    def frame(self, series, steps, columns=None):
        """Return rows in the user's format.

        Parameters
        ----------
        series, steps : ndarray of int64
            Of each row; series by series. Those of a wide frame must all have the same steps.
        columns : dict of object to ndarray, or ndarray of shape (n, n_targets), optional
            Values of the rows: an array has the columns that forecasts have.
        """
        form, name_of_time = self.form, self.form.time_name
        if form.kind == WIDE and not isinstance(columns, dict):
            steps = steps[: len(steps) // self.n_series]
            index = self.stamps(steps).rename(name_of_time)
            if columns is None:
                return pd.DataFrame(index=index)
            return pd.DataFrame(columns.reshape(self.n_series, -1).T, index, pd.Index(form.names))
        order = np.lexsort((series, steps)) if form.is_by_time else slice(None)
        series, steps = series[order], steps[order]
        names = [name if name is not None else "forecast" for name in form.names]
        if columns is None:
            columns = {}
        elif not isinstance(columns, dict):
            columns = dict(zip(names if form.has_columns or form.kind == LONG else [0], columns.T, strict=True))
        columns = {name: np.asarray(values)[order] for name, values in columns.items()}
        if form.kind == LONG:
            stamps = self.stamps(steps)
            return pd.DataFrame({form.id_name: self.ids[series], form.time_name: stamps, **columns})
        if form.kind == LEVELS:
            index = pd.MultiIndex.from_arrays(
                [self.ids[series], self.stamps(steps)], names=[form.id_name, name_of_time]
            )
        else:
            index = self.stamps(steps).rename(name_of_time)
        if len(columns) == 1 and not form.has_columns:
            return pd.Series(columns[0], index, name=form.names[0])
        return pd.DataFrame(columns, index)


@dataclass(frozen=True)
class Rows:
    """Rows that are asked for.

    Parameters
    ----------
    series : ndarray of int64, or None
        The series of each; None where each row stands for all of them.
    steps : ndarray of int64
        Of the clock.
    covariates : ndarray of shape (n, n_covariates) or None
    """

    series: np.ndarray | None
    steps: np.ndarray
    covariates: np.ndarray | None


def read_panel(X, y=None, *, target=None, id_col="unique_id", time_col="ds", freq=None):
    """Return series on their clock.

    Parameters
    ----------
    X, y, target, id_col, time_col
        As in :func:`tsrnn.frames.read_table`.
    freq : str or DateOffset, optional
        Step of the clock where it cannot be told from the stamps.

    Returns
    -------
    Panel

    Raises
    ------
    TypeError, ValueError
        If the data cannot be read without guessing; the sentence says what to do.
    """
    table = read_table(X, y, target, id_col, time_col)
    form, label = table.form, _label(table.form)
    if not len(table.targets):
        raise ValueError(f"{label} has no rows; give at least two.")
    columns = [_numbers(table.targets[name], _column_label(name, form)) for name in table.targets.columns]
    for name, numbers in zip(table.targets.columns, columns, strict=True):
        if np.isinf(numbers).any():
            row = int(np.isinf(numbers).argmax())
            what = _column_label(name, form)
            raise ValueError(f"{what} holds an infinite value in row {row}; replace it by a number or NaN.")
    covariates, categories = _read_covariates(table.covariates)
    if table.ids is not None:
        return _read_long(table, np.column_stack(columns), covariates, categories, freq)
    n_rows = len(table.targets)
    if table.stamps is None:
        if freq is not None:
            raise ValueError(
                f"freq={freq!r} is for dates, but {label} has no time stamps; give a Series with an index."
            )
        clock, steps = Clock(0, 1, n_rows, is_given=False), np.arange(n_rows)
    else:
        clock, steps = read_clock(table.stamps, freq, label)
    n_absent = clock.n - n_rows
    if not n_absent:
        steps = None  # before values are copied: there is memory for one of the two
    values, covariates = _on_clock(np.column_stack(columns), steps, clock.n), _on_clock(covariates, steps, clock.n)
    starts, ids = np.zeros(1, np.int64), None
    bounds = np.array([0, clock.n])
    if form.kind == WIDE:
        ids, values, starts, bounds = _stack(values, form)
        covariates = np.zeros((len(values), 0))
    n_missing = int(np.isnan(values).sum()) - n_absent * values.shape[1] * (1 if ids is None else len(ids))
    panel = Panel(
        values, bounds, starts, clock, ids, covariates, tuple(table.covariates.columns), categories, form,
        n_missing, n_absent,
    )  # fmt: skip
    _refuse_empty(panel)
    return panel


def read_rows(X, panel, id_col="unique_id", time_col="ds"):
    """Return the Rows that X asks for; None where X has no clock.

    Raises
    ------
    TypeError, ValueError
        If rows are of no known series, or not on the clock.
    """
    frame = X.to_frame() if isinstance(X, pd.Series) else pd.DataFrame(index=X) if isinstance(X, pd.Index) else X
    if not isinstance(frame, pd.DataFrame):
        return None
    ids, stamps = None, frame.index
    if isinstance(stamps, pd.MultiIndex):
        if stamps.nlevels != 2:
            raise ValueError(f"the index of X has {stamps.nlevels} levels; give two, the id and the time stamps.")
        ids, stamps = (stamps.get_level_values(level) for level in (0, 1))
    elif panel.form.has_ids:
        for name in (id_col, time_col):
            if name not in frame.columns:
                raise ValueError(
                    f"X has no column {name!r}; the forecaster was fitted on many series: each row needs the id of its "
                    "series and its time stamp, in columns or in the two levels of an index."
                )
        ids, stamps = pd.Index(frame[id_col]), pd.Index(frame[time_col])
    elif time_col in frame.columns and panel.form.time_name == time_col:
        stamps = pd.Index(frame[time_col])
    if ids is not None and not panel.form.has_ids:
        raise ValueError(
            "the rows of X have ids, but the forecaster was fitted on series without them; give the clock."
        )
    steps = panel.clock.positions(stamps)
    series = None if ids is None else _find_series(ids, panel)
    if series is None and panel.n_series == 1:
        series = np.zeros(len(steps), np.int64)
    return Rows(series, steps, None)


def extend(panel, X, y=None, *, target=None, id_col="unique_id", time_col="ds"):
    """Return the Panel with later rows of its series.

    Parameters
    ----------
    panel : Panel
    X, y, target, id_col, time_col
        As of :func:`read_panel`; the rows may leave out stamps, and series.

    Raises
    ------
    TypeError, ValueError
        If rows cannot be read, are of other series, or of stamps that are known already.
    """
    table = read_table(X, y, target, id_col, time_col)
    form, names = panel.form, list(table.targets.columns)
    if len(names) != len(form.names) or (form.kind == WIDE and set(names) != set(form.names)):
        raise ValueError(
            f"the new rows have the columns {listing(names)}; give those of training, {listing(form.names)}."
        )
    if form.kind == WIDE:
        names = list(form.names)
    values = np.column_stack([_numbers(table.targets[name], _column_label(name, form)) for name in names])
    if np.isinf(values).any():
        raise ValueError("the new rows hold an infinite value; replace it by a number or NaN.")
    is_clockless = table.stamps is None or not panel.clock.is_given
    steps = panel.clock.n + np.arange(len(values)) if is_clockless else panel.clock.positions(table.stamps)
    if form.has_ids != (table.ids is not None):
        raise ValueError(f"the new rows must have ids exactly if those of training have; give {form.kind} rows.")
    series = np.zeros(len(values), np.int64) if table.ids is None else _find_series(table.ids, panel)
    if form.kind == WIDE:
        series, steps = np.arange(panel.n_series).repeat(len(values)), np.tile(steps, panel.n_series)
        values = values.T.reshape(-1, 1)
    is_known = steps < panel.ends[series]
    if is_known.any():
        row = int(is_known.argmax())
        stamp = panel.stamps([steps[row]])[0]
        raise ValueError(
            f"the new rows of {panel.label(series[row])} begin at {stamp}, which is known already; give those after it."
        )
    order = np.lexsort((steps, series))
    same = (np.diff(series[order]) == 0) & (np.diff(steps[order]) == 0)
    if same.any():
        row = order[int(same.argmax())]
        raise ValueError(
            f"the new rows of {panel.label(series[row])} have the stamp {panel.stamps([steps[row]])[0]} more than "
            "once; keep one row per stamp."
        )
    ends = panel.ends.copy()
    np.maximum.at(ends, series, steps + 1)
    lengths = ends - panel.starts
    bounds = np.append(0, np.cumsum(lengths)).astype(np.int64)
    extended = np.full((bounds[-1], panel.n_targets), np.nan)
    shift = np.repeat(bounds[:-1] - panel.bounds[:-1], panel.lengths)
    extended[np.arange(len(panel.values)) + shift] = panel.values
    extended[bounds[series] + steps - panel.starts[series]] = values
    n_missing = panel.n_missing + int(np.isnan(values).sum())
    n_absent = panel.n_absent + int(bounds[-1] - panel.bounds[-1]) - len(values)
    return replace(
        panel, values=extended, bounds=bounds, clock=replace(panel.clock, n=max(panel.clock.n, int(ends.max()))),
        covariates=np.zeros((len(extended), 0)), n_missing=n_missing, n_absent=n_absent,
    )  # fmt: skip


def read_truth(X, target=None, id_col="unique_id", time_col="ds"):
    """Return the values of the targets as they stand in X, shape (n,) or (n, n_outputs), NaN where missing."""
    targets = read_table(X, None, target, id_col, time_col).targets
    columns = [_numbers(targets[name], f"column {name!r}") for name in targets.columns]
    return columns[0] if len(columns) == 1 else np.column_stack(columns)


def _find_series(ids, panel):
    """Return the number of the series of each row."""
    codes, uniques = pd.factorize(ids)
    numbers = panel.ids.get_indexer(uniques)
    unknown = uniques[(numbers < 0)]
    if len(unknown) or (codes < 0).any():
        raise ValueError(
            f"X has rows of {len(unknown)} series that the forecaster was not fitted on ({listing(unknown, 3)}); fit "
            "it on them, or leave these rows out."
        )
    return numbers[codes]


def _read_long(table, values, covariates, categories, freq):
    """Return the Panel of rows that have ids."""
    form = table.form
    if pd.isna(table.ids).any():
        row = int(np.asarray(pd.isna(table.ids)).argmax())
        raise ValueError(f"row {row} has no id of its series ({form.id_name!r}); give it one, or drop the row.")
    if table.stamps.hasnans:
        row = int(np.asarray(table.stamps.isna()).argmax())
        raise ValueError(f"row {row} has no time stamp (NaT); drop that row or give it its time.")
    codes, ids = pd.factorize(table.ids)
    stamp_codes, stamps = pd.factorize(table.stamps, sort=True)
    order = np.argsort(codes, kind="stable")
    codes, stamp_codes = codes[order], stamp_codes[order]
    same = codes[1:] == codes[:-1]
    for is_at, what in (
        (same & (stamp_codes[1:] == stamp_codes[:-1]), "has the stamp {} more than once; keep one row per stamp."),
        (same & (stamp_codes[1:] < stamp_codes[:-1]), "is not sorted: {} comes after {}; sort it with sort_values."),
    ):
        if is_at.any():
            row = 1 + int(is_at.argmax())
            said = what.format(stamps[stamp_codes[row]], stamps[stamp_codes[row - 1]])
            raise ValueError(f"the clock of series {ids[codes[row]]!r} {said}")
    clock, steps_of_stamps = read_clock(stamps, freq, "the panel")
    steps = steps_of_stamps[stamp_codes]
    firsts = np.append(0, np.flatnonzero(~same) + 1)
    lasts = np.append(firsts[1:], len(codes)) - 1
    starts, n_given = steps[firsts], lasts - firsts + 1
    lengths = steps[lasts] - starts + 1
    most = MOST_ROWS_PER_STAMP if freq is None else MOST_ROWS_PER_STAMP_IF_NAMED
    sparse = (lengths > most * n_given) & (lengths > n_given + 1)
    if sparse.any():
        worst = int(sparse.argmax())
        raise ValueError(
            f"series {ids[worst]!r} has {n_given[worst]} rows on a clock of {lengths[worst]} steps of "
            f"{clock.step_name}; give series of one step together, or name the freq."
        )
    bounds = np.append(0, np.cumsum(lengths)).astype(np.int64)
    places = np.repeat(bounds[:-1] - starts, n_given) + steps
    n_missing = int(np.isnan(values).sum())
    panel = Panel(
        _on_clock(values[order], places, bounds[-1]), bounds, starts.astype(np.int64), clock, pd.Index(ids),
        _on_clock(covariates[order], places, bounds[-1]), tuple(table.covariates.columns), categories, form,
        n_missing, int(bounds[-1] - len(values)),
    )  # fmt: skip
    _refuse_empty(panel)
    return panel


def _stack(values, form):
    """Return ids, values series by series, starts and bounds of a wide frame; a series begins with its first value."""
    n = len(values)
    is_known = ~np.isnan(values)
    starts = np.where(is_known.any(axis=0), is_known.argmax(axis=0), 0)
    bounds = np.append(0, np.cumsum(n - starts)).astype(np.int64)
    exists = np.arange(n) >= starts[:, None]
    names = [name if name is not None else number for number, name in enumerate(form.names)]
    return pd.Index(names), values.T[exists][:, None], starts.astype(np.int64), bounds


def _on_clock(values, places, n):
    """Return n rows, with NaN where there are none; the values themselves if all are there, sorted by their places."""
    if len(values) == n:
        return values
    spread = np.full((n, values.shape[1]), np.nan)
    spread[places] = values
    return spread


def _refuse_empty(panel):
    """Raise if a series has no observed value."""
    has_any = np.logical_or.reduceat(~np.isnan(panel.values), panel.bounds[:-1], axis=0)
    if not has_any.all():
        series, target = (int(place[0]) for place in np.nonzero(~has_any))
        label = panel.label(series)
        if len(panel.form.names) > 1 and panel.form.kind != WIDE:
            label = f"target {panel.form.names[target]!r}"
        raise ValueError(
            f"{label} has no observed value among {panel.lengths[series]} rows; give at least two numbers."
        )


def refuse_missing(panel, cures="set missing='interpolate'"):
    """Raise if a value is missing, or a stamp absent."""
    is_missing = np.isnan(panel.values).any(axis=1)
    if not is_missing.any():
        return
    row = int(is_missing.argmax())
    series = int(np.searchsorted(panel.bounds, row, side="right")) - 1
    stamp = panel.stamps([panel.starts[series] + row - panel.bounds[series]])[0]
    raise ValueError(
        f"{panel.label(series)} has {panel.n_missing} missing value(s) and {panel.n_absent} absent stamp(s) in steps "
        f"of {panel.clock.step_name}, the first at {stamp}; fill them, or {cures}."
    )


def interpolate(values, bounds):
    """Return values without NaN: those between are on the line between their neighbours, those at the ends repeat them.

    Parameters
    ----------
    values : ndarray of shape (n_rows,)
    bounds : ndarray of shape (n_series + 1,)
        No value is taken from another series; one without any stays as it is.
    """
    missing = np.flatnonzero(np.isnan(values))
    if not len(missing):
        return values
    # Holes are stretches of missing rows; one that goes on over the border of two series is two holes.
    is_first = np.diff(missing, prepend=-2) > 1
    is_first |= np.isin(missing, bounds)
    first_of = np.flatnonzero(is_first)
    before, after = missing[first_of] - 1, missing[np.append(first_of[1:], len(missing)) - 1] + 1
    at_start, at_end = np.isin(before + 1, bounds), np.isin(after, bounds)
    first = before + 1  # which stands for both neighbours, and leaves NaN, where a series has no value at all
    before, after = (
        np.where(at_start, np.where(at_end, first, after), before),
        np.where(at_end, np.where(at_start, first, before), after),
    )
    hole = np.cumsum(is_first) - 1
    before, after = before[hole], after[hole]
    share = (missing - before) / np.maximum(after - before, 1)
    filled = values.copy()
    filled[missing] = values[before] * (1 - share) + values[after] * share
    return filled


def _read_covariates(frame):
    """Return numbers (n, n_columns) and the categories of the columns that have some, by name."""
    numbers, categories = np.zeros((len(frame), frame.shape[1])), {}
    for place, name in enumerate(frame.columns):
        column = frame[name]
        if isinstance(column.dtype, pd.CategoricalDtype) or pd.api.types.is_object_dtype(column.dtype):
            column = column.astype("category")
            categories[name] = column.cat.categories
            numbers[:, place] = np.where(column.cat.codes >= 0, column.cat.codes, np.nan)
        elif looks_like_dates(column):
            raise ValueError(
                f"the frame has dates in column {name!r}, which is no covariate; make it the index, or name it as "
                "time_col."
            )
        else:
            numbers[:, place] = _numbers(column, f"covariate {name!r}")
    return numbers, categories


def _label(form):
    if form.has_ids or form.kind in (WIDE, ARRAY):
        return "the panel" if form.has_ids or form.kind == WIDE else "the series"
    return "the series" if len(form.names) != 1 or form.names[0] is None else f"series {form.names[0]!r}"


def _column_label(name, form):
    if form.kind == ARRAY or name is None or (form.kind == FRAME and form.names == (0,) and not form.has_columns):
        return "the series"
    return f"column {name!r}" if form.has_ids else f"series {name!r}"


def _numbers(column, label):
    """Return the values as float64, NaN where one is missing."""
    types = pd.api.types
    if column.dtype.kind in "mMc" or isinstance(column.dtype, pd.PeriodDtype | pd.DatetimeTZDtype):
        raise TypeError(f"{label} holds {column.dtype} values; give numbers, and the time stamps as the index.")
    try:
        if not types.is_numeric_dtype(column.dtype) and column.map(lambda value: isinstance(value, str)).any():
            raise TypeError  # "1.5" is text too: nobody said it is meant as a number
        if column.dtype == np.float64:  # as below, which copies a column that has NaN
            return column.to_numpy()
        numbers = column.to_numpy(dtype=np.float64, na_value=np.nan)
    except (ValueError, TypeError, OverflowError):
        objects = column.astype(object)
        no_number = objects.notna() & ~objects.map(lambda value: isinstance(value, Real))
        unreadable = no_number & pd.to_numeric(objects, errors="coerce").isna()
        row = int((unreadable if unreadable.any() else no_number).to_numpy().argmax())
        raise TypeError(
            f"{label} holds {objects.iloc[row]!r} in row {row}, which is not a number; convert it (pd.to_numeric)."
        ) from None
    return numbers
