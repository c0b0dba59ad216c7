"""Weights are read and set by name, and training starts from those that were set as other frameworks' does."""

import copy
import pickle
import re
from pathlib import Path

import naive
import numpy as np
import pandas as pd
import pytest
from cells import each_variant
from reference_cases import cases, training_run
from refusals import refused
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from tsrnn import RNNForecaster, RNNRegressor

ROOT = Path(__file__).resolve().parent.parent
RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(30, 5, 2)), RNG.normal(size=(30, 3))
SERIES = pd.Series(
    10 + np.sin(np.arange(60) * np.pi / 6) + RNG.normal(0, 0.1, 60),
    pd.date_range("2015-01-31", periods=60, freq="ME"), name="sales",
)  # fmt: skip
CASES = [pytest.param(framework, c, id=f"{framework}:{c.name}") for framework in ("pytorch", "keras") for c in
         cases(framework)]  # fmt: skip

# Both sides compute in float64 and sum in different orders: a few hundred roundings of 1e-16 each.
TOLERANCE = dict(rtol=1e-12, atol=1e-13)
# Adam divides by the root of the squared gradient, which makes roundings of 1e-16 in small gradients larger.
AFTER_ADAM = dict(rtol=1e-9, atol=1e-11)


def regressor(dtype=np.float64, **changes):
    """Return a RNNRegressor after one epoch."""
    options = dict(cell="gru", hidden_layer_sizes=(4, 3), max_iter=1, random_state=0, n_jobs=1)
    return RNNRegressor(**{**options, **changes}).fit(X.astype(dtype), Y)


def forecaster(**changes):
    """Return a RNNForecaster after one epoch."""
    options = dict(horizon=3, lookback=5, cell="gru", hidden_layer_sizes=(4, 3), max_iter=1, random_state=0, n_jobs=1)
    return RNNForecaster(**{**options, **changes}).fit(SERIES)


def of_case(case, **changes):
    """Return a RNNRegressor of the network of a reference case, after one epoch from weights of its own."""
    settings = {**case.settings, "hidden_layer_sizes": case.hidden_layer_sizes, "max_iter": 1, "n_jobs": 1}
    return RNNRegressor(**{**settings, "random_state": 0, **changes}).fit(case.X, case.y)


def other_weights(model, seed=1):
    """Return random weights in the shapes of a model's own."""
    rng = np.random.default_rng(seed)
    return {name: rng.normal(0, 0.5, values.shape) for name, values in model.get_weights().items()}


def assert_same_arrays(one, other):
    assert list(one) == list(other)
    for name in one:
        np.testing.assert_array_equal(one[name], other[name], err_msg=name)


both = pytest.mark.parametrize("make", [regressor, forecaster])


# The layout


@each_variant
def test_names_and_shapes_are_those_of_the_naive_twin(cell, reset_after):
    expected = naive.random_weights(cell, 2, (4, 3), 3, reset_after, RNG)
    weights = regressor(cell=cell, reset_after=reset_after).get_weights()
    assert {name: values.shape for name, values in weights.items()} == {n: w.shape for n, w in expected.items()}
    weights = forecaster(cell=cell, reset_after=reset_after).get_weights()
    expected = naive.random_weights(cell, 1, (4, 3), 3, reset_after, RNG)
    assert {name: values.shape for name, values in weights.items()} == {n: w.shape for n, w in expected.items()}


@pytest.mark.parametrize("framework, case", CASES)
def test_predictions_from_weights_that_were_set_are_those_of_the_framework(framework, case):
    predictions = of_case(case).set_weights(case.weights).predict(case.X)
    np.testing.assert_allclose(predictions, case.predictions, **TOLERANCE)


def documented():
    """Return the functions that ARCHITECTURE.md has for other frameworks' layers."""
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL)
    names = {}
    exec(code, names)
    return names


