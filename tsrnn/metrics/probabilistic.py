"""Scores of quantiles, sample paths and intervals, a function each.

All are in the unit of the series and the smaller the better, but for the coverage, a share from 0 to 1, and the mean
scaled interval score, a pure number. All but coverage and width are proper: the true distribution scores best on
average.
"""

import numpy as np

from ..bands import check_level
from .formulas import naive_error
from .grouped import interval_losses, pinball_losses
from .reading import check_bounds, check_scale, read_alike, read_interval, read_quantiles, read_rows


def pinball_loss(y_true, y_quantiles, q, *, sample_weight=None):
    """Return the mean pinball loss of quantiles, over steps and quantiles, in the unit of the series.

    An error costs q where the truth is above the quantile, and 1 - q where it is below (Koenker and Bassett 1978,
    Regression quantiles). That of one quantile is :func:`sklearn.metrics.mean_pinball_loss`.

    Parameters
    ----------
    y_true : array-like of shape (n,)
    y_quantiles : array-like of shape (n, n_quantiles), or (n,) for one
        Forecast quantiles of the same steps, a column for each of `q`, in its order.
    q : float or array-like of shape (n_quantiles,)
        Which quantiles they are, each between 0 and 1.
    sample_weight : array-like of shape (n,), optional
        Weights of the steps; a step of weight zero is as if it were not there.

    Returns
    -------
    float

    Raises
    ------
    TypeError, ValueError
        If truth and quantiles differ in steps or index, hold NaN, infinite values or what is no number, there is no
        column for each of `q`, or these are no quantiles.

    Examples
    --------
    >>> from tsrnn.metrics import pinball_loss
    >>> pinball_loss([5.0, 6.0], [[4.0, 7.0], [5.0, 8.0]], q=[0.25, 0.75])
    0.375
    """
    y_true, y_quantiles, weight = read_rows(y_true, y_quantiles, "y_quantiles", sample_weight)
    q = read_quantiles(q)
    if y_quantiles.shape[1] != len(q):
        raise ValueError(f"y_quantiles has {y_quantiles.shape[1]} columns and q {len(q)} quantiles; give one for each.")
    return float(np.average(pinball_losses(y_true[:, None], y_quantiles, q).mean(axis=1), weights=weight))


def crps_from_quantiles(y_true, y_quantiles, q, *, sample_weight=None):
    """Return the continuous ranked probability score (CRPS) of forecast quantiles, in the unit of the series.

    Twice the mean pinball loss: the CRPS is twice its integral over all quantiles (Gneiting and Ranjan 2011, Comparing
    density forecasts using threshold- and quantile-weighted scoring rules), and the mean over `q` stands for the
    integral. So they should be the middles of equal parts of the way from 0 to 1, as 0.05, 0.15, ..., 0.95 are. That
    of 0.1, ..., 0.9 leaves out the tails: compare it with that of the same quantiles alone.

    Parameters
    ----------
    y_true, y_quantiles, q, sample_weight
        As in :func:`pinball_loss`.

    Returns
    -------
    float

    Raises
    ------
    TypeError, ValueError
        As :func:`pinball_loss`.

    Examples
    --------
    >>> from tsrnn.metrics import crps_from_quantiles
    >>> crps_from_quantiles([5.0, 6.0], [[4.0, 7.0], [5.0, 8.0]], q=[0.25, 0.75])
    0.75
    """
    return 2 * pinball_loss(y_true, y_quantiles, q, sample_weight=sample_weight)


