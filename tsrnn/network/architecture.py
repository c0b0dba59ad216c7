"""What is stacked on what: recurrent layers and a dense head, and their one flat vector of parameters.

The vector's inner layout belongs to the kernels (:mod:`tsrnn.kernels.plan`); above this file parameters are a vector to
copy, compare and keep, or arrays with a name and the shape of the equations.
"""

from dataclasses import asdict, dataclass, replace

import numpy as np

from ..kernels.plan import make_plan, n_gates
from ..kernels.step import Step, pack
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
    loss : {"squared_error", "absolute_error", "huber", "poisson", "quantile", "binary", "classes"}
        Of "classes" a row has one target, the number of its class, and an output for each.
    loss_numbers : tuple of float
        Of "huber" where it turns straight, of "quantile" the levels, for each of which a target has an output.
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
    loss_numbers: tuple = ()

    @property
    def n_parameters(self):
        """Length of the parameter vector."""
        last = self._blocks[-1]
        return last.offset + last.size

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
        return {b.name: parameters[b.offset : b.offset + b.size].reshape(b.shape) for b in self._blocks}

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
        if not trains:
            return Step(*self._for_use(parameters), workers)
        plan = self._make_plan(parameters.dtype, trains=True)
        n_updates = 0 if optimizer_state is None else optimizer_state.n_updates
        return Step(plan, pack(plan, parameters, optimizer_state), workers, n_updates)

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
        return Stream(replace(self, n_steps=1)._make_plan(parameters.dtype, trains=False), parameters)

    # To plan and to pack takes longer than to predict one window, so what predictions need is kept: with the network it
    # belongs to, but in no pickle. What training needs is several times as large, and is not.

    @property
    def _kept(self):
        return self.__dict__.setdefault("_kept_plans", {})

    def __getstate__(self):
        return asdict(self)

    def _for_use(self, parameters):
        """Return the plan for predictions and the packed parameters."""
        dtype, bits = parameters.dtype, parameters.tobytes()
        plan, packed_bits, packed = self._kept.get(dtype) or (self._make_plan(dtype, trains=False), None, None)
        if packed_bits != bits:  # they have been set, by whatever way
            packed = pack(plan, np.frombuffer(bits, dtype))  # and not `parameters`, which may be written meanwhile
            self._kept[dtype] = plan, bits, packed
        return plan, packed

    @property
    def _blocks(self):
        """The named blocks of the vector of parameters, which are the same for any dtype."""
        if "blocks" not in self._kept:
            self._make_plan(np.dtype(np.float32), trains=False)
        return self._kept["blocks"]

    def _make_plan(self, dtype, trains):
        plan = make_plan(**asdict(self), dtype=dtype, trains=trains)
        self._kept["blocks"] = plan.blocks
        return plan
