"""state="carried": forecasts after every step are those of one pass over the whole series, and of a stream."""

import pickle

import naive
import numpy as np
import pandas as pd
import pytest
from cells import each_cell
from refusals import refused

from tsrnn import RNNForecaster, assert_no_lookahead, backtest

N, LATER, HORIZON, LOOKBACK = 90, 20, 3, 7
STAMPS = pd.date_range("2014-01-01", periods=N + LATER, freq="D", name="day")
RNG = np.random.default_rng(0)
VALUES = 10 + np.sin(np.arange(N + LATER) * np.pi / 6) + RNG.normal(0, 0.1, N + LATER)
SERIES = pd.Series(VALUES, STAMPS, name="sales")
HOLES = SERIES.copy()
HOLES.iloc[[20, 21, 50, N - 1, N, N + 3, N + 4, *range(N + 7, N + 12)]] = np.nan
COVARIATES = pd.DataFrame({"visits": RNG.normal(size=N + LATER), "shop": "s"}, STAMPS)

# In float64 both sides round about 1e-16 relative in each of a few hundred sums and one tanh a step.
TOLERANCE = dict(rtol=1e-11, atol=1e-11)


def fit(X, y=None, **changes):
    options = dict(
        horizon=HORIZON, lookback=LOOKBACK, state="carried", cell="gru", hidden_layer_sizes=4, max_iter=3,
        random_state=0, n_jobs=1,
    )  # fmt: skip
    return RNNForecaster(**{**options, **changes}).fit(X, y)


def outputs_of_twin(model, scaled):
    """Return what the network puts out after every step, shape (n, HORIZON), by the naive forward pass."""
    weights = model._architecture.views(model.parameters_)
    return naive.forward(model.cell, weights, scaled[None, :, None], return_sequences=True)[0]


@each_cell
def test_fitted_values_and_forecast_are_those_of_one_naive_pass_over_the_whole_series(cell):
    model = fit(SERIES[:N], cell=cell, dtype="float64")
    mean, deviation = VALUES[:N].mean(), VALUES[:N].std()
    outputs = outputs_of_twin(model, (VALUES[:N] - mean) / deviation) * deviation + mean
    fitted = np.append(np.full(HORIZON, mean), outputs[:-HORIZON, -1])
    np.testing.assert_allclose(model.predict(SERIES[:N]), fitted, **TOLERANCE)
    np.testing.assert_allclose(model.forecast(), outputs[-1], **TOLERANCE)


def test_weights_that_are_set_are_those_of_the_next_forecast():
    model, other = fit(SERIES[:N]), fit(SERIES[:N], random_state=1)
    model.forecast()
    model.set_weights(other.get_weights())
    np.testing.assert_array_equal(model.forecast(), other.forecast())
    np.testing.assert_array_equal(model.predict(SERIES[:N]), other.predict(SERIES[:N]))
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(model)).forecast(), other.forecast())


def test_the_validation_loss_is_of_all_targets_held_out_after_every_step_before_them():
    model = fit(SERIES[:N], refit=False, validation_fraction=0.2, dtype="float64")
    n_training = N - int(np.ceil(0.2 * N))
    mean, deviation = VALUES[:n_training].mean(), VALUES[:n_training].std()
    scaled = (VALUES[:N] - mean) / deviation
    outputs, losses = outputs_of_twin(model, scaled), []
    for t in range(N):
        losses += [(outputs[t, k] - scaled[t + 1 + k]) ** 2 for k in range(HORIZON) if n_training <= t + 1 + k < N]
    np.testing.assert_allclose(model.validation_loss_curve_[model.best_iter_ - 1], np.mean(losses), **TOLERANCE)


def test_what_is_held_out_is_not_learnt_from():
    other = SERIES[:N].copy()
    other.iloc[N - 9 :] += 5
    models = [fit(series, refit=False, max_iter=1) for series in (SERIES[:N], other)]
    np.testing.assert_array_equal(models[0].parameters_, models[1].parameters_)


CASES = {
    "plain": {},
    "holes": dict(missing="mask", calendar=["weekday"]),
    "differences": dict(target_transform=["log1p", "difference"], missing="mask", scaler="robust"),
    "a season": dict(target_transform="deseasonalise", n_members=2, cell="lstm", hidden_layer_sizes=(4, 3)),
    "covariates": dict(past_covariates=["visits"], static_covariates=["shop"]),
}


@pytest.mark.parametrize("name", CASES)
def test_a_stream_and_one_pass_give_the_same_bits(name):
    y, X, options = HOLES if "missing" in CASES[name] else SERIES, None, CASES[name]
    if name == "covariates":
        X, y = COVARIATES, SERIES
    model = fit(y[:N], **options) if X is None else fit(X[:N], y[:N], **options)
    stream, made = model.stream(), []
    for k in range(N, N + LATER):
        made.append(stream.predict(2 * HORIZON + 1))
        stream.update(y.iloc[k] if X is None else {**X.iloc[k].to_dict(), "sales": y.iloc[k]})
    model.update(y[N:]) if X is None else model.update(X[N:], y[N:])
    pd.testing.assert_series_equal(stream.forecast(), model.forecast(), check_exact=True)
    np.testing.assert_array_equal(stream.predict(8), model.forecast(8))
    rows = y[N + HORIZON - 1 :] if X is None else X[N + HORIZON - 1 :]
    fitted = model.predict(rows)  # from HORIZON steps before
    np.testing.assert_array_equal(fitted, [forecasts[HORIZON - 1] for forecasts in made[: len(fitted)]])
    assert len(fitted) == LATER - HORIZON + 1


