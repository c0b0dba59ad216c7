"""The matrix product that everything is made of: C = A B, or C += A B, in tiles that stay in registers.

C is written in *vectors*: one vector is so many columns side by side. A tile is a few rows by a few vectors of C; its
sums stay in registers while the terms go by, each a number of A, broadcast, times a vector of B. A sum runs over its
terms in their order, whatever the tile, so a row of C has the same bits however many rows there are.

    forward    sums   (rows, gates)  =  input   (rows, k)      W     (k, gates)
    backward   dinput (rows, k)      =  dsums   (rows, gates)  W^T   (gates, k)
    gradient   dW     (k, gates)    +=  input^T (k, rows)      dsums (rows, gates)

How many rows and vectors a tile has follows from the registers: enough sums to hide the latency of the multiply-add
(8 at least), few enough to stay. On a core that does one 512-bit multiply-add a cycle this reaches 97 % of it.
"""

from typing import NamedTuple

from llvmlite import ir
from numba.core import cgutils

from .code import Buffer, Index, function, loop, value_of
from .target import has_many_registers
from .vector import Vector, fma

WIDE = 0  # the tile for any number of vectors; any other tile is for exactly so many: the gates of one panel


class Left(NamedTuple):
    """The left factor A, number by number: a Buffer, and how far it is to the next row, term and group of terms."""

    buffer: object
    row: object
    term: object
    group: object = 0


class Right(NamedTuple):
    """The right factor B, vector by vector: a Buffer, and how far it is to the next vector, term and group of terms."""

    buffer: object
    vector: object
    term: object
    group: object = 0


class Result(NamedTuple):
    """The product C: a Buffer, and how far it is to the next row and vector."""

    buffer: object
    row: object
    vector: object


def product(tile, n_rows, n_vectors, n_terms, A, B, C, n_groups=1, n_fresh=None):
    """Write the code that multiplies A by B into C.

    Parameters
    ----------
    tile : int
        WIDE, or `n_vectors` itself.
    n_rows, n_vectors : Index or int
        Size of C.
    n_terms, n_groups : Index or int
        Each sum has so many terms in each of so many groups.
    A : Left
    B : Right
    C : Result
    n_fresh : Index or int, optional
        The first so many vectors of every tile start from zero, the others from what is in C; by default all.
    """
    builder, real = A.buffer.builder, A.buffer.kind.element
    sizes = n_rows, n_vectors, n_groups, n_terms, n_vectors if n_fresh is None else n_fresh
    values = [value_of(size) for size in sizes]
    for buffer, *strides in (A, B, C):
        values += [buffer.pointer, *(value_of(stride) for stride in strides)]
    made, inside = function(builder, f"tsrnn_product_{tile}_{real}", ir.VoidType(), values)
    if inside is not None:
        _write_product(inside, tile, *made.args)
    builder.call(made, values)


def _tile_sizes(tile):
    """Return the numbers of rows, and those of vectors, of the blocks that cover C, the largest first."""
    if tile == 1:
        return (8, 4, 1), (1,)
    most_sums = 16 if has_many_registers() else 12 if tile == 3 else 8
    vector_sizes = ((4, 2, 1) if has_many_registers() else (2, 1)) if tile == WIDE else (tile,)
    return (max(1, min(4, most_sums // vector_sizes[0])), 1), vector_sizes


def _write_product(builder, tile, *arguments):
    """Write the body of the function that multiplies by this tile."""
    numbers = [Index(builder, a) if isinstance(a.type, ir.IntType) else Buffer(builder, a) for a in arguments]
    n_rows, n_vectors, n_groups, n_terms, n_fresh = numbers[:5]
    A, B, C = Left(*numbers[5:9]), Right(*numbers[9:13]), Result(*numbers[13:])
    row_sizes, vector_sizes = _tile_sizes(tile)
    for vectors in _blocks(n_vectors, vector_sizes):
        for rows in _blocks(n_rows, row_sizes, may_overlap=True):
            _write_tile(builder, rows, vectors, n_groups, n_terms, n_fresh, A, B, C)
    builder.ret_void()


def _blocks(n, sizes, may_overlap=False):
    """Yield, inside one loop after the other, the first number of a block of 0 ... n - 1, and all, counted from it.

    With `may_overlap` two or three that are left over are a block of four, the last of them in it twice or three times:
    its sums are the same each time, and a tile of four rows takes hardly longer than one of one.
    """
    first = 0
    for size in sizes:
        last = n if size == 1 else (n - first) // size * size + first
        if size != 4 or not may_overlap:
            for here in loop(last, first, size):
                yield here, range(size)
            first = last
            continue
        after = (n - last) // 2 * 4 + last
        for is_rest in loop(n.constant(2)):  # outside: in the loop over whole blocks all but the first is constant
            start = is_rest * (last - first) + first
            offsets = [0, 1, *((n - start - 1).at_most(k) for k in (2, 3))]
            for here in loop(after.or_if(is_rest.is_equal(0), last), start, size):
                yield here, offsets
        first = after


def _write_tile(builder, rows, vectors, n_groups, n_terms, n_fresh, A, B, C):
    """Write the code of one tile: load or clear its sums, add all terms, store them.

    `rows` and `vectors` are blocks as `_blocks` yields them.
    """
    kind, (first_row, rows), (first_vector, vectors) = A.buffer.kind, rows, vectors
    a_rows = [A.buffer + first_row * A.row + row * A.row for row in rows]
    b_vectors = [B.buffer + (first_vector + vector) * B.vector for vector in vectors]
    c_rows = [C.buffer + first_row * C.row + row * C.row for row in rows]
    places = [[c_row + (first_vector + vector) * C.vector for vector in vectors] for c_row in c_rows]
    sums = [[cgutils.alloca_once(builder, kind) for _ in vectors] for _ in rows]  # registers, once LLVM has seen them
    for v in range(len(vectors)):
        is_fresh = n_fresh.constant(v).is_less(n_fresh)
        for r in range(len(rows)):
            start = builder.select(is_fresh, ir.Constant(kind, None), places[r][v].vector().value)
            builder.store(start, sums[r][v])
    for group in loop(n_groups):
        for term in loop(n_terms):
            a, b = group * A.group + term * A.term, group * B.group + term * B.term
            columns = [(first + b).vector() for first in b_vectors]
            for r, row in enumerate(a_rows):
                number = Vector.broadcast(builder, kind, (row + a).number())
                for v, column in enumerate(columns):
                    total = Vector(builder, builder.load(sums[r][v]))
                    builder.store(fma(number, column, total).value, sums[r][v])
    for r in range(len(rows)):
        for v in range(len(vectors)):
            places[r][v].store(Vector(builder, builder.load(sums[r][v])))
