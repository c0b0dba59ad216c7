"""Logarithms and powers follow the papers' formulas, with the likeliest exponent, and come back."""

import math

import numpy as np
import pytest
from refusals import refused

from tsrnn.powers import BoxCox, Log1p, YeoJohnson, best_exponent

NAN = np.nan
BOTH = pytest.mark.parametrize("kind", [BoxCox, YeoJohnson])


def side_by_side(*series):
    """Return series as one array and its bounds."""
    return np.concatenate([np.asarray(one, np.float64) for one in series]), np.cumsum([0, *map(len, series)])


def fitted(kind, *series):
    return kind().fit(*side_by_side(*series))


def there_and_back(kind, series):
    values, bounds = side_by_side(series)
    transform = kind().fit(values, bounds)
    return transform.inverse_transform(transform.transform(values, bounds)[None], [0], [0])[0]


# Slow twins: the formulas of the papers, value by value, and the likelihood that they maximise.


def box_cox(x, exponent):
    return math.log(x) if exponent == 0 else (x**exponent - 1) / exponent


def yeo_johnson(x, exponent):
    return box_cox(1 + x, exponent) if x >= 0 else -box_cox(1 - x, 2 - exponent)


TWINS = {BoxCox: box_cox, YeoJohnson: yeo_johnson}


def log_likelihood(kind, series, exponent):
    """Return the profile log-likelihood: that of a normal sample, with the slope of the transform."""
    z = np.array([TWINS[kind](x, exponent) for x in series])
    slopes = [math.log(x) if kind is BoxCox else math.copysign(math.log1p(abs(x)), x) for x in series]
    return -len(z) / 2 * math.log(z.var()) + (exponent - 1) * sum(slopes)


rng = np.random.default_rng(4)
SAMPLES = {
    "lognormal": np.exp(rng.normal(size=60)),
    "square of normal": (5 + rng.normal(size=50)) ** 2,
    "root of normal": np.sqrt(40 + 10 * rng.normal(size=50)),
    "far from one": 1e4 * (7 + rng.normal(size=30)) ** 3,
    "two values": np.array([3.0, 5.0]),
    "trend": np.exp(0.02 * np.arange(144)) * (1 + 0.1 * np.sin(np.arange(144))),
    "skewed to the left": 10 - np.exp(rng.normal(size=80) / 2),
}


@BOTH
@pytest.mark.parametrize("name", SAMPLES)
def test_the_exponent_is_the_likeliest_from_zero_to_two(kind, name):
    series = SAMPLES[name] - (3 if kind is YeoJohnson else 0)
    grid = np.linspace(0, 2, 2001)
    likelihoods = [log_likelihood(kind, series, exponent) for exponent in grid]
    (found,) = fitted(kind, series).exponent_
    assert found == pytest.approx(grid[np.argmax(likelihoods)], abs=0.0011)  # the grid's step, and 1e-4
    # A likelihood is flat at its top: 1e-4 beside it costs less than 1e-4 of n / 2.
    assert log_likelihood(kind, series, found) >= max(likelihoods) - 1e-4 * len(series) / 2


@BOTH
def test_every_series_has_an_exponent_of_its_own_whatever_stands_beside_it(kind):
    series = [[], *(1 + rng.random(n) for n in (60, 30, 9, 33)), [5.0], [NAN, NAN], 2 - rng.random(size=40) ** 2]
    together = fitted(kind, *series).exponent_
    alone = [fitted(kind, one).exponent_[0] for one in series]
    np.testing.assert_array_equal(together, alone)
    assert len(set(together)) >= 4


def test_box_cox_is_the_papers_formula_of_the_values_divided_by_their_geometric_mean():
    values, bounds = side_by_side(SAMPLES["lognormal"], SAMPLES["square of normal"])
    transform = BoxCox().fit(values, bounds)
    transform.exponent_ = np.array([0.0, 0.7])
    for s in range(2):
        mine = values[bounds[s] : bounds[s + 1]]
        geometric_mean = math.exp(np.mean([math.log(x) for x in mine]))
        expected = [box_cox(x / geometric_mean, transform.exponent_[s]) for x in mine]
        z = transform.transform(values, bounds)[bounds[s] : bounds[s + 1]]
        np.testing.assert_allclose(z, expected, rtol=1e-12, atol=1e-14)  # the twin loses digits near 1


def test_yeo_johnson_is_the_papers_formula():
    series = np.array([-50.0, -1.0, -1e-3, 0.0, 1e-3, 1.0, 50.0])
    transform = fitted(YeoJohnson, *[series] * 5)
    transform.exponent_ = np.array([0.0, 0.3, 1.0, 1.6, 2.0])
    z = transform.transform(*side_by_side(*[series] * 5)).reshape(5, 7)
    expected = [[yeo_johnson(x, exponent) for x in series] for exponent in transform.exponent_]
    np.testing.assert_allclose(z, expected, rtol=1e-12, atol=1e-15)  # the twin loses digits near 0
    assert np.array_equal(transform.exponent_[1], 0.3)


def test_the_logarithm_is_that_of_one_plus_the_value():
    values, bounds = side_by_side([0.0, 1.0, -0.5, NAN], [1e300])
    expected = [0, math.log(2), math.log(0.5), NAN, math.log(1e300)]
    np.testing.assert_allclose(Log1p().fit(values, bounds).transform(values, bounds), expected, rtol=1e-15)


