"""Derive and check the coefficients of the vector tanh and sigmoid kernels.

Two families of approximations are derived from scratch:

* float32 ``tanh``: odd rational ``x * P(x^2) / Q(x^2)`` with ``P(0) = Q(0) = 1`` (fitted by Lawson iteration on the
  linearised relative error, rounded to float32 and polished by a seeded local search on the measured error).
* float32 / float64 ``tanh`` and ``sigmoid`` by argument reduction ``x = n ln2 / 2 + v`` and the addition theorem, with
  ``tanh(v) = v / Q(v^2)``, ``Q(y) ~ v coth(v)`` a minimax polynomial with ``Q(0) = 1`` (Remez exchange in mpmath).

Every kernel is evaluated in its own precision, once with fused multiply-adds and once with separate operations.
"""

import functools
import itertools
import math

import mpmath as mp
import numpy as np

mp.mp.dps = 50

F32 = np.float32
F64 = np.float64
RATIONAL_DEGREES = ((4, 3), (4, 4), (5, 3), (6, 3))
FIT_LIMITS = (8.0, 8.2, 8.4, 8.6, 8.8, 9.0)


# ---------------------------------------------------------------------------------------------------------------------
# Arithmetic models
# ---------------------------------------------------------------------------------------------------------------------
def mad(a, b, c):
    """Return ``a * b + c`` with two roundings, in the precision of the operands."""
    return a * b + c


def _fma64(a, b, c):
    """Return ``a * b + c`` rounded once (up to rare near-ties) from error-free transformations."""
    a, b, c = np.broadcast_arrays(a, b, c)
    split = 134217729.0
    ah = a * split
    ah = ah - (ah - a)
    bh = b * split
    bh = bh - (bh - b)
    al, bl = a - ah, b - bh
    p = a * b
    e = ((ah * bh - p) + ah * bl + al * bh) + al * bl
    s = p + c
    t = s - p
    return s + (((p - (s - t)) + (c - t)) + e)


def fma(a, b, c):
    """Return ``a * b + c`` with one rounding, in the precision of the operands."""
    if np.result_type(a, b, c) == F32:
        return (np.asarray(a, F64) * np.asarray(b, F64) + np.asarray(c, F64)).astype(F32)
    return _fma64(a, b, c)


MODES = (("fma", fma), ("mul+add", mad))


def horner(coefs, y, op):
    """Evaluate a polynomial with ascending coefficients by Horner's rule."""
    r = np.full_like(y, coefs[-1])
    for c in coefs[-2::-1]:
        r = op(r, y, c)
    return r


# ---------------------------------------------------------------------------------------------------------------------
# Fits
# ---------------------------------------------------------------------------------------------------------------------
def fit_rational(p_degree, q_degree, limit, iterations=300, points=1500):
    """Fit ``tanh(x) / x ~ P(x^2) / Q(x^2)`` on ``[0, limit]`` in the relative maximum norm.

    Parameters
    ----------
    p_degree, q_degree : int
        Degrees in ``x^2``; the constant terms are fixed to one.
    limit : float
        End of the fitting interval.
    iterations : int
        Number of Lawson iterations.
    points : int
        Number of Chebyshev-spaced sample points.

    Returns
    -------
    p, q : list of float
        Ascending coefficients.
    error : float
        Maximum relative error on the sample before any rounding.
    """
    x = limit * 0.5 * (1.0 - np.cos(np.linspace(0.0, np.pi, points)))[1:]
    f = np.tanh(x) / x
    t = (x / limit) ** 2
    p_basis = np.stack([t**i for i in range(1, p_degree + 1)], axis=1)
    q_basis = np.stack([t**i for i in range(1, q_degree + 1)], axis=1)
    matrix = np.concatenate([p_basis / f[:, None], -q_basis], axis=1)
    rhs = 1.0 - 1.0 / f
    weight, q_value = np.ones_like(x), np.ones_like(x)
    best_error, best = np.inf, None
    for iteration in range(iterations):
        row = np.sqrt(weight) / q_value
        scale = np.linalg.norm(matrix * row[:, None], axis=0)
        sol = np.linalg.lstsq(matrix * row[:, None] / scale, rhs * row, rcond=None)[0] / scale
        q_value = 1.0 + q_basis @ sol[p_degree:]
        error = np.abs((1.0 + p_basis @ sol[:p_degree]) / (f * q_value) - 1.0)
        if error.max() < best_error:
            best_error, best = error.max(), sol
        if iteration > 5:
            weight = weight * (error / error.max() + 1e-3)
            weight /= weight.sum()
    p = [1.0] + [best[i] / limit ** (2 * (i + 1)) for i in range(p_degree)]
    q = [1.0] + [best[p_degree + i] / limit ** (2 * (i + 1)) for i in range(q_degree)]
    return p, q, best_error


