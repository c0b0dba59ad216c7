"""Distributions from the parameters that networks predict, against SciPy's, formulas, and their own samples."""

import numpy as np
import pytest
from scipy import stats

from tsrnn.distributions import NormalScale, QuantileDistribution, distribution

LEVELS = (0.05, 0.1, 0.3, 0.5, 0.8, 0.975)
NORMAL = stats.norm([1.0, -20.0], [0.5, 3.0])
PARAMETERS = {
    "normal": [[1.0, 0.5], [-20.0, 3.0]],
    "student_t": [[1.0, 0.5, 5.0], [-20.0, 3.0, 40.0]],
    "poisson": [[0.3], [40.0]],
    "negative_binomial": [[0.3, 2.0], [40.0, 0.1]],
    "quantile": NORMAL.ppf(np.array(LEVELS)[:, None]).T,
}
Q = np.linspace(0.001, 0.999, 41)[:, None]
N = 20_000
each_loss = pytest.mark.parametrize("loss", PARAMETERS)


def predicted(loss, dtype=np.float64):
    levels = LEVELS if loss == "quantile" else ()
    return distribution(loss, np.array(PARAMETERS[loss], dtype), levels)


# Mean and variance by the parameters, as each is defined.
MOMENTS = {
    "normal": lambda m, s: (m, s**2),
    "student_t": lambda m, s, v: (m, s**2 * v / (v - 2)),
    "poisson": lambda m: (m, m),
    "negative_binomial": lambda m, d: (m, m + d * m**2),
    "quantile": lambda *_: (NORMAL.mean(), NORMAL.var()),
}


@each_loss
def test_means_and_samples_have_the_moments_of_the_parameters(loss):
    mean, variance = MOMENTS[loss](*np.transpose(PARAMETERS[loss]))
    made = predicted(loss)
    np.testing.assert_allclose(made.mean(), mean, rtol=1e-12)
    samples = made.rvs((N, 2), random_state=0)
    assert samples.shape == (N, 2)
    # Four standard errors; that of a variance is of a fourth moment, here at most 15 times its square.
    np.testing.assert_allclose(samples.mean(axis=0), mean, rtol=0, atol=4 * np.sqrt(variance / N).max())
    np.testing.assert_allclose(samples.var(axis=0), variance, rtol=4 * np.sqrt(14 / N))


@each_loss
def test_as_many_samples_lie_below_a_quantile_as_it_says(loss):
    made = predicted(loss)
    samples, quantiles = made.rvs((N, 1, 2), random_state=1), made.ppf(Q)
    assert quantiles.shape == (41, 2)
    assert (np.diff(quantiles, axis=0) >= 0).all()
    error = 4 * np.sqrt(Q * (1 - Q) / N)
    assert ((samples <= quantiles).mean(axis=0) >= Q - error).all()  # of integers more, up to all that are equal to it
    assert ((samples < quantiles).mean(axis=0) <= Q + error).all()
    np.testing.assert_array_equal(made.median(), made.ppf(0.5))


@pytest.mark.parametrize("loss", ["poisson", "negative_binomial"])
def test_quantiles_and_samples_of_counts_are_integers_that_are_not_negative(loss):
    made = predicted(loss, np.float32)
    samples, quantiles = made.rvs((1000, 2), random_state=0), made.ppf(Q)
    assert samples.dtype.kind == "i" and samples.min() == 0
    assert quantiles.min() == 0 and (quantiles % 1 == 0).all()


