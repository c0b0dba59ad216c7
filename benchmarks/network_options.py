"""Time training with each option of a network beside the plain network, in one run, and write the table.

An option may make more arithmetic, or less: the other direction twice the layers, sequences half as long on average
half the steps. Its time is divided by that, so 1.00 means that the option itself costs nothing.
"""

import argparse
import os
from pathlib import Path

import machine
import numpy as np
import records
from markdown import table

import tsrnn

RESULTS = records.FOLDER / "OPTIONS.md"
N, N_STEPS, N_FEATURES, BATCH = 1024, 48, 8, 64

# Option: (arguments, arithmetic of the recurrent layers relative to the plain network, what X is).
OPTIONS = {
    "dropout": ({"dropout": 0.2}, 1.0, "windows"),
    "recurrent dropout": ({"recurrent_dropout": 0.2}, 1.0, "windows"),
    "both": ({"dropout": 0.2, "recurrent_dropout": 0.2}, 1.0, "windows"),
    "noise on the input": ({"input_noise": 0.1}, 1.0, "windows"),
    "a dense layer": ({"dense_layer_sizes": (64,)}, 1.0, "windows"),
    "an output at every step": ({"return_sequences": True}, 1.0, "windows"),
    "both directions": ({"bidirectional": True}, 2.0, "windows"),
    "lengths of 1 to 48 steps": ({}, (N_STEPS + 1) / 2 / N_STEPS, "sequences"),
    "half of the steps missing": ({"missing": "mask"}, 0.5, "padded"),
    "L2 penalty, clipped values": ({"alpha": 1e-3, "clip_value": 1.0}, 1.0, "windows"),
    "SGD with momentum": ({"optimizer": "sgd"}, 1.0, "windows"),
    "Huber's loss": ({"loss": "huber"}, 1.0, "windows"),
}


def data(kind, n_features=N_FEATURES):
    """Return X and y."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(N, N_STEPS, n_features)).astype(np.float32)
    y = X.mean(axis=(1, 2))
    if kind == "sequences":
        X = [row[:length] for row, length in zip(X, rng.integers(1, N_STEPS + 1, N), strict=True)]
    elif kind == "padded":
        X[:, N_STEPS // 2 :] = np.nan
    elif kind == "tokens":
        X = rng.integers(1, 1000, (N, N_STEPS))
    return X, y


def epoch_seconds(cell, n_hidden, kind, n_jobs, arguments, n_features=N_FEATURES):
    """Return the seconds of the epochs of a fit after the first, which may compile."""
    X, y = data(kind, n_features)
    if arguments.get("return_sequences"):
        y = X.cumsum(axis=1)[:, :, 0]
    model = tsrnn.RNNRegressor(
        cell, hidden_layer_sizes=n_hidden, batch_size=BATCH, max_iter=6, n_iter_no_change=6, random_state=0,
        n_jobs=n_jobs, **arguments,
    )  # fmt: skip
    return list(model.fit(X, y).history_["seconds"][1:])


def measure(cell, n_hidden, arguments):
    """Return {option: (seconds of an epoch, times the plain one, times its arithmetic)}, medians of rounds in turn."""
    cases = {"plain": ({}, 1.0, "windows"), **OPTIONS}
    cases["embedding of 64 numbers"] = ({"input": "tokens", "embedding_size": 64}, 1.0, "tokens")
    seconds = {name: [] for name in [*cases, "plain, 64 features"]}
    for _ in range(arguments.rounds):
        for name, (options, _, kind) in cases.items():
            seconds[name] += epoch_seconds(cell, n_hidden, kind, arguments.n_jobs, options)
        seconds["plain, 64 features"] += epoch_seconds(cell, n_hidden, "windows", arguments.n_jobs, {}, 64)
    medians = {name: float(np.median(times)) for name, times in seconds.items()}
    found = {}
    for name, (_, work, _) in cases.items():
        plain = medians["plain, 64 features" if name.startswith("embedding") else "plain"]
        found[name] = medians[name], medians[name] / plain, medians[name] / plain / work
    return found


def main():
    """Measure and write the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cells", nargs="*", default=["lstm", "gru"])
    parser.add_argument("--hidden", type=int, nargs="*", default=[64, 128])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--n-jobs", type=int, default=os.cpu_count())
    parser.add_argument("--table", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    networks = [(cell, n_hidden) for cell in arguments.cells for n_hidden in arguments.hidden]
    found = {}
    for cell, n_hidden in networks:
        found[cell, n_hidden] = measure(cell, n_hidden, arguments)
        records.note(f"{cell} {n_hidden} measured")
    described = machine.describe()
    columns = ["option", *(f"{cell}, {n_hidden} units" for cell, n_hidden in networks)]
    rows = [
        [name, *(f"{found[network][name][2]:.2f} ({1e3 * found[network][name][0]:.1f} ms)" for network in networks)]
        for name in found[networks[0]]
    ]
    arguments.table.write_text(
        "\n\n".join([
            "# What the options of a network cost",
            "Written by `benchmarks/network_options.py`: time of an epoch beside that of the plain network, by the "
            "arithmetic that the option makes more or less (both directions: 2; lengths of 1 to 48 steps: 0.51; half "
            "of the steps missing: 0.5), so 1.00 is an option that costs nothing; in brackets the time of an epoch. "
            "The embedding is compared with windows of as many features as its vectors have numbers.",
            f"- {described['cpu']}, {described['usable_cores']} of {described['cores']} cores, "
            f"n_jobs={arguments.n_jobs}; float32, {N} windows of {N_STEPS} steps and {N_FEATURES} features, "
            f"minibatches of {BATCH}; medians of {arguments.rounds} rounds of 5 epochs, in turn",
            table(columns, rows),
        ]) + "\n"
    )  # fmt: skip


if __name__ == "__main__":
    main()
