"""One series is read onto its clock without guessing. Expected stamps and values are made by hand or by pandas.

Many series, and the formats in which they come, are in test_frames.
"""

import numpy as np
import pandas as pd
import pytest
from pandas.tseries.frequencies import to_offset

from tsrnn.panel import interpolate, refuse_missing
from tsrnn.reading import read_panel

BERLIN = "Europe/Berlin"  # summer time began on 2021-03-28 and ended on 2021-10-31


def series(index, **options):
    """Return a series of 0, 1, 2, ... on an index."""
    return pd.Series(np.arange(len(index), dtype=np.float64), index=index, **options)


def bare(index):
    """Return a DatetimeIndex of the same stamps that carries no freq."""
    return pd.DatetimeIndex(index.to_series().to_numpy() if index.tz is None else list(index), name=index.name)


def without(index, rows):
    """Return the index less some rows, without a freq if it is one of dates."""
    kept = index.delete(rows)
    return bare(kept) if isinstance(kept, pd.DatetimeIndex) else kept


def dates(start, n, freq, tz=None):
    return pd.date_range(start, periods=n, freq=freq, tz=tz)


CLOCKS = {
    "weekly on saturdays": dates("2020-01-04", 40, "W-SAT"),
    "month starts": dates("2020-01-01", 40, "MS"),
    "month ends": dates("2020-01-31", 40, "ME"),
    "quarter starts": dates("2020-01-01", 40, "QS"),
    "quarter ends of november": dates("2020-02-29", 40, "QE-NOV"),
    "year starts": dates("2000-01-01", 40, "YS"),
    "business days": dates("2020-01-03", 40, "B"),
    "business month ends": dates("2020-01-31", 40, "BME"),
    "days": dates("2020-02-20", 40, "D"),
    "every second day": dates("2020-02-20", 40, "2D"),
    "half hours": dates("2020-02-28", 60, "30min"),
    "milliseconds": dates("2020-02-28", 40, "ms"),
    "hours into summer time": dates("2021-03-27", 60, "h", BERLIN),
    "hours out of summer time": dates("2021-10-30", 60, "h", BERLIN),
    "days into summer time": dates("2021-03-20", 40, "D", BERLIN),
    "days out of summer time": dates("2021-10-20", 40, "D", BERLIN),
}

# Daily sums of hours, as pandas makes them, of zones where a midnight is skipped, or strikes twice; and a time of day
# that is.
ODD_DAYS = {
    "a midnight is skipped": ("Africa/Cairo", "2024-04-10", "2024-04-26 01:00"),
    "a midnight is skipped in Brazil": ("America/Sao_Paulo", "2017-10-01", "2017-10-15 01:00"),
    "a midnight strikes twice": ("America/Havana", "2023-10-20", "2023-11-05 00:00"),
    "a midnight strikes twice in the year after": ("America/Havana", "2023-02-20", "2023-11-05 00:00"),
}


@pytest.mark.parametrize("zone, first, odd", ODD_DAYS.values(), ids=ODD_DAYS.keys())
@pytest.mark.parametrize("has_freq", [True, False])
def test_days_go_on_through_a_midnight_that_is_skipped_or_strikes_twice(zone, first, odd, has_freq):
    hours = pd.date_range(first, periods=24 * 300, freq="h", tz=zone)
    days = pd.Series(1.0, hours).resample("D").sum().index[:290]
    at = int((days.strftime("%Y-%m-%d %H:%M") == odd).argmax())
    assert at > 10  # pandas has the stamp that we say it has
    index = days if has_freq else bare(days)
    for n in (at, at + 1, at + 5):
        read = read_panel(series(index[:n]))
        assert (read.clock.n, read.n_absent, read.clock.step_name) == (n, 0, "D")
        assert same_stamps(read.clock.stamps(0, 290), days)
        assert read.clock.positions(days[[0, at - 1, at, at + 1]]).tolist() == [0, at - 1, at, at + 1]
    read = read_panel(series(without(days, [at - 2])))
    assert np.flatnonzero(np.isnan(read.values[:, 0])).tolist() == [at - 2]
    few = read_panel(series(bare(days[at - 3 : at + 3])))
    assert (few.clock.n, few.n_absent) == (6, 0)


