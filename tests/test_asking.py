"""Which rows a fitted forecaster is asked for, and where that cannot be told: steps without a clock, and far ones."""

import time
import warnings

import numpy as np
import pandas as pd
import pytest
from refusals import refused
from sklearn.decomposition import PCA
from sklearn.model_selection import TimeSeriesSplit, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from tsrnn import RNNForecaster, SeasonalNaive

N = 40
RNG = np.random.default_rng(0)
COUNTED = pd.DataFrame({"promo": RNG.normal(size=N + 5)})
VALUES = pd.Series(RNG.normal(size=N + 5).cumsum(), name="sales")
DAYS = pd.date_range("2024-01-01", periods=N, freq="D")
LATER = "X has no clock but (the )?row numbers"


def fit(X, y=None, **options):
    settings = {"max_iter": 1, "hidden_layer_sizes": 4, "lookback": 4, "early_stopping": False, "random_state": 0}
    return RNNForecaster(3, **settings | options).fit(X, y)


def test_new_rows_that_pandas_counts_from_zero_again_are_the_steps_after_training():
    model = fit(COUNTED[:N], VALUES[:N])
    new = COUNTED[N : N + 3]
    expected = model.predict(new)  # whose row numbers go on
    with pytest.warns(UserWarning, match=LATER) as caught:
        np.testing.assert_array_equal(model.predict(new.reset_index(drop=True)), expected)
    assert len(caught) == 1 and caught[0].filename == __file__
    np.testing.assert_array_equal(model.forecast(X=new.reset_index(drop=True)), expected)


def test_the_rows_of_training_that_pandas_counts_are_themselves():
    model = fit(COUNTED[:N], VALUES[:N])
    fitted = model.predict(COUNTED.iloc[:N])
    np.testing.assert_array_equal(model.predict(COUNTED[: N + 2])[:N], fitted)
    assert (fitted[:3] != model.predict(COUNTED[N : N + 3])).all()


def test_covariates_like_the_first_of_training_may_come_again():
    """Rows that are no more than that are those to come, as they are in an array."""
    flags = pd.DataFrame({"promo": (np.arange(N + 3) % 10 == 9).astype(float)})
    model = fit(flags[:N], VALUES[:N])
    new = flags[N : N + 3].reset_index(drop=True)
    assert (new.to_numpy() == flags[:3].to_numpy()).all()
    with pytest.warns(UserWarning, match=LATER):
        np.testing.assert_array_equal(model.predict(new), model.forecast(3, flags[N : N + 3]))


def test_rows_of_training_with_other_covariates_than_there_are_said_to_be_those_of_training():
    model = fit(COUNTED[:N].set_axis(DAYS), VALUES[:N].set_axis(DAYS))
    fitted = model.predict(COUNTED[:9].set_axis(DAYS[:9]))
    with pytest.warns(UserWarning, match="other covariates than training for 9 rows of it") as caught:
        np.testing.assert_array_equal(model.predict(COUNTED[:9].set_axis(DAYS[:9]) + 1), fitted)
    assert len(caught) == 1 and caught[0].filename == __file__


def test_a_covariate_of_large_numbers_hides_no_other_value_of_a_small_one():
    X = pd.DataFrame({"visitors": RNG.integers(10**6, 10**9, N), "promo": np.arange(N) % 2.0}, DAYS)
    model = fit(X, VALUES[:N].set_axis(DAYS))
    with pytest.warns(UserWarning, match="other covariates than training for 9 rows of it"):
        model.predict(X[:9].assign(promo=1 - X["promo"][:9]))


def test_other_last_bits_of_a_transformer_are_no_other_covariates():
    """The last of these components holds nothing but such bits; some values of the others are next to zero."""
    codes = np.eye(6)[RNG.integers(0, 6, N)]  # which sum to one
    data = pd.DataFrame(np.hstack([codes, RNG.normal(size=(N, 3))]), DAYS)
    pipe = make_pipeline(PCA(svd_solver="full"), RNNForecaster(3, max_iter=1, hidden_layer_sizes=4, lookback=4))
    pipe.set_output(transform="pandas").fit(data, VALUES[:N].set_axis(DAYS))
    components = pipe[0].transform(data)
    assert components.iloc[:, -1].abs().max() < 1e-14
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fitted = np.concatenate([pipe.predict(data[day:day]) for day in DAYS])
    np.testing.assert_array_equal(fitted, pipe.predict(data))


