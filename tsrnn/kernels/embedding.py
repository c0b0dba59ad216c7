"""The embedding of a shard: vectors of tokens go in, and their gradients come back.

Which place of the parameters the vector of each step begins at stands with the shape of the shard. These functions
write code (:mod:`tsrnn.kernels.code`).
"""

from . import plan as p
from .code import loop


def forward(shard):
    """Copy the vectors, times their mask, into the input rows of the first level."""
    size, shape = shard.plan[0, p.N_FEATURES], shard.shape
    for layer, row, t, to in _steps(shard):
        vector, x = shard.weights + shape.vector(row, t), layer.x_row(row, to)
        mask, is_masked = _mask(shard, row)
        for k in loop(size):
            (x + k).set_number((vector + k).number())
        with is_masked.if_positive():
            for k in loop(size):
                (x + k).multiply_number((mask + k).number())


def backward(shard):
    """Add the gradients at the inputs of the first level to those of the vectors."""
    stride, shape = shard.plan[0, p.EMBEDDING_STRIDE], shard.shape
    V = shard.work.kind.count
    for layer, row, t, to in _steps(shard):
        vector, dx = shard.gradient + shape.vector(row, t), layer.dx(to) + row * stride
        mask, is_masked = _mask(shard, row)
        with is_masked.if_positive():
            for k in loop(stride, 0, V):
                (dx + k).store((dx + k).vector() * (mask + k).vector())
        for k in loop(stride, 0, V):
            (vector + k).store((vector + k).vector() + (dx + k).vector())


def _steps(shard):
    """Yield, in loops, the layer of each direction, each row and step, and which step this is for the layer."""
    for direction in loop(shard.n_directions):
        layer = shard.layer(direction.constant(0), direction)
        for row in loop(shard.shape.n_filled):
            for t in loop(shard.shape.length(row)):
                yield layer, row, t, shard.shape.turned(row, t, direction.is_equal(1))


def _mask(shard, row):
    """Return the mask of a row, and an Index that is positive if there is one."""
    stride = shard.plan[0, p.VECTOR_MASK_STRIDE]
    return shard.work + shard.plan[0, p.VECTOR_MASK] * shard.shape.n_rows + row * stride, stride
