"""Pictures of forecasts, panels, training, back-tests and residuals.

Functions take and return matplotlib Axes. Without any they open a figure by pyplot, which is imported only then, and
leave it to the caller to close it.
"""

import os
from numbers import Integral, Real
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.colors import to_rgb
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.legend_handler import HandlerTuple
from matplotlib.ticker import MaxNLocator

from . import metrics
from .clock import read_clock
from .frames import listing, read_table

__all__ = [
    "plot_forecast", "plot_panel", "plot_training", "plot_backtest", "plot_residuals", "draw_report", "picture_formats",
    "save_figure",
]  # fmt: skip

# Grey, blue and orange are told apart with any colour vision, and lines differ in their dashes too.
_HISTORY, _FORECAST, _BASELINE = "#333333", "#0b63b0", "#d9822b"
_PARTS = {
    "history": ("history", {"color": _HISTORY, "lw": 1.2}),
    "truth": ("truth, held out", {"color": _HISTORY, "lw": 1.4, "ls": (0, (1, 1))}),
    "baseline": ("seasonal naive", {"color": _BASELINE, "lw": 1.2, "ls": "--"}),
    "forecast": ("forecast", {"color": _FORECAST, "lw": 1.8}),
}
_METRICS = {
    "mae": (metrics.mae, "MAE"),
    "rmse": (metrics.rmse, "RMSE"),
    "bias": (metrics.bias, "bias"),
    "mape": (metrics.mape, "MAPE, %"),
    "smape": (metrics.smape, "sMAPE, %"),
    "wape": (metrics.wape, "WAPE, %"),
    "r2": (metrics.r2, "R$^2$"),
}
_SPREAD = (0.1, 0.9)  # of the origins of a back-test
_MOST_BINS = 50


def plot_forecast(
    forecast, history=None, truth=None, baseline=None, intervals=None, *, n_history=None, title=None, ylabel=None,
    labels=None, target=None, id_col="unique_id", time_col="ds", ax=None,
):  # fmt: skip
    """Draw the forecast of one series, with its history, what came true, a baseline and intervals if given.

    Parameters
    ----------
    forecast : Series or DataFrame
        A frame has one series: one column on a clock, or rows of a long or MultiIndex frame with one id. The index is
        of dates, with or without time zone, of periods, drawn where they begin, or of numbers. NaN is not drawn.
    history : like `forecast`, optional
        What was known; only its last part is drawn. The forecast is joined to it unless there is a hole between them.
    truth, baseline : like `forecast`, optional
        The observed values of the steps of the forecast, and a simpler forecast of them.
    intervals : dict of float to (lower, upper), optional
        By level, such as 0.8 for 80 %; both bounds are like `forecast`.
    n_history : int, optional
        Steps of history to draw; by default twice as many as forecast.
    title, ylabel : str, optional
        The label of the vertical axis is by default the name of the series; name the unit in it.
    labels : dict of str to str, optional
        What the legend calls ``"history"``, ``"truth"``, ``"forecast"`` and ``"baseline"`` (by default "seasonal
        naive").
    target : str, optional
        The column to draw of frames that have several beside ids and stamps.
    id_col, time_col : str
        Columns of a long frame.
    ax : matplotlib Axes, optional
        Where to draw; by default on a new figure.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    TypeError, ValueError
        If the parts are no series on one kind of clock, or there is nothing to draw.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("agg")
    >>> import tsrnn
    >>> nile = tsrnn.datasets.load_nile()
    >>> naive = tsrnn.SeasonalNaive(horizon=10).fit(nile).forecast()
    >>> ax = tsrnn.plotting.plot_forecast(naive, nile, ylabel="flow, 10$^8$ m$^3$ a year")
    >>> ax.get_ylabel()
    'flow, 10$^8$ m$^3$ a year'
    """
    columns = {"target": target, "id_col": id_col, "time_col": time_col}
    given = {"forecast": forecast, "history": history, "truth": truth, "baseline": baseline}
    parts = {what: _read_one(data, what, columns) for what, data in given.items() if data is not None}
    bands = _read_intervals(intervals, lambda data, what: _read_one(data, what, columns))
    labels = _check_labels(labels)
    _check_forecast(parts, bands, n_history)
    ax = _open(8, 3.6) if ax is None else ax
    handles = _draw_forecast(ax, parts, bands, n_history, labels)
    n = len(parts["forecast"])
    ax.set_ylabel(ylabel if ylabel is not None else _name(parts.get("history", parts["forecast"])))
    _time_axis(ax, parts["forecast"].index)
    _dress(ax, title if title is not None else f"Forecast of {n} step{'s' * (n > 1)}", handles)
    return ax


