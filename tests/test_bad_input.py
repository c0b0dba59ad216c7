"""Bad input gets one clear sentence (what is wrong, what was given, what to do), and nothing is lost."""

import warnings

import numpy as np
import pandas as pd
import pytest
from refusals import refused
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.model_selection import GridSearchCV

from tsrnn import RNNForecaster, RNNRegressor, SeasonalNaive
from tsrnn.network import training

MONTHS = pd.date_range("2015-01-31", periods=60, freq="ME")
SALES = pd.Series(
    10 + np.sin(np.arange(60) * np.pi / 6) + np.random.default_rng(0).normal(0, 0.1, 60), MONTHS, name="sales"
)
WINDOWS = np.random.default_rng(1).normal(size=(40, 6))
TARGET = WINDOWS[:, 0] - WINDOWS[:, 5]


def rnn(**changes):
    options = dict(horizon=3, lookback=5, cell="gru", hidden_layer_sizes=4, max_iter=4, random_state=0, n_jobs=1)
    return RNNForecaster(**{**options, **changes})


def naive(**changes):
    return SeasonalNaive(**{"horizon": 3, **changes})


def regressor(**changes):
    return RNNRegressor(**{**dict(cell="gru", hidden_layer_sizes=4, max_iter=3, random_state=0, n_jobs=1), **changes})


both = pytest.mark.parametrize("make", [rnn, naive])


def at(stamps, values=None):
    """Return a series at these stamps."""
    values = np.arange(len(stamps), dtype=np.float64) if values is None else values
    return pd.Series(values, index=pd.DatetimeIndex(stamps), name="sales")


def with_value(value, row=7):
    values = SALES.astype(object) if isinstance(value, str) else SALES.copy()
    values.iloc[row] = value
    return values


# Data that no forecaster can read: made when the test runs, the error, and the decisive words.
BAD_SERIES = {
    "unsorted": (lambda: SALES.iloc[[1, 0, *range(2, 60)]], ValueError,
                 ["sales", "not sorted", "2015-01-31", "2015-02-28", "sort_index()"]),
    "backwards": (lambda: SALES[::-1], ValueError, ["sales", "not sorted", "sort_index()"]),
    "duplicate stamps": (lambda: SALES.iloc[[0, 1, 1, 2, 3]], ValueError,
                         ["sales", "2015-02-28", "more than once", "one row per stamp"]),
    "gap": (lambda: SALES.drop(MONTHS[20]), ValueError,
            ["sales", "has 1 absent stamp in", "2016-09-30", "missing='interpolate'"]),
    "NaN": (lambda: with_value(np.nan), ValueError,
            ["sales", "has 1 missing value in", "2015-08-31", "missing='interpolate'"]),
    "all NaN": (lambda: SALES * np.nan, ValueError, ["sales", "no observed value", "60 rows", "give"]),
    "infinite": (lambda: with_value(np.inf), ValueError, ["sales", "infinite", "row 7", "replace"]),
    "minus infinite": (lambda: with_value(-np.inf), ValueError, ["sales", "infinite", "row 7", "replace"]),
    "NaT": (lambda: at(["2020-01-01", None, "2020-01-03"]), ValueError, ["sales", "missing stamp", "drop that row"]),
    "missing integer stamp": (lambda: pd.Series([1.0, 2.0, 3.0], pd.Index([1, None, 3], dtype="Int64"), name="sales"),
                              ValueError, ["sales", "missing stamp", "drop that row"]),
    "irregular dates": (lambda: at(["2020-01-01", "2020-01-02", "2020-01-02 05:00", "2020-01-02 05:01:07"]),
                        ValueError, ["sales", "no regular step", "2020-01-01", "resample"]),
    "irregular integers": (lambda: pd.Series(np.ones(4), [10, 15, 21, 35], name="sales"), ValueError,
                           ["sales", "no regular step", "22 of its 26", "steps of 1", "resample"]),
    "integers whose step no two are apart": (lambda: pd.Series(np.ones(6), [0, 2, 5, 7, 9, 11], name="sales"),
                                             ValueError, ["sales", "6 absent", "steps of 1", "missing="]),
    "integers too far apart to be a grid": (
        lambda: pd.Series(np.ones(3), [0, 1, 10**15], name="sales"), ValueError, ["sales", "absent"]),
    "strings": (lambda: with_value("n/a"), TypeError, ["sales", "'n/a'", "row 7", "not a number", "convert"]),
    "numbers as text": (lambda: with_value("10.5"), TypeError,
                        ["sales", "'10.5'", "row 7", "not a number", "convert"]),
    "datetimes as values": (lambda: pd.Series(MONTHS, MONTHS, name="sales"), TypeError,
                            ["sales", "datetime64", "give numbers", "index"]),
    "datetimes with a zone as values": (lambda: pd.Series(MONTHS.tz_localize("UTC"), MONTHS, name="sales"), TypeError,
                                        ["sales", "datetime64", "give numbers", "index"]),
    "periods as values": (lambda: pd.Series(MONTHS.to_period("M"), MONTHS, name="sales"), TypeError,
                          ["sales", "period[M]", "give numbers", "index"]),
    "durations as values": (lambda: pd.Series(MONTHS - MONTHS[0], MONTHS, name="sales"), TypeError,
                            ["sales", "timedelta64", "give numbers"]),
    "complex": (lambda: SALES * (1 + 1j), ValueError, ["Complex data not supported", "sales", "real numbers"]),
    "a complex array": (lambda: SALES.to_numpy() * (1 + 1j), ValueError, ["Complex data not supported"]),
    "lists as values": (lambda: pd.Series([[1], [2], [3]], name="sales"), TypeError,
                        ["sales", "[1]", "row 0", "not a number"]),
    "no rows": (lambda: SALES.iloc[:0], ValueError, ["sales", "no rows", "give"]),
    "no rows in an array": (lambda: np.empty(0), ValueError, ["no rows", "give"]),
    "one row without a step": (lambda: at(["2020-01-01"]), ValueError, ["sales", "one row", "step", "give more"]),
    "empty frame": (lambda: pd.DataFrame(), ValueError, ["no column", "give"]),
    "index of three levels": (
        lambda: pd.Series(np.ones(4), pd.MultiIndex.from_product([["A"], ["B"], range(4)]), name="sales"), ValueError,
        ["3 levels", "give two", "join"]),
    "index of strings": (lambda: SALES.set_axis([f"{stamp:%Y-%m-%d}" for stamp in MONTHS]), TypeError,
                         ["sales", "'2015-01-31'", "no clock", "pd.to_datetime"]),
    "index of string objects": (
        lambda: SALES.set_axis(pd.Index([f"{stamp:%Y-%m-%d}" for stamp in MONTHS], dtype=object)), TypeError,
        ["sales", "'2015-01-31'", "no clock", "pd.to_datetime"]),
    "index of floats": (lambda: SALES.set_axis(np.arange(60) / 2), TypeError,
                        ["sales", "float64", "no clock", "whole numbers"]),
    "index of booleans": (lambda: SALES.iloc[:2].set_axis([False, True]), TypeError, ["sales", "bool", "no clock"]),
    "index of durations": (lambda: SALES.set_axis(MONTHS - MONTHS[0]), TypeError,
                           ["sales", "timedelta64", "no clock"]),
    "array of three dimensions": (lambda: np.ones((60, 1, 1)), ValueError, ["(60, 1, 1)", "(n,)"]),
    "array without columns": (lambda: np.ones((60, 0)), ValueError, ["(60, 0)", "(n,)"]),
    "rows of several lengths": (lambda: [[1.0, 2.0], [3.0]], ValueError, ["X", "not all of one length", "columns"]),
    "a structured array": (lambda: np.ones(4, [("a", "f8"), ("b", "f8")]), TypeError,
                           ["structured array", "'a', 'b'", "pd.DataFrame(X)"]),
    "a number": (lambda: 3.0, TypeError, ["3.0", "(n,)"]),
    "nothing": (lambda: None, TypeError, ["None", "give"]),
}  # fmt: skip


