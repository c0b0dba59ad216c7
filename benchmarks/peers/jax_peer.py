"""JAX: cells written by hand under lax.scan, the input product taken out of the scan, one jitted step, Optax."""

import os

os.environ.setdefault("JAX_PLATFORMS", "cpu")
if os.environ.get("BENCHMARK_THREADS") == "1":
    os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"

import jax
import jax.numpy as jnp
import optax
import workload

from . import Peer


class Library(Peer):
    """JAX."""

    VARIANTS = {"prediction": ["batch-256", "batch-1024"]}

    def versions(self):
        return {"jax": jax.__version__, "optax": optax.__version__}

    def training(self, case):
        weights, forward, X, y = _build(case)
        optimizer = optax.chain(
            optax.clip_by_global_norm(workload.CLIP_NORM),
            optax.adam(workload.LEARNING_RATE, workload.BETA_1, workload.BETA_2, workload.EPSILON),
        )

        def update(weights, state, x, target):
            loss, slopes = jax.value_and_grad(lambda w: jnp.mean((forward(w, x) - target) ** 2))(weights)
            changes, state = optimizer.update(slopes, state, weights)
            return optax.apply_updates(weights, changes), state, loss

        update = jax.jit(update, donate_argnums=(0, 1))
        now = [weights, optimizer.init(weights)]

        def run(n):
            losses = []
            for k in range(n):
                *now[:], loss = update(*now, X[k % len(X)], y[k % len(X)])
                losses.append(loss)
            jax.block_until_ready(now)
            return [float(loss) for loss in losses]

        return run

    def forward(self, case):
        weights, forward, X, y = _build(case)
        loss = jax.jit(lambda w, x, target: jnp.mean((forward(w, x) - target) ** 2))

        def run(n):
            losses = [loss(weights, X[k % len(X)], y[k % len(X)]) for k in range(n)]
            return [float(jax.block_until_ready(losses)[0])]

        return run

    def gradient(self, case):
        weights, forward, X, y = _build(case)
        gradient = jax.jit(jax.grad(lambda w, x, target: jnp.mean((forward(w, x) - target) ** 2)))

        def run(n):
            for k in range(n):
                slopes = gradient(weights, X[k % len(X)], y[k % len(X)])
            return jax.block_until_ready(slopes)["head.W_y"][:4, 0].tolist()

        return run

    def prediction(self, case):
        weights, forward, _, _ = _build(case)
        forward = jax.jit(forward)
        rows = int(case["variant"].split("-")[1])
        X = workload.make_windows(case["n_windows"], *case["shape"][1:3], case["dtype"])[0]

        def run(n):
            for _ in range(n):
                parts = [forward(weights, X[first : first + rows]) for first in range(0, len(X), rows)]
                jax.block_until_ready(parts)
            return parts[0][:4].tolist()

        return run

    def window(self, case):
        weights, forward, X, _ = _build(case)
        forward = jax.jit(forward)
        windows = [X[0][k : k + 1] for k in range(16)]

        def run(n):
            for k in range(n):
                prediction = forward(weights, windows[k % 16])
                prediction.block_until_ready()
                if k == 0:
                    first = prediction.tolist()
            return first

        return run

    def streaming(self, case):
        weights, _, X, _ = _build(case)
        cell, n_hidden = case["cell"], case["shape"][3]
        steps = list(X[0].reshape(-1, 1, case["shape"][2]))

        @jax.jit
        def step(state, x):
            layer = _layer(weights, 0)
            state, h = _cell_step(cell, layer, state, x @ layer["W_x"] + layer["b"])
            return state, h @ weights["head.W_y"] + weights["head.b_y"]

        def run(n):
            state, first = _start(cell, 1, n_hidden, X[0].dtype), []
            for k in range(n):
                state, prediction = step(state, steps[k % len(steps)])
                prediction.block_until_ready()  # a stream needs each prediction now
                if k < 4:
                    first.append(float(prediction[0, 0]))
            return first

        return run

    def forget(self):
        jax.clear_caches()


def _build(case):
    """Return the weights, forward(weights, x) -> predictions (rows,), and the minibatches as JAX arrays."""
    cell, shape, dtype = case["cell"], case["shape"], case["dtype"]
    jax.config.update("jax_enable_x64", dtype == "float64")
    weights = {name: jnp.asarray(value) for name, value in workload.initial_weights(cell, shape, dtype).items()}
    n_hidden, n_layers = shape[3:]

    def forward(weights, x):
        h = jnp.swapaxes(x, 0, 1)
        for number in range(n_layers):
            layer = _layer(weights, number)
            z = h @ layer["W_x"] + layer["b"]
            start = _start(cell, x.shape[0], n_hidden, x.dtype)
            _, h = jax.lax.scan(lambda state, zt, layer=layer: _cell_step(cell, layer, state, zt), start, z)
        return (h[-1] @ weights["head.W_y"] + weights["head.b_y"])[:, 0]

    X, y = workload.make_batches(shape, dtype)
    return weights, forward, [jnp.asarray(batch) for batch in X], [jnp.asarray(batch) for batch in y]


def _layer(weights, number):
    prefix = f"layers.{number}."
    return {name[len(prefix) :]: value for name, value in weights.items() if name.startswith(prefix)}


def _start(cell, n_rows, n_hidden, dtype):
    zero = jnp.zeros((n_rows, n_hidden), dtype)
    return (zero, zero) if cell == "lstm" else zero


def _cell_step(cell, layer, state, z):
    """Return the new state and h; z is the input's part of the pre-activations, biases included."""
    if cell == "lstm":
        h, c = state
        i, f, g, o = jnp.split(z + h @ layer["W_h"], 4, axis=-1)
        c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
        h = jax.nn.sigmoid(o) * jnp.tanh(c)
        return (h, c), h
    if cell == "gru":
        z_r, z_z, z_n = jnp.split(z, 3, axis=-1)
        u_r, u_z, u_n = jnp.split(state @ layer["W_h"], 3, axis=-1)
        r, share = jax.nn.sigmoid(z_r + u_r), jax.nn.sigmoid(z_z + u_z)
        h = (1 - share) * jnp.tanh(z_n + r * (u_n + layer["b_hn"])) + share * state
        return h, h
    h = jnp.tanh(z + state @ layer["W_h"])
    return h, h
