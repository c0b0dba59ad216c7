"""Scalings learn centre and scale of each series on its own, at any size of its values."""

import statistics

import numpy as np
import pytest
from refusals import refused

from tsrnn import scaling
from tsrnn.scaling import (
    MeanScaling,
    MinMaxScaling,
    PooledScaling,
    RobustScaling,
    StandardScaling,
    Transform,
    in_pieces,
    quantiles,
)

VALUES = np.array([3.0, -1.0, 4.0, 1.0, -5.0, 9.0, 2.0])
NAN = np.nan
SCALINGS = [StandardScaling, MinMaxScaling, RobustScaling, MeanScaling]
each_scaling = pytest.mark.parametrize("kind", SCALINGS)
each = pytest.mark.parametrize("kind", [*SCALINGS, PooledScaling, Transform])


def side_by_side(*series):
    """Return series as one array and its bounds."""
    return np.concatenate([np.asarray(one, np.float64) for one in series]), np.cumsum([0, *map(len, series)])


def fitted(kind, *series):
    return kind().fit(*side_by_side(*series))


def applied(kind, *series):
    """Return what fitting to series makes of them."""
    return fitted(kind, *series).transform(*side_by_side(*series))


# Slow twins: one series, from the definitions; the quartiles are those of NumPy, definition 7 of Hyndman and Fan.


def twin(kind, series):
    """Return the centre and the scale of a list of observed values."""
    if kind is StandardScaling:
        return statistics.fmean(series), statistics.pstdev(series) or max(map(abs, series)) or 1.0
    if kind is MinMaxScaling:
        return min(series), (max(series) - min(series)) or max(map(abs, series)) or 1.0
    if kind is RobustScaling:
        lower, median, upper = np.percentile(series, [25, 50, 75])
        return median, (upper - lower) or statistics.fmean(abs(value - median) for value in series) or max(
            map(abs, series)
        ) or 1.0
    return 0.0, statistics.fmean(map(abs, series)) or 1.0


PANEL = [
    VALUES,
    [],
    [1e6 + 1, NAN, 1e6 + 4, 1e6 + 9, NAN],
    [NAN, NAN],
    [-2.5],
    [7.0, 7.0, NAN, 7.0],
    np.arange(40) ** 1.5,
    [],
]


@each_scaling
def test_centre_and_scale_of_every_series_are_those_of_its_observed_values_alone(kind):
    scaling = fitted(kind, *PANEL)
    for s, series in enumerate(PANEL):
        observed = [float(value) for value in series if value == value]
        center, scale = twin(kind, observed) if observed else (0.0, 1.0)
        # Some roundings of 1.1e-16 of the largest value.
        size = max(map(abs, observed), default=0.0)
        assert scaling.center_[s] == pytest.approx(center, rel=1e-14, abs=1e-14 * size)
        assert scaling.scale_[s] == pytest.approx(scale, rel=1e-14, abs=1e-14 * size)


@each_scaling
def test_a_value_less_its_centre_is_divided_by_the_scale(kind):
    scaling = fitted(kind, *PANEL)
    values, bounds = side_by_side([3.0], [], [5.0, 6.0], [], [], [8.0], [], [1.0])  # series may have gone on, or not
    expected = [(x - scaling.center_[s]) / scaling.scale_[s] for s, x in ((0, 3), (2, 5), (2, 6), (5, 8), (7, 1))]
    np.testing.assert_array_equal(scaling.transform(values, bounds), expected)


@each
def test_a_series_without_any_value_is_left_as_it_is(kind):
    scaling = fitted(kind, [NAN, NAN], [], VALUES)
    values, bounds = side_by_side([NAN, 5.0], [-3.0], [])
    np.testing.assert_array_equal(scaling.transform(values, bounds), [NAN, 5, -3])
    np.testing.assert_array_equal(scaling.inverse_transform([[5.0], [-3.0]], [0, 1], [0, 0]), [[5], [-3]])


@pytest.mark.parametrize("kind", [StandardScaling, MinMaxScaling, RobustScaling])
@pytest.mark.parametrize("values", [[0.1] * 73, [1e6 + 0.1] * 50, [0.0] * 3, [-7.0], [1e-320] * 2, [1e308] * 9])
def test_equal_values_are_shifted_to_zero_and_keep_their_unit(kind, values):
    scaling = fitted(kind, values)
    assert scaling.scale_ == (abs(values[0]) or 1.0)
    np.testing.assert_array_equal(scaling.transform(*side_by_side(values)), np.zeros(len(values)))


