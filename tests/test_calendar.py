"""The season of a clock and the features of stamps, against tables written by hand and Python's own calendar."""

import calendar
import datetime
import math
import sys
import tracemalloc

import numpy as np
import pandas as pd
import pytest
from pandas.tseries.frequencies import to_offset
from refusals import refused

from tsrnn.calendar import calendar_features, check_calendar, seasonal_period

CYCLIC = ("minute", "hour", "weekday", "day_of_month", "day_of_year", "month")
ROUNDING = 1e-12  # of an angle below 2 pi and its sine, some thousand times over

SEASONS = {
    # a day
    "s": 86400, "min": 1440, "5min": 288, "15min": 96, "30min": 48, "h": 24, "2h": 12, "6h": 4, "12h": 2,
    # a week
    "D": 7, "24h": 7, "B": 5, "C": 5,
    # a year
    "W": 52, "W-SUN": 52, "W-THU": 52, "2W": 26, "4W": 13, "168h": 52, "336h": 26,
    "MS": 12, "ME": 12, "BMS": 12, "BME": 12, "SMS": 24, "SME": 24, "2MS": 6, "3MS": 4, "6ME": 2,
    "QS": 4, "QE": 4, "QS-NOV": 4, "BQE": 4, "BQS": 4, "2QE": 2,
    # none: years, and steps that do not divide the season
    "YS": 1, "YE-JUN": 1, "10YS": 1, "12MS": 1, "4QS": 1, "5h": 1, "7min": 1, "36h": 1, "2D": 1, "5D": 1, "5MS": 1,
    "3W": 1, "2B": 1,
}  # fmt: skip


@pytest.mark.parametrize("step, season", SEASONS.items())
def test_season_of_a_step(step, season):
    assert seasonal_period(to_offset(step)) == season


@pytest.mark.parametrize("step, season", [("7D", 52), ("14D", 26), ("21D", 1)])
def test_seven_days_are_a_week_in_whatever_unit(step, season):
    assert seasonal_period(to_offset(step)) == season


@pytest.mark.parametrize("step, season", {"M": 12, "Q": 4, "W": 52, "D": 7, "h": 24, "15min": 96, "Y": 1}.items())
def test_season_of_periods(step, season):
    assert seasonal_period(pd.period_range("2020-01", periods=3, freq=step).freq) == season


def test_clock_of_integers_has_no_season():
    assert seasonal_period(None) == 1


def test_easter_has_no_season():
    assert seasonal_period(pd.offsets.Easter()) == 1


def test_season_is_a_python_int():
    assert all(type(seasonal_period(to_offset(step))) is int for step in SEASONS)


AUTO = {
    "hour weekday day_of_year": ["ms", "s", "min", "15min", "h", "12h", "36h", "bh"],
    "weekday day_of_year": ["D", "2D", "24h", "B", "C"],
    "day_of_year": ["W", "W-THU", "7D", "168h", "2W", "4W", "5W", "SMS", "SME"],
    "month": ["MS", "ME", "BMS", "BME", "2MS", "7MS", "11MS", "QS", "QS-NOV", "QE", "BQE", "2QE", "WOM-2MON"],
    "": ["YS", "YE-JUN", "10YS", "500YS", "12MS", "4QS", "52W"],
}


@pytest.mark.parametrize("step, names", [(step, names) for names, steps in AUTO.items() for step in steps])
def test_auto_takes_the_features_that_the_step_makes_sense_of(step, names):
    assert check_calendar("all", to_offset(step)) == tuple(names.split())


@pytest.mark.parametrize(
    "step, names", [("h", "hour weekday day_of_year"), ("W", "day_of_year"), ("Q", "month"), ("Y", "")]
)
def test_auto_for_periods(step, names):
    assert check_calendar("all", pd.period_range("2020-01", periods=3, freq=step).freq) == tuple(names.split())


def test_auto_for_a_calendar_of_months_counted_by_an_offset():
    assert check_calendar("all", pd.DateOffset(months=1)) == ("month",)


def test_clock_of_integers_and_none_have_no_features():
    assert check_calendar("all", None) == check_calendar(None, None) == check_calendar(None, to_offset("D")) == ()


def test_names_keep_their_order():
    assert check_calendar(["month", "holidays:DE", "hour"], to_offset("h")) == ("month", "holidays:DE", "hour")


