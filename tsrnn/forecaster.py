"""RNNForecaster: from a series to the forecast of its next steps."""

import time
import warnings
from dataclasses import dataclass, replace
from functools import partial
from numbers import Integral, Real
from typing import NamedTuple

import numpy as np
import pandas as pd
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval
from sklearn.utils.validation import check_is_fitted

from . import choices
from .base import (
    AUTO,
    CUT_SHORT,
    NETWORK_CONSTRAINTS,
    OPTIMIZER_CONSTRAINTS,
    POSITIVE_INT,
    RATE,
    NothingLearnt,
    RecurrentEstimator,
    StrOptions,
    constraint_with_auto,
    count_threads,
    describe_cut,
    layer_sizes,
    one_of_or_none,
)
from .calendar import check_calendar, seasonal_periods
from .carried import CarriedMember, CarriedSettings, CarriedTask, refuse_for_carried
from .choices import is_auto, resolve
from .contract import ForecasterMixin
from .counts import how_many
from .covariates import check_covariates
from .intervals import HeldOut, read_levels
from .kernels.plan import WINDOW_NORMS
from .member import Member, Settings, Task, Tasks, remembering
from .network.architecture import Architecture
from .network.together import run_together
from .network.training import Training
from .panel import refuse_outside
from .preparation import Series
from .skill import skill_report
from .streaming import Stream
from .transforms import make_chain

FITTED_AT_ONCE = 2**16

# Why else a refit may have been cut short.
_STOPPED = {
    "callback": "{run} was stopped by a callback after {n}; {kept}.",
    "max_time": "{run} ran out of max_time after {n}; {kept}.",
}


class _Kind(NamedTuple):
    """What forecasters of one `state` are made of."""

    settings: type
    task: type
    member: type


_KINDS = {
    "window": _Kind(Settings, Task, Member),
    "carried": _Kind(CarriedSettings, CarriedTask, CarriedMember),
}


@dataclass(frozen=True)
class _Learnt:
    """What one network has come to: its first training, the weights that are kept, and the task these learnt."""

    training: Training
    parameters: np.ndarray
    task: Task
    stop_reason: str
    warning: str = ""


