"""The head of a shard: dense layers over the last states, or over the states of some steps, forward and backward.

Row r of step t is row t * n_rows + r of the head; per row:

    rows of a layer    [ a : n_in_padded | 1 | skip | . ]      so that the bias is part of its one product

`skip` are numbers of the window itself, which the outputs alone read (:func:`tsrnn.kernels.shard.fill_skip`).

These functions write code (:mod:`tsrnn.kernels.code`).
"""

from . import connections, elementwise
from . import plan as p
from .code import loop
from .elementwise import Activation, Rows
from .product import WIDE, Left, Result, Right, product


class Dense:
    """The sizes and places of one dense layer; `number` counts from the one that reads the states.

    Parameters
    ----------
    plan : Table
    number : Index
    work : Buffer
    shape : Shape
    """

    def __init__(self, plan, number, work, shape):
        column, V = lambda name: plan[plan[0, p.N_LAYERS] + number + 1, name], work.kind.count
        self.n_in_vectors, self.n_out_vectors, self.V = column(p.N_IN_VECTORS), column(p.N_OUT_VECTORS), V
        self.n_out = column(p.N_OUT)
        self.n_terms = self.n_in_vectors * V + 1 + column(p.N_SKIP)
        self.W, self.WT, self.stride, self.out_stride = (
            column(name) for name in (p.W, p.WT, p.ROWS_STRIDE, p.OUT_STRIDE)
        )
        self.rows, self.out, self.drows = (work + column(name) * shape.n_rows for name in (p.ROWS, p.OUT, p.DROWS))


def forward(plan, parameters, work, shape, top, first):
    """Fill the rows of predictions with what the network puts out for some steps, from `first` on.

    Parameters
    ----------
    plan : Table
    parameters : Buffer
    work : Buffer
    shape : Shape
    top : callable
        Given the Index of a direction, returns that Layer of the top level.
    first : Index
    """
    activation = Activation(plan[0, p.DENSE_ACTIVATION].is_equal(p.RELU))
    dense = Dense(plan, first.constant(0), work, shape)
    n_steps, is_every_step = _steps(plan, shape, first)
    for direction in loop(plan[0, p.N_DIRECTIONS]):
        layer = top(direction)
        connections.up_to_head(layer, direction, dense.rows, dense.stride, first, n_steps, is_every_step)
    n_rows, n_dense = n_steps * shape.n_rows, plan[0, p.N_DENSE]
    for number in loop(n_dense):
        dense = Dense(plan, number, work, shape)
        W = Right(parameters + dense.W, dense.n_terms * dense.V, dense.V)
        out = Result(dense.out, dense.out_stride, dense.V)
        _product_out(n_rows, dense.n_out_vectors, dense.n_terms, Left(dense.rows, dense.stride, 1), W, out)
        with (n_dense - number - 1).if_positive():
            elementwise.activate(activation, Rows(n_rows, a=(dense.out, dense.out_stride)), dense.n_out_vectors)


def backward(plan, transposed, work, shape, top, first, gradient):
    """Add the head's gradient from that of the outputs; fill the rows of gradients at the states of the top level."""
    activation = Activation(plan[0, p.DENSE_ACTIVATION].is_equal(p.RELU))
    n_steps, is_every_step = _steps(plan, shape, first)
    n_rows, n_dense = n_steps * shape.n_rows, plan[0, p.N_DENSE]
    for back in loop(n_dense):
        number = n_dense - back - 1
        dense, V = Dense(plan, number, work, shape), work.kind.count
        after = Dense(plan, (number + 1).at_most(n_dense - 1), work, shape)
        slopes, width = dense.out.or_if(number.is_less(n_dense - 1), after.drows), dense.n_out_vectors * V
        dW = Result(gradient + dense.W, V, dense.n_terms * V)
        a, slopes_by_row = Left(dense.rows, 1, dense.stride), Right(slopes, V, width)
        _product_out(dense.n_terms, dense.n_out_vectors, n_rows, a, slopes_by_row, dW, n_fresh=0)
        WT = Right(transposed + dense.WT, width * V, V)
        drows = Result(dense.drows, dense.n_in_vectors * V, V)
        product(WIDE, n_rows, dense.n_in_vectors, dense.n_out, Left(slopes, width, 1), WT, drows)
        with number.if_positive():
            rows = Rows(n_rows, a=(dense.rows, dense.stride), da=(dense.drows, dense.n_in_vectors * V))
            elementwise.deactivate(activation, rows, dense.n_in_vectors)
    dense = Dense(plan, first.constant(0), work, shape)
    stride = dense.n_in_vectors * dense.V
    for direction in loop(plan[0, p.N_DIRECTIONS]):
        layer = top(direction)
        connections.down_from_head(layer, direction, dense.drows, stride, first, n_steps, is_every_step)


def _product_out(n_rows, n_vectors, *factors, **options):
    """Write a product whose columns are outputs: one vector of them, which is usual, has a tile of more rows."""
    with n_vectors.builder.if_else(n_vectors.is_equal(1)) as (is_one, are_more):
        with is_one:
            product(1, n_rows, 1, *factors, **options)
        with are_more:
            product(WIDE, n_rows, n_vectors, *factors, **options)


def _steps(plan, shape, first):
    """Return how many steps the head takes at once, and whether it takes each, and not only the last state."""
    is_every_step = plan[0, p.ALL_STEPS].is_equal(1)
    left = (shape.longest - first).at_most(plan[0, p.HEAD_STEPS])
    return first.constant(1).or_if(is_every_step, left), is_every_step
