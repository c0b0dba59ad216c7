"""Windows to train on: those that are given one by one, and those of series, made when an epoch asks for them."""

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np

from ..kernels.buffers import Flat, Sequences, flatten
from ..kernels.step import EQUAL_WEIGHTS

GOLDEN_RATIO = (5**0.5 - 1) / 2
PIECE = 2**18  # windows that are looked at together: what that takes is small beside many of them


class FlatWindows(NamedTuple):
    """Windows as kernels read them, and the numbers of those that count, in their order.

    weights : ndarray of float64
        Of all windows, or of all rows that are targets; empty if all are equal.
    batch_size : int, optional
        Windows of a minibatch, where it matters which are together: those of one minibatch go on where those of
        the one before ended.
    """

    X: Flat
    Y: Flat
    samples: np.ndarray
    weights: np.ndarray
    batch_size: int | None = None

    def of_samples(self):
        """Return the weight of each of the windows that count, as one number of a minibatch."""
        has_own = len(self.weights) and not len(self.X.origins)
        return self.weights[self.samples] if has_own else np.ones(len(self.samples))


class Windows(NamedTuple):
    """Windows and their targets; views are never copied.

    X : ndarray of shape (n_samples, n_steps, n_features), or Sequences
        Oldest step first.
    y : ndarray of shape (n_samples, n_targets) or, for an output at every step, (n_samples, n_steps, n_targets)
        Sequences, with the origins and lengths of X, where X is that and each step has an output.
    weights : ndarray of float64, shape (n_samples,)
        How much each counts; empty if all count the same. Those of weight zero are as if they were not there.
    """

    X: np.ndarray
    y: np.ndarray
    weights: np.ndarray = EQUAL_WEIGHTS

    @property
    def dtype(self):
        """That of X."""
        return self.X.dtype

    def flat(self):
        """Return the FlatWindows of all, as they are the same in every epoch."""
        return self.all()

    def all(self):
        """Return the FlatWindows of all that count."""
        samples = np.flatnonzero(self.weights) if len(self.weights) else np.arange(len(self.X))
        if isinstance(self.y, Sequences):  # what has no step has no target
            samples = samples[self.y.lengths[samples] > 0]
        return FlatWindows(flatten(self.X), flatten(self.y), samples, self.weights)


