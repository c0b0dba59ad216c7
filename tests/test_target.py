"""Kernels follow the features that they are compiled for, and leave the processor as they found it.

What is compiled for other features runs in a process of its own, since Numba reads them once. The machine code is
looked at as well: a right answer does not say which vectors gave it.
"""

import ctypes
import functools
import hashlib
import math
import platform
import re
import sys

import apart
import naive
import numpy as np
import pytest
import test_kernels
from llvmlite import binding
from numba import njit, typeof
from numba.core.codegen import CodeLibrary, CPUCodeLibrary

from tsrnn import RNNRegressor
from tsrnn.kernels import plan, processor, target, tasks
from tsrnn.kernels.buffers import flatten
from tsrnn.kernels.workers import Workers
from tsrnn.network.architecture import Architecture
from tsrnn.network.optimizers import Adam

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
VARIANTS = [("rnn", True), ("lstm", True), ("gru", True), ("gru", False)]  # the last with the reset before the product
FLOAT32_TOLERANCE = dict(rtol=1e-3, atol=1e-5)  # as tests/test_kernels.py has it for sequences of this length

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


# ---- Vectors of every length -----------------------------------------------------------------------------------------


@on_x86
@pytest.mark.parametrize(
    "kind, cell, reset_after",
    [
        ("avx512", "lstm", True),
        ("avx2", "gru", True),
        ("sse2", "gru", False),
        *(
            pytest.param(kind, *variant, marks=pytest.mark.slow)
            for kind in PROCESSORS
            for variant in VARIANTS
            if (kind, *variant) not in [("avx512", "lstm", True), ("avx2", "gru", True), ("sse2", "gru", False)]
        ),
    ],
)
def test_vectors_of_every_length_give_the_numbers_of_the_naive_twin(tmp_path, kind, cell, reset_after):
    run_compiled_for(kind, tmp_path, check_float64, kind=kind, cell=cell, reset_after=reset_after)


@on_x86
@pytest.mark.slow
@pytest.mark.parametrize("kind", PROCESSORS)
@pytest.mark.parametrize("cell, reset_after", VARIANTS)
def test_vectors_of_every_length_are_exact_in_float32_to_its_own_precision(tmp_path, kind, cell, reset_after):
    run_compiled_for(kind, tmp_path, check_float32, kind=kind, cell=cell, reset_after=reset_after)


def check_float64(kind, cell, reset_after):
    check(kind, cell, reset_after, np.float64, test_kernels.TOLERANCE)


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
        prediction, loss, gradient = test_kernels.run(architecture, weights, X, y, dtype, n_threads=1)
        assert prediction.dtype == dtype
        options = dict(reset_after=reset_after)
        np.testing.assert_allclose(prediction, naive.forward(cell, weights, X, **options), **tolerance)
        np.testing.assert_allclose(loss, naive.loss(cell, weights, X, y, **options), **tolerance)
        for name, expected in naive.gradient(cell, weights, X, y, **options).items():
            np.testing.assert_allclose(gradient[name], expected, err_msg=name, **tolerance)

        others = test_kernels.run(architecture, weights, X, y, dtype, n_threads=3)
        assert np.array_equal(others[0], prediction)
        assert others[1] == loss
        assert all(np.array_equal(others[2][name], gradient[name]) for name in gradient)
        for row in (0, 7, 12):
            alone = test_kernels.run(architecture, weights, X[row : row + 1], y[:1], dtype)[0][0]
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


def cell_code(cell, reset_after):
    return plan.CELLS[cell] if reset_after else plan.GRU_BEFORE


def parameters_of(architecture, weights, dtype=np.float64):
    parameters = np.zeros(architecture.n_parameters, dtype)
    for name, view in architecture.views(parameters).items():
        view[:] = weights[name]
    return parameters


# ---- The cache -------------------------------------------------------------------------------------------------------


@on_x86
@pytest.mark.parametrize(
    "kinds",
    [
        ("avx2", "avx"),
        pytest.param(("avx512", "avx2", "sse2"), marks=pytest.mark.slow),
        pytest.param(("sse2", "avx", "avx2"), marks=pytest.mark.slow),
    ],
    ids=" ".join,
)
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
    np.testing.assert_allclose(last, naive.forward("rnn", weights, X)[0], **test_kernels.TOLERANCE)
    (version,) = stream._advance.overloads.values()
    assert len(loaded) == sum(stream._advance.stats.cache_hits.values()) == is_cached
    if not is_cached:
        (assembly,) = stream._advance.inspect_asm().values()
        check_assembly(kind, "pd", assembly)
        loaded.append(version.library._get_compiled_object())
    print(hashlib.sha256(loaded[0]).hexdigest())  # noqa: T201


