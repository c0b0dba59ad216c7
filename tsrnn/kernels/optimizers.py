"""What turns a gradient into new parameters: the clip by global norm, and Adam."""

import math

import numpy as np

from .caching import inner


@inner
def clip_factor(gradient, clip_norm):
    """Return the factor that brings the norm of `gradient` to at most `clip_norm` (infinity: no limit).

    The sum of squares is made in float64 and in order. NaN where the gradient holds a value that is not finite.
    """
    total = 0.0
    for k in range(gradient.shape[0]):
        total += np.float64(gradient[k]) * np.float64(gradient[k])
    norm = math.sqrt(total)
    if norm > clip_norm and norm < math.inf:
        return clip_norm / norm
    return 1.0 if norm < math.inf else math.nan


@inner
def adam(parameters, gradient, factor, mean, square, n_updates, learning_rate, beta_1, beta_2, epsilon):
    """Make update number `n_updates` (1, 2, ...) of Adam (Kingma and Ba 2015, algorithm 1).

    Parameters
    ----------
    parameters, mean, square : ndarray of shape (n_parameters,)
        Modified in place; `mean` and `square` are the running moments of the gradient.
    gradient : ndarray of shape (n_parameters,)
    factor : float
        Multiplies the gradient (clipping).
    """
    real = type(parameters[0])
    correction = math.sqrt(1.0 - beta_2**n_updates)
    step = real(learning_rate * correction / (1.0 - beta_1**n_updates))
    b1, b2, eps, scale = real(beta_1), real(beta_2), real(epsilon * correction), real(factor)
    rest_1, rest_2 = real(1.0 - beta_1), real(1.0 - beta_2)
    for k in range(parameters.shape[0]):
        g = gradient[k] * scale
        mean[k] = b1 * mean[k] + rest_1 * g
        square[k] = b2 * square[k] + rest_2 * g * g
        parameters[k] -= step * mean[k] / (math.sqrt(square[k]) + eps)