def test_a_snapshot_is_where_a_carried_stream_was():
    model = fit(HOLES[:N], missing="mask", calendar=["weekday"], target_transform="difference")
    stream = model.stream().update(VALUES[N])
    snapshot = stream.snapshot()
    expected = [stream.update(value).predict() for value in HOLES[N + 1 :]]
    for kept in (snapshot, pickle.loads(pickle.dumps(snapshot))):
        again = model.stream().restore(kept)
        assert again.forecast().index[0] == STAMPS[N + 1]
        np.testing.assert_array_equal([again.update(value).predict() for value in HOLES[N + 1 :]], expected)
    before = stream.predict()
    refused(ValueError, ["infinite"], stream.update, np.inf)
    refused(ValueError, ["series 'sales'", "float32"], stream.update, 1e300)
    np.testing.assert_array_equal(stream.predict(), before)


def test_a_long_stream_stays_as_small_and_keeps_its_stamps():
    model = fit(SERIES[:N], calendar=["weekday"])
    stream, sizes = model.stream(), []
    for k in range(600):
        stream.update(VALUES[k % N])
        if k % 100 == 99:
            sizes.append(len(pickle.dumps(stream.snapshot())))
    assert max(sizes) < 1.1 * min(sizes) < 20_000
    assert stream.forecast(1).index[0] == STAMPS[N - 1] + pd.Timedelta(days=601)
    model.update(pd.Series(VALUES[np.arange(600) % N], pd.date_range(STAMPS[N], periods=600, name="day"), name="sales"))
    np.testing.assert_array_equal(stream.predict(), model.forecast())


WIDE = pd.DataFrame({"b": SERIES, "a": 3 + HOLES**2, "c": SERIES.where(np.arange(N + LATER) >= 40)})[:N]


def test_series_of_a_panel_are_read_alone_in_any_order_on_any_number_of_threads():
    options = dict(missing="mask", batch_size=2)
    model = fit(WIDE, **options)
    expected, fitted = model.forecast(), model.predict(WIDE)
    for other in (fit(WIDE[["c", "a", "b"]], **options), fit(WIDE, **options, **{"n_jobs": 3})):
        pd.testing.assert_frame_equal(other.forecast()[["b", "a", "c"]], expected, check_exact=True)
    assert np.isfinite(fitted).all()
    stream = model.stream("c").update(VALUES[N])
    one_more = pd.DataFrame({"b": np.nan, "a": np.nan, "c": VALUES[N]}, STAMPS[N : N + 1])
    pd.testing.assert_frame_equal(stream.forecast(), model.update(one_more).forecast()[["c"]], check_exact=True)


def test_a_backtest_without_refits_is_one_pass_and_sees_nothing_later():
    def forecasts(data):
        model = fit(data.iloc[:60], missing="mask", target_transform="difference")
        return backtest(model, data, refit=False, step=7).forecasts

    assert_no_lookahead(forecasts, SERIES)


def test_weights_that_are_all_one_change_nothing_and_others_do():
    expected, weights = fit(SERIES[:N]).parameters_, np.ones(N)
    options = dict(horizon=HORIZON, lookback=LOOKBACK, state="carried", cell="gru", hidden_layer_sizes=4, max_iter=3)
    model = RNNForecaster(**options, random_state=0, n_jobs=1)
    np.testing.assert_array_equal(model.fit(SERIES[:N], sample_weight=weights).parameters_, expected)
    weights[30:40] = 0
    assert not np.array_equal(model.fit(SERIES[:N], sample_weight=weights).parameters_, expected)


def test_learning_goes_on_from_later_rows():
    model = fit(SERIES[:N])
    before = model.parameters_
    model.update(SERIES[N:], n_epochs=2)
    assert not np.array_equal(model.parameters_, before)
    np.testing.assert_array_equal(model.stream().predict(5), model.forecast(5))
    report = model.report()
    assert report["step"].tolist() == [1, 2, 3]
    assert np.isfinite(report["MAE"]).all()


def test_several_targets_are_read_together():
    both = np.column_stack([VALUES, -VALUES[::-1]])
    X = pd.DataFrame(index=STAMPS)
    model = fit(X[:N], both[:N])
    stream = model.stream()
    for k in range(N, N + 3):
        model.update(X[k : k + 1], both[k : k + 1])
        np.testing.assert_array_equal(stream.update(both[k]).predict(), model.forecast())


@pytest.mark.parametrize(
    "options, words",
    [
        (dict(window_norm="last"), ["window_norm='last'", "whole window", "None"]),
        (dict(strategy="recursive"), ["strategy='recursive'", "'direct'"]),
        (dict(missing="interpolate"), ["missing='interpolate'", "next value", "'mask'"]),
        (dict(windows_per_epoch=5), ["windows_per_epoch=5", "order"]),
        (dict(target_transform=["log1p", "stl"]), ["'stl'", "later values", "'deseasonalise'"]),
    ],
)
def test_what_needs_whole_windows_or_later_values_is_refused(options, words):
    refused(ValueError, [*words, "state='carried'", "state='window'"], fit, SERIES[:N], **options)


def test_covariates_that_are_known_ahead_are_refused():
    words = ["'visits'", "ahead", "past_covariates", "state='window'"]
    refused(ValueError, words, fit, COVARIATES[:N], SERIES[:N], static_covariates=["shop"])
