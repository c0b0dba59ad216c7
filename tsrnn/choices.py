"""What "auto" means: rules on the clock and on how much there is to learn from, and one trial on the held-out part."""

import math
from dataclasses import dataclass, replace

import numpy as np

from .calibration import evenly_spread
from .residuals import errors_from, rolling_origins, scales_before

LOOKBACK_FACTOR = 1.25
LONGEST_SEASON = 400  # a longer season (the 1,440 minutes of a day) would make windows that train for hours
LONG_LOOKBACK = 96  # steps from which on those of a season are read as one, and a level is the last value first
TRIAL_SHARE = 4  # a trial makes so many times fewer epochs
MOST_ORIGINS = 512  # that a trial is judged by
CLEARLY = 3  # standard errors that another way must be better by
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
    scaler: object = "standard"

    def __str__(self):
        names = "target_transform", "window_norm", "scaler"
        return ", ".join(f"{name}={getattr(self, name)!r}" for name in names)


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
    dropout : float
    """

    hidden_layer_sizes: tuple
    batch_size: int
    windows_per_epoch: int | None
    n_updates: int
    n_seeds: int
    ends_early: bool
    dropout: float = 0.0


FEW_WINDOWS = Sizes((32,), 32, None, 5000, 3, True)
FEW_LONG_WINDOWS = Sizes((32,), 64, None, 2400, 1, True)
MANY_WINDOWS = Sizes((64,), 128, 15_360, 2400, 1, False)
FEW_STRETCHES = Sizes((32,), 128, 3_840, 360, 3, False, 0.3)
FEWEST_STEPS = 8  # of a window whose mean may be its level
MANY, MANY_STEPS = 16_384, 2**19  # of windows; of the steps of all windows together
MANY_SHORT = 65_536  # of windows that are short: some hundred series have ten thousands, in which there is much noise
MANY_STRETCHES = 1024  # of a horizon, which share no step
MOST_SEASONS = 100  # of a series over which its season is taken to stay the same, where much is learnt from
FEWEST_EPOCHS, MOST_EPOCHS = 5, 100


def is_auto(value):
    """Return whether an argument is left to this room."""
    return isinstance(value, str) and value == "auto"


def resolve(name, value):
    """Return `value`, or the constant that "auto" means for this argument."""
    return AUTO[name] if is_auto(value) else value


def resolve_lookback(lookback, horizon, seasons, n_rows):
    """Return `lookback`, or for "auto" 1.25 times the longer of horizon and season, rounded up; all in steps.

    The rule is that of Hewamalage, Bergmeir and Bandara 2021. Where the clock has a day and a week, two weeks are seen
    whatever the horizon, if that leaves half of the rows of a usual series to forecast: windows that grow with a long
    horizon have weights for each step of both, more than there are values to learn them from. Of a season at most 400
    steps are counted.

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
    return longest if len(seasons) > 1 and 2 * longest <= n_rows else usual


def least_seen(lookback):
    """Return how many steps the first window of a series has that is learnt from, where `lookback` are seen.

    Short windows begin half full: a short series has few of them.
    """
    return lookback if lookback >= LONG_LOOKBACK else math.ceil(lookback / 2)


def resolve_patch(patch_size, lookback, season):
    """Return `patch_size`, or for "auto" the steps of a season where windows are long and hold several; else 1."""
    if not is_auto(patch_size):
        return int(patch_size)
    return season if 1 < season <= lookback // 4 and lookback >= LONG_LOOKBACK else 1


def season_to_remove(season, lookback, lengths):
    """Return `season`, or 1 where windows are long, and many values are of series of more than a hundred seasons.

    Over so many the season changes, and what was learnt of it once is old; of many long windows a network can learn to
    read the season of today. Of fewer values it learns that less well than a season that was taken out serves.

    Parameters
    ----------
    season, lookback : int
        In steps.
    lengths : ndarray of shape (n_series,)
        Rows of each series.
    """
    lasts = lookback >= LONG_LOOKBACK and np.median(lengths) > MOST_SEASONS * season and lengths.sum() >= MANY
    return 1 if lasts else season


def sizes_for(n_windows, lookback, horizon):
    """Return the Sizes for so many windows to learn from, of so many steps, and so many to forecast.

    Long windows one step apart share nearly all they show and forecast. Where they make few stretches of a horizon that
    share no step, each is learnt from about once, with dropout: more updates learn the stretches by heart.
    """
    is_short = lookback < LONG_LOOKBACK
    if n_windows < (MANY_SHORT if is_short else MANY):
        return FEW_WINDOWS if is_short or n_windows * lookback < MANY_STEPS else FEW_LONG_WINDOWS
    return MANY_WINDOWS if is_short or n_windows >= MANY_STRETCHES * horizon else FEW_STRETCHES