def crps_from_samples(y_true, y_samples, *, fair=True, sample_weight=None):
    """Return the mean continuous ranked probability score (CRPS) of samples of each step, in the unit of the series.

    The mean distance from sample to truth, less half that between two samples; of one sample it is the absolute error.

    Parameters
    ----------
    y_true : array-like of shape (n,)
    y_samples : array-like of shape (n, n_samples)
        Samples of the forecast distribution of each step, as the columns of ``sample``.
    fair : bool, default=True
        Whether distances are averaged over pairs of different samples, which is on average the CRPS of the
        distribution that they are drawn from, however few they are (Ferro 2014, Fair scores for ensemble forecasts).
        False: over all pairs, which is the CRPS of the samples as they are, as if nothing else could come true.
    sample_weight : array-like of shape (n,), optional
        As in :func:`pinball_loss`.

    Returns
    -------
    float
        The fair one of few samples may be below zero.

    Raises
    ------
    TypeError, ValueError
        If truth and samples differ in steps or index, hold NaN, infinite values or what is no number, or a fair score
        is asked of a single sample.

    Notes
    -----
    The distances between n samples come from their order, in n log n (Jordan, Krüger and Lerch 2019, Evaluating
    probabilistic forecasts with scoringRules).

    References
    ----------
    Gneiting and Raftery 2007, Strictly proper scoring rules, prediction, and estimation, equation 21.

    Examples
    --------
    >>> from tsrnn.metrics import crps_from_samples
    >>> crps_from_samples([5.0], [[4.0, 6.0, 7.0]], fair=False)  # 4/3 from the truth, 12/9 from each other
    0.666...
    >>> crps_from_samples([5.0], [[4.0, 6.0, 7.0]])  # 12/6 from each other
    0.333...
    """
    y_true, y_samples, weight = read_rows(y_true, y_samples, "y_samples", sample_weight)
    n = y_samples.shape[1]
    n_pairs = _count_pairs(n, "y_samples", fair)
    away = np.sort(y_samples - y_true[:, None], axis=1)
    # In the sum of distances over pairs i < j, the k-th of n is added k times and taken off n - 1 - k times.
    between = away @ (2 * np.arange(n) - (n - 1.0))
    return float(np.average(np.abs(away).mean(axis=1) - between / n_pairs, weights=weight))


def energy_score(y_true, paths, *, fair=True):
    """Return the energy score of paths over several steps at once, in the unit of the series.

    The CRPS of several steps: the mean Euclidean distance from path to truth, less half that between two paths. Paths
    whose steps each have the right distribution, but do not belong together, score worse on average than joint ones.

    Parameters
    ----------
    y_true : array-like of shape (n_steps,)
        The truth of all steps; to score several series or origins, take the mean of their scores.
    paths : array-like of shape (n_steps, n_paths)
        A path in each column, as ``sample`` gives them.
    fair : bool, default=True
        As in :func:`crps_from_samples`.

    Returns
    -------
    float
        Grows with the root of the number of steps; of one step it is the CRPS.

    Raises
    ------
    TypeError, ValueError
        As :func:`crps_from_samples`.

    References
    ----------
    Gneiting and Raftery 2007, Strictly proper scoring rules, prediction, and estimation, equation 22, with beta = 1.

    Examples
    --------
    >>> from tsrnn.metrics import energy_score
    >>> energy_score([0.0, 0.0], [[3.0, -3.0], [4.0, -4.0]], fair=False)  # 5 from the truth, 10 from each other
    2.5
    """
    y_true, paths, _ = read_rows(y_true, paths, "paths")
    n_pairs = _count_pairs(paths.shape[1], "paths", fair)
    away = np.ascontiguousarray((paths - y_true[:, None]).T)
    between = sum(np.linalg.norm(away[k + 1 :] - path, axis=1).sum() for k, path in enumerate(away))
    return float(np.linalg.norm(away, axis=1).mean() - between / n_pairs)


def _count_pairs(n, name, fair):
    """Return how many ordered pairs of n samples there are, each with itself unless they are to be fair."""
    if fair and n == 1:
        raise ValueError(f"{name} has 1 column, without a pair that a fair score needs; give more, or fair=False.")
    return n * (n - 1) if fair else n * n


