"""A network fed step by step predicts, to the bit, what it predicts for the window of these steps."""

import re

import naive
import numpy as np
import pandas as pd
import pytest
from cells import NETWORKS, each_network
from compiled import TOLERANCE, parameters_of

from tsrnn.kernels.buffers import flatten
from tsrnn.kernels.workers import Workers
from tsrnn.network.architecture import Architecture

DTYPES = [np.float32, np.float64]


def build(cell, activation, reset_after, n_steps=1, sizes=(7,), n_outputs=2, n_features=3):
    return Architecture(cell, n_steps, n_features, sizes, n_outputs, activation, reset_after)


def random_parameters(architecture, dtype, seed=0):
    """Return the parameter vector, and the weights of the naive twin."""
    a = architecture
    weights = naive.random_weights(
        a.cell, a.n_features, a.hidden_layer_sizes, a.n_outputs, a.reset_after, np.random.default_rng(seed)
    )
    return parameters_of(architecture, weights, dtype), weights


def predict(architecture, parameters, x):
    """Return the prediction for one window x (n_steps, n_features)."""
    with Workers(1) as workers:
        step = architecture.step(parameters, workers, trains=False)
        return step.predict(flatten(x[None]), np.zeros(1, np.int64))[0]


def advanced(stream, x):
    """Return the predictions after each step of x, shape (n_steps, n_outputs)."""
    return np.array([stream.advance(row).copy() for row in x])


@each_network
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("sizes, n_outputs", [((7,), 1), ((17,), 20), ((6, 9), 3), ((20, 3, 5), 2)])
def test_every_step_gives_the_bits_of_the_window_that_ends_there(
    cell, activation, reset_after, dtype, sizes, n_outputs
):
    x = np.random.default_rng(1).normal(size=(20, 3)).astype(dtype)
    shape = dict(sizes=sizes, n_outputs=n_outputs)
    parameters, _ = random_parameters(build(cell, activation, reset_after, **shape), dtype)
    predictions = advanced(build(cell, activation, reset_after, **shape).stream(parameters), x)
    assert predictions.dtype == dtype
    for n_steps in (1, 2, 3, 8, 20):
        window = predict(build(cell, activation, reset_after, n_steps, **shape), parameters, x[:n_steps])
        assert np.array_equal(predictions[n_steps - 1], window), n_steps


@each_network
def test_stream_is_that_of_the_naive_twin_far_beyond_any_window(cell, activation, reset_after):
    architecture = build(cell, activation, reset_after, n_steps=5, sizes=(6, 4))
    parameters, weights = random_parameters(architecture, np.float64)
    if activation == "relu":  # which does not bound the state: 300 steps must not let it grow
        weights = {name: 0.5 * values for name, values in weights.items()}
        parameters = parameters_of(architecture, weights)
    x = np.random.default_rng(2).normal(size=(300, 3))
    predictions = advanced(architecture.stream(parameters), x)
    for n_steps in (1, 5, 6, 299, 300):
        expected = naive.forward(cell, weights, x[None, :n_steps], activation, reset_after)[0]
        # A stable network forgets the roundings of steps long ago.
        np.testing.assert_allclose(predictions[n_steps - 1], expected, **TOLERANCE)


@each_network
def test_two_streams_do_not_know_of_each_other(cell, activation, reset_after):
    architecture = build(cell, activation, reset_after, sizes=(6, 4))
    parameters, _ = random_parameters(architecture, np.float32)
    a, b = np.random.default_rng(3).normal(size=(2, 9, 3)).astype(np.float32)
    alone = [advanced(architecture.stream(parameters), x) for x in (a, b)]
    one, other = architecture.stream(parameters), architecture.stream(parameters)
    for t in range(9):
        assert np.array_equal(one.advance(a[t]), alone[0][t])
        assert np.array_equal(other.advance(b[t]), alone[1][t])
    assert not np.array_equal(*alone)


@each_network
def test_a_new_stream_starts_from_the_beginning(cell, activation, reset_after):
    architecture = build(cell, activation, reset_after)
    parameters, _ = random_parameters(architecture, np.float32)
    x = np.random.default_rng(4).normal(size=(6, 3)).astype(np.float32)
    stream = architecture.stream(parameters)
    first, second = advanced(stream, x), advanced(stream, x)
    assert not np.array_equal(first, second)  # the state has been carried on
    assert np.array_equal(advanced(architecture.stream(parameters), x), first)


@pytest.mark.parametrize("dtype", DTYPES)
def test_number_of_steps_of_the_window_does_not_matter(dtype):
    x = np.random.default_rng(5).normal(size=(6, 3)).astype(dtype)
    parameters, _ = random_parameters(build("lstm", "tanh", True), dtype)
    first, *others = (advanced(build("lstm", "tanh", True, n_steps).stream(parameters), x) for n_steps in (1, 4, 30))
    assert all(np.array_equal(first, other) for other in others)


def test_stream_keeps_parameters_of_its_own():
    architecture = build("gru", "tanh", True)
    parameters, _ = random_parameters(architecture, np.float32)
    x = np.random.default_rng(6).normal(size=(6, 3)).astype(np.float32)
    expected = advanced(architecture.stream(parameters), x)
    stream = architecture.stream(parameters)
    parameters[:] = np.nan
    assert np.array_equal(advanced(stream, x), expected)


def test_rows_of_any_stride_and_read_only_ones_are_taken():
    architecture = build("lstm", "tanh", True)
    parameters, _ = random_parameters(architecture, np.float32)
    x = np.random.default_rng(7).normal(size=(6, 3)).astype(np.float32)
    fixed = x.copy()
    fixed.flags.writeable = False
    expected = advanced(architecture.stream(parameters), x)
    for same in (np.asfortranarray(x), fixed):
        assert np.array_equal(advanced(architecture.stream(parameters), same), expected)


@pytest.mark.parametrize("kind", [list, tuple, pd.Series])
def test_a_step_may_be_anything_that_numpy_reads(kind):
    architecture = build("lstm", "tanh", True)
    parameters, _ = random_parameters(architecture, np.float64)
    x = np.random.default_rng(9).normal(size=(6, 3))
    given = [kind(row.tolist()) for row in x]
    assert np.array_equal(
        advanced(architecture.stream(parameters), given), advanced(architecture.stream(parameters), x)
    )


@pytest.mark.parametrize("x, shape", [([1.0, 2.0], "(2,)"), (1.0, "()"), (np.zeros((1, 3)), "(1, 3)")])
def test_a_step_of_another_shape_is_refused(x, shape):
    architecture = build("lstm", "tanh", True)
    stream = architecture.stream(random_parameters(architecture, np.float32)[0])
    with pytest.raises(ValueError, match=re.escape(f"x has shape {shape}; a step of this network has shape (3,).")):
        stream.advance(x)


def test_nan_stays_in_the_state():
    for cell, activation, reset_after in NETWORKS:
        architecture = build(cell, activation, reset_after)
        parameters, _ = random_parameters(architecture, np.float32)
        x = np.random.default_rng(8).normal(size=(6, 3)).astype(np.float32)
        x[2, 1] = np.nan
        is_nan = np.isnan(advanced(architecture.stream(parameters), x)).all(axis=1)
        assert list(is_nan) == [False, False, True, True, True, True], cell


def test_normalised_windows_cannot_be_streamed():
    architecture = Architecture("rnn", 4, 1, (3,), 1, window_norm="last")
    with pytest.raises(ValueError, match=r"a network with window_norm='last' needs whole windows; give it None\."):
        architecture.stream(np.zeros(architecture.n_parameters))