def remez_vcothv(degree, y_max, grid_size=1500):
    """Fit ``v coth(v)`` as a polynomial in ``y = v^2`` with unit constant term, in the relative maximum norm.

    Parameters
    ----------
    degree : int
        Degree in ``y``.
    y_max : mpmath.mpf
        End of the interval ``[0, y_max]``.
    grid_size : int
        Number of grid points on which extrema are located.

    Returns
    -------
    coefs : list of mpmath.mpf
        Ascending coefficients, the first one being exactly one.
    error : float
        Minimax relative error.
    """

    def target(y):
        v = mp.sqrt(y)
        return v * mp.coth(v)

    grid = [y_max * i / mp.mpf(grid_size) for i in range(1, grid_size + 1)]
    values = [target(y) for y in grid]
    nodes = [y_max * (1 - mp.cos(mp.pi * (i + mp.mpf(0.5)) / (degree + 1))) / 2 for i in range(degree + 1)]
    for _ in range(20):
        a = mp.matrix(degree + 1, degree + 1)
        b = mp.matrix(degree + 1, 1)
        for i, y in enumerate(nodes):
            g = target(y)
            for k in range(degree):
                a[i, k] = y ** (k + 1) / g
            a[i, degree] = (-1) ** i
            b[i] = 1 - 1 / g
        coefs = [mp.mpf(1), *mp.lu_solve(a, b)[:degree]]
        err = [abs(mp.polyval(coefs[::-1], y) / g - 1) for y, g in zip(grid, values, strict=True)]
        padded = [mp.mpf(0), *err, mp.mpf(0)]
        peaks = [i for i in range(grid_size) if padded[i] <= err[i] >= padded[i + 2]]
        if len(peaks) != degree + 1:
            raise RuntimeError("Remez exchange lost its alternation")
        nodes = [grid[i] for i in peaks]
        if max(err[i] for i in peaks) < mp.mpf("1.001") * min(err[i] for i in peaks):
            break
    return coefs, float(max(err))


def split_constant(value, bits):
    """Split a positive mpmath constant into a head of `bits` significant bits and the remaining tail."""
    shift = bits - 1 - math.floor(math.log2(float(value)))
    head = mp.floor(mp.ldexp(value, shift)) / mp.mpf(2) ** shift
    return float(head), value - head


# ---------------------------------------------------------------------------------------------------------------------
# Kernels
# ---------------------------------------------------------------------------------------------------------------------
def tanh_rational(x, p, q, limit, op):
    """Evaluate ``x * P(x^2) / Q(x^2)`` for `x` clamped to ``[-limit, limit]``."""
    x = np.minimum(np.maximum(x, -limit), limit)
    y = x * x
    return (x * horner(p, y, op)) / horner(q, y, op)


