"""The audit of look-ahead: values after an origin are changed, and the forecasts made there must stay as they were."""

from collections.abc import Hashable
from numbers import Integral

import numpy as np
import pandas as pd

from .base import shorten
from .frames import numbers_rows
from .stamps import ID_COL, TIME_COL

__all__ = ["assert_no_lookahead"]

# How values are changed. What one kind leaves alone, and a leak may go by, another changes: "raised" leaves the least
# value of all, "lowered" the greatest, "permuted" mean and deviation, and only "permuted" and "missing" move holes.
# Amounts are random row by row, so no unit, level, season or ratio stays. Positive values stay positive, and whole ones
# whole, so that logarithms and counts go on working.
KINDS = ("raised", "lowered", "permuted", "missing")


def assert_no_lookahead(
    forecasts, data, *, known_future=(), n_origins=5, id_col=ID_COL, time_col=TIME_COL, random_state=0
):
    """Raise unless each forecast stays the same, to the bit, when values after its origin are changed.

    Parameters
    ----------
    forecasts : callable
        ``forecasts(data)`` does the whole job, from the raw data on: preparation, split, fit, back-test. It returns
        what :func:`tsrnn.backtest` returns, or a frame with a row per forecast: "origin", the stamp of the last step
        that may have been known; if there are several series the id in `id_col`; and any other columns, all of which
        are compared but "truth". Rows must come in the same order each time.
    data : Series, DataFrame, array, or tuple of these
        Several as a tuple, such as (X, y), with the same rows; `forecasts` gets a tuple then. The stamps of rows are
        read from a MultiIndex (id, time), the column `time_col`, or the index, of the first that has them; rows of
        arrays alone are numbered from 0. `forecasts` is given copies and may overwrite them.
    known_future : sequence of str, default=()
        Columns that are known in advance, and so are not changed: calendars, plans, what is the same at all times. The
        columns of an array have numbers for names.
    n_origins : int or None, default=5
        How many origins are examined, from the first to the last, evenly spread; where values are missing, as many
        again beside these. None for all. Each costs three or four runs of the job.
    id_col, time_col : str, default="unique_id" and "ds"
    random_state : int, default=0
        Seeds the changes.

    Raises
    ------
    AssertionError
        If a forecast changed: which origin and series came first, by how much, and after which change.
    ValueError
        If the job gives other numbers each time that it is run on the same data, so that nothing can be said; or if
        there is nothing to change after the origins, or to compare. What the job raises itself carries a note.
    TypeError
        If arguments are of the wrong kind.

    See Also
    --------
    backtest : Fits and forecasts at each origin from what was known there.

    Notes
    -----
    Every numeric column is changed after the origin in four ways: its values are permuted; raised and lowered, each by
    a random amount; and, where the column has holes, made missing at random. Columns of truth values, text and
    categories are permuted. Stamps and ids stay. An origin is examined together with all before it, but a leak of few
    steps shows only at the origin just before the change: to examine more takes more runs.

    References
    ----------
    Kapoor and Narayanan (2023), Leakage and the reproducibility crisis in machine-learning-based science, Patterns 4:
    the kinds of leaks.

    Examples
    --------
    >>> import tsrnn
    >>> temperature = tsrnn.datasets.load_elnino()
    >>> def honest(data):
    ...     return tsrnn.backtest(tsrnn.SeasonalNaive(), data, horizon=3, n_origins=4)
    >>> tsrnn.assert_no_lookahead(honest, temperature)

    Scaled by the mean of everything, later values included:

    >>> def leaky(data):
    ...     return tsrnn.backtest(tsrnn.SeasonalNaive(), data / data.mean(), horizon=3, n_origins=4)
    >>> tsrnn.assert_no_lookahead(leaky, temperature)
    Traceback (most recent call last):
    AssertionError: the forecasts have seen the future: ...
    """
    if not callable(forecasts):
        raise TypeError(f"forecasts must be a function of the data; got {shorten(forecasts)}.")
    if n_origins is not None and (isinstance(n_origins, bool) or not isinstance(n_origins, Integral)):
        raise TypeError(f"n_origins must be a whole number or None; got {shorten(n_origins)}.")
    if n_origins is not None and n_origins < 1:
        raise ValueError(f"n_origins must be at least 1; got {n_origins}.")
    tables = _Tables(data, known_future, id_col, time_col)
    first = _run(forecasts, tables.given(tables.columns), "the data as they are")
    again = _run(forecasts, tables.given(tables.columns), "the data as they are")
    if difference := _first_difference(first, again, np.ones(len(first), bool), id_col):
        raise ValueError(
            f"forecasts gives other numbers when it is run on the same data again: {difference}; seed what is random "
            "(random_state=0), so that a change can be told from chance."
        )
    every = pd.Index(first["origin"]).unique().sort_values()
    n_changed = 0
    for origin in _choose(every, tables, n_origins):
        is_after, is_examined = tables.are_after(origin), np.asarray(first["origin"] <= origin)
        for kind in KINDS:
            rng = np.random.default_rng([random_state, every.get_loc(origin), KINDS.index(kind)])
            changed, n_values = tables.changed(kind, is_after, rng)
            if not n_values:
                continue
            n_changed += n_values
            what = f"values after {origin} are {kind}"
            other = _run(forecasts, tables.given(changed), what)
            if difference := _first_difference(first, other, is_examined, id_col, origin):
                raise AssertionError(f"the forecasts have seen the future: when {what}, {difference}.")
    if not n_changed:
        raise ValueError(
            "there is no value to change after any origin, so that nothing is proven; give data that reach beyond the "
            "origins, and fewer columns as known_future."
        )


