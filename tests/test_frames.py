"""One panel in every format: the same forecasts to the bit, given back as the user's own frame would go on.

Expected frames are made by pandas, from the forecasts of the wide frame, by the function that made the data.
"""

from datetime import date
from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from refusals import refused

from tsrnn import RNNForecaster, SeasonalNaive
from tsrnn.reading import extend, read_panel

N, H = 40, 3
MONTHS = pd.date_range("2014-01-01", periods=N + 10, freq="MS", name="ds")
NAMES = ["b", "a", "c"]
WIDE = pd.DataFrame(
    10 + np.sin(np.arange(N + 10)[:, None] * np.pi / 6 + [0, 1, 2])
    + np.random.default_rng(0).normal(0, 0.1, (N + 10, 3)),
    MONTHS, pd.Index(NAMES, name="unique_id"),
)  # fmt: skip
PAST, LATER = WIDE.iloc[:N], WIDE.iloc[N:]


def rnn(**changes):
    options = dict(horizon=H, lookback=5, cell="gru", hidden_layer_sizes=3, max_iter=2, random_state=0, n_jobs=1)
    return RNNForecaster(**{**options, **changes})


def naive(**changes):
    return SeasonalNaive(**{"horizon": H, **changes})


both = pytest.mark.parametrize("make", [rnn, naive])


# A panel in every format: what makes it of a wide frame, and the arguments that say so.


def as_long(wide, ids="unique_id", time="ds", value="y"):
    """Return the rows series by series, in columns of these names."""
    long = wide.unstack().rename(value).reset_index()
    return long.set_axis([ids, time, value], axis=1)


def as_named(wide):
    return as_long(wide, "shop", "day", "sold")[["sold", "day", "shop"]]


def as_interleaved(wide):
    """Return the rows stamp by stamp."""
    return as_long(wide.sort_index(axis=1))[["ds", "unique_id", "y"]].sort_values(
        "ds", kind="stable", ignore_index=True
    )


def as_levels(wide):
    return as_long(wide).set_index(["unique_id", "ds"])


def as_categories(wide):
    long = as_long(wide)
    kinds = pd.CategoricalDtype(["z", "c", "b", "a"], ordered=True)  # none is called z
    return long.assign(unique_id=long["unique_id"].astype(kinds))


FORMS = {
    "wide": (lambda wide: wide, {}),
    "wide, stamps in a column": (lambda wide: wide.reset_index().rename_axis(columns=None), {}),
    "long": (as_long, {}),
    "long, other names and order": (as_named, dict(id_col="shop", time_col="day", target="sold")),
    "long, the only other column": (lambda wide: as_long(wide, value="sold"), {}),
    "long, stamp by stamp": (as_interleaved, {}),
    "long, ids are categories": (as_categories, {}),
    "long, ids are the index": (lambda wide: as_long(wide).set_index("unique_id"), {}),
    "long, stamps are the index": (lambda wide: as_named(wide).set_index("day"), dict(id_col="shop", time_col="day")),
    "levels, frame": (as_levels, {}),
    "levels, series": (lambda wide: as_levels(wide)["y"].rename("sold"), {}),
    "levels without names": (lambda wide: as_levels(wide).rename_axis([None, None]), {}),
    "levels, stamps first": (lambda wide: as_levels(wide).swaplevel(), {}),
    "levels, stamp by stamp": (lambda wide: as_interleaved(wide).set_index(["unique_id", "ds"]), {}),
    "levels, ids are categories": (lambda wide: as_categories(wide).set_index(["unique_id", "ds"]), {}),
}
every_form = pytest.mark.parametrize("convert, options", FORMS.values(), ids=FORMS.keys())


def same(given, expected):
    check = pd.testing.assert_series_equal if isinstance(expected, pd.Series) else pd.testing.assert_frame_equal
    check(given, expected, check_exact=True)


def keys_alone(rows):
    """Return rows without what is forecast."""
    return rows.to_frame()[[]] if isinstance(rows, pd.Series) else rows.select_dtypes(exclude="float64")


