"""The forecaster on much data: what a fit adds to memory, and the share of its time that is spent in kernels.

- "memory": what a fit of one long series adds to the memory of a fresh process, and what stays, by the size of its
  values in float64.
- "share": panels, with all windows in an epoch and with a sample of them: the time of a fit, and the part of it that
  was spent in compiled code.
- "short": a panel of many short series: the same for one epoch of a sample, so that nearly all of it is the way from
  the frame to windows.
- "members": the time of a fit of several networks, side by side on the cores.
- "peer": a panel learnt from by PyTorch, in a loop as one would write it, beside `fit`, in turns; it needs
  `--torch-python`, an interpreter that has PyTorch.
- "backtest": forecasts from many origins without a refit, as one batch, beside the same by one `update` and `forecast`
  after the other.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import machine
import records
from markdown import percent, section
from one_network import make_forecaster

RESULTS = records.FOLDER / "PANELS.md"
KERNEL_GOAL, MEMORY_GOAL = 0.85, 2.0
MEMORY = [  # steps, dtype, arguments
    (1_000_000, "float32", {}),
    (10_000_000, "float32", {}),
    (10_000_000, "float64", {}),
    (10_000_000, "float32", {"calendar": ["hour"]}),
    (10_000_000, "float32", {"target_transform": "difference"}),
]
PANELS = [  # series, steps, horizon, arguments
    (1000, 500, 1, {"lookback": 9, "max_iter": 2}),
    (1000, 500, 12, {"lookback": 15, "max_iter": 2}),
    (1000, 500, 1, {"lookback": 9, "windows_per_epoch": 5000, "max_iter": 32}),
    (1000, 500, 12, {"lookback": 15, "windows_per_epoch": 5000, "max_iter": 32}),
]
SHORT = (100_000, 60, 12, {"lookback": 15, "windows_per_epoch": 20_000, "max_iter": 1})
BACKTESTS = ((1, 5000, 24, 1000), (100, 500, 12, 100))  # series, steps, horizon, origins
PEER = (1000, 500, 12, 24)  # series, steps, horizon, lookback
MEMBERS = (1, 2, 4, 8)
TASKS = ("memory", "share", "short", "members", "peer", "backtest")


def main():
    """Measure all cases, each in fresh processes; write lines, and with `--table` the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tasks", nargs="*", choices=TASKS, default=list(TASKS))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--n-jobs", type=int, default=os.cpu_count())
    parser.add_argument("--torch-python", type=Path, help="an interpreter that has PyTorch, for the peer")
    parser.add_argument("--out", type=Path, default=records.LINES)
    parser.add_argument("--table", action="store_true", help=f"write {RESULTS.name}")
    arguments = parser.parse_args()
    sections = ["# Panels, and one long series", _explain(arguments)]
    if "memory" in arguments.tasks:
        rows = [measure_memory(*case, arguments) for case in MEMORY]
        columns = ["steps", "dtype", "arguments", "added at most", "stays", f"below {MEMORY_GOAL:g}"]
        sections.append(section("## Memory, by the size of the series", MEMORY_TEXT, columns, rows))
    for task, panels in (("share", PANELS), ("short", [SHORT])):
        if task in arguments.tasks:
            rows = [measure_panel(task, *panel, arguments) for panel in panels]
            columns = ["series", "steps", "horizon", "arguments", "fit", "outside kernels", "in kernels"]
            sections.append(section(*PANEL_TEXTS[task], columns, rows))
    if "members" in arguments.tasks:
        columns = ["members", "fit", "by that of one, one thread", "members by cores"]
        sections.append(section("## Ensembles", MEMBERS_TEXT, columns, measure_members(arguments)))
    if "peer" in arguments.tasks and arguments.torch_python:
        columns = ["series", "steps", "horizon", "lookback", "tsrnn", "PyTorch", "ratio"]
        sections.append(section("## Beside PyTorch", PEER_TEXT, columns, [measure_peer(*PEER, arguments)]))
    if "backtest" in arguments.tasks:
        rows = [measure_backtest(*case, arguments) for case in BACKTESTS]
        columns = ["series", "steps", "horizon", "origins", "as one batch", "one by one", "ratio"]
        sections.append(section("## A back-test without a refit", BACKTEST_TEXT, columns, rows))
    if arguments.table:
        RESULTS.write_text("\n\n".join(sections) + "\n")


