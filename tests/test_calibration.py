"""Conformal quantiles by hand and by simulation, what adapts to a world that changes, and the paths of a copula."""

from fractions import Fraction

import numpy as np
import pytest

from tsrnn.calibration import (
    AdaptiveLevel,
    correlation_of,
    draw_scores,
    exactly,
    from_scores,
    least_for,
    normal_scores,
    pool_steps,
    quantiles,
    rank,
    tail,
    with_common_part,
    without_strays,
)
from tsrnn.distributions import NormalScale

NORMAL_80 = 1.2815515655446004  # the normal quantile of 0.9, from tables


# By hand


@pytest.mark.parametrize(
    "n, level, lower, upper",
    [
        (9, 80, 1, 9),  # a tenth of 10 ranks on each side
        (19, 80, 2, 18),
        (24, 80, 2, 23),  # of 2.5 ranks the two that are surely left out
        (39, 95, 1, 39),
        (79, 95, 2, 78),
        (199, 99, 1, 199),
        (199, 99.0, 1, 199),
        (99, np.float32(90), 5, 95),
        (1999, 99.9, 1, 1999),
        (8, 80, 0, 9),  # too few: before the first, after the last
    ],
)
def test_ranks_are_those_of_the_paper(n, level, lower, upper):
    assert (rank(n, tail(level)), rank(n, 1 - tail(level))) == (lower, upper)
    assert (n >= least_for(tail(level))) == (lower >= 1)


def test_ranks_follow_the_number_that_is_written_and_not_its_binary_digits():
    for n in range(9, 2000, 10):  # (n + 1) (1 - 0.8) / 2 in binary is just below a whole number for some
        assert rank(n, tail(80)) == (n + 1) // 10
        assert rank(n, exactly(0.1)) == (n + 1) // 10
        assert rank(n, exactly(0.9)) == n + 1 - (n + 1) // 10


def test_least_number_of_residuals_is_the_first_that_has_a_rank():
    for share in (Fraction(1, 10), tail(95), tail(99.7), exactly(0.03), 1 - exactly(0.03)):
        least = least_for(share)
        assert 1 <= rank(least, share) <= least
        assert not 1 <= rank(least - 1, share) <= least - 1


def test_quantiles_are_residuals_of_their_rank_and_never_cross():
    pool = np.sort(np.random.default_rng(0).normal(size=24))
    found = quantiles(pool, [tail(90), tail(80), exactly(0.5), 1 - tail(80), 1 - tail(90)])
    np.testing.assert_array_equal(found, [pool[0], pool[1], (pool[11] + pool[12]) / 2, pool[22], pool[23]])


def test_pools_take_neighbouring_steps_until_there_are_enough():
    residuals = np.arange(12.0).reshape(2, 6)  # of step h: h and h + 6
    pools = pool_steps(residuals, n_least=6)
    expected = [[0, 1, 2], [0, 1, 2], [1, 2, 3], [2, 3, 4], [3, 4, 5], [3, 4, 5]]
    assert [sorted({value % 6 for value in pool}) for pool in pools] == expected
    assert [len(pool) for pool in pools] == [6] * 6
    assert [len(pool) for pool in pool_steps(residuals, n_least=2)] == [2] * 6
    assert [len(pool) for pool in pool_steps(residuals, n_least=13)] == [12] * 6  # all there are
    residuals[0, 1] = np.nan
    assert [len(pool) for pool in pool_steps(residuals, n_least=2)] == [2, 5, 2, 2, 2, 2]


# By simulation


@pytest.mark.parametrize("n, level", [(9, 80), (19, 80), (24, 80), (39, 95), (50, 95)])
def test_a_new_residual_is_held_as_often_as_the_ranks_say_whatever_the_distribution(n, level):
    n_trials = 20_000
    numbers = np.random.default_rng(n).standard_cauchy((n_trials, n + 1)) ** 3  # heavy tails; exchangeable
    pools, new = np.sort(numbers[:, :n]), numbers[:, n]
    k, m = int((n + 1) * (100 - level) / 200 + 1e-9), n + 1
    expected = (m - 2 * k) / m  # exactly, without ties
    assert expected >= level / 100
    bounds = np.array([quantiles(pool, [tail(level), 1 - tail(level)]) for pool in pools])
    held = ((bounds[:, 0] <= new) & (new <= bounds[:, 1])).mean()
    # Four standard deviations of a binomial share: passed by chance in all but 1 of 16,000 tests.
    assert abs(held - expected) < 4 * np.sqrt(expected * (1 - expected) / n_trials)


