"""Losses: value and slope of the outputs of one target, and the link from them to predictions, by a code of the plan.

Most losses are of one output o and its target y, and have at most one number: where Huber's turns straight, or the
level of a quantile. Several quantiles, and the likelihoods of :mod:`tsrnn.kernels.likelihoods`, are of several outputs
of a target, side by side; that of several classes is of all outputs of a row.
"""

import math

import numpy as np

from .caching import inner
from .likelihoods import (
    LEAST_DEGREES,
    LEAST_DISPERSION,
    LEAST_MEAN,
    LEAST_SCALE,
    above,
    negative_binomial_loss,
    normal_loss,
    poisson_loss,
    student_t_loss,
)
from .special import logistic, softplus

SQUARED_ERROR, ABSOLUTE_ERROR, HUBER, QUANTILE, BINARY, CLASSES = range(6)
POISSON, NORMAL, STUDENT_T, NEGATIVE_BINOMIAL = range(6, 10)  # likelihoods
COUNTS = POISSON, NEGATIVE_BINOMIAL  # of what is counted, in its own units


@inner
def is_of_parameters(loss, n):
    """Return whether the n outputs of a target are parameters: of a likelihood, or of several quantiles."""
    return loss >= POISSON or n > 1


@inner
def parameters_loss(loss, numbers, work, first, target, level, scale, share):
    """Return the loss of one target whose outputs are parameters; overwrite them by `share` times the slopes.

    Parameters
    ----------
    loss : int
    numbers : ndarray of shape (n_numbers,)
    work : ndarray
        Modified in place.
    first : int
        Where the outputs of the target begin.
    target, level, scale : float
        In the units of the target, all of them; a normalised target is (target - level) / scale.
    share : float
    """
    if loss == POISSON:
        return poisson_loss(work, first, np.float64(target), np.float64(scale), share)
    if loss == NEGATIVE_BINOMIAL:
        return negative_binomial_loss(work, first, np.float64(target), np.float64(scale), share)
    target = np.float64((target - level) / scale)
    if loss == NORMAL:
        return normal_loss(work, first, target, share)
    if loss == STUDENT_T:
        return student_t_loss(work, first, target, share)
    return quantiles_loss(work, first, numbers, target, share)


@inner
def predict_target(loss, work, first, n, level, scale):
    """Turn the n outputs of a target into what is predicted, in the units of the target."""
    if loss == NEGATIVE_BINOMIAL:
        work[first] = above(work[first], LEAST_MEAN) * scale
        work[first + 1] = above(work[first + 1], LEAST_DISPERSION)
    elif loss in (NORMAL, STUDENT_T):
        work[first] = work[first] * scale + level
        work[first + 1] = above(work[first + 1], LEAST_SCALE) * scale
        if loss == STUDENT_T:
            work[first + 2] = above(work[first + 2], LEAST_DEGREES)
    else:
        if n > 1:
            put_in_order(work, first, n)
        for k in range(first, first + n):
            work[k] = predicted(loss, work[k]) * scale + level


@inner
def loss_value(loss, output, target, number):
    """Return the loss of one output.

    SQUARED_ERROR   (o - y)^2
    ABSOLUTE_ERROR  |o - y|
    HUBER           (o - y)^2 / 2 where |o - y| <= d, else d (|o - y| - d / 2)     (Huber 1964)
    QUANTILE        (1 - q) (o - y) where o > y, else q (y - o)                    (Koenker and Bassett 1978)
    BINARY          log(1 + exp(o)) - y o, the negative log-likelihood of y, 0 or 1
    """
    off = output - target
    if loss == SQUARED_ERROR:
        return off * off
    if loss == ABSOLUTE_ERROR:
        return abs(off)
    if loss == HUBER:
        return off * off / 2 if abs(off) <= number else number * (abs(off) - number / 2)
    if loss == BINARY:
        return softplus(output) - target * output
    return (1 - number) * off if off > 0 else -number * off


@inner
def loss_slope(loss, output, target, number):
    """Return the derivative of :func:`loss_value` by the output; zero where it has a kink.

    It need not keep NaN, which the value does: training ends by that.
    """
    real = type(output)
    off = output - target
    if loss == SQUARED_ERROR:
        return real(2) * off
    if loss == HUBER:
        return real(min(max(off, -number), number))
    if loss == BINARY:
        return predicted(loss, output) - target
    below, above = (real(number), real(1 - number)) if loss == QUANTILE else (real(1), real(1))
    return above if off > 0 else -below if off < 0 else real(0)


@inner
def predicted(loss, output):
    """Return the prediction that an output stands for: that of POISSON is a rate, that of BINARY a probability."""
    if loss == POISSON:
        return type(output)(math.exp(output))
    if loss == BINARY:
        return type(output)(logistic(output))
    return output


@inner
def quantiles_loss(work, first, levels, target, share):
    """Return the sum of QUANTILE over rising levels; overwrite the outputs by `share` times the slopes.

    The output of the middle level is its quantile. Those of the others are steps from the level beside it, which the
    softplus keeps positive, so that no quantile can cross another.
    """
    n, middle = levels.shape[0], levels.shape[0] // 2
    center = np.float64(work[first + middle])
    loss = loss_value(QUANTILE, center, target, levels[middle])
    slope = loss_slope(QUANTILE, center, target, levels[middle])
    for side, end in ((1, n), (-1, -1)):
        quantile, beyond = center, 0.0  # the slopes at a quantile and at all beyond it
        for k in range(middle + side, end, side):
            quantile += side * softplus(np.float64(work[first + k]))
            loss += loss_value(QUANTILE, quantile, target, levels[k])
            beyond += loss_slope(QUANTILE, quantile, target, levels[k])
        slope += beyond
        quantile = center
        for k in range(middle + side, end, side):
            output = np.float64(work[first + k])
            quantile += side * softplus(output)
            work[first + k] = share * side * beyond * logistic(output)
            beyond -= loss_slope(QUANTILE, quantile, target, levels[k])
    work[first + middle] = share * slope
    return loss


@inner
def put_in_order(work, first, n):
    """Turn the n outputs of a target into its quantiles, as :func:`quantiles_loss` reads them."""
    middle = n // 2
    for side, end in ((1, n), (-1, -1)):
        quantile = np.float64(work[first + middle])
        for k in range(middle + side, end, side):
            quantile += side * softplus(np.float64(work[first + k]))
            work[first + k] = quantile


@inner
def softmax(work, first, n):
    """Turn n outputs into the probabilities of the classes; return the logarithm of the sum that they are divided by.

    Of exponentials: the sum is of those of the outputs themselves.
    """
    largest = np.float64(work[first])
    for k in range(1, n):
        largest = max(largest, np.float64(work[first + k]))
    total = 0.0
    for k in range(n):
        total += math.exp(work[first + k] - largest)
    log_total = largest + math.log(total)
    for k in range(n):
        work[first + k] = math.exp(work[first + k] - log_total)
    return log_total


@inner
def classes_loss(work, first, n, target, share):
    """Return the negative log-likelihood of class number `target`; turn n outputs into `share` times its slopes."""
    label = int(target)
    output = np.float64(work[first + label])
    loss = softmax(work, first, n) - output
    work[first + label] -= 1
    for k in range(n):
        work[first + k] *= share
    return loss
