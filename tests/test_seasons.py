"""Differences and seasons are taken out by the rows of each series, and put back by them."""

import sys

import numpy as np
import pytest
from refusals import refused
from statsmodels.tsa import seasonal

import tsrnn.seasons
from tsrnn.seasons import STL, Deseasonalise, Difference

NAN = np.nan
rng = np.random.default_rng(5)


def side_by_side(*series):
    """Return series as one array and its bounds."""
    return np.concatenate([np.asarray(one, np.float64) for one in series]), np.cumsum([0, *map(len, series)])


def holed(n, share):
    values = rng.normal(size=n).cumsum()
    values[rng.random(n) < share] = NAN
    return values


# Differences


def last_observed(series, row, lag):
    """Return the last observed value `lag`, 2 `lag`, ... rows before a row of a list; the slow twin."""
    row -= lag
    while row >= 0:
        if row < len(series) and series[row] == series[row]:
            return series[row]
        row -= lag
    return NAN


PANELS = {
    "whole": [rng.normal(size=n) for n in (30, 7, 12, 1)],
    "holed": [holed(40, 0.3), holed(9, 0.5), [], [NAN] * 20, holed(25, 0.9), [NAN, NAN, 4.0], holed(60, 0.6)],
    "one": [holed(300, 0.95)],
}
each_panel = pytest.mark.parametrize("series", PANELS.values(), ids=PANELS)
each_lag = pytest.mark.parametrize("lag", [1, 2, 5, 24])


@each_panel
@each_lag
def test_each_difference_is_to_the_last_observed_value_of_its_phase(series, lag):
    values, bounds = side_by_side(*series)
    expected = [one[row] - last_observed(one, row, lag) for one in series for row in range(len(one))]
    np.testing.assert_array_equal(Difference(lag).transform(values, bounds), expected)


@each_panel
@each_lag
@pytest.mark.parametrize("n_steps", [1, 4, 7])
def test_forecasts_are_added_to_the_history_before_them_and_to_one_another(series, lag, n_steps):
    values, bounds = side_by_side(*series)
    transform = Difference(lag)
    transform.mean_ = 100.0 + np.arange(len(series))
    # From each row, and some rows after the end, where what lies between is missing.
    origins = [(s, row) for s, one in enumerate(series) for row in range(len(one) + 4)]
    forecasts = rng.normal(size=(len(origins), n_steps))
    forecasts[rng.random(forecasts.shape) < 0.2] = NAN
    expected = np.empty_like(forecasts)
    for i, (s, row) in enumerate(origins):
        known = [*series[s][:row], *[NAN] * (row - len(series[s]))]
        for step in range(n_steps):
            base = last_observed(known, row + step, lag)
            known.append(forecasts[i, step] + (base if base == base else transform.mean_[s]))
            expected[i, step] = known[-1]
    s, rows = np.array(origins).T
    np.testing.assert_array_equal(transform.inverse_transform(forecasts, s, rows, values, bounds), expected)


def test_the_first_rows_are_lost_and_no_more():
    values, bounds = side_by_side(rng.normal(size=20), rng.normal(size=5))
    for lag in (1, 4):
        transform = Difference(lag)
        lost = np.isnan(transform.fit(values, bounds).transform(values, bounds))
        assert transform.n_lost == lag
        assert np.flatnonzero(lost).tolist() == [*range(lag), *range(20, 20 + lag)]


def test_what_no_value_stands_before_is_added_to_the_mean():
    values, bounds = side_by_side([NAN, 2.0, 4.0, NAN], [1e308] * 3, [NAN])
    transform = Difference().fit(values, bounds)
    back = transform.inverse_transform([[1.0], [0.0], [1.0]], [0, 1, 2], [1, 0, 1], values, bounds)
    np.testing.assert_array_equal(back, [[4], [1e308], [1]])


