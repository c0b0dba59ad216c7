"""What stands around the cells, in any combination, is what the naive twin makes of it: forward and every gradient."""

import naive
import numpy as np
import pytest
from cells import each_variant
from compiled import TOLERANCE, assert_slopes_are_those_of_the_twin, parameters_of

from tsrnn.kernels.buffers import Sequences, flatten
from tsrnn.kernels.workers import Workers
from tsrnn.network.architecture import Architecture

N_SAMPLES, N_STEPS, N_FEATURES, N_OUTPUTS, N_TOKENS = 11, 7, 3, 2, 9  # nothing divides by a shard or a vector
SEED = 2**40 + 7
CATEGORIES = (0, 5, 3), (2, 9, 18)  # in two of the three columns
LENGTHS = np.array([3, 7, 1, 7, 5, 0, 2, 6, 4, 7, 1])

# Each option alone, and some that meet in one place of the code.
CASES = {
    "plain": {},
    "bidirectional": {"bidirectional": True},
    "every step": {"return_sequences": True},
    "dense": {"dense_layer_sizes": (5, 18), "dense_activation": "tanh"},
    "tokens": {"n_tokens": N_TOKENS},
    "frozen tokens": {"n_tokens": N_TOKENS, "trains_embedding": False},
    "categories": {"categories": CATEGORIES},
    "dropout": {"dropout": 0.4},
    "recurrent dropout": {"recurrent_dropout": 0.4},
    "noise": {"input_noise": 0.5},
    "both ways, every step": {"bidirectional": True, "return_sequences": True},
    "tokens both ways with dropout": {
        "n_tokens": N_TOKENS, "bidirectional": True, "dropout": 0.3, "recurrent_dropout": 0.2,
    },
    "all of values": {
        "bidirectional": True, "return_sequences": True, "dense_layer_sizes": (4,), "dropout": 0.3,
        "recurrent_dropout": 0.3, "input_noise": 0.2,
    },
    "all of tokens": {
        "n_tokens": N_TOKENS, "bidirectional": True, "return_sequences": True, "dense_layer_sizes": (4,),
        "dropout": 0.3, "recurrent_dropout": 0.3,
    },
    "all of categories": {
        "categories": CATEGORIES, "bidirectional": True, "return_sequences": True, "dropout": 0.3,
        "recurrent_dropout": 0.3, "input_noise": 0.2,
    },
}  # fmt: skip
each_case = pytest.mark.parametrize("options", CASES.values(), ids=CASES)
each_length = pytest.mark.parametrize("lengths", [None, LENGTHS], ids=["regular", "ragged"])


def make(cell, reset_after, options, sizes=(6, 3), seed=0):
    """Return an Architecture, weights, X (n_samples, n_steps, n) and y."""
    rng = np.random.default_rng(seed)
    architecture = Architecture(cell, N_STEPS, N_FEATURES, sizes, N_OUTPUTS, reset_after=reset_after, **options)
    weights = naive.random_weights(
        cell, N_FEATURES, sizes, N_OUTPUTS, reset_after, rng, options.get("bidirectional", False),
        options.get("dense_layer_sizes", ()), options.get("n_tokens"), options.get("categories", ()),
    )  # fmt: skip
    X = rng.normal(size=(N_SAMPLES, N_STEPS, N_FEATURES))
    if options.get("n_tokens"):
        X = rng.integers(N_TOKENS, size=(N_SAMPLES, N_STEPS, 1)).astype(np.float64)
    for column, n, _ in options.get("categories", ()):
        X[:, :, column] = rng.choice([np.nan, -1, *range(n)], size=(N_SAMPLES, N_STEPS))
    y = rng.normal(size=(N_SAMPLES, N_STEPS, N_OUTPUTS) if options.get("return_sequences") else (N_SAMPLES, N_OUTPUTS))
    return architecture, weights, X, y


def flat(values, lengths, is_sequence=True):
    """Return X, or y, as kernels read it; of ragged ones only the steps that there are."""
    if lengths is None or not is_sequence:
        return flatten(values)
    steps = np.concatenate([row[:length] for row, length in zip(values, lengths, strict=True)])
    return flatten(Sequences(steps, np.append(0, np.cumsum(lengths))[:-1], lengths))


def drawn(architecture, samples, update=0):
    """Return the masks and the noise of one update, as the twin is given them."""
    a, directions = architecture, 1 + architecture.bidirectional
    masks, recurrent_masks = {}, {}
    for level, n in enumerate(a.hidden_layer_sizes):
        for d in range(directions):
            place = 1 + 2 * level + d
            masks[place] = naive.dropout_mask(SEED, update, samples, place, n, a.dropout)
            recurrent_masks[level, d] = naive.dropout_mask(
                SEED, update, samples, naive.RECURRENT + place, n, a.recurrent_dropout
            )
    noise = None
    n_of_vectors = a.n_features if a.n_tokens else sum(size for *_, size in a.categories)
    masks[0] = naive.dropout_mask(SEED, update, samples, 0, n_of_vectors, a.dropout)
    if not a.n_tokens:
        n_numbers = a.n_features - len(a.categories)
        noise = naive.input_noise(SEED, update, samples, a.n_steps, n_numbers, a.input_noise)
    return {"masks": masks, "recurrent_masks": recurrent_masks, "noise": noise}


@each_variant
@each_case
@each_length
def test_forward_and_the_gradient_of_every_array_are_those_of_the_naive_twin(cell, reset_after, options, lengths):
    architecture, weights, X, y = make(cell, reset_after, options)
    every_step = architecture.return_sequences
    samples = np.arange(N_SAMPLES)
    of_twin = {"reset_after": reset_after, "lengths": lengths, "return_sequences": every_step,
               "dense_activation": architecture.dense_activation,
               "categories": [column for column, *_ in architecture.categories]}  # fmt: skip
    with Workers(2) as workers:
        step = architecture.step(parameters_of(architecture, weights), workers, seed=SEED)
        flat_X, flat_y = flat(X, lengths), flat(y, lengths, every_step)
        prediction, evaluated = step.predict(flat_X, samples), step.loss(flat_X, flat_y, samples)
        loss, gradient = step.gradient(flat_X, flat_y, samples)

    expected = naive.forward(cell, weights, X, **of_twin)
    if every_step:
        expected = expected[np.arange(N_STEPS) < (np.full(N_SAMPLES, N_STEPS) if lengths is None else lengths)[:, None]]
    np.testing.assert_allclose(prediction, expected, **TOLERANCE)
    np.testing.assert_allclose(evaluated, naive.loss(cell, weights, X, y, **of_twin), **TOLERANCE)
    of_twin |= drawn(architecture, samples)
    np.testing.assert_allclose(loss, naive.loss(cell, weights, X, y, **of_twin), **TOLERANCE)
    frozen = () if architecture.trains_embedding else ("embedding.W",)
    assert_slopes_are_those_of_the_twin(architecture.views(gradient), cell, weights, X, y, frozen, **of_twin)
