"""Seasonal figures, against a slow twin that fits each line by least squares; seasons that are known; outliers; STL."""

import sys

import numpy as np
import pytest
from refusals import refused

from tsrnn.decomposition import season_of_rows, seasonal_figures, stl_seasonal

SIZES = [(24, 12), (60, 12), (137, 12), (14, 7), (70, 7), (8, 4), (41, 4), (30, 3), (30, 2), (104, 52)]


def side_by_side(panel):
    """Return the values and bounds of a list of series."""
    return np.concatenate([np.zeros(0), *panel]), np.cumsum([0, *map(len, panel)])


def figures_of(panel, m):
    return seasonal_figures(*side_by_side(panel), m)


def make_panel(n_series, n, m, size, seed=0):
    """Return series of a line, a season of figures with deviation `size` and normal noise with 1, and the figures."""
    rng = np.random.default_rng(seed)
    figures = size * rng.normal(size=(n_series, m))
    figures -= figures.mean(axis=1, keepdims=True)
    rows = np.arange(n)
    return 100 + 0.05 * rows + figures[:, rows % m] + rng.normal(size=(n_series, n)), figures


def naive_figures(z, m):
    """Return the shrunk figures of one series without outliers: all in loops, each line by least squares."""
    rows = np.flatnonzero(~np.isnan(z))
    phases = rows % m
    seen = np.unique(phases)
    lines = np.zeros((len(rows), len(rows)))
    for k, row in enumerate(rows):
        weights = np.sqrt(np.maximum(1 - np.abs((rows - row) / (0.75 * m)) ** 3, 0) ** 3)
        line = np.stack([np.ones(len(rows)), rows - row], axis=1) * weights[:, None]
        lines[k] = np.linalg.pinv(line)[0] * weights
    s = np.zeros(m)
    for _ in range(6):
        rest = z[rows] - lines @ (z[rows] - s[phases])
        s = np.zeros(m)
        s[seen] = [rest[phases == phase].mean() for phase in seen]
        s[seen] -= s[seen].mean()
    residuals = rest - s[phases]
    noise = residuals @ residuals / max(len(rows) - (len(seen) - 1) - np.trace(lines), 1)
    variance = noise * np.mean([1 / np.sum(phases == phase) for phase in seen])
    return s * max(0, 1 - max(len(seen) - 3, 1) * variance / (s @ s))


@pytest.mark.parametrize("n, m", SIZES)
@pytest.mark.parametrize("share_missing", [0, 0.1])
def test_figures_equal_those_of_the_slow_twin(n, m, share_missing):
    panel, _ = make_panel(4, n + 3 * m * (share_missing > 0), m, size=1.0, seed=n)
    panel[np.random.default_rng(1).random(panel.shape) < share_missing] = np.nan
    expected = [naive_figures(z, m) for z in panel]
    assert np.abs(expected).max() > 0.1
    # The twin's least squares round at 1e-16 times the condition of a line times values of 100.
    np.testing.assert_allclose(figures_of(panel, m), expected, rtol=0, atol=1e-9)


@pytest.mark.parametrize("n, m", [(36, 12), (60, 12), (70, 7), (20, 4), (15, 3), (10, 2), (1500, 300), (520, 52)])
def test_season_without_noise_is_found_within_a_hundredth(n, m):
    figures = np.random.default_rng(m).normal(size=m) * 7
    figures -= figures.mean()
    z = 1000 - 0.3 * np.arange(n) + figures[np.arange(n) % m]
    # After each of six passes some twentieth of the error is left, a third where there are but three periods.
    np.testing.assert_allclose(figures_of([z], m)[0], figures, rtol=0, atol=0.01 * np.abs(figures).max())


def test_smooth_trend_is_no_season():
    rows = np.arange(120)
    z = 50 * np.sin(rows / 40) + np.tile([2.0, 1, 0, -1, -1, -1], 20)
    np.testing.assert_allclose(figures_of([z], 6)[0], [2, 1, 0, -1, -1, -1], rtol=0, atol=0.05)  # the trend is curved


