"""What users hand in as X, y and weights becomes plain arrays, or one sentence says why it does not."""

from contextlib import contextmanager
from numbers import Number, Real

import numpy as np
import pandas as pd
from sklearn.utils import assert_all_finite, check_array, column_or_1d
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import _check_sample_weight, _get_feature_names

from .base import shorten
from .counts import how_many
from .kernels.buffers import cast
from .kernels.step import EQUAL_WEIGHTS

CURE_OF_NAN = "fill it, or give missing='mask' to leave out steps of which all features are NaN"

ONE_LENGTH = "cut or pad them to one length"
TARGETS_OF_STEPS = "give as many targets in each, or set return_sequences=True if they are those of every step"
CLASSES_OF_STEPS = "return_sequences=True, with which y has a class for each step"


@contextmanager
def refusing_numbers():
    """Let scikit-learn's checks refuse numbers, but in one sentence that names the cure of these estimators."""
    try:
        with np.errstate(over="ignore", invalid="ignore"):  # what does not fit becomes infinite, and is refused
            yield
    except ValueError as error:
        if str(error).startswith("Input X contains NaN"):
            raise ValueError(f"X contains NaN; {CURE_OF_NAN}.") from None
        if "features, but" in str(error):  # in words that scikit-learn asks for
            raise ValueError(
                f"{str(error).rstrip('.')}; the columns of X are the steps of a window: give as many as in fit."
            ) from None
        raise


def read_windows(X, dtypes):
    """Return X, an array or table of windows, in a form that scikit-learn's checks take.

    Parameters
    ----------
    X : array-like
    dtypes : list
        An array of numbers is cast to the first, unless it has one of them.

    Raises
    ------
    TypeError, ValueError
        If X is not numbers, or is of one dimension or none.
    """
    X = read_numbers(X, "X")
    if np.shape(X) == (0,):
        raise ValueError("X is empty; give at least one row.")
    if np.ndim(X) < 2 and not hasattr(X, "toarray"):
        given = f"has the shape {np.shape(X)}" if np.ndim(X) else f"is {shorten(X)}, a single number"
        raise ValueError(
            f"X {given}; give (n_samples, n_steps) or (n_samples, n_steps, n_features). Reshape your data: "
            "X.reshape(1, -1) is one window, X.reshape(-1, 1) windows of one step."
        )
    return cast_windows(X, dtypes)


def as_windows(X):
    """Return X as (n_samples, n_steps, n_features), in the byte order of this machine; a 2-D X has one feature."""
    if X.ndim > 3:
        raise ValueError(f"X has {X.ndim} dimensions; windows have 2 (samples, steps) or 3 (samples, steps, features).")
    for size, what in zip(X.shape[1:], ("step", "feature"), strict=False):
        if size == 0:
            raise ValueError(f"X has 0 {what}s in shape {X.shape}; windows need at least one.")
    X = X if X.dtype.isnative else X.astype(X.dtype.newbyteorder("="))  # scikit-learn lets tables of others pass
    return X[:, :, None] if X.ndim == 2 else X


def check_weights(sample_weight, X):
    """Return the weights of the rows as an array; empty if all are the same."""
    if sample_weight is None:
        return EQUAL_WEIGHTS
    sample_weight = read_numbers(sample_weight, "sample_weight")
    if isinstance(sample_weight, Number):
        sample_weight = as_floats(np.array(sample_weight, dtype=object), "sample_weight")[()]
    if isinstance(sample_weight, Number) and not np.isfinite(sample_weight):  # which scikit-learn asks of arrays alone
        raise ValueError(f"sample_weight is {sample_weight}; give a finite number, or one for each row.")
    if np.ndim(sample_weight) > 1:
        raise ValueError(f"sample_weight has shape {np.shape(sample_weight)}; give one number per row of X.")
    with np.errstate(over="ignore", invalid="ignore"):
        weights = _check_sample_weight(sample_weight, X, dtype=np.float64, ensure_non_negative=True)
    return multiply_weights("sample_weight", "row", weights)


