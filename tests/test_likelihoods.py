"""Likelihoods are those of SciPy, with the slopes of their values, of any outputs; their parameters are recovered."""

from itertools import product

import numpy as np
import pytest
from scipy import optimize, stats

from tsrnn.kernels import caching, losses
from tsrnn.kernels.likelihoods import LEAST_DEGREES, LEAST_DISPERSION, LEAST_MEAN, LEAST_SCALE
from tsrnn.kernels.plan import LOSSES, N_PARAMETERS
from tsrnn.network.architecture import Architecture
from tsrnn.network.initializers import initial_parameters
from tsrnn.network.training import TrainingOptions, predict, train
from tsrnn.network.windows import Windows

LIKELIHOODS, COUNTS = sorted(N_PARAMETERS), ("poisson", "negative_binomial")
LEVEL, SCALE = 3.0, 2.5  # of a window
NO_NUMBERS = np.zeros(1)


@caching.entry
def loss_of(loss, numbers, work, target, level, scale, share):
    return losses.parameters_loss(loss, numbers, work, 0, target, level, scale, share)


@caching.entry
def predict_from(loss, work, level, scale):
    losses.predict_target(loss, work, 0, work.shape[0], level, scale)


def value_and_slopes(name, outputs, target, dtype=np.float64):
    """Return the loss of one target of a window, and its slopes at the outputs."""
    real = np.dtype(dtype).type
    work, level = np.array(outputs, dtype), real(0 if name in COUNTS else LEVEL)
    value = loss_of(LOSSES[name], NO_NUMBERS, work, real(target), level, real(SCALE), real(1))
    return value, work


def parameters(name, outputs, dtype=np.float64):
    """Return what is predicted of a window."""
    real = np.dtype(dtype).type
    work = np.array(outputs, dtype)
    predict_from(LOSSES[name], work, real(0 if name in COUNTS else LEVEL), real(SCALE))
    return work


def log_density(name, target, *of):
    """Return the logarithm of the density, or probability, of SciPy's distribution with these parameters."""
    if name == "normal":
        return stats.norm.logpdf(target, *of)
    if name == "student_t":
        return stats.t.logpdf(target, of[2], of[0], of[1])
    if name == "poisson":
        return stats.poisson.logpmf(target, *of)
    return stats.nbinom.logpmf(target, 1 / of[1], 1 / (1 + of[0] * of[1]))


def cases(name):
    """Yield outputs and targets."""
    rng = np.random.default_rng(0)
    for outputs in rng.normal(0, 2, size=(40, N_PARAMETERS[name])):
        for target in (0.0, 1.0, 7.0, 250.0) if name in COUNTS else rng.normal(LEVEL, 3, size=3):
            yield outputs, target


@pytest.mark.parametrize("name", LIKELIHOODS)
def test_the_loss_is_the_negative_log_likelihood_of_what_is_predicted(name):
    for outputs, target in cases(name):
        value, _ = value_and_slopes(name, outputs, target)
        expected = -log_density(name, target, *parameters(name, outputs))
        if name in ("normal", "student_t"):  # a density of what is measured in units of the window
            expected -= np.log(SCALE)
        elif name == "poisson":
            expected -= stats.poisson.logpmf(0, 1) + 1 + log_factorial(target)
        # SciPy's own rounding: differences of log-gamma, which are up to 1e4.
        assert value == pytest.approx(expected, rel=1e-11, abs=1e-10), (outputs, target)


def log_factorial(n):
    return np.log(np.arange(1, n + 1)).sum()


@pytest.mark.parametrize("name", LIKELIHOODS)
def test_slopes_are_those_of_the_values(name):
    h = 1e-5
    for outputs, target in cases(name):
        _, slopes = value_and_slopes(name, outputs, target)
        for k, step in enumerate(h * np.eye(len(outputs))):
            after, before = (value_and_slopes(name, outputs + sign * step, target)[0] for sign in (1, -1))
            # A central difference: h^2 times the third derivative, and 1e-16 / h times the value.
            size = abs(after) + abs(slopes).max() + 1
            assert slopes[k] == pytest.approx((after - before) / (2 * h), rel=1e-6, abs=1e-8 * size), (outputs, target)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", LIKELIHOODS)
def test_no_outputs_overflow(name, dtype):
    targets = (0, 1, 1e6) if name in COUNTS else (-1e6, LEVEL, 1e6)
    for *outputs, target in product(*[(-50, -5, 0, 50)] * N_PARAMETERS[name], targets):
        value, slopes = value_and_slopes(name, outputs, target, dtype)
        assert np.isfinite(value), (outputs, target)
        assert np.isfinite(slopes).all(), (outputs, target)
        predictions = parameters(name, outputs, dtype)
        assert np.isfinite(predictions).all(), outputs
        assert (predictions[{"normal": 1, "student_t": 1}.get(name, 0) :] > 0).all(), outputs


@pytest.mark.parametrize("name", LIKELIHOODS)
def test_float32_is_float64_to_its_own_precision(name):
    for outputs, target in cases(name):
        outputs, target = np.float32(outputs), np.float32(target)
        wide, narrow = (value_and_slopes(name, outputs, target, dtype) for dtype in (np.float64, np.float32))
        # The target in units of the window is rounded once to 6e-8.
        tolerance = dict(rtol=1e-5, atol=1e-5 * (1 + abs(wide[1]).max()))
        np.testing.assert_allclose(narrow[0], wide[0], **tolerance)
        np.testing.assert_allclose(narrow[1], wide[1], **tolerance)
        np.testing.assert_allclose(parameters(name, outputs, np.float32), parameters(name, outputs), rtol=1e-5)


