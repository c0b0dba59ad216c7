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
from .scorers import ForecastScorer as ForecastScorer
from .scorers import scorer
from .tables import forecast_scores, panel_scores

__all__ = [
    "mae", "rmse", "bias", "mape", "smape", "wape", "mase", "rmsse", "naive_error", "r2", "directional_accuracy",
    "overall_weighted_average", "forecast_scores", "panel_scores", "scorer",
]  # fmt: skip