def numbers_alone(rows):
    """Return what is forecast, a column for each series of a wide frame."""
    return rows.to_numpy() if isinstance(rows, pd.Series) else rows.select_dtypes("float64").to_numpy().squeeze()


@pytest.fixture(scope="module")
def of_wide():
    return {make: make().fit(PAST) for make in (rnn, naive)}


@both
@every_form
@pytest.mark.parametrize("h", [1, H])
def test_the_forecast_goes_back_in_the_format_of_the_data_with_the_bits_of_the_wide_frame(
    of_wide, make, convert, options, h
):
    model = make(**options).fit(convert(PAST))
    same(model.forecast(h), convert(of_wide[make].forecast(h).rename_axis(columns="unique_id")))


@both
@every_form
def test_the_future_frame_has_the_keys_of_the_rows_to_come_and_predict_of_it_is_the_forecast(make, convert, options):
    model = make(**options).fit(convert(PAST))
    future = model.future_frame(H)
    expected = keys_alone(convert(LATER.iloc[:H]))
    pd.testing.assert_frame_equal(future, expected.rename_axis(columns=None), check_column_type=False)
    np.testing.assert_array_equal(model.predict(future), numbers_alone(model.forecast(H)))


@both
@every_form
def test_rows_of_training_get_their_fitted_values_in_any_order(of_wide, make, convert, options):
    data = convert(PAST)
    model = make(**options).fit(data)
    expected = numbers_alone(convert(pd.DataFrame(of_wide[make].predict(PAST), PAST.index, PAST.columns)))
    order = np.random.default_rng(0).permutation(len(data))
    np.testing.assert_array_equal(model.predict(data.iloc[order]), expected[order])
    assert model.score(data.iloc[order]) == pytest.approx(model.score(data), rel=1e-12)  # another order of sums


@both
@every_form
def test_later_rows_in_the_format_of_the_data_move_the_memory_forward(of_wide, make, convert, options):
    model = make(**options).fit(convert(PAST)).update(convert(LATER.iloc[:4]))
    expected = make().fit(PAST).update(LATER.iloc[:4]).forecast()
    same(model.forecast(), convert(expected.rename_axis(columns="unique_id")))
    assert (expected.index == LATER.index[4 : 4 + H]).all()
    if make is naive:
        np.testing.assert_array_equal(expected, naive().fit(WIDE.iloc[: N + 4]).forecast())


@both
@pytest.mark.parametrize("options", [{}, dict(target=["b", "a", "c"])], ids=["a panel", "targets"])
def test_rows_are_scored_and_gone_on_with_whatever_the_order_of_their_columns(make, options):
    model, turned = make(**options).fit(PAST), ["c", "b", "a"]
    assert model.score(PAST[turned]) == model.score(PAST)
    same(model.update(LATER[turned]).forecast(), make(**options).fit(PAST).update(LATER).forecast())


HOLED = WIDE.copy()
HOLED.iloc[[4, 5, N + 1], 0] = np.nan  # none is the first or last row of a series, or of what comes later
FORMS_WITH_IDS = {name: form for name, form in FORMS.items() if not name.startswith("wide")}


def forecasts_before_and_after_update(model, past, later):
    before = numbers_alone(model.fit(past).forecast())
    return before, numbers_alone(model.update(later).forecast())


@both
@pytest.mark.parametrize("convert, options", FORMS_WITH_IDS.values(), ids=FORMS_WITH_IDS.keys())
def test_a_row_that_is_absent_is_a_row_whose_value_is_missing(make, convert, options):
    model = make(missing="interpolate", **options)
    parts = [convert(part) for part in (HOLED.iloc[:N], HOLED.iloc[N : N + 4])]
    expected = forecasts_before_and_after_update(model, *parts)
    counts = model.panel_.n_missing, model.panel_.n_absent
    given = forecasts_before_and_after_update(model, *(part.dropna() for part in parts))
    np.testing.assert_array_equal(given, expected)
    assert counts == (3, 0) and (model.panel_.n_missing, model.panel_.n_absent) == (0, 3)


