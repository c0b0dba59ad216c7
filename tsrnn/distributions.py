"""The distributions that networks predict, from their parameters: quantiles, means, samples and all else of them."""

import numpy as np
from scipy import stats
from scipy.special import ndtr, ndtri

from .counts import how_many
from .kernels.plan import N_PARAMETERS

COUNTS = "poisson", "negative_binomial"
FARTHEST = 7.0  # normal score up to which a quantile is that of its probability, 1e-12 in the tail
LEAST_SLOPE = 1e-3  # of quantiles on the scale of a network, as the scale of a likelihood there has a floor


def distribution(loss, parameters, levels=()):
    """Return the distributions that a network which has learnt by a likelihood, or by quantiles, predicts.

    Parameters
    ----------
    loss : {"normal", "student_t", "poisson", "negative_binomial", "quantile"}
    parameters : array-like of shape (..., n_parameters)
        As networks predict them, in units of the target: location and scale of "normal"; location, scale and degrees of
        freedom of "student_t"; the mean of "poisson"; mean and dispersion of "negative_binomial", whose variance is
        mean + dispersion mean^2; or the quantiles at the `levels`.
    levels : sequence of float
        "quantile" only: two or more, which rise.

    Returns
    -------
    scipy.stats.rv_frozen or QuantileDistribution
        An array of shape (...) of distributions with the methods of SciPy: ``ppf(q)``, the quantiles, q and the
        distributions broadcast together; ``mean()`` and ``median()``; ``rvs(size, random_state)``, samples of shape
        `size`, whose last axes are (...). Quantiles and samples of counts are integers, and not negative. What comes
        from SciPy has all of its other methods, too.

    Raises
    ------
    ValueError
        If the loss is none of these, or the parameters or levels do not fit it.

    Examples
    --------
    Intervals of 80 % of two counts, and what lies between two quantiles:

    >>> import numpy as np
    >>> from tsrnn.distributions import distribution
    >>> counts = distribution("negative_binomial", [[3.0, 0.5], [100.0, 0.1]])
    >>> counts.ppf(np.array([[0.1], [0.9]]))
    array([[  0.,  60.],
           [  7., 144.]])
    >>> counts.rvs((5, 2), random_state=0).min() >= 0
    np.True_
    >>> distribution("quantile", [3.0, 5.0], levels=(0.1, 0.9)).median()
    np.float64(4.0)
    """
    parameters = np.asarray(parameters, np.float64)
    if loss == "quantile":
        return QuantileDistribution(parameters, levels)
    if loss not in N_PARAMETERS:
        known = ", ".join(map(repr, [*N_PARAMETERS, "quantile"]))
        raise ValueError(f"loss={loss!r} predicts no distribution; these do: {known}.")
    _check_axis(parameters, N_PARAMETERS[loss], f"parameters of {loss!r}")
    return _FROM_PARAMETERS[loss](*np.moveaxis(parameters, -1, 0))


class QuantileDistribution:
    """Distributions of which some quantiles are known.

    Between two of them a quantile is a straight line in the quantile of the normal distribution, and beyond the
    outermost this line goes on. So what has the quantiles of a normal distribution is that distribution; tails that are
    much heavier are cut short beyond the outermost levels.

    Parameters
    ----------
    quantiles : array-like of shape (..., n_levels)
    levels : sequence of float
        Two or more between 0 and 1, which rise.
    least_slope : float, default=0
        How much quantiles rise at least from one normal score to the next.

    Raises
    ------
    ValueError
        If the levels do not rise between 0 and 1, or are not as many as the quantiles.

    Examples
    --------
    >>> from scipy.stats import norm
    >>> from tsrnn.distributions import QuantileDistribution
    >>> levels = [0.1, 0.5, 0.9]
    >>> prices = QuantileDistribution(norm(20, 2).ppf(levels), levels)
    >>> round(float(prices.ppf(0.975)), 6) == round(float(norm(20, 2).ppf(0.975)), 6)
    True
    """

    def __init__(self, quantiles, levels, least_slope=0.0):
        self.quantiles, self.levels = np.asarray(quantiles, np.float64), np.asarray(levels, np.float64)
        inside = np.concatenate([[0.0], self.levels.ravel(), [1.0]])
        if self.levels.ndim != 1 or len(self.levels) < 2 or not (np.diff(inside) > 0).all():
            raise ValueError(f"levels must be two or more between 0 and 1, which rise; got {self.levels.tolist()}.")
        _check_axis(self.quantiles, len(self.levels), f"quantiles at the levels {self.levels.tolist()}")
        scores = stats.norm.ppf(self.levels)
        self._scores, self._slopes = scores, np.maximum(np.diff(self.quantiles) / np.diff(scores), least_slope)

    def ppf(self, q):
        """Return the quantiles at q, an array that broadcasts with the distributions."""
        return self.at(stats.norm.ppf(q))

    def at(self, scores):
        """Return the quantiles at normal scores, an array that broadcasts with the distributions."""
        line = np.clip(np.searchsorted(self._scores, scores, side="right") - 1, 0, len(self.levels) - 2)
        quantiles, slopes = self._of_line(line)
        return quantiles + slopes * (scores - self._scores[line])

    def scores(self, values):
        """Return the normal scores at which values are the quantiles, an array that broadcasts likewise."""
        values = np.asarray(values, np.float64)
        n_below = (self.quantiles < values[..., np.newaxis]).sum(axis=-1)
        line = np.clip(n_below - 1, 0, len(self.levels) - 2)
        quantiles, slopes = self._of_line(line)
        return self._scores[line] + (values - quantiles) / slopes

    def _of_line(self, line):
        """Return where these lines begin, and how they rise."""
        shape = np.broadcast_shapes(np.shape(line), self.quantiles.shape[:-1])
        lines = np.broadcast_to(line, shape)[..., np.newaxis]
        both = (np.broadcast_to(of, shape + of.shape[-1:]) for of in (self.quantiles, self._slopes))
        return [np.take_along_axis(of, lines, axis=-1)[..., 0] for of in both]

    def mean(self):
        """Return the means, the integrals of the lines over the normal distribution."""
        ends = np.concatenate([[-np.inf], self._scores[1:-1], [np.inf]])
        at_zero = self.quantiles[..., :-1] - self._slopes * self._scores[:-1]
        return (at_zero * np.diff(stats.norm.cdf(ends)) - self._slopes * np.diff(stats.norm.pdf(ends))).sum(axis=-1)

    def median(self):
        """Return the medians."""
        return self.ppf(0.5)

    def rvs(self, size=None, random_state=None):
        """Return samples, by the quantiles at uniform numbers.

        Parameters
        ----------
        size : tuple of int, optional
            Its last axes are those of the distributions. By default one of each.
        random_state : int, RandomState or Generator, optional
        """
        shape = self.quantiles.shape[:-1] if size is None else size
        return self.ppf(stats.uniform.rvs(size=shape, random_state=random_state))


