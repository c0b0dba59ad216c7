"""What a back-test gives: forecasts beside the truth, and their scores."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from ..asking import key_names
from ..calendar import seasonal_period
from ..metrics.grouped import (
    SCORES,
    interval_losses,
    inverse_scale,
    moves,
    pinball_losses,
    score_groups,
    score_intervals,
)
from ..metrics.reading import check_season
from ..panel import Panel
from ..spread import written

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
        several; "forecast"; of each level "forecast-lo-80" and "forecast-hi-80", of each quantile "forecast-q-0.9"; and
        "truth", NaN where it is missing.
    season : int
        Steps of one season, by the clock: errors are scaled by those of a seasonal naive forecast.
    levels : tuple of float
        Percent of the intervals beside the forecasts, rising; empty if there are none.
    q : tuple of float
        Probabilities of the quantiles, likewise.
    time_col : str
        The name of the column with the stamps that are forecast.
    """

    forecasts: pd.DataFrame
    season: int
    _panel: Panel = field(compare=False)
    _window_size: int | None = field(compare=False)
    _places: tuple = field(compare=False)  # series, origin, target of each row, as numbers
    levels: tuple = ()
    q: tuple = ()

    @property
    def time_col(self):
        """The name of the column with the stamps that are forecast."""
        return self.forecasts.columns[self.forecasts.columns.get_loc("step") + 1]

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
        truth, forecast = (self.forecasts[name].to_numpy() for name in ("truth", "forecast"))
        inverse_scales = self._inverse_scales(season)
        scaled, is_right = np.abs(forecast - truth)[:, None] * inverse_scales, self._right_moves()

        def score(rows, numbers):
            scores = score_groups(truth[rows], forecast[rows], numbers)
            others = {"MASE": scaled[:, 0], "RMSSE": scaled[:, 1] ** 2, "DA": is_right}
            scores |= {name: _means(values[rows], numbers) for name, values in others.items()}
            scores["RMSSE"] = np.sqrt(scores["RMSSE"])
            return {name: scores[name] for name in SCORES}

        return self._table(by, forecast, score)

    def interval_scores(self, by="step", *, season=None):
        """Return the scores of the intervals of each level, over the rows whose truth is known.

        Parameters
        ----------
        by : {"step", "origin", "series"}, list of these, or None, default="step"
            What has a row of its own, as in `scores`; None is one of all for each level.
        season : int, optional
            Steps of one season, in MSIS; that of the clock if not given.

        Returns
        -------
        DataFrame
            With the level last in the index, and the columns of :func:`tsrnn.metrics.interval_scores`: coverage, a
            share; width; interval_score; MSIS, scaled by the naive error of the training part of each origin.

        Raises
        ------
        ValueError
            As `scores`; or if the back-test was made without `level`.

        Examples
        --------
        >>> import tsrnn
        >>> temperature = tsrnn.datasets.load_elnino()
        >>> test = tsrnn.backtest(tsrnn.SeasonalNaive(horizon=3), temperature, n_origins=100, refit=False, level=80)
        >>> test.interval_scores(by=None)[["coverage", "width"]].round(2).reset_index()
           level  coverage  width
        0     80      0.87   4.08
        """
        if not self.levels:
            raise ValueError("the back-test was made without intervals; give backtest a level, such as level=(80, 95).")
        truth, inverse_scales = self.forecasts["truth"].to_numpy(), self._inverse_scales(season)[:, 0]

        def table(level):
            lower, upper = (self.forecasts[f"forecast-{side}-{written(level)}"].to_numpy() for side in ("lo", "hi"))

            def score(rows, numbers):
                scores = score_intervals(truth[rows], lower[rows], upper[rows], level, numbers)
                losses = interval_losses(truth[rows], lower[rows], upper[rows], level)
                return scores | {"MSIS": _means(losses * inverse_scales[rows], numbers)}

            return self._table(by, upper - lower, score)

        return _stacked({level: table(level) for level in self.levels}, "level")

    def quantile_scores(self, by="step", *, season=None):
        """Return the scores of each quantile, over the rows whose truth is known.

        Parameters
        ----------
        by, season
            As in `interval_scores`.

        Returns
        -------
        DataFrame
            With the probability last in the index, as "q", and the columns "below", the share of truths that are not
            above the quantile, which should be q, or more of counts; "pinball", of
            :func:`tsrnn.metrics.pinball_loss`; and "scaled_pinball", that by the naive error over a season of the
            training part of each origin. (With ``season=1`` it is scaled as in the M5 competition: Makridakis et al.
            2022, The M5 uncertainty competition, International Journal of Forecasting 38.)

        Raises
        ------
        ValueError
            As `scores`; or if the back-test was made without `q`.

        Examples
        --------
        >>> import tsrnn
        >>> temperature = tsrnn.datasets.load_elnino()
        >>> test = tsrnn.backtest(tsrnn.SeasonalNaive(horizon=3), temperature, n_origins=100, refit=False, q=0.9)
        >>> test.quantile_scores(by=None)[["below", "pinball"]].round(2).reset_index()
             q  below  pinball
        0  0.9   0.95     0.22
        """
        if not self.q:
            raise ValueError("the back-test was made without quantiles; give backtest a q, such as q=(0.1, 0.9).")
        truth, inverse_scales = self.forecasts["truth"].to_numpy(), self._inverse_scales(season)[:, 0]

        def table(q):
            quantile = self.forecasts[f"forecast-q-{written(q)}"].to_numpy()

            def score(rows, numbers):
                losses = pinball_losses(truth[rows], quantile[rows], q)
                values = {"below": truth[rows] <= quantile[rows], "pinball": losses}
                values["scaled_pinball"] = losses * inverse_scales[rows]
                return {name: _means(np.float64(of), numbers) for name, of in values.items()}

            return self._table(by, quantile, score)

        return _stacked({q: table(q) for q in self.q}, "q")

    def _table(self, by, answers, score):
        """Return scores of groups of rows, the mean over series where these are not told apart.

        Parameters
        ----------
        by
            As in `scores`.
        answers : ndarray of shape (n_rows,)
            What is scored; rows of which it or the truth is NaN are left out.
        score : callable
            Given rows group after group and the number of the group of each, returns arrays of shape (n_groups,) by
            the names of the scores.
        """
        names = [] if by is None else list(by) if isinstance(by, list | tuple) else [by]
        if unknown := [name for name in names if name not in ("origin", "step", "series")]:
            raise ValueError(f"by={unknown[0]!r} is not known; take 'step', 'origin' or 'series', or several of these.")
        if len(set(names)) < len(names):
            raise ValueError(f"by={by!r} names one more than once; name each once.")
        if "series" in names and self._panel.ids is None:
            raise ValueError("there is one series only; take by='step' or 'origin', or None for one score of it all.")
        series, origins, targets = self._places
        frame, id_col = self.forecasts, self.forecasts.columns[0]
        is_known = ~np.isnan(frame["truth"].to_numpy() - answers)
        if not is_known.any():
            raise ValueError("no truth is known at any step that was forecast, so there is nothing to score.")
        keys = [*(["target"] if "target" in frame.columns else []), *names]
        columns = {"target": targets, "origin": origins, "step": frame["step"].to_numpy(), "series": series}
        groups = pd.DataFrame({key: columns[key][is_known] for key in dict.fromkeys([*keys, "series"])})
        groups = groups.groupby(list(groups.columns))
        numbers = groups.ngroup().to_numpy()
        order = np.argsort(numbers, kind="stable")
        scores = score(np.flatnonzero(is_known)[order], numbers[order])
        scores = pd.DataFrame(scores, index=groups.size().index)
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
        season = self.season if season is None else season
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


