"""Malformed input gets a clear sentence or has a documented meaning: no crash, no silence, no infinite answer.

Each case has a name. What is refused: how to make it, the error, the words that its message has (what is wrong and
what was given). What has a meaning: how to make it, and plain data that must give the same bits. Warnings are errors
here, but where a test asks for one.
"""

import decimal
import fractions
from array import array
from collections import deque
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import test_bad_input
import test_generator
import test_tokens
import test_weights
from scipy import sparse
from sklearn.exceptions import DataConversionWarning, NotFittedError

from tsrnn import RNNClassifier, RNNRegressor, SequenceEncoder

RNG = np.random.default_rng(0)
X = RNG.normal(size=(24, 5))
DEEP = np.stack([X, X[::-1]], axis=2)
Y = X[:, 0] - X[:, 4]
CLASSES = np.where(Y > 0, "up", "down")
NAMES = list("abcde")
FRAME = pd.DataFrame(X, columns=NAMES)
HALF = np.arange(24) % 2
MOST = np.finfo(np.float64).max
NewText = getattr(np.dtypes, "StringDType", lambda **options: object)  # came with NumPy 2.0
COMMON = {"hidden_layer_sizes": 3, "max_iter": 2, "random_state": 0, "n_jobs": 1}


def regressor(**changes):
    return RNNRegressor(**{"cell": "gru", **COMMON, **changes})


def classifier(**changes):
    return RNNClassifier(**{"cell": "gru", **COMMON, **changes})


TARGETS = {regressor: Y, classifier: CLASSES}
both = pytest.mark.parametrize("make", [regressor, classifier])

# Whose own words on several lines are kept: scikit-learn's.
SEVERAL_LINES = ("Input X contains NaN.\n", "Complex data not supported\n")
# What nobody who gave the data can make sense of: words of NumPy, pandas or Python about what they do inside.
JARGON = (
    "setting an array", "ufunc", "operands", "The DType", "at least one array", "object of type", "'<' not supported",
    "boolean value of NA", "float() argument", "unhashable", "iteration over", "cannot convert", "maximum allowed",
)  # fmt: skip
INSIDE = {"numba", "llvmlite", "kernels"}


def refused_clearly(kind, words, call, *arguments, **options):
    """Check that a call raises `kind` at the door, in one sentence with all these words, or in scikit-learn's own.

    Return the message.
    """
    with pytest.raises(kind) as caught:
        call(*arguments, **options)
    message = str(caught.value)
    missing = [word for word in words if word not in message]
    assert words and not missing, f"{missing} not in: {message}"
    assert "\n" not in message or message.startswith(SEVERAL_LINES), message
    assert not message.lower().startswith(tuple(start.lower() for start in JARGON)), message
    assert not INSIDE & set(Path(caught.traceback[-1].path).parts), caught.traceback[-1]
    return message


def named(cases, values="given, kind, words"):
    return pytest.mark.parametrize(values, cases.values(), ids=cases.keys())


def put(value, dtype=object, of=X):
    """Return data with one value replaced."""
    changed = np.array(of, dtype=dtype)
    changed[3 if changed.ndim == 1 else (3, 2)] = value
    return changed


def of_type(dtype, values=X):
    return np.round(values, 1).astype(dtype)


class Convertible:
    """An array of another library."""

    def __init__(self, values):
        self.values = values

    def __array__(self, dtype=None, copy=None):
        return np.asarray(self.values, dtype)


class Sequence:
    """Has a length and can be indexed, and is neither list nor array."""

    def __init__(self, values):
        self.values = values

    def __len__(self):
        return len(self.values)

    def __getitem__(self, place):
        return self.values[place]


class Table(Convertible):
    """A table of another library: an array that names its columns."""

    columns = NAMES

    def __len__(self):
        return len(self.values)

    @property
    def shape(self):
        return self.values.shape


# Windows

GIVE_NUMBERS, ONE_LENGTH = "is no number", "cut or pad them to one length"
OF_STEPS = "set return_sequences=True"

