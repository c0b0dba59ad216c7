"""The naive twin agrees with PyTorch and Keras: only then may it judge the kernels."""

import naive
import numpy as np
import pytest
from reference_cases import FOLDER, cases, layer_cases, training_run

FRAMEWORKS = ("pytorch", "keras")
CASES = [pytest.param(c, id=f"{framework}:{c.name}") for framework in FRAMEWORKS for c in cases(framework)]
LAYER_CASES = [pytest.param(c, id=c.name) for c in layer_cases()]
VARIANTS = [("rnn", True), ("lstm", True), ("gru", True), ("gru", False)]  # with reset_after
each_variant = pytest.mark.parametrize("cell, reset_after", VARIANTS)

# Both sides are float64 and differ in the order of sums and in the library's tanh alone: at most 1.9e-15 was
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


def test_references_of_layers_cover_every_option():
    known = {
        (
            case.cell,
            case.activation,
            "layers.0.reverse.W_x" in case.weights,
            "embedding.W" in case.weights,
            case.return_sequences,
            "dense.0.W" in case.weights and case.dense_activation,
            bool(case.masks and case.recurrent_masks),
        )
        for case in layer_cases()
    }
    for cell in (("rnn", "tanh"), ("rnn", "relu"), ("lstm", "tanh"), ("gru", "tanh")):
        assert (*cell, True, False, False, False, False) in known
        assert (*cell, False, False, True, "relu", False) in known
        assert (*cell, True, True, True, "tanh", False) in known
        assert (*cell, True, True, False, "relu", True) in known
        assert (*cell, True, False, True, False, True) in known
    for case in layer_cases():
        assert len(set(case.lengths)) > 2 and "layers.1.W_x" in case.weights
        missing = np.arange(case.X.shape[1]) >= case.lengths[:, None]
        assert np.all(np.isnan(case.X[missing]))  # so that whoever reads a step that a row does not have is found out


@pytest.mark.parametrize("case", LAYER_CASES)
def test_layers_predict_what_pytorchs_predict(case):
    predictions = naive.forward(**case.network)
    assert predictions.shape == case.predictions.shape
    assert_close(predictions, case.predictions)
    assert_close(naive.loss(**case.training), case.loss)


@pytest.mark.parametrize("case", LAYER_CASES)
def test_gradients_of_layers_are_pytorchs(case):
    gradients = naive.gradient(**case.training)
    assert gradients.keys() == case.gradients.keys()
    for name, gradient in gradients.items():
        assert gradient.shape == case.gradients[name].shape
        assert_close(gradient, case.gradients[name])


@pytest.mark.parametrize("case", LAYER_CASES)
def test_random_weights_have_the_names_and_shapes_of_the_layers_of_the_reference(case):
    names = case.weights
    n_tokens, n_features = names.get("embedding.W", np.empty((0, case.X.shape[-1]))).shape
    weights = naive.random_weights(
        case.cell,
        n_features,
        [w.shape[0] for name, w in names.items() if name.endswith(".W_h") and "reverse" not in name],
        case.predictions.shape[-1],
        True,
        np.random.default_rng(0),
        bidirectional="layers.0.reverse.W_x" in names,
        dense_layer_sizes=[w.size for name, w in names.items() if name.startswith("dense.") and name.endswith(".b")],
        n_tokens=n_tokens or None,
    )
    assert weights.keys() == case.weights.keys()
    assert all(weights[name].shape == case.weights[name].shape for name in weights)
    assert all(np.all(w != 0) for w in weights.values())


def network(cell, reset_after, seed=0, **options):
    """Return {"cell", "weights", "X", "reset_after"} of 5 rows of 6 steps of 2 features, two layers and 3 outputs."""
    rng = np.random.default_rng(seed)
    weights = naive.random_weights(cell, 2, (4, 3), 3, reset_after, rng, **options)
    return dict(cell=cell, weights=weights, X=rng.normal(size=(5, 6, 2)), reset_after=reset_after)


LENGTHS = np.array([4, 0, 6, 1, 3])


@pytest.mark.parametrize("return_sequences", [False, True])
@pytest.mark.parametrize("window_norm", [None, "last"])
@each_variant
def test_a_row_gives_what_its_steps_give_alone(cell, reset_after, window_norm, return_sequences):
    options = network(cell, reset_after, bidirectional=True, dense_layer_sizes=(3,))
    options |= dict(window_norm=window_norm, return_sequences=return_sequences)
    predictions = naive.forward(**options, lengths=LENGTHS)
    X = options.pop("X")
    for row, length in enumerate(LENGTHS):
        if length:
            alone = naive.forward(**options, X=X[row : row + 1, :length])[0]
            assert_close(predictions[row, :length] if return_sequences else predictions[row], alone)
        if return_sequences:
            np.testing.assert_array_equal(predictions[row, length:], 0)