@both
@every_form
def test_missing_values_are_the_same_in_every_format(make, convert, options):
    parts = HOLED.iloc[:N], HOLED.iloc[N : N + 4]
    given = forecasts_before_and_after_update(make(missing="interpolate", **options), *map(convert, parts))
    model = make(missing="interpolate").fit(parts[0])
    for forecast, later in zip(given, (None, parts[1]), strict=True):
        expected = (model if later is None else model.update(later)).forecast().rename_axis(columns="unique_id")
        np.testing.assert_array_equal(forecast, numbers_alone(convert(expected)))


# The order of series, of rows and of columns changes nothing


@both
@settings(max_examples=8, derandomize=True, deadline=None)
@given(order=st.permutations(range(3)), seed=st.integers(0, 99))
def test_the_order_of_series_and_the_way_their_rows_are_mixed_change_no_bit(make, order, seed):
    expected = make().fit(PAST).forecast()
    permuted = PAST.iloc[:, order]
    same(make().fit(permuted).forecast(), expected.iloc[:, order].rename_axis(columns="unique_id"))
    # Rows of each series in order, but of any series next: as `n` cards of three packs are riffled.
    turns = np.random.default_rng(seed).permutation(np.arange(3).repeat(N))
    long = as_long(permuted)
    mixed = long.iloc[np.argsort(np.argsort(turns, kind="stable"), kind="stable")]
    forecast = make().fit(mixed).forecast().set_index(["ds", "unique_id"])["y"].unstack()
    np.testing.assert_array_equal(forecast[NAMES], expected)


@both
def test_a_series_given_alone_is_not_changed_by_a_column_name_or_kind_of_frame(make):
    alone = PAST["a"]
    expected = make().fit(alone).forecast().to_numpy()
    frame = alone.to_frame().rename_axis(columns=None)
    with_column = frame.reset_index()
    levels = as_levels(PAST[["a"]])
    for data in (frame, with_column, levels, as_long(PAST[["a"]])):
        np.testing.assert_array_equal(numbers_alone(make().fit(data).forecast()), expected)


# Series of unequal length


def test_series_begin_and_end_where_their_rows_do():
    long = as_long(WIDE)
    long = long[~((long["unique_id"] == "a") & (long["ds"] < MONTHS[7]))]
    long = long[~((long["unique_id"] == "c") & (long["ds"] > MONTHS[30]))]
    panel = read_panel(long)
    assert panel.starts.tolist() == [0, 7, 0]
    assert panel.ends.tolist() == [N + 10, N + 10, 31]
    assert (panel.n_missing, panel.n_absent) == (0, 0)
    for number, name in enumerate(NAMES):
        rows = slice(panel.bounds[number], panel.bounds[number + 1])
        expected = WIDE[name].iloc[panel.starts[number] : panel.ends[number]]
        np.testing.assert_array_equal(panel.values[rows, 0], expected)


@both
def test_each_series_is_forecast_from_its_own_end(make):
    long = as_long(PAST)
    ragged = long[~((long["unique_id"] == "c") & (long["ds"] > MONTHS[30]))]
    model = make().fit(ragged)
    expected = {"b": MONTHS[N : N + H], "a": MONTHS[N : N + H], "c": MONTHS[31 : 31 + H]}
    for name, forecast in model.forecast().groupby("unique_id"):
        assert forecast["ds"].tolist() == expected[name].tolist()
    later = pd.DataFrame({"unique_id": "c", "ds": MONTHS[33:35]})  # through the hole after its end
    np.testing.assert_array_equal(model.predict(later)[:1], model.forecast()["y"].iloc[[-1]])


def test_series_far_apart_are_a_panel_without_a_hole():
    """Most stamps between the first and the last of the panel have no row of any series."""
    early, late = as_long(WIDE[["a"]]), as_long(WIDE[["b"]])
    panel = read_panel(pd.concat([early, late.assign(ds=late["ds"] + pd.DateOffset(years=40))]))
    assert panel.starts.tolist() == [0, 480] and panel.lengths.tolist() == [N + 10] * 2
    assert panel.n_absent == 0 and not np.isnan(panel.values).any()