BAD_WINDOWS = {
    "None": (lambda: None, TypeError, ["X is None", "NoneType"]),
    "number": (lambda: 3.5, ValueError, ["X is 3.5, a single number", "(n_samples, n_steps)"]),
    "NaN alone": (lambda: np.nan, ValueError, ["X is nan, a single number"]),
    "bool alone": (lambda: True, ValueError, ["X is True, a single number"]),
    "0-d array": (lambda: np.array(3.5), ValueError, ["X is array(3.5), a single number"]),
    "text": (lambda: "abc", TypeError, ["X is 'abc'", "str"]),
    "bytes": (lambda: b"abc", TypeError, ["X is b'abc'", "bytes"]),
    "dict": (lambda: {"a": [1, 2]}, TypeError, ["X is {'a': [1, 2]}", "dict"]),
    "dict of columns": (lambda: dict(enumerate(X.T)), TypeError, ["X is {0: array", "dict"]),
    "set": (lambda: {1.0}, TypeError, ["X is {1.0}", "set"]),
    "generator": (lambda: (row for row in X), TypeError, ["X is <generator", "generator"]),
    "map": (lambda: map(list, X), TypeError, ["X is <map", "map"]),
    "iterator": (lambda: iter(X.tolist()), TypeError, ["X is <list_iter", "list_iterator"]),
    "values of a dict": (lambda: dict(enumerate(X)).values(), TypeError, ["X is dict_values", "dict_values"]),
    "object": (lambda: object(), TypeError, ["X is <object", "of type object"]),
    "function": (lambda: len, TypeError, ["X is <built-in function len>"]),
    "class": (lambda: np.ndarray, TypeError, ["numpy.ndarray", GIVE_NUMBERS]),
    "range": (lambda: range(24), ValueError, ["X has the shape (24,)", "give (n_samples, n_steps)"]),
    "array module": (lambda: array("d", X[:, 0]), ValueError, ["X has the shape (24,)", "(n_samples, n_steps)"]),
    "one dimension": (lambda: X[:, 0], ValueError, ["X has the shape (24,)", "give (n_samples, n_steps)"]),
    "list of numbers": (lambda: X[:, 0].tolist(), ValueError, ["X has the shape (24,)", "(n_samples, n_steps)"]),
    "Series": (lambda: FRAME["a"], ValueError, ["X has the shape (24,)", "give (n_samples, n_steps)"]),
    "4 dimensions": (lambda: X[:, :, None, None], ValueError, ["X has 4 dimensions", "2 (samples, steps)"]),
    "32 dimensions": (lambda: X.reshape(24, 5, *[1] * 30), ValueError, ["X has 32 dimensions"]),
    "empty list": (lambda: [], ValueError, ["X is empty", "at least one row"]),
    "empty rows": (lambda: [[]] * 24, ValueError, ["0 feature(s)", "(24, 0)"]),
    "no rows": (lambda: X[:0], ValueError, ["0 sample(s)", "(0, 5)"]),
    "no rows of 3 dimensions": (lambda: DEEP[:0], ValueError, ["0 sample(s)", "(0, 5, 2)"]),
    "no steps": (lambda: X[:, :0], ValueError, ["0 feature(s)", "(24, 0)"]),
    "no steps of 3 dimensions": (lambda: DEEP[:, :0], ValueError, ["X has 0 "]),
    "no features": (lambda: DEEP[:, :, :0], ValueError, ["X has 0 features", "(24, 5, 0)"]),
    "empty frame": (lambda: pd.DataFrame(), ValueError, ["X is a DataFrame of shape (0, 0)", "without columns"]),
    "frame without columns": (lambda: FRAME[[]], ValueError, ["shape (24, 0)", "without columns"]),
    "frame without rows": (lambda: FRAME[:0], ValueError, ["0 sample(s)", "(0, 5)"]),
    "a sequence of no steps": (lambda: [[1.0, 2.0], []] * 12, ValueError, ["row 1 of X has no step"]),
    "a table without steps": (lambda: [np.ones((3, 1)), np.ones((0, 1))] * 12, ValueError, ["row 1 of X has no step"]),
    "ragged in both": (lambda: [np.ones((3, 2)), np.ones((2, 1))] * 12, ValueError,
                       ["row 1 of X has 1 feature", "the first has 2"]),
    "ragged and of 4 dimensions": (lambda: [np.ones((3, 1, 1)), np.ones((2, 1, 1))] * 12, ValueError,
                                   ["row 0 of X has shape (3, 1, 1)"]),
    "ragged texts": (lambda: [["a", "b"], ["c"]] * 12, ValueError,
                     ["row 0 of X holds 'a' at step 0", GIVE_NUMBERS, "SequenceEncoder"]),
    "ragged dates": (lambda: [of_type("M8[s]")[0], of_type("M8[s]")[0, :2]] * 12, ValueError, ["row 0", "datetime64"]),
    "ragged complex numbers": (lambda: [[1j, 2], [1.0]] * 12, TypeError, ["row 0 of X holds complex numbers"]),
    "NaN in a sequence": (lambda: [[1.0, np.nan], [1.0]] * 12, ValueError, ["row 0 of X is NaN at step 1", "'mask'"]),
    "None in a sequence": (lambda: [[1.0], [None, 2.0]] * 12, ValueError, ["row 1 of X is NaN at step 0"]),
    "infinity in a sequence": (lambda: [[1.0], [2.0, np.inf]] * 12, ValueError, ["row 1 of X is infinite at step 1"]),
    "ragged in features": (lambda: [np.ones((3, 2)), np.ones((3, 1))] * 12, ValueError,
                           ["row 1 of X has 1 feature per step", "the first has 2"]),
    "a buffer": (lambda: memoryview(np.ones(24)), ValueError, ["X has the shape (24,)", "Reshape your data"]),
    "None among rows": (lambda: [[1.0, 2.0], None] * 12, TypeError, ["row 1 of X is None", "give an array"]),
    "None first": (lambda: [None, [1.0, 2.0]] * 12, TypeError, ["row 0 of X is None", "NoneType", "give an array"]),
    "None in a column of rows": (lambda: pd.Series([[1.0, 2.0], None] * 12), TypeError, ["row 1 of X is None"]),
    "a text among rows": (lambda: [[1.0, 2.0], "ab"] * 12, TypeError, ["row 1 of X is 'ab'", "str", "give an array"]),
    "a dict among rows": (lambda: [[1.0, 2.0], {}] * 12, TypeError, ["row 1 of X is {}", "dict", "give an array"]),
    "a set among rows": (lambda: [[1.0, 2.0], {1}] * 12, TypeError, ["row 1 of X is {1}", "set", "give an array"]),
    "a generator among rows": (lambda: [[1.0, 2.0], iter([1])] * 12, TypeError, ["row 1 of X is <list_iter"]),
    "a sparse row among rows": (lambda: [[1.0, 2.0], sparse.csr_array(X[:1])] * 12, TypeError, ["row 1 of X is <"]),
    "no dimension among rows": (lambda: [np.ones(3), np.array(1.0)] * 12, TypeError, ["row 1 of X is array(1.)"]),
    "a text in a row": (lambda: [[1.0, 2.0], [3.0, "a", 1.0]] * 12, ValueError,
                        ["row 1 of X holds 'a' at step 1", GIVE_NUMBERS]),
    "masked rows": (lambda: [np.ma.array(row, mask=row > 1) for row in X], ValueError, ["X has 22 masked values"]),
    "masked rows of several lengths": (lambda: [np.ma.array([1.0, 2], mask=[0, 1]), [1.0]] * 12, ValueError,
                                       ["X has 12 masked values"]),
    "texts of sentences": (lambda: ["a good film", "bad"] * 12, ValueError, ["X holds 'a good film' in row 0",
                                                                             "SequenceEncoder"]),
    "numbers among rows": (lambda: [[1.0, 2.0], 3.0] * 12, TypeError, ["row 1 of X is 3.0, of type float"]),
    "lists in cells": (lambda: np.array([[[1], [2, 3]]] * 24, dtype=object), ValueError, ["X holds [", GIVE_NUMBERS]),
    "lists in a column": (lambda: FRAME.assign(c=[[1, 2]] * 24), ValueError, ["'c' of X", "[1, 2]", GIVE_NUMBERS]),
    "dicts": (lambda: [{"a": 1}] * 24, TypeError, ["X holds {'a': 1} in row 0", GIVE_NUMBERS]),
    "a dict in a cell": (lambda: put({"a": 1}), TypeError, ["X holds {'a': 1} in row 3", GIVE_NUMBERS]),
    "sets": (lambda: [{1, 2}] * 24, TypeError, ["X holds {1, 2} in row 0", GIVE_NUMBERS]),
    "generators as rows": (lambda: [iter([1, 2]) for _ in range(24)], TypeError, ["row 0", GIVE_NUMBERS]),
    "NaN": (lambda: put(np.nan, float), ValueError, ["X contains NaN"]),
    "NaN in float32": (lambda: put(np.nan, np.float32), ValueError, ["X contains NaN"]),
    "NaN in float16": (lambda: put(np.nan, np.float16), ValueError, ["X contains NaN"]),
    "NaN alone in all cells": (lambda: X * np.nan, ValueError, ["X contains NaN"]),
    "NaN in 3 dimensions": (lambda: np.where(DEEP > 1, np.nan, DEEP), ValueError, ["X contains NaN"]),
    "NaN among objects": (lambda: put(np.nan), ValueError, ["X contains NaN"]),
    "NaN as text": (lambda: put("nan", "U20"), ValueError, ["X contains NaN"]),
    "None in a cell": (lambda: put(None), ValueError, ["X contains NaN"]),
    "None in a list": (lambda: put(None).tolist(), ValueError, ["X contains NaN"]),
    "None in a frame": (lambda: FRAME.astype(object).where(FRAME < 1, None), ValueError, ["X contains NaN"]),
    "NA in a cell": (lambda: put(pd.NA), TypeError, ["X holds <NA> in row 3", GIVE_NUMBERS]),
    "NA of Float64": (lambda: FRAME.astype("Float64").mask(FRAME > 1), ValueError, ["X contains NaN"]),
    "NA of Int64": (lambda: FRAME.round().astype("Int64").mask(FRAME > 1), ValueError, ["X contains NaN"]),
    "NA of boolean": (lambda: (FRAME > 0).astype("boolean").mask(FRAME > 1), ValueError, ["X contains NaN"]),
    "NaT in a cell": (lambda: put(pd.NaT), TypeError, ["X holds NaT in row 3", GIVE_NUMBERS]),
    "infinity": (lambda: put(np.inf, float), ValueError, ["X contains infinity"]),
    "minus infinity": (lambda: put(-np.inf, float), ValueError, ["X contains infinity"]),
    "both infinities": (lambda: np.copysign(np.inf, X), ValueError, ["X contains infinity"]),
    "infinity in float16": (lambda: put(np.inf, np.float16), ValueError, ["X contains infinity"]),
    "infinity as text": (lambda: put("1e999", "U20"), ValueError, ["X contains infinity"]),
    "longdouble beyond float64": (lambda: X.astype(np.longdouble) * np.longdouble("1e4000"), ValueError,
                                  ["X contains infinity or a value too large for dtype('float64')"]),
    "integers beyond float64": (lambda: put(10**400), ValueError, ["X holds 1000", "in row 3", "too large"]),
    "texts": (lambda: np.full((24, 5), "a"), ValueError, ["X holds 'a' in row 0", GIVE_NUMBERS]),
    "a text in a list": (lambda: put("a").tolist(), ValueError, ["X holds 'a' in row 3", GIVE_NUMBERS]),
    "a text in a cell": (lambda: put("a"), ValueError, ["X holds 'a' in row 3", GIVE_NUMBERS]),
    "a text in a column": (lambda: FRAME.assign(c="a"), ValueError, ["column 'c' of X holds 'a'", GIVE_NUMBERS]),
    "texts in a new dtype": (lambda: np.full((24, 5), "a", NewText()), ValueError, ["X holds 'a'"]),
    "byte strings": (lambda: np.full((24, 5), b"a"), ValueError, ["X holds b'a' in row 0", GIVE_NUMBERS]),
    "categories of texts": (lambda: FRAME.assign(c=pd.Categorical(["x", "y"] * 12)), ValueError,
                            ["column 'c' of X holds 'x'", GIVE_NUMBERS]),
    "complex": (lambda: X * 1j, ValueError, ["Complex data not supported", "j"]),
    "complex without imaginary part": (lambda: X.astype(complex), ValueError, ["Complex data not supported", "0.j"]),
    "complex in a list": (lambda: (X * 1j).tolist(), ValueError, ["Complex data not supported", "j"]),
    "complex in a column": (lambda: FRAME.assign(c=1j), TypeError, ["column 'c' of X holds complex numbers"]),
    "complex of NumPy in a cell": (lambda: put(np.complex64(1)), TypeError, ["X holds", "in row 3", "complex"]),
    "complex in a cell": (lambda: put(1j), TypeError, ["X holds 1j in row 3", GIVE_NUMBERS]),
    "sparse matrix": (lambda: sparse.csr_matrix(X), TypeError, ["Sparse data was passed for X", "toarray"]),
    "sparse array": (lambda: sparse.coo_array(X), TypeError, ["Sparse data was passed for X", "toarray"]),
    "sparse rows": (lambda: [sparse.csr_array(row[None]) for row in X], ValueError, ["X holds <", GIVE_NUMBERS]),
    "sparse columns": (lambda: FRAME.astype(pd.SparseDtype(float)), TypeError, ["'a' of X", "Sparse[", "to_dense"]),
    "dates": (lambda: of_type("M8[s]"), ValueError, ["X holds datetime64[s]", "floats"]),
    "durations": (lambda: of_type("m8[s]"), ValueError, ["X holds timedelta64[s]", "floats"]),
    "dates in a list": (lambda: [list(row) for row in of_type("M8[s]")], ValueError, ["X holds datetime64[s]"]),
    "stamps in a list": (lambda: [[pd.Timestamp("2020")] * 5] * 24, TypeError, ["Timestamp('20", GIVE_NUMBERS]),
    "a duration in a cell": (lambda: put(pd.Timedelta("1D")), TypeError, ["X holds Timedelta(", "row 3", GIVE_NUMBERS]),
    "dates in all columns": (lambda: FRAME.apply(lambda c: pd.to_datetime(c, unit="D")), ValueError,
                             ["column 'a' of X holds datetime64"]),
    "dates in a column": (lambda: FRAME.assign(c=pd.date_range("2020", periods=24)), ValueError,
                          ["column 'c' of X holds datetime64"]),
    "dates with a zone in a column": (lambda: FRAME.assign(c=pd.date_range("2020", periods=24, tz="UTC")), TypeError,
                                      ["column 'c' of X holds Timestamp(", GIVE_NUMBERS]),
    "durations in a column": (lambda: FRAME.assign(c=pd.to_timedelta(range(24), unit="D")), ValueError,
                              ["column 'c' of X holds timedelta64"]),
    "periods in a column": (lambda: FRAME.assign(c=pd.period_range("2020", periods=24, freq="M")), TypeError,
                            ["column 'c' of X holds Period(", GIVE_NUMBERS]),
    "intervals in a column": (lambda: FRAME.assign(c=pd.interval_range(0, 24)), TypeError,
                              ["column 'c' of X holds Interval(", GIVE_NUMBERS]),
    "records": (lambda: np.zeros(24, [("a", float), ("b", float)]), TypeError, ["X holds records", "'b'"]),
    "records of one field": (lambda: np.zeros((24, 5), [("a", float)]), TypeError, ["X holds records", "'a'"]),
    "raw bytes": (lambda: np.zeros((24, 5), "V8"), TypeError, ["X holds records", "V8"]),
    "masked": (lambda: np.ma.array(X, mask=X > 1), ValueError, ["X has 22 masked values"]),
    "masked NaN": (lambda: np.ma.masked_invalid(put(np.nan, float)), ValueError, ["1 masked value"]),
    "names that come twice": (lambda: FRAME.set_axis(list("aabcd"), axis=1), ValueError, ["X has more than", "'a'"]),
    "np.matrix": (lambda: as_matrix(X), TypeError, ["np.matrix is not supported"]),
}  # fmt: skip


def as_matrix(values):
    """Return a np.matrix, a kind of array that NumPy advises against."""
    with pytest.warns(PendingDeprecationWarning):
        return np.matrix(values)


@pytest.fixture(scope="module")
def fitted():
    """The models that refuse: by estimator and by what they were fitted to. None of the tests changes them."""
    kinds = {"flat": X, "deep": DEEP, "frame": FRAME}
    return {make: {kind: make().fit(given, TARGETS[make]) for kind, given in kinds.items()} for make in TARGETS}


@both
@named(BAD_WINDOWS)
def test_what_are_no_windows_is_refused_by_fit_which_leaves_the_earlier_one(fitted, make, given, kind, words):
    model = fitted[make]["flat"]
    before = model.parameters_.copy()
    refused_clearly(kind, words, model.fit, given(), TARGETS[make])
    np.testing.assert_array_equal(model.parameters_, before)
    assert model.predict(X[:1]).shape == (1,)


@both
@named(BAD_WINDOWS)
def test_what_are_no_windows_is_refused_by_all_that_predicts(fitted, make, given, kind, words):
    bad = given()
    shape = bad.shape if isinstance(bad, np.ndarray) else ()
    model = fitted[make]["frame" if isinstance(bad, pd.DataFrame) else "deep" if len(shape) == 3 else "flat"]
    if shape[1:2] == (0,) and len(shape) == 3:
        words = ["0 "]  # of features, as scikit-learn calls the columns of X
    methods = ["predict", "encode"] + ["predict_proba", "decision_function"] * (make is classifier)
    for method in methods:
        refused_clearly(kind, words, getattr(model, method), given())


# What comes with another dtype, layout or type, and what it means.

