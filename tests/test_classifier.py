"""RNNClassifier tells classes and labels as scikit-learn's classifiers do."""

import pickle

import numpy as np
import pytest
from scipy.sparse import csr_matrix
from sklearn.calibration import CalibratedClassifierCV
from sklearn.exceptions import DataConversionWarning
from sklearn.metrics import log_loss
from sklearn.model_selection import GridSearchCV, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import check_estimator

from tsrnn import RNNClassifier

RNG = np.random.default_rng(0)
WALKS = RNG.normal(size=(400, 10)).cumsum(axis=1)
UP = np.where(WALKS[:, -1] > WALKS[:, 0], "up", "down")
WHERE = np.digitize(WALKS[:, -1] - WALKS[:, 0], [-1.5, 1.5]) - 1  # -1, 0, 1
LABELS = np.column_stack([WALKS[:, -1] > WALKS[:, 0], WALKS[:, 5] > WALKS[:, 0], WALKS[:, -1] > 0]).astype(int)


def classifier(**changes):
    settings = {"hidden_layer_sizes": 8, "learning_rate": 0.02, "max_iter": 40, "random_state": 0}
    return RNNClassifier(**{**settings, **changes})


def test_scikit_learns_own_checks_pass():
    results = check_estimator(classifier(max_iter=20), on_fail="raise", on_skip=None)
    not_run = {result["check_name"] for result in results if result["status"] != "passed"}
    assert not_run <= {"check_array_api_input"}  # runs only where SCIPY_ARRAY_API is set


@pytest.mark.parametrize("y", [UP, WHERE], ids=["two classes", "three classes"])
def test_classes_are_told(y):
    model = classifier().fit(WALKS[:300], y[:300])
    assert model.score(WALKS[300:], y[300:]) > 0.8
    np.testing.assert_array_equal(model.classes_, np.unique(y))
    probabilities = model.predict_proba(WALKS[300:])
    assert probabilities.shape == (100, len(model.classes_))
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-12)
    np.testing.assert_array_equal(model.predict(WALKS[300:]), model.classes_[probabilities.argmax(axis=1)])
    np.testing.assert_allclose(model.predict_log_proba(WALKS[300:]), np.log(probabilities), rtol=1e-9)
    outputs = model.decision_function(WALKS[300:])
    odds = probabilities if len(model.classes_) > 2 else probabilities / probabilities[:, :1]
    expected = np.exp(outputs - np.max(outputs, axis=1, keepdims=True)) if outputs.ndim > 1 else np.exp(outputs)
    expected = expected / expected.sum(axis=1, keepdims=True) if outputs.ndim > 1 else expected
    np.testing.assert_allclose(odds if outputs.ndim > 1 else odds[:, 1], expected, rtol=1e-9)
    assert log_loss(y[300:], probabilities) < 0.75  # of classes drawn by chance it is log 2 or log 3


def test_labels_are_told_one_by_one():
    model = classifier(max_iter=60).fit(WALKS[:300], LABELS[:300])
    probabilities = model.predict_proba(WALKS[300:])
    assert probabilities.shape == (100, 3)
    np.testing.assert_array_equal(model.predict(WALKS[300:]), (probabilities > 0.5).astype(int))
    assert ((probabilities > 0.5) == LABELS[300:]).mean(axis=0).min() > 0.85
    sparse = classifier(max_iter=60).fit(WALKS[:300], csr_matrix(LABELS[:300]))
    np.testing.assert_array_equal(sparse.parameters_, model.parameters_)


def test_the_loss_is_the_log_loss_of_the_weights_before_each_update():
    model = classifier(max_iter=2, batch_size=400, shuffle=False, learning_rate=1e-3).fit(WALKS, WHERE)
    first = classifier(max_iter=1, batch_size=400, shuffle=False, learning_rate=1e-3).fit(WALKS, WHERE)
    assert model.loss_curve_[1] == pytest.approx(log_loss(WHERE, first.predict_proba(WALKS)), rel=1e-12)


def test_a_weight_of_a_class_is_one_of_its_rows():
    common = {"batch_size": 400, "shuffle": False, "max_iter": 5}
    by_class = classifier(class_weight={"up": 3.0, "down": 0.5}, **common).fit(WALKS, UP)
    by_row = classifier(**common).fit(WALKS, UP, sample_weight=np.where(UP == "up", 3.0, 0.5))
    np.testing.assert_array_equal(by_class.parameters_, by_row.parameters_)
    both = classifier(class_weight={"up": 2.0, "down": 1.0}, **common)
    both.fit(WALKS, UP, sample_weight=np.where(UP == "up", 1.5, 0.5))
    np.testing.assert_array_equal(both.parameters_, by_row.parameters_)


