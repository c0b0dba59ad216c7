"""Forecasters that learn a distribution for each step: what it is, how it is calibrated, counts, bad values."""

import math
import pickle
from statistics import NormalDist

import numpy as np
import pandas as pd
import pytest
from refusals import refused
from scipy import stats
from sklearn.preprocessing import FunctionTransformer

from tsrnn import RNNForecaster
from tsrnn.distributions import NormalScale

RNG = np.random.default_rng(0)
N = 1200
DAYS = pd.date_range("2020-01-01", periods=N, freq="D")
LIKELIHOODS = ["normal", "student_t", "poisson", "negative_binomial"]
COUNTS = ["poisson", "negative_binomial"]
LOSSES = [*LIKELIHOODS, "quantile"]
DRAWN = {
    "normal": stats.norm(20, 3),
    "student_t": stats.t(4, 20, 3),
    "poisson": stats.poisson(6),
    "negative_binomial": stats.nbinom(2, 2 / (2 + 6)),  # of mean 6 and dispersion 1 / 2
    "quantile": stats.gumbel_r(20, 3),
}
SERIES = {loss: pd.Series(of.rvs(N, random_state=1).astype(float), DAYS, name="y") for loss, of in DRAWN.items()}
PLAIN = {"hidden_layer_sizes": 4, "lookback": 8, "max_iter": 3, "random_state": 0, "n_jobs": 1}

every = pytest.mark.parametrize("loss", LOSSES)
of_counts = pytest.mark.parametrize("loss", COUNTS)


def fit(loss, data=None, **changes):
    options = {"horizon": 2, **PLAIN, **changes}
    return RNNForecaster(loss=loss, **options).fit(SERIES[loss] if data is None else data)


def as_it_is(loss, **changes):
    """Return a forecaster that holds nothing out, so that its distributions are those of the network."""
    return fit(loss, **{"horizon": 1, "max_iter": 15, "early_stopping": False, "window_norm": None, **changes})


# What is learnt


@every
def test_the_distribution_that_data_are_drawn_from_is_recovered(loss):
    levels = [0.1, 0.25, 0.5, 0.75, 0.9]
    model = as_it_is(loss, quantile=levels)
    found = model.predict_quantiles(model.future_frame(1), levels).to_numpy()[0]
    # Of 1,200 draws a quantile at level q has the deviation sqrt(q (1 - q) / 1200) / density; a network that reads
    # them finds some of their noise, too: three times as much. A count may be the next one.
    q, of = np.array(levels), DRAWN[loss]
    if loss in COUNTS:
        lowest, highest = of.ppf(q - 0.05), of.ppf(q + 0.05)
        assert ((lowest <= found) & (found <= highest)).all()
    else:
        deviation = np.sqrt(q * (1 - q) / N) / of.pdf(of.ppf(q))
        assert (np.abs(found - of.ppf(q)) < 3 * 3 * deviation).all()


@pytest.mark.parametrize("loss, expected", [("normal", (20, 3)), ("student_t", (20, 3, 4)), ("poisson", (6,)),
                                            ("negative_binomial", (6, 0.5))])  # fmt: skip
def test_parameters_are_recovered(loss, expected):
    model = as_it_is(loss, target_transform=None, scaler=None if loss in COUNTS else "standard", n_members=3)
    scaled = model._outputs_from(np.zeros(300, np.int64), np.arange(300, 600))[:, 0, 0].mean(axis=0)
    mean, deviation = SERIES[loss].mean(), SERIES[loss].std(ddof=0)
    found = {
        "normal": lambda m, s: (mean + deviation * m, deviation * s),
        "student_t": lambda m, s, v: (mean + deviation * m, deviation * s, v),
    }.get(loss, lambda *of: of)(*scaled)
    # The deviation of a maximum-likelihood estimate from 1,200 draws is 2 to 3 % of a location in units of the scale,
    # of a scale and a mean, 8 % of a dispersion, and 15 % of four degrees of freedom; three times as much.
    relative = {"student_t": (0.03, 0.12, 0.5), "negative_binomial": (0.1, 0.25)}.get(loss, (0.03, 0.1))
    for number, wanted, tolerance in zip(found, expected, relative, strict=False):
        assert number == pytest.approx(wanted, rel=tolerance)


@every
def test_forecasts_are_means_of_counts_and_medians_of_all_else(loss):
    model = as_it_is(loss)
    rows = model.future_frame(1)
    outputs = model._outputs_ahead(np.zeros(1, np.int64), 1)[0, 0, 0]
    if loss in COUNTS:
        assert model.predict(rows)[0] == outputs[0]
    else:
        median = model.predict_quantiles(rows, 0.5).to_numpy()[0, 0]
        assert model.predict(rows)[0] == pytest.approx(median, rel=1e-12)  # restored from two arrays


