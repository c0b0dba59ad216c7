"""Intervals of a stream begin as those of its forecaster, and go with the world when it changes."""

import pickle
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from refusals import refused

from tsrnn import RNNForecaster, adapting
from tsrnn.calibration import AdaptiveLevel

N, LATER, H = 120, 40, 3
STAMPS = pd.date_range("2010-01-01", periods=N + LATER, freq="MS", name="month")
RNG = np.random.default_rng(0)
SERIES = pd.Series(10 + RNG.normal(size=N + LATER), STAMPS, name="sales")


def fit(X, horizon=H, **changes):
    options = dict(lookback=4, cell="gru", hidden_layer_sizes=4, max_iter=3, random_state=0, n_jobs=1)
    return RNNForecaster(horizon, **{**options, "validation_fraction": 0.4, **changes}).fit(X)


@pytest.mark.parametrize("state", ["window", "carried"])
def test_intervals_begin_as_those_of_the_forecaster(state):
    model = fit(SERIES[:N], state=state)
    stream = model.stream(level=(80, 90))
    pd.testing.assert_frame_equal(stream.forecast(level=(80, 90)), model.forecast(level=(80, 90)), check_exact=True)
    pd.testing.assert_frame_equal(stream.forecast(2, level=90), model.forecast(2, level=90), check_exact=True)
    pd.testing.assert_series_equal(stream.forecast(), model.forecast(), check_exact=True)


def test_forecasts_are_those_of_a_stream_without_intervals():
    model = fit(SERIES[:N])
    plain, stream = model.stream(), model.stream(level=80)
    for observation in SERIES[N : N + 6]:
        stream.forecast(level=80)
        pd.testing.assert_series_equal(
            stream.update(observation).forecast(), plain.update(observation).forecast(), check_exact=True
        )


# With 48 rows held out errors of a step ahead are 48 horizons, and need no others; those of three steps are 16.
@pytest.mark.parametrize("horizon, n_held_out, n_learnt", [(1, 48, 0), (3, 46, 68)])
def test_errors_of_late_take_the_place_of_the_oldest_and_of_what_was_learnt(horizon, n_held_out, n_learnt):
    model = fit(SERIES[:N], horizon)
    stream, made = model.stream(level=80), []
    values, n_new = model._errors.values[..., 0], [0] * horizon
    assert len(values) == n_learnt + n_held_out
    columns, scale = [list(values[:, step]) for step in range(horizon)], model._errors.scales[0, 0]
    for k, observation in enumerate(SERIES[N : N + 7]):
        h = min([3, 1, 3, 2, 0, 3, 3][k], horizon)  # steps that are asked for with an interval
        made.append(stream.forecast(h, level=80)["sales"].to_numpy() if h else [])
        stream.update(observation)
        for step in range(min(horizon, k + 1)):
            if step < len(made[k - step]):
                columns[step] = [*columns[step][1:], (observation - made[k - step][step]) / scale]
                n_new[step] += 1
                n_forgotten = n_new[step] * n_learnt // n_held_out
                columns[step][:n_forgotten] = [np.nan] * n_forgotten
    found = stream._adaptation.residuals.values[..., 0]
    np.testing.assert_allclose(found.T, columns, rtol=1e-12)  # the scale is a quotient, applied twice


