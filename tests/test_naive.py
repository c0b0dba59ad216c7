"""The naive twin agrees with PyTorch and Keras: only then may it judge the kernels."""

import naive
import numpy as np
import pytest
from reference_cases import FOLDER, cases, training_run

FRAMEWORKS = ("pytorch", "keras")
CASES = [pytest.param(c, id=f"{framework}:{c.name}") for framework in FRAMEWORKS for c in cases(framework)]

# Both sides are float64 and differ in the order of sums and in the library's tanh alone: at most 1.1e-15 was
# measured. The rest is room for another libm or BLAS. A float32 on the way was seen as 5e-9 to 9e-8.
TOLERANCE = 1e-12


def assert_close(actual, expected):
    """Compare to TOLERANCE times the largest expected entry, as single entries may cancel to near 0."""
    np.testing.assert_allclose(actual, expected, rtol=0, atol=TOLERANCE * np.abs(expected).max())


def test_references_cover_every_network_the_twin_knows():
    known = {
        (case.cell, case.activation, case.reset_after, len(case.hidden_layer_sizes))
        for framework in FRAMEWORKS
        for case in cases(framework)
    }
    for n_layers in (1, 2):
        for activation in ("tanh", "relu"):
            assert ("rnn", activation, True, n_layers) in known
            assert ("lstm", activation, True, n_layers) in known
            assert ("gru", activation, True, n_layers) in known
            assert ("gru", activation, False, n_layers) in known


@pytest.mark.parametrize("case", CASES)
def test_forward_agrees_with_the_framework(case):
    predictions = naive.forward(weights=case.weights, X=case.X, **case.settings)
    assert predictions.shape == case.predictions.shape
    assert_close(predictions, case.predictions)


@pytest.mark.parametrize("case", CASES)
def test_loss_agrees_with_the_framework(case):
    assert_close(naive.loss(weights=case.weights, X=case.X, y=case.y, **case.settings), case.loss)


@pytest.mark.parametrize("case", CASES)
def test_gradient_agrees_with_the_framework(case):
    gradients = naive.gradient(weights=case.weights, X=case.X, y=case.y, **case.settings)
    assert gradients.keys() == case.gradients.keys() == case.weights.keys()
    for name, gradient in gradients.items():
        assert gradient.shape == case.gradients[name].shape
        assert_close(gradient, case.gradients[name])


def test_adam_agrees_with_pytorch():
    run = training_run()
    start = run.start
    trained = naive.train(
        start.weights,
        lambda weights: naive.gradient(weights=weights, X=start.X, y=start.y, **start.settings),
        run.n_steps,
        run.learning_rate,
        clip_norm=run.clip_norm,
    )
    for name, values in trained.items():
        assert_close(values, run.trained_weights[name])
        assert not np.allclose(values, start.weights[name])


@pytest.mark.parametrize("case", CASES)
def test_random_weights_have_the_names_and_shapes_of_the_reference(case):
    n_features, n_outputs = case.X.shape[2], case.y.shape[1]
    sizes, rng = case.hidden_layer_sizes, np.random.default_rng(0)
    weights = naive.random_weights(case.cell, n_features, sizes, n_outputs, case.reset_after, rng)
    assert weights.keys() == case.weights.keys()
    assert all(weights[name].shape == case.weights[name].shape for name in weights)
    assert all(np.all(w != 0) for w in weights.values())


@pytest.mark.parametrize("case", CASES[:1])
def test_window_norm_last_is_a_network_that_sees_and_predicts_differences_from_the_level(case):
    level = case.X[:, -1, 0]
    X_without_level = case.X.copy()
    X_without_level[:, :, 0] -= level[:, None]
    expected = naive.forward(weights=case.weights, X=X_without_level, **case.settings) + level[:, None]
    X_before = case.X.copy()
    actual = naive.forward(weights=case.weights, X=case.X, window_norm="last", **case.settings)
    assert_close(actual, expected)
    np.testing.assert_array_equal(case.X, X_before)


@pytest.mark.parametrize("case", CASES[:1])
def test_gradient_under_window_norm_is_that_of_the_differences(case):
    level = case.X[:, -1, 0]
    X_without_level = case.X.copy()
    X_without_level[:, :, 0] -= level[:, None]
    y_without_level = case.y - level[:, None]
    actual = naive.gradient(weights=case.weights, X=case.X, y=case.y, window_norm="last", **case.settings)
    expected = naive.gradient(weights=case.weights, X=X_without_level, y=y_without_level, **case.settings)
    for name in actual:
        assert_close(actual[name], expected[name])


TRAINING = dict(np.load(FOLDER / "pytorch_training.npz"))
RECORDED = {
    "adam": {}, "adam-l2": {"alpha": 0.3}, "adamw": {"alpha": 0.3}, "nadam": {}, "rmsprop": {}, "adagrad": {},
    "sgd": {}, "sgd-plain": {"nesterovs_momentum": False}, "sgd-l2": {"alpha": 0.3},
}  # fmt: skip


@pytest.mark.parametrize("name", RECORDED)
def test_every_optimizer_agrees_with_pytorch(name):
    steps = iter(range(8))

    def next_gradients(_):
        step = next(steps)
        return {kind: TRAINING[f"gradients/{kind}"][step] for kind in "Wb"}

    start = {kind: TRAINING[kind] for kind in "Wb"}
    trained = naive.train(start, next_gradients, 8, 0.05, name.split("-")[0], **RECORDED[name])
    for kind, values in trained.items():
        expected = TRAINING[f"optimizers/{name}/{kind}"]
        if name == "nadam":  # of which PyTorch keeps the product of the momenta in float32
            np.testing.assert_allclose(values, expected, rtol=0, atol=1e-8)
        else:
            assert_close(values, expected)


@pytest.mark.parametrize(
    "loss, targets",
    [("squared_error", "numbers"), ("absolute_error", "numbers"), ("huber", "numbers"), ("poisson", "counts"),
     ("binary", "labels"), ("classes", "classes")],
)  # fmt: skip
def test_losses_and_their_slopes_agree_with_pytorch(loss, targets):
    outputs, y = TRAINING["outputs"], TRAINING[targets].reshape(6, -1)
    own = dict(name=loss, numbers=(0.7,))
    assert_close(naive.mean_loss(outputs, y, **own), TRAINING[f"losses/{loss}"])
    for index in np.ndindex(outputs.shape):
        stepped = outputs.astype(complex)
        stepped[index] += 1j * naive.COMPLEX_STEP
        slope = naive.mean_loss(stepped, y, **own).imag / naive.COMPLEX_STEP
        assert_close(slope, TRAINING[f"slopes/{loss}"][index])
