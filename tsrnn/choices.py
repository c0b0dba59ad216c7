"""What "auto" means: rules on the clock and on how much there is to learn from, and one trial on the held-out part."""

import math
from dataclasses import dataclass

import numpy as np

LOOKBACK_FACTOR = 1.25
LONGEST_SEASON = 400  # a longer season (the 1,440 minutes of a day) would make windows that train for hours
LONG_LOOKBACK = 96  # steps from which on those of a season are read as one, and a level is the last value first
TRIAL_SHARE = 4  # a trial makes so many times fewer epochs
MOST_ORIGINS = 512  # that a trial is judged by
AUTO = {
    "learning_rate": 3e-3,
    "linear_skip": True,
    "loss": "absolute_error",
    "scaler": "standard",
    "schedule": "cosine",
}


@dataclass(frozen=True)
class Recipe:
    """What is done to series before a network sees them; the arguments of these names of the forecaster."""

    target_transform: object
    window_norm: str | None

    def __str__(self):
        return f"target_transform={self.target_transform!r}, window_norm={self.window_norm!r}"


@dataclass(frozen=True)
class Sizes:
    """How large a network is, and in which portions it learns; arguments of the forecaster, and what follows them.

    Parameters
    ----------
    n_updates : int
        That a training makes about.
    n_seeds : int
        Networks of each recipe.
    ends_early : bool
        Whether a refit ends with the epoch that was best on what had been held out. Of many windows a network sees
        most but once or twice, and the learning rate should come to its end.
    """

    hidden_layer_sizes: tuple
    batch_size: int
    windows_per_epoch: int | None
    n_updates: int
    n_seeds: int
    ends_early: bool


FEW_WINDOWS = Sizes((32,), 32, None, 5000, 3, True)
FEW_LONG_WINDOWS = Sizes((32,), 64, None, 2400, 1, True)
MANY_WINDOWS = Sizes((64,), 128, 15_360, 2400, 1, False)
FEWEST_STEPS = 8  # of a window whose mean may be its level
MANY, MANY_STEPS = 16_384, 2**19  # of windows; of the steps of all windows together
FEWEST_EPOCHS, MOST_EPOCHS = 5, 100


def is_auto(value):
    """Return whether an argument is left to this room."""
    return isinstance(value, str) and value == "auto"


def resolve(name, value):
    """Return `value`, or the constant that "auto" means for this argument."""
    return AUTO[name] if is_auto(value) else value


def resolve_lookback(lookback, horizon, seasons, n_rows):
    """Return `lookback`, or for "auto" 1.25 times the longer of horizon and season, rounded up; all in steps.

    The rule is that of Hewamalage, Bergmeir and Bandara 2021. Where the clock has a day and a week, two weeks are seen,
    if that leaves half of the rows of a usual series to forecast. Of a season at most 400 steps are counted.

    Parameters
    ----------
    lookback : int or "auto"
    horizon : int
    seasons : tuple of int
        Steps of each season, the shortest first.
    n_rows : float
        Of a usual series.
    """
    if not is_auto(lookback):
        return int(lookback)
    usual = math.ceil(LOOKBACK_FACTOR * max(horizon, min(seasons[0], LONGEST_SEASON)))
    longest = 2 * min(seasons[-1], LONGEST_SEASON)
    return max(usual, longest) if len(seasons) > 1 and 2 * longest <= n_rows else usual


def resolve_patch(patch_size, lookback, season):
    """Return `patch_size`, or for "auto" the steps of a season where windows are long and hold several; else 1."""
    if not is_auto(patch_size):
        return int(patch_size)
    return season if 1 < season <= lookback // 4 and lookback >= LONG_LOOKBACK else 1


def sizes_for(n_windows, lookback):
    """Return the Sizes for so many windows to learn from, of so many steps."""
    if n_windows >= MANY:
        return MANY_WINDOWS
    return FEW_WINDOWS if n_windows * lookback < MANY_STEPS else FEW_LONG_WINDOWS


def resolve_max_iter(max_iter, n_windows, batch_size, n_updates=FEW_WINDOWS.n_updates):
    """Return `max_iter`, or for "auto" the epochs that make about so many updates, at least 5 and at most 100.

    What a network has learnt depends on its updates; with a fixed number of epochs a long series would train for hours.
    """
    if not is_auto(max_iter):
        return max_iter
    n_batches = math.ceil(n_windows / batch_size)
    return min(max(math.ceil(n_updates / n_batches), FEWEST_EPOCHS), MOST_EPOCHS)


