"""What threads do side by side: one list of tasks, which they take one by one, and no thread is needed for any of them.

For each minibatch the list has three phases:

    shards   forward and backward of a few shards, into one gradient buffer
    sum      the gradient buffers, over a slice of the parameters, and the slice's part of the gradient's norm
    update   the same slices: decay, clip, optimizer, transposed copy

Many shards make several rounds of the first phase, so that no task is long. Evaluation and prediction have shards
alone. Which shards a task has, which buffer it adds to and where slices end follow from the batch and the plan, never
from threads; buffers, slices and losses are summed in their order. So any number of threads gives the same bits.

Two shared words carry the order: NEXT is the number of the next task to be taken, DONE how many are done. A thread
takes a task by compare-and-swap once all tasks of the phases before it are done, so a thread that waits holds nothing
that another could wait for. Every thread runs the same loop; one thread alone runs the list from end to end. A task
never raises and never allocates: a lost task would be a hang.
"""

from functools import cache
from typing import NamedTuple

import numpy as np

from . import optimizers as o
from . import plan as p
from . import processor
from .buffers import aligned_zeros
from .caching import entry, inner, spliced
from .elementwise import sum_of_squares
from .layer import ACTIVE
from .network import backward, copy_transposed, forward, head_backward, head_forward
from .shard import (
    clear,
    clear_slopes,
    fill_skip,
    first_output,
    gather,
    load_states,
    loss_and_slope,
    measure,
    store_states,
    write_predictions,
)

PREDICT, EVALUATE, GRADIENT, TRAIN = range(4)  # how far a call goes: to predictions, loss, gradient, new parameters

# Columns of the call: the shared words, each in a cache line of its own; then what the call is about.
# FAILED is 1 + the number of the minibatch whose loss or gradient was not finite, or 1 where an error ends the call.
NEXT, DONE, FAILED = 0, 8, 16
# SHARD_TASKS, TASKS: tasks of a minibatch that have shards, and all of them. SEED, UPDATE: of the first minibatch.
MODE, BATCH_SIZE, SHARD_ROWS, SHARDS_OF_TASK, N_BUFFERS, SHARD_TASKS, TASKS, SEED, UPDATE = range(24, 33)
N_CALL = 33

N_PAUSES = 200  # some microseconds; then others are let run


class Network(NamedTuple):
    """What a call reads of the network; TRAIN modifies all but the plan in place.

    plan : ndarray, the plan table
    loss_numbers : ndarray of shape (n_numbers,)
    parameters, transposed, mean, square : ndarray of shape (n_packed,), (n_transposed,), (n_packed,), (n_packed,)
        Mean and square are the moments of the gradient.
    is_weight : ndarray of shape (n_packed,)
        Zero for a bias, else one; without decay it may be empty.
    """

    plan: np.ndarray
    loss_numbers: np.ndarray
    parameters: np.ndarray
    transposed: np.ndarray
    mean: np.ndarray
    square: np.ndarray
    is_weight: np.ndarray


class Data(NamedTuple):
    """The windows of a call, and their targets.

    X, Y : ndarray of shape (n_values,), flat buffers
    layout : ndarray of shape (8,)
        Where X begins, and its strides from sample to sample, step to step and feature to feature; where Y begins, and
        its strides from sample to sample, step to step and output to output.
    origins, lengths : ndarray of int64
        The first step and the number of steps of all samples; empty if each has all steps of the plan.
    samples : ndarray of int64, shape (n_samples,)
        Cut into minibatches in this order; those of one minibatch from the longest to the shortest.
    weights : ndarray of float64
        Of all samples; empty if each has the weight one.
    totals : ndarray of float64, shape (n_batches,)
        The weight of each minibatch times the losses of a row.
    lanes : ndarray of int64
        With CARRIES: which of the states each of all samples goes on with. Those of one minibatch differ.
    states : ndarray of shape (n_lanes, n_numbers)
        Likewise; modified in place.
    """

    X: np.ndarray
    Y: np.ndarray
    layout: np.ndarray
    origins: np.ndarray
    lengths: np.ndarray
    samples: np.ndarray
    weights: np.ndarray
    totals: np.ndarray
    lanes: np.ndarray
    states: np.ndarray


