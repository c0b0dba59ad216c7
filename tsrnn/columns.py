"""Columns of numbers and of categories, of any dtype that pandas has, become float64."""

from collections.abc import Hashable
from numbers import Real

import numpy as np
import pandas as pd

from .frames import are_plain_numbers, looks_like_dates, plain, read_names

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
        Which columns have categories if none are known; "from_dtype" those of the dtype category, and those whose
        values are text, every one; a list names others beside these.

    Returns
    -------
    values : ndarray of shape (n_rows, n_columns), float64
        Of categories their number, -1 for one that is not among those of training; NaN where missing.
    categories : dict of Index
    """
    named, looks = known, known is None and categorical is not None
    if known is None:
        is_default = isinstance(categorical, str) and categorical == FROM_DTYPE
        named = [] if is_default else _check_names(frame, categorical)
    values, categories = np.empty(frame.shape), {}
    for place, name in enumerate(frame.columns):
        column, label = frame.iloc[:, place], f"covariate {plain(name)!r}"
        is_named = name in named
        if not is_named and looks_like_dates(column):
            raise ValueError(
                f"the frame has dates in column {plain(name)!r}, which is no covariate; make it the index, or name it "
                "as time_col, or in categorical_features if it holds categories."
            )
        if is_named or (looks and _has_categories(column)):
            values[:, place], categories[name] = _to_categories(column, label, (known or {}).get(name))
        else:
            cure = "it held numbers in training: convert it (pd.to_numeric)"
            if known is None:
                cure = (
                    "the argument must be a column of strings or of numbers: convert it (pd.to_numeric), or name the "
                    "column in categorical_features"
                )
            values[:, [place]] = read_numbers(column.to_frame(), lambda _, label=label: label, cure)
    return values, categories


def _check_names(frame, categorical):
    """Return the names of columns that were named as those of categories."""
    if isinstance(categorical, str):
        raise ValueError(
            f"categorical_features must be {FROM_DTYPE!r}, a list of names of columns, or None; got {categorical!r}."
        )
    names = read_names("categorical_features", categorical)
    unknown = [name for name in names if name not in frame.columns]
    if unknown:
        what = ", ".join(map(repr, frame.columns)) or "none"
        raise ValueError(
            f"categorical_features holds {unknown[0]!r}, which is no covariate; the covariates are {what}."
        )
    return names


def _has_categories(column):
    """Return whether a column is of the dtype category, or of text alone; what else there is may be a slip."""
    is_category = column.dtype.type is pd.CategoricalDtype.type  # a dictionary of Arrow is one, too
    if is_category or isinstance(column.dtype, pd.StringDtype):
        return True
    known = column.dropna() if column.dtype == object or pd.api.types.is_string_dtype(column.dtype) else ()
    return len(known) > 0 and all(isinstance(value, str) for value in known)


def _to_categories(column, label, categories=None):
    """Return the number of the category of each row, and the categories."""
    if isinstance(column.dtype, pd.ArrowDtype):
        column = column.astype(object)  # sorted below: a dictionary of Arrow has its values in the order they came in
    if categories is None:
        try:
            categories = column.astype("category").cat.remove_unused_categories().cat.categories
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
