"""Prediction: 10,000 windows at once, one window at a time, and one step of a stream with the state carried along.

Ends with an error if the libraries do not predict the same.
"""

import sys

import harness
import parity
import processes
import workload
from records import note

TASKS = ("prediction", "window", "streaming")


def main():
    """Measure and write all rows."""
    parser = harness.make_parser(__doc__)
    parser.add_argument("--cells", nargs="*", choices=workload.CELLS, default=list(workload.CELLS))
    parser.add_argument("--tasks", nargs="*", choices=TASKS, default=list(TASKS))
    parser.add_argument("--dtype", choices=["float32", "float64"], default="float32")
    arguments = parser.parse_args()
    harness.write_machine(arguments)
    complaints = []
    with processes.Workers(arguments) as workers:
        for cell in arguments.cells:
            for task in arguments.tasks:
                complaints += measure_task(workers, cell, task, arguments)
    sys.exit("\n".join(complaints) or None)


def measure_task(workers, cell, task, arguments):
    """Measure one task with one cell, every way of every peer in rotation; return where predictions disagree."""
    note(f"{task} {cell} {workload.INFERENCE_SHAPE}: ms per call, first predictions")
    case = {"cell": cell, "shape": workload.INFERENCE_SHAPE, "dtype": arguments.dtype}
    case["n_windows"] = workload.N_INFERENCE if task == "prediction" else 1
    series = harness.measure(harness.prepare(workers, task, case), arguments.rounds, arguments.chunk)
    lines = harness.write_series(arguments, "inference", {**case, "task": task}, series)
    harness.forget(workers)
    found = [f"{task} {cell}: {complaint}" for complaint in parity.complaints("inference", case, lines)]
    for complaint in found:
        note(f"  FAILED: {complaint}")
    return found


if __name__ == "__main__":
    main()
