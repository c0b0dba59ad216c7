"""Make the table of accuracy of RNNRegressor and RNNClassifier: long memory, and small sets of real windows.

Every figure is the median over seeds, which draw the data that are generated, the starting weights and the order of the
rows. The test part of a real set is read for that figure alone; what is trained on it was chosen by cross-validation on
the training part, which ``--choose`` does again.
"""

import argparse
import functools
import os
import time
from pathlib import Path

import machine
import numpy as np
import records
import sequence_recipes as recipes
import sequence_tasks as tasks
from markdown import table
from sklearn.neighbors import KNeighborsClassifier

import tsrnn

RESULTS = records.FOLDER / "ACCURACY.md"
LINES = records.LINES.with_name("accuracy.jsonl")
TEST_SEED = 1_000_000  # of the test sets that are generated; training sets are drawn by 0, 1, 2 ...
N_TEST = 2000


# ---------------------------------------------------------------- one measurement: a task, a model, a seed -> a figure


def adding(n_steps, settings, seed, n_jobs):
    """Return the mean squared error on the test set."""
    model = recipes.long_memory_model(tsrnn.RNNRegressor, settings, seed, n_jobs)
    model.fit(*tasks.adding_problem(20_000, n_steps, seed))
    X, y = tasks.adding_problem(N_TEST, n_steps, TEST_SEED)
    return np.mean((model.predict(X) - y) ** 2)


def order(n_steps, settings, seed, n_jobs):
    """Return the accuracy on the test set."""
    model = recipes.long_memory_model(tsrnn.RNNClassifier, settings, seed, n_jobs)
    model.fit(*tasks.temporal_order(20_000, n_steps, seed))
    return model.score(*tasks.temporal_order(N_TEST, n_steps, TEST_SEED))


def copy(n_steps, settings, seed, n_jobs):
    """Return the share of the ten symbols that are said right, each in its place."""
    model = recipes.long_memory_model(tsrnn.RNNClassifier, settings, seed, n_jobs, recipes.COPIED)
    model.fit(*tasks.copy_memory(20_000, n_steps, seed))
    X, said = tasks.copy_memory(N_TEST, n_steps, TEST_SEED)
    return np.mean((model.predict(X) == said)[:, -tasks.N_COPIED :])


def real(data, settings, seed, n_jobs):
    """Return the accuracy on the test part of a real set."""
    X, y, X_test, y_test = data
    return recipes.classifier(settings, seed, n_jobs).fit(X, y).score(X_test, y_test)


def rows(folder):
    """Return {(task, model): (what measures it, settings, goal, what knows nothing)}; without a folder no real sets."""
    found = {}
    for n_steps in (100, 200):
        for name, settings in recipes.ADDING.items():
            goal = None if "rnn" in name else ("<", 0.01)
            found[f"adding problem, {n_steps} steps", name] = functools.partial(adding, n_steps), settings, goal, 1 / 6
    for name, settings in recipes.ORDER.items():
        goal = None if name == "rnn" else (">", 0.99)
        found["temporal order, 100 steps", name] = functools.partial(order, 100), settings, goal, 1 / 4
    for name, settings in recipes.COPY.items():
        goal = None if name == "rnn" else (">", 0.99)
        found["copy memory, 50 steps", name] = functools.partial(copy, 50), settings, goal, 1 / 8
    if folder:
        for name, settings in recipes.CHOSEN.items():
            data = tasks.load_ucr(folder, name)
            found[name, settings["cell"]] = functools.partial(real, data), settings, (">=", 0.95), nearest(data)
    return found


def nearest(data):
    """Return the accuracy of the nearest window by Euclidean distance, the baseline of the archive."""
    X, y, X_test, y_test = data
    return KNeighborsClassifier(1).fit(X.reshape(len(X), -1), y).score(X_test.reshape(len(X_test), -1), y_test)


def measure(arguments):
    """Measure every row by every seed, and leave a line for each."""
    records.write(arguments.out, "machine", **machine.describe(), n_jobs=arguments.n_jobs, versions=versions())
    for (task, model), (function, settings, goal, baseline) in rows(arguments.data).items():
        if not any(word in task for word in arguments.only):
            continue
        for seed in range(arguments.first_seed, arguments.seeds):
            started, cpu_started = time.perf_counter(), time.process_time()
            figure = float(function(settings, seed, arguments.n_jobs))
            seconds, cpu_seconds = time.perf_counter() - started, time.process_time() - cpu_started
            case = {"task": task, "model": model}
            facts = {"seed": seed, "figure": figure, "seconds": seconds, "cpu_seconds": cpu_seconds}
            facts |= {"settings": settings, "goal": goal, "baseline": float(baseline)}
            records.write(arguments.out, "accuracy", case=case, **facts)
            records.note(f"{task}, {model}, seed {seed}: {figure:.4g} in {seconds:.0f} s")


