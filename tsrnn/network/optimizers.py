"""The optimizers by name: what each makes of the gradient, as coefficients of the one formula of the kernels."""

from dataclasses import dataclass

import numpy as np

from ..kernels import optimizers as o


@dataclass(frozen=True, kw_only=True)
class OptimizerOptions:
    """How gradients become new parameters; the public estimators document each of these.

    Parameters
    ----------
    optimizer : {"adam", "adamw", "nadam", "rmsprop", "adagrad", "sgd"}
    alpha : float
    momentum : float
    nesterovs_momentum : bool
    beta_1, epsilon : float
    beta_2 : float or None
    clip_norm, clip_value : float or None
    """

    optimizer: str = "adam"
    alpha: float = 0.0
    momentum: float = 0.9
    nesterovs_momentum: bool = True
    beta_1: float = 0.9
    beta_2: float | None = None
    epsilon: float = 1e-8
    clip_norm: float | None = 1.0
    clip_value: float | None = None


def coefficients(options, learning_rates, n_before, n_rows=1):
    """Return the coefficients of some updates, shape (n_updates, N_COEFFICIENTS).

    Parameters
    ----------
    options : OptimizerOptions
    learning_rates : ndarray of shape (n_updates,)
        Of each update.
    n_before : int
        Updates that the training has made before these: running means that start at zero are corrected for it.
    n_rows : float or ndarray of shape (n_updates,)
        Of each minibatch, a row as often as it weighs, by which `alpha` is divided.

    References
    ----------
    Kingma and Ba (2015), Adam: a method for stochastic optimization, ICLR, algorithm 1 as section 2 ends it.
    Loshchilov and Hutter (2019), Decoupled weight decay regularization, ICLR, algorithm 2.
    Dozat (2016), Incorporating Nesterov momentum into Adam, ICLR workshop, algorithm 2.
    Tieleman and Hinton (2012), Lecture 6.5, RMSprop.
    Duchi, Hazan and Singer (2011), Adaptive subgradient methods, JMLR 12, figure 1 (the diagonal).
    Sutskever et al. (2013), On the importance of initialization and momentum in deep learning, ICML, equations 1 to 4.
    """
    table = np.zeros((len(learning_rates), o.N_COEFFICIENTS))
    is_decoupled = options.optimizer == "adamw"
    table[:, o.L2] = 0.0 if is_decoupled else options.alpha / n_rows
    table[:, o.SHRINK] = 1.0 - learning_rates * options.alpha * is_decoupled
    table[:, o.CLIP_NORM] = np.inf if options.clip_norm is None else options.clip_norm
    table[:, o.CLIP_VALUE] = np.inf if options.clip_value is None else options.clip_value
    OPTIMIZERS[options.optimizer](table, options, learning_rates, n_before)
    return table


def _adam(table, options, learning_rates, n_before):
    n = n_before + 1 + np.arange(len(learning_rates))
    correction = _keep_moments(table, options, n)
    table[:, o.FROM_MEAN] = learning_rates * correction / (1.0 - options.beta_1**n)


def _nadam(table, options, learning_rates, n_before):
    n = n_before + 1 + np.arange(len(learning_rates))
    correction = _keep_moments(table, options, n)
    momenta = options.beta_1 * (1.0 - 0.5 * 0.96 ** (0.004 * np.arange(1, n_before + len(learning_rates) + 2)))
    products = np.cumprod(momenta)  # [k] is of k + 1 factors
    table[:, o.FROM_MEAN] = learning_rates * correction * momenta[n] / (1.0 - products[n])
    table[:, o.FROM_GRADIENT] = learning_rates * correction * (1.0 - momenta[n - 1]) / (1.0 - products[n - 1])


def _rmsprop(table, options, learning_rates, n_before):
    beta_2 = 0.9 if options.beta_2 is None else options.beta_2
    table[:, o.SQUARE_KEPT], table[:, o.SQUARE_NEW] = beta_2, 1.0 - beta_2
    table[:, o.FROM_GRADIENT] = learning_rates
    table[:, o.EPSILON] = options.epsilon


def _adagrad(table, options, learning_rates, n_before):
    table[:, o.SQUARE_KEPT] = table[:, o.SQUARE_NEW] = 1.0
    table[:, o.FROM_GRADIENT] = learning_rates
    table[:, o.EPSILON] = options.epsilon


def _sgd(table, options, learning_rates, n_before):
    """The squares stay zero, and the divisor one."""
    looks_ahead = options.nesterovs_momentum and options.momentum > 0
    table[:, o.MEAN_KEPT], table[:, o.MEAN_NEW], table[:, o.EPSILON] = options.momentum, 1.0, 1.0
    table[:, o.FROM_MEAN] = learning_rates * (options.momentum if looks_ahead else 1.0)
    table[:, o.FROM_GRADIENT] = learning_rates * looks_ahead


def _keep_moments(table, options, n):
    """Keep the moments of Adam; return what corrects the second of them in update n, which began at zero."""
    beta_2 = 0.999 if options.beta_2 is None else options.beta_2
    table[:, o.MEAN_KEPT], table[:, o.MEAN_NEW] = options.beta_1, 1.0 - options.beta_1
    table[:, o.SQUARE_KEPT], table[:, o.SQUARE_NEW] = beta_2, 1.0 - beta_2
    correction = np.sqrt(1.0 - beta_2**n)
    table[:, o.EPSILON] = options.epsilon * correction
    return correction


OPTIMIZERS = {
    "adam": _adam, "adamw": _adam, "nadam": _nadam, "rmsprop": _rmsprop, "adagrad": _adagrad, "sgd": _sgd,
}  # fmt: skip
