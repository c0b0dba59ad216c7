"""Scores of forecasts: one function each, tables of all for one forecast or a panel, and scorers for scikit-learn.

Errors are forecast - truth. MAE, RMSE and bias are in the unit of the series, MAPE, sMAPE and WAPE in percent, and
MASE, RMSSE, R2 and the directional accuracy are pure numbers.
"""

import warnings
from numbers import Integral

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.metrics import mean_absolute_error, r2_score, root_mean_squared_error
from sklearn.pipeline import Pipeline
from sklearn.utils.metadata_routing import UNUSED

__all__ = [
    "mae", "rmse", "bias", "mape", "smape", "wape", "mase", "rmsse", "naive_error", "r2", "directional_accuracy",
    "overall_weighted_average", "forecast_scores", "panel_scores", "scorer",
]  # fmt: skip


def mae(y_true, y_pred, *, sample_weight=None):
    """Return the mean absolute error, in the unit of the series.

    Parameters
    ----------
    y_true, y_pred : array-like of shape (n,)
        Truth and forecast of the same steps.
    sample_weight : array-like of shape (n,), optional
        Weights of the steps; a step of weight zero is as if it were not there.

    Returns
    -------
    float

    Raises
    ------
    TypeError, ValueError
        If truth and forecast differ in length or index, hold NaN, infinite values or what is no number, or the weights
        are no weights.

    Examples
    --------
    >>> from tsrnn.metrics import mae
    >>> mae([5.0, 6.0], [5.5, 7.5])
    1.0
    """
    y_true, y_pred, weight = _read(y_true, y_pred, sample_weight)
    return float(mean_absolute_error(y_true, y_pred, sample_weight=weight))


def rmse(y_true, y_pred, *, sample_weight=None):
    """Return the root of the mean squared error, in the unit of the series.

    Parameters
    ----------
    y_true, y_pred, sample_weight
        As in :func:`mae`.

    Returns
    -------
    float

    Examples
    --------
    >>> from tsrnn.metrics import rmse
    >>> rmse([5.0, 6.0], [8.0, 10.0])
    3.535...
    """
    y_true, y_pred, weight = _read(y_true, y_pred, sample_weight)
    return float(root_mean_squared_error(y_true, y_pred, sample_weight=weight))


def bias(y_true, y_pred, *, sample_weight=None):
    """Return the mean of forecast - truth, in the unit of the series: positive where the forecast is too high.

    The mean error (ME) of Hyndman and Koehler (2006) is truth - forecast, so it has the other sign.

    Parameters
    ----------
    y_true, y_pred, sample_weight
        As in :func:`mae`.

    Returns
    -------
    float

    Examples
    --------
    >>> from tsrnn.metrics import bias
    >>> bias([5.0, 6.0], [5.5, 7.5])
    1.0
    """
    y_true, y_pred, weight = _read(y_true, y_pred, sample_weight)
    return float(np.average(y_pred - y_true, weights=weight))


def mape(y_true, y_pred, *, sample_weight=None):
    """Return the mean absolute percentage error, in percent of each true value (Hyndman and Koehler 2006).

    :func:`sklearn.metrics.mean_absolute_percentage_error` is a share, not percent, and puts 2.2e-16 in place of
    smaller true values, so that a zero makes it some 1e15; here a zero is an error.

    Parameters
    ----------
    y_true, y_pred, sample_weight
        As in :func:`mae`.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If a true value is zero; otherwise as :func:`mae`.

    Examples
    --------
    >>> from tsrnn.metrics import mape
    >>> mape([100.0, 200.0], [110.0, 190.0])
    7.5
    """
    y_true, y_pred, weight = _read(y_true, y_pred, sample_weight)
    n_zeros = int((y_true == 0).sum())
    if n_zeros:
        raise ValueError(
            f"y_true is zero at {n_zeros} of {len(y_true)} step(s), where a percentage error is not defined; use wape, "
            "smape or mase."
        )
    return float(np.average(100 * np.abs(y_pred - y_true) / np.abs(y_true), weights=weight))


def smape(y_true, y_pred, *, sample_weight=None):
    """Return the symmetric mean absolute percentage error, in percent from 0 to 200.

    Points at which truth and forecast are both zero are left out, as in the code of the M4 competition
    (Makridakis, Spiliotis and Assimakopoulos 2020).

    Parameters
    ----------
    y_true, y_pred, sample_weight
        As in :func:`mae`.

    Returns
    -------
    float
        0 if truth and forecast are zero everywhere.

    Examples
    --------
    >>> from tsrnn.metrics import smape
    >>> smape([100.0, 200.0], [110.0, 190.0])
    7.326...
    """
    y_true, y_pred, weight = _read(y_true, y_pred, sample_weight)
    size = np.abs(y_true) + np.abs(y_pred)
    counted = size > 0
    if not counted.any():
        return 0.0
    weight = None if weight is None else weight[counted]
    return float(200 * np.average(np.abs(y_pred - y_true)[counted] / size[counted], weights=weight))


