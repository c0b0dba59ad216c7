"""One recurrent layer over the steps of a shard, forward and backward: the same walk for every cell.

The rows of a shard stay together through all steps. Places in the workspace, per step and row of the shard:

    input row    [ h_(t-1) : n_hidden | 1 | x_t : n_in | . ]            so state, bias and input are one product
    sums row     [ panel 0: N_SUMS vectors | panel 1 | ... | . ]        a panel is one vector of hidden units
    memory row   [ panel 0: N_MEMORY vectors | panel 1 | ... | . ]

and in the flat vectors of parameters and of their transposed copy, per product:

    weights      [ panel ][ gate ][ k: h, 1, x ][ lane ]
    transposed   [ vector of k ][ panel ][ gate ][ lane ][ lane of k ]      h, and x where a layer stands below

A dot is room that makes a row an odd number of vectors, lest the rows compete for a few places of the cache.

These functions write code (:mod:`tsrnn.kernels.code`).
"""

from . import elementwise
from . import plan as p
from .code import loop
from .elementwise import Rows
from .product import WIDE, Matrix, product

CHUNK_ROWS = 96  # rows whose part of the weights' gradient is one product: they stay in the cache from step to step


class Layer:
    """The sizes and places of one layer for a shard of `n_rows`; the words of the module docstring.

    Parameters
    ----------
    cell : module of the cell's mathematics
    plan : Table
    layer, n_rows : Index
    work : Buffer
    """

    def __init__(self, cell, plan, layer, work, n_rows):
        self.cell, self.work, self.n_rows = cell, work, n_rows
        self.V = work.kind.count
        self.activation = elementwise.Activation(plan[0, p.ACTIVATION].is_equal(p.RELU))
        self.n_kept = plan[0, p.N_KEPT]
        self.column = lambda name: plan[layer + 1, name]
        self.n_panels, self.n_terms = self.column(p.N_PANELS), self.column(p.N_H_TERMS)
        self.n_x_terms, self.n_x_vectors = self.column(p.N_X_TERMS), self.column(p.N_X_VECTORS)
        self.n_hidden = self.n_panels * self.V
        self.input_stride, self.sums_stride = self.column(p.INPUT_STRIDE), self.column(p.SUMS_STRIDE)
        self.memory_stride = self.column(p.MEMORY_STRIDE)

    def rows(self, name, stride=0, t=0):
        """Return where in the workspace the rows of one kind stand for step t."""
        return self.work + (self.column(name) + t * stride) * self.n_rows

    def inputs(self, t):
        """Return the input rows of step t."""
        return self.rows(p.INPUT, self.input_stride, t)

    def sums(self, t):
        """Return the rows of sums that step t keeps."""
        return self.rows(p.SUMS, self.sums_stride, t % self.n_kept)

    def memory(self, t):
        """Return the rows of memory before step t."""
        return self.rows(p.MEMORY, self.memory_stride, t % (self.n_kept + 1))

    def reset(self, t):
        """Return the rows r h of step t (GRU with the reset gate before the product)."""
        return self.rows(p.RESET, self.n_hidden, t % self.n_kept)

    def each_row(self, panel, **places):
        """Return the rows of the shard, to run over; of the places (Buffer, stride) each gives one row's Buffers."""
        return Rows(self.n_rows, is_unit=(self.rows(p.IS_UNIT) + panel * self.V, 0), **places)

    def weights(self, buffer, panel, gate=0, first=p.W_H, n_terms=None):
        """Return one panel of weights, or of their gradient, from some gate on, as the matrix B of a product."""
        n_terms = self.n_terms if n_terms is None else n_terms
        start = self.column(first) + (panel * self.cell.N_GATES + gate) * n_terms * self.V
        return Matrix(buffer + start, n_terms * self.V, self.V)

    def transposed(self, buffer, first, gate=0):
        """Return the transposed weights from some gate on as the matrix B of a product, a panel a group of terms."""
        n_gates, V = self.cell.N_GATES, self.V
        start = self.column(first) + gate * V * V
        return Matrix(buffer + start, self.n_hidden * (n_gates * V), V, n_gates * V * V)


