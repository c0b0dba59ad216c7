"""The gated recurrent unit, its reset gate before the product with the state; forward and backward side by side.

    r = sigmoid(x_t W_xr + h_(t-1) W_hr + b_r)
    z = sigmoid(x_t W_xz + h_(t-1) W_hz + b_z)
    a_n = x_t W_xn + b_n,   u_n = (r h_(t-1)) W_hn
    n = act(a_n + u_n)
    h_t = (1 - z) n + z h_(t-1)

Cho et al. 2014, equations 5 to 8. The sums are those of :mod:`tsrnn.kernels.gru`, but r must be known for all hidden
units ahead of the product that gives u_n. So a step has two parts, with that product, or its gradient's, between them.
"""

from .vector import fma, sigmoid

N_GATES = 3
N_SUMS = 4
N_MEMORY = 0
SPLITS_INPUT = True
IN_TWO_PARTS = True
HAS_STATE_BIAS = False
STATE_GATES = (2, 0, 1)  # of r, z, n


def forward_gates(sums, h):
    """Return u_n (not yet known), r, z, a_n, and the product r h_(t-1)."""
    u_n, r, z, a_n = sums
    r = sigmoid(r)
    return [u_n, r, sigmoid(z), a_n], r * h


def forward_state(sums, h, activation):
    """Return u_n, r, z, n, and the new state."""
    u_n, r, z, a_n = sums
    n = activation.value(a_n + u_n)
    return [u_n, r, z, n], fma(z, h - n, n)


def backward_state(kept, h, dh, carry, activation):
    """Return the gradients at the sums, with r itself in the place of dr, and the carry."""
    _, r, z, n = kept
    dh = dh + carry
    da_n = dh * (1 - z) * activation.slope(n)
    return [da_n, r, dh * (h - n) * z * (1 - z), da_n], dh * z


def backward_gates(kept, h, drh, carry):
    """Return, from the gradient at r h_(t-1), the gradients at the sums and the carry."""
    du_n, r, dz, da_n = kept
    return [du_n, drh * h * r * (1 - r), dz, da_n], fma(drh, r, carry)