class _Tables:
    """The data as columns, which can be changed and put together again.

    Parameters
    ----------
    data, known_future, id_col, time_col
        As in :func:`assert_no_lookahead`.
    """

    def __init__(self, data, known_future, id_col, time_col):
        self.is_tuple = isinstance(data, tuple)
        self.parts = list(data) if self.is_tuple else [data]
        for part in self.parts:
            if not isinstance(part, pd.Series | pd.DataFrame | np.ndarray) or not np.ndim(part):
                raise TypeError(
                    f"data must be a Series, a DataFrame, an array or a tuple of these; got {shorten(part)}."
                )
        if len({len(part) for part in self.parts}) != 1:
            raise ValueError(f"the data have {[len(part) for part in self.parts]} rows; give objects of the same rows.")
        if isinstance(known_future, str) or not all(isinstance(name, Hashable) for name in known_future):
            raise TypeError(f"known_future must be a list of columns; got {shorten(known_future)}.")
        self.n_rows = len(self.parts[0])
        self.stamps, self.ids = self._read_rows(id_col, time_col)
        names = [name for part in self.parts for name in self._names(part)]
        if unknown := [name for name in known_future if name not in names]:
            raise ValueError(f"known_future names {unknown[0]!r}, which is no column; there are {shorten(names)}.")
        if several := [name for name in known_future if names.count(name) > 1]:
            raise ValueError(
                f"known_future names {several[0]!r}, which {names.count(several[0])} of the data are called; give "
                "frames with names of their own."
            )
        fixed = {*known_future, id_col, time_col}
        self.columns = [
            {
                place: _values(_column(part, place))
                for place, name in enumerate(self._names(part))
                if name not in fixed or not isinstance(part, pd.DataFrame | np.ndarray)
            }
            for part in self.parts
        ]

    @staticmethod
    def _names(part):
        """Return what the columns of a part are called."""
        if isinstance(part, pd.DataFrame):
            return list(part.columns)
        return [part.name] if isinstance(part, pd.Series) else list(range(int(np.prod(part.shape[1:]))))

    def _read_rows(self, id_col, time_col):
        """Return the stamp of each row, and the number of its series."""
        one = np.zeros(self.n_rows, np.int64)
        tables = [part for part in self.parts if not isinstance(part, np.ndarray)]
        for table in tables:
            columns = table.columns if isinstance(table, pd.DataFrame) else []
            if isinstance(table.index, pd.MultiIndex):
                names = list(table.index.names)
                level = names.index(time_col) if time_col in names else table.index.nlevels - 1
                return table.index.get_level_values(level), pd.factorize(table.index.droplevel(level))[0]
            if time_col in columns:
                return pd.Index(table[time_col]), pd.factorize(table[id_col])[0] if id_col in columns else one
        for table in tables:
            if not numbers_rows(table.index) or table is tables[-1]:
                return table.index, one
        return pd.RangeIndex(self.n_rows), one

    def are_after(self, origin):
        """Return for each row whether it lies after an origin."""
        try:
            return np.asarray(self.stamps > origin)
        except TypeError:
            raise TypeError(
                f"the origin {origin!r} cannot be compared with the stamps of the data, such as {self.stamps[0]!r}; "
                "name their column as time_col, and give both as times of one kind."
            ) from None

    def stamps_beside_holes(self, every):
        """Return those of some stamps at which, or right after which, the data have less than at other stamps."""
        known = np.zeros(self.n_rows)
        for columns in self.columns:
            for values in columns.values():
                known += ~pd.isna(values)
        counts = pd.Series(known).groupby(np.asarray(self.stamps)).sum()
        if counts.empty or counts.min() == counts.max():
            return every[:0]
        holes = pd.Index(counts.index[counts < counts.max()])
        places = np.searchsorted(counts.index, holes.to_numpy())
        before = counts.index[np.maximum(places - 1, 0)]
        every_values = pd.Index(np.asarray(every))
        return every[np.asarray(every_values.isin(holes) | every_values.isin(before))]

    def changed(self, kind, is_after, rng):
        """Return the columns with values changed at some rows, and how many are."""
        rows = np.flatnonzero(is_after)
        groups = [rows[self.ids[rows] == number] for number in np.unique(self.ids[rows])]
        n_changed, changed = 0, []
        for columns in self.columns:
            changed.append({})
            for place, values in columns.items():
                new = _change(kind, values, rows, groups, rng)
                changed[-1][place] = new
                n_changed += 0 if new is values else len(rows)
        return changed, n_changed

    def given(self, columns):
        """Return copies of the data with these values, as a job is given them."""
        parts = []
        for part, mine in zip(self.parts, columns, strict=True):
            if isinstance(part, np.ndarray):
                new = part.reshape(self.n_rows, -1).copy()
                for place, values in mine.items():
                    new[:, place] = values
                parts.append(new.reshape(part.shape))
                continue
            if isinstance(part, pd.Series):
                parts.append(part.copy() if 0 not in mine else _like(part, mine[0]))
                continue
            frame = part.copy()
            for place, values in mine.items():
                frame.isetitem(place, _like(part.iloc[:, place], values))
            parts.append(frame)
        return tuple(parts) if self.is_tuple else parts[0]


