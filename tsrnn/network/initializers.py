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
    """Return a uniformly drawn orthogonal matrix: normal rows, orthogonalised (modified Gram-Schmidt, twice).

    Not by np.linalg.qr, whose last bits depend on how many threads the BLAS library has.
    """
    Q = rng.normal(size=(n, n))
    for _ in range(2):  # once leaves roundings as large as the matrix is badly conditioned
        for j in range(n):
            Q[j] /= np.sqrt((Q[j] * Q[j]).sum())
            rest = Q[j + 1 :]
            rest -= (rest * Q[j]).sum(axis=1, keepdims=True) * Q[j]
    return Q
