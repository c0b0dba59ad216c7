"""All scores at once: of one forecast, or of each series of a panel."""

import numpy as np
import pandas as pd

from ..counts import how_many
from .grouped import score_series
from .reading import check_season, read_numbers, read_pair, read_training


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
    bounds = np.append(0, np.cumsum(np.bincount(train_numbers[train_order], minlength=len(ids))))
    scores = score_series(truth[order], forecast[places][order], numbers[order], known[train_order], bounds, season)
    return pd.DataFrame(scores, index=pd.Index(ids, name=id_col))


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
                f"column {name!r} of {what} misses {how_many(frame[name].isna().sum(), 'value')}; fill or drop them."
            )
    if pd.api.types.is_string_dtype(frame[time_col]):
        raise TypeError(f"column {time_col!r} of {what} holds text, whose order is not that of time; use to_datetime.")
    ids = frame[id_col]
    ids = ids.astype(ids.cat.categories.dtype) if isinstance(ids.dtype, pd.CategoricalDtype) else ids
    steps = pd.MultiIndex.from_arrays([ids, frame[time_col]])
    if (twice := steps.duplicated()).any():
        raise ValueError(f"{what} has more than one row for {_step(steps, twice.argmax())}; keep one.")
    values = read_numbers(frame[target], f"column {target!r} of {what}")
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
