"""Intervals, quantiles and paths: one layout in every format, made from errors on rows that were not learnt from."""

import math
import pickle
import warnings

import numpy as np
import pandas as pd
import pytest
from refusals import refused
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from tsrnn import RNNForecaster, SeasonalNaive, held_out, residuals
from tsrnn.spread import Spread

N, H, SEASON = 84, 3, 12
STAMPS = pd.date_range("2015-01-01", periods=N + 6, freq="MS", name="month")
RNG = np.random.default_rng(0)
TIDE = 10 + 3 * np.sin(np.arange(N + 6)[:, None] * np.pi / 6)
WIDE = pd.DataFrame(TIDE * [1, 100, 2] + RNG.normal(size=(N + 6, 3)) * [1, 100, 2], STAMPS, ["a", "b", "c"])
PAST, LATER = WIDE[:N], WIDE[N:]


def rnn(horizon=H, **changes):
    options = dict(lookback=5, cell="gru", hidden_layer_sizes=4, max_iter=3, random_state=0, n_jobs=1)
    return RNNForecaster(horizon, **{**options, "validation_fraction": 0.4, **changes})


def naive(horizon=H, **changes):
    return SeasonalNaive(horizon, **changes)


both = pytest.mark.parametrize("make", [rnn, naive])


def as_long(wide):
    long = wide.melt(ignore_index=False, var_name="shop", value_name="sold").reset_index()
    return long[["month", "sold", "shop"]]


LONG = dict(id_col="shop", time_col="month", target="sold")
# From a wide frame to the format, the arguments it needs, and the names in the columns of the answer.
FORMS = {
    "long": (as_long, LONG, ["sold"]),
    "long by time": (lambda wide: as_long(wide).sort_values(["month", "shop"]), LONG, ["sold"]),
    "levels": (lambda wide: as_long(wide).set_index(["shop", "month"])["sold"], {}, ["sold"]),
    "levels, time first": (lambda wide: as_long(wide).set_index(["month", "shop"]), LONG, ["sold"]),
}


def by_series(frame, suffixes, name="sold"):
    """Return {shop: values} of the columns with these suffixes, in a format with ids."""
    flat = frame.reset_index().sort_values("month")
    return {shop: rows[[name + suffix for suffix in suffixes]].to_numpy() for shop, rows in flat.groupby("shop")}


def interval_of(values, share):
    """Return the ranks by hand: the floor((n + 1) share)-th smallest, and the one as far from the end."""
    values = np.sort(values)
    k = int((len(values) + 1) * share + 1e-9)
    return values[k - 1], values[len(values) - k]


def width(frame, name, level):
    return (frame[f"{name}-hi-{level}"] - frame[f"{name}-lo-{level}"]).to_numpy()


# What is in the intervals


def scale_before(values, row):
    """Return the mean absolute difference of values a season apart before a row."""
    return np.abs(values[SEASON:row] - values[: row - SEASON]).mean()


def own_size(values, missed, row):
    """Return the mean error of a series known before a row, in units of its scale there, and the horizons it covers.

    `missed` are the errors of all steps, by the row that they were forecast from.
    """
    known = [start for start in missed if start + H <= row]
    if not known:
        return 1.0, 0.0
    size = np.mean([np.abs(missed[start]) for start in known]) / scale_before(values, row)
    return size, (known[-1] - known[0] + H) / H


def as_large_as_unknown(series, missed, n_learnt, scale):
    """Return errors by series and row, those of truths before row `n_learnt` times the ratio of usual sizes by hand."""

    def usual_size(is_counted):
        of_steps = [
            [abs(errors[step]) / scale(s, row) for s, of in enumerate(missed) for row, errors in of.items()
             if is_counted(row + step)]
            for step in range(H)
        ]  # fmt: skip
        return np.mean([np.mean(sorted(of_step)[: math.ceil(0.75 * len(of_step))]) for of_step in of_steps])

    ratio = usual_size(lambda row: row >= n_learnt) / usual_size(lambda row: row < n_learnt)
    assert ratio > 1.1
    return [
        {row: errors * np.where(row + np.arange(H) < n_learnt, ratio, 1) for row, errors in of.items()} for of in missed
    ]


def scaled_errors(wide, origins, forecast, n_learnt=0):
    """Return {step: errors over all series}, and the scale of each series at its end.

    `forecast` gives those of a series, its values, from a row; truths before row `n_learnt` were learnt.
    """
    series = [wide[name].to_numpy() for name in wide]
    missed = [
        {row: values[row : row + H] - forecast(s, values, row) for row in origins} for s, values in enumerate(series)
    ]
    if n_learnt > min(origins):
        missed = as_large_as_unknown(
            series, missed, n_learnt, lambda s, row: 1 if len(series) == 1 else scale_before(series[s], row)
        )
    if len(series) == 1:
        return {step: [of[step] for of in missed[0].values()] for step in range(H)}, [1.0]
    usual = np.median([own_size(values, of, N)[0] for values, of in zip(series, missed, strict=True)])

    def scale(s, row):
        size, n = own_size(series[s], missed[s], row)
        return scale_before(series[s], row) * (size / usual if n else 1.0) ** (n / (n + 4))

    errors = {
        step: [of[row][step] / scale(s, row) for s, of in enumerate(missed) for row in origins] for step in range(H)
    }
    return errors, [scale(s, N) for s in range(len(series))]


