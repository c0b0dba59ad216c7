"""Covariates become columns: what is known of the past alone comes first, numbers are scaled, categories stay."""

import numpy as np
import pandas as pd
import pytest
from refusals import refused

from tsrnn.covariates import MOST_CATEGORIES, Columns, vector_size

VALUES = np.array([[1.0, 0, 10.0], [3.0, 2, 30.0], [np.nan, -1, 20.0], [5.0, np.nan, np.nan]])
KINDS = {"kind": pd.Index(["a", "b", "c"])}


def columns(past=()):
    return Columns(("price", "kind", "rain"), KINDS, past).fit(VALUES[:2])


def test_numbers_are_scaled_by_training_and_what_is_missing_is_the_mean():
    read = columns().transform(VALUES, np.float64)
    # Mean 2 and deviation 1 of the first two rows, to a rounding.
    np.testing.assert_allclose(read[:, 0], [-1, 1, 0, 3], rtol=1e-15)
    np.testing.assert_allclose(read[:, 2], [-1, 1, 0, 0], rtol=1e-15)


def test_a_category_is_its_number_and_an_unknown_or_missing_one_is_negative():
    read = columns().transform(VALUES, np.float32)
    np.testing.assert_array_equal(read[:, 1], [0, 2, -1, -1])
    assert read.dtype == np.float32
    np.testing.assert_array_equal(columns().unknown(np.float64), [0, -1, 0])


@pytest.mark.parametrize(
    "past, order, n_past, place",
    [((), [0, 1, 2], 0, 1), (("rain",), [2, 0, 1], 1, 2), (("kind", "rain"), [1, 2, 0], 2, 0)],
)
def test_what_is_known_of_the_past_alone_comes_first(past, order, n_past, place):
    both = columns(past)
    assert (both.n_past, both.n_columns) == (n_past, 3)
    assert both.embedded == ((place, 3, 3),)
    np.testing.assert_array_equal(both.transform(VALUES, np.float64), columns().transform(VALUES, np.float64)[:, order])


@pytest.mark.parametrize("value", [7.0, 0.1, 123.456, 1e300])
def test_a_constant_covariate_is_zero_and_what_comes_later_is_measured_by_its_size(value):
    one = Columns(("x",), {}).fit(np.full((100, 1), value))
    np.testing.assert_allclose(one.transform(np.array([[value], [1.5 * value]]), np.float64), [[0], [0.5]], rtol=1e-12)


@pytest.mark.parametrize("unit", [1e-300, 1e-162, 1e155, 1e300])
def test_covariates_of_any_unit_are_read_alike(unit):
    given = np.array([[1.0], [3.0], [8.0]])
    read, other = (Columns(("x",), {}).fit(given * u).transform(given * u, np.float32) for u in (1, unit))
    np.testing.assert_allclose(other, read, rtol=1e-6)


def test_a_covariate_beyond_the_precision_is_refused():
    model = Columns(("x",), {}).fit(np.array([[1.0], [3.0]]))
    refused(ValueError, ["covariate 'x'", "1e+60", "around 2"], model.transform, np.array([[2.0], [1e60]]), np.float32)


def test_with_a_mask_a_column_beside_each_number_says_where_it_is_missing():
    read = Columns(("price", "kind"), KINDS, has_mask=True).fit(VALUES[:2, :2]).transform(VALUES[:, :2], np.float64)
    np.testing.assert_array_equal(read, [[-1, 0, 0], [1, 0, 2], [0, 1, -1], [3, 0, -1]])


def test_vectors_grow_with_the_number_of_categories_by_the_rule_of_fastai_up_to_fifty():
    assert [vector_size(n) for n in (0, 1, 2, 10, 100, 400, 1000)] == [1, 2, 2, 6, 21, 46, 50]


def test_numbers_are_interpolated_within_each_series_and_categories_are_not():
    given = np.array([[1.0, 0], [np.nan, np.nan], [3.0, 1], [np.nan, 1], [np.nan, np.nan], [8.0, 2]])
    filled = Columns(("price", "kind"), KINDS).interpolate(given, np.array([0, 4, 6]))
    np.testing.assert_array_equal(filled[:, 0], [1, 2, 3, 3, 8, 8])
    np.testing.assert_array_equal(filled[:, 1], given[:, 1])


def test_no_covariates_are_no_columns():
    none = Columns((), {}).fit(np.zeros((4, 0)))
    assert none.transform(np.zeros((4, 0)), np.float32).shape == (4, 0)


def test_a_past_covariate_that_is_none_and_too_many_categories_are_refused():
    with pytest.raises(
        ValueError, match=r"past_covariates holds 'snow', which is no covariate; .* 'price', 'kind', 'rain'"
    ):
        columns(("snow",))
    with pytest.raises(ValueError, match=r"covariate 'kind' has 100001 categories; give at most 100000"):
        Columns(("kind",), {"kind": pd.RangeIndex(MOST_CATEGORIES + 1)})
