"""The peak of this machine: fused multiply-adds that stay in registers, on all threads at once.

The denominator of every "share of the peak" in the table. The loop is written as LLVM code, because no compiler then
stands between what is meant and what runs: independent chains of vector multiply-adds, no memory, nothing to skip. It
is tried at every vector width that the processor has, and the fastest is the peak.

A second loop, a chain of integer operations of one cycle each, measures the clock. Peak / clock must come out close to
a whole number of vector units (16, 32 or 64 float32 operations per cycle and core): that is the check on the figure.
"""

import argparse
import ctypes
import json
import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import llvmlite.binding as llvm
from llvmlite import ir
from records import write

N_CHAINS = 12  # latency 4 or 5 x 2 units; with two constants they fit into the 16 registers of AVX2
UNROLL = 4
LANE_BITS = {"float32": 32, "float64": 64}
LLVM_TYPES = {"float32": ir.FloatType(), "float64": ir.DoubleType()}
C_TYPES = {"float32": ctypes.c_float, "float64": ctypes.c_double}
INT64 = ir.IntType(64)


class Peak:
    """The register-only multiply-add loop on some threads.

    Parameters
    ----------
    dtype : {"float32", "float64"}
    n_threads : int
    most_bits : int, optional
        No vectors longer than this.

    Attributes
    ----------
    lanes : int
        Elements of the vector that was fastest.
    most_lanes : int
        Elements of the longest vector that was tried.
    n_fused : int
        Fused multiply-adds in the assembly of the loop; 0 on a processor that has none.
    """

    def __init__(self, dtype="float32", n_threads=None, most_bits=512):
        self.n_threads = n_threads or len(os.sched_getaffinity(0))
        self._pool = ThreadPoolExecutor(self.n_threads)
        candidates = [bits // LANE_BITS[dtype] for bits in vector_bits() if bits <= most_bits]
        self._loops = {lanes: _FmaLoop(dtype, lanes) for lanes in candidates}
        self.most_lanes = max(candidates)
        seconds = {}
        for _ in range(3):
            for lanes in candidates:
                self.lanes = lanes
                seconds[lanes] = min(seconds.get(lanes, 1e9), self.run(10))
        self.lanes = min(seconds, key=seconds.get)
        self.n_fused = self._loops[self.lanes].n_fused

    def run(self, n):
        """Do n times 10^9 floating-point operations; return the seconds they took."""
        loop = self._loops[self.lanes]
        n_iterations = round(n * 1e9 / (self.n_threads * loop.flops_per_iteration))
        started = time.perf_counter()
        for done in [self._pool.submit(loop, n_iterations) for _ in range(self.n_threads)]:
            done.result()
        return time.perf_counter() - started

    def close(self):
        """End the threads."""
        self._pool.shutdown()


class _FmaLoop:
    def __init__(self, dtype, lanes):
        scalar, vector = LLVM_TYPES[dtype], ir.VectorType(LLVM_TYPES[dtype], lanes)
        module = ir.Module("peak")
        function = ir.Function(module, ir.FunctionType(scalar, [INT64, scalar, scalar]), "loop")
        name = f"llvm.fmuladd.v{lanes}f{LANE_BITS[dtype]}"
        fma = ir.Function(module, ir.FunctionType(vector, [vector] * 3), name)

        def body(builder, chains):
            for _ in range(UNROLL):
                chains = [builder.call(fma, [chain, factor, term]) for chain in chains]
            return chains

        builder = ir.IRBuilder(function.append_basic_block("entry"))
        factor, term = (_splat(builder, value, vector) for value in function.args[1:])
        starts = [ir.Constant(vector, [0.1 * (1 + k)] * lanes) for k in range(N_CHAINS)]  # equal chains would be merged
        total, *others = _loop(builder, function, starts, body)
        for chain in others:
            total = builder.fadd(total, chain)
        builder.ret(builder.extract_element(total, ir.Constant(ir.IntType(32), 0)))

        self._engine, address, assembly = _compile(module)
        c_type = C_TYPES[dtype]
        self._call = ctypes.CFUNCTYPE(c_type, ctypes.c_int64, c_type, c_type)(address)  # lets go of the GIL
        self.n_fused = sum("fmadd" in line or "fmla" in line for line in assembly.splitlines())
        self.flops_per_iteration = 2 * lanes * N_CHAINS * UNROLL

    def __call__(self, n_iterations):
        return self._call(n_iterations, 0.999999, 1e-6)  # tends to 1: no denormals, no overflow


def measure_clock(seconds=0.1):
    """Return the clock of one core in GHz: cycles of a chain of one-cycle operations, by the seconds it took."""
    n_pairs = 32
    module = ir.Module("clock")
    function = ir.Function(module, ir.FunctionType(INT64, [INT64, INT64, INT64]), "loop")

    def body(builder, chains):
        (x,) = chains
        for _ in range(n_pairs):
            x = builder.add(builder.xor(x, function.args[1]), function.args[2])
        return [x]

    builder = ir.IRBuilder(function.append_basic_block("entry"))
    builder.ret(_loop(builder, function, [ir.Constant(INT64, 1)], body)[0])
    _engine, address, _ = _compile(module)
    call = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_int64, ctypes.c_int64, ctypes.c_int64)(address)
    n_iterations = int(seconds * 3e9 / (2 * n_pairs))
    best = 1e9
    for _ in range(3):
        started = time.perf_counter()
        call(n_iterations, 0x5555, 0x1234567)
        best = min(best, time.perf_counter() - started)
    return 2 * n_pairs * n_iterations / best / 1e9


