"""Which frame means what: what users hand in as X and y becomes columns with ids and stamps, or one sentence.

Nothing here looks at the numbers; :mod:`tsrnn.panel` reads them.
"""

import warnings
from dataclasses import dataclass

import numpy as np
import pandas as pd

ARRAY, SERIES, FRAME, WIDE, LONG, LEVELS = "array", "series", "frame", "wide", "long", "levels"


@dataclass(frozen=True)
class Form:
    """In which format data came, so that forecasts go back in the same.

    Parameters
    ----------
    kind : {"array", "series", "frame", "wide", "long", "levels"}
        One series as an array, a Series or a frame; several as the columns of one; rows with an id and a stamp, in
        columns or in the two levels of an index.
    names : tuple
        Of the targets; of a wide frame those of the series.
    id_name, time_name : object
        Of the columns or levels that hold ids and stamps.
    has_columns : bool
        Whether it is a DataFrame, and not a Series or an array.
    is_by_time : bool
        Of several series: whether rows stand stamp by stamp, and not series by series.
    """

    kind: str
    names: tuple
    id_name: object = None
    time_name: object = None
    has_columns: bool = True
    is_by_time: bool = False

    @property
    def has_ids(self):
        """Whether each row says which series it belongs to."""
        return self.kind in (LONG, LEVELS)


@dataclass(frozen=True)
class Table:
    """Rows as columns side by side.

    Parameters
    ----------
    ids : Index or None
        The series of each row; None for one series, and for a wide frame.
    stamps : Index or None
        None without a clock.
    targets : DataFrame
        Its columns, for a wide frame one for each series.
    covariates : DataFrame
        The other columns, perhaps none.
    form : Form
    """

    ids: pd.Index | None
    stamps: pd.Index | None
    targets: pd.DataFrame
    covariates: pd.DataFrame
    form: Form


def read_table(X, y=None, target=None, id_col="unique_id", time_col="ds"):
    """Return what X and y mean together.

    Parameters
    ----------
    X : Series, DataFrame or array of one or two axes
    y : Series, DataFrame or array, optional
        One row for each of X; its columns are targets, and those of X are covariates.
    target : str or list of str, optional
        The columns of X that are targets, where there is no y; the others are covariates.
    id_col, time_col : str
        Columns of a long frame, if X has them.

    Returns
    -------
    Table

    Raises
    ------
    TypeError, ValueError
        If it cannot be told without guessing; the sentence says what to do.
    """
    if y is not None and target is not None:
        raise ValueError(f"both y and target={target!r} are given; give one of them.")
    frame, is_bare, has_columns = _as_frame(X, "X")
    ids, stamps, rest, kind, names = _take_clock(frame, id_col, time_col, is_bare)
    if y is not None:
        targets, target_names, stamps, ids, kind = _targets_beside(y, frame, ids, stamps, kind, id_col, time_col)
        covariates = rest
    else:
        targets, covariates = _choose_targets(rest, target, kind, ids is not None, has_columns)
        target_names = tuple(targets.columns)
    if y is None and target is None and targets.shape[1] > 1:
        kind = WIDE
    by_time = ids is not None and len(ids) > 1 and not _is_contiguous(ids)
    has_columns = has_columns if y is None else isinstance(y, pd.DataFrame)
    return Table(ids, stamps, targets, covariates, Form(kind, target_names, *names, has_columns, by_time))


def _as_frame(X, what):
    """Return X as a frame, whether it has no index of its own, and whether it has columns by itself."""
    if isinstance(X, np.ma.MaskedArray):
        X = X.astype(np.float64).filled(np.nan)  # what is masked is missing
    if isinstance(X, pd.DataFrame):
        if not X.columns.is_unique:
            twice = X.columns[X.columns.duplicated()][0]
            raise ValueError(f"the frame has two columns called {twice!r}; rename one.")
        return X, False, True
    if isinstance(X, pd.Series):
        return X.to_frame(), False, False
    if X is None or isinstance(X, str | bytes):
        raise TypeError(f"{what} is {X!r}; give a Series, a DataFrame or an array of one or two axes.")
    values = np.asarray(X)
    if values.ndim not in (1, 2):
        if values.ndim == 0:
            raise TypeError(f"{what} is {X!r}; give a Series, a DataFrame, or an array of shape (n,).")
        raise ValueError(f"{what} has shape {values.shape}; rows are time steps: give shape (n,) or (n, n_columns).")
    return pd.DataFrame(values.reshape(len(values), -1), copy=False), True, False


