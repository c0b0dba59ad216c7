"""Whole training steps: gather, forward, back-propagation through time, head, clip, Adam; each peer beside the others.

tsrnn goes through the public `fit`, so all of `fit` counts. The peak of the machine is measured in the same rotation.
Ends with an error if a library fails, or if they do not compute the same losses.
"""

import sys

import harness
import parity
import processes
import workload
from records import note

# The sizes of a set, and as which benchmark its lines are written.
SETS = {
    "goals": (list(workload.GOALS), "training"),
    "odd": (workload.ODD_SHAPES, "odd"),
    "avx2": (workload.AVX2_SHAPES, "avx2"),
}


def main():
    """Measure and write the rows that the command line asks for."""
    parser = harness.make_parser(__doc__)
    parser.add_argument("--set", choices=SETS, default="goals", help="sizes with goals, odd ones, or a few for AVX2")
    parser.add_argument("--shapes", nargs="*", metavar="B,T,F,H,L", help="these sizes instead of those of the set")
    parser.add_argument("--cells", nargs="*", choices=workload.CELLS, default=list(workload.CELLS))
    parser.add_argument("--dtype", choices=["float32", "float64"], default="float32")
    arguments = parser.parse_args()
    shapes, benchmark = SETS[arguments.set]
    if arguments.shapes:
        shapes = [tuple(int(size) for size in text.split(",")) for text in arguments.shapes]
    harness.write_machine(arguments)
    complaints = []
    with processes.Workers(arguments) as workers:
        for shape in shapes:
            for cell in arguments.cells:
                case = {"cell": cell, "shape": shape, "dtype": arguments.dtype}
                complaints += measure_case(workers, benchmark, case, arguments)
    sys.exit("\n".join(complaints) or None)


def measure_case(workers, benchmark, case, arguments):
    """Measure one cell at one size, every way of every peer in rotation; return who fails or computes other losses.

    Beside them the peak and, for odd sizes, ours at the next size that is whole.
    """
    title = f"{benchmark} {case['cell']} {case['shape']} {case['dtype']}"
    note(f"{title}: ms, mean loss of updates 1-8 and 9-16")
    series = harness.prepare(workers, "training", case, workload.N_BATCHES)
    ours = [worker for worker in workers if worker.peer == "tsrnn"]
    peak = harness.prepare(ours, "peak", case, called="peak")
    slower = [worker for worker in workers if worker.peer == "tsrnn-avx2"]
    series += peak + harness.prepare(slower, "peak", case, called="peak-avx2")
    if benchmark == "odd" and peak:
        whole = workload.whole(case["shape"], lanes=int(peak[0].answer["first"][0]))
        if whole != case["shape"]:
            series += harness.prepare(ours, "training", {**case, "shape": whole}, workload.N_BATCHES, called="whole")
    series = harness.measure(series, arguments.rounds, arguments.chunk)
    flops = workload.training_flops(case["cell"], case["shape"])
    lines = harness.write_series(arguments, benchmark, case, series, flops=flops)
    harness.forget(workers)
    found = [f"{title}: {complaint}" for complaint in parity.complaints("training", case, lines)]
    absent = {worker.peer for worker in workers} - {line["peer"] for line in lines.values()}
    found += [f"{title}: {peer} was not measured" for peer in sorted(absent)]
    for complaint in found:
        note(f"  FAILED: {complaint}")
    return found


if __name__ == "__main__":
    main()
