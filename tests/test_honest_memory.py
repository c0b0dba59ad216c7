"""What comes after an origin moves no forecast from it, and what a window cannot see is said in its units."""

import warnings

import numpy as np
import pandas as pd
import pytest
from refusals import refused
from sklearn.exceptions import ConvergenceWarning
from sklearn.preprocessing import FunctionTransformer, PowerTransformer

from tsrnn import RNNForecaster, SeasonalNaive, assert_no_lookahead
from tsrnn.member import Task
from tsrnn.transforms import PerSeries

N, HORIZON = 96, 4
DAYS = pd.date_range("2024-01-01", periods=N, freq="D")
RNG = np.random.default_rng(4)
VALUES = np.sin(np.arange(N) / 5) + 0.1 * RNG.normal(size=N)
SERIES = pd.Series(VALUES, DAYS, name="y")
HOLE = np.arange(85, 91)  # the next value is in row 91


def rnn(**changes):
    settings = {"lookback": 8, "hidden_layer_sizes": 4, "max_iter": 2, "random_state": 0, "dtype": "float64"}
    return RNNForecaster(HORIZON, **settings | changes)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"strategy": "recursive"},
        {"calendar": ["weekday"]},
        {"target_transform": "difference"},
        {"target_transform": "seasonal_difference"},
        {"n_members": 2},
    ],
    ids=str,
)
def test_a_fitted_value_made_within_a_hole_does_not_know_what_comes_behind_it(changes):
    found = []
    for later in (0.0, 10.0):
        moved = SERIES + np.where(np.arange(N) > HOLE[-1], later, 0)
        model = rnn(missing="interpolate", **changes).fit(SERIES[:80])
        model.update(moved[80:].drop(DAYS[HOLE]))
        found.append(model.predict(pd.DataFrame(index=DAYS)))
    known = HOLE[-1] + HORIZON  # the last row whose forecast was made within the hole
    np.testing.assert_array_equal(found[0][: known + 1], found[1][: known + 1])
    assert (found[0][known + 1 :] != found[1][known + 1 :]).any() and np.isfinite(found).all()


@pytest.mark.parametrize("transform", [None, "difference", "seasonal_difference"])
def test_what_was_known_last_stands_in_a_hole_until_it_ends(transform):
    """A forecast from within a hole is that of a memory whose clock goes on with what was known last.

    A hole before it that has ended is interpolated, as it is elsewhere.
    """
    holed, settings = SERIES.drop(DAYS[[81, 82, *HOLE]]), {"missing": "interpolate", "target_transform": transform}
    model = rnn(**settings).fit(SERIES[:80]).update(holed[80:])
    repeated = SERIES[: HOLE[2]].where(np.arange(HOLE[2]) < HOLE[0], VALUES[HOLE[0] - 1]).drop(DAYS[[81, 82]])
    early = rnn(**settings).fit(SERIES[:80]).update(repeated[80:])
    np.testing.assert_array_equal(model._forecasts_from(np.zeros(1, int), HOLE[2:3])[0, :, 0], early.forecast())


def test_a_category_that_is_missing_is_none_in_a_hole_too():
    X = pd.DataFrame({"kind": pd.Series(RNG.choice(["a", "b"], N), DAYS).where(~np.isin(np.arange(N), HOLE))})
    models = [rnn(missing="interpolate", past_covariates=["kind"]).fit(X[:80], SERIES[:80]) for _ in range(2)]
    whole, early = (model.update(X[80:n], SERIES[80:n]) for model, n in zip(models, (N, HOLE[2]), strict=True))
    np.testing.assert_array_equal(whole._forecasts_from(np.zeros(1, int), HOLE[2:3])[0, :, 0], early.forecast())


def test_a_fit_that_fails_at_its_end_leaves_the_earlier_one(monkeypatch):
    model = rnn().fit(SERIES[:80])
    before = model.forecast()

    def fail(*arguments):
        raise MemoryError

    monkeypatch.setattr("tsrnn.learning.remembering", fail)
    with pytest.raises(MemoryError):
        model.set_params(random_state=1).fit(SERIES)
    pd.testing.assert_series_equal(model.forecast(), before, check_exact=True)


