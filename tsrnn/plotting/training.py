"""The losses of training, epoch by epoch."""

import numpy as np
import pandas as pd

from ..frames import listing
from .axes import BASELINE, FORECAST, HISTORY, draw_line, dress, open_axes, round_numbers


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
    ax = open_axes(6.4, 3.6) if ax is None else ax
    looks = {"loss": ("training", HISTORY), "validation_loss": ("validation", FORECAST)}
    for name, values in drawn.items():
        label, color = looks[name]
        draw_line(ax, epochs, values, color=color, lw=1.5, label=label)
    watched = drawn.get("validation_loss", drawn.get("loss"))
    best = epochs[np.nanargmin(watched)] if best is None else best
    if best in epochs:
        at = watched[list(epochs).index(best)]
        ax.axvline(best, color=BASELINE, lw=1, ls="--", zorder=1)
        ax.plot([best], [at], "o", color=BASELINE, ms=6, label=f"best epoch: {best}", zorder=3)
    every = np.concatenate(list(drawn.values()))
    every = every[np.isfinite(every)]
    if every.min() > 0 and every.max() > 100 * every.min():
        ax.set_yscale("log")
    ax.set_ylabel(ylabel if ylabel is not None else loss)
    ax.set_xlabel("epoch")
    ax.xaxis.set_major_locator(round_numbers())
    dress(ax, title if title is not None else "Training")
    return ax


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
