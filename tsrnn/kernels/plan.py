"""The plan: what a network looks like, and where each of its arrays stands in the flat buffers.

The plan table is an int64 array. Row 0 describes the network; then come a row for each recurrent layer, one for each
dense layer of the head, and one for each *panel of weights*: those of one product and one vector of hidden units, or of
outputs. Panels stand side by side in the vector of parameters, and are updated and copied transposed together. At last
comes a row for each *table of vectors*, of tokens or of the categories of one column of X. Options reach the compiled
code as numbers in this table, never as arguments or variants of a file. It is filled in by :mod:`tsrnn.kernels.layout`.

A network has *levels* of recurrent layers, one layer a level, or two with both directions: layer number
`level * N_DIRECTIONS + direction`. The second of a level reads the steps of each row from its last to its first.
"""

from typing import NamedTuple

import numpy as np

from . import gru, gru_before, lstm, rnn
from .losses import (
    ABSOLUTE_ERROR,
    BINARY,
    CLASSES,
    HUBER,
    NEGATIVE_BINOMIAL,
    NORMAL,
    POISSON,
    QUANTILE,
    SQUARED_ERROR,
    STUDENT_T,
)

# What compiled versions there are: one for each module of mathematics.
RNN, LSTM, GRU, GRU_BEFORE = range(4)
MATHEMATICS = {RNN: rnn, LSTM: lstm, GRU: gru, GRU_BEFORE: gru_before}
TANH, RELU = range(2)

CELLS = {"rnn": RNN, "lstm": LSTM, "gru": GRU}
ACTIVATIONS = {"tanh": TANH, "relu": RELU}
LOSSES = {
    "squared_error": SQUARED_ERROR, "absolute_error": ABSOLUTE_ERROR, "huber": HUBER, "poisson": POISSON,
    "quantile": QUANTILE, "binary": BINARY, "classes": CLASSES, "normal": NORMAL, "student_t": STUDENT_T,
    "negative_binomial": NEGATIVE_BINOMIAL,
}  # fmt: skip
# Parameters of a likelihood: a target has so many outputs, and one loss.
N_PARAMETERS = {"normal": 2, "student_t": 3, "poisson": 1, "negative_binomial": 2}

# How a window is normalised when it is gathered: not at all; by its level, the last value or the mean of a feature,
# which is subtracted from the feature and from the targets and added to the predictions; by mean and deviation, by
# which they are divided, too; or by scale alone, 1 + the mean of absolute values (Salinas et al. 2020, section 3.3).
NORM_NONE, NORM_LAST, NORM_MEAN, NORM_STANDARD, NORM_SCALE = range(5)
LEAST_VARIANCE = 1e-5  # is added to that of a window, which may be constant
WINDOW_NORMS = {None: NORM_NONE, "last": NORM_LAST, "mean": NORM_MEAN, "standard": NORM_STANDARD, "scale": NORM_SCALE}

