"""All scores at once: of one forecast, of each series of a panel, or of the intervals of either."""

import numpy as np
import pandas as pd

from ..bands import read_bands
from ..frames import plain
from .grouped import inverse_scale, score_intervals, score_series
from .reading import check_season, read_pair, read_training
from .steps import check_order, find_steps, name_of_one, read_long, read_steps


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
    y_true, y_pred, _ = read_pair(y_true, y_pred)
    train = read_training(y_train)
    check_season(season)
    scores = score_series(y_true, y_pred, np.zeros(len(y_true), np.intp), train, np.array([0, len(train)]), season)
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
    check_season(season)
    names = [id_col, time_col, target]
    steps, truth, by_time = read_long(truths, "truths", names)
    forecast_steps, forecast, _ = read_long(forecasts, "forecasts", names)
    places = find_steps(steps, forecast_steps, "forecasts")
    numbers, ids = pd.factorize(steps.get_level_values(0))
    known, bounds = _of_each(ids, *read_long(train, "train", names, may_miss=True))
    order = _by_series(numbers, by_time)
    scores = score_series(truth[order], forecast[places][order], numbers[order], known, bounds, season)
    return pd.DataFrame(scores, index=pd.Index(ids, name=id_col))


def interval_scores(truths, forecasts, train, season=1, *, target=None, id_col="unique_id", time_col="ds"):
    """Return the scores of the intervals of forecasts, of each level and, in a panel, each series.

    The mean over series is ``interval_scores(...).groupby("level").mean()``; a coverage of it is that of all steps if
    the series have equally many.

    Parameters
    ----------
    truths : Series or DataFrame
        The true values of the steps of the forecast.
    forecasts : DataFrame
        As ``forecast(h, level=(80, 95))`` gives it: beside each column that is forecast, such as "y", its bounds are
        "y-lo-80", "y-hi-80", "y-lo-95", "y-hi-95".
    train : Series or DataFrame
        What the forecasts were made from: all steps up to the first one forecast at equal distances in time, NaN where
        one was not observed. May have further series.
    season : int, default=1
        Steps of one season.
    target : str, optional
        The column that was forecast, of frames that have several beside ids and stamps.
    id_col, time_col : str
        Columns of long frames.

    Returns
    -------
    DataFrame
        One row per level, or per series and level, with these in the index. The columns are those of
        :func:`coverage`, a share; "width", of :func:`mean_interval_width`; :func:`interval_score`; and "MSIS", of
        :func:`mean_scaled_interval_score`, NaN where it is not defined.

    Raises
    ------
    TypeError, ValueError
        If the forecasts have no intervals, or none that are in order; truths and forecasts are not of the same steps
        and series; a series has no training; or values are missing (but in `train`), infinite or no numbers.

    Notes
    -----
    Truths, forecasts and training may come in several formats: one series, a column for each series, long, or with a
    MultiIndex (id, time). Of columns for each series, a value that is missing in `truths` and `forecasts` is a step
    that the series does not have, and in `train` the series begins with its first value.

    Examples
    --------
    >>> import pandas as pd
    >>> from tsrnn.metrics import interval_scores
    >>> train, truths = pd.Series([1.0, 2.0, 4.0, 5.0]), pd.Series([6.0, 8.0], index=[4, 5])
    >>> forecasts = pd.DataFrame({"y": [5.0, 5.0], "y-lo-80": [3.0, 3.0], "y-hi-80": [7.0, 7.0]}, index=[4, 5])
    >>> interval_scores(truths, forecasts, train).reset_index()
       level  coverage  width  interval_score  MSIS
    0     80       0.5    4.0             9.0  6.75
    """
    check_season(season)
    names = [id_col, time_col, target]
    points, bands = read_bands(forecasts, "forecasts", target, (id_col, time_col))
    name = name_of_one(points, names)
    steps, truth, by_time = read_steps(truths, "truths", names, name)
    numbers, ids = pd.factorize(steps.get_level_values(0))
    known, limits = _of_each(ids, *read_steps(train, "train", names, name, may_miss=True))
    scale = inverse_scale(known, limits[:-1], limits[1:], season, 1)
    order = _by_series(numbers, by_time)
    tables = []
    for level, sides in bands.items():
        lower, upper = _read_bounds(sides, level, steps, names, name)
        scores = score_intervals(truth[order], lower[order], upper[order], level, numbers[order])
        scores["MSIS"] = scores["interval_score"] * scale
        tables.append(pd.DataFrame(scores, index=pd.Index(ids, name=id_col)))
    table = pd.concat(tables, keys=bands, names=["level"])
    if name is not None:
        return table.droplevel(1)
    return table.swaplevel().iloc[np.arange(len(table)).reshape(-1, len(ids)).T.ravel()]


def _read_bounds(sides, level, steps, names, name):
    """Return the lower and the upper bounds of these steps."""
    bounds = []
    for side, bound in zip(("lower", "upper"), sides, strict=True):
        bound_steps, values, _ = read_steps(bound, f"the {side} bound of level {level}", names, name)
        bounds.append(values[find_steps(steps, bound_steps, "forecasts")])
    check_order(*bounds, level, steps)
    return bounds


def _of_each(ids, steps, values, by_time):
    """Return the values of these series alone, series after series in the order of time, and where each begins."""
    numbers = ids.get_indexer(steps.get_level_values(0))
    without = np.setdiff1d(np.arange(len(ids)), numbers)
    if len(without):
        raise ValueError(f"train has no rows of series {plain(ids[without[0]])!r}, which truths has; add them.")
    order = _by_series(numbers, by_time)
    order = order[numbers[order] >= 0]
    return values[order], np.append(0, np.cumsum(np.bincount(numbers[order], minlength=len(ids))))


def _by_series(numbers, by_time):
    """Return the order of rows series by series, each in the order of time."""
    return by_time[np.argsort(numbers[by_time], kind="stable")]
