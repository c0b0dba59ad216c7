"""What is known ahead helps, what is known of the past alone cannot leak, and each forecast needs only its own past."""

import numpy as np
import pandas as pd
import pytest
from refusals import refused
from sklearn.inspection import permutation_importance
from sklearn.model_selection import TimeSeriesSplit, cross_val_score

from tsrnn import RNNForecaster, SeasonalNaive

N, N_TRAIN, HORIZON = 400, 370, 7
DAYS = pd.date_range("2023-01-01", periods=N, freq="D", name="day")
RNG = np.random.default_rng(0)
PROMO = RNG.integers(0, 2, N).astype(float)
KIND = pd.Categorical(RNG.choice(["a", "b"], N))
NOISE = 0.1 * RNG.normal(size=N)
SALES = pd.Series(10 + 5 * PROMO + NOISE, DAYS, name="sales")
X = pd.DataFrame({"promo": PROMO, "kind": KIND}, DAYS)
TRAIN, NEXT = slice(None, N_TRAIN), slice(N_TRAIN, N_TRAIN + HORIZON)


def fit(X, y=None, **options):
    options = {"horizon": HORIZON, "max_iter": 30, "random_state": 0, "n_jobs": 1, **options}
    return RNNForecaster(**options).fit(X, y)


def fit_few(**options):
    return fit_few_of(X, **options)


def fit_few_of(X, **options):
    return fit(X[TRAIN], SALES[TRAIN], max_iter=1, hidden_layer_sizes=4, lookback=4, early_stopping=False, **options)


def error(model, X, truth):
    return np.abs(model.predict(X) - truth).mean()


@pytest.fixture(scope="module")
def knowing():
    return fit(X[TRAIN], SALES[TRAIN])


def test_a_covariate_that_is_known_ahead_is_used(knowing):
    """Sales move by 5 with it and by 0.1 otherwise; who does not know it is off by 2.5 on average."""
    assert error(knowing, X[NEXT], SALES[NEXT]) < 0.5
    swapped = X.assign(promo=1 - X["promo"])
    np.testing.assert_allclose(knowing.predict(swapped[NEXT]) + knowing.predict(X[NEXT]), 25, atol=1.0)


def test_one_that_is_known_of_the_past_alone_cannot_leak():
    model = fit(X[TRAIN], SALES[TRAIN], past_covariates=["promo", "kind"])
    expected = model.forecast()
    np.testing.assert_array_equal(model.predict(X[NEXT]), expected)
    np.testing.assert_array_equal(model.predict(X[NEXT].assign(promo=-99.0)), expected)
    assert error(model, X[NEXT], SALES[NEXT]) > 1


def test_a_forecast_depends_on_no_covariate_of_a_later_step(knowing):
    whole = knowing.predict(X[N_TRAIN:])
    assert whole.shape == (N - N_TRAIN,)  # also beyond the horizon
    for n in (1, 3, HORIZON, HORIZON + 2):
        np.testing.assert_array_equal(knowing.predict(X[N_TRAIN : N_TRAIN + n]), whole[:n])
    changed = X[N_TRAIN:].copy()
    changed.iloc[4:, 0] = 7.0
    np.testing.assert_array_equal(knowing.predict(changed)[:4], whole[:4])
    assert (knowing.predict(changed)[4:] != whole[4:]).all()


def test_forecast_takes_the_rows_of_the_steps_to_come(knowing):
    np.testing.assert_array_equal(knowing.forecast(3, X[NEXT]), knowing.predict(X[NEXT])[:3])


def test_static_covariates_are_read_at_steps_to_come_without_being_given():
    given = pd.DataFrame({"size": [3.0] * N, "promo": PROMO}, DAYS)
    model = fit(given[TRAIN], SALES[TRAIN], static_covariates=["size"], past_covariates=["promo"], missing="mask")
    np.testing.assert_array_equal(model.forecast(), model.predict(given[NEXT]))


def test_rows_to_come_without_what_should_be_known_are_refused(knowing):
    refused(ValueError, ["'promo', 'kind'", "not given", "past_covariates"], knowing.forecast)
    words = ["no value of 'promo', 'kind' is", "'sales' at 2024-01-08", "every step"]
    refused(ValueError, words, knowing.forecast, 4, X[N_TRAIN : N_TRAIN + 2])
    refused(ValueError, ["'kind'", "not given", "columns of X"], knowing.predict, X[["promo"]][NEXT])
    lacking = X[NEXT].assign(promo=np.where(np.arange(HORIZON) == 3, np.nan, 1.0))
    refused(ValueError, ["no value of 'promo' is", "2024-01-09", "missing='mask'"], knowing.predict, lacking)


