"""A back-test gives what a loop of fit, update and forecast over the user's own slices gives, and scores it."""

import numpy as np
import pandas as pd
import pytest
from refusals import refused
from sklearn.base import BaseEstimator, RegressorMixin, TransformerMixin, clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from tsrnn import RNNForecaster, SeasonalNaive, backtest, datasets, metrics
from tsrnn.member import Member

N, HORIZON = 70, 3
DAYS = pd.date_range("2024-01-01", periods=N, freq="D", name="day")
RNG = np.random.default_rng(0)
SALES = pd.Series(20 + 3 * np.sin(np.arange(N) * 2 * np.pi / 7) + RNG.normal(size=N), DAYS, name="sales")
HOLED = SALES.where(~np.isin(np.arange(N), [10, 40, 55, 56, 60, 66]))
WIDE = pd.DataFrame({"b": SALES, "a": SALES.to_numpy()[::-1] * 7 + 100}, DAYS)
LONG = WIDE.reset_index().melt("day", var_name="unique_id", value_name="y").rename(columns={"day": "ds"})
RAGGED = LONG[(LONG["unique_id"] == "b") | LONG["ds"].between(DAYS[5], DAYS[60])]  # "a" begins late and ends early
STAMPED = pd.DataFrame(index=DAYS)


def rnn(**changes):
    options = dict(horizon=HORIZON, lookback=5, cell="gru", hidden_layer_sizes=3, max_iter=2, random_state=0, n_jobs=1)
    return RNNForecaster(**{**options, **changes})


def seasonal(**changes):
    return SeasonalNaive(**{"horizon": HORIZON, **changes})


both = pytest.mark.parametrize("make", [rnn, seasonal])


def by_origin(test, series=None):
    """Return {stamp of the origin: forecasts} of one series."""
    rows = test.forecasts
    rows = rows if series is None else rows[rows["unique_id"] == series]
    return {origin: group["forecast"].to_numpy() for origin, group in rows.groupby("origin")}


def assert_same_bits(found, expected):
    assert list(found) == list(expected)
    for origin, forecast in expected.items():
        np.testing.assert_array_equal(found[origin], forecast)


# What is forecast


@both
def test_with_refit_each_forecast_is_that_of_a_fresh_fit_on_the_rows_before(make):
    test = backtest(make(), SALES, step=4, n_origins=4)
    ends = [N - 1 - HORIZON - 4 * back for back in (3, 2, 1, 0)]
    expected = {DAYS[end]: make().fit(SALES.iloc[: end + 1]).forecast().to_numpy() for end in ends}
    assert_same_bits(by_origin(test), expected)


@both
def test_a_rolling_window_forgets_what_lies_before_it(make):
    test = backtest(make(), SALES, step=9, initial=30, window="rolling", window_size=25)
    ends = range(29, N - HORIZON, 9)
    expected = {DAYS[end]: make().fit(SALES.iloc[end - 24 : end + 1]).forecast().to_numpy() for end in ends}
    assert_same_bits(by_origin(test), expected)
    without_size = backtest(make(), SALES, step=9, initial=25, window="rolling")
    same = backtest(make(), SALES, step=9, initial=25, window="rolling", window_size=25)
    pd.testing.assert_frame_equal(without_size.forecasts, same.forecasts)


@both
@pytest.mark.parametrize("data", [SALES, HOLED], ids=["whole", "holed"])
@pytest.mark.parametrize("h", [1, HORIZON, HORIZON + 2])
def test_without_refit_each_forecast_is_that_of_update_to_the_bit(make, data, h):
    estimator = make(missing="interpolate")
    test = backtest(estimator, data, horizon=h, step=1, n_origins=15, refit=False)
    first = N - h - 15
    fitted, expected = clone(estimator).fit(data.iloc[: first + 1]), {}
    expected[DAYS[first]] = fitted.forecast(h).to_numpy()
    for end in range(first + 1, N - h):
        expected[DAYS[end]] = fitted.update(data.iloc[[end]]).forecast(h).to_numpy()
    assert_same_bits(by_origin(test), expected)


@pytest.mark.parametrize("scaler", ["standard", "minmax", None])
def test_without_refit_masked_holes_are_those_of_update_to_the_bit(scaler):
    estimator = rnn(missing="mask", scaler=scaler)
    test = backtest(estimator, HOLED, n_origins=15, refit=False)
    first = N - HORIZON - 15
    for end in range(first + 1, N - HORIZON):
        moved = clone(estimator).fit(HOLED.iloc[: first + 1]).update(HOLED.iloc[first + 1 : end + 1])
        np.testing.assert_array_equal(by_origin(test)[DAYS[end]], moved.forecast())


