"""Windows that are made for the windowed estimators: those of the slow twin, and views all the way into the kernels."""

import tracemalloc

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from refusals import refused

import tsrnn.base
from tsrnn import RNNRegressor, make_windows
from tsrnn.network import training

DAYS = pd.date_range("2024-01-01", periods=40, freq="D", name="day")
ROWS = np.arange(40.0)


def twin(rows, n_targets, lookback, horizon, step):
    """Return windows and targets of one series (n, n_columns), one by one."""
    firsts = range(0, len(rows) - lookback - horizon + 1, step)
    X = [rows[first : first + lookback] for first in firsts]
    y = [rows[first + lookback : first + lookback + horizon, :n_targets] for first in firsts]
    return np.array(X), np.array(y), [first + lookback for first in firsts]


SIZES = [(7, 3, 1), (7, 3, 2), (1, 1, 1), (20, 20, 1), (39, 1, 5), (1, 39, 1), (5, 2, 11)]


@pytest.mark.parametrize("lookback, horizon, step", SIZES)
def test_windows_of_one_series_are_those_of_the_twin(lookback, horizon, step):
    values = np.random.default_rng(0).normal(size=40)
    X, y, stamps = make_windows(pd.Series(values, DAYS), lookback, horizon, step)
    expected, targets, borders = twin(values[:, None], 1, lookback, horizon, step)
    np.testing.assert_array_equal(X, expected)
    np.testing.assert_array_equal(y, targets[:, :, 0])
    assert list(stamps) == list(DAYS[borders])
    assert stamps.name == "day"


@pytest.mark.parametrize("target", ["b", ["b"], ["b", "a"]])
def test_of_a_frame_the_targets_are_the_first_features_and_the_others_follow(target):
    frame = pd.DataFrame({"a": ROWS, "b": 100 + ROWS, "c": 200 + ROWS}, DAYS)
    X, y, _ = make_windows(frame, 5, 2, target=target)
    names = [*target, *(name for name in "abc" if name not in target)]
    expected, targets, _ = twin(frame[names].to_numpy(), len(target), 5, 2, 1)
    np.testing.assert_array_equal(X, expected)
    np.testing.assert_array_equal(y, targets if len(target) > 1 else targets[:, :, 0])


def as_long(series):
    parts = [pd.DataFrame({"unique_id": id_, "ds": one.index, "y": one.to_numpy()}) for id_, one in series.items()]
    return pd.concat(parts)


@st.composite
def panels(draw):
    """Return some series that each begin on a day of their own, the sizes of windows, and a step."""
    lookback, horizon, step = draw(st.integers(1, 5)), draw(st.integers(1, 4)), draw(st.integers(1, 3))
    series = {}
    for number in range(draw(st.integers(1, 4))):
        n, start = draw(st.integers(lookback + horizon, 15)), draw(st.integers(0, 20))
        series[f"s{draw(st.integers(0, 99))}-{number}"] = pd.Series(100.0 * number + np.arange(n), DAYS[start:][:n])
    return series, lookback, horizon, step


@settings(max_examples=25, deadline=None)
@given(panels(), st.booleans())
def test_windows_never_cross_series_nor_leave_one_out(drawn, is_long):
    series, *sizes = drawn
    frame = as_long(series)
    frame = frame if is_long else frame.set_index(["unique_id", "ds"])
    X, y, stamps = make_windows(frame, *sizes, freq="D")
    expected = [twin(one.to_numpy()[:, None], 1, *sizes) for one in series.values()]
    np.testing.assert_array_equal(X, np.concatenate([one for one, _, _ in expected]))
    np.testing.assert_array_equal(y, np.concatenate([one[:, :, 0] for _, one, _ in expected]))
    pairs = zip(series.items(), expected, strict=True)
    assert list(stamps) == [(id_, one.index[border]) for (id_, one), (_, _, borders) in pairs for border in borders]
    assert list(stamps.names) == ["unique_id", "ds"]


def test_columns_of_a_wide_frame_are_series():
    frame = pd.DataFrame({"a": ROWS, "b": 100 + ROWS}, DAYS)
    of_wide, of_long = make_windows(frame, 5, 2), make_windows(as_long({"a": frame["a"], "b": frame["b"]}), 5, 2)
    for one, two in zip(of_wide, of_long, strict=True):
        np.testing.assert_array_equal(one, two)