def multiply_weights(what, whose, *factors):
    """Return the products of some weights, of which only the ratios count, scaled such that their sums are in range.

    `what` and `whose` they are stands in the error that is raised if all are zero.
    """
    products = 1.0
    for factor in factors:
        products = _scale_weights(products * _scale_weights(factor))
    if not products.any():
        raise ValueError(f"{what} is zero for every row; give at least one {whose} a positive weight.")
    return products


def _scale_weights(weights):
    """Return weights whose largest is neither huge nor tiny; zero where one beside it would change no sum."""
    largest = weights.max(initial=0)
    if largest and not 1e-100 < largest < 1e100:
        weights, largest = weights / largest, 1.0
    is_least = (weights < 1e-150 * largest) & (weights > 0)
    return np.where(is_least, 0.0, weights) if is_least.any() else weights


def cast_windows(X, dtypes):
    """Return X in the first of some dtypes, unless it has one of them; only what scikit-learn would cast as well.

    It would cast window by window what overlaps.
    """
    if type(X) is not np.ndarray:
        return X
    return cast(X, dtypes[0]) if X.ndim > 1 and X.dtype.kind in "biuf" and X.dtype not in dtypes else X


def cast_targets(y, dtype):
    """Return the targets in the precision of the network."""
    cast_y = y if y.dtype == dtype else cast(y, dtype)
    if not (np.isfinite(cast_y.min()) and np.isfinite(cast_y.max())):
        worst, cure = y[~np.isfinite(cast_y)][0], ", or give X as float64" if dtype == np.float32 else ""
        raise ValueError(f"y holds {worst:.3g}, no finite number of type {dtype}; scale y{cure}.")
    return cast_y


def read_numbers(given, what):
    """Return numbers in a form that scikit-learn's checks take; raise in one sentence where there are none.

    What they take anyway, or have a sentence of their own for, is returned as it is: arrays of numbers, tables with
    names of columns, sparse matrices.
    """
    if isinstance(given, Number | np.matrix) or hasattr(given, "toarray"):
        return given
    if type(given) is np.ndarray and given.dtype.kind in "fiubc":
        return given
    if isinstance(given, pd.DataFrame):
        _check_columns(given, what)
        return given
    if hasattr(given, "columns") or (isinstance(given, pd.Series) and given.dtype.kind in "fiub"):
        return given
    array = read_array(given, what, TARGETS_OF_STEPS if what == "y" else ONE_LENGTH)
    if array.dtype.kind in "fiub" and array.dtype != np.float32 and not hasattr(given, "dtype"):
        return array.astype(np.float64, copy=False)  # as scikit-learn does
    return array if array.dtype.kind == "c" else as_floats(array, what)


def read_targets(y):
    """Return y, the targets of a regression, in a form that scikit-learn's checks take."""
    if hasattr(y, "toarray"):
        raise TypeError("Sparse data was passed for y, but dense data is required; use y.toarray().")
    return y if y is None else read_numbers(y, "y")


def read_scored(y):
    """Return y, the targets that predictions are scored against, as finite numbers."""
    with np.errstate(over="ignore", invalid="ignore"):  # what does not fit becomes infinite, and is refused
        y = as_floats(np.array(y, dtype=object), "y") if isinstance(y, Number) else read_targets(y)
        return check_array(y, dtype=np.float64, ensure_2d=False, allow_nd=True, input_name="y")


def read_scored_labels(y, classes):
    """Return y, the classes or labels that answers are scored against, which must be of a type with those known."""
    y = read_labels(y)
    kind, known = getattr(getattr(y, "dtype", None), "kind", "O"), classes.dtype.kind
    if kind != known and "O" not in (kind, known) and {kind, known} & set("mM"):
        raise TypeError(f"y holds {y.dtype}, but the classes known are of {classes.dtype}; give classes of this type.")
    return y


