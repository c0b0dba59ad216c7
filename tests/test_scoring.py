"""What score and the scorers compare: the same rows and columns, series by series, over what is known."""

import warnings

import numpy as np
import pandas as pd
import pytest
from refusals import refused
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.metrics import mean_absolute_error, r2_score, root_mean_squared_error
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit, cross_val_score

from tsrnn import RNNForecaster, SeasonalNaive, backtest, make_windows
from tsrnn.metrics import mae, panel_scores, scorer

N = 36
RNG = np.random.default_rng(0)
MONTHS = pd.date_range("2020-01-01", periods=N + 12, freq="MS", name="ds")
WIDE = pd.DataFrame(RNG.normal(size=(N + 12, 3)).cumsum(axis=0), MONTHS, ["a", "b", "c"])
SERIES = WIDE["a"]
TRAIN, TEST = slice(None, N), slice(N, None)


@pytest.fixture(scope="module")
def single():
    return SeasonalNaive(12).fit(SERIES[TRAIN])


@pytest.fixture(scope="module")
def panel():
    return SeasonalNaive(12).fit(WIDE[TRAIN])


@pytest.mark.parametrize("score", [lambda model, *data: model.score(*data), scorer("neg_mae")], ids=["score", "scorer"])
def test_truths_on_another_index_are_refused_and_columns_are_taken_by_name(score, single, panel):
    other = "X and y have different indexes"
    refused(ValueError, [other], score, single, SERIES[TEST], SERIES[TEST][::-1])
    refused(ValueError, [other], score, single, SERIES[TEST], SERIES[TRAIN][:12])
    right = score(single, SERIES[TEST])
    for same in (SERIES[TEST].to_numpy(), SERIES[TEST].reset_index(drop=True), SERIES[TEST].to_frame()):
        assert score(single, SERIES[TEST], same) == right
    assert score(panel, WIDE[TEST], WIDE[TEST][["c", "a", "b"]]) == score(panel, WIDE[TEST])
    renamed = WIDE[TEST].set_axis(["a", "b", "d"], axis=1)
    refused(ValueError, ["'a', 'b', 'd'", "'a', 'b', 'c'"], score, panel, WIDE[TEST], renamed)
    refused(ValueError, ["2 columns", "'a', 'b', 'c'"], score, panel, WIDE[TEST], WIDE[TEST][["a", "b"]])


def test_folds_of_truths_that_pandas_counts_are_scored_beside_dates():
    X, y = WIDE[["b"]], SERIES.reset_index(drop=True)
    scores = cross_val_score(SeasonalNaive(), X, y, cv=TimeSeriesSplit(2), error_score="raise")
    np.testing.assert_array_equal(scores, cross_val_score(SeasonalNaive(), X, SERIES, cv=TimeSeriesSplit(2)))


def test_a_wide_frame_is_scored_series_by_series_over_what_is_known_of_each():
    """A row that one series lacks counts for the others; before a series begins there is nothing to score."""
    holed = WIDE.copy()
    holed.iloc[N + 2, 0] = holed.iloc[N + 5, 1] = np.nan
    holed.iloc[:10, 2] = np.nan
    model = SeasonalNaive(12, missing="interpolate").fit(holed[TRAIN])
    forecasts, known = model.predict(holed[TEST]), holed[TEST].notna().to_numpy()
    of_each = [r2_score(WIDE[TEST].iloc[known[:, k], k], forecasts[known[:, k], k]) for k in range(3)]
    assert model.score(holed[TEST]) == pytest.approx(np.mean(of_each), rel=1e-12)
    expected = mae(WIDE[TEST].to_numpy()[known], forecasts[known])
    assert scorer("neg_mae")(model, holed[TEST]) == pytest.approx(-expected, rel=1e-12)
    strict = SeasonalNaive(12).fit(holed[TRAIN])
    fitted, begun = strict.predict(holed[TRAIN]), holed[TRAIN].notna().to_numpy()
    of_each = [r2_score(holed[TRAIN].iloc[begun[:, k], k], fitted[begun[:, k], k]) for k in range(3)]
    assert strict.score(holed[TRAIN]) == pytest.approx(np.mean(of_each), rel=1e-12)
    for name in ("neg_mae", "neg_mase", "directional_accuracy"):
        assert np.isfinite(scorer(name)(strict, holed[TRAIN]))
    refused(ValueError, ["2 missing values"], strict.score, holed[TEST])
    refused(ValueError, ["2 missing values"], scorer("neg_mae"), strict, holed[TEST])