MEANT_WINDOWS = {
    "list of lists": (lambda: X.tolist(), X),
    "tuple of tuples": (lambda: tuple(map(tuple, X)), X),
    "list of arrays": (lambda: list(X), X),
    "list of float32 arrays": (lambda: list(of_type("f4")), of_type("f4")),
    "list of float32 and integer arrays": (lambda: [*of_type("f4")[:-1], of_type(int)[-1]],
                                           np.vstack([of_type("f4")[:-1], of_type(int)[-1:]])),
    "list of Series": (lambda: [pd.Series(row) for row in X], X),
    "deque": (lambda: deque(X.tolist()), X),
    "memoryview": (lambda: memoryview(X), X),
    "array of another library": (lambda: Convertible(X), X),
    "table of another library": (lambda: Table(X), X),
    "own sequence": (lambda: Sequence(X.tolist()), X),
    "frame": (lambda: FRAME, X),
    "frame of numbered columns": (lambda: pd.DataFrame(X), X),
    "frame of Float64": (lambda: FRAME.astype("Float64"), X),
    "frame of Int64": (lambda: FRAME.round().astype("Int64"), X.round()),
    "frame of boolean": (lambda: (FRAME > 0).astype("boolean"), (X > 0) * 1.0),
    "frame of mixed dtypes": (lambda: FRAME.assign(a=HALF, b=True), np.column_stack([HALF, HALF * 0 + 1, X[:, 2:]])),
    "frame of float32": (lambda: FRAME.astype("f4"), X.astype("f4")),
    "frame of big-endian": (lambda: FRAME.astype(">f8"), X),
    "frame of objects": (lambda: FRAME.astype(object), X),
    "categories of numbers": (lambda: FRAME.round(1).astype("category"), X.round(1)),
    "names of several levels": (lambda: FRAME.set_axis(pd.MultiIndex.from_product([["x"], NAMES]), axis=1), X),
    "integers": (lambda: of_type(int), of_type(int).astype(float)),
    "bytes as numbers": (lambda: of_type("i1"), of_type("i1").astype(float)),
    "unsigned beyond int64": (lambda: np.full((24, 5), 2**64 - 1, "u8"), np.full((24, 5), 2.0**64)),
    "integers beyond int64": (lambda: put(10**30), put(1e30, float)),
    "booleans": (lambda: X > 0, (X > 0) * 1.0),
    "float16": (lambda: X.astype("f2"), X.astype("f2").astype(float)),
    "longdouble": (lambda: X.astype(np.longdouble), X),
    "big-endian": (lambda: X.astype(">f8"), X),
    "big-endian float32": (lambda: X.astype(">f4"), X.astype("f4").astype(float)),
    "objects": (lambda: X.astype(object), X),
    "decimals": (lambda: put(decimal.Decimal("1.5")), put(1.5, float)),
    "fractions": (lambda: put(fractions.Fraction(3, 2)), put(1.5, float)),
    "numbers as texts": (lambda: X.astype(str), X),
    "numbers as byte strings": (lambda: X.astype("S"), X),
    "numbers as texts of a new dtype": (lambda: X.astype(str).astype(NewText()), X),
    "a number as a text in a cell": (lambda: put("1.5"), put(1.5, float)),
    "read-only": (lambda: read_only(X), X),
    "Fortran order": (lambda: np.asfortranarray(X), X),
    "Fortran order of 3 dimensions": (lambda: np.asfortranarray(DEEP), DEEP),
    "negative strides": (lambda: X[::-1, ::-1].copy()[::-1, ::-1], X),
    "every other": (lambda: np.repeat(np.repeat(X, 2, axis=0), 3, axis=1)[::2, ::3], X),
    "overlapping windows": (lambda: np.lib.stride_tricks.sliding_window_view(np.arange(28.0), 5),
                            np.arange(24.0)[:, None] + np.arange(5)),
    "overlapping windows of integers": (lambda: np.lib.stride_tricks.sliding_window_view(np.arange(28), 5),
                                        np.arange(24.0)[:, None] + np.arange(5)),
    "one row for all": (lambda: np.broadcast_to(X[0], X.shape), np.tile(X[0], (24, 1))),
    "not aligned": (lambda: np.frombuffer(b"\0" + X.tobytes(), "u1")[1:].view(float).reshape(X.shape), X),
    "masked array without a mask": (lambda: np.ma.array(X), X),
    "huge": (lambda: X * 1e300, X * 1e300),
    "the largest float": (lambda: np.copysign(MOST, X), np.copysign(MOST, X)),
    "the largest float32": (lambda: np.full(X.shape, np.finfo("f4").max), np.full(X.shape, np.finfo("f4").max)),
    "subnormal": (lambda: X * 1e-310, X * 1e-310),
    "subnormal float32": (lambda: (X * 1e-42).astype("f4"), (X * 1e-42).astype("f4")),
    "negative zero": (lambda: X * -0.0, X * 0.0),
}  # fmt: skip


def read_only(values):
    values = values.copy()
    values.setflags(write=False)
    return values


@both
@named(MEANT_WINDOWS, "given, plain")
def test_windows_of_any_type_and_layout_mean_the_plain_array(make, given, plain):
    one, other = make().fit(given(), TARGETS[make]), make().fit(np.array(plain), TARGETS[make])
    np.testing.assert_array_equal(one.parameters_, other.parameters_)
    assert one.parameters_.dtype == other.parameters_.dtype
    method = "predict" if make is regressor else "predict_proba"
    answer = getattr(one, method)(given())
    assert np.isfinite(answer).all()
    np.testing.assert_array_equal(answer, getattr(other, method)(np.array(plain)))
    np.testing.assert_array_equal(one.encode(given()), other.encode(np.array(plain)))


MEANT_LISTS = {  # of several lengths
    "tuples": lambda rows: tuple(map(tuple, rows)),
    "numbers as texts": lambda rows: [row.astype(str) for row in rows],
    "numbers as text objects": lambda rows: [list(map(str, row)) for row in rows],
    "Series": lambda rows: [pd.Series(row) for row in rows],
    "a Series of lists": lambda rows: pd.Series([row.tolist() for row in rows]),
    "float32 but for one": lambda rows: [*(row.astype("f4") for row in rows[:-1]), rows[-1]],
    "memoryviews": lambda rows: list(map(memoryview, rows)),
    "deques": lambda rows: list(map(deque, rows)),
    "array modules": lambda rows: [array("d", row) for row in rows],
    "decimals": lambda rows: [list(map(decimal.Decimal, row)) for row in rows],
    "longdouble": lambda rows: [row.astype(np.longdouble) for row in rows],
}


@both
@pytest.mark.parametrize("given", MEANT_LISTS.values(), ids=MEANT_LISTS.keys())
def test_rows_of_several_lengths_of_any_type_mean_the_plain_arrays(make, given):
    rows = [row[: 1 + n % 5] for n, row in enumerate(of_type("f4").astype("f8"))]
    one, other = make().fit(given(rows), TARGETS[make]), make().fit(rows, TARGETS[make])
    np.testing.assert_array_equal(one.parameters_, other.parameters_)
    np.testing.assert_array_equal(one.encode(given(rows)), other.encode(rows))


@both
@pytest.mark.parametrize("length", [3, 5])
def test_a_list_of_float32_rows_is_computed_in_float32_whatever_their_lengths(make, length):
    rows = [row[: 3 + n % 2 * (length - 3)] for n, row in enumerate(X.astype("f4"))]
    assert make().fit(rows, TARGETS[make]).parameters_.dtype == np.float32
    assert make().fit([*rows[:-1], rows[-1].astype("f8")], TARGETS[make]).parameters_.dtype == np.float64


@both
@pytest.mark.parametrize("of_fit", ["f4", "f8"])
@pytest.mark.parametrize("of_predict", ["f2", "f4", "f8", np.longdouble, int, bool, object, ">f8"])
def test_windows_to_predict_are_cast_to_the_dtype_of_fit(make, of_fit, of_predict):
    model = make().fit(X.astype(of_fit), TARGETS[make])
    given = of_type(of_predict)
    np.testing.assert_array_equal(model.encode(given), model.encode(given.astype(of_fit)))
    assert model.encode(given).dtype == of_fit


BAD_SHAPES_TO_PREDICT = {
    "fewer steps": ("flat", lambda: X[:, :4], ["X has 4 features", "expecting 5", "steps of a window"]),
    "more steps": ("flat", lambda: np.ones((2, 6)), ["X has 6 features", "expecting 5"]),
    "fewer steps of 3 dimensions": ("deep", lambda: DEEP[:, :4], ["X has 4 features", "expecting 5", "steps"]),
    "fewer features": ("deep", lambda: DEEP[:, :, :1], ["1 feature per step", "fitted with 2"]),
    "no third dimension": ("deep", lambda: X, ["1 feature per step", "fitted with 2"]),
    "a third dimension": ("flat", lambda: DEEP, ["2 features per step", "fitted with 1"]),
    "steps and features exchanged": ("deep", lambda: DEEP.swapaxes(1, 2), ["X has 2 features", "expecting 5"]),
    "one window alone": ("flat", lambda: X[0], ["X has the shape (5,)", "Reshape your data"]),
    "float64 beyond float32": ("float32", lambda: put(1e39, float), ["X contains infinity or a value too large"]),
    "too large a text": ("float32", lambda: put("1e39", "U20"), ["X contains infinity or a value too large"]),
}  # fmt: skip


@both
@named(BAD_SHAPES_TO_PREDICT, "kind, given, words")
def test_windows_unlike_those_of_fit_are_refused(fitted, make, kind, given, words):
    model = make().fit(X.astype("f4"), TARGETS[make]) if kind == "float32" else fitted[make][kind]
    refused_clearly(ValueError, words, model.predict, given())


@both
def test_an_estimator_that_is_not_fitted_says_so(make):
    methods = ["predict", "encode", "summary", "get_weights"]
    methods += ["predict_proba", "predict_log_proba", "decision_function"] * (make is classifier)
    for method in methods:
        arguments = () if method in ("summary", "get_weights") else (X,)
        words = [type(make()).__name__, "not fitted yet"]
        refused_clearly(NotFittedError, words, getattr(make(), method), *arguments)
    refused_clearly(NotFittedError, ["not fitted"], make().score, X, TARGETS[make])


# Targets and classes

BAD_Y = {
    "None": (lambda: None, ValueError, ["requires y", "None"]),
    "number": (lambda: 1.0, TypeError, ["at least 1 dimension", "array(1.)"]),
    "0-d array": (lambda: np.array(1), TypeError, ["at least 1 dimension", "array(1)"]),
    "text": (lambda: "up", TypeError, ["y is 'up'", "str"]),
    "dict": (lambda: {"a": 1}, TypeError, ["y is {'a': 1}", "dict"]),
    "set": (lambda: {1}, TypeError, ["y is {1}", "set"]),
    "generator": (lambda: (n for n in HALF), TypeError, ["y is <generator"]),
    "shorter": (lambda: HALF[:-1], ValueError, ["inconsistent numbers of samples", "[24, 23]"]),
    "longer": (lambda: [0, 1] * 13, ValueError, ["inconsistent numbers of samples", "[24, 26]"]),
    "transposed": (lambda: np.eye(1, 24), ValueError, ["inconsistent numbers of samples", "[24, 1]"]),
    "empty": (lambda: [], ValueError, ["0 sample(s)", "(0,)"]),
    "no columns": (lambda: np.empty((24, 0)), ValueError, ["0 feature(s)", "(24, 0)"]),
    "3 dimensions": (lambda: np.ones((24, 2, 2)), ValueError, ["dim 3"]),
    "NaN": (lambda: put(np.nan, float, HALF), ValueError, ["NaN"]),
    "NaN among objects": (lambda: put(np.nan, of=HALF), ValueError, ["y contains NaN"]),
    "None among objects": (lambda: put(None, of=HALF), ValueError, ["y contains NaN"]),
    "infinity": (lambda: put(np.inf, float, HALF), ValueError, ["y contains infinity"]),
    "NA of Int64": (lambda: pd.Series([0, 1, None] * 8, dtype="Int64"), ValueError, ["y contains NaN"]),
    "NA of boolean": (lambda: pd.Series([True, False, None] * 8, dtype="boolean"), ValueError, ["y contains NaN"]),
    "complex": (lambda: HALF * 1j, ValueError, ["Complex data not supported", "1.j"]),
    "complex in a list": (lambda: (HALF * 1j).tolist(), ValueError, ["Complex data not supported", "1.j"]),
    "ragged": (lambda: [[1], [1, 2]] * 12, ValueError, ["rows of y", "2 in row 1; give as many targets", OF_STEPS]),
    "masked": (lambda: np.ma.array(HALF, mask=np.arange(24) == 3), ValueError, ["y has 1 masked value"]),
    "records": (lambda: np.zeros(24, [("a", float)]), TypeError, ["y holds records", "'a'"]),
    "raw bytes": (lambda: np.zeros(24, "V4"), TypeError, ["y holds records", "V4"]),
    "empty frame": (lambda: pd.DataFrame(), ValueError, ["y is a DataFrame of shape (0, 0)"]),
    "frame without columns": (lambda: pd.DataFrame(index=range(24)), ValueError, ["y is a DataFrame of shape (24, 0)"]),
    "names that come twice": (lambda: pd.DataFrame(X[:, :2], columns=["a", "a"]), ValueError, ["more than one", "'a'"]),
}  # fmt: skip