@both
def test_a_season_longer_than_the_first_memory_is_that_of_update(make):
    test = backtest(make(), SALES, initial=5 if make is seasonal else 20, refit=False)
    first = test.forecasts["origin"].min()
    fitted = make().fit(SALES[:first])
    for origin, forecast in by_origin(test).items():
        later = SALES[first:origin].iloc[1:]
        moved = clone(fitted).fit(SALES[:first])
        np.testing.assert_array_equal(forecast, moved.update(later).forecast() if len(later) else moved.forecast())


@both
def test_refit_k_fits_at_every_kth_origin_and_updates_between(make):
    test = backtest(make(), SALES, n_origins=5, refit=2)
    first = N - HORIZON - 5
    for number, (origin, forecast) in enumerate(by_origin(test).items()):
        at_fit = first + number // 2 * 2
        fitted = make().fit(SALES.iloc[: at_fit + 1])
        if number % 2:
            fitted.update(SALES.iloc[[at_fit + 1]])
        assert origin == DAYS[first + number]
        np.testing.assert_array_equal(forecast, fitted.forecast())


@both
@pytest.mark.parametrize("refit", [True, False])
def test_of_a_ragged_panel_each_series_takes_part_while_it_lasts(make, refit):
    test = backtest(make(), RAGGED, step=5, initial=40, refit=refit)
    fitted = make().fit(RAGGED[RAGGED["ds"] <= DAYS[39]])
    for origin in range(39, N - HORIZON, 5):
        known = RAGGED[RAGGED["ds"] <= DAYS[origin]]
        if refit:
            fitted = make().fit(known)
        elif origin > 39:
            fitted = make().fit(RAGGED[RAGGED["ds"] <= DAYS[39]]).update(known[known["ds"] > DAYS[39]])
        ahead = RAGGED[(RAGGED["ds"] > DAYS[origin]) & (RAGGED["ds"] <= DAYS[origin + HORIZON])]
        found = test.forecasts[test.forecasts["origin"] == DAYS[origin]]
        assert found[["unique_id", "ds"]].to_numpy().tolist() == ahead[["unique_id", "ds"]].to_numpy().tolist()
        np.testing.assert_array_equal(found["truth"], ahead["y"])
        np.testing.assert_array_equal(found["forecast"], fitted.predict(ahead))
    assert test.forecasts.groupby("unique_id").size()["a"] < test.forecasts.groupby("unique_id").size()["b"]


def test_without_refit_all_origins_are_one_batch(monkeypatch):
    sizes, forecast_from = [], Member.forecast_from

    def counted(self, numbers, rows, n_threads):
        sizes.append(len(rows))
        return forecast_from(self, numbers, rows, n_threads)

    monkeypatch.setattr(Member, "forecast_from", counted)
    backtest(rnn(), WIDE, n_origins=20, refit=False)
    assert sizes == [40]


PLANS = pd.DataFrame({"promo": RNG.normal(size=N), "kind": pd.Categorical(RNG.choice(["a", "b"], N))}, DAYS)
PLANNED = SALES + 5 * PLANS["promo"]


@pytest.mark.parametrize("past", [None, ["promo"], ["promo", "kind"]])
@pytest.mark.parametrize("h", [1, HORIZON, HORIZON + 2])
def test_without_refit_each_origin_knows_the_covariates_after_it(past, h):
    model = rnn(past_covariates=past, calendar=["weekday"])
    found = by_origin(backtest(model, PLANS, PLANNED, horizon=h, n_origins=8, refit=False))
    first = N - h - 8
    fitted, expected = clone(model).fit(PLANS[: first + 1], PLANNED[: first + 1]), {}
    for end in range(first, N - h):
        if end > first:
            fitted.update(PLANS.iloc[[end]], PLANNED.iloc[[end]])
        expected[DAYS[end]] = fitted.predict(PLANS[end + 1 : end + 1 + h])
    assert_same_bits(found, expected)


@pytest.mark.parametrize("missing", ["mask", "interpolate"])
def test_without_refit_a_hole_in_covariates_is_filled_from_before_each_origin(missing):
    X = PLANS.assign(promo=PLANS["promo"].where(~np.isin(np.arange(N), [57, 60, 61])))
    found = by_origin(backtest(rnn(missing=missing), X, PLANNED, n_origins=12, refit=False))
    fitted, expected = rnn(missing=missing).fit(X[:56], PLANNED[:56]), {}
    for end in range(55, N - HORIZON):
        if end > 55:
            fitted.update(X.iloc[[end]], PLANNED.iloc[[end]])
        expected[DAYS[end]] = fitted.predict(X[end + 1 : end + 1 + HORIZON])
    assert_same_bits(found, expected)


