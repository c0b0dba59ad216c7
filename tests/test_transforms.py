"""What users name becomes a transform of many series, which comes back, looks not ahead, and keeps series apart."""

import gc
import pickle
import sys
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from refusals import refused
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    KBinsDiscretizer,
    MaxAbsScaler,
    PolynomialFeatures,
    PowerTransformer,
    StandardScaler,
)

from tsrnn.powers import BoxCox, Log1p
from tsrnn.scaling import MeanScaling, StandardScaling, Transform
from tsrnn.seasons import STL, Deseasonalise, Difference
from tsrnn.transforms import SCALERS, TARGET_TRANSFORMS, Chain, PerSeries, make_transform

NAN = np.nan
SEASON = (2, 3)  # short, so that short series have some


def side_by_side(*series):
    """Return series as one array and its bounds."""
    return np.concatenate([np.asarray(one, np.float64) for one in series]), np.cumsum([0, *map(len, series)])


# Every transform that users can name, and some that they can make of them.
GIVEN = {
    **{f"scaler {name}": (name, "scaler") for name in SCALERS},
    **{f"{name}": (name, "target_transform") for name in TARGET_TRANSFORMS},
    "scikit-learn": (FunctionTransformer(np.arcsinh, np.sinh, validate=True), "target_transform"),
    "pipeline": (make_pipeline(StandardScaler(), MaxAbsScaler()), "scaler"),
    "log, then differences": (["log1p", "seasonal_difference", "difference"], "target_transform"),
    "season, then scale": (["deseasonalise", StandardScaler(), "yeojohnson"], "target_transform"),
    "power, then season": (["boxcox", "stl", "difference"], "target_transform"),
}
NEEDS_POSITIVE = ["log1p", "boxcox", "log, then differences", "power, then season"]
each = pytest.mark.parametrize("name", GIVEN)


def make(name):
    given, argument = GIVEN[name]
    return make_transform(given, SEASON, argument)


def for_domain(name, values):
    """Return values that this transform may be given."""
    return np.abs(values) + 1e-3 if name in NEEDS_POSITIVE else values


# Properties


@st.composite
def panels(draw):
    """Return up to three series of 9 to 25 values of any size, some of them missing, or all equal."""
    series = []
    for _ in range(draw(st.integers(1, 3))):
        size = 10.0 ** draw(st.integers(-100, 100))
        observed = st.one_of(st.floats(-1, 1), st.integers(-3, 3)).map(float)
        holed = draw(st.lists(st.one_of(observed, st.just(NAN)), min_size=3, max_size=19))
        series.append(np.array(holed + draw(st.lists(observed, min_size=6, max_size=6))) * size)
    return series


@each
@settings(max_examples=15, derandomize=True, deadline=None, database=None)
@given(series=panels())
def test_what_was_transformed_comes_back_to_nine_digits(name, series):
    series = [for_domain(name, one) for one in series]
    values, bounds = side_by_side(*series)
    transform = make(name).fit(values, bounds)
    z = np.append(transform.transform(values, bounds), [NAN] * 4)
    x = np.append(values, [NAN] * 4)
    largest = np.array([np.nanmax(np.abs(one)) for one in series])
    # Forecasts of four steps from every row before which enough is known for differences to be added to.
    n = transform.n_lost
    s, rows = np.array([(s, r) for s, one in enumerate(series) for r in range(n, len(one) - 3)]).T
    first = bounds[s] + rows
    is_known = ~np.isnan(x[(first - n)[:, None] + np.arange(n)]).any(axis=1)
    assert is_known.any()
    s, rows, places = s[is_known], rows[is_known], first[is_known, None] + np.arange(4)
    back = transform.inverse_transform(z[places], s, rows, values, bounds)
    assert not np.isnan(back[~np.isnan(x[places])]).any()
    assert (np.abs(back - x[places]) <= 1e-9 * largest[s][:, None])[~np.isnan(x[places])].all()


