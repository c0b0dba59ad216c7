"""The way of one shard, a few rows of a minibatch, through the whole network in one thread: gather, forward, back."""

from functools import cache

import numpy as np

from . import gru, lstm, rnn
from . import plan as p
from .caching import entry, inner, stamp
from .losses import loss_slope, loss_value
from .vector import add_outer, add_product, add_rows, fill, set_rows

SHARD_ROWS = 8

PREDICT, EVALUATE, TRAIN = 0, 1, 2  # how far a shard goes: to its predictions, to their loss, to the gradient


@cache
def compile_shards(cell):
    """Return the compiled way of shards for one cell; the branches of the other cells are pruned before compiling."""
    held, is_lstm, is_gru = stamp(), cell == p.LSTM, cell == p.GRU

    def run_shards(mode, plan, parameters, transposed, X, Y, strides, samples, tasks, work, gradients, losses, out):
        """Run the tasks ``tasks[0], tasks[0] + tasks[1], ...`` below ``tasks[2]``, of ``tasks[3]`` in all.

        A task is a run of shards that share a gradient buffer.

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
        tasks : tuple of four int
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
        n_together = -(-n_shards // tasks[3])
        for task in range(tasks[0], tasks[2], tasks[1]):
            gradient = gradients[task]
            losses[task] = 0.0
            if mode == TRAIN:
                fill(gradient, 0)
            for shard in range(task * n_together, min((task + 1) * n_together, n_shards)):
                first = shard * SHARD_ROWS
                rows = samples[first : min(first + SHARD_ROWS, n_batch)]
                n_rows = rows.shape[0]
                level, prediction, window = _network_work(plan, work, n_rows)

                gather(plan, X, strides, rows, window, level)

                x = window
                for layer in range(n_layers):
                    W_x, W_h, b, b_hn = _weights(plan, layer, parameters)
                    gates, extra, h, _dh = _layer_work(plan, layer, work, n_rows)
                    if is_lstm:
                        lstm.forward(x, W_x, W_h, b, b_hn, gates, extra, h, activation, reset_after)
                    elif is_gru:
                        gru.forward(x, W_x, W_h, b, b_hn, gates, extra, h, activation, reset_after)
                    else:
                        rnn.forward(x, W_x, W_h, b, b_hn, gates, extra, h, activation, reset_after)
                    x = h[1:]
                head_forward(plan, parameters, x[n_steps - 1], prediction)

                if mode == PREDICT:
                    for r in range(n_rows):
                        for k in range(prediction.shape[1]):
                            out[first + r, k] = prediction[r, k] + level[r]
                    continue
                losses[task] += loss_and_slope(plan, Y, strides, rows, level, n_batch, prediction)
                if mode == EVALUATE:
                    continue

                gates, extra, h, dh = _layer_work(plan, n_layers - 1, work, n_rows)
                fill(dh[: n_steps - 1], 0)
                head_backward(plan, transposed, h[n_steps], prediction, gradient, dh[n_steps - 1])
                for layer in range(n_layers - 1, -1, -1):
                    W_xT, W_hT = _transposed_weights(plan, layer, transposed)
                    dW_x, dW_h, db, db_hn = _weights(plan, layer, gradient)
                    gates, extra, h, dh = _layer_work(plan, layer, work, n_rows)
                    wants_dx = layer > 0
                    x, dx = window, window  # the window has no gradient: dx is not written
                    if wants_dx:
                        _gates, _extra, h_below, dx = _layer_work(plan, layer - 1, work, n_rows)
                        x = h_below[1:]
                    if is_lstm:
                        lstm.backward(
                            x, W_xT, W_hT, gates, extra, h, dh, wants_dx, dx, dW_x, dW_h, db, db_hn,
                            activation, reset_after,
                        )  # fmt: skip
                    elif is_gru:
                        gru.backward(
                            x, W_xT, W_hT, gates, extra, h, dh, wants_dx, dx, dW_x, dW_h, db, db_hn,
                            activation, reset_after,
                        )  # fmt: skip
                    else:
                        rnn.backward(
                            x, W_xT, W_hT, gates, extra, h, dh, wants_dx, dx, dW_x, dW_h, db, db_hn,
                            activation, reset_after,
                        )  # fmt: skip

    return entry(run_shards)


@inner
def gather(plan, X, strides, samples, x, level):
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
def head_forward(plan, parameters, state, prediction):
    """Fill prediction (n_rows, n_outputs) from the last state of the top layer (n_rows, n_hidden)."""
    n_hidden, n_outputs = state.shape[1], plan[0, p.N_OUTPUTS]
    set_rows(prediction, 0, parameters[plan[0, p.B_Y] : plan[0, p.B_Y] + n_outputs])
    W_y = block(parameters, plan[0, p.W_Y], n_hidden, n_outputs)
    add_product(state, 0, n_hidden, W_y, 0, n_outputs, prediction)


@inner
def head_backward(plan, transposed, state, dprediction, gradient, dstate):
    """Add the head's gradients, and fill dstate (n_rows, n_hidden)."""
    n_hidden, n_outputs = state.shape[1], plan[0, p.N_OUTPUTS]
    add_outer(state, dprediction, 0, n_outputs, block(gradient, plan[0, p.W_Y], n_hidden, n_outputs))
    add_rows(dprediction, 0, n_outputs, gradient[plan[0, p.B_Y] : plan[0, p.B_Y] + n_outputs])
    fill(dstate, 0)
    W_yT = block(transposed, plan[0, p.W_YT], n_outputs, n_hidden)
    add_product(dprediction, 0, n_outputs, W_yT, 0, n_hidden, dstate)


