"""One recurrent layer over the steps of a shard, forward and backward: the same walk for every cell.

The layout that it walks through is that of :mod:`tsrnn.kernels.layer`. These functions write code
(:mod:`tsrnn.kernels.code`).
"""

from . import elementwise
from . import plan as p
from .code import clear, loop
from .product import WIDE, Left, Result, Right, product

CHUNK_ROWS = 96  # rows whose part of the weights' gradient is one product: they stay in the cache from step to step


def forward_step(layer, parameters, t):
    """Compute the state after step t, from the input rows of step t into those of step t + 1.

    Parameters
    ----------
    layer : Layer
    parameters : Buffer
    t : Index
    """
    cell, n_rows = layer.cell, layer.shape.n_active(t)
    for panel in loop(layer.n_panels):
        sums, stride = layer.sums_of(panel, t)
        if cell.SPLITS_INPUT:
            product(
                cell.N_GATES, n_rows, cell.N_GATES, layer.n_x_terms, layer.input(t),
                layer.input_weights(parameters, panel), Result(sums + layer.V, stride, layer.V),
            )  # fmt: skip
        if cell.IN_TWO_PARTS:
            _forward_gates(layer, parameters, t, panel)
            continue
        product(
            cell.N_GATES, n_rows, cell.N_GATES, layer.n_h_terms, layer.state(t), layer.weights(parameters, panel),
            Result(sums, stride, layer.V), n_fresh=1 if cell.SPLITS_INPUT else None,
        )  # fmt: skip
        rows = layer.each_row(
            panel, t, sums=(sums, stride), h_before=layer.h_of(panel, t), memory_before=layer.memory_of(panel, t),
            memory=layer.memory_of(panel, t + 1), **_new_states(layer, panel, t),
        )  # fmt: skip
        elementwise.forward(cell, layer.activation, rows)
    if cell.IN_TWO_PARTS:
        _forward_state(layer, parameters, t)


def _new_states(layer, panel, t):
    """Return the places of the states after step t, and the mask between them."""
    return {
        "state": layer.h_of(panel, t + 1), "h": layer.input_of(panel, t + 1), "mask": layer.mask_of(panel)
    }  # fmt: skip


def _forward_gates(layer, parameters, t, panel):
    """Compute the gates of one panel, and r h: the candidate waits until r is known for all hidden units."""
    sums, stride = layer.sums_of(panel, t)
    gates = Result(sums + layer.V, stride, layer.V)
    n_rows, weights = layer.shape.n_active(t), layer.weights(parameters, panel, 1)
    product(WIDE, n_rows, 2, layer.n_h_terms, layer.state(t), weights, gates, n_fresh=0)
    rows = layer.each_row(panel, t, sums=(sums, stride), h=layer.input_of(panel, t), rh=layer.reset_of(panel, t))
    elementwise.forward_gates(layer.cell, rows)


def _forward_state(layer, parameters, t):
    """Compute the candidate and the new state of all panels."""
    reset = Left(layer.reset(t), layer.n_padded, 1)
    for panel in loop(layer.n_panels):
        sums, stride = layer.sums_of(panel, t)
        candidate = Result(sums, stride, layer.V)
        n_rows, weights = layer.shape.n_active(t), layer.weights(parameters, panel)
        product(WIDE, n_rows, 1, layer.n_padded, reset, weights, candidate)
        rows = layer.each_row(
            panel, t, sums=(sums, stride), h_before=layer.h_of(panel, t), **_new_states(layer, panel, t)
        )  # fmt: skip
        elementwise.forward_state(layer.cell, layer.activation, rows)


