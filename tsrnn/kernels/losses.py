"""Losses: value and gradient of one prediction, chosen by a code of the plan table."""

from .caching import inner

SQUARED_ERROR = 0


@inner
def loss_value(loss, prediction, target):
    """Return the loss of one output of one row: (prediction - target)^2."""
    return (prediction - target) * (prediction - target)


@inner
def loss_slope(loss, prediction, target):
    """Return the derivative of :func:`loss_value` by the prediction."""
    return type(prediction)(2) * (prediction - target)