@inner
def loss_and_slope(plan, Y, strides, samples, level, n_batch, prediction):
    """Return the summed loss of one shard; overwrite prediction by the gradient of the batch's mean loss."""
    n_rows, n_outputs = prediction.shape
    loss, share = plan[0, p.LOSS], type(prediction[0, 0])(1.0 / (n_batch * n_outputs))
    total = 0.0
    for r in range(n_rows):
        for k in range(n_outputs):
            target = Y[samples[r] * strides[3] + k * strides[4]] - level[r]
            total += loss_value(loss, np.float64(prediction[r, k]), np.float64(target))
            prediction[r, k] = share * loss_slope(loss, prediction[r, k], target)
    return total


@inner
def _network_work(plan, work, n_rows):
    """Return the views level (n_rows,), prediction (n_rows, n_outputs) and window (n_steps, n_rows, n_features)."""
    n_steps, n_features = plan[0, p.N_STEPS], plan[0, p.N_FEATURES]
    prediction = block(work, plan[0, p.PREDICTION] * n_rows, n_rows, plan[0, p.N_OUTPUTS])
    return work[:n_rows], prediction, _sequence(work, plan[0, p.X], n_steps, n_rows, n_features)


@inner
def _layer_work(plan, layer, work, n_rows):
    """Return the views gates, extra, h and dh of one layer; shapes as in :func:`tsrnn.kernels.rnn.forward`."""
    row, n_steps = plan[1 + layer], plan[0, p.N_STEPS]
    n_hidden = row[p.N_HIDDEN]
    gates = _sequence(work, row[p.GATES], n_steps, n_rows, row[p.N_GATES] * n_hidden)
    extra = work[row[p.EXTRA] * n_rows : row[p.DH] * n_rows]
    h = _sequence(work, row[p.H], n_steps + 1, n_rows, n_hidden)
    return gates, extra, h, _sequence(work, row[p.DH], n_steps, n_rows, n_hidden)


@inner
def _weights(plan, layer, vector):
    """Return the views W_x, W_h, b and b_hn of one layer inside the parameters, or inside their gradient."""
    row = plan[1 + layer]
    n_hidden = row[p.N_HIDDEN]
    n_columns = row[p.N_GATES] * n_hidden
    W_x = block(vector, row[p.W_X], row[p.N_IN], n_columns)
    W_h = block(vector, row[p.W_H], n_hidden, n_columns)
    return W_x, W_h, vector[row[p.B] : row[p.B] + n_columns], vector[row[p.B_HN] : row[p.B_HN] + row[p.N_B_HN]]


@inner
def _transposed_weights(plan, layer, transposed):
    """Return the views W_xT (n_gates * n_hidden, n_in) and W_hT (n_gates * n_hidden, n_hidden) of one layer."""
    row = plan[1 + layer]
    n_columns = row[p.N_GATES] * row[p.N_HIDDEN]
    W_xT = block(transposed, row[p.W_XT], n_columns, row[p.N_IN])
    return W_xT, block(transposed, row[p.W_HT], n_columns, row[p.N_HIDDEN])


@inner
def block(buffer, offset, n_rows, n_columns):
    """Return a matrix inside a flat buffer."""
    return buffer[offset : offset + n_rows * n_columns].reshape((n_rows, n_columns))


@inner
def _sequence(work, offset, n_steps, n_rows, n_columns):
    """Return a sequence (n_steps, n_rows, n_columns) inside the workspace; `offset` is that of a shard of one row."""
    first = offset * n_rows
    return work[first : first + n_steps * n_rows * n_columns].reshape((n_steps, n_rows, n_columns))