def test_the_level_of_a_row_is_its_own_last_value_and_comes_back_at_every_step():
    options = network("gru", True, bidirectional=True)
    X = options.pop("X")
    level = np.array([X[row, length - 1, 0] if length else 0.0 for row, length in enumerate(LENGTHS)])
    X_without_level = X.copy()
    X_without_level[:, :, 0] -= level[:, None]
    options |= dict(lengths=LENGTHS)
    expected = naive.forward(X=X_without_level, **options) + level[:, None]
    assert_close(naive.forward(X=X, window_norm="last", **options), expected)
    options |= dict(return_sequences=True)
    expected = naive.forward(X=X_without_level, **options)
    for row, length in enumerate(LENGTHS):
        expected[row, :length] += level[row]
    assert_close(naive.forward(X=X, window_norm="last", **options), expected)


def test_a_row_without_steps_predicts_from_the_state_zero():
    options = network("gru", True, bidirectional=True, dense_layer_sizes=(3,))
    w, row = options["weights"], list(LENGTHS).index(0)
    expected = np.tanh(w["dense.0.b"]) @ w["head.W_y"] + w["head.b_y"]
    for window_norm in (None, "last"):
        predictions = naive.forward(**options, lengths=LENGTHS, dense_activation="tanh", window_norm=window_norm)
        assert_close(predictions[row], expected)


@each_variant
def test_the_reverse_direction_is_the_forward_one_of_the_turned_row(cell, reset_after):
    """One layer with one and the same weights in both directions, so that turning the rows swaps their states."""
    rng = np.random.default_rng(0)
    weights = naive.random_weights(cell, 2, (4,), 8, reset_after, rng, bidirectional=True)
    for name in list(weights):
        if ".reverse." in name:
            weights[name] = weights[name.replace(".reverse", "")]
    weights["head.W_y"], weights["head.b_y"] = np.eye(8), np.zeros(8)  # predictions are the states
    X, turned = rng.normal(size=(5, 6, 2)), np.zeros((5, 6, 2))
    for row, length in enumerate(LENGTHS):
        turned[row, :length] = X[row, :length][::-1]
    settings = dict(cell=cell, weights=weights, reset_after=reset_after, lengths=LENGTHS)
    ends, swapped = naive.forward(X=X, **settings), naive.forward(X=turned, **settings)
    assert_close(ends, np.roll(swapped, 4, axis=1))
    assert not np.allclose(ends[:, :4], ends[:, 4:])
    states = naive.forward(X=X, **settings, return_sequences=True)
    swapped = naive.forward(X=turned, **settings, return_sequences=True)
    for row, length in enumerate(LENGTHS):
        if length:
            assert_close(states[row, :length], np.roll(swapped[row, :length][::-1], 4, axis=1))
            # the state after the last step, and that of the reverse direction at the first
            assert_close(ends[row], np.r_[states[row, length - 1, :4], states[row, 0, 4:]])


@each_variant
def test_a_recurrent_mask_scales_the_rows_of_each_samples_own_W_h(cell, reset_after):
    """(m * h) W_h = h (diag(m) W_h), and (r * m * h) R_n = (r * h) (diag(m) R_n): for the cell that PyTorch has not."""
    options = network(cell, reset_after, bidirectional=True)
    rng = np.random.default_rng(1)
    places = {(layer, d): n for layer, n in enumerate((4, 3)) for d in (0, 1)}
    masks = {place: rng.binomial(1, 0.5, size=(5, n)) / 0.5 for place, n in places.items()}
    predictions = naive.forward(**options, recurrent_masks=masks, return_sequences=True)
    X, weights = options.pop("X"), options.pop("weights")
    for row in range(5):
        own = dict(weights)
        for (layer, d), mask in masks.items():
            own[f"layers.{layer}.{'reverse.' * d}W_h"] = mask[row][:, None] * own[f"layers.{layer}.{'reverse.' * d}W_h"]
        alone = naive.forward(**options, weights=own, X=X[row : row + 1], return_sequences=True)
        assert_close(predictions[row], alone[0])
    assert not np.allclose(predictions, naive.forward(**options, weights=weights, X=X, return_sequences=True))


