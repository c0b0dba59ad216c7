"""Frames of many series that are broken, each in a way of its own: one sentence says what is wrong and what to do."""

import numpy as np
import pandas as pd
import pyarrow
import pytest
from refusals import refused

from tsrnn import PanelTimeSeriesSplit, RNNForecaster, SeasonalNaive, train_val_test_split

N = 24
DAYS = pd.date_range("2024-01-01", periods=N + 6, freq="D", name="ds")
BERLIN = "Europe/Berlin"


def rnn(**changes):
    options = dict(horizon=2, lookback=4, cell="gru", hidden_layer_sizes=2, max_iter=1, random_state=0, n_jobs=1)
    return RNNForecaster(**{**options, **changes})


def naive(**changes):
    return SeasonalNaive(**{"horizon": 2, **changes})


both = pytest.mark.parametrize("make", [rnn, naive])


def wide(first=0, last=N):
    values = np.sin(np.arange(N + 6)[:, None] + [0.0, 1.0]) + [5, 9]
    return pd.DataFrame(values, DAYS, ["A", "B"]).iloc[first:last]


def long(first=0, last=N, **columns):
    """Return the rows of two series, one series after the other, some columns replaced."""
    rows = wide(first, last).rename_axis(columns="unique_id").unstack().rename("y").reset_index()
    return rows.assign(**columns)


def levels(first=0, last=N):
    return long(first, last).set_index(["unique_id", "ds"])


def with_cell(frame, row, column, value):
    """Return a frame in which one cell is another."""
    changed = frame.copy()
    if not isinstance(value, float):
        changed[column] = changed[column].astype(object)
    changed.loc[changed.index[row], column] = value
    return changed


def without_times(**changes):
    return long().drop(columns="ds").assign(**changes)


def swapped(rows, one, other):
    order = np.arange(len(rows))
    order[[one, other]] = order[[other, one]]
    return rows.iloc[order]