def test_scorers_of_a_wide_frame_are_those_of_its_long_form(panel):
    long = WIDE.melt(ignore_index=False, var_name="unique_id", value_name="y").reset_index()
    is_train = long["ds"] < MONTHS[N]
    same = SeasonalNaive(12).fit(long[is_train])
    weights = RNG.uniform(1, 2, 12)
    for name in ("neg_mae", "neg_mase", "neg_rmsse", "directional_accuracy"):
        ours, theirs = scorer(name)(panel, WIDE[TEST]), scorer(name)(same, long[~is_train])
        assert ours == pytest.approx(theirs, rel=1e-12)
        weighted = scorer(name)(panel, WIDE[TEST], None, weights)
        assert weighted == pytest.approx(scorer(name)(same, long[~is_train], None, np.tile(weights, 3)), rel=1e-12)
    scores = panel_scores(long[~is_train], long[~is_train].assign(y=same.predict(long[~is_train])), long[is_train], 12)
    assert scorer("neg_mase")(panel, WIDE[TEST]) == pytest.approx(-scores["MASE"].mean(), rel=1e-12)


@pytest.mark.parametrize("name", ["neg_mae", "neg_mase"])
def test_a_search_over_a_wide_frame_is_scored(name):
    model = RNNForecaster(3, max_iter=1, hidden_layer_sizes=4, early_stopping=False, random_state=0)
    search = GridSearchCV(model, {"lookback": [3, 4]}, scoring=scorer(name), cv=TimeSeriesSplit(2, test_size=3))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert np.isfinite(search.fit(WIDE[TRAIN]).best_score_)


def test_the_directional_accuracy_takes_the_stamps_from_where_the_forecaster_does():
    long = WIDE.melt(ignore_index=False, var_name="unique_id", value_name="y").reset_index().sort_values("ds")
    levels = long.set_index(["ds", "unique_id"])
    is_train = long["ds"].to_numpy() < MONTHS[N]
    score = scorer("directional_accuracy")
    model = SeasonalNaive(12).fit(levels[is_train])
    expected = score(SeasonalNaive(12).fit(long[is_train]), long[~is_train])
    assert score(model, levels[~is_train]) == expected
    backwards = levels[~is_train][::-1]
    refused(ValueError, ["2023-12-01 00:00:00 to 2023-11-01", "order of time"], score, model, backwards)
    numbered = long.assign(unique_id=long["unique_id"].map({"a": 3, "b": 2, "c": 1})).set_index(["ds", "unique_id"])
    model = SeasonalNaive(12).fit(numbered[is_train])
    assert score(model, numbered[~is_train]) == expected


def test_what_is_no_truth_is_refused_in_words(single):
    ahead = SERIES[TEST]
    refused(TypeError, ["y holds 'a' in row 0", "not a number"], single.score, ahead, ["a"] * 12)
    refused(ValueError, ["12 rows", "y has 5"], single.score, ahead, np.ones(5))
    holed = ahead.where(np.arange(12) != 4).to_frame()
    refused(ValueError, ["y has 1 missing value"], single.score, ahead, holed)
    filling = SeasonalNaive(12, missing="interpolate").fit(SERIES[TRAIN])
    assert filling.score(ahead, holed) == filling.score(ahead, holed["a"])
    refused(ValueError, ["no true value is known"], filling.score, ahead, np.full(12, np.nan))
    beside = SeasonalNaive(12).fit(WIDE[["b"]][TRAIN], SERIES[TRAIN])
    refused(ValueError, ["given to fit as y", "give y"], beside.score, WIDE[["b"]][TEST])
    refused(ValueError, ["given to fit as y", "give y"], scorer("neg_mae"), beside, WIDE[["b"]][TEST])


def test_who_is_not_fitted_says_so_whatever_is_asked(single):
    for asked in ("naive_errors", "series_numbers", "read_truth", "score", "predict"):
        refused(NotFittedError, ["SeasonalNaive", "not fitted"], getattr(SeasonalNaive(), asked), SERIES)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = SeasonalNaive().fit(WIDE["b"][TRAIN])
    for call in (model.score, model.naive_errors, model.predict):
        with pytest.warns(UserWarning, match="X has no clock") as caught:
            call(SERIES[TEST].to_numpy())
        assert {one.filename for one in caught} == {__file__}


def test_a_fold_of_whole_series_names_the_split_that_panels_need():
    long = WIDE.melt(ignore_index=False, var_name="unique_id", value_name="y").reset_index()
    with pytest.raises(ValueError, match="PanelTimeSeriesSplit"):
        cross_val_score(SeasonalNaive(), long, cv=TimeSeriesSplit(2), error_score="raise")


def test_weights_may_come_beside_values_alone():
    weights = RNG.uniform(1, 2, N)
    model = RNNForecaster(3, max_iter=1, hidden_layer_sizes=4, lookback=3, early_stopping=False, random_state=0)
    expected = clone(model).fit(SERIES[TRAIN], sample_weight=weights).forecast()
    np.testing.assert_array_equal(model.fit(None, SERIES[TRAIN], sample_weight=weights).forecast(), expected)


def test_a_back_test_takes_values_alone_and_refuses_a_class():
    test = backtest(SeasonalNaive(2), SERIES, n_origins=2)
    for X, y in ((None, SERIES), (SERIES.to_frame()[[]], SERIES)):
        pd.testing.assert_frame_equal(backtest(SeasonalNaive(2), X, y, n_origins=2).forecasts, test.forecasts)
    bare = backtest(SeasonalNaive(2), None, SERIES.to_numpy(), n_origins=2).forecasts
    assert len(bare) == 4
    refused(TypeError, ["class SeasonalNaive", "instance"], backtest, SeasonalNaive, SERIES)


