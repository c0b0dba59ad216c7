"""Scores equal numbers worked out by hand, the published formulas written as plain loops, and a stored evaluator's."""

import math
import pickle
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from refusals import refused
from sklearn import config_context
from sklearn.base import BaseEstimator, RegressorMixin, clone
from sklearn.linear_model import LinearRegression
from sklearn.metrics import check_scoring
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit, cross_val_score, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from tsrnn import metrics
from tsrnn.metrics import (
    bias,
    directional_accuracy,
    forecast_scores,
    mae,
    mape,
    mase,
    naive_error,
    overall_weighted_average,
    panel_scores,
    r2,
    rmse,
    rmsse,
    scorer,
    smape,
    wape,
)
from tsrnn.metrics.grouped import naive_errors

# Sums of at most 100 float64 numbers in two orders: below 100 * 1.1e-16.
TOLERANCE = 1e-13

POOLED = {  # by the name of the scorer: sign, function
    "neg_mae": (-1, mae),
    "neg_rmse": (-1, rmse),
    "neg_abs_bias": (-1, lambda *arguments, **options: abs(bias(*arguments, **options))),
    "neg_mape": (-1, mape),
    "neg_smape": (-1, smape),
    "neg_wape": (-1, wape),
    "r2": (1, r2),
}
SCORERS = [*POOLED, "neg_mase", "neg_rmsse", "directional_accuracy"]


def plain_mean(terms):
    terms = list(terms)
    return sum(terms) / len(terms)


def plain_smape(y, f):
    """M4 competition: percent, 0 to 200; points at which both are zero are dropped."""
    return plain_mean(200 * abs(a - b) / (abs(a) + abs(b)) for a, b in zip(y, f, strict=True) if abs(a) + abs(b) > 0)


def plain_naive_error(train, lag, power=1):
    return plain_mean(abs(train[k] - train[k - lag]) ** power for k in range(lag, len(train)))


def plain_mase(train, y, f, season):
    """M4 competition, with the Monash archive's fallback to one step for series not longer than a season."""
    scale = plain_naive_error(train, season if len(train) > season else 1)
    return plain_mean(abs(a - b) for a, b in zip(y, f, strict=True)) / scale


def plain_scores(y, f, train, season):
    """All scores as loops; NaN where one is not defined."""
    pairs = list(zip(y, f, strict=True))
    moves = zip([train[-1], *y[:-1]], [train[-1], *f[:-1]], pairs, strict=True)
    squares = sum((a - b) ** 2 for a, b in pairs)
    return {
        "MAE": plain_mean(abs(a - b) for a, b in pairs),
        "RMSE": math.sqrt(squares / len(pairs)),
        "MAPE": math.nan if 0 in y else plain_mean(100 * abs((a - b) / a) for a, b in pairs),
        "sMAPE": plain_smape(y, f),
        "WAPE": 100 * sum(abs(a - b) for a, b in pairs) / sum(abs(a) for a, _ in pairs),
        "MASE": plain_mase(train, y, f, season),
        "RMSSE": math.sqrt(squares / len(pairs) / plain_naive_error(train, season, 2))
        if len(train) > season
        else math.nan,
        "bias": plain_mean(b - a for a, b in pairs),
        "R2": 1 - squares / sum((a - plain_mean(y)) ** 2 for a in y),
        "DA": plain_mean(np.sign(a - a0) == np.sign(b - b0) for a0, b0, (a, b) in moves),
    }


def draw(seed):
    rng = np.random.default_rng(seed)
    y, f, train = rng.normal(size=18), rng.normal(size=18), 5 * rng.normal(size=70)
    if seed:  # with 0 MAPE is defined
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


def test_rmsse_by_hand():
    train = [1, 5, 2, 9, 4]  # squares at lag 1: 16, 9, 49, 25, mean 99 / 4;  at lag 2: 1, 16, 4, mean 7
    assert naive_error(train, 1, power=2) == pytest.approx(99 / 4, rel=TOLERANCE)
    assert rmsse([6, 8], [5, 5], train, 1) == pytest.approx(math.sqrt(5 / (99 / 4)), rel=TOLERANCE)
    assert rmsse([6, 8], [5, 5], train, 2) == pytest.approx(math.sqrt(5 / 7), rel=TOLERANCE)


def test_other_scores_by_hand():
    y, f = [2, -4, 10], [3, -2, 9]  # errors 1, 2, -1
    assert mae(y, f) == pytest.approx(4 / 3, rel=TOLERANCE)
    assert rmse(y, f) == pytest.approx(math.sqrt(2), rel=TOLERANCE)
    assert bias(y, f) == pytest.approx(2 / 3, rel=TOLERANCE)
    assert mape(y, f) == pytest.approx((50 + 50 + 10) / 3, rel=TOLERANCE)
    assert wape(y, f) == pytest.approx(25, rel=TOLERANCE)
    # mean 8/3; squares of the distances to it 4/9, 400/9, 484/9
    assert r2(y, f) == pytest.approx(1 - 6 / (888 / 9), rel=TOLERANCE)


def test_bias_is_positive_where_the_forecast_is_too_high():
    assert bias([1, 2], [2, 4]) == 1.5
    assert bias([2, 4], [1, 2]) == -1.5


def test_mape_does_not_depend_on_the_unit_however_small():
    assert mape([2e-20, 4e-20], [3e-20, 4e-20]) == pytest.approx(mape([2, 4], [3, 4]), rel=TOLERANCE)