def random_panel(name, seed=0, n_longer=0):
    rng = np.random.default_rng(seed)
    series = [10 * rng.normal(size=length + n_longer) for length in (12, 30, 9, 17)]
    for one in series[:3]:
        one[rng.random(len(one)) < 0.2] = NAN
    return [for_domain(name, one) for one in series]


@each
def test_no_transformed_row_depends_on_rows_after_it(name):
    series, other = random_panel(name, n_longer=5), random_panel(name, 1, n_longer=5)
    transform = make(name).fit(*side_by_side(*[one[:-5] for one in series]))
    z = np.split(transform.transform(*side_by_side(*series)), np.cumsum([len(one) for one in series])[:-1])
    changed = False
    for row in range(35):
        mixed = [np.concatenate([one[:row], two[row:]]) for one, two in zip(series, other, strict=True)]
        for versions in (mixed, [one[:row] for one in series]):
            values, bounds = side_by_side(*versions)
            found = np.split(transform.transform(values, bounds), bounds[1:-1])
            for before, after in zip(z, found, strict=True):
                np.testing.assert_array_equal(after[:row], before[:row])
                changed |= len(after) == len(before) and not np.array_equal(after, before, equal_nan=True)
    assert changed


@each
def test_no_forecast_depends_on_values_from_its_first_row_on(name):
    series, other = random_panel(name, n_longer=5), random_panel(name, 1, n_longer=5)
    transform = make(name).fit(*side_by_side(*[one[:-5] for one in series]))
    forecasts = np.random.default_rng(2).normal(size=(4, 7))
    every = np.arange(4)
    for row in range(14):
        mixed = [np.concatenate([one[:row], two[row:]]) for one, two in zip(series, other, strict=True)]
        answers = [
            transform.inverse_transform(forecasts, every, np.full(4, row), *side_by_side(*versions))
            for versions in (series, mixed, [one[:row] for one in series])
        ]
        np.testing.assert_array_equal(answers[1], answers[0])
        np.testing.assert_array_equal(answers[2], answers[0])
        assert np.isfinite(answers[0]).all()


@each
def test_one_series_that_goes_on_from_a_later_row_is_transformed_as_if_all_of_it_stood_there(name):
    series = random_panel(name, n_longer=9)
    transform = make(name).fit(*side_by_side(*[one[:-9] for one in series]))
    z = np.split(transform.transform(*side_by_side(*series)), np.cumsum([len(one) for one in series])[:-1])
    forecasts = np.random.default_rng(2).normal(size=(1, 7))
    for number, one in enumerate(series):
        expected = transform.inverse_transform(forecasts, [number], [len(one)], *side_by_side(*series))
        for cuts in [(1,), (5,), (len(one),), (2, 1, 4, len(one) - 9)]:
            rest, left, of = transform, one, number
            for cut in cuts:  # also of what was cut before
                rest, left, of = rest.of_series(of, left[:cut]), left[cut:], 0
            bounds = np.array([0, len(left)])
            np.testing.assert_array_equal(rest.transform(left, bounds), z[number][len(one) - len(left) :])
            found = rest.inverse_transform(forecasts, [0], [len(left)], left, bounds)
            np.testing.assert_array_equal(found, expected)


@each
def test_the_order_of_series_and_what_stands_beside_them_change_nothing(name):
    series = random_panel(name)
    order = [2, 0, 3, 1]
    panel, permuted = side_by_side(*series), side_by_side(*[series[s] for s in order])
    transform, other = make(name).fit(*panel), make(name).fit(*permuted)
    z, its_z = (np.split(t.transform(*p), p[1][1:-1]) for t, p in ((transform, panel), (other, permuted)))
    forecasts = np.random.default_rng(2).normal(size=(4, 7))
    back, its_back = (
        t.inverse_transform(forecasts, s, np.full(4, 8), *p)
        for t, s, p in ((transform, order, panel), (other, range(4), permuted))
    )
    np.testing.assert_array_equal(its_back, back)
    for position, s in enumerate(order):
        np.testing.assert_array_equal(its_z[position], z[s])
        if name != "scaler pooled":  # the scale of all
            alone = side_by_side(series[s])
            np.testing.assert_array_equal(make(name).fit(*alone).transform(*alone), z[s])


