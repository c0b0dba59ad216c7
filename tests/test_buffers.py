"""Arrays as kernels read them: the same memory where that can be, the right values always."""

import warnings

import numpy as np
import pytest

from tsrnn.kernels.buffers import cast, flatten

BASE = np.arange(120.0)
CUBE = BASE.reshape(4, 5, 6)
WINDOWS = np.lib.stride_tricks.sliding_window_view(BASE, 30)
RECORDS = np.zeros(6, dtype=[("a", "f4"), ("b", "f8")])  # 12 bytes apart: no whole number of elements of 8
RECORDS["b"] = range(6)
COMPLEX = np.zeros(6, dtype=[("a", "f8"), ("b", "c16")])["b"]  # 24 bytes apart, and yet aligned

VIEWS = {
    "contiguous": CUBE,
    "one value": BASE[:1],
    "no axis": BASE[7:8].reshape(()),
    "part": CUBE[1:3, 2:, ::2],
    "every third": BASE[4::3],
    "transposed": CUBE.transpose(2, 0, 1),
    "fortran": np.asfortranarray(CUBE),
    "float32": CUBE.astype(np.float32)[:, 1],
    "overlapping windows": WINDOWS[:, :, None],
    "targets of windows": WINDOWS[:, 25:],
    "every other window": WINDOWS[3::2],
    "broadcast": np.broadcast_to(BASE[:6], (4, 5, 6)),
    "broadcast inside": np.broadcast_to(CUBE[:, :1], (4, 5, 6)),
    "one column of zero stride": BASE[:, None],
    "reversed": BASE[::-1],
    "one axis reversed": CUBE[:, ::-1, 1:],
    "windows reversed in time": WINDOWS[::-1, ::-2, None],
    "read-only": np.lib.stride_tricks.as_strided(BASE, (4, 4), (8, 16), writeable=False),
}
COPIES = {
    "broken stride": COMPLEX,
    "broken stride, not aligned": RECORDS["b"],
    "not aligned": np.frombuffer(bytes(3) + BASE.tobytes(), offset=3, count=120),
}
EMPTY = {
    "no rows": CUBE[:0],
    "no steps": CUBE[:, :0],
    "empty and reversed": BASE[:0][::-1],
    "empty and broadcast": np.broadcast_to(BASE[:0], (4, 0)),
}


def read(flat, shape):
    """Return the array of this shape, every entry fetched as a kernel does it: by the sum of index times stride."""
    fetched = np.empty(shape, flat.values.dtype)
    for index in np.ndindex(shape):
        place = flat.first + sum(k * stride for k, stride in zip(index, flat.strides, strict=True))
        assert 0 <= place < len(flat.values)
        fetched[index] = flat.values[place]
    return fetched


@pytest.mark.parametrize("array", [pytest.param(array, id=name) for name, array in {**VIEWS, **COPIES}.items()])
def test_values_are_right_through_the_strides(array):
    flat = flatten(array)
    assert flat.values.dtype == array.dtype
    np.testing.assert_array_equal(read(flat, array.shape), array)


@pytest.mark.parametrize("array", [pytest.param(array, id=name) for name, array in VIEWS.items()])
def test_view_is_not_copied(array):
    flat = flatten(array)
    assert np.shares_memory(flat.values, array)
    assert flat.values.ctypes.data + flat.first * array.itemsize == array.ctypes.data


@pytest.mark.parametrize("array", [pytest.param(array, id=name) for name, array in COPIES.items()])
def test_what_has_no_strides_in_whole_elements_is_copied(array):
    assert not np.shares_memory(flatten(array).values, array)


def test_overlapping_windows_span_the_series_alone():
    assert flatten(WINDOWS[:, :, None]).values.shape == BASE.shape


def test_span_ends_at_the_last_entry_of_the_array():
    part = CUBE[1:3, 2:4, 1:5:2]
    flat = flatten(part)
    assert flat.values[0] == part[0, 0, 0]
    assert flat.values[-1] == part[-1, -1, -1]


def test_broadcast_array_spans_one_copy():
    flat = flatten(np.broadcast_to(BASE[:6], (4, 5, 6)))
    assert (flat.first, flat.strides, flat.values.shape) == (0, (0, 0, 1), (6,))


@pytest.mark.parametrize("name", COPIES)
def test_windows_that_overlap_are_copied_as_what_they_span(name):
    series = COPIES[name]
    windows = np.lib.stride_tricks.sliding_window_view(series, 4)[::-1]
    flat = flatten(windows)
    assert not np.shares_memory(flat.values, windows)
    assert len(flat.values) == len(series)
    np.testing.assert_array_equal(read(flat, windows.shape), windows)


CASTS = {**VIEWS, **COPIES, **EMPTY, "integers": np.lib.stride_tricks.sliding_window_view(np.arange(50), 7)[:, ::-3]}


@pytest.mark.parametrize("array", [pytest.param(array, id=name) for name, array in CASTS.items()])
@pytest.mark.parametrize("dtype", [np.float32, np.complex128])
def test_cast_has_the_values_of_astype_and_no_more_memory_than_the_array(array, dtype):
    if np.iscomplexobj(array):
        array = array.real
    result = cast(array, dtype)
    assert result.dtype == dtype
    np.testing.assert_array_equal(result, array.astype(dtype))
    assert flatten(result).values.size <= array.size


def test_cast_windows_of_some_columns_take_the_memory_of_these_columns():
    table = np.arange(50 * 40).reshape(50, 40)
    windows = np.lib.stride_tricks.sliding_window_view(table[:, 3:6], 9, axis=0).swapaxes(1, 2)
    for view in (windows, windows[:, ::-1], windows[::-1, :, ::-1], windows[:, :, :1]):
        result = cast(view, np.float32)
        np.testing.assert_array_equal(result, view)
        assert flatten(result).values.size <= 50 * view.shape[2]


@pytest.mark.parametrize("name", ["overlapping windows", "targets of windows", "broadcast", "windows reversed in time"])
def test_cast_of_entries_that_share_memory_share_it(name):
    result = cast(VIEWS[name], np.float32)
    assert flatten(result).values.nbytes <= 4 * len(BASE)


def test_cast_of_what_is_too_large_or_lies_between_windows_is_silent():
    series = np.arange(20.0)
    series[1::2] = 1e300, *[np.nan] * 9
    windows = np.lib.stride_tricks.sliding_window_view(series, 6)[::2, ::2]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert np.isfinite(cast(windows, np.float32)).all()
        assert np.isinf(cast(series, np.float32)[1])


@pytest.mark.parametrize(
    "array", [pytest.param(array, id=name) for name, array in {**VIEWS, **COPIES, **EMPTY}.items()]
)
def test_buffer_is_one_contiguous_read_only_axis(array):
    flat = flatten(array)
    assert flat.values.ndim == 1
    assert flat.values.flags.c_contiguous and flat.values.flags.aligned
    assert not flat.values.flags.writeable
    assert len(flat.strides) == array.ndim


@pytest.mark.parametrize("array", [pytest.param(array, id=name) for name, array in EMPTY.items()])
def test_array_without_entries_gives_an_empty_buffer(array):
    assert flatten(array).values.shape == (0,)


def test_array_itself_stays_writeable():
    array = np.arange(3.0)
    flatten(array)
    array[0] = 5
    assert array[0] == 5
