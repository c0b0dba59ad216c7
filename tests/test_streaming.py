"""A stream gives, to the bit, what the forecaster gives after an update with the same observations, at a fixed cost."""

import pickle

import numpy as np
import pandas as pd
import pytest
from refusals import refused
from sklearn.base import clone

from tsrnn import RNNForecaster

N, LATER, HORIZON = 90, 110, 3
STAMPS = pd.date_range("2014-01-31", periods=N + LATER, freq="ME", name="month")
CHECKED = (0, 1, 4, 9, 30, 63, 64, 66, LATER - 1)  # before, at and after rows are cut off
RNG = np.random.default_rng(0)
VALUES = 10 + np.sin(np.arange(N + LATER) * np.pi / 6) + RNG.normal(0, 0.1, N + LATER)
SERIES = pd.Series(VALUES, STAMPS, name="sales")


def fit(X, y=None, **changes):
    options = dict(horizon=HORIZON, lookback=7, cell="gru", hidden_layer_sizes=4, max_iter=2, random_state=0, n_jobs=1)
    options["early_stopping"] = False
    return RNNForecaster(**{**options, **changes}).fit(X, y)


def with_holes(values):
    """Return values of which some are missing: in training, alone, and in stretches longer than windows."""
    values = values.copy()
    values.iloc[[20, 21, 50, *range(N - 12, N + 3), N + 4, N + 9]] = np.nan
    values.iloc[N + 20 : N + 45] = np.nan
    return values


def assert_follows(stream, model, rows, observations, h=HORIZON):
    """Check the forecasts after some observations against those of the model after its updates."""
    known = 0
    for k, observation in enumerate(observations):
        stream.update(observation)
        if k not in CHECKED:
            continue
        model.update(rows.iloc[known : k + 1])
        known = k + 1
        expected = model.forecast(h)
        compare = pd.testing.assert_series_equal if expected.ndim == 1 else pd.testing.assert_frame_equal
        compare(stream.forecast(h), expected, check_exact=True)
        np.testing.assert_array_equal(stream.predict(h), expected)


@pytest.mark.parametrize("missing, h", [("raise", HORIZON), ("mask", 2 * HORIZON + 1), ("interpolate", HORIZON)])
def test_every_step_gives_the_bits_of_an_update(missing, h):
    series = SERIES if missing == "raise" else with_holes(SERIES)
    model = fit(series[:N], missing=missing, calendar=["month"] if missing == "mask" else None)
    assert_follows(model.stream(), model, series[N:], series[N:], h)


@pytest.mark.parametrize(
    "options",
    [
        dict(target_transform=["log1p", "seasonal_difference"], missing="mask"),
        dict(target_transform=["difference", "difference"], missing="interpolate", scaler="robust"),
        dict(target_transform="stl", bounds=(0, 20)),
        dict(target_transform="deseasonalise", strategy="recursive", n_members=2),
    ],
)
def test_transforms_go_on_as_if_the_whole_series_stood_there(options):
    series = with_holes(SERIES) if "missing" in options else SERIES
    model = fit(series[:N], **options)
    assert_follows(model.stream(), model, series[N:], series[N:], HORIZON + 1)


@pytest.mark.parametrize("form", ["wide", "long"])
def test_one_series_of_a_panel_is_followed_by_its_id(form):
    wide = pd.DataFrame({"b": SERIES, "a": SERIES**2})
    rows = wide if form == "wide" else wide.stack().rename_axis(["month", "id"]).rename("y").to_frame().swaplevel()
    of_b = rows if form == "wide" else rows.loc[["b"]]
    model = fit(rows[:N] if form == "wide" else rows[: 2 * N])
    stream = model.stream("b")
    for k in range(N, N + 5):
        model.update(rows.iloc[k : k + 1] if form == "wide" else of_b.iloc[k : k + 1])
        forecast, expected = stream.update(VALUES[k]).forecast(), model.forecast()
        expected = expected[["b"]] if form == "wide" else expected.loc[["b"]]
        # A choice of the rows of a MultiIndex has no frequency.
        pd.testing.assert_frame_equal(forecast, expected, check_exact=True, check_freq=False)
    refused(ValueError, ["which", "2 series", "'b', 'a'"], model.stream)
    refused(ValueError, ["no series 'c'", "'b', 'a'"], model.stream, "c")
    refused(ValueError, ["one series", "'c'"], fit(SERIES[:N]).stream, "c")


