"""What a stream makes of its own errors: intervals that go with the world when it changes."""

from dataclasses import dataclass, replace

import numpy as np

from .calibration import AdaptiveLevel, evenly_spread
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
    n_seen : int
        Observations so far.
    """

    residuals: Residuals
    levels: dict
    waiting: tuple
    intervals: dict
    n_seen: int = 0

    @classmethod
    def of(cls, residuals, number, levels):
        """Return that of a series, `number` in its panel, before anything was observed."""
        is_own = residuals.series == number
        own, others = residuals.values[is_own][-MOST_ORIGINS:], residuals.values[~is_own]
        others = others[evenly_spread(len(others), MOST_ORIGINS - len(own))]
        values = np.concatenate([others, own])  # which are forgotten last
        known = Residuals(values, residuals.scales[number : number + 1], np.zeros(len(values), np.int64))
        return cls(known, {level: AdaptiveLevel.of(level) for level in levels}, (None,), {})

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
        n_steps = values.shape[1]
        for step, answers in enumerate(self.waiting):
            if answers is not None and step < len(answers):
                rng = np.random.default_rng([self.n_seen, step])
                errors = answers[step : step + 1].errors(truths, targets, rng)[0] / self.residuals.scales[0]
                values[:-1, step, is_known] = values[1:, step, is_known]
                values[-1, step, is_known] = errors[is_known]
        levels = dict(self.levels)
        for level, (lower, upper) in self.intervals.items():
            is_told = is_known & ~np.isnan(lower)
            if is_told.any():
                levels[level] = levels[level].after(((lower <= truths) & (truths <= upper))[is_told].mean())
        residuals = replace(self.residuals, values=values)
        return Adaptation(residuals, levels, (None, *self.waiting)[:n_steps], {}, self.n_seen + 1)