def test_a_series_of_a_wide_frame_begins_with_its_first_value_and_what_it_lacks_at_the_end_is_missing():
    wide = WIDE.copy()
    wide.iloc[:5, 1], wide.iloc[-2:, 2] = np.nan, np.nan
    panel = read_panel(wide)
    assert panel.starts.tolist() == [0, 5, 0]
    assert panel.ends.tolist() == [N + 10] * 3
    assert (panel.n_missing, panel.n_absent) == (2, 0)
    same(
        naive(missing="interpolate").fit(wide).forecast()[["a"]],
        naive().fit(wide.iloc[5:][["b", "a"]]).forecast()[["a"]],
    )


def test_absent_stamps_of_a_wide_frame_are_counted_once_and_are_no_missing_values():
    wide = WIDE.copy()
    wide.iloc[:9, 1] = np.nan
    panel = read_panel(wide.drop(MONTHS[[3, 20]]))
    assert (panel.n_missing, panel.n_absent) == (0, 2)
    gone_on = extend(panel, LATER.iloc[[-1]].set_axis(LATER.index[-1:] + 3 * MONTHS.freq))
    assert (gone_on.n_missing, gone_on.n_absent) == (0, 4)
    assert np.isnan(panel.values).sum() == 5  # the second series had not begun when the first of them was absent


@both
def test_an_update_may_leave_out_series_and_stamps(make):
    model = make(missing="interpolate").fit(as_long(PAST))
    before = model.forecast()
    new = as_long(LATER.iloc[:4])
    new = new[(new["unique_id"] == "a") & (new["ds"] != MONTHS[N + 1])]
    after = model.update(new).forecast()
    others = before["unique_id"] != "a"
    same(after[others], before[others])
    assert after["ds"][~others].tolist() == MONTHS[N + 4 : N + 4 + H].tolist()
    assert (model.panel_.n_missing, model.panel_.n_absent) == (0, 1)


@both
def test_an_update_with_a_hole_is_refused_where_the_fit_would_be_and_changes_nothing(make):
    model = make().fit(as_long(PAST))
    before = model.forecast()
    with pytest.raises(ValueError, match="3 absent stamp"):
        model.update(as_long(LATER.iloc[[0, 2]]))
    same(model.forecast(), before)


@both
def test_an_update_of_nothing_changes_nothing(make):
    model = make().fit(as_long(PAST))
    before = model.forecast()
    same(model.update(as_long(LATER.iloc[:0]).astype({"unique_id": "str"})).forecast(), before)


# Ids of any kind

IDS = {
    "integers": [3, 1, 2],
    "small integers": np.array([3, 1, 2], dtype=np.int8),
    "nullable integers": pd.array([3, 1, 2], dtype="Int64"),
    "floats": [0.5, 0.25, 3.0],
    "strings": pd.array(["x", "w", "z"], dtype="string"),
    "objects": np.array(["x", "w", "z"], dtype=object),
    "mixed": np.array([1, "1", 2.5], dtype=object),
    "tuples": pd.Series([("x", 1), ("x", 2), ("y", 1)]).array,
    "booleans": [True, False],
    "dates": pd.date_range("2001-01-01", periods=3, freq="YS"),
    "categories": pd.Categorical([3, 1, 2], categories=[9, 3, 2, 1]),
}


@both
@pytest.mark.parametrize("ids", IDS.values(), ids=IDS.keys())
def test_ids_of_any_kind_come_back_as_they_were(of_wide, make, ids):
    names = pd.Series(ids)
    values = [WIDE.iloc[:N, number].to_numpy() for number in range(len(names))]
    data = pd.DataFrame({
        "unique_id": pd.concat([names] * N).sort_index(kind="stable").array,
        "ds": np.tile(MONTHS[:N], len(names)),
        "y": np.concatenate(values),
    })  # fmt: skip
    model = make().fit(data)
    forecast = model.forecast()
    expected = pd.concat([names] * H).sort_index(kind="stable").array
    pd.testing.assert_series_equal(forecast["unique_id"], pd.Series(expected, name="unique_id"))
    np.testing.assert_array_equal(model.predict(model.future_frame()), forecast["y"])
    new = pd.DataFrame({"unique_id": names, "ds": MONTHS[N], "y": 9.0})
    assert (model.update(new).forecast()["ds"].iloc[::H] == MONTHS[N + 1]).all()
    if make is naive:
        np.testing.assert_array_equal(forecast["y"], np.concatenate([part[-12:][:H] for part in values]))


