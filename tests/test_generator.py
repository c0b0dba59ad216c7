"""RNNGenerator learns what comes next: its likelihood is the naive twin's, and what it draws has its probabilities."""

import pickle

import naive
import numpy as np
import pandas as pd
import pytest
from cells import each_cell, each_variant
from refusals import refused
from scipy.sparse import csr_matrix
from scipy.stats import chisquare
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.utils import get_tags
from sklearn.utils.estimator_checks import check_estimator

from tsrnn import RNNGenerator, SequenceEncoder

ROWS = [[1, 2, 3, 1], [4], [2, 2, 4, 1, 3, 3, 2], [], [3, 1]]  # of every kind: two have no next symbol
PADDED = np.array([row + [0] * (9 - len(row)) for row in ROWS])  # wider than the longest
SPOKEN = [row for row in ROWS if row]  # what has a last symbol
CYCLE = [list(np.arange(start, start + 12) % 5 + 1) for start in range(5)]
TEXTS = ["to be, or not to be", "that is the question", "to be or not", "the question is to be"] * 2
FLOAT32 = dict(rtol=2e-5, atol=2e-6)  # the network computes in float32, the twin in float64: some tens of roundings


def generator(cell="gru", **changes):
    settings = {"hidden_layer_sizes": 6, "embedding_size": 3, "max_iter": 2, "random_state": 0, "n_jobs": 1}
    return RNNGenerator(cell, **{**settings, **changes})


def with_weights(scale=1.0, rows=ROWS, seed=0, **options):
    """Return a generator with random weights, so that probabilities are not all alike, and the weights."""
    model = generator(**{"max_iter": 1, **options}).fit(rows)
    rng = np.random.default_rng(seed)
    a = model._architecture
    weights = naive.random_weights(
        a.cell, a.n_features, a.hidden_layer_sizes, a.n_outputs, a.reset_after, rng,
        dense_layer_sizes=a.dense_layer_sizes, n_tokens=a.n_tokens,
    )  # fmt: skip
    weights["embedding.W"] *= 2
    weights["head.W_y"] *= scale
    weights["head.b_y"][:] = 0  # which alone would make one symbol follow all others
    return model.set_weights(weights), {name: values.astype(np.float32) for name, values in weights.items()}


def log_probabilities(model, weights, row):
    """Return what the twin gives after each symbol of one row of ids 1, 2, ..., shape (n_steps, n_symbols)."""
    weights = {name: values.astype(np.float64) for name, values in weights.items()}
    options = {"activation": model.activation, "reset_after": model.reset_after}
    outputs = naive.forward(
        model.cell, weights, np.array([row]) - 1, **options, return_sequences=True,
        dense_activation=model.dense_activation,
    )[0]  # fmt: skip
    return outputs - np.log(np.exp(outputs).sum(axis=1, keepdims=True))


# Likelihood


@each_variant
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"hidden_layer_sizes": (5, 4), "activation": "relu"},
        {"dense_layer_sizes": (4, 7), "dense_activation": "tanh"},
        {"dense_layer_sizes": 5},
        {"dropout": 0.5, "recurrent_dropout": 0.5},  # which belong to training
    ],
    ids=["plain", "stacked", "dense", "dense relu", "dropout"],
)
def test_likelihood_and_probabilities_are_those_of_the_naive_twin(cell, reset_after, options):
    model, weights = with_weights(cell=cell, reset_after=reset_after, **options)
    of_rows = [log_probabilities(model, weights, row) for row in SPOKEN]
    steps = [(o[t], row[t + 1]) for o, row in zip(of_rows, SPOKEN, strict=True) for t in range(len(row) - 1)]
    expected = np.mean([o[following - 1] for o, following in steps])
    np.testing.assert_allclose(model.score(ROWS), expected, **FLOAT32)
    np.testing.assert_allclose(model.perplexity(ROWS), np.exp(-expected), **FLOAT32)
    probabilities = model.predict_proba(SPOKEN)
    assert probabilities.shape == (4, 5) and probabilities.dtype == np.float32
    assert not probabilities[:, 0].any()  # padding
    np.testing.assert_allclose(probabilities[:, 1:], np.exp([o[-1] for o in of_rows]), **FLOAT32)
    np.testing.assert_array_equal(model.predict(SPOKEN), 1 + np.argmax([o[-1] for o in of_rows], axis=1))


def test_fit_minimises_the_negative_score():
    whole = {"batch_size": 99, "shuffle": False, "learning_rate": 0.1}
    first, second = (generator(max_iter=n, **whole).fit(ROWS) for n in (1, 2))
    assert second.loss_curve_[1] == pytest.approx(-first.score(ROWS), rel=1e-6)  # both in float32
    assert second.score(ROWS) > first.score(ROWS)


def test_a_cycle_is_foreseen_and_a_uniform_source_is_not():
    rng = np.random.default_rng(0)
    learning = {"learning_rate": 0.05, "max_iter": 60, "n_iter_no_change": 60}
    cycle = generator(**learning).fit(CYCLE)
    assert cycle.perplexity(CYCLE) == pytest.approx(1, abs=0.01)
    uniform = generator(**learning, n_steps=20).fit(rng.integers(1, 5, (1, 2000)))
    assert uniform.perplexity(rng.integers(1, 5, (1, 2000))) == pytest.approx(4, abs=0.2)
    assert np.exp(uniform.loss_curve_[-1]) == pytest.approx(4, abs=0.2)


