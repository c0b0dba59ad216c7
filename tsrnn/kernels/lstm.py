"""Long short-term memory, forward and backward side by side.

    z_t = x_t W_x + h_(t-1) W_h + b        four blocks: i, f, g, o
    i, f, o = sigmoid(z_i), sigmoid(z_f), sigmoid(z_o);   g = act(z_g)
    c_t = f c_(t-1) + i g
    h_t = o act(c_t)

Hochreiter and Schmidhuber 1997, with the forget gate of Gers, Schmidhuber and Cummins 2000; act is tanh there.
Arguments and names: see :mod:`tsrnn.kernels.rnn`.
"""

from .caching import inner
from .vector import activate, add_outer, add_product, add_rows, fill, set_rows, sigmoid, slope

N_GATES = 4


def has_recurrent_bias(reset_after):
    """Return whether the cell keeps a second bias, b_hn."""
    return False


def n_extra(n_steps):
    """Return how many values per row and hidden unit `forward` keeps: c, act(c), and room for dc."""
    return (n_steps + 1) + n_steps + 1


@inner
def _carve(extra, n_steps, n_rows, n_hidden):
    """Return the views c (n_steps + 1, n_rows, n_hidden), a = act(c) (n_steps, ...) and dc (n_rows, n_hidden)."""
    n = n_rows * n_hidden
    c = extra[: (n_steps + 1) * n].reshape((n_steps + 1, n_rows, n_hidden))
    a = extra[(n_steps + 1) * n : (2 * n_steps + 1) * n].reshape((n_steps, n_rows, n_hidden))
    dc = extra[(2 * n_steps + 1) * n : (2 * n_steps + 2) * n].reshape((n_rows, n_hidden))
    return c, a, dc


@inner
def forward(x, W_x, W_h, b, b_hn, gates, extra, h, activation, reset_after):
    """Compute the hidden state at every step; `gates` keeps i, f, g, o, `extra` keeps c and act(c)."""
    n_steps, n_rows, n_columns = gates.shape
    n_hidden = n_columns // N_GATES
    c, a, _ = _carve(extra, n_steps, n_rows, n_hidden)
    fill(h[0], 0)
    fill(c[0], 0)
    for t in range(n_steps):
        z = gates[t]
        set_rows(z, 0, b)
        add_product(x[t], 0, x.shape[2], W_x, 0, n_columns, z)
        add_product(h[t], 0, n_hidden, W_h, 0, n_columns, z)
        for r in range(n_rows):
            for j in range(n_hidden):
                i = sigmoid(z[r, j])
                f = sigmoid(z[r, n_hidden + j])
                g = activate(z[r, 2 * n_hidden + j], activation)
                o = sigmoid(z[r, 3 * n_hidden + j])
                c[t + 1, r, j] = f * c[t, r, j] + i * g
                a[t, r, j] = activate(c[t + 1, r, j], activation)
                h[t + 1, r, j] = o * a[t, r, j]
                z[r, j], z[r, n_hidden + j], z[r, 2 * n_hidden + j], z[r, 3 * n_hidden + j] = i, f, g, o


@inner
def backward(x, W_xT, W_hT, gates, extra, h, dh, wants_dx, dx, dW_x, dW_h, db, db_hn, activation, reset_after):
    """Add the gradients of one shard's rows, back-propagated through time."""
    n_steps, n_rows, n_columns = gates.shape
    n_hidden = n_columns // N_GATES
    c, a, dc = _carve(extra, n_steps, n_rows, n_hidden)
    fill(dc, 0)
    for t in range(n_steps - 1, -1, -1):
        dz = gates[t]
        for r in range(n_rows):
            for j in range(n_hidden):
                one = type(dz[r, j])(1)
                i, f = dz[r, j], dz[r, n_hidden + j]
                g, o = dz[r, 2 * n_hidden + j], dz[r, 3 * n_hidden + j]
                dct = dc[r, j] + dh[t, r, j] * o * slope(a[t, r, j], activation)
                dz[r, j] = dct * g * i * (one - i)
                dz[r, n_hidden + j] = dct * c[t, r, j] * f * (one - f)
                dz[r, 2 * n_hidden + j] = dct * i * slope(g, activation)
                dz[r, 3 * n_hidden + j] = dh[t, r, j] * a[t, r, j] * o * (one - o)
                dc[r, j] = dct * f
        if t > 0:
            add_product(dz, 0, n_columns, W_hT, 0, n_hidden, dh[t - 1])
            add_outer(h[t], dz, 0, n_columns, dW_h)
        add_outer(x[t], dz, 0, n_columns, dW_x)
        add_rows(dz, 0, n_columns, db)
        if wants_dx:
            fill(dx[t], 0)
            add_product(dz, 0, n_columns, W_xT, 0, dx.shape[2], dx[t])
