"""The plan: what a network looks like, and where each of its arrays stands in the flat buffers.

The plan table is an int64 array. Row 0 describes the network, the next rows a recurrent layer each, the others a *panel
of weights* each: those of one product and one vector of hidden units, or of outputs. They stand side by side in the
vector of parameters, and are updated and copied transposed together. Options reach the compiled code as numbers in this
table, never as arguments or variants of a file.

Numbers of hidden units and of outputs are padded to whole vectors. The weights of what is padded are zero and stay
zero: a padded unit's state and every gradient that passes it are exactly zero.
"""

from typing import NamedTuple

import numpy as np

from . import gru, gru_before, lstm, rnn
from .losses import ABSOLUTE_ERROR, BINARY, CLASSES, HUBER, POISSON, QUANTILE, SQUARED_ERROR
from .packing import Copied, Packing
from .target import vector_length

# What compiled versions there are: one for each module of mathematics.
RNN, LSTM, GRU, GRU_BEFORE = range(4)
MATHEMATICS = {RNN: rnn, LSTM: lstm, GRU: gru, GRU_BEFORE: gru_before}
TANH, RELU = range(2)

CELLS = {"rnn": RNN, "lstm": LSTM, "gru": GRU}
ACTIVATIONS = {"tanh": TANH, "relu": RELU}
LOSSES = {
    "squared_error": SQUARED_ERROR, "absolute_error": ABSOLUTE_ERROR, "huber": HUBER, "poisson": POISSON,
    "quantile": QUANTILE, "binary": BINARY, "classes": CLASSES,
}  # fmt: skip

# How a window is normalised when it is gathered: not at all, or by the last value of its feature 0, its level, which is
# subtracted from that feature and from the targets and added to the predictions.
LEVEL_NONE, LEVEL_LAST = 0, 1
WINDOW_NORMS = {None: LEVEL_NONE, "last": LEVEL_LAST}

# Offsets and strides count numbers, not bytes. In the workspace they are those of a shard of one row: times the rows of
# the shard they hold for any. N_KEPT is how many steps keep their sums: all in training, else one.
# Columns of row 0.
N_LAYERS, N_STEPS, N_FEATURES, N_OUTPUTS, ACTIVATION, WINDOW_NORM, LOSS, LENGTH = range(8)
N_KEPT, N_WEIGHT_PANELS, N_SLICES, N_WORK, W_Y, W_YT, LEVEL, PREDICTION, ZEROS, N_LOSSES = range(8, 18)
# Columns of a layer's row: sizes; offsets in the parameters and in the transposed copy; places in the workspace.
N_HIDDEN, N_PANELS, N_H_TERMS, N_X_TERMS, N_X_VECTORS, N_INPUTS = range(6)
W_H, W_X, W_HT, W_XT = range(6, 10)
IS_UNIT, INPUT, INPUT_STRIDE, SUMS, SUMS_STRIDE, MEMORY, MEMORY_STRIDE, RESET, CARRY, DH, DX = range(10, 21)
# Columns of a panel's row. Of its terms k, those from FIRST_A and from FIRST_B on are copied to TO_A and TO_B.
PANEL, N_TERMS, N_GATES, COLUMN, N_COLUMNS = range(5)
FIRST_A, N_VECTORS_A, TO_A, FIRST_B, N_VECTORS_B, TO_B = range(5, 11)
WIDTH = 21

MAX_SLICES, LEAST_SLICE = 16, 4096  # parts of the parameters that are updated side by side, and numbers of one


class Plan(NamedTuple):
    """What kernels and their callers know of one network.

    table : ndarray of shape (1 + n_layers + n_weight_panels, WIDTH), int64
    cell : int
        Which compiled version it needs.
    blocks : tuple of Block
        In their order they fill the flat vector of parameters.
    trains : bool
        Whether the workspace has room for the way back.
    places : ndarray of shape (n_parameters,)
        Where each parameter stands in the packed vector of the kernels.
    n_packed : int
        Length of the packed vector.
    transposed_places : ndarray of shape (n_transposed,)
        Which place of the packed vector each number of the transposed copy is copied from; there are none without
        training.
    loss_numbers : ndarray of shape (n_numbers,), float64
        One for each of the outputs that have a target in common.
    """

    table: np.ndarray
    cell: int
    blocks: tuple
    trains: bool
    places: np.ndarray
    n_packed: int
    transposed_places: np.ndarray
    loss_numbers: np.ndarray


