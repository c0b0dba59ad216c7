"""Back-tests: forecasts made at many origins of the past, each from what was known there, beside what came.

Each origin cuts the user's own frames, so that a whole Pipeline learns from the rows before it alone. Where a model
is not fitted anew, its memory moves forward through `update`, or all its origins are one batch.
"""

import copy
import warnings
from contextlib import closing, nullcontext
from dataclasses import dataclass, field
from numbers import Integral, Real

import numpy as np
import pandas as pd
from joblib import Parallel, delayed, effective_n_jobs
from sklearn.base import clone
from sklearn.pipeline import Pipeline
from tqdm import tqdm

from .base import shorten
from .calendar import seasonal_period
from .contract import NO_CLOCK, ForecasterMixin
from .frames import WIDE, read_table
from .metrics import panel_scores
from .panel import Panel
from .reading import read_panel

__all__ = ["backtest", "Backtest"]

N_ORIGINS = 10  # if nobody says how many
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


def backtest(
    estimator,
    X,
    y=None,
    *,
    horizon=None,
    step=1,
    window="expanding",
    window_size=None,
    initial=None,
    n_origins=None,
    refit=True,
    n_jobs=None,
    verbose=0,
):
    """Return the forecasts that an estimator would have made at many origins of the past, and the truth.

    Parameters
    ----------
    estimator : estimator
        A forecaster, or what holds one: a Pipeline that ends in it, a TransformedTargetRegressor, a search. With
        ``refit=True`` any regressor of scikit-learn will do if `y` is given. It is cloned, never changed.
    X, y
        As `fit` of the forecaster takes them: one series or many, in any of its formats. A Pipeline needs `y`, since
        its steps would transform the values to forecast as well. At an origin the estimator is given the rows up to it,
        and for `predict` the rows of X that follow, in which values to forecast are blanked.
    horizon : int, optional
        Steps to forecast at each origin, all of which must lie within the data; that of the forecaster if not given.
    step : int, default=1
        Steps from one origin to the next.
    window : {"expanding", "rolling"}, default="expanding"
        Whether training begins at the first step of the data, or `window_size` steps before the origin.
    window_size : int, optional
        Steps of a rolling window; as many as there are up to the first origin if not given.
    initial : int or float, optional
        Steps up to the first origin, or their fraction of all steps; origins follow from there to the end.
    n_origins : int, optional
        How many origins: the first so many with `initial`, the last so many without. With neither, the last 10, or as
        many as leave half of the steps to the first.
    refit : bool, int or "warm", default=True
        True fits a fresh clone at every origin. False fits once, at the first origin; at later ones the memory of the
        forecaster has moved forward, as by its `update`. k fits at every k-th origin. "warm" trains on at every origin,
        from the weights of the one before, for which the forecaster needs an argument `warm_start`.
    n_jobs : int, optional
        Processes among which fits are divided, as in joblib, where None is one. In each of several the estimator has
        one thread, if its own `n_jobs` is None. The result is the same.
    verbose : int, default=0
        1 shows a progress bar.

    Returns
    -------
    Backtest
        With a tidy frame of all `forecasts`, and their `scores` by step, origin or series.

    Raises
    ------
    TypeError, ValueError
        If an argument is out of range, the data cannot be read, or leave no training before the first origin; or if
        the estimator cannot do without a refit what is asked. What a fit raises carries a note of its origin.

    See Also
    --------
    assert_no_lookahead : Prove that no forecast has seen what came after its origin.

    Notes
    -----
    Steps are those of the clock of all series together, absent stamps included. Forecast are the rows of the data after
    an origin; an absent stamp has none. A series takes part from the first fit that sees a row of it, until it ends.
    A step of the clock that was not given as `freq` is read once, from all of the data.

    References
    ----------
    Tashman (2000), Out-of-sample tests of forecasting accuracy: an analysis and review, International Journal of
    Forecasting 16: rolling origins, and whether to refit.

    Examples
    --------
    >>> import tsrnn
    >>> temperature = tsrnn.datasets.load_elnino()
    >>> test = tsrnn.backtest(tsrnn.SeasonalNaive(), temperature, horizon=3, step=12, n_origins=4)
    >>> test.forecasts.head(3)
          origin  step         ds  forecast  truth
    0 2007-09-01     1 2007-10-01     22.46  19.31
    1 2007-09-01     2 2007-11-01     22.61  19.82
    2 2007-09-01     3 2007-12-01     24.15  21.15
    >>> test.scores(by="step")[["MAE", "MASE", "bias"]].round(2).reset_index()
       step   MAE  MASE  bias
    0     1  1.85  1.58  0.68
    1     2  1.63  1.39  0.54
    2     3  1.55  1.33  0.52
    """
    forecaster = _forecaster_of(estimator)
    data = _Data.read(X, y, forecaster)
    if y is None and isinstance(estimator, Pipeline) and len(estimator) > 1:
        raise ValueError(
            "the steps of a Pipeline before its forecaster would transform the values to forecast as well; give these "
            "as y, apart from X."
        )
    if horizon is None:
        horizon = getattr(forecaster, "horizon", None)
        if horizon is None:
            raise ValueError(f"{type(forecaster).__name__} has no horizon of its own; say how many steps to forecast.")
    _check_count("horizon", horizon)
    origins = _choose_origins(data.panel, horizon, step, initial, n_origins)
    window_size = _check_window(window, window_size, origins, data.panel)
    blocks = _cut_into_blocks(origins, refit, estimator, forecaster)
    common = {"data": data, "horizon": int(horizon), "window_size": window_size, "is_warm": refit == "warm"}
    jobs = [(_prepare(estimator, data.panel.clock, refit), block) for block in blocks]
    with closing(_Bar(total=len(origins), desc="back-test", unit="origin", disable=not verbose)) as bar:
        if len(jobs) == 1 or effective_n_jobs(n_jobs) == 1:  # each fit may then have all the threads it wants
            done = (_run_block(*job, **common) for job in jobs)
        else:
            done = Parallel(n_jobs=n_jobs, return_as="generator")(delayed(_run_block)(*job, **common) for job in jobs)
        results = []
        for result in done:
            results += result
            bar.update(len(result))
    return _collect(results, data, window_size)


