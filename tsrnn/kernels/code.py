"""Integers, loops and buffers while machine code is being written.

The inner kernels are written once as Python functions that *write* code: they run when a kernel is compiled, and what
they do to an :class:`Index`, a :class:`Buffer` or a :class:`~tsrnn.kernels.vector.Vector` becomes instructions. So
``for t in loop(n_steps): ...`` runs its body a single time, and puts a loop over it into the machine code. What is an
ordinary Python value at that time, the cell or the number of its gates, costs nothing later. Compared with functions
that Numba translates, this compiles several times faster, and says exactly which vectors stay in registers.
"""

from llvmlite import ir
from numba.core import cgutils

from .vector import Vector, vector_type

INTEGER = ir.IntType(64)


def value_of(number, kind=INTEGER):
    """Return the LLVM value of an Index or of a Python integer, which all lanes hold if `kind` is a vector."""
    if isinstance(number, Index):
        return number.value
    return ir.Constant(kind, [number] * kind.count if isinstance(kind, ir.VectorType) else number)


class Index:
    """An integer of the running program; arithmetic takes a vector of them too, but for loops and places."""

    def __init__(self, builder, value):
        self.builder, self.value = builder, value

    def __add__(self, other):
        return self._emit("add", other)

    def __sub__(self, other):
        return self._emit("sub", other)

    def __mul__(self, other):
        return self._emit("mul", other)

    def __floordiv__(self, other):
        return self._emit("sdiv", other)  # of numbers that are not negative

    def __mod__(self, other):
        return self._emit("srem", other)

    def __and__(self, other):
        return self._emit("and_", other)

    def __xor__(self, other):
        return self._emit("xor", other)

    def shifted_right(self, n_bits):
        """Return the upper bits of the 64, shifted right by so many; zeros come after them."""
        return self._emit("lshr", n_bits)

    __radd__, __rmul__ = __add__, __mul__

    def is_less(self, other):
        """Return the condition self < other."""
        return self.builder.icmp_signed("<", self.value, value_of(other))

    def is_equal(self, other):
        """Return the condition self == other."""
        return self.builder.icmp_signed("==", self.value, value_of(other))

    def at_most(self, other):
        """Return the smaller of the two."""
        return Index(self.builder, self.builder.select(self.is_less(other), self.value, value_of(other)))

    def at_least(self, other):
        """Return the larger of the two."""
        return Index(self.builder, self.builder.select(self.is_less(other), value_of(other), self.value))

    def or_if(self, condition, other):
        """Return this, or `other` where the condition holds."""
        return Index(self.builder, self.builder.select(condition, value_of(other), self.value))

    def if_zero(self):
        """Return a context whose code runs only if this is zero."""
        return self.builder.if_then(self.is_equal(0))

    def if_positive(self):
        """Return a context whose code runs only if this is more than zero."""
        return self.builder.if_then(self.builder.not_(self.is_less(1)))

    def if_not_positive(self):
        """Return a context whose code runs only if this is zero or less."""
        return self.builder.if_then(self.is_less(1))

    def constant(self, number):
        """Return an Index of a number."""
        return Index(self.builder, INTEGER(number))

    def _emit(self, operation, other):
        return Index(self.builder, getattr(self.builder, operation)(self.value, value_of(other, self.value.type)))


class Buffer:
    """A place in a flat array of the running program; adding an Index moves it."""

    def __init__(self, builder, pointer):
        self.builder, self.pointer = builder, pointer
        self.kind = vector_type(pointer.type.pointee)

    def __add__(self, offset):
        return Buffer(self.builder, self.builder.gep(self.pointer, [value_of(offset)]))

    def index(self, number):
        """Return an Index of a number."""
        return Index(self.builder, INTEGER(number))

    def or_if(self, condition, other):
        """Return this place, or `other` where the condition holds."""
        return Buffer(self.builder, self.builder.select(condition, other.pointer, self.pointer))

    def number(self):
        """Return the number here, an LLVM value."""
        return self.builder.load(self.pointer)

    def set_number(self, number):
        """Overwrite the number here by an LLVM value or a Python number."""
        is_value = isinstance(number, ir.Value)
        self.builder.store(number if is_value else ir.Constant(self.kind.element, number), self.pointer)

    def multiply_number(self, number):
        """Multiply the number here by an LLVM value."""
        self.set_number(self.builder.fmul(self.number(), number))

    def add_number(self, number, factor=None):
        """Add an LLVM value, times another where one is given, of the kind of the numbers here."""
        number = number if factor is None else self.builder.fmul(factor, number)
        self.set_number(self.builder.fadd(self.number(), number))

    def vector(self):
        """Return the vector that begins here."""
        return Vector(self.builder, self.builder.load(self._place(), align=self._size))

    def store(self, vector):
        """Overwrite the vector that begins here."""
        self.builder.store(vector.value, self._place(), align=self._size)

    def vectors(self, n):
        """Return the next n vectors, a list."""
        return [(self + i * self.kind.count).vector() for i in range(n)]

    def store_all(self, vectors, n):
        """Overwrite the next n vectors; raise if other than n are given, which would be another's place."""
        if len(vectors) != n:
            raise ValueError(
                f"{len(vectors)} vectors were given for the place of {n}; is a constant of the cell wrong?"
            )
        for i, vector in enumerate(vectors):
            (self + i * self.kind.count).store(vector)

    @property
    def _size(self):
        """Bytes of a number: vectors may begin at any."""
        return 8 if isinstance(self.kind.element, ir.DoubleType) else 4

    def _place(self):
        return self.builder.bitcast(self.pointer, self.kind.as_pointer())


class Numbers:
    """A flat array of integers of the running program."""

    def __init__(self, builder, pointer):
        self.builder, self.pointer = builder, pointer

    def __getitem__(self, place):
        return Index(self.builder, self.builder.load(self.builder.gep(self.pointer, [value_of(place)])))


class Table:
    """The plan table of the running program."""

    def __init__(self, builder, pointer, width):
        self._numbers, self._width, self._zero = Numbers(builder, pointer), width, Index(builder, INTEGER(0))

    def __getitem__(self, place):
        row, column = place
        return self._numbers[self._zero + row * self._width + column]


def loop(last, first=0, step=1):
    """Run over ``range(first, last, step)``, mind the order: yield its Index once, and end the loop behind the body."""
    builder = last.builder
    first = value_of(first)
    with cgutils.for_range_slice(builder, first, last.value, INTEGER(step)) as (index, _):
        yield Index(builder, index)


def clear(buffer, n):
    """Overwrite the next n numbers, whole vectors, by zeros."""
    zero, first = Vector(buffer.builder, ir.Constant(buffer.kind, None)), Index(buffer.builder, INTEGER(0))
    for k in loop(first + n, 0, buffer.kind.count):
        (buffer + k).store(zero)


def function(builder, name, result, arguments):
    """Return a function of the module by its name, and a builder for its body; None if it has been written already."""
    kind = ir.FunctionType(result, [argument.type for argument in arguments])
    if name in builder.module.globals:
        return builder.module.globals[name], None
    made = ir.Function(builder.module, kind, name)
    made.linkage = "linkonce_odr"
    made.attributes.add("noinline")
    made.attributes.add("nounwind")
    return made, ir.IRBuilder(made.append_basic_block())