@pytest.mark.parametrize(
    "n, m, most", [(24, 12, 0.3), (60, 12, 0.25), (70, 7, 0.4), (200, 24, 0.15), (104, 52, 0.1), (60, 4, 0.75)]
)
def test_figures_of_noise_are_nearly_nothing(n, m, most):
    panel, _ = make_panel(400, n, m, size=0.0)
    figures = figures_of(panel, m)
    unshrunk = (m - 1) / n  # the mean square of m centred means of n / m values of variance 1
    assert np.mean(figures**2) < most * unshrunk  # in theory below 2 / (m - 1), of few phases 3 / 4 or so
    assert np.mean(np.abs(figures).max(axis=1) == 0) > 0.1


@pytest.mark.parametrize("n, m", SIZES)
def test_strong_season_is_hardly_shrunk(n, m):
    panel, figures = make_panel(50, n, m, size=30.0)
    errors = figures_of(panel, m) - figures
    assert np.sqrt(np.mean(errors**2)) < 2 * np.sqrt(m / n)  # the deviation of a mean, and as much for what shrinks


def test_shrinking_beats_both_no_figures_and_plain_means_where_the_season_is_weak():
    panel, figures = make_panel(500, 60, 12, size=0.4)
    errors = figures_of(panel, 12) - figures
    assert np.mean(errors**2) < 0.8 * min(np.mean(figures**2), 11 / 60)


@pytest.mark.parametrize("n, m", [(24, 12), (36, 12), (60, 12), (14, 7), (70, 7), (40, 4), (30, 3), (30, 2), (200, 24)])
@pytest.mark.parametrize("sign", [-1, 1])
def test_outlier_of_a_hundred_deviations_moves_the_figures_by_little(n, m, sign):
    panel, _ = make_panel(200, n, m, size=2.0)
    spoilt = panel.copy()
    spoilt[np.arange(200), np.random.default_rng(3).integers(0, n, 200)] += sign * 100
    moves = np.abs(figures_of(spoilt, m) - figures_of(panel, m)).max(axis=1)
    n_cycles = n // m
    # Means that lose one of their values move by some deviations / n_cycles, those that are spoilt by 100 / n_cycles.
    assert moves.max() < 8 / n_cycles
    assert np.median(moves) < 1.5 / n_cycles


def test_outliers_of_a_tenth_of_all_values_are_left_out():
    panel, figures = make_panel(200, 120, 12, size=2.0)
    spoilt = np.where(np.random.default_rng(4).random(panel.shape) < 0.1, panel + 100, panel)
    clean_error = np.mean((figures_of(panel, 12) - figures) ** 2)
    assert np.mean((figures_of(spoilt, 12) - figures) ** 2) < 1.5 * clean_error  # a tenth fewer values, and rare misses


@pytest.mark.parametrize("n, m, n_series", [(60, 12, 40), (14, 7, 300)])
def test_hardly_a_value_of_clean_series_is_taken_for_an_outlier(n, m, n_series):
    panel, _ = make_panel(n_series, n, m, size=2.0)
    expected = [naive_figures(z, m) for z in panel]  # without a word of outliers
    are_same = np.isclose(figures_of(panel, m), expected, rtol=0, atol=1e-9).all(axis=1)
    assert np.mean(are_same) > 0.98  # of normal noise one in some millions is five deviations away, if these are known


@pytest.mark.parametrize("phase, change", [(2, 25), (0, -25)])
def test_of_two_cycles_the_one_nearer_to_the_level_counts(phase, change):
    season = np.tile([10.0, 0.0, -10.0], 4)
    z = np.tile(season, 2) + 0.1 * np.random.default_rng(2).normal(size=24)
    z[phase + 12] += change  # from 10 away from the level on one side to 15 on the other
    np.testing.assert_allclose(figures_of([z], 12)[0], season, rtol=0, atol=0.5)  # several deviations of the noise