def test_a_zero_is_another_covariate_by_the_size_of_its_column_in_training():
    """Also where it is the only row, as single precision gives it other last bits."""
    X = pd.DataFrame({"promo": np.arange(N) % 2.0}, DAYS)
    model = fit(X, VALUES[:N].set_axis(DAYS))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.predict(X[:1] + 1e-8)
    with pytest.warns(UserWarning, match="other covariates than training for 1 row of it"):
        model.predict(X[:1] + 1e-5)


def test_x_without_a_clock_beside_dates_is_of_rows_whatever_they_count():
    """Folds of scikit-learn count on from where they begin."""
    dated, settings = VALUES[:N].set_axis(DAYS), {"early_stopping": False, "max_iter": 1, "hidden_layer_sizes": 4}
    model = RNNForecaster(3, lookback=4, random_state=0, **settings)
    with pytest.warns(UserWarning, match="X has no"):
        scores = cross_val_score(model, COUNTED[:N], dated, cv=TimeSeriesSplit(2, test_size=3, max_train_size=20))
    assert np.isfinite(scores).all()
    with pytest.warns(UserWarning, match="y has a clock, but X has none"):
        model.fit(COUNTED[5:N], dated[5:])
    np.testing.assert_array_equal(model.predict(COUNTED[5:N]), model.predict(COUNTED[5:N].to_numpy()))
    with pytest.warns(UserWarning, match=LATER):
        ahead = model.predict(COUNTED[N : N + 3])
    np.testing.assert_array_equal(ahead, model.forecast(3, COUNTED[N : N + 3].reset_index(drop=True)))


@pytest.mark.parametrize("years", [pd.RangeIndex(1950, 1955 + N), pd.Index([*range(1950, 1955 + N)])], ids=type)
def test_years_that_pandas_counts_are_a_clock(years):
    """Without a name they look like the rows of a part of a frame, but y has the same."""
    X, y = COUNTED.set_axis(years), VALUES.set_axis(years)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = fit(X[:N], y[:N])
        fitted, ahead = model.predict(X[:N]), model.predict(X[N:])
        np.testing.assert_array_equal(model.predict(X[N - 2 : N]), fitted[-2:])
    np.testing.assert_array_equal(model.forecast(5, X[N:]), ahead)
    assert model.forecast(2, X[N:]).index.tolist() == [1990, 1991]


def test_x_that_counts_from_zero_beside_years_has_no_clock():
    with pytest.warns(UserWarning, match="y has a clock, but X has none"):
        model = fit(COUNTED[:N], VALUES[:N].set_axis(pd.RangeIndex(1950, 1950 + N)))
    with pytest.warns(UserWarning, match=LATER):
        ahead = model.predict(COUNTED[N : N + 3])
    np.testing.assert_array_equal(ahead, model.forecast(3, COUNTED[N : N + 3]))
    assert model.forecast(3, COUNTED[N : N + 3]).index.tolist() == [1990, 1991, 1992]


def test_rows_chosen_by_numbers_are_told_as_those_of_a_slice_are():
    """Before pandas 3 the index of chosen rows holds the same numbers as that of a slice, but is no RangeIndex."""
    dated = VALUES[:N].set_axis(DAYS)

    def chosen(rows):
        return COUNTED[rows].set_axis(pd.Index([*range(N + 5)[rows]]))

    with pytest.warns(UserWarning, match="y has a clock, but X has none"):
        whole, part = fit(COUNTED[:N], dated), fit(chosen(slice(5, N)), dated[5:])
    np.testing.assert_array_equal(whole.predict(chosen(slice(0, N))), whole.predict(COUNTED[:N]))
    np.testing.assert_array_equal(part.predict(chosen(slice(5, N))), part.predict(COUNTED[5:N].to_numpy()))
    with pytest.warns(UserWarning, match=LATER):
        expected = whole.predict(COUNTED[N:])
    with pytest.warns(UserWarning, match=LATER):
        np.testing.assert_array_equal(whole.predict(chosen(slice(N, N + 5))), expected)
    assert whole.score(chosen(slice(0, N)), dated) == whole.score(COUNTED[:N], dated)
    assert part.score(chosen(slice(5, N)), dated[5:]) == part.score(COUNTED[5:N], dated[5:])
    counted = fit(COUNTED[:N], VALUES[:N])
    with pytest.warns(UserWarning, match=LATER):
        from_zero = counted.predict(COUNTED[N:].set_axis(pd.Index([*range(5)])))
    np.testing.assert_array_equal(from_zero, counted.predict(COUNTED[N:]))


def test_weights_of_another_index_are_refused():
    weights = pd.Series(np.arange(1.0, N + 1), DAYS)
    model = RNNForecaster(3, max_iter=1, hidden_layer_sizes=4, early_stopping=False)
    words = ["X and sample_weight have different indexes"]
    refused(ValueError, words, model.fit, VALUES[:N].set_axis(DAYS), None, weights[::-1])


