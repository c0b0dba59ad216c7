"""Rows of a panel are what the network may read, in one order, and forecasts come back to the units of the series."""

import numpy as np
import pandas as pd
import pytest
from refusals import refused
from sklearn.preprocessing import MaxAbsScaler

from tsrnn import preparation
from tsrnn.preparation import Preparation, Series
from tsrnn.reading import read_panel
from tsrnn.transforms import make_transform

NAN = np.nan
DAYS = pd.date_range("2024-01-01", periods=30, freq="D")
PANEL = {
    "b": [3.0, 1.0, 4.0, 1.0, 5.0, 9.0],
    "a": [20.0, 60.0, 50.0],
    "c": [-7.0, -8.0, -2.0, -8.0, -1.0, -8.0, -2.0, -8.0],
}
ORDER = ["a", "b", "c"]
SCALERS = ["standard", "minmax", "robust", "mean", "pooled", None, MaxAbsScaler()]
each_scaler = pytest.mark.parametrize("scaler", SCALERS, ids=str)


def series_of(panel):
    """Return the Series of a panel, a dict of lists by id."""
    parts = [pd.DataFrame({"unique_id": id_, "ds": DAYS[: len(v)], "y": v}) for id_, v in panel.items()]
    return Series.of(read_panel(pd.concat(parts), freq="D"))


def prepared(series, known_lengths=None, scaler="standard", horizon=2, missing="raise", dtype="float64"):
    """Return a Preparation fitted to the first rows of each series, and the rows."""
    known_lengths = series.lengths if known_lengths is None else np.array(known_lengths)
    preparation = Preparation(make_transform(scaler, 1, "scaler"), horizon, missing, dtype).fit(series, known_lengths)
    return preparation, preparation.rows(series, known_lengths)


def standardised(values):
    return (np.array(values) - np.nanmean(values)) / np.nanstd(values)


@pytest.mark.parametrize("horizon", [1, 4])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_each_series_is_scaled_alone_and_followed_by_as_many_empty_rows_as_the_horizon(horizon, dtype):
    _, rows = prepared(series_of(PANEL), horizon=horizon, dtype=dtype)
    expected = [[*standardised(PANEL[id_]), *[NAN] * horizon] for id_ in ORDER]
    assert (rows.dtype, rows.shape[1]) == (dtype, 1)
    # Some roundings of values of about one.
    np.testing.assert_allclose(rows[:, 0], np.concatenate(expected), rtol=1e-5 if dtype == "float32" else 1e-13)


def test_firsts_are_where_the_rows_of_each_series_begin():
    series = series_of(PANEL)
    preparation, rows = prepared(series, scaler=None, horizon=3)
    np.testing.assert_array_equal(rows[preparation.firsts(series), 0], [PANEL[id_][0] for id_ in ORDER])


def test_several_targets_are_columns_side_by_side():
    frame = pd.DataFrame({"x": PANEL["c"], "z": np.arange(8.0) ** 2}, DAYS[:8])
    preparation, rows = prepared(Series.of(read_panel(frame, target=["x", "z"])), horizon=1)
    np.testing.assert_allclose(rows[:8], np.column_stack([standardised(frame[name]) for name in "xz"]), rtol=1e-13)
    assert np.isnan(rows[8]).all() and len(rows) == 9
    assert preparation.n_features == 2


@pytest.mark.parametrize("ids", [["c", "a", "b"], ["b", "c", "a"]])
def test_the_order_in_which_series_came_changes_no_bit(ids):
    permuted, given = series_of({id_: PANEL[id_] for id_ in ids}), series_of(PANEL)
    assert [permuted.label(number) for number in range(3)] == [given.label(number) for number in range(3)]
    assert given.label(0) == "series 'a'"
    np.testing.assert_array_equal(prepared(permuted)[1], prepared(given)[1])
    np.testing.assert_array_equal(permuted.means(), given.means())


def test_rows_of_the_first_steps_follow_from_these_alone():
    known = [2, 4, 5]
    changed = {id_: [*v[:n], *(np.array(v[n:]) * 9)] for (id_, v), n in zip(sorted(PANEL.items()), known, strict=True)}
    (first, one), (second, two) = (prepared(series_of(panel), known) for panel in (PANEL, changed))
    starts = first.firsts(series_of(PANEL))
    for start, n in zip(starts, known, strict=True):
        np.testing.assert_array_equal(one[start : start + n], two[start : start + n])
        assert not np.array_equal(one[start + n : start + n + 1], two[start + n : start + n + 1])
    np.testing.assert_array_equal(first.means, second.means)


HOLED = {"a": [1.0, NAN, 3.0, 5.0, 4.0], "b": [NAN, 10.0, NAN, NAN, 40.0, 20.0, NAN]}


