"""Control of training in RNNRegressor and RNNClassifier: what is watched, when it ends, and how it goes on."""

import inspect
import pickle
import re
import signal

import numpy as np
import pandas as pd
import pytest
import sklearn
from refusals import refused
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import log_loss, mean_squared_error
from sklearn.model_selection import cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.utils import compute_sample_weight

from tsrnn import RNNClassifier, RNNForecaster, RNNRegressor

RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 6)).cumsum(axis=1)
OTHER = RNG.normal(size=(20, 6)).cumsum(axis=1)
CUTS = [-1.5, 1.5]


def target(windows, kind):
    """Return what is to be learnt: a number, one of two or three classes, or labels."""
    moved = windows[:, -1] - windows[:, 0]
    if kind == "number":
        return moved
    if kind == "labels":
        return np.column_stack([moved > 0, windows[:, 3] > 0, windows[:, -1] > 0]).astype(int)
    return np.where(moved > 0, "up", "down") if kind == "two" else np.array(["a", "b", "c"])[np.digitize(moved, CUTS)]


KINDS = ["number", "two", "three", "labels"]
BOTH = pytest.mark.parametrize("kind", ["number", "three"])
ALL = pytest.mark.parametrize("kind", KINDS)


def make(kind, **changes):
    settings = {"hidden_layer_sizes": 4, "learning_rate": 0.02, "max_iter": 5, "batch_size": 16, "random_state": 0}
    return (RNNRegressor if kind == "number" else RNNClassifier)(**{**settings, **changes})


def fit(kind, with_eval_set=None, **changes):
    given = {} if with_eval_set is None else {"eval_set": with_eval_set}
    return make(kind, **changes).fit(X, target(X, kind), **given)


def held_out(kind):
    return OTHER, target(OTHER, kind)


def opposite(kind):
    """Return windows whose targets are wrong, so that the loss on them gets worse the more is learnt."""
    wrong = target(-OTHER, kind)
    return OTHER, wrong


def loss_of(model, kind, windows, y, sample_weight=None):
    """Return the loss by scikit-learn's metrics."""
    if kind == "number":
        return mean_squared_error(y, model.predict(windows), sample_weight=sample_weight)
    probabilities = model.predict_proba(windows)
    if kind == "labels":
        each = -np.log(np.where(y == 1, probabilities, 1 - probabilities)).mean(axis=1)
        return np.average(each, weights=sample_weight)
    return log_loss(y, probabilities, sample_weight=sample_weight, labels=model.classes_)


def learnt(model):
    return model.parameters_.tobytes()


# eval_set


@ALL
def test_loss_on_eval_set_is_recorded_and_without_early_stopping_changes_nothing(kind):
    plain, model = fit(kind), fit(kind, opposite(kind))
    assert learnt(model) == learnt(plain)
    assert model.loss_curve_ == plain.loss_curve_
    assert (model.n_iter_, model.best_iter_, model.stop_reason_) == (5, 5, "max_iter")
    assert model.validation_loss_curve_ == list(model.history_["validation_loss"])
    expected = loss_of(model, kind, *opposite(kind))
    np.testing.assert_allclose(model.validation_loss_curve_[-1], expected, rtol=1e-12)  # a mean in another order


@ALL
def test_weights_of_eval_set_weigh_its_loss(kind):
    weights = np.arange(20.0)
    model = fit(kind, (*held_out(kind), weights))
    expected = loss_of(model, kind, *held_out(kind), sample_weight=weights)
    np.testing.assert_allclose(model.validation_loss_curve_[-1], expected, rtol=1e-12)
    assert model.validation_loss_curve_[-1] != fit(kind, held_out(kind)).validation_loss_curve_[-1]


@ALL
def test_with_early_stopping_eval_set_is_watched_and_every_row_is_learnt_from(kind):
    options = dict(early_stopping=True, max_iter=60, n_iter_no_change=4, learning_rate=0.05)
    model = fit(kind, opposite(kind), **options)
    assert model.stop_reason_ == "no_change"
    assert model.best_iter_ == np.argmin(model.validation_loss_curve_) + 1 < model.n_iter_ < 60
    shorter = fit(kind, **{**options, "early_stopping": False, "max_iter": model.best_iter_})
    assert learnt(model) == learnt(shorter)  # which holds nothing out
    assert model.loss_curve_[: model.best_iter_] == shorter.loss_curve_