class ExpKernel:
    """Reduction-based tanh and sigmoid in one precision.

    Parameters
    ----------
    dtype : type
        ``numpy.float32`` or ``numpy.float64``.
    coefs : list of mpmath.mpf
        Coefficients of ``Q(y) ~ v coth(v)``.
    tanh_limit : float
        Clamp of ``|x|`` in `tanh`.
    sigmoid_limits : tuple of float
        Clamp of ``x`` in `sigmoid`.
    """

    def __init__(self, dtype, coefs, tanh_limit, sigmoid_limits):
        self.dtype = dtype
        self.int, self.shift = (np.int32, 23) if dtype is F32 else (np.int64, 52)
        self.magic = dtype(1.5 * 2.0**self.shift)
        self.one_bits = int(np.ones(1, dtype).view(self.int)[0])
        self.half_bits = int(np.full(1, 0.5, dtype).view(self.int)[0])
        self.q = [dtype(float(c)) for c in coefs]
        # sigmoid: r = 2 v, 2 Q(r^2 / 4), an exact rescaling of the same coefficients
        self.q2 = [dtype(float(c)) * dtype(2.0 * 0.25**k) for k, c in enumerate(coefs)]
        self.two_log2e = dtype(float(2 / mp.log(2)))
        self.log2e = dtype(float(1 / mp.log(2)))
        self.half_ln2 = dtype(float(mp.log(2) / 2))
        hi, lo = split_constant(mp.log(2), 16 if dtype is F32 else 42)
        self.ln2_hi, self.ln2_lo = dtype(hi), dtype(float(lo))
        self.tanh_limit = dtype(tanh_limit)
        self.sigmoid_limits = tuple(dtype(v) for v in sigmoid_limits)

    def pow2(self, z, bias_bits):
        """Return ``2^n`` (times the bias) from the bits of the magic sum `z`."""
        return ((z.view(self.int) << self.shift) + self.int(bias_bits)).view(self.dtype)

    def tanh(self, x, op, split=False):
        """Evaluate tanh; `split` uses a two-part ln2 / 2 in the reduction (not needed, for comparison only)."""
        a = np.minimum(self.tanh_limit, np.abs(x))
        z = op(a, self.two_log2e, self.magic)
        n = z - self.magic
        if split:
            half = self.dtype(0.5)
            v = op(n, -self.ln2_lo * half, op(n, -self.ln2_hi * half, a))
        else:
            v = op(n, -self.half_ln2, a)
        q = horner(self.q, v * v, op)
        h = self.pow2(z, self.half_bits) - self.dtype(0.5)
        b = q + v
        return np.copysign(op(h, b, v) / op(h, b, q), x)

    def sigmoid(self, x, op):
        """Evaluate the sigmoid with full relative accuracy."""
        x = np.minimum(self.sigmoid_limits[1], np.maximum(self.sigmoid_limits[0], x))
        z = op(x, self.log2e, self.magic)
        n = z - self.magic
        r = op(n, -self.ln2_lo, op(n, -self.ln2_hi, x))
        q = horner(self.q2, r * r, op)
        num = self.pow2(z, self.one_bits) * (q + r)
        return num / (num + (q - r))


# ---------------------------------------------------------------------------------------------------------------------
# Error measures
# ---------------------------------------------------------------------------------------------------------------------
def ulp_of(ref, dtype):
    """Return the spacing of `dtype` in the binade of the exact value `ref` (not rounded up at powers of two)."""
    digits = 24 if dtype is F32 else 53
    tiny = float(np.finfo(dtype).smallest_subnormal)
    exponent = np.frexp(np.asarray(ref, F64))[1]
    below_one = np.asarray(ref) < 1
    exponent = np.where(below_one & (np.asarray(ref, F64) == 1.0), 0, exponent)
    return np.maximum(np.ldexp(1.0, np.maximum(exponent - digits, -1074)), tiny)


def errors(value, ref, dtype):
    """Return the maximum ulp error, the maximum absolute error and the maximum magnitude."""
    diff = np.abs(value.astype(ref.dtype) - ref).astype(F64)
    return float((diff / ulp_of(np.abs(ref), dtype)).max()), float(diff.max()), float(np.abs(value).max())


def float32_range(start, stop, stride=1):
    """Return every `stride`-th positive float32 between two bounds."""
    lo, hi = np.array([start, stop], F32).view(np.int32)
    return np.arange(lo, hi + 1, stride, dtype=np.int32).view(F32)


def tanh_below_one(x):
    """Return tanh of float64 points as float64, kept strictly below one so that ulps are counted in [1/2, 1)."""
    return np.minimum(np.tanh(x.astype(F64)), 1.0 - 2.0**-53)


# ---------------------------------------------------------------------------------------------------------------------
# Rounding of the float32 rational
# ---------------------------------------------------------------------------------------------------------------------
def choose_limit(x, outputs):
    """Return the largest sample that evaluates to one in all modes with no result above one before it, or None."""
    bad = np.nonzero(np.maximum.reduce(outputs) > 1)[0]
    end = bad[0] if bad.size else x.size
    good = np.nonzero(np.logical_and.reduce([o[:end] == 1 for o in outputs]) & (x[:end] > 7.5))[0]
    return x[good[-1]] if good.size else None


def score_rational(p, q, x, ref, ulp):
    """Return the score and the clamp limit of rounded coefficients on a sample; the fused mode has priority."""
    raw = [tanh_rational(x, p, q, F32(100), op) for _, op in MODES]
    limit = choose_limit(x, raw)
    if limit is None:
        return np.inf, None
    fused, separate = ((np.abs(np.where(x <= limit, r, F32(1)) - ref) / ulp).max() for r in raw)
    return max(fused, separate - 0.7), limit