BAD_TARGETS = {
    "NA among objects": (lambda: put(pd.NA, of=Y), TypeError, ["y holds <NA> in row 3", GIVE_NUMBERS]),
    "NaT among objects": (lambda: put(pd.NaT, of=Y), TypeError, ["y holds NaT in row 3", GIVE_NUMBERS]),
    "NA of Float64": (lambda: pd.Series(put(None, of=Y), dtype="Float64"), ValueError, ["y contains NaN"]),
    "complex in a cell": (lambda: put(1j, of=Y), TypeError, ["y holds 1j in row 3", GIVE_NUMBERS]),
    "sparse": (lambda: sparse.csr_array(X[:, :2]), TypeError, ["Sparse data was passed for y", "toarray"]),
    "sparse column": (lambda: sparse.csr_matrix(X[:, :1]), TypeError, ["Sparse data was passed for y", "toarray"]),
    "texts": (lambda: CLASSES, ValueError, ["y holds 'up' in row 0", GIVE_NUMBERS]),
    "texts of a new dtype": (lambda: CLASSES.astype(NewText()), ValueError, ["y holds 'up'"]),
    "bytes": (lambda: CLASSES.astype("S"), ValueError, ["y holds b'up' in row 0", GIVE_NUMBERS]),
    "a text among numbers": (lambda: put("a", of=Y), ValueError, ["y holds 'a' in row 3", GIVE_NUMBERS]),
    "categories": (lambda: pd.Categorical(CLASSES), ValueError, ["y holds 'up'", GIVE_NUMBERS]),
    "NA of string": (lambda: pd.Series(["1", None] * 12, dtype="string"), TypeError, ["y holds <NA> in row 1"]),
    "dates": (lambda: HALF.astype("M8[s]"), ValueError, ["y holds datetime64[s]", "floats"]),
    "durations": (lambda: HALF.astype("m8[s]"), ValueError, ["y holds timedelta64[s]", "floats"]),
    "Series of dates": (lambda: pd.Series(pd.date_range("2020", periods=24)), ValueError, ["y holds datetime64"]),
    "frame of dates": (lambda: FRAME[["a"]].assign(b=pd.date_range("2020", periods=24)), ValueError,
                       ["column 'b' of y holds datetime64"]),
    "periods": (lambda: pd.Series(pd.period_range("2020", periods=24, freq="M")), TypeError, ["Period(", GIVE_NUMBERS]),
    "sets in a list": (lambda: [{1}, {2}] * 12, TypeError, ["y holds {1} in row 0", GIVE_NUMBERS]),
    "dicts in a list": (lambda: [{1: 1}] * 24, TypeError, ["y holds {1: 1} in row 0", GIVE_NUMBERS]),
    "integers beyond float64": (lambda: [10**400, 1] * 12, ValueError, ["y holds 1000", "too large"]),
    "longdouble beyond float64": (lambda: np.full(24, np.longdouble("1e4000")), ValueError, ["y holds ", "float64"]),
    "so large that their squares overflow": (lambda: Y * 1e300, ValueError, ["loss", "not finite", "scale the data"]),
}  # fmt: skip

BAD_CLASSES = {
    "NA among objects": (lambda: put(pd.NA, of=CLASSES), ValueError, ["y contains NaN", "row 3", "<NA>"]),
    "NaT among objects": (lambda: put(pd.NaT, of=CLASSES), ValueError, ["y contains NaN", "row 3", "NaT"]),
    "NaN among texts": (lambda: put(np.nan, of=CLASSES), ValueError, ["y contains NaN", "row 3", "nan"]),
    "None in a list of texts": (lambda: put(None, of=CLASSES).tolist(), ValueError, ["y contains NaN", "row 3"]),
    "NA of string": (lambda: pd.Series(["a", "b", None] * 8, dtype="string"), ValueError, ["row 2", "<NA>"]),
    "NA of a category": (lambda: pd.Series(["a", "b", None] * 8, dtype="category"), ValueError, ["row 2", "nan"]),
    "one class": (lambda: HALF * 0, ValueError, ["y holds one class alone", "0"]),
    "one class of texts": (lambda: ["a"] * 24, ValueError, ["y holds one class alone", "'a'"]),
    "continuous": (lambda: Y, ValueError, ["Unknown label type: continuous"]),
    "continuous in columns": (lambda: X[:, :2], ValueError, ["Unknown label type: continuous-multioutput"]),
    "halves": (lambda: HALF + 0.5, ValueError, ["Unknown label type: continuous"]),
    "huge": (lambda: Y * 1e300, ValueError, ["Unknown label type: continuous"]),
    "decimals": (lambda: [decimal.Decimal(1), decimal.Decimal(2)] * 12, ValueError, ["Unknown label type"]),
    "stamps": (lambda: put(pd.Timestamp("2020"), of=np.full(24, pd.Timestamp("2021"))), ValueError,
               ["Unknown label type"]),
    "periods": (lambda: pd.Series(pd.period_range("2020", periods=24, freq="M")), ValueError, ["Unknown label type"]),
    "bytes": (lambda: CLASSES.astype("S"), TypeError, ["y holds bytes", "S4", "decode"]),
    "texts and numbers": (lambda: put(1, of=CLASSES), TypeError, ["y holds classes of types int, str", "one type"]),
    "texts and numbers in a list": (lambda: put(1, of=CLASSES).tolist(), TypeError, ["y holds 1 in row 3", "one type"]),
    "complex in a cell": (lambda: put(1j, of=CLASSES), TypeError, ["y holds classes of types complex, str"]),
    "lists in cells": (lambda: pd.Series([[1], [1, 2]] * 12).to_numpy(), ValueError, ["[1] in row 0", "is no class"]),
    "sets in a list": (lambda: [{1}, {2}] * 12, ValueError, ["y holds {1} in row 0, which is no class"]),
    "dicts in a list": (lambda: [{1: 1}] * 24, ValueError, ["y holds {1: 1} in row 0, which is no class"]),
    "sparse rows": (lambda: [sparse.csr_array(row) for row in X], ValueError, ["y holds <", "which is no class"]),
    "empty lists in cells": (lambda: pd.Series([[]] * 24), ValueError, ["y holds [] in row 0", OF_STEPS]),
    "booleans of NumPy and integers": (lambda: [np.True_, 10**30] * 12, TypeError, ["types bool, int", "one type"]),
    "stamps and numbers": (lambda: [pd.Timestamp("2020"), 1] * 12, TypeError, ["types Timestamp, int", "one type"]),
    "lists in a frame": (lambda: FRAME.assign(c=[[1]] * 24), ValueError, ["y holds [1] in row 0, which is no class"]),
    "texts and numbers in a frame": (lambda: FRAME[["a"]].assign(c="x"), TypeError, ["types float, str", "one type"]),
    "sparse columns": (lambda: pd.DataFrame(np.ones((24, 2))).astype(pd.SparseDtype(float, 1.0)), TypeError,
                       ["column 0 of y is sparse", "to_dense"]),
    "labels of minus one": (lambda: np.where(X[:, :2] > 0, 1, -1), ValueError, ["(24, 2)", "-1", "labels are 0 and 1"]),
    "labels of one and two": (lambda: [(1, 2)] * 24, ValueError, ["(24, 2)", "2", "labels are 0 and 1"]),
    "labels of texts": (lambda: np.where(X[:, :2] > 0, "a", "b"), ValueError, ["(24, 2)", "other than 0 and 1"]),
    "columns of classes": (lambda: np.column_stack([HALF, HALF + 1]), ValueError, ["(24, 2)", "more than two values"]),
    "sparse numbers": (lambda: sparse.csr_array(X[:, :2]), ValueError, ["Unknown label type: continuous"]),
    "sparse labels of two": (lambda: sparse.csr_array((X[:, :2] > 0) * 2), ValueError, ["2", "labels are 0 and 1"]),
}  # fmt: skip


@both
@named(BAD_Y)
def test_what_is_no_y_is_refused(fitted, make, given, kind, words):
    refused_clearly(kind, words, fitted[make]["flat"].fit, X, given())


@named(BAD_TARGETS)
def test_what_are_no_targets_is_refused(fitted, given, kind, words):
    refused_clearly(kind, words, fitted[regressor]["flat"].fit, X, given())


@named(BAD_CLASSES)
def test_what_are_no_classes_is_refused(fitted, given, kind, words):
    refused_clearly(kind, words, fitted[classifier]["flat"].fit, X, given())


MEANT_TARGETS = {
    "list": (lambda: Y.tolist(), Y),
    "range": (lambda: range(24), np.arange(24.0)),
    "own sequence": (lambda: Sequence(Y.tolist()), Y),
    "array of another library": (lambda: Convertible(Y), Y),
    "Series in another order": (lambda: pd.Series(Y, index=range(24)[::-1]), Y),  # rows count, as in scikit-learn
    "Int64": (lambda: pd.Series(HALF, dtype="Int64"), HALF * 1.0),
    "Float64": (lambda: pd.Series(Y, dtype="Float64"), Y),
    "categories of numbers": (lambda: pd.Categorical(HALF), HALF * 1.0),
    "booleans": (lambda: HALF == 1, HALF * 1.0),
    "float16": (lambda: Y.astype("f2"), Y.astype("f2").astype(float)),
    "longdouble": (lambda: Y.astype(np.longdouble), Y),
    "big-endian": (lambda: Y.astype(">f8"), Y),
    "objects": (lambda: Y.astype(object), Y),
    "decimals": (lambda: [decimal.Decimal("1.5")] * 24, np.full(24, 1.5)),
    "numbers as texts": (lambda: Y.astype(str), Y),
    "numbers as text objects": (lambda: Y.astype(str).astype(object), Y),
    "reversed": (lambda: Y[::-1].copy()[::-1], Y),
    "read-only": (lambda: read_only(Y), Y),
    "one number for all": (lambda: np.broadcast_to(1.5, 24), np.full(24, 1.5)),
    "masked array without a mask": (lambda: np.ma.array(Y), Y),
    "subnormal": (lambda: Y * 1e-310, Y * 1e-310),
    "frame": (lambda: FRAME[["a", "b"]], X[:, :2]),
    "tuples": (lambda: [tuple(row) for row in X[:, :2]], X[:, :2]),
}  # fmt: skip

MEANT_CLASSES = {  # with the classes they have
    "list": (lambda: CLASSES.tolist(), ["down", "up"]),
    "text objects": (lambda: CLASSES.astype(object), ["down", "up"]),
    "texts of a new dtype": (lambda: CLASSES.astype(NewText()), ["down", "up"]),
    "string Series": (lambda: pd.Series(CLASSES, dtype="string"), ["down", "up"]),
    "Series in another order": (lambda: pd.Series(CLASSES, index=range(24)[::-1]), ["down", "up"]),
    "categories": (lambda: pd.Categorical(CLASSES), ["down", "up"]),
    "booleans": (lambda: Y > 0, [False, True]),
    "boolean Series": (lambda: pd.Series(Y > 0, dtype="boolean"), [False, True]),
    "Int64": (lambda: pd.Series((Y > 0) * 1, dtype="Int64"), [0, 1]),
    "floats": (lambda: (Y > 0) * 1.0, [0.0, 1.0]),
    "minus one and one": (lambda: np.where(Y > 0, 1, -1), [-1, 1]),
    "bytes as numbers": (lambda: (Y > 0).astype("u1"), [0, 1]),
    "float16": (lambda: (Y > 0).astype("f2"), [0, 1]),
    "big-endian": (lambda: (Y > 0).astype(">i4"), [0, 1]),
    "huge integers": (lambda: np.where(Y > 0, 2**62, -(2**62)), [-(2**62), 2**62]),
    "days": (lambda: (Y > 0).astype("M8[D]"), np.array([0, 1], "M8[D]")),
    "numbers as texts": (lambda: np.where(Y > 0, "10", "9").astype(str), None),  # sorted as texts: the order turns
    "the text nan": (lambda: np.where(Y > 0, "nan", "0"), ["0", "nan"]),
    "masked array without a mask": (lambda: np.ma.array((Y > 0) * 1), [0, 1]),
    "array of another library": (lambda: Convertible((Y > 0) * 1), [0, 1]),
    "own sequence": (lambda: Sequence(((Y > 0) * 1).tolist()), [0, 1]),
    "reversed": (lambda: CLASSES[::-1].copy()[::-1], ["down", "up"]),
    "read-only": (lambda: read_only(CLASSES), ["down", "up"]),
}  # fmt: skip


