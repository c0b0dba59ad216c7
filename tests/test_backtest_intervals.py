"""Intervals and quantiles in a back-test are those of the forecaster at each origin, and scored as the metrics say."""

import warnings

import numpy as np
import pandas as pd
import pytest
from joblib import parallel_config
from refusals import refused
from sklearn.base import clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from tsrnn import RNNForecaster, SeasonalNaive, backtest, metrics
from tsrnn.plotting import plot_backtest

N, HORIZON = 120, 3
DAYS = pd.date_range("2024-01-01", periods=N, freq="D", name="day")
RNG = np.random.default_rng(0)
SALES = pd.Series(20 + 3 * np.sin(np.arange(N) * 2 * np.pi / 7) + RNG.normal(size=N), DAYS, name="sales")
HOLED = SALES.where(~np.isin(np.arange(N), [10, 40, 103, 113, 114]))
WIDE = pd.DataFrame({"b": SALES, "a": SALES.to_numpy()[::-1] * 7 + 100}, DAYS)
LONG = WIDE.reset_index().melt("day", var_name="unique_id", value_name="y").rename(columns={"day": "ds"})
RAGGED = LONG[(LONG["unique_id"] == "b") | LONG["ds"].between(DAYS[5], DAYS[112])]
BOUNDS = ["forecast-lo-90", "forecast-lo-50", "forecast-hi-50", "forecast-hi-90"]


def rnn(**changes):
    options = dict(horizon=HORIZON, lookback=5, cell="gru", hidden_layer_sizes=3, max_iter=2, random_state=0, n_jobs=1)
    return RNNForecaster(**{**options, **changes})


def normal(**changes):
    return rnn(loss="normal", **changes)


def seasonal(**changes):
    return SeasonalNaive(**{"horizon": HORIZON, **changes})


all_three = pytest.mark.parametrize("make", [rnn, normal, seasonal])


def names_of(name, level="lo-90 lo-50 hi-50 hi-90"):
    return [name, *(f"{name}-{text}" for text in level.split())]


@all_three
@pytest.mark.parametrize("refit", [True, False, 2])
@pytest.mark.parametrize("data", [SALES, HOLED], ids=["whole", "holed"])
def test_each_origin_has_the_intervals_and_quantiles_of_the_forecaster_there_to_the_bit(make, refit, data):
    model = make(missing="raise" if data is SALES else "interpolate")
    test = backtest(model, data, n_origins=6, refit=refit, level=(50, 90), q=[0.3, 0.05])
    assert test.levels == (50, 90) and test.q == (0.05, 0.3)
    quantiles = ["forecast-q-0.05", "forecast-q-0.3"]
    assert list(test.forecasts) == ["origin", "step", "day", "forecast", *BOUNDS, *quantiles, "truth"]
    every = {True: 1, False: 6, 2: 2}[refit]
    for number, (origin, found) in enumerate(test.forecasts.groupby("origin")):
        if number % every == 0:
            fitted = clone(model).fit(data[:origin])
            fitted.predict_interval(fitted.future_frame(), level=50)
        elif number % every:
            fitted.update(data[[origin]])
        expected = fitted.forecast(level=(50, 90))
        np.testing.assert_array_equal(found[["forecast", *BOUNDS]], expected)
        expected = fitted.predict_quantiles(fitted.future_frame(), q=[0.3, 0.05])
        np.testing.assert_array_equal(found[quantiles], expected)


def test_a_hole_at_an_origin_is_filled_from_before_it_though_its_own_value_is_forecast_a_season_later():
    model = seasonal(horizon=8, missing="interpolate")
    test = backtest(model, HOLED, n_origins=14, refit=False, level=80)
    fitted, origins = None, test.forecasts["origin"].unique()
    assert np.isnan(HOLED[origins]).any()
    for origin, found in test.forecasts.groupby("origin"):
        fitted = clone(model).fit(HOLED[:origin]) if fitted is None else fitted.update(HOLED[[origin]])
        expected = fitted.forecast(level=80)
        np.testing.assert_array_equal(found[["forecast", "forecast-lo-80", "forecast-hi-80"]], expected)


def test_bounds_of_series_that_begin_late_are_in_the_scale_of_their_own_rows():
    late = LONG[(LONG["unique_id"] == "b") | (LONG["ds"] >= DAYS[33])]
    model = normal(target_transform="deseasonalise")
    test = backtest(model, late, n_origins=2, refit=False, level=80).forecasts
    first, last = DAYS[N - HORIZON - 2 : N - HORIZON]
    fitted = clone(model).fit(late[late["ds"] <= first])
    fitted.forecast(level=80)
    expected = fitted.update(late[late["ds"] == last]).forecast(level=80)
    found = test[test["origin"] == last].set_index(["unique_id", "ds"])
    found = found.loc[pd.MultiIndex.from_frame(expected[["unique_id", "ds"]])]
    names = {"y": "forecast", "y-lo-80": "forecast-lo-80", "y-hi-80": "forecast-hi-80"}
    np.testing.assert_array_equal(found[list(names.values())], expected[list(names)])


