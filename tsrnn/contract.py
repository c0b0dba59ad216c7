"""The forecaster's contract: each row of X is a time step, and predict(X) returns one forecast per row of X.

A forecast is made only from the memory that `fit` kept. This file reads rows as steps and gives frames back; how a
forecast is made belongs to the forecasters.
"""

import warnings
from abc import abstractmethod

import numpy as np
import pandas as pd
from sklearn.base import RegressorMixin
from sklearn.metrics import r2_score
from sklearn.utils.validation import check_is_fitted

from .base import reject_booleans
from .metrics import naive_error
from .panel import read_series, read_values


class ForecasterMixin(RegressorMixin):
    """Gives a class with `horizon`, `target`, `freq` and `missing` the contract, from three methods of its own."""

    @abstractmethod
    def _learn(self, series):
        """Fit to a SeriesData; keep what forecasts need."""

    @abstractmethod
    def _forecast_ahead(self, n_steps):
        """Return the forecasts of the `n_steps` steps after training, shape (n_steps,)."""

    @abstractmethod
    def _fitted_values(self, rows):
        """Return for each of these rows of training its forecast from `horizon` steps before, shape (n,)."""

    def fit(self, X, y=None):
        """Learn one series.

        Parameters
        ----------
        X : Series, DataFrame with one column, or array of shape (n,) or (n, 1)
            The series, oldest value first; its index is the clock: dates, periods or whole numbers at equal steps.
            With `y`: a frame without columns whose index is the clock.
        y : Series or array of shape (n,), optional
            The series, where a scikit-learn tool passes it apart from X.

        Returns
        -------
        self

        Raises
        ------
        ValueError, TypeError
            If the arguments are out of range, or the series cannot be read without guessing or is too short.
        """
        self._validate_params()
        reject_booleans(self)
        series = read_series(X, y, target=self.target, freq=self.freq, missing=self.missing)
        if not series.clock.is_given:
            warnings.warn(
                "the data have no clock: rows given to predict will mean the steps directly after training. Give a "
                'Series or DataFrame with a time index; inside a pipeline use set_output(transform="pandas").',
                UserWarning,
                stacklevel=2,
            )
        self._learn(series)
        self.series_ = series
        self.n_features_in_ = X.shape[1] if np.ndim(X) == 2 else int(y is None)
        self._fitted_horizon = self.horizon
        return self

    def predict(self, X):
        """Return one forecast per row of X.

        Parameters
        ----------
        X : DataFrame, Series or array with n rows
            Only its clock is read, never its values. Rows after training are forecast. Rows of training get their
            fitted values: the forecast made `horizon` steps before them, where need be from a window that is filled up
            on the left with the first value, or, where nothing was known yet, with the mean of training. Rows without
            a clock are the steps directly after training, except that the very rows of training mean themselves.

        Returns
        -------
        ndarray of shape (n,)
            In the unit of the series and the order of the rows.

        Raises
        ------
        ValueError
            If a row lies before training, off its clock, or further ahead than the forecaster reaches.
        """
        rows = self._rows(X)
        n_train = self.series_.clock.n
        forecasts = np.empty(len(rows))
        inside = rows < n_train
        if inside.any():
            forecasts[inside] = self._fitted_values(rows[inside])
        if not inside.all():
            n_ahead = int(rows.max()) - n_train + 1
            forecasts[~inside] = self._forecast_ahead(n_ahead)[rows[~inside] - n_train]
        return forecasts

    def forecast(self, h=None):
        """Return the forecast of the h steps after training in the format of the data.

        Parameters
        ----------
        h : int, optional
            Number of steps; the `horizon` that was fitted if not given.

        Returns
        -------
        Series, or DataFrame if one was fitted
            With the clock carried on and the name of the series.
        """
        h = self._steps_ahead(h)
        return self.series_.give_back(self._forecast_ahead(h), self.series_.clock.n)

    def future_frame(self, h=None):
        """Return the h rows to come, for `predict`: a DataFrame without columns whose index carries on the clock."""
        h = self._steps_ahead(h)
        n = self.series_.clock.n
        return pd.DataFrame(index=self.series_.clock.stamps(n, n + h))

    def score(self, X, y=None, sample_weight=None):
        """Return the coefficient of determination R^2 of ``predict(X)``.

        Parameters
        ----------
        X : Series, DataFrame or array
            Rows to forecast; without `y` also the true values. Rows of training are scored by their fitted values.
        y : array-like of shape (n,), optional
            The true values.
        sample_weight : array-like of shape (n,), optional
            Weights of the rows.

        Returns
        -------
        float
            Over the rows that were observed.

        Raises
        ------
        ValueError
            As `predict`; or if a true value is missing and `missing` is "raise".
        """
        forecasts = self.predict(X)
        y = self.read_truth(X) if y is None else np.asarray(y, dtype=np.float64)
        observed = ~np.isnan(y)
        if self.missing == "raise" and not observed.all():
            raise ValueError(
                f"X has {(~observed).sum()} missing value(s), which have no truth to score; drop these rows, or set "
                "missing='interpolate'."
            )
        if y.ndim == 1:
            y, forecasts = y[observed], forecasts[observed]
            sample_weight = None if sample_weight is None else np.asarray(sample_weight)[observed]
        return r2_score(y, forecasts, sample_weight=sample_weight)

    def read_truth(self, X):
        """Return the true values that X holds, ndarray of shape (n,), NaN where missing; scorers ask for them."""
        check_is_fitted(self)
        return read_values(X, self.target)

    def series_numbers(self, X):
        """Return for each row of X the number of its series, ndarray of shape (n,): all 0, as there is one."""
        return np.zeros(len(self._rows(X)), np.int64)

    def naive_errors(self, X, power=1):
        """Return for each row of X the error of its series' seasonal naive forecast within training.

        Parameters
        ----------
        X : Series, DataFrame or array with n rows
        power : int, default=1

        Returns
        -------
        ndarray of shape (n,)
            The mean of |difference|^power between values one season apart; with power 1, for a series not longer than
            a season, between values one step apart. NaN where there is none.
        """
        values = np.where(self.series_.holes, np.nan, self.series_.values)
        is_measured = power == 1 or len(values) > self.season_
        error = naive_error(values, self.season_, power=power) if is_measured else np.nan
        return np.full(len(self._rows(X)), error)

    def _steps_ahead(self, h):
        check_is_fitted(self)
        h = self._fitted_horizon if h is None else h
        if isinstance(h, bool) or not isinstance(h, int | np.integer):
            raise TypeError(f"h must be a whole number of steps; got {h!r}.")
        if h < 1:
            raise ValueError(f"h must be at least one step; got {h}.")
        return int(h)

    def _rows(self, X):
        """Return for each row of X the step it stands for, counted from the first row of training."""
        check_is_fitted(self)
        clock = self.series_.clock
        index = X if isinstance(X, pd.Index) else getattr(X, "index", None) if hasattr(X, "iloc") else None
        if index is not None and clock.is_given:
            return clock.positions(index)
        if isinstance(index, pd.DatetimeIndex | pd.PeriodIndex):
            raise TypeError(
                f"the rows of X have dates (from {index[0]} on), but the forecaster was fitted without a clock; fit it "
                "on a Series with a time index."
            )
        values = np.asarray(X)
        if values.ndim == 0:
            raise ValueError(f"X must have one row per step; got {X!r}.")
        if values.size and not np.issubdtype(values.dtype, np.number):
            raise TypeError(
                f"X is an array of {values.dtype}, from which no clock is read; give stamps as the index of a "
                "DataFrame, as future_frame(h) does."
            )
        if self._are_rows_of_training(values):
            return np.arange(len(values))
        if clock.is_given:
            warnings.warn(
                "X has no clock: its rows are taken for the steps directly after training. Give a DataFrame with a "
                "time index, as future_frame(h) does.",
                UserWarning,
                stacklevel=3,
            )
        return clock.n + np.arange(len(values))

    def _are_rows_of_training(self, values):
        """Return whether an array holds the very values that were fitted, NaN where they were interpolated."""
        if not values.size == len(values) == self.series_.clock.n or not np.issubdtype(values.dtype, np.number):
            return False
        values = values.ravel().astype(np.float64)
        missing = np.isnan(values)
        return missing.sum() == self.series_.n_missing and np.all(missing | (values == self.series_.values))

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.required = False
        tags.input_tags.allow_nan = self.missing != "raise"
        return tags