@BOTH
def test_a_list_of_one_pair_is_that_pair(kind):
    curve = fit(kind, held_out(kind)).validation_loss_curve_
    assert fit(kind, [held_out(kind)]).validation_loss_curve_ == curve
    assert fit(kind, (pd.DataFrame(OTHER), target(OTHER, kind).tolist())).validation_loss_curve_ == curve


def test_eval_set_is_computed_in_the_dtype_of_the_training_windows():
    """Its losses have the bits of those of the same rows where they are held out."""
    small, y = X.astype(np.float32), target(X, "number")
    expected = make("number", early_stopping=True, validation_fraction=0.25).fit(small, y).validation_loss_curve_
    model = make("number").fit(small[:45], y[:45], eval_set=(X[45:], y[45:]))
    assert model.validation_loss_curve_ == expected


def test_the_history_has_the_learning_rate_of_each_epoch():
    model = make("number", schedule={"name": "step", "every": 2, "factor": 0.1}, learning_rate=0.01, max_iter=5)
    expected = [0.01, 0.01, 0.001, 0.001, 0.0001]
    np.testing.assert_allclose(model.fit(X, X[:, 0]).history_["learning_rate"], expected, rtol=1e-12)  # of roundings


@BOTH
def test_a_plateau_is_that_of_the_loss_which_is_watched(kind):
    """After the first epoch in which that loss does not fall, nothing more is learnt."""
    schedule = {"name": "plateau", "patience": 1, "factor": 0.0}
    options = dict(schedule=schedule, max_iter=30, n_iter_no_change=99, tol=0.0, learning_rate=0.005, shuffle=False)
    watched = fit(kind, opposite(kind), early_stopping=True, **options)
    first = np.flatnonzero(np.diff(watched.validation_loss_curve_) >= 0)[0] + 2
    assert len(set(watched.loss_curve_[first:])) == 1 < len(set(watched.loss_curve_[: first + 1])) < 29
    recorded = fit(kind, opposite(kind), **options)
    assert recorded.loss_curve_ == fit(kind, **options).loss_curve_
    assert len(set(recorded.loss_curve_)) == 30


@pytest.mark.parametrize("class_weight", ["balanced", {"up": 3.0, "down": 0.5}], ids=["balanced", "dict"])
def test_weights_of_classes_count_in_eval_set_as_in_training(class_weight):
    rare = np.r_[np.flatnonzero(target(X, "two") == "up"), np.flatnonzero(target(X, "two") == "down")[:5]]
    windows, y = X[rare], target(X, "two")[rare]
    model = make("two", class_weight=class_weight).fit(windows, y, eval_set=held_out("two"))
    of_class = dict(zip(y, compute_sample_weight(class_weight, y), strict=True))
    weights = [of_class[label] for label in target(OTHER, "two")]
    expected = loss_of(model, "two", *held_out("two"), sample_weight=weights)
    np.testing.assert_allclose(model.validation_loss_curve_[-1], expected, rtol=1e-12)


PAIR = "eval_set must be a tuple (X, y) or (X, y, sample_weight), or a list that holds one such tuple; got a "
NAMES = list("abcdef")