# What fit is given, the arguments of the forecaster, the kind of error and the decisive words.
FITS = {
    # the clock
    "duplicate stamps": (lambda: long().iloc[[0, 1, 1, 2, *range(N, 2 * N)]], {}, ValueError,
                         ["series 'A'", "2024-01-02", "more than once", "one row per stamp"]),
    "duplicate stamps, stamp by stamp": (
        lambda: pd.concat([long().sort_values("ds", kind="stable"), long().iloc[[N - 1]]]), {}, ValueError,
        ["series 'A'", "2024-01-24", "more than once", "one row per stamp"]),
    "duplicate stamps of a wide frame": (lambda: wide().iloc[[0, 1, 1, 2]], {}, ValueError,
                                         ["the panel", "2024-01-02", "more than once"]),
    "unsorted": (lambda: swapped(long(), 3, 4), {}, ValueError,
                 ["series 'A'", "not sorted", "2024-01-04", "2024-01-05", "sort"]),
    "unsorted second series": (lambda: swapped(long(), N + 3, N + 4), {}, ValueError,
                               ["series 'B'", "not sorted", "2024-01-04", "2024-01-05", "sort"]),
    "backwards": (lambda: long()[::-1], {}, ValueError, ["series 'B'", "not sorted", "sort"]),
    "unsorted levels": (lambda: swapped(levels(), 3, 4), {}, ValueError, ["series 'A'", "not sorted", "sort"]),
    "unsorted wide frame": (lambda: swapped(wide(), 3, 4), {}, ValueError, ["the panel", "not sorted", "sort_index()"]),
    "long frame whose ids are called otherwise": (
        lambda: long().rename(columns={"unique_id": "shop"}).set_index("ds")[["y"]], {}, ValueError,
        ["the clock", "2024-01-24", "id_col"]),
    "NaT": (lambda: with_cell(long(), 7, "ds", pd.NaT).astype({"ds": DAYS.dtype}), {}, ValueError,
            ["row 7", "missing stamp", "NaT", "drop"]),
    "NaT in a level": (
        lambda: with_cell(long(), 7, "ds", pd.NaT).astype({"ds": DAYS.dtype}).set_index(["unique_id", "ds"]), {},
        ValueError, ["row 7", "missing stamp", "drop"]),
    "NaT in a wide frame": (lambda: wide().set_axis(DAYS[:N].where(np.arange(N) != 7)), {}, ValueError,
                            ["the panel", "missing stamp", "drop"]),
    "missing number of a step": (
        lambda: long(ds=pd.array([None, *range(1, N)] * 2, dtype="Int64")), {}, ValueError,
        ["row 0", "missing stamp", "drop"]),
    "mixed frequency": (
        lambda: long(ds=[*DAYS[:N], *pd.date_range("2024-01-01", periods=N, freq="MS")]), {}, ValueError,
        ["series 'B'", "no regular step", "one step"]),
    "mixed frequency, days and hours": (
        lambda: long(ds=[*DAYS[:N], *pd.date_range("2024-01-01", periods=N, freq="h")]), {}, ValueError,
        ["series 'A'", "no regular step", "one step"]),
    "no step at all": (
        lambda: pd.DataFrame({"unique_id": list("AAAABBBB"), "y": np.arange(8.0), "ds": pd.to_datetime(
            ["2024-01-01", "2024-01-02", "2024-02-11 05:00", "2024-07-02 05:01:07"] * 2, format="ISO8601")}), {},
        ValueError,
        ["series 'A'", "no regular step", "2024-01-01", "resample"]),
    "one stamp of all": (lambda: long().iloc[[0, N]], {}, ValueError, ["the panel", "step", "freq"]),
    "a freq that the stamps do not follow": (lambda: long(), dict(freq="W"), ValueError,
                                             ["the panel", "not on the steps of W"]),
    "a freq that is none": (lambda: long(), dict(freq="fortnight"), ValueError, ["'fortnight'", "not a step"]),
    "a freq for whole numbers": (lambda: long(ds=[*range(N)] * 2), dict(freq="D"), ValueError,
                                 ["freq='D'", "integers", "omit freq"]),
    "dates as text": (lambda: long(ds=long()["ds"].astype(str)), {}, TypeError,
                      ["the stamps 'ds' of the panel", "2024-01-01", "no clock", "pd.to_datetime"]),
    "dates as text that does not sort as they do": (
        lambda: long(ds=long()["ds"].dt.strftime("%d/%m/%Y")), {}, TypeError, ["'01/01/2024'", "no clock"]),
    "dates of Python": (lambda: long(ds=[day.date() for day in DAYS[:N]] * 2), {}, TypeError,
                        ["the panel", "datetime.date(2024, 1, 1)", "no clock", "pd.to_datetime"]),
    "dates and numbers": (lambda: long(ds=[*DAYS[:N], *range(N)]), {}, TypeError, ["the panel", "object", "no clock"]),
    "two time zones": (
        lambda: long(ds=[*DAYS[:N].tz_localize("UTC"), *DAYS[:N].tz_localize(BERLIN)]), {}, TypeError,
        ["the panel", "object", "no clock", "pd.to_datetime"]),
    "steps that are floats": (lambda: long(ds=np.arange(2.0 * N) % N), {}, TypeError,
                              ["the panel", "float64", "whole numbers"]),
    "absent stamp": (lambda: long().drop(index=5), {}, ValueError,
                     ["has 1 absent stamp in", "series 'A'", "2024-01-06", "missing='interpolate'"]),
    "absent stamp of all series": (lambda: wide().drop(DAYS[5]), {}, ValueError,
                                   ["has 1 absent stamp in", "series 'A'", "2024-01-06", "missing='interpolate'"]),
    # the ids
    "no id in a row": (lambda: with_cell(long(), 7, "unique_id", None), {}, ValueError, ["row 7", "no id", "drop"]),
    "NaN as id": (lambda: with_cell(long(), 7, "unique_id", np.nan), {}, ValueError, ["row 7", "no id", "drop"]),
    "no id in a level": (lambda: with_cell(long(), 7, "unique_id", None).set_index(["unique_id", "ds"]), {}, ValueError,
                         ["row 7", "no id", "drop"]),
    "ids without stamps": (lambda: without_times(), {}, ValueError,
                           ["ids 'unique_id'", "no column 'ds'", "time_col"]),
    "stamps of another name": (lambda: without_times(day=long()["ds"]), {}, ValueError,
                               ["no column 'ds'", "time_col='day'"]),
    "unknown id_col": (lambda: long(), dict(id_col="shop"), ValueError, ["no column id_col='shop'", "'unique_id'"]),
    "unknown time_col": (lambda: long(), dict(time_col="day"), ValueError, ["no column time_col='day'", "'ds'"]),
    "id_col that is no name": (lambda: long(), dict(id_col=["unique_id"]), TypeError, ["id_col", "['unique_id']"]),
    "no id_col": (lambda: long(), dict(id_col=None), TypeError, ["id_col", "None", "name of a column"]),
    "ids and stamps in one column": (lambda: long(), dict(id_col="ds"), ValueError, ["both 'ds'", "two columns"]),
    "ids as the index and no stamps": (lambda: long()[["unique_id", "y"]].set_index("unique_id"), {}, ValueError,
                                       ["the ids 'unique_id'", "no column 'ds'"]),
    "stamps as an index of another name": (
        lambda: long().set_index("ds").rename_axis("day"), {}, ValueError, ["no column 'ds'", "time_col='day'"]),
    "stamps as an index of no name": (
        lambda: long().set_index("ds").rename_axis(None), {}, ValueError, ["no column 'ds'", "name its index 'ds'"]),
    "three levels": (lambda: levels().assign(k=1).set_index("k", append=True), {}, ValueError,
                     ["3 levels", "give two", "join"]),
    "levels the wrong way round": (lambda: levels().rename_axis([None, None]).swaplevel(), {}, ValueError,
                                   ["dates in level 0", "(id, time)", "swaplevel()"]),
    "levels of numbers and text the wrong way round": (
        lambda: long(ds=[*range(N)] * 2).set_index(["unique_id", "ds"]).rename_axis([None, None]).swaplevel(), {},
        ValueError, ["whole numbers in level 0", "(id, time)", "swaplevel()"]),
    # the columns
    "two columns of one name": (lambda: pd.concat([long(), long()[["y"]]], axis=1), {}, ValueError,
                                ["two columns called 'y'", "rename"]),
    "no column to forecast": (lambda: long()[["unique_id", "ds"]], {}, ValueError, ["no columns beside", "give"]),
    "no column beside the levels": (lambda: levels()[[]], {}, ValueError, ["no columns beside", "give"]),
    "which column": (lambda: long(z=1.0).rename(columns={"y": "x"}), {}, ValueError,
                     ["which column", "'x', 'z'", "target"]),
    "which column of stamps and values": (lambda: long()[["ds", "y"]].iloc[:N].assign(z=1.0), {}, ValueError,
                                          ["'y' and others", "'z'", "target='y'", "index"]),
    "unknown target": (lambda: long(), dict(target="sold"), ValueError, ["no column 'sold'", "'y'"]),
    "a target twice": (lambda: long(), dict(target=["y", "y"]), ValueError, ["['y', 'y']", "each once"]),
    "the target as a covariate": (lambda: long(price=long()["y"]), {}, ValueError,
                                  ["'price'", "'y'", "not known ahead"]),
    "dates among the columns": (lambda: wide().assign(day=DAYS[:N]), {}, ValueError,
                                ["dates in column 'day'", "time_col='day'"]),
    "dates as a covariate": (lambda: long(due=DAYS[0]), {}, ValueError, ["dates in column 'due'", "no covariate"]),
    # the values
    "text": (lambda: with_cell(long(), 7, "y", "n/a"), {}, TypeError,
             ["column 'y'", "'n/a'", "row 7", "not a number", "convert"]),
    "text in a wide frame": (lambda: with_cell(wide(), 7, "B", "n/a"), {}, TypeError,
                             ["series 'B'", "'n/a'", "row 7", "not a number"]),
    "a wide frame with a column of text": (lambda: wide().assign(C="x"), {}, TypeError,
                                           ["series 'C'", "'x'", "row 0", "not a number"]),
    "infinite": (lambda: with_cell(long(), N + 7, "y", np.inf), {}, ValueError,
                 ["column 'y'", "infinite", f"row {N + 7}", "replace"]),
    "infinite in a wide frame": (lambda: with_cell(wide(), 7, "B", -np.inf), {}, ValueError,
                                 ["series 'B'", "infinite", "row 7", "replace"]),
    "complex numbers": (lambda: long(y=1j), {}, ValueError, ["Complex data not supported", "column 'y'"]),
    "durations": (lambda: long(y=pd.Timedelta("1h")), {}, TypeError, ["column 'y'", "timedelta64", "numbers"]),
    "lists": (lambda: long(y=[[1]] * (2 * N)), {}, TypeError, ["column 'y'", "[1]", "row 0", "not a number"]),
    "NaN": (lambda: with_cell(long(), N + 7, "y", np.nan), {}, ValueError,
            ["has 1 missing value in", "series 'B'", "2024-01-08", "missing='interpolate'"]),
    "NaN at the end of a wide frame": (lambda: with_cell(wide(), N - 1, "A", np.nan), {}, ValueError,
                                       ["1 missing", "series 'A'", "2024-01-24", "missing='interpolate'"]),
    "a series of nothing but NaN": (lambda: long(y=long()["y"].where(long()["unique_id"] == "A")), {}, ValueError,
                                    ["series 'B'", "no observed value", "24 rows"]),
    "a column of nothing but NaN": (lambda: wide().assign(B=np.nan), {}, ValueError,
                                    ["series 'B'", "no observed value", "24 rows"]),
    "a target of nothing but NaN": (lambda: long(z=np.nan), dict(target=["y", "z"]), ValueError,
                                    ["target 'z' of series 'A'", "no observed value"]),
    "no rows": (lambda: long().iloc[:0], {}, ValueError, ["the panel", "no rows", "give"]),
    "no rows of a wide frame": (lambda: wide().iloc[:0], {}, ValueError, ["the panel", "no rows", "give"]),
}  # fmt: skip


