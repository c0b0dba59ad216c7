"""The seasonal naive forecast against a plain loop, and the contract of every forecaster on it."""

import numpy as np
import pandas as pd
import pytest

from tsrnn.baselines import SeasonalNaive


def monthly(n=30, name="sales"):
    index = pd.date_range("2020-01-01", periods=n, freq="MS", name="ds")
    return pd.Series(np.random.default_rng(0).normal(size=n), index=index, name=name)


def repeat_season(values, season, h):
    """Return the forecast of the next h values, each that of the same place in the last season."""
    known = list(values)
    for _ in range(h):
        known.append(known[-season])
    return known[len(values) :]


@pytest.mark.parametrize("season", [1, 4, 12, 29, 30])
@pytest.mark.parametrize("h", [1, 5, 12, 40])
def test_forecast_repeats_the_last_season(season, h):
    series = monthly()
    forecast = SeasonalNaive(season=season).fit(series).forecast(h)
    np.testing.assert_array_equal(forecast, repeat_season(series, season, h))


@pytest.mark.parametrize(
    "freq, season", [("MS", 12), ("QS", 4), ("W-SUN", 52), ("D", 7), ("h", 24), ("30min", 48), ("YS", 1)]
)
def test_season_is_read_from_the_clock(freq, season):
    values = np.random.default_rng(0).normal(size=60)
    model = SeasonalNaive().fit(pd.Series(values, pd.date_range("2020-01-05", periods=60, freq=freq)))
    assert model.season_ == season
    np.testing.assert_array_equal(model.forecast(70), repeat_season(values, season, 70))


def test_clock_of_integers_has_no_season():
    model = SeasonalNaive().fit(pd.Series([1.0, 2.0, 5.0]))
    assert model.season_ == 1
    np.testing.assert_array_equal(model.forecast(3), [5, 5, 5])


@pytest.mark.parametrize("n", [1, 3, 11])
def test_series_shorter_than_a_season_repeats_its_last_value(n):
    series = monthly(n)
    np.testing.assert_array_equal(SeasonalNaive().fit(series).forecast(4), [series.iloc[-1]] * 4)


@pytest.mark.parametrize("season", [1, 4, 12])
@pytest.mark.parametrize("horizon", [1, 3, 4, 5, 12])
def test_fitted_value_is_the_forecast_made_horizon_steps_before(season, horizon):
    series = monthly()
    fitted = SeasonalNaive(horizon, season=season).fit(series).predict(series.to_frame())
    assert np.isfinite(fitted).all()
    for row in range(season + horizon - 1, len(series)):
        origin = row - horizon  # the last step that was known
        assert fitted[row] == repeat_season(series[: origin + 1], season, horizon)[-1]


@pytest.mark.parametrize("season", [1, 4, 12])
@pytest.mark.parametrize("horizon", [1, 3, 5])
def test_fitted_values_use_only_what_was_known_horizon_steps_before(season, horizon):
    series = monthly()
    fitted = SeasonalNaive(horizon, season=season).fit(series).predict(series)
    for origin in range(len(series)):
        changed = series.copy()
        changed.iloc[origin + 1 :] += 100
        again = SeasonalNaive(horizon, season=season).fit(changed).predict(changed)
        # The first `horizon` rows have no origin in the series; they are given its mean.
        np.testing.assert_array_equal(again[horizon : origin + horizon + 1], fitted[horizon : origin + horizon + 1])
        np.testing.assert_allclose(again[:horizon], changed.mean(), rtol=1e-15)  # summed in another order


@pytest.mark.parametrize("h", [1, 3, 20])
@pytest.mark.parametrize("form", ["series", "frame", "periods", "integers", "bare"])
@pytest.mark.filterwarnings("ignore:the data have no clock")
def test_predict_of_the_future_frame_is_the_forecast(h, form):
    series = monthly()
    data = {
        "series": series,
        "frame": series.to_frame(),
        "periods": series.to_period("M"),
        "integers": series.set_axis(range(100, 160, 2)),
        "bare": series.to_numpy(),
    }[form]
    model = SeasonalNaive(horizon=3).fit(data)
    forecast, future = model.forecast(h), model.future_frame(h)
    assert forecast.index.equals(future.index)
    assert isinstance(forecast, pd.DataFrame if form == "frame" else pd.Series)
    np.testing.assert_array_equal(model.predict(future), np.ravel(forecast))


