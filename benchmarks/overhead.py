"""What comes on top of the kernels: many short epochs, memory during `fit`, a machine that is shared.

- "epochs": 50 epochs of 120 windows through `fit`, against the same updates in one call of the kernels.
- "memory": what `fit` adds to the peak of a fresh process, by number of windows and by rows of a minibatch; the windows
  are strided views of one series, whose copy would show.
- "busy": `fit` on its cores alone; beside a process that spins, free to move or bound to one of these cores; and beside
  another training of the same kind. With two threads on two cores the fair share is 1.5 times as long, and 2 times.
"""

import os
import statistics
import subprocess
import sys
import time

import harness
import machine
import processes
import workload
from records import FOLDER, note, write

TASKS = ("epochs", "memory", "busy")
EPOCHS_SHAPE, N_EPOCHS, N_WINDOWS = (40, 24, 1, 32, 1), 50, 120  # 3 whole minibatches
BUSY_SHAPE = (32, 48, 8, 64, 1)
MEMORY_SIZES = [(1_000, 32), (10_000, 32), (100_000, 32), (10_000, 256), (10_000, 2_048)]  # windows, minibatch

SPIN = "print(flush=True)\nwhile True: pass"
PATIENCE = 15.0  # seconds for the rounds beside one company: a library that collapses would take minutes
MEMORY = """
import json, os, resource, sys
import numpy as np
from tsrnn import RNNRegressor
def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
n_windows, n_batch, n_threads = (int(word) for word in sys.argv[1:])
n_steps, n_features = 48, 8
series = np.random.default_rng(0).standard_normal((n_windows + n_steps, n_features)).astype(np.float32)
windows = np.lib.stride_tricks.sliding_window_view(series, n_steps, axis=0)[:n_windows].transpose(0, 2, 1)
target = series[n_steps:, 0].copy()
def fit(n):
    model = RNNRegressor(hidden_layer_sizes=64, batch_size=n_batch, max_iter=1, random_state=0, n_jobs=n_threads)
    model.fit(windows[:n], target[:n])
fit(64)  # compiles
before = peak()
fit(n_windows)
print(json.dumps({"added_mb": peak() - before, "series_mb": series.nbytes / 2**20, "copy_mb": windows.nbytes / 2**20}))
"""


def main():
    """Measure and write all rows."""
    parser = harness.make_parser(__doc__, peers=["tsrnn", "torch"])
    parser.add_argument("--tasks", nargs="*", choices=TASKS, default=list(TASKS))
    parser.add_argument("--cells", nargs="*", choices=workload.CELLS, default=["lstm"])
    arguments = parser.parse_args()
    harness.write_machine(arguments)
    if "memory" in arguments.tasks:
        measure_memory(arguments)
    if {"epochs", "busy"} & set(arguments.tasks):
        with processes.Workers(arguments) as workers:
            for cell in arguments.cells:
                if "epochs" in arguments.tasks:
                    measure_epochs(workers, cell, arguments)
                if "busy" in arguments.tasks:
                    measure_busy(workers, cell, arguments)


def measure_epochs(workers, cell, arguments):
    """Many short epochs: through `fit`, below it, and the plain loop of PyTorch; one turn is all the epochs."""
    case = {"cell": cell, "shape": EPOCHS_SHAPE, "dtype": "float32", "n_windows": N_WINDOWS, "n_epochs": N_EPOCHS}
    note(f"{N_EPOCHS} epochs of {N_WINDOWS} windows, {cell}")
    series = harness.measure(harness.prepare(workers, "epochs", case), arguments.rounds, arguments.chunk)
    harness.write_series(arguments, "epochs", case, series)
    harness.forget(workers)


def measure_memory(arguments):
    """Peak of a fresh process before and after a `fit`."""
    variables = processes.environment("tsrnn", arguments.threads)
    for n_windows, n_batch in MEMORY_SIZES:
        command = [processes.interpreter("tsrnn", arguments), "-c", MEMORY, n_windows, n_batch, arguments.threads]
        found = processes.fresh_process(command, variables)
        write(arguments.out, "memory", case={"n_windows": n_windows, "n_batch": n_batch}, **found)
        note(f"memory, {n_windows} windows, minibatches of {n_batch}: {found}")


def measure_busy(workers, cell, arguments):
    """Training alone and in company, each library by itself."""
    case = {"cell": cell, "shape": BUSY_SHAPE, "dtype": "float32", "variant": ""}
    for worker in workers:
        variant = worker.ask("variants", task="training")["variants"][0]
        series = harness.Series(worker, "training", {**case, "variant": variant}, worker.peer, workload.N_BATCHES)
        if not series.answer["ok"]:
            note(f"{worker.peer}: {series.answer['error']}")
            continue
        series.choose_length(max(0.5, arguments.chunk))
        for company in ("alone", "spinning", "pinned", "same"):
            rounds = []
            with _Company(company, worker.peer, cell, arguments) as pid:
                end = time.perf_counter() + PATIENCE
                while len(rounds) < arguments.rounds and (not rounds or time.perf_counter() < end):
                    rounds.append(_measure_beside(series, pid))
            rounds, disturbed = harness.best_rounds(rounds, len(rounds))
            seconds = [one["seconds"] for one in rounds]
            facts = {"company": company, "seconds": statistics.median(seconds), "slowest": max(seconds)}
            facts |= {"fastest": min(seconds), "disturbed": disturbed, "rounds": len(rounds)}
            write(arguments.out, "busy", case=case, peer=worker.peer, **facts)
            note(f"{worker.peer}, {cell}, {company}: {1e3 * facts['seconds']:.3f} ms per update")
    harness.forget(workers)


def _measure_beside(series, pid):
    """Measure a round; what the process `pid` uses does not count as foreign."""
    company, started = (machine.cpu_seconds(pid) if pid else 0.0), time.perf_counter()
    if not series.measure():
        raise RuntimeError(f"{series.label}: {series.answer['error']}")
    one = series.rounds.pop()
    wall = time.perf_counter() - started
    company = (machine.cpu_seconds(pid) if pid else 0.0) - company
    return {**one, "foreign": max(0.0, one["foreign"] - company / (wall * os.cpu_count()))}


class _Company:
    """Another process that keeps the machine busy while this context is open; gives its number, or None."""

    def __init__(self, kind, peer, cell, arguments):
        self._process = None
        if kind == "alone":
            return
        command = [sys.executable, "-c", SPIN]
        if kind == "same":
            python = processes.interpreter(peer, arguments)
            command = [python, FOLDER / "endless_training.py", peer, cell, *map(str, BUSY_SHAPE)]
        variables = processes.environment(peer, arguments.threads)
        self._process = subprocess.Popen(command, env=variables, stdout=subprocess.PIPE)
        if kind == "pinned":
            os.sched_setaffinity(self._process.pid, {max(os.sched_getaffinity(0))})
        if not self._process.stdout.readline():  # it says when it has begun
            raise RuntimeError(f"the company {kind!r} of {peer} ended before it began")

    def __enter__(self):
        return self._process.pid if self._process else None

    def __exit__(self, *error):
        if self._process:
            has_ended = self._process.poll() is not None
            self._process.kill()
            self._process.communicate()
            if has_ended:
                raise RuntimeError("the company has ended while it was to keep the machine busy")


if __name__ == "__main__":
    main()
