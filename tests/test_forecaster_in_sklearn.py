"""Forecasters inside scikit-learn's own tools: its checks, clone, pipelines, searches, curves, routing, pickles."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from apart import call_apart
from refusals import refused
from sklearn.utils import estimator_checks, get_tags

from tsrnn import RNNForecaster, SeasonalNaive
from tsrnn.datasets import load_seattle_temps

# scikit-learn's own checks

CLOCK = (
    "rows of a bare array are told by their order alone: in another order, or some of them alone, they are other steps"
)
EXEMPT = {  # published in README.md, too
    "check_methods_sample_order_invariance": CLOCK,
    "check_methods_subset_invariance": CLOCK,
}
PENDING = {  # to be mended, not published
    "RNNForecaster": {"check_fit2d_1sample": "the sentence on one row does not call it a sample"},
    "SeasonalNaive": {},
}
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
        CHECKED[name], expected_failed_checks={**EXEMPT, **PENDING[name]}, on_fail="raise", on_skip=None
    )
    status = {result["check_name"]: result["status"] for result in results}
    assert {check for check, what in status.items() if what == "xfail"} == {*EXEMPT, *PENDING[name]}
    assert {check for check, what in status.items() if what == "skipped"} <= {"check_array_api_input"}
    assert len(results) > 50


def run_every_check():
    for name, forecaster in CHECKED.items():
        expected = {**EXEMPT, **PENDING[name]}
        results = estimator_checks.check_estimator(forecaster, expected_failed_checks=expected, on_fail="raise")
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
    assert set(re.findall("`(check_[a-z0-9_]+)` \\|", page)) == set(EXEMPT)


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
    refused(TypeError, ["covariate 0", "{'a': 1}", "strings or numbers"], make().fit, with_value({"a": 1}), y)
    model = fit_array(make(), AHEAD)
    refused(ValueError, ["1 features", "expecting 2 features", "0, 1"], model.predict, AHEAD[:, :1])
    refused(ValueError, ["(2,)", "2 covariate(s)", "Reshape", "(n, 2)"], model.predict, AHEAD[0])
    refused(ValueError, ["covariate 0", "row 7", "NaN"], model.predict, with_value(np.nan))


def test_an_array_may_lack_what_is_known_of_the_past_alone():
    model = fit_array(rnn(past_covariates=[0]), AHEAD)
    ahead = np.column_stack([np.full(6, np.nan), np.arange(200, 206) % 7])
    np.testing.assert_array_equal(model.predict(ahead), model.predict(np.nan_to_num(ahead)))


def test_an_update_may_lack_no_covariate():
    frame = pd.DataFrame(AHEAD, TEMPERATURE.index, ["wave", "day"])
    model = rnn().fit(frame[:190], TEMPERATURE[:190])
    frame.iloc[191, 1] = np.nan
    refused(ValueError, ["'day'", "missing at 2010-01-08 23", "NaN"], model.update, frame[190:], TEMPERATURE[190:])
