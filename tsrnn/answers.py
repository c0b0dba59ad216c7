"""What forecasters answer for rows: numbers, or distributions, which are moved by how far earlier ones were off."""

from dataclasses import dataclass, replace

import numpy as np

from .distributions import NormalScale


@dataclass(frozen=True)
class Points:
    """One number for each row and target; the error of a truth is how far it is above.

    Parameters
    ----------
    values : ndarray of shape (n, n_targets)
    """

    values: np.ndarray

    def __len__(self):
        return len(self.values)

    def __getitem__(self, rows):
        return Points(self.values[rows])

    def at(self, errors):
        """Return the truths that would have these errors, both of shape (n, n_targets, n_errors)."""
        return self.values[..., np.newaxis] + errors

    def errors(self, truths, *_):
        """Return the errors of truths, shape (n, n_targets)."""
        return truths - self.values


@dataclass(frozen=True)
class Distributions:
    """A distribution for each row and target; the error of a truth is its normal score there.

    Parameters
    ----------
    scale : NormalScale
        Shape (n, n_targets), on the scale of the network.
    preparation : Preparation
        That restores the units of the series.
    numbers, rows : ndarray of shape (n,)
        The series of each row, in the order of training, and the row.
    series : Series
    """

    scale: NormalScale
    preparation: object
    numbers: np.ndarray
    rows: np.ndarray
    series: object

    def __len__(self):
        return len(self.rows)

    def __getitem__(self, rows):
        scale = NormalScale(self.scale.loss, self.scale.parameters[rows], self.scale.levels)
        return replace(self, scale=scale, numbers=self.numbers[rows], rows=self.rows[rows])

    def at(self, scores):
        """Return the quantiles at normal scores, both of shape (n, n_targets, n_scores); NaN where nothing is known."""
        n_rows, _, n_scores = scores.shape
        values = np.moveaxis(self.scale.at(scores), 2, 1).reshape(n_rows * n_scores, 1, scores.shape[1])
        numbers, rows = np.repeat(self.numbers, n_scores), np.repeat(self.rows, n_scores)
        restored = self.preparation.restore(values, numbers, rows, self.series)
        return np.moveaxis(restored.reshape(n_rows, n_scores, scores.shape[1]), 1, 2)

    def errors(self, _, targets, rng):
        """Return the normal scores of targets, which are on the scale of the network, shape (n, n_targets)."""
        return self.scale.scores(np.broadcast_to(targets, self.scale.parameters.shape[:-1]), rng)
