"""A kernel so small that every test of the cache can have its own, and what such a test asks of it."""

import importlib.util

from tsrnn.kernels import caching

# Stands as one immediate operand in the machine code, so that a test can plant another number in its place.
MARK = 0x12345678


def make_kernel(mark=MARK, entry=caching.entry):
    """Return a new kernel that has nothing compiled yet, as in a new process; it compiles in a tenth of a second."""

    def put_mark(x):
        return x ^ mark

    return entry(anew(put_mark))


def anew(function):
    """Return `function` with code that no kernel has been made of, as in a new process."""
    function.__code__ = function.__code__.replace()
    return function


def import_again():
    """Return a second copy of the room, that sees Python and Numba as a test has changed them."""
    spec = importlib.util.spec_from_file_location("caching_again", caching.__file__)
    again = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(again)
    return again


def ask(kernel, x=5, mark=MARK):
    """Check a kernel's answer; return whether its machine code came from the disk."""
    assert kernel(x) == x ^ mark
    return sum(kernel.stats.cache_hits.values()) == 1


def flip_bit(where):
    def damage(content):
        at = int(where * (len(content) - 1))
        return content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]

    return damage