def test_the_first_symbol_of_a_row_does_not_count():
    model, _ = with_weights(scale=3)
    assert model.score([[1, 2]]) == pytest.approx(np.log(model.predict_proba([[1]])[0, 2]), rel=1e-6)
    together = (model.score([[1, 2]]) + 2 * model.score([[3, 1, 4]])) / 3
    assert model.score([[1, 2], [3, 1, 4], [2], []]) == pytest.approx(together, rel=1e-6)


# Padding, batches and threads


def test_a_row_has_the_same_bits_alone_in_any_batch_and_whatever_pads_it():
    model, _ = with_weights(rows=PADDED, hidden_layer_sizes=(17, 5), n_tokens=6)
    rows = [*SPOKEN, *CYCLE, [1] * 40]
    together = model.predict_proba(rows)
    for row, expected in zip(rows, together, strict=True):
        np.testing.assert_array_equal(model.predict_proba([row])[0], expected)
        np.testing.assert_array_equal(model.predict_proba([[*row, 0, 0, 0]])[0], expected)
        assert model.predict([row])[0] == expected.argmax()
    np.testing.assert_array_equal(model.set_params(n_jobs=3).predict_proba(rows), together)


KINDS = {
    "padded array": PADDED, "small integers": PADDED.astype(np.int8), "unsigned": PADDED.astype(np.uint64),
    "big endian": PADDED.astype(">i4"), "objects": PADDED.astype(object), "frame": pd.DataFrame(PADDED),
    "Fortran order": np.asfortranarray(PADDED), "reversed view": PADDED[::-1][::-1],
    "arrays": [np.array(row, np.int32) for row in ROWS], "tuples": tuple(map(tuple, ROWS)),
    "series of lists": pd.Series(ROWS), "padded lists": [[*row, 0] for row in ROWS],
    "series": [pd.Series(row, dtype=int) for row in ROWS],
}  # fmt: skip


@pytest.mark.parametrize("X", KINDS.values(), ids=KINDS)
def test_rows_are_the_same_in_any_form(X):
    model = generator().fit(X)
    np.testing.assert_array_equal(model.parameters_, generator().fit(ROWS).parameters_)
    assert model.score(X) == model.score(ROWS)


@pytest.mark.parametrize("cell", ["gru", "lstm"])
def test_the_same_seed_gives_the_same_bits_on_any_number_of_threads(cell):
    settings = {"dropout": 0.3, "recurrent_dropout": 0.2, "early_stopping": True, "validation_fraction": 0.3}
    one, three = (generator(cell, n_jobs=n, **settings).fit(CYCLE * 9) for n in (1, 3))
    np.testing.assert_array_equal(one.parameters_, three.parameters_)
    drawn = [model.generate([1], 50, random_state=3) for model in (one, three)]
    np.testing.assert_array_equal(*drawn)


@pytest.mark.parametrize("padding_id", [0, 2, 7])
def test_the_padding_id_may_be_any(padding_id):
    rows = np.array([[1, 3, 1, 4], [3, 4, 4, padding_id]])
    model = generator(padding_id=padding_id).fit(rows)
    assert model.n_tokens_ == max(5, padding_id + 1)
    assert model.symbols_.tolist() == [token for token in range(model.n_tokens_) if token != padding_id]
    numbers = {token: 1 + number for number, token in enumerate(model.symbols_)}
    counted = [[numbers[token] for token in row] for row in ([1, 3, 1, 4], [3, 4, 4])]
    np.testing.assert_array_equal(model.parameters_, generator(n_tokens=model.n_tokens_).fit(counted).parameters_)
    probabilities = model.predict_proba(rows)
    np.testing.assert_array_equal(np.flatnonzero(probabilities.min(axis=0)), model.symbols_)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-6)
    assert set(model.generate([1], 300, temperature=9, random_state=0)) == {1, 3, 4}  # those of fit


def test_without_a_padding_id_zero_is_a_symbol_anywhere():
    rows = [[0, 1, 0, 0, 1, 2], [0, 0]]
    model = generator(padding_id=None).fit(rows)
    assert model.symbols_.tolist() == [0, 1, 2]
    shifted = generator().fit([[token + 1 for token in row] for row in rows])
    np.testing.assert_array_equal(model.parameters_, shifted.parameters_)
    np.testing.assert_array_equal(model.predict_proba(rows), shifted.predict_proba([[1, 2, 1, 1, 2, 3], [1, 1]])[:, 1:])
    assert 0 in model.generate([0], 100, random_state=0)


def test_n_tokens_leaves_room_for_ids_that_fit_has_not_seen():
    model = generator(n_tokens=9).fit(ROWS)
    assert model.n_tokens_ == 9 and model.predict_proba([[8, 1]]).shape == (1, 9)
    assert generator().fit(ROWS).n_tokens_ == 5


def test_one_symbol_alone_is_certain():
    model = generator().fit([[1, 1, 1]])
    assert model.perplexity([[1, 1]]) == 1
    np.testing.assert_array_equal(model.predict_proba([[1]]), [[0, 1]])
    assert model.generate([1], 3, random_state=0).tolist() == [1, 1, 1]


# Pieces


def test_a_long_row_is_cut_into_pieces_that_predict_each_symbol_once():
    row = np.random.default_rng(1).integers(1, 6, 24)
    cut = [row[start : start + 8] for start in range(0, 23, 7)]  # seven steps and what follows the last
    assert sum(len(piece) - 1 for piece in cut) == 23
    np.testing.assert_array_equal(
        generator(n_steps=7, n_tokens=6).fit([row]).parameters_, generator(n_tokens=6).fit(cut).parameters_
    )
    whole = generator(n_steps=23).fit([row])
    np.testing.assert_array_equal(whole.parameters_, generator().fit([row]).parameters_)
    assert not np.array_equal(whole.parameters_, generator(n_steps=22).fit([row]).parameters_)


