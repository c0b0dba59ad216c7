"""What a stream makes of its own errors: intervals that go with the world when it changes."""

from dataclasses import dataclass, replace

import numpy as np

from .calibration import N_POOLED, AdaptiveLevel, evenly_spread, least_for, tail
from .residuals import Residuals

MOST_ORIGINS = 500  # whose errors are remembered: they know of levels up to 99.6


@dataclass(frozen=True)
class Adaptation:
    """Errors of late, and the levels to ask for; nothing in it is ever changed.

    Parameters
    ----------
    residuals : Residuals
        Of one series. Of each step and target the latest come last, wherever their forecasts were made from.
    levels : dict of AdaptiveLevel
        By the level in percent that is wished for.
    waiting : tuple of (Points, Distributions or None)
        The answers, a row for each step, made from the last known step, from the one before it, and so on; None where
        none was made.
    intervals : dict of ndarray of shape (2, n_targets)
        The interval of the next step that was forecast, by its level.
    n_new : ndarray of shape (n_steps, n_targets)
        Errors of each step that have taken the place of others.
    n_left : int
        Errors of a step that are left when as many new ones have come: the others, first of all those of what was
        learnt, are forgotten until then, little by little.
    n_seen : int
        Observations so far.
    """

    residuals: Residuals
    levels: dict
    waiting: tuple
    intervals: dict
    n_new: np.ndarray
    n_left: int
    n_seen: int = 0

    @classmethod
    def of(cls, residuals, number, levels):
        """Return that of a series, `number` in its panel, before anything was observed."""
        own, others = (np.flatnonzero(is_in) for is_in in (residuals.series == number, residuals.series != number))
        own = own[-MOST_ORIGINS:]
        kept = np.append(others[evenly_spread(len(others), MOST_ORIGINS - len(own))], own)
        is_learnt = residuals.is_learnt[kept]
        kept = np.append(kept[is_learnt], kept[~is_learnt])  # the first are forgotten first: of each its own last
        least = max([N_POOLED, *(least_for(tail(level)) for level in levels)])
        known = replace(
            residuals,
            values=residuals.values[kept],
            scales=residuals.scales[number : number + 1],
            series=np.zeros(len(kept), np.int64),
            is_learnt=residuals.is_learnt[kept],
        )
        return cls(
            known,
            {level: AdaptiveLevel.of(level) for level in levels},
            waiting=(None,),
            intervals={},
            n_new=np.zeros(known.values.shape[1:], np.int64),
            n_left=min(max((~is_learnt).sum(), least), len(kept)),
        )

    def tails(self, levels):
        """Return the shares that intervals of these levels, the widest first, leave out on each side: none crosses."""
        return sorted(self.levels[level].tail(self.residuals.n_least) for level in levels)

    def awaiting(self, answers, levels):
        """Return this one after answers, a row for each step, with intervals of these levels, the widest first."""
        here, intervals = np.zeros(1, np.int64), dict(self.intervals)
        for level, share in zip(levels, self.tails(levels), strict=True):
            intervals[level] = answers[:1].at(self.residuals.quantiles([share, 1 - share], here, here))[0].T
        known = self.waiting[0]
        longest = answers if known is None or len(answers) > len(known) else known
        return replace(self, waiting=(longest, *self.waiting[1:]), intervals=intervals)

    def after(self, truths, targets):
        """Return this one after an observation of shape (n_targets,), NaN where missing.

        `targets` is the same on the scale of the network.
        """
        values, is_known = self.residuals.values.copy(), ~np.isnan(truths)
        n_steps, n_new = values.shape[1], self.n_new.copy()
        for step, answers in enumerate(self.waiting):
            if answers is not None and step < len(answers):
                rng = np.random.default_rng([self.n_seen, step])
                errors = answers[step : step + 1].errors(truths, targets, rng)[0] / self.residuals.scales[0]
                values[:-1, step, is_known] = values[1:, step, is_known]
                values[-1, step, is_known] = errors[is_known]
                n_new[step, is_known] += 1
        values[np.arange(len(values))[:, np.newaxis, np.newaxis] < self._n_forgotten(n_new)] = np.nan
        levels = dict(self.levels)
        for level, (lower, upper) in self.intervals.items():
            is_told = is_known & ~np.isnan(lower)
            if is_told.any():
                levels[level] = levels[level].after(((lower <= truths) & (truths <= upper))[is_told].mean())
        residuals = replace(self.residuals, values=values)
        waiting = (None, *self.waiting)[:n_steps]
        return replace(self, residuals=residuals, levels=levels, waiting=waiting, intervals={}, n_new=n_new,
                       n_seen=self.n_seen + 1)  # fmt: skip

    def _n_forgotten(self, n_new):
        """Return how many of the oldest errors of each step and target are forgotten, and not yet replaced.

        Those that are more than are left go in equal parts while as many new errors come; later ones fill
        their places.
        """
        n_rows = len(self.residuals.values)
        gone = (n_rows - self.n_left) * np.minimum(n_new, self.n_left) // self.n_left
        return np.minimum(gone, np.maximum(n_rows - n_new, 0))