@both
@pytest.mark.parametrize("make_series, kind, words", BAD_SERIES.values(), ids=BAD_SERIES.keys())
def test_a_series_that_cannot_be_read_is_refused(make, make_series, kind, words):
    refused(kind, words, make().fit, make_series())


@both
@pytest.mark.parametrize(
    "target, X, kind, words",
    [
        ("z", SALES.to_frame(), ValueError, ["no column 'z'", "'sales'"]),
        ("z", SALES, ValueError, ["'z'", "'sales'", "leave target out"]),
        (
            "a",
            pd.DataFrame({"a": SALES, "b": SALES}),
            ValueError,
            ["'b'", "the very values to forecast", "'a'"],
        ),
        ("a", SALES.to_numpy(), ValueError, ["'a'", "bare array", "DataFrame"]),
        (["sales", "sales"], SALES.to_frame(), ValueError, ["['sales', 'sales']", "each once"]),
        ([], SALES.to_frame(), ValueError, ["[]", "'sales'"]),
        (["sales", "z"], SALES.to_frame(), ValueError, ["no column 'z'", "'sales'"]),
        ({"sales": 1}, SALES.to_frame(), TypeError, ["{'sales': 1}", "name"]),
    ],
    ids=["unknown column", "other name", "a copy beside it", "array", "twice", "none", "one unknown", "dict"],
)
def test_a_target_that_does_not_fit_is_refused(make, target, X, kind, words):
    refused(kind, words, make(target=target).fit, X)


@both
@pytest.mark.parametrize(
    "X, y, words",
    [
        (SALES.to_frame("own"), SALES, ["'own'", "the very values to forecast", "'sales'", "leave that column out"]),
        (SALES, SALES, ["the very values to forecast", "give the series alone"]),
        (SALES, SALES.to_numpy(), ["covariate 'sales' holds the very values to forecast, which"]),
        (SALES.to_frame()[[]], SALES.iloc[:-1], ["60 rows", "59", "one row of X per value of y"]),
        (SALES.to_frame()[[]], np.ones((60, 0)), ["(60, 0)", "at least one target"]),
        (SALES.to_frame()[[]], np.ones((60, 1, 1)), ["(60, 1, 1)", "(n,)"]),
        (SALES.to_frame()[[]], SALES.set_axis(MONTHS + pd.offsets.MonthEnd()), ["different indexes", "y as an array"]),
        (SALES.to_frame()[[]], SALES.where(SALES < 10.5), ["missing value", "missing='interpolate'"]),
    ],
    ids=[
        "target as covariate",
        "series as X",
        "series as X, y an array",
        "other length",
        "no outputs",
        "three axes",
        "other clock",
        "NaN in y",
    ],
)
def test_a_y_that_does_not_fit_X_is_refused(make, X, y, words):
    refused(ValueError, words, make().fit, X, y)


