"""What is done number by number: the mathematics of cells and optimizers, carried over rows and flat ranges.

Each function loads vectors, hands them to mathematics that is written on vectors, and stores what that returns.
"""

from types import SimpleNamespace

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from .code import Buffer, Index, loop
from .processor import flushes_denormals
from .vector import Vector, tanh, where


class Activation:
    """The activation of a state, chosen while the code runs.

    Parameters
    ----------
    is_relu : LLVM value of one bit
    """

    def __init__(self, is_relu):
        self._is_relu = is_relu

    def value(self, x):
        """Return tanh(x) or max(x, 0); NaN stays NaN."""
        return self._choose(where(x < 0, 0, x), tanh(x))

    def slope(self, a):
        """Return the derivative by x, in terms of a = value(x)."""
        return self._choose(where(a > 0, a.lift(1), 0), 1 - a * a)

    def _choose(self, if_relu, if_tanh):
        return Vector(if_relu.builder, if_relu.builder.select(self._is_relu, if_relu.value, if_tanh.value))


class Rows:
    """Places in every row: run over, they give one row's Buffers by name.

    Parameters
    ----------
    n_rows : Index
    **places : tuple (Buffer, row stride)
    """

    def __init__(self, n_rows, **places):
        self.n_rows, self.places = n_rows, places

    def __iter__(self):
        for row in loop(self.n_rows):
            yield SimpleNamespace(**{name: buffer + row * stride for name, (buffer, stride) in self.places.items()})


def forward(cell, activation, rows):
    """Write one step forward of one vector of hidden units; `h` is where the next product finds the new state."""
    for row in rows:
        kept, memory, h = cell.forward(
            row.sums.vectors(cell.N_SUMS), row.h_before.vector(), row.memory_before.vectors(cell.N_MEMORY), activation
        )
        row.sums.store_all(kept, cell.N_SUMS)
        row.memory.store_all(memory, cell.N_MEMORY)
        _store_states(row, h)


def backward(cell, activation, rows):
    """Write one step backward: the sums are overwritten by their gradients, the carry by that for the step before."""
    for row in rows:
        dsums, carry = cell.backward(
            row.sums.vectors(cell.N_SUMS), row.h_before.vector(), row.memory_before.vectors(cell.N_MEMORY),
            row.memory.vectors(cell.N_MEMORY), row.dh.vector() + row.dh_above.vector(), row.carry.vector(), activation,
        )  # fmt: skip
        _store_gradients(cell, row, dsums, carry)


def forward_gates(cell, rows):
    """Write the first part of a step forward of a cell in two parts."""
    for row in rows:
        kept, rh = cell.forward_gates(row.sums.vectors(cell.N_SUMS), row.h.vector())
        row.sums.store_all(kept, cell.N_SUMS)
        row.rh.store(_of_units(row, rh))


def forward_state(cell, activation, rows):
    """Write the second part of a step forward."""
    for row in rows:
        kept, h = cell.forward_state(row.sums.vectors(cell.N_SUMS), row.h_before.vector(), activation)
        row.sums.store_all(kept, cell.N_SUMS)
        _store_states(row, h)


def backward_state(cell, activation, rows):
    """Write the first part of a step backward."""
    for row in rows:
        dh = row.dh.vector() + row.dh_above.vector()
        dsums, carry = cell.backward_state(
            row.sums.vectors(cell.N_SUMS), row.h_before.vector(), dh, row.carry.vector(), activation
        )
        _store_gradients(cell, row, dsums, carry)


def backward_gates(cell, rows):
    """Write the second part of a step backward, given the gradient at r h in the place of `drh`."""
    for row in rows:
        dsums, carry = cell.backward_gates(
            row.sums.vectors(cell.N_SUMS),
            row.h_before.vector(),
            row.drh.vector() * row.mask.vector(),
            row.carry.vector(),
        )
        _store_gradients(cell, row, dsums, carry)


