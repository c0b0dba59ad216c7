"""Which frame means what: what users hand in as X and y becomes ids, stamps and columns, and forecasts go back alike.

Nothing here looks at the numbers; :mod:`tsrnn.columns` reads them.
"""

import warnings
from collections.abc import Hashable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

ARRAY, SINGLE, WIDE, LONG, LEVELS = "array", "single", "wide", "long", "levels"
ID_COL, TIME_COL, TARGET = "unique_id", "ds", "y"


@dataclass(frozen=True)
class Form:
    """In which format data came, so that forecasts go back in the same.

    Parameters
    ----------
    kind : {"array", "single", "wide", "long", "levels"}
        One series as an array, or as a Series or frame; several as the columns of one; rows with an id and a stamp, in
        columns or in the two levels of an index.
    targets : Index
        The names of the targets, of a wide frame those of the series; None for one that has no name.
    id_name, time_name : object
        Of the columns or levels that hold ids and stamps.
    columns : Index or None
        All columns of a frame that has ids or stamps in one of them; None if these are the index.
    index_name : object
        Of the one of both that is the index of such a frame; None if both are columns.
    has_columns : bool
        Whether it is a DataFrame, and not a Series or an array.
    is_by_time : bool
        Of rows with ids: whether they stand stamp by stamp, and not series by series.
    is_time_first : bool
        Of an index of two levels: whether the stamps are the first.
    """

    kind: str
    targets: pd.Index
    id_name: object = None
    time_name: object = None
    columns: pd.Index | None = None
    index_name: object = None
    has_columns: bool = True
    is_by_time: bool = False
    is_time_first: bool = False

    @property
    def has_ids(self):
        """Whether each row says which series it belongs to."""
        return self.kind in (LONG, LEVELS)

    @property
    def label(self):
        """What messages call the data as a whole."""
        if self.has_ids or self.kind == WIDE:
            return "the panel"
        is_named = self.kind == SINGLE and len(self.targets) == 1 and self.targets[0] is not None
        return f"series {plain(self.targets[0])!r}" if is_named else "the series"

    def label_of(self, place):
        """Return what messages call a column."""
        name = plain(self.targets[place])
        if self.kind == ARRAY or name is None:
            return "the series"
        return f"column {name!r}" if self.has_ids else f"series {name!r}"

    def give_back(self, ids, stamps, values=None, names=None):
        """Return rows in this format.

        Parameters
        ----------
        ids : Index or None
            The series of each row, where each row has one.
        stamps : Index
            The stamp of each row.
        values : ndarray of shape (n_rows, n_columns), optional
            Without them the rows are ids and stamps alone, in a frame.
        names : Index, optional
            Of the columns, which are then given back in a frame; those of the targets by default.

        Returns
        -------
        Series or DataFrame
        """
        index = None if self.columns is not None else self._index(ids, stamps)
        if values is None:
            values, names = np.empty((len(stamps), 0)), self.targets[:0] if self.targets.nlevels > 1 else pd.Index([])
        elif names is None:
            names = self.targets
            if not self.has_columns and self.columns is None and len(names) == 1:
                return pd.Series(values[:, 0], index, name=names[0])
            if not self.has_columns and len(names) == 1 and names[0] is None:
                names = pd.Index([TARGET])
        frame = pd.DataFrame(values, index, names)
        return frame if self.columns is None else self._with_keys(frame, ids, stamps)

    def _index(self, ids, stamps):
        if ids is None:
            return stamps.rename(self.time_name)
        order = slice(None, None, -1) if self.is_time_first else slice(None)
        return pd.MultiIndex.from_arrays([ids, stamps][order], names=[self.id_name, self.time_name][order])

    def _with_keys(self, frame, ids, stamps):
        """Return a frame with its columns of ids and stamps, each where the user had it."""
        others = frame.columns
        if ids is not None:
            frame[self.id_name] = ids
        frame[self.time_name] = stamps
        mine = self.columns[self.columns.isin(frame.columns)]
        if len(others) > len(self.targets) and mine.isin(self.targets).any():  # which stand where the first target is
            first = int(mine.isin(self.targets).argmax())
            mine = [*mine[:first], *others, *mine[first:][~mine[first:].isin(others)]]
        ordered = frame[[*mine, *frame.columns[~frame.columns.isin(mine)]]]
        if self.index_name is not None:
            ordered = ordered.set_index(self.index_name)
        return ordered.rename_axis(columns=list(self.columns.names))


