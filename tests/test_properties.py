"""What holds of forecasts whatever the data: properties, on drawn panels of ragged series with holes.

That windows never cross series nor the future, that splits part time, and that transforms come back, is drawn in
test_series_windows.py, test_windows.py, test_splitting.py and test_transforms.py; here are whole forecasters.
"""

import numpy as np
import pandas as pd
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tsrnn import RNNForecaster, SeasonalNaive

# What fails is not shrunk: fits take their time, and the drawn examples are small as they are.
few = settings(max_examples=8, derandomize=True, deadline=None, database=None, phases=[Phase.generate])
N, H = 32, 3
CLOCKS = [
    pd.date_range("2023-12-20", periods=N + 10, freq="D"),
    pd.date_range("2024-03-30 12:00", periods=N + 10, freq="h", tz="Europe/Berlin"),  # goes into summer time
    pd.period_range("2019-11", periods=N + 10, freq="M"),
    pd.RangeIndex(7, 7 + 5 * (N + 10), 5),
]
NAMES = ["b", "A", "10", "9", "é"]


def rnn(**changes):
    options = dict(horizon=H, lookback=5, cell="gru", hidden_layer_sizes=4, max_iter=2, random_state=0, n_jobs=1)
    return RNNForecaster(**{**options, **changes})


def naive(**changes):
    return SeasonalNaive(H, **{"missing": "interpolate", **changes})


networks = st.fixed_dictionaries(
    {
        "lookback": st.sampled_from([1, 5, 40]),  # 40: longer than any series
        "missing": st.sampled_from(["interpolate", "mask"]),
        "strategy": st.sampled_from(["direct", "recursive"]),
        "window_norm": st.sampled_from(["last", "mean", "standard", None]),
        "target_transform": st.sampled_from([None, "difference", "yeojohnson", ["log1p", "difference"]]),
        "scaler": st.sampled_from(["standard", "minmax", "robust", "mean", "pooled", None]),
        "early_stopping": st.booleans(),
        "windows_per_epoch": st.sampled_from([None, 20]),
        "n_members": st.sampled_from([1, 2]),
    }
).map(lambda options: rnn(**options))
carried = st.fixed_dictionaries(
    {"batch_size": st.sampled_from([1, 2, 32]), "scaler": st.sampled_from(["standard", "robust"])}
).map(lambda options: rnn(state="carried", missing="mask", **options))
forecasters = networks | carried | st.builds(naive, season=st.sampled_from([1, 4, "auto"]))


