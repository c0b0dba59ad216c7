"""Derive the constants of the vector tanh and sigmoid, compare them with those of the package, and measure the errors.

Needs mpmath, which the package does without: ``python -m pip install ".[benchmarks]"`` in a clone. Takes some minutes;
ends with an error if a constant of the package is not the one derived.

Both functions reduce their argument, x = n log(2) / 2 + v, and use the addition theorem with tanh(v) = v / Q(v^2).
Q(y), near v coth(v), is a polynomial with Q(0) = 1 and the smallest greatest relative error (Remez exchange). They are
evaluated as `tsrnn/kernels/vector.py` writes them, in their own precision, once with fused multiply-adds and once with
separate operations, as processors without fused ones have it.
"""

import itertools
import math
import sys

import numpy as np

try:
    import mpmath as mp
except ImportError:
    sys.exit('fit_activations.py needs mpmath, which is not installed: python -m pip install "mpmath>=1.3"')
from kernel_entries import ACTIVATION_CONSTANTS

mp.mp.dps = 50

F32, F64 = np.float32, np.float64
MANTISSA = {F32: 24, F64: 53}  # bits, the leading one included
DEGREE = {F32: 2, F64: 5}  # the lowest that leaves less error than rounding does
LOG_2_HEAD = {F32: 16, F64: 42}  # bits: n times the head is exact for every n that occurs
Y_MAX = (mp.log(2) / 4) ** 2 * mp.mpf("1.0002")  # v reaches a little beyond log(2) / 4, as n is rounded


# ---------------------------------------------------------------- deriving


def fit_v_coth_v(degree, grid_size=1500):
    """Return the coefficients of Q, ascending, as mpmath numbers, and the greatest relative error on (0, Y_MAX].

    Raises
    ------
    RuntimeError
        If the error has not as many extrema as there are nodes, so that they cannot be exchanged.
    """

    def target(y):
        v = mp.sqrt(y)
        return v * mp.coth(v)

    grid = [Y_MAX * i / mp.mpf(grid_size) for i in range(1, grid_size + 1)]
    values = [target(y) for y in grid]
    nodes = [Y_MAX * (1 - mp.cos(mp.pi * (i + mp.mpf(0.5)) / (degree + 1))) / 2 for i in range(degree + 1)]
    for _ in range(20):
        a, b = mp.matrix(degree + 1, degree + 1), mp.matrix(degree + 1, 1)
        for i, y in enumerate(nodes):
            value = target(y)
            for k in range(degree):
                a[i, k] = y ** (k + 1) / value
            a[i, degree] = (-1) ** i
            b[i] = 1 - 1 / value
        coefficients = [mp.mpf(1), *mp.lu_solve(a, b)[:degree]]
        off = [abs(mp.polyval(coefficients[::-1], y) / g - 1) for y, g in zip(grid, values, strict=True)]
        padded = [mp.mpf(0), *off, mp.mpf(0)]
        peaks = [i for i in range(grid_size) if padded[i] <= off[i] >= padded[i + 2]]
        if len(peaks) != degree + 1:
            raise RuntimeError("the Remez exchange lost its alternation")
        nodes = [grid[i] for i in peaks]
        if max(off[i] for i in peaks) < mp.mpf("1.001") * min(off[i] for i in peaks):
            break
    return coefficients, float(max(off))


def derive(dtype):
    """Return the constants of a precision as numbers of it, by their names in the package."""
    bits = MANTISSA[dtype]
    head = mp.floor(mp.ldexp(mp.log(2), LOG_2_HEAD[dtype])) / mp.mpf(2) ** LOG_2_HEAD[dtype]
    coefficients, _ = fit_v_coth_v(DEGREE[dtype])
    return {
        "magic": dtype(1.5 * 2.0 ** (bits - 1)),  # its last bit is worth 1: adding it rounds to an integer
        "log_2": (dtype(float(head)), dtype(float(mp.log(2) - head))),
        "coth": tuple(dtype(float(c)) for c in coefficients),
    }


