"""Weights of windows: one of weight zero is as if it were not there, to the bit, whatever else is asked for."""

import numpy as np
import pytest
from refusals import refused
from sklearn.utils import compute_sample_weight

from tsrnn import RNNClassifier, RNNRegressor

RNG = np.random.default_rng(0)
N = 60
SERIES = RNG.normal(size=(N + 5, 2)).cumsum(axis=0)
OVERLAPPING = np.lib.stride_tricks.sliding_window_view(SERIES, 6, axis=0).transpose(0, 2, 1)
RISE = OVERLAPPING[:, -1, 0] - OVERLAPPING[:, 0, 0]
LENGTHS = RNG.integers(1, 7, N)
GAPPED = np.where((np.arange(6) < LENGTHS[:, None])[:, :, None], OVERLAPPING, np.nan)
WEIGHTS = RNG.integers(1, 4, N) * (RNG.random(N) < 0.6)
WEIGHTS[-4:] = 0  # so that the latest rows that count are others than the latest rows
COUNTS = WEIGHTS > 0
EVAL_WEIGHTS = np.arange(20.0) % 3

INPUTS = {
    "arrays": OVERLAPPING.copy(),
    "views that overlap": OVERLAPPING,
    "gaps": GAPPED,
    "lists": [row[:length] for row, length in zip(OVERLAPPING, LENGTHS, strict=True)],
    "tokens": (OVERLAPPING[:, :, 0] > OVERLAPPING[:, :, 1]) + 1 + 3 * (~COUNTS[:, None] & (np.arange(6) == 0)),
}
TARGETS = {
    "number": RISE,
    "three": np.array(["a", "b", "c"])[np.digitize(RISE, [-1.0, 1.0])],
    "labels": np.column_stack([RISE > 0, OVERLAPPING[:, 3, 0] > 0]) * 1,
    "steps": OVERLAPPING[:, :, 0] * 2,
}
NEEDED = {"gaps": {"missing": "mask"}, "tokens": {"input": "tokens"}}
OPTIONS = {
    "plain": {},
    "held out": {"early_stopping": True, "validation_fraction": 0.2},
    "random": {"dropout": 0.2, "recurrent_dropout": 0.2},
    "gap": {"early_stopping": True, "validation_gap": 4},
    "balanced": {"class_weight": "balanced"},
    "balanced and held out": {"class_weight": "balanced", "early_stopping": True, "dropout": 0.2},
}


def make(kind, given, **changes):
    settings = {"hidden_layer_sizes": 4, "learning_rate": 0.02, "max_iter": 4, "batch_size": 16, "random_state": 0}
    settings |= {"return_sequences": kind == "steps", **NEEDED.get(given, {}), **changes}
    return (RNNRegressor if kind in ("number", "steps") else RNNClassifier)(**settings)


def targets_of(kind, given):
    if kind == "steps" and given == "lists":
        return [row[:length] for row, length in zip(TARGETS[kind], LENGTHS, strict=True)]
    return TARGETS[kind]


def chosen(rows, are_chosen):
    """Return some rows, of a list or of an array, in memory of their own."""
    if isinstance(rows, list):
        return [row for row, is_chosen in zip(rows, are_chosen, strict=True) if is_chosen]
    return rows[are_chosen]


def learnt(model):
    return model.parameters_.tobytes(), model.loss_curve_, str(model.validation_loss_curve_)


def are_of(kind, option):
    """Return whether estimators of this kind have the option."""
    return option != "gap" if kind in ("three", "labels") else "balanced" not in option


