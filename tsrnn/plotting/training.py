"""The losses of training, epoch by epoch."""

import numpy as np
import pandas as pd

from ..frames import listing
from .axes import BASELINE, FORECAST, HISTORY, draw_line, dress, open_axes, round_numbers


def plot_training(estimator, *, title=None, ylabel=None, ax=None):
    """Draw the loss of each epoch of training, that of the part held out if there was one, and mark the epoch kept.

    Parameters
    ----------
    estimator : estimator or DataFrame
        Fitted, with ``history_``; alone, or inside a Pipeline or a search. Or the history itself, with the columns
        ``loss`` and, if there are any, ``epoch`` and ``validation_loss``; then the epoch of least loss is marked, that
        of validation if there is one. Members of an ensemble have a line each.
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
    history, kept, loss = _read_history(estimator)
    every = history[["loss", "validation_loss"]].to_numpy()
    every = every[np.isfinite(every)]
    if not len(every):
        raise ValueError("the history holds no finite loss; training has diverged from its first epoch on.")
    ax = open_axes(6.4, 3.6) if ax is None else ax
    members = [member.set_index("epoch") for _, member in history.groupby("member")]
    width = 1.5 if len(members) == 1 else 0.9
    for name, label, color in (("loss", "training", HISTORY), ("validation_loss", "validation", FORECAST)):
        if np.isfinite(history[name]).any():
            watched = name
            for member in members:
                draw_line(ax, member.index.to_numpy(), member[name].to_numpy(), color=color, lw=width, label=label)
    losses = [member[watched] for member in members if np.isfinite(member[watched]).any()]
    best = [of_epoch[np.isfinite(of_epoch)].idxmin() for of_epoch in losses]
    marked = best if kept is None or len(members) > 1 else [kept]
    if marked[0] in losses[0].index:
        if len(marked) == 1:
            ax.axvline(marked[0], color=BASELINE, lw=1, ls="--", zorder=1)
        what = f"best epoch{'s' * (len(marked) > 1)}" if marked == best else "epoch kept"
        epochs = " to ".join(str(epoch) for epoch in sorted({min(marked), max(marked)}))
        at = [of_epoch[epoch] for of_epoch, epoch in zip(losses, marked, strict=True)]
        ax.plot(marked, at, "o", color=BASELINE, ms=6, label=f"{what}: {epochs}", zorder=3)
    if every.min() > 0 and every.max() > 100 * every.min():
        ax.set_yscale("log")
    ax.set_ylabel(ylabel if ylabel is not None else loss)
    ax.set_xlabel("epoch")
    ax.xaxis.set_major_locator(round_numbers())
    dress(ax, title if title is not None else "Training")
    return ax


def _read_history(estimator):
    """Return the history of an estimator, the epoch it has kept if it says so, and what its loss is called.

    The history has the columns member, epoch, loss and validation_loss.
    """
    if isinstance(estimator, pd.DataFrame):
        history, kept, loss = estimator, None, "loss"
    else:
        outer = estimator
        while not hasattr(estimator, "history_"):
            inner = [getattr(estimator, name, None) for name in ("best_estimator_", "regressor_")]
            inner += [estimator.steps[-1][1]] if hasattr(estimator, "steps") else []
            estimator = next((one for one in inner if one is not None), None)
            if estimator is None:
                raise ValueError(f"{type(outer).__name__} has no history_; give a network that is fitted.")
        history, kept, loss = estimator.history_, getattr(estimator, "best_iter_", None), "loss"
        if isinstance(name := getattr(estimator, "loss", None), str) and name != "auto":
            loss = f"loss: {name.replace('_', ' ')}"
    if "loss" not in history.columns or not len(history):
        raise ValueError(f"a history needs a column 'loss' and a row for each epoch; got {listing(history.columns)}.")
    has_members = "member" in history.index.names
    members = history.index.get_level_values("member") if has_members else np.zeros(len(history), np.int64)
    tidy = pd.DataFrame({"member": members})
    tidy["epoch"] = history["epoch"].to_numpy() if "epoch" in history.columns else 1 + tidy.groupby("member").cumcount()
    for name in ("loss", "validation_loss"):
        tidy[name] = history[name].to_numpy(np.float64) if name in history.columns else np.nan
    return tidy, kept, loss
