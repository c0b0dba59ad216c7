"""What every forecast is held against: the seasonal naive forecast, as an estimator of the same contract."""

import numpy as np
from sklearn.base import BaseEstimator

from .base import AUTO, POSITIVE_INT, StrOptions
from .calendar import seasonal_period
from .contract import ForecasterMixin


class SeasonalNaive(ForecasterMixin, BaseEstimator):
    """Forecasts the last season again (Hyndman and Athanasopoulos 2021, section 5.2).

    Parameters
    ----------
    horizon : int, default=1
        Steps that `forecast` makes if it is not told.
    season : int or "auto", default="auto"
        Steps of one season; "auto" reads it from the clock, as :func:`tsrnn.calendar.seasonal_period` says. With 1
        the last value is repeated, and so it is with "auto" if the series is shorter than a season.
    target : str, optional
        As in :class:`tsrnn.RNNForecaster`.
    freq : str or DateOffset, optional
        Step of the clock where it cannot be told from the stamps.
    missing : {"raise", "interpolate"}, default="raise"
        As in :class:`tsrnn.RNNForecaster`.

    Attributes
    ----------
    season_ : int
        Steps of one season.
    series_ : SeriesData
        The series as it was read.

    References
    ----------
    Hyndman and Athanasopoulos (2021), Forecasting: principles and practice, 3rd edition, section 5.2.

    Examples
    --------
    >>> import tsrnn
    >>> temperature = tsrnn.datasets.load_elnino()
    >>> tsrnn.SeasonalNaive(horizon=3).fit(temperature).forecast()
    ds
    2011-01-01    24.70
    2011-02-01    26.16
    2011-03-01    26.54
    Freq: MS, Name: sst, dtype: float64
    """

    _parameter_constraints = {
        "horizon": [POSITIVE_INT],
        "season": [POSITIVE_INT, AUTO],
        "target": "no_validation",
        "freq": "no_validation",
        "missing": [StrOptions({"raise", "interpolate"})],
    }

    def __init__(self, horizon=1, *, season="auto", target=None, freq=None, missing="raise"):
        self.horizon = horizon
        self.season = season
        self.target = target
        self.freq = freq
        self.missing = missing

    def _learn(self, series):
        season = seasonal_period(series.clock.freq) if self.season == "auto" else self.season
        n = len(series.values)
        if self.season != "auto" and season > n:
            raise ValueError(f"{series.label} has {n} rows, fewer than season={season}; give a shorter season.")
        self.season_ = season if season <= n else 1
        self._values = series.values

    def _forecast_ahead(self, n_steps):
        return np.resize(self._values[-self.season_ :], n_steps)

    def _fitted_values(self, rows):
        n_seasons = -(
            -self._fitted_horizon // self.season_
        )  # whole seasons back, to a value known `horizon` steps before
        origins, sources = rows - self._fitted_horizon, rows - n_seasons * self.season_
        # Without a season before it the last known value is repeated; where nothing was known the mean stands.
        known = self._values[np.where(sources >= 0, sources, np.maximum(origins, 0))]
        return np.where(origins >= 0, known, self._values.mean())
