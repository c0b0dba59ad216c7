"""Truths, forecasts, training series and weights become arrays, or one sentence."""

from numbers import Integral

import numpy as np

from ..counts import how_many
from ..frames import is_default, numbers_rows


def read_pair(y_true, y_pred, sample_weight=None):
    """Return truth and forecast as float64 arrays of one shape (n,), and weights or None, without steps of weight 0."""
    return read_alike({"y_true": y_true, "y_pred": y_pred}, sample_weight)


def read_interval(y_true, lower, upper, sample_weight=None):
    """Return truth and both bounds likewise; raise where the lower one is above the upper one."""
    y_true, lower, upper, weight = read_alike({"y_true": y_true, "lower": lower, "upper": upper}, sample_weight)
    check_bounds(lower, upper)
    return y_true, lower, upper, weight


def check_bounds(lower, upper):
    """Raise where a lower bound is above the upper one."""
    n_crossed = int((lower > upper).sum())
    if n_crossed:
        raise ValueError(
            f"lower is above upper at {n_crossed} of {how_many(len(lower), 'step')}; give the lower bounds first."
        )


def read_alike(given, sample_weight=None):
    """Return values by name as float64 arrays of one shape (n,), and weights or None, without steps of weight 0."""
    _refuse_other_steps(given)
    arrays = {name: read_numbers(values, name) for name, values in given.items()}
    (first, start), *others = arrays.items()
    for name, values in others:
        if values.shape != start.shape or start.size == 0:
            raise ValueError(
                f"{first} has shape {start.shape} and {name} {values.shape}; give the same, with points in it."
            )
    return _weigh({name: to_column(values, name) for name, values in arrays.items()}, sample_weight)


def read_rows(y_true, values, name, sample_weight=None):
    """Return the truth (n,) and values (n, n_columns) as float64 arrays, and weights or None, as `read_pair` does."""
    _refuse_other_steps({"y_true": y_true, name: values})
    y_true, values = to_column(read_numbers(y_true, "y_true"), "y_true"), read_numbers(values, name)
    if values.ndim not in (1, 2) or len(values) != len(y_true) or not values.size:
        raise ValueError(
            f"y_true has shape {y_true.shape} and {name} {values.shape}; give {name} a row for each step, with points "
            "in it."
        )
    return _weigh({"y_true": y_true, name: values if values.ndim == 2 else values[:, None]}, sample_weight)


def _refuse_other_steps(given):
    """Raise if two of the values given by name have indexes that differ."""
    (first, start), *others = ((name, getattr(values, "index", None)) for name, values in given.items())
    for name, index in others:
        if hasattr(start, "equals") and hasattr(index, "equals") and not start.equals(index):
            raise ValueError(
                f"{first} and {name} have different indexes; score only the same steps, in the same order."
            )


def _weigh(arrays, sample_weight):
    """Return the arrays and the weights, or None, without rows of weight 0; raise unless all that is left is finite."""
    weight, rows = None, list(arrays.values())
    if sample_weight is not None:
        weight = read_weight(sample_weight, len(rows[0]))
        *rows, weight = (values[weight > 0] for values in (*rows, weight))
    *names, last = arrays
    names = f"{', '.join(names)} or {last}"
    if any(np.isnan(values).any() for values in rows):
        raise ValueError(f"{names} holds NaN; score only points that are observed and forecast.")
    if any(np.isinf(values).any() for values in rows):
        raise ValueError(f"{names} holds an infinite value, which has no finite error; correct or drop it.")
    return *rows, weight


def refuse_other_index(X, y, name="y"):
    """Raise if X and y have different indexes; one that only counts rows is none, as for `fit`."""
    indexes = [getattr(values, "index", None) for values in (X, y)]
    if not all(hasattr(index, "equals") for index in indexes) or indexes[0].equals(indexes[1]):
        return
    has_clock = [of.nlevels > 1 or of.dtype.kind != "i" for of in indexes]  # beside a part of a frame without one
    if numbers_rows(indexes[1]) and (has_clock[0] or is_default(indexes[1])):
        return
    if numbers_rows(indexes[0]) and has_clock[1]:
        return
    raise ValueError(f"X and {name} have different indexes; give both the same clock, or {name} as an array.")


def read_training(y_train):
    """Return a training series as a float64 array (n_train,), NaN where not observed."""
    train = to_column(read_numbers(y_train, "y_train"), "y_train")
    if np.isinf(train).any():
        raise ValueError(f"y_train holds an infinite value in row {np.isinf(train).argmax()}; replace it by NaN.")
    return train


def read_weight(sample_weight, n):
    """Return the weights of n steps as a float64 array."""
    weight = read_numbers(sample_weight, "sample_weight")
    if weight.shape != (n,):
        raise ValueError(f"sample_weight has shape {weight.shape}; give one weight for each of {how_many(n, 'step')}.")
    if not np.isfinite(weight).all() or (weight < 0).any() or not (weight > 0).any():
        raise ValueError("sample_weight must hold finite numbers, none negative and not all zero.")
    return weight


def read_quantiles(q):
    """Return the levels of quantiles as a float64 array (n_quantiles,)."""
    levels = read_numbers(q, "q")
    if levels.ndim > 1 or not levels.size:
        raise ValueError(f"q has shape {levels.shape}; give one quantile, such as 0.5, or a list of them.")
    levels = np.atleast_1d(levels)
    is_none = ~((levels > 0) & (levels < 1))
    if is_none.any():
        raise ValueError(f"q holds {levels[is_none][0]:g}, not between 0 and 1; write 0.9 for the quantile of 90 %.")
    if len(np.unique(levels)) < len(levels):
        raise ValueError(f"q = {q!r} holds a quantile twice; give each once.")
    return levels


def check_scale(scale, season, score):
    """Raise unless errors can be scaled by a naive error within training."""
    if not scale > 0:
        raise ValueError(
            f"the naive error of y_train over {how_many(season, 'step')} is {scale}; {score} needs it to be positive."
        )


def check_season(season):
    """Raise unless a season is a whole number of steps from 1 on."""
    if isinstance(season, bool) or not isinstance(season, Integral):
        raise TypeError(f"season must be a whole number of steps; got {season!r}.")
    if season < 1:
        raise ValueError(f"season must be at least one step; got {season}.")


def read_numbers(values, name):
    """Return values as a float64 array, NaN where masked or missing; raise unless all are real numbers."""
    if isinstance(values, np.ma.MaskedArray):
        values = values.astype(np.float64).filled(np.nan)
    try:
        array = np.asarray(values)
        is_object = array.dtype.kind == "O"
        if array.dtype.kind in "US" or (is_object and any(isinstance(value, str | bytes) for value in array.ravel())):
            raise TypeError("it holds text")
        if array.dtype.kind not in "biufO":
            raise TypeError(f"it holds {array.dtype}")
        return np.asarray(values if is_object else array, dtype=np.float64)
    except (TypeError, ValueError) as error:
        reason = str(error).splitlines()[0].rstrip(".")
        raise TypeError(f"{name} is no array of numbers: {reason}; convert it first.") from None


def to_column(values, name):
    """Return an array of shape (n,) or (n, 1) as (n,)."""
    if values.ndim == 2 and values.shape[1] == 1:
        return values[:, 0]
    if values.ndim != 1:
        raise ValueError(f"{name} has shape {values.shape}; score one series of shape (n,), or use panel_scores.")
    return values
