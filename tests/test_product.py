"""The product of every tile is that of NumPy, reads and writes its own places alone, and does rows one like another."""

from functools import cache

import numba
import numpy as np
import pytest
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from tsrnn.kernels.code import Index
from tsrnn.kernels.elementwise import buffer_of
from tsrnn.kernels.product import WIDE, Left, Result, Right, product
from tsrnn.kernels.target import vector_length

DTYPES = [np.float32, np.float64]
TILES = [(WIDE, n) for n in range(1, 8)] + [(1, 1), (3, 3), (4, 4)]
ALL = 4  # as many fresh vectors as a tile can have


@cache
def compile_product(tile):
    """Return the compiled product (A, B, C, numbers); `numbers` are the five sizes and start and strides of each."""

    @intrinsic
    def multiply(typing_context, A, B, C, numbers):
        def generate(context, builder, signature, arguments):
            *arrays, packed = arguments
            values = [Index(builder, n) for n in cgutils.unpack_tuple(builder, packed, len(numbers))]
            n_rows, n_vectors, n_groups, n_terms, n_fresh = values[:5]
            factors = [
                make(buffer_of(context, builder, kind, array) + start, *strides)
                for make, kind, array, (start, *strides) in zip(
                    (Left, Right, Result), (A, B, C), arrays, (values[5:9], values[9:13], values[13:]), strict=True
                )
            ]
            product(tile, n_rows, n_vectors, n_terms, *factors, n_groups, n_fresh)
            return context.get_dummy_value()

        return types.void(A, B, C, numbers), generate

    @numba.njit
    def compiled(A, B, C, numbers):
        multiply(A, B, C, numbers)

    return compiled


def scattered(rng, shape, strides, dtype, draw):
    """Return a flat array of NaN with numbers at the places that shape and strides describe, and those numbers."""
    places = 5 + sum(
        np.arange(n).reshape([-1 if i == axis else 1 for i in range(len(shape))]) * stride
        for axis, (n, stride) in enumerate(zip(shape, strides, strict=True))
    )
    assert len(np.unique(places)) == places.size
    flat = np.full(5 + places.max(initial=0) + 40, np.nan, dtype)
    flat[places] = draw(shape)
    return flat, flat[places].astype(np.float64), places


def multiply(tile, n_vectors, n_rows, n_terms, dtype, n_groups=1, n_fresh=ALL, transposed=False, draw=None, seed=0):
    """Return C as the kernel leaves it, what it must be, the sum of the absolute terms, and whether all else is kept.

    Whatever is not in A, B or C is NaN: a term too many shows.
    """
    rng = np.random.default_rng(seed)
    draw = draw or (lambda shape: rng.normal(size=shape))
    V = vector_length(np.dtype(dtype))
    a_row, a_term = (1, n_rows + 2) if transposed else (n_groups * (n_terms + 3) + 1, 1)
    a_group = n_terms * a_term + 3
    b_term, b_group = V, n_terms * V + 3
    b_vector = n_groups * b_group + 2
    c_row, c_vector = n_vectors * (V + 1) + 3, V + 1
    A, a, _ = scattered(rng, (n_rows, n_groups, n_terms), (a_row, a_group, a_term), dtype, draw)
    B, b, _ = scattered(rng, (n_vectors, n_groups, n_terms, V), (b_vector, b_group, b_term, 1), dtype, draw)
    C, c, places = scattered(rng, (n_rows, n_vectors, V), (c_row, c_vector, 1), dtype, draw)
    is_old = np.ones((1, n_vectors, 1)) * (n_fresh == 0)
    if 0 < n_fresh < ALL:  # which then counts within the one tile
        is_old[:] = np.arange(n_vectors).reshape(1, -1, 1) >= n_fresh
    expected = is_old * c + np.einsum("rgk,vgkl->rvl", a, b)
    size = is_old * np.abs(c) + np.einsum("rgk,vgkl->rvl", np.abs(a), np.abs(b))
    before = C.copy()
    numbers = [n_rows, n_vectors, n_groups, n_terms, n_fresh, 5, a_row, a_term, a_group, 5, b_vector, b_term, b_group,
               5, c_row, c_vector]  # fmt: skip
    compile_product(tile)(A, B, C, tuple(numbers))
    result, untouched = C[places], np.delete(C, places)
    return result, expected, size, np.array_equal(untouched, np.delete(before, places), equal_nan=True)


def tolerance(n, dtype):
    """Each of n terms is rounded once or twice, the sum of their sizes being the largest that a partial sum can be."""
    return 2 * (n + 1) * np.finfo(dtype).eps


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("tile, n_vectors", TILES)
def test_product_of_small_integers_is_exact_for_any_rows_and_terms(tile, n_vectors, dtype):
    rng = np.random.default_rng(1)
    for n_rows in range(1, 18):
        for n_terms in (0, 1, 5):
            result, expected, _, is_kept = multiply(
                tile, n_vectors, n_rows, n_terms, dtype, draw=lambda shape: rng.integers(-9, 10, shape)
            )
            assert np.array_equal(result, expected), (n_rows, n_terms)
            assert is_kept, (n_rows, n_terms)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("tile, n_vectors", TILES)
