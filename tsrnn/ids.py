"""Token ids at the door: rows of ids of any form become :class:`Sequences`, without padding."""

from numbers import Integral, Real

import numpy as np

from .base import shorten
from .checking import is_row, refuse_masked
from .sequences import is_ragged, side_by_side

LARGEST_ID = 2**24  # float32 holds every integer up to this one

MORE_TOKENS = "; give n_tokens=encoder.n_tokens_ if fit has seen part of the ids"


def read_ids(X, padding_id, n_tokens=None, row_name="row {} of X", is_strict=False):
    """Return rows of ids as Sequences of one number per step, in float32, without padding.

    Parameters
    ----------
    X : array-like of shape (n_samples, n_steps), or a list of sequences of ids
    padding_id : int or None
        Steps with this id are left out. A row of nothing else, or of nothing, has no step.
    n_tokens : int, optional
        All other ids must be less.
    row_name : str
        What a row is called in errors, by its number; without a place for that it is a prompt, the only one.
    is_strict : bool
        Whether ids are integers by type, and padding stands at the end of rows alone. Otherwise they may also be whole
        floats, each step may have an axis of its own, of length one, and padding may stand anywhere.

    Returns
    -------
    Sequences
        With `is_step`, unless X is a list of rows of several lengths or a column of rows.

    Raises
    ------
    TypeError, ValueError
        If X is not rows of ids. Booleans are none: whoever gives them has a mask, or values, in mind.
    """
    ids, lengths = read_rows(X, padding_id, n_tokens, row_name, is_strict)
    is_padding = np.zeros(len(ids), bool) if padding_id is None else ids == padding_id
    is_step = None if is_ragged(X) else ~is_padding.reshape(len(lengths), -1)
    n_steps = np.bincount(np.repeat(np.arange(len(lengths)), lengths)[~is_padding], minlength=len(lengths))
    return side_by_side(ids[~is_padding].astype(np.float32)[:, None], n_steps, is_step)


def read_rows(X, padding_id, n_tokens, row_name="row {} of X", is_strict=False, cure=MORE_TOKENS):
    """Return all ids of all rows side by side, padding too, and how many each row has: both of int64.

    Parameters and errors are those of :func:`read_ids`; `cure` is what to do about ids beyond `n_tokens`.
    """
    refuse_masked(X, "X")
    rows = _list_rows(X, is_strict)
    if isinstance(rows, np.ndarray):
        ids, lengths = _as_ids(rows, row_name, is_strict).ravel(), np.full(len(rows), rows.shape[1])
    else:
        is_alone = "{}" not in row_name
        rows = [_read_row(row, row_name.format(number), is_strict, is_alone) for number, row in enumerate(rows)]
        ids, lengths = np.concatenate(rows), np.array([len(row) for row in rows])
    row_of = np.repeat(np.arange(len(lengths)), lengths)
    starts = np.cumsum(lengths) - lengths
    is_padding = np.zeros(len(ids), bool) if padding_id is None else ids == padding_id
    most = LARGEST_ID if n_tokens is None else n_tokens
    if (is_bad := ~is_padding & ((ids < 0) | (ids >= most))).any():
        known = f"integers from 0 to {most - 1}" if n_tokens is None else f"0 to {most - 1} (n_tokens={n_tokens})"
        hint = cure if n_tokens is not None and ids[is_bad][0] >= n_tokens else ""
        raise ValueError(
            f"{row_name.format(row_of[is_bad][0])} holds the id {ids[is_bad][0]}, but ids are {known}; SequenceEncoder "
            f"makes such ids, with one for all symbols it does not know{hint}."
        )
    if is_strict and (is_bad := is_padding[:-1] & ~is_padding[1:] & (row_of[:-1] == row_of[1:])).any():
        at = int(np.argmax(is_bad))
        raise ValueError(
            f"{row_name.format(row_of[at])} has padding (padding_id={padding_id}) before a symbol, at step "
            f"{at - starts[row_of[at]]}; put it at the end of the row, or set padding_id=None if it is a symbol."
        )
    return ids, lengths


