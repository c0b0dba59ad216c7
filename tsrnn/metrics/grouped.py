"""Scores of many series at once, on arrays."""

import numpy as np


def score_series(truth, forecast, numbers, train, train_numbers, n_series, season):
    """Return the scores of all series at once, each as an array of shape (n_series,), NaN where it is not defined.

    Parameters
    ----------
    truth, forecast : ndarray of shape (n,)
        Series after series, each in the order of time.
    numbers : ndarray of shape (n,), int
        Which series a step belongs to, from 0; not decreasing, none left out.
    train, train_numbers : ndarrays of shape (n_train,)
        Likewise; train is NaN where not observed.
    n_series, season : int
    """
    counts = np.bincount(numbers, minlength=n_series)
    starts = np.cumsum(counts) - counts
    lengths = np.bincount(train_numbers, minlength=n_series)
    before = np.full(n_series, np.nan)
    before[lengths > 0] = train[np.cumsum(lengths)[lengths > 0] - 1]

    def mean(values):
        return np.bincount(numbers, values, n_series) / counts

    def defined(condition, values):
        return np.where(condition, values, np.nan)

    error = forecast - truth
    absolute, squared = mean(np.abs(error)), mean(error**2)
    size = np.abs(truth) + np.abs(forecast)
    share = np.divide(np.abs(error), size, out=np.zeros(len(size)), where=size > 0)
    right, moved = moves(truth, forecast, before, numbers)
    scales = [naive_errors(train, train_numbers, n_series, season, power) for power in (1, 2)]
    with np.errstate(divide="ignore", invalid="ignore"):
        return {
            "MAE": absolute,
            "RMSE": np.sqrt(squared),
            "MAPE": defined(mean(truth == 0) == 0, 100 * mean(np.abs(error) / np.abs(truth))),
            "sMAPE": np.where(mean(size > 0) > 0, 200 * mean(share) / mean(size > 0), 0.0),
            "WAPE": defined(mean(truth != 0) > 0, 100 * absolute / mean(np.abs(truth))),
            "MASE": defined(scales[0] > 0, absolute / scales[0]),
            "RMSSE": defined((scales[1] > 0) & (lengths > season), np.sqrt(squared / scales[1])),
            "bias": mean(error),
            "R2": defined(
                mean(truth != truth[starts][numbers]) > 0, 1 - squared / mean((truth - mean(truth)[numbers]) ** 2)
            ),
            "DA": mean(right & moved) / mean(moved),
        }


def naive_errors(train, numbers, n_series, season, power):
    """Return for each series the mean |difference|**power of observed values a season apart; NaN if there are none.

    A series that is not longer than a season is measured over one step. Arrays as in `score_series`.
    """

    def at(lag):
        differences = np.abs(train[lag:] - train[:-lag]) ** power
        later = numbers[lag:]
        pairs = (later == numbers[:-lag]) & ~np.isnan(differences)
        with np.errstate(invalid="ignore"):  # 0 / 0 where there are none
            return np.bincount(later[pairs], differences[pairs], n_series) / np.bincount(
                later[pairs], minlength=n_series
            )

    return np.where(np.bincount(numbers, minlength=n_series) > season, at(season), at(1))


def moves(truth, forecast, before, numbers):
    """Return for each step whether truth and forecast moved the same way, and whether both moves are known.

    Parameters
    ----------
    truth, forecast, numbers
        As in `score_series`; truth may be NaN.
    before : ndarray of shape (n_series,) or ()
        The value before the first step of each series; NaN if not known.
    """
    is_first = np.r_[True, numbers[1:] != numbers[:-1]]
    moves = []
    for values in (truth, forecast):
        previous = np.where(is_first, np.broadcast_to(before, numbers.max() + 1)[numbers], np.roll(values, 1))
        moves.append(np.sign(values - previous))
    return moves[0] == moves[1], ~np.isnan(moves[0]) & ~np.isnan(moves[1])