@both
@pytest.mark.parametrize("names", [[2, 0, 1], [("x", 1), ("x", 2), ("y", 1)], pd.CategoricalIndex(["q", "p", "r"])])
def test_the_columns_of_a_wide_frame_come_back_as_they_were(of_wide, make, names):
    data = PAST.set_axis(pd.Index(names), axis=1)
    forecast = make().fit(data).forecast()
    pd.testing.assert_index_equal(forecast.columns, data.columns)
    assert forecast.shape == (H, 3)


def test_the_order_of_training_tells_ids_of_the_same_text_apart():
    ids = np.array(["1", 1, "2", 2.0], dtype=object)
    orders = []
    for series in (ids, ids[::-1]):
        data = pd.DataFrame({"unique_id": series.repeat(3), "ds": np.tile(np.arange(3), 4), "y": np.arange(12.0)})
        panel = read_panel(data)
        orders.append([(type(panel.ids[number]), str(panel.ids[number])) for number in panel.order])
    assert orders[0] == orders[1]


# Clocks of a panel


BERLIN = "Europe/Berlin"  # summer time began on 2021-03-28 and ended on 2021-10-31
CLOCKS = {
    "hours into summer time": pd.date_range("2021-03-26", periods=60, freq="h", tz=BERLIN),
    "hours out of summer time": pd.date_range("2021-10-29 12:00", periods=60, freq="h", tz=BERLIN),
    "days out of summer time": pd.date_range("2021-10-01", periods=60, freq="D", tz=BERLIN),
    "periods": pd.period_range("2014-01", periods=60, freq="M"),
    "pairs of periods": pd.period_range("2014-01", periods=60, freq="2M"),
    "years": pd.RangeIndex(1950, 2010),
    "every fifth number": pd.RangeIndex(10, 310, 5),
    "nullable numbers": pd.Index(np.arange(60), dtype="Int64"),
    "small numbers": pd.Index(np.arange(60), dtype="int16"),
    "seconds": pd.date_range("2021-01-01", periods=60, freq="s", unit="s"),
    "weeks in milliseconds": pd.date_range("2021-01-02", periods=60, freq="W-SAT", unit="ms"),
}


@pytest.mark.parametrize("clock", CLOCKS.values(), ids=CLOCKS.keys())
@pytest.mark.parametrize("form", ["wide", "long", "levels, frame", "levels, stamps first", "long, stamp by stamp"])
def test_every_kind_of_clock_goes_on_in_every_format(clock, form):
    convert, options = FORMS[form]
    values = np.arange(180.0).reshape(60, 3)
    data = pd.DataFrame(values, clock.rename("ds"), pd.Index(NAMES, name="unique_id"))
    model = naive(season=1, **options).fit(convert(data.iloc[:50]))
    expected = data.iloc[50 : 50 + H].copy()
    expected[:] = values[49]
    same(model.forecast(), convert(expected))
    np.testing.assert_array_equal(model.predict(model.future_frame()), numbers_alone(model.forecast()))
    later = model.update(convert(data.iloc[50:57])).forecast()
    expected = data.iloc[57:].copy()
    expected[:] = values[56]
    same(later, convert(expected))


# Several targets of one series


@both
def test_several_targets_are_forecast_together_in_the_order_of_their_names(make):
    frame = PAST.rename_axis(columns=None)
    by_name = make(target=["c", "b"]).fit(frame[["b", "c"]])
    by_y = make().fit(PAST[[]], frame[["c", "b"]])
    assert list(by_name.forecast().columns) == ["c", "b"]
    same(by_y.forecast(), by_name.forecast())
    bare = make().fit(PAST[[]], frame[["c", "b"]].to_numpy())
    same(bare.forecast(), by_name.forecast().set_axis([0, 1], axis=1))
    for model in (by_name, by_y, bare):
        assert model.predict(model.future_frame()).shape == (H, 2)
        np.testing.assert_array_equal(model.predict(model.future_frame()), model.forecast())
    assert by_name.panel_.n_series == 1


