"""The audit catches each kind of leak that was planted, says where, and lets honest jobs pass."""

import numpy as np
import pandas as pd
import pytest
from refusals import refused
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.impute import KNNImputer
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MaxAbsScaler, MinMaxScaler, PowerTransformer, RobustScaler, StandardScaler

from tsrnn import RNNForecaster, SeasonalNaive, assert_no_lookahead, backtest, datasets
from tsrnn.decomposition import season_of_rows, seasonal_figures
from tsrnn.lookahead import KINDS, _change

N = 60
DAYS = pd.date_range("2024-01-01", periods=N, freq="D", name="day")
RNG = np.random.default_rng(0)
SALES = pd.Series(20 + np.arange(N) / 9 + 3 * np.sin(np.arange(N) * 2 * np.pi / 7) + RNG.normal(size=N), DAYS, name="y")
HOLED = SALES.where(~np.isin(np.arange(N), [10, 11, 47, 48, 52, 56]))
PANEL = pd.concat(
    [
        pd.DataFrame({"unique_id": name, "ds": DAYS, "y": SALES.to_numpy() * scale})
        for name, scale in (("b", 1), ("a", 9))
    ],
    ignore_index=True,
)
WEEKLY = SeasonalNaive()


def rolling(estimator, data, y=None, **options):
    return backtest(estimator, data, y, **{"horizon": 3, "step": 2, "n_origins": 5, **options})


def naive(series, **options):
    """Return a back-test that repeats the last value, so that it shows any later value that went into the last one."""
    return rolling(SeasonalNaive(season=1), series, **options)


def lag_table(series, n_lags, reach=0):
    """Return the windows of a series and the value that each is asked for, by its stamp; `reach` reads too far."""
    lags = {f"lag{lag}": series.shift(lag - reach) for lag in range(1, n_lags + 1)}
    return pd.DataFrame(lags).dropna(), series


def ridge_on(table, series, horizon=1):
    """Return one-step forecasts of a penalised regression on a table, made anew at each of the last origins."""
    rows = []
    for last in range(len(table) - 9, len(table) - 1, 2):
        known, next_row = table.iloc[: last + 1], table.iloc[[last + 1]]
        model = Ridge(10.0).fit(known, series[known.index])
        rows.append({"origin": known.index[-1], "forecast": model.predict(next_row)[0]})
    return pd.DataFrame(rows)


class Smooth(TransformerMixin, BaseEstimator):
    """What many write: a rolling mean, centred or not."""

    def __init__(self, center=True):
        self.center = center

    def fit(self, X, y=None):
        return self

    def transform(self, X):
        return X.rolling(3, min_periods=1, center=self.center).mean()


# Leaks, one of each kind, and the same job without it


def scaled_on_everything(series, scaler):
    scaled = pd.Series(scaler.fit_transform(series.to_frame())[:, 0], series.index)
    return ridge_on(*lag_table(scaled, 3))


def scaled_on_what_is_known(series):
    rows = []
    for last in range(N - 9, N - 1, 2):
        known = series.iloc[: last + 1]
        scaler = StandardScaler().fit(known.to_frame())
        scaled = pd.Series(scaler.transform(known.to_frame())[:, 0], known.index)
        table, target = lag_table(scaled, 3)
        model = Ridge(10.0).fit(table.to_numpy(), target[table.index])
        scaled_forecast = model.predict(scaled.iloc[:-4:-1].to_numpy()[None])  # the latest first, as in the table
        rows.append({"origin": known.index[-1], "forecast": scaler.inverse_transform(scaled_forecast[None])[0, 0]})
    return pd.DataFrame(rows)


def imputed_by_neighbours(series):
    table = pd.DataFrame({"yesterday": series.shift(1), "today": series, "tomorrow": series.shift(-1)})
    return naive(pd.Series(KNNImputer(n_neighbors=2).fit_transform(table)[:, 1], series.index))


def deseasonalised_as_a_whole(series):
    figures = seasonal_figures(series.to_numpy(), np.array([0, N]), 7)
    return naive(series - season_of_rows(np.arange(N), figures))


def decomposed_by_statsmodels(series):
    from statsmodels.tsa.seasonal import seasonal_decompose

    return naive(series - seasonal_decompose(series, period=7).seasonal)


