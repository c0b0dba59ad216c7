"""What a forecaster answers, and from which values it has learnt. Expected forecasts come from the naive twin."""

import pickle
import warnings

import naive
import numpy as np
import pandas as pd
import pytest
from cells import each_cell
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import r2_score
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit, cross_val_score

from tsrnn import RNNForecaster, SeasonalNaive, datasets, metrics

N, HORIZON, LOOKBACK = 80, 3, 5
MONTHS = pd.date_range("2014-01-31", periods=N + 20, freq="ME", name="month")
ALL_SALES = pd.Series(
    10 + 0.02 * np.arange(N + 20) + np.sin(np.arange(N + 20) * np.pi / 6)
    + np.random.default_rng(0).normal(0, 0.1, N + 20),
    MONTHS, name="sales",
)  # fmt: skip
SALES, LATER = ALL_SALES.iloc[:N], ALL_SALES.iloc[N:]
VALUES = SALES.to_numpy()

# In float64 both sides round about 1e-16 relative in each of a few hundred sums and one tanh a step.
TOLERANCE = dict(rtol=1e-11, atol=1e-11)


def rnn(**changes):
    options = dict(
        horizon=HORIZON, lookback=LOOKBACK, cell="gru", hidden_layer_sizes=4, max_iter=4, random_state=0, n_jobs=1
    )
    return RNNForecaster(**{**options, **changes})


def seasonal(**changes):
    return SeasonalNaive(**{"horizon": HORIZON, **changes})


both = pytest.mark.parametrize("make", [rnn, seasonal])


def scaling(values):
    return values.mean(), values.std()


def twin(model, values, n_trained):
    """Return fitted values for every row and the forecast after the last one, by the naive forward pass.

    The scale is that of the first `n_trained` values; rows that lack a part of their past see the rest of it, those
    that lack all of it are the mean.
    """
    weights = model._architecture.views(model.parameters_)
    mean, deviation = scaling(values[:n_trained])
    scaled = (values - mean) / deviation
    rows = [*range(HORIZON, len(values)), len(values) + HORIZON - 1]
    windows, lengths = np.zeros((len(rows), LOOKBACK, 1)), []
    for n, row in enumerate(rows):
        end = row - HORIZON + 1  # just past the step that lies `HORIZON` steps before the row
        seen = scaled[max(end - LOOKBACK, 0) : end]
        windows[n, : len(seen), 0] = seen
        lengths.append(len(seen))
    forecasts = naive.forward(model.cell, weights, windows, window_norm=model.window_norm, lengths=lengths)
    forecasts = forecasts * deviation + mean
    return np.append(np.full(HORIZON, mean), forecasts[:-1, -1]), forecasts[-1]


@pytest.fixture(scope="module")
def fitted():
    return {make: make().fit(SALES) for make in (rnn, seasonal)}


# Rows of X are steps


@both
@pytest.mark.parametrize("h", [1, 2, HORIZON])
def test_predict_of_the_future_frame_is_the_forecast(fitted, make, h):
    model = fitted[make]
    future = model.future_frame(h)
    assert future.shape == (h, 0)
    forecast = model.forecast(h)
    pd.testing.assert_index_equal(future.index, MONTHS[N : N + h])
    pd.testing.assert_index_equal(forecast.index, MONTHS[N : N + h])
    np.testing.assert_array_equal(model.predict(future), forecast)


@both
def test_the_forecast_is_as_long_as_the_horizon_and_in_the_format_of_the_data(fitted, make):
    forecast = fitted[make].forecast()
    assert isinstance(forecast, pd.Series)
    assert (len(forecast), forecast.name, forecast.index.name) == (HORIZON, "sales", "month")
    frame = make().fit(SALES.to_frame()).forecast()
    pd.testing.assert_frame_equal(frame, forecast.to_frame())


@both
def test_a_short_forecast_is_the_beginning_of_a_long_one(fitted, make):
    np.testing.assert_array_equal(fitted[make].forecast(1), fitted[make].forecast(3).iloc[:1])