def test_without_refit_a_forecast_is_no_other_if_covariates_beyond_it_and_later_values_are():
    X, y = PLANS.copy(), PLANNED.copy()
    cut = N - HORIZON - 4
    X.iloc[cut + 1 + HORIZON :, 0], y.iloc[cut + 1 :] = 99.0, -99.0
    options = dict(n_origins=8, refit=False)
    before, after = (by_origin(backtest(rnn(), *given, **options)) for given in ((PLANS, PLANNED), (X, y)))
    changed = [origin for origin in before if not np.array_equal(before[origin], after[origin])]
    assert changed == [stamp for stamp in before if stamp > DAYS[cut]]


@pytest.mark.parametrize("missing", ["raise", "mask"])
def test_without_refit_covariates_of_a_ragged_panel_are_those_of_its_rows(missing):
    rows = RAGGED.assign(promo=RNG.normal(size=len(RAGGED)), size=RAGGED["unique_id"].map({"b": 1.0, "a": 5.0}))
    model = rnn(static_covariates=["size"], missing=missing)
    test = backtest(model, rows, step=2, initial=50, refit=False).forecasts
    for origin, found in test.groupby("origin"):
        fitted = clone(model).fit(rows[rows["ds"] <= DAYS[49]])
        later = rows[rows["ds"].between(DAYS[50], origin)]
        fitted = fitted.update(later) if len(later) else fitted
        ahead = rows[(rows["ds"] > origin) & (rows["ds"] <= origin + pd.Timedelta(HORIZON, "D"))]
        np.testing.assert_array_equal(found["forecast"], fitted.predict(ahead.assign(y=np.nan)))


@pytest.mark.parametrize("refit", [True, False])
def test_covariates_that_are_missing_ahead_are_refused_or_masked(refit):
    X = PLANS.assign(promo=PLANS["promo"].where(np.arange(N) != N - 1))
    words = ["no value of 'promo' is given", "at 2024-03-10"]
    refused(ValueError, words, backtest, rnn(), X, PLANNED, n_origins=3, refit=refit)
    masked = backtest(rnn(missing="mask"), X, PLANNED, n_origins=3, refit=refit).forecasts["forecast"].to_numpy()
    last = rnn(missing="mask").fit(X[: N - 3 if refit else N - 5], PLANNED[: N - 3 if refit else N - 5])
    last = last if refit else last.update(X[N - 5 : N - 3], PLANNED[N - 5 : N - 3])
    np.testing.assert_array_equal(masked[-HORIZON:], last.predict(X[-HORIZON:]))


def test_without_refit_all_origins_with_covariates_are_one_batch(monkeypatch):
    calls, forecast_from = [], Member.forecast_from

    def counted(self, numbers, rows, n_threads):
        calls.append(len(rows))
        assert np.isnan(self._series.values[-HORIZON:]).all()  # what is to be forecast is not even there
        return forecast_from(self, numbers, rows, n_threads)

    monkeypatch.setattr(Member, "forecast_from", counted)
    monkeypatch.setattr(Member, "forecast_ahead", lambda self, *arguments: calls.append("alone"))
    for data in ((PLANS, PLANNED), (PLANS, PLANNED.to_frame()), (PLANS.to_numpy(), PLANNED.to_numpy())):
        backtest(rnn(), *data, n_origins=20, refit=False)
    backtest(rnn(target="sales"), PLANS.assign(sales=PLANNED), n_origins=20, refit=False)
    assert calls == [20] * 4


def test_a_series_that_begins_after_the_fit_takes_part_from_the_next_fit_on():
    late = LONG[(LONG["unique_id"] == "b") | (LONG["ds"] >= DAYS[50])]
    options = dict(horizon=2, step=5, initial=46)
    refitted, kept = (backtest(seasonal(), late, refit=refit, **options).forecasts for refit in (True, False))
    assert refitted.loc[refitted["unique_id"] == "a", "origin"].min() == DAYS[50]
    assert set(kept["unique_id"]) == {"b"}
    first = refitted[(refitted["unique_id"] == "a") & (refitted["origin"] == DAYS[50])]
    assert (first["forecast"] == late[late["unique_id"] == "a"]["y"].iloc[0]).all()


def test_a_series_shorter_than_a_season_at_the_fit_repeats_its_last_value_until_it_is_as_long():
    young = LONG[(LONG["unique_id"] == "b") | (LONG["ds"] >= DAYS[36])]
    test = backtest(seasonal(), young, initial=40, n_origins=6, refit=False)
    fitted = seasonal().fit(young[young["ds"] <= DAYS[39]])
    assert fitted.season_ == 7
    for origin, forecast in by_origin(test, "a").items():
        moved = clone(fitted).fit(young[young["ds"] <= DAYS[39]])
        later = young[(young["ds"] > DAYS[39]) & (young["ds"] <= origin)]
        moved = moved.update(later) if len(later) else moved
        expected = moved.forecast()
        np.testing.assert_array_equal(forecast, expected[expected["unique_id"] == "a"]["y"])