def test_rows_of_a_hole_are_not_asked_for_but_said_to_be_unknown(knowing):
    """What stands there is the mean and no category, as a mask would have it."""
    beyond = X[N_TRAIN + 2 : N_TRAIN + 4]
    with pytest.warns(UserWarning, match=r"2 steps between training and the rows of X") as caught:
        forecasts = knowing.predict(beyond)
    assert len(caught) == 1 and caught[0].filename == __file__
    assert error(knowing, X[N_TRAIN : N_TRAIN + 4], SALES[N_TRAIN : N_TRAIN + 4]) < 0.5
    np.testing.assert_allclose(forecasts, SALES[N_TRAIN + 2 : N_TRAIN + 4], atol=1.0)


@pytest.mark.filterwarnings("ignore:the covariates")
def test_splits_with_a_gap_and_samples_of_rows_are_scored_with_covariates_known_ahead():
    few = RNNForecaster(3, max_iter=1, hidden_layer_sizes=4, lookback=4, early_stopping=False, random_state=0)
    scores = cross_val_score(few, X[["promo"]], SALES, cv=TimeSeriesSplit(2, test_size=9, gap=2), error_score="raise")
    assert np.isfinite(scores).all()
    few.fit(X[TRAIN], SALES[TRAIN])
    result = permutation_importance(few, X[N_TRAIN:], SALES[N_TRAIN:], n_repeats=1, max_samples=8, random_state=0)
    assert np.isfinite(result.importances).all()


def test_rows_of_one_step_that_contradict_each_other_are_refused(knowing):
    first = X[N_TRAIN : N_TRAIN + 1]
    twice = pd.concat([first, first.assign(promo=1 - first["promo"])])
    refused(ValueError, ["2024-01-06", "'sales'", "more than once", "different covariates"], knowing.predict, twice)
    same = knowing.predict(pd.concat([first, first]))
    assert same[0] == same[1] == knowing.predict(first)[0]


def test_a_category_that_training_did_not_have_is_none_only_if_that_is_asked_for(knowing):
    new = X[NEXT].assign(kind=["a", "b", "a", "zebra", "a", "b", "b"])
    refused(ValueError, ["'kind'", "'zebra'", "'a', 'b'", "missing='mask'"], knowing.predict, new)
    refused(ValueError, ["'kind'", "2024-01-09", "missing='mask'"], fit_few().update, new, SALES[NEXT])
    masked = fit_few(missing="mask")
    with pytest.warns(UserWarning, match=r"'kind' is 'zebra' in X, .* taken for no category") as caught:
        forecasts = masked.predict(new)
    assert len(caught) == 1 and caught[0].filename == __file__
    np.testing.assert_array_equal(forecasts, masked.predict(new.replace({"kind": {"zebra": None}})))
    with pytest.warns(UserWarning, match=r"'kind' holds .* at 2024-01-09.* taken for no category"):
        masked.update(new, SALES[NEXT])
    masked.update(X[N_TRAIN + HORIZON :], SALES[N_TRAIN + HORIZON :])  # in which there is none: no further warning


def test_rows_to_come_that_nobody_gives_are_masked_but_not_in_silence():
    model = fit_few(missing="mask")
    holes = X[NEXT].astype({"kind": object})
    holes.iloc[3:] = None
    expected = model.forecast(HORIZON, holes)
    with pytest.warns(UserWarning, match=r"no rows for 4 of the 7 steps to forecast, .* at 2024-01-09") as caught:
        forecasts = model.forecast(HORIZON, X[NEXT][:3])
    assert len(caught) == 1 and caught[0].filename == __file__
    np.testing.assert_array_equal(forecasts, expected)


def test_a_static_covariate_is_that_of_training_whatever_the_rows_to_come_say():
    given = X[["promo"]].assign(size=3.0)
    model = fit_few_of(given, past_covariates=["promo"], static_covariates=["size"])
    expected = model.predict(given[NEXT])
    with pytest.warns(UserWarning, match=r"static covariate 'size' of series 'sales' is 4\.0 in X, and was another"):
        np.testing.assert_array_equal(model.predict(given[NEXT].assign(size=4.0)), expected)


def test_a_static_covariate_does_not_change_in_later_rows_either():
    given = X[["promo"]].assign(size=3.0)
    model = fit_few_of(given, past_covariates=["promo"], static_covariates=["size"])
    words = ["static covariate 'size'", "series 'sales'"]
    refused(ValueError, words, model.update, given[NEXT].assign(size=4.0), SALES[NEXT])
    words = ["static covariate 'size'", "another value"]
    refused(ValueError, words, model.stream().update, {"sales": 10.0, "promo": 1.0, "size": 4.0})


def test_a_static_covariate_is_what_was_known_last_if_it_is_missing_at_the_end():
    given, options = X[["promo"]].assign(size=3.0), {"past_covariates": ["promo"], "static_covariates": ["size"]}
    given.iloc[N_TRAIN - 2 : N_TRAIN, 1] = np.nan
    model = fit_few_of(given, missing="mask", **options)
    ahead = model._read_ahead(None, np.zeros(1, int), np.array([N_TRAIN])).of(np.zeros(1, int), 1)
    assert ahead[0, 0, 1] == 3.0


