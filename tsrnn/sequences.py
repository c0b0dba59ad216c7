"""Sequences of several lengths at the door: lists of arrays, and arrays with missing steps.

All become :class:`Sequences`: their steps side by side, without what only pads, so that no step of padding is computed
or can change a result.
"""

from numbers import Number

import numpy as np

from .base import shorten
from .checking import (
    CURE_OF_NAN,
    as_floats,
    check_entries,
    is_missing,
    is_row,
    plain_numbers,
    read_array,
    refuse_masked,
)
from .counts import how_many
from .kernels.buffers import Sequences


def is_ragged(X, also_of_one_length=False):
    """Return whether X is a list, a tuple or a 1-D array of sequences, which may have a length each, and no array.

    A list whose rows are arrays or tables always is. One whose rows are lists is if they are not all of one length,
    since scikit-learn takes it for an array otherwise; and if some rows are no sequences, so that these are refused by
    their number.
    """
    is_column = getattr(X, "ndim", None) == 1 and str(getattr(X, "dtype", "")) == "object"  # an array, or a Series
    if not is_column and not isinstance(X, list | tuple):
        return False
    are_rows = [is_row(row) for row in X]
    if not any(are_rows):
        return False
    if is_column or also_of_one_length or not all(are_rows) or any(hasattr(row, "ndim") for row in X):
        return True
    return len({len(row) for row in X}) > 1


def as_sequences(X):
    """Return windows, an array of shape (n_samples, n_steps, n_features), as Sequences."""
    if isinstance(X, Sequences):
        return X
    n, n_steps, n_features = X.shape
    return Sequences(X.reshape(n * n_steps, n_features), np.arange(n) * n_steps, np.full(n, n_steps))


def take_windows(X, rows):
    """Return some windows, in the order of their numbers; those that overlap still share the memory of their series.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_steps, n_features), or Sequences
    rows : ndarray of int

    Returns
    -------
    ndarray or Sequences
        The latter also of an array whose windows overlap: a choice of them has no strides, but has origins.
    """
    if isinstance(X, Sequences):
        lengths, is_step = X.lengths[rows], None if X.is_step is None else X.is_step[rows]
        starts = np.cumsum(lengths) - lengths
        places = np.repeat(X.origins[rows] - starts, lengths) + np.arange(lengths.sum())
        return Sequences(X.steps[places], starts, lengths, is_step)
    shared = share_steps(X)
    return X[rows] if shared is None else shared[rows]


def share_steps(X):
    """Return windows of shape (n_samples, n_steps, n_features) as Sequences of the steps that they share.

    None if they do not overlap, or not step on step.
    """
    between, step, feature = X.strides
    if between * step < 0:  # from the last window to the first, steps and windows lead the same way
        backwards = share_steps(X[::-1])
        return None if backwards is None else backwards[::-1]
    n, n_steps, n_features = X.shape
    if not step or between % step or between // step >= n_steps:
        return None
    n_between = between // step
    shape, strides = ((n - 1) * n_between + n_steps, n_features), (step, feature)
    steps = np.lib.stride_tricks.as_strided(X[0], shape, strides, writeable=False)
    return Sequences(steps, np.arange(n) * n_between, np.full(n, n_steps))


def join_rows(X, what="X"):
    """Return the rows of a ragged X as Sequences, which may still have missing steps.

    Returns
    -------
    Sequences
        float32 if the rows together are in NumPy, as an array of such rows would be, else float64.

    Raises
    ------
    TypeError, ValueError
        If a row is not numbers of shape (n_steps,) or (n_steps, n_features), or rows differ in their features.
    """
    refuse_masked(X, what)
    rows = [_read_row(row, number, what) for number, row in enumerate(X)]
    widths = [row.shape[1] for row in rows if len(row)]
    odd = next((number for number, row in enumerate(rows) if len(row) and row.shape[1] != widths[0]), None)
    if odd is not None:
        raise ValueError(
            f"row {odd} of {what} has {how_many(rows[odd].shape[1], 'feature')} per step, but the first has "
            f"{widths[0]}; give all rows the same features."
        )
    width = widths[0] if widths else 1
    steps = np.concatenate([row.reshape(-1, width) for row in rows])
    with np.errstate(over="ignore"):  # what does not fit becomes infinite, and is refused
        steps = steps.astype(np.float32 if steps.dtype == np.float32 else np.float64, copy=False)
    return side_by_side(steps, np.array([len(row) for row in rows]))