def test_tokens_may_stand_in_a_column_of_their_own():
    options = network("rnn", True, n_tokens=5)
    ids = np.random.default_rng(0).integers(5, size=(5, 6))
    vectors = naive.forward(**{**options, "X": options["weights"].pop("embedding.W")[ids]})
    options = network("rnn", True, n_tokens=5)
    for X in (ids, ids[:, :, None], ids.astype(float)):
        np.testing.assert_array_equal(naive.forward(**{**options, "X": X}), vectors)


def test_noise_is_added_after_the_level_was_subtracted():
    options = network("gru", True)
    X, noise = options.pop("X"), np.random.default_rng(1).normal(size=(5, 6, 2))
    assert_close(naive.forward(X=X, noise=noise, **options), naive.forward(X=X + noise, **options))
    level = X[:, -1, 0]
    X_without_level = X.copy()
    X_without_level[:, :, 0] -= level[:, None]
    expected = naive.forward(X=X_without_level + noise, **options) + level[:, None]
    assert_close(naive.forward(X=X, noise=noise, window_norm="last", **options), expected)


@pytest.mark.parametrize("name", ["squared_error", "classes"])
def test_the_mean_over_steps_is_that_of_the_steps_there_are(name):
    rng = np.random.default_rng(0)
    outputs, weights = rng.normal(size=(5, 6, 3)), np.array([0.3, 2.0, 1.0, 0.0, 0.7])
    y = rng.normal(size=(5, 6, 3)) if name == "squared_error" else rng.integers(3, size=(5, 6, 1)).astype(float)
    y[np.arange(6) >= LENGTHS[:, None]] = np.nan

    def total(row):
        return sum(naive.mean_loss(outputs[row, t][None], y[row, t][None], name) for t in range(LENGTHS[row]))

    for given, w in ((None, np.ones(5)), (weights, weights)):
        expected = sum(w[row] * total(row) for row in range(5)) / sum(w * LENGTHS)
        assert_close(naive.mean_loss(outputs, y, name, sample_weight=given, lengths=LENGTHS), expected)