@both
def test_several_targets_go_on_by_name(make):
    frame = WIDE.rename_axis(columns=None)[["b", "c"]]
    first = make(target=["b", "c"]).fit(frame.iloc[:N]).update(frame.iloc[N : N + 2])
    second = make().fit(PAST[[]], frame.iloc[:N]).update(LATER.iloc[:2][[]], frame[["c", "b"]].iloc[N : N + 2])
    same(first.forecast(), second.forecast())


@both
def test_several_targets_of_many_series_are_forecast_together(make):
    long = as_long(PAST).assign(z=as_long(PAST * 2)["y"])
    forecast = make(target=["z", "y"]).fit(long).forecast()
    assert list(forecast.columns) == ["unique_id", "ds", "y", "z"]  # each where the user had it
    if make is naive:
        np.testing.assert_array_equal(forecast["z"], 2 * forecast["y"])


# One series


@both
@pytest.mark.parametrize("form", ["column of stamps", "y beside it", "index", "series"])
def test_one_series_goes_on_in_its_own_format(make, form):
    values, later = PAST["a"].rename("sold"), WIDE["a"].rename("sold").iloc[N : N + 2]
    given, new = (
        {
            "column of stamps": (lambda part: (part.reset_index()[["sold", "ds"]],)),
            "y beside it": (lambda part: (part.index.to_frame(index=False), part.reset_index(drop=True))),
            "index": (lambda part: (part.to_frame(),)),
            "series": (lambda part: (part,)),
        }[form],
        None,
    )
    expected = make().fit(values)
    model = make().fit(*given(values))
    forecast = expected.forecast()
    goes_on = forecast.reset_index() if form in ("column of stamps", "y beside it") else given(forecast)[0]
    same(model.forecast(), goes_on[["sold", "ds"]] if form == "column of stamps" else goes_on)
    np.testing.assert_array_equal(model.predict(model.future_frame()), forecast)
    new = model.update(*given(later)).forecast()
    np.testing.assert_array_equal(numbers_alone(new), expected.update(later).forecast())


@both
@pytest.mark.filterwarnings("ignore:the data have no clock")
def test_arrays_of_two_axes_are_a_panel_of_their_columns(make):
    options = dict(season=12) if make is naive else {}
    model = make(**options).fit(PAST.to_numpy())
    forecast = model.forecast()
    numbered, later = (part.set_axis([0, 1, 2], axis=1) for part in (PAST, LATER.iloc[:2]))
    expected = make(**options).fit(numbered)
    np.testing.assert_array_equal(forecast, expected.forecast())
    assert forecast.index.tolist() == [N, N + 1, N + 2] and forecast.columns.tolist() == [0, 1, 2]
    np.testing.assert_array_equal(model.predict(np.zeros((H, 1))), forecast)
    np.testing.assert_array_equal(model.predict(PAST.to_numpy()), expected.predict(numbered))
    after = expected.update(later).forecast()
    np.testing.assert_array_equal(model.update(later.to_numpy()).forecast(), after)


@both
@pytest.mark.filterwarnings("ignore:the data have no clock")
def test_an_array_of_one_axis_goes_on_as_a_series_without_a_name(make):
    options = dict(season=12) if make is naive else {}
    model = make(**options).fit(PAST["a"].to_numpy()).update(LATER["a"].iloc[:2].to_numpy())
    forecast = model.forecast()
    assert (forecast.name, forecast.index.tolist()) == (None, [N + 2, N + 3, N + 4])
    clocked = make(**options).fit(PAST["a"]).update(LATER["a"].iloc[:2])
    np.testing.assert_array_equal(forecast, clocked.forecast())


@both
def test_a_series_may_bear_the_name_of_a_column_of_stamps(make):
    assert make().fit(PAST["a"].rename("ds")).forecast().name == "ds"


# Values of any type


