"""Which origins share a fit, and the forecasts of one fit from its origins."""

import copy
import warnings
from contextlib import nullcontext

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.pipeline import Pipeline

from ..base import shorten
from ..contract import NO_CLOCK, ForecasterMixin
from ..reading import extend
from .data import without_none
from .origins import check_count


def cut_into_blocks(origins, refit, estimator, forecaster):
    """Return the origins that share one fit, or one chain of warm starts."""
    name = type(forecaster).__name__
    if isinstance(refit, str):
        if refit != "warm":
            raise ValueError(f"refit must be True, False, 'warm' or a number of origins; got {refit!r}.")
        if "warm_start" not in forecaster.get_params(deep=False) or not _is_plain(estimator):
            lacking = name if _is_plain(estimator) else type(estimator).__name__
            raise ValueError(f"{lacking} has no warm_start, which refit='warm' needs; set refit to True or a number.")
        return [origins]
    if isinstance(refit, bool | np.bool_):
        every = 1 if refit else len(origins)
    else:
        check_count("refit", refit)
        every = int(refit)
    if every > 1 and not (_is_plain(estimator) and hasattr(forecaster, "update")):
        lacking = name if _is_plain(estimator) else type(estimator).__name__
        raise ValueError(f"{lacking} has no update, by which its memory could move forward; set refit=True.")
    return [origins[first : first + every] for first in range(0, len(origins), every)]


def refuse_spread(estimator, forecaster, refit):
    """Raise unless a forecaster, at most the last step of a Pipeline, can say how sure it is."""
    if isinstance(refit, str):
        raise ValueError(
            "with refit='warm' the weights have seen what is held out later, and level and q need errors of what they "
            "have not; set refit to True, False or a number."
        )
    if not (_is_plain(estimator) and isinstance(forecaster, ForecasterMixin)):
        lacking = forecaster if _is_plain(estimator) else estimator
        raise ValueError(
            f"{type(lacking).__name__} gives no intervals or quantiles, for which level and q ask; give a forecaster "
            "of tsrnn, or a Pipeline with one as its last step, or leave them out."
        )


def prepare(estimator, clock, refit):
    """Return a clone that knows the step of the clock, which a part of the data might not show."""
    estimator = clone(estimator)
    forecaster = forecaster_of(estimator)
    if isinstance(clock.start, pd.Timestamp) and getattr(forecaster, "freq", "") is None:
        forecaster.set_params(freq=clock.freq)
    if isinstance(refit, str):
        forecaster.set_params(warm_start=True)
    return estimator


def forecaster_of(estimator):
    """Return the forecaster inside pipelines, searches and transformed targets."""
    while not isinstance(estimator, type):
        if isinstance(estimator, Pipeline):
            estimator = estimator[-1]
        elif hasattr(estimator, "get_params") and {"regressor", "estimator"} & set(estimator.get_params(deep=False)):
            estimator = getattr(estimator, "regressor", None) or estimator.estimator
        else:
            break
    if isinstance(estimator, type):
        raise TypeError(f"the estimator is the class {estimator.__name__}; give an instance, {estimator.__name__}().")
    if not all(hasattr(estimator, method) for method in ("fit", "predict", "get_params")):
        raise TypeError(f"the estimator is {shorten(estimator)}, without fit and predict; give a forecaster.")
    return estimator


def _is_plain(estimator):
    """Return whether what is fitted is the forecaster itself, and not a clone that something makes of it."""
    return forecaster_of(estimator) is (estimator[-1] if isinstance(estimator, Pipeline) else estimator)


def run_block(estimator, origins, data, horizon, window_size, is_warm, spread):
    """Fit at the first of some origins; return (origin, series, steps, forecasts) of each.

    Forecasts have shape (n, n_targets, n_columns), the first the forecast itself, the others those of a Spread.
    """
    with nullcontext() if data.panel.clock.is_given else warnings.catch_warnings():
        if not data.panel.clock.is_given:  # rows are steps, as documented
            warnings.filterwarnings("ignore", message=NO_CLOCK[: NO_CLOCK.index(":")])
        try:
            if not is_warm:
                return _run_fit(estimator, origins, data, horizon, window_size, spread)
            return [
                result
                for origin in origins
                for result in _run_fit(estimator, origins[origins == origin], data, horizon, window_size, spread)
            ]
        except (TypeError, ValueError) as error:
            error.add_note(f"In the back-test fitted at {data.panel.stamps(origins[:1])[0]}.")
            raise


