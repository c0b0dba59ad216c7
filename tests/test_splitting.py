"""Splits by time. Expected rows come from a twin that goes through them one by one, or from scikit-learn's folds."""

import pickle
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from refusals import refused
from sklearn.base import clone
from sklearn.dummy import DummyRegressor
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit, cross_val_score, learning_curve

import tsrnn
from tsrnn import PanelTimeSeriesSplit, train_val_test_split

# The same examples every time, none remembered from an earlier run.
few_examples = settings(derandomize=True, max_examples=40, deadline=None, database=None)

DAYS = pd.date_range("2024-01-01", periods=40, freq="D", name="ds")


# -- the twin ---------------------------------------------------------------------------------------------------------


def rows_by_stamp(stamps, *parts):
    """Return for each part, a slice of the sorted distinct stamps, the rows that have one of them."""
    clock = sorted(set(stamps))
    return [[row for row, stamp in enumerate(stamps) if stamp in clock[part]] for part in parts]


def slices(n_stamps, n_val, n_test, gap):
    """Return the parts as slices of the stamps, the last one at the end."""
    test = slice(n_stamps - n_test, n_stamps)
    if not n_val:
        return [slice(0, test.start - gap), test]
    val = slice(test.start - gap - n_val, test.start - gap)
    return [slice(0, val.start - gap), val, test]


@st.composite
def panels(draw, least_stamps=1):
    """Draw the rows of a panel: (id, number of a day), in any order in which each series rises."""
    series = draw(
        st.dictionaries(
            st.sampled_from(["a", "b", "c", "d"]), st.sets(st.integers(0, 19), min_size=1).map(sorted), min_size=1
        )
    )
    assume(len(set().union(*series.values())) >= least_stamps)
    order = draw(st.permutations([name for name, days in series.items() for _ in days]))
    waiting = {name: iter(days) for name, days in series.items()}
    return [(name, next(waiting[name])) for name in order]


def as_long(rows):
    ids, days = zip(*rows, strict=True)
    return pd.DataFrame({"unique_id": ids, "ds": DAYS[list(days)], "y": np.arange(float(len(rows)))})


def as_multi(rows):
    return as_long(rows).set_index(["unique_id", "ds"])


# -- one split --------------------------------------------------------------------------------------------------------


@few_examples
@given(panels(least_stamps=6), st.integers(0, 2), st.integers(1, 2), st.integers(0, 1), st.booleans())
def test_parts_of_a_panel_are_those_of_the_twin(rows, n_val, n_test, gap, is_long):
    days = [day for _, day in rows]
    frame = as_long(rows) if is_long else as_multi(rows)
    assume(len(set(days)) > n_val + n_test + 2 * gap)
    parts = train_val_test_split(frame, val_size=n_val, test_size=n_test, gap=gap)
    expected = rows_by_stamp(days, *slices(len(set(days)), n_val, n_test, gap))
    assert [part["y"].tolist() for part in parts] == expected
    for part, numbers in zip(parts, expected, strict=True):
        pd.testing.assert_frame_equal(part, frame.iloc[numbers])


