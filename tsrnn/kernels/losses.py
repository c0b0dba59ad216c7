"""Losses: value and slope of one output, and the link from an output to a prediction, by a code of the plan table.

All but one loss are of one output o and its target y, and have at most one number: where Huber's turns straight, or the
level of a quantile. That of several classes is of all outputs of a row.
"""

import math

import numpy as np

from .caching import inner

SQUARED_ERROR, ABSOLUTE_ERROR, HUBER, POISSON, QUANTILE, BINARY, CLASSES = range(7)


@inner
def loss_value(loss, output, target, number):
    """Return the loss of one output.

    SQUARED_ERROR   (o - y)^2
    ABSOLUTE_ERROR  |o - y|
    HUBER           (o - y)^2 / 2 where |o - y| <= d, else d (|o - y| - d / 2)     (Huber 1964)
    POISSON         exp(o) - y o, the negative log-likelihood but for a constant
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
    if loss == POISSON:
        return math.exp(output) - target * output
    if loss == BINARY:
        return max(output, 0.0) + math.log1p(math.exp(-abs(output))) - target * output
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
    if loss in (POISSON, BINARY):
        return predicted(loss, output) - target
    below, above = (real(number), real(1 - number)) if loss == QUANTILE else (real(1), real(1))
    return above if off > 0 else -below if off < 0 else real(0)


@inner
def predicted(loss, output):
    """Return the prediction that an output stands for: that of POISSON is a rate, that of BINARY a probability."""
    if loss == POISSON:
        return type(output)(math.exp(output))
    if loss == BINARY:
        return type(output)(1.0 / (1.0 + math.exp(-np.float64(output))))
    return output


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
