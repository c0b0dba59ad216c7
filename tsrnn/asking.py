"""What a fitted forecaster is asked for: rows as steps of its clock, and given truths."""

import inspect
import os
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from .clock import is_too_sparse
from .columns import read_covariates, read_numbers
from .counts import how_many
from .frames import ID_COL, TIME_COL, WIDE, as_array, is_default, listing, numbers_rows, plain
from .metrics.reading import refuse_other_index
from .reading import Rows, read_rows

PACKAGE = str(Path(__file__).parent) + os.sep


@dataclass(frozen=True)
class Terms:
    """What `fit` was told that later calls keep to, whatever the parameters have become since.

    Parameters
    ----------
    name : str
        Of the forecaster.
    missing : {"raise", "mask", "interpolate"}
    keys : dict
        `target`, `id_col` and `time_col`.
    ahead, past, static : tuple
        The names of the covariates that have to be given for steps to come, that are known of the past alone, and
        that never change.
    is_bare : bool
        Whether X had no clock, but y.
    """

    name: str
    missing: str
    keys: dict
    ahead: tuple = ()
    past: tuple = ()
    static: tuple = ()
    is_bare: bool = False

    @property
    def columns(self):
        """The names of the columns of ids and stamps."""
        return {name: self.keys[name] for name in ("id_col", "time_col")}


def is_without_clock(X, panel):
    """Return whether a panel has a clock that X, an array or a frame with the index pandas gives one, has not.

    Beside dates any part of such an index is none; beside whole numbers only one from 0 on, as others may be years.
    """
    if X is None or not panel.clock.is_given or _counts_rows(panel.clock):
        return False
    if not hasattr(X, "iloc"):
        return True
    return numbers_rows(X.index) and (not isinstance(panel.clock.step, int) or is_default(X.index))


def key_names(panel, taken=()):
    """Return the names of ids and stamps in a table that also has the columns `taken`: those of the data, if free.

    The ids of a frame with a series in each column are called what its columns together are.
    """
    form = panel.form
    named = {"time": form.time_name, "id": form.targets.name if form.kind == WIDE else form.id_name}
    time_name = next(name for name in (named["time"], TIME_COL, "time") if name is not None and name not in taken)
    names = (named["id"], ID_COL, "series")
    return next(name for name in names if name is not None and name not in (*taken, time_name)), time_name


def warn(message):
    """Warn at the line outside of this package from which it was called."""
    frame, level = inspect.currentframe(), 1
    while frame.f_back is not None and frame.f_code.co_filename.startswith(PACKAGE):
        frame, level = frame.f_back, level + 1
    warnings.warn(message, UserWarning, stacklevel=level)


def find_rows(X, panel, terms, are_ahead=False):
    """Return the Rows that X asks for.

    Parameters
    ----------
    X : DataFrame, Series, Index or array
    panel : Panel
    terms : Terms
    are_ahead : bool
        Whether rows without a clock can but be those directly after training; else they may be those of training, and
        others are taken for the ones after it with a warning.

    Raises
    ------
    TypeError, ValueError
        If rows are not on the clock of training, or of no known series.
    """
    index = X if isinstance(X, pd.Index) else getattr(X, "index", None) if hasattr(X, "iloc") else None
    if terms.is_bare and index is not None and not isinstance(X, pd.Index) and numbers_rows(index):
        if not are_ahead and _begins_like_training(X, panel):
            return _rows_at(np.arange(len(X)), panel)
        what = "X has no clock but row numbers"
    elif index is not None and panel.clock.is_given:
        if not _only_counts_rows(X, index, panel, terms, are_ahead):
            return read_rows(X, panel, **terms.columns)
        what = "X has no clock but the row numbers that pandas gives a frame"
    else:
        if index is not None:
            _refuse_clock(index)
        if _are_bare_rows_of_training(X, index, panel, terms) and not are_ahead:
            return _rows_at(np.arange(len(np.asarray(X))), panel)
        what = "X has no clock"
    if panel.clock.is_given and not are_ahead:
        warn(
            f"{what}: its rows are taken for the steps directly after training. Give a DataFrame with a time index, as "
            "future_frame(h) does."
        )
    return _rows_at(panel.clock.n + np.arange(len(np.asarray(X))), panel)