@each_loss
def test_the_same_seed_gives_the_same_samples(loss):
    first, again, other = (predicted(loss).rvs((5, 2), random_state=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_quantiles_of_a_normal_distribution_give_back_the_whole_of_it():
    made = predicted("quantile")
    np.testing.assert_allclose(made.ppf(Q), NORMAL.ppf(Q), rtol=1e-12)
    np.testing.assert_allclose(made.mean(), NORMAL.mean(), rtol=1e-12)
    assert made.rvs(random_state=0).shape == (2,)


def test_quantiles_that_are_known_stay_and_the_mean_is_that_of_all_quantiles():
    levels, quantiles = [0.1, 0.25, 0.5, 0.9], np.array([[0.0, 1.0, 5.0, 6.0], [2.0, 2.0, 2.0, 30.0]])
    made = QuantileDistribution(quantiles, levels)
    np.testing.assert_allclose(made.ppf(np.array(levels)[:, None]).T, quantiles, rtol=1e-12, atol=1e-12)
    middles = (np.arange(200_000) + 0.5) / 200_000
    np.testing.assert_allclose(made.mean(), made.ppf(middles[:, None]).mean(axis=0), rtol=1e-4)  # the tails beyond them


def test_a_quantile_may_be_asked_for_of_each_distribution():
    made = predicted("quantile")
    np.testing.assert_array_equal(made.ppf([0.1, 0.7]), np.diagonal(made.ppf([[0.1], [0.7]])))
    assert distribution("quantile", [1.0, 2.0], (0.1, 0.9)).ppf(0.5) == 1.5


@pytest.mark.parametrize(
    "given, said",
    [
        (("squared_error", [1.0]), "loss='squared_error' predicts no distribution; these do: 'normal', 'student_t'"),
        (
            ("normal", [1.0, 2.0, 3.0]),
            r"the parameters of 'normal' must have 2 numbers on the last axis; got .* \(3,\)",
        ),
        (("poisson", 3.0), r"must have 1 number on the last axis; got an array of shape \(\)"),
        (("quantile", [1.0, 2.0], (0.1, 0.5, 0.9)), r"quantiles at the levels \[0.1, 0.5, 0.9\] must have 3"),
        (("quantile", [1.0], (0.5,)), r"levels must be two or more between 0 and 1, which rise; got \[0.5\]"),
        (("quantile", [1.0, 2.0], (0.9, 0.1)), "which rise; got"),
        (("quantile", [1.0, 2.0], (0.1, 1.0)), "between 0 and 1"),
        (("quantile", [1.0, 2.0]), r"got \[\]"),
    ],
)
def test_what_does_not_fit_gets_one_sentence(given, said):
    with pytest.raises(ValueError, match=said):
        distribution(*given)


# On the normal scale

OF_LOSSES = {**{loss: parameters[0] for loss, parameters in PARAMETERS.items()}, "quantile": [-1.0, 0.5, 4.0]}
SCALE_LEVELS = 0.1, 0.5, 0.9
FAR = np.array([-30, -9, -7.5, -6.9, -2, -0.1, 0, 0.3, 3, 6.9, 7.5, 9, 30.0])


def scale_of(loss, n=1):
    return NormalScale(loss, np.tile(OF_LOSSES[loss], (n, 1)), SCALE_LEVELS)


@pytest.mark.parametrize("loss", OF_LOSSES)
def test_quantiles_at_scores_are_those_of_their_probabilities(loss):
    q = np.array([0.001, 0.1, 0.3, 0.5, 0.9, 0.999])
    of = distribution(loss, OF_LOSSES[loss], SCALE_LEVELS if loss == "quantile" else ())
    np.testing.assert_allclose(scale_of(loss).at(stats.norm.ppf(q)[np.newaxis])[0], of.ppf(q), rtol=1e-9)


@pytest.mark.parametrize("loss", ["normal", "student_t", "quantile"])
def test_a_quantile_has_the_score_at_which_it_is_however_far_away(loss):
    quantiles = scale_of(loss).at(FAR[np.newaxis])[0]
    assert (np.diff(quantiles) > 0).all()
    # Of 1e-12, the probability at the score 7, a quantile of float64 resolves four digits.
    np.testing.assert_allclose(scale_of(loss, len(FAR)).scores(quantiles, None), FAR, rtol=1e-4, atol=1e-9)


@pytest.mark.parametrize("loss", ["poisson", "negative_binomial"])
def test_scores_of_counts_are_of_the_counts_that_hold_them(loss):
    counts = np.array([0, 1, 2, 7, 30, 150, 5000.0])
    scores = [scale_of(loss, len(counts)).scores(counts, np.random.default_rng(seed)) for seed in range(50)]
    for of_count, count in zip(np.transpose(scores), counts, strict=True):
        np.testing.assert_array_equal(scale_of(loss).at(of_count[np.newaxis])[0], count)
    assert np.ptp(scores, axis=0)[0] > 0.1  # they are drawn


@pytest.mark.parametrize("loss", OF_LOSSES)
def test_scores_of_what_a_distribution_draws_are_normal(loss):
    n = 4000
    truths = distribution(loss, OF_LOSSES[loss], SCALE_LEVELS if loss == "quantile" else ()).rvs((n,), random_state=0)
    scores = scale_of(loss, n).scores(truths, np.random.default_rng(1))
    assert stats.kstest(scores, "norm").pvalue > 0.001


def test_the_same_quantile_twice_has_a_score():
    scale = NormalScale("quantile", [[3.0, 3.0, 3.0]], SCALE_LEVELS)
    for truth in (2.0, 3.0, 5.0):
        score = scale.scores(np.array([truth]), None)
        assert np.isfinite(score).all() and scale.at(score[:, np.newaxis])[0, 0] == pytest.approx(truth, rel=1e-9)


def test_what_is_not_known_has_no_score_and_no_quantile():
    for loss, parameters in OF_LOSSES.items():
        assert np.isnan(scale_of(loss).scores(np.array([np.nan]), np.random.default_rng(0))).all()
        assert np.isnan(NormalScale(loss, [np.full(len(parameters), np.nan)], SCALE_LEVELS).at(np.zeros((1, 1)))).all()