@both
@pytest.mark.parametrize("data, options, kind, words", FITS.values(), ids=FITS.keys())
def test_a_panel_that_cannot_be_read_is_refused(make, data, options, kind, words):
    refused(kind, words, make(**options).fit, data())


PAIRS = {
    "y of other rows": (lambda: (levels()[[]], levels()["y"].iloc[1:]), ["48 rows", "47", "one row"]),
    "y of another clock": (lambda: (levels()[[]], levels(1, N + 1)["y"]), ["different indexes", "y as an array"]),
    "y in another order": (lambda: (levels()[[]], levels()["y"][::-1]), ["different indexes", "y as an array"]),
    "y of no columns": (lambda: (levels()[[]], np.ones((2 * N, 0))), ["(48, 0)", "at least one target"]),
    "y that is missing a value": (lambda: (levels()[[]], levels()["y"].where(levels()["y"] < 9)), ["missing value"]),
    "columns beside y": (lambda: (levels(), levels()["y"]), ["'y'", "the very values", "leave that column out"]),
}


@both
@pytest.mark.parametrize("data, words", PAIRS.values(), ids=PAIRS.keys())
def test_a_y_that_does_not_fit_a_panel_is_refused(make, data, words):
    refused(ValueError, words, make().fit, *data())


@pytest.fixture(scope="module")
def fitted():
    zoned = long(ds=long()["ds"].dt.tz_localize(BERLIN))
    data = {"long": long(), "wide": wide(), "series": wide()["A"], "zoned": zoned}
    return {(make, form): make().fit(rows) for make in (rnn, naive) for form, rows in data.items()}


