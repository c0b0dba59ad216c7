"""What was held out of training, and what errors elsewhere say of forecasts where that is little."""

from typing import NamedTuple

import numpy as np

USUAL = 0.75  # of errors, the smaller ones, say how large they are


class HeldOut(NamedTuple):
    """What forecasts, and rows of each series to forecast from which it has not learnt.

    Parameters
    ----------
    forecast : callable
        Given series and rows, both of shape (n,), returns the forecasts from there on, (n, n_steps, n_targets).
    first, last : ndarray of shape (n_series,)
        None if the last is before the first.
    score : callable, optional
        Where distributions are forecast: returns likewise the normal scores of the truths there.
    earlier : ndarray of shape (n_series,), optional
        The first row to forecast from of those before `first`, which it has learnt, where others are too few.
    """

    forecast: object
    first: np.ndarray
    last: np.ndarray
    score: object = None
    earlier: np.ndarray | None = None

    @property
    def first_of_all(self):
        """The first row of each series to forecast from, those that it has learnt among them."""
        return self.first if self.earlier is None else np.minimum(self.earlier, self.first)

    def count_truths(self, panel, n_steps):
        """Return how many truths there are, and of them not learnt, of the target of which fewest are known."""
        series = np.repeat(np.arange(panel.n_series), panel.lengths)
        rows = np.arange(len(series)) - panel.bounds[series]
        is_fitted = rows < self.last[series] + n_steps
        is_known = ~np.isnan(panel.values)
        return tuple(
            int(is_known[of].sum(axis=0).min()) for of in (is_fitted, is_fitted & (rows >= self.first[series]))
        )


def first_of_known_scale(first, lengths):
    """Return `first`, a number or one for each series; of several the half of their `lengths`, where that is later.

    Before that the scale of a series, in units of which errors are pooled, is known too badly.
    """
    return np.maximum(first, 0 if len(lengths) == 1 else lengths // 2)


def enlargement(errors, is_learnt):
    """Return what to multiply errors by, so that those of truths that were learnt are as large as the others at least.

    A network knows what it has learnt, so that its errors there are too small; how they are distributed, and go
    together, they tell of many more horizons than those of a short part that was held out.

    Parameters
    ----------
    errors : ndarray of shape (n_origins, n_steps, n_targets)
        NaN where not known.
    is_learnt : ndarray of shape (n_origins, n_steps), bool

    Returns
    -------
    ndarray of shape (n_origins, n_steps, n_targets)
        Of what was learnt, and of each target, the usual size of the others by its own, but 1 at least; NaN where
        nothing else is known, or its own size is none, of which it can say nothing. Of all else 1. The usual size is
        the mean of the smaller three quarters of absolute errors, so that a few strays are not everybody's, of each
        step the same weight.

    Examples
    --------
    >>> enlargement(np.array([[[1.0]], [[-3.0]], [[4.0]]]), np.array([[True], [True], [False]])).ravel()
    array([2., 2., 1.])
    """
    learnt, others = (_usual_sizes(np.where(of[..., np.newaxis], errors, np.nan)) for of in (is_learnt, ~is_learnt))
    with np.errstate(divide="ignore", invalid="ignore"):  # where what was learnt is forecast without any error
        factor = np.maximum(others / learnt, 1)  # which keeps NaN
    factor = np.where(np.isfinite(factor), factor, np.nan)
    return np.where(is_learnt[..., np.newaxis], factor, 1.0)


def _usual_sizes(errors):
    """Return the means of the smaller absolute errors of each target, over steps of which any is known; else NaN."""
    sizes, counts = np.sort(np.abs(errors), axis=0), (~np.isnan(errors)).sum(axis=0)  # NaN last
    n_usual = np.ceil(USUAL * counts)
    is_usual = np.arange(len(errors))[:, np.newaxis, np.newaxis] < n_usual
    of_steps = np.where(is_usual, sizes, 0).sum(axis=0) / np.maximum(n_usual, 1)
    n_steps = (counts > 0).sum(axis=0)
    return np.where(n_steps > 0, of_steps.sum(axis=0) / np.maximum(n_steps, 1), np.nan)