@both
def test_a_y_that_is_no_array_is_refused(make):
    refused(TypeError, ["y is 3.0", "(n,)"], make().fit, SALES.to_frame()[[]], 3.0)


@both
def test_target_and_y_together_are_refused(make):
    refused(ValueError, ["both y and target='sales'", "one of them"], make(target="sales").fit, SALES.to_frame(), SALES)


# Arguments

# Each is said by whoever reads it, and not to be "a number, not a bool".
TRUTHS = {
    "scaler": (TypeError, ["scaler", "bool", "'standard'"]),
    "target_transform": (TypeError, ["target_transform", "bool", "'log1p'"]),
    "freq": (TypeError, ["freq", "step in time", "'D'", "True"]),
    "categorical_features": (TypeError, ["categorical_features", "a list of names", "True"]),
    "calendar": (TypeError, ["calendar", "a list of names", "True"]),
    "target": (ValueError, ["no column True", "'sales'"]),
    "bounds": (TypeError, ["bounds", "a pair of numbers", "True"]),
}


@pytest.mark.parametrize("argument, kind, words", [(name, *said) for name, said in TRUTHS.items()])
def test_a_bool_is_refused_by_what_would_have_read_it(argument, kind, words):
    refused(kind, words, rnn(**{argument: True}).fit, SALES.to_frame())


def test_bounds_and_steps_of_other_kinds_are_refused():
    refused(TypeError, ["bounds", "(True, 50)"], rnn(bounds=(True, 50)).fit, SALES)
    refused(TypeError, ["freq", "step in time", "5"], rnn(freq=5).fit, SALES)


@pytest.mark.filterwarnings("ignore:the data have no clock")
@pytest.mark.parametrize("index", [list("abc"), pd.MultiIndex.from_product([["a"], range(3)]), MONTHS[:3]])
def test_covariates_on_a_clock_are_no_future_of_a_forecaster_without_one(index):
    X = np.arange(60)[:, np.newaxis] % 2.0
    model, ahead = rnn(max_iter=1).fit(X, SALES.to_numpy()), pd.DataFrame(X[:3])
    assert np.isfinite(model.forecast(3, X=ahead)).all()
    refused(TypeError, ["index", "without a clock", "array"], model.forecast, 3, X=ahead.set_axis(index))


BAD_ARGUMENTS = [
    ("horizon", 0), ("horizon", -1), ("horizon", 2.5), ("horizon", "12"), ("horizon", None), ("horizon", True),
    ("missing", "drop"), ("missing", None),
]  # fmt: skip
BAD_OPTIONS_OF_NETWORKS = [
    ("cell", "transformer"), ("cell", None), ("activation", "sigmoid"), ("optimizer", "lbfgs"),
    ("learning_rate", 0), ("learning_rate", -0.1), ("learning_rate", np.nan), ("learning_rate", np.inf),
    ("hidden_layer_sizes", ()), ("hidden_layer_sizes", (0,)), ("hidden_layer_sizes", 0), ("hidden_layer_sizes", "x"),
    ("hidden_layer_sizes", 2.5), ("hidden_layer_sizes", (4, 2.5)), ("hidden_layer_sizes", (4, -1)),
    ("hidden_layer_sizes", (4, "a")), ("hidden_layer_sizes", None),
    ("n_jobs", 0), ("n_jobs", 1.5), ("clip_norm", 0), ("clip_norm", np.nan), ("batch_size", 0), ("max_iter", 0),
    ("max_iter", 2.5), ("validation_fraction", 0.0), ("validation_fraction", 1.0), ("n_iter_no_change", 0),
    ("tol", -1e-9), ("tol", np.nan), ("random_state", -1), ("random_state", "seed"), ("verbose", -1),
    ("shuffle", "yes"), ("early_stopping", None), ("callbacks", 3), ("callbacks", "print"), ("callbacks", ["print"]),
]  # fmt: skip
BAD_OPTIONS_OF_REGRESSORS = [
    ("alpha", -1e-9), ("alpha", None), ("momentum", 1.0), ("momentum", -0.1), ("nesterovs_momentum", 2),
    ("beta_1", 1.0), ("beta_2", 1.0), ("beta_2", -0.1), ("epsilon", 0), ("epsilon", np.nan), ("clip_value", 0),
    ("schedule", "linear"), ("schedule", None), ("schedule", {}), ("loss", "mse"), ("delta", 0), ("quantile", 1.0),
    ("warm_start", 1.5),
]  # fmt: skip
BAD_OPTIONS_OF_FORECASTERS = [
    ("lookback", 0), ("lookback", "long"), ("lookback", None), ("scaler", "max"), ("window_norm", "median"),
    ("dtype", "float16"), ("refit", "yes"),
]  # fmt: skip


def _named(cases):
    return pytest.mark.parametrize("name, value", cases, ids=[f"{name}={value!r}" for name, value in cases])


@both
@_named(BAD_ARGUMENTS)
def test_an_argument_out_of_range_is_refused_by_every_forecaster(make, name, value):
    refused((TypeError, ValueError), [name, repr(value)], make(**{name: value}).fit, SALES)