def n_gates(cell):
    """Return how many blocks of hidden units the weights of `cell` have side by side."""
    return MATHEMATICS[CELLS[cell]].N_GATES


def make_plan(
    *, cell, n_steps, n_features, hidden_layer_sizes, n_outputs, activation, reset_after, window_norm, loss,
    loss_numbers, dtype, trains,
):  # fmt: skip
    """Return the plan of a network.

    Parameters
    ----------
    cell : {"rnn", "lstm", "gru"}
    n_steps, n_features, n_outputs : int
    hidden_layer_sizes : tuple of int
        Hidden units of each recurrent layer, the one that reads the window first.
    activation : {"tanh", "relu"}
    reset_after : bool
        GRU only: the reset gate acts after the recurrent product.
    window_norm : {None, "last"}
    loss : {"squared_error", "absolute_error", "huber", "poisson", "quantile", "binary", "classes"}
    loss_numbers : tuple of float
        Where Huber's loss turns straight; the levels of the quantiles, n_outputs being a multiple of their number.
        Empty for the other losses.
    dtype : numpy.dtype
        float32 or float64: how many numbers a vector holds.
    trains : bool
        Whether the workspace has room for what the way back needs.

    Returns
    -------
    Plan
    """
    code = GRU_BEFORE if cell == "gru" and not reset_after else CELLS[cell]
    V = vector_length(np.dtype(dtype))
    n_kept = n_steps if trains else 1
    packing, work = Packing(V), _Workspace(V)
    network = np.zeros(WIDTH, np.int64)
    network[LEVEL], network[PREDICTION] = work.add(1), work.add(n_outputs)
    network[ZEROS] = work.add(hidden_layer_sizes[-1])
    layers, n_in = [], n_features
    for number, n_hidden in enumerate(hidden_layer_sizes):
        row = np.zeros(WIDTH, np.int64)
        _pack_layer(packing, row, MATHEMATICS[code], f"layers.{number}", n_in, n_hidden, number > 0)
        _place_layer(work, row, MATHEMATICS[code], n_steps, n_kept, trains)
        layers.append(row)
        n_in = n_hidden
    _pack_head(packing, network, n_in, n_outputs)
    network[[N_LAYERS, N_STEPS, N_FEATURES, N_OUTPUTS]] = len(layers), n_steps, n_features, n_outputs
    network[[ACTIVATION, WINDOW_NORM, LOSS]] = ACTIVATIONS[activation], WINDOW_NORMS[window_norm], LOSSES[loss]
    network[[LENGTH, N_KEPT, N_WORK]] = V, n_kept, work.size
    network[N_LOSSES] = 1 if loss == "classes" else n_outputs  # of a row
    network[N_WEIGHT_PANELS] = len(packing.panels)
    network[N_SLICES] = min(len(packing.panels), MAX_SLICES, -(-packing.n_packed // LEAST_SLICE))
    table = np.vstack([network, *layers, *map(_panel_row, packing.panels)])
    transposed_places = packing.transposed_places() if trains else np.zeros(0, np.int64)
    numbers = np.array(loss_numbers or (0,), np.float64)
    return Plan(
        table, code, tuple(packing.blocks), trains, packing.places(), packing.n_packed, transposed_places, numbers
    )


def _pack_layer(packing, row, cell, name, n_in, n_hidden, has_layer_below):
    """Place the weights of a layer, name them, and fill the layer's row with sizes and offsets."""
    V, gates = packing.V, range(cell.N_GATES)
    n_panels, n_x_vectors = _vectors(n_hidden, V), _vectors(n_in, V) if has_layer_below else 0
    n_padded = n_panels * V
    n_x = n_x_vectors * V if has_layer_below else n_in
    if cell.SPLITS_INPUT:
        h = packing.add(n_panels, cell.N_GATES, n_padded + cell.HAS_STATE_BIAS, Copied(0, n_panels))
        x = packing.add(n_panels, cell.N_GATES, 1 + n_x, Copied(1, n_x_vectors))
        bias, copies = 0, (*h.copies, *x.copies)
    else:
        h = x = packing.add(
            n_panels, cell.N_GATES, n_padded + 1 + n_x, Copied(0, n_panels), Copied(n_padded + 1, n_x_vectors)
        )
        bias, copies = n_padded, h.copies
    row[[N_HIDDEN, N_PANELS, N_X_VECTORS, N_INPUTS]] = n_hidden, n_panels, n_x_vectors, n_padded + 1 + n_x
    row[[N_H_TERMS, N_X_TERMS, W_H, W_X]] = h.n_terms, x.n_terms, h.offset, x.offset
    row[[W_HT, W_XT]] = copies
    packing.name(f"{name}.W_x", x.places(bias + 1 + np.arange(n_in), gates, n_hidden))
    packing.name(f"{name}.W_h", h.places(np.arange(n_hidden), np.argsort(cell.STATE_GATES), n_hidden))
    packing.name(f"{name}.b", x.places(bias, gates, n_hidden)[0])
    if cell.HAS_STATE_BIAS:
        packing.name(f"{name}.b_hn", h.places(n_padded, [0], n_hidden)[0])


def _pack_head(packing, network, n_hidden, n_outputs):
    """Place and name the weights of the head: one product with [h | 1]."""
    n_vectors = _vectors(n_hidden, packing.V)
    n_padded = n_vectors * packing.V
    head = packing.add(_vectors(n_outputs, packing.V), 1, n_padded + 1, Copied(0, n_vectors))
    network[W_Y], network[W_YT] = head.offset, head.copies[0]
    packing.name("head.W_y", head.places(np.arange(n_hidden), [0], n_outputs))
    packing.name("head.b_y", head.places(n_padded, [0], n_outputs)[0])


def _place_layer(work, row, cell, n_steps, n_kept, trains):
    """Give a layer its places in the workspace; without training some kinds of rows have none."""
    n_padded = row[N_PANELS] * work.V
    row[INPUT_STRIDE] = work.odd(row[N_INPUTS])
    row[SUMS_STRIDE] = work.odd(cell.N_SUMS * n_padded)
    row[MEMORY_STRIDE] = work.odd(cell.N_MEMORY * n_padded)
    row[IS_UNIT] = work.add(n_padded)
    row[INPUT] = work.add(row[INPUT_STRIDE], n_steps + 1)
    row[SUMS] = work.add(row[SUMS_STRIDE], n_kept)
    row[MEMORY] = work.add(row[MEMORY_STRIDE], n_kept + 1)
    row[RESET] = work.add(n_padded, n_kept * cell.IN_TWO_PARTS)
    row[CARRY], row[DH] = work.add(n_padded, trains), work.add(n_padded, trains)
    row[DX] = work.add(row[N_X_VECTORS] * work.V, n_steps * trains)


def _panel_row(panel):
    """Return the row of the table for a panel of weights."""
    row = np.zeros(WIDTH, np.int64)
    row[[PANEL, N_TERMS, N_GATES, COLUMN, N_COLUMNS]] = panel[:5]
    for copy, columns in zip(panel.copies, ([FIRST_A, N_VECTORS_A, TO_A], [FIRST_B, N_VECTORS_B, TO_B]), strict=False):
        row[columns] = copy
    return row


class _Workspace:
    """Room for a shard of one row, given out kind by kind in whole vectors."""

    def __init__(self, V):
        self.V, self.size = V, 0

    def add(self, n, times=1):
        """Return the offset of room for n numbers, so many times."""
        offset = self.size
        self.size += _vectors(int(n), self.V) * self.V * int(times)
        return offset

    def odd(self, n):
        """Return n rounded up to an odd number of vectors; 0 stays 0."""
        vectors = _vectors(int(n), self.V)
        return (vectors + (vectors % 2 == 0)) * self.V if n else 0


def _vectors(n, V):
    """Return how many vectors n numbers need."""
    return -(-n // V)
