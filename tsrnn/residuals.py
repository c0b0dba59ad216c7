"""How forecasts from rows of the past missed: numbers that are pooled, and quantiles and draws of them."""

from dataclasses import dataclass

import numpy as np

from .calendar import seasonal_period
from .calibration import correlation_of, draw_uniforms, interpolated, pool_steps, quantiles
from .metrics.grouped import naive_errors

MOST_RESIDUALS = 2**22  # numbers that are kept; of more, those of origins that are evenly spread


@dataclass(frozen=True)
class Residuals:
    """Truth minus forecast from rolling origins, in units of the scale of each series.

    Parameters
    ----------
    values : ndarray of shape (n_origins, n_steps, n_targets)
        Series by series, each in the order of time; NaN where a truth is not known.
    scales : ndarray of shape (n_series, n_targets)
        In units of the series.
    """

    values: np.ndarray
    scales: np.ndarray

    @property
    def pools(self):
        """The sorted residuals of each step, and of it of each target, pooled as :func:`pool_steps` says."""
        return list(zip(*(pool_steps(of_target) for of_target in np.moveaxis(self.values, 2, 0)), strict=True))

    def quantiles(self, pools, probabilities, series, places):
        """Return quantiles of the errors of rows, shape (n_rows, n_targets, n_probabilities), in units of the series.

        Parameters
        ----------
        pools : list
        probabilities : list of Fraction
        series, places : ndarray of shape (n_rows,), int
            The series of each row, and the place of its step in the horizon.
        """
        of_steps = np.array([[quantiles(pool, probabilities) for pool in of_step] for of_step in pools])
        return of_steps[places] * self.scales[series][..., np.newaxis]

    def draws(self, pools, n_paths, seed, series, places):
        """Return draws of the errors of rows, shape (n_rows, n_targets, n_paths); arguments as in `quantiles`.

        Each series has random numbers of its own, whichever others are asked for.
        """
        n_origins, n_steps, n_targets = self.values.shape
        factor = np.linalg.cholesky(correlation_of(self.values.reshape(n_origins, -1)))
        asked, of_rows = np.unique(series, return_inverse=True)
        uniforms = [draw_uniforms(factor, n_paths, np.random.default_rng([seed, number])) for number in asked]
        uniforms = np.reshape(uniforms, (len(asked), n_paths, n_steps, n_targets))
        drawn = np.empty((len(series), n_targets, n_paths))
        for place in np.unique(places):
            rows = places == place
            for target, pool in enumerate(pools[place]):
                drawn[rows, target] = interpolated(pool, uniforms[of_rows[rows], :, place, target])
        return drawn * self.scales[series][..., np.newaxis]


def residuals_of(forecast, panel, first, last, n_steps, n_scaled):
    """Return the Residuals of forecasts.

    Parameters
    ----------
    forecast, panel, first, last, n_steps
        As in `rolling_origins` and `errors_from`.
    n_scaled : ndarray of shape (n_series,)
        First rows of each series from which its scale is made: the mean absolute difference of values a season of the
        clock apart, as in MASE (Hyndman and Koehler 2006, section 3). It is 1 where that is zero or not known. They
        should end before the origins: divided by a mean of themselves, errors are smaller than later ones are.
    """
    series, rows = rolling_origins(panel, first, last)
    most = max(MOST_RESIDUALS // (n_steps * panel.n_targets), 1)
    if len(series) > most:
        spread = np.linspace(0, len(series) - 1, most).round().astype(np.int64)
        series, rows = series[spread], rows[spread]
    scales = _scales(panel, n_scaled)
    errors = np.zeros((0, n_steps, panel.n_targets))
    if len(series):
        errors = errors_from(forecast, panel, series, rows, n_steps)
    return Residuals(errors / scales[series, np.newaxis], scales)


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
    truths = panel.values[panel.bounds[series, None] + rows[:, None] + np.arange(n_steps)]
    return truths - forecast(series, rows)


def _scales(panel, n_rows):
    firsts, season = panel.bounds[:-1], seasonal_period(panel.clock.freq)
    columns = [naive_errors(values, firsts, firsts + n_rows, season, 1) for values in panel.values.T]
    scales = np.column_stack(columns)
    return np.where(scales > 0, scales, 1.0)
