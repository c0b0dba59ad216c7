"""The two ends of a shard's way through the network: windows are gathered, predictions meet their targets.

A shard has room for `n_rows` rows, in which places are counted; they stand in the order of their lengths, the longest
first. What stands in `spans`, an array of int64: how many rows are filled, the seed, the number of the update or -1 if
this is no training; then how many rows have each step of the plan; of each row its length, the number of its sample,
and how many steps of X its window has; and of each table of vectors, step and row where the vector that is read begins,
or -1 if none is.
"""

import numpy as np

from . import plan as p
from .caching import inner
from .layer import ACTIVE, N_FILLED, SEED, UPDATE
from .losses import (
    CLASSES,
    classes_loss,
    is_of_parameters,
    loss_slope,
    loss_value,
    parameters_loss,
    predict_target,
    softmax,
)

# Columns of `layout`: the places in the flat buffers of X and Y, and the distances between them.
X_FIRST, X_SAMPLE, X_STEP, X_FEATURE, Y_FIRST, Y_SAMPLE, Y_STEP, Y_OUTPUT = range(8)


@inner
def clear(array, first, n):
    """Overwrite n numbers by zeros."""
    for k in range(first, first + n):
        array[k] = 0


@inner
def measure(plan, lengths, samples, seed, update, n_rows, spans):
    """Overwrite `spans` by those of some samples; without `lengths` all have the steps of the plan.

    Of what no row has, the steps after its longest, nobody reads how many rows have it.
    """
    n_steps, n_active, patch = plan[0, p.N_STEPS], samples.shape[0], plan[0, p.PATCH]
    spans[N_FILLED], spans[SEED], spans[UPDATE] = n_active, seed, update
    for r in range(n_active):
        width = lengths[samples[r]] if lengths.shape[0] > 0 else n_steps * patch
        spans[ACTIVE + n_steps + r] = (width + patch - 1) // patch
        spans[ACTIVE + n_steps + n_rows + r] = samples[r]
        spans[ACTIVE + n_steps + 2 * n_rows + r] = width
    for t in range(spans[ACTIVE + n_steps]):
        while n_active > 0 and spans[ACTIVE + n_steps + n_active - 1] <= t:
            n_active -= 1
        spans[ACTIVE + t] = n_active


@inner
def gather(plan, X, layout, origins, samples, n_rows, spans, work):
    """Copy the windows of one shard into the input rows of the first level, and find the vectors that go there, too.

    Parameters
    ----------
    plan : ndarray, the plan table
    X : ndarray of shape (n_values,)
    layout : ndarray of int64
        Where X begins, and its strides.
    origins : ndarray of int64
        The step that each sample begins with; empty if it is step 0 for all.
    samples : ndarray of int64
        Those of the shard.
    n_rows, spans
        See the module; `spans` is modified in place.
    work : ndarray
        Modified in place.
    """
    n_steps, n_decoded = plan[0, p.N_STEPS], plan[0, p.N_DECODED]
    n_features = plan[0, p.N_FEATURES] - (n_decoded > 0)
    n_tables, vectors = plan[0, p.N_TABLES], ACTIVE + n_steps + 3 * n_rows
    n_before = column_of(plan, 0, plan[0, p.N_GIVEN])  # of the first table
    for row in plan[1 : 1 + plan[0, p.N_LAYERS]]:  # the first is zero, but may be that of a later step
        clear(work, row[p.MEMORY] * n_rows, n_rows * row[p.MEMORY_STRIDE])
    for direction in range(plan[0, p.N_DIRECTIONS]):
        row = plan[1 + direction]
        ld, first = row[p.INPUT_STRIDE], row[p.INPUT] * n_rows + row[p.N_PANELS] * plan[0, p.LENGTH] + 1
        for r in range(samples.shape[0]):
            length, levels = spans[ACTIVE + n_steps + r], levels_of(plan, n_rows, r)
            start = start_of(layout[X_FIRST], layout[X_SAMPLE], layout[X_STEP], origins, samples[r])
            if direction == 0:
                find_levels(plan, X, layout, start, width_of(plan, spans, n_rows, r) - n_decoded, n_rows, r, work)
            if plan[0, p.PATCH] > 1:
                gather_patches(plan, X, layout, start, direction, first, ld, n_rows, r, spans, work)
                continue
            for t in range(length):
                of, is_decoded = start + t * layout[X_STEP], t >= length - n_decoded
                to = first + ((length - 1 - t if direction == 1 else t) * n_rows + r) * ld
                for k in range(n_before):
                    work[to + k] = X[of + k * layout[X_FEATURE]]
                for table in range(n_tables):
                    vector = find_vector(plan, table, X, of, layout[X_FEATURE], is_decoded)
                    spans[vectors + (table * n_steps + t) * n_rows + r] = vector
                    read_behind(plan, table, X, of, layout[X_FEATURE], plan[0, p.N_GIVEN], to, work)
                if plan[0, p.WINDOW_NORM] != p.NORM_NONE:
                    for k in range(plan[0, p.N_LEVELS]):
                        work[to + k] = (work[to + k] - work[levels + 2 * k]) / work[levels + 2 * k + 1]
                if plan[0, p.SKIPS_MISSING]:
                    for k in range(n_features):
                        if np.isnan(work[to + k]):
                            work[to + k] = 0
                if n_decoded > 0:
                    work[to + n_features] = is_decoded
                    if is_decoded:
                        clear(work, to, plan[0, p.N_PAST])