def plot_panel(
    forecasts, history=None, truth=None, baseline=None, intervals=None, *, max_series=12, n_columns=3, n_history=None,
    title=None, ylabel=None, labels=None, target=None, id_col="unique_id", time_col="ds", axes=None,
):  # fmt: skip
    """Draw the forecasts of the first series of a panel in a grid, one small picture for each, called by its id.

    Parameters
    ----------
    forecasts : DataFrame or Series
        Wide, long or with a MultiIndex (id, time).
    history, truth, baseline : like `forecasts`, optional
        See :func:`plot_forecast`; in any of these formats, matched by id. Those that lack a series leave it without.
    intervals : dict of float to (lower, upper), optional
        By level; both bounds are like `forecasts`.
    max_series : int, default=12
        Most series to draw; how many more there are is written below the grid.
    n_columns : int, default=3
        Pictures side by side.
    n_history, labels, target, id_col, time_col
        See :func:`plot_forecast`.
    title, ylabel : str, optional
        Of the whole grid.
    axes : array of matplotlib Axes, optional
        Where to draw, at least one for each series; by default on a new figure.

    Returns
    -------
    ndarray of matplotlib Axes, of shape (n_drawn,)
        In the order of `forecasts`. Series whose clocks overlap share one time axis; each has its own vertical axis.

    Raises
    ------
    TypeError, ValueError
        As :func:`plot_forecast`; or if a part has none of the series.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("agg")
    >>> import pandas as pd
    >>> from tsrnn.plotting import plot_panel
    >>> wide = pd.DataFrame({"a": [1.0, 2.0], "b": [5.0, 4.0]}, index=pd.date_range("2024-01-01", periods=2))
    >>> axes = plot_panel(wide)
    >>> [ax.get_title(loc="left") for ax in axes]
    ['a', 'b']
    """
    _check_count("max_series", max_series)
    _check_count("n_columns", n_columns)
    columns = {"target": target, "id_col": id_col, "time_col": time_col}
    given = {"forecast": forecasts, "history": history, "truth": truth, "baseline": baseline}

    def read(data, what):
        is_wide = isinstance(data, pd.DataFrame) and id_col not in data and not isinstance(data.index, pd.MultiIndex)
        return _read_many(data, what, columns | ({"target": None} if is_wide else {}))

    panels = {what: read(data, what) for what, data in given.items() if data is not None}
    bands = _read_intervals(intervals, read)
    labels = _check_labels(labels)
    every = list(panels["forecast"])
    if not every:
        raise ValueError("forecasts has no rows; give at least one series.")
    bounds = {f"intervals[{level}]": side for level, sides in bands.items() for side in sides}
    for what, panel in (panels | bounds).items():
        if not set(every) & set(panel):
            raise ValueError(f"{what} has none of the series of forecasts; it has {listing(list(panel))}.")
    drawn = every[:max_series]
    parts = [{what: panel[one] for what, panel in panels.items() if one in panel} for one in drawn]
    bands = [
        {level: (lower[one], upper[one]) for level, (lower, upper) in bands.items() if one in lower and one in upper}
        for one in drawn
    ]
    for part, band in zip(parts, bands, strict=True):
        _check_forecast(part, band, n_history)
    is_own = axes is None
    axes = _open_grid(len(drawn), n_columns, _overlap(parts, n_history)) if is_own else _check_axes(axes, len(drawn))
    handles = {}
    for ax, one, part, band in zip(axes, drawn, parts, bands, strict=True):
        handles = _draw_forecast(ax, part, band, n_history, labels) | handles
        _time_axis(ax, part["forecast"].index, has_label=False)
        _dress(ax, str(one), {})
    figure = axes[0].get_figure()
    if ylabel is not None:
        figure.supylabel(ylabel)
    below = [_time_label(parts[0]["forecast"].index)]
    if len(every) > len(drawn):
        below.append(f"the first {len(drawn)} of {len(every)} series, {len(every) - len(drawn)} left out")
    if any(below):
        figure.supxlabel("; ".join(filter(None, below)), fontsize=10)
    if is_own:
        # As the legend's title: a title of the figure would stand on the legend.
        head = {"title": title, "title_fontsize": 12, "alignment": "left"}
        _legend(figure, handles, figure.get_figwidth(), loc="outside upper left", **head)
    else:
        if title is not None:
            figure.suptitle(title)
        _dress(axes[0], str(drawn[0]), handles)
    return axes


def plot_training(estimator, *, title=None, ylabel=None, ax=None):
    """Draw the loss of each epoch of training, that of the part held out if there was one, and mark the best epoch.

    Parameters
    ----------
    estimator : estimator or DataFrame
        Fitted, with ``history_``; alone, or inside a Pipeline or a search. Or the history itself, with the columns
        ``loss`` and, if there are any, ``epoch`` and ``validation_loss``; then the best epoch is the one of least loss,
        that of validation if there is one.
    title, ylabel : str, optional
    ax : matplotlib Axes, optional
        Where to draw; by default on a new figure.

    Returns
    -------
    matplotlib Axes
        Logarithmic if the losses are positive and span more than two decades.

    Raises
    ------
    TypeError, ValueError
        If there is no history.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("agg")
    >>> import pandas as pd
    >>> from tsrnn.plotting import plot_training
    >>> ax = plot_training(pd.DataFrame({"loss": [3.0, 1.0, 0.5], "validation_loss": [4.0, 2.0, 3.0]}))
    >>> [text.get_text() for text in ax.get_legend().get_texts()]
    ['training', 'validation', 'best epoch: 2']
    """
    history, best, loss = _read_history(estimator)
    epochs = history["epoch"].to_numpy()
    curves = {name: history[name].to_numpy(np.float64) for name in ("loss", "validation_loss")}
    drawn = {name: values for name, values in curves.items() if np.isfinite(values).any()}
    if not drawn:
        raise ValueError("the history holds no finite loss; training has diverged from its first epoch on.")
    ax = _open(6.4, 3.6) if ax is None else ax
    looks = {"loss": ("training", _HISTORY), "validation_loss": ("validation", _FORECAST)}
    for name, values in drawn.items():
        label, color = looks[name]
        _draw_line(ax, epochs, values, color=color, lw=1.5, label=label)
    watched = drawn.get("validation_loss", drawn.get("loss"))
    best = epochs[np.nanargmin(watched)] if best is None else best
    if best in epochs:
        at = watched[list(epochs).index(best)]
        ax.axvline(best, color=_BASELINE, lw=1, ls="--", zorder=1)
        ax.plot([best], [at], "o", color=_BASELINE, ms=6, label=f"best epoch: {best}", zorder=3)
    every = np.concatenate(list(drawn.values()))
    every = every[np.isfinite(every)]
    if every.min() > 0 and every.max() > 100 * every.min():
        ax.set_yscale("log")
    ax.set_ylabel(ylabel if ylabel is not None else loss)
    ax.set_xlabel("epoch")
    ax.xaxis.set_major_locator(_round_numbers())
    _dress(ax, title if title is not None else "Training")
    return ax


