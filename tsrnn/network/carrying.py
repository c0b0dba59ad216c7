"""Series read from their first row on by a network that carries its state."""

import numpy as np

from ..kernels.buffers import Sequences, flatten
from ..kernels.workers import Workers

STEPS_AT_ONCE = 512  # of each series: what the kernels keep of them stays small


def read_through(architecture, parameters, rows, firsts, n_read, n_threads, series, steps, states=None):
    """Return the outputs after some steps of series, and the states in which these end.

    Parameters
    ----------
    architecture : Architecture
        That carries its state, and has an output at every step.
    parameters : ndarray
    rows : ndarray of shape (n_rows, n_features)
    firsts, n_read : ndarray of int64, shape (n_series,)
        The first row of each series, and how many rows of it are read.
    series, steps : ndarray of int64, shape (n,)
        After which step of which series an output is asked for; zeros for a step of -1, before the first.
    states : ndarray of shape (n_series, n_numbers), optional
        Those to go on from, left as they are; empty ones by default.

    Returns
    -------
    outputs : ndarray of shape (n, n_outputs)
    states : ndarray of shape (n_series, n_numbers)
    """
    longest = int(n_read.max(initial=0))
    outputs = np.zeros((len(steps), architecture.n_outputs), rows.dtype)
    in_order = np.argsort(steps, kind="stable")
    with Workers(n_threads) as workers:
        roomy = architecture.for_steps(max(1, min(longest, STEPS_AT_ONCE)))
        step = roomy.step(parameters, workers, trains=False)
        states = step.first_states(len(firsts)) if states is None else states.copy()
        for start in range(0, longest, STEPS_AT_ONCE):
            lengths = np.clip(n_read - start, 0, STEPS_AT_ONCE)
            X = flatten(Sequences(rows, firsts + start, lengths))._replace(lanes=np.arange(len(firsts)))
            made = step.predict(X, np.flatnonzero(lengths), states)
            first, last = np.searchsorted(steps[in_order], (start, start + STEPS_AT_ONCE))
            here = in_order[first:last]
            outputs[here] = made[(np.cumsum(lengths) - lengths)[series[here]] + steps[here] - start]
    return outputs, states
