"""Intervals in frames of forecasts: which columns hold their bounds, and of which level."""

import re
from itertools import product
from numbers import Real

import pandas as pd

from .frames import plain

_COLUMN = "{0}-{2}-{1}"  # name, level, side
_BOUND = re.compile(r"(?P<name>.*)-(?P<side>lo|hi)-(?P<level>\d+(\.\d+)?)", re.DOTALL)


def is_answer(column, name="forecast"):
    """Return whether a column holds a bound or a quantile of the one called `name`."""
    return re.fullmatch(rf"{re.escape(name)}-(lo|hi|q)-\d+(\.\d+)?(e-\d+)?", str(column)) is not None


def check_level(level, name="level"):
    """Raise unless a level is a number of percent, from 1 on and below 100."""
    if isinstance(level, bool) or not isinstance(level, Real):
        raise TypeError(f"{name} must be a number of percent, such as 80; got {level!r}.")
    if not 1 <= level < 100:
        cure = f": write {100 * level:.12g}" if 0 < level < 1 else ""
        raise ValueError(f"{name} is in percent, from 1 to below 100; got {plain(level)!r}{cure}.")


def as_probability(number):
    """Return how to write a probability that was given in percent, as the end of a message; nothing of another one."""
    return f": write {number / 100:.12g}" if 2 <= number < 100 else ""


def split_bands(frame, what, target=None, keys=()):
    """Return forecasts without their intervals, and the intervals as {level: (lower, upper)}, in rising order.

    Parameters
    ----------
    frame : Series or DataFrame
        In any format. Beside a column such as "y", the columns "y-lo-80" and "y-hi-80" hold the bounds of level 80.
    what : str
        What messages call it.
    target : str or list of str, optional
        The columns whose intervals are wanted; all of them by default.
    keys : tuple
        The names of the columns of ids and stamps, if there are any.

    Returns
    -------
    points : Series or DataFrame
    bands : dict of float to (DataFrame, DataFrame)
        Both bounds are in the format of the points, in columns of the same names.

    Raises
    ------
    ValueError
        If a bound has no other one, a level is not there for each column that has any, or is no level.
    """
    sides = _find_bounds(frame) if isinstance(frame, pd.DataFrame) else {}
    if not sides:
        return frame, {}
    points = frame.drop(columns=list(sides.values()))
    if target is not None:
        wanted = target if isinstance(target, list) else [target]
        sides = {place: column for place, column in sides.items() if place[0] in wanted}
    for (_, level, _), column in sides.items():
        check_level(level, f"the level of column {plain(column)!r} of {what}")
    names, levels = (list(dict.fromkeys(place[of] for place in sides)) for of in (0, 1))
    for place in product(names, levels, ("lo", "hi")):
        if place not in sides:
            raise ValueError(
                f"{what} has no column {_COLUMN.format(*place)!r}, but other bounds; give both of each level, and each "
                "series the same levels."
            )
    keys = [key for key in keys if key in frame.columns]

    def bound(level, side):
        columns = {sides[name, level, side]: name for name in names}
        return frame[[*keys, *columns]].rename(columns=columns)

    return points, {level: (bound(level, "lo"), bound(level, "hi")) for level in sorted(levels)}


def read_bands(frame, what, target=None, keys=()):
    """Return what `split_bands` does, or raise if there are no intervals."""
    if not isinstance(frame, pd.Series | pd.DataFrame):
        raise TypeError(f"{what} must be a DataFrame with columns of intervals; got {type(frame).__name__}.")
    points, bands = split_bands(frame, what, target, keys)
    if not bands:
        raise ValueError(f"{what} has no columns of intervals, such as 'y-lo-80' and 'y-hi-80'; forecast with level.")
    return points, bands


def _find_bounds(frame):
    """Return {(name, level, side): column} of all columns that hold bounds of others."""
    names = {str(name): name for name in frame.columns}
    found = {}
    for column in frame.columns:
        bound = _BOUND.fullmatch(str(column))
        if bound and bound["name"] in names:
            level = float(bound["level"])
            found[names[bound["name"]], int(level) if level.is_integer() else level, bound["side"]] = column
    return found
