"""Scores of forecasts that scikit-learn does not have, and the table of them that a report shows."""

import numpy as np
from sklearn.metrics import mean_absolute_error, root_mean_squared_error

__all__ = ["smape", "mase", "naive_error", "forecast_scores"]


def smape(y_true, y_pred):
    """Return the symmetric mean absolute percentage error, in percent from 0 to 200.

    Points at which truth and forecast are both zero are left out, as in the code of the M4 competition
    (Makridakis, Spiliotis and Assimakopoulos 2020).

    Parameters
    ----------
    y_true, y_pred : array-like of shape (n,)

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
    y_true, y_pred = _pair(y_true, y_pred)
    size = np.abs(y_true) + np.abs(y_pred)
    counted = size > 0
    if not counted.any():
        return 0.0
    return float(np.mean(200 * np.abs(y_true - y_pred)[counted] / size[counted]))


def mase(y_true, y_pred, y_train, season=1):
    """Return the mean absolute scaled error: the error in units of the seasonal naive error within training.

    After Hyndman and Koehler (2006), Another look at measures of forecast accuracy. A training series not longer than
    `season` is scaled by its errors of one step.

    Parameters
    ----------
    y_true, y_pred : array-like of shape (n,)
    y_train : array-like of shape (n_train,)
        What the forecaster was fitted on, regular in time; NaN where not observed.
    season : int, default=1
        Steps of one season.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If `season` is below 1, or the naive error is zero or cannot be computed.

    Examples
    --------
    >>> from tsrnn.metrics import mase
    >>> mase([5.0, 6.0], [5.5, 5.5], y_train=[1.0, 2.0, 3.0, 4.0])
    0.5
    """
    y_true, y_pred = _pair(y_true, y_pred)
    scale = naive_error(y_train, season)
    if not scale > 0:
        raise ValueError(f"the naive error of y_train over {season} step(s) is {scale}; MASE needs it to be positive.")
    return float(np.mean(np.abs(y_true - y_pred)) / scale)


def naive_error(y_train, season=1):
    """Return the mean absolute difference between values one season apart, over the pairs that are observed."""
    if season < 1:
        raise ValueError(f"season must be at least one step; got {season}.")
    y_train = np.asarray(y_train, np.float64)
    lag = season if len(y_train) > season else 1
    differences = np.abs(y_train[lag:] - y_train[:-lag])
    observed = differences[~np.isnan(differences)]
    return float(observed.mean()) if observed.size else np.nan


def forecast_scores(y_true, y_pred, y_train, season=1):
    """Return MAE, RMSE, sMAPE (percent) and MASE of a forecast, in this order; MASE is NaN where it is not defined.

    Parameters
    ----------
    y_true, y_pred, y_train, season
        As in :func:`mase`.

    Returns
    -------
    dict of str to float

    Raises
    ------
    ValueError
        If truth and forecast differ in length or index, or hold NaN.

    Examples
    --------
    >>> from tsrnn.metrics import forecast_scores
    >>> scores = forecast_scores([5.0, 6.0], [5.5, 5.5], y_train=[1.0, 2.0, 3.0, 4.0])
    >>> {name: round(value, 2) for name, value in scores.items()}
    {'MAE': 0.5, 'RMSE': 0.5, 'sMAPE': 9.11, 'MASE': 0.5}
    """
    _pair(y_true, y_pred)
    return {
        "MAE": float(mean_absolute_error(y_true, y_pred)),
        "RMSE": float(root_mean_squared_error(y_true, y_pred)),
        "sMAPE": smape(y_true, y_pred),
        "MASE": mase(y_true, y_pred, y_train, season) if naive_error(y_train, season) > 0 else np.nan,
    }


def _pair(y_true, y_pred):
    """Return both as float64 arrays of one common shape, without NaN."""
    indexes = [getattr(values, "index", None) for values in (y_true, y_pred)]
    if all(hasattr(index, "equals") for index in indexes) and not indexes[0].equals(indexes[1]):
        raise ValueError("y_true and y_pred have different indexes; score only the same steps, in the same order.")
    y_true, y_pred = np.asarray(y_true, np.float64), np.asarray(y_pred, np.float64)
    if y_true.shape != y_pred.shape or y_true.size == 0:
        raise ValueError(
            f"y_true has shape {y_true.shape} and y_pred {y_pred.shape}; give the same, with points in it."
        )
    if np.isnan(y_true).any() or np.isnan(y_pred).any():
        raise ValueError("y_true or y_pred holds NaN; score only points that are observed and forecast.")
    return y_true, y_pred