@pytest.mark.parametrize("kind", ["float32", "float64"])
@pytest.mark.parametrize("target", [None, "a"])
def test_windows_of_one_series_are_views_of_one_array_of_its_own(kind, target):
    frame = pd.DataFrame({"a": ROWS, "b": -ROWS}, DAYS).astype(kind)
    frame = frame[["a"]] if target is None else frame
    X, y, _ = make_windows(frame, 10, 3, 2, target=target)
    assert X.dtype == y.dtype == kind
    assert np.shares_memory(X[3, 2], X[4, 0])
    assert np.shares_memory(X, y)
    assert not X.flags.writeable and not y.flags.writeable  # one number stands in many windows
    frame.iloc[:] = 7
    assert X[0, 5, 0] == 5


def test_float32_with_other_numbers_becomes_float64():
    frame = pd.DataFrame({"a": ROWS.astype(np.float32), "b": np.arange(40)}, DAYS)
    assert make_windows(frame, 5, target="a").X.dtype == np.float64


@pytest.mark.parametrize("kind", ["float32", "float64"])
@pytest.mark.parametrize("n_features", [1, 2])
def test_the_regressor_trains_on_these_very_views(monkeypatch, kind, n_features):
    n, lookback, horizon = 30_000, 200, 4
    series = pd.DataFrame({"a": np.sin(np.arange(n) / 9), "b": np.cos(np.arange(n) / 7)}).astype(kind)
    X, y, _ = make_windows(series[["a", "b"][:n_features]], lookback, horizon, target="a")
    model = RNNRegressor("rnn", hidden_layer_sizes=2, batch_size=4096, max_iter=1, random_state=0, n_jobs=1)
    model.fit(X[:500], y[:500]).predict(X[:500])
    trained, read = [], []

    def train(architecture, parameters, windows, *arguments):
        trained.append(windows)
        return training.train(architecture, parameters, windows, *arguments)

    def flatten(array):
        read.append(real(array))
        return read[-1]

    real = training.flatten
    monkeypatch.setattr(tsrnn.base, "train", train)
    monkeypatch.setattr(training, "flatten", flatten)
    tracemalloc.start()
    model.fit(X, y)
    _, of_fit = tracemalloc.get_traced_memory()
    tracemalloc.reset_peak()
    model.predict(X)
    _, of_prediction = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    (windows,) = trained
    for given_to_fit, found in ((X, windows.X), (y, windows.y), (X, windows.flat().X.values), (X, read[-1].values)):
        assert np.shares_memory(given_to_fit, found)
    # Windows take 24 MB in float32, 48 in float64 and twice as much with two features; targets 2 % of that. What may
    # be made are some numbers for each window: its place, its weight, its loss, its prediction.
    assert of_fit < 100 * len(X)
    assert of_prediction < 100 * len(X)
    assert X.nbytes >= 8 * 100 * len(X)


NUMBERS = pd.Series(ROWS, DAYS, name="sales")


@pytest.mark.parametrize(
    "kind, words, frame, sizes",
    [
        (ValueError, ["series 'sales' has 40 rows", "lookback 30 + horizon 12 needs at least 42"], NUMBERS, (30, 12)),
        (
            ValueError,
            ["series 'b' has 3 rows", "at least 7", "leave the series out"],
            as_long({"a": NUMBERS, "b": NUMBERS[:3]}),
            (5, 2),
        ),
        (ValueError, ["1 missing value", "fill them"], NUMBERS.where(NUMBERS != 7), (5, 2)),
        (ValueError, ["1 absent stamp"], NUMBERS.drop(DAYS[7]), (5, 2)),
        (ValueError, ["lookback must be at least one step; got 0"], NUMBERS, (0, 2)),
        (TypeError, ["horizon must be a whole number of steps; got 2.0"], NUMBERS, (5, 2.0)),
        (TypeError, ["step must be a whole number of steps; got True"], NUMBERS, (5, 2, True)),
    ],
)
def test_what_cannot_be_cut_is_refused(kind, words, frame, sizes):
    refused(kind, words, make_windows, frame, *sizes)


@pytest.mark.parametrize(
    "column, words",
    [
        (pd.Categorical(["x", "y"] * 20), ["column 'b' holds categories", "encode it"]),
        ([np.nan, 1.0] * 20, ["column 'b' has missing or infinite values"]),
        ([np.inf, 1.0] * 20, ["'b' holds an infinite value in row 0"]),
    ],
)
def test_features_that_are_no_finite_numbers_are_refused(column, words):
    frame = pd.DataFrame({"a": ROWS, "b": column}, DAYS)
    refused(ValueError, words, make_windows, frame, 5, target="a")
