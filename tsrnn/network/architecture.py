"""What is stacked on what: recurrent layers and a dense head, and their one flat vector of parameters.

The vector's inner layout belongs to the kernels (:mod:`tsrnn.kernels.plan`); above this file parameters are a vector to
copy, compare and keep, or arrays with a name and the shape of the equations.
"""

from dataclasses import dataclass, field, fields

import numpy as np

from ..kernels import plan as kernel_plan
from ..kernels.step import Step


@dataclass(frozen=True)
class Architecture:
    """A stack of recurrent layers of one cell, and a dense head on the last state of the top one.

    Parameters
    ----------
    cell : {"rnn", "lstm", "gru"}
    n_steps : int
        Steps of a window.
    n_features : int
    hidden_layer_sizes : tuple of int
        Hidden units per layer, the layer that reads the window first.
    n_outputs : int
    activation : {"tanh", "relu"}
        Of the state (rnn) or of the candidate and the cell's output (lstm, gru); gates stay sigmoid.
    reset_after : bool
        GRU only: the reset gate acts after the recurrent product.
    window_norm : {None, "last"}
        "last" subtracts the last value of feature 0 from that feature and adds it to every output.
    loss : {"squared_error"}
    """

    cell: str
    n_steps: int
    n_features: int
    hidden_layer_sizes: tuple
    n_outputs: int
    activation: str = "tanh"
    reset_after: bool = True
    window_norm: str | None = None
    loss: str = "squared_error"
    _plan: np.ndarray = field(init=False, repr=False, compare=False)
    _blocks: tuple = field(init=False, repr=False, compare=False)
    _n_transposed: int = field(init=False, repr=False, compare=False)

    def __post_init__(self):
        plan, blocks, n_transposed = kernel_plan.make_plan(
            self.cell, self.n_steps, self.n_features, self.hidden_layer_sizes, self.n_outputs,
            self.activation, self.reset_after, self.window_norm, self.loss,
        )  # fmt: skip
        object.__setattr__(self, "_plan", plan)
        object.__setattr__(self, "_blocks", tuple(blocks))
        object.__setattr__(self, "_n_transposed", n_transposed)

    def __reduce__(self):
        """Pickle what was asked for, not the plan: its columns belong to the kernels that are installed."""
        return Architecture, tuple(getattr(self, entry.name) for entry in fields(self) if entry.init)

    @property
    def n_parameters(self):
        """Length of the parameter vector."""
        return sum(block.size for block in self._blocks)

    @property
    def n_gates(self):
        """Blocks of hidden units that the weights of a layer have side by side."""
        return kernel_plan.n_gates(self.cell)

    def views(self, parameters):
        """Return the named arrays inside `parameters`; writing to them writes to the vector.

        Parameters
        ----------
        parameters : ndarray of shape (n_parameters,)

        Returns
        -------
        dict of str to ndarray
            Per layer l ``layers.l.W_x`` (n_in, n_gates * n_hidden), ``layers.l.W_h`` (n_hidden, n_gates * n_hidden),
            ``layers.l.b`` (n_gates * n_hidden,), for a GRU with `reset_after` also ``layers.l.b_hn`` (n_hidden,);
            ``head.W_y`` (n_hidden, n_outputs) and ``head.b_y`` (n_outputs,). Gates side by side: LSTM i, f, g, o;
            GRU r, z, n.
        """
        return {b.name: parameters[b.offset : b.offset + b.size].reshape(b.shape) for b in self._blocks}

    def step(self, parameters, workers):
        """Return the training step and prediction of this network on `parameters`, which training modifies in place."""
        return Step(self.cell, self._plan, self._n_transposed, parameters, workers)
