"""Calibration: how many truths intervals of each level cover, beside how many they should."""

import numpy as np

from ..bands import read_bands
from ..counts import how_many
from ..frames import listing
from ..metrics.steps import check_order, name_of_one, odd_clock, read_steps
from .axes import HISTORY, PARTS, check_labels, dress, open_axes, round_numbers
from .reading import interval_name

_SPREAD = 1.96  # standard deviations on each side that hold 95 %
_MARKERS = {"baseline": "s", "forecast": "o"}


def plot_calibration(
    forecasts, truth, baseline=None, *, title=None, labels=None, target=None, id_col="unique_id", time_col="ds",
    ax=None,
):  # fmt: skip
    """Draw the share of truths that intervals of each level cover, over the share that they should.

    Points on the diagonal are calibrated; below it intervals are too narrow, above it too wide.

    Parameters
    ----------
    forecasts : DataFrame
        In any format, with intervals in columns such as ``"y-lo-80"`` and ``"y-hi-80"``, of one level or several. All
        steps of all series count alike.
    truth : Series or DataFrame
        The true values, in any format, matched by id. Steps without truth, or without bounds, have no part in it.
    baseline : like `forecasts`, optional
        A simpler forecast with intervals, drawn too.
    title : str, optional
    labels : dict of str to str, optional
        What the legend calls ``"forecast"`` and ``"baseline"`` (by default "seasonal naive").
    target : str, optional
        The column that was forecast, of frames that have several beside ids and stamps.
    id_col, time_col : str
        Columns of long frames.
    ax : matplotlib Axes, optional
        Where to draw; by default on a new figure.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    TypeError, ValueError
        If the forecasts have no intervals, or none that are in order, or no truth is of their steps.

    Notes
    -----
    The band holds, level by level, 95 % of the shares that calibrated intervals of n independent steps cover: those of
    a binomial distribution, by its normal approximation p ± 1.96 √(p (1 - p) / n). The steps of one forecast depend on
    each other, so that their shares stray farther.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("agg")
    >>> import pandas as pd
    >>> from tsrnn.plotting import plot_calibration
    >>> forecast = pd.DataFrame({"y": [0.0] * 4, "y-lo-80": [-1.0] * 4, "y-hi-80": [1.0] * 4})
    >>> ax = plot_calibration(forecast, pd.Series([0.5, 1.5, -0.5, 1.0]))
    >>> [line.get_ydata().tolist() for line in ax.get_lines() if line.get_label() == "forecast"]
    [[75.0]]
    """
    labels = check_labels(labels)
    given, names = {"baseline": baseline} if baseline is not None else {}, (id_col, time_col, target)
    shares = {what: _cover(frame, what, truth, names) for what, frame in (given | {"forecast": forecasts}).items()}
    n = shares["forecast"][1]
    ax = open_axes(4.6, 4.9) if ax is None else ax
    nominal = np.linspace(0, 1, 201)
    half = _SPREAD * np.sqrt(nominal * (1 - nominal) / n)
    band = [100 * np.clip(nominal + side * half, 0, 1) for side in (-1, 1)]
    name = f"95 % band for {how_many(n, 'step')}"
    ax.fill_between(100 * nominal, *band, color=HISTORY, alpha=0.12, lw=0, label=name)
    ax.plot([0, 100], [0, 100], color="0.4", lw=0.8, label="calibrated")
    for what, (observed, _) in shares.items():
        style = PARTS[what][1] | {"marker": _MARKERS[what], "ms": 5, "label": labels[what], "clip_on": False}
        ax.plot(list(observed), 100 * np.array(list(observed.values())), **style)
    ax.set(xlim=(0, 100), ylim=(0, 100), aspect="equal", xlabel="level, %", ylabel="truths inside, %")
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_locator(round_numbers())
    ax.grid(axis="x", color="0.9", lw=0.8)
    dress(ax, title if title is not None else "Calibration")
    return ax


def _cover(frame, what, truth, names):
    """Return {level: share of truths inside}, and of how many steps."""
    id_col, time_col, target = names
    points, bands = read_bands(frame, what, target, (id_col, time_col))
    name = name_of_one(points, names)
    steps, truths, _ = read_steps(truth, "truth", names, name, may_miss=True)
    shares, counts = {}, {}
    for level, sides in bands.items():
        lower, upper = (_read_bound(side, level, steps, names, name) for side in sides)
        check_order(lower, upper, level, steps)
        is_known = ~np.isnan(truths + lower + upper)
        counts[level] = int(is_known.sum())
        if not counts[level]:
            raise ValueError(
                f"truth has no value at a step of the {interval_name(level)}; give the part that came true."
            )
        shares[level] = ((lower <= truths) & (truths <= upper))[is_known].mean()
    return shares, min(counts.values())


def _read_bound(bound, level, steps, names, name):
    """Return a bound at these steps, NaN where there is none."""
    bound_steps, values, _ = read_steps(bound, f"the {interval_name(level)}", names, name, may_miss=True)
    places = bound_steps.get_indexer(steps)
    if (places < 0).all():
        series, others = (list(index.unique(0)) for index in (steps, bound_steps))
        if not set(series) & set(others):
            raise ValueError(f"truth has none of the series of the forecast; it has {listing(series)}.")
        raise ValueError(
            f"truth has no step of the {interval_name(level)}{odd_clock(bound_steps, steps)}; give the part that came "
            "true."
        )
    return np.where(places < 0, np.nan, values[places])