def _store_states(row, h):
    h = _of_units(row, h)
    row.state.store(h)
    row.h.store(h * row.mask.vector())


def _of_units(row, x):
    """Return x with zero in the lanes that only pad: what is not finite elsewhere may have made them NaN."""
    return where(row.is_unit.vector() > 0, x, 0)


def _store_gradients(cell, row, dsums, carry):
    row.sums.store_all([_of_units(row, without_denormals(ds)) for ds in dsums], cell.N_SUMS)
    row.carry.store(without_denormals(carry))


def without_denormals(x):
    """Return gradients with the tiniest of them zero, where the processor cannot be told to do that; NaN stays NaN.

    At the far end of a long window gradients become denormal numbers, which processors multiply many times slower.
    """
    if flushes_denormals():
        return x
    return where(abs(x) < (1e-290 if x.is_double else 1e-30), 0, x)


def multiply(rows):
    """Multiply the gradient at a state by the mask that the state had in the product."""
    for row in rows:
        row.dh.store(row.dh.vector() * row.mask.vector())


def activate(activation, rows, n_vectors):
    """Apply an activation to rows of so many vectors, in place."""
    for row in rows:
        for k in loop(n_vectors):
            place = row.a + k * row.a.kind.count
            place.store(activation.value(place.vector()))


def deactivate(activation, rows, n_vectors):
    """Turn gradients at what an activation put out, `a`, into those at what it was given."""
    for row in rows:
        for k in loop(n_vectors):
            place = row.da + k * row.da.kind.count
            place.store(place.vector() * activation.slope((row.a + k * row.a.kind.count).vector()))


def over_range(write):
    """Return an intrinsic (first, last, arrays, numbers) that runs `write` on every vector of flat arrays.

    `write` is given the vectors of the arrays and then the numbers; it returns a vector per array to store there, or
    None. `first` and `last` are multiples of the vector length.
    """

    @intrinsic
    def run(typing_context, first, last, arrays, numbers):
        def generate(context, builder, signature, arguments):
            first, last, arrays_, numbers_ = arguments
            buffers = [
                buffer_of(context, builder, of, array)
                for of, array in zip(arrays, cgutils.unpack_tuple(builder, arrays_, len(arrays)), strict=True)
            ]
            kind = buffers[0].kind
            lanes = [Vector.broadcast(builder, kind, number)
                     for number in cgutils.unpack_tuple(builder, numbers_, len(numbers))]  # fmt: skip
            for k in loop(Index(builder, last), Index(builder, first), kind.count):
                here = [buffer + k for buffer in buffers]
                for buffer, result in zip(here, write(*(b.vector() for b in here), *lanes), strict=True):
                    if result is not None:
                        buffer.store(result)
            return context.get_dummy_value()

        return types.void(first, last, arrays, numbers), generate

    return run


@intrinsic
def sum_of_squares(typing_context, array, first, last):
    """Return the sum of the squares of ``array[first:last]``, made in float64, lane by lane and then over the lanes."""

    def generate(context, builder, signature, arguments):
        array_, first, last = arguments
        buffer = buffer_of(context, builder, array, array_)
        wide = ir.VectorType(ir.DoubleType(), buffer.kind.count)
        total = cgutils.alloca_once_value(builder, ir.Constant(wide, None))
        for k in loop(Index(builder, last), Index(builder, first), wide.count):
            x = (buffer + k).vector().value
            x = x if x.type == wide else builder.fpext(x, wide)
            builder.store(builder.fadd(builder.load(total), builder.fmul(x, x)), total)
        lanes = [builder.extract_element(builder.load(total), ir.IntType(32)(i)) for i in range(wide.count)]
        result = lanes[0]
        for lane in lanes[1:]:
            result = builder.fadd(result, lane)
        return result

    return types.float64(array, first, last), generate


def buffer_of(context, builder, array_type, array):
    """Return the Buffer at the beginning of an array."""
    return Buffer(builder, context.make_array(array_type)(context, builder, array).data)
