"""What the processor offers beside arithmetic: words that threads share, a pause, and denormals flushed to zero.

A shared word is an element of an int64 array. Reading one acquires and changing one releases (everything a thread wrote
before it changed the word is seen by a thread that read the change); all of them are in one order for all threads.
"""

import sys

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from .target import architecture

# Lets another thread run. Each of these is a function of the C library, or of the system, without arguments.
sched_yield = types.ExternalFunction("SwitchToThread" if sys.platform == "win32" else "sched_yield", types.int32())

_FLUSH = {"x86_64": 0x8040, "aarch64": 1 << 24}  # the bits of MXCSR (flush, and read as zero), and of FPCR


def flushes_denormals():
    """Return whether :func:`flush_denormals` has any effect on this kind of processor."""
    return architecture() in _FLUSH


def _word(context, builder, array_type, array, index):
    return builder.gep(context.make_array(array_type)(context, builder, array).data, [index])


@intrinsic
def read(typing_context, words, index):
    """Return a shared word."""

    def generate(context, builder, signature, arguments):
        place = _word(context, builder, words, *arguments)
        return builder.load_atomic(place, "seq_cst", 8)

    return types.int64(words, index), generate


@intrinsic
def add_to(typing_context, words, index, number):
    """Add a number to a shared word."""

    def generate(context, builder, signature, arguments):
        place = _word(context, builder, words, *arguments[:2])
        builder.atomic_rmw("add", place, arguments[2], "seq_cst")
        return context.get_dummy_value()

    return types.void(words, index, number), generate


@intrinsic
def compare_and_swap(typing_context, words, index, expected, number):
    """Overwrite a shared word if it is as expected; return whether it was."""

    def generate(context, builder, signature, arguments):
        place = _word(context, builder, words, *arguments[:2])
        result = builder.cmpxchg(place, arguments[2], arguments[3], "seq_cst", "seq_cst")
        return builder.extract_value(result, 1)

    return types.boolean(words, index, expected, number), generate


@intrinsic
def pause(typing_context):
    """Wait for some tens of cycles and leave the core to its other thread, where there is such an instruction."""

    def generate(context, builder, signature, arguments):
        if architecture() == "x86_64":
            _call(builder, "llvm.x86.sse2.pause", ir.VoidType(), [])
        elif architecture() == "aarch64":
            _call(builder, "llvm.aarch64.hint", ir.VoidType(), [ir.IntType(32)(1)])  # yield
        return context.get_dummy_value()

    return types.void(), generate


@intrinsic
def flush_denormals(typing_context):
    """Let this thread take denormal numbers for zero; return what :func:`restore_denormals` needs."""

    def generate(context, builder, signature, arguments):
        before = _read_control(builder)
        _write_control(builder, builder.or_(before, before.type(_FLUSH.get(architecture(), 0))))
        return before

    return types.int64(), generate


@intrinsic
def restore_denormals(typing_context, before):
    """Undo :func:`flush_denormals`."""

    def generate(context, builder, signature, arguments):
        _write_control(builder, arguments[0])
        return context.get_dummy_value()

    return types.void(before), generate


def _read_control(builder):
    """Return the register that controls this thread's floating-point arithmetic, as int64."""
    integer = ir.IntType(64)
    if architecture() == "x86_64":
        place = cgutils.alloca_once(builder, ir.IntType(32))
        _call(builder, "llvm.x86.sse.stmxcsr", ir.VoidType(), [builder.bitcast(place, ir.IntType(8).as_pointer())])
        return builder.zext(builder.load(place), integer)
    if architecture() == "aarch64":
        return _call(builder, "llvm.aarch64.get.fpcr", integer, [])
    return integer(0)


def _write_control(builder, value):
    if architecture() == "x86_64":
        place = cgutils.alloca_once(builder, ir.IntType(32))
        builder.store(builder.trunc(value, ir.IntType(32)), place)
        _call(builder, "llvm.x86.sse.ldmxcsr", ir.VoidType(), [builder.bitcast(place, ir.IntType(8).as_pointer())])
    elif architecture() == "aarch64":
        _call(builder, "llvm.aarch64.set.fpcr", ir.VoidType(), [value])


def _call(builder, name, result, arguments):
    kind = ir.FunctionType(result, [argument.type for argument in arguments])
    return builder.call(cgutils.get_or_insert_function(builder.module, kind, name), arguments)