def refuse_far(panel, series, leads):
    """Raise if a row is asked for so far after training that its stamp must be wrong.

    Parameters
    ----------
    panel : Panel
    series, leads : ndarray of int64, shape (n,)
        The series of rows, and how many steps they lie after the first one after training.
    """
    farthest = np.zeros(panel.n_series, np.int64)
    np.maximum.at(farthest, series, leads + 1)
    n_rows = panel.lengths + np.bincount(series, minlength=panel.n_series)
    is_far = is_too_sparse(panel.lengths + farthest, n_rows, is_named=True)
    if is_far.any():
        worst = int(is_far.argmax())
        stamp = panel.stamps([panel.ends[worst] + farthest[worst] - 1])[0]
        raise ValueError(
            f"X has a row of {panel.label(worst)} at {stamp}, {farthest[worst]} steps after its last one; check the "
            "stamps of X."
        )


def with_names(X, panel, reader):
    """Return covariates that are given as an array in a frame with their names, and X else; `reader` reads it."""
    is_bare = X is not None and not hasattr(X, "iloc") and not isinstance(X, pd.Index)
    return _name_columns(X, panel, reader) if is_bare and len(panel.covariate_names) else X


def read_given_truth(y, X, panel):
    """Return true values that are given beside X, shape (n_rows, n_outputs), those of training in their order.

    Raises
    ------
    TypeError, ValueError
        If y is on another index than X, has other columns than training, or holds what is no number.
    """
    refuse_other_index(X, y)
    known = panel.form.targets
    frame = y.to_frame() if isinstance(y, pd.Series) else y
    if not isinstance(frame, pd.DataFrame):
        values = as_array(y, "y")
        if values.ndim > 2:
            raise ValueError(f"y has shape {values.shape}; give shape (n,) or (n, n_outputs).")
        frame = pd.DataFrame(values if values.ndim == 2 else values[:, np.newaxis], copy=False)
    if frame.shape[1] != len(known):
        raise ValueError(
            f"y has {how_many(frame.shape[1], 'column')}, but training had {len(known)}: {listing(known)}."
        )
    if len(known) > 1 and isinstance(y, pd.DataFrame) and not isinstance(known, pd.RangeIndex):
        if set(frame.columns) != set(known):
            raise ValueError(f"y has the columns {listing(frame.columns)}; give those of training, {listing(known)}.")
        frame = frame.iloc[:, frame.columns.get_indexer(known)]
    return read_numbers(frame, lambda place: f"column {plain(frame.columns[place])!r} of y" if len(known) > 1 else "y")


def _rows_at(steps, panel):
    return Rows(np.zeros(len(steps), np.int64) if panel.n_series == 1 else None, steps)


def _refuse_clock(index):
    """Raise if an index is more than row numbers, of which a forecaster without a clock knows nothing."""
    if isinstance(index, pd.DatetimeIndex | pd.PeriodIndex):
        given = f"have dates (from {index[0]} on)" if len(index) else ""
    elif isinstance(index, pd.MultiIndex) or not pd.api.types.is_integer_dtype(index.dtype):
        given = f"have an index of {index.nlevels} levels" if index.nlevels > 1 else f"have an index of {index.dtype}"
    else:
        given = ""
    if given and len(index):
        raise TypeError(
            f"the rows of X {given}, but the forecaster was fitted without a clock; fit it on data with a time "
            "index, or give an array."
        )


def _only_counts_rows(X, index, panel, terms, are_ahead):
    """Return whether the index of X is the one pandas gives a frame, and says nothing of when its rows were.

    So it does beside training that had the same, unless the rows are those of training, value by value.
    """
    clock, form = panel.clock, panel.form
    if not _counts_rows(clock) or form.has_ids or form.columns is not None:
        return False
    if not is_default(index) or index.name is not None or isinstance(X, pd.Index) or not len(X):
        return False
    if isinstance(X, pd.DataFrame) and (not len(X.columns) or {*terms.columns.values()} & {*X.columns}):
        return False
    if are_ahead and len(X) <= clock.n:
        return True
    return not _begins_like_training(X, panel)


def _counts_rows(clock):
    return isinstance(clock.step, int) and (clock.start, clock.step, clock.name) == (0, 1, None)


