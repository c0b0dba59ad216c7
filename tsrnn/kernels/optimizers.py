"""What turns a gradient into new parameters: decay, two clips, and one formula that all optimizers are cases of.

With g the gradient, for each parameter w and its two running means m and v:

    m = MEAN_KEPT m + MEAN_NEW g
    v = SQUARE_KEPT v + SQUARE_NEW g^2
    w = w - (FROM_MEAN m + FROM_GRADIENT g) / (sqrt(v) + EPSILON)

The coefficients, which may change from update to update, come from above (:mod:`tsrnn.network.optimizers`).
"""

import math

from .caching import inner
from .elementwise import over_range
from .vector import fma, sqrt, where

# Columns of the coefficients of one update. L2 times each weight is added to its gradient, SHRINK multiplies it.
MEAN_KEPT, MEAN_NEW, SQUARE_KEPT, SQUARE_NEW, FROM_MEAN, FROM_GRADIENT, EPSILON, L2, SHRINK = range(9)
CLIP_VALUE, CLIP_NORM = 9, 10  # infinity for no limit
N_COEFFICIENTS = 11


@inner
def clip_factor(sum_of_squares, clip_norm):
    """Return the factor that brings a gradient's norm to at most `clip_norm` (infinity: no limit).

    NaN if the norm is not finite.
    """
    norm = math.sqrt(sum_of_squares)
    if norm > clip_norm and norm < math.inf:
        return clip_norm / norm
    return 1.0 if norm < math.inf else math.nan


@over_range
def update(
    parameter, gradient, mean, square, factor, mean_kept, mean_new, square_kept, square_new, from_mean, from_gradient,
    epsilon,
):  # fmt: skip
    """Make one update, of the gradient times `factor` (clipping).

    A gradient whose square might not fit is taken for the largest one whose does: from an infinite running mean the
    parameter would never move again.
    """
    gradient = gradient * factor
    largest = gradient.lift(2.0**511 if gradient.is_double else 2.0**63)
    gradient = where(abs(gradient) > largest, largest.with_sign_of(gradient), gradient)
    mean = fma(mean_kept, mean, mean_new * gradient)
    square = fma(square_kept, square, square_new * gradient * gradient)
    step = fma(from_gradient, gradient, from_mean * mean)
    return parameter - step / (sqrt(square) + epsilon), None, mean, square


@over_range
def add(total, part):
    """Add one array to another."""
    return total + part, None


@over_range
def add_l2(gradient, parameter, is_weight, l2):
    """Add the gradient of half `l2` times the squared weights; biases, where `is_weight` is zero, have none."""
    return fma(l2 * is_weight, parameter, gradient), None, None


@over_range
def shrink(parameter, is_weight, factor):
    """Multiply weights by a factor; biases stay."""
    return where(is_weight > 0, parameter * factor, parameter), None


@over_range
def clip_values(gradient, most):
    """Bring each number of a gradient between -`most` and `most`; NaN stays NaN."""
    return (where(abs(gradient) > most, most.with_sign_of(gradient), gradient),)
