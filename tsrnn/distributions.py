"""The distributions that networks predict, from their parameters: quantiles, means, samples and all else of them."""

import numpy as np
from scipy import stats

from .counts import how_many
from .kernels.plan import N_PARAMETERS


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

    def __init__(self, quantiles, levels):
        self.quantiles, self.levels = np.asarray(quantiles, np.float64), np.asarray(levels, np.float64)
        inside = np.concatenate([[0.0], self.levels.ravel(), [1.0]])
        if self.levels.ndim != 1 or len(self.levels) < 2 or not (np.diff(inside) > 0).all():
            raise ValueError(f"levels must be two or more between 0 and 1, which rise; got {self.levels.tolist()}.")
        _check_axis(self.quantiles, len(self.levels), f"quantiles at the levels {self.levels.tolist()}")
        scores = stats.norm.ppf(self.levels)
        self._scores, self._slopes = scores, np.diff(self.quantiles) / np.diff(scores)

    def ppf(self, q):
        """Return the quantiles at q, an array that broadcasts with the distributions."""
        scores = stats.norm.ppf(q)
        line = np.clip(np.searchsorted(self._scores, scores) - 1, 0, len(self.levels) - 2)
        shape = np.broadcast_shapes(scores.shape, self.quantiles.shape[:-1])
        lines = np.broadcast_to(line, shape)[..., np.newaxis]

        def of_line(values):
            return np.take_along_axis(np.broadcast_to(values, shape + values.shape[-1:]), lines, axis=-1)[..., 0]

        return of_line(self.quantiles) + of_line(self._slopes) * (scores - self._scores[line])

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


def _check_axis(values, n, what):
    if values.ndim == 0 or values.shape[-1] != n:
        raise ValueError(
            f"the {what} must have {how_many(n, 'number')} on the last axis; got an array of shape {values.shape}."
        )
