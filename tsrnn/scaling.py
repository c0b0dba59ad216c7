"""Transforms of many series at once: what all have in common, and those that shift and scale."""

from copy import copy

import numpy as np

ROBUST_QUANTILES = (0.25, 0.5, 0.75)
PIECE = 2**16  # rows that are looked at together: what is made of them on the way is small beside a long series


class Transform:
    """A change of scale that each series learns on its own, and that can be undone; abstract, and it changes nothing.

    All series stand side by side in one array: series s is ``values[bounds[s]:bounds[s + 1]]``, NaN where a value is
    missing. A row is counted from the first of its series. What is learnt for a series depends on that series alone,
    but for :class:`PooledScaling`.

    Attributes
    ----------
    n_lost : int
        First rows of every series that become NaN, since nothing stands before them to compare them with.
    needs_history : bool
        Whether the way back reads the values before a forecast.
    is_by_row : bool
        Whether `transform` makes each row of that row alone, so that it may be given pieces of series.
    is_causal : bool
        Whether `transform` makes a row without later ones, be they among those that were learnt from.
    of_each_series : tuple of str
        The attributes that hold an entry for each series.
    """

    n_lost = 0
    needs_history = False
    is_by_row = False
    is_causal = True
    of_each_series = ()

    def fit(self, values, bounds, names=None):
        """Learn from every series on its own.

        Parameters
        ----------
        values : ndarray of shape (n_rows,)
            All series side by side, in units of the target; NaN where missing.
        bounds : ndarray of shape (n_series + 1,)
            Where each series begins, and the end of the last.
        names : sequence of n_series str, optional
            What an error calls each series; otherwise "series 0" and so on.

        Returns
        -------
        Transform
            Itself.

        Raises
        ------
        ValueError
            If a series has values that the transform is not made for.
        """
        return self

    def transform(self, values, bounds):
        """Return the transformed values; row k depends on rows up to k, and on what was learnt.

        Parameters
        ----------
        values : ndarray of shape (n_rows,)
            As in `fit`. Each series begins with the row it began with there, and may have more or fewer.
        bounds : ndarray of shape (n_series + 1,)

        Returns
        -------
        ndarray of shape (n_rows,), float64
            NaN stays NaN.
        """
        return np.asarray(values, np.float64)

    def inverse_transform(self, forecasts, series, rows, values=None, bounds=None):
        """Return forecasts on the scale that `transform` was given.

        Parameters
        ----------
        forecasts : ndarray of shape (n, n_steps, ...)
            On the transformed scale.
        series : ndarray of shape (n,)
            Which series each is a forecast of.
        rows : ndarray of shape (n,)
            The row of that series that its first step is; the next steps are the next rows.
        values, bounds : ndarray
            The history on the original scale, as in `transform`; only rows before ``rows[i]`` are read. May be left
            out unless `needs_history`.

        Returns
        -------
        ndarray of the shape of `forecasts`, float64
        """
        return np.asarray(forecasts, np.float64)

    def of_series(self, number, before):
        """Return this transform for one series alone, which then begins with a later row of what it was.

        Parameters
        ----------
        number : int
            Of the series.
        before : ndarray of shape (n_before,)
            Its values before that row, on the scale `transform` is given: those that come after are transformed, and
            forecasts brought back, as if these still stood there.
        """
        one = copy(self)
        for name in self.of_each_series:
            setattr(one, name, getattr(self, name)[number : number + 1])
        if getattr(self, "_names", None) is not None:
            one._names = [self._names[number]]
        return one


class Scaling(Transform):
    """Subtracts a centre and divides by a scale, ``z = (x - center_) / scale_``; abstract.

    Where the scale would be zero, it is the largest size of a value, and one if that is zero, too: so a series that has
    not moved keeps its unit. Without any value the centre is zero.

    Attributes
    ----------
    center_, scale_ : ndarray of shape (n_series,)
        In units of the target.
    """

    is_by_row = True
    of_each_series = ("center_", "scale_")

    def fit(self, values, bounds, names=None):
        """Learn centres and scales; the arguments are those of :class:`Transform`."""
        values = np.asarray(values, np.float64)
        largest = largest_sizes(values, bounds)
        with np.errstate(over="ignore"):
            center, scale = self._learn(values, bounds, largest)
        self.center_ = np.where(np.isnan(center), 0.0, center)
        self.scale_ = np.where(scale > 0, scale, np.where(largest > 0, largest, 1.0))
        extremes = np.stack([reduce(np.fmin, values, bounds), reduce(np.fmax, values, bounds)])
        with np.errstate(over="ignore", invalid="ignore"):  # what is between them comes to lie between them
            is_lost = ~np.isfinite((extremes - self.center_) / self.scale_) & ~np.isnan(extremes)
        if is_lost.any():
            s = int(is_lost.any(axis=0).argmax())
            raise ValueError(
                f"{name_of(s, names)} has values up to {largest[s]:.3g}, which are too large to scale; "
                "divide the series first."
            )
        return self

    def _learn(self, values, bounds, largest):
        """Return centres and scales (n_series,); NaN or zero where there are none.

        `largest` holds the largest size in each series: values divided by it neither overflow nor vanish when squared.
        """
        raise NotImplementedError

    def transform(self, values, bounds):
        """Return the scaled values."""
        with np.errstate(over="ignore"):  # a later value may be too large for the scale of the earlier ones
            shifted = np.asarray(values, np.float64) - spread(self.center_, bounds)
            return np.divide(shifted, spread(self.scale_, bounds), out=shifted)

    def inverse_transform(self, forecasts, series, rows, values=None, bounds=None):
        """Return forecasts in units of the target."""
        forecasts = np.asarray(forecasts, np.float64)
        with np.errstate(over="ignore"):
            return forecasts * like(forecasts, self.scale_[series]) + like(forecasts, self.center_[series])