def forward_step(layer, parameters, t, above, above_stride):
    """Compute the state after step t, from the input rows of step t into those of step t + 1.

    Parameters
    ----------
    layer : Layer
    parameters : Buffer
    t : Index
    above : Buffer
        A second place for the new state, as input of the layer above.
    above_stride : Index
    """
    cell, V, n_rows, ld, lds = layer.cell, layer.V, layer.n_rows, layer.input_stride, layer.sums_stride
    inputs, after, sums = layer.inputs(t), layer.inputs(t + 1), layer.sums(t)
    before, memory, n_gates = layer.memory(t), layer.memory(t + 1), cell.N_GATES
    for panel in loop(layer.n_panels):
        j, here = panel * V, sums + panel * (cell.N_SUMS * V)
        if cell.SPLITS_INPUT:
            x = Matrix(inputs + layer.n_hidden, ld, 1)
            W_x = layer.weights(parameters, panel, 0, p.W_X, layer.n_x_terms)
            product(n_gates, n_rows, n_gates, layer.n_x_terms, x, W_x, Matrix(here + V, lds, V))
        h = Matrix(inputs, ld, 1)
        if cell.IN_TWO_PARTS:  # r and z now; the candidate when r is known for all hidden units
            W_h = layer.weights(parameters, panel, 1)
            product(WIDE, n_rows, 2, layer.n_terms, h, W_h, Matrix(here + V, lds, V), n_fresh=0)
            rh = layer.reset(t) + j, layer.n_hidden
            rows = layer.each_row(panel, sums=(here, lds), h_before=(inputs + j, ld), rh=rh)
            elementwise.forward_gates(cell, rows)
        else:
            W_h, n_fresh = layer.weights(parameters, panel), 1 if cell.SPLITS_INPUT else None
            product(n_gates, n_rows, n_gates, layer.n_terms, h, W_h, Matrix(here, lds, V), n_fresh=n_fresh)
            m, ldm = panel * (cell.N_MEMORY * V), layer.memory_stride
            rows = layer.each_row(
                panel, sums=(here, lds), memory_before=(before + m, ldm), memory=(memory + m, ldm),
                h_before=(inputs + j, ld), h=(after + j, ld), h_above=(above + j, above_stride),
            )  # fmt: skip
            elementwise.forward(cell, layer.activation, rows)
    if cell.IN_TWO_PARTS:
        for panel in loop(layer.n_panels):
            j, here = panel * V, sums + panel * (cell.N_SUMS * V)
            rh = Matrix(layer.reset(t), layer.n_hidden, 1)
            product(WIDE, n_rows, 1, layer.n_hidden, rh, layer.weights(parameters, panel), Matrix(here, lds, V))
            rows = layer.each_row(
                panel, sums=(here, lds), h_before=(inputs + j, ld), h=(after + j, ld), h_above=(above + j, above_stride)
            )
            elementwise.forward_state(cell, layer.activation, rows)


