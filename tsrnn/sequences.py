"""Sequences of several lengths at the door: lists of arrays, arrays with missing steps and padded token ids.

All become :class:`Sequences`: their steps side by side, without what only pads, so that no step of padding is computed
or can change a result.
"""

import numpy as np

from .kernels.buffers import Sequences

LARGEST_ID = 2**24  # float32 holds every integer up to this one


def is_ragged(X, also_of_one_length=False):
    """Return whether X is a list or tuple of sequences that are not all of one length, or a 1-D array of sequences."""
    is_column = getattr(X, "ndim", None) == 1 and str(getattr(X, "dtype", "")) == "object"  # an array, or a Series
    if not is_column and not isinstance(X, list | tuple):
        return False
    rows = list(X)
    if not rows or any(isinstance(row, str | bytes | dict) or not hasattr(row, "__len__") for row in rows):
        return False
    if any(getattr(row, "ndim", 1) == 0 or hasattr(row, "toarray") for row in rows):
        return False
    return is_column or also_of_one_length or len({len(row) for row in rows}) > 1


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


def _refuse_masked(given, what):
    """Raise if an array, or a row of a list, has masked values, which an array of its own would show."""
    parts = given if isinstance(given, list | tuple) else [given]
    n_masked = sum(np.ma.count_masked(part) for part in parts if isinstance(part, np.ma.MaskedArray))
    if n_masked:
        raise ValueError(f"{what} has {n_masked} masked value(s); fill or drop them.")


def join_rows(X, what="X"):
    """Return the rows of a ragged X as Sequences, which may still have missing steps.

    Returns
    -------
    Sequences
        float32 if all rows are, else float64.

    Raises
    ------
    TypeError, ValueError
        If a row is not numbers of shape (n_steps,) or (n_steps, n_features), or rows differ in their features.
    """
    _refuse_masked(X, what)
    rows = [_read_row(row, number, what) for number, row in enumerate(X)]
    widths = [row.shape[1] for row in rows if len(row)]
    odd = next((number for number, row in enumerate(rows) if len(row) and row.shape[1] != widths[0]), None)
    if odd is not None:
        raise ValueError(
            f"row {odd} of {what} has {rows[odd].shape[1]} feature(s) per step, but the first has {widths[0]}; "
            "give all rows the same features."
        )
    width = widths[0] if widths else 1
    is_single = all(row.dtype == np.float32 for row in rows)
    steps = np.concatenate([row.reshape(-1, width) for row in rows]).astype(np.float32 if is_single else np.float64)
    return _side_by_side(steps, np.array([len(row) for row in rows]))


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
            refuse(is_nan.any(axis=1), "is NaN", "give missing='mask' to leave such steps out")
        is_missing = is_nan.all(axis=1)
        if (is_nan.any(axis=1) & ~is_missing).any():
            refuse(
                is_nan.any(axis=1) & ~is_missing, "is NaN in some features", "a step is left out if all of them are NaN"
            )
        is_step = None if is_sequences else ~is_missing.reshape(n, n_steps)
        X = _side_by_side(steps[~is_missing], np.bincount(rows[~is_missing], minlength=n), is_step)
    elif not is_sequences:
        return X
    if (X.lengths == 0).any():
        raise ValueError(f"row {int(np.argmin(X.lengths))} of {what} has no step; leave it out.")
    return X