@inner
def gather_patches(plan, X, layout, start, direction, first, ld, n_rows, row, spans, work):
    """Copy the window of a row, some steps side by side as one; the first of them may be zeros before the window."""
    patch, n_given = plan[0, p.PATCH], plan[0, p.N_GIVEN]
    length, width = spans[ACTIVE + plan[0, p.N_STEPS] + row], width_of(plan, spans, n_rows, row)
    for t in range(length):
        to = first + ((length - 1 - t if direction == 1 else t) * n_rows + row) * ld
        for step in range(patch):
            at = width - (length - t) * patch + step
            for k in range(n_given):
                if at < 0:
                    work[to] = 0
                else:
                    work[to] = normalised(plan, X, layout, start + at * layout[X_STEP], k, n_rows, row, work)
                to += 1


@inner
def normalised(plan, X, layout, of, k, n_rows, row, work):
    """Return feature k of the step of a window that begins at `of`, as the network reads it."""
    value = X[of + k * layout[X_FEATURE]]
    if k < plan[0, p.N_LEVELS] and plan[0, p.WINDOW_NORM] != p.NORM_NONE:
        level = levels_of(plan, n_rows, row) + 2 * k
        value = (value - work[level]) / work[level + 1]
    return type(value)(0) if plan[0, p.SKIPS_MISSING] and np.isnan(value) else value


@inner
def fill_skip(plan, X, layout, origins, samples, n_rows, spans, work):
    """Copy the last steps of each window to where the outputs read them; those before the window are zeros."""
    row = plan[plan[0, p.N_LAYERS] + plan[0, p.N_DENSE]]  # of the last dense layer
    if row[p.N_SKIP] == 0:
        return
    first = row[p.ROWS] * n_rows + row[p.N_IN_VECTORS] * plan[0, p.LENGTH] + 1
    n_levels = plan[0, p.N_LEVELS]
    n_skip = row[p.N_SKIP] // n_levels
    for r in range(n_rows):
        to, at = first + r * row[p.ROWS_STRIDE], -1
        for back in range(n_skip, 0, -1):
            if r < samples.shape[0]:
                at = width_of(plan, spans, n_rows, r) - back
            for k in range(n_levels):
                if at < 0:
                    work[to] = 0
                else:
                    start = start_of(layout[X_FIRST], layout[X_SAMPLE], layout[X_STEP], origins, samples[r])
                    work[to] = normalised(plan, X, layout, start + at * layout[X_STEP], k, n_rows, r, work)
                to += 1