def test_directional_accuracy_by_hand():
    y, f = [5, 5, 3, 4, 4], [6, 4, 3, 3, 3]
    # moves of the truth: (up,) none, down, up, none; of the forecast (up,) down, down, none, none
    assert directional_accuracy(y, f) == 2 / 4
    assert directional_accuracy(y, f, 4) == 3 / 5
    assert directional_accuracy(y, f, 5.5) == 2 / 5
    assert directional_accuracy([3], [2], 1) == 1


def test_directional_accuracy_of_one_step_forecasts_is_from_the_values_each_was_made_from():
    y, f, before = [5, 5, 3, 4], [6, 6, 4, 3], [4, 5, 5, 3]
    # truth: up, none, down, up; forecast: up, up, down, none
    assert directional_accuracy(y, f, before) == 2 / 4


def test_owa_by_hand():
    y, f, naive2, train = [4, 6], [5, 6], [4, 2], [1, 2, 4]
    assert overall_weighted_average(y, naive2, naive2, train) == 1
    # sMAPE 100 / 9 of 50; MAE 1/2 of 2
    assert overall_weighted_average(y, f, naive2, train) == pytest.approx((100 / 9 / 50 + 1 / 4) / 2, rel=TOLERANCE)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("season", [1, 4, 12, 69, 70, 1000])
def test_scores_equal_the_plain_formulas(seed, season):
    y, f, train = draw(seed)
    expected = plain_scores(y, f, train, season)
    scores = forecast_scores(y, f, train, season)
    assert list(scores) == list(expected)
    assert scores == pytest.approx(expected, rel=TOLERANCE, nan_ok=True)
    assert all(type(score) is float for score in scores.values())


@pytest.mark.parametrize("seed", range(3))
def test_the_table_holds_what_the_functions_give(seed):
    y, f, train = draw(seed)
    functions = {
        "MAE": mae(y, f),
        "RMSE": rmse(y, f),
        "sMAPE": smape(y, f),
        "WAPE": wape(y, f),
        "MASE": mase(y, f, train, 12),
        "RMSSE": rmsse(y, f, train, 12),
        "bias": bias(y, f),
        "R2": r2(y, f),
        "DA": directional_accuracy(y, f, train[-1]),
    }
    if seed == 0:
        functions["MAPE"] = mape(y, f)
    scores = forecast_scores(y, f, train, 12)
    assert functions == pytest.approx({name: scores[name] for name in functions}, rel=TOLERANCE)
    assert set(scores) - set(functions) == ({"MAPE"} if seed else set())


@pytest.mark.parametrize("season", [70, 71, 1000])
def test_training_not_longer_than_a_season_is_scaled_by_one_step(season):
    y, f, train = draw(0)
    assert mase(y, f, train, season) == pytest.approx(plain_mase(train, y, f, 1), rel=TOLERANCE)
    refused(ValueError, ["70 steps", f"season={season}"], rmsse, y, f, train, season)


def test_naive_error_never_pairs_values_across_a_hole():
    # Lag 2: 1 and 4 are a pair, 20 and 50 are one; closing the holes would have paired 4 with 50.
    train = [1, np.nan, 4, 20, np.nan, 50]
    assert naive_error(train, 2) == pytest.approx((3 + 30) / 2, rel=TOLERANCE)
    masked = np.ma.masked_invalid(train)
    assert naive_error(masked, 2) == naive_error(pd.Series(train, dtype="Float64"), 2) == naive_error(train, 2)


@pytest.mark.parametrize("train", [[3, 3, 3, 3], [1], [np.nan, 1, np.nan, 2], []])
def test_scaled_scores_without_a_scale_are_an_error_and_nan_in_the_table(train):
    with pytest.raises(ValueError, match="MASE needs it to be positive"):
        mase([1, 2], [2, 1], train)
    with pytest.raises(ValueError, match="RMSSE needs"):
        rmsse([1, 2], [2, 1], train)
    scores = forecast_scores([1, 2], [2, 1], train)
    assert math.isnan(scores.pop("MASE"))
    assert math.isnan(scores.pop("RMSSE"))
    assert all(math.isfinite(score) for score in scores.values())


@pytest.mark.parametrize(
    "y, f, train, undefined",
    [
        ([0, 2], [1, 1], [1, 2], {"MAPE"}),
        ([0, 0], [1, 1], [1, 2], {"MAPE", "WAPE", "R2"}),
        ([0.1] * 3, [0.1, 0.2, 0.3], [1, 2], {"R2"}),  # whose mean is not 0.1 in floating point
        ([3], [4], [1, 2], {"R2"}),
        ([3], [4], [1, 2, np.nan], {"R2", "DA"}),  # the value before is not known
        ([3, 4], [4, 4], [1, 2, np.nan], set()),  # but within the horizon it is
    ],
)
def test_table_is_nan_just_where_a_score_is_not_defined(y, f, train, undefined):
    scores = forecast_scores(y, f, train)
    assert {name for name, score in scores.items() if math.isnan(score)} == undefined
    assert not any(math.isinf(score) for score in scores.values())