def test_nothing_falls_below_its_floor():
    assert parameters("normal", [0, -1000]) == pytest.approx([LEVEL, SCALE * LEAST_SCALE])
    assert parameters("student_t", [0, -1000, -1000]) == pytest.approx([LEVEL, SCALE * LEAST_SCALE, LEAST_DEGREES])
    assert parameters("student_t", [0, 0, -1000], np.float32)[2] > 2
    assert parameters("negative_binomial", [-1000, -1000]) == pytest.approx([SCALE * LEAST_MEAN, LEAST_DISPERSION])


@pytest.mark.parametrize("name", LIKELIHOODS)
def test_outputs_that_no_exponential_can_take_have_finite_losses(name):
    value, slopes = value_and_slopes(name, np.full(N_PARAMETERS[name], -1000.0), 2.0)
    assert np.isfinite(value) and np.isfinite(slopes).all()


def test_a_negative_binomial_of_little_dispersion_is_a_poisson():
    mean = SCALE * np.log1p(np.exp(1.5))
    for target in (0.0, 3.0, 20.0):
        value, slopes = value_and_slopes("negative_binomial", [1.5, -40.0], target)
        assert value == pytest.approx(-stats.poisson.logpmf(target, mean), rel=1e-4)
        assert slopes[0] == pytest.approx((1 - target / mean) * SCALE / (1 + np.exp(-1.5)), rel=1e-4, abs=1e-4)


@pytest.mark.parametrize("name", LIKELIHOODS)
def test_a_stream_predicts_the_same_parameters(name):
    architecture = Architecture("lstm", 6, 1, (4,), 2 * N_PARAMETERS[name], loss=name)
    weights = initial_parameters(architecture, np.random.RandomState(0), np.float32)
    window = np.random.default_rng(0).normal(size=(1, 6, 1)).astype(np.float32)
    stream = architecture.stream(weights)
    for x in window[0]:
        parameters_then = stream.advance(x)
    np.testing.assert_array_equal(parameters_then, predict(architecture, weights, window, 1)[0])


# Recovery: of data drawn from a likelihood a network learns the parameters, as closely as the data tell of them.

DRAW = {
    "normal": lambda rng, m, s: rng.normal(m, s),
    "student_t": lambda rng, m, s, v: m + s * rng.standard_t(v, size=np.shape(m)),
    "poisson": lambda rng, m: rng.poisson(m),
    "negative_binomial": lambda rng, m, d: rng.poisson(m * rng.gamma(1 / d, d)),
}
TRUE = {"normal": (1.5, 0.4), "student_t": (-0.5, 0.7, 4.0), "poisson": (3.0,), "negative_binomial": (4.0, 0.6)}


def fit(name, X, y, n_hidden, **options):
    """Return the network's parameters of the distribution of each row."""
    architecture = Architecture("gru", *X.shape[1:], (n_hidden,), N_PARAMETERS[name], loss=name)
    rng = np.random.RandomState(0)
    start = initial_parameters(architecture, rng, np.float64)
    options = TrainingOptions(
        schedule="cosine", shuffle=True, tol=0.0, n_iter_no_change=1000, n_threads=1, clip_norm=10.0, **options
    )
    training = train(architecture, start, Windows(X, np.float64(y)[:, None]), options, rng)
    return predict(architecture, training.parameters, X, 1)


@pytest.mark.parametrize("name", LIKELIHOODS)
def test_constant_parameters_are_recovered(name):
    rng, n, true = np.random.default_rng(1), 4000, np.array(TRUE[name])
    y = DRAW[name](rng, *np.tile(true[:, None], n))

    def loss(of):
        return -log_density(name, y, *of).sum()

    learnt = fit(name, np.ones((n, 2, 1)), y, 2, batch_size=n, max_iter=500, learning_rate=0.05)
    assert np.ptp(learnt, axis=0).max() == 0
    best = optimize.minimize(loss, true, method="Nelder-Mead", options={"xatol": 1e-6, "fatol": 1e-8}).x
    np.testing.assert_allclose(learnt[0], best, rtol=1e-3)  # as far as so many updates come
    # Of normal errors the loss exceeds its least by half a chi square: 10 once in 10,000 draws of three parameters.
    assert loss(true) - loss(learnt[0]) < 10


@pytest.mark.parametrize("name", LIKELIHOODS)
def test_parameters_that_depend_on_the_window_are_recovered(name):
    rng, n = np.random.default_rng(2), 4000
    x = rng.uniform(-1, 1, n)
    true = np.array(TRUE[name]) * np.ones((n, 1))
    if name in COUNTS:
        true[:, 0] *= np.exp(0.5 * x)
    else:
        true[:, 0] += x
        true[:, 1] *= np.exp(0.5 * x)
    X = np.stack([x, x], axis=1)[:, :, None]
    learnt = fit(name, X, DRAW[name](rng, *true.T), 8, batch_size=100, max_iter=40, learning_rate=0.01)
    fresh = DRAW[name](rng, *true.T)
    excess = (log_density(name, fresh, *true.T) - log_density(name, fresh, *learnt.T)).mean()
    # k parameters that are free cost k / 2n: here as if they were 40, of a network that has 300 and draws smooth lines.
    assert excess < 40 / (2 * n)
    size = true.copy()
    if name not in COUNTS:
        size[:, 0] = true[:, 1]  # of an error of the location
    assert (np.sqrt((((learnt - true) / size) ** 2).mean(axis=0)) < 0.1).all()
