"""One recurrent layer of a shard: where its rows and weights stand, and as which factors of a product they are read.

The rows of a shard stay together through all steps. Places in the workspace, per step and row of the shard:

    input row    [ h_(t-1) : n_padded | 1 | x_t : n_in | . ]            so state, bias and input are one product
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
from .elementwise import Rows
from .product import Left, Result, Right


class Layer:
    """The sizes and places of one layer for a shard of `n_rows`; the words of the module docstring.

    Parameters
    ----------
    cell : module of the cell's mathematics
    plan : Table
    layer : Index
    work : Buffer
    n_rows : Index
    """

    def __init__(self, cell, plan, layer, work, n_rows):
        self.cell, self.work, self.n_rows = cell, work, n_rows
        self.V = work.kind.count
        self.activation = elementwise.Activation(plan[0, p.ACTIVATION].is_equal(p.RELU))
        self.n_kept = plan[0, p.N_KEPT]
        self.column = lambda name: plan[layer + 1, name]
        self.n_panels, self.n_padded = self.column(p.N_PANELS), self.column(p.N_PANELS) * self.V
        self.n_h_terms, self.n_x_terms = self.column(p.N_H_TERMS), self.column(p.N_X_TERMS)
        self.n_x_vectors = self.column(p.N_X_VECTORS)
        self.input_stride, self.sums_stride = self.column(p.INPUT_STRIDE), self.column(p.SUMS_STRIDE)
        self.memory_stride = self.column(p.MEMORY_STRIDE)

    # Where the rows of one kind and step stand in the workspace.

    def rows(self, name, stride=0, t=0):
        """Return the rows of the kind `name`, whose steps are `stride` apart."""
        return self.work + (self.column(name) + t * stride) * self.n_rows

    def inputs(self, t):
        """Return the input rows of step t."""
        return self.rows(p.INPUT, self.input_stride, t)

    def sums(self, t):
        """Return the rows of sums that step t keeps, later their gradients."""
        return self.rows(p.SUMS, self.sums_stride, t % self.n_kept)

    def reset(self, t):
        """Return the rows r h of step t (GRU with the reset gate before the product)."""
        return self.rows(p.RESET, self.n_padded, t % self.n_kept)

    # What one panel has of them, with the stride from row to row: as `each_row` takes it.

    def h_of(self, panel, t):
        """Return the state before step t."""
        return self.inputs(t) + panel * self.V, self.input_stride

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

    def each_row(self, panel, **places):
        """Return the rows of the shard, to run over; of the places (Buffer, stride) each gives one row's Buffers."""
        return Rows(self.n_rows, is_unit=(self.rows(p.IS_UNIT) + panel * self.V, 0), **places)

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