@pytest.mark.parametrize(
    "kind, option", [(kind, option) for kind in TARGETS for option in OPTIONS if are_of(kind, option)]
)
@pytest.mark.parametrize("weights", [WEIGHTS * 1.0, COUNTS * 2.0], ids=["weights", "zeros and twos"])
def test_rows_of_weight_zero_are_as_if_they_were_not_there(kind, option, weights):
    for given in ("views that overlap", "lists") if option != "plain" else INPUTS:
        X, y = INPUTS[given], targets_of(kind, given)
        weighted = make(kind, given, **OPTIONS[option]).fit(X, y, sample_weight=weights)
        kept = weights[COUNTS] if np.ptp(weights[COUNTS]) else None
        without = make(kind, given, **OPTIONS[option]).fit(chosen(X, COUNTS), chosen(y, COUNTS), sample_weight=kept)
        assert learnt(weighted) == learnt(without), given


@pytest.mark.parametrize("kind", TARGETS)
@pytest.mark.parametrize("given", ["views that overlap", "lists"])
def test_rows_of_weight_zero_are_not_there_for_partial_fit_and_eval_set(kind, given):
    X, y = INPUTS[given], targets_of(kind, given)
    classes = {"three": {"classes": ["a", "b", "c"]}, "labels": {"classes": [0, 1]}}.get(kind, {})
    options = dict(class_weight={"a": 2.0}) if kind == "three" else {}
    one, other = (make(kind, given, dropout=0.1, **options) for _ in range(2))
    for _ in range(2):
        one.partial_fit(X, y, sample_weight=WEIGHTS, **classes)
        other.partial_fit(chosen(X, COUNTS), chosen(y, COUNTS), sample_weight=WEIGHTS[COUNTS], **classes)
    assert learnt(one) == learnt(other)
    for early_stopping in (False, True):
        one, other = (make(kind, given, early_stopping=early_stopping) for _ in range(2))
        one.fit(X, y, eval_set=(X[:20], y[:20], EVAL_WEIGHTS))
        counts = EVAL_WEIGHTS > 0
        other.fit(X, y, eval_set=(chosen(X[:20], counts), chosen(y[:20], counts), EVAL_WEIGHTS[counts]))
        assert learnt(one) == learnt(other)


@pytest.mark.parametrize("view", ["as it is", "windows reversed", "steps reversed", "both reversed", "every other"])
def test_windows_that_overlap_are_not_copied_when_some_do_not_count(view):
    """Of 2,000 windows of 40 steps what is trained on shares the memory of the series."""
    series = np.sin(np.arange(4100.0))
    windows = np.lib.stride_tricks.sliding_window_view(series, 40)
    windows = {
        "as it is": windows[:2000], "windows reversed": windows[1999::-1], "steps reversed": windows[:2000, ::-1],
        "both reversed": windows[1999::-1, ::-1], "every other": windows[:4000:2],
    }[view]  # fmt: skip
    weights = np.arange(2000) % 3
    seen = []
    model = RNNRegressor(max_iter=1, hidden_layer_sizes=2, batch_size=500, random_state=0)
    train = model._train

    def look(architecture, windows, *others):
        seen.append(windows.X)
        return train(architecture, windows, *others)

    model._train = look
    model.fit(windows, windows[:, 0], sample_weight=weights)
    assert np.shares_memory(seen[0].steps, series)
    expected = RNNRegressor(max_iter=1, hidden_layer_sizes=2, batch_size=500, random_state=0)
    expected.fit(windows[weights > 0], windows[weights > 0, 0], sample_weight=weights[weights > 0])
    assert learnt(model) == learnt(expected)


def test_windows_that_overlap_are_not_copied_for_an_eval_set_of_another_kind():
    """Neither those of an eval_set of which some do not count, nor those that are watched with longer ones."""
    series = np.sin(np.arange(500.0))
    windows, longer = (np.lib.stride_tricks.sliding_window_view(series, n_steps)[:400] for n_steps in (20, 30))
    for eval_set in (
        (windows[:99], windows[:99, 0], np.arange(99) % 2),
        ([*longer[:-1], longer[-1, :7]], longer[:, 0]),
    ):
        seen = []
        model = RNNRegressor(max_iter=1, hidden_layer_sizes=2, random_state=0)
        train = model._train

        def look(architecture, windows, options, rng, validation, *others, seen=seen, train=train):
            seen.extend([windows.X, validation.X])
            return train(architecture, windows, options, rng, validation, *others)

        model._train = look
        model.fit(windows, windows[:, 0], eval_set=eval_set)
        assert np.shares_memory(seen[0].steps, series)
        assert np.shares_memory(seen[1].steps, series) == isinstance(eval_set[0], np.ndarray)
        expected = RNNRegressor(max_iter=1, hidden_layer_sizes=2, random_state=0).fit(windows, windows[:, 0])
        assert model.loss_curve_ == expected.loss_curve_
        np.testing.assert_array_equal(model.parameters_, expected.parameters_)