def test_one_quantile_is_what_is_forecast():
    model = fit("quantile", quantile=0.9, max_iter=15, horizon=1, learning_rate=0.01)
    below = (SERIES["quantile"] < model.predict(SERIES["quantile"])).mean()
    assert below == pytest.approx(0.9, abs=3 * math.sqrt(0.09 / N) + 0.03)  # and what the held-out part moves it by


def test_levels_of_quantiles_are_the_same_in_any_order():
    orders = [fit("quantile", quantile=levels).forecast(level=80) for levels in ((0.1, 0.5, 0.9), [0.9, 0.1, 0.5, 0.1])]
    pd.testing.assert_frame_equal(*orders, check_exact=True)


# How it is calibrated


# Of 78 rows a horizon of 2 is held out 39 times, which is enough; of 76 scores of what was learnt stand beside.
@pytest.mark.parametrize("n_held_out", [78, 76])
@pytest.mark.parametrize("loss", ["normal", "student_t", "quantile"])
def test_intervals_are_the_quantiles_at_ranks_of_normal_scores_of_what_was_held_out(loss, n_held_out):
    data = SERIES[loss][:300].copy()
    data[-70:] += 2 * (data[-70:] - data.mean())  # wilder than what was learnt
    model = fit(loss, data, refit=False, validation_fraction=n_held_out / 300, target_transform=None)
    n_training, horizon = 300 - n_held_out, 2
    frame, values = model.forecast(level=80), data.to_numpy()
    learnt = values[:n_training]
    scaled = (values - learnt.mean()) / learnt.std()
    levels = model._members[0].architecture.loss_numbers
    rows = np.arange(n_training if n_held_out == 78 else 8, 300 - horizon + 1)
    outputs = model._outputs_from(np.zeros(len(rows), np.int64), rows)[:, :, 0]
    truths = scaled[rows[:, None] + np.arange(horizon)]
    scores = NormalScale(loss, outputs, levels).scores(truths, None)
    is_learnt = rows[:, None] + np.arange(horizon) < n_training
    if is_learnt.any():
        sizes = [
            np.mean([np.sort(np.abs(of[is_in]))[: math.ceil(0.75 * is_in.sum())].mean()
                     for of, is_in in zip(scores.T, which.T, strict=True)])
            for which in (is_learnt, ~is_learnt)
        ]  # fmt: skip
        assert sizes[1] / sizes[0] > 1.1
        scores[is_learnt] *= sizes[1] / sizes[0]
    scores = np.sort(scores, axis=0)
    n = len(scores)
    ranks = math.floor((n + 1) * 0.1) - 1, math.ceil((n + 1) * 0.9) - 1
    outputs = model._outputs_ahead(np.zeros(1, np.int64), horizon)[0, :, 0]
    ends = NormalScale(loss, outputs, levels).at(scores[list(ranks)].T) * learnt.std() + learnt.mean()
    # The scaled values that the network learns from have the seven digits of float32.
    # Outputs are float32, of values of thirty.
    np.testing.assert_allclose(frame[["y-lo-80", "y-hi-80"]], ends, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("loss", ["normal", "auto"])
def test_a_refit_of_distributions_has_the_learning_rates_of_the_training_before(loss):
    rates = {"training": [], "refit on everything": []}

    def note(_, record):
        rates[record["run"]].append(record["learning_rate"])

    data = SERIES["normal"][:100].rolling(3).mean()[2:]  # of which there is less to learn than epochs
    model = fit(loss, data, max_iter=40, schedule="cosine", learning_rate=0.02, n_members=1, callbacks=note)
    n = model.best_iter_
    assert 1 < n < 30
    training, refit = rates.values()
    assert (refit == training[:n]) == (loss == "normal")
    assert (refit[-1] < training[n - 1]) == (loss == "auto")


@every
def test_without_a_part_held_out_quantiles_are_the_networks_own(loss):
    model = as_it_is(loss, target_transform=None)
    outputs = model._outputs_ahead(np.zeros(1, np.int64), 1)[0, 0]
    scale = NormalScale(loss, outputs, model._members[0].architecture.loss_numbers)
    own = scale.at(np.array([[NormalDist().inv_cdf(q) for q in (0.1, 0.9)]]))[0]
    if loss not in COUNTS:
        own = own * SERIES[loss].std(ddof=0) + SERIES[loss].mean()
    np.testing.assert_allclose(model.forecast(level=80).to_numpy()[0, 1:], own, rtol=1e-12)


@every
def test_intervals_of_noise_that_changes_hold_as_often_as_they_say(loss):
    """Where a day of the week is three times as noisy as others, its intervals are wider."""
    rng, t = np.random.default_rng(2), np.arange(N)
    loud = t % 7 == 0
    mean = np.where(loud, 30, 10)
    values = rng.poisson(mean * rng.gamma(4, 0.25, N)) if loss in COUNTS else mean + rng.normal(size=N) * mean / 10
    data = pd.Series(values.astype(float), DAYS, name="y")
    model = fit(loss, data[:-200], horizon=1, lookback=14, hidden_layer_sizes=12, max_iter=20, learning_rate=0.01,
                calendar=["weekday"], validation_fraction=0.2, target_transform=None,
                window_norm="scale" if loss in COUNTS else None)  # fmt: skip
    model.update(data[-200:])
    frame = model.predict_interval(data[-200:], level=80)
    lower, upper = frame["y-lo-80"], frame["y-hi-80"]
    inside = (lower <= data[-200:]) & (data[-200:] <= upper)
    assert inside.mean() == pytest.approx(0.8, abs=3 * math.sqrt(0.16 * (1 / 200 + 1 / 200)))  # calibrated on 200
    widths = (upper - lower).groupby(loud[-200:]).mean()
    assert widths[True] > 1.5 * widths[False]


def test_a_poisson_that_is_wrong_is_widened():
    data = pd.Series(stats.nbinom(1, 1 / 9).rvs(N, random_state=3).astype(float), DAYS)  # of variance 72, mean 8
    model = fit("poisson", data[:-200], horizon=1, validation_fraction=0.2)
    frame = model.update(data[-200:]).predict_interval(data[-200:], level=95)
    inside = (frame["y-lo-95"] <= data[-200:]) & (data[-200:] <= frame["y-hi-95"])
    assert inside.mean() == pytest.approx(0.95, abs=3 * math.sqrt(0.05 * 0.95 * 2 / 200))
    own = stats.poisson(frame["y"].to_numpy())
    assert (frame["y-hi-95"] > own.ppf(0.975)).all()


@every
def test_quantiles_and_levels_never_cross(loss):
    model = fit(loss)
    rows = model.future_frame(2)
    shares = [0.02, 0.1, 0.3, 0.5, 0.7, 0.9, 0.98]
    assert (np.diff(model.predict_quantiles(rows, shares), axis=1) >= 0).all()
    frame = model.predict_interval(rows, level=(50, 80, 90)).to_numpy()[:, 1:]
    assert (np.diff(frame, axis=1) >= 0).all()


@every
def test_a_row_is_told_the_same_whatever_is_asked_beside_it(loss):
    """Of a panel with a season in units of its own, each series and row has what it has alone."""
    days = np.arange(300)
    swing = np.where(days % 7 == 0, 3, 1)
    panel = pd.DataFrame({"a": SERIES[loss][:300] * swing, "b": 10 * SERIES[loss][300:600].to_numpy() * swing})
    options = {} if loss in COUNTS else {"target_transform": "deseasonalise"}
    model = fit(loss, panel, horizon=8, lookback=14, validation_fraction=0.3, **options)
    rows, levels = model.future_frame(8), [0.1, 0.4, 0.9]
    frame = model.predict_quantiles(rows, levels)
    for k in range(8):
        pd.testing.assert_frame_equal(model.predict_quantiles(rows[k : k + 1], levels), frame[k : k + 1])
    for level in levels:
        alone = model.predict_quantiles(rows, level)
        pd.testing.assert_frame_equal(alone, frame[alone.columns])
    if loss == "normal":
        assert 5 < frame["b-q-0.4"].mean() / frame["a-q-0.4"].mean() < 15
        peak = (rows.index - DAYS[0]).days % 7 == 0
        assert (frame.loc[peak, "a-q-0.4"].min() > frame.loc[~peak, "a-q-0.4"].max()).all()


# Counts


@of_counts
@pytest.mark.parametrize("early_stopping", [True, False])
def test_counts_stay_whole_and_not_negative(loss, early_stopping):
    few = pd.Series(RNG.poisson(0.3, size=N).astype(float), DAYS, name="y")
    for data in (few, SERIES[loss], SERIES[loss] * 1000):
        model = fit(loss, data, early_stopping=early_stopping)
        rows = model.future_frame(2)
        frames = [model.sample(rows, 200, random_state=0), model.predict_quantiles(rows, [0.03, 0.5, 0.97])]
        for frame in [*frames, model.predict_interval(rows, 95).iloc[:, 1:]]:
            assert (frame >= 0).to_numpy().all() and (frame % 1 == 0).to_numpy().all()


@of_counts
def test_samples_of_counts_have_the_distribution_of_the_network(loss):
    model = as_it_is(loss)
    mean, *dispersion = model._outputs_ahead(np.zeros(1, np.int64), 1)[0, 0, 0].astype(float)
    drawn = model.sample(model.future_frame(1), 20_000, random_state=0).to_numpy()[0]
    of = stats.poisson(mean) if loss == "poisson" else stats.nbinom(1 / dispersion[0], 1 / (1 + mean * dispersion[0]))
    counts = np.bincount(drawn.astype(int), minlength=40)[:40] / len(drawn)
    deviation = np.sqrt(of.pmf(np.arange(40)) / len(drawn))
    assert (np.abs(counts - of.pmf(np.arange(40))) < 5 * deviation + 1e-4).all()  # of 40 shares the worst


# The other arguments


def with_promotions(loss, n=400):
    """Return two targets, the second ten times the first, and what raises both by three times."""
    rng, days = np.random.default_rng(5), DAYS[:n]
    promo = (rng.random(n) < 0.3).astype(float)
    mean = np.column_stack([5 + 10 * promo, 50 + 100 * promo])
    values = rng.poisson(mean) if loss in COUNTS else mean * rng.normal(1, 0.1, size=mean.shape)
    return pd.DataFrame({"a": values[:, 0], "b": values[:, 1], "promo": promo}, index=days).astype(float)


@every
@pytest.mark.parametrize("options", [{}, {"missing": "mask"}, {"missing": "interpolate"}, {"strategy": "recursive"}],
                         ids=str)  # fmt: skip
def test_covariates_and_targets_have_distributions_of_their_own(loss, options):
    data = with_promotions(loss)
    if "missing" in options:
        data.iloc[50:60, 0], data.iloc[-3:, 1] = np.nan, np.nan
    model = fit(loss, data, target=["a", "b"], horizon=3, max_iter=60, hidden_layer_sizes=16, learning_rate=0.01,
                target_transform=None, window_norm="scale" if loss in COUNTS else None, **options)  # fmt: skip
    ahead = model.future_frame(3).assign(promo=[0.0, 1.0, 0.0])
    frame = model.predict_interval(ahead, level=80)
    for name, size in (("a", 5), ("b", 50)):
        middle = frame[[f"{name}-lo-80", f"{name}-hi-80"]].mean(axis=1).to_numpy()
        # Poisson of five has the deviation two, the others a tenth: what the middle of an interval may be off.
        np.testing.assert_allclose(middle / size, [1, 3, 1], atol=0.75)
        assert (frame[f"{name}-lo-80"] < frame[name]).all() and (frame[name] < frame[f"{name}-hi-80"]).all()
    pd.testing.assert_frame_equal(model.forecast(3, ahead, level=80), frame, check_exact=True)


@every
def test_a_window_without_a_value_has_the_level_of_the_last_one(loss):
    data = SERIES[loss].copy()
    data[-PLAIN["lookback"] - 2 :] = np.nan
    norms = [None, "scale"] if loss in COUNTS else [None, "last"]
    outputs = []
    for norm in norms:
        model = fit(loss, data, missing="mask", window_norm=norm, target_transform=None)
        network = model._members[0]
        blind = network.architecture.variant(window_norm=None)
        own = network.with_parameters(network.parameters)
        own.architecture = blind
        outputs.append([one.outputs_ahead(np.zeros(1, np.int64), 2, 1) for one in (network, own)])
    (plain, same), (lifted, without) = outputs
    np.testing.assert_array_equal(plain, same)
    moved = lifted - without
    if loss in COUNTS:
        np.testing.assert_array_equal(moved, 0)  # a scale has no level
    else:
        learnt = data[: int(np.ceil(N - 0.1 * N))]
        level = model._members[0]._levels(np.zeros(1, np.int64), np.array([N]))[0, 0]
        last = data.dropna().iloc[-1]
        assert abs(level * data.std() + data.mean() - last) < 0.1 * learnt.std()  # scaled by all that is known
        is_place = np.array([True, loss == "quantile", loss == "quantile"])[: moved.shape[-1]]
        np.testing.assert_allclose(moved[..., is_place], level, rtol=1e-5)
        np.testing.assert_array_equal(moved[..., ~is_place], 0)


def test_what_was_interpolated_is_no_truth_to_be_calibrated_on():
    data = SERIES["normal"].copy()
    data[-50:-10] = np.nan
    filled, model = data.interpolate(), fit("normal", data, missing="interpolate", target_transform=None, refit=False)
    model.forecast(level=50)
    n_known = (~np.isnan(model._residuals.values[:, 0, 0])).sum()
    n_origins = 120 - 2 + 1
    assert n_known == n_origins - 40 - 1 < len(filled)  # and no forecast is made right after the hole's last row


@every
def test_a_state_that_is_carried_has_distributions(loss):
    model = fit(loss, state="carried")
    frame = model.forecast(level=80)
    inside = (frame["y-lo-80"] <= frame["y"]) & (frame["y"] <= frame["y-hi-80"])
    assert inside.all() and (frame["y-lo-80"] < frame["y-hi-80"]).all()


@every
@pytest.mark.parametrize("state", ["window", "carried"])
def test_a_stream_adapts_and_begins_as_the_forecaster(loss, state):
    data = SERIES[loss]
    model = fit(loss, data[:-30], state=state)
    stream = model.stream(level=80)
    frame = model.forecast(level=80)
    pd.testing.assert_frame_equal(stream.forecast(level=80), frame, rtol=1e-9)  # 500 of its errors are kept
    before = stream.snapshot()
    for value in data[-30:]:
        stream.update(value + 40)  # a world that has changed
        changed = stream.forecast(level=80)
    assert changed["y-hi-80"].iloc[0] > frame["y-hi-80"].iloc[0] + 10
    pd.testing.assert_frame_equal(stream.restore(before).forecast(level=80), frame, rtol=1e-9)


@pytest.mark.parametrize("loss", ["normal", "student_t", "quantile"])
@pytest.mark.parametrize("state", ["window", "carried"])
def test_a_stream_learns_the_scores_of_its_truths(loss, state):
    data = SERIES[loss]
    model = fit(loss, data[:-2], state=state)
    stream = model.stream(level=80)
    stream.forecast(level=80)
    for value in data[-2:]:
        stream.update(value)
    model.update(data[-2:])
    expected = model._scores_from(model._members, np.zeros(1, np.int64), np.array([N - 2]))[0, :, 0]
    latest = [stream._adaptation.residuals.values[-1, step, 0] for step in range(2)]
    np.testing.assert_allclose(latest, expected, rtol=1e-5)  # targets of the network are float32


@every
@pytest.mark.parametrize("state", ["window", "carried"])
def test_beyond_the_horizon_it_goes_on_as_if_forecasts_had_been_observed(loss, state):
    data = SERIES[loss]
    model = fit(loss, data, state=state)
    longer = model.forecast(4)
    if loss not in COUNTS:  # whose means are no counts
        model.update(longer[:2])
        np.testing.assert_allclose(model.forecast(2), longer[2:], rtol=1e-5)  # forecasts are float32 on the way
    assert longer.iloc[2:].between(data.min(), data.max()).all()


def test_of_auto_no_network_of_a_distribution_learns_from_logarithms(chosen):
    model = fit("normal", SERIES["normal"][:200], max_iter=1)
    assert [recipe.target_transform for recipe in model.choices_["recipes"]] == ["deseasonalise"]
    assert model.choices_["linear_skip"] and model.choices_["n_members"] == 3


@of_counts
def test_of_auto_counts_are_as_they_are(chosen, loss):
    model = fit(loss, SERIES[loss][:200], max_iter=1)
    (recipe,) = model.choices_["recipes"]
    assert (recipe.target_transform, recipe.window_norm) == (None, "scale")
    assert not model.choices_["linear_skip"] and model.choices_["n_members"] == 3
    assert model._members[0].last_targets()[0] == SERIES[loss].iloc[199]


def test_what_follows_the_horizon_has_intervals_and_a_warning():
    model = fit("normal")
    with pytest.warns(UserWarning, match="no errors are known"):
        assert model.forecast(5, level=80).notna().all(axis=None)


def test_rows_before_which_nothing_was_known_have_no_interval():
    model = fit("normal")
    frame = model.predict_interval(SERIES["normal"][:6], level=80)
    assert frame["y"].notna().all()
    assert frame["y-lo-80"].isna().tolist() == [True, True, False, False, False, False]


def test_forecasts_are_the_same_with_intervals_and_without():
    for loss in LOSSES:
        model = fit(loss, n_members=2)
        pd.testing.assert_series_equal(model.forecast(level=80)["y"], model.forecast(), check_exact=True)


def test_a_pickle_tells_the_same():
    for loss in ("negative_binomial", "quantile"):
        model = fit(loss)
        again = pickle.loads(pickle.dumps(model))
        pd.testing.assert_frame_equal(again.forecast(level=80), model.forecast(level=80), check_exact=True)


def test_bounds_hold_for_quantiles():
    model = fit("normal", SERIES["normal"].clip(upper=21), bounds=(0, 21))
    assert model.predict_quantiles(model.future_frame(2), [0.5, 0.97]).to_numpy().max() == 21


def test_a_member_whose_refit_is_cut_short_keeps_all_of_them_in_one_unit():
    """A distribution is made of what all networks put out, each scaled by what it has learnt of the series."""
    rising = pd.Series(np.linspace(0, 300, 300) ** 1.5 + RNG.normal(size=300) * 20, DAYS[:300], name="y")

    def stop(model, record):
        return "refit" in record["run"] and "member 2" in record["run"]

    options = {"n_members": 2, "max_iter": 15, "target_transform": None}
    with pytest.warns(UserWarning, match="stopped by a callback"):
        model = fit("normal", rising, callbacks=stop, **options)
    frame = model.forecast(level=80)
    assert (frame["y-lo-80"] < frame["y"]).all() and (frame["y"] < frame["y-hi-80"]).all()
    unseeing = fit("normal", rising, refit=False, **options).forecast(level=80)
    pd.testing.assert_frame_equal(frame, unseeing, check_exact=True)


def test_a_few_series_that_come_alive_do_not_make_the_paths_of_the_others():
    counts = np.random.default_rng(6).poisson(100.0, size=(120, 100)).astype(float)
    counts[:100, :2] = 0
    panel = pd.DataFrame(counts, DAYS[:120]).add_prefix("s")
    for loss in LOSSES:
        model = fit(loss, panel, validation_fraction=0.2, horizon=3)
        paths = model.sample(model.future_frame(3), 50, random_state=0).iloc[:, 100:]
        assert 80 < paths.to_numpy().mean() < 120
        assert paths.to_numpy().max() < 2000  # tails of a Student t; with the errors of the two it is a million


def test_a_still_window_is_not_certain():
    data = pd.Series(RNG.normal(100, 1, size=400), DAYS[:400], name="y")
    data[-PLAIN["lookback"] : -1] = np.nan
    for loss in ("normal", "student_t", "quantile"):
        frame = fit(loss, data, missing="mask", window_norm="mean", max_iter=15).forecast(level=80)
        assert (frame["y-hi-80"] - frame["y-lo-80"] > 1).all()


def test_auto_leaves_the_deviation_of_a_window_out_of_distributions(chosen):
    model = fit("normal", SERIES["normal"][:200], max_iter=1, lookback=14)
    assert {recipe.window_norm for recipe in model.choices_["recipes"]} <= {"mean", "last"}


def test_no_rows_have_no_intervals():
    for model in (fit("normal"), fit("poisson")):
        rows = model.future_frame(2)[:0]
        assert model.predict_interval(rows).shape == (0, 5)
        assert model.predict_quantiles(rows).shape == (0, 3)
        assert model.sample(rows, 4, random_state=0).shape == (0, 4)


# Bad values

COUNTED = SERIES["poisson"]
BAD = {
    "negative count": (
        {"loss": "negative_binomial"}, COUNTED - 3, ["series 'y' is -1 at", "is of counts", "may be negative"],
    ),
    "half a count": ({"loss": "poisson"}, COUNTED / 2, [".5 ", "is of counts", "need not be whole"]),
    "logarithm of counts": (
        {"loss": "poisson", "target_transform": "log1p"}, COUNTED, ["target_transform='log1p' would change", "None"],
    ),
    "scaled counts": ({"loss": "poisson", "scaler": "standard"}, COUNTED, ["scaler='standard' would change"]),
    "level of counts": (
        {"loss": "poisson", "window_norm": "mean"}, COUNTED, ["window_norm='mean' would change", "'scale' or None"],
    ),
    "differences": (
        {"loss": "normal", "target_transform": "difference"}, COUNTED, ["loss='normal'", "takes differences"],
    ),
    "falling": (
        {"loss": "normal", "target_transform": FunctionTransformer(np.negative, np.negative)}, COUNTED,
        ["loss='normal'", "falls as values rise"],
    ),
    "halves as bounds": (
        {"loss": "poisson", "bounds": (0.5, None)}, COUNTED + 1, ["bounds (0.5, inf)", "no whole numbers"],
    ),
    "more than can be counted": ({"loss": "poisson"}, COUNTED * 1e10, ["to a billion", "are so large"]),
    "percent": ({"loss": "quantile", "quantile": (10, 90)}, COUNTED, ["0 and 1; got (10, 90): write 0.1."]),
    "one in percent": ({"loss": "quantile", "quantile": 95.0}, COUNTED, ["0 and 1; got 95.0: write 0.95."]),
    "two in a hundred": ({"loss": "quantile", "quantile": [0.5, 2]}, COUNTED, ["got [0.5, 2]: write 0.02."]),
    "hardly in percent": ({"loss": "quantile", "quantile": 1.5}, COUNTED, ["0 and 1; got 1.5."]),
    "a level without a use": ({"quantile": 95}, COUNTED, ["0 and 1; got 95: write 0.95."]),
    "no levels": ({"loss": "quantile", "quantile": ()}, COUNTED, ["levels between 0 and 1; got ()"]),
    "unknown": ({"loss": "gaussian"}, COUNTED, ["'loss' parameter", "Got 'gaussian'"]),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_bad_values_get_one_sentence(case):
    arguments, data, words = BAD[case]
    refused(ValueError, words, RNNForecaster(**PLAIN, **arguments).fit, data)


# What of counts is told where in its seasons the clock is: by the step of the clock, the rows and other arguments.
SEASONS = {
    "days": ("D", 400, {}, ("weekday",)),
    "months": ("MS", 60, {}, ("month",)),
    "months of less than two years": ("MS", 20, {}, ()),
    "years": ("YS", 60, {}, ()),
    "hours that show weeks": ("h", 1000, {}, ()),  # 336 of them
    "hours that show days": ("h", 1000, {"lookback": 48}, ("hour", "weekday")),
    "hours of some days": ("h", 300, {"lookback": 48}, ("hour",)),
    "no calendar": ("D", 400, {"calendar": None}, ()),
    "all of it": ("D", 400, {"calendar": "all"}, ("weekday", "day_of_year")),
    "days of two weeks": ("D", 14, {"horizon": 1}, ("weekday",)),
    "days of less than two weeks": ("D", 13, {"horizon": 1}, ()),
    "steps that divide no season": ("2D", 400, {}, ()),
    "windows of 95 steps": ("D", 400, {"lookback": 95}, ("weekday",)),
    "windows of 96 steps": ("D", 400, {"lookback": 96}, ()),
    "another": ("D", 400, {"calendar": ["month"]}, ("month",)),
    "a linear skip": ("D", 400, {"linear_skip": True}, ("weekday",)),
    "patches": ("D", 400, {"lookback": 14, "patch_size": 7}, ("weekday",)),
    "none of these": ("D", 400, {"linear_skip": False, "patch_size": 1}, ("weekday",)),
    "carried": ("D", 400, {"state": "carried"}, ("weekday",)),
    "a distribution": ("D", 400, {"loss": "normal"}, ("weekday",)),
    "quantiles": ("MS", 400, {"loss": "quantile"}, ("month",)),
    "a distribution with a linear skip": ("D", 400, {"loss": "student_t", "linear_skip": True}, ("weekday",)),
    "a distribution in patches": ("D", 400, {"loss": "normal", "lookback": 14, "patch_size": 7}, ("weekday",)),
    "a distribution in long windows": ("D", 400, {"loss": "normal", "lookback": 96}, ()),
    "one quantile": ("D", 400, {"loss": "quantile", "quantile": 0.9}, ()),
    "a number": ("D", 400, {"loss": "absolute_error"}, ()),
}


@pytest.mark.parametrize("case", SEASONS)
def test_what_may_have_seasons_that_windows_do_not_show_is_told_where_in_them_it_is(case):
    freq, n, options, names = SEASONS[case]
    counts = pd.Series(np.arange(float(n)) % 5, pd.date_range("2001-01-01", periods=n, freq=freq))
    given = {**PLAIN, "lookback": "auto", "max_iter": 1, "loss": "poisson", **options}
    assert RNNForecaster(**given).fit(counts).choices_["calendar"] == names


def test_a_usual_series_must_hold_two_seasons_of_counts():
    lengths = {"a": 60, "b": 13, "c": 12}
    days = [pd.date_range("2001-01-01", periods=n) for n in lengths.values()]
    long = pd.DataFrame({"ds": np.concatenate(days), "unique_id": np.repeat(list(lengths), list(lengths.values()))})
    model = RNNForecaster(**{**PLAIN, "loss": "poisson"}).fit(long.assign(y=np.arange(85.0) % 5))
    assert model.choices_["calendar"] == ()


def test_a_warm_start_goes_on_with_the_calendar_that_was_chosen():
    counts = pd.Series(np.arange(40.0) % 5, pd.date_range("2001-01-01", periods=40))
    model = RNNForecaster(**{**PLAIN, "loss": "poisson", "warm_start": True}).fit(counts[:13])
    assert model.choices_["calendar"] == () == model.fit(counts).choices_["calendar"]
    assert model.set_params(warm_start=False).fit(counts).choices_["calendar"] == ("weekday",)


def test_of_a_distribution_windows_alone_are_told_so_that_it_keeps_its_linear_skip(chosen):
    series = pd.Series(RNG.normal(size=80), pd.date_range("2001-01-01", periods=80))
    given = {**PLAIN, "loss": "normal", "linear_skip": "auto", "patch_size": "auto"}
    told, ahead, known = (RNNForecaster(**given, **more) for more in ({}, {"calendar": ["weekday"]}, {"target": "y"}))
    assert [told.fit(series).choices_[name] for name in ("calendar", "linear_skip")] == [("weekday",), True]
    assert [ahead.fit(series).choices_[name] for name in ("calendar", "linear_skip")] == [("weekday",), False]
    known.fit(pd.DataFrame({"y": series, "price": RNG.normal(size=80)}))  # where steps to come are told of anyway
    assert [known.choices_[name] for name in ("calendar", "linear_skip")] == [("weekday",), False]
    by_hand = RNNForecaster(**{**given, "calendar": ["weekday"], "linear_skip": True}).fit(series)  # as `choices_` says
    pd.testing.assert_frame_equal(by_hand.forecast(level=80), told.forecast(level=80), check_exact=True)


@pytest.mark.parametrize("changes", [{}, {"state": "carried"}, {"strategy": "recursive"}, {"bidirectional": True}])
def test_a_calendar_of_the_window_moves_on_with_the_clock(changes):
    series = pd.Series(RNG.normal(size=80), pd.date_range("2001-01-01", periods=80))
    given = {**PLAIN, "loss": "normal", "horizon": 3, **changes}
    model = RNNForecaster(**given).fit(series[:-10])
    assert model.choices_["calendar"] == ("weekday",)
    stream = model.stream()
    for row in range(70, 80):
        stream.update(series.iloc[row])
    pd.testing.assert_series_equal(stream.forecast(8), model.update(series[-10:]).forecast(8))
    later = RNNForecaster(**given).fit(series[:-10].shift(1, freq="D"))  # the same numbers on other days
    later.update(series[-10:].shift(1, freq="D"))
    assert not np.array_equal(later.forecast(8), model.forecast(8))


@pytest.mark.parametrize("loss", ["normal", "student_t", "quantile"])
def test_a_network_learns_that_weekends_are_wilder(loss):
    days = pd.date_range("2023-01-01", periods=520)
    is_weekend = np.asarray(days.day_of_week >= 5)
    series = pd.Series(50 + np.where(is_weekend, 6.0, 1.0) * np.random.default_rng(1).normal(size=520), days, name="y")
    model = RNNForecaster(14, loss=loss, random_state=0).fit(series[:506])
    forecast = model.forecast(level=80)
    width = (forecast["y-hi-80"] - forecast["y-lo-80"]).to_numpy()
    wild, calm = width[is_weekend[506:]], width[~is_weekend[506:]]
    assert wild.min() > 2 * calm.max()  # six times as wide if nothing had to be learnt


@of_counts
def test_a_network_learns_the_week_of_counts(loss):
    values = RNG.poisson(np.where(np.arange(420) % 7 < 5, 12, 3))
    counts = pd.Series(values, pd.date_range("2024-01-01", periods=420, freq="D"))
    forecast = RNNForecaster(7, loss=loss, max_iter=30, random_state=0).fit(counts).forecast()
    assert forecast[:5].min() > 9 and forecast[5:].max() < 6  # half way between both means lies 7.5


@of_counts
def test_later_rows_must_be_counts_too(loss):
    model = fit(loss, COUNTED[:-4])
    before = model.forecast()
    for later in (-COUNTED[-4:] - 1, COUNTED[-4:] + 0.5):
        refused(ValueError, ["is of counts"], model.update, later)
        refused(ValueError, ["is of counts"], model.stream().update, later.iloc[0])
    pd.testing.assert_series_equal(model.forecast(), before, check_exact=True)


def test_a_stream_that_adapts_needs_a_part_held_out():
    model = as_it_is("normal")
    refused(ValueError, ["an interval that adapts needs a part held out"], model.stream, level=80)


def test_levels_that_were_not_held_out_for_are_refused():
    model = fit("normal", SERIES["normal"][:200])
    refused(ValueError, ["99.9 % needs 1,999 errors"], model.forecast, level=99.9)