class StandardScaling(Scaling):
    """Subtracts the mean and divides by the standard deviation, that of the population.

    Examples
    --------
    >>> import numpy as np
    >>> values, bounds = np.array([1.0, 3.0, np.nan, 20.0, 20.0]), np.array([0, 3, 5])
    >>> scaling = StandardScaling().fit(values, bounds)
    >>> scaling.transform(values, bounds)
    array([-1.,  1., nan,  0.,  0.])
    >>> scaling.inverse_transform([[0.0, 2.0]], series=[0], rows=[3])
    array([[2., 4.]])
    """

    def _learn(self, values, bounds, largest):
        def shares(part, series, part_bounds):
            return part / spread(largest[series], part_bounds)

        mean = means(values, bounds, shares)

        def squares(part, series, part_bounds):
            distances = shares(part, series, part_bounds)
            distances -= spread(mean[series], part_bounds)
            return np.square(distances, out=distances)

        return largest * mean, largest * np.sqrt(means(values, bounds, squares))


class MinMaxScaling(Scaling):
    """Brings the smallest value to 0 and the largest to 1.

    Examples
    --------
    >>> import numpy as np
    >>> values, bounds = np.array([1.0, 3.0, 2.0]), np.array([0, 3])
    >>> MinMaxScaling().fit(values, bounds).transform(values, bounds)
    array([0. , 1. , 0.5])
    """

    def _learn(self, values, bounds, largest):
        lowest = reduce(np.fmin, values, bounds)
        return lowest, reduce(np.fmax, values, bounds) - lowest


class RobustScaling(Scaling):
    """Subtracts the median and divides by the distance between the quartiles.

    Where more than half of the values are equal the quartiles may be too; the mean distance from the median takes the
    place of theirs.

    References
    ----------
    Hyndman and Fan (1996), Sample quantiles in statistical packages, The American Statistician 50: definition 7.

    Examples
    --------
    >>> import numpy as np
    >>> values, bounds = np.array([1.0, 2.0, 3.0, 4.0, 500.0]), np.array([0, 5])
    >>> RobustScaling().fit(values, bounds).transform(values, bounds)
    array([ -1. ,  -0.5,   0. ,   0.5, 248.5])
    """

    def _learn(self, values, bounds, largest):
        shares = values / spread(largest, bounds)
        lower, median, upper = quantiles(shares, bounds, ROBUST_QUANTILES)
        distance = means(np.abs(shares - spread(median, bounds)), bounds)
        return largest * median, largest * np.where(upper > lower, upper - lower, distance)


class MeanScaling(Scaling):
    """Divides by the mean size, ``z = x / mean |x|``: zero stays zero, and a sign is kept.

    Examples
    --------
    >>> import numpy as np
    >>> values, bounds = np.array([1.0, -2.0, 3.0]), np.array([0, 3])
    >>> MeanScaling().fit(values, bounds).transform(values, bounds)
    array([ 0.5, -1. ,  1.5])
    """

    def _learn(self, values, bounds, largest):
        def shares(part, series, part_bounds):
            return np.abs(part) / spread(largest[series], part_bounds)

        return np.zeros(len(largest)), largest * means(values, bounds, shares)


class PooledScaling(StandardScaling):
    """Subtracts the mean of each series and divides all by one scale, the median of the standard deviations.

    So an error of the same size counts the same in every series, while deviations of their own make those of restless
    series count less. It is made for logarithms, in which all series have the same unit. Series that do not move have
    no part in the median.

    Examples
    --------
    >>> import numpy as np
    >>> values, bounds = np.array([1.0, 5.0, 7.0, 7.0, 0.0, 8.0]), np.array([0, 2, 4, 6])
    >>> PooledScaling().fit(values, bounds).transform(values, bounds)
    array([-0.66666667,  0.66666667,  0.        ,  0.        , -1.33333333,
            1.33333333])
    """

    def _learn(self, values, bounds, largest):
        center, deviation = super()._learn(values, bounds, largest)
        moves = deviation > 0
        pooled = np.median(deviation[moves]) if moves.any() else 0.0
        return center, np.where(counts(values, bounds) > 0, pooled, 0.0)


