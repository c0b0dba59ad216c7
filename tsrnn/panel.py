"""The door for pandas: a Series or a frame becomes values on a clock, and forecasts become what the user gave again.

Everything behind this door works on plain arrays in which row k stands k steps after the first stamp. What cannot be
read without guessing is an error here, in one sentence.
"""

import warnings
from collections.abc import Hashable
from dataclasses import dataclass
from numbers import Real

import numpy as np
import pandas as pd

from .clock import Clock, read_clock


@dataclass(frozen=True)
class SeriesData:
    """One series as arrays, with what is needed to give forecasts back in the user's format.

    Parameters
    ----------
    values : ndarray of shape (n,), float64, finite
    clock : Clock
    name : object
        Name of the Series or of its column.
    is_frame : bool
        Whether the series came as a DataFrame.
    n_missing : int
        NaN values among the rows given, interpolated.
    n_absent : int
        Stamps that had no row, interpolated.
    holes : ndarray of shape (n,), bool
        Which values were interpolated.
    """

    values: np.ndarray
    clock: Clock
    name: object
    is_frame: bool
    n_missing: int
    n_absent: int
    holes: np.ndarray

    @property
    def label(self):
        """The series in an error message."""
        return "the series" if self.name is None else f"series {self.name!r}"

    def values_known_at(self, n):
        """Return the first n values as they would have been read without the later ones, ndarray of shape (n,)."""
        known = self.values[:n].copy()
        n_observed = n - int((~self.holes[:n])[::-1].argmax())  # up to the last observed one
        if not self.holes[:n].all():
            known[n_observed:] = known[n_observed - 1]
        return known

    def give_back(self, forecast, first):
        """Return forecasts for rows first, first + 1, ... as a Series or DataFrame like the one that was read."""
        index = self.clock.stamps(first, first + len(forecast))
        series = pd.Series(forecast, index=index, name=self.name)
        return series.to_frame() if self.is_frame else series


def read_series(X, y=None, target=None, freq=None, missing="raise"):
    """Return one series on its clock.

    Parameters
    ----------
    X : Series, DataFrame or array of shape (n,) or (n, 1)
        The series; or, with `y`, only the clock (a frame without columns).
    y : Series or array of shape (n,), optional
    target : str, optional
        The column of X that is the series.
    freq : str or DateOffset, optional
        Step of the clock where it cannot be told from the stamps.
    missing : {"raise", "interpolate"}
        NaN values and absent stamps alike: an error, or linear interpolation over the steps between the neighbours;
        before the first and after the last observed value that value is repeated.

    Returns
    -------
    SeriesData

    Raises
    ------
    TypeError, ValueError
        If the data cannot be read without guessing; the sentence says what to do.
    """
    if isinstance(X, np.ma.MaskedArray):
        X = X.astype(np.float64).filled(np.nan)  # what is masked is missing
    column, index, is_frame = _choose(X, y, target)
    name = getattr(column, "name", None)
    label = "the series" if name is None else f"series {name!r}"
    observed = _numbers(column, label)
    if len(observed) == 0:
        raise ValueError(f"{label} has no rows; give at least two.")
    infinite = np.isinf(observed)
    if infinite.any():
        raise ValueError(f"{label} holds an infinite value in row {infinite.argmax()}; replace it by a number or NaN.")
    if index is None and freq is not None:
        raise ValueError(f"freq={freq!r} is for dates, but {label} has no time stamps; give a Series with an index.")
    if index is None:
        clock, positions = Clock(0, 1, len(observed), is_given=False), np.arange(len(observed))
    else:
        clock, positions = read_clock(index, freq, label)
    values = np.full(clock.n, np.nan)
    values[positions] = observed
    n_absent, n_missing = clock.n - len(observed), int(np.isnan(observed).sum())
    holes = np.isnan(values)
    if holes.any():
        _handle_missing(values, holes, clock, n_missing, n_absent, missing, label)
    return SeriesData(values, clock, name, is_frame, n_missing, n_absent, holes)


def read_values(X, target=None):
    """Return the values of one series as they stand, without their clock: ndarray of shape (n,), NaN where missing."""
    column, _, _ = _choose(X, None, target)
    return _numbers(column, "the series" if column.name is None else f"series {column.name!r}")


