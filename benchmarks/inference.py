"""Prediction: 10,000 windows at once, one window at a time, and one step of a stream with the state carried along."""

import harness
import workload


def main():
    """Measure and write all rows."""
    parser = harness.make_parser(__doc__)
    parser.add_argument("--cells", nargs="*", choices=workload.CELLS, default=list(workload.CELLS))
    parser.add_argument("--tasks", nargs="*", choices=TASKS, default=list(TASKS))
    parser.add_argument("--dtype", choices=["float32", "float64"], default="float32")
    arguments = parser.parse_args()
    harness.write_machine(arguments)
    with harness.Workers(arguments) as workers:
        for cell in arguments.cells:
            for task in arguments.tasks:
                harness.note(f"{task} {cell} {workload.INFERENCE_SHAPE}: ms per call, first predictions")
                case = {"cell": cell, "shape": workload.INFERENCE_SHAPE, "dtype": arguments.dtype}
                case["n_windows"] = workload.N_INFERENCE if task == "prediction" else 1
                series = harness.prepare(workers, task, case)
                series = harness.measure(series, arguments.rounds, arguments.chunk)
                harness.write_series(arguments, "inference", {**case, "task": task}, series)
                harness.forget(workers)


TASKS = ("prediction", "window", "streaming")


if __name__ == "__main__":
    main()
