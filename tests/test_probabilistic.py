"""Scores of quantiles, paths and intervals equal numbers by hand, closed forms, plain loops and other libraries'."""

import math

import numpy as np
import pandas as pd
import pytest
from refusals import refused
from scipy.spatial.distance import pdist
from scipy.stats import norm
from sklearn.metrics import mean_pinball_loss

from tsrnn import metrics
from tsrnn.metrics import (
    coverage,
    crps_from_quantiles,
    crps_from_samples,
    energy_score,
    interval_score,
    interval_scores,
    mase,
    mean_interval_width,
    mean_scaled_interval_score,
    pinball_loss,
)

# Sums of at most 1000 float64 numbers in two orders: below 1000 * 1.1e-16.
TOLERANCE = 2e-13


def normal_crps(y, mean=0.0, deviation=1.0):
    """Gneiting and Raftery 2007, equation 21 and below: the closed form of a normal distribution."""
    z = (y - mean) / deviation
    return deviation * (z * (2 * norm.cdf(z) - 1) + 2 * norm.pdf(z) - 1 / math.sqrt(math.pi))


def middles(n):
    """Return the middles of n equal parts of the way from 0 to 1."""
    return (np.arange(n) + 0.5) / n


def plain_crps(y, samples, fair):
    """Gneiting and Raftery 2007, equation 21, as loops."""
    n = len(samples)
    between = sum(abs(a - b) for a in samples for b in samples) / (n * (n - 1) if fair else n * n)
    return sum(abs(a - y) for a in samples) / n - between / 2


def plain_msis(train, y, lower, upper, level, season):
    """M4 competition, evaluation of prediction intervals, as a loop."""
    alpha = 1 - level / 100
    total = 0
    for truth, low, high in zip(y, lower, upper, strict=True):
        total += high - low
        if truth < low:
            total += 2 / alpha * (low - truth)
        if truth > high:
            total += 2 / alpha * (truth - high)
    naive = [abs(train[k] - train[k - season]) for k in range(season, len(train))]
    return total / len(y) / (sum(naive) / len(naive))


def draw(n=30, n_columns=9):
    rng = np.random.default_rng(0)
    return rng.normal(size=n), rng.normal(size=(n, n_columns))


# ---- quantiles


def test_pinball_loss_by_hand():
    # 0.9 of 2 below the truth, and 0.1 of 1 above it
    assert pinball_loss([5, 5], [3, 6], 0.9) == pytest.approx((1.8 + 0.1) / 2, rel=TOLERANCE)
    # of the quantile 0.2: 0.2 of 2, 0.8 of 1
    assert pinball_loss([5, 5], [[3, 3], [6, 6]], [0.9, 0.2]) == pytest.approx((1.9 + 1.2) / 4, rel=TOLERANCE)


def test_pinball_loss_of_the_median_is_half_the_absolute_error():
    y, columns = draw()
    f = columns[:, 0]
    assert pinball_loss(y, f, 0.5) == pytest.approx(metrics.mae(y, f) / 2, rel=TOLERANCE)


@pytest.mark.parametrize("q", [[0.5], [0.9, 0.1], [0.05, 0.25, 0.5, 0.6]])
def test_pinball_loss_is_the_mean_of_those_of_scikit_learn(q):
    y, columns = draw(n_columns=len(q))
    weight = np.arange(30.0)
    for options in ({}, {"sample_weight": weight}):
        each = [mean_pinball_loss(y, f, alpha=alpha, **options) for f, alpha in zip(columns.T, q, strict=True)]
        assert pinball_loss(y, columns, q, **options) == pytest.approx(np.mean(each), rel=TOLERANCE)


@pytest.mark.parametrize("q", [0.05, 0.3, 0.5, 0.9])
def test_pinball_loss_is_least_at_the_quantile(q):
    y = np.random.default_rng(0).gamma(2, size=501)  # q * 501 is no whole number, so that one value is best
    losses = [pinball_loss(y, np.full(501, guess), q) for guess in np.sort(y)]
    assert np.sort(y)[np.argmin(losses)] == np.quantile(y, q, method="inverted_cdf")


