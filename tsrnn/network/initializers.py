"""Where training starts: Glorot input weights, orthogonal recurrent ones, zero biases with a forget gate held open."""

import numpy as np

EMBEDDING_LIMIT = 0.05


def initial_parameters(architecture, rng, dtype, chrono_init=None):
    """Return a parameter vector to start from.

    Input and dense weights are uniform within +-sqrt(6 / (n_in + n_out)) (Glorot and Bengio 2010, equation 16), each
    gate by itself, vectors of tokens within +-0.05; those that skip the layers are zero. Recurrent weights are
    orthogonal per gate (Saxe, McClelland and Ganguli 2014). Biases are zero, that of the LSTM's forget gate one
    (Jozefowicz, Zaremba and Sutskever 2015). With `chrono_init` the gate that keeps the state has log(u), u uniform on
    [1, chrono_init - 1], a unit that forgets by one in u + 1 per step, and the LSTM's input gate the negative (Tallec
    and Ollivier 2018, section 2).

    Parameters
    ----------
    architecture : Architecture
    rng : numpy.random.Generator or RandomState
        Drawn from in float64, so both dtypes start from the same numbers.
    dtype : {float32, float64}
    chrono_init : int, optional
        Steps over which gates are to remember, more than two; nothing to "rnn". All else is drawn as without.

    Returns
    -------
    ndarray of shape (n_parameters,)
    """
    parameters = np.zeros(architecture.n_parameters, dtype)
    views = architecture.views(parameters)
    for name, view in views.items():
        part, *_, kind = name.split(".")
        n_hidden = view.shape[-1] // architecture.n_gates
        gates = [slice(gate * n_hidden, (gate + 1) * n_hidden) for gate in range(architecture.n_gates)]
        if part == "embedding":
            view[:] = rng.uniform(-EMBEDDING_LIMIT, EMBEDDING_LIMIT, view.shape)
        elif part != "layers":
            view[:] = _glorot(rng, *view.shape) if view.ndim == 2 and kind != "W_skip" else 0
        elif kind == "W_x":
            W_h = views[name.removesuffix("W_x") + "W_h"]
            for gate in gates:
                view[:, gate] = _glorot(rng, len(view), n_hidden)
                W_h[:, gate] = _orthogonal(rng, n_hidden)
        elif kind == "b" and architecture.cell == "lstm":
            view[gates[1]] = 1  # of i, f, g, o
    if chrono_init is not None and architecture.cell != "rnn":
        for name, view in views.items():
            if name.startswith("layers.") and name.endswith(".b"):
                gates = np.split(view, architecture.n_gates)  # views of i, f, g, o, or of r, z, n
                gates[1][:] = np.log(rng.uniform(1, chrono_init - 1, len(gates[1])))
                if architecture.cell == "lstm":
                    gates[0][:] = -gates[1]
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