@both
def test_the_order_of_the_rows_and_their_repetition_change_no_forecast(fitted, make):
    rows = ALL_SALES.iloc[: N + HORIZON]
    in_order = fitted[make].predict(rows)
    order = np.random.default_rng(0).permutation(N + HORIZON)
    order = np.concatenate([order, order[:7]])
    np.testing.assert_array_equal(fitted[make].predict(rows.iloc[order]), in_order[order])


@both
def test_rows_after_a_hole_are_forecast_through_it(fitted, make):
    lone = pd.DataFrame(index=MONTHS[[N + 2]])
    np.testing.assert_array_equal(fitted[make].predict(lone), fitted[make].forecast().iloc[2:])


@both
def test_the_values_of_the_rows_are_never_read(fitted, make):
    rows = ALL_SALES.iloc[: N + HORIZON]
    expected = fitted[make].predict(rows)
    np.testing.assert_array_equal(fitted[make].predict(rows * np.nan), expected)
    np.testing.assert_array_equal(fitted[make].predict(rows.astype(str)), expected)
    np.testing.assert_array_equal(fitted[make].predict(rows.to_frame()[[]]), expected)
    assert expected.dtype == np.float64 and expected.shape == (N + HORIZON,)


@both
def test_no_rows_get_no_forecasts(fitted, make):
    assert fitted[make].predict(SALES.iloc[:0]).shape == (0,)


@both
@pytest.mark.parametrize(
    "index",
    [
        pd.date_range("2021-01-01", periods=N, freq="h", tz="Europe/Berlin"),
        pd.period_range("2014-01", periods=N, freq="M"),
        pd.RangeIndex(1900, 1900 + 2 * N, 2),
    ],
    ids=["hours of a zone", "periods", "integers"],
)
def test_every_kind_of_clock_gives_the_same_numbers(make, index):
    options = dict(season=12) if make is seasonal else {}
    expected = make(**options).fit(SALES)
    model = make(**options).fit(SALES.set_axis(index))
    np.testing.assert_array_equal(model.forecast(), expected.forecast())
    np.testing.assert_array_equal(model.predict(model.future_frame()), expected.forecast())
    np.testing.assert_array_equal(model.predict(SALES.set_axis(index)), expected.predict(SALES))


# Fitted values and forecasts are those of the network


@each_cell
@pytest.mark.parametrize("early_stopping", [False, True])
@pytest.mark.parametrize("window_norm", ["last", None])
def test_fitted_values_and_forecast_are_those_of_the_naive_twin(cell, early_stopping, window_norm):
    model = rnn(cell=cell, dtype="float64", early_stopping=early_stopping, window_norm=window_norm, refit=False)
    model.fit(SALES)
    n_trained = N - 8 if early_stopping else N  # a tenth of 80 rows is held out, the scaling knows nothing of it
    fitted_values, forecast = twin(model, VALUES, n_trained)
    np.testing.assert_allclose(model.forecast(), forecast, **TOLERANCE)
    np.testing.assert_allclose(model.predict(SALES), fitted_values, **TOLERANCE)


def test_after_the_refit_scaling_and_network_are_those_of_everything():
    model = rnn(dtype="float64", window_norm="last").fit(SALES)
    fitted_values, forecast = twin(model, VALUES, N)
    np.testing.assert_allclose(model.forecast(), forecast, **TOLERANCE)
    np.testing.assert_allclose(model.predict(SALES), fitted_values, **TOLERANCE)


def test_a_fitted_value_does_not_change_when_the_values_after_its_origin_change():
    """The network is held fixed: two fits from one seed whose steps are too short to change any prediction."""
    changed = SALES.copy()
    changed.iloc[50:] = changed.iloc[50:].to_numpy()[::-1] + 3
    options = dict(scaler=None, learning_rate=1e-300, early_stopping=False, dtype="float64")
    first, second = rnn(**options).fit(SALES), rnn(**options).fit(changed)
    np.testing.assert_allclose(first.parameters_, second.parameters_, rtol=0, atol=1e-290)
    n_same = 50 + HORIZON  # row 52 is the last one that is forecast from row 49
    # The first rows are the mean of training, which fit learns like the scale.
    one, other = (model.predict(SALES)[HORIZON:n_same] for model in (first, second))
    np.testing.assert_allclose(one, other, rtol=0, atol=1e-290)  # all that is left of the weights in the first rows
    assert (first.predict(SALES)[n_same:] != second.predict(SALES)[n_same:]).all()


