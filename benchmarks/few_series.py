"""How often intervals of `RNNForecaster` hold the truth of one series alone, or of three, drawn from known processes.

    python benchmarks/few_series.py --table

The part that is held out of a few series is but a few horizons long, so that intervals are made of errors on what was
learnt, too. How good that is no theorem says, so it is measured here. The rule was chosen on other draws of AR .6,
AR .9, walk and counts; that a few strays do not count, after a look at this table; how much the errors of a horizon
have in common, on other draws of most of these; how networks of distributions are refitted, on the first twenty draws
of AR .9, among others, so that their rows are no test of that. Of 40, 60 and 100 rows a single horizon is held out, of
which the forecaster warns.

Of each process `--draws` panels are drawn; with nothing set but the horizon, and the loss where one is named, a network
is fitted, and forecasts three horizons, one after the other. Series are sums of a level, a week and errors:

- **white**: independent normal errors;
- **AR .6**, **AR .9**: errors that go on, by this coefficient from day to day;
- **walk**: the sum of independent changes, without a week;
- **counts**: Poisson, of mean 12 from Monday to Friday and 3 at weekends;
- **months**: independent normal errors, with a year of twelve steps in the place of the week;
- **rising months**: the same, which double in ten years, year and errors with the level.

Columns:

- **80 %, 95 %**: the share of all points that intervals of this level hold, and the standard error of the first, over
  draws;
- **lowest tenth**: what 80 % hold in a tenth of the draws at most: three horizons of errors that last are but a few
  throws, whoever forecasts them;
- **naive**: what the intervals of 80 % of `SeasonalNaive` hold;
- **total**: how often the interval of 80 % of a horizon's total, from 300 sampled paths, holds it;
- **CRPS**: from as many paths, by that of `SeasonalNaive`.
"""

import argparse
import warnings

import numpy as np
import pandas as pd
from markdown import section
from records import FOLDER, note

import tsrnn
from tsrnn import RNNForecaster, SeasonalNaive
from tsrnn.metrics import crps_from_samples

RESULTS = FOLDER / "FEW_SERIES.md"
N_PATHS = 300
N_TESTS = 3  # horizons
LEVELS = 80, 95
WEEK, YEAR = (4 * np.sin(2 * np.pi * np.arange(n) / n) for n in (7, 12))
# Process, rows, horizon, series and loss.
CASES = [
    ("white", 60, 12, 1, "auto"),
    ("white", 400, 7, 1, "auto"),
    ("AR .9", 100, 12, 1, "auto"),
    ("AR .6", 150, 7, 1, "auto"),
    ("AR .6", 400, 7, 1, "auto"),
    ("AR .6", 400, 7, 1, "normal"),
    ("AR .6", 400, 7, 3, "auto"),
    ("AR .9", 516, 28, 1, "auto"),
    ("AR .9", 516, 28, 1, "quantile"),
    ("AR .9", 516, 28, 3, "auto"),
    ("walk", 516, 28, 1, "auto"),
    ("counts", 516, 28, 1, "auto"),
    ("counts", 400, 7, 1, "negative_binomial"),
    ("months", 40, 12, 1, "auto"),
    ("rising months", 120, 12, 1, "auto"),
]
COLUMNS = ["process", "rows", "horizon", "series", "loss", "80 %", "95 %", "lowest tenth", "naive", "total", "CRPS"]


