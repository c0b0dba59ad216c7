"""Windows of series that stand side by side: each sees its own series alone, and a sample of them is spread evenly."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tsrnn.network.windows import SeriesWindows, draw_some

NAN = np.nan


def side_by_side(series, horizon, lookback, **options):
    """Return all windows of some series, which a first target at every row but the first has."""
    padded = [np.append(one, [NAN] * horizon) for one in series]
    firsts = np.cumsum([0, *map(len, padded)])[:-1]
    lengths = np.array([len(one) for one in series])
    counts = np.maximum(lengths - horizon, 0)
    rows = np.concatenate(padded)[:, None]
    return SeriesWindows(rows, 1, lookback, horizon, firsts, firsts + 1, counts, **options)


def seen(flat, n_targets):
    """Return for each window that counts what it sees and its targets, read as kernels do."""
    X, Y = flat.X, flat.Y
    windows = []
    for sample in flat.samples:
        first, n = X.origins[sample], X.lengths[sample]
        of_window = X.values[X.first + (first + np.arange(n)) * X.strides[1]]
        targets = Y.values[Y.first + (first + n + np.arange(n_targets)) * Y.strides[1]]
        windows.append((of_window.tolist(), targets.tolist()))
    return windows


lengths = st.lists(st.integers(1, 12), min_size=1, max_size=5)


@settings(deadline=None)
@given(lengths, st.integers(1, 4), st.integers(1, 6))
def test_a_window_sees_its_own_series_up_to_its_border_and_all_are_there(lengths, horizon, lookback):
    series = [100 * number + np.arange(float(n)) for number, n in enumerate(lengths)]
    expected = [
        (one[max(0, border - lookback) : border].tolist(), one[border : border + horizon].tolist())
        for one in series
        for border in range(1, len(one) - horizon + 1)
    ]
    windows = side_by_side(series, horizon, lookback)
    assert len(windows) == len(expected)
    if expected:
        assert seen(windows.all(), horizon) == expected
        backwards = seen(windows.take(np.arange(len(windows))[::-1].copy()), horizon)
        assert backwards == expected[::-1]


def test_nothing_is_copied_for_windows():
    windows = side_by_side([np.arange(1000.0)], 3, 100)
    flat = windows.take(np.arange(900))
    assert np.shares_memory(flat.X.values, windows.rows)
    assert np.shares_memory(flat.Y.values, windows.rows)


def test_windows_without_a_known_target_of_any_weight_do_not_count():
    series = np.array([0, 1, NAN, NAN, 4, 5.0])
    windows = side_by_side([series], 2, 3)
    np.testing.assert_array_equal(windows.take(np.arange(4)).samples, [0, 2, 3])  # 1-2, 3-4 and 4-5, not 2-3
    weights = np.array([1.0, 0, 1, 1, 0, 1, 1, 1])
    windows = side_by_side([series], 2, 3, weights=weights)
    np.testing.assert_array_equal(windows.take(np.arange(4)).samples, [3])
    assert seen(windows.all(), 2)[0][1] == [4, 5]


@pytest.mark.parametrize("per_epoch", [1, 3, None])
def test_every_draw_has_a_target_however_few_windows_have_one(per_epoch):
    series = np.full(500, NAN)
    series[[200, 201, 333]] = 1
    windows = side_by_side([series, np.full(40, NAN)], 2, 3, per_epoch=per_epoch)
    for seed in range(20):
        flat = windows.draw(True, np.random.RandomState(seed))
        assert len(flat.samples) == len(flat.X.origins) == (per_epoch or 5)  # targets 199-200, ... 201-202, 332 and 333
        assert not any(np.isnan(targets).all() for _, targets in seen(flat, 2))
    assert len(windows.all().samples) == (per_epoch or 5) and len(windows.some(2).samples) == 2


@pytest.mark.parametrize("season", [2, 3, 7, 12, 24, 168])
@pytest.mark.parametrize("n, most", [(24_000, 1000), (16_800, 700), (5000, 999)])
def test_a_spread_sample_holds_every_phase_of_a_season_about_alike(n, most, season):
    windows = side_by_side([np.arange(float(n + 1))], 1, 5)
    flat = windows.some(most)
    assert len(set(flat.samples)) == len(flat.samples) == most
    borders = flat.X.origins + flat.X.lengths
    assert (np.diff(borders) > 0).all()
    assert np.diff(borders).max() <= 2 * n / most + 1  # one of each stretch
    of_phase = np.bincount(borders % season, minlength=season)
    # Equal distances, of 24 hours say, would have one phase alone.
    assert of_phase.max() < 2.2 * most / season + 2
    assert of_phase.min() > 0.3 * most / season - 2


def test_validation_has_as_many_windows_as_an_epoch_or_all():
    series = [np.arange(30.0), np.arange(50.0)]
    few, many, all_of_them = (side_by_side(series, 3, 5, per_epoch=n).all() for n in (10, 1000, None))
    assert len(few.samples) == 10
    assert (few.X.origins >= 33).sum() in (6, 7)  # 47 of 74 windows are of the second series
    assert len(many.samples) == len(all_of_them.samples) == 74


@pytest.mark.parametrize("n, n_drawn", [(10, 10), (1000, 999), (10**12, 500)])
def test_drawn_windows_are_all_different(n, n_drawn):
    drawn = draw_some(n, n_drawn, np.random.RandomState(0))
    assert len(set(drawn.tolist())) == n_drawn
    assert 0 <= drawn.min() <= drawn.max() < n
    assert not (np.diff(drawn) > 0).all()