@pytest.mark.parametrize("dtype", ["Float64", "Int64", "Int8", "float32", "int8", "object", "boolean", "bool"])
def test_values_of_any_type_are_read_as_numbers(dtype):
    whole = np.random.default_rng(0).integers(0, 2, (N, 3)).astype(np.float64)
    data = pd.DataFrame(whole, PAST.index, NAMES).astype(bool if dtype.startswith("bool") else dtype).astype(dtype)
    same(naive().fit(data).forecast(), naive().fit(data.astype("float64")).forecast())


def test_missing_values_of_nullable_columns_are_missing():
    data = PAST.astype("Float64")
    data.iloc[[3, 8], 1] = pd.NA
    assert read_panel(data).n_missing == read_panel(as_long(data)).n_missing == 2


def test_a_frame_that_was_read_is_left_as_it_was_and_not_shared():
    for convert, options in FORMS.values():
        data = convert(PAST)
        copy = data.copy(deep=True)
        read_panel(data, **options).values[:] = -1
        same(data, copy)


@both
def test_several_targets_may_be_named_by_an_array_or_an_index(make):
    expected = make(target=["a", "b"]).fit(PAST[["b", "a"]]).forecast()
    for target in (np.array(["a", "b"]), pd.Index(["a", "b"])):
        same(make(target=target).fit(PAST[["b", "a"]]).forecast(), expected)


@both
@pytest.mark.filterwarnings("ignore:y has a clock, but X has none")
def test_the_clock_is_that_of_y_if_X_has_the_default_index(make):
    X = pd.DataFrame({"promo": np.arange(N) % 2.0})
    model, expected = make().fit(X, PAST["a"]), make().fit(X.set_axis(PAST.index), PAST["a"])
    assert model.panel_.clock == expected.panel_.clock
    ahead = X.iloc[:H].set_axis(LATER.index[:H])
    same(model.forecast(H, X=ahead), expected.forecast(H, X=ahead))
    later = X.iloc[:4], LATER["a"].iloc[:4]
    assert model.update(*later).future_frame(1).index[0] == MONTHS[N + 4]


# Names of several parts


PARTS = pd.MultiIndex.from_tuples([("k", "a"), ("k", "b"), ("j", "a")], names=["g", "s"])


@both
def test_columns_of_several_levels_are_series_or_targets_as_others_are(make):
    past, later = (part.set_axis(PARTS, axis=1) for part in (PAST, LATER))
    model, plain = make().fit(past), make().fit(PAST.set_axis(["ka", "kb", "ja"], axis=1))
    same(model.forecast(), plain.forecast().set_axis(PARTS, axis=1))
    assert model.score(past.iloc[:, ::-1]) == model.score(past)
    expected = plain.update(later.set_axis(["ka", "kb", "ja"], axis=1)).forecast().set_axis(PARTS, axis=1)
    same(model.update(later.iloc[:, ::-1]).forecast(), expected)
    assert make(target=("k", "b"), missing="interpolate").fit(past).panel_.form.targets.tolist() == [("k", "b")]
    refused(ValueError, ["no column 'k'", "('k', 'a')"], make(target="k").fit, past)


def test_a_long_frame_may_have_columns_of_several_levels():
    names = pd.MultiIndex.from_tuples([("shop", ""), ("day", ""), ("sold", "net"), ("sold", "gross")])
    long = as_long(PAST).assign(more=1.0 + np.arange(3 * N)).set_axis(names, axis=1)
    model = naive(id_col=("shop", ""), time_col=("day", ""), target=("sold", "net"))
    forecast = model.fit(long).forecast()
    same(forecast, naive().fit(as_long(PAST)).forecast().set_axis(names[:3], axis=1))
    np.testing.assert_array_equal(model.predict(model.future_frame()), forecast["sold", "net"])
    which = naive(id_col=("shop", ""), time_col=("day", ""))
    refused(ValueError, ["which column", "('sold', 'net')", "target"], which.fit, long)


# Covariates are read; no forecaster takes them yet


