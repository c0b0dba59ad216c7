"""The door for pandas: a Series or a frame becomes values on a clock, and forecasts become what the user gave again.

Everything behind this door works on plain arrays in which row k stands k steps after the first stamp. What cannot be
read without guessing is an error here, in one sentence.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from pandas.tseries.frequencies import to_offset


@dataclass(frozen=True)
class Clock:
    """Stamps at equal steps.

    Parameters
    ----------
    start : Timestamp, Period or int
        The stamp of row 0.
    step : DateOffset or int
        From one row to the next.
    n : int
        Rows of training.
    name : object
        Name of the index.
    is_given : bool
        False if the data had no clock and rows were just counted.
    """

    start: object
    step: object
    n: int
    name: object = None
    is_given: bool = True

    @property
    def freq(self):
        """The step as a pandas offset, or None for a clock of integers."""
        return None if isinstance(self.step, int) else self.step

    def stamps(self, first, last):
        """Return the index of rows first ... last - 1, which may lie after training."""
        if isinstance(self.step, int):
            return pd.RangeIndex(
                self.start + first * self.step, self.start + last * self.step, self.step, name=self.name
            )
        if isinstance(self.start, pd.Period):
            stamps = pd.period_range(self.start, periods=last, freq=self.step, name=self.name)
        else:
            stamps = pd.date_range(self.start, periods=last, freq=self.step, name=self.name)
        return stamps[first:]

    def positions(self, index):
        """Return the row at which each stamp of `index` stands, an int64 array; row n is one step after training.

        Raises
        ------
        TypeError
            If `index` is another kind of clock.
        ValueError
            If a stamp lies before the first one or between two steps.
        """
        index = _checked_index(index, "X")
        kind, own = _kind(index), _kind(self.stamps(0, 1))
        if kind != own:
            raise TypeError(
                f"the rows of X are on {kind}, but the forecaster was fitted on {own} that starts at {self.start}; "
                "give X the same kind of index, as future_frame(h) does."
            )
        if index.empty:
            return np.zeros(0, dtype=np.int64)
        if isinstance(self.step, int):
            offsets = index.to_numpy() - self.start
            positions = np.where(offsets % self.step == 0, offsets // self.step, -1)
        else:
            grid = self._grid_to(index.max())
            if getattr(index, "tz", None) != getattr(grid, "tz", None):
                raise TypeError(
                    f"the rows of X have the time zone {index.tz}, but the forecaster was fitted on {grid.tz}; "
                    "convert X with tz_localize or tz_convert."
                )
            positions = grid.get_indexer(index)
        if index.min() < self.start:
            raise ValueError(
                f"X has a row at {index.min()}, before training begins at {self.start}; only rows from there on can be "
                "forecast."
            )
        if (positions < 0).any():
            raise ValueError(
                f"X has a row at {index[positions < 0][0]}, which is not on the clock of training: from {self.start} "
                f"in steps of {_step_name(self.step)}; use future_frame(h) for rows that are."
            )
        return positions.astype(np.int64)

    def _grid_to(self, last):
        if isinstance(self.start, pd.Period):
            return pd.period_range(self.start, max(last, self.start), freq=self.step)
        return pd.date_range(self.start, max(last, self.start), freq=self.step)


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
    """

    values: np.ndarray
    clock: Clock
    name: object
    is_frame: bool
    n_missing: int
    n_absent: int

    @property
    def label(self):
        """The series in an error message."""
        return "the series" if self.name is None else f"series {self.name!r}"

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
        NaN values and absent stamps alike: an error, or linear interpolation in time between the neighbours; before
        the first and after the last observed value that value is repeated.

    Returns
    -------
    SeriesData

    Raises
    ------
    TypeError, ValueError
        If the data cannot be read without guessing; the sentence says what to do.
    """
    column, index, is_frame = _choose(X, y, target)
    name = getattr(column, "name", None)
    label = "the series" if name is None else f"series {name!r}"
    observed = _numbers(column, label)
    if len(observed) == 0:
        raise ValueError(f"{label} has no rows; give at least two.")
    infinite = np.isinf(observed)
    if infinite.any():
        raise ValueError(f"{label} holds an infinite value in row {infinite.argmax()}; replace it by a number or NaN.")
    if index is None:
        clock, positions = Clock(0, 1, len(observed), is_given=False), np.arange(len(observed))
    else:
        clock, positions = _read_clock(index, freq, label)
    values = np.full(clock.n, np.nan)
    values[positions] = observed
    n_absent, n_missing = clock.n - len(observed), int(np.isnan(observed).sum())
    if n_absent + n_missing:
        _handle_missing(values, clock, n_missing, n_absent, missing, label)
    return SeriesData(values, clock, name, is_frame, n_missing, n_absent)


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
        column = y.iloc[:, 0] if isinstance(y, pd.DataFrame) else y
        column = column if isinstance(column, pd.Series) else pd.Series(np.ravel(column))
        clocked = X if isinstance(X, pd.DataFrame | pd.Series) else y
        return column, clocked.index if isinstance(clocked, pd.DataFrame | pd.Series) else None, False
    if isinstance(X, pd.Series):
        if target is not None and target != X.name:
            raise ValueError(f"target={target!r}, but the Series is called {X.name!r}; leave target out.")
        return X, X.index, False
    if isinstance(X, pd.DataFrame):
        if target is not None and target not in X.columns:
            raise ValueError(f"there is no column {target!r}; the columns are {_listing(X.columns)}.")
        if X.shape[1] != 1:
            what = "covariates are" if target is not None else "several series at once are"
            advice = repr(target) if target is not None else "..."
            raise ValueError(
                f"the frame has {X.shape[1]} columns ({_listing(X.columns)}); {what} not supported in this version: "
                f"give one column, frame[[{advice}]]."
            )
        return X.iloc[:, 0], X.index, True
    values = np.asarray(X)
    if target is not None:
        raise ValueError(f"target={target!r} names a column, but the data are a bare array; give a DataFrame.")
    if values.ndim != 1 and not (values.ndim == 2 and values.shape[1] == 1):
        raise ValueError(
            f"the data have shape {values.shape}; this version forecasts one series: give shape (n,) or (n, 1)."
        )
    return pd.Series(values.ravel()), None, False


def _numbers(column, label):
    """Return the values as float64, NaN where one is missing."""
    types = pd.api.types
    if column.dtype.kind in "mMc" or isinstance(column.dtype, pd.PeriodDtype | pd.DatetimeTZDtype):
        raise TypeError(f"{label} holds {column.dtype} values; give numbers, and the time stamps as the index.")
    try:
        if not types.is_numeric_dtype(column.dtype) and column.map(lambda value: isinstance(value, str)).any():
            raise TypeError  # "1.5" is text too: nobody said it is meant as a number
        numbers = column.to_numpy(dtype=np.float64, na_value=np.nan)
    except (ValueError, TypeError):
        readable = pd.to_numeric(column.astype(object), errors="coerce")
        bad = (readable.isna() & column.notna()).to_numpy()
        example = column.iloc[bad.argmax()]
        raise TypeError(
            f"{label} holds {example!r} in row {bad.argmax()}, which is not a number; convert it."
        ) from None
    return numbers


def _handle_missing(values, clock, n_missing, n_absent, missing, label):
    """Fill NaN in `values`, modified in place, or raise."""
    holes = np.isnan(values)
    if holes.all():
        raise ValueError(f"{label} has no observed value among {len(values)} rows; give at least two numbers.")
    if missing == "raise":
        first = clock.stamps(holes.argmax(), holes.argmax() + 1)[0]
        raise ValueError(
            f"{label} has {n_missing} missing value(s) and {n_absent} absent stamp(s), the first at {first}; fill "
            "them, or set missing='interpolate'."
        )
    rows = np.arange(len(values))
    values[holes] = np.interp(rows[holes], rows[~holes], values[~holes])


def _read_clock(index, freq, label):
    """Return the clock of an index, and the row of each of its stamps."""
    index = _checked_index(index, label)
    backwards = np.flatnonzero(~np.asarray(index[1:] > index[:-1]))
    if index.has_duplicates:
        raise ValueError(
            f"the clock of {label} has the stamp {index[index.duplicated()][0]} more than once; keep one row per "
            "stamp, for example with groupby(level=0).mean()."
        )
    if len(backwards):
        raise ValueError(
            f"the clock of {label} is not sorted: {index[backwards[0] + 1]} comes after {index[backwards[0]]}; "
            "sort it with sort_index()."
        )
    if _kind(index) == _INTEGERS:
        stamps = index.to_numpy()
        step = int(np.diff(stamps).min()) if len(stamps) > 1 else 1
        offsets = stamps - stamps[0]
        if (offsets % step).any():
            odd = stamps[(offsets % step != 0).argmax()]
            raise ValueError(
                f"the clock of {label} has no regular step: {odd} is no multiple of {step} from the start."
            )
        return Clock(int(stamps[0]), step, int(offsets[-1]) // step + 1, index.name), offsets // step
    step = index.freq if isinstance(index, pd.PeriodIndex) else _datetime_step(index, freq, label)
    clock = Clock(index[0], step, 0, index.name)
    grid = clock._grid_to(index[-1])
    positions = grid.get_indexer(index)
    if (positions < 0).any():
        raise ValueError(
            f"the clock of {label} has no regular step: {index[positions < 0][0]} is not on the steps of "
            f"{_step_name(step)} from {index[0]}; resample the series, or name its freq."
        )
    return Clock(index[0], step, len(grid), index.name), positions


def _datetime_step(index, freq, label):
    """Return the offset between neighbours of a sorted DatetimeIndex which may have holes."""
    if freq is not None:
        return to_offset(freq)
    if index.freq is not None:
        return index.freq
    if len(index) < 2:
        raise ValueError(f"{label} has one row, from which no step can be told; give more rows.")
    if len(index) >= 3:
        # pandas infers from regular stamps; with holes, one of these stretches is likely free of them.
        n_stretch = 12
        starts = np.unique(np.linspace(0, max(len(index) - n_stretch, 0), 50).astype(int))
        for stretch in [index, *(index[first : first + n_stretch] for first in starts)]:
            step = _infer(stretch)
            if step is not None and _is_on_grid(index, step):
                return step
    step = to_offset(pd.Timedelta(np.diff(index.asi8).min(), unit=index.unit))
    if _is_on_grid(index, step):
        return step
    raise ValueError(
        f"the clock of {label} has no regular step ({index[0]}, {index[1]}, ...); resample the series to one, or name "
        "its freq."
    )


def _infer(index):
    try:
        return pd.DatetimeIndex(index, freq="infer").freq
    except ValueError:
        return None


def _is_on_grid(index, step):
    return bool((pd.date_range(index[0], index[-1], freq=step).get_indexer(index) >= 0).all())


_DATETIMES, _PERIODS, _INTEGERS = "a clock of dates", "a clock of periods", "a clock of integers"


def _kind(index):
    """Return which kind of clock an index is, in words."""
    if isinstance(index, pd.DatetimeIndex):
        return _DATETIMES
    if isinstance(index, pd.PeriodIndex):
        return _PERIODS
    return _INTEGERS


def _checked_index(index, label):
    """Return `index` if it is one of the three kinds of clock, without missing stamps."""
    if isinstance(index, pd.MultiIndex):
        raise ValueError(f"{label} has an index of {index.nlevels} levels; panels are not supported in this version.")
    is_clock = isinstance(index, pd.DatetimeIndex | pd.PeriodIndex) or pd.api.types.is_integer_dtype(index.dtype)
    if not is_clock:
        raise TypeError(
            f"the index of {label} holds {index.dtype} stamps (such as {index[0]!r}), which are no clock; "
            "convert it with pd.to_datetime, or use whole numbers."
            if len(index)
            else f"the index of {label} is empty."
        )
    if index.hasnans:
        raise ValueError(f"the clock of {label} has a missing stamp (NaT); drop that row or give it its time.")
    return index


def _step_name(step):
    return str(step) if isinstance(step, int) else step.freqstr


def _listing(names, most=8):
    """Return the first names as text."""
    shown = ", ".join(repr(name) for name in names[:most])
    return shown + (", ..." if len(names) > most else "")
