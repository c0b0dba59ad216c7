"""Series read in stretches, each with the state in which the one before it ended, against the naive twin."""

import naive
import numpy as np
import pytest
from cells import each_variant
from compiled import TOLERANCE, parameters_of

from tsrnn.kernels.buffers import Sequences, flatten
from tsrnn.kernels.step import EQUAL_WEIGHTS
from tsrnn.kernels.workers import Workers
from tsrnn.network.architecture import Architecture
from tsrnn.network.optimizers import OptimizerOptions, coefficients
from tsrnn.network.windows import SeriesStretches

N_FEATURES, N_TARGETS, HORIZON, N_STEPS, SIZES = 3, 2, 2, 4, (3, 2)
LENGTHS = np.array([9, 3, 6, 11])  # of which the last is alone in its group, and the second ends in the first stretch
FIRSTS = np.cumsum(LENGTHS + HORIZON) - LENGTHS - HORIZON
RATE = 0.1


def build(cell, reset_after, n_steps=N_STEPS, n_parameters=1, loss="squared_error"):
    return Architecture(
        cell, n_steps, N_FEATURES, SIZES, HORIZON * N_TARGETS * n_parameters, reset_after=reset_after,
        return_sequences=True, horizon=HORIZON, skips_missing=True, carries=True, loss=loss,
    )  # fmt: skip


def random_weights(cell, reset_after, n_parameters=1):
    rng = np.random.default_rng(1)
    return naive.random_weights(cell, N_FEATURES, SIZES, HORIZON * N_TARGETS * n_parameters, reset_after, rng)


def make_rows():
    """Return rows of the series side by side, some of their targets missing, each followed by rows without targets."""
    rows = np.random.default_rng(0).normal(size=(int((LENGTHS + HORIZON).sum()), N_FEATURES))
    rows[[1, 2, 5, 20, 21, 22], 0] = np.nan
    rows[[5, 14], 1] = np.nan
    for first, length in zip(FIRSTS, LENGTHS, strict=True):
        rows[first + length : first + length + HORIZON, :N_TARGETS] = np.nan
    return rows


def walk(cell, weights, x, states):
    """Return the outputs after each row of x and the last (h, c) of each layer, from those in which it begins."""
    outputs, states, act = [], list(states), naive.ACTIVATIONS["tanh"]
    for row in np.nan_to_num(x):
        v = row[None]
        for layer in range(len(SIZES)):
            prefix = f"layers.{layer}."
            p = {name.removeprefix(prefix): values for name, values in weights.items() if name.startswith(prefix)}
            states[layer] = naive.STEPS[cell](p, v, *states[layer], act)
            v = states[layer][0]
        outputs.append((v @ weights["head.W_y"] + weights["head.b_y"])[0])
    return np.array(outputs), states


def empty():
    return [(np.zeros((1, size)), np.zeros((1, size))) for size in SIZES]


def stretches(rows, weights=EQUAL_WEIGHTS, n_together=3):
    return SeriesStretches(rows, N_TARGETS, HORIZON, FIRSTS, weights, LENGTHS, N_STEPS, n_together)


def minibatches():
    """Return the stretches of each minibatch, (series, first step), by a plain loop: three series, then the last."""
    found = []
    for group in ([0, 1, 2], [3]):
        for first in range(0, max(LENGTHS[group]), N_STEPS):
            found.append([(s, first) for s in group if first < LENGTHS[s]])
    return found


def losses_of(cell, weights, rows, of_rows, part, states):
    """Return the weighted sum of losses of a minibatch, the sum of their weights, and the states it leaves."""
    total, weight, left = 0.0, 0.0, {}
    for s, first in part:
        n = min(N_STEPS, LENGTHS[s] - first)
        outputs, left[s] = walk(cell, weights, rows[FIRSTS[s] + first :][:n], states.get(s, empty()))
        for t in range(n):
            for ahead in range(HORIZON):
                row = FIRSTS[s] + first + t + 1 + ahead
                is_known = ~np.isnan(rows[row, :N_TARGETS])
                off = (outputs[t].reshape(HORIZON, N_TARGETS)[ahead] - rows[row, :N_TARGETS])[is_known]
                total, weight = total + of_rows[row] * (off**2).sum(), weight + of_rows[row] * is_known.sum()
    return total, weight, left