@both
@pytest.mark.parametrize("n", [11, 12, 40])
def test_every_row_of_training_has_a_finite_fitted_value(make, n):
    model = make().fit(SALES.iloc[:n])
    assert np.isfinite(model.predict(SALES.iloc[:n])).all()
    assert np.isfinite(model.predict(SALES.iloc[:1])).all()


def test_the_naive_forecast_and_its_fitted_values_are_those_of_a_season_before():
    model = seasonal().fit(SALES)
    assert model.season_ == 12
    np.testing.assert_array_equal(model.forecast(30), np.tile(VALUES[-12:], 3)[:30])
    np.testing.assert_array_equal(model.predict(SALES)[12:], VALUES[:-12])
    far = seasonal(horizon=13).fit(SALES)  # a value of the season before is not yet known 13 steps ahead
    np.testing.assert_array_equal(far.predict(SALES)[24:], VALUES[:-24])


# No look-ahead

WATCHING = dict(refit=False, max_iter=6, n_iter_no_change=10**6)


@pytest.mark.parametrize(
    "fraction, horizon, n_held_out", [(0.1, 3, 8), (0.101, 3, 9), (0.01, 3, 3), (0.01, 7, 7), (0.3, 2, 24)]
)
def test_no_window_crosses_the_training_border(fraction, horizon, n_held_out):
    """Values held out change what is watched and nothing that is learnt; the last value before them does."""
    options = dict(WATCHING, horizon=horizon, validation_fraction=fraction)
    changed = SALES.copy()
    changed.iloc[-n_held_out:] = 1e3 * np.random.default_rng(1).normal(size=n_held_out)
    before, after = rnn(**options).fit(SALES), rnn(**options).fit(changed)
    assert before.loss_curve_ == after.loss_curve_
    assert before.validation_loss_curve_ != after.validation_loss_curve_

    changed = SALES.copy()
    changed.iloc[-n_held_out - 1] += 0.5
    assert rnn(**options).fit(changed).loss_curve_ != before.loss_curve_


@pytest.mark.parametrize("epoch", [1, 3])
def test_the_weights_of_an_epoch_do_not_depend_on_what_is_held_out(epoch):
    """The one epoch of `max_iter` that is kept is the best of those seen, so the first; later ones by their loss."""
    changed = SALES.copy()
    changed.iloc[-8:] += np.linspace(1, 2, 8)
    options = dict(refit=False, max_iter=epoch, n_iter_no_change=10**6)
    before, after = rnn(**options).fit(SALES), rnn(**options).fit(changed)
    assert before.best_iter_ == after.best_iter_
    np.testing.assert_array_equal(before.parameters_, after.parameters_)


def test_the_watched_loss_is_that_of_windows_whose_whole_horizon_is_held_out():
    model = rnn(dtype="float64", refit=False, max_iter=1, window_norm="last").fit(SALES)
    mean, deviation = scaling(VALUES[: N - 8])
    scaled = (VALUES - mean) / deviation
    X = np.array([scaled[k - LOOKBACK : k] for k in range(N - 8, N - HORIZON + 1)])[:, :, None]
    y = np.array([scaled[k : k + HORIZON] for k in range(N - 8, N - HORIZON + 1)])
    weights = model._architecture.views(model.parameters_)
    expected = naive.loss("gru", weights, X, y, window_norm="last")
    np.testing.assert_allclose(model.validation_loss_curve_[0], expected, **TOLERANCE)


def test_without_early_stopping_every_value_is_learnt_from_and_no_loss_is_watched():
    model = rnn(early_stopping=False, refit=False).fit(SALES)
    assert np.isnan(model.validation_loss_curve_).all()
    changed = SALES.copy()
    changed.iloc[-1] += 0.5
    assert rnn(early_stopping=False).fit(changed).loss_curve_ != model.loss_curve_