def wape(y_true, y_pred, *, sample_weight=None):
    """Return the weighted absolute percentage error: the sum of absolute errors in percent of that of the truth.

    A hundred times the normalised deviation (ND) of Salinas, Flunkert, Gasthaus and Januschowski (2020), DeepAR. That
    paper takes both sums over all series of a panel: give all rows at once for the same.

    Parameters
    ----------
    y_true, y_pred, sample_weight
        As in :func:`mae`.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If all true values are zero; otherwise as :func:`mae`.

    Examples
    --------
    >>> from tsrnn.metrics import wape
    >>> wape([0.0, 200.0], [10.0, 190.0])
    10.0
    """
    y_true, y_pred, weight = _read(y_true, y_pred, sample_weight)
    size = np.average(np.abs(y_true), weights=weight)
    if size == 0:
        raise ValueError("y_true is zero at every step, so WAPE has nothing to be a percentage of; use mae or mase.")
    return float(100 * np.average(np.abs(y_pred - y_true), weights=weight) / size)


def mase(y_true, y_pred, y_train, season=1, *, sample_weight=None):
    """Return the mean absolute scaled error: the error in units of the seasonal naive error within training.

    After Hyndman and Koehler (2006), Another look at measures of forecast accuracy. A training series not longer than
    `season` is scaled by its errors of one step, as in the Monash archive (Godahewa et al. 2021). Where values are
    missing, only pairs are counted that are one season apart and both observed; code that drops missing values first
    pairs others.

    Parameters
    ----------
    y_true, y_pred : array-like of shape (n,)
    y_train : array-like of shape (n_train,)
        What the forecaster was fitted on, regular in time; NaN where not observed.
    season : int, default=1
        Steps of one season.
    sample_weight : array-like of shape (n,), optional
        As in :func:`mae`.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If `season` is below 1, or the naive error is zero or cannot be computed; otherwise as :func:`mae`.

    Examples
    --------
    >>> from tsrnn.metrics import mase
    >>> mase([5.0, 6.0], [5.5, 5.5], y_train=[1.0, 2.0, 3.0, 4.0])
    0.5
    """
    y_true, y_pred, weight = _read(y_true, y_pred, sample_weight)
    scale = naive_error(y_train, season)
    if not scale > 0:
        raise ValueError(f"the naive error of y_train over {season} step(s) is {scale}; MASE needs it to be positive.")
    return float(np.average(np.abs(y_pred - y_true), weights=weight) / scale)


def rmsse(y_true, y_pred, y_train, season=1, *, sample_weight=None):
    """Return the root mean squared scaled error: the RMSE in units of that of seasonal naive within training.

    As in the M5 competition (Makridakis, Spiliotis and Assimakopoulos 2022), which has `season` 1 and leaves out what
    lies before the first sale: cut leading zeros off `y_train` for the same.

    Parameters
    ----------
    y_true, y_pred, y_train, season, sample_weight
        As in :func:`mase`.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If the training series is not longer than a season, as this score has no fallback to one step; otherwise as
        :func:`mase`.

    Examples
    --------
    >>> from tsrnn.metrics import rmsse
    >>> rmsse([5.0, 6.0], [5.5, 5.5], y_train=[1.0, 2.0, 3.0, 4.0])
    0.5
    """
    y_true, y_pred, weight = _read(y_true, y_pred, sample_weight)
    scale = naive_error(y_train, season, power=2)
    if len(y_train) <= season:
        raise ValueError(
            f"y_train has {len(y_train)} step(s), not more than season={season}; RMSSE needs more: use mase, or a "
            "shorter season."
        )
    if not scale > 0:
        raise ValueError(
            f"the squared naive error of y_train over {season} step(s) is {scale}; RMSSE needs it to be positive."
        )
    return float(np.sqrt(np.average((y_pred - y_true) ** 2, weights=weight) / scale))


def naive_error(y_train, season=1, *, power=1):
    """Return the mean absolute difference between values one season apart, over the pairs that are observed.

    Parameters
    ----------
    y_train : array-like of shape (n_train,)
        Regular in time; NaN where not observed.
    season : int, default=1
        Steps of one season; a series that is not longer is measured over one step.
    power : float, default=1
        Power of the differences before the mean: 1 in MASE, 2 in RMSSE.

    Returns
    -------
    float
        NaN if no two values one season apart are observed.

    Raises
    ------
    TypeError, ValueError
        If `season` is no whole number from 1 on, or the series holds infinite values or what is no number.

    Examples
    --------
    >>> from tsrnn.metrics import naive_error
    >>> naive_error([1.0, 5.0, 2.0, 9.0], season=2)
    2.5
    """
    train = _read_training(y_train)
    _check_season(season)
    return float(_naive_errors(train, np.zeros(len(train), np.intp), 1, season, power)[0])