@_named(BAD_OPTIONS_OF_NETWORKS + BAD_OPTIONS_OF_FORECASTERS)
def test_an_option_out_of_range_is_refused_by_the_network_forecaster(name, value):
    refused((TypeError, ValueError), [name, repr(value)], rnn(**{name: value}).fit, SALES)


@_named(BAD_OPTIONS_OF_NETWORKS + BAD_OPTIONS_OF_REGRESSORS)
def test_an_option_out_of_range_is_refused_by_the_regressor(name, value):
    refused((TypeError, ValueError), [name, repr(value)], regressor(**{name: value}).fit, WINDOWS, TARGET)


@_named([("season", 0), ("season", 2.5), ("season", "year")])
def test_a_season_out_of_range_is_refused(name, value):
    refused(ValueError, [name, repr(value)], naive(**{name: value}).fit, SALES)


def test_an_unknown_argument_value_is_answered_with_the_known_ones():
    refused(ValueError, ["'gru'", "'lstm'", "'rnn'"], rnn(cell="transformer").fit, SALES)
    refused(ValueError, ["'raise'", "'interpolate'"], naive(missing="drop").fit, SALES)
    refused(ValueError, ["n_jobs=0", "-1", "None"], rnn(n_jobs=0).fit, SALES)


# Too short, too flat, too large


@pytest.mark.parametrize("n", [1, 2, 3])
def test_a_series_shorter_than_a_step_and_the_horizon_is_refused(n):
    words = ["'sales'", f"{n} row", "one to see + horizon 3", "at least 4", "Shorten horizon"]
    refused(ValueError, words, rnn(early_stopping=False).fit, SALES.iloc[:n])


@pytest.mark.parametrize("n", [1, 4, 6])
def test_early_stopping_needs_a_horizon_more_and_says_so(n):
    words = ["'sales'", f"{n} row", "one to see + horizon 3 + 3", "validation", "at least 7", "early_stopping=False"]
    refused(ValueError, words, rnn().fit, SALES.iloc[:n])


@pytest.mark.parametrize("early_stopping, least", [(False, 4), (True, 7)])
def test_the_number_of_rows_that_the_message_names_is_enough(early_stopping, least):
    forecast = rnn(early_stopping=early_stopping).fit(SALES.iloc[:least]).forecast()
    assert np.isfinite(forecast).all()


def test_a_part_for_validation_that_leaves_nothing_is_refused_with_the_numbers():
    words = ["60 rows", "one to see + horizon 3 + 60", "at least 64", "early_stopping=False"]
    refused(ValueError, words, rnn(validation_fraction=0.99).fit, SALES)


@pytest.mark.parametrize("value", [0.0, 0.1, -7e300])
def test_a_constant_series_is_refused_by_the_network_and_repeated_by_the_naive_forecast(value):
    flat = pd.Series(value, MONTHS, name="sales")
    refused(ValueError, ["'sales'", "constant", f"{value:g}", "60 rows", "SeasonalNaive"], rnn().fit, flat)
    np.testing.assert_array_equal(naive().fit(flat).forecast(), np.full(3, value))


def test_a_series_that_is_constant_up_to_its_last_part_is_fitted():
    """The standard deviation of the training part is zero: nothing may be divided by it."""
    values = np.ones(60)
    values[-4:] = [2, 1, 3, 2]
    assert np.isfinite(rnn().fit(pd.Series(values, MONTHS)).forecast()).all()


def test_values_that_overflow_when_subtracted_are_left_unscaled_without_a_numpy_warning():
    huge = np.sign(SALES - 10) * 1.7e308
    refused(ValueError, ["not finite", "first epoch"], rnn(scaler=None, window_norm=None, dtype="float64").fit, huge)


def test_values_of_both_signs_too_large_to_scale_are_refused_too():
    refused(ValueError, ["e+308", "too large", "divide"], rnn().fit, np.sign(SALES - 10) * 1.7e308)


def test_values_beyond_float32_are_refused_unless_scaled():
    huge = SALES * 1e40
    refused(ValueError, ["'sales'", "too large for float32", "scale the series"], rnn(scaler=None).fit, huge)
    assert np.isfinite(rnn().fit(huge).forecast()).all()


@pytest.mark.parametrize("factor", [1e-320, 1e-200, 1e-30, 1e30, 1e150])
def test_series_of_any_finite_scale_are_fitted(factor):
    assert np.isfinite(rnn().fit(SALES * factor).forecast()).all()


# Asking for forecasts


@pytest.mark.parametrize("make", [rnn, naive, regressor])
def test_predict_before_fit_is_refused(make):
    refused(NotFittedError, [type(make()).__name__, "not fitted", "fit"], make().predict, WINDOWS)


@both
@pytest.mark.parametrize("method", ["forecast", "future_frame"])
def test_forecasts_before_fit_are_refused(make, method):
    refused(NotFittedError, [type(make()).__name__, "not fitted", "fit"], getattr(make(), method))


@pytest.fixture(scope="module")
def fitted():
    return {make: make().fit(SALES) for make in (rnn, naive)}


def rows(*stamps, **options):
    return pd.DataFrame(index=pd.DatetimeIndex(stamps, **options))