def plot_backtest(
    forecasts, kind="origin", *, metric="mae", baseline=None, series=None, target=None, title=None, ylabel=None,
    labels=None, id_col=None, time_col=None, ax=None,
):  # fmt: skip
    """Draw a back-test: the forecast of each origin over the truth, or the error by step ahead.

    Parameters
    ----------
    forecasts : DataFrame, or what has it as ``forecasts``
        A row for each origin and step, with the columns ``origin``, ``step``, ``forecast``, ``truth`` and that of the
        stamps. ``origin`` is the stamp of the last step known, ``step`` counts from 1. If there are several series
        or targets, a column of ids or one called ``target`` tells them apart.
    kind : {"origin", "step"}
        ``"origin"``: the forecasts of one series, a line for each origin, in time; it begins at a dot, the truth of its
        origin if that is in the frame. ``"step"``: the error over all origins (and series) as a function of the step
        ahead; the shade reaches from the 10th to the 90th percentile of the same error of each origin for itself.
    metric : str or callable, default="mae"
        For ``"step"``: "mae", "rmse", "bias", "mape", "smape", "wape" or "r2" of :mod:`tsrnn.metrics`, or a callable of
        (truth, forecast). Rows without truth have no part in it.
    baseline : like `forecasts`, optional
        The back-test of a simpler forecaster, drawn too.
    series, target : object, optional
        The id of the series and the name of the target to draw, if there are several. By step all series count.
    title, ylabel : str, optional
    labels : dict of str to str, optional
        What the legend calls ``"truth"``, ``"forecast"`` and ``"baseline"`` (by default "seasonal naive").
    id_col, time_col : str, optional
        The columns of ids and stamps; by default ``unique_id``, or the one before ``origin``, and ``ds``, or the one
        after it, if there is no other.
    ax : matplotlib Axes, optional
        Where to draw; by default on a new figure.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    TypeError, ValueError
        If a column is missing or no such numbers, or a series is to be chosen.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("agg")
    >>> import pandas as pd
    >>> from tsrnn.plotting import plot_backtest
    >>> rows = {"origin": [3, 3, 4, 4], "step": [1, 2, 1, 2], "ds": [4, 5, 5, 6]}
    >>> frame = pd.DataFrame({**rows, "forecast": [1.0, 1.0, 2.0, 2.0], "truth": [1.0, 3.0, 3.0, 6.0]})
    >>> ax = plot_backtest(frame, kind="step")
    >>> ax.get_lines()[0].get_ydata().tolist()
    [0.5, 3.0]
    """
    if kind not in ("origin", "step"):
        raise ValueError(f"kind={kind!r} is none; choose 'origin' or 'step'.")
    labels = _check_labels({"truth": "truth", **(labels or {})})
    given = {"forecast": forecasts} | ({"baseline": baseline} if baseline is not None else {})
    names = (id_col, time_col)
    tests = {what: _read_backtest(frame, what, series, target, names) for what, frame in given.items()}
    clocks = {what: pd.Index(test["time"]) for what, test in tests.items()}
    for what, clock in clocks.items():
        _check_same_clock("forecast", clocks["forecast"], what, clock)
    n = tests["forecast"]["origin"].nunique()
    origins = f"{n} origin{'s' * (n > 1)}"
    if kind == "origin":
        for what, test in tests.items():
            if len(ids := test["id"].unique()) > 1:
                raise ValueError(f"the {what} has {len(ids)} series; choose one by series, of {listing(list(ids))}.")
        truth = _truth_of(tests)
        ax = _open(8, 3.6) if ax is None else ax
        _draw_origins(ax, tests, truth, labels)
        ax.set_ylabel(ylabel if ylabel is not None else "value")
        _time_axis(ax, truth.index)
        one = "" if series is None else f" of {series}"
        _dress(ax, title if title is not None else f"Forecasts{one} from {origins}")
        return ax
    score, name = _read_metric(metric)
    errors_of = {what: _errors_by_step(test, score) for what, test in tests.items()}
    ax = _open(6.4, 3.6) if ax is None else ax
    handles, shades = {}, []
    for what, (steps, errors, low, high) in errors_of.items():
        label, style = labels[what], _PARTS[what][1]
        if np.isfinite(low).any():
            shades.append(ax.fill_between(steps, low, high, color=style["color"], alpha=0.15, lw=0))
        handles[label] = ax.plot(steps, errors, marker=".", label=label, **style)[0]
    if shades:
        handles[f"{100 * _SPREAD[0]:g} to {100 * _SPREAD[1]:g} % of origins"] = tuple(shades)
    if callable(metric) or metric in ("bias", "r2"):
        ax.axhline(0, color="0.6", lw=0.8, zorder=1)
    else:
        ax.set_ylim(bottom=0)
    ax.set_ylabel(ylabel if ylabel is not None else name)
    ax.set_xlabel("steps ahead")
    ax.xaxis.set_major_locator(_round_numbers())
    _dress(ax, title if title is not None else f"Error by step ahead, {origins}", handles)
    return ax


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
    _check_count("n_lags", n_lags)
    if n_lags >= len(values):
        raise ValueError(f"n_lags={n_lags} needs more than {len(values)} steps; lower it.")
    if axes is None:
        axes = _open_mosaic([["in time", "in time"], ["histogram", "autocorrelation"]], 8, 5)
    else:
        axes = _check_axes(axes, 3)
    name = ylabel if ylabel is not None else "residual" if forecast is None else "truth - forecast"

    ax = axes[0]
    _draw_line(ax, _instants(residuals.index), values, color=_FORECAST, lw=0.9)
    ax.axhline(0, color="0.4", lw=0.8, zorder=1)
    ax.set_ylabel(name)
    _time_axis(ax, residuals.index)
    _dress(ax, title if title is not None else "Residuals")

    ax, mean, deviation = axes[1], finite.mean(), finite.std(ddof=1)
    is_constant = deviation <= 1e-12 * np.abs(finite).max()
    edges = _bins(finite) if not is_constant else np.histogram_bin_edges(finite, 1)
    ax.hist(finite, edges, color=_FORECAST, alpha=0.5, edgecolor="white", lw=0.5)
    ax.axvline(0, color="0.4", lw=0.8)
    if not is_constant:
        at = np.linspace(min(edges[0], mean - 3 * deviation), max(edges[-1], mean + 3 * deviation), 201)
        density = np.exp(-0.5 * ((at - mean) / deviation) ** 2) / (deviation * np.sqrt(2 * np.pi))
        ax.plot(
            at,
            n * (edges[1] - edges[0]) * density,
            color=_BASELINE,
            lw=1.4,
            label="normal with this mean and deviation",
        )
    ax.set_xlabel(name)
    ax.set_ylabel("steps")
    ax.yaxis.set_major_locator(_round_numbers())
    _dress(ax, "Histogram")

    ax, band = axes[2], 1.96 / np.sqrt(n)
    lags = np.arange(1, n_lags + 1)
    ax.axhspan(-band, band, color=_HISTORY, alpha=0.12, lw=0, label="±1.96 / √n, 95 % if independent")
    ax.axhline(0, color="0.4", lw=0.8)
    if is_constant:
        ax.text(0.5, 0.75, "all the same: none", transform=ax.transAxes, ha="center")
    else:
        correlation = _autocorrelate(values, n_lags)
        ax.vlines(lags, 0, correlation, color=_FORECAST, lw=1.6)
        ax.plot(lags, correlation, "o", color=_FORECAST, ms=3)
    ax.set_xlim(0, n_lags + 1)
    ax.set_xlabel("lag, steps")
    ax.set_ylabel("autocorrelation")
    ax.xaxis.set_major_locator(_round_numbers())
    _dress(ax, "Autocorrelation")
    return axes


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
    plot_forecast(test_forecast, before, truth, baseline, title=title, ylabel=ylabel, ax=above)
    plot_forecast(forecast, series, n_history=3 * n, title=f"Forecast of the next {n} steps", ylabel=ylabel, ax=below)
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


