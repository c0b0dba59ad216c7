"""What the estimators share: constraints on their arguments, threads, and the way from arguments to a training run."""

import math
import reprlib
import warnings
from contextlib import closing
from dataclasses import fields, replace
from numbers import Integral, Real

import numpy as np
from joblib import cpu_count
from joblib.parallel import get_active_backend
from sklearn.base import BaseEstimator
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils._param_validation import Interval, Options, StrOptions
from sklearn.utils.validation import check_is_fitted
from tqdm import tqdm

from .counts import how_many
from .kernels.plan import ACTIVATIONS, CELLS
from .network.initializers import initial_parameters
from .network.optimizers import OPTIMIZERS
from .network.schedules import SCHEDULES
from .network.training import TrainingOptions, train
from .weights import read_weights

AUTO = StrOptions({"auto"})
POSITIVE_INT = Interval(Integral, 1, None, closed="left")
MOST_UNITS = 2**16  # of a layer: more would be a slip, whose weights no memory holds
UNITS = Interval(Integral, 1, MOST_UNITS, closed="both")
RATE = Interval(Real, 0, 1, closed="left")
STEPS_OF_MEMORY = Interval(Integral, 3, 2**31, closed="both")

NETWORK_CONSTRAINTS = {
    "cell": [StrOptions(set(CELLS))],
    "hidden_layer_sizes": ["array-like", UNITS],
    "activation": [StrOptions(set(ACTIVATIONS))],
    "reset_after": ["boolean"],
    "optimizer": [StrOptions(set(OPTIMIZERS))],
    "learning_rate": [Interval(Real, 0, None, closed="neither")],
    "clip_norm": [Interval(Real, 0, None, closed="neither"), None],
    "batch_size": [POSITIVE_INT],
    "shuffle": ["boolean"],
    "max_iter": [POSITIVE_INT],
    "max_time": [Interval(Real, 0, None, closed="neither"), None],
    "early_stopping": ["boolean"],
    "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
    "n_iter_no_change": [POSITIVE_INT],
    "tol": [Interval(Real, 0, None, closed="left")],
    "random_state": ["random_state"],
    "n_jobs": [Integral, None],
    "verbose": ["verbose"],
    "callbacks": [callable, "array-like", None],
}

# Of estimators that leave the whole choice of optimizer to the user.
OPTIMIZER_CONSTRAINTS = {
    "alpha": [Interval(Real, 0, None, closed="left")],
    "momentum": [Interval(Real, 0, 1, closed="left")],
    "nesterovs_momentum": ["boolean"],
    "beta_1": [Interval(Real, 0, 1, closed="left")],
    "beta_2": [Interval(Real, 0, 1, closed="left"), None],
    "epsilon": [Interval(Real, 0, None, closed="neither")],
    "clip_value": [Interval(Real, 0, None, closed="neither"), None],
    "schedule": [StrOptions(set(SCHEDULES)), dict],
}

# Why a training run may have been cut short, and what is then said.
CUT_SHORT = {
    "diverged": "{run} diverged (the loss is no longer finite) after {n}; {kept}: lower learning_rate, or set "
    "clip_norm.",
    "interrupted": "{run} was interrupted after {n}; {kept}.",
}


UNFITTED = (
    "this %(name)s instance is not fitted yet, and the shapes of its weights come from the data; call fit first (with "
    "max_iter=1 if the weights are to be set)."
)


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


def count_threads(n_jobs, at_most=math.inf):
    """Return how many threads `n_jobs` means here, of which no more than `at_most` are of use.

    -1, k and -k as in joblib. None is all the cores this process may use, but one inside a joblib worker, where the
    other workers have the other cores.
    """
    if n_jobs is not None and (not isinstance(n_jobs, Integral) or isinstance(n_jobs, bool)):
        raise TypeError(f"n_jobs must be an integer or None; got {n_jobs!r}.")
    if n_jobs == 0:
        raise ValueError("n_jobs=0 has no meaning; give a number of threads, -1 for all cores, or None.")
    if at_most == 1:  # to count the cores takes as long as to predict
        return 1
    if n_jobs is None:
        return 1 if get_active_backend()[0].nesting_level > 0 else cpu_count()
    return n_jobs if n_jobs > 0 else max(1, cpu_count() + 1 + n_jobs)


