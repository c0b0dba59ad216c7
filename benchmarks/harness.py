"""How everything here is measured: the options all benchmarks share, and rounds in rotation.

Standard library only, so that any interpreter can run it.
"""

import argparse
import os
import statistics
import time
from pathlib import Path

import machine
from processes import PEERS
from records import LINES, note, write

VENVS = "TSRNN_BENCHMARK_VENVS"  # environment variable: the folder that setup_peers.py has filled
TRIES = 3  # times the rounds asked for, at most


def make_parser(doc, peers=("tsrnn", "torch", "jax", "keras"), rounds=7, chunk=0.3):
    """Return an argument parser with the options that all benchmarks share."""
    parser = argparse.ArgumentParser(
        description=doc.strip().splitlines()[0], formatter_class=argparse.ArgumentDefaultsHelpFormatter
    )
    parser.add_argument("--peers", nargs="*", default=list(peers), choices=list(PEERS), help="who is measured")
    parser.add_argument("--venvs", default=os.environ.get(VENVS), help=f"folder filled by setup_peers.py (or ${VENVS})")
    parser.add_argument(
        "--python", nargs="*", default=[], metavar="PEER=FILE", help="interpreter of a peer outside that folder"
    )
    parser.add_argument("--threads", type=int, default=2, help="of every peer")
    parser.add_argument("--rounds", type=int, default=rounds, help="undisturbed rounds of each series")
    parser.add_argument("--chunk", type=float, default=chunk, help="seconds of work per round")
    parser.add_argument("--out", type=Path, default=LINES, help="lines are added to it")
    return parser


# ---------------------------------------------------------------- one rotation


class Series:
    """One thing that is measured, round after round, in rotation with others.

    Attributes
    ----------
    answer : dict
        What the worker said to the preparation: "first" and "second" are what the first two runs gave back.
    rounds : list of dict
        seconds of one turn, foreign.
    """

    def __init__(self, worker, task, case, label, multiple=1):
        self.worker, self.label, self.multiple, self.rounds = worker, label, multiple, []
        self.name = f"{label} {task}"
        self.answer = worker.ask("prepare", name=self.name, task=task, case=case, n=multiple)
        self.n = multiple

    def choose_length(self, chunk):
        """Set how many turns make a round of about `chunk` seconds."""
        self.n = max(1, round(chunk / max(self.answer["seconds"], 1e-9) / self.multiple)) * self.multiple

    def measure(self):
        """Measure one round; False if the worker failed."""
        time.sleep(0.02)  # threads of the one before go to sleep
        before, started = machine.busy_seconds(), time.perf_counter()
        answer = self.worker.ask("run", name=self.name, n=self.n)
        wall, busy = time.perf_counter() - started, machine.busy_seconds() - before
        if not answer["ok"]:
            self.answer = answer
            return False
        share = machine.foreign(busy, answer["cpu"], wall)
        self.rounds.append({"seconds": answer["seconds"] / self.n, "cpu": answer["cpu"] / self.n, "foreign": share})
        return True

    def numbers(self, n_rounds):
        """Return what goes into the results: median, extremes, how many rounds, whether they were disturbed."""
        rounds, disturbed = best_rounds(self.rounds, n_rounds)
        seconds = [one["seconds"] for one in rounds]
        return {
            "seconds": statistics.median(seconds), "fastest": min(seconds), "slowest": max(seconds),
            "cpu": statistics.median(one["cpu"] for one in rounds), "rounds": len(rounds), "turns_per_round": self.n,
            "disturbed": disturbed, "foreign": max(one["foreign"] for one in rounds),
        }  # fmt: skip


def prepare(workers, task, case, multiple=1, called=None):
    """Return the Series of all peers, in all their variants, that can do a task; one without it is left out.

    Their label is the peer, with its variant if it has several ways; or `called`.
    """
    series = []
    for worker in workers:
        for variant in worker.ask("variants", task=task).get("variants", []):
            label = called or (worker.peer if variant == "default" else f"{worker.peer}:{variant}")
            one = Series(worker, task, {**case, "variant": variant}, label, multiple)
            if one.answer["ok"]:
                series.append(one)
            else:
                note(f"  {label} {task}: {one.answer['error']}")
    return series