def smoothed_covariate(series, center):
    covariates = Smooth(center).fit_transform(series.to_frame()).shift(1).bfill()
    return rolling(Ridge(), covariates, series, horizon=1)


def chosen_on_everything(series):
    return naive(series) if series.iloc[-7:].mean() < 30 else rolling(WEEKLY, series)


LEAKS = {
    "scaler": (lambda series: scaled_on_everything(series, StandardScaler()), SALES),
    "scaler of extremes": (lambda series: scaled_on_everything(series, MinMaxScaler()), SALES),
    "scaler of quantiles": (lambda series: scaled_on_everything(series, RobustScaler()), SALES),
    "power": (lambda series: scaled_on_everything(series, PowerTransformer()), SALES),
    "imputer of neighbours": (imputed_by_neighbours, HOLED),
    "filled backwards": (lambda series: naive(series.bfill()), HOLED),
    "filled by a line": (lambda series: naive(series.interpolate()), HOLED),
    "filled by the mean": (lambda series: naive(series.fillna(series.mean())), HOLED),
    "dropped if it has holes": (lambda series: naive(series.ffill() + series.isna().sum()), HOLED),
    "window border": (lambda series: ridge_on(*lag_table(series, 3, reach=1)), SALES),
    "deseasonalised": (deseasonalised_as_a_whole, SALES),
    "decomposed": (decomposed_by_statsmodels, SALES),
    "transformer": (lambda series: smoothed_covariate(series, center=True), SALES),
    "chosen on everything": (chosen_on_everything, SALES),
}
HONEST = {
    "scaler": (scaled_on_what_is_known, SALES),
    "filled forwards": (lambda series: naive(series.ffill()), HOLED),
    "window border": (lambda series: ridge_on(*lag_table(series, 3)), SALES),
    "transformer": (lambda series: smoothed_covariate(series, center=False), SALES),
    "seasonal naive": (lambda series: rolling(WEEKLY, series), SALES),
    "seasonal naive of a panel": (lambda panel: rolling(WEEKLY, panel), PANEL),
    "seasonal naive over holes": (lambda series: rolling(SeasonalNaive(missing="interpolate"), series), HOLED),
    "memory over holes": (lambda series: rolling(SeasonalNaive(missing="interpolate"), series, refit=False), HOLED),
    "rolling window": (lambda series: rolling(WEEKLY, series, window="rolling", window_size=21), SALES),
}


@pytest.mark.parametrize("kind", LEAKS)
def test_a_planted_leak_is_caught(kind):
    job, data = LEAKS[kind]
    with pytest.raises(AssertionError, match=r"the forecasts have seen the future: when values after 2024-\d\d-\d\d"):
        assert_no_lookahead(job, data)


@pytest.mark.parametrize("kind", HONEST)
def test_an_honest_job_passes(kind):
    job, data = HONEST[kind]
    assert_no_lookahead(job, data, n_origins=None)


def rnn(**changes):
    options = dict(lookback=5, cell="rnn", hidden_layer_sizes=3, max_iter=2, random_state=0, n_jobs=1)
    return RNNForecaster(3, **{**options, **changes})


SCALERS = ["standard", "minmax", "robust", "mean", "pooled", None, MaxAbsScaler()]


@pytest.mark.parametrize("scaler", SCALERS, ids=str)
def test_the_forecaster_passes_with_each_scaler(scaler):
    assert_no_lookahead(lambda series: rolling(rnn(scaler=scaler), series, n_origins=2), SALES, n_origins=2)


@pytest.mark.parametrize("missing", ["interpolate", "mask"])
@pytest.mark.parametrize("refit", [True, False])
def test_the_forecaster_passes_over_holes(missing, refit):
    def job(series):
        return rolling(rnn(missing=missing), series, n_origins=3, step=4, refit=refit)

    assert all(HOLED.isna()[origin] for origin in job(HOLED).forecasts["origin"])
    assert_no_lookahead(job, HOLED, n_origins=None)


def test_the_forecaster_passes_on_a_panel():
    assert_no_lookahead(lambda panel: rolling(rnn(), panel, n_origins=2), PANEL, n_origins=2)


# What the error says


