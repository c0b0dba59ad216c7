"""The simple recurrent cell, forward and backward side by side.

    z_t = x_t W_x + h_(t-1) W_h + b        (Elman 1990, with a free choice of activation)
    h_t = act(z_t)

Every cell file offers the same names: N_GATES, has_recurrent_bias, n_extra, forward, backward.
"""

from .caching import inner
from .vector import activate, add_outer, add_product, add_rows, fill, set_rows, slope

N_GATES = 1


def has_recurrent_bias(reset_after):
    """Return whether the cell keeps a second bias, b_hn."""
    return False


def n_extra(n_steps):
    """Return how many values per row and hidden unit `forward` keeps for `backward`, beside gates and h."""
    return 0


@inner
def forward(x, W_x, W_h, b, b_hn, gates, extra, h, activation, reset_after):
    """Compute the hidden state at every step, for the rows of one shard.

    Parameters
    ----------
    x : ndarray of shape (n_steps, n_rows, n_in)
    W_x : ndarray of shape (n_in, n_gates * n_hidden)
    W_h : ndarray of shape (n_hidden, n_gates * n_hidden)
    b : ndarray of shape (n_gates * n_hidden,)
    b_hn : ndarray of shape (n_hidden,) or (0,)
        Recurrent bias of the candidate; only the GRU with `reset_after` has one.
    gates : ndarray of shape (n_steps, n_rows, n_gates * n_hidden)
        Overwritten by what `backward` needs: here not used beyond `forward`.
    extra : ndarray of shape (n_extra(n_steps) * n_rows * n_hidden,)
        Overwritten likewise.
    h : ndarray of shape (n_steps + 1, n_rows, n_hidden)
        Overwritten: ``h[t + 1]`` is the state after step t, ``h[0]`` is zero.
    activation : int
        ``vector.TANH`` or ``vector.RELU``.
    reset_after : int
        Read by the GRU alone.
    """
    n_steps, n_rows, n_hidden = gates.shape
    fill(h[0], 0)
    for t in range(n_steps):
        z = gates[t]
        set_rows(z, 0, b)
        add_product(x[t], 0, x.shape[2], W_x, 0, n_hidden, z)
        add_product(h[t], 0, n_hidden, W_h, 0, n_hidden, z)
        for r in range(n_rows):
            for j in range(n_hidden):
                h[t + 1, r, j] = activate(z[r, j], activation)


@inner
def backward(x, W_xT, W_hT, gates, extra, h, dh, wants_dx, dx, dW_x, dW_h, db, db_hn, activation, reset_after):
    """Add the gradients of one shard's rows, back-propagated through time.

    Parameters
    ----------
    x, gates, extra, h, activation, reset_after
        As `forward` left them. `gates` is overwritten by dz, `extra` is overwritten.
    W_xT : ndarray of shape (n_gates * n_hidden, n_in)
    W_hT : ndarray of shape (n_gates * n_hidden, n_hidden)
    dh : ndarray of shape (n_steps, n_rows, n_hidden)
        Gradient of the loss at the states, as it comes from above. Modified in place: the recurrent part is added.
    wants_dx : bool
        Whether the gradient at the inputs is asked for (the layer below is recurrent too).
    dx : ndarray of shape (n_steps, n_rows, n_in)
        Overwritten by the gradient at the inputs if `wants_dx`.
    dW_x, dW_h, db, db_hn : ndarray
        Shapes of W_x, W_h, b, b_hn. Modified in place: the gradients are added.
    """
    n_steps, n_rows, n_hidden = gates.shape
    for t in range(n_steps - 1, -1, -1):
        dz = gates[t]
        for r in range(n_rows):
            for j in range(n_hidden):
                dz[r, j] = dh[t, r, j] * slope(h[t + 1, r, j], activation)
        if t > 0:
            add_product(dz, 0, n_hidden, W_hT, 0, n_hidden, dh[t - 1])
            add_outer(h[t], dz, 0, n_hidden, dW_h)
        add_outer(x[t], dz, 0, n_hidden, dW_x)
        add_rows(dz, 0, n_hidden, db)
        if wants_dx:
            fill(dx[t], 0)
            add_product(dz, 0, n_hidden, W_xT, 0, dx.shape[2], dx[t])