@named(MEANT_TARGETS, "given, plain")
def test_targets_of_any_type_and_layout_mean_the_plain_array(given, plain):
    one, other = regressor().fit(X, given()), regressor().fit(X, plain)
    np.testing.assert_array_equal(one.parameters_, other.parameters_)
    assert np.isfinite(one.predict(X)).all()


@named(MEANT_CLASSES, "given, classes")
def test_classes_of_any_type_and_layout_are_kept_and_given_back(given, classes):
    model, plain = classifier().fit(X, given()), classifier().fit(X, CLASSES)
    if classes is None:
        assert list(model.classes_) == ["10", "9"]
        return
    np.testing.assert_array_equal(model.parameters_, plain.parameters_)
    assert list(model.classes_) == list(classes)
    np.testing.assert_array_equal(model.predict(X) == model.classes_[1], plain.predict(X) == "up")


@pytest.mark.filterwarnings("ignore:The number of unique classes is greater than 50%:UserWarning")
def test_as_many_classes_as_rows_are_fitted():
    """Newer versions of scikit-learn warn of it."""
    model = classifier().fit(X, np.arange(24))
    np.testing.assert_allclose(model.predict_proba(X).sum(axis=1), 1, rtol=1e-12)  # 24 roundings


@both
def test_a_column_of_y_warns_and_means_one_dimension(make):
    with pytest.warns(DataConversionWarning, match="column-vector y"):
        model = make().fit(X, TARGETS[make][:, None])
    np.testing.assert_array_equal(model.parameters_, make().fit(X, TARGETS[make]).parameters_)


# Weights of rows

BAD_SAMPLE_WEIGHTS = {
    "a complex number": (lambda: 1j, TypeError, ["sample_weight holds 1j", GIVE_NUMBERS]),
    "a complex number of NumPy": (lambda: np.complex64(1), TypeError, ["sample_weight holds ", "complex"]),
    "an integer beyond float64": (lambda: 10**400, ValueError, ["sample_weight holds 1000", "too large"]),
    "a decimal NaN": (lambda: decimal.Decimal("nan"), ValueError, ["sample_weight is nan", "finite"]),
    "shorter": (lambda: np.ones(23), ValueError, ["sample_weight", "(23,)", "(24,)"]),
    "longer": (lambda: np.ones(25), ValueError, ["sample_weight", "(25,)", "(24,)"]),
    "empty": (lambda: [], ValueError, ["0 sample(s)"]),
    "a column": (lambda: np.ones((24, 1)), ValueError, ["sample_weight has shape (24, ", "one number per row"]),
    "two columns": (lambda: np.ones((24, 2)), ValueError, ["sample_weight has shape (24, ", "one number per row"]),
    "a frame": (lambda: FRAME[["a"]].abs(), ValueError, ["sample_weight has shape (24, ", "one number per row"]),
    "one negative": (lambda: put(-1.0, float, HALF), ValueError, ["Negative values", "sample_weight"]),
    "a negative number": (lambda: -1.0, ValueError, ["Negative values", "sample_weight"]),
    "NaN": (lambda: put(np.nan, float, HALF), ValueError, ["sample_weight contains NaN"]),
    "NaN for all": (lambda: np.nan, ValueError, ["sample_weight is nan", "finite"]),
    "infinity for all": (lambda: np.inf, ValueError, ["sample_weight is inf", "finite"]),
    "infinity": (lambda: put(np.inf, float, HALF), ValueError, ["sample_weight contains infinity"]),
    "all zero": (lambda: HALF * 0, ValueError, ["zero"]),
    "zero": (lambda: 0, ValueError, ["zero"]),
    "None in a list": (lambda: [None, 1] * 12, ValueError, ["sample_weight contains NaN"]),
    "NA": (lambda: put(pd.NA, of=HALF), TypeError, ["sample_weight holds <NA> in row 3", GIVE_NUMBERS]),
    "NA of Float64": (lambda: pd.Series([1.0, None] * 12, dtype="Float64"), ValueError, ["sample_weight contains NaN"]),
    "texts": (lambda: ["a"] * 24, ValueError, ["sample_weight holds 'a' in row 0", GIVE_NUMBERS]),
    "a text": (lambda: "balanced", TypeError, ["sample_weight is 'balanced'", "str"]),
    "complex": (lambda: HALF * 1j, ValueError, ["Complex data not supported", "1.j"]),
    "dates": (lambda: HALF.astype("M8[s]"), ValueError, ["sample_weight holds datetime64[s]"]),
    "durations": (lambda: HALF.astype("m8[s]"), ValueError, ["sample_weight holds timedelta64[s]"]),
    "sparse": (lambda: sparse.csr_array(np.ones((1, 24))), ValueError, ["sample_weight has shape (1, 24)"]),
    "ragged": (lambda: [[1], [1, 2]] * 12, ValueError, ["rows of sample_weight", "2 in row 1", ONE_LENGTH]),
    "dict": (lambda: {0: 1.0}, TypeError, ["sample_weight is {0: 1.0}", "dict"]),
    "set": (lambda: {1.0}, TypeError, ["sample_weight is {1.0}", "set"]),
    "generator": (lambda: (1 for _ in X), TypeError, ["sample_weight is <generator"]),
    "masked": (lambda: np.ma.array(HALF, mask=HALF == 1), ValueError, ["sample_weight has 12 masked value"]),
    "records": (lambda: np.ones(24, [("a", float)]), TypeError, ["sample_weight holds records"]),
    "integers beyond float64": (lambda: [10**400] * 24, ValueError, ["sample_weight holds 1000", "too large"]),
    "longdouble beyond float64": (lambda: np.full(24, np.longdouble("1e4000")), ValueError,
                                  ["sample_weight contains infinity"]),
}  # fmt: skip

RAMP = np.arange(24.0)
MEANT_SAMPLE_WEIGHTS = {  # only their ratios count
    "a number": (lambda: 2.0, np.ones(24)),
    "True": (lambda: True, np.ones(24)),
    "a fraction": (lambda: fractions.Fraction(1, 2), np.ones(24)),
    "a decimal": (lambda: decimal.Decimal("0.5"), np.ones(24)),
    "booleans": (lambda: HALF == 1, HALF),
    "integers": (lambda: np.arange(24), RAMP),
    "range": (lambda: range(24), RAMP),
    "Series in another order": (lambda: pd.Series(RAMP, index=range(24)[::-1]), RAMP),
    "objects": (lambda: RAMP.astype(object), RAMP),
    "float16": (lambda: RAMP.astype("f2"), RAMP),
    "big-endian": (lambda: RAMP.astype(">f8"), RAMP),
    "reversed": (lambda: RAMP[::-1].copy()[::-1], RAMP),
    "numbers as texts": (lambda: RAMP.astype(str), RAMP),
    "array of another library": (lambda: Convertible(RAMP), RAMP),
    "masked array without a mask": (lambda: np.ma.array(RAMP), RAMP),
    "near the largest float": (lambda: RAMP * 7e306, RAMP),  # whose sum overflows
    "the largest float": (lambda: np.full(24, MOST), np.ones(24)),
    "subnormal": (lambda: RAMP * 5e-324, RAMP),
    "so small that they underflow in float32": (lambda: RAMP * 1e-300, RAMP),
}  # fmt: skip


@both
@named(BAD_SAMPLE_WEIGHTS)
def test_what_are_no_weights_of_rows_is_refused_by_fit_and_score(fitted, make, given, kind, words):
    for call in (fitted[make]["flat"].fit, fitted[make]["flat"].score):
        refused_clearly(kind, words, call, X, TARGETS[make], given())


@named(BAD_TARGETS)
def test_what_are_no_targets_is_not_scored(fitted, given, kind, words):
    if words[0] in ("loss", "y holds "):  # what is too large
        words = ["the score is not finite", "scale y"] if words[0] == "loss" else ["y contains infinity", "float64"]
    refused_clearly(kind, words, fitted[regressor]["flat"].score, X, given())


@both
def test_a_table_of_another_byte_order_is_the_same_where_steps_may_be_missing(make):
    holes = np.where(X > 1, np.nan, X)
    for given in (X, holes):
        one, other = (make(missing="mask").fit(x, TARGETS[make]) for x in (pd.DataFrame(given.astype(">f8")), given))
        np.testing.assert_array_equal(one.parameters_, other.parameters_)


@pytest.mark.parametrize("dtype", ["M8[D]", "m8[s]"])
def test_dates_are_not_scored_against_classes_of_another_type(fitted, dtype):
    model, dates = fitted[classifier]["flat"], HALF.astype(dtype)
    refused_clearly(TypeError, ["y holds", "[", "classes known"], model.score, X, dates)
    of_dates = classifier().fit(X, dates)
    refused_clearly(TypeError, ["y holds", "classes known"], of_dates.score, X, CLASSES)
    assert 0 <= of_dates.score(X, dates) <= 1


@both
def test_nothing_is_scored_without_y(fitted, make):
    refused_clearly(ValueError, ["a score needs y", "None"], fitted[make]["flat"].score, X, None)


@both
def test_what_is_odd_in_a_score_is_said_once(make):
    """A warning that is given twice looks like two."""
    model = make(return_sequences=True).fit(FRAME, (X > 0) * 1)
    with pytest.warns(UserWarning, match="does not have valid feature names") as caught:
        model.score(X, (X > 0) * 1, np.arange(24.0))
    assert len(caught) == 1


@pytest.mark.parametrize("name", ["sets in a list", "dicts in a list", "sparse rows", "texts and numbers", "bytes",
                                  "NaN among texts", "stamps and numbers", "sparse columns"])  # fmt: skip
def test_what_are_no_classes_is_not_scored(fitted, name):
    given, kind, words = BAD_CLASSES[name]
    refused_clearly(kind, words, fitted[classifier]["flat"].score, X, given())
    refused_clearly(kind, [word.replace("y ", "classes ", 1) for word in words], classifier().partial_fit,
                    X, CLASSES, given())  # fmt: skip


@both
@pytest.mark.parametrize("dtype", ["f4", "f8"])
@named(MEANT_SAMPLE_WEIGHTS, "given, plain")
def test_weights_of_rows_mean_the_plain_ones_up_to_a_factor(make, given, plain, dtype):
    sgd = {"optimizer": "sgd", "learning_rate": 0.1, "clip_norm": None}  # Adam would hide the length of the gradient
    one = make(**sgd).fit(X.astype(dtype), TARGETS[make], given())
    other = make(**sgd).fit(X.astype(dtype), TARGETS[make], plain)
    # A factor that is no power of two rounds every weight, and so the last digits of each sum.
    tolerance = {"f4": dict(rtol=1e-4, atol=1e-5), "f8": dict(rtol=1e-10, atol=1e-12)}[dtype]
    np.testing.assert_allclose(one.parameters_, other.parameters_, **tolerance)
    assert np.isfinite(one.loss_curve_).all()
    if np.ptp(plain):
        without = make(**sgd).fit(X.astype(dtype), TARGETS[make])
        assert not np.allclose(one.parameters_, without.parameters_, rtol=1e-3, atol=1e-3)


