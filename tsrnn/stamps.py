"""The stamps of rows: which step of the clock, and of a panel which series, each row of the data belongs to.

This holds for every format in which data come: one series or wide frame with a clock as its index, a long frame with
columns of ids and stamps, a MultiIndex (id, time), bare arrays whose rows are steps, and several of these side by side.
"""

from collections.abc import Hashable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from .base import shorten
from .clock import cure_of_no_clock
from .frames import clock_in_ids, is_default, looks_like_dates

ID_COL, TIME_COL = "unique_id", "ds"


@dataclass(frozen=True)
class StampedRows:
    """Which stamp, and of a panel which series, each row has.

    Parameters
    ----------
    n_stamps : int
        Distinct stamps.
    stamps : ndarray of shape (n_rows,), int, optional
        The number of its stamp among the sorted distinct ones; None for one series, of which row k has stamp k.
    series : ndarray of shape (n_rows,), int, optional
        The number of its series; None for one series.
    ids : Index, optional
        The name of each series.
    """

    n_stamps: int
    stamps: np.ndarray | None = None
    series: np.ndarray | None = None
    ids: pd.Index | None = None

    def between(self, first, last):
        """Return the rows of stamps first ... last - 1: a slice if they stand side by side, else their numbers."""
        if self.stamps is None:
            return slice(first, last)
        rows = np.flatnonzero(self._have_stamps(first, last))
        is_run = rows[-1] - rows[0] + 1 == len(rows)
        return slice(int(rows[0]), int(rows[-1]) + 1) if is_run else rows

    def have_rows(self, first, last):
        """Return for each series whether it has rows at stamps first ... last - 1."""
        found = np.zeros(len(self.ids), dtype=bool)
        found[self.series[self._have_stamps(first, last)]] = True
        return found

    def _have_stamps(self, first, last):
        return (self.stamps >= first) & (self.stamps < last)


def number_rows(objects, id_col, time_col):
    """Return the stamps and series of the rows that some objects have in common.

    Parameters
    ----------
    objects : dict
        By their names in messages: Series, DataFrames, arrays or lists.
    id_col, time_col : str
        Names of the ids and stamps among columns or levels of an index.

    Returns
    -------
    StampedRows
        Of the first object that has a clock of its own. An index of whole numbers without a name is one only if no
        object has a better one.

    Raises
    ------
    TypeError, ValueError
        If rows differ, or stamps cannot be read without guessing, or do not rise within each series.
    """
    n_rows = _count_common_rows(objects)
    tables = {name: given for name, given in objects.items() if isinstance(given, pd.DataFrame | pd.Series)}
    indexes = {name: table.index for name, table in tables.items() if not is_default(table.index)}
    for name, index in list(indexes.items())[1:]:
        one = next(iter(indexes))
        if not index.equals(indexes[one]):
            raise ValueError(
                f"{one} and {name} have different indexes; give both the same one, or one of them as an array."
            )
    _check_names(tables.values(), id_col, time_col)
    for name, table in tables.items():
        if not _counts_rows(table.index) or {id_col, time_col} & set(_columns(table)):
            return _read_stamps(name, table, id_col, time_col)
    for name, table in tables.items():
        _refuse_dates(name, table)
    for name, index in indexes.items():
        _check_one_series(index, f"the index of {name}")
    return StampedRows(n_rows)


def first_id(ids):
    """Return the first id of an Index as the user wrote it, not as a number of NumPy's."""
    return ids[:1].tolist()[0]


def _count_common_rows(objects):
    """Return the number of rows that all objects have."""
    counts = {name: _count_rows(name, given) for name, given in objects.items()}
    one, n_rows = next(iter(counts.items()))
    for name, count in counts.items():
        if count != n_rows:
            raise ValueError(f"{one} has {n_rows} rows and {name} has {count}; give one row of each per step.")
    if not n_rows:
        raise ValueError(f"{one} has no rows; give at least two.")
    return n_rows


def _count_rows(name, given):
    if hasattr(given, "toarray"):
        raise TypeError(f"{name} is sparse; make it dense with toarray().")
    if isinstance(given, list | tuple) or (getattr(given, "shape", ()) and hasattr(given, "__getitem__")):
        return len(given)
    raise TypeError(
        f"{name} is {shorten(given)}; give a Series, a DataFrame, or an array or list whose rows are steps."
    )


def _check_names(tables, id_col, time_col):
    """Raise if a name that is not the default one is to be found nowhere."""
    for argument, name in (("id_col", id_col), ("time_col", time_col)):
        if not isinstance(name, Hashable):
            raise TypeError(f"{argument} must be the name of a column; got {shorten(name)}.")
    if id_col == time_col:
        raise ValueError(f"id_col and time_col are both {id_col!r}; ids and stamps are two columns.")
    known = [name for table in tables for name in [*table.index.names, *_columns(table)] if name is not None]
    for argument, name, default in (("id_col", id_col, ID_COL), ("time_col", time_col, TIME_COL)):
        if name != default and name not in known:
            where = f"has the names {shorten(known)}" if known else "has no names"
            raise ValueError(
                f"there is no column {name!r} to be {argument}: what was given {where}; give a DataFrame that has it."
            )


