"""The libraries that are compared, one file each; each is imported only in its own process, by ``worker.py``.

A file ``<name>_peer.py`` defines a class ``Library`` derived from :class:`Peer`. What is not overridden is reported as
"not offered" and leaves a gap in the table.
"""

import os

N_THREADS = int(os.environ.get("BENCHMARK_THREADS", "2"))


class Peer:
    """What a library must offer to be measured.

    Every task takes a dict `case` (cell, shape, dtype, variant, ...) and returns ``run(n)``, which does the work n
    times, returns when it is done (not merely queued), and gives back numbers to compare between peers: the losses, or
    the first predictions. Everything that is made once (model, compiled code, data in the library's own arrays) is made
    in the task or in the first ``run``.
    """

    VARIANTS: dict = {}  # task -> names of the ways a user could do it; each is measured

    def versions(self):
        """Return the versions that matter, by name."""
        raise NotImplementedError

    def variants(self, task):
        """Return the ways in which this library can do a task."""
        return self.VARIANTS.get(task, ["default"])

    def training(self, case):
        """Make updates: forward, back-propagation through time, clip by global norm, Adam; `n` is a multiple of 8.

        The minibatches come in turn. Gives back the losses, or one mean where a library reports no more.
        """
        raise NotImplementedError

    def step(self, case):
        """Make updates on the level below `fit`, where a library has one; else the same as `training`."""
        return self.training(case)

    def forward(self, case):
        """Compute the loss of a minibatch, without anything kept for a gradient."""
        raise NotImplementedError

    def gradient(self, case):
        """Compute the gradient of a minibatch: forward and backward."""
        raise NotImplementedError

    def prediction(self, case):
        """Predict `case["n_windows"]` windows. Gives back the first predictions."""
        raise NotImplementedError

    def window(self, case):
        """Predict one window, again and again, each time another."""
        raise NotImplementedError

    def streaming(self, case):
        """Take one new step of one series and predict, with the state carried from step to step."""
        raise NotImplementedError

    def epochs(self, case):
        """Train anew for `case["n_epochs"]` epochs on `case["n_windows"]` windows."""
        raise NotImplementedError

    def product(self, case):
        """Multiply matrices (m, k) and (k, n)."""
        raise NotImplementedError

    def tanh(self, case):
        """Take tanh of `case["size"]` numbers, in place or into a given array."""
        raise NotImplementedError

    def sigmoid(self, case):
        """Take 1 / (1 + exp(-x)) likewise."""
        raise NotImplementedError

    def forget(self):
        """Let go of what earlier tasks have left behind."""