# ---- ARM -------------------------------------------------------------------------------------------------------------


@on_x86
@pytest.mark.parametrize(
    "cell, reset_after, dtype",
    [
        ("lstm", True, "float32"),
        *(
            pytest.param(*variant, dtype, marks=pytest.mark.slow)
            for variant in VARIANTS
            for dtype in ("float32", "float64")
            if (*variant, dtype) != ("lstm", True, "float32")
        ),
    ],
)
def test_vectors_of_16_bytes_assemble_for_aarch64(tmp_path, cell, reset_after, dtype):
    run_compiled_for("sse2", tmp_path, check_aarch64, cell=cell, reset_after=reset_after, dtype=dtype)


def check_aarch64(cell, reset_after, dtype):
    """Write the code as on ARM, let LLVM make assembly of it for aarch64, and look at that; nothing of it runs."""
    binding.initialize_all_targets()
    binding.initialize_all_asmprinters()
    lanes = {"float32": "4s", "float64": "2d"}[dtype]
    texts = code_written_for("aarch64-unknown-linux-gnu", cell, reset_after, dtype)
    assert {"run_tasks", "advance", "update_slice", "sum_slice"} <= texts.keys()
    for name, text in texts.items():
        assembly = assembled("aarch64-unknown-linux-gnu", text)
        assert not re.search(r"\b(fma|fmaf|fmal)\b", assembly)
        if name in ("run_tasks", "advance"):
            assert len(re.findall(rf"\bfmla\s+v\d+\.{lanes}", assembly)) > 20
            assert not re.search(r"\bfmadd\s", assembly)  # of single numbers
            assert len(re.findall(r"\bmrs\s+x\d+, fpcr", assembly, re.IGNORECASE)) == 1
            assert len(re.findall(r"\bmsr\s+fpcr, x\d+", assembly, re.IGNORECASE)) == 2
        if name == "run_tasks":
            assert re.search(r"^\s+yield$", assembly, re.MULTILINE)
        if name == "update_slice":
            assert re.search(rf"\bfsqrt\s+v\d+\.{lanes}", assembly)


def code_written_for(triple, cell, reset_after, dtype):
    """Return LLVM's text by the name of the function, as numba would compile it under `triple`.

    It is taken before LLVM has made the first step of it fit for this processor, which could not run it: numba is
    stopped where it would try.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(binding, "get_process_triple", lambda: triple)
        target.architecture.cache_clear()
        assert target.architecture() == "aarch64"  # which it now remembers
    assert target.vector_bytes() == 16
    texts, finalize = {}, CPUCodeLibrary.finalize

    class StopHere(Exception):
        pass

    def take(library):
        text = str(library._final_module)
        texts[library.name.rpartition(".")[2]] = text
        if "llvm.aarch64" in text:
            raise StopHere
        finalize(library)

    def compile_only(compiled, *arguments):
        with pytest.raises(StopHere):
            compiled.compile(tuple(map(typeof, arguments)))
        raise StopHere

    architecture = Architecture(cell, 7, 3, (5, 9), 2, reset_after=reset_after)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(CPUCodeLibrary, "finalize", take)
        parameters = np.zeros(architecture.n_parameters, dtype)
        X, Y = flatten(np.zeros((3, 7, 3), dtype)), flatten(np.zeros((3, 2), dtype))
        with Workers(1) as workers:
            step = architecture.step(parameters, workers)
            step._run_tasks = functools.partial(compile_only, step._run_tasks)
            with pytest.raises(StopHere):
                step.gradient(X, Y, np.arange(3))
        stream = architecture.stream(parameters)
        stream._advance = functools.partial(compile_only, stream._advance)
        with pytest.raises(StopHere):
            stream.advance(np.zeros(3, dtype))
    return texts


def assembled(triple, text):
    """Return the assembly of LLVM's text for another processor."""
    assert "llvm.x86" not in text
    assert "target-cpu" not in text
    assert "target-features" not in text
    # Two lines say that this is x86: its name and its layout of data. They are the only ones.
    module = binding.parse_assembly(re.sub(r"^target (datalayout|triple) = .*$", "", text, flags=re.MULTILINE))
    machine = binding.Target.from_triple(triple).create_target_machine(cpu="generic", opt=3)
    module.triple, module.data_layout = machine.triple, str(machine.target_data)
    module.verify()
    passes = binding.create_pass_builder(machine, binding.create_pipeline_tuning_options(speed_level=3))
    passes.getModulePassManager().run(module, passes)
    assert machine.emit_object(module)
    return machine.emit_assembly(module)


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