def r2(y_true, y_pred, *, sample_weight=None):
    """Return the coefficient of determination: 1 at best, 0 for the mean of the truth, without a lower end.

    Parameters
    ----------
    y_true, y_pred, sample_weight
        As in :func:`mae`.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If the truth is one value or constant; otherwise as :func:`mae`.

    Examples
    --------
    >>> from tsrnn.metrics import r2
    >>> r2([1.0, 2.0, 3.0], [1.0, 2.0, 4.0])
    0.5
    """
    y_true, y_pred, weight = _read(y_true, y_pred, sample_weight)
    if y_true.min() == y_true.max():
        raise ValueError(
            f"y_true is {y_true[0]:g} at each of {len(y_true)} step(s), without variance that R2 could be a share of; "
            "use mae or mase."
        )
    return float(r2_score(y_true, y_pred, sample_weight=weight))


def directional_accuracy(y_true, y_pred, y_before=None, *, sample_weight=None):
    """Return the share of steps at which forecast and truth move the same way, from 0 to 1.

    The share of right signs of Pesaran and Timmermann (1992), A simple nonparametric test of predictive performance,
    where a move is up, down or none. A forecast of several steps knows no value after its origin, so its move at
    step k is from its own step k - 1, as that of the truth is from the true step k - 1; both start from the last value
    known. To score one-step forecasts, each made from the true value before, give these values as `y_before`.

    Parameters
    ----------
    y_true, y_pred : array-like of shape (n,)
        Successive steps, oldest first.
    y_before : float or array-like of shape (n,), optional
        The value before the first step; or for each step the value that its move is from. Without it the first step
        is not scored.
    sample_weight : array-like of shape (n,), optional
        Weights of the steps that moves lead to.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If `y_before` is neither one finite number nor one for each step, or no step is left to score; otherwise as
        :func:`mae`.

    Examples
    --------
    >>> from tsrnn.metrics import directional_accuracy
    >>> directional_accuracy([3.0, 2.0, 5.0], [2.0, 4.0, 6.0], y_before=1.0)  # up, down, up; up, up, up
    0.666...
    >>> directional_accuracy([3.0, 2.0, 5.0], [2.0, 4.0, 6.0])
    0.5
    """
    y_true, y_pred, _ = _read(y_true, y_pred)
    weight = np.ones(len(y_true)) if sample_weight is None else _read_weight(sample_weight, len(y_true))
    before = np.array(np.nan) if y_before is None else _numbers(y_before, "y_before")
    if before.shape not in ((), y_true.shape):
        raise ValueError(f"y_before has shape {before.shape}; give one number, or one for each of {len(y_true)} steps.")
    if y_before is not None and not np.isfinite(before).all():
        raise ValueError("y_before holds NaN or an infinite value; give the last value that was observed, or None.")
    if before.ndim:
        right, counted = np.sign(y_true - before) == np.sign(y_pred - before), weight > 0
    else:
        right, counted = _moves(y_true, y_pred, before, np.zeros(len(y_true), np.intp))
        counted &= weight > 0
    if not counted.any():
        raise ValueError(
            f"y_true has {len(y_true)} step(s), but no move that counts; give y_before, the last value known."
        )
    return float(np.average(right[counted], weights=weight[counted]))


def overall_weighted_average(y_true, y_pred, y_naive2, y_train, season=1):
    """Return the overall weighted average (OWA) of the M4 competition: 1 for Naive2, less for a better forecast.

    The mean of two ratios to the forecast by Naive2 (the last value, seasonally adjusted where a test finds a season):
    that of sMAPE and that of MASE (Makridakis, Spiliotis and Assimakopoulos 2020, section 2). For a panel the
    competition takes the mean of each score over series first, then the ratios; see :func:`panel_scores`.

    Parameters
    ----------
    y_true, y_pred, y_train, season
        As in :func:`mase`.
    y_naive2 : array-like of shape (n,)
        Forecast of the same steps by Naive2.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If the forecast by Naive2 has no error, so that there is nothing to compare with; otherwise as :func:`mase`.

    Examples
    --------
    >>> from tsrnn.metrics import overall_weighted_average
    >>> overall_weighted_average([5.0, 6.0], [5.0, 5.5], y_naive2=[4.0, 4.0], y_train=[1.0, 2.0, 3.0, 4.0])
    0.153...
    """
    ours, naive2 = [
        np.array([smape(y_true, forecast), mase(y_true, forecast, y_train, season)]) for forecast in (y_pred, y_naive2)
    ]
    if not naive2.all():
        raise ValueError("y_naive2 equals y_true, so that OWA has no error to compare with; use smape and mase.")
    return float(np.mean(ours / naive2))


