"""What is a slip in a function that writes code is an error while it writes, not a wrong number later."""

import pytest
from llvmlite import ir

from tsrnn.kernels.code import Buffer


@pytest.fixture
def buffer():
    """A place in the flat array that a function is given, while its code is written."""
    kind = ir.FunctionType(ir.VoidType(), [ir.FloatType().as_pointer()])
    function = ir.Function(ir.Module(), kind, "written")
    return Buffer(ir.IRBuilder(function.append_basic_block()), function.args[0])


@pytest.mark.parametrize("n", [0, 1, 3])
def test_vectors_are_stored_only_where_there_is_room_for_as_many(buffer, n):
    vectors = buffer.vectors(2)
    before = str(buffer.builder.function)
    with pytest.raises(ValueError, match=f"2 vectors were given for the place of {n}"):
        buffer.store_all(vectors, n)
    assert str(buffer.builder.function) == before
    buffer.store_all(vectors, 2)
    assert str(buffer.builder.function).count("store <") == 2


def test_a_vector_is_neither_true_nor_false(buffer):
    x = buffer.vector()
    for condition in (x, x > 0):
        with pytest.raises(TypeError, match="neither true nor false"):
            bool(condition)
    with pytest.raises(TypeError, match="neither true nor false"):
        max(x, x + 1)