def test_the_other_columns_are_covariates_on_the_clock_of_the_panel():
    long = as_long(PAST).assign(price=np.arange(3.0 * N), kind=["p", "q", None] * N)
    panel = read_panel(long.drop(index=[1]))
    assert list(panel.covariate_names) == ["price", "kind"]
    assert panel.categories["kind"].tolist() == ["p", "q"]
    assert panel.covariates.shape == (3 * N, 2)
    np.testing.assert_array_equal(panel.covariates[:4], [[0, 0], [np.nan, np.nan], [2, np.nan], [3, 0]])


NUMBERS = {
    "decimals": [Decimal("1.5"), Decimal("0.25")],
    "numbers and NA": pd.Series([1.5, pd.NA], dtype=object),
    "truths and None": pd.Series([True, None], dtype=object),
    "nothing": pd.Series([None, None], dtype=object),
}


@pytest.mark.parametrize("values", NUMBERS.values(), ids=NUMBERS.keys())
def test_a_covariate_of_objects_is_read_as_numbers_unless_they_are_text(values):
    panel = read_panel(as_long(PAST).iloc[:N].assign(extra=list(values) * (N // 2)))
    expected = [np.nan if value is None or value is pd.NA else float(value) for value in values]
    assert not panel.categories
    np.testing.assert_array_equal(panel.covariates[:2, 0], expected)


NO_NUMBERS = {
    "numbers and a text": ([*[1.5] * (N - 1), "n/a"], ["'n/a'", f"row {N - 1}", "not a number"]),
    "durations": (pd.Timedelta("1h"), ["timedelta64", "give numbers"]),
    "durations as objects": ([*[1.5] * (N - 1), pd.Timedelta("1h")], ["Timedelta", f"row {N - 1}", "not a number"]),
    "dates of Python": (date(2024, 1, 1), ["datetime.date", "row 0", "not a number", "categorical_features"]),
}


@pytest.mark.parametrize("values, words", NO_NUMBERS.values(), ids=NO_NUMBERS.keys())
def test_a_covariate_that_is_neither_numbers_nor_text_is_no_category(values, words):
    refused(TypeError, ["'extra'", *words], read_panel, as_long(PAST).iloc[:N].assign(extra=values))


def test_a_category_may_look_like_a_date_if_it_is_said_to_be_one():
    data = as_long(PAST).assign(year=["2023", "2024"] * (3 * N // 2))
    refused(ValueError, ["dates in column 'year'", "categorical_features"], read_panel, data)
    as_dtype = read_panel(data.astype({"year": "category"}))
    for panel in (as_dtype, read_panel(data, categorical=["year"])):
        assert panel.categories["year"].tolist() == ["2023", "2024"]
        np.testing.assert_array_equal(panel.covariates[:3, 0], [0, 1, 0])
        later = as_long(LATER).assign(year="2024")
        assert extend(panel, later).covariates[N, 0] == 1


def test_a_dictionary_of_arrow_holds_categories_as_its_text_does():
    data = as_long(PAST).assign(kind=["q", "p"] * (3 * N // 2))
    text = pd.ArrowDtype(pyarrow.string())
    dictionary = pd.ArrowDtype(pyarrow.dictionary(pyarrow.int32(), pyarrow.string()))
    of_text, coded = (read_panel(data.astype({"kind": dtype})) for dtype in (text, dictionary))
    assert of_text.categories["kind"].tolist() == coded.categories["kind"].tolist() == ["p", "q"]
    np.testing.assert_array_equal(coded.covariates, of_text.covariates)
    later = as_long(LATER).assign(kind="q")
    for panel in (of_text, coded):
        for dtype in (text, dictionary, object):
            assert extend(panel, later.astype({"kind": dtype})).covariates[N, 0] == 1


def test_text_where_training_had_numbers_is_told_so():
    panel = read_panel(as_long(PAST).assign(kind=1.5))
    with pytest.raises(TypeError, match="'p' in row 0, which is not a number; it held numbers in training") as caught:
        extend(panel, as_long(LATER).assign(kind="p"))
    assert "categorical_features" not in str(caught.value)


def test_a_category_that_training_did_not_have_has_no_number():
    first, later = (as_long(part).assign(kind=kind) for part, kind in ((PAST, "p"), (LATER, "new")))
    panel = extend(read_panel(first), later)
    assert set(panel.covariates[:, 0]) == {0.0, -1.0}