def read_labels(y, what="y"):
    """Return y, classes or labels, in a form that scikit-learn's checks take."""
    if y is None or isinstance(y, Number):
        return y
    if hasattr(y, "toarray"):
        if y.ndim != 2:
            raise ValueError(f"{what} is a sparse array of shape {y.shape}; give {what}.toarray().")
        return y
    if isinstance(y, pd.DataFrame):
        check_names(y, what)
        _check_classes(np.asarray(y, dtype=object), what)
        return y
    if isinstance(y, pd.Series) and y.dtype.kind in "fiub" and not isinstance(y.dtype, pd.SparseDtype):
        return y
    array = read_array(y, what, TARGETS_OF_STEPS if what == "y" else ONE_LENGTH)
    if array.dtype.kind == "V":
        raise TypeError(f"{what} holds records, {array.dtype}; give classes as numbers or texts.")
    if array.dtype.kind == "S":
        raise TypeError(f"{what} holds bytes, {array.dtype}; decode them into texts, or give numbers.")
    if array.dtype.kind == "T":
        return array.astype(object)
    if array.dtype.kind == "U" and isinstance(y, list | tuple):
        for n, label in enumerate(y):
            if not isinstance(label, str | list | tuple | np.ndarray):
                raise TypeError(f"{what} holds {label!r} in row {n} among texts; give classes of one type.")
    if array.dtype.kind == "O":
        _check_classes(array, what)
    return array


def _check_classes(array, what):
    """Raise unless objects can be told apart and sorted."""
    for place, value in np.ndenumerate(array):
        if not isinstance(value, str | bytes) and (is_row(value) or hasattr(value, "toarray") or not _has_hash(value)):
            at = f" in row {place[0]}" if place else ""
            cure = (
                f", or set {CLASSES_OF_STEPS}" if isinstance(value, list | tuple | np.ndarray) and what == "y" else ""
            )
            raise ValueError(f"{what} holds {shorten(value)}{at}, which is no class; give numbers or texts{cure}.")
    missing = is_missing(array)
    if missing.any():
        n = np.flatnonzero(missing.reshape(len(array), -1).any(axis=1))[0]
        raise ValueError(f"{what} contains NaN: row {n} has no class, {shorten(array[n])}; drop what is missing.")
    try:
        with np.errstate(over="ignore"):
            np.unique(array)
    except (TypeError, OverflowError):  # the latter of NumPy's numbers and huge integers
        types = ", ".join(sorted({type(label).__name__ for label in np.ravel(array)}))
        raise TypeError(f"{what} holds classes of types {types}, which cannot be sorted; give one type.") from None


def _has_hash(value):
    try:
        hash(value)
    except (TypeError, ValueError):  # ValueError of a memoryview
        return False
    return True


def is_row(entry):
    """Return whether an entry of a list is a sequence of entries itself."""
    if isinstance(entry, str | bytes | dict) or hasattr(entry, "toarray"):
        return False
    return hasattr(entry, "__len__") and getattr(entry, "ndim", 1) > 0


def is_missing(array):
    """Return where an array holds what stands for no value: NaN, None, NaT and their like."""
    if array.dtype.kind in "VSUbiu":  # of records pandas cannot tell
        return np.zeros(array.shape, bool)
    return np.asarray(pd.isna(array.astype(object) if array.dtype.kind == "T" else array))


def refuse_masked(given, what):
    """Raise if an array, or a row of a list, has masked values, which an array of its own would show."""
    parts = given if isinstance(given, list | tuple) else [given]
    n_masked = sum(np.ma.count_masked(part) for part in parts if isinstance(part, np.ma.MaskedArray))
    if n_masked:
        raise ValueError(f"{what} has {how_many(n_masked, 'masked value')}; fill or drop them.")


