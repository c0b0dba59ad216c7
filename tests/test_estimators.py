"""RNNRegressor is a scikit-learn estimator whose rows are windows."""

import pickle

import naive
import numpy as np
import pytest
from cells import VARIANTS, each_variant
from sklearn.base import clone
from sklearn.exceptions import DataConversionWarning
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import check_estimator

from tsrnn import RNNRegressor
from tsrnn.network.architecture import Architecture

RNG = np.random.default_rng(0)
X = RNG.normal(size=(90, 7, 2))
Y = np.column_stack([X[:, :, 0].mean(axis=1), X[:, -1, 1]])


def regressor(**changes):
    return RNNRegressor(**{"hidden_layer_sizes": 5, "max_iter": 4, "random_state": 0, "learning_rate": 0.01, **changes})


def test_scikit_learns_own_checks_pass():
    estimator = RNNRegressor(hidden_layer_sizes=8, max_iter=40, learning_rate=0.02, random_state=0)
    results = check_estimator(estimator, on_fail="raise", on_skip=None)
    not_run = {result["check_name"] for result in results if result["status"] != "passed"}
    assert not_run <= {"check_array_api_input"}  # runs only where SCIPY_ARRAY_API is set


@each_variant
def test_predict_is_the_naive_forward_pass_of_the_weights_learnt(cell, reset_after):
    model = regressor(cell=cell, reset_after=reset_after, hidden_layer_sizes=(5, 3), activation="relu").fit(X, Y)
    architecture = Architecture(cell, 7, 2, (5, 3), 2, "relu", reset_after)
    weights = architecture.views(model.parameters_)
    expected = naive.forward(cell, weights, X, activation="relu", reset_after=reset_after)
    np.testing.assert_allclose(model.predict(X), expected, rtol=1e-12, atol=1e-13)  # float64, another order of sums


def test_windows_of_one_feature_may_be_two_dimensional():
    flat = regressor().fit(X[:, :, 0], Y[:, 0]).predict(X[:, :, 0])
    deep = regressor().fit(X[:, :, :1], Y[:, 0]).predict(X[:, :, :1])
    assert np.array_equal(flat, deep)


def test_shape_of_y_decides_the_shape_of_predictions():
    assert regressor().fit(X, Y).predict(X).shape == (90, 2)
    assert regressor().fit(X, Y[:, 0]).predict(X).shape == (90,)
    with pytest.warns(DataConversionWarning):
        assert regressor().fit(X, Y[:, :1]).predict(X).shape == (90,)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_computes_in_the_dtype_of_the_data(dtype):
    model = regressor().fit(X.astype(dtype), Y)
    assert model.parameters_.dtype == model.predict(X.astype(dtype)).dtype == dtype


def test_every_option_of_training_changes_what_is_learnt():
    base = regressor().fit(X, Y).parameters_
    changes = {
        "cell": "gru", "activation": "relu", "hidden_layer_sizes": (5, 5), "learning_rate": 0.02, "clip_norm": 0.01,
        "batch_size": 16, "shuffle": False, "max_iter": 5, "early_stopping": True, "random_state": 1,
        "chrono_init": 9,
    }  # fmt: skip
    for name, value in changes.items():
        changed = regressor(**{name: value}).fit(X, Y).parameters_
        assert changed.shape != base.shape or not np.array_equal(changed, base), name
    gru = regressor(cell="gru").fit(X, Y).parameters_
    assert not np.array_equal(gru, regressor(cell="gru", chrono_init=9).fit(X, Y).parameters_)
    assert gru.size != regressor(cell="gru", reset_after=False).fit(X, Y).parameters_.size


def test_early_stopping_watches_the_latest_rows_and_learns_nothing_from_them():
    y = Y.copy()
    y[-9:] += 100.0
    one, other = regressor(early_stopping=True, max_iter=1), regressor(early_stopping=True, max_iter=1)
    one.fit(X, Y)
    other.fit(X, y)
    assert np.array_equal(one.parameters_, other.parameters_)
    assert one.validation_loss_curve_ != other.validation_loss_curve_


def test_warm_start_goes_on_where_the_last_fit_ended():
    warm = regressor(warm_start=True, shuffle=False, max_iter=2).fit(X, Y).fit(X, Y)
    assert np.array_equal(warm.parameters_, regressor(shuffle=False, max_iter=4).fit(X, Y).parameters_)
    with pytest.raises(ValueError, match="warm_start needs the same shapes"):
        warm.fit(X[:, :3], Y)


def test_history_holds_one_row_per_epoch():
    model = regressor(early_stopping=True).fit(X, Y)
    assert list(model.history_.columns) == ["epoch", "loss", "validation_loss", "learning_rate", "seconds"]
    assert list(model.history_["epoch"]) == [1, 2, 3, 4]
    assert list(model.history_["loss"]) == model.loss_curve_
    assert list(model.history_["validation_loss"]) == model.validation_loss_curve_


def test_learns_in_a_pipeline_a_grid_search_and_a_cross_validation():
    x, y = X[:, :, 0], Y[:, 0]
    model = regressor(max_iter=60, hidden_layer_sizes=8, learning_rate=0.02)
    assert cross_val_score(make_pipeline(StandardScaler(), model), x, y, cv=3).min() > 0.8
    search = GridSearchCV(model, {"cell": ["rnn", "gru"], "max_iter": [1, 60]}, cv=3).fit(x, y)
    assert search.best_params_["max_iter"] == 60
    assert search.best_score_ > 0.8