@each_lag
def test_forecasts_may_have_further_axes(lag):
    values, bounds = side_by_side(rng.normal(size=30), rng.normal(size=40))
    transform = Difference(lag).fit(values, bounds)
    forecasts, series, rows = rng.normal(size=(3, 6, 2)), [1, 0, 1], [40, 25, 30]
    back = transform.inverse_transform(forecasts, series, rows, values, bounds)
    for quantile in range(2):
        alone = transform.inverse_transform(forecasts[:, :, quantile], series, rows, values, bounds)
        np.testing.assert_array_equal(back[:, :, quantile], alone)


def test_differences_that_overflow_are_refused_by_the_name_of_their_series():
    panel = side_by_side([1.0, 2.0], [1e308, -1e308])
    refused(ValueError, ["series 1", "1e+308", "overflow", "divide"], Difference().fit, *panel)
    refused(ValueError, ["series 'B' has"], Difference().fit, *panel, ["series 'A'", "series 'B'"])


def test_a_lag_that_no_series_is_long_enough_for_is_refused():
    panel = side_by_side([1.0, 2.0, 3.0], [1.0, 2.0])
    assert Difference(2).fit(*panel)
    refused(ValueError, ["lag 3", "longest", "3 rows", "smaller lag"], Difference(3).fit, *panel)
    assert Difference(3).fit(*side_by_side([NAN, NAN], []))  # nothing to learn, and nothing to refuse


# One figure for each phase


@pytest.fixture
def figures(monkeypatch):
    """Figures that tell series and phase, in the place of those that are learnt."""

    def given(values, bounds, period):
        assert values.dtype == np.float64
        return 100.0 * np.arange(len(bounds) - 1)[:, None] + np.arange(period)

    monkeypatch.setattr(tsrnn.seasons, "seasonal_figures", given)


@pytest.mark.usefixtures("figures")
def test_the_figure_of_its_phase_is_subtracted_from_each_value():
    values, bounds = side_by_side([1, 1, 1, 1, NAN, 1, 1, 1], [], [5, 5])
    z = Deseasonalise(3).fit(values, bounds).transform(values, bounds)
    np.testing.assert_array_equal(z, [1, 0, -1, 1, NAN, -1, 1, 0, -195, -196])


@pytest.mark.usefixtures("figures")
def test_the_figures_of_its_rows_are_added_to_a_forecast():
    transform = Deseasonalise(3).fit(*side_by_side([1.0] * 7, [1.0] * 5))
    np.testing.assert_array_equal(
        transform.inverse_transform([[0, 0, 0, 0], [0.5, 0, 0, 0]], [1, 0], [5, 7]),
        [[102, 100, 101, 102], [1.5, 2, 0, 1]],
    )
    quantiles = transform.inverse_transform(np.zeros((1, 4, 2)), [1], [5])
    np.testing.assert_array_equal(quantiles, np.repeat([[[102], [100], [101], [102]]], 2, axis=2))


# STL and MSTL


def wave(n, *seasons):
    rows = np.arange(n)
    return 10 + 0.1 * rows + sum(np.sin(2 * np.pi * rows / season) * season for season in seasons) + rng.normal(size=n)


def test_stl_subtracts_what_statsmodels_finds_and_then_its_last_season():
    learnt = [wave(50, 6), wave(12, 6), wave(31, 6)]
    transform = STL([6]).fit(*side_by_side(*learnt))
    longer = [np.concatenate([one, rng.normal(size=15)]) for one in learnt]
    z = np.split(transform.transform(*side_by_side(*longer)), np.cumsum([len(one) for one in longer])[:-1])
    for mine, before, after in zip(learnt, longer, z, strict=True):
        found = seasonal.STL(mine, period=6).fit().seasonal
        season = [*found, *found[-6:], *found[-6:], *found[-6:-3]]
        # It is found in values divided by their largest, which rounds differently.
        np.testing.assert_allclose(after, before - season, rtol=0, atol=1e-11)