def test_the_mean_scaling_makes_one_of_equal_values_and_leaves_zeros():
    np.testing.assert_array_equal(applied(MeanScaling, [-7.0] * 3, [0.0] * 2), [-1, -1, -1, 0, 0])


def test_the_pooled_scale_is_the_median_of_the_deviations_of_series_that_move():
    scaling, own = fitted(PooledScaling, *PANEL), fitted(StandardScaling, *PANEL)
    observed = [[value for value in map(float, series) if value == value] for series in PANEL]
    expected = statistics.median(statistics.pstdev(one) for one in observed if len(set(one)) > 1)
    np.testing.assert_allclose(scaling.scale_, [expected if one else 1.0 for one in observed], rtol=1e-14)
    np.testing.assert_array_equal(scaling.center_, own.center_)


def test_of_series_none_of_which_changes_each_keeps_its_unit():
    assert fitted(PooledScaling, [4.0, 4.0], [0.0] * 3, []).scale_.tolist() == [4, 1, 1]


@pytest.mark.parametrize("size", [1e-200, 1e200])
def test_the_pooled_scale_neither_overflows_nor_vanishes(size):
    np.testing.assert_allclose(applied(PooledScaling, VALUES * size), applied(PooledScaling, VALUES), rtol=1e-14)


def test_the_robust_scale_of_mostly_equal_values_is_their_mean_distance_from_the_median():
    scaling = fitted(RobustScaling, [0, 0, 0, 0, 0, 0, 0, 0, 0, 50.0])
    assert (scaling.center_, scaling.scale_) == (0, 5)


def test_quantiles_are_those_of_numpy_for_series_of_any_lengths():
    rng = np.random.default_rng(0)
    series = [rng.normal(size=n) for n in (1, 2, 3, 4, 5, 7, 8, 9, 16, 17, 100)]
    for one in series[4:]:
        one[rng.integers(len(one), size=2)] = NAN
    found = quantiles(*side_by_side(*series), (0.0, 0.1, 0.25, 0.5, 1.0))
    expected = [np.nanpercentile(one, [0, 10, 25, 50, 100]) for one in series]
    np.testing.assert_allclose(found.T, expected, rtol=1e-14, atol=1e-15)  # two roundings


@each
def test_the_way_back_takes_the_scale_of_the_series_it_is_told(kind):
    scaling = fitted(kind, VALUES, 1000 + 10 * VALUES)
    values, bounds = side_by_side(VALUES, 1000 + 10 * VALUES)
    z = scaling.transform(values, bounds)
    back = scaling.inverse_transform([z[7:10], z[0:3]], [1, 0], [0, 0])
    # One division, one product, two sums; the shift by the mean rounds absolutely.
    np.testing.assert_allclose(back, [values[7:10], values[0:3]], rtol=1e-14, atol=1e-14)


@each
def test_forecasts_may_have_further_axes_and_come_back_in_float64(kind):
    scaling = fitted(kind, VALUES, 2 * VALUES)
    forecasts = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
    back = scaling.inverse_transform(forecasts, [1, 0], [7, 7])
    assert (back.dtype, back.shape) == (np.float64, (2, 3, 4))
    for quantile in range(4):
        alone = scaling.inverse_transform(forecasts[:, :, quantile], [1, 0], [7, 7])
        np.testing.assert_array_equal(back[:, :, quantile], alone)


@each
def test_values_are_left_as_they_were(kind):
    values, bounds = side_by_side(VALUES, [NAN, 1.0])
    before, z = values.copy(), kind().fit(values, bounds).transform(values, bounds)
    kind().fit(values, bounds).inverse_transform(z[None], [0], [0])
    np.testing.assert_array_equal(values, before)


@each
def test_integers_are_values_like_others(kind):
    values, bounds = np.array([3, 1, 2, 250], np.uint8), np.array([0, 4])
    np.testing.assert_array_equal(applied(kind, values), kind().fit(values, bounds).transform(values, bounds))