def recipes(target_transform, window_norm, season, is_positive, lookback, scaler="standard"):
    """Return what is to be tried: several ways, each of one or more recipes whose forecasts are averaged.

    The season is taken out, as far as series show one. Where no value is negative, some networks learn from
    logarithms, the others from the values. A window's level is that of all of it, or its last value, which is tried
    first where windows are so long that series drift within them, and alone where they have fewer than eight steps.

    Parameters
    ----------
    target_transform, window_norm : object
        The arguments; what is not "auto" is in every recipe.
    season : int
        Steps of the season; 1 for none.
    is_positive : bool
        Whether no value to learn from is negative.
    lookback : int
    scaler : object
        The argument: without one windows are not divided by their deviation.

    Returns
    -------
    list of tuple of Recipe
        The first way is taken where nothing can be tried.
    """
    if is_auto(target_transform):
        seasonal = ["deseasonalise"] if season > 1 else []
        raw, log = (seasonal or [None])[0], ["signed_log1p", *seasonal]
        transforms = [log if seasonal else log[0], raw] if is_positive else [raw]
    else:
        transforms = [target_transform]
    if not is_auto(window_norm):
        return [tuple(Recipe(transform, window_norm) for transform in transforms)]
    last = tuple(Recipe(transform, "last") for transform in transforms)
    if lookback < FEWEST_STEPS:
        return [last]
    over_all = ["mean", "standard"][-len(transforms) :] if scaler is not None else ["mean", "mean"]
    windowed = tuple(Recipe(*pair) for pair in zip(transforms, over_all, strict=False))
    return [windowed, last] if lookback < LONG_LOOKBACK else [last, windowed]


def trial_errors(member, series, n_training, horizon, season, n_threads):
    """Return the mean absolute errors of a member on what was held out, each series in units of its own.

    The unit is the mean absolute difference of the training part over a season, as in MASE (Hyndman and Koehler 2006).

    Parameters
    ----------
    member : Member
        That remembers the series.
    series : Series
    n_training : ndarray of shape (n_series,)
        Rows that it has learnt from.
    horizon, season, n_threads : int

    Returns
    -------
    ndarray of shape (n,)
        Of each series and each stretch of `horizon` rows of it to forecast from, which share few steps.
    """
    counts = np.where(n_training < series.lengths, np.maximum(series.lengths - horizon - n_training + 1, 0), 0)
    numbers = np.repeat(np.arange(len(counts)), counts)
    rows = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts) + n_training[numbers]
    some = np.unique(np.linspace(0, len(rows) - 1, min(len(rows), MOST_ORIGINS)).astype(np.int64))
    numbers, rows = numbers[some], rows[some]
    truths = series.values[series.bounds[numbers, None] + rows[:, None] + np.arange(horizon)]
    errors = np.abs(member.forecast_from(numbers, rows, n_threads)[:, :horizon] - truths)
    asked, of = np.unique(numbers, return_inverse=True)
    units = np.array([_unit(series.values[series.bounds[s] :][: n_training[s]], season) for s in asked])
    errors = np.nanmean((errors / units[of][:, None]).reshape(len(of), -1), axis=1)
    stretch = np.unique(np.column_stack([of, (rows - n_training[numbers]) // horizon]), axis=0, return_inverse=True)[1]
    return np.bincount(stretch.ravel(), errors) / np.bincount(stretch.ravel())


def best_way(errors):
    """Return the number of the way to take: the first, unless another is better by more than two standard errors.

    Parameters
    ----------
    errors : list of ndarray of shape (n,)
        Of each way, as `trial_errors` gives them.
    """
    gains = [errors[0] - of for of in errors]
    is_clear = [gain.mean() > 2 * gain.std() / np.sqrt(len(gain)) for gain in gains]
    return max(range(len(errors)), key=lambda k: gains[k].mean() if is_clear[k] else 0.0)


def _unit(values, season):
    """Return the mean absolute seasonal difference of each target, (n_targets,); 1 where there is none above zero."""
    lag = season if len(values) > season else 1
    off = np.abs(values[lag:] - values[:-lag])
    is_known = ~np.isnan(off)
    mean = np.where(is_known, off, 0).sum(axis=0) / np.maximum(is_known.sum(axis=0), 1)
    return np.where(mean > 0, mean, 1.0)
