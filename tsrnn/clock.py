"""Clocks: an index of dates, periods or integers becomes numbered rows at equal steps, and rows become stamps again."""

import contextlib
from dataclasses import dataclass, replace
from datetime import timedelta

import numpy as np
import pandas as pd
from pandas.tseries.frequencies import to_offset

DATES, PERIODS, INTEGERS = "a clock of dates", "a clock of periods", "a clock of integers"

_MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
_WEEKDAYS = ["MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"]

# A clock whose step was told from its stamps, but most of whose stamps are absent, was misread (days and months in the
# wrong order, dates written as numbers). A step that the user named may be that sparse, but not without any limit.
_MOST_STEPS_PER_ROW, _MOST_IF_NAMED = 2, 100


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
    dtype : dtype
        Of stamps that are whole numbers; those that do not fit into it are int64.
    """

    start: object
    step: object
    n: int
    name: object = None
    is_given: bool = True
    dtype: object = np.dtype(np.int64)

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
            return self._numbers(first, last)
        if isinstance(self.start, pd.Period):
            return pd.period_range(self.start + first, periods=last - first, freq=self.step, name=self.name)
        if _is_fixed(self.step):
            start = self.start + first * pd.Timedelta(self.step)
            dates = pd.date_range(start, periods=last - first, freq=self.step, name=self.name)
        else:
            dates = _calendar_range(self.start, self.step, periods=last).rename(self.name)[first:]
        return _in_unit(dates, self.start.unit)

    def _numbers(self, first, last):
        stamps = pd.RangeIndex(self.start + first * self.step, self.start + last * self.step, self.step, name=self.name)
        if self.dtype == np.int64 or not len(stamps):
            return stamps
        bounds = np.iinfo(getattr(self.dtype, "numpy_dtype", self.dtype))
        fits = bounds.min <= stamps[0] and stamps[-1] <= bounds.max
        return stamps.astype(self.dtype) if fits else stamps

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
                "forecast. Split in the order of time, as TimeSeriesSplit does."
            )
        positions = _count_steps(self.start, self.step, index)
        if (positions < 0).any():
            raise ValueError(
                f"X has a row at {index[positions < 0][0]}, which is not on the clock of training: from {self.start} "
                f"in steps of {self.step_name}; use future_frame(h) for rows that are."
            )
        return positions


def read_clock(index, freq, label):
    """Return the clock of an index, and the row of each of its stamps, an int64 array; None where no stamp is absent.

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
    _refuse_disorder(index, label)
    if freq is not None and kind(index) != DATES:
        raise ValueError(
            f"freq={freq!r} is for dates, but {label} is on {kind(index)}, which says its step; omit freq."
        )
    step = _find_step(index, freq, label)
    is_number = kind(index) == INTEGERS
    clock = Clock(
        int(index[0]) if is_number else index[0], step, len(index), index.name,
        **({"dtype": index.dtype} if is_number else {}),
    )  # fmt: skip
    if _has_every_step(step, index):
        return clock, None
    positions = _count_steps(clock.start, step, index)
    clock = replace(clock, n=int(positions[-1]) + 1)
    if (positions < 0).any():
        raise ValueError(
            f"the clock of {label} has no regular step: {index[positions < 0][0]} is not on the steps of "
            f"{clock.step_name} from {index[0]}; resample the series{', or name its freq' * (kind(index) == DATES)}."
        )
    return clock, positions


def is_too_sparse(n_steps, n_rows, is_named):
    """Return whether so few rows on a clock of so many steps mean that it was misread: numbers, or arrays of them."""
    most = _MOST_IF_NAMED if is_named else _MOST_STEPS_PER_ROW
    return (n_steps > most * n_rows) & (n_steps > n_rows + 1)