def test_a_time_of_day_that_strikes_twice_is_one_step_whichever_is_meant():
    walls = pd.date_range("2021-03-25 02:30", periods=260, freq="D")
    for is_first in (True, False):
        index = walls.tz_localize(BERLIN, nonexistent="shift_forward", ambiguous=np.full(260, is_first))
        read = read_panel(series(index))
        assert (read.clock.n, read.n_absent, read.clock.step_name) == (260, 0, "D")
        assert read.clock.positions(index).tolist() == list(range(260))


every_clock = pytest.mark.parametrize("index", CLOCKS.values(), ids=CLOCKS.keys())

OTHER_CLOCKS = {
    "months as periods": pd.period_range("2020-01", periods=40, freq="M"),
    "weeks as periods": pd.period_range("2020-01-04", periods=40, freq="W-SAT"),
    "pairs of months as periods": pd.period_range("2020-01", periods=40, freq="2M"),
    "years as integers": pd.RangeIndex(1961, 2001),
    "integers in steps of 5": pd.RangeIndex(10, 210, 5),
    "negative integers": pd.RangeIndex(-20, 20),
    "small unsigned integers": pd.Index(np.arange(210, 250, dtype=np.uint8)),
    "nullable integers": pd.Index(np.arange(40), dtype="Int64"),
}
ALL_CLOCKS = {**CLOCKS, **OTHER_CLOCKS}
every_kind = pytest.mark.parametrize("index", ALL_CLOCKS.values(), ids=ALL_CLOCKS.keys())


def read_or_refused(data, **options):
    """Return the series that was read and no message, or nothing and the message of the refusal."""
    try:
        return read_panel(data, **options), ""
    except (TypeError, ValueError) as error:
        return None, str(error)


def carried_on(panel, n, value=0.0):
    """Return `n` rows after those of the one series of a panel."""
    return panel.frame(np.zeros(n, int), panel.ends[0] + np.arange(n), np.full((n, 1), value))


def same_stamps(index, expected):
    return len(index) == len(expected) and all(a == b for a, b in zip(index, expected, strict=True))


# Reading a clock


@every_clock
def test_a_freq_that_the_index_carries_is_the_step(index):
    clock = read_panel(series(index)).clock
    assert clock.freq == index.freq
    assert (clock.start, clock.n) == (index[0], len(index))


@every_clock
def test_the_step_is_inferred_from_stamps_without_a_freq(index):
    read = read_panel(series(bare(index)))
    assert (read.clock.n, read.n_absent, read.n_missing) == (len(index), 0, 0)
    assert same_stamps(read.clock.stamps(0, len(index)), index)
    assert read.clock.freq.freqstr.split("-")[0] == index.freq.freqstr.split("-")[0]  # QS-OCT and QS-JAN are one


@every_kind
def test_one_hole_in_a_long_clock_is_one_absent_stamp(index):
    read = read_panel(series(without(index, [20])))
    assert (read.clock.n, read.n_absent, read.n_missing) == (len(index), 1, 0)
    assert same_stamps(read.clock.stamps(0, len(index)), index)
    assert np.flatnonzero(np.isnan(read.values[:, 0])).tolist() == [20]


SCATTERED = [1, 3, 4, 8, 9, 15, 22, 23, 30, 31, 36]  # leaves no twelve stamps in a row


@every_clock
def test_a_named_freq_reads_a_clock_of_many_holes(index):
    read = read_panel(series(without(index, SCATTERED)), freq=index.freq)
    assert (read.clock.n, read.n_absent, read.clock.freq) == (len(index), len(SCATTERED), index.freq)
    assert same_stamps(read.clock.stamps(0, len(index)), index)