@each
def test_missing_stays_missing_and_only_the_first_rows_are_lost(name):
    rng = np.random.default_rng(4)
    values, bounds = side_by_side(*[for_domain(name, rng.normal(size=30)) for _ in range(2)])
    transform = make(name).fit(values, bounds)
    rows = np.arange(60) % 30
    np.testing.assert_array_equal(np.isnan(transform.transform(values, bounds)), rows < transform.n_lost)
    values[45] = NAN
    assert np.isnan(transform.transform(values, bounds)[45])


@each
def test_fitting_again_gives_the_same_and_a_copy_through_pickle_too(name):
    panel = side_by_side(*random_panel(name))
    transform = make(name).fit(*panel)
    z = transform.transform(*panel)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(transform)).transform(*panel), z)
    np.testing.assert_array_equal(transform.fit(*panel).transform(*panel), z)


@each
def test_values_are_left_as_they_were(name):
    values, bounds = side_by_side(*random_panel(name))
    before = values.copy()
    z = make(name).fit(values, bounds).transform(values, bounds)
    forecasts = z[None, 20:24].copy()
    make(name).fit(values, bounds).inverse_transform(forecasts, [1], [8], values, bounds)
    np.testing.assert_array_equal(values, before)
    np.testing.assert_array_equal(forecasts, z[None, 20:24])


def n_calls(call, *arguments):
    """Return how many functions are called from Python."""
    count = [0]

    def see(frame, event, argument):
        count[0] += event in ("call", "c_call")

    gc.disable()  # others may have asked to be called when it runs
    sys.setprofile(see)
    try:
        call(*arguments)
    finally:
        sys.setprofile(None)
        gc.enable()
    return count[0]


@pytest.mark.parametrize(
    "name", [name for name in GIVEN if name in NEEDS_POSITIVE[:2] or "scaler" in name or "jo" in name]
)
def test_nothing_goes_from_series_to_series(name):
    def work(n_series):
        values, bounds = np.tile(np.arange(1.0, 13.0), n_series), 12 * np.arange(n_series + 1)
        transform = make(name).fit(values, bounds)
        z = transform.transform(values, bounds).reshape(n_series, 12)
        transform.inverse_transform(z, np.arange(n_series), np.zeros(n_series, int), values, bounds)

    work(2)
    assert n_calls(work, 2) == n_calls(work, 200)


# From names to transforms


@pytest.mark.parametrize(
    "given, argument, kinds",
    [
        (None, "scaler", [Transform]),
        ("mean", "scaler", [MeanScaling]),
        (StandardScaler(), "scaler", [PerSeries]),
        (None, "target_transform", [Transform]),
        ("boxcox", "target_transform", [BoxCox]),
        (["log1p", None, MaxAbsScaler()], "target_transform", [Log1p, Transform, PerSeries]),
        (("difference", ["deseasonalise"]), "target_transform", [Difference, Chain]),
        ([], "target_transform", []),
    ],
)
def test_what_is_given_becomes_a_transform(given, argument, kinds):
    made = make_transform(given, 12, argument)
    assert [type(one) for one in getattr(made, "transforms", [made])] == kinds


def test_differences_and_stl_take_the_first_season_the_others_all():
    made = make_transform(["seasonal_difference", "deseasonalise", "stl", "mstl"], (7, 30)).transforms
    assert [type(one) for one in made] == [Difference, Chain, STL, STL]
    assert (made[0].lag, made[2].seasons, made[3].seasons) == (7, (7,), (7, 30))
    assert [(type(one), one.season) for one in made[1].transforms] == [(Deseasonalise, 7), (Deseasonalise, 30)]
    assert make_transform("mstl", 12).seasons == (12,)
    assert make_transform("deseasonalise", 12).season == 12


