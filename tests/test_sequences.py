"""Sequences of several lengths, padding, tokens and targets at every step: what each means to the estimators."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.metrics import r2_score
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from tsrnn import RNNClassifier, RNNRegressor, SequenceEncoder
from tsrnn.kernels.plan import CELLS
from tsrnn.kernels.tasks import compile_tasks

N = 60
RNG = np.random.default_rng(0)
ROWS = [RNG.normal(size=(RNG.integers(1, 9), 2)) for _ in range(N)]
SUMS = np.array([row.sum() for row in ROWS])
ROWS_OF_ONE = [row[:, 0] for row in ROWS]
RUNNING = [row.sum(axis=1).cumsum() for row in ROWS]
IDS = [RNG.integers(1, 7, RNG.integers(1, 8)) for _ in range(N)]
HAS_FOUR = np.array(["four" if 4 in row else "none" for row in IDS])
TEXTS = ["good", "very good", "quite good really", "bad", "very bad", "quite bad really"] * 10
LIKED = np.array([1, 1, 1, 0, 0, 0] * 10)


def padded(rows, width, at="end", fill=np.nan):
    """Return rows as one array, padded to a width: at one end, or with holes in between."""
    out = np.full((len(rows), width, *np.shape(rows[0])[1:]), fill)
    for to, row in zip(out, rows, strict=True):
        n = len(row)
        places = {"end": np.arange(n), "start": np.arange(width - n, width), "between": np.arange(n) * width // n}[at]
        to[places] = row
    return out


def regressor(**options):
    settings = dict(cell="gru", hidden_layer_sizes=8, learning_rate=0.02, max_iter=4, batch_size=16, random_state=0)
    return RNNRegressor(**{**settings, **options})


def classifier(**options):
    settings = dict(hidden_layer_sizes=8, learning_rate=0.02, max_iter=4, batch_size=16, random_state=0)
    return RNNClassifier("gru", **{**settings, "input": "tokens", "embedding_size": 5, **options})


# Values


@pytest.mark.parametrize("at", ["end", "start", "between"])
@pytest.mark.parametrize("width", [8, 13])
def test_missing_steps_are_as_if_they_had_never_been_there(at, width):
    alone = regressor().fit(ROWS, SUMS)
    model = regressor(missing="mask").fit(padded(ROWS, width, at), SUMS)
    np.testing.assert_array_equal(model.parameters_, alone.parameters_)
    np.testing.assert_array_equal(model.predict(padded(ROWS, width, at)), alone.predict(ROWS))


@pytest.mark.parametrize("bidirectional", [False, True])
def test_a_sequence_has_the_bits_that_it_has_alone(bidirectional):
    model = regressor(bidirectional=bidirectional).fit(ROWS, SUMS)
    together = model.predict(ROWS)
    for k in range(0, N, 7):
        rows = [ROWS[k], np.zeros((9, 2))]  # beside one that is longer
        assert model.predict(rows)[0] == together[k]
        assert regressor(bidirectional=bidirectional).fit(ROWS, SUMS).predict([ROWS[k][:1], *rows])[1] == together[k]


@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
@pytest.mark.parametrize("n_rows", [1, 2])
@pytest.mark.parametrize("length", [1, 4, 8, 15])
def test_rows_of_one_length_have_the_bits_that_they_have_among_others(cell, n_rows, length):
    """Those of fit have 1 to 8 steps. A list of rows of one length is a list, an array of them an array."""
    model = regressor(cell=cell).fit(ROWS, SUMS)
    rows = [RNG.normal(size=(length, 2)) for _ in range(n_rows)]
    expected = model.predict([*rows, np.zeros((3, 2)), np.zeros((5, 2))])[:n_rows]
    np.testing.assert_array_equal(model.predict(rows), expected)
    np.testing.assert_array_equal(model.predict(np.array(rows)), expected)
    column = np.empty(n_rows, object)
    column[:] = rows
    np.testing.assert_array_equal(model.predict(column), expected)
    np.testing.assert_array_equal(model.predict(pd.Series(rows)), expected)
    np.testing.assert_array_equal(
        model.encode(rows), model.encode([*rows, np.zeros((3, 2)), np.zeros((5, 2))])[:n_rows]
    )


def test_rows_of_which_none_was_whole_in_fit_may_be_whole_in_predict():
    X = padded(ROWS, 9)
    model = regressor(missing="mask").fit(X, SUMS)  # eight steps at most
    whole = RNG.normal(size=(3, 9, 2))
    alone = model.predict(whole)
    np.testing.assert_array_equal(model.predict(np.vstack([whole, X[:2]]))[:3], alone)
    assert (model.predict(whole + np.eye(9)[8][:, None]) != alone).all()  # the last step is read


def test_an_eval_set_of_other_lengths_changes_nothing_but_what_is_recorded():
    """Its loss is the mean of what is predicted, up to the order of a sum: 1e-12."""
    X = RNG.normal(size=(70, 2, 2))
    plain = regressor(batch_size=64).fit(X, X[:, 0, 0])
    recorded = regressor(batch_size=64).fit(X, X[:, 0, 0], eval_set=(ROWS, SUMS))
    np.testing.assert_array_equal(recorded.parameters_, plain.parameters_)
    np.testing.assert_allclose(recorded.validation_loss_curve_[-1], np.mean((plain.predict(ROWS) - SUMS) ** 2), 1e-12)
    ragged = regressor().fit(ROWS, SUMS, eval_set=(X[:, :3], X[:, 0, 0]))
    expected = np.mean((regressor().fit(ROWS, SUMS).predict(list(X[:, :3])) - X[:, 0, 0]) ** 2)
    np.testing.assert_allclose(ragged.validation_loss_curve_[-1], expected, 1e-12)


def test_a_longer_eval_set_leaves_the_network_as_wide_as_it_was(capsys):
    X, y = RNG.normal(size=(40, 5)), RNG.normal(size=40)
    longer = [*X[:-1], np.ones(9)]
    model = regressor(max_iter=1).fit(X, y, eval_set=(longer, y))
    model.summary()
    assert "(n, 5, 1)" in capsys.readouterr().out
    expected = regressor(max_iter=2).fit(X, y).parameters_
    np.testing.assert_array_equal(model.partial_fit(X, y).parameters_, expected)
    warm = regressor(max_iter=1, warm_start=True, shuffle=False).fit(X, y, eval_set=(longer, y)).fit(X, y)
    np.testing.assert_array_equal(warm.parameters_, regressor(max_iter=2, shuffle=False).fit(X, y).parameters_)


def test_whether_an_eval_set_of_other_widths_is_refused_goes_by_what_it_is_and_not_by_weights():
    windows = np.lib.stride_tricks.sliding_window_view(RNG.normal(size=60), 6)
    others = np.lib.stride_tricks.sliding_window_view(RNG.normal(size=60), 8)
    weights = np.ones(len(windows))
    weights[3] = 0
    for of in (weights, None):
        with pytest.raises(ValueError, match="X of eval_set has windows of 8 steps, but that of fit 6"):
            regressor().fit(windows, windows[:, 0], of, eval_set=(others, others[:, 0]))
        regressor(max_iter=1).fit(windows, windows[:, 0], of, eval_set=(list(others), others[:, 0]))


def test_a_list_of_arrays_is_sequences_also_where_they_happen_to_have_one_length():
    model = regressor(max_iter=1).fit(list(RNG.normal(size=(20, 5, 2))), SUMS[:20])
    assert not hasattr(model, "n_features_in_")
    assert model.predict([ROWS[0][:1]]).shape == (1,)


def test_one_table_is_not_taken_for_a_list_of_tables():
    tables = [pd.DataFrame(row, columns=["a", "b"]) for row in ROWS]
    model = regressor(max_iter=1).fit(tables, SUMS)
    with pytest.raises(ValueError, match=r"X is one table.*one sequence is given as \[X\]"):
        model.predict(tables[0])
    with pytest.raises(ValueError, match="row 1 of X has more than one column named 'a'"):
        model.predict([tables[0], tables[1].set_axis(["a", "a"], axis=1)])
    with pytest.raises(ValueError, match="X has more than one column named 'a'"):
        classifier().fit(pd.DataFrame(np.ones((4, 2), int), columns=["a", "a"]), ["x", "y", "x", "y"])


def test_tables_of_nullable_numbers_miss_what_those_of_floats_miss():
    tables = [pd.DataFrame(np.insert(row, 1, np.nan, axis=0)) for row in ROWS]
    nullable = [table.astype("Float64") for table in tables]
    assert nullable[0].iloc[1, 0] is pd.NA
    plain, other = (regressor(missing="mask").fit(rows, SUMS).predict(rows) for rows in (tables, nullable))
    np.testing.assert_array_equal(plain, other)


def test_a_partial_fit_with_another_input_is_refused():
    X = np.ones((4, 3), int)
    with pytest.raises(ValueError, match="of input='values'; got 'tokens'"):
        regressor(max_iter=1).fit(X, X[:, 0]).set_params(input="tokens").partial_fit(X, X[:, 0])


def test_overlapping_windows_read_backwards_compile_no_version_of_their_own():
    windows = np.lib.stride_tricks.sliding_window_view(RNG.normal(size=60), 6)[::-1]
    kernel = compile_tasks(CELLS["gru"])
    regressor(max_iter=1).fit(windows.copy(), windows[:, 0], eval_set=(ROWS_OF_ONE, SUMS))
    n_versions = len(kernel.signatures)
    regressor(max_iter=1).fit(windows, windows[:, 0], eval_set=(ROWS_OF_ONE, SUMS))
    assert len(kernel.signatures) == n_versions


def test_what_is_set_after_fit_does_not_change_how_a_network_reads():
    model = classifier(return_sequences=True).fit(IDS, IDS)
    expected = model.predict(IDS)
    changed = dict(input="values", padding_id=3, return_sequences=False, n_tokens=2, missing="mask")
    for name, value in changed.items():
        model.set_params(**{name: value})
        for row, other in zip(model.predict(IDS), expected, strict=True):
            np.testing.assert_array_equal(row, other)
    with pytest.raises(ValueError, match="row 0 of X holds the id 1000000, but ids are 0 to 6"):
        model.predict([[1, 10**6]])
    values = regressor().fit(ROWS, SUMS)
    expected = values.predict(ROWS)
    values.set_params(input="tokens", return_sequences=True)
    np.testing.assert_array_equal(values.predict(ROWS), expected)


def test_training_that_goes_on_reads_as_the_fit_did():
    model = classifier().fit(IDS, HAS_FOUR)
    expected = classifier().fit(IDS, HAS_FOUR).partial_fit(IDS, HAS_FOUR).predict_proba(IDS)
    model.set_params(padding_id=3).partial_fit(IDS, HAS_FOUR)
    np.testing.assert_array_equal(model.predict_proba(IDS), expected)


def test_weights_of_scored_windows_are_checked():
    model = regressor(return_sequences=True).fit(ROWS, RUNNING)
    for weights, words in ((np.ones(5), "sample_weight"), (-np.ones(N), "sample_weight"), ("abc", "sample_weight")):
        with pytest.raises((TypeError, ValueError), match=words):
            model.score(ROWS, RUNNING, weights)


def test_a_training_that_fails_leaves_the_network_as_it_was():
    X = RNG.normal(size=(20, 5, 2))
    model = regressor().fit(X, X[:, 0, 0])
    before = model.predict(X)
    with pytest.raises(ValueError, match="n_outputs"):
        model.partial_fit(ROWS, np.column_stack([SUMS, SUMS]))
    np.testing.assert_array_equal(model.predict(X), before)


def test_training_may_go_on_with_rows_of_one_length():
    model = regressor().partial_fit(ROWS, SUMS).partial_fit([ROWS[0][:1]], SUMS[:1])
    assert model.n_iter_ == 2
    warm = regressor(warm_start=True).fit(ROWS, SUMS)
    assert np.isfinite(warm.fit([ROWS[0], ROWS[0]], SUMS[:2]).parameters_).all()


def test_a_warm_start_with_other_classes_is_refused():
    model = classifier(warm_start=True).fit(IDS, HAS_FOUR)
    with pytest.raises(ValueError, match=r"warm_start goes on with the classes \['four', 'none'\], but y holds \['no'"):
        model.fit(IDS, np.where(HAS_FOUR == "four", "yes", "no"))


def test_masks_are_not_dropped():
    masked = np.ma.array([1.0, 2, 3], mask=[0, 1, 0])
    at_every_step = regressor(return_sequences=True)
    for call, given in (
        (regressor().fit, ([masked, np.ones(2)], [1, 2])),
        (classifier().fit(IDS, HAS_FOUR).predict, (masked[None],)),
        (at_every_step.fit, ([np.ones(3), np.ones(2)], [masked, np.ones(2)])),
        (at_every_step.fit, (np.ones((1, 3)), masked[None])),
    ):
        with pytest.raises(ValueError, match="1 masked value"):
            call(*given)


def test_what_does_not_fit_into_float32_is_refused():
    model = regressor().fit([row.astype(np.float32) for row in ROWS], SUMS)
    with pytest.raises(ValueError, match="row 1 of X is infinite at step 0"):
        model.predict([ROWS[0], [[1e39, 1.0]]])


def test_sequences_of_one_length_are_windows():
    X = RNG.normal(size=(40, 5, 2))
    as_array = regressor().fit(X, X.sum(axis=(1, 2)))
    with_hole = np.insert(X, 3, np.nan, axis=1)
    model = regressor(missing="mask").fit(with_hole, X.sum(axis=(1, 2)))
    np.testing.assert_array_equal(model.parameters_, as_array.parameters_)


def test_a_network_learns_from_sequences_of_several_lengths():
    train, test = slice(0, 45), slice(45, None)
    model = regressor(max_iter=150).fit(ROWS[train], SUMS[train])
    assert model.score(ROWS[test], SUMS[test]) > 0.8  # a constant has 0 at most


def test_what_was_learnt_of_arrays_serves_lists_of_any_lengths():
    X = RNG.normal(size=(40, 5, 2))
    model = regressor().fit(X, X[:, 0, 0])
    assert model.n_features_in_ == 5
    assert model.predict([X[0], X[1, :2]])[0] == model.predict(X[:1])[0]
    with pytest.raises(ValueError, match="X has 4 features, but RNNRegressor is expecting 5"):
        model.predict(X[:, :4])
    assert not hasattr(model.fit(ROWS, SUMS), "n_features_in_")


def test_float32_sequences_are_computed_in_float32():
    rows = [row.astype(np.float32) for row in ROWS]
    assert regressor().fit(rows, SUMS).predict(rows).dtype == np.float32
    assert regressor().fit([*rows[:-1], ROWS[-1]], SUMS).parameters_.dtype == np.float64


@pytest.mark.parametrize("make", [regressor, lambda **options: classifier(input="values", **options)])
def test_a_hole_in_some_features_is_refused(make):
    X = padded(ROWS, 9)
    X[3, 0, 1] = np.nan
    y = SUMS > 0
    with pytest.raises(ValueError, match="row 3 of X is NaN in some features at step 0; fill it: "):
        make(missing="mask").fit(X, y)
    with pytest.raises(
        ValueError, match=r"row \d of X is NaN at step \d; fill it, or give missing='mask' to leave out"
    ):
        make().fit(list(X[:-1]) + [X[-1][:5]], y)
    X[3] = np.nan
    with pytest.raises(ValueError, match="row 3 of X has no step; leave it out"):
        make(missing="mask").fit(X, y)
    with pytest.raises(ValueError, match="X contains NaN"):
        make().fit(X, y)


def test_the_latest_sequences_are_held_out_and_eval_set_may_be_longer():
    model = regressor(early_stopping=True, max_iter=3).fit(ROWS, SUMS)
    n = N // 10
    given = regressor(early_stopping=True, max_iter=3).fit(ROWS[:-n], SUMS[:-n], eval_set=(ROWS[-n:], SUMS[-n:]))
    assert given.validation_loss_curve_ == model.validation_loss_curve_
    np.testing.assert_array_equal(given.parameters_, model.parameters_)
    longer = [np.vstack([row, row]) for row in ROWS]
    assert np.isfinite(regressor(max_iter=1).fit(ROWS, SUMS, eval_set=(longer, SUMS)).validation_loss_curve_[0])


def test_training_goes_on_with_sequences_of_other_lengths():
    longer = [np.vstack([row, row]) for row in ROWS]
    model = regressor().fit(ROWS, SUMS).partial_fit(longer, 2 * SUMS).partial_fit(ROWS, SUMS)
    assert model.n_iter_ == 6
    warm = regressor(warm_start=True).fit(ROWS, SUMS)
    before = warm.parameters_
    assert not np.array_equal(warm.fit(longer, 2 * SUMS).parameters_, before)


def test_a_sequence_of_weight_zero_is_as_if_it_were_not_there():
    weights = np.arange(N) % 3 > 0
    some = [row for row, weight in zip(ROWS, weights, strict=True) if weight]
    options = dict(shuffle=False, batch_size=1000)
    # Sums in another order, and four updates by them.
    weighted = regressor(**options).fit(ROWS, SUMS, sample_weight=weights)
    np.testing.assert_allclose(weighted.parameters_, regressor(**options).fit(some, SUMS[weights]).parameters_, 1e-9)


# A target at every step


def test_every_step_of_a_list_has_its_prediction():
    model = regressor(return_sequences=True, max_iter=100).fit(ROWS, RUNNING)
    predictions = model.predict(ROWS)
    assert [len(row) for row in predictions] == [len(row) for row in ROWS]
    expected = r2_score(np.concatenate(RUNNING), np.concatenate(predictions))
    assert model.score(ROWS, RUNNING) == expected > 0.8  # a constant has 0
    weights = np.linspace(0, 1, N)
    steps = np.repeat(weights, [len(row) for row in ROWS])
    weighted = r2_score(np.concatenate(RUNNING), np.concatenate(predictions), sample_weight=steps)
    assert model.score(ROWS, RUNNING, weights) == weighted


def test_every_step_of_an_array_has_its_prediction_and_padding_is_masked():
    alone = regressor(return_sequences=True).fit(ROWS, RUNNING)
    X, y = padded(ROWS, 10, "start"), padded(RUNNING, 10, "start")
    model = regressor(return_sequences=True, missing="mask").fit(X, y)
    np.testing.assert_array_equal(model.parameters_, alone.parameters_)
    predictions = model.predict(X)
    np.testing.assert_array_equal(predictions.mask, np.isnan(y))
    np.testing.assert_array_equal(predictions.compressed(), np.concatenate(alone.predict(ROWS)))
    assert model.score(X, y) == alone.score(ROWS, RUNNING)
    whole = RNG.normal(size=(30, 5))
    assert type(regressor(return_sequences=True).fit(whole, whole).predict(whole)) is np.ndarray


def test_steps_may_have_several_targets_and_quantiles():
    X = RNG.normal(size=(30, 5, 2))
    two = regressor(return_sequences=True).fit(X, X)
    assert two.predict(X).shape == (30, 5, 2)
    assert two.n_outputs_ == 2
    quantiles = regressor(return_sequences=True, loss="quantile", quantile=[0.9, 0.1]).fit(X, X).predict(X)
    assert quantiles.shape == (30, 5, 2, 2)
    assert (quantiles[..., 0] >= quantiles[..., 1]).all()
    assert regressor(return_sequences=True).fit(X, X).encode(X).shape == (30, 8)  # the last state


def test_a_step_sees_none_that_comes_later():
    X = RNG.normal(size=(30, 6))
    model = regressor(return_sequences=True).fit(X, X)
    changed = X.copy()
    changed[:, 4:] += 1
    before, after = model.predict(X), model.predict(changed)
    np.testing.assert_array_equal(before[:, :4], after[:, :4])
    assert (before[:, 4:] != after[:, 4:]).all()


@pytest.mark.parametrize("names", [("a", "b"), ("a", "b", "c")])
def test_every_step_has_its_class(names):
    """The class of a step says by how much its id is above the one before."""
    ids = RNG.integers(1, len(names) + 1, (200, 6))
    labels = np.array(names)[(ids - np.roll(ids, 1, axis=1)) % len(names)]
    labels[:, 0] = "a"
    model = classifier(return_sequences=True, hidden_layer_sizes=16, max_iter=40).fit(ids[:150], labels[:150])
    assert model.classes_.tolist() == list(names)
    assert model.score(ids[150:], labels[150:]) > 0.95  # the most frequent class has about 0.5
    assert model.score(ids[150:], labels[150:]) == (model.predict(ids[150:]) == labels[150:]).mean()
    probabilities = model.predict_proba(ids[:7])
    assert probabilities.shape == (7, 6, len(names))
    np.testing.assert_allclose(probabilities.sum(axis=2), 1, rtol=1e-6)  # of float32
    np.testing.assert_array_equal(np.array(names)[probabilities.argmax(axis=2)], model.predict(ids[:7]))
    logarithms = model.predict_log_proba(ids[:7])
    np.testing.assert_allclose(np.exp(logarithms), probabilities, rtol=1e-5, atol=1e-7)  # 1 - p is rounded in float32
    ids[:, 4:] = 0  # padding
    predicted = model.predict(ids)
    assert predicted.mask[:, 4:].all() and not predicted.mask[:, :4].any()
    for k in range(5):
        np.testing.assert_array_equal(predicted.data[k, :4], model.predict([ids[k, :4], ids[k, :3]])[0])


def test_classes_of_steps_are_refused_where_they_cannot_be_meant():
    ids = RNG.integers(1, 4, (20, 6))
    for y, words in (
        (ids[:, :5], r"y has shape \(20, 5\); with return_sequences=True it needs a target for each step"),
        (ids[:, 0], r"y has shape \(20,\); with return_sequences=True"),
        (np.zeros((20, 6, 2)), "one class per step|values other than 0 and 1|y has shape"),
    ):
        with pytest.raises(ValueError, match=words):
            classifier(return_sequences=True).fit(ids, y)
    with pytest.raises(ValueError, match="weight per window; got class_weight='balanced': leave it"):
        classifier(return_sequences=True, class_weight="balanced").fit(ids, ids)
    with pytest.raises(ValueError, match="row 1 of y has 3 targets, but that of X has 2 steps"):
        regressor(return_sequences=True).fit([np.ones(3), np.ones(2)], [np.ones(3), np.ones(3)])
    with pytest.raises(ValueError, match="a sequence of targets for each of the 2 sequences"):
        regressor(return_sequences=True).fit([np.ones(3), np.ones(2)], [np.ones(3)])


@pytest.mark.parametrize("make", [classifier, lambda **options: regressor(input="tokens", **options)])
def test_targets_of_words_are_told_that_padding_is_not_looked_at(make):
    X, model = padded(IDS, 9, fill=0).astype(int), make(return_sequences=True)
    y = [row % 3 for row in IDS]
    for given in (y, padded(y, 7, fill=0)):
        with pytest.raises(ValueError, match=r"y .*; those of padding may be anything, and are not looked at"):
            model.fit(X, given)
    with pytest.raises(ValueError, match=r"rows of y .*; give a target for each of the 3 steps of X\.$"):
        regressor(return_sequences=True).fit(np.ones((2, 3)), [[1, 2], [1]])
    answers = [model.fit(X, padded(y, 9, fill=fill)).parameters_ for fill in (0, 99)]
    np.testing.assert_array_equal(*answers)


def test_an_entry_that_is_no_number_in_a_list_of_tables_is_named_by_its_column():
    frames = [pd.DataFrame({"a": [1.0, 2.0, 3.0], "b": 0}), pd.DataFrame({"a": [1.0, 2.0], "b": [3, "x"]})]
    with pytest.raises(ValueError, match="column 'b' of row 1 of X holds 'x' at step 1, which is no number"):
        regressor().fit(frames, [1, 2])


# Tokens


def test_padding_of_ids_changes_nothing():
    alone = classifier().fit(IDS, HAS_FOUR)
    for width, at in ((7, "end"), (11, "start"), (9, "between")):
        ids = padded(IDS, width, at, fill=0).astype(int)
        model = classifier().fit(ids, HAS_FOUR)
        np.testing.assert_array_equal(model.parameters_, alone.parameters_)
        np.testing.assert_array_equal(model.predict_proba(ids), alone.predict_proba(IDS))
    counted = classifier(padding_id=None).fit(padded(IDS, 9, fill=0).astype(int), HAS_FOUR)
    assert not np.array_equal(counted.parameters_, alone.parameters_)


@pytest.mark.parametrize("dtype", [np.int8, np.uint16, np.int64, np.float32, np.float64, object])
def test_ids_may_be_whole_numbers_of_any_type(dtype):
    ids = padded(IDS, 7, fill=0).astype(int)
    expected = classifier().fit(ids, HAS_FOUR).parameters_
    np.testing.assert_array_equal(classifier().fit(ids.astype(dtype), HAS_FOUR).parameters_, expected)
    np.testing.assert_array_equal(classifier().fit(ids[:, :, None].tolist(), HAS_FOUR).parameters_, expected)


def test_the_padding_id_may_be_larger_than_all_ids():
    """It is read nowhere, so it has no vector."""
    ids = padded(IDS, 7, fill=9).astype(int)
    model = classifier(padding_id=9).fit(ids, HAS_FOUR)
    np.testing.assert_array_equal(
        model.predict_proba(ids), classifier(padding_id=9).fit(IDS, HAS_FOUR).predict_proba(IDS)
    )
    assert model.get_weights()["embedding.W"].shape == (7, 5)


@pytest.mark.parametrize("options", [{"n_tokens": 9}, {"embedding_vectors": np.ones((9, 4))}], ids=str)
def test_a_padding_id_beyond_the_ids_that_there_are_is_refused(options):
    with pytest.raises(ValueError, match="padding_id=9 is no id below n_tokens=9; give more tokens"):
        classifier(padding_id=9, **options).fit(IDS, HAS_FOUR)


def test_steps_of_nan_cannot_be_asked_for_in_tokens():
    with pytest.raises(ValueError, match="missing='mask' is for steps of NaN, which tokens have not; use padding_id"):
        classifier(missing="mask").fit(IDS, HAS_FOUR)


def test_words_are_learnt_in_a_pipeline_and_by_a_search():
    model = make_pipeline(SequenceEncoder(), classifier(max_iter=30))
    search = GridSearchCV(model, {"rnnclassifier__hidden_layer_sizes": [4, 8]}, cv=3).fit(TEXTS, LIKED)
    assert search.best_score_ > 0.95  # half are right by chance
    assert search.predict(["really very good", "bad"]).tolist() == [1, 0]


def test_words_that_were_cut_off_in_fit_are_unknown_in_predict():
    """So no id reaches a network that has never seen one as large."""
    encoder = SequenceEncoder(max_length=2)
    model = make_pipeline(encoder, classifier()).fit(["a b zebra", "b a yak"] * 5, [0, 1] * 5)
    assert set(encoder.vocabulary_) == {"a", "b"}
    np.testing.assert_array_equal(model.predict_proba(["zebra a"]), model.predict_proba(["yak a"]))


def test_vectors_that_are_given_are_read_and_trained_unless_frozen():
    vectors = RNG.normal(size=(9, 4)).astype(np.float32)
    options = dict(embedding_vectors=vectors.tolist(), max_iter=2)
    trained = classifier(**options).fit(IDS, HAS_FOUR).get_weights()["embedding.W"]
    assert trained.shape == (9, 4)
    moved = np.abs(trained - vectors).max(axis=1) > 0
    assert moved[1:7].all() and not moved[[0, 7, 8]].any()  # those of padding, and of ids that never came, stay
    np.testing.assert_allclose(trained, vectors, atol=0.2)  # eight updates of Adam, each by about 0.02 at most
    frozen = classifier(**options, train_embedding=False).fit(IDS, HAS_FOUR)
    np.testing.assert_array_equal(frozen.get_weights()["embedding.W"], vectors)
    other = clone(frozen).set_params(random_state=1).fit(IDS, HAS_FOUR)
    assert not np.array_equal(frozen.get_weights()["layers.0.W_x"], other.get_weights()["layers.0.W_x"])


def test_a_frozen_embedding_is_the_values_that_its_vectors_are():
    vectors = RNG.normal(size=(9, 4)).astype(np.float32)
    tokens = classifier(embedding_vectors=vectors, train_embedding=False, bidirectional=True)
    values = classifier(input="values", bidirectional=True)
    tokens.fit(IDS, HAS_FOUR)
    weights = tokens.get_weights()
    del weights["embedding.W"]
    rows = [vectors[row] for row in IDS]
    values.set_params(max_iter=1).fit(rows, HAS_FOUR).set_weights(weights)
    np.testing.assert_array_equal(values.predict_proba(rows), tokens.predict_proba(IDS))


def test_a_row_of_padding_alone_leaves_the_network_in_its_first_state():
    model = classifier(dense_layer_sizes=()).fit(IDS, HAS_FOUR)
    first = model.get_weights()["head.b_y"][0]
    for rows in ([[0, 0], [1, 2]], [[0], [1, 2]], [[], [1, 2]], [[]], np.ones((3, 0), int)):
        assert model.decision_function(rows)[0] == first
    np.testing.assert_array_equal(model.encode([[0], [1]])[0], np.zeros(8))


@pytest.mark.parametrize(
    "ids, words",
    [
        ([[1, -1]], "row 0 of X holds the id -1, but ids are"),
        ([[1, 2], [3, 7]], "row 1 of X holds the id 7, but ids are 0 to 6"),
        ([[1, 2.5]], "row 0 of X holds 2.5"),
        ([[1, np.nan]], "row 0 of X holds nan"),
        ([[1, np.inf]], "row 0 of X holds inf"),
        ([[1, 2**40]], "row 0 of X holds the id 1099511627776"),
        ([[1, None]], "row 0 of X holds None"),
        ([1, 2], "row 0 of X is 1, a single number"),
        (np.ones((2, 3, 2)), r"X has shape \(2, 3, 2\)"),
        ([np.ones((2, 2)), np.ones((3, 2))], r"row 0 of X has shape \(2, 2\); one sequence of ids has one dimension"),
        ([["good", "film"]], "row 0 of X holds 'good', of type str; ids are integers, as SequenceEncoder"),
        ([["a"], ["good", "film"]], "row 0 of X holds 'a', of type str; ids are integers, as SequenceEncoder"),
        ("good", "X is 'good', of type str; give rows of ids, as SequenceEncoder"),
        ([[1, 1j]], "row 0 of X holds 1j, of type complex"),
    ],
)
def test_what_are_no_ids_is_refused(ids, words):
    model = classifier().fit(IDS, HAS_FOUR)
    before = model.parameters_
    with pytest.raises((TypeError, ValueError), match=words):
        model.predict(ids)
    if "0 to 6" not in words:  # which `fit` would count among the tokens
        with pytest.raises((TypeError, ValueError), match=words):
            model.fit(ids, HAS_FOUR[: len(ids)])
    np.testing.assert_array_equal(model.parameters_, before)


def test_ids_that_the_network_does_not_know_are_refused_wherever_they_come():
    with pytest.raises(ValueError, match=r"row \d+ of X holds the id \d, but ids are 0 to 3"):
        classifier(n_tokens=4).fit(IDS, HAS_FOUR)
    model = classifier(warm_start=True).fit(IDS, HAS_FOUR)
    with pytest.raises(ValueError, match=r"^X holds the id 9, but those that the network knows are 0 to 6"):
        model.fit([*IDS[:-1], [9]], HAS_FOUR)
    with pytest.raises(ValueError, match="holds the id 9, but ids are 0 to 6"):
        model.partial_fit([*IDS[:-1], [9]], HAS_FOUR)
    with pytest.raises(ValueError, match=r"^X of eval_set holds the id 9, but those that the network knows are 0 to 6"):
        classifier().fit(IDS, HAS_FOUR, eval_set=([[9, 1], [2]], HAS_FOUR[:2]))


def test_ids_that_fit_has_not_seen_are_told_how_to_make_room():
    model, encoder = classifier().fit(IDS, HAS_FOUR), SequenceEncoder().fit(["good film"])
    with pytest.raises(ValueError, match=r"; give n_tokens=encoder\.n_tokens_ if fit has seen part of the ids\."):
        model.predict([[7]])
    for call, ids in ((model.predict, [[-1]]), (encoder.inverse_transform, [[7]])):  # which would not be helped
        with pytest.raises(ValueError, match=r"does not know\.$"):
            call(ids)


def test_where_nothing_is_left_to_train_or_to_validate_on_it_is_said():
    with pytest.raises(ValueError, match="X holds nothing but padding"):
        classifier().fit(np.zeros((6, 3), int), HAS_FOUR[:6])
    ids, weights = np.array([[1, 2, 3], [2, 3, 0], [1, 0, 0], [0, 0, 0]]), [0, 0, 0, 1]
    for model in (classifier(return_sequences=True), regressor(input="tokens", return_sequences=True)):
        with pytest.raises(ValueError, match="no row to train on has a step"):
            model.fit(ids, ids, sample_weight=weights)
        with pytest.raises(ValueError, match="eval_set: X holds nothing but padding"):
            model.fit(ids, ids, eval_set=(ids[3:], ids[3:]))
        with pytest.raises(ValueError, match="no row to validate on has a step"):
            model.fit(ids, ids, eval_set=(ids, ids, weights))


@pytest.mark.parametrize("option", [{"dropout": 0.3}, {"recurrent_dropout": 0.2}, {"input_noise": 0.1}])
def test_so_many_calls_of_partial_fit_are_a_fit_of_so_many_epochs_also_where_something_is_random(option):
    model = regressor(**option)
    for _ in range(3):
        model.partial_fit(ROWS, SUMS)
    np.testing.assert_array_equal(model.parameters_, regressor(**option, max_iter=3).fit(ROWS, SUMS).parameters_)


def test_another_fit_may_bring_other_tokens_and_other_kinds_of_windows():
    model = classifier().fit(IDS, HAS_FOUR).fit([*IDS[:-1], [30]], HAS_FOUR)
    assert model.get_weights()["embedding.W"].shape == (31, 5)
    model.set_params(input="values").fit(RNG.normal(size=(N, 4)), HAS_FOUR)
    assert model.n_features_in_ == 4
    assert not hasattr(model.set_params(input="tokens").fit(IDS, HAS_FOUR), "n_features_in_")


# Options of the network


@pytest.mark.parametrize("n_jobs", [1, 2, 4])
def test_what_is_random_in_training_does_not_depend_on_threads(n_jobs):
    options = dict(dropout=0.3, recurrent_dropout=0.2, input_noise=0.1, bidirectional=True, batch_size=50)
    one = regressor(**options, n_jobs=1).fit(ROWS, SUMS)
    many = regressor(**options, n_jobs=n_jobs).fit(ROWS, SUMS)
    np.testing.assert_array_equal(many.parameters_, one.parameters_)


@pytest.mark.parametrize("option", [{"dropout": 0.3}, {"recurrent_dropout": 0.3}, {"input_noise": 0.3}])
def test_what_is_random_follows_the_seed_and_is_not_there_in_predictions(option):
    plain, model = regressor().fit(ROWS, SUMS), regressor(**option).fit(ROWS, SUMS)
    assert not np.array_equal(model.parameters_, plain.parameters_)
    np.testing.assert_array_equal(model.parameters_, regressor(**option).fit(ROWS, SUMS).parameters_)
    assert not np.array_equal(model.parameters_, regressor(**option, random_state=1).fit(ROWS, SUMS).parameters_)
    np.testing.assert_array_equal(model.predict(ROWS), model.predict(ROWS))
    same = regressor().fit(ROWS, SUMS).set_weights(model.get_weights())
    np.testing.assert_array_equal(same.predict(ROWS), model.predict(ROWS))


def test_noise_on_tokens_is_refused():
    with pytest.raises(ValueError, match=r"input_noise=0\.1 is noise on values"):
        classifier(input_noise=0.1).fit(IDS, HAS_FOUR)


def test_weights_have_the_names_and_shapes_of_the_network():
    model = classifier(bidirectional=True, hidden_layer_sizes=(4, 3), dense_layer_sizes=(6, 2)).fit(IDS, HAS_FOUR)
    shapes = {name: values.shape for name, values in model.get_weights().items()}
    for level, (n_in, n) in enumerate([(5, 4), (8, 3)]):
        for direction in ("", "reverse."):
            assert shapes.pop(f"layers.{level}.{direction}W_x") == (n_in, 3 * n)
            assert shapes.pop(f"layers.{level}.{direction}W_h") == (n, 3 * n)
            assert shapes.pop(f"layers.{level}.{direction}b") == (3 * n,)
            assert shapes.pop(f"layers.{level}.{direction}b_hn") == (n,)
    assert shapes == {
        "dense.0.W": (6, 6), "dense.0.b": (6,), "dense.1.W": (6, 2), "dense.1.b": (2,),
        "head.W_y": (2, 1), "head.b_y": (1,), "embedding.W": (7, 5),
    }  # fmt: skip
    assert model.encode(IDS).shape == (N, 6)


def test_summary_counts_every_weight(capsys):
    model = classifier(bidirectional=True, hidden_layer_sizes=(4, 3), dense_layer_sizes=6).fit(IDS, HAS_FOUR)
    model.summary()
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert [line[0] for line in lines] == [
        "layer", "input", "embedding", "bidirectional", "bidirectional", "dense", "dense", "total",
    ]  # fmt: skip
    assert int(lines[-1][-1]) == len(model.parameters_) == sum(int(line[-1]) for line in lines[1:-1])


def test_the_activation_of_dense_layers_is_the_one_that_is_asked_for():
    model = regressor(dense_layer_sizes=6, max_iter=1).fit(ROWS, SUMS)
    states, weights = model.encode(ROWS), model.get_weights()
    inside = states @ weights["dense.0.W"] + weights["dense.0.b"]
    for name, activate in (("relu", lambda a: np.maximum(a, 0)), ("tanh", np.tanh)):
        again = regressor(dense_layer_sizes=6, max_iter=1, dense_activation=name).fit(ROWS, SUMS).set_weights(weights)
        expected = activate(inside) @ weights["head.W_y"][:, 0] + weights["head.b_y"][0]
        np.testing.assert_allclose(again.predict(ROWS), expected, rtol=1e-9, atol=1e-12)  # roundings of float64