def train_naively(cell, weights, rows, of_rows):
    """Return the weights after an epoch of plain gradient steps, and the mean loss; a state is a constant."""
    weights, states, losses, of_losses = dict(weights), {}, 0.0, 0.0
    for part in minibatches():
        total, weight, left = losses_of(cell, weights, rows, of_rows, part, states)
        losses, of_losses = losses + total, of_losses + weight
        changed = {}
        for name, values in weights.items():
            gradient = np.empty(values.shape)
            for index in np.ndindex(values.shape):
                stepped = values.astype(np.complex128)
                stepped[index] += 1j * naive.COMPLEX_STEP
                total = losses_of(cell, {**weights, name: stepped}, rows, of_rows, part, states)[0]
                gradient[index] = total.imag / naive.COMPLEX_STEP / max(weight, 1e-300)  # none has none
            changed[name] = values - RATE * gradient
        weights, states = changed, left
    return weights, losses / of_losses


@each_variant
def test_an_epoch_of_stretches_is_that_of_the_naive_twin_whose_gradients_end_where_a_stretch_begins(cell, reset_after):
    rows, weights = make_rows(), random_weights(cell, reset_after)
    of_rows = np.random.default_rng(2).uniform(0.5, 2, len(rows))
    of_rows[12] = 0
    data = stretches(rows, of_rows).all()
    n_updates = len(data.samples) // data.batch_size
    options = OptimizerOptions(optimizer="sgd", momentum=0.0, clip_norm=None)
    architecture = build(cell, reset_after)
    expected, expected_loss = train_naively(cell, weights, rows, of_rows)
    trained = []
    for n_threads in (1, 3):
        with Workers(n_threads) as workers:
            step = architecture.step(parameters_of(architecture, weights), workers)
            table = coefficients(options, np.full(n_updates, RATE), 0)
            loss = step.train_epoch(data.X, data.Y, data.samples, data.batch_size, table, data.weights)
            trained.append(step.parameters)
    np.testing.assert_allclose(loss, expected_loss, **TOLERANCE)
    assert np.array_equal(*trained)
    for name, values in architecture.views(trained[0]).items():
        np.testing.assert_allclose(values, expected[name], **TOLERANCE, err_msg=name)


@each_variant
@pytest.mark.parametrize("loss, n_parameters", [("squared_error", 1), ("normal", 2)])
def test_the_loss_is_that_of_whole_series_however_they_are_cut_and_shared(cell, reset_after, loss, n_parameters):
    rows, weights = make_rows(), random_weights(cell, reset_after, n_parameters)
    of_rows, outputs, targets = np.ones(len(rows)), [], []
    for first, length in zip(FIRSTS, LENGTHS, strict=True):
        outputs.append(walk(cell, weights, rows[first:][:length], empty())[0])
        ahead = [rows[first + 1 + ahead :][:length, :N_TARGETS] for ahead in range(HORIZON)]
        targets.append(np.concatenate(ahead, axis=1))
    expected = naive.mean_loss(np.concatenate(outputs), np.concatenate(targets), loss)
    architecture = build(cell, reset_after, n_parameters=n_parameters, loss=loss)
    with Workers(2) as workers:
        step = architecture.step(parameters_of(architecture, weights), workers)
        for n_together in (1, 2, 5):
            for given in (of_rows, EQUAL_WEIGHTS):
                np.testing.assert_allclose(step.loss(*stretches(rows, given, n_together).all()), expected, **TOLERANCE)


