"""Functions of one number in float64 that losses are made of: softplus and its slope, and how log-gamma rises.

Likelihoods need log-gamma and digamma, its derivative, in differences alone: of x + n and x. Where x is large their
values are much larger than their difference, which is therefore formed in the series and not after it.

References
----------
Abramowitz and Stegun (1964), Handbook of mathematical functions: 6.1.15 and 6.3.5, by which an argument grows by one;
6.1.41 and 6.3.18, the series of large arguments.
"""

import math

import numpy as np

from .caching import inner

LARGE = 10.0  # from here on the next term of either series, 0.002 / x^11 and 0.02 / x^12, is below 1e-13


@inner
def softplus(x):
    """Return log(1 + exp(x))."""
    return max(x, 0.0) + math.log1p(math.exp(-abs(x)))


@inner
def logistic(x):
    """Return 1 / (1 + exp(-x)), the slope of softplus; of a large negative x 0, as exp overflows to infinity."""
    return 1.0 / (1.0 + math.exp(-np.float64(x)))


@inner
def log_gamma_rise(x, n):
    """Return log Gamma(x + n) - log Gamma(x) for x > 0 and x + n > 0."""
    ratio = 1.0
    while x < LARGE:
        ratio *= x / (x + n)
        x += 1.0
    rest = _log_gamma_rest(x + n) - _log_gamma_rest(x)
    return math.log(ratio) + (x + n - 0.5) * math.log1p(n / x) + n * math.log(x) - n + rest


@inner
def digamma_rise(x, n):
    """Return digamma(x + n) - digamma(x) for x > 0 and x + n > 0: the derivative of `log_gamma_rise` by x."""
    rise = 0.0
    while x < LARGE:
        rise += n / (x * (x + n))
        x += 1.0
    return rise + math.log1p(n / x) + _digamma_rest(x + n) - _digamma_rest(x)


@inner
def _log_gamma_rest(x):
    """Return log Gamma(x) - ((x - 1/2) log x - x + log(2 pi) / 2) of a large x."""
    s = 1.0 / (x * x)
    return (1 / 12 - s * (1 / 360 - s * (1 / 1260 - s * (1 / 1680 - s / 1188)))) / x


@inner
def _digamma_rest(x):
    """Return digamma(x) - log x of a large x."""
    s = 1.0 / (x * x)
    return -0.5 / x - s * (1 / 12 - s * (1 / 120 - s * (1 / 252 - s * (1 / 240 - s / 132))))