@every_clock
def test_a_clock_of_many_holes_is_read_rightly_or_refused_with_the_advice_to_name_its_freq(index):
    read, refusal = read_or_refused(series(without(index, SCATTERED)))
    if read is None:
        assert "name its freq" in refusal
    else:
        assert (read.clock.n, read.n_absent) == (len(index), len(SCATTERED))
        assert same_stamps(read.clock.stamps(0, len(index)), index)


@every_clock
def test_a_few_stamps_with_a_hole_are_read_rightly_or_refused_with_the_advice_to_name_their_freq(index):
    few = index[:8]
    read, refusal = read_or_refused(series(without(few, [2])))
    if read is None:
        assert "name its freq" in refusal
    else:
        assert (read.clock.n, read.n_absent) == (8, 1)
        assert same_stamps(read.clock.stamps(0, 12), index[:12])  # four more than were read


@pytest.mark.parametrize("freq", ["MS", "ME", "QS", "YS"])
def test_two_stamps_a_calendar_step_apart_are_not_read_as_so_many_hours(freq):
    index = dates("2020-01-01", 4, freq)
    read, refusal = read_or_refused(series(bare(index[:2])))
    if read is None:
        assert "freq" in refusal
    else:
        assert same_stamps(read.clock.stamps(0, 4), index)


@pytest.mark.parametrize("freq", ["W-SAT", "D", "2W-SUN"])
def test_a_clock_of_many_holes_keeps_the_name_pandas_has_for_its_step(freq):
    index = dates("2020-01-04", 40, freq)
    step = read_panel(series(without(index, SCATTERED))).clock.freq
    assert step.freqstr == to_offset(freq).freqstr


def test_days_of_a_time_zone_stay_at_midnight_when_the_forecast_crosses_into_summer_time():
    index = dates("2021-03-01", 36, "D", BERLIN)
    holed = series(without(index[:24], [1, 3, 4, 8, 9, 15]))
    clock = read_panel(holed).clock
    assert clock.n == 24
    assert same_stamps(clock.stamps(24, 36), index[24:])


@pytest.mark.parametrize("freq", ["D", "2D", "W"])
def test_a_named_freq_that_the_stamps_do_not_follow_is_refused(freq):
    with pytest.raises(ValueError, match=r"not on the steps of|regular step"):
        read_panel(series(pd.DatetimeIndex(["2020-01-05", "2020-01-11", "2020-01-12 01:00"])), freq=freq)


@pytest.mark.parametrize(
    "index", [pd.period_range("2020-01", periods=9, freq="M"), pd.RangeIndex(9)], ids=["periods", "integers"]
)
def test_a_freq_that_contradicts_periods_or_integers_is_refused_not_ignored(index):
    with pytest.raises((ValueError, TypeError), match="freq"):
        read_panel(series(index), freq="h")


@pytest.mark.parametrize("freq", ["foo", "0D", "-1D", 3], ids=str)
def test_a_freq_without_meaning_is_refused_by_name(freq):
    with pytest.raises((ValueError, TypeError), match=r"freq") as caught:
        read_panel(series(bare(dates("2020-01-01", 9, "D"))), freq=freq)
    assert repr(freq) in str(caught.value)
    assert "Failed to parse" not in str(caught.value)  # pandas' nested message says nothing more


def test_integers_in_steps_with_holes_keep_their_step():
    read = read_panel(series(pd.Index([10, 15, 20, 35])))
    assert (read.clock.start, read.clock.step, read.clock.n, read.n_absent) == (10, 5, 6, 2)
    assert list(read.clock.stamps(6, 9)) == [40, 45, 50]


def test_years_as_integers_are_a_clock_whose_future_is_the_next_years():
    clock = read_panel(series(pd.Index([1998, 1999, 2000], name="year"))).clock
    assert list(clock.stamps(3, 5)) == [2001, 2002]
    assert clock.stamps(3, 5).name == "year"
    assert clock.is_given
    assert clock.freq is None


def test_unsigned_integers_count_on_beyond_their_type():
    clock = read_panel(series(pd.Index(np.array([253, 254, 255], dtype=np.uint8)))).clock
    assert list(clock.stamps(3, 5)) == [256, 257]


