"""The plan table: what a network looks like and where each of its arrays stands in the flat buffers.

An int64 array of shape (1 + n_layers, N_COLUMNS). Row 0 describes the network, row 1 + l the recurrent layer l. Options
reach the compiled code as numbers in this table, never as further arguments or variants of a file.
"""

import math
from dataclasses import dataclass

import numpy as np

from . import gru, lstm, rnn
from .losses import SQUARED_ERROR
from .vector import RELU, TANH

RNN, LSTM, GRU = 0, 1, 2
CELLS = {"rnn": RNN, "lstm": LSTM, "gru": GRU}
ACTIVATIONS = {"tanh": TANH, "relu": RELU}
LOSSES = {"squared_error": SQUARED_ERROR}

# How a window is normalised when it is gathered: not at all, or by the last value of its feature 0, its level, which is
# subtracted from that feature and from the targets and added to the predictions.
LEVEL_NONE, LEVEL_LAST = 0, 1
WINDOW_NORMS = {None: LEVEL_NONE, "last": LEVEL_LAST}

# Columns of row 0: sizes and options; then offsets, as in a layer's row, below.
N_LAYERS, N_STEPS, N_FEATURES, N_OUTPUTS, ACTIVATION, RESET_AFTER, WINDOW_NORM, LOSS = range(8)
W_Y, B_Y, W_YT, PREDICTION, X, N_WORK = range(8, 14)
# Columns of a layer's row: sizes; offsets in the parameters; in the transposed weights; and in the workspace, there for
# one row of a shard (times the rows of the shard).
N_IN, N_HIDDEN, N_GATES, N_B_HN = range(4)
W_X, W_H, B, B_HN = range(4, 8)
W_XT, W_HT = range(8, 10)
H, GATES, EXTRA, DH = range(10, 14)
N_COLUMNS = 14

_MATHEMATICS = {RNN: rnn, LSTM: lstm, GRU: gru}


@dataclass(frozen=True)
class Block:
    """One named array inside the flat vector of parameters."""

    name: str
    offset: int
    shape: tuple

    @property
    def size(self):
        """Number of its values."""
        return math.prod(self.shape)


def n_gates(cell):
    """Return how many blocks of hidden units the weights of `cell` have side by side."""
    return _MATHEMATICS[CELLS[cell]].N_GATES


def make_plan(cell, n_steps, n_features, hidden_layer_sizes, n_outputs, activation, reset_after, window_norm, loss):
    """Return the plan table, the blocks of the parameter vector, and the length of the transposed weights.

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
    loss : {"squared_error"}

    Returns
    -------
    plan : ndarray of shape (1 + n_layers, N_COLUMNS), int64
    blocks : list of Block
        In the order in which they stand in the vector; together they fill it.
    n_transposed : int
    """
    mathematics = _MATHEMATICS[CELLS[cell]]
    plan = np.zeros((1 + len(hidden_layer_sizes), N_COLUMNS), dtype=np.int64)
    blocks = []
    n_transposed = 0
    # The workspace: the level, the prediction and the gathered window stand first.
    plan[0, PREDICTION], plan[0, X] = 1, 1 + n_outputs
    n_work = 1 + n_outputs + n_steps * n_features

    def place(name, *shape):
        offset = blocks[-1].offset + blocks[-1].size if blocks else 0
        blocks.append(Block(name, offset, shape))
        return offset

    n_in = n_features
    for layer, n_hidden in enumerate(hidden_layer_sizes):
        row = plan[1 + layer]
        n_columns = mathematics.N_GATES * n_hidden
        has_b_hn = mathematics.has_recurrent_bias(reset_after)
        row[N_IN], row[N_HIDDEN], row[N_GATES] = n_in, n_hidden, mathematics.N_GATES
        row[N_B_HN] = n_hidden if has_b_hn else 0
        row[W_X] = place(f"layers.{layer}.W_x", n_in, n_columns)
        row[W_H] = place(f"layers.{layer}.W_h", n_hidden, n_columns)
        row[B] = place(f"layers.{layer}.b", n_columns)
        if has_b_hn:
            row[B_HN] = place(f"layers.{layer}.b_hn", n_hidden)
        row[W_XT], row[W_HT] = n_transposed, n_transposed + n_in * n_columns
        n_transposed += (n_in + n_hidden) * n_columns
        row[H] = n_work
        row[GATES] = row[H] + (n_steps + 1) * n_hidden
        row[EXTRA] = row[GATES] + n_steps * n_columns
        row[DH] = row[EXTRA] + mathematics.n_extra(n_steps) * n_hidden
        n_work = row[DH] + n_steps * n_hidden
        n_in = n_hidden

    head = plan[0]
    head[N_LAYERS], head[N_STEPS], head[N_FEATURES] = len(hidden_layer_sizes), n_steps, n_features
    head[N_OUTPUTS], head[RESET_AFTER] = n_outputs, reset_after
    head[ACTIVATION], head[WINDOW_NORM], head[LOSS] = ACTIVATIONS[activation], WINDOW_NORMS[window_norm], LOSSES[loss]
    head[W_Y] = place("head.W_y", n_in, n_outputs)
    head[B_Y] = place("head.b_y", n_outputs)
    head[W_YT] = n_transposed
    head[N_WORK] = n_work
    return plan, blocks, n_transposed + n_in * n_outputs