class RNNForecaster(ForecasterMixin, RecurrentEstimator):
    """Recurrent network that forecasts the next steps of one series, or of many that it learns from together.

    A window of `lookback` steps is read by recurrent layers, and a dense layer gives all `horizon` steps after it. With
    early stopping the latest part of each series is held out, training ends where the loss on it is best, and a fresh
    network is then trained on everything for as many epochs (`refit`).

    Parameters
    ----------
    horizon : int, default=1
        Steps to forecast.
    lookback : int or "auto", default="auto"
        Steps a window sees; "auto" is two weeks of a clock that has days and weeks, whatever the horizon, if usual
        series are twice as long; else 1.25 times the longer of `horizon` and the season of the clock. Of a season at
        most 400 steps are counted.
    cell : {"lstm", "gru", "rnn"}, default="lstm"
        As in :class:`tsrnn.RNNRegressor`, like `activation` and `reset_after`.
    hidden_layer_sizes : int, tuple of int or "auto", default="auto"
        Hidden units of each recurrent layer; "auto" is (32,), or (64,) from 16,384 windows on, if these are shorter
        than 96 steps or make 1,024 stretches of the horizon that share no step.
    activation : {"tanh", "relu"}, default="tanh"
    reset_after : bool, default=True
    bidirectional : bool, default=False
        As in :class:`tsrnn.RNNRegressor`, like `dropout` and `recurrent_dropout`.
    dropout : float or "auto", default="auto"
        "auto" is 0.3 from 16,384 windows on, if these have 96 steps or more and make fewer than 1,024 stretches of the
        horizon that share no step; else 0.
    recurrent_dropout : float, default=0.0
    linear_skip : bool or "auto", default="auto"
        Whether the outputs are a linear function of the window's values, too, beside what the layers make of it.
        "auto" is True where the window ends in what is known: not with covariates known ahead, nor carried.
    patch_size : int or "auto", default="auto"
        Steps that the network reads side by side as one, by which long windows become short (Lin et al. 2023). "auto"
        is a season where windows have 96 steps or more and hold four seasons, else 1.
    strategy : {"direct", "recursive"}, default="direct"
        "direct" forecasts all steps of the horizon at once; "recursive" one step, from which, as if it had been
        observed, the next is forecast, and so on. A direct forecast of more steps than `horizon` goes on in the same
        way, a horizon at a time.
    state : {"window", "carried"}, default="window"
        "window" forecasts from the last `lookback` steps. "carried" reads each series from its first step on and
        carries the state of the network over all of it: it is trained over the series in order, with forecasts after
        every step and gradients that go back to the beginning of a stretch of `lookback` steps; the forecasts from all
        steps of a series are one pass, and a step of a :meth:`stream` costs the same however long the past. It
        reads nothing of later steps: `window_norm` is None, and covariates must be past or static ones. Minibatches
        are of series, `batch_size` at most side by side; one series alone is one row, and is not cut into several.
    target : str or list of str, optional
        The column to forecast, or several that are forecast together; the others are covariates. Without it, and
        without `y`, each column of a DataFrame is a series of its own, of which one network learns.
    id_col, time_col : str, default="unique_id", "ds"
        The columns of a long frame that hold the id of the series and the stamp; the target is then "y" by default.
    freq : str or DateOffset, optional
        Step of the clock where it cannot be told from the stamps.
    missing : {"raise", "mask", "interpolate"}, default="raise"
        What to do about NaN and absent stamps. "mask" leaves them out of what is seen and of the loss, and gives the
        network a number beside each value that says whether it is missing. "interpolate" interpolates linearly over
        the steps between the neighbours; before the first and after the last observed value that value is repeated.
    past_covariates : list of str, optional
        Covariates that nobody knows ahead: they are seen up to the last step before the forecast. All others are read
        at the steps of the forecast, too, where `predict` and `forecast` have to be given them.
    static_covariates : list of str, optional
        Covariates that are the same in all rows of a series; of steps to come they need not be given.
    categorical_features : "from_dtype", list of str or None, default="from_dtype"
        Covariates that are categories; "from_dtype" those of the dtype category, and those whose values are text,
        every one; a list names others beside these, None says that there are none. Each category has a vector of its
        own, which is learnt. One that training did not have is like a missing one: no category.
    calendar : list of str, "auto" or None, default=None
        What is read off the clock, and known ahead: "minute", "hour", "weekday", "day_of_month", "day_of_year" and
        "month" as sine and cosine, "holidays:DE" as 0 and 1 (by the package holidays); "auto" are those that fit the
        step of the clock (:func:`tsrnn.calendar.check_calendar`).
    scaler : {"standard", "minmax", "robust", "mean", None}, transformer or "auto", default="auto"
        Scaling of each series, learnt on its training part alone; "auto" is "standard": mean 0, deviation 1. A
        transformer of scikit-learn is cloned for each series.
    target_transform : str, transformer, list of these, None or "auto", default="auto"
        What is done to each series before it is scaled, and undone to forecasts: "log1p", "boxcox", "yeojohnson",
        "signed_log1p", "difference", "seasonal_difference", "deseasonalise", "stl", "mstl" (the last two need
        statsmodels), or a transformer of scikit-learn that can be undone; of a list the first comes first. "auto" is
        "deseasonalise" if the clock has a season; where no value of the training part is negative, some networks learn
        from what "signed_log1p" makes of the values before that. The season stays in where windows have 96 steps or
        more, usual series more than a hundred seasons, and all together 16,384 values or more. It is learnt on the
        training part alone.
    window_norm : {"last", "mean", "standard", "scale", None} or "auto", default="auto"
        The level of each window, taken from it and given back to its forecast, so that a drifting series looks alike
        everywhere: "last" its last value; "mean" its mean; "standard" its mean and deviation; "scale" divides by one
        plus the mean size of its values. "auto" tries two ways, the last value and the mean (of logarithms, "standard"
        of values), by short trainings on all but the part held out, and takes the one that forecasts it better: "last"
        is taken where windows have 96 steps or more, the other where they are shorter, unless the other way is better
        by two standard errors. Windows of fewer than eight steps have "last", and without a part held out nothing is
        tried.
    bounds : tuple of (float or None), default=None
        What forecasts are kept above and below, in units of the series: ``(0, None)`` for what cannot be negative.
        Observed values must lie within.
    loss : {"absolute_error", "squared_error", "huber"} or "auto", default="auto"
        As in :class:`tsrnn.RNNRegressor`, like `delta`, of the scaled series; "auto" is "absolute_error".
    delta : float, default=1.0
    optimizer : {"adam", "adamw", "nadam", "rmsprop", "adagrad", "sgd"}, default="adam"
        As in :class:`tsrnn.RNNRegressor`, like `clip_norm` and `shuffle`.
    learning_rate : float or "auto", default="auto"
        "auto" is 3e-3.
    schedule : str, dict or "auto", default="auto"
        As in :class:`tsrnn.RNNRegressor`, like `alpha`; "auto" is "cosine".
    alpha : float, default=0.0
    clip_norm : float or None, default=1.0
    batch_size : int or "auto", default="auto"
        Windows of a minibatch; "auto" is 32, or 128 from 16,384 windows on; 64 of fewer but long ones.
    shuffle : bool, default=True
    windows_per_epoch : int, None or "auto", default="auto"
        Windows of an epoch, drawn anew for each, where there are more; early stopping then watches as many of those
        that are held out, evenly spread and always the same. None for all; "auto" is 15,360 from 16,384 windows on,
        or 3,840 of those that `dropout` is for.
    max_iter : int or "auto", default="auto"
        Epochs at most; "auto" makes about 5,000 updates of the weights, in 5 to 100 epochs; 2,400 from 16,384 windows
        on, or where all windows together have half a million steps, and 360 of those that `dropout` is for.
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
        In units of the loss, which is of the scaled series.
    refit : bool, default=True
        Whether to train again on everything, the held-out part included, for `best_iter_` epochs; with `max_iter`
        "auto" and 16,384 windows or more for all of them.
    n_members : int or "auto", default="auto"
        Networks from different seeds, trained side by side, whose forecasts are combined: by the median, or where some
        learn from logarithms by the mean of both medians. "auto" is three of each, one from 16,384 windows on, or where
        all windows together have half a million steps, but three of those that `dropout` is for.
        Attributes are those of the first, but `history_`, which then has a level of members.
    warm_start : bool, default=False
        Whether another `fit` goes on from the weights of the one before, with all else learnt anew. These may have seen
        what is then held out, so that early stopping watches less.
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
    choices_ : dict
        What was chosen, by the name of the argument; "recipes" are the pairs of `target_transform` and `window_norm`
        that networks learn by, in turn, and "trial_errors" what the ways that were tried came to: mean absolute errors
        on the part held out, in units of each series' mean change over a season. :meth:`report` prints it.
    parameters_ : ndarray
        The flat vector of all weights; `get_weights` gives them by name.
    panel_ : Panel
        The series as they were read, and the rows of each `update`.

    References
    ----------
    Hewamalage, Bergmeir and Bandara (2021), Recurrent neural networks for time series forecasting: current status and
    future directions, International Journal of Forecasting 37: the direct strategy, the level of a window, its length,
    the median over seeds.

    Lin et al. (2023), SegRNN: segment recurrent neural network for long-term time series forecasting,
    arXiv:2308.11200: patches.

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

    Many series, one network, and what the calendar says; the forecast comes in the format of the data:

    >>> jobs = tsrnn.datasets.load_us_employment()
    >>> model = tsrnn.RNNForecaster(horizon=3, calendar=["month"], max_iter=3, random_state=0).fit(jobs)
    >>> model.forecast().groupby("unique_id").size().head(2).to_dict()
    {'construction': 3, 'durable_goods': 3}
    """

    _more_residuals = "set a larger validation_fraction, or give longer series, or more of them"
    _parameter_constraints = {
        **NETWORK_CONSTRAINTS,
        "horizon": [POSITIVE_INT],
        "lookback": [POSITIVE_INT, AUTO],
        **{
            name: constraint_with_auto(name)
            for name in ("hidden_layer_sizes", "learning_rate", "batch_size", "max_iter")
        },
        "bidirectional": ["boolean"],
        "dropout": [RATE, AUTO],
        "recurrent_dropout": [RATE],
        "linear_skip": ["boolean", AUTO],
        "patch_size": [POSITIVE_INT, AUTO],
        "loss": [StrOptions({"squared_error", "absolute_error", "huber"}), AUTO],
        "delta": [Interval(Real, 0, None, closed="neither")],
        "schedule": [*OPTIMIZER_CONSTRAINTS["schedule"], AUTO],
        "alpha": OPTIMIZER_CONSTRAINTS["alpha"],
        "strategy": [StrOptions({"direct", "recursive"})],
        "state": [StrOptions({"window", "carried"})],
        "target": "no_validation",
        "freq": "no_validation",
        "missing": [StrOptions({"raise", "mask", "interpolate"})],
        "windows_per_epoch": [POSITIVE_INT, None, AUTO],
        "past_covariates": "no_validation",
        "static_covariates": "no_validation",
        "categorical_features": "no_validation",
        "calendar": "no_validation",
        "id_col": "no_validation",
        "time_col": "no_validation",
        "scaler": "no_validation",
        "target_transform": "no_validation",
        "bounds": "no_validation",
        "window_norm": [*one_of_or_none(WINDOW_NORMS), AUTO],
        "refit": ["boolean"],
        "n_members": [POSITIVE_INT, AUTO],
        "warm_start": ["boolean"],
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
        bidirectional=False,
        dropout="auto",
        recurrent_dropout=0.0,
        linear_skip="auto",
        patch_size="auto",
        strategy="direct",
        state="window",
        target=None,
        id_col="unique_id",
        time_col="ds",
        freq=None,
        missing="raise",
        past_covariates=None,
        static_covariates=None,
        categorical_features="from_dtype",
        calendar=None,
        scaler="auto",
        target_transform="auto",
        window_norm="auto",
        bounds=None,
        loss="auto",
        delta=1.0,
        optimizer="adam",
        learning_rate="auto",
        schedule="auto",
        alpha=0.0,
        clip_norm=1.0,
        batch_size="auto",
        shuffle=True,
        windows_per_epoch="auto",
        max_iter="auto",
        max_time=None,
        early_stopping=True,
        validation_fraction=0.1,
        n_iter_no_change=10,
        tol=1e-4,
        refit=True,
        n_members="auto",
        warm_start=False,
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
        self.bidirectional = bidirectional
        self.dropout = dropout
        self.recurrent_dropout = recurrent_dropout
        self.linear_skip = linear_skip
        self.patch_size = patch_size
        self.strategy = strategy
        self.state = state
        self.target = target
        self.id_col = id_col
        self.time_col = time_col
        self.freq = freq
        self.missing = missing
        self.past_covariates = past_covariates
        self.static_covariates = static_covariates
        self.categorical_features = categorical_features
        self.calendar = calendar
        self.scaler = scaler
        self.target_transform = target_transform
        self.window_norm = window_norm
        self.bounds = bounds
        self.loss = loss
        self.delta = delta
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self.schedule = schedule
        self.alpha = alpha
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
        self.n_members = n_members
        self.warm_start = warm_start
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.dtype = dtype
        self.verbose = verbose
        self.callbacks = callbacks

    @property
    def parameters_(self):
        """The weights of the first member."""
        return self._members[0].parameters

    @parameters_.setter
    def parameters_(self, parameters):
        self._members = [self._members[0].with_parameters(parameters), *self._members[1:]]

    def update(self, X, y=None, n_epochs=0):
        """Move the memory forward: forecasts are then made from later rows, too.

        Parameters
        ----------
        X, y
            Rows after those that are known, in the form of the data of `fit`; of many series some may be left out.
        n_epochs : int, default=0
            Epochs that the networks go on to learn for, from all rows, earlier and later, with the scaling and
            transforms that were learnt by `fit`. By default nothing that was learnt changes.

        Returns
        -------
        self

        Raises
        ------
        ValueError, TypeError
            As `fit`; or if rows are of other series, or of stamps that are known already. Nothing has changed then.

        Examples
        --------
        >>> import tsrnn
        >>> temperature = tsrnn.datasets.load_elnino()
        >>> model = tsrnn.RNNForecaster(max_iter=2, random_state=0).fit(temperature[:-12])
        >>> model.update(temperature[-12:], n_epochs=1).forecast(1).index[0]
        Timestamp('2011-01-01 00:00:00')
        """
        panel = self._extended(X, y)
        if isinstance(n_epochs, bool) or not isinstance(n_epochs, Integral):
            raise TypeError(f"n_epochs must be a whole number from 0 on; got {n_epochs!r}.")
        if n_epochs < 0:
            raise ValueError(f"n_epochs must be a whole number from 0 on; got {n_epochs}.")
        refuse_outside(panel, self._members[0].settings.bounds)
        members = remembering(self._members, Series.of(panel))
        self._members = self._learn_on(members, int(n_epochs)) if n_epochs else members
        self.panel_ = panel
        return self

    def report(self):
        """Return how the forecasts of the validation part compare with those of :class:`tsrnn.SeasonalNaive`.

        What was chosen for the data, `choices_`, is printed. The forecasts are those of the networks that were trained
        without that part, before any `refit`, from every row of it that leaves room for the horizon; a series too short
        to hold a part out has none.

        Returns
        -------
        DataFrame
            One row per series (`id_col`), target if there are several, and step: ``n`` forecasts, their mean absolute
            error ``MAE``, ``naive_MAE`` of the naive forecasts from the same rows, in units of the series, and
            ``skill = 1 - MAE / naive_MAE``: 1 is perfect, 0 no better than the naive forecast.

        Raises
        ------
        ValueError
            If nothing was held out, or the last `fit` was a warm start, whose weights had seen it.

        Warns
        -----
        UserWarning
            If a series is forecast no better than by the naive forecast, over all steps together.

        Examples
        --------
        >>> import tsrnn
        >>> temperature = tsrnn.datasets.load_elnino()
        >>> model = tsrnn.RNNForecaster(horizon=2, window_norm="mean", max_iter=4, random_state=0).fit(temperature)
        >>> model.report()[["step", "n", "naive_MAE"]].round(3)
        season              12
        lookback            15
        recipes             target_transform=['signed_log1p', 'deseasonalise'], window_norm='mean'
                            target_transform='deseasonalise', window_norm='mean'
        trial_errors        []
        hidden_layer_sizes  (32,)
        dropout             0.0
        linear_skip         True
        patch_size          1
        loss                absolute_error
        learning_rate       0.003
        schedule            cosine
        batch_size          32
        windows_per_epoch   None
        max_iter            4
        n_members           6
           step   n  naive_MAE
        0     1  73      1.102
        1     2  73      1.110
        """
        check_is_fitted(self)
        forecast, first, last = self._held_out("report()")
        for name, value in self.choices_.items():
            shown = str(value) if name != "recipes" else ("\n" + " " * 20).join(map(str, value))
            print(f"{name:<20}{shown}")  # noqa: T201, what it is for
        return skill_report(forecast, self.panel_, first, last, self._fitted_horizon)

    def _held_out(self, asker):
        members, n_training, lengths = self._before_refit
        if (n_training == lengths).all():
            raise ValueError(f"{asker} needs a part held out for validation; fit with early_stopping=True.")
        if self._began_warm:
            raise ValueError(
                "the weights that the warm start began from have seen what was held out later; set "
                f"warm_start=False and fit again for {asker.removesuffix('()')}."
            )
        members, first = remembering(members, Series.of(self.panel_)), n_training[self._numbers]
        last = lengths[self._numbers] - self._fitted_horizon
        return HeldOut(partial(self._forecasts_from, members=members), first, last)

    @property
    def _fitted_bounds(self):
        return self._members[0].settings.bounds or super()._fitted_bounds

    def _learn_on(self, members, n_epochs):
        """Return the members after so many further epochs, from all rows that they remember."""
        seeds = self._draw_seeds(len(members))
        options = self._training_options(
            learning_rate=resolve("learning_rate", self.learning_rate),
            schedule="constant",
            batch_size=members[0].settings.batch_size,
            max_iter=n_epochs,
            max_time=self.max_time,
        )
        options = replace(options, n_iter_no_change=n_epochs)

        def learn(k, options, name):
            task, label = members[k].task_again(), f"fine-tuning{name}"
            training = self._train_on(task, options, seeds[k], label, members[k].parameters)
            warning = describe_cut(training, label) if training.stop_reason in CUT_SHORT else ""
            return _Learnt(training, training.parameters, task, training.stop_reason, warning)

        learnt = self._side_by_side(learn, len(members), options, stacklevel=4)
        pairs = zip(members, learnt, strict=True)
        return [member if one is None else member.with_parameters(one.parameters) for member, one in pairs]

    def stream(self, series_id=None, level=None):
        """Return a stream that follows one series from the last known step on, one observation at a time.

        Its forecasts are to the bit those after an `update` with the same observations, but what a step costs does not
        grow with the series: about as much as the forecast of one window, or with `state` "carried" some microseconds.

        Parameters
        ----------
        series_id : object, optional
            The id of the series, where there are several.
        level : float or sequence of float, optional
            Percent of the truths that intervals are to hold, if its forecasts are to have some: they adapt to what is
            observed, as :meth:`Stream.forecast` says.

        Returns
        -------
        Stream
            With `update(observation)`, `forecast(h, level=)`, `predict(h)`, `snapshot()` and `restore(snapshot)`.

        Examples
        --------
        >>> import tsrnn
        >>> temperature = tsrnn.datasets.load_elnino()
        >>> model = tsrnn.RNNForecaster(horizon=2, max_iter=2, random_state=0).fit(temperature[:-1])
        >>> stream = model.stream()
        >>> before = stream.snapshot()
        >>> forecast = stream.update(temperature.iloc[-1]).forecast()
        >>> bool((forecast == model.update(temperature[-1:]).forecast()).all())
        True
        >>> stream.restore(before).forecast().index[0] == temperature.index[-1]
        True
        """
        check_is_fitted(self)
        levels, number = [] if level is None else read_levels(level), self.panel_.find(series_id)
        if levels:
            self._tails(levels)  # which raises where errors are too few
        return Stream(self, number, levels)

    def _learn(self, panel):
        begun = time.perf_counter()
        series = Series.of(panel)
        first = self._resolve(panel)
        n_training = self._count_training(series, first)
        has_refit, kind = self.refit and bool((n_training < series.lengths).any()), _KINDS[self.state]
        ways = self._ways(panel, series.head(n_training).values)
        n_members = self._count_members(ways[0], first)
        ways = [way[:n_members] for way in ways]
        *seeds, trial_seed = self._draw_seeds(n_members + 1)
        way, errors = self._try(ways, panel, series, n_training, trial_seed)
        settings = [self._resolve(panel, recipe, group) for group, recipe in enumerate(way)]
        n_windows, max_time = settings[0].count_windows(n_training), self.max_time
        if max_time is not None and has_refit:  # which makes no more epochs, but of more windows
            max_time -= time.perf_counter() - begun
            max_time *= 0.9 * n_windows / (n_windows + settings[0].count_windows(series.lengths))
        options = self._options_for(settings[0], n_windows, max_time)
        tasks = [
            Tasks(partial(kind.task.of, one, series), n_training, series.lengths, has_refit, n)
            for one, n in zip(settings, (len(range(k, n_members, len(way))) for k in range(len(way))), strict=True)
        ]
        starts = self._earlier_weights([one.first for one in tasks], n_members)

        def learn(k, options, name):
            group = k % len(way)
            ends_early = settings[group].ends_early
            return self._learn_one(tasks[group], options, seeds[k], name, begun, starts[k], ends_early)

        learnt = self._side_by_side(learn, n_members, options, stacklevel=5)
        groups = [k % len(way) for k, one in enumerate(learnt) if one is not None]
        learnt = [one for one in learnt if one is not None]

        # Nothing is kept before everything has gone well: a fit that fails leaves an earlier one as it was.
        first, pairs = learnt[0], list(zip(groups, learnt, strict=True))
        members = [kind.member(settings[group], one.task, one.parameters) for group, one in pairs]
        rows = {key: made for one in tasks for key, made in one.rows_of_all().items()}
        self._members = remembering(members, series, rows)
        before = [kind.member(settings[group], tasks[group].first, one.training.parameters) for group, one in pairs]
        self._before_refit = before, n_training, series.lengths
        self.choices_ = self._describe_choices(way, errors, settings[0], options, n_members)
        settings = settings[0]
        self._began_warm = starts[0] is not None
        self._keep(first.training)
        self.parameters_, self.stop_reason_ = first.parameters, first.stop_reason
        histories = [pd.DataFrame(one.training.history) for one in learnt]
        self.history_ = (
            histories[0] if n_members == 1 else pd.concat(histories, keys=range(len(learnt)), names=["member"])
        )
        self.season_, self.lookback_ = settings.season, settings.lookback
        self.hidden_layer_sizes_ = settings.network.hidden_layer_sizes
        self._architecture = first.task.architecture
        self._numbers = np.argsort(panel.order)  # of each series of the panel, in the order of training

    def _draw_seeds(self, n):
        rng = check_random_state(self.random_state)
        return [rng.randint(np.iinfo(np.int32).max) for _ in range(n)]

    def _ways(self, panel, known):
        """Return what is to be tried, as `choices.recipes` has it; a warm start goes on with what was chosen before."""
        carried = self.state == "carried"
        window_norm = None if carried and is_auto(self.window_norm) else self.window_norm
        seasons, is_positive = seasonal_periods(panel.clock.freq), not (known < 0).any()
        lookback = choices.resolve_lookback(self.lookback, self.horizon, seasons, np.median(panel.lengths))
        season = choices.season_to_remove(seasons[0], lookback, panel.lengths)
        ways = choices.recipes(self.target_transform, window_norm, season, is_positive, lookback, self.scaler)
        chosen = getattr(self, "choices_", {}).get("recipes") if self.warm_start else None
        return [chosen] if chosen in ways else ways

    def _count_members(self, way, settings):
        """Return how many networks learn by the recipes of a way."""
        return len(way) * settings.n_seeds if is_auto(self.n_members) else self.n_members

    def _try(self, ways, panel, series, n_training, seed):
        """Return the best of some ways, and the errors of all that were tried.

        Each is tried by a network of its first recipe, which is trained for a part of the epochs.
        """
        if len(ways) == 1 or (n_training == series.lengths).all():
            return ways[0], []
        kind = _KINDS[self.state]

        def attempt(k, options, name):
            task = kind.task.of(settings[k], series, n_training)
            training = self._train_on(task, options, seed, f"trial of window_norm={ways[k][0].window_norm!r}")
            if training.stop_reason == "interrupted":
                raise KeyboardInterrupt
            member = kind.member(settings[k], task, training.parameters)
            (member,) = remembering([member], series, {id(task.preparation): task.windows.rows})

            def forecast(of, rows):
                return member.forecast_from(numbers[of], rows, options.n_threads)

            return choices.trial_errors(forecast, panel, n_training[numbers], self.horizon)

        numbers = np.argsort(panel.order)
        settings = [self._resolve(panel, way[0]) for way in ways]
        options = self._options_for(settings[0], settings[0].count_windows(n_training), self.max_time)
        options = replace(options, max_iter=-(-options.max_iter // choices.TRIAL_SHARE))
        options = replace(options, max_time=options.max_time and options.max_time / (2 * choices.TRIAL_SHARE))
        errors = self._side_by_side(attempt, len(ways), options)
        if any(of is None for of in errors):  # a trial is nothing to keep
            raise KeyboardInterrupt
        return ways[choices.best_way(errors)], [float(of.mean()) for of in errors if len(of)]

    def _options_for(self, settings, n_windows, max_time):
        """Return the TrainingOptions that the arguments mean for so many windows of an epoch."""
        batch_size = settings.batch_size
        return self._training_options(
            learning_rate=resolve("learning_rate", self.learning_rate),
            schedule=resolve("schedule", self.schedule),
            batch_size=batch_size,
            max_iter=choices.resolve_max_iter(self.max_iter, n_windows, batch_size, settings.n_updates),
            max_time=max_time,
        )

    def _describe_choices(self, way, errors, settings, options, n_members):
        """Return what the arguments that are "auto" have become."""
        network = settings.network
        return {
            "season": settings.season,
            "lookback": settings.lookback,
            "recipes": way,
            "trial_errors": errors,
            "hidden_layer_sizes": network.hidden_layer_sizes,
            "dropout": network.dropout,
            "linear_skip": network.n_skip > 0,
            "patch_size": network.patch,
            "loss": network.loss,
            "learning_rate": options.learning_rate,
            "schedule": options.schedule,
            "batch_size": options.batch_size,
            "windows_per_epoch": settings.windows_per_epoch,
            "max_iter": options.max_iter,
            "n_members": n_members,
        }

    def _earlier_weights(self, tasks, n_members):
        """Return the parameters of each member of the last fit, to start from; None where there was none."""
        if not self.warm_start or not hasattr(self, "_members"):
            return [None] * n_members
        networks = [tasks[k % len(tasks)].architecture for k in range(n_members)]
        if [member.architecture for member in self._members] != networks:
            raise ValueError(
                "warm_start needs the same network, and as many members, as the fit before; set it to False. Another "
                "covariate, or another category of one, makes another network."
            )
        return [member.parameters.astype(self.dtype) for member in self._members]

    def _side_by_side(self, learn, n, options, stacklevel=1):
        """Return what each of n members has learnt, None for those that never began.

        `learn` is given the number of the member, its TrainingOptions and what messages add to its name.
        """
        n_at_once = min(n, options.n_threads)
        rounds = -(-n // n_at_once)
        options = replace(
            options, n_threads=options.n_threads // n_at_once, max_time=options.max_time and options.max_time / rounds
        )
        names = [f", member {k} of {n}" if n > 1 else "" for k in range(1, n + 1)]
        runs = [partial(learn, k, options, names[k]) for k in range(n)]
        learnt = run_together(runs, n_at_once)
        for one in learnt:
            if getattr(one, "warning", ""):
                warnings.warn(one.warning, ConvergenceWarning, stacklevel=stacklevel)
        return learnt

    def _learn_one(self, tasks, options, seed, name, begun, start, ends_early):
        """Return what one network has learnt: by the first task; then by the second, for as long as was best or all."""
        training = self._train_on(tasks.first, options, seed, f"training{name}", start)
        tasks.let_go()
        task = replace(tasks.first, windows=None, validation=None)
        learnt = _Learnt(training, training.parameters, task, training.stop_reason)
        if training.stop_reason in CUT_SHORT:
            return replace(learnt, warning=describe_cut(training, f"training{name}"))
        if not tasks.has_refit:
            return learnt
        n_epochs, label = training.best_iter if ends_early else options.max_iter, f"refit on everything{name}"
        options = replace(options, max_iter=n_epochs, n_iter_no_change=n_epochs)
        try:
            on_all = tasks.on_all()
            if self.max_time is not None:
                options = replace(options, max_time=self.max_time - (time.perf_counter() - begun))
            refitted = self._train_on(on_all, options, seed, label, start)
        except (KeyboardInterrupt, NothingLearnt) as error:
            reason = "interrupted" if isinstance(error, KeyboardInterrupt) else "diverged"
            refitted = Training(None, None, stop_reason=reason)
        if len(refitted.history) == n_epochs and refitted.stop_reason not in CUT_SHORT:
            return replace(learnt, parameters=refitted.parameters, task=on_all)
        kept = "the network trained without the held-out part is kept"
        stopped = {**CUT_SHORT, **_STOPPED}[refitted.stop_reason]
        warning = stopped.format(run=label, n=how_many(len(refitted.history), "epoch"), kept=kept)
        return replace(learnt, stop_reason=refitted.stop_reason, warning=warning)

    def _resolve(self, panel, recipe=None, group=0):
        """Return the Settings that the arguments mean for these data, by a recipe; without one by the first."""
        seasons, scaler = seasonal_periods(panel.clock.freq), resolve("scaler", self.scaler)
        recipe = recipe or self._ways(panel, panel.values)[0][0]
        window_norm, transform = recipe.window_norm, make_chain(recipe.target_transform, scaler, seasons)
        if window_norm == "standard" and scaler is None:
            raise ValueError(
                "window_norm='standard' tells still windows from moving ones by the scale of the series; give a scaler."
            )
        if self.state == "carried":
            known_ahead = self._names_ahead(panel)
            refuse_for_carried(
                self.window_norm, self.strategy, self.missing, self.windows_per_epoch, known_ahead, transform
            )
        lookback = choices.resolve_lookback(self.lookback, self.horizon, seasons, np.median(panel.lengths))
        settings = _KINDS[self.state].settings(
            horizon=self.horizon if self.strategy == "direct" else 1,
            n_ahead=self.horizon,
            lookback=lookback,
            season=seasons[0],
            group=group,
            network=self._resolve_network(panel, window_norm, lookback, seasons[0]),
            transform=transform,
            missing=self.missing,
            bounds=self._limits(),
            dtype=self.dtype,
            windows_per_epoch=None,
            batch_size=1,
            past_covariates=tuple(self.past_covariates or ()),
            calendar=check_calendar(self.calendar, panel.clock.freq),
        )
        return self._with_sizes(settings, panel)

    def _with_sizes(self, settings, panel):
        """Return the Settings with sizes of the network and of its portions, which follow from how much there is."""
        is_carried = self.state == "carried"
        sizes = choices.sizes_for(settings.count_windows(panel.lengths), settings.lookback, settings.horizon)

        def chosen(name):
            return getattr(sizes, name) if is_auto(getattr(self, name)) else getattr(self, name)

        batch_size = chosen("batch_size")
        return replace(
            settings,
            network=replace(
                settings.network,
                hidden_layer_sizes=layer_sizes(chosen("hidden_layer_sizes")),
                dropout=float(chosen("dropout")),
            ),
            batch_size=min(batch_size, panel.n_series) if is_carried else batch_size,
            windows_per_epoch=None if is_carried else chosen("windows_per_epoch"),
            n_updates=sizes.n_updates,
            n_seeds=sizes.n_seeds,
            ends_early=sizes.ends_early or not is_auto(self.max_iter),
        )

    def _resolve_network(self, panel, window_norm, lookback, season):
        """Return the Architecture that the arguments mean, of which the data give the sizes of what goes in and out."""
        loss, is_carried = resolve("loss", self.loss), self.state == "carried"
        reads_ahead = bool(self._names_ahead(panel) or self.static_covariates or self.calendar)
        skips = resolve("linear_skip", self.linear_skip)
        if is_auto(self.linear_skip) and (reads_ahead or is_carried):
            skips = False
        patch = choices.resolve_patch(
            self.patch_size, lookback, 1 if reads_ahead or panel.categories or is_carried else season
        )
        for name, is_used in (("linear_skip=True", skips), (f"patch_size={patch}", patch > 1)):
            if is_used and (reads_ahead or is_carried):
                what = "state='carried' has" if is_carried else "covariates known ahead, or of the calendar, leave"
                raise ValueError(f"{name} needs windows that end in what is known, which {what} none of; leave it out.")
        if patch > 1 and panel.categories:
            raise ValueError(f"patch_size={patch} cannot read categories; leave it out, or give them as numbers.")
        return Architecture(
            cell=self.cell,
            n_steps=0,
            n_features=0,
            hidden_layer_sizes=(),
            n_outputs=0,
            activation=self.activation,
            reset_after=bool(self.reset_after),
            window_norm=window_norm,
            loss=loss,
            loss_numbers=(float(self.delta),) if loss == "huber" else (),
            bidirectional=bool(self.bidirectional),
            recurrent_dropout=float(self.recurrent_dropout),
            horizon=self.horizon if self.strategy == "direct" else 1,
            skips_missing=self.missing == "mask",
            n_skip=lookback * bool(skips),
            patch=patch,
        )

    def _check_panel(self, panel):
        check_covariates(panel, self.past_covariates, self.static_covariates)
        refuse_outside(panel, self._limits())
        self._resolve(panel)

    def _limits(self):
        """Return `bounds` as two floats, infinite for None, or None if there are no bounds."""
        if self.bounds is None:
            return None
        given = self.bounds
        is_pair = isinstance(given, tuple | list) and len(given) == 2
        are_limits = is_pair and all(
            limit is None or (isinstance(limit, Real) and not isinstance(limit, bool)) for limit in given
        )
        if not are_limits:
            raise TypeError(
                f"bounds must be a pair of numbers, None for no bound, such as (0, None); got {self.bounds!r}."
            )
        lower, upper = (-np.inf if given[0] is None else given[0]), (np.inf if given[1] is None else given[1])
        if not lower < upper:
            raise ValueError(f"the lower of the bounds must be below the upper; got {self.bounds!r}.")
        return float(lower), float(upper)

    def _observe(self, panel):
        refuse_outside(panel, self._members[0].settings.bounds)
        self._members = remembering(self._members, Series.of(panel))

    def _train_on(self, task, options, seed, label, start=None):
        """Return the Training of a fresh network, or from these parameters."""
        rng = np.random.RandomState(seed)  # the kind of generator scikit-learn passes around
        going_on = None if start is None else Training(start, None)
        return self._train(task.architecture, task.windows, options, rng, task.validation, going_on, label=label)

    def _count_training(self, series, settings):
        """Return how many rows of each series are trained on; raise if they are too few, or all constant."""
        lengths, horizon = series.lengths, settings.horizon
        n_validation, least = np.zeros(len(lengths), np.int64), horizon + 1 + settings.n_lost
        if self.early_stopping:
            n_validation = np.maximum(self.horizon, np.ceil(self.validation_fraction * lengths).astype(np.int64))
        n_training = np.where(lengths - n_validation >= least, lengths - n_validation, lengths)
        is_known = ~np.isnan(series.values)
        if not is_known.all():  # what has no value before the part held out has no scale: it is learnt from, all of it
            row = np.arange(len(is_known)) - np.repeat(series.bounds[:-1], lengths)
            firsts = np.minimum.reduceat(np.where(is_known, row[:, np.newaxis], len(row)), series.bounds[:-1], axis=0)
            is_late = firsts.max(axis=1) >= n_training
            if is_late.all() and (n_training < lengths).any():
                label = series.label(0) if len(lengths) == 1 else f"each of the {len(lengths)} series"
                raise ValueError(
                    f"{label} has its first value in the part that is held out for validation, the last "
                    f"{how_many(int(n_validation[0]), 'row')}; give longer series, or set early_stopping=False."
                )
            n_training = np.where(is_late, lengths, n_training)
        is_one = len(lengths) == 1
        if (n_training < least).all() or (self.early_stopping and (n_training == lengths).all()):
            longest = int(np.argmax(lengths))
            also = f" + {n_validation[longest]} held out for validation" if self.early_stopping else ""
            seen = "one to see" + (f" + {settings.n_lost} to take differences from" if settings.n_lost else "")
            label = series.label(longest) if is_one else f"the longest, {series.label(longest)},"
            rows = f"{lengths[longest]} rows" if lengths[longest] > 1 else "1 row (one sample)"
            raise ValueError(
                f"{label} has {rows}; {seen} + horizon {horizon}{also} needs at least "
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

    def _forecast_ahead(self, series, n_steps, ahead=None):
        numbers = self._numbers[series]
        return self._combine(lambda member, threads: member.forecast_ahead(numbers, n_steps, threads, ahead))

    def _names_ahead(self, panel):
        others = {*(self.past_covariates or ()), *(self.static_covariates or ())}
        return [name for name in panel.covariate_names if name not in others]

    def _fitted_values(self, series, rows):
        first = np.maximum(rows - self._fitted_horizon + 1, 0)
        fitted = np.empty((len(rows), self.panel_.n_targets))
        for start in range(0, len(rows), FITTED_AT_ONCE):  # one step of each forecast is kept
            piece = slice(start, start + FITTED_AT_ONCE)
            forecasts = self._forecasts_from(series[piece], first[piece])
            fitted[piece] = forecasts[np.arange(len(forecasts)), (rows - first)[piece]]
        return fitted

    def _combine(self, forecast, members=None):
        """Return the mean over groups of the median of what `forecast` returns for a member and a number of threads."""
        groups = {}
        for member in members or self._members:
            groups.setdefault(member.settings.group, []).append(forecast(member, count_threads(self.n_jobs)))
        medians = [of[0] if len(of) == 1 else 2 * np.median(np.multiply(of, 0.5), axis=0) for of in groups.values()]
        # Halves, as the mean of two large numbers is made from their sum.
        return medians[0] if len(medians) == 1 else sum(np.multiply(of, 1 / len(medians)) for of in medians)

    def _forecasts_from(self, series, rows, members=None):
        numbers = self._numbers[series]
        return self._combine(lambda member, n_threads: member.forecast_from(numbers, rows, n_threads), members)