def forecast_scores(y_true, y_pred, y_train, season=1):
    """Return all scores of one forecast, NaN where one is not defined.

    Parameters
    ----------
    y_true, y_pred, y_train, season
        As in :func:`mase`. The directional accuracy takes the last value of `y_train` for the value before the first
        step; if that is missing, the first step has no part in it.

    Returns
    -------
    dict of str to float
        MAE, RMSE, MAPE, sMAPE, WAPE, MASE, RMSSE, bias, R2 and DA, in this order: those of :func:`mae`, :func:`rmse`,
        :func:`mape`, :func:`smape`, :func:`wape`, :func:`mase`, :func:`rmsse`, :func:`bias`, :func:`r2` and
        :func:`directional_accuracy`.

    Raises
    ------
    TypeError, ValueError
        As :func:`mae`; or if `season` is no whole number from 1 on.

    Examples
    --------
    >>> from tsrnn.metrics import forecast_scores
    >>> scores = forecast_scores([5.0, 6.0], [5.5, 5.5], y_train=[1.0, 2.0, 3.0, 4.0])
    >>> {name: round(scores[name], 2) for name in ("MAE", "RMSE", "sMAPE", "MASE", "bias", "DA")}
    {'MAE': 0.5, 'RMSE': 0.5, 'sMAPE': 9.11, 'MASE': 0.5, 'bias': 0.0, 'DA': 0.5}
    """
    y_true, y_pred, _ = _read(y_true, y_pred)
    train = _read_training(y_train)
    _check_season(season)
    alone, of_train = np.zeros(len(y_true), np.intp), np.zeros(len(train), np.intp)
    scores = _score_series(y_true, y_pred, alone, train, of_train, 1, season)
    return {name: float(values[0]) for name, values in scores.items()}


def panel_scores(truths, forecasts, train, season=1, *, id_col="unique_id", time_col="ds", target="y"):
    """Return the scores of each series of a panel.

    The mean over series, ``panel_scores(...).mean()``, is what the M4 competition, the Monash archive and most papers
    report; a score that is not defined for a series is NaN there and has no part in the mean. The OWA of a panel is
    ``(own.mean() / naive2.mean())[["sMAPE", "MASE"]].mean()``, of the tables of a forecast and of that by Naive2.
    WAPE over the whole panel (as ND in other papers) is :func:`wape` of all rows at once.

    Parameters
    ----------
    truths, forecasts : DataFrame
        Long: one row per series and step, with the columns `id_col`, `time_col` and `target`. Both have the same
        series and steps, in any order.
    train : DataFrame
        Likewise, what the forecasts were made from: all steps up to the first one forecast at equal distances in time,
        NaN where one was not observed. May have further series.
    season : int, default=1
        Steps of one season.
    id_col, time_col, target : str
        Names of the columns.

    Returns
    -------
    DataFrame
        One row per series, in the order of `truths`, with the ids in the index; one column per score of
        :func:`forecast_scores`.

    Raises
    ------
    TypeError, ValueError
        If a frame lacks a column or holds a step twice, truths and forecasts are not of the same steps, a series has
        no training, or values are missing (but in `train`), infinite or no numbers.

    Examples
    --------
    >>> import pandas as pd
    >>> from tsrnn.metrics import panel_scores
    >>> train = pd.DataFrame({"unique_id": list("AAABBB"), "ds": [1, 2, 3] * 2, "y": [1.0, 2, 3, 5, 1, 5]})
    >>> truths = pd.DataFrame({"unique_id": list("AABB"), "ds": [4, 5] * 2, "y": [4.0, 5, 1, 5]})
    >>> last = truths.assign(y=[3.0, 3.0, 5.0, 5.0])
    >>> scores = panel_scores(truths, last, train)
    >>> scores[["MAE", "MASE", "bias"]].reset_index()
      unique_id  MAE  MASE  bias
    0         A  1.5   1.5  -1.5
    1         B  2.0   0.5   2.0
    >>> float(scores["MASE"].mean())
    1.0
    """
    _check_season(season)
    names = [id_col, time_col, target]
    steps, truth, by_time = _read_long(truths, "truths", names)
    their_steps, forecast, _ = _read_long(forecasts, "forecasts", names)
    train_steps, known, train_by_time = _read_long(train, "train", names, may_miss=True)
    places = their_steps.get_indexer(steps)
    if (places < 0).any():
        kinds = [str(frame[time_col].dtype) for frame in (forecasts, truths)]
        odd = "" if kinds[0] == kinds[1] else f" ({time_col!r} is {kinds[0]} there and {kinds[1]} here)"
        first = _step(steps, (places < 0).argmax())
        raise ValueError(f"forecasts has no row for {first}, which truths has{odd}; give the same steps in both.")
    if len(their_steps) > len(steps):
        surplus = np.setdiff1d(np.arange(len(their_steps)), places)[0]
        raise ValueError(f"truths has no row for {_step(their_steps, surplus)}, which forecasts has; drop it.")
    numbers, ids = pd.factorize(steps.get_level_values(0))
    train_numbers = ids.get_indexer(train_steps.get_level_values(0))
    without = np.setdiff1d(np.arange(len(ids)), train_numbers)
    if len(without):
        raise ValueError(f"train has no rows of series {_plain(ids[without[0]])}, which truths has; add them.")
    order = by_time[np.argsort(numbers[by_time], kind="stable")]
    train_order = train_by_time[np.argsort(train_numbers[train_by_time], kind="stable")]
    train_order = train_order[train_numbers[train_order] >= 0]
    scores = _score_series(
        truth[order],
        forecast[places][order],
        numbers[order],
        known[train_order],
        train_numbers[train_order],
        len(ids),
        season,
    )
    return pd.DataFrame(scores, index=pd.Index(ids, name=id_col))


