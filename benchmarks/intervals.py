"""How often the intervals of `RNNForecaster` hold the truth of open panels, and how narrow they are.

    python benchmarks/intervals.py --data FOLDER --table

FOLDER holds the panels as `benchmarks/accuracy.py` reads them. With `--validate` the last steps of the training parts
are forecast instead, and the test parts are not looked at; whatever was tried was tried so.

The forecaster has nothing set but the horizon. Beside it stand the intervals of `SeasonalNaive`, made from its own
errors in the same way, and those of the same forecast by the normal distribution: 1.96 deviations of the differences
over a season, times the root of how many seasons are forecast (Hyndman and Athanasopoulos 2021, section 5.5). Figures
are medians over seeds.

- **80 %, 95 %**: the share of all points that intervals of this level hold; from 75 to 85 and from 92 to 98 % is
  wanted.
- **Width**: the mean over series of that at 95 %, in units of each series' mean change over a season, by that of
  `SeasonalNaive`.
- **MSIS**: the mean scaled interval score at 95 %, as in the M4 competition (Makridakis, Spiliotis and Assimakopoulos
  2020); one below that of `SeasonalNaive` is wanted.
- **CRPS**: from the quantiles 0.05, 0.15, ..., 0.95, in the same units; of a single number it is the MASE.

The second table is of networks that learn distributions, on the last steps of the training parts of the monthly panels.
"""

import argparse
import time
from functools import partial
from pathlib import Path

import machine
import numpy as np
import pandas as pd
from markdown import section, table
from open_sets import PANELS, SEEDS, by_horizon, hold_out, read_panel
from records import FOLDER, note

import tsrnn
from tsrnn import RNNForecaster, SeasonalNaive
from tsrnn.metrics import interval_scores

RESULTS = FOLDER / "INTERVALS.md"
MIDDLES = (10, 30, 50, 70, 90)  # levels whose ends are the quantiles 0.05, 0.15, ..., 0.95
LEVELS = (*MIDDLES, 80, 95)
WANTED = {80: (0.75, 0.85), 95: (0.92, 0.98)}
NORMAL_95 = 1.96
DISTRIBUTIONS = "normal", "student_t", "quantile"
MONTHLY = [name for name, of in PANELS.items() if of.season == 12]
COLUMNS = ["set", "forecaster", "80 %", "95 %", "width", "MSIS", "CRPS"]