BAD_ROWS = {
    "before the first stamp": (rows("2014-12-31", "2015-01-31"), ValueError,
                               ["2014-12-31", "before training begins at 2015-01-31"]),
    "off the clock": (rows("2020-01-31", "2020-02-15"), ValueError,
                      ["2020-02-15", "not on the clock", "2015-01-31", "ME", "future_frame"]),
    "off the clock inside training": (rows("2016-02-28"), ValueError, ["2016-02-28", "not on the clock"]),
    "integers": (pd.DataFrame(index=[60, 61]), TypeError, ["integers", "dates", "2015-01-31", "future_frame"]),
    "periods": (pd.DataFrame(index=pd.period_range("2020-01", periods=2, freq="M")), TypeError,
                ["periods", "dates", "2015-01-31", "future_frame"]),
    "strings": (pd.DataFrame(index=["2020-01-31"]), TypeError, ["'2020-01-31'", "no clock", "pd.to_datetime"]),
    "floats": (pd.DataFrame(index=[60.0]), TypeError, ["float64", "no clock"]),
    "a time zone": (rows("2020-01-31", tz="UTC"), TypeError, ["time zone", "UTC", "tz_localize"]),
    "missing": (rows("2020-01-31", None), ValueError, ["missing stamp"]),
    "several levels": (pd.DataFrame(index=pd.MultiIndex.from_product([["A"], MONTHS])), ValueError,
                       ["have ids", "without them", "future_frame"]),
    "a number": (3, ValueError, ["one row per step", "3"]),
    "nothing": (None, ValueError, ["one row per step", "None"]),
}  # fmt: skip


@both
@pytest.mark.parametrize("X, kind, words", BAD_ROWS.values(), ids=BAD_ROWS.keys())
def test_rows_that_cannot_be_forecast_are_refused(fitted, make, X, kind, words):
    refused(kind, words, fitted[make].predict, X)


@both
@pytest.mark.parametrize("other", ["UTC", "America/New_York", None])
def test_rows_of_another_time_zone_are_refused(make, other):
    here = SALES.set_axis(pd.date_range("2021-01-01", periods=60, freq="D", tz="Europe/Berlin"))
    model = make().fit(here)
    future = model.future_frame(2)
    elsewhere = future.set_axis(future.index.tz_convert(other))
    refused(TypeError, ["time zone", str(other), "Europe/Berlin", "tz_convert"], model.predict, elsewhere)


@both
def test_fitted_values_are_those_of_the_fit_even_if_the_horizon_is_changed_later(make):
    model = make().fit(SALES)
    before = model.predict(SALES)
    np.testing.assert_array_equal(model.set_params(horizon=13).predict(SALES), before)


@both
def test_a_horizon_that_is_changed_later_changes_no_forecast_without_a_fit(make):
    model = make().fit(SALES)
    before = model.forecast()
    pd.testing.assert_series_equal(model.set_params(horizon=6).forecast(), before, check_exact=True)


@both
@pytest.mark.parametrize("method", ["forecast", "future_frame"])
@pytest.mark.parametrize("h, kind", [(0, ValueError), (-1, ValueError), (2.5, TypeError), ("3", TypeError),
                                     (True, TypeError)])  # fmt: skip
def test_a_number_of_steps_that_is_none_is_refused(fitted, make, method, h, kind):
    refused(kind, ["h must be", f"got {h!r}"], getattr(fitted[make], method), h)


@both
def test_rows_to_come_that_are_given_as_their_number_are_told_where_they_belong(fitted, make):
    refused(TypeError, ["forecast(12, X)", "a DataFrame of 40 rows"], fitted[make].forecast, SALES[:40].to_frame())
    refused(ValueError, ["one row per step", "got 14", "forecast(h)"], fitted[make].predict, 14)


@both
def test_score_takes_rows_in_any_order_and_refuses_a_truth_that_is_missing(fitted, make):
    assert fitted[make].score(SALES[::-1]) == pytest.approx(
        fitted[make].score(SALES), rel=1e-12
    )  # another order of sums
    refused(ValueError, ["1 missing value", "drop"], fitted[make].score, with_value(np.nan))
    some = make(missing="interpolate").fit(SALES)
    assert some.score(with_value(np.nan)) == some.score(
        SALES.drop(SALES.index[7])
    )  # the row without a truth is left out


# Windows. Where scikit-learn's own checks answer, its words are kept, on as many lines as it likes.


