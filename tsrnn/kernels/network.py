"""All levels and the head over one shard, forward and backward: functions that are written once and then called."""

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from . import connections, dropout, embedding, head, recurrence, transposition
from . import plan as p
from .code import Buffer, Index, Numbers, Table, clear, function, loop
from .layer import Layer, Shape


class Shard:
    """What the functions below are written on: the mathematics of a cell, and where all things of one shard stand.

    Attributes
    ----------
    plan : Table
    weights, work, gradient : Buffer
        The weights are the parameters on the way forward, their transposed copies on the way back.
    shape : Shape
    first : Index
        The step that the head begins with.
    """

    def __init__(self, cell, builder, plan, weights, work, spans, gradient, n_rows, first):
        self._cell, self.plan = cell, Table(builder, plan, p.WIDTH)
        self.weights, self.work, self.gradient = (Buffer(builder, place) for place in (weights, work, gradient))
        self.first = Index(builder, first)
        self.shape = Shape(Index(builder, n_rows), self.plan[0, p.N_STEPS], Numbers(builder, spans))
        self.n_directions = self.plan[0, p.N_DIRECTIONS]
        self.n_levels = self.plan[0, p.N_LAYERS] // self.n_directions

    def scale(self, number):
        """Return the place of a scale of what is random: 1 / (1 - rate) of both kinds of dropout, and the noise."""
        return self.work + self.plan[0, p.SCALES] * self.shape.n_rows + number

    def layer(self, level, direction):
        """Return the Layer of one direction of a level."""
        return Layer(self._cell, self.plan, level * self.n_directions + direction, self.work, self.shape)

    def top(self, direction):
        """Return the Layer of one direction of the top level."""
        return self.layer(self.n_levels - 1, direction)


def _over_shard(write):
    """Return an intrinsic whose body `write` writes, once a module.

    The intrinsic takes cell, plan, weights, work, spans, gradient, n_rows, first; arrays are flat but for the plan.
    """

    @intrinsic(prefer_literal=True)
    def run(typing_context, cell, plan, weights, work, spans, gradient, n_rows, first):
        kinds = (plan, weights, work, spans, gradient)

        def generate(context, builder, signature, arguments):
            _, *arrays, rows, step = arguments
            buffers = [context.make_array(kind)(context, builder, array).data
                       for kind, array in zip(kinds, arrays, strict=True)]  # fmt: skip
            values = [*buffers, rows, step]
            name = f"tsrnn_{write.__name__}_{cell.literal_value}_{buffers[1].type.pointee}"
            made, inside = function(builder, name, ir.VoidType(), values)
            if inside is not None:
                write(Shard(p.MATHEMATICS[cell.literal_value], inside, *made.args))
                inside.ret_void()
            builder.call(made, values)
            return context.get_dummy_value()

        return types.void(cell, *kinds, n_rows, first), generate

    return run


@_over_shard
def forward(shard):
    """Fill the rows of states of all levels from the input rows of the first, without the vectors that go into them."""
    with shard.plan[0, p.HAS_DROPOUT].if_positive():
        dropout.draw_masks(shard)
    with shard.plan[0, p.N_TABLES].if_positive():
        embedding.forward(shard)
    with (shard.plan[0, p.HAS_NOISE] * (shard.shape.update + 1)).if_positive():  # in no training the update is -1
        dropout.add_noise(shard)
    for level in loop(shard.n_levels):
        for direction in loop(shard.n_directions):
            layer = shard.layer(level, direction)
            for t in loop(shard.shape.longest):
                recurrence.forward_step(layer, shard.weights, t)
        with (shard.n_levels - level - 1).if_positive():
            for direction, above, is_turned in _pairs(shard):
                connections.up(shard.layer(level, direction), shard.layer(level + 1, above), direction, is_turned)


@_over_shard
def head_forward(shard):
    """Fill the rows `p.PREDICTION` with the outputs of some steps, or those of the last."""
    head.forward(shard.plan, shard.weights, shard.work, shard.shape, shard.top, shard.first)


@_over_shard
def head_backward(shard):
    """Add the gradient of the head, from that of the loss in the rows `p.PREDICTION`; fill that at the states."""
    head.backward(shard.plan, shard.weights, shard.work, shard.shape, shard.top, shard.first, shard.gradient)


@_over_shard
def backward(shard):
    """Add the gradient of all levels, from that at the states of the top one."""
    nothing = shard.work + shard.plan[0, p.ZEROS] * shard.shape.n_rows
    for back in loop(shard.n_levels):
        level = shard.n_levels - back - 1
        has_dh = back.constant(1) - back - shard.plan[0, p.ALL_STEPS]  # 1 where the head has filled it, and no dstates
        with back.if_positive():
            for direction, above, is_turned in _pairs(shard):
                of, to = shard.layer(level + 1, above), shard.layer(level, direction)
                connections.down(to, of, direction, above, is_turned)
        for direction in loop(shard.n_directions):
            layer = shard.layer(level, direction)
            with has_dh.if_not_positive():
                clear(layer.rows(p.DH), shard.shape.n_rows * layer.n_padded)
            above, stride = layer.dstates(0), layer.n_padded
            above, stride = above.or_if(has_dh.is_equal(1), nothing), stride.or_if(has_dh.is_equal(1), 0)
            recurrence.backward(layer, shard.weights, above, stride, stride * shard.shape.n_rows, shard.gradient)
    with shard.plan[0, p.TRAINS_EMBEDDING].if_positive():
        embedding.backward(shard)


def _pairs(shard):
    """Yield, in loops, each direction of a level, each of the level above, and whether they differ."""
    for direction in loop(shard.n_directions):
        for above in loop(shard.n_directions):
            yield direction, above, shard.work.builder.not_(direction.is_equal(above))


@intrinsic
def copy_transposed(typing_context, plan, first, last, parameters, transposed):
    """Copy the weights of some panels, rows of the plan, to their transposed places."""

    def generate(context, builder, signature, arguments):
        arrays = [arguments[k] for k in (0, 3, 4)]
        table, of, to = [context.make_array(kind)(context, builder, array).data
                         for kind, array in zip((plan, parameters, transposed), arrays, strict=True)]  # fmt: skip
        values = [table, of, to, *arguments[1:3]]
        made, inside = function(builder, f"tsrnn_copy_transposed_{of.type.pointee}", ir.VoidType(), values)
        if inside is not None:
            table, of, to, *ends = made.args
            transposition.copy_panels(
                Table(inside, table, p.WIDTH), Buffer(inside, of), Buffer(inside, to), *(Index(inside, n) for n in ends)
            )
            inside.ret_void()
        builder.call(made, values)
        return context.get_dummy_value()

    return types.void(plan, first, last, parameters, transposed), generate
