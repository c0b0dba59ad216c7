"""Transforms learn on the part they are given, and what they do can be undone."""

import statistics

import numpy as np
import pytest

from tsrnn.transforms import TRANSFORMS, IdentityTransform, StandardTransform

VALUES = np.array([3.0, -1.0, 4.0, 1.0, -5.0, 9.0, 2.0])


def test_standard_learns_mean_and_population_deviation():
    transform = StandardTransform().fit(VALUES)
    # Seven values: a few roundings of 1.1e-16 each.
    assert transform.mean_ == pytest.approx(statistics.fmean(VALUES), rel=1e-14)
    assert transform.scale_ == pytest.approx(statistics.pstdev(VALUES), rel=1e-14)


def test_standard_uses_what_it_learnt_on_a_part_for_everything():
    transform = StandardTransform().fit(np.array([2.0, 4.0, 6.0, 8.0]))  # mean 5, variance (9 + 1 + 1 + 9) / 4 = 5
    np.testing.assert_allclose(transform.transform(np.array([5.0, 5.0 + 5**0.5])), [0, 1], rtol=1e-15)


def test_values_outside_the_fitted_part_change_nothing_learnt():
    other = np.concatenate([VALUES[:5], [1e6, -1e6]])
    one, two = StandardTransform().fit(VALUES[:5]), StandardTransform().fit(other[:5])
    assert (one.mean_, one.scale_) == (two.mean_, two.scale_)


def test_constant_values_are_shifted_and_not_divided():
    transform = StandardTransform().fit(np.full(4, 7.0))
    np.testing.assert_array_equal(transform.transform(np.array([7.0, 9.0])), [0, 2])


@pytest.mark.parametrize("name", TRANSFORMS)
def test_inverse_undoes_the_transform(name):
    transform = TRANSFORMS[name]().fit(VALUES)
    # One division, one product, two sums; the shift by the mean rounds absolutely.
    np.testing.assert_allclose(transform.inverse_transform(transform.transform(VALUES)), VALUES, rtol=1e-14, atol=1e-15)


@pytest.mark.parametrize("name", TRANSFORMS)
def test_inverse_of_float32_is_float64_of_the_same_shape(name):
    predictions = np.array([[0.5, 1.5], [2.5, -0.5]], np.float32)
    back = TRANSFORMS[name]().fit(VALUES).inverse_transform(predictions)
    assert (back.dtype, back.shape) == (np.float64, (2, 2))


@pytest.mark.parametrize("name", TRANSFORMS)
def test_transform_leaves_its_input_as_it_was(name):
    values = VALUES.copy()
    transform = TRANSFORMS[name]().fit(values)
    transform.inverse_transform(transform.transform(values))
    np.testing.assert_array_equal(values, VALUES)


def test_identity_gives_the_values_themselves():
    np.testing.assert_array_equal(IdentityTransform().fit(VALUES).transform(VALUES), VALUES)


@pytest.mark.parametrize("size", [1e-310, 1e-200, 1.0, 1e200, 1e308])
def test_no_square_overflows_or_vanishes(size):
    values = np.array([1.0, -1.0, 1.5, 0.5]) * size
    transform = StandardTransform().fit(values)
    scaled = transform.transform(values)
    # Closed form: mean 0.5, deviations 0.5, -1.5, 1, 0. A value of 1e-310 has ten digits only.
    expected = np.array([0.5, -1.5, 1.0, 0.0]) / np.sqrt(3.5 / 4)
    np.testing.assert_allclose(scaled, expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("values", [[0.1] * 73, [1e6 + 0.1] * 50, [0.0] * 3])
def test_equal_values_have_the_scale_one_though_their_deviation_may_be_rounding(values):
    assert StandardTransform().fit(np.array(values)).scale_ == 1.0


def test_values_whose_differences_overflow_are_refused():
    with pytest.raises(ValueError, match="too large to scale"):
        StandardTransform().fit(np.array([1.7e308, 1.7e308, -1.7e308]))