def test_the_fit_keeps_its_own_copy_of_the_series(fitted):
    given = SALES.copy()
    model = rnn().fit(given)
    given.iloc[:] = -1e6
    np.testing.assert_array_equal(model.forecast(), fitted[rnn].forecast())
    np.testing.assert_array_equal(model.predict(SALES), fitted[rnn].predict(SALES))


def test_a_fit_leaves_the_series_as_it_was():
    holed = SALES.where(np.arange(N) % 9 > 0).to_frame()
    copy = holed.copy(deep=True)
    rnn(missing="interpolate").fit(holed).predict(holed)
    pd.testing.assert_frame_equal(holed, copy)


# Epochs, early stopping, refit


def overfitted(**changes):
    """Return a fitted forecaster that was best before its last epoch: its steps are large, its network too."""
    options = dict(hidden_layer_sizes=8, max_iter=60, n_iter_no_change=10**6, learning_rate=0.05)
    return rnn(**{**options, **changes}).fit(SALES)


def test_the_refit_trains_a_fresh_network_on_everything_for_the_best_number_of_epochs():
    model = overfitted()
    assert 1 < model.best_iter_ < model.n_iter_ == 60
    expected = overfitted(early_stopping=False, max_iter=model.best_iter_)
    np.testing.assert_array_equal(model.parameters_, expected.parameters_)
    pd.testing.assert_series_equal(model.forecast(), expected.forecast(), check_exact=True)
    np.testing.assert_array_equal(model.predict(SALES), expected.predict(SALES))
    kept = overfitted(refit=False)
    assert (kept.best_iter_, kept.loss_curve_) == (model.best_iter_, model.loss_curve_)
    assert (kept.parameters_ != model.parameters_).any()


def test_without_a_refit_the_weights_are_those_of_the_best_epoch():
    model = overfitted(refit=False)
    assert model.best_iter_ == 1 + int(np.argmin(model.validation_loss_curve_))
    until_best = overfitted(refit=False, max_iter=model.best_iter_)
    np.testing.assert_array_equal(model.parameters_, until_best.parameters_)


def test_training_ends_when_nothing_has_improved_for_long_enough():
    model = overfitted(n_iter_no_change=3, max_iter=100, refit=False)
    assert model.stop_reason_ == "no_change"
    watched, n_no_change = model.validation_loss_curve_, 0
    for epoch, loss in enumerate(watched, start=1):
        best = min(watched[: epoch - 1], default=np.inf)
        n_no_change = 0 if loss < best - model.tol else n_no_change + 1
        assert (n_no_change == 3) == (epoch == model.n_iter_)


def test_the_history_holds_one_row_an_epoch():
    model = rnn().fit(SALES)
    assert list(model.history_.columns) == ["epoch", "loss", "validation_loss", "learning_rate", "seconds"]
    assert list(model.history_["epoch"]) == [1, 2, 3, 4]
    assert list(model.history_["loss"]) == model.loss_curve_
    assert list(model.history_["validation_loss"]) == model.validation_loss_curve_
    assert (model.history_["seconds"] > 0).all()
    assert (model.n_iter_, model.stop_reason_) == (4, "max_iter")


def test_callbacks_see_every_epoch_and_end_training():
    seen, later = [], []

    def stop_after_two(estimator, record):
        seen.append((estimator, record["epoch"], record["loss"]))
        return record["epoch"] == 2

    model = rnn(callbacks=[stop_after_two, lambda _, record: later.append(set(record))], refit=False, max_iter=9)
    model.fit(SALES)
    assert (model.stop_reason_, model.n_iter_) == ("callback", 2)
    assert [entry[0] for entry in seen] == [model, model]
    assert [entry[1:] for entry in seen] == list(enumerate(model.loss_curve_, start=1))
    keys = {"epoch", "loss", "validation_loss", "learning_rate", "seconds", "run"}
    assert later == [keys] * 2  # also after the first has said stop


def test_progress_is_shown_on_stderr_if_asked_for(capsys):
    rnn().fit(SALES)
    assert capsys.readouterr() == ("", "")
    rnn(verbose=1).fit(SALES)
    shown = capsys.readouterr()
    assert shown.out == ""
    for word in ("training", "refit", "4/4", "loss=", "validation="):
        assert word in shown.err


# Seeds and threads