def test_a_day_and_a_week_are_both_taken_out():
    rows = np.arange(8 * 168)
    day, week = np.sin(2 * np.pi * rows / 24), np.cos(2 * np.pi * rows / 168)
    values, bounds = 10 + 3 * day + 5 * week, np.array([0, len(rows)])
    left = make_transform("deseasonalise", (24, 168)).fit(values, bounds).transform(values, bounds)
    assert np.abs(left - 10).max() < 0.05  # of 8; with the day alone 5 are left
    assert make_transform("deseasonalise", 24).fit(values, bounds).transform(values, bounds).std() > 3


REFUSALS = {
    "unknown scaler": ("log1p", 12, "scaler", ValueError, ["scaler='log1p'", "'robust', 'mean', 'pooled'"]),
    "unknown transform": ("log", 12, "target_transform", ValueError, ["target_transform='log'", "'signed_log1p', "]),
    "unknown in a list": (["log1p", "x"], 12, "target_transform", ValueError, ["target_transform='x'"]),
    "season 1": ("seasonal_difference", 1, "target_transform", ValueError, ["'seasonal_difference'", "season", "freq"]),
    "one of the seasons 1": ("mstl", (7, 1), "target_transform", ValueError, ["'mstl'", "season"]),
    "season 1 in a list": (["log1p", "stl"], 1, "target_transform", ValueError, ["'stl'", "season"]),
    "number": (3, 12, "target_transform", TypeError, ["target_transform", "int", "'log1p'"]),
    "list for a scaler": (["standard"], 12, "scaler", TypeError, ["scaler", "list", "'standard'"]),
    "class": (StandardScaler, 12, "scaler", TypeError, ["scaler=StandardScaler", "class", "StandardScaler()"]),
    "no way back": (PolynomialFeatures(), 12, "scaler", TypeError, ["PolynomialFeatures", "inverse_transform"]),
    "no way back in a pipeline": (
        make_pipeline(PolynomialFeatures()), 12, "scaler", TypeError, ["Pipeline", "inverse_transform"]
    ),
    "no estimator": (SimpleNamespace(fit=0, transform=0, inverse_transform=0), 1, "scaler", TypeError, ["scaler"]),
}  # fmt: skip


@pytest.mark.parametrize("given, season, argument, kind, words", REFUSALS.values(), ids=REFUSALS)
def test_what_cannot_become_one_is_refused(given, season, argument, kind, words):
    refused(kind, words, make_transform, given, season, argument)


# Chains


def test_a_chain_undoes_last_what_it_did_first():
    values, bounds = side_by_side([1.0, 2.0, 4.0, 8.0, 16.0])
    chain = make_transform(["log1p", "difference"]).fit(values, bounds)
    np.testing.assert_allclose(chain.transform(values, bounds)[1:], np.diff(np.log1p(values)), rtol=1e-15)
    back = chain.inverse_transform([[0.5, 0.25]], [0], [5], values, bounds)
    # By hand: 17 = 1 + 16 times e^0.5, then times e^0.25. Logarithm and power round a few times.
    np.testing.assert_allclose(back, [[17 * np.exp(0.5) - 1, 17 * np.exp(0.75) - 1]], rtol=1e-14)


def test_a_chain_needs_history_and_loses_rows_as_its_parts_do():
    assert not make_transform(["log1p", "deseasonalise"], 4).needs_history
    chain = make_transform(["log1p", ["seasonal_difference", "difference"]], 4)
    assert (chain.needs_history, chain.n_lost, chain.is_causal) == (True, 5, True)
    assert not make_transform(["log1p", "stl"], 4).is_causal


