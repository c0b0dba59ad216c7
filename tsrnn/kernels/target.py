"""What the kernels are compiled for: the features Numba was told to use, which need not be those of this processor.

``NUMBA_CPU_NAME`` and ``NUMBA_CPU_FEATURES`` change them. The length of a vector decides how parameters are packed
(:mod:`tsrnn.kernels.plan`), so the plan asks here too.
"""

from functools import cache

from llvmlite import binding
from numba.core.registry import cpu_target

ALIGNMENT = 64  # bytes: a cache line, and the longest vector


@cache
def features():
    """Return the set of features of the target, as "avx2" or "neon"."""
    names = cpu_target.target_context.codegen().magic_tuple()[2]
    return frozenset(name[1:] for name in names.split(",") if name.startswith("+"))


@cache
def architecture():
    """Return the family of the processor, as "x86_64" or "aarch64"."""
    name = binding.get_process_triple().split("-")[0]
    return {"arm64": "aarch64", "amd64": "x86_64"}.get(name, name)  # as Apple and the BSDs call them


def vector_bytes():
    """Return the length of a vector register."""
    return 64 if "avx512f" in features() else 32 if "avx" in features() else 16


def vector_length(dtype):
    """Return how many numbers of a dtype one vector holds."""
    return vector_bytes() // dtype.itemsize


def has_many_registers():
    """Return whether there are 32 vector registers, not 16."""
    return "avx512f" in features() or architecture() == "aarch64"