@pytest.mark.parametrize(
    "call, words",
    [
        (lambda: mape([0, 2, 0], [1, 2, 3]), ["zero at 2 of 3", "wape"]),
        (lambda: wape([0, 0], [1, 2]), ["zero at every step", "mae"]),
        (lambda: r2([4, 4, 4], [1, 2, 3]), ["4 at each of 3", "mae"]),
        (lambda: r2([4], [1]), ["at each of 1", "mae"]),
        (lambda: directional_accuracy([4], [1]), ["no move", "y_before"]),
        (lambda: directional_accuracy([4, 5], [1, 2], sample_weight=[1, 0]), ["no move", "y_before"]),
        (lambda: directional_accuracy([4, 5], [1, 2], np.nan), ["y_before", "NaN"]),
        (lambda: directional_accuracy([4, 5], [1, 2], [1, 2, 3]), ["y_before", "shape (3,)", "2 steps"]),
        (lambda: overall_weighted_average([4, 5], [1, 2], [4, 5], [1, 2]), ["y_naive2 equals y_true"]),
        (lambda: naive_error([1, np.inf, 3]), ["infinite", "row 1"]),
        (lambda: mae([1, 2], [1, 2], sample_weight=[1, -1]), ["sample_weight", "negative"]),
        (lambda: mae([1, 2], [1, 2], sample_weight=[0, 0]), ["sample_weight", "all zero"]),
        (lambda: mae([1, 2], [1, 2], sample_weight=[1, np.nan]), ["sample_weight", "finite"]),
        (lambda: mae([1, 2], [1, 2], sample_weight=[1]), ["sample_weight", "shape (1,)", "2 step"]),
    ],
)
def test_what_has_no_score_is_refused_in_one_sentence(call, words):
    refused(ValueError, words, call)


@pytest.mark.parametrize(
    "y, f, message",
    [
        ([1, 2], [1], "give the same"),
        ([[1], [2]], [1, 2], "give the same"),
        ([], [], "with points"),
        ([1, np.nan], [1, 2], "NaN"),
        ([1, 2], [np.nan, 2], "NaN"),
        ([1, 2], np.ma.masked_equal([1, 2], 2), "NaN"),
        ([1, np.inf], [1, 2], "infinite"),
        ([1, 2], [-np.inf, 2], "infinite"),
        ([[1, 2], [3, 4]], [[1, 2], [3, 4]], "panel_scores"),
        (5.0, 5.0, "one series"),
        (pd.Series([1, 2]), pd.Series([1, 2], index=[2, 1]), "different indexes"),
    ],
)
def test_scores_refuse_points_that_do_not_match(y, f, message):
    for function in (mae, rmse, bias, mape, smape, wape, r2, directional_accuracy):
        refused(ValueError, [message], function, y, f)
    for function in (mase, rmsse, forecast_scores):
        refused(ValueError, [message], function, y, f, [1, 2, 4])


@pytest.mark.parametrize(
    "values, words",
    [
        (["1", "2"], "text"),
        (np.array(["1", 2], dtype=object), "text"),
        (pd.date_range("2020", periods=2), "datetime64"),
        (np.array([1j, 2]), "complex"),
        ([None, [1]], "no array of numbers"),
        (np.array([{}, {}]), "no array of numbers"),
    ],
)
def test_what_is_no_number_is_refused_by_name(values, words):
    refused(TypeError, ["y_true", words], mae, values, [1, 2])
    refused(TypeError, ["y_pred", words], forecast_scores, [1, 2], values, [1, 2])
    refused(TypeError, ["y_train", words], mase, [1, 2], [1, 2], values)


@pytest.mark.parametrize("season, kind", [(0, ValueError), (-1, ValueError), (12.0, TypeError), (True, TypeError)])
def test_a_season_that_is_no_number_of_steps_is_refused_by_name(season, kind):
    for function in (mase, rmsse, forecast_scores):
        refused(kind, ["season"], function, [1.0], [2.0], [1.0, 2.0, 3.0], season)


def test_series_and_frames_of_one_column_are_scored_as_arrays():
    y, f, train = draw(0)
    index = pd.date_range("2020-01-01", periods=18)
    expected = forecast_scores(y, f, train)
    assert forecast_scores(pd.Series(y, index), pd.Series(f, index), pd.Series(train)) == expected
    assert forecast_scores(*(pd.DataFrame({"a": values}) for values in (y, f, train))) == expected


@pytest.mark.parametrize("name", ["mae", "rmse", "bias", "mape", "smape", "wape", "r2", "mase", "rmsse"])
def test_a_weight_counts_a_step_as_often_and_zero_not_at_all(name):
    y, f, train = draw(0)
    function, further = getattr(metrics, name), [train, 12] if name in ("mase", "rmsse") else []
    weight = np.r_[[0, 2, 3], np.ones(15, int)]
    y[0] = np.nan  # as if it were not there
    repeated = function(np.repeat(y, weight), np.repeat(f, weight), *further)
    assert function(y, f, *further, sample_weight=weight) == pytest.approx(repeated, rel=TOLERANCE)
    assert function(y[1:], f[1:], *further) != pytest.approx(repeated, rel=1e-3)  # the weights matter


def test_weights_of_the_directional_accuracy_are_those_of_the_step_that_a_move_leads_to():
    y, f = [5, 5, 3, 4, 4], [6, 4, 3, 3, 3]  # right: third and last; the first has no step before it
    assert directional_accuracy(y, f, sample_weight=[9, 1, 2, 4, 1]) == 3 / 8
    assert directional_accuracy(y, f, sample_weight=[1, 0, 2, 0, 0]) == 1


# ---- panels


def stored_panel(name):
    """Return what `reference/make_panel_scores.py` stored of one panel, by name."""
    with np.load(Path(__file__).parent / "reference" / "panel_scores.npz", allow_pickle=False) as file:
        return {key.removeprefix(f"{name}/"): file[key] for key in file if key.startswith(f"{name}/")}


def to_long(values, lengths, first, names=("unique_id", "ds", "y")):
    """Return a long frame of series of these lengths, of which the k-th begins at step first[k]."""
    ids = np.repeat([f"series {k}" for k in range(len(lengths))], lengths)
    steps = np.concatenate([start + np.arange(n) for start, n in zip(first, lengths, strict=True)])
    return pd.DataFrame(dict(zip(names, (ids, steps, np.ravel(values)), strict=True)))


