"""The only benchmark file that knows what is inside tsrnn: the calls below `fit`, for the peer tsrnn and ``panels.py``.

When the kernels change, this is the file to change.
"""

import time
from contextlib import contextmanager

import numpy as np
import workload
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

from tsrnn.kernels import vector
from tsrnn.kernels.buffers import flatten
from tsrnn.kernels.code import Buffer, Index, loop
from tsrnn.kernels.elementwise import over_range
from tsrnn.kernels.product import WIDE, Left, Result, Right, product
from tsrnn.kernels.step import Step
from tsrnn.kernels.target import vector_bytes
from tsrnn.kernels.workers import Workers
from tsrnn.network.architecture import Architecture
from tsrnn.network.optimizers import OptimizerOptions, coefficients
from tsrnn.network.training import predict

ACTIVATION_CONSTANTS = {"float32": vector._SINGLE, "float64": vector._DOUBLE}
VECTOR_BITS = 8 * vector_bytes()  # of what the kernels are compiled for, which may be less than the processor has


@contextmanager
def watch_kernels():
    """Give a list to which the seconds of every call of compiled training or prediction are added meanwhile."""
    run, spent = Step._run, []

    def watched(step, *arguments):
        started = time.perf_counter()
        run(step, *arguments)
        spent.append(time.perf_counter() - started)

    Step._run = watched
    try:
        yield spent
    finally:
        Step._run = run


class Network:
    """A network on the level of the compiled code, without the estimator: the seam that ``ARCHITECTURE.md`` describes.

    Parameters
    ----------
    case : dict
    model : RNNRegressor, optional
        Where the weights are taken from; else they are those that all peers start from.
    """

    def __init__(self, case, model=None):
        from peers import N_THREADS

        n_batch, n_steps, n_features, n_hidden, n_layers = case["shape"]
        self.n_batch, self._n_threads = n_batch, N_THREADS
        self._architecture = Architecture(case["cell"], n_steps, n_features, (n_hidden,) * n_layers, 1)
        if model is None:
            self._parameters = np.zeros(self._architecture.n_parameters, case["dtype"])
            views = self._architecture.views(self._parameters)
            for name, value in workload.initial_weights(case["cell"], case["shape"], case["dtype"]).items():
                views[name][...] = value
        else:
            self._parameters = model.parameters_.copy()
        X, y = workload.make_batches(case["shape"], case["dtype"])
        self._given = X.reshape(-1, n_steps, n_features), y.reshape(-1)
        self._X, self._y = flatten(self._given[0]), flatten(self._given[1][:, None])
        self._batches = [np.arange(k * n_batch, (k + 1) * n_batch) for k in range(workload.N_BATCHES)]

    def train(self, n):
        """Make n updates; return the mean loss."""
        order = np.concatenate([self._batches[k % workload.N_BATCHES] for k in range(n)])
        return self.train_in_order(*self._given, order)

    def train_in_order(self, X, y, order):
        """Make one update per minibatch of `order`, window numbers, in one call; return the mean loss."""
        with Workers(self._n_threads) as workers:
            step = self._architecture.step(self._parameters, workers)
            options = OptimizerOptions(clip_norm=workload.CLIP_NORM)
            rates = np.full(-(-len(order) // self.n_batch), workload.LEARNING_RATE)
            of_updates = coefficients(options, rates, step.n_updates)
            return step.train_epoch(flatten(X), flatten(y[:, None]), order, self.n_batch, of_updates)

    def forward(self, n):
        """Compute the loss of n minibatches."""
        with Workers(self._n_threads) as workers:
            step = self._architecture.step(self._parameters, workers)
            for k in range(n):
                step.loss(self._X, self._y, self._batches[k % workload.N_BATCHES])
        return []

    def gradient(self, n):
        """Compute the gradient of n minibatches."""
        with Workers(self._n_threads) as workers:
            step = self._architecture.step(self._parameters, workers)
            for k in range(n):
                step.gradient(self._X, self._y, self._batches[k % workload.N_BATCHES])
        return []

    def predict(self, X):
        """Return the predictions for windows, without the estimator's checks."""
        return predict(self._architecture, self._parameters, X, self._n_threads)


def make_stream(case, model):
    """Return step(x) -> prediction: one more step of one series, x of shape (n_features,), with the state carried."""
    _, _, n_features, n_hidden, n_layers = case["shape"]
    architecture = Architecture(case["cell"], 1, n_features, (n_hidden,) * n_layers, 1)
    stream = architecture.stream(model.parameters_)
    return lambda x: stream.advance(x)[0]


@njit(nogil=True)
def PRODUCT(times, a, b, out):
    """Add a @ b to `out` that often: b and out in the kernels' own layout, vectors of columns side by side."""
    multiply(times, a, b, out)


@intrinsic
def multiply(typing_context, times, a, b, out):
    """Write the product of the kernels into a loop."""

    def generate(context, builder, signature, arguments):
        n = arguments[0]
        arrays = [context.make_array(kind)(context, builder, array)
                  for kind, array in zip((a, b, out), arguments[1:], strict=True)]  # fmt: skip
        sizes = [[Index(builder, size) for size in cgutils.unpack_tuple(builder, array.shape, 2)] for array in arrays]
        (n_rows, n_terms), (_, n_columns), _ = sizes
        A, B, C = (Buffer(builder, array.data) for array in arrays)
        V = A.kind.count
        for _ in loop(Index(builder, n)):
            product(
                WIDE, n_rows, n_columns // V, n_terms, Left(A, n_terms, 1), Right(B, n_terms * V, V),
                Result(C, n_columns, V), n_fresh=0,
            )  # fmt: skip
        return context.get_dummy_value()

    return types.void(times, a, b, out), generate


def _make_elementwise(write):
    @over_range
    def apply(x, out):
        return None, write(x)

    @njit(nogil=True)
    def run(times, x, out):
        for _ in range(times):
            apply(0, x.shape[0], (x, out), ())

    return run


ELEMENTWISE = {"tanh": _make_elementwise(vector.tanh), "sigmoid": _make_elementwise(vector.sigmoid)}
