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
from .checking import check_weights
from .columns import FROM_DTYPE
from .frames import WIDE, count_columns, listing, plain
from .metrics.grouped import naive_errors
from .panel import NO_WEIGHTS, refuse_copies, refuse_missing, refuse_missing_covariates
from .reading import (
    Rows,
    are_covariates_of_training,
    extend,
    name_columns,
    read_ahead,
    read_panel,
    read_rows,
    read_truth,
)

NO_CLOCK = (
    "the data have no clock: rows given to predict will mean the steps directly after training. Give a Series or "
    'DataFrame with a time index; inside a pipeline use set_output(transform="pandas").'
)


class ForecasterMixin(RegressorMixin):
    """Gives a class with `horizon`, `target`, `id_col`, `time_col`, `freq` and `missing` the contract.

    It has five methods of its own, for which series are numbered in the order of the panel.
    """

    @abstractmethod
    def _learn(self, panel):
        """Fit to a Panel; keep what forecasts need."""

    @abstractmethod
    def _observe(self, panel):
        """Take a Panel with later rows for the memory; what was learnt stays."""

    @abstractmethod
    def _forecast_ahead(self, n_steps, ahead=None):
        """Return the forecasts of the `n_steps` steps after each series, shape (n_series, n_steps, n_targets).

        `ahead` are the covariates of these steps, shape (n_series, n_steps, n_covariates), NaN where unknown.
        """

    def _names_ahead(self):
        """Return the names of the covariates that have to be given for steps to come."""
        return []

    @abstractmethod
    def _fitted_values(self, series, rows):
        """Return for these rows of series their forecasts from `horizon` steps before, shape (n, n_targets)."""

    @abstractmethod
    def _forecasts_from(self, series, rows):
        """Return the forecasts of `horizon` steps from each of these rows on, shape (n, horizon, n_targets).

        They are made from what stands before the row, of which the last value must be known, and equal to the bit
        those of a memory that ends there.
        """

    def fit(self, X, y=None, sample_weight=None):
        """Learn one series, or many.

        Parameters
        ----------
        X : Series, DataFrame or array
            One row for each time step; the index is the clock: dates, periods or whole numbers at equal steps. Without
            `y`: a series; a frame with a series in each column; a long frame with columns for the id of the series
            (`id_col`), the stamp (`time_col`) and the value ("y" or `target`), or the same with a MultiIndex of id and
            stamp.
        y : Series, DataFrame or array of shape (n,) or (n, n_targets), optional
            The values, where a scikit-learn tool passes them apart from X. Several columns are forecast together.
        sample_weight : array-like of shape (n,), optional
            How much each row of X counts as a step that is forecast, in training and in validation; of a frame with a
            series in each column, in all of them. A row of weight 0 is still seen by the windows after it. What learns
            no weights, as SeasonalNaive, forecasts the same.

        Returns
        -------
        self

        Raises
        ------
        ValueError, TypeError
            If the arguments are out of range, or the data cannot be read without guessing or are too short.
        """
        panel = self._read_panel(X, y, sample_weight)
        if not panel.clock.is_given:
            warnings.warn(NO_CLOCK, UserWarning, stacklevel=2)
        self._fit_panel(panel)
        self.n_features_in_ = count_columns(X)
        vars(self).pop("feature_names_in_", None)
        if isinstance(X, pd.DataFrame) and len(X.columns) and all(isinstance(name, str) for name in X.columns):
            self.feature_names_in_ = X.columns.to_numpy(dtype=object)
        return self

    def _fit_panel(self, panel):
        self._learn(panel)
        self.panel_, self._fitted_horizon = panel, self.horizon
        return self

    def predict(self, X):
        """Return one forecast per row of X.

        Parameters
        ----------
        X : DataFrame, Series or array with n rows
            Only its clock is read, and the ids of its rows if series have some, never its values. Rows after training
            are forecast. Rows of training get their fitted values: the forecast made `horizon` steps before them, from
            as much as there was to be seen, or, where nothing was known yet, the mean of training. Rows without
            a clock are the steps directly after training, except that the very rows of training mean themselves.

        Returns
        -------
        ndarray of shape (n,), or (n, n_outputs) for several targets, or a series in each column
            In the unit of the series and the order of the rows.

        Raises
        ------
        ValueError
            If a row lies before training, off its clock, or is of a series that was not fitted.
        """
        rows, panel = self._rows(X), self.panel_
        if rows.series is not None:
            forecasts = self._forecasts(rows.series, rows.steps, X)
            return forecasts if panel.n_targets > 1 else forecasts[:, 0]
        series = np.arange(panel.n_series).repeat(len(rows.steps))
        return self._forecasts(series, np.tile(rows.steps, panel.n_series), X).reshape(panel.n_series, -1).T

    def forecast(self, h=None, X=None):
        """Return the forecast of the h steps after training in the format of the data.

        Parameters
        ----------
        h : int, optional
            Number of steps; the `horizon` that was fitted if not given.
        X : DataFrame, optional
            The rows of these steps, with the covariates that are known ahead.

        Returns
        -------
        Series or DataFrame
            Of the same form as the data, with the clock carried on and the names of the series.
        """
        h, panel = self._steps_ahead(h), self.panel_
        series, steps = self._future_rows(h)
        ahead = None
        if X is not None or self._names_ahead():
            ahead = self._read_ahead(X, series, steps)
        forecasts = self._forecast_ahead(h, ahead).reshape(-1, panel.n_targets)
        return panel.frame(series, steps, forecasts)

    def future_frame(self, h=None):
        """Return the h rows to come, for `predict`: a frame of the form of the data, without what is forecast."""
        h = self._steps_ahead(h)
        return self.panel_.frame(*self._future_rows(h))

    def update(self, X, y=None):
        """Move the memory forward: forecasts are then made from later rows, too. What was learnt stays as it is.

        Parameters
        ----------
        X, y
            Rows after those that are known, in the form of the data of `fit`; of many series some may be left out.

        Returns
        -------
        self

        Raises
        ------
        ValueError, TypeError
            As `fit`; or if rows are of other series, or of stamps that are known already. Nothing has changed then.
        """
        panel = self._extended(X, y)
        self._observe(panel)
        self.panel_ = panel
        return self

    def _extended(self, X, y):
        """Return the panel with the rows that `update` is given."""
        check_is_fitted(self)
        panel = extend(self.panel_, X, y, target=self.target, id_col=self.id_col, time_col=self.time_col)
        self._refuse_missing(panel)
        return panel

    def score(self, X, y=None, sample_weight=None):
        """Return the coefficient of determination R^2 of ``predict(X)``.

        Parameters
        ----------
        X : Series, DataFrame or array
            Rows to forecast; without `y` also the true values. Rows of training are scored by their fitted values.
        y : array-like of shape (n,) or (n, n_outputs), optional
            The true values.
        sample_weight : array-like of shape (n,), optional
            Weights of the rows.

        Returns
        -------
        float
            Over the rows that were observed; of several outputs the mean.

        Raises
        ------
        ValueError
            As `predict`; or if a true value is missing and `missing` is "raise".
        """
        forecasts = self.predict(X)
        y = self.read_truth(X) if y is None else np.asarray(y, dtype=np.float64)
        is_known = ~np.isnan(y)
        if self.missing == "raise" and not is_known.all():
            raise ValueError(
                f"X has {(~is_known).sum()} missing value(s), which have no truth to score; drop these rows, or set "
                "missing='interpolate'."
            )
        if not is_known.all() and y.shape == forecasts.shape:
            is_known = is_known if y.ndim == 1 else is_known.all(axis=1)
            y, forecasts = y[is_known], forecasts[is_known]
            sample_weight = None if sample_weight is None else np.asarray(sample_weight)[is_known]
        return r2_score(y, forecasts, sample_weight=sample_weight)

    def read_truth(self, X):
        """Return the true values that X holds, ndarray of shape (n,) or (n, n_outputs), NaN where missing."""
        check_is_fitted(self)
        return read_truth(X, self.panel_, self.target, self.id_col, self.time_col)

    def series_numbers(self, X):
        """Return for each row of X the number of its series, in the order of training; all 0 for a single one."""
        series = self._rows(X).series
        if series is None:
            raise ValueError("each row of X is one of every series; give rows with ids, as a long frame has them.")
        return series

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
        panel = self.panel_
        if panel.n_targets > 1:
            raise ValueError("errors of several targets are not scaled together; score one target.")
        errors = naive_errors(panel.values[:, 0], panel.bounds[:-1], panel.bounds[1:], self.season_, power)
        if power != 1:
            errors[panel.lengths <= self.season_] = np.nan
        return errors[self.series_numbers(X)]

    def _read_panel(self, X, y=None, sample_weight=None):
        """Return what `fit` is given as a Panel; raise for what can be told to be wrong before anything is learnt."""
        self._validate_params()
        reject_booleans(self)
        weights = NO_WEIGHTS if sample_weight is None else check_weights(sample_weight, X)
        panel = read_panel(
            X, y, target=self.target, id_col=self.id_col, time_col=self.time_col, freq=self.freq, weights=weights,
            categorical=getattr(self, "categorical_features", FROM_DTYPE),
        )  # fmt: skip
        refuse_copies(panel, is_named=isinstance(X, pd.Series | pd.DataFrame))
        self._refuse_missing(panel)
        self._check_panel(panel)
        return panel

    def _check_panel(self, panel):
        """Raise if the arguments do not fit the panel; a forecaster may have more to say."""

    def _refuse_missing(self, panel):
        """Raise if anything is missing and `missing` is "raise"."""
        if self.missing == "raise":
            refuse_missing(panel, self._cures_of_missing())
            refuse_missing_covariates(panel, self._cures_of_missing())

    def _cures_of_missing(self):
        allowed = self._parameter_constraints["missing"][0].options - {"raise"}
        return "set missing=" + " or ".join(map(repr, sorted(allowed)))

    def _read_ahead(self, X, series, steps):
        """Return the covariates of steps to come, shape (n_series, n_steps, n_covariates).

        Those of X are wanted for all steps up to the last of these of each series.
        """
        panel, names = self.panel_, self._names_ahead()
        ends = panel.ends
        n_ahead = int((steps - ends[series]).max()) + 1
        ahead = np.full((panel.n_series, n_ahead, panel.covariates.shape[1]), np.nan)
        last = panel.covariates[panel.bounds[1:] - 1]
        for k, name in enumerate(panel.covariate_names):
            if name in (getattr(self, "static_covariates", None) or ()):
                ahead[:, :, k] = last[:, [k]]
        if not names:
            return ahead
        given = read_ahead(X, panel, names, self.id_col, self.time_col)
        places = [panel.covariate_names.get_loc(name) for name in names]
        is_ahead = given.steps >= ends[given.series]
        of, at = given.series[is_ahead], (given.steps - ends[given.series])[is_ahead]
        is_near = at < n_ahead
        ahead[of[is_near, None], at[is_near, None], places] = given.values[is_ahead][is_near]
        wanted = np.zeros(panel.n_series, np.int64)
        np.maximum.at(wanted, series, steps - ends[series] + 1)
        is_unknown = np.isnan(ahead[:, :, places]).any(axis=2) & (np.arange(n_ahead) < wanted[:, None])
        if self.missing == "raise" and is_unknown.any():
            which, step = (int(place[0]) for place in is_unknown.nonzero())
            stamp = panel.stamps([ends[which] + step])[0]
            raise ValueError(
                f"the covariates {listing(names)} of {panel.label(which)} are not given for {stamp}; give them for "
                "every step after training, name them in past_covariates, or set missing='mask'."
            )
        return ahead

    def _forecasts(self, series, steps, X):
        """Return forecasts of these steps of the clock, shape (n, n_targets)."""
        panel = self.panel_
        forecasts = np.empty((len(series), panel.n_targets))
        ahead, rows = steps - panel.ends[series], steps - panel.starts[series]
        is_before = rows < 0
        if is_before.any() and panel.form.kind != WIDE:
            first = int(is_before.argmax())
            stamp, start = panel.stamps([steps[first]])[0], panel.stamps([panel.starts[series[first]]])[0]
            raise ValueError(
                f"X has a row of {panel.label(series[first])} at {stamp}, before it begins at {start}; only rows from "
                "there on can be forecast."
            )
        is_inside = ahead < 0
        if is_inside.any():  # of a wide frame a series may begin late: before that nothing was known
            forecasts[is_inside] = self._fitted_values(series[is_inside], np.maximum(rows[is_inside], 0))
        if not is_inside.all():
            ahead, series, steps = ahead[~is_inside], series[~is_inside], steps[~is_inside]
            covariates = self._read_ahead(X, series, steps) if len(panel.covariate_names) else None
            forecasts[~is_inside] = self._forecast_ahead(int(ahead.max()) + 1, covariates)[series, ahead]
        return forecasts

    def _future_rows(self, h):
        """Return series and steps of the h rows after each series."""
        panel = self.panel_
        series = np.arange(panel.n_series).repeat(h)
        return series, panel.ends[series] + np.tile(np.arange(h), panel.n_series)

    def _steps_ahead(self, h):
        check_is_fitted(self)
        h = self._fitted_horizon if h is None else h
        if isinstance(h, bool) or not isinstance(h, int | np.integer):
            raise TypeError(f"h must be a whole number of steps; got {h!r}.")
        if h < 1:
            raise ValueError(f"h must be at least one step; got {h}.")
        return int(h)

    def _rows(self, X):
        """Return the Rows that X asks for."""
        check_is_fitted(self)
        panel = self.panel_
        index = X if isinstance(X, pd.Index) else getattr(X, "index", None) if hasattr(X, "iloc") else None
        if index is not None and panel.clock.is_given:
            return read_rows(X, panel, self.id_col, self.time_col)
        if isinstance(index, pd.DatetimeIndex | pd.PeriodIndex):
            raise TypeError(
                f"the rows of X have dates (from {index[0]} on), but the forecaster was fitted without a clock; fit it "
                "on a Series with a time index."
            )
        values = np.asarray(X)
        if values.ndim == 0:
            raise ValueError(f"X must have one row per step; got {X!r}.")
        has_covariates = len(panel.covariate_names) > 0
        if panel.form.has_ids:
            raise TypeError(
                f"X is an array of shape {values.shape}, but the forecaster was fitted on many series: each row needs "
                "the id of its series and its time stamp; give a DataFrame, as future_frame(h) does."
            )
        if index is None and has_covariates:
            self._refuse_missing_ahead(X)
        elif values.size and not np.issubdtype(values.dtype, np.number):
            raise TypeError(
                f"X is an array of {values.dtype}, from which no clock is read; give stamps as the index of a "
                "DataFrame, as future_frame(h) does."
            )
        are_known = (
            are_covariates_of_training(self._with_names(X), panel) if has_covariates else self._are_known(values)
        )
        if are_known:
            return self._rows_at(np.arange(len(values)))
        if panel.clock.is_given:
            warnings.warn(
                "X has no clock: its rows are taken for the steps directly after training. Give a DataFrame with a "
                "time index, as future_frame(h) does.",
                UserWarning,
                stacklevel=3,
            )
        return self._rows_at(panel.clock.n + np.arange(len(values)))

    def _rows_at(self, steps):
        is_one = self.panel_.n_series == 1
        return Rows(np.zeros(len(steps), np.int64) if is_one else None, steps)

    def _with_names(self, X):
        """Return covariates that are given as an array in a frame with their names, and X else."""
        is_bare = X is not None and not hasattr(X, "iloc") and not isinstance(X, pd.Index)
        if not is_bare or not len(self.panel_.covariate_names):
            return X
        return name_columns(X, self.panel_, type(self).__name__)

    def _refuse_missing_ahead(self, X):
        """Raise if an array of covariates lacks one, unless it is known of the past alone."""
        X, past = self._with_names(X), getattr(self, "past_covariates", None) or ()
        is_missing = X.drop(columns=[name for name in X.columns if name in past]).isna()
        if self.missing == "raise" and is_missing.to_numpy().any():
            row, column = np.argwhere(is_missing.to_numpy())[0]
            raise ValueError(
                f"covariate {plain(is_missing.columns[column])!r} is missing in row {row} of X (NaN); fill it."
            )

    def _are_known(self, values):
        """Return whether an array holds the very values that were fitted, NaN where they are missing."""
        panel = self.panel_
        n, n_columns = panel.clock.n, panel.n_series * panel.n_targets
        if values.size != n * n_columns or len(values) != n or not np.issubdtype(values.dtype, np.number):
            return False
        fitted = np.full((panel.n_series, n, panel.n_targets), np.nan)
        numbers = np.arange(panel.n_series).repeat(panel.lengths)
        fitted[numbers, np.arange(len(numbers)) - panel.bounds[numbers] + panel.starts[numbers]] = panel.values
        fitted = fitted.transpose(1, 0, 2).reshape(n, n_columns)
        return np.array_equal(values.reshape(n, n_columns).astype(np.float64), fitted, equal_nan=True)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.required = False
        tags.target_tags.multi_output = True
        tags.input_tags.allow_nan = self.missing != "raise"
        return tags
