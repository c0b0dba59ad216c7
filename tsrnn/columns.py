"""Columns of numbers and of categories, of any dtype that pandas has, become float64."""

from collections.abc import Hashable
from numbers import Real

import numpy as np
import pandas as pd

from .frames import are_plain_numbers, looks_like_dates, plain

FROM_DTYPE = "from_dtype"


def read_numbers(frame, label_of, cure="convert it (pd.to_numeric)"):
    """Return the values of all columns, NaN where one is missing: a copy of the user's, and the only one.

    Parameters
    ----------
    frame : DataFrame
    label_of : callable
        Gives for the place of a column what messages call it.
    cure : str
        What to do about a value that is no number.

    Returns
    -------
    ndarray of shape (n_rows, n_columns), float64

    Raises
    ------
    TypeError
        If a value is no number.
    ValueError
        If one is infinite, or complex.
    """
    if are_plain_numbers(frame):
        values = frame.to_numpy(np.float64, copy=True)
    else:
        columns = [_to_floats(frame.iloc[:, place], label_of(place), cure) for place in range(frame.shape[1])]
        values = np.column_stack(columns)
    is_infinite = np.isinf(values)
    if is_infinite.any():
        place = int(is_infinite.any(axis=0).argmax())
        row = int(is_infinite[:, place].argmax())
        raise ValueError(f"{label_of(place)} holds an infinite value in row {row}; replace it by a number or NaN.")
    return values


def read_covariates(frame, known=None, categorical=FROM_DTYPE):
    """Return the values of covariates, and the categories of those that have some.

    Parameters
    ----------
    frame : DataFrame
    known : dict, optional
        The categories of training, by name; those of the frame itself if not given.
    categorical : "from_dtype", list of names, or None
        Which columns have categories if none are known; "from_dtype" those of text and of the dtype category.

    Returns
    -------
    values : ndarray of shape (n_rows, n_columns), float64
        Of categories their number, -1 for one that is not among those of training; NaN where missing.
    categories : dict of Index
    """
    if known is None:
        categorical = _names_of_categories(frame, categorical)
    values, categories = np.empty(frame.shape), {}
    for place, name in enumerate(frame.columns):
        column, label = frame.iloc[:, place], f"covariate {plain(name)!r}"
        if looks_like_dates(column):
            raise ValueError(
                f"the frame has dates in column {plain(name)!r}, which is no covariate; make it the index, or name it "
                "as time_col."
            )
        if name in (categorical if known is None else known):
            values[:, place], categories[name] = _to_categories(column, label, (known or {}).get(name))
        else:
            values[:, [place]] = read_numbers(column.to_frame(), lambda _, label=label: label)
    return values, categories


def _names_of_categories(frame, categorical):
    """Return the names of the columns that have categories."""
    if isinstance(categorical, str):
        if categorical != FROM_DTYPE:
            raise ValueError(
                f"categorical_features must be {FROM_DTYPE!r}, a list of names of columns, or None; got "
                f"{categorical!r}."
            )
        return [name for name in frame.columns if _has_categories(frame[name])]
    unknown = [name for name in categorical or () if name not in frame.columns]
    if unknown:
        what = ", ".join(map(repr, frame.columns)) or "none"
        raise ValueError(
            f"categorical_features holds {unknown[0]!r}, which is no covariate; the covariates are {what}."
        )
    return list(categorical or ())


def _has_categories(column):
    if isinstance(column.dtype, pd.CategoricalDtype):
        return True
    return not pd.api.types.is_numeric_dtype(column.infer_objects().dtype)  # objects may be numbers, every one


def _to_categories(column, label, categories=None):
    """Return the number of the category of each row, and the categories."""
    if categories is None:
        try:
            categories = column.astype("category").cat.categories
        except TypeError:
            given = next((value for value in column if not isinstance(value, Hashable)), column.iloc[0])
            raise TypeError(f"{label} holds {given!r}; the argument must be a column of strings or numbers.") from None
    numbers = categories.get_indexer(pd.Index(column)).astype(np.float64)
    return np.where(column.isna(), np.nan, numbers), categories


def _to_floats(column, label, cure):
    """Return one column as float64, NaN where a value is missing."""
    types = pd.api.types
    if column.dtype.kind == "c":
        raise ValueError(f"Complex data not supported: {label} holds {column.dtype} values; give real numbers.")
    if column.dtype.kind in "mM" or isinstance(column.dtype, pd.PeriodDtype | pd.DatetimeTZDtype):
        raise TypeError(f"{label} holds {column.dtype} values; give numbers, and the time stamps as the index.")
    try:
        if not types.is_numeric_dtype(column.dtype) and column.map(lambda value: isinstance(value, str)).any():
            raise TypeError  # "1.5" is text too: nobody said it is meant as a number
        return column.to_numpy(dtype=np.float64, na_value=np.nan)
    except (ValueError, TypeError, OverflowError):
        objects = column.astype(object)
        no_number = objects.notna() & ~objects.map(lambda value: isinstance(value, Real))
        unreadable = no_number & pd.to_numeric(objects, errors="coerce").isna()
        row = int((unreadable if unreadable.any() else no_number).to_numpy().argmax())
        raise TypeError(f"{label} holds {objects.iloc[row]!r} in row {row}, which is not a number; {cure}.") from None
