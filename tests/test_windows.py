"""Windows are views of the series, in order, complete, and parted by time."""

import numpy as np
import pytest

from tsrnn.windows import cut_windows, split_windows

SHAPES = [(30, 7, 3), (30, 1, 1), (30, 20, 10), (30, 1, 29), (30, 29, 1)]


def stamps(n):
    """Return a series whose values are its own row numbers."""
    return np.arange(float(n))


@pytest.mark.parametrize("n, lookback, horizon", SHAPES)
def test_windows_equal_the_slices_of_a_plain_loop(n, lookback, horizon):
    values = np.random.default_rng(0).normal(size=n)
    X, y, _ = cut_windows(values, lookback, horizon)
    firsts = range(n - lookback - horizon + 1)
    np.testing.assert_array_equal(X, [values[k : k + lookback, None] for k in firsts])
    np.testing.assert_array_equal(y, [values[k + lookback : k + lookback + horizon] for k in firsts])


@pytest.mark.parametrize("n, lookback, horizon", SHAPES)
def test_last_window_ends_at_the_last_value(n, lookback, horizon):
    X, y, _ = cut_windows(stamps(n), lookback, horizon)
    assert y[-1, -1] == n - 1
    assert X[0, 0, 0] == 0


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_windows_share_their_memory_with_the_series(dtype):
    values = np.arange(1000, dtype=dtype)
    X, y, _ = cut_windows(values, 100, 50)
    training, validation = split_windows(values, 100, 50, 200)
    for view in (X, y, training.X, training.y, validation.X, validation.y):
        assert np.shares_memory(view, values)
        assert view.dtype == dtype
    values[500] = -1
    assert X[500, 0, 0] == X[401, 99, 0] == y[400, 0] == -1


def test_series_shorter_than_one_window_has_no_windows_to_give():
    with pytest.raises(ValueError, match="window"):
        cut_windows(stamps(9), 7, 3)


@pytest.mark.parametrize("n, lookback, horizon, n_validation", [(40, 7, 3, 10), (40, 7, 3, 3), (40, 20, 5, 15)])
def test_split_parts_targets_by_time(n, lookback, horizon, n_validation):
    training, validation = split_windows(stamps(n), lookback, horizon, n_validation)
    border = n - n_validation
    assert training.y.max() == border - 1
    assert training.X.max() == border - 1 - horizon
    assert validation.y.min() == border
    assert validation.y.max() == n - 1
    assert validation.X.min() == border - lookback


@pytest.mark.parametrize("n, lookback, horizon, n_validation", [(40, 7, 3, 10), (40, 7, 3, 3), (40, 20, 5, 15)])
def test_split_keeps_every_window_there_is(n, lookback, horizon, n_validation):
    training, validation = split_windows(stamps(n), lookback, horizon, n_validation)
    assert len(training.X) == len(training.y) == n - n_validation - lookback - horizon + 1
    assert len(validation.X) == len(validation.y) == n_validation - horizon + 1


def test_values_after_the_border_change_no_training_window():
    before, after = stamps(40), stamps(40)
    after[30:] = np.random.default_rng(0).normal(size=10)
    for one, two in zip(split_windows(before, 7, 3, 10)[0], split_windows(after, 7, 3, 10)[0], strict=True):
        np.testing.assert_array_equal(one, two)