def convert(framework, case):
    """Return the weights of a case, as its framework has them, in our layout, by the documented functions."""
    layer_from = documented()[f"layer_from_{framework}"]
    weights = {}
    for layer in range(len(case.hidden_layer_sizes)):
        place = f"layers.{layer}."
        arrays = {name.removeprefix(place): w for name, w in case.native.items() if name.startswith(place)}
        arrays = {name.removesuffix("_l0"): values for name, values in arrays.items()}
        weights |= layer_from(layer, **arrays, is_gru=case.cell == "gru")
    matrix = case.native["head.weight"].T if framework == "pytorch" else case.native["head.kernel"]
    return weights | {"head.W_y": matrix, "head.b_y": case.native["head.bias"]}


@pytest.mark.parametrize("framework, case", CASES)
def test_the_documented_way_from_a_framework_gives_its_predictions(framework, case):
    before = copy.deepcopy(case.native)
    weights = convert(framework, case)
    assert_same_arrays(case.native, before)
    predictions = of_case(case).set_weights(weights).predict(case.X)
    np.testing.assert_allclose(predictions, case.predictions, **TOLERANCE)


@pytest.mark.parametrize("framework, case", CASES)
def test_the_documented_way_back_gives_weights_that_lead_here_again(framework, case):
    """With the first bias for b and zeros, but for b_hn, for the second."""
    weights, native = convert(framework, case), {}
    swap = documented()["swap_z_and_r"]
    for layer, n_hidden in enumerate(case.hidden_layer_sizes):
        W_x, W_h, b = (weights[f"layers.{layer}.{name}"] for name in ("W_x", "W_h", "b"))
        second = np.zeros_like(b)
        if f"layers.{layer}.b_hn" in weights:
            second[-n_hidden:] = weights[f"layers.{layer}.b_hn"]
        if framework == "pytorch":
            arrays = {"weight_ih": W_x.T, "weight_hh": W_h.T, "bias_ih": b, "bias_hh": second}
        elif case.cell == "gru":
            bias = np.stack([swap(b), swap(second)]) if case.reset_after else swap(b)
            arrays = {"kernel": swap(W_x), "recurrent_kernel": swap(W_h), "bias": bias}
        else:
            arrays = {"kernel": W_x, "recurrent_kernel": W_h, "bias": b}
        native |= {f"layers.{layer}.{name}": values for name, values in arrays.items()}
    native |= {name: values for name, values in case.native.items() if name.startswith("head.")}
    again = copy.copy(case)
    again.native = native
    assert_same_arrays(convert(framework, again), weights)
    for name, values in native.items():  # nothing but the two biases, whose sum alone is known, may differ
        if "bias" not in name:
            theirs = case.native[name if name in case.native else f"{name}_l0"]
            np.testing.assert_array_equal(values, theirs, err_msg=name)


# The round trip


@both
def test_weights_that_were_set_are_those_that_are_read(make):
    model = make()
    weights = other_weights(model)
    assert model.set_weights(weights) is model
    expected = {name: values.astype(model.parameters_.dtype) for name, values in weights.items()}
    assert_same_arrays(model.get_weights(), expected)


@both
def test_setting_what_was_read_changes_no_bit(make):
    model = make()
    weights, before = model.get_weights(), model.parameters_
    model.set_weights(other_weights(model)).set_weights(weights)
    np.testing.assert_array_equal(model.parameters_, before)


@both
def test_arrays_are_copied_in_and_out(make):
    model = make()
    read, vector = model.get_weights(), model.parameters_
    for values in read.values():
        values[:] = np.nan
    assert np.isfinite(model.parameters_).all()
    given = {name: values.astype(model.parameters_.dtype) for name, values in other_weights(model).items()}
    before = vector.copy()
    model.set_weights(given)
    expected = model.get_weights()
    for values in given.values():
        values[:] = np.nan
    assert_same_arrays(model.get_weights(), expected)
    np.testing.assert_array_equal(vector, before)  # a vector that somebody has kept stays