def _take_clock(frame, id_col, time_col, is_bare):
    """Return ids, stamps, the other columns, the kind of frame and the names of ids and stamps."""
    if is_bare:
        return None, None, frame, ARRAY, (None, None)
    index = frame.index
    if isinstance(index, pd.MultiIndex):
        if index.nlevels != 2:
            raise ValueError(
                f"the index has {index.nlevels} levels; give two, the id of the series and its time stamps."
            )
        ids, stamps = (index.get_level_values(level) for level in (0, 1))
        return ids, stamps, frame, LEVELS, tuple(index.names)
    has_ids, has_stamps = (name in frame.columns for name in (id_col, time_col))
    if id_col != "unique_id" and not has_ids:
        raise ValueError(f"there is no column id_col={id_col!r}; the columns are {listing(frame.columns)}.")
    if time_col != "ds" and not has_stamps:
        raise ValueError(f"there is no column time_col={time_col!r}; the columns are {listing(frame.columns)}.")
    if has_ids:
        if not has_stamps:
            dates = [name for name in frame.columns if looks_like_dates(frame[name])]
            cure = f"set time_col={dates[0]!r}" if dates else "give the stamps in a column, and its name as time_col"
            raise ValueError(f"the frame has the ids {id_col!r}, but no column {time_col!r} of time stamps; {cure}.")
        rest = frame.drop(columns=[id_col, time_col])
        return pd.Index(frame[id_col]), pd.Index(frame[time_col]), rest, LONG, (id_col, time_col)
    if has_stamps:
        stamps = pd.Index(frame[time_col])
        return None, stamps, frame.drop(columns=[time_col]), FRAME, (None, time_col)
    return None, index, frame, FRAME, (None, index.name)


def _targets_beside(y, frame, ids, stamps, kind, id_col, time_col):
    """Return the columns of y, their names, and stamps, ids and kind, which may come from y alone."""
    given, is_bare, _ = _as_frame(y, "y")
    if len(given) != len(frame):
        raise ValueError(f"X has {len(frame)} rows and y has {len(given)}; give one row of X per value of y.")
    if not is_bare and kind != ARRAY:
        same = given.index.equals(frame.index) or is_default(given.index)
        if not same:
            raise ValueError("X and y have different indexes; give both the same clock, or y as an array.")
    elif not is_bare:
        ids, stamps, given, kind, _ = _take_clock(given, id_col, time_col, is_bare)
    names = tuple(given.columns) if not is_bare else (None,) * given.shape[1]
    if given.shape[1] == 0:
        raise ValueError(f"y has shape {np.shape(y)}; give at least one target.")
    return given, names, stamps, ids, kind


def _choose_targets(rest, target, kind, has_ids, has_columns):
    """Return the columns that are targets, and those that are covariates."""
    if rest.shape[1] == 0:
        raise ValueError("the frame has no columns beside its clock; give a column of numbers, or the series as y.")
    if target is not None:
        if kind == ARRAY:
            raise ValueError(f"target={target!r} names a column, but the data are a bare array; give a DataFrame.")
        if not has_columns and [target] != list(rest.columns):
            raise ValueError(f"target={target!r}, but the Series is called {rest.columns[0]!r}; leave target out.")
        wanted = list(target) if isinstance(target, list | tuple) else [target]
        unknown = [name for name in wanted if name not in rest.columns]
        if unknown or not wanted or len(set(wanted)) < len(wanted):
            what = f"there is no column {unknown[0]!r} to be the target" if unknown else f"target={target!r} names none"
            raise ValueError(f"{what}; the columns are {listing(rest.columns)}.")
        return rest[wanted], rest.drop(columns=wanted)
    if has_ids and rest.shape[1] > 1:
        if "y" not in rest.columns:
            raise ValueError(
                f"which column is to be forecast? The frame has {listing(rest.columns)}; name it by target."
            )
        return rest[["y"]], rest.drop(columns="y")
    dates = [name for name in rest.columns if looks_like_dates(rest[name])]
    if dates and rest.shape[1] > 1 and kind != ARRAY:
        raise ValueError(
            f"the frame has its dates in column {dates[0]!r}; make them the index, frame.set_index({dates[0]!r}), or "
            f"set time_col={dates[0]!r}."
        )
    return rest, rest[[]]


def _is_contiguous(ids):
    """Return whether the rows of each id stand side by side."""
    codes, uniques = pd.factorize(ids)
    return int((np.diff(codes) != 0).sum()) == len(uniques) - 1


def is_default(index):
    """Return whether an index is the one that pandas makes if it is given none."""
    return isinstance(index, pd.RangeIndex) and index.start == 0 and index.step == 1


def looks_like_dates(column):
    """Return whether a column holds dates, or text whose first values are."""
    types = pd.api.types
    if types.is_datetime64_any_dtype(column.dtype) or isinstance(column.dtype, pd.PeriodDtype):
        return True
    head = column.dropna().head(3)
    is_text = not types.is_numeric_dtype(column.dtype) and head.map(lambda value: isinstance(value, str)).all()
    if not is_text or not len(head):
        return False
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return bool(pd.to_datetime(head, errors="coerce", utc=True).notna().all())


def listing(names, most=8):
    """Return the first names as text."""
    shown = ", ".join(repr(name) for name in names[:most])
    return shown + (", ..." if len(names) > most else "")
