"""Transforms that compare a value with earlier ones, or take the season out of a series."""

from copy import copy

import numpy as np

from .decomposition import seasonal_figures, stl_seasonal
from .scaling import Transform, is_constant, largest_sizes, like, means, name_of, series_of_row, spread


class Difference(Transform):
    """Subtracts from each value the one `lag` rows before it, or where that is missing an earlier one of its phase.

    ``z[k] = x[k] - x[m]``, where m is the last observed row among k - lag, k - 2 lag, ... The first `lag` rows have
    none and become NaN. On the way back the first forecasts are added to the history, later ones to those `lag` rows
    before them; where the history has nothing to add to, the mean that was learnt is taken.

    Parameters
    ----------
    lag : int, default=1
        Rows between a value and what is subtracted from it: 1 takes out a trend, a season takes out a season.

    Attributes
    ----------
    mean_ : ndarray of shape (n_series,)

    Examples
    --------
    >>> import numpy as np
    >>> values, bounds = np.array([1.0, 3.0, np.nan, 20.0]), np.array([0, 4])
    >>> transform = Difference().fit(values, bounds)
    >>> transform.transform(values, bounds)
    array([nan,  2., nan, 17.])
    >>> transform.inverse_transform([[5.0, 1.0]], series=[0], rows=[4], values=values, bounds=bounds)
    array([[25., 26.]])
    """

    needs_history = True
    of_each_series = ("mean_",)
    _before = np.zeros(0)  # of a single series: what stands before its first row, the last observed value of each phase

    def __init__(self, lag=1):
        self.lag = self.n_lost = lag

    def fit(self, values, bounds, names=None):
        """Learn the mean; refuse differences that overflow, and series all of which are too short."""
        values = np.asarray(values, np.float64)
        largest = largest_sizes(values, bounds)
        self.mean_ = largest * means(values / spread(largest, bounds), bounds)
        differences = self.transform(values, bounds)
        if np.isinf(differences).any():
            s = series_of_row(np.isinf(differences).argmax(), bounds)
            raise ValueError(
                f"{name_of(s, names)} has values up to {largest[s]:.3g}, whose differences overflow; "
                "divide the series first."
            )
        if np.isnan(differences).all() and not np.isnan(values).all():
            raise ValueError(
                f"differences of lag {self.lag} need a value {self.lag} rows after another, and the longest series has "
                f"{np.diff(bounds).max()} rows to learn from; take a smaller lag, or no differences."
            )
        return self

    def of_series(self, number, before):
        """Return these differences for one series alone, which then begins with a later row; see :class:`Transform`."""
        one, n_before = super().of_series(number, before), len(self._before) + len(before)
        known, last = self._last_observed(*self._with_before(before, np.array([0, len(before)])))
        one._before, one.n_lost = known[last[max(n_before - self.lag, 0) : n_before]], max(self.lag - n_before, 0)
        return one

    def transform(self, values, bounds):
        """Return the differences, NaN in the first rows of each series."""
        values, bounds = self._with_before(values, bounds)
        known, last = self._last_observed(values, bounds)
        rows = np.arange(len(values))
        earlier = np.where(rows_of_series(bounds) >= self.lag, rows - self.lag, len(values))
        with np.errstate(over="ignore"):
            return (values - known[last[earlier]])[len(self._before) :]

    def inverse_transform(self, forecasts, series, rows, values=None, bounds=None):
        """Return the forecasts added up, beginning at the history."""
        forecasts, series = np.asarray(forecasts, np.float64), np.asarray(series)
        rows, (values, bounds) = np.asarray(rows) + len(self._before), self._with_before(values, bounds)
        known, last = self._last_observed(values, bounds)
        n_bases = min(self.lag, forecasts.shape[1])
        wanted = rows[:, None] + np.arange(n_bases) - self.lag
        # A history that ends before it is wanted goes on with missing values.
        n_rows = np.diff(bounds)[series][:, None]
        wanted -= self.lag * np.maximum(-((n_rows - 1 - wanted) // self.lag), 0)
        places = np.where(wanted >= 0, bounds[series][:, None] + wanted, len(values))
        bases = known[last[places]]
        bases = np.where(np.isnan(bases), self.mean_[series][:, None], bases)
        bases = [np.broadcast_to(like(forecasts[:, 0], base), forecasts[:, 0].shape) for base in bases.T]
        back = np.empty_like(forecasts)
        with np.errstate(over="ignore", invalid="ignore"):
            for step in range(forecasts.shape[1]):
                back[:, step] = sums = forecasts[:, step] + bases[step % self.lag]
                bases[step % self.lag] = np.where(np.isnan(sums), bases[step % self.lag], sums)
        return back

    def _with_before(self, values, bounds):
        """Return values and bounds with what stands before them."""
        values, bounds, n_before = np.asarray(values, np.float64), np.asarray(bounds), len(self._before)
        return (np.append(self._before, values), bounds + [0, n_before]) if n_before else (values, bounds)

    def _last_observed(self, values, bounds):
        """Return the values with NaN appended, and for each row the last observed one of its phase up to it.

        Where there is none, that is the row appended.
        """
        nowhere = len(values)
        last = np.arange(nowhere + 1)
        missing = np.flatnonzero(np.isnan(values))
        if len(missing):
            last[missing] = np.where(rows_of_series(bounds)[missing] >= self.lag, missing - self.lag, nowhere)
        while len(missing):  # each round doubles how many rows back it looks
            found = last[last[missing]]
            missing, found = missing[found != last[missing]], found[found != last[missing]]
            last[missing] = found
        return np.append(values, np.nan), last


class Seasonal(Transform):
    """Subtracts a season that was learnt; abstract."""

    def _season(self, series, rows):
        """Return the season in these rows of these series, of the shape of both."""
        raise NotImplementedError

    def transform(self, values, bounds):
        """Return the values without their season."""
        series = np.repeat(np.arange(len(bounds) - 1), np.diff(bounds))
        return np.asarray(values, np.float64) - self._season(series, rows_of_series(bounds))

    def inverse_transform(self, forecasts, series, rows, values=None, bounds=None):
        """Return the forecasts with the season of their rows."""
        forecasts, series, rows = np.asarray(forecasts, np.float64), np.asarray(series), np.asarray(rows)
        rows = rows[:, None] + np.arange(forecasts.shape[1])
        season = self._season(np.broadcast_to(series[:, None], rows.shape), rows)
        return forecasts + season.reshape(*season.shape, *[1] * (forecasts.ndim - 2))


class Deseasonalise(Seasonal):
    """Subtracts a season that is the same in every year: one figure for each phase, made for short series.

    Parameters
    ----------
    season : int
        Rows of a season; row k has the phase ``k % season``.

    Attributes
    ----------
    figures_ : ndarray of shape (n_series, season)
        As :func:`tsrnn.decomposition.seasonal_figures` gives them.
    """

    of_each_series = ("figures_",)

    def __init__(self, season):
        self.season = season

    def of_series(self, number, before):
        """Return this transform for one series alone, which then begins with a later row; see :class:`Transform`."""
        one = super().of_series(number, before)
        one.figures_ = np.roll(one.figures_, -len(before), axis=1)
        return one

    def fit(self, values, bounds, names=None):
        """Learn the figures."""
        self.figures_ = seasonal_figures(np.asarray(values, np.float64), np.asarray(bounds), self.season)
        return self

    def _season(self, series, rows):
        return self.figures_[series, rows % self.season]


class STL(Seasonal):
    """Subtracts the season that statsmodels finds by STL, or several by MSTL; it may change from year to year.

    In the rows that it was learnt from it is the season found there; afterwards the last one repeats. Missing values
    are interpolated for learning. Equal values have no season, and neither has a series without any.

    Parameters
    ----------
    seasons : tuple of int
        Rows of each season.

    References
    ----------
    Cleveland, Cleveland, McRae and Terpenning (1990), STL: a seasonal-trend decomposition procedure based on Loess,
    Journal of Official Statistics 6; Bandara, Hyndman and Bergmeir (2021), MSTL: a seasonal-trend decomposition
    algorithm for time series with multiple seasonal patterns, arXiv:2107.13462.
    """

    is_causal = False

    def __init__(self, seasons):
        self.seasons = tuple(sorted(set(seasons)))  # the order in which statsmodels answers

    def of_series(self, number, before):
        """Return this transform for one series alone, which then begins with a later row; see :class:`Transform`."""
        one, first = copy(self), self._bounds[number] + len(before)
        one._found = np.append(self._found[first : self._bounds[number + 1]], 0.0)
        one._bounds = np.array([0, len(one._found) - 1])
        one._figures = [np.roll(figures[number : number + 1], -len(before), axis=1) for figures in self._figures]
        return one

    def fit(self, values, bounds, names=None):
        """Learn the seasons of each series; refuse series shorter than two of them."""
        values, bounds = np.asarray(values, np.float64), np.asarray(bounds)
        least = 2 * max(self.seasons) + (len(self.seasons) > 1)  # MSTL leaves out what is not less than half
        self._bounds = bounds
        self._found = np.zeros(len(values) + 1)  # a last series without rows has a place, too
        self._figures = [np.zeros((len(bounds) - 1, season)) for season in self.seasons]
        for s in np.flatnonzero(~is_constant(values, bounds)):
            rows = slice(bounds[s], bounds[s + 1])
            mine, n_rows = values[rows], bounds[s + 1] - bounds[s]
            if n_rows < least:
                raise ValueError(
                    f"{name_of(s, names)} has {n_rows} rows to learn from, but 'stl' and 'mstl' need {least} for a "
                    f"season of {max(self.seasons)}; take 'deseasonalise', or drop the series."
                )
            observed = np.flatnonzero(~np.isnan(mine))
            largest = np.abs(mine[observed]).max()  # squares of shares do not overflow
            shares = np.interp(np.arange(n_rows), observed, mine[observed] / largest)
            found, figures = stl_seasonal(shares, self.seasons, robust=False)
            self._found[rows] = found * largest
            for of_all, own in zip(self._figures, figures, strict=True):
                of_all[s] = own * largest
        return self

    def _season(self, series, rows):
        first, n_rows = self._bounds[series], np.diff(self._bounds)[series]
        is_later = rows >= n_rows
        repeated = sum(figures[series, rows % figures.shape[1]] for figures in self._figures)
        return np.where(is_later, repeated, self._found[first + np.where(is_later, 0, rows)])


def rows_of_series(bounds):
    """Return the row that each value is of its series (n_rows,)."""
    return np.arange(bounds[-1]) - np.repeat(np.asarray(bounds)[:-1], np.diff(bounds))
