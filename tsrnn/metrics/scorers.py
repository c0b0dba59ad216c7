"""Scorers for the tools of scikit-learn: callables of an estimator, greater for the better."""

import warnings

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.pipeline import Pipeline
from sklearn.utils.metadata_routing import UNUSED

from ..counts import how_many
from ..frames import read_keys
from .formulas import bias, mae, mape, r2, rmse, smape, wape
from .grouped import moves
from .reading import read_numbers, read_weight, refuse_other_index, to_column


def scorer(name):
    """Return a scorer for the argument `scoring` of scikit-learn's tools: a callable that is greater for the better.

    Parameters
    ----------
    name : str
        "neg_mae", "neg_rmse", "neg_abs_bias", "neg_mape", "neg_smape", "neg_wape", "r2": over all rows, of any
        regressor. "neg_mase", "neg_rmsse": the mean over series of the score of each, scaled by the naive error over a
        season that the fitted forecaster knows of its training. "directional_accuracy": over all rows but the first
        of each series. There is no "neg_bias", as a bias is best at zero and not at its least; "neg_abs_bias" is
        minus its absolute value. Of several targets, the mean over them; but scaled scores are of one target.

    Returns
    -------
    ForecastScorer
        Called with (estimator, X, y=None, sample_weight=None). Without y, the forecaster reads the truth from X. Where
        its `missing` is not "raise", rows without a truth have no part in the score. With a Pipeline, its last step
        is the forecaster, and reads what the steps before it make of X.

    Raises
    ------
    TypeError, ValueError
        If there is no such score. In use: as the function of the score; or if the estimator is no forecaster where one
        is needed.

    Notes
    -----
    A series whose naive error is zero or unknown has no scaled score. It is left out of the mean, with a warning.

    Scaled scores do not go through a TransformedTargetRegressor, whose forecaster knows naive errors of the
    transformed target alone.

    :func:`sklearn.metrics.make_scorer` cannot make these: what it makes needs y, and sees truth and forecast alone.

    Examples
    --------
    >>> from sklearn.linear_model import LinearRegression
    >>> from tsrnn.metrics import scorer
    >>> score = scorer("neg_smape")
    >>> score
    scorer('neg_smape')
    >>> model = LinearRegression().fit([[1.0], [2.0]], [1.0, 2.0])
    >>> round(score(model, [[3.0], [4.0]], [3.5, 4.0]), 3)
    -7.692
    """
    _check_name(name)
    return ForecastScorer(name)


