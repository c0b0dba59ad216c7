"""How far forecasts miss, from how far they have missed: conformal quantiles, paths, levels that adapt. Arrays only.

A residual is truth minus forecast. Of n + 1 exchangeable numbers without ties, the rank of any one among all is any of
1 .. n + 1 with the same probability, so that a new residual lies below the k-th smallest of n earlier ones with
probability k / (n + 1), whatever their distribution is (Vovk, Gammerman and Shafer 2005; Lei et al. 2018, section
2.2). All guarantees here come from that one sentence.

References
----------
Vovk, Gammerman and Shafer (2005), Algorithmic learning in a random world.
Linusson, Johansson and Löfström (2014), Signed-error conformal regression, PAKDD: a rank for each tail.
Lei, G'Sell, Rinaldo, Tibshirani and Wasserman (2018), Distribution-free predictive inference for regression, Journal of
the American Statistical Association 113: split conformal prediction.
Gibbs and Candès (2021), Adaptive conformal inference under distribution shift, NeurIPS 34.
Ledoit and Wolf (2004), A well-conditioned estimator for large-dimensional covariance matrices, Journal of Multivariate
Analysis 88.
Nelsen (2006), An introduction to copulas, sections 2.3 and 2.9.
"""

import math
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from statistics import NormalDist

import numpy as np
from sklearn.covariance import ledoit_wolf

N_POOLED = 39  # residuals of a step, if there are as many: an interval of 95 % needs them, ceil(40 * 0.975) = 39
LEAST_RESIDUALS = 20  # in all; fewer say nothing of a tail
MOST_SCORED = 4096  # origins that a correlation is made of: it deviates by 1 / sqrt(4096) at most
FARTHEST_DRAWN = 7  # deviations
STEP_SIZE = 0.005  # gamma in section 2.2 of Gibbs and Candès

_HALF = Fraction(1, 2)
_INDEPENDENT = 1e-6  # of each score, so that a Cholesky factor exists where two columns are the same


def exactly(number):
    """Return a number as it is written, so that 0.1 is a tenth and ranks are not led astray by its binary digits."""
    return Fraction(str(number))


def tail(level):
    """Return the share (a Fraction) that an interval of a level in percent leaves out on each side."""
    return (100 - exactly(level)) / 200


def rank(n, q):
    """Return which of n sorted residuals, from 1, bounds a new one with the probability q; 0 or n + 1 if none does.

    Below a half it is the last that a new residual undercuts with probability q at most, floor((n + 1) q); above it the
    first that it exceeds with probability 1 - q at most, ceil((n + 1) q) (Linusson, Johansson and Löfström 2014).

    Parameters
    ----------
    n : int
    q : Fraction
        Not a half.

    Examples
    --------
    >>> rank(19, tail(90)), rank(19, 1 - tail(90)), rank(18, tail(90))
    (1, 19, 0)
    """
    return math.floor((n + 1) * q) if q < _HALF else math.ceil((n + 1) * q)


def least_for(q):
    """Return how many residuals a quantile needs, so that one of them bounds a new one with the probability q."""
    return math.ceil(1 / min(q, 1 - q)) - 1


def quantiles(pool, probabilities):
    """Return quantiles of residuals that hold for a new one, whatever the number of residuals.

    Two of them, q and 1 - q, hold a new exchangeable residual between them with probability 1 - 2 q at least.

    Parameters
    ----------
    pool : ndarray of shape (n,)
        Residuals, sorted.
    probabilities : sequence of Fraction
        Each supported by so many residuals; a half is the median.

    Returns
    -------
    ndarray of shape (n_probabilities,)

    Examples
    --------
    >>> quantiles(np.arange(1.0, 20), [tail(80), exactly(0.5), 1 - tail(80)])
    array([ 2., 10., 18.])
    """
    n = len(pool)
    return np.array([np.median(pool) if q == _HALF else pool[rank(n, q) - 1] for q in probabilities])


def evenly_spread(n, most):
    """Return the places of n things, or of `most` of them if there are more, from the first to the last."""
    return np.arange(n) if n <= most else np.linspace(0, n - 1, most).round().astype(np.int64)


def pool_steps(residuals, n_least=N_POOLED):
    """Return for each step the sorted residuals of its pool.

    That is the residuals of the step itself. If they are fewer than `n_least`, those of the k steps before and the k
    steps after it are added, with the smallest k that gives as many, or those of all steps if none does.

    Parameters
    ----------
    residuals : ndarray of shape (n_origins, n_steps)
        NaN where not known.

    Returns
    -------
    list of ndarray

    Examples
    --------
    >>> pool_steps(np.array([[3.0, 1.0, 9.0], [4.0, np.nan, 8.0]]), n_least=3)
    [array([1., 3., 4.]), array([1., 3., 4., 8., 9.]), array([1., 8., 9.])]
    """
    n_steps, counts = residuals.shape[1], (~np.isnan(residuals)).sum(axis=0)
    pools = []
    for step in range(n_steps):
        neighbours = (slice(max(step - k, 0), step + k + 1) for k in range(n_steps))
        steps = next((steps for steps in neighbours if counts[steps].sum() >= n_least), slice(None))
        pooled = residuals[:, steps]
        pools.append(np.sort(pooled[~np.isnan(pooled)]))
    return pools


