"""Where training starts: Glorot input weights, orthogonal recurrent ones, zero biases with a forget gate held open."""

import numpy as np


def initial_parameters(architecture, rng, dtype):
    """Return a parameter vector to start from.

    Input and head weights are uniform within +-sqrt(6 / (n_in + n_out)) (Glorot and Bengio 2010, equation 16), each
    gate by itself. Recurrent weights are orthogonal per gate (Saxe, McClelland and Ganguli 2014). Biases are zero, that
    of the LSTM's forget gate one (Jozefowicz, Zaremba and Sutskever 2015).

    Parameters
    ----------
    architecture : Architecture
    rng : numpy.random.Generator or RandomState
        Drawn from in float64, so both dtypes start from the same numbers.
    dtype : {float32, float64}

    Returns
    -------
    ndarray of shape (n_parameters,)
    """
    parameters = np.zeros(architecture.n_parameters, dtype)
    views = architecture.views(parameters)
    for layer, n_hidden in enumerate(architecture.hidden_layer_sizes):
        W_x, W_h = views[f"layers.{layer}.W_x"], views[f"layers.{layer}.W_h"]
        for gate in range(architecture.n_gates):
            columns = slice(gate * n_hidden, (gate + 1) * n_hidden)
            W_x[:, columns] = _glorot(rng, W_x.shape[0], n_hidden)
            W_h[:, columns] = _orthogonal(rng, n_hidden)
        if architecture.cell == "lstm":
            views[f"layers.{layer}.b"][n_hidden : 2 * n_hidden] = 1  # gates i, f, g, o
    views["head.W_y"][:] = _glorot(rng, *views["head.W_y"].shape)
    return parameters


def _glorot(rng, n_in, n_out):
    limit = np.sqrt(6 / (n_in + n_out))
    return rng.uniform(-limit, limit, (n_in, n_out))


def _orthogonal(rng, n):
    """Return a uniformly drawn orthogonal matrix: normal rows, orthogonalised block by block (Gram-Schmidt).

    Not by np.linalg.qr or any product of the BLAS library, whose last bits depend on how many threads it has: np.einsum
    without `optimize` has loops of its own, one thread, one order.
    """
    Q, columns = rng.normal(size=(n, n)), np.empty((n, n))  # columns: the transpose of the rows that are done
    size = n if n <= 64 else 16  # rows of a block: the fewer, the more of the work is in the two products
    for first in range(0, n, size):
        rows = Q[first : first + size]
        # Twice at the end, where little is left of a row: once leaves roundings as large as that little is small.
        for _ in range(2 if n - first <= 2 * size else 1):
            shares = np.einsum("ik,kj->ij", rows, columns[:, :first])
            rows -= np.einsum("ij,jk->ik", shares, Q[:first])
            for j, row in enumerate(rows):
                row /= np.sqrt((row * row).sum())
                rest = rows[j + 1 :]
                rest -= (rest * row).sum(axis=1, keepdims=True) * row
        columns[:, first : first + size] = rows.T
    return Q