def backward(layer, transposed, n_steps, above, above_stride, above_step, gradient):
    """Add the gradients of one shard's rows, back-propagated through all steps.

    Parameters
    ----------
    layer : Layer
        Its workspace as `forward_step` left it, with the gradient at the last state in the rows `p.DH`. Of the
        workspace, the sums are overwritten by their gradients, the rows `p.DX` by those at the states of the layer
        below.
    transposed, gradient : Buffer
        `gradient` is modified in place.
    n_steps : Index
    above : Buffer
        The gradient at the states as it comes from above, with its strides by row and step.
    above_stride, above_step : Index or int
    """
    cell, V, n_rows, ld, lds = layer.cell, layer.V, layer.n_rows, layer.input_stride, layer.sums_stride
    dh, carry, n_hidden, n_panels = layer.rows(p.DH), layer.rows(p.CARRY), layer.n_hidden, layer.n_panels
    n_gates, n_sums, ldm = cell.N_GATES, cell.N_SUMS, layer.memory_stride
    for offset in loop(n_rows * n_hidden, 0, V):
        (carry + offset).store(carry.vector().lift(0))
    # The gradients at the sums as terms of a product: all side by side, or by panels, with one sum left out between.
    terms = {"n_groups": n_panels, "n_terms": n_gates * V} if n_sums > n_gates else {"n_terms": n_hidden * n_gates}
    chunk = (n_rows.constant(CHUNK_ROWS) // n_rows).at_least(1)
    for back in loop(n_steps):
        t = n_steps - back - 1
        inputs, sums, before, memory = layer.inputs(t), layer.sums(t), layer.memory(t), layer.memory(t + 1)
        for panel in loop(n_panels):
            j, m, here = panel * V, panel * (cell.N_MEMORY * V), sums + panel * (n_sums * V)
            rows = layer.each_row(
                panel, sums=(here, lds), memory_before=(before + m, ldm), memory=(memory + m, ldm),
                h_before=(inputs + j, ld), dh=(dh + j, n_hidden), dh_above=(above + t * above_step + j, above_stride),
                carry=(carry + j, n_hidden),
            )  # fmt: skip
            if cell.IN_TWO_PARTS:
                elementwise.backward_state(cell, layer.activation, rows)
            else:
                elementwise.backward(cell, layer.activation, rows)
        if cell.IN_TWO_PARTS:
            # The gradient at r h passes through the rows of dh, which have been read, and becomes dr.
            u_n, r_z = Matrix(sums, lds, 1, n_sums * V), Matrix(sums + V, lds, 1, n_sums * V)
            W_hn, W_hrz = layer.transposed(transposed, p.W_HT), layer.transposed(transposed, p.W_HT, 1)
            product(WIDE, n_rows, n_panels, V, u_n, W_hn, Matrix(dh, n_hidden, V), n_groups=n_panels)
            for panel in loop(n_panels):
                j, here = panel * V, sums + panel * (n_sums * V)
                rows = layer.each_row(
                    panel, sums=(here, lds), h_before=(inputs + j, ld), drh=(dh + j, n_hidden),
                    carry=(carry + j, n_hidden),
                )  # fmt: skip
                elementwise.backward_gates(cell, rows)
            product(WIDE, n_rows, n_panels, 2 * V, r_z, W_hrz, Matrix(dh, n_hidden, V), n_groups=n_panels)
        else:
            dsums, W_h = Matrix(sums, lds, 1, n_sums * V), layer.transposed(transposed, p.W_HT)
            with t.if_positive():
                product(WIDE, n_rows, n_panels, A=dsums, B=W_h, C=Matrix(dh, n_hidden, V), **terms)
        dx = Matrix(layer.rows(p.DX, layer.n_x_vectors * V, t), layer.n_x_vectors * V, V)
        dsums = Matrix(sums + (V if cell.SPLITS_INPUT else 0), lds, 1, n_sums * V)
        product(WIDE, n_rows, layer.n_x_vectors, A=dsums, B=layer.transposed(transposed, p.W_XT), C=dx, **terms)
        with (t % chunk).if_zero():
            n_terms = (n_steps - t).at_most(chunk) * n_rows
            _add_weights_gradient(layer, inputs, sums, layer.reset(t), n_terms, gradient)
    if cell.HAS_STATE_BIAS:
        # Of the sums that the state goes into, only the first has a bias there: the others have theirs with x.
        for panel in loop(n_panels):
            for gate in range(1, n_gates):
                bias = layer.weights(gradient, panel, gate).buffer + n_hidden * V
                bias.store(bias.vector().lift(0))


def _add_weights_gradient(layer, inputs, sums, rh, n_terms, gradient):
    """Add the products of input rows and gradients at the sums, over `n_terms` rows from some step on."""
    cell, V, ld, lds = layer.cell, layer.V, layer.input_stride, layer.sums_stride
    n_gates, n_k, n_x = cell.N_GATES, layer.n_terms, layer.n_x_terms
    for panel in loop(layer.n_panels):
        here = sums + panel * (cell.N_SUMS * V)
        first, others = Matrix(here, V, lds), Matrix(here + V, V, lds)
        h, x = Matrix(inputs, 1, ld), Matrix(inputs + layer.n_hidden, 1, ld)

        def into(gate, name=p.W_H, n_terms=None, panel=panel):
            buffer, vector, term, _ = layer.weights(gradient, panel, gate, name, n_terms)
            return Matrix(buffer, term, vector)

        if cell.SPLITS_INPUT:
            product(n_gates, n_x, n_gates, n_terms, x, others, into(0, p.W_X, n_x), n_fresh=0)
        if cell.IN_TWO_PARTS:
            product(WIDE, layer.n_hidden, 1, n_terms, Matrix(rh, 1, layer.n_hidden), first, into(0), n_fresh=0)
            product(WIDE, n_k, 2, n_terms, h, others, into(1), n_fresh=0)
        else:
            product(n_gates, n_k, n_gates, n_terms, h, first, into(0), n_fresh=0)