def test_the_same_seed_gives_the_same_bits_on_any_number_of_threads():
    options = dict(hidden_layer_sizes=(5, 3), batch_size=27, max_iter=3)  # nothing divides by a shard of rows
    one = rnn(**options, n_jobs=1).fit(SALES)
    for n_jobs in (2, 3, -1, None):
        other = rnn(**options, n_jobs=n_jobs).fit(SALES)
        np.testing.assert_array_equal(other.parameters_, one.parameters_)
        np.testing.assert_array_equal(other.predict(ALL_SALES[: N + 3]), one.predict(ALL_SALES[: N + 3]))
        assert other.loss_curve_ == one.loss_curve_


@pytest.mark.parametrize("n_jobs", [1, 2, 5])
def test_members_are_combined_by_the_median_whoever_trains_them(n_jobs):
    model = rnn(n_members=3, n_jobs=n_jobs, max_iter=3, dtype="float64").fit(SALES)
    rng = np.random.RandomState(0)
    seeds = [rng.randint(np.iinfo(np.int32).max) for _ in range(3)]
    own = [member.forecast_ahead(model._numbers, HORIZON, 1)[0, :, 0] for member in model._members]
    assert len({tuple(forecast) for forecast in own}) == len(set(seeds)) == 3
    np.testing.assert_array_equal(model.forecast(), np.median(own, axis=0))
    alone = rnn(max_iter=3, dtype="float64").fit(SALES)
    np.testing.assert_array_equal(alone.parameters_, model.parameters_)  # the first has the seed of a single network
    assert list(model.history_.index.get_level_values("member").unique()) == [0, 1, 2]


def test_a_callback_that_stops_one_member_leaves_the_others():
    def stop_the_second(_, epoch):
        return "member 2" in epoch["run"] and epoch["epoch"] == 2

    model = rnn(n_members=3, max_iter=5, callbacks=stop_the_second, refit=False, n_jobs=2).fit(SALES)
    assert model.history_.groupby(level="member").size().to_list() == [5, 2, 5]


def test_different_seeds_give_different_networks():
    assert (rnn(random_state=0).fit(SALES).parameters_ != rnn(random_state=1).fit(SALES).parameters_).any()


def test_a_random_state_may_be_a_generator_of_numpy_or_nothing():
    state = np.random.RandomState(0)
    first = rnn(random_state=state).fit(SALES).parameters_
    second = rnn(random_state=state).fit(SALES).parameters_
    np.testing.assert_array_equal(first, rnn(random_state=0).fit(SALES).parameters_)
    assert (first != second).any()  # the state has moved on
    assert (rnn(random_state=None).fit(SALES).parameters_ != rnn(random_state=None).fit(SALES).parameters_).any()


def test_a_second_fit_forgets_the_first():
    model = rnn().fit(LATER * 7).fit(SALES)
    np.testing.assert_array_equal(model.forecast(), rnn().fit(SALES).forecast())


# The contract of scikit-learn


@both
def test_clone_and_parameters_make_the_round_trip(make):
    model = make().fit(SALES)
    copy = clone(model)
    assert not hasattr(copy, "series_")
    assert copy.get_params() == model.get_params()
    np.testing.assert_array_equal(copy.fit(SALES).forecast(), model.forecast())
    assert make().set_params(**model.get_params()).get_params() == model.get_params()
    assert make(horizon=5).get_params()["horizon"] == 5


def test_the_constructor_stores_its_arguments_untouched():
    sizes, callbacks = [4], []
    model = RNNForecaster(hidden_layer_sizes=sizes, callbacks=callbacks, learning_rate="auto")
    assert model.hidden_layer_sizes is sizes and model.callbacks is callbacks and model.learning_rate == "auto"
    model.set_params(lookback=5, max_iter=1).fit(SALES)
    assert model.hidden_layer_sizes is sizes and sizes == [4] and model.learning_rate == "auto"


@both
def test_a_pickle_forecasts_the_same_bits(fitted, make):
    model = fitted[make]
    copy = pickle.loads(pickle.dumps(model))
    pd.testing.assert_series_equal(copy.forecast(), model.forecast(), check_exact=True)
    np.testing.assert_array_equal(copy.predict(SALES), model.predict(SALES))


