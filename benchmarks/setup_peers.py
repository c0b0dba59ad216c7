"""Make the virtual environments of the libraries that are compared: ``setup_peers.py FOLDER [torch jax keras]``.

Each gets a folder of its own in FOLDER, which the benchmarks are then given as ``--venvs FOLDER``. tsrnn is measured
from the environment that runs the benchmarks. Takes about 3 GB and some minutes.
"""

import argparse
import subprocess
import sys
from pathlib import Path

# Newer versions are other rows: write down which were measured (the table does). The CPU build of torch is 2.13.0+cpu,
# which satisfies the pin, and which pip takes before 2.13.0 where it finds both.
PACKAGES = {
    "torch": ["torch==2.13.0", "numpy"],
    "jax": ["jax", "optax", "keras", "numpy"],
    "keras": ["tensorflow-cpu", "keras", "numpy"],
}


def main():
    """Make what the command line asks for; an environment that is there is brought up to date."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("peers", nargs="*", metavar="peer", help="torch, jax (with Keras on top), keras; default: all")
    parser.add_argument(
        "--torch-index",
        metavar="URL",
        help="where pip also looks for torch: on Linux https://download.pytorch.org/whl/cpu has the CPU build, without "
        "the gigabytes of CUDA that come from PyPI",
    )
    arguments = parser.parse_args()
    for peer in arguments.peers or PACKAGES:
        if peer not in PACKAGES:
            parser.error(f"unknown peer {peer!r}; there are {', '.join(PACKAGES)}.")
        venv = arguments.folder / peer
        subprocess.run([sys.executable, "-m", "venv", venv], check=True)
        index = ["--extra-index-url", arguments.torch_index] if peer == "torch" and arguments.torch_index else []
        subprocess.run([venv / "bin" / "python", "-m", "pip", "install", *index, *PACKAGES[peer]], check=True)


if __name__ == "__main__":
    main()
