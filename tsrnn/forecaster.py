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
from .preparation import Preparation, Series

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
        "missing": [StrOptions({"raise", "mask", "interpolate"})],
        "windows_per_epoch": [POSITIVE_INT, None],
        "id_col": "no_validation",
        "time_col": "no_validation",
        "scaler": "no_validation",
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
        id_col="unique_id",
        time_col="ds",
        freq=None,
        missing="raise",
        scaler="auto",
        window_norm="auto",
        optimizer="adam",
        learning_rate="auto",
        clip_norm=1.0,
        batch_size="auto",
        shuffle=True,
        windows_per_epoch=None,
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
        self.id_col = id_col
        self.time_col = time_col
        self.freq = freq
        self.missing = missing
        self.scaler = scaler
        self.window_norm = window_norm
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self.clip_norm = clip_norm
        self.batch_size = batch_size
        self.shuffle = shuffle
        self.windows_per_epoch = windows_per_epoch
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

    def _learn(self, panel):
        begun = time.perf_counter()
        series, season = Series.of(panel), seasonal_period(panel.clock.freq)
        lookback = int(resolve_lookback(self.lookback, self.horizon, season))
        n_training = self._count_training(series)
        options = self._training_options(
            learning_rate=resolve("learning_rate", self.learning_rate),
            batch_size=resolve("batch_size", self.batch_size),
            max_iter=1,
            max_time=self.max_time,
        )
        n_windows = self._count_windows(n_training, lookback)
        has_refit = self.refit and bool((n_training < series.lengths).any())
        max_iter = resolve_max_iter(self.max_iter, n_windows, options.batch_size)
        options = replace(options, max_iter=max_iter)
        if self.max_time is not None and has_refit:  # which makes no more epochs, but of more windows
            n_held_out = int((series.lengths - n_training).sum())
            options = replace(options, max_time=self.max_time * 0.9 * n_windows / (2 * n_windows + n_held_out))
        seed = check_random_state(self.random_state).randint(np.iinfo(np.int32).max)

        training, prepared = self._train_on(series, n_training, lookback, season, options, seed, "training")
        warn_if_cut_short(training, stacklevel=3)
        parameters, stop_reason = training.parameters, training.stop_reason
        if has_refit and stop_reason not in CUT_SHORT:
            if self.max_time is not None:
                options = replace(options, max_time=self.max_time - (time.perf_counter() - begun))
            refitted, refit = self._refit(series, lookback, season, options, seed, training.best_iter)
            if len(refitted.history) == training.best_iter and refitted.stop_reason not in CUT_SHORT:
                parameters, prepared = refitted.parameters, refit
            else:
                stop_reason = refitted.stop_reason

        # Nothing is kept before everything has gone well: a fit that fails leaves an earlier one as it was.
        self._keep(training)
        self.parameters_, self.stop_reason_ = parameters, stop_reason
        self.history_ = pd.DataFrame(training.history)
        self.season_, self.lookback_ = season, lookback
        preparation, architecture = prepared
        self.hidden_layer_sizes_ = architecture.hidden_layer_sizes
        self._architecture, self._preparation = architecture, preparation
        self._observe(panel)

    def _observe(self, panel):
        self._series = Series.of(panel)
        self._numbers = np.argsort(panel.order)  # of each series of the panel, in the order of training
        self._windows = self._make_windows(self._preparation, self._series, self._series.lengths, self.lookback_)

    def _refit(self, series, lookback, season, options, seed, n_epochs):
        """Train a fresh network on everything; say so if that is cut short, since the one before it is then kept."""
        options = replace(options, max_iter=n_epochs, n_iter_no_change=n_epochs)
        label = "refit on everything"
        try:
            refitted, prepared = self._train_on(series, series.lengths, lookback, season, options, seed, label)
        except (KeyboardInterrupt, NothingLearnt) as error:
            reason = "interrupted" if isinstance(error, KeyboardInterrupt) else "diverged"
            refitted, prepared = Training(None, None, stop_reason=reason), None
        if len(refitted.history) < n_epochs or refitted.stop_reason in CUT_SHORT:
            kept = "the network trained without the held-out part is kept"
            stopped = {**CUT_SHORT, **_STOPPED}[refitted.stop_reason]
            message = stopped.format(run=label, n=len(refitted.history), kept=kept)
            warnings.warn(message, ConvergenceWarning, stacklevel=4)
        return refitted, prepared

    def _train_on(self, series, n_training, lookback, season, options, seed, label):
        """Train on the first rows of each series; return the Training, the preparation and the architecture."""
        scaler = resolve("scaler", self.scaler)
        preparation = Preparation(scaler, season, self.horizon, self.missing, self.dtype).fit(series, n_training)
        n_targets = series.values.shape[1]
        architecture = Architecture(
            self.cell, lookback, preparation.n_features,
            layer_sizes(resolve("hidden_layer_sizes", self.hidden_layer_sizes)), self.horizon * n_targets,
            self.activation, bool(self.reset_after), resolve("window_norm", self.window_norm),
            horizon=self.horizon, skips_missing=self.missing == "mask",
        )  # fmt: skip
        windows = self._make_windows(preparation, series, n_training, lookback)
        validation = None
        if (n_training < series.lengths).any():
            last = np.where(n_training < series.lengths, series.lengths - self.horizon, -1)
            validation = preparation.windows(windows.rows, series, lookback, n_training, last)
        rng = np.random.RandomState(seed)  # the kind of generator scikit-learn passes around
        return self._train(architecture, windows, options, rng, validation, label=label), (preparation, architecture)

    def _make_windows(self, preparation, series, n_training, lookback):
        """Return the windows whose targets are among the first rows of each series."""
        rows = preparation.rows(series, n_training)
        first = np.clip(n_training - self.horizon, 1, lookback)
        return preparation.windows(rows, series, lookback, first, n_training - self.horizon, self.windows_per_epoch)

    def _count_windows(self, n_training, lookback):
        """Return how many windows an epoch has."""
        first = np.clip(n_training - self.horizon, 1, lookback)
        n_windows = int(np.maximum(n_training - self.horizon - first + 1, 0).sum())
        return min(n_windows, self.windows_per_epoch or n_windows)

    def _count_training(self, series):
        """Return how many rows of each series are trained on; raise if they are too few, or all constant."""
        lengths, horizon = series.lengths, self.horizon
        n_validation, least = np.zeros(len(lengths), np.int64), horizon + 1
        if self.early_stopping:
            n_validation = np.maximum(horizon, np.ceil(self.validation_fraction * lengths).astype(np.int64))
        n_training = np.where(lengths - n_validation >= least, lengths - n_validation, lengths)
        is_one = len(lengths) == 1
        if (n_training < least).all() or (self.early_stopping and (n_training == lengths).all()):
            longest = int(np.argmax(lengths))
            also = f" + {n_validation[longest]} held out for validation" if self.early_stopping else ""
            label = series.label(longest) if is_one else f"the longest, {series.label(longest)},"
            raise ValueError(
                f"{label} has {lengths[longest]} rows; one to see + horizon {horizon}{also} needs at least "
                f"{least + n_validation[longest]}. Shorten horizon{', or set early_stopping=False' if also else ''}."
            )
        of_series = series.bounds[:-1]
        highest, lowest = (of.reduceat(series.values, of_series, axis=0) for of in (np.fmax, np.fmin))
        if (highest == lowest).all():
            what = series.label(0) if is_one else f"each of the {len(lengths)} series"
            raise ValueError(
                f"{what} is constant ({series.values[0, 0]:g} in all {lengths[0]} rows), so there is nothing to learn; "
                "check the column, or use SeasonalNaive."
            )
        return n_training

    def _forecast_ahead(self, n_steps):
        windows, series, numbers = self._windows, self._series, self._numbers
        ends = windows.firsts + series.lengths
        forecasts = self._predict(windows, ends[numbers], numbers)
        while forecasts.shape[1] < n_steps:
            forecasts = self._go_on(forecasts, numbers)
        return self._preparation.restore(forecasts[:, :n_steps], numbers, series.lengths[numbers], series)

    def _go_on(self, forecasts, numbers):
        """Return more forecasts, on the scale of the network, made as if those so far had been observed."""
        horizon, lookback, windows = self.horizon_, self.lookback_, self._windows
        n_targets, n_known = windows.n_targets, forecasts.shape[1]
        rows = np.full((len(numbers), lookback + n_known + horizon, windows.rows.shape[1]), np.nan, self.dtype)
        lengths = np.minimum(self._series.lengths[numbers], lookback)
        ends = windows.firsts[numbers] + self._series.lengths[numbers]
        for back in range(1, lookback + 1):
            has_row = lengths >= back
            rows[has_row, lookback - back] = windows.rows[ends[has_row] - back]
        rows[:, lookback : lookback + n_known, :n_targets] = forecasts
        rows[:, lookback : lookback + n_known, n_targets:] = 0
        n_rows = rows.shape[1]
        starts = np.arange(len(numbers)) * n_rows
        longer = replace(windows, rows=rows.reshape(-1, rows.shape[2]), firsts=starts + lookback - lengths)
        more = self._predict(longer, starts + lookback + n_known, np.arange(len(numbers)))
        return np.concatenate([forecasts, more], axis=1)

    def _fitted_values(self, series, rows):
        numbers, horizon = self._numbers[series], self.horizon_
        borders = np.maximum(rows - horizon + 1, 0)
        forecasts = self._predict(self._windows, self._windows.firsts[numbers] + borders, numbers)
        restored = self._preparation.restore(forecasts, numbers, borders, self._series)
        known = restored[np.arange(len(rows)), rows - borders]
        return np.where((borders > 0)[:, None], known, self._preparation.means[numbers])

    def _forecasts_from(self, series, rows):
        numbers = self._numbers[series]
        forecasts = self._predict(self._windows, self._windows.firsts[numbers] + rows, numbers)
        return self._preparation.restore(forecasts, numbers, rows, self._series)

    def _predict(self, windows, borders, numbers):
        """Return forecasts (n, horizon, n_targets), on the scale of the network, of the steps from these borders on."""
        X = windows.sequences(borders, numbers)
        forecasts = predict(self._architecture, self.parameters_, X, count_threads(self.n_jobs))
        return forecasts.reshape(len(borders), self.horizon_, -1)

    @property
    def horizon_(self):
        """Steps that the network forecasts at once."""
        return self._architecture.horizon