# ---- Denormal numbers ------------------------------------------------------------------------------------------------

TINY = 1e-40  # a denormal float32


def denormals_are_kept():
    """Return whether this thread computes with denormals as IEEE 754 has it."""
    x = np.full(64, TINY, np.float32)
    return bool((x * np.float32(1) == x).all() and (x * np.float32(0.5) > 0).all() and (np.float32(TINY) + x > x).all())


def control_register():
    """Return the bits that control this thread's arithmetic, as the C library reads them; 0 where it is unknown how."""
    if sys.platform != "linux" or platform.libc_ver()[0] != "glibc":
        return 0
    environment = (ctypes.c_uint32 * 16)()
    assert ctypes.CDLL(None).fegetenv(environment) == 0
    # Flags of what has happened, the lowest six, do not control anything.
    return {"x86_64": environment[7] & ~0x3F, "aarch64": environment[0]}.get(platform.machine(), 0)


class WatchedWorkers(Workers):
    """A team that notes for each thread the register before and after its part, and whether it then keeps denormals.

    Every call waits for all threads.
    """

    def run(self, call, n_workers):
        self.seen = []

        def watched(worker):
            before = control_register()
            call(worker)
            self.seen.append((before, control_register(), denormals_are_kept()))

        super().run(watched, n_workers)
        super().close()  # nobody is late
        assert len(self.seen) == n_workers


def relay(dtype):
    """Return a network of one step and one unit that gives back max(0, x) * 1e30."""
    architecture = Architecture("rnn", 1, 1, (1,), 1, activation="relu")
    one = {"layers.0.W_x": [[1]], "layers.0.W_h": [[1]], "layers.0.b": [0], "head.W_y": [[1e30]], "head.b_y": [0]}
    return architecture, parameters_of(architecture, one, dtype)


@pytest.mark.parametrize("n_threads", [1, 3])
def test_kernels_take_denormals_for_zero_and_every_thread_keeps_them_afterwards(n_threads):
    if not processor.flushes_denormals():
        pytest.skip("this processor cannot be told to")
    architecture, parameters = relay(np.float32)
    X = np.full((50, 1, 1), TINY, np.float32)
    X[::2] = 1e-30
    expected = np.where(np.arange(50) % 2, 0, 1).astype(np.float32)[:, None]
    assert denormals_are_kept()
    before = control_register()
    samples, Y = np.arange(50), flatten(np.zeros((50, 1), np.float32))
    with WatchedWorkers(n_threads) as workers:
        step = architecture.step(parameters, workers)
        np.testing.assert_allclose(step.predict(flatten(X), samples), expected, rtol=1e-6)  # one product of roundings
        assert all(seen == (before, before, True) for seen in workers.seen)
        step.loss(flatten(X), Y, samples)
        assert all(seen == (before, before, True) for seen in workers.seen)
        assert math.isfinite(step.train_epoch(flatten(X), Y, samples, 10, Adam(), 1e-3, 1.0))
        assert all(seen == (before, before, True) for seen in workers.seen)
        assert workers.seen
    stream = architecture.stream(parameters)
    assert stream.advance(np.array([TINY], np.float32)) == 0
    assert stream.advance(np.array([1e-30], np.float32)) > 0.9
    assert denormals_are_kept()
    assert control_register() == before


@pytest.mark.parametrize("n_threads", [1, 3])
def test_denormals_are_kept_after_an_epoch_that_ends_early(n_threads):
    architecture, parameters = relay(np.float32)
    X = np.ones((50, 1, 1), np.float32)
    X[25] = np.inf
    before = control_register()
    with WatchedWorkers(n_threads) as workers:
        step = architecture.step(parameters, workers)
        samples, Y = np.arange(50), flatten(np.zeros((50, 1), np.float32))
        assert math.isnan(step.train_epoch(flatten(X), Y, samples, 10, Adam(), 1e-3, 1.0))
        assert all(seen == (before, before, True) for seen in workers.seen)
        assert workers.seen
    assert denormals_are_kept()
    assert control_register() == before


