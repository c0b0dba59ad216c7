"""What a back-test gives: forecasts beside the truth, and their scores."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from ..calendar import seasonal_period
from ..metrics import panel_scores
from ..panel import Panel

_KEYS = ("origin", "step", "target", "forecast", "truth")  # columns of every result


@dataclass(frozen=True, repr=False)
class Backtest:
    """Forecasts at many origins, beside the truth; what :func:`backtest` returns.

    Attributes
    ----------
    forecasts : DataFrame
        One row per origin, series, step and target, in this order: the id of the series, if there are several, under
        the name it has in the data, else "unique_id"; "origin", the stamp of the last step known; "step", from 1 on;
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
        rows = pd.DataFrame({"series": series, "origin": origins, "target": targets, "step": frame["step"].to_numpy()})
        rows["error"] = (frame["forecast"] - frame["truth"]).to_numpy()
        rows["is_right"] = self._moves_are_right(rows, frame)
        is_known = rows["error"].notna().to_numpy()
        if not is_known.any():
            raise ValueError("no truth is known at any step that was forecast, so there is nothing to score.")
        rows = rows[is_known].reset_index(drop=True)
        frame = frame[is_known]
        has_targets = "target" in frame.columns
        keys = [*(["target"] if has_targets else []), *names]
        groups = rows.groupby([*keys, *(["series"] if "series" not in keys else [])])
        scores = self._pooled(frame, groups.ngroup())
        scales = self._inverse_scales(rows, self.season if season is None else season)
        scaled = (rows["error"].abs().to_numpy()[:, None] * scales) ** [1, 2]
        rows[["MASE", "RMSSE"]] = scaled
        means = groups[["MASE", "RMSSE", "is_right"]].mean()
        scores.index = means.index
        scores["MASE"], scores["RMSSE"] = means["MASE"], np.sqrt(means["RMSSE"])
        scores["DA"] = means["is_right"]
        if not keys:
            return scores.mean().rename(None)
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

    def _pooled(self, frame, groups):
        """Return the scores of groups of rows that are measured as they are."""
        steps = pd.DataFrame({"unique_id": groups.to_numpy(), "ds": np.arange(len(frame))})
        train = pd.DataFrame({"unique_id": np.unique(groups), "ds": 0, "y": np.nan})  # scales come from elsewhere
        truths, forecasts = (steps.assign(y=frame[name].to_numpy()) for name in ("truth", "forecast"))
        return panel_scores(truths, forecasts, train).sort_index()

    def _moves_are_right(self, rows, frame):
        """Return for each row 1 if truth and forecast moved the same way, 0 if not, NaN where that is not known."""
        panel = self._panel
        places = panel.bounds[rows["series"]] + rows["origin"].to_numpy() - panel.starts[rows["series"]]
        last = panel.values[places, rows["target"]]
        paths = [rows[name] for name in ("series", "origin", "target")]
        signs = []
        for name in ("truth", "forecast"):
            values = frame[name].reset_index(drop=True)
            before = values.groupby(paths).shift()
            steps_before = rows["step"].groupby(paths).shift()
            before = before.where(steps_before == rows["step"] - 1).where(rows["step"] > 1, last)
            signs.append(np.sign(values - before))
        return (signs[0] == signs[1]).astype(float).where(signs[0].notna() & signs[1].notna())

    def _inverse_scales(self, rows, season):
        """Return for each row 1 / naive error, of absolute errors and the root of squared ones, shape (n, 2)."""
        panel, scales = self._panel, np.full((len(rows), 2), np.nan)
        numbers = np.arange(panel.n_series).repeat(panel.lengths)
        steps = np.arange(len(numbers)) - panel.bounds[numbers] + panel.starts[numbers]
        for (origin, target), group in rows.groupby(["origin", "target"]):
            first = 0 if self._window_size is None else origin + 1 - self._window_size
            is_known = (steps <= origin) & (steps >= first)
            train = {"unique_id": numbers[is_known], "ds": steps[is_known], "y": panel.values[is_known, target]}
            units = pd.DataFrame({"unique_id": np.unique(group["series"]), "ds": origin + 1, "y": 0.0})
            # A forecast that is off by one has these very numbers as its scaled errors.
            of_series = panel_scores(units, units.assign(y=1.0), pd.DataFrame(train), season)[["MASE", "RMSSE"]]
            scales[group.index] = of_series.loc[group["series"]].to_numpy()
        return scales


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
    form, columns = panel.form, {}
    if panel.ids is not None:
        columns[_free_name(form.id_name, "unique_id")] = panel.ids[series]
    columns["origin"] = panel.stamps(origins)
    columns["step"] = steps - origins
    columns[_free_name(form.time_name, "ds")] = panel.stamps(steps)
    if n_targets > 1:
        columns["target"] = pd.Index(_target_names(panel))[targets]
    columns["forecast"], columns["truth"] = forecasts.ravel(), truths.ravel()
    season = seasonal_period(panel.clock.freq)
    return Backtest(pd.DataFrame(columns), season, panel, window_size, (series, origins, targets))


def _target_names(panel):
    return [number if name is None else name for number, name in enumerate(panel.form.targets)]


def _free_name(name, default):
    """Return a column name that no other column of the result has."""
    return default if name is None or name in _KEYS else name
