"""Forecasts of one series or of a panel, with history, truth, a baseline and intervals."""

import numpy as np
import pandas as pd
from matplotlib.layout_engine import ConstrainedLayoutEngine

from ..counts import how_many
from ..frames import listing
from .axes import (
    FORECAST,
    PARTS,
    add_legend,
    check_axes,
    check_labels,
    draw_band,
    draw_line,
    dress,
    instants,
    open_axes,
    open_grid,
    shade_of,
    shorten_to_fit,
    time_axis,
    time_label,
)
from .reading import (
    check_count,
    check_same_clock,
    interval_name,
    part_intervals,
    read_intervals,
    read_many,
    read_one,
)


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
        The intervals that it has in columns such as ``"y-lo-80"`` and ``"y-hi-80"`` are drawn too.
    history : like `forecast`, optional
        What was known; only its last part is drawn. The forecast is joined to it unless there is a hole between them.
    truth, baseline : like `forecast`, optional
        The observed values of the steps of the forecast, and a simpler forecast of them, without its intervals.
    intervals : dict of float to (lower, upper), optional
        Intervals that are not in `forecast`, by level in percent, such as 80; both bounds are like `forecast`.
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
        If the parts are no series on one kind of clock, there is nothing to draw, or intervals are none.

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

    A frame with intervals becomes a fan:

    >>> frame = naive.to_frame("flow").assign(**{"flow-lo-80": naive - 200, "flow-hi-80": naive + 200})
    >>> ax = tsrnn.plotting.plot_forecast(frame, nile)
    >>> [text.get_text() for text in ax.get_legend().get_texts()]
    ['history', 'forecast', '80 % interval']
    """
    columns = {"target": target, "id_col": id_col, "time_col": time_col}
    forecast, intervals = part_intervals(forecast, intervals, "forecast", columns)
    baseline, _ = part_intervals(baseline, None, "baseline", columns)
    given = {"forecast": forecast, "history": history, "truth": truth, "baseline": baseline}
    parts = {what: read_one(data, what, columns) for what, data in given.items() if data is not None}
    bands = read_intervals(intervals, lambda data, what: read_one(data, what, columns))
    labels = check_labels(labels)
    _check_forecast(parts, bands, n_history)
    ax = open_axes(8, 3.6) if ax is None else ax
    handles = _draw_forecast(ax, parts, bands, n_history, labels)
    n = len(parts["forecast"])
    ax.set_ylabel(ylabel if ylabel is not None else _name(parts.get("history", parts["forecast"])))
    time_axis(ax, parts["forecast"].index)
    dress(ax, title if title is not None else f"Forecast of {how_many(n, 'step')}", handles)
    return ax


def plot_panel(
    forecasts, history=None, truth=None, baseline=None, intervals=None, *, max_series=12, n_columns=None,
    n_history=None, title=None, ylabel=None, labels=None, target=None, id_col="unique_id", time_col="ds", axes=None,
):  # fmt: skip
    """Draw the forecasts of the first series of a panel in a grid, one small picture for each, called by its id.

    Parameters
    ----------
    forecasts : DataFrame or Series
        Wide, long or with a MultiIndex (id, time). The intervals that it has in columns such as ``"y-lo-80"`` and
        ``"y-hi-80"``, or in a wide frame ``"<series>-lo-80"``, are drawn too.
    history, truth, baseline : like `forecasts`, optional
        See :func:`plot_forecast`; in any of these formats, matched by id. Those that lack a series leave it without.
    intervals : dict of float to (lower, upper), optional
        Intervals that are not in `forecasts`, by level in percent; both bounds are like `forecasts`.
    max_series : int, default=12
        Most series to draw; how many more there are is written below the grid.
    n_columns : int, optional
        Pictures side by side; by default three, or two if there are four.
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
    check_count("max_series", max_series)
    if n_columns is not None:
        check_count("n_columns", n_columns)
    columns = {"target": target, "id_col": id_col, "time_col": time_col}

    def columns_of(data):
        is_wide = isinstance(data, pd.DataFrame) and id_col not in data and not isinstance(data.index, pd.MultiIndex)
        return columns | ({"target": None} if is_wide else {})

    forecasts, intervals = part_intervals(forecasts, intervals, "forecasts", columns_of(forecasts))
    baseline, _ = part_intervals(baseline, None, "baseline", columns_of(baseline))
    given = {"forecast": forecasts, "history": history, "truth": truth, "baseline": baseline}

    def read(data, what):
        return read_many(data, what, columns_of(data))

    panels = {what: read(data, what) for what, data in given.items() if data is not None}
    bands = read_intervals(intervals, read)
    labels = check_labels(labels)
    every = list(panels["forecast"])
    if not every:
        raise ValueError("forecasts has no rows; give at least one series.")
    bounds = {f"the {interval_name(level)}": side for level, sides in bands.items() for side in sides}
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
    axes = open_grid(len(drawn), n_columns, _overlap(parts, n_history)) if is_own else check_axes(axes, len(drawn))
    handles = {}
    for ax, one, part, band in zip(axes, drawn, parts, bands, strict=True):
        handles = _draw_forecast(ax, part, band, n_history, labels) | handles
        time_axis(ax, part["forecast"].index, has_label=False)
        dress(ax, shorten_to_fit(ax, str(one)), {})
    figure = axes[0].get_figure()
    if ylabel is not None:
        figure.supylabel(ylabel)
    below = [time_label(parts[0]["forecast"].index)]
    if len(every) > len(drawn):
        below.append(f"the first {len(drawn)} of {len(every)} series, {len(every) - len(drawn)} left out")
    if any(below):
        figure.supxlabel("; ".join(filter(None, below)), fontsize=10)
    if is_own or isinstance(figure.get_layout_engine(), ConstrainedLayoutEngine):
        # As the legend's title: a title of the figure would stand on the legend.
        head = {"title": title, "title_fontsize": 12, "alignment": "left"}
        add_legend(figure, handles, figure.bbox.width / figure.dpi, loc="outside upper left", **head)
    else:
        if title is not None:
            figure.suptitle(title)
        dress(axes[0], axes[0].get_title(loc="left"), handles)
    return axes