def test_long_period_is_looked_at_for_sixteen_times():
    season = np.random.default_rng(3).normal(size=30_000)
    rows = np.arange(480_000)
    z = np.where(rows < 180_000, 2.0, 1.0) * season[rows % 30_000]  # twice the season in 6 of 16 periods
    found = figures_of([z], 30_000)[0]
    assert found @ season / (season @ season) > 1.2  # near 22 / 16; in the latest 262,144 rows it is 1


def test_season_of_counts_most_of_which_are_zero_is_kept():
    rng = np.random.default_rng(5)
    rates = np.array([0.05, 0.05, 0.1, 0.1, 0.2, 0.3, 0.5, 0.5, 0.7, 0.8, 1.0, 2.0])
    figures = figures_of(rng.poisson(np.tile(rates, 10), size=(300, 120)).astype(float), 12)
    assert np.corrcoef(figures.mean(axis=0), rates)[0, 1] > 0.95


def test_one_season_a_year_is_no_outlier():
    z = np.tile([*[0.0] * 11, 80.0], 6) + np.random.default_rng(6).normal(size=72)
    assert figures_of([z], 12)[0].argmax() == 11
    assert figures_of([z], 12)[0].max() > 70


def test_unit_changes_no_bit_and_level_nothing_but_rounding():
    panel, _ = make_panel(20, 60, 12, size=1.0)
    figures = figures_of(panel, 12)
    np.testing.assert_array_equal(figures_of(panel * 1024, 12), figures * 1024)
    np.testing.assert_allclose(figures_of(panel * -0.3, 12), figures * -0.3, rtol=0, atol=1e-11)
    np.testing.assert_allclose(figures_of(panel + 12345, 12), figures, rtol=0, atol=1e-9)
    np.testing.assert_allclose(figures_of(panel * 1e300, 12) / 1e300, figures, rtol=0, atol=1e-11)
    np.testing.assert_allclose(figures_of(panel * 1e-300, 12) / 1e-300, figures, rtol=0, atol=1e-11)


def test_line_added_to_a_series_changes_nothing():
    panel, _ = make_panel(20, 60, 12, size=1.0)
    np.testing.assert_allclose(figures_of(panel + 3 * np.arange(60), 12), figures_of(panel, 12), rtol=0, atol=1e-9)


def test_season_later_by_a_step_gives_figures_later_by_a_step():
    z = make_panel(1, 61, 12, size=5.0)[0][0]
    np.testing.assert_allclose(figures_of([z[1:]], 12)[0], np.roll(figures_of([z[:60]], 12)[0], -1), rtol=0, atol=1.0)


def test_figures_of_a_long_period_are_those_of_their_series_to_the_bit():
    panel, _ = make_panel(5, 1300, 600, size=2.0)
    np.testing.assert_array_equal(figures_of(panel, 600), [figures_of([z], 600)[0] for z in panel])


def test_figures_of_a_series_are_its_own_to_the_bit():
    rng = np.random.default_rng(7)
    panel = [make_panel(1, n, 12, size=2.0, seed=k)[0][0] for k, n in enumerate(rng.integers(10, 90, 300))]
    for z in panel[::3]:
        z[rng.random(len(z)) < 0.1] = np.nan
    for z in panel[::5]:
        z[rng.integers(len(z))] += 100
    figures = figures_of(panel, 12)
    np.testing.assert_array_equal(figures[::11], [figures_of([z], 12)[0] for z in panel[::11]])
    order = rng.permutation(300)
    np.testing.assert_array_equal(figures_of([panel[k] for k in order], 12), figures[order])