# What is given becomes Series of floats on an index that matplotlib can draw.


def _read_many(data, what, columns):
    """Return {id: Series}, each in the order of time, of any format; the id of a single one is its name."""
    if not isinstance(data, pd.Series | pd.DataFrame):
        raise TypeError(f"{what} must be a Series or a DataFrame, whose index says when; got {type(data).__name__}.")
    clock = (columns["id_col"], columns["time_col"])
    has_choice = isinstance(data, pd.DataFrame) and sum(name not in clock for name in data.columns) > 1
    table = read_table(data, **(columns if has_choice else columns | {"target": None}))
    keys = table.keys
    if keys.ids is None:
        names = table.targets.columns if isinstance(data, pd.DataFrame) else [data.name]
        targets = [table.targets.iloc[:, column] for column in range(len(names))]
        return {one: _drawable(target, keys.stamps, what, one) for one, target in zip(names, targets, strict=True)}
    if table.targets.shape[1] > 1:
        raise ValueError(f"{what} has the targets {listing(table.targets.columns)}; choose one by target.")
    values, name = table.targets.iloc[:, 0], table.targets.columns[0]
    rows = pd.Series(range(len(data))).groupby(keys.series).indices
    of_ids = {one: rows[number] for number, one in enumerate(keys.ids)}
    return {one: _drawable(values.iloc[at], keys.stamps[at], what, name) for one, at in of_ids.items()}


