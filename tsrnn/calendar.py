"""What can be read off a clock: how many steps a season has."""

import pandas as pd

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
    name = freq.rule_code.split("-")[0]
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


def _divided(season, n):
    return season // n if season % n == 0 else 1