def test_the_error_names_the_first_origin_and_series_and_the_size_of_the_change():
    def job(panel):
        tampered = panel.copy()
        is_a, last = tampered["unique_id"] == "a", tampered["ds"] == DAYS[-6]
        later = float(tampered.loc[is_a & (tampered["ds"] == DAYS[-5]), "y"].iloc[0])
        tampered.loc[is_a & last, "y"] = later
        return rolling(SeasonalNaive(season=1), tampered)

    clean = job(PANEL).forecasts
    origin = DAYS[-6]
    assert origin in set(clean["origin"])
    words = ["series 'a'", f"at origin {origin}", "step 1", "changes by", f"after {origin} are raised"]
    refused(AssertionError, words, assert_no_lookahead, job, PANEL, n_origins=None)


def test_the_first_origin_that_changed_is_named_not_the_one_before_the_change():
    def job(series):
        return naive(series / series.iloc[-1])  # every origin knows the very last value

    first = naive(SALES).forecasts["origin"].min()
    refused(AssertionError, [f"at origin {first}"], assert_no_lookahead, job, SALES, n_origins=1)


def test_of_origins_that_were_not_examined_themselves_the_earliest_is_named():
    def job(series):
        frame = naive(series).forecasts
        is_leaky = ~frame["origin"].isin([frame["origin"].min()])
        return frame.assign(forecast=frame["forecast"] + is_leaky * series.iloc[-1])[::-1]

    second = naive(SALES).forecasts["origin"].unique()[1]
    refused(AssertionError, [f"at origin {second}"], assert_no_lookahead, job, SALES, n_origins=2)


def test_origins_beside_missing_values_are_examined_beyond_those_asked_for():
    def job(series):
        return naive(series.interpolate(), n_origins=25, step=1, horizon=1)

    one_hole = SALES.where(np.arange(N) != 45)
    refused(AssertionError, [f"at origin {DAYS[45]}"], assert_no_lookahead, job, one_hole, n_origins=2)


def test_a_job_that_differs_from_run_to_run_is_told_apart():
    rng = np.random.default_rng(0)
    words = ["other numbers", "same data again", "random_state", "by "]
    refused(ValueError, words, assert_no_lookahead, lambda series: naive(series + rng.normal()), SALES)


def test_a_job_that_drops_forecasts_when_the_future_changes_is_caught():
    def job(series):
        frame = naive(series).forecasts
        return frame if series.iloc[-1] < 40 else frame.iloc[1:]

    refused(AssertionError, ["rows of forecasts", "instead of"], assert_no_lookahead, job, SALES)


def test_what_the_job_raises_says_for_which_change():
    def job(series):
        if series.iloc[-1] > 40:
            raise ArithmeticError("too high")
        return naive(series)

    with pytest.raises(ArithmeticError, match="too high") as caught:
        assert_no_lookahead(job, SALES)
    assert "are raised" in caught.value.__notes__[0]


# What is changed


def test_known_future_columns_are_left_alone_and_others_are_not():
    X = pd.DataFrame({"plan": RNG.normal(size=N), "actual": RNG.normal(size=N)}, DAYS)

    def job(data):
        X, y = data
        return rolling(make_pipeline(StandardScaler(), Ridge()), X, y)

    assert_no_lookahead(job, (X, SALES), known_future=["plan", "actual"])
    with pytest.raises(AssertionError):
        assert_no_lookahead(job, (X, SALES), known_future=["plan"])


