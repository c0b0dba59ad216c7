"""What counts as reached, and a ledger of all that was judged."""

import workload

ALMOST = 0.9  # a goal counts as reached within 10 %
SHARE_OF_PEAK, MANY_HIDDEN = 0.60, 128  # at least this share of the peak, from that many hidden units on
FLOAT64_GOAL = 1.4  # times PyTorch's speed, everywhere
PREDICTION_GOAL, STREAMING_GOAL = 3.0, 3e-6  # times PyTorch's speed; seconds a step
JOB_GOAL = 2.8  # times as fast as the plain PyTorch loop, in less memory
IMPORT_GOAL, COLD_GOAL, WARM_GOAL = 0.1, 4.0, 0.3  # seconds
OVERHEAD_GOAL = 1.5  # times the kernels' own work
# Two threads on two cores, beside one more that is busy, and beside two.
FAIR_SHARES = {"spinning": 1.5, "pinned": 1.5, "same": 2.0}


def goal_of(shape, cell, dtype):
    """Return how many times PyTorch's speed a training step shall have."""
    return workload.GOALS[shape][cell] if dtype == "float32" else FLOAT64_GOAL


class Ledger:
    """All verdicts of a table, in order.

    Attributes
    ----------
    entries : list of (claim, row, verdict)
    """

    def __init__(self):
        self.entries = []

    def at_least(self, claim, row, value, goal, *lines):
        """Return the verdict on a figure that shall be large; see `judge`."""
        return self.judge(claim, row, value is not None and value >= ALMOST * goal, *lines)

    def at_most(self, claim, row, value, goal, *lines):
        """Return the verdict on a figure that shall be small; see `judge`."""
        return self.judge(claim, row, value is not None and value * ALMOST <= goal, *lines)

    def judge(self, claim, row, reached, *lines):
        """Return "yes" or "no"; of the measurements that it rests on, "not measured" or "disturbed" if one is so."""
        if any(line is None for line in lines):
            verdict = "not measured"
        elif any(line.get("disturbed") for line in lines):
            verdict = "disturbed"
        else:
            verdict = "yes" if reached else "no"
        self.entries.append((claim, row, verdict))
        return verdict