@pytest.mark.parametrize("factor", [0.5, 1.0, 2.0])
def test_quantile_regression_is_corrected_to_its_level(factor):
    """A model's quantiles of 80 % are too narrow, right, or too wide; of a noise whose scale it knows."""
    rng, n_trials, n = np.random.default_rng(3), 4000, 49
    scales = rng.uniform(0.5, 2, (n_trials, n + 1))
    truths, edges = scales * rng.normal(size=(n_trials, n + 1)), factor * NORMAL_80 * scales
    of = NormalScale("quantile", np.stack([-edges, edges], axis=2), (0.1, 0.9))
    pools, shares = np.sort(of.scores(truths, None)[:, :n], axis=1), [tail(80), 1 - tail(80)]
    new = NormalScale("quantile", of.parameters[:, n], (0.1, 0.9))
    bounds = new.at(np.array([quantiles(pool, shares) for pool in pools]))
    widths = (bounds[:, 1] - bounds[:, 0]) / (2 * edges[:, n])
    assert np.sign(np.log(np.mean(widths)).round(1)) == np.sign(1 - factor)
    held = ((bounds[:, 0] <= truths[:, n]) & (truths[:, n] <= bounds[:, 1])).mean()
    assert abs(held - 0.8) < 4 * np.sqrt(0.8 * 0.2 / n_trials)  # (45 - 5) / 50 is 0.8 exactly; binomial as above


def test_strays_are_drawn_no_farther_than_seven_deviations():
    pool = np.sort(np.random.default_rng(0).normal(size=1000))
    np.testing.assert_array_equal(without_strays(pool), pool)
    strays = np.sort(np.append(pool, [-1e6, 1e12]))
    bounded = without_strays(strays)
    assert -8 < bounded[0] < -6 and 6 < bounded[-1] < 8
    np.testing.assert_array_equal(bounded[1:-1], pool)
    still = np.append(np.zeros(100), 5.0)
    np.testing.assert_array_equal(without_strays(still), still)


def coverage_after_a_jump(is_adaptive, level=90, n=200, jump=3.0):
    """Return shares held before the noise of a series is three times as wide, right after it, and long after it."""
    rng = np.random.default_rng(5)
    noise = rng.normal(size=n + 6000) * np.where(np.arange(n + 6000) < n + 2000, 1, jump)
    adaptive, held, pool = AdaptiveLevel.of(level), [], noise[:n]
    for t in range(n, len(noise)):
        share = adaptive.tail(n) if is_adaptive else tail(level)
        lower, upper = quantiles(np.sort(pool), [share, 1 - share])
        held.append(lower <= noise[t] <= upper)
        if is_adaptive:
            adaptive, pool = adaptive.after(held[-1]), noise[t + 1 - n : t + 1]
    return np.mean(held[:2000]), np.mean(held[2000:2200]), np.mean(held[2200:])


def test_adaptive_level_keeps_its_coverage_when_the_variance_jumps():
    before, _, after = coverage_after_a_jump(is_adaptive=True)
    # The bound of Gibbs and Candès, proposition 4.1: 0.05 after 3,800 steps, 0.09 after 2,000.
    assert abs(before - 0.9) < (0.9 + 0.005) / (2000 * 0.005)
    assert abs(after - 0.9) < (0.9 + 0.005) / (3800 * 0.005)
    fixed_before, _, fixed_after = coverage_after_a_jump(is_adaptive=False)
    assert abs(fixed_before - 0.9) < 0.05  # with one fixed pool of 200, whose coverage deviates by 0.02
    assert fixed_after < 0.55  # 2 Phi(1.645 / 3) - 1 = 0.42 of normal noise three times as wide


def test_adaptive_level_moves_as_its_equation_says():
    level = AdaptiveLevel.of(80, step_size=0.1)
    assert level.current == 0.2
    assert level.after(True).current == pytest.approx(0.22, rel=1e-12)  # sums of decimals, in binary
    assert level.after(False).current == pytest.approx(0.12, rel=1e-12)
    assert level.after(0.5).current == pytest.approx(0.17, rel=1e-12)  # one of two truths held
    assert level.tail(99) == Fraction(0.2) / 2
    assert AdaptiveLevel(0.2, -0.3).tail(99) == Fraction(1, 100)  # the smallest and the largest residual
    assert AdaptiveLevel(0.2, 1.7).tail(99) == Fraction(1, 2)


# Paths


