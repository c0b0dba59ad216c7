"""What is stacked on what: an embedding, recurrent layers and a dense head, and their one flat vector of parameters.

The vector's inner layout belongs to the kernels (:mod:`tsrnn.kernels.plan`); above this file parameters are a vector to
copy, compare and keep, or arrays with a name and the shape of the equations.
"""

from dataclasses import asdict, dataclass, replace

import numpy as np

from ..kernels.layout import make_plan
from ..kernels.plan import N_PARAMETERS, n_gates
from ..kernels.step import Step, pack
from ..kernels.stream import Stream

MAX_VARIANTS = 3  # that are kept with a network
# What does not matter to the places of parameters.
NOT_PACKED = {"n_steps", "loss", "loss_numbers", "return_sequences", "carries"}


@dataclass(frozen=True)
class Architecture:
    """A stack of recurrent layers of one cell, and dense layers on the last state of the top one, or on each.

    Parameters
    ----------
    cell : {"rnn", "lstm", "gru"}
    n_steps : int
        Steps of a window; of sequences of several lengths those of the longest.
    n_features : int
        Numbers of a step, those of categories included; of tokens the size of their vectors.
    hidden_layer_sizes : tuple of int
        Hidden units per layer, the layer that reads the window first.
    n_outputs : int
    activation : {"tanh", "relu"}
        Of the state (rnn) or of the candidate and the cell's output (lstm, gru); gates stay sigmoid.
    reset_after : bool
        GRU only: the reset gate acts after the recurrent product.
    window_norm : {None, "last", "mean", "standard", "scale"}
        "last" and "mean" subtract that of feature 0 over the window from it and add it to every output; "standard"
        divides by the deviation, too, the root of the variance and 1e-5, and multiplies the outputs by it (Kim et al.
        2022); "scale" divides by 1 and the mean of absolute values, and multiplies the outputs by it (Salinas et al.
        2020). With a `horizon` each target has its own, that of the feature of the same number.
    loss : str
        "squared_error", "absolute_error", "huber", "quantile" or "binary"; "classes", of which a row has one target,
        the number of its class, and an output for each; or a likelihood, of which a target has several outputs side by
        side, and as predictions the parameters of its distribution: "normal" (location, scale), "student_t" (location,
        scale, degrees of freedom), "poisson" (mean), "negative_binomial" (mean, dispersion). The last two are of
        counts, which no level is taken from: `window_norm` is None or "scale".
    loss_numbers : tuple of float
        Of "huber" where it turns straight, of "quantile" the levels, which rise: a target has an output for each, side
        by side, and predictions that never cross. Of several the output of number n // 2 is that quantile, the others
        are steps from there, put through a softplus.
    bidirectional : bool
        Whether each level has a second layer, which reads the steps from the last to the first (Schuster and Paliwal
        1997); what reads both has their states side by side.
    return_sequences : bool
        Whether there are outputs at every step.
    dense_layer_sizes : tuple of int
        Units of dense layers between the states and the outputs.
    dense_activation : {"tanh", "relu"}
    n_tokens : int
        If not 0, the one number of a step is a token, 0 ... n_tokens - 1, and its vector is read.
    categories : tuple of (int, int, int)
        Of each column of X that holds categories, the first first: its number; how many categories it has; the size of
        their vectors, which are read in their place, behind all other numbers. A category is a number 0, 1, ... ; what
        is negative or NaN is none, whose vector is zero and is not trained.
    trains_embedding : bool
        Whether these vectors are trained.
    dropout, recurrent_dropout : float
        Probability that a unit is zero in training, and the others greater by as much, over all steps of a window (Gal
        and Ghahramani 2016): in what is read from a layer, or from the vectors of tokens and categories; in the state
        that is multiplied by W_h.
    input_noise : float
        Standard deviation of normal noise that is added to the numbers of X in training.
    horizon : int
        If not 0, X and the targets are rows of the same series: outputs are of so many steps after the window, the
        targets of the first of them first; the first features of X are the targets, and each row has a weight.
    n_past : int
        With a `horizon`: if not 0, a window has so many steps more, those of the horizon, in which its first n_past
        features are not read, and are zero, or no category; each of these steps has the outputs of its own targets. The
        last feature is no column of X: it is 1 in these steps and 0 before.
    skips_missing : bool
        Whether NaN stands for what is missing: zero where it is read, after the window is normalised, and without a
        loss where it is a target.
    carries : bool
        Whether a window goes on with the state that an earlier one, of the same lane, has left; gradients do not go
        back so far. Not with what needs whole windows, nor with recurrent dropout.
    n_skip : int
        With a `horizon`: so many steps, the last of the window, whose targets, normalised, are read by the outputs
        directly, too, through weights of their own. Not with `n_past` or `return_sequences`.
    patch : int
        Steps of a window that are read side by side, as one step of the network (Lin et al. 2023, SegRNN,
        arXiv:2308.11200, without their projection). Where the steps of a window are no multiple of it, what its first
        patch lacks is zero. Not with `n_past`, tokens or categories.
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
    bidirectional: bool = False
    return_sequences: bool = False
    dense_layer_sizes: tuple = ()
    dense_activation: str = "relu"
    n_tokens: int = 0
    categories: tuple = ()
    trains_embedding: bool = True
    dropout: float = 0.0
    recurrent_dropout: float = 0.0
    input_noise: float = 0.0
    horizon: int = 0
    n_past: int = 0
    skips_missing: bool = False
    carries: bool = False
    n_skip: int = 0
    patch: int = 1

    @property
    def n_parameters(self):
        """Length of the parameter vector."""
        last = self._blocks[-1]
        return last.offset + last.size

    @property
    def n_gates(self):
        """Blocks of hidden units that the weights of a layer have side by side."""
        return n_gates(self.cell)

    @property
    def n_of_target(self):
        """Outputs of one target: the parameters of its distribution, or its quantiles."""
        return N_PARAMETERS.get(self.loss, len(self.loss_numbers) if self.loss == "quantile" else 1)

    @property
    def is_random(self):
        """Whether training draws random numbers: by dropout, or noise."""
        return max(self.dropout, self.recurrent_dropout, self.input_noise) > 0

    def views(self, parameters):
        """Return the named arrays inside `parameters`; writing to them writes to the vector.

        Parameters
        ----------
        parameters : ndarray of shape (n_parameters,)

        Returns
        -------
        dict of str to ndarray
            Per layer l ``layers.l.W_x`` (n_in, n_gates * n_hidden), ``layers.l.W_h`` (n_hidden, n_gates * n_hidden),
            ``layers.l.b`` (n_gates * n_hidden,), for a GRU with `reset_after` also ``layers.l.b_hn`` (n_hidden,); the
            same as ``layers.l.reverse.W_x`` and so on for the other direction; ``dense.k.W`` and ``dense.k.b`` of the
            dense layers; ``head.W_y`` (n_in, n_outputs) and ``head.b_y`` (n_outputs,), with `n_skip` also
            ``head.W_skip`` (n_skip * n_targets, n_outputs), the oldest step first; ``embedding.W`` (n_tokens,
            n_features), or ``embedding.k.W`` (n_categories, size) of each of the `categories`. Gates side by side: LSTM
            i, f, g, o; GRU r, z, n.
        """
        return {b.name: parameters[b.offset : b.offset + b.size].reshape(b.shape) for b in self._blocks}

    def step(self, parameters, workers, optimizer_state=None, trains=True, seed=0):
        """Return the training step and prediction of this network.

        Parameters
        ----------
        parameters : ndarray of shape (n_parameters,)
            Copied.
        workers : Workers
        optimizer_state : OptimizerState, optional
        trains : bool
            False saves the memory that only training needs.
        seed : int
            Of dropout and noise.
        """
        if not trains:
            return Step(*self._for_use(parameters), workers)
        plan = self._make_plan(parameters.dtype, trains=True)
        n_updates = 0 if optimizer_state is None else optimizer_state.n_updates
        return Step(plan, pack(plan, parameters, optimizer_state), workers, n_updates, seed)

    def variant(self, **changes):
        """Return this network with other attributes; those that were asked for last are kept, with their plans."""
        key, kept = tuple(sorted(changes.items())), self._kept.get("variants", {})
        found = kept.get(key)
        if found is None:
            found = replace(self, **changes)
            if changes.keys() <= NOT_PACKED:
                found._kept["packed by"] = self
        others = [item for item in kept.items() if item[0] != key]
        self._kept["variants"] = dict([*others[1 - MAX_VARIANTS :], (key, found)])
        return found

    def for_steps(self, n_steps):
        """Return this network with room for windows of so many steps, and not many times as much."""
        room = 1 << (n_steps - 1).bit_length()
        return self if n_steps <= self.n_steps <= 2 * room else self.variant(n_steps=room)

    def stream(self, parameters):
        """Return this network as one that is fed step by step and carries its state; `n_steps` does not matter.

        Parameters
        ----------
        parameters : ndarray of shape (n_parameters,)
            Copied.

        Raises
        ------
        ValueError
            If windows are normalised, or read in both directions, which a single step cannot be.
        """
        if self.bidirectional:
            raise ValueError("a network with bidirectional=True reads whole windows; set it to False.")
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
        dtype, packed_by = parameters.dtype, self._kept.get("packed by")
        if packed_by is not None:
            its_plan, packed = packed_by._for_use(parameters)
            if dtype not in self._kept:
                self._kept[dtype] = self._make_plan(dtype, trains=False)._replace(places=its_plan.places)
            return self._kept[dtype], packed
        bits = parameters.tobytes()
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
