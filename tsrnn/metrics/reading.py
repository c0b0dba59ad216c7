"""Truths, forecasts, training series and weights become arrays, or one sentence."""

from numbers import Integral

import numpy as np

from ..counts import how_many
from ..frames import is_default, numbers_rows


def read_pair(y_true, y_pred, sample_weight=None):
    """Return truth and forecast as float64 arrays of one shape (n,), and weights or None, without steps of weight 0."""
    indexes = [getattr(values, "index", None) for values in (y_true, y_pred)]
    if all(hasattr(index, "equals") for index in indexes) and not indexes[0].equals(indexes[1]):
        raise ValueError("y_true and y_pred have different indexes; score only the same steps, in the same order.")
    y_true, y_pred = read_numbers(y_true, "y_true"), read_numbers(y_pred, "y_pred")
    if y_true.shape != y_pred.shape or y_true.size == 0:
        raise ValueError(
            f"y_true has shape {y_true.shape} and y_pred {y_pred.shape}; give the same, with points in it."
        )
    y_true, y_pred = to_column(y_true, "y_true"), to_column(y_pred, "y_pred")
    weight = None
    if sample_weight is not None:
        weight = read_weight(sample_weight, len(y_true))
        y_true, y_pred, weight = (values[weight > 0] for values in (y_true, y_pred, weight))
    if np.isnan(y_true).any() or np.isnan(y_pred).any():
        raise ValueError("y_true or y_pred holds NaN; score only points that are observed and forecast.")
    if np.isinf(y_true).any() or np.isinf(y_pred).any():
        raise ValueError("y_true or y_pred holds an infinite value, which has no finite error; correct or drop it.")
    return y_true, y_pred, weight


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
