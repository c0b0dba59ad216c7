"""Make `panel_scores.npz`: what an evaluator of the forecasting competitions says of the forecasts of two panels.

Run from anywhere:

    pip install numpy pandas            # made with numpy 2.4.6, pandas 3.1.1
    python tests/reference/make_panel_scores.py EVALUATOR

EVALUATOR is a Python file apart from this project, with the formulas of the R code of the M4 competition and the Monash
archive, whose figures for the competitions' sets agree with published ones: `smape(y, f)`, `mase(train, y, f, m)` and
`rmsse(train, y, f, m)` of one series, `score(data, forecasts, naive2=...)` of a panel, `f_snaive` and `f_naive2` to
forecast. Where it has `DATASETS` and `load(name)`, too, it is also asked about these whole sets, which are not part of
this project, and `tsrnn.metrics` must give the same.

The panels: the 22 monthly series of us employment in `datasets/`, their last 18 months forecast; and drawn series with
what is awkward: zeros, training not longer than a season, and constant training.
"""

import runpy
import sys
from pathlib import Path

import numpy as np
import pandas as pd

SEED, SEASON, HORIZON = 20145, 12, 18
ROOT = Path(__file__).resolve().parents[2]
SCORES = ("smape", "mase", "rmsse", "mae", "rmse")  # means over series; nd is over all rows


def main(path):
    evaluator = runpy.run_path(path)
    arrays = {"versions": np.array([f"numpy {np.__version__}", f"pandas {pd.__version__}"])}
    for name, data in {"employment": read_employment(), "awkward": draw_awkward()}.items():
        train, test = data["train"], data["test"]
        forecasts = [evaluator["f_snaive"](x, len(y), SEASON) for x, y in zip(train, test, strict=True)]
        if name == "awkward":
            rng = np.random.default_rng(SEED + 1)
            forecasts = [f + rng.normal(size=len(f)) * (f != 0) for f in forecasts]
        naive2 = [evaluator["f_naive2"](x, len(y), SEASON) for x, y in zip(train, test, strict=True)]
        arrays |= store(name, data, forecasts, naive2, evaluator)
    np.savez_compressed(Path(__file__).parent / "panel_scores.npz", allow_pickle=False, **arrays)
    compare_whole_sets(evaluator)


def read_employment():
    """Return the bundled panel, cut into training and the last 18 months."""
    frame = pd.read_csv(ROOT / "datasets" / "us_employment_monthly_panel.csv")
    series = [values.to_numpy(np.float64) for _, values in frame.groupby("unique_id", sort=False)["y"]]
    assert len(series) == 22
    assert all(np.isfinite(values).all() for values in series)
    return cut(series)


def draw_awkward():
    rng = np.random.default_rng(SEED)
    lengths = [40, 60, 12, 7, 13, 25]  # the third and fourth are not longer than a season
    series = [rng.normal(50, 10, n + HORIZON).round(3) for n in lengths]
    series[1] = np.maximum(series[1] - 50, 0)  # half of it zeros
    series[5][: lengths[5]] = 50.0  # nothing to scale by
    return cut(series)


def cut(series):
    return {"train": [values[:-HORIZON] for values in series], "test": [values[-HORIZON:] for values in series]}


def store(name, data, forecasts, naive2, evaluator):
    """Return the arrays of one panel: what was scored, the scores of each series, and those of the panel."""
    data = {**data, "mase_m": SEASON}
    triples = list(zip(data["train"], data["test"], forecasts, strict=True))
    per_series = {
        "smape": [evaluator["smape"](y, f) for _, y, f in triples],
        "mase": [evaluator["mase"](x, y, f, SEASON) for x, y, f in triples],
        "rmsse": [
            evaluator["rmsse"](x, y, f, SEASON) if len(x) > SEASON and np.ptp(x) else np.nan for x, y, f in triples
        ],
    }
    of_panel = evaluator["score"](data, forecasts, naive2=naive2)
    return {
        f"{name}/lengths": np.array([len(x) for x in data["train"]]),
        f"{name}/train": np.concatenate(data["train"]),
        f"{name}/test": np.array(data["test"]),
        f"{name}/forecasts": np.array(forecasts),
        f"{name}/naive2": np.array(naive2),
        **{f"{name}/{score}": np.array(values) for score, values in per_series.items()},
        **{f"{name}/panel/{score}": np.array(of_panel[score]) for score in (*SCORES, "nd", "owa")},
    }


def compare_whole_sets(evaluator):
    """Raise unless `tsrnn.metrics` and the evaluator agree on whole sets of the competitions, up to rounding."""
    from tsrnn.metrics import panel_scores, wape

    for name in evaluator.get("DATASETS", ()):
        data = evaluator["load"](name)
        forecasts, naive2 = (evaluator["forecast_all"](data, evaluator[kind]) for kind in ("f_snaive", "f_naive2"))
        expected = evaluator["score"](data, forecasts, naive2=naive2)
        train, truths, ours, theirs = (to_long(panel) for panel in (data["train"], data["test"], forecasts, naive2))
        means, base = (panel_scores(truths, frame, train, data["mase_m"]).mean() for frame in (ours, theirs))
        found = {score: means[{"smape": "sMAPE"}.get(score, score.upper())] for score in SCORES}
        found |= {"nd": wape(truths["y"], ours["y"]) / 100, "owa": (means / base)[["sMAPE", "MASE"]].mean()}
        furthest = max(abs(found[score] / expected[score] - 1) for score in found)
        assert furthest < 1e-14, f"{name}: {found} is not {expected}"


def to_long(panel):
    lengths = [len(values) for values in panel]
    return pd.DataFrame(
        {
            "unique_id": np.repeat(np.arange(len(panel)), lengths),
            "ds": np.concatenate([np.arange(n) for n in lengths]),
            "y": np.concatenate(panel),
        }
    )


if __name__ == "__main__":
    main(sys.argv[1])