def _read_one(data, what, columns):
    """Return the only series that there is."""
    series = _read_many(data, what, columns)
    if len(series) != 1:
        cure = "choose one, or call plot_panel" if len(series) else "give at least one row"
        raise ValueError(f"{what} holds {len(series)} series; {cure}.")
    return next(iter(series.values()))


def _drawable(values, stamps, what, name):
    """Return values on their stamps as a Series of floats in the order of time."""
    stamps = pd.Index(stamps)
    if isinstance(stamps, pd.PeriodIndex):
        stamps = stamps.to_timestamp()
    elif not isinstance(stamps, pd.DatetimeIndex) and (stamps.dtype.kind not in "iuf"):
        raise TypeError(
            f"the stamps of {what} are {stamps.dtype}, not dates, periods or numbers; pd.to_datetime makes dates."
        )
    if stamps.hasnans:
        raise ValueError(f"{what} has {int(stamps.isna().sum())} row(s) without a stamp; drop them.")
    try:
        numbers = values.to_numpy(np.float64, na_value=np.nan)
    except (TypeError, ValueError):
        raise TypeError(f"{what} holds values of type {values.dtype}, no numbers; convert them first.") from None
    series = pd.Series(numbers, stamps, name=name)
    if stamps.has_duplicates:
        raise ValueError(f"{what} has more than one value at {stamps[stamps.duplicated()][0]}; keep one.")
    return series.sort_index()


def _read_intervals(intervals, read):
    """Return {level: (lower, upper)}, widest first, each bound as `read` returns it."""
    if intervals is None:
        return {}
    if not isinstance(intervals, dict):
        raise TypeError(f"intervals must be a dict of level to (lower, upper); got {type(intervals).__name__}.")
    for level, sides in intervals.items():
        if isinstance(level, bool) or not isinstance(level, Real) or not 0 < level < 1:
            raise ValueError(f"intervals has the level {level!r}, not between 0 and 1; write 0.8 for 80 %.")
        if not isinstance(sides, tuple | list) or len(sides) != 2:
            raise ValueError(f"intervals[{level}] is no pair; give (lower, upper).")
    return {
        level: tuple(read(side, f"intervals[{level}]") for side in intervals[level])
        for level in sorted(intervals, reverse=True)
    }


def _check_labels(labels):
    """Return what the legend calls each part."""
    unknown = sorted(set(labels or {}) - set(_PARTS))
    if unknown:
        raise ValueError(f"labels names {unknown[0]!r}, which is no part; the parts are {', '.join(_PARTS)}.")
    return {what: label for what, (label, _) in _PARTS.items()} | (labels or {})


def _check_count(name, value):
    if isinstance(value, bool) or not isinstance(value, Integral) or value < 1:
        raise ValueError(f"{name} must be a whole number from 1 on; got {value!r}.")


def _check_forecast(parts, bands, n_history):
    """Raise unless all parts of one picture can be drawn on one axis."""
    if n_history is not None:
        _check_count("n_history", n_history)
    bounds = {f"intervals[{level}]": sides[at] for level, sides in bands.items() for at in (0, 1)}
    for what, series in (parts | bounds).items():
        if not len(series):
            raise ValueError(f"{what} has no rows; give at least one.")
        _check_same_clock("forecast", parts["forecast"].index, what, series.index)
    if "history" in parts and parts["history"].index[0] > parts["forecast"].index[-1]:
        raise ValueError("history begins after the forecast ends; give the forecast first, then its history.")
    for level, (lower, upper) in bands.items():
        if not lower.index.equals(upper.index):
            raise ValueError(f"the bounds of intervals[{level}] have different stamps; give both the same.")
        if (crossed := (lower > upper).to_numpy()).any():
            stamp = lower.index[crossed.argmax()]
            raise ValueError(f"the lower bound of intervals[{level}] is above the upper one at {stamp}; swap them.")


def _check_same_clock(what, index, other_what, other):
    def kind(index):
        if not isinstance(index, pd.DatetimeIndex):
            return "numbers"
        return "dates" if index.tz is None else "dates with a time zone"

    if kind(index) != kind(other):
        raise TypeError(
            f"{what} is on a clock of {kind(index)}, but {other_what} on one of {kind(other)}; give both the same."
        )


def _check_axes(axes, n):
    """Return the first n of the Axes given."""
    axes = np.ravel(np.asarray(axes, dtype=object))
    if len(axes) < n:
        raise ValueError(f"axes holds {len(axes)} Axes, but {n} are needed.")
    return axes[:n]


def _read_history(estimator):
    """Return the history of an estimator, its best epoch if it says one, and what its loss is called."""
    if isinstance(estimator, pd.DataFrame):
        history, best, loss = estimator, None, "loss"
    else:
        outer = estimator
        while not hasattr(estimator, "history_"):
            inner = [getattr(estimator, name, None) for name in ("best_estimator_", "regressor_")]
            inner += [estimator.steps[-1][1]] if hasattr(estimator, "steps") else []
            estimator = next((one for one in inner if one is not None), None)
            if estimator is None:
                raise ValueError(f"{type(outer).__name__} has no history_; give a network that is fitted.")
        history, best, loss = estimator.history_, getattr(estimator, "best_iter_", None), "loss"
        if isinstance(name := getattr(estimator, "loss", None), str) and name != "auto":
            loss = f"loss: {name.replace('_', ' ')}"
    if "loss" not in history.columns or not len(history):
        raise ValueError(f"a history needs a column 'loss' and a row for each epoch; got {listing(history.columns)}.")
    history = history.reset_index(drop=True)
    if "epoch" not in history.columns:
        history = history.assign(epoch=range(1, len(history) + 1))
    if "validation_loss" not in history.columns:
        history = history.assign(validation_loss=np.nan)
    return history, best, loss


