"""Windows never cross series or the future: a property of any series, told from the flat arrays that kernels read.

Every row holds its own number, so what a window sees and is asked for says where it comes from.
"""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tsrnn.network.windows import SeriesWindows, draw_some
from tsrnn.preparation import Preparation, Series
from tsrnn.scaling import Transform

FEW = settings(max_examples=60, deadline=None)  # loaded machines take their time
UNSEEN = -1  # where a row holds no target


@st.composite
def panels(draw):
    """Draw series side by side with their windows: any lengths, and windows from the first row or later on."""
    lookback, horizon = draw(st.integers(1, 6)), draw(st.integers(1, 4))
    lengths = np.array(draw(st.lists(st.integers(1, 20), min_size=1, max_size=6)))
    n_targets, n_features = draw(st.sampled_from([(1, 1), (1, 2), (2, 3)]))
    firsts = np.cumsum(lengths + horizon) - lengths - horizon
    rows = np.arange(float((lengths + horizon).sum()))[:, None].repeat(n_features, axis=1)
    for first, length in zip(firsts, lengths, strict=True):
        rows[first + length : first + length + horizon, :n_targets] = np.nan
    starts = np.array([draw(st.integers(0, length)) for length in lengths])
    counts = np.array([draw(st.integers(0, length - start + 1)) for length, start in zip(lengths, starts, strict=True)])
    if not counts.any():
        counts[0] = 1
    return SeriesWindows(rows, n_targets, lookback, horizon, firsts, firsts + starts, counts), lengths


def read(flat, n, last=None):
    """Return the rows that sequence n spans in a Flat: all of them, or `last` steps after its end."""
    origin, length = flat.origins[n], flat.lengths[n]
    steps = np.arange(length) if last is None else length + np.arange(last)
    return flat.values[flat.first + n * flat.strides[0] + (origin + steps) * flat.strides[1]]


def expected_windows(windows, lengths):
    """Return for each window its series, the rows it sees, and the rows that are its targets, by plain loops."""
    found = []
    for series, (first, length) in enumerate(zip(windows.firsts, lengths, strict=True)):
        for border in range(windows.borders[series], windows.borders[series] + windows.counts[series]):
            seen = [row for row in range(first, first + length) if border - windows.lookback <= row < border]
            targets = [row if row < first + length else UNSEEN for row in range(border, border + windows.horizon)]
            found.append((series, seen, targets))
    return found


@FEW
@given(panels())
def test_each_window_sees_its_own_series_before_its_targets_and_nothing_else(panel):
    windows, lengths = panel
    flat = windows.take(np.arange(len(windows)))
    expected = expected_windows(windows, lengths)
    assert len(windows) == len(expected) == len(flat.X.lengths)
    for n, (series, seen, targets) in enumerate(expected):
        first, end = windows.firsts[series], windows.firsts[series] + lengths[series]
        X, Y = read(flat.X, n), read(flat.Y, n, windows.horizon)
        assert X.tolist() == seen
        assert len(X) <= windows.lookback
        assert all(first <= row < end for row in X)
        assert np.where(np.isnan(Y), UNSEEN, Y).tolist() == targets
        assert X.max(initial=-1) < min((row for row in targets if row != UNSEEN), default=len(windows.rows))
        assert all(first <= row < end for row in Y[~np.isnan(Y)])


@FEW
@given(panels())
def test_windows_without_any_target_do_not_count_and_all_others_do(panel):
    windows, lengths = panel
    with_target = [n for n, (*_, targets) in enumerate(expected_windows(windows, lengths)) if max(targets) != UNSEEN]
    every, kept = windows.take(np.arange(len(windows))), windows.all()
    assert every.samples.tolist() == with_target
    assert [read(kept.X, n).tolist() for n in kept.samples] == [read(every.X, n).tolist() for n in with_target]
    assert windows.has_target() == bool(with_target)


@FEW
@given(panels(), st.data())
def test_taken_windows_are_those_of_their_numbers_in_any_order(panel, data):
    windows, _ = panel
    numbers = np.array(data.draw(st.lists(st.integers(0, len(windows) - 1), min_size=1, max_size=20)))
    every, some = windows.take(np.arange(len(windows))), windows.take(numbers)
    for n, number in enumerate(numbers):
        assert read(some.X, n).tolist() == read(every.X, number).tolist()
        np.testing.assert_array_equal(read(some.Y, n, windows.horizon), read(every.Y, number, windows.horizon))


