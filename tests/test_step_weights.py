"""The weight of a row is the weight of the step that it is as a target, in whichever format the rows come."""

import numpy as np
import pandas as pd
import pytest
from refusals import refused
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

import tsrnn

N, HORIZON, LOOKBACK = 40, 3, 5
HALF = 3  # of the lookback, rounded up: what the first window of a series sees
DAYS = pd.date_range("2024-01-01", periods=N, freq="D")
RNG = np.random.default_rng(0)
VALUES = RNG.normal(size=(N, 2)).cumsum(axis=0)
WEIGHTS = RNG.integers(0, 4, size=(N, 2)).astype(float)
SERIES = pd.Series(VALUES[:, 0], DAYS, name="y")
WIDE = pd.DataFrame(VALUES, DAYS, ["a", "b"])
# The rows of the two series in turn, as they come in time; stamps of one of them begin later.
LONG = WIDE.rename_axis("ds").reset_index().melt("ds", var_name="unique_id", value_name="y").assign(w=WEIGHTS.T.ravel())
LONG = LONG.sort_values(["ds", "unique_id"])[9:].reset_index(drop=True)


def forecaster(**changes):
    """Return a forecaster that learns nothing: its loss is that of the first weights."""
    settings = {"lookback": LOOKBACK, "hidden_layer_sizes": 4, "max_iter": 1, "batch_size": 1000, "dtype": "float64"}
    settings |= {"learning_rate": 1e-300, "scaler": None, "random_state": 0, "early_stopping": False}
    return tsrnn.RNNForecaster(HORIZON, **settings | changes)


def weighted_error(model, weights):
    """Return the weighted mean of the squared errors of all windows, from the forecasts of each row of each series.

    Parameters
    ----------
    weights : list of ndarray
        Of the rows of each series.
    """
    panel, errors, counted = model.panel_, [], []
    for s, w in enumerate(weights):
        values, length = panel.values[panel.bounds[s] : panel.bounds[s + 1], 0], panel.lengths[s]
        rows = np.arange(HALF, length - HORIZON + 1)
        targets = rows[:, None] + np.arange(HORIZON)
        forecasts = model._forecasts_from(np.full(len(rows), s), rows)[:, :, 0]
        errors.append(((forecasts - values[targets]) ** 2).ravel())
        counted.append(w[targets].ravel())
    return np.average(np.concatenate(errors), weights=np.concatenate(counted))


@pytest.mark.parametrize("changes", [{}, {"missing": "mask"}, {"calendar": ["weekday"]}], ids=["", "mask", "decoded"])
def test_the_loss_is_the_mean_weighted_by_the_target_step(changes):
    model = forecaster(**changes).fit(SERIES, sample_weight=WEIGHTS[:, 0])
    # Sums in another order.
    assert model.loss_curve_[0] == pytest.approx(weighted_error(model, [WEIGHTS[:, 0]]), rel=1e-12)


def test_rows_of_a_panel_keep_their_weights_in_every_format():
    index = pd.MultiIndex.from_frame(LONG[["unique_id", "ds"]])
    by_level = forecaster().fit(LONG.set_index(index)[[]], LONG.set_index(index)["y"], sample_weight=LONG["w"])
    model = forecaster().fit(LONG[["unique_id", "ds", "y"]], sample_weight=LONG["w"].to_numpy())
    expected = weighted_error(model, [LONG.loc[LONG["unique_id"] == id_, "w"].to_numpy() for id_ in model.panel_.ids])
    assert model.loss_curve_[0] == pytest.approx(expected, rel=1e-12)
    assert by_level.loss_curve_ == model.loss_curve_


def test_a_row_of_a_wide_frame_weighs_the_step_of_each_of_its_series():
    model = forecaster(missing="mask").fit(WIDE.where(np.arange(N)[:, None] >= [4, 7]), sample_weight=WEIGHTS[:, 0])
    expected = weighted_error(model, [WEIGHTS[4:, 0], WEIGHTS[7:, 0]])
    assert model.loss_curve_[0] == pytest.approx(expected, rel=1e-12)


