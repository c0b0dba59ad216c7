"""Compiled forward and backward passes are those of the naive twin and of other frameworks."""

import naive
import numpy as np
import pytest
import reference_cases

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


@pytest.mark.parametrize("framework", ["pytorch", "keras"])
def test_forward_and_gradients_agree_with_the_numbers_of_other_frameworks(framework):
    for case in reference_cases.cases(framework):
        architecture = build(
            case.cell, case.X, case.y.shape[1], case.hidden_layer_sizes, case.activation, case.reset_after
        )
        prediction, loss, gradient = run(architecture, case.weights, case.X, case.y)
        np.testing.assert_allclose(prediction, case.predictions, err_msg=case.name, **TOLERANCE)
        np.testing.assert_allclose(loss, case.loss, err_msg=case.name, **TOLERANCE)
        assert gradient.keys() == case.gradients.keys()
        for name in gradient:
            np.testing.assert_allclose(gradient[name], case.gradients[name], err_msg=f"{case.name} {name}", **TOLERANCE)


@pytest.mark.parametrize("cell, activation, reset_after", VARIANTS)
def test_float32_is_float64_to_its_own_precision(cell, activation, reset_after):
    rng = np.random.default_rng(1)
    X, y = rng.normal(size=(20, 9, 2)), rng.normal(size=(20, 1))
    weights = naive.random_weights(cell, 2, (8,), 1, reset_after, rng)
    architecture = build(cell, X, 1, (8,), activation, reset_after)
    wide = run(architecture, weights, X, y)
    narrow = run(architecture, weights, X, y, dtype=np.float32)
    assert narrow[0].dtype == np.float32
    # About 9 steps of a few dozen roundings of 6e-8, relative to values of order one.
    np.testing.assert_allclose(narrow[0], wide[0], rtol=1e-4, atol=1e-5)
    for name in wide[2]:
        np.testing.assert_allclose(narrow[2][name], wide[2][name], rtol=1e-3, atol=1e-5, err_msg=name)