def test_bare_arrays_have_no_clock_and_count_from_zero():
    clock = read_panel(np.arange(4.0)).clock
    assert not clock.is_given
    assert list(clock.stamps(4, 6)) == [4, 5]


def test_the_clock_is_read_from_X_before_y():
    first, second = dates("2020-01-01", 5, "D"), dates("2021-01-01", 5, "D")
    assert read_panel(pd.DataFrame(index=first), np.arange(5.0)).clock.start == first[0]
    assert read_panel(pd.DataFrame(index=first), pd.Series(np.arange(5.0))).clock.start == first[0]
    with pytest.raises(ValueError, match="X and y have different indexes"):
        read_panel(pd.DataFrame(index=first), series(second))
    assert read_panel(None, series(second)).clock.start == second[0]
    assert read_panel(np.empty((5, 0)), series(second)).clock.start == second[0]


# Going on with a clock


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
@pytest.mark.parametrize("freq", ["h", "MS"])
def test_stamps_keep_the_unit_of_training(unit, freq):
    index = dates("2021-01-01", 12, freq, BERLIN).as_unit(unit)
    ahead = read_panel(series(index[:10])).clock.stamps(10, 12)
    assert ahead.unit == unit
    assert ahead.equals(index[10:])


def test_stamps_between_the_units_of_training_are_not_rounded():
    clock = read_panel(series(dates("2021-01-01", 4, "s").as_unit("s")), freq="500ms").clock
    assert list(clock.stamps(7, 9)) == [pd.Timestamp(f"2021-01-01 00:00:{second}") for second in ("03.5", "04")]


@every_kind
def test_positions_and_stamps_are_inverse_inside_training_and_after_it(index):
    clock = read_panel(series(index)).clock
    rows = np.arange(0, len(index) + 25)
    np.testing.assert_array_equal(clock.positions(clock.stamps(0, len(index) + 25)), rows)
    np.testing.assert_array_equal(clock.positions(clock.stamps(30, 50)), rows[30:50])


@every_kind
def test_positions_follow_the_order_of_the_rows_and_allow_repeats(index):
    clock = read_panel(series(index)).clock
    order = [7, 0, 39, 7, 12]
    np.testing.assert_array_equal(clock.positions(index[order]), order)


@every_kind
def test_positions_are_int64_and_there_are_none_for_no_rows(index):
    positions = read_panel(series(index)).clock.positions(index[:0])
    assert positions.dtype == np.int64
    assert positions.shape == (0,)


@every_kind
def test_the_future_index_carries_on_where_training_ended(index):
    """Training ends ten stamps before the end of the index; pandas itself made the ten that follow."""
    n = len(index) - 10
    given = series(index[:n])
    future = carried_on(read_panel(given), 10).index
    assert same_stamps(future, index[n:])
    if isinstance(index, pd.DatetimeIndex | pd.PeriodIndex):
        assert type(future) is type(index)
        assert future.freq == index.freq
        assert getattr(future, "tz", None) == getattr(index, "tz", None)


def test_month_ends_follow_the_lengths_of_the_months_in_a_leap_year():
    clock = read_panel(series(bare(dates("2023-10-31", 3, "ME")))).clock
    assert [f"{stamp:%m-%d}" for stamp in clock.stamps(3, 7)] == ["01-31", "02-29", "03-31", "04-30"]


def test_hours_skip_the_one_that_summer_time_takes_away_and_repeat_the_one_it_gives_back():
    spring = read_panel(series(dates("2021-03-27 20:00", 5, "h", BERLIN))).clock
    assert [stamp.hour for stamp in spring.stamps(5, 9)] == [1, 3, 4, 5]
    autumn = read_panel(series(dates("2021-10-30 20:00", 5, "h", BERLIN))).clock
    assert [stamp.hour for stamp in autumn.stamps(5, 9)] == [1, 2, 2, 3]


def test_business_days_skip_the_weekend():
    clock = read_panel(series(bare(dates("2020-01-06", 8, "B")))).clock  # from a Monday to the next Wednesday
    assert [f"{stamp:%a}" for stamp in clock.stamps(8, 12)] == ["Thu", "Fri", "Mon", "Tue"]