def test_an_estimator_gets_the_rows_in_the_order_of_the_user():
    Spy.fits.clear(), Spy.predictions.clear()
    X = LONG.assign(plan=1.0).drop(columns="y")
    backtest(Spy(), X, LONG["y"], horizon=2, n_origins=1)
    assert Spy.fits[0][0].index.equals(LONG.index[LONG["ds"] < DAYS[-2]])
    assert Spy.predictions[0].index.equals(LONG.index[LONG["ds"] >= DAYS[-2]])


# Formats


FORMS = {
    "series": (SALES, None),
    "frame": (SALES.to_frame(), None),
    "X and y": (STAMPED, SALES),
    "array and y": (np.zeros((N, 0)), SALES),
    "periods": (SALES.to_period("D"), None),
    "zone": (SALES.tz_localize("UTC"), None),
    "integers": (SALES.set_axis(pd.RangeIndex(1000, 1000 + 2 * N, 2, name="day")), None),
    "array": (SALES.to_numpy(), None),
    "list": (SALES.tolist(), None),
    "long": (LONG[LONG["unique_id"] == "b"], None),
}


@both
@pytest.mark.parametrize("refit", [True, False])
@pytest.mark.parametrize("form", FORMS)
def test_one_series_is_tested_alike_in_every_format(make, form, refit):
    X, y = FORMS[form]
    season = 7 if make is seasonal else None
    estimator = make(season=7) if season else make()
    expected = backtest(estimator, SALES, n_origins=3, refit=refit).forecasts
    found = backtest(estimator, X, y, n_origins=3, refit=refit).forecasts
    pd.testing.assert_frame_equal(found[["step", "forecast", "truth"]], expected[["step", "forecast", "truth"]])
    stamps = {"periods": DAYS.to_period("D"), "zone": DAYS.tz_localize("UTC"), "integers": 1000 + 2 * np.arange(N)}
    stamps = stamps.get(form, np.arange(N) if form in ("array", "list") else DAYS)
    name = "ds" if form in ("array", "list", "long") else "day"
    columns = ["origin", "step", name, "forecast", "truth"]
    assert list(found.columns) == [*(["unique_id"] if form == "long" else []), *columns]
    origins = [N - HORIZON - 3, N - HORIZON - 2, N - HORIZON - 1]
    assert found["origin"].tolist() == list(np.repeat(stamps[origins], HORIZON))
    assert found[name].tolist() == [stamps[origin + ahead] for origin in origins for ahead in (1, 2, 3)]


@both
@pytest.mark.parametrize("refit", [True, False])
def test_a_panel_is_tested_alike_in_every_format_and_order(make, refit):
    levels = LONG.set_index(["unique_id", "ds"])
    forms = [WIDE, levels, levels["y"], LONG.sort_values(["ds", "unique_id"]), LONG.rename(columns={"unique_id": "id"})]
    expected = backtest(make(), LONG, n_origins=3, refit=refit).forecasts
    assert list(expected.columns) == ["unique_id", "origin", "step", "ds", "forecast", "truth"]
    for form in forms:
        estimator = make(id_col="id") if "id" in getattr(form, "columns", []) else make()
        found = backtest(estimator, form, n_origins=3, refit=refit).forecasts
        found = found.rename(columns={"id": "unique_id", "day": "ds"})
        keys = ["unique_id", "origin", "step"]
        pd.testing.assert_frame_equal(
            found.sort_values(keys, ignore_index=True), expected.sort_values(keys, ignore_index=True)
        )


@both
@pytest.mark.parametrize("refit", [True, False])
def test_several_targets_have_a_row_each(make, refit):
    test = backtest(make(), STAMPED, WIDE, n_origins=2, refit=refit)
    rows = test.forecasts
    assert list(rows.columns) == ["origin", "step", "day", "target", "forecast", "truth"]
    assert rows["target"].tolist() == ["b", "a"] * HORIZON * 2
    np.testing.assert_array_equal(rows["truth"], WIDE.iloc[[*range(N - 4, N - 1), *range(N - 3, N)]].to_numpy().ravel())
    fitted = make().fit(STAMPED.iloc[: N - 4], WIDE.iloc[: N - 4])
    np.testing.assert_array_equal(rows["forecast"][: 2 * HORIZON], fitted.forecast().to_numpy().ravel())
    assert test.scores().index.names == ["target", "step"]