@inner
def load_states(plan, states, lanes, samples, n_rows, spans, work):
    """Overwrite what stands before the first step of each row by the state of its lane.

    Parameters
    ----------
    states : ndarray of shape (n_lanes, n_numbers)
        Of each layer in turn: the state, and the memory.
    lanes : ndarray of int64
        Of all samples.
    plan, samples, n_rows, spans
        As in `gather`.
    work : ndarray
        Modified in place.
    """
    for r in range(samples.shape[0]):
        if spans[ACTIVE + plan[0, p.N_STEPS] + r] == 0:  # which may be of any lane
            continue
        carried, place = states[lanes[samples[r]]], 0
        for row in plan[1 : 1 + plan[0, p.N_LAYERS]]:
            n_state = row[p.N_PANELS] * plan[0, p.LENGTH]
            for name, stride in ((p.INPUT, p.INPUT_STRIDE), (p.STATE, p.STATE_STRIDE)):
                to = row[name] * n_rows + r * row[stride]
                for k in range(n_state):
                    work[to + k] = carried[place + k]
            place += n_state
            to = row[p.MEMORY] * n_rows + r * row[p.MEMORY_STRIDE]
            for k in range(row[p.MEMORY_STRIDE]):
                work[to + k] = carried[place + k]
            place += row[p.MEMORY_STRIDE]


@inner
def store_states(plan, states, lanes, samples, n_rows, spans, work):
    """Overwrite the state of each row's lane, in `states`, by that after its last step; see `load_states`."""
    for r in range(samples.shape[0]):
        n_steps = spans[ACTIVE + plan[0, p.N_STEPS] + r]
        if n_steps == 0:
            continue
        carried, place = states[lanes[samples[r]]], 0
        for row in plan[1 : 1 + plan[0, p.N_LAYERS]]:
            n_state = row[p.N_PANELS] * plan[0, p.LENGTH]
            of = (row[p.STATE] + n_steps * row[p.STATE_STRIDE]) * n_rows + r * row[p.STATE_STRIDE]
            for k in range(n_state):
                carried[place + k] = work[of + k]
            place += n_state
            t = n_steps % (plan[0, p.N_KEPT] + 1)
            of = (row[p.MEMORY] + t * row[p.MEMORY_STRIDE]) * n_rows + r * row[p.MEMORY_STRIDE]
            for k in range(row[p.MEMORY_STRIDE]):
                carried[place + k] = work[of + k]
            place += row[p.MEMORY_STRIDE]


@inner
def column_of(plan, table, n_given):
    """Return the column of X that says which vector of a table is read; behind the last table, how many there are."""
    return plan[plan[0, p.FIRST_TABLE] + table, p.GIVEN] if table < plan[0, p.N_TABLES] else n_given


@inner
def read_behind(plan, table, X, of, stride, n_given, to, work):
    """Copy the numbers of a step between the column of a table and that of the next, where all begin at `to`."""
    for column in range(column_of(plan, table, n_given) + 1, column_of(plan, table + 1, n_given)):
        work[to + column - table - 1] = X[of + column * stride]


@inner
def find_vector(plan, table, X, of, stride, is_decoded):
    """Return where the vector that a step reads from a table begins, -1 if none: NaN or negative, or not known."""
    row = plan[plan[0, p.FIRST_TABLE] + table]
    number = X[of + row[p.GIVEN] * stride]
    if not number >= 0 or (is_decoded and not row[p.IS_AHEAD]):
        return -1
    return row[p.TABLE] + int(number) * row[p.TABLE_STRIDE]


@inner
def width_of(plan, spans, n_rows, row):
    """Return how many steps of X the window of a row has; several of them may be one step of the network."""
    return spans[ACTIVE + plan[0, p.N_STEPS] + 2 * n_rows + row]


@inner
def levels_of(plan, n_rows, row):
    """Return where the level and the scale of a row's first target stand, those of the next follow."""
    return (plan[0, p.LEVEL] * n_rows) + row * 2 * plan[0, p.N_LEVELS]


