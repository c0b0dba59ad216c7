"""Long short-term memory, forward and backward side by side.

    s_t = x_t W_x + h_(t-1) W_h + b        four blocks: i, f, g, o
    i, f, o = sigmoid(s_i), sigmoid(s_f), sigmoid(s_o);   g = act(s_g)
    c_t = f c_(t-1) + i g
    h_t = o act(c_t)

Hochreiter and Schmidhuber 1997, with the forget gate of Gers, Schmidhuber and Cummins 2000; act is tanh there.
Arguments and names: see :mod:`tsrnn.kernels.rnn`.
"""

from .vector import fma, sigmoid

N_GATES = 4
N_SUMS = 4
N_MEMORY = 2  # c, and a = act(c)
SPLITS_INPUT = False
IN_TWO_PARTS = False
HAS_STATE_BIAS = False
STATE_GATES = (0, 1, 2, 3)


def forward(sums, h, memory, activation):
    """Return the gates, the memory (c, act(c)) and the new state."""
    i, f, o = sigmoid(sums[0]), sigmoid(sums[1]), sigmoid(sums[3])
    g = activation.value(sums[2])
    c = fma(f, memory[0], i * g)
    a = activation.value(c)
    return [i, f, g, o], [c, a], o * a


def backward(kept, h, memory_before, memory, dh, carry, activation):
    """Return the gradients at the sums, and as carry the gradient at c_(t-1)."""
    i, f, g, o = kept
    a = memory[1]
    dc = fma(dh * o, activation.slope(a), carry)
    di, df = dc * g * i * (1 - i), dc * memory_before[0] * f * (1 - f)
    dg, do = dc * i * activation.slope(g), dh * a * o * (1 - o)
    return [di, df, dg, do], dc * f