class Results(NamedTuple):
    """What a call overwrites.

    gradients : ndarray of shape (N_BUFFERS or more, N_TRAINED)
        GRADIENT and TRAIN: row 0 ends as the sum. The others leave them alone.
    squares : ndarray of shape (N_SLICES,), float64
        Likewise: the sums of squares of a gradient's slices.
    losses : ndarray of float64
        Summed losses. GRADIENT and TRAIN: shape (n_batches, N_BUFFERS); EVALUATE: (n_batches, n_shards).
    out : ndarray of shape (n, n_outputs)
        PREDICT alone: the predictions.
    places : ndarray of int64, shape (n_samples,)
        Likewise: the row of `out` for each of the samples, of its first step with ALL_STEPS.
    """

    gradients: np.ndarray
    squares: np.ndarray
    losses: np.ndarray
    out: np.ndarray
    places: np.ndarray


def make_workspace(plan, n_rows, dtype):
    """Return the workspace of a thread for shards of so many rows, and its spans (:mod:`tsrnn.kernels.shard`).

    The workspace holds already what never changes: no first states (unless they are carried), the input of every bias,
    which is one, which hidden units are no padding, and the scales of what is random.
    """
    network, V = plan.table[0], plan.table[0, p.LENGTH]
    work = aligned_zeros((n_rows * int(network[p.N_WORK]),), dtype)
    first_dense, n_layers_and_dense = 1 + network[p.N_LAYERS], network[p.N_LAYERS] + network[p.N_DENSE]
    for row in plan.table[1:first_dense]:
        bias = row[p.INPUT] * n_rows + row[p.N_PANELS] * V
        work[bias :: row[p.INPUT_STRIDE]][: n_rows * (network[p.N_STEPS] + 1)] = 1
        work[row[p.IS_UNIT] * n_rows :][: row[p.N_HIDDEN]] = 1
    for row in plan.table[first_dense : 1 + n_layers_and_dense]:
        bias = row[p.ROWS] * n_rows + row[p.N_IN_VECTORS] * V
        work[bias :: row[p.ROWS_STRIDE]][: n_rows * network[p.HEAD_STEPS]] = 1
    work[network[p.SCALES] * n_rows :][:3] = plan.scales
    work[network[p.LEVEL] * n_rows :][1 : 2 * n_rows * network[p.N_LEVELS] : 2] = 1  # scales, where nothing is scaled
    n_vectors = network[p.N_TABLES] * network[p.N_STEPS] * n_rows
    return work, np.zeros(ACTIVE + network[p.N_STEPS] + 3 * n_rows + n_vectors, np.int64)


@cache
def compile_tasks(cell):
    """Return the compiled loop of a thread for one cell.

    It returns when the tasks before number `last` are done, by whomsoever.

    Parameters of the function
    --------------------------
    last : int
        Not part of `call`: a thread that comes late must not take up the tasks of a later call.
    call : ndarray of shape (N_CALL,), int64
        Shared between threads; modified in place.
    coefficients : ndarray of shape (n_batches, N_COEFFICIENTS), float64
        TRAIN alone: those of each update (:mod:`tsrnn.kernels.optimizers`).
    network : Network
    data : Data
    results : Results
    work, spans : ndarray
        The thread's own, made by :func:`make_workspace`.
    """

    def run_tasks(last, call, coefficients, network, data, results, work, spans):
        control = processor.flush_denormals()
        n_pauses = 0
        while processor.read(call, DONE) < last:
            task = processor.read(call, NEXT)
            batch, k = task // call[TASKS], task % call[TASKS]
            n_before = task - k + first_of_phase(call, network.plan, k)
            if task < last and processor.read(call, DONE) >= n_before:
                if processor.compare_and_swap(call, NEXT, task, task + 1):
                    n_pauses = 0
                    if processor.read(call, FAILED) == 0:
                        run_task(cell, batch, k, call, coefficients, network, data, results, work, spans)
                    processor.add_to(call, DONE, 1)
            elif n_pauses < N_PAUSES:  # another thread is at what this one waits for
                n_pauses += 1
                processor.pause()
            else:
                processor.sched_yield()
        processor.restore_denormals(control)

    return entry(run_tasks)


