"""The simple recurrent cell, forward and backward side by side.

    s_t = x_t W_x + h_(t-1) W_h + b        (Elman 1990, with a free choice of activation)
    h_t = act(s_t)

Every cell file has these names (:mod:`tsrnn.kernels.gru_before`, whose step has two parts, has four functions instead
of two). The functions are the whole mathematics of the cell, products apart. They are written on vectors of hidden
units (:mod:`tsrnn.kernels.vector`) and run once, while machine code is written: ``+ - * / < >``, `abs`, `fma`, `where`,
`sigmoid`, `tanh` and `sqrt`, but no `if` on a vector; the first argument of `fma` is a vector.

N_GATES
    Blocks that W_x, W_h and b have side by side.
N_SUMS
    Vectors that a step keeps for every vector of hidden units: N_GATES, and one more with SPLITS_INPUT. They hold the
    sums, then what `backward` needs in their place, then the gradients at the sums.
N_MEMORY
    Vectors that a step keeps beside h, for the `forward` of the next step or for its own `backward`. Like h they are
    zero before the first step.
SPLITS_INPUT
    Whether the first sum takes the state alone and the last the input alone. Block j of W_x then goes into sum j + 1,
    block STATE_GATES[j] of W_h into sum j; else both go into sum j.
STATE_GATES
    The blocks of W_h in the order of the sums.
HAS_STATE_BIAS
    With SPLITS_INPUT: whether the first sum has a bias of its own, b_hn.
IN_TWO_PARTS
    Whether a second product needs a gate that the first one gives. Only gru_before has it, and what runs such a cell
    (:mod:`tsrnn.kernels.recurrence`) takes it for one of three gates, without memory and without b_hn.
"""

N_GATES = 1
N_SUMS = 1
N_MEMORY = 0
SPLITS_INPUT = False
IN_TWO_PARTS = False
HAS_STATE_BIAS = False
STATE_GATES = (0,)


def forward(sums, h, memory, activation):
    """Return three things: what stands in the place of the sums for `backward`, the new memory, and the new state.

    Parameters
    ----------
    sums : list of N_SUMS Vector
    h : Vector
        The state before the step.
    memory : list of N_MEMORY Vector
        From the step before.
    activation : Activation
        With the methods ``value(x)`` and ``slope(a)``, the derivative by x in terms of a = value(x).
    """
    h = activation.value(sums[0])
    return [h], [], h


def backward(kept, h, memory_before, memory, dh, carry, activation):
    """Return the gradients at the sums, and the carry.

    Parameters
    ----------
    kept, memory : lists of Vector
        What `forward` returned.
    memory_before : list of Vector
        What it was given.
    h : Vector
        The state before the step.
    dh : Vector
        Gradient at the new state, from above and from the next step's sums.
    carry : Vector
        What the next step, later in time, returned as its carry, zero at the last: gradient that travels back outside
        of any product. What it means is the cell's choice, and to add it where it belongs is its task.
    """
    return [dh * activation.slope(kept[0])], carry