@each_variant
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_predictions_are_to_the_bit_those_of_a_single_pass(cell, reset_after, dtype):
    rows, weights = make_rows().astype(dtype), random_weights(cell, reset_after)
    whole = build(cell, reset_after, int(LENGTHS.max()))
    parameters = parameters_of(whole, weights, dtype)

    def predict(architecture, first, n_steps, states, n_threads):
        lengths = np.clip(LENGTHS - first, 0, n_steps)
        samples = np.flatnonzero(lengths)
        X = flatten(Sequences(rows, FIRSTS + first, lengths))._replace(lanes=np.arange(len(LENGTHS)))
        with Workers(n_threads) as workers:
            step = architecture.step(parameters, workers, trains=False)
            states = step.first_states(len(LENGTHS)) if states is None else states
            outputs = step.predict(X, samples, states)
        return dict(zip(samples, np.split(outputs, np.cumsum(lengths[samples])[:-1]), strict=True)), states

    expected, at_end = predict(whole, 0, int(LENGTHS.max()), None, 1)
    for n_steps, n_threads in ((1, 1), (4, 2), (5, 3)):
        parts, states = [], None
        for first in range(0, LENGTHS.max(), n_steps):
            found, states = predict(build(cell, reset_after, n_steps), first, n_steps, states, n_threads)
            parts.append(found)
        np.testing.assert_array_equal(states, at_end)
        for s, outputs in expected.items():
            np.testing.assert_array_equal(np.concatenate([part[s] for part in parts if s in part]), outputs)
    for s, length in enumerate(LENGTHS):
        outputs, _ = walk(cell, weights, rows[FIRSTS[s] :][:length], empty())
        tolerance = TOLERANCE if dtype == np.float64 else dict(rtol=1e-5, atol=1e-6)  # roundings of 6e-8
        np.testing.assert_allclose(expected[s], outputs, **tolerance)


@each_variant
def test_a_stream_goes_on_from_the_state_in_which_a_pass_ended_to_the_bit(cell, reset_after):
    rows = np.nan_to_num(make_rows()).astype(np.float32)
    architecture = build(cell, reset_after, 12)
    parameters = parameters_of(architecture, random_weights(cell, reset_after), np.float32)

    def predict(lengths):
        X = flatten(Sequences(rows, np.zeros(1, np.int64), np.array([lengths])))._replace(lanes=np.zeros(1, np.int64))
        with Workers(1) as workers:
            step = architecture.step(parameters, workers, trains=False)
            states = step.first_states(1)
            return step.predict(X, np.zeros(1, np.int64), states), states[0]

    expected, at_end = predict(12)
    _, state = predict(5)
    stream = architecture.stream(parameters)
    stream.state = state
    np.testing.assert_array_equal(stream.state, state)
    for t in range(5, 12):
        np.testing.assert_array_equal(stream.advance(rows[t]), expected[t])
    np.testing.assert_array_equal(stream.state, at_end)


def test_a_minibatch_without_any_known_target_only_moves_the_state_on():
    rows, weights = make_rows(), random_weights("gru", True)
    of_rows = np.ones(len(rows))
    of_rows[: FIRSTS[1]] = 0
    of_rows[FIRSTS[1] - HORIZON - 1] = 1  # the last of the first series
    one = SeriesStretches(rows, N_TARGETS, HORIZON, FIRSTS[:1], of_rows, LENGTHS[:1], N_STEPS, 1).all()
    architecture = build("gru", True)
    with Workers(1) as workers:
        step = architecture.step(parameters_of(architecture, weights), workers)
        table = coefficients(OptimizerOptions(optimizer="sgd", momentum=0.0), np.full(3, RATE), 0)
        loss = step.train_epoch(one.X, one.Y, one.samples, 1, table, one.weights)
        assert np.isfinite(loss) and np.isfinite(step.parameters).all()
    outputs, _ = walk("gru", weights, rows[: LENGTHS[0]], empty())
    last = rows[LENGTHS[0] - 1, :N_TARGETS]
    off = np.concatenate([outputs[-2, :N_TARGETS] - last, outputs[-3, N_TARGETS:] - last])
    np.testing.assert_allclose(loss, (off**2).mean(), **TOLERANCE)
