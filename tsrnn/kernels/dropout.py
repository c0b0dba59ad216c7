"""What is random in the training of a shard: the masks of dropout, and noise.

In no training masks are ones and there is no noise. These functions write code (:mod:`tsrnn.kernels.code`).
"""

from llvmlite import ir
from numba.core import cgutils

from . import plan as p
from .code import Buffer, Index, function, loop
from .layer import Shape
from .random import GROUP, NOISE, OUTPUTS, STATES, VECTORS, draw_normals, philox


def draw_masks(shard):
    """Fill the masks of all layers, and that of the vectors of tokens or categories, where there are any."""
    for level in loop(shard.n_levels):
        for direction in loop(shard.n_directions):
            layer, source = shard.layer(level, direction), level * 2 + direction
            stride, mask_stride = layer.column(p.OUTPUT_MASK_STRIDE), layer.column(p.MASK_STRIDE)
            _draw_mask(shard, layer.rows(p.OUTPUT_MASK), stride, p.DROPOUT, 0, source + OUTPUTS)
            _draw_mask(shard, layer.rows(p.MASK), mask_stride, p.RECURRENT_DROPOUT, 1, source + STATES)
    of_vectors = shard.work + shard.plan[0, p.VECTOR_MASK] * shard.shape.n_rows
    place = shard.n_levels.constant(VECTORS)
    _draw_mask(shard, of_vectors, shard.plan[0, p.VECTOR_MASK_STRIDE], p.DROPOUT, 0, place)


def add_noise(shard):
    """Add noise to what the first level reads of X, before a step or a feature is multiplied by anything."""
    shape, n_features, builder = shard.shape, shard.plan[0, p.N_FEATURES], shard.work.builder
    scale, zero = shard.scale(2).number(), n_features.constant(0)
    drawn = Buffer(builder, cgutils.alloca_once(builder, shard.work.kind.element, GROUP))
    for direction in loop(shard.n_directions):
        layer = shard.layer(zero, direction)
        for row in loop(shape.n_filled):
            for t in loop(shape.length(row)):
                x = layer.x_row(row, shape.turned(row, t, direction.is_equal(1)))
                for feature in loop(n_features):
                    number = t * n_features + feature
                    with (number % GROUP).if_zero():
                        counter = number // GROUP, zero + NOISE, shape.sample(row), shape.update, shape.seed
                        draw_normals(drawn, *counter)
                    (x + feature).add_number((drawn + number % GROUP).number(), scale)


def _draw_mask(shard, rows, stride, rate, scale, place):
    """Fill a mask for each row of a shard: a number is 0 with the probability of the rate, else 1 / (1 - rate).

    Parameters
    ----------
    shard : Shard
    rows : Buffer
    stride : Index
        From row to row, a multiple of four: so many numbers are filled.
    rate, scale : int
        The column of the rate in row 0 of the plan, in units of 2^-32; the number of 1 / (1 - rate) among the scales.
    place : Index
        Of the counter.
    """
    given = rows.pointer, stride, shard.plan[0, rate], shard.scale(scale).pointer, place
    values = [value.value if isinstance(value, Index) else value for value in given] + list(shard.shape.values)
    made, inside = function(rows.builder, f"tsrnn_draw_mask_{rows.kind.element}", ir.VoidType(), values)
    if inside is not None:
        _write_mask(inside, *made.args)
        inside.ret_void()
    rows.builder.call(made, values)


def _write_mask(builder, rows, stride, rate, scale, place, *shape):
    """Write the body of the function that fills a mask."""
    rows, scale, shape = Buffer(builder, rows), Buffer(builder, scale), Shape.of_values(builder, shape)
    stride, rate, place = (Index(builder, value) for value in (stride, rate, place))
    zero, one = (ir.Constant(rows.kind.element, number) for number in (0, 1))
    for row in loop(shape.n_filled):
        for block in loop(stride // 4):
            words = philox(block, place, shape.sample(row), shape.update, shape.seed)
            for k, word in enumerate(words):
                drawn = builder.select(word.is_less(rate), zero, scale.number())
                (rows + row * stride + block * 4 + k).set_number(builder.select(shape.update.is_less(0), one, drawn))
