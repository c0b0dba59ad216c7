"""Scores equal numbers worked out by hand, and the published formulas written as plain loops."""

import math

import numpy as np
import pytest

from tsrnn.metrics import forecast_scores, mase, naive_error, smape

# Sums of at most 100 float64 numbers in two orders: below 100 * 1.1e-16.
TOLERANCE = 1e-13


def plain_smape(y, f):
    """M4 competition: percent, 0 to 200; points at which both are zero are dropped."""
    terms = [200 * abs(a - b) / (abs(a) + abs(b)) for a, b in zip(y, f, strict=True) if abs(a) + abs(b) > 0]
    return sum(terms) / len(terms)


def plain_naive_error(train, lag):
    terms = [abs(train[k] - train[k - lag]) for k in range(lag, len(train))]
    return sum(terms) / len(terms)


def plain_mase(train, y, f, season):
    """M4 competition, with the Monash archive's fallback to one step for series not longer than a season."""
    scale = plain_naive_error(train, season if len(train) > season else 1)
    return sum(abs(a - b) for a, b in zip(y, f, strict=True)) / len(y) / scale


def draw(seed):
    rng = np.random.default_rng(seed)
    y, f, train = rng.normal(size=18), rng.normal(size=18), 5 * rng.normal(size=70)
    y[3] = f[3] = 0  # a point that sMAPE drops
    return y, f, train


def test_smape_by_hand():
    # 200 * 1 / 7, 200 * 2 / 2 (opposite signs count in full), and a point dropped
    assert smape([3, 1, 0], [4, -1, 0]) == pytest.approx((200 / 7 + 200) / 2, rel=TOLERANCE)
    assert smape([5, 0], [0, 5]) == 200
    assert smape([7.0, 2.0], [7.0, 2.0]) == 0
    assert smape([0, 0], [0, 0]) == 0


def test_mase_by_hand():
    train = [1, 5, 2, 9, 4]  # lag 1: 4, 3, 7, 5, mean 19 / 4;  lag 2: 1, 4, 2, mean 7 / 3
    assert naive_error(train, 1) == pytest.approx(19 / 4, rel=TOLERANCE)
    assert mase([6, 8], [5, 5], train, 1) == pytest.approx(2 / (19 / 4), rel=TOLERANCE)
    assert mase([6, 8], [5, 5], train, 2) == pytest.approx(2 / (7 / 3), rel=TOLERANCE)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("season", [1, 4, 12, 69])
def test_scores_equal_the_plain_formulas(seed, season):
    y, f, train = draw(seed)
    scores = forecast_scores(y, f, train, season)
    expected = {
        "MAE": sum(abs(a - b) for a, b in zip(y, f, strict=True)) / 18,
        "RMSE": math.sqrt(sum((a - b) ** 2 for a, b in zip(y, f, strict=True)) / 18),
        "sMAPE": plain_smape(y, f),
        "MASE": plain_mase(train, y, f, season),
    }
    assert list(scores) == list(expected)
    assert scores == pytest.approx(expected, rel=TOLERANCE)
    assert smape(y, f) == scores["sMAPE"]
    assert mase(y, f, train, season) == scores["MASE"]


@pytest.mark.parametrize("season", [70, 71, 1000])
def test_training_not_longer_than_a_season_is_scaled_by_one_step(season):
    y, f, train = draw(0)
    assert mase(y, f, train, season) == pytest.approx(plain_mase(train, y, f, 1), rel=TOLERANCE)


def test_naive_error_never_pairs_values_across_a_hole():
    # Lag 2: 1 and 4 are a pair, 20 and 50 are one; closing the holes would have paired 4 with 50.
    train = [1, np.nan, 4, 20, np.nan, 50]
    assert naive_error(train, 2) == pytest.approx((3 + 30) / 2, rel=TOLERANCE)


@pytest.mark.parametrize("train", [[3, 3, 3, 3], [1], [np.nan, 1, np.nan, 2]])
def test_mase_without_a_scale_is_an_error_and_nan_in_the_table(train):
    with pytest.raises(ValueError, match="MASE needs it to be positive"):
        mase([1, 2], [2, 1], train)
    scores = forecast_scores([1, 2], [2, 1], train)
    assert math.isnan(scores.pop("MASE"))
    assert all(math.isfinite(score) for score in scores.values())


@pytest.mark.parametrize(
    "y, f, message",
    [
        ([1, 2], [1], "give the same"),
        ([[1], [2]], [1, 2], "give the same"),
        ([], [], "with points"),
        ([1, np.nan], [1, 2], "NaN"),
        ([1, 2], [np.nan, 2], "NaN"),
    ],
)
def test_scores_refuse_points_that_do_not_match(y, f, message):
    with pytest.raises(ValueError, match=message):
        smape(y, f)
    with pytest.raises(ValueError, match=message):
        mase(y, f, [1, 2, 4])


@pytest.mark.parametrize("season", [0, -1])
def test_a_season_that_is_no_number_of_steps_is_refused_by_name(season):
    with pytest.raises(ValueError, match="season"):
        mase([1.0], [2.0], [1.0, 2.0, 3.0], season)
