"""The door of back-tests: from the arguments to fits at many origins, among processes, and their result."""

from contextlib import closing
from inspect import Parameter, signature

from joblib import Parallel, delayed, effective_n_jobs
from sklearn.pipeline import Pipeline
from tqdm import tqdm

from ..counts import how_many
from ..spread import Spread
from .data import Data
from .fits import cut_into_blocks, forecaster_of, prepare, refuse_spread, run_block
from .origins import check_count, check_window, choose_origins
from .result import collect


def backtest(
    estimator,
    X,
    y=None,
    *,
    horizon=None,
    step=1,
    window="expanding",
    window_size=None,
    initial=None,
    n_origins=None,
    refit=True,
    level=None,
    q=None,
    n_jobs=None,
    verbose=0,
):
    """Return the forecasts that an estimator would have made at many origins of the past, and the truth.

    Parameters
    ----------
    estimator : estimator
        A forecaster, or what holds one: a Pipeline that ends in it, a TransformedTargetRegressor, a search. With
        ``refit=True`` any regressor of scikit-learn will do if `y` is given. It is cloned, never changed.
    X, y
        As `fit` of the forecaster takes them: one series or many, in any of its formats. A Pipeline needs `y`, since
        its steps would transform the values to forecast as well. At an origin the estimator is given the rows up to it,
        and for `predict` the rows of X that follow, in which values to forecast are blanked.
    horizon : int, optional
        Steps to forecast at each origin, all of which must lie within the data; that of the forecaster if not given.
    step : int, default=1
        Steps from one origin to the next.
    window : {"expanding", "rolling"}, default="expanding"
        Whether training begins at the first step of the data, or `window_size` steps before the origin.
    window_size : int, optional
        Steps of a rolling window; as many as there are up to the first origin if not given.
    initial : int or float, optional
        Steps up to the first origin, or their fraction of all steps; origins follow from there to the end.
    n_origins : int, optional
        How many origins: the first so many with `initial`, the last so many without. With neither, the last 10, or as
        many as leave half of the steps to the first.
    refit : bool, int or "warm", default=True
        True fits a fresh clone at every origin. False fits once, at the first origin; at later ones the memory of the
        forecaster has moved forward, as by its `update`. k fits at every k-th origin. "warm" trains on at every origin,
        from the weights of the one before, for which the forecaster needs an argument `warm_start`.
    level : float or sequence of float, optional
        Percent of the truths that intervals beside the forecasts are to hold, as in `predict_interval`.
    q : float or sequence of float, optional
        Probabilities of quantiles beside the forecasts, as in `predict_quantiles`.
    n_jobs : int, optional
        Processes among which fits are divided, as in joblib, where None is one. In each of several the estimator has
        one thread, if its own `n_jobs` is None. The result is the same.
    verbose : int, default=0
        1 shows a progress bar.

    Returns
    -------
    Backtest
        With a tidy frame of all `forecasts`, and their `scores` by step, origin or series; with `level` and `q` also
        `interval_scores` and `quantile_scores`.

    Raises
    ------
    TypeError, ValueError
        If an argument is out of range, the data cannot be read, or leave no training before the first origin; or if
        the estimator cannot do without a refit what is asked, or has no intervals or too few errors for them. What a
        fit raises carries a note of its origin.

    Warns
    -----
    UserWarning
        As a fit, or the forecaster's `predict_interval`, does.

    See Also
    --------
    assert_no_lookahead : Prove that no forecast has seen what came after its origin.

    Notes
    -----
    Steps are those of the clock of all series together, absent stamps included. Forecast are the rows of the data after
    an origin; an absent stamp has none. A series takes part from the first fit that sees a row of it, until it ends.
    A step of the clock that was not given as `freq` is read once, from all of the data.

    The covariates of the rows after an origin are those of the data, as if they had been known there; what was not is
    to be named in `past_covariates` of the forecaster.

    Intervals and quantiles are made at each origin from errors that were known at the fit before: those of later ones,
    of which a live forecaster would know, do not change them.

    Without a refit the origins of a forecaster are forecast in one batch, but for those after a missing value or before
    a missing covariate. A Pipeline, whose steps might make one row from others, goes from origin to origin.

    References
    ----------
    Tashman (2000), Out-of-sample tests of forecasting accuracy: an analysis and review, International Journal of
    Forecasting 16: rolling origins, and whether to refit.

    Examples
    --------
    >>> import tsrnn
    >>> temperature = tsrnn.datasets.load_elnino()
    >>> test = tsrnn.backtest(tsrnn.SeasonalNaive(), temperature, horizon=3, step=12, n_origins=4)
    >>> test.forecasts.head(3)
          origin  step         ds  forecast  truth
    0 2007-09-01     1 2007-10-01     22.46  19.31
    1 2007-09-01     2 2007-11-01     22.61  19.82
    2 2007-09-01     3 2007-12-01     24.15  21.15
    >>> test.scores(by="step")[["MAE", "MASE", "bias"]].round(2).reset_index()
       step   MAE  MASE  bias
    0     1  1.85  1.58  0.68
    1     2  1.63  1.39  0.54
    2     3  1.55  1.33  0.52
    """
    forecaster = forecaster_of(estimator)
    data = Data.read(X, y, forecaster)
    if y is None and isinstance(estimator, Pipeline) and len(estimator) > 1:
        raise ValueError(
            "the steps of a Pipeline before its forecaster would transform the values to forecast as well; give these "
            "as y, apart from X."
        )
    if horizon is None:
        horizon = getattr(forecaster, "horizon", None)
        if horizon is None:
            raise ValueError(f"{type(forecaster).__name__} has no horizon of its own; say how many steps to forecast.")
    check_count("horizon", horizon)
    origins = choose_origins(data.panel, horizon, step, initial, n_origins)
    window_size = check_window(window, window_size, origins, data.panel)
    blocks = cut_into_blocks(origins, refit, estimator, forecaster)
    spread = Spread.read(level, q) if level is not None or q is not None else None
    if spread is not None:
        refuse_spread(estimator, forecaster, refit)
    if y is None:
        for regressor in (estimator, forecaster):
            _refuse_no_y(regressor)
    common = {"data": data, "horizon": int(horizon), "window_size": window_size, "is_warm": refit == "warm"}
    common["spread"] = spread
    jobs = [(prepare(estimator, data.panel.clock, refit), block) for block in blocks]
    with closing(_Bar(total=len(origins), desc="back-test", unit="origin", disable=not verbose)) as bar:
        if len(jobs) == 1 or effective_n_jobs(n_jobs) == 1:  # each fit may then have all the threads it wants
            done = (run_block(*job, **common) for job in jobs)
        else:
            done = Parallel(n_jobs=n_jobs, return_as="generator")(delayed(run_block)(*job, **common) for job in jobs)
        results = []
        for block, result in zip(blocks, done, strict=True):
            results += result
            bar.update(len(block))
    if not results:
        raise ValueError(
            f"the data have no row within {how_many(horizon, 'step')} after any origin, the first of "
            f"which is {data.panel.stamps(origins[:1])[0]}; ask for a longer horizon, or for other origins."
        )
    return collect(results, data, window_size, spread or Spread())


def _refuse_no_y(regressor):
    """Raise if the `fit` of a regressor does not go without y."""
    y = signature(regressor.fit).parameters.get("y")
    if y is not None and y.default is Parameter.empty:
        raise ValueError(
            f"{type(regressor).__name__} needs y to be fitted; give the values to forecast as y, apart from X."
        )


class _Bar(tqdm):
    """A progress bar without a monitoring thread, which would outlive the back-test."""

    monitor_interval = 0