@both
def test_one_huge_weight_means_that_row_alone(make):
    sgd = {"optimizer": "sgd", "learning_rate": 0.1, "batch_size": 24}
    one = make(**sgd).fit(X, TARGETS[make], put(1e300, float, np.ones(24)))
    other = make(**sgd).fit(X, TARGETS[make], RAMP == 3)
    np.testing.assert_allclose(one.parameters_, other.parameters_, rtol=1e-12)  # the other rows' share is 1e-300


# Token ids. What a generator refuses the others do too, but for whole floats, an axis of one and padding anywhere.

LOOSE = ["floats", "small floats", "three dimensions", "padding at the start", "padding inside"]
BAD_ROWS = {name: case for name, case in test_generator.BAD_ROWS.items() if name not in LOOSE}
BAD_ROWS |= {
    "three dimensions": (np.ones((2, 3, 2), int), ValueError, ["X has shape (2, 3, 2)", "(n_samples, n_steps)"]),
    "whole floats but for one": (np.array([[1.0, 2.0], [1.5, 1.0]]), TypeError, ["row 1 of X holds 1.5", "integers"]),
    "whole floats beyond int64": (np.array([[1.0, 2.0], [1e30, 1.0]]), ValueError, ["row 1 of X holds 1e+30"]),
    "a float among huge integers": ([[1, 2], [np.float64(2), 10**400]], ValueError, ["row 1 of X holds 1000", "large"]),
    "a table as a row": ([[1, 2], np.ones((2, 2), int)], ValueError, ["row 1 of X has shape (2, 2)"]),
}
IDS_OF_WINDOWS = np.array([[1, 2, 3, 0], [4, 0, 0, 0], [2, 2, 4, 1], [3, 1, 0, 0]] * 6)


def of_tokens(make, **changes):
    return make(input="tokens", embedding_size=2, **changes)


@pytest.fixture(scope="module")
def fitted_to_tokens():
    return {make: of_tokens(make).fit(IDS_OF_WINDOWS, TARGETS[make]) for make in TARGETS}


@both
@pytest.mark.parametrize("given, kind, words", BAD_ROWS.values(), ids=BAD_ROWS.keys())
def test_what_are_no_ids_is_refused_by_fit_and_all_that_predicts(fitted_to_tokens, make, given, kind, words):
    model = fitted_to_tokens[make]
    before = model.parameters_.copy()
    methods = ["predict", "encode"] + ["predict_proba", "decision_function"] * (make is classifier)
    for method in methods:
        refused_clearly(kind, words, getattr(model, method), given)
    refused_clearly(kind, words, model.fit, given, TARGETS[make])
    refused_clearly(kind, words, model.score, given, TARGETS[make])
    np.testing.assert_array_equal(model.parameters_, before)


@both
@pytest.mark.parametrize("given", [np.zeros((24, 3), int), [[]] * 24, np.ones((24, 0), int), [[0], [0, 0]] * 12])
def test_rows_without_any_id_are_nothing_to_train_on(make, given):
    refused_clearly(ValueError, ["X holds nothing but padding"], of_tokens(make).fit, given, TARGETS[make])


# Targets of steps

BAD_STEPS = {  # of windows, and where the fault is
    "NaN": (lambda: put(np.nan, float), ["row 3 of y is missing at step 2: nan", "fill it"]),
    "None": (lambda: put(None), ["row 3 of y is missing at step 2: None", "fill it"]),
    "NA": (lambda: put(pd.NA), ["row 3 of y is missing at step 2: <NA>", "fill it"]),
    "NaT": (lambda: put(pd.NaT), ["row 3 of y is missing at step 2: NaT", "fill it"]),
    "infinity": (lambda: put(np.inf, float), ["row 3 of y is infinite at step 2: inf", "finite"]),
    "complex": (lambda: X * 1j, ["y holds complex numbers, complex128", "give real ones"]),
    "None alone": (lambda: None, ["y has shape ()", "a target for each step"]),
    "a number": (lambda: 3.0, ["y has shape ()", "a target for each step"]),
    "one for each row": (lambda: Y, ["y has shape (24,)", "a target for each step, shape (24, 5)"]),
    "masked": (lambda: np.ma.array(X, mask=X > 1), ["y has 22 masked values"]),
}
BAD_STEPS_OF_LISTS = {
    "NaN": (lambda rows: [*rows[:3], rows[3] * [1, 1, np.nan, 1], *rows[4:]], ["row 3 of y is missing at step 2: nan"]),
    "infinity": (
        lambda rows: [*rows[:3], rows[3] - [0, 0, np.inf, 0], *rows[4:]],
        ["row 3 of y is infinite at step 2"],
    ),
    "complex": (lambda rows: [row * 1j for row in rows], ["y holds complex numbers", "give real ones"]),
    "None among rows": (lambda rows: [*rows[:3], None, *rows[4:]], ["row 3 of y is None", "4 steps"]),
    "a number among rows": (lambda rows: [*rows[:3], 1.5, *rows[4:]], ["row 3 of y is 1.5", "4 steps"]),
    "a text among rows": (lambda rows: [*rows[:3], "down", *rows[4:]], ["row 3 of y is 'down'", "4 steps"]),
    "a row too short": (lambda rows: [*rows[:3], rows[2], *rows[4:]], ["row 3 of y has 3 targets", "4 steps"]),
    "too few rows": (lambda rows: rows[:-1], ["y must hold a sequence of targets for each of the 24"]),
    "None": (lambda rows: None, ["y must hold a sequence of targets for each of the 24"]),
    "a dict": (lambda rows: dict(enumerate(rows)), ["y must hold a sequence of targets for each of the 24"]),
    "a table": (lambda rows: FRAME, ["row 0 of y has 5 targets", "1 steps"]),
    "masked": (lambda rows: [np.ma.array(row, mask=row == row[0]) for row in rows], ["masked value"]),
}


@both
@pytest.mark.parametrize("given, words", BAD_STEPS.values(), ids=BAD_STEPS.keys())
def test_what_are_no_targets_of_steps_is_refused_by_fit_and_score(make, given, words):
    model = make(return_sequences=True).fit(X, (X > 0) * 1.0)
    for call in (model.fit, model.score):
        refused_clearly(ValueError, words, call, X, given())
    holes = np.insert(X, 1, np.nan, axis=1)  # the step that was the second is the third column
    y = given()
    if np.shape(y) == X.shape and not np.ma.is_masked(y):
        words = [word.replace("step 2", "step 3") for word in words]
        model = make(return_sequences=True, missing="mask")
        refused_clearly(ValueError, words, model.fit, holes, np.insert(y, 1, y[0, 0], axis=1))


@both
@pytest.mark.parametrize("given, words", BAD_STEPS_OF_LISTS.values(), ids=BAD_STEPS_OF_LISTS.keys())
def test_what_are_no_targets_of_steps_of_lists_is_refused_by_fit_and_score(make, given, words):
    rows = [row[: 1 + n % 5] for n, row in enumerate(X)]
    y = [(row > 0) * 1.0 for row in rows]
    model = make(return_sequences=True).fit(rows, y)
    for call in (model.fit, model.score):
        refused_clearly(ValueError, words, call, rows, given(y))


# Arguments. Those of the regressor that tests/test_bad_input.py has are shared with the classifier.

BAD_ARGUMENTS = [
    *test_bad_input.BAD_OPTIONS_OF_NETWORKS,
    *(case for case in test_bad_input.BAD_OPTIONS_OF_REGRESSORS if case[0] not in ("loss", "delta", "quantile")),
    ("cell", ["gru"]), ("cell", "GRU"), ("cell", b"gru"), ("hidden_layer_sizes", True), ("hidden_layer_sizes", (True,)),
    ("hidden_layer_sizes", {4}), ("hidden_layer_sizes", {4: 4}), ("hidden_layer_sizes", np.array(2.5)),
    ("hidden_layer_sizes", [[4]]), ("hidden_layer_sizes", np.nan), ("activation", None), ("reset_after", None),
    ("reset_after", "yes"), ("optimizer", None), ("optimizer", "Adam"), ("learning_rate", None),
    ("learning_rate", "0.1"), ("learning_rate", True), ("learning_rate", 1j), ("schedule", {"name": "linear"}),
    ("schedule", {"every": 3}), ("schedule", ["step"]), ("alpha", np.nan), ("alpha", True), ("alpha", np.inf),
    ("momentum", np.nan), ("momentum", None), ("nesterovs_momentum", None), ("beta_1", np.nan), ("beta_1", None),
    ("beta_2", "a"), ("beta_2", np.nan), ("epsilon", None), ("epsilon", -1), ("clip_norm", "a"), ("clip_norm", True),
    ("clip_value", np.nan), ("clip_value", -1), ("batch_size", 2.5), ("batch_size", None), ("batch_size", True),
    ("shuffle", None), ("max_iter", None), ("max_iter", np.inf), ("max_iter", True), ("early_stopping", "yes"),
    ("validation_fraction", np.nan), ("validation_fraction", True), ("n_iter_no_change", 2.5), ("tol", None),
    ("tol", np.inf), ("warm_start", None), ("random_state", 2.5), ("random_state", 2**32), ("random_state", True),
    ("n_jobs", True), ("n_jobs", np.nan), ("verbose", None), ("verbose", "a"), ("callbacks", [None]),
    ("callbacks", {"a": print}), ("max_time", 0), ("max_time", np.nan), ("max_time", "1"), ("bidirectional", None),
    ("bidirectional", "yes"), ("return_sequences", None), ("dense_layer_sizes", 0), ("dense_layer_sizes", (4, 0)),
    ("dense_layer_sizes", None), ("dense_layer_sizes", (2.5,)), ("dense_activation", "sigmoid"), ("dropout", 1.0),
    ("dropout", -0.1), ("dropout", np.nan), ("dropout", True), ("recurrent_dropout", 1), ("recurrent_dropout", "a"),
    ("input_noise", -1), ("input_noise", np.nan), ("input", "text"), ("input", None), ("embedding_size", 0),
    ("embedding_size", 2.5), ("n_tokens", 0), ("n_tokens", True), ("padding_id", -1), ("padding_id", 0.5),
    ("embedding_vectors", "a"), ("embedding_vectors", [1.0, 2.0]), ("embedding_vectors", [[np.nan]]),
    ("train_embedding", None), ("missing", "drop"), ("missing", None), ("chrono_init", 2), ("chrono_init", 9.5),
    ("chrono_init", 2**40), ("learning_rate", 2**64), ("clip_norm", 2**64), ("embedding_size", 2**63),
    ("input_noise", 1e300), ("hidden_layer_sizes", 10**9), ("dense_layer_sizes", (10**9,)), ("embedding_size", 10**12),
    ("chrono_init", True), ("chrono_init", "yes"),
]  # fmt: skip
BAD_ARGUMENTS_OF_REGRESSORS = [
    ("loss", None), ("loss", "log_loss"), ("delta", -1), ("delta", np.nan), ("delta", True), ("quantile", 0.0),
    ("quantile", np.nan), ("quantile", ()), ("quantile", (0.5, 1.0)), ("quantile", (0.5, np.nan)), ("quantile", {0.5}),
    ("validation_gap", -1), ("validation_gap", 2.5), ("quantile", "a"), ("quantile", None),
    ("quantile", [[0.5]]), ("quantile", (True,)), ("quantile", np.array(2.0)),
]  # fmt: skip
BAD_ARGUMENTS_OF_CLASSIFIERS = [
    ("class_weight", "auto"), ("class_weight", 3), ("class_weight", [1, 1]), ("class_weight", True),
]  # fmt: skip
BAD_WEIGHTS_OF_CLASSES = [-1, np.nan, np.inf, None, "a", [1], True, 1j]
BAD_OPTIONS_OF_SCHEDULES = [
    ("step", "every", 0), ("step", "every", np.nan), ("step", "factor", "a"), ("step", "factor", True),
    ("step", "factor", 1.5), ("step", "speed", 1), ("exponential", "factor", -1), ("cosine", "warm_up", -1),
    ("cosine", "end", 2), ("plateau", "patience", 0), ("plateau", "factor", np.nan), ("constant", "factor", 1),
]  # fmt: skip