def index_alone(index):
    return pd.DataFrame(index=index)


# The form of training, the rows that are asked for, the kind of error and the decisive words.
ROWS = {
    "unknown id": ("long", lambda: long(N, N + 2).replace({"unique_id": {"B": "Z"}}), ValueError,
                   ["1 series", "not fitted on", "'Z'"]),
    "ids of another type": ("long", lambda: long(N, N + 2, unique_id=[1, 1, 2, 2]), ValueError,
                            ["2 series", "not fitted on", "1, 2"]),
    "no id": ("long", lambda: with_cell(long(N, N + 2), 1, "unique_id", None), ValueError, ["row 1", "no id"]),
    "no ids": ("long", lambda: long(N, N + 2).drop(columns="unique_id"), ValueError,
               ["no ids", "2 series", "future_frame"]),
    "an index without ids": ("long", lambda: index_alone(DAYS[N:]), ValueError, ["no ids", "2 series", "future_frame"]),
    "no stamps": ("long", lambda: long(N, N + 2).drop(columns="ds"), ValueError, ["no column 'ds'", "time_col"]),
    "an array": ("long", lambda: np.zeros((4, 1)), TypeError, ["(4, 1)", "many series", "future_frame"]),
    "a row before its series": ("long", lambda: long(0, 1, ds=pd.Timestamp("2023-12-31")), ValueError,
                                ["2023-12-31", "before", "2024-01-01"]),
    "a stamp off the clock": ("long", lambda: long(N, N + 1, ds=pd.Timestamp("2024-01-28 06:00")), ValueError,
                              ["2024-01-28 06:00", "not on the clock", "future_frame"]),
    "a missing stamp": ("long", lambda: long(N, N + 1, ds=pd.NaT), ValueError, ["missing stamp"]),
    "whole numbers": ("long", lambda: long(N, N + 2, ds=[30, 31] * 2), TypeError,
                      ["integers", "dates", "future_frame"]),
    "periods": ("long", lambda: long(N, N + 2, ds=DAYS[[N, N + 1] * 2].to_period("D")), TypeError,
                ["periods", "dates", "future_frame"]),
    "text": ("long", lambda: long(N, N + 2).astype({"ds": str}), TypeError,
             ["2024-01-25", "no clock", "pd.to_datetime"]),
    "a time zone": ("long", lambda: long(N, N + 2, ds=DAYS[[N, N + 1] * 2].tz_localize("UTC")), TypeError,
                    ["time zone UTC", "tz_localize"]),
    "the wrong time zone": ("zoned", lambda: long(N, N + 2, ds=DAYS[[N, N + 1] * 2].tz_localize("UTC")), TypeError,
                            ["time zone UTC", BERLIN, "tz_convert"]),
    "no time zone": ("zoned", lambda: long(N, N + 2), TypeError, ["time zone None", BERLIN, "tz_localize"]),
    "three levels": ("long", lambda: levels(N, N + 2).assign(k=1).set_index("k", append=True), ValueError,
                     ["3 levels", "give two"]),
    "levels the wrong way round": ("long", lambda: levels(N, N + 2).rename_axis([None, None]).swaplevel(), ValueError,
                                   ["dates in level 0", "swaplevel()"]),
    "ids for a wide frame": ("wide", lambda: long(N, N + 2), ValueError, ["have ids", "without them", "future_frame"]),
    "ids for one series": ("series", lambda: levels(N, N + 2), ValueError,
                           ["have ids", "without them", "future_frame"]),
    "a stamp before a wide frame": ("wide", lambda: index_alone(DAYS[:1] - pd.Timedelta("1D")), ValueError,
                                    ["2023-12-31", "before", "2024-01-01"]),
}  # fmt: skip


