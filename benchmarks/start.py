"""Cold and warm start, each figure from fresh processes: imports, first compilation, the cache, a whole job.

Numba's cache goes to folders of its own, so that nobody's cache is used or harmed: an empty one for each cold start,
one filled beforehand for warm ones.
"""

import json
import shutil
import sys
import tempfile
from functools import partial
from pathlib import Path

import harness
import processes
import workload
from records import FOLDER, note, write

TASKS = ("import", "compile", "forecast")

# The modules of others that importing tsrnn needs, in order; and the time that tsrnn itself adds to importing those.
LIST_DEPENDENCIES = """
import json, sys
before = set(sys.modules)
from tsrnn import RNNForecaster, RNNRegressor
names = [name for name in sys.modules if name not in before and name.split(".")[0] != "tsrnn"]
print(json.dumps({"names": [name for name in names if getattr(sys.modules[name], "__spec__", None)]}))
"""
IMPORT_AFTER_DEPENDENCIES = """
import importlib, json, sys, time
started = time.perf_counter()
for name in json.loads(sys.argv[1]):
    try:
        importlib.import_module(name)
    except ImportError:  # made by its parent at run time
        pass
between = time.perf_counter()
from tsrnn import RNNForecaster, RNNRegressor
print(json.dumps({"dependencies_s": between - started, "tsrnn_s": time.perf_counter() - between}))
"""


def main():
    """Measure and write all rows."""
    parser = harness.make_parser(__doc__, rounds=3)
    parser.add_argument("--tasks", nargs="*", choices=TASKS, default=list(TASKS))
    parser.add_argument("--cells", nargs="*", choices=workload.CELLS, default=list(workload.CELLS))
    parser.add_argument("--dtypes", nargs="*", choices=["float32", "float64"], default=["float32", "float64"])
    arguments = parser.parse_args()
    harness.write_machine(arguments)
    peers = [peer for peer in arguments.peers if processes.interpreter(peer, arguments)]
    with tempfile.TemporaryDirectory() as folder:
        if "import" in arguments.tasks:
            measure_imports(peers, arguments, folder)
        if "compile" in arguments.tasks:
            measure_compilation(peers, arguments, Path(folder))
        if "forecast" in arguments.tasks:
            measure_forecast(peers, arguments, Path(folder))


def measure_imports(peers, arguments, cache):
    """Importing each library, and what tsrnn adds to importing what it depends on."""
    series = {}
    for peer in peers:
        python, variables = _place(peer, arguments, cache)
        series[f"import {peer}"] = partial(processes.fresh_process, [python, _JOB, peer, "import"], variables)
        if peer == "tsrnn":
            names = processes.fresh_process([python, "-c", LIST_DEPENDENCIES], variables)["names"]
            command = [python, "-c", IMPORT_AFTER_DEPENDENCIES, json.dumps(names)]
            series["import tsrnn after its dependencies"] = partial(processes.fresh_process, command, variables)
    _measure(series, {"task": "import"}, arguments)


def measure_compilation(peers, arguments, folder):
    """The first training step of a process: tsrnn with an empty and with a filled cache, the others as they are."""
    for dtype in arguments.dtypes:
        for cell in arguments.cells:
            series = {}
            for peer in peers:
                python, variables = _place(peer, arguments, folder / f"warm-{cell}-{dtype}")
                if peer == "jax" or (peer.startswith("keras") and dtype == "float64"):
                    continue
                run = partial(processes.fresh_process, [python, _JOB, peer, "first", cell, dtype])
                if peer == "tsrnn":
                    run(variables)  # fills the cache
                    series["tsrnn, cold"] = partial(_run_cold, run, variables, folder / "cold")
                    series["tsrnn, warm"] = partial(run, variables)
                else:
                    series[peer] = partial(run, variables)
            _measure(series, {"task": "compile", "cell": cell, "dtype": dtype}, arguments)


def measure_forecast(peers, arguments, folder):
    """The whole job in a fresh process; tsrnn with a filled and with an empty cache."""
    series = {}
    for peer in peers:
        if peer == "jax":
            continue
        python, variables = _place(peer, arguments, folder / "warm-forecast")
        run = partial(processes.fresh_process, [python, _JOB, peer, "forecast"])
        if peer == "tsrnn":
            run(variables)
            series["tsrnn, cold"] = partial(_run_cold, run, variables, folder / "cold")
            series["tsrnn, warm"] = partial(run, variables)
        else:
            series[peer] = partial(run, variables)
    _measure(series, {"task": "forecast"}, arguments)


_JOB = FOLDER / "whole_job.py"


def _place(peer, arguments, cache):
    """Return the interpreter of a peer and its environment variables, Numba's cache in a given folder."""
    python = processes.interpreter(peer, arguments)
    return python, {**processes.environment(peer, arguments.threads), "NUMBA_CACHE_DIR": str(cache)}


def _run_cold(run, variables, cache):
    """Run with an empty folder as the cache."""
    shutil.rmtree(cache, ignore_errors=True)
    return run({**variables, "NUMBA_CACHE_DIR": str(cache)})


def _measure(series, case, arguments):
    for label, numbers in harness.repeat_fresh(series, arguments.rounds).items():
        write(arguments.out, "start", case=case, label=label, **numbers)
        shown = {key: round(value, 3) for key, value in numbers.items() if isinstance(value, float)}
        note(f"{' '.join(case.values())}: {label}: {numbers.get('error') or shown}")


if __name__ == "__main__":
    sys.exit(main())