@few_examples
@given(panels(), st.integers(0, 50), st.integers(1, 50), st.integers(0, 2))
def test_parts_part_time(rows, val_percent, test_percent, gap):
    frame = as_long(rows)
    clock = np.unique(frame["ds"])
    n_val, n_test = (-(-percent * len(clock) // 100) for percent in (val_percent, test_percent))
    sizes = dict(val_size=val_percent / 100, test_size=test_percent / 100, gap=gap)
    if len(clock) - n_val - n_test - gap * (1 + (n_val > 0)) < 1:
        refused(ValueError, ["none for training"], train_val_test_split, frame, **sizes)
        return
    parts = train_val_test_split(frame, **sizes)
    numbers = np.concatenate([part["y"].to_numpy() for part in parts])
    assert len(set(numbers)) == len(numbers)  # no row is in two parts
    stamps = [np.searchsorted(clock, np.unique(part["ds"])) for part in parts]
    assert [len(own) for own in stamps[1:]] == ([n_val, n_test] if n_val else [n_test])
    for own, later in pairwise(stamps):
        assert later[0] - own[-1] == gap + 1
    assert stamps[0][0] == 0 and stamps[-1][-1] == len(clock) - 1
    for part, own in zip(parts, stamps, strict=True):
        assert np.all(np.diff(part["y"]) > 0)  # the order of the frame
        assert np.all(np.diff(own) == 1)  # no hole, and so all rows but those of the gaps
        assert len(part) == np.isin(frame["ds"], clock[own]).sum()


@few_examples
@given(st.integers(4, 15), st.integers(1, 3), st.integers(0, 3), st.integers(1, 3), st.integers(0, 1))
def test_all_formats_are_cut_at_the_same_stamps(n_days, n_series, n_val, n_test, gap):
    assume(n_days > n_val + n_test + 2 * gap)
    wide = pd.DataFrame(index=DAYS[:n_days], data=np.ones((n_days, n_series)), columns=list("abc")[:n_series])
    long = wide.rename_axis(columns="unique_id").stack().rename("y").reset_index()
    by_series = long.sort_values("unique_id", kind="stable")
    sizes = dict(val_size=n_val, test_size=n_test, gap=gap)
    expected = [list(part.index) for part in train_val_test_split(wide, **sizes)]
    assert expected == [list(wide.index[part]) for part in slices(n_days, n_val, n_test, gap)]
    for frame in (long, by_series):
        multi = frame.set_index(["unique_id", "ds"])
        parts = train_val_test_split(frame, **sizes)
        assert [sorted(set(part["ds"])) for part in parts] == expected
        assert [len(part) for part in parts] == [n_series * len(days) for days in expected]
        for data in (multi, multi["y"], multi.swaplevel(), frame.set_index("unique_id"), frame.set_index("ds")):
            others = train_val_test_split(data, **sizes)
            assert [part.index.tolist() for part in others] == [
                data.index[frame["ds"].isin(days)].tolist() for days in expected
            ]
    parts = train_val_test_split(wide["a"], wide.to_numpy(), wide.index.tolist(), **sizes)
    n = len(expected)
    assert [list(part.index) for part in parts[:n]] == expected == parts[2 * n :]
    assert [len(part) for part in parts[n : 2 * n]] == [len(days) for days in expected]


def test_a_series_keeps_its_name_its_index_and_its_step():
    series = pd.Series(range(40), index=DAYS, name="sales")
    train, val, test = train_val_test_split(series, val_size=5, test_size=0.25, gap=1)
    pd.testing.assert_series_equal(train, series.iloc[:23])
    pd.testing.assert_series_equal(val, series.iloc[24:29])
    pd.testing.assert_series_equal(test, series.iloc[30:])
    assert test.index.freqstr == "D"


@pytest.mark.parametrize("shape", [(12,), (12, 2), (12, 3, 2)])
def test_rows_of_an_array_are_steps_and_parts_are_views(shape):
    values = np.arange(float(np.prod(shape))).reshape(shape)
    train, val, test = train_val_test_split(values, val_size=2, test_size=3, gap=1)
    for part, rows in ((train, slice(5)), (val, slice(6, 8)), (test, slice(9, 12))):
        np.testing.assert_array_equal(part, values[rows])
        assert np.shares_memory(part, values)


def test_several_objects_are_cut_alike_and_given_back_one_after_the_other():
    X, y = np.arange(20).reshape(10, 2), pd.Series(range(10), index=DAYS[:10])
    parts = train_val_test_split(X, y, list("abcdefghij"), tuple(range(10)), val_size=2, test_size=3)
    assert [len(part) for part in parts] == [5, 2, 3] * 4
    assert [type(part) for part in parts[::3]] == [np.ndarray, pd.Series, list, tuple]
    for n, rows in enumerate((slice(5), slice(5, 7), slice(7, 10))):
        np.testing.assert_array_equal(parts[n], X[rows])
        pd.testing.assert_series_equal(parts[3 + n], y.iloc[rows])
        assert parts[6 + n] == list("abcdefghij")[rows]
        assert parts[9 + n] == tuple(range(10))[rows]


def test_arrays_and_lists_beside_a_panel_are_cut_by_its_stamps():
    frame = as_multi([("a", 0), ("a", 1), ("a", 2), ("b", 1), ("b", 2)])
    _, test_list, _, test_tuple, _, test_array, _, test_frame = train_val_test_split(
        list("vwxyz"), tuple("vwxyz"), np.arange(5), frame, test_size=1
    )
    assert test_list == ["x", "z"] and test_tuple == ("x", "z") and test_array.tolist() == [2, 4]
    assert test_frame.index.tolist() == [("a", DAYS[2]), ("b", DAYS[2])]


def test_parts_of_a_panel_in_the_order_of_time_are_views():
    frame = as_long([(name, day) for day in range(4) for name in "ab"])
    for part in train_val_test_split(frame, val_size=1, test_size=1):
        assert np.shares_memory(part["y"].to_numpy(), frame["y"].to_numpy())


def test_without_validation_there_are_two_parts():
    train, test = train_val_test_split(steps := list(range(8)), test_size=2)
    assert (train, test) == (steps[:6], steps[6:])
    assert len(train_val_test_split(steps)) == 2
    assert len(train_val_test_split(steps, val_size=0.0)) == 2
    assert len(train_val_test_split(steps, steps)) == 4


@pytest.mark.parametrize(
    "size, n, expected",
    [
        (0.25, 8, 2),
        (0.25, 9, 3),
        (0.07, 100, 7),  # 0.07 * 100 is 7.000000000000001
        (np.float32(0.1), 10, 1),  # a little more than 0.1
        (1e-12, 10, 1),
        (np.int64(3), 10, 3),
        (0.9, 10, 9),
    ],
)
def test_a_fraction_of_the_steps_is_rounded_up(size, n, expected):
    assert len(train_val_test_split(list(range(n)), test_size=size)[1]) == expected


def test_steps_are_the_stamps_of_all_series_together():
    frame = as_multi([("a", 0), ("a", 2), ("a", 4), ("b", 1), ("b", 3), ("b", 5)])
    train, test = train_val_test_split(frame, test_size=2)
    assert test.index.tolist() == [("a", DAYS[4]), ("b", DAYS[5])]
    assert len(train) == 4


def test_a_series_that_ends_early_has_no_row_in_the_test_part():
    frame = as_long([("a", 0), ("a", 1), ("a", 2), ("a", 3), ("b", 0), ("b", 1)])
    train, test = train_val_test_split(frame, test_size=1)
    assert set(train["unique_id"]) == {"a", "b"} and set(test["unique_id"]) == {"a"}


@pytest.mark.parametrize(
    "stamps",
    [
        pd.period_range("2024-01", periods=6, freq="M"),
        pd.date_range("2024-10-26", periods=6, freq="12h", tz="Europe/Berlin"),  # an hour of Sunday is there twice
        pd.date_range("2024-10-27", periods=6, freq="30min", tz="Europe/Berlin"),
        pd.Index([1, 2, 3, 5, 8, 13]),
        pd.Index([1, 2, 3, 5, 8, 13], dtype="Int64"),
    ],
    ids=["periods", "time zone", "clocks set back", "integers", "nullable integers"],
)
def test_stamps_may_be_of_any_kind_of_clock(stamps):
    long = pd.DataFrame({"unique_id": ["a"] * 6 + ["b"] * 6, "ds": stamps.append(stamps), "y": range(12)})
    for frame in (long, long.set_index(["unique_id", "ds"])):
        assert train_val_test_split(frame, test_size=2)[1]["y"].tolist() == [4, 5, 10, 11]
    assert train_val_test_split(long.iloc[:6].set_index("ds"), test_size=2)[1]["y"].tolist() == [4, 5]
    assert train_val_test_split(long.iloc[:6].drop(columns="unique_id"), test_size=2)[1]["y"].tolist() == [4, 5]


def test_columns_may_have_other_names():
    frame = as_long([("a", 0), ("b", 0), ("a", 1), ("b", 1)]).set_axis(["store", "date", "sales"], axis=1)
    names = dict(id_col="store", time_col="date")
    assert train_val_test_split(frame, test_size=1, **names)[1]["sales"].tolist() == [2, 3]
    levels = frame.set_index(["date", "store"])
    assert train_val_test_split(levels, test_size=1, **names)[1]["sales"].tolist() == [2, 3]
    assert train_val_test_split(levels, test_size=1, id_col="store")[1]["sales"].tolist() == [2, 3]


def test_levels_without_names_are_id_and_time():
    frame = as_multi([("a", 0), ("a", 1), ("b", 0), ("b", 1)]).rename_axis([None, None])
    assert train_val_test_split(frame, test_size=1)[1]["y"].tolist() == [1, 3]


def test_stamps_that_were_sliced_away_do_not_count():
    frame = as_multi([("a", day) for day in range(10)] + [("b", day) for day in range(10)])
    early = frame[frame.index.get_level_values("ds") < DAYS[4]]
    assert len(early.index.levels[1]) == 10  # pandas keeps the names of all stamps
    assert train_val_test_split(early, test_size=1)[1]["y"].tolist() == [3, 13]


def test_categories_are_ids():
    frame = as_long([("b", 0), ("a", 0), ("b", 1), ("a", 1)])
    frame["unique_id"] = pd.Categorical(frame["unique_id"], categories=["b", "z", "a"])
    assert train_val_test_split(frame, test_size=1)[1]["y"].tolist() == [2, 3]


def test_the_first_object_that_has_a_clock_gives_it():
    long = as_long([("a", 0), ("a", 1), ("a", 2), ("b", 0), ("b", 1), ("b", 2)])
    filtered = long.iloc[[0, 1, 3, 4]]  # its index counts the rows of another frame
    _, test_y, _, test_X = train_val_test_split(filtered["y"], filtered, test_size=1)
    assert test_y.tolist() == test_X["y"].tolist() == [1, 4]
    _, test_X, _, _ = train_val_test_split(long[["y"]], long.set_index(["unique_id", "ds"]), test_size=1)
    assert test_X["y"].tolist() == [2, 5]


def test_rows_chosen_by_numbers_beside_dates_have_no_clock_of_their_own():
    """Before pandas 3 their index is no RangeIndex."""
    dated = pd.Series(np.arange(40.0), DAYS)
    for rows in (pd.RangeIndex(40), pd.Index([*range(40)])):
        _, test_X, _, test_y = train_val_test_split(pd.DataFrame({"promo": dated.to_numpy()}, rows), dated, test_size=5)
        assert test_X.index.tolist() == [*range(35, 40)]
        assert test_y.equals(dated[35:])


# -- folds ------------------------------------------------------------------------------------------------------------


def folds_of(cv, *data):
    return [(train.tolist(), test.tolist()) for train, test in cv.split(*data)]


def folds_or_error(cv, *data):
    try:
        return folds_of(cv, *data)
    except ValueError:
        return "too few rows"


arguments_of_folds = st.fixed_dictionaries(
    {
        "n_splits": st.integers(2, 5),
        "test_size": st.none() | st.integers(1, 3),
        "gap": st.integers(0, 2),
        "max_train_size": st.none() | st.integers(1, 5),
    }
)


@few_examples
@given(st.integers(1, 30), arguments_of_folds)
def test_folds_of_one_series_are_those_of_scikit_learn(n, arguments):
    cv, values = PanelTimeSeriesSplit(**arguments), np.zeros(n)
    expected = folds_or_error(TimeSeriesSplit(**arguments), values)
    wide = pd.DataFrame({"a": values, "b": values}, index=DAYS[:n])
    for data in [(values,), (values.tolist(),), (wide["a"],), (wide,), (values, wide["a"]), (wide.reset_index(),)]:
        assert folds_or_error(cv, *data) == expected


@few_examples
@given(panels(), arguments_of_folds, st.booleans())
def test_folds_of_a_panel_are_those_of_its_stamps(rows, arguments, is_long):
    days = [day for _, day in rows]
    clock = sorted(set(days))
    cv = PanelTimeSeriesSplit(**arguments, new_series="keep")
    folds = folds_or_error(cv, as_long(rows) if is_long else as_multi(rows))
    stamp_folds = folds_or_error(TimeSeriesSplit(**arguments), clock)
    if isinstance(stamp_folds, str):
        assert folds == stamp_folds
        return
    assert folds == [
        tuple(rows_by_stamp(days, slice(part[0], part[-1] + 1))[0] for part in fold) for fold in stamp_folds
    ]


@few_examples
@given(panels(least_stamps=4), arguments_of_folds)
def test_new_series_are_dropped_from_the_test_or_refused_or_kept(rows, arguments):
    frame = as_multi(rows)
    kept = folds_or_error(PanelTimeSeriesSplit(**arguments, new_series="keep"), frame)
    assume(not isinstance(kept, str))
    known = [{rows[row][0] for row in train} for train, _ in kept]
    expected = [
        (train, [row for row in test if rows[row][0] in names])
        for (train, test), names in zip(kept, known, strict=True)
    ]
    dropped = folds_or_error(PanelTimeSeriesSplit(**arguments, new_series="drop"), frame)
    assert dropped == (expected if all(test for _, test in expected) else "too few rows")
    raised = folds_or_error(PanelTimeSeriesSplit(**arguments), frame)
    assert raised == (kept if expected == kept else "too few rows")


LATE = [("a", 0), ("a", 1), ("a", 2), ("a", 3), ("b", 2), ("b", 3)]


def test_a_new_series_is_refused_before_the_first_fold():
    words = ["fold 0", "1 series", "'b'", "new_series='drop'", "'keep'"]
    refused(ValueError, words, PanelTimeSeriesSplit(2, test_size=1).split, as_multi(LATE))
    numbered = as_multi(LATE).rename(index={"a": 3, "b": 7}, level=0)
    refused(ValueError, ["fold 0", "such as 7;"], PanelTimeSeriesSplit(2, test_size=1).split, numbered)


def test_a_series_that_left_the_rolling_window_is_new_again():
    frame = as_multi([("a", 0), ("a", 3), ("b", 0), ("b", 1), ("b", 2), ("b", 3)])
    assert len(folds_of(PanelTimeSeriesSplit(2, test_size=1), frame)) == 2
    refused(ValueError, ["fold 1", "'a'"], PanelTimeSeriesSplit(2, test_size=1, max_train_size=2).split, frame)


def test_a_test_part_of_new_series_alone_is_refused():
    frame = as_multi([("a", 0), ("a", 1), ("b", 2), ("b", 3)])
    words = ["fold 0", "nothing to test"]
    refused(ValueError, words, PanelTimeSeriesSplit(2, test_size=1, new_series="drop").split, frame)


def test_an_index_counts_as_the_column_whose_name_it_bears():
    numbered = pd.DataFrame({"unique_id": ["a"] * 4}, pd.RangeIndex(4, name="ds"))
    dated = pd.DataFrame({"a": np.zeros(4)}, pd.date_range("2024-01-01", periods=4, name="unique_id"))
    for frame in (numbered, dated):
        assert folds_of(PanelTimeSeriesSplit(2), frame) == folds_of(PanelTimeSeriesSplit(2), np.zeros(4))


def test_groups_are_ignored_with_a_warning():
    with pytest.warns(UserWarning, match="groups is ignored"):
        folds = list(PanelTimeSeriesSplit(2).split(np.zeros(6), groups=np.zeros(6)))
    assert len(folds) == 2


def test_number_of_folds_is_known_without_data():
    assert PanelTimeSeriesSplit().get_n_splits() == 5
    assert PanelTimeSeriesSplit(np.int64(3)).get_n_splits(None, None, None) == 3


def test_arguments_are_shown_copied_and_pickled():
    cv = PanelTimeSeriesSplit(3, gap=1, new_series="drop", id_col="store")
    shown = "gap=1, id_col='store', max_train_size=None, n_splits=3, new_series='drop', test_size=None, time_col='ds'"
    assert "".join(repr(cv).split()) == "".join(f"PanelTimeSeriesSplit({shown})".split())
    search = clone(GridSearchCV(Ridge(), {"alpha": [1.0]}, cv=cv))
    assert vars(search.cv) == vars(pickle.loads(pickle.dumps(cv))) == vars(cv)


# -- in scikit-learn's tools ------------------------------------------------------------------------------------------


def test_grid_search_over_a_panel_scores_the_folds_by_time():
    rng = np.random.default_rng(0)
    X = as_multi([(name, day) for day in range(30) for name in "abc"])[[]].assign(x=rng.normal(size=90))
    y = (3 * X["x"] + rng.normal(size=90)).rename("y")
    for targets in (y, y.to_numpy()):
        search = GridSearchCV(Ridge(), {"alpha": [0.1, 100.0]}, cv=PanelTimeSeriesSplit(3, gap=1)).fit(X, targets)
        days = np.repeat(np.arange(30), 3)
        by_hand = [
            Ridge(alpha=0.1).fit(X[days < start - 1], y[days < start - 1]).score(X[test], y[test])
            for start in (9, 16, 23)
            for test in [(days >= start) & (days < start + 7)]
        ]
        # the same fits on the same rows, so that nothing but the order of sums may differ
        np.testing.assert_allclose(
            [search.cv_results_[f"split{k}_test_score"][0] for k in range(3)], by_hand, rtol=1e-12
        )
        assert search.best_params_ == {"alpha": 0.1}


def test_a_learning_curve_over_a_panel_sorted_by_time_has_a_score_for_each_size():
    """Sorted by id, its smaller training parts, which are the first rows, lack whole series."""
    y = as_multi([(name, day) for day in range(30) for name in "abc"])["y"]
    cv, model = PanelTimeSeriesSplit(2, test_size=3), tsrnn.SeasonalNaive(2)
    sizes, _, scores = learning_curve(model, y.to_frame()[[]], y, cv=cv, train_sizes=[0.5, 1.0], error_score="raise")
    assert sizes.tolist() == [36, 72]
    assert np.isfinite(scores).all()


def test_new_series_reach_the_tools_as_asked():
    X = as_multi(LATE)
    y = X["y"]
    cv = PanelTimeSeriesSplit(2, test_size=1, new_series="drop")
    scores = cross_val_score(DummyRegressor(), X, y, cv=cv, scoring="neg_mean_absolute_error")
    # fold 0 learns the mean 0.5 of rows 0 and 1 and tests row 2; fold 1 learns 7 / 4 of rows 0, 1, 2, 4 and tests 3, 5
    assert scores.tolist() == [-1.5, -((3 - 1.75) + (5 - 1.75)) / 2]
    with pytest.raises(ValueError, match="new_series='drop'"):
        cross_val_score(DummyRegressor(), X, y, cv=PanelTimeSeriesSplit(2, test_size=1))


def test_a_forecaster_of_one_series_scores_as_with_scikit_learns_folds():
    series = tsrnn.datasets.load_elnino()
    clock = series.to_frame()[[]]
    scores = [
        cross_val_score(tsrnn.SeasonalNaive(), clock, series, cv=cv(n_splits=3, gap=2))
        for cv in (PanelTimeSeriesSplit, TimeSeriesSplit)
    ]
    assert scores[0].tolist() == scores[1].tolist()


# -- refusals ---------------------------------------------------------------------------------------------------------

LONG = as_long([("a", 0), ("a", 1), ("a", 2), ("b", 0), ("b", 1), ("b", 2)])
MULTI = LONG.set_index(["unique_id", "ds"])
WIDE = pd.DataFrame({"a": range(10), "b": range(10)}, index=DAYS[:10])


def with_days(*days):
    """Return the long frame with other stamps."""
    return LONG.assign(ds=list(days))


day = list(DAYS)

BROKEN_DATA = {
    "no data": (None, TypeError, ["None", "Series"]),
    "a number": (3.0, TypeError, ["3.0", "Series"]),
    "a text": ("2024", TypeError, ["'2024'"]),
    "a dict": ({"a": [1, 2]}, TypeError, ["array or list"]),
    "an array without dimension": (np.array(3.0), TypeError, ["array or list"]),
    "a generator": ((k for k in range(3)), TypeError, ["array or list"]),
    "an empty list": ([], ValueError, ["no rows"]),
    "an empty frame": (WIDE.iloc[:0], ValueError, ["no rows"]),
    "an empty panel": (MULTI.iloc[:0], ValueError, ["no rows"]),
    "unsorted series": (WIDE.iloc[::-1], ValueError, ["not sorted", "2024-01-09", "2024-01-10", "id_col"]),
    "unsorted integers": (WIDE.set_axis([*range(9), 3]), ValueError, ["not sorted", "3 comes after 8"]),
    "a stamp twice": (WIDE.set_axis([*DAYS[:9], DAYS[8]]), ValueError, ["2024-01-09", "more than once", "id_col"]),
    "a panel without ids": (LONG.drop(columns="unique_id"), ValueError, ["column 'ds'", "not sorted", "id_col"]),
    "NaT in the index": (WIDE.set_axis([*DAYS[:9], pd.NaT]), ValueError, ["missing stamp in row 9"]),
    "NaT in the column": (with_days(*day[:3], *day[:2], pd.NaT), ValueError, ["column 'ds'", "row 5"]),
    "NaT in the level": (
        with_days(*day[:3], pd.NaT, *day[:2]).set_index(["unique_id", "ds"]),
        ValueError,
        ["level 1", "row 3"],
    ),
    "stamps as text": (with_days(*"123123"), TypeError, ["column 'ds'", "'1'", "pd.to_datetime"]),
    "text in the index": (WIDE.set_axis(list("abcdefghij")), TypeError, ["'a'", "no clock"]),
    "text in the level": (with_days(*"123123").set_index(["unique_id", "ds"]), TypeError, ["level 1", "'1'"]),
    "fractions as stamps": (WIDE.set_axis(np.arange(10) / 2), TypeError, ["float64"]),
    "durations as stamps": (WIDE.set_axis(pd.timedelta_range("1D", periods=10)), TypeError, ["timedelta64"]),
    "truths as stamps": (with_days(*[True, False] * 3), TypeError, ["bool"]),
    "mixed time zones": (
        with_days(day[0].tz_localize("UTC"), *day[1:3], *day[:3]),
        TypeError,
        ["column 'ds'", "object"],
    ),
    "an unsorted series of a panel": (
        with_days(day[0], day[2], day[1], *day[:3]),
        ValueError,
        ["series 'a'", "2024-01-02", "after 2024-01-03"],
    ),
    "a series with a stamp twice": (
        with_days(*day[:3], day[0], day[1], day[1]),
        ValueError,
        ["series 'b'", "2024-01-02", "twice"],
    ),
    "an unsorted series among others": (
        as_long([("a", 1), ("b", 0), ("a", 0), ("b", 1), ("b", 2)]),
        ValueError,
        ["series 'a'", "2024-01-01", "after 2024-01-02"],
    ),
    "a series among others with a stamp twice": (
        as_long([("a", 0), ("b", 0), ("a", 0), ("b", 1), ("b", 2)]),
        ValueError,
        ["series 'a'", "2024-01-01", "twice"],
    ),
    "an unsorted level": (MULTI.iloc[[1, 0, 2, 3, 4, 5]], ValueError, ["series 'a'", "not sorted", "level 1"]),
    "a row without id": (LONG.assign(unique_id=["a", "a", None, "b", "b", "b"]), ValueError, ["row 2 has no id"]),
    "a level without id": (
        LONG.assign(unique_id=["a", "a", None, "b", "b", "b"]).set_index(["unique_id", "ds"]),
        ValueError,
        ["row 2 has no id"],
    ),
    "three levels": (MULTI.assign(k=1).set_index("k", append=True), ValueError, ["3 levels", "(id, time)"]),
    "levels the wrong way round": (
        MULTI.rename(index={"a": 1, "b": 2}, level=0).swaplevel().rename_axis([None, None]),
        ValueError,
        ["swaplevel()"],
    ),
    "ids without stamps": (LONG.drop(columns="ds"), ValueError, ["'unique_id'", "time_col"]),
    "ids without stamps, filtered": (LONG.drop(columns="ds").iloc[1:], ValueError, ["'unique_id'", "time_col"]),
    "ids in the index without stamps": (
        LONG.drop(columns="ds").set_index("unique_id"),
        ValueError,
        ["'unique_id'", "time_col"],
    ),
    "dates in a column of another name": (
        LONG.set_axis(["store", "date", "y"], axis=1),
        ValueError,
        ["time_col='date'", "id_col"],
    ),
    "dates as text in a column of another name": (
        LONG.assign(ds=LONG["ds"].astype(str)).set_axis(["store", "date", "y"], axis=1),
        ValueError,
        ["time_col='date'"],
    ),
    "two columns of stamps": (LONG.set_axis(["unique_id", "ds", "ds"], axis=1), ValueError, ["more than one", "'ds'"]),
}


@pytest.mark.parametrize("case", BROKEN_DATA)
def test_broken_data_are_refused_in_one_sentence(case):
    data, kind, words = BROKEN_DATA[case]
    refused(kind, words, train_val_test_split, data, test_size=1)
    refused(kind, words, PanelTimeSeriesSplit(2, test_size=1).split, data)


BROKEN_CALLS = {
    "sizes that leave nothing": (dict(val_size=4, test_size=6), ValueError, ["val_size=4", "10 steps of 10", "none"]),
    "a gap that leaves nothing": (dict(val_size=4, test_size=3, gap=2), ValueError, ["gap=2", "11 steps of 10"]),
    "fractions that leave nothing": (dict(val_size=0.5, test_size=0.5), ValueError, ["none for training"]),
    "no test part": (dict(val_size=2, test_size=0), ValueError, ["test_size is 0"]),
    "no test part, as a fraction": (dict(test_size=0.0), ValueError, ["test_size is 0"]),
    "a negative size": (dict(test_size=-1), ValueError, ["test_size must not be negative", "-1"]),
    "a negative fraction": (dict(val_size=-0.5), ValueError, ["val_size=-0.5"]),
    "all of it": (dict(test_size=1.0), ValueError, ["test_size=1.0", "whole number"]),
    "steps as a float": (dict(test_size=12.0), ValueError, ["test_size=12.0", "whole number"]),
    "a size that is no number": (dict(test_size=np.nan), ValueError, ["test_size=nan"]),
    "a bool as size": (dict(test_size=True), TypeError, ["test_size", "True"]),
    "a bool of NumPy as size": (dict(val_size=np.True_), TypeError, ["val_size", "True"]),
    "a text as size": (dict(test_size="12"), TypeError, ["test_size", "'12'"]),
    "no size": (dict(test_size=None), TypeError, ["test_size", "None"]),
    "a date as size": (dict(test_size=DAYS[3]), TypeError, ["test_size"]),
    "a fraction as gap": (dict(gap=0.1), TypeError, ["gap", "0.1"]),
    "a bool as gap": (dict(gap=True), TypeError, ["gap", "True"]),
    "a negative gap": (dict(gap=-1), ValueError, ["gap", "-1"]),
    "an unknown id_col": (dict(id_col="store"), ValueError, ["'store'", "id_col", "'ds'"]),
    "an unknown time_col": (dict(time_col="date"), ValueError, ["'date'", "time_col", "'ds'"]),
    "one column for both": (dict(id_col="ds"), ValueError, ["both 'ds'"]),
    "a list of columns": (dict(id_col=["ds", "unique_id"]), TypeError, ["id_col"]),
}


@pytest.mark.parametrize("case", BROKEN_CALLS)
def test_sizes_out_of_range_are_refused_in_one_sentence(case):
    arguments, kind, words = BROKEN_CALLS[case]
    refused(kind, words, train_val_test_split, WIDE, **arguments)


BROKEN_PAIRS = {
    "fewer rows": (WIDE, np.zeros(9), ValueError, ["object 1 has 10 rows", "object 2 has 9"]),
    "other stamps": (WIDE, WIDE["a"].shift(1, freq="D"), ValueError, ["object 1 and object 2", "indexes"]),
    "the order of another panel": (MULTI, MULTI["y"].iloc[::-1], ValueError, ["different indexes"]),
    "None as y": (WIDE, None, TypeError, ["object 2 is None"]),
}


@pytest.mark.parametrize("case", BROKEN_PAIRS)
def test_objects_that_do_not_fit_together_are_refused_in_one_sentence(case):
    X, y, kind, words = BROKEN_PAIRS[case]
    refused(kind, words, train_val_test_split, X, y, test_size=1)


def test_names_of_columns_are_refused_where_there_are_none():
    refused(ValueError, ["'store'", "id_col", "no names"], train_val_test_split, np.zeros(5), id_col="store")


def test_sparse_data_are_refused():
    from scipy.sparse import csr_array

    refused(TypeError, ["sparse", "toarray()"], train_val_test_split, csr_array(np.eye(5)))


BROKEN_FOLDS = {
    "one fold": (dict(n_splits=1), ValueError, ["n_splits", "at least 2", "1"]),
    "half a fold": (dict(n_splits=2.5), TypeError, ["n_splits", "2.5"]),
    "folds as bool": (dict(n_splits=True), TypeError, ["n_splits", "True"]),
    "an empty test part": (dict(test_size=0), ValueError, ["test_size", "at least 1"]),
    "a fraction to test": (dict(test_size=0.2), TypeError, ["test_size", "0.2"]),
    "a negative gap": (dict(gap=-1), ValueError, ["gap", "-1"]),
    "nothing to train on": (dict(max_train_size=0), ValueError, ["max_train_size", "at least 1"]),
    "an unknown way with new series": (
        dict(new_series="ignore"),
        ValueError,
        ["'raise', 'drop' or 'keep'", "'ignore'"],
    ),
}


@pytest.mark.parametrize("case", BROKEN_FOLDS)
def test_arguments_of_folds_are_refused_in_one_sentence(case):
    arguments, kind, words = BROKEN_FOLDS[case]
    refused(kind, words, PanelTimeSeriesSplit, **arguments)


def test_too_many_folds_are_refused_in_one_sentence():
    words = ["n_splits=5", "3 stamps", "gap of 2", "17", "have 10"]
    refused(ValueError, words, PanelTimeSeriesSplit(5, test_size=3, gap=2).split, WIDE)
    refused(ValueError, ["more than 5", "have 3"], PanelTimeSeriesSplit().split, MULTI)