@BOTH
@pytest.mark.parametrize(
    "spoil, error, words",
    [
        (lambda x, y: "xy", TypeError, [PAIR + "str."]),
        (lambda x, y: pd.DataFrame(x), TypeError, [PAIR + "DataFrame."]),
        (lambda x, y: (x,), ValueError, [PAIR + "tuple of 1."]),
        (lambda x, y: (x, y, None, None), ValueError, [PAIR + "tuple of 4."]),
        (lambda x, y: [x, y], ValueError, [PAIR + "list of 2."]),
        (lambda x, y: [(x, y), (x, y)], ValueError, [PAIR + "list of 2."]),
        (lambda x, y: [], ValueError, [PAIR + "list of 0."]),
        (lambda x, y: (x[:, :4], y), ValueError, ["X of eval_set has windows of 4 steps", "that of fit 6"]),
        (lambda x, y: (np.stack([x, x], axis=2), y), ValueError, ["X of eval_set has 2 feature", "fit 1"]),
        (lambda x, y: (x, y[:-1]), ValueError, ["eval_set: ", "inconsistent numbers of samples"]),
        (lambda x, y: (x, y, np.zeros(20)), ValueError, ["eval_set: ", "weight"]),
        (lambda x, y: (x, y, -np.ones(20)), ValueError, ["eval_set: ", "sample_weight"]),
        (
            lambda x, y: (pd.DataFrame(x, columns=NAMES[::-1]), y), ValueError,
            [f"X of eval_set has the columns {NAMES[::-1]}; those of fit are {NAMES}"],
        ),
    ],
)  # fmt: skip
def test_what_is_no_eval_set_is_refused_in_one_sentence(kind, spoil, error, words):
    model = make(kind)
    eval_set = spoil(*held_out(kind))
    has_names = isinstance(eval_set, tuple) and isinstance(eval_set[0], pd.DataFrame)
    windows = pd.DataFrame(X, columns=NAMES) if has_names else X
    refused(error, words, model.fit, windows, target(X, kind), eval_set=eval_set)
    assert not hasattr(model, "parameters_")


@BOTH
def test_columns_of_eval_set_with_names_for_one_of_the_two_warn(kind):
    frame = pd.DataFrame(X, columns=NAMES)
    with pytest.warns(UserWarning, match="of X and the X of eval_set only one has names"):
        model = make(kind).fit(frame, target(X, kind), eval_set=held_out(kind))
    named = make(kind).fit(frame, target(X, kind), eval_set=(pd.DataFrame(OTHER, columns=NAMES), target(OTHER, kind)))
    assert model.validation_loss_curve_ == named.validation_loss_curve_


@BOTH
def test_eval_set_holds_no_missing_values(kind):
    broken = OTHER.copy()
    broken[3, 2] = np.nan
    with pytest.raises(ValueError, match="eval_set: X contains NaN"):  # goes on with lines of scikit-learn's
        fit(kind, (broken, target(OTHER, kind)))


def test_targets_of_eval_set_are_of_the_kind_that_is_learnt():
    refused(ValueError, ["y of eval_set has 2 targets", "that of fit 1"], fit, "number", (OTHER, OTHER[:, :2]))
    refused(
        ValueError, ["eval_set: loss='poisson' needs targets that are not negative"],
        make("number", loss="poisson").fit, X, np.abs(X[:, 0]), eval_set=(OTHER, -np.ones(20)),
    )  # fmt: skip
    known = "known are the classes ['a', 'b', 'c']"
    refused(ValueError, ["eval_set: y holds 'z'", known], fit, "three", (OTHER, np.full(20, "z")))
    refused(ValueError, ["eval_set: y holds 'abc'", known], fit, "three", (OTHER, np.full(20, "abc")))
    refused(ValueError, ["eval_set: y holds 1", known], fit, "three", (OTHER, np.ones(20, int)))
    refused(ValueError, ["eval_set: y has 3 labels", known], fit, "three", held_out("labels"))
    refused(ValueError, ["eval_set: y has classes", "3 labels"], fit, "labels", held_out("three"))
    refused(
        ValueError, ["eval_set: y has 2 labels", "3 labels"], fit, "labels", (OTHER, target(OTHER, "labels")[:, 1:])
    )


def test_eval_set_may_hold_one_class_or_counts_of_zero_alone():
    assert np.isfinite(fit("three", (OTHER, np.full(20, "b"))).validation_loss_curve_).all()
    model = make("number", loss="poisson").fit(X, np.abs(X[:, 0]), eval_set=(OTHER, np.zeros(20)))
    assert np.isfinite(model.validation_loss_curve_).all()


