"""One training step, and prediction: the seam between the network above and the compiled code.

A minibatch is cut into shards of SHARD_ROWS rows. A shard runs its whole way in one thread: gather, forward, backward.
Its gradient goes to one of at most MAX_GRADIENTS buffers; which one follows from the batch alone, never from the number
of threads, and the buffers are summed in order, so any number of threads gives the same bits. The update comes last.
"""

from functools import cache

import numpy as np

from . import gru, lstm, rnn
from . import plan as p
from .caching import entry, inner, stamp
from .losses import loss_slope, loss_value
from .optimizers import adam, clip_factor
from .vector import add_outer, add_product, add_rows, fill, set_rows

SHARD_ROWS = 8
MAX_GRADIENTS = 16
CALL_ROWS = 4096  # rows predicted in one call: between two calls Ctrl-C is heard

PREDICT, EVALUATE, TRAIN = 0, 1, 2  # how far a shard goes: to its predictions, to their loss, to the gradient


class Step:
    """The buffers of one network in training or use, and the calls that work on them.

    Parameters
    ----------
    cell : {"rnn", "lstm", "gru"}
    plan : ndarray
        From :func:`tsrnn.kernels.plan.make_plan`.
    n_transposed : int
    parameters : ndarray of shape (n_parameters,)
        float32 or float64. Modified in place by `train`.
    workers : Workers
    """

    def __init__(self, cell, plan, n_transposed, parameters, workers):
        self.parameters = parameters
        self._plan = plan
        self._workers = workers
        self._run_shards = _compile_shards(p.CELLS[cell])
        self._transpose = _compile_transpose()
        self._update = _compile_update()
        self._transposed = np.zeros(n_transposed, parameters.dtype)
        self._work = np.zeros((workers.n_threads, SHARD_ROWS * plan[0, p.N_WORK]), parameters.dtype)
        self._gradients = np.zeros((MAX_GRADIENTS, parameters.size), parameters.dtype)
        self._losses = np.zeros(MAX_GRADIENTS)
        self._nothing = np.empty((0, 0), parameters.dtype)

    def train(self, X, Y, samples, adam_state, learning_rate, clip_norm):
        """Make one update from one minibatch; return its mean loss before the update.

        Parameters
        ----------
        X : Flat, three strides (sample, step, feature)
        Y : Flat, two strides (sample, output)
        samples : ndarray of int64, shape (n_rows,)
            Which windows form the minibatch.
        adam_state : AdamState
            Modified in place.
        learning_rate : float
        clip_norm : float
            Infinity for no clipping.

        Returns
        -------
        float
            If it, or the gradient, is not finite the parameters were left as they are, and it is not finite.
        """
        loss, n_buffers = self._backpropagate(X, Y, samples)
        factor = self._update(
            self.parameters, self._gradients, n_buffers, adam_state.mean, adam_state.square, adam_state.n_updates + 1,
            learning_rate, adam_state.beta_1, adam_state.beta_2, adam_state.epsilon, clip_norm,
        )  # fmt: skip
        if not np.isfinite(factor):
            return np.nan
        adam_state.n_updates += 1
        return loss

    def gradient(self, X, Y, samples):
        """Return the mean loss of one minibatch and its gradient, an ndarray of shape (n_parameters,)."""
        loss, n_buffers = self._backpropagate(X, Y, samples)
        return loss, self._gradients[:n_buffers].sum(axis=0)

    def loss(self, X, Y, samples):
        """Return the mean loss over the given windows and their outputs, a float."""
        total = 0.0
        for rows in _calls(samples):
            n_tasks = self._run(EVALUATE, X, Y, rows, self._nothing)
            total += self._losses[:n_tasks].sum()
        return float(total / (len(samples) * self._plan[0, p.N_OUTPUTS]))

    def predict(self, X, samples):
        """Return the predictions for the given windows, shape (len(samples), n_outputs)."""
        out = np.empty((len(samples), self._plan[0, p.N_OUTPUTS]), self.parameters.dtype)
        done = 0
        for rows in _calls(samples):
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
        n_workers = min(self._workers.n_threads, n_tasks)
        strides = np.array([*X.strides, *Y.strides[:2]], dtype=np.int64)

        def run_share(worker):
            tasks = (worker, n_workers, n_tasks)
            self._run_shards(
                mode, self._plan, self.parameters, self._transposed, X.values, Y.values, strides, samples, tasks,
                self._work[worker], self._gradients, self._losses, out,
            )  # fmt: skip

        self._workers.run(run_share, n_workers)
        return n_tasks