def round_rational(fits, seed=1, trials=2500, finalists=24):
    """Round fits to float32 and polish them by a random search over neighbouring float32 coefficients.

    Parameters
    ----------
    fits : list of tuple
        Coefficient lists ``(p, q)`` to start from.
    seed : int
        Seed of the search.
    trials : int
        Number of random steps, scored on a small sample.
    finalists : int
        Number of best candidates that are scored again on a dense sample.

    Returns
    -------
    p, q : list of numpy.float32
        Ascending coefficients.
    """
    rng = np.random.default_rng(seed)
    x = np.concatenate([np.linspace(0.3, 9.2, 24000), np.exp(rng.uniform(-6.0, -1.0, 3000))])
    x = np.unique(x.astype(F32))
    ref = tanh_below_one(x)
    ulp = ulp_of(ref, F32)
    size = len(fits[0][0])
    pool = [np.array([*p, *q], F32) for p, q in fits]
    pool = [(score_rational(list(co[:size]), list(co[size:]), x, ref, ulp)[0], co) for co in pool]
    best = min(pool, key=lambda item: item[0])
    for _ in range(trials):
        step = rng.integers(-4, 5, best[1].size) * (rng.random(best[1].size) < 0.4)
        step[[0, size]] = 0
        co = (best[1].view(np.int32) + step.astype(np.int32)).view(F32)
        candidate = (score_rational(list(co[:size]), list(co[size:]), x, ref, ulp)[0], co)
        pool.append(candidate)
        if candidate[0] <= best[0]:
            best = candidate
    pool = sorted(pool, key=lambda item: item[0])[:finalists]
    x = float32_range(0.45, 9.2, 7)
    ref = tanh_below_one(x)
    ulp = ulp_of(ref, F32)
    best = min(pool, key=lambda item: score_rational(list(item[1][:size]), list(item[1][size:]), x, ref, ulp)[0])
    return list(best[1][:size]), list(best[1][size:])


def exhaustive_limit(p, q):
    """Return the clamp limit found by scanning every float32 in [7, 9.2], or None."""
    x = float32_range(7.0, 9.2)
    return choose_limit(x, [tanh_rational(x, p, q, F32(100), op) for _, op in MODES])


# ---------------------------------------------------------------------------------------------------------------------
# Reports
# ---------------------------------------------------------------------------------------------------------------------
def show(name, value):
    """Print one constant in decimal and hexadecimal notation."""
    print(f"  {name:<10s} {float(value)!r:>26s}  {float(value).hex()}")


def report(name, value, ref, dtype):
    """Print one line of the error table."""
    ulp, absolute, top = errors(value, ref, dtype)
    print(f"  {name:<46s} max ulp {ulp:9.3f}   max abs {absolute:.3e}   max|result|-1 {top - 1.0:+.2e}")


def tanh32_points():
    """Return the float32 test points: every float in [1/8, 12], a stride below, in chunks."""
    yield np.concatenate([float32_range(1e-45, 2.0**-6, 997), np.array([0.0, 20.0, 1e30, np.inf], F32)])
    yield float32_range(2.0**-6, 0.125, 17)
    edges = [0.125, 0.25, 0.5, 1.0, 2.0, 4.0, 6.0, 8.0, 12.0]
    for a, b in itertools.pairwise(edges):
        yield float32_range(a, b)


def report_tanh32(name, kernel):
    """Print the error of a float32 tanh over the whole set of test points."""
    worst = np.zeros(3)
    for x in tanh32_points():
        # copysign(): the kernels are exactly odd, positive points suffice
        worst = np.maximum(worst, errors(kernel(x), tanh_below_one(x), F32))
    print(f"  {name:<46s} max ulp {worst[0]:9.3f}   max abs {worst[1]:.3e}   max|result|-1 {worst[2] - 1.0:+.2e}")


