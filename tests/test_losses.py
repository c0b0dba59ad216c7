"""Losses and sample weights: value and gradient are those of the naive twin, and each loss does what it is for."""

import naive
import numpy as np
import pytest
from compiled import TOLERANCE, parameters_of

from tsrnn import RNNRegressor
from tsrnn.kernels.buffers import flatten
from tsrnn.kernels.plan import LOSSES
from tsrnn.kernels.workers import Workers
from tsrnn.network.architecture import Architecture

RNG = np.random.default_rng(0)
X, COUNTS = RNG.normal(size=(19, 5, 2)), RNG.poisson(2.0, size=(19, 2)).astype(float)
WEIGHTS = RNG.uniform(0.1, 3.0, size=19)
NUMBERS = {"huber": (0.7,), "quantile": (0.1, 0.5, 0.9, 0.95)}
TARGETS = {"binary": np.minimum(COUNTS, 1), "classes": np.minimum(COUNTS[:, :1], 2)}


def network(loss, numbers=None, sizes=(4, 3)):
    """Return a network with a loss, its weights, and how the twin is told of the loss."""
    numbers = NUMBERS.get(loss, ()) if numbers is None else numbers
    n_outputs = 3 if loss == "classes" else 2 * naive.N_PARAMETERS.get(loss, max(1, len(numbers)))
    architecture = Architecture("gru", 5, 2, sizes, n_outputs, loss=loss, loss_numbers=numbers)
    weights = naive.random_weights("gru", 2, sizes, n_outputs, True, np.random.default_rng(1))
    return architecture, weights, dict(name=loss, numbers=numbers or (0.0,))


@pytest.mark.parametrize("weights_of_rows", [None, WEIGHTS], ids=["equal", "weighted"])
@pytest.mark.parametrize("loss", LOSSES)
def test_value_and_gradient_are_the_twins(loss, weights_of_rows):
    architecture, weights, of_loss = network(loss)
    given = {} if weights_of_rows is None else {"weights": weights_of_rows}
    with Workers(2) as workers:
        step = architecture.step(parameters_of(architecture, weights), workers)
        y = TARGETS.get(loss, COUNTS)
        value, gradient = step.gradient(flatten(X), flatten(y), np.arange(19), **given)
        evaluated = step.loss(flatten(X), flatten(y), np.arange(19), **given)
    of_loss["sample_weight"] = weights_of_rows
    expected = naive.loss("gru", weights, X, y, **of_loss)
    np.testing.assert_allclose([value, evaluated], expected, **TOLERANCE)
    for name, values in naive.gradient("gru", weights, X, y, **of_loss).items():
        np.testing.assert_allclose(architecture.views(gradient)[name], values, **TOLERANCE, err_msg=name)


@pytest.mark.parametrize("loss", LOSSES)
def test_predictions_are_outputs_or_probabilities_or_parameters_of_a_distribution(loss):
    architecture, weights, _ = network(loss)
    with Workers(2) as workers:
        step = architecture.step(parameters_of(architecture, weights), workers, trains=False)
        predictions = step.predict(flatten(X), np.arange(19))
    outputs = naive.forward("gru", weights, X)
    if loss == "classes":
        expected = np.exp(outputs) / np.exp(outputs).sum(axis=1, keepdims=True)
    else:
        of_targets = outputs.reshape(19, 2, -1)
        expected = naive.parameters(loss, of_targets)
        expected = np.concatenate(expected, axis=2) if isinstance(expected, list) else expected
    np.testing.assert_allclose(predictions, expected.reshape(outputs.shape), **TOLERANCE)