def measure(series, n_rounds, chunk):
    """Measure all series in rotation, until each has `n_rounds` rounds in which others left the machine alone.

    A disturbed round is measured again, at most until TRIES times the rounds were made; see `best_rounds`.
    """
    for one in series:
        one.choose_length(chunk)
    alive = list(series)
    for turn in range(TRIES * n_rounds):
        left = [one for one in alive if _n_clean(one.rounds) < n_rounds]
        if not left:
            break
        if turn >= n_rounds:
            machine.wait_until_quiet()
        for one in _rotate(left, turn):
            if not one.measure():
                note(f"  {one.label}: {one.answer['error']}")
                alive.remove(one)
    return [one for one in alive if one.rounds]


def forget(workers):
    """Let all workers drop what they hold."""
    for worker in workers:
        worker.ask("forget")


def repeat_fresh(series, n_runs):
    """Run fresh processes in rotation until each of `series` has `n_runs` undisturbed runs, within bounds.

    Parameters
    ----------
    series : dict of name to (callable that returns a dict of numbers, see `processes.fresh_process`)
    n_runs : int

    Returns
    -------
    dict of name to dict
        The median of each number; "runs" and "disturbed"; or "error".
    """
    runs = {name: [] for name in series}
    errors = {}
    for turn in range(TRIES * n_runs):
        left = [name for name in series if name not in errors and _n_clean(runs[name]) < n_runs]
        for name in _rotate(left, turn):
            answer = series[name]()
            if "error" in answer:
                errors[name] = {"error": answer["error"]}
            else:
                runs[name].append(answer)
    medians = {}
    for name, rounds in runs.items():
        rounds, disturbed = best_rounds(rounds, n_runs)
        keys = rounds[0] if rounds else ()
        numbers = {key: statistics.median(one[key] for one in rounds) for key in keys if _is_number(rounds[0][key])}
        medians[name] = errors.get(name) or {**numbers, "runs": len(rounds), "disturbed": disturbed}
    return medians


def best_rounds(rounds, n_rounds):
    """Return the undisturbed rounds and False; or, if there are fewer than three, the least disturbed and True."""
    clean = [one for one in rounds if one["foreign"] <= machine.DISTURBED]
    if len(clean) >= min(3, n_rounds):
        return clean, False
    return sorted(rounds, key=lambda one: one["foreign"])[: min(3, n_rounds)], True


def _n_clean(rounds):
    return sum(one["foreign"] <= machine.DISTURBED for one in rounds)


def _rotate(items, turn):
    k = turn % len(items) if items else 0
    return items[k:] + items[:k]


def _is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool)


# ---------------------------------------------------------------- what is written


def write_machine(arguments):
    """Add what this machine is to the results."""
    write(arguments.out, "machine", threads=arguments.threads, **machine.describe())


def write_series(arguments, benchmark, case, series, **facts):
    """Add one line per series, print it, and return the lines by label."""
    lines = {}
    for one in series:
        numbers = one.numbers(arguments.rounds)
        peer, _, variant = one.label.partition(":")
        answers = {key: one.answer[key] for key in ("first", "second", "preparation_s")}
        lines[one.label] = {"case": case, "peer": peer, "variant": variant, **numbers, **answers, **facts}
        write(arguments.out, benchmark, **lines[one.label])
        first, second = (statistics.fmean(answers[key] or [float("nan")]) for key in ("first", "second"))
        mark = "  disturbed" if numbers["disturbed"] else ""
        note(f"  {one.label:20s} {1e3 * numbers['seconds']:11.4f} ms   {first:.6f} {second:.6f}{mark}")
    return lines
