"""One training step, and prediction: the seam between the network above and the compiled code.

A minibatch is cut into shards (:mod:`tsrnn.kernels.shard`). The gradient of a shard goes to one of at most
MAX_GRADIENTS buffers; which one follows from the batch alone, never from the number of threads, and the buffers are
summed in order, so any number of threads gives the same bits. Then comes the update.
"""

import math
from functools import cache

import numpy as np

from . import plan as p
from .caching import entry, inner, stamp
from .optimizers import adam, clip_factor
from .shard import EVALUATE, PREDICT, SHARD_ROWS, TRAIN, block, compile_shards

MAX_GRADIENTS = 16
CALL_WORK = 10**9  # parameters x steps x rows of one call: some tenths of a second, between which Ctrl-C is heard


class Step:
    """The buffers of one network in training or use, and the calls that work on them.

    Parameters
    ----------
    cell : {"rnn", "lstm", "gru"}
    plan : ndarray
        From :func:`tsrnn.kernels.plan.make_plan`.
    n_transposed : int
    parameters : ndarray of shape (n_parameters,)
        float32 or float64. Modified in place by `train_epoch`.
    workers : Workers
    """

    def __init__(self, cell, plan, n_transposed, parameters, workers):
        self.parameters = parameters
        self._plan = plan
        self._workers = workers
        self._run_shards = compile_shards(p.CELLS[cell])
        self._transpose = _compile_transpose()
        self._update = _compile_update()
        self._transposed = np.zeros(n_transposed, parameters.dtype)
        self._call_rows = max(SHARD_ROWS, CALL_WORK // (parameters.size * int(plan[0, p.N_STEPS])))
        n_workers = min(workers.n_threads, MAX_GRADIENTS)
        self._work = np.zeros((n_workers, SHARD_ROWS * plan[0, p.N_WORK]), parameters.dtype)
        self._gradients = np.zeros((MAX_GRADIENTS, parameters.size), parameters.dtype)
        self._losses = np.zeros(MAX_GRADIENTS)
        self._nothing = np.empty((0, 0), parameters.dtype)

    def train_epoch(self, X, Y, order, batch_size, adam_state, learning_rate, clip_norm):
        """Make one update per minibatch of an epoch; return the mean loss, each minibatch's taken before its update.

        Parameters
        ----------
        X : Flat, three strides (sample, step, feature)
        Y : Flat, two strides (sample, output)
        order : ndarray of int64, shape (n_samples,)
            The windows in the order in which minibatches are cut from them; the last may be smaller.
        batch_size : int
        adam_state : AdamState
            Modified in place.
        learning_rate : float
        clip_norm : float
            Infinity for no clipping.

        Returns
        -------
        float
            Not finite if the loss or the gradient of a minibatch was not; that minibatch, and those after it, then
            changed neither parameters nor state.
        """
        total = 0.0
        for first in range(0, len(order), batch_size):
            samples = order[first : first + batch_size]
            loss, n_buffers = self._backpropagate(X, Y, samples)
            if not (math.isfinite(loss) and self._make_update(n_buffers, adam_state, learning_rate, clip_norm)):
                return math.nan
            total += loss * len(samples)
        return total / len(order)

    def _make_update(self, n_buffers, adam_state, learning_rate, clip_norm):
        """Update parameters and state from the gradient buffers; return False, changing nothing, if not finite."""
        factor = self._update(
            self.parameters, self._gradients, n_buffers, adam_state.mean, adam_state.square, adam_state.n_updates + 1,
            float(learning_rate), adam_state.beta_1, adam_state.beta_2, adam_state.epsilon, float(clip_norm),
        )  # fmt: skip
        if not math.isfinite(factor):
            return False
        adam_state.n_updates += 1
        return True

    def gradient(self, X, Y, samples):
        """Return the mean loss of one minibatch and its gradient, an ndarray of shape (n_parameters,)."""
        loss, n_buffers = self._backpropagate(X, Y, samples)
        return loss, self._gradients[:n_buffers].sum(axis=0)

    def loss(self, X, Y, samples):
        """Return the mean loss over the given windows and their outputs, a float."""
        total = 0.0
        for rows in self._calls(samples):
            n_tasks = self._run(EVALUATE, X, Y, rows, self._nothing)
            total += self._losses[:n_tasks].sum()
        return float(total / (len(samples) * self._plan[0, p.N_OUTPUTS]))

    def predict(self, X, samples):
        """Return the predictions for the given windows, shape (len(samples), n_outputs)."""
        out = np.empty((len(samples), self._plan[0, p.N_OUTPUTS]), self.parameters.dtype)
        done = 0
        for rows in self._calls(samples):
            self._run(PREDICT, X, X, rows, out[done : done + len(rows)])
            done += len(rows)
        return out

    def _backpropagate(self, X, Y, samples):
        """Fill the gradient buffers from one minibatch; return its mean loss and how many buffers are in use."""
        self._transpose(self._plan, self.parameters, self._transposed)
        n_tasks = self._run(TRAIN, X, Y, samples, self._nothing)
        return float(self._losses[:n_tasks].sum() / (len(samples) * self._plan[0, p.N_OUTPUTS])), n_tasks

    def _run(self, mode, X, Y, samples, out):
        """Let every worker take its tasks; a task is the shards that share a gradient buffer. Return their number."""
        n_shards = -(-len(samples) // SHARD_ROWS)
        n_tasks = -(-n_shards // -(-n_shards // MAX_GRADIENTS))
        n_workers = min(len(self._work), n_tasks)
        # A large minibatch is run a few tasks at a time; their gradients wait in their buffers.
        n_at_once = n_tasks if len(samples) <= self._call_rows else n_workers
        strides = np.array([*X.strides, *Y.strides[:2]], dtype=np.int64)
        for first in range(0, n_tasks, n_at_once):
            last = min(first + n_at_once, n_tasks)

            def run_share(worker, first=first, last=last):
                tasks = (first + worker, n_workers, last, n_tasks)
                self._run_shards(
                    mode, self._plan, self.parameters, self._transposed, X.values, Y.values, strides, samples, tasks,
                    self._work[worker], self._gradients, self._losses, out,
                )  # fmt: skip

            self._workers.run(run_share, n_workers)
        return n_tasks

    def _calls(self, samples):
        """Cut an array of samples into the pieces of one call each."""
        return [samples[first : first + self._call_rows] for first in range(0, len(samples), self._call_rows)]


class AdamState:
    """The running moments of Adam (Kingma and Ba 2015) and their constants."""

    def __init__(self, parameters, beta_1=0.9, beta_2=0.999, epsilon=1e-8):
        self.mean = np.zeros_like(parameters)
        self.square = np.zeros_like(parameters)
        self.n_updates = 0
        self.beta_1, self.beta_2, self.epsilon = beta_1, beta_2, epsilon


@cache
def _compile_transpose():
    """Return the compiled copy of all weights, transposed, that the backward pass multiplies by."""
    held = stamp()

    def transpose(plan, parameters, transposed):
        """Overwrite `transposed` from `parameters`; once per update."""
        _ = held
        for layer in range(plan[0, p.N_LAYERS]):
            row = plan[1 + layer]
            n_in, n_hidden = row[p.N_IN], row[p.N_HIDDEN]
            n_columns = row[p.N_GATES] * n_hidden
            _copy_transposed(parameters, row[p.W_X], n_in, n_columns, transposed, row[p.W_XT])
            _copy_transposed(parameters, row[p.W_H], n_hidden, n_columns, transposed, row[p.W_HT])
        top = plan[plan[0, p.N_LAYERS], p.N_HIDDEN]
        _copy_transposed(parameters, plan[0, p.W_Y], top, plan[0, p.N_OUTPUTS], transposed, plan[0, p.W_YT])

    return entry(transpose)


@inner
def _copy_transposed(parameters, offset, n_rows, n_columns, transposed, to):
    """Copy one matrix, transposed."""
    W, WT = block(parameters, offset, n_rows, n_columns), block(transposed, to, n_columns, n_rows)
    for i in range(n_rows):
        for j in range(n_columns):
            WT[j, i] = W[i, j]


@cache
def _compile_update():
    """Return the compiled update: sum the gradients in order, clip, Adam."""
    held = stamp()

    def update(
        parameters, gradients, n_tasks, mean, square, n_updates, learning_rate, beta_1, beta_2, epsilon, clip_norm
    ):
        """Update `parameters`, `mean` and `square` in place unless the gradient is not finite; return the clip factor.

        Row 0 of `gradients` is overwritten by their sum.
        """
        _ = held
        total = gradients[0]
        for task in range(1, n_tasks):
            add = gradients[task]
            for k in range(total.shape[0]):
                total[k] += add[k]
        factor = clip_factor(total, clip_norm)
        if factor == factor:
            adam(parameters, total, factor, mean, square, n_updates, learning_rate, beta_1, beta_2, epsilon)
        return factor

    return entry(update)