@pytest.mark.parametrize("n_members", [1, 2])
def test_an_interrupt_between_training_and_refit_keeps_what_was_learnt(monkeypatch, n_members):
    make, made = Task.of, []

    def interrupt(*arguments):
        made.append(make(*arguments))
        if len(made) > 1:
            raise KeyboardInterrupt
        return made[0]

    expected = rnn(refit=False, n_members=n_members).fit(SERIES).forecast()
    monkeypatch.setattr(Task, "of", interrupt)
    with pytest.warns(ConvergenceWarning, match="refit on everything.* was interrupted after 0 epochs"):
        model = rnn(n_members=n_members).fit(SERIES)
    assert model.stop_reason_ == "interrupted"
    pd.testing.assert_series_equal(model.forecast(), expected, check_exact=True)


@pytest.mark.parametrize("missing", ["mask", "interpolate"])
def test_a_series_that_begins_in_the_part_held_out_is_learnt_from_alone(missing):
    """In units of its own, which training does not know, its loss would decide for all."""
    far = SERIES * 1e4 + 1e6
    panel = pd.DataFrame({"unique_id": "a", "ds": DAYS, "y": VALUES})
    both = pd.concat([panel, panel.assign(unique_id="b", y=far.where(np.arange(N) > N - 6).to_numpy())])
    model = rnn(missing=missing).fit(both)
    assert max(model.validation_loss_curve_) < 10  # of values scaled to a deviation of about one
    words = ["'b'", "first value in the part that is held out", "the last 10 rows", "early_stopping=False"]
    refused(ValueError, words, rnn(missing=missing).fit, both[N:])


def test_errors_are_scaled_by_those_of_training_after_later_rows_too():
    model = rnn().fit(SERIES[:80])
    before = model.naive_errors(SERIES[:1])
    np.testing.assert_array_equal(model.update(SERIES[80:] * 100).naive_errors(SERIES[:1]), before)


def test_a_transformer_that_makes_no_number_of_a_later_value_is_told():
    model = rnn(target_transform=FunctionTransformer(np.log, np.exp)).fit(SERIES[:80] + 2)
    words = ["the value -5", "FunctionTransformer", "no finite number"]
    later = SERIES[80:].where(np.arange(16) != 3, -5) + 0
    with np.errstate(invalid="ignore"):
        refused(ValueError, words, model.update, later + 2 * (later != -5))
        refused(ValueError, words, model.stream().update, -5.0)


def test_a_report_does_not_know_covariates_behind_a_hole():
    """Of two fits that learn from the same rows, the forecasts from within a hole are the same, whatever follows it."""
    X = pd.DataFrame({"rain": RNG.normal(size=N)}, DAYS)
    X.iloc[88:91] = np.nan
    moved = X.where(np.arange(N)[:, None] < 91, X + 5)
    within, behind, found = np.array([89, 90, 91]), np.array([92]), []
    for data in (X, moved):
        model = rnn(missing="interpolate", past_covariates=["rain"], refit=False).fit(data, SERIES)
        found.append([model._forecasts_from(np.zeros(len(rows), int), rows) for rows in (within, behind)])
    np.testing.assert_array_equal(found[0][0], found[1][0])
    assert (found[0][1] != found[1][1]).all()


def test_a_window_without_any_value_starts_from_the_last_one_before_it():
    """A gap that is longer than the look-back by one step changes the forecast of a trend only a little."""
    trend = pd.Series(10.0 * np.arange(200), pd.date_range("2024-01-01", periods=200, freq="D"))
    for changes in ({}, {"calendar": ["weekday"]}, {"strategy": "recursive"}):
        model = rnn(missing="mask", max_iter=30, **changes).fit(trend[:150])
        end = trend[150:190].where(np.arange(40) < 10)
        after = [model.fit(trend[:150]).update(end[: 10 + gap]).forecast(1).iloc[0] for gap in (7, 8, 9, 30)]
        assert (np.abs(np.array(after) - 1590) < 200).all(), after  # the mean of training is 745
        inside = model._forecasts_from(np.zeros(1, int), np.array([190]))[0, 0, 0]
        assert inside == after[-1]


def test_a_stream_keeps_the_last_value_before_a_gap():
    model = rnn(missing="mask").fit(SERIES[:20])
    stream = model.stream()
    for _ in range(100):  # longer than what a stream would otherwise keep
        stream.update(np.nan)
    gap = pd.Series(np.nan, pd.date_range(DAYS[20], periods=100, freq="D"), name="y")
    np.testing.assert_array_equal(stream.forecast(), model.update(gap).forecast())