def _column(part, place):
    if isinstance(part, pd.DataFrame):
        return part.iloc[:, place]
    return part if isinstance(part, pd.Series) else part.reshape(len(part), -1)[:, place]


def _values(column):
    """Return the values of a column as an array; numbers of pandas' own kinds as floats, NaN where missing."""
    dtype = column.dtype
    if (
        not isinstance(dtype, np.dtype)
        and pd.api.types.is_numeric_dtype(dtype)
        and not pd.api.types.is_bool_dtype(dtype)
    ):
        return column.to_numpy(np.float64, na_value=np.nan)
    return np.array(column)


def _like(column, values):
    """Return values as a Series like a column; whole numbers that got a hole become floats."""
    try:
        return pd.Series(values, column.index, dtype=column.dtype, name=column.name)
    except (TypeError, ValueError):
        return pd.Series(values, column.index, name=column.name)


def _change(kind, values, rows, groups, rng):
    """Return a copy of values that is changed in this way at some rows, or the values if it cannot be.

    Parameters
    ----------
    kind : str
        One of KINDS.
    values : ndarray of shape (n_rows,)
    rows : ndarray of int
        Rows to change.
    groups : list of ndarray of int
        The same rows, by their series.
    rng : Generator
    """
    if not len(rows):
        return values
    new, is_number = values.copy(), values.dtype.kind in "iuf"
    if kind == "permuted":
        for group in groups:
            new[group] = np.roll(values[rng.permutation(group)] if len(group) > 3 else values[group], 1)
        return new if any(len(group) > 1 for group in groups) else values
    if not is_number:
        return values
    if kind == "missing":
        if values.dtype.kind != "f" or not np.isnan(values).any():
            return values
        is_hole = np.isnan(values[rows])
        new[rows[is_hole]] = np.nanmean(values)
        hidden = rng.random(len(rows)) < 0.5
        hidden[is_hole] = False
        new[rows[hidden]] = np.nan
        return new
    numbers = values.astype(np.float64)
    finite = numbers[np.isfinite(numbers)]
    if not len(finite):
        return values
    spread = max(float(finite.max() - finite.min()), 1e-3 * float(np.abs(finite).max()), 1e-6)
    amounts = rng.uniform(1, 2, len(rows)) * spread
    if kind == "raised":
        changed = numbers[rows] + amounts
    elif finite.min() < 0:
        changed = numbers[rows] - amounts
    else:
        changed = numbers[rows] * rng.uniform(0.01, 0.1, len(rows))
    if values.dtype.kind in "iu":
        limits = np.iinfo(values.dtype)
        least = 1 if finite.min() > 0 else 0 if finite.min() == 0 else limits.min
        changed = np.clip(np.round(changed), least, limits.max // 2 if limits.max > 2**53 else limits.max)
    new[rows] = changed.astype(values.dtype)
    return new


def _run(forecasts, data, what):
    """Return the frame of forecasts that a job makes."""
    try:
        result = forecasts(data)
    except Exception as error:
        error.add_note(f"In assert_no_lookahead, when forecasts was run on {what}.")
        raise
    frame = getattr(result, "forecasts", result)
    if not isinstance(frame, pd.DataFrame) or "origin" not in frame.columns:
        raise TypeError(
            f"forecasts returned {type(result).__name__}; it must return what tsrnn.backtest does, or a DataFrame with "
            'the column "origin" and a row per forecast.'
        )
    if not len(frame) or not [name for name in frame.columns if name not in ("origin", "truth")]:
        raise ValueError("forecasts returned no forecasts, so that there is nothing to compare; let it make some.")
    return frame.drop(columns="truth", errors="ignore").reset_index(drop=True)


def _choose(every, tables, n_origins):
    """Return the origins to examine, some of them beside missing values, from the first on."""
    if n_origins is None:
        return every
    chosen = [_spread(every, n_origins), _spread(tables.stamps_beside_holes(every), n_origins)]
    return every[every.isin(chosen[0]) | every.isin(chosen[1])]


def _spread(stamps, n):
    """Return at most n stamps, evenly spread, the first and the last among them."""
    return stamps[np.unique(np.linspace(0, len(stamps) - 1, n).round().astype(int))] if len(stamps) > n else stamps


def _first_difference(first, other, is_examined, id_col, until=None):
    """Return in words where forecasts differ at the earliest origin, "" if nowhere."""
    before, after = first[is_examined], other if until is None else other[other["origin"] <= until]
    if list(first.columns) != list(other.columns) or len(before) != len(after):
        return f"there are {len(after)} rows of forecasts up to there instead of {len(before)}, or other columns"
    before, after = before.reset_index(drop=True), after.reset_index(drop=True)
    differs = pd.DataFrame(
        {place: _differ(before.iloc[:, place], after.iloc[:, place]) for place in range(before.shape[1])}
    )
    rows = np.flatnonzero(differs.any(axis=1))
    if not len(rows):
        return ""
    origins = before["origin"].iloc[rows]
    row = rows[int((origins == origins.min()).to_numpy().argmax())]
    name = before.columns[int(differs.iloc[row].to_numpy().argmax())]
    old, new = (frame[name].iloc[row] for frame in (before, after))
    by = f"by {abs(new - old):.3g}, " if isinstance(old, float | np.floating) and np.isfinite(new - old) else ""
    series = f" of series {before[id_col].iloc[row]!r}" if id_col in before.columns else ""
    step = f", step {before['step'].iloc[row]}" if "step" in before.columns else ""
    return f"the {name}{series} at origin {before['origin'].iloc[row]}{step} changes {by}from {old} to {new}"


def _differ(one, other):
    """Return for each row whether two columns differ; what is missing in both does not."""
    one, other = one.to_numpy(), other.to_numpy()
    are_missing = pd.isna(one) & pd.isna(other)
    return ~np.asarray(one == other, bool) & ~are_missing