def test_what_is_missing_has_an_indicator_and_no_value_if_it_is_masked():
    preparation, rows = prepared(series_of(HOLED), missing="mask", horizon=2)
    assert preparation.n_features == 2
    for start, id_ in zip((0, 7), "ab", strict=True):
        n = len(HOLED[id_])
        np.testing.assert_allclose(rows[start : start + n, 0], standardised(HOLED[id_]), rtol=1e-13)
        np.testing.assert_array_equal(rows[start : start + n, 1], np.isnan(HOLED[id_]))
        assert np.isnan(rows[start + n : start + n + 2, 0]).all()


def test_interpolated_rows_lie_between_their_neighbours_and_at_the_ends_repeat_them():
    _, rows = prepared(series_of(HOLED), scaler=None, missing="interpolate", horizon=1)
    expected = [1, 2, 3, 5, 4, NAN, 10, 10, 20, 30, 40, 20, 20, NAN]
    np.testing.assert_allclose(rows[:, 0], expected, rtol=1e-15)


def test_interpolation_in_the_first_rows_knows_nothing_of_those_after_them():
    _, rows = prepared(series_of(HOLED), [2, 4], scaler=None, missing="interpolate", horizon=1)
    np.testing.assert_allclose(rows[:, 0], [1, 1, 3, 5, 4, NAN, 10, 10, 10, 10, 40, 20, 20, NAN], rtol=1e-15)
    preparation, _ = prepared(series_of(HOLED), [2, 4], missing="interpolate")
    np.testing.assert_array_equal(preparation.means, [[1], [10]])


def test_a_series_without_a_value_among_its_first_rows_takes_none_of_its_neighbours():
    late = {"a": [1.0, 2.0, 3.0], "b": [NAN, NAN, 50.0, 60.0], "c": [7.0, 9.0, 8.0], "d": [NAN, 5.0]}
    preparation, rows = prepared(series_of(late), [3, 2, 3, 1], missing="interpolate", horizon=1)
    np.testing.assert_array_equal(rows[4:9, 0], [NAN, NAN, 50, 60, NAN])  # and no scale of theirs
    np.testing.assert_array_equal(preparation.means, [[2], [0], [8], [0]])
    assert np.isnan(rows[13]).all()


@each_scaler
def test_what_was_scaled_is_restored(scaler):
    series = series_of(PANEL)
    preparation, rows = prepared(series, scaler=scaler)
    starts = preparation.firsts(series)
    windows = np.stack([rows[start + 1 : start + 3] for start in starts[[2, 0]]])
    restored = preparation.restore(windows, np.array([2, 0]), np.array([1, 1]), series)
    np.testing.assert_allclose(restored[:, :, 0], [PANEL["c"][1:3], PANEL["a"][1:3]], rtol=1e-9)


@each_scaler
@pytest.mark.parametrize("missing", ["mask", "interpolate"])
def test_how_many_rows_are_scaled_at_once_changes_no_bit(monkeypatch, scaler, missing):
    series = series_of(PANEL | HOLED)
    _, expected = prepared(series, scaler=scaler, missing=missing)
    for size in (1, 3, 5, 8):
        monkeypatch.setattr(preparation, "PIECE", size)
        np.testing.assert_array_equal(prepared(series, scaler=scaler, missing=missing)[1], expected)


def test_a_movement_too_small_for_the_precision_is_refused_however_far_series_lie_apart():
    panel = {id_: at + np.array([0.0, 1.0, 0.0, 2.0]) for id_, at in (("a", 1e9), ("b", -1e9))}
    refused(
        ValueError,
        ["series 'a' moves by less than float32 resolves", "dtype='float64'"],
        prepared, series_of(panel), scaler=None, dtype="float32",
    )  # fmt: skip
    prepared(series_of(panel), scaler=None)  # float64 resolves it


def test_values_too_large_for_the_precision_are_refused():
    panel = {"a": [1.0, 2.0, 3.0], "b": [1e300, 2e300, 1e299]}
    refused(
        ValueError,
        ["has a value that is too large for float32"],
        prepared,
        series_of(panel),
        scaler=None,
        dtype="float32",
    )


def test_means_are_those_of_what_is_known():
    np.testing.assert_allclose(series_of(HOLED).means(), [[3.25], [70 / 3]], rtol=1e-15)


@pytest.mark.parametrize("lengths", [[1, 2, 3], [3, 6, 8], [0, 6, 1]])
def test_heads_are_the_first_rows_of_each_series(lengths):
    head = series_of(PANEL).head(np.array(lengths))
    np.testing.assert_array_equal(head.lengths, lengths)
    expected = np.concatenate([PANEL[id_][:n] for id_, n in zip(ORDER, lengths, strict=True)])
    np.testing.assert_array_equal(head.values[:, 0], expected)
