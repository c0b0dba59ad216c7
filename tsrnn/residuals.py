"""How forecasts from rows of the past missed: numbers that are pooled, and quantiles and draws of them."""

import math
from dataclasses import dataclass, fields
from functools import cached_property, partial

import numpy as np
from scipy.special import ndtri

from .calendar import seasonal_period
from .calibration import (
    N_POOLED,
    correlation_of,
    draw_scores,
    evenly_spread,
    from_scores,
    pool_steps,
    quantiles,
    with_common_part,
    without_strays,
)
from .held_out import enlargement

MOST_RESIDUALS = 2**22  # numbers that are kept; of more, those of origins that are evenly spread
CREDIBLE = 4  # horizons of errors of a series that say as much of those to come as what is usual does
N_ESTIMATED = 8  # numbers that the level of a horizon seems to be made of, all estimated from what is known
MOST_UNUSUAL = 10.0  # times as large, or as small, as is usual; a series without any error is still not certain


@dataclass(frozen=True)
class Residuals:
    """Truth minus forecast from rolling origins, of a panel in units of the scale its series had there.

    The scale is that of the series' changes, times how much larger its own errors were before than is usual.

    Parameters
    ----------
    values : ndarray of shape (n_origins, n_steps, n_targets)
        Series by series, each in the order of time; NaN where a truth is not known.
    scales : ndarray of shape (n_series, n_targets)
        Of the whole series, in its units; 1 of a series alone.
    series : ndarray of shape (n_origins,)
        Of each origin.
    is_learnt : ndarray of shape (n_origins,), bool
        Whether the first truth was learnt: values of what was learnt are enlarged, as `held_out.enlargement` says.
    n_held_out : float
        Horizons of truths that were not learnt, of all series together.
    common : float, default=0
        Share of the errors' correlation that all steps of a target have in common beside what these values show.
    """

    values: np.ndarray
    scales: np.ndarray
    series: np.ndarray
    is_learnt: np.ndarray
    n_held_out: float
    common: float = 0.0

    def __getstate__(self):
        return {field.name: getattr(self, field.name) for field in fields(self)}  # all else is made again

    @cached_property
    def pools(self):
        """The sorted residuals of each step, and of it of each target, pooled as :func:`pool_steps` says."""
        return list(zip(*(pool_steps(of_target) for of_target in np.moveaxis(self.values, 2, 0)), strict=True))

    @property
    def n_least(self):
        """Residuals of the smallest pool."""
        return min(len(pool) for of_step in self.pools for pool in of_step)

    def quantiles(self, probabilities, series, places):
        """Return quantiles of the errors of rows, shape (n_rows, n_targets, n_probabilities), in units of the series.

        Parameters
        ----------
        probabilities : list of Fraction
        series, places : ndarray of shape (n_rows,), int
            The series of each row, and the place of its step in the horizon.
        """
        of_steps = np.array([[quantiles(pool, probabilities) for pool in of_step] for of_step in self.pools])
        return of_steps[places] * self.scales[series][..., np.newaxis]

    def draws(self, n_paths, seed, series, places):
        """Return draws of the errors of rows, shape (n_rows, n_targets, n_paths); arguments as in `quantiles`.

        Each series has random numbers of its own, whichever others are asked for.
        """
        draw = partial(draw_scores, self._factor, n_paths)
        drawn = _draw_for_rows(draw, (n_paths, *self.values.shape[1:]), seed, series, places)
        for place in np.unique(places):
            rows = places == place
            for target, pool in enumerate(self.pools[place]):
                drawn[rows, target] = from_scores(without_strays(pool), drawn[rows, target])
        return drawn * self.scales[series][..., np.newaxis]

    @cached_property
    def _factor(self):
        """The Cholesky factor of the correlation of steps and targets."""
        correlation = correlation_of(self.values.reshape(len(self.values), -1))
        return np.linalg.cholesky(with_common_part(correlation, self.values.shape[2], self.common))


@dataclass(frozen=True)
class StandardErrors:
    """Normal scores of which nothing was measured: as independent distributions that are right have them.

    It answers as Residuals do.

    Parameters
    ----------
    n_steps, n_targets : int
    """

    n_steps: int
    n_targets: int
    n_least = 2**62
    n_held_out = math.inf

    def quantiles(self, probabilities, series, places):
        """Return the normal scores of probabilities, for each row the same."""
        scores = ndtri(np.array(probabilities, np.float64))
        return np.broadcast_to(scores, (len(series), self.n_targets, len(scores)))

    def draws(self, n_paths, seed, series, places):
        """Return draws for rows, shape (n_rows, n_targets, n_paths)."""
        shape = n_paths, self.n_steps, self.n_targets
        return _draw_for_rows(lambda rng: rng.standard_normal(shape), shape, seed, series, places)