def main():
    """Score the intervals of all panels; with `--table` write the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="the folder of the sets")
    parser.add_argument("--sets", nargs="*", choices=PANELS, default=list(PANELS))
    parser.add_argument("--seeds", nargs="*", type=int, default=list(SEEDS))
    parser.add_argument("--validate", action="store_true", help="forecast the end of the training parts instead")
    parser.add_argument("--table", action="store_true", help=f"write {RESULTS.name}")
    arguments = parser.parse_args()
    if arguments.table and arguments.validate:
        parser.error("the table is of the test parts; leave out --validate")
    measured = partial(measure, folder=arguments.data, seeds=arguments.seeds)
    rows = [row for name in arguments.sets for row in measured(name, validate=arguments.validate)]
    others = [name for name in arguments.sets if name in MONTHLY]
    of_losses = [row for name in others for row in measured(name, validate=True, losses=DISTRIBUTIONS)]
    how, explanation = __doc__.split("\n\n", 2)[1:]
    described = machine.describe()
    where = f"tsrnn {tsrnn.__version__}, Python {described['python']}, NumPy {np.__version__}, on {described['cpu']}."
    text = section("# Intervals", f"```sh\n{how.strip()}\n```\n\n{explanation.strip()}\n\n{where}", COLUMNS, rows)
    if of_losses:
        text += "\n\n" + table(COLUMNS, of_losses)
    print(text)
    if arguments.table:
        RESULTS.write_text(text + "\n")


def measure(name, folder, seeds, validate, losses=("auto",)):
    """Return the rows of the table for a panel."""
    train, test = read_panel(folder, name)
    if validate:
        train, test = hold_out(train, test)
    naive, normal = (score(make, train, test, name) for make in (seasonal_naive, normal_naive))
    rows = []
    for loss in losses:
        runs = []
        for seed in seeds:
            begun = time.perf_counter()
            runs.append(score(partial(network, seed=seed, loss=loss), train, test, name))
            shown = ", ".join(f"{of} {value:.3f}" for of, value in runs[-1].items())
            note(f"{name}, loss {loss}, seed {seed}: {shown}; {time.perf_counter() - begun:.0f} s")
        median = {of: float(np.median([run[of] for run in runs])) for of in naive}
        called = "RNNForecaster" if loss == "auto" else f"RNNForecaster, loss={loss!r}"
        rows.append(["", called, *written(median, naive, has_goals=True)])
    rows += [["", "SeasonalNaive", *written(naive, naive)], ["", "the same, normal", *written(normal, naive)]]
    rows[0][0] = name
    return rows


def score(make, train, test, name):
    """Return the `figures` of what makes forecasts for a horizon from the training part."""
    forecasts = pd.concat([make(horizon, mine) for horizon, mine in by_horizon(train, test)])
    return figures(test, forecasts, train, PANELS[name].season)


def network(horizon, train, seed, loss):
    """Return the forecast of the network with its intervals."""
    return RNNForecaster(horizon, loss=loss, random_state=seed).fit(train).forecast(level=LEVELS)


def seasonal_naive(horizon, train):
    """Return the seasonal naive forecast with its own intervals."""
    return SeasonalNaive(horizon).fit(train).forecast(level=LEVELS)


def normal_naive(horizon, train):
    """Return the seasonal naive forecast of a long frame, and intervals of 95 % of it as if errors were normal."""
    model = SeasonalNaive(horizon).fit(train)
    forecasts, of, values = model.forecast(), train["unique_id"], train["y"]
    squared = [(values - values.groupby(of).shift(lag)) ** 2 for lag in (model.season_, 1)]
    over_season, over_step = (np.sqrt(of_lag.groupby(of).mean()) for of_lag in squared)
    deviations = over_season.fillna(over_step)  # of a series of a single season
    n_seasons = 1 + forecasts.groupby("unique_id").cumcount() // model.season_
    half = NORMAL_95 * forecasts["unique_id"].map(deviations) * np.sqrt(n_seasons)
    return forecasts.assign(**{"y-lo-95": forecasts["y"] - half, "y-hi-95": forecasts["y"] + half})


def figures(truths, forecasts, train, season):
    """Return the scores of intervals: the shares they hold of all points, and means over series; NaN where not asked.

    CRPS is a sum over levels, as twice the pinball loss of both ends of an interval is its score times alpha.
    """
    by_level = dict(list(interval_scores(truths, forecasts, train, season).reset_index("level").groupby("level")))
    n_steps = truths.groupby("unique_id").size()

    def share(level):
        coverage = by_level[level]["coverage"] if level in by_level else n_steps * np.nan
        return float(np.average(coverage, weights=n_steps[coverage.index]))

    widest = by_level[95]
    scales = widest["interval_score"] / widest["MSIS"]
    losses = [(1 - level / 100) * by_level[level]["MSIS"].mean() for level in MIDDLES if level in by_level]
    return {
        **{level: share(level) for level in WANTED},
        "width": (widest["width"] / scales).mean(),
        "MSIS": widest["MSIS"].mean(),
        "CRPS": sum(losses) / (2 * len(losses)) if losses else np.nan,
    }


def written(of, naive, has_goals=False):
    """Return the cells of a row; those that have goals say whether they are reached."""

    def verdict(is_reached):
        return "" if not has_goals else " (reached)" if is_reached else " (not reached)"

    shares = [
        "-" if np.isnan(of[level]) else f"{100 * of[level]:.1f} %" + verdict(low <= of[level] <= high)
        for level, (low, high) in WANTED.items()
    ]
    return [
        *shares,
        f"{of['width'] / naive['width']:.2f}",
        f"{of['MSIS']:.2f}" + verdict(of["MSIS"] < naive["MSIS"]),
        "-" if np.isnan(of["CRPS"]) else f"{of['CRPS']:.3f}",
    ]


if __name__ == "__main__":
    main()
