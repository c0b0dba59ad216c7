"""What the estimators share: constraints on their arguments, threads, and the way from arguments to a training run."""

import math
import warnings
from contextlib import closing
from numbers import Integral, Real

from joblib import cpu_count
from joblib.parallel import get_active_backend
from sklearn.base import BaseEstimator
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils._param_validation import Interval, Options, StrOptions
from tqdm import tqdm

from .kernels.plan import ACTIVATIONS, CELLS
from .network.initializers import initial_parameters
from .network.optimizers import OPTIMIZERS
from .network.training import TrainingOptions, train

AUTO = StrOptions({"auto"})
POSITIVE_INT = Interval(Integral, 1, None, closed="left")

NETWORK_CONSTRAINTS = {
    "cell": [StrOptions(set(CELLS))],
    "hidden_layer_sizes": ["array-like", POSITIVE_INT],
    "activation": [StrOptions(set(ACTIVATIONS))],
    "reset_after": ["boolean"],
    "optimizer": [StrOptions(set(OPTIMIZERS))],
    "learning_rate": [Interval(Real, 0, None, closed="neither")],
    "clip_norm": [Interval(Real, 0, None, closed="neither"), None],
    "batch_size": [POSITIVE_INT],
    "shuffle": ["boolean"],
    "max_iter": [POSITIVE_INT],
    "early_stopping": ["boolean"],
    "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
    "n_iter_no_change": [POSITIVE_INT],
    "tol": [Interval(Real, 0, None, closed="left")],
    "random_state": ["random_state"],
    "n_jobs": [Integral, None],
    "verbose": ["verbose"],
    "callbacks": [callable, "array-like", None],
}

# Why a training run may have been cut short, and what is then said.
CUT_SHORT = {
    "diverged": "{run} diverged (the loss is no longer finite) after {n} epoch(s); {kept}: lower learning_rate, or set "
    "clip_norm.",
    "interrupted": "{run} was interrupted after {n} epoch(s); {kept}.",
}


class _Bar(tqdm):
    """A progress bar without a monitoring thread, which would outlive the fit."""

    monitor_interval = 0


class NothingLearnt(ValueError):
    """Training failed before there was anything to keep."""


def constraint_with_auto(name):
    """Return the constraint of an argument that also takes "auto"."""
    return [*NETWORK_CONSTRAINTS[name], AUTO]


def one_of_or_none(names):
    """Return the constraint of an argument that takes one of some names, or None."""
    return [StrOptions({name for name in names if name is not None}), Options(type(None), {None})]


def count_threads(n_jobs):
    """Return how many threads `n_jobs` means here.

    -1, k and -k as in joblib. None is all the cores this process may use, but one inside a joblib worker, where the
    other workers have the other cores.
    """
    if n_jobs == 0:
        raise ValueError("n_jobs=0 has no meaning; give a number of threads, -1 for all cores, or None.")
    if n_jobs is None:
        return 1 if get_active_backend()[0].nesting_level > 0 else cpu_count()
    return n_jobs if n_jobs > 0 else max(1, cpu_count() + 1 + n_jobs)


def layer_sizes(hidden_layer_sizes):
    """Return the sizes as a tuple of int; a single number is one layer."""
    sizes = (hidden_layer_sizes,) if isinstance(hidden_layer_sizes, Integral) else tuple(hidden_layer_sizes)
    if not sizes or not all(isinstance(size, Integral) and size >= 1 and size is not True for size in sizes):
        raise ValueError(f"hidden_layer_sizes must hold one or more positive integers; got {hidden_layer_sizes!r}.")
    return tuple(int(size) for size in sizes)


def warn_if_cut_short(training, stacklevel):
    """Warn, as from the caller that many levels up, if a run has not ended by itself."""
    if training.stop_reason in CUT_SHORT:
        kept = f"the weights of epoch {training.best_iter} are kept"
        message = CUT_SHORT[training.stop_reason].format(run="training", n=len(training.history), kept=kept)
        warnings.warn(message, ConvergenceWarning, stacklevel=stacklevel + 1)


def reject_booleans(estimator):
    """Raise if an argument that counts something is a bool, which Python takes for a number."""
    for name, constraints in estimator._parameter_constraints.items():
        value = getattr(estimator, name)
        if isinstance(value, bool) and not {"boolean", "verbose"} & {c for c in constraints if isinstance(c, str)}:
            raise TypeError(f"{name} must be a number, not a bool; got {value!r}.")


class RecurrentEstimator(BaseEstimator):
    """The part of an estimator that trains a recurrent network.

    Fitting leaves behind: ``parameters_`` (the flat vector), ``n_iter_``, ``best_iter_``, ``loss_curve_``,
    ``validation_loss_curve_``, ``stop_reason_``.
    """

    def _training_options(self, **changes):
        """Return the frozen options that the arguments translate to; `changes` take the place of arguments."""
        arguments = {**self.get_params(deep=False), **changes}
        names = TrainingOptions.__dataclass_fields__.keys() - {"n_threads"}
        return TrainingOptions(n_threads=count_threads(self.n_jobs), **{name: arguments[name] for name in names})

    def _train(self, architecture, windows, options, rng, validation=None, going_on=None, label="training"):
        """Train and show progress; return the Training.

        Parameters
        ----------
        going_on : Training, optional
            An earlier run to continue; without it training starts from fresh weights, drawn from `rng`.
        label : str
            Name of this run in the progress bar and, as "run", in the record that callbacks are given.

        Raises
        ------
        NothingLearnt
            If the loss was not finite before one epoch was complete.
        KeyboardInterrupt
            Likewise.
        """
        if going_on is None:
            parameters, state = initial_parameters(architecture, rng, windows.X.dtype), None
        else:
            parameters, state = going_on.parameters, going_on.optimizer_state
        callbacks = self._list_callbacks()
        with closing(_Bar(total=options.max_iter, desc=label, unit="epoch", disable=not self.verbose)) as bar:

            def on_epoch(record):
                shown = {"loss": record["loss"], "validation": record["validation_loss"]}
                bar.set_postfix({name: f"{value:.4g}" for name, value in shown.items() if not math.isnan(value)})
                bar.update()
                return any([callback(self, {**record, "run": label}) for callback in callbacks])

            try:
                return train(architecture, parameters, windows, options, rng, validation, state, on_epoch)
            except FloatingPointError as error:
                raise NothingLearnt(
                    f"training failed: {error}; scale the data, or lower learning_rate={options.learning_rate:g}."
                ) from None

    def _list_callbacks(self):
        callbacks = [self.callbacks] if callable(self.callbacks) else list(self.callbacks or [])
        for callback in callbacks:
            if not callable(callback):
                raise TypeError(f"callbacks must hold callables of (estimator, record); got {self.callbacks!r}.")
        return callbacks

    def _keep(self, training):
        """Keep what a run has learnt, and its history, as fitted attributes."""
        self.parameters_ = training.parameters
        self.n_iter_ = len(training.history)
        self.best_iter_ = training.best_iter
        self.loss_curve_ = [record["loss"] for record in training.history]
        self.validation_loss_curve_ = [record["validation_loss"] for record in training.history]
        self.stop_reason_ = training.stop_reason