def autoregression(n, n_steps, slope, rng):
    """Return rows of errors 1 .. n_steps ahead of an AR(1): each is slope times the last, plus noise."""
    noise = rng.normal(size=(n, n_steps))
    for step in range(1, n_steps):
        noise[:, step] += slope * noise[:, step - 1]
    return noise


def test_correlation_is_that_of_the_errors_whatever_their_marginals():
    rng, slope = np.random.default_rng(0), 0.8
    errors = autoregression(4000, 3, slope, rng)
    variances = [1, 1 + slope**2, 1 + slope**2 + slope**4]
    expected = [[slope ** abs(i - j) * np.sqrt(variances[min(i, j)] / variances[max(i, j)]) for j in range(3)]
                for i in range(3)]  # fmt: skip
    # Five deviations of a correlation of 4,000 rows, (1 - r^2) / sqrt(4000) at most 0.013 here.
    np.testing.assert_allclose(correlation_of(errors), expected, atol=0.05)
    np.testing.assert_array_equal(correlation_of(np.exp(errors)), correlation_of(errors))  # ranks stay


@pytest.mark.parametrize("n", [0, 1, 2, 3])
def test_few_origins_give_a_correlation_that_can_be_drawn_from(n):
    correlation = correlation_of(np.random.default_rng(0).normal(size=(n, 8)))
    np.testing.assert_allclose(np.diag(correlation), 1, rtol=1e-12)  # a quotient of equal numbers, rounded
    assert np.isfinite(np.linalg.cholesky(correlation)).all()
    if n < 2:
        np.testing.assert_array_equal(correlation, np.eye(8))


def test_errors_that_are_the_same_or_unknown_can_be_drawn_from():
    errors = np.random.default_rng(0).normal(size=(50, 2))[:, [0, 1, 1, 0]]
    errors[:, 3] = np.nan
    factor = np.linalg.cholesky(correlation_of(errors))
    correlations = np.corrcoef(draw_scores(factor, 1000, np.random.default_rng(0)).T)
    assert correlations[1, 2] > 0.7  # shrunk from 1
    assert abs(correlations[0, 3]) < 4 / np.sqrt(1000)  # four deviations of one that is 0
    np.testing.assert_array_equal(correlation_of(np.full((9, 2), np.nan)), np.eye(2))


def test_normal_scores_are_those_of_ranks_and_the_middle_where_nothing_is_known():
    scores = normal_scores(np.array([[3.0], [np.nan], [-1.0], [100.0]]))
    # Normal quantiles of 2/4, -, 1/4 and 3/4, to the digits of tables.
    np.testing.assert_allclose(scores[:, 0], [0, 0, -0.6744897501960817, 0.6744897501960817], atol=1e-12)


def test_draws_have_the_marginals_of_the_pool_and_the_dependence_of_the_errors():
    rng = np.random.default_rng(1)
    errors = autoregression(300, 4, 0.9, rng)
    factor = np.linalg.cholesky(correlation_of(errors))
    scores = draw_scores(factor, 20_000, rng)
    pools = [np.sort(errors[:, step]) for step in range(4)]
    paths = np.column_stack([from_scores(pool, of_step) for pool, of_step in zip(pools, scores.T, strict=True)])
    for pool, of_step in zip(pools, paths.T, strict=True):
        assert pool[0] <= of_step.min() and of_step.max() <= pool[-1]
        for share in (0.1, 0.5, 0.9):
            # Four binomial deviations of 20,000 draws at a half.
            assert abs((of_step <= np.quantile(pool, share, method="weibull")).mean() - share) < 4 * 0.5 / 141
    # Sums along paths, which independent steps would have too narrow: 3.1 here against 5.7.
    sums = paths.sum(axis=1)
    assert sums.std() == pytest.approx(errors.sum(axis=1).std(), rel=0.1)  # of 300 rows; shrunk and cut off at the ends
    independent = np.sqrt((errors.var(axis=0)).sum())
    assert sums.std() > 1.5 * independent


def test_a_common_part_is_of_the_steps_of_each_target_alone():
    correlation = np.array([[1, 0.5, 0.3, 0.1], [0.5, 1, 0.2, 0], [0.3, 0.2, 1, 0.6], [0.1, 0, 0.6, 1]])
    moved = with_common_part(correlation, 2, 0.25)  # a step of two targets, then another
    expected = 0.75 * correlation + 0.25 * np.array([[1, 0, 1, 0], [0, 1, 0, 1], [1, 0, 1, 0], [0, 1, 0, 1]])
    np.testing.assert_allclose(moved, expected, rtol=1e-15)
    np.testing.assert_array_equal(with_common_part(correlation, 2, 0), correlation)