def resolve_max_iter(max_iter, n_windows, batch_size, n_updates=FEW_WINDOWS.n_updates):
    """Return `max_iter`, or for "auto" the epochs that make about so many updates, at least 5 and at most 100.

    What a network has learnt depends on its updates; with a fixed number of epochs a long series would train for hours.
    """
    if not is_auto(max_iter):
        return max_iter
    n_batches = math.ceil(n_windows / batch_size)
    return min(max(math.ceil(n_updates / n_batches), FEWEST_EPOCHS), MOST_EPOCHS)


def recipes(
    target_transform, window_norm, season, has_logarithms, lookback, scaler="auto", n_series=1, has_deviations=True
):
    """Return what is to be tried: several ways, each of one or more recipes whose forecasts are averaged.

    The season is taken out, as far as series show one. Where no value is negative, some networks learn from
    logarithms, the others from the values. The logarithms of several series in short windows are scaled in two ways,
    by one scale for all and each by its own, as errors in restless series count more for the one and those in steady
    series for the other. A window's level is that of all of it, or its last value, which is tried first where windows
    are so long that series drift within them, and alone where they have fewer than eight steps.

    Parameters
    ----------
    target_transform, window_norm, scaler : object
        The arguments; what is not "auto" is in every recipe. Without a scaler windows are not divided by their
        deviation.
    season : int
        Steps of the season; 1 for none.
    has_logarithms : bool
        Whether some networks may learn from logarithms.
    lookback : int
    n_series : int
    has_deviations : bool
        Whether the values of a window may be divided by their deviation, which of a still one is none.

    Returns
    -------
    list of tuple of Recipe
        The first way is taken where nothing can be tried.
    """
    if is_auto(target_transform):
        seasonal = ["deseasonalise"] if season > 1 else []
        raw, log = (seasonal or [None])[0], ["signed_log1p", *seasonal]
        log = log if seasonal else log[0]
    else:
        raw = log = target_transform
    scale, is_short = resolve("scaler", scaler), lookback < LONG_LOOKBACK
    windowed = [Recipe(raw, "standard" if has_deviations and scale is not None else "mean", scale)]
    if is_auto(target_transform) and has_logarithms:
        pools = n_series > 1 and is_short and is_auto(scaler) and window_norm is not None
        scales = ["pooled", scale] if pools else [scale]
        first, *more = [Recipe(log, "mean", one) for one in scales]
        windowed = [first, *windowed, *more]

    def with_level(window_norm):
        return tuple(replace(recipe, window_norm=window_norm) for recipe in windowed)

    if not is_auto(window_norm):
        return [with_level(window_norm)]
    if lookback < FEWEST_STEPS:
        return [with_level("last")]
    return [tuple(windowed), with_level("last")][:: 1 if is_short else -1]


def trial_errors(forecast, panel, n_training, horizon):
    """Return the mean absolute errors of forecasts of what was held out, each series in units of its own.

    The unit is the mean absolute difference of the training part over a season, as in MASE (Hyndman and Koehler 2006).

    Parameters
    ----------
    forecast : callable
        As :func:`tsrnn.residuals.errors_from` takes it.
    panel : Panel
    n_training : ndarray of shape (n_series,)
        Rows of each series that were learnt from.
    horizon : int

    Returns
    -------
    ndarray of shape (n,)
        Of each series and each stretch of `horizon` rows of it to forecast from, which share few steps. Those of which
        no truth is known are left out.
    """
    series, rows = rolling_origins(panel, n_training, panel.lengths - horizon)
    some = evenly_spread(len(series), MOST_ORIGINS)
    series, rows = series[some], rows[some]
    errors = np.abs(errors_from(forecast, panel, series, rows, horizon))
    errors /= scales_before(panel, n_training, series, n_training[series])[:, np.newaxis]
    stretches = np.column_stack([series, (rows - n_training[series]) // horizon])
    places = np.unique(stretches, axis=0, return_inverse=True)[1].ravel()
    is_known = ~np.isnan(errors)
    sums, counts = (np.bincount(places, of.sum(axis=(1, 2))) for of in (np.where(is_known, errors, 0), is_known))
    return sums[counts > 0] / counts[counts > 0]


def best_way(errors):
    """Return the number of the way to take: the first, unless another is better by more than three standard errors.

    Series of a panel move together, and one network says but something of what several come to: with two standard
    errors a dozen series were often enough to take the worse way.

    Parameters
    ----------
    errors : list of ndarray of shape (n,)
        Of each way, as `trial_errors` gives them.
    """
    if not len(errors[0]):
        return 0
    gains = [errors[0] - of for of in errors]
    is_clear = [gain.mean() > CLEARLY * gain.std() / np.sqrt(len(gain)) for gain in gains]
    return max(range(len(errors)), key=lambda k: gains[k].mean() if is_clear[k] else 0.0)
