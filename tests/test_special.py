"""Functions that losses are made of are those of SciPy."""

import naive
import numpy as np
import pytest
from scipy import special

from tsrnn.kernels import caching
from tsrnn.kernels import special as compiled


@caching.entry
def apply(which, x, n, out):
    for k in range(len(x)):
        if which == 0:
            out[k] = compiled.softplus(x[k])
        elif which == 1:
            out[k] = compiled.logistic(x[k])
        elif which == 2:
            out[k] = compiled.log_gamma_rise(x[k], n[k])
        else:
            out[k] = compiled.digamma_rise(x[k], n[k])


def of(which, x, n=0.0):
    x, n = (np.array(values) for values in np.broadcast_arrays(np.float64(x), np.float64(n)))
    out = np.empty_like(x)
    apply(which, x, n, out)
    return out


OUTPUTS = np.concatenate([np.linspace(-60, 60, 241), [-800, 800]])
X = np.geomspace(1e-3, 1e3, 200)


def test_softplus_and_its_slope():
    np.testing.assert_allclose(of(0, OUTPUTS), np.logaddexp(0, OUTPUTS), rtol=1e-15)
    np.testing.assert_allclose(of(1, OUTPUTS), special.expit(OUTPUTS), rtol=1e-15)


@pytest.mark.parametrize("n", [0.5, 1, 3, 17, 1000])
def test_rises_are_differences_of_log_gamma_and_digamma(n):
    # SciPy's differences lose what their terms, at most 1e4, have more than them: 1e-16 of that.
    expected = special.gammaln(X + n) - special.gammaln(X)
    np.testing.assert_allclose(of(2, X, n), expected, rtol=1e-12, atol=1e-11)
    np.testing.assert_allclose(of(3, X, n), special.digamma(X + n) - special.digamma(X), rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("x", [1e4, 1e6, 1e9])
@pytest.mark.parametrize("n", [1, 2, 50])
def test_rises_keep_their_precision_where_their_terms_are_large(x, n):
    factors = x + np.arange(n)
    np.testing.assert_allclose(of(2, [x], n), np.log(factors).sum(), rtol=1e-14)
    np.testing.assert_allclose(of(3, [x], n), (1 / factors).sum(), rtol=1e-13)


def test_log_gamma_and_digamma_themselves():
    # Known at 1: 0, and minus Euler's constant. What the series leave out is below 1e-13.
    n = np.arange(1.0, 300)
    np.testing.assert_allclose(of(2, np.ones_like(n), n), special.gammaln(1 + n), rtol=1e-13, atol=1e-13)
    np.testing.assert_allclose(of(3, np.ones_like(n), n) - np.euler_gamma, special.digamma(1 + n), rtol=1e-13)


def test_the_twins_log_gamma_is_log_gamma():
    np.testing.assert_allclose(naive.log_gamma(X), special.gammaln(X), rtol=1e-13, atol=1e-14)
    z = X + 1j * X[::-1]
    difference = naive.log_gamma(z) - special.loggamma(z)  # of other branches of the logarithm
    np.testing.assert_allclose(np.exp(difference), 1, rtol=1e-10)
