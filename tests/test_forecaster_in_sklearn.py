"""Forecasters inside scikit-learn's own tools: its checks, clone, pipelines, searches, curves, routing, pickles."""

import pickle
import re
import warnings
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import pytest
from apart import call_apart
from refusals import refused
from sklearn import config_context
from sklearn.base import clone
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.ensemble import VotingRegressor
from sklearn.inspection import permutation_importance
from sklearn.metrics import r2_score
from sklearn.model_selection import (
    GridSearchCV,
    KFold,
    RandomizedSearchCV,
    TimeSeriesSplit,
    cross_val_predict,
    cross_validate,
    learning_curve,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder, StandardScaler
from sklearn.utils import estimator_checks, get_tags

from tsrnn import PanelTimeSeriesSplit, RNNForecaster, SeasonalNaive
from tsrnn.datasets import load_seattle_temps, load_seattle_weather, load_us_employment

# scikit-learn's own checks

CLOCK = (
    "rows of a bare array are told by their order alone: in another order, or some of them alone, they are other steps"
)
CONTRADICTING = {  # published in README.md, too
    "check_methods_sample_order_invariance": CLOCK,
    "check_methods_subset_invariance": CLOCK,
}
OF_WEIGHTS = {
    "check_sample_weight_equivalence_on_dense_data": "a row that is left out is a hole in the clock, and one "
    "that stands twice another step"
}
EXEMPT = {"RNNForecaster": CONTRADICTING | OF_WEIGHTS, "SeasonalNaive": CONTRADICTING}
CHECKED = {  # enough training for the R2 of 0.5 that check_regressors_train asks for
    "RNNForecaster": RNNForecaster(hidden_layer_sizes=4, learning_rate=0.02, max_iter=40, random_state=0, n_jobs=1),
    "SeasonalNaive": SeasonalNaive(),
}
checked = pytest.mark.parametrize("name", CHECKED)


@checked
@pytest.mark.filterwarnings("ignore:the data have no clock")
def test_every_check_passes_but_those_that_contradict_a_clock(name):
    """A check that is exempt has to fail: one that passes has no business on the list."""
    results = estimator_checks.check_estimator(
        CHECKED[name], expected_failed_checks=EXEMPT[name], on_fail="raise", on_skip=None
    )
    status = {result["check_name"]: result["status"] for result in results}
    assert {check for check, what in status.items() if what == "xfail"} == set(EXEMPT[name])
    assert {check for check, what in status.items() if what == "skipped"} <= {"check_array_api_input"}
    assert len(results) > 50


WHOLE = {"early_stopping": False}  # where what is held out would be missed
VARIANTS = [
    *({"missing": missing} for missing in ("mask", "interpolate")),
    *({"cell": cell, **WHOLE} for cell in ("gru", "rnn")),
    *({"scaler": scaler, **WHOLE} for scaler in ("minmax", "robust", "mean", "pooled")),
    *({"target_transform": transform, **WHOLE} for transform in ("difference", "yeojohnson")),
    *({"window_norm": norm, "lookback": 10, **WHOLE} for norm in ("mean", "standard", None)),
    {"strategy": "recursive"}, {"horizon": 3}, {"n_members": 2}, {"windows_per_epoch": 50, **WHOLE}, {"refit": False},
    {"dtype": "float64"}, {"hidden_layer_sizes": (4, 3), **WHOLE},
]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("options", VARIANTS, ids=str)
@pytest.mark.filterwarnings("ignore:the data have no clock")
def test_every_check_passes_whatever_the_options(options):
    model = clone(CHECKED["RNNForecaster"]).set_params(**options)
    results = estimator_checks.check_estimator(model, on_fail=None, on_skip=None)
    missed = {result["check_name"] for result in results if result["status"] != "passed"}
    assert missed - {"check_array_api_input"} == set(EXEMPT["RNNForecaster"])


@pytest.mark.parametrize("options", [{"season": 2}, {"horizon": 3}, {"missing": "interpolate"}], ids=str)
@pytest.mark.filterwarnings("ignore:the data have no clock")
def test_every_check_passes_whatever_the_season(options):
    results = estimator_checks.check_estimator(SeasonalNaive(**options), on_fail=None, on_skip=None)
    missed = {result["check_name"] for result in results if result["status"] != "passed"}
    assert missed - {"check_array_api_input"} == set(EXEMPT["SeasonalNaive"])


def run_every_check():
    for name, forecaster in CHECKED.items():
        results = estimator_checks.check_estimator(forecaster, expected_failed_checks=EXEMPT[name], on_fail="raise")
        assert {result["status"] for result in results} == {"passed", "xfail"}


@pytest.mark.slow
def test_every_check_passes_where_array_api_dispatch_can_be_switched_on():
    call_apart(run_every_check, {}, 300, SCIPY_ARRAY_API="1")


@checked
@pytest.mark.parametrize("check", ["check_param_validation", "check_inplace_ensure_writeable"])
@pytest.mark.filterwarnings("ignore:the data have no clock")
def test_checks_outside_check_estimator_pass(name, check):
    getattr(estimator_checks, check)(name, CHECKED[name])


@checked
def test_no_tag_makes_a_check_vanish(name):
    tags = get_tags(CHECKED[name])
    assert tags.input_tags.two_d_array and tags.requires_fit and tags.target_tags.multi_output
    assert not (tags._skip_test or tags.non_deterministic or tags.no_validation or tags.input_tags.allow_nan)
    assert not tags.target_tags.required  # fit(series) has no y
    assert tags.regressor_tags.poor_score == (name == "SeasonalNaive")  # as of DummyRegressor: X is not looked at


def test_the_checks_that_are_exempt_are_published():
    page = (Path(__file__).resolve().parents[1] / "README.md").read_text(encoding="utf-8")
    assert set(re.findall("`(check_[a-z0-9_]+)` \\|", page)) == set().union(*EXEMPT.values())


# Arrays: columns known ahead beside y, rows told by their order

TEMPERATURE = load_seattle_temps().iloc[:200]
AHEAD = np.column_stack([np.sin(np.arange(200) / 24), np.arange(200) % 7])
SMALL = {"hidden_layer_sizes": 4, "max_iter": 2, "random_state": 0, "n_jobs": 1}


def rnn(**changes):
    return RNNForecaster(**{"horizon": 6, "lookback": 12, **SMALL, **changes})


def naive(**changes):
    return SeasonalNaive(**{"horizon": 6, "season": 24, **changes})


both = pytest.mark.parametrize("make", [rnn, naive])


def fit_array(model, X, n=200):
    with pytest.warns(UserWarning, match="the data have no clock"):
        return model.fit(X, TEMPERATURE.to_numpy()[:n])


def with_value(value):
    """Return the columns with another value in one place."""
    changed = AHEAD.astype(object if isinstance(value, dict) else float)
    changed[7, 0] = value
    return changed


@both
def test_the_very_rows_of_training_get_fitted_values_and_others_forecasts(make):
    frame = pd.DataFrame(AHEAD, TEMPERATURE.index)
    clocked = make().fit(frame[:190], TEMPERATURE[:190])
    bare = fit_array(make(), AHEAD[:190], 190)
    np.testing.assert_array_equal(bare.predict(AHEAD[:190]), clocked.predict(frame[:190]))
    np.testing.assert_array_equal(bare.predict(AHEAD[:190].tolist()), clocked.predict(frame[:190]))
    np.testing.assert_array_equal(bare.predict(AHEAD[190:]), clocked.predict(frame[190:]))


def test_numbers_in_an_array_of_objects_are_numbers_and_texts_categories():
    expected = fit_array(rnn(), AHEAD)
    np.testing.assert_array_equal(fit_array(rnn(), AHEAD.astype(object)).parameters_, expected.parameters_)
    days = np.array(["work", "rest"], dtype=object)[(AHEAD[:, [1]] > 4).astype(int)]
    assert dict(fit_array(rnn(), days).panel_.categories).keys() == {0}


@both
def test_columns_are_counted_and_their_names_kept(make):
    frame = pd.DataFrame(AHEAD, TEMPERATURE.index, ["wave", "day"])
    model = make().fit(frame, TEMPERATURE)
    assert model.n_features_in_ == 2 and list(model.feature_names_in_) == ["wave", "day"]
    fit_array(model, AHEAD)
    assert model.n_features_in_ == 2 and not hasattr(model, "feature_names_in_")  # a later fit forgets the names
    assert make().fit(frame[["day"]].squeeze(), TEMPERATURE).n_features_in_ == 1
    assert make().fit(frame[[]], TEMPERATURE).n_features_in_ == make().fit(None, TEMPERATURE).n_features_in_ == 0


@both
def test_arrays_that_do_not_fit_are_refused_in_one_sentence(make):
    y = TEMPERATURE.to_numpy()
    refused(ValueError, ["(200,)", "beside y", "reshape(-1, 1)"], make().fit, AHEAD[:, 0], y)
    refused(ValueError, ["0 feature(s)", "(200, 0)", "X=None"], make().fit, AHEAD[:, :0], y)
    refused(ValueError, ["covariate 0", "NaN", "missing='interpolate'"], make().fit, with_value(np.nan), y)
    refused(ValueError, ["covariate 0", "infinite", "row 7"], make().fit, with_value(np.inf), y)
    refused(TypeError, ["covariate 0", "{'a': 1}", "strings or of numbers"], make().fit, with_value({"a": 1}), y)
    model = fit_array(make(), AHEAD)
    refused(ValueError, ["1 features", "expecting 2 features", "0, 1"], model.predict, AHEAD[:, :1])
    refused(ValueError, ["(2,)", "2 covariates", "Reshape", "(n, 2)"], model.predict, AHEAD[0])
    refused(ValueError, ["covariate 0", "row 7", "NaN"], model.predict, with_value(np.nan))


def test_an_array_may_lack_what_is_known_of_the_past_alone():
    model = fit_array(rnn(past_covariates=[0]), AHEAD)
    ahead = np.column_stack([np.full(6, np.nan), np.arange(200, 206) % 7])
    np.testing.assert_array_equal(model.predict(ahead), model.predict(np.nan_to_num(ahead)))


def test_an_update_may_lack_no_covariate():
    frame = pd.DataFrame(AHEAD, TEMPERATURE.index, ["wave", "day"])
    model = rnn().fit(frame[:190], TEMPERATURE[:190])
    frame.iloc[191, 1] = np.nan
    refused(ValueError, ["'day'", "missing (NaN) at 2010-01-08 23"], model.update, frame[190:], TEMPERATURE[190:])


# The tools, on the weather of a city, day by day, and on the employment of three industries, month by month

WEATHER = load_seattle_weather().iloc[:160]
X, Y = WEATHER.drop(columns="temp_max"), WEATHER["temp_max"]
TRAIN, TEST = slice(None, 139), slice(139, 146)
INDUSTRIES = ["construction", "government", "information"]
PANEL = load_us_employment().query("unique_id in @INDUSTRIES and ds >= '2011-01-01'").set_index(["unique_id", "ds"])
CLOCK_OF_PANEL, JOBS = PANEL[[]], PANEL["y"]
TRAIN_OF_PANEL = PANEL.index.get_level_values("ds") < "2015-07-01"


def daily(**changes):
    return rnn(**{"horizon": 7, "lookback": 7, **changes})


def columns(**kinds):
    """Return a transformer of the weather's columns: numbers scaled, kinds of weather one column each."""
    kinds = {"weather": OneHotEncoder(sparse_output=False, handle_unknown="ignore"), **kinds}
    numbers = kinds.pop("numbers", StandardScaler())
    return ColumnTransformer(
        [("numbers", numbers, ["precipitation", "wind", "temp_min"]), ("weather", kinds["weather"], ["weather"])],
        verbose_feature_names_out=False,
    )


def scored_by_hand(model, X, y, folds):
    """Return R2 of each fold, fitted and forecast without any tool."""
    scores = []
    for train, test in folds:
        fitted = clone(model).fit(X.iloc[train], y.iloc[train])
        scores.append(r2_score(y.iloc[test], fitted.predict(X.iloc[test])))
    return scores


def scores_of(search, candidate):
    return [search.cv_results_[f"split{k}_test_score"][candidate] for k in range(search.n_splits_)]


def test_a_clone_knows_the_arguments_and_nothing_else_and_learns_the_same():
    model = daily(past_covariates=["wind"], calendar=["weekday"], cell="gru").fit(X[TRAIN], Y[TRAIN])
    again = clone(model)
    assert again.get_params() == model.get_params() and set(vars(again)) == set(model.get_params())
    np.testing.assert_array_equal(again.fit(X[TRAIN], Y[TRAIN]).predict(X[TEST]), model.predict(X[TEST]))


def test_a_pipeline_of_columns_gives_what_its_steps_give_one_after_the_other():
    pipeline = make_pipeline(columns(), daily()).set_output(transform="pandas")
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # the clock is in the index all the way
        pipeline.fit(X[TRAIN], Y[TRAIN])
    steps = columns().set_output(transform="pandas").fit(X[TRAIN])
    alone = daily().fit(steps.transform(X[TRAIN]), Y[TRAIN])
    for rows in (X[TEST], X[100:146], X[TEST].iloc[::-1]):
        np.testing.assert_array_equal(pipeline.predict(rows), alone.predict(steps.transform(rows)))
    assert pipeline.score(X[TEST], Y[TEST]) == alone.score(steps.transform(X[TEST]), Y[TEST])
    names = ["precipitation", "wind", "temp_min", *(f"weather_{kind}" for kind in ("drizzle", "rain", "snow", "sun"))]
    assert [*pipeline[-1].feature_names_in_] == names and pipeline.n_features_in_ == 4


def test_a_pipeline_that_loses_the_clock_says_so_and_goes_on_directly_after_training():
    kept, lost = make_pipeline(columns(), daily()).set_output(transform="pandas"), make_pipeline(columns(), daily())
    with pytest.warns(UserWarning, match=r'inside a pipeline use set_output\(transform="pandas"\)'):
        lost.fit(X[TRAIN], Y[TRAIN].to_numpy())
    kept.fit(X[TRAIN], Y[TRAIN])
    np.testing.assert_array_equal(lost.predict(X[TEST]), kept.predict(X[TEST]))
    np.testing.assert_array_equal(lost.predict(X[TRAIN]), kept.predict(X[TRAIN]))


@pytest.mark.filterwarnings("ignore:y has a clock, but X has none")
def test_a_clock_of_y_alone_is_gone_on_with_where_the_steps_before_lose_that_of_X():
    kept, lost = make_pipeline(columns(), daily()).set_output(transform="pandas"), make_pipeline(columns(), daily())
    kept.fit(X[TRAIN], Y[TRAIN])
    lost.fit(X[TRAIN], Y[TRAIN])
    assert lost[-1].forecast(3, columns().fit(X[TRAIN]).transform(X[TEST])).index.equals(Y[TEST].index[:3])
    np.testing.assert_array_equal(lost.predict(X[TRAIN]), kept.predict(X[TRAIN]))
    with pytest.warns(UserWarning, match="X has no clock"):
        np.testing.assert_array_equal(lost.predict(X[TEST]), kept.predict(X[TEST]))


def test_a_sparse_table_is_refused_in_one_sentence():
    sparse = OneHotEncoder().fit_transform(X[["weather"]])
    refused(TypeError, ["X is sparse", "X.toarray()"], daily().fit, sparse, Y)


@pytest.mark.filterwarnings("ignore:the covariates")  # of the gap
def test_a_grid_search_over_time_with_a_gap_scores_what_is_forecast_through_it():
    pipeline = make_pipeline(columns(), daily(missing="mask")).set_output(transform="pandas")
    grid = {"rnnforecaster__lookback": [3, 9], "columntransformer__numbers": [MinMaxScaler(), StandardScaler()]}
    folds = TimeSeriesSplit(2, test_size=7, gap=3)
    search = GridSearchCV(pipeline, grid, cv=folds).fit(X[:146], Y[:146])
    for candidate, parameters in enumerate(search.cv_results_["params"]):
        by_hand = scored_by_hand(clone(pipeline).set_params(**parameters), X[:146], Y[:146], folds.split(X[:146]))
        assert scores_of(search, candidate) == by_hand
    best = clone(pipeline).set_params(**search.best_params_).fit(X[:146], Y[:146])
    np.testing.assert_array_equal(search.predict(X[146:]), best.predict(X[146:]))


@pytest.mark.parametrize("make", [daily, naive])
@pytest.mark.parametrize("gap", [0, 2])
def test_a_grid_search_over_a_panel_scores_each_origin_of_all_series(make, gap):
    folds = PanelTimeSeriesSplit(2, test_size=6, gap=gap)
    model = make(horizon=6) if make is daily else make(season=12)
    grid = {"window_norm": ["last", None]} if make is daily else {"season": [6, 12]}
    search = GridSearchCV(model, grid, cv=folds).fit(CLOCK_OF_PANEL, JOBS)
    for candidate, parameters in enumerate(search.cv_results_["params"]):
        by_hand = scored_by_hand(clone(model).set_params(**parameters), CLOCK_OF_PANEL, JOBS, folds.split(PANEL))
        assert scores_of(search, candidate) == by_hand
    ahead = search.best_estimator_.future_frame(3)
    np.testing.assert_array_equal(search.predict(ahead), search.best_estimator_.forecast(3))


def search_at_random(n_jobs):
    space = {"lookback": [3, 6, 9], "hidden_layer_sizes": [2, (3, 2)], "n_members": [1, 2]}
    folds = PanelTimeSeriesSplit(2, test_size=6)
    search = RandomizedSearchCV(daily(horizon=6, n_jobs=None), space, n_iter=2, cv=folds, random_state=0, n_jobs=n_jobs)
    return search.fit(CLOCK_OF_PANEL, JOBS)


@pytest.mark.usefixtures("chosen")  # in processes of their own it is as for users
@pytest.mark.parametrize("backend", ["threading", pytest.param("loky", marks=pytest.mark.slow)])
def test_a_randomized_search_finds_the_same_on_two_cores(backend):
    with joblib.parallel_config(backend):
        found = search_at_random(n_jobs=2)
    expected = search_at_random(n_jobs=1)
    assert found.best_params_ == expected.best_params_
    assert [scores_of(found, k) for k in range(2)] == [scores_of(expected, k) for k in range(2)]
    np.testing.assert_array_equal(found.best_estimator_.forecast(), expected.best_estimator_.forecast())


@pytest.mark.parametrize("form", ["covariates", "panel"])
def test_a_transformed_target_is_forecast_in_its_own_unit(form):
    model = daily()
    data = (X[TRAIN], Y[TRAIN]) if form == "covariates" else (CLOCK_OF_PANEL[TRAIN_OF_PANEL], JOBS[TRAIN_OF_PANEL])
    ahead = X[TEST] if form == "covariates" else model.fit(*data).future_frame()
    logged = TransformedTargetRegressor(clone(model), func=np.arcsinh, inverse_func=np.sinh, check_inverse=False).fit(
        *data
    )
    alone = clone(model).fit(data[0], np.arcsinh(data[1]))
    np.testing.assert_array_equal(logged.predict(ahead), np.sinh(alone.predict(ahead)))
    np.testing.assert_array_equal(logged.predict(data[0]), np.sinh(alone.predict(data[0])))


def test_permutation_importance_moves_columns_and_not_the_clock():
    """A column that is known of the past alone is not read for the steps to come; the nights tell much of the days."""
    weather = load_seattle_weather().drop(columns="weather").iloc[:328]
    numbers, y = weather.drop(columns="temp_max"), weather["temp_max"]
    model = daily(past_covariates=["wind"], max_iter=20, learning_rate=0.02).fit(numbers[:300], y[:300])
    found = permutation_importance(model, numbers[300:], y[300:], n_repeats=3, random_state=0)
    importance = dict(zip(numbers, found.importances, strict=True))
    assert (importance["wind"] == 0).all() and importance["temp_min"].mean() > 1


def test_a_learning_curve_scores_the_same_test_part_from_ever_later_origins():
    folds = TimeSeriesSplit(2, test_size=7)
    model, clock = daily(), X[[]]
    sizes, on_training, on_test = learning_curve(model, clock, Y, cv=folds, train_sizes=[60, 100], n_jobs=1)
    assert [*sizes] == [60, 100]
    for at, size in enumerate(sizes):
        parts = [(train[:size], test) for train, test in folds.split(clock)]
        assert [*on_test[at]] == scored_by_hand(model, clock, Y, parts)
        assert [*on_training[at]] == scored_by_hand(model, clock, Y, [(train, train) for train, _ in parts])


def test_forecasters_vote():
    voters = [("network", daily()), ("week", naive(season=7))]
    votes = VotingRegressor(voters).fit(X[TRAIN], Y[TRAIN])
    each = [clone(model).fit(X[TRAIN], Y[TRAIN]).predict(X[TEST]) for _, model in voters]
    np.testing.assert_allclose(votes.predict(X[TEST]), np.mean(each, axis=0), rtol=1e-15)  # a sum in another order


def test_cross_val_predict_works_where_every_fold_has_seen_all_rows_before():
    """It wants each row tested once: folds over time leave the first out, which is what backtest is for."""
    refused(ValueError, ["only works for partitions"], cross_val_predict, daily(), X, Y, cv=TimeSeriesSplit(2))
    every, half = np.arange(160), np.arange(80)
    found = cross_val_predict(daily(), X, Y, cv=[(every, half), (every, half + 80)])
    np.testing.assert_array_equal(found, daily().fit(X, Y).predict(X))
    with pytest.raises(ValueError, match="before training begins at 2012-03-21"):
        cross_val_predict(daily(), X, Y, cv=KFold(2))


def test_weights_are_routed_to_the_fit_and_to_its_score():
    weights = np.linspace(0, 1, 160)
    folds = TimeSeriesSplit(2, test_size=7)
    with config_context(enable_metadata_routing=True):
        model = daily().set_score_request(sample_weight=True).set_fit_request(sample_weight=True)
        found = cross_validate(model, X[[]], Y, cv=folds, params={"sample_weight": weights})["test_score"]
        pipeline = make_pipeline(columns(), model).set_output(transform="pandas").fit(X[TRAIN], Y[TRAIN])
        of_pipeline = pipeline.score(X[TEST], Y[TEST], sample_weight=weights[TEST])
    expected = [
        daily().fit(X.iloc[train][[]], Y.iloc[train], weights[train]).score(X.iloc[test], Y.iloc[test], weights[test])
        for train, test in folds.split(X)
    ]
    assert [*found] == expected
    assert of_pipeline == r2_score(Y[TEST], pipeline.predict(X[TEST]), sample_weight=weights[TEST])
    assert of_pipeline != r2_score(Y[TEST], pipeline.predict(X[TEST]))


def test_a_pipeline_keeps_every_bit_in_a_pickle_and_goes_on_from_there(tmp_path):
    pipeline = make_pipeline(columns(), daily(n_members=2)).set_output(transform="pandas").fit(X[TRAIN], Y[TRAIN])
    joblib.dump(pipeline, tmp_path / "pipeline.joblib")
    for again in (pickle.loads(pickle.dumps(pipeline)), joblib.load(tmp_path / "pipeline.joblib", mmap_mode="r")):
        np.testing.assert_array_equal(again.predict(X[:146]), pipeline.predict(X[:146]))
        rows = again[0].transform(X)
        later = again[-1].update(rows[TEST], Y[TEST]).predict(rows[146:])
        assert (later != pipeline.predict(X[TRAIN.stop :])[7:]).all()
        np.testing.assert_array_equal(
            later, pickle.loads(pickle.dumps(pipeline[-1])).update(rows[TEST], Y[TEST]).predict(rows[146:])
        )
