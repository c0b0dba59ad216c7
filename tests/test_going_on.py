"""A fitted forecaster goes on: step by step beyond its horizon, from earlier weights, and with later rows."""

import numpy as np
import pandas as pd
import pytest
from refusals import refused

import tsrnn

N, HORIZON = 48, 3
MONTHS = pd.date_range("2020-01-01", periods=N + 12, freq="MS")
VALUES = np.random.default_rng(1).normal(size=(N + 12, 2)).cumsum(axis=0)
LONGER = pd.Series(VALUES[:, 0], MONTHS, name="y")
SERIES, LATER = LONGER[:N], LONGER[N:]
PANEL = pd.DataFrame(VALUES, MONTHS, ["a", "b"])


def forecaster(**changes):
    settings = {"lookback": 6, "hidden_layer_sizes": 4, "max_iter": 3, "random_state": 0, "early_stopping": False}
    return tsrnn.RNNForecaster(HORIZON, **settings | changes)


def test_a_recursive_forecast_takes_each_step_from_those_before_as_if_they_were_observed():
    model = forecaster(strategy="recursive", missing="mask").fit(SERIES)
    one_step = forecaster(missing="mask").set_params(horizon=1).fit(SERIES)
    expected = []
    for stamp in MONTHS[N : N + 5]:
        expected.append(one_step.forecast(1).iloc[0])
        one_step.update(pd.Series(expected[-1:], [stamp], name="y"))
    # The step that is taken as observed was rounded to single precision, and that by way of its unit was not.
    np.testing.assert_allclose(model.forecast(5), expected, rtol=1e-5)


@pytest.mark.parametrize("changes", [{}, {"missing": "mask"}, {"calendar": ["month"]}, {"n_members": 2}], ids=str)
def test_recursive_forecasts_within_the_data_are_those_of_a_memory_that_ends_there(changes):
    model = forecaster(strategy="recursive", **changes).fit(PANEL[:N]).update(PANEL[N:])
    inside = model._forecasts_from(np.array([0, 1]), np.array([N, N]))
    early = forecaster(strategy="recursive", **changes).fit(PANEL[:N])
    np.testing.assert_array_equal(inside[:, :, 0].T, early.forecast())
    np.testing.assert_array_equal(model.predict(PANEL)[N + HORIZON - 1], early.forecast().iloc[-1])
    assert np.isfinite(model.predict(PANEL)).all()


def test_many_recursive_forecasts_are_made_in_pieces_of_which_nothing_is_seen(monkeypatch):
    model = forecaster(strategy="recursive").fit(SERIES)
    expected = model.predict(SERIES)
    monkeypatch.setattr("tsrnn.member.FORECASTS_AT_ONCE", 7)
    np.testing.assert_array_equal(model.predict(SERIES), expected)


def test_a_warm_start_goes_on_from_the_weights_of_the_fit_before():
    cold = forecaster(learning_rate=1e-300, dtype="float64", max_iter=1)  # which learns nothing
    warm = forecaster(max_iter=20, dtype="float64", warm_start=True).fit(SERIES)
    learnt = warm.parameters_.copy()
    warm.set_params(learning_rate=1e-300, max_iter=1).fit(SERIES)
    np.testing.assert_array_equal(warm.parameters_, learnt)
    assert warm.loss_curve_[0] < cold.fit(SERIES).loss_curve_[0]
    warm.set_params(early_stopping=True).fit(LONGER)  # the refit goes on from them, too
    np.testing.assert_array_equal(warm.parameters_, learnt)


@pytest.mark.parametrize("changes", [{"hidden_layer_sizes": 5}, {"n_members": 3}, {"lookback": 7}], ids=str)
def test_a_warm_start_of_another_network_is_refused_and_changes_nothing(changes):
    model = forecaster(warm_start=True, n_members=2).fit(SERIES)
    before = model.forecast()
    refused(ValueError, ["warm_start", "same network", "as many members"], model.set_params(**changes).fit, SERIES)
    np.testing.assert_array_equal(model.forecast(), before)


@pytest.mark.parametrize("changes", [{}, {"n_members": 2}], ids=str)
def test_an_update_with_epochs_learns_from_all_rows_and_without_them_from_none(changes):
    model, same = (forecaster(**changes).fit(SERIES) for _ in range(2))
    scale = model._members[0].preparation.transforms[0].scale_
    learnt = model.parameters_
    model.update(LATER)
    assert model.parameters_ is learnt
    same.update(LATER, n_epochs=2)
    assert (same.parameters_ != learnt).all()
    np.testing.assert_array_equal(same._members[0].preparation.transforms[0].scale_, scale)
    again = forecaster(**changes).fit(SERIES).update(LATER, n_epochs=2)
    np.testing.assert_array_equal(again.forecast(), same.forecast())
    errors = [np.abs(one.predict(LONGER)[6:] - LONGER[6:]).mean() for one in (model, same)]
    assert errors[1] < errors[0]


def test_weights_that_were_set_are_those_that_an_update_keeps_and_learns_on_from():
    model = forecaster(n_members=2).fit(SERIES)
    weights = {name: 0 * value for name, value in model.get_weights().items()}
    model.set_weights(weights).update(LATER)
    assert not model.parameters_.any()
    model.set_params(learning_rate=1e-30, dtype="float32").update(
        pd.Series([1.0], LONGER.index[-1:] + MONTHS.freq, name="y"), n_epochs=1
    )
    assert np.abs(model.parameters_).max() < 1e-20


@pytest.mark.parametrize("n_epochs", [-1, 1.5, True, "2", None], ids=str)
def test_a_wrong_number_of_epochs_is_refused(n_epochs):
    refused(
        ValueError if n_epochs == -1 else TypeError,
        ["n_epochs must be a whole number", repr(n_epochs)],
        forecaster().fit(SERIES).update,
        LATER,
        None,
        n_epochs,
    )
