"""What the commands print: the data, the network, and scores beside those of the seasonal naive forecast."""

import warnings

import numpy as np
import pandas as pd

from ..arguments import count_members, settings_for, ways_to_try
from ..counts import how_many
from ..losses import is_no_count


class Comparison:
    """Back-comparison of the network and of the seasonal naive forecast, of the same origins."""

    def __init__(self, model, ours, naive, panel):
        self.ours, self.naive = ours, naive
        self.name = model.cell.upper()
        season = ours.season
        self.naive_name = f"seasonal naive ({season})" if 1 < season <= panel.clock.n else "last value"
        self.targets = panel.form.targets
        self.is_one = panel.n_series == panel.n_targets == 1
        self.n_series = None if panel.ids is None else panel.n_series

    @property
    def both(self):
        """The back-tests by their names."""
        return {self.name: self.ours, self.naive_name: self.naive}

    def judged(self, scores):
        """Return by what forecasts are compared, and what it is of both, whose `scores` are given by name.

        Series and targets may have several units, so that their errors are compared in those of the naive forecast.
        """
        if all(test.q for test in self.both.values()):
            score, what = ("pinball", "pinball loss") if self.is_one else ("scaled_pinball", "scaled pinball loss")
            return f"mean {what}", *(test.quantile_scores(by=None)[score].mean() for test in self.both.values())
        score, what = ("MAE", "mean absolute error") if self.is_one else ("MASE", "mean scaled error (MASE)")
        return what, *(np.mean(of[score]) for of in scores.values())

    def headline(self, names):
        """Return what stands above these scores."""
        observed = self.ours.forecasts.dropna(subset="truth")
        text = f"scores on {how_many(len(observed), 'held-out observation')}"
        percent = [name for name in names if name in ("MAPE", "sMAPE", "WAPE")]
        if percent:
            text += f" ({', '.join(percent)} in percent)"
        if self.n_series is None:
            return text
        n_scored = observed.iloc[:, 0].nunique()  # one may begin too late, or end too early
        return f"{text}, mean over {n_scored:,}{f' of {self.n_series:,}' * (n_scored < self.n_series)} series"


def print_spread(comparison):
    """Print the scores of intervals and quantiles, if there are any, of each forecast that has them."""
    scaled = "pinball" if comparison.is_one else "scaled_pinball"  # as `judged` says
    for what, name, columns in (
        ("interval_scores", "levels", ["coverage", *["width"] * comparison.is_one, "MSIS"]),
        ("quantile_scores", "q", ["below", scaled]),
    ):
        tests = {who: test for who, test in comparison.both.items() if getattr(test, name)}
        if tests:
            table = pd.concat({who: getattr(test, what)(by=None)[columns] for who, test in tests.items()})
            table = table.reorder_levels([*range(1, table.index.nlevels), 0])
            table = table.iloc[np.arange(len(table)).reshape(len(tests), -1).T.ravel()]  # beside each other
            print(f"\n{table.to_string(float_format=_number)}")


def print_summary(comparison, names):
    """Print the scores of everything, and which forecast was better."""
    both = comparison.both
    scores = {name: test.scores(by=None) for name, test in both.items()}
    if isinstance(scores[comparison.name], pd.DataFrame):  # a row for each target
        scores_of = {target: {name: one.loc[target] for name, one in scores.items()} for target in comparison.targets}
        table = pd.concat({target: pd.DataFrame(of).T for target, of in scores_of.items()})
    else:
        table = pd.DataFrame(scores).T
    print(table[names].to_string(float_format=_number))
    print_spread(comparison)
    what, ours, base = comparison.judged(scores)
    if not np.isfinite([ours, base]).all():
        print(f"The {what} is not defined here, so nothing is said about which forecast is better.")
        return
    verdict = "not lower" if not base else f"{1 - ours / base:.0%} lower"
    if ours >= base > 0:
        verdict = f"{ours / base - 1:.0%} HIGHER"
    n = comparison.ours.forecasts["origin"].nunique()
    where = "In this one test" if n == 1 else f"Over {n} origins"
    print(f"{where} the {what} is {verdict} than that of {comparison.naive_name}.")
    if ours > 11 * base > 0:
        warnings.warn(
            "such errors are those of a training that went astray, not of a forecast; look for values that are no "
            "observations, or give a smaller --learning-rate, another --scaler or --target-transform.",
            stacklevel=2,
        )
    if not ours < base:
        print(f"Prefer {comparison.naive_name}, or try another --cell, --lookback or more data.")


def print_table(comparison, by, names):
    """Print the scores of both forecasts, a row for each step, origin or series."""
    both = {comparison.name: comparison.ours, "naive": comparison.naive}
    tables = {name: test.scores(by=by) for name, test in both.items()}
    columns = {(score, name): tables[name][score] for score in names for name in both}
    print(pd.DataFrame(columns).reset_index().to_string(index=False, float_format=_number))