@pytest.mark.parametrize("loss", ["binary", "classes"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_probabilities_of_large_outputs_are_zero_and_one_and_their_losses_finite(loss, dtype):
    architecture, weights, _ = network(loss)
    parameters = parameters_of(architecture, weights, dtype)
    views = architecture.views(parameters)
    views["head.W_y"][:] = 0
    views["head.b_y"][:] = (-1000, 0, 1000)[: architecture.n_outputs] if loss == "classes" else (-1000, 1000)
    y = TARGETS[loss].astype(dtype)
    with Workers(1) as workers:
        step = architecture.step(parameters, workers)
        predictions = step.predict(flatten(X.astype(dtype)), np.arange(19))
        value, gradient = step.gradient(flatten(X.astype(dtype)), flatten(y), np.arange(19))
    expected = (0, 0, 1) if loss == "classes" else (0, 1)
    np.testing.assert_array_equal(predictions, np.tile(np.array(expected, dtype), (19, 1)))
    right = np.array([2000, 1000, 0])[y[:, 0].astype(int)] if loss == "classes" else 1000 * (y != expected)
    assert value == pytest.approx(right.mean(), rel=1e-6)
    assert np.isfinite(gradient).all()


@pytest.mark.parametrize("loss, numbers", [("absolute_error", ()), ("huber", (0.7,)), ("quantile", (0.9,))])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_prediction_that_is_right_has_no_gradient(loss, numbers, dtype):
    architecture, weights, _ = network(loss, numbers)
    parameters = parameters_of(architecture, weights, dtype)
    for view in architecture.views(parameters).values():
        view[:] = 0
    with Workers(1) as workers:
        step = architecture.step(parameters, workers)
        value, gradient = step.gradient(flatten(X.astype(dtype)), flatten(np.zeros((19, 2), dtype)), np.arange(19))
    assert value == 0 and not gradient.any()


# What each is for: a network that sees nothing of use learns the best constant.

ONES = np.ones((200, 3))
SKEWED = np.random.default_rng(3).gamma(1.0, 2.0, size=200)


def best_constant(y=SKEWED, **options):
    model = RNNRegressor(
        "rnn", hidden_layer_sizes=2, batch_size=200, max_iter=800, learning_rate=0.05, tol=0.0, n_iter_no_change=800,
        schedule="cosine", random_state=0, **options,
    )  # fmt: skip
    return model.fit(ONES, y).predict(ONES[:1])[0]


@pytest.mark.parametrize(
    "options, expected",
    [
        (dict(loss="squared_error"), np.mean(SKEWED)),
        (dict(loss="absolute_error"), np.median(SKEWED)),
        (dict(loss="poisson"), np.mean(SKEWED)),
        (dict(loss="quantile", quantile=0.8), np.quantile(SKEWED, 0.8)),
        (dict(loss="quantile", quantile=[0.8, 0.1]), np.quantile(SKEWED, [0.8, 0.1])),
        (dict(loss="huber", delta=1e-3), np.median(SKEWED)),
        (dict(loss="huber", delta=1e3), np.mean(SKEWED)),
    ],
    ids=str,
)
def test_the_best_constant_is_the_statistic_that_belongs_to_the_loss(options, expected):
    # A kink is reached to within the last steps of a rate that ends at nothing; between two of 200 values any is best.
    np.testing.assert_allclose(best_constant(**options), expected, rtol=0.03, atol=0.02)


def test_a_weight_is_worth_as_many_rows():
    weights = np.arange(200) % 3
    weighted = RNNRegressor("lstm", hidden_layer_sizes=3, max_iter=5, batch_size=200, random_state=0, shuffle=False)
    repeated = RNNRegressor(**weighted.get_params()).fit(np.repeat(X_LONG, weights, 0), np.repeat(SKEWED, weights))
    weighted.fit(X_LONG, SKEWED, sample_weight=weights)
    # The same sums in another order.
    np.testing.assert_allclose(weighted.parameters_, repeated.parameters_, rtol=1e-9, atol=1e-11)
    np.testing.assert_allclose(weighted.loss_curve_, repeated.loss_curve_, rtol=1e-12)


X_LONG = np.random.default_rng(4).normal(size=(200, 4))


def test_early_stopping_watches_the_weighted_loss():
    options = dict(hidden_layer_sizes=3, max_iter=3, early_stopping=True, random_state=0)
    weights = np.ones(200, int)
    weights[150:] += np.arange(50) % 3
    weighted = RNNRegressor("rnn", validation_fraction=50 / 200, **options)
    weighted.fit(X_LONG, SKEWED, sample_weight=weights)
    repeated = RNNRegressor("rnn", validation_fraction=1 - 150 / weights.sum(), **options)
    repeated.fit(np.repeat(X_LONG, weights, 0), np.repeat(SKEWED, weights))
    # The same windows in the same order: only the mean is taken over other shards.
    np.testing.assert_allclose(weighted.validation_loss_curve_, repeated.validation_loss_curve_, rtol=1e-12)


def test_quantiles_never_cross_and_stand_in_the_order_that_was_given():
    levels = [0.5, 0.9, 0.1, 0.6]
    Y = np.column_stack([SKEWED, X_LONG[:, 0]])
    model = RNNRegressor(hidden_layer_sizes=4, max_iter=2, loss="quantile", quantile=levels, random_state=0)
    predictions = model.fit(X_LONG, Y).predict(X_LONG)
    assert predictions.shape == (200, 2, 4)
    assert (np.diff(predictions[..., np.argsort(levels)], axis=-1) > 0).all()
    assert model.fit(X_LONG, SKEWED).predict(X_LONG).shape == (200, 4)
    assert model._architecture.n_outputs == 4 and model.n_outputs_ == 1


def test_a_level_that_is_given_twice_is_one_quantile():
    options = dict(hidden_layer_sizes=4, max_iter=2, loss="quantile", random_state=0)
    twice = RNNRegressor(quantile=[0.9, 0.1, 0.9], **options).fit(X_LONG, SKEWED).predict(X_LONG)
    once = RNNRegressor(quantile=[0.1, 0.9], **options).fit(X_LONG, SKEWED).predict(X_LONG)
    np.testing.assert_array_equal(twice, once[:, [1, 0, 1]])


@pytest.mark.parametrize("output", [-50.0, 0.0, 50.0, 1e6])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_quantiles_of_any_outputs_stand_in_order(output, dtype):
    architecture, weights, _ = network("quantile")
    parameters = parameters_of(architecture, weights, dtype)
    architecture.views(parameters)["head.W_y"][:] = 0
    architecture.views(parameters)["head.b_y"][:] = output * np.array([1, 1, -1, 1, -1, 0, 1, -1])
    with Workers(1) as workers:
        step = architecture.step(parameters, workers)
        predictions = step.predict(flatten(X.astype(dtype)), np.arange(19)).reshape(19, 2, 4)
        value, gradient = step.gradient(flatten(X.astype(dtype)), flatten(COUNTS.astype(dtype)), np.arange(19))
    assert (np.diff(predictions, axis=-1) >= 0).all()
    assert np.isfinite(value) and np.isfinite(gradient).all()


@pytest.mark.parametrize(
    "options, said",
    [
        (dict(loss="mse"), "'loss' parameter"),
        (dict(loss="huber", delta=0), "'delta' parameter"),
        (dict(loss="quantile", quantile=1.0), "between 0 and 1; got 1.0."),
        (dict(loss="quantile", quantile="half"), "'quantile' parameter"),
        (dict(loss="quantile", quantile=[]), "quantile must hold one or more levels between 0 and 1"),
        (dict(loss="quantile", quantile=[0.5, 1.0]), "quantile must hold"),
        (dict(loss="quantile", quantile=["half"]), "quantile must hold"),
    ],
    ids=str,
)
def test_an_option_of_a_loss_that_makes_no_sense_gets_one_sentence(options, said):
    with pytest.raises(ValueError, match=said):
        RNNRegressor(**options).fit(X_LONG, SKEWED)


@pytest.mark.parametrize("y", [SKEWED - 1, 0 * SKEWED])
def test_poisson_refuses_targets_that_it_cannot_have(y):
    with pytest.raises(ValueError, match=r"loss='poisson' needs targets that are not (negative|all zero)"):
        RNNRegressor(loss="poisson").fit(X_LONG, y)


@pytest.mark.parametrize(
    "weights, said",
    [
        (np.zeros(200), "zero"),
        (-np.ones(200), "[Nn]egative values in data passed to `sample_weight`"),
        (np.ones(199), "sample_weight.shape"),
        (np.full(200, np.nan), "sample_weight contains NaN"),
    ],
)
def test_weights_that_make_no_sense_get_one_sentence(weights, said):
    with pytest.raises(ValueError, match=said):
        RNNRegressor().fit(X_LONG, SKEWED, sample_weight=weights)


def test_one_row_that_counts_cannot_be_both_trained_on_and_held_out():
    with pytest.raises(ValueError, match=r"1 sample leaves none to train on beside the 1 of validation"):
        RNNRegressor(early_stopping=True).fit(X_LONG, SKEWED, sample_weight=np.arange(200) == 7)