def read_array(given, what, cure=ONE_LENGTH):
    """Return data, which are no table, as a plain array; raise if they are none, or would lose a mask.

    `cure` is what to do about rows of several lengths.
    """
    is_sequence = hasattr(given, "__len__") and hasattr(given, "__getitem__") and not hasattr(given, "keys")
    if isinstance(given, str | bytes) or not (is_sequence or hasattr(given, "__array__")):
        raise TypeError(f"{what} is {shorten(given)}, of type {type(given).__name__}; give an array or a list.")
    refuse_masked(given, what)
    try:
        return np.asarray(given)
    except ValueError as error:
        if "inhomogeneous" not in str(error):
            raise
    rows = list(given)
    sizes = [len(row) if is_row(row) else None for row in rows]
    odd = next((n for n, size in enumerate(sizes) if size != sizes[0]), None)
    if odd is None:
        shapes = [getattr(row, "shape", None) for row in rows]
        odd = next((n for n, shape in enumerate(shapes) if shape != shapes[0]), None)
        if odd is None or None in (shapes[0], shapes[odd]):
            raise ValueError(f"{what} holds entries of several shapes; give numbers, as many in each.")
        raise ValueError(
            f"row {odd} of {what} has the shape {shapes[odd]}, but row 0 {shapes[0]}; give all rows the same."
        )
    if None in (sizes[0], sizes[odd]):
        shown = f"row {odd} of {what} is {shorten(rows[odd])}, but row 0 is {shorten(rows[0])}"
        raise ValueError(f"{shown}; give as many numbers in each.")
    raise ValueError(f"rows of {what} differ in length: {sizes[0]} in row 0 and {sizes[odd]} in row {odd}; {cure}.")


def as_floats(array, what, place="in row"):
    """Return an array as numbers, or as floats if it holds texts or objects.

    Raises
    ------
    TypeError, ValueError
        If there is an entry that is no real number; the message names the first, and after `place` where it is.
    """
    if array.dtype.kind in "fiub":
        return array
    if array.dtype.kind in "mM":
        raise ValueError(f"{what} holds {array.dtype}, not numbers; give differences of dates as floats.")
    if array.dtype.kind in "Vc":
        kind = "records" if array.dtype.kind == "V" else "complex numbers"
        raise TypeError(f"{what} holds {kind}, {array.dtype}, not real numbers; give an array of floats.")
    entries = array.astype(object)
    try:
        if not any(isinstance(value, np.complexfloating) for value in entries.flat):  # which NumPy would cut
            return array.astype(np.float64)
        fault = None
    except (TypeError, ValueError, OverflowError) as error:
        fault = error
    for where, value in np.ndenumerate(entries):
        if isinstance(value, np.complexfloating):
            where, fault = where, TypeError("it is complex")
            break
        try:
            np.array([value], dtype=object).astype(np.float64)
        except (TypeError, ValueError, OverflowError) as error:
            where, fault = where, error
            break
    kind = TypeError if isinstance(fault, TypeError) else ValueError
    at, reason = f" {place} {where[0]}" if where else "", str(fault).rstrip(".")
    cure = ", or ids that SequenceEncoder makes of texts" if isinstance(value, str) and what.endswith("X") else ""
    raise kind(f"{what} holds {shorten(value)}{at}, which is no number ({reason}); give numbers{cure}.")


def names_of(X, what="X"):
    """Return the names of the columns of a table, or of all tables of a list; None if they have none."""
    names = _names_of_table(X, what)
    return names_of_rows(X, what) if names is None else names


def _names_of_table(X, what):
    """Return the names of the columns of a table; None if it has none; raise if one comes twice."""
    if isinstance(X, pd.DataFrame):
        check_names(X, what)
    names = _get_feature_names(X)
    return None if names is None else list(names)