def of_values(cases):
    return pytest.mark.parametrize("name, value", cases, ids=[f"{name}={value!r}" for name, value in cases])


ASKS_FOR = {"delta": {"loss": "huber"}, "quantile": {"loss": "quantile"}}


def refuses_argument(make, name, value):
    model = make(**ASKS_FOR.get(name, {})).set_params(**{name: value})
    message = refused_clearly((TypeError, ValueError), [name, repr(value)], model.fit, X, TARGETS[make])
    assert " must " in message or " give " in message, f"does not say what is allowed: {message}"


@both
@of_values(BAD_ARGUMENTS)
def test_an_argument_out_of_range_is_refused(make, name, value):
    refuses_argument(make, name, value)


@of_values(BAD_ARGUMENTS_OF_REGRESSORS)
def test_an_argument_out_of_range_is_refused_by_the_regressor(name, value):
    refuses_argument(regressor, name, value)


@of_values(BAD_ARGUMENTS_OF_CLASSIFIERS)
def test_an_argument_out_of_range_is_refused_by_the_classifier(name, value):
    refuses_argument(classifier, name, value)


def test_every_argument_has_a_value_that_is_refused():
    shared = {name for name, _ in BAD_ARGUMENTS}
    of_regressors = {name for name, _ in BAD_ARGUMENTS_OF_REGRESSORS}
    of_classifiers = {name for name, _ in BAD_ARGUMENTS_OF_CLASSIFIERS}
    assert set(RNNRegressor().get_params()) == shared | of_regressors
    assert set(RNNClassifier().get_params()) == shared | of_classifiers


@pytest.mark.parametrize("value", BAD_WEIGHTS_OF_CLASSES, ids=repr)
def test_a_weight_of_a_class_that_is_none_is_refused(value):
    model = classifier(class_weight={"up": 1, "down": value})
    refused_clearly(ValueError, ["class_weight", repr(value), "'down'"], model.fit, X, CLASSES)


def test_weights_of_other_classes_and_of_none_are_refused():
    words = ["class_weight has the keys [1, 0], but the classes are ['down', 'up']"]
    refused_clearly(ValueError, words, classifier(class_weight={1: 2, 0: 1}).fit, X, CLASSES)
    words = ["class_weight is zero for every row", "positive"]
    refused_clearly(ValueError, words, classifier(class_weight={"up": 0, "down": 0}).fit, X, CLASSES)
    is_up = np.array(CLASSES) == "up"
    words = ["sample_weight times class_weight is zero for every row", "positive"]
    refused_clearly(ValueError, words, classifier(class_weight={"up": 0}).fit, X, CLASSES, is_up)


@pytest.mark.parametrize("names", [("0", "1"), (0.0, 1.0), (False, True)], ids=str)
def test_weights_of_classes_go_by_their_names_of_any_type(names):
    expected = classifier(class_weight={"up": 2, "down": 3}).fit(X, CLASSES).parameters_
    model = classifier(class_weight={names[1]: 2, names[0]: 3})
    of_rows = np.array(names)[(np.array(CLASSES) == "up").astype(int)]
    np.testing.assert_array_equal(model.fit(X, of_rows).parameters_, expected)


def test_a_class_without_a_weight_has_one_and_a_weight_without_a_class_is_of_no_effect():
    expected = classifier(class_weight={"up": 2, "down": 1}).fit(X, CLASSES).parameters_
    for weights in ({"up": 2}, {"up": 2, "down": 1, "sideways": 9}):
        np.testing.assert_array_equal(classifier(class_weight=weights).fit(X, CLASSES).parameters_, expected)


@both
@pytest.mark.parametrize("name, option, value", BAD_OPTIONS_OF_SCHEDULES)
def test_an_option_of_a_schedule_out_of_range_is_refused(make, name, option, value):
    model = make(schedule={"name": name, option: value})
    with pytest.raises(ValueError, match=rf"(?s)schedule.*{option}|{option}.*schedule") as caught:
        model.fit(X, TARGETS[make])
    assert "\n" not in str(caught.value)


# Weights of the network


@named(test_weights.BAD_WEIGHTS, "change, kind, words")
def test_weights_of_a_network_that_do_not_fit_are_refused_by_the_classifier(change, kind, words):
    model = classifier(hidden_layer_sizes=(4, 3)).fit(DEEP.astype("f4"), np.arange(24) % 3)
    before = model.parameters_.copy()
    refused_clearly(kind, words, model.set_weights, change(model.get_weights()))
    np.testing.assert_array_equal(model.parameters_, before)


# Overflow inside


@both
@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
@pytest.mark.parametrize("activation", ["tanh", "relu"])
@pytest.mark.parametrize("factor", [1e30, 1e150, 1e300])
def test_windows_that_overflow_inside_are_refused_or_leave_finite_weights(make, cell, activation, factor):
    model = make(cell=cell, activation=activation, clip_norm=None)
    try:
        model.fit(np.abs(X) * factor, TARGETS[make])
        is_right = np.isfinite(model.parameters_).all() and np.isfinite(model.encode(X)).all()
    except ValueError as error:
        is_right = "not finite in the first epoch; scale the data" in str(error)
    assert is_right


@both
def test_predictions_that_overflow_are_refused_and_name_the_row(make):
    model = make(cell="rnn", activation="relu").fit(X, TARGETS[make])
    weights = {name: np.full_like(values, 2.0) for name, values in model.get_weights().items()}
    model.set_weights(weights)
    huge = put(1e308, float, np.abs(X))
    assert np.isfinite(model.encode(np.abs(X))).all()
    methods = ["encode"] + (["predict"] if make is regressor else ["decision_function"])
    for method in methods:
        refused_clearly(ValueError, ["row 3 of X is not finite", "float64"], getattr(model, method), huge)


def test_counts_beyond_the_range_of_floats_are_refused():
    model = regressor(loss="poisson").fit(X, HALF)
    weights = {**model.get_weights(), "head.b_y": [800.0]}  # exp(709.8) is the largest float
    refused_clearly(ValueError, ["row 0 of X is not finite"], model.set_weights(weights).predict, X)


@pytest.mark.parametrize("n_classes", [2, 3])
def test_logarithms_of_probabilities_that_are_rounded_to_zero_are_finite(n_classes):
    model = classifier().fit(X, np.arange(24) % n_classes)
    bias = np.array([800.0, 0.0, -800.0])[: n_classes if n_classes > 2 else 1]
    weights = {**model.get_weights(), "head.W_y": np.zeros((3, len(bias))), "head.b_y": bias}
    logs = model.set_weights(weights).predict_log_proba(X[:1])
    expected = [[-800, 0]] if n_classes == 2 else [[0, -800, -1600]]
    np.testing.assert_array_equal(logs, expected)
    assert np.count_nonzero(model.predict_proba(X[:1])) == 1


# SequenceEncoder; most of what it refuses stands in tests/test_tokens.py.

TEXTS = ["It was good", "it was bad"]
IDS = SequenceEncoder().fit_transform(TEXTS)

BAD_TEXTS = {
    "a masked text": (lambda: np.ma.array(TEXTS, mask=[False, True]), TypeError, ["row 1", "masked"]),
    "None in a new dtype": (lambda: np.array(["a", None], NewText(na_object=None)), TypeError,
                            ["row 1", "None"]),
    "keys of a dict": (lambda: dict.fromkeys(TEXTS).keys(), TypeError, ["dict_keys", "give a list"]),
    "range": (lambda: range(3), TypeError, ["range(0, 3)", "give a list"]),
    "deque": (lambda: deque(TEXTS), TypeError, ["deque", "give a list"]),
    "memoryview": (lambda: memoryview(b"abc"), TypeError, ["memoryview", "give a list"]),
    "bytearray": (lambda: bytearray(b"abc"), TypeError, ["bytearray", "give a list"]),
    "array module": (lambda: array("d", [1.0]), TypeError, ["array('d'", "give a list"]),
    "own sequence": (lambda: Sequence(TEXTS), TypeError, ["Sequence", "give a list"]),
    "class": (lambda: list, TypeError, ["list", "give a list"]),
    "function": (lambda: len, TypeError, ["len", "give a list"]),
    "table of another library": (lambda: Table(np.array([TEXTS])), ValueError, ["(1, 2)", "one column"]),
    "complex": (lambda: [1j], TypeError, ["row 0", "1j", "not a text"]),
    "infinity": (lambda: ["a", np.inf], TypeError, ["row 1", "inf", "not a text"]),
    "decimals": (lambda: [decimal.Decimal(1)], TypeError, ["row 0", "Decimal('1')", "not a text"]),
    "an array of dates": (lambda: np.array(["2020"], "M8[D]"), TypeError, ["row 0", "datetime64", "not a text"]),
    "records": (lambda: np.zeros(2, [("a", "U3")]), TypeError, ["row 0", "('',)", "not a text"]),
    "raw bytes": (lambda: np.zeros(2, "V3"), TypeError, ["row 0", "void", "not a text"]),
    "sparse Series": (lambda: pd.Series(pd.arrays.SparseArray([1, 0])), TypeError, ["row 0", "1", "not a text"]),
    "lists of two lengths": (lambda: [["a"], ["a", "b"]], TypeError, ["row 0", "['a']", "unit='symbol'"]),
}  # fmt: skip

MEANT_TEXTS = {
    "tuple": lambda: tuple(TEXTS),
    "array": lambda: np.array(TEXTS),
    "array of objects": lambda: np.array(TEXTS, dtype=object),
    "array of a new dtype": lambda: np.array(TEXTS, NewText()),
    "array of another library": lambda: Convertible(np.array(TEXTS)),
    "big-endian": lambda: np.array(TEXTS).astype(">U11"),
    "reversed": lambda: np.array(TEXTS[::-1])[::-1],
    "read-only": lambda: read_only(np.array(TEXTS)),
    "masked array without a mask": lambda: np.ma.array(TEXTS),
    "Series in another order": lambda: pd.Series(TEXTS, index=[5, 3]),
    "Series of one stamp": lambda: pd.Series(TEXTS, index=[1, 1]),
    "Series of several levels": lambda: pd.Series(TEXTS, index=pd.MultiIndex.from_tuples([(0, 1), (0, 2)])),
    "string Series": lambda: pd.Series(TEXTS, dtype="string"),
    "categories": lambda: pd.Series(TEXTS, dtype="category"),
    "Index": lambda: pd.Index(TEXTS),
    "array of pandas": lambda: pd.array(TEXTS),
    "texts of NumPy": lambda: list(map(np.str_, TEXTS)),
}