@dataclass(frozen=True)
class SeriesWindows:
    """Windows of series that stand side by side, each with the steps after it as its targets.

    A window is known by its border, the row of its first target. It sees at most `lookback` rows before that, and none
    of another series.

    Parameters
    ----------
    rows : ndarray of shape (n_rows, n_features)
        The first features are the targets. After the last row of each series come `horizon` more, whose targets are
        NaN.
    n_targets, lookback, horizon : int
    firsts : ndarray of int64, shape (n_series,)
        The first row of each series.
    borders : ndarray of int64, shape (n_series,)
        The border of the first window of each series.
    counts : ndarray of int64, shape (n_series,)
        How many windows each has, whose borders follow on that one.
    per_epoch : int, optional
        Windows of an epoch, drawn anew for each, or of validation, the same each time; all by default.
    weights : ndarray of float64, shape (n_rows,)
        Of the rows as targets; empty if all count the same.
    reads_ahead : bool
        Whether a window goes on over the rows of its targets, of which a network reads what is known ahead.
    """

    rows: np.ndarray
    n_targets: int
    lookback: int
    horizon: int
    firsts: np.ndarray
    borders: np.ndarray
    counts: np.ndarray
    per_epoch: int | None = None
    weights: np.ndarray = field(default_factory=lambda: EQUAL_WEIGHTS)
    reads_ahead: bool = False
    ends: np.ndarray = field(init=False)

    def __post_init__(self):
        object.__setattr__(self, "ends", np.cumsum(self.counts))

    def __len__(self):
        return int(self.ends[-1])

    @property
    def dtype(self):
        """That of the rows."""
        return self.rows.dtype

    def take(self, numbers):
        """Return the FlatWindows of these numbers; those are left out that have no target."""
        borders, series = self._borders_of(numbers)
        windows = self.sequences(borders, series)
        X = flatten(windows)._replace(n_steps=self.lookback + self.horizon * self.reads_ahead)
        Y = flatten(replace(windows, steps=self.rows[:, : self.n_targets]))
        return FlatWindows(X, Y, np.flatnonzero(self._has_target(borders)), self.weights)

    def _borders_of(self, numbers):
        """Return the borders of the windows of these numbers, and their series."""
        series = np.searchsorted(self.ends, numbers, side="right")
        return self.borders[series] + numbers - (self.ends - self.counts)[series], series

    def sequences(self, borders, series):
        """Return what windows of these borders, rows of these series, see."""
        origins = np.minimum(np.maximum(self.firsts[series], borders - self.lookback), borders)
        lengths = borders - origins + self.horizon * self.reads_ahead
        return Sequences(self.rows, origins.astype(np.int64), lengths.astype(np.int64))

    @property
    def _n_with_target(self):
        return len(self) if self._with_target is None else len(self._with_target)

    @cached_property
    def _with_target(self):
        """The numbers of the windows that have a target which is known and has a weight; None for all."""
        pieces = [np.arange(start, min(start + PIECE, len(self))) for start in range(0, len(self), PIECE)]
        found = [piece[self._find_target(piece)] for piece in pieces]
        return None if sum(map(len, found)) == len(self) else np.concatenate(found)

    def _find_target(self, numbers):
        """Return which of the windows of these numbers, which rise, have a target."""
        borders, _ = self._borders_of(numbers)
        first = int(borders[0])
        has_target, width = self._is_target(slice(first, int(borders[-1]) + self.horizon)), 1
        while width < self.horizon:  # each round looks further ahead
            further = min(width, self.horizon - width)
            has_target[:-further] |= has_target[further:]
            width += further
        return has_target[borders - first]

    def _take_with_target(self, places):
        """Return the FlatWindows of these places among the windows that have a target."""
        return self.take(places if self._with_target is None else self._with_target[places])

    def has_target(self):
        """Return whether any window has a target that is known and has a weight."""
        return self._n_with_target > 0

    def draw(self, shuffle, rng):
        """Return the FlatWindows of an epoch, of those with a target: in their order, or in that of a generator."""
        n = self._n_with_target
        n_drawn = min(self.per_epoch or n, n)
        if n_drawn == n:
            return self._take_with_target(rng.permutation(n) if shuffle else np.arange(n))
        drawn = draw_some(n, n_drawn, rng)
        return self._take_with_target(drawn if shuffle else np.sort(drawn))

    def _has_target(self, borders):
        """Return whether any target of a window is known and has a weight."""
        return np.logical_or.reduce([self._is_target(borders + ahead) for ahead in range(self.horizon)])

    def _is_target(self, rows):
        """Return whether rows have a known target and a weight."""
        is_known = ~np.isnan(self.rows[rows, : self.n_targets]).all(axis=1)
        return is_known & (self.weights[rows] > 0) if len(self.weights) else is_known

    def flat(self):
        """Return None: the windows of an epoch are made for it."""

    def all(self):
        """Return the FlatWindows of all; if an epoch has fewer, of as many as that."""
        return self.some(self.per_epoch or self._n_with_target)

    def some(self, most):
        """Return the FlatWindows of at most so many, one from each of as many equal stretches.

        Within its stretch each stands elsewhere, as multiples of the golden ratio do: equal distances might be a
        season, and all windows begin at the same hour.
        """
        n = self._n_with_target
        if most >= n:
            return self._take_with_target(np.arange(n))
        stretch = np.arange(most)
        return self._take_with_target(((stretch + stretch * GOLDEN_RATIO % 1) * (n / most)).astype(np.int64))


