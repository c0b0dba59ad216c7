"""Time training with each option of a network beside the plain network, in one run, and write the table.

An option may make more arithmetic, or less; its time is compared with that of a plain network that makes as much, so
1.00 means that the option itself costs nothing.
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
N, N_STEPS, N_FEATURES, BATCH, EMBEDDING_SIZE = 1024, 48, 8, 64, 64
LENGTHS = np.arange(N) % N_STEPS + 1
EMBEDDED = {"input": "tokens", "embedding_size": EMBEDDING_SIZE}

# What is fitted: (arguments, X). Plain networks first, then options beside one of them: (arguments, X, the plain
# network, arithmetic of the recurrent layers relative to that). Vectors of tokens have a gradient, a sixth product of
# that size beside three with the state and two with the vectors.
PLAIN = {
    "plain": ({}, (N_STEPS, N_FEATURES)),
    "plain, half as many steps": ({}, (N_STEPS // 2, N_FEATURES)),
    "plain, 64 features": ({}, (N_STEPS, EMBEDDING_SIZE)),
}
OPTIONS = {
    "dropout": ({"dropout": 0.2}, "windows", "plain", 1),
    "recurrent dropout": ({"recurrent_dropout": 0.2}, "windows", "plain", 1),
    "both": ({"dropout": 0.2, "recurrent_dropout": 0.2}, "windows", "plain", 1),
    "noise on the input": ({"input_noise": 0.1}, "windows", "plain", 1),
    "a dense layer of 64 units": ({"dense_layer_sizes": (64,)}, "windows", "plain", 1),
    "an output at every step": ({"return_sequences": True}, "windows", "plain", 1),
    "both directions": ({"bidirectional": True}, "windows", "plain", 2),
    "lengths of 1 to 48 steps": ({}, "sequences", "plain, half as many steps", LENGTHS.mean() / (N_STEPS // 2)),
    "half of the steps missing": ({"missing": "mask"}, "padded", "plain, half as many steps", 1),
    "L2 penalty, clipped values": ({"alpha": 1e-3, "clip_value": 1.0}, "windows", "plain", 1),
    "SGD with momentum": ({"optimizer": "sgd"}, "windows", "plain", 1),
    "Huber's loss": ({"loss": "huber"}, "windows", "plain", 1),
    "embedding of 100 tokens": (EMBEDDED, 100, "plain, 64 features", None),
    "embedding of 1000 tokens": (EMBEDDED, 1000, "plain, 64 features", None),
}


def data(kind):
    """Return X and y; `kind` is a key of `OPTIONS`, how many tokens there are, or the shape of a window."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(N, *(kind if isinstance(kind, tuple) else (N_STEPS, N_FEATURES)))).astype(np.float32)
    y = X.mean(axis=(1, 2))
    if kind == "sequences":
        X = [row[:length] for row, length in zip(X, rng.permutation(LENGTHS), strict=True)]
    elif kind == "padded":
        X[:, N_STEPS // 2 :] = np.nan
    elif isinstance(kind, int):
        X = rng.integers(1, kind, (N, N_STEPS))
    return X, y


def epoch_seconds(cell, n_hidden, kind, n_jobs, arguments):
    """Return the seconds of the epochs of a fit after the first, which may compile."""
    X, y = data(kind)
    if arguments.get("return_sequences"):
        y = X.cumsum(axis=1)[:, :, 0]
    model = tsrnn.RNNRegressor(
        cell, hidden_layer_sizes=n_hidden, batch_size=BATCH, max_iter=6, n_iter_no_change=6, random_state=0,
        n_jobs=n_jobs, **arguments,
    )  # fmt: skip
    return list(model.fit(X, y).history_["seconds"][1:])


def measure(cell, n_hidden, arguments):
    """Return {what is fitted: (seconds of an epoch, times those of its plain network)}, medians over rounds.

    Each fit with an option stands between two of its plain network, and is compared with these two.
    """
    seconds, ratios = {name: [] for name in PLAIN | OPTIONS}, {name: [] for name in OPTIONS}

    def fit(name, options, kind, *_):
        times = epoch_seconds(cell, n_hidden, kind, arguments.n_jobs, options)
        seconds[name] += times
        return times

    for _ in range(arguments.rounds):
        for plain in PLAIN:
            before = fit(plain, *PLAIN[plain])
            for name in [name for name in OPTIONS if OPTIONS[name][2] == plain]:
                times, after = fit(name, *OPTIONS[name]), fit(plain, *PLAIN[plain])
                ratios[name].append(np.median(times) / np.median(before + after))
                before = after
    found = {name: (float(np.median(seconds[name])), None) for name in PLAIN}
    for name, (*_, work) in OPTIONS.items():
        if work is None:
            work = (3 * n_hidden + 3 * EMBEDDING_SIZE) / (3 * n_hidden + 2 * EMBEDDING_SIZE)
        found[name] = float(np.median(seconds[name])), float(np.median(ratios[name])) / work
    return found


def main():
    """Measure and write the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cells", nargs="*", default=["lstm", "gru"])
    parser.add_argument("--hidden", type=int, nargs="*", default=[64, 128])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--n-jobs", type=int, default=os.cpu_count())
    parser.add_argument("--table", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    networks = [(cell, n_hidden) for cell in arguments.cells for n_hidden in arguments.hidden]
    found = {}
    for cell, n_hidden in networks:
        found[cell, n_hidden] = measure(cell, n_hidden, arguments)
        records.note(f"{cell} {n_hidden} measured")
    described = machine.describe()
    columns = ["network", "beside", *(f"{cell}, {n_hidden} units" for cell, n_hidden in networks)]
    rows = [
        [name, "" if name in PLAIN else OPTIONS[name][2], *(_cell(*found[network][name]) for network in networks)]
        for name in PLAIN | OPTIONS
    ]
    arguments.table.write_text(
        "\n\n".join([
            "# What the options of a network cost",
            "Written by `benchmarks/network_options.py`: the time of an epoch with an option, by that of a plain "
            "network that makes as much arithmetic: 1.00 is an option that costs nothing; in brackets the time itself. "
            "Two directions count for two networks; lengths, which are 24.25 steps on average, are compared with 24 "
            "steps by the work of both; the vectors of tokens have a gradient, unlike windows, which is one of six "
            "products. What is added besides counts as cost: the update of these vectors, 6,400 and 64,000 weights "
            "more, the product of a dense layer or of outputs at every step.",
            f"- {described['cpu']}, {described['usable_cores']} of {described['cores']} cores, "
            f"n_jobs={arguments.n_jobs}; float32, {N} windows of {N_STEPS} steps and {N_FEATURES} features, "
            f"minibatches of {BATCH}; medians of {arguments.rounds} rounds of 5 epochs with the option, between 5 of "
            "the plain network before and 5 after",
            table(columns, rows),
        ]) + "\n"
    )  # fmt: skip


def _cell(seconds, ratio):
    return f"({1e3 * seconds:.1f} ms)" if ratio is None else f"{ratio:.2f} ({1e3 * seconds:.1f} ms)"


if __name__ == "__main__":
    main()
