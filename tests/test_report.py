"""The report holds each series and step against the seasonal naive forecast, on rows that training has not seen."""

import warnings

import numpy as np
import pandas as pd
import pytest
from refusals import refused

import tsrnn

N, HORIZON, SEASON, N_VALIDATION = 60, 3, 12, 8
MONTHS = pd.date_range("2019-01-01", periods=N + 3, freq="MS")
RNG = np.random.default_rng(2)
TREND = pd.DataFrame({"up": np.arange(N + 3.0), "noise": RNG.normal(size=N + 3)}, MONTHS)
WIDE = TREND[:N]


def forecaster(**changes):
    settings = {"lookback": 6, "hidden_layer_sizes": 4, "max_iter": 2, "random_state": 0}
    settings |= {"validation_fraction": N_VALIDATION / N}
    return tsrnn.RNNForecaster(HORIZON, **settings | changes)


def quiet_report(model):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        return model.report()


def expected_errors(model, values, series=0):
    """Return the mean absolute errors of a forecaster and of the last season, by step, in the last rows."""
    rows = np.arange(N - N_VALIDATION, N - HORIZON + 1)
    targets = rows[:, None] + np.arange(HORIZON)
    own = model._forecasts_from(np.full(len(rows), series), rows)[:, :, 0]
    return np.abs(own - values[targets]).mean(axis=0), np.abs(values[targets - SEASON] - values[targets]).mean(axis=0)


@pytest.mark.parametrize("members", [1, 2])
@pytest.mark.parametrize("refit", [True, False])
def test_errors_are_those_of_the_networks_that_have_not_seen_the_validation_part(refit, members):
    unseeing = forecaster(refit=False, n_members=members).fit(WIDE)
    table = quiet_report(forecaster(refit=refit, n_members=members).fit(WIDE))
    assert list(table.columns) == ["unique_id", "step", "n", "MAE", "naive_MAE", "skill"]
    assert list(table["unique_id"]) == ["up"] * HORIZON + ["noise"] * HORIZON
    for s, name in enumerate(WIDE):
        own, naive = expected_errors(unseeing, WIDE[name].to_numpy(), s)
        mine = table[table["unique_id"] == name]
        assert (mine["step"].tolist(), set(mine["n"])) == ([1, 2, 3], {N_VALIDATION - HORIZON + 1})
        np.testing.assert_allclose(mine["MAE"], own, rtol=1e-12)  # sums in another order
        np.testing.assert_allclose(mine["naive_MAE"], naive, rtol=1e-12)
        np.testing.assert_allclose(mine["skill"], 1 - own / naive, rtol=1e-9)  # where it is near zero, digits go


def test_every_format_has_the_same_report_in_its_own_names():
    long = WIDE.rename_axis("month").reset_index().melt("month", var_name="shop", value_name="sold")
    of_long = quiet_report(forecaster(id_col="shop", time_col="month", target="sold").fit(long))
    expected = quiet_report(forecaster().fit(WIDE))
    assert list(of_long.columns)[:2] == ["shop", "step"]
    np.testing.assert_array_equal(of_long.to_numpy(), expected.to_numpy())
    alone = quiet_report(forecaster().fit(WIDE["noise"]))
    assert list(alone.columns) == ["step", "n", "MAE", "naive_MAE", "skill"]
    joint = quiet_report(forecaster(target=["up", "noise"]).fit(WIDE))
    assert list(joint["target"]) == ["up"] * HORIZON + ["noise"] * HORIZON
    np.testing.assert_array_equal(joint["naive_MAE"], expected["naive_MAE"])


def test_later_rows_and_other_weights_change_no_report():
    model = forecaster().fit(WIDE)
    before = quiet_report(model)
    model.update(TREND[N:])
    model.set_weights({name: 0 * value for name, value in model.get_weights().items()})
    pd.testing.assert_frame_equal(quiet_report(model), before)


def test_rows_after_a_hole_and_missing_truths_are_left_out():
    holed = WIDE["noise"].where(~np.isin(np.arange(N), [N - 5, N - 1]))
    table = quiet_report(forecaster(missing="mask").fit(holed))
    # From rows 52 ... 57, of which 56 is after the hole; steps end on the holes in rows 55 and 59.
    assert table["n"].tolist() == [4, 4, 3]
    assert np.isfinite(table["skill"]).all()


def test_a_series_without_skill_is_named_and_one_with_skill_is_not():
    drift = forecaster(max_iter=20, early_stopping=True)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert (drift.fit(WIDE["up"]).report()["skill"] > 0).all()
    flat = pd.Series(np.tile(RNG.normal(size=SEASON), 5), MONTHS[:N], name="flat")  # the last season is perfect
    with pytest.warns(
        UserWarning, match="no skill on the validation part: the mean absolute error is .* SeasonalNaive 0"
    ):
        forecaster().fit(flat).report()
    with pytest.warns(UserWarning, match=r"1 of 2 are forecast no better than by SeasonalNaive \('flat'\)"):
        drift.fit(WIDE[["up"]].assign(flat=flat)).report()


def test_without_a_part_held_out_there_is_no_report():
    refused(
        ValueError,
        ["held out for validation", "early_stopping=True"],
        forecaster(early_stopping=False).fit(WIDE).report,
    )


def test_a_series_too_short_to_hold_a_part_out_has_no_numbers():
    short = WIDE.where((np.arange(N) >= N - 6)[:, None] | [True, False])
    table = quiet_report(forecaster().fit(short))
    assert table["n"].tolist() == [N_VALIDATION - HORIZON + 1] * 3 + [0] * 3
    assert table["skill"].isna().tolist() == [False] * 3 + [True] * 3