def test_windows_that_overlap_off_the_grid_of_steps_are_chosen_too():
    series = np.sin(np.arange(200.0))
    windows = np.lib.stride_tricks.sliding_window_view(series, 12)[:100, ::3]
    weights = np.arange(100) % 3
    models = [RNNRegressor(max_iter=1, hidden_layer_sizes=2, random_state=0) for _ in range(2)]
    models[0].fit(windows, windows[:, 0], sample_weight=weights > 0)
    models[1].fit(windows[weights > 0].copy(), windows[weights > 0, 0])
    assert learnt(models[0]) == learnt(models[1])


def test_the_width_of_a_warm_start_is_that_of_the_fit_also_where_rows_do_not_count():
    model = make("number", "arrays", warm_start=True).fit(OVERLAPPING, RISE, sample_weight=WEIGHTS)
    words = ["warm_start needs the same shapes"]
    refused(ValueError, words, model.fit, OVERLAPPING[:, :4], RISE, sample_weight=WEIGHTS)


def test_a_class_whose_rows_do_not_count_is_known_but_not_learnt():
    """As in scikit-learn's classifiers, where classes_ are those of y, whatever weighs nothing."""
    y = np.where(COUNTS, np.where(RISE > 0, "up", "down"), "never")
    for option in ({}, {"class_weight": "balanced"}):
        model = make("three", "arrays", max_iter=150, n_iter_no_change=150, **option)
        model.fit(OVERLAPPING, y, sample_weight=WEIGHTS)
        assert model.classes_.tolist() == ["down", "never", "up"]
        assert model.predict_proba(OVERLAPPING)[:, 1].max() < 0.05  # a third before training
        assert np.isfinite(model.loss_curve_).all()


def test_a_class_of_weight_zero_is_not_learnt_from_and_not_held_out():
    weights = {"a": 1.0, "b": 2.0, "c": 0.0}
    options = dict(early_stopping=True, class_weight=weights)
    model = make("three", "arrays", **options).fit(OVERLAPPING, TARGETS["three"])
    other = make("three", "arrays", **options).fit(OVERLAPPING, TARGETS["three"], sample_weight=TARGETS["three"] != "c")
    assert learnt(model) == learnt(other)
    plain = make("three", "arrays", early_stopping=True)
    plain.fit(OVERLAPPING, TARGETS["three"], sample_weight=np.vectorize(weights.get)(TARGETS["three"]))
    assert learnt(model) == learnt(plain)


def test_balanced_classes_have_the_same_sum_of_weights():
    """As with rows repeated as often as they weigh."""
    model = make("three", "arrays", class_weight="balanced", batch_size=1000, shuffle=False)
    repeated = np.repeat(np.arange(N), WEIGHTS)
    model.fit(OVERLAPPING, TARGETS["three"], sample_weight=WEIGHTS)
    expected = make("three", "arrays", class_weight="balanced", batch_size=1000, shuffle=False)
    expected.fit(OVERLAPPING[repeated], TARGETS["three"][repeated])
    # The same sums in another order, in four updates.
    np.testing.assert_allclose(model.parameters_, expected.parameters_, rtol=1e-8, atol=1e-10)


