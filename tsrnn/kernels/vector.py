"""Vectors of numbers as values: arithmetic, comparison and the activations, written once for every vector length.

A :class:`Vector` stands for a register while machine code is being written: ``f * c + i * g`` on vectors does not
compute, it emits the instructions that will. So the mathematics of a cell or of an optimizer is a plain Python function
of vectors, and nothing in it depends on the processor. Multiplication and addition round separately unless they are
written as :func:`fma`, so that bits never depend on what the compiler chose to fuse.
"""

import math
from dataclasses import dataclass

from llvmlite import ir

from .target import vector_bytes


def vector_type(real):
    """Return the LLVM type of a vector of `real`, LLVM's float or double."""
    return ir.VectorType(real, vector_bytes() // (8 if isinstance(real, ir.DoubleType) else 4))


class Vector:
    """A register of `length` floating-point numbers, or the mask that comparing two of them gives."""

    def __init__(self, builder, value):
        self.builder, self.value = builder, value

    @property
    def is_double(self):
        """Whether the numbers are float64."""
        return isinstance(self.value.type.element, ir.DoubleType)

    def __add__(self, other):
        return self._emit("fadd", self, other)

    def __sub__(self, other):
        return self._emit("fsub", self, other)

    def __mul__(self, other):
        return self._emit("fmul", self, other)

    def __truediv__(self, other):
        return self._emit("fdiv", self, other)

    def __radd__(self, other):
        return self._emit("fadd", other, self)

    def __rsub__(self, other):
        return self._emit("fsub", other, self)

    def __rmul__(self, other):
        return self._emit("fmul", other, self)

    def __neg__(self):
        return Vector(self.builder, self.builder.fneg(self.value))

    def __bool__(self):
        raise TypeError("a vector is neither true nor false while code is written; choose lane by lane with where()")

    def __lt__(self, other):
        return Vector(self.builder, self.builder.fcmp_ordered("<", self.value, self.lift(other).value))

    def __gt__(self, other):
        return Vector(self.builder, self.builder.fcmp_ordered(">", self.value, self.lift(other).value))

    @classmethod
    def broadcast(cls, builder, kind, number):
        """Return a vector of the LLVM type `kind` whose lanes all hold the LLVM value `number`."""
        lane = builder.insert_element(ir.Constant(kind, ir.Undefined), number, ir.IntType(32)(0))
        order = ir.Constant(ir.VectorType(ir.IntType(32), kind.count), None)
        return cls(builder, builder.shuffle_vector(lane, ir.Constant(kind, ir.Undefined), order))

    def lift(self, number):
        """Return a vector of the same type whose lanes all hold `number`; a vector is given back as it is."""
        if isinstance(number, Vector):
            return number
        return Vector(self.builder, ir.Constant(self.value.type, [float(number)] * self.value.type.count))

    def __abs__(self):
        return self.call("llvm.fabs")

    def with_sign_of(self, other):
        """Return the numbers with the signs of another vector's."""
        return self.call("llvm.copysign", other)

    def power_of_two(self, shift, exponent):
        """Return 2^(n + exponent - bias) for the integer n in the lowest bits of each number, by shifting them."""
        kind = self.value.type
        bits = ir.VectorType(ir.IntType(64 if self.is_double else 32), kind.count)
        n = self.builder.bitcast(self.value, bits)
        moved = self.builder.shl(n, ir.Constant(bits, [shift] * kind.count))
        power = self.builder.add(moved, ir.Constant(bits, [exponent << shift] * kind.count))
        return Vector(self.builder, self.builder.bitcast(power, kind))

    def mantissa_and_exponent(self):
        """Return (m, n), both vectors of numbers, with self = m 2^n and m from sqrt(1/2) to sqrt(2).

        The numbers must be positive and normal.
        """
        constants, kind = _DOUBLE if self.is_double else _SINGLE, self.value.type
        integer = ir.IntType(64 if self.is_double else 32)

        def all_lanes(number):
            return ir.Constant(ir.VectorType(integer, kind.count), [number] * kind.count)

        given = self.builder.bitcast(self.value, all_lanes(0).type)
        shift = all_lanes(constants.shift)
        n = self.builder.ashr(self.builder.sub(given, all_lanes(constants.bits_of_root)), shift)
        m = self.builder.bitcast(self.builder.sub(given, self.builder.shl(n, shift)), kind)
        return Vector(self.builder, m), Vector(self.builder, self.builder.sitofp(n, kind))

    def call(self, intrinsic, *others):
        """Return the result of an LLVM intrinsic such as ``llvm.sqrt``."""
        kind = self.value.type
        name = f"{intrinsic}.v{kind.count}f{64 if self.is_double else 32}"
        function_type = ir.FunctionType(kind, [kind] * (1 + len(others)))
        module = self.builder.module
        function = module.globals.get(name) or ir.Function(module, function_type, name)
        return Vector(self.builder, self.builder.call(function, [self.value, *(self.lift(o).value for o in others)]))

    def _emit(self, operation, left, right):
        left, right = self.lift(left), self.lift(right)
        return Vector(self.builder, getattr(self.builder, operation)(left.value, right.value))


def fma(a, b, c):
    """Return a b + c, rounded once where the processor can."""
    return a.call("llvm.fmuladd", b, c)


def where(mask, yes, no):
    """Return `yes` in the lanes where the mask holds, else `no`; one of the two must be a vector."""
    yes, no = (yes, yes.lift(no)) if isinstance(yes, Vector) else (no.lift(yes), no)
    return Vector(mask.builder, mask.builder.select(mask.value, yes.value, no.value))


def sqrt(x):
    """Return the square root."""
    return x.call("llvm.sqrt")


def polynomial(x, coefficients):
    """Return c_0 + c_1 x + c_2 x^2 + ... by Horner's rule."""
    *rest, result = (x.lift(c) for c in coefficients)
    for c in reversed(rest):
        result = fma(result, x, c)
    return result


@dataclass(frozen=True)
class _Reduction:
    """Constants of one precision; those of the two activations are derived by benchmarks/fit_activations.py.

    Adding `magic` rounds to an integer, which is then in the lowest bits; shifting those makes it an exponent.
    `coth` holds the coefficients of x coth(x) in powers of x^2 for |x| <= log(2) / 4. So many terms of the series of
    the logarithm, the cosine and the sine leave out less than a tenth of a unit in the last place.
    """

    magic: float
    shift: int
    exponent_of_half: int
    tanh_limit: float
    sigmoid_limits: tuple
    log_2: tuple  # in two parts, the first with zeros at its end
    coth: tuple
    bits_of_root: int  # those of sqrt(1/2)
    n_terms_of_log: int
    n_terms_of_circle: int


_SINGLE = _Reduction(
    magic=1.5 * 2**23, shift=23, exponent_of_half=126, tanh_limit=9.25, sigmoid_limits=(-87.0, 20.0),
    log_2=(float.fromhex("0x1.62e4p-1"), float.fromhex("0x1.7f7d1cp-20")),
    coth=(1.0, float.fromhex("0x1.55551ep-2"), float.fromhex("-0x1.6aa51ep-6")),
    bits_of_root=0x3F3504F3, n_terms_of_log=5, n_terms_of_circle=6,
)  # fmt: skip
_DOUBLE = _Reduction(
    magic=1.5 * 2**52, shift=52, exponent_of_half=1022, tanh_limit=20.0, sigmoid_limits=(-708.0, 40.0),
    log_2=(float.fromhex("0x1.62e42fefa3800p-1"), float.fromhex("0x1.ef35793c76730p-45")),
    coth=(1.0, float.fromhex("0x1.555555555553ep-2"), float.fromhex("-0x1.6c16c16bebecfp-6"),
          float.fromhex("0x1.1566aaf2a4e9dp-9"), float.fromhex("-0x1.bbd41d16aa43fp-13"),
          float.fromhex("0x1.6376e80e69c3bp-16")),
    bits_of_root=0x3FE6A09E667F3BCD, n_terms_of_log=11, n_terms_of_circle=10,
)  # fmt: skip


def tanh(x):
    """Return the hyperbolic tangent, to 3.5 units in the last place (at most 3.1 were found); never beyond 1.

    With |x| = n log(2) / 2 + v and Q = v coth(v), which is even in v and a short polynomial, the addition theorem gives
    tanh|x| = (h (Q + v) + v) / (h (Q + v) + Q), h = (2^n - 1) / 2.
    """
    constants = _DOUBLE if x.is_double else _SINGLE
    size = abs(x)
    size = where(size > constants.tanh_limit, constants.tanh_limit, size)
    shifted = fma(size, size.lift(2 / math.log(2)), size.lift(constants.magic))
    v = fma(constants.magic - shifted, size.lift(math.log(2) / 2), size)
    q = polynomial(v * v, constants.coth)
    h = shifted.power_of_two(constants.shift, constants.exponent_of_half) - 0.5
    b = q + v
    return (fma(h, b, v) / fma(h, b, q)).with_sign_of(x)


def sigmoid(x):
    """Return 1 / (1 + exp(-x)), to 3.5 units in the last place (at most 2.5 were found); at most 1.

    Below -87 in float32, and -708 in float64, it stays what it is there: no less than the smallest normal number.

    With x = n log(2) + r and q = r coth(r / 2), exp(x) = 2^n (q + r) / (q - r).
    """
    constants = _DOUBLE if x.is_double else _SINGLE
    low, high = constants.sigmoid_limits
    x = where(x < low, low, x)
    x = where(x > high, high, x)
    shifted = fma(x, x.lift(1 / math.log(2)), x.lift(constants.magic))
    n = constants.magic - shifted
    r = fma(n, x.lift(constants.log_2[1]), fma(n, x.lift(constants.log_2[0]), x))
    q = polynomial(r * r, [2 * c / 4**k for k, c in enumerate(constants.coth)])
    u = shifted.power_of_two(constants.shift, constants.exponent_of_half + 1) * (q + r)
    return u / (u + (q - r))


def log(x):
    """Return the natural logarithm of positive, normal numbers.

    With x = m 2^n it is n log(2) + 2 artanh z, z = (m - 1) / (m + 1), which is at most .172: a series in z^2.
    """
    constants = _DOUBLE if x.is_double else _SINGLE
    m, n = x.mantissa_and_exponent()
    z = (m - 1) / (m + 1)
    series = polynomial(z * z, [2 / (2 * k + 1) for k in range(constants.n_terms_of_log)])
    return fma(n, x.lift(math.log(2)), z * series)


def cosine_and_sine(x):
    """Return the two for |x| <= pi / 4, by their Taylor series."""
    n_terms = (_DOUBLE if x.is_double else _SINGLE).n_terms_of_circle
    square = x * x
    cosine = polynomial(square, [(-1) ** k / math.factorial(2 * k) for k in range(n_terms)])
    return cosine, x * polynomial(square, [(-1) ** k / math.factorial(2 * k + 1) for k in range(n_terms)])