def test_forecast_carries_on_the_clock_and_the_name():
    forecast = SeasonalNaive(horizon=2).fit(monthly()).forecast()
    expected = pd.date_range("2022-07-01", periods=2, freq="MS", name="ds")
    pd.testing.assert_index_equal(forecast.index, expected)
    assert forecast.index.freqstr == "MS"
    assert forecast.name == "sales"


def test_rows_are_read_by_their_clock_in_any_order():
    series = monthly()
    model = SeasonalNaive().fit(series)
    stamps = pd.to_datetime(["2022-09-01", "2021-05-01", "2022-07-01"])
    forecast, fitted = model.forecast(3), model.predict(series)
    expected = [forecast.iloc[2], fitted[16], forecast.iloc[0]]
    np.testing.assert_array_equal(model.predict(pd.DataFrame(index=stamps)), expected)


def test_values_of_x_are_never_read_by_predict():
    series = monthly()
    model = SeasonalNaive().fit(series)
    np.testing.assert_array_equal(model.predict(series * np.nan), model.predict(series))


def test_rows_without_a_clock_are_the_steps_after_training_except_the_rows_of_training():
    values = monthly().to_numpy()
    with pytest.warns(UserWarning, match="no clock"):
        model = SeasonalNaive(season=4).fit(values)
    np.testing.assert_array_equal(model.predict(np.zeros((6, 1))), repeat_season(values, 4, 6))
    np.testing.assert_array_equal(model.predict(values)[4:], values[:-4])
    np.testing.assert_array_equal(model.predict(values[:, None])[4:], values[:-4])


def test_rows_of_training_mean_themselves_where_values_were_interpolated():
    values = np.array([1.0, 2.0, np.nan, 4.0, 7.0, 9.0])
    with pytest.warns(UserWarning, match="no clock"):
        model = SeasonalNaive(season=2, missing="interpolate").fit(values)
    np.testing.assert_array_equal(model.predict(values)[2:], [1, 2, 3, 4])


@pytest.mark.parametrize(
    "stamp, message", [("2019-12-01", "before training"), ("2022-07-02", "not on the clock"), ("2021-05-03", "not on")]
)
def test_row_that_is_no_step_is_refused(stamp, message):
    with pytest.raises(ValueError, match=message):
        SeasonalNaive().fit(monthly()).predict(pd.DataFrame(index=pd.to_datetime([stamp])))


def test_score_without_y_takes_the_truth_from_x():
    series = monthly(36)
    past, future = series[:24], series[24:]
    errors = future.to_numpy() - past.to_numpy()[12:]
    expected = 1 - (errors**2).sum() / ((future - future.mean()) ** 2).sum()
    model = SeasonalNaive().fit(past)
    # Two sums of 12 numbers, in another order.
    assert model.score(future) == pytest.approx(expected, rel=1e-12)
    assert model.score(future.to_frame()[[]], future) == pytest.approx(expected, rel=1e-12)


def test_fit_leaves_the_data_as_they_were():
    series = monthly()
    series.iloc[3] = np.nan
    before = series.copy()
    SeasonalNaive(missing="interpolate").fit(series)
    pd.testing.assert_series_equal(series, before)


def test_later_changes_of_the_data_do_not_reach_the_forecast():
    series = monthly()
    model = SeasonalNaive().fit(series)
    before = model.forecast(3)
    series += 100
    pd.testing.assert_series_equal(model.forecast(3), before)


@pytest.mark.parametrize("arguments", [{"horizon": 0}, {"season": 0}, {"season": 2.5}, {"missing": "drop"}])
def test_arguments_out_of_range_are_refused_by_fit(arguments):
    with pytest.raises(ValueError, match=f"The '{next(iter(arguments))}' parameter"):
        SeasonalNaive(**arguments).fit(monthly())


@pytest.mark.parametrize("h, error", [(0, ValueError), (-1, ValueError), (2.0, TypeError), (True, TypeError)])
def test_forecast_of_no_number_of_steps_is_refused(h, error):
    with pytest.raises(error, match="h must be"):
        SeasonalNaive().fit(monthly()).forecast(h)


def test_an_update_changes_no_fitted_value_of_rows_before_which_nothing_was_known():
    series = pd.Series([1.0, 2.0, 3.0, 6.0], pd.RangeIndex(4))
    model = SeasonalNaive(horizon=2, season=1).fit(series[:3])
    assert model.predict(series[:2]).tolist() == [2.0, 2.0]
    assert model.update(series[3:]).predict(series[:2]).tolist() == [2.0, 2.0]
