"""What can be read off a clock: how many steps a season has, and where in the day, week, month and year a stamp is."""

import numpy as np
import pandas as pd

# Features by name: how far into its cycle a stamp is, from 0 to 1. Time of day counts to the nanosecond, dates by whole
# days, so that all rows of one day share the features of their date. Divided by the length of their own month or year
# they need no rule for leap years: 29 February is a step of the cycle like any other, and each cycle is closed.
_PHASES = {
    "minute": lambda times: _share(times.of_day, np.timedelta64(1, "h")),
    "hour": lambda times: _share(times.of_day, np.timedelta64(1, "D")),
    "weekday": lambda times: (times.days.view(np.int64) + 3) % 7 / 7,  # day 0, in 1970, was a Thursday
    "day_of_month": lambda times: _share_of_cycle(times.days, "M"),
    "day_of_year": lambda times: _share_of_cycle(times.days, "Y"),
    "month": lambda times: times.days.astype("M8[M]").view(np.int64) % 12 / 12,
}
_HOLIDAYS = "holidays:"
_ROWS_AT_A_TIME = 2**15  # what is computed on the way stays in the cache

_SEASONS = {"W": 52, "ME": 12, "MS": 12, "BME": 12, "BMS": 12, "SME": 24, "SMS": 24, "QE": 4, "QS": 4, "BQE": 4,
                     "BQS": 4, "B": 5, "C": 5}  # fmt: skip