def _calls(samples):
    """Cut an array of samples into the pieces of one call each."""
    return [samples[first : first + CALL_ROWS] for first in range(0, len(samples), CALL_ROWS)]


class AdamState:
    """The running moments of Adam (Kingma and Ba 2015) and their constants."""

    def __init__(self, parameters, beta_1=0.9, beta_2=0.999, epsilon=1e-8):
        self.mean = np.zeros_like(parameters)
        self.square = np.zeros_like(parameters)
        self.n_updates = 0
        self.beta_1, self.beta_2, self.epsilon = beta_1, beta_2, epsilon


@cache
def _compile_shards(cell):
    """Return the compiled way of shards for one cell; the branches of the other cells are pruned before compiling."""
    held, is_lstm, is_gru = stamp(), cell == p.LSTM, cell == p.GRU

    def run_shards(mode, plan, parameters, transposed, X, Y, strides, samples, tasks, work, gradients, losses, out):
        """Run the tasks ``tasks[0], tasks[0] + tasks[1], ...`` below ``tasks[2]``; each is a run of shards.

        Parameters
        ----------
        mode : int
            PREDICT, EVALUATE or TRAIN.
        plan : ndarray, the plan table
        parameters, transposed : ndarray of shape (n_parameters,), (n_transposed,)
        X, Y : ndarray of shape (n_values,), the flat buffers of windows and targets
        strides : ndarray of shape (5,)
            Sample, step and feature of X; sample and output of Y.
        samples : ndarray of int64, shape (n_batch,)
        tasks : tuple of three int
        work : ndarray of shape (SHARD_ROWS * n_work,)
            Overwritten.
        gradients : ndarray of shape (>= n_tasks, n_parameters)
            TRAIN alone: row `task` is overwritten by the gradient of its shards.
        losses : ndarray of float64, shape (>= n_tasks,)
            TRAIN and EVALUATE: overwritten likewise by the summed losses.
        out : ndarray of shape (n_batch, n_outputs)
            PREDICT alone: overwritten by the predictions.
        """
        _ = held
        n_batch = samples.shape[0]
        n_layers, n_steps = plan[0, p.N_LAYERS], plan[0, p.N_STEPS]
        activation, reset_after = plan[0, p.ACTIVATION], plan[0, p.RESET_AFTER]
        n_shards = -(-n_batch // SHARD_ROWS)
        n_together = -(-n_shards // tasks[2])
        for task in range(tasks[0], tasks[2], tasks[1]):
            gradient = gradients[task]
            losses[task] = 0.0
            if mode == TRAIN:
                fill(gradient, 0)
            for shard in range(task * n_together, min((task + 1) * n_together, n_shards)):
                rows = samples[shard * SHARD_ROWS : min((shard + 1) * SHARD_ROWS, n_batch)]
                n_rows = rows.shape[0]
                level = work[:n_rows]
                prediction = _block(work, plan[0, p.PREDICTION] * n_rows, n_rows, plan[0, p.N_OUTPUTS])
                below = _sequence(work, plan[0], p.X, n_steps, n_rows, plan[0, p.N_FEATURES])
                _gather(plan, X, strides, rows, below, level)

                for layer in range(n_layers):
                    row = plan[1 + layer]
                    n_in, n_hidden = row[p.N_IN], row[p.N_HIDDEN]
                    n_columns = row[p.N_GATES] * n_hidden
                    W_x = _block(parameters, row[p.W_X], n_in, n_columns)
                    W_h = _block(parameters, row[p.W_H], n_hidden, n_columns)
                    b = parameters[row[p.B] : row[p.B] + n_columns]
                    b_hn = parameters[row[p.B_HN] : row[p.B_HN] + row[p.N_B_HN]]
                    gates = _sequence(work, row, p.GATES, n_steps, n_rows, n_columns)
                    extra = work[row[p.EXTRA] * n_rows : row[p.DH] * n_rows]
                    h = _sequence(work, row, p.H, n_steps + 1, n_rows, n_hidden)
                    if is_lstm:
                        lstm.forward(below, W_x, W_h, b, b_hn, gates, extra, h, activation, reset_after)
                    elif is_gru:
                        gru.forward(below, W_x, W_h, b, b_hn, gates, extra, h, activation, reset_after)
                    else:
                        rnn.forward(below, W_x, W_h, b, b_hn, gates, extra, h, activation, reset_after)
                    below = h[1:]
                _head_forward(plan, parameters, below[n_steps - 1], prediction)

                if mode == PREDICT:
                    for r in range(n_rows):
                        for k in range(prediction.shape[1]):
                            out[shard * SHARD_ROWS + r, k] = prediction[r, k] + level[r]
                    continue
                losses[task] += _loss(plan, Y, strides, rows, level, n_batch, prediction)
                if mode == EVALUATE:
                    continue

                dh = _sequence(work, plan[n_layers], p.DH, n_steps, n_rows, plan[n_layers, p.N_HIDDEN])
                fill(dh[: n_steps - 1], 0)
                _head_backward(plan, transposed, below[n_steps - 1], prediction, gradient, dh[n_steps - 1])
                for layer in range(n_layers - 1, -1, -1):
                    row = plan[1 + layer]
                    n_in, n_hidden = row[p.N_IN], row[p.N_HIDDEN]
                    n_columns = row[p.N_GATES] * n_hidden
                    W_xT = _block(transposed, row[p.W_XT], n_columns, n_in)
                    W_hT = _block(transposed, row[p.W_HT], n_columns, n_hidden)
                    dW_x = _block(gradient, row[p.W_X], n_in, n_columns)
                    dW_h = _block(gradient, row[p.W_H], n_hidden, n_columns)
                    db = gradient[row[p.B] : row[p.B] + n_columns]
                    db_hn = gradient[row[p.B_HN] : row[p.B_HN] + row[p.N_B_HN]]
                    gates = _sequence(work, row, p.GATES, n_steps, n_rows, n_columns)
                    extra = work[row[p.EXTRA] * n_rows : row[p.DH] * n_rows]
                    h = _sequence(work, row, p.H, n_steps + 1, n_rows, n_hidden)
                    dh = _sequence(work, row, p.DH, n_steps, n_rows, n_hidden)
                    wants_dx = layer > 0
                    if wants_dx:
                        x = _sequence(work, plan[layer], p.H, n_steps + 1, n_rows, n_in)[1:]
                        dx = _sequence(work, plan[layer], p.DH, n_steps, n_rows, n_in)
                    else:
                        x = _sequence(work, plan[0], p.X, n_steps, n_rows, n_in)
                        dx = x  # not written
                    if is_lstm:
                        lstm.backward(
                            x,
                            W_xT,
                            W_hT,
                            gates,
                            extra,
                            h,
                            dh,
                            wants_dx,
                            dx,
                            dW_x,
                            dW_h,
                            db,
                            db_hn,
                            activation,
                            reset_after,
                        )
                    elif is_gru:
                        gru.backward(
                            x,
                            W_xT,
                            W_hT,
                            gates,
                            extra,
                            h,
                            dh,
                            wants_dx,
                            dx,
                            dW_x,
                            dW_h,
                            db,
                            db_hn,
                            activation,
                            reset_after,
                        )
                    else:
                        rnn.backward(
                            x, W_xT, W_hT, gates, extra, h, dh, wants_dx, dx, dW_x, dW_h, db, db_hn,
                            activation, reset_after,
                        )  # fmt: skip

    return entry(run_shards)


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
            _transpose_block(parameters, row[p.W_X], n_in, n_columns, transposed, row[p.W_XT])
            _transpose_block(parameters, row[p.W_H], n_hidden, n_columns, transposed, row[p.W_HT])
        top = plan[plan[0, p.N_LAYERS], p.N_HIDDEN]
        _transpose_block(parameters, plan[0, p.W_Y], top, plan[0, p.N_OUTPUTS], transposed, plan[0, p.W_YT])

    return entry(transpose)


@inner
def _transpose_block(parameters, offset, n_rows, n_columns, transposed, to):
    """Copy one matrix, transposed."""
    W, WT = _block(parameters, offset, n_rows, n_columns), _block(transposed, to, n_columns, n_rows)
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


@inner
def _gather(plan, X, strides, samples, x, level):
    """Copy the windows of one shard into x (n_steps, n_rows, n_features), their level into level (n_rows,)."""
    n_steps, n_rows, n_features = x.shape
    for r in range(n_rows):
        start = samples[r] * strides[0]
        level[r] = 0
        if plan[0, p.WINDOW_NORM] == p.LEVEL_LAST:
            level[r] = X[start + (n_steps - 1) * strides[1]]
        for t in range(n_steps):
            for k in range(n_features):
                x[t, r, k] = X[start + t * strides[1] + k * strides[2]]
            x[t, r, 0] -= level[r]


@inner
def _block(buffer, offset, n_rows, n_columns):
    """Return a matrix inside a flat buffer."""
    return buffer[offset : offset + n_rows * n_columns].reshape((n_rows, n_columns))


@inner
def _sequence(work, row, column, n_steps, n_rows, n_columns):
    """Return the sequence (n_steps, n_rows, n_columns) whose place in the workspace the plan's row names."""
    first = row[column] * n_rows
    return work[first : first + n_steps * n_rows * n_columns].reshape((n_steps, n_rows, n_columns))


@inner
def _head_forward(plan, parameters, state, prediction):
    """Fill prediction (n_rows, n_outputs) from the last state of the top layer (n_rows, n_hidden)."""
    n_hidden, n_outputs = state.shape[1], plan[0, p.N_OUTPUTS]
    set_rows(prediction, 0, parameters[plan[0, p.B_Y] : plan[0, p.B_Y] + n_outputs])
    W_y = _block(parameters, plan[0, p.W_Y], n_hidden, n_outputs)
    add_product(state, 0, n_hidden, W_y, 0, n_outputs, prediction)


@inner
def _head_backward(plan, transposed, state, dprediction, gradient, dstate):
    """Add the head's gradients, and fill dstate (n_rows, n_hidden)."""
    n_hidden, n_outputs = state.shape[1], plan[0, p.N_OUTPUTS]
    add_outer(state, dprediction, 0, n_outputs, _block(gradient, plan[0, p.W_Y], n_hidden, n_outputs))
    add_rows(dprediction, 0, n_outputs, gradient[plan[0, p.B_Y] : plan[0, p.B_Y] + n_outputs])
    fill(dstate, 0)
    W_yT = _block(transposed, plan[0, p.W_YT], n_outputs, n_hidden)
    add_product(dprediction, 0, n_outputs, W_yT, 0, n_hidden, dstate)


@inner
def _loss(plan, Y, strides, samples, level, n_batch, prediction):
    """Return the summed loss of one shard; overwrite prediction by the gradient of the batch's mean loss."""
    n_rows, n_outputs = prediction.shape
    loss, share = plan[0, p.LOSS], type(prediction[0, 0])(1.0 / (n_batch * n_outputs))
    total = 0.0
    for r in range(n_rows):
        for k in range(n_outputs):
            target = Y[samples[r] * strides[3] + k * strides[4]] - level[r]
            total += float(loss_value(loss, prediction[r, k], target))
            prediction[r, k] = share * loss_slope(loss, prediction[r, k], target)
    return total