def scorer(name):
    """Return a scorer for the argument `scoring` of scikit-learn's tools: a callable that is greater for the better.

    Parameters
    ----------
    name : str
        "neg_mae", "neg_rmse", "neg_abs_bias", "neg_mape", "neg_smape", "neg_wape", "r2": over all rows, of any
        regressor. "neg_mase", "neg_rmsse": the mean over series of the score of each, scaled by the naive error over a
        season that the fitted forecaster knows of its training. "directional_accuracy": over all rows but the first
        of each series. There is no "neg_bias", as a bias is best at zero and not at its least; "neg_abs_bias" is
        minus its absolute value.

    Returns
    -------
    ForecastScorer
        Called with (estimator, X, y=None, sample_weight=None). Without y, the forecaster reads the truth from X. Where
        its `missing` is not "raise", rows without a truth have no part in the score. With a Pipeline, its last step
        is the forecaster, and reads what the steps before it make of X.

    Raises
    ------
    TypeError, ValueError
        If there is no such score. In use: as the function of the score; or if the estimator is no forecaster where one
        is needed.

    Notes
    -----
    A series whose naive error is zero or unknown has no scaled score. It is left out of the mean, with a warning.

    :func:`sklearn.metrics.make_scorer` cannot make these: what it makes needs y, and sees truth and forecast alone.

    Examples
    --------
    >>> from sklearn.linear_model import LinearRegression
    >>> from tsrnn.metrics import scorer
    >>> score = scorer("neg_smape")
    >>> score
    scorer('neg_smape')
    >>> model = LinearRegression().fit([[1.0], [2.0]], [1.0, 2.0])
    >>> round(score(model, [[3.0], [4.0]], [3.5, 4.0]), 3)
    -7.692
    """
    _check_name(name)
    return ForecastScorer(name)