@pytest.mark.parametrize("make", [rnn, normal])
def test_the_covariates_after_an_origin_are_known_to_its_intervals(make):
    frame = pd.DataFrame({"sales": SALES, "promo": RNG.normal(size=N)})
    model = make(target="sales")
    test = backtest(model, frame, n_origins=4, refit=False, level=80)
    fitted = clone(model).fit(frame[: N - HORIZON - 3])
    fitted.predict_interval(frame[N - HORIZON - 3 : N - HORIZON], level=80)
    for origin, found in test.forecasts.groupby("origin"):
        place = DAYS.get_loc(origin) + 1
        if place > N - HORIZON - 3:
            fitted.update(frame[place - 1 : place])
        expected = fitted.forecast(level=80, X=frame[place : place + HORIZON])
        np.testing.assert_array_equal(found[["forecast", "forecast-lo-80", "forecast-hi-80"]], expected)


@all_three
@pytest.mark.parametrize("refit", [True, False])
def test_a_panel_has_the_intervals_of_each_series_in_every_format(make, refit):
    tests = {
        "wide": backtest(make(), WIDE, n_origins=2, refit=refit, level=80),
        "long": backtest(make(), LONG, n_origins=2, refit=refit, level=80),
        "ragged": backtest(make(), RAGGED, n_origins=12, step=2, refit=refit, level=80),
    }
    origin = DAYS[N - HORIZON - 1]
    model = make().fit(WIDE[:origin] if refit else WIDE[: DAYS[N - HORIZON - 2]])
    model.predict_interval(model.future_frame(), level=80)
    expected = (model if refit else model.update(WIDE.loc[[origin]])).forecast(level=80)
    for form in ("wide", "long"):
        rows = tests[form].forecasts.query("origin == @origin")
        for one in "ab":
            found = rows[rows.iloc[:, 0] == one][["forecast", "forecast-lo-80", "forecast-hi-80"]]
            np.testing.assert_array_equal(found, expected[names_of(one, "lo-80 hi-80")])
    rows = tests["ragged"].forecasts
    assert rows.query("unique_id == 'a'")["ds"].max() == DAYS[112] and rows.notna().all(axis=None)


def test_several_targets_have_their_own_intervals():
    test = backtest(rnn(target=["a", "b"]), WIDE, n_origins=1, level=80)
    expected = rnn(target=["a", "b"]).fit(WIDE[:-HORIZON]).forecast(level=80)
    for target, rows in test.forecasts.groupby("target"):
        found = rows[["forecast", "forecast-lo-80", "forecast-hi-80"]]
        np.testing.assert_array_equal(found, expected[names_of(target, "lo-80 hi-80")])
    scores = test.interval_scores(by=None)
    assert scores.index.names == ["target", "level"] and list(scores.index) == [("a", 80), ("b", 80)]
    scores = test.interval_scores()
    assert scores.index.names == ["target", "step", "level"] and len(scores) == 2 * HORIZON


@pytest.mark.parametrize("refit", [True, False])
def test_a_pipeline_has_the_intervals_of_its_forecaster(refit):
    X = pd.DataFrame({"promo": RNG.normal(size=N)}, DAYS)
    double = FunctionTransformer(lambda X: 2 * X, feature_names_out="one-to-one").set_output(transform="pandas")
    test = backtest(make_pipeline(double, rnn()), X, SALES, n_origins=3, refit=refit, level=80)
    alone = backtest(rnn(), 2 * X, SALES, n_origins=3, refit=refit, level=80)
    pd.testing.assert_frame_equal(test.forecasts, alone.forecasts)


@pytest.mark.parametrize("refit", [True, False])
def test_forecasts_with_intervals_are_those_without(refit):
    without, given = (backtest(rnn(), SALES, n_origins=3, refit=refit, level=level).forecasts for level in (None, 80))
    pd.testing.assert_frame_equal(without, given[without.columns])


@pytest.mark.parametrize("refit", [True, 2])
def test_threads_give_the_same_frame(refit):
    alone = backtest(rnn(n_jobs=None), SALES, n_origins=3, refit=refit, level=80)
    with parallel_config("threading"):
        divided = backtest(rnn(n_jobs=None), SALES, n_origins=3, refit=refit, level=80, n_jobs=2)
    pd.testing.assert_frame_equal(alone.forecasts, divided.forecasts)


# Scores