@both
def test_a_shallow_copy_keeps_the_weights_it_had(make):
    model = make()
    shallow = copy.copy(model)
    before = model.get_weights()
    shallow.set_weights(other_weights(model))
    assert_same_arrays(model.get_weights(), before)
    if make is regressor:  # nor does training go on otherwise
        expected = make().set_params(warm_start=True).fit(X, Y)
        assert_same_arrays(model.set_params(warm_start=True).fit(X, Y).get_weights(), expected.get_weights())


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_weights_have_the_dtype_of_training(dtype):
    for model in (regressor(dtype), forecaster(dtype=np.dtype(dtype).name)):
        model.set_weights(other_weights(model))
        assert {values.dtype for values in model.get_weights().values()} == {np.dtype(dtype)}
        assert model.parameters_.dtype == dtype


def test_lists_integers_any_order_and_any_mapping_are_taken(tmp_path):
    model = regressor()
    weights = {name: np.arange(values.size).reshape(values.shape) for name, values in model.get_weights().items()}
    model.set_weights({name: weights[name].tolist() for name in reversed(weights)})
    assert_same_arrays(model.get_weights(), weights)
    np.savez(tmp_path / "weights.npz", **other_weights(model))
    with np.load(tmp_path / "weights.npz") as file:
        assert_same_arrays(model.set_weights(file).get_weights(), other_weights(model))


def test_weights_that_underflow_become_zero_whatever_numpy_is_told_about_it():
    model = regressor(np.float32)
    tiny = {name: np.full(values.shape, 1e-60) for name, values in model.get_weights().items()}
    with np.errstate(all="raise"):
        model.set_weights(tiny)
    assert not model.parameters_.any()


# What a set changes, and what not


def test_predictions_are_the_naive_forward_pass_of_the_weights_that_were_set():
    model = regressor()
    weights = other_weights(model)
    np.testing.assert_allclose(model.set_weights(weights).predict(X), naive.forward("gru", weights, X), **TOLERANCE)


def test_a_forecaster_forecasts_and_fits_from_the_weights_that_were_set():
    model = forecaster(dtype="float64", window_norm=None)
    weights = other_weights(model)
    model.set_weights(weights)
    values = SERIES.to_numpy()
    mean, deviation = values.mean(), values.std()  # the scaling of the fit stays
    windows = np.lib.stride_tricks.sliding_window_view((values - mean) / deviation, 5)[:, :, None]
    expected = naive.forward("gru", weights, windows) * deviation + mean
    np.testing.assert_allclose(model.forecast(), expected[-1], **TOLERANCE)
    # A fitted value is the third step of the window that ends three steps before it.
    np.testing.assert_allclose(model.predict(SERIES)[7:], expected[:-3, 2], **TOLERANCE)


@both
def test_what_tells_of_the_last_training_stays(make):
    model = make(max_iter=3)
    told = copy.deepcopy((model.n_iter_, model.best_iter_, model.loss_curve_, model.stop_reason_))
    history = model.history_.copy()
    model.set_weights(other_weights(model))
    assert (model.n_iter_, model.best_iter_, model.loss_curve_, model.stop_reason_) == told
    pd.testing.assert_frame_equal(model.history_, history)


@both
def test_a_pickle_keeps_the_weights_that_were_set_and_a_clone_is_unfitted(make):
    model = make()
    model.set_weights(other_weights(model))
    assert_same_arrays(pickle.loads(pickle.dumps(model)).get_weights(), model.get_weights())
    with pytest.raises(NotFittedError):
        clone(model).get_weights()


@both
def test_the_next_plain_fit_draws_fresh_weights(make):
    model, data = make(), (X, Y) if make is regressor else (SERIES,)
    expected = model.get_weights()
    model.set_weights(other_weights(model))
    assert_same_arrays(model.fit(*data).get_weights(), expected)


@both
def test_read_only_parameters_as_joblib_maps_them_are_read_and_replaced(make, tmp_path):
    model = make()
    expected = other_weights(model)
    np.save(tmp_path / "vector.npy", model.parameters_)
    model.parameters_ = np.load(tmp_path / "vector.npy", mmap_mode="r")
    assert all(values.flags.writeable and type(values) is np.ndarray for values in model.get_weights().values())
    model.set_weights(expected)
    assert model.parameters_.flags.writeable and type(model.parameters_) is np.ndarray