MEMORY_TEXT = (
    "`RNNForecaster(24, lookback=500, windows_per_epoch=2000, max_iter=1)`, one network of 32 units, of a series in "
    "float64 on a clock of minutes. The values are kept in float64, and as the network reads them in its own "
    "precision, which of float64 is twice their size already; a window is a view. What does not grow with the series "
    "shows where it is short."
)
BACKTEST_TEXT = (
    "`backtest(model, data, refit=False)`, its scores included, beside `update` and `forecast` at each origin; the "
    "fit of one epoch at the first origin is in both. The forecasts of both ways are compared, to the bit."
)
MEMBERS_TEXT = (
    "A panel of 20 series of 500 steps, networks of 32 units, two epochs. One alone has all threads, several share "
    "them; they are to take what one takes on one thread, times their number by that of the cores."
)
PEER_TEXT = (
    "From a long frame to a network that has learnt one epoch of all windows: LSTM of 64, minibatches of 64, Adam, the "
    "norm clipped; no part held out. PyTorch by the plain loop of `benchmarks/whole_job.py`, in turns."
)
PANEL_TEXTS = {
    "share": (
        "## Time of a fit",
        f"A long frame of daily series, one network of 32 units. The goal is {KERNEL_GOAL:.0%} of the time in kernels.",
    ),
    "short": (
        "## Many short series",
        "One epoch of a sample: what is outside kernels is the way from the frame to windows, thrice scaled.",
    ),
}


def measure_memory(n_steps, dtype, options, arguments):
    """Measure the memory of one fit; return the row of the table."""
    case = {"task": "memory", "n_steps": n_steps, "dtype": dtype, "options": options}
    found = _apart(case, arguments)
    records.write(arguments.out, "panel memory", case=case, **found)
    records.note(f"{case}: {found}")
    is_below = "yes" if found["added"] < MEMORY_GOAL else "no"
    return [f"{n_steps:,}", dtype, _shown(options), f"{found['added']:.2f}", f"{found['stays']:.2f}", is_below]


