"""From a panel to the rows that a network reads, and from what it puts out back to the units of the series."""

from dataclasses import dataclass, replace

import numpy as np

from .network.windows import SeriesWindows
from .panel import Panel, interpolate
from .transforms import make_transform


@dataclass(frozen=True)
class Series:
    """The values of all series of a panel, in the order in which the network is trained on them.

    Parameters
    ----------
    values : ndarray of shape (n_rows, n_targets), float64
        NaN where missing.
    bounds : ndarray of shape (n_series + 1,)
    panel : Panel
        Where they come from.
    """

    values: np.ndarray
    bounds: np.ndarray
    panel: Panel

    @classmethod
    def of(cls, panel):
        """Return those of a panel."""
        order = panel.order
        if (np.diff(order) == 1).all():
            return cls(panel.values, panel.bounds, panel)
        lengths = panel.lengths[order]
        bounds = np.append(0, np.cumsum(lengths))
        rows = np.repeat(panel.bounds[order] - bounds[:-1], lengths) + np.arange(bounds[-1])
        return cls(panel.values[rows], bounds, panel)

    def label(self, number):
        """Return what messages call a series."""
        return self.panel.label(self.panel.order[number])

    def means(self):
        """Return the mean of each target over what is known of each series, shape (n_series, n_targets)."""
        is_known = ~np.isnan(self.values)
        sums = np.add.reduceat(np.where(is_known, self.values, 0), self.bounds[:-1], axis=0)
        return sums / np.add.reduceat(is_known, self.bounds[:-1], axis=0)

    @property
    def lengths(self):
        """Rows of each series."""
        return np.diff(self.bounds)

    @property
    def has_holes(self):
        """Whether any value is missing."""
        return bool(np.isnan(self.values).any())

    def head(self, lengths):
        """Return the first so many rows of each series; the same arrays where that is all of them."""
        if (lengths == self.lengths).all():
            return self
        if len(lengths) == 1:
            return replace(self, values=self.values[: lengths[0]], bounds=np.array([0, lengths[0]]))
        step = np.arange(self.bounds[-1]) - np.repeat(self.bounds[:-1], self.lengths)
        values = self.values[step < np.repeat(lengths, self.lengths)]
        return replace(self, values=values, bounds=np.append(0, np.cumsum(lengths)))


class Preparation:
    """What is learnt about series before a network is trained on them, and the rows that it reads.

    Parameters
    ----------
    scaler
        What the user gave as that.
    season, horizon : int
    missing : {"raise", "mask", "interpolate"}
    dtype : str
    """

    def __init__(self, scaler, season, horizon, missing, dtype):
        self.scaler, self.season, self.horizon, self.missing, self.dtype = scaler, season, horizon, missing, dtype

    def fit(self, series, known_lengths):
        """Learn from the first rows of each series alone; return self."""
        known = self._filled(series.head(known_lengths))
        self.transforms = [
            make_transform(self.scaler, self.season, "scaler").fit(values, known.bounds) for values in known.values.T
        ]
        self.means = known.means()  # of the targets of each series
        return self

    @property
    def n_features(self):
        """Numbers of a row."""
        return len(self.transforms) * (2 if self.missing == "mask" else 1)

    def rows(self, series, known_lengths):
        """Return the rows that a network reads, those of each series followed by `horizon` without a value.

        What is interpolated in the first rows of a series, so many, follows from them alone.
        """
        filled, n_targets = self._filled(series, known_lengths), len(self.transforms)
        first, lengths = series.bounds[:-1], series.lengths
        rows = np.full((int(series.bounds[-1]) + len(lengths) * self.horizon, self.n_features), np.nan, self.dtype)
        ends = self.firsts(series) + lengths
        is_row = np.zeros(len(rows), bool) if len(lengths) > 1 else slice(0, lengths[0])
        if len(lengths) > 1:
            is_row[np.repeat(self.firsts(series) - first, lengths) + np.arange(series.bounds[-1])] = True
        for k, transform in enumerate(self.transforms):
            rows[is_row, k] = self._scaled(transform, filled, k)
        if self.missing == "mask":
            rows[:, n_targets:] = np.isnan(rows[:, :n_targets])
        for ahead in range(self.horizon):
            rows[ends + ahead, :n_targets] = np.nan
        return rows

    def firsts(self, series):
        """Return the row at which each series begins."""
        return series.bounds[:-1] + np.arange(len(series.lengths)) * self.horizon

    def windows(self, rows, series, lookback, first, last, per_epoch=None):
        """Return windows whose first target is row `first` to `last` of each series, both of shape (n_series,)."""
        firsts = self.firsts(series)
        counts = np.maximum(last - first + 1, 0)
        return SeriesWindows(
            rows, len(self.transforms), lookback, self.horizon, firsts, firsts + first, counts, per_epoch
        )

    def restore(self, forecasts, numbers, first, series):
        """Return forecasts (n, h, n_targets) in the units of the series.

        Parameters
        ----------
        forecasts : ndarray of shape (n, h, n_targets)
        numbers, first : ndarray of shape (n,)
            The series of each, and the row of its first step.
        series : Series
        """
        restored = [
            transform.inverse_transform(forecasts[:, :, k], numbers, first, series.values[:, k], series.bounds)
            for k, transform in enumerate(self.transforms)
        ]
        return np.stack(restored, axis=2)

    def _filled(self, series, known_lengths=None):
        """Return the series without what is missing, if that is interpolated."""
        if self.missing != "interpolate" or not series.has_holes:
            return series
        columns = [interpolate(values, series.bounds) for values in series.values.T]
        filled = replace(series, values=np.column_stack(columns))
        if known_lengths is not None and (known_lengths < series.lengths).any():
            known = self._filled(series.head(known_lengths))
            step = np.arange(series.bounds[-1]) - np.repeat(series.bounds[:-1], series.lengths)
            filled.values[step < np.repeat(known_lengths, series.lengths)] = known.values
        return filled

    def _scaled(self, transform, series, k):
        """Return one transformed target in the precision of the network."""
        exact = transform.transform(series.values[:, k], series.bounds)
        with np.errstate(over="ignore"):
            scaled = exact.astype(self.dtype)
        label = series.label(0) if len(series.lengths) == 1 else "the panel"
        if np.isinf(scaled).any():
            raise ValueError(f"{label} does not fit into {self.dtype} unscaled; set scaler='standard'.")
        with np.errstate(over="ignore"):
            rounding, movement = np.nanmax(np.abs(scaled - exact)), np.nanmean(np.abs(np.diff(exact)))
        if rounding > movement:
            raise ValueError(f"{label} moves by less than {self.dtype} resolves; set dtype='float64'.")
        return scaled
