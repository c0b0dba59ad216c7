"""Residuals: in time, their histogram, their autocorrelation."""

import numpy as np
import pandas as pd

from ..reading import read_panel
from .axes import (
    BASELINE,
    FORECAST,
    HISTORY,
    check_axes,
    draw_line,
    dress,
    instants,
    open_mosaic,
    round_numbers,
    time_axis,
)
from .reading import check_count, check_same_clock, to_timestamps

_MOST_BINS = 50


def plot_residuals(truth, forecast=None, *, n_lags=None, title=None, ylabel=None, axes=None):
    """Draw residuals in time, their histogram and their autocorrelation.

    Parameters
    ----------
    truth : Series, DataFrame of one column, or array of shape (n,)
        At equal steps of its clock; an absent stamp is as one with NaN. Without `forecast`, the residuals themselves.
    forecast : like `truth`, optional
        Its stamps must be among those of `truth`, of which the others are left out; arrays have the same length.
    n_lags : int, optional
        Lags of the autocorrelation, in steps; by default 10 log10 of the number of residuals.
    title, ylabel : str, optional
        The label names the residuals and their unit.
    axes : array of three matplotlib Axes, optional
        Where to draw; by default on a new figure.

    Returns
    -------
    ndarray of matplotlib Axes, of shape (3,)
        Residuals (truth - forecast) in time. Histogram, with the normal curve of the same mean and standard deviation.
        Autocorrelation, with the band from -1.96 / sqrt(n) to 1.96 / sqrt(n), within which 95 % of the lags of n
        independent residuals are expected.

    Raises
    ------
    TypeError, ValueError
        If there are less than two finite residuals, an infinite one, or the clock has no regular step.

    Notes
    -----
    The autocorrelation at lag k is the mean of (e[t] - m) (e[t + k] - m) over the pairs of which both are there, times
    (1 - k / n), over the variance: without NaN it is the usual one.

    References
    ----------
    Hyndman and Athanasopoulos 2021, Forecasting: principles and practice, 3rd edition: 2.8 (autocorrelation), 2.9 (the
    band), 5.4 (these three pictures).

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("agg")
    >>> from tsrnn.plotting import plot_residuals
    >>> in_time, histogram, autocorrelation = plot_residuals([1.0, 2.0, 4.0, 3.0], [1.5, 1.0, 4.0, 3.5])
    >>> in_time.get_lines()[0].get_ydata().tolist()
    [-0.5, 1.0, 0.0, -0.5]
    """
    residuals = _read_residuals(truth, forecast)
    values = residuals.to_numpy()
    finite = values[np.isfinite(values)]
    n = len(finite)
    if n_lags is None:
        n_lags = min(int(10 * np.log10(len(values))), len(values) - 1)
    check_count("n_lags", n_lags)
    if n_lags >= len(values):
        raise ValueError(f"n_lags={n_lags} needs more than {len(values)} steps; lower it.")
    if axes is None:
        axes = open_mosaic([["in time", "in time"], ["histogram", "autocorrelation"]], 8, 5)
    else:
        axes = check_axes(axes, 3)
    name = ylabel if ylabel is not None else "residual" if forecast is None else "truth - forecast"

    ax = axes[0]
    draw_line(ax, instants(residuals.index), values, color=FORECAST, lw=0.9)
    ax.axhline(0, color="0.4", lw=0.8, zorder=1)
    ax.set_ylabel(name)
    time_axis(ax, residuals.index)
    dress(ax, title if title is not None else "Residuals")

    ax, mean, deviation = axes[1], finite.mean(), finite.std(ddof=1)
    is_constant = deviation <= 1e-12 * np.abs(finite).max()
    edges = _bins(finite) if not is_constant else np.histogram_bin_edges(finite, 1)
    ax.hist(finite, edges, color=FORECAST, alpha=0.5, edgecolor="white", lw=0.5)
    ax.axvline(0, color="0.4", lw=0.8)
    if not is_constant:
        at = np.linspace(min(edges[0], mean - 3 * deviation), max(edges[-1], mean + 3 * deviation), 201)
        density = np.exp(-0.5 * ((at - mean) / deviation) ** 2) / (deviation * np.sqrt(2 * np.pi))
        ax.plot(
            at,
            n * (edges[1] - edges[0]) * density,
            color=BASELINE,
            lw=1.4,
            label="normal with this mean and deviation",
        )
    ax.set_xlabel(name)
    ax.set_ylabel("steps")
    ax.yaxis.set_major_locator(round_numbers())
    dress(ax, "Histogram")

    ax, band = axes[2], 1.96 / np.sqrt(n)
    lags = np.arange(1, n_lags + 1)
    ax.axhspan(-band, band, color=HISTORY, alpha=0.12, lw=0, label="±1.96 / √n, 95 % if independent")
    ax.axhline(0, color="0.4", lw=0.8)
    if is_constant:
        ax.text(0.5, 0.75, "all the same: none", transform=ax.transAxes, ha="center")
    else:
        correlation = _autocorrelate(values, n_lags)
        ax.vlines(lags, 0, correlation, color=FORECAST, lw=1.6)
        ax.plot(lags, correlation, "o", color=FORECAST, ms=3)
    ax.set_xlim(0, n_lags + 1)
    ax.set_xlabel("lag, steps")
    ax.set_ylabel("autocorrelation")
    ax.xaxis.set_major_locator(round_numbers())
    dress(ax, "Autocorrelation")
    return axes