# The known answers that Random123 ships for philox4x32 with 10 rounds: its authors' own test vectors.
KNOWN_ANSWERS = [
    ("00000000 00000000 00000000 00000000", "00000000 00000000", "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
    ("ffffffff ffffffff ffffffff ffffffff", "ffffffff ffffffff", "408f276d 41c83b0e a20bc7c6 6d5451fd"),
    ("243f6a88 85a308d3 13198a2e 03707344", "a4093822 299f31d0", "d16cfe09 94fdcceb 5001e420 24126ea1"),
]


@pytest.mark.parametrize("counter, key, answer", KNOWN_ANSWERS)
def test_philox_gives_the_known_answers_of_its_authors(counter, key, answer):
    words = naive.philox([int(word, 16) for word in counter.split()], [int(word, 16) for word in key.split()])
    assert " ".join(f"{word:08x}" for word in words) == answer


def test_a_mask_of_zeros_everywhere_follows_from_the_first_known_answer():
    """Words 6627e8d5 e169c58d bc57ac4c 9b00dbd8 are .399, .881, .736 and .605 of 2^32."""
    for rate, kept in [(0.3, "1111"), (0.5, "0111"), (0.7, "0110"), (0.8, "0100"), (0.9, "0000"), (0.0, "1111")]:
        expected = np.array([int(digit) / (1 - rate) for digit in kept])
        np.testing.assert_array_equal(naive.dropout_mask(0, 0, [0], 0, 4, rate), [expected])
        np.testing.assert_array_equal(naive.dropout_mask(0, 0, [0], 0, 3, rate), [expected[:3]])


def test_a_unit_is_kept_from_the_floor_of_the_rate_on(monkeypatch):
    limit = int(0.3 * 2**32)
    assert limit < 0.3 * 2**32
    monkeypatch.setattr(naive, "philox", lambda counter, key: (limit - 1, limit, limit + 1, 0))
    np.testing.assert_array_equal(naive.dropout_mask(0, 0, [0], 0, 4, 0.3), [[0, 1 / 0.7, 1 / 0.7, 0]])


def test_masks_and_noise_ask_for_the_blocks_of_their_samples_places_and_updates(monkeypatch):
    asked = []
    monkeypatch.setattr(naive, "philox", lambda counter, key: asked.append((*counter, *key)) or (1, 2, 3, 4))
    seed = 0x0123456789ABCDEF
    naive.dropout_mask(seed, 11, [7, 2], naive.RECURRENT + 3, 9, 0.5)
    assert asked == [(block, 65539, sample, 11, 0x89ABCDEF, 0x01234567) for sample in (7, 2) for block in (0, 1, 2)]
    asked.clear()
    naive.input_noise(seed, 5, [8], 3, 2, 1.0)
    assert asked == [(block, 131072, 8, 5, 0x89ABCDEF, 0x01234567) for block in range(16)]


def test_noise_is_the_radius_and_the_angle_of_two_words(monkeypatch):
    """ln u = -1/2 is a radius of 1, and b = 2^30 / 3 a twelfth of a turn, whose sine is 1/2."""
    one, four = (round((np.exp(-(radius**2) / 2) * 2**31 - 1) / 2) * 4 for radius in (1, 4))
    most = np.sqrt(62 * np.log(2))  # the radius of the smallest word
    minus, change, twelfth, down = 2**31, 2**30, round(2**30 / 3), 2**30 - round(2**30 / 3)
    pairs = {
        (one, 0): (1, 0), (one, change): (0, 1), (one, minus): (-1, 0), (one, minus + change): (0, -1),
        (four, twelfth): (12**0.5, 2), (four, down + minus): (-(12**0.5), -2),
        (0, change): (0, most), (3, 0): (most, 0),
    }  # fmt: skip
    (words, expected), n = zip(*pairs.items(), strict=True), len(pairs)
    monkeypatch.setattr(naive, "philox", lambda counter, key: (*words[counter[0] % n], *words[-1 - counter[0] % n]))
    numbers = naive.input_noise(0, 0, [0], 25, 5, 10.0).ravel() / 10  # of the 64 of the second group 61
    first, second = np.array(expected).T
    group = np.concatenate([np.tile(of_pair, 2) for of_pair in (first, second, first[::-1], second[::-1])])
    # The words are whole numbers: one more or less of that of radius 4 is 3e-7 of it.
    np.testing.assert_allclose(numbers, np.tile(group, 2)[:125], rtol=0, atol=2e-6)
    np.testing.assert_array_equal(naive.input_noise(0, 0, [0, 1], 7, 1, 10.0)[1, :, 0] / 10, numbers[:7])


def test_masks_keep_each_unit_with_the_probability_one_minus_the_rate():
    """20,000 units: the share kept has a standard deviation below .0036, and five of them are allowed."""
    for rate in (0.1, 0.5):
        mask = naive.dropout_mask(3, 1, range(200), 1, 100, rate)
        assert set(np.unique(mask)) == {0.0, 1 / (1 - rate)}
        assert abs(np.mean(mask > 0) - (1 - rate)) < 0.018
        assert abs(mask.mean() - 1) < 0.018 / (1 - rate)


def test_noise_has_the_moments_of_the_normal_distribution():
    """20,000 numbers: limits are five standard deviations of each mean, sqrt(Var / n), where scale is 1."""
    x = naive.input_noise(3, 1, range(200), 25, 4, 0.5).ravel() / 0.5
    for power, moment, variance in [(1, 0, 1), (2, 1, 2), (3, 0, 15), (4, 3, 96)]:
        assert abs(np.mean(x**power) - moment) < 5 * np.sqrt(variance / len(x)), power
    rows = x.reshape(200, 100)
    assert abs(np.mean(rows[:, :16] * rows[:, 16:32])) < 5 / np.sqrt(200 * 16)  # the two of a pair
    assert abs(np.mean(rows[:, :-4] * rows[:, 4:])) < 5 / np.sqrt(len(x))  # neighbours in time
    assert abs(np.mean(rows[:, :36] * rows[:, 64:])) < 5 / np.sqrt(200 * 36)  # two groups


def test_masks_do_not_depend_on_the_batch_and_differ_in_everything_else():
    given = dict(seed=2**40 + 1, update=4, samples=[6], place=2, n=64, rate=0.5)
    mask = naive.dropout_mask(**given)
    np.testing.assert_array_equal(naive.dropout_mask(**{**given, "samples": [9, 6]})[1:], mask)
    np.testing.assert_array_equal(naive.dropout_mask(**{**given, "n": 70})[:, :64], mask)
    for change in ({"seed": 1}, {"seed": 2**40}, {"update": 5}, {"samples": [7]}, {"place": naive.RECURRENT + 2}):
        assert 10 < np.sum(naive.dropout_mask(**{**given, **change}) != mask) < 54  # 32 expected, deviation 4
