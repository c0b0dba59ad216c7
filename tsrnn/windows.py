"""Windows as views: the steps a network sees and the steps it is asked for, never across series."""

from numbers import Integral
from typing import NamedTuple

import numpy as np
import pandas as pd

from .frames import WIDE, read_table
from .panel import refuse_missing
from .reading import read_panel


class WindowTable(NamedTuple):
    """Windows of series, their targets, and when these begin.

    X : ndarray of shape (n_windows, lookback, n_features)
        Oldest step first.
    y : ndarray of shape (n_windows, horizon), or (n_windows, horizon, n_targets) of several targets
    stamps : Index
        The stamp of the first target of each window; of a panel a MultiIndex of the series' id and this stamp.
    """

    X: np.ndarray
    y: np.ndarray
    stamps: pd.Index


def make_windows(frame, lookback, horizon=1, step=1, *, target=None, id_col="unique_id", time_col="ds", freq=None):
    """Return windows of one series, or of many, with the steps after them as targets: X and y of an RNNRegressor.

    Parameters
    ----------
    frame : Series, DataFrame or array
        As in :meth:`tsrnn.RNNForecaster.fit`: one series; with `target` one with several columns; or a panel: a frame
        with a series in each column, a long frame, or a MultiIndex of id and stamp.
    lookback : int
        Steps of a window.
    horizon : int, default=1
        Steps right after it, its targets.
    step : int, default=1
        From the beginning of one window to that of the next; the first begins with the first row of its series.
    target : str or list of str, optional
        Columns to forecast. They are the first features, in this order, the other columns are those after them.
    id_col, time_col : str
        Columns of a long frame.
    freq : str or DateOffset, optional
        Step of the clock where it cannot be told from the stamps.

    Returns
    -------
    X : ndarray of shape (n_windows, lookback, n_features)
    y : ndarray of shape (n_windows, horizon), or (n_windows, horizon, n_targets) of several targets
        Of one series X and y are read-only views of one array of its rows, whatever the lookback, and `fit` and
        `predict` of RNNRegressor do not copy them. Windows of a panel have no common stride, as those that would cross
        from one series to the next are left out: they are copied, and take n_windows times lookback times n_features
        numbers. (RNNForecaster trains on panels without that.) float32 where all columns are, else float64.
    stamps : Index
        The stamp of the first target of each window, to split by time; of a panel with the id of the series before it.

    Raises
    ------
    TypeError, ValueError
        If the frame cannot be read without guessing, values are missing, or a series is too short for one window.

    Examples
    --------
    The last two years are held out. A slice is a view, too; a mask or an array of numbers would copy windows.

    >>> import tsrnn
    >>> temperature = tsrnn.datasets.load_elnino()
    >>> X, y, stamps = tsrnn.make_windows(temperature, lookback=24, horizon=12)
    >>> n_before = stamps.searchsorted(stamps[-1] - 24 * stamps.freq)
    >>> model = tsrnn.RNNRegressor(max_iter=1, random_state=0).fit(X[: n_before - 11], y[: n_before - 11])
    >>> model.predict(X[n_before:]).shape
    (25, 12)
    """
    for name, value in (("lookback", lookback), ("horizon", horizon), ("step", step)):
        if not isinstance(value, Integral) or isinstance(value, bool):
            raise TypeError(f"{name} must be a whole number of steps; got {value!r}.")
        if value < 1:
            raise ValueError(f"{name} must be at least one step; got {value}.")
    lookback, horizon, step = int(lookback), int(horizon), int(step)
    panel = read_panel(frame, target=target, id_col=id_col, time_col=time_col, freq=freq)
    if panel.categories:
        name = next(iter(panel.categories))
        raise ValueError(f"column {name!r} holds categories, which are no numbers; encode it, or leave it out.")
    refuse_missing(panel, "leave out the series")
    is_finite = np.isfinite(panel.covariates).all(axis=0)
    if not is_finite.all():
        name = panel.covariate_names[int(is_finite.argmin())]
        raise ValueError(f"column {name!r} has missing or infinite values; fill them, or leave it out.")
    short = panel.lengths < lookback + horizon
    if short.any():
        number = int(short.argmax())
        raise ValueError(
            f"{panel.label(number)} has {panel.lengths[number]} rows; lookback {lookback} + horizon {horizon} needs at "
            f"least {lookback + horizon}. Shorten lookback, or leave the series out."
        )
    rows = panel.values
    if panel.covariates.shape[1]:
        rows = np.concatenate([rows, panel.covariates], axis=1)
    rows = rows.astype(_precision(frame, target, id_col, time_col), copy=False)
    X, y = _cut(rows, panel.n_targets, lookback, horizon)
    if panel.n_series == 1:
        stamps = panel.stamps(panel.starts[0] + np.arange(lookback, len(rows) - horizon + 1, step))
        return WindowTable(X[::step], y[::step], stamps if panel.ids is None else _with_ids(panel, 0, stamps))
    counts = (panel.lengths - lookback - horizon) // step + 1
    series = np.repeat(np.arange(panel.n_series), counts)
    rows_before = step * (np.arange(len(series)) - np.repeat(np.cumsum(counts) - counts, counts))
    firsts = panel.bounds[series] + rows_before
    stamps = panel.stamps(panel.starts[series] + rows_before + lookback)
    return WindowTable(X[firsts], y[firsts], _with_ids(panel, series, stamps))


def _cut(rows, n_targets, lookback, horizon):
    """Return the windows that begin with each of these rows (n, n_columns), and their targets, views."""
    both = np.lib.stride_tricks.sliding_window_view(rows, lookback + horizon, axis=0).transpose(0, 2, 1)
    X, y = both[:, :lookback], both[:, lookback:, :n_targets]
    return X, y[:, :, 0] if n_targets == 1 else y


def _with_ids(panel, series, stamps):
    """Return stamps with the ids of the series they belong to."""
    form, ids = panel.form, panel.ids[np.broadcast_to(series, len(stamps))].to_flat_index()
    id_name = form.targets.name if form.kind == WIDE else form.id_name
    return pd.MultiIndex.from_arrays([ids, stamps], names=[id_name, form.time_name])


def _precision(frame, target, id_col, time_col):
    """Return float32 if all numbers of a frame are of that type, else float64."""
    table = read_table(frame, None, target, id_col, time_col)
    dtypes = {*table.targets.dtypes, *table.covariates.dtypes}
    return np.float32 if dtypes == {np.dtype(np.float32)} else np.float64
