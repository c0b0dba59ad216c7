"""What the networks of a forecaster answer for rows: numbers, or distributions, and from where these are measured."""

from functools import partial

import numpy as np

from .answers import Distributions
from .asking import warn
from .base import count_threads
from .contract import Source
from .distributions import NormalScale
from .held_out import HeldOut, first_of_known_scale
from .losses import has_distribution
from .member import remembering
from .preparation import Series
from .residuals import StandardErrors

FITTED_AT_ONCE = 2**16
FEWEST_HELD_OUT = 1.5  # horizons; of fewer nobody can tell how large errors are


def held_out_of(n_training, last, lookback, forecast, score=None):
    """Return what is HeldOut where so many rows of each series, and windows of `lookback` steps, were learnt from."""
    return HeldOut(forecast, n_training, last, score, earlier=first_of_known_scale(lookback, n_training))


class AnsweringMixin:
    """Gives a forecaster whose members are networks its answers, and what intervals around them are made from."""

    def _forecast_ahead(self, series, n_steps, ahead=None):
        numbers = self._numbers[series]
        return self._combine(lambda member, threads: member.forecast_ahead(numbers, n_steps, threads, ahead))

    def _fitted_values(self, series, rows):
        return self._fitted(self._forecasts_from, series, rows)

    def _fitted(self, make, series, rows):
        """Return of what `make` gives from the rows of series a horizon before the step that is each row itself."""
        first, parts = np.maximum(rows - self._fitted_horizon + 1, 0), []
        for start in range(0, len(rows), FITTED_AT_ONCE):  # one step of each forecast is kept
            piece = slice(start, start + FITTED_AT_ONCE)
            made = make(series[piece], first[piece])
            parts.append(made[np.arange(len(made)), (rows - first)[piece]])
        return np.concatenate(parts)

    def _combine(self, forecast, members=None):
        """Return the mean over groups of the median of what `forecast` returns for a member and a number of threads."""
        groups = {}
        for member in members or self._members:
            groups.setdefault(member.settings.group, []).append(forecast(member, count_threads(self.n_jobs)))
        medians = [of[0] if len(of) == 1 else 2 * np.median(np.multiply(of, 0.5), axis=0) for of in groups.values()]
        # Halves, as the mean of two large numbers is made from their sum.
        return medians[0] if len(medians) == 1 else sum(np.multiply(of, 1 / len(medians)) for of in medians)

    def _forecasts_from(self, series, rows, members=None):
        numbers = self._numbers[series]
        return self._combine(lambda member, n_threads: member.forecast_from(numbers, rows, n_threads), members)

    @property
    def _holds_out(self):
        """Whether a part of the data was held out."""
        _, n_training, lengths = self._before_refit
        return bool((n_training < lengths).any())

    def _held_out(self, asker):
        members, n_training, lengths = self._before_refit
        if not self._holds_out:
            raise ValueError(f"{asker} needs a part held out for validation; fit with early_stopping=True.")
        if self._began_warm:
            raise ValueError(
                "the weights that the warm start began from have seen what was held out later; set "
                f"warm_start=False and fit again for {asker.removesuffix('()')}."
            )
        members = remembering(members, Series.of(self.panel_))
        forecast, score = partial(self._forecasts_from, members=members), None
        if self._forecasts_distributions:
            score = partial(self._scores_from, members)
        n_training, last = n_training[self._numbers], lengths[self._numbers] - self._fitted_horizon
        return held_out_of(n_training, last, self.lookback_, forecast, score)

    def _warn_of_few(self, residuals):
        if residuals.n_held_out < FEWEST_HELD_OUT and residuals.is_learnt.any():
            warn(
                f"what was held out is {residuals.n_held_out:.2g} times the horizon, which hardly tells how large "
                "errors are: intervals may be far too narrow or too wide; set a larger validation_fraction, or give "
                "longer series."
            )

    @property
    def _fitted_bounds(self):
        return self._members[0].settings.bounds or super()._fitted_bounds

    @property
    def _forecasts_distributions(self):
        """Whether what was fitted does."""
        network = self._members[0].architecture
        return has_distribution(network.loss, network.loss_numbers)

    def _outputs_from(self, series, rows, members=None):
        """Return what networks put out for the horizon from rows of series on, (n, horizon, n_targets, n_of_target)."""
        numbers = self._numbers[series]
        return self._combine(lambda member, n_threads: member.outputs_from(numbers, rows, n_threads), members)

    def _outputs_ahead(self, series, n_steps, ahead=None):
        numbers = self._numbers[series]
        return self._combine(lambda member, threads: member.outputs_ahead(numbers, n_steps, threads, ahead))

    @property
    def _outputs_source(self):
        shape = self.panel_.n_targets, self._members[0].architecture.n_of_target
        return Source(partial(self._fitted, self._outputs_from), self._outputs_ahead, shape)

    def _scores_from(self, members, series, rows):
        """Return the normal scores of truths in the distributions that are forecast from these rows of series on."""
        targets = members[0].targets_from(self._numbers[series], rows)
        scale = self._scale_of(self._outputs_from(series, rows, members))
        return scale.scores(targets, np.random.default_rng(0))

    def _scale_of(self, outputs):
        network = self._members[0].architecture
        return NormalScale(network.loss, outputs, network.loss_numbers)

    def _answers(self, points, series, steps, X, rows):
        if not self._forecasts_distributions:
            return super()._answers(points, series, steps, X, rows)
        outputs = self._forecasts(series, steps, X, rows, self._outputs_source)
        return self._distributions(outputs, series, steps)

    def _answers_from(self, points, series, steps, first_series, first_rows):
        if not self._forecasts_distributions:
            return super()._answers_from(points, series, steps, first_series, first_rows)
        outputs = self._outputs_from(first_series, first_rows)
        return self._distributions(outputs.reshape(-1, *outputs.shape[2:]), series, steps)

    def _answers_ahead(self, forecasts, X):
        if not self._forecasts_distributions:
            return super()._answers_ahead(forecasts, X)
        outputs = self._values_ahead(forecasts.shape[1], X, self._outputs_source)
        return self._distributions(outputs.reshape(-1, *outputs.shape[2:]), *self._future_rows(forecasts.shape[1]))

    def _distributions(self, outputs, series, steps):
        """Return the Distributions that outputs (n, n_targets, n_of_target) for steps of the clock stand for."""
        rows, member = steps - self.panel_.starts[series], self._members[0]
        return Distributions(self._scale_of(outputs), member.preparation, self._numbers[series], rows, member.series)

    def _measured(self, **options):
        if self._forecasts_distributions and not self._holds_out:
            return StandardErrors(self._fitted_horizon, self.panel_.n_targets)
        return super()._measured(**options)