def test_nothing_is_done_where_nothing_is_asked():
    np.testing.assert_array_equal(applied(Transform, VALUES), VALUES)


@each_scaling
@pytest.mark.parametrize("size", [1e-310, 1e-200, 1.0, 1e200, 1e308])
def test_no_square_overflows_or_vanishes(kind, size):
    values = np.array([1.0, -0.25, 1.5, 0.5])  # whose range is below the largest number at all sizes
    # A value of 1e-310 has ten digits only.
    np.testing.assert_allclose(applied(kind, values * size), applied(kind, values), rtol=1e-9, atol=1e-9)


@each_scaling
def test_the_smallest_numbers_there_are_come_back(kind):
    values, bounds = side_by_side([5e-324, 0.0, 1.5e-323], [5e-324])
    scaling = kind().fit(values, bounds)
    z = scaling.transform(values, bounds)
    assert np.isfinite(z).all()
    back = scaling.inverse_transform([z[:3]], [0], [0])
    np.testing.assert_allclose(back, [values[:3]], rtol=0, atol=5e-324)  # they are 1, 0 and 3 times the spacing


def test_differences_in_the_last_digit_have_a_deviation():
    values = 1 + np.finfo(float).eps * np.array([0, 1, 0, 1])
    scaling = fitted(StandardScaling, values)
    # The mean lies half a spacing off and is rounded: a deviation of half a spacing, or of one.
    assert 0.25 < scaling.scale_[0] / np.finfo(float).eps < 1.5


@pytest.mark.parametrize("kind", [StandardScaling, MinMaxScaling, RobustScaling])
def test_values_whose_differences_overflow_are_refused_by_the_name_of_their_series(kind):
    panel = side_by_side(VALUES, [1.7e308, 1.7e308, -1.7e308])
    refused(ValueError, ["series 1", "1.7e+308", "too large to scale", "divide"], kind().fit, *panel)
    refused(ValueError, ["series 'B' has"], kind().fit, *panel, ["series 'A'", "series 'B'"])


@each_scaling
def test_a_unit_change_changes_no_scaled_value(kind):
    # Exact, by a power of two.
    np.testing.assert_array_equal(
        applied(kind, *PANEL[2:]), applied(kind, *[np.array(one) * 1024 for one in PANEL[2:]])
    )


@pytest.mark.parametrize("kind", [StandardScaling, MinMaxScaling, RobustScaling])
def test_an_added_constant_changes_no_scaled_value(kind):
    # Sums of VALUES and 64 are exact; means and quotients round.
    np.testing.assert_allclose(applied(kind, VALUES + 64), applied(kind, VALUES), rtol=0, atol=1e-13)


@each_scaling
def test_what_a_series_learns_depends_on_no_other_though_long_ones_are_gone_through_in_pieces(monkeypatch, kind):
    monkeypatch.setattr(scaling, "PIECE", 8)
    rng = np.random.default_rng(0)
    panel = [np.exp(rng.normal(size=n)) for n in (3, 8, 0, 9, 100, 2, 5, 1, 17)]
    panel[4][[7, 8, 40]] = NAN
    together = fitted(kind, *panel)
    for s, series in enumerate(panel):
        alone = fitted(kind, series)
        assert (together.center_[s], together.scale_[s]) == (alone.center_[0], alone.scale_[0])
        observed = [float(value) for value in series if value == value]
        # Some roundings of 1.1e-16.
        assert (together.center_[s], together.scale_[s]) == pytest.approx(
            twin(kind, observed) if observed else (0, 1), rel=1e-14, abs=1e-14
        )


def test_pieces_are_whole_series_or_parts_of_one_and_hold_every_row_once(monkeypatch):
    monkeypatch.setattr(scaling, "PIECE", 8)
    bounds = np.cumsum([0, 3, 5, 0, 20, 8, 0, 1])
    pieces = list(in_pieces(bounds))
    assert [row for rows, _, _ in pieces for row in range(rows.start, rows.stop)] == list(range(bounds[-1]))
    for rows, series, own in pieces:
        assert 0 < rows.stop - rows.start <= 8
        n_rows, ends = rows.stop - rows.start, bounds[series.start : series.stop + 1]
        expected = [0, n_rows] if n_rows < ends[-1] - ends[0] else ends - rows.start
        np.testing.assert_array_equal(own, expected)