@inner
def first_of_phase(call, plan, k):
    """Return the number of the first task of the phase, or round, that task k of a minibatch belongs to."""
    if k < call[SHARD_TASKS]:
        return k // call[N_BUFFERS] * call[N_BUFFERS]
    return call[SHARD_TASKS] + (k - call[SHARD_TASKS]) // plan[0, p.N_SLICES] * plan[0, p.N_SLICES]


@spliced
def run_task(cell, batch, k, call, coefficients, network, data, results, work, spans):
    """Run task k of a minibatch."""
    first, n_slices = batch * call[BATCH_SIZE], network.plan[0, p.N_SLICES]
    minibatch = data.samples[first : min(first + call[BATCH_SIZE], data.samples.shape[0])]
    if k < call[SHARD_TASKS]:
        run_shards(cell, call, batch, k, minibatch, network, data, results, work, spans)
    elif k < call[SHARD_TASKS] + n_slices:
        sum_slice(call, coefficients, batch, minibatch.shape[0], k - call[SHARD_TASKS], network, results)
    else:
        update_slice(call, coefficients, batch, k - call[SHARD_TASKS] - n_slices, network, results)


@spliced
def run_shards(cell, call, batch, task, minibatch, network, data, results, work, spans):
    """Run the shards of one task of the first phase."""
    mode, n_rows, n_batch, plan = call[MODE], call[SHARD_ROWS], minibatch.shape[0], network.plan
    buffer, losses = task % call[N_BUFFERS], results.losses
    gradient = results.gradients[buffer] if mode >= GRADIENT else network.parameters
    update = call[UPDATE] + batch if mode >= GRADIENT else -1
    if mode >= GRADIENT and task < call[N_BUFFERS]:
        clear(gradient, 0, gradient.shape[0])
        losses[batch, buffer] = 0.0
    for shard in range(task * call[SHARDS_OF_TASK], (task + 1) * call[SHARDS_OF_TASK]):
        first = shard * n_rows
        if first >= n_batch:
            break
        samples = minibatch[first : min(first + n_rows, n_batch)]
        measure(plan, data.lengths, samples, call[SEED], update, n_rows, spans)
        gather(plan, data.X, data.layout, data.origins, samples, n_rows, spans, work)
        fill_skip(plan, data.X, data.layout, data.origins, samples, n_rows, spans, work)
        if plan[0, p.CARRIES]:
            load_states(plan, data.states, data.lanes, samples, n_rows, spans, work)
        forward(cell, plan, network.parameters, work, spans, gradient, n_rows, 0)
        if plan[0, p.CARRIES]:
            store_states(plan, data.states, data.lanes, samples, n_rows, spans, work)
        loss = 0.0
        n_steps = spans[ACTIVE + plan[0, p.N_STEPS]] if plan[0, p.ALL_STEPS] else 1
        if mode >= GRADIENT and plan[0, p.N_DECODED] > 0:
            clear_slopes(plan, n_rows, work)
        for step in range(first_output(plan, spans), n_steps, plan[0, p.HEAD_STEPS]):
            head_forward(cell, plan, network.parameters, work, spans, gradient, n_rows, step)
            if mode == PREDICT:
                write_predictions(plan, results.places[first:], step, n_rows, spans, work, results.out)
            else:
                loss += loss_and_slope(
                    plan, network.loss_numbers, data.Y, data.layout, data.origins, samples, data.weights,
                    data.totals[batch], step, n_rows, spans, work,
                )  # fmt: skip
            if mode >= GRADIENT:
                head_backward(cell, plan, network.transposed, work, spans, gradient, n_rows, step)
        if mode == EVALUATE:
            losses[batch, shard] = loss
        if mode < GRADIENT:
            continue
        losses[batch, buffer] += loss
        backward(cell, plan, network.transposed, work, spans, gradient, n_rows, 0)


