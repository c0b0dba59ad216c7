"""Back-tests: the forecasts of each origin over the truth, or the error by step ahead."""

import numpy as np
import pandas as pd

from .. import metrics
from ..bands import is_answer, split_bands
from ..counts import how_many
from ..frames import listing
from ..metrics.grouped import score_groups
from .axes import (
    PARTS,
    check_labels,
    draw_band,
    draw_line,
    dress,
    instants,
    open_axes,
    round_numbers,
    shade_of,
    time_axis,
)
from .reading import check_same_clock, interval_name

_METRICS = {  # function, column of tables, and what the axis is called
    "mae": (metrics.mae, "MAE", "MAE"),
    "rmse": (metrics.rmse, "RMSE", "RMSE"),
    "bias": (metrics.bias, "bias", "bias"),
    "mape": (metrics.mape, "MAPE", "MAPE, %"),
    "smape": (metrics.smape, "sMAPE", "sMAPE, %"),
    "wape": (metrics.wape, "WAPE", "WAPE, %"),
    "r2": (metrics.r2, "R2", "R$^2$"),
}
_SPREAD = (0.1, 0.9)  # of the origins of a back-test


def plot_backtest(
    forecasts, kind="origin", *, metric="mae", baseline=None, series=None, target=None, title=None, ylabel=None,
    labels=None, id_col=None, time_col=None, ax=None,
):  # fmt: skip
    """Draw a back-test: the forecast of each origin over the truth, or the error by step ahead.

    Parameters
    ----------
    forecasts : DataFrame, or what has it as ``forecasts``
        A row for each origin and step, with the columns ``origin``, ``step``, ``forecast``, ``truth`` and that of the
        stamps; with intervals also ``forecast-lo-80`` and ``forecast-hi-80``. ``origin`` is the stamp of the last step
        known, ``step`` counts from 1. If there are several series or targets, a column of ids or one called ``target``
        tells them apart.
    kind : {"origin", "step"}
        ``"origin"``: the forecasts of one series, a line for each origin, in time; it begins at a dot, the truth of its
        origin if that is in the frame. Intervals, if there are any, are shades, of as many origins as do not lie over
        each other, from the first on. ``"step"``: the error over all origins (and series) as a function of the step
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
    labels = check_labels({"truth": "truth", **(labels or {})})
    given = {"forecast": forecasts} | ({"baseline": baseline} if baseline is not None else {})
    names = (id_col, time_col)
    read = {what: _read_backtest(frame, what, series, target, names) for what, frame in given.items()}
    tests = {what: test for what, (test, *_) in read.items()}
    clocks = {what: pd.Index(test["time"]) for what, test in tests.items()}
    for what, clock in clocks.items():
        check_same_clock("forecast", clocks["forecast"], what, clock)
    n = tests["forecast"]["origin"].nunique()
    origins = how_many(n, "origin")
    if kind == "origin":
        for what, test in tests.items():
            if len(ids := test["id"].unique()) > 1:
                raise ValueError(f"the {what} has {len(ids)} series; choose one by series, of {listing(list(ids))}.")
        truth = _truth_of(tests)
        ax = open_axes(8, 3.6) if ax is None else ax
        _draw_origins(ax, tests, truth, labels)
        _draw_shades(ax, tests["forecast"], truth, read["forecast"][2])
        ax.set_ylabel(ylabel if ylabel is not None else "value" if target is None else str(target))
        time_axis(ax, truth.index.rename(read["forecast"][1]))
        one = "" if series is None else f" of {series}"
        dress(ax, title if title is not None else f"Forecasts{one} from {origins}")
        return ax
    score, column, name = _read_metric(metric)
    errors_of = {what: _errors_by_step(test, score, column) for what, test in tests.items()}
    ax = open_axes(6.4, 3.6) if ax is None else ax
    handles, shades = {}, []
    for what, (steps, errors, low, high) in errors_of.items():
        label, style = labels[what], PARTS[what][1]
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
    ax.xaxis.set_major_locator(round_numbers())
    dress(ax, title if title is not None else f"Error by step ahead, {origins}", handles)
    return ax


def _read_metric(metric):
    """Return a callable of (truth, forecast), its column in tables if it is known, and its name with its unit."""
    if callable(metric):
        return metric, None, getattr(metric, "__name__", "error")
    if not isinstance(metric, str) or metric not in _METRICS:
        raise ValueError(
            f"metric={metric!r} is no score of truth and forecast alone; choose one of {', '.join(_METRICS)}, or give "
            "a callable of (truth, forecast)."
        )
    return _METRICS[metric]


def _read_backtest(frame, what, series, target, names):
    """Return a back-test by origin, the name of its clock, and the levels of its intervals, the widest first.

    It has the columns id, origin, step, time, forecast, truth, and the bounds of each level, such as forecast-lo-80.
    """
    frame = frame if isinstance(frame, pd.DataFrame) else getattr(frame, "forecasts", frame)
    if not isinstance(frame, pd.DataFrame):
        raise TypeError(f"the {what} must be the DataFrame of a back-test; got {type(frame).__name__}.")
    id_col, time_col = _find_columns(frame, *names)
    bounds = [name for name in frame.columns if is_answer(name) and "-q-" not in name]
    for name in ("origin", "step", time_col, "forecast", *bounds, "truth"):
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
    _, bands = split_bands(frame[["forecast", *bounds]], f"the {what}")
    for name in ("step", "forecast", *bounds, "truth"):
        try:
            tidy[name] = frame[name].to_numpy(np.float64, na_value=np.nan)
        except (TypeError, ValueError):
            raise TypeError(f"column {name!r} of the {what} holds {frame[name].dtype}, no numbers.") from None
    if tidy[["origin", "time", "step"]].isna().any(axis=None):
        raise ValueError(f"the {what} has rows without origin, step or time; drop them.")
    if series is not None:
        tidy = tidy[tidy["id"] == series]
    return tidy.sort_values(["origin", "step"], kind="stable").reset_index(drop=True), time_col, list(bands)[::-1]


def _find_columns(frame, id_col, time_col):
    """Return the names of the columns of ids and of stamps, of which the first need not be there."""
    columns = list(frame.columns)
    place = columns.index("origin") if "origin" in columns else 0
    answers = [name for name in columns if is_answer(name)]
    others = [name for name in columns if name not in ("origin", "step", "target", "forecast", "truth", *answers)]
    before = [name for name in others if columns.index(name) < place and name != "ds"]
    after = [name for name in others if columns.index(name) > place and name != "unique_id"]
    if id_col is None:
        id_col = before[0] if len(before) == 1 and "unique_id" not in columns else "unique_id"
    if time_col is None:
        time_col = after[0] if len(after) == 1 and "ds" not in columns else "ds"
    return id_col, time_col


def _truth_of(tests):
    """Return the truth of back-tests of one series, NaN at stamps of theirs where it was not observed."""
    every = pd.concat(tests.values())[["time", "truth"]]
    truths = every.groupby("time")["truth"]  # in the order of time
    if (truths.nunique() > 1).any():
        raise ValueError("there is more than one truth at a stamp; give the back-test of one series.")
    return truths.first()


def _draw_origins(ax, tests, truth, labels):
    """Draw the truth and the forecasts of each origin."""
    style = {"label": labels["truth"], "zorder": 3, **PARTS["history"][1]}
    draw_line(ax, instants(truth.index), truth.to_numpy(), **style)
    for what, test in reversed(tests.items()):
        style = PARTS[what][1] | {"lw": 0.9, "alpha": 0.7}
        label = labels[what]
        for origin, rows in test.groupby("origin", sort=True):
            line = rows.set_index("time")["forecast"]
            if np.isfinite(truth.get(origin, np.nan)):
                line = pd.concat([truth.loc[[origin]], line])
            x, y = instants(line.index), line.to_numpy()
            draw_line(ax, x, y, label=label, **style)
            if what == "forecast":
                ax.plot(x[:1], y[:1], ".", color=style["color"], ms=5)
            label = None
    ax.margins(x=0.01)


def _draw_shades(ax, test, truth, levels):
    """Draw the intervals of origins, each from its truth on and behind the lines; none that lies over another."""
    for rank, level in enumerate(levels):
        color, label, end = shade_of(rank, len(levels)), interval_name(level), None
        for origin, rows in test.groupby("origin", sort=True):
            if end is not None and origin < end:
                continue
            bounds = rows.set_index("time")[[f"forecast-{side}-{level}" for side in ("lo", "hi")]]
            end = bounds.index.max()
            if np.isfinite(truth.get(origin, np.nan)):
                bounds.loc[origin] = truth[origin]
            bounds = bounds.sort_index()
            draw_band(ax, instants(bounds.index), *bounds.to_numpy().T, color, label)
            label = None


def _errors_by_step(test, score, column):
    """Return the steps ahead, the error of each, and its percentiles over origins, NaN where there is no spread."""
    known = test.dropna(subset=["forecast", "truth"])
    if not len(known):
        raise ValueError("no row of the back-test has both forecast and truth; there is no error to draw.")
    errors = pd.Series({step: _error(rows, score) for step, rows in known.groupby("step")})
    if known["origin"].nunique() < 2:
        return errors.index.to_numpy(), errors.to_numpy(), *np.full((2, len(errors)), np.nan)
    groups = known.groupby(["step", "origin"])
    if column is None:
        alone = pd.Series({key: _error_or_nan(rows, score) for key, rows in groups})
    else:
        known, numbers = known.sort_values(["step", "origin"]), np.sort(groups.ngroup().to_numpy())
        scores = score_groups(known["truth"].to_numpy(), known["forecast"].to_numpy(), numbers)
        alone = pd.Series(scores[column], groups.size().index)
    low, high = (alone.groupby(level=0).quantile(share).to_numpy() for share in _SPREAD)
    return errors.index.to_numpy(), errors.to_numpy(), low, high


def _error(rows, score):
    return score(rows["truth"].to_numpy(), rows["forecast"].to_numpy())


def _error_or_nan(rows, score):  # such as the R2 of one point
    try:
        return _error(rows, score)
    except ValueError:
        return np.nan
