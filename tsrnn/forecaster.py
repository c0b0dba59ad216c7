"""RNNForecaster: from a series to the forecast of its next steps."""

import time
import warnings
from dataclasses import replace

import numpy as np
import pandas as pd
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state

from .base import (
    AUTO,
    CUT_SHORT,
    NETWORK_CONSTRAINTS,
    POSITIVE_INT,
    NothingLearnt,
    RecurrentEstimator,
    StrOptions,
    constraint_with_auto,
    count_threads,
    layer_sizes,
    one_of_or_none,
    warn_if_cut_short,
)
from .calendar import seasonal_period
from .choices import resolve, resolve_lookback, resolve_max_iter
from .contract import ForecasterMixin
from .kernels.plan import WINDOW_NORMS
from .network.architecture import Architecture
from .network.training import Training, predict
from .transforms import SCALERS, make_transform
from .windows import cut_windows, split_windows

# Why else a refit may have been cut short.
_STOPPED = {
    "callback": "{run} was stopped by a callback after {n} epoch(s); {kept}.",
    "max_time": "{run} ran out of max_time after {n} epoch(s); {kept}.",
}


class RNNForecaster(ForecasterMixin, RecurrentEstimator):
    """Recurrent network that forecasts the next steps of a series, all at once.

    A window of `lookback` steps is read by recurrent layers, and a dense layer on their last state gives all `horizon`
    steps (the direct strategy). With early stopping the latest part of the series is held out, training ends where the
    loss on it is best, and a fresh network is then trained on everything for as many epochs (`refit`).

    Parameters
    ----------
    horizon : int, default=1
        Steps to forecast.
    lookback : int or "auto", default="auto"
        Steps a window sees; "auto" is 1.25 times the longer of `horizon` and the season of the clock, of
        which at most 400 steps are counted.
    cell : {"lstm", "gru", "rnn"}, default="lstm"
        As in :class:`tsrnn.RNNRegressor`, like `activation` and `reset_after`.
    hidden_layer_sizes : int, tuple of int or "auto", default="auto"
        Hidden units of each recurrent layer; "auto" is (32,).
    activation : {"tanh", "relu"}, default="tanh"
    reset_after : bool, default=True
    target : str, optional
        Name of the column to forecast, for a DataFrame; as long as there are no covariates it is its only one.
    freq : str or DateOffset, optional
        Step of the clock where it cannot be told from the stamps.
    missing : {"raise", "interpolate"}, default="raise"
        What to do about NaN and absent stamps: raise, or interpolate linearly over the steps between the neighbours;
        before the first and after the last observed value that value is repeated.
    scaler : {"standard", None} or "auto", default="auto"
        Scaling of the series, learnt on the training part alone; "auto" is "standard": mean 0, deviation 1.
    window_norm : {"last", None} or "auto", default="auto"
        "last", which is "auto", subtracts the last value of a window from it and adds it to the forecast, so that a
        drifting series looks alike everywhere.
    optimizer : {"adam", "adamw", "nadam", "rmsprop", "adagrad", "sgd"}, default="adam"
        As in :class:`tsrnn.RNNRegressor`, like `clip_norm` and `shuffle`.
    learning_rate : float or "auto", default="auto"
        "auto" is 3e-3.
    clip_norm : float or None, default=1.0
    batch_size : int or "auto", default="auto"
        Windows of a minibatch; "auto" is 32.
    shuffle : bool, default=True
    max_iter : int or "auto", default="auto"
        Epochs at most; "auto" makes about 5,000 updates of the weights, in 5 to 100 epochs.
    max_time : float or None, default=None
        Seconds that `fit` may train for; they include what compiling takes, and an epoch is always completed. Where
        there is a refit, nearly half of them are the first training's. None for no limit.
    early_stopping : bool, default=True
        Whether to hold out the latest steps, max(`horizon`, `validation_fraction` of all), to choose the number of
        epochs.
    validation_fraction : float, default=0.1
    n_iter_no_change : int, default=10
        Epochs without an improvement by `tol` after which training ends.
    tol : float, default=1e-4
        In units of the loss: the squared scaled series.
    refit : bool, default=True
        Whether to train again on everything, the held-out part included, for `best_iter_` epochs.
    random_state : int, RandomState or None, default=None
        Seeds initial weights and shuffling. The same seed gives the same bits on any number of threads.
    n_jobs : int or None, default=None
        Threads, -1 and k as in joblib. None is all the cores this process may use (affinity and the limits of a
        container count), and one inside a joblib worker. Training uses at most 16.
    dtype : {"float32", "float64"}, default="float32"
        Precision of the network.
    verbose : int, default=0
        0 is quiet, 1 shows progress bars, 2 prints a line per epoch.
    callbacks : callable or list of callables, optional
        Called after each epoch with the estimator and a dict (run, epoch, loss, validation_loss, learning_rate,
        seconds); if one returns True that run ends.

    Attributes
    ----------
    lookback_ : int
        Steps a window sees.
    season_ : int
        Steps of one season, from the clock; 1 for none.
    n_iter_, best_iter_ : int
        Epochs made before the refit, and the one that was best (with `refit`: the epochs of the refit).
    loss_curve_, validation_loss_curve_, history_
        As in :class:`tsrnn.RNNRegressor`, of the training before the refit.
    stop_reason_ : str
        As in :class:`tsrnn.RNNRegressor`.
    hidden_layer_sizes_ : tuple of int
    parameters_ : ndarray
        The flat vector of all weights; `get_weights` gives them by name.
    series_ : SeriesData
        The series as it was read.

    References
    ----------
    Hewamalage, Bergmeir and Bandara (2021), Recurrent neural networks for time series forecasting: current status and
    future directions, International Journal of Forecasting 37: the direct strategy, the level of a window, its length.

    Examples
    --------
    >>> import tsrnn
    >>> temperature = tsrnn.datasets.load_elnino()
    >>> model = tsrnn.RNNForecaster(horizon=12, max_iter=20, random_state=0).fit(temperature)
    >>> forecast = model.forecast()
    >>> forecast.index[0], forecast.index.freqstr, len(forecast)
    (Timestamp('2011-01-01 00:00:00'), 'MS', 12)
    >>> bool((model.predict(model.future_frame(12)) == forecast).all())
    True
    """

    _parameter_constraints = {
        **NETWORK_CONSTRAINTS,
        "horizon": [POSITIVE_INT],
        "lookback": [POSITIVE_INT, AUTO],
        **{
            name: constraint_with_auto(name)
            for name in ("hidden_layer_sizes", "learning_rate", "batch_size", "max_iter")
        },
        "target": "no_validation",
        "freq": "no_validation",
        "missing": [StrOptions({"raise", "interpolate"})],
        "scaler": [*one_of_or_none(SCALERS), AUTO],
        "window_norm": [*one_of_or_none(WINDOW_NORMS), AUTO],
        "refit": ["boolean"],
        "dtype": [StrOptions({"float32", "float64"})],
    }

    def __init__(
        self,
        horizon=1,
        *,
        lookback="auto",
        cell="lstm",
        hidden_layer_sizes="auto",
        activation="tanh",
        reset_after=True,
        target=None,
        freq=None,
        missing="raise",
        scaler="auto",
        window_norm="auto",
        optimizer="adam",
        learning_rate="auto",
        clip_norm=1.0,
        batch_size="auto",
        shuffle=True,
        max_iter="auto",
        max_time=None,
        early_stopping=True,
        validation_fraction=0.1,
        n_iter_no_change=10,
        tol=1e-4,
        refit=True,
        random_state=None,
        n_jobs=None,
        dtype="float32",
        verbose=0,
        callbacks=None,
    ):
        self.horizon = horizon
        self.lookback = lookback
        self.cell = cell
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.reset_after = reset_after
        self.target = target
        self.freq = freq
        self.missing = missing
        self.scaler = scaler
        self.window_norm = window_norm
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self.clip_norm = clip_norm
        self.batch_size = batch_size
        self.shuffle = shuffle
        self.max_iter = max_iter
        self.max_time = max_time
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.tol = tol
        self.refit = refit
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.dtype = dtype
        self.verbose = verbose
        self.callbacks = callbacks

    def _learn(self, series):
        begun = time.perf_counter()
        season = seasonal_period(series.clock.freq)
        lookback = int(resolve_lookback(self.lookback, self.horizon, season))
        n_validation = self._count_validation(series, lookback)
        architecture = Architecture(
            self.cell, lookback, 1, layer_sizes(resolve("hidden_layer_sizes", self.hidden_layer_sizes)),
            self.horizon, self.activation, bool(self.reset_after), resolve("window_norm", self.window_norm),
        )  # fmt: skip
        batch_size = resolve("batch_size", self.batch_size)
        n_windows = len(series.values) - n_validation - lookback - self.horizon + 1
        has_refit = self.refit and n_validation > 0
        max_time = self.max_time
        if max_time is not None and has_refit:  # which makes no more epochs, but of more windows
            max_time *= 0.9 * n_windows / (2 * n_windows + n_validation)
        options = self._training_options(
            learning_rate=resolve("learning_rate", self.learning_rate),
            batch_size=batch_size,
            max_iter=resolve_max_iter(self.max_iter, n_windows, batch_size),
            max_time=max_time,
        )
        seed = check_random_state(self.random_state).randint(np.iinfo(np.int32).max)

        training, transform = self._train_on(series, n_validation, architecture, options, seed, "training")
        warn_if_cut_short(training, stacklevel=3)
        parameters, stop_reason = training.parameters, training.stop_reason
        if has_refit and stop_reason not in CUT_SHORT:
            if self.max_time is not None:
                options = replace(options, max_time=self.max_time - (time.perf_counter() - begun))
            refitted, its_transform = self._refit(series, architecture, options, seed, training.best_iter)
            if len(refitted.history) == training.best_iter and refitted.stop_reason not in CUT_SHORT:
                parameters, transform = refitted.parameters, its_transform
            else:
                stop_reason = refitted.stop_reason

        # Nothing is kept before everything has gone well: a fit that fails leaves an earlier one as it was.
        self._keep(training)
        self.parameters_, self.stop_reason_ = parameters, stop_reason
        self.history_ = pd.DataFrame(training.history)
        self.season_, self.lookback_ = season, lookback
        self.hidden_layer_sizes_ = architecture.hidden_layer_sizes
        self._architecture, self._transform = architecture, transform
        self._scaled = self._scale(series, series.values, transform)

    def _refit(self, series, architecture, options, seed, n_epochs):
        """Train a fresh network on everything; say so if that is cut short, since the one before it is then kept."""
        options = replace(options, max_iter=n_epochs, n_iter_no_change=n_epochs)
        label = "refit on everything"
        try:
            refitted, transform = self._train_on(series, 0, architecture, options, seed, label)
        except (KeyboardInterrupt, NothingLearnt) as error:
            reason = "interrupted" if isinstance(error, KeyboardInterrupt) else "diverged"
            refitted, transform = Training(None, None, stop_reason=reason), None
        if len(refitted.history) < n_epochs or refitted.stop_reason in CUT_SHORT:
            kept = "the network trained without the held-out part is kept"
            stopped = {**CUT_SHORT, **_STOPPED}[refitted.stop_reason]
            message = stopped.format(run=label, n=len(refitted.history), kept=kept)
            warnings.warn(message, ConvergenceWarning, stacklevel=4)
        return refitted, transform

    def _train_on(self, series, n_validation, architecture, options, seed, label):
        """Learn the scaling, then the network, from all but the latest steps; return the Training and the transform."""
        border = len(series.values) - n_validation
        known = series.values_known_at(border)  # what is trained on may not know, by interpolation, what comes later
        transform = make_transform(resolve("scaler", self.scaler), argument="scaler")
        transform.fit(known, np.array([0, border]), [series.label])
        scaled = self._scale(series, np.concatenate([known, series.values[border:]]), transform)
        if n_validation:
            windows, validation = split_windows(scaled, architecture.n_steps, architecture.n_outputs, n_validation)
        else:
            windows, validation = cut_windows(scaled, architecture.n_steps, architecture.n_outputs), None
        rng = np.random.RandomState(seed)  # the kind of generator scikit-learn passes around
        return self._train(architecture, windows, options, rng, validation, label=label), transform

    def _scale(self, series, values, transform):
        """Return scaled values of the series in the precision of the network."""
        exact = transform.transform(values, np.array([0, len(values)]))
        with np.errstate(over="ignore"):
            scaled = exact.astype(self.dtype)
        if not np.isfinite(scaled).all():
            raise ValueError(f"{series.label} does not fit into {self.dtype} unscaled; set scaler='standard'.")
        with np.errstate(over="ignore"):
            rounding, movement = np.abs(scaled - exact).max(), np.abs(np.diff(exact)).mean()
        if rounding > movement:
            raise ValueError(f"{series.label} moves by less than {self.dtype} resolves; set dtype='float64'.")
        return scaled

    def _count_validation(self, series, lookback):
        """Return how many of the latest steps are held out; raise if the series is too short or constant."""
        n, least = len(series.values), lookback + self.horizon
        n_validation, also = 0, ""
        if self.early_stopping:
            n_validation = max(self.horizon, int(np.ceil(self.validation_fraction * n)))
            also = f" + {n_validation} held out for validation"
        if n < least + n_validation:
            raise ValueError(
                f"{series.label} has {n} rows; lookback {lookback} + horizon {self.horizon}{also} needs at least "
                f"{least + n_validation}. Shorten lookback or horizon{', or set early_stopping=False' if also else ''}."
            )
        if series.values.min() == series.values.max():
            raise ValueError(
                f"{series.label} is constant ({series.values[0]:g} in all {n} rows), so there is nothing to learn; "
                "check the column, or use SeasonalNaive."
            )
        return n_validation

    def _forecast_ahead(self, n_steps):
        if n_steps > self._architecture.n_outputs:
            raise ValueError(
                f"a forecast {n_steps} steps after training was asked for, but the forecaster was fitted with horizon="
                f"{self._architecture.n_outputs}; fit with a longer horizon."
            )
        return self._predict_windows(self._scaled[-self.lookback_ :], np.zeros(1, np.int64))[0, :n_steps]

    def _fitted_values(self, rows):
        # Row k is the last step of the horizon of the window that begins at k, once lookback + horizon - 1 values stand
        # in front: the first value, or zero, the mean that the scaling learnt, for rows before which nothing was known.
        horizon = self._architecture.n_outputs
        forecasts = np.empty(len(rows))
        for are_meant, before in ((rows < horizon, 0), (rows >= horizon, self._scaled[0])):
            padded = np.concatenate([np.full(self.lookback_ + horizon - 1, before, self._scaled.dtype), self._scaled])
            forecasts[are_meant] = self._predict_windows(padded, rows[are_meant])[:, -1]
        return forecasts

    def _predict_windows(self, scaled, first_steps):
        """Return forecasts (n_windows, horizon) from the windows that begin at these steps of a scaled series."""
        X = np.lib.stride_tricks.sliding_window_view(scaled, self.lookback_)[:, :, None]
        threads = count_threads(self.n_jobs)
        forecasts = predict(self._architecture, self.parameters_, X, threads, samples=first_steps)
        return self._transform.inverse_transform(forecasts, np.zeros_like(first_steps), first_steps + self.lookback_)