def test_later_rows_need_the_true_values_where_training_had_them_apart():
    model = fit(COUNTED[:N], VALUES[:N])
    refused(ValueError, ["apart from X", "give y here"], model.update, COUNTED[N : N + 3])


@pytest.mark.parametrize("form", ["series", "wide", "target"])
def test_rows_are_told_from_those_of_training_by_their_values_in_every_form(form):
    wide = pd.DataFrame({"b": VALUES, "a": COUNTED["promo"]})
    data = {"series": VALUES, "wide": wide, "target": wide}[form]
    model = fit(data[:N], target="b" if form == "target" else None)
    fitted, ahead = model.predict(data[:N]), model.predict(data[N:])
    np.testing.assert_array_equal(model.predict(data[:5]), fitted[:5])
    with pytest.warns(UserWarning, match=LATER):
        np.testing.assert_array_equal(model.predict(data[N:].reset_index(drop=True)), ahead)
    index = pd.DataFrame(index=range(5))  # which holds nothing but a clock
    if form != "target":
        np.testing.assert_array_equal(model.predict(index), fitted[:5])


def test_an_index_that_is_no_clock_is_not_taken_for_the_future_of_data_without_one():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = fit(VALUES[:N].to_numpy())
    rows = pd.Series([1.0, 2.0])
    texts = rows.set_axis(["2024-01", "2024-02"])  # of objects before pandas 3
    refused(TypeError, [f"an index of {texts.index.dtype}", "without a clock"], model.predict, texts)
    levels = pd.MultiIndex.from_product([["a"], [1, 2]])
    refused(TypeError, ["2 levels", "without a clock"], model.predict, rows.set_axis(levels))
    refused(TypeError, ["2024-01-01", "without a clock"], model.predict, rows.set_axis(DAYS[:2]))
    assert model.predict(rows.set_axis(DAYS[:2])[:0]).shape == (0,)


def test_a_pipeline_that_drops_the_clock_of_x_says_so_when_it_is_fitted_and_forecasts():
    X, y = COUNTED[:N].set_axis(DAYS), VALUES[:N].set_axis(DAYS)
    settings = {"max_iter": 1, "hidden_layer_sizes": 4, "lookback": 4, "early_stopping": False, "random_state": 0}
    pipe = make_pipeline(StandardScaler(), RNNForecaster(3, **settings))
    with pytest.warns(UserWarning, match="y has a clock, but X has none.*set_output"):
        pipe.fit(X, y)
    new = COUNTED[N : N + 3].set_axis(pd.date_range(DAYS[-1] + DAYS.freq, periods=3))
    with pytest.warns(UserWarning, match="directly after training"):
        forecasts = pipe.predict(new)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        whole = pipe.set_output(transform="pandas").fit(X, y)
        np.testing.assert_array_equal(whole.predict(new), forecasts)


def test_only_the_series_that_are_asked_for_are_forecast_and_each_as_far_as_it_is(monkeypatch):
    """One row far ahead of one of many series costs that series alone; every forecast stays the same to the bit."""
    ids = [f"s{k}" for k in range(6)]
    long = pd.DataFrame({"unique_id": np.repeat(ids, N), "ds": np.tile(DAYS, 6), "y": RNG.normal(size=6 * N)})
    model = fit(long)
    every = model.forecast(60)
    asked = []
    ahead = RNNForecaster._forecast_ahead

    def count(self, series, n_steps, known=None):
        asked.append((len(series), n_steps))
        return ahead(self, series, n_steps, known)

    monkeypatch.setattr(RNNForecaster, "_forecast_ahead", count)
    steps = every.groupby("unique_id").cumcount()
    rows = every[((steps < 2) & (every["unique_id"] != "s3")) | ((steps == 59) & (every["unique_id"] == "s5"))]
    np.testing.assert_array_equal(
        model.predict(rows.sample(frac=1, random_state=0)[["unique_id", "ds"]]),
        rows.sample(frac=1, random_state=0)["y"],
    )
    assert sorted(asked) == [(1, 60), (4, 2)]


def test_a_stamp_that_is_absurdly_far_ahead_is_refused_at_once():
    model = SeasonalNaive().fit(VALUES[:N].set_axis(DAYS))
    begun = time.perf_counter()
    typo = pd.DataFrame(index=pd.DatetimeIndex(["2204-02-10"]))
    refused(ValueError, ["2204-02-10", "65744 steps after", "check the stamps"], model.predict, typo)
    assert time.perf_counter() - begun < 5
    assert len(model.predict(model.future_frame(5000))) == 5000  # all of which are asked for