# Offsets and strides count numbers, not bytes. In the workspace they are those of a shard of one row: times the rows of
# the shard they hold for any. N_KEPT is how many steps keep their sums: all in training, else one. HEAD_STEPS is how
# many steps the head takes at once; N_TRAINED how many of the packed parameters are trained, and N_IN_PRODUCTS how many
# come before the tables of vectors. A step reads N_FEATURES numbers as they are, then vectors; X has N_GIVEN columns.
# Columns of row 0.
N_LAYERS, N_DIRECTIONS, N_STEPS, N_FEATURES, N_OUTPUTS, ACTIVATION, WINDOW_NORM, LOSS, LENGTH = range(9)
N_DENSE, DENSE_ACTIVATION, ALL_STEPS, HEAD_STEPS, N_KEPT, N_WEIGHT_PANELS, N_SLICES, N_LOSSES = range(9, 17)
N_WORK, LEVEL, PREDICTION, ZEROS, N_TRAINED, N_IN_PRODUCTS = range(17, 23)
N_GIVEN, N_TABLES, FIRST_TABLE, TRAINS_EMBEDDING, VECTOR_MASK, VECTOR_MASK_STRIDE = range(23, 29)
HAS_DROPOUT, DROPOUT, RECURRENT_DROPOUT, HAS_NOISE, SCALES = range(29, 34)  # rates in units of 2^-32
# HORIZON is how many steps the targets are of, which stand in the rows that windows are cut from; 0 if they stand
# elsewhere. The outputs of one step of the head are of N_AHEAD steps after it, or of itself, which is one of the last
# N_DECODED steps of the window. N_TARGETS are the targets of one step, N_LEVELS the features that have a level, which
# the targets share one by one; N_PAST the first of N_FEATURES that are not known in the decoded steps. N_NUMBERS are
# the outputs of one target.
HORIZON, N_AHEAD, N_DECODED, N_PAST, N_TARGETS, N_LEVELS, N_NUMBERS, SKIPS_MISSING = range(34, 42)
CARRIES = 42  # whether a row goes on with the state that an earlier one has left
PATCH = 43  # steps of a window that the network reads as one
# Columns of a layer's row: sizes; offsets in the parameters and in the transposed copy; places in the workspace.
N_HIDDEN, N_PANELS, N_H_TERMS, N_X_TERMS, N_X_VECTORS, N_INPUTS = range(6)
W_H, W_X, W_HT, W_XT = range(6, 10)
IS_UNIT, INPUT, INPUT_STRIDE, STATE, STATE_STRIDE, SUMS, SUMS_STRIDE, MEMORY, MEMORY_STRIDE = range(10, 19)
RESET, CARRY, DH, DX, DSTATE = range(19, 24)
MASK, MASK_STRIDE, OUTPUT_MASK, OUTPUT_MASK_STRIDE = range(24, 28)  # dropout of h before its product, and above
# Columns of a dense layer's row: vectors read and put out; offsets; the rows that it reads, and fills with what it puts
# out; the gradient at what it reads.
N_IN_VECTORS, N_OUT, N_OUT_VECTORS, W, WT, ROWS, ROWS_STRIDE, OUT, OUT_STRIDE, DROWS = range(10)
N_SKIP = 10  # numbers of the window that stand behind what a layer reads and the one of its bias
# Columns of a panel's row. Of its terms k, those from FIRST_A and from FIRST_B on are copied to TO_A and TO_B.
PANEL, N_TERMS, N_GATES, COLUMN, N_COLUMNS = range(5)
FIRST_A, N_VECTORS_A, TO_A, FIRST_B, N_VECTORS_B, TO_B = range(5, 11)
# Columns of a table's row: where its vectors begin, how far they are apart, and their size; the column of X that says
# which one is read; its place behind the N_FEATURES; and whether it is read in the decoded steps, too.
TABLE, TABLE_STRIDE, SIZE, GIVEN, PLACE, IS_AHEAD = range(6)
WIDTH = 44


class Plan(NamedTuple):
    """What kernels and their callers know of one network.

    table : ndarray of shape (1 + n_layers + n_dense + n_weight_panels + n_tables, WIDTH), int64
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
        Where Huber's loss turns straight, or the levels of the quantiles, which rise.
    scales : ndarray of shape (3,), float64
        Of what is random: 1 / (1 - rate) of dropout and of recurrent dropout, and the standard deviation of the noise.
    """

    table: np.ndarray
    cell: int
    blocks: tuple
    trains: bool
    places: np.ndarray
    n_packed: int
    transposed_places: np.ndarray
    loss_numbers: np.ndarray
    scales: np.ndarray

    @property
    def n_carried(self):
        """Numbers of a state that is carried: of each layer the state and the memory, padded as in the workspace."""
        layers = self.table[1 : 1 + self.table[0, N_LAYERS]]
        return int((layers[:, N_PANELS] * self.table[0, LENGTH] + layers[:, MEMORY_STRIDE]).sum())


def n_gates(cell):
    """Return how many blocks of hidden units the weights of `cell` have side by side."""
    return MATHEMATICS[CELLS[cell]].N_GATES