@st.composite
def wide_frames(draw, most=4):
    """Return series in columns, the first of them whole; others begin later, or have holes, or end early."""
    n_series = draw(st.integers(2, most))
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    values = 10 + rng.normal(size=(N, n_series)) + np.sin(np.arange(N) / 2)[:, None]
    for column in range(1, n_series):
        values[: draw(st.integers(0, N - 4)), column] = np.nan
        values[rng.random(N) < draw(st.sampled_from([0, 0.2])), column] = np.nan
        values[N - draw(st.integers(0, 3)) :, column] = np.nan
        values[N // 2 + column, column] = 9.0  # something is known
    names = draw(st.permutations(NAMES))[:n_series]
    index = draw(st.sampled_from(CLOCKS))[:N].rename("ds")
    return pd.DataFrame(values, index, pd.Index(names, name="unique_id"))


def clock_of(wide):
    """Return the stamps of a drawn frame and of ten rows more."""
    return next(clock for clock in CLOCKS if isinstance(wide.index, type(clock)) and clock[0] == wide.index[0])


def as_long(wide):
    """Return the same in rows with ids: a series begins with its first value."""
    long = wide.T.stack(future_stack=True).rename("y").reset_index()
    return long[long.groupby("unique_id")["y"].transform(lambda one: one.notna().cummax()).astype(bool)]


def side_by_side(forecast):
    """Return forecasts in any format as those of a wide frame."""
    if isinstance(forecast, pd.Series):
        forecast = forecast.rename("y").reset_index()
    return forecast.pivot(index="ds", columns="unique_id", values="y") if "y" in forecast else forecast


@few
@given(wide=wide_frames(), model=forecasters, data=st.data())
def test_a_panel_is_the_same_in_every_format_and_order_of_its_series_and_rows(wide, model, data):
    forecast = model.fit(wide).forecast()
    fitted = pd.DataFrame(model.predict(wide), wide.index, wide.columns)
    shuffled = wide[data.draw(st.permutations(list(wide)))]
    rows = as_long(shuffled)
    if data.draw(st.booleans()):
        rows = rows.sort_values("ds", kind="stable")  # stamp by stamp
    for form in (shuffled, rows, rows.set_index(["unique_id", "ds"])["y"]):
        np.testing.assert_array_equal(side_by_side(model.fit(form).forecast())[wide.columns], forecast)
    some = form.sample(data.draw(st.integers(1, 40)), replace=True, random_state=0)  # in any order, and some twice
    np.testing.assert_array_equal(model.predict(some), fitted.T.stack(future_stack=True)[some.index])


@few
@given(wide=wide_frames(), model=forecasters, cuts=st.lists(st.integers(N, N + 10), max_size=3).map(sorted))
def test_it_makes_no_difference_in_how_many_pieces_later_rows_come(wide, model, cuts):
    values = np.arange(10.0)[:, None] % 4 + np.arange(len(wide.columns))
    later = pd.DataFrame(values, clock_of(wide)[N:], wide.columns)
    at_once = model.fit(wide).update(later).forecast(H + 2)
    model.fit(wide)
    for first, last in zip([N, *cuts], [*cuts, N + 10], strict=True):
        model.update(later[first - N : last - N])
    np.testing.assert_array_equal(model.forecast(H + 2), at_once)


@few
@given(wide=wide_frames(), model=forecasters, exponent=st.integers(-20, 20))
def test_a_unit_that_is_a_power_of_two_times_another_gives_the_same_forecasts_in_that_unit(wide, model, exponent):
    """Floats of such units differ in their exponent alone."""
    if isinstance(model, RNNForecaster):  # what is not scaled learns otherwise in another unit, and powers have none
        model.set_params(scaler=model.scaler or "standard")
        model.set_params(target_transform=None if model.target_transform == "yeojohnson" else "difference")
    forecast, unit = model.fit(wide).forecast(H + 2), 2.0**exponent
    fitted = model.predict(wide)
    np.testing.assert_array_equal(model.fit(wide * unit).forecast(H + 2), forecast * unit)
    np.testing.assert_array_equal(model.predict(wide * unit), fitted * unit)


@few
@given(
    model=forecasters,
    lengths=st.lists(st.sampled_from([8, 16, 32]), min_size=1, max_size=4),
    seed=st.integers(0, 99),
    constant=st.integers(-(2**20), 2**20),
)
def test_a_constant_more_gives_forecasts_that_are_larger_by_it(model, lengths, seed, constant):
    """Whole numbers, as many as a power of two, have means without rounding, so that the network sees the same bits."""
    if isinstance(model, RNNForecaster):  # of other scalings another level is another size, or has other roundings
        model.set_params(scaler="standard", target_transform=None, early_stopping=False)
    values = np.random.default_rng(seed).integers(-50, 50, size=(N, len(lengths))).astype(float)
    wide = pd.DataFrame(values, CLOCKS[0][:N], [f"series {n}" for n in range(len(lengths))])
    wide = wide.where(np.arange(N)[:, None] >= N - np.array(lengths))
    if len(lengths) == 1:
        wide = wide.iloc[:, 0].dropna()
    forecast = model.fit(wide).forecast(H + 2)
    moved = model.fit(wide + constant).forecast(H + 2)
    # What is added is rounded; then the sum of two members; then the difference: half a last digit each.
    np.testing.assert_allclose(moved - constant, forecast, rtol=0, atol=2.0**-51 * (abs(constant) + 200))


@few
@given(exponents=st.tuples(st.integers(-20, 20), st.integers(-20, 20)), seed=st.integers(0, 99))
def test_the_unit_of_a_covariate_changes_no_forecast(exponents, seed):
    rng = np.random.default_rng(seed)
    y = pd.Series(10 + rng.normal(size=N), CLOCKS[0][:N])
    X = pd.DataFrame(rng.normal(size=(N + H, 2)), CLOCKS[0][: N + H], ["price", "rain"])
    model = rnn(past_covariates=["rain"])
    expected = model.fit(X[:N], y).predict(X)
    X = X * 2.0 ** np.array(exponents)
    np.testing.assert_array_equal(model.fit(X[:N], y).predict(X), expected)


@few
@given(seed=st.integers(0, 99), step=st.integers(0, H - 1), size=st.sampled_from([1.0, -1e6, np.nan]))
def test_what_is_known_of_the_past_alone_and_later_steps_change_no_forecast_before(seed, step, size):
    rng = np.random.default_rng(seed)
    y = pd.Series(10 + rng.normal(size=N), CLOCKS[0][:N])
    X = pd.DataFrame(rng.normal(size=(N + H, 2)), CLOCKS[0][: N + H], ["price", "rain"])
    model = rnn(past_covariates=["rain"], missing="mask").fit(X[:N], y)
    expected = model.predict(X)
    X.iloc[N:, 1] = size
    X.iloc[N + step :, 0] = size
    np.testing.assert_array_equal(model.predict(X)[: N + step], expected[: N + step])
    assert (model.predict(X)[N + step :] != expected[N + step :]).all()


@few
@given(wide=wide_frames(), model=forecasters, n_more=st.integers(1, 10))
def test_later_rows_change_no_fitted_value_of_what_was_learnt(wide, model, n_more):
    wide.iloc[-1] = 9.0  # else a hole at the end would have another end
    expected = model.fit(wide).predict(wide)
    later = pd.DataFrame(1e3 * np.ones((n_more, len(wide.columns))), clock_of(wide)[N : N + n_more], wide.columns)
    np.testing.assert_array_equal(model.update(later).predict(wide), expected)


@few
@given(wide=wide_frames(), model=forecasters, n_more=st.integers(1, 10), data=st.data())
def test_later_rows_of_some_series_change_no_forecast_of_another(wide, model, n_more, data):
    some = data.draw(st.lists(st.sampled_from(list(wide)), min_size=1, unique=True))
    wide.iloc[-1] = 9.0  # so that all end together, and new rows leave no hole
    expected = model.fit(as_long(wide)).forecast()
    later = pd.DataFrame(1e3 * np.ones((n_more, len(some))), clock_of(wide)[N : N + n_more].rename("ds"), some)
    found = model.update(as_long(later.rename_axis(columns="unique_id"))).forecast()
    is_other = ~expected["unique_id"].isin(some)
    pd.testing.assert_frame_equal(found[is_other], expected[is_other], check_exact=True)
    assert (found["ds"] != expected["ds"])[~is_other].all()


@st.composite
def panels_with_covariates(draw):
    """Return rows with ids, H of each series without a value, and columns known ahead, of the past, and static."""
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    clock = draw(st.sampled_from(CLOCKS))
    series = []
    for name in draw(st.permutations(NAMES))[: draw(st.integers(2, 4))]:
        n = draw(st.integers(2 * H + 1, N))
        frame = pd.DataFrame({"unique_id": name, "ds": clock[N - n : N + H], "y": rng.normal(size=n + H)})
        frame["price"], frame["rain"] = rng.normal(size=n + H), rng.normal(size=n + H)
        frame["kind"] = rng.choice(["plain", "sale", "new"], n + H)
        frame["size"] = rng.normal()
        frame.loc[frame.index[n:], ["y", "rain"]] = np.nan
        series.append(frame)
    return series


KEYS = ["unique_id", "ds"]
FORMS = {  # of known rows and those ahead: what fit and predict are given
    "long": lambda known, ahead: (known, None, ahead),
    "levels": lambda known, ahead: (known.set_index(KEYS), None, ahead.set_index(KEYS)),
    "beside": lambda known, ahead: (known.set_index(KEYS).drop(columns="y"), known["y"].array, ahead.set_index(KEYS)),
}


@few
@given(series=panels_with_covariates(), cell=st.sampled_from(["gru", "lstm"]), data=st.data())
def test_a_panel_with_covariates_is_the_same_in_every_format_and_order(series, cell, data):
    def forecast(series, form):
        known = pd.concat([one[:-H] for one in series], ignore_index=True)
        ahead = pd.concat([one[-H:] for one in series]).drop(columns=["y", "rain", "size"])
        if data.draw(st.booleans()):
            known, ahead = known.sort_values("ds", kind="stable"), ahead.sample(frac=1, random_state=0)
        X, y, X_ahead = FORMS[form](known, ahead)
        model = rnn(
            cell=cell, past_covariates=["rain"], static_covariates=["size"], target=None if "y" not in X else "y"
        )
        return pd.Series(model.fit(X, y).predict(X_ahead), pd.MultiIndex.from_frame(ahead[KEYS])).sort_index()

    expected, shuffled = forecast(series, "long"), data.draw(st.permutations(series))
    for form in FORMS:
        pd.testing.assert_series_equal(forecast(shuffled, form), expected, check_exact=True)
