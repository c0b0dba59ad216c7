"""Keras 3 through model.fit and model.predict, on TensorFlow, or on the backend that KERAS_BACKEND names."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("KERAS_BACKEND", "tensorflow")
BACKEND = os.environ["KERAS_BACKEND"]

import numpy as np
import workload

from . import N_THREADS, Peer

if BACKEND == "tensorflow":
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(N_THREADS)
    tf.config.threading.set_inter_op_parallelism_threads(N_THREADS)
import keras

LAYERS = {"lstm": keras.layers.LSTM, "gru": keras.layers.GRU, "rnn": keras.layers.SimpleRNN}


class Library(Peer):
    """Keras. Variants are ``jit_compile`` and ``steps_per_execution`` of ``model.compile``."""

    VARIANTS = {
        "training": ["auto-1", "off-8"] if BACKEND == "tensorflow" else ["auto-1"],
        "prediction": ["batch-256", "batch-1024"],
        "window": ["call"],
    }

    def versions(self):
        return {"keras": keras.__version__, BACKEND: __import__(BACKEND).__version__}

    def training(self, case):
        model = _build(case)
        jit, steps_per_execution = case["variant"].split("-")
        optimizer = keras.optimizers.Adam(
            workload.LEARNING_RATE, workload.BETA_1, workload.BETA_2, workload.EPSILON,
            global_clipnorm=workload.CLIP_NORM,
        )  # fmt: skip
        jit = {"auto": "auto", "off": False}[jit]
        model.compile(optimizer, "mse", jit_compile=jit, steps_per_execution=int(steps_per_execution))
        X, y = workload.make_batches(case["shape"], case["dtype"])
        y = y[:, :, None]
        if BACKEND == "tensorflow":  # nothing is made anew per step
            data = tf.data.Dataset.from_tensor_slices((X, y)).cache().repeat().prefetch(4)
        else:
            data = _repeat(X, y)

        def run(n):
            return model.fit(data, steps_per_epoch=n, epochs=1, shuffle=False, verbose=0).history["loss"]

        return run

    def prediction(self, case):
        model = _build(case)
        rows = int(case["variant"].split("-")[1])
        X = workload.make_windows(case["n_windows"], *case["shape"][1:3], case["dtype"])[0]

        def run(n):
            for _ in range(n):
                predictions = model.predict(X, batch_size=rows, verbose=0)
            return predictions[:4, 0].tolist()

        return run

    def window(self, case):
        model = _build(case)
        windows = workload.make_batches(case["shape"], case["dtype"])[0][0][:, None]
        if BACKEND != "tensorflow":
            raise NotImplementedError
        call = tf.function(lambda x: model(x, training=False))  # model.predict takes some 30 ms a call

        def run(n):
            predictions = [call(tf.constant(windows[k % len(windows)])).numpy() for k in range(n)]
            return predictions[0][0].tolist()

        return run

    def forget(self):
        keras.backend.clear_session()


def _repeat(X, y):
    while True:
        yield from zip(X, y, strict=True)


def _build(case):
    """Return the model with the given weights."""
    cell, shape, dtype = case["cell"], case["shape"], case["dtype"]
    if dtype != "float32":
        raise NotImplementedError
    _, n_steps, n_features, n_hidden, n_layers = shape
    recurrent = [LAYERS[cell](n_hidden, return_sequences=layer < n_layers - 1) for layer in range(n_layers)]
    model = keras.Sequential([keras.Input((n_steps, n_features)), *recurrent, keras.layers.Dense(1)])
    weights = workload.initial_weights(cell, shape, dtype)
    for number, layer in enumerate(recurrent):
        W_x, W_h, b = (_keras_order(cell, weights[f"layers.{number}.{name}"]) for name in ("W_x", "W_h", "b"))
        if cell == "gru":  # a second bias, inside the reset gate's product
            b = np.stack([b, np.concatenate([np.zeros(2 * n_hidden, dtype), weights[f"layers.{number}.b_hn"]])])
        layer.set_weights([W_x, W_h, b])
    model.layers[-1].set_weights([weights["head.W_y"], weights["head.b_y"]])
    return model


def _keras_order(cell, array):
    """Return the columns of a GRU in Keras's order z, r, n instead of r, z, n; those of other cells as they are."""
    if cell != "gru":
        return array
    r, z, n = np.split(array, 3, axis=-1)
    return np.concatenate([z, r, n], axis=-1)