@BOTH
def test_eval_set_and_weights_are_routed_to_the_estimator(kind):
    seen, weights = [], np.arange(60.0) % 3
    with sklearn.config_context(enable_metadata_routing=True):
        model = make(kind, callbacks=lambda _, record: seen.append(record["validation_loss"]))
        model.set_fit_request(eval_set=True, sample_weight=True).set_score_request(sample_weight=True)
        pipeline = make_pipeline("passthrough", model)
        pipeline.fit(X, target(X, kind), eval_set=held_out(kind), sample_weight=weights)
        expected = make(kind).fit(X, target(X, kind), weights, held_out(kind))
        assert learnt(model) == learnt(expected)
        assert seen == expected.validation_loss_curve_
        n_seen = len(seen)
        cross_validate(
            pipeline, X, target(X, kind), params={"eval_set": held_out(kind), "sample_weight": weights}, cv=2
        )
    assert np.isfinite(seen).all()
    assert len(seen) == n_seen + 2 * 5


# validation_gap


def test_rows_before_those_held_out_are_left_out_by_validation_gap():
    y = target(X, "number")
    model = make("number", early_stopping=True, validation_fraction=0.1, validation_gap=7, max_iter=3).fit(X, y)
    by_hand = make("number", early_stopping=True, max_iter=3).fit(X[:47], y[:47], eval_set=(X[54:], y[54:]))
    assert learnt(model) == learnt(by_hand)
    assert model.validation_loss_curve_ == by_hand.validation_loss_curve_


def test_validation_gap_leaves_out_nothing_where_nothing_is_held_out():
    assert learnt(fit("number", validation_gap=7)) == learnt(fit("number"))
    options = dict(early_stopping=True)
    assert learnt(fit("number", held_out("number"), validation_gap=7, **options)) == learnt(
        fit("number", held_out("number"), **options)
    )


def test_a_validation_gap_that_leaves_nothing_to_train_on_is_refused():
    fit("number", early_stopping=True, validation_gap=53, max_iter=1)
    words = [
        "60 samples leave none to train on",
        "the 6 of validation",
        "the validation_gap of 54",
        "early_stopping=False",
    ]
    refused(ValueError, words, fit, "number", early_stopping=True, validation_gap=54)
    assert "validation_gap" not in inspect.signature(RNNClassifier).parameters


# max_time


@pytest.fixture
def clock(monkeypatch):
    """A clock that stands still unless `clock.seconds` is moved."""

    class Clock:
        seconds = 100.0

    monkeypatch.setattr("time.perf_counter", lambda: Clock.seconds)
    return Clock


@BOTH
@pytest.mark.parametrize("early_stopping", [False, True])
def test_training_ends_with_the_epoch_in_which_the_time_runs_out(kind, early_stopping, clock):
    def tick(_, record):
        clock.seconds += 1.0

    model = fit(kind, held_out(kind), early_stopping=early_stopping, max_iter=50, max_time=2.5, callbacks=tick)
    assert (model.stop_reason_, model.n_iter_) == ("max_time", 3)
    plain = fit(kind, held_out(kind), early_stopping=early_stopping, max_iter=3)
    assert learnt(model) == learnt(plain)
    in_time = fit(kind, max_iter=3, max_time=2.5, callbacks=tick)
    assert in_time.stop_reason_ == "max_iter"


def test_a_forecaster_has_the_time_for_both_of_its_trainings(clock):
    runs = []

    def tick(_, record):
        clock.seconds += 1.0
        runs.append(record["run"])

    options = dict(
        horizon=3, lookback=5, hidden_layer_sizes=4, n_iter_no_change=99, tol=0, random_state=0, callbacks=tick
    )
    series = pd.Series(np.sin(np.arange(80.0)), pd.date_range("2024-01-01", periods=80, freq="D"))
    model = RNNForecaster(max_iter=1000, max_time=40, **options).fit(series)
    assert model.stop_reason_ == "max_time"
    assert 15 <= model.n_iter_ <= 20
    assert runs.count("refit on everything") == model.best_iter_
    runs.clear()
    assert RNNForecaster(max_iter=1000, max_time=40, refit=False, **options).fit(series).n_iter_ == 40

    def late(_, record):
        clock.seconds += 1.0 if record["run"] == "training" else 9.0

    options["callbacks"] = late
    with pytest.warns(ConvergenceWarning, match="refit on everything ran out of max_time after 3 epoch.*is kept"):
        cut = RNNForecaster(max_iter=1000, max_time=40, **options).fit(series)
    options["callbacks"] = None
    whole = RNNForecaster(max_iter=cut.n_iter_, refit=False, **options).fit(series)
    assert learnt(cut) == learnt(whole)


