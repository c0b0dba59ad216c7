"""Kinds of processors that this one can stand in for, and code compiled for them in processes of their own."""

import apart
import pytest
from llvmlite import binding

from tsrnn.kernels import target

# The names that processors of these kinds have, and what LLVM calls what they can do. For the first one LLVM prefers
# vectors of 32 bytes, and must be overruled.
_SSE2 = ["64bit", "cx8", "cmov", "fxsr", "mmx", "sse", "sse2"]
_AVX = [*_SSE2, "sse3", "ssse3", "sse4.1", "sse4.2", "popcnt", "avx"]
_AVX2 = [*_AVX, "avx2", "fma", "bmi", "bmi2", "f16c", "lzcnt", "movbe"]
_AVX512 = [*_AVX2, "avx512f", "avx512cd", "avx512bw", "avx512dq", "avx512vl"]
PROCESSORS = {
    "avx512": ("skylake-avx512", _AVX512),
    "avx2": ("haswell", _AVX2),
    "avx": ("sandybridge", _AVX),
    "sse2": ("x86-64", _SSE2),
}
VECTOR_BYTES = {"avx512": 64, "avx2": 32, "avx": 32, "sse2": 16}

on_x86 = pytest.mark.skipif(target.architecture() != "x86_64", reason="other processors have no such features")


def run_compiled_for(kind, folder, body, /, **parameters):
    """Call a function in a process that compiles for a kind of processor; return what it wrote."""
    name, features = PROCESSORS[kind]
    host = binding.get_host_cpu_features()
    missing = [feature for feature in features if not host.get(feature)]
    if missing:
        pytest.skip(f"this processor cannot run {kind}: it lacks {', '.join(missing)}")
    switches = [f"+{feature}" for feature in features] + [f"-{feature}" for feature in host if feature not in features]
    target_variables = dict(NUMBA_CPU_NAME=name, NUMBA_CPU_FEATURES=",".join(switches), NUMBA_CACHE_DIR=str(folder))
    return apart.call_apart(body, parameters, 300, PYTHONWARNINGS="error", **target_variables)
