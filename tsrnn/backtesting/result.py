"""What a back-test gives: forecasts beside the truth, and their scores."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from ..asking import key_names
from ..calendar import seasonal_period
from ..metrics.grouped import SCORES, inverse_scale, moves, score_groups
from ..metrics.reading import check_season
from ..panel import Panel

_KEYS = ("origin", "step", "target", "forecast", "truth")  # columns of every result


@dataclass(frozen=True, repr=False)
class Backtest:
    """Forecasts at many origins, beside the truth; what :func:`backtest` returns.

    Attributes
    ----------
    forecasts : DataFrame
        One row per origin, series, step and target, in this order: the id of the series, if there are several, under
        the name it has in the data, of a frame with a series in each column that of its columns, else "unique_id", or
        "series" if the clock is called so; "origin", the stamp of the last step known; "step", from 1 on;
        the stamp that is forecast, under the name of the clock, else "ds"; the name of the "target", if a row has
        several; "forecast"; and "truth", NaN where it is missing.
    season : int
        Steps of one season, by the clock: errors are scaled by those of a seasonal naive forecast.
    """

    forecasts: pd.DataFrame
    season: int
    _panel: Panel = field(compare=False)
    _window_size: int | None = field(compare=False)
    _places: tuple = field(compare=False)  # series, origin, target of each row, as numbers

    def __repr__(self):
        rows = self.forecasts
        return (
            f"Backtest of {rows['origin'].nunique()} origins, {rows['step'].max()} steps, {self._panel.n_series} "
            f"series: MAE {np.abs(rows['forecast'] - rows['truth']).mean():.6g}"
        )

    def scores(self, by="step", *, season=None):
        """Return the scores of the forecasts, over the rows whose truth is known.

        Parameters
        ----------
        by : {"step", "origin", "series"}, list of these, or None, default="step"
            What has a row of its own. Each series is scored by itself first; where `by` does not name "series", the
            mean over series is given, as :func:`tsrnn.metrics.panel_scores` explains. Several targets, which may have
            several units, always stay apart. None is one score of everything.
        season : int, optional
            Steps of one season, in MASE and RMSSE; that of the clock if not given.

        Returns
        -------
        DataFrame, or Series if nothing is told apart
            The columns of :func:`tsrnn.metrics.forecast_scores`. MASE and RMSSE scale each error by the naive error of
            the training part of its origin. A move, of the directional accuracy, is from the step before, and
            from the last known value at step 1. NaN where a score is not defined.

        Raises
        ------
        ValueError
            If `by` is something else, or names series where there is one only; or if no truth is known.
        """
        names = [] if by is None else [by] if isinstance(by, str) else list(by)
        if unknown := [name for name in names if name not in ("origin", "step", "series")]:
            raise ValueError(f"by={unknown[0]!r} is not known; take 'step', 'origin' or 'series', or several of these.")
        if "series" in names and self._panel.ids is None:
            raise ValueError("there is one series only; take by='step' or 'origin', or None for one score of it all.")
        series, origins, targets = self._places
        frame, id_col = self.forecasts, self.forecasts.columns[0]
        truth, forecast, steps = (frame[name].to_numpy() for name in ("truth", "forecast", "step"))
        is_known = ~np.isnan(truth - forecast)
        if not is_known.any():
            raise ValueError("no truth is known at any step that was forecast, so there is nothing to score.")
        keys = [*(["target"] if "target" in frame.columns else []), *names]
        columns = {"target": targets, "origin": origins, "step": steps, "series": series}
        groups = pd.DataFrame({key: columns[key][is_known] for key in dict.fromkeys([*keys, "series"])})
        groups = groups.groupby(list(groups.columns))
        numbers = groups.ngroup().to_numpy()
        order = np.argsort(numbers, kind="stable")
        scores = score_groups(truth[is_known][order], forecast[is_known][order], numbers[order])
        scaled = np.abs(forecast - truth)[:, None] * self._inverse_scales(self.season if season is None else season)
        others = {"MASE": scaled[:, 0], "RMSSE": scaled[:, 1] ** 2, "DA": self._right_moves()}
        scores |= {name: _means(values[is_known], numbers) for name, values in others.items()}
        scores["RMSSE"] = np.sqrt(scores["RMSSE"])
        scores = pd.DataFrame(scores, index=groups.size().index)[list(SCORES)]
        if not keys:
            return scores.mean()
        if "series" not in keys:
            scores = scores.groupby(level=keys).mean()
        labels = {
            "series": lambda number: self._panel.ids[number],
            "origin": lambda step: self._panel.stamps(step),
            "target": lambda number: pd.Index(_target_names(self._panel))[number],
            "step": pd.Index,
        }
        levels = [labels[key](scores.index.get_level_values(key).to_numpy()) for key in keys]
        shown = [id_col if key == "series" else key for key in keys]
        if len(levels) == 1:
            return scores.set_axis(pd.Index(levels[0], name=shown[0]))
        return scores.set_axis(pd.MultiIndex.from_arrays(levels, names=shown))

    def _right_moves(self):
        """Return for each row 1 if truth and forecast moved the same way, 0 if not, NaN where that is not known."""
        panel, (series, origins, targets), frame = self._panel, self._places, self.forecasts
        order = np.lexsort((frame["step"], targets, origins, series))  # path after path, each in the order of time
        truth, forecast, steps = (frame[name].to_numpy()[order] for name in ("truth", "forecast", "step"))
        series, origins, targets = (of[order] for of in (series, origins, targets))
        is_next = np.append(False, np.diff(steps) == 1)
        for of in (series, origins, targets):
            is_next[1:] &= of[1:] == of[:-1]
        first = np.flatnonzero(~is_next)  # of a path, or of what follows absent steps
        last_known = panel.values[panel.bounds[series] + origins - panel.starts[series], targets]
        before = np.where(steps == 1, last_known, np.nan)[first]
        is_right, is_known = moves(truth, forecast, before, np.cumsum(~is_next) - 1)
        right = np.empty(len(order))
        right[order] = np.where(is_known, is_right, np.nan)
        return right

    def _inverse_scales(self, season):
        """Return for each row 1 / naive error, of absolute errors and the root of squared ones, shape (n, 2)."""
        check_season(season)
        panel, (series, origins, targets) = self._panel, self._places
        trained, rows = np.unique(np.column_stack([series, origins]), axis=0, return_inverse=True)
        series, origins = trained.T
        firsts = 0 if self._window_size is None else origins + 1 - self._window_size
        starts, to_rows = panel.starts[series], panel.bounds[series] - panel.starts[series]
        stretches = np.maximum(firsts, starts) + to_rows, np.minimum(origins + 1, panel.ends[series]) + to_rows
        scales = [[inverse_scale(values, *stretches, season, power) for power in (1, 2)] for values in panel.values.T]
        return np.array(scales)[targets, :, rows.ravel()]


def _means(values, numbers):
    """Return the mean of the values of each group that are not NaN; NaN where all are."""
    is_known = ~np.isnan(values)
    n_groups = numbers.max() + 1
    with np.errstate(invalid="ignore"):
        sums = np.bincount(numbers[is_known], values[is_known], n_groups)
        return sums / np.bincount(numbers[is_known], minlength=n_groups)


def collect(results, data, window_size):
    """Return the Backtest of all results."""
    panel = data.panel
    origins = np.repeat([one[0] for one in results], [len(one[1]) for one in results]).astype(np.int64)
    series, steps = (np.concatenate([one[place] for one in results]) for place in (1, 2))
    forecasts = np.concatenate([one[3] for one in results])
    order = np.lexsort((steps, series, origins))
    origins, series, steps, forecasts = origins[order], series[order], steps[order], forecasts[order]
    truths = panel.values[panel.bounds[series] + steps - panel.starts[series]]
    n_targets = panel.n_targets
    targets = np.tile(np.arange(n_targets), len(series))
    origins, series, steps = (of.repeat(n_targets) for of in (origins, series, steps))
    (id_name, time_name), columns = key_names(panel, _KEYS), {}
    if panel.ids is not None:
        columns[id_name] = panel.ids[series].to_flat_index()
    columns["origin"] = panel.stamps(origins)
    columns["step"] = steps - origins
    columns[time_name] = panel.stamps(steps)
    if n_targets > 1:
        columns["target"] = pd.Index(_target_names(panel))[targets]
    columns["forecast"], columns["truth"] = forecasts.ravel(), truths.ravel()
    season = seasonal_period(panel.clock.freq)
    return Backtest(pd.DataFrame(columns), season, panel, window_size, (series, origins, targets))


def _target_names(panel):
    return [number if name is None else name for number, name in enumerate(panel.form.targets)]