def backward(layer, transposed, above, above_stride, above_step, gradient):
    """Add the gradients of one shard's rows, back-propagated through all steps.

    Parameters
    ----------
    layer : Layer
        Its workspace as `forward_step` left it, with the gradient at the last state of each row in the rows `p.DH`. Of
        the workspace, the sums are overwritten by their gradients, the rows `p.DX` by those at the states of the layer
        below.
    transposed, gradient : Buffer
        `gradient` is modified in place.
    above : Buffer
        The gradient at the states as it comes from above, with its strides by row and step.
    above_stride, above_step : Index or int
    """
    cell, V, n_steps = layer.cell, layer.V, layer.shape.longest
    # The gradients at the sums as terms of a product: all side by side, or by panels, with one sum left out between.
    all_terms = {"n_terms": layer.n_padded * cell.N_GATES}
    if cell.N_SUMS > cell.N_GATES:
        all_terms = {"n_groups": layer.n_panels, "n_terms": cell.N_GATES * V}
    chunk = (n_steps.constant(CHUNK_ROWS) // layer.n_rows).at_least(1)
    clear(layer.rows(p.CARRY), layer.n_rows * layer.n_padded)
    for back in loop(n_steps):
        t = n_steps - back - 1
        n_rows = layer.shape.n_active(t)  # of the others, the rows `p.DH` wait for their last step
        _clear_inactive(layer, t, n_rows)
        _backward_state(layer, t, above + t * above_step, above_stride)
        if cell.IN_TWO_PARTS:
            _backward_gates(layer, transposed, t)
        else:
            with t.if_positive():
                product(
                    WIDE, n_rows, layer.n_panels, A=layer.dsums(t), B=layer.transposed(transposed, p.W_HT),
                    C=layer.padded(layer.rows(p.DH)), **all_terms,
                )  # fmt: skip
        with layer.column(p.MASK_STRIDE).if_positive():
            for panel in loop(layer.n_panels):
                dh = layer.gradient_of(panel, p.DH)
                elementwise.multiply(layer.each_row(panel, t, dh=dh, mask=layer.mask_of(panel)))
        product(
            WIDE, n_rows, layer.n_x_vectors, A=layer.dsums(t, 1 if cell.SPLITS_INPUT else 0),
            B=layer.transposed(transposed, p.W_XT), C=Result(layer.dx(t), layer.n_x_vectors * V, V), **all_terms,
        )  # fmt: skip
        with (t % chunk).if_zero():
            _add_weights_gradient(layer, t, (n_steps - t).at_most(chunk) * layer.n_rows, gradient)
    if cell.HAS_STATE_BIAS:
        # Of the sums that the state goes into, only the first has a bias there: the others have theirs with x.
        for panel in loop(layer.n_panels):
            for gate in range(1, cell.N_GATES):
                clear(layer.weights(gradient, panel, gate).buffer + layer.n_padded * V, V)


def _clear_inactive(layer, t, n_active):
    """Clear the rows that do not have step t: they are terms of the weights' gradient, and give nothing to it."""
    n = layer.n_rows - n_active
    inputs = layer.inputs(t) + n_active * layer.input_stride
    clear(inputs, n * layer.input_stride)
    for row in loop(n):
        (inputs + row * layer.input_stride + layer.n_padded).set_number(1)  # as it is in all rows
    clear(layer.sums(t) + n_active * layer.sums_stride, n * layer.sums_stride)
    if layer.cell.IN_TWO_PARTS:
        clear(layer.reset(t) + n_active * layer.n_padded, n * layer.n_padded)


def _backward_state(layer, t, above, above_stride):
    """Turn the sums of step t into their gradients: of a cell in two parts, those that need no product."""
    part = elementwise.backward_state if layer.cell.IN_TWO_PARTS else elementwise.backward
    for panel in loop(layer.n_panels):
        rows = layer.each_row(
            panel, t, sums=layer.sums_of(panel, t), h_before=layer.h_of(panel, t),
            memory_before=layer.memory_of(panel, t), memory=layer.memory_of(panel, t + 1),
            dh=layer.gradient_of(panel, p.DH), carry=layer.gradient_of(panel, p.CARRY),
            dh_above=(above + panel * layer.V, above_stride),
        )  # fmt: skip
        part(layer.cell, layer.activation, rows)


def _backward_gates(layer, transposed, t):
    """Go on to the gradients at r and the state: that at r h passes through the rows `p.DH`, which have been read."""
    V, n_rows, n_panels = layer.V, layer.shape.n_active(t), layer.n_panels
    dh = layer.padded(layer.rows(p.DH))
    W_hn, W_hrz = layer.transposed(transposed, p.W_HT), layer.transposed(transposed, p.W_HT, 1)
    product(WIDE, n_rows, n_panels, V, layer.dsums(t), W_hn, dh, n_groups=n_panels)
    for panel in loop(n_panels):
        rows = layer.each_row(
            panel, t, sums=layer.sums_of(panel, t), h_before=layer.h_of(panel, t), drh=layer.gradient_of(panel, p.DH),
            mask=layer.mask_of(panel), carry=layer.gradient_of(panel, p.CARRY),
        )  # fmt: skip
        elementwise.backward_gates(layer.cell, rows)
    product(WIDE, n_rows, n_panels, 2 * V, layer.dsums(t, 1), W_hrz, dh, n_groups=n_panels)


def _add_weights_gradient(layer, t, n_terms, gradient):
    """Add the products of input rows and gradients at the sums, over `n_terms` rows from step t on."""
    cell, V, n_gates = layer.cell, layer.V, layer.cell.N_GATES
    state, x = (Left(rows.buffer, 1, rows.row) for rows in (layer.state(t), layer.input(t)))
    for panel in loop(layer.n_panels):
        sums, stride = layer.sums_of(panel, t)
        first, others = Right(sums, V, stride), Right(sums + V, V, stride)
        dW_h = _as_result(layer.weights(gradient, panel))
        if cell.SPLITS_INPUT:
            dW_x = _as_result(layer.input_weights(gradient, panel))
            product(n_gates, layer.n_x_terms, n_gates, n_terms, x, others, dW_x, n_fresh=0)
        if cell.IN_TWO_PARTS:
            reset, dW_rz = Left(layer.reset(t), 1, layer.n_padded), _as_result(layer.weights(gradient, panel, 1))
            product(WIDE, layer.n_padded, 1, n_terms, reset, first, dW_h, n_fresh=0)
            product(WIDE, layer.n_h_terms, 2, n_terms, state, others, dW_rz, n_fresh=0)
        else:
            product(n_gates, layer.n_h_terms, n_gates, n_terms, state, first, dW_h, n_fresh=0)


def _as_result(weights):
    """Return the gradient of a B as a C, whose rows are the terms of B."""
    return Result(weights.buffer, weights.term, weights.vector)