class ForecastScorer(BaseEstimator):
    """A score under scikit-learn's calling convention of scorers; made by :func:`scorer`.

    From BaseEstimator it has its parameters, so that searches can be cloned, and requests for metadata:
    ``set_score_request(sample_weight=True)``. scikit-learn's own base of scorers is private.

    Parameters
    ----------
    name : str
        As in :func:`scorer`.
    """

    __metadata_request__score = {"estimator": UNUSED}  # who is scored is no metadata

    def __init__(self, name):
        self.name = name

    def __repr__(self, N_CHAR_MAX=700):
        return f"scorer({self.name!r})"

    def __call__(self, estimator, X, y=None, sample_weight=None):
        """Return the score of ``estimator.predict(X)``; see :meth:`score`."""
        return self.score(estimator, X, y, sample_weight)

    def score(self, estimator, X, y=None, sample_weight=None):
        """Return the score of ``estimator.predict(X)``.

        Parameters
        ----------
        estimator : estimator
            A fitted one.
        X : array-like or DataFrame with n rows
            What its `predict` takes.
        y : array-like of shape (n,) or (n, n_targets), optional
            The truth; if not given, what the forecaster reads from X.
        sample_weight : array-like of shape (n,), optional
            Weights of the rows.

        Returns
        -------
        float
            Greater is better. Of several targets the mean over those that have a truth.
        """
        _check_name(self.name)
        forecast = read_numbers(estimator.predict(X), "predict(X)")
        truth = self._read_truth(estimator, X, y)
        n_rows, is_wide = len(forecast), False
        if forecast.ndim == 2 and forecast.shape[1] > 1 and hasattr(_unwrap(estimator)[0], "series_numbers"):
            (series,) = self._ask(estimator, X, "series_numbers")
            is_wide = np.shape(series) == forecast.shape == truth.shape
        if is_wide:  # each row is one of every series, which go row by row
            truth, forecast = truth.ravel(), forecast.ravel()
        if truth.ndim != 2 or truth.shape[1:] != forecast.shape[1:]:  # else each column is a target
            truth, forecast = to_column(truth, "y")[:, None], to_column(forecast, "predict(X)")[:, None]
        if len(truth) != len(forecast) or len(truth) == 0:
            raise ValueError(
                f"y has {how_many(len(truth), 'row')} and predict(X) {len(forecast)}; give one y per row of X, "
                "and at least one."
            )
        counted = ~np.isnan(truth)
        if _missing_of(_unwrap(estimator)[0]) == "raise" and not counted.all():
            is_early = self._ask(estimator, X, "are_early")[0] if is_wide else np.False_
            n_missing = int((~counted & ~np.reshape(is_early, (-1, 1))).sum())
            if n_missing:
                raise ValueError(
                    f"y has {how_many(n_missing, 'missing value')}, which cannot be scored; drop these rows, or set "
                    "missing='interpolate'."
                )
        weight = np.ones(n_rows) if sample_weight is None else read_weight(sample_weight, n_rows)
        weight = np.repeat(weight, len(truth) // n_rows)
        counted &= (weight > 0)[:, None]
        if not counted.any():
            raise ValueError("y is missing in every row that has a weight, so there is nothing to score; give others.")
        targets = [target for target in zip(truth.T, forecast.T, counted.T, strict=True) if target[-1].any()]
        scores = []
        for truth, forecast, counted in targets:
            if self.name in _POOLED:
                sign, function = _POOLED[self.name]
                own = None if sample_weight is None else weight[counted]
                scores.append(sign * function(truth[counted], forecast[counted], sample_weight=own))
            elif self.name in _SCALED:
                scores.append(-self._scaled(estimator, X, truth, forecast, weight, counted, _SCALED[self.name]))
            else:
                scores.append(self._directional(estimator, X, truth, forecast, weight, counted))
        return float(np.mean(scores))

    def _read_truth(self, estimator, X, y):
        """Return the truth, from y or else from X; the columns of a forecaster in the order of its training."""
        if y is None:
            (y,) = self._ask(estimator, X, "read_truth", cure="give y")
        else:
            refuse_other_index(X, y)
            if np.ndim(y) == 2 and hasattr(_unwrap(estimator)[0], "read_given_truth"):
                y = _unwrap(estimator)[0].read_given_truth(None, y)
        return read_numbers(y, "y")

    def _scaled(self, estimator, X, truth, forecast, weight, counted, power):
        """Return the mean over series of the scaled score of each."""
        series, scale = self._ask(estimator, X, "series_numbers", "naive_errors", power=power)
        series, scale, weight = np.ravel(series)[counted], np.ravel(scale).astype(np.float64)[counted], weight[counted]
        has_scale = scale > 0
        ids = np.unique(series)
        left, series = np.unique(series[has_scale], return_inverse=True)
        without = f"{len(ids) - len(left)} of {len(ids)} series moved by no known step over a season of training"
        if not len(left):
            raise ValueError(f"{without}, so that there is no {self.name}; use an unscaled score, such as 'neg_mae'.")
        if len(left) < len(ids):
            warnings.warn(f"{without}; they have no part in {self.name}.", UserWarning, stacklevel=4)
        error = np.abs(forecast - truth)[counted][has_scale] ** power / scale[has_scale]
        weight = weight[has_scale]
        of_series = np.bincount(series, weight * error) / np.bincount(series, weight)
        return float(np.mean(of_series ** (1 / power)))

    def _directional(self, estimator, X, truth, forecast, weight, counted):
        """Return the share of right moves over all rows but the first of each series."""
        (series,) = self._ask(estimator, X, "series_numbers")
        ids, series = np.unique(np.ravel(series), return_inverse=True)
        order = np.argsort(series, kind="stable")
        _check_time_order(_transform(estimator, X), series, order, _unwrap(estimator)[0])
        right, moved = moves(truth[order], forecast[order], np.full(len(ids), np.nan), series[order])
        moved &= counted[order]
        if not moved.any():
            raise ValueError(
                f"X has {how_many(len(truth), 'row')} of {len(ids)} series, none with an observed row of its series "
                "before it, so that there is no move to score; give longer test sets."
            )
        return float(np.average(right[moved], weights=weight[order][moved]))

    def _ask(self, estimator, X, *methods, cure="use a forecaster of tsrnn, or a score such as 'neg_mae'", **options):
        """Return what the forecaster inside an estimator answers; `options` are those of the last method."""
        forecaster = _unwrap(estimator)[0]
        absent = [method for method in methods if not hasattr(forecaster, method)]
        if absent:
            raise TypeError(f"{self} needs {absent[0]}(X), which {type(forecaster).__name__} does not have; {cure}.")
        X = _transform(estimator, X)
        return [getattr(forecaster, method)(X, **(options if method == methods[-1] else {})) for method in methods]

    def _accept_sample_weight(self):
        return True  # what scikit-learn asks of each scorer of a dict before it passes weights on


def _absolute_bias(y_true, y_pred, *, sample_weight=None):
    return abs(bias(y_true, y_pred, sample_weight=sample_weight))


_POOLED = {  # sign and function
    "neg_mae": (-1, mae),
    "neg_rmse": (-1, rmse),
    "neg_abs_bias": (-1, _absolute_bias),
    "neg_mape": (-1, mape),
    "neg_smape": (-1, smape),
    "neg_wape": (-1, wape),
    "r2": (1, r2),
}
_SCALED = {"neg_mase": 1, "neg_rmsse": 2}  # power of the errors
_NAMES = [*_POOLED, *_SCALED, "directional_accuracy"]


def _check_name(name):
    if not isinstance(name, str):
        raise TypeError(f"the name of a score must be a string; got {name!r}.")
    if name == "neg_bias":
        raise ValueError("there is no 'neg_bias', as a bias is best at zero, not at its least; use 'neg_abs_bias'.")
    if name not in _NAMES:
        raise ValueError(f"there is no score named {name!r}; choose one of {', '.join(_NAMES)}.")


def _unwrap(estimator):
    """Return the forecaster inside searches and pipelines, and what transforms X on the way to it."""
    before = []
    while hasattr(estimator, "best_estimator_") or isinstance(estimator, Pipeline):
        if isinstance(estimator, Pipeline):
            before += [estimator[:-1]] * (len(estimator) > 1)
            estimator = estimator[-1]
        else:
            estimator = estimator.best_estimator_
    return estimator, before


def _transform(estimator, X):
    """Return X as it comes to the forecaster inside an estimator."""
    for transformer in _unwrap(estimator)[1]:
        X = transformer.transform(X)
    return X


def _missing_of(forecaster):
    """Return what a forecaster was fitted to do about missing values; others know none."""
    return getattr(getattr(forecaster, "_terms", forecaster), "missing", "raise")


def _check_time_order(X, series, order, forecaster):
    """Raise if X has a clock, and it goes back within a series; the rows of a wide frame are taken once per series."""
    names = {name: getattr(forecaster, name) for name in ("id_col", "time_col") if hasattr(forecaster, name)}
    keys = read_keys(X, **names)
    stamps = None if keys is None else keys.stamps
    if stamps is None or not _is_clock(stamps):
        return
    stamps = stamps.repeat(len(series) // len(stamps))[order]
    goes_back = (series[order][1:] == series[order][:-1]) & ~np.asarray(stamps[1:] > stamps[:-1])
    if goes_back.any():
        k = goes_back.argmax()
        raise ValueError(
            f"X goes from {stamps[k]} to {stamps[k + 1]} within a series; the directional accuracy needs the rows of "
            "each series in the order of time."
        )


def _is_clock(stamps):
    return isinstance(stamps, pd.DatetimeIndex | pd.PeriodIndex) or pd.api.types.is_integer_dtype(stamps.dtype)
