"""The bounds of intervals are found among the columns of a frame, and nothing else is taken for one."""

import numpy as np
import pandas as pd
import pytest
from refusals import refused

from tsrnn.bands import check_level, read_bands, split_bands


def frame_of(*names):
    """Return a frame whose columns hold their places."""
    return pd.DataFrame(np.tile(np.arange(len(names)), (2, 1)), columns=list(names))


def shown(bands):
    """Return {level: the names and the numbers of both sides}."""
    return {
        level: tuple((list(side.columns), side.iloc[0].tolist()) for side in sides) for level, sides in bands.items()
    }


def test_bounds_stand_in_the_columns_of_the_points_by_level():
    frame = frame_of("y", "y-lo-95", "y-lo-80", "y-hi-80", "y-hi-95")
    points, bands = split_bands(frame, "forecast")
    assert list(points.columns) == ["y"]
    assert shown(bands) == {80: ((["y"], [2]), (["y"], [3])), 95: ((["y"], [1]), (["y"], [4]))}
    assert list(bands) == [80, 95]
    assert [type(level) for level in bands] == [int, int]


def test_keys_stay_beside_the_bounds_and_other_columns_do_not():
    frame = frame_of("ds", "unique_id", "y", "price", "y-lo-99.9", "y-hi-99.9")
    points, bands = split_bands(frame, "forecast", keys=("unique_id", "ds"))
    assert list(points.columns) == ["ds", "unique_id", "y", "price"]
    names = ["unique_id", "ds", "y"]
    assert shown(bands) == {99.9: ((names, [1, 0, 4]), (names, [1, 0, 5]))}


def test_each_series_of_a_wide_frame_has_its_bounds_or_those_of_the_target_alone():
    frame = frame_of("a", "a-lo-80", "a-hi-80", "b-c", "b-c-lo-80", "b-c-hi-80")
    names = ["a", "b-c"]
    assert shown(split_bands(frame, "forecast")[1]) == {80: ((names, [1, 4]), (names, [2, 5]))}
    points, bands = split_bands(frame, "forecast", target="b-c")
    assert list(points.columns) == names
    assert shown(bands) == {80: ((["b-c"], [4]), (["b-c"], [5]))}
    assert split_bands(frame, "forecast", target=["a", "b-c"])[1].keys() == {80}


def test_bounds_of_columns_whose_names_are_numbers_are_text():
    _, bands = split_bands(frame_of(0, "0-lo-80", "0-hi-80"), "forecast")
    assert shown(bands) == {80: (([0], [1]), ([0], [2]))}


@pytest.mark.parametrize(
    "frame",
    [
        frame_of("x-lo-80", "x-hi-80"),  # bounds of nothing: series that are called so
        frame_of("y", "y-lo", "y-q-0.1", "y-path-0", "y-lo-80%", "lo-80"),
        frame_of(("y", "a"), ("y", "b")),
        pd.Series([1.0], name="y"),
    ],
)
def test_what_is_no_bound_stays_where_it_is(frame):
    points, bands = split_bands(frame, "forecast")
    assert points is frame
    assert bands == {}
    refused(ValueError, ["forecast has no columns of intervals", "level"], read_bands, frame, "forecast")


@pytest.mark.parametrize(
    "names, words",
    [
        (["y", "y-lo-80"], ["forecast has no column 'y-hi-80'", "both"]),
        (["y", "y-hi-80", "y-lo-95", "y-hi-95"], ["'y-lo-80'"]),
        (["a", "b", "a-lo-80", "a-hi-80", "b-lo-90", "b-hi-90"], ["'a-lo-90'", "each series the same levels"]),
        (["y", "y-lo-0.8", "y-hi-0.8"], ["column 'y-lo-0.8' of forecast", "0.8", "write 80"]),
        (["y", "y-lo-100", "y-hi-100"], ["'y-lo-100'", "below 100"]),
        (["y", "y-lo-0", "y-hi-0"], ["'y-lo-0'", "from 1"]),
    ],
)
def test_bounds_that_are_no_intervals_are_refused(names, words):
    refused(ValueError, words, split_bands, frame_of(*names), "forecast")


@pytest.mark.parametrize("level", [1, 80, 99.9, np.float32(95), np.int64(50)])
def test_levels_are_any_numbers_of_percent(level):
    check_level(level)