def long_frames(panel):
    lengths = panel["lengths"]
    n_series, horizon = panel["test"].shape
    train = to_long(panel["train"], lengths, np.zeros(n_series, int))
    return train, *(to_long(panel[key], [horizon] * n_series, lengths) for key in ("test", "forecasts", "naive2"))


# Both sides are sums of at most 60 numbers, in two orders.
@pytest.mark.parametrize("name", ["employment", "awkward"])
def test_panel_scores_are_those_of_the_evaluator_per_series_and_on_average(name):
    panel = stored_panel(name)
    train, truths, forecasts, naive2 = long_frames(panel)
    scores, base = (panel_scores(truths, frame, train, 12) for frame in (forecasts, naive2))
    columns = {"smape": "sMAPE", "mase": "MASE", "rmsse": "RMSSE", "mae": "MAE", "rmse": "RMSE"}
    for key in ("smape", "mase", "rmsse"):
        expected = np.where(np.isinf(panel[key]), np.nan, panel[key])  # the evaluator's mean leaves both out
        np.testing.assert_allclose(scores[columns[key]], expected, rtol=TOLERANCE)
    for key, column in columns.items():
        assert scores.mean()[column] == pytest.approx(float(panel[f"panel/{key}"]), rel=TOLERANCE)
    owa = (scores.mean() / base.mean())[["sMAPE", "MASE"]].mean()
    assert owa == pytest.approx(float(panel["panel/owa"]), rel=TOLERANCE)
    assert wape(truths["y"], forecasts["y"]) == pytest.approx(100 * float(panel["panel/nd"]), rel=TOLERANCE)


def test_awkward_panel_holds_each_case_it_is_for():
    panel = stored_panel("awkward")
    assert np.isinf(panel["mase"]).sum() == 1
    assert np.isnan(panel["rmsse"]).sum() == 3
    assert (panel["lengths"] <= 12).sum() == 2
    assert (panel["test"] == 0).any()


@pytest.mark.parametrize("name", ["employment", "awkward"])
def test_a_row_of_the_panel_is_the_table_of_its_series(name):
    train, truths, forecasts, _ = long_frames(stored_panel(name))
    scores = panel_scores(truths, forecasts, train, 12)
    assert list(scores.index) == list(dict.fromkeys(truths["unique_id"]))
    assert scores.index.name == "unique_id"
    for series, row in scores.iterrows():
        truth, forecast, known = (
            frame.loc[frame["unique_id"] == series, "y"].to_numpy() for frame in (truths, forecasts, train)
        )
        assert row.to_dict() == pytest.approx(forecast_scores(truth, forecast, known, 12), rel=TOLERANCE, nan_ok=True)


def test_panel_of_series_with_holes_and_lengths_of_their_own_equals_the_tables_of_each():
    rng = np.random.default_rng(3)
    lengths, horizons = [5, 30, 17], [4, 1, 9]
    train = to_long(rng.normal(size=52), lengths, [0] * 3)
    train.loc[[2, 10, 20, 34, 51], "y"] = np.nan  # the last value of the last series, too
    truths, forecasts = (to_long(rng.normal(size=14), horizons, lengths) for _ in range(2))
    scores = panel_scores(truths, forecasts, train, 3)
    for k, series in enumerate(scores.index):
        one = [frame.loc[frame["unique_id"] == series, "y"].to_numpy() for frame in (truths, forecasts, train)]
        assert len(one[0]) == horizons[k]
        assert scores.loc[series].to_dict() == pytest.approx(forecast_scores(*one, 3), rel=TOLERANCE, nan_ok=True)


@pytest.mark.parametrize(
    "clock",
    [
        pd.date_range("2020-01-01", periods=60, freq="MS"),
        pd.date_range("2020-10-24", periods=60, freq="h", tz="Europe/Berlin"),
        pd.period_range("2020-01", periods=60, freq="M"),
        pd.RangeIndex(60),
    ],
    ids=["dates", "hours of a zone", "periods", "integers"],
)
def test_neither_the_order_of_rows_nor_names_nor_further_series_change_the_scores(clock):
    rng = np.random.default_rng(4)
    names = ("shop", "when", "sales")
    train = to_long(rng.normal(size=120), [40] * 3, [0] * 3, names)
    truths, forecasts = (to_long(rng.normal(size=10), [5] * 2, [40] * 2, names) for _ in range(2))
    for frame in (train, truths, forecasts):
        frame["when"] = clock[frame["when"]]
    options = {"id_col": "shop", "time_col": "when", "target": "sales"}
    expected = panel_scores(truths, forecasts, train, 4, **options)
    assert expected.index.name == "shop"
    frames = [frame.sample(frac=1, random_state=seed) for seed, frame in enumerate((truths, forecasts, train))]
    shuffled = panel_scores(*frames, 4, **options)
    assert list(shuffled.index) == list(dict.fromkeys(frames[0]["shop"]))  # the order of truths
    # Two sums in one order: the rows of a series are brought into that of time.
    pd.testing.assert_frame_equal(shuffled.loc[expected.index], expected, rtol=0, atol=0)
    assert not expected.isna().any(axis=None)