def test_the_state_of_a_prediction_goes_on_beyond_n_steps():
    model, _ = with_weights(scale=5, n_steps=2, n_tokens=6)
    uncut, _ = with_weights(scale=5, n_tokens=6)
    assert model.score(CYCLE) == uncut.score(CYCLE)
    np.testing.assert_array_equal(model.predict_proba(CYCLE), uncut.predict_proba(CYCLE))


# Generation


@each_cell
def test_a_cycle_is_continued_exactly(cell):
    model = generator(cell, learning_rate=0.05, max_iter=60, hidden_layer_sizes=12).fit(CYCLE)
    assert model.generate([3, 4, 5], 12, temperature=0).tolist() == [1, 2, 3, 4, 5, 1, 2, 3, 4, 5, 1, 2]
    assert model.generate([2], 4, temperature=0.1, random_state=0).tolist() == [3, 4, 5, 1]


@each_variant
@pytest.mark.parametrize("options", [{}, {"hidden_layer_sizes": (16, 9), "dense_layer_sizes": 7, "dropout": 0.1}])
def test_temperature_zero_takes_the_most_probable_symbol_at_each_step(cell, reset_after, options):
    learning = {"hidden_layer_sizes": 16, "learning_rate": 0.03, "max_iter": 60, "tol": 0}
    rows = np.random.default_rng(0).integers(1, 9, (3, 20))  # learnt by heart, more or less
    model = generator(cell, reset_after=reset_after, **{**learning, **options}).fit(rows)
    seen = set()
    for row in ([3, 7], [1], [5], [8, 1, 1, 3]):
        continued = model.generate(row, 8, temperature=0)
        for symbol in continued:
            assert symbol == model.predict_proba([row]).argmax() == model.predict([row])[0]
            row.append(symbol)
        seen |= set(continued)
    assert len(seen) > 3  # it is no constant


@pytest.mark.parametrize("temperature, top_k", [(1.0, None), (0.5, None), (2.0, None), (1.0, 2), (0.7, 3)])
def test_what_is_drawn_has_the_probabilities_of_the_network(temperature, top_k):
    model, _ = with_weights(scale=2)

    def expected_after(row):
        heights = model.predict_proba([row])[0, 1:].astype(np.float64) ** (1 / temperature)
        heights[np.argsort(-heights)[top_k or 4 :]] = 0
        return heights / heights.sum()

    rng = np.random.RandomState(0)
    n_draws = 600
    counts = np.zeros((4, 4))
    for _ in range(n_draws):
        a, b = model.generate([2, 4], 2, temperature, top_k, rng) - 1
        counts[a, b] += 1
    firsts = expected_after([2, 4])
    expected = n_draws * np.array([p * expected_after([2, 4, 1 + a]) for a, p in enumerate(firsts)])
    assert not counts[expected == 0].any()
    assert (expected == 0).sum() == 16 - min(4, top_k or 4) ** 2
    assert chisquare(counts[expected > 0], expected[expected > 0]).pvalue > 0.01  # of this seed; a wrong one has 1e-9


def test_the_highest_temperature_knows_no_preference_and_a_tiny_one_no_other_symbol():
    model, _ = with_weights(scale=2)
    counts = np.bincount(model.generate([1], 4000, temperature=1e9, random_state=0), minlength=5)[1:]
    assert chisquare(counts).pvalue > 0.01
    np.testing.assert_array_equal(
        model.generate([1], 50, temperature=1e-300, random_state=0), model.generate([1], 50, temperature=0)
    )


def test_top_k_of_one_is_temperature_zero_and_more_than_there_are_is_all():
    model, _ = with_weights(scale=2)
    np.testing.assert_array_equal(model.generate([1], 30, top_k=1), model.generate([1], 30, temperature=0))
    every = [model.generate([1], 30, top_k=k, random_state=5).tolist() for k in (None, 4, 99)]
    assert every[0] == every[1] == every[2]


@pytest.mark.parametrize("draw", [0.0, 1 - 2**-53], ids=["least", "greatest"])
def test_no_draw_takes_a_symbol_without_probability(draw):
    class Constant(np.random.RandomState):
        def random_sample(self):
            return draw

    model, _ = with_weights(scale=2)
    follows = [model.generate([row], 1, top_k=1, random_state=Constant())[0] for row in (1, 2, 3, 4)]
    assert follows == [model.generate([row], 1, temperature=0)[0] for row in (1, 2, 3, 4)]
    assert set(follows) - {1} and set(follows) - {4}  # others than the first, and than the last


def test_an_id_that_no_fit_has_seen_is_never_drawn():
    model = generator(max_iter=1, n_tokens=6, warm_start=True).fit([[2, 3, 2, 3], [4]])  # one alone teaches nothing
    drawn = [model.generate([4, 1], 200, 1e9, top_k, random_state=0) for top_k in (None, 2)]
    assert set(drawn[0]) == set(drawn[1]) == {2, 3}
    assert (model.predict_proba([[2]])[0, 1:] > 0).all()  # probabilities and scores count them in
    assert set(model.fit([[5, 5]]).generate([2], 200, 1e9, random_state=0)) == {2, 3, 5}
    assert set(clone(model).fit([[4, 4]]).generate([4], 9)) == {4}
    model.set_weights(model.get_weights())  # which may come from a training of which nothing is known here
    assert set(model.generate([2], 200, 1e9, random_state=0)) == {1, 2, 3, 4, 5}