def test_clone_and_pickle_keep_arguments_and_predictions():
    model = regressor(hidden_layer_sizes=[4, 3], clip_norm=None).fit(X, Y)
    assert clone(model).get_params() == model.get_params()
    assert np.array_equal(pickle.loads(pickle.dumps(model)).predict(X), model.predict(X))


def test_callbacks_are_given_the_estimator_and_may_end_training():
    seen = []

    def stop_at_two(estimator, record):
        seen.append((estimator, record["epoch"]))
        return record["epoch"] == 2

    def never(estimator, record):
        return None

    model = regressor(callbacks=[stop_at_two, never]).fit(X, Y)
    assert seen == [(model, 1), (model, 2)]
    assert model.stop_reason_ == "callback"


def test_threads_inside_a_joblib_worker_are_one():
    from joblib import Parallel, delayed

    from tsrnn.base import count_threads

    assert Parallel(n_jobs=2, backend="threading")(delayed(count_threads)(None) for _ in range(2)) == [1, 1]
    assert count_threads(3) == 3
    assert count_threads(None) == count_threads(-1) >= 1


class _Subclass(np.ndarray):
    """An array that takes the way through scikit-learn's checks."""


PLAIN = np.random.RandomState(0).normal(size=(5, 4, 2))


@pytest.mark.parametrize(
    "X",
    [
        pytest.param(PLAIN, id="plain"),
        pytest.param(PLAIN[::-1, :, ::-1], id="reversed"),
        pytest.param(np.full_like(PLAIN, 1e308), id="sum overflows"),
        pytest.param(np.where(PLAIN > 1, np.nan, PLAIN), id="nan"),
        pytest.param(np.where(PLAIN > 1, np.inf, PLAIN), id="infinity"),
        pytest.param(PLAIN[:, :3], id="steps"),
        pytest.param(PLAIN[:, :, :1], id="features"),
        pytest.param(PLAIN[:, :, 0], id="no features"),
        pytest.param(PLAIN[:, :, :0], id="0 features"),
        pytest.param(PLAIN[:0], id="0 rows"),
        pytest.param(PLAIN[0, 0], id="one dimension"),
        pytest.param(PLAIN[None], id="four dimensions"),
        pytest.param(PLAIN.astype(np.float32), id="float32"),
        pytest.param(np.round(PLAIN).astype(int), id="integers"),
    ],
)
def test_what_passes_the_checks_at_once_is_what_scikit_learn_lets_pass(X):
    model = RNNRegressor("rnn", hidden_layer_sizes=3, max_iter=1).fit(PLAIN, PLAIN[:, 0, 0])

    def outcome(given):
        try:
            return model.predict(given).tolist()
        except ValueError as error:
            return str(error)

    assert outcome(X) == outcome(X.view(_Subclass))


def test_dates_are_refused_as_windows_and_as_targets():
    numbers, dates = np.arange(12.0).reshape(6, 2), np.arange(12).reshape(6, 2).astype("M8[s]")
    model = regressor().fit(numbers, numbers[:, 0])
    for call in (
        lambda: model.fit(dates, numbers[:, 0]), lambda: model.fit(numbers, dates[:, 0]), lambda: model.predict(dates),
        lambda: model.fit(numbers, np.full(6, "NaT", "m8[s]")),
    ):  # fmt: skip
        with pytest.raises(ValueError, match=r"holds (datetime|timedelta)64"):
            call()


def test_targets_given_as_text_are_numbers_or_an_error_that_shows_them():
    windows = np.arange(12, dtype=np.float32).reshape(6, 2)
    assert np.isfinite(regressor().fit(windows, np.array(["1", "2"] * 3)).predict(windows)).all()
    with pytest.raises(ValueError, match=r"1e\+39, no finite number of type float32; scale y, or give X as float64"):
        regressor().fit(windows, np.array(["1", "1e39"] * 3))
    with pytest.raises(ValueError, match=r"could not convert string to float.*high"):
        regressor().fit(windows, np.array(["1", "high"] * 3))


def test_parameters_are_an_array_of_their_own():
    parameters = regressor(early_stopping=True).fit(X, Y).parameters_
    assert parameters.flags.c_contiguous and parameters.flags.owndata


@each_variant
def test_encode_is_the_naive_twins_last_state(cell, reset_after):
    model = regressor(cell=cell, reset_after=reset_after, hidden_layer_sizes=(4, 3)).fit(X, Y)
    weights = model.get_weights()
    weights["head.W_y"], weights["head.b_y"] = np.eye(3), np.zeros(3)
    expected = naive.forward(cell, weights, X, reset_after=reset_after)
    np.testing.assert_allclose(model.encode(X), expected, rtol=1e-12, atol=1e-13)
    predicted = model.encode(X) @ model.get_weights()["head.W_y"] + model.get_weights()["head.b_y"]
    np.testing.assert_allclose(model.predict(X), predicted, rtol=1e-12, atol=1e-13)


def test_summary_counts_every_weight_once(capsys):
    for cell, reset_after in VARIANTS:
        model = regressor(cell=cell, reset_after=reset_after, hidden_layer_sizes=(4, 30)).fit(X, Y)
        model.summary()
        lines = [line.split() for line in capsys.readouterr().out.splitlines()]
        counts = [int(line[-1]) for line in lines[1:]]
        sizes = {name: values.size for name, values in model.get_weights().items()}
        parts = [
            sum(n for name, n in sizes.items() if name.startswith(part)) for part in ("layers.0", "layers.1", "head")
        ]
        assert counts == [0, *parts, model.parameters_.size]
        assert [line[0] for line in lines] == ["layer", "input", cell, cell, "dense", "total"]