def versions():
    """Return the versions of what computes."""
    import numba
    import sklearn

    return {module.__name__: module.__version__ for module in (tsrnn, numba, np, sklearn)}


# ---------------------------------------------------------------- the table


def write_table(lines, file):
    """Write the table of the latest run of each row."""
    *_, described = machines = [line for line in lines if line["benchmark"] == "machine"]
    commits = ", ".join(dict.fromkeys(line["commit"] for line in machines))
    body = [_row(case, found) for case, found in records.latest(lines, "accuracy")]
    columns = [
        "task", "model", "test, median", "range", "seeds", "goal", "reached", "baseline", "seconds", "CPU seconds",
        "settings",
    ]  # fmt: skip
    file.write_text(
        "\n\n".join([
            "# Accuracy on sequences",
            "Written by `benchmarks/sequence_accuracy.py`; what the tasks are, and how settings were chosen, is in "
            "[README.md](README.md). Adding problem: mean squared error; the others: accuracy, of copy memory that of "
            "the ten symbols. The baseline knows nothing (adding problem, temporal order, copy memory), or takes the "
            "class of the nearest training window. Seconds, by the clock and of all cores together: median of making "
            "the data, training and testing.",
            f"- {described['cpu']}, {described['usable_cores']} of {described['cores']} cores, "
            f"n_jobs={described['n_jobs']}; tsrnn at {commits}\n"
            f"- " + ", ".join(f"{name} {version}" for name, version in described["versions"].items()),
            table(columns, body),
        ]) + "\n"
    )  # fmt: skip


def _row(case, lines):
    figures, (first, *_) = [line["figure"] for line in lines], lines
    digits = ".2g" if case["task"].startswith("adding") else ".3f"
    median = float(np.median(figures))
    sign, goal = first["goal"] or ("", "")
    reached = (
        "" if not sign else "yes" if {"<": median < goal, ">": median > goal, ">=": median >= goal}[sign] else "no"
    )
    settings = ", ".join(f"{name}={value!r}" for name, value in first["settings"].items() if name != "cell")
    return [
        case["task"], case["model"], format(median, digits), f"{min(figures):{digits}} to {max(figures):{digits}}",
        len(figures), f"{sign} {goal}", reached, format(first["baseline"], digits),
        *(f"{np.median([line[clock] for line in lines]):.0f}" for clock in ("seconds", "cpu_seconds")), f"`{settings}`",
    ]  # fmt: skip


# ---------------------------------------------------------------- how the settings of real sets were chosen


def choose(arguments):
    """Print, for each real set, the candidates by cross-validation on its training part; the first is the choice."""
    for name, candidates in recipes.CANDIDATES.items():
        if not any(word in name for word in arguments.only):
            continue
        X, y, _, _ = tasks.load_ucr(arguments.data, name)
        scored = [(recipes.cross_validated(settings, X, y, arguments.n_jobs), settings) for settings in candidates]
        scored.sort(key=lambda one: (-round(one[0][0], 6), one[0][1]))  # equal accuracies differ in the last bit
        print(f"{name}: {len(X)} training windows, {len(scored)} candidates; accuracy and cross-entropy held out")
        for (accuracy, entropy), settings in scored:
            print(f"  {accuracy:.3f} {entropy:.3f} {settings}")
        print(f"  chosen as in CHOSEN: {'yes' if scored[0][1] == recipes.CHOSEN[name] else 'NO'}", flush=True)


def main():
    """Measure what the command line asks for and write the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, help="folder with GunPoint.npz, ItalyPowerDemand.npz, BasicMotions.npz")
    parser.add_argument(
        "--choose", action="store_true", help="cross-validate the candidates instead, on training parts"
    )
    parser.add_argument("--only", nargs="*", default=[""], help="words of the tasks to measure")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--first-seed", type=int, default=0, help="to go on with a run that was ended")
    parser.add_argument("--n-jobs", type=int, default=os.cpu_count())
    parser.add_argument("--out", type=Path, default=LINES, help="lines are added to it")
    parser.add_argument("--table", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    if arguments.choose:
        if not arguments.data:
            parser.error("--choose needs --data")
        choose(arguments)
    else:
        measure(arguments)
        write_table(records.read([arguments.out]), arguments.table)


if __name__ == "__main__":
    main()