def test_absent_stamps_move_no_weight():
    kept = np.delete(np.arange(N), [10, 11, 25])
    model = forecaster(missing="mask").fit(SERIES.iloc[kept], sample_weight=WEIGHTS[kept, 0])
    weights = WEIGHTS[:, 0].copy()
    weights[[10, 11, 25]] = 0
    model.panel_.values[:, 0] = VALUES[:, 0]  # what has no weight must only be a number
    assert model.loss_curve_[0] == pytest.approx(weighted_error(model, [weights]), rel=1e-12)


def test_the_validation_loss_is_weighted_by_the_rows_held_out():
    weights = WEIGHTS[:, 0] + 1
    plain = forecaster(early_stopping=True, refit=False).fit(SERIES)
    model = forecaster(early_stopping=True, refit=False).fit(SERIES, sample_weight=weights)
    rows = np.arange(N - 4, N - HORIZON + 1)
    targets = rows[:, None] + np.arange(HORIZON)
    errors = (model._forecasts_from(np.zeros(len(rows), int), rows)[:, :, 0] - VALUES[:, 0][targets]) ** 2
    assert model.validation_loss_curve_[0] == pytest.approx(np.average(errors, weights=weights[targets]), rel=1e-12)
    assert plain.validation_loss_curve_[0] == pytest.approx(errors.mean(), rel=1e-12)


def test_equal_weights_are_none_and_only_ratios_count():
    learns = {"learning_rate": 0.01, "max_iter": 3, "batch_size": 8, "early_stopping": True}
    fits = [None, np.ones(N), WEIGHTS[:, 0] + 1, 4 * (WEIGHTS[:, 0] + 1)]
    plain, ones, weighted, larger = (forecaster(**learns).fit(SERIES, sample_weight=w).parameters_ for w in fits)
    np.testing.assert_allclose(ones, plain, rtol=1e-12)  # the sum of ones is taken in another order
    np.testing.assert_array_equal(larger, weighted)
    assert (weighted != plain).any()


def test_a_pipeline_passes_weights_on():
    weights = WEIGHTS[:, 0]
    alone = forecaster().fit(SERIES.to_frame()[[]], SERIES, sample_weight=weights)
    pipeline = make_pipeline(FunctionTransformer(), forecaster())
    pipeline.fit(SERIES.to_frame()[[]], SERIES, rnnforecaster__sample_weight=weights)
    assert pipeline[-1].loss_curve_ == alone.loss_curve_


@pytest.mark.parametrize("make", [forecaster, tsrnn.SeasonalNaive], ids=["rnn", "naive"])
@pytest.mark.parametrize(
    "weights, words",
    [
        (np.ones(N - 1), ["sample_weight", "(39,)", "(40,)"]),
        (np.ones((N, 2)), ["sample_weight", "(40, 2)", "one number per row"]),
        (-WEIGHTS[:, 0], ["Negative values", "sample_weight"]),
        (np.where(np.arange(N) == 3, np.nan, 1.0), ["sample_weight", "NaN"]),
        (np.zeros(N), ["at least one non-zero"]),
    ],
    ids=["other length", "two columns", "negative", "NaN", "zero"],
)
def test_weights_that_do_not_fit_are_refused(make, weights, words):
    refused(ValueError, words, make().fit, SERIES, None, weights)


@pytest.mark.parametrize("changes", [{}, {"early_stopping": True}], ids=["learnt from", "held out"])
def test_weights_that_leave_nothing_to_learn_from_are_refused(changes):
    weights = np.zeros(N)
    weights[: HALF if not changes else 20] = 1
    word = "held out" if changes else "learnt from"
    refused(
        ValueError, [f"no step that is {word}", "weight above zero"], forecaster(**changes).fit, SERIES, None, weights
    )
