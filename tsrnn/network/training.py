"""The loop over epochs, and the monitor that decides when it ends and which weights are kept."""

import math
import time
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np

from ..kernels.buffers import flatten
from ..kernels.step import Snapshot
from ..kernels.workers import Workers
from .optimizers import OptimizerOptions, coefficients
from .schedules import LearningRates
from .windows import spread


@dataclass(frozen=True, kw_only=True)
class TrainingOptions(OptimizerOptions):
    """How to train; the public estimators document each of these.

    Parameters
    ----------
    learning_rate : float
    schedule : str or dict
    schedule_length : int, optional
        Epochs that the schedule is made for; `max_iter` by default.
    batch_size : int
    shuffle : bool
    max_iter : int
        Epochs at most.
    n_iter_no_change : int
        Epochs without an improvement of `tol` after which training ends.
    tol : float
    early_stopping : bool
        Whether the loss on validation data is watched, if there are any, and not that of training.
    max_time : float or None
        Seconds after which no further epoch is begun.
    n_threads : int
    """

    learning_rate: float
    schedule: object = "constant"
    schedule_length: int | None = None
    batch_size: int
    shuffle: bool
    max_iter: int
    n_iter_no_change: int
    tol: float
    early_stopping: bool = True
    max_time: float | None = None
    n_threads: int


@dataclass
class Training:
    """What a training run has come to.

    Attributes
    ----------
    parameters : ndarray of shape (n_parameters,)
        Those of the best epoch by validation loss if that is watched, else those of the last epoch.
    optimizer_state : OptimizerState
        Of the same epoch, to go on from by the same optimizer.
    optimizer : str
    history : list of dict
        Per epoch: epoch (from 1), loss, validation_loss (NaN without validation data), learning_rate (of its last
        update), seconds. Epochs before the run, where it goes on with their history, are included.
    best_iter : int
        The epoch of `parameters`; 0 if a run that was continued found nothing better.
    seed : int
        Of dropout and noise.
    stop_reason : {"max_iter", "no_change", "max_time", "callback", "diverged", "interrupted", "partial_fit"}
    """

    parameters: np.ndarray
    optimizer_state: object
    optimizer: str = ""
    history: list = field(default_factory=list)
    best_iter: int = 0
    stop_reason: str = "max_iter"
    seed: int = 0


def train(
    architecture, parameters, windows, options, rng, validation=None, optimizer_state=None, on_epoch=None, before=None,
    seed=None,
):  # fmt: skip
    """Train a network by minibatches and return what it came to.

    Parameters
    ----------
    architecture : Architecture
    parameters : ndarray of shape (n_parameters,)
        Where to start from; left as they are.
    windows : Windows, SeriesWindows or SeriesStretches
    options : TrainingOptions
    rng : numpy.random.RandomState
        Draws the order of the windows, one permutation per epoch, and before that the seed of dropout and noise.
    validation : Windows, SeriesWindows or SeriesStretches, optional
        Their loss is taken after every epoch; it is watched with `early_stopping`, otherwise the training loss is.
    optimizer_state : optional
        Of an earlier run that is continued; left as it is.
    on_epoch : callable, optional
        Given the epoch's record (see `Training.history`) after each epoch; True ends training.
    before : list of dict, optional
        The history to go on from by one single epoch, whose number and learning rate are those that come next. The loss
        of training is watched.
    seed : int, optional
        That of the run that is continued: its random numbers go on with the number of the update.

    Returns
    -------
    Training

    Raises
    ------
    FloatingPointError
        If the loss is not finite in or right after the first epoch, so that nothing was learnt.
    KeyboardInterrupt
        Likewise; later on an interrupt ends training and keeps what was learnt. A second one is raised.
    """
    begun = time.perf_counter()
    with Workers(options.n_threads) as workers:
        if seed is None:
            seed = int(rng.randint(2**63 - 1, dtype=np.int64)) if architecture.is_random else 0
        data, held_out = windows.flat(), validation and validation.all()
        some = windows.some(256) if data is None else data._replace(samples=spread(data.samples, 256))
        n_steps = max(part.X.n_steps for part in (some, held_out) if part is not None)
        roomy = replace(architecture, n_steps=max(architecture.n_steps, n_steps))
        step = roomy.step(parameters, workers, optimizer_state, seed=seed)
        watches_validation = held_out is not None and options.early_stopping
        # Going on: only what is better may replace the start.
        best = step.loss(*held_out) if watches_validation and optimizer_state is not None else math.inf
        monitor = _Monitor(options, step, watches_validation, on_epoch, best, begun, before)
        n_epochs = options.schedule_length or options.max_iter
        rates = LearningRates(options.schedule, options.learning_rate, n_epochs, options.tol)
        rates.catch_up(before or [])

        def check_last():
            if not watches_validation:
                monitor.check_last(lambda: step.loss(*some))

        try:
            while monitor.stop_reason is None:
                started = time.perf_counter()
                epoch = _draw_epoch(windows, data, options, rng)
                loss, learning_rate = _run_epoch(step, epoch, options, rates, monitor.n_epochs)
                validation_loss = math.nan if held_out is None else step.loss(*held_out)
                monitor.after_epoch(loss, validation_loss, learning_rate, time.perf_counter() - started)
                rates.after_epoch(validation_loss if watches_validation else loss)
            check_last()
        except KeyboardInterrupt:
            if not monitor.kept.n_iter:
                raise
            monitor.stop_reason = "interrupted"
            check_last()  # also if it was the check that was interrupted: weights are not kept unchecked
        return replace(monitor.training(), seed=seed)


