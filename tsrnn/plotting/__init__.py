"""Pictures of forecasts, panels, training, back-tests, residuals and calibration.

Functions take and return matplotlib Axes. Without any they open a figure by pyplot, which is imported only then, and
leave it to the caller to close it.
"""

from .backtests import plot_backtest
from .calibration import plot_calibration
from .files import picture_formats, save_figure
from .forecasts import draw_report, plot_forecast, plot_panel
from .residuals import plot_residuals
from .training import plot_training

__all__ = [
    "plot_forecast", "plot_panel", "plot_training", "plot_backtest", "plot_residuals", "plot_calibration",
    "draw_report", "picture_formats", "save_figure",
]  # fmt: skip
