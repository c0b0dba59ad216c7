"""The season of a clock, against a table written by hand."""

import pandas as pd
import pytest
from pandas.tseries.frequencies import to_offset

from tsrnn.calendar import seasonal_period

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


def test_season_is_a_python_int():
    assert all(type(seasonal_period(to_offset(step))) is int for step in SEASONS)