def shorten(value):
    """Return a value in few characters on one line, for a message."""
    return " ".join(reprlib.repr(value).split())


def list_values(given):
    """Return as a tuple the values of a sequence or, where there is none (a set has no order), what is given."""
    has_order = hasattr(given, "__getitem__") and not hasattr(given, "keys") and getattr(given, "shape", None) != ()
    return tuple(given) if has_order else (given,)


def layer_sizes(given, name="hidden_layer_sizes"):
    """Return the sizes of layers as a tuple of int; a single number is one layer. Only hidden layers there must be."""
    sizes, must_be = list_values(given), name == "hidden_layer_sizes"
    are_sizes = all(isinstance(size, Integral) and 1 <= size <= MOST_UNITS and size is not True for size in sizes)
    if not are_sizes or (must_be and not sizes):
        what = f"{'one or more ' if must_be else ''}positive integers up to {MOST_UNITS}"
        raise ValueError(f"{name} must hold {what}; got {given!r}.")
    return tuple(int(size) for size in sizes)


def warn_if_cut_short(training, stacklevel):
    """Warn, as from the caller that many levels up, if a run has not ended by itself."""
    if training.stop_reason in CUT_SHORT:
        warnings.warn(describe_cut(training), ConvergenceWarning, stacklevel=stacklevel + 1)


def describe_cut(training, run="training"):
    """Return the sentence about a run that has not ended by itself."""
    kept = f"the weights of epoch {training.best_iter} are kept"
    return CUT_SHORT[training.stop_reason].format(run=run, n=how_many(len(training.history), "epoch"), kept=kept)


def reject_booleans(estimator):
    """Raise if an argument that counts something is a bool, which Python takes for a number, or too large to count."""
    for name, constraints in estimator._parameter_constraints.items():
        value = getattr(estimator, name)
        if constraints == "no_validation":  # whoever reads it says what it must be
            continue
        if isinstance(value, bool) and not {"boolean", "verbose"} & {c for c in constraints if isinstance(c, str)}:
            raise TypeError(f"{name} must be a number, not a bool; got {value!r}.")
        if isinstance(value, int) and abs(value) >= 2**63:
            raise ValueError(f"{name}={shorten(value)} is too large; give a number below 2**63.")


def count_validation(estimator, n_samples, gap=0):
    """Return how many rows early stopping holds out, before which a gap of rows is left out."""
    if not estimator.early_stopping:
        return 0
    n_validation = max(1, round(estimator.validation_fraction * n_samples))
    if n_validation + gap >= n_samples:
        also, cure = (f" and the validation_gap of {gap}", "lower it, or ") if gap else ("", "")
        raise ValueError(
            f"{how_many(n_samples, 'sample')} leave{'s' * (n_samples == 1)} none to train on beside the "
            f"{n_validation} of validation{also}; {cure}set early_stopping=False."
        )
    return n_validation


