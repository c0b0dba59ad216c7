"""Recurrent networks for time series, inside scikit-learn and pandas."""

from typing import TYPE_CHECKING

__version__ = "0.1.0"

_HOMES = {
    "PanelTimeSeriesSplit": "splitting",
    "RNNClassifier": "classifier",
    "RNNForecaster": "forecaster",
    "RNNGenerator": "generator",
    "RNNRegressor": "regressor",
    "SeasonalNaive": "baselines",
    "SequenceEncoder": "tokens",
    "assert_no_lookahead": "lookahead",
    "backtest": "backtesting",
    "make_windows": "windows",
    "train_val_test_split": "splitting",
}
_ROOMS = ("datasets", "metrics", "plotting")

__all__ = [*_HOMES, *_ROOMS, "__version__"]


def __getattr__(name):
    """Import a public name when it is first asked for, so that importing tsrnn alone costs next to nothing."""
    from importlib import import_module

    if name in _HOMES:
        return getattr(import_module(f".{_HOMES[name]}", __name__), name)
    if name in _ROOMS:
        return import_module(f".{name}", __name__)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__():
    return sorted(__all__)


if TYPE_CHECKING:  # what editors and type checkers see
    from . import datasets as datasets
    from . import metrics as metrics
    from . import plotting as plotting
    from .backtesting import backtest as backtest
    from .baselines import SeasonalNaive as SeasonalNaive
    from .classifier import RNNClassifier as RNNClassifier
    from .forecaster import RNNForecaster as RNNForecaster
    from .generator import RNNGenerator as RNNGenerator
    from .lookahead import assert_no_lookahead as assert_no_lookahead
    from .regressor import RNNRegressor as RNNRegressor
    from .splitting import PanelTimeSeriesSplit as PanelTimeSeriesSplit
    from .splitting import train_val_test_split as train_val_test_split
    from .tokens import SequenceEncoder as SequenceEncoder
    from .windows import make_windows as make_windows