def test_balanced_classes_weigh_the_same_however_rare():
    y = np.where(np.arange(400) % 10 == 0, "rare", "common")
    blind = np.zeros((400, 3))
    whole = {"batch_size": 400, "max_iter": 400, "n_iter_no_change": 400}
    # After 400 updates the only weight that counts, a bias, is as near as its steps of at most 0.02 leave it.
    probabilities = classifier(class_weight="balanced", **whole).fit(blind, y).predict_proba(blind[:1])
    np.testing.assert_allclose(probabilities, 0.5, atol=0.02)
    plain = classifier(**whole).fit(blind, y).predict_proba(blind[:1])
    np.testing.assert_allclose(plain, [[0.9, 0.1]], atol=0.02)


def test_early_stopping_holds_out_each_class_its_share():
    y = np.where(np.arange(400) % 20 == 0, "rare", "common")
    model = classifier(early_stopping=True, validation_fraction=0.1)
    held_out = model._draw_validation((y == "rare").astype(float)[:, None], 40)
    assert held_out.sum() == 40 and (y[held_out] == "rare").sum() == 2
    again = model._draw_validation((y == "rare").astype(float)[:, None], 40)
    np.testing.assert_array_equal(held_out, again)


@pytest.mark.parametrize("y", [UP, WHERE, LABELS], ids=["two classes", "three classes", "labels"])
def test_early_stopping_watches_what_it_holds_out(y):
    model = classifier(early_stopping=True, max_iter=3, batch_size=400, shuffle=False).fit(WALKS, y)
    assert np.isfinite(model.validation_loss_curve_).all()
    targets = np.unique(y, return_inverse=True)[1].reshape(400, -1) if y is not LABELS else y
    held_out = classifier()._draw_validation(targets.astype(float), 40)
    weighted = classifier(max_iter=3, batch_size=400, shuffle=False).fit(WALKS, y, sample_weight=~held_out)
    np.testing.assert_allclose(model.loss_curve_, weighted.loss_curve_, rtol=1e-12)  # sums in another order


def test_scikit_learns_tools_take_it():
    search = GridSearchCV(
        make_pipeline(StandardScaler(), classifier(max_iter=15)), {"rnnclassifier__hidden_layer_sizes": [2, 8]}, cv=3
    ).fit(WALKS, UP)
    assert search.best_score_ > 0.85
    proba = cross_val_predict(classifier(max_iter=15), WALKS, WHERE, method="predict_proba", cv=3)
    assert log_loss(WHERE, proba) < 0.6
    calibrated = CalibratedClassifierCV(classifier(max_iter=15), cv=3).fit(WALKS[:300], UP[:300])
    assert calibrated.score(WALKS[300:], UP[300:]) > 0.85
    model = classifier(max_iter=3).fit(WALKS, UP)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(model)).predict(WALKS), model.predict(WALKS))


def test_a_column_of_classes_warns_and_counts_as_one_dimension():
    with pytest.warns(DataConversionWarning):
        assert classifier(max_iter=1).fit(WALKS, UP[:, None]).predict(WALKS).shape == (400,)


@pytest.mark.parametrize(
    "y, said",
    [
        (np.full(400, "up"), "y holds one class alone, .*up.*; a classifier needs two or more"),
        (np.column_stack([WHERE, WHERE]), "or labels as 0 and 1, or set return_sequences=True"),
        (WALKS[:, 0], "Unknown label type: continuous"),
        (np.where(UP == "up", np.nan, 1.0), "NaN"),
        (UP[:-1], "inconsistent numbers of samples"),
    ],
    ids=["one class", "two columns of classes", "numbers", "a missing class", "too few"],
)
def test_what_are_no_classes_gets_one_sentence(y, said):
    with pytest.raises(ValueError, match=said):
        classifier().fit(WALKS, y)


def test_windows_of_a_view_are_not_copied_for_validation():
    series = np.sin(np.arange(3000.0))
    windows = np.lib.stride_tricks.sliding_window_view(series, 40)[:2000]
    model = classifier(early_stopping=True, max_iter=1, hidden_layer_sizes=2)
    seen = []
    model._train = lambda architecture, windows, options, rng, validation, *_: seen.extend([windows, validation])
    with pytest.raises(AttributeError):  # the training that never was
        model.fit(windows, np.arange(2000) % 2)
    assert all(np.shares_memory(part.X, series) for part in seen)
