"""The forecaster's contract: each row of X is a time step, and predict(X) returns one forecast per row of X.

A forecast is made only from the memory that `fit` kept. This file reads rows as steps and gives frames back; how a
forecast is made belongs to the forecasters.
"""

from abc import abstractmethod
from dataclasses import replace
from numbers import Real
from typing import NamedTuple

import numpy as np
import pandas as pd
from sklearn.base import RegressorMixin
from sklearn.metrics import r2_score
from sklearn.utils.validation import check_is_fitted

from .ahead import read_ahead, tell_new_categories, tell_other_covariates
from .answers import Points
from .asking import Terms, find_rows, is_without_clock, read_given_truth, refuse_far, warn
from .base import reject_booleans, shorten
from .calendar import seasonal_period
from .checking import check_weights
from .columns import FROM_DTYPE
from .counts import how_many
from .covariates import refuse_changing
from .frames import WIDE, count_columns
from .intervals import IntervalMixin
from .metrics.grouped import naive_errors
from .metrics.reading import read_weight, refuse_other_index
from .panel import NO_WEIGHTS, refuse_copies, refuse_missing, refuse_missing_covariates
from .reading import extend, read_panel, read_truth
from .spread import Spread

NO_CLOCK = (
    "the data have no clock: rows given to predict will mean the steps directly after training. Give a Series or "
    'DataFrame with a time index; inside a pipeline use set_output(transform="pandas").'
)
NO_CLOCK_OF_X = (
    "y has a clock, but X has none: rows of X given to predict will mean the steps directly after training. Give X the "
    'index of y; inside a pipeline use set_output(transform="pandas").'
)


class Source(NamedTuple):
    """What gives something of a shape for rows and targets: `_fitted_values` and `_forecast_ahead`, or others."""

    fitted: object
    ahead: object
    shape: tuple