def _read_residuals(truth, forecast):
    """Return residuals on all stamps of their clock, NaN where there is none, as a Series that can be drawn."""
    if forecast is None:
        residuals = _column(truth, "residuals")
    else:
        truth, forecast = _column(truth, "truth"), _column(forecast, "forecast")
        check_same_clock("truth", to_timestamps(truth.index), "forecast", to_timestamps(forecast.index))
        if not forecast.index.isin(truth.index).all():
            odd = forecast.index[~forecast.index.isin(truth.index)][0]
            raise ValueError(f"forecast has a row for {odd}, which truth has not; give truth for the same steps.")
        residuals = truth.reindex(forecast.index) - forecast
    if np.isinf(residuals.to_numpy()).any():
        raise ValueError("the residuals hold an infinite value; correct it or write NaN.")
    if int(residuals.notna().sum()) < 2:
        raise ValueError(f"there are {int(residuals.notna().sum())} residuals; give at least two.")
    panel = read_panel(residuals.rename("residuals"))
    return pd.Series(panel.values[:, 0], to_timestamps(panel.stamps(np.arange(panel.clock.n))))


def _column(data, what):
    """Return a Series of floats on its own index, of a Series, a frame of one column or an array."""
    if not np.ndim(data) and not hasattr(data, "iloc"):
        raise TypeError(f"{what} must be a Series, a frame of one column or an array; got {type(data).__name__}.")
    series = data if isinstance(data, pd.Series | pd.DataFrame) else pd.DataFrame(np.asarray(data))
    if isinstance(series, pd.DataFrame):
        if series.shape[1] != 1:
            raise ValueError(f"{what} has {series.shape[1]} columns; give one series.")
        series = series.iloc[:, 0]
    if isinstance(series.index, pd.MultiIndex):
        raise ValueError(f"{what} has an index of several levels; give one series, on its clock alone.")
    if series.index.has_duplicates:
        raise ValueError(f"{what} has more than one value at {series.index[series.index.duplicated()][0]}; keep one.")
    try:
        return pd.Series(series.to_numpy(np.float64, na_value=np.nan), series.index)
    except (TypeError, ValueError):
        raise TypeError(f"{what} holds values of type {series.dtype}, no numbers; convert them first.") from None


def _bins(values):
    """Return the edges of a histogram; of rounded values each bin holds as many that are possible."""
    edges = np.histogram_bin_edges(values, "auto")
    if len(edges) > _MOST_BINS + 1:
        edges = np.linspace(edges[0], edges[-1], _MOST_BINS + 1)
    width = edges[1] - edges[0]
    gaps = np.diff(np.unique(values))
    unit = gaps[gaps > 1e-6 * width].min()  # less is rounding
    if unit < 0.1 * width:
        return edges
    width = max(round(width / unit), 1) * unit
    return np.arange(edges[0] - unit / 2, edges[-1] + width, width)


def _autocorrelate(values, n_lags):
    """Return the autocorrelation at lags 1 ... n_lags of values with NaN."""
    centred = values - np.nanmean(values)
    n, variance = len(values), np.nanmean(centred**2)
    correlation = np.full(n_lags, np.nan)
    for lag in range(1, n_lags + 1):
        products = centred[lag:] * centred[:-lag]
        if np.isfinite(products).any():
            correlation[lag - 1] = np.nanmean(products) * (1 - lag / n) / variance
    return correlation