def _draw_for_rows(draw, shape, seed, series, places):
    """Return normal scores for rows, shape (n_rows, n_targets, n_paths), by random numbers of each series' own.

    `draw` is given a generator, and returns the scores of a series, whose shape is (n_paths, n_steps, n_targets), or
    those of each path side by side.
    """
    asked, of_rows = np.unique(series, return_inverse=True)
    scores = [draw(np.random.default_rng([seed, number])) for number in asked]
    scores = np.reshape(scores, (len(asked), *shape))
    return np.moveaxis(scores[of_rows, :, places], 1, 2)


def residuals_of(held_out, panel, n_steps, least=N_POOLED):
    """Return the Residuals of what is HeldOut: errors of forecasts, or the scores of truths in distributions.

    Those of what was learnt are among them where fewer than `least` horizons are held out.
    """
    n_known, n_new = held_out.count_truths(panel, n_steps)
    n_held_out = n_new / n_steps
    first = held_out.first if n_held_out >= least else held_out.first_of_all
    series, rows = _some_origins(panel, first, held_out.last, n_steps)
    is_learnt = rows[:, np.newaxis] + np.arange(n_steps) < held_out.first[series][:, np.newaxis]
    scales = np.ones((panel.n_series, panel.n_targets))
    if not len(series):
        errors = np.zeros((0, n_steps, panel.n_targets))
    elif held_out.score is None:
        errors = errors_from(held_out.forecast, panel, series, rows, n_steps)
    else:
        errors = held_out.score(series, rows)
        errors[np.isnan(_truths(panel, series, rows, n_steps))] = np.nan  # which may have been filled
    if len(series) and held_out.score is None and panel.n_series > 1:
        errors, scales = _in_units_of_series(errors, is_learnt, panel, held_out.last + n_steps, series, rows)
    else:
        errors = errors * enlargement(errors, is_learnt)
    common = N_ESTIMATED / (N_ESTIMATED + n_known) if is_learnt.any() else 0.0
    return Residuals(errors, scales, series, is_learnt[:, 0], n_held_out, common)


def _in_units_of_series(errors, is_learnt, panel, lengths, series, rows):
    """Return errors in units of their series as they were known where these were made from, and the units at the end.

    Parameters
    ----------
    errors : ndarray of shape (n_origins, n_steps, n_targets)
    is_learnt : ndarray of shape (n_origins, n_steps), bool
    panel : Panel
    lengths : ndarray of shape (n_series,)
        Rows of each series that were fitted.
    series, rows : ndarray of shape (n_origins,)
        Of each origin.
    """
    n = len(series)  # the origins come first, then the end of each series
    of, at = np.append(series, np.arange(panel.n_series)), np.append(rows, lengths)
    scales = scales_before(panel, lengths, of, at)
    errors = errors * enlargement(errors / scales[:n, np.newaxis], is_learnt)
    at_last = scales[n:]  # in units of which sums over series lose no digits of a small one
    sizes, n_horizons = sizes_before(errors / at_last[series][:, np.newaxis], series, rows, of, at)
    scales = scales * unusualness(sizes * at_last[of] / scales, n_horizons, is_last=np.arange(len(of)) >= n)
    return errors / scales[:n, np.newaxis], scales[n:]


def sizes_before(errors, series, rows, of, at):
    """Return the mean absolute errors of series as they are known before rows of theirs, and over how many horizons.

    Parameters
    ----------
    errors : ndarray of shape (n_origins, n_steps, n_targets)
        Series by series, each in the order of time; NaN where not known.
    series, rows : ndarray of shape (n_origins,)
        Where forecasts were made from; what they missed is known `n_steps` rows later.
    of, at : ndarray of shape (n,)
        Series and rows of theirs.

    Returns
    -------
    sizes : ndarray of shape (n, n_targets)
        NaN where nothing is known.
    n_horizons : ndarray of shape (n, 1)
        The rows from the first of these errors to the last, by `n_steps`.
    """
    n_steps, span = errors.shape[1], int(at.max()) + 1
    places = series * span + rows
    firsts = np.searchsorted(places, of * span)
    ends = np.maximum(np.searchsorted(places, of * span + at - n_steps, side="right"), firsts)
    sums, counts = (
        np.pad(np.cumsum(sizes.sum(axis=1), axis=0), ((1, 0), (0, 0)))
        for sizes in (np.nan_to_num(np.abs(errors)), ~np.isnan(errors))
    )
    with np.errstate(invalid="ignore"):  # 0 / 0
        sizes = (sums[ends] - sums[firsts]) / (counts[ends] - counts[firsts])
    n_rows = rows[ends - 1] - rows[np.minimum(firsts, len(rows) - 1)] + n_steps
    return sizes, np.where(ends > firsts, n_rows / n_steps, 0)[:, np.newaxis]


