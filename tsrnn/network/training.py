"""The loop over epochs, and the monitor that decides when it ends and which weights are kept."""

import math
import time
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from ..kernels.buffers import flatten
from ..kernels.workers import Workers
from .optimizers import OPTIMIZERS


class Windows(NamedTuple):
    """Windows and their targets; views are never copied.

    X : ndarray of shape (n_samples, n_steps, n_features), oldest step first
    y : ndarray of shape (n_samples, n_outputs)
    """

    X: np.ndarray
    y: np.ndarray


@dataclass(frozen=True)
class TrainingOptions:
    """How to train; the public estimators document each of these.

    Parameters
    ----------
    optimizer : {"adam"}
    learning_rate : float
    clip_norm : float or None
    batch_size : int
    shuffle : bool
    max_iter : int
        Epochs at most.
    n_iter_no_change : int
        Epochs without an improvement of `tol` after which training ends.
    tol : float
    n_threads : int
    """

    optimizer: str
    learning_rate: float
    clip_norm: float | None
    batch_size: int
    shuffle: bool
    max_iter: int
    n_iter_no_change: int
    tol: float
    n_threads: int


@dataclass
class Training:
    """What a training run has come to.

    Attributes
    ----------
    parameters : ndarray of shape (n_parameters,)
        Those of the best epoch by validation loss; without validation data those of the last epoch.
    optimizer_state : object
        Of the same epoch, to go on from.
    history : list of dict
        Per epoch: epoch (from 1), loss, validation_loss (NaN without validation data), seconds.
    best_iter : int
        The epoch of `parameters`; 0 if a run that was continued found nothing better.
    stop_reason : {"max_iter", "no_change", "callback", "diverged", "interrupted"}
    """

    parameters: np.ndarray
    optimizer_state: object
    history: list = field(default_factory=list)
    best_iter: int = 0
    stop_reason: str = "max_iter"


def train(architecture, parameters, windows, options, rng, validation=None, optimizer_state=None, on_epoch=None):
    """Train a network by minibatches and return what it came to.

    Parameters
    ----------
    architecture : Architecture
    parameters : ndarray of shape (n_parameters,)
        Where to start from; left as they are.
    windows : Windows
    options : TrainingOptions
    rng : numpy.random.RandomState
        Draws the order of the windows, one permutation per epoch.
    validation : Windows, optional
        Watched after every epoch. Without it the training loss is watched.
    optimizer_state : optional
        Of an earlier run that is continued; left as it is.
    on_epoch : callable, optional
        Given the epoch's record (see `Training.history`) after each epoch; True ends training.

    Returns
    -------
    Training

    Raises
    ------
    FloatingPointError
        If the loss is not finite in or right after the first epoch, so that nothing was learnt.
    KeyboardInterrupt
        Likewise; later on an interrupt ends training and keeps what was learnt.
    """
    parameters = parameters.copy()
    state = deepcopy(optimizer_state) or OPTIMIZERS[options.optimizer](parameters)
    monitor = _Monitor(options, validation is not None, on_epoch, Training(parameters.copy(), deepcopy(state)))
    with Workers(options.n_threads) as workers:
        step = architecture.step(parameters, workers)
        if validation is not None and optimizer_state is not None:
            # Going on: only what is better may replace the start.
            monitor.best = mean_loss(step, validation)
        try:
            while not monitor.has_ended:
                started = time.perf_counter()
                loss = _run_epoch(step, windows, state, options, rng)
                validation_loss = math.nan if validation is None else mean_loss(step, validation)
                monitor.after_epoch(parameters, state, loss, validation_loss, time.perf_counter() - started)
        except KeyboardInterrupt:
            if not monitor.training.history:
                raise
            monitor.training.stop_reason = "interrupted"
        if validation is None:
            parameters[:] = monitor.training.parameters
            monitor.check_last(parameters, lambda: mean_loss(step, _some(windows)))
    return monitor.training


def mean_loss(step, windows):
    """Return the mean loss over all windows."""
    return step.loss(flatten(windows.X), flatten(windows.y), np.arange(len(windows.X)))


def _some(windows, most=256):
    """Return at most that many of the windows, evenly spread."""
    stride = -(-len(windows.X) // most)
    return Windows(windows.X[::stride], windows.y[::stride])


def predict(architecture, parameters, X, n_threads, samples=None):
    """Return the predictions for windows X (n_samples, n_steps, n_features), shape (n_samples, n_outputs).

    With `samples`, an array of int64, only for the windows of these numbers, in their order.
    """
    samples = np.arange(len(X)) if samples is None else samples
    # A read-only vector (memory-mapped by joblib, say) is copied: for Numba it is another type, compiled anew.
    parameters = parameters if parameters.flags.writeable else parameters.copy()
    with Workers(n_threads) as workers:
        return architecture.step(parameters, workers).predict(flatten(X), samples)


def _run_epoch(step, windows, state, options, rng):
    """Make one update per minibatch; return the mean loss, not finite as soon as one minibatch's is not."""
    n_samples = len(windows.X)
    order = rng.permutation(n_samples) if options.shuffle else np.arange(n_samples)
    clip_norm = math.inf if options.clip_norm is None else options.clip_norm
    return step.train_epoch(
        flatten(windows.X), flatten(windows.y), order.astype(np.int64, copy=False), options.batch_size, state,
        options.learning_rate, clip_norm,
    )  # fmt: skip


_NOTHING = "the loss is not finite in the first epoch"


@dataclass
class _Monitor:
    """Keeps the history and the best weights, and says when to end."""

    options: TrainingOptions
    has_validation: bool
    on_epoch: Callable | None
    training: Training
    best: float = math.inf
    n_no_change: int = 0
    has_ended: bool = False
    before: np.ndarray | None = None  # the weights kept before those that are kept now

    def after_epoch(self, parameters, state, loss, validation_loss, seconds):
        watched = validation_loss if self.has_validation else loss
        if not (math.isfinite(loss) and math.isfinite(watched)):
            if not self.training.history:
                raise FloatingPointError(_NOTHING)
            return self._end("diverged")
        epoch = len(self.training.history) + 1
        record = {"epoch": epoch, "loss": loss, "validation_loss": validation_loss, "seconds": seconds}
        self.training.history.append(record)

        # As in scikit-learn's networks: any improvement is kept, only one of more than tol counts as change.
        self.n_no_change = 0 if watched < self.best - self.options.tol else self.n_no_change + 1
        if watched < self.best or not self.has_validation:
            self.before = self.training.parameters.copy()
            self.training.parameters[:] = parameters
            self.training.optimizer_state = deepcopy(state)
            self.training.best_iter = epoch
        self.best = min(self.best, watched)

        if self.on_epoch is not None and self.on_epoch(record):
            self._end("callback")
        elif self.n_no_change >= self.options.n_iter_no_change:
            self._end("no_change")
        elif epoch >= self.options.max_iter:
            self._end("max_iter")

    def check_last(self, parameters, measure):
        """Take the last weights back, and end as diverged, if the loss they give is not finite.

        Without validation data nothing has been computed yet from the weights that the last update made.

        Parameters
        ----------
        parameters : ndarray of shape (n_parameters,)
            What `measure` measures. Modified in place.
        measure : callable
            Returns the loss.
        """
        if math.isfinite(measure()):
            return
        parameters[:] = self.before
        if self.training.best_iter == 1 or not math.isfinite(measure()):
            raise FloatingPointError(_NOTHING)
        self.training.parameters[:] = self.before
        self.training.best_iter -= 1
        self.training.stop_reason = "diverged"

    def _end(self, reason):
        self.training.stop_reason = reason
        self.has_ended = True