class ForecastScorer(BaseEstimator):
    """A score under scikit-learn's calling convention of scorers; made by :func:`scorer`.

    From BaseEstimator it has its parameters, so that searches can be cloned, and requests for metadata:
    ``set_score_request(sample_weight=True)``. scikit-learn's own base of scorers is private.

    Parameters
    ----------
    name : str
        As in :func:`scorer`.
    """

    __metadata_request__score = {"estimator": UNUSED}  # who is scored is no metadata

    def __init__(self, name):
        self.name = name

    def __repr__(self, N_CHAR_MAX=700):
        return f"scorer({self.name!r})"

    def __call__(self, estimator, X, y=None, sample_weight=None):
        """Return the score of ``estimator.predict(X)``; see :meth:`score`."""
        return self.score(estimator, X, y, sample_weight)

    def score(self, estimator, X, y=None, sample_weight=None):
        """Return the score of ``estimator.predict(X)``.

        Parameters
        ----------
        estimator : estimator
            A fitted one.
        X : array-like or DataFrame with n rows
            What its `predict` takes.
        y : array-like of shape (n,), optional
            The truth; if not given, what the forecaster reads from X.
        sample_weight : array-like of shape (n,), optional
            Weights of the rows.

        Returns
        -------
        float
            Greater is better.
        """
        _check_name(self.name)
        forecast = estimator.predict(X)
        if y is None:
            (y,) = self._ask(estimator, X, "read_truth", cure="give y")
        truth = _column(_numbers(y, "y"), "y")
        forecast = _column(_numbers(forecast, "predict(X)"), "predict(X)")
        if len(truth) != len(forecast) or len(truth) == 0:
            raise ValueError(
                f"y has {len(truth)} row(s) and predict(X) {len(forecast)}; give one y per row of X, and at least one."
            )
        counted = ~np.isnan(truth)
        if getattr(_unwrap(estimator)[0], "missing", "raise") == "raise" and not counted.all():
            raise ValueError(
                f"y has {(~counted).sum()} missing value(s), which cannot be scored; drop these rows, or set "
                "missing='interpolate'."
            )
        weight = np.ones(len(truth)) if sample_weight is None else _read_weight(sample_weight, len(truth))
        counted &= weight > 0
        if not counted.any():
            raise ValueError("y is missing in every row that has a weight, so there is nothing to score; give others.")
        if self.name in _POOLED:
            sign, function = _POOLED[self.name]
            weight = None if sample_weight is None else weight[counted]
            return sign * function(truth[counted], forecast[counted], sample_weight=weight)
        if self.name in _SCALED:
            return -self._scaled(estimator, X, truth, forecast, weight, counted, _SCALED[self.name])
        return self._directional(estimator, X, truth, forecast, weight, counted)

    def _scaled(self, estimator, X, truth, forecast, weight, counted, power):
        """Return the mean over series of the scaled score of each."""
        series, scale = self._ask(estimator, X, "series_numbers", "naive_errors", power=power)
        series, scale, weight = np.asarray(series)[counted], np.asarray(scale, np.float64)[counted], weight[counted]
        has_scale = scale > 0
        ids = np.unique(series)
        left, series = np.unique(series[has_scale], return_inverse=True)
        without = f"{len(ids) - len(left)} of {len(ids)} series moved by no known step over a season of training"
        if not len(left):
            raise ValueError(f"{without}, so that there is no {self.name}; use an unscaled score, such as 'neg_mae'.")
        if len(left) < len(ids):
            warnings.warn(f"{without}; they have no part in {self.name}.", UserWarning, stacklevel=4)
        error = np.abs(forecast - truth)[counted][has_scale] ** power / scale[has_scale]
        weight = weight[has_scale]
        of_series = np.bincount(series, weight * error) / np.bincount(series, weight)
        return float(np.mean(of_series ** (1 / power)))

    def _directional(self, estimator, X, truth, forecast, weight, counted):
        """Return the share of right moves over all rows but the first of each series."""
        (series,) = self._ask(estimator, X, "series_numbers")
        ids, series = np.unique(series, return_inverse=True)
        order = np.argsort(series, kind="stable")
        _check_time_order(X, series, order, getattr(_unwrap(estimator)[0], "time_col", None))
        right, moved = _moves(truth[order], forecast[order], np.full(len(ids), np.nan), series[order])
        moved &= counted[order]
        if not moved.any():
            raise ValueError(
                f"X has {len(truth)} row(s) of {len(ids)} series, none with an observed row of its series before it, "
                "so that there is no move to score; give longer test sets."
            )
        return float(np.average(right[moved], weights=weight[order][moved]))

    def _ask(self, estimator, X, *methods, cure="use a forecaster of tsrnn, or a score such as 'neg_mae'", **options):
        """Return what the forecaster inside an estimator answers; `options` are those of the last method."""
        forecaster, before = _unwrap(estimator)
        absent = [method for method in methods if not hasattr(forecaster, method)]
        if absent:
            raise TypeError(f"{self} needs {absent[0]}(X), which {type(forecaster).__name__} does not have; {cure}.")
        for transformer in before:
            X = transformer.transform(X)
        return [getattr(forecaster, method)(X, **(options if method == methods[-1] else {})) for method in methods]

    def _accept_sample_weight(self):
        return True  # what scikit-learn asks of each scorer of a dict before it passes weights on


def _absolute_bias(y_true, y_pred, *, sample_weight=None):
    return abs(bias(y_true, y_pred, sample_weight=sample_weight))


_POOLED = {  # sign and function
    "neg_mae": (-1, mae),
    "neg_rmse": (-1, rmse),
    "neg_abs_bias": (-1, _absolute_bias),
    "neg_mape": (-1, mape),
    "neg_smape": (-1, smape),
    "neg_wape": (-1, wape),
    "r2": (1, r2),
}
_SCALED = {"neg_mase": 1, "neg_rmsse": 2}  # power of the errors
_NAMES = [*_POOLED, *_SCALED, "directional_accuracy"]


def _check_name(name):
    if not isinstance(name, str):
        raise TypeError(f"the name of a score must be a string; got {name!r}.")
    if name == "neg_bias":
        raise ValueError("there is no 'neg_bias', as a bias is best at zero, not at its least; use 'neg_abs_bias'.")
    if name not in _NAMES:
        raise ValueError(f"there is no score named {name!r}; choose one of {', '.join(_NAMES)}.")


def _unwrap(estimator):
    """Return the forecaster inside searches and pipelines, and what transforms X on the way to it."""
    before = []
    while hasattr(estimator, "best_estimator_") or isinstance(estimator, Pipeline):
        if isinstance(estimator, Pipeline):
            before += [estimator[:-1]] * (len(estimator) > 1)
            estimator = estimator[-1]
        else:
            estimator = estimator.best_estimator_
    return estimator, before


def _check_time_order(X, series, order, time_col):
    """Raise if the index of X is a clock, and goes back within a series."""
    if not hasattr(X, "iloc") or time_col in getattr(X, "columns", []):
        return  # no clock, or one of its own
    stamps = X.index.get_level_values(-1)
    if not (isinstance(stamps, pd.DatetimeIndex | pd.PeriodIndex) or pd.api.types.is_integer_dtype(stamps.dtype)):
        return
    stamps = stamps[order]
    goes_back = (series[order][1:] == series[order][:-1]) & ~np.asarray(stamps[1:] > stamps[:-1])
    if goes_back.any():
        k = goes_back.argmax()
        raise ValueError(
            f"X goes from {stamps[k]} to {stamps[k + 1]} within a series; the directional accuracy needs the rows of "
            "each series in the order of time."
        )