def test_tables_name_ids_and_stamps_as_the_data_do_and_lose_neither():
    """A clock that is called as ids are by default, or ids that are called as a column of the table, take another."""
    odd = WIDE.rename_axis("unique_id")
    assert list(backtest(SeasonalNaive(), odd, n_origins=2).forecasts.columns[:4]) == [
        "series", "origin", "step", "unique_id",
    ]  # fmt: skip
    named = WIDE.rename_axis(columns="shop")
    assert backtest(SeasonalNaive(), named, n_origins=2).forecasts["shop"].tolist() == ["a", "b", "c"] * 2
    assert make_windows(named, 4).stamps.names == ["shop", "ds"]
    model = RNNForecaster(3, max_iter=1, hidden_layer_sizes=4, lookback=3, random_state=0, id_col="MAE")
    long = WIDE.melt(ignore_index=False, var_name="MAE", value_name="y").reset_index()
    with pytest.warns(UserWarning, match="no skill"):
        report = model.fit(long).report()
    assert report["unique_id"].tolist() == ["a"] * 3 + ["b"] * 3 + ["c"] * 3
    assert (report["MAE"] > 0).all()


def test_forecasters_of_the_same_data_are_scaled_by_the_same_naive_error():
    """A search over the season of the naive forecast would otherwise compare numbers of several units."""
    models = [SeasonalNaive(12, season=season).fit(SERIES[TRAIN]) for season in (1, 6, 12)]
    errors = [model.naive_errors(SERIES[TEST]) for model in models]
    np.testing.assert_array_equal(errors[0], errors[2])
    np.testing.assert_array_equal(errors[1], errors[2])
    found = [scorer("neg_mase")(model, SERIES[TEST]) for model in models]
    absolute = [mae(SERIES[TEST], model.forecast()) for model in models]
    assert np.argsort(found)[::-1].tolist() == np.argsort(absolute).tolist()


def test_scores_of_joint_targets_are_the_mean_over_columns():
    X, Y = WIDE[["c"]], WIDE[["a", "b"]]
    model = SeasonalNaive(12).fit(X[TRAIN], Y[TRAIN])
    forecasts, weights = model.predict(X[TEST]), RNG.uniform(1, 2, 12)
    for name, function in (
        ("neg_mae", mean_absolute_error),
        ("neg_rmse", root_mean_squared_error),
        ("r2", r2_score),
    ):
        sign = -1 if name.startswith("neg") else 1
        for weight in (None, weights):
            expected = sign * function(Y[TEST], forecasts, sample_weight=weight)
            # sums of 12 values in another order
            assert scorer(name)(model, X[TEST], Y[TEST], sample_weight=weight) == pytest.approx(expected, rel=1e-12)
    of_each = [
        scorer("directional_accuracy")(SeasonalNaive(12).fit(X[TRAIN], Y[TRAIN][name]), X[TEST], Y[TEST][name])
        for name in Y
    ]
    assert scorer("directional_accuracy")(model, X[TEST], Y[TEST]) == pytest.approx(np.mean(of_each), rel=1e-12)
    for name in ("neg_mase", "neg_rmsse"):
        refused(ValueError, ["several targets", "score one target"], scorer(name), model, X[TEST], Y[TEST])


def test_a_joint_target_of_which_nothing_is_known_has_no_part_in_the_mean():
    X, Y = WIDE[["c"]], WIDE[["a", "b"]]
    model = SeasonalNaive(12, missing="interpolate").fit(X[TRAIN], Y[TRAIN])
    blank = Y[TEST].assign(b=np.nan)
    expected = -mae(Y["a"][TEST], model.predict(X[TEST])[:, 0])
    assert scorer("neg_mae")(model, X[TEST], blank) == pytest.approx(expected, rel=1e-12)


def test_weights_of_a_score_are_read_as_those_of_a_scorer():
    holed = WIDE.copy()
    holed.iloc[N : N + 4, 0] = np.nan
    model = SeasonalNaive(12, missing="interpolate").fit(WIDE[TRAIN])
    for data in (WIDE[TEST], holed[TEST]):
        refused(ValueError, ["sample_weight", "(3,)", "12 steps"], model.score, data, sample_weight=np.ones(3))
        refused(ValueError, ["sample_weight", "none negative"], model.score, data, sample_weight=-np.ones(12))
    early = np.r_[np.ones(4), np.zeros(8)]  # all where the first series is not known
    forecasts = model.predict(holed[TEST])
    expected = r2_score(WIDE[["b", "c"]][N : N + 4], forecasts[:4, 1:])
    assert model.score(holed[TEST], sample_weight=early) == pytest.approx(expected, rel=1e-12)
    alone = SeasonalNaive(12, missing="interpolate").fit(SERIES[TRAIN])
    refused(ValueError, ["no true value", "weight"], alone.score, holed["a"][TEST], sample_weight=early)