def test_series_of_one_length_that_fill_several_blocks_are_all_done():
    panel, expected = make_panel(2000, 36, 12, size=30.0)  # of which some 900 are done at a time
    figures = figures_of(panel, 12)
    assert np.sqrt(np.mean((figures - expected) ** 2, axis=1)).max() < 4 / np.sqrt(3)  # deviations of means of three


@pytest.mark.parametrize("m", [7, 12])
def test_very_long_series_has_the_season_of_its_latest_values(m):
    season = np.arange(m) - (m - 1) / 2
    rows = np.arange(500_005)
    z = np.where(rows < 230_000, season[::-1][rows % m], season[rows % m])  # the latest 262,144 are looked at
    np.testing.assert_allclose(figures_of([z], m)[0], season, rtol=0, atol=1e-3)  # what six passes leave


def test_missing_rows_after_a_series_are_as_if_not_there():
    panel, _ = make_panel(10, 60, 12, size=1.0)
    longer = np.concatenate([panel, np.full((10, 31), np.nan)], axis=1)
    np.testing.assert_allclose(figures_of(longer, 12), figures_of(panel, 12), rtol=0, atol=1e-11)


def test_outlier_beside_missing_values_is_left_out():
    panel, figures = make_panel(100, 72, 12, size=2.0)
    rng = np.random.default_rng(8)
    panel[rng.random(panel.shape) < 0.2] = np.nan
    panel[:, 20:30] = np.nan
    panel[np.arange(100), rng.integers(30, 72, 100)] += 100
    assert np.sqrt(np.mean((figures_of(panel, 12) - figures) ** 2)) < 2 * np.sqrt(1 / 4.5)  # 4.5 values of each phase


def test_missing_stretches_make_no_outliers():
    rows = np.arange(96)
    rises = 5 * rows + make_panel(1, 96, 12, size=2.0)[0][0]
    rises[:30] = rises[70:80] = np.nan
    peaks = np.tile([*[0.0] * 11, 80.0], 8) + np.random.default_rng(6).normal(size=96)
    peaks[:11] = np.nan  # of the first period the peak alone
    expected = [naive_figures(z, 12) for z in (rises, peaks)]
    np.testing.assert_allclose(figures_of([rises, peaks], 12), expected, rtol=0, atol=1e-9)  # as for all figures


def test_phase_that_is_never_observed_has_no_figure_and_the_others_have_theirs():
    panel, figures = make_panel(1, 72, 12, size=30.0)
    panel[0, 5::12] = np.nan
    found, others = figures_of(panel, 12)[0], np.arange(12) != 5
    assert found[5] == 0
    expected = figures[0, others] - figures[0, others].mean()
    np.testing.assert_allclose(found[others], expected, rtol=0, atol=4 / np.sqrt(6))  # four deviations of a mean of six


@pytest.mark.parametrize("n_observed, has_season", [(23, False), (24, True)])
def test_season_needs_two_periods_of_observed_values(n_observed, has_season):
    z = np.tile(np.arange(12.0), 4)
    z[n_observed:] = np.nan
    assert figures_of([z], 12).any() == has_season
    assert figures_of([z[:n_observed]], 12).any() == has_season


@pytest.mark.parametrize(
    "z", [np.full(60, 0.1), np.zeros(60), 0.1 + np.arange(60) / 3, np.full(60, np.nan)],
    ids=["constant", "zero", "line", "missing"],
)  # fmt: skip
def test_series_without_a_season_have_none_but_rounding(z):
    assert np.abs(figures_of([z], 12)).max() < 1e-12


def test_no_period_no_series_and_empty_series_have_no_season():
    assert figures_of([np.arange(10.0)], 1).tolist() == [[0.0]]
    assert figures_of([], 12).shape == (0, 12)
    assert not figures_of([np.zeros(0), np.arange(5.0)], 4).any()


def test_values_are_left_as_they_are():
    values, bounds = side_by_side(make_panel(3, 60, 12, size=1.0)[0])
    values[7] = np.nan
    values.flags.writeable = False
    seasonal_figures(values, bounds, 12)


