"""What all pictures share: figures, axes of dates or numbers, lines, legends and their colours."""

import numpy as np
import pandas as pd
from matplotlib.colors import to_rgb
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.legend_handler import HandlerTuple
from matplotlib.ticker import MaxNLocator

# Grey, blue and orange are told apart with any colour vision, and lines differ in their dashes too.
HISTORY, FORECAST, BASELINE = "#333333", "#0b63b0", "#d9822b"
PARTS = {
    "history": ("history", {"color": HISTORY, "lw": 1.2}),
    # Dots above the forecast and broader, so that both are seen where they are the same.
    "truth": ("truth, held out", {"color": HISTORY, "lw": 2.5, "ls": (0, (1, 2)), "zorder": 2.5}),
    "baseline": ("seasonal naive", {"color": BASELINE, "lw": 1.2, "ls": "--"}),
    "forecast": ("forecast", {"color": FORECAST, "lw": 1.8}),
}


def open_axes(width, height):
    """Return Axes on a new figure, whose width and height are in inches."""
    import matplotlib.pyplot as plt

    return plt.subplots(figsize=(width, height), layout="constrained")[1]


def open_mosaic(mosaic, width, height):
    """Return the Axes of a mosaic on a new figure, in the order of their first places."""
    import matplotlib.pyplot as plt

    return np.array(list(plt.subplot_mosaic(mosaic, figsize=(width, height), layout="constrained")[1].values()))


def open_grid(n, n_columns, has_one_time):
    """Return n Axes on a new figure; the lowest of each column says the time of all if there is one time."""
    import matplotlib.pyplot as plt

    if n_columns is None:
        n_columns = 2 if n == 4 else 3  # no row of one alone where a square can be had
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


def check_axes(axes, n):
    """Return the first n of the Axes given."""
    axes = np.ravel(np.asarray(axes, dtype=object))
    if len(axes) < n:
        raise ValueError(f"axes holds {len(axes)} Axes, but {n} are needed.")
    return axes[:n]


def instants(index):
    """Return stamps as they are drawn: numbers, or dates, which matplotlib counts in UTC."""
    return index.to_numpy() if getattr(index, "tz", None) is None else index.tz_convert(None).to_numpy()


def time_label(index):
    """Return what a horizontal axis is called: dates speak for themselves, but for their time zone."""
    if isinstance(index, pd.DatetimeIndex):
        return "" if index.tz is None else f"time, {index.tz}"
    return str(index.name) if index.name not in (None, "ds") else "step"


def time_axis(ax, index, has_label=True):
    """Make the horizontal axis one of dates, in the time zone of the data, or of whole numbers."""
    if isinstance(index, pd.DatetimeIndex):
        # With less than twice as many at most as at least, some lengths of time (15 months, 50 hours) have no ticks.
        n = int(np.clip(_width(ax) / 0.65, 5, 9))
        locator = AutoDateLocator(tz=index.tz, minticks=(n - 1) // 2, maxticks=n)
        ax.xaxis.set_major_locator(locator)
        ax.xaxis.set_major_formatter(_DateFormatter(locator, tz=index.tz))
        ax.xaxis.get_offset_text().set(x=0, horizontalalignment="left")
    else:
        ax.xaxis.set_major_locator(round_numbers(index.dtype.kind in "iu"))
    ax.set_xlabel(time_label(index) if has_label else "")


class _DateFormatter(ConciseDateFormatter):
    """Labels ticks briefly, and says below the first one which years, months or days they are of.

    matplotlib says that of the last tick alone, so that December 29, 30, 31 before January would seem to be of January.
    """

    _span = ""

    def format_ticks(self, values):
        labels, last = super().format_ticks(values), super().get_offset()
        super().format_ticks(values[::-1])  # for its offset alone, that of the first tick
        first = super().get_offset()
        self._span = last if first == last else f"{first} to {last}"
        return labels

    def get_offset(self):
        return self._span


def round_numbers(are_whole=True):
    """Return a locator of ticks at round numbers."""
    return MaxNLocator("auto", integer=are_whole, steps=[1, 2, 5, 10])


def _width(ax):
    """Return the width of Axes in inches."""
    return ax.get_window_extent().width / ax.get_figure().dpi


def shorten_to_fit(ax, text):
    """Return a title that is not longer than its Axes are wide, so that it does not reach into the next one's."""
    most = max(int(_width(ax) / 0.075), 8)  # inches of a letter
    return text if len(text) <= most else f"{text[: most // 2]}…{text[len(text) - (most - 1) // 2 :]}"


def draw_line(ax, x, y, **style):
    """Draw a line; a value that stands alone between missing ones is a dot, as no line leads there."""
    alone = _find_alone(y)
    ax.plot(x, y, marker="." if len(alone) else None, markevery=alone.tolist() if len(alone) else None, **style)


def shade_of(rank, n):
    """Return the colour of one of n intervals, of which the widest has rank 0: the narrower, the darker."""
    share = 0.18 + 0.4 * rank / n
    return tuple(share * one + 1 - share for one in to_rgb(FORECAST))


def draw_band(ax, x, lower, upper, color, label):
    """Draw the shade between two bounds and return it; bounds that stand alone are joined by a bar."""
    alone = _find_alone(lower + upper)
    if len(alone):
        ax.vlines(x[alone], lower[alone], upper[alone], color=color, lw=8, zorder=1)
    return ax.fill_between(x, lower, upper, color=color, lw=0, zorder=1, label=label)


def _find_alone(values):
    """Return the places of values between missing ones."""
    is_there = np.isfinite(values)
    beside = np.concatenate([[False], is_there, [False]])
    return np.flatnonzero(is_there & ~beside[:-2] & ~beside[2:])


def dress(ax, title, handles=None):
    """Give Axes a grid, a title and a legend of {label: handle}, by default of all that has a label."""
    ax.grid(axis="y", color="0.9", lw=0.8)
    ax.set_axisbelow(True)
    ax.spines[["top", "right"]].set_visible(False)
    if handles is None:
        handles = {label: handle for handle, label in zip(*ax.get_legend_handles_labels(), strict=True)}
    # Between title and axes, where no line can run through it.
    n_rows = add_legend(ax, handles, _width(ax), loc="lower left", bbox_to_anchor=(0, 1)) if handles else 0
    ax.set_title(title, loc="left", fontsize=11, pad=6 + 14 * n_rows)


def add_legend(parent, handles, width, **place):
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


def check_labels(labels):
    """Return what the legend calls each part."""
    unknown = sorted(set(labels or {}) - set(PARTS))
    if unknown:
        raise ValueError(f"labels names {unknown[0]!r}, which is no part; the parts are {', '.join(PARTS)}.")
    return {what: label for what, (label, _) in PARTS.items()} | (labels or {})