@both
@pytest.mark.parametrize("form, rows, kind, words", ROWS.values(), ids=ROWS.keys())
def test_rows_that_no_series_has_are_not_forecast(fitted, make, form, rows, kind, words):
    refused(kind, words, fitted[make, form].predict, rows())


# The form of training, the rows that are new, the kind of error and the decisive words.
NEWS = {
    "rows that are known": ("long", lambda: long(N - 1, N + 1), ValueError,
                            ["series 'A'", "2024-01-24", "known already", "after"]),
    "known rows of one series": ("long", lambda: pd.concat([long(N, N + 1), long(3, 4).iloc[1:]]), ValueError,
                                 ["series 'B'", "2024-01-04", "known already"]),
    "known rows of a wide frame": ("wide", lambda: wide(N - 1, N + 1), ValueError, ["2024-01-24", "known already"]),
    "duplicate stamps": ("long", lambda: long(N, N + 2).iloc[[0, 1, 1]], ValueError,
                         ["series 'A'", "2024-01-26", "more than once"]),
    "unsorted": ("long", lambda: long(N, N + 2)[::-1], ValueError, ["series 'A'", "not sorted", "sort"]),
    "a hole": ("long", lambda: long(N + 1, N + 2), ValueError, ["2 absent", "2024-01-25", "missing='interpolate'"]),
    "NaN": ("wide", lambda: with_cell(wide(N, N + 2), 1, "B", np.nan), ValueError,
            ["1 missing", "series 'B'", "2024-01-26"]),
    "infinite": ("long", lambda: with_cell(long(N, N + 2), 1, "y", np.inf), ValueError, ["infinite", "row 1"]),
    "text": ("long", lambda: with_cell(long(N, N + 2), 1, "y", "n/a"), TypeError, ["'n/a'", "row 1"]),
    "unknown id": ("long", lambda: long(N, N + 2).replace({"unique_id": {"B": "Z"}}), ValueError,
                   ["'Z'", "not fitted"]),
    "no ids": ("long", lambda: wide(N, N + 2)["A"], ValueError, ["no ids", "future_frame"]),
    "ids": ("series", lambda: levels(N, N + 2), ValueError, ["have ids", "without them"]),
    "a wide frame for one series": ("series", lambda: wide(N, N + 2), ValueError, ["'A', 'B'", "those of training"]),
    "a series for a wide frame": ("wide", lambda: wide(N, N + 2)["A"], ValueError, ["'A'", "those of training"]),
    "other columns": ("wide", lambda: wide(N, N + 2).rename(columns={"B": "C"}), ValueError,
                      ["'A', 'C'", "those of training", "'A', 'B'"]),
    "another series": ("series", lambda: wide(N, N + 2)["B"], ValueError, ["'B'", "those of training", "'A'"]),
    "a covariate": ("long", lambda: long(N, N + 2, price=1.0), ValueError, ["covariates 'price'", "none"]),
    "an array": ("series", lambda: np.ones(2), TypeError, ["no clock", "time index"]),
    "whole numbers": ("series", lambda: pd.Series(np.ones(2), [N, N + 1], name="A"), TypeError, ["integers", "dates"]),
    "the wrong time zone": ("zoned", lambda: long(N, N + 2), TypeError, ["time zone None", BERLIN]),
    "a wrong year": ("series", lambda: wide(N, N + 1)["A"].set_axis(DAYS[[N]] + pd.DateOffset(years=200)), ValueError,
                     ["2224-01-25", "steps after", "check their stamps"]),
    "off the clock": ("series", lambda: wide(N, N + 1)["A"].set_axis(DAYS[[N]] + pd.Timedelta("6h")), ValueError,
                      ["06:00", "not on the clock"]),
}  # fmt: skip