@pytest.mark.parametrize("y", [-2.0, 0.0, 0.3, 4.0])
def test_crps_of_all_quantiles_is_that_of_the_normal_distribution(y):
    for n in (100, 10000):
        found = crps_from_quantiles([3 + 2 * y], 3 + 2 * norm.ppf(middles(n))[None], middles(n))
        # A sum stands for the integral: off by 0.42 / n at worst, where the truth is in the outermost part.
        assert found == pytest.approx(normal_crps(3 + 2 * y, 3, 2), abs=0.5 / n)


# ---- samples


@pytest.mark.parametrize("fair", [True, False])
@pytest.mark.parametrize("n_samples", [2, 3, 10])
def test_crps_of_samples_is_that_of_all_their_pairs(fair, n_samples):
    y, samples = draw(n_columns=n_samples)
    samples[3] = samples[3, 0]  # all the same
    expected = np.mean([plain_crps(*row, fair) for row in zip(y, samples, strict=True)])
    assert crps_from_samples(y, samples, fair=fair) == pytest.approx(expected, rel=TOLERANCE)


def test_crps_by_hand():
    # 1, 1, 2 from the truth; 2, 3, 1 between them
    assert crps_from_samples([5], [[4, 6, 7]], fair=False) == pytest.approx(4 / 3 - 12 / 9 / 2, rel=TOLERANCE)
    assert crps_from_samples([5], [[4, 6, 7]]) == pytest.approx(4 / 3 - 12 / 6 / 2, rel=TOLERANCE)
    assert crps_from_samples([5, 7], [[3], [8]], fair=False) == 1.5  # of one sample the absolute error


@pytest.mark.parametrize("n_samples", [1, 2, 7, 100])
def test_crps_of_samples_as_they_are_is_that_of_their_quantiles(n_samples):
    # In order, n samples are the quantiles of their own distribution at the middles of n equal parts.
    y, samples = draw(n_columns=n_samples)
    expected = crps_from_quantiles(y, np.sort(samples, axis=1), middles(n_samples))
    assert crps_from_samples(y, samples, fair=False) == pytest.approx(expected, rel=TOLERANCE)


def test_fair_crps_of_few_samples_is_on_average_that_of_their_distribution_and_the_plain_one_is_above():
    rng = np.random.default_rng(0)
    y, samples = np.full(200_000, 0.7), rng.normal(size=(200_000, 3))
    # The standard deviation of one score is below 1, so that of the mean is below 0.0023: four of these.
    assert crps_from_samples(y, samples) == pytest.approx(normal_crps(0.7), abs=0.009)
    # The plain one has a ninth of its pairs with themselves: a third of half the mean distance, 2 / sqrt(pi), above.
    excess = 1 / math.sqrt(math.pi) / 3
    assert crps_from_samples(y, samples, fair=False) == pytest.approx(normal_crps(0.7) + excess, abs=0.009)


def test_crps_is_least_for_the_true_distribution():
    rng = np.random.default_rng(0)
    y, normal = rng.normal(size=2000), rng.normal(size=(2000, 50))
    right = crps_from_samples(y, normal)
    assert all(crps_from_samples(y, change) > right for change in (normal + 0.5, normal * 0.5, normal * 2))


@pytest.mark.parametrize("fair", [True, False])
def test_a_common_offset_changes_no_score(fair):
    y, samples = draw()
    # 1e6 leaves 1e-10 of the numbers, and differences of 1 have no more.
    assert crps_from_samples(y + 1e6, samples + 1e6, fair=fair) == pytest.approx(
        crps_from_samples(y, samples, fair=fair), abs=1e-9
    )
    assert energy_score(y + 1e6, samples + 1e6, fair=fair) == pytest.approx(
        energy_score(y, samples, fair=fair), abs=1e-8
    )


# ---- paths