@pytest.mark.parametrize(
    "kind, names, freq, words",
    [
        (
            ValueError,
            ["hours"],
            "h",
            ["'hours'", "minute, hour, weekday, day_of_month, day_of_year, month", "holidays:DE"],
        ),
        (ValueError, ["hour", "weekday", "hour"], "h", ["'hour'", "twice"]),
        (ValueError, ["month"], None, ["['month']", "integers", "omit calendar"]),
        (ValueError, ["holidays:XX"], "D", ["holidays:XX", "no country 'XX'", "'holidays:US-CA'"]),
        (ValueError, ["holidays:de"], "D", ["no country 'de'", "codes"]),
        (ValueError, ["holidays:US-ZZ"], "D", ["country 'US' with a subdivision 'ZZ'"]),
        (ValueError, ["holidays:"], "D", ["no country ''"]),
        (ValueError, ["holidays"], "D", ["no feature 'holidays'"]),
        (TypeError, "hour", "h", ["'hour'", "list of names"]),
        (TypeError, True, "h", ["True", "list of names"]),
        (TypeError, [1], "h", ["[1]", "list of names"]),
        (TypeError, {"hour": 1}, "h", ["list of names"]),
    ],
)
def test_calendar_that_cannot_be_is_refused(kind, names, freq, words):
    refused(kind, ["calendar", *words], check_calendar, names, freq and to_offset(freq))


def test_holidays_without_their_package_are_refused_with_the_cure(monkeypatch):
    monkeypatch.setitem(sys.modules, "holidays", None)  # as Python marks a module that cannot be imported
    words = ["calendar='holidays:DE'", "python -m pip install holidays"]
    refused(ImportError, words, check_calendar, ["holidays:DE"], to_offset("D"))
    refused(ImportError, words, calendar_features, pd.date_range("2024", periods=3), ("holidays:DE",))


def test_without_the_package_all_other_features_are_there(monkeypatch):
    monkeypatch.setitem(sys.modules, "holidays", None)
    names = check_calendar(list(CYCLIC), to_offset("D"))
    assert calendar_features(pd.date_range("2024", periods=3), names)[0].shape == (3, 12)


def phases(stamp):
    """Return how far into its cycle a datetime is, by name, from Python's own calendar."""
    midnight = stamp.replace(hour=0, minute=0, second=0, microsecond=0)
    hours = (stamp - midnight) / datetime.timedelta(hours=1)
    return {
        "minute": hours % 1,
        "hour": hours / 24,
        "weekday": stamp.weekday() / 7,
        "day_of_month": (stamp.day - 1) / calendar.monthrange(stamp.year, stamp.month)[1],
        "day_of_year": (stamp.timetuple().tm_yday - 1) / (366 if calendar.isleap(stamp.year) else 365),
        "month": (stamp.month - 1) / 12,
    }


def expected(stamps):
    angles = [[2 * math.pi * phases(stamp)[name] for name in CYCLIC] for stamp in stamps]
    return np.array([[f(angle) for angle in row for f in (math.sin, math.cos)] for row in angles])


@pytest.mark.parametrize(
    "first, n, step",
    [
        ("1896-12-30 00:00", 900, "37h"),  # over 29 February 1896 and 1900, which had none
        ("1969-12-28 23:59:59.5", 400, "997min"),  # over the day 0 of time stamps
        ("1999-12-31 12:00", 1500, "D"),
        ("2023-01-31", 60, "ME"),
        ("2024-02-28 22:00", 100, "97s"),
    ],
)
def test_features_equal_those_of_pythons_calendar(first, n, step):
    index = pd.date_range(first, periods=n, freq=step)
    features, columns = calendar_features(index, CYCLIC)
    assert columns == tuple(f"{name}_{wave}" for name in CYCLIC for wave in ("sin", "cos"))
    assert features.dtype == np.float64
    np.testing.assert_allclose(features, expected(index.to_pydatetime()), rtol=0, atol=ROUNDING)


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_unit_of_the_stamps_changes_no_bit(unit):
    index = pd.date_range("2024-02-27 22:15", periods=50, freq="15min")
    np.testing.assert_array_equal(
        calendar_features(index.as_unit(unit), CYCLIC)[0], calendar_features(index, CYCLIC)[0]
    )


@pytest.mark.parametrize("day, n_hours, hours", [("2024-03-31", 23, [0, 1, 3, 4]), ("2024-10-27", 25, [0, 1, 2, 2, 3])])
def test_local_wall_time_counts_also_where_daylight_saving_begins_and_ends(day, n_hours, hours):
    index = pd.date_range(day, periods=n_hours, freq="h", tz="Europe/Berlin")
    features, _ = calendar_features(index, CYCLIC)
    walls = [stamp.to_pydatetime().replace(tzinfo=None) for stamp in index]
    assert [wall.hour for wall in walls[: len(hours)]] == hours
    np.testing.assert_allclose(features, expected(walls), rtol=0, atol=ROUNDING)