@dataclass(frozen=True)
class Keys:
    """What says when each row was, and of which series it is.

    Parameters
    ----------
    series : ndarray of shape (n_rows,), int, or None
        The place of its series in `ids`; None where rows have no ids.
    ids : Index or None
        Of the series, in the order in which they come.
    stamps : Index or None
        The stamp of each row; None without a clock.
    """

    series: np.ndarray | None = None
    ids: pd.Index | None = None
    stamps: pd.Index | None = None

    @property
    def is_by_time(self):
        """Whether the rows of some series do not stand side by side."""
        return self.series is not None and int((np.diff(self.series) != 0).sum()) > len(self.ids) - 1


@dataclass(frozen=True)
class Table:
    """Rows as columns side by side.

    Parameters
    ----------
    keys : Keys
    targets : DataFrame
        Its columns, for a wide frame one for each series.
    covariates : DataFrame
        The other columns, perhaps none.
    form : Form
    """

    keys: Keys
    targets: pd.DataFrame
    covariates: pd.DataFrame
    form: Form


def read_table(X, y=None, target=None, id_col=ID_COL, time_col=TIME_COL):
    """Return what X and y mean together.

    Parameters
    ----------
    X : Series, DataFrame or array of one or two axes
        None stands for rows without columns beside y.
    y : Series, DataFrame or array, optional
        One row for each of X; its columns are targets, and those of X are covariates.
    target : str, or list, array or Index of str, optional
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
    if isinstance(target, np.ndarray | pd.Index):
        target = target.tolist()
    if y is not None:
        if target is not None:
            raise ValueError(f"both y and target={target!r} are given; give one of them.")
        return _read_beside(X, y, id_col, time_col)
    frame = _as_frame(X, "X")
    form = _form_of(X, frame)
    keys, rest, form = _take_keys(frame, form, id_col, time_col)
    chosen = _choose_targets(rest, target, form)
    is_wide = target is None and len(chosen) > 1
    form = replace(form, targets=form.targets[chosen], kind=WIDE if is_wide else form.kind)
    return Table(keys, rest.iloc[:, chosen], rest.drop(columns=rest.columns[chosen]), form)


def read_values(data, what, target=None, id_col=ID_COL, time_col=TIME_COL):
    """Return the Table of values on a clock, with one target where rows have ids.

    Parameters
    ----------
    data : Series or DataFrame
        In any format.
    what : str
        What messages call it.
    target : str, optional
        The column of the values, where there are several beside ids and stamps.
    id_col, time_col : str
        Columns of a long frame.

    Returns
    -------
    Table

    Raises
    ------
    TypeError, ValueError
        As `read_table`; or if there are several targets.
    """
    if not isinstance(data, pd.Series | pd.DataFrame):
        raise TypeError(f"{what} must be a Series or a DataFrame, whose index says when; got {type(data).__name__}.")
    clock = (id_col, time_col)
    has_choice = isinstance(data, pd.DataFrame) and sum(name not in clock for name in data.columns) > 1
    table = read_table(data, target=target if has_choice else None, id_col=id_col, time_col=time_col)
    if table.keys.ids is not None and table.targets.shape[1] > 1:
        raise ValueError(f"{what} has the targets {listing(table.targets.columns)}; choose one by target.")
    return table


def read_keys(X, id_col=ID_COL, time_col=TIME_COL):
    """Return the Keys of rows in any format; None where X is a bare array.

    Raises
    ------
    ValueError
        If there are ids without stamps, or other than two levels.
    """
    if isinstance(X, pd.Index):
        X = pd.DataFrame(index=X)
    if not isinstance(X, pd.Series | pd.DataFrame):
        return None
    frame = _as_frame(X, "X")
    return _take_keys(frame, _form_of(X, frame), id_col, time_col)[0]


def _as_frame(X, what):
    """Return X as a frame, without a copy."""
    if isinstance(X, pd.DataFrame):
        if not X.columns.is_unique:
            twice = plain(X.columns[X.columns.duplicated()][0])
            raise ValueError(f"{what} has two columns called {twice!r}; rename one.")
        return X
    if isinstance(X, pd.Series):
        return X.to_frame()
    values = as_array(X, what)
    if values.ndim > 2:
        raise ValueError(f"{what} has shape {values.shape}; rows are time steps: give shape (n,) or (n, n_columns).")
    return pd.DataFrame(values if values.ndim == 2 else values[:, None], copy=False)


def as_array(X, what):
    """Return X, a list or whatever NumPy can make an array of, as one of at least one axis."""
    if isinstance(X, np.ma.MaskedArray):
        X = X.astype(np.float64).filled(np.nan)  # what is masked is missing
    if hasattr(X, "toarray"):
        raise TypeError(f"{what} is sparse, a {type(X).__name__}; give it dense, as {what}.toarray() does.")
    is_array = isinstance(X, list | tuple) or hasattr(X, "__array__")
    try:
        values = np.asarray(X) if is_array else np.empty(())
    except ValueError:
        raise ValueError(
            f"{what} holds rows that are not all of one length; give one row per time step, each with the same columns."
        ) from None
    if values.dtype.names:
        raise TypeError(
            f"{what} is a structured array with the fields {listing(values.dtype.names)}; give a DataFrame, as "
            f"pd.DataFrame({what}) does."
        )
    if not values.ndim:
        raise TypeError(
            f"{what} is {X!r}, a {type(X).__name__}; give a Series, a DataFrame, or an array of shape (n,)."
        )
    return values


def count_columns(X):
    """Return how many columns X has; a Series or an array of one axis has one."""
    return 0 if X is None else _as_frame(X, "X").shape[1]


def _form_of(X, frame):
    """Return the form of one series of all columns, whose stamps are the index of X."""
    if isinstance(X, pd.DataFrame):
        return Form(SINGLE, X.columns, time_name=_name_of(X.index))
    if isinstance(X, pd.Series):
        return Form(SINGLE, pd.Index([X.name], tupleize_cols=False), time_name=_name_of(X.index), has_columns=False)
    names = pd.Index([None]) if frame.shape[1] == 1 else pd.RangeIndex(frame.shape[1])
    return Form(ARRAY, names, has_columns=False)


def _name_of(index):
    return None if isinstance(index, pd.MultiIndex) else index.name


def _take_keys(frame, form, id_col, time_col):
    """Return the Keys, the other columns and the form with the names of ids and stamps."""
    if form.kind == ARRAY:
        return Keys(), frame, form
    if isinstance(frame.index, pd.MultiIndex):
        return _take_levels(frame, form, id_col, time_col)
    has_ids, has_stamps = _find_columns(frame, form, id_col, time_col)
    if not has_stamps:
        return Keys(stamps=frame.index), frame, form
    names, columns = [id_col, time_col] if has_ids else [time_col], _known(frame.columns)
    keys = {name: pd.Index(frame[name]) if name in columns else frame.index for name in names}
    rest, stamps = frame.drop(columns=[name for name in names if name in columns]), keys[time_col]
    index_name = next((name for name in names if name not in columns), None)
    form = replace(form, targets=rest.columns, columns=frame.columns, time_name=time_col, index_name=index_name)
    if not has_ids:
        return Keys(stamps=stamps), rest, form
    series, ids = pd.factorize(keys[id_col])
    _refuse_missing_ids(series)
    keys = Keys(series, ids, stamps)
    return keys, rest, replace(form, kind=LONG, id_name=id_col, is_by_time=keys.is_by_time)


def _find_columns(frame, form, id_col, time_col):
    """Return whether a frame has columns of ids and of stamps, of which one may be its index.

    Not so where the index has the stamps and nothing has ids, as the index of a series or of a wide frame.

    Raises
    ------
    TypeError, ValueError
        If a column is missing that was named, or is needed.
    """
    columns = _known(frame.columns) if form.has_columns else ()
    for argument, name, default in (("id_col", id_col, ID_COL), ("time_col", time_col, TIME_COL)):
        if not isinstance(name, Hashable) or name is None:
            raise TypeError(f"{argument} must be the name of a column; got {name!r}.")
        if name != default and name not in columns and name not in frame.index.names:
            raise ValueError(
                f"there is no column {argument}={name!r}; the columns are {listing(form.targets) or 'none'}."
            )
    if id_col == time_col:
        raise ValueError(f"id_col and time_col are both {id_col!r}; ids and stamps are two columns.")
    index = frame.index
    has_stamps, is_dated = time_col in columns, isinstance(index, pd.DatetimeIndex | pd.PeriodIndex)
    has_ids = id_col in columns or (index.name == id_col and (has_stamps or not is_dated))
    has_stamps = has_stamps or (has_ids and index.name == time_col)
    if has_ids and not has_stamps:
        dates = [index.name] if is_dated else _columns_of_dates(frame)
        cure = f"set time_col={plain(dates[0])!r}" if dates else "give the stamps in a column, and its name as time_col"
        cure = f"name its index {time_col!r}" if dates == [None] else cure
        raise ValueError(f"the frame has the ids {id_col!r}, but no column {time_col!r} of time stamps; {cure}.")
    return has_ids, has_stamps


def _known(names):
    """Return what can tell whether a name is among these; of names of several parts the first alone is none."""
    return names if names.nlevels == 1 else set(names)


def _take_levels(frame, form, id_col, time_col):
    """Return what `_take_keys` does for an index of id and time; levels that bear their names may come in any order."""
    index, names = frame.index, list(frame.index.names)
    if index.nlevels != 2:
        raise ValueError(
            f"the index has {index.nlevels} levels; give two, the id of the series and its time stamps: join the "
            "levels of the id into one."
        )
    time_level = names.index(time_col) if time_col in names else 1 - names.index(id_col) if id_col in names else 1
    ids, known = index.levels[1 - time_level], index.levels[time_level]
    if what := clock_in_ids(ids, known, is_named=id_col in names or time_col in names):
        raise ValueError(
            f"the index has its {what} in level {1 - time_level}, where the ids are read; give (id, time), as "
            "swaplevel() does."
        )
    codes = np.asarray(index.codes[1 - time_level])
    _refuse_missing_ids(codes)
    series, places = pd.factorize(codes)  # numbered anew, in the order in which they come
    stamps = index.get_level_values(time_level)
    keys = Keys(series, ids[places], stamps)
    form = replace(
        form, kind=LEVELS, id_name=names[1 - time_level], time_name=names[time_level], is_by_time=keys.is_by_time,
        is_time_first=time_level == 0,
    )  # fmt: skip
    return keys, frame, form


def clock_in_ids(ids, stamps, is_named):
    """Return what the level of ids holds that tells that it is the one of stamps; "" if nothing does."""
    dated = pd.DatetimeIndex | pd.PeriodIndex
    if isinstance(ids, dated) and not isinstance(stamps, dated):
        return "dates"
    is_text = pd.api.types.is_string_dtype(stamps.dtype) and not looks_like_dates(pd.Series(stamps[:3]))
    are_turned = not is_named and len(stamps) and is_text and pd.api.types.is_integer_dtype(ids.dtype)
    return "whole numbers" if are_turned else ""


def _refuse_missing_ids(series):
    if (series < 0).any():
        row = int((series < 0).argmax())
        raise ValueError(f"row {row} has no id; drop it, or say which series it belongs to.")


def _read_beside(X, y, id_col, time_col):
    """Return the Table of X and y, whose clock may come from y alone."""
    given = _as_frame(y, "y")
    frame = pd.DataFrame(index=range(len(given))) if X is None else _as_frame(X, "X")
    form = Form(ARRAY, given.columns) if X is None else _form_of(X, frame)
    if len(given) != len(frame):
        raise ValueError(f"X has {len(frame)} rows and y has {len(given)}; give one row of X per value of y.")
    keys, covariates, form = _take_keys(frame, form, id_col, time_col)
    form_of_y = _form_of(y, given)
    if form.kind == ARRAY and X is not None:
        _refuse_no_columns(as_array(X, "X").shape, has_clock=form_of_y.kind != ARRAY)
    names = form_of_y.targets
    counts_apart = numbers_rows(frame.index) and given.index.dtype.kind != "i"  # a part of a frame without a clock
    has_no_clock = form.columns is None and (counts_apart or (is_default(frame.index) and frame.index.name is None))
    if form.kind == ARRAY or (has_no_clock and form_of_y.kind != ARRAY):
        keys, given, form = _take_keys(given, form_of_y, id_col, time_col)
        names = form.targets
    elif form_of_y.kind != ARRAY and not (given.index.equals(frame.index) or is_default(given.index)):
        raise ValueError("X and y have different indexes; give both the same clock, or y as an array.")
    if not given.shape[1]:
        raise ValueError(f"y has shape {np.shape(y)}; give at least one target.")
    form = replace(form, targets=names, has_columns=form_of_y.has_columns)
    return Table(keys, given, covariates, form)


def _refuse_no_columns(shape, has_clock):
    """Raise unless an array beside y has rows of columns: there may be none if y has the clock."""
    if len(shape) == 1:
        raise ValueError(
            f"X has shape {shape} beside y; give its columns, shape (n, n_columns), as X.reshape(-1, 1) does for one."
        )
    if not shape[1] and not has_clock:
        raise ValueError(
            f"X has 0 feature(s) (shape={shape}) while a minimum of 1 is required. If the rows have a clock, give a "
            "DataFrame with a time index; else give X=None."
        )


def _choose_targets(rest, target, form):
    """Return the places of the columns that are targets; the others are covariates."""
    names = rest.columns
    if not len(names):
        if form.kind == ARRAY:
            raise ValueError(f"X has shape {rest.shape}, no column of numbers; give shape (n,), or the series as y.")
        raise ValueError("the frame has no columns beside its clock; give a column of numbers, or the series as y.")
    if target is not None:
        return _find_targets(names, target, form)
    if len(names) == 1:
        return [0]
    if (form.has_ids or form.columns is not None) and TARGET in _known(names):
        if not form.has_ids:
            raise ValueError(
                f"the frame has a column 'y' and others, {listing(names.drop(TARGET))}; set target='y' if these are "
                f"covariates, or make {plain(form.time_name)!r} the index if each column is a series."
            )
        return [names.get_loc(TARGET)]
    if form.has_ids:
        raise ValueError(f"which column is to be forecast? The frame has {listing(names)}; name it by target.")
    if form.kind != ARRAY and (dates := _columns_of_dates(rest)):
        raise ValueError(
            f"the frame has its dates in column {dates[0]!r}; make them the index, frame.set_index({dates[0]!r}), or "
            f"set time_col={dates[0]!r}."
        )
    return list(range(len(names)))


def _find_targets(names, target, form):
    """Return the places of the columns that `target` names."""
    if form.kind == ARRAY:
        raise ValueError(f"target={target!r} names a column, but the data are a bare array; give a DataFrame.")
    if not form.has_columns:
        names = form.targets
    known = _known(names)
    is_name = not isinstance(target, list) and isinstance(target, Hashable) and target in known  # which may be a tuple
    wanted = list(target) if isinstance(target, list | tuple) and not is_name else [target]
    if not all(isinstance(name, Hashable) for name in wanted):
        raise TypeError(f"target={target!r} must be the name of a column, or a list of names.")
    if not form.has_columns and wanted != list(names):
        raise ValueError(f"target={target!r}, but the Series is called {plain(names[0])!r}; leave target out.")
    if not wanted or len(set(wanted)) < len(wanted):
        raise ValueError(f"target={target!r} must name columns, each once; they are {listing(names)}.")
    if unknown := [name for name in wanted if name not in known]:
        raise ValueError(f"there is no column {unknown[0]!r} to be the target; the columns are {listing(names)}.")
    return list(names.get_indexer(wanted))


def read_names(argument, names):
    """Return what an argument names, a list; none for None.

    Raises
    ------
    TypeError
        If it is no list of names.
    """
    if isinstance(names, str):
        raise TypeError(f"{argument} must be a list of names of columns; got {names!r}, which is one: [{names!r}].")
    is_list = names is None or isinstance(names, list | tuple | set | frozenset)
    if not is_list or not all(isinstance(name, Hashable) for name in names or ()):
        raise TypeError(f"{argument} must be a list of names of columns, or None; got {names!r}.")
    return list(names or ())


def is_default(index):
    """Return whether an index is the one that pandas makes if it is given none."""
    return _counts_on(index) and (not len(index) or index[0] == 0)


def numbers_rows(index):
    """Return whether an index is one that pandas makes, or rows in a row of such a frame."""
    return index.name is None and _counts_on(index)


def _counts_on(index):
    """Return whether an index holds whole numbers in a row, as that of chosen rows does before pandas 3."""
    if isinstance(index, pd.RangeIndex):
        return index.step == 1
    return index.dtype == np.int64 and bool((np.diff(index) == 1).all())


def are_plain_numbers(frame):
    """Return whether all columns are of NumPy's own types of real numbers, or booleans."""
    return all(isinstance(dtype, np.dtype) and dtype.kind in "biuf" for dtype in set(frame.dtypes))


def _columns_of_dates(frame):
    if are_plain_numbers(frame):
        return []
    return [plain(name) for name in frame.columns if looks_like_dates(frame[name])]


def looks_like_dates(column):
    """Return whether a column holds dates, or text whose first values are."""
    types = pd.api.types
    if isinstance(column.dtype, pd.CategoricalDtype):
        return False
    if types.is_datetime64_any_dtype(column.dtype) or isinstance(column.dtype, pd.PeriodDtype):
        return True
    head = column.dropna().head(3)
    if not len(head) or not all(isinstance(value, str) for value in head):
        return False
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return bool(pd.to_datetime(head, errors="coerce", utc=True).notna().all())


def plain(name):
    """Return a name or an id as the user wrote it, not as a scalar of NumPy's."""
    return name.item() if isinstance(name, np.generic) else name


def listing(names, most=8):
    """Return the first names as text."""
    shown = ", ".join(repr(plain(name)) for name in names[:most])
    return shown + (", ..." if len(names) > most else "")