def predict(architecture, parameters, X, n_threads, samples=None):
    """Return the predictions for windows X (n_samples, n_steps, n_features) or Sequences, shape (n_samples, n_outputs).

    Where each step has an output, shape (steps of all windows, n_outputs), one window after the other.

    With `samples`, an array of int64, only for the windows of these numbers, in their order.
    """
    samples = np.arange(len(X)) if samples is None else samples
    with Workers(n_threads) as workers:
        return architecture.step(parameters, workers, trains=False).predict(flatten(X), samples)


def evaluate(architecture, parameters, windows, n_threads):
    """Return the mean loss over some Windows, a float."""
    with Workers(n_threads) as workers:
        return architecture.step(parameters, workers, trains=False).loss(*windows.all())


def _draw_epoch(windows, data, options, rng):
    """Return the FlatWindows of one epoch, in its order; `data` are those of all windows that are given one by one."""
    if data is not None:
        return data._replace(samples=rng.permutation(data.samples)) if options.shuffle else data
    return windows.draw(options.shuffle, rng)


def _run_epoch(step, epoch, options, rates, n_before):
    """Make one update per minibatch; return the mean loss and the last learning rate.

    The loss is not finite as soon as that of one minibatch is not.
    """
    batch_size = epoch.batch_size or options.batch_size
    starts = np.arange(0, len(epoch.samples), batch_size)
    n_rows = np.add.reduceat(epoch.of_samples(), starts)
    learning_rates = rates.of_epoch(n_before, len(starts))
    of_updates = coefficients(options, learning_rates, step.n_updates, n_rows)
    loss = step.train_epoch(epoch.X, epoch.Y, epoch.samples, batch_size, of_updates, epoch.weights)
    return loss, float(learning_rates[-1])


class _Kept(NamedTuple):
    """What a run has come to so far; replaced as a whole, so that an interrupt finds it whole.

    n_iter : int
        Epochs made by this run.
    snapshot, best_iter : Snapshot, int
        The weights that are kept, and the epoch of this run they come from; 0 for the start.
    before : _Kept or None
        What was kept before these weights.
    best : float
        Lowest loss watched.
    n_no_change : int
        Epochs since it last fell by more than tol.
    """

    n_iter: int
    snapshot: Snapshot
    best_iter: int = 0
    before: NamedTuple = None
    best: float = math.inf
    n_no_change: int = 0


class _Monitor:
    """Keeps the history and the best state of a step, and says when to end."""

    def __init__(self, options, step, watches_validation, on_epoch, best, begun, before=None):
        self.options, self.step, self.on_epoch, self.begun = options, step, on_epoch, begun
        self.watches_validation = watches_validation
        self.history, self.n_before, self.is_single_epoch = list(before or []), len(before or []), before is not None
        self.kept = _Kept(0, step.snapshot(), best=best)
        self.stop_reason = None

    @property
    def n_epochs(self):
        """Epochs made, those before this run included."""
        return self.n_before + self.kept.n_iter

    def after_epoch(self, loss, validation_loss, learning_rate, seconds):
        watched = validation_loss if self.watches_validation else loss
        if not (math.isfinite(loss) and math.isfinite(watched)):
            if not self.kept.n_iter:
                raise self._nothing_learnt()
            self.stop_reason = "diverged"
            return
        kept, epoch = self.kept, self.kept.n_iter + 1
        record = {"epoch": self.n_before + epoch, "loss": loss, "validation_loss": validation_loss}
        record |= {"learning_rate": learning_rate, "seconds": seconds}
        # As in scikit-learn's networks: any improvement is kept, only one of more than tol counts as change.
        n_no_change = 0 if watched < kept.best - self.options.tol else kept.n_no_change + 1
        best = min(kept.best, watched)
        self.history.append(record)
        if watched < kept.best or not self.watches_validation:
            before = kept._replace(before=None)
            self.kept = _Kept(epoch, self.step.snapshot(), epoch, before, best, n_no_change)
        else:
            self.kept = kept._replace(n_iter=epoch, best=best, n_no_change=n_no_change)

        if self.on_epoch is not None and self.on_epoch(record):
            self.stop_reason = "callback"
        elif self.is_single_epoch:
            self.stop_reason = "partial_fit"
        elif n_no_change >= self.options.n_iter_no_change:
            self.stop_reason = "no_change"
        elif epoch >= self.options.max_iter:
            self.stop_reason = "max_iter"
        elif self.options.max_time is not None and time.perf_counter() - self.begun >= self.options.max_time:
            self.stop_reason = "max_time"

    def check_last(self, measure):
        """Take the last weights back, and end as diverged, if the loss they give is not finite.

        Where validation is not watched, no loss that counts has been computed yet from what the last update made.

        Parameters
        ----------
        measure : callable
            Returns the loss of the step.
        """
        self.step.restore(self.kept.snapshot)
        if math.isfinite(measure()):
            return
        before = self.kept.before
        self.step.restore(before.snapshot)
        if before.best_iter == 0 or not math.isfinite(measure()):
            raise self._nothing_learnt()
        self.kept = before._replace(n_iter=self.kept.n_iter)
        self.stop_reason = "diverged"

    def _nothing_learnt(self):
        number = f"epoch {self.n_before + 1}" if self.n_before else "the first epoch"
        return FloatingPointError(f"the loss or its gradient is not finite in {number}")

    def training(self):
        """Return what the run came to."""
        parameters, optimizer_state = self.step.unpack(self.kept.snapshot)
        history, best_iter = self.history[: self.n_epochs], self.n_before + self.kept.best_iter
        return Training(parameters, optimizer_state, self.options.optimizer, history, best_iter, self.stop_reason)