def test_ids_may_be_categories_or_numbers():
    train, truths, forecasts, _ = long_frames(stored_panel("employment"))
    expected = panel_scores(truths, forecasts, train, 12)
    for kind in ("category", object):
        frames = [frame.astype({"unique_id": kind}) for frame in (truths, forecasts, train)]
        pd.testing.assert_frame_equal(panel_scores(*frames, 12), expected, check_index_type=False)
    frames = [frame.assign(unique_id=frame["unique_id"].str[7:].astype(int)) for frame in (truths, forecasts, train)]
    numbered = panel_scores(*frames, 12)
    assert list(numbered.index) == list(range(22))
    np.testing.assert_array_equal(numbered, expected)


def tiny_panel():
    train = pd.DataFrame({"unique_id": list("AAABBB"), "ds": [1, 2, 3] * 2, "y": [1.0, 2, 4, 5, 1, 5]})
    truths = pd.DataFrame({"unique_id": list("AABB"), "ds": [4, 5] * 2, "y": [4.0, 5, 1, 5]})
    return truths, truths.assign(y=3.0), train


@pytest.mark.parametrize(
    "which, change, kind, words",
    [
        (0, lambda frame: frame["y"], TypeError, ["truths", "long DataFrame", "Series"]),
        (1, lambda frame: frame.drop(columns="ds"), ValueError, ["forecasts", "0 columns", "'ds'", "time_col"]),
        (
            2,
            lambda frame: frame.set_index("unique_id"),
            ValueError,
            ["train", "0 columns", "'unique_id'", "reset_index"],
        ),
        (0, lambda frame: frame.set_axis(["unique_id", "y", "y"], axis=1), ValueError, ["truths", "'ds'"]),
        (2, lambda frame: frame.assign(z=1).set_axis([*frame, "y"], axis=1), ValueError, ["train", "2 columns", "'y'"]),
        (0, lambda frame: frame.iloc[:0], ValueError, ["truths", "no rows"]),
        (1, lambda frame: frame.iloc[1:], ValueError, ["forecasts has no row", "'A' at 4"]),
        (0, lambda frame: frame.iloc[:-1], ValueError, ["truths has no row", "'B' at 5"]),
        (1, lambda frame: frame.assign(ds=[4, 5, 4, 4]), ValueError, ["forecasts", "more than one row", "'B' at 4"]),
        (2, lambda frame: frame.iloc[:3], ValueError, ["train has no rows", "'B'"]),
        (2, lambda frame: frame.assign(ds=[1, 2, 2] * 2), ValueError, ["train", "more than one row", "'A' at 2"]),
        (0, lambda frame: frame.assign(y=[1, np.nan, 2, 3]), ValueError, ["'y' of truths", "missing", "'A' at 5"]),
        (1, lambda frame: frame.assign(y=[1, 2, np.inf, 3]), ValueError, ["'y' of forecasts", "infinite", "'B' at 4"]),
        (
            2,
            lambda frame: frame.assign(y=[1, 2, np.inf, 3, 4, 5]),
            ValueError,
            ["'y' of train", "infinite", "'A' at 3"],
        ),
        (1, lambda frame: frame.assign(y=list("abcd")), TypeError, ["'y' of forecasts", "text"]),
        (0, lambda frame: frame.assign(ds=list("4545")), TypeError, ["'ds' of truths", "text", "to_datetime"]),
        (0, lambda frame: frame.assign(ds=[4, pd.Timestamp("2020"), 4, 5]), TypeError, ["'ds' of truths", "no order"]),
        (
            1,
            lambda frame: frame.assign(ds=pd.to_datetime(frame["ds"])),
            ValueError,
            ["'ds' is datetime64", "and int64"],
        ),
        (0, lambda frame: frame.assign(ds=[4, np.nan, 4, 5]), ValueError, ["'ds' of truths", "misses 1"]),
        (2, lambda frame: frame.assign(unique_id=[None, *"AABBB"]), ValueError, ["'unique_id' of train", "misses 1"]),
    ],
)
def test_a_broken_panel_is_refused_in_one_sentence(which, change, kind, words):
    frames = list(tiny_panel())
    panel_scores(*frames)
    frames[which] = change(frames[which])
    refused(kind, words, panel_scores, *frames)


def test_panel_refuses_a_season_that_is_none():
    refused(ValueError, ["season", "0"], panel_scores, *tiny_panel(), 0)


# ---- scorers


class Drift(RegressorMixin, BaseEstimator):
    """Continues each series from its last value by a constant; knows what scorers of scaled scores ask for.

    X has the number of the series in its first column and, for reading the truth, its value in the second.
    """

    def __init__(self, slope=0.0, missing="raise"):
        self.slope = slope
        self.missing = missing

    def fit(self, X, y=None):
        X = np.asarray(X, np.float64)
        values = X[:, 1] if y is None else np.asarray(y)
        self.train_ = {series: values[X[:, 0] == series] for series in np.unique(X[:, 0])}
        return self

    def predict(self, X):
        numbers = self.series_numbers(X)
        forecast = np.empty(len(numbers))
        for series, values in self.train_.items():
            rows = numbers == series
            forecast[rows] = values[-1] + self.slope * np.arange(1, rows.sum() + 1)
        return forecast

    def series_numbers(self, X):
        return np.asarray(X)[:, 0].astype(int)

    def naive_errors(self, X, power=1):
        errors = {s: np.mean(np.abs(np.diff(values)) ** power) for s, values in self.train_.items()}
        return np.array([errors[series] for series in self.series_numbers(X)])

    def read_truth(self, X):
        return np.asarray(X, np.float64)[:, 1]