def test_energy_score_by_hand():
    # 5 and 5 from the truth, 10 between them
    assert energy_score([1, 1], [[4, -2], [5, -3]], fair=False) == 5 - 10 * 2 / 4 / 2
    assert energy_score([1, 1], [[4, -2], [5, -3]]) == 5 - 10 / 2
    assert energy_score([1, 1], [[4], [5]], fair=False) == 5


@pytest.mark.parametrize("fair", [True, False])
def test_energy_score_is_that_of_all_pairs_of_paths(fair):
    y, paths = draw(n=12, n_columns=20)
    pairs = 2 * pdist(paths.T).sum() / (20 * 19 if fair else 20 * 20)
    expected = np.mean([math.dist(y, path) for path in paths.T]) - pairs / 2
    assert energy_score(y, paths, fair=fair) == pytest.approx(expected, rel=TOLERANCE)


@pytest.mark.parametrize("fair", [True, False])
def test_energy_score_of_one_step_is_its_crps(fair):
    y, samples = draw(n_columns=40)
    for truth, row in zip(y, samples, strict=True):
        one = crps_from_samples([truth], row[None], fair=fair)
        # Both are differences of sums some ten times as large.
        assert energy_score([truth], row[None], fair=fair) == pytest.approx(one, rel=10 * TOLERANCE)


def test_energy_score_is_better_for_joint_paths_than_for_the_same_steps_apart():
    rng = np.random.default_rng(0)
    walks = rng.normal(size=(300, 12, 50)).cumsum(axis=1)  # one truth and 49 paths, 300 times
    apart = np.stack([rng.permuted(paths, axis=1) for paths in walks[:, :, 1:]])
    joint, torn = (
        np.mean([energy_score(walk[:, 0], paths) for walk, paths in zip(walks, of, strict=True)])
        for of in (walks[:, :, 1:], apart)
    )
    assert joint < torn
    truths = walks[:, :, 0].ravel()
    assert crps_from_samples(truths, walks[:, :, 1:].reshape(-1, 49)) == pytest.approx(
        crps_from_samples(truths, apart.reshape(-1, 49)), rel=TOLERANCE
    )


# ---- intervals


Y, LOWER, UPPER = [5, 9, 4, 0], [4, 5, 4, 1], [6, 8, 7, 3]  # inside, 1 above, on a bound, 1 below


def test_scores_of_intervals_by_hand():
    assert coverage(Y, LOWER, UPPER) == 2 / 4
    assert mean_interval_width(LOWER, UPPER) == (2 + 3 + 3 + 2) / 4
    assert interval_score(Y, LOWER, UPPER, 80) == pytest.approx((10 + 10 * (1 + 1)) / 4, rel=TOLERANCE)
    assert interval_score(Y, LOWER, UPPER, 95) == pytest.approx((10 + 40 * (1 + 1)) / 4, rel=TOLERANCE)
    train = [1, 5, 2, 9, 4]  # naive error 19 / 4, and 7 / 3 over two steps
    assert mean_scaled_interval_score(Y, LOWER, UPPER, 80, train) == pytest.approx(7.5 / (19 / 4), rel=TOLERANCE)
    assert mean_scaled_interval_score(Y, LOWER, UPPER, 80, train, 2) == pytest.approx(7.5 / (7 / 3), rel=TOLERANCE)


@pytest.mark.parametrize("level", [50, 80, 95, 99.9])
@pytest.mark.parametrize("season", [1, 12])
def test_scaled_interval_score_is_that_of_the_m4_competition(level, season):
    y, bounds = draw(n_columns=2)
    lower, upper = np.sort(bounds, axis=1).T
    train = np.random.default_rng(1).normal(size=70)
    expected = plain_msis(train, y, lower, upper, level, season)
    found = mean_scaled_interval_score(y, lower, upper, level, train, season)
    # 1 - level / 100 has lost up to three digits at 99.9.
    assert found == pytest.approx(expected, rel=1000 * TOLERANCE)