def vector_bits():
    """Return the widths of this processor's floating-point vectors, in bits."""
    features = llvm.get_host_cpu_features()
    return [128, *([256] if features.get("avx") else []), *([512] if features.get("avx512f") else [])]


def _splat(builder, value, vector):
    """Return a vector that holds `value` in every lane."""
    result = ir.Constant(vector, ir.Undefined)
    for lane in range(vector.count):
        result = builder.insert_element(result, value, ir.Constant(ir.IntType(32), lane))
    return result


def _loop(builder, function, starts, body):
    """Emit a loop of args[0] turns that hands values from turn to turn; return the last values."""
    entry, turn, after = builder.block, function.append_basic_block("turn"), function.append_basic_block("after")
    builder.branch(turn)
    builder.position_at_end(turn)
    count = builder.phi(INT64)
    chains = [builder.phi(start.type) for start in starts]
    results = body(builder, chains)
    left = builder.sub(count, ir.Constant(INT64, 1))
    count.add_incoming(function.args[0], entry)
    count.add_incoming(left, turn)
    for chain, start, result in zip(chains, starts, results, strict=True):
        chain.add_incoming(start, entry)
        chain.add_incoming(result, turn)
    builder.cbranch(builder.icmp_signed(">", left, ir.Constant(INT64, 0)), turn, after)
    builder.position_at_end(after)
    return results


def _compile(module):
    """Compile for this very processor; return what keeps the code alive, its address and its assembly."""
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    module.triple = llvm.get_process_triple()
    machine = llvm.Target.from_triple(module.triple).create_target_machine(
        cpu=llvm.get_host_cpu_name(), features=llvm.get_host_cpu_features().flatten(), opt=2
    )
    parsed = llvm.parse_assembly(str(module))
    parsed.verify()
    assembly = machine.emit_assembly(parsed)
    engine = llvm.create_mcjit_compiler(parsed, machine)
    engine.finalize_object()
    return engine, engine.get_function_address("loop"), assembly


def main():
    """Print the peak as one JSON line per dtype and number of threads."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=0.3, help="of each measurement; the best of five counts")
    parser.add_argument("--out", type=Path, help="also add the lines to this file of results")
    arguments = parser.parse_args()
    for n_threads in sorted({1, len(os.sched_getaffinity(0))}):
        for dtype in LANE_BITS:
            peak = Peak(dtype, n_threads)
            n = max(1, round(10 * arguments.seconds / peak.run(10)))
            gflops = n / min(peak.run(n) for _ in range(5))
            ghz = measure_clock()
            found = {"threads": n_threads, "dtype": dtype, "gflops": round(gflops, 1), "vector_lanes": peak.lanes}
            found |= {"clock_ghz": round(ghz, 3), "flops_per_cycle_and_core": round(gflops / n_threads / ghz, 2)}
            found |= {"fused_instructions": peak.n_fused, "cpu": llvm.get_host_cpu_name()}
            print(json.dumps(found))
            if arguments.out:
                write(arguments.out, "peak", **found)
            peak.close()


if __name__ == "__main__":
    main()