def _stacked(tables, name):
    """Return the tables of levels or quantiles as one, with these last in the index; row by row all of them."""
    if isinstance(next(iter(tables.values())), pd.Series):
        return pd.DataFrame(tables).T.rename_axis(name)
    table, n = pd.concat(tables, names=[name]), len(next(iter(tables.values())))
    names = [*table.index.names[1:], name]
    return table.reorder_levels(names).iloc[np.arange(len(table)).reshape(-1, n).T.ravel()]


def collect(results, data, window_size, spread):
    """Return the Backtest of all results, which have the columns of a Spread."""
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
    answers = [f"forecast{suffix}" for suffix in spread.suffixes]
    (id_name, time_name), columns = key_names(panel, (*_KEYS, *answers)), {}
    if panel.ids is not None:
        columns[id_name] = panel.ids[series].to_flat_index()
    columns["origin"] = panel.stamps(origins)
    columns["step"] = steps - origins
    columns[time_name] = panel.stamps(steps)
    if n_targets > 1:
        columns["target"] = pd.Index(_target_names(panel))[targets]
    columns |= dict(zip(answers, forecasts.reshape(-1, len(answers)).T, strict=True))
    columns["truth"] = truths.ravel()
    season = seasonal_period(panel.clock.freq)
    frame, places = pd.DataFrame(columns), (series, origins, targets)
    return Backtest(frame, season, panel, window_size, places, spread.levels[::-1], spread.probabilities)


def _target_names(panel):
    return [number if name is None else name for number, name in enumerate(panel.form.targets)]