def _list_rows(X, is_strict):
    """Return X as an array of shape (n_samples, n_steps), or as a list of rows that are still to be read."""
    if hasattr(X, "toarray"):
        raise TypeError("X is a sparse matrix; give an array of ids, X.toarray().")
    if not isinstance(X, list | tuple):
        if not hasattr(X, "__array__"):
            raise TypeError(
                f"X is {shorten(X)}, of type {type(X).__name__}; give rows of ids, as SequenceEncoder makes them."
            )
        array = np.asarray(X)
        if not is_strict and array.ndim == 3 and array.shape[2] == 1:
            array = array[:, :, 0]
        if array.ndim != 2 and not (array.ndim == 1 and array.dtype.kind in "OUST"):  # a column of rows, or of texts
            cure = "one sequence is given as [X]" if array.ndim == 1 else "give a list of sequences for several lengths"
            raise ValueError(f"X has shape {array.shape}; ids have shape (n_samples, n_steps): {cure}.")
        if len(array) and array.ndim == 2:
            return array
        X = array.tolist()
    if not len(X):
        raise ValueError("X is empty; give at least one row.")
    return X


def _read_row(row, name, is_strict, is_alone):
    """Return one row as an array of int64 of shape (n_steps,)."""
    if isinstance(row, Real) or getattr(row, "ndim", 1) == 0:
        one = "is a list, [1, 2, ...]" if is_alone else "is a row of its own, [[1, 2, ...]]"
        raise ValueError(f"{name} is {shorten(row)}, a single number; one sequence {one}.")
    if not is_row(row) or not (isinstance(row, list | tuple) or hasattr(row, "__array__")):
        raise TypeError(f"{name} is {shorten(row)}, no sequence of ids; SequenceEncoder turns texts into ids.")
    try:
        array = np.asarray(row)
        # As objects if NumPy has turned numbers into others: beyond int64 into floats, booleans into integers.
        if isinstance(row, list | tuple) and (array.dtype.kind not in "iu" or {bool, np.bool_} & set(map(type, row))):
            array = np.asarray(row, dtype=object)
    except ValueError:  # lists of several lengths inside
        array = np.empty(len(row), object)
        array[:] = row
    if not is_strict and array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim != 1:
        cure = "; give prompt[0]" if is_alone else ""
        raise ValueError(f"{name} has shape {array.shape}; one sequence of ids has one dimension{cure}.")
    return _as_ids(array[None], name, is_strict)[0]


def _as_ids(rows, row_name, is_strict):
    """Return rows of one length as int64 if they hold ids."""
    if not rows.size:
        return np.zeros(rows.shape, np.int64)
    kind = rows.dtype.kind
    if kind in "iu":
        is_id = np.ones(1, bool)
    elif kind == "f" and not is_strict:
        is_id = np.isfinite(rows) & (rows == np.floor(rows))
    elif kind == "O":
        is_id = np.array([_is_id(value, is_strict) for value in rows.flat]).reshape(rows.shape)
    else:
        is_id = np.zeros(rows.shape, bool)
    if not is_id.all():
        row, step = np.argwhere(~is_id)[0]
        odd = rows[row, step]
        shown = shorten(odd.item() if isinstance(odd, np.number | np.bool_) else odd)
        raise TypeError(
            f"{row_name.format(row)} holds {shown}, of type {type(odd).__name__}; ids are integers, as SequenceEncoder "
            "makes them from texts and symbols."
        )
    if kind == "O":  # of whole numbers, which may be floats
        rows = np.array([int(value) for value in rows.flat], dtype=object).reshape(rows.shape)
    if max(int(rows.max()), -int(rows.min())) >= 2**63:
        row, step = np.argwhere((rows >= 2**63) | (rows <= -(2**63)))[0]
        raise ValueError(
            f"{row_name.format(row)} holds {rows[row, step]}, too large for an id; SequenceEncoder makes small ones."
        )
    return rows.astype(np.int64)


def _is_id(value, is_strict):
    """Return whether an object is a whole number."""
    if isinstance(value, Integral):
        return not isinstance(value, bool)
    return not is_strict and isinstance(value, float | np.floating) and float(value).is_integer()