def seasonal_period(freq):
    """Return the number of steps after which a season usually repeats.

    A day for steps of an hour or less, a week for days, a year for weeks, months and quarters. 1, which means no
    season, for years, for steps that do not divide the season, and where nothing is known.

    Parameters
    ----------
    freq : DateOffset or None
        None for a clock of integers.

    Returns
    -------
    int
        In steps.

    Examples
    --------
    >>> from pandas.tseries.frequencies import to_offset
    >>> from tsrnn.calendar import seasonal_period
    >>> [seasonal_period(to_offset(step)) for step in ("30min", "h", "D", "W-SAT", "MS", "QS", "YS")]
    [48, 24, 7, 52, 12, 4, 1]
    """
    if freq is None:
        return 1
    if type(freq) is pd.DateOffset:  # counts months, days, ...
        length = freq.kwds
        months = freq.n * (length.get("months", 0) + 12 * length.get("years", 0))
        return _divided(12, months) if months and set(length) <= {"months", "years"} else 1
    name = "" if isinstance(freq, pd.offsets.Easter) else freq.rule_code.split("-")[0]  # Easter has none
    if name in _SEASONS:
        return _divided(_SEASONS[name], freq.n)
    if name != "D" and not isinstance(freq, pd.offsets.Tick):
        return 1
    day, week = pd.Timedelta(days=1), pd.Timedelta(weeks=1)
    step = freq.n * day if name == "D" else pd.Timedelta(freq)
    if step % week == pd.Timedelta(0):
        return _divided(52, step // week)
    season = day if step < day else week
    return season // step if season % step == pd.Timedelta(0) else 1


def seasonal_periods(freq):
    """Return the steps after which each season repeats, shortest first: of steps below a day a day and a week.

    Parameters
    ----------
    freq : DateOffset or None

    Returns
    -------
    tuple of int
        The first is :func:`seasonal_period`.

    Examples
    --------
    >>> from pandas.tseries.frequencies import to_offset
    >>> [seasonal_periods(to_offset(step)) for step in ("h", "D", "MS")]
    [(24, 168), (7,), (12,)]
    """
    season = seasonal_period(freq)
    is_day = isinstance(freq, pd.offsets.Tick) and season > 1 and season * pd.Timedelta(freq) == pd.Timedelta(days=1)
    return (season, 7 * season) if is_day else (season,)


def seasonal_features(freq, n_rows):
    """Return the names of the calendar features that say where in its seasons a clock is.

    Parameters
    ----------
    freq : DateOffset or None
    n_rows : float
        Of a usual series. Seasons that it does not hold twice have none.

    Returns
    -------
    tuple of str

    Examples
    --------
    >>> from pandas.tseries.frequencies import to_offset
    >>> from tsrnn.calendar import seasonal_features
    >>> [seasonal_features(to_offset(step), 100) for step in ("h", "D", "MS", "W", "YS")]
    [('hour',), ('weekday',), ('month',), (), ()]
    """
    seasons = zip(_names_for(freq), seasonal_periods(freq), strict=False)  # the shortest first, both of them
    return tuple(name for name, season in seasons if 1 < season <= n_rows / 2)


def _divided(season, n):
    return season // n if season % n == 0 else 1


def check_calendar(calendar, freq):
    """Return the names of the calendar features that a clock is to have.

    Parameters
    ----------
    calendar : None, "all" or list of str
        None for none. "all" for those whose cycle the step of the clock divides into parts: hour, weekday and day of
        year for steps below a day, weekday and day of year for days, day of year for weeks, month for months and
        quarters, none for years and for clocks of integers. Or names out of

        - "minute" (of the hour), "hour" (time of day, minutes included), "weekday", "day_of_month", "day_of_year" and
          "month": two columns each, sine and cosine;
        - "holidays:DE", "holidays:US-CA": public holidays of a country, or of its subdivision, by the codes of the
          package holidays; one column, 1 on a holiday.
    freq : DateOffset or None
        The step of the clock; None for a clock of integers.

    Returns
    -------
    tuple of str

    Raises
    ------
    TypeError
        If `calendar` is no list of names.
    ValueError
        If a name is unknown or given twice, or the clock is one of integers, which has no calendar.
    ImportError
        If there are holidays to look up but the package holidays is not installed.

    Examples
    --------
    >>> from pandas.tseries.frequencies import to_offset
    >>> from tsrnn.calendar import check_calendar
    >>> check_calendar("all", to_offset("15min"))
    ('hour', 'weekday', 'day_of_year')
    >>> check_calendar(["month", "weekday"], to_offset("D"))
    ('month', 'weekday')
    """
    if calendar is None:
        return ()
    if isinstance(calendar, str) and calendar == "all":
        return _names_for(freq)
    if not isinstance(calendar, list | tuple) or not all(isinstance(name, str) for name in calendar):
        raise TypeError(
            "calendar must be 'auto', 'all', None or a list of names, such as ['hour', 'holidays:DE']; "
            f"got {calendar!r}."
        )
    if calendar and freq is None:
        raise ValueError(
            f"calendar={list(calendar)} needs dates, but the clock counts in integers; give the data an index of dates "
            "or periods, or omit calendar."
        )
    for k, name in enumerate(calendar):
        if name in calendar[:k]:
            raise ValueError(f"calendar names {name!r} twice; name each feature once.")
        if name.startswith(_HOLIDAYS):
            _holidays_of(name)
        elif name not in _PHASES:
            raise ValueError(
                f"calendar has no feature {name!r}; choose from {', '.join(_PHASES)}, and holidays as 'holidays:DE' or "
                "'holidays:US-CA'."
            )
    return tuple(calendar)


def calendar_features(index, names):
    """Return what the calendar says about each stamp.

    Parameters
    ----------
    index : DatetimeIndex or PeriodIndex
        Without missing stamps. A period counts as its start. With a time zone the local wall time counts, so 8 in the
        morning is 8 in the morning in summer and in winter.
    names : tuple of str
        From :func:`check_calendar`.

    Returns
    -------
    features : ndarray of shape (n_stamps, n_columns), float64
        Sines and cosines, from -1 to 1; holidays, 0 or 1. Holidays are known for the years that the package holidays
        knows of a country; before and after these they are 0.
    columns : tuple of str

    Examples
    --------
    >>> import pandas as pd
    >>> from tsrnn.calendar import calendar_features
    >>> features, columns = calendar_features(pd.date_range("2024-01-01", periods=4, freq="6h"), ("hour",))
    >>> columns
    ('hour_sin', 'hour_cos')
    >>> features.round(3) + 0.0
    array([[ 0.,  1.],
           [ 1.,  0.],
           [ 0., -1.],
           [-1.,  0.]])
    """
    stamps = index.to_timestamp(how="start") if isinstance(index, pd.PeriodIndex) else index.tz_localize(None)
    stamps = stamps.to_numpy()  # local wall time, datetime64 of some unit
    holidays = {name: _dates_of(name, stamps) for name in names if name.startswith(_HOLIDAYS)}
    columns = []
    for name in names:
        columns += ["holiday_" + name.removeprefix(_HOLIDAYS)] if name in holidays else [f"{name}_sin", f"{name}_cos"]
    features = np.empty((len(stamps), len(columns)))
    for first in range(0, len(stamps), _ROWS_AT_A_TIME):
        rows = slice(first, first + _ROWS_AT_A_TIME)
        times, k = _Times(stamps[rows]), 0
        for name in names:
            if name in holidays:
                features[rows, k] = np.isin(times.days.view(np.int64), holidays[name])
                k += 1
            else:
                angles = 2 * np.pi * _PHASES[name](times)
                features[rows, k], features[rows, k + 1] = np.sin(angles), np.cos(angles)
                k += 2
    return features, tuple(columns)


class _Times:
    """The dates of stamps, datetime64[D], and their times since midnight, timedelta64."""

    def __init__(self, stamps):
        self.days = stamps.astype("M8[D]")
        self.of_day = stamps - self.days


def _share(time, cycle):
    """Return how far into its cycle a time since midnight is."""
    return (time % cycle) / cycle


def _share_of_cycle(days, unit):
    """Return how far into its month ("M") or year ("Y") each day is: 0 on the first day, 1 a day after the last."""
    cycles = days.astype(f"M8[{unit}]")
    first, next_first = cycles.astype("M8[D]"), (cycles + 1).astype("M8[D]")
    return (days - first) / (next_first - first)


def _names_for(freq):
    """Return the features that the step of a clock makes sense of."""
    if freq is None:
        return ()
    stamp = pd.Timestamp("2001-01-01") + freq  # from here on a stamp of the clock
    step = (stamp + freq) - stamp
    day = pd.Timedelta(days=1)
    if step > 349 * day:  # years; some begin by weekday, or at Easter
        return ()
    is_fixed = isinstance(freq, pd.offsets.Tick | pd.offsets.Day | pd.offsets.Week)  # and not counted in months
    if step >= 28 * day and not is_fixed:
        return ("month",)
    has_hours, has_weekdays = step % day != pd.Timedelta(0), step < 7 * day
    return ("hour",) * has_hours + ("weekday",) * has_weekdays + ("day_of_year",)


def _dates_of(name, stamps):
    """Return the holidays of the years in which there are stamps, an int64 array of days since 1970."""
    years = pd.unique(stamps.astype("M8[Y]").view(np.int64)) + 1970
    dates = _holidays_of(name, years=years.tolist())
    return np.array(sorted(dates), dtype="M8[D]").view(np.int64)


def _holidays_of(name, years=None):
    """Return the holidays, a mapping by date, of a country or subdivision as in "holidays:US-CA"."""
    country, _, subdivision = name.removeprefix(_HOLIDAYS).partition("-")
    try:
        import holidays
    except ImportError as error:
        raise ImportError(
            f"calendar={name!r} needs the package holidays, which is not installed: python -m pip install holidays."
        ) from error
    try:
        return holidays.country_holidays(country, subdiv=subdivision or None, years=years)
    except NotImplementedError as error:
        raise ValueError(
            f"calendar={name!r}: the package holidays has no country {country!r}"
            f"{f' with a subdivision {subdivision!r}' if subdivision else ''}; use its codes, such as 'holidays:DE' or "
            "'holidays:US-CA'."
        ) from error