def test_weights_of_labels_are_the_product_of_those_of_each():
    """As scikit-learn's forests take them."""
    y = TARGETS["labels"]
    for class_weight in ([{0: 1, 1: 5}, {0: 2, 1: 0.5}], [{1: 3}, {}], "balanced"):
        of_rows = compute_sample_weight(class_weight, y)
        model = make("labels", "arrays", class_weight=class_weight).fit(OVERLAPPING, y, eval_set=(OVERLAPPING, y))
        by_row = make("labels", "arrays").fit(OVERLAPPING, y, of_rows, eval_set=(OVERLAPPING, y, of_rows))
        assert learnt(model) == learnt(by_row)
        assert learnt(model) != learnt(make("labels", "arrays").fit(OVERLAPPING, y))


def test_weights_of_labels_count_in_partial_fit():
    y, class_weight = TARGETS["labels"], [{0: 1, 1: 5}, {0: 2, 1: 0.5}]
    model = make("labels", "arrays", class_weight=class_weight).partial_fit(OVERLAPPING, y, classes=[0, 1])
    by_row = make("labels", "arrays")
    by_row.partial_fit(OVERLAPPING, y, classes=[0, 1], sample_weight=compute_sample_weight(class_weight, y))
    assert learnt(model) == learnt(by_row)


@pytest.mark.parametrize(
    "class_weight, y, error, words",
    [
        ({0: 1, 1: 2}, "labels", ValueError, ["{0: 1, 1: 2}", "2 labels; give a list of as many dicts"]),
        ([{1: 2}], "labels", ValueError, ["[{1: 2}]", "2 labels; give a list of as many dicts"]),
        ([{1: 2}, 3], "labels", TypeError, ["a dict for each label; got 3"]),
        ([{1: 2}, {1: -1}], "labels", ValueError, ["not negative; got -1 for 1"]),
        ([{"a": 2}], "three", ValueError, ["a list, which is for several labels; y holds classes: give a dict"]),
    ],
    ids=["a dict for labels", "too few", "no dict", "negative", "a list for classes"],
)
def test_weights_that_do_not_fit_the_labels_are_refused(class_weight, y, error, words):
    model = make(y, "arrays", class_weight=class_weight)
    refused(error, ["class_weight", *words], model.fit, OVERLAPPING, TARGETS[y])


def test_a_weight_beside_others_that_are_immeasurably_larger_is_zero():
    """1e-310 cannot be told from zero where kernels run: in a minibatch of its own it would be 0 / 0."""
    weights = np.ones(N)
    weights[3] = 1e-310
    options = {"hidden_layer_sizes": 3, "batch_size": 1, "max_iter": 1, "random_state": 0}
    tiny, none = (RNNRegressor(**options).fit(SERIES[:N], RISE, of) for of in (weights, weights > 0.5))
    np.testing.assert_array_equal(tiny.parameters_, none.parameters_)


@pytest.mark.parametrize(
    "target, class_weight, same",
    [
        ("three", dict.fromkeys("abc", 1e300), dict.fromkeys("abc", 1)),
        ("labels", [{0: 1e200, 1: 2e200}, {0: 1e200, 1: 1e200}], [{0: 1, 1: 2}, {0: 1, 1: 1}]),
        ("labels", [{0: 1e-200, 1: 2e-200}, {0: 1e-200, 1: 1e-200}], [{0: 1, 1: 2}, {0: 1, 1: 1}]),
    ],
)
def test_weights_whose_product_no_number_holds_are_as_their_ratios(target, class_weight, same):
    """To a few roundings, which some updates of Adam make larger: 1e-9."""
    weights = np.where(np.arange(N) % 2, 1e99, 2e99)
    options = {"hidden_layer_sizes": 3, "max_iter": 3, "random_state": 0}
    found, expected = (
        RNNClassifier(class_weight=of, **options).fit(SERIES[:N], TARGETS[target], weights * factor)
        for of, factor in ((class_weight, 1), (same, 1e-99))
    )
    np.testing.assert_allclose(found.parameters_, expected.parameters_, rtol=1e-9, atol=1e-12)