def test_what_was_fitted_holds_whatever_the_parameters_become():
    """So does what a fitted model of scikit-learn's does until it is fitted again."""
    model, same = (fit_few(past_covariates=["promo"]) for _ in range(2))
    model.set_params(past_covariates=None, static_covariates=["kind"], missing="mask", target="promo", horizon=2)
    model.set_params(bounds=(1e6, None), state="carried")
    np.testing.assert_array_equal(model.forecast(X=X[["kind"]][NEXT]), same.forecast(X=X[["kind"]][NEXT]))
    refused(ValueError, ["'kind'", "not given"], model.forecast)
    later = X[NEXT], SALES[NEXT]
    first = {"sales": SALES.iloc[N_TRAIN], **X.iloc[N_TRAIN].to_dict()}
    streams = [one.stream().update(first).predict(X=X[["kind"]][N_TRAIN + 1 : N_TRAIN + 8]) for one in (model, same)]
    np.testing.assert_array_equal(*streams)
    refused(ValueError, ["1 missing"], model.update, X[NEXT], SALES[NEXT].where(np.arange(HORIZON) != 3))
    np.testing.assert_array_equal(
        model.update(*later).predict(X[N_TRAIN + HORIZON :]), same.update(*later).predict(X[N_TRAIN + HORIZON :])
    )


def test_with_a_mask_covariates_and_values_may_be_missing():
    y, given = SALES.copy(), X.copy()
    y.iloc[50:60], given.iloc[20:25, 0] = np.nan, np.nan
    refused(ValueError, ["'promo'", "missing (NaN) at 2023-01-21", "or 'mask'"], fit, given[TRAIN], SALES[TRAIN])
    model = fit(given[TRAIN], y[TRAIN], missing="mask")
    assert error(model, X[NEXT], SALES[NEXT]) < 0.5
    assert np.isfinite(model.predict(X[TRAIN])).all()
    with pytest.warns(UserWarning, match="for 2 steps between training .* they are masked"):  # across a gap
        assert np.isfinite(model.predict(X[N_TRAIN + 2 : N_TRAIN + 4])).all()


def test_a_missing_covariate_is_interpolated_if_that_is_asked_for():
    """What is filled by hand gives the same forecast; in the rows to come the line goes on from the last known row."""
    level = X[["promo"]].assign(level=np.arange(N) ** 1.5)
    holed = level.where(~np.isin(np.arange(N), [5, 6, 7, 200, N_TRAIN, N_TRAIN + 1])[:, None] | [False, False])
    few = {"max_iter": 2, "hidden_layer_sizes": 4, "early_stopping": False}
    by_hand = fit(holed.interpolate()[TRAIN], SALES[TRAIN], **few)
    model = fit(holed[TRAIN], SALES[TRAIN], missing="interpolate", **few)
    np.testing.assert_array_equal(model.predict(holed[NEXT]), by_hand.predict(holed.interpolate()[NEXT]))
    refused(ValueError, ["'promo'", "missing", "2023-01-06", "'interpolate'"], fit, holed[TRAIN], SALES[TRAIN])


@pytest.mark.parametrize("missing", ["mask", "interpolate"])
def test_recursive_forecasts_within_the_data_know_covariates_as_those_at_its_end_do(missing):
    both = X.assign(rain=RNG.normal(size=N))
    few = {"max_iter": 2, "hidden_layer_sizes": 4, "early_stopping": False, "strategy": "recursive"}
    model = fit(both[TRAIN], SALES[TRAIN], missing=missing, past_covariates=["rain", "kind"], **few)
    expected = model.predict(both[NEXT])
    model.update(both[N_TRAIN:], SALES[N_TRAIN:])
    inside = model._forecasts_from(np.zeros(1, int), np.array([N_TRAIN]))
    np.testing.assert_array_equal(inside[0, :, 0], expected)


def test_numbers_are_categories_where_they_are_named_and_text_is_none_where_nothing_is():
    shops = X.assign(kind=RNG.integers(1, 4, N))
    named = shops.assign(kind=pd.Categorical(shops["kind"]))
    few = {"max_iter": 2, "hidden_layer_sizes": 4, "early_stopping": False}
    model = fit(shops[TRAIN], SALES[TRAIN], categorical_features=["kind"], **few)
    expected = fit(named[TRAIN], SALES[TRAIN], **few).predict(named[NEXT])
    np.testing.assert_array_equal(model.predict(shops[NEXT]), expected)
    both = fit(shops[TRAIN].assign(shop="north"), SALES[TRAIN], categorical_features=["kind"], **few)
    assert sorted(both.panel_.categories) == ["kind", "shop"]  # and text by itself
    assert (fit(shops[TRAIN], SALES[TRAIN], **few).predict(shops[NEXT]) != expected).all()
    for given, kind, words in [
        (None, TypeError, ["'kind'", "not a number"]),
        (["shop"], ValueError, ["categorical_features", "'shop'", "no covariate"]),
        ("kind", ValueError, ["categorical_features", "'from_dtype'", "'kind'"]),
    ]:
        refused(kind, words, fit, X[TRAIN], SALES[TRAIN], categorical_features=given)