@both
def test_X_with_the_clock_and_y_with_the_values_are_the_same_as_the_series(fitted, make):
    model = make().fit(SALES.to_frame()[[]], SALES)
    pd.testing.assert_series_equal(model.forecast(), fitted[make].forecast(), check_exact=True)
    np.testing.assert_array_equal(make().fit(SALES.to_frame()[[]], VALUES).forecast(), fitted[make].forecast())
    target = make(target="sales").fit(SALES.to_frame())
    np.testing.assert_array_equal(target.forecast()["sales"], fitted[make].forecast())


@both
def test_score_is_r2_of_the_rows_with_or_without_y(fitted, make):
    model = fitted[make]
    true, predicted = LATER.iloc[:HORIZON], model.forecast()
    expected = 1 - ((true - predicted) ** 2).sum() / ((true - true.mean()) ** 2).sum()
    # One sum of three squares: a few roundings.
    assert model.score(true) == pytest.approx(expected, rel=1e-12)
    assert model.score(true.to_frame()[[]], true) == pytest.approx(expected, rel=1e-12)
    assert model.score(SALES) == pytest.approx(r2_score(SALES, model.predict(SALES)), rel=1e-12)


@both
@pytest.mark.parametrize("gap", [0, 1])
def test_cross_validation_over_time_scores_forecasts_of_each_origin(make, gap):
    splits = TimeSeriesSplit(3, test_size=2, gap=gap)
    clock = SALES.to_frame()[[]]
    expected = []
    for train, test in splits.split(clock):
        predicted = make().fit(SALES.iloc[train]).forecast().iloc[gap : gap + 2]
        expected.append(r2_score(SALES.iloc[test], predicted))
    np.testing.assert_allclose(cross_val_score(make(), clock, SALES, cv=splits), expected, rtol=1e-12)
    np.testing.assert_allclose(cross_val_score(make(), SALES.to_frame(), cv=splits), expected, rtol=1e-12)


SCORED = SALES.copy()
SCORED.iloc[[5, 40]] = np.nan


@both
@pytest.mark.parametrize("name, score", [("neg_mase", metrics.mase), ("neg_rmsse", metrics.rmsse)])
def test_scaled_scores_read_the_naive_error_from_the_forecaster(make, name, score):
    """What was interpolated is not observed, and gives no error of the naive forecast."""
    model = make(missing="interpolate").fit(SCORED)
    expected = -score(LATER[:HORIZON], model.forecast(), SCORED, season=12)
    found = metrics.scorer(name)(model, LATER[:HORIZON])
    assert found == pytest.approx(expected, rel=1e-12)  # sums in another order
    short = make(missing="interpolate").fit(SCORED[:12])
    assert np.isnan(short.naive_errors(SCORED, power=2)).all() and (short.naive_errors(SCORED) > 0).all()


@both
def test_a_grid_search_scores_by_mase_and_direction(make):
    scoring = {name: metrics.scorer(name) for name in ("neg_mase", "directional_accuracy")}
    folds = TimeSeriesSplit(2, test_size=HORIZON)
    search = GridSearchCV(make(), {"horizon": [HORIZON]}, cv=folds, scoring=scoring, refit="neg_mase").fit(SALES)
    assert search.best_score_ < 0
    assert 0 <= search.cv_results_["mean_test_directional_accuracy"][0] <= 1


def test_a_grid_search_finds_and_refits_the_better_forecaster():
    search = GridSearchCV(rnn(), {"lookback": [4, 5]}, cv=TimeSeriesSplit(2, test_size=3))
    search.fit(SALES.to_frame()[[]], SALES)
    model = rnn(**search.best_params_).fit(SALES)
    np.testing.assert_array_equal(search.predict(model.future_frame()), model.forecast())


# Without a clock

clockless = pytest.mark.parametrize("form", [VALUES, VALUES[:, None], VALUES.tolist()], ids=["array", "column", "list"])


def fit_clockless(model, data, y=None):
    with pytest.warns(UserWarning, match="no clock"):
        return model.fit(data, y)