@both
@pytest.mark.parametrize("form, rows, kind, words", NEWS.values(), ids=NEWS.keys())
def test_new_rows_that_do_not_go_on_are_refused_and_change_nothing(fitted, make, form, rows, kind, words):
    model = fitted[make, form]
    before = model.forecast().copy()
    refused(kind, words, model.update, rows())
    check = pd.testing.assert_series_equal if form == "series" else pd.testing.assert_frame_equal
    check(model.forecast(), before, check_exact=True)


@both
def test_a_clock_for_a_forecaster_without_one_is_refused(make):
    with pytest.warns(UserWarning, match="no clock"):
        model = make().fit(wide()["A"].to_numpy())
    refused(TypeError, ["have a clock", "without one", "array"], model.update, wide(N, N + 2)["A"])


# Rows to score

SCORES = {
    "unknown id": (lambda: long(N, N + 2).replace({"unique_id": {"B": "Z"}}), ValueError, ["'Z'", "not fitted"]),
    "a truth that is missing": (lambda: with_cell(long(N, N + 2), 1, "y", np.nan), ValueError,
                                ["1 missing value", "no truth", "drop"]),
    "a truth that is text": (lambda: with_cell(long(N, N + 2), 1, "y", "n/a"), TypeError, ["'n/a'", "row 1"]),
    "a truth that is infinite": (lambda: with_cell(long(N, N + 2), 1, "y", np.inf), ValueError, ["infinite", "row 1"]),
    "no truth": (lambda: long(N, N + 2)[["unique_id", "ds"]], ValueError, ["no columns beside", "y"]),
    "a truth of another name": (lambda: long(N, N + 2).rename(columns={"y": "z"}), ValueError,
                                ["'z'", "those of training", "'y'"]),
    "no ids": (lambda: wide(N, N + 2), ValueError, ["no ids", "future_frame"]),
}  # fmt: skip