def read_tokens(X, padding_id, n_tokens=None):
    """Return token ids as Sequences of one feature in float32, without padding.

    Parameters
    ----------
    X : array-like of shape (n_samples, n_steps), or a list of sequences of ids
    padding_id : int or None
        Steps with this id are left out. A row of nothing else has no step: the network stays in its first state.
    n_tokens : int, optional
        Ids must be less.

    Raises
    ------
    TypeError, ValueError
        If X is not of whole numbers from 0 on, or of another shape.
    """
    if is_ragged(X):
        ids = join_rows(X)
        if ids.shape[2] != 1:
            raise ValueError(f"X has rows with {ids.shape[2]} numbers per step; a token is one.")
        steps, lengths = ids.steps[:, 0], ids.lengths
    else:
        _refuse_masked(X, "X")
        array = _as_array(X, "X")
        if array.dtype.kind not in "iuf":
            array = _as_numbers(array, "X")
        if array.ndim == 3 and array.shape[2] == 1:
            array = array[:, :, 0]
        if array.ndim != 2:
            raise ValueError(f"X has shape {array.shape}; token ids have the shape (n_samples, n_steps).")
        steps, lengths = array.ravel(), np.full(len(array), array.shape[1])
    most = LARGEST_ID if n_tokens is None else n_tokens
    is_bad = ~((steps >= 0) & (steps < most) & (steps == np.floor(steps)))  # NaN too
    if is_bad.any():
        row = int(np.repeat(np.arange(len(lengths)), lengths)[np.argmax(is_bad)])
        known = f"0 to {most - 1}" if n_tokens is not None else f"whole numbers from 0 to {most - 1}"
        raise ValueError(
            f"row {row} of X holds {steps[np.argmax(is_bad)]:g}; the ids of tokens are {known} (SequenceEncoder makes "
            "them from texts, and has one for what is unknown)."
        )
    is_token = np.ones(len(steps), bool) if padding_id is None else steps != padding_id
    rows, is_list = np.repeat(np.arange(len(lengths)), lengths), is_ragged(X)
    lengths = np.bincount(rows[is_token], minlength=len(lengths))
    is_step = None if is_list else is_token.reshape(array.shape)
    return _side_by_side(steps[is_token].astype(np.float32)[:, None], lengths, is_step)


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
        if not hasattr(y, "__len__") or len(y) != len(X):
            raise ValueError(f"y must hold a sequence of targets for each of the {len(X)} sequences of X.")
        _refuse_masked(y, "y")
        rows = [_as_array(row, f"row {number} of y") for number, row in enumerate(y)]
        for number, (row, length) in enumerate(zip(rows, X.lengths, strict=True)):
            if row.ndim == 0 or len(row) != length:
                found = f"{len(row)} targets" if row.ndim else "one target"
                raise ValueError(f"row {number} of y has {found}, but that of X has {length} steps; give one for each.")
        if len({row.shape[1:] for row in rows}) > 1:
            raise ValueError("rows of y have targets of several shapes; give all steps as many.")
        return np.concatenate(rows)
    _refuse_masked(y, "y")
    y = _as_array(y, "y")
    shape = X.is_step.shape if isinstance(X, Sequences) else X.shape[:2]
    if y.ndim not in (2, 3) or y.shape[:2] != shape:
        raise ValueError(
            f"y has shape {y.shape}; with return_sequences=True it needs a target for each step, shape {shape} or "
            f"({shape[0]}, {shape[1]}, n_outputs)."
        )
    return y[X.is_step] if isinstance(X, Sequences) else y.reshape(-1, *y.shape[2:])


def _read_row(row, number, what):
    """Return one row as (n_steps, n_features)."""
    array = _as_array(row, f"row {number} of {what}")
    if array.size == 0:
        return np.zeros((0, 1), np.float32)
    array = _as_numbers(array, f"row {number} of {what}")
    if array.ndim not in (1, 2):
        raise ValueError(
            f"row {number} of {what} has shape {array.shape}; a sequence has (n_steps,) or (n_steps, n_features)."
        )
    return array[:, None] if array.ndim == 1 else array


def _as_array(given, what):
    """Return data as an array; raise in one sentence if its rows differ in length."""
    try:
        return np.asarray(given)
    except ValueError as error:
        if "inhomogeneous" not in str(error):
            raise
        raise ValueError(f"{what} holds entries of several shapes; give numbers, as many in each.") from None


def _as_numbers(array, what):
    if array.dtype.kind in "biuf":
        return array
    try:
        if array.dtype.kind != "O":
            raise TypeError
        return array.astype(np.float64)
    except (TypeError, ValueError):
        cure = "; SequenceEncoder makes ids of texts" if array.dtype.kind in "USO" else ""
        raise TypeError(f"{what} holds {array.dtype}; sequences hold real numbers{cure}.") from None


def _side_by_side(steps, lengths, is_step=None):
    ends = np.cumsum(lengths)
    return Sequences(steps, np.append(0, ends)[:-1].astype(np.int64), lengths.astype(np.int64), is_step)
