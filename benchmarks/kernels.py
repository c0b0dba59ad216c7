"""The kernels one by one: products and activations on one thread; then forward, gradient and step of whole networks.

The difference between gradient and forward is the backward pass, that between step and gradient clip and Adam. For
tsrnn "step" is below `fit`: what `fit` adds is the difference to the row of the same size in ``training_step.py``.
"""

import harness
import processes
import workload
from records import note

# (rows, k, columns): forward, dh and dW of an LSTM of 64 and of 256 hidden units on a shard of rows
PRODUCTS = [(8, 72, 256), (8, 256, 64), (72, 96, 256), (8, 272, 1024), (8, 1024, 256), (272, 96, 1024)]
N_ELEMENTS = 4096  # stays in the first cache


def main():
    """Measure and write all rows."""
    parser = harness.make_parser(__doc__, peers=["tsrnn", "numpy", "torch", "jax"], chunk=0.2)
    parser.add_argument("--shapes", nargs="*", metavar="B,T,F,H,L", default=["32,48,8,64,1", "128,168,8,128,1"])
    parser.add_argument("--cells", nargs="*", choices=workload.CELLS, default=list(workload.CELLS))
    parser.add_argument("--dtype", choices=["float32", "float64"], default="float32")
    arguments = parser.parse_args()
    harness.write_machine(arguments)
    with processes.Workers(arguments, n_threads=1) as workers:
        for sizes in PRODUCTS:
            m, k, n = sizes
            case = {"sizes": sizes, "dtype": arguments.dtype}
            measure_part(workers, "product", case, arguments, flops=2 * m * k * n)
        for name in ("tanh", "sigmoid"):
            case = {"size": N_ELEMENTS, "dtype": arguments.dtype}
            measure_part(workers, name, case, arguments, elements=N_ELEMENTS)
    with processes.Workers(arguments) as workers:
        for text in arguments.shapes:
            shape = tuple(int(size) for size in text.split(","))
            for cell in arguments.cells:
                case = {"cell": cell, "shape": shape, "dtype": arguments.dtype}
                for part in ("forward", "gradient", "step"):
                    flops = workload.forward_flops(cell, shape) * (1 if part == "forward" else 3)
                    measure_part(workers, part, case, arguments, flops=flops)


def measure_part(workers, part, case, arguments, **facts):
    """Measure one part in all libraries that have it, and the peak, in rotation."""
    note(f"{part} {case}")
    multiple = workload.N_BATCHES if part == "step" else 1
    series = harness.prepare(workers, part, case, multiple)
    peak = harness.prepare([worker for worker in workers if worker.peer == "tsrnn"], "peak", case, called="peak")
    series = harness.measure(series + peak, arguments.rounds, arguments.chunk)
    harness.write_series(arguments, "kernels", {**case, "part": part}, series, **facts)
    harness.forget(workers)


if __name__ == "__main__":
    main()
