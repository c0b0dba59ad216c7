"""Compiled forward and backward passes are those of the naive twin and of other frameworks."""

import naive
import numpy as np
import pytest

from tsrnn.kernels.buffers import flatten
from tsrnn.kernels.workers import Workers
from tsrnn.network.architecture import Architecture

VARIANTS = [
    ("rnn", "tanh", True),
    ("rnn", "relu", True),
    ("lstm", "tanh", True),
    ("lstm", "relu", True),
    ("gru", "tanh", True),
    ("gru", "relu", True),
    ("gru", "tanh", False),
    ("gru", "relu", False),
]
# Both sides compute in float64 and sum in different orders: a few hundred roundings of 1e-16 each.
TOLERANCE = dict(rtol=1e-12, atol=1e-13)


def build(cell, X, n_outputs, sizes, activation, reset_after, window_norm=None):
    return Architecture(
        cell, X.shape[1], X.shape[2], tuple(sizes), n_outputs, activation, reset_after, window_norm, "squared_error"
    )


def run(architecture, weights, X, y, dtype=np.float64, n_threads=2):
    """Return predictions, loss and the gradient by name."""
    parameters = np.zeros(architecture.n_parameters, dtype)
    for name, view in architecture.views(parameters).items():
        view[:] = weights[name]
    samples = np.arange(len(X))
    X, y = flatten(X.astype(dtype)), flatten(y.astype(dtype))
    with Workers(n_threads) as workers:
        step = architecture.step(parameters, workers)
        prediction = step.predict(X, samples)
        loss, gradient = step.gradient(X, y, samples)
    return prediction, loss, architecture.views(gradient)


@pytest.mark.parametrize("cell, activation, reset_after", VARIANTS)
@pytest.mark.parametrize("sizes", [(5,), (6, 3), (3, 7, 2)])
@pytest.mark.parametrize("window_norm", [None, "last"])
def test_forward_and_every_gradient_equal_the_complex_step_of_the_naive_twin(
    cell, activation, reset_after, sizes, window_norm
):
    rng = np.random.default_rng(0)
    n, n_steps, n_features, n_outputs = 11, 7, 3, 2  # nothing divides by a shard or a vector
    X, y = rng.normal(size=(n, n_steps, n_features)), rng.normal(size=(n, n_outputs))
    weights = naive.random_weights(cell, n_features, sizes, n_outputs, reset_after, rng)
    options = dict(activation=activation, reset_after=reset_after, window_norm=window_norm)

    prediction, loss, gradient = run(build(cell, X, n_outputs, sizes, **options), weights, X, y)

    np.testing.assert_allclose(prediction, naive.forward(cell, weights, X, **options), **TOLERANCE)
    np.testing.assert_allclose(loss, naive.loss(cell, weights, X, y, **options), **TOLERANCE)
    expected = naive.gradient(cell, weights, X, y, **options)
    assert gradient.keys() == expected.keys()
    for name in expected:
        np.testing.assert_allclose(gradient[name], expected[name], err_msg=name, **TOLERANCE)