def drop_missing(X, missing, what="X"):
    """Return X without the steps that are missing, all of whose features are NaN.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_steps, n_features), or Sequences
    missing : {"raise", "mask"}
    what : str
        Named in errors.

    Returns
    -------
    ndarray or Sequences
        X itself if nothing is missing.

    Raises
    ------
    ValueError
        If values are infinite; if any is NaN, unless `missing` is "mask" and the other features of its step are NaN
        too; if a row has no step.
    """
    is_sequences = isinstance(X, Sequences)
    n, n_steps, n_features = X.shape
    lengths = X.lengths if is_sequences else np.full(n, n_steps)
    if not np.isfinite(X.steps if is_sequences else X).all():
        steps = X.steps if is_sequences else X.reshape(n * n_steps, n_features)
        rows = np.repeat(np.arange(n), lengths)
        starts = np.append(0, np.cumsum(lengths))

        def refuse(is_at, problem, cure):
            step = int(np.argmax(is_at))
            row = int(rows[step])
            raise ValueError(f"row {row} of {what} {problem} at step {step - starts[row]}; {cure}.")

        is_nan = np.isnan(steps)
        if np.isinf(steps).any():
            refuse(np.isinf(steps).any(axis=1), "is infinite", "give finite values")
        if missing == "raise":
            refuse(is_nan.any(axis=1), "is NaN", CURE_OF_NAN)
        is_missing = is_nan.all(axis=1)
        if (is_nan.any(axis=1) & ~is_missing).any():
            cure = "fill it: a step is left out if all of them are NaN"
            refuse(is_nan.any(axis=1) & ~is_missing, "is NaN in some features", cure)
        is_step = None if is_sequences else ~is_missing.reshape(n, n_steps)
        X = side_by_side(steps[~is_missing], np.bincount(rows[~is_missing], minlength=n), is_step)
    elif not is_sequences:
        return X
    if (X.lengths == 0).any():
        raise ValueError(f"row {int(np.argmin(X.lengths))} of {what} has no step; leave it out.")
    return X


def join_targets(y, X):
    """Return targets of every step, a row for each step of X, one sequence after the other.

    Parameters
    ----------
    y : array-like
        Of a list of sequences a list of the same lengths, else of shape (n_samples, n_steps, ...).
    X : ndarray of shape (n_samples, n_steps, n_features), or Sequences

    Raises
    ------
    ValueError
        If y is not of this shape.
    """
    if isinstance(X, Sequences) and X.is_step is None:
        # A table is a sequence of its columns, and of a memoryview of several dimensions there are no rows.
        y = np.asarray(y) if hasattr(y, "columns") or isinstance(y, memoryview) else y
        if not is_row(y) or len(y) != len(X):
            raise ValueError(f"y must hold a sequence of targets for each of the {len(X)} sequences of X.")
        rows = []
        for number, (row, length) in enumerate(zip(y, X.lengths, strict=True)):
            if not is_row(row) or len(row) != length:
                found = f"has {len(row)} targets" if is_row(row) else f"is {shorten(row)}"
                raise ValueError(f"row {number} of y {found}, but that of X has {length} steps; give one for each.")
            rows.append(read_array(row, f"row {number} of y"))
        if len({row.shape[1:] for row in rows}) > 1:
            raise ValueError("rows of y have targets of several shapes; give all steps as many.")
        joined, columns = np.concatenate(rows), None
    else:
        shape = X.is_step.shape if isinstance(X, Sequences) else X.shape[:2]
        padding = "; those of padding may be anything, and are not looked at" if isinstance(X, Sequences) else ""
        cure = f"give a target for each of the {shape[1]} steps of X{padding}"
        given = np.shape(y) if y is None or isinstance(y, Number) else (y := read_array(y, "y", cure)).shape
        if len(given) not in (2, 3) or given[:2] != shape:
            raise ValueError(
                f"y has shape {given}; with return_sequences=True it needs a target for each step, shape {shape} or "
                f"({shape[0]}, {shape[1]}, n_outputs){padding}."
            )
        is_step = X.is_step if isinstance(X, Sequences) else np.ones(shape, bool)
        joined, columns = y[is_step] if isinstance(X, Sequences) else y.reshape(-1, *y.shape[2:]), is_step.nonzero()
    _refuse_targets(joined, X, columns)
    return joined


def _refuse_targets(y, X, columns):
    """Raise if targets, a row for each step, are complex, missing or infinite; say where."""
    if y.dtype.kind == "c":
        raise ValueError(f"y holds complex numbers, {y.dtype}; give real ones, as their parts in two targets.")
    is_infinite = np.isinf(y) if y.dtype.kind == "f" else np.zeros(1, bool)
    for is_at, said in (
        (is_missing(y), "is missing at step {}: {}; fill it, or leave the row out"),
        (is_infinite, "is infinite at step {}: {}; give finite targets"),
    ):
        if is_at.any():
            first = int(np.argmax(is_at.reshape(len(y), -1).any(axis=1)))
            if columns is None:
                row = int(np.searchsorted(np.cumsum(X.lengths), first, side="right"))
                column = first - int(X.lengths[:row].sum())
            else:
                row, column = (int(places[first]) for places in columns)
            value = y[first][is_at[first]][0] if y.ndim > 1 else y[first]
            raise ValueError(f"row {row} of y {said.format(column, value)}.")


def _read_row(row, number, what):
    """Return one row as (n_steps, n_features)."""
    where = f"row {number} of {what}"
    if not is_row(row):
        raise TypeError(f"{where} is {shorten(row)}, of type {type(row).__name__}; give an array or a list.")
    row = plain_numbers(row)
    check_entries(row, where, "at step")
    array = read_array(row, where)
    if array.size == 0:
        return np.zeros((0, 1), np.float32)
    if array.ndim not in (1, 2):
        raise ValueError(f"{where} has shape {array.shape}; a sequence has (n_steps,) or (n_steps, n_features).")
    array = as_floats(array, where, "at step")
    return array[:, None] if array.ndim == 1 else array


def side_by_side(steps, lengths, is_step=None):
    """Return Sequences of some lengths, whose steps stand one after the other."""
    ends = np.cumsum(lengths)
    return Sequences(steps, np.append(0, ends)[:-1].astype(np.int64), lengths.astype(np.int64), is_step)