@both
@clockless
def test_a_fit_without_a_clock_warns_once_and_names_the_cures(make, form):
    with pytest.warns(UserWarning, match="no clock") as caught:
        make().fit(form)
    message = str(caught[0].message)
    assert len(caught) == 1 and "\n" not in message
    assert "directly after training" in message
    assert "time index" in message and 'set_output(transform="pandas")' in message
    assert caught[0].filename == __file__


@both
@clockless
def test_rows_without_a_clock_are_those_directly_after_training(fitted, make, form):
    options = dict(season=12) if make is seasonal else {}
    model = fit_clockless(make(**options), form)
    expected = fitted[make].forecast()
    np.testing.assert_array_equal(model.forecast(), expected)
    assert list(model.forecast().index) == [N, N + 1, N + 2]
    for rows in (np.zeros(2), np.zeros((2, 1)), np.empty((2, 0)), [7.0, 8.0], model.future_frame(2)):
        np.testing.assert_array_equal(model.predict(rows), expected.iloc[:2])


@both
@clockless
def test_the_very_rows_of_training_get_fitted_values_without_a_clock(fitted, make, form):
    options = dict(season=12) if make is seasonal else {}
    model = fit_clockless(make(**options), form)
    np.testing.assert_array_equal(model.predict(form), fitted[make].predict(SALES))
    assert model.score(form) == pytest.approx(fitted[make].score(SALES), rel=1e-12)


@both
def test_the_very_rows_of_training_get_fitted_values_also_where_some_are_missing(make):
    holed = VALUES.copy()
    holed[[3, 20]] = np.nan
    options = dict(season=12) if make is seasonal else {}
    model = fit_clockless(make(missing="interpolate", **options), holed)
    clocked = make(missing="interpolate", **options).fit(pd.Series(holed, MONTHS[:N]))
    np.testing.assert_array_equal(model.predict(holed), clocked.predict(SALES))


@pytest.mark.parametrize("window_norm", ["last", None])
def test_beyond_the_horizon_forecasts_are_made_as_if_those_before_had_been_observed(window_norm):
    """To go on from its own forecasts is what a forecaster fitted on them, with the same weights, does at once."""
    model = rnn(dtype="float64", window_norm=window_norm, scaler=None).fit(SALES)
    first = model.forecast()
    longer = rnn(dtype="float64", window_norm=window_norm, scaler=None, max_iter=1).fit(pd.concat([SALES, first]))
    expected = longer.set_weights(model.get_weights()).forecast(2)
    np.testing.assert_allclose(model.forecast(5), pd.concat([first, expected]), rtol=1e-12)


@both
def test_a_series_with_an_index_of_numbers_has_a_clock_and_does_not_warn(make):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = make().fit(pd.Series(VALUES))
    assert list(model.forecast().index) == [N, N + 1, N + 2]


# Worth its training


def mean_error(forecast, true):
    assert forecast.index.equals(true.index)
    return np.abs(forecast - true).mean()


def learner():
    return RNNForecaster(
        horizon=12, cell="gru", hidden_layer_sizes=8, learning_rate=0.01, max_iter=60, random_state=0, n_jobs=1
    )


@pytest.mark.parametrize("n_after", [12, 24, 36])
def test_a_trend_with_a_season_is_forecast_much_better_than_by_last_year(n_after):
    """Last year is wrong by a year of trend, 2.4, beside noise of deviation 1; seeds 0 to 3 come to 0.17 to 0.55."""
    t = np.arange(240)
    values = 50 + 0.2 * t + 10 * np.sin(t * np.pi / 6) + np.random.default_rng(1).normal(0, 1, 240)
    series = pd.Series(values, pd.date_range("2000-01-01", periods=240, freq="MS"))
    past, true = series.iloc[:-n_after], series.iloc[-n_after:].iloc[:12]
    of_last_year = mean_error(SeasonalNaive(horizon=12).fit(past).forecast(), true)
    assert mean_error(learner().fit(past).forecast(), true) < 0.7 * of_last_year