def _score_series(truth, forecast, numbers, train, train_numbers, n_series, season):
    """Return the scores of all series at once, each as an array of shape (n_series,), NaN where it is not defined.

    Parameters
    ----------
    truth, forecast : ndarray of shape (n,)
        Series after series, each in the order of time.
    numbers : ndarray of shape (n,), int
        Which series a step belongs to, from 0; not decreasing, none left out.
    train, train_numbers : ndarrays of shape (n_train,)
        Likewise; train is NaN where not observed.
    n_series, season : int
    """
    counts = np.bincount(numbers, minlength=n_series)
    starts = np.cumsum(counts) - counts
    lengths = np.bincount(train_numbers, minlength=n_series)
    before = np.full(n_series, np.nan)
    before[lengths > 0] = train[np.cumsum(lengths)[lengths > 0] - 1]

    def mean(values):
        return np.bincount(numbers, values, n_series) / counts

    def defined(condition, values):
        return np.where(condition, values, np.nan)

    error = forecast - truth
    absolute, squared = mean(np.abs(error)), mean(error**2)
    size = np.abs(truth) + np.abs(forecast)
    share = np.divide(np.abs(error), size, out=np.zeros(len(size)), where=size > 0)
    right, moved = _moves(truth, forecast, before, numbers)
    scales = [_naive_errors(train, train_numbers, n_series, season, power) for power in (1, 2)]
    with np.errstate(divide="ignore", invalid="ignore"):
        return {
            "MAE": absolute,
            "RMSE": np.sqrt(squared),
            "MAPE": defined(mean(truth == 0) == 0, 100 * mean(np.abs(error) / np.abs(truth))),
            "sMAPE": np.where(mean(size > 0) > 0, 200 * mean(share) / mean(size > 0), 0.0),
            "WAPE": defined(mean(truth != 0) > 0, 100 * absolute / mean(np.abs(truth))),
            "MASE": defined(scales[0] > 0, absolute / scales[0]),
            "RMSSE": defined((scales[1] > 0) & (lengths > season), np.sqrt(squared / scales[1])),
            "bias": mean(error),
            "R2": defined(
                mean(truth != truth[starts][numbers]) > 0, 1 - squared / mean((truth - mean(truth)[numbers]) ** 2)
            ),
            "DA": mean(right & moved) / mean(moved),
        }


def _naive_errors(train, numbers, n_series, season, power):
    """Return for each series the mean |difference|**power of observed values a season apart; NaN if there are none.

    A series that is not longer than a season is measured over one step. Arrays as in `_score_series`.
    """

    def at(lag):
        differences = np.abs(train[lag:] - train[:-lag]) ** power
        later = numbers[lag:]
        pairs = (later == numbers[:-lag]) & ~np.isnan(differences)
        with np.errstate(invalid="ignore"):  # 0 / 0 where there are none
            return np.bincount(later[pairs], differences[pairs], n_series) / np.bincount(
                later[pairs], minlength=n_series
            )

    return np.where(np.bincount(numbers, minlength=n_series) > season, at(season), at(1))


def _moves(truth, forecast, before, numbers):
    """Return for each step whether truth and forecast moved the same way, and whether both moves are known.

    Parameters
    ----------
    truth, forecast, numbers
        As in `_score_series`; truth may be NaN.
    before : ndarray of shape (n_series,) or ()
        The value before the first step of each series; NaN if not known.
    """
    is_first = np.r_[True, numbers[1:] != numbers[:-1]]
    moves = []
    for values in (truth, forecast):
        previous = np.where(is_first, np.broadcast_to(before, numbers.max() + 1)[numbers], np.roll(values, 1))
        moves.append(np.sign(values - previous))
    return moves[0] == moves[1], ~np.isnan(moves[0]) & ~np.isnan(moves[1])


def _read(y_true, y_pred, sample_weight=None):
    """Return truth and forecast as float64 arrays of one shape (n,), and weights or None, without steps of weight 0."""
    indexes = [getattr(values, "index", None) for values in (y_true, y_pred)]
    if all(hasattr(index, "equals") for index in indexes) and not indexes[0].equals(indexes[1]):
        raise ValueError("y_true and y_pred have different indexes; score only the same steps, in the same order.")
    y_true, y_pred = _numbers(y_true, "y_true"), _numbers(y_pred, "y_pred")
    if y_true.shape != y_pred.shape or y_true.size == 0:
        raise ValueError(
            f"y_true has shape {y_true.shape} and y_pred {y_pred.shape}; give the same, with points in it."
        )
    y_true, y_pred = _column(y_true, "y_true"), _column(y_pred, "y_pred")
    weight = None
    if sample_weight is not None:
        weight = _read_weight(sample_weight, len(y_true))
        y_true, y_pred, weight = (values[weight > 0] for values in (y_true, y_pred, weight))
    if np.isnan(y_true).any() or np.isnan(y_pred).any():
        raise ValueError("y_true or y_pred holds NaN; score only points that are observed and forecast.")
    if np.isinf(y_true).any() or np.isinf(y_pred).any():
        raise ValueError("y_true or y_pred holds an infinite value, which has no finite error; correct or drop it.")
    return y_true, y_pred, weight