_FROM_PARAMETERS = {
    "normal": stats.norm,
    "student_t": lambda location, scale, degrees: stats.t(degrees, location, scale),
    "poisson": stats.poisson,
    "negative_binomial": lambda mean, dispersion: stats.nbinom(1 / dispersion, 1 / (1 + mean * dispersion)),
}


class NormalScale:
    """Distributions, read by normal scores: the quantile at score z is that at the probability Phi(z).

    So what intervals, samples and calibration are made of is on one scale, whatever the distribution is. Beyond the
    score 7, where probabilities are rounding, quantiles go on as straight lines, by a standard deviation for each one.
    That of a count is the whole number that holds the score; the score of a count is drawn evenly from those that it
    holds (Czado, Gneiting and Held 2009, Biometrics 65, section 2.1, the randomised PIT).

    Parameters
    ----------
    loss, parameters, levels
        As :func:`distribution` takes them.
    """

    def __init__(self, loss, parameters, levels=()):
        self.loss, self.parameters, self.levels = loss, np.asarray(parameters, np.float64), levels

    def point(self):
        """Return the forecasts, shape (...): means of counts, medians of all else."""
        return self._quantiles(self.parameters).median() if self.loss == "quantile" else self.parameters[..., 0]

    def at(self, scores):
        """Return the quantiles at normal scores, shape (..., n_scores)."""
        parameters = self.parameters[..., np.newaxis, :]
        if self.loss == "quantile":
            return self._quantiles(parameters).at(scores)
        parameters = np.broadcast_to(parameters, (*scores.shape, parameters.shape[-1]))
        values = _inner_quantiles(self.loss, parameters, np.clip(scores, -FARTHEST, FARTHEST))
        far = np.abs(scores) > FARTHEST
        beyond = scores[far] - np.copysign(FARTHEST, scores[far])
        values[far] += beyond * distribution(self.loss, parameters[far]).std()
        return np.maximum(np.ceil(values), 0) if self.loss in COUNTS else values

    def scores(self, truths, rng):
        """Return the normal scores of truths, shape (...), NaN where those are; `rng` draws those of counts."""
        if self.loss == "quantile":
            return self._quantiles(self.parameters).scores(truths)
        of = distribution(self.loss, self.parameters)
        below, above = of.cdf(truths), of.sf(truths)
        if self.loss in COUNTS:
            own, share = of.pmf(truths), rng.random(np.shape(truths))
            below, above = below - share * own, above + share * own
        inner = np.where(below < 0.5, ndtri(np.clip(below, 0, 1)), -ndtri(np.clip(above, 0, 1)))
        scores = np.clip(inner, -FARTHEST, FARTHEST)
        far = np.abs(scores) == FARTHEST
        ends = _inner_quantiles(self.loss, self.parameters[far], scores[far])
        scores[far] += (truths[far] - ends) / distribution(self.loss, self.parameters[far]).std()
        return scores

    def _quantiles(self, parameters):
        return QuantileDistribution(parameters, self.levels, LEAST_SLOPE)


def _inner_quantiles(loss, parameters, scores):
    """Return the quantiles at scores of as many distributions, each from the side on which its probability is small."""
    values, is_low = np.full(scores.shape, np.nan), scores < 0
    values[is_low] = distribution(loss, parameters[is_low]).ppf(ndtr(scores[is_low]))
    values[~is_low] = distribution(loss, parameters[~is_low]).isf(ndtr(-scores[~is_low]))
    return values


def _check_axis(values, n, what):
    if values.ndim == 0 or values.shape[-1] != n:
        raise ValueError(
            f"the {what} must have {how_many(n, 'number')} on the last axis; got an array of shape {values.shape}."
        )