@pytest.mark.parametrize("data", [SALES, WIDE, LONG], ids=["one", "wide", "long"])
def test_the_interval_scores_of_an_origin_are_those_of_the_metric(data):
    test = backtest(seasonal(), data, n_origins=1, level=(50, 90))
    is_long = data is LONG
    is_test = (data["ds"] if is_long else data.index) >= DAYS[-HORIZON]
    train, truth = data[~is_test], data[is_test]
    expected = metrics.interval_scores(truth, seasonal().fit(train).forecast(level=(50, 90)), train, season=7)
    if data is SALES:
        pd.testing.assert_frame_equal(test.interval_scores(by=None), expected, check_dtype=False)
        return
    found = test.interval_scores(by="series").loc[expected.index]  # which has the same keys, if not in the same order
    pd.testing.assert_frame_equal(found, expected, check_names=False, check_dtype=False)
    of_all = test.interval_scores(by=None)
    pd.testing.assert_frame_equal(of_all, expected.groupby("level").mean(), check_index_type=False)


def test_scores_by_step_and_origin_are_those_of_their_rows():
    test = backtest(seasonal(missing="interpolate"), HOLED, n_origins=20, level=80, q=[0.9])
    rows = test.forecasts.dropna()
    assert 0 < len(rows) < 60
    bounds = rows["forecast-lo-80"], rows["forecast-hi-80"]
    for by in ("step", "origin"):
        found = test.interval_scores(by)
        for key, one in rows.groupby(by):
            truth, lower, upper = one["truth"], one["forecast-lo-80"], one["forecast-hi-80"]
            expected = [
                metrics.coverage(truth, lower, upper), metrics.mean_interval_width(lower, upper),
                metrics.interval_score(truth, lower, upper, 80),
            ]  # fmt: skip
            np.testing.assert_allclose(found.loc[(key, 80)].iloc[:3], expected, rtol=1e-13)
            expected = metrics.pinball_loss(truth, one["forecast-q-0.9"], 0.9)
            np.testing.assert_allclose(test.quantile_scores(by).loc[(key, 0.9), "pinball"], expected, rtol=1e-13)
    assert test.interval_scores(by=None).loc[80, "coverage"] == metrics.coverage(rows["truth"], *bounds)
    assert test.quantile_scores(by=None).loc[0.9, "below"] == (rows["truth"] <= rows["forecast-q-0.9"]).mean()


def test_scores_are_scaled_by_the_training_part_of_each_origin_and_the_season_can_be_named():
    test = backtest(seasonal(), SALES, n_origins=4, step=9, level=80, q=0.5)
    for season in (None, 1):
        losses, pinballs = [], []
        for origin, rows in test.forecasts.groupby("origin"):
            known = SALES[:origin]
            scale = known.diff(season or 7).abs().mean()
            truth, lower, upper = (rows[name] for name in ("truth", "forecast-lo-80", "forecast-hi-80"))
            losses.append(metrics.interval_score(truth, lower, upper, 80) / scale)
            pinballs.append(metrics.pinball_loss(truth, rows["forecast-q-0.5"], 0.5) / scale)
        np.testing.assert_allclose(
            test.interval_scores(by=None, season=season).loc[80, "MSIS"], np.mean(losses), rtol=1e-13
        )
        found = test.quantile_scores(by=None, season=season).loc[0.5, "scaled_pinball"]
        np.testing.assert_allclose(found, np.mean(pinballs), rtol=1e-13)


def test_an_origin_whose_training_part_has_no_scale_has_no_part_in_scaled_scores():
    still = SALES.where(np.arange(N) >= 60, 5.0)
    test = backtest(seasonal(), still, step=30, n_origins=3, window="rolling", window_size=57, level=80, q=0.5)
    of_origins = test.interval_scores(by="origin")["MSIS"]
    assert np.isnan(of_origins.to_numpy()).tolist() == [True, False, False]
    np.testing.assert_allclose(test.interval_scores(by=None).loc[80, "MSIS"], of_origins.mean(), rtol=1e-13)
    scaled = test.quantile_scores(by="origin")["scaled_pinball"]
    found = test.quantile_scores(by=None).loc[0.5, "scaled_pinball"]
    np.testing.assert_allclose(found, scaled.mean(), rtol=1e-13)


def test_a_truth_at_a_quantile_is_below_it():
    counts = pd.Series(np.tile([0.0, 0, 0, 1, 2, 3, 0], 20), pd.date_range("2024-01-01", periods=140))
    test = backtest(seasonal(), counts, n_origins=7, refit=False, q=0.5)
    assert (test.forecasts["truth"] == test.forecasts["forecast-q-0.5"]).all()
    assert (test.quantile_scores()["below"] == 1).all()


