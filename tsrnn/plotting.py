"""Pictures of forecasts. Functions take and return matplotlib Axes; pyplot is imported only where it must open one."""

import os
from pathlib import Path

import pandas as pd
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

__all__ = ["plot_forecast", "draw_report", "picture_formats", "save_figure"]

_HISTORY, _FORECAST, _BASELINE = "#333333", "#0b63b0", "#d9822b"


def plot_forecast(history, forecast, *, truth=None, baseline=None, n_history=None, title=None, ylabel=None, ax=None):
    """Draw a forecast behind the history it was made from, with what came true and a baseline if given.

    Parameters
    ----------
    history : Series
        What was known; only its last part is drawn.
    forecast : Series
        The steps after it.
    truth, baseline : Series, optional
        The observed values of these steps, and a simpler forecast of them.
    n_history : int, optional
        Steps of history to draw; by default twice as many as forecast.
    title, ylabel : str, optional
        The label of the vertical axis is by default the name of the series; name the unit in it.
    ax : matplotlib Axes, optional
        Where to draw; by default on a new figure.

    Returns
    -------
    matplotlib Axes

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("agg")
    >>> import tsrnn
    >>> nile = tsrnn.datasets.load_nile()
    >>> naive = tsrnn.SeasonalNaive(horizon=10).fit(nile).forecast()
    >>> ax = tsrnn.plotting.plot_forecast(nile, naive, ylabel="flow, 10$^8$ m$^3$ a year")
    >>> ax.get_ylabel()
    'flow, 10$^8$ m$^3$ a year'
    """
    history, forecast = _drawable(history), _drawable(forecast)
    if ax is None:
        import matplotlib.pyplot as plt

        ax = plt.subplots(figsize=(8, 3.6), layout="constrained")[1]
    if not len(forecast) or not len(history):
        raise ValueError("history and forecast need at least one value each.")
    recent = history.iloc[-(n_history or 2 * len(forecast)) :]
    ax.plot(recent.index, recent.to_numpy(), color=_HISTORY, lw=1.2, label="history")
    ax.axvspan(recent.index[-1], forecast.index[-1], color=_FORECAST, alpha=0.06, lw=0)
    styles = {
        "truth, held out": (truth, {"color": _HISTORY, "lw": 1.4, "ls": (0, (1, 1))}),
        "seasonal naive": (baseline, {"color": _BASELINE, "lw": 1.2, "ls": "--"}),
        "forecast": (forecast, {"color": _FORECAST, "lw": 1.8}),
    }
    for label, (series, style) in styles.items():
        if series is not None:
            joined = pd.concat([recent.iloc[-1:], _drawable(series)])  # no hole between history and what follows
            ax.plot(joined.index, joined.to_numpy(), label=label, **style)
    ax.set_title(title or "", loc="left", fontsize=11, pad=20)
    ax.set_ylabel(ylabel or str(history.name or "value"))
    ax.set_xlabel(str(history.index.name or "step") if not isinstance(history.index, pd.DatetimeIndex) else "")
    if isinstance(history.index, pd.DatetimeIndex):
        locator = AutoDateLocator(minticks=4, maxticks=9)
        ax.xaxis.set_major_locator(locator)
        ax.xaxis.set_major_formatter(ConciseDateFormatter(locator))
    ax.margins(x=0.01)
    ax.grid(axis="y", color="0.9", lw=0.8)
    ax.spines[["top", "right"]].set_visible(False)
    # Between title and axes, where no line can run through it.
    ax.legend(frameon=False, fontsize=9, loc="lower left", bbox_to_anchor=(0, 0.99), ncols=4, borderaxespad=0)
    return ax


def draw_report(series, test_forecast, truth, baseline, forecast, *, ylabel=None):
    """Return a Figure of two panels: the test on held-out points beside its baseline, and the forecast from today.

    Parameters
    ----------
    series : Series
        All of the data; the test was forecast from the part before `truth`.
    test_forecast, truth, baseline : Series
        Of the held-out steps; `truth` may hold NaN where nothing was observed.
    forecast : Series
        Of the steps after `series`.
    ylabel : str, optional
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 6), layout="constrained")
    above, below = figure.subplots(2, 1)
    n = len(forecast)
    before = series.iloc[: -len(truth)]
    title = f"Test: the last {n} steps, held out of training"
    plot_forecast(before, test_forecast, truth=truth, baseline=baseline, title=title, ylabel=ylabel, ax=above)
    plot_forecast(series, forecast, n_history=3 * n, title=f"Forecast of the next {n} steps", ylabel=ylabel, ax=below)
    return figure


def picture_formats():
    """Return the file endings that :func:`save_figure` can write, sorted."""
    from matplotlib.backend_bases import FigureCanvasBase

    return sorted(FigureCanvasBase.get_supported_filetypes())


def save_figure(figure, path):
    """Write a Figure to `path`, whose ending names the format; either all of the file is written or none."""
    path = Path(path)
    partial = path.with_name(f".{path.name}.part")
    try:
        figure.savefig(partial, format=path.suffix[1:].lower(), dpi=150)
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def _drawable(series):
    """Return a Series, from one or a frame of one column, on an index that matplotlib can draw."""
    if not isinstance(series, pd.Series | pd.DataFrame):
        raise TypeError(f"give a Series, whose index says when; got {type(series).__name__}.")
    series = series.iloc[:, 0] if isinstance(series, pd.DataFrame) else series
    return series.to_timestamp() if isinstance(series.index, pd.PeriodIndex) else series