def _read_metric(metric):
    """Return a callable of (truth, forecast), and its name with its unit."""
    if callable(metric):
        return metric, getattr(metric, "__name__", "error")
    if not isinstance(metric, str) or metric not in _METRICS:
        raise ValueError(
            f"metric={metric!r} is no score of truth and forecast alone; choose one of {', '.join(_METRICS)}, or give "
            "a callable of (truth, forecast)."
        )
    return _METRICS[metric]


def _read_backtest(frame, what, series, target, names):
    """Return a frame with the columns id, origin, step, time, forecast, truth, in the order of time."""
    frame = frame if isinstance(frame, pd.DataFrame) else getattr(frame, "forecasts", frame)
    if not isinstance(frame, pd.DataFrame):
        raise TypeError(f"the {what} must be the DataFrame of a back-test; got {type(frame).__name__}.")
    id_col, time_col = _find_columns(frame, *names)
    for name in ("origin", "step", time_col, "forecast", "truth"):
        if (n := int((frame.columns == name).sum())) != 1:
            raise ValueError(f"the {what} has {n} columns named {name!r}; a back-test needs one.")
    if not len(frame):
        raise ValueError(f"the {what} has no rows; give those of at least one origin.")
    if "target" in frame.columns:
        if target is None and frame["target"].nunique() > 1:
            every = listing(list(frame["target"].unique()))
            raise ValueError(f"the {what} has the targets {every}; choose one by target.")
        frame = frame if target is None else frame[frame["target"] == target]
        if not len(frame):
            raise ValueError(f"there is no target {target!r} in the {what}.")
    tidy = pd.DataFrame({"id": frame[id_col] if id_col in frame.columns else None}, index=frame.index)
    if series is not None and not (tidy["id"] == series).any():
        raise ValueError(f"there is no series {series!r} in the {what}; it has {listing(list(tidy['id'].unique()))}.")
    for name, column in {"origin": "origin", "time": time_col}.items():
        given = frame[column]
        if isinstance(given.dtype, pd.PeriodDtype):
            given = given.dt.to_timestamp()
        elif given.dtype.kind not in "iufM":
            raise TypeError(f"column {column!r} of the {what} holds {given.dtype}, not dates, periods or numbers.")
        tidy[name] = given
    for name in ("step", "forecast", "truth"):
        try:
            tidy[name] = frame[name].to_numpy(np.float64, na_value=np.nan)
        except (TypeError, ValueError):
            raise TypeError(f"column {name!r} of the {what} holds {frame[name].dtype}, no numbers.") from None
    if tidy[["origin", "time", "step"]].isna().any(axis=None):
        raise ValueError(f"the {what} has rows without origin, step or time; drop them.")
    if series is not None:
        tidy = tidy[tidy["id"] == series]
    return tidy.sort_values(["origin", "step"], kind="stable").reset_index(drop=True)


def _find_columns(frame, id_col, time_col):
    """Return the names of the columns of ids and of stamps, of which the first need not be there."""
    columns = list(frame.columns)
    place = columns.index("origin") if "origin" in columns else 0
    others = [name for name in columns if name not in ("origin", "step", "target", "forecast", "truth")]
    before = [name for name in others if columns.index(name) < place and name != "ds"]
    after = [name for name in others if columns.index(name) > place and name != "unique_id"]
    if id_col is None:
        id_col = before[0] if len(before) == 1 and "unique_id" not in columns else "unique_id"
    if time_col is None:
        time_col = after[0] if len(after) == 1 and "ds" not in columns else "ds"
    return id_col, time_col


def _read_residuals(truth, forecast):
    """Return residuals on all stamps of their clock, NaN where there is none, as a Series that can be drawn."""
    if forecast is None:
        residuals = _column(truth, "residuals")
    else:
        truth, forecast = _column(truth, "truth"), _column(forecast, "forecast")
        _check_same_clock("truth", _timestamps(truth.index), "forecast", _timestamps(forecast.index))
        if not forecast.index.isin(truth.index).all():
            odd = forecast.index[~forecast.index.isin(truth.index)][0]
            raise ValueError(f"forecast has a row for {odd}, which truth has not; give truth for the same steps.")
        residuals = truth.reindex(forecast.index) - forecast
    if np.isinf(residuals.to_numpy()).any():
        raise ValueError("the residuals hold an infinite value; correct it or write NaN.")
    if int(residuals.notna().sum()) < 2:
        raise ValueError(f"there are {int(residuals.notna().sum())} residuals; give at least two.")
    clock, positions = read_clock(residuals.index, None, "the residuals")
    values = np.full(clock.n, np.nan)
    values[positions] = residuals.to_numpy()
    return pd.Series(values, _timestamps(clock.stamps(0, clock.n)))


def _column(data, what):
    """Return a Series of floats on its own index, of a Series, a frame of one column or an array."""
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


def _timestamps(index):
    return index.to_timestamp() if isinstance(index, pd.PeriodIndex) else index


