"""What "auto" means, and that anything else passes through untouched."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from tsrnn import choices
from tsrnn.baselines import SeasonalNaive
from tsrnn.choices import (
    MANY_WINDOWS,
    Recipe,
    best_way,
    resolve,
    resolve_lookback,
    resolve_max_iter,
    resolve_patch,
    season_to_remove,
    sizes_for,
)
from tsrnn.forecaster import RNNForecaster

LOG = ["signed_log1p", "deseasonalise"]


@pytest.mark.parametrize(
    "horizon, season, lookback",
    [(1, 1, 2), (12, 12, 15), (18, 12, 23), (6, 52, 65), (24, 7, 30), (104, 52, 130), (3, 4, 5)],
)
def test_auto_lookback_is_five_quarters_of_the_longer_of_horizon_and_season_rounded_up(horizon, season, lookback):
    assert resolve_lookback("auto", horizon, (season,), 10**6) == lookback
    assert type(resolve_lookback("auto", horizon, (season,), 10**6)) is int


@pytest.mark.parametrize(
    "horizon, n_rows, lookback",
    [(48, 672, 336), (48, 671, 60), (300, 672, 336), (720, 8640, 336), (300, 671, 375), (1, 100, 30)],
)
def test_auto_lookback_is_two_weeks_whatever_the_horizon_where_half_of_the_rows_are_left(horizon, n_rows, lookback):
    assert resolve_lookback("auto", horizon, (24, 168), n_rows) == lookback


def test_lookback_given_is_kept():
    assert resolve_lookback(7, 100, (24, 168), 10**6) == 7


def test_the_auto_lookback_counts_at_most_400_steps_of_a_season():
    assert resolve_lookback("auto", 60, (1440,), 10**6) == 500
    assert resolve_lookback("auto", 1000, (1440,), 10**6) == 1250
    assert resolve_lookback("auto", 60, (1440, 7 * 1440), 10**6) == 800


@pytest.mark.parametrize(
    "lookback, season, patch", [(336, 24, 24), (96, 24, 24), (95, 12, 1), (336, 1, 1), (130, 52, 1), (800, 1440, 1)]
)
def test_a_season_is_a_patch_where_a_long_window_holds_four(lookback, season, patch):
    assert resolve_patch("auto", lookback, season) == patch
    assert resolve_patch(7, lookback, season) == 7


def test_auto_is_the_documented_constant(chosen):
    documented = {
        "learning_rate": 3e-3,
        "linear_skip": True,
        "loss": "absolute_error",
        "scaler": "standard",
        "schedule": "cosine",
    }
    assert documented == choices.AUTO
    assert {name: resolve(name, "auto") for name in documented} == documented


@pytest.mark.parametrize("name", choices.AUTO)
@pytest.mark.parametrize("value", [None, 5, (8, 8), [8], "standard"])
def test_value_given_is_kept(name, value):
    assert resolve(name, value) is value


def test_every_auto_of_the_forecaster_has_a_meaning():
    autos = {name for name, value in RNNForecaster().get_params().items() if isinstance(value, str) and value == "auto"}
    sized = {"hidden_layer_sizes", "dropout", "batch_size", "windows_per_epoch", "max_iter", "n_members"}
    assert autos == {"lookback", "patch_size", "calendar", "target_transform", "window_norm", *sized, *choices.AUTO}


def test_many_windows_have_a_larger_network_and_larger_portions_of_fewer_updates(chosen):
    assert sizes_for(16_383, 96, 1) is not MANY_WINDOWS and sizes_for(16_384, 96, 1) is MANY_WINDOWS
    assert sizes_for(65_535, 95, 1) is choices.FEW_WINDOWS and sizes_for(65_536, 95, 1) is MANY_WINDOWS
    assert sizes_for(2**12, 127, 1) is choices.FEW_WINDOWS and sizes_for(2**12, 128, 1) is choices.FEW_LONG_WINDOWS
    few, many = choices.FEW_WINDOWS, MANY_WINDOWS
    assert (few.hidden_layer_sizes, few.batch_size, few.windows_per_epoch, few.n_seeds) == ((32,), 32, None, 3)
    assert (many.hidden_layer_sizes, many.batch_size, many.windows_per_epoch, many.n_seeds) == ((64,), 128, 15_360, 1)
    assert (few.n_updates, many.n_updates, few.ends_early, many.ends_early) == (5000, 2400, True, False)


@pytest.mark.parametrize(
    "n_windows, lookback, horizon, is_few",
    [(60_000, 336, 96, True), (60_000, 336, 58, False), (60_000, 95, 96, False), (16_383, 336, 96, False)],
)
def test_long_windows_that_make_few_stretches_of_a_horizon_are_seen_about_once(n_windows, lookback, horizon, is_few):
    sizes = sizes_for(n_windows, lookback, horizon)
    assert (sizes is choices.FEW_STRETCHES) == is_few
    assert (sizes.dropout > 0) == is_few


@pytest.mark.parametrize(
    "lookback, n_rows, n_series, season",
    [(336, 2401, 7, 1), (96, 2401, 7, 1), (336, 2400, 7, 24), (95, 2401, 7, 24), (336, 2401, 6, 24)],
)
def test_of_many_long_windows_a_season_that_came_more_than_a_hundred_times_stays_in(lookback, n_rows, n_series, season):
    assert season_to_remove(24, lookback, np.full(n_series, n_rows)) == season


def test_where_a_still_window_would_be_certain_none_is_divided_by_its_deviation(chosen):
    (windowed,), (last,) = choices.recipes("auto", "auto", 12, False, 15, has_deviations=False)
    assert (windowed.window_norm, last.window_norm) == ("mean", "last")


def test_values_without_a_negative_one_are_learnt_from_with_and_without_logarithms(chosen):
    windowed, last = choices.recipes("auto", "auto", 12, True, 15)
    assert windowed == (Recipe(LOG, "mean", "standard"), Recipe("deseasonalise", "standard", "standard"))
    assert last == (Recipe(LOG, "last"), Recipe("deseasonalise", "last"))
    assert choices.recipes("auto", "auto", 12, False, 15) == [
        (Recipe("deseasonalise", "standard"),),
        (Recipe("deseasonalise", "last"),),
    ]
    assert choices.recipes("auto", "auto", 1, True, 15)[0] == (Recipe("signed_log1p", "mean"), Recipe(None, "standard"))


def test_logarithms_of_several_series_in_short_windows_are_scaled_by_one_scale_too(chosen):
    def scalers(*given, scaler="auto"):
        return [[recipe.scaler for recipe in way] for way in choices.recipes(*given, scaler=scaler, n_series=2)]

    windowed, last = choices.recipes("auto", "auto", 12, True, 15, n_series=2)
    one, own = Recipe(LOG, "mean", "pooled"), Recipe(LOG, "mean", "standard")
    assert windowed == (one, Recipe("deseasonalise", "standard", "standard"), own)
    assert last == tuple(replace(recipe, window_norm="last") for recipe in windowed)
    pooled, alone = ["pooled", "standard", "standard"], ["standard", "standard"]
    assert scalers("auto", "auto", 12, True, 95) == [pooled] * 2
    assert scalers("auto", "auto", 12, True, 96) == [alone] * 2
    assert scalers("auto", "last", 12, True, 15) == [pooled]
    assert scalers("auto", None, 12, True, 15) == [alone]
    assert scalers("auto", "auto", 12, False, 15) == scalers("boxcox", "auto", 12, True, 15) == [["standard"]] * 2
    assert scalers("auto", "auto", 12, True, 15, scaler="robust") == [["robust"] * 2] * 2


@pytest.mark.parametrize("lookback, least", [(1, 1), (2, 1), (15, 8), (95, 48), (96, 96), (336, 336)])
def test_the_first_window_of_a_series_is_half_full_where_windows_are_short(lookback, least):
    assert choices.least_seen(lookback) == least


def test_the_forecaster_learns_from_windows_that_are_half_full():
    series = pd.Series(np.sin(np.arange(30.0)), pd.date_range("2000", periods=30, freq="D"))
    plain = dict(hidden_layer_sizes=1, max_iter=1, early_stopping=False, target_transform=None, window_norm="last")
    settings = RNNForecaster(3, lookback=10, **plain).fit(series)._members[0].settings
    assert settings.first_rows(np.array([30, 7])).tolist() == [5, 4]  # the second has no five rows before three
    assert settings.count_windows(np.array([30, 7])) == (30 - 5 - 3 + 1) + 1


def test_long_windows_have_their_last_value_as_level_unless_the_other_is_better(chosen):
    assert choices.recipes("auto", "auto", 24, True, 96) == choices.recipes("auto", "auto", 24, True, 95)[::-1]


def test_what_is_given_is_in_every_recipe(chosen):
    assert choices.recipes("boxcox", "last", 12, True, 15) == [(Recipe("boxcox", "last"),)]
    assert choices.recipes(None, "auto", 12, True, 15) == [(Recipe(None, "standard"),), (Recipe(None, "last"),)]
    assert choices.recipes("auto", None, 12, False, 15) == [(Recipe("deseasonalise", None),)]


def test_a_very_short_window_has_no_level_but_its_last_value(chosen):
    assert choices.recipes("auto", "auto", 1, False, 7) == [(Recipe(None, "last"),)]
    assert choices.recipes("auto", "auto", 1, False, 8)[0] == (Recipe(None, "standard"),)


def test_without_a_scaler_no_window_is_scaled_either(chosen):
    ways = choices.recipes("auto", "auto", 1, True, 15, scaler=None)
    assert {recipe.window_norm for way in ways for recipe in way} == {"mean", "last"}


def test_another_way_must_be_better_by_three_standard_errors():
    rng = np.random.default_rng(0)
    first, noise = rng.uniform(1, 2, 100), rng.normal(size=100)
    noise = (noise - noise.mean()) / noise.std()  # a standard error of a tenth
    assert best_way([first, first - 0.29 - noise]) == 0
    assert best_way([first, first - 0.31 - noise]) == 1
    assert best_way([first, first - 0.31 - noise, first - 0.4]) == 2
    assert best_way([first, first + 1]) == 0


@pytest.mark.parametrize(
    "n_windows, batch_size, epochs",
    [(1, 32, 100), (1600, 32, 100), (1700, 32, 93), (3200, 32, 50), (10**6, 32, 5), (500, 1000, 100)],
)
def test_auto_epochs_make_5000_updates_within_bounds(n_windows, batch_size, epochs):
    assert resolve_max_iter("auto", n_windows, batch_size) == epochs
    assert resolve_max_iter(7, n_windows, batch_size) == 7


def test_the_forecaster_trains_for_the_auto_epochs_on_its_training_windows():
    series = pd.Series(np.sin(np.arange(400.0)), pd.date_range("2000", periods=400, freq="D"))
    model = RNNForecaster(1, lookback=3, hidden_layer_sizes=1, batch_size=4, n_iter_no_change=10**6, refit=False)
    n_windows = 400 - 40 - 3  # a tenth is held out
    assert model.fit(series).n_iter_ == -(-5000 // -(-n_windows // 4)) == 56


def test_a_trial_is_judged_by_the_rows_held_out_in_units_of_each_series():
    days, rows = pd.date_range("2024-01-01", periods=20, freq="D"), np.arange(20.0)
    frame = pd.DataFrame({"a": rows, "b": 100 * rows}, days)
    frame.iloc[18:, 0] = np.nan
    panel, asked = SeasonalNaive(2, season=1, missing="interpolate").fit(frame.ffill()).panel_, []
    panel = replace(panel, values=frame.T.to_numpy().reshape(-1, 1))

    def forecast(series, rows):
        asked.extend(zip(series.tolist(), rows.tolist(), strict=True))
        return np.zeros((len(rows), 2, 1))

    errors = choices.trial_errors(forecast, panel, np.array([14, 14]), 2)
    assert asked == [(series, row) for series in (0, 1) for row in range(14, 19)]
    # A week apart values are 7 and 700 apart. Origins 14 and 15, 16 and 17, 18 make a stretch each; of the first series
    # the last has no known truth, and the second but three.
    means = [15, (16 + 17 + 17) / 3], [15, 17, 18.5]
    np.testing.assert_allclose(errors, [mean / 7 for of in means for mean in of], rtol=1e-14)


def test_where_nothing_is_known_of_what_is_held_out_the_first_way_is_taken():
    assert best_way([np.zeros(0), np.zeros(0)]) == 0