def unusualness(sizes, n_horizons, is_last):
    """Return by how much to scale the errors of series because theirs were larger or smaller before, (n, n_targets).

    By their size over that of a usual series, to the power of n / (n + 4), of n horizons: a share that grows with what
    is known, the credibility of Bühlmann (1967, Experience rating and credibility, ASTIN Bulletin 4), here of
    logarithms.

    Parameters
    ----------
    sizes, n_horizons
        As `sizes_before` gives them.
    is_last : ndarray of shape (n,), bool
        Which of them are of all errors of a series; usual is the median of these.
    """
    last = sizes[is_last]
    usual = np.nanmedian(np.where(np.isnan(last).all(axis=0), 1.0, last), axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):  # where most series are forecast without any error
        ratio = np.clip(sizes / usual, 1 / MOST_UNUSUAL, MOST_UNUSUAL)
    return np.where(np.isnan(ratio), 1.0, ratio) ** (n_horizons / (n_horizons + CREDIBLE))


def _some_origins(panel, first, last, n_steps):
    """Return the origins that residuals are of: all, or as many as there is room for."""
    series, rows = rolling_origins(panel, first, last)
    kept = evenly_spread(len(series), max(MOST_RESIDUALS // (n_steps * panel.n_targets), 1))
    return series[kept], rows[kept]


def scales_before(panel, lengths, series, rows):
    """Return the scales of series as they are known before rows of theirs, shape (n, n_targets).

    The scale is the mean absolute difference of values a season of the clock apart, or of those one step apart if there
    are no more rows than a season: that of MASE (Hyndman and Koehler 2006, section 3). Where that is zero or not known
    it is the median of the others. Of each series so many rows as `lengths` says are looked at.
    """
    season, firsts = seasonal_period(panel.clock.freq), panel.bounds[:-1]
    place = np.arange(len(panel.values)) - np.repeat(firsts, panel.lengths)
    first, end = firsts[series], firsts[series] + rows
    means = []
    for lag in (season, 1):
        differences = np.full(panel.values.shape, np.nan)
        differences[lag:] = np.abs(panel.values[lag:] - panel.values[:-lag])
        differences[(place < lag) | (place >= np.repeat(lengths, panel.lengths))] = np.nan
        is_known = ~np.isnan(differences)
        # Sums along all series lose no digits of a small one, as each is measured by its own largest difference.
        largest = np.maximum.reduceat(np.where(is_known, differences, 0), firsts)
        unit = np.where(largest > 0, largest, 1)
        parts = np.where(is_known, differences, 0) / np.repeat(unit, panel.lengths, axis=0)
        sums, counts = (np.pad(np.cumsum(of, axis=0), ((1, 0), (0, 0))) for of in (parts, is_known))
        n = np.maximum(counts[end] - counts[first], 1)
        means.append((sums[end] - sums[first]) / n * unit[series])
    scales = np.where((rows > season)[:, np.newaxis], *means)
    usual = [np.median(of[of > 0]) if (of > 0).any() else 1.0 for of in scales.T]
    return np.where(scales > 0, scales, usual)


def rolling_origins(panel, first, last):
    """Return series and rows to forecast from: those before which a value is known.

    Parameters
    ----------
    panel : Panel
    first, last : ndarray of shape (n_series,)
        The first and the last row of each series to forecast from; none if the last is before the first.
    """
    counts = np.maximum(last - first + 1, 0)
    series = np.repeat(np.arange(panel.n_series), counts)
    rows = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts) + first[series]
    is_known = ~np.isnan(panel.values[panel.bounds[series] + rows - 1]).any(axis=1)
    return series[is_known], rows[is_known]


def errors_from(forecast, panel, series, rows, n_steps):
    """Return truth minus forecast, (n, n_steps, n_targets), of the steps from these rows of series on.

    `forecast` is given series and rows, both of shape (n,), and returns forecasts of that shape.
    """
    return _truths(panel, series, rows, n_steps) - forecast(series, rows)


def _truths(panel, series, rows, n_steps):
    return panel.values[panel.bounds[series, None] + rows[:, None] + np.arange(n_steps)]
