"""The season of series: a figure for each phase of the period, of many short series at once; or STL, of one series."""

import numpy as np

_WIDTH = 1.5  # periods that the trend's window spans, as in STL
_PASSES = 6  # each leaves some twentieth of the error of the one before; of two periods, half
_BINS = 48  # per period at most: what is smoother than these needs no finer trend
_LONGEST, _MOST_PERIODS = 2**18, 16  # rows looked at: of a longer series only the latest, unless its periods are long
_VALUES_AT_A_TIME = 2**15  # what is computed on the way stays in the cache
_FAR = 4.4  # usual distances that an outlier is away: five standard deviations of normal noise


def seasonal_figures(values, bounds, period):
    """Return what each phase of the season adds to each series, made smaller the less the series shows of it.

    The trend is a local line; the figures are the means by phase of what is left, with mean zero. Each is found again
    without the other, a few times. All of a series' figures are then multiplied by
    max(0, 1 - V (p - 2) / sum of their squares), V being the variance that noise gives to a mean and p the number of
    phases less one: the positive-part estimator of James and Stein, which is zero where there is no more than noise.
    Below p = 3 it has no gain and becomes 1 - V / sum of squares.

    Outliers are left out first: values far from a line through medians of periods plus the median of their phase. Of
    two cycles that contradict each other, the one farther from the line is the outlier; a handful of values cannot
    tell. The figures are means of the rest, not medians: of few values a median varies more (of two it is the mean),
    and the shrinkage asks for the variance of a mean.

    Parameters
    ----------
    values : ndarray of shape (n,), float64
        All series one after the other; NaN where not observed, which is left out.
    bounds : ndarray of shape (n_series + 1,), int64
        Series s is ``values[bounds[s] : bounds[s + 1]]``; its first row has phase 0.
    period : int
        Steps after which the season repeats.

    Returns
    -------
    ndarray of shape (n_series, period), float64
        Units of the values. Zero where a series has fewer than two periods of observed values, and at a phase that is
        never observed. Of series longer than 262,144 values and 16 periods the latest count, so that memory is bounded.
        Each row depends on its own series alone, to the bit.

    References
    ----------
    Cleveland, Cleveland, McRae and Terpenning (1990), STL: a seasonal-trend decomposition procedure based on loess:
    the two steps in turn, and the trend's window.
    James and Stein (1961), Estimation with quadratic loss: the shrinkage.
    Fan and Marron (1994), Fast implementations of nonparametric curve estimators: the trend of long periods by bins.

    Examples
    --------
    >>> import numpy as np
    >>> from tsrnn.decomposition import seasonal_figures
    >>> quarters = np.tile([3.0, 1.0, -1.0, -3.0], 5) + 0.5 * np.arange(20)
    >>> seasonal_figures(quarters, np.array([0, 20]), period=4).round(1)
    array([[ 3.,  1., -1., -3.]])
    """
    lengths = np.diff(bounds)
    figures = np.zeros((len(lengths), period))
    if period < 2:
        return figures
    order = np.argsort(lengths, kind="stable")
    order = order[np.searchsorted(lengths[order], 2 * period) :]  # shorter ones keep their zeros
    for alike in np.split(order, np.flatnonzero(np.diff(lengths[order])) + 1):
        n_rows = lengths[alike[0]] if len(alike) else 1
        n_at_a_time = max(1, _VALUES_AT_A_TIME // n_rows)
        n_before = max(0, n_rows - max(_LONGEST, _MOST_PERIODS * period)) // period * period  # so that phases stay
        rows = np.arange(n_before, n_rows)[:, None]
        for first in range(0, len(alike), n_at_a_time):
            some = alike[first : first + n_at_a_time]
            z = values[bounds[some] + rows]  # a column is a series
            is_enough = (~np.isnan(z)).sum(axis=0) >= 2 * period
            if is_enough.any():
                figures[some[is_enough]] = _figures(z[:, is_enough], period).T
    return figures


def season_of_rows(rows, figures):
    """Return the season at rows, also after the end of the series: the figures of each period, repeated, and summed.

    Parameters
    ----------
    rows : ndarray of int
        Row numbers in the series; row 0 has phase 0.
    figures : sequence of ndarray of shape (period,)
        The figures of each period by phase.

    Returns
    -------
    ndarray of the shape of `rows`, float64
    """
    return sum((np.asarray(f)[rows % len(f)] for f in figures), np.zeros(np.shape(rows)))


def stl_seasonal(values, periods, *, robust=True):
    """Return the season of one series by STL, or MSTL where there are several periods; it may change over time.

    Parameters
    ----------
    values : ndarray of shape (n,)
        Without NaN.
    periods : int or sequence of int
        Steps after which each season repeats.
    robust : bool, default=True
        Whether outliers count less.

    Returns
    -------
    seasonal : ndarray of shape (n,), float64
        The sum of the seasons at each row.
    figures : tuple of ndarray of shape (period,)
        The last full season of each period, by phase (row number modulo period), in the order of `periods`: the season
        after the end is ``season_of_rows(rows, figures)``.

    Raises
    ------
    ValueError
        If a value is missing or not finite, a period is below 2 or named twice, or the series has fewer than two
        seasons.
    ImportError
        If the package statsmodels is not installed.

    References
    ----------
    Cleveland, Cleveland, McRae and Terpenning (1990), STL: a seasonal-trend decomposition procedure based on loess.
    Bandara, Hyndman and Bergmeir (2021), MSTL: a seasonal-trend decomposition algorithm for time series with multiple
    seasonal patterns.
    """
    values = np.asarray(values, np.float64)
    periods = [int(period) for period in np.atleast_1d(periods)]
    if not np.isfinite(values).all():
        raise ValueError("STL needs every value, but some are missing or infinite; fill them first.")
    if not periods or min(periods) < 2 or len(set(periods)) < len(periods):
        raise ValueError(f"the periods of STL must be different numbers of steps from 2 on; got {periods}.")
    n_least = 2 * max(periods) + (len(periods) > 1)  # MSTL leaves a period out that is half the series
    if len(values) < n_least:
        raise ValueError(
            f"the series has {len(values)} values; STL with a period of {max(periods)} needs at least {n_least}. Leave "
            "that period out."
        )
    try:
        from statsmodels.tsa.seasonal import MSTL, STL
    except ImportError as error:
        raise ImportError(
            "STL needs the package statsmodels, which is not installed: python -m pip install statsmodels; "
            "or take 'deseasonalise'."
        ) from error
    if len(periods) == 1:
        seasons = [STL(values, period=periods[0], robust=robust).fit().seasonal]
    else:
        seasons = MSTL(values, periods=sorted(periods), stl_kwargs={"robust": robust}).fit().seasonal.T
        seasons = [seasons[sorted(periods).index(period)] for period in periods]
    rows = np.arange(len(values))
    figures = []
    for period, season in zip(periods, seasons, strict=True):
        figures.append(np.empty(period))
        figures[-1][rows[-period:] % period] = season[-period:]
    return np.sum(seasons, axis=0), tuple(figures)


# The private helpers work on a block of series of one length: arrays have the shape (n_rows, n_series), and where it
# says so (n_rows, 1), the same for all. They add up in the order of rows, so that the bits of a series do not depend on
# those beside it; matrix products would not promise that.


def _figures(z, m):
    """Return the shrunk figures, ndarray of shape (m, n_series), of series of at least 2 m observed values."""
    observed = ~np.isnan(z)
    low, high = np.fmin.reduce(z, axis=0), np.fmax.reduce(z, axis=0)
    centre, scale = low / 2 + high / 2, high / 2 - low / 2
    z = np.where(observed, (z - centre) / np.where(scale > 0, scale, 1), 0.0)

    kept = observed & ~_are_far(z, observed, m)
    is_whole = kept.all(axis=0)
    s = np.empty((m, z.shape[1]))
    for chosen, weights in ((is_whole, np.ones((len(z), 1))), (~is_whole, kept[:, ~is_whole].astype(np.float64))):
        if chosen.any():
            s[:, chosen] = _fit(z[:, chosen], weights, m)
    return s * scale


def _are_far(z, observed, m):
    """Return which values are outliers: much farther than usual from the level and the median of their phase."""
    above = z - _line_through_medians(z, observed, m)
    cycles = _by_phase(np.where(observed, above, np.inf), m, np.inf)
    n_cycles = _by_phase(observed, m, False).sum(axis=0)
    cycles.sort(axis=0)
    lower, upper = (
        np.take_along_axis(cycles, np.maximum(k, 0)[None], axis=0)[0] for k in ((n_cycles - 1) // 2, n_cycles // 2)
    )
    # Of two in the middle the one nearer to the level: of two cycles one of which is an outlier, it is the other one.
    # As it is itself a value, each phase keeps one.
    middle = np.where(np.abs(lower) <= np.abs(upper), lower, upper)
    distances = np.abs(above - middle[np.arange(len(z)) % m])
    # One distance of each phase is zero by construction. Three quarters of the others: with medians, where most values
    # are equal (few sales, say), all the others would be outliers.
    n_zero = (n_cycles > 0).sum(axis=0)
    n_free = n_cycles.sum(axis=0) - n_zero
    ordered = np.sort(np.where(observed, distances, np.inf), axis=0)
    usual = np.take_along_axis(ordered, (n_zero + 3 * (n_free - 1) // 4)[None], axis=0)
    return distances > _FAR * (1 + 4 / n_free) * usual  # few values say less well what is usual


def _line_through_medians(z, observed, m):
    """Return a first level that no outlier bends: lines from the median of one period to that of the next."""
    n = len(z)
    starts = np.arange(0, n - m + 1, m)  # whole periods, because part of one has part of the season
    rows = starts[:, None] + np.arange(m)
    ordered = np.sort(np.where(observed, z, np.inf)[rows], axis=1)
    n_observed = observed[rows].sum(axis=1)
    lower, upper = (
        np.take_along_axis(ordered, np.maximum(k, 0)[:, None], axis=1)[:, 0]
        for k in ((n_observed - 1) // 2, n_observed // 2)
    )
    has_median = 2 * n_observed >= n_observed.max(axis=0)  # of few it would be that of their phases
    nearest = np.maximum.accumulate(np.where(has_median, np.arange(len(starts))[:, None], -1), axis=0)
    nearest = np.where(nearest < 0, has_median.argmax(axis=0), nearest)  # the one before, else the first
    medians = np.take_along_axis(np.where(has_median, lower / 2 + upper / 2, 0.0), nearest, axis=0)
    return _interpolate(medians, starts + (m - 1) / 2, np.arange(n))


def _interpolate(values, at, rows):
    """Return values given at increasing places at all rows; beyond the ends the outer lines go on."""
    k = np.clip(np.searchsorted(at, rows, side="right") - 1, 0, len(at) - 2)
    shares = (rows - at[k]) / (at[k + 1] - at[k])
    return values[k] + (values[k + 1] - values[k]) * shares[:, None]


def _fit(z, weights, m):
    """Return the shrunk figures, ndarray of shape (m, n_series).

    Parameters
    ----------
    z : ndarray of shape (n_rows, n_series)
        Finite, also where the weight is 0.
    weights : ndarray of that shape or (n_rows, 1), float64
        1 where a value counts, else 0.
    """
    smooth, leverages = _make_smoother(weights, m)
    n_cycles = _by_phase(weights, m, 0.0).sum(axis=0)
    is_seen = n_cycles > 0
    n_phases = is_seen.sum(axis=0)
    phases = np.arange(len(z)) % m
    s = np.zeros((m, z.shape[1]))
    for _ in range(_PASSES):
        rest = z - smooth(z - s[phases])
        means = _by_phase(weights * rest, m, 0.0).sum(axis=0) / np.maximum(n_cycles, 1)
        s = np.where(is_seen, means - _total(means) / n_phases, 0.0)
    residuals = rest - s[phases]
    n_free = np.maximum(_total(n_cycles) - (n_phases - 1) - leverages, 1)
    noise = _total(_by_phase(weights * residuals**2, m, 0.0).sum(axis=0)) / n_free
    variance = noise * _total(np.where(is_seen, 1 / np.maximum(n_cycles, 1), 0.0)) / n_phases
    squares = _total(s**2)
    share = np.maximum(0, 1 - np.maximum(n_phases - 3, 1) * variance / np.where(squares > 0, squares, np.inf))
    return share * s


def _make_smoother(weights, m):
    """Return the function from values to their trend, and the sum of the values' leverages on their own trend.

    The trend is a local line with tricube weights over 1.5 periods. Where periods are long, it is found for bins of
    some rows and interpolated.
    """
    n, width = len(weights), max(1, m // _BINS)
    half = _WIDTH / 2 * m / width
    offsets = np.arange(1 - int(np.ceil(half)), int(np.ceil(half)))
    places = offsets / half
    kernel = (1 - np.abs(places) ** 3) ** 3

    def in_bins(x):
        return x if width == 1 else np.cumsum(_by_phase(x, width, 0.0), axis=1)[:, -1]

    counts = in_bins(weights)
    s0, s1, s2 = (_correlate(counts, offsets, kernel * places**k) for k in range(3))
    spread = s0 * s2 - s1**2
    is_line = spread > 1e-9 * s0 * s2  # else all in the window stand at one place
    spread = np.where(is_line, spread, 1)
    some = np.where(s0 > 0, s0, 1)
    constants, slopes = np.where(is_line, s2 / spread, 1 / some), np.where(is_line, -s1 / spread, 0.0)

    def smooth(values):
        sums = in_bins(weights * values)
        t0, t1 = (_correlate(sums, offsets, kernel * places**k) for k in range(2))
        trend = constants * t0 + slopes * t1
        if width == 1:
            return trend
        return _interpolate(trend, np.arange(len(trend)) * width + (width - 1) / 2, np.arange(n))

    return smooth, _total(counts * constants)


def _correlate(x, offsets, kernel):
    """Return at each row the sum of kernel times x over the rows at these offsets; x is zero beyond its ends."""
    n = len(x)
    sums, products = np.zeros_like(x), np.empty_like(x)
    for offset, factor in zip(offsets.tolist(), kernel.tolist(), strict=True):
        first, last = max(0, -offset), min(n, n - offset)
        if first < last:
            product = np.multiply(x[first + offset : last + offset], factor, out=products[first:last])
            sums[first:last] += product
    return sums


def _by_phase(x, m, filling):
    """Return rows as an array of shape (n_cycles, m, n_series), the last cycle filled up."""
    missing = -len(x) % m
    if missing:
        x = np.concatenate([x, np.full((missing, x.shape[1]), filling)])
    return x.reshape(-1, m, x.shape[1])


def _total(x):
    """Return the sum over rows, in their order also where there is one series."""
    return np.cumsum(x, axis=0)[-1]
