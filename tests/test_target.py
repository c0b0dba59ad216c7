"""Kernels follow the features that they are compiled for, with vectors of every length.

What is compiled for other features runs in a process of its own, since Numba reads them once. The machine code is
looked at as well: a right answer does not say which vectors gave it.
"""

import hashlib
import re

import naive
import numpy as np
import pytest
from cells import VARIANTS, each_variant
from compiled import TOLERANCE, cell_code, parameters_of, run
from llvmlite import binding
from numba.core.codegen import CodeLibrary
from processors import PROCESSORS, VECTOR_BYTES, on_x86, run_compiled_for

from tsrnn.kernels import target, tasks
from tsrnn.network.architecture import Architecture

FLOAT32_TOLERANCE = dict(rtol=1e-3, atol=1e-5)  # the rounding of float32, over a few dozen steps

# ---- Vectors of every length -----------------------------------------------------------------------------------------


@on_x86
@pytest.mark.parametrize(
    "kind, cell, reset_after",
    [
        ("sse2", "gru", False),  # the shortest, on which nothing is fused; each costs ten seconds of compiling
        *(
            pytest.param(kind, *variant, marks=pytest.mark.slow)
            for kind in PROCESSORS
            for variant in VARIANTS
            if (kind, *variant) != ("sse2", "gru", False)
        ),
    ],
)
def test_vectors_of_every_length_give_the_numbers_of_the_naive_twin(tmp_path, kind, cell, reset_after):
    run_compiled_for(kind, tmp_path, check_float64, kind=kind, cell=cell, reset_after=reset_after)


@on_x86
@pytest.mark.slow
@pytest.mark.parametrize("kind", PROCESSORS)
@each_variant
def test_vectors_of_every_length_are_exact_in_float32_to_its_own_precision(tmp_path, kind, cell, reset_after):
    run_compiled_for(kind, tmp_path, check_float32, kind=kind, cell=cell, reset_after=reset_after)


def check_float64(kind, cell, reset_after):
    check(kind, cell, reset_after, np.float64, TOLERANCE)


def check_float32(kind, cell, reset_after):
    check(kind, cell, reset_after, np.float32, FLOAT32_TOLERANCE)


def check(kind, cell, reset_after, dtype, tolerance):
    """Compare everything that one cell computes with the twin, and look at its machine code."""
    assert target.vector_bytes() == VECTOR_BYTES[kind]
    for n_steps in (1, 7):
        rng = np.random.default_rng(n_steps)
        X, y = rng.normal(size=(13, n_steps, 3)), rng.normal(size=(13, 2))  # nothing divides by a shard or a vector
        weights = naive.random_weights(cell, 3, (5, 9), 2, reset_after, rng)
        architecture = Architecture(cell, n_steps, 3, (5, 9), 2, reset_after=reset_after)
        prediction, loss, gradient = run(architecture, weights, X, y, dtype, n_threads=1)
        assert prediction.dtype == dtype
        options = dict(reset_after=reset_after)
        np.testing.assert_allclose(prediction, naive.forward(cell, weights, X, **options), **tolerance)
        np.testing.assert_allclose(loss, naive.loss(cell, weights, X, y, **options), **tolerance)
        for name, expected in naive.gradient(cell, weights, X, y, **options).items():
            np.testing.assert_allclose(gradient[name], expected, err_msg=name, **tolerance)

        others = run(architecture, weights, X, y, dtype, n_threads=3)
        assert np.array_equal(others[0], prediction)
        assert others[1] == loss
        assert all(np.array_equal(others[2][name], gradient[name]) for name in gradient)
        for row in (0, 7, 12):
            alone = run(architecture, weights, X[row : row + 1], y[:1], dtype)[0][0]
            assert np.array_equal(alone, prediction[row])
        stream = architecture.stream(parameters_of(architecture, weights, dtype))
        for x in X[7].astype(dtype):
            last = stream.advance(x)
        assert np.array_equal(last, prediction[7])
    for compiled in (tasks.compile_tasks(cell_code(cell, reset_after)), stream._advance):
        for signature, assembly in compiled.inspect_asm().items():
            check_assembly(kind, "ps" if "float32" in str(signature) else "pd", assembly)


