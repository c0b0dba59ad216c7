"""What is stacked on what: recurrent layers and a dense head, and their one flat vector of parameters.

The vector's inner layout belongs to the kernels (:mod:`tsrnn.kernels.plan`); above this file parameters are a vector to
copy, compare and keep, or arrays with a name and the shape of the equations.
"""

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from ..kernels.plan import make_plan, n_gates
from ..kernels.step import Step
from ..kernels.stream import Stream


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

    @property
    def n_parameters(self):
        """Length of the parameter vector."""
        return len(_plan(self, np.dtype(np.float32), True).places)  # or any other dtype

    @property
    def n_gates(self):
        """Blocks of hidden units that the weights of a layer have side by side."""
        return n_gates(self.cell)

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
        blocks = _plan(self, parameters.dtype, True).blocks  # the same for any dtype
        return {b.name: parameters[b.offset : b.offset + b.size].reshape(b.shape) for b in blocks}

    def step(self, parameters, workers, optimizer_state=None, trains=True):
        """Return the training step and prediction of this network.

        Parameters
        ----------
        parameters : ndarray of shape (n_parameters,)
            Copied.
        workers : Workers
        optimizer_state : OptimizerState, optional
        trains : bool
            False saves the memory that only training needs.
        """
        return Step(_plan(self, parameters.dtype, trains), parameters, workers, optimizer_state)

    def stream(self, parameters):
        """Return this network as one that is fed step by step and carries its state; `n_steps` does not matter.

        Parameters
        ----------
        parameters : ndarray of shape (n_parameters,)
            Copied.

        Raises
        ------
        ValueError
            If windows are normalised, which a single step cannot be.
        """
        if self.window_norm is not None:
            raise ValueError(f"a network with window_norm={self.window_norm!r} needs whole windows; give it None.")
        return Stream(_plan(replace(self, n_steps=1), parameters.dtype, trains=False), parameters)


@lru_cache(maxsize=4)  # the one of a large network takes as much memory as its weights, several times
def _plan(architecture, dtype, trains):
    return make_plan(**vars(architecture), dtype=dtype, trains=trains)