@pytest.mark.parametrize(
    "X, y, kind, words",
    [
        (np.ones((40, 6, 1, 1)), TARGET, ValueError, "4 dimensions.*windows have 2"),
        (np.ones(40), TARGET, ValueError, r"X has the shape \(40,\); give \(n_samples"),
        (3.0, TARGET, ValueError, r"X is 3\.0, a single number"),
        (np.ones((40, 0)), TARGET, ValueError, r"0 feature\(s\)"),
        (np.ones((40, 6, 0)), TARGET, ValueError, r"0 features in"),
        (np.ones((40, 0, 2)), TARGET, ValueError, r"0 steps in"),
        (WINDOWS[:0], TARGET[:0], ValueError, r"0 sample\(s\)"),
        (WINDOWS, TARGET[:-1], ValueError, r"inconsistent numbers of samples: \[40, 39\]"),
        (WINDOWS, None, ValueError, "requires y"),
        (WINDOWS, np.ones((40, 2, 2)), ValueError, "dim 3"),
        (WINDOWS, np.where(TARGET > 1, np.nan, TARGET), ValueError, "y contains NaN"),
        (WINDOWS, np.where(TARGET > 1, np.inf, TARGET), ValueError, "y contains infinity"),
        (np.where(WINDOWS > 1, np.nan, WINDOWS), TARGET, ValueError, "X contains NaN"),
        (np.where(WINDOWS > 1, -np.inf, WINDOWS), TARGET, ValueError, "X contains infinity"),
        (WINDOWS * 1j, TARGET, ValueError, "Complex data not supported"),
        ([["a", "b"]] * 40, TARGET, ValueError, "could not convert string to float: 'a'"),
        (WINDOWS, ["a"] * 40, ValueError, "could not convert string to float"),
        (WINDOWS[:1], TARGET[:1], ValueError, "early_stopping=False"),
    ],
    ids=["4-D", "1-D", "number", "no steps", "no features", "no steps in 3-D", "no rows", "lengths", "no y", "3-D y",
         "NaN in y", "inf in y", "NaN in X", "inf in X", "complex", "strings", "strings in y", "one row"],
)  # fmt: skip
def test_windows_that_cannot_be_read_are_refused(X, y, kind, words):
    with pytest.raises(kind, match=words):
        regressor(early_stopping=True).fit(X, y)


def test_windows_unlike_those_of_fit_are_refused_by_predict():
    flat, deep = regressor().fit(WINDOWS, TARGET), regressor().fit(np.ones((40, 6, 2)), TARGET)
    refused(ValueError, ["4 features", "expecting 6"], flat.predict, WINDOWS[:, :4])
    refused(ValueError, ["2 features", "with 1"], flat.predict, np.ones((3, 6, 2)))
    refused(ValueError, ["3 features", "with 2"], deep.predict, np.ones((3, 6, 3)))
    refused(ValueError, ["5 features", "expecting 6"], deep.predict, np.ones((3, 5, 2)))
    refused(ValueError, ["4 dimensions"], flat.predict, np.ones((3, 6, 1, 1)))


def test_warm_start_of_another_network_is_refused():
    model = regressor(warm_start=True).fit(WINDOWS, TARGET)
    before = model.predict(WINDOWS)
    refused(ValueError, ["warm_start", "same", "False"], model.set_params(hidden_layer_sizes=5).fit, WINDOWS, TARGET)
    np.testing.assert_array_equal(model.predict(WINDOWS), before)


# A loss that is not finite, and Ctrl-C

DIVERGING = dict(  # no clipping and no bound on the state: the gradient grows with each of twenty steps
    cell="rnn", activation="relu", clip_norm=None, lookback=20, window_norm=None, batch_size=256, max_iter=60,
    n_iter_no_change=1000,
)  # fmt: skip


@pytest.mark.parametrize(
    "options", [dict(scaler=None, dtype="float64"), dict(learning_rate=1e30)], ids=["huge values", "huge steps"]
)
def test_a_loss_that_is_not_finite_in_the_first_epoch_is_an_error(options):
    values = SALES * 1e200 if "scaler" in options else SALES
    words = ["not finite", "first epoch", "scale the data", f"learning_rate={options.get('learning_rate', 0.003):g}"]
    refused(ValueError, words, rnn(**options).fit, values)


def test_values_whose_square_is_not_finite_are_an_error_of_the_regressor():
    words = ["not finite", "first epoch", "scale the data", "learning_rate=0.001"]
    refused(ValueError, words, regressor().fit, WINDOWS, TARGET * 1e200)


def test_a_target_that_overflows_the_dtype_of_the_windows_is_refused():
    with pytest.raises(ValueError, match=r"not finite|float32"):
        regressor().fit(WINDOWS.astype(np.float32), TARGET * 1e300)


def in_epoch(monkeypatch, run, act):
    """Let something happen in the `run`-th epoch, counted over all runs, after its updates: `act` gives its loss."""
    run_epoch, n_begun = training._run_epoch, [0]

    def patched(*arguments):
        n_begun[0] += 1
        loss, learning_rate = run_epoch(*arguments)
        return act() if n_begun[0] == run else loss, learning_rate

    monkeypatch.setattr(training, "_run_epoch", patched)


def fit_and_survive(model, *data):
    """Fit; an interrupt that gets through fails the test instead of ending the session."""
    try:
        return model.fit(*data)
    except KeyboardInterrupt:
        raise AssertionError("KeyboardInterrupt came out of fit") from None


def test_a_run_that_diverges_later_warns_and_keeps_the_best_epoch(monkeypatch):
    """Bit for bit what a run that ends at the best epoch has learnt."""
    in_epoch(monkeypatch, 4, lambda: np.nan)
    model = rnn(max_iter=9, refit=False)
    with pytest.warns(ConvergenceWarning, match=r"diverged .* after 3 epochs") as caught:
        model.fit(SALES)
    monkeypatch.undo()
    message = str(caught[0].message)
    assert f"epoch {model.best_iter_} are kept" in message and "lower learning_rate" in message
    assert "\n" not in message and len(caught) == 1
    assert (model.stop_reason_, model.n_iter_) == ("diverged", 3)
    until_best = rnn(max_iter=model.best_iter_, refit=False).fit(SALES)
    np.testing.assert_array_equal(model.forecast(), until_best.forecast())


