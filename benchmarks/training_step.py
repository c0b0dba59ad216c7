"""Whole training steps: gather, forward, back-propagation through time, head, clip, Adam; each peer beside the others.

tsrnn goes through the public `fit`, so all of `fit` counts. The peak of the machine is measured in the same rotation.
"""

import harness
import workload


def main():
    """Measure and write the rows that the command line asks for."""
    parser = harness.make_parser(__doc__)
    parser.add_argument("--set", choices=["goals", "odd"], default="goals", help="the sizes with goals, or odd ones")
    parser.add_argument("--shapes", nargs="*", metavar="B,T,F,H,L", help="these sizes instead of a set")
    parser.add_argument("--cells", nargs="*", choices=workload.CELLS, default=list(workload.CELLS))
    parser.add_argument("--dtype", choices=["float32", "float64"], default="float32")
    arguments = parser.parse_args()
    if arguments.shapes:
        shapes = [tuple(int(size) for size in text.split(",")) for text in arguments.shapes]
    else:
        shapes = list(workload.GOALS) if arguments.set == "goals" else workload.ODD_SHAPES
    harness.write_machine(arguments)
    with harness.Workers(arguments) as workers:
        for shape in shapes:
            for cell in arguments.cells:
                measure_case(workers, {"cell": cell, "shape": shape, "dtype": arguments.dtype}, arguments)


def measure_case(workers, case, arguments):
    """Measure one cell at one size: every way of every peer to train, and the peak, in rotation."""
    harness.note(f"training {case['cell']} {case['shape']} {case['dtype']}: ms, mean loss of updates 1-8 and 9-16")
    series = harness.prepare(workers, "training", case, multiple=workload.N_BATCHES)
    ours = [worker for worker in workers if worker.peer == "tsrnn"]
    peak = harness.prepare(ours, "peak", case)
    for one in peak:
        one.label = "peak"
    series = harness.measure(series + peak, arguments.rounds, arguments.chunk)
    flops = workload.training_flops(case["cell"], case["shape"])
    harness.write_series(arguments, "training", case, series, flops=flops)
    harness.forget(workers)


if __name__ == "__main__":
    main()