def check_assembly(kind, suffix, assembly):
    """Check that the arithmetic uses vectors of the right length, all of it inside the processor."""
    registers = {length: len(re.findall(rf"%{length}mm\d", assembly)) for length in "xyz"}
    fused = re.findall(rf"\bvfmadd\d+{suffix}\s.*%([xyz])mm", assembly)
    assert not re.search(r"\b(fma|fmaf|fmal)\b", assembly)  # of the C library
    if kind == "avx512":
        assert fused.count("z") > 20
    if kind == "avx2":
        assert fused.count("y") > 20
    if kind in ("avx", "sse2"):
        assert not re.search(r"\bvfn?m(add|sub)\d", assembly)
    if kind == "avx":
        assert len(re.findall(rf"\bvmul{suffix}\s.*%ymm", assembly)) > 20
    if kind != "avx512":
        assert registers["z"] == 0
    if kind == "sse2":
        assert registers["y"] == 0
        assert len(re.findall(rf"\smul{suffix}\s.*%xmm", assembly)) > 20


# ---- The cache -------------------------------------------------------------------------------------------------------


@on_x86
@pytest.mark.parametrize(
    "kinds",
    [
        ("avx2", "avx"),
        ("avx512", "avx2", "sse2"),
        ("sse2", "avx", "avx2"),
    ],
    ids=" ".join,
)
@pytest.mark.slow
def test_one_cache_keeps_the_machine_code_for_different_features_apart(tmp_path, kinds):
    """AVX and AVX2 have vectors of the same length: a right answer does not tell whose code gave it."""
    compiled = {kind: run_compiled_for(kind, tmp_path, check_stream, kind=kind, is_cached=False) for kind in kinds}
    assert len(set(compiled.values())) == len(kinds)
    for kind in kinds:
        assert run_compiled_for(kind, tmp_path, check_stream, kind=kind, is_cached=True) == compiled[kind]


def check_stream(kind, is_cached):
    """Check the answers of a stream, its machine code where Numba shows it, and print the hash of what runs."""
    assert target.vector_bytes() == VECTOR_BYTES[kind]
    rng = np.random.default_rng(0)
    X, weights = rng.normal(size=(1, 7, 3)), naive.random_weights("rnn", 3, (5, 9), 2, True, rng)
    architecture = Architecture("rnn", 7, 3, (5, 9), 2)
    loaded, load = [], CodeLibrary._set_compiled_object
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(CodeLibrary, "_set_compiled_object", lambda *given: loaded.append(given[1]) or load(*given))
        stream = architecture.stream(parameters_of(architecture, weights))
        for x in X[0]:
            last = stream.advance(x)
    np.testing.assert_allclose(last, naive.forward("rnn", weights, X)[0], **TOLERANCE)
    (version,) = stream._advance.overloads.values()
    assert len(loaded) == sum(stream._advance.stats.cache_hits.values()) == is_cached
    if not is_cached:
        (assembly,) = stream._advance.inspect_asm().values()
        check_assembly(kind, "pd", assembly)
        loaded.append(version.library._get_compiled_object())
    print(hashlib.sha256(loaded[0]).hexdigest())  # noqa: T201


# ---- Families of processors ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "triple, family",
    [
        ("x86_64-unknown-linux-gnu", "x86_64"),
        ("x86_64-pc-windows-msvc", "x86_64"),
        ("aarch64-unknown-linux-gnu", "aarch64"),
        ("arm64-apple-darwin23.1.0", "aarch64"),
    ],
)
def test_the_family_of_the_processor_is_known_under_every_name(monkeypatch, triple, family):
    monkeypatch.setattr(binding, "get_process_triple", lambda: triple)
    assert target.architecture.__wrapped__() == family