def test_each_kind_of_change_touches_only_rows_after_the_origin_and_keeps_dtype_and_sign():
    seen = []

    def job(frame):
        seen.append(frame.copy())
        frame.iloc[:] = 0  # a job may overwrite what it is given
        return pd.DataFrame({"origin": DAYS[[40, 50]], "forecast": 1.0})

    frame = pd.DataFrame({"count": np.arange(1, N + 1), "holed": HOLED, "known": 5.0}, DAYS)
    before = frame.copy()
    assert_no_lookahead(job, frame, known_future=["known"], n_origins=None)
    pd.testing.assert_frame_equal(frame, before)
    assert len(seen) == 2 + 2 * len(KINDS)
    for number, changed in enumerate(seen[2:]):
        n_known = (41, 51)[number // len(KINDS)]
        pd.testing.assert_frame_equal(changed.iloc[:n_known], before.iloc[:n_known])
        pd.testing.assert_series_equal(changed["known"], before["known"])
        assert changed.dtypes.equals(before.dtypes)
        assert changed.index.freq == DAYS.freq
        assert (changed[["count", "holed"]].min() > 0).all()
        assert not changed["holed"].iloc[n_known:].equals(before["holed"].iloc[n_known:])


@pytest.mark.parametrize("measure", [np.mean, np.std, np.min, np.max, np.median, lambda x: x[-1] / x[0], np.argmax])
@pytest.mark.parametrize("level", [0, 100])
def test_no_plain_measure_stays_under_all_kinds_of_change(measure, level):
    values = level + RNG.normal(size=50)
    rows = np.arange(25, 50)
    kept = [measure(values) == measure(_change(kind, values, rows, [rows], np.random.default_rng(0))) for kind in KINDS]
    assert not all(kept)


def test_the_changes_follow_from_the_random_state():
    def record(random_state):
        seen = []

        def job(series):
            seen.append(series.to_numpy())
            return naive(series, n_origins=2)

        assert_no_lookahead(job, SALES, random_state=random_state)
        return np.array(seen)

    np.testing.assert_array_equal(record(1), record(1))
    assert not np.array_equal(record(1), record(2))


@pytest.mark.parametrize(
    "data",
    [
        SALES.to_period("D"),
        SALES.tz_localize("Europe/Berlin"),
        SALES.set_axis(pd.RangeIndex(100, 100 + N, name="t")),
        SALES.reset_index(drop=True),
        PANEL,
        PANEL.set_index(["unique_id", "ds"]),
        PANEL.pivot(index="ds", columns="unique_id", values="y"),
        SALES.round().astype("Int64"),
        SALES.to_numpy(),
    ],
    ids=["periods", "zone", "integers", "default", "long", "levels", "wide", "nullable", "array"],
)
def test_every_format_is_audited(data):
    assert_no_lookahead(naive, data, n_origins=2)

    def leaky(data):
        frame = naive(data).forecasts
        values = data["y"] if isinstance(data, pd.DataFrame) and "y" in data else data
        return frame.assign(forecast=frame["forecast"] + float(np.asarray(values, float).mean()))

    with pytest.raises(AssertionError):
        assert_no_lookahead(leaky, data, n_origins=2)


@pytest.mark.parametrize("rows", [pd.RangeIndex(N), pd.Index([*range(N)])], ids=["range", "chosen"])
def test_stamps_beside_rows_that_are_counted_are_those_of_the_dates(rows):
    """Before pandas 3 rows chosen by numbers have no RangeIndex."""
    data = pd.DataFrame({"promo": np.arange(N) % 2.0}, rows), SALES
    assert_no_lookahead(lambda data: naive(data[1]), data, n_origins=2)


# Refusals


@pytest.mark.parametrize(
    "kind, words, job, data, options",
    [
        (TypeError, ["must be a function"], 3, SALES, {}),
        (TypeError, ["returned ndarray", "origin"], lambda data: np.zeros(3), SALES, {}),
        (ValueError, ["no forecasts"], lambda data: pd.DataFrame({"origin": DAYS[:0], "forecast": []}), SALES, {}),
        (TypeError, ["Series, a DataFrame"], naive, [1.0, 2.0], {}),
        (ValueError, ["60, 3", "same rows"], naive, (SALES, SALES.iloc[:3]), {}),
        (ValueError, ["'plans'", "no column"], naive, SALES, {"known_future": ["plans"]}),
        (TypeError, ["list of columns"], naive, SALES, {"known_future": "y"}),
        (TypeError, ["n_origins"], naive, SALES, {"n_origins": 1.5}),
        (ValueError, ["n_origins"], naive, SALES, {"n_origins": 0}),
        (
            TypeError,
            ["cannot be compared", "time_col"],
            lambda data: pd.DataFrame({"origin": [3], "forecast": [1.0]}),
            SALES,
            {},
        ),
        (
            ValueError,
            ["nothing is proven"],
            lambda data: pd.DataFrame({"origin": DAYS[-1:], "forecast": [1.0]}),
            SALES,
            {},
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_audited_is_refused(kind, words, job, data, options):
    refused(kind, words, assert_no_lookahead, job, data, **options)


def test_the_examples_of_the_way_people_work_hold_on_real_data():
    temperature = datasets.load_elnino().iloc[-120:]
    assert_no_lookahead(lambda series: rolling(WEEKLY, series), temperature)
