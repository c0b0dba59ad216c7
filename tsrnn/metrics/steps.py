"""Which series and step each row of a frame is of."""

import numpy as np
import pandas as pd

from ..counts import how_many
from ..frames import TARGET, plain, read_values
from .reading import read_numbers


def name_of_one(points, names):
    """Return what a forecast of one series is called if it has no id, else None."""
    id_col, time_col, target = names
    table = read_values(points, "forecasts", target, id_col, time_col)
    return table.targets.columns[0] if table.keys.ids is None and table.targets.shape[1] == 1 else None


def read_steps(data, what, names, name, may_miss=False):
    """Return what `read_long` does of data in any format; if `name` is not None, data are one series called so.

    Of columns for each series, values that are missing are no steps; if they may miss, only those before the first.
    """
    id_col, time_col, target = names
    table = read_values(data, what, target, id_col, time_col)
    keys, (n_rows, n_columns) = table.keys, table.targets.shape
    columns, rows = np.repeat(np.arange(n_columns), n_rows), np.tile(np.arange(n_rows), n_columns)
    values = pd.concat([table.targets.iloc[:, column] for column in range(n_columns)], ignore_index=True)
    ids = table.targets.columns[columns] if keys.ids is None else keys.ids[keys.series]
    n_series = n_columns if keys.ids is None else len(keys.ids)
    if name is not None:
        if n_series != 1:
            raise ValueError(f"{what} has {n_series} series, but forecasts one, without an id; choose it by target.")
        ids = pd.Index([name] * n_rows)
    long = pd.DataFrame({0: ids.to_flat_index(), 1: keys.stamps[rows], 2: values})
    if n_columns > 1:
        is_there = values.notna()
        long = long[is_there.groupby(columns).cummax() if may_miss else is_there]
    label = table.targets.columns[0] if n_columns == 1 else None
    columns = [id_col, time_col, TARGET if label is None else label]
    return read_long(long.set_axis(columns, axis=1), what, columns, may_miss)


def find_steps(steps, other_steps, what):
    """Return the places of the steps of the truths among those of something else, which must be the same."""
    places = other_steps.get_indexer(steps)
    if (places < 0).any():
        first, odd = step_in_words(steps, (places < 0).argmax()), odd_clock(steps, other_steps)
        raise ValueError(f"{what} has no row for {first}, which truths has{odd}; give the same steps in both.")
    if len(other_steps) > len(steps):
        surplus = np.setdiff1d(np.arange(len(other_steps)), places)[0]
        raise ValueError(f"truths has no row for {step_in_words(other_steps, surplus)}, which {what} has; drop it.")
    return places


def odd_clock(steps, other_steps):
    """Return in words how the stamps of two MultiIndexes (id, time) differ in type; "" if they do not."""
    here, there = (index.get_level_values(1).dtype for index in (steps, other_steps))
    return "" if here == there else f" ({steps.names[1]!r} is {there} there and {here} here)"


def read_long(frame, what, names, may_miss=False):
    """Return the steps of a long frame as a MultiIndex (id, time), its values, and the order of its rows by time."""
    if not isinstance(frame, pd.DataFrame):
        raise TypeError(f"{what} must be a long DataFrame with the columns {names}; got {type(frame).__name__}.")
    for name in names:
        if (n := int((frame.columns == name).sum())) != 1:
            raise ValueError(
                f"{what} has {n} columns named {name!r}; it needs one: say id_col, time_col and target, or use "
                "reset_index() if it stands in the index."
            )
    id_col, time_col, target = names
    if len(frame) == 0:
        raise ValueError(f"{what} has no rows; give at least one.")
    for name in (id_col, time_col):
        if frame[name].isna().any():
            raise ValueError(
                f"column {name!r} of {what} misses {how_many(frame[name].isna().sum(), 'value')}; fill or drop them."
            )
    if pd.api.types.is_string_dtype(frame[time_col]):
        raise TypeError(f"column {time_col!r} of {what} holds text, whose order is not that of time; use to_datetime.")
    ids = frame[id_col]
    ids = ids.astype(ids.cat.categories.dtype) if isinstance(ids.dtype, pd.CategoricalDtype) else ids
    steps = pd.MultiIndex.from_arrays([ids, frame[time_col]])
    if (twice := steps.duplicated()).any():
        raise ValueError(f"{what} has more than one row for {step_in_words(steps, twice.argmax())}; keep one.")
    values = read_numbers(frame[target], f"column {target!r} of {what}")
    for are_bad, bad in ((np.isinf(values), "infinite"), (np.isnan(values) & (not may_miss), "missing")):
        if are_bad.any():
            raise ValueError(
                f"column {target!r} of {what} is {bad} for {step_in_words(steps, are_bad.argmax())}; drop such steps "
                "from both truths and forecasts, and in train write NaN."
            )
    try:
        by_time = np.asarray(frame[time_col].argsort())
    except TypeError as error:
        raise TypeError(f"column {time_col!r} of {what} has no order ({error}); give times of one kind.") from None
    return steps, values, by_time


def check_order(lower, upper, level, steps):
    """Raise where a lower bound is above the upper one."""
    is_crossed = lower > upper
    if is_crossed.any():
        first = step_in_words(steps, is_crossed.argmax())
        raise ValueError(f"the lower bound of level {level:g} is above the upper one for {first}; swap them.")


def step_in_words(steps, row):
    """Return a row of a MultiIndex (id, time) in words."""
    series, stamp = steps[row]
    return f"series {plain(series)!r} at {stamp}"