@pytest.mark.parametrize("transposed", [False, True])
def test_product_is_that_of_numpy_to_its_rounding(tile, n_vectors, dtype, transposed):
    for n_rows, n_terms, n_groups in [(1, 96, 1), (7, 96, 1), (17, 5, 3), (4, 16, 6), (13, 1, 2), (3, 0, 2)]:
        for n_fresh in (0, ALL):
            result, expected, size, is_kept = multiply(
                tile, n_vectors, n_rows, n_terms, dtype, n_groups, n_fresh, transposed
            )
            error = np.abs(result - expected)
            assert (error <= tolerance(n_terms * n_groups, dtype) * size).all(), (n_rows, n_terms, n_groups, n_fresh)
            assert is_kept, (n_rows, n_terms, n_groups, n_fresh)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("tile", [1, 3, 4])
def test_fresh_vectors_start_from_zero_and_the_others_from_what_is_there(tile, dtype):
    rng = np.random.default_rng(2)
    for n_fresh in range(tile + 1):
        for n_rows, n_terms in [(1, 3), (9, 3), (6, 0)]:
            result, expected, _, is_kept = multiply(
                tile, tile, n_rows, n_terms, dtype, 2, n_fresh, draw=lambda shape: rng.integers(1, 10, shape)
            )
            assert np.array_equal(result, expected), (n_fresh, n_rows, n_terms)
            assert is_kept


@pytest.mark.parametrize("tile, n_vectors", TILES)
def test_fresh_vectors_do_not_read_what_is_there(tile, n_vectors):
    drawn = []

    def draw(shape):
        drawn.append(shape)
        return np.full(shape, np.nan) if len(drawn) % 3 == 0 else np.ones(shape)  # A, B, then C

    result, *_ = multiply(tile, n_vectors, 11, 5, np.float32, draw=draw)
    assert (result == 5).all()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("tile, n_vectors", TILES)
@pytest.mark.parametrize("n_fresh", [0, ALL])
def test_a_row_has_the_same_bits_whatever_number_of_rows_there_are(tile, n_vectors, dtype, n_fresh):
    rng = np.random.default_rng(3)
    V, rows, n_terms = vector_length(np.dtype(dtype)), 17, 37
    A = rng.normal(size=(rows, n_terms)).astype(dtype)
    B = rng.normal(size=(n_vectors, n_terms, V)).astype(dtype)
    C = rng.normal(size=(rows, n_vectors, V)).astype(dtype)
    strides = [0, n_terms, 1, 0, 0, n_terms * V, V, 0, 0, n_vectors * V, V]

    def run(first, n_rows):
        part = C[first : first + n_rows].copy()
        sizes = [n_rows, n_vectors, 1, n_terms, n_fresh]
        compile_product(tile)(A[first:].ravel(), B.ravel(), part.reshape(-1), (*sizes, *strides))
        return part

    together = run(0, rows)
    for n_rows in range(1, rows):
        for first in (0, rows - n_rows):
            assert np.array_equal(run(first, n_rows), together[first : first + n_rows]), (first, n_rows)


@pytest.mark.parametrize("tile", [WIDE, 1, 3, 4])
def test_nothing_is_done_without_rows_or_vectors(tile):
    C = np.full(64, 7.0)
    numbers = (1, 1, 64, 0, 0, 64, 64, 0, 0, 64, 64)
    compile_product(tile)(np.ones(64), np.ones(64), C, (0, tile or 3, 1, 1, ALL, 0, *numbers[1:]))
    if tile == WIDE:
        compile_product(tile)(np.ones(64), np.ones(64), C, (5, 0, 1, 1, ALL, 0, *numbers[1:]))
    assert (C == 7).all()


@pytest.mark.parametrize("dtype", DTYPES)
def test_c_may_have_its_vectors_far_apart_and_its_rows_close(dtype):
    """As the gradient of the weights has them: a row of C is a term of the product that goes forward."""
    V, n_rows, n_terms = vector_length(np.dtype(dtype)), 13, 8
    rng = np.random.default_rng(4)
    A, B = rng.integers(-9, 10, (n_terms, n_rows)), rng.integers(-9, 10, (n_terms, 3, V))
    C = np.ones((3, n_rows, V), dtype)
    numbers = (n_rows, 3, 1, n_terms, 0, 0, 1, n_rows, 0, 0, V, 3 * V, 0, 0, V, n_rows * V)
    compile_product(3)(A.astype(dtype).ravel(), B.astype(dtype).ravel(), C.reshape(-1), numbers)
    assert np.array_equal(C, 1 + np.einsum("kr,kvl->vrl", A, B))