@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
@pytest.mark.parametrize("n", [1, 3, 8, 9, 130, 300])
def test_a_prediction_has_the_same_bits_alone_and_anywhere_in_a_batch(cell, n):
    rng = np.random.default_rng(2)
    X, weights = rng.normal(size=(n, 5, 2)), naive.random_weights(cell, 2, (7,), 3, True, rng)
    architecture = build(cell, X, 3, (7,), "tanh", True)
    y = np.zeros((n, 3))
    together = run(architecture, weights, X, y, np.float32)[0]
    backwards = run(architecture, weights, X[::-1], y, np.float32)[0][::-1]
    assert np.array_equal(together, backwards)
    for row in {0, n // 2, n - 1}:
        assert np.array_equal(run(architecture, weights, X[row : row + 1], y[:1], np.float32)[0][0], together[row])


@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
@pytest.mark.parametrize("n", [1, 9, 130, 300])
def test_gradient_and_loss_have_the_same_bits_on_any_number_of_threads(cell, n):
    rng = np.random.default_rng(3)
    X, y = rng.normal(size=(n, 5, 2)), rng.normal(size=(n, 1))
    weights = naive.random_weights(cell, 2, (6, 4), 1, True, rng)
    architecture = build(cell, X, 1, (6, 4), "tanh", True)
    results = [run(architecture, weights, X, y, np.float32, n_threads) for n_threads in (1, 2, 3, 8)]
    for prediction, loss, gradient in results[1:]:
        assert np.array_equal(prediction, results[0][0])
        assert loss == results[0][1]
        assert all(np.array_equal(gradient[name], results[0][2][name]) for name in gradient)


def test_large_batches_share_gradient_buffers_and_stay_exact():
    rng = np.random.default_rng(4)
    X, y = rng.normal(size=(777, 3, 1)), rng.normal(size=(777, 2))  # 98 shards, 16 buffers
    weights = naive.random_weights("lstm", 1, (3,), 2, True, rng)
    gradient = run(build("lstm", X, 2, (3,), "tanh", True), weights, X, y)[2]
    expected = naive.gradient("lstm", weights, X, y)
    for name in expected:
        np.testing.assert_allclose(gradient[name], expected[name], err_msg=name, **TOLERANCE)


@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
def test_windows_are_read_through_any_strides(cell):
    rng = np.random.default_rng(5)
    series = rng.normal(size=(40, 3))
    weights = naive.random_weights(cell, 3, (4,), 2, True, rng)
    overlapping = np.lib.stride_tricks.sliding_window_view(series, 6, axis=0).transpose(0, 2, 1)  # (35, 6, 3)
    y = np.lib.stride_tricks.sliding_window_view(series[5:, 1], 2)[:34]
    X = overlapping[: len(y)]
    architecture = build(cell, X, 2, (4,), "tanh", True)
    for windows, targets in [(X, y), (X[::2], y[::2]), (X[:, ::-1], y), (np.asfortranarray(X), np.asfortranarray(y))]:
        parameters = np.zeros(architecture.n_parameters)
        for name, view in architecture.views(parameters).items():
            view[:] = weights[name]
        with Workers(1) as workers:
            step = architecture.step(parameters, workers)
            samples = np.arange(len(windows))
            prediction = step.predict(flatten(windows), samples)
            loss = step.loss(flatten(windows), flatten(targets), samples)
        np.testing.assert_allclose(prediction, naive.forward(cell, weights, windows), **TOLERANCE)
        np.testing.assert_allclose(loss, naive.loss(cell, weights, windows, targets), **TOLERANCE)


@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
def test_nan_in_a_window_reaches_its_prediction_and_no_other(cell):
    rng = np.random.default_rng(6)
    X, weights = rng.normal(size=(20, 5, 2)), naive.random_weights(cell, 2, (5,), 1, True, rng)
    X[13, 2, 1] = np.nan
    for activation in ("tanh", "relu"):
        prediction, loss, _ = run(build(cell, X, 1, (5,), activation, True), weights, X, np.zeros((20, 1)))
        assert list(np.flatnonzero(np.isnan(prediction))) == [13]
        assert np.isnan(loss)


def test_sigmoid_and_tanh_saturate_without_overflow():
    """Inputs of 1e4 saturate every gate; the naive twin and the kernel agree and stay finite."""
    X = np.array([[[1e4], [-1e4], [1e4]]])
    for cell in ("lstm", "gru"):
        weights = naive.random_weights(cell, 1, (3,), 1, True, np.random.default_rng(7))
        prediction, _, gradient = run(build(cell, X, 1, (3,), "tanh", True), weights, X, np.zeros((1, 1)))
        np.testing.assert_allclose(prediction, naive.forward(cell, weights, X), **TOLERANCE)
        assert all(np.isfinite(values).all() for values in gradient.values())


def test_parameter_views_fill_the_vector_without_overlap():
    for cell, activation, reset_after in VARIANTS:
        architecture = Architecture(cell, 4, 3, (5, 2), 2, activation, reset_after)
        parameters = np.full(architecture.n_parameters, -1.0)
        for count, view in enumerate(architecture.views(parameters).values()):
            assert (view == -1).all()
            view[:] = count
        assert (parameters >= 0).all()


@pytest.mark.parametrize("n", [1, 2, 7, 8, 9, 16, 17, 129])
def test_gradient_is_exact_whatever_the_size_of_the_minibatch(n):
    rng = np.random.default_rng(8)
    X, y = rng.normal(size=(n, 4, 2)), rng.normal(size=(n, 2))
    weights = naive.random_weights("gru", 2, (3,), 2, True, rng)
    _, loss, gradient = run(build("gru", X, 2, (3,), "tanh", True), weights, X, y)
    np.testing.assert_allclose(loss, naive.loss("gru", weights, X, y), **TOLERANCE)
    for name, expected in naive.gradient("gru", weights, X, y).items():
        np.testing.assert_allclose(gradient[name], expected, err_msg=name, **TOLERANCE)