@dataclass(frozen=True)
class SeriesStretches:
    """Series that are read from their first row on, in stretches, with the steps after each row as its targets.

    Some series are read side by side, and a minibatch is one stretch of each. The state in which a stretch ends is that
    in which the next one of its series begins, in the next minibatch; each series begins with an empty one. A series is
    never cut into parts that are read side by side, for all parts but the first would begin with a state they do not
    have later on. Where series have several lengths, minibatches end with fewer and fewer of them.

    Parameters
    ----------
    rows, n_targets, horizon, firsts, weights
        As of :class:`SeriesWindows`; what has no weight is no target.
    lengths : ndarray of int64, shape (n_series,)
        How many rows of each series are read.
    n_steps : int
        Of a stretch.
    n_together : int
        Series that are read side by side.
    """

    rows: np.ndarray
    n_targets: int
    horizon: int
    firsts: np.ndarray
    weights: np.ndarray
    lengths: np.ndarray
    n_steps: int
    n_together: int

    def __len__(self):
        return len(self.lengths)

    @property
    def dtype(self):
        """That of the rows."""
        return self.rows.dtype

    def take(self, numbers):
        """Return the FlatWindows of the series of these numbers: side by side in this order, so many at a time."""
        n_together = min(self.n_together, len(numbers))
        n_groups = -(-len(numbers) // n_together)
        # Lanes count the series in this order; what only fills up the last group is a series without any row.
        lanes = np.arange(n_groups * n_together)
        series = np.append(numbers, np.zeros(len(lanes) - len(numbers), np.int64)).reshape(n_groups, n_together)
        lengths = np.where(lanes < len(numbers), self.lengths[series.ravel()], 0).reshape(series.shape)
        n_stretches = -(-lengths.max(axis=1) // self.n_steps)  # of each group
        group = np.arange(n_groups).repeat(n_stretches)
        first = (np.arange(len(group)) - (np.cumsum(n_stretches) - n_stretches)[group]) * self.n_steps
        origins = (self.firsts[series[group]] + first[:, None]).ravel()
        lengths = np.clip(lengths[group] - first[:, None], 0, self.n_steps).ravel()
        X = flatten(Sequences(self.rows, np.where(lengths > 0, origins, 0), lengths))
        X = X._replace(n_steps=self.n_steps, lanes=lanes.reshape(series.shape)[group].ravel())
        Y = flatten(self.rows[:, : self.n_targets])
        Y = Y._replace(strides=(0, *Y.strides))
        return FlatWindows(X, Y, np.arange(len(lengths)), self.weights, n_together)

    def has_target(self):
        """Return whether any step that is a target is known and has a weight."""
        known = ~np.isnan(self.rows[:, : self.n_targets]).all(axis=1)
        known = known & (self.weights > 0) if len(self.weights) else known
        known[self.firsts[self.lengths > 0]] = False  # which come after no row
        return bool(known.any())

    def draw(self, shuffle, rng):
        """Return the FlatWindows of an epoch: its series in their order, or in that of a generator."""
        return self.take(rng.permutation(len(self)) if shuffle else np.arange(len(self)))

    def flat(self):
        """Return None: which series are side by side is another choice in each epoch."""

    def all(self):
        """Return the FlatWindows of all."""
        return self.take(np.arange(len(self)))

    def some(self, most):
        """Return the FlatWindows of the first series that have so many stretches together, at least one."""
        until = np.cumsum(-(-self.lengths // self.n_steps))
        return self.take(np.arange(max(1, np.searchsorted(until, most, side="right"))))


def spread(numbers, most):
    """Return at most so many of the numbers, evenly spread."""
    return numbers[:: -(-len(numbers) // most)]


def draw_some(n, n_drawn, rng):
    """Return so many different numbers below n in random order, in memory that grows with their number alone."""
    if 2 * n_drawn > n:
        return rng.permutation(n)[:n_drawn]
    drawn = np.zeros(0, np.int64)
    while len(drawn) < n_drawn:
        drawn = np.append(drawn, rng.randint(n, size=n_drawn - len(drawn), dtype=np.int64))
        drawn.sort()
        drawn = drawn[np.diff(drawn, prepend=-1) > 0]
    return rng.permutation(drawn)
