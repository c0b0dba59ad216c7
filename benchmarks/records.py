"""The lines that benchmarks leave, one per measurement, in JSON: written by them, read by the table.

Standard library only, so that any interpreter can run it.
"""

import json
import os
import sys
import time
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
LINES = FOLDER / "results" / "results.jsonl"
RUN = os.environ.get("TSRNN_BENCHMARK_RUN") or f"{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}"


def note(text):
    """Tell the one who waits."""
    print(text, file=sys.stderr, flush=True)


def write(out, benchmark, **facts):
    """Add one line to the file `out`."""
    out.parent.mkdir(parents=True, exist_ok=True)
    with open(out, "a") as file:
        file.write(json.dumps({"benchmark": benchmark, "run": RUN, "date": time.strftime("%F %T"), **facts}) + "\n")


def read(files):
    """Return the lines of some files as dicts, in order."""
    return [json.loads(line) for file in files for line in file.read_text().splitlines()]


def latest(lines, benchmark):
    """Return [(case, [line])] of a benchmark: each case from the latest run that has it, the variant left out."""
    by_case = {}
    for line in lines:
        if line["benchmark"] == benchmark:
            case = {name: value for name, value in line["case"].items() if name != "variant"}
            runs = by_case.setdefault(json.dumps(case, sort_keys=True), {})
            runs.setdefault(line["run"], []).append(line)
    return [(json.loads(text), list(runs.values())[-1]) for text, runs in by_case.items()]


def latest_series(lines, benchmark):
    """Return [(case, {label: line})], the label being the peer or ``peer:variant``."""
    return [(case, {label(line): line for line in found}) for case, found in latest(lines, benchmark)]


def label(line):
    """Return the name of a series: its peer, and its variant if it has one."""
    return f"{line['peer']}:{line['variant']}" if line.get("variant") else line["peer"]


def best(series, peer):
    """Return the fastest way of a peer, or None."""
    ways = [line for name, line in series.items() if name.split(":")[0] == peer]
    return min(ways, key=lambda line: line["seconds"], default=None)
