"""How a network is laid out: its weights in the packed vector, its rows in the workspace, and all that in a plan table.

Numbers of hidden units and of outputs are padded to whole vectors. The weights of what is padded are zero and stay
zero: a padded unit's state and every gradient that passes it are exactly zero.
"""

from itertools import pairwise

import numpy as np

from . import plan as p
from .packing import Copied, Packing
from .plan import MATHEMATICS, Plan
from .target import vector_length

MAX_SLICES, LEAST_SLICE = 16, 4096  # parts of the parameters that are updated side by side, and numbers of one
HEAD_STEPS = 12  # that the head takes at once, with 8 rows each, where it gives an output at every step


def make_plan(
    *, cell, n_steps, n_features, hidden_layer_sizes, n_outputs, activation, reset_after, window_norm, loss,
    loss_numbers, bidirectional, return_sequences, dense_layer_sizes, dense_activation, n_tokens, categories,
    trains_embedding, dropout, recurrent_dropout, input_noise, horizon, n_past, skips_missing, carries, n_skip, patch,
    dtype, trains,
):  # fmt: skip
    """Return the plan of a network.

    Parameters
    ----------
    cell, n_steps, n_features, ...
        Those of :class:`tsrnn.network.architecture.Architecture`.
    dtype : numpy.dtype
        float32 or float64: how many numbers a vector holds.
    trains : bool
        Whether the workspace has room for what the way back needs.

    Returns
    -------
    Plan
    """
    code = p.GRU_BEFORE if cell == "gru" and not reset_after else p.CELLS[cell]
    V, n_directions = vector_length(np.dtype(dtype)), 1 + bool(bidirectional)
    rates = (dropout, recurrent_dropout) if trains else (0.0, 0.0)
    n_steps = -(-n_steps // patch)
    packing, work = Packing(V), _Workspace(V, trains, n_steps)
    network = np.zeros(p.WIDTH, np.int64)
    n_numbers = p.N_PARAMETERS.get(loss, max(1, len(loss_numbers)))  # of one target
    n_losses = n_outputs // (n_outputs if loss == "classes" else p.N_PARAMETERS.get(loss, 1))
    decodes = n_past > 0  # in the last steps of a window, each of which has an output; otherwise the last has all
    n_ahead, has_steps = 1 if decodes else max(1, horizon), return_sequences or decodes
    network[[p.LENGTH, p.N_KEPT, p.HEAD_STEPS]] = V, work.n_kept, min(n_steps, HEAD_STEPS) if has_steps else 1
    n_targets = n_outputs // n_numbers // n_ahead  # of one step
    n_levels = n_targets if horizon else 1
    network[[p.HORIZON, p.N_AHEAD, p.N_TARGETS, p.N_LEVELS]] = horizon, n_ahead, n_targets, n_levels
    network[[p.N_NUMBERS, p.SKIPS_MISSING, p.CARRIES]] = n_numbers, bool(skips_missing), bool(carries)
    network[p.PATCH] = patch
    network[p.LEVEL], network[p.ZEROS] = work.add(2 * n_levels), work.add(hidden_layer_sizes[-1])
    network[p.SCALES] = work.add(3)
    network[[p.HAS_DROPOUT, p.HAS_NOISE]] = max(rates) > 0, trains and input_noise > 0
    network[[p.DROPOUT, p.RECURRENT_DROPOUT]] = [int(rate * 2**32) for rate in rates]
    tables, n_plain, n_given = _tables(n_features, n_tokens, categories)
    n_plain *= patch
    n_plain_past = n_past - sum(column < n_past for _, column, *_ in tables)
    network[[p.N_DECODED, p.N_PAST]] = horizon * decodes, n_plain_past
    n_of_vectors = sum(size for *_, size in tables)
    # What a layer reads is padded where its gradient is needed, which comes in whole vectors.
    is_trained, layers = bool(tables and trains_embedding), []
    plain, inputs = (n_plain, (n_of_vectors,)) if is_trained else (n_plain + n_of_vectors, ())
    for level, n_hidden in enumerate(hidden_layer_sizes):
        has_above = has_steps or level + 1 < len(hidden_layer_sizes)
        for direction in range(n_directions):
            row = np.zeros(p.WIDTH, np.int64)
            name = f"layers.{level}" + ".reverse" * direction
            _pack_layer(packing, row, MATHEMATICS[code], name, plain, inputs, n_hidden)
            _place_layer(work, row, MATHEMATICS[code], rates, has_above)
            layers.append(row)
        plain, inputs = 0, (n_hidden,) * n_directions
    dense = _pack_head(packing, inputs, dense_layer_sizes, n_outputs, n_skip * n_levels)
    _place_head(work, dense, network)
    network[p.N_IN_PRODUCTS] = packing.n_packed
    vectors = _pack_tables(packing, tables, trains_embedding, n_past)
    if tables and rates[0]:
        network[[p.VECTOR_MASK, p.VECTOR_MASK_STRIDE]] = work.add_mask(n_of_vectors)
    n_trained = packing.n_packed if trains_embedding else network[p.N_IN_PRODUCTS]
    network[[p.N_LAYERS, p.N_DIRECTIONS, p.N_DENSE, p.N_TRAINED]] = len(layers), n_directions, len(dense), n_trained
    network[[p.N_STEPS, p.N_FEATURES, p.N_OUTPUTS]] = n_steps, n_plain, n_outputs
    network[p.ALL_STEPS] = bool(has_steps)
    network[[p.ACTIVATION, p.DENSE_ACTIVATION]] = p.ACTIVATIONS[activation], p.ACTIVATIONS[dense_activation]
    network[[p.WINDOW_NORM, p.LOSS]] = p.WINDOW_NORMS[window_norm], p.LOSSES[loss]
    network[[p.N_GIVEN, p.N_TABLES, p.TRAINS_EMBEDDING]] = n_given - decodes, len(tables), is_trained
    network[[p.N_WORK, p.N_LOSSES]] = work.size, n_losses  # of a row and step
    network[p.N_WEIGHT_PANELS] = len(packing.panels)
    network[p.FIRST_TABLE] = 1 + len(layers) + len(dense) + len(packing.panels)
    network[p.N_SLICES] = min(len(packing.panels), MAX_SLICES, -(-n_trained // LEAST_SLICE))
    return Plan(
        table=np.vstack([network, *layers, *dense, *map(_panel_row, packing.panels), *vectors]),
        cell=code,
        blocks=tuple(packing.blocks),
        trains=trains,
        places=packing.places(),
        n_packed=packing.n_packed,
        transposed_places=packing.transposed_places() if trains else np.zeros(0, np.int64),
        loss_numbers=np.array(loss_numbers or (0,), np.float64),
        scales=np.array([*(1 / (1 - rate) for rate in rates), input_noise]),
    )


def _tables(n_features, n_tokens, categories):
    """Return the tables of vectors, how many numbers a step reads as they are, and how many X has.

    Of a table its name, the column of X that says which of its vectors is read, how many it has, and their size.
    """
    if n_tokens:
        return [("embedding.W", 0, n_tokens, n_features)], 0, 1
    tables = [(f"embedding.{k}.W", *category) for k, category in enumerate(categories)]
    return tables, n_features - len(tables), n_features


def _pack_tables(packing, tables, is_trained, n_past):
    """Place and name the tables of vectors; return their rows."""
    rows, place = [], 0
    for name, column, n, size in tables:
        row = np.zeros(p.WIDTH, np.int64)
        row[[p.TABLE, p.TABLE_STRIDE]] = packing.add_table(name, n, size, is_trained)
        row[[p.SIZE, p.GIVEN, p.PLACE, p.IS_AHEAD]] = size, column, place, column >= n_past
        rows.append(row)
        place += size
    return rows


def _pack_layer(packing, row, cell, name, n_plain, inputs, n_hidden):
    """Place the weights of a layer, name them, and fill the layer's row with sizes and offsets.

    It reads `n_plain` numbers, and then those of `inputs` side by side, whose gradient is needed: the states of so many
    layers, or the vectors of a step.
    """
    V, gates = packing.V, range(cell.N_GATES)
    n_panels, n_x_vectors = _vectors(n_hidden, V), sum(_vectors(n, V) for n in inputs)
    n_padded = n_panels * V
    n_x = n_plain + n_x_vectors * V
    if cell.SPLITS_INPUT:
        h = packing.add(n_panels, cell.N_GATES, n_padded + cell.HAS_STATE_BIAS, Copied(0, n_panels))
        x = packing.add(n_panels, cell.N_GATES, 1 + n_x, Copied(1 + n_plain, n_x_vectors))
        bias, copies = 0, (*h.copies, *x.copies)
    else:
        h = x = packing.add(
            n_panels, cell.N_GATES, n_padded + 1 + n_x,
            Copied(0, n_panels), Copied(n_padded + 1 + n_plain, n_x_vectors),
        )  # fmt: skip
        bias, copies = n_padded, h.copies
    row[[p.N_HIDDEN, p.N_PANELS, p.N_X_VECTORS, p.N_INPUTS]] = n_hidden, n_panels, n_x_vectors, n_padded + 1 + n_x
    row[[p.N_H_TERMS, p.N_X_TERMS, p.W_H, p.W_X]] = h.n_terms, x.n_terms, h.offset, x.offset
    row[[p.W_HT, p.W_XT]] = copies
    terms = np.append(np.arange(n_plain), n_plain + _padded_terms(inputs, V))
    packing.name(f"{name}.W_x", x.places(bias + 1 + terms, gates, n_hidden))
    packing.name(f"{name}.W_h", h.places(np.arange(n_hidden), np.argsort(cell.STATE_GATES), n_hidden))
    packing.name(f"{name}.b", x.places(bias, gates, n_hidden)[0])
    if cell.HAS_STATE_BIAS:
        packing.name(f"{name}.b_hn", h.places(n_padded, [0], n_hidden)[0])


def _pack_head(packing, inputs, dense_layer_sizes, n_outputs, n_skip):
    """Place and name the weights of the dense layers, each one product with [a | 1 | skip]; return their rows."""
    rows = []
    for number, n_out in enumerate((*dense_layer_sizes, n_outputs)):
        row = np.zeros(p.WIDTH, np.int64)
        n_vectors = sum(_vectors(n, packing.V) for n in inputs)
        n_out_vectors, bias = _vectors(n_out, packing.V), n_vectors * packing.V
        is_last = number == len(dense_layer_sizes)
        row[p.N_SKIP] = n_skip * is_last
        product = packing.add(n_out_vectors, 1, bias + 1 + row[p.N_SKIP], Copied(0, n_vectors))
        row[[p.N_IN_VECTORS, p.N_OUT, p.N_OUT_VECTORS]] = n_vectors, n_out, n_out_vectors
        row[[p.W, p.WT]] = product.offset, product.copies[0]
        W, b = ("head.W_y", "head.b_y") if is_last else (f"dense.{number}.W", f"dense.{number}.b")
        packing.name(W, product.places(_padded_terms(inputs, packing.V), [0], n_out))
        packing.name(b, product.places(bias, [0], n_out)[0])
        if row[p.N_SKIP]:
            packing.name("head.W_skip", product.places(bias + 1 + np.arange(n_skip), [0], n_out))
        rows.append(row)
        inputs = (n_out,)
    return rows


def _padded_terms(inputs, V):
    """Return the numbers of the terms that are no padding, of inputs side by side, each padded to whole vectors."""
    starts = np.cumsum([0, *(_vectors(n, V) * V for n in inputs)])
    terms = [start + np.arange(n) for start, n in zip(starts, inputs, strict=False)]
    return np.concatenate([np.arange(0), *terms])


def _place_layer(work, row, cell, rates, has_above):
    """Give a layer its places in the workspace; without training some kinds of rows have none."""
    n_padded, n_kept, n_steps = row[p.N_PANELS] * work.V, work.n_kept, work.n_steps
    row[p.INPUT_STRIDE] = work.odd(row[p.N_INPUTS])
    row[p.SUMS_STRIDE] = work.odd(cell.N_SUMS * n_padded)
    row[p.MEMORY_STRIDE] = work.odd(cell.N_MEMORY * n_padded)
    row[p.IS_UNIT] = work.add(n_padded)
    row[p.INPUT] = work.add(row[p.INPUT_STRIDE], n_steps + 1)
    # Without recurrent dropout the state of an input row is the state itself.
    row[[p.STATE, p.STATE_STRIDE]] = row[[p.INPUT, p.INPUT_STRIDE]]
    if rates[1]:
        row[p.STATE_STRIDE] = work.odd(n_padded)
        row[p.STATE] = work.add(row[p.STATE_STRIDE], n_steps + 1)
    row[p.SUMS] = work.add(row[p.SUMS_STRIDE], n_kept)
    row[p.MEMORY] = work.add(row[p.MEMORY_STRIDE], n_kept + 1)
    row[p.RESET] = work.add(n_padded, n_kept * cell.IN_TWO_PARTS)
    row[p.CARRY], row[p.DH] = work.add(n_padded, work.trains), work.add(n_padded, work.trains)
    row[p.DX] = work.add(row[p.N_X_VECTORS] * work.V, n_steps * work.trains)
    row[p.DSTATE] = work.add(n_padded, n_steps * work.trains * has_above)
    # Without dropout the mask of every row is that of the units.
    masks = ([p.OUTPUT_MASK, p.OUTPUT_MASK_STRIDE], [p.MASK, p.MASK_STRIDE])
    for columns, rate in zip(masks, rates[:2], strict=True):
        row[columns] = work.add_mask(n_padded) if rate else (row[p.IS_UNIT], 0)


def _place_head(work, dense, network):
    """Give the dense layers their places in the workspace, and the predictions theirs."""
    n_steps = network[p.HEAD_STEPS]
    for row in dense:
        row[p.ROWS_STRIDE] = work.odd(row[p.N_IN_VECTORS] * work.V + 1 + row[p.N_SKIP])
        row[p.ROWS] = work.add(row[p.ROWS_STRIDE], n_steps)
        row[p.DROWS] = work.add(row[p.N_IN_VECTORS] * work.V, n_steps * work.trains)
    for row, after in pairwise(dense):
        row[[p.OUT, p.OUT_STRIDE]] = after[[p.ROWS, p.ROWS_STRIDE]]
    width = dense[-1][p.N_OUT_VECTORS] * work.V
    network[p.PREDICTION] = work.add(width, n_steps)
    dense[-1][[p.OUT, p.OUT_STRIDE]] = network[p.PREDICTION], width


def _panel_row(panel):
    """Return the row of the table for a panel of weights."""
    row = np.zeros(p.WIDTH, np.int64)
    row[[p.PANEL, p.N_TERMS, p.N_GATES, p.COLUMN, p.N_COLUMNS]] = panel[:5]
    columns = ([p.FIRST_A, p.N_VECTORS_A, p.TO_A], [p.FIRST_B, p.N_VECTORS_B, p.TO_B])
    for copy, places in zip(panel.copies, columns, strict=False):
        row[places] = copy
    return row


class _Workspace:
    """Room for a shard of one row, given out kind by kind in whole vectors."""

    def __init__(self, V, trains, n_steps):
        self.V, self.trains, self.n_steps, self.size = V, trains, n_steps, 0
        self.n_kept = n_steps if trains else 1

    def add(self, n, times=1):
        """Return the offset of room for n numbers, so many times."""
        offset = self.size
        self.size += _vectors(int(n), self.V) * self.V * int(times)
        return offset

    def add_mask(self, n):
        """Return the offset of room for a mask of n numbers, and how far its rows are apart: four are drawn at once."""
        stride = _vectors(n, max(4, self.V)) * max(4, self.V)
        return self.add(stride), stride

    def odd(self, n):
        """Return n rounded up to an odd number of vectors; 0 stays 0."""
        vectors = _vectors(int(n), self.V)
        return (vectors + (vectors % 2 == 0)) * self.V if n else 0


def _vectors(n, V):
    """Return how many vectors n numbers need."""
    return -(-int(n) // V)