@dataclass(frozen=True)
class _Data:
    """The user's own rows, and the series and step of the clock of each.

    Parameters
    ----------
    X, y
        Frames, Series or arrays; y may be None.
    panel : Panel
        What they hold.
    series : ndarray of shape (n_rows,), or None
        None where each row is one of every series.
    steps : ndarray of shape (n_rows,)
    blanked : list
        Columns of X that hold what is to be forecast.
    order : ndarray of shape (n_rows,)
        The rows by time.
    """

    X: object
    y: object
    panel: Panel
    series: np.ndarray | None
    steps: np.ndarray
    blanked: list
    order: np.ndarray

    @classmethod
    def read(cls, X, y, forecaster):
        """Return the data; a clock that y alone has goes to X, too."""
        X, y = (np.asarray(given) if isinstance(given, list | tuple) else given for given in (X, y))
        if hasattr(y, "iloc") and not hasattr(X, "iloc") and len(X) == len(y):
            X = pd.DataFrame(X, y.index)
        names = [name for name in ("target", "id_col", "time_col") if hasattr(forecaster, name)]
        options = {name: getattr(forecaster, name) for name in names}
        table = read_table(X, y, **options)
        panel = read_panel(X, y, **options, freq=getattr(forecaster, "freq", None))
        keys = table.keys
        steps = np.arange(panel.clock.n) if keys.stamps is None else panel.clock.positions(keys.stamps)
        if keys.ids is not None:
            series = keys.series
        else:
            series = None if panel.form.kind == WIDE else np.zeros(len(steps), np.int64)
        blanked = [] if y is not None else list(table.targets.columns)
        return cls(X, y, panel, series, steps, blanked, np.argsort(steps, kind="stable"))

    def rows(self, first, last, known=None):
        """Return the rows of steps first ... last - 1, only of `known` series if that is given."""
        rows = np.sort(self.order[slice(*np.searchsorted(self.steps, [first, last], sorter=self.order))])
        if known is not None and self.series is not None and self.panel.n_series > 1:
            rows = rows[np.isin(self.series[rows], known)]
        return rows

    def series_of(self, rows):
        """Return the series that rows belong to, each once."""
        return np.arange(self.panel.n_series) if self.series is None else np.unique(self.series[rows])

    def cells(self, rows):
        """Return series and step of each value of the rows; those of a wide frame go series by series."""
        if self.series is not None:
            return self.series[rows], self.steps[rows]
        return np.arange(self.panel.n_series).repeat(len(rows)), np.tile(self.steps[rows], self.panel.n_series)

    def known(self, rows):
        """Return X and y of rows, to learn from."""
        return _take(self.X, rows), None if self.y is None else _take(self.y, rows)

    def future(self, rows):
        """Return X of rows to forecast, without what is to be forecast."""
        X = _take(self.X, rows)
        if not self.blanked:
            return X
        if isinstance(X, pd.DataFrame):
            X = X.copy()
            X[self.blanked] = np.nan
            return X
        return pd.Series(np.nan, X.index, name=X.name) if isinstance(X, pd.Series) else np.full(X.shape, np.nan)


class _Bar(tqdm):
    """A progress bar without a monitoring thread, which would outlive the back-test."""

    monitor_interval = 0