def draw_report(series, test_forecast, truth, baseline, forecast, *, ylabel=None, labels=None):
    """Return a Figure of two panels: the test on held-out points beside its baseline, and the forecast from today.

    Parameters
    ----------
    series : Series
        All of the data; the test was forecast from the part before `truth`.
    test_forecast : Series or DataFrame
        Of the held-out steps; the intervals in its columns are drawn.
    truth, baseline : Series
        Likewise; `truth` may hold NaN where nothing was observed.
    forecast : Series or DataFrame
        Of the steps after `series`, as `test_forecast`.
    ylabel, labels : optional
        See :func:`plot_forecast`.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 6), layout="constrained")
    above, below = figure.subplots(2, 1)
    n = len(forecast)
    before = series.iloc[: -len(truth)]
    steps = "step" if n == 1 else f"{n} steps"
    title = f"Test: the last {steps}, held out of training"
    plot_forecast(test_forecast, before, truth, baseline, title=title, ylabel=ylabel, labels=labels, ax=above)
    plot_forecast(forecast, series, n_history=3 * n, title=f"Forecast of the next {steps}", ylabel=ylabel, ax=below)
    return figure


def _check_forecast(parts, bands, n_history):
    """Raise unless all parts of one picture can be drawn on one axis."""
    if n_history is not None:
        check_count("n_history", n_history)
    bounds = {f"the {interval_name(level)}": sides[at] for level, sides in bands.items() for at in (0, 1)}
    for what, series in (parts | bounds).items():
        if not len(series):
            raise ValueError(f"{what} has no rows; give at least one.")
        check_same_clock("forecast", parts["forecast"].index, what, series.index)
    if "history" in parts and parts["history"].index[0] > parts["forecast"].index[-1]:
        raise ValueError("history begins after the forecast ends; give the forecast first, then its history.")
    if "truth" in parts and not parts["truth"].index.isin(parts["forecast"].index).any():
        first, last = parts["forecast"].index[[0, -1]]
        raise ValueError(f"truth has no step of the forecast, from {first} to {last}; give the part that came true.")
    for level, (lower, upper) in bands.items():
        if not lower.index.equals(upper.index):
            raise ValueError(f"the bounds of the {interval_name(level)} have different stamps; give both the same.")
        if (crossed := (lower > upper).to_numpy()).any():
            stamp = lower.index[crossed.argmax()]
            raise ValueError(
                f"the lower bound of the {interval_name(level)} is above the upper one at {stamp}; swap them."
            )


def _overlap(parts, n_history):
    """Return whether the series of a grid are of one time, so that one axis serves all."""
    firsts, lasts = [], []
    for part in parts:
        recent = _recent(part["history"], part["forecast"], n_history) if "history" in part else part["forecast"]
        firsts.append(min(recent.index.min(), part["forecast"].index[0]) if len(recent) else part["forecast"].index[0])
        lasts.append(part["forecast"].index[-1])
    longest = max(last - first for first, last in zip(firsts, lasts, strict=True))
    return max(lasts) - min(firsts) <= 1.5 * longest


def _draw_forecast(ax, parts, bands, n_history, labels):
    """Draw one picture; return what its legend shows, {label: handle}."""
    parts, bands = _in_utc(parts), {level: _in_utc(dict(enumerate(sides))) for level, sides in bands.items()}
    forecast, history = parts["forecast"], parts.get("history")
    last = None
    if history is not None:
        recent = _recent(history, forecast, n_history)
        draw_line(ax, recent.index, recent.to_numpy(), label=labels["history"], **PARTS["history"][1])
        last = _last_before(recent, forecast)
    shades = {}
    if history is not None and not bands:
        begin = forecast.index[0] if last is None else last.index[0]
        ax.axvspan(begin, forecast.index[-1], color=FORECAST, alpha=0.06, lw=0)
    for rank, (level, sides) in enumerate(bands.items()):
        shade = shade_of(rank, len(bands))
        lower, upper = (_join(last, side) for side in sides.values())
        name = interval_name(level)
        shades[name] = draw_band(ax, lower.index, lower.to_numpy(), upper.to_numpy(), shade, name)
    for what in ("truth", "baseline", "forecast"):
        if what in parts:
            joined = _join(last, parts[what])
            draw_line(ax, joined.index, joined.to_numpy(), label=labels[what], **PARTS[what][1])
    ax.margins(x=0.01)
    handles = {line.get_label(): line for line in ax.get_lines() if not line.get_label().startswith("_")}
    return handles | dict(reversed(shades.items()))


def _in_utc(parts):
    return {what: series.set_axis(instants(series.index)) for what, series in parts.items()}


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


def _name(series):
    return str(series.name) if series.name not in (None, "y", 0) else "value"