# partial_fit


def partial(model, kind, rows=slice(None), **given):
    if kind != "number" and not hasattr(model, "classes_"):
        given["classes"] = np.arange(3) if kind == "labels" else np.unique(target(X, kind))
    return model.partial_fit(X[rows], target(X, kind)[rows], **given)


STATES = ["n_iter_", "best_iter_", "loss_curve_"]


@ALL
@pytest.mark.parametrize("schedule", ["constant", "cosine", {"name": "plateau", "patience": 1}, "exponential"])
def test_calls_of_partial_fit_are_the_epochs_of_one_fit(kind, schedule):
    """The state of the optimizer, the order drawn and the learning rate go on, to the bit."""
    options = dict(schedule=schedule, tol=0.02, n_iter_no_change=99, max_iter=6)
    whole, model = fit(kind, **options), make(kind, **options)
    for epoch in range(6):
        assert partial(model, kind) is model
        assert model.n_iter_ == model.best_iter_ == epoch + 1
        assert model.stop_reason_ == "partial_fit"
    assert learnt(model) == learnt(whole)
    assert model.loss_curve_ == whole.loss_curve_
    assert list(model.history_["epoch"]) == list(whole.history_["epoch"]) == [1, 2, 3, 4, 5, 6]
    assert np.isnan(model.validation_loss_curve_).all() and len(model.validation_loss_curve_) == 6
    np.testing.assert_array_equal(model.predict(OTHER), whole.predict(OTHER))


@ALL
def test_partial_fit_goes_on_from_fit_and_from_a_pickle(kind):
    options = dict(n_iter_no_change=99, schedule="exponential")
    model = fit(kind, max_iter=4, **options)
    before = learnt(model)
    partial(pickle.loads(pickle.dumps(model)), kind)
    assert learnt(model) == before
    model = partial(partial(pickle.loads(pickle.dumps(model)), kind), kind)
    whole = fit(kind, max_iter=6, **options)
    assert learnt(model) == learnt(whole)
    assert model.loss_curve_ == whole.loss_curve_


@BOTH
def test_fit_after_partial_fit_starts_anew_unless_warm(kind):
    model = partial(make(kind), kind)
    assert learnt(model.fit(X, target(X, kind))) == learnt(fit(kind))
    assert model.n_iter_ == 5
    warm = partial(make(kind, warm_start=True, shuffle=False), kind).fit(X, target(X, kind))
    assert learnt(warm) == learnt(fit(kind, shuffle=False, max_iter=6))


@BOTH
def test_partial_fit_learns_from_the_rows_it_is_given_alone(kind):
    first, second = slice(0, 32), slice(32, 60)
    options = dict(shuffle=False, max_iter=1)
    parts = partial(partial(make(kind, **options), kind, first), kind, second)
    assert learnt(parts) == learnt(fit(kind, **options))  # its minibatches of 16 are the same
    assert len(parts.loss_curve_) == 2
    model = partial(make(kind, **options), kind, sample_weight=np.arange(60) < 32)
    assert learnt(model) == learnt(partial(make(kind, **options), kind, first))


@BOTH
def test_partial_fit_goes_on_from_weights_that_were_set(kind):
    start = fit(kind, max_iter=2)
    model = partial(fit(kind, max_iter=3, shuffle=False).set_weights(start.get_weights()), kind)
    warm = fit(kind, max_iter=1, warm_start=True, shuffle=False).set_weights(start.get_weights())
    assert learnt(model) == learnt(warm.fit(X, target(X, kind)))
    assert model.n_iter_ == 4


def test_max_iter_and_max_time_do_not_end_partial_fit():
    model = fit("number", max_iter=1).set_params(max_time=1e-9)
    for _ in range(3):
        partial(model, "number")
    assert (model.n_iter_, model.stop_reason_) == (4, "partial_fit")


