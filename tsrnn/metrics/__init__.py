"""Scores of forecasts: one function each, tables of all for one forecast or a panel, and scorers for scikit-learn."""

from .formulas import (
    bias,
    directional_accuracy,
    mae,
    mape,
    mase,
    naive_error,
    overall_weighted_average,
    r2,
    rmse,
    rmsse,
    smape,
    wape,
)  # fmt: skip
from .probabilistic import (
    coverage,
    crps_from_quantiles,
    crps_from_samples,
    energy_score,
    interval_score,
    mean_interval_width,
    mean_scaled_interval_score,
    pinball_loss,
)
from .scorers import ForecastScorer as ForecastScorer
from .scorers import scorer
from .tables import forecast_scores, interval_scores, panel_scores

__all__ = [
    "mae", "rmse", "bias", "mape", "smape", "wape", "mase", "rmsse", "naive_error", "r2", "directional_accuracy",
    "overall_weighted_average", "pinball_loss", "crps_from_quantiles", "crps_from_samples", "energy_score", "coverage",
    "mean_interval_width", "interval_score", "mean_scaled_interval_score", "forecast_scores", "panel_scores",
    "interval_scores", "scorer",
]  # fmt: skip
