"""Make `keras.npz`: what Keras' own recurrent layers predict, and the gradients JAX finds of them.

Run from anywhere, on the CPU, with no other part of this project installed:

    pip install numpy keras jax        # made with numpy 2.4.6, keras 3.15.1, jax 0.10.2
    python tests/reference/make_keras.py

JAX is chosen as Keras' backend so that these numbers share no code with those of `make_pytorch.py`. On it,
keras' (3.15.1) tanh and mean_squared_error cast float64 to float32 unasked: JAX's tanh is handed to the
layers instead of the name "tanh", and the loss is written out.

Keras has our orientation of the weights and our gate order for the lstm (it writes c for our g). Its gru has
the order z, r, h (our z, r, n) and, with reset_after, a bias of shape (2, 3 H): row 0 beside the input, row 1
beside the hidden state. The rows enter as a sum, except in the candidate, where row 1 is inside the product
with r and so is our b_hn. As d loss / d (sum) = d loss / d (row 0), the gradient of a summed bias is that of
either row.

Both are imported inside the functions, as pytest --doctest-modules reads this file where there is none.
"""

import os
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from reference_cases import Case, name_case, write

SEED = 19970
N_SAMPLES, N_STEPS, N_FEATURES, N_OUTPUTS = 5, 7, 3, 2
HIDDEN_LAYER_SIZES = (6, 4)
WEIGHT_SCALE = 0.4
SETTINGS = [
    ("rnn", "tanh", True),
    ("rnn", "relu", True),
    ("lstm", "tanh", True),
    ("lstm", "relu", True),
    ("gru", "tanh", True),
    ("gru", "relu", True),
    ("gru", "tanh", False),
    ("gru", "relu", False),
]


def main():
    os.environ.update(KERAS_BACKEND="jax", JAX_ENABLE_X64="1", JAX_PLATFORMS="cpu")  # read on import
    import jax
    import keras

    keras.config.set_floatx("float64")
    rng = np.random.default_rng(SEED)
    stored = []
    for cell, activation, reset_after in SETTINGS:
        for n_layers in (1, 2):
            name = name_case(cell, activation, reset_after, n_layers)
            model = build(cell, activation, reset_after, HIDDEN_LAYER_SIZES[:n_layers], rng)
            X = rng.normal(size=(N_SAMPLES, N_STEPS, N_FEATURES))
            y = rng.normal(size=(N_SAMPLES, N_OUTPUTS))
            stored.append(evaluate(name, cell, activation, reset_after, model, X, y))
    versions = [f"keras {keras.__version__}", f"jax {jax.__version__}", f"numpy {np.__version__}"]
    write("keras", versions, stored)


def build(cell, activation, reset_after, hidden_layer_sizes, rng):
    """Return the keras model; all its weights, biases too, are random."""
    import jax
    import keras

    layers = [keras.Input((N_STEPS, N_FEATURES))]
    for index, n_hidden in enumerate(hidden_layer_sizes):
        is_top = index == len(hidden_layer_sizes) - 1
        options = {
            "activation": {"tanh": jax.numpy.tanh, "relu": "relu"}[activation],
            "return_sequences": not is_top,
        }
        if cell == "gru":
            options["reset_after"] = reset_after
        kind = {"rnn": keras.layers.SimpleRNN, "lstm": keras.layers.LSTM, "gru": keras.layers.GRU}[cell]
        layers.append(kind(n_hidden, **options))
    model = keras.Sequential([*layers, keras.layers.Dense(N_OUTPUTS)])
    model.set_weights([rng.normal(scale=WEIGHT_SCALE, size=w.shape) for w in model.get_weights()])
    return model


def evaluate(name, cell, activation, reset_after, model, X, y):
    """Return the `Case`: forward, loss, gradient, and everything converted."""
    import jax

    fixed = [variable.value for variable in model.non_trainable_variables]

    def loss_and_predictions(trainable):
        predictions, _ = model.stateless_call(trainable, fixed, X)
        return jax.numpy.mean((predictions - y) ** 2), predictions

    trainable = [variable.value for variable in model.trainable_variables]
    (loss, predictions), gradients = jax.value_and_grad(loss_and_predictions, has_aux=True)(trainable)
    return Case(
        name=name,
        cell=cell,
        activation=activation,
        reset_after=reset_after,
        weights=convert(cell, reset_after, trainable, add_biases=True),
        X=X,
        y=y,
        predictions=np.asarray(predictions),
        loss=float(loss),
        gradients=convert(cell, reset_after, gradients, add_biases=False),
        native=keep(model),
    )


def keep(model):
    """Return all weights as keras has them, under keras' names."""
    *layers, head = model.layers
    places = {**{f"layers.{index}": layer for index, layer in enumerate(layers)}, "head": head}
    return {
        f"{place}.{weight.name}": values
        for place, layer in places.items()
        for weight, values in zip(layer.weights, layer.get_weights(), strict=True)
    }


def convert(cell, reset_after, values, add_biases):
    """Return keras' flat list of arrays (weights, or gradients at them) in this project's layout."""
    *of_layers, W_y, b_y = [np.array(value) for value in values]
    arrays = {}
    for index in range(len(of_layers) // 3):
        W_x, W_h, b = of_layers[3 * index : 3 * index + 3]
        if cell == "gru":
            W_x, W_h, b = swap_z_and_r(W_x), swap_z_and_r(W_h), swap_z_and_r(b)
        if cell == "gru" and reset_after:
            n_block = slice(2 * W_h.shape[0], 3 * W_h.shape[0])
            b_input, b_hidden = b
            b = b_input + b_hidden if add_biases else b_input.copy()
            b[n_block] = b_input[n_block]
            arrays[f"layers.{index}.b_hn"] = b_hidden[n_block]
        arrays[f"layers.{index}.W_x"] = W_x
        arrays[f"layers.{index}.W_h"] = W_h
        arrays[f"layers.{index}.b"] = b
    arrays["head.W_y"], arrays["head.b_y"] = W_y, b_y
    return arrays


def swap_z_and_r(blocks):
    z, r, n = np.split(blocks, 3, axis=-1)
    return np.concatenate([r, z, n], axis=-1)


if __name__ == "__main__":
    main()