@BOTH
def test_another_optimizer_starts_with_moments_of_its_own(kind):
    model, fresh = fit(kind), fit(kind)
    fresh.set_weights(fresh.get_weights())  # which puts the moments to zero
    for each in (model, fresh):
        partial(each.set_params(optimizer="sgd"), kind)
    assert learnt(model) == learnt(fresh)


@BOTH
def test_names_of_columns_are_those_of_the_first_call(kind):
    frame = pd.DataFrame(X, columns=NAMES)
    given = {} if kind == "number" else {"classes": ["a", "b", "c"]}
    model = make(kind).partial_fit(frame, target(X, kind), **given)
    with pytest.warns(UserWarning, match="X does not have valid feature names"):
        model.partial_fit(X, target(X, kind))
    assert list(model.feature_names_in_) == NAMES
    with pytest.raises(ValueError, match="feature names should match"):  # goes on with lines of scikit-learn's
        model.partial_fit(frame[NAMES[::-1]], target(X, kind))


@BOTH
def test_partial_fit_calls_back_and_counts_on(kind):
    seen = []
    model = fit(kind, max_iter=2).set_params(
        callbacks=lambda estimator, record: seen.append((estimator, record["run"], record["epoch"]))
    )
    partial(partial(model, kind), kind)
    assert seen == [(model, "partial_fit", 3), (model, "partial_fit", 4)]


@BOTH
def test_partial_fit_refuses_what_it_cannot_go_on_with_and_stays_as_it_was(kind):
    model, y = partial(make(kind, cell="rnn", activation="relu"), kind), target(X, kind)
    before = learnt(model), list(model.loss_curve_)
    refused(ValueError, ["early_stopping=False"], make(kind, early_stopping=True).partial_fit, X, y)
    refused(ValueError, ["X has 5 features"], model.partial_fit, X[:, :5], y)
    refused(ValueError, ["n_features 1 became 2"], model.partial_fit, np.stack([X, X], axis=2), y)
    model.set_params(cell="gru", hidden_layer_sizes=(4, 4))
    refused(
        ValueError, ["cell 'rnn' became 'gru'", "hidden_layer_sizes (4,) became (4, 4)"], model.partial_fit, X, y
    )  # fmt: skip
    model.set_params(cell="rnn", hidden_layer_sizes=4)
    refused(ValueError, ["training failed", "not finite in epoch 2"], model.partial_fit, np.abs(X) * 1e307, y)
    refused(ValueError, ["must be"], model.set_params(learning_rate=-1.0).partial_fit, X, y)
    assert (learnt(model), model.loss_curve_) == before


def test_partial_fit_of_a_regressor_has_the_targets_and_the_dtype_of_the_first_call():
    model = make("number").partial_fit(X.astype(np.float32), X[:, 0])
    assert model.partial_fit(X, X[:, 0]).parameters_.dtype == np.float32
    refused(ValueError, ["n_outputs 1 became 2"], model.partial_fit, X, X[:, :2])
    counts = make("number", loss="poisson").partial_fit(X, np.abs(X[:, 0]))
    refused(ValueError, ["not negative"], counts.partial_fit, X, X[:, 0])
    assert counts.partial_fit(X, np.zeros(60)).n_iter_ == 2


def test_partial_fit_of_a_classifier_needs_to_know_its_classes():
    y = target(X, "three")
    refused(ValueError, ["first call", "classes"], make("three").partial_fit, X, y)
    refused(ValueError, ["classes holds one class alone, 'a'"], make("three").partial_fit, X, y, classes=["a"])
    refused(ValueError, ["y holds 'c'", "['a', 'b']"], make("three").partial_fit, X, y, classes=["a", "b"])
    refused(
        ValueError,
        ["y has 3 labels; known are 2 labels, numbered from 0"],
        make("labels").partial_fit,
        X,
        target(X, "labels"),
        [0, 1],
    )
    model = make("three").partial_fit(X[:3], ["b"] * 3, classes=["c", "b", "a", "d"])
    np.testing.assert_array_equal(model.classes_, ["a", "b", "c", "d"])
    assert model.predict_proba(X).shape == (60, 4)
    refused(ValueError, ["classes must be those of the first call"], model.partial_fit, X, y, classes=["a", "b", "c"])
    refused(ValueError, ["y has 3 labels"], model.partial_fit, X, target(X, "labels"))
    assert model.partial_fit(X, y, classes=["a", "b", "c", "d"]).n_iter_ == 2
    labels = fit("labels")
    refused(ValueError, ["y has classes; known are 3 labels"], labels.partial_fit, X, y)


