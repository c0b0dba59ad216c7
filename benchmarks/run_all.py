"""Make the whole table in one run: every benchmark after the other, then RESULTS.md. Takes about two hours.

Leave the machine alone meanwhile: disturbed rounds are measured again, which takes longer and helps only so far.
"""

import argparse
import os
import subprocess
import sys

import harness

STEPS = {
    "peak": ["fma_peak.py"],
    "training": ["training_step.py"],
    "training-float64": ["training_step.py", "--dtype", "float64", "--peers", "tsrnn", "torch"],
    "odd": ["training_step.py", "--set", "odd", "--peers", "tsrnn", "torch"],
    "kernels": ["kernels.py"],
    "inference": ["inference.py"],
    "start": ["start.py"],
    "overhead": ["overhead.py"],
}


def main():
    """Run what the command line asks for; every option that is not its own goes to each benchmark."""
    parser = argparse.ArgumentParser(
        description=__doc__.splitlines()[0], epilog="Further options (--venvs, --out, ...) go to each benchmark."
    )
    parser.add_argument("--steps", nargs="*", choices=STEPS, default=list(STEPS))
    parser.add_argument("--quick", action="store_true", help="one short round of everything: does it run?")
    arguments, options = parser.parse_known_args()
    common = harness.make_parser(__doc__).parse_known_args(options)[0]
    quick = ["--rounds", "1", "--chunk", "0.02"] if arguments.quick else []
    variables = {**os.environ, "TSRNN_BENCHMARK_RUN": harness.RUN}
    failed = []
    for name in arguments.steps:
        harness.note(f"== {name}")
        script, *own = STEPS[name]
        further = ["--out", str(common.out)] if name == "peak" else [*options, *own, *quick]
        command = [sys.executable, str(harness.FOLDER / script), *further]
        if subprocess.run(command, env=variables).returncode:
            failed.append(name)
    table = [sys.executable, str(harness.FOLDER / "table.py"), str(common.out)]
    subprocess.run([*table, "--out", str(common.out.with_name("RESULTS.md"))], check=True)
    if failed:
        sys.exit(f"failed: {', '.join(failed)}")


if __name__ == "__main__":
    main()