def _name(series):
    return str(series.name) if series.name not in (None, "y", 0) else "value"


# What is drawn.


def _draw_forecast(ax, parts, bands, n_history, labels):
    """Draw one picture; return what its legend shows, {label: handle}, with all intervals in one entry."""
    parts, bands = _in_utc(parts), {level: _in_utc(dict(enumerate(sides))) for level, sides in bands.items()}
    forecast, history = parts["forecast"], parts.get("history")
    last = None
    if history is not None:
        recent = _recent(history, forecast, n_history)
        _draw_line(ax, recent.index, recent.to_numpy(), label=labels["history"], **_PARTS["history"][1])
        last = _last_before(recent, forecast)
    shades = []
    if history is not None and not bands:
        begin = forecast.index[0] if last is None else last.index[0]
        ax.axvspan(begin, forecast.index[-1], color=_FORECAST, alpha=0.06, lw=0)
    for rank, (level, sides) in enumerate(bands.items()):
        share = 0.18 + 0.4 * rank / len(bands)  # of the colour; the narrower, the darker
        shade = tuple(share * one + 1 - share for one in to_rgb(_FORECAST))
        lower, upper = (_join(last, side) for side in sides.values())
        name = f"{100 * level:g} %"
        shades.append(ax.fill_between(lower.index, lower, upper, color=shade, lw=0, zorder=1, label=name))
    for what in ("truth", "baseline", "forecast"):
        if what in parts:
            joined = _join(last, parts[what])
            _draw_line(ax, joined.index, joined.to_numpy(), label=labels[what], **_PARTS[what][1])
    ax.margins(x=0.01)
    handles = {line.get_label(): line for line in ax.get_lines() if not line.get_label().startswith("_")}
    levels = ", ".join(f"{100 * level:g}" for level in reversed(bands))
    return handles | ({f"{levels} % interval{'s' * (len(bands) > 1)}": tuple(reversed(shades))} if bands else {})


def _in_utc(parts):
    return {what: series.set_axis(_instants(series.index)) for what, series in parts.items()}


def _recent(history, forecast, n_history):
    """Return the last part of the history, which may reach into the forecast."""
    first = history.index.searchsorted(forecast.index[0])
    end = history.index.searchsorted(forecast.index[-1], side="right")
    return history.iloc[max(first - (n_history or 2 * len(forecast)), 0) : end]


def _last_before(history, forecast):
    """Return the last row of history before the forecast, or None if there is a hole between them."""
    known = history[history.index < forecast.index[0]]
    if not len(known):
        return None
    clock = known.index.append(forecast.index)
    steps = np.diff(clock.to_numpy())
    gap, others = steps[len(known) - 1], np.delete(steps, len(known) - 1)
    return known.iloc[-1:] if not len(others) or gap <= 1.5 * others.max() else None


def _join(last, series):
    """Return a series that begins with the last row of history, unless it has that already."""
    return series if last is None or series.index[0] <= last.index[0] else pd.concat([last, series])


def _draw_line(ax, x, y, **style):
    """Draw a line; a value that stands alone between missing ones is a dot, as no line leads there."""
    is_there = np.isfinite(y)
    beside = np.concatenate([[False], is_there, [False]])
    alone = np.flatnonzero(is_there & ~beside[:-2] & ~beside[2:])
    ax.plot(x, y, marker="." if len(alone) else None, markevery=alone.tolist() if len(alone) else None, **style)


def _truth_of(tests):
    """Return the truth of back-tests of one series, NaN at stamps of theirs where it was not observed."""
    every = pd.concat(tests.values())[["time", "truth"]]
    truths = every.groupby("time")["truth"]  # in the order of time
    if (truths.nunique() > 1).any():
        raise ValueError("there is more than one truth at a stamp; give the back-test of one series.")
    return truths.first()


def _draw_origins(ax, tests, truth, labels):
    """Draw the truth and the forecasts of each origin."""
    style = {"label": labels["truth"], "zorder": 3, **_PARTS["history"][1]}
    _draw_line(ax, _instants(truth.index), truth.to_numpy(), **style)
    for what, test in reversed(tests.items()):
        style = _PARTS[what][1] | {"lw": 0.9, "alpha": 0.7}
        label = labels[what]
        for origin, rows in test.groupby("origin", sort=True):
            line = rows.set_index("time")["forecast"]
            if np.isfinite(truth.get(origin, np.nan)):
                line = pd.concat([truth.loc[[origin]], line])
            x, y = _instants(line.index), line.to_numpy()
            _draw_line(ax, x, y, label=label, **style)
            if what == "forecast":
                ax.plot(x[:1], y[:1], ".", color=style["color"], ms=5)
            label = None
    ax.margins(x=0.01)


def _errors_by_step(test, score):
    """Return the steps ahead, the error of each, and its percentiles over origins, NaN where there is no spread."""

    def error(rows):
        return score(rows["truth"].to_numpy(), rows["forecast"].to_numpy())

    def error_or_nan(rows):  # such as the R2 of one point
        try:
            return error(rows)
        except ValueError:
            return np.nan

    known = test.dropna(subset=["forecast", "truth"])
    if not len(known):
        raise ValueError("no row of the back-test has both forecast and truth; there is no error to draw.")
    columns = ["truth", "forecast"]
    errors = pd.Series({step: error(rows) for step, rows in known.groupby("step")[columns]})
    groups = known.groupby(["step", "origin"])[columns]
    if known["origin"].nunique() < 2:
        return errors.index.to_numpy(), errors.to_numpy(), *np.full((2, len(errors)), np.nan)
    alone = pd.Series({key: error_or_nan(rows) for key, rows in groups}).groupby(level=0)
    low, high = (alone.quantile(share).to_numpy() for share in _SPREAD)
    return errors.index.to_numpy(), errors.to_numpy(), low, high


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