def test_weights_of_classes_count_in_partial_fit():
    y, by_class = target(X, "two"), {"up": 3.0, "down": 0.5}
    model = make("two", class_weight=by_class)
    rows = np.flatnonzero(y == "up")
    for _ in range(2):
        partial(model, "two", rows)  # one of the two classes alone
        partial(model, "two")
    plain = make("two")
    for _ in range(2):
        partial(plain, "two", rows, sample_weight=np.full(len(rows), 3.0))
        partial(plain, "two", sample_weight=np.where(y == "up", 3.0, 0.5))
    assert learnt(model) == learnt(plain)
    refused(
        ValueError, ["class_weight='balanced'", "dict"], make("two", class_weight="balanced").partial_fit, X, y,
        classes=["up", "down"],
    )  # fmt: skip


# verbose

LINE = re.compile(r"(\w+), epoch (\d+): loss ([\d.e-]+), (validation ([\d.e-]+), )?[\d.e-]+ s")


@BOTH
def test_verbose_2_prints_a_line_for_each_epoch(kind, capsys):
    for given in (None, held_out(kind)):
        model = fit(kind, given, verbose=2, max_iter=3)
        shown = capsys.readouterr()
        lines = [LINE.fullmatch(line).groups() for line in shown.out.splitlines()]
        assert [(run, int(epoch)) for run, epoch, *_ in lines] == [("training", 1), ("training", 2), ("training", 3)]
        np.testing.assert_allclose([float(line[2]) for line in lines], model.loss_curve_, rtol=1e-3)  # four digits
        if given is None:
            assert [line[4] for line in lines] == [None] * 3
        else:
            losses = [float(line[4]) for line in lines]
            np.testing.assert_allclose(losses, model.validation_loss_curve_, rtol=1e-3)
        assert not shown.err
    partial(model, kind)
    assert LINE.fullmatch(capsys.readouterr().out.strip()).groups()[:2] == ("partial_fit", "4")


@BOTH
def test_verbose_0_is_quiet_and_1_shows_a_bar(kind, capsys):
    fit(kind, held_out(kind), verbose=0)
    shown = capsys.readouterr()
    assert not shown.out and not shown.err
    fit(kind, held_out(kind), verbose=1)
    shown = capsys.readouterr()
    assert not shown.out and "5/5" in shown.err and "validation=" in shown.err


# What is kept


@BOTH
@pytest.mark.parametrize("early_stopping", [False, True])
def test_history_callbacks_and_best_weights_with_eval_set(kind, early_stopping):
    seen = []

    def stop_at_four(estimator, record):
        seen.append((estimator, record))
        return record["epoch"] == 4

    options = dict(early_stopping=early_stopping, callbacks=[stop_at_four], max_iter=9, learning_rate=0.05)
    model = fit(kind, held_out(kind), **options)
    assert (model.stop_reason_, model.n_iter_) == ("callback", 4)
    assert list(model.history_.columns) == ["epoch", "loss", "validation_loss", "learning_rate", "seconds"]
    for (estimator, record), (_, row) in zip(seen, model.history_.iterrows(), strict=True):
        assert estimator is model
        assert record == {**row, "run": "training"}
    assert list(model.history_["loss"]) == model.loss_curve_
    assert (model.history_["seconds"] > 0).all()
    best = np.argmin(model.validation_loss_curve_) if early_stopping else 3
    assert model.best_iter_ == best + 1
    expected = model.validation_loss_curve_[best]
    np.testing.assert_allclose(loss_of(model, kind, *held_out(kind)), expected, rtol=1e-12)