def test_random_state_seeds_the_draws_as_in_scikit_learn():
    model, _ = with_weights()
    same = [model.generate([1], 40, random_state=7) for _ in range(2)]
    np.testing.assert_array_equal(*same)
    np.testing.assert_array_equal(same[0], model.generate([1], 40, random_state=np.random.RandomState(7)))
    assert not np.array_equal(same[0], model.generate([1], 40, random_state=8))
    rng = np.random.RandomState(7)
    assert not np.array_equal(model.generate([1], 40, random_state=rng), model.generate([1], 40, random_state=rng))
    np.random.seed(7)  # the global state, where nothing is given
    np.testing.assert_array_equal(model.generate([1], 40), same[0])


@pytest.mark.parametrize("prompt", [[2, 4], (2, 4), np.array([2, 4], np.uint8), pd.Series([2, 4]), [2, 4, 0, 0]])
def test_a_prompt_is_one_sequence_in_any_form(prompt):
    model, _ = with_weights()
    drawn = model.generate(prompt, 20, random_state=0)
    assert drawn.shape == (20,) and drawn.dtype == np.int64
    np.testing.assert_array_equal(drawn, model.generate([2, 4], 20, random_state=0))


def test_all_of_the_prompt_is_read():
    rows = [[first, 3, 4, first] for first in (1, 2)]
    model = generator(learning_rate=0.05, max_iter=60).fit(rows)
    assert [model.generate([first, 3, 4], 1, temperature=0).tolist() for first in (1, 2)] == [[1], [2]]


# Training


EFFECTS = {
    "cell": "lstm", "hidden_layer_sizes": (6, 4), "activation": "relu", "reset_after": False, "embedding_size": 4,
    "n_tokens": 8, "n_steps": 3, "dense_layer_sizes": 4, "dropout": 0.4, "recurrent_dropout": 0.4, "optimizer": "sgd",
    "learning_rate": 0.1, "schedule": "cosine", "alpha": 0.5, "beta_1": 0.5, "beta_2": 0.5, "epsilon": 0.1,
    "clip_norm": 1e-4, "clip_value": 1e-4, "batch_size": 1, "shuffle": False, "max_iter": 3, "early_stopping": True,
    "random_state": 1, "chrono_init": 9,
}  # fmt: skip


@pytest.mark.parametrize("name", EFFECTS)
def test_every_option_of_training_has_an_effect(name):
    plain, other = (
        generator(batch_size=2, epsilon=1e-4).set_params(**change) for change in ({}, {name: EFFECTS[name]})
    )
    assert not np.array_equal(plain.fit(CYCLE).parameters_, other.fit(CYCLE).parameters_)


@pytest.mark.parametrize("name, value", [("momentum", 0.1), ("nesterovs_momentum", False)])
def test_the_options_of_sgd_have_an_effect(name, value):
    plain, other = (generator(optimizer="sgd", learning_rate=0.5, **change) for change in ({}, {name: value}))
    assert not np.array_equal(plain.fit(CYCLE).parameters_, other.fit(CYCLE).parameters_)


def test_the_activation_of_dense_layers_has_an_effect():
    plain, other = (generator(dense_layer_sizes=4, dense_activation=name).fit(CYCLE) for name in ("relu", "tanh"))
    assert not np.array_equal(plain.parameters_, other.parameters_)


def test_early_stopping_watches_the_pieces_that_it_holds_out_and_keeps_the_best_weights():
    rng = np.random.default_rng(0)
    rows = rng.integers(1, 5, (20, 9))  # there is nothing to learn, but much to learn by heart
    settings = {"early_stopping": True, "validation_fraction": 0.25, "learning_rate": 0.05, "max_iter": 60}
    model = generator(hidden_layer_sizes=32, n_iter_no_change=5, **settings).fit(rows)
    assert model.stop_reason_ == "no_change" and model.n_iter_ == model.best_iter_ + 5
    assert np.argmin(model.validation_loss_curve_) + 1 == model.best_iter_
    held_out = rows[np.sort(np.random.RandomState(0).permutation(20)[:5])]
    assert -model.score(held_out) == pytest.approx(min(model.validation_loss_curve_), rel=1e-5)
    assert list(model.history_.columns) == ["epoch", "loss", "validation_loss", "learning_rate", "seconds"]


def test_a_warm_start_goes_on_also_with_rows_of_other_lengths():
    settings = {"warm_start": True, "max_iter": 3, "shuffle": False, "n_tokens": 6}
    model = generator(**settings).fit(CYCLE).fit(CYCLE)
    plain = generator(**{**settings, "max_iter": 6}).fit(CYCLE)
    np.testing.assert_array_equal(model.parameters_, plain.parameters_)
    before = model.parameters_.copy()
    assert not np.array_equal(model.fit(ROWS).parameters_, before)
    refused(ValueError, ["warm_start", "False"], model.set_params(hidden_layer_sizes=7).fit, CYCLE)


def test_callbacks_and_an_interrupt_end_training():
    records = []
    model = generator(max_iter=9, callbacks=[lambda _, record: records.append(record), lambda _, r: r["epoch"] == 2])
    assert model.fit(CYCLE).stop_reason_ == "callback"
    assert [record["loss"] for record in records] == model.loss_curve_

    def interrupt(_, record):
        if record["epoch"] == 2:
            raise KeyboardInterrupt

    with pytest.warns(ConvergenceWarning, match=r"interrupted after 2 epochs") as caught:
        generator(max_iter=9, callbacks=interrupt).fit(CYCLE)
    assert caught[0].filename == __file__


def test_training_ends_after_max_time_and_prints_a_line_per_epoch(capsys):
    model = generator(max_iter=1000, max_time=1e-9, verbose=2).fit(CYCLE)
    assert (model.n_iter_, model.stop_reason_) == (1, "max_time")
    assert capsys.readouterr().out.startswith(f"training, epoch 1: loss {model.loss_curve_[0]:.4g}, ")