def test_season_goes_on_by_phase_for_each_period():
    rows = np.array([0, 7, 25])
    assert season_of_rows(rows, [np.arange(24.0), 100 * np.arange(7.0)]).tolist() == [0, 7, 401]
    assert season_of_rows(rows, []).tolist() == [0, 0, 0]


def test_stl_finds_a_season_and_carries_its_last_cycle_on():
    rows = np.arange(12 * 12 + 5)
    season = 5 * np.sin(2 * np.pi * rows / 12)
    seasonal, figures = stl_seasonal(season + 0.1 * rows, 12)
    np.testing.assert_allclose(seasonal, season, rtol=0, atol=0.05)  # smoothing takes some thousandths
    (last,) = figures
    np.testing.assert_array_equal(season_of_rows(rows[-12:], figures), seasonal[-12:])
    np.testing.assert_array_equal(season_of_rows(rows[-12:] + 36, figures), seasonal[-12:])
    assert last.shape == (12,)


def test_mstl_takes_several_periods_in_any_order():
    rows = np.arange(30 * 8 + 11)
    values = np.sin(2 * np.pi * rows / 7) + 2 * np.sin(2 * np.pi * rows / 30) + 0.001 * rows
    seasonal, (long, short) = stl_seasonal(values, [30, 7])
    assert (long.shape, short.shape) == ((30,), (7,))
    assert np.ptp(short) < 3 < np.ptp(long)  # of sines of one and two
    np.testing.assert_allclose(seasonal, values - 0.001 * rows, rtol=0, atol=0.2)  # smoothing takes some of both
    np.testing.assert_allclose(season_of_rows(rows[-7:], [long, short]), seasonal[-7:], rtol=0, atol=1e-12)
    np.testing.assert_array_equal(stl_seasonal(values, (7, 30))[0], seasonal)


def test_robust_stl_withstands_an_outlier():
    rows = np.arange(144)
    season = np.sin(2 * np.pi * rows / 12)
    values = season + 0.1 * np.random.default_rng(9).normal(size=144)
    values[70] += 50
    worst = {robust: np.abs(stl_seasonal(values, 12, robust=robust)[0] - season).max() for robust in (False, True)}
    assert worst[True] < 0.5 < 5 < worst[False]


@pytest.mark.parametrize(
    "values, periods, words",
    [
        (np.array([1.0, np.nan] * 20), 4, ["missing or infinite", "fill them"]),
        (np.array([1.0, np.inf] * 20), 4, ["missing or infinite"]),
        (np.arange(20.0), 1, ["from 2 on", "[1]"]),
        (np.arange(20.0), [], ["[]"]),
        (np.arange(20.0), [4, 4], ["different", "[4, 4]"]),
        (np.arange(23.0), 12, ["23 values", "period of 12", "at least 24"]),
        (np.arange(24.0), [4, 12], ["24 values", "at least 25", "Leave that period out"]),
    ],
)
def test_series_that_stl_cannot_decompose_is_refused(values, periods, words):
    refused(ValueError, words, stl_seasonal, values, periods)


@pytest.mark.parametrize("n, periods", [(24, 12), (25, [4, 12]), (4, 2)])
def test_shortest_series_that_stl_takes(n, periods):
    assert stl_seasonal(np.arange(n) % 2.0, periods)[0].shape == (n,)


def test_stl_without_its_package_is_refused_with_the_cure_and_own_figures_do_without(monkeypatch):
    for name in ("statsmodels", "statsmodels.tsa", "statsmodels.tsa.seasonal"):
        monkeypatch.setitem(sys.modules, name, None)  # as Python marks a module that cannot be imported
    refused(ImportError, ["STL", "python -m pip install statsmodels"], stl_seasonal, np.arange(24.0), 12)
    assert figures_of([np.tile([1.0, -1.0], 10)], 2).any()