class RecurrentEstimator(BaseEstimator):
    """The part of an estimator that trains a recurrent network.

    Fitting leaves behind: ``parameters_`` (the flat vector), ``n_iter_``, ``best_iter_``, ``loss_curve_``,
    ``validation_loss_curve_``, ``stop_reason_``; and ``_architecture``, where a class has `warm_start` also
    ``_training``, the run to go on from.
    """

    def get_weights(self):
        """Return the weights of the network by name.

        Returns
        -------
        dict of str to ndarray
            Copies, in the dtype of training, n_in being what is read: the features of a step, behind them the vectors
            of those that are categories; the numbers of a token's vector; or the units below, those of both directions
            side by side:

            ======================  ==============================  ==================================================
            name                    shape
            ======================  ==============================  ==================================================
            ``layers.l.W_x``        (n_in, n_gates * n_hidden)      of what layer l = 0, 1, ... reads
            ``layers.l.W_h``        (n_hidden, n_gates * n_hidden)  of its own state, one step before
            ``layers.l.b``          (n_gates * n_hidden,)
            ``layers.l.b_hn``       (n_hidden,)                     GRU with `reset_after`: inside the product with r
            ``dense.k.W``           (n_in, n_units)                 of dense layer k = 0, 1, ...
            ``dense.k.b``           (n_units,)
            ``head.W_y``            (n_in, n_outputs)               of the last state of the top layer
            ``head.b_y``            (n_outputs,)
            ``head.W_skip``         (n_skip, n_outputs)             of a forecaster with `linear_skip`: of the values
                                                                    of the window, those of the oldest step first
            ``embedding.W``         (n_tokens, size)                a vector for each token
            ``embedding.k.W``       (n_categories, size)            of a forecaster, for each category of the covariate
                                                                    k = 0, 1, ... that has some; past ones first
            ======================  ==============================  ==================================================

            With two directions the layers that read from the end have the same, as ``layers.l.reverse.W_x`` and so on.
            Gates stand side by side: i, f, g, o in an LSTM; r, z, n in a GRU, whose z is the share of the old state
            that is kept, h' = (1 - z) n + z h.

        Raises
        ------
        NotFittedError
            Before `fit`.

        Notes
        -----
        PyTorch has the same gates, matrices transposed (``weight_ih``, ``weight_hh``, the head's ``weight``), and two
        biases, b = ``bias_ih`` + ``bias_hh``; in a GRU the part n of ``bias_hh`` is b_hn and not in that sum. Keras has
        the same matrices and, but for a GRU, the same gates (its c is g); its GRU has the order z, r, n and, with
        `reset_after`, a ``bias`` of two rows, which are PyTorch's two. ARCHITECTURE.md has this as code.

        Examples
        --------
        >>> import numpy as np
        >>> from tsrnn import RNNRegressor
        >>> X, y = np.random.default_rng(0).normal(size=(40, 6)), np.zeros(40)
        >>> model = RNNRegressor("gru", hidden_layer_sizes=5, max_iter=1, random_state=0).fit(X, y)
        >>> for name, values in model.get_weights().items():
        ...     print(name, values.shape)
        layers.0.W_x (1, 15)
        layers.0.W_h (5, 15)
        layers.0.b (15,)
        layers.0.b_hn (5,)
        head.W_y (5, 1)
        head.b_y (1,)
        """
        check_is_fitted(self, "parameters_", msg=UNFITTED)
        return {name: np.array(view) for name, view in self._architecture.views(self.parameters_).items()}

    def set_weights(self, weights):
        """Put other weights in the place of those that were learnt.

        Predictions are made from them at once. The next `fit` draws fresh ones, unless the estimator has
        ``warm_start=True``: then it starts from these, with the moments of the optimizer at zero, and keeps the best of
        the epochs it makes; `partial_fit` starts from them likewise. What tells of the last training (``n_iter_``,
        ``loss_curve_``, ...) stays, and so does the scaling that a forecaster has learnt.

        Parameters
        ----------
        weights : mapping of str to array-like
            An array for every name, in the shapes of `get_weights`; cast to the dtype of training. Copied.

        Returns
        -------
        self

        Raises
        ------
        NotFittedError
            Before `fit`, as shapes come from the data.
        TypeError, ValueError
            If names or shapes are not those of `get_weights`, or values are not finite real numbers that fit into the
            dtype. Nothing is changed then.

        Notes
        -----
        To train as another framework does from the same numbers, be sure that it has the same minibatches
        (``shuffle=False``), clipping (``clip_norm=None``), epsilon of Adam (1e-7 as in Keras; PyTorch's default is
        1e-8) and number of biases: where it has two in the place of b, the second must stand still.

        Examples
        --------
        Training that starts from weights of one's own: fit for the shapes, set, and go on.

        >>> import numpy as np
        >>> from tsrnn import RNNRegressor
        >>> X = np.random.default_rng(0).normal(size=(40, 6))
        >>> y = X[:, 0]
        >>> model = RNNRegressor(hidden_layer_sizes=5, max_iter=1, random_state=0).fit(X, y)
        >>> weights = {name: np.full_like(values, 0.1) for name, values in model.get_weights().items()}
        >>> model = model.set_weights(weights).set_params(warm_start=True, max_iter=20).fit(X, y)
        >>> model.n_iter_
        20
        """
        own = self.get_weights()
        given = read_weights(weights, own)
        parameters = np.array(self.parameters_)
        for name, view in self._architecture.views(parameters).items():
            view[:] = given[name]
        self.parameters_ = parameters
        if hasattr(self, "_training"):
            self._training = replace(self._training, parameters=parameters, optimizer_state=None)
        return self

    def summary(self):
        """Print the layers of the fitted network, the shapes of what they put out, and how many weights they have.

        Raises
        ------
        NotFittedError
            Before `fit`.

        Examples
        --------
        >>> import numpy as np
        >>> from tsrnn import RNNGenerator, RNNRegressor
        >>> X = np.random.default_rng(0).normal(size=(40, 6))
        >>> RNNRegressor("gru", hidden_layer_sizes=(8, 5), max_iter=1, random_state=0).fit(X, X[:, 0]).summary()
        layer    output  weights
        input (n, 6, 1)        0
          gru (n, 6, 8)      248
          gru    (n, 5)      215
        dense    (n, 1)        6
        total                469

        Rows of several lengths have t steps:

        >>> rows = [[1, 2, 3, 1], [3, 2]]
        >>> RNNGenerator("gru", hidden_layer_sizes=8, embedding_size=4, max_iter=1).fit(rows).summary()
            layer    output  weights
            input (n, t, 1)        0
        embedding (n, t, 4)       12
              gru (n, t, 8)      320
            dense (n, t, 3)       27
            total                359
        """
        check_is_fitted(self, "parameters_", msg=UNFITTED)
        network, n_weights = self._architecture, {}
        for name, values in network.views(self.parameters_).items():
            part, number, *_ = name.split(".")
            of = (part, int(number)) if part in ("layers", "dense") else part
            n_weights[of] = n_weights.get(of, 0) + values.size
        steps = (network.n_steps if hasattr(self, "n_features_in_") else "t",)
        n_directions, sizes = 1 + network.bidirectional, network.hidden_layer_sizes
        layers = [("input", (*steps, 1 if network.n_tokens else network.n_features), 0)]
        if "embedding" in n_weights:
            n_read = network.n_features + sum(size - 1 for *_, size in network.categories)
            layers.append(("embedding", (*steps, n_read), n_weights["embedding"]))
        for level, size in enumerate(sizes):
            kept = steps if network.return_sequences or level + 1 < len(sizes) else ()
            name = network.cell if n_directions == 1 else f"bidirectional {network.cell}"
            layers.append((name, (*kept, size * n_directions), n_weights["layers", level]))
        kept = steps if network.return_sequences else ()
        for number, size in enumerate(network.dense_layer_sizes):
            layers.append(("dense", (*kept, size), n_weights["dense", number]))
        layers.append(("dense", (*kept, network.n_outputs), n_weights["head"]))
        rows = [(name, f"(n, {', '.join(map(str, shape))})", f" {n}") for name, shape, n in layers]
        rows = [("layer", "output", " weights"), *rows, ("total", "", f" {len(self.parameters_)}")]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        for row in rows:
            print(*(cell.rjust(width) for cell, width in zip(row, widths, strict=True)))  # noqa: T201, what it is for

    def _training_options(self, **changes):
        """Return the frozen options that the arguments translate to; `changes` take the place of arguments."""
        arguments = {**self.get_params(deep=False), **changes}
        names = TrainingOptions.__dataclass_fields__.keys() & arguments.keys()
        return TrainingOptions(n_threads=count_threads(self.n_jobs), **{name: arguments[name] for name in names})

    def _train(
        self, architecture, windows, options, rng, validation=None, going_on=None, label="training", is_partial=False
    ):
        """Train and show progress; return the Training.

        Parameters
        ----------
        going_on : Training, optional
            An earlier run to continue; without it training starts from fresh weights, drawn from `rng`.
        label : str
            Name of this run where progress is shown and, as "run", in the record that callbacks are given.
        is_partial : bool
            Whether to make one epoch alone, and to go on with the history too.

        Raises
        ------
        NothingLearnt
            If the loss was not finite before one epoch was complete.
        KeyboardInterrupt
            Likewise.
        """
        if going_on is None:
            parameters, state = self._initial_parameters(architecture, rng, windows.dtype), None
        else:
            parameters = going_on.parameters
            state = going_on.optimizer_state if going_on.optimizer == options.optimizer else None
        before = None
        if is_partial:
            before = [] if going_on is None else going_on.history
        callbacks = self._list_callbacks()
        n_epochs = 1 if is_partial else options.max_iter
        with closing(_Bar(total=n_epochs, desc=label, unit="epoch", disable=self.verbose != 1)) as bar:

            def on_epoch(record):
                losses = {"loss": record["loss"], "validation": record["validation_loss"]}
                shown = {name: f"{value:.4g}" for name, value in losses.items() if not math.isnan(value)}
                if not bar.disable:
                    bar.set_postfix(shown)
                    bar.update()
                elif self.verbose:
                    line = ", ".join(f"{name} {value}" for name, value in shown.items())
                    print(f"{label}, epoch {record['epoch']}: {line}, {record['seconds']:.2g} s")  # noqa: T201, asked for
                return any([callback(self, {**record, "run": label}) for callback in callbacks])

            try:
                seed = going_on.seed if is_partial and going_on is not None else None
                return train(architecture, parameters, windows, options, rng, validation, state, on_epoch, before, seed)
            except FloatingPointError as error:
                raise NothingLearnt(
                    f"training failed: {error}; scale the data, or lower learning_rate={options.learning_rate:g}."
                ) from None

    def _train_or_go_on(self, architecture, windows, rng, validation=None):
        """Train a network, with `warm_start` that of the last `fit`, and warn if that was cut short.

        Returns
        -------
        Training
            Nothing is kept yet, so that a fit that fails leaves an earlier one as it was.
        """
        goes_on = self.warm_start and hasattr(self, "_training")
        going_on = self._training_to_go_on_from(architecture, windows.dtype) if goes_on else None
        training = self._train(architecture, windows, self._training_options(), rng, validation, going_on)
        warn_if_cut_short(training, stacklevel=3)
        return training

    def _training_to_go_on_from(self, architecture, dtype, has_width=False, is_partial=False):
        """Return the last Training; raise unless it was of the same network, in the same dtype.

        Parameters
        ----------
        architecture : Architecture
        dtype : dtype
        has_width : bool
            Whether all windows have, and had, one number of steps; otherwise it does not matter to the weights.
        is_partial : bool
            Whether `partial_fit` is to go on, and not `fit` with `warm_start`.
        """
        before, training = self._architecture, self._training
        if not has_width:
            before = replace(before, n_steps=architecture.n_steps)
        if is_partial and architecture != before:
            names = [field.name for field in fields(before)]
            pairs = ((name, getattr(before, name), getattr(architecture, name)) for name in names)
            changed = ", ".join(f"{name} {old!r} became {new!r}" for name, old, new in pairs if old != new)
            raise ValueError(f"partial_fit goes on with the same network, but {changed}; call fit for another one.")
        if (architecture, dtype) != (before, training.parameters.dtype):
            raise ValueError(
                "warm_start needs the same shapes, dtype and network as the previous fit; set it to False."
            )
        return training

    def _initial_parameters(self, architecture, rng, dtype):
        """Return the parameters that training starts from; not every estimator lets its user choose how."""
        return initial_parameters(architecture, rng, dtype, getattr(self, "chrono_init", None))

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
