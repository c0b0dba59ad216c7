"""Clocks: an index of dates, periods or integers becomes numbered rows at equal steps, and rows become stamps again."""

import contextlib
from dataclasses import dataclass

import numpy as np
import pandas as pd
from pandas.tseries.frequencies import to_offset

DATES, PERIODS, INTEGERS = "a clock of dates", "a clock of periods", "a clock of integers"

_MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
_PIECE = 2**16  # stamps that are counted at once
_WEEKDAYS = ["MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"]

# A clock whose step was told from its stamps, but most of whose stamps are absent, was misread (days and months in the
# wrong order, dates written as numbers). A step that the user named may be that sparse, but not without any limit.
MOST_ROWS_PER_STAMP, MOST_ROWS_PER_STAMP_IF_NAMED = 2, 100


@dataclass(frozen=True)
class Clock:
    """Stamps at equal steps.

    Parameters
    ----------
    start : Timestamp, Period or int
        The stamp of row 0.
    step : DateOffset or int
        From one row to the next.
    n : int
        Rows of training.
    name : object
        Name of the index.
    is_given : bool
        False if the data had no clock and rows were just counted.
    """

    start: object
    step: object
    n: int
    name: object = None
    is_given: bool = True

    @property
    def freq(self):
        """The step as a pandas offset, or None for a clock of whole numbers."""
        return None if isinstance(self.step, int) else self.step

    @property
    def step_name(self):
        """The step as text, such as "W-SAT"."""
        return str(self.step) if isinstance(self.step, int) else self.step.freqstr

    def stamps(self, first, last):
        """Return the index of rows first ... last - 1, which may lie after training."""
        if isinstance(self.step, int):
            ends = (self.start + row * self.step for row in (first, last))
            return pd.RangeIndex(*ends, self.step, name=self.name)
        if isinstance(self.start, pd.Period):
            return pd.period_range(self.start + first, periods=last - first, freq=self.step, name=self.name)
        if _is_fixed(self.step):  # the other kinds are counted from the start on
            start = self.start + first * self.step
            return pd.date_range(start, periods=last - first, freq=self.step, name=self.name)
        return pd.date_range(self.start, periods=last, freq=self.step, name=self.name)[first:]

    def positions(self, index):
        """Return the row at which each stamp of `index` stands, an int64 array; row n is one step after training.

        Raises
        ------
        TypeError
            If `index` is another kind of clock, or has another time zone.
        ValueError
            If a stamp lies before the first one or between two steps.
        """
        index = check_index(index, "X")
        if index.empty:
            return np.zeros(0, dtype=np.int64)
        own = kind(self.stamps(0, 1))
        if kind(index) != own:
            raise TypeError(
                f"the rows of X are on {kind(index)}, but the forecaster was fitted on {own} that starts at "
                f"{self.start}; give X the same kind of index, as future_frame(h) does."
            )
        zone, own_zone = getattr(index, "tz", None), getattr(self.start, "tz", None)
        if str(zone) != str(own_zone):
            raise TypeError(
                f"the rows of X have the time zone {zone}, but the forecaster was fitted on {own_zone}; convert X with "
                "tz_localize or tz_convert."
            )
        if own == PERIODS and index.freq != self.step:
            raise TypeError(
                f"the rows of X are periods of {index.freq.freqstr}, but the forecaster was fitted on "
                f"{self.step_name}; convert X with asfreq."
            )
        if index.min() < self.start:
            raise ValueError(
                f"X has a row at {index.min()}, before training begins at {self.start}; only rows from there on can be "
                "forecast."
            )
        positions = _count_steps(self.start, self.step, index)
        if (positions < 0).any():
            raise ValueError(
                f"X has a row at {index[positions < 0][0]}, which is not on the clock of training: from {self.start} "
                f"in steps of {self.step_name}; use future_frame(h) for rows that are."
            )
        return positions


