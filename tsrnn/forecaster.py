"""RNNForecaster: from a series to the forecast of its next steps."""

from numbers import Integral, Real

from sklearn.utils._param_validation import Interval
from sklearn.utils.validation import check_is_fitted

from .answering import AnsweringMixin
from .arguments import check
from .base import (
    AUTO,
    NETWORK_CONSTRAINTS,
    OPTIMIZER_CONSTRAINTS,
    POSITIVE_INT,
    RATE,
    RecurrentEstimator,
    StrOptions,
    constraint_with_auto,
    one_of_or_none,
)
from .contract import ForecasterMixin
from .kernels.plan import WINDOW_NORMS
from .learning import LearningMixin
from .losses import LIKELIHOODS, refuse_no_counts
from .member import remembering
from .panel import refuse_outside
from .preparation import Series
from .skill import skill_report
from .spread import read_levels
from .streaming import Stream


class RNNForecaster(LearningMixin, AnsweringMixin, ForecasterMixin, RecurrentEstimator):
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
        most 400 steps are counted. Windows to learn from begin where half of their steps are known, or from 96 steps on
        all.
    cell : {"lstm", "gru", "rnn"}, default="lstm"
        As in :class:`tsrnn.RNNRegressor`, like `activation` and `reset_after`.
    hidden_layer_sizes : int, tuple of int or "auto", default="auto"
        Hidden units of each recurrent layer; "auto" is (32,), or (64,) of many windows: from 65,536 on where they have
        fewer than 96 steps; from 16,384 on where they have more, if they make 1,024 stretches of the horizon that share
        no step.
    activation : {"tanh", "relu"}, default="tanh"
    reset_after : bool, default=True
    bidirectional : bool, default=False
        As in :class:`tsrnn.RNNRegressor`, like `dropout` and `recurrent_dropout`.
    dropout : float or "auto", default="auto"
        "auto" is 0.3 from 16,384 windows of 96 steps or more on, if they make fewer than 1,024 stretches of the horizon
        that share no step; else 0.
    recurrent_dropout : float, default=0.0
    linear_skip : bool or "auto", default="auto"
        Whether the outputs are a linear function of the window's values, too, beside what the layers make of it.
        "auto" is True where the window ends in what is known: not with covariates known ahead, static ones or a
        `calendar` that is given, nor carried; nor of counts.
    patch_size : int or "auto", default="auto"
        Steps that the network reads side by side as one, by which long windows become short (Lin et al. 2023). "auto"
        is a season where windows have 96 steps or more and hold four seasons, and there are no categories, covariates
        known ahead, static ones or a `calendar` that is given, nor a carried state; else 1.
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
    calendar : list of str, "all", None or "auto", default="auto"
        What is read off the clock: "minute", "hour", "weekday", "day_of_month", "day_of_year" and "month" as sine and
        cosine, "holidays:DE" as 0 and 1 (by the package holidays); "all" are those that fit the step of the clock
        (:func:`tsrnn.calendar.check_calendar`), None is nothing. It is known ahead, but with `linear_skip` or
        `patch_size` read in the window alone. "auto" is nothing, but in windows of fewer than 96 steps, where `loss` is
        one of distributions, those of the clock's seasons that usual series hold twice, such as "weekday" of days:
        weekends may be wilder. It leaves the linear skip as it is.
    scaler : {"standard", "minmax", "robust", "mean", "pooled", None}, transformer or "auto", default="auto"
        Scaling of each series, learnt on its training part alone. "standard": mean 0, deviation 1; "pooled": mean 0,
        and divided by the median of the deviations of all series. "auto" is "standard"; where several series are
        learnt from by their logarithms, in windows of fewer than 96 steps that have a level, as many networks again
        learn from these "pooled". A transformer of scikit-learn is cloned for each series.
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
        by three standard errors. Windows of fewer than eight steps have "last", and without a part held out nothing is
        tried.
    bounds : tuple of (float or None), default=None
        What forecasts are kept above and below, in units of the series: ``(0, None)`` for what cannot be negative.
        Observed values must lie within.
    loss : str, default="auto"
        Of the scaled series. What is forecast is one number by

        - "absolute_error", which "auto" is, "squared_error" and "huber", as in :class:`tsrnn.RNNRegressor`, like
          `delta`;
        - "quantile" with one level `quantile`: that quantile;

        or a distribution of each step and target, of which intervals, quantiles and paths are made. It is that of what
        transforms make of the series, which may not take differences; of "auto" none takes logarithms, and no
        `window_norm` is "standard". They are "quantile" with several levels, and the negative log-likelihoods

        - "normal" and "student_t", of location, scale and degrees of freedom. Forecasts are medians;
        - "poisson" and "negative_binomial" of counts, 0, 1, 2, ... (Salinas et al. 2020). Forecasts are means; all
          else are whole numbers, and not negative. Counts are learnt as they are: "auto" leaves them so, with
          `window_norm` "scale", no linear skip and no scaler, and others are refused. A carried state has no scale of
          a window: counts of hundreds are learnt slowly there.
    delta : float, default=1.0
    quantile : float or sequence of float, default=(0.1, 0.5, 0.9)
        "quantile" only: the level or levels, between 0 and 1. Several never cross. Between them a quantile is found on
        a straight line in the normal score, and beyond the outermost this line goes on.
    optimizer : {"adam", "adamw", "nadam", "rmsprop", "adagrad", "sgd"}, default="adam"
        As in :class:`tsrnn.RNNRegressor`, like `clip_norm` and `shuffle`.
    learning_rate : float or "auto", default="auto"
        "auto" is 3e-3.
    schedule : str, dict or "auto", default="auto"
        As in :class:`tsrnn.RNNRegressor`, like `alpha`; "auto" is "cosine".
    alpha : float, default=0.0
    clip_norm : float or None, default=1.0
    batch_size : int or "auto", default="auto"
        Windows of a minibatch; "auto" is 32, or 128 of many windows (`hidden_layer_sizes`) and those that `dropout` is
        for; 64 of fewer but long ones, which have half a million steps together.
    shuffle : bool, default=True
    windows_per_epoch : int, None or "auto", default="auto"
        Windows of an epoch, drawn anew for each, where there are more; early stopping then watches as many of those
        that are held out, evenly spread and always the same. None for all; "auto" is 15,360 of many windows, and 3,840
        of those that `dropout` is for.
    max_iter : int or "auto", default="auto"
        Epochs at most; "auto" makes about 5,000 updates of the weights, in 5 to 100 epochs; 2,400 of many windows, or
        of long ones that have half a million steps together, and 360 of those that `dropout` is for.
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
        "auto" for all of them where there are many windows, or those that `dropout` is for. A `schedule` comes to its
        end with these epochs; but of distributions it is that of all epochs, as it was before, and is left early, so
        that they are as wide as those that intervals are measured by.
    n_members : int or "auto", default="auto"
        Networks from different seeds, trained side by side, whose forecasts are combined: by the median, or where some
        learn from logarithms by the mean of the medians of each kind. "auto" is three of each; one of many windows, or
        of long ones that have half a million steps together; but three of those that `dropout` is for.
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
        What was chosen, by the name of the argument; "recipes" are the `target_transform`, `window_norm` and `scaler`
        that networks learn by, in turn, and "trial_errors" what the ways that were tried came to, by their
        `window_norm`: mean absolute errors on the part held out, in units of each series' mean change over a season.
        :meth:`report` prints it.
    parameters_ : ndarray
        The flat vector of all weights; `get_weights` gives them by name.
    panel_ : Panel
        The series as they were read, and the rows of each `update`.

    References
    ----------
    Hewamalage, Bergmeir and Bandara (2021), Recurrent neural networks for time series forecasting: current status and
    future directions, International Journal of Forecasting 37: the direct strategy, the level of a window, its length,
    the median over seeds.

    Salinas, Flunkert, Gasthaus and Januschowski (2020), DeepAR: probabilistic forecasting with autoregressive recurrent
    networks, International Journal of Forecasting 36: likelihoods.

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

    Counts, whose distributions are forecast:

    >>> import numpy as np
    >>> import pandas as pd
    >>> days = pd.date_range("2024-01-01", periods=200, freq="D")
    >>> sold = pd.Series(np.random.default_rng(0).poisson(3, size=200), days, name="sold")
    >>> model = tsrnn.RNNForecaster(horizon=2, loss="poisson", max_iter=5, random_state=0).fit(sold)
    >>> paths = model.sample(model.future_frame(2), n_paths=3, random_state=0)
    >>> bool((paths % 1 == 0).all(axis=None) and (paths >= 0).all(axis=None))
    True

    Many series, one network, and what the calendar says; the forecast comes in the format of the data:

    >>> jobs = tsrnn.datasets.load_us_employment()
    >>> model = tsrnn.RNNForecaster(horizon=3, calendar=["month"], max_iter=3, random_state=0).fit(jobs)
    >>> model.forecast().groupby("unique_id").size().head(2).to_dict()
    {'construction': 3, 'durable_goods': 3}
    """

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
        "loss": [StrOptions({"squared_error", "absolute_error", "huber", "quantile", *LIKELIHOODS}), AUTO],
        "delta": [Interval(Real, 0, None, closed="neither")],
        "quantile": [Real, "array-like"],
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
        calendar="auto",
        scaler="auto",
        target_transform="auto",
        window_norm="auto",
        bounds=None,
        loss="auto",
        delta=1.0,
        quantile=(0.1, 0.5, 0.9),
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
        self.quantile = quantile
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
        refuse_no_counts(self._members[0].architecture.loss, panel)
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
        calendar            ()
        recipes             target_transform=['signed_log1p', 'deseasonalise'], window_norm='mean', scaler='standard'
                            target_transform='deseasonalise', window_norm='mean', scaler='standard'
        trial_errors        {}
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
        held_out = self._held_out("report()")
        for name, value in self.choices_.items():
            shown = str(value) if name != "recipes" else ("\n" + " " * 20).join(map(str, value))
            print(f"{name:<20}{shown}")  # noqa: T201, what it is for
        return skill_report(held_out.forecast, self.panel_, held_out.first, held_out.last, self._fitted_horizon)

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
            self._held_out("an interval that adapts")
        return Stream(self, number, levels)

    def _check_panel(self, panel):
        check(self, panel)

    def _observe(self, panel):
        refuse_outside(panel, self._members[0].settings.bounds)
        self._members = remembering(self._members, Series.of(panel))

    def _names_ahead(self, panel):
        others = {*(self.past_covariates or ()), *(self.static_covariates or ())}
        return [name for name in panel.covariate_names if name not in others]