@both
@pytest.mark.parametrize("rows, kind, words", SCORES.values(), ids=SCORES.keys())
def test_rows_without_a_forecast_or_a_truth_are_not_scored(fitted, make, rows, kind, words):
    refused(kind, words, fitted[make, "long"].score, rows())


# What looks broken, and is not


@both
def test_empty_categories_are_no_series(make):
    ids = pd.Categorical(long()["unique_id"], categories=["Z", "B", "A"])
    model = make().fit(long(unique_id=ids))
    assert model.panel_.n_series == 2
    np.testing.assert_array_equal(model.forecast()["y"], make().fit(long()).forecast()["y"])


def test_there_are_sixty_broken_frames():
    assert len(FITS) >= 60


@pytest.mark.parametrize("zone", [None, BERLIN])
def test_stamps_of_arrow_are_refused_with_a_cure_that_works(zone):
    numpy_stamps = "datetime64[us]" if zone is None else f"datetime64[us, {zone}]"
    data = wide().tz_localize(zone).melt(ignore_index=False, var_name="unique_id", value_name="y").reset_index()
    arrow = data.astype({"ds": pd.ArrowDtype(pyarrow.timestamp("us", zone))})
    cured = arrow.astype({"ds": numpy_stamps})
    words = [str(arrow["ds"].dtype), f'astype("{numpy_stamps}")']
    panel, series = naive().fit(cured), naive().fit(cured[:N].set_index("ds")["y"])
    for model, bad in (
        (panel, arrow),
        (panel, arrow.set_index(["unique_id", "ds"])),
        (series, arrow[:N].set_index("ds")["y"]),
    ):
        refused(TypeError, words, model.fit, bad)
        refused(TypeError, words, model.predict, bad)
        refused(TypeError, words, train_val_test_split, bad)
        refused(TypeError, words, PanelTimeSeriesSplit(2).split, bad)
    assert len(train_val_test_split(cured)) == 2