def _read_training(y_train):
    """Return a training series as a float64 array (n_train,), NaN where not observed."""
    train = _column(_numbers(y_train, "y_train"), "y_train")
    if np.isinf(train).any():
        raise ValueError(f"y_train holds an infinite value in row {np.isinf(train).argmax()}; replace it by NaN.")
    return train


def _read_weight(sample_weight, n):
    weight = _numbers(sample_weight, "sample_weight")
    if weight.shape != (n,):
        raise ValueError(f"sample_weight has shape {weight.shape}; give one weight for each of {n} step(s).")
    if not np.isfinite(weight).all() or (weight < 0).any() or not (weight > 0).any():
        raise ValueError("sample_weight must hold finite numbers, none negative and not all zero.")
    return weight


def _check_season(season):
    if isinstance(season, bool) or not isinstance(season, Integral):
        raise TypeError(f"season must be a whole number of steps; got {season!r}.")
    if season < 1:
        raise ValueError(f"season must be at least one step; got {season}.")


def _numbers(values, name):
    """Return values as a float64 array, NaN where masked or missing; raise unless all are real numbers."""
    if isinstance(values, np.ma.MaskedArray):
        values = values.astype(np.float64).filled(np.nan)
    try:
        array = np.asarray(values)
        is_object = array.dtype.kind == "O"
        if array.dtype.kind in "US" or (is_object and any(isinstance(value, str | bytes) for value in array.ravel())):
            raise TypeError("it holds text")
        if array.dtype.kind not in "biufO":
            raise TypeError(f"it holds {array.dtype}")
        return np.asarray(values if is_object else array, dtype=np.float64)
    except (TypeError, ValueError) as error:
        reason = str(error).splitlines()[0].rstrip(".")
        raise TypeError(f"{name} is no array of numbers: {reason}; convert it first.") from None


def _column(values, name):
    """Return an array of shape (n,) or (n, 1) as (n,)."""
    if values.ndim == 2 and values.shape[1] == 1:
        return values[:, 0]
    if values.ndim != 1:
        raise ValueError(f"{name} has shape {values.shape}; score one series of shape (n,), or use panel_scores.")
    return values


def _read_long(frame, what, names, may_miss=False):
    """Return the steps of a long frame as a MultiIndex (id, time), its values, and the order of its rows by time."""
    if not isinstance(frame, pd.DataFrame):
        raise TypeError(f"{what} must be a long DataFrame with the columns {names}; got {type(frame).__name__}.")
    for name in names:
        if (n := int((frame.columns == name).sum())) != 1:
            raise ValueError(
                f"{what} has {n} columns named {name!r}; it needs one: say id_col, time_col and target, or use "
                "reset_index() if it stands in the index."
            )
    id_col, time_col, target = names
    if len(frame) == 0:
        raise ValueError(f"{what} has no rows; give at least one.")
    for name in (id_col, time_col):
        if frame[name].isna().any():
            raise ValueError(
                f"column {name!r} of {what} misses {frame[name].isna().sum()} value(s); fill or drop them."
            )
    if pd.api.types.is_string_dtype(frame[time_col]):
        raise TypeError(f"column {time_col!r} of {what} holds text, whose order is not that of time; use to_datetime.")
    ids = frame[id_col]
    ids = ids.astype(ids.cat.categories.dtype) if isinstance(ids.dtype, pd.CategoricalDtype) else ids
    steps = pd.MultiIndex.from_arrays([ids, frame[time_col]])
    if (twice := steps.duplicated()).any():
        raise ValueError(f"{what} has more than one row for {_step(steps, twice.argmax())}; keep one.")
    values = _numbers(frame[target], f"column {target!r} of {what}")
    for are_bad, bad in ((np.isinf(values), "infinite"), (np.isnan(values) & (not may_miss), "missing")):
        if are_bad.any():
            raise ValueError(
                f"column {target!r} of {what} is {bad} for {_step(steps, are_bad.argmax())}; drop such steps from both "
                "truths and forecasts, and in train write NaN."
            )
    try:
        by_time = np.asarray(frame[time_col].argsort())
    except TypeError as error:
        raise TypeError(f"column {time_col!r} of {what} has no order ({error}); give times of one kind.") from None
    return steps, values, by_time


def _step(steps, row):
    """Return a row of a MultiIndex (id, time) in words."""
    series, stamp = steps[row]
    return f"series {_plain(series)} at {stamp}"


def _plain(series):
    return repr(series.item() if isinstance(series, np.generic) else series)