BAD_SYMBOLS = {
    "masked": (lambda: [np.ma.array([1, 2], mask=[0, 1])], TypeError, ["row 0", "None", "missing"]),
    "a Series as a row": (lambda: [pd.Series([1, 2])], TypeError, ["row 0", "dtype: int64", "not a list of symbols"]),
    "an Index as a row": (lambda: [pd.Index([1, 2])], TypeError, ["row 0", "Index([1, 2]", "not a list of symbols"]),
    "categories as a row": (lambda: [pd.Categorical(["a"])], TypeError, ["row 0", "['a']", "not a list of symbols"]),
    "a range as a row": (lambda: [range(3)], TypeError, ["row 0", "range(0, 3)", "not a list of symbols"]),
    "a deque as a row": (lambda: [deque([1])], TypeError, ["row 0", "deque([1])", "not a list of symbols"]),
    "a sparse row": (lambda: [sparse.csr_array(np.eye(1))], TypeError, ["row 0", "not a list of symbols"]),
    "an array of two dimensions": (lambda: np.array([[1, 2], [3, 4]], dtype=object), ValueError, ["(2, 2)", "list(X)"]),
    "NaN inside a tuple": (lambda: [[("a", np.nan)]], TypeError, ["row 0", "('a', nan)", "missing"]),
    "None inside a tuple": (lambda: [[("a", None)]], TypeError, ["row 0", "('a', None)", "missing"]),
    "NaN of float32": (lambda: [[np.float32("nan")]], TypeError, ["row 0", "nan", "missing"]),
    "NaN of decimals": (lambda: [[decimal.Decimal("nan")]], TypeError, ["row 0", "Decimal('NaN')", "missing"]),
    "signalling NaN": (lambda: [[decimal.Decimal("sNaN")]], TypeError, ["row 0", "Decimal('sNaN')", "missing"]),
    "an array as a symbol": (lambda: [[np.array(1), 2]], TypeError, ["row 0", "array(1)", "not hashable"]),
}  # fmt: skip

UNSORTABLE = {
    "complex": (lambda: [[1j, 2j]], ["sorted", "complex", "one type"]),
    "functions": (lambda: [[len, print]], ["sorted", "builtin_function_or_method", "one type"]),
    "objects": (lambda: [[object(), object()]], ["sorted", "object", "one type"]),
    "tuples of mixed types": (lambda: [[("a", 1), ("a", "b")]], ["sorted", "tuple", "one type"]),
}  # fmt: skip

MEANT_SYMBOLS = {  # with their vocabulary
    "arrays": (lambda: [np.arange(3), np.arange(2)], [0, 1, 2]),
    "reversed": (lambda: [np.arange(3)[::-1]], [0, 1, 2]),
    "big-endian": (lambda: [np.arange(3).astype(">i8")], [0, 1, 2]),
    "an array of lists": (lambda: pd.Series([[1], [2, 3]]).to_numpy(), [1, 2, 3]),
    "infinity": (lambda: [[np.inf, 1.0]], [1.0, np.inf]),
    "booleans": (lambda: [[True, False]], [False, True]),
    "equal numbers of other types": (lambda: [[1, 1.0, True]], [1]),
    "zeros of both signs": (lambda: [[0.0, -0.0]], [0.0]),
    "bytes": (lambda: [[b"b", b"a"]], [b"a", b"b"]),
    "stamps": (lambda: [[pd.Timestamp("2021"), pd.Timestamp("2020")]], [pd.Timestamp("2020"), pd.Timestamp("2021")]),
    "huge integers": (lambda: [[10**400, 2]], [2, 10**400]),
    "tuples": (lambda: [[("b", 2), ("a", 1)]], [("a", 1), ("b", 2)]),
}  # fmt: skip

BAD_IDS = {
    "sparse": (lambda: sparse.csr_array([[2, 3]]), TypeError, ["sparse matrix", "toarray"]),
    "masked": (lambda: np.ma.array([[2, 3]], mask=[[0, 1]]), ValueError, ["X has 1 masked value", "fill"]),
    "complex": (lambda: np.array([[2j]]), TypeError, ["row 0 of X holds 2j", "integers"]),
    "dates": (lambda: np.array([["2020"]], "M8[D]"), TypeError, ["row 0 of X holds", "datetime64", "integers"]),
    "a frame of dates": (lambda: pd.DataFrame({"a": pd.date_range("2020", periods=1)}), TypeError, ["datetime64"]),
    "the largest unsigned": (lambda: np.array([[2**64 - 1]], "u8"), ValueError, [str(2**64 - 1), "too large"]),
    "beyond int64": (lambda: [[10**30]], ValueError, [str(10**30), "too large"]),
    "NA of Int64": (lambda: pd.DataFrame([[2, None]]).astype("Int64"), TypeError, ["row 0 of X holds", "integers"]),
    "a dict": (lambda: {"a": [1]}, TypeError, ["X is {'a': [1]}", "dict"]),
    "a set": (lambda: {1}, TypeError, ["X is {1}", "set"]),
    "a text": (lambda: "23", TypeError, ["X is '23'", "str"]),
    "a number": (lambda: 3, TypeError, ["X is 3", "int"]),
    "a Series": (lambda: pd.Series([2, 3]), ValueError, ["(2,)", "(n_samples, n_steps)"]),
    "no rows": (lambda: [], ValueError, ["X is empty"]),
    "an empty frame": (lambda: pd.DataFrame(), ValueError, ["X is empty"]),
    "infinity": (lambda: [[np.inf]], TypeError, ["row 0 of X holds inf", "integers"]),
    "records": (lambda: np.zeros((2, 2), [("a", int)]), TypeError, ["row 0 of X holds", "void", "integers"]),
    "a ragged list of tables": (lambda: [[[2], [3]], [[2]]], ValueError, ["row 0 of X has shape (2, 1)"]),
    "a text among rows": (lambda: [[2, 3], "ab"], TypeError, ["row 1 of X is 'ab'", "no sequence of ids"]),
    "own sequence": (lambda: Sequence([[2, 3]]), TypeError, ["of type Sequence", "rows of ids"]),
}  # fmt: skip

MEANT_IDS = {
    "uint8": lambda: IDS.astype("u1"),
    "big-endian": lambda: IDS.astype(">i8"),
    "Fortran order": lambda: np.asfortranarray(IDS),
    "reversed": lambda: IDS[:, ::-1].copy()[:, ::-1],
    "read-only": lambda: read_only(IDS),
    "tuples": lambda: tuple(map(tuple, IDS)),
    "frame": lambda: pd.DataFrame(IDS),
    "frame of names that come twice": lambda: pd.DataFrame(IDS, columns=["a", "a", "b"]),
    "array of another library": lambda: Convertible(IDS),
    "lists of several lengths": lambda: [row[row > 0].tolist() for row in IDS[:1]] + [[*IDS[1], 0]],
    "masked array without a mask": lambda: np.ma.array(IDS),
}

BAD_ARGUMENTS_OF_ENCODERS = [
    ("unit", ["word"]), ("unit", b"word"), ("unit", "Word"), ("unit", True), ("max_tokens", np.nan),
    ("max_tokens", True), ("max_tokens", np.inf), ("max_tokens", "5"), ("min_count", -1), ("min_count", np.nan),
    ("min_count", "1"), ("max_length", "3"), ("max_length", np.nan), ("max_length", 3.0), ("max_length", 10**30),
    ("truncate", "END"), ("truncate", ["end"]), ("lowercase", 1), ("lowercase", 2), ("token_pattern", 3),
    ("token_pattern", ["a"]), ("token_pattern", ""), ("token_pattern", "["), ("token_pattern", "a|"),
    ("token_pattern", r"\b"), ("token_pattern", "(?=a)"), ("token_pattern", "(x)?good"),
]  # fmt: skip


@named(BAD_TEXTS)
@pytest.mark.parametrize("unit", ["word", "character"])
def test_what_are_no_texts_is_refused(unit, given, kind, words):
    encoder = SequenceEncoder(unit).fit(TEXTS)
    for call in (SequenceEncoder(unit).fit, encoder.fit, encoder.transform):
        refused_clearly(kind, words, call, given())
    assert encoder.vocabulary_ == SequenceEncoder(unit).fit(TEXTS).vocabulary_


@named(BAD_SYMBOLS)
def test_what_are_no_lists_of_symbols_is_refused(given, kind, words):
    for call in (SequenceEncoder("symbol").fit, SequenceEncoder("symbol").fit([[1, 2]]).transform):
        refused_clearly(kind, words, call, given())


@named(UNSORTABLE, "given, words")
def test_symbols_without_an_order_are_refused_by_fit_and_unknown_to_transform(given, words):
    refused_clearly(TypeError, words, SequenceEncoder("symbol").fit, given())
    assert (SequenceEncoder("symbol").fit([[1, 2]]).transform(given()) == 1).all()


@pytest.mark.parametrize("given", MEANT_TEXTS.values(), ids=MEANT_TEXTS.keys())
def test_texts_in_any_container_mean_the_list(given):
    encoder = SequenceEncoder()
    np.testing.assert_array_equal(encoder.fit_transform(given()), IDS)
    np.testing.assert_array_equal(encoder.fit(TEXTS).transform(given()), IDS)


@named(MEANT_SYMBOLS, "given, vocabulary")
def test_symbols_that_have_an_order_are_told_by_equality(given, vocabulary):
    encoder = SequenceEncoder("symbol")
    ids = encoder.fit_transform(given())
    assert sorted(encoder.vocabulary_) == vocabulary
    assert encoder.inverse_transform(ids) == [list(row) for row in given()]


@named(BAD_IDS)
def test_what_are_no_ids_is_refused(given, kind, words):
    refused_clearly(kind, words, SequenceEncoder().fit(TEXTS).inverse_transform, given())


@pytest.mark.parametrize("given", MEANT_IDS.values(), ids=MEANT_IDS.keys())
def test_ids_of_any_type_and_layout_mean_the_plain_array(given):
    assert SequenceEncoder().fit(TEXTS).inverse_transform(given()) == ["it was good", "it was bad"]


@of_values(BAD_ARGUMENTS_OF_ENCODERS)
def test_an_argument_out_of_range_is_refused_by_the_encoder(name, value):
    refused_clearly((TypeError, ValueError), [name, repr(value)], SequenceEncoder(**{name: value}).fit_transform, TEXTS)


@pytest.mark.parametrize(
    "text, words",
    [("a\0b", ["a", "\0", "b"]), ("\ud800 a", ["\ud800", "a"]), ("e\u0301", ["e", "\u0301"]), ("\u00a0", [])],
    ids=["zero character", "half a surrogate pair", "combining mark", "no-break space"],
)
def test_strange_characters_are_words_or_space(text, words):
    encoder = SequenceEncoder().fit([text, "plain"])
    assert set(encoder.vocabulary_) == {*words, "plain"}
    assert encoder.inverse_transform(encoder.transform([text])) == [" ".join(words)]


# How many


def test_each_estimator_has_a_hundred_cases_of_malformed_input():
    windows = len(BAD_WINDOWS) + len(BAD_SHAPES_TO_PREDICT) + len(BAD_Y) + len(BAD_SAMPLE_WEIGHTS) + len(BAD_ARGUMENTS)
    encoder = [BAD_TEXTS, BAD_SYMBOLS, UNSORTABLE, BAD_IDS, BAD_ARGUMENTS_OF_ENCODERS]
    encoder += [test_tokens.BAD_TEXTS, test_tokens.BAD_SYMBOLS, test_tokens.BAD_IDS, test_tokens.BAD_ARGUMENTS]
    assert windows + len(BAD_TARGETS) >= 100
    assert windows + len(BAD_CLASSES) >= 100
    assert sum(map(len, encoder)) >= 100
    assert (
        len(test_generator.BAD_ROWS)
        + len(test_generator.BAD_PROMPTS)
        + len(test_generator.NO_NEXT)
        + sum(map(len, test_generator.BAD_ARGUMENTS.values()))
        >= 100
    )
