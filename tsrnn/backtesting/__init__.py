"""Back-tests: forecasts made at many origins of the past, each from what was known there, beside what came.

Each origin cuts the user's own frames, so that a whole Pipeline learns from the rows before it alone. Where a model
is not fitted anew, its memory moves forward through `update`, or all its origins are one batch.
"""

from .result import Backtest
from .rolling import backtest

__all__ = ["backtest", "Backtest"]