@dataclass(frozen=True)
class AdaptiveLevel:
    """The share of misses to ask for, so that in the long run as many are made as are wished for.

    Adaptive conformal inference, equation 2 of Gibbs and Candès (2021):
    ``current += step_size * (wished - missed)``. Were an interval without end where it is 0 or less, and none where it
    is 1 or more, the share of misses after T steps of any series would be within ``(max(wished, 1 - wished) +
    step_size) / (T step_size)`` of the one that is wished for (proposition 4.1). Here an interval ends with the largest
    residual there is; so there have to be residuals of late.

    Parameters
    ----------
    wished : float
        Share of misses, 0.2 for intervals of 80 %.
    current : float
        The share to ask for now.
    step_size : float

    Examples
    --------
    >>> level = AdaptiveLevel.of(80)
    >>> round(level.after(False).current, 6), round(level.after(True).current, 6)
    (0.196, 0.201)
    """

    wished: float
    current: float
    step_size: float = STEP_SIZE

    @classmethod
    def of(cls, level, step_size=STEP_SIZE):
        """Return that of intervals of a level in percent, before anything was observed."""
        wished = float(2 * tail(level))
        return cls(wished, wished, step_size)

    def after(self, covered):
        """Return that after another interval, which has held the truth or not; of several truths, which share."""
        current = self.current + self.step_size * (self.wished - (1 - covered))
        return AdaptiveLevel(self.wished, current, self.step_size)

    def tail(self, n):
        """Return the share (a Fraction) to leave out on each side: half of the current one, where n residuals can."""
        return min(max(Fraction(self.current) / 2, Fraction(1, n + 1)), _HALF)


def correlation_of(residuals):
    """Return the correlation of the Gaussian copula of residuals: that of their normal scores, shrunk.

    The score of a residual is the normal quantile of rank / (n + 1) in its column; 0, the middle, where it is not
    known. The covariance of the scores is shrunk towards a multiple of the identity (Ledoit and Wolf
    2004), so that it can be inverted however few residuals there are, and scaled to ones on its diagonal.

    Parameters
    ----------
    residuals : ndarray of shape (n_origins, n_columns)
        NaN where not known.

    Returns
    -------
    ndarray of shape (n_columns, n_columns)
        The identity if there are not two origins; of more than 4,096 some are taken, evenly spread.
    """
    if len(residuals) < 2:
        return np.eye(residuals.shape[1])
    residuals = residuals[evenly_spread(len(residuals), MOST_SCORED)]
    covariance, _ = ledoit_wolf(normal_scores(residuals), assume_centered=True)
    deviations = np.sqrt(np.diag(covariance))
    deviations[deviations == 0] = 1  # nothing is known of any
    correlation = (1 - _INDEPENDENT) * covariance / np.outer(deviations, deviations)
    np.fill_diagonal(correlation, 1)
    return correlation


def with_common_part(correlation, n_targets, share):
    """Return a correlation that is moved by a share towards that of errors which all steps of a target have in common.

    A network that has learnt a stretch knows its level; of one that it has not, all steps may be off by a level that it
    takes wrongly, of which errors of what was learnt tell too little.

    Parameters
    ----------
    correlation : ndarray of shape (n_steps * n_targets, n_steps * n_targets)
        Step by step.
    n_targets : int
    share : float
        From 0 to 1, of which a little is left to each step, so that a Cholesky factor exists.

    Examples
    --------
    >>> with_common_part(np.eye(3), 1, 0.2)
    array([[1. , 0.2, 0.2],
           [0.2, 1. , 0.2],
           [0.2, 0.2, 1. ]])
    """
    n_steps = len(correlation) // n_targets
    common = np.kron(np.ones((n_steps, n_steps)), np.eye(n_targets))
    return correlation + min(share, 1 - _INDEPENDENT) * (common - correlation)


def normal_scores(residuals):
    """Return the normal scores of each column, (n_origins, n_columns); ties in the order in which they come."""
    scores = np.zeros(residuals.shape)
    for column, is_known in enumerate(~np.isnan(residuals.T)):
        order = np.argsort(residuals[is_known, column], kind="stable")
        of_known = np.empty(len(order))
        of_known[order] = _scores_of_ranks(len(order))
        scores[is_known, column] = of_known
    return scores


def draw_scores(factor, n_paths, rng):
    """Return draws from a Gaussian copula as normal scores, shape (n_paths, n_columns).

    Parameters
    ----------
    factor : ndarray of shape (n_columns, n_columns)
        The Cholesky factor, lower, of the correlation.
    n_paths : int
    rng : numpy.random.Generator
    """
    return rng.standard_normal((n_paths, len(factor))) @ factor.T


def from_scores(pool, scores):
    """Return the residuals of a sorted pool at normal scores, on lines between those at the scores of its ranks.

    Nothing is drawn beyond the first and the last.
    """
    return np.interp(scores, _scores_of_ranks(len(pool)), pool)


def without_strays(pool):
    """Return a sorted pool whose ends are no farther from its median than seven deviations.

    A deviation is the width of the middle 95 %, by 3.92: that of a normal distribution. Errors of a few series that
    came alive, in units of how still they were, would be drawn for all others, too, and make their means.

    Parameters
    ----------
    pool : ndarray of shape (n,)

    Examples
    --------
    >>> without_strays(np.append(np.arange(-50.0, 50), 1e9)).max().round()
    np.float64(170.0)
    """
    low, middle, high = np.quantile(pool, [0.025, 0.5, 0.975])
    reach = FARTHEST_DRAWN * (high - low) / 3.92
    return pool if reach == 0 else np.clip(pool, middle - reach, middle + reach)


@lru_cache(maxsize=16)
def _scores_of_ranks(n):
    """Return the normal quantiles of 1 / (n + 1) .. n / (n + 1), not to be written to."""
    return np.array([NormalDist().inv_cdf(k / (n + 1)) for k in range(1, n + 1)])
