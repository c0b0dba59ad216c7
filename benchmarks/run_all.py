"""Make the whole table in one run: every benchmark after the other, then RESULTS.md.

Leave the machine alone meanwhile: disturbed rounds are measured again, which takes longer and helps only so far.
"""

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

import table
from records import FOLDER, LINES, RUN, note

STEPS = {
    "peak": ["fma_peak.py"],
    "training": ["training_step.py"],
    "training-float64": ["training_step.py", "--dtype", "float64", "--peers", "tsrnn", "torch"],
    "odd": ["training_step.py", "--set", "odd", "--peers", "tsrnn", "torch"],
    "avx2": ["training_step.py", "--set", "avx2", "--peers", "tsrnn", "tsrnn-avx2", "torch", "torch-avx2"],
    "kernels": ["kernels.py"],
    "inference": ["inference.py"],
    "start": ["start.py"],
    "overhead": ["overhead.py"],
}


def main():
    """Run what the command line asks for; every option that is not its own goes to each benchmark."""
    parser = argparse.ArgumentParser(
        description=__doc__.splitlines()[0], epilog="Further options (--venvs, --rounds, ...) go to each benchmark."
    )
    parser.add_argument("--steps", nargs="*", choices=STEPS, default=list(STEPS))
    parser.add_argument("--quick", action="store_true", help="one short round of everything: does it run?")
    parser.add_argument("--out", type=Path, help="lines are added to it (results/results.jsonl; quick: quick.jsonl)")
    parser.add_argument("--table", type=Path, help="where the table is written (RESULTS.md; quick: results/QUICK.md)")
    arguments, options = parser.parse_known_args()
    out, quick = arguments.out or LINES, []
    if arguments.quick:  # what it measures means nothing, and must not get among what does
        out, quick = arguments.out or LINES.with_name("quick.jsonl"), ["--rounds", "1", "--chunk", "0.02"]
    written = arguments.table or (LINES.with_name("QUICK.md") if arguments.quick else table.RESULTS)
    variables = {**os.environ, "TSRNN_BENCHMARK_RUN": RUN}
    failed = []
    for name in arguments.steps:
        started = time.perf_counter()
        note(f"== {name}")
        script, *own = STEPS[name]
        further = [] if name == "peak" else [*options, *own, *quick]
        if subprocess.run([sys.executable, FOLDER / script, *further, "--out", out], env=variables).returncode:
            failed.append(name)
        note(f"== {name} took {time.perf_counter() - started:.0f} s")
    subprocess.run([sys.executable, FOLDER / "table.py", out, "--out", written], check=True)
    if failed:
        sys.exit(f"failed: {', '.join(failed)}")


if __name__ == "__main__":
    main()
