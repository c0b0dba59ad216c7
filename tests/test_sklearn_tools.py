"""RNNRegressor, RNNClassifier and SequenceEncoder inside scikit-learn's tools, each with a score that means something.

The task is a window of 6 random steps whose last and first steps differ by the target: a network that has learnt it has
an R2 near 1 on other windows, one that predicts a constant 0, and one whose y was shuffled less than 0. The classes say
whether the difference is positive: half of them are right by chance. So a score beyond 0.8 and an accuracy beyond 0.85
are out of reach for whatever did not pass X, y and the arguments on as they were.
"""

import pickle
import sys
import warnings

import joblib
import numpy as np
import pandas as pd
import pytest
import sklearn
from apart import call_apart, run_apart
from refusals import refused
from sklearn import config_context
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.ensemble import StackingRegressor, VotingRegressor
from sklearn.experimental import enable_halving_search_cv  # noqa: F401, makes HalvingGridSearchCV importable
from sklearn.inspection import permutation_importance
from sklearn.linear_model import LinearRegression
from sklearn.metrics import accuracy_score, brier_score_loss, get_scorer, log_loss, r2_score
from sklearn.model_selection import (
    GridSearchCV,
    HalvingGridSearchCV,
    RandomizedSearchCV,
    cross_val_predict,
    cross_validate,
    learning_curve,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.utils import estimator_checks, get_tags
from sklearn.utils.fixes import parse_version
from sklearn.utils.validation import has_fit_parameter

from tsrnn import RNNClassifier, RNNRegressor, SequenceEncoder

RNG = np.random.default_rng(0)
X = RNG.normal(size=(240, 6))
Y = X[:, 5] - X[:, 0]
CLASSES = np.where(Y > 0, "up", "down")
NAMES = [f"lag{6 - step}" for step in range(6)]
FRAME = pd.DataFrame(X, columns=NAMES)
TRAIN, TEST = slice(None, 160), slice(160, None)
SETTINGS = {"hidden_layer_sizes": 8, "learning_rate": 0.03, "max_iter": 30, "random_state": 0, "n_jobs": 1}


def regressor(**changes):
    return RNNRegressor("gru", **{**SETTINGS, **changes})


def classifier(**changes):
    return RNNClassifier("gru", **{**SETTINGS, **changes})


TARGETS = {regressor: Y, classifier: CLASSES}
LEARNT = {regressor: 0.8, classifier: 0.85}
both = pytest.mark.parametrize("make", [regressor, classifier])


@both
def test_the_scores_asked_for_are_out_of_reach_without_the_signal(make):
    """The measure of all tests below: what is fitted to shuffled targets scores far less."""
    shuffled = RNG.permutation(TARGETS[make][TRAIN])
    assert make().fit(X[TRAIN], TARGETS[make][TRAIN]).score(X[TEST], TARGETS[make][TEST]) > LEARNT[make]
    assert make().fit(X[TRAIN], shuffled).score(X[TEST], TARGETS[make][TEST]) < LEARNT[make] - 0.2


# clone, pickle, joblib

OTHERS = {  # another value of each argument that they share
    "cell": "rnn", "hidden_layer_sizes": [5, 4], "activation": "relu", "reset_after": False, "optimizer": "rmsprop",
    "learning_rate": 0.002, "schedule": {"name": "step", "every": 3}, "alpha": 0.1, "momentum": 0.5,
    "nesterovs_momentum": False, "beta_1": 0.8, "beta_2": 0.95, "epsilon": 1e-6, "clip_norm": None, "clip_value": 0.5,
    "batch_size": 16, "shuffle": False, "max_iter": 3, "early_stopping": True, "validation_fraction": 0.2,
    "n_iter_no_change": 4, "tol": 0.0, "warm_start": True, "random_state": 7, "n_jobs": 1, "verbose": 1,
    "callbacks": [], "max_time": 100.0, "bidirectional": True, "return_sequences": False, "dense_layer_sizes": [6],
    "dense_activation": "tanh", "dropout": 0.1, "recurrent_dropout": 0.2, "input_noise": 0.1, "input": "values",
    "embedding_size": 8, "n_tokens": 1, "padding_id": None, "embedding_vectors": [[1.0]], "train_embedding": False,
    "missing": "mask", "chrono_init": 9,
}  # fmt: skip
OTHERS_OF = {
    regressor: {**OTHERS, "loss": "quantile", "delta": 2.0, "quantile": [0.2, 0.8], "validation_gap": 1},
    classifier: {**OTHERS, "class_weight": "balanced"},
}


@both
def test_a_clone_with_all_arguments_changed_is_what_they_say_and_can_be_fitted(make):
    fresh = type(make())()
    model = clone(fresh).set_params(**OTHERS_OF[make])
    assert model.get_params() == {**fresh.get_params(), **OTHERS_OF[make]}
    again = clone(model)
    assert again.get_params() == model.get_params() and not hasattr(again, "parameters_")
    expected = type(model)(**OTHERS_OF[make]).fit(X, TARGETS[make])
    for fitted in (model.fit(X, TARGETS[make]), again.fit(X, TARGETS[make])):
        np.testing.assert_array_equal(fitted.parameters_, expected.parameters_)
    back = clone(model).set_params(**make().get_params()).fit(X, TARGETS[make])
    np.testing.assert_array_equal(back.parameters_, make().fit(X, TARGETS[make]).parameters_)


def test_the_arguments_changed_above_are_all_that_there_are():
    for make, others in OTHERS_OF.items():
        fresh = type(make())().get_params()
        assert others.keys() == fresh.keys()
        same = ["input", "return_sequences"]  # with which this X and y would not do: tests/test_sequences.py has them
        assert [name for name in fresh if others[name] == fresh[name]] == same


def pickled(model):
    return pickle.loads(pickle.dumps(model))


def dumped(model, folder, mmap_mode=None):
    joblib.dump(model, folder / "model.joblib")
    return joblib.load(folder / "model.joblib", mmap_mode=mmap_mode)


@both
@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_pickle_and_joblib_keep_every_bit(make, dtype, tmp_path):
    frame = FRAME.astype(dtype)
    model = make(max_iter=3, early_stopping=True).fit(frame, TARGETS[make])
    methods = ["predict", "encode"] + ["predict_proba", "decision_function"] * (make is classifier)
    for again in (pickled(model), dumped(model, tmp_path), dumped(model, tmp_path, "r"), pickled(pickled(model))):
        for method in methods:
            np.testing.assert_array_equal(getattr(again, method)(frame), getattr(model, method)(frame))
        assert again.get_params() == model.get_params()
        assert list(again.feature_names_in_) == NAMES
        np.testing.assert_array_equal(again.history_.to_numpy(), model.history_.to_numpy())


def test_what_was_pickled_goes_on_as_the_original_would():
    model = regressor(warm_start=True, shuffle=False, max_iter=3).fit(X, Y)
    again = pickled(model)
    np.testing.assert_array_equal(again.fit(X, Y).parameters_, model.fit(X, Y).parameters_)


@pytest.mark.slow
@both
def test_a_pickle_is_read_in_another_process(make, tmp_path):
    """As after deployment: nothing of the process that fitted is there, not even the import."""
    model = make(max_iter=3).fit(X, TARGETS[make])
    joblib.dump((model, X, model.predict(X)), tmp_path / "model.joblib")
    code = (
        "import sys, joblib; model, X, answer = joblib.load(sys.argv[1]); "
        "assert (model.predict(X) == answer).all(); assert type(model).__module__ == sys.argv[2]"
    )
    home = "tsrnn.regressor" if make is regressor else "tsrnn.classifier"
    fault, text = run_apart([sys.executable, "-c", code, str(tmp_path / "model.joblib"), home], 60)
    assert not fault, text


# Pipelines and tables


@both
def test_a_pipeline_scales_learns_and_keeps_names(make):
    far = FRAME * 40 + 1000  # out of the range in which a network learns, unless it is scaled
    pipeline = make_pipeline(StandardScaler().set_output(transform="pandas"), make()).fit(
        far[TRAIN], TARGETS[make][TRAIN]
    )
    assert pipeline.score(far[TEST], TARGETS[make][TEST]) > LEARNT[make]
    assert list(pipeline[-1].feature_names_in_) == NAMES
    alone = make().fit(far[TRAIN], TARGETS[make][TRAIN])
    assert alone.score(far[TEST], TARGETS[make][TEST]) < LEARNT[make] - 0.2


def test_a_column_transformer_gives_windows_with_names():
    """The kind, in a column of texts, is the sign of the target: without it R2 is about 0."""
    kind = np.where(np.arange(240) % 2, "plus", "minus")
    y = np.where(kind == "plus", Y, -Y)
    table = FRAME.assign(kind=kind)
    columns = ColumnTransformer(
        [("kind", OneHotEncoder(sparse_output=False), ["kind"]), ("lags", StandardScaler(), NAMES)],
        verbose_feature_names_out=False,
    ).set_output(transform="pandas")
    pipeline = make_pipeline(columns, regressor(max_iter=100, hidden_layer_sizes=16)).fit(table[TRAIN], y[TRAIN])
    assert list(pipeline[-1].feature_names_in_) == ["kind_minus", "kind_plus", *NAMES]
    assert pipeline.score(table[TEST], y[TEST]) > 0.7
    assert pipeline.score(table[TEST].assign(kind="plus"), y[TEST]) < 0.5
    # Columns are chosen by name: the order of the table does not matter, a column that is not there does.
    np.testing.assert_array_equal(pipeline.predict(table[TEST][table.columns[::-1]]), pipeline.predict(table[TEST]))
    with pytest.raises(ValueError, match=r"columns are missing.*lag3"):
        pipeline.predict(table[TEST].drop(columns="lag3"))


def test_texts_in_one_column_of_a_table_are_classified_through_a_column_transformer():
    """The last of three words decides; it and its opposite come equally often, so the first words tell nothing."""
    words = np.array(["good", "bad", "it", "was"])
    rows = RNG.integers(2, 4, size=(200, 3))
    rows[:, 2] = np.arange(200) % 2
    table = pd.DataFrame({"n": np.arange(200), "text": [" ".join(words[row]) for row in rows]})
    columns = ColumnTransformer([("text", SequenceEncoder(max_length=3), "text")]).set_output(transform="pandas")
    pipeline = make_pipeline(columns, classifier()).fit(table[:120], rows[:120, 2])
    assert list(pipeline[-1].feature_names_in_) == ["text__step0", "text__step1", "text__step2"]
    assert pipeline.score(table[120:], rows[120:, 2]) > 0.95


LAST_WORD = np.arange(160) % 2
TEXTS = [f"{['it', 'so'][n % 3 % 2]} was {['bad', 'good'][label]}" for n, label in enumerate(LAST_WORD)]


def reader():
    """Return a pipeline that reads texts whose last word tells the class; the first comes equally often in both."""
    return make_pipeline(SequenceEncoder(max_length=3), StandardScaler(), classifier(max_iter=15))


def test_texts_pass_through_calibration_permutation_and_cross_validation_to_the_encoder():
    assert (
        CalibratedClassifierCV(reader(), cv=3).fit(TEXTS[:100], LAST_WORD[:100]).score(TEXTS[100:], LAST_WORD[100:])
        == 1
    )
    assert (cross_val_predict(reader(), TEXTS, LAST_WORD, cv=3) == LAST_WORD).all()
    _, _, scores = learning_curve(reader(), TEXTS, LAST_WORD, train_sizes=[30, 100], cv=3)
    assert scores[-1].min() == 1
    shuffled = [TEXTS[n] for n in RNG.permutation(160)]
    assert reader().fit(TEXTS, LAST_WORD).score(shuffled, LAST_WORD) < 0.7


def test_a_pipeline_that_reads_texts_keeps_every_bit_when_it_is_stored(tmp_path):
    model = reader().fit(TEXTS, LAST_WORD)
    again = dumped(model, tmp_path)
    np.testing.assert_array_equal(
        again.predict_proba([*TEXTS, "unknown words"]), model.predict_proba([*TEXTS, "unknown words"])
    )
    assert clone(model).fit(TEXTS, LAST_WORD).score(TEXTS, LAST_WORD) == 1


def test_weights_reach_the_classifier_behind_an_encoder():
    """Two of three rows have the contrary class and weight zero: who hears of the weights reads every text right."""
    heavy = np.arange(160) // 6 % 3 == 0
    contrary = np.where(heavy, LAST_WORD, 1 - LAST_WORD)
    assert reader().fit(TEXTS, contrary).score(TEXTS, LAST_WORD) == 0
    with config_context(enable_metadata_routing=True):
        model = reader()
        model[-1].set_fit_request(sample_weight=True)
        model[1].set_fit_request(sample_weight=False)
        assert model.fit(TEXTS, contrary, sample_weight=heavy).score(TEXTS, LAST_WORD) == 1


@both
def test_names_of_columns_are_checked_by_predict(make):
    y = TARGETS[make]
    model = make(max_iter=1).fit(FRAME, y)
    assert list(model.feature_names_in_) == NAMES and model.n_features_in_ == 6
    plain = make(max_iter=1).fit(X, y)
    np.testing.assert_array_equal(model.parameters_, plain.parameters_)
    np.testing.assert_array_equal(model.predict(FRAME), plain.predict(X))
    for wrong, said in {
        "in another order": (FRAME[NAMES[::-1]], "must be in the same order"),
        "missing": (FRAME.drop(columns="lag3"), "seen at fit time, yet now missing:\n- lag3"),
        "renamed": (FRAME.rename(columns={"lag3": "price"}), "unseen at fit time:\n- price"),
        "one more": (FRAME.assign(price=1.0), "unseen at fit time:\n- price"),
    }.values():
        with pytest.raises(ValueError, match=f"(?s)feature names should match.*{said}"):
            model.predict(wrong)
    with pytest.warns(UserWarning, match="X does not have valid feature names"):
        np.testing.assert_array_equal(model.predict(X), plain.predict(X))
    with pytest.warns(UserWarning, match="X has feature names, but .* was fitted without"):
        np.testing.assert_array_equal(plain.predict(FRAME), plain.predict(X))
    assert not hasattr(model.fit(X, y), "feature_names_in_")  # a later fit forgets the names


@both
def test_names_that_are_no_texts_are_refused_before_training(make):
    epochs = []
    model = make(callbacks=lambda estimator, record: epochs.append(record["epoch"]))
    with pytest.raises(TypeError, match="all input features have string names"):
        model.fit(FRAME.rename(columns={"lag3": 3}), TARGETS[make])
    assert epochs == []
    model.fit(FRAME.set_axis(range(6), axis=1), TARGETS[make])
    assert len(epochs) == SETTINGS["max_iter"] and not hasattr(model, "feature_names_in_")


@both
def test_names_of_columns_of_tokens_are_checked_too(make):
    ids = RNG.integers(1, 9, size=(240, 6))
    frame, options = pd.DataFrame(ids, columns=NAMES), {"max_iter": 1, "input": "tokens"}
    model = make(**options).fit(frame, TARGETS[make])
    assert list(model.feature_names_in_) == NAMES
    plain = make(**options).fit(ids, TARGETS[make])
    np.testing.assert_array_equal(model.predict(frame), plain.predict(ids))
    for wrong, said in (
        (frame[NAMES[::-1]], "must be in the same order"),
        (frame.rename(columns={"lag3": "price"}), "unseen at fit time:\n- price"),
    ):
        for call in (model.predict, model.encode, lambda X: model.partial_fit(X, TARGETS[make])):
            with pytest.raises(ValueError, match=f"(?s)feature names should match.*{said}"):
                call(wrong)
    with pytest.warns(UserWarning, match="X does not have valid feature names"):
        model.predict(ids)
    with pytest.warns(UserWarning, match="X has feature names, but .* was fitted without"):
        plain.predict(frame)
    with pytest.raises(TypeError, match="all input features have string names"):
        make(**options).fit(frame.rename(columns={"lag3": 3}), TARGETS[make])
    assert not hasattr(model.fit(ids, TARGETS[make]), "feature_names_in_")  # a later fit forgets the names


@both
@pytest.mark.parametrize("length", [5, 6], ids=["several lengths", "one length"])
def test_names_of_columns_of_sequences_that_are_tables_are_checked(make, length):
    y, swapped = TARGETS[make][:40], {"speed": "height", "height": "speed"}
    lengths = [length if n % 2 else 6 for n in range(40)]
    rows = [pd.DataFrame(X[n : n + lengths[n], :2], columns=["speed", "height"]) for n in range(40)]
    model = make(max_iter=1).fit(rows, y)
    plain = make(max_iter=1).fit([row.to_numpy() for row in rows], y)
    np.testing.assert_array_equal(model.predict(rows), plain.predict([row.to_numpy() for row in rows]))
    of_fit, other = "['speed', 'height']", "['height', 'speed']"
    wrong = [row.rename(columns=swapped) for row in rows]
    for call in (model.predict, model.encode, lambda X: model.partial_fit(X, y)):
        refused(ValueError, ["the rows of X have the columns", other, f"those of fit {of_fit}"], call, wrong)
    mixed = [*rows[:7], wrong[7], *rows[8:]]
    words = ["row 7 of X has the columns", other, f"the first has the columns {of_fit}"]
    refused(ValueError, words, make(max_iter=1).fit, mixed, y)
    refused(ValueError, words, model.predict, mixed)
    words = ["X of eval_set has the columns", other, of_fit]
    refused(ValueError, words, make(max_iter=1).fit, rows, y, eval_set=(wrong, y))
    words = ["row 3 of X has no names of columns", f"the first has the columns {of_fit}"]
    refused(ValueError, words, make(max_iter=1).fit, [*rows[:3], rows[3].to_numpy(), *rows[4:]], y)
    with pytest.warns(UserWarning, match="the rows of X have no names of columns, but .* with such names"):
        model.predict([row.to_numpy() for row in rows])
    with pytest.warns(UserWarning, match="the rows of X have names of columns, but .* was fitted without"):
        plain.predict(rows)


def test_what_is_no_transformer_has_no_output_to_set():
    for model in (regressor(), classifier()):
        assert not hasattr(model, "set_output") and not hasattr(model, "get_feature_names_out")
    encoder = SequenceEncoder(max_length=2).set_output(transform="pandas")
    assert list(encoder.fit_transform(["a b c"]).columns) == ["step0", "step1"] == list(encoder.get_feature_names_out())


# Searches


@both
@pytest.mark.parametrize("n_jobs", [1, pytest.param(2, marks=pytest.mark.slow)])  # processes take seconds to start
def test_a_grid_search_finds_the_settings_that_learn(make, n_jobs):
    """One epoch at a small step learns nothing; thirty at a large one do."""
    grid = {"max_iter": [1, 30], "learning_rate": [1e-5, 0.03]}
    search = GridSearchCV(make(n_jobs=None), grid, cv=3, n_jobs=n_jobs).fit(X[TRAIN], TARGETS[make][TRAIN])
    assert search.best_params_ == {"max_iter": 30, "learning_rate": 0.03}
    assert search.best_score_ > LEARNT[make] - 0.05
    assert search.score(X[TEST], TARGETS[make][TEST]) > LEARNT[make]
    assert sorted(search.cv_results_["mean_test_score"])[-2] < search.best_score_ - 0.2
    np.testing.assert_array_equal(search.predict(X), make().fit(X[TRAIN], TARGETS[make][TRAIN]).predict(X))


@pytest.mark.parametrize("n_jobs", [1, pytest.param(2, marks=pytest.mark.slow)])  # processes take seconds to start
def test_a_randomized_search_finds_the_settings_that_learn(n_jobs):
    space = {"learning_rate": [1e-6, 1e-5, 0.03, 0.05], "hidden_layer_sizes": [8, (8,)]}
    search = RandomizedSearchCV(regressor(n_jobs=None), space, n_iter=6, cv=3, n_jobs=n_jobs, random_state=0)
    search.fit(X[TRAIN], Y[TRAIN])
    assert search.best_params_["learning_rate"] >= 0.03
    assert search.score(X[TEST], Y[TEST]) > 0.8
    tried = search.cv_results_["param_learning_rate"].astype(float) < 1e-3
    assert tried.any() and search.cv_results_["mean_test_score"][tried].max() < 0.3


@both
def test_a_halving_search_spends_epochs_on_what_learns(make):
    search = HalvingGridSearchCV(
        make(), {"learning_rate": [1e-6, 1e-5, 1e-4, 0.03]}, resource="max_iter", min_resources=8, max_resources=32,
        factor=2, cv=3, random_state=0,
    )  # fmt: skip
    search.fit(X[TRAIN], TARGETS[make][TRAIN])
    assert search.best_params_ == {"learning_rate": 0.03, "max_iter": 32}
    assert search.n_candidates_ == [4, 2, 1] and search.n_resources_ == [8, 16, 32]
    assert search.score(X[TEST], TARGETS[make][TEST]) > LEARNT[make]


def test_a_search_tells_which_fit_failed_and_goes_on():
    search = GridSearchCV(regressor(), {"learning_rate": [0.03, 1e300]}, cv=2)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        search.fit(X[TRAIN], Y[TRAIN])
    assert search.best_params_ == {"learning_rate": 0.03}
    assert any("lower learning_rate=1e+300" in str(warning.message) for warning in said)
    assert np.isnan(search.cv_results_["mean_test_score"]).tolist() == [False, True]


# Evaluation


def test_cross_val_predict_predicts_each_row_from_the_others():
    assert r2_score(Y, cross_val_predict(regressor(), X, Y, cv=3)) > 0.8
    both_ends = np.column_stack([Y, X[:, 0]])
    predicted = cross_val_predict(regressor(), X, both_ends, cv=3)
    assert r2_score(both_ends, predicted, multioutput="raw_values").min() > 0.8
    probabilities = cross_val_predict(classifier(), X, CLASSES, cv=3, method="predict_proba")
    assert log_loss(CLASSES, probabilities) < 0.35  # by chance it is log 2 = 0.69
    decisions = cross_val_predict(classifier(), X, CLASSES, cv=3, method="decision_function")
    np.testing.assert_array_equal(decisions > 0, probabilities[:, 1] > 0.5)
    assert accuracy_score(CLASSES, cross_val_predict(classifier(), X, CLASSES, cv=3)) > 0.85


LENGTHS = RNG.integers(2, 7, 160)
ROWS = [row[:length] for row, length in zip(X, LENGTHS, strict=False)]
SUMS = [row.cumsum() for row in ROWS]  # whose sign is a class at every step
PADDED, PADDED_SUMS = (np.full((160, 6), np.nan) for _ in range(2))
for n, length in enumerate(LENGTHS):
    PADDED[n, :length], PADDED_SUMS[n, :length] = ROWS[n], SUMS[n]


def column(rows):
    """Return sequences as an array of objects, as a column of a table has them."""
    return np.fromiter(rows, object, len(rows))


@pytest.mark.parametrize("container", [list, column])
def test_cross_val_predict_predicts_every_step_of_sequences_of_several_lengths(container):
    predicted = cross_val_predict(regressor(return_sequences=True), container(ROWS), container(SUMS), cv=3)
    assert [len(row) for row in predicted] == LENGTHS.tolist()
    assert r2_score(np.concatenate(SUMS), np.concatenate(predicted)) > 0.8
    signs = [np.where(row > 0, "plus", "minus") for row in SUMS]
    predicted = cross_val_predict(classifier(return_sequences=True), container(ROWS), container(signs), cv=3)
    assert (np.concatenate(predicted) == np.concatenate(signs)).mean() > 0.85
    noise = [RNG.normal(size=len(row)) for row in ROWS]
    predicted = cross_val_predict(regressor(return_sequences=True), container(ROWS), container(noise), cv=3)
    assert r2_score(np.concatenate(noise), np.concatenate(predicted)) < 0.2


def test_cross_val_predict_keeps_the_mask_of_steps_that_are_missing():
    """np.concatenate drops the mask of a plain masked array, and what pads would count as an answer."""
    options = {"return_sequences": True, "missing": "mask"}
    is_step = np.isfinite(PADDED)
    predicted = cross_val_predict(regressor(**options), PADDED, PADDED_SUMS, cv=3)
    np.testing.assert_array_equal(predicted.mask, ~is_step)
    assert np.isnan(np.asarray(predicted)[~is_step]).all()
    assert r2_score(PADDED_SUMS[is_step], predicted.compressed()) > 0.8
    signs = np.where(PADDED_SUMS > 0, "plus", "minus")
    predicted = cross_val_predict(classifier(**options), PADDED, signs, cv=3)
    np.testing.assert_array_equal(predicted.mask, ~is_step)
    assert (predicted.compressed() == signs[is_step]).mean() > 0.85


def test_predictions_with_a_mask_keep_it_however_they_are_joined_and_stored():
    part = regressor(return_sequences=True, missing="mask").fit(PADDED, PADDED_SUMS).predict(PADDED[:7])
    mask, whole = np.isnan(PADDED[:7]), np.zeros((7, 6))
    for joined, expected in (
        (np.concatenate([part, part]), np.vstack([mask, mask])),
        (np.concatenate([part, whole], axis=1), np.hstack([mask, whole > 0])),
        (np.concatenate([whole, part], 1), np.hstack([whole > 0, mask])),
        (np.concatenate([part, part], axis=None), np.concatenate([mask, mask], axis=None)),
        (np.stack([pickled(part), part]), np.stack([mask, mask])),
        (np.vstack([part[2:], part[:2]]), np.vstack([mask[2:], mask[:2]])),
    ):
        np.testing.assert_array_equal(np.ma.getmaskarray(joined), expected)


def test_scores_and_searches_take_sequences_of_several_lengths():
    """`score` is over all steps; a measure of one's own joins them."""
    grid = {"max_iter": [1, 30]}

    def negative_error(model, X, y):
        return -np.mean((np.concatenate(model.predict(X)) - np.concatenate(y)) ** 2)

    variance = np.concatenate(SUMS).var()  # the error of a constant
    for scoring, enough in ((None, 0.8), (negative_error, -0.2 * variance)):
        search = GridSearchCV(regressor(return_sequences=True), grid, cv=3, scoring=scoring).fit(ROWS, SUMS)
        assert search.best_params_ == {"max_iter": 30}
        assert search.best_score_ > enough
    signs = [row > 0 for row in SUMS]
    scores = cross_validate(classifier(return_sequences=True), column(ROWS), column(signs), cv=3)
    assert scores["test_score"].min() > 0.85


def test_cross_validate_scores_by_many_measures():
    scores = cross_validate(classifier(), X, CLASSES, cv=3, scoring=["roc_auc", "neg_log_loss", "f1_macro"])
    assert scores["test_roc_auc"].min() > 0.9  # 0.5 by chance
    assert scores["test_neg_log_loss"].min() > -0.4 and scores["test_f1_macro"].min() > 0.8


def test_a_transformed_target_is_learnt_on_its_own_scale():
    """Targets in thousands lie out of reach of 30 epochs; scaled ones do not, and come back in thousands."""
    y = 5000 * Y + 20000
    model = TransformedTargetRegressor(regressor(), transformer=StandardScaler()).fit(X[TRAIN], y[TRAIN])
    assert model.score(X[TEST], y[TEST]) > 0.8
    assert regressor().fit(X[TRAIN], y[TRAIN]).score(X[TEST], y[TEST]) < 0
    logarithm = TransformedTargetRegressor(regressor(), func=np.log, inverse_func=np.exp)
    assert r2_score(Y[TEST], np.log(logarithm.fit(X[TRAIN], np.exp(Y[TRAIN])).predict(X[TEST]))) > 0.8
    several = TransformedTargetRegressor(regressor(), transformer=StandardScaler())
    several.fit(X[TRAIN], 5000 * X[TRAIN, 4:])
    assert several.predict(X[TEST]).shape == (80, 2) and several.score(X[TEST], 5000 * X[TEST, 4:]) > 0.8


@both
def test_permutation_importance_finds_the_two_steps_that_count(make):
    model = make().fit(FRAME[TRAIN], TARGETS[make][TRAIN])
    importance = permutation_importance(model, FRAME[TEST], TARGETS[make][TEST], n_repeats=5, random_state=0)
    mean = dict(zip(NAMES, importance.importances_mean, strict=True))
    least = min(mean.pop("lag6"), mean.pop("lag1"))
    assert least > 0.15  # of R2, and of accuracy
    assert max(mean.values()) < least / 3


def test_a_learning_curve_rises_with_the_rows():
    sizes, _, scores = learning_curve(regressor(), X, Y, train_sizes=[12, 120], cv=3)
    assert list(sizes) == [12, 120]
    few, many = scores.mean(axis=1)
    assert many > 0.8 and few < many - 0.1


@pytest.mark.parametrize("method", ["sigmoid", "isotonic"])
def test_a_classifier_is_calibrated(method):
    """Balanced weights on a class that comes in one of five rows claim too much: calibration brings that back."""
    y = (RNG.random(240) < 0.2) * 1  # no signal at all: 0.2 is all that can be known
    biased = classifier(class_weight="balanced", max_iter=5)
    calibrated = CalibratedClassifierCV(biased, cv=3, method=method).fit(X, y)
    claimed = biased.fit(X, y).predict_proba(X)[:, 1]
    assert abs(calibrated.predict_proba(X)[:, 1].mean() - y.mean()) < 0.05 < claimed.mean() - y.mean() - 0.1
    assert brier_score_loss(y, calibrated.predict_proba(X)[:, 1]) < brier_score_loss(y, claimed)
    model = CalibratedClassifierCV(classifier(), cv=3, method=method).fit(X[TRAIN], CLASSES[TRAIN])
    assert model.score(X[TEST], CLASSES[TEST]) > 0.85
    assert log_loss(CLASSES[TEST], model.predict_proba(X[TEST])) < 0.4


def test_votes_and_stacks_are_made_with_it():
    line = LinearRegression()
    for ensemble in (VotingRegressor, StackingRegressor):
        model = ensemble([("rnn", regressor()), ("line", line)]).fit(X[TRAIN], np.tanh(3 * Y[TRAIN]))
        assert model.score(X[TEST], np.tanh(3 * Y[TEST])) > 0.8
        assert model.named_estimators_["rnn"].n_iter_ == 30


# Metadata

# Each row of training three times, of which two teach the contrary and have the weight zero.
THRICE = np.repeat(np.arange(160), 3)
FAITH = np.tile([1.0, 0.0, 0.0], 160)
CONTRARY = {
    regressor: np.where(FAITH > 0, Y[THRICE], -Y[THRICE]),
    classifier: np.where((Y[THRICE] > 0) == (FAITH > 0), "up", "down"),
}


@both
def test_weights_reach_a_fit_at_the_end_of_a_pipeline_and_of_a_search(make):
    """Who hears nothing of the weights believes the rows that teach the contrary, and scores by them."""
    rows, y = X[THRICE], CONTRARY[make]
    deaf = make_pipeline(StandardScaler(), make()).fit(rows, y)
    assert deaf.score(X[TEST], TARGETS[make][TEST]) < 0.3
    with config_context(enable_metadata_routing=True):
        heard = make().set_fit_request(sample_weight=True).set_score_request(sample_weight=True)
        pipeline = make_pipeline(StandardScaler().set_fit_request(sample_weight=True), heard)
        pipeline.fit(rows, y, sample_weight=FAITH)
        assert pipeline.score(X[TEST], TARGETS[make][TEST]) > LEARNT[make]
        assert pipeline.score(rows, y, sample_weight=FAITH) > LEARNT[make] > pipeline.score(rows, y) + 0.2
        name = f"{type(heard).__name__.lower()}__max_iter"
        scorer = get_scorer("r2" if make is regressor else "accuracy").set_score_request(sample_weight=True)
        search = GridSearchCV(pipeline, {name: [1, 30]}, cv=2, scoring=scorer).fit(rows, y, sample_weight=FAITH)
        assert search.best_params_ == {name: 30}
        assert search.best_score_ > LEARNT[make] - 0.1


def test_weights_that_nobody_asked_for_are_refused_by_routing():
    with config_context(enable_metadata_routing=True):
        search = GridSearchCV(regressor(), {"max_iter": [1]}, cv=2)
        refused(ValueError, ["sample_weight", "not explicitly set as requested or not", "RNNRegressor"], search.fit,
                X, Y, sample_weight=np.ones(240))  # fmt: skip


def test_an_eval_set_is_routed_through_a_pipeline_as_it_is_given():
    """A Pipeline scales X and not the eval_set, whose loss is that of the numbers as they are."""
    held_out = (10 * X[:40], Y[:40])
    with config_context(enable_metadata_routing=True):
        pipeline = make_pipeline(StandardScaler(), regressor(max_iter=3).set_fit_request(eval_set=True))
        routed = pipeline.fit(X, Y, eval_set=held_out)[-1]
    alone = regressor(max_iter=3).fit(StandardScaler().fit_transform(X), Y, eval_set=held_out)
    assert routed.validation_loss_curve_ == alone.validation_loss_curve_
    assert np.isfinite(routed.validation_loss_curve_).all()


# scikit-learn's own checks

OTHER_CHECKS = [  # which check_estimator leaves to those who know that they apply
    "check_dataframe_column_names_consistency", "check_param_validation", "check_inplace_ensure_writeable",
]  # fmt: skip


@pytest.mark.parametrize("name", OTHER_CHECKS)
@both
def test_checks_outside_check_estimator_pass(make, name):
    model = make(max_iter=2)
    getattr(estimator_checks, name)(type(model).__name__, model)


def test_the_check_of_several_outputs_passes_for_labels_too():
    estimator_checks.check_classifier_multioutput("RNNClassifier", classifier(max_iter=2))


@both
def test_no_tag_makes_a_check_vanish(make):
    tags = get_tags(make())
    assert tags.input_tags.two_d_array and tags.input_tags.three_d_array
    assert tags.requires_fit and tags.target_tags.required
    assert not (tags._skip_test or tags.non_deterministic or tags.no_validation or tags.input_tags.allow_nan)
    assert not (tags.regressor_tags or tags.classifier_tags).poor_score
    assert tags.target_tags.multi_output if make is regressor else tags.classifier_tags.multi_label
    assert has_fit_parameter(make(), "sample_weight")


OF_BOTH = {
    "missing": {"missing": "mask"},
    "bidirectional": {"bidirectional": True},
    "two layers": {"hidden_layer_sizes": (6, 4), "dense_layer_sizes": 8},
    "rnn": {"cell": "rnn"},
    "lstm": {"cell": "lstm", "max_iter": 60},
    "cosine": {"schedule": {"name": "cosine", "warm_up": 2}},
    "plateau": {"schedule": "plateau"},
    "adamw": {"optimizer": "adamw", "alpha": 0.01},
    "time": {"max_time": 100.0},
    "penalty": {"alpha": 0.01, "max_iter": 60},
    "penalty of sgd": {"optimizer": "sgd", "alpha": 0.01, "max_iter": 60},
}
VARIANTS = [
    *((make, name, options) for make in (regressor, classifier) for name, options in OF_BOTH.items()),
    (regressor, "absolute", {"loss": "absolute_error"}),
    (regressor, "huber", {"loss": "huber"}),
    (regressor, "quantile", {"loss": "quantile", "max_iter": 100}),
]
GOES_ON = {"check_fit_score_takes_y", "check_n_features_in_after_fitting", "check_estimators_partial_fit_n_features"}
REPEATS = {"check_sample_weight_equivalence_on_dense_data"}
# What some options cannot do, as in scikit-learn's own estimators: partial_fit refuses the first three, as it does
# there in MLPClassifier and SGDClassifier. A row that weighs two is not the same as two rows where one of these may be
# held out, be in another minibatch, or have a mask and noise of its own. What goes on from weights cannot be fitted
# twice alike, nor take other shapes; counts are not negative; of several quantiles there is no R^2, and an axis more.
CANNOT = [
    (regressor, "early_stopping", {"early_stopping": True, "n_iter_no_change": 60, "max_iter": 60}, GOES_ON | REPEATS),
    (classifier, "early_stopping", {"early_stopping": True}, GOES_ON | REPEATS),
    (classifier, "balanced", {"class_weight": "balanced"}, GOES_ON),
    (regressor, "dropout", {"dropout": 0.1, "max_iter": 100}, REPEATS),
    (regressor, "recurrent_dropout", {"recurrent_dropout": 0.1, "max_iter": 100}, REPEATS),
    (classifier, "dropout", {"dropout": 0.1, "recurrent_dropout": 0.1}, REPEATS),
    (regressor, "input_noise", {"input_noise": 0.05}, REPEATS),
    (regressor, "small minibatches", {"batch_size": 8}, REPEATS),
    (regressor, "poisson", {"loss": "poisson", "max_iter": 100}, {"check_regressor_multioutput"}),
    (
        regressor, "two quantiles", {"loss": "quantile", "quantile": (0.1, 0.9)},
        {"check_fit_score_takes_y", "check_n_features_in_after_fitting", "check_pipeline_consistency",
         "check_regressors_train", "check_regressor_multioutput"},
    ),
    (regressor, "warm_start", {"warm_start": True}, {"check_regressors_train", "check_supervised_y_2d"}),
    (
        classifier, "warm_start", {"warm_start": True},
        {"check_classifiers_train", "check_supervised_y_2d", "check_classifiers_multilabel_representation_invariance"},
    ),
]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize(
    "make, options, cannot",
    [
        pytest.param(make, options, set(*cannot), id=f"{name} of a {make.__name__}")
        for make, name, options, *cannot in [*VARIANTS, *CANNOT]
    ],
)
def test_every_check_passes_whatever_the_options_but_what_an_option_excludes(make, options, cannot):
    results = estimator_checks.check_estimator(make().set_params(**options), on_fail=None, on_skip=None)
    missed = {result["check_name"] for result in results if result["status"] != "passed"}
    assert missed - {"check_array_api_input"} == cannot  # which runs only where SCIPY_ARRAY_API is set


@pytest.mark.slow
@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn"])
@pytest.mark.parametrize("make", [RNNRegressor, RNNClassifier])
def test_every_check_passes_with_all_arguments_as_they_are_by_default(make, cell):
    results = estimator_checks.check_estimator(make(cell), on_fail="raise", on_skip=None)
    missed = {result["check_name"] for result in results if result["status"] != "passed"}
    assert missed <= {"check_array_api_input"}  # which runs only where SCIPY_ARRAY_API is set


def run_every_check():
    """Run all of check_estimator where array API dispatch can be switched on; each must pass, none be skipped."""
    weights = np.arange(240.0)
    outputs = {regressor: np.column_stack([Y, -Y]), classifier: np.column_stack([Y > 0, X[:, 0] > 0]) * 1}
    for make in TARGETS:
        model = make(max_iter=20)
        name = type(model).__name__
        results = estimator_checks.check_estimator(model, on_fail="raise", on_skip=None)
        assert {(result["status"], result["expected_to_fail"]) for result in results} == {("passed", False)}
        names = {result["check_name"] for result in results}
        assert "check_sample_weight_equivalence_on_dense_data" in names
        assert ("check_regressor_multioutput" in names) == (make is regressor)
        assert ("check_classifiers_multilabel_output_format_predict" in names) == (make is classifier)
        if parse_version(sklearn.__version__) < parse_version("1.9"):
            continue  # older versions have no such check for estimators without array API support
        estimator_checks.check_array_api_input_and_values(name, model, "numpy", check_sample_weight=True)
        assert "check_array_api_input" in names
        with config_context(array_api_dispatch=True):
            dispatched = make(max_iter=2).fit(X, outputs[make], sample_weight=weights)
            answer = dispatched.predict(X)
        plain = make(max_iter=2).fit(X, outputs[make], sample_weight=weights)
        np.testing.assert_array_equal(answer, plain.predict(X))


@pytest.mark.slow
def test_every_check_passes_that_of_the_array_api_too_with_weights_and_several_outputs():
    """The array API check runs only where SCIPY_ARRAY_API is set before SciPy is imported.

    The kernels compute on the processor, so the estimators do not declare array API support: what scikit-learn asks
    of them is that nothing changes for NumPy arrays when dispatch is on.
    """
    call_apart(run_every_check, {}, 300, SCIPY_ARRAY_API="1")
