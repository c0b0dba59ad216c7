"""Many series side by side: their values on one clock, and the way back to the format in which they came."""

import warnings
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd

from .clock import Clock
from .counts import how_many
from .frames import WIDE, Form, listing, plain

NO_WEIGHTS = np.zeros(0)


@dataclass(frozen=True)
class Panel:
    """Series as arrays, with what is needed to give forecasts back in the user's format.

    Parameters
    ----------
    values : ndarray of shape (n_rows, n_targets), float64
        NaN where missing or absent, never infinite; rows of a series stand side by side, a step of the clock apart.
    bounds : ndarray of shape (n_series + 1,), int64
        Series s has the rows bounds[s] ... bounds[s + 1] - 1.
    starts : ndarray of shape (n_series,), int64
        The step of the clock at which the first row of each series stands.
    clock : Clock
        Of all series.
    ids : Index or None
        Of the series, in the order in which they came; None for a single one.
    covariates : ndarray of shape (n_rows, n_covariates), float64
        NaN where missing; of categories their number, -1 for one that was not among those of training.
    covariate_names : Index
    categories : dict of Index
        The categories of those covariates that have some, by name.
    form : Form
    n_missing, n_absent : int
        NaN among the targets given, and stamps that had no row.
    weights : ndarray of shape (n_rows,), float64
        How much each row counts as a target; empty if all count the same.
    """

    values: np.ndarray
    bounds: np.ndarray
    starts: np.ndarray
    clock: Clock
    ids: pd.Index | None
    covariates: np.ndarray
    covariate_names: pd.Index
    categories: dict
    form: Form
    n_missing: int
    n_absent: int
    weights: np.ndarray = field(default_factory=lambda: NO_WEIGHTS)

    @property
    def n_series(self):
        """Series that are modelled apart; the targets of one are not."""
        return len(self.starts)

    @property
    def lengths(self):
        """Rows of each series."""
        return np.diff(self.bounds)

    @property
    def ends(self):
        """The step of the clock after the last row of each series."""
        return self.starts + self.lengths

    @property
    def n_targets(self):
        """Values of a row that are forecast."""
        return self.values.shape[1]

    @cached_property
    def order(self):
        """The numbers of the series in an order that does not depend on how they came: that of their ids as text."""
        if self.ids is None:
            return np.zeros(1, np.int64)
        texts = self.ids.map(str).to_numpy(dtype=object)
        if len(set(texts)) == len(texts):
            return np.argsort(texts, kind="stable")
        kinds = np.array([type(plain(name)).__name__ for name in self.ids], dtype=object)  # 1 and "1" are two ids
        return np.lexsort((pd.factorize(kinds, sort=True)[0], pd.factorize(texts, sort=True)[0]))

    def find(self, series_id=None):
        """Return the number of the series of an id; none is given where there is a single series without one."""
        if self.ids is None:
            if series_id is not None:
                raise ValueError(f"there is one series, which has no id; leave out {series_id!r}.")
            return 0
        if series_id is None and self.n_series == 1:
            return 0
        number = -1 if series_id is None else int(self.ids.get_indexer([series_id])[0])
        if number < 0:
            what = "which of the series is meant?" if series_id is None else f"there is no series {series_id!r};"
            raise ValueError(f"{what} give the id of one of the {self.n_series} series: {listing(self.ids)}.")
        return number

    def label(self, series=0):
        """Return a series as an error message says it."""
        return self.form.label if self.ids is None else f"series {plain(self.ids[series])!r}"

    def place(self, row):
        """Return a row of the panel as an error message says it: of which series, if there are several, and when."""
        series = int(np.searchsorted(self.bounds, row, side="right")) - 1
        stamp = self.stamps([self.starts[series] + row - self.bounds[series]])[0]
        return f"of {self.label(series)} at {stamp}" if self.n_series > 1 else f"at {stamp}"

    def stamps(self, steps):
        """Return the stamps of some steps of the clock, an Index."""
        steps = np.asarray(steps, np.int64)
        if not len(steps):
            return self.clock.stamps(0, 0)
        first = int(steps.min())
        every = self.clock.stamps(first, int(steps.max()) + 1)
        return every if len(every) == len(steps) and (np.diff(steps) == 1).all() else every[steps - first]

    def frame(self, series, steps, values=None, names=None):
        """Return rows in the user's format, and in the order of the data: by time, or series by series.

        Parameters
        ----------
        series, steps : ndarray of shape (n_rows,), int64
            Of each row; series by series. Those of a wide frame must all have the same steps.
        values : ndarray of shape (n_rows, n_columns), optional
            Without them the rows are ids and stamps alone.
        names : Index, optional
            Of the columns, of a wide frame those of its series one after the other; those of the targets by default.
        """
        if self.form.kind != WIDE and self.form.is_by_time:
            order = np.lexsort((series, steps))
            series, steps, values = series[order], steps[order], None if values is None else values[order]
        return self.frame_as_asked(series, steps, values, names)

    def frame_as_asked(self, series, steps, values=None, names=None):
        """Return rows in the user's format, in the order in which they are given; arguments are those of `frame`."""
        if self.form.kind == WIDE:
            steps = steps[: len(steps) // self.n_series]
            if values is not None:
                values = values.reshape(self.n_series, len(steps), -1).swapaxes(0, 1).reshape(len(steps), -1)
            return self.form.give_back(None, self.stamps(steps), values, names)
        ids = self.ids[series] if self.form.has_ids else None
        return self.form.give_back(ids, self.stamps(steps), values, names)


def refuse_empty(panel):
    """Raise if a series has no observed value."""
    is_known = np.logical_or.reduceat(~np.isnan(panel.values), panel.bounds[:-1], axis=0)
    if not is_known.all():
        series, target = np.argwhere(~is_known)[0]
        label = panel.label(series)
        if panel.n_targets > 1:
            label = f"target {plain(panel.form.targets[target])!r} of {label}"
        raise ValueError(
            f"{label} has no observed value among {panel.lengths[series]} rows; give at least two numbers."
        )


def refuse_missing(panel, cures="set missing='interpolate'"):
    """Raise if a value is missing, or a stamp absent."""
    is_missing = np.isnan(panel.values).any(axis=1)
    if not is_missing.any():
        return
    counts = {"missing value": panel.n_missing, "absent stamp": panel.n_absent}
    holes = " and ".join(how_many(n, what) for what, n in counts.items() if n)
    first = panel.place(int(is_missing.argmax()))
    raise ValueError(
        f"{panel.form.label} has {holes} in steps of {panel.clock.step_name}, the first {first}; fill them, or {cures}."
    )


def refuse_copies(panel, is_named):
    """Raise if a covariate is a target itself, which nobody knows ahead; warn if nothing has a name."""
    for target, name in zip(panel.values.T, panel.form.targets, strict=False):  # those of a wide frame have none beside
        for covariate, column in zip(panel.covariates.T, panel.covariate_names, strict=True):
            if np.array_equal(covariate, target, equal_nan=True):
                what = "holds the very values to forecast"
                cure = "which are not known ahead; leave that column out, or give the series alone."
                if is_named:
                    of = "" if name is None else f", of {plain(name)!r}"
                    which = "the covariate" if column is None else f"covariate {plain(column)!r}"
                    raise ValueError(f"{which} {what}{of}, {cure}")
                warnings.warn(f"column {column} of X {what}, {cure}", UserWarning, stacklevel=4)


def refuse_missing_covariates(panel, cures="set missing='mask'"):
    """Raise if a covariate is missing."""
    is_missing = np.isnan(panel.covariates)
    if is_missing.any():
        row, column = (int(place[0]) for place in is_missing.nonzero())
        name = plain(panel.covariate_names[column])
        raise ValueError(f"covariate {name!r} is missing (NaN) {panel.place(row)}; fill it, or {cures}.")


def refuse_outside(panel, bounds):
    """Raise if a value lies out of the bounds of forecasts, two floats or None."""
    if bounds is None:
        return
    is_outside = (panel.values < bounds[0]) | (panel.values > bounds[1])
    if is_outside.any():
        row, column = (int(place[0]) for place in is_outside.nonzero())
        raise ValueError(
            f"{panel.form.label} is {panel.values[row, column]:g} {panel.place(row)}, out of the bounds {bounds}; "
            "correct it, or give bounds that hold what was observed."
        )


def interpolate(values, bounds):
    """Return values without NaN: those between are on the line between their neighbours, those at the ends repeat them.

    Parameters
    ----------
    values : ndarray of shape (n_rows,)
    bounds : ndarray of shape (n_series + 1,)
        No value is taken from another series; one without any stays as it is.
    """
    missing = np.flatnonzero(np.isnan(values))
    if not len(missing):
        return values
    # Holes are stretches of missing rows; one that goes on over the border of two series is two holes.
    is_first = np.diff(missing, prepend=-2) > 1
    is_first |= np.isin(missing, bounds)
    first_of = np.flatnonzero(is_first)
    before, after = missing[first_of] - 1, missing[np.append(first_of[1:], len(missing)) - 1] + 1
    at_start, at_end = np.isin(before + 1, bounds), np.isin(after, bounds)
    first = before + 1  # which stands for both neighbours, and leaves NaN, where a series has no value at all
    before, after = (
        np.where(at_start, np.where(at_end, first, after), before),
        np.where(at_end, np.where(at_start, first, before), after),
    )
    hole = np.cumsum(is_first) - 1
    before, after = before[hole], after[hole]
    share = (missing - before) / np.maximum(after - before, 1)
    filled = values.copy()
    filled[missing] = values[before] * (1 - share) + values[after] * share
    return filled


def repeat_last(values, bounds):
    """Return rows (n_rows, n_columns) in which a missing value is the last one of its series before it.

    NaN where there is none.
    """
    rows = np.arange(len(values))[:, np.newaxis]
    firsts = np.repeat(bounds[:-1], np.diff(bounds))[:, np.newaxis]
    last = np.maximum.accumulate(np.where(np.isnan(values), -1, rows), axis=0)
    return np.where(last >= firsts, np.take_along_axis(values, np.maximum(last, 0), axis=0), np.nan)