def test_fit_its_callbacks_and_predict_leave_denormals_to_the_caller():
    X = np.random.default_rng(0).normal(size=(40, 4, 1)).astype(np.float32)
    before, during = control_register(), []
    model = RNNRegressor("rnn", hidden_layer_sizes=1, activation="relu", max_iter=3, n_jobs=2)
    model.set_params(callbacks=[lambda model, record: during.append((control_register(), denormals_are_kept()))])
    model.fit(X, X[:, -1, 0])
    assert during == [(before, True)] * 3
    assert (control_register(), denormals_are_kept()) == (before, True)
    model.predict(X)
    assert (control_register(), denormals_are_kept()) == (before, True)


@pytest.mark.skipif(control_register() == 0, reason="nothing reads the register here")
def test_the_control_register_shows_what_the_kernels_do_to_it():
    """The check of the two tests above can fail."""
    change = njit(lambda: processor.flush_denormals())
    undo = njit(lambda control: processor.restore_denormals(control))
    before = control_register()
    control = change()
    try:
        assert control_register() != before
        assert not denormals_are_kept()
    finally:
        undo(control)
    assert control_register() == before
    assert denormals_are_kept()


@pytest.mark.parametrize(
    "cell, reset_after",
    [("rnn", True), *(pytest.param(*v, marks=pytest.mark.slow) for v in VARIANTS if v[0] != "rnn")],
)
def test_where_denormals_cannot_be_flushed_tiny_gradients_are_made_zero(tmp_path, cell, reset_after):
    parameters = dict(cell=cell, reset_after=reset_after)
    apart.call_apart(check_portable, parameters, 300, PYTHONWARNINGS="error", NUMBA_CACHE_DIR=str(tmp_path))


def check_portable(cell, reset_after):
    """Compare kernels that are compiled as for a processor without a switch with the twin, and let gradients vanish."""
    processor._FLUSH.clear()
    assert not processor.flushes_denormals()
    architecture, parameters = relay(np.float32)
    tiny = architecture.stream(parameters).advance(np.array([TINY], np.float32))
    np.testing.assert_allclose(tiny, [1e-10], rtol=1e-4)  # the switch is off; TINY itself has 16 bits

    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(13, 7, 3)), rng.normal(size=(13, 2))
    weights = naive.random_weights(cell, 3, (5, 9), 2, reset_after, rng)
    architecture = Architecture(cell, 7, 3, (5, 9), 2, reset_after=reset_after)
    prediction, loss, gradient = test_kernels.run(architecture, weights, X, y)
    options = dict(reset_after=reset_after)
    np.testing.assert_allclose(prediction, naive.forward(cell, weights, X, **options), **test_kernels.TOLERANCE)
    np.testing.assert_allclose(loss, naive.loss(cell, weights, X, y, **options), **test_kernels.TOLERANCE)
    for name, expected in naive.gradient(cell, weights, X, y, **options).items():
        np.testing.assert_allclose(gradient[name], expected, err_msg=name, **test_kernels.TOLERANCE)

    X[4, 3, 1] = np.nan
    prediction, loss, gradient = test_kernels.run(architecture, weights, X, y)
    assert list(np.flatnonzero(np.isnan(prediction).any(axis=1))) == [4]
    assert np.isnan(loss)
    assert all(np.isnan(values).any() for values in gradient.values())

    if cell == "rnn":
        check_vanishing_gradients()


def check_vanishing_gradients():
    """Compare the gradient that reaches the first of many steps with its closed form, 2 h_T W_y^2 W_h^(T-1) x_0."""
    for dtype, factor, n_kept, limit in ((np.float64, 1e-10, 29, 1e-290), (np.float32, 1e-2, 15, 1e-30)):
        for n_steps in (n_kept, n_kept + 2):
            weights = {
                "layers.0.W_x": np.ones((1, 1)), "layers.0.W_h": np.full((1, 1), factor), "layers.0.b": np.ones(1),
                "head.W_y": np.ones((1, 1)), "head.b_y": np.zeros(1),
            }  # fmt: skip
            X = np.zeros((1, n_steps, 1))
            X[0, 0] = 1  # the only input: the gradient of W_x is that of its product with W_x
            h = naive.forward("rnn", weights, X, activation="relu")
            architecture = Architecture("rnn", n_steps, 1, (1,), 1, activation="relu")
            gradient = test_kernels.run(architecture, weights, X, np.zeros((1, 1)), dtype)[2]["layers.0.W_x"]
            exact = 2 * h * factor ** (n_steps - 1)
            if exact > limit:
                np.testing.assert_allclose(gradient, exact, rtol=1e-5 if dtype is np.float32 else 1e-12)
            else:
                assert 0 < exact < limit
                assert (gradient == 0).all()
        assert exact < limit  # both sides of it have been seen
