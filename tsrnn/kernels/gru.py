"""The gated recurrent unit, its reset gate after the product with the state; forward and backward side by side.

    r = sigmoid(x_t W_xr + h_(t-1) W_hr + b_r)
    z = sigmoid(x_t W_xz + h_(t-1) W_hz + b_z)
    a_n = x_t W_xn + b_n,   u_n = h_(t-1) W_hn + b_hn
    n = act(a_n + r u_n)
    h_t = (1 - z) n + z h_(t-1)

Cho et al. 2014, equations 5 to 8, with the reset gate as in cuDNN, Keras and PyTorch; as in the paper it is in
:mod:`tsrnn.kernels.gru_before`. z is the share that is kept, as there. The sums are u_n, r, z, a_n: the state is
multiplied into the first three, the input into the last three. Arguments and names: see :mod:`tsrnn.kernels.rnn`.
"""

from .vector import fma, sigmoid

N_GATES = 3
N_SUMS = 4
N_MEMORY = 0
SPLITS_INPUT = True
IN_TWO_PARTS = False
HAS_STATE_BIAS = True
STATE_GATES = (2, 0, 1)  # of r, z, n


def forward(sums, h, memory, activation):
    """Return u_n, r, z, n, no memory, and the new state."""
    u_n, r, z, a_n = sums
    r, z = sigmoid(r), sigmoid(z)
    n = activation.value(fma(r, u_n, a_n))
    return [u_n, r, z, n], [], fma(z, h - n, n)


def backward(kept, h, memory_before, memory, dh, carry, activation):
    """Return the gradients at the sums, and as carry the part of the gradient at h_(t-1) that z kept."""
    u_n, r, z, n = kept
    dh = dh + carry
    da_n = dh * (1 - z) * activation.slope(n)
    dz = dh * (h - n) * z * (1 - z)
    return [da_n * r, da_n * u_n * r * (1 - r), dz, da_n], dh * z