class ForecasterMixin(IntervalMixin, RegressorMixin):
    """Gives a class with `horizon`, `target`, `id_col`, `time_col`, `freq` and `missing` the contract.

    A forecaster adds the methods below, for which series are numbered in the order of the panel.
    """

    @abstractmethod
    def _learn(self, panel):
        """Fit to a Panel; keep what forecasts need."""

    @abstractmethod
    def _observe(self, panel):
        """Take a Panel with later rows for the memory; what was learnt stays."""

    @abstractmethod
    def _forecast_ahead(self, series, n_steps, ahead=None):
        """Return the forecasts of the `n_steps` steps after these series, shape (n, n_steps, n_targets).

        `ahead` are the covariates of these steps, shape (n, n_steps, n_covariates), NaN where unknown.
        """

    def _names_ahead(self, panel):
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
            warn(NO_CLOCK)
        has_column = self.time_col in getattr(X, "columns", ())
        is_bare = y is not None and not has_column and is_without_clock(X, panel)
        if is_bare and len(panel.covariate_names):
            warn(NO_CLOCK_OF_X)
        self._fit_panel(panel)
        self._terms = replace(self._terms, is_bare=is_bare)
        self._has_truth_apart = y is not None
        self.n_features_in_ = count_columns(X)
        vars(self).pop("feature_names_in_", None)
        if isinstance(X, pd.DataFrame) and len(X.columns) and all(isinstance(name, str) for name in X.columns):
            self.feature_names_in_ = X.columns.to_numpy(dtype=object)
        return self

    def _fit_panel(self, panel):
        self._learn(panel)
        for name in ("_residuals", "_all_residuals"):  # of what was fitted before
            vars(self).pop(name, None)
        self._keep_terms(panel)
        return self

    def _keep_terms(self, panel):
        """Keep the data, and what of the parameters later calls go by."""
        self.panel_, self._fitted_horizon, self._fitted_lengths = panel, self.horizon, panel.lengths
        self._terms = Terms(
            type(self).__name__,
            self.missing,
            {name: getattr(self, name) for name in ("target", "id_col", "time_col")},
            tuple(self._names_ahead(panel)),
            tuple(getattr(self, "past_covariates", None) or ()),
            tuple(getattr(self, "static_covariates", None) or ()),
        )

    def predict(self, X):
        """Return one forecast per row of X.

        Parameters
        ----------
        X : DataFrame, Series or array with n rows
            Read are its clock, the ids of its rows if series have some, and the covariates that are known ahead, of
            rows after training; values to forecast never. Rows after training are forecast; covariates in a hole before
            them, if nobody gives these rows, are unknown, with a warning. Rows of training get their fitted values, for
            which the covariates are those of training, with a warning if X has others: the forecast made `horizon`
            steps before them, from as much as there was to be seen, or, where nothing was known yet, the mean of
            training.

            Rows without a clock are the steps directly after training, except that the very rows of training mean
            themselves. So it is where X has but the row numbers that pandas gives a frame: if its values, of fewer rows
            those that are forecast, are the first of training these are meant, else the steps after it, with a warning.

        Returns
        -------
        ndarray of shape (n,), or (n, n_outputs) for several targets, or a series in each column
            In the unit of the series and the order of the rows; several targets in that of `target`, or of y.

        Raises
        ------
        TypeError, ValueError
            If a row lies before training, off its clock, or so far after it that its stamp must be wrong, or is of a
            series that was not fitted; if two rows of a step contradict each other; or, unless `missing` says what
            to do, if a covariate of a step to forecast is missing, or a category that training did not have.

        Examples
        --------
        >>> import tsrnn
        >>> temperature = tsrnn.datasets.load_elnino()
        >>> model = tsrnn.SeasonalNaive(horizon=12).fit(temperature[:-12])
        >>> model.predict(temperature[-12:])[:3]  # whose values are not looked at
        array([24.39, 25.53, 25.48])
        """
        return self._forecasts_of(self._rows(X), X)

    def forecast(self, h=None, X=None, level=None):
        """Return the forecast of the h steps after training in the format of the data.

        Parameters
        ----------
        h : int, optional
            Number of steps; the `horizon` that was fitted if not given.
        X : DataFrame, optional
            The rows of these steps, with the covariates that are known ahead.
        level : float or sequence of float, optional
            Percent of the truths that intervals around the forecasts are to hold, as in `predict_interval`.

        Returns
        -------
        Series or DataFrame
            Of the same form as the data, with the clock carried on and the names of the series; with intervals a
            DataFrame with the columns of `predict_interval`.

        Examples
        --------
        >>> import tsrnn
        >>> temperature = tsrnn.datasets.load_elnino()
        >>> tsrnn.SeasonalNaive().fit(temperature).forecast(2)
        ds
        2011-01-01    24.70
        2011-02-01    26.16
        Freq: MS, Name: sst, dtype: float64
        """
        h = self._steps_ahead(h)
        spread = None if level is None else Spread.read(level)
        return self._frame_ahead(self._values_ahead(h, X), X, spread)

    def future_frame(self, h=None):
        """Return the h rows to come, for `predict`: a frame of the form of the data, without what is forecast.

        Parameters
        ----------
        h : int, optional
            Number of steps; the `horizon` that was fitted if not given.

        Returns
        -------
        DataFrame
            Clock and ids; covariates that are known ahead are the user's to add.

        Examples
        --------
        >>> import tsrnn
        >>> temperature = tsrnn.datasets.load_elnino()
        >>> tsrnn.SeasonalNaive().fit(temperature).future_frame(2).index.tolist()
        [Timestamp('2011-01-01 00:00:00'), Timestamp('2011-02-01 00:00:00')]
        """
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

        Examples
        --------
        >>> import tsrnn
        >>> temperature = tsrnn.datasets.load_elnino()
        >>> model = tsrnn.SeasonalNaive().fit(temperature[:-12])
        >>> model.update(temperature[-12:]).forecast(1)
        ds
        2011-01-01    24.7
        Freq: MS, Name: sst, dtype: float64
        """
        panel = self._extended(X, y)
        self._observe(panel)
        self.panel_ = panel
        return self

    def _extended(self, X, y):
        """Return the panel with the rows that `update` is given."""
        check_is_fitted(self)
        has_targets = isinstance(X, pd.DataFrame) and self.panel_.form.targets.isin(X.columns).all()
        if y is None and self._has_truth_apart and len(self.panel_.covariate_names) and not has_targets:
            raise ValueError("the true values were given to fit as y, apart from X; give y here, too.")
        panel = extend(self.panel_, X, y, **self._terms.keys)
        self._refuse_missing(panel, self._terms.missing)
        tell_new_categories(panel, self.panel_, self._terms)
        refuse_changing(panel, self._terms.static)
        return panel

    def score(self, X, y=None, sample_weight=None):
        """Return the coefficient of determination R^2 of ``predict(X)``.

        Parameters
        ----------
        X : Series, DataFrame or array
            Rows to forecast; without `y` also the true values. Rows of training are scored by their fitted values.
        y : array-like of shape (n,) or (n, n_outputs), optional
            The true values; of a frame the columns are taken by their names.
        sample_weight : array-like of shape (n,), optional
            Weights of the rows.

        Returns
        -------
        float
            Over the rows that were observed; of several outputs, and of the series of a frame with one in each column,
            the mean over those with an observed row that has a weight.

        Raises
        ------
        TypeError, ValueError
            As `predict`; if y has an index or columns of its own that are not those of X and of training; if a true
            value is missing and `missing` is "raise"; or if weights are not one per row, negative or all zero.

        Examples
        --------
        >>> import tsrnn
        >>> temperature = tsrnn.datasets.load_elnino()
        >>> model = tsrnn.SeasonalNaive().fit(temperature[:-12])
        >>> round(model.score(temperature[-12:]), 2)
        0.71
        """
        rows = self._rows(X)
        forecasts, is_early = self._forecasts_of(rows, X), self._early_cells(rows)
        truths = self.read_truth(X) if y is None else self.read_given_truth(X, y)
        if len(truths) != len(forecasts):
            raise ValueError(
                f"X has {how_many(len(forecasts), 'row')} and y has {len(truths)}; give one true value per row."
            )
        is_known = ~np.isnan(truths)
        n_missing = int((~is_known & ~is_early).sum())
        if self._terms.missing == "raise" and n_missing:
            raise ValueError(
                f"{'X' if y is None else 'y'} has {how_many(n_missing, 'missing value')}: no truth to score; drop "
                "these rows, or set missing='interpolate'."
            )
        weights = None if sample_weight is None else read_weight(sample_weight, len(truths))
        if is_known.all():
            return r2_score(truths, forecasts, sample_weight=weights)
        scores = []
        columns = zip(*(np.atleast_2d(of.T) for of in (truths, forecasts, is_known)), strict=True)
        for truth, forecast, known in columns:
            own = None if weights is None else weights[known]
            if known.any() and (own is None or own.any()):
                scores.append(r2_score(truth[known], forecast[known], sample_weight=own))
        if not scores:
            raise ValueError(
                "no true value is known in any row of X that has a weight, so there is nothing to score; give others."
            )
        return np.mean(scores)

    def _early_cells(self, rows):
        """Return whether a series of a wide frame has not begun yet, shape (n_rows, n_series); else False."""
        panel = self.panel_
        if panel.form.kind != WIDE:
            return np.False_
        return rows.steps[:, np.newaxis] < panel.starts

    def are_early(self, X):
        """Return for the rows of a frame with a series in each column which series have not begun yet."""
        return self._early_cells(self._rows(X))

    def read_truth(self, X):
        """Return the true values that X holds, ndarray of shape (n,) or (n, n_outputs), NaN where missing."""
        check_is_fitted(self)
        if self._has_truth_apart and len(self.panel_.covariate_names):
            raise ValueError("the true values were given to fit as y, apart from X; give y here, too.")
        return read_truth(X, self.panel_, **self._terms.keys)

    def read_given_truth(self, X, y):
        """Return the true values that are given beside X, ndarray of shape (n,) or (n, n_outputs), NaN where missing.

        Columns come in the order of training, whatever that of y.
        """
        check_is_fitted(self)
        values = read_given_truth(y, X, self.panel_)
        return values if values.shape[1] > 1 else values[:, 0]

    def series_numbers(self, X):
        """Return for each row of X the number of its series, in the order of training; all 0 for a single one.

        Rows of a frame with a series in each column are of every one: their numbers have shape (n_rows, n_series).
        """
        rows, panel = self._rows(X), self.panel_
        if rows.series is None:
            return np.broadcast_to(np.arange(panel.n_series), (len(rows.steps), panel.n_series))
        return rows.series

    def naive_errors(self, X, power=1):
        """Return for each row of X the error of its series' seasonal naive forecast within training.

        Parameters
        ----------
        X : Series, DataFrame or array with n rows
        power : int, default=1

        Returns
        -------
        ndarray of shape (n,), or (n, n_series) of a frame with a series in each column
            The mean of |difference|^power between values one season of the clock apart, the same for all forecasters of
            these data; with power 1, for a series not longer than a season, between values one step apart. NaN where
            there is none.
        """
        check_is_fitted(self)
        panel = self.panel_
        if panel.n_targets > 1:
            raise ValueError("errors of several targets are not scaled together; score one target.")
        season = seasonal_period(panel.clock.freq)
        firsts, lengths = panel.bounds[:-1], self._fitted_lengths
        errors = naive_errors(panel.values[:, 0], firsts, firsts + lengths, season, power)
        if power != 1:
            errors[lengths <= season] = np.nan
        return errors[self.series_numbers(X)]

    def _read_panel(self, X, y=None, sample_weight=None):
        """Return what `fit` is given as a Panel; raise for what can be told to be wrong before anything is learnt."""
        self._validate_params()
        reject_booleans(self)
        refuse_other_index(y if X is None else X, sample_weight, "sample_weight")
        weights = NO_WEIGHTS if sample_weight is None else check_weights(sample_weight, y if X is None else X)
        panel = read_panel(
            X, y, target=self.target, id_col=self.id_col, time_col=self.time_col, freq=self.freq, weights=weights,
            categorical=getattr(self, "categorical_features", FROM_DTYPE),
        )  # fmt: skip
        refuse_copies(panel, is_named=isinstance(X, pd.Series | pd.DataFrame))
        self._refuse_missing(panel, self.missing)
        self._check_panel(panel)
        return panel

    def _check_panel(self, panel):
        """Raise if the arguments do not fit the panel; a forecaster may have more to say."""

    def _refuse_missing(self, panel, missing):
        """Raise if anything is missing and `missing` is "raise"."""
        if missing == "raise":
            refuse_missing(panel, self._cures_of_missing())
            refuse_missing_covariates(panel, self._cures_of_missing())

    def _cures_of_missing(self):
        allowed = self._parameter_constraints["missing"][0].options - {"raise"}
        return "set missing=" + " or ".join(map(repr, sorted(allowed)))

    def _read_ahead(self, X, series, steps, rows=None):
        """Return the covariates Ahead of these steps of series; `rows` are those of X, if they are known already."""
        return read_ahead(X, self.panel_, self._terms, series, steps, rows)

    def _forecasts_of(self, rows, X):
        """Return one forecast per row of X, in the shape of `predict`."""
        panel, forecasts = self.panel_, self._forecasts(*self._cells(rows), X, rows)
        if rows.series is None:
            return forecasts.reshape(panel.n_series, -1).T
        return forecasts if panel.n_targets > 1 else forecasts[:, 0]

    def _cells(self, rows):
        """Return series and steps of the forecasts that rows ask for; of a wide frame series by series."""
        if rows.series is not None:
            return rows.series, rows.steps
        n_series = self.panel_.n_series
        return np.arange(n_series).repeat(len(rows.steps)), np.tile(rows.steps, n_series)

    def _forecasts(self, series, steps, X, rows, source=None):
        """Return forecasts of these steps of the clock, shape (n, n_targets); `rows` are those of X.

        With another Source, what it gives for them.
        """
        panel, source = self.panel_, source or self._points_source
        forecasts = np.empty((len(series), *source.shape))
        leads, places = steps - panel.ends[series], steps - panel.starts[series]
        is_before = places < 0
        if is_before.any() and panel.form.kind != WIDE:
            first = int(is_before.argmax())
            stamp, start = panel.stamps([steps[first]])[0], panel.stamps([panel.starts[series[first]]])[0]
            raise ValueError(
                f"X has a row of {panel.label(series[first])} at {stamp}, before it begins at {start}; only rows from "
                "there on can be forecast. Split in the order of time, as PanelTimeSeriesSplit does."
            )
        is_inside = leads < 0
        if is_inside.any() and len(panel.covariate_names):
            tell_other_covariates(X, panel, rows)
        if is_inside.any():  # of a wide frame a series may begin late: before that nothing was known
            forecasts[is_inside] = source.fitted(series[is_inside], np.maximum(places[is_inside], 0))
        if not is_inside.all():
            series, steps, leads = series[~is_inside], steps[~is_inside], leads[~is_inside]
            refuse_far(panel, series, leads)
            ahead = self._read_ahead(X, series, steps, rows) if len(panel.covariate_names) else None
            forecasts[~is_inside] = self._forecasts_after(series, leads, ahead, source)
        return forecasts

    @property
    def _points_source(self):
        return Source(self._fitted_values, self._forecast_ahead, (self.panel_.n_targets,))

    def _forecasts_after(self, series, leads, ahead, source):
        """Return what a Source gives for rows so many steps after the first one behind their series.

        Only series that are asked for are forecast, those together whose farthest rows are about as far.
        """
        panel = self.panel_
        forecasts = np.empty((len(series), *source.shape))
        farthest = np.zeros(panel.n_series, np.int64)
        np.maximum.at(farthest, series, leads + 1)
        powers = np.frexp(farthest)[1][series]
        for power in np.unique(powers):
            rows = np.flatnonzero(powers == power)
            mine, places = np.unique(series[rows], return_inverse=True)
            n_steps = int(farthest[mine].max())
            made = source.ahead(mine, n_steps, ahead and ahead.of(mine, n_steps))
            forecasts[rows] = made[places, leads[rows]]
        return forecasts

    def _values_ahead(self, h, X=None, source=None):
        """Return the forecasts of the h steps after each series, shape (n_series, h, n_targets); X as in `forecast`.

        With another Source, what it gives for them.
        """
        if isinstance(X, Real | str) or (isinstance(X, list | tuple | np.ndarray) and np.ndim(X) < 2):
            raise TypeError(
                f"X must be the rows to come, a DataFrame; got {shorten(X)}. Levels are given by name: "
                f"forecast(level={shorten(X)})."
            )
        every, make = np.arange(self.panel_.n_series), (source or self._points_source).ahead
        if not len(self.panel_.covariate_names):
            return make(every, h)
        return make(every, h, self._read_ahead(X, *self._future_rows(h)).of(every, h))

    def _frame_ahead(self, forecasts, X, spread):
        """Return what `_values_ahead` has made in the format of the data, with a Spread unless it is None."""
        panel, (series, steps) = self.panel_, self._future_rows(forecasts.shape[1])
        points = forecasts.reshape(-1, panel.n_targets)
        if spread is None:
            return panel.frame(series, steps, points)
        return self._frame_of(spread, (series, steps, points, self._answers_ahead(forecasts, X)), panel.frame)

    def _answers_ahead(self, forecasts, X):
        """Return what is moved by errors for the steps after each series, of which these are the forecasts."""
        return Points(forecasts.reshape(-1, self.panel_.n_targets))

    def _future_rows(self, h):
        """Return series and steps of the h rows after each series."""
        panel = self.panel_
        series = np.arange(panel.n_series).repeat(h)
        return series, panel.ends[series] + np.tile(np.arange(h), panel.n_series)

    def _steps_ahead(self, h):
        check_is_fitted(self)
        h = self._fitted_horizon if h is None else h
        if isinstance(h, bool) or not isinstance(h, int | np.integer):
            what = f"a {type(h).__name__} of {len(h)} rows, which is X" if hasattr(h, "iloc") else shorten(h)
            raise TypeError(f"h must be a whole number of steps, as in forecast(12) or forecast(12, X); got {what}.")
        if h < 1:
            raise ValueError(f"h must be at least one step; got {h}.")
        return int(h)

    def _rows(self, X):
        """Return the Rows that X asks for."""
        check_is_fitted(self)
        return find_rows(X, self.panel_, self._terms)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.required = False
        tags.target_tags.multi_output = True
        tags.input_tags.allow_nan = self.missing != "raise"
        return tags
