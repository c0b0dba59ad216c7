"""What turns a gradient into new parameters: the clip by global norm, and Adam."""

import math

from .caching import inner
from .elementwise import over_range
from .vector import fma, sqrt, where


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
def adam(parameter, gradient, mean, square, factor, rate, beta_1, rest_1, beta_2, rest_2, epsilon):
    """Make one update of Adam (Kingma and Ba 2015, algorithm 1, in the form that ends their section 2).

    `factor` multiplies the gradient (clipping); `rate` and `epsilon` hold the corrections of the moments' bias;
    `rest_1` and `rest_2` are 1 - `beta_1` and 1 - `beta_2`. A gradient whose square might not fit is taken for the
    largest one whose does: from an infinite running mean the parameter would never move again.
    """
    gradient = gradient * factor
    largest = gradient.lift(2.0**511 if gradient.is_double else 2.0**63)
    gradient = where(abs(gradient) > largest, largest.with_sign_of(gradient), gradient)
    mean = fma(beta_1, mean, rest_1 * gradient)
    square = fma(beta_2, square, rest_2 * gradient * gradient)
    return parameter - rate * mean / (sqrt(square) + epsilon), None, mean, square


@over_range
def add(total, part):
    """Add one array to another."""
    return total + part, None
