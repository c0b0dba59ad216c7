"""NumPy and the BLAS library it brings along: what a kernel's parts are compared with."""

import numpy as np

from . import Peer


class Library(Peer):
    """NumPy."""

    def versions(self):
        return {"numpy": np.__version__}

    def product(self, case):
        m, k, n = case["sizes"]
        a, b, out = (np.ones(size, case["dtype"]) for size in ((m, k), (k, n), (m, n)))

        def run(times):
            for _ in range(times):
                np.dot(a, b, out=out)
            return [float(out[0, 0])]

        return run

    def tanh(self, case):
        x = np.linspace(-6, 6, case["size"], dtype=case["dtype"])
        out = np.empty_like(x)

        def run(n):
            for _ in range(n):
                np.tanh(x, out=out)
            return [float(out[1])]

        return run

    def sigmoid(self, case):
        x = np.linspace(-6, 6, case["size"], dtype=case["dtype"])
        out = np.empty_like(x)

        def run(n):
            for _ in range(n):
                np.negative(x, out=out)
                np.exp(out, out=out)
                np.add(out, 1, out=out)
                np.reciprocal(out, out=out)
            return [float(out[1])]

        return run
