"""What is done to a series before training is learnt on its training part, and undone to the forecast."""

import numpy as np
import pandas as pd
import pytest
from refusals import refused
from sklearn.preprocessing import PowerTransformer

import tsrnn
from tsrnn.decomposition import seasonal_figures

N, SEASON, HORIZON = 60, 7, 3
DAYS = pd.date_range("2024-01-01", periods=N + HORIZON, freq="D")
RNG = np.random.default_rng(0)
LEVELS = np.exp(0.02 * np.arange(N) + np.sin(2 * np.pi * np.arange(N) / SEASON) + 0.1 * RNG.normal(size=N))
SALES = pd.Series(LEVELS, DAYS[:N], name="sales")
PANEL = pd.DataFrame({"a": LEVELS, "b": 50 + 10 * np.roll(LEVELS, 3)}, DAYS[:N])


def forecaster(target_transform="auto", **changes):
    settings = {"lookback": 8, "hidden_layer_sizes": 4, "max_iter": 2, "random_state": 0, "dtype": "float64"}
    settings |= {"early_stopping": False, "target_transform": target_transform}
    return tsrnn.RNNForecaster(HORIZON, **settings | changes)


FIGURES = seasonal_figures(LEVELS, np.array([0, N]), SEASON)[0]
WAYS = {  # the transformed values, and the way back of a forecast
    "log1p": (np.log1p(LEVELS), np.expm1),
    "difference": (np.diff(LEVELS), lambda f: LEVELS[-1] + np.cumsum(f)),
    "seasonal_difference": (
        LEVELS[SEASON:] - LEVELS[:-SEASON],
        lambda f: f + LEVELS[N - SEASON : N - SEASON + HORIZON],
    ),
    "deseasonalise": (
        LEVELS - FIGURES[np.arange(N) % SEASON],
        lambda f: f + FIGURES[np.arange(N, N + HORIZON) % SEASON],
    ),
}


@pytest.mark.parametrize("name", WAYS)
def test_it_is_as_if_the_transformed_series_were_forecast_and_the_forecast_brought_back(name):
    values, back = WAYS[name]
    by_hand = forecaster().fit(pd.Series(values, DAYS[N - len(values) : N])).forecast()
    # Differences are centred on the mean of other sums, in the last bits.
    np.testing.assert_allclose(forecaster(name).fit(SALES).forecast(), back(by_hand.to_numpy()), rtol=1e-9)


@pytest.mark.parametrize(
    "given", [*WAYS, "boxcox", "yeojohnson", "stl", ["log1p", "difference"], PowerTransformer()], ids=str
)
def test_every_row_gets_a_finite_forecast_that_says_the_same_as_a_memory_that_ends_before_it(given):
    model = forecaster(given).fit(SALES[:40])
    assert np.isfinite(model.predict(SALES[:40])).all()
    model.update(SALES[40:])
    expected = model._forecasts_from(np.zeros(1, int), np.array([N]))[0, :, 0]
    np.testing.assert_array_equal(model.forecast(), expected)
    longer = model.forecast(3 * HORIZON)
    assert np.isfinite(longer).all()
    np.testing.assert_array_equal(longer[:HORIZON], expected)


@pytest.mark.parametrize("given", ["boxcox", "yeojohnson", "deseasonalise", "stl", ["boxcox", "difference"]], ids=str)
def test_nothing_is_learnt_from_what_is_held_out(given):
    held = {"early_stopping": True, "validation_fraction": 0.5, "refit": False}
    other = SALES.where(np.arange(N) < N // 2, 3 * SALES[::-1].to_numpy())
    models = [forecaster(given, **held).fit(data) for data in (SALES, other)]
    rows = SALES[: N // 2]  # fitted values of which tell scale and season
    assert models[0].loss_curve_[0] == models[1].loss_curve_[0]
    for model in models:
        model.set_weights(models[0].get_weights())
    np.testing.assert_array_equal(models[0].predict(rows), models[1].predict(rows))


def test_series_of_a_panel_learn_apart_and_one_too_short_for_differences_is_forecast_the_same_everywhere():
    short = PANEL.where((np.arange(N) >= N - 5)[:, None] | [True, False])
    alone = forecaster("seasonal_difference").fit(PANEL[["a"]])
    model = forecaster("seasonal_difference").fit(short)
    learnt = [one._members[0].preparation.transforms[0].transforms for one in (model, alone)]
    assert learnt[0][0].mean_[0] == learnt[1][0].mean_[0] and learnt[0][1].scale_[0] == learnt[1][1].scale_[0]
    assert np.isfinite(model.predict(short)).all()
    ends = np.array([N - 5, N]) - model.panel_.starts[1]
    expected = model._forecasts_from(np.array([1, 1]), ends)  # a mean, and differences from nothing
    np.testing.assert_allclose(expected[0], short["b"].mean(), rtol=1e-15)  # sums in another order
    np.testing.assert_array_equal(expected[1, :, 0], model.forecast()["b"])


def test_a_missing_value_stays_missing_behind_a_transform():
    holed = SALES.where(np.arange(N) % 11 != 5)
    for missing in ("mask", "interpolate"):
        model = forecaster(["log1p", "difference"], missing=missing).fit(holed)
        assert np.isfinite(model.predict(holed)).all() and np.isfinite(model.forecast(7)).all()


def test_bounds_hold_the_forecast_and_nothing_else():
    free = forecaster().fit(SALES)
    low, high = SALES.min() * 0.5, free.predict(SALES).max() * 0.9
    high = max(high, SALES.max())
    model = forecaster(bounds=(low, None)).fit(SALES)
    np.testing.assert_array_equal(model.predict(SALES), np.maximum(free.predict(SALES), low))
    falling = pd.Series(LEVELS[::-1] - SALES.min(), DAYS[:N])
    model, free = forecaster(bounds=(0, None)).fit(falling), forecaster().fit(falling)
    assert free.forecast(30).min() < 0
    np.testing.assert_array_equal(model.forecast(30), np.maximum(free.forecast(30), 0))


@pytest.mark.parametrize(
    "bounds, kind, words",
    [
        (5, TypeError, ["pair of numbers", "(0, None)", "5"]),
        ((0, "9"), TypeError, ["pair of numbers", "'9'"]),
        ((0, 1, 2), TypeError, ["pair of numbers", "(0, 1, 2)"]),
        ((3, 1), ValueError, ["lower", "below the upper", "(3, 1)"]),
        ((float("nan"), 1), ValueError, ["below the upper", "nan"]),
        ((2, None), ValueError, ["'sales'", "out of the bounds (2.0, inf)", "2024-01-"]),
    ],
)
def test_bounds_that_do_not_fit_are_refused(bounds, kind, words):
    refused(kind, words, forecaster(bounds=bounds).fit, SALES)


def test_an_update_out_of_bounds_or_of_the_domain_of_a_transform_changes_nothing():
    later = pd.Series([-2.0], DAYS[N : N + 1], name="sales")
    for changes in ({"bounds": (0, None)}, {"target_transform": "log1p"}):
        model = forecaster(**changes).fit(SALES)
        before = model.forecast()
        refused(ValueError, ["-2"], model.update, later)
        np.testing.assert_array_equal(model.forecast(), before)


def test_a_series_too_short_for_its_differences_is_refused():
    words = ["has 9 rows", "one to see + 7 to take differences from + horizon 3", "at least 11"]
    refused(ValueError, words, forecaster("seasonal_difference").fit, SALES[:9])
    refused(ValueError, ["needs a season", "season 1"], forecaster("seasonal_difference").fit, SALES[::2])