@pytest.mark.parametrize("level", [50, 80, 95])
def test_interval_score_is_the_pinball_loss_of_both_bounds(level):
    y, bounds = draw(n_columns=2)
    bounds, alpha = np.sort(bounds, axis=1), 1 - level / 100
    expected = 2 / alpha * 2 * pinball_loss(y, bounds, [alpha / 2, 1 - alpha / 2])
    assert interval_score(y, *bounds.T, level) == pytest.approx(expected, rel=TOLERANCE)


def test_the_true_interval_covers_its_level_and_scores_best():
    y, reach = np.random.default_rng(0).normal(size=10_000), norm.ppf(0.9)
    bounds = np.full(10_000, reach)
    # Three standard deviations of a share: 3 * sqrt(0.8 * 0.2 / 10000).
    assert coverage(y, -bounds, bounds) == pytest.approx(0.8, abs=0.012)
    best = interval_score(y, -bounds, bounds, 80)
    others = [(-1.2 * bounds, 1.2 * bounds), (-0.8 * bounds, 0.8 * bounds), (0.2 - bounds, bounds + 0.2)]
    assert all(interval_score(y, *other, 80) > best for other in others)


# ---- what all have in common


SCORES = {  # a score of the truth and of columns in rising order, with weights
    "pinball_loss": lambda y, columns, **options: pinball_loss(y, columns, [0.1, 0.5, 0.9], **options),
    "crps_from_quantiles": lambda y, columns, **options: crps_from_quantiles(y, columns, [0.1, 0.5, 0.9], **options),
    "crps_from_samples": crps_from_samples,
    "coverage": lambda y, columns, **options: coverage(y, columns[:, 0], columns[:, 2], **options),
    "mean_interval_width": lambda y, columns, **options: mean_interval_width(columns[:, 0], columns[:, 2], **options),
    "interval_score": lambda y, columns, **options: interval_score(y, columns[:, 0], columns[:, 2], 80, **options),
    "mean_scaled_interval_score": lambda y, columns, **options: mean_scaled_interval_score(
        y, columns[:, 0], columns[:, 2], 80, [1, 2, 4], **options
    ),
}


@pytest.mark.parametrize("name", SCORES)
def test_a_weight_counts_a_step_as_often_and_zero_not_at_all(name):
    y, columns = draw(n_columns=3)
    columns.sort(axis=1)
    weight = np.r_[[0, 2, 5], np.ones(27, int)]
    y[0] = columns[0, 1] = np.nan  # as if it were not there
    repeated = SCORES[name](np.repeat(y, weight), np.repeat(columns, weight, axis=0))
    assert SCORES[name](y, columns, sample_weight=weight) == pytest.approx(repeated, rel=TOLERANCE)
    assert SCORES[name](y[1:], columns[1:]) != pytest.approx(repeated, rel=1e-3)  # the weights matter
    assert type(repeated) is float


def test_series_and_frames_are_scored_as_arrays():
    y, columns = draw(n_columns=3)
    columns.sort(axis=1)
    index = pd.date_range("2020-01-01", periods=30)
    truth, frame = pd.Series(y, index), pd.DataFrame(columns, index, list("abc"))
    q = [0.1, 0.5, 0.9]
    assert pinball_loss(truth, frame, q) == pinball_loss(y, columns, q) == pinball_loss(truth.to_frame(), frame, q)
    assert crps_from_samples(truth, frame) == crps_from_samples(y, columns)
    assert energy_score(truth, frame) == energy_score(y, columns)
    assert interval_score(truth, frame["a"], frame["c"], 80) == interval_score(y, columns[:, 0], columns[:, 2], 80)
    later = frame.set_axis(index + pd.Timedelta("1D"))
    refused(ValueError, ["y_true and y_quantiles", "different indexes"], pinball_loss, truth, later, q)
    refused(ValueError, ["y_true and paths", "different indexes"], energy_score, truth, later)
    refused(ValueError, ["y_true and upper", "indexes"], coverage, truth, frame["a"], later["c"])
    refused(ValueError, ["lower and upper", "indexes"], mean_interval_width, frame["a"], later["c"])