# Training from weights that were set


def test_six_updates_from_pytorchs_weights_are_those_of_pytorch():
    run = training_run()
    case = run.start
    model = of_case(case, learning_rate=0.9)  # its moments must leave no trace
    model.set_weights(convert("pytorch", case))
    model.set_params(
        warm_start=True, max_iter=run.n_steps, learning_rate=run.learning_rate, clip_norm=run.clip_norm,
        batch_size=len(case.X), shuffle=False, epsilon=1e-8,
    ).fit(case.X, case.y)  # fmt: skip
    for name, values in model.get_weights().items():
        np.testing.assert_allclose(values, run.trained_weights[name], err_msg=name, **AFTER_ADAM)


@each_variant
def test_training_from_weights_that_were_set_makes_the_naive_twins_updates(cell, reset_after):
    model = regressor(cell=cell, reset_after=reset_after, learning_rate=0.1, max_iter=5)
    weights = other_weights(model)

    def gradient(theta):
        return naive.gradient(cell, theta, X, Y, reset_after=reset_after)

    expected = naive.train(weights, gradient, n_steps=3, learning_rate=0.01)
    model.set_weights(weights)
    options = dict(warm_start=True, max_iter=3, learning_rate=0.01, clip_norm=None, batch_size=len(X), epsilon=1e-8)
    model.set_params(**options).fit(X, Y)
    for name, values in model.get_weights().items():
        np.testing.assert_allclose(values, expected[name], err_msg=name, **AFTER_ADAM)


def test_without_a_set_a_warm_start_goes_on_with_its_moments():
    """Setting the very weights that are there makes another training: that is what fresh moments are."""
    options = dict(warm_start=True, shuffle=False, learning_rate=0.05)
    going_on = regressor(**options).fit(X, Y)
    afresh = regressor(**options)
    afresh.set_weights(afresh.get_weights()).fit(X, Y)
    assert np.array_equal(going_on.parameters_, regressor(**options, max_iter=2).parameters_)
    assert not np.array_equal(afresh.parameters_, going_on.parameters_)


def test_a_pickle_goes_on_from_the_weights_that_were_set():
    model = regressor(warm_start=True)
    model.set_weights(other_weights(model))
    loaded = pickle.loads(pickle.dumps(model))
    assert_same_arrays(loaded.fit(X, Y).get_weights(), model.fit(X, Y).get_weights())


def test_weights_that_were_set_are_a_start_and_the_best_of_the_epochs_from_there_is_kept():
    """As with weights that were drawn; a training that is merely continued keeps a start that nothing improves on."""
    options = dict(early_stopping=True, shuffle=False, warm_start=True, max_iter=4)
    model = regressor(**options, learning_rate=0.01)
    model.set_params(learning_rate=10.0, clip_norm=None).fit(X, Y)
    assert model.best_iter_ == 0
    model.set_weights(model.get_weights()).fit(X, Y)
    assert model.best_iter_ == np.argmin(model.validation_loss_curve_) + 1


# What is refused: what is changed about good weights, the error, and the decisive words.