def read_clock(index, freq, label):
    """Return the clock of an index, and the row of each of its stamps, an int64 array.

    Parameters
    ----------
    index : DatetimeIndex, PeriodIndex or Index of integers
        Sorted, without repeats; it may have holes.
    freq : str, DateOffset or None
        Step of a clock of dates; None to tell it from the stamps.
    label : str
        The series, for messages.

    Raises
    ------
    TypeError, ValueError
        If the index is no clock, or its step cannot be told without guessing.
    """
    index = check_index(index, label)
    if index.empty:
        raise ValueError(f"{label} has no rows; give at least two.")
    is_sorted = index.is_monotonic_increasing  # first: then it takes no table of all stamps to know the repeated ones
    if index.has_duplicates:
        raise ValueError(
            f"the clock of {label} has the stamp {index[index.duplicated()][0]} more than once; keep one row per "
            "stamp, for example with groupby(level=0).mean()."
        )
    if not is_sorted:
        late = 1 + int(np.argmax(np.asarray(index[1:] < index[:-1])))
        raise ValueError(
            f"the clock of {label} is not sorted: {index[late]} comes after {index[late - 1]}; sort it with "
            "sort_index()."
        )
    if freq is not None and kind(index) != DATES:
        raise ValueError(
            f"freq={freq!r} is for dates, but {label} is on {kind(index)}, which says its step; omit freq."
        )
    step = _find_step(index, freq, label)
    positions = _count_steps(index[0], step, index)
    clock = Clock(index[0] if kind(index) != INTEGERS else int(index[0]), step, int(positions[-1]) + 1, index.name)
    if (positions < 0).any():
        raise ValueError(
            f"the clock of {label} has no regular step: {index[positions < 0][0]} is not on the steps of "
            f"{clock.step_name} from {index[0]}; resample the series{', or name its freq' * (kind(index) == DATES)}."
        )
    most = MOST_ROWS_PER_STAMP if freq is None else MOST_ROWS_PER_STAMP_IF_NAMED
    if clock.n > most * len(index) and clock.n > len(index) + 1:
        raise ValueError(
            f"the clock of {label} has no regular step: {clock.n - len(index)} of its {clock.n} stamps in steps of "
            f"{clock.step_name} are absent; check {index[0]} to {index[-1]}, resample the series, or name its freq."
        )
    return clock, positions


def check_index(index, label):
    """Return `index` if it is one of the three kinds of clock, without missing stamps."""
    if isinstance(index, pd.MultiIndex):
        raise ValueError(
            f"{label} has an index of {index.nlevels} levels; panels are not supported in this version: give one "
            "series, with its time stamps as the only level."
        )
    is_dated = isinstance(index, pd.DatetimeIndex | pd.PeriodIndex)
    if not is_dated and not pd.api.types.is_integer_dtype(index.dtype) and len(index):
        raise TypeError(
            f"the index of {label} holds {index.dtype} stamps (such as {index[0]!r}), which are no clock; convert it "
            "with pd.to_datetime, or use whole numbers."
        )
    if index.hasnans:
        raise ValueError(f"the clock of {label} has a missing stamp (NaT); drop that row or give it its time.")
    return index


def kind(index):
    """Return which kind of clock an index is, in words."""
    if isinstance(index, pd.DatetimeIndex):
        return DATES
    return PERIODS if isinstance(index, pd.PeriodIndex) else INTEGERS