def two_series(n=40, n_test=12):
    """Return X and y of a train set and of a test set, whose two series differ much in size and move."""
    rng = np.random.default_rng(5)
    numbers = np.tile([0, 1], n // 2)
    y = np.where(numbers == 0, 10 + rng.normal(size=n), 3000 + 200 * rng.normal(size=n))
    X = np.column_stack([numbers, y])
    return X[:-n_test], y[:-n_test], X[-n_test:], y[-n_test:]


@pytest.mark.parametrize("name", POOLED)
def test_unscaled_scorers_are_the_signed_function_over_all_rows(name):
    sign, function = POOLED[name]
    X_train, y_train, X, y = two_series()
    model = Drift(0.1).fit(X_train, y_train)
    weight = np.arange(12.0)
    forecast = model.predict(X)
    assert scorer(name)(model, X, y) == pytest.approx(sign * function(y, forecast), rel=TOLERANCE)
    assert scorer(name)(model, X, y, sample_weight=weight) == pytest.approx(
        sign * function(y, forecast, sample_weight=weight), rel=TOLERANCE
    )
    plain = LinearRegression().fit(X_train[:, :1], y_train)  # any regressor will do
    assert scorer(name)(plain, X[:, :1], y) == pytest.approx(sign * function(y, plain.predict(X[:, :1])), rel=TOLERANCE)


@pytest.mark.parametrize("name, function", [("neg_mase", mase), ("neg_rmsse", rmsse)])
def test_scaled_scorers_are_the_mean_over_series_of_each_ones_score(name, function):
    X_train, y_train, X, y = two_series()
    model = Drift(0.1).fit(X_train, y_train)
    forecast, weight = model.predict(X), np.r_[3.0, np.ones(10), 0]
    for weights in (None, weight):
        expected = [
            function(
                y[X[:, 0] == series],
                forecast[X[:, 0] == series],
                y_train[X_train[:, 0] == series],
                sample_weight=None if weights is None else weights[X[:, 0] == series],
            )
            for series in (0, 1)
        ]
        assert scorer(name)(model, X, y, weights) == pytest.approx(-np.mean(expected), rel=TOLERANCE)
    assert expected[0] != pytest.approx(expected[1], rel=1e-2)


def test_a_series_of_weight_zero_has_no_part_in_a_scaled_score():
    X_train, y_train, X, y = two_series()
    model = Drift().fit(X_train, y_train)
    second = X[:, 0] == 1
    assert scorer("neg_mase")(model, X, y, second) == scorer("neg_mase")(model, X[second], y[second])


def test_scaled_scores_of_a_panel_are_the_mean_of_its_table():
    X_train, y_train, X, y = two_series()
    model = Drift(0.1).fit(X_train, y_train)

    def long(X, y, first):
        return pd.DataFrame({"unique_id": X[:, 0], "ds": first + np.arange(len(y)), "y": y})

    table = panel_scores(long(X, y, 28), long(X, model.predict(X), 28), long(X_train, y_train, 0))
    assert -scorer("neg_mase")(model, X, y) == pytest.approx(table["MASE"].mean(), rel=TOLERANCE)
    assert -scorer("neg_rmsse")(model, X, y) == pytest.approx(table["RMSSE"].mean(), rel=TOLERANCE)


def test_directional_scorer_compares_each_row_with_the_one_before_it_in_its_series():
    model = Drift(1.0).fit(np.array([[0, 5.0], [0, 6], [1, 7]]))  # always up
    X = np.array([[0, 1.0], [1, 9], [0, 2], [1, 8], [0, 1], [1, 9]])
    # series 0: up, down; series 1: down, up. Side by side, 1, 9, 2, 8, 1, 9 would be up, down, up, down, up.
    assert scorer("directional_accuracy")(model, X) == 2 / 4
    assert scorer("directional_accuracy")(model, X, sample_weight=[1, 1, 2, 1, 1, 1]) == 3 / 5


def test_directional_scorer_refuses_rows_that_go_back_in_time():
    model = Drift(1.0).fit(np.array([[0, 5.0], [1, 6]]))
    score = scorer("directional_accuracy")
    days = pd.date_range("2020-01-01", periods=3)
    frame = pd.DataFrame({"series": [0, 0, 0], "value": [1.0, 3, 2]}, index=days)
    assert score(model, frame) == 1 / 2
    refused(ValueError, ["2020-01-03", "2020-01-02", "order of time"], score, model, frame.iloc[[0, 2, 1]])
    panel = pd.concat({"a": frame, "b": frame.assign(series=1)})
    assert score(model, panel) == 1 / 2
    refused(ValueError, ["order of time"], score, model, panel.iloc[::-1])
    # An index of numbers is a clock, unless the forecaster reads the clock from a column.
    numbered = frame.assign(when=[0, 1, 2]).set_axis([5, 3, 4])
    refused(ValueError, ["from 5 to 3", "order of time"], score, model, numbered)
    model.time_col = "when"
    assert score(model, numbered) == 1 / 2


@pytest.mark.parametrize("name", SCORERS)
def test_without_y_the_truth_is_what_the_forecaster_reads(name):
    X_train, y_train, X, y = two_series()
    model = Drift(0.1).fit(X_train, y_train)
    assert scorer(name)(model, X) == scorer(name)(model, X, y)
    assert scorer(name)(model, X, pd.DataFrame({"y": y})) == scorer(name)(model, X, y)


@pytest.mark.parametrize("name", SCORERS)
def test_missing_truths_are_left_out_where_the_forecaster_takes_them_and_refused_elsewhere(name):
    X_train, y_train, X, y = two_series()
    y = y.copy()
    y[[10, 11]] = np.nan  # the last of each series, so that no move leads across
    score = scorer(name)
    model = Drift(0.1, missing="interpolate").fit(X_train, y_train)
    assert score(model, X, y) == pytest.approx(score(model, X[:10], y[:10]), rel=TOLERANCE)
    refused(ValueError, ["2 missing", "missing='interpolate'"], score, Drift().fit(X_train, y_train), X, y)
    refused(ValueError, ["nothing to score"], score, model, X, np.full(12, np.nan))


def test_no_move_is_scored_from_or_to_a_missing_truth():
    model = Drift(1.0, missing="mask").fit(np.array([[0, 5.0]]))
    X = np.column_stack([np.zeros(5), [1, 2, np.nan, 3, 1]])  # up, ?, ?, down
    assert scorer("directional_accuracy")(model, X) == 1 / 2


@pytest.mark.parametrize("name", SCORERS)
def test_scorers_are_the_same_after_a_pickle_and_a_clone_and_show_how_they_are_made(name):
    X_train, y_train, X, y = two_series()
    model = Drift(0.1).fit(X_train, y_train)
    score = scorer(name)
    assert repr(score) == f"scorer({name!r})"
    for copy in (pickle.loads(pickle.dumps(score)), clone(score)):
        assert repr(copy) == repr(score)
        assert copy(model, X, y) == score(model, X, y)


def test_better_forecasts_score_higher_by_every_scorer():
    train = np.column_stack([np.zeros(20), np.arange(20.0) + np.tile([0, 0.5], 10)])
    test = np.column_stack([np.zeros(10), np.arange(20.0, 30) + np.tile([0, 0.5], 5)])
    good, bad = Drift(1.0).fit(train), Drift(-1.0).fit(train)
    for name in SCORERS:
        assert scorer(name)(good, test) > scorer(name)(bad, test)


@pytest.mark.parametrize("with_y", [True, False])
def test_searches_take_one_scorer_or_a_dict_of_them(with_y):
    X, y, _, _ = two_series(80)
    y_or_none = y if with_y else None
    splits = TimeSeriesSplit(3, test_size=6)
    single = GridSearchCV(Drift(), {"slope": [-300, 0, 300]}, scoring=scorer("neg_mase"), cv=splits)
    single.fit(X, y_or_none)
    several = GridSearchCV(
        Drift(),
        {"slope": [-300, 0, 300]},
        scoring={name: scorer(name) for name in SCORERS},
        refit="neg_mase",
        cv=splits,
    ).fit(X, y_or_none)
    assert single.best_params_ == several.best_params_ == {"slope": 0}
    np.testing.assert_array_equal(single.cv_results_["mean_test_score"], several.cv_results_["mean_test_neg_mase"])
    for name in SCORERS:
        assert np.isfinite(several.cv_results_[f"mean_test_{name}"]).all()
    by_hand = [scorer("neg_mase")(Drift().fit(X[train], y[train]), X[test], y[test]) for train, test in splits.split(X)]
    np.testing.assert_array_equal(
        cross_val_score(Drift(), X, y_or_none, scoring=scorer("neg_mase"), cv=splits), by_hand
    )
    # The search itself can be scored: the forecaster is the best one inside.
    assert scorer("neg_mase")(single, X[-6:], y[-6:]) == scorer("neg_mase")(single.best_estimator_, X[-6:], y[-6:])
    assert clone(single).scoring.name == "neg_mase"


@pytest.mark.slow  # processes start
def test_scorers_are_asked_in_other_processes():
    X, y, _, _ = two_series(80)
    scoring, splits = (
        {"MASE": scorer("neg_mase"), "DA": scorer("directional_accuracy")},
        TimeSeriesSplit(2, test_size=6),
    )
    here, there = (cross_validate(Drift(), X, y, scoring=scoring, cv=splits, n_jobs=n_jobs) for n_jobs in (1, 2))
    for name in ("test_MASE", "test_DA"):
        np.testing.assert_array_equal(here[name], there[name])


def test_in_a_pipeline_the_last_step_reads_what_the_steps_before_make_of_x():
    X_train, y_train, X, y = two_series()
    swapped = [1, 0]
    swap = FunctionTransformer(lambda X: np.asarray(X)[:, swapped])
    pipe = make_pipeline(swap, Drift(0.1)).fit(X_train[:, swapped], y_train)
    model = Drift(0.1).fit(X_train, y_train)
    for name in SCORERS:
        assert scorer(name)(pipe, X[:, swapped]) == scorer(name)(model, X)
        assert scorer(name)(make_pipeline(pipe), X[:, swapped], y) == scorer(name)(model, X, y)
    search = GridSearchCV(
        pipe, {"drift__slope": [0, 300]}, scoring=scorer("neg_mase"), cv=TimeSeriesSplit(3, test_size=4)
    )
    assert search.fit(X_train[:, swapped], y_train).best_params_ == {"drift__slope": 0}


def test_truth_read_through_a_pipeline_has_the_unit_of_its_forecasts():
    X_train, _, X, _ = two_series()
    scale = FunctionTransformer(lambda X: np.asarray(X) * [1, 1000])
    pipe, model = make_pipeline(scale, Drift()).fit(X_train), Drift().fit(X_train)
    assert scorer("neg_mae")(pipe, X) == pytest.approx(1000 * scorer("neg_mae")(model, X), rel=TOLERANCE)
    assert scorer("neg_mase")(pipe, X) == pytest.approx(scorer("neg_mase")(model, X), rel=TOLERANCE)


def test_weights_are_routed_to_scorers_that_request_them():
    X, y, _, _ = two_series(80)
    weight = np.random.default_rng(6).uniform(size=len(y))
    splits = TimeSeriesSplit(3, test_size=6)
    by_hand = [
        scorer("neg_mase")(Drift().fit(X[train], y[train]), X[test], y[test], weight[test])
        for train, test in splits.split(X)
    ]
    with config_context(enable_metadata_routing=True):
        scoring = scorer("neg_mase").set_score_request(sample_weight=True)
        with pytest.raises(TypeError, match="estimator"):  # who is scored is no metadata
            scorer("neg_mase").set_score_request(estimator=True)
        scores = cross_val_score(Drift(), X, y, scoring=scoring, cv=splits, params={"sample_weight": weight})
        unaware = scorer("neg_mase").set_score_request(sample_weight=False)
        without = cross_val_score(Drift(), X, y, scoring=unaware, cv=splits)
        several = cross_validate(
            Drift(), X, y, scoring={"a": scoring, "b": unaware}, cv=splits, params={"sample_weight": weight}
        )
    np.testing.assert_array_equal(scores, by_hand)
    assert (scores != without).all()
    np.testing.assert_array_equal(several["test_a"], scores)
    np.testing.assert_array_equal(several["test_b"], without)


def test_weights_reach_all_scorers_of_a_dict():
    X_train, y_train, X, y = two_series()
    model, weight = Drift(0.1).fit(X_train, y_train), np.arange(12.0)
    together = check_scoring(model, {name: scorer(name) for name in SCORERS})(model, X, y, sample_weight=weight)
    assert together == {name: scorer(name)(model, X, y, weight) for name in SCORERS}
    assert all(together[name] != scorer(name)(model, X, y) for name in SCORERS)


def test_series_without_a_scale_are_left_out_with_a_warning_and_all_of_them_are_an_error():
    X_train, y_train, X, y = two_series()
    flat = np.where(X_train[:, 0] == 0, 10.0, y_train)
    model, second = Drift().fit(X_train, flat), X[:, 0] == 1
    with pytest.warns(UserWarning, match="1 of 2 series") as caught:
        score = scorer("neg_mase")(model, X, y)
    assert score == scorer("neg_mase")(model, X[second], y[second])
    assert caught[0].filename == __file__
    model = Drift().fit(X_train, np.full(len(y_train), 10.0))
    refused(ValueError, ["2 of 2 series", "'neg_mae'"], scorer("neg_rmsse"), model, X, y)


@pytest.mark.parametrize(
    "name, kind, words",
    [
        ("neg_bias", ValueError, ["best at zero", "neg_abs_bias"]),
        ("mase", ValueError, ["'mase'", "neg_mase", "directional_accuracy"]),
        ("neg_mean_absolute_error", ValueError, ["neg_mae"]),
        (mase, TypeError, ["string"]),
        (["neg_mase"], TypeError, ["string"]),
    ],
)
def test_a_scorer_that_there_is_not_is_refused(name, kind, words):
    refused(kind, words, scorer, name)


def test_scorers_refuse_what_they_cannot_score_in_one_sentence():
    X_train, y_train, X, y = two_series()
    model, plain = Drift().fit(X_train, y_train), LinearRegression().fit(X_train, y_train)
    for name in ("neg_mase", "neg_rmsse", "directional_accuracy"):
        refused(TypeError, [name, "series_numbers", "LinearRegression"], scorer(name), plain, X, y)
        pipe = make_pipeline(StandardScaler(), LinearRegression()).fit(X_train, y_train)
        refused(TypeError, [name, "series_numbers", "LinearRegression"], scorer(name), pipe, X, y)
    refused(TypeError, ["read_truth", "LinearRegression", "give y"], scorer("neg_mae"), plain, X)
    refused(ValueError, ["y has 11", "predict(X) 12"], scorer("neg_mae"), model, X, y[1:])
    refused(ValueError, ["0 rows"], scorer("neg_mae"), model, X[:0], y[:0])
    refused(ValueError, ["y has shape (12, 2)"], scorer("neg_mase"), model, X, X)
    refused(ValueError, ["sample_weight", "shape (1,)"], scorer("neg_mase"), model, X, y, [1])
    refused(ValueError, ["no move"], scorer("directional_accuracy"), model, X[:2], y[:2])
    refused(ValueError, ["no move"], scorer("directional_accuracy"), model, X, y, np.arange(12) < 2)


@pytest.mark.parametrize("season", [1, 3, 20, 100])
@pytest.mark.parametrize("power", [1, 2])
def test_naive_errors_of_stretches_are_those_of_their_values_alone(season, power):
    values = np.random.default_rng(0).normal(size=60) ** 3
    values[[0, 7, 8, 30, 59]] = np.nan
    firsts, ends = (pairs.ravel() for pairs in np.meshgrid(np.arange(61), np.arange(61)))
    firsts, ends = firsts[firsts <= ends], ends[firsts <= ends]  # one row, none, overlapping, up to the end
    found = naive_errors(values, firsts, ends, season, power)
    for error, first, end in zip(found, firsts, ends, strict=True):
        lag = season if end - first > season else 1
        off = [abs(values[at] - values[at - lag]) ** power for at in range(first + lag, end)]
        known = [one for one in off if not math.isnan(one)]
        assert error == pytest.approx(sum(known) / len(known) if known else math.nan, rel=TOLERANCE, nan_ok=True)


def test_public_names_are_those_of_all():
    own = {
        name: thing
        for room in (metrics.formulas, metrics.probabilistic, metrics.tables, metrics.scorers)
        for name, thing in vars(room).items()
        if getattr(thing, "__module__", None) == room.__name__ and callable(thing) and not name.startswith("_")
    }
    assert set(metrics.__all__) == set(own) - {"ForecastScorer"}
    assert all(getattr(metrics, name) is thing for name, thing in own.items())