def _run_block(estimator, origins, data, horizon, window_size, is_warm):
    """Fit at the first of some origins; return (origin, series, steps, forecasts) of each, forecasts (n, n_targets)."""
    with nullcontext() if data.panel.clock.is_given else warnings.catch_warnings():
        if not data.panel.clock.is_given:  # rows are steps, as documented
            warnings.filterwarnings("ignore", message=NO_CLOCK[: NO_CLOCK.index(":")])
        try:
            if not is_warm:
                return _run_fit(estimator, origins, data, horizon, window_size)
            return [
                result
                for origin in origins
                for result in _run_fit(estimator, origins[origins == origin], data, horizon, window_size)
            ]
        except (TypeError, ValueError) as error:
            error.add_note(f"In the back-test fitted at {data.panel.stamps(origins[:1])[0]}.")
            raise


def _run_fit(estimator, origins, data, horizon, window_size):
    first = origins[0]
    training = data.rows(0 if window_size is None else first + 1 - window_size, first + 1)
    known = data.series_of(training)
    estimator.fit(*_without_none(data.known(training)))
    ahead = [data.rows(origin + 1, origin + 1 + horizon, known) for origin in origins]
    cells = [data.cells(rows) for rows in ahead]
    at_once = {}
    if len(origins) > 1 and isinstance(estimator, ForecasterMixin) and horizon <= estimator._fitted_horizon:
        memory = _moved(estimator, data.rows(first + 1, origins[-1] + 1, known), data)
        at_once = _forecast_at_once(memory, origins, cells, data)
    results = []
    for number, (origin, rows, (series, steps)) in enumerate(zip(origins, ahead, cells, strict=True)):
        forecasts = at_once.get(number)
        if forecasts is None and len(rows):
            memory = _moved(estimator, data.rows(first + 1, origin + 1, known), data)
            forecasts = np.asarray(memory.predict(data.future(rows)), np.float64)
            forecasts = forecasts.T.reshape(-1, 1) if data.series is None else forecasts.reshape(len(rows), -1)
        if len(rows):
            results.append((origin, series, steps, forecasts))
    return results


def _moved(estimator, rows, data):
    """Return a fitted estimator whose memory has gone through further rows; the estimator itself stays as it is."""
    if not len(rows):
        return estimator
    X, y = data.known(rows)
    if not isinstance(estimator, Pipeline):
        return copy.copy(estimator).update(*_without_none((X, y)))
    X = estimator[:-1].transform(X) if len(estimator) > 1 else X
    moved = copy.copy(estimator)
    name, forecaster = estimator.steps[-1]
    moved.steps = [*estimator.steps[:-1], (name, copy.copy(forecaster).update(*_without_none((X, y))))]
    return moved


def _forecast_at_once(memory, origins, cells, data):
    """Return the forecasts of those origins that end in known values, by their numbers, all made in one batch.

    What is missing at an origin is filled differently once later values are known, so such an origin goes alone.
    """
    panel = memory.panel_
    numbers = np.zeros(1, np.int64) if panel.ids is None else panel.ids.get_indexer(data.panel.ids)
    asked = []
    for number, (origin, (series, steps)) in enumerate(zip(origins, cells, strict=True)):
        mine, places = np.unique(numbers[series], return_inverse=True)
        last = panel.bounds[mine] + origin - panel.starts[mine]
        is_inside = (last >= panel.bounds[mine]) & (last < panel.bounds[mine + 1])
        if len(mine) and is_inside.all() and not np.isnan(panel.values[last]).any():
            asked.append((number, mine, origin + 1 - panel.starts[mine], places, steps - origin - 1))
    if not asked:
        return {}
    forecasts = memory._forecasts_from(*(np.concatenate([one[place] for one in asked]) for place in (1, 2)))
    starts = np.cumsum([0, *(len(one[1]) for one in asked)])
    return {
        number: forecasts[start + places, ahead]
        for start, (number, _, _, places, ahead) in zip(starts[:-1], asked, strict=True)
    }


def _collect(results, data, window_size):
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