@inner
def slice_panels(plan, part):
    """Return the first panel of weights of a slice of the parameters, and the first after it, as rows of the plan."""
    n_panels, n_slices = plan[0, p.N_WEIGHT_PANELS], plan[0, p.N_SLICES]
    first = 1 + plan[0, p.N_LAYERS] + plan[0, p.N_DENSE]
    return first + part * n_panels // n_slices, first + (part + 1) * n_panels // n_slices


@inner
def slice_ends(plan, part):
    """Return the first place of a slice in the vector of parameters, and the first after it."""
    panel, end = slice_panels(plan, part)
    last = plan[end - 1]
    return plan[panel, p.PANEL], last[p.PANEL] + last[p.N_TERMS] * last[p.N_GATES] * plan[0, p.LENGTH]


@inner
def sum_slice(call, coefficients, batch, n_batch, part, network, results):
    """Add the gradient buffers in use into the first, over one slice, and take its part of the squared norm."""
    gradients, (first, last) = results.gradients, slice_ends(network.plan, part)
    rows_of_task = call[SHARD_ROWS] * call[SHARDS_OF_TASK]
    n_buffers = min(call[N_BUFFERS], (n_batch + rows_of_task - 1) // rows_of_task)
    for buffer in range(1, n_buffers):
        o.add(first, last, (gradients[0], gradients[buffer]), ())
    if call[MODE] == TRAIN:
        real, of_batch = type(network.parameters[0]), coefficients[batch]
        if of_batch[o.L2] > 0:
            o.add_l2(first, last, (gradients[0], network.parameters, network.is_weight), (real(of_batch[o.L2]),))
        if of_batch[o.CLIP_VALUE] < np.inf:
            o.clip_values(first, last, (gradients[0],), (real(of_batch[o.CLIP_VALUE]),))
    results.squares[part] = sum_of_squares(gradients[0], first, last)


@inner
def update_slice(call, coefficients, batch, part, network, results):
    """Make the optimizer's step on one slice and renew its transposed copy, unless loss or gradient are not finite."""
    real, of_batch = type(network.parameters[0]), coefficients[batch]
    total, loss = 0.0, 0.0
    for k in range(results.squares.shape[0]):
        total += results.squares[k]
    for k in range(results.losses.shape[1]):
        loss += results.losses[batch, k]
    factor = o.clip_factor(total, of_batch[o.CLIP_NORM]) + 0 * loss
    if not factor < np.inf or real(factor) == 0:  # zero: too small for a number of this kind
        processor.compare_and_swap(call, FAILED, 0, batch + 1)
        return
    first, last = slice_ends(network.plan, part)
    if of_batch[o.SHRINK] < 1:
        o.shrink(first, last, (network.parameters, network.is_weight), (real(of_batch[o.SHRINK]),))
    o.update(
        first, last, (network.parameters, results.gradients[0], network.mean, network.square),
        (
            real(factor), real(of_batch[o.MEAN_KEPT]), real(of_batch[o.MEAN_NEW]), real(of_batch[o.SQUARE_KEPT]),
            real(of_batch[o.SQUARE_NEW]), real(of_batch[o.FROM_MEAN]), real(of_batch[o.FROM_GRADIENT]),
            real(of_batch[o.EPSILON]),
        ),
    )  # fmt: skip
    panel, end = slice_panels(network.plan, part)
    copy_transposed(network.plan, panel, end, network.parameters, network.transposed)
