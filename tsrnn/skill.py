"""Whether a forecaster does better than the seasonal naive forecast, series by series and step by step."""

import warnings

import numpy as np
import pandas as pd

from .asking import key_names
from .baselines import SeasonalNaive
from .frames import listing, plain
from .residuals import errors_from, rolling_origins

MOST_NAMED = 3  # series, in a warning
_COLUMNS = ("target", "step", "n", "MAE", "naive_MAE", "skill")  # of every report


def skill_report(forecast, panel, first, last, horizon):
    """Return the errors of forecasts beside those of the seasonal naive forecast from the same rows, and warn.

    Parameters
    ----------
    forecast : callable
        Given series and rows, both of shape (n,), returns the forecasts from there on, (n, horizon, n_targets).
    panel : Panel
    first, last : ndarray of shape (n_series,)
        The first and the last row of each series to forecast from; none if the last is before the first.
    horizon : int

    Returns
    -------
    DataFrame
        As :meth:`tsrnn.RNNForecaster.report` says.
    """
    series, rows = rolling_origins(panel, first, last)
    naive = SeasonalNaive(horizon)._fit_panel(panel)
    forecasts = forecast, naive._forecasts_from
    errors = [np.abs(errors_from(made, panel, series, rows, horizon)) for made in forecasts]
    tables = [_of_target(errors, k, series, panel) for k in range(panel.n_targets)]
    table = pd.concat(tables, ignore_index=True)
    _warn_of_no_skill(table)
    return table


def _of_target(errors, k, series, panel):
    """Return the rows of the report that are of one target."""
    n_steps = errors[0].shape[1]
    places = (series[:, None] * n_steps + np.arange(n_steps)).ravel()
    own, naive = (of[:, :, k].ravel() for of in errors)
    is_known = ~(np.isnan(own) | np.isnan(naive))
    n_places = panel.n_series * n_steps
    counts = np.bincount(places[is_known], minlength=n_places)
    means = [np.bincount(places[is_known], of[is_known], n_places) / np.maximum(counts, 1) for of in (own, naive)]
    own, naive = (np.where(counts, mean, np.nan) for mean in means)
    names = {}
    if panel.ids is not None:
        id_name, _ = key_names(panel, _COLUMNS)
        names[id_name] = panel.ids[np.arange(panel.n_series).repeat(n_steps)].to_flat_index()
    if panel.n_targets > 1:
        names["target"] = plain(panel.form.targets[k])
    with np.errstate(divide="ignore", invalid="ignore"):
        skill = np.where(naive > 0, 1 - own / naive, np.nan)  # no share of an error that is none
    columns = {"step": np.tile(np.arange(1, n_steps + 1), panel.n_series), "n": counts}
    return pd.DataFrame({**names, **columns, "MAE": own, "naive_MAE": naive, "skill": skill})


def _warn_of_no_skill(table):
    """Warn of the series whose errors over all steps are no smaller than those of the naive forecast."""
    groups, errors = list(table.columns[:-5]), table[["MAE", "naive_MAE"]]
    sums = errors.groupby([table[name] for name in groups], sort=False).mean() if groups else errors.mean().to_frame().T
    has_none = ~(sums["MAE"] < sums["naive_MAE"]) & sums["MAE"].notna()
    if not has_none.any():
        return
    if len(sums) == 1:
        own, naive = sums.iloc[0]
        what = f"the mean absolute error is {own:.4g}, and that of SeasonalNaive {naive:.4g}"
    else:
        what = f"{has_none.sum()} of {len(sums)} are forecast no better than by SeasonalNaive"
        what += f" ({listing(sums.index[has_none], MOST_NAMED)})"
    warnings.warn(
        f"no skill on the validation part: {what}; use SeasonalNaive there, or give more data, "
        "covariates or a calendar.",
        UserWarning,
        stacklevel=4,
    )