# Missing values


def test_missing_values_and_absent_stamps_are_counted_apart():
    index = dates("2020-01-01", 8, "D")
    observed = pd.Series([0.0, np.nan, 4.0, 10.0, 12.0], index=bare(index[[0, 1, 4, 5, 7]]))
    read = read_panel(observed, freq="D")
    np.testing.assert_array_equal(read.values[:, 0], [0, np.nan, np.nan, np.nan, 4, 10, np.nan, 12])
    assert (read.n_missing, read.n_absent) == (1, 3)


def test_several_targets_count_each_missing_value_and_each_absent_stamp_once():
    index = dates("2020-01-01", 4, "D")
    values = np.array([[0.0, 1.0], [np.nan, np.nan], [4.0, 5.0]])
    read = read_panel(pd.DataFrame(values, bare(index[[0, 1, 3]]), ["a", "b"]), target=["a", "b"], freq="D")
    assert (read.n_missing, read.n_absent, read.values.shape) == (2, 1, (4, 2))


@pytest.mark.parametrize("missing_row", [0, 3], ids=["a value", "a stamp"])
def test_a_hole_is_refused_with_its_place_and_kind(missing_row):
    index = dates("2020-01-01", 20, "D")
    holed = series(index).where(np.arange(20) != 3) if missing_row == 0 else series(without(index, [3]))
    counts = "has 1 missing value in steps" if missing_row == 0 else "has 1 absent stamp in steps"
    with pytest.raises(ValueError, match="the first at 2020-01-04") as caught:
        refuse_missing(read_panel(holed))
    assert counts in str(caught.value)
    assert "missing='interpolate'" in str(caught.value)
    refuse_missing(read_panel(series(index)))


def test_a_hole_in_a_panel_is_refused_with_the_series_it_is_in():
    wide = pd.DataFrame({"a": [1.0, 2, 3], "b": [1.0, np.nan, 3]}, dates("2020-01-01", 3, "D"))
    with pytest.raises(ValueError, match=r"the panel has 1 missing .* the first of series 'b' at 2020-01-02"):
        refuse_missing(read_panel(wide))


def filled(values, bounds=None):
    values = np.array(values, dtype=np.float64)
    return interpolate(values, np.array([0, len(values)] if bounds is None else bounds))


def test_interpolation_is_linear_and_repeats_the_ends():
    expected = [1, 1, 2, 3, 4, 5, 7, 9, 9]
    nan = np.nan
    # One rounding at most.
    np.testing.assert_allclose(filled([nan, 1, nan, nan, 4, 5, nan, 9, nan]), expected, rtol=1e-15)


def test_interpolation_takes_nothing_from_other_series():
    nan = np.nan
    np.testing.assert_array_equal(filled([1, nan, nan, 5, nan, 7, 8, nan], [0, 2, 6, 8]), [1, 1, 5, 5, 6, 7, 8, 8])


def test_values_without_a_hole_are_not_copied_to_interpolate_them():
    values = np.arange(3.0)
    assert interpolate(values, np.array([0, 3])) is values


def test_holes_of_months_are_interpolated_in_steps_of_the_clock():
    read = read_panel(series(without(dates("2020-01-01", 16, "MS"), [1])))
    assert interpolate(read.values[:, 0], read.bounds)[1] == 0.5  # halfway, though January is longer


# Values and formats

NUMBERS = {
    "float64": pd.array([1.0, np.nan, 3.0]),
    "float32": np.array([1.0, np.nan, 3.0], dtype=np.float32),
    "Float64": pd.array([1.0, None, 3.0], dtype="Float64"),
    "Int64": pd.array([1, None, 3], dtype="Int64"),
    "boolean": pd.array([True, None, True], dtype="boolean"),
    "object with None": np.array([1.0, None, 3.0], dtype=object),
    "object with NA": np.array([1.0, pd.NA, 3.0], dtype=object),
    "sparse": pd.arrays.SparseArray([1.0, np.nan, 3.0]),
}


