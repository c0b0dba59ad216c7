"""How the learning rate changes while a network is trained."""

import math
from numbers import Real

import numpy as np

# What each schedule is told beside its name, and what it takes by itself.
SCHEDULES = {
    "constant": {},
    "step": {"every": 10, "factor": 0.1},
    "exponential": {"factor": 0.95},
    "cosine": {"warm_up": 0, "end": 0.0},
    "plateau": {"factor": 0.1, "patience": 5, "end": 0.0},
}
# Least and greatest value of each.
_RANGES = {"every": (1, math.inf), "patience": (1, math.inf), "warm_up": (0, math.inf), "factor": (0, 1), "end": (0, 1)}


class LearningRates:
    """The learning rate of every update of one training.

    Parameters
    ----------
    schedule : str or dict
        As `read_schedule` takes it.
    learning_rate : float
    max_iter : int
        Epochs at most: where "cosine" ends.
    tol : float
        What "plateau" counts as an improvement.
    """

    def __init__(self, schedule, learning_rate, max_iter, tol):
        self._name, self._options = read_schedule(schedule)
        self._rate, self._max_iter, self._tol = learning_rate, max_iter, tol
        self._best, self._n_no_change, self._n_drops = math.inf, 0, 0

    def of_epoch(self, epoch, n_updates):
        """Return the rates of the updates of an epoch, counted from 0, shape (n_updates,)."""
        factor = getattr(self, f"_{self._name}")(epoch, np.arange(n_updates) / n_updates, 1 / n_updates)
        return self._rate * np.broadcast_to(factor, (n_updates,))

    def after_epoch(self, watched):
        """Take notice of the loss that is watched, which "plateau" goes by."""
        is_better = watched < self._best - self._tol
        self._best = min(self._best, watched)
        self._n_no_change = 0 if is_better else self._n_no_change + 1
        if self._name == "plateau" and self._n_no_change >= self._options["patience"]:
            self._n_no_change, self._n_drops = 0, self._n_drops + 1

    def catch_up(self, history):
        """Take notice of the training losses of the epochs before."""
        for record in history if self._name == "plateau" else []:
            self.after_epoch(record["loss"])

    # Each returns the factor of an epoch, or one for each update, which comes when a part of the epoch is over, and
    # takes a part of it.

    def _constant(self, epoch, over, part):
        return 1.0

    def _step(self, epoch, over, part):
        return self._options["factor"] ** (epoch // self._options["every"])

    def _exponential(self, epoch, over, part):
        return self._options["factor"] ** (epoch + over)

    def _cosine(self, epoch, over, part):
        """After a straight rise, Loshchilov and Hutter (2017), SGDR, ICLR, equation 5, without restarts."""
        rise, end = self._options["warm_up"], self._options["end"]
        way = np.clip((epoch + over - rise) / max(self._max_iter - rise, part), 0, 1)
        falling = end + (1 - end) * (1 + np.cos(math.pi * way)) / 2
        return np.where(epoch + over < rise, (epoch + over + part) / max(rise, part), falling)

    def _plateau(self, epoch, over, part):
        return max(self._options["factor"] ** self._n_drops, self._options["end"])


def read_schedule(schedule):
    """Return the name and all options of a schedule.

    Parameters
    ----------
    schedule : str or mapping
        A name of SCHEDULES, or {"name": ..., option: value, ...}.

    Raises
    ------
    ValueError
        If it is none, or an option is not one of that schedule or out of range.
    """
    given = {"name": schedule} if isinstance(schedule, str) else dict(schedule)
    name = given.pop("name", None)
    if name not in SCHEDULES:
        raise ValueError(f"schedule must name one of {', '.join(SCHEDULES)}; got {schedule!r}.")
    own = SCHEDULES[name]
    for option, value in given.items():
        if option not in own:
            raise ValueError(f"schedule {name!r} takes {', '.join(own) or 'no options'}; got {option!r}.")
        least, most = _RANGES[option]
        if not isinstance(value, Real) or isinstance(value, bool) or not least <= value <= most:
            raise ValueError(f"{option} of schedule {name!r} must lie in [{least}, {most}]; got {value!r}.")
    return name, {**own, **given}