@inner
def find_levels(plan, X, layout, start, length, n_rows, row, work):
    """Write level and scale of each target over the window that begins at `start`; 0 and 1 where nothing is known."""
    norm, first = plan[0, p.WINDOW_NORM], levels_of(plan, n_rows, row)
    for k in range(plan[0, p.N_LEVELS]):
        level, scale, n, of = 0.0, 1.0, 0, start + k * layout[X_FEATURE]
        if norm != p.NORM_NONE:
            for t in range(length):
                value = np.float64(X[of + t * layout[X_STEP]])
                if not (plan[0, p.SKIPS_MISSING] and np.isnan(value)):
                    n += 1
                    if norm == p.NORM_LAST:
                        level = value
                    else:
                        level += abs(value) if norm == p.NORM_SCALE else value
        if norm > p.NORM_LAST and n > 0:
            level /= n
        if norm == p.NORM_SCALE:
            level, scale = 0.0, 1 + level
        if norm == p.NORM_STANDARD and n > 0:
            squares = 0.0
            for t in range(length):
                off = np.float64(X[of + t * layout[X_STEP]]) - level
                if not (plan[0, p.SKIPS_MISSING] and np.isnan(off)):
                    squares += off * off
            scale = np.sqrt(squares / n + p.LEAST_VARIANCE)
        work[first + 2 * k], work[first + 2 * k + 1] = level, scale


@inner
def start_of(first, sample_stride, step_stride, origins, sample):
    """Return the place of the first step of a sample in a flat buffer."""
    origin = origins[sample] if origins.shape[0] > 0 else 0
    return first + sample * sample_stride + origin * step_stride


@inner
def first_output(plan, spans):
    """Return the first step of a shard that has an output; outputs of steps before that have no place and no slope."""
    if plan[0, p.N_DECODED] == 0:
        return 0
    return spans[ACTIVE + plan[0, p.N_STEPS] + spans[N_FILLED] - 1] - plan[0, p.N_DECODED]


@inner
def clear_slopes(plan, n_rows, work):
    """Clear the gradients at the states of the top level, of which the head fills those of the decoded steps."""
    for number in range(plan[0, p.N_LAYERS] - plan[0, p.N_DIRECTIONS], plan[0, p.N_LAYERS]):
        row = plan[1 + number]
        clear(work, row[p.DSTATE] * n_rows, plan[0, p.N_STEPS] * row[p.N_PANELS] * plan[0, p.LENGTH] * n_rows)


@inner
def head_steps(plan, spans, first):
    """Return how many steps, from `first` on, the head takes at once."""
    return min(plan[0, p.HEAD_STEPS], spans[ACTIVE + plan[0, p.N_STEPS]] - first) if plan[0, p.ALL_STEPS] else 1


