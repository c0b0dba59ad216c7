"""Arrays as kernels read them: one flat read-only buffer and element strides, for one compiled version."""

import math
from typing import NamedTuple

import numpy as np

from .target import ALIGNMENT


class Flat(NamedTuple):
    """A strided array without its shape.

    values : ndarray of shape (n_values,), read-only
        The memory that the array spans.
    strides : tuple of int
        Elements (not bytes) from one entry to the next, per axis.
    """

    values: np.ndarray
    strides: tuple


def flatten(array):
    """Return `array` as a Flat of the same memory; a copy only where a stride is negative or alignment is broken.

    A view of overlapping windows stays a view: nothing is materialised.
    """
    size = array.itemsize
    if any(stride < 0 or stride % size for stride in array.strides) or not array.flags.aligned:
        array = array.copy()
    strides = tuple(stride // size for stride in array.strides)
    span = 1 + sum((n - 1) * stride for n, stride in zip(array.shape, strides, strict=True)) if array.size else 0
    return Flat(np.lib.stride_tricks.as_strided(array, (span,), (size,), writeable=False), strides)


def aligned_zeros(shape, dtype):
    """Return an array of zeros, of a tuple's shape, that begins at a cache line; rows of whole cache lines do too."""
    n_bytes = math.prod(shape) * dtype.itemsize
    memory = np.zeros(n_bytes + ALIGNMENT, np.uint8)
    first = -memory.__array_interface__["data"][0] % ALIGNMENT
    return memory[first : first + n_bytes].view(dtype).reshape(shape)
