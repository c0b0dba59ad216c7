"""Likelihoods: several outputs of one target are the parameters of its distribution, and the loss its negative log.

The first output of a target stands at `first` in the workspace, the others follow. Each function that ends in `_loss`
returns the loss, of float64, and overwrites the outputs by `share` times its slopes.

NORMAL              location, scale
STUDENT_T           location, scale, degrees of freedom
POISSON             mean
NEGATIVE_BINOMIAL   mean, dispersion: the variance is mean + dispersion mean^2

What must be positive is the softplus of its output, and a floor. Location and scale are in the units of the window, and
so is the loss. Counts stand as they are: the mean is the scale of the window times the softplus, in POISSON the
exponential, of its output, and the loss is that of the count itself. Their dispersion is no part of the scale, as it is
the squared coefficient of variation of the rate by which such counts come.

References
----------
Salinas, Flunkert, Gasthaus and Januschowski (2020), DeepAR: probabilistic forecasting with autoregressive recurrent
networks, International Journal of Forecasting 36: section 3, but for the floors and the scale of the dispersion.
"""

import math

import numpy as np

from .caching import inner
from .special import digamma_rise, log_gamma_rise, logistic, softplus

# Floors. Of a scale, in units of the window: slopes grow as its inverse cube, and would leave float32; and a constant
# series, of which there is no smallest scale, gains no more than -log of this.
LEAST_SCALE = 1e-3
LEAST_DEGREES = 2.001  # above 2 in float32, too, so that the variance is finite
LEAST_MEAN = 1e-6  # of the scale of the window: the logarithm of zero is no number
LEAST_DISPERSION = 1e-6  # the inverse of it is a parameter; so close to Poisson the difference is rounding
_HALF_LOG_2PI = 0.5 * math.log(2 * math.pi)


@inner
def above(output, least):
    """Return the positive number that an output stands for: softplus, and a floor."""
    return softplus(np.float64(output)) + least


@inner
def normal_loss(work, first, target, share):
    """Return log s + z^2 / 2 + log(2 pi) / 2 for z = (y - location) / s; see the module."""
    scale = above(work[first + 1], LEAST_SCALE)
    z = (target - work[first]) / scale
    work[first] = -share * z / scale
    work[first + 1] = share * (1 - z * z) / scale * logistic(work[first + 1])
    return math.log(scale) + 0.5 * z * z + _HALF_LOG_2PI


@inner
def student_t_loss(work, first, target, share):
    """Return that of z = (y - location) / s, of Student's t with v degrees of freedom; see the module.

    log s + log(pi v) / 2 - log Gamma((v + 1) / 2) + log Gamma(v / 2) + (v + 1) / 2 log(1 + z^2 / v)
    """
    scale, v = above(work[first + 1], LEAST_SCALE), above(work[first + 2], LEAST_DEGREES)
    z = (target - work[first]) / scale
    of_tail, pull = math.log1p(z * z / v), (v + 1) / (v + z * z)
    of_degrees = 0.5 * (1 / v - digamma_rise(v / 2, 0.5) + of_tail - pull * z * z / v)
    work[first] = -share * pull * z / scale
    work[first + 1] = share * (1 - pull * z * z) / scale * logistic(work[first + 1])
    work[first + 2] = share * of_degrees * logistic(work[first + 2])
    return math.log(scale) + 0.5 * math.log(math.pi * v) - log_gamma_rise(v / 2, 0.5) + 0.5 * (v + 1) * of_tail


@inner
def poisson_loss(work, first, target, window_scale, share):
    """Return m - y log m for the mean m, but for a constant of y; see the module."""
    output = np.float64(work[first])
    mean = window_scale * math.exp(output)
    work[first] = share * (mean - target)
    return mean - target * (output + math.log(window_scale))


@inner
def negative_binomial_loss(work, first, target, window_scale, share):
    """Return that of the count y of mean m and dispersion 1 / r; see the module.

    log Gamma(y + 1) - log Gamma(y + r) + log Gamma(r) - y log(m / r) + (y + r) log(1 + m / r)
    """
    mean, dispersion = window_scale * above(work[first], LEAST_MEAN), above(work[first + 1], LEAST_DISPERSION)
    r, odds = 1 / dispersion, mean * dispersion
    of_tail, off = math.log1p(odds), target - mean
    of_r = digamma_rise(r, target) - of_tail - off / (r + mean)
    work[first] = -share * off / (mean * (1 + odds)) * window_scale * logistic(work[first])
    work[first + 1] = share * of_r * r * r * logistic(work[first + 1])
    of_count = log_gamma_rise(1.0, target) - log_gamma_rise(r, target)
    return of_count - target * math.log(odds) + (target + r) * of_tail
