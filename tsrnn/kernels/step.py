"""One network in training or use: the seam between the network above and the compiled code.

A :class:`Step` holds the parameters in the layout of the kernels, packed and padded, with everything else that a
minibatch needs; what goes in and comes out has the layout of the equations.
"""

import math
from typing import NamedTuple

import numpy as np

from . import optimizers as o
from . import plan as p
from . import tasks
from .buffers import NOWHERE, aligned_zeros
from .recurrence import CHUNK_ROWS

MAX_BUFFERS = 16  # gradients that are kept apart until they are summed
GRADIENTS_BYTES = 2**26  # that they may take all together, unless they are two
MAX_SHARDS_OF_TASK = 8  # shards of one task at most
EVALUATED_ROWS = 8  # rows of a shard when losses are summed shard by shard
LARGE_WEIGHTS = 2**19  # bytes
MANY_ROWS = 32  # of a shard, at most
# Parameters x steps x rows: what each thread does in one call, or the least it can; between calls Ctrl-C is heard. That
# is hundredths of a second, or tenths without vector instructions.
CALL_COST = 10**9
TASK_COST = 10**9  # of a task of several shards, at most
SHARD_COST = 6 * 10**9  # of a shard of many rows, at most: some tenths of a second
SLICE_COST = 10  # of one parameter of one buffer in the sum, or of one parameter in the update, which wait for memory
NO_UPDATES = np.zeros((0, o.N_COEFFICIENTS))
EQUAL_WEIGHTS = np.zeros(0)


class OptimizerState(NamedTuple):
    """What an optimizer keeps between updates.

    moments : ndarray of shape (2, n_parameters)
        Running means of the gradient and of its square; one that an optimizer does without stays zero.
    n_updates : int
    """

    moments: np.ndarray
    n_updates: int


class Snapshot(NamedTuple):
    """The state of a network at one moment, in the layout of the kernels."""

    packed: np.ndarray
    n_updates: int


def pack(plan, parameters, optimizer_state=None):
    """Return parameters as kernels read them: shape (1, n_packed), or for training, with two moments, (3, n_packed).

    Parameters
    ----------
    plan : Plan
    parameters : ndarray of shape (n_parameters,), float32 or float64
    optimizer_state : OptimizerState, optional
        Of an earlier training; without it the moments are zero.
    """
    packed = aligned_zeros((3 if plan.trains else 1, plan.n_packed), parameters.dtype)
    packed[0, plan.places] = parameters
    if optimizer_state is not None:
        packed[1:, plan.places] = optimizer_state.moments
    return packed