def points64(count, seed):
    """Return positive float64 test points: uniform, logarithmic, tiny and next to the reduction boundaries."""
    rng = np.random.default_rng(seed)
    k = rng.integers(0, 58, count // 5) + 0.5
    return np.concatenate(
        [
            rng.uniform(0.0, 1.5, count // 5),
            rng.uniform(0.0, 22.0, count // 5),
            np.exp(rng.uniform(math.log(1e-10), 0.5, count // 5)),
            np.exp(rng.uniform(math.log(1e-305), math.log(1e-9), count // 5)),
            k * math.log(2) / 2 * (1.0 + rng.normal(0.0, 1e-9, count // 5)),
        ]
    )


def report_mpmath(name, value, exact, dtype=F64):
    """Print the error against a list of mpmath values."""
    digits = 24 if dtype is F32 else 53
    floor = -149 if dtype is F32 else -1074
    worst_ulp = worst_abs = mp.mpf(0)
    for v, e in zip(value, exact, strict=True):
        diff = abs(mp.mpf(float(v)) - e)
        if diff:
            worst_abs = max(worst_abs, diff)
            worst_ulp = max(worst_ulp, mp.ldexp(diff, -max(mp.frexp(e)[1] - digits, floor)))
    top = float(np.abs(value).max()) - 1.0
    print(f"  {name:<46s} max ulp {float(worst_ulp):9.3f}   max abs {float(worst_abs):.3e}   max|result|-1 {top:+.2e}")


def special_values(name, function, dtype):
    """Print the results at the special values."""
    x = np.array([np.nan, -np.nan, np.inf, -np.inf, 0.0, -0.0, np.finfo(dtype).max, np.finfo(dtype).smallest_subnormal])
    with np.errstate(all="ignore"):
        y = function(x.astype(dtype))
    print(f"  {name:<22s} nan,-nan,inf,-inf,0,-0,max,denorm -> {[float(v) for v in y]}")


def run_rational32():
    """Derive and check the float32 rational candidates; return the (4, 4) kernel parameters."""
    chosen = None
    for degrees in RATIONAL_DEGREES:
        fits = [fit_rational(*degrees, limit) for limit in FIT_LIMITS]
        p, q = round_rational([f[:2] for f in fits])
        limit = exhaustive_limit(p, q)
        minimax = ", ".join(f"{f[2]:.1e}" for f in fits)
        print(
            f"\nfloat32 tanh, x P{degrees[0]}(x^2) / Q{degrees[1]}(x^2); minimax rel. error on {FIT_LIMITS}: {minimax}"
        )
        if limit is None:
            print("  no clamp limit keeps |result| <= 1")
            continue
        show("limit", limit)
        for name, coefs in (("p", p), ("q", q)):
            for k, c in enumerate(coefs):
                show(f"{name}{k}", c)
        for mode, op in MODES:
            report_tanh32(
                f"tanh32 rational {degrees} [{mode}]", functools.partial(tanh_rational, p=p, q=q, limit=limit, op=op)
            )
        if degrees == (4, 4):
            chosen = (p, q, limit)
    return chosen


def run_exp(dtype, degree, tanh_limit, sigmoid_limits):
    """Derive and return a reduction-based kernel."""
    name = dtype.__name__
    y_max = (mp.log(2) / 4) ** 2 * mp.mpf("1.0002")
    print(f"\n{name} tanh / sigmoid by reduction, Q(v^2) ~ v coth(v)")
    for d in range(degree - 1, degree + 1):
        coefs, error = remez_vcothv(d, y_max)
        print(f"  degree {d}: minimax relative error {error:.3e} = {error / np.finfo(dtype).eps:.4f} eps")
    kernel = ExpKernel(dtype, coefs, tanh_limit, sigmoid_limits)
    for key in ("tanh_limit", "two_log2e", "half_ln2", "magic"):
        show(key, getattr(kernel, key))
    for k, c in enumerate(kernel.q):
        show(f"q{k}", c)
    print(f"  half_bits  {kernel.half_bits:#x}   shift {kernel.shift}")
    print("  sigmoid only:")
    for key in ("log2e", "ln2_hi", "ln2_lo"):
        show(key, getattr(kernel, key))
    for k, c in enumerate(kernel.q2):
        show(f"s{k}", c)
    print(f"  one_bits   {kernel.one_bits:#x}   limits {[float(v) for v in kernel.sigmoid_limits]}")
    return kernel


def main():
    """Derive all coefficients and print the result table."""
    p, q, limit = run_rational32()
    exp32 = run_exp(F32, 2, 9.25, (-87.0, 20.0))
    for mode, op in MODES:
        report_tanh32(f"tanh32 reduction [{mode}]", lambda x, o=op: exp32.tanh(x, o))
    exp64 = run_exp(F64, 5, 20.0, (-708.0, 40.0))

    print("\nfloat64 tanh against mpmath (20000 points) and long double (1e6 points)")
    x = points64(20000, 1)
    exact = [mp.tanh(mp.mpf(float(v))) for v in x]
    wide = points64(1000000, 2)
    long_ref = np.tanh(wide.astype(np.longdouble))
    for mode, op in MODES:
        for split in (False, True):
            label = "two-part ln2" if split else "one-part ln2"
            report_mpmath(f"tanh64 [{mode}, {label}] mpmath", exp64.tanh(x, op, split), exact)
            report(f"tanh64 [{mode}, {label}] long double", exp64.tanh(wide, op, split), long_ref, F64)
        report(
            f"tanh64 [{mode}] 18 < x < 22",
            exp64.tanh(wide[(wide > 18) & (wide < 22)], op),
            long_ref[(wide > 18) & (wide < 22)],
            F64,
        )
    print(f"  np.tanh for comparison: max ulp {errors(np.tanh(wide), long_ref, F64)[0]:.3f}")

    print("\nsigmoid, float32 (2e6 points in [-87, 87]; 'half tanh' is 0.5 + 0.5 tanh(x / 2))")
    x32 = np.linspace(-87.0, 87.0, 1000001).astype(F32)
    x32 = np.concatenate([x32, np.linspace(-20.0, 20.0, 1000001).astype(F32)])
    ref32 = 1.0 / (1.0 + np.exp(-x32.astype(F64)))
    half = F32(0.5)
    for mode, op in MODES:
        values = {
            "half tanh rational": op(half, tanh_rational(half * x32, p, q, limit, op), half),
            "half tanh reduction": op(half, exp32.tanh(half * x32, op), half),
            "direct": exp32.sigmoid(x32, op),
        }
        for key, value in values.items():
            report(f"sigmoid32 {key} [{mode}] x >= 0", value[x32 >= 0], ref32[x32 >= 0], F32)
            report(f"sigmoid32 {key} [{mode}] all x", value, ref32, F32)

    print("\nsigmoid, float64 (long double reference, [-708, 45]; mpmath on 20000 points)")
    rng = np.random.default_rng(3)
    x64 = np.concatenate([rng.uniform(-45.0, 45.0, 500000), rng.uniform(-708.0, 45.0, 500000)])
    ref64 = 1 / (1 + np.exp(-x64.astype(np.longdouble)))
    few = x64[490000:510000]
    exact = [1 / (1 + mp.exp(-mp.mpf(float(v)))) for v in few]
    for mode, op in MODES:
        values = {"half tanh": op(0.5, exp64.tanh(0.5 * x64, op), 0.5), "direct": exp64.sigmoid(x64, op)}
        for key, value in values.items():
            report(f"sigmoid64 {key} [{mode}] x >= 0", value[x64 >= 0], ref64[x64 >= 0], F64)
            report(f"sigmoid64 {key} [{mode}] all x", value, ref64, F64)
        report_mpmath(f"sigmoid64 direct [{mode}] mpmath", exp64.sigmoid(few, op), exact)
    print("  relative error at x =        " + "".join(f"{v:>12g}" for v in (-1, -5, -10, -20, -30, -36)))
    xs = np.array([-1.0, -5.0, -10.0, -20.0, -30.0, -36.0])
    ref = np.exp(xs) / (1.0 + np.exp(xs))
    table = {
        "float32 half tanh rational": half + half * tanh_rational(half * xs.astype(F32), p, q, limit, fma),
        "float32 direct": exp32.sigmoid(xs.astype(F32), fma),
        "float64 half tanh": 0.5 + 0.5 * exp64.tanh(0.5 * xs, fma),
        "float64 direct": exp64.sigmoid(xs, fma),
    }
    for key, value in table.items():
        print(f"  {key:<29s}" + "".join(f"{v:12.2e}" for v in np.abs(value / ref - 1.0)))
    at30 = [float(table[k][4]) for k in ("float64 half tanh", "float64 direct")]
    print(f"  sigmoid64(-30): half tanh {at30[0]!r}, direct {at30[1]!r}, exact {float(ref[4])!r}")

    print("\nspecial values")
    for dtype, kernel in ((F32, exp32), (F64, exp64)):
        special_values(f"tanh {dtype.__name__}", lambda v, k=kernel: k.tanh(v, mad), dtype)
        special_values(f"sigmoid {dtype.__name__}", lambda v, k=kernel: k.sigmoid(v, mad), dtype)
    special_values("tanh rational float32", lambda v: tanh_rational(v, p, q, limit, mad), F32)


if __name__ == "__main__":
    with np.errstate(all="ignore"):
        main()
