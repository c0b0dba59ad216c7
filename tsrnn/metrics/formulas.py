"""Scores of one forecast, a function each.

Errors are forecast - truth. MAE, RMSE and bias are in the unit of the series, MAPE, sMAPE and WAPE in percent, and
MASE, RMSSE, R2 and the directional accuracy are pure numbers.
"""

import numpy as np
from sklearn.metrics import mean_absolute_error, r2_score, root_mean_squared_error

from ..counts import how_many
from .grouped import moves, naive_errors
from .reading import check_scale, check_season, read_numbers, read_pair, read_training, read_weight


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
    y_true, y_pred, weight = read_pair(y_true, y_pred, sample_weight)
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
    y_true, y_pred, weight = read_pair(y_true, y_pred, sample_weight)
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
    y_true, y_pred, weight = read_pair(y_true, y_pred, sample_weight)
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
    y_true, y_pred, weight = read_pair(y_true, y_pred, sample_weight)
    n_zeros = int((y_true == 0).sum())
    if n_zeros:
        raise ValueError(
            f"y_true is zero at {n_zeros} of {how_many(len(y_true), 'step')}, where a percentage error is not defined; "
            "use wape, smape or mase."
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
    y_true, y_pred, weight = read_pair(y_true, y_pred, sample_weight)
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
    y_true, y_pred, weight = read_pair(y_true, y_pred, sample_weight)
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
    y_true, y_pred, weight = read_pair(y_true, y_pred, sample_weight)
    scale = naive_error(y_train, season)
    check_scale(scale, season, "MASE")
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
    y_true, y_pred, weight = read_pair(y_true, y_pred, sample_weight)
    scale = naive_error(y_train, season, power=2)
    if len(y_train) <= season:
        raise ValueError(
            f"y_train has {how_many(len(y_train), 'step')}, not more than season={season}; RMSSE needs more: use "
            "mase, or a shorter season."
        )
    if not scale > 0:
        raise ValueError(
            f"the squared naive error of y_train over {how_many(season, 'step')} is {scale}; RMSSE needs it to "
            "be positive."
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
    train = read_training(y_train)
    check_season(season)
    return float(naive_errors(train, np.zeros(1, np.intp), np.array([len(train)]), season, power)[0])


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
    y_true, y_pred, weight = read_pair(y_true, y_pred, sample_weight)
    if y_true.min() == y_true.max():
        raise ValueError(
            f"y_true is {y_true[0]:g} at each of {how_many(len(y_true), 'step')}, without variance that R2 could be a "
            "share of; use mae or mase."
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
    y_true, y_pred, _ = read_pair(y_true, y_pred)
    weight = np.ones(len(y_true)) if sample_weight is None else read_weight(sample_weight, len(y_true))
    before = np.array(np.nan) if y_before is None else read_numbers(y_before, "y_before")
    if before.shape not in ((), y_true.shape):
        raise ValueError(f"y_before has shape {before.shape}; give one number, or one for each of {len(y_true)} steps.")
    if y_before is not None and not np.isfinite(before).all():
        raise ValueError("y_before holds NaN or an infinite value; give the last value that was observed, or None.")
    if before.ndim:
        right, counted = np.sign(y_true - before) == np.sign(y_pred - before), weight > 0
    else:
        right, counted = moves(y_true, y_pred, before, np.zeros(len(y_true), np.intp))
        counted &= weight > 0
    if not counted.any():
        raise ValueError(
            f"y_true has {how_many(len(y_true), 'step')}, but no move that counts; give y_before, the last value known."
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