def names_of_rows(X, what="X"):
    """Return the names of the columns of all tables of a list, None if they have none; raise if they differ."""
    is_column = getattr(X, "ndim", 0) == 1 and getattr(getattr(X, "dtype", None), "kind", "") == "O"
    is_list = isinstance(X, list | tuple) or is_column
    if not is_list or not any(hasattr(row, "columns") for row in X):
        return None
    names = [_names_of_table(row, f"row {number} of {what}") for number, row in enumerate(X)]
    odd = next((number for number, own in enumerate(names) if own != names[0]), None)
    if odd is not None:
        had, has = ("no names of columns" if of is None else f"the columns {of}" for of in (names[0], names[odd]))
        raise ValueError(
            f"row {odd} of {what} has {has}, but the first has {had}; give all rows the same columns, in the same "
            "order."
        )
    return names[0]


def check_names(frame, what):
    """Raise unless a table has columns, each with a name of its own, and none sparse."""
    if not frame.shape[1]:
        raise ValueError(f"{what} is a DataFrame of shape {frame.shape}, without columns; give one or more.")
    twice = frame.columns[frame.columns.duplicated()]
    if len(twice):
        raise ValueError(f"{what} has more than one column named {twice[0]!r}; give each a name of its own.")
    for name, dtype in frame.dtypes.items():
        if isinstance(dtype, pd.SparseDtype):
            raise TypeError(f"column {name!r} of {what} is sparse, {dtype}; use frame.sparse.to_dense().")


def _check_columns(frame, what):
    """Raise unless a table has columns, each with a name of its own, that can be read as numbers."""
    check_names(frame, what)
    for name, dtype in frame.dtypes.items():
        if dtype.kind not in "fiub":
            as_floats(np.asarray(frame[name]), f"column {name!r} of {what}")


def plain_numbers(given):
    """Return a table or a Series of pandas' nullable numbers as one of floats, NaN where one is missing."""
    if isinstance(given, pd.DataFrame):
        return given.apply(plain_numbers) if any(map(_is_nullable, given.dtypes)) else given
    return given.astype(np.float64) if isinstance(given, pd.Series) and _is_nullable(given.dtype) else given


def _is_nullable(dtype):
    is_sparse = isinstance(dtype, pd.SparseDtype)
    return pd.api.types.is_extension_array_dtype(dtype) and pd.api.types.is_numeric_dtype(dtype) and not is_sparse


def check_entries(given, what, place):
    """Raise if a table has an entry that is no number, and name its column; what is no table is left to others."""
    if isinstance(given, pd.DataFrame):
        for name, column in given.items():
            as_floats(np.asarray(column), f"column {name!r} of {what}", place)


def weigh_classes(class_weight, labels, known, weights):
    """Return how much each row counts by its classes: the product of what the dicts say of its columns.

    Parameters
    ----------
    class_weight : dict, list of dict or "balanced"
        A dict is for classes, a list has one for each label. "balanced" goes by the weight of the rows of each class.
    labels, known : ndarray of shape (n_samples,) or (n_samples, n_labels)
        Of the rows to weigh, and of those that "balanced" counts.
    weights : ndarray of shape (n_known,)
        Of the rows that are counted; empty if all are the same.
    """
    columns, others = (of.reshape(len(of), -1).T for of in (labels, known))
    given = class_weight if isinstance(class_weight, list) else [class_weight] * len(columns)
    if labels.ndim > 1 and (isinstance(class_weight, dict) or len(given) != len(columns)):
        raise ValueError(
            f"class_weight={shorten(class_weight)} does not fit y, which has {len(columns)} labels; give a list of as "
            "many dicts, {0: weight, 1: weight} each, or 'balanced'."
        )
    if labels.ndim == 1 and isinstance(class_weight, list):
        raise ValueError(
            f"class_weight={shorten(class_weight)} is a list, which is for several labels; y holds classes: give a "
            "dict or 'balanced'."
        )
    of_columns = [
        _weigh_column(*three, weights if len(weights) else None) for three in zip(given, columns, others, strict=True)
    ]
    return multiply_weights("class_weight", "class of y", *of_columns)