def test_a_missing_truth_stays_a_row_and_an_absent_stamp_has_none():
    holed = backtest(seasonal(missing="interpolate"), HOLED, n_origins=8, step=1)
    assert (
        holed.forecasts["truth"].isna().sum()
        == sum(stamp in (DAYS[60], DAYS[66]) for stamp in holed.forecasts["day"])
        > 0
    )
    assert holed.forecasts["forecast"].notna().all()
    absent = backtest(seasonal(missing="interpolate"), HOLED.dropna(), n_origins=8, step=1).forecasts
    kept = holed.forecasts.dropna().reset_index(drop=True)
    pd.testing.assert_frame_equal(absent, kept)
    scores = [
        metrics.mae(kept["truth"][kept["step"] == step], kept["forecast"][kept["step"] == step]) for step in (1, 2, 3)
    ]
    np.testing.assert_allclose(holed.scores()["MAE"], scores, rtol=1e-12)  # sums in another order


def test_a_name_that_the_result_needs_itself_is_not_taken_twice():
    found = backtest(seasonal(), SALES.rename_axis("step"), n_origins=2).forecasts
    assert list(found.columns) == ["origin", "step", "ds", "forecast", "truth"]


# Estimators


class Spy(RegressorMixin, BaseEstimator):
    """Records what it is shown."""

    fits, predictions = [], []

    def fit(self, X, y=None):
        Spy.fits.append((X, y))
        return self

    def predict(self, X):
        Spy.predictions.append(X)
        return np.zeros(len(X))


@pytest.mark.parametrize(
    "data", [SALES, SALES.to_frame(), WIDE, LONG, LONG.set_index(["unique_id", "ds"]), SALES.to_numpy()]
)
def test_an_estimator_never_sees_what_it_is_to_forecast(data):
    class Blind(SeasonalNaive):
        def predict(self, X):
            values = X["y"] if isinstance(X, pd.DataFrame) and "y" in X else X
            assert np.isnan(np.asarray(values, float)).all()
            seen.append(len(X))
            return super().predict(X)

    seen = []
    backtest(Blind(horizon=HORIZON), data, n_origins=2)
    assert len(seen) == 2


def test_a_regressor_of_scikit_learn_is_shown_the_rows_of_each_side_of_the_origin():
    X = pd.DataFrame({"plan": RNG.normal(size=N)}, DAYS)
    test = backtest(LinearRegression(), X, SALES, horizon=2, n_origins=3, step=2)
    for origin, forecast in by_origin(test).items():
        fitted = LinearRegression().fit(X[:origin], SALES[:origin])
        np.testing.assert_array_equal(forecast, fitted.predict(X[origin:].iloc[1:3]))
    Spy.fits.clear(), Spy.predictions.clear()
    backtest(Spy(), X, SALES, horizon=2, n_origins=1)
    (known, y), asked = Spy.fits[0], Spy.predictions[0]
    assert (known.index.equals(DAYS[: N - 2]), y.index.equals(DAYS[: N - 2])) == (True, True)
    pd.testing.assert_frame_equal(asked, X.iloc[-2:])


class Shift(TransformerMixin, BaseEstimator):
    """Remembers on how many rows it was fitted."""

    def fit(self, X, y=None):
        self.n_rows_ = len(X)
        SHIFTED.append(len(X))
        return self

    def transform(self, X):
        return X


SHIFTED = []