def _refuse_disorder(index, label):
    """Raise unless stamps rise from row to row."""
    if not index.is_monotonic_increasing:
        late = 1 + int(np.argmax(np.asarray(index[1:] < index[:-1])))
        raise ValueError(
            f"the clock of {label} is not sorted: {index[late]} comes after {index[late - 1]}; sort it with "
            "sort_index(), or name the ids by id_col if the rows are of several series."
        )
    if not index.is_unique:  # asked after the order, which answers it without a table of all stamps
        raise ValueError(
            f"the clock of {label} has the stamp {index[index.duplicated()][0]} more than once; keep one row per "
            "stamp, or name the ids by id_col if the rows are of several series."
        )


def check_index(index, label):
    """Return `index` if it is one of the three kinds of clock, without missing stamps."""
    if isinstance(index, pd.MultiIndex):
        raise ValueError(
            f"{label} has an index of {index.nlevels} levels, but one of time stamps is needed; give that alone."
        )
    is_dated = isinstance(index, pd.DatetimeIndex | pd.PeriodIndex)
    if not is_dated and not pd.api.types.is_integer_dtype(index.dtype) and len(index):
        what = "the stamps" if index.name is None else f"the stamps {index.name!r}"
        raise TypeError(
            f"{what} of {label} are of {index.dtype} (such as {index[:1].tolist()[0]!r}), which is no clock; "
            f"{cure_of_no_clock(index.dtype)}."
        )
    if index.hasnans:
        raise ValueError(f"the clock of {label} has a missing stamp (NaT); drop that row or give it its time.")
    return index


def cure_of_no_clock(dtype):
    """Return what to do about stamps of a dtype that is no clock, for messages."""
    if isinstance(dtype, pd.ArrowDtype) and dtype.kind == "M":  # which pd.to_datetime leaves as they are
        zone = getattr(dtype.pyarrow_dtype, "tz", None)
        return f'convert them, as a column or an index, with astype("datetime64[us{f", {zone}" if zone else ""}]")'
    return "convert them with pd.to_datetime, or use whole numbers"


def kind(index):
    """Return which kind of clock an index is, in words."""
    if isinstance(index, pd.DatetimeIndex):
        return DATES
    return PERIODS if isinstance(index, pd.PeriodIndex) else INTEGERS


def _is_fixed(step):
    """Return whether a step always lasts as long; a day does not: clocks are put forward and back."""
    return isinstance(step, pd.offsets.Tick) and not isinstance(step, pd.offsets.Day)  # a Day is a Tick before pandas 3


def _has_every_step(step, index, n_at_once=2**16):
    """Return whether stamps follow each other without a hole; False also where that is not told quickly."""
    if getattr(index, "freq", None) is not None and not isinstance(index, pd.PeriodIndex) and index.freq == step:
        return True
    if isinstance(index, pd.RangeIndex):
        return index.step == step
    if isinstance(step, int):
        numbers, length = index.to_numpy(np.int64), step
    elif isinstance(index, pd.PeriodIndex):
        numbers, length = index.asi8, step.n
    elif _is_fixed(step) and pd.Timedelta(step) % pd.Timedelta(1, unit=index.unit) == pd.Timedelta(0):
        numbers, length = index.asi8, pd.Timedelta(step) // pd.Timedelta(1, unit=index.unit)
    else:
        return False
    parts = (numbers[first : first + n_at_once + 1] for first in range(0, len(numbers), n_at_once))
    return all((np.diff(part) == length).all() for part in parts)


