"""Scores of many series, or other groups of steps, at once, on arrays."""

import numpy as np

SCORES = ("MAE", "RMSE", "MAPE", "sMAPE", "WAPE", "MASE", "RMSSE", "bias", "R2", "DA")  # the columns of all tables


def score_series(truth, forecast, numbers, train, bounds, season):
    """Return the scores of all series at once, each as an array of shape (n_series,), NaN where it is not defined.

    Parameters
    ----------
    truth, forecast, numbers
        As in `score_groups`, each series in the order of time.
    train : ndarray of shape (n_train,)
        Series after series, likewise; NaN where not observed.
    bounds : ndarray of shape (n_series + 1,), int
        Series s was trained on train[bounds[s] : bounds[s + 1]].
    season : int
    """
    scores = score_groups(truth, forecast, numbers)
    lengths = np.diff(bounds)
    before = np.full(len(lengths), np.nan)
    before[lengths > 0] = train[bounds[1:][lengths > 0] - 1]
    right, moved = moves(truth, forecast, before, numbers)
    absolute, squared = (inverse_scale(train, bounds[:-1], bounds[1:], season, power) for power in (1, 2))
    with np.errstate(invalid="ignore"):  # 0 / 0 where nothing moved
        scores["DA"] = np.bincount(numbers, right & moved) / np.bincount(numbers, moved)
    scores |= {"MASE": scores["MAE"] * absolute, "RMSSE": scores["RMSE"] * squared}
    return {name: scores[name] for name in SCORES}


def score_groups(truth, forecast, numbers):
    """Return those scores of groups of steps that need nothing else, each as an array of shape (n_groups,).

    Parameters
    ----------
    truth, forecast : ndarray of shape (n,)
        Group after group.
    numbers : ndarray of shape (n,), int
        Which group a step belongs to, from 0; not decreasing, none left out.
    """
    counts = np.bincount(numbers)
    starts = np.cumsum(counts) - counts

    def mean(values):
        return np.bincount(numbers, values) / counts

    def defined(condition, values):
        return np.where(condition, values, np.nan)

    error = forecast - truth
    absolute, squared = mean(np.abs(error)), mean(error**2)
    size = np.abs(truth) + np.abs(forecast)
    share = np.divide(np.abs(error), size, out=np.zeros(len(size)), where=size > 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        return {
            "MAE": absolute,
            "RMSE": np.sqrt(squared),
            "MAPE": defined(mean(truth == 0) == 0, 100 * mean(np.abs(error) / np.abs(truth))),
            "sMAPE": np.where(mean(size > 0) > 0, 200 * mean(share) / mean(size > 0), 0.0),
            "WAPE": defined(mean(truth != 0) > 0, 100 * absolute / mean(np.abs(truth))),
            "bias": mean(error),
            "R2": defined(
                mean(truth != truth[starts][numbers]) > 0, 1 - squared / mean((truth - mean(truth)[numbers]) ** 2)
            ),
        }


def score_intervals(truth, lower, upper, level, numbers):
    """Return the scores of intervals of groups of steps, each as an array of shape (n_groups,).

    Parameters
    ----------
    truth, lower, upper : ndarray of shape (n,)
        Group after group.
    level : float
        Percent of the truths that the intervals are to hold.
    numbers
        As in `score_groups`.
    """
    of_steps = {
        "coverage": (lower <= truth) & (truth <= upper),
        "width": upper - lower,
        "interval_score": interval_losses(truth, lower, upper, level),
    }
    counts = np.bincount(numbers)
    return {name: np.bincount(numbers, values) / counts for name, values in of_steps.items()}


def interval_losses(truth, lower, upper, level):
    """Return for each step the width of its interval, and 2 / alpha times how far the truth is outside of it."""
    outside = np.maximum(np.maximum(lower - truth, truth - upper), 0)
    return upper - lower + 200 / (100 - level) * outside  # alpha = 1 - level / 100


def pinball_losses(truth, quantiles, q):
    """Return the pinball loss of each step and quantile, of arrays that broadcast."""
    error = truth - quantiles
    return np.maximum(q * error, (q - 1) * error)


def inverse_scale(values, firsts, ends, season, power):
    """Return what turns errors into scaled ones, MASE for power 1 and RMSSE for 2; NaN where that is not defined.

    Parameters
    ----------
    values, firsts, ends, season, power
        As in `naive_errors`.
    """
    errors = naive_errors(values, firsts, ends, season, power)
    is_defined = (errors > 0) & ((power == 1) | (ends - firsts > season))  # RMSSE has no fallback to one step
    return np.where(is_defined, errors, np.nan) ** (-1 / power)


def naive_errors(values, firsts, ends, season, power):
    """Return for stretches of rows the mean |difference|**power of values a season apart; NaN where none are observed.

    Parameters
    ----------
    values : ndarray of shape (n_rows,)
        NaN where not observed.
    firsts, ends : ndarrays of shape (n,), int
        Each stretch has the rows first ... end - 1, and may overlap others. One that is not longer than a season is
        measured over one step.
    season, power : int
    """

    def at(lag):
        differences = np.append(np.abs(values[lag:] - values[:-lag]) ** power, np.nan)  # of a row and `lag` after it
        is_known = ~np.isnan(differences)
        sums = _sum_between(np.where(is_known, differences, 0), firsts, ends - lag)
        with np.errstate(invalid="ignore"):  # 0 / 0 where there are none
            return sums / _sum_between(is_known.astype(np.int64), firsts, ends - lag)

    return np.where(ends - firsts > season, at(season), at(1))


def _sum_between(values, firsts, ends):
    """Return the sums of values[first:end]; the last value stands for no row."""
    firsts = np.minimum(firsts, len(values) - 1)
    ends = np.maximum(ends, firsts)
    sums = np.add.reduceat(values, np.column_stack([firsts, ends]).ravel())[::2]
    return np.where(ends > firsts, sums, 0)


def moves(truth, forecast, before, numbers):
    """Return for each step whether truth and forecast moved the same way, and whether both moves are known.

    Parameters
    ----------
    truth, forecast, numbers
        As in `score_groups`, each in the order of time; truth may be NaN.
    before : ndarray of shape (n_groups,) or ()
        The value before the first step of each group; NaN if not known.
    """
    is_first = np.r_[True, numbers[1:] != numbers[:-1]]
    moves = []
    for values in (truth, forecast):
        previous = np.where(is_first, np.broadcast_to(before, numbers.max() + 1)[numbers], np.roll(values, 1))
        moves.append(np.sign(values - previous))
    return moves[0] == moves[1], ~np.isnan(moves[0]) & ~np.isnan(moves[1])