@inner
def loss_and_slope(
    plan, loss_numbers, Y, layout, origins, samples, weights, total_weight, first_step, n_rows, spans, work
):  # fmt: skip
    """Return the summed loss of some steps; overwrite their outputs by the gradient of the minibatch's mean loss.

    Parameters
    ----------
    plan : ndarray, the plan table
    loss_numbers : ndarray of shape (n_numbers,)
        Those of the loss.
    Y : ndarray of shape (n_values,)
    layout : ndarray of int64
        Where Y begins, and its strides.
    origins, samples, n_rows, spans
        As in `gather`.
    weights : ndarray of float64
        Of all samples; empty if each has the weight one.
    total_weight : float
        Of the minibatch, times the losses of a row.
    first_step : int
        Of the steps that the head has taken; without ALL_STEPS it has taken the last state of each row.
    work : ndarray
        Modified in place.
    """
    n_outputs, V = plan[0, p.N_OUTPUTS], plan[0, p.LENGTH]
    width = (n_outputs + V - 1) // V * V
    loss, horizon, n_decoded, real = plan[0, p.LOSS], plan[0, p.HORIZON], plan[0, p.N_DECODED], type(work[0])
    summed, n_of_target, number = 0.0, plan[0, p.N_NUMBERS], loss_numbers[0]
    has_parameters = is_of_parameters(loss, n_of_target)
    for step in range(head_steps(plan, spans, first_step)):
        t, outputs = first_step + step, (plan[0, p.PREDICTION] + step * width) * n_rows
        n_active = spans[ACTIVE + t] if plan[0, p.ALL_STEPS] else spans[N_FILLED]
        for r in range(n_active):
            first, length = outputs + r * width, spans[ACTIVE + plan[0, p.N_STEPS] + r]
            if n_decoded > 0 and t < length - n_decoded:
                clear(work, first, width)
                continue
            step_of_row = t  # the first that is a target
            if horizon > 0 and n_decoded == 0:
                step_of_row = t + 1 if plan[0, p.ALL_STEPS] else width_of(plan, spans, n_rows, r)
            start = start_of(layout[Y_FIRST], layout[Y_SAMPLE], layout[Y_STEP], origins, samples[r])
            start += step_of_row * layout[Y_STEP]
            weight = weights[samples[r]] if weights.shape[0] > 0 and horizon == 0 else 1.0
            if loss == CLASSES:
                summed += weight * classes_loss(work, first, n_outputs, Y[start], real(weight / total_weight))
            else:
                for ahead in range(plan[0, p.N_AHEAD]):
                    if weights.shape[0] > 0 and horizon > 0:
                        weight = weights[origins[samples[r]] + step_of_row + ahead]
                    share, level = real(weight / total_weight), levels_of(plan, n_rows, r)
                    for k in range(plan[0, p.N_TARGETS]):
                        target = Y[start + ahead * layout[Y_STEP] + k * layout[Y_OUTPUT]]
                        if plan[0, p.SKIPS_MISSING] and np.isnan(target):
                            clear(work, first, n_of_target)
                        elif has_parameters:
                            summed += weight * parameters_loss(
                                loss, loss_numbers, work, first, target, work[level], work[level + 1], share
                            )
                        else:
                            output, target = work[first], (target - work[level]) / work[level + 1]
                            summed += weight * loss_value(loss, np.float64(output), np.float64(target), number)
                            work[first] = share * loss_slope(loss, output, target, number)
                        first += n_of_target
                        level += 2 * (horizon > 0)
                first -= n_outputs
            clear(work, first + n_outputs, width - n_outputs)
        clear(work, outputs + n_active * width, (n_rows - n_active) * width)
    return summed


@inner
def write_predictions(plan, places, first_step, n_rows, spans, work, out):
    """Write the predictions of some steps, in the units of the targets, into rows of out (n, n_outputs).

    That of row r goes to row places[r]; with ALL_STEPS, that of its step t, counted from the first that has an output,
    to row places[r] + t.
    """
    n_outputs, V, n_of_target = plan[0, p.N_OUTPUTS], plan[0, p.LENGTH], plan[0, p.N_NUMBERS]
    width = (n_outputs + V - 1) // V * V
    for step in range(head_steps(plan, spans, first_step)):
        t, outputs = first_step + step, (plan[0, p.PREDICTION] + step * width) * n_rows
        for r in range(spans[ACTIVE + t] if plan[0, p.ALL_STEPS] else spans[N_FILLED]):
            first, level = outputs + r * width, levels_of(plan, n_rows, r)
            place = places[r] + t
            if plan[0, p.N_DECODED] > 0:
                place -= spans[ACTIVE + plan[0, p.N_STEPS] + r] - plan[0, p.N_DECODED]
                if place < places[r]:
                    continue
            if plan[0, p.LOSS] == CLASSES:
                softmax(work, first, n_outputs)
            for k in range(0, n_outputs, n_of_target):
                of = level + 2 * (k // n_of_target % plan[0, p.N_LEVELS])
                predict_target(plan[0, p.LOSS], work, first + k, n_of_target, work[of], work[of + 1])
                for j in range(k, k + n_of_target):
                    out[place, j] = work[first + j]