def compare(dtype):
    """Print what was derived beside what the package has; return whether all is the same."""
    print(f"\n{dtype.__name__}: derived, and in the package")
    for degree in (DEGREE[dtype] - 1, DEGREE[dtype]):
        error = fit_v_coth_v(degree)[1]
        print(f"  Q of degree {degree}: relative error {error:.2e}, {error / np.finfo(dtype).eps:.2g} of epsilon")
    same = True
    for name, derived in derive(dtype).items():
        held = getattr(ACTIVATION_CONSTANTS[dtype.__name__], name)
        pairs = zip(np.atleast_1d(derived), np.atleast_1d(held), strict=True)
        for k, (ours, theirs) in enumerate(pairs):
            equal = float(ours) == float(theirs)
            same &= equal
            print(f"  {name}[{k}]  {float(ours).hex():>24} {float(theirs).hex():>24}  {'same' if equal else 'DIFFERS'}")
    return same


# ---------------------------------------------------------------- evaluating


def separate(a, b, c):
    """Return a b + c with two roundings, in the precision of the operands."""
    return a * b + c


def fused(a, b, c):
    """Return a b + c with one rounding (but for rare near-ties), in the precision of the operands."""
    if np.result_type(a, b, c) == F32:
        return (np.asarray(a, F64) * np.asarray(b, F64) + np.asarray(c, F64)).astype(F32)
    a, b, c = np.broadcast_arrays(a, b, c)
    (a_head, a_tail), (b_head, b_tail) = _halves(a), _halves(b)
    product = a * b
    lost = ((a_head * b_head - product) + a_head * b_tail + a_tail * b_head) + a_tail * b_tail
    total = product + c
    moved = total - product
    return total + (((product - (total - moved)) + (c - moved)) + lost)


def _halves(a):
    scaled = a * 134217729.0  # 2^27 + 1
    head = scaled - (scaled - a)
    return head, a - head


class Activations:
    """The two functions of the package in one precision, in NumPy, with a multiply-add of one's choice."""

    def __init__(self, dtype, fma):
        self.dtype, self.fma, self.of = dtype, fma, ACTIVATION_CONSTANTS[dtype.__name__]

    def tanh(self, x):
        """Return tanh(x)."""
        real, fma = self.dtype, self.fma
        size = np.minimum(real(self.of.tanh_limit), np.abs(x))
        shifted = fma(size, real(2 / math.log(2)), real(self.of.magic))
        v = fma(real(self.of.magic) - shifted, real(math.log(2) / 2), size)
        q = self._polynomial(v * v, self.of.coth)
        h = self._power_of_two(shifted, self.of.exponent_of_half) - real(0.5)
        b = q + v
        return np.copysign(fma(h, b, v) / fma(h, b, q), x)

    def sigmoid(self, x):
        """Return 1 / (1 + exp(-x))."""
        real, fma = self.dtype, self.fma
        low, high = self.of.sigmoid_limits
        x = np.minimum(real(high), np.maximum(real(low), x))
        shifted = fma(x, real(1 / math.log(2)), real(self.of.magic))
        n = real(self.of.magic) - shifted
        r = fma(n, real(self.of.log_2[1]), fma(n, real(self.of.log_2[0]), x))
        q = self._polynomial(r * r, [2 * c / 4**k for k, c in enumerate(self.of.coth)])
        u = self._power_of_two(shifted, self.of.exponent_of_half + 1) * (q + r)
        return u / (u + (q - r))

    def _polynomial(self, x, coefficients):
        *rest, result = (self.dtype(c) for c in coefficients)
        for c in reversed(rest):
            result = self.fma(result, x, c)
        return result

    def _power_of_two(self, shifted, exponent):
        whole = np.int32 if self.dtype is F32 else np.int64
        bits = (shifted.view(whole) << self.of.shift) + whole(exponent << self.of.shift)
        return bits.view(self.dtype)


# ---------------------------------------------------------------- errors


