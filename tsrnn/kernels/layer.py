"""One recurrent layer of a shard: where its rows and weights stand, and as which factors of a product they are read.

The rows of a shard stay together through all steps, the longest first: those that have a step are the first so many.
Places in the workspace, per step and row of the shard:

    input row    [ h_(t-1) : n_padded | 1 | x_t : n_in | . ]            so state, bias and input are one product
    state row    [ h_(t-1) : n_padded | . ]                             as it is; dropout may zero units of the above
    sums row     [ panel 0: N_SUMS vectors | panel 1 | ... | . ]        a panel is one vector of hidden units
    memory row   [ panel 0: N_MEMORY vectors | panel 1 | ... | . ]

and in the flat vectors of parameters and of their transposed copy, per product:

    weights      [ panel ][ gate ][ k: h, 1, x ][ lane ]
    transposed   [ vector of k ][ panel ][ gate ][ lane ][ lane of k ]      h, and x where a layer stands below

`n_padded` counts the hidden units and those that only fill up the last panel. A dot is room that makes a row an odd
number of vectors, lest the rows compete for a few places of the cache.
"""

from . import elementwise
from . import plan as p
from .code import Index, Numbers
from .elementwise import Rows
from .product import Left, Result, Right

# What stands in the spans of a shard (:mod:`tsrnn.kernels.shard`).
N_FILLED, SEED, UPDATE, ACTIVE = range(4)


class Shape:
    """Which rows a shard has, and how long each is.

    Parameters
    ----------
    n_rows : Index
        Rows that there is room for, which places are counted in.
    n_steps : Index
        Of the plan: the most that a row may have.
    spans : Numbers
        See :mod:`tsrnn.kernels.shard`.
    """

    def __init__(self, n_rows, n_steps, spans):
        self.n_rows, self._n_steps, self._spans = n_rows, n_steps, spans
        self.n_filled, self.seed, self.update = (spans[k] for k in (N_FILLED, SEED, UPDATE))

    @classmethod
    def of_values(cls, builder, values):
        """Return the shape whose `values` were given to another function."""
        return cls(Index(builder, values[0]), Index(builder, values[1]), Numbers(builder, values[2]))

    @property
    def values(self):
        """What another function needs to know the same."""
        return self.n_rows.value, self._n_steps.value, self._spans.pointer

    def n_active(self, t):
        """Return how many rows have step t: the first so many."""
        return self._spans[t + ACTIVE]

    def length(self, row):
        """Return the steps of a row."""
        return self._spans[self._n_steps + row + ACTIVE]

    def sample(self, row):
        """Return the number of a row's sample."""
        return self._spans[self._n_steps + self.n_rows + row + ACTIVE]

    def vector(self, table, row, t):
        """Return where the vector that a row reads from a table begins in the parameters, -1 if it reads none."""
        return self._spans[self._n_steps + (table * self._n_steps + t + 3) * self.n_rows + row + ACTIVE]

    @property
    def longest(self):
        """The steps of the longest row, which is the first."""
        return self.length(0)

    def turned(self, row, t, is_turned):
        """Return t, or the step that it is of the row read in the other direction."""
        return t.or_if(is_turned, self.length(row) - t - 1)


