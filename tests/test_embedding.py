"""Vectors of categories: their bits, what is trained of them, and streams.

That forward and gradients are those of the naive twin, `test_layers` and `test_horizon` show, of tokens too.
"""

import numpy as np
import pandas as pd
import pytest
from compiled import adam

import tsrnn
from tsrnn.kernels.buffers import flatten
from tsrnn.kernels.workers import Workers
from tsrnn.network.architecture import Architecture
from tsrnn.network.initializers import EMBEDDING_LIMIT, initial_parameters

N_STEPS, N_UNREAD = 6, 4
CATEGORIES = (1, 7, 19), (2, 70 + N_UNREAD, 3)  # more than a vector, and less; more than a panel of rows
each_dtype = pytest.mark.parametrize("dtype", [np.float32, np.float64])


def make(dtype, n_samples=21, **options):
    """Return a network, its parameters, X and y; the last categories of the second column are in none of the steps."""
    rng = np.random.RandomState(0)
    network = Architecture("gru", N_STEPS, 4, (9, 5), 2, categories=CATEGORIES, **options)
    X = rng.normal(size=(n_samples, N_STEPS, 4))
    for column, n in ((1, 7), (2, 70)):
        X[:, :, column] = rng.choice([np.nan, -1, *range(n)], size=X.shape[:2])
    y = rng.normal(size=(n_samples, 2))
    return network, initial_parameters(network, rng, dtype), X.astype(dtype), y.astype(dtype)


@each_dtype
def test_a_prediction_has_the_same_bits_alone_and_among_others(dtype):
    network, parameters, X, _ = make(dtype, bidirectional=True)
    with Workers(2) as workers:
        step = network.step(parameters, workers, trains=False)
        together = step.predict(flatten(X), np.arange(len(X)))
        for n in (0, 8, 20):
            np.testing.assert_array_equal(step.predict(flatten(X), np.array([n]))[0], together[n])


@each_dtype
def test_training_has_the_same_bits_on_any_number_of_threads(dtype):
    network, parameters, X, y = make(dtype, bidirectional=True, dropout=0.3)
    learnt = []
    for n_threads in (1, 2, 3):
        with Workers(n_threads) as workers:
            step = network.step(parameters, workers, seed=3)
            step.train_epoch(flatten(X), flatten(y), np.arange(len(X)), 16, adam(step, 2))
            learnt.append(step.parameters)
    for other in learnt[1:]:
        np.testing.assert_array_equal(other, learnt[0])
    assert (learnt[0] != parameters).mean() > 0.9


@each_dtype
def test_nothing_is_trained_that_no_step_reads(dtype):
    """Neither vectors, nor what fills up a table's rows: with numbers there, the next vector would not be alone."""
    network, parameters, X, y = make(dtype)
    with Workers(2) as workers:
        step = network.step(parameters, workers)
        _, gradient = step.gradient(flatten(X), flatten(y), np.arange(len(X)))
        step.train_epoch(flatten(X), flatten(y), np.arange(len(X)), 8, adam(step, 3))
    views = network.views(gradient)
    assert (views["embedding.0.W"] != 0).all()
    n_read = np.isin(np.arange(70 + N_UNREAD), X[:, :, 2])
    np.testing.assert_array_equal((views["embedding.1.W"] != 0).all(axis=1), n_read)
    np.testing.assert_array_equal((views["embedding.1.W"] != 0).any(axis=1), n_read)
    is_padding = np.ones(step._plan.n_packed, bool)
    is_padding[step._plan.places] = False
    assert is_padding[-1]
    for packed in (*step._packed, *step._gradients):
        assert not packed[is_padding].any()


@each_dtype
def test_a_stream_gives_the_bits_of_the_window_that_ends_there(dtype):
    network, parameters, X, _ = make(dtype)
    with Workers(1) as workers:
        expected = network.step(parameters, workers, trains=False).predict(flatten(X), np.array([4]))[0]
    stream = network.stream(parameters)
    for x in X[4]:
        found = stream.advance(x)
    np.testing.assert_array_equal(found, expected)