def _weigh_column(class_weight, labels, known, weights):
    """Return how much each row counts by its class."""
    classes, places = np.unique(np.concatenate([known, labels]), return_inverse=True)
    if isinstance(class_weight, str):
        counts = np.bincount(places[: len(known)], weights, len(classes))
        of_classes = np.divide(counts.sum(), len(classes) * counts, out=np.zeros(len(classes)), where=counts > 0)
    else:
        _check_class_weight(class_weight, classes)
        of_classes = np.array([class_weight.get(label, 1) for label in classes], np.float64)
    return of_classes[places[len(known) :]]


def _check_class_weight(class_weight, classes):
    if not isinstance(class_weight, dict):
        raise TypeError(f"class_weight must hold a dict for each label; got {shorten(class_weight)}.")
    for label, weight in class_weight.items():
        if not isinstance(weight, Real) or isinstance(weight, bool) or not 0 <= weight < np.inf:
            raise ValueError(
                f"class_weight must hold finite numbers that are not negative; got {weight!r} for {label!r}."
            )
    # Rows may lack a class of which a weight is given, and a class may be left at one; both at once is a slip.
    if not set(class_weight) <= set(classes) and not set(classes) <= set(class_weight):
        raise ValueError(
            f"class_weight has the keys {shorten(list(class_weight))}, but the classes are "
            f"{shorten(classes.tolist())}; give weights by these."
        )


def read_kind(y):
    """Return y as classes (n_samples,), or labels (n_samples, n_labels) of zeros and ones."""
    with np.errstate(invalid="ignore"):  # where huge numbers are asked whether they are integers
        check_classification_targets(y)
        is_multilabel = type_of_target(y) == "multilabel-indicator"
    y = y.toarray() if hasattr(y, "toarray") else y  # labels as a sparse matrix
    if is_multilabel:
        strange = np.setdiff1d(y, [0, 1])
        if len(strange):
            raise ValueError(f"y has shape {y.shape} and holds {strange[0]!r}; labels are 0 and 1.")
        return y
    if y.ndim == 2 and y.shape[1] > 1:
        values = "more than two values" if len(np.unique(y)) > 2 else "values other than 0 and 1"
        raise ValueError(
            f"y has shape {y.shape} and {values}; give one column of classes, or labels as 0 and 1, or set "
            f"{CLASSES_OF_STEPS}."
        )
    return column_or_1d(y, warn=True)


def read_classes(classes):
    """Return the classes that a user names, in their order."""
    classes = np.unique(column_or_1d(read_labels(classes, "classes")))
    assert_all_finite(classes)
    return _at_least_two(classes, "classes")


def classes_of(labels):
    """Return the classes among y, or the numbers of its labels."""
    return np.arange(labels.shape[1]) if labels.ndim > 1 else _at_least_two(np.unique(labels), "y")


def _at_least_two(classes, where):
    if len(classes) < 2:
        alone = f", {classes.tolist()[0]!r}" if len(classes) else ""
        raise ValueError(f"{where} holds one class alone{alone}; a classifier needs two or more.")
    return classes


def number_classes(labels, classes, dtype, is_multilabel=None):
    """Return the targets of a network, (n_samples, 1) numbers of classes or (n_samples, n_labels) of labels."""
    n_labels = labels.shape[1] if labels.ndim > 1 else 0
    if is_multilabel is None:
        is_multilabel = n_labels > 0
    expected = f"{len(classes)} labels, numbered from 0" if is_multilabel else f"the classes {classes.tolist()}"
    if is_multilabel != (n_labels > 0) or (is_multilabel and not np.array_equal(classes, np.arange(n_labels))):
        raise ValueError(f"y has {f'{n_labels} labels' if n_labels else 'classes'}; known are {expected}.")
    if is_multilabel:
        return labels.astype(dtype)
    numbers = {value: number for number, value in enumerate(classes.tolist())}
    found, places = np.unique(labels, return_inverse=True)
    for value in found.tolist():
        if value not in numbers:
            raise ValueError(f"y holds {value!r}; known are {expected}.")
    return np.array([numbers[value] for value in found.tolist()], dtype)[places.ravel(), None]