@pytest.mark.parametrize(
    "kind, series",
    [
        (Log1p, [0.0, 1e-300, 5e-324, 1.0, 1e300, -0.999999]),
        (BoxCox, [1e-300, 1e-5, 1.0, 1e5, 1e300]),
        (BoxCox, [5e-324, 1e-310, 1e308]),
        (BoxCox, 10 - np.geomspace(1e-9, 9, 50)),
        (BoxCox, [1.0, 1.0, 1.0, 1.0, 1.0, 1e-12]),
        (BoxCox, [*[1.0] * 50, 1e-12]),
        (BoxCox, [*[1.0] * 50, 1e12]),
        (BoxCox, [*[1.0] * 1000, 1e300]),
        (BoxCox, [1e9, 1e9 + 1e-6, 1e9 + 2e-6]),
        (YeoJohnson, [-1e300, -1.0, 0.0, 1e-300, 5e-324, 1e5, 1e300]),
        (YeoJohnson, [-1.7e308, 0.0, 1.7e308]),
        (YeoJohnson, [*[0.0] * 50, 1e12]),
        (YeoJohnson, [*[0.0] * 50, -1e12, 1e-9]),
    ],
)
def test_every_value_comes_back_to_nine_digits_of_itself(kind, series):
    np.testing.assert_allclose(there_and_back(kind, series), series, rtol=1e-9, atol=1e-20 * (kind is YeoJohnson))


@BOTH
@pytest.mark.parametrize("series", [[7.0], [7.0] * 5, [NAN, 7.0, NAN], [0.1] * 73, [1e-300] * 2, [1e300] * 3])
def test_equal_values_have_the_exponent_one_and_come_back(kind, series):
    assert fitted(kind, series).exponent_ == 1
    np.testing.assert_allclose(there_and_back(kind, series), series, rtol=1e-12)


@BOTH
def test_series_without_any_value_have_the_exponent_one(kind):
    transform = fitted(kind, [NAN, NAN], [])
    np.testing.assert_array_equal(transform.exponent_, [1, 1])
    z = transform.transform(*side_by_side([3.0, NAN], []))
    np.testing.assert_allclose(z, [2 if kind is BoxCox else 3, NAN], rtol=1e-15)
    np.testing.assert_allclose(transform.inverse_transform([z], [0], [0]), [[3, NAN]], rtol=1e-15)


def test_a_unit_change_changes_nothing_in_box_cox():
    series = SAMPLES["square of normal"]
    z, other = (fitted(BoxCox, one).transform(*side_by_side(one)) for one in (series, 1e-200 * series))
    np.testing.assert_allclose(other, z, rtol=1e-9, atol=1e-9)  # logarithms of 1e-200 round a thousand times more


def test_forecasts_below_what_any_value_gives_come_back_as_zero():
    transform = fitted(BoxCox, SAMPLES["square of normal"])
    transform.exponent_ = np.array([0.5])  # so values give more than -2
    back = transform.inverse_transform([[-7.0, -2.0, -1.999, 0.0]], [0], [0])[0]
    assert back[0] == back[1] == 0 < back[2] < back[3]


@pytest.mark.parametrize("kind", [Log1p, BoxCox, YeoJohnson])
def test_forecasts_come_back_finite_and_in_order_however_far_off(kind):
    series = SAMPLES["lognormal"]
    forecasts = np.array([-1e300, -1e6, -3.0, 0.0, 2.0, 1e6, 1e300])
    back = fitted(kind, series).inverse_transform([forecasts], [0], [0])[0]
    assert np.isfinite(back).all()
    assert (np.diff(back) >= 0).all()


@pytest.mark.parametrize("kind", [Log1p, BoxCox, YeoJohnson])
def test_forecasts_may_have_further_axes(kind):
    transform = fitted(kind, *list(SAMPLES.values())[:3])
    forecasts = rng.normal(size=(2, 4, 3))
    back = transform.inverse_transform(forecasts, np.array([2, 0]), np.array([60, 60]))
    for quantile in range(3):
        alone = transform.inverse_transform(forecasts[:, :, quantile], np.array([2, 0]), np.array([60, 60]))
        np.testing.assert_array_equal(back[:, :, quantile], alone)


@pytest.mark.parametrize(
    "kind, low, words",
    [(Log1p, -1.0, ["'log1p'", "-1 "]), (BoxCox, 0.0, ["'boxcox'", "0 "]), (BoxCox, -2.5, ["'boxcox'", "-2.5"])],
)
def test_values_without_a_logarithm_are_refused_with_series_and_row_in_fit_and_afterwards(kind, low, words):
    good, bad = side_by_side([1.0, 2.0], [3.0, 4.0, 5.0, 6.0]), side_by_side([1.0, 2.0], [3.0, NAN, low, 6.0])
    words = [*words, "row 2", "shift", "yeojohnson"]
    refused(ValueError, ["series 1", *words], kind().fit, *bad)
    refused(ValueError, ["the series 'B'", *words], kind().fit, *bad, ["the series 'A'", "the series 'B'"])
    refused(ValueError, ["second", *words], kind().fit(*good, ["first", "second"]).transform, *bad)


def test_the_search_finds_the_deeper_of_two_valleys_and_the_ends_of_its_range():
    def loss(exponent):
        valleys = np.minimum((exponent - 0.05) ** 2, 20 * (exponent - 1.27) ** 2 - 0.1)
        return np.array([valleys[0], exponent[1], -exponent[2]])

    found = best_exponent(loss, np.array([0.0, 0.0, 0.5]), np.array([2.0, 2.0, 1.5]))
    assert found[0] == pytest.approx(1.27, abs=1e-4)
    assert (found[1], found[2]) == (0, 1.5)