@pytest.mark.parametrize("state", ["window", "carried"])
def test_a_series_that_has_hardly_begun_is_followed(state):
    """Of series b differences can be made only some steps later."""
    days = pd.date_range("2024-01-01", periods=80, name="ds")
    short = pd.DataFrame({"unique_id": "b", "ds": days[58:], "y": VALUES[:22]})
    long = pd.DataFrame({"unique_id": "a", "ds": days[:60], "y": VALUES[:60]})
    options = dict(target_transform="seasonal_difference", missing="mask", state=state)
    model = fit(pd.concat([long, short[:2]], ignore_index=True), **options)
    stream = model.stream("b")
    for k in range(2, 22):
        np.testing.assert_array_equal(stream.predict(5), model.forecast(5).query("unique_id == 'b'")["y"])
        stream.update(VALUES[k])
        model.update(short[k : k + 1])


def test_several_targets_and_arrays_without_a_clock():
    both = np.column_stack([VALUES, -VALUES[::-1]])
    with pytest.warns(UserWarning, match="no clock"):
        model = fit(None, both[:N])
    stream = model.stream()
    for k in range(N, N + 12):
        model.update(None, both[k : k + 1])
        np.testing.assert_array_equal(stream.update(both[k]).predict(), model.forecast())
    refused(ValueError, ["has 3 values", "each of"], stream.update, [1.0, 2.0, 3.0])
    refused(ValueError, ["has 1 values"], stream.update, 1.0)


COVARIATES = pd.DataFrame(
    {
        "promo": RNG.integers(0, 2, N + LATER).astype(float),
        "kind": pd.Categorical(RNG.choice(["x", "y"], N + LATER)),
        "shop": "s",
        "is_open": RNG.integers(0, 2, N + LATER).astype(bool),
    },
    STAMPS,
)


def test_covariates_come_with_the_observation_and_those_known_ahead_with_the_forecast():
    model = fit(COVARIATES[:N], SERIES[:N], static_covariates=["shop"])
    stream = model.stream()
    for k in range(N, N + 12):
        model.update(COVARIATES[k : k + 1], SERIES[k : k + 1])
        row, ahead = COVARIATES.iloc[k].to_dict(), COVARIATES[k + 1 : k + 1 + HORIZON]
        if k % 2:
            row = pd.Series(row)
        stream.update({**row, "sales": VALUES[k]})
        pd.testing.assert_series_equal(stream.forecast(X=ahead), model.forecast(X=ahead), check_exact=True)
        np.testing.assert_array_equal(stream.predict(X=ahead), model.predict(ahead))
    refused(ValueError, ["'promo', 'kind', 'is_open'", "not given"], stream.forecast)
    refused(TypeError, ["covariates", "dict", "'sales', 'promo', 'kind', 'shop', 'is_open'"], stream.update, 3.0)
    refused(ValueError, ["has 'sales'", "give 'sales', 'promo'"], stream.update, {"sales": 3.0})
    new = {**COVARIATES.iloc[N].to_dict(), "sales": 3.0, "kind": "zebra"}
    refused(ValueError, ["'kind' is 'zebra' in the observation", "missing='mask'"], stream.update, new)


def test_covariates_that_are_missing_are_interpolated_when_their_next_value_is_known():
    X = COVARIATES[["promo"]].copy()
    X.iloc[[3, *range(N - 12, N + 2), N + 4, N + 5]] = np.nan
    model = fit(X[:N], SERIES[:N], missing="interpolate", past_covariates=["promo"])
    stream = model.stream()
    for k in range(N, N + 8):
        model.update(X[k : k + 1], SERIES[k : k + 1])
        stream.update({"sales": VALUES[k], "promo": X["promo"].iloc[k]})
        np.testing.assert_array_equal(stream.predict(), model.forecast())
    stream = fit(X[4:60], SERIES[4:60], past_covariates=["promo"]).stream()
    refused(ValueError, ["'promo'", "missing='raise'"], stream.update, {"sales": 1.0, "promo": np.nan})