def coverage(y_true, lower, upper, *, sample_weight=None):
    """Return the share of steps at which the truth is inside its interval, from 0 to 1; a bound is inside.

    Intervals of level 80 are right, and not only wide, if it is about 0.8.

    Parameters
    ----------
    y_true, lower, upper : array-like of shape (n,)
        Truth and bounds of the same steps.
    sample_weight : array-like of shape (n,), optional
        As in :func:`pinball_loss`.

    Returns
    -------
    float

    Raises
    ------
    TypeError, ValueError
        If truth and bounds differ in length or index, hold NaN, infinite values or what is no number, or a lower bound
        is above the upper one.

    Examples
    --------
    >>> from tsrnn.metrics import coverage
    >>> coverage([5.0, 6.0, 7.0, 8.0], lower=[4.0, 4.0, 4.0, 4.0], upper=[7.0, 7.0, 7.0, 7.0])
    0.75
    """
    y_true, lower, upper, weight = read_interval(y_true, lower, upper, sample_weight)
    return float(np.average((lower <= y_true) & (y_true <= upper), weights=weight))


def mean_interval_width(lower, upper, *, sample_weight=None):
    """Return the mean width of intervals, in the unit of the series.

    Of intervals that cover alike, the narrower are better.

    Parameters
    ----------
    lower, upper, sample_weight
        As in :func:`coverage`.

    Returns
    -------
    float

    Raises
    ------
    TypeError, ValueError
        As :func:`coverage`.

    Examples
    --------
    >>> from tsrnn.metrics import mean_interval_width
    >>> mean_interval_width([4.0, 4.0], [6.0, 8.0])
    3.0
    """
    lower, upper, weight = read_alike({"lower": lower, "upper": upper}, sample_weight)
    check_bounds(lower, upper)
    return float(np.average(upper - lower, weights=weight))


def interval_score(y_true, lower, upper, level, *, sample_weight=None):
    """Return the mean interval score, in the unit of the series: the width, and a penalty where the truth is outside.

    The penalty is 2 / alpha times how far the truth is outside, alpha being the share of truths that may be: 0.2 for
    level 80 (Gneiting and Raftery 2007, Strictly proper scoring rules, prediction, and estimation, equation 43). It is
    2 / alpha times the sum of the pinball losses of both bounds, as quantiles alpha / 2 and 1 - alpha / 2.

    Parameters
    ----------
    y_true, lower, upper, sample_weight
        As in :func:`coverage`.
    level : float
        Percent of the truths that the intervals are to hold, such as 80.

    Returns
    -------
    float

    Raises
    ------
    TypeError, ValueError
        If `level` is no percentage, as 0.8 is none; otherwise as :func:`coverage`.

    Examples
    --------
    >>> from tsrnn.metrics import interval_score
    >>> interval_score([5.0, 9.0], [4.0, 5.0], [6.0, 8.0], level=80)  # widths 2 and 3, and 10 times 1 outside
    7.5
    """
    check_level(level)
    y_true, lower, upper, weight = read_interval(y_true, lower, upper, sample_weight)
    return float(np.average(interval_losses(y_true, lower, upper, level), weights=weight))


def mean_scaled_interval_score(y_true, lower, upper, level, y_train, season=1, *, sample_weight=None):
    """Return the mean scaled interval score (MSIS): in units of the seasonal naive error within training.

    As in the M4 competition, whose level is 95 (Makridakis, Spiliotis and Assimakopoulos 2020); scaled as in
    :func:`mase`.

    Parameters
    ----------
    y_true, lower, upper, level, sample_weight
        As in :func:`interval_score`.
    y_train, season
        As in :func:`mase`.

    Returns
    -------
    float

    Raises
    ------
    TypeError, ValueError
        As :func:`interval_score` and :func:`mase`.

    Examples
    --------
    >>> from tsrnn.metrics import mean_scaled_interval_score
    >>> mean_scaled_interval_score([5.0, 9.0], [4.0, 5.0], [6.0, 8.0], 80, y_train=[1.0, 4.0, 1.0])
    2.5
    """
    score = interval_score(y_true, lower, upper, level, sample_weight=sample_weight)
    scale = naive_error(y_train, season)
    check_scale(scale, season, "MSIS")
    return score / scale