def test_few_held_out_are_warned_of_once_for_each_fit():
    for refit, n_fits in ((True, 3), (False, 1)):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            backtest(rnn(horizon=7), SALES[:50], n_origins=3, refit=refit, level=80, q=0.4)
        assert [str(one.message)[:21] for one in caught] == ["what was held out is "] * n_fits


# What is refused, and the picture


@pytest.mark.parametrize(
    "kind, words, estimator, options",
    [
        (
            ValueError,
            ["Ridge gives no intervals", "level and q", "leave them out"],
            Ridge(),
            {"horizon": 2, "y": SALES},
        ),
        (
            ValueError,
            ["TransformedTargetRegressor gives no intervals", "last step"],
            TransformedTargetRegressor(rnn()),
            {},
        ),
        (ValueError, ["refit='warm'", "True, False or a number"], rnn(), {"refit": "warm"}),
        (ValueError, ["level is in percent", "0.8", "write 80"], rnn(), {"level": 0.8}),
        (ValueError, ["q must be between 0 and 1", "90", "write 0.9"], rnn(), {"q": 90}),
        (ValueError, ["99.9 %", "1,999 errors", "In the back-test fitted at 2024-04-25"], rnn(), {"level": 99.9}),
    ],
)
def test_what_has_no_intervals_is_refused(kind, words, estimator, options):
    options = {"level": 80, **options} if "q" not in options else options
    X = pd.DataFrame({"x": SALES}) if "y" in options else SALES
    with pytest.raises(kind) as error:
        backtest(estimator, X, n_origins=2, **options)
    sentence = " ".join([str(error.value), *getattr(error.value, "__notes__", [])])
    assert all(word in sentence for word in words), sentence


def test_scores_that_a_backtest_has_not_are_refused():
    test = backtest(seasonal(), SALES, n_origins=1)
    refused(ValueError, ["without intervals", "level=(80, 95)"], test.interval_scores)
    refused(ValueError, ["without quantiles", "q=(0.1, 0.9)"], test.quantile_scores)
    test = backtest(seasonal(), SALES, n_origins=1, level=80)
    refused(ValueError, ["'horizon'", "'step'"], test.interval_scores, by="horizon")
    refused(ValueError, ["by=3", "'step'"], test.interval_scores, by=3)
    refused(ValueError, ["'origin'", "more than once"], test.interval_scores, by=["origin", "origin"])
    refused(ValueError, ["season", "at least one"], test.interval_scores, season=0)


def test_the_picture_shades_the_intervals_of_origins_that_do_not_lie_over_each_other():
    import matplotlib

    matplotlib.use("agg")
    test = backtest(seasonal(), SALES, n_origins=8, step=2, level=(50, 90))
    ax = plot_backtest(test, baseline=backtest(seasonal(), SALES, n_origins=8, step=2, level=(50, 90)))
    assert len(ax.collections) == 4 * 2  # of steps 2 apart and horizons of 3 every other
    labels = [text.get_text() for text in ax.get_legend().get_texts()]
    assert labels == ["truth", "seasonal naive", "forecast", "90 % interval", "50 % interval"]
    origins = np.sort(test.forecasts["origin"].unique())[::2]
    drawn = test.forecasts[test.forecasts["origin"].isin(origins)]
    lowest = min(shade.get_paths()[0].vertices[:, 1].min() for shade in ax.collections)
    highest = max(shade.get_paths()[0].vertices[:, 1].max() for shade in ax.collections)
    assert (lowest, highest) == (drawn["forecast-lo-90"].min(), drawn["forecast-hi-90"].max())
    wide, narrow = (ax.collections[k].get_facecolor()[0] for k in (0, 4))
    assert narrow.sum() < wide.sum() and wide[3] == 1  # the darker
    assert not plot_backtest(backtest(seasonal(), SALES, n_origins=2)).collections
    lacking = test.forecasts.drop(columns="forecast-hi-50")
    refused(ValueError, ["'forecast-hi-50'"], plot_backtest, lacking)
    text = test.forecasts.assign(**{"forecast-hi-50": "high"})
    refused(TypeError, ["'forecast-hi-50'", "no numbers"], plot_backtest, text)
    twice = pd.concat([test.forecasts, test.forecasts[["forecast-hi-50"]]], axis=1)
    refused(ValueError, ["2 columns named 'forecast-hi-50'"], plot_backtest, twice)


def test_the_shade_of_a_single_step_begins_at_its_origin_and_a_clock_may_be_called_as_the_answers_are():
    import matplotlib

    matplotlib.use("agg")
    test = backtest(seasonal(horizon=1), SALES.rename_axis("forecast-time"), n_origins=4, level=80)
    assert test.time_col == "forecast-time"
    shades = plot_backtest(test).collections[-3:]  # the truth of the first origin is not in the frame
    assert all(np.ptp(shade.get_paths()[0].vertices[:, 0]) == 1 for shade in shades)  # from day to day
