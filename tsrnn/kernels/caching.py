"""How kernels are compiled, and a cache on disk that cannot answer with stale code.

Numba stamps a cached function with the one source file it stands in: a function it calls in another file may change
and the old machine code still runs. So every entry point is made by a factory whose closure holds a hash of *all*
kernel files; the hash is part of Numba's key, and an edit of any of them compiles anew.
"""

import hashlib
from pathlib import Path

import numba

# No fastmath: each operation rounds by itself, so bits cannot depend on how a loop was vectorised. "contract" (fused
# multiply-add) was tried: no faster here, and vector and scalar versions of one loop, between which the machine code
# chooses by where the arrays lie, then differ in the last bit.
# error_model "numpy": a division cannot raise, so a task running without the interpreter lock cannot either.
_OPTIONS = {"nogil": True, "error_model": "numpy"}


def inner(function):
    """Compile a function that only kernels call."""
    return numba.njit(no_cpython_wrapper=True, **_OPTIONS)(function)


def entry(function):
    """Compile a function that Python calls, cached on disk wherever a folder can be written.

    `function` must hold :func:`stamp` in its closure; this is checked.
    """
    held = [cell.cell_contents for cell in function.__closure__ or ()]
    if stamp() not in held:
        raise TypeError(f"{function.__qualname__} must hold the stamp of the kernel files in its closure.")
    try:
        return numba.njit(cache=True, **_OPTIONS)(function)
    except RuntimeError:  # no folder is writable: compile in every process instead
        return numba.njit(**_OPTIONS)(function)


def stamp():
    """Return the hash of every source file of this package, as hexadecimal digits."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.name.encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()