def _choose(X, y, target):
    """Return the column that is the series, its index (None without a clock), and whether to give frames back."""
    if y is not None:
        if target is not None:
            raise ValueError(f"both y and target={target!r} are given; give one of them.")
        if np.ndim(y) != 1 and not (np.ndim(y) == 2 and np.shape(y)[1] == 1):
            raise ValueError(f"y has shape {np.shape(y)}; this version forecasts one series: give y of shape (n,).")
        n_columns = X.shape[1] if np.ndim(X) == 2 else 0 if X is None else 1
        if n_columns:
            raise ValueError(
                f"X has {n_columns} column(s) beside y; covariates are not supported in this version: give X without "
                "columns (its index is the clock), or fit(series) alone."
            )
        if X is not None and len(X) != len(y):
            raise ValueError(f"X has {len(X)} rows and y has {len(y)}; give one row of X per value of y.")
        indexes = [data.index for data in (X, y) if isinstance(data, pd.DataFrame | pd.Series)]
        if len(indexes) == 2 and not _is_default(indexes[1]) and not indexes[0].equals(indexes[1]):
            raise ValueError("X and y have different indexes; give both the same clock, or y as an array.")
        column = y.iloc[:, 0] if isinstance(y, pd.DataFrame) else y
        column = column if isinstance(column, pd.Series) else pd.Series(np.ravel(column))
        clocked = X if isinstance(X, pd.DataFrame | pd.Series) else y
        return column, clocked.index if isinstance(clocked, pd.DataFrame | pd.Series) else None, False
    if isinstance(X, pd.Series):
        if target is not None and target != X.name:
            raise ValueError(f"target={target!r}, but the Series is called {X.name!r}; leave target out.")
        return X, X.index, False
    if isinstance(X, pd.DataFrame):
        if X.shape[1] == 0:
            raise ValueError("the frame has no columns; give one column of numbers, or the series as y.")
        if target is not None and (not isinstance(target, Hashable) or target not in X.columns):
            raise ValueError(f"there is no column {target!r} to be the target; the columns are {_listing(X.columns)}.")
        dates = [name for name in X.columns if _looks_like_dates(X[name])] if X.columns.is_unique else []
        if X.shape[1] != 1 and dates:
            rest = [name for name in X.columns if name != dates[0]]
            raise ValueError(
                f"the frame has its dates in column {dates[0]!r}; make them the index and give one column: "
                f"frame.set_index({dates[0]!r})[{target if target in rest else rest[0]!r}]."
            )
        if X.shape[1] != 1:
            what = "covariates are" if target is not None else "several series at once are"
            advice = repr(target) if target is not None else "..."
            raise ValueError(
                f"the frame has {X.shape[1]} columns ({_listing(X.columns)}); {what} not supported in this version: "
                f"give one column, frame[[{advice}]]."
            )
        return X.iloc[:, 0], X.index, True
    values = np.asarray(X)
    if values.ndim == 0:
        raise TypeError(f"the data are {X!r}; give a Series, a DataFrame of one column, or an array of shape (n,).")
    if target is not None:
        raise ValueError(f"target={target!r} names a column, but the data are a bare array; give a DataFrame.")
    if values.ndim != 1 and not (values.ndim == 2 and values.shape[1] == 1):
        raise ValueError(
            f"the data have shape {values.shape}; this version forecasts one series: give shape (n,) or (n, 1)."
        )
    return pd.Series(values.ravel()), None, False


def _is_default(index):
    """Return whether an index is the one that pandas makes if it is given none."""
    return isinstance(index, pd.RangeIndex) and index.start == 0 and index.step == 1


def _looks_like_dates(column):
    """Return whether a column holds dates, or text whose first values are."""
    types = pd.api.types
    if types.is_datetime64_any_dtype(column.dtype) or isinstance(column.dtype, pd.PeriodDtype):
        return True
    head = column.dropna().head(3)
    if (
        types.is_numeric_dtype(column.dtype)
        or not len(head)
        or not head.map(lambda value: isinstance(value, str)).all()
    ):
        return False
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return bool(pd.to_datetime(head, errors="coerce", utc=True).notna().all())


def _numbers(column, label):
    """Return the values as float64, NaN where one is missing."""
    types = pd.api.types
    if column.dtype.kind in "mMc" or isinstance(column.dtype, pd.PeriodDtype | pd.DatetimeTZDtype):
        raise TypeError(f"{label} holds {column.dtype} values; give numbers, and the time stamps as the index.")
    try:
        if not types.is_numeric_dtype(column.dtype) and column.map(lambda value: isinstance(value, str)).any():
            raise TypeError  # "1.5" is text too: nobody said it is meant as a number
        numbers = column.to_numpy(dtype=np.float64, na_value=np.nan)
    except (ValueError, TypeError, OverflowError):
        objects = column.astype(object)
        no_number = objects.notna() & ~objects.map(lambda value: isinstance(value, Real))
        unreadable = no_number & pd.to_numeric(objects, errors="coerce").isna()
        row = int((unreadable if unreadable.any() else no_number).to_numpy().argmax())
        raise TypeError(
            f"{label} holds {objects.iloc[row]!r} in row {row}, which is not a number; convert it (pd.to_numeric)."
        ) from None
    return numbers


def _handle_missing(values, holes, clock, n_missing, n_absent, missing, label):
    """Fill NaN in `values`, modified in place, or raise."""
    if holes.all():
        raise ValueError(f"{label} has no observed value among {len(values)} rows; give at least two numbers.")
    if missing == "raise":
        first = clock.stamps(holes.argmax(), holes.argmax() + 1)[0]
        raise ValueError(
            f"{label} has {n_missing} missing value(s) and {n_absent} absent stamp(s) in steps of {clock.step_name}, "
            f"the first at {first}; fill them, or set missing='interpolate'."
        )
    rows = np.arange(len(values))
    values[holes] = np.interp(rows[holes], rows[~holes], values[~holes])


def _listing(names, most=8):
    """Return the first names as text."""
    shown = ", ".join(repr(name) for name in names[:most])
    return shown + (", ..." if len(names) > most else "")