class Step:
    """The buffers of one network, and the calls that work on them.

    Parameters
    ----------
    plan : Plan
    packed : ndarray
        What `pack` returns for this plan. Training modifies it.
    workers : Workers
    n_updates : int
        Made before by the training that goes on.
    seed : int
        Of dropout and noise, less than 2**63.
    """

    def __init__(self, plan, packed, workers, n_updates=0, seed=0):
        dtype = packed.dtype
        self._plan, self._packed, self._workers, self._n_updates = plan, packed, workers, n_updates
        self._seed = seed
        self._run_tasks = tasks.compile_tasks(plan.cell)
        self._transposed = aligned_zeros((len(plan.transposed_places),), dtype)
        self._is_transposed = False
        self._gradients = np.zeros((0, plan.table[0, p.N_TRAINED]), dtype)
        self._is_weight = np.zeros(0, dtype)
        self._squares = np.zeros(plan.table[0, p.N_SLICES])
        self._work = {}  # of each number of rows of a shard, for each thread
        self._no_losses, self._no_output = np.zeros((0, 0)), np.zeros((0, 0), dtype)

    def _number(self, name):
        """Return a number of the plan's first row."""
        return int(self._plan.table[0, name])

    @property
    def n_updates(self):
        """Updates made, those of the training that goes on included."""
        return self._n_updates

    @property
    def parameters(self):
        """The vector of parameters, a copy."""
        return self._packed[0, self._plan.places]

    def snapshot(self):
        """Return the present parameters and optimizer state, a copy."""
        return Snapshot(self._packed.copy(), self._n_updates)

    def restore(self, snapshot):
        """Go back to an earlier state."""
        self._is_transposed = False
        self._packed[:], self._n_updates = snapshot

    def unpack(self, snapshot):
        """Return the parameters and the OptimizerState of a snapshot in the layout of the equations."""
        parameters, *moments = (np.array(row[self._plan.places]) for row in snapshot.packed)
        return parameters, OptimizerState(np.array(moments), snapshot.n_updates)

    def first_states(self, n_lanes):
        """Return the states that nothing has left anything in yet: zeros of shape (n_lanes, n_numbers)."""
        return np.zeros((n_lanes, self._plan.n_carried), self._packed.dtype)

    def train_epoch(self, X, Y, order, batch_size, coefficients, weights=EQUAL_WEIGHTS):
        """Make one update per minibatch of an epoch; return the mean loss, each minibatch's taken before its update.

        Parameters
        ----------
        X : Flat, three strides (sample, step, feature)
        Y : Flat, two strides (sample, output), or three (sample, step, output) where each step has an output
        order : ndarray of int64, shape (n_samples,)
            The windows in the order in which minibatches are cut from them; the last may be smaller.
        batch_size : int
        coefficients : ndarray of shape (n_batches, N_COEFFICIENTS), float64
            Those of each update (:mod:`tsrnn.kernels.optimizers`).
        weights : ndarray of float64, shape (n_samples,), optional
            Of all samples, not negative; those of a minibatch must not all be zero.

        Returns
        -------
        float
            Not finite if the loss or the gradient of a minibatch was not; that minibatch, and those after it, then
            changed neither parameters nor state.
        """
        batch_size = min(batch_size, len(order))
        if not len(self._is_weight) and ((coefficients[:, o.L2] > 0) | (coefficients[:, o.SHRINK] < 1)).any():
            self._is_weight = aligned_zeros((self._plan.n_packed,), self._packed.dtype)
            self._is_weight[self._plan.places] = np.concatenate(
                [np.full(block.size, block.is_weight) for block in self._plan.blocks]
            )
        data = self._data(X, Y, order, weights, batch_size)
        losses, call = self._run_minibatches(tasks.TRAIN, data, self._steps_of(X), batch_size, coefficients)
        n_done = call[tasks.FAILED] - 1 if call[tasks.FAILED] else len(losses)
        self._n_updates += int(n_done)
        if n_done < len(losses):
            return math.nan
        return float(losses.sum() / data.totals.sum())

    def gradient(self, X, Y, samples, weights=EQUAL_WEIGHTS):
        """Return the mean loss of one minibatch and its gradient, an ndarray of shape (n_parameters,)."""
        data = self._data(X, Y, samples, weights, len(samples))
        losses, _ = self._run_minibatches(tasks.GRADIENT, data, self._steps_of(X), len(samples), NO_UPDATES)
        gradient = np.zeros(self._plan.n_packed, self._packed.dtype)  # what is not trained has none
        gradient[: self._number(p.N_TRAINED)] = self._gradients[0]
        return float(losses.sum() / data.totals[0]), gradient[self._plan.places]

    def loss(self, X, Y, samples, weights=EQUAL_WEIGHTS, batch_size=None):
        """Return the mean loss over the given windows and their outputs, a float.

        With a batch size minibatch after minibatch, as states that are carried need it.
        """
        batch_size = batch_size or len(samples)
        data = self._data(X, Y, samples, weights, batch_size)
        rows = max(1, min(EVALUATED_ROWS, batch_size))
        losses = np.zeros((len(data.totals), -(-batch_size // rows)))
        self._run_forward(tasks.EVALUATE, data, self._steps_of(X), batch_size, rows, losses, self._no_output, NOWHERE)
        return float(losses.sum() / data.totals.sum())

    def predict(self, X, samples, states=None):
        """Return the predictions for the given windows, shape (len(samples), n_outputs).

        Where each step has an output, or each of the decoded ones, shape (steps of all, n_outputs), one window after
        the other. `states` are those of the lanes of X, from `first_states` or an earlier call; modified in place.
        """
        samples, n, X = np.ascontiguousarray(samples, np.int64), len(samples), self._measured(X, samples)
        places = np.arange(n)
        if self._number(p.N_DECODED):
            n, places = n * self._number(p.N_DECODED), places * self._number(p.N_DECODED)
        elif self._number(p.ALL_STEPS):
            ends = np.cumsum(X.lengths[samples] if len(X.lengths) else np.full(n, self._number(p.N_STEPS)))
            n, places = int(ends[-1]) if n else 0, np.append(0, ends)[:-1]
        if len(X.lengths):
            longest_first = np.argsort(-X.lengths[samples], kind="stable")
            samples, places = samples[longest_first], places[longest_first]
        out = np.empty((n, self._number(p.N_OUTPUTS)), self._packed.dtype)
        # No row's bits depend on its shard, so shards may: several for each thread if there are enough rows.
        rows = max(4, min(16, 4 * -(-len(samples) // (16 * self._workers.n_threads))))
        rows = max(1, min(rows, len(samples)))
        data = self._data(X, X, samples, states=states)
        self._run_forward(tasks.PREDICT, data, self._steps_of(X), len(samples), rows, self._no_losses, out, places)
        return out

    def _steps_of(self, X):
        """Return how many steps of the network the windows of X are."""
        return -(-X.n_steps // self._number(p.PATCH))

    def _measured(self, X, samples):
        """Return a Flat that says how many steps its windows have, if they have fewer than the network has room for."""
        known = self._number(p.N_STEPS) * self._number(p.PATCH)
        if X.n_steps > known:  # kernels would write beyond their workspace
            raise ValueError(f"windows have {X.n_steps} steps, but the network was laid out for {known}.")
        if X.n_steps == known or len(X.lengths):
            return X
        return X._replace(lengths=np.full(samples.max(initial=-1) + 1, X.n_steps))

    def _data(self, X, Y, samples, weights=EQUAL_WEIGHTS, batch_size=None, states=None):
        """Return what a call reads of the data; without a batch size there are no losses, and no targets.

        Within a minibatch of a given size samples are put in the order of their lengths, the longest first.
        """
        X = self._measured(X, samples)
        if self._number(p.CARRIES) and not len(X.lanes):  # kernels would look for them elsewhere
            raise ValueError("the network carries its states, but the windows have no lanes.")
        y_strides = Y.strides if len(Y.strides) == 3 else (Y.strides[0], 0, Y.strides[1])
        layout = np.array([X.first, *X.strides, Y.first, *y_strides], dtype=np.int64)
        # Another dtype or layout, or an array that cannot be written, would be compiled anew.
        samples, weights = np.require(samples, np.int64, ["C", "W"]), np.require(weights, np.float64, ["C", "W"])
        totals = np.zeros(0)
        if batch_size is not None:
            if len(X.lengths):
                samples = samples[np.lexsort((-X.lengths[samples], np.arange(len(samples)) // batch_size))]
            of_samples = self._weights_of_losses(X, Y, samples, weights)
            totals = np.add.reduceat(of_samples, np.arange(0, len(samples), batch_size))
            if len(X.lanes):  # a stretch without any known target only moves the states on
                totals = np.maximum(totals, np.finfo(np.float64).tiny)
        origins, lengths = np.ascontiguousarray(X.origins), np.ascontiguousarray(X.lengths)
        states = self.first_states(X.lanes.max(initial=-1) + 1) if states is None else states
        lanes = np.ascontiguousarray(X.lanes)
        return tasks.Data(X.values, Y.values, layout, origins, lengths, samples, weights, totals, lanes, states)

    def _losses_of_target(self):
        """Return how many losses one target has: one, or one for each of its quantiles."""
        return self._number(p.N_LOSSES) // (self._number(p.N_TARGETS) * self._number(p.N_AHEAD))

    def _weights_of_losses(self, X, Y, samples, weights):
        """Return for each sample the sum of the weights of its losses."""
        horizon, n_losses = self._number(p.HORIZON), self._number(p.N_LOSSES)
        if horizon and self._number(p.ALL_STEPS) and not self._number(p.N_DECODED):
            return self._weights_of_steps(X, Y, samples, weights)
        if horizon and (len(weights) or self._number(p.SKIPS_MISSING)):
            n_targets, (_, of_step, of_output) = self._number(p.N_TARGETS), Y.strides
            of_samples = np.zeros(len(samples))
            for ahead in range(horizon):
                rows = X.origins[samples] + X.lengths[samples] + ahead - self._number(p.N_DECODED)
                known = np.full(len(samples), n_targets)
                if self._number(p.SKIPS_MISSING):
                    for k in range(n_targets):
                        known -= np.isnan(Y.values[Y.first + rows * of_step + k * of_output])
                of_samples += known * (weights[rows] if len(weights) else 1.0)
            return of_samples * self._losses_of_target()
        of_samples = weights[samples] if len(weights) else np.ones(len(samples))
        if self._number(p.N_DECODED):
            of_samples = of_samples * horizon
        elif self._number(p.ALL_STEPS):
            of_samples = of_samples * (X.lengths[samples] if len(X.lengths) else self._number(p.N_STEPS))
        return of_samples * n_losses

    def _weights_of_steps(self, X, Y, samples, weights):
        """Return for each sample the sum of the weights of its losses, where each step has those of a whole horizon."""
        origins, ends = X.origins[samples] + 1, X.origins[samples] + X.lengths[samples] + 1
        n_rows, (_, of_step, of_output) = int(ends.max()) - 1 + self._number(p.HORIZON), Y.strides
        known = np.full(n_rows, float(self._number(p.N_TARGETS)))
        if self._number(p.SKIPS_MISSING):
            for k in range(self._number(p.N_TARGETS)):
                known -= np.isnan(Y.values[Y.first + k * of_output :: of_step][:n_rows])
        if len(weights):
            known *= weights[:n_rows]
        until = np.append(0, np.cumsum(known))
        of_samples = np.zeros(len(samples))
        for ahead in range(self._number(p.HORIZON)):
            of_samples += until[ends + ahead] - until[origins + ahead]
        return of_samples * self._losses_of_target()

    def _run_minibatches(self, mode, data, n_steps, batch_size, coefficients):
        """Run the tasks of one epoch; return the losses (n_batches, n_buffers) and the call.

        Shards, by which sums are rounded, are cut by the steps of these data: there may be room for longer ones.
        """
        n_bytes = self._number(p.N_IN_PRODUCTS) * self._packed.itemsize
        cost_of_row = self._number(p.N_IN_PRODUCTS) * n_steps
        rows = training_shard_rows(batch_size, n_steps, n_bytes, cost_of_row)
        n_shards = -(-batch_size // rows)
        most = max(1, min(MAX_SHARDS_OF_TASK, TASK_COST // (cost_of_row * rows)))
        shards_of_task = min(most, -(-n_shards // MAX_BUFFERS))
        n_trained = self._number(p.N_TRAINED)
        most_buffers = max(2, min(MAX_BUFFERS, GRADIENTS_BYTES // (n_trained * self._packed.itemsize)))
        n_buffers = min(most_buffers, -(-n_shards // shards_of_task))
        if len(self._gradients) < n_buffers:
            self._gradients = aligned_zeros((n_buffers, n_trained), self._packed.dtype)
        if not self._is_transposed:
            self._transposed[:] = self._packed[0, self._plan.transposed_places]
            self._is_transposed = mode == tasks.TRAIN  # which renews it with every update
        n_batches, n_slices = len(data.totals), len(self._squares)
        n_shard_tasks = -(-n_shards // (shards_of_task * n_buffers)) * n_buffers
        n_tasks_of_batch = n_shard_tasks + n_slices * (2 if mode == tasks.TRAIN else 1)
        call = self._call(mode, batch_size, rows, shards_of_task, n_buffers, n_shard_tasks, n_tasks_of_batch)
        losses = np.zeros((n_batches, n_buffers))
        cost_of_slice = SLICE_COST * n_buffers * n_trained // n_slices
        cost_of_task = max(cost_of_row * rows * shards_of_task, cost_of_slice)
        n_at_once = max(n_buffers, n_slices)
        n_tasks = n_batches * n_tasks_of_batch
        results = tasks.Results(self._gradients, self._squares, losses, self._no_output, NOWHERE)
        self._run(n_tasks, cost_of_task, n_at_once, call, coefficients, data, results)
        return losses, call

    def _run_forward(self, mode, data, n_steps, batch_size, rows, losses, out, places):
        """Run shards without a way back, those of one minibatch after those of the one before."""
        n_batches, n_shards = max(1, len(data.totals)), -(-batch_size // rows)
        call = self._call(mode, batch_size, rows, 1, n_shards, n_shards, n_shards)
        cost_of_task = -(-self._number(p.N_IN_PRODUCTS) * n_steps * rows // 3)  # there is no way back
        n_at_once = n_shards if mode == tasks.PREDICT else MAX_BUFFERS  # as many threads as training may use
        results = tasks.Results(self._gradients, self._squares, losses, out, places)
        self._run(n_batches * n_shards, cost_of_task, n_at_once, call, NO_UPDATES, data, results)

    def _call(self, *numbers):
        """Return the words that the threads of one call share; `numbers` are those from MODE to TASKS."""
        call = np.zeros(tasks.N_CALL, np.int64)
        call[tasks.MODE : tasks.N_CALL] = *numbers, self._seed, self._n_updates
        return call

    def _run(self, n_tasks, cost_of_task, n_at_once, call, coefficients, data, results):
        """Let the workers do a list of tasks, of which so many may be done at once; now and then back to Python."""
        n_workers = max(1, min(self._workers.n_threads, n_tasks, n_at_once))
        n_rows = int(call[tasks.SHARD_ROWS])
        work = self._work.setdefault(n_rows, [])
        while len(work) < n_workers:
            work.append(tasks.make_workspace(self._plan, n_rows, self._packed.dtype))
        parameters, mean, square = self._packed if self._plan.trains else (self._packed[0],) * 3
        network = tasks.Network(
            self._plan.table, self._plan.loss_numbers, parameters, self._transposed, mean, square,
            self._is_weight,
        )  # fmt: skip
        shared = call, coefficients, network, data, results
        if n_workers > 1:
            self._run_tasks(0, *shared, *work[0])  # compiles or loads, which in another thread no interrupt could end
        of_call = n_workers * -(-CALL_COST // cost_of_task)
        for first in range(0, n_tasks, of_call):
            last = min(first + of_call, n_tasks)

            def run_share(worker, last=last):
                self._run_tasks(last, *shared, *work[worker])

            try:
                self._workers.run(run_share, n_workers)
            except BaseException:  # nobody may still write when the caller goes on, nor wait for what nobody does
                call[tasks.FAILED] = 1
                call[tasks.DONE] = np.iinfo(np.int64).max // 2
                self._work = {}
                self._workers.close()
                raise


def training_shard_rows(batch_size, n_steps, n_bytes, cost_of_row):
    """Return how many rows of a minibatch a shard has: by the minibatch and the network alone, never by threads.

    Eight rows keep a shard's workspace in the cache. Four where eight would make few shards, and an odd number of them,
    which two threads cannot share. More where there are so few steps that the gradient, which a shard goes through for
    every so many rows and steps, would take longer than the work on them. Many more where the weights, of `n_bytes`, do
    not stay in the cache from one step to the next: each step then reads them once for all rows; but no shard may
    keep Ctrl-C waiting for long.
    """
    if n_bytes > LARGE_WEIGHTS and batch_size >= 128:
        most = SHARD_COST // cost_of_row
        return next((rows for rows in (MANY_ROWS, 16) if rows <= most), 8)
    rows = min(CHUNK_ROWS // n_steps, batch_size // 2, MANY_ROWS) // 8 * 8
    if rows > 8:
        return rows
    return min(batch_size, 4 if -(-batch_size // 8) in (1, 3, 5, 7) else 8)
