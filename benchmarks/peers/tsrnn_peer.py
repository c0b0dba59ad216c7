"""This library: training and prediction through the public estimator, and the level of the kernels below it."""

import warnings

import numba
import numpy as np
import workload
from fma_peak import Peak
from kernel_entries import ELEMENTWISE, PRODUCT, VECTOR_BITS, Network, make_stream
from sklearn.exceptions import DataConversionWarning

import tsrnn

from . import N_THREADS, Peer

warnings.simplefilter("ignore", DataConversionWarning)


class Library(Peer):
    """tsrnn."""

    VARIANTS = {
        "training": ["fit"],
        "prediction": ["predict", "kernels"],
        "window": ["predict", "kernels"],
        "epochs": ["fit", "kernels"],
    }

    def versions(self):
        return {"tsrnn": tsrnn.__version__, "numba": numba.__version__, "numpy": np.__version__}

    def training(self, case):
        """`fit` with warm_start, over the same minibatches in order: the whole of `fit` counts."""
        X, y = workload.make_batches(case["shape"], case["dtype"])
        X, y = X.reshape(-1, *X.shape[2:]), y.reshape(-1)
        model = make_model(case)
        model.fit(X[: case["shape"][0]], y[: case["shape"][0]])
        start_from(model, case)

        def run(n):
            return model.set_params(max_iter=n // workload.N_BATCHES).fit(X, y).loss_curve_

        return run

    def epochs(self, case):
        """Through `fit`; and the same updates, of the same minibatches, in one call of the kernels."""
        X, y = workload.make_windows(case["n_windows"], *case["shape"][1:3], case["dtype"])
        if case["variant"] == "kernels":
            network = Network(case)
            order = np.tile(np.arange(case["n_windows"]), case["n_epochs"])

            def run(n):
                for _ in range(n):
                    network.train_in_order(X, y, order)
                return []

            return run
        model = make_model(case, max_iter=case["n_epochs"], warm_start=False)

        def run(n):
            return [model.fit(X, y).loss_curve_[-1] for _ in range(n)][-1:]

        return run

    def step(self, case):
        network = Network(case)

        def run(n):
            return [network.train(n)]

        return run

    def forward(self, case):
        return Network(case).forward

    def gradient(self, case):
        return Network(case).gradient

    def prediction(self, case):
        X = workload.make_windows(case["n_windows"], *case["shape"][1:3], case["dtype"])[0]
        model = _fitted(case)
        network = Network(case, model) if case["variant"] == "kernels" else None

        def run(n):
            for _ in range(n):
                predictions = model.predict(X) if network is None else network.predict(X)
            return predictions[:4].ravel()

        return run

    def window(self, case):
        X = workload.make_batches(case["shape"], case["dtype"])[0][0]
        windows = [X[k : k + 1] for k in range(len(X))]
        model = _fitted(case)
        predict = Network(case, model).predict if case["variant"] == "kernels" else model.predict

        def run(n):
            predictions = [predict(windows[k % len(windows)]) for k in range(n)]
            return predictions[0].ravel()

        return run

    def streaming(self, case):
        model = _fitted(case)
        X = workload.make_batches(case["shape"], case["dtype"])[0][0]
        steps = list(X.reshape(-1, case["shape"][2]))

        def run(n):
            step = make_stream(case, model)
            return [float(step(steps[k % len(steps)])) for k in range(n)][:4]

        return run

    def product(self, case):
        m, k, n = case["sizes"]
        a, b, out = (np.ones(size, case["dtype"]) for size in ((m, k), (k, n), (m, n)))

        def run(times):
            out[:] = 0
            PRODUCT(times, a, b, out)
            return [float(out[0, 0]) / times]

        return run

    def tanh(self, case):
        return self._elementwise(case, "tanh")

    def sigmoid(self, case):
        return self._elementwise(case, "sigmoid")

    def _elementwise(self, case, name):
        x = np.linspace(-6, 6, case["size"], dtype=case["dtype"])
        out = np.empty_like(x)

        def run(n):
            ELEMENTWISE[name](n, x, out)
            return [float(out[1])]

        return run

    def peak(self, case):
        """Not a task of the library: the peak of the machine, measured beside it. One turn is 10^9 operations.

        With vectors no longer than the kernels are compiled for. Gives back the elements of the longest.
        """
        peak = Peak(case["dtype"], N_THREADS, VECTOR_BITS)

        def run(n):
            peak.run(n)
            return [peak.most_lanes]

        return run


def make_model(case, **options):
    """Return an estimator for a case that goes through all its epochs in order, on the threads of the benchmark."""
    n_batch, _, _, n_hidden, n_layers = case["shape"]
    options = {"batch_size": n_batch, "max_iter": 1, "shuffle": False, "warm_start": True, **options}
    return tsrnn.RNNRegressor(
        case["cell"], hidden_layer_sizes=(n_hidden,) * n_layers, learning_rate=workload.LEARNING_RATE,
        epsilon=workload.EPSILON, clip_norm=workload.CLIP_NORM, tol=0.0, n_iter_no_change=10**9, random_state=0,
        n_jobs=N_THREADS, **options,
    )  # fmt: skip


def start_from(model, case):
    """Give a fitted estimator the weights that all peers start from, and return it.

    Nothing is left of the optimizer's moments, and so of the fit that gave the estimator its shapes.
    """
    return model.set_weights(workload.initial_weights(case["cell"], case["shape"], case["dtype"]))


def _fitted(case):
    X, y = workload.make_batches(case["shape"], case["dtype"])
    return start_from(make_model(case).fit(X[0], y[0]), case)