def _begins_like_training(X, panel):
    """Return whether the first rows of X are those of training, NaN where these have it, in the columns both have.

    Fewer rows are told by what is forecast alone: the first values of a covariate may well come again.
    """
    n, form = min(len(X), panel.clock.n), panel.form
    frame = X.iloc[:n].to_frame() if isinstance(X, pd.Series) else X.iloc[:n]
    fitted = _targets_by_step(panel)[:n]
    names = panel.covariate_names[panel.covariate_names.isin(frame.columns)]
    targets = form.targets[form.targets.isin(frame.columns)]
    if n < panel.clock.n and len(panel.covariate_names) and not len(targets):
        return False
    if not len(names) and not len(targets):
        if len(panel.covariate_names) or frame.shape[1] != fitted.shape[1]:
            return False
        return np.array_equal(_numbers_of(frame), fitted, equal_nan=True)
    given, _ = read_covariates(frame[list(names)], panel.categories)
    are_equal = np.array_equal(given, panel.covariates[:n, panel.covariate_names.get_indexer(names)], equal_nan=True)
    fitted = fitted[:, form.targets.get_indexer(targets)]
    return are_equal and np.array_equal(_numbers_of(frame[list(targets)]), fitted, equal_nan=True)


def _numbers_of(frame):
    if not frame.shape[1]:
        return np.zeros(frame.shape)
    return read_numbers(frame, lambda place: f"column {plain(frame.columns[place])!r} of X")


def _are_bare_rows_of_training(X, index, panel, terms):
    """Return whether rows without a clock are all those of training, value by value; refuse what tells no rows."""
    values = np.asarray(X)
    if values.ndim == 0:
        raise ValueError(f"X must have one row per step; got {X!r}. For the next so many steps call forecast(h).")
    has_covariates = len(panel.covariate_names) > 0
    if panel.form.has_ids:
        raise TypeError(
            f"X is an array of shape {values.shape}, but the forecaster was fitted on many series: each row needs "
            "the id of its series and its time stamp; give a DataFrame, as future_frame(h) does."
        )
    if index is None and has_covariates:
        X = with_names(X, panel, terms.name)
        _refuse_missing_in_array(X, terms)
    elif values.size and not np.issubdtype(values.dtype, np.number):
        raise TypeError(
            f"X is an array of {values.dtype}, from which no clock is read; give stamps as the index of a "
            "DataFrame, as future_frame(h) does."
        )
    if has_covariates:
        return _are_covariates_of_training(X, panel)
    fitted = _targets_by_step(panel)
    if values.size != fitted.size or len(values) != len(fitted) or not np.issubdtype(values.dtype, np.number):
        return False
    return np.array_equal(values.reshape(fitted.shape).astype(np.float64), fitted, equal_nan=True)


def _are_covariates_of_training(X, panel):
    """Return whether X is a frame with the covariates of all rows of training, in the order of these."""
    if not isinstance(X, pd.DataFrame) or not panel.covariate_names.isin(X.columns).all():
        return False
    values, _ = read_covariates(X[list(panel.covariate_names)], panel.categories)
    return np.array_equal(values, panel.covariates, equal_nan=True)


def _targets_by_step(panel):
    """Return the values of training, a row for each step of the clock, NaN where missing or where a series begins late.

    Shape (n_steps, n_targets), or of a wide frame (n_steps, n_series).
    """
    n = panel.clock.n
    fitted = np.full((panel.n_series, n, panel.n_targets), np.nan)
    numbers = np.arange(panel.n_series).repeat(panel.lengths)
    fitted[numbers, np.arange(len(numbers)) - panel.bounds[numbers] + panel.starts[numbers]] = panel.values
    return fitted.transpose(1, 0, 2).reshape(n, -1)


def _name_columns(X, panel, reader):
    """Return an array of covariates as a frame of those of training; `reader` is who reads it."""
    values, n = as_array(X, "X"), len(panel.covariate_names)
    if values.ndim == 1:
        raise ValueError(
            f"X has shape {values.shape}, but its rows are time steps with {how_many(n, 'covariate')} each. "
            f"Reshape your data: give shape (n, {n})."
        )
    if values.shape[1] != n:
        raise ValueError(
            f"X has {values.shape[1]} features, but {reader} is expecting {n} features as input: the covariates "
            f"{listing(panel.covariate_names)}."
        )
    return pd.DataFrame(values, columns=panel.covariate_names, copy=False)


def _refuse_missing_in_array(X, terms):
    """Raise if an array of covariates lacks one, unless it is known of the past alone."""
    is_missing = X.drop(columns=[name for name in X.columns if name in terms.past]).isna()
    if terms.missing == "raise" and is_missing.to_numpy().any():
        row, column = np.argwhere(is_missing.to_numpy())[0]
        raise ValueError(
            f"covariate {plain(is_missing.columns[column])!r} is missing in row {row} of X (NaN); fill it."
        )
