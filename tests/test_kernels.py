"""Compiled forward and backward passes are those of the naive twin and of other frameworks."""

import naive
import numpy as np
import pytest
import reference_cases
from cells import CELLS, NETWORKS, each_cell, each_network, each_variant
from compiled import TOLERANCE, adam, assert_slopes_are_those_of_the_twin, parameters_of, run

from tsrnn.kernels import plan as p
from tsrnn.kernels import step as step_module
from tsrnn.kernels.buffers import flatten
from tsrnn.kernels.tasks import make_workspace
from tsrnn.kernels.workers import Workers
from tsrnn.network.architecture import Architecture


def build(cell, X, n_outputs, sizes, activation="tanh", reset_after=True, window_norm=None):
    return Architecture(
        cell, X.shape[1], X.shape[2], tuple(sizes), n_outputs, activation, reset_after, window_norm, "squared_error"
    )


def make_step(architecture, weights, workers, dtype, trains=True):
    return architecture.step(parameters_of(architecture, weights, dtype), workers, trains=trains)


def train(architecture, weights, X, y, batch_size, dtype=np.float32, n_threads=2, n_epochs=2, before_call=None):
    """Return the losses of some epochs and the parameters and moments after them."""
    order = np.random.default_rng(10)
    X, y = flatten(X.astype(dtype)), flatten(y.astype(dtype))
    losses = []
    with Workers(n_threads) as workers:
        step = make_step(architecture, weights, workers, dtype)
        for _ in range(n_epochs):
            samples = order.permutation(y.values.shape[0] // architecture.n_outputs)
            if before_call:
                before_call(step)
            losses.append(step.train_epoch(X, y, samples, batch_size, adam(step, -(-len(samples) // batch_size))))
        return losses, step.snapshot().packed


@each_network
@pytest.mark.parametrize("sizes, window_norm", [((5,), None), ((6, 3), "last"), ((3, 7, 2), None)])
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


@each_network
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


@each_cell
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


@each_cell
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


@each_cell
def test_windows_are_read_through_any_strides(cell):
    rng = np.random.default_rng(5)
    series = rng.normal(size=(40, 3))
    weights = naive.random_weights(cell, 3, (4,), 2, True, rng)
    overlapping = np.lib.stride_tricks.sliding_window_view(series, 6, axis=0).transpose(0, 2, 1)  # (35, 6, 3)
    y = np.lib.stride_tricks.sliding_window_view(series[5:, 1], 2)[:34]
    X = overlapping[: len(y)]
    architecture = build(cell, X, 2, (4,), "tanh", True)
    for windows, targets in [(X, y), (X[::2], y[::2]), (X[:, ::-1], y), (np.asfortranarray(X), np.asfortranarray(y))]:
        with Workers(1) as workers:
            step = make_step(architecture, weights, workers, np.float64)
            samples = np.arange(len(windows))
            prediction = step.predict(flatten(windows), samples)
            loss = step.loss(flatten(windows), flatten(targets), samples)
        np.testing.assert_allclose(prediction, naive.forward(cell, weights, windows), **TOLERANCE)
        np.testing.assert_allclose(loss, naive.loss(cell, weights, windows, targets), **TOLERANCE)


@each_cell
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
    for cell in CELLS:
        weights = naive.random_weights(cell, 1, (3,), 1, True, np.random.default_rng(7))
        prediction, _, gradient = run(build(cell, X, 1, (3,), "tanh", True), weights, X, np.zeros((1, 1)))
        np.testing.assert_allclose(prediction, naive.forward(cell, weights, X), **TOLERANCE)
        assert all(np.isfinite(values).all() for values in gradient.values())


def test_parameter_views_fill_the_vector_without_overlap():
    for cell, activation, reset_after in NETWORKS:
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


@each_variant
@pytest.mark.parametrize(
    "n, n_steps, n_features, sizes, n_outputs",
    [
        (7, 1, 3, (40,), 1),
        (50, 6, 3, (100,), 20),
        (50, 1, 1, (5, 100), 3),
        (7, 3, 3, (100, 40), 17),
        (9, 26, 2, (9, 5), 1),  # more steps than one product of the weights' gradient takes
        (1, 100, 1, (16,), 2),
    ],
)
def test_forward_and_slopes_equal_the_naive_twin_in_larger_networks(
    cell, reset_after, n, n_steps, n_features, sizes, n_outputs
):
    rng = np.random.default_rng(9)
    X, y = rng.normal(size=(n, n_steps, n_features)), rng.normal(size=(n, n_outputs))
    weights = naive.random_weights(cell, n_features, sizes, n_outputs, reset_after, rng)
    options = dict(reset_after=reset_after)
    prediction, loss, gradient = run(build(cell, X, n_outputs, sizes, **options), weights, X, y)
    np.testing.assert_allclose(prediction, naive.forward(cell, weights, X, **options), **TOLERANCE)
    np.testing.assert_allclose(loss, naive.loss(cell, weights, X, y, **options), **TOLERANCE)
    assert_slopes_are_those_of_the_twin(gradient, cell, weights, X, y, **options)


@pytest.mark.parametrize("n_outputs", range(1, 21))
def test_any_number_of_outputs_is_predicted_and_trained(n_outputs):
    rng = np.random.default_rng(11)
    X, y = rng.normal(size=(5, 2, 1)), rng.normal(size=(5, n_outputs))
    weights = naive.random_weights("rnn", 1, (3,), n_outputs, True, rng)
    prediction, loss, gradient = run(build("rnn", X, n_outputs, (3,), "tanh", True), weights, X, y)
    np.testing.assert_allclose(prediction, naive.forward("rnn", weights, X), **TOLERANCE)
    np.testing.assert_allclose(loss, naive.loss("rnn", weights, X, y), **TOLERANCE)
    for name, expected in naive.gradient("rnn", weights, X, y).items():
        np.testing.assert_allclose(gradient[name], expected, err_msg=name, **TOLERANCE)


@each_variant
def test_minibatches_of_several_rounds_of_all_buffers_stay_exact(cell, reset_after):
    n = (
        2 * step_module.MAX_BUFFERS * step_module.MAX_SHARDS_OF_TASK * 8 + 333
    )  # two full rounds of shards of 8, and a part
    rng = np.random.default_rng(12)
    X, y = rng.normal(size=(n, 3, 1)), rng.normal(size=(n, 1))
    weights = naive.random_weights(cell, 1, (2,), 1, reset_after, rng)
    options = dict(reset_after=reset_after)
    _, loss, gradient = run(build(cell, X, 1, (2,), **options), weights, X, y)
    np.testing.assert_allclose(loss, naive.loss(cell, weights, X, y, **options), **TOLERANCE)
    for name, expected in naive.gradient(cell, weights, X, y, **options).items():
        np.testing.assert_allclose(gradient[name], expected, err_msg=name, **TOLERANCE)


@each_variant
@pytest.mark.parametrize("n", [128, 131, 4200])  # the last with several rounds of all buffers
def test_shards_of_many_rows_for_large_weights_give_the_same_gradient(cell, reset_after, n, monkeypatch):
    rng = np.random.default_rng(13)
    X, y = rng.normal(size=(n, 8, 2)), rng.normal(size=(n, 1))  # 8 steps: more than 96 rows of one shard
    weights = naive.random_weights(cell, 2, (2, 3), 1, reset_after, rng)
    options = dict(reset_after=reset_after)
    architecture = build(cell, X, 1, (2, 3), **options)
    _, loss, gradient = run(architecture, weights, X, y)
    assert step_module.training_shard_rows(n, 8, 1000, 1000) == 8
    monkeypatch.setattr(step_module, "LARGE_WEIGHTS", 0)
    assert step_module.training_shard_rows(n, 8, 1000, 1000) == 32
    _, large_loss, large_gradient = run(architecture, weights, X, y)
    np.testing.assert_allclose(large_loss, loss, **TOLERANCE)
    for name in gradient:
        np.testing.assert_allclose(large_gradient[name], gradient[name], err_msg=name, **TOLERANCE)
    np.testing.assert_allclose(large_loss, naive.loss(cell, weights, X, y, **options), **TOLERANCE)
    assert_slopes_are_those_of_the_twin(large_gradient, cell, weights, X, y, **options)


def test_no_shard_costs_so_much_that_ctrl_c_waits():
    for cost_of_row in (1, 10**7, 10**8, 3 * 10**8, 10**9):
        rows = step_module.training_shard_rows(4000, 200, 10**9, cost_of_row)
        assert rows == 8 or rows * cost_of_row <= step_module.SHARD_COST
        assert rows == 32 or 2 * rows * cost_of_row > step_module.SHARD_COST


@pytest.mark.parametrize("n_steps, rows", [(1, 24), (4, 24), (6, 16), (7, 4)])  # of 50, which are then 13 shards of 4
def test_shards_of_few_steps_have_more_rows_and_the_right_gradient(n_steps, rows):
    rng = np.random.default_rng(17)
    X, y = rng.normal(size=(50, n_steps, 2)), rng.normal(size=(50, 1))
    weights, options = naive.random_weights("lstm", 2, (5,), 1, True, rng), dict(activation="tanh", reset_after=True)
    assert step_module.training_shard_rows(50, n_steps, 1000, 1000) == rows
    _, _, gradient = run(build("lstm", X, 1, (5,), **options), weights, X, y)
    assert_slopes_are_those_of_the_twin(gradient, "lstm", weights, X, y, **options)


@each_variant
@pytest.mark.parametrize("n, batch_size", [(107, 50), (2500, 1100)])  # the last minibatch is a partial one
def test_training_has_the_same_bits_on_any_number_of_threads_and_calls(cell, reset_after, n, batch_size, monkeypatch):
    rng = np.random.default_rng(14)
    X, y = rng.normal(size=(n, 4, 2)), rng.normal(size=(n, 3))
    weights = naive.random_weights(cell, 2, (6, 17), 3, reset_after, rng)
    architecture = build(cell, X, 3, (6, 17), reset_after=reset_after)
    losses, packed = train(architecture, weights, X, y, batch_size, n_threads=1)
    assert np.isfinite(losses).all()
    for call_cost in (step_module.CALL_COST, 1):  # 1: every task is a call of its own
        monkeypatch.setattr(step_module, "CALL_COST", call_cost)
        for n_threads in (1, 2, 3, 8):
            other_losses, other = train(architecture, weights, X, y, batch_size, n_threads=n_threads)
            assert other_losses == losses, (call_cost, n_threads)
            assert np.array_equal(other, packed), (call_cost, n_threads)


def test_loss_of_evaluation_has_the_same_bits_on_any_number_of_threads():
    rng = np.random.default_rng(15)
    weights = naive.random_weights("rnn", 1, (4,), 2, True, rng)
    for n in range(65, 500, 29):
        X, y = rng.normal(size=(n, 3, 1)), rng.normal(size=(n, 2))
        losses = []
        for n_threads in (1, 2, 3, 8):
            with Workers(n_threads) as workers:
                step = make_step(build("rnn", X, 2, (4,), "tanh", True), weights, workers, np.float64)
                losses.append(step.loss(flatten(X), flatten(y), np.arange(n)))
        assert losses == losses[:1] * 4, n


@each_network
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_prediction_has_the_same_bits_with_and_without_room_for_training(cell, activation, reset_after, dtype):
    rng = np.random.default_rng(16)
    X = rng.normal(size=(70, 5, 2)).astype(dtype)
    weights = naive.random_weights(cell, 2, (7, 18), 3, reset_after, rng)
    architecture = build(cell, X, 3, (7, 18), activation, reset_after)
    samples = rng.integers(0, 70, 300)  # any order, some twice
    with Workers(2) as workers:
        trains = make_step(architecture, weights, workers, dtype)
        alone = np.vstack([trains.predict(flatten(X), np.array([sample])) for sample in range(70)])
        predicts = make_step(architecture, weights, workers, dtype, trains=False)
        for step in (trains, predicts):
            assert np.array_equal(step.predict(flatten(X), samples), alone[samples])
            assert np.array_equal(step.predict(flatten(X), np.arange(70)), alone)


def is_written(plan, n_rows):
    """Return of each place of a workspace whether calls may change it; the others are as they were made."""
    network, V = plan.table[0], plan.table[0, p.LENGTH]
    may_change = np.ones(n_rows * network[p.N_WORK], bool)

    def keep(first, n, stride=1, times=1):
        for k in range(times):
            may_change[first + k * stride : first + k * stride + n] = False

    keep(network[p.ZEROS] * n_rows, V * n_rows)
    for row in plan.table[1 : 1 + network[p.N_LAYERS]]:
        n_padded, stride = row[p.N_PANELS] * V, row[p.INPUT_STRIDE]
        keep(row[p.IS_UNIT] * n_rows, n_padded)
        keep(row[p.INPUT] * n_rows, n_padded, stride, n_rows)
        keep(row[p.INPUT] * n_rows + n_padded, 1, stride, n_rows * (network[p.N_STEPS] + 1))
        keep(row[p.STATE] * n_rows, n_padded, row[p.STATE_STRIDE], n_rows)
    for row in plan.table[1 + network[p.N_LAYERS] :][: network[p.N_DENSE]]:
        keep(row[p.ROWS] * n_rows + row[p.N_IN_VECTORS] * V, 1, row[p.ROWS_STRIDE], n_rows * network[p.HEAD_STEPS])
    return may_change


@each_variant
@pytest.mark.parametrize("garbage", [np.nan, 1e30])
def test_nothing_left_in_a_workspace_is_read(cell, reset_after, garbage):
    """From workspaces and gradient buffers full of garbage come the bits that come from clean ones."""
    rng = np.random.default_rng(17)
    X, y = rng.normal(size=(107, 4, 2)).astype(np.float32), rng.normal(size=(107, 3)).astype(np.float32)
    weights = naive.random_weights(cell, 2, (6, 17), 3, reset_after, rng)
    architecture = build(cell, X, 3, (6, 17), reset_after=reset_after)

    def spoil(step):
        """Fill all that calls write; what workspaces are made with is theirs from call to call."""
        for rows in (4, 8, 16, 32):
            step._work[rows] = [make_workspace(step._plan, rows, np.dtype(np.float32)) for _ in range(2)]
            for work, spans in step._work[rows]:
                spans[:] = np.iinfo(np.int64).max
                work[is_written(step._plan, rows)] = garbage
        step._gradients = np.full((step_module.MAX_BUFFERS, step._plan.n_packed), garbage, np.float32)
        step._squares[:] = garbage

    # 50 and 7 windows a minibatch: rows of a shard, and so the layout of the workspace, change on the way.
    clean_losses, clean = train(architecture, weights, X, y, 50, n_epochs=3)
    losses, packed = train(architecture, weights, X, y, 50, n_epochs=3, before_call=spoil)
    assert losses == clean_losses
    assert np.array_equal(packed, clean)

    for trains in (True, False):
        with Workers(2) as workers:
            step = make_step(architecture, weights, workers, np.float32, trains)
            samples = np.arange(107)
            expected = step.predict(flatten(X), samples), step.loss(flatten(X), flatten(y), samples)
            spoil(step)
            assert np.array_equal(step.predict(flatten(X), samples), expected[0])
            spoil(step)
            assert step.loss(flatten(X), flatten(y), samples) == expected[1]


def test_no_windows_give_no_predictions():
    architecture = Architecture("rnn", 4, 2, (3,), 5)
    with Workers(2) as workers:
        step = architecture.step(np.zeros(architecture.n_parameters), workers)
        assert step.predict(flatten(np.zeros((7, 4, 2))), np.zeros(0, np.int64)).shape == (0, 5)


@pytest.mark.parametrize("size", [1e10, 1e18, 1e25])
def test_adam_in_float32_moves_by_the_rate_however_large_a_gradient_is(size):
    """Without clipping. From 6e20 on the mean of squares would be infinite, and the parameter never move again."""
    rng = np.random.default_rng(18)
    X, y = rng.normal(size=(6, 3, 2)).astype(np.float32), np.ones((6, 2), np.float32)
    weights = naive.random_weights("rnn", 2, (5,), 2, True, rng)
    # Errors of the predictions, whose squares fit; through the head's weights they become gradients of about `size`.
    y *= min(size, 1e15)
    weights["head.W_y"] *= size / y[0, 0]
    architecture = build("rnn", X, 2, (5,), "tanh", True)
    _, _, gradient = run(architecture, weights, X, y, np.float32)
    with Workers(2) as workers:
        step = make_step(architecture, weights, workers, np.float32)
        before = step.parameters
        step.train_epoch(flatten(X), flatten(y), np.arange(6), 6, adam(step, 1, clip_norm=None))
        moved = architecture.views(step.parameters - before)
    for name in ("layers.0.W_x", "layers.0.W_h", "layers.0.b"):
        assert np.abs(gradient[name]).max() > size / 10
        # Algorithm 1 of Kingma and Ba: the first step is the rate, in the direction of the sign. Roundings of 6e-8
        # of weights of about one.
        np.testing.assert_allclose(moved[name], -0.01 * np.sign(gradient[name]), rtol=0, atol=1e-6, err_msg=name)
