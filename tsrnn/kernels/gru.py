"""The gated recurrent unit, forward and backward side by side.

    a_t = x_t W_x + b                      three blocks: r, z, n
    r = sigmoid(a_r + u_r);  z = sigmoid(a_z + u_z)
    h_t = (1 - z) n + z h_(t-1)

with the recurrent part u, and the reset gate either after the product or before it:

    after:   u = h_(t-1) W_h,   n = act(a_n + r (u_n + b_hn))         (cuDNN, Keras, PyTorch)
    before:  u_n = (r h_(t-1)) W_hn,  n = act(a_n + u_n)               (Cho et al. 2014, equations 5 to 8)

z is here the share that is kept, as in Cho et al. Arguments and names: see :mod:`tsrnn.kernels.rnn`.
"""

from .caching import inner
from .vector import activate, add_outer, add_product, add_rows, fill, set_rows, sigmoid, slope

N_GATES = 3


def has_recurrent_bias(reset_after):
    """Return whether the cell keeps a second bias, b_hn."""
    return bool(reset_after)


def n_extra(n_steps):
    """Return how many values per row and hidden unit `forward` keeps: u at every step, and room for r h."""
    return N_GATES * n_steps + 1


@inner
def _carve(extra, n_steps, n_rows, n_hidden):
    """Return the views u (n_steps, n_rows, n_gates * n_hidden) and rh (n_rows, n_hidden)."""
    n = n_steps * n_rows * N_GATES * n_hidden
    u = extra[:n].reshape((n_steps, n_rows, N_GATES * n_hidden))
    rh = extra[n : n + n_rows * n_hidden].reshape((n_rows, n_hidden))
    return u, rh


@inner
def forward(x, W_x, W_h, b, b_hn, gates, extra, h, activation, reset_after):
    """Compute the hidden state at every step; `gates` keeps r, z, n, `extra` keeps u."""
    n_steps, n_rows, n_columns = gates.shape
    n_hidden = n_columns // N_GATES
    n_first = 2 * n_hidden  # where the block of the candidate n begins
    us, rh = _carve(extra, n_steps, n_rows, n_hidden)
    fill(h[0], 0)
    for t in range(n_steps):
        z, u = gates[t], us[t]
        set_rows(z, 0, b)
        fill(u, 0)
        if reset_after:
            set_rows(u, n_first, b_hn)
        add_product(x[t], 0, x.shape[2], W_x, 0, n_columns, z)
        add_product(h[t], 0, n_hidden, W_h, 0, n_columns if reset_after else n_first, u)
        for r in range(n_rows):
            for j in range(n_first):
                z[r, j] = sigmoid(z[r, j] + u[r, j])
        if reset_after:
            for r in range(n_rows):
                for j in range(n_hidden):
                    z[r, n_first + j] += z[r, j] * u[r, n_first + j]
        else:
            for r in range(n_rows):
                for j in range(n_hidden):
                    rh[r, j] = z[r, j] * h[t, r, j]
            add_product(rh, 0, n_hidden, W_h, n_first, n_columns, u)
            for r in range(n_rows):
                for j in range(n_hidden):
                    z[r, n_first + j] += u[r, n_first + j]
        for r in range(n_rows):
            for j in range(n_hidden):
                n = activate(z[r, n_first + j], activation)
                keep = z[r, n_hidden + j]
                z[r, n_first + j] = n
                h[t + 1, r, j] = (type(keep)(1) - keep) * n + keep * h[t, r, j]


@inner
def backward(x, W_xT, W_hT, gates, extra, h, dh, wants_dx, dx, dW_x, dW_h, db, db_hn, activation, reset_after):
    """Add the gradients of one shard's rows, back-propagated through time; u is overwritten by its gradient."""
    n_steps, n_rows, n_columns = gates.shape
    n_hidden = n_columns // N_GATES
    n_first = 2 * n_hidden
    us, rh = _carve(extra, n_steps, n_rows, n_hidden)
    for t in range(n_steps - 1, -1, -1):
        dz, du = gates[t], us[t]
        # dz_n and dz_z, from h = (1 - z) n + z h_prev; r stays in dz_r until its gradient is known.
        for r in range(n_rows):
            for j in range(n_hidden):
                one = type(dz[r, j])(1)
                keep, n, d = dz[r, n_hidden + j], dz[r, n_first + j], dh[t, r, j]
                dz[r, n_hidden + j] = d * (h[t, r, j] - n) * keep * (one - keep)
                dz[r, n_first + j] = d * (one - keep) * slope(n, activation)
                if t > 0:
                    dh[t - 1, r, j] += d * keep
        # dz_r and du. drh stands for the gradient at r h_prev.
        if reset_after:
            for r in range(n_rows):
                for j in range(n_hidden):
                    reset, u_n, dn = dz[r, j], du[r, n_first + j], dz[r, n_first + j]
                    dz[r, j] = dn * u_n * reset * (type(reset)(1) - reset)
                    du[r, n_first + j] = dn * reset
        else:
            drh = rh
            fill(drh, 0)
            add_product(dz, n_first, n_columns, W_hT, 0, n_hidden, drh)
            for r in range(n_rows):
                for j in range(n_hidden):
                    reset, d = dz[r, j], drh[r, j]
                    dz[r, j] = d * h[t, r, j] * reset * (type(reset)(1) - reset)
                    du[r, n_first + j] = dz[r, n_first + j]
                    rh[r, j] = reset * h[t, r, j]
                    if t > 0:
                        dh[t - 1, r, j] += d * reset
        for r in range(n_rows):
            for j in range(n_first):
                du[r, j] = dz[r, j]
        if t > 0:
            last = n_columns if reset_after else n_first
            add_product(du, 0, last, W_hT, 0, n_hidden, dh[t - 1])
            add_outer(h[t], du, 0, last, dW_h)
            if not reset_after:
                add_outer(rh, du, n_first, n_columns, dW_h)
        if reset_after:
            add_rows(du, n_first, n_columns, db_hn)
        add_outer(x[t], dz, 0, n_columns, dW_x)
        add_rows(dz, 0, n_columns, db)
        if wants_dx:
            fill(dx[t], 0)
            add_product(dz, 0, n_columns, W_xT, 0, dx.shape[2], dx[t])