def main():
    """Measure all cases; with `--table` write the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--draws", type=int, default=40, help="panels of each process")
    parser.add_argument("--table", action="store_true", help=f"write {RESULTS.name}")
    arguments = parser.parse_args()
    rows = [[*map(str, case), *measure(*case, arguments.draws)] for case in CASES]
    how, explanation = __doc__.split("\n\n", 2)[1:]
    text = section(
        "# Intervals of few series",
        f"```sh\n{how.strip()}\n```\n\n{explanation.strip()}\n\ntsrnn {tsrnn.__version__}, {arguments.draws} draws.",
        COLUMNS,
        rows,
    )
    print(text)
    if arguments.table:
        RESULTS.write_text(text + "\n")


def measure(process, n_rows, horizon, n_series, loss, n_draws):
    """Return the cells of a case."""
    runs = [test(draw(process, n_rows, horizon, n_series, seed), n_rows, horizon, loss) for seed in range(n_draws)]
    held, totals, crps, naive_held, naive_crps = (np.array([run[k] for run in runs]) for k in range(5))
    of_draws = held.mean(axis=1)
    error = of_draws[:, 0].std() / np.sqrt(n_draws)
    first, second = (f"{100 * share:.1f}" for share in of_draws.mean(axis=0))
    cells = [
        f"{first} ± {100 * error:.1f} %",
        f"{second} %",
        f"{100 * np.quantile(of_draws[:, 0], 0.1):.0f} %",
        f"{100 * naive_held.mean():.1f} %",
        f"{100 * totals.mean():.0f} %",
        f"{crps.mean() / naive_crps.mean():.2f}",
    ]
    note(f"{process}, {n_rows} rows, horizon {horizon}, {n_series} series, {loss}: {', '.join(cells)}")
    return cells


def draw(process, n_rows, horizon, n_series, seed):
    """Return a wide frame of days, or months, with the rows to fit and those of the tests."""
    rng, n = np.random.default_rng(seed), n_rows + N_TESTS * horizon
    days = np.arange(n)
    if process == "counts":
        values = rng.poisson(np.where(days % 7 < 5, 12, 3)[:, np.newaxis], (n, n_series))
    else:
        coefficient = {"AR .6": 0.6, "AR .9": 0.9, "walk": 1}.get(process, 0)
        values = rng.normal(size=(n, n_series))
        for row in range(1, n):
            values[row] += coefficient * values[row - 1]
        season = YEAR if "months" in process else WEEK
        values = 50 + values + (0 if process == "walk" else np.resize(season, n)[:, np.newaxis])
        values *= 2 ** (days / 120)[:, np.newaxis] if "rising" in process else 1
    names = [f"y{k}" for k in range(n_series)]
    return pd.DataFrame(
        values, pd.date_range("2001-01-01", periods=n, freq="MS" if "months" in process else "D"), names
    )


def test(frame, n_rows, horizon, loss):
    """Return the shares that 80 and 95 % hold, of totals, and the CRPS; of the naive forecast the first and last."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of what is measured here: little is held out
        model, naive = RNNForecaster(horizon, loss=loss, random_state=0), SeasonalNaive(horizon)
        runs = [], []
        for one, run in zip((model, naive), runs, strict=True):
            one.fit(frame[:n_rows])
            for start in range(n_rows, len(frame), horizon):
                if start > n_rows:
                    one.update(frame[start - horizon : start])
                run.append(scores_of(one, frame[start : start + horizon], start))
    held, totals, crps = (np.array([of[k] for of in runs[0]]) for k in range(3))
    naive_held, _, naive_crps = (np.array([of[k] for of in runs[1]]) for k in range(3))
    return held, totals, crps, naive_held[:, 0], naive_crps


def scores_of(model, truth, seed):
    """Return the shares of truths that both levels hold, and totals, and the CRPS, all of them means over series."""
    paths = model.sample(model.future_frame(), n_paths=N_PATHS, random_state=seed)
    forecast = model.forecast(level=LEVELS)
    held, totals, crps = [], [], []
    for name, values in truth.items():
        own = paths.filter(regex=f"^{name}-path-")
        lowest, highest = own.sum().quantile([0.1, 0.9])
        held.append([values.between(forecast[f"{name}-lo-{of}"], forecast[f"{name}-hi-{of}"]).mean() for of in LEVELS])
        totals.append(lowest <= values.sum() <= highest)
        crps.append(crps_from_samples(values, own))
    return np.mean(held, axis=0), np.mean(totals), np.mean(crps)


if __name__ == "__main__":
    main()
