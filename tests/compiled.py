"""What compiled kernels compute from weights that are given by name, as the naive twin has them."""

import naive
import numpy as np

from tsrnn.kernels import plan
from tsrnn.kernels.buffers import flatten
from tsrnn.kernels.workers import Workers
from tsrnn.network.optimizers import OptimizerOptions, coefficients

# Both sides compute in float64 and sum in different orders: a few hundred roundings of 1e-16 each.
TOLERANCE = dict(rtol=1e-12, atol=1e-13)


def parameters_of(architecture, weights, dtype=np.float64):
    """Return the flat vector of weights by name."""
    parameters = np.zeros(architecture.n_parameters, dtype)
    for name, view in architecture.views(parameters).items():
        view[:] = weights[name]
    return parameters


def cell_code(cell, reset_after):
    """Return the number of a cell in the plan table."""
    return plan.CELLS[cell] if reset_after else plan.GRU_BEFORE


def run(architecture, weights, X, y, dtype=np.float64, n_threads=2):
    """Return predictions, loss and the gradient by name."""
    parameters = parameters_of(architecture, weights, dtype)
    samples = np.arange(len(X))
    X, y = flatten(X.astype(dtype)), flatten(y.astype(dtype))
    with Workers(n_threads) as workers:
        step = architecture.step(parameters, workers)
        prediction = step.predict(X, samples)
        loss, gradient = step.gradient(X, y, samples)
    return prediction, loss, architecture.views(gradient)


def adam(step, n_updates, learning_rate=0.01, clip_norm=1.0):
    """Return the coefficients of the next updates of a step by Adam with its usual constants."""
    options = OptimizerOptions(optimizer="adam", clip_norm=clip_norm)
    return coefficients(options, np.full(n_updates, learning_rate), step.n_updates)


def assert_slopes_are_those_of_the_twin(gradient, cell, weights, X, y, frozen=(), **options):
    """Judge a gradient too large for one complex step per weight: by the slope along a random direction per array.

    One wrong number changes the slope, be it by its share alone. Arrays that are frozen have no gradient.
    """
    rng = np.random.default_rng(99)
    assert gradient.keys() == weights.keys()
    for name, values in weights.items():
        if name in frozen:
            assert not gradient[name].any()
            continue
        direction = rng.choice([-1.0, 1.0], values.shape) * rng.uniform(0.5, 1, values.shape)
        stepped = {**weights, name: values + 1j * naive.COMPLEX_STEP * direction}
        expected = naive.loss(cell, stepped, X, y, **options).imag / naive.COMPLEX_STEP
        terms = gradient[name] * direction
        # TOLERANCE of every number: relative to the sum of the sizes, for the slope itself may nearly cancel.
        assert abs(terms.sum() - expected) <= 1e-12 * np.abs(terms).sum() + 1e-13, name