def _read_stamps(name, table, id_col, time_col):
    """Return the stamps and series of the rows of a table."""
    index, columns = table.index, _columns(table)
    if isinstance(index, pd.MultiIndex):
        return _read_levels(name, index, id_col, time_col)
    is_dated = isinstance(index, pd.DatetimeIndex | pd.PeriodIndex)
    # Some libraries return their forecasts with ids as the index. Dates of that name, without others, are the clock.
    is_id_index = index.name == id_col and (time_col in columns or not is_dated)
    if time_col in columns:
        stamps, where = _column(name, table, time_col), f"column {time_col!r} of {name}"
    elif is_id_index or (id_col in columns and _counts_rows(index) and index.name != time_col):
        raise ValueError(
            f"{name} has ids in {id_col!r}, but no column {time_col!r} for the stamps; say with time_col which holds "
            "them."
        )
    else:
        stamps, where = index, f"the index of {name}"
    _check_stamps(stamps, where)
    if id_col in columns or is_id_index:
        ids = _column(name, table, id_col) if id_col in columns else index
        return _number_panel(where, *pd.factorize(stamps), *pd.factorize(ids))
    _check_one_series(stamps, where)
    return StampedRows(len(stamps))


def _read_levels(name, index, id_col, time_col):
    """Return the stamps and series of a MultiIndex (id, time); levels that bear the names may come in either order."""
    if index.nlevels != 2:
        raise ValueError(
            f"the index of {name} has {index.nlevels} levels; give two, (id, time): join those of the id into one."
        )
    names = list(index.names)
    level = names.index(time_col) if time_col in names else 1 - names.index(id_col) if id_col in names else 1
    where = f"level {level} of the index of {name}"
    stamps, ids = index.levels[level], index.levels[1 - level]
    codes, series = np.asarray(index.codes[level]), np.asarray(index.codes[1 - level])
    if what := clock_in_ids(ids, stamps, is_named=id_col in names or time_col in names):
        raise ValueError(
            f"{where} holds {stamps.dtype}, and level {1 - level} {what}; give (id, time), as index.swaplevel() does."
        )
    if (codes < 0).any():
        _refuse_missing(codes < 0, where)
    _check_stamps(stamps, where)
    return _number_panel(where, codes, stamps, series, ids)


def _number_panel(where, codes, known, series, ids):
    """Return the rows of a panel whose series all rise in time.

    Parameters
    ----------
    where : str
        What holds the stamps, for messages.
    codes : ndarray of shape (n_rows,), int
        For each row the place of its stamp in `known`.
    known : Index
        Stamps, perhaps unsorted, perhaps more than rows have.
    series : ndarray of shape (n_rows,), int
        For each row the place of its id in `ids`, -1 if it has none.
    ids : Index
    """
    if (series < 0).any():
        raise ValueError(f"row {(series < 0).argmax()} has no id; drop it, or say which series it belongs to.")
    is_used = np.zeros(len(known), dtype=bool)
    is_used[codes] = True
    order = np.asarray(known.argsort())
    order = order[is_used[order]]
    ranks = np.empty(len(known), dtype=np.intp)
    ranks[order] = np.arange(len(order))
    stamps = ranks[codes]
    by_series = np.argsort(series, kind="stable")
    steps = np.diff(stamps[by_series])
    falls = (steps <= 0) & (np.diff(series[by_series]) == 0)
    if falls.any():
        n = falls.argmax()
        earlier, row = by_series[n : n + 2]
        label, stamp = f"series {first_id(ids[[series[row]]])!r}", known[codes[row]]
        if steps[n]:
            raise ValueError(
                f"{label} is not sorted in {where}: {stamp} comes after {known[codes[earlier]]}; sort its rows by time."
            )
        raise ValueError(f"{label} has the stamp {stamp} twice in {where}; keep one row per series and stamp.")
    return StampedRows(len(order), stamps, series, ids)


def _check_stamps(stamps, where):
    """Raise unless stamps are dates, periods or whole numbers, none of them missing."""
    is_dated = isinstance(stamps, pd.DatetimeIndex | pd.PeriodIndex)
    if not is_dated and not pd.api.types.is_integer_dtype(stamps.dtype):
        raise TypeError(
            f"{where} holds {stamps.dtype} (such as {shorten(stamps[0])}), which is no clock; "
            f"{cure_of_no_clock(stamps.dtype)}."
        )
    if stamps.hasnans:
        _refuse_missing(stamps.isna(), where)


def _refuse_missing(is_missing, where):
    raise ValueError(
        f"{where} has a missing stamp in row {np.asarray(is_missing).argmax()}; drop that row, or give it its time."
    )


def _check_one_series(stamps, where):
    """Raise unless stamps rise from row to row."""
    cure = "or, if they are of several series, say with id_col which column names these."
    if not stamps.is_monotonic_increasing:
        row = 1 + int(np.argmax(np.asarray(stamps[1:] < stamps[:-1])))
        raise ValueError(
            f"{where} is not sorted: {stamps[row]} comes after {stamps[row - 1]}; sort the rows by time, {cure}"
        )
    if not stamps.is_unique:
        twice = stamps[stamps.duplicated()][0]
        raise ValueError(f"{where} has the stamp {twice} more than once; keep one row per stamp, {cure}")


def _refuse_dates(name, table):
    """Raise if an index just counts rows, while a column of the frame holds dates, which are likely the true clock."""
    for place, column in enumerate(_columns(table)):
        if looks_like_dates(table.iloc[:, place]):
            raise ValueError(
                f"{name} has dates in column {column!r}, but its index counts rows; say time_col={column!r}, and with "
                "id_col which column names the series if there are several."
            )


def _column(name, table, column):
    """Return a column as an Index."""
    values = table[column]
    if values.ndim != 1:
        raise ValueError(f"{name} has more than one column {column!r}; give each a name of its own.")
    return pd.Index(values)


def _columns(table):
    return list(table.columns) if isinstance(table, pd.DataFrame) else []


def _counts_rows(index):
    """Return whether an index holds whole numbers that nobody has given a name: likely the row numbers of some file."""
    if isinstance(index, pd.MultiIndex) or index.name is not None:
        return is_default(index)
    return pd.api.types.is_integer_dtype(index.dtype)