def test_a_report_of_weights_that_have_seen_the_validation_part_is_refused():
    model = rnn(warm_start=True, early_stopping=False).fit(SERIES)
    refused(ValueError, ["held out"], model.report)
    model.set_params(early_stopping=True).fit(SERIES)
    refused(ValueError, ["warm start", "have seen", "warm_start=False"], model.report)
    assert len(model.set_params(warm_start=False).fit(SERIES).report()) == HORIZON


def test_a_warm_start_in_another_precision_goes_on_in_it():
    model = rnn(warm_start=True, dtype="float32").fit(SERIES).set_params(dtype="float64").fit(SERIES)
    assert model.parameters_.dtype == np.float64


def test_a_forecast_beyond_what_a_transformer_can_undo_is_finite():
    values, bounds = 1 / RNG.uniform(0.02, 1, 150), np.array([0, 150])
    transform = PerSeries(PowerTransformer()).fit(values, bounds)
    highest = transform.transform(values, bounds).max()
    back = transform.inverse_transform([[0.0, highest + 5]], [0], [150])
    with warnings.catch_warnings(action="ignore"), np.errstate(invalid="ignore"):
        assert np.isnan(transform.transformers_[0].inverse_transform([[highest + 5]])).all()
    np.testing.assert_allclose(back[0, 1], values.max(), rtol=1e-6)


def test_weights_of_ones_change_nothing_where_stamps_are_absent_either():
    holed = SERIES.drop(DAYS[[30, 31, 60]])
    fits = [rnn(missing="interpolate").fit(holed, None, w) for w in (None, np.ones(N - 3))]
    np.testing.assert_allclose(fits[1].forecast(), fits[0].forecast(), rtol=1e-9)  # sums of ones, in another order


def test_only_ratios_of_weights_count_when_later_rows_come_without():
    forecasts = []
    for unit in (1.0, 1024.0):
        model = rnn().fit(SERIES[:80], None, np.full(80, unit) * (1 + np.arange(80) % 2))
        forecasts.append(model.update(SERIES[80:], n_epochs=2).forecast())
    np.testing.assert_array_equal(*forecasts)


def test_an_audit_refuses_a_name_that_several_of_the_data_bear():
    X, y = RNG.normal(size=(N, 2)), VALUES
    refused(ValueError, ["known_future names 0", "2 of the data"], assert_no_lookahead, len, (X, y), known_future=[0])


def test_the_median_of_huge_forecasts_is_finite():
    model = rnn(n_members=2).fit(SERIES * 1e308)
    assert np.isfinite(model.forecast()).all()


def test_a_series_that_float32_does_not_resolve_is_named_in_a_panel_too():
    panel = pd.DataFrame({"moves": VALUES, "rests": VALUES + 1e9}, DAYS)
    refused(ValueError, ["series 'rests'", "float32", "float64"], rnn(scaler="mean", dtype="float32").fit, panel)


def test_a_series_may_rest_where_float32_rounds_it():
    """What a value moves is measured where it moves."""
    steps = pd.Series(np.where(np.arange(4000) < 2000, 100000.1, 100010.3))
    model = rnn(scaler=None, dtype="float32", max_iter=1, windows_per_epoch=32).fit(steps)
    assert abs(model.forecast().iloc[0] - 100010.3) < 1


def test_fitted_values_are_made_in_pieces_of_which_nothing_is_seen(monkeypatch):
    model = rnn().fit(SERIES)
    expected = model.predict(SERIES)
    monkeypatch.setattr("tsrnn.answering.FITTED_AT_ONCE", 7)
    np.testing.assert_array_equal(model.predict(SERIES), expected)


def test_a_scale_of_windows_needs_one_of_the_series():
    refused(ValueError, ["window_norm='standard'", "scaler"], rnn(window_norm="standard", scaler=None).fit, SERIES)


def test_seasonal_naive_does_not_know_what_comes_behind_a_hole():
    found = []
    for later in (0.0, 10.0):
        moved = SERIES + np.where(np.arange(N) > HOLE[-1], later, 0)
        model = SeasonalNaive(HORIZON, missing="interpolate").fit(moved.drop(DAYS[HOLE]))
        found.append(model.predict(pd.DataFrame(index=DAYS))[HORIZON:])  # before, nothing was known: the mean
    np.testing.assert_array_equal(found[0][: HOLE[-1] + 1], found[1][: HOLE[-1] + 1])
    assert (found[0] != found[1]).any()
