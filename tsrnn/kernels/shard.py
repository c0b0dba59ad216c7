"""The two ends of a shard's way through the network: windows are gathered, predictions meet their targets."""

import numpy as np

from . import plan as p
from .caching import inner
from .losses import CLASSES, classes_loss, loss_slope, loss_value, predicted, softmax

# Columns of `layout`: the places in the flat buffers of X and Y, and the distances between them.
X_FIRST, X_SAMPLE, X_STEP, X_FEATURE, Y_FIRST, Y_SAMPLE, Y_OUTPUT = range(7)


@inner
def gather(plan, X, layout, samples, work):
    """Copy the windows of one shard into the input rows of the first layer, and prepare the rows of all layers.

    Parameters
    ----------
    plan : ndarray, the plan table
    X : ndarray of shape (n_values,)
    layout : ndarray of int64
        Where X begins, and its strides.
    samples : ndarray of int64, shape (n_rows,)
    work : ndarray
        Modified in place.
    """
    n_rows, n_steps, n_features = samples.shape[0], plan[0, p.N_STEPS], plan[0, p.N_FEATURES]
    V = plan[0, p.LENGTH]
    for layer in range(plan[0, p.N_LAYERS]):
        row = plan[1 + layer]
        ld, n_padded = row[p.INPUT_STRIDE], row[p.N_PANELS] * V
        for r in range(n_rows):  # the first state is zero
            first = row[p.INPUT] * n_rows + r * ld
            work[first : first + n_padded] = 0
        for r in range(n_rows * (n_steps + 1)):  # the bias's input is one
            work[row[p.INPUT] * n_rows + r * ld + n_padded] = 1
        for j in range(n_padded):  # which hidden units are no padding
            work[row[p.IS_UNIT] * n_rows + j] = j < row[p.N_HIDDEN]
        memory = row[p.MEMORY] * n_rows
        work[memory : memory + n_rows * row[p.MEMORY_STRIDE]] = 0
    zeros = plan[0, p.ZEROS] * n_rows
    work[zeros : zeros + plan[plan[0, p.N_LAYERS], p.N_PANELS] * V] = 0
    ld = plan[1, p.INPUT_STRIDE]
    first = plan[1, p.INPUT] * n_rows + plan[1, p.N_PANELS] * V + 1
    for r in range(n_rows):
        start = layout[X_FIRST] + samples[r] * layout[X_SAMPLE]
        level = type(work[0])(0)
        if plan[0, p.WINDOW_NORM] == p.LEVEL_LAST:
            level = X[start + (n_steps - 1) * layout[X_STEP]]
        work[plan[0, p.LEVEL] * n_rows + r] = level
        for t in range(n_steps):
            to, of = first + (t * n_rows + r) * ld, start + t * layout[X_STEP]
            work[to] = X[of] - level
            for k in range(1, n_features):
                work[to + k] = X[of + k * layout[X_FEATURE]]


@inner
def loss_and_slope(plan, loss_numbers, Y, layout, samples, weights, total_weight, work):
    """Return the summed loss of one shard; overwrite its outputs by the gradient of the minibatch's mean loss.

    Parameters
    ----------
    plan : ndarray, the plan table
    loss_numbers : ndarray of shape (n_numbers,)
        So many outputs, one after the other, have one target; each number is that of one of them.
    Y : ndarray of shape (n_values,)
    layout : ndarray of int64
        Where Y begins, and its strides.
    samples : ndarray of int64, shape (n_rows,)
    weights : ndarray of float64
        Of all samples; empty if each has the weight one.
    total_weight : float
        Of the minibatch, times the losses of a row.
    work : ndarray
        Modified in place.
    """
    n_rows, n_outputs, V = samples.shape[0], plan[0, p.N_OUTPUTS], plan[0, p.LENGTH]
    width = (n_outputs + V - 1) // V * V
    loss, n_numbers, real = plan[0, p.LOSS], loss_numbers.shape[0], type(work[0])
    summed = 0.0
    for r in range(n_rows):
        level, first = work[plan[0, p.LEVEL] * n_rows + r], plan[0, p.PREDICTION] * n_rows + r * width
        start = layout[Y_FIRST] + samples[r] * layout[Y_SAMPLE]
        weight = weights[samples[r]] if weights.shape[0] > 0 else 1.0
        share = real(weight / total_weight)
        for k in range(n_outputs if loss != CLASSES else 0):
            target = Y[start + k // n_numbers * layout[Y_OUTPUT]] - level
            output, number = work[first + k], loss_numbers[k % n_numbers]
            summed += weight * loss_value(loss, np.float64(output), np.float64(target), number)
            work[first + k] = share * loss_slope(loss, output, target, number)
        if loss == CLASSES:
            summed += weight * classes_loss(work, first, n_outputs, Y[start], share)
        work[first + n_outputs : first + width] = 0
    return summed


@inner
def write_predictions(plan, work, out):
    """Write the predictions of one shard, in the units of the targets, into out (n_rows, n_outputs)."""
    n_rows, n_outputs, V = out.shape[0], plan[0, p.N_OUTPUTS], plan[0, p.LENGTH]
    width = (n_outputs + V - 1) // V * V
    for r in range(n_rows):
        level, first = work[plan[0, p.LEVEL] * n_rows + r], plan[0, p.PREDICTION] * n_rows + r * width
        if plan[0, p.LOSS] == CLASSES:
            softmax(work, first, n_outputs)
        for k in range(n_outputs):
            out[r, k] = predicted(plan[0, p.LOSS], work[first + k]) + level