def test_a_chain_without_differences_comes_back_without_history():
    values, bounds = side_by_side(np.arange(12.0))
    chain = make_transform(["log1p", StandardScaler()]).fit(values, bounds)
    z = chain.transform(values, bounds)
    np.testing.assert_allclose(chain.inverse_transform([z], [0], [0]), [values], rtol=1e-12, atol=1e-14)


def test_what_follows_differences_learns_nothing_of_the_lost_rows():
    values, bounds = side_by_side([100.0, 101.0, 103.0])
    chain = Chain([Difference(), StandardScaling()]).fit(values, bounds)
    assert chain.transforms[1].center_ == 1.5


# scikit-learn's transformers


def test_each_series_has_a_clone_of_its_own_fitted_to_its_observed_values():
    given = StandardScaler()
    values, bounds = side_by_side([1.0, NAN, 3.0], [NAN], [], [10.0, 30.0])
    transform = PerSeries(given).fit(values, bounds)
    assert not hasattr(given, "mean_")
    assert [one and one.mean_[0] for one in transform.transformers_] == [2, None, None, 20]
    np.testing.assert_array_equal(transform.transform(values, bounds), [-1, NAN, 1, NAN, -1, 1])
    back = transform.inverse_transform([[0, NAN], [1, 2], [5, 6], [0, 1]], [3, 0, 1, 0], [2, 3, 1, 0])
    np.testing.assert_array_equal(back, [[20, NAN], [3, 4], [5, 6], [2, 3]])


def test_a_scikit_learn_transformer_takes_forecasts_with_further_axes():
    values, bounds = side_by_side([1.0, 3.0], [10.0, 30.0])
    transform = PerSeries(StandardScaler()).fit(values, bounds)
    forecasts = np.arange(24.0).reshape(2, 3, 4)
    back = transform.inverse_transform(forecasts, [1, 0], [2, 2])
    np.testing.assert_array_equal(back, [20 + 10 * forecasts[0], 2 + forecasts[1]])


def test_the_scalings_of_scikit_learn_are_those_of_the_same_name():
    panel = side_by_side(*random_panel("standard"))
    ours, theirs = (make_transform(given, 1, "scaler").fit(*panel) for given in ("standard", StandardScaler()))
    # Means and deviations of twenty values in another order of sums.
    np.testing.assert_allclose(ours.transform(*panel), theirs.transform(*panel), rtol=1e-12, atol=1e-14)


class WithoutNumbers(TransformerMixin, BaseEstimator):
    def fit(self, X, y=None):
        return self

    def transform(self, X):
        return X * NAN

    inverse_transform = transform


@pytest.mark.parametrize(
    "transformer, words",
    [
        (PowerTransformer("box-cox"), ["series 1", "PowerTransformer", "positive"]),
        (FunctionTransformer(np.cbrt), ["FunctionTransformer", "series 0", "back", "inverse_transform"]),
        (KBinsDiscretizer(2, encode="ordinal", strategy="uniform"), ["KBins", "series 0", "back"]),
        (FunctionTransformer(lambda X: np.hstack([X, X])), ["FunctionTransformer", "(4, 2)", "(4, 1)", "series 0"]),
        (WithoutNumbers(), ["WithoutNumbers", "series 0", "back"]),
    ],
    ids=["refuses itself", "no inverse", "loses digits", "two columns", "NaN"],
)
def test_a_transformer_that_would_spoil_forecasts_is_refused_with_the_series(transformer, words):
    panel = side_by_side([1.0, 2.0, 3.0, 5.0], [1.0, -2.0, 3.0])
    refused(ValueError, words, make_transform(transformer).fit, *panel)
    names = ["series 'A'", "series 'B'"]
    refused(
        ValueError,
        ["series 'A'" if "series 0" in words else "series 'B'"],
        make_transform(transformer).fit,
        *panel,
        names,
    )