def _run_fit(estimator, origins, data, horizon, window_size, spread):
    first = origins[0]
    training = data.rows(0 if window_size is None else first + 1 - window_size, first + 1)
    known = data.series_of(training)
    estimator.fit(*without_none(data.known(training)))
    if spread is not None:  # measured once, and handed on to all that move on from this fit
        forecaster_of(estimator)._errors_for(spread)
    ahead = [data.rows(origin + 1, origin + 1 + horizon, known) for origin in origins]
    cells = [data.cells(rows) for rows in ahead]
    at_once = {}
    if len(origins) > 1 and isinstance(estimator, ForecasterMixin) and horizon <= estimator._fitted_horizon:
        memory = _moved(estimator, data.rows(first + 1, origins[-1] + 1, known), data)
        if len(memory.panel_.covariate_names) and len(ahead[-1]):
            memory = _with_covariates_ahead(memory, ahead[-1], data)
        at_once = _forecast_at_once(memory, origins, cells, data, spread)
    results = []
    for number, (origin, rows, (series, steps)) in enumerate(zip(origins, ahead, cells, strict=True)):
        forecasts = at_once.get(number)
        if forecasts is None and len(rows):
            memory = _moved(estimator, data.rows(first + 1, origin + 1, known), data)
            forecasts = _forecast(memory, data.future(rows)[0], data.series is None, spread)
        if len(rows):
            results.append((origin, series, steps, forecasts))
    return results


def _forecast(estimator, X, is_wide, spread):
    """Return what is forecast of the rows of X, of a wide frame series by series, (n, n_targets, n_columns)."""
    if spread is not None:
        is_pipeline = isinstance(estimator, Pipeline)
        X = estimator[:-1].transform(X) if is_pipeline and len(estimator) > 1 else X
        return forecaster_of(estimator)._spread_at(spread, X)
    forecasts = np.asarray(estimator.predict(X), np.float64)
    return (forecasts.T.reshape(-1, 1) if is_wide else forecasts.reshape(len(X), -1))[..., np.newaxis]


def _moved(estimator, rows, data):
    """Return a fitted estimator whose memory has gone through further rows; the estimator itself stays as it is."""
    if not len(rows):
        return estimator
    X, y = data.known(rows)
    if not isinstance(estimator, Pipeline):
        return copy.copy(estimator).update(*without_none((X, y)))
    X = estimator[:-1].transform(X) if len(estimator) > 1 else X
    moved = copy.copy(estimator)
    name, forecaster = estimator.steps[-1]
    moved.steps = [*estimator.steps[:-1], (name, copy.copy(forecaster).update(*without_none((X, y))))]
    return moved


def _with_covariates_ahead(forecaster, rows, data):
    """Return a forecaster that holds the covariates of further rows, too, but not what is to be forecast."""
    names = {name: getattr(forecaster, name) for name in ("target", "id_col", "time_col")}
    panel = extend(forecaster.panel_, *data.future(rows), **names)
    forecaster = copy.copy(forecaster)
    forecaster._observe(panel)
    forecaster.panel_ = panel
    return forecaster


def _forecast_at_once(memory, origins, cells, data, spread):
    """Return the forecasts of those origins that end in known values, by their numbers, all made in one batch.

    What is missing at an origin is filled differently once later rows are known, so such an origin goes alone; and so
    does one where covariates are missing ahead, which the forecaster may refuse.
    """
    panel = memory.panel_
    is_unknown = np.isnan(panel.covariates)
    for name in panel.categories:
        place = panel.covariate_names.get_loc(name)
        is_unknown[:, place] |= panel.covariates[:, place] == -1
    n_holes = np.append(0, np.cumsum(is_unknown.any(axis=1)))  # among the rows before each
    numbers = np.zeros(1, np.int64) if panel.ids is None else panel.ids.get_indexer(data.panel.ids)
    asked = []
    for number, (origin, (series, steps)) in enumerate(zip(origins, cells, strict=True)):
        mine, places = np.unique(numbers[series], return_inverse=True)
        last = panel.bounds[mine] + origin - panel.starts[mine]
        is_inside = (last >= panel.bounds[mine]) & (last < panel.bounds[mine + 1])
        if not len(mine) or not is_inside.all() or np.isnan(panel.values[last]).any():
            continue
        ends = last + 1
        np.maximum.at(ends, places, (last[places] + 1 + steps - origin))
        ends = np.minimum(ends, panel.bounds[mine + 1])  # where a memory without covariates ends
        if (n_holes[ends] == n_holes[last]).all():
            asked.append((number, mine, origin + 1 - panel.starts[mine], places, steps - origin - 1))
    if not asked:
        return {}
    series, rows = (np.concatenate([one[place] for one in asked]) for place in (1, 2))
    if spread is None:
        forecasts = memory._forecasts_from(series, rows)[..., np.newaxis]
    else:
        forecasts = memory._spread_from(spread, series, rows)
    starts = np.cumsum([0, *(len(one[1]) for one in asked)])
    return {
        number: forecasts[start + places, ahead]
        for start, (number, _, _, places, ahead) in zip(starts[:-1], asked, strict=True)
    }
