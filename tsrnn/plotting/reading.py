"""What users give becomes Series of floats, on an index that matplotlib can draw."""

from numbers import Integral, Real

import numpy as np
import pandas as pd

from ..counts import how_many
from ..frames import listing, read_table


def read_many(data, what, columns):
    """Return {id: Series}, each in the order of time, of any format; the id of a single one is its name."""
    if not isinstance(data, pd.Series | pd.DataFrame):
        raise TypeError(f"{what} must be a Series or a DataFrame, whose index says when; got {type(data).__name__}.")
    clock = (columns["id_col"], columns["time_col"])
    has_choice = isinstance(data, pd.DataFrame) and sum(name not in clock for name in data.columns) > 1
    table = read_table(data, **(columns if has_choice else columns | {"target": None}))
    keys = table.keys
    if keys.ids is None:
        names = table.targets.columns if isinstance(data, pd.DataFrame) else [data.name]
        targets = [table.targets.iloc[:, column] for column in range(len(names))]
        return {one: _drawable(target, keys.stamps, what, one) for one, target in zip(names, targets, strict=True)}
    if table.targets.shape[1] > 1:
        raise ValueError(f"{what} has the targets {listing(table.targets.columns)}; choose one by target.")
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


def read_intervals(intervals, read):
    """Return {level: (lower, upper)}, widest first, each bound as `read` returns it."""
    if intervals is None:
        return {}
    if not isinstance(intervals, dict):
        raise TypeError(f"intervals must be a dict of level to (lower, upper); got {type(intervals).__name__}.")
    for level, sides in intervals.items():
        if isinstance(level, bool) or not isinstance(level, Real) or not 0 < level < 1:
            raise ValueError(f"intervals has the level {level!r}, not between 0 and 1; write 0.8 for 80 %.")
        if not isinstance(sides, tuple | list) or len(sides) != 2:
            raise ValueError(f"intervals[{level}] is no pair; give (lower, upper).")
    return {
        level: tuple(read(side, f"intervals[{level}]") for side in intervals[level])
        for level in sorted(intervals, reverse=True)
    }


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