@pytest.mark.parametrize("freq", ["h", "D", "W-WED", "M", "Q-NOV", "Y"])
def test_period_counts_as_its_start(freq):
    index = pd.period_range("2023-11-15", periods=40, freq=freq)
    starts = [period.start_time.to_pydatetime() for period in index]
    np.testing.assert_allclose(calendar_features(index, CYCLIC)[0], expected(starts), rtol=0, atol=ROUNDING)


@pytest.mark.parametrize("year, n_days", [(2023, 365), (2024, 366), (1900, 365), (2000, 366)])
def test_days_of_each_year_go_once_around_in_equal_steps(year, n_days):
    features, _ = calendar_features(pd.date_range(f"{year}-01-01", periods=n_days + 1), ("day_of_year",))
    steps = np.diff(np.unwrap(np.arctan2(*features.T)))
    np.testing.assert_allclose(steps, 2 * np.pi / n_days, rtol=0, atol=ROUNDING)


def holidays_in(index, name):
    features, _ = calendar_features(index, (name,))
    assert set(np.unique(features)) <= {0.0, 1.0}
    return [f"{stamp:%m-%d}" for stamp in index[features[:, 0] == 1]]


# Public holidays by law: nine days in all of Germany, two of them counted from Easter, which was on 31 March in 2024.
GERMANY_2024 = ["01-01", "03-29", "04-01", "05-01", "05-09", "05-20", "10-03", "12-25", "12-26"]


def test_holidays_of_a_country_and_of_a_subdivision():
    days = pd.date_range("2024-01-01", "2024-12-31")
    assert holidays_in(days, "holidays:DE") == GERMANY_2024
    assert holidays_in(days, "holidays:DE-BY") == sorted([*GERMANY_2024, "01-06", "05-30", "11-01"])


def test_all_hours_of_a_local_date_are_of_the_holiday():
    index = pd.date_range("2024-12-31 12:00", "2025-01-02 12:00", freq="h", tz="America/New_York")
    features, columns = calendar_features(index, ("holidays:US-CA", "hour"))
    assert columns == ("holiday_US-CA", "hour_sin", "hour_cos")
    np.testing.assert_array_equal(features[:, 0], [f"{stamp:%m-%d}" == "01-01" for stamp in index])


def test_holiday_observed_in_the_year_before_is_one_whatever_the_other_stamps():
    index = pd.DatetimeIndex(["2021-12-31"])  # New Year's Day 2022 was a Saturday
    longer = pd.date_range("2021-12-01", "2022-02-01")
    assert holidays_in(index, "holidays:US") == ["12-31"]
    assert holidays_in(longer[longer <= index[0]], "holidays:US")[-1] == "12-31"
    assert "12-31" in holidays_in(longer, "holidays:US")


def test_no_holidays_before_those_that_are_known_nor_in_years_without_a_date():
    index = pd.DatetimeIndex(np.array(["-0300-01-01", "0001-01-01", "1700-01-01", "12000-01-01"], dtype="M8[s]"))
    assert not calendar_features(index, ("holidays:DE",))[0].any()


def test_features_of_a_stamp_do_not_depend_on_the_others():
    index = pd.date_range(
        "2019-12-20", periods=100_000, freq="7min", tz="Europe/Berlin"
    )  # more than are done at a time
    names = (*CYCLIC, "holidays:DE")
    pieces = [calendar_features(index[first : first + 7001], names)[0] for first in range(0, len(index), 7001)]
    np.testing.assert_array_equal(np.concatenate(pieces), calendar_features(index, names)[0])


def test_equal_minutes_of_all_hours_have_equal_features():
    features, _ = calendar_features(pd.date_range("2024-01-01 00:35", periods=24, freq="h"), ("minute",))
    assert len(np.unique(features, axis=0)) == 1


def test_no_names_and_no_stamps_give_empty_features():
    assert calendar_features(pd.date_range("2024", periods=3), ())[0].shape == (3, 0)
    assert calendar_features(pd.DatetimeIndex([]), ("hour", "holidays:DE"))[0].shape == (0, 3)


def test_memory_is_little_more_than_the_features():
    index = pd.date_range("2000", periods=400_000, freq="min")
    tracemalloc.start()
    try:
        features, _ = calendar_features(index, ("hour", "day_of_year"))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 1.5 * features.nbytes  # without pieces, the steps on the way alone would be as much again