def test_a_fit_that_fails_leaves_the_earlier_one_as_it_was():
    model = generator().fit(ROWS)
    before, score = model.predict_proba(SPOKEN), model.score(ROWS)
    for change, X in (({}, [[9]]), ({"hidden_layer_sizes": ()}, CYCLE), ({"learning_rate": 1e30}, [[7, 8, 9]] * 9)):
        with pytest.raises(ValueError):
            clone(model).fit(ROWS) and model.set_params(**change).fit(X)
        assert model.n_tokens_ == 5 and model.score(ROWS) == score
        np.testing.assert_array_equal(model.predict_proba(SPOKEN), before)


def test_a_fit_keeps_its_padding_id_when_the_argument_is_changed():
    model = generator().fit(ROWS)
    before = model.predict_proba(PADDED[[0, 2, 4]])
    np.testing.assert_array_equal(model.set_params(padding_id=None).predict_proba(PADDED[[0, 2, 4]]), before)


def test_every_character_of_hello_world_is_foreseen():
    encoder = SequenceEncoder("character")
    ids = encoder.fit_transform(["hello world"])
    model = RNNGenerator("rnn", hidden_layer_sizes=32, embedding_size=8, learning_rate=0.01, random_state=0).fit(ids)
    foreseen = model.predict([ids[0, : n + 1] for n in range(10)])
    assert encoder.inverse_transform([foreseen]) == ["ello world"]
    assert encoder.inverse_transform([model.generate(ids[0, :1], 10, temperature=0)]) == ["ello world"]


# In scikit-learn


def test_texts_go_through_a_pipeline_and_a_search():
    encoder = SequenceEncoder("character")
    model = generator(learning_rate=0.03, max_iter=40, hidden_layer_sizes=16, embedding_size=8, batch_size=4)
    pipeline = make_pipeline(encoder, model).fit(TEXTS)
    assert pipeline.score(TEXTS) > -0.7  # of about 15 characters: by chance it is -2.7
    ids = pipeline[1].generate(encoder.transform(["to be, or n"])[0], 8, temperature=0)
    assert encoder.inverse_transform([ids]) == ["ot to be"]
    grid = {"rnngenerator__hidden_layer_sizes": [1, 16]}
    search = GridSearchCV(pipeline, grid, cv=2, n_jobs=1).fit(TEXTS)
    assert search.best_params_ == {"rnngenerator__hidden_layer_sizes": 16}
    assert search.best_score_ > -0.5 and search.cv_results_["mean_test_score"][0] < -1


@pytest.mark.parametrize("X", [np.array(CYCLE * 2), CYCLE * 2], ids=["array", "list"])
def test_cross_validation_takes_its_score(X):
    scores = cross_val_score(generator(learning_rate=0.05, max_iter=40, n_tokens=6), X, cv=3)
    assert scores.min() > -0.5  # by chance it is log 5, -1.6


@pytest.mark.slow
def test_workers_find_the_same_scores():
    alone, workers = (cross_val_score(generator(n_tokens=6), CYCLE * 2, cv=3, n_jobs=n) for n in (1, 2))
    np.testing.assert_array_equal(alone, workers)


def test_clone_and_pickle():
    model = generator(hidden_layer_sizes=(5, 4), padding_id=0, n_steps=4).fit(CYCLE)
    assert clone(model).get_params() == model.get_params() and not hasattr(clone(model), "parameters_")
    np.testing.assert_array_equal(clone(model).fit(CYCLE).parameters_, model.parameters_)
    again = pickle.loads(pickle.dumps(model))
    assert again.score(CYCLE) == model.score(CYCLE)
    np.testing.assert_array_equal(again.generate([1], 9, random_state=0), model.generate([1], 9, random_state=0))


def test_tags_say_that_it_takes_categories_from_zero_on_and_no_targets():
    tags = get_tags(RNNGenerator())
    assert tags.input_tags.categorical and tags.input_tags.positive_only and tags.input_tags.two_d_array
    assert not (tags.input_tags.allow_nan or tags.input_tags.sparse or tags.input_tags.string)
    assert not tags.target_tags.required and not tags.no_validation and not tags._skip_test


IDS_ALONE = "ids are integers: an array of floats, complex numbers or objects gets a sentence of ours"
ANY_WIDTH = "rows have several lengths, so there is no number of features"
EXPECTED = {
    "check_complex_data": IDS_ALONE,
    "check_dtype_object": IDS_ALONE,
    "check_estimators_dtypes": IDS_ALONE,
    "check_estimators_nan_inf": IDS_ALONE,
    "check_fit_non_negative": IDS_ALONE,
    "check_positive_only_tag_during_fit": "a negative id gets a sentence of ours",
    "check_estimators_empty_data_messages": ANY_WIDTH,
    "check_fit2d_1feature": ANY_WIDTH,
    "check_fit2d_predict1d": "one sequence for many gets a sentence of ours",
    "check_n_features_in": ANY_WIDTH,
    "check_n_features_in_after_fitting": ANY_WIDTH,
}


def test_scikit_learns_own_checks_pass_but_for_those_of_numbers_and_columns():
    # Without padding: the zeros in the data of these checks stand anywhere.
    results = check_estimator(
        generator(padding_id=None), expected_failed_checks=EXPECTED, on_fail="raise", on_skip=None
    )
    status = {result["check_name"]: result["status"] for result in results}
    assert {name for name, what in status.items() if what == "xfail"} == set(EXPECTED)
    assert {name for name, what in status.items() if what == "skipped"} <= {"check_array_api_input"}
    assert sum(what == "passed" for what in status.values()) > 25