@both
@pytest.mark.parametrize("refit, n_fits", [(True, 4), (2, 2), (False, 1)])
def test_the_steps_of_a_pipeline_are_fitted_with_its_forecaster(make, refit, n_fits):
    SHIFTED.clear()
    X = pd.DataFrame({"plan": 1.0}, DAYS)
    scale = StandardScaler().set_output(transform="pandas")
    found = backtest(make_pipeline(Shift(), scale, make()), X, SALES, n_origins=4, refit=refit)
    first = N - HORIZON - 3
    expected_rows = [first + 4 // n_fits * fit for fit in range(n_fits)]
    assert expected_rows == SHIFTED
    expected = backtest(make(), X, SALES, n_origins=4, refit=refit)  # a constant says nothing, scaled or not
    pd.testing.assert_frame_equal(found.forecasts, expected.forecasts)


def test_a_transformed_target_and_a_search_are_tested_with_refits():
    log = TransformedTargetRegressor(seasonal(season=7), func=np.log, inverse_func=np.exp)
    found = backtest(log, STAMPED, SALES, n_origins=3)
    expected = backtest(seasonal(season=7), SALES, n_origins=3)
    # exp undoes log but for roundings of 1e-16 of the logarithm, which is about 3
    np.testing.assert_allclose(found.forecasts["forecast"], expected.forecasts["forecast"], rtol=1e-14)
    search = GridSearchCV(seasonal(), {"season": [2, 7]}, cv=TimeSeriesSplit(3, test_size=7))
    searched = backtest(search, STAMPED, SALES, n_origins=3)
    pd.testing.assert_frame_equal(searched.forecasts, expected.forecasts)


def test_the_estimator_stays_as_it_was():
    estimator = seasonal()
    backtest(estimator, SALES, n_origins=2, refit=False)
    assert not hasattr(estimator, "season_")
    assert estimator.get_params() == seasonal().get_params()


class Warm(RegressorMixin, BaseEstimator):
    """Counts, as a network does that trains on, the fits that it has had."""

    def __init__(self, warm_start=False):
        self.warm_start = warm_start

    def fit(self, X, y=None):
        self.n_fits_ = (getattr(self, "n_fits_", 0) if self.warm_start else 0) + 1
        return self

    def predict(self, X):
        return np.full(len(X), float(self.n_fits_))


def test_warm_refits_go_on_from_the_fit_before():
    def counts(estimator, refit):
        return backtest(estimator, STAMPED, SALES, horizon=1, n_origins=3, refit=refit).forecasts["forecast"].tolist()

    assert counts(Warm(), "warm") == [1.0, 2.0, 3.0]
    assert counts(make_pipeline(FunctionTransformer(), Warm()), "warm") == [1.0, 2.0, 3.0]
    assert counts(Warm(warm_start=True), True) == [1.0, 1.0, 1.0]


def test_the_step_of_the_clock_need_not_show_in_every_part():
    stamps = DAYS[[*range(0, 40, 2), *range(40, N)]]  # the beginning has every other day
    sparse = SALES[stamps]
    assert len(backtest(seasonal(missing="interpolate"), sparse, initial=20, horizon=30).forecasts)
    first = backtest(seasonal(season=7, missing="interpolate"), sparse, initial=21, n_origins=1, horizon=7).forecasts
    fitted = seasonal(season=7, missing="interpolate", freq="D").fit(sparse[: DAYS[20]])
    np.testing.assert_array_equal(first["forecast"], fitted.forecast(7)[first["day"]])


# Workers


@both
@pytest.mark.parametrize("refit", [True, 2])
def test_threads_give_the_same_frame(make, refit):
    from joblib import parallel_config

    alone = backtest(make(n_jobs=None) if make is rnn else make(), LONG, n_origins=5, refit=refit)
    with parallel_config("threading"):
        divided = backtest(make(n_jobs=None) if make is rnn else make(), LONG, n_origins=5, refit=refit, n_jobs=3)
    pd.testing.assert_frame_equal(alone.forecasts, divided.forecasts)


@pytest.mark.slow
@pytest.mark.usefixtures("chosen")  # in processes of their own it is as for users
def test_processes_give_the_same_frame():
    alone = backtest(rnn(n_jobs=None), LONG, n_origins=5)
    divided = backtest(rnn(n_jobs=None), LONG, n_origins=5, n_jobs=2)
    pd.testing.assert_frame_equal(alone.forecasts, divided.forecasts)


def test_a_progress_bar_is_shown_only_if_asked_for(capsys):
    backtest(seasonal(), SALES, n_origins=4)
    assert capsys.readouterr() == ("", "")
    backtest(seasonal(), SALES, n_origins=4, refit=2, verbose=1)
    out, error = capsys.readouterr()
    assert (out, "back-test: 100%" in error, "4/4" in error) == ("", True, True)


def test_what_a_fit_raises_says_at_which_origin():
    with pytest.raises(ValueError, match="needs at least") as caught:
        backtest(rnn(), SALES, initial=2)
    assert caught.value.__notes__ == [f"In the back-test fitted at {DAYS[1]}."]


# Origins


@pytest.mark.parametrize(
    "options, ends",
    [
        ({}, range(N - HORIZON - 10, N - HORIZON)),
        ({"step": 10}, [36, 46, 56, 66]),  # no more than leave half of the steps
        ({"n_origins": 2}, [65, 66]),
        ({"n_origins": 3, "step": 20}, [26, 46, 66]),
        ({"initial": 60}, range(59, 67)),
        ({"initial": 60, "step": 3}, [59, 62, 65]),
        ({"initial": 0.9}, range(62, 67)),
        ({"initial": 40, "n_origins": 2, "step": 2}, [39, 41]),
        ({"horizon": 60, "n_origins": 1}, [9]),
        ({"horizon": 60}, [9]),
    ],
)
def test_origins_are_those_asked_for_and_leave_room_for_the_horizon(options, ends):
    test = backtest(seasonal(), SALES, **options).forecasts
    assert test["origin"].unique().tolist() == list(DAYS[list(ends)])
    assert test["step"].tolist() == list(range(1, options.get("horizon", HORIZON) + 1)) * len(ends)


# Scores

PLAIN_SCORES = {
    "MAE": metrics.mae,
    "RMSE": metrics.rmse,
    "MAPE": metrics.mape,
    "sMAPE": metrics.smape,
    "WAPE": metrics.wape,
    "bias": metrics.bias,
    "R2": metrics.r2,
}


def test_the_scores_of_an_origin_are_those_of_forecast_scores():
    test = backtest(rnn(), SALES, n_origins=3, step=5)
    scores = test.scores(by="origin")
    assert test.season == 7
    for origin, group in test.forecasts.groupby("origin"):
        expected = metrics.forecast_scores(group["truth"], group["forecast"], SALES[:origin], season=7)
        pd.testing.assert_series_equal(scores.loc[origin], pd.Series(expected, name=origin), rtol=1e-12)
    assert scores.columns.tolist() == list(expected)


def test_the_scores_of_a_step_are_those_of_its_rows_scaled_by_the_training_part_of_each_origin():
    test = backtest(seasonal(), SALES, n_origins=6, step=4)
    scores = test.scores()
    for step, group in test.forecasts.groupby("step"):
        for name, score in PLAIN_SCORES.items():
            np.testing.assert_allclose(scores.loc[step, name], score(group["truth"], group["forecast"]), rtol=1e-12)
        errors = (group["forecast"] - group["truth"]).abs().to_numpy()
        for name, power in (("MASE", 1), ("RMSSE", 2)):
            scales = [metrics.naive_error(SALES[:origin], 7, power=power) for origin in group["origin"]]
            expected = np.mean(errors**power / scales) ** (1 / power)
            np.testing.assert_allclose(scores.loc[step, name], expected, rtol=1e-12)


def test_a_move_is_from_the_step_before_or_the_last_value_known():
    series = pd.Series([1.0, 1, 1, 1, 2, 5, 4, 6], name="y")
    test = backtest(SeasonalNaive(season=2), series, horizon=2, initial=4, step=2)
    # Origin 3: truth goes up, up, the forecast 1, 1 never; origin 5: 4 after 5 is down, 6 up; the forecast 2, 5 also.
    assert test.forecasts["forecast"].tolist() == [1.0, 1.0, 2.0, 5.0]
    assert test.scores(by="origin")["DA"].tolist() == [0.0, 1.0]
    assert test.scores()["DA"].tolist() == [0.5, 0.5]


def test_of_a_panel_each_series_is_scored_by_itself_and_the_mean_given():
    test = backtest(seasonal(), LONG, n_origins=4)
    of_series = {name: backtest(seasonal(), part, n_origins=4) for name, part in LONG.groupby("unique_id")}
    for by in ("step", "origin"):
        mean = sum(one.scores(by=by) for one in of_series.values()) / 2
        pd.testing.assert_frame_equal(test.scores(by=by), mean, rtol=1e-12)
    apart = test.scores(by="series")
    assert apart.index.tolist() == ["b", "a"]
    assert apart.index.name == "unique_id"
    for name, one in of_series.items():
        pd.testing.assert_series_equal(apart.loc[name], one.scores(by=None), check_names=False, rtol=1e-12)
    both_ways = test.scores(by=["series", "step"])
    assert both_ways.index.names == ["unique_id", "step"]
    pd.testing.assert_frame_equal(both_ways.loc["a"], of_series["a"].scores(), rtol=1e-12)
    pd.testing.assert_series_equal(test.scores(by=None), apart.mean(), rtol=1e-12)


def test_the_scale_of_a_rolling_window_is_its_own_and_the_season_can_be_named():
    test = backtest(seasonal(season=7), SALES, n_origins=2, window="rolling", window_size=20)
    for season in (1, 7):
        scores = test.scores(by="origin", season=season)
        for origin, group in test.forecasts.groupby("origin"):
            train = SALES[:origin].iloc[-20:]
            expected = metrics.mase(group["truth"], group["forecast"], train, season)
            np.testing.assert_allclose(scores.loc[origin, "MASE"], expected, rtol=1e-12)


def test_a_move_over_an_absent_step_is_not_counted():
    series = pd.Series([1.0, 2, 1, 2, 3, 5], [0, 1, 2, 3, 4, 6], name="y")
    test = backtest(SeasonalNaive(season=2, missing="interpolate"), series, horizon=3, initial=4, n_origins=1)
    assert test.forecasts[["step", "forecast"]].to_numpy().tolist() == [[1, 1.0], [3, 1.0]]
    assert test.scores(by="step")["DA"].isna().tolist() == [False, True]


def test_a_backtest_shows_what_it_is():
    assert repr(backtest(seasonal(), LONG, n_origins=2)).startswith("Backtest of 2 origins, 3 steps, 2 series: MAE ")


def test_seasonal_naive_is_tested_on_real_data_as_its_definition_says():
    temperature = datasets.load_elnino()
    test = backtest(SeasonalNaive(horizon=12), temperature, n_origins=24, refit=False).forecasts
    a_year_before = temperature[test["ds"] - pd.DateOffset(years=1)].to_numpy()
    np.testing.assert_array_equal(test["forecast"], a_year_before)


# Refusals

TORN = SALES.iloc[[*range(21), *range(24, N)]]
ONE_ORIGIN = {"initial": 21, "n_origins": 1, "horizon": 2}
ROLLING_65 = {"window": "rolling", "window_size": 65, "initial": 64}


@pytest.mark.parametrize(
    "kind, words, estimator, data, options",
    [
        (ValueError, ["'warm'", "SeasonalNaive has no warm_start"], seasonal(), SALES, {"refit": "warm"}),
        (ValueError, ["'cold'"], rnn(), SALES, {"refit": "cold"}),
        (ValueError, ["refit", "at least 1"], rnn(), SALES, {"refit": 0}),
        (TypeError, ["refit", "whole number", "1.5"], rnn(), SALES, {"refit": 1.5}),
        (ValueError, ["Spy has no horizon"], Spy(), SALES, {}),
        (ValueError, ["Spy has no update", "refit=True"], Spy(), SALES, {"horizon": 2, "refit": False}),
        (
            ValueError,
            ["TransformedTargetRegressor has no update"],
            TransformedTargetRegressor(rnn()),
            SALES,
            {"refit": False},
        ),
        (
            ValueError,
            ["'kind'", "'new'", "did not have"],
            rnn(target="y"),
            pd.DataFrame({"y": SALES, "kind": np.where(np.arange(N) < N - 1, "old", "new")}, SALES.index),
            {"refit": False, "n_origins": 2},
        ),
        (ValueError, ["Pipeline", "as y"], make_pipeline(StandardScaler(), rnn()), SALES, {}),
        (ValueError, ["Ridge", "needs y"], Ridge(), SALES, {"horizon": 2}),
        (ValueError, ["TransformedTargetRegressor", "needs y"], TransformedTargetRegressor(seasonal()), SALES, {}),
        (ValueError, ["Ridge", "needs y"], GridSearchCV(Ridge(), {"alpha": [1.0]}), SALES, {"horizon": 2}),
        (TypeError, ["without fit and predict"], 3, SALES, {}),
        (ValueError, ["window", "'sliding'"], rnn(), SALES, {"window": "sliding"}),
        (ValueError, ["window_size=9", "'rolling'"], rnn(), SALES, {"window_size": 9}),
        (ValueError, ["window_size=65", "64 steps"], rnn(), SALES, ROLLING_65),
        (TypeError, ["window_size"], rnn(), SALES, {"window": "rolling", "window_size": "9"}),
        (ValueError, ["horizon", "at least 1"], rnn(), SALES, {"horizon": 0}),
        (ValueError, ["step", "at least 1"], rnn(), SALES, {"step": 0}),
        (TypeError, ["n_origins"], rnn(), SALES, {"n_origins": True}),
        (ValueError, ["70", "at least 103"], rnn(), SALES, {"n_origins": 100, "horizon": 3}),
        (ValueError, ["1 origin, 1 step apart", "71 steps", "have 70"], rnn(), SALES, {"horizon": 70}),
        (ValueError, ["initial=1.5", "fraction"], rnn(), SALES, {"initial": 1.5}),
        (ValueError, ["initial=69", "0 origins"], rnn(), SALES, {"initial": 69}),
        (ValueError, ["2 origins", "initial=66"], rnn(), SALES, {"initial": 66, "n_origins": 5}),
        (ValueError, ["missing"], seasonal(), HOLED, {}),
        (ValueError, ["no row within 2 steps", "2024-01-21"], seasonal(missing="interpolate"), TORN, ONE_ORIGIN),
    ],
)  # fmt: skip
def test_what_cannot_be_tested_is_refused(kind, words, estimator, data, options):
    refused(kind, words, backtest, estimator, data, **options)


def test_a_clone_that_ends_a_pipeline_goes_on_from_no_fit_before():
    X, clones = SALES.to_frame("x"), make_pipeline(StandardScaler(), TransformedTargetRegressor(rnn()))
    refused(ValueError, ["Pipeline has no warm_start"], backtest, clones, X, SALES, refit="warm")
    refused(ValueError, ["Pipeline has no update"], backtest, clones, X, SALES, refit=False)


def test_scores_that_have_no_meaning_are_refused():
    test = backtest(seasonal(), SALES, n_origins=2)
    refused(ValueError, ["'horizon'", "'step'"], test.scores, by="horizon")
    refused(ValueError, ["one series"], test.scores, by="series")
    refused(ValueError, ["season", "at least one", "0"], test.scores, season=0)
    blank = backtest(seasonal(missing="interpolate"), SALES.where(np.arange(N) < N - HORIZON), n_origins=1)
    refused(ValueError, ["no truth"], blank.scores)