def _count_steps(start, step, index):
    """Return how many steps after `start` each stamp stands, an int64 array; -1 for one between two steps."""
    if isinstance(step, int):
        return _divide(index, start, step)
    if isinstance(index, pd.PeriodIndex):
        return _divide(index.asi8, start.ordinal, step.n)
    if _is_fixed(step):
        origin = pd.DatetimeIndex([start]).as_unit(index.unit)
        unit, length = pd.Timedelta(1, unit=index.unit), pd.Timedelta(step)
        if origin[0] == start and length % unit == pd.Timedelta(0):
            return _divide(index.asi8, int(origin.asi8[0]), length // unit)
    grid = pd.date_range(start, index[-1] if index.is_monotonic_increasing else index.max(), freq=step)
    return grid.get_indexer(index).astype(np.int64)


def _is_fixed(step):
    """Return whether an offset is of one length everywhere; a day, which pandas 2 counts among these, is not."""
    return isinstance(step, pd.offsets.Tick) and not isinstance(step, pd.offsets.Day)


def _divide(stamps, start, step):
    """Return how many steps after `start` each stamp stands, -1 for one between two, without arrays beside the result.

    Of an index of whole numbers pieces are made into arrays: as a whole it would keep the array.
    """
    steps = np.empty(len(stamps), np.int64)
    for first in range(0, len(stamps), _PIECE):
        offsets = np.asarray(stamps[first : first + _PIECE], np.int64) - start
        steps[first : first + _PIECE] = np.where(offsets % step == 0, offsets // step, -1)
    return steps


def _find_step(index, freq, label):
    """Return the step of a sorted clock which may have holes."""
    if freq is not None:
        return _named_step(freq)
    if isinstance(index, pd.PeriodIndex):
        return index.freq
    if kind(index) == INTEGERS:
        if isinstance(index, pd.RangeIndex):
            return index.step
        return int(np.diff(index.to_numpy(np.int64)).min()) if len(index) > 1 else 1
    if index.freq is not None:
        return index.freq
    if len(index) < 2:
        raise ValueError(f"{label} has one row, from which no step can be told; give more rows, or name its freq.")
    step = _step_of_a_stretch(index) or _step_between_holes(index)
    if step is None:
        raise ValueError(
            f"the clock of {label} has no step that can be told ({index[0]}, {index[1]}, ...); resample the series to "
            "one, or name its freq."
        )
    return step


def _named_step(freq):
    step = None
    with contextlib.suppress(ValueError, TypeError):
        step = to_offset(freq)
    if step is None or step.n < 1:
        raise ValueError(
            f"freq={freq!r} is not a step in time; give one such as 'h', '15min', 'D', 'W-SAT', 'MS' or 'ME' (month "
            "starts or ends), 'QS', 'YS'."
        )
    return step


def _step_of_a_stretch(index, n_stretch=12):
    """Return the step that pandas infers from some stretch without holes, if every stamp lies on it; else None."""
    starts = np.unique(np.linspace(0, max(len(index) - n_stretch, 0), 50).astype(int))
    for stretch in [index, *(index[first : first + n_stretch] for first in starts)]:
        if len(stretch) < 3:
            continue
        try:
            step = pd.DatetimeIndex(stretch, freq="infer").freq
        except ValueError:
            continue
        if step is not None and (_count_steps(index[0], step, index) >= 0).all():
            return step
    return None


def _step_between_holes(index):
    """Return the longest step that fits every stamp, for clocks whose holes are everywhere; None if it is a guess.

    Stamps at one time of day are read by the calendar: years, quarters and months from their first or last day, weeks,
    business days where every weekend is missing, days. Others are a multiple of a fixed time.
    """
    wall = index.tz_localize(None)
    days = wall.normalize()
    if (wall - days).nunique() > 1:
        return to_offset(pd.Timedelta(int(np.gcd.reduce(np.diff(index.asi8))), unit=index.unit))
    for is_edge, ending in ((days.is_month_start, "S"), (days.is_month_end, "E")):
        if is_edge.all():
            n_months = int(np.gcd.reduce(np.diff(days.year * 12 + days.month)))
            if n_months % 12 == 0:
                return to_offset(f"{n_months // 12}Y{ending}-{_MONTHS[days[0].month - 1]}")
            if n_months % 3 == 0:
                first_anchor = 0 if ending == "S" else 9  # a year of quarters starts in January or ends in December
                return to_offset(f"{n_months // 3}Q{ending}-{_MONTHS[first_anchor + (days[0].month - 1) % 3]}")
            return to_offset(f"{n_months}M{ending}")
    gaps = np.diff(days.as_unit("s").asi8) // 86_400
    n_days = int(np.gcd.reduce(gaps))
    if n_days % 7 == 0:
        return to_offset(f"{n_days // 7}W-{_WEEKDAYS[days[0].day_of_week]}")
    if gaps.min() >= 28 and days.day.nunique() == 1:  # the same day of every month
        return pd.DateOffset(months=int(np.gcd.reduce(np.diff(days.year * 12 + days.month))))
    if gaps.min() >= 25 and n_days < gaps.min():  # months, by a rule that is not told here
        return None
    is_business = n_days == 1 and days.day_of_week.max() < 5 and (days[-1] - days[0]).days > 7
    return to_offset("B" if is_business else f"{n_days}D")