def test_weights_are_read_and_set_by_name_and_the_network_is_summarised(capsys):
    model = generator(hidden_layer_sizes=(6, 4), dense_layer_sizes=5).fit(ROWS)
    shapes = {name: values.shape for name, values in model.get_weights().items()}
    assert shapes == {
        "layers.0.W_x": (3, 18), "layers.0.W_h": (6, 18), "layers.0.b": (18,), "layers.0.b_hn": (6,),
        "layers.1.W_x": (6, 12), "layers.1.W_h": (4, 12), "layers.1.b": (12,), "layers.1.b_hn": (4,),
        "dense.0.W": (4, 5), "dense.0.b": (5,), "head.W_y": (5, 4), "head.b_y": (4,), "embedding.W": (4, 3),
    }  # fmt: skip
    other = generator(hidden_layer_sizes=(6, 4), dense_layer_sizes=5, random_state=1).fit(ROWS)
    assert other.set_weights(model.get_weights()).score(ROWS) == model.score(ROWS)
    model.summary()
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert [(line[0], line[-1]) for line in lines[1:]] == [
        ("input", "0"), ("embedding", "12"), ("gru", "186"), ("gru", "136"), ("dense", "25"), ("dense", "24"),
        ("total", "383"),
    ]  # fmt: skip
    assert int(lines[-1][-1]) == len(model.parameters_)


# Bad input: what is given, the error, and the decisive words

BAD_ROWS = {
    "a text": ("abc", TypeError, ["X is 'abc'", "str", "SequenceEncoder"]),
    "texts": (["abc", "de"], TypeError, ["row 0 of X is 'abc'", "SequenceEncoder"]),
    "bytes": (b"abc", TypeError, ["X is b'abc'", "SequenceEncoder"]),
    "rows of bytes": ([b"abc"], TypeError, ["row 0 of X is b'abc'", "SequenceEncoder"]),
    "words": ([["a", "b"], ["c"]], TypeError, ["row 0 of X holds", "'a'", "SequenceEncoder"]),
    "an array of texts": (np.array(["abc", "de"]), TypeError, ["row 0 of X is 'abc'", "SequenceEncoder"]),
    "an array of words": (np.array([["a", "b"]]), TypeError, ["X holds", "'a'", "SequenceEncoder"]),
    "a series of texts": (pd.Series(["abc", "de"], dtype=object), TypeError, ["row 0 of X is 'abc'"]),
    "numbers as text": ([["1", "2"]], TypeError, ["row 0 of X holds", "'1'", "SequenceEncoder"]),
    "floats": (np.array([[1.0, 2.0]]), TypeError, ["X holds", "1.0", "float64", "integers", "SequenceEncoder"]),
    "small floats": (np.ones((2, 3), np.float16), TypeError, ["X holds", "float16", "integers"]),
    "fractions": ([[1, 2.5]], TypeError, ["row 0 of X holds 2.5, of type float", "integers"]),
    "a NaN": ([[1, 2], [1, np.nan]], TypeError, ["row 1 of X holds nan", "integers"]),
    "an array padded with NaN": (np.array([[1, 2], [1, np.nan]]), TypeError, ["X holds", "float64", "integers"]),
    "infinite": ([[1, np.inf]], TypeError, ["row 0 of X holds inf", "integers"]),
    "a missing value": ([[1, None]], TypeError, ["row 0 of X holds None", "integers"]),
    "a row that is missing": ([[1, 2], None], TypeError, ["row 1 of X is None", "SequenceEncoder"]),
    "pandas' missing value": ([[1, pd.NA]], TypeError, ["row 0 of X holds", "integers"]),
    "a nullable column": (pd.DataFrame({"a": [1, 2], "b": pd.array([1, None], "Int64")}), TypeError,
                          ["X holds", "integers"]),
    "booleans": ([[True, False]], TypeError, ["row 0 of X holds", "bool", "integers"]),
    "a boolean among ids": ([[1, 2], [2, True]], TypeError, ["row 1 of X holds True", "bool", "integers"]),
    "a boolean of NumPy among ids": ([[1, np.True_]], TypeError, ["row 0 of X holds True", "bool", "integers"]),
    "a masked array": (np.ma.array([[1, 2]], mask=[[0, 1]]), ValueError, ["X has 1 masked value", "fill"]),
    "a masked row": ([np.ma.array([1, 2], mask=[0, 1]), [1]], ValueError, ["X has 1 masked value", "fill"]),
    "a row that is a number": ([[1, 2], 3], ValueError, ["row 1 of X is 3", "single number"]),
    "a row that is a dict": ([[1, 2], {1: 2}], TypeError, ["row 1 of X is {1: 2}", "no sequence of ids"]),
    "a row that is a set": ([[1, 2], {1, 2}], TypeError, ["row 1 of X is {1, 2}", "no sequence of ids"]),
    "a sparse row": ([csr_matrix([[1, 2]])], TypeError, ["row 0 of X is <", "no sequence of ids"]),
    "a text among rows": ([[1, 2], "ab"], TypeError, ["row 1 of X is 'ab'", "SequenceEncoder"]),
    "an array of booleans": (np.ones((2, 3), bool), TypeError, ["X holds", "bool", "integers"]),
    "booleans as objects": (np.array([[True, 1]], object), TypeError, ["X holds", "integers"]),
    "complex": (np.array([[1j, 2]]), TypeError, ["X holds", "complex128", "integers"]),
    "dates": (np.array([["2020-01-01"]], "M8[D]"), TypeError, ["X holds", "datetime64", "integers"]),
    "durations": ([np.array([1, 2], "m8[s]")], TypeError, ["row 0 of X holds", "timedelta64", "integers"]),
    "a column of dates": (pd.DataFrame({"a": pd.date_range("2020", periods=2)}), TypeError, ["X holds", "integers"]),
    "a negative id": ([[1, 2], [2, 1, -1]], ValueError, ["row 1 of X", "id -1", "0 to"]),
    "a negative id in an array": (np.array([[1, 2], [-3, 1]]), ValueError, ["row 1 of X", "id -3", "0 to"]),
    "an id beyond float32": ([[1, 2], [1, 2**24]], ValueError, ["row 1 of X", "16777216", "0 to"]),
    "an id beyond int64": ([[1, 2**63]], ValueError, ["row 0 of X", "9223372036854775808", "too large"]),
    "an id beyond uint64": ([[1, 2**64]], ValueError, ["row 0 of X", "18446744073709551616", "too large"]),
    "an unsigned id beyond int64": (np.array([[2**63, 1]], np.uint64), ValueError, ["X holds 9223372036854775808"]),
    "an id far below zero": ([[1, -(2**64)]], ValueError, ["row 0 of X", "too large"]),
    "one sequence": ([1, 2, 3], ValueError, ["row 0 of X is 1", "single number", "[["]),
    "one sequence as an array": (np.array([1, 2, 3]), ValueError, ["X has shape (3,)", "[X]"]),
    "one sequence as a series": (pd.Series([1, 2, 3]), ValueError, ["X has shape (3,)", "[X]"]),
    "three dimensions": (np.ones((2, 3, 1), int), ValueError, ["X has shape (2, 3, 1)", "(n_samples, n_steps)"]),
    "rows of rows": ([[[1, 2]], [[3]]], ValueError, ["row 0 of X has shape (1, 2)", "one dimension"]),
    "rows of ragged rows": ([[[1, 2], [3]]], TypeError, ["row 0 of X holds [1, 2]", "integers"]),
    "a number": (3, TypeError, ["X is 3", "int", "rows of ids"]),
    "an array without dimensions": (np.array(3), ValueError, ["X has shape ()", "(n_samples, n_steps)"]),
    "nothing": (None, TypeError, ["X is None", "rows of ids"]),
    "a dict": ({"a": [1, 2]}, TypeError, ["dict", "rows of ids"]),
    "a set": ({1, 2}, TypeError, ["set", "rows of ids"]),
    "a range for a row": ([range(3)], TypeError, ["row 0 of X is range(0, 3)", "no sequence of ids"]),
    "a generator": ((row for row in ROWS), TypeError, ["generator", "rows of ids"]),
    "a sparse matrix": (csr_matrix([[1, 2]]), TypeError, ["sparse", "toarray()"]),
    "a type": (list, TypeError, ["type", "rows of ids"]),
    "no rows": ([], ValueError, ["X is empty", "at least one row"]),
    "an array without rows": (np.ones((0, 3), int), ValueError, ["X is empty", "at least one row"]),
    "padding at the start": (np.array([[1, 2, 3], [0, 0, 1]]), ValueError,
                             ["row 1 of X", "padding_id=0", "before a symbol", "padding_id=None"]),
    "padding inside": ([[1, 2], [1, 0, 0, 2]], ValueError, ["row 1 of X", "step 2", "before a symbol"]),
}  # fmt: skip
METHODS = ["fit", "score", "perplexity", "predict", "predict_proba"]