def _choose_origins(panel, horizon, step, initial, n_origins):
    """Return the last known step of each origin, rising."""
    _check_count("step", step)
    if n_origins is not None:
        _check_count("n_origins", n_origins)
    n = panel.clock.n
    last = n - 1 - horizon
    if initial is None:
        least = 0 if n_origins is not None else min(n // 2, last)
        most = (last - least) // step + 1 if last >= 0 else 0
        wanted = max(min(most, N_ORIGINS), 1) if n_origins is None else n_origins
        if most < wanted:
            raise ValueError(
                f"{wanted} origin(s), {step} step(s) apart, with {horizon} step(s) after each need at least "
                f"{(wanted - 1) * step + horizon + 1} steps, but the data have {n}; ask for less, or give more."
            )
        return last - step * np.arange(wanted)[::-1]
    is_fraction = isinstance(initial, Real) and not isinstance(initial, Integral)
    if is_fraction and not 0 < initial < 1:
        raise ValueError(f"initial={initial} is no fraction between 0 and 1; for steps give a whole number.")
    if not is_fraction:
        _check_count("initial", initial)
    n_first = max(int(initial * n), 1) if is_fraction else int(initial)
    origins = np.arange(n_first - 1, last + 1, step)[:n_origins]
    if len(origins) < (n_origins or 1):
        raise ValueError(
            f"the data have {n} steps, in which {len(origins)} origin(s) from initial={initial} on have {horizon} "
            "step(s) after them; ask for fewer, or for a shorter initial or horizon."
        )
    return origins


def _check_window(window, window_size, origins, panel):
    """Return the steps of a rolling window, None for an expanding one."""
    if window not in ("expanding", "rolling"):
        raise ValueError(f"window must be 'expanding' or 'rolling'; got {shorten(window)}.")
    if window == "expanding":
        if window_size is not None:
            raise ValueError(f"window_size={window_size} is for window='rolling'; an expanding one has no size.")
        return None
    if window_size is None:
        return int(origins[0]) + 1
    _check_count("window_size", window_size)
    if window_size > origins[0] + 1:
        raise ValueError(
            f"window_size={window_size} is more than the {origins[0] + 1} steps up to the first origin, "
            f"{panel.stamps(origins[:1])[0]}; give a shorter one, a longer initial, or fewer origins."
        )
    return int(window_size)


def _cut_into_blocks(origins, refit, estimator, forecaster):
    """Return the origins that share one fit, or one chain of warm starts."""
    name = type(forecaster).__name__
    if isinstance(refit, str):
        if refit != "warm":
            raise ValueError(f"refit must be True, False, 'warm' or a number of origins; got {refit!r}.")
        if "warm_start" not in forecaster.get_params(deep=False) or not _is_plain(estimator):
            lacking = name if _is_plain(estimator) else type(estimator).__name__
            raise ValueError(f"{lacking} has no warm_start, which refit='warm' needs; set refit to True or a number.")
        return [origins]
    if isinstance(refit, bool | np.bool_):
        every = 1 if refit else len(origins)
    else:
        _check_count("refit", refit)
        every = int(refit)
    if every > 1 and not (_is_plain(estimator) and hasattr(forecaster, "update")):
        lacking = name if _is_plain(estimator) else type(estimator).__name__
        raise ValueError(f"{lacking} has no update, by which its memory could move forward; set refit=True.")
    return [origins[first : first + every] for first in range(0, len(origins), every)]


def _prepare(estimator, clock, refit):
    """Return a clone that knows the step of the clock, which a part of the data might not show."""
    estimator = clone(estimator)
    forecaster = _forecaster_of(estimator)
    if isinstance(clock.start, pd.Timestamp) and getattr(forecaster, "freq", "") is None:
        forecaster.set_params(freq=clock.freq)
    if isinstance(refit, str):
        forecaster.set_params(warm_start=True)
    return estimator


def _forecaster_of(estimator):
    """Return the forecaster inside pipelines, searches and transformed targets."""
    while True:
        if isinstance(estimator, Pipeline):
            estimator = estimator[-1]
        elif hasattr(estimator, "get_params") and {"regressor", "estimator"} & set(estimator.get_params(deep=False)):
            estimator = getattr(estimator, "regressor", None) or estimator.estimator
        else:
            break
    if not all(hasattr(estimator, method) for method in ("fit", "predict", "get_params")):
        raise TypeError(f"the estimator is {shorten(estimator)}, without fit and predict; give a forecaster.")
    return estimator


def _is_plain(estimator):
    """Return whether what is fitted is the forecaster itself, and not a clone that something makes of it."""
    return isinstance(estimator, Pipeline) or _forecaster_of(estimator) is estimator


def _target_names(panel):
    return [number if name is None else name for number, name in enumerate(panel.form.targets)]


def _free_name(name, default):
    """Return a column name that no other column of the result has."""
    return default if name is None or name in _KEYS else name


def _take(given, rows):
    """Return some rows, as a view where they stand side by side."""
    if len(rows) and rows[-1] - rows[0] + 1 == len(rows):
        rows = slice(int(rows[0]), int(rows[-1]) + 1)
    return given.iloc[rows] if hasattr(given, "iloc") else given[rows]


def _without_none(X_and_y):
    return [part for part in X_and_y if part is not None]


def _check_count(name, value):
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise TypeError(f"{name} must be a whole number; got {shorten(value)}.")
    if value < 1:
        raise ValueError(f"{name} must be at least 1; got {value}.")