@pytest.mark.parametrize("n_after", [12, 24])
def test_employment_in_the_united_states_is_forecast_much_better_than_by_last_year(n_after):
    """Seeds 0 to 4 come to 0.08 to 0.22 of the error."""
    panel = datasets.load_us_employment()
    series = panel[panel["unique_id"] == "nonfarm"].set_index("ds")["y"]
    past, true = series.iloc[:-n_after], series.iloc[-n_after:].iloc[:12]
    of_last_year = mean_error(SeasonalNaive(horizon=12).fit(past).forecast(), true)
    assert mean_error(learner().fit(past).forecast(), true) < 0.5 * of_last_year


def test_a_hole_across_the_training_border_tells_training_nothing_of_what_comes_after():
    holed = SALES.copy()
    holed.iloc[N - 10 : N - 5] = np.nan  # the last eight rows are held out
    changed = holed.copy()
    changed.iloc[N - 5 :] += 50
    first, second = (
        rnn(missing="interpolate", refit=False, early_stopping=True).fit(data) for data in (holed, changed)
    )
    assert first.loss_curve_ == second.loss_curve_
    of_first, of_second = (model._members[0].preparation.transforms[0] for model in (first, second))
    assert (of_first.center_, of_first.scale_) == (of_second.center_, of_second.scale_)
    assert first.validation_loss_curve_ != second.validation_loss_curve_


def test_the_refit_goes_through_all_its_epochs_however_impatient_the_training_was():
    seen = []
    model = rnn(n_iter_no_change=1, tol=1e9, callbacks=lambda estimator, record: seen.append(record["run"]))
    model.set_params(early_stopping=True, max_iter=30, n_iter_no_change=12).fit(SALES)
    assert model.best_iter_ > 1
    assert seen.count("refit on everything") == model.best_iter_


def test_a_refit_that_a_callback_stops_never_replaces_the_network_before_it():
    def stop_at_once_in_the_refit(estimator, record):
        return record["run"] != "training"

    options = dict(early_stopping=True, max_iter=8)
    with pytest.warns(ConvergenceWarning, match="was stopped by a callback after 1 epoch.*is kept"):
        model = rnn(callbacks=stop_at_once_in_the_refit, **options).fit(SALES)
    np.testing.assert_array_equal(model.forecast(), rnn(refit=False, **options).fit(SALES).forecast())
    assert model.best_iter_ > 1


def test_movements_that_the_precision_cannot_hold_are_refused():
    series = 1e9 + SALES / SALES.abs().max()
    with pytest.raises(ValueError, match=r"moves by less than float32 resolves; set dtype='float64'"):
        rnn(scaler=None).fit(series)
    assert np.nanmax(np.diff(rnn(scaler=None, dtype="float64").fit(series)._members[0]._windows.rows[:, 0])) > 0


@both
def test_rows_are_known_by_an_index_and_an_array_of_stamps_is_refused(fitted, make):
    model = fitted[make]
    forecast = model.forecast()
    np.testing.assert_array_equal(model.predict(forecast.index[1:]), forecast.iloc[1:])
    with pytest.raises(TypeError, match="from which no clock is read"):
        model.predict(forecast.index.to_numpy())
    with pytest.warns(UserWarning, match="X has no clock"):
        np.testing.assert_array_equal(model.predict(np.zeros((2, 1))), forecast.iloc[:2])


@both
def test_a_grid_search_and_a_target_transform_work_on_frames_that_hold_the_clock(make):
    from sklearn.compose import TransformedTargetRegressor
    from sklearn.model_selection import GridSearchCV, TimeSeriesSplit
    from sklearn.preprocessing import StandardScaler

    clock = SALES.to_frame()[[]]
    cv = TimeSeriesSplit(2, test_size=HORIZON)
    search = GridSearchCV(make(), {"missing": ["raise", "interpolate"]}, cv=cv, error_score="raise")
    search.fit(clock, SALES.to_numpy())
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    assert search.n_features_in_ == 0
    scaled = TransformedTargetRegressor(make(), transformer=StandardScaler()).fit(clock, SALES.to_numpy())
    future = scaled.regressor_.future_frame(HORIZON)
    # The forecaster scales by itself, so only rounding in float32 tells the two apart.
    np.testing.assert_allclose(scaled.predict(future), make().fit(SALES).predict(future), rtol=1e-3)