def test_a_stream_keeps_no_more_rows_when_the_history_is_long():
    model = fit(SERIES[:N])
    stream = model.stream()
    sizes = [len(pickle.dumps(stream.update(value).snapshot())) for value in np.tile(VALUES, 2)]
    assert max(sizes[200:]) <= max(sizes[:200])
    assert max(sizes) < 10_000


def test_one_stream_knows_neither_of_another_nor_of_its_forecaster():
    model = fit(SERIES[:N])
    expected, one, other = model.forecast(), model.stream(), model.stream()
    one.update(1e3)
    np.testing.assert_array_equal(other.forecast(), expected)
    np.testing.assert_array_equal(model.forecast(), expected)
    weights = {name: np.zeros_like(value) for name, value in model.get_weights().items()}
    model.set_weights(weights)
    np.testing.assert_array_equal(other.forecast(), expected)


def test_a_snapshot_is_where_a_stream_was_in_another_process_too():
    model = fit(with_holes(SERIES)[:N], missing="mask")
    stream = model.stream().update(VALUES[N])
    snapshot, expected = stream.snapshot(), [stream.update(value).predict() for value in VALUES[N + 1 :]]
    for of in (model, pickle.loads(pickle.dumps(model))):
        for kept in (snapshot, pickle.loads(pickle.dumps(snapshot))):
            again = of.stream().restore(kept)
            assert again.forecast().index[0] == STAMPS[N + 1]
            got = [again.update(value).predict() for value in VALUES[N + 1 :]]
            np.testing.assert_array_equal(got, expected)


def test_a_snapshot_of_something_else_is_refused():
    wide = pd.DataFrame({"b": SERIES, "a": SERIES**2})[:N]
    model = fit(wide)
    snapshot = model.stream("a").snapshot()
    refused(ValueError, ["series 'a'", "follows series 'b'"], model.stream("b").restore, snapshot)
    other = clone(model).set_params(random_state=1).fit(wide)
    refused(ValueError, ["other weights"], other.stream("a").restore, snapshot)
    refused(TypeError, ["snapshot()", "bytes"], model.stream("a").restore, b"")


@pytest.mark.parametrize(
    "observation, kind, words",
    [
        (np.nan, ValueError, ["missing", "missing='raise'", "'interpolate'"]),
        (np.inf, ValueError, ["'sales'", "infinite"]),
        ("3", TypeError, ["'3'", "'sales'", "give a number"]),
        (None, TypeError, ["None", "give a number"]),
        (True, TypeError, ["True", "give a number"]),
        ([1.0, 2.0], ValueError, ["has 2 values", "'sales'"]),
        ({"y": 1.0}, ValueError, ["has 'y'", "give 'sales'"]),
        (SERIES[N : N + 1], TypeError, ["a Series of 1 rows of time", "stream.update(series.iloc[-1])"]),
        (1e300, ValueError, ["series 'sales'", "float32"]),
    ],
)
def test_what_is_no_observation_is_refused_and_leaves_the_stream_where_it_was(observation, kind, words):
    stream = fit(SERIES[:N]).stream()
    before = stream.forecast()
    refused(kind, words, stream.update, observation)
    pd.testing.assert_series_equal(stream.forecast(), before, check_exact=True)
    stream.update(np.float32(VALUES[N]))


def test_an_observation_out_of_the_bounds_is_refused():
    stream = fit(SERIES[:N], bounds=(0, None)).stream()
    refused(ValueError, ["'sales' is -1", "bounds (0.0, inf)"], stream.update, -1)
    refused(ValueError, ["-1", "'log1p'"], fit(SERIES[:N], target_transform="log1p").stream().update, -1)


def test_an_unfitted_forecaster_has_no_stream():
    with pytest.raises(ValueError, match="not fitted"):
        RNNForecaster().stream()
