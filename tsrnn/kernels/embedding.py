"""The embedding of a shard: vectors of tokens and of categories go in, and their gradients come back.

Each table of vectors has a range of the input rows of the first level, behind the numbers that are read as they are.
Which place of the parameters the vector of each step begins at stands with the shape of the shard; where a step reads
none there are zeros. These functions write code (:mod:`tsrnn.kernels.code`).
"""

from . import plan as p
from .code import loop


def forward(shard):
    """Copy the vectors, times their mask, into the input rows of the first level."""
    for table, layer, row, t, to in _steps(shard):
        size, place = (_column(shard, table, name) for name in (p.SIZE, p.PLACE))
        vector, x = shard.shape.vector(table, row, t), layer.x_row(row, to) + shard.plan[0, p.N_FEATURES] + place
        with vector.builder.if_else(vector.is_less(0)) as (is_none, is_read):
            with is_none:
                for k in loop(size):
                    (x + k).set_number(0)
            with is_read:
                for k in loop(size):
                    (x + k).set_number((shard.weights + vector + k).number())
        mask, is_masked = _mask(shard, row)
        with is_masked.if_positive():
            for k in loop(size):
                (x + k).multiply_number((mask + place + k).number())


def backward(shard):
    """Add the gradients at the inputs of the first level to those of the vectors that were read."""
    V = shard.work.kind.count
    for table, layer, row, t, to in _steps(shard):
        size, place = (_column(shard, table, name) for name in (p.SIZE, p.PLACE))
        vector, dx = shard.shape.vector(table, row, t), layer.dx(to) + row * layer.n_x_vectors * V + place
        mask, is_masked = _mask(shard, row)
        with (vector + 1).if_positive():
            with is_masked.if_positive():
                for k in loop(size):
                    (dx + k).multiply_number((mask + place + k).number())
            gradient, n_whole = shard.gradient + vector, size // V * V
            for k in loop(n_whole, 0, V):
                (gradient + k).store((gradient + k).vector() + (dx + k).vector())
            for k in loop(size, n_whole):  # what comes after them in dx is of another table
                (gradient + k).add_number((dx + k).number())


def _steps(shard):
    """Yield, in loops, each table, the layer of each direction, each row and step, and which step that is for it."""
    for table in loop(shard.plan[0, p.N_TABLES]):
        for direction in loop(shard.n_directions):
            layer = shard.layer(direction.constant(0), direction)
            for row in loop(shard.shape.n_filled):
                for t in loop(shard.shape.length(row)):
                    yield table, layer, row, t, shard.shape.turned(row, t, direction.is_equal(1))


def _column(shard, table, name):
    return shard.plan[shard.plan[0, p.FIRST_TABLE] + table, name]


def _mask(shard, row):
    """Return the mask of a row, and an Index that is positive if there is one."""
    stride = shard.plan[0, p.VECTOR_MASK_STRIDE]
    return shard.work + shard.plan[0, p.VECTOR_MASK] * shard.shape.n_rows + row * stride, stride
