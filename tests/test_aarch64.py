"""The kernels assemble for aarch64, with vectors of 16 bytes; nothing of it runs here."""

import functools
import re

import numpy as np
import pytest
from cells import each_variant
from llvmlite import binding
from numba import typeof
from numba.core.codegen import CPUCodeLibrary
from processors import on_x86, run_compiled_for

from tsrnn.kernels import target
from tsrnn.kernels.buffers import flatten
from tsrnn.kernels.workers import Workers
from tsrnn.network.architecture import Architecture


@on_x86
def test_vectors_of_16_bytes_assemble_for_aarch64_in_a_stream(tmp_path):
    run_compiled_for("sse2", tmp_path, check_aarch64, cell="lstm", reset_after=True, dtype="float32", trains=False)


@on_x86
@pytest.mark.slow  # ten seconds each
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@each_variant
def test_vectors_of_16_bytes_assemble_for_aarch64(tmp_path, cell, reset_after, dtype):
    parameters = dict(cell=cell, reset_after=reset_after, dtype=dtype, trains=True)
    run_compiled_for("sse2", tmp_path, check_aarch64, **parameters)


def check_aarch64(cell, reset_after, dtype, trains):
    """Write the code as on ARM, let LLVM make assembly of it for aarch64, and look at that; nothing of it runs."""
    binding.initialize_all_targets()
    binding.initialize_all_asmprinters()
    lanes = {"float32": "4s", "float64": "2d"}[dtype]
    texts = code_written_for("aarch64-unknown-linux-gnu", cell, reset_after, dtype, trains)
    assert {"advance", *(["run_tasks", "update_slice", "sum_slice"] if trains else [])} <= texts.keys()
    for name, text in texts.items():
        assembly = assembled("aarch64-unknown-linux-gnu", text)
        assert not re.search(r"\b(fma|fmaf|fmal)\b", assembly)
        if name in ("run_tasks", "advance"):
            assert len(re.findall(rf"\bfmla\s+v\d+\.{lanes}", assembly)) > 20
            assert not re.search(r"\bfmadd\s", assembly)  # of single numbers
            assert len(re.findall(r"\bmrs\s+x\d+, fpcr", assembly, re.IGNORECASE)) == 1
            assert len(re.findall(r"\bmsr\s+fpcr, x\d+", assembly, re.IGNORECASE)) == 2
            assert re.search(r"\borr\s+x\d+, x\d+, #0x1000000\b", assembly)  # bit 24: flush to zero
        if name == "run_tasks":
            assert re.search(r"^\s+yield$", assembly, re.MULTILINE)
        if name == "update_slice":
            assert re.search(rf"\bfsqrt\s+v\d+\.{lanes}", assembly)


def code_written_for(triple, cell, reset_after, dtype, trains):
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
        if trains:
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
