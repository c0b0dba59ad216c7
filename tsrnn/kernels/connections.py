"""What passes between the levels of a shard: states go up, to the next level or the head, and gradients come down.

A layer of the forward direction has step t of a row as its step t, one of the reverse direction as its step
length - 1 - t. What is read from a layer passes its dropout mask on the way. These functions write code
(:mod:`tsrnn.kernels.code`).
"""

from . import plan as p
from .code import clear, loop


def up(source, target, direction, is_turned):
    """Copy the states of a layer into the input rows of a layer above.

    Parameters
    ----------
    source, target : Layer
    direction : Index
        Of the source: which part of the target's input it is.
    is_turned : LLVM value of one bit
        Whether the two read the steps in opposite directions.
    """
    shape, V = source.shape, source.V
    place = source.n_padded * direction + target.n_padded + 1
    for t in loop(shape.longest):
        for row in loop(shape.n_active(t)):
            to = target.inputs(shape.turned(row, t, is_turned)) + row * target.input_stride + place
            of = source.states(t + 1) + row * source.state_stride
            _copy(source, row, of, to, V)


def down(source, target, direction, above, is_turned):
    """Add the gradient at the inputs of a layer above to that at the states of a layer; the first `above` begins it."""
    shape, V = source.shape, source.V
    width, place = target.n_x_vectors * V, source.n_padded * direction
    for t in loop(shape.longest):
        with above.if_zero():
            clear(source.dstates(t), shape.n_active(t) * source.n_padded)
        for row in loop(shape.n_active(t)):
            of = target.dx(shape.turned(row, t, is_turned)) + row * width + place
            _add(source, row, of, source.dstates(t) + row * source.n_padded, V)


def up_to_head(source, direction, rows, stride, first, n_steps, is_every_step):
    """Copy the states of a layer of the top level into the rows of the head.

    Parameters
    ----------
    source : Layer
    direction : Index
    rows : Buffer
    stride : Index
        From row to row.
    first, n_steps : Index
        The steps whose states the head takes at once.
    is_every_step : LLVM value of one bit
        Whether the head takes the states of these, or the last one of each row.
    """
    shape, V = source.shape, source.V
    place = source.n_padded * direction
    for step in loop(n_steps):
        t, there = first + step, rows + step * shape.n_rows * stride
        n_active = shape.n_filled.or_if(is_every_step, shape.n_active(t))
        for row in loop(n_active):
            last = shape.length(row)
            number = last.or_if(is_every_step, (t + 1).or_if(direction.is_equal(1), last - t))
            of = source.states(number) + row * source.state_stride
            _copy(source, row, of, there + row * stride + place, V)
        for row in loop(shape.n_rows - n_active):  # terms of the weights' gradient, that give nothing to it
            clear(there + (row + n_active) * stride + place, source.n_padded)


def down_from_head(source, direction, rows, stride, first, n_steps, is_every_step):
    """Turn the gradients at the rows of the head into those at the states of a layer; arguments as of `up_to_head`."""
    shape, V = source.shape, source.V
    place = source.n_padded * direction
    for step in loop(n_steps):
        t, there = first + step, rows + step * shape.n_rows * stride
        for row in loop(shape.n_filled.or_if(is_every_step, shape.n_active(t))):
            turned = shape.turned(row, t, direction.is_equal(1))
            at_last = source.rows(p.DH) + row * source.n_padded
            to = at_last.or_if(is_every_step, source.dstates(turned) + row * source.n_padded)
            clear(to, source.n_padded)
            _add(source, row, there + row * stride + place, to, V)


def _copy(source, row, of, to, V):
    """Copy a row of states, times the mask."""
    mask, stride = source.output_mask_of(0)
    for panel in loop(source.n_panels):
        here = panel * V
        (to + here).store((of + here).vector() * (mask + row * stride + here).vector())


def _add(source, row, of, to, V):
    """Add a row of gradients, times the mask."""
    mask, stride = source.output_mask_of(0)
    for panel in loop(source.n_panels):
        here = panel * V
        (to + here).store((to + here).vector() + (of + here).vector() * (mask + row * stride + here).vector())
