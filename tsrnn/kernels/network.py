"""All layers and the head over one shard, forward and backward: two functions that are written once and then called."""

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from . import plan as p
from . import recurrence
from .code import Buffer, Index, Table, clear, function, loop
from .layer import Layer
from .product import WIDE, Left, Result, Right, product


def _over_shard(write):
    """Return an intrinsic (cell, plan, weights, work, n_rows, gradient) whose body `write` writes once a module.

    `write` is given the cell's mathematics, the Table, Buffers and the Index; arrays are flat but for the plan.
    """

    @intrinsic(prefer_literal=True)
    def run(typing_context, cell, plan, weights, work, n_rows, gradient):
        def generate(context, builder, signature, arguments):
            _, *arrays, rows, last = arguments
            kinds = (plan, weights, work, gradient)
            buffers = [context.make_array(kind)(context, builder, array).data
                       for kind, array in zip(kinds, (*arrays, last), strict=True)]  # fmt: skip
            values = [buffers[0], buffers[1], buffers[2], rows, buffers[3]]
            name = f"tsrnn_{write.__name__}_{cell.literal_value}_{buffers[1].type.pointee}"
            made, inside = function(builder, name, ir.VoidType(), values)
            if inside is not None:
                table, w, there, n, g = made.args
                write(
                    p.MATHEMATICS[cell.literal_value], Table(inside, table, p.WIDTH), Buffer(inside, w),
                    Buffer(inside, there), Index(inside, n), Buffer(inside, g),
                )  # fmt: skip
                inside.ret_void()
            builder.call(made, values)
            return context.get_dummy_value()

        return types.void(cell, plan, weights, work, n_rows, gradient), generate

    return run


@_over_shard
def forward(cell, plan, parameters, work, n_rows, _):
    """Fill the rows `p.PREDICTION` of `work` from the input rows of the first layer."""
    n_layers, n_steps = plan[0, p.N_LAYERS], plan[0, p.N_STEPS]
    for number in loop(n_layers):
        layer = Layer(cell, plan, number, work, n_rows)
        # The state also goes into the layer above as its x; that of the top layer goes twice to its one place.
        is_top = number.is_equal(n_layers - 1)
        higher = Layer(cell, plan, (number + 1).or_if(is_top, number), work, n_rows)
        for t in loop(n_steps):
            x = higher.inputs(t.or_if(is_top, t + 1)) + (higher.n_padded + 1).or_if(is_top, 0)
            recurrence.forward_step(layer, parameters, t, x, higher.input_stride)
    _head_forward(plan, parameters, Layer(cell, plan, n_layers - 1, work, n_rows), n_steps)


@_over_shard
def backward(cell, plan, transposed, work, n_rows, gradient):
    """Add the gradient of the shard, from the gradient of its loss in the rows `p.PREDICTION` of `work`."""
    n_layers, n_steps, V = plan[0, p.N_LAYERS], plan[0, p.N_STEPS], work.kind.count
    _head_backward(plan, transposed, Layer(cell, plan, n_layers - 1, work, n_rows), n_steps, gradient)
    for n_above in loop(n_layers):
        number = n_layers - n_above - 1
        layer = Layer(cell, plan, number, work, n_rows)
        is_top = number.is_equal(n_layers - 1)
        higher = Layer(cell, plan, (number + 1).or_if(is_top, number), work, n_rows)
        stride = (higher.n_x_vectors * V).or_if(is_top, 0)
        above = work + higher.column(p.DX).or_if(is_top, plan[0, p.ZEROS]) * n_rows
        with n_above.if_positive():
            clear(layer.rows(p.DH), n_rows * layer.n_padded)
        recurrence.backward(layer, transposed, n_steps, above, stride, stride * n_rows, gradient)


def _head_forward(plan, parameters, top, n_steps):
    """Fill the rows of predictions from the last state of the top layer: one product with [h | 1]."""
    V = top.V
    n_terms, n_vectors = top.n_padded + 1, (plan[0, p.N_OUTPUTS] + V - 1) // V
    W_y = Right(parameters + plan[0, p.W_Y], n_terms * V, V)
    predictions = Result(_predictions(plan, top), n_vectors * V, V)
    product(WIDE, top.n_rows, n_vectors, n_terms, top.state(n_steps), W_y, predictions)


def _head_backward(plan, transposed, top, n_steps, gradient):
    """Add the head's gradient, and fill the rows `p.DH` of the top layer."""
    V = top.V
    n_terms, n_vectors = top.n_padded + 1, (plan[0, p.N_OUTPUTS] + V - 1) // V
    slopes = _predictions(plan, top)
    state = Left(top.inputs(n_steps), 1, top.input_stride)
    dW_y = Result(gradient + plan[0, p.W_Y], V, n_terms * V)
    product(WIDE, n_terms, n_vectors, top.n_rows, state, Right(slopes, V, n_vectors * V), dW_y, n_fresh=0)
    W_yT = Right(transposed + plan[0, p.W_YT], n_vectors * V * V, V)
    dh = top.padded(top.rows(p.DH))
    product(WIDE, top.n_rows, top.n_panels, n_vectors * V, Left(slopes, n_vectors * V, 1), W_yT, dh)


def _predictions(plan, top):
    return top.work + plan[0, p.PREDICTION] * top.n_rows