BAD_WEIGHTS = {
    "list, as Keras has them": (lambda w: list(w.values()), TypeError, ["dict of arrays by name", "list"]),
    "nothing": (lambda w: None, TypeError, ["dict of arrays by name", "NoneType"]),
    "vector": (lambda w: np.zeros(9), TypeError, ["dict of arrays by name", "ndarray"]),
    "empty": (lambda w: {}, ValueError, ["lack 'layers.0.W_x', ", "and 4 more", "get_weights()"]),
    "missing": (lambda w: {n: w[n] for n in w if n != "layers.1.b_hn"}, ValueError,
                ["lack 'layers.1.b_hn';", "exactly", "get_weights()"]),
    "unknown": (lambda w: {**w, "layers.2.b": 0}, ValueError, ["hold 'layers.2.b'", "does not have", "get_weights()"]),
    "not a name": (lambda w: {**w, 3: 0}, ValueError, ["hold 3", "does not have"]),
    "other names": (lambda w: {f"gru.{name}": w[name] for name in w}, ValueError,
                    ["lack 'layers.0.W_x'", "hold 'gru.layers.0.W_x'", "and 4 more"]),
    "fewer units": (lambda w: {**w, "head.W_y": w["head.W_y"][:2]}, ValueError,
                   ["weights['head.W_y']", "(2, 3)", "(3, 3)", "give an array of that shape"]),
    "as PyTorch has it": (lambda w: {**w, "layers.1.W_x": w["layers.1.W_x"].T}, ValueError,
                          ["weights['layers.1.W_x']", "(9, 4)", "(4, 9)", "transpose it"]),
    "one row": (lambda w: {**w, "layers.0.b": w["layers.0.b"][None]}, ValueError, ["(1, 12)", "(12,)", "that shape"]),
    "number": (lambda w: {**w, "head.b_y": 0.0}, ValueError, ["weights['head.b_y']", "()", "(3,)", "that shape"]),
    "ragged": (lambda w: {**w, "head.b_y": [[1], [2, 3], 4]}, TypeError,
               ["weights['head.b_y']", "cannot be read", "inhomogeneous", "NumPy array"]),
    "strings": (lambda w: {**w, "head.b_y": ["1", "2", "3"]}, TypeError, ["weights['head.b_y']", "<U1", "floats"]),
    "objects": (lambda w: {**w, "head.b_y": [None, 1, 2]}, TypeError, ["weights['head.b_y']", "object", "floats"]),
    "booleans": (lambda w: {**w, "head.b_y": [True] * 3}, TypeError, ["weights['head.b_y']", "bool", "floats"]),
    "complex": (lambda w: {**w, "head.b_y": np.zeros(3, complex)}, TypeError,
                ["weights['head.b_y']", "complex128", "real"]),
    "NaN": (lambda w: {**w, "head.b_y": [np.nan, 0, np.inf]}, ValueError,
            ["weights['head.b_y']", "2 NaN or infinite values", "replace"]),
    "too large": (lambda w: {**w, "head.b_y": [0, -1e39, 0]}, ValueError,
                  ["weights['head.b_y']", "1e+39", "float32", "scale it", "float64"]),
}  # fmt: skip


class Unreadable:
    """Refuses to become an array, as a tensor of PyTorch does that has a gradient."""

    def __array__(self, dtype=None, copy=None):
        raise RuntimeError("Can't call numpy() on Tensor\nthat requires grad.")


@pytest.fixture(scope="module")
def fitted():
    return {regressor: regressor(np.float32), forecaster: forecaster()}


@both
@pytest.mark.parametrize("change, kind, words", BAD_WEIGHTS.values(), ids=BAD_WEIGHTS.keys())
def test_weights_that_do_not_fit_are_refused_and_nothing_is_changed(fitted, make, change, kind, words):
    model = fitted[make]
    before = pickle.dumps(model)
    refused(kind, words, model.set_weights, change(other_weights(model)))
    assert pickle.dumps(model) == before


def test_an_object_that_will_not_be_an_array_is_refused_with_its_reason(fitted):
    weights = {**other_weights(fitted[regressor]), "head.b_y": Unreadable()}
    words = ["weights['head.b_y']", "on Tensor that requires grad", "NumPy array"]
    refused(TypeError, words, fitted[regressor].set_weights, weights)


def test_values_too_large_for_float32_are_taken_in_float64():
    model = regressor()
    weights = {**other_weights(model), "head.b_y": [0, -1e39, 0]}
    assert model.set_weights(weights).get_weights()["head.b_y"][1] == -1e39


@pytest.mark.parametrize("model", [RNNRegressor(), RNNForecaster()], ids=["regressor", "forecaster"])
def test_before_fit_there_are_no_weights(model):
    words = [type(model).__name__, "not fitted", "shapes", "call fit first", "max_iter=1"]
    refused(NotFittedError, words, model.get_weights)
    refused(NotFittedError, words, model.set_weights, {})