@pytest.mark.parametrize("X, kind, words", BAD_ROWS.values(), ids=BAD_ROWS)
def test_rows_that_are_none_are_refused_by_every_method(X, kind, words):
    model = generator(max_iter=1).fit(ROWS)
    for method in METHODS:
        refused(kind, words, getattr(model, method), X)
    assert model.n_tokens_ == 5


NO_NEXT = {
    "single symbols": [[1], [2]], "one symbol": [[3]], "empty rows": [[], []], "padding alone": np.zeros((3, 4), int),
    "an array without columns": np.ones((3, 0), int), "one symbol and padding": [[1, 0, 0], []],
}  # fmt: skip


@pytest.mark.parametrize("X", NO_NEXT.values(), ids=NO_NEXT)
def test_rows_without_a_next_symbol_are_refused_where_it_is_needed(X):
    model = generator(max_iter=1).fit(ROWS)
    for method in ("fit", "score", "perplexity"):
        refused(ValueError, ["no row of X has two symbols", "longer rows"], getattr(model, method), X)


@pytest.mark.parametrize("X", [[[1], []], PADDED, np.ones((2, 0), int), [[0, 0]]])
def test_an_empty_row_has_no_next_symbol(X):
    model = generator(max_iter=1).fit(ROWS)
    for method in ("predict", "predict_proba"):
        refused(ValueError, ["of X has no symbol", "leave it out"], getattr(model, method), X)


@pytest.mark.parametrize("token", [5, 6, 2**24 - 1])
def test_an_id_that_fit_has_no_room_for_is_refused(token):
    model = generator(max_iter=1).fit(ROWS)
    words = ["of X holds the id", str(token), "0 to 4", "n_tokens=5", "SequenceEncoder"]
    for method in METHODS[1:]:
        refused(ValueError, words, getattr(model, method), [[1, 2], [1, token]])
    refused(ValueError, ["the prompt holds the id", *words[1:]], model.generate, [1, token], 3)
    refused(ValueError, words, generator(n_tokens=5).fit, [[1, 2], [1, token]])


