"""What users give becomes Series of floats, on an index that matplotlib can draw."""

from numbers import Integral

import numpy as np
import pandas as pd

from ..bands import check_level, split_bands
from ..counts import how_many
from ..frames import read_values


def read_many(data, what, columns):
    """Return {id: Series}, each in the order of time, of any format; the id of a single one is its name."""
    table = read_values(data, what, **columns)
    keys = table.keys
    if keys.ids is None:
        names = table.targets.columns if isinstance(data, pd.DataFrame) else [data.name]
        targets = [table.targets.iloc[:, column] for column in range(len(names))]
        return {one: _drawable(target, keys.stamps, what, one) for one, target in zip(names, targets, strict=True)}
    values, name = table.targets.iloc[:, 0], table.targets.columns[0]
    rows = pd.Series(range(len(data))).groupby(keys.series).indices
    of_ids = {one: rows[number] for number, one in enumerate(keys.ids)}
    return {one: _drawable(values.iloc[at], keys.stamps[at], what, name) for one, at in of_ids.items()}


def read_one(data, what, columns):
    """Return the only series that there is."""
    series = read_many(data, what, columns)
    if len(series) != 1:
        cure = "choose one, or call plot_panel" if len(series) else "give at least one row"
        raise ValueError(f"{what} holds {len(series)} series; {cure}.")
    return next(iter(series.values()))


def _drawable(values, stamps, what, name):
    """Return values on their stamps as a Series of floats in the order of time."""
    stamps = pd.Index(stamps)
    if isinstance(stamps, pd.PeriodIndex):
        stamps = stamps.to_timestamp()
    elif not isinstance(stamps, pd.DatetimeIndex) and (stamps.dtype.kind not in "iuf"):
        raise TypeError(
            f"the stamps of {what} are {stamps.dtype}, not dates, periods or numbers; pd.to_datetime makes dates."
        )
    if stamps.hasnans:
        raise ValueError(f"{what} has {how_many(stamps.isna().sum(), 'row')} without a stamp; drop them.")
    try:
        numbers = values.to_numpy(np.float64, na_value=np.nan)
    except (TypeError, ValueError):
        raise TypeError(f"{what} holds values of type {values.dtype}, no numbers; convert them first.") from None
    series = pd.Series(numbers, stamps, name=name)
    if stamps.has_duplicates:
        raise ValueError(f"{what} has more than one value at {stamps[stamps.duplicated()][0]}; keep one.")
    return series.sort_index()


def part_intervals(forecast, intervals, what, columns):
    """Return a forecast without the intervals in its columns, and these, or else those given apart."""
    points, bands = split_bands(forecast, what, columns["target"], (columns["id_col"], columns["time_col"]))
    if bands and intervals is not None:
        raise ValueError(f"{what} has intervals in its columns, and intervals are given too; give them once.")
    return points, bands or intervals


def read_intervals(intervals, read):
    """Return {level: (lower, upper)}, widest first, each bound as `read` returns it."""
    if intervals is None:
        return {}
    if not isinstance(intervals, dict):
        raise TypeError(f"intervals must be a dict of level to (lower, upper); got {type(intervals).__name__}.")
    for level, sides in intervals.items():
        check_level(level, "a level of intervals")
        if not isinstance(sides, tuple | list) or len(sides) != 2:
            raise ValueError(f"intervals[{level}] is no pair; give (lower, upper).")
    return {
        level: tuple(read(side, f"the {interval_name(level)}") for side in intervals[level])
        for level in sorted(intervals, reverse=True)
    }


def interval_name(level):
    """Return what legends and messages call the interval of a level."""
    return f"{level:g} % interval"


def check_count(name, value):
    """Raise unless a value is a whole number from 1 on."""
    if isinstance(value, bool) or not isinstance(value, Integral) or value < 1:
        raise ValueError(f"{name} must be a whole number from 1 on; got {value!r}.")


def check_same_clock(what, index, other_what, other):
    """Raise unless two indexes can share an axis."""

    def kind(index):
        if not isinstance(index, pd.DatetimeIndex):
            return "numbers"
        return "dates" if index.tz is None else "dates with a time zone"

    if kind(index) != kind(other):
        raise TypeError(
            f"{what} is on a clock of {kind(index)}, but {other_what} on one of {kind(other)}; give both the same."
        )


def to_timestamps(index):
    """Return an index with dates in place of periods: where they begin."""
    return index.to_timestamp() if isinstance(index, pd.PeriodIndex) else index