def test_the_calendar_is_known_ahead_at_any_distance():
    weekly = pd.Series(np.where(DAYS.day_of_week >= 5, 20.0, 10.0) + NOISE, DAYS)
    model = fit(weekly[TRAIN], calendar=["weekday"], lookback=3)
    assert np.abs(model.forecast(30) - weekly[N_TRAIN:]).mean() < 1


def test_a_panel_has_covariates_of_its_own_rows_in_any_order():
    frames = [
        pd.DataFrame(
            {"unique_id": name, "ds": DAYS, "y": level + sign * 5 * PROMO + NOISE, "promo": PROMO, "level": level}
        )
        for name, level, sign in (("b", 10.0, 1), ("a", 50.0, 1))
    ]
    long = pd.concat(frames, ignore_index=True)
    is_train = long["ds"] < DAYS[N_TRAIN]
    model = fit(long[is_train], static_covariates=["level"])
    ahead = long[~is_train].drop(columns=["y", "level"])
    assert error(model, ahead, long["y"][~is_train]) < 1
    shuffled = ahead.sample(frac=1, random_state=0)
    expected = pd.Series(model.predict(ahead), ahead.index)
    np.testing.assert_array_equal(model.predict(shuffled), expected[shuffled.index])
    refused(ValueError, ["static", "'promo'", "changes within series 'b'"], fit, long, static_covariates=["promo"])


def test_the_baseline_leaves_covariates_alone():
    model = SeasonalNaive(HORIZON).fit(X[TRAIN], SALES[TRAIN])
    np.testing.assert_array_equal(model.predict(X[NEXT]), SALES[N_TRAIN - 7 : N_TRAIN])


NO_LISTS = {"a number": 3, "a bool": True, "a dict": {"promo": 1}, "lists in it": [["promo"]], "an array": np.ones(2)}


@pytest.mark.parametrize("argument", ["past_covariates", "static_covariates", "categorical_features"])
@pytest.mark.parametrize("given", NO_LISTS.values(), ids=NO_LISTS.keys())
def test_what_is_no_list_of_names_is_refused(argument, given):
    words = [argument, "a list of names of columns", repr(given)]
    refused(TypeError, words, fit, X[TRAIN], SALES[TRAIN], **{argument: given})


def test_what_is_known_of_the_past_alone_cannot_be_static():
    X_level = X.assign(level=2.0)
    both = {"past_covariates": ["level"], "static_covariates": ["level"]}
    refused(ValueError, ["past_covariates and static_covariates", "'level'"], fit, X_level[TRAIN], SALES[TRAIN], **both)


def test_a_static_covariate_may_be_unknown_of_a_series():
    long = pd.concat([pd.DataFrame({"unique_id": name, "ds": DAYS, "y": SALES.to_numpy()}) for name in "ab"])
    long["level"] = np.where(long["unique_id"] == "a", 2.0, np.nan)
    options = {"static_covariates": ["level"], "missing": "mask", "max_iter": 1, "hidden_layer_sizes": 2}
    assert np.isfinite(fit(long, **options).forecast(2)["y"]).all()
    long.iloc[7, 3] = 3.0
    refused(ValueError, ["static", "'level'", "changes within series 'a'"], fit, long, **options)


@pytest.mark.parametrize("argument", ["past_covariates", "static_covariates"])
def test_names_that_are_no_covariates_are_refused(argument):
    refused(ValueError, [argument, "'snow'", "'promo', 'kind'"], fit, X[TRAIN], SALES[TRAIN], **{argument: ["snow"]})


@pytest.mark.parametrize("missing", ["mask", "interpolate"])
@pytest.mark.parametrize("changes", [{}, {"strategy": "recursive"}], ids=["direct", "recursive"])
def test_the_calendar_alone_is_known_ahead_whatever_is_done_about_what_is_missing(missing, changes):
    few = {"max_iter": 2, "hidden_layer_sizes": 4, "early_stopping": False, "calendar": ["weekday"], **changes}
    plain = fit(SALES[TRAIN], **few).forecast(10)
    found = fit(SALES[TRAIN], missing=missing, **few).forecast(10)
    assert np.isfinite(found).all()
    if missing == "interpolate":
        np.testing.assert_array_equal(found, plain)