def test_vectors_start_as_those_of_tokens_do():
    network, parameters, *_ = make(np.float64)
    for k in range(2):
        vectors = network.views(parameters)[f"embedding.{k}.W"]
        assert 0.8 * EMBEDDING_LIMIT < np.abs(vectors).max() <= EMBEDDING_LIMIT


N = 60
SHOP = np.array([f"shop {k}" for k in np.arange(N) % 20])
X = pd.DataFrame(
    {"shop": SHOP, "sky": np.where(np.arange(N) % 3, "clear", "grey")}, pd.date_range("2024-01-01", periods=N)
)
SALES = pd.Series(np.random.default_rng(0).normal(size=N), X.index, name="sales")
SETTINGS = {"lookback": 5, "hidden_layer_sizes": 4, "max_iter": 2, "random_state": 0, "n_jobs": 1}


@pytest.fixture(scope="module")
def model():
    return tsrnn.RNNForecaster(3, missing="mask", past_covariates=["sky"], **SETTINGS).fit(X[:-3], SALES[:-3])


def test_each_category_has_a_vector_of_a_name_those_of_the_past_first(model, capsys):
    shapes = {name: values.shape for name, values in model.get_weights().items()}
    assert shapes["embedding.0.W"] == (2, 2) and shapes["embedding.1.W"] == (20, 9)
    assert shapes["layers.0.W_x"] == (3 + 2 + 9, 16)  # the target, whether it is missing, whether a step is to come
    model.summary()
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["embedding", "(n,", "8,", "14)", str(2 * 2 + 20 * 9)] in lines
    assert lines[-1] == ["total", str(model.parameters_.size)]


def test_a_category_that_training_did_not_have_is_none(model):
    ahead = X[["shop"]][-3:]
    known, none = (model.predict(ahead.assign(shop=shop)) for shop in ("shop 1", None))
    with pytest.warns(UserWarning, match="'shop 99' in X"):
        np.testing.assert_array_equal(model.predict(ahead.assign(shop="shop 99")), none)
    assert (known != none).all()


def test_a_category_for_which_nothing_was_learnt_is_none_although_its_dtype_has_it():
    """Neither what the dtype promises nor what is held out has taught its vector."""
    given = X.assign(shop=X["shop"].where(np.arange(N) < N - 5, "shop 99").astype("category"))
    forecaster = tsrnn.RNNForecaster(3, **SETTINGS).fit(given[: N - 5], SALES[: N - 5])
    with pytest.raises(ValueError, match="'shop 99' in X, a category that training did not have"):
        forecaster.predict(given[-5:])
    held_out = tsrnn.RNNForecaster(3, **SETTINGS | {"early_stopping": True, "refit": False}).fit(given, SALES)
    before, weights = held_out.predict(given), held_out.get_weights()
    weights["embedding.0.W"][held_out.panel_.categories["shop"].get_loc("shop 99")] = 100.0
    held_out.set_weights(weights)
    np.testing.assert_array_equal(held_out.predict(given), before)


def test_a_covariate_of_which_nothing_is_known_changes_nothing_that_is_read():
    given = X.assign(sky=pd.Categorical([None] * N))[:-3]
    forecaster = tsrnn.RNNForecaster(3, missing="mask", past_covariates=["sky"], **SETTINGS).fit(given, SALES[:-3])
    assert forecaster.get_weights()["embedding.0.W"].shape == (0, 1)
    assert np.isfinite(forecaster.predict(X[["shop"]][-3:])).all()


def test_a_covariate_of_thousands_of_categories_is_one_number_of_a_row():
    ids = np.arange(3000).repeat(8)
    frame = pd.DataFrame({"unique_id": ids, "ds": np.tile(np.arange(8), 3000), "y": np.sin(np.arange(len(ids)))})
    frame["shop"] = frame["unique_id"].map("shop {}".format)
    settings = {**SETTINGS, "lookback": 3, "max_iter": 1, "windows_per_epoch": 64}
    forecaster = tsrnn.RNNForecaster(1, static_covariates=["shop"], **settings).fit(frame)
    assert forecaster.get_weights()["embedding.0.W"].shape == (3000, 50)
    assert forecaster._members[0]._windows.rows.shape[1] == 2