@FEW
@given(panels())
def test_windows_are_views_of_the_rows(panel):
    windows, _ = panel
    flat = windows.take(np.arange(len(windows)))
    assert np.shares_memory(flat.X.values, windows.rows)
    assert np.shares_memory(flat.Y.values, windows.rows)


@FEW
@given(panels(), st.data())
def test_changing_another_series_or_the_future_changes_nothing_that_a_window_sees(panel, data):
    windows, lengths = panel
    n = data.draw(st.integers(0, len(windows) - 1))
    series, seen, _ = expected_windows(windows, lengths)[n]
    border = windows.borders[series] + n - windows.counts[:series].sum()
    windows.rows[:, :] = np.where(
        (np.arange(len(windows.rows)) < border)[:, None]
        & (np.arange(len(windows.rows)) >= windows.firsts[series])[:, None],
        windows.rows,
        -5,
    )
    assert read(windows.take(np.arange(len(windows))).X, n).tolist() == seen


@FEW
@given(st.integers(1, 60), st.data())
def test_a_part_of_an_epoch_has_no_repeats_and_epochs_cover_all(n, data):
    n_drawn = data.draw(st.integers(1 + n // 8, n))
    rng = np.random.RandomState(data.draw(st.integers(0, 1000)))
    missed = np.ones(n, bool)
    # A window is missed by an epoch with probability 1 - n_drawn / n < exp(-n_drawn / n); by so many epochs, one of n
    # with less than 1e-9.
    for _ in range(1 + int(np.log(n * 1e9) * n / n_drawn)):
        drawn = draw_some(n, n_drawn, rng)
        assert len(drawn) == n_drawn == len(set(drawn.tolist()))
        assert drawn.min() >= 0
        assert drawn.max() < n
        missed[drawn] = False
    assert not missed.any()


def test_a_part_of_an_epoch_is_drawn_evenly_and_in_random_order():
    rng = np.random.RandomState(0)
    drawn = np.array([draw_some(20, 5, rng) for _ in range(4000)])
    # Each number is drawn 1,000 times on average, with a deviation of 27; five deviations either way.
    np.testing.assert_allclose(np.bincount(drawn.ravel()), 1000, atol=140)
    np.testing.assert_allclose(drawn.mean(axis=0), 9.5, atol=0.5)  # at every place: deviation 5.8 / sqrt(4000)


class PlainPanel:
    """As much of a panel as its windows need."""

    def __init__(self, values, bounds):
        self.values, self.bounds, self.lengths = values, bounds, np.diff(bounds)
        self.order, self.covariates = np.arange(len(bounds) - 1), np.empty((len(values), 0))
        self.weights = np.zeros(0)

    def label(self, number):
        return f"series {number}"


@FEW
@given(st.lists(st.integers(2, 30), min_size=1, max_size=5), st.integers(1, 6), st.integers(1, 4), st.data())
def test_windows_of_training_never_hold_what_was_kept_for_validation(lengths, lookback, horizon, data):
    lengths = np.array(lengths)
    bounds = np.append(0, np.cumsum(lengths))
    values = np.arange(float(bounds[-1]))[:, None]
    series = Series.of(PlainPanel(values, bounds))
    n_training = np.array([data.draw(st.integers(1, length)) for length in lengths])
    preparation = Preparation(Transform(), horizon, "raise", "float64").fit(series, n_training)
    rows = preparation.rows(series, n_training)
    first = np.clip(n_training - horizon, 1, lookback)
    training = preparation.windows(rows, series, lookback, horizon, first, n_training - horizon).all()
    for n in range(len(training.X.lengths)):
        targets = read(training.Y, n, horizon)
        number = np.searchsorted(bounds, targets[0], side="right") - 1
        assert targets.tolist() == list(range(int(targets[0]), int(targets[0]) + horizon))
        assert targets[-1] < bounds[number] + n_training[number]
        assert read(training.X, n).min() >= bounds[number]