@pytest.mark.parametrize("learning_rate", [2.0, 3.0, 10.0, 100.0, 1e4, 1e8, 1e15])
@pytest.mark.parametrize("early_stopping", [True, False])
@pytest.mark.parametrize("clip_norm", [None, 1.0])
def test_training_that_diverges_is_refused_or_leaves_finite_forecasts(learning_rate, early_stopping, clip_norm):
    options = {**DIVERGING, "clip_norm": clip_norm, "learning_rate": learning_rate, "early_stopping": early_stopping}
    model, refusal = rnn(**options), None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        try:
            model.fit(SALES)
        except ValueError as error:
            refusal = str(error)
    if refusal is None:
        assert np.isfinite(model.forecast()).all()
        assert np.isfinite(model.predict(SALES)).all()
    else:
        assert "not finite" in refusal


@pytest.mark.parametrize("epoch_of_refit", [1, 2, 4])
def test_a_refit_that_diverges_leaves_the_network_that_was_found_before_it(monkeypatch, epoch_of_refit):
    before = rnn(refit=False).fit(SALES)
    assert before.n_iter_ == before.best_iter_ == 4  # so that the refit begins with the fifth epoch
    in_epoch(monkeypatch, 4 + epoch_of_refit, lambda: np.nan)
    with pytest.warns(ConvergenceWarning, match="diverged"):
        model = rnn().fit(SALES)
    np.testing.assert_array_equal(model.forecast(), before.forecast())
    np.testing.assert_array_equal(model.predict(SALES), before.predict(SALES))


def test_data_that_go_bad_while_training_end_it_with_the_last_good_weights():
    X = WINDOWS.copy()

    def spoil(_, record):
        if record["epoch"] == 2:
            X[:] = np.inf  # the regressor reads float64 windows where they lie

    with pytest.warns(ConvergenceWarning, match=r"diverged .* after 2 epochs; the weights of epoch 2 are kept"):
        model = regressor(max_iter=9, callbacks=spoil).fit(X, TARGET)
    expected = regressor(max_iter=2).fit(WINDOWS, TARGET)
    np.testing.assert_array_equal(model.parameters_, expected.parameters_)
    assert model.stop_reason_ == "diverged" and model.n_iter_ == 2


def interrupt_after(epoch):
    def callback(_, record):
        if record["epoch"] == epoch:
            raise KeyboardInterrupt

    return callback


def interrupt():
    raise KeyboardInterrupt


def test_an_interrupt_keeps_what_the_regressor_has_learnt():
    with pytest.warns(ConvergenceWarning, match=r"interrupted after 2 epochs; the weights of epoch 2 are kept"):
        model = fit_and_survive(regressor(max_iter=9, callbacks=interrupt_after(2)), WINDOWS, TARGET)
    assert (model.stop_reason_, model.n_iter_, model.best_iter_) == ("interrupted", 2, 2)
    np.testing.assert_array_equal(model.parameters_, regressor(max_iter=2).fit(WINDOWS, TARGET).parameters_)


def test_an_interrupt_keeps_what_the_forecaster_has_learnt_and_saves_the_refit():
    with pytest.warns(ConvergenceWarning, match=r"interrupted after 2 epochs") as caught:
        model = fit_and_survive(rnn(max_iter=9, callbacks=interrupt_after(2)), SALES)
    assert len(caught) == 1
    assert (model.stop_reason_, model.n_iter_) == ("interrupted", 2)
    np.testing.assert_array_equal(model.forecast(), rnn(max_iter=2, refit=False).fit(SALES).forecast())


def test_an_interrupt_in_the_midst_of_an_epoch_keeps_the_epochs_before_it(monkeypatch):
    in_epoch(monkeypatch, 3, interrupt)
    with pytest.warns(ConvergenceWarning, match=r"interrupted after 2 epochs"):
        model = fit_and_survive(regressor(max_iter=9), WINDOWS, TARGET)
    monkeypatch.undo()
    np.testing.assert_array_equal(model.parameters_, regressor(max_iter=2).fit(WINDOWS, TARGET).parameters_)


@pytest.mark.parametrize("model, data", [(rnn(), (SALES,)), (regressor(), (WINDOWS, TARGET))], ids=["rnn", "regressor"])
def test_an_interrupt_in_the_first_epoch_is_raised(monkeypatch, model, data):
    in_epoch(monkeypatch, 1, interrupt)
    with pytest.raises(KeyboardInterrupt):
        model.fit(*data)
    assert not hasattr(model, "parameters_")


@pytest.mark.parametrize("epoch_of_refit", [1, 2, 4])
def test_an_interrupt_of_the_refit_leaves_the_network_that_was_found_before_it(monkeypatch, epoch_of_refit):
    before = rnn(refit=False).fit(SALES)
    assert before.n_iter_ == before.best_iter_ == 4  # so that the refit begins with the fifth epoch
    in_epoch(monkeypatch, 4 + epoch_of_refit, interrupt)
    with pytest.warns(ConvergenceWarning, match="interrupted"):
        model = fit_and_survive(rnn(), SALES)
    np.testing.assert_array_equal(model.forecast(), before.forecast())
    assert model.stop_reason_ == "interrupted"


def search_of_four_fits(**options):
    """Return a search whose second fit is interrupted in its second epoch, and a list that gets an item a fit."""
    fits = []

    def interrupt_the_second(_, record):
        if record["epoch"] == 1:
            fits.append(record["run"])
        elif len(fits) == 2:
            raise KeyboardInterrupt

    model = regressor(callbacks=interrupt_the_second)
    return GridSearchCV(model, {"hidden_layer_sizes": [3, 4]}, cv=2, refit=False, **options), fits


