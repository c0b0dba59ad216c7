"""What every forecaster says of how sure it is: intervals, quantiles and paths, all in one layout of columns."""

import math
from abc import abstractmethod
from numbers import Integral

import numpy as np
import pandas as pd
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from .answers import Points
from .asking import warn
from .base import shorten
from .calibration import LEAST_RESIDUALS, exactly, least_for, tail
from .counts import how_many
from .residuals import residuals_of
from .spread import Spread, column_names


class TooFewErrors(ValueError):
    """That earlier errors do not support what is asked for."""


class IntervalMixin:
    """Gives a forecaster intervals, quantiles and paths, all made from its errors at rolling origins.

    A forecaster adds `_held_out`; of the contract the memory, `_forecasts` and `_rows` are used.
    """

    _more_residuals = "give longer series, or more of them"

    @abstractmethod
    def _held_out(self, asker):
        """Return what is HeldOut of the rows of `fit`; raise in the name of the asker if it is nothing."""

    @property
    def _fitted_bounds(self):
        """Two numbers that forecasts keep within."""
        return -np.inf, np.inf

    def predict_interval(self, X, level=(80, 95)):
        """Return the forecast of each row of X with intervals around it.

        Parameters
        ----------
        X : DataFrame, Series or array with n rows
            As in `predict`; `future_frame(h)` gives the next h.
        level : float or sequence of float, default=(80, 95)
            Percent of the truths that an interval is to hold, each from 1 to below 100.

        Returns
        -------
        DataFrame with n rows
            In the format of the data, and the order of X. A target, or a series of a wide frame, that is called y, or
            has no name, has the columns ``y``, ``y-lo-95``, ``y-lo-80``, ``y-hi-80``, ``y-hi-95``, in its unit and
            within `bounds`.

        Raises
        ------
        TypeError, ValueError
            As `predict`; if a level is none, or the errors are too few for it; or if no part of the data was held out
            from training, and no distribution is forecast.

        Warns
        -----
        UserWarning
            If a row is later than `horizon` steps after training. Its interval is as wide as that of the last step of
            the horizon, as no errors of later ones are known, and may well be too narrow. Or if less than one and a
            half horizons, of all series together, were held out.

        Notes
        -----
        Split conformal prediction with a rank for each tail [1]_ [2]_ [3]_: with n errors the interval goes from the
        floor((n + 1) a / 2)-th smallest to the ceil((n + 1) (1 - a / 2))-th, a = 1 - level / 100, both added to the
        forecast. Where forecasts were biased it is not around the forecast, nor must it hold it.

        *Of distributions.* Where `loss` makes distributions, an error is the normal score of the truth in its
        distribution, Phi^-1(F(truth)), and the interval goes from the quantile at the one score to that at the other,
        of the same ranks: conformalised quantiles [5]_ [6]_, as wide as the distribution of their own step is, and of
        counts whole numbers. Scores are not scaled by series: where a likelihood is wrong for some otherwise than for
        others, intervals are too wide for these and too narrow for those. If nothing was held out the quantiles are the
        network's own. Rows before which nothing was known have none: NaN.

        *Whose errors.* Those of forecasts from rolling origins: :class:`tsrnn.RNNForecaster` from every row of the part
        held out for validation, and others where that is little, by the networks before any `refit` (for how many
        epochs they were trained was chosen there, so that these errors may be somewhat small);
        :class:`tsrnn.SeasonalNaive` from all rows after the first season, of a panel from the second half of each
        series. They are computed when first asked for, from the rows of `fit` alone, and kept: neither `update`,
        learning on, nor `set_weights` changes them.

        *Where little was held out*, fewer known truths than 39 horizons have, of all series together, or fewer errors
        than a level needs, forecasts from rows that were learnt from are taken beside them: of each series from the
        first row with a whole window before it, of several from the second half of its training part on. Errors of what
        was learnt are too small; so those of each target are multiplied by the usual size of the errors that are held
        out over that of these, where that makes them larger. The usual size is the mean of the smaller three quarters
        of absolute errors, in the units below, of each step the same weight. Few horizons tell how large errors are,
        but not how they are distributed and go together. That is a rule of thumb, which promises nothing by itself:
        ``benchmarks/FEW_SERIES.md`` has what such intervals hold.

        *How they are pooled.* Over series, step by step, each divided by the scale that its series had at the origin:
        the mean absolute difference of its values a season apart, up to there (a series alone needs none); and by how
        much larger the errors of this series, as far as they were known there, are in that unit than those of a usual
        series, the median, at most ten times. That counts with the power n / (n + 4), n being the horizons that they
        cover: the more is known of a series, the more it goes by its own (credibility [4]_). Where a step has fewer
        than 39 errors, which an interval of 95 % needs, those of as many steps before it as after it are added, as few
        as give that many. Fewer than 20 are refused, and those of what was learnt alone. Rows of training get the
        interval of the last step.

        *What is assumed.* That the errors to come are exchangeable with these: that forecasts grow neither better nor
        worse, and the series no wilder. Then an interval holds the truth as often as its level says, or more often,
        however errors are distributed, if none of them is of what was learnt. Origins of one series overlap, so that
        their errors depend on each other, and a hundred of them say less than a hundred series: coverage is right on
        average over many such data, and may be off for one. It is that of one step at a time, over all series together;
        a whole path stays within less often. In a panel whose part held out is hardly longer than the horizon nothing
        was known there of the errors of a series, while those in it are known by its end: units differ so far, and
        levels hold about.

        References
        ----------
        .. [1] Vovk, Gammerman and Shafer (2005), Algorithmic learning in a random world.
        .. [2] Linusson, Johansson and Löfström (2014), Signed-error conformal regression, PAKDD.
        .. [3] Lei, G'Sell, Rinaldo, Tibshirani and Wasserman (2018), Distribution-free predictive inference for
           regression, Journal of the American Statistical Association 113, section 2.2.
        .. [4] Bühlmann (1967), Experience rating and credibility, ASTIN Bulletin 4.
        .. [5] Romano, Patterson and Candès (2019), Conformalized quantile regression, NeurIPS 32, theorem 2.
        .. [6] Chernozhukov, Wüthrich and Zhu (2021), Distributional conformal prediction, PNAS 118.

        Examples
        --------
        >>> import tsrnn
        >>> temperature = tsrnn.datasets.load_elnino()
        >>> model = tsrnn.SeasonalNaive(horizon=2).fit(temperature)
        >>> model.predict_interval(model.future_frame(2), level=80).iloc[0]
        sst          24.70
        sst-lo-80    22.76
        sst-hi-80    26.67
        Name: 2011-01-01 00:00:00, dtype: float64
        """
        check_is_fitted(self)
        return self._frame_of(Spread.read(level), self._asked(X), self.panel_.frame_as_asked)

    def predict_quantiles(self, X, q=(0.1, 0.5, 0.9)):
        """Return quantiles of what is to be expected in each row of X.

        Parameters
        ----------
        X : DataFrame, Series or array with n rows
            As in `predict`.
        q : float or sequence of float, default=(0.1, 0.5, 0.9)
            Probabilities between 0 and 1 that the truth is below.

        Returns
        -------
        DataFrame with n rows
            As `predict_interval`, with the columns ``y-q-0.1``, ``y-q-0.5``, ``y-q-0.9`` in rising order. The ends of
            an interval of 80 % are the quantiles 0.1 and 0.9; that of a half is the forecast plus the median error,
            or the quantile of its distribution at the median score.

        Raises
        ------
        TypeError, ValueError
            As `predict_interval`.

        Warns
        -----
        UserWarning
            As `predict_interval`.

        Examples
        --------
        >>> import tsrnn
        >>> temperature = tsrnn.datasets.load_elnino()
        >>> model = tsrnn.SeasonalNaive(horizon=2).fit(temperature)
        >>> list(model.predict_quantiles(model.future_frame(2), q=[0.05, 0.5]))
        ['sst-q-0.05', 'sst-q-0.5']
        """
        check_is_fitted(self)
        return self._frame_of(Spread.read(q=q, has_points=False), self._asked(X), self.panel_.frame_as_asked)

    def sample(self, X, n_paths=100, random_state=None):
        """Return paths that the rows of X may take together.

        Parameters
        ----------
        X : DataFrame, Series or array with n rows
            As in `predict`.
        n_paths : int, default=100
        random_state : int, RandomState or None, default=None
            The same seed gives the same paths, and more of them begin with those.

        Returns
        -------
        DataFrame with n rows
            As `predict_interval`, with the columns ``y-path-0``, ``y-path-1``, ... Column k of all targets, and of all
            rows of a series, is one path.

        Raises
        ------
        TypeError, ValueError
            As `predict_interval`; or if `n_paths` is no whole number from 1 on.

        Warns
        -----
        UserWarning
            As `predict_interval`.

        Notes
        -----
        A Gaussian copula [1]_ over the steps of the horizon and the targets: its correlation is that of the normal
        scores of the errors' ranks, shrunk [2]_, and each step has the errors of its interval for its distribution,
        drawn on lines between them, not beyond the largest. Rows beyond the horizon, and those of training, share the
        draw of its last step. Errors farther from their median than seven deviations are drawn as that far; the
        deviation is that of a normal distribution whose middle 95 % are as wide. Different series are drawn
        independently of each other. Of distributions the draws are normal scores, and the path has the quantiles there;
        if nothing was held out they are independent.

        Where errors of what was learnt are among them, these tell too little of what all steps of a horizon have in
        common. The correlation is then moved by 8 / (8 + n) towards that of the same error at each step of a target, n
        being the values of all series together that were known at the fit, of several targets those of the one that has
        fewest: of one more value the share of variance that is of the estimates, if eight numbers are estimated from n
        and the errors are independent. Eight is a rule of thumb, by which the spreads of
        totals over steps go, as of a year of months; ``benchmarks/FEW_SERIES.md`` has what they hold.

        References
        ----------
        .. [1] Nelsen (2006), An introduction to copulas, section 2.3.
        .. [2] Ledoit and Wolf (2004), A well-conditioned estimator for large-dimensional covariance matrices, Journal
           of Multivariate Analysis 88.

        Examples
        --------
        >>> import tsrnn
        >>> temperature = tsrnn.datasets.load_elnino()
        >>> model = tsrnn.SeasonalNaive(horizon=6).fit(temperature)
        >>> paths = model.sample(model.future_frame(6), n_paths=200, random_state=0)
        >>> paths.shape, bool(paths.max().quantile(0.9) < 30)  # the warmest of six months
        ((6, 200), True)
        """
        check_is_fitted(self)
        n_paths, rng = _read_n_paths(n_paths), check_random_state(random_state)
        errors, (series, steps, _, answers) = self._errors, self._asked(X)
        seed, places = rng.randint(np.iinfo(np.int32).max), self._places(series, steps)
        paths = self._bounded(answers.at(errors.draws(n_paths, seed, series, places)))
        suffixes = [f"-path-{k}" for k in range(n_paths)]
        return self._give_back(series, steps, paths, suffixes, self.panel_.frame_as_asked)

    @property
    def _errors(self):
        """The Residuals of `fit`, computed when first asked for; raise if they say nothing of a tail."""
        is_new = not hasattr(self, "_residuals")
        if is_new:
            self._residuals = self._measured()
        n = self._residuals.n_least
        if n < LEAST_RESIDUALS:
            raise TooFewErrors(
                f"there {'is' if n == 1 else 'are'} {how_many(n, 'error')} of earlier forecasts, and intervals need "
                f"{LEAST_RESIDUALS} at least; {self._more_residuals}."
            )
        if is_new:
            self._warn_of_few(self._residuals)
        return self._residuals

    def _warn_of_few(self, residuals):
        """Warn if how large errors are is hardly known; a forecaster that holds nothing out need not."""

    @property
    def _all_errors(self):
        """The Residuals of all rows that `fit` can forecast from, however many it held out."""
        if not hasattr(self, "_all_residuals"):
            self._all_residuals = self._measured(least=math.inf)
        return self._all_residuals

    def _measured(self, **options):
        """Return the Residuals of what is HeldOut; options as `residuals_of` takes them."""
        return residuals_of(self._held_out("an interval"), self.panel_, self._fitted_horizon, **options)

    def _errors_for(self, spread):
        """Return the Residuals that support a Spread, all there are where it takes them; raise if they are too few."""
        errors, needs = self._errors, spread.needs
        if errors.n_least < max(least_for(share) for share, *_ in needs):
            errors = self._all_errors
        n = errors.n_least
        for share, name, supported in needs:
            if n < (least := least_for(share)):
                raise TooFewErrors(
                    f"{name} needs {how_many(least, 'error')} of each step, and there are {n:,}, which support "
                    f"{supported(n)}; ask for less, or {self._more_residuals}."
                )
        return errors

    def _tails(self, levels):
        """Return the shares that intervals leave out on each side."""
        return [tail(level) for level in levels]

    def _frame_of(self, spread, asked, frame):
        """Return a frame with the Spread of rows; `asked` as `_asked` gives it."""
        series, steps, *_ = asked
        values = self._values_of(spread, asked, self._places(series, steps))
        return self._give_back(series, steps, values, spread.suffixes, frame)

    def _values_of(self, spread, asked, places):
        """Return the columns of the Spread of rows, (n, n_targets, n_columns), which have these places in the horizon.

        `asked` is as `_asked` gives it.
        """
        measured, tails, (series, _, points, answers) = self._errors_for(spread), self._tails(spread.levels), asked
        shares = [*tails, *(1 - share for share in tails[::-1]), *map(exactly, spread.probabilities)]
        values = answers.at(measured.quantiles(shares, series, places))
        if spread.has_points:
            values = np.concatenate([points[..., np.newaxis], values], axis=2)
        return self._bounded(values)

    def _spread_from(self, spread, series, rows):
        """Return `_values_of` for `horizon` steps from each of these rows on, (n, horizon, n_targets, n_columns).

        They are made as `_forecasts_from` makes forecasts.
        """
        points = self._forecasts_from(series, rows)
        n_rows, n_steps, n_targets = points.shape
        places, of_steps = np.tile(np.arange(n_steps), n_rows), np.repeat(series, n_steps)
        steps = np.repeat(self.panel_.starts[series] + rows, n_steps) + places
        points = points.reshape(-1, n_targets)
        asked = of_steps, steps, points, self._answers_from(points, of_steps, steps, series, rows)
        return self._values_of(spread, asked, places).reshape(n_rows, n_steps, n_targets, -1)

    def _spread_at(self, spread, X):
        """Return `_values_of` for the rows of X, of a wide frame series by series, (n, n_targets, n_columns)."""
        series, steps, *answers = self._asked(X)
        return self._values_of(spread, (series, steps, *answers), self._places(series, steps))

    def _asked(self, X):
        """Return series, steps, forecasts (n, n_targets) and answers of the rows of X, of a wide frame for each series.

        Answers are Points or Distributions.
        """
        rows = self._rows(X)
        series, steps = self._cells(rows)
        points = self._forecasts(series, steps, X, rows)
        return series, steps, points, self._answers(points, series, steps, X, rows)

    def _answers(self, points, series, steps, X, rows):
        """Return what is moved by errors: Points, unless a forecaster makes Distributions."""
        return Points(points)

    def _answers_from(self, points, series, steps, first_series, first_rows):
        """Return `_answers` for the steps of horizons from first rows of series on."""
        return Points(points)

    def _places(self, series, steps):
        """Return the place in the horizon of each row's step; warn of rows beyond."""
        leads, horizon = steps - self.panel_.ends[series], self._fitted_horizon
        if (leads >= horizon).any():
            warn(
                f"of more than {how_many(horizon, 'step')} ahead, the horizon that was fitted, no errors are known: "
                f"up to step {leads.max() + 1} those of step {horizon} are taken, which may be too small; fit with "
                "a longer horizon."
            )
        return np.where(leads < 0, horizon - 1, np.minimum(leads, horizon - 1))

    def _give_back(self, series, steps, values, suffixes, frame):
        """Return rows in the format of the data, their columns (n, n_targets, n_suffixes)."""
        form = self.panel_.form
        names = column_names(form, suffixes)
        values = values.reshape(len(series), values.shape[1] * values.shape[2])
        return frame(series, steps, values, pd.Index(names, name=form.targets.name))

    def _bounded(self, values):
        return np.clip(values, *self._fitted_bounds)


def _read_n_paths(n_paths):
    if isinstance(n_paths, bool) or not isinstance(n_paths, Integral):
        raise TypeError(f"n_paths must be a whole number from 1 on; got {shorten(n_paths)}.")
    if n_paths < 1:
        raise ValueError(f"n_paths must be a whole number from 1 on; got {n_paths}.")
    return int(n_paths)