@pytest.mark.parametrize("level, n_left", [(80, 46), (98, 99)])  # those held out, or as many as the level needs
def test_what_was_learnt_is_forgotten_while_as_many_errors_come_as_are_left_and_later_ones_take_its_place(
    level, n_left
):
    model = fit(SERIES[:N])
    stream, rng = model.stream(level=level), np.random.default_rng(0)
    n_all = len(model._errors.values)
    for k in range(n_all + H):
        n_known = (~np.isnan(stream._adaptation.residuals.values[:, 0])).sum()
        assert n_known == (n_all - (n_all - n_left) * k // n_left if k <= n_left else min(k, n_all))
        stream.forecast(level=level)
        stream.update(rng.normal())
    assert np.isfinite(stream._adaptation.residuals.values).all()


def test_steps_beyond_the_horizon_are_forecast_and_not_learnt_from():
    model = fit(SERIES[:N])
    stream, asked = model.stream(level=80), model.stream(level=80)
    for observation in SERIES[N : N + 2 * H]:
        with pytest.warns(UserWarning, match="longer horizon"):
            stream.forecast(2 * H, level=80)
        asked.forecast(level=80)
        stream.update(observation)
        asked.update(observation)
    pd.testing.assert_frame_equal(stream.forecast(level=80), asked.forecast(level=80), check_exact=True)


def test_levels_move_by_the_interval_that_was_forecast_for_the_observation():
    model = fit(SERIES[:N])
    stream, wished, step_size = model.stream(level=80), 0.2, 0.005
    current = wished
    for k, observation in enumerate(SERIES[N : N + 12]):
        if k % 3 < 2:  # asked at two steps of three
            lower, upper = stream.forecast(H, level=80).iloc[0, 1:]
            current += step_size * (wished - (not lower <= observation <= upper))
        stream.update(observation)
        assert stream._adaptation.levels[80].current == pytest.approx(current, abs=1e-12)  # sums in another order
    assert current != wished


def test_intervals_of_several_levels_never_cross():
    model = fit(SERIES[:N])
    stream = model.stream(level=(80, 90))
    crossed = {90: AdaptiveLevel(0.1, 0.25), 80: AdaptiveLevel(0.2, 0.05)}  # as if 80 had missed far more often
    stream._adaptation = replace(stream._adaptation, levels=crossed)
    frame = stream.forecast(level=(80, 90))
    assert (np.diff(frame[[f"sales-{side}" for side in ("lo-90", "lo-80", "hi-80", "hi-90")]]) >= 0).all()


def test_coverage_comes_back_after_the_noise_has_become_three_times_as_wide():
    rng = np.random.default_rng(1)
    stamps = pd.date_range("1900-01-01", periods=900, freq="D")
    noise = rng.normal(size=900) * np.where(np.arange(900) < 300, 1, 3)
    data = pd.Series(noise, stamps)
    model = fit(data[:200], 1)
    fixed = (model.forecast(1, level=80)["y-hi-80"] - model.forecast(1, level=80)["y"]).iloc[0]
    stream, held, misses_of_fixed = model.stream(level=80), [], 0
    for observation in noise[200:]:
        point, lower, upper = stream.forecast(1, level=80).iloc[0]
        held.append(lower <= observation <= upper)
        misses_of_fixed += abs(observation - point) > fixed
        stream.update(observation)
    # Three binomial deviations of 100 steps before the jump, and of the 400 from 200 steps after it on.
    assert abs(np.mean(held[:100]) - 0.8) < 3 * 0.04
    assert abs(np.mean(held[300:]) - 0.8) < 3 * 0.02
    assert misses_of_fixed / 700 > 0.45  # of the interval that stays: 0.67 after the jump, 0.2 before


def test_a_snapshot_keeps_the_intervals():
    model = fit(SERIES[:N])
    stream = model.stream(level=80)
    for observation in SERIES[N : N + 5]:
        stream.forecast(level=80)
        stream.update(observation)
    before, frame = stream.snapshot(), stream.forecast(level=80)
    after = stream.update(10.0).forecast(level=80)
    for snapshot in (before, pickle.loads(pickle.dumps(before))):
        for observation in (100.0, -100.0, 100.0):
            stream.update(observation).forecast(level=80)
        assert not np.allclose(stream.forecast(level=80), frame)
        pd.testing.assert_frame_equal(stream.restore(snapshot).forecast(level=80), frame, check_exact=True)
        again = stream.update(10.0).forecast(level=80)
        assert (stream._adaptation.n_new == model.stream(level=80)._adaptation.n_new + [[6], [5], [4]]).all()
        pd.testing.assert_frame_equal(again, after, check_exact=True)
    words = ["levels [80]", "this one has []", "model.stream(level=[80])"]
    refused(ValueError, words, model.stream().restore, before)


def test_missing_observations_move_nothing():
    model = fit(SERIES[:N], missing="mask")
    stream = model.stream(level=80)
    stream.forecast(level=80)
    before = stream._adaptation
    after = stream.update(np.nan)._adaptation
    np.testing.assert_array_equal(after.residuals.values, before.residuals.values)
    assert after.levels == before.levels
    assert np.isfinite(stream.forecast(level=80).to_numpy()).all()


def test_a_series_of_a_panel_has_its_own_scale_and_several_targets_a_share_each():
    wide = pd.DataFrame({"a": SERIES, "b": 50 * SERIES[::-1].to_numpy()}, STAMPS)
    model = fit(wide[:N])
    frame = model.stream("b", level=80).forecast(level=80)
    np.testing.assert_array_equal(frame, model.forecast(level=80).filter(regex="^b"))
    joint = fit(wide[:N], target=["a", "b"])
    stream = joint.stream(level=80)
    point = stream.forecast(1, level=80).iloc[0]
    stream.update([point["a"], point["b-hi-80"] + 1])  # one of two is held
    assert stream._adaptation.levels[80].current == pytest.approx(0.2 + 0.005 * (0.2 - 0.5))


def test_of_many_errors_some_are_remembered(monkeypatch):
    monkeypatch.setattr(adapting, "MOST_ORIGINS", 25)
    model = fit(SERIES[:N])
    stream = model.stream(level=80)
    stream.forecast(level=80)
    assert "_residuals" not in vars(stream._view)  # which are those of all, or of an earlier step
    values = stream._adaptation.residuals.values
    assert values.shape == (25, H, 1)
    np.testing.assert_array_equal(values, model._errors.values[-25:])


@pytest.mark.parametrize("horizon, fraction", [(1, 0.4), (3, 0.1)])  # which have enough held out, and not
def test_of_a_panel_what_was_learnt_is_forgotten_first_and_the_own_errors_of_a_series_last(
    monkeypatch, horizon, fraction
):
    panel = pd.DataFrame({name: np.roll(SERIES, k) for k, name in enumerate("abc")}, STAMPS)[:N]
    model = fit(panel, horizon, validation_fraction=fraction)
    errors, n = model._errors, len(model._errors.values) // 3
    assert errors.is_learnt.any() == (horizon == 3)
    for number, name in enumerate("abc"):
        adaptation, own = model.stream(name, level=80)._adaptation, errors.series == number
        expected = [
            errors.values[of & is_own] for of in (errors.is_learnt, ~errors.is_learnt) for is_own in (~own, own)
        ]
        np.testing.assert_array_equal(adaptation.residuals.values, np.concatenate(expected))
        assert adaptation.n_left == max((~errors.is_learnt).sum(), 39)
    monkeypatch.setattr(adapting, "MOST_ORIGINS", n + 5)
    kept = model.stream("a", level=80)._adaptation.residuals
    assert len(kept.values) == n + 5
    n_own = ((errors.series == 0) & ~errors.is_learnt).sum()
    np.testing.assert_array_equal(kept.values[-n_own:], errors.values[errors.series == 0][-n_own:])


def test_levels_that_a_stream_was_not_made_with_are_refused():
    model = fit(SERIES[:N])
    refused(ValueError, ["no intervals", "model.stream(level=[80])"], model.stream().forecast, level=80)
    refused(ValueError, ["those of [80]", "level=[90, 80]"], model.stream(level=80).forecast, level=(80, 90))
    refused(ValueError, ["percent", "write 95"], model.stream, level=0.95)
    refused(ValueError, ["99.9 %", "1,999 errors"], model.stream, level=99.9)
    words = ["an interval that adapts needs a part held out", "early_stopping=True"]
    refused(ValueError, words, fit(SERIES[:N], early_stopping=False).stream, level=80)


def test_a_level_in_the_place_of_rows_to_come_is_refused():
    stream = fit(SERIES[:N]).stream(level=80)
    for ask in (stream.forecast, stream.predict):
        refused(TypeError, ["X must be the rows to come", "level=80"], ask, 2, 80)
    refused(TypeError, ["X must be the rows to come", "level=80"], stream.forecast, 2, 80, level=80)