BAD_ARGUMENTS = {
    "cell": ["elman", None, 3], "hidden_layer_sizes": [0, -1, (), (3, 0), (2.5,), "8", None, (True,), True],
    "activation": ["sigmoid", None], "reset_after": ["yes", None], "embedding_size": [0, -2, 1.5, None, "8", True],
    "n_tokens": [0, -1, 2.5, "9", 2**24 + 1, True], "padding_id": [-1, 1.5, "0", 2**24, True],
    "n_steps": [0, -3, 2.5, "all", True], "dense_layer_sizes": [0, (0,), (-1, 2), (1.5,), "3", None, (True,)],
    "dense_activation": ["sigmoid", None], "dropout": [1, -0.1, 1.5, np.nan, "half", None, True],
    "recurrent_dropout": [1.0, -0.1, np.inf, None, True], "optimizer": ["lbfgs"], "learning_rate": [0, -1, np.nan],
    "schedule": ["linear"], "batch_size": [0, 2.5], "max_iter": [0], "max_time": [0, "an hour"],
    "validation_fraction": [0, 1], "warm_start": ["yes"], "random_state": ["seed", -1], "n_jobs": [0, 1.5, True],
    "callbacks": [[3]],
}  # fmt: skip


@pytest.mark.parametrize(
    "name, value", [(name, value) for name, values in BAD_ARGUMENTS.items() for value in values], ids=str
)
def test_an_argument_out_of_range_is_refused_by_its_name(name, value):
    refused((ValueError, TypeError), [name], generator(**{name: value}).fit, ROWS)


def test_arguments_that_exclude_each_other_are_refused():
    refused(ValueError, ["padding_id=7", "n_tokens=5"], generator(padding_id=7, n_tokens=5).fit, ROWS)
    stopping = generator(early_stopping=True)
    refused(ValueError, ["1 sample", "early_stopping=False"], stopping.fit, [[1, 2, 3]])


BAD_PROMPTS = {
    "empty": ([], ValueError, ["the prompt has no symbol", "at least one"]),
    "an empty array": (np.empty(0, int), ValueError, ["the prompt has no symbol"]),
    "padding alone": ([0, 0], ValueError, ["the prompt has no symbol"]),
    "padding first": ([0, 1], ValueError, ["the prompt has padding", "before a symbol"]),
    "a text": ("abc", TypeError, ["the prompt is 'abc'", "SequenceEncoder"]),
    "several prompts": ([[1, 2], [3, 4]], ValueError, ["the prompt has shape (2, 2)", "dimension; give prompt[0]."]),
    "several prompts as an array": (np.ones((1, 2), int), ValueError, ["the prompt has shape (1, 2)", "one sequence"]),
    "ragged prompts": ([[1, 2], [3]], TypeError, ["the prompt holds [1, 2]", "integers"]),
    "a number": (3, ValueError, ["the prompt is 3", "single number", "list, [1, 2, ...]."]),
    "an array without dimensions": (np.array(3), ValueError, ["the prompt is array(3)", "single number"]),
    "floats": ([1, 2.0], TypeError, ["the prompt holds 2.0", "float", "integers"]),
    "a NaN": ([1, np.nan], TypeError, ["the prompt holds", "integers"]),
    "words": (["a"], TypeError, ["the prompt holds", "'a'", "SequenceEncoder"]),
    "negative": ([1, -1], ValueError, ["the prompt holds the id -1", "0 to 4"]),
    "nothing": (None, TypeError, ["the prompt is None"]),
    "booleans": ([True], TypeError, ["the prompt holds", "bool"]),
}  # fmt: skip


@pytest.mark.parametrize("prompt, kind, words", BAD_PROMPTS.values(), ids=BAD_PROMPTS)
def test_a_prompt_that_is_none_is_refused(prompt, kind, words):
    refused(kind, words, generator(max_iter=1).fit(ROWS).generate, prompt, 3)


BAD_OPTIONS = {
    "n_steps": [0, -1, 2.5, None, "many", True], "temperature": [-1, np.nan, np.inf, None, "hot", True],
    "top_k": [0, -1, 1.5, "all", True], "random_state": ["seed", 1.5, True],
}  # fmt: skip


@pytest.mark.parametrize(
    "name, value", [(name, value) for name, values in BAD_OPTIONS.items() for value in values], ids=str
)
def test_an_option_of_generate_out_of_range_is_refused_by_its_name(name, value):
    options = {"n_steps": 3, name: value}
    refused((ValueError, TypeError), [name], generator(max_iter=1).fit(ROWS).generate, [1], **options)


@pytest.mark.parametrize("method", [*METHODS[1:], "generate", "get_weights", "summary"])
def test_nothing_is_told_before_fit(method):
    arguments = {"generate": ([1], 3), "get_weights": (), "summary": ()}.get(method, (ROWS,))
    refused(NotFittedError, ["not fitted yet", "fit"], getattr(RNNGenerator(), method), *arguments)


def test_names_of_columns_are_those_of_fit():
    table = pd.DataFrame(CYCLE, columns=[f"s{step}" for step in range(12)])
    model = generator(max_iter=1).fit(table)
    assert list(model.feature_names_in_) == list(table.columns)
    np.testing.assert_array_equal(model.predict_proba(table), generator(max_iter=1).fit(CYCLE).predict_proba(CYCLE))
    for call in (model.predict_proba, model.score, model.predict):
        with pytest.raises(ValueError, match="feature names should match"):
            call(table[table.columns[::-1]])
    refused(ValueError, ["X has more than one column named 's0'"], model.fit, table.set_axis(["s0"] * 12, axis=1))
    assert not hasattr(model.fit(CYCLE), "feature_names_in_")