def test_an_interrupt_ends_one_fit_of_a_search():
    search, fits = search_of_four_fits()
    with pytest.warns(ConvergenceWarning, match=r"interrupted after 2 epochs"):
        fit_and_survive(search, WINDOWS, TARGET)
    assert len(fits) == 4
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


def test_an_interrupt_ends_a_search_to_which_its_warning_is_an_error():
    search, fits = search_of_four_fits(error_score="raise")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.filterwarnings("error", ".* was interrupted")  # as the README has it
        with pytest.raises(ConvergenceWarning, match=r"interrupted after 2 epochs"):
            fit_and_survive(search, WINDOWS, TARGET)
    assert len(fits) == 2


# Nothing is lost

DAILY = pd.Series(np.sin(np.arange(10.0)), pd.date_range("2020-01-01", periods=10))
FAILURES = {
    "other data, too short": ({}, DAILY.iloc[:6], ValueError),
    "other data, missing": ({}, DAILY.where(DAILY < 0), ValueError),
    "other data, constant": ({}, pd.Series(1.0, pd.date_range("2020-01-01", periods=90)), ValueError),
    "argument out of range": (dict(horizon=0), SALES, ValueError),
    "no threads": (dict(hidden_layer_sizes=7, n_jobs=0), SALES, ValueError),
    "no layers": (dict(hidden_layer_sizes=()), SALES, ValueError),
    "loss not finite": (dict(hidden_layer_sizes=7, learning_rate=1e30), SALES, ValueError),
    "too large unscaled": (dict(cell="lstm", scaler=None), SALES * 1e40, ValueError),
    "callback fails": (dict(hidden_layer_sizes=7, callbacks=lambda *_: 1 / 0), SALES * 2, ZeroDivisionError),
}


def everything(model):
    """Return all answers of a fitted forecaster."""
    return model.forecast(), model.predict(SALES), model.future_frame(), model.score(SALES), list(model.loss_curve_)


@pytest.mark.parametrize("changes, data, kind", FAILURES.values(), ids=FAILURES.keys())
def test_a_fit_that_fails_leaves_the_earlier_one_as_it_was(changes, data, kind):
    model = rnn(lookback="auto", max_iter=2).fit(SALES)
    as_made = model.get_params()
    forecast, fitted_values, future, score, curve = everything(model)
    with pytest.raises(kind):
        model.set_params(**changes).fit(data)
    model.set_params(**as_made)
    assert model.lookback_ == 15
    pd.testing.assert_series_equal(model.forecast(), forecast, check_exact=True)
    np.testing.assert_array_equal(model.predict(SALES), fitted_values)
    pd.testing.assert_frame_equal(model.future_frame(), future)
    assert (model.score(SALES), list(model.loss_curve_)) == (score, curve)


@pytest.mark.parametrize("run", [1, 3], ids=["training", "refit"])
def test_an_error_inside_training_leaves_the_earlier_fit_as_it_was(monkeypatch, run):
    model = rnn(max_iter=2).fit(SALES)
    forecast, curve = model.forecast(), list(model.loss_curve_)
    in_epoch(monkeypatch, run, lambda: np.zeros(10**17))
    with pytest.raises(MemoryError):
        model.set_params(hidden_layer_sizes=7).fit(SALES * 2 + 5)
    pd.testing.assert_series_equal(model.forecast(), forecast, check_exact=True)
    assert list(model.loss_curve_) == curve


def test_a_naive_fit_that_fails_leaves_the_earlier_one_as_it_was():
    model = naive().fit(SALES)
    forecast = model.forecast()
    with pytest.raises(ValueError, match="missing"):
        model.fit(DAILY.where(DAILY < 0))
    pd.testing.assert_series_equal(model.forecast(), forecast, check_exact=True)


@pytest.mark.parametrize(
    "changes, X, y",
    [
        ({}, WINDOWS[:, :4], np.full(40, np.nan)),
        (dict(n_jobs=0), WINDOWS[:, :4], TARGET),
        (dict(hidden_layer_sizes=()), WINDOWS[:, :4], np.ones((40, 2))),
        (dict(hidden_layer_sizes=7), WINDOWS[:, :4], TARGET * 1e300),
    ],
    ids=["NaN", "no threads", "no layers", "loss not finite"],
)
def test_a_fit_of_windows_that_fails_leaves_the_earlier_one_as_it_was(changes, X, y):
    model = regressor().fit(WINDOWS, TARGET)
    as_made, before = model.get_params(), model.predict(WINDOWS)
    with pytest.raises(ValueError):
        model.set_params(**changes).fit(X, y)
    model.set_params(**as_made)
    assert (model.n_features_in_, model.n_outputs_) == (6, 1)
    np.testing.assert_array_equal(model.predict(WINDOWS), before)


def test_a_warning_of_training_points_at_the_line_that_called_fit():
    for model, data in ((rnn(callbacks=interrupt_after(1)), (SALES,)),
                        (regressor(callbacks=interrupt_after(1)), (WINDOWS, TARGET))):  # fmt: skip
        with pytest.warns(ConvergenceWarning) as caught:
            fit_and_survive(model, *data)
        assert caught[0].filename == __file__