def test_mstl_subtracts_several_seasons_each_of_which_repeats():
    learnt = wave(80, 4, 10)
    longer = np.concatenate([learnt, rng.normal(size=13)])
    found = seasonal.MSTL(learnt, periods=(4, 10)).fit().seasonal
    season = found.sum(axis=1)
    after = [found[76 + k % 4, 0] + found[70 + k % 10, 1] for k in range(13)]
    for seasons in ((4, 10), (10, 4, 4)):
        z = STL(seasons).fit(*side_by_side(learnt)).transform(*side_by_side(longer))
        np.testing.assert_allclose(z, longer - [*season, *after], rtol=0, atol=1e-11)


def test_the_season_of_its_rows_is_added_to_a_forecast():
    learnt = [wave(40, 4, 10), wave(33, 4, 10)]
    values, bounds = side_by_side(*[np.concatenate([one, np.zeros(12)]) for one in learnt])
    transform = STL((4, 10)).fit(*side_by_side(*learnt))
    season = -transform.transform(values * 0, bounds)
    back = transform.inverse_transform(np.zeros((3, 8, 2)), [1, 0, 1], [30, 44, 0])
    for i, first in enumerate((bounds[1] + 30, 44, bounds[1])):
        np.testing.assert_array_equal(back[i], np.repeat(season[first : first + 8, None], 2, axis=1))


def test_what_is_missing_is_interpolated_for_learning_and_missing_afterwards():
    whole = np.sin(np.arange(48) * np.pi / 6) * 5
    values = whole.copy()
    values[[0, 7, 8, 47]] = NAN
    filled = whole.copy()
    filled[[0, 7, 8, 47]] = whole[1], whole[6] * 2 / 3 + whole[9] / 3, whole[6] / 3 + whole[9] * 2 / 3, whole[46]
    z = STL([12]).fit(*side_by_side(values)).transform(*side_by_side(values))
    np.testing.assert_allclose(z, values - seasonal.STL(filled, period=12).fit().seasonal, rtol=0, atol=1e-11)


def test_equal_values_have_no_season_however_few_they_are():
    values, bounds = side_by_side([0.1] * 30, [], [NAN] * 5, [7.0, NAN], wave(24, 12))
    transform = STL([12]).fit(values, bounds)
    np.testing.assert_array_equal(transform.transform(values, bounds)[:37], values[:37])
    np.testing.assert_array_equal(
        transform.inverse_transform(np.ones((4, 2)), np.arange(4), [30, 0, 5, 2]), np.ones((4, 2))
    )


@pytest.mark.parametrize("size", [1e-300, 1e300])
def test_a_season_of_any_size_is_found(size):
    values = wave(60, 12)
    z = STL([12]).fit(*side_by_side(values)).transform(*side_by_side(values))
    scaled = STL([12]).fit(*side_by_side(values * size)).transform(*side_by_side(values * size))
    np.testing.assert_allclose(scaled / size, z, rtol=0, atol=1e-11)


def test_series_of_less_than_two_seasons_are_refused():
    panel = side_by_side(wave(24, 12), wave(23, 12))
    words = ["23 rows", "need 24", "season of 12", "deseasonalise"]
    refused(ValueError, ["series 1", *words], STL([12]).fit, *panel)
    refused(ValueError, ["series 'B'", *words], STL([12]).fit, *panel, ["series 'A'", "series 'B'"])
    refused(ValueError, ["series 0", "24 rows", "need 25", "season of 12"], STL([4, 12]).fit, *panel)
    assert STL([4, 12]).fit(*side_by_side(wave(25, 12)))


def test_without_statsmodels_it_says_what_to_do(monkeypatch):
    monkeypatch.setitem(sys.modules, "statsmodels.tsa.seasonal", None)
    refused(ImportError, ["STL", "statsmodels", "deseasonalise"], STL([2]).fit, *side_by_side(wave(9, 2)))