@pytest.mark.parametrize("names, first", [(["a", "b", "c"], N // 2), (["b"], SEASON)])
def test_intervals_of_seasonal_naive_are_ranks_of_its_errors_over_rolling_origins(names, first):
    data = PAST[names]
    frame = naive().fit(data).forecast(level=(90, 80))
    errors, scales = scaled_errors(data, range(first, N - H + 1), lambda s, values, row: values[row - SEASON :][:H])
    for step in range(H):
        for name, scale in zip(names, scales, strict=True):
            for level, share in ((90, 0.05), (80, 0.1)):
                lower, upper = interval_of(errors[step], share)
                found = frame[[f"{name}-lo-{level}", f"{name}-hi-{level}"]].iloc[step]
                expected = frame[name].iloc[step] + scale * np.array([lower, upper])
                np.testing.assert_allclose(found, expected, rtol=1e-9)  # sums in another order


# 39 horizons, here of 3 rows, are enough without what was learnt: 3 series have them from 39 of their 84 rows on.
@pytest.mark.parametrize(
    "names, members, fraction, first",
    [("abc", 1, 0.464, 45), ("abc", 2, 0.464, 45), ("abc", 1, 0.45, 23), ("b", 1, 0.3, 5), ("c", 2, 0.2, 5)],
)
def test_errors_of_a_network_are_those_from_before_its_refit(names, members, fraction, first):
    past, options = PAST[list(names)].copy(), dict(n_members=members, validation_fraction=fraction)
    past[-17:] += 2 * (past[-17:] - past.mean())  # wilder than what was learnt
    unseeing, model = rnn(refit=False, **options).fit(past), rnn(**options).fit(past)
    n_training = N - int(np.ceil(fraction * N))

    def forecast(s, values, row):
        return unseeing._forecasts_from(np.array([s]), np.array([row]))[0, :, 0]

    errors, scales = scaled_errors(past, range(first, N - H + 1), forecast, n_training)
    frame = model.forecast(level=80)
    assert not np.allclose(frame[names[0]], unseeing.forecast()[names[0]])
    for step in range(H):
        for name, scale in zip(past, scales, strict=True):
            ends = frame[[f"{name}-lo-80", f"{name}-hi-80"]].iloc[step] - frame[name].iloc[step]
            expected = scale * np.array(interval_of(errors[step], 0.1))
            np.testing.assert_allclose(
                ends, expected, rtol=1e-6
            )  # a difference of larger numbers, whose last digits go


@both
def test_forecasts_stay_what_they_are_and_intervals_are_nested(make):
    model = make().fit(PAST)
    frame = model.forecast(level=(80, 95, 50))
    pd.testing.assert_frame_equal(frame[["a", "b", "c"]], model.forecast(), check_exact=True)
    suffixes = ["-lo-95", "-lo-80", "-lo-50", "-hi-50", "-hi-80", "-hi-95"]
    assert list(frame) == [name + suffix for name in "abc" for suffix in ["", *suffixes]]
    for name in PAST:
        assert (np.diff(frame[[name + suffix for suffix in suffixes]].to_numpy()) >= 0).all()
    pd.testing.assert_frame_equal(frame.filter(regex="^.(|-..-80)$"), model.forecast(level=80.0), check_exact=True)


@both
def test_every_method_tells_the_same(make):
    model = make().fit(PAST)
    rows = model.future_frame()
    frame = model.predict_interval(rows, level=(80, 95))
    pd.testing.assert_frame_equal(frame, model.predict_interval(rows), check_exact=True)
    pd.testing.assert_frame_equal(frame, model.forecast(level=(80, 95)), check_exact=True)
    between = model.predict_quantiles(rows, [0.9, 0.1, 0.5])
    assert list(between)[:3] == ["a-q-0.1", "a-q-0.5", "a-q-0.9"]
    np.testing.assert_array_equal(between[["b-q-0.1", "b-q-0.9"]], frame[["b-lo-80", "b-hi-80"]])
    paths = model.sample(rows, n_paths=4000, random_state=0)
    assert list(paths)[:2] == ["a-path-0", "a-path-1"] and paths.shape == (H, 3 * 4000)
    for name in PAST:
        drawn = paths.filter(regex=f"^{name}-").to_numpy()
        lower, upper = frame[[f"{name}-lo-80", f"{name}-hi-80"]].to_numpy().T
        held = ((lower[:, None] <= drawn) & (drawn <= upper[:, None])).mean(axis=1)
        # Four binomial deviations of 4,000 draws, and what ranks round outwards, less than 1 in 50 errors on each side.
        assert (np.abs(held - 0.8) < 4 * np.sqrt(0.16 / 4000) + 0.02).all()


@both
def test_rows_come_in_any_order_and_number(make):
    model = make().fit(as_long(PAST).set_index(["shop", "month"])["sold"])
    rows = model.future_frame()
    every, some = model.predict_interval(rows), rows.iloc[[7, 0, 4]]
    pd.testing.assert_frame_equal(model.predict_interval(some), every.iloc[[7, 0, 4]], check_exact=True)
    paths = model.sample(rows, 5, random_state=1)
    pd.testing.assert_frame_equal(model.sample(some, 5, random_state=1), paths.iloc[[7, 0, 4]], check_exact=True)
    np.testing.assert_array_equal(every["sold"], model.predict(rows))


def test_rows_of_training_get_the_interval_of_the_last_step():
    model = naive().fit(PAST)
    inside, ahead = model.predict_interval(PAST[-4:], 80), model.forecast(level=80)
    np.testing.assert_array_equal(inside[list(PAST)], model.predict(PAST[-4:]))
    # Sums with other forecasts, rounded.
    np.testing.assert_allclose(width(inside, "b", 80), width(ahead, "b", 80)[-1], rtol=1e-9)


@both
def test_steps_beyond_the_horizon_are_as_wide_as_its_last_and_warn(make):
    model = make().fit(PAST)
    with pytest.warns(UserWarning, match="more than 3 steps ahead, the horizon that was fitted.*up to step 7"):
        frame = model.forecast(7, level=80)
    np.testing.assert_allclose(width(frame, "a", 80)[H:], width(frame, "a", 80)[H - 1], rtol=1e-9)  # as above
    with pytest.warns(UserWarning, match="longer horizon"):
        paths = model.sample(model.future_frame(5), 3, random_state=0)
    assert paths.shape == (5, 9)


# Formats


@both
@pytest.mark.parametrize("form", FORMS)
def test_every_format_gets_the_same_numbers_in_its_own_layout(make, form):
    convert, options, names = FORMS[form]
    model, of_wide = make(**options).fit(convert(PAST)), make().fit(PAST)
    asked = {
        "": (lambda one: one.forecast(level=80), ["", "-lo-80", "-hi-80"]),
        "rows": (lambda one: one.predict_interval(one.future_frame(), 80), ["", "-lo-80", "-hi-80"]),
        "q": (lambda one: one.predict_quantiles(one.future_frame(), 0.25), ["-q-0.25"]),
        "paths": (lambda one: one.sample(one.future_frame(), 2, random_state=3), ["-path-0", "-path-1"]),
    }
    for ask, suffixes in asked.values():
        found, expected = ask(model), ask(of_wide)
        of_shops = by_series(found, suffixes, *names)
        for shop in PAST:
            np.testing.assert_array_equal(of_shops[shop], expected[[shop + suffix for suffix in suffixes]])
    plain = model.forecast()
    frame = model.forecast(level=80)
    keys = plain.index if "levels" in form else plain[["month", "shop"]]
    assert keys.equals(frame.index if "levels" in form else frame[["month", "shop"]])
    if form == "long":
        assert list(frame) == ["month", "sold", "sold-lo-80", "sold-hi-80", "shop"]


@both
def test_a_series_alone_is_told_in_every_format(make):
    series = PAST["a"]
    expected = make().fit(series).forecast(level=80)
    assert list(expected) == ["a", "a-lo-80", "a-hi-80"] and expected.index.name == "month"
    of_frame = make().fit(series.to_frame()).forecast(level=80)
    pd.testing.assert_frame_equal(of_frame, expected, check_exact=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # no clock
        model = make(**({"season": SEASON} if make is naive else {})).fit(series.to_numpy())
    frame = model.forecast(level=80)
    assert list(frame) == ["y", "y-lo-80", "y-hi-80"] and frame.index.tolist() == [N, N + 1, N + 2]
    pd.testing.assert_frame_equal(model.predict_interval(np.zeros((H, 1)), 80), frame, check_exact=True)
    column = series.reset_index(name="y").rename(columns={"month": "ds"})
    np.testing.assert_array_equal(make().fit(column).forecast(level=80)[["y", "y-hi-80"]], expected[["a", "a-hi-80"]])


@both
def test_several_targets_stand_one_after_the_other(make):
    frame = make(target=["b", "a"]).fit(PAST[["a", "b"]]).forecast(level=80)
    assert list(frame) == ["b", "b-lo-80", "b-hi-80", "a", "a-lo-80", "a-hi-80"]
    of_long = make(target=["b", "a"]).fit(PAST[["a", "b"]].reset_index(names="ds")).forecast(level=80)
    assert list(of_long) == ["ds", *frame]
    np.testing.assert_array_equal(of_long[list(frame)], frame)
    alone = make(target=["b"]).fit(PAST[["b"]]).forecast(level=80)
    if make is naive:  # which forecasts each target by itself
        np.testing.assert_array_equal(alone, frame[list(alone)])


def test_names_become_text_and_none_twice():
    parts = PAST[["a", "b"]].set_axis(pd.MultiIndex.from_tuples([("x", 1), ("y", 2)]), axis=1)
    assert list(naive().fit(parts).forecast(level=80))[:2] == ["x_1", "x_1-lo-80"]
    assert list(naive().fit(PAST[["a"]].assign(d=PAST["c"]).set_axis([1, 2], axis=1)).forecast(level=80))[3] == "2"
    twice = PAST[["a", "b"]].set_axis(["y", "y-lo-80"], axis=1)
    refused(ValueError, ["two columns called 'y-lo-80'", "rename"], naive().fit(twice).forecast, level=80)


@pytest.mark.parametrize("state", ["window", "carried"])
def test_covariates_known_ahead_are_asked_for_and_used(state):
    data = PAST[["a"]].assign(price=np.where(np.arange(N) % 2, 1.0, -1.0))
    options = {} if state == "window" else {"past_covariates": ["price"], "state": state}
    model = rnn(target="a", **options).fit(data)
    rows = model.future_frame().assign(price=[1.0, -1.0, 1.0])
    frame = model.predict_interval(rows, 80)
    np.testing.assert_array_equal(frame["a"], model.predict(rows))
    pd.testing.assert_frame_equal(frame, model.forecast(X=rows, level=80), check_exact=True)
    if state == "window":
        refused(ValueError, ["price"], model.predict_interval, model.future_frame(), 80)


def test_bounds_hold_intervals_and_paths_too():
    high = PAST[["a"]][:-8].clip(0, 11)  # which ends in a spring tide
    model = rnn(bounds=(0, 11)).fit(high)
    frame = model.forecast(level=80)
    assert frame["a-hi-80"].tolist() == [11] * H
    paths = model.sample(model.future_frame(), 50, random_state=0).to_numpy()
    assert paths.min() >= 0
    assert paths.max() == 11
    free = rnn().fit(high).forecast(level=80)
    assert (free["a-hi-80"] > 11).all()


def test_levels_in_the_place_of_rows_to_come_are_refused():
    model = naive().fit(PAST)
    for given in (80, "80", (80, 95), [80, 95], np.array([80, 95])):
        refused(TypeError, ["X must be the rows to come", f"forecast(level={given!r})"], model.forecast, H, given)


# Pools


def test_errors_are_pooled_in_units_of_the_scale_of_each_series():
    frame = naive().fit(PAST.assign(b=PAST["a"] * 1000)).forecast(level=80)
    np.testing.assert_allclose(width(frame, "b", 80), 1000 * width(frame, "a", 80), rtol=1e-9)  # sums rounded


def test_a_series_that_never_moved_has_a_width_that_the_others_give_it():
    data = PAST[["a"]].assign(still=5.0)
    frame = naive().fit(data).forecast(level=80)
    assert 0 < width(frame, "still", 80)[0] < width(frame, "a", 80)[0]
    for unit in (1e-6, 1e6):
        of_unit = naive().fit(data * unit).forecast(level=80)
        np.testing.assert_allclose(of_unit / unit, frame, rtol=1e-9)  # sums rounded


def test_a_series_that_was_forecast_worse_than_its_changes_say_has_wider_intervals():
    noise = np.random.default_rng(3).normal(size=(N, 4))
    noise[: N // 2, 0] /= 10  # calm before the rows that are forecast, so that its mean change says too little
    data = pd.DataFrame(noise, STAMPS[:N], list("abcd"))
    frame = naive().fit(data).forecast(level=80)
    widths = [width(frame, name, 80) / scale_before(data[name].to_numpy(), N) for name in data]
    assert (widths[0] > 1.2 * np.max(widths[1:], axis=0)).all()


def test_what_is_known_of_the_errors_of_a_series_is_what_came_true_before():
    errors = np.array([[[1.0], [3.0]], [[5.0], [np.nan]], [[2.0], [2.0]], [[7.0], [9.0]]])
    series, rows = np.array([0, 0, 0, 1]), np.array([4, 5, 8, 2])  # of two steps
    of, at = np.array([0, 0, 0, 0, 1, 1]), np.array([5, 6, 7, 10, 3, 4])
    sizes, n_horizons = residuals.sizes_before(errors, series, rows, of, at)
    np.testing.assert_allclose(sizes[:, 0], [np.nan, 2, 3, 13 / 5, np.nan, 8])
    np.testing.assert_allclose(n_horizons[:, 0], [0, 1, 1.5, 3, 0, 1])


@both
def test_what_is_missing_has_no_error(make):
    holed = PAST.copy()
    holed.iloc[[N - 7, N - 20], 0] = np.nan
    model = make(missing="interpolate").fit(holed)
    assert np.isnan(model._errors.values).any()
    assert np.isfinite(model.forecast(level=80).to_numpy()).all()
    assert np.isfinite(model.sample(model.future_frame(), 3).to_numpy()).all()


def test_of_very_many_errors_those_of_origins_evenly_spread_are_kept(monkeypatch):
    monkeypatch.setattr(residuals, "MOST_RESIDUALS", 50 * H)
    model, whole = naive().fit(PAST[["a"]]), naive().fit(PAST[["a"]])
    kept = model._errors.values
    assert kept.shape == (50, H, 1)
    monkeypatch.undo()
    every = whole._errors.values
    np.testing.assert_array_equal(kept[[0, -1]], every[[0, -1]])
    assert {row.tobytes() for row in kept} < {row.tobytes() for row in every}


# When errors are made and kept


@both
def test_errors_are_made_when_first_asked_for_and_kept_by_updates(make):
    model = make().fit(PAST)
    assert "_residuals" not in vars(model)
    early = model.forecast(level=80)
    kept = vars(model)["_residuals"]
    model.update(LATER[:2])
    later = model.forecast(level=80)
    assert vars(model)["_residuals"] is kept
    np.testing.assert_allclose(width(later, "b", 80), width(early, "b", 80), rtol=1e-9)  # sums rounded
    asked_late = make().fit(PAST).update(LATER[:2])
    pd.testing.assert_frame_equal(asked_late.forecast(level=80), later, check_exact=True)


@both
def test_another_fit_forgets_them_and_one_that_fails_does_not(make):
    model = make().fit(PAST)
    before = model.forecast(level=80)
    refused(ValueError, ["missing"], model.fit, PAST.replace(PAST.iloc[50, 0], np.nan))
    pd.testing.assert_frame_equal(model.forecast(level=80), before, check_exact=True)
    model.fit(PAST * 2)
    np.testing.assert_allclose(width(model.forecast(level=80), "b", 80), 2 * width(before, "b", 80), rtol=1e-3)
    assert "_residuals" not in vars(clone(model))


@both
def test_copies_know_them_and_hold_them_once(make):
    model = make().fit(PAST)
    n_bytes = len(pickle.dumps(model))
    before = model.forecast(level=80)
    errors = model._errors
    assert (
        len(pickle.dumps(model)) < n_bytes + errors.values.nbytes + errors.scales.nbytes + errors.series.nbytes + 1000
    )  # and their names
    pd.testing.assert_frame_equal(pickle.loads(pickle.dumps(model)).forecast(level=80), before, check_exact=True)


# Paths


@both
def test_paths_follow_their_seed_and_more_begin_with_fewer(make):
    model = make().fit(PAST)
    rows = model.future_frame()
    few, more = (model.sample(rows, n, random_state=7) for n in (3, 10))
    np.testing.assert_allclose(few, more[list(few)], rtol=1e-9)  # products of matrices of other shapes
    pd.testing.assert_frame_equal(few, model.sample(rows, 3, np.random.RandomState(7)), check_exact=True)
    assert not np.allclose(few, model.sample(rows, 3, random_state=8))


@pytest.mark.parametrize("common", [0.0, 0.2, 1.0])
def test_paths_have_in_common_what_is_said(common):
    values = np.random.default_rng(3).normal(size=(2000, 4, 2))  # of four steps and two targets, all independent
    of = np.zeros(2000, np.int64)
    errors = residuals.Residuals(values, np.ones((1, 2)), of, np.full(2000, True), 1.0, common)
    places = np.arange(4)
    draws = errors.draws(20_000, 0, np.zeros(4, np.int64), places)
    correlation = np.corrcoef(draws.transpose(1, 0, 2).reshape(8, -1))
    expected = np.kron(np.eye(2), np.full((4, 4), common))
    np.fill_diagonal(expected, 1)
    # The errors have themselves correlations of some hundredths, of 2000; the draws of a hundredth.
    np.testing.assert_allclose(correlation, expected, atol=0.08)


def test_the_fewer_values_are_known_the_more_paths_have_in_common_where_little_is_held_out():
    noise = pd.DataFrame(RNG.normal(size=(400, 2)), pd.date_range("2020-01-01", periods=400), ["a", "b"])
    noise.iloc[5:9, 1] = np.nan
    for data, n_known in ((noise["a"], 400), (noise["a"][:72], 72), (noise, 796)):
        model = rnn(5, missing="mask", validation_fraction=0.1).fit(data)
        assert model._errors.n_held_out < 39 and model._errors.common == 8 / (8 + n_known)
    later = rnn(5, validation_fraction=0.1).fit(noise["a"][:-10]).update(noise["a"][-10:])
    assert later._errors.common == 8 / (8 + 390)  # of `fit` alone
    both = rnn(5, missing="mask", validation_fraction=0.1, target=["a", "b"]).fit(noise)
    assert both._errors.common == 8 / (8 + 396)  # of the target of which fewer are known
    much = rnn(1).fit(noise["a"])
    assert not much._errors.is_learnt.any() and much._errors.common == 0
    assert naive().fit(noise["a"])._errors.common == 0


def test_paths_depend_along_steps_and_not_between_series():
    steps = np.random.default_rng(1).normal(size=(400, 2)).cumsum(axis=0)  # errors that grow step by step
    data = pd.DataFrame(steps, pd.date_range("2000-01-01", periods=400, freq="YS"), ["a", "b"])
    model = naive(6).fit(data)
    paths = model.sample(model.future_frame(), 2000, random_state=0)
    a, b = (paths.filter(regex=f"^{name}-").to_numpy() for name in "ab")
    correlation = np.corrcoef(a)
    # Of a random walk k and m steps ahead sqrt(k / m), of 400 origins that overlap; shrunk.
    assert correlation[4, 5] == pytest.approx(np.sqrt(5 / 6), abs=0.1)
    assert correlation[0, 5] == pytest.approx(np.sqrt(1 / 6), abs=0.2)
    assert abs(np.corrcoef(a[5], b[5])[0, 1]) < 4 / np.sqrt(2000)


# Evidence: the truth is held as often as it should be


def autoregressions(n, n_series, slope, season, seed):
    rng, tide = np.random.default_rng(seed), np.zeros((n, n_series))
    noise = rng.normal(size=(n + 50, n_series))
    for t in range(1, n + 50):
        noise[t] += slope * noise[t - 1]
    if season:
        tide = 5 * np.sin(2 * np.pi * (np.arange(n)[:, None] / season + rng.random(n_series)))
    return pd.DataFrame(
        tide + noise[50:], pd.date_range("2000-01-01", periods=n, freq="MS"), list(map(str, range(n_series)))
    )


@pytest.mark.parametrize("slope, season", [(0.8, 0), (0.0, SEASON), (0.5, SEASON)])
@both
def test_intervals_hold_as_many_new_truths_as_they_say(make, slope, season):
    n_series, h = 200, 4
    data = autoregressions(76, n_series, slope, season, seed=1)
    model = make(h, **({"lookback": 15, "max_iter": 8, "validation_fraction": 0.1} if make is rnn else {}))
    known, truth = data[:-h], data[-h:].to_numpy()
    frame = model.fit(known).forecast(level=(80, 95))
    for level in (80, 95):
        lower, upper = (frame[[f"{name}-{side}-{level}" for name in data]].to_numpy() for side in ("lo", "hi"))
        held = ((lower <= truth) & (truth <= upper)).mean()
        # Three binomial deviations of 200 truths: series are independent, the four steps of one may be wrong together.
        share = level / 100
        assert abs(held - share) < 3 * np.sqrt(share * (1 - share) / n_series)


def test_intervals_of_a_series_alone_hold_their_share_over_many_series():
    held = []
    for seed in range(150):
        data = autoregressions(200, 1, 0.8, 0, seed=seed)
        frame = naive(6, season=1).fit(data[:-6]).forecast(level=80)
        held.append(((frame["0-lo-80"] <= data["0"][-6:]) & (data["0"][-6:] <= frame["0-hi-80"])).mean())
    # Three deviations of the mean of 150 shares, each of which deviates by 0.3, as the six steps are wrong together.
    assert abs(np.mean(held) - 0.8) < 3 * 0.3 / np.sqrt(150)


# What is refused

BAD_LEVELS = {
    "a share": (0.95, ValueError, ["percent", "0.95", "write 95"]),
    "one share of several": ([80, 0.5], ValueError, ["percent", "0.5", "write 50"]),
    "zero": (0, ValueError, ["from 1 to below 100", "got 0"]),
    "negative": (-80, ValueError, ["from 1 to below 100", "got -80"]),
    "all": (100, ValueError, ["below 100", "got 100"]),
    "more than all": (120, ValueError, ["below 100", "got 120"]),
    "NaN": (np.nan, ValueError, ["percent", "nan"]),
    "infinite": (np.inf, ValueError, ["percent", "inf"]),
    "text": ("95", TypeError, ["numbers", "'95'"]),
    "bytes": (b"95", TypeError, ["numbers", "95"]),
    "text among numbers": ([80, "95"], TypeError, ["numbers", "'95'"]),
    "bool": (True, TypeError, ["numbers", "True"]),
    "nested": ([[80, 95]], TypeError, ["numbers", "[[80, 95]]"]),
    "empty": ([], ValueError, ["level is empty", "(80, 95)"]),
    "twice": ([80, 95, 80.0], ValueError, ["80", "more than once"]),
    "too wide": (99.999, ValueError, ["99.999 %", "199,999 errors", "support levels up to 9", "ask for less"]),
}


def named(cases):
    return pytest.mark.parametrize("given, kind, words", cases.values(), ids=cases.keys())


@both
@named(BAD_LEVELS)
def test_levels_that_are_none_are_refused(make, given, kind, words):
    model = make().fit(PAST)
    refused(kind, words, model.forecast, level=given)
    refused(kind, words, model.predict_interval, model.future_frame(), given)


BAD_QUANTILES = {
    "zero": (0, ValueError, ["between 0 and 1", "got 0"]),
    "one": ([0.5, 1], ValueError, ["between 0 and 1", "got 1"]),
    "more than one": (1.5, ValueError, ["between 0 and 1", "got 1.5"]),
    "percent": ([10, 90], ValueError, ["got 10", "write 0.1"]),
    "NaN": (np.nan, ValueError, ["between 0 and 1", "nan"]),
    "text": ("0.5", TypeError, ["q must be numbers", "'0.5'"]),
    "empty": ((), ValueError, ["q is empty"]),
    "twice": ([0.1, 0.1], ValueError, ["0.1 more than once"]),
    "too far out": (1e-6, ValueError, ["quantile 1e-06", "999,999 errors", "quantiles from 0.0", "ask for less"]),
}


@both
@named(BAD_QUANTILES)
def test_quantiles_that_are_none_are_refused(make, given, kind, words):
    model = make().fit(PAST)
    refused(kind, words, model.predict_quantiles, model.future_frame(), given)


BAD_PATHS = {
    "none": (0, ValueError, ["n_paths", "from 1 on", "0"]),
    "fewer": (-3, ValueError, ["n_paths", "-3"]),
    "a share": (1.5, TypeError, ["n_paths", "whole number", "1.5"]),
    "text": ("many", TypeError, ["n_paths", "whole number", "'many'"]),
    "bool": (True, TypeError, ["n_paths", "True"]),
}


@both
@named(BAD_PATHS)
def test_numbers_of_paths_that_are_none_are_refused(make, given, kind, words):
    model = make().fit(PAST)
    refused(kind, words, model.sample, model.future_frame(), given)


@both
def test_what_is_not_fitted_has_no_interval(make):
    for ask in ("predict_interval", "predict_quantiles", "sample"):
        refused(NotFittedError, ["fit"], getattr(make(), ask), LATER)
    refused(NotFittedError, ["fit"], make().forecast, level=80)


def test_a_network_without_a_part_held_out_has_no_interval():
    model = rnn(early_stopping=False).fit(PAST)
    words = ["an interval needs a part held out for validation", "early_stopping=True"]
    refused(ValueError, words, model.forecast, level=80)
    for ask in (model.predict_interval, model.predict_quantiles, model.sample):
        refused(ValueError, words, ask, model.future_frame())
    assert len(model.forecast()) == H


def test_after_a_warm_start_nothing_is_held_out():
    model = rnn(warm_start=True).fit(PAST).fit(PAST)
    words = ["warm start began from have seen what was held out", "warm_start=False", "for an interval"]
    refused(ValueError, words, model.forecast, level=80)


def test_few_errors_are_refused_or_pooled_over_steps():
    few = rnn().fit(PAST["a"][:14])  # from rows 5 to 11: 7 origins, 21 errors of 3 steps
    assert len(few.forecast(level=80)) == H
    words = ["95 % needs 39 errors of each step", "there are 21", "levels up to 90.9", "longer series"]
    refused(ValueError, words, few.forecast, level=(80, 95))
    assert len(few.forecast(level=(80, 90.9))) == H
    words = ["there are 15 errors", "intervals need 20 at least", "longer series"]
    refused(ValueError, words, rnn().fit(PAST["a"][:12]).forecast, level=50)
    refused(ValueError, ["there are 0 errors"], naive(12).fit(PAST["a"][:20]).forecast, level=80)


def as_if_unknown(learnt, others):
    """Return what becomes of the learnt ones of errors of one step and target."""
    errors = np.array([*learnt, *others])[:, np.newaxis, np.newaxis]
    factor = held_out.enlargement(errors, np.arange(len(errors))[:, np.newaxis] < len(learnt))
    assert (factor[len(learnt) :] == 1).all()
    return (errors * factor)[: len(learnt), 0, 0]


def test_each_series_has_its_own_rows_that_are_held_out_and_learnt():
    lengths = {"b": 40, "c": 84, "a": 60, "d": 6}  # of the last not a horizon can be held out
    long = pd.concat([as_long(PAST[["a"]][:n]).assign(shop=name) for name, n in lengths.items()])
    model = rnn(**LONG).fit(long)
    names, n = list(model.panel_.ids), np.array([lengths[name] for name in model.panel_.ids])
    held_out = model._held_out("an interval")
    n_training = np.where(n > 6, n - np.ceil(0.4 * n), n)
    np.testing.assert_array_equal(held_out.first, n_training)
    np.testing.assert_array_equal(held_out.last, n - H)
    np.testing.assert_array_equal(held_out.first_of_all, np.minimum(np.maximum(5, n_training // 2), n_training))
    assert held_out.count_truths(model.panel_, H) == (n.sum(), (n - n_training)[n > 6].sum())
    errors, number = model._errors, names.index("c")
    of_c = errors.is_learnt[errors.series == number]
    assert (of_c.sum(), (~of_c).sum()) == (50 - 25, 34 - H + 1)
    assert errors.n_held_out == held_out.count_truths(model.panel_, H)[1] / H


def test_more_rows_never_take_a_level_away():
    noise = pd.Series(RNG.normal(size=150), pd.date_range("2020-01-01", periods=150))
    supported = []
    for n in (38, 39, 40, 60, 99):  # held out of a horizon of 1: more than 38 are enough without what was learnt
        model = rnn(1, validation_fraction=n / 150).fit(noise)
        paths = model.sample(model.future_frame(), 5, random_state=0)
        supported.append(model.forecast(level=(80, 95.5, 98)).iloc[0])
        assert model._errors.is_learnt.any() == (n < 39)
        assert model._errors_for(Spread.read(98)).is_learnt.any() == (n < 99)
        # Nor does it matter what was asked for before.
        pd.testing.assert_frame_equal(paths, model.sample(model.future_frame(), 5, random_state=0), check_exact=True)
    assert all(np.isfinite(of).all() for of in supported)


def test_errors_of_what_was_learnt_are_never_made_smaller_nor_up_from_none():
    np.testing.assert_array_equal(as_if_unknown([2, -2, np.nan], [1]), [2, -2, np.nan])
    np.testing.assert_array_equal(as_if_unknown([1, -1], [4]), [4, -4])
    for nothing_to_learn_of in ([np.nan], [], [0.0]):
        assert np.isnan(as_if_unknown([0.0, 0.0], nothing_to_learn_of)).all()
    assert np.isnan(as_if_unknown([0.0, 0.0, 0.0, 1e-3], [1.0])).all()  # usual are the smaller three quarters
    assert np.isnan(as_if_unknown([1.0, -1.0], [np.nan])).all()


def test_a_few_strays_among_those_held_out_are_not_everybodys():
    others = [2.0, -2, 2, -2, 2, -2, 1e6, -1e6]
    np.testing.assert_array_equal(as_if_unknown([1, -1, 1, 1e9], others), [2, -2, 2, 2e9])


@pytest.mark.parametrize("missing", ["mask", "interpolate"])
def test_errors_of_what_was_learnt_alone_are_refused(missing):
    past = PAST[["a", "b"]].copy()
    past.iloc[-33:, 1] = np.nan  # of 34 that are held out
    model = rnn(missing=missing, target=["a", "b"]).fit(past)
    past.iloc[-34:, 1] = np.nan
    with pytest.warns(UserWarning, match="is 0.33 times the horizon, .* larger validation_fraction"):
        assert len(model.forecast(level=80)) == H
    refused(ValueError, ["there are 0 errors"], rnn(missing=missing, target=["a", "b"]).fit(past).forecast, level=80)


def test_what_was_held_out_counts_where_it_is_known():
    model = rnn(1, missing="mask", validation_fraction=0.5)  # 42 rows, enough for a horizon of 1 if 39 are known
    past = PAST["a"].copy()
    past.iloc[[-5, -9, -20]] = np.nan
    assert len(model.fit(past)._errors.is_learnt) == 42 - 3  # from rows before which a value is known
    past.iloc[-30] = np.nan
    assert model.fit(past)._errors.is_learnt.sum() > 30


def test_each_step_counts_the_same_where_errors_of_what_was_learnt_are_made_larger():
    errors = np.array([[[1.0], [2.0]], [[1.0], [8.0]], [[3.0], [6.0]]])
    is_learnt = np.array([[True, True], [True, False], [False, False]])
    # Learnt are 1 and 1 of the first step, 2 of the second; not learnt 3 of the first, 8 and 6 of the second: the
    # smaller three quarters of two are both.
    expected = errors * np.where(is_learnt, (3 + 7) / (1 + 2), 1)[..., np.newaxis]
    np.testing.assert_allclose(errors * held_out.enlargement(errors, is_learnt), expected, rtol=1e-15)