def _count_steps(start, step, index):
    """Return how many steps after `start` each stamp stands, an int64 array; -1 for one between two steps."""
    if isinstance(step, int):
        return _divide(index.to_numpy(np.int64) - start, step)
    if isinstance(index, pd.PeriodIndex):
        return _divide(index.asi8 - start.ordinal, step.n)
    if _is_fixed(step):
        origin = pd.DatetimeIndex([start]).as_unit(index.unit)
        unit, length = pd.Timedelta(1, unit=index.unit), pd.Timedelta(step)
        if origin[0] == start and length % unit == pd.Timedelta(0):
            return _divide(index.asi8 - origin.asi8[0], length // unit)
    grid = _calendar_range(start, step, end=index[-1] if index.is_monotonic_increasing else index.max())
    if grid.tz is not None and grid.tz_localize(None).is_unique:  # an hour that strikes twice is one time of the day
        grid, index = grid.tz_localize(None), index.tz_localize(None)
    return grid.get_indexer(index).astype(np.int64)


def _calendar_range(start, step, **extent):
    """Return the stamps from `start` on at steps of the calendar; `extent` is their `periods` or their `end`.

    Steps of a day or more keep the time of day. Where clocks that are put forward skip it, the stamp is the end of the
    skipped hour; where it strikes twice, the first time: as ``resample`` has them.
    """
    if start.tz is not None:
        naive = {name: value.tz_localize(None) if name == "end" else value for name, value in extent.items()}
        walls = pd.date_range(start.tz_localize(None), freq=step, **naive)
        is_usual = not walls.tz_localize(start.tz, nonexistent="NaT", ambiguous="NaT").hasnans
        if not is_usual and (np.diff(walls) >= np.timedelta64(1, "D")).all():
            is_first = np.ones(len(walls), dtype=bool)
            is_first[0] = bool(start.dst()) or walls[0] != start.tz_localize(None)
            return walls.tz_localize(start.tz, nonexistent="shift_forward", ambiguous=is_first)
    return pd.date_range(start, freq=step, **extent)


def _in_unit(dates, unit):
    """Return dates in the unit of others, unless it is too coarse; before pandas 3 ranges are of nanoseconds."""
    if dates.unit == unit:
        return dates
    converted = dates.as_unit(unit)
    return converted if (converted == dates).all() else dates


def _meant_times(index):
    """Return stamps whose zone skips the time of day that all others have with that time, without the zone.

    Any other index is returned as it is.
    """
    if index.tz is None:
        return index
    walls = index.tz_localize(None)
    days = walls.normalize()
    times = walls - days
    if times[:100].nunique() > 2:
        return index
    usual = times.value_counts().index[0]
    is_other = times != usual
    meant = (days[is_other] + usual).tz_localize(index.tz, nonexistent="shift_forward", ambiguous="NaT")
    return days + usual if (meant == index[is_other]).all() else index


def _divide(offsets, step):
    return np.where(offsets % step == 0, offsets // step, -1).astype(np.int64)


def _find_step(index, freq, label):
    """Return the step of a sorted clock which may have holes."""
    if freq is not None:
        return _named_step(freq)
    if isinstance(index, pd.PeriodIndex):
        return index.freq
    if kind(index) == INTEGERS:
        return _step_of_numbers(index)
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


def _step_of_numbers(index):
    """Return the longest step that every one of sorted whole numbers is on."""
    if len(index) < 2:
        return 1
    first = int(index[1]) - int(index[0])
    return first if _has_every_step(first, index) else int(np.gcd.reduce(np.diff(index.to_numpy(np.int64))))


def _named_step(freq):
    if not isinstance(freq, str | pd.offsets.BaseOffset | timedelta):
        raise TypeError(f"freq must be a step in time, such as 'h', 'D' or a DateOffset; got {freq!r}.")
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
    starts, meant = np.unique(np.linspace(0, max(len(index) - n_stretch, 0), 50).astype(int)), _meant_times(index)
    whole = [meant] if len(index) < 100_000 else []  # which costs pandas much memory
    for stretch in [*whole, *(meant[first : first + n_stretch] for first in starts)]:
        if len(stretch) < 3:
            continue
        try:
            step = pd.DatetimeIndex(stretch, freq="infer").freq
        except ValueError:
            continue
        if step is not None and (_has_every_step(step, index) or (_count_steps(index[0], step, index) >= 0).all()):
            return step
    return None


def _step_between_holes(index):
    """Return the longest step that fits every stamp, for clocks whose holes are everywhere; None if it is a guess.

    Stamps at one time of day are read by the calendar: years, quarters and months from their first or last day, weeks,
    business days where every weekend is missing, days. Others are a multiple of a fixed time.
    """
    wall = _meant_times(index).tz_localize(None)
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
