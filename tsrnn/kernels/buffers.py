"""Arrays as kernels read them: a flat read-only buffer and element strides, for one compiled version."""

import math
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from .target import ALIGNMENT

NOWHERE = np.zeros(0, np.int64)


class Flat(NamedTuple):
    """A strided array without its shape; entry [i, j] is values[first + i * strides[0] + j * strides[1]].

    values : ndarray of shape (n_values,), read-only
        The memory that the array spans.
    first : int
    strides : tuple of int
        Elements (not bytes) from one entry to the next, per axis; negative on a reversed axis.
    origins, lengths : ndarray of int64
        Of sequences of several lengths: j runs from origins[i] on, over lengths[i] steps. Else empty.
    n_steps : int
        Entries along the second axis; of sequences those of the longest.
    lanes : ndarray of int64
        Of sequences that go on where others have ended: which of the carried states is that of each. Else empty.
    """

    values: np.ndarray
    first: int
    strides: tuple
    origins: np.ndarray = NOWHERE
    lengths: np.ndarray = NOWHERE
    n_steps: int = 0
    lanes: np.ndarray = NOWHERE


@dataclass(frozen=True)
class Sequences:
    """Sequences of several lengths, in one array of steps.

    Parameters
    ----------
    steps : ndarray of shape (n_steps of all, n_features)
    origins, lengths : ndarray of int64, shape (n_sequences,)
        The first step and the number of steps of each.
    is_step : ndarray of bool, shape (n_sequences, n_columns), optional
        If they come from an array, which columns of a row are its steps; the others only pad.
    """

    steps: np.ndarray
    origins: np.ndarray
    lengths: np.ndarray
    is_step: np.ndarray | None = None

    def __len__(self):
        return len(self.lengths)

    def __getitem__(self, rows):
        """Return the sequences of a slice or an array of rows; the steps stay where they are."""
        is_step = None if self.is_step is None else self.is_step[rows]
        return replace(self, origins=self.origins[rows], lengths=self.lengths[rows], is_step=is_step)

    def spread(self, values):
        """Return values, a row for each step, one sequence after the other, in the form that the sequences came in.

        Returns
        -------
        list of ndarray, or ndarray of shape (n_sequences, n_columns, ...)
            The latter if they come from an array; a masked one where that had padding.
        """
        if self.is_step is None:
            return np.split(values, np.cumsum(self.lengths)[:-1])
        spread = np.zeros((*self.is_step.shape, *values.shape[1:]), values.dtype)
        spread[self.is_step] = values
        if self.is_step.all():
            return spread
        is_padding = ~self.is_step.reshape(*self.is_step.shape, *[1] * (values.ndim - 1))
        return np.ma.MaskedArray(spread, np.broadcast_to(is_padding, spread.shape).copy())

    @property
    def dtype(self):
        """That of the steps."""
        return self.steps.dtype

    @property
    def shape(self):
        """Sequences, steps of the longest, numbers of a step: of what would hold them all."""
        return len(self), int(self.lengths.max(initial=1)), self.steps.shape[1]


def flatten(array):
    """Return `array` as a Flat of the same memory; a copy only where entries are not aligned or not elements apart.

    A view of overlapping windows stays a view, and if it is copied at all then as one: nothing is materialised.
    Sequences become a Flat with strides for (sequence, step, feature).
    """
    if isinstance(array, Sequences):
        steps = flatten(array.steps)
        return steps._replace(
            strides=(0, *steps.strides), origins=array.origins, lengths=array.lengths, n_steps=array.shape[1]
        )
    size, n_steps = array.itemsize, array.shape[1] if array.ndim > 1 else 0
    if array.flags.c_contiguous and array.flags.aligned:  # as below, in a tenth of the time
        values = array.reshape(-1)
        values.flags.writeable = False
        return Flat(values, 0, tuple(stride // size for stride in array.strides), n_steps=n_steps)
    if not array.flags.aligned or any(stride % size for stride in array.strides):
        array = cast(array, array.dtype)
    lowest, first, n_bytes = _span(array)
    values = np.lib.stride_tricks.as_strided(lowest, (n_bytes // size,), (size,), writeable=False)
    return Flat(values, first // size, tuple(stride // size for stride in array.strides), n_steps=n_steps)


def cast(array, dtype):
    """Return `array` in another dtype; entries that share memory share it in the result, which is read-only then.

    So windows that overlap, views of one series, take no more memory than the series. What is too large for `dtype`
    becomes infinite, without a warning.
    """
    # The entries lie on a grid. An axis whose steps fall on places of an axis of the grid only makes that one longer.
    distances, counts, axes = [], [], {}
    for axis in sorted(range(array.ndim), key=lambda axis: abs(array.strides[axis])):
        stride, n = abs(array.strides[axis]), array.shape[axis]
        if not stride or n == 1:
            continue
        grid = zip(distances, counts, strict=True)
        along = next((i for i, (d, count) in enumerate(grid) if stride % d == 0 and stride // d <= count), len(counts))
        if along == len(counts):
            distances.append(stride)
            counts.append(1)
        counts[along] += (n - 1) * stride // distances[along]
        axes[axis] = along, array.strides[axis] // distances[along]
    with np.errstate(over="ignore", invalid="ignore"):
        if not array.size or math.prod(counts) >= array.size:
            return array.astype(dtype)
        lowest, *_ = _span(array)
        grid = np.lib.stride_tricks.as_strided(lowest, counts, distances).astype(dtype, order="C")
    strides, corner = [0] * array.ndim, [0] * grid.ndim
    for axis, (along, step) in axes.items():
        strides[axis] = step * grid.strides[along]
        corner[along] += max(0, -step) * (array.shape[axis] - 1)
    first = grid[(*(slice(start, None) for start in corner), ...)]
    return np.lib.stride_tricks.as_strided(first, array.shape, strides, writeable=False)


def aligned_zeros(shape, dtype):
    """Return an array of zeros, of a tuple's shape, that begins at a cache line; rows of whole cache lines do too."""
    n_bytes = math.prod(shape) * dtype.itemsize
    if not n_bytes:
        return np.zeros(shape, dtype)
    memory = np.zeros(n_bytes + ALIGNMENT, np.uint8)
    first = -memory.__array_interface__["data"][0] % ALIGNMENT
    return memory[first : first + n_bytes].view(dtype).reshape(shape)


def _span(array):
    """Return a view that begins with the entry lowest in memory, how far above it the first is, and what all span.

    In bytes.
    """
    if not array.size:
        return array, 0, 0
    reach = [(n - 1) * stride for n, stride in zip(array.shape, array.strides, strict=True)]
    lowest = array[(*(slice(None, None, -1 if stride < 0 else 1) for stride in array.strides), ...)]
    return lowest, -sum(far for far in reach if far < 0), array.itemsize + sum(map(abs, reach))