REFUSALS = {
    "quantile in percent": (ValueError, ["q holds 90", "0.9"], lambda: pinball_loss([1], [1], 90)),
    "quantile of zero": (ValueError, ["q holds 0,", "between 0 and 1"], lambda: pinball_loss([1], [[1, 2]], [0, 0.5])),
    "quantile of one": (ValueError, ["q holds 1,"], lambda: pinball_loss([1], [1], 1)),
    "missing quantile": (ValueError, ["q holds nan"], lambda: pinball_loss([1], [1], np.nan)),
    "quantile in text": (TypeError, ["q", "text"], lambda: pinball_loss([1], [1], "0.5")),
    "no quantile": (ValueError, ["q has shape (0,)", "0.5"], lambda: pinball_loss([1], [1], [])),
    "quantiles in a table": (ValueError, ["q has shape (1, 1)"], lambda: pinball_loss([1], [1], [[0.5]])),
    "a quantile twice": (ValueError, ["[0.5, 0.5]", "twice"], lambda: pinball_loss([1], [[1, 2]], [0.5, 0.5])),
    "a column too many": (
        ValueError, ["y_quantiles has 3 columns", "q 2 quantiles"],
        lambda: crps_from_quantiles([1], [[1, 2, 3]], [0.1, 0.9]),
    ),
    "rows as columns": (
        ValueError, ["y_true has shape (2,)", "y_quantiles (3, 2)", "a row for each step"],
        lambda: pinball_loss([1, 2], [[1, 2]] * 3, [0.1, 0.9]),
    ),
    "no steps": (ValueError, ["y_samples (0,)", "points"], lambda: crps_from_samples([], [])),
    "no samples": (ValueError, ["y_samples (1, 0)", "points"], lambda: crps_from_samples([1], [[]])),
    "several series": (ValueError, ["y_true has shape (1, 2)"], lambda: crps_from_samples([[1, 2]], [[1, 2]])),
    "one number": (ValueError, ["y_true has shape ()"], lambda: crps_from_samples(1.0, [1.0, 2.0])),
    "paths of several series": (
        ValueError, ["paths (2, 3, 4)"], lambda: energy_score([1, 2], np.zeros((2, 3, 4))),
    ),
    "one fair sample": (
        ValueError, ["y_samples has 1 column", "fair=False"], lambda: crps_from_samples([1, 2], [1, 2]),
    ),
    "one fair path": (ValueError, ["paths has 1 column", "fair=False"], lambda: energy_score([1, 2], [[1], [2]])),
    "missing sample": (
        ValueError, ["y_true or y_samples holds NaN"], lambda: crps_from_samples([1], [[1, np.nan]]),
    ),
    "infinite path": (ValueError, ["y_true or paths holds an infinite"], lambda: energy_score([1], [[1, np.inf]])),
    "samples in text": (TypeError, ["y_samples", "text"], lambda: crps_from_samples([1], [["a", "b"]])),
    "level as a share": (
        ValueError, ["level is in percent", "0.95", "write 95"], lambda: interval_score([1], [0], [2], 0.95),
    ),
    "level of NumPy": (ValueError, ["got 0.8:"], lambda: interval_score([1], [0], [2], np.float64(0.8))),
    "level 100": (ValueError, ["level", "below 100", "100"], lambda: interval_score([1], [0], [2], 100)),
    "level 0": (ValueError, ["level", "from 1"], lambda: interval_score([1], [0], [2], 0)),
    "no level": (ValueError, ["level", "nan"], lambda: interval_score([1], [0], [2], np.nan)),
    "level in text": (TypeError, ["level", "'80'"], lambda: interval_score([1], [0], [2], "80")),
    "several levels": (TypeError, ["level", "(80, 95)"], lambda: interval_score([1], [0], [2], (80, 95))),
    "level that is true": (TypeError, ["level", "True"], lambda: interval_score([1], [0], [2], True)),
    "bounds swapped": (
        ValueError, ["lower is above upper at 1 of 2 steps"], lambda: coverage([1, 2], [0, 4], [2, 3]),
    ),
    "bounds of one swapped": (
        ValueError, ["lower is above upper at 1 of 1 step;"], lambda: mean_interval_width([1], [0]),
    ),
    "bounds of other lengths": (
        ValueError, ["y_true has shape (2,)", "upper (1,)"], lambda: coverage([1, 2], [0, 0], [3]),
    ),
    "missing bound": (
        ValueError, ["y_true, lower or upper holds NaN"], lambda: coverage([1], [np.nan], [3]),
    ),
    "infinite bound": (
        ValueError, ["y_true, lower or upper", "infinite"], lambda: interval_score([1], [-np.inf], [3], 80),
    ),
    "flat training": (
        ValueError, ["naive error", "0.0", "MSIS needs"],
        lambda: mean_scaled_interval_score([1], [0], [2], 80, [3, 3, 3]),
    ),
    "no season": (ValueError, ["season", "0"], lambda: mean_scaled_interval_score([1], [0], [2], 80, [1, 2], 0)),
    "negative weight": (
        ValueError, ["sample_weight", "negative"], lambda: coverage([1, 2], [0, 0], [3, 3], sample_weight=[1, -1]),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSALS)
def test_what_has_no_score_is_refused_in_one_sentence(name):
    kind, words, call = REFUSALS[name]
    refused(kind, words, call)


# ---- the table


def two_series(clock=range(60)):
    """Return truths, forecasts with two levels and training as wide frames: series "a" is ten times as large as "b"."""
    rng, clock = np.random.default_rng(0), pd.Index(clock)
    train = pd.DataFrame({"a": 10 * rng.normal(size=54), "b": rng.normal(size=54)}, clock[:54])
    truths = pd.DataFrame({"a": 10 * rng.normal(size=6), "b": rng.normal(size=6)}, clock[54:])
    forecasts = {}
    for name, unit in {"a": 10, "b": 1}.items():
        forecasts[name] = np.zeros(6)
        reach = unit * np.linspace(0.5, 1.0, 6)
        forecasts |= {f"{name}-lo-95": -2.5 * reach, f"{name}-lo-80": -reach}
        forecasts |= {f"{name}-hi-80": reach, f"{name}-hi-95": 2 * reach}
    return truths, pd.DataFrame(forecasts, clock[54:]), train


def as_long(wide):
    """Return a long frame of a wide one, with or without bounds."""
    each = [
        wide[[name for name in wide if name.startswith(one)]]
        .rename(columns=lambda name, one=one: f"y{name.removeprefix(one)}")
        .rename_axis("ds")
        .reset_index()
        .assign(unique_id=one)
        for one in ("a", "b")
    ]
    return pd.concat(each, ignore_index=True)


FORMATS = {
    "wide": lambda wide: wide,
    "long": as_long,
    "by time": lambda wide: as_long(wide).sort_values("ds", kind="stable"),
    "levels": lambda wide: as_long(wide).set_index(["unique_id", "ds"]),
}
CLOCKS = {
    "integers": range(60),
    "dates": pd.date_range("2020-01-01", periods=60, freq="MS"),
    "hours of a zone": pd.date_range("2020-10-24", periods=60, freq="h", tz="Europe/Berlin"),
    "periods": pd.period_range("2020-01", periods=60, freq="M"),
}


def expected_scores(truths, forecasts, train, season):
    """Return the table of wide frames, number by number."""
    rows = {}
    for one in truths:
        for level in (80, 95):
            y, lower, upper = truths[one], forecasts[f"{one}-lo-{level}"], forecasts[f"{one}-hi-{level}"]
            rows[one, level] = {
                "coverage": coverage(y, lower, upper),
                "width": mean_interval_width(lower, upper),
                "interval_score": interval_score(y, lower, upper, level),
                "MSIS": mean_scaled_interval_score(y, lower, upper, level, train[one], season),
            }
    table = pd.DataFrame.from_dict(rows, orient="index")
    return table.set_axis(pd.MultiIndex.from_tuples(rows, names=["unique_id", "level"]))


def equal(found, expected):
    """Compare two tables, which are sums of at most 60 numbers in two orders."""
    pd.testing.assert_frame_equal(found, expected, rtol=TOLERANCE, atol=0, check_index_type=False)


@pytest.mark.parametrize("clock", CLOCKS)
@pytest.mark.parametrize("kind", FORMATS)
def test_the_table_has_the_scores_of_each_series_and_level_in_every_format(kind, clock):
    frames = two_series(CLOCKS[clock])
    found = interval_scores(*(FORMATS[kind](frame) for frame in frames), 12)
    expected = expected_scores(*frames, 12)
    assert 0 < expected["coverage"].min() < expected["coverage"].max()
    equal(found, expected)


def test_formats_may_be_mixed_and_rows_stand_in_any_order():
    truths, forecasts, train = two_series()
    expected = expected_scores(truths, forecasts, train, 4)
    equal(interval_scores(as_long(truths), forecasts, FORMATS["levels"](train), 4), expected)
    shuffled = [as_long(frame).sample(frac=1, random_state=0) for frame in (truths, forecasts, train)]
    equal(interval_scores(*shuffled, 4).loc[["a", "b"]], expected)


@pytest.mark.parametrize("clock", CLOCKS)
def test_the_table_of_one_series_has_a_row_for_each_level(clock):
    truths, forecasts, train = two_series(CLOCKS[clock])
    expected = expected_scores(truths, forecasts, train, 1).loc["a"]
    of_a = forecasts[[name for name in forecasts if name.startswith("a")]]
    equal(interval_scores(truths["a"], of_a, train["a"]), expected)
    unnamed = of_a.rename(columns=lambda name: name.replace("a", "y", 1))
    equal(interval_scores(truths["a"].rename(None), unnamed, train["a"].rename(None)), expected)
    equal(interval_scores(truths[["a"]].assign(price=1.0), of_a, train[["a"]].assign(price=1.0), target="a"), expected)
    of_b = as_long(truths).query("unique_id == 'b'")
    only_b = interval_scores(of_b, as_long(forecasts).query("unique_id == 'b'"), as_long(train))
    assert list(only_b.index) == [("b", 80), ("b", 95)]  # one series with an id keeps it


def test_the_table_takes_the_names_of_columns():
    frames = two_series()
    names = {"unique_id": "shop", "ds": "day", "y": "sold"}
    renamed = [
        as_long(frame).rename(columns=lambda name: names.get(name, name.replace("y-", "sold-"))) for frame in frames
    ]
    renamed[0] = renamed[0].assign(price=1.0)
    found = interval_scores(*renamed, 4, target="sold", id_col="shop", time_col="day")
    assert found.index.names == ["shop", "level"]
    np.testing.assert_allclose(found, expected_scores(*frames, 4), rtol=TOLERANCE)


def test_series_of_a_wide_frame_may_begin_late_and_end_early():
    truths, forecasts, train = two_series()
    train.loc[:49, "b"] = np.nan  # four values left, so that the scale is over one step
    truths.loc[[58, 59], "b"] = np.nan
    forecasts.loc[[58, 59], forecasts.columns.str.startswith("b")] = np.nan
    found = interval_scores(truths, forecasts, train, 12)
    of_b = [forecasts[f"b-{side}-80"].dropna() for side in ("lo", "hi")]
    expected = mean_scaled_interval_score(truths["b"].dropna(), *of_b, 80, train["b"].dropna(), 12)
    assert found.loc[("b", 80), "MSIS"] == pytest.approx(expected, rel=TOLERANCE)
    # The series that begins with its first value has no value missing, and a hole is one.
    train.loc[52, "b"] = np.nan
    holed = mean_scaled_interval_score(truths["b"].dropna(), *of_b, 80, train.loc[50:, "b"], 12)
    assert interval_scores(truths, forecasts, train, 12).loc[("b", 80), "MSIS"] == pytest.approx(holed, rel=TOLERANCE)


def test_a_series_without_a_scale_has_no_scaled_score_and_all_others():
    truths, forecasts, train = two_series()
    found = interval_scores(truths, forecasts, train.assign(b=1.0))
    assert found["MSIS"].isna().tolist() == [False, False, True, True]
    assert found.drop(columns="MSIS").notna().all(axis=None)


def test_scale_is_that_of_the_scaled_error():
    truths, forecasts, train = two_series()
    reach = (forecasts["a-hi-80"] - forecasts["a-lo-80"]).mean()
    outside = interval_scores(truths.assign(a=0.0), forecasts, train, 4).loc[("a", 80), "MSIS"]
    assert outside == pytest.approx(mase([reach], [0.0], train["a"], 4), rel=TOLERANCE)


@pytest.mark.parametrize(
    "which, change, kind, words",
    [
        (1, lambda frame: frame[["a", "b"]], ValueError, ["forecasts has no columns of intervals", "y-lo-80"]),
        (1, lambda frame: frame["a"], ValueError, ["forecasts has no columns of intervals"]),
        (1, lambda frame: frame.to_numpy(), TypeError, ["forecasts must be a DataFrame", "ndarray"]),
        (1, lambda frame: None, TypeError, ["forecasts must be a DataFrame", "NoneType"]),
        (1, lambda frame: frame[:0], ValueError, ["lower bound of level 80 has no rows"]),
        (0, lambda frame: None, TypeError, ["truths", "NoneType"]),
        (1, lambda frame: frame.assign(**{"a-lo-80": "low"}), TypeError, ["lower bound of level 80", "text"]),
        (1, lambda frame: frame.set_axis(list("abcdef")), TypeError, ["text", "to_datetime"]),
        (1, lambda frame: pd.concat([frame, frame]), ValueError, ["more than one row", "'a' at 54"]),
        (
            1,
            lambda frame: frame.set_axis(CLOCKS["dates"][54:]),
            ValueError,
            ["no row", "datetime64", "there and int64 here"],
        ),
        (0, lambda frame: frame.to_numpy(), TypeError, ["truths", "ndarray"]),
        (1, lambda frame: frame.drop(columns="a-hi-80"), ValueError, ["forecasts has no column 'a-hi-80'"]),
        (1, lambda frame: frame.assign(**{"a-lo-80": 99.0}), ValueError, ["level 80", "above", "'a' at 54", "swap"]),
        (1, lambda frame: frame.iloc[1:], ValueError, ["forecasts has no row", "'a' at 54"]),
        (0, lambda frame: frame.iloc[:-1], ValueError, ["truths has no row", "'a' at 59", "drop it"]),
        (0, lambda frame: frame.assign(b=[np.nan, *range(5)]), ValueError, ["truths has no row", "'b' at 54"]),
        (2, lambda frame: frame[["a"]], ValueError, ["train has no rows of series", "'b'"]),
        (2, lambda frame: frame.assign(b=np.inf), ValueError, ["train", "infinite", "'b' at 0"]),
        (0, lambda frame: as_long(frame).assign(z=1.0).rename(columns={"y": "w"}), ValueError, ["'w', 'z'", "target"]),
        (
            1,
            lambda frame: as_long(frame).assign(**{"y-lo-80": np.nan}),
            ValueError,
            ["lower bound of level 80", "missing", "'a' at 54"],
        ),
        (1, lambda frame: frame[[n for n in frame if n[0] == "a"]], ValueError, ["truths has 2 series", "target"]),
    ],
)
def test_what_has_no_table_is_refused_in_one_sentence(which, change, kind, words):
    frames = list(two_series())
    interval_scores(*frames)
    frames[which] = change(frames[which])
    refused(kind, words, interval_scores, *frames)


def test_the_table_refuses_a_season_that_is_none():
    refused(ValueError, ["season", "0"], interval_scores, *two_series(), 0)
