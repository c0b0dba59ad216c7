"""What every forecast is held against: the seasonal naive forecast, as an estimator of the same contract."""

import numpy as np
from sklearn.base import BaseEstimator

from .base import AUTO, POSITIVE_INT, StrOptions
from .calendar import seasonal_period
from .contract import ForecasterMixin
from .held_out import HeldOut, first_of_known_scale
from .panel import interpolate, repeat_last


class SeasonalNaive(ForecasterMixin, BaseEstimator):
    """Forecasts the last season again (Hyndman and Athanasopoulos 2021, section 5.2).

    Parameters
    ----------
    horizon : int, default=1
        Steps that `forecast` makes if it is not told.
    season : int or "auto", default="auto"
        Steps of one season; "auto" reads it from the clock, as :func:`tsrnn.calendar.seasonal_period` says. With 1
        the last value is repeated, and so it is with "auto" if the series is shorter than a season.
    target : str or list of str, optional
        As in :class:`tsrnn.RNNForecaster`, like `id_col` and `time_col`.
    id_col, time_col : str, default="unique_id", "ds"
    freq : str or DateOffset, optional
        Step of the clock where it cannot be told from the stamps.
    missing : {"raise", "interpolate"}, default="raise"
        As in :class:`tsrnn.RNNForecaster`.

    Attributes
    ----------
    season_ : int
        Steps of one season.
    panel_ : Panel
        The series as they were read, and the rows of each `update`.

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
        "id_col": "no_validation",
        "time_col": "no_validation",
        "freq": "no_validation",
        "missing": [StrOptions({"raise", "interpolate"})],
    }

    def __init__(
        self, horizon=1, *, season="auto", target=None, id_col="unique_id", time_col="ds", freq=None, missing="raise"
    ):
        self.horizon = horizon
        self.season = season
        self.target = target
        self.id_col = id_col
        self.time_col = time_col
        self.freq = freq
        self.missing = missing

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.regressor_tags.poor_score = True  # as of DummyRegressor: it does not look at covariates
        return tags

    def _learn(self, panel):
        season = seasonal_period(panel.clock.freq) if self.season == "auto" else self.season
        longest = int(panel.lengths.max())
        if self.season != "auto" and season > longest:
            rows = f"{longest} rows" if longest > 1 else "1 row (one sample)"
            raise ValueError(
                f"{panel.label(int(panel.lengths.argmax()))} has {rows}, fewer than season={season}; give a "
                "shorter season."
            )
        self.season_ = season if season <= longest else 1
        self._observe(panel)
        self._means = np.add.reduceat(self._values, panel.bounds[:-1], axis=0) / panel.lengths[:, None]

    def _observe(self, panel):
        self._values = np.column_stack([interpolate(values, panel.bounds) for values in panel.values.T])
        self._observed = panel.values
        self._bounds, self._seasons = panel.bounds, np.where(panel.lengths >= self.season_, self.season_, 1)

    def _forecast_ahead(self, series, n_steps, ahead=None):
        seasons = self._seasons[series, None]
        last = self._bounds[1:][series, None] - seasons + np.arange(n_steps) % seasons
        return self._values[last]

    def _fitted_values(self, series, rows):
        season, first = self._seasons[series], self._bounds[series]
        # Whole seasons back, to a value known `horizon` steps before.
        origins, sources = rows - self._fitted_horizon, rows - -(-self._fitted_horizon // season) * season
        # Without a season before it the last known value is repeated; where nothing was known the mean stands.
        places = first + np.where(sources >= 0, sources, np.maximum(origins, 0))
        known = self._values[places]
        if np.isnan(self._observed).any():  # what is interpolated from beyond the origin is not known there
            n_rows = len(self._observed)
            following = np.where(np.isnan(self._observed), n_rows, np.arange(n_rows)[:, None])
            following = np.minimum.accumulate(following[::-1], axis=0)[::-1]
            repeated = repeat_last(self._observed, self._bounds)
            known = np.where(following[places] <= (first + origins)[:, None], known, repeated[places])
        is_known = (origins >= 0)[:, None] & ~np.isnan(known)
        return np.where(is_known, known, self._means[series])

    def _forecasts_from(self, series, rows):
        seasons = np.where(rows >= self.season_, self.season_, 1)[:, None]
        ends = (self._bounds[series] + rows)[:, None]
        return self._values[ends - seasons + np.arange(self._fitted_horizon) % seasons]

    def _held_out(self, asker):
        lengths = self._fitted_lengths
        first = first_of_known_scale(np.where(lengths >= self.season_, self.season_, 1), lengths)
        return HeldOut(self._forecasts_from, first, lengths - self._fitted_horizon)