@pytest.mark.parametrize("values", NUMBERS.values(), ids=NUMBERS.keys())
def test_every_numeric_dtype_is_read_as_float64_with_its_missing_values(values):
    read = read_panel(pd.Series(values))
    assert read.values.dtype == np.float64
    assert read.n_missing == 1
    np.testing.assert_array_equal(read.values, [[1], [np.nan], [3 if values[2] == 3 else 1]])


def test_integers_and_booleans_are_read_as_numbers():
    np.testing.assert_array_equal(read_panel(pd.Series([3, 1, 2])).values, [[3], [1], [2]])
    np.testing.assert_array_equal(read_panel(pd.Series([True, False])).values, [[1], [0]])


def test_the_mask_of_a_masked_array_is_not_dropped():
    """NumPy forgets the mask on conversion: the value under it must be missing."""
    masked = np.ma.array([1.0, 200.0, 3.0], mask=[False, True, False])
    read = read_panel(masked)
    np.testing.assert_array_equal(read.values, [[1], [np.nan], [3]])
    assert read.n_missing == 1


@pytest.mark.parametrize(
    "data",
    [
        series(dates("2020-01-01", 4, "D")),
        series(dates("2020-01-01", 4, "D")).to_frame("x"),
        np.arange(4.0),
        np.arange(4.0)[:, None],
        [0.0, 1.0, 2.0, 3.0],
    ],
    ids=["Series", "DataFrame", "array", "column", "list"],
)
def test_one_series_is_read_from_every_format(data):
    read = read_panel(data)
    np.testing.assert_array_equal(read.values, [[0], [1], [2], [3]])
    assert (read.n_series, read.n_targets, read.ids) == (1, 1, None)
    np.testing.assert_array_equal(read.bounds, [0, 4])
    np.testing.assert_array_equal(read.starts, [0])


@pytest.mark.parametrize("as_frame", [False, True])
def test_what_was_read_is_left_as_it_was_and_not_shared(as_frame):
    given = pd.Series([1.0, np.nan, 3.0, 4.0], index=bare(dates("2020-01-01", 4, "D")), name="x")
    given = given.to_frame() if as_frame else given
    copy = given.copy(deep=True)
    read = read_panel(given)
    read.values[:] = -1
    pd.testing.assert_frame_equal(given, copy) if as_frame else pd.testing.assert_series_equal(given, copy)
    assert given.index.freq is None


def test_an_array_that_was_read_is_not_shared():
    given = np.arange(4.0)
    read_panel(given).values[:] = -1
    np.testing.assert_array_equal(given, [0, 1, 2, 3])


@pytest.mark.parametrize("name", ["sales", None, 0, ("a", 1)], ids=str)
def test_a_series_comes_back_as_a_series_of_its_name(name):
    index = dates("2020-01-30", 4, "D").rename("day")
    back = carried_on(read_panel(pd.Series(np.ones(4), index, name=name)), 2, 5.0)
    expected = pd.Series([5.0, 5.0], dates("2020-02-03", 2, "D").rename("day"), name=name)
    pd.testing.assert_series_equal(back, expected)


@pytest.mark.parametrize("column", ["sales", 0, ("a", "b")], ids=str)
def test_a_frame_comes_back_as_a_frame_of_its_column(column):
    given = pd.DataFrame(np.ones((4, 1)), dates("2020-01-30", 4, "D").rename("day"))
    given.columns = pd.Index([column]) if not isinstance(column, tuple) else pd.MultiIndex.from_tuples([column])
    back = carried_on(read_panel(given), 2, 5.0)
    expected = pd.DataFrame([[5.0], [5.0]], dates("2020-02-03", 2, "D").rename("day"), columns=given.columns)
    pd.testing.assert_frame_equal(back, expected)


def test_the_name_of_periods_and_integers_is_given_back():
    for index in (pd.period_range("2020-01", periods=3, freq="M", name="t"), pd.RangeIndex(3, name="t")):
        assert carried_on(read_panel(series(index)), 2).index.name == "t"