def report(name, parts, function, reference):
    """Print the greatest error of a function over parts of its range, in units in the last place and absolute."""
    units = absolute = most = 0.0
    for x in parts:
        value, exact = function(x), reference(x)
        off = np.abs(value.astype(exact.dtype) - exact).astype(F64)
        units = max(units, float((off / last_place(exact, x.dtype.type)).max()))
        absolute, most = max(absolute, float(off.max())), max(most, float(np.abs(value).max()))
    print(f"  {name:<34} {units:7.3f} units  {absolute:.2e} absolute  greatest result 1 {most - 1.0:+.0e}")


def last_place(exact, dtype):
    """Return the distance of numbers of `dtype` around exact values; below 1 also where float64 rounds them to 1."""
    near = np.abs(exact).astype(F64)
    exponent = np.where((exact < 1) & (near == 1.0), 0, np.frexp(near)[1])
    smallest = float(np.finfo(dtype).smallest_subnormal)
    return np.maximum(np.ldexp(1.0, np.maximum(exponent - MANTISSA[dtype], -1074)), smallest)


def every_float32(start, stop, stride=1):
    """Return every `stride`-th float32 between two positive bounds."""
    low, high = np.array([start, stop], F32).view(np.int32)
    return np.arange(low, high + 1, stride, dtype=np.int32).view(F32)


def points_of_tanh(dtype):
    """Return positive points, which suffice, as tanh is odd: in float32 all that matter, else a million."""
    if dtype is F32:
        edges = [0.125, 0.25, 0.5, 1.0, 2.0, 4.0, 6.0, 8.0, 12.0]
        small = [every_float32(1e-45, 2.0**-6, 997), every_float32(2.0**-6, 0.125, 17)]
        return [*small, *(every_float32(a, b) for a, b in itertools.pairwise(edges))]
    rng, n = np.random.default_rng(2), 200_000
    edges = (rng.integers(0, 58, n) + 0.5) * math.log(2) / 2  # where n changes
    logarithms = rng.uniform(math.log(1e-305), math.log(1e-9), n), rng.uniform(math.log(1e-10), 0.5, n)
    near = edges * (1.0 + rng.normal(0.0, 1e-9, n))
    return [rng.uniform(0.0, 1.5, n), rng.uniform(0.0, 22.0, n), *map(np.exp, logarithms), near]


def points_of_sigmoid(dtype):
    """Return points over the whole range and, more densely, where the slope is not zero."""
    rng = np.random.default_rng(3)
    lowest, _ = ACTIVATION_CONSTANTS[dtype.__name__].sigmoid_limits
    return [rng.uniform(low, high, 1_000_000).astype(dtype) for low, high in ((-45.0, 45.0), (lowest, 45.0))]


def main():
    """Derive, compare and measure."""
    same = [compare(dtype) for dtype in (F32, F64)]
    wide = {F32: F64, F64: np.longdouble}  # wider than what is measured; float64 itself where long double is no wider
    for dtype in (F32, F64):

        def tanh(x, real=wide[dtype]):
            return np.minimum(np.tanh(x.astype(real)), np.nextafter(real(1), real(0)))

        def sigmoid(x, real=wide[dtype]):
            return 1 / (1 + np.exp(-x.astype(real)))

        print(f"\n{dtype.__name__}: greatest errors")
        for name, fma in (("fused", fused), ("separate", separate)):
            ours = Activations(dtype, fma)
            report(f"tanh, {name}", points_of_tanh(dtype), ours.tanh, tanh)
            report(f"sigmoid, {name}", points_of_sigmoid(dtype), ours.sigmoid, sigmoid)
        report("tanh of NumPy", points_of_tanh(dtype), np.tanh, tanh)
        with np.errstate(over="ignore"):
            report("1 / (1 + exp(-x)) of NumPy", points_of_sigmoid(dtype), lambda x: 1 / (1 + np.exp(-x)), sigmoid)
    if not all(same):
        sys.exit("a constant of the package is not the one derived here")


if __name__ == "__main__":
    main()
