"""Train for ever, as company for a measurement: ``endless_training.py PEER CELL B T F H L``. See ``overhead.py``."""

import importlib
import sys


def main():
    """Train until killed; print a line when it has begun."""
    peer, cell, *sizes = sys.argv[1:]
    library = importlib.import_module(f"peers.{peer}_peer").Library()
    case = {"cell": cell, "shape": [int(size) for size in sizes], "dtype": "float32"}
    run = library.training({**case, "variant": library.variants("training")[0]})
    run(8)
    print("begun", flush=True)
    while True:
        run(64)


if __name__ == "__main__":
    main()