def reduce(ufunc, values, bounds, empty=np.nan):
    """Return `ufunc` reduced over each series (n_series,), `empty` where it has no row."""
    result = np.full(len(bounds) - 1, empty)
    has_rows = np.diff(bounds) > 0  # reduceat takes an empty range for one of a row
    if has_rows.any():
        result[has_rows] = ufunc.reduceat(values, np.asarray(bounds)[:-1][has_rows])
    return result


def spread(numbers, bounds):
    """Return the number of its series for each row (n_rows,); of a single series (1,), which makes no copies."""
    return numbers if len(numbers) == 1 else np.repeat(numbers, np.diff(bounds))


def in_pieces(bounds):
    """Yield pieces of the series as (rows, series, bounds): slices, and where the series begin within the piece.

    A piece is some whole series, or a part of a long one, which is cut from its first row on: what is summed piece by
    piece does not depend on the series around.
    """
    bounds, s = np.asarray(bounds), 0
    while s < len(bounds) - 1:
        first = int(bounds[s])
        last = int(np.searchsorted(bounds, first + PIECE, side="right")) - 1  # the series that fit in
        if last > s:
            yield slice(first, int(bounds[last])), slice(s, last), bounds[s : last + 1] - first
            s = last
            continue
        end = int(bounds[s + 1])
        for start in range(first, end, PIECE):
            stop = min(start + PIECE, end)
            yield slice(start, stop), slice(s, s + 1), np.array([0, stop - start])
        s += 1


def counts(values, bounds):
    """Return how many values of each series are observed (n_series,), int64."""
    n_observed = np.diff(bounds)
    for rows, series, part_bounds in in_pieces(bounds):
        is_missing = np.isnan(values[rows])
        if is_missing.any():
            n_observed[series] -= reduce(np.add, is_missing.astype(np.int64), part_bounds, 0).astype(np.int64)
    return n_observed


def means(values, bounds, made=None):
    """Return the mean of the observed values of each series (n_series,), 0 where there are none.

    Or the mean of what is `made` of them, piece by piece: a callable of the values of a piece, and its series and
    bounds as `in_pieces` yields them.
    """
    n_observed, total = counts(values, bounds), np.zeros(len(bounds) - 1)
    is_complete = n_observed.sum() == len(values)
    for rows, series, part_bounds in in_pieces(bounds):
        part = values[rows] if made is None else made(values[rows], series, part_bounds)
        if not is_complete:
            part = np.where(np.isnan(part), 0.0, part)
        total[series] += reduce(np.add, part, part_bounds, 0.0)
    return total / np.maximum(n_observed, 1)


def deviations(values, bounds):
    """Return the standard deviation of each series (n_series,).

    Squares of the values, which are overwritten, must neither overflow nor vanish.
    """
    values -= spread(means(values, bounds), bounds)
    return np.sqrt(means(np.square(values, out=values), bounds))


def largest_sizes(values, bounds):
    """Return the largest absolute value of each series (n_series,), 1 where that is zero or there is none."""
    largest = np.maximum(-reduce(np.fmin, values, bounds), reduce(np.fmax, values, bounds))
    return np.where(largest > 0, largest, 1.0)


def quantiles(values, bounds, shares):
    """Return quantiles (n_quantiles, n_series) of the observed values; NaN where there are none."""
    starts, lengths = np.asarray(bounds)[:-1], np.diff(bounds)
    n_observed = counts(values, bounds)
    result = np.full((len(shares), len(lengths)), np.nan)
    # Series of about the same length are sorted together, padded with NaN, which sorts last: less than half is padding.
    doublings = np.where(n_observed > 0, np.frexp(lengths)[1], 0)
    for n in np.unique(doublings[doublings > 0]):
        group = np.flatnonzero(doublings == n)
        steps = np.arange(lengths[group].max())
        rows = np.minimum(starts[group, None] + steps, len(values) - 1)
        ordered = np.where(steps < lengths[group, None], values[rows], np.nan)
        ordered.sort(axis=1)
        for q, share in enumerate(shares):
            place = share * (n_observed[group] - 1)
            below = place.astype(np.int64)
            lower = ordered[np.arange(len(group)), below]
            upper = ordered[np.arange(len(group)), np.minimum(below + 1, n_observed[group] - 1)]
            result[q, group] = lower + (place - below) * (upper - lower)
    return result


def is_constant(values, bounds):
    """Return for each series (n_series,) whether its observed values are all equal, or there is none."""
    return ~(reduce(np.fmin, values, bounds) < reduce(np.fmax, values, bounds))


def series_of_row(row, bounds):
    """Return which series has this row of the array."""
    return int(np.searchsorted(bounds, row, side="right")) - 1


def name_of(s, names):
    """Return what an error calls series `s`."""
    return f"series {s}" if names is None else names[s]


def like(forecasts, numbers):
    """Return numbers (n,) in a shape that forecasts (n, n_steps, ...) are combined with."""
    return np.reshape(numbers, (-1, *[1] * (forecasts.ndim - 1)))