class Layer:
    """The sizes and places of one layer for a shard of `n_rows`; the words of the module docstring.

    Parameters
    ----------
    cell : module of the cell's mathematics
    plan : Table
    layer : Index
    work : Buffer
    shape : Shape
    """

    def __init__(self, cell, plan, layer, work, shape):
        self.cell, self.work, self.shape, self.n_rows = cell, work, shape, shape.n_rows
        self.V = work.kind.count
        self.activation = elementwise.Activation(plan[0, p.ACTIVATION].is_equal(p.RELU))
        self.n_kept = plan[0, p.N_KEPT]
        self.column = lambda name: plan[layer + 1, name]
        self.n_panels, self.n_padded = self.column(p.N_PANELS), self.column(p.N_PANELS) * self.V
        self.n_h_terms, self.n_x_terms = self.column(p.N_H_TERMS), self.column(p.N_X_TERMS)
        self.n_x_vectors = self.column(p.N_X_VECTORS)
        self.input_stride, self.sums_stride = self.column(p.INPUT_STRIDE), self.column(p.SUMS_STRIDE)
        self.state_stride, self.memory_stride = self.column(p.STATE_STRIDE), self.column(p.MEMORY_STRIDE)

    # Where the rows of one kind and step stand in the workspace.

    def rows(self, name, stride=0, t=0):
        """Return the rows of the kind `name`, whose steps are `stride` apart."""
        return self.work + (self.column(name) + t * stride) * self.n_rows

    def inputs(self, t):
        """Return the input rows of step t."""
        return self.rows(p.INPUT, self.input_stride, t)

    def states(self, t):
        """Return the states before step t."""
        return self.rows(p.STATE, self.state_stride, t)

    def dx(self, t):
        """Return the gradients at the inputs of step t that come from below."""
        return self.rows(p.DX, self.n_x_vectors * self.V, t)

    def dstates(self, t):
        """Return the gradients at the states after step t, as they come from above."""
        return self.rows(p.DSTATE, self.n_padded, t)

    def x_row(self, row, t):
        """Return what a row reads of X in step t."""
        return self.inputs(t) + row * self.input_stride + self.n_padded + 1

    def sums(self, t):
        """Return the rows of sums that step t keeps, later their gradients."""
        return self.rows(p.SUMS, self.sums_stride, t % self.n_kept)

    def reset(self, t):
        """Return the rows r h of step t (GRU with the reset gate before the product)."""
        return self.rows(p.RESET, self.n_padded, t % self.n_kept)

    # What one panel has of them, with the stride from row to row: as `each_row` takes it.

    def h_of(self, panel, t):
        """Return the state before step t."""
        return self.states(t) + panel * self.V, self.state_stride

    def input_of(self, panel, t):
        """Return the state before step t as the product has it."""
        return self.inputs(t) + panel * self.V, self.input_stride

    def mask_of(self, panel):
        """Return what the state is multiplied by before the product."""
        return self.rows(p.MASK) + panel * self.V, self.column(p.MASK_STRIDE)

    def output_mask_of(self, panel):
        """Return what the state is multiplied by for the layers above."""
        return self.rows(p.OUTPUT_MASK) + panel * self.V, self.column(p.OUTPUT_MASK_STRIDE)

    def sums_of(self, panel, t):
        """Return the sums of step t."""
        return self.sums(t) + panel * (self.cell.N_SUMS * self.V), self.sums_stride

    def memory_of(self, panel, t):
        """Return the memory before step t."""
        rows = self.rows(p.MEMORY, self.memory_stride, t % (self.n_kept + 1))
        return rows + panel * (self.cell.N_MEMORY * self.V), self.memory_stride

    def reset_of(self, panel, t):
        """Return r h of step t."""
        return self.reset(t) + panel * self.V, self.n_padded

    def gradient_of(self, panel, name):
        """Return the gradient at the state, `p.DH`, or what is carried to the step before, `p.CARRY`."""
        return self.rows(name) + panel * self.V, self.n_padded

    def each_row(self, panel, t, **places):
        """Return the rows that have step t, to run over; of the places (Buffer, stride) each gives a row's Buffers."""
        return Rows(self.shape.n_active(t), is_unit=(self.rows(p.IS_UNIT) + panel * self.V, 0), **places)

    # The factors of its products.

    def state(self, t):
        """Return the state before step t, the 1 and, unless a product of its own takes it, the input as A."""
        return Left(self.inputs(t), self.input_stride, 1)

    def input(self, t):
        """Return the 1 and the input of step t as A."""
        return Left(self.inputs(t) + self.n_padded, self.input_stride, 1)

    def dsums(self, t, first=0):
        """Return the gradients at the sums from number `first` of each panel on as A, a panel a group of terms."""
        return Left(self.sums(t) + first * self.V, self.sums_stride, 1, self.cell.N_SUMS * self.V)

    def padded(self, rows):
        """Return rows of `n_padded` numbers as C."""
        return Result(rows, self.n_padded, self.V)

    def weights(self, parameters, panel, gate=0):
        """Return the weights of one panel in the product with the state, from some gate on, as B."""
        return self._weights(parameters, panel, gate, p.W_H, self.n_h_terms)

    def input_weights(self, parameters, panel):
        """Return the weights of one panel in the product with the input alone as B."""
        return self._weights(parameters, panel, 0, p.W_X, self.n_x_terms)

    def _weights(self, parameters, panel, gate, name, n_terms):
        start = self.column(name) + (panel * self.cell.N_GATES + gate) * n_terms * self.V
        return Right(parameters + start, n_terms * self.V, self.V)

    def transposed(self, transposed, name, gate=0):
        """Return the transposed weights from some gate on as B, a panel a group of terms."""
        width = self.cell.N_GATES * self.V
        return Right(
            transposed + self.column(name) + gate * self.V * self.V, self.n_padded * width, self.V, width * self.V
        )
