"""What every peer is given: sizes, windows, starting weights, the recipe of training, and the count of operations."""

import numpy as np

CELLS = ("lstm", "gru", "rnn")
N_GATES = {"lstm": 4, "gru": 3, "rnn": 1}

N_BATCHES = 8  # distinct minibatches, taken in turn
LEARNING_RATE, BETA_1, BETA_2, EPSILON, CLIP_NORM = 1e-3, 0.9, 0.999, 1e-8, 1.0

# (rows of a minibatch, steps, features, hidden units, layers), and the goal: how many times PyTorch's speed.
GOALS = {
    (32, 24, 1, 32, 1): {"lstm": 14.0, "gru": 32.0, "rnn": 40.0},
    (32, 48, 8, 64, 1): {"lstm": 4.5, "gru": 14.0, "rnn": 17.0},
    (64, 48, 8, 64, 2): {"lstm": 4.0, "gru": 7.0, "rnn": 8.5},
    (128, 168, 8, 128, 1): {"lstm": 3.3, "gru": 4.0, "rnn": 5.0},
    (256, 96, 16, 256, 1): {"lstm": 1.9, "gru": 2.4, "rnn": 2.1},
    (64, 512, 1, 32, 1): {"lstm": 6.0, "gru": 22.0, "rnn": 22.0},
}
# Sizes that no kernel is cut for: hidden units, rows and features off the vector length, and a single step.
ODD_SHAPES = [
    (32, 48, 3, 40, 1),
    (64, 48, 3, 100, 1),
    (64, 96, 3, 200, 1),
    (7, 48, 8, 128, 1),
    (50, 48, 8, 128, 1),
    (50, 48, 3, 200, 1),
    (128, 1, 8, 128, 1),
]
# A small, a middle and a large one, for the code that processors without AVX-512 run.
AVX2_SHAPES = [(32, 24, 1, 32, 1), (64, 48, 8, 64, 2), (128, 168, 8, 128, 1)]
INFERENCE_SHAPE = (256, 48, 8, 64, 1)
N_INFERENCE = 10_000


def forward_flops(cell, shape, n_rows=None):
    """Return the floating-point operations of the matrix products of one forward pass; training takes three times that.

    Two per multiply-add. Activations, the head and the update are not counted, as is usual.
    """
    n_batch, n_steps, n_features, n_hidden, n_layers = shape
    n_in = n_features + n_hidden * (n_layers - 1) + n_hidden * n_layers  # summed over layers: input and recurrent
    return 2 * (n_rows or n_batch) * n_steps * N_GATES[cell] * n_hidden * n_in


def training_flops(cell, shape):
    """Return the floating-point operations of the matrix products of one update."""
    return 3 * forward_flops(cell, shape)


def whole(shape, lanes):
    """Return the next size whose hidden units fill vectors of `lanes` numbers, and whose rows come in eights."""
    n_batch, n_steps, n_features, n_hidden, n_layers = shape
    return -(-n_batch // 8) * 8, n_steps, n_features, -(-n_hidden // lanes) * lanes, n_layers


def padding(shape, lanes):
    """Return by which factor padding hidden units to whole vectors adds arithmetic; rows need none."""
    padded = (shape[0], *whole(shape, lanes)[1:])
    return forward_flops("rnn", padded) / forward_flops("rnn", shape)


def make_windows(n_windows, n_steps, n_features, dtype="float32", seed=0):
    """Return windows (n_windows, n_steps, n_features) in a mixed order, and the value after each, (n_windows,)."""
    rng = np.random.default_rng(seed)
    length = n_windows + n_steps
    periods = 24.0 * (1 + np.arange(n_features))
    series = np.sin(2 * np.pi * np.arange(length)[:, None] / periods) + 0.1 * rng.standard_normal((length, n_features))
    series = series.astype(dtype)
    first = rng.permutation(n_windows)
    windows = series[first[:, None] + np.arange(n_steps)]
    return np.ascontiguousarray(windows), np.ascontiguousarray(series[first + n_steps, 0])


def make_batches(shape, dtype="float32"):
    """Return N_BATCHES minibatches, X (N_BATCHES, rows, steps, features) and y (N_BATCHES, rows)."""
    n_batch, n_steps, n_features = shape[:3]
    X, y = make_windows(N_BATCHES * n_batch, n_steps, n_features, dtype)
    return X.reshape(N_BATCHES, n_batch, n_steps, n_features), y.reshape(N_BATCHES, n_batch)


def initial_weights(cell, shape, dtype="float32", seed=1):
    """Return the weights that every peer starts from, by name, in tsrnn's layout.

    Per layer l ``layers.l.W_x`` (n_in, n_gates * n_hidden), ``layers.l.W_h`` (n_hidden, n_gates * n_hidden),
    ``layers.l.b`` (n_gates * n_hidden,) and, GRU only, ``layers.l.b_hn`` (n_hidden,); ``head.W_y`` (n_hidden, 1) and
    ``head.b_y`` (1,). Gates side by side: LSTM i, f, g, o; GRU r, z, n, where z is the share of the old state and r
    acts after the recurrent product. Biases are zero, so that all start alike however many of them a framework keeps.
    """
    _, _, n_features, n_hidden, n_layers = shape
    rng = np.random.default_rng(seed)
    n_columns, limit = N_GATES[cell] * n_hidden, n_hidden**-0.5
    weights = {}
    for layer in range(n_layers):
        n_in = n_hidden if layer else n_features
        weights[f"layers.{layer}.W_x"] = rng.uniform(-limit, limit, (n_in, n_columns))
        weights[f"layers.{layer}.W_h"] = rng.uniform(-limit, limit, (n_hidden, n_columns))
        weights[f"layers.{layer}.b"] = np.zeros(n_columns)
        if cell == "gru":
            weights[f"layers.{layer}.b_hn"] = np.zeros(n_hidden)
    weights["head.W_y"] = rng.uniform(-limit, limit, (n_hidden, 1))
    weights["head.b_y"] = np.zeros(1)
    return {name: value.astype(dtype) for name, value in weights.items()}