def measure_panel(task, n_series, n_steps, horizon, options, arguments):
    """Measure the fit of one panel, the median of some processes; return the row of the table."""
    case = {"task": "share", "n_series": n_series, "n_steps": n_steps, "horizon": horizon, "options": options}
    rounds = [_apart(case, arguments) for _ in range(arguments.rounds)]
    found = sorted(rounds, key=lambda one: one["kernels"] / one["seconds"])[len(rounds) // 2]
    records.write(arguments.out, f"panel {task}", case=case, rounds=rounds, **found)
    outside, share = found["seconds"] - found["kernels"], found["kernels"] / found["seconds"]
    records.note(f"{case}: {found['seconds']:.2f} s, {outside:.2f} s outside kernels, {share:.1%} in them")
    verdict = "" if task == "short" else " (reached)" if share >= KERNEL_GOAL else " (not reached)"
    seconds = [f"{one:.2f} s" for one in (found["seconds"], outside)]
    return [f"{n_series:,}", n_steps, horizon, _shown(options), *seconds, percent(share) + verdict]


def measure_members(arguments):
    """Measure the fits of ensembles, in turns; return the rows of the table."""
    rounds = [_apart({"task": "members"}, arguments) for _ in range(arguments.rounds)]
    records.write(arguments.out, "panel members", rounds=rounds)
    alone, *seconds = (sorted(one[k] for one in rounds)[len(rounds) // 2] for k in range(1 + len(MEMBERS)))
    records.note(f"one member on one thread {alone:.2f} s, {MEMBERS} on {arguments.n_jobs}: {seconds}")
    return [
        [n, f"{of:.2f} s", f"{of / alone:.2f}", f"{n / arguments.n_jobs:.2f}"]
        for n, of in zip(MEMBERS, seconds, strict=True)
    ]


def measure_peer(n_series, n_steps, horizon, lookback, arguments):
    """Measure the fit of one panel by this package and by PyTorch, in turns; return the row of the table."""
    case = {"n_series": n_series, "n_steps": n_steps, "horizon": horizon, "lookback": lookback}
    job = ["panel", *map(str, case.values())]
    commands = {
        name: [str(python), str(Path(__file__).with_name("whole_job.py")), name, *job]
        for name, python in {"tsrnn": sys.executable, "torch": arguments.torch_python}.items()
    }
    rounds = [
        {name: json.loads(_output(command).splitlines()[-1])["fit_s"] for name, command in commands.items()}
        for _ in range(arguments.rounds)
    ]
    found = {name: sorted(one[name] for one in rounds)[len(rounds) // 2] for name in commands}
    ratio = sorted(one["torch"] / one["tsrnn"] for one in rounds)[len(rounds) // 2]
    records.write(arguments.out, "panel peer", case=case, rounds=rounds, **found)
    records.note(f"{case}: {found}")
    seconds = [f"{found[name]:.2f} s" for name in commands]
    return [f"{n_series:,}", n_steps, horizon, lookback, *seconds, f"{ratio:.1f}x"]


def measure_backtest(n_series, n_steps, horizon, n_origins, arguments):
    """Measure one back-test both ways; return the row of the table."""
    case = {"task": "backtest", "n_series": n_series, "n_steps": n_steps, "horizon": horizon, "n_origins": n_origins}
    rounds = [_apart(case, arguments) for _ in range(arguments.rounds)]
    found = {name: sorted(one[name] for one in rounds)[len(rounds) // 2] for name in ("batch", "alone")}
    records.write(arguments.out, "panel backtest", case=case, rounds=rounds, **found)
    records.note(f"{case}: {found}")
    seconds = [f"{found[name]:.2f} s" for name in ("batch", "alone")]
    return [n_series, f"{n_steps:,}", horizon, n_origins, *seconds, f"{found['alone'] / found['batch']:.0f}x"]


def _shown(options):
    return ", ".join(f"{name}={value}" for name, value in options.items())


def _explain(arguments):
    described = machine.describe()
    return (
        f"Written by `benchmarks/panels.py`. {described['cpu']}, {described['usable_cores']} of {described['cores']} "
        f"cores, n_jobs={arguments.n_jobs}; of times the median of {arguments.rounds} fresh processes."
    )


def _apart(case, arguments):
    """Measure one case in a fresh process."""
    command = [sys.executable, __file__, "--case", json.dumps({**case, "n_jobs": arguments.n_jobs})]
    return json.loads(_output(command))


def _output(command):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout


# ---------------------------------------------------------------- what runs in these processes


def run_case(task, n_jobs, **case):
    """Return what is measured of one case."""
    runs = {"memory": run_memory, "members": run_members, "backtest": run_backtest}
    return runs.get(task, run_panel)(n_jobs, **case)


def run_memory(n_jobs, n_steps, dtype, options):
    """Return how much memory a fit of one series adds at most, and how much stays, by the size of the series."""
    import numpy as np
    import pandas as pd

    def series(n):
        return pd.Series(np.sin(np.arange(n) / 9), pd.date_range("1990-01-01", periods=n, freq="min"))

    options = {"lookback": 500, "windows_per_epoch": 2000, "max_iter": 1, "dtype": dtype, "n_jobs": n_jobs, **options}
    model = make_forecaster(24, **options)
    model.fit(series(5000))  # compiles
    given = series(n_steps)
    Path("/proc/self/clear_refs").write_text("5")  # the highest so far is forgotten
    before = _kilobytes("VmRSS")
    model.fit(given)
    return {name: 1024 * (_kilobytes(of) - before) / (8 * n_steps) for name, of in _MEMORY.items()}


_MEMORY = {"added": "VmHWM", "stays": "VmRSS"}


def _kilobytes(name):
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:"))


def run_panel(n_jobs, n_series, n_steps, horizon, options):
    """Return the seconds of a fit, and those of them that were spent in compiled code."""
    from kernel_entries import watch_kernels
    from whole_job import make_panel

    options = {**options, "n_jobs": n_jobs}
    make_forecaster(horizon, **{**options, "max_iter": 1}).fit(make_panel(10, n_steps))  # compiles
    given = make_panel(n_series, n_steps)
    with watch_kernels() as spent:
        started = time.perf_counter()
        make_forecaster(horizon, **options).fit(given)
        seconds = time.perf_counter() - started
    return {"seconds": seconds, "kernels": sum(spent)}


def run_members(n_jobs):
    """Return the seconds of the fit of one network on one thread, and of each number of members on all."""
    from whole_job import make_panel

    frame, seconds = make_panel(20, 500), []
    make_forecaster(12, lookback=15, max_iter=1, n_jobs=n_jobs).fit(frame[:1000])  # compiles
    for n_members, n_threads in [(1, 1), *((n, n_jobs) for n in MEMBERS)]:
        model = make_forecaster(12, lookback=15, max_iter=2, n_members=n_members, n_jobs=n_threads)
        started = time.perf_counter()
        model.fit(frame)
        seconds.append(time.perf_counter() - started)
    return seconds


def run_backtest(n_jobs, n_series, n_steps, horizon, n_origins):
    """Return the seconds of a back-test without a refit as one batch, and of the same origins one by one."""
    import numpy as np
    import pandas as pd
    from sklearn.base import clone

    from tsrnn import backtest

    values = np.random.default_rng(0).standard_normal((n_steps, n_series)).cumsum(axis=0)
    frame = pd.DataFrame(values, pd.date_range("2020-01-01", periods=n_steps, freq="h"), range(n_series))
    first = n_steps - horizon - n_origins + 1
    model = make_forecaster(horizon, lookback=30, max_iter=1, n_jobs=n_jobs)
    clone(model).fit(frame[:first])  # compiles
    started = time.perf_counter()
    result = backtest(model, frame, horizon=horizon, n_origins=n_origins, refit=False, verbose=0)
    result.scores()
    batch = time.perf_counter() - started
    started = time.perf_counter()
    fitted = clone(model).fit(frame[:first])
    alone = [fitted.forecast()]
    for row in range(first, first + n_origins - 1):
        alone.append(fitted.update(frame[row : row + 1]).forecast())
    one_by_one = time.perf_counter() - started
    same = np.concatenate([forecast.to_numpy().T.ravel() for forecast in alone])
    if not np.array_equal(np.sort(result.forecasts["forecast"].to_numpy()), np.sort(same)):
        raise RuntimeError("a back-test as one batch is not what its origins forecast one by one")
    return {"batch": batch, "alone": one_by_one}


if __name__ == "__main__":
    if sys.argv[1:2] == ["--case"]:
        print(json.dumps(run_case(**json.loads(sys.argv[2]))))
    else:
        main()