# Figures, axes and legends.


def _open(width, height):
    import matplotlib.pyplot as plt

    return plt.subplots(figsize=(width, height), layout="constrained")[1]


def _open_mosaic(mosaic, width, height):
    import matplotlib.pyplot as plt

    return np.array(list(plt.subplot_mosaic(mosaic, figsize=(width, height), layout="constrained")[1].values()))


def _open_grid(n, n_columns, has_one_time):
    """Return n Axes on a new figure; the lowest of each column says the time of all if there is one time."""
    import matplotlib.pyplot as plt

    n_columns = min(n, n_columns)
    n_rows = -(-n // n_columns)
    size = (max(2.9 * n_columns, 5), 1.9 * n_rows + 0.7)
    grid = plt.subplots(n_rows, n_columns, figsize=size, layout="constrained", sharex=has_one_time, squeeze=False)[1]
    axes = grid.ravel()
    for ax in axes[n:]:
        ax.remove()
    for ax in axes[max(n - n_columns, 0) : n]:
        ax.xaxis.set_tick_params(labelbottom=True)
    return axes[:n]


def _overlap(parts, n_history):
    """Return whether the series of a grid are of one time, so that one axis serves all."""
    firsts, lasts = [], []
    for part in parts:
        recent = _recent(part["history"], part["forecast"], n_history) if "history" in part else part["forecast"]
        firsts.append(min(recent.index.min(), part["forecast"].index[0]) if len(recent) else part["forecast"].index[0])
        lasts.append(part["forecast"].index[-1])
    longest = max(last - first for first, last in zip(firsts, lasts, strict=True))
    return max(lasts) - min(firsts) <= 1.5 * longest


def _instants(index):
    """Return stamps as they are drawn: numbers, or dates, which matplotlib counts in UTC."""
    return index.to_numpy() if getattr(index, "tz", None) is None else index.tz_convert(None).to_numpy()


def _time_label(index):
    if isinstance(index, pd.DatetimeIndex):
        return "" if index.tz is None else f"time, {index.tz}"
    return str(index.name) if index.name not in (None, "ds") else "step"


def _time_axis(ax, index, has_label=True):
    """Make the horizontal axis one of dates, in the time zone of the data, or of whole numbers."""
    if isinstance(index, pd.DatetimeIndex):
        # With less than twice as many at most as at least, some lengths of time (15 months, 50 hours) have no ticks.
        n = int(np.clip(_width(ax) / 0.65, 5, 9))
        locator = AutoDateLocator(tz=index.tz, minticks=(n - 1) // 2, maxticks=n)
        ax.xaxis.set_major_locator(locator)
        ax.xaxis.set_major_formatter(ConciseDateFormatter(locator, tz=index.tz))
    else:
        ax.xaxis.set_major_locator(_round_numbers(index.dtype.kind in "iu"))
    ax.set_xlabel(_time_label(index) if has_label else "")


def _round_numbers(are_whole=True):
    return MaxNLocator("auto", integer=are_whole, steps=[1, 2, 5, 10])


def _width(ax):
    """Return the width of Axes in inches."""
    return ax.get_window_extent().width / ax.get_figure(root=True).dpi


def _dress(ax, title, handles=None):
    """Give Axes a grid, a title and a legend of {label: handle}, by default of all that has a label."""
    ax.grid(axis="y", color="0.9", lw=0.8)
    ax.set_axisbelow(True)
    ax.spines[["top", "right"]].set_visible(False)
    if handles is None:
        handles = {label: handle for handle, label in zip(*ax.get_legend_handles_labels(), strict=True)}
    # Between title and axes, where no line can run through it.
    n_rows = _legend(ax, handles, _width(ax), loc="lower left", bbox_to_anchor=(0, 1)) if handles else 0
    ax.set_title(title, loc="left", fontsize=11, pad=6 + 14 * n_rows)


def _legend(parent, handles, width, **place):
    """Put a legend into a Figure or Axes of this width, in inches; return how many rows it has."""
    widths = [0.42 + 0.058 * len(label) for label in handles]  # of a line, some letters and space
    n = len(widths)
    columns = (-(-n // rows) for rows in range(1, n + 1))
    n_columns = next((k for k in columns if sum(_column_widths(widths, k)) <= width), 1)
    parent.legend(
        handles.values(), handles, frameon=False, fontsize=9, borderaxespad=0, ncols=n_columns, handlelength=1.6,
        columnspacing=1.4, handler_map={tuple: HandlerTuple(ndivide=None, pad=0)}, **place,
    )  # fmt: skip
    return -(-n // n_columns)


def _column_widths(widths, n_columns):
    """Return the width of each column of a legend, which matplotlib fills column by column, the first ones longest."""
    return [max(column) for column in np.array_split(widths, n_columns)]