@BOTH
@pytest.mark.parametrize("early_stopping", [False, True])
def test_ctrl_c_keeps_the_best_weights_so_far(kind, early_stopping):

    def interrupt(estimator, record):
        if record["epoch"] == 5:
            signal.raise_signal(signal.SIGINT)

    options = dict(early_stopping=early_stopping, max_iter=50, n_iter_no_change=50, learning_rate=0.05)
    with pytest.warns(ConvergenceWarning, match="training was interrupted after 5 epoch"):
        model = fit(kind, opposite(kind), callbacks=interrupt, **options)
    assert model.stop_reason_ == "interrupted"
    assert model.n_iter_ == len(model.validation_loss_curve_) == 5
    assert model.best_iter_ == (np.argmin(model.validation_loss_curve_) + 1 if early_stopping else 5)
    options.update(max_iter=model.best_iter_, early_stopping=False)
    assert learnt(model) == learnt(fit(kind, **options))


@BOTH
def test_ctrl_c_in_partial_fit_leaves_what_was_learnt_before(kind, monkeypatch):
    model = partial(make(kind), kind)
    before = learnt(model), model.n_iter_

    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("tsrnn.network.training._run_epoch", interrupt)
    with pytest.raises(KeyboardInterrupt):
        partial(model, kind)
    assert (learnt(model), model.n_iter_) == before


@BOTH
@pytest.mark.parametrize("early_stopping", [False, True])
def test_a_loss_that_is_not_finite_ends_training_with_the_last_good_weights_and_says_so(kind, early_stopping):
    windows = X.copy()

    def poison(_, record):
        if record["epoch"] == 3:
            windows[7] = np.inf  # the kernels read the windows in place

    options = dict(early_stopping=early_stopping, n_iter_no_change=50, max_iter=50)
    model = make(kind, callbacks=poison, **options)
    with pytest.warns(ConvergenceWarning, match="training diverged .* after 3 epoch"):
        model.fit(windows, target(X, kind), eval_set=held_out(kind))
    assert model.stop_reason_ == "diverged"
    options["max_iter"] = model.best_iter_
    assert learnt(model) == learnt(fit(kind, held_out(kind), **options))


@BOTH
def test_a_loss_on_eval_set_that_is_not_finite_counts_only_if_it_is_watched(kind):
    windows = OTHER.copy()

    def poison(_, record):
        windows[0] = np.nan if record["epoch"] == 2 else windows[0]

    given = (windows, target(OTHER, kind))
    model = fit(kind, given, callbacks=poison)
    assert (model.stop_reason_, model.n_iter_) == ("max_iter", 5)
    assert np.isfinite(model.validation_loss_curve_).tolist() == [True, True, False, False, False]
    windows[:] = OTHER
    with pytest.warns(ConvergenceWarning, match="training diverged"):
        model = fit(kind, given, callbacks=poison, early_stopping=True)
    assert (model.stop_reason_, model.n_iter_) == ("diverged", 2)


BAD = [
    ("max_time", 0, ValueError), ("max_time", -1.0, ValueError), ("max_time", np.nan, ValueError),
    ("max_time", "1", ValueError), ("max_time", True, TypeError), ("validation_gap", -1, ValueError),
    ("validation_gap", 1.5, ValueError), ("validation_gap", True, TypeError),
]  # fmt: skip


@pytest.mark.parametrize("name, value, error", BAD)
def test_options_out_of_range_are_refused(name, value, error):
    for kind in ["number"] + ["two"] * (name == "max_time"):
        refused(error, [name], fit, kind, **{name: value})
        refused(error, [name], partial, make(kind, **{name: value}), kind)
    if name == "max_time":
        refused(error, [name], RNNForecaster(max_time=value).fit, pd.Series(X[0]))


def test_both_classes_describe_what_they_share_in_the_same_words():
    def parts(cls):
        text = inspect.getdoc(cls).split("Attributes\n")[0]
        return dict(re.findall(r"^(\w+) : (.*?)(?=^\w|\Z)", text, flags=re.M | re.S))

    regressor, classifier = parts(RNNRegressor), parts(RNNClassifier)
    for name in ("max_time", "validation_fraction", "n_iter_no_change", "tol", "warm_start", "verbose", "callbacks"):
        assert regressor[name].strip() == classifier[name].strip(), name