def print_data(panel, selection, missing):
    """Print how much there is, and what is missing."""
    points = span(panel.clock.stamps(0, panel.clock.n))
    if panel.ids is not None:
        points = f"{panel.n_series:,} series, {len(panel.values):,} values on {points}"
    elif panel.n_targets > 1:
        points = f"{panel.n_targets} targets, {points}"
    print(f"data      {points}, step {panel.clock.step_name}")
    n_unknown = sum(int(selection.frame[name].isna().sum()) for name in selection.inputs)
    counts = {
        "missing value": panel.n_missing,
        "missing value of covariates": n_unknown,
        "absent stamp": panel.n_absent,
    }
    holes = ", ".join(how_many(n, what) for what, n in counts.items() if n)
    cure = {"interpolate": ": interpolated linearly", "mask": ": hidden from the network", "raise": ""}[missing]
    print(f"          {holes + cure if holes else 'no value missing, no stamp absent'}")
    n_early = int(np.count_nonzero(panel.ends < panel.clock.n))
    if n_early:
        last = when(panel.clock.stamps(panel.clock.n - 1, panel.clock.n)[0])
        print(f"          {n_early} of {panel.n_series} series end{'s' * (n_early == 1)} before {last}")
    known = [
        f"{what}: {', '.join(names)}"
        for what, names in (
            ("known ahead", selection.covariates),
            ("of the past", selection.options.get("past_covariates")),
            ("of each series", selection.options.get("static_covariates")),
        )
        if names
    ]
    if known:
        print(f"          covariates {'; '.join(known)}")


def print_network(model, panel):
    """Print what is going to be trained."""
    settings = settings_for(model, panel)
    n_members = count_members(model, ways_to_try(model, panel, panel.values)[0], settings)
    sizes = " + ".join(map(str, settings.network.hidden_layer_sizes))
    n_windows = settings.count_windows(panel.lengths)
    units = "unit" if sizes == "1" else "units"
    reads = f"reads {how_many(settings.lookback, 'step')}"
    if model.state == "carried":
        reads = f"reads on from the first step, learns over stretches of {settings.lookback}"
    line = f"{settings.network.cell.upper()} of {sizes} {units}; {reads}, gives {settings.horizon}"
    print(f"network   {line}" + f"; {how_many(n_members, 'network')} together" * (n_members > 1))
    if settings.calendar:
        print(f"          calendar: {', '.join(settings.calendar)}")
    print(
        f"          {how_many(n_windows, 'stretch' if model.state == 'carried' else 'window')} an epoch"
        + "; a shorter --lookback or fewer --windows-per-epoch are faster" * (n_windows * settings.lookback > 10**7)
    )


def print_fit(model, where):
    """Print when the training of a fitted network was best, on what is said `where`, and what was chosen for it."""
    n_members, recipes = model.choices_["n_members"], model.choices_["recipes"]
    first = f" (the first of {n_members} networks)" if n_members > 1 else ""
    print(f"          best after {model.best_iter_} of {how_many(model.n_iter_, 'epoch')}{first}, on {where}")
    for group, recipe in enumerate(recipes):
        who = f"{how_many(len(range(group, n_members, len(recipes))), 'network')} " if len(recipes) > 1 else ""
        transform = recipe.target_transform or "none"
        names = transform if isinstance(transform, str) else " ".join(transform)
        norm, scaler = recipe.window_norm or "none", recipe.scaler or "none"
        print(f"          {who}by --target-transform {names} --window-norm {norm} --scaler {scaler}")


def print_negative(forecast, panel, bounds):
    """Print that numbers of a forecast are negative, where no value of the data is, and how to keep them from it."""
    table = pd.DataFrame(forecast)
    keys = [name for name in (panel.form.id_name, panel.form.time_name) if name in table]
    n = int((table.drop(columns=keys).to_numpy() < 0).sum())
    if not n or (bounds or (None,))[0] is not None or (panel.values < 0).any():
        return
    are = "is" if n == 1 else "are"
    print(f"          {how_many(n, 'number')} of it {are} negative, but no value of the data: try --bounds 0 none")
    if not is_no_count(panel.values).any():
        print("          (the data are counts, which --loss negative_binomial forecasts as such)")


def print_ends(panel, missing):
    """Say it where series end in values that nobody observed."""
    rows = np.where(np.isnan(panel.values).all(axis=1), 0, np.arange(len(panel.values)))
    n_unknown = panel.bounds[1:] - 1 - np.maximum.reduceat(rows, panel.bounds[:-1])
    n_series = int(np.count_nonzero(n_unknown))
    repeated = ": the last known one is repeated" if missing == "interpolate" else ""
    if n_series and panel.n_series == 1:
        n = n_unknown[0]
        print(f"          the last {'value is' if n == 1 else f'{n} values are'} unknown{repeated}")
    elif n_series:
        ends = f"end{'s' * (n_series == 1)} in {'up to ' * (n_series > 1)}"
        print(f"          {n_series} series {ends}{how_many(n_unknown.max(), 'unknown value')}{repeated}")


def span(stamps):
    """Return stamps as their number, the first and the last."""
    stamps = pd.Index(stamps)
    return f"{how_many(len(stamps), 'point')}, {when(stamps[0])} to {when(stamps[-1])}"


def how_long(n):
    """Return what follows "the last" or "the next" of so many steps."""
    return "step" if n == 1 else f"{n} steps"


def when(stamp):
    """Return a stamp without a time of day that is midnight."""
    return str(stamp).removesuffix(" 00:00:00")


def _number(value):
    return f"{value:.4g}"
