"""The user's own rows, cut by steps of their clock."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ..frames import WIDE, read_table
from ..panel import Panel
from ..reading import read_panel


@dataclass(frozen=True)
class Data:
    """The user's own rows, and the series and step of the clock of each.

    Parameters
    ----------
    X, y
        Frames, Series or arrays; y may be None.
    panel : Panel
        What they hold.
    series : ndarray of shape (n_rows,), or None
        None where each row is one of every series.
    steps : ndarray of shape (n_rows,)
    blanked : list
        Columns of X that hold what is to be forecast, if there is no y.
    order : ndarray of shape (n_rows,)
        The rows by time.
    """

    X: object
    y: object
    panel: Panel
    series: np.ndarray | None
    steps: np.ndarray
    blanked: list
    order: np.ndarray

    @classmethod
    def read(cls, X, y, forecaster):
        """Return the data; a clock that y alone has goes to X, too."""
        if X is None and y is not None:  # rows without columns beside y, as `fit` takes them
            X, y = (pd.DataFrame(index=y.index), y) if hasattr(y, "iloc") else (y, None)
        X, y = (np.asarray(given) if isinstance(given, list | tuple) else given for given in (X, y))
        if hasattr(y, "iloc") and not hasattr(X, "iloc") and len(X) == len(y):
            X = pd.DataFrame(X, y.index)
        names = [name for name in ("target", "id_col", "time_col") if hasattr(forecaster, name)]
        options = {name: getattr(forecaster, name) for name in names}
        table = read_table(X, y, **options)
        panel = read_panel(X, y, **options, freq=getattr(forecaster, "freq", None))
        keys = table.keys
        steps = np.arange(panel.clock.n) if keys.stamps is None else panel.clock.positions(keys.stamps)
        if keys.ids is not None:
            series = keys.series
        else:
            series = None if panel.form.kind == WIDE else np.zeros(len(steps), np.int64)
        return cls(X, y, panel, series, steps, list(table.targets.columns), np.argsort(steps, kind="stable"))

    def rows(self, first, last, known=None):
        """Return the rows of steps first ... last - 1, only of `known` series if that is given."""
        rows = np.sort(self.order[slice(*np.searchsorted(self.steps, [first, last], sorter=self.order))])
        if known is not None and self.series is not None and self.panel.n_series > 1:
            rows = rows[np.isin(self.series[rows], known)]
        return rows

    def series_of(self, rows):
        """Return the series that rows belong to, each once."""
        return np.arange(self.panel.n_series) if self.series is None else np.unique(self.series[rows])

    def cells(self, rows):
        """Return series and step of each value of the rows; those of a wide frame go series by series."""
        if self.series is not None:
            return self.series[rows], self.steps[rows]
        return np.arange(self.panel.n_series).repeat(len(rows)), np.tile(self.steps[rows], self.panel.n_series)

    def known(self, rows):
        """Return X and y of rows, to learn from."""
        return _take(self.X, rows), None if self.y is None else _take(self.y, rows)

    def future(self, rows):
        """Return X of rows to forecast, and y if there is one, without what is to be forecast."""
        X = _take(self.X, rows)
        if self.y is not None:
            return X, _blank(_take(self.y, rows))
        if not isinstance(X, pd.DataFrame):
            return _blank(X), None
        X = X.copy()
        X[self.blanked] = np.nan
        return X, None


def _take(given, rows):
    """Return some rows, as a view where they stand side by side."""
    if len(rows) and rows[-1] - rows[0] + 1 == len(rows):
        rows = slice(int(rows[0]), int(rows[-1]) + 1)
    return given.iloc[rows] if hasattr(given, "iloc") else given[rows]


def _blank(given):
    """Return NaN in the form of what was given."""
    if isinstance(given, pd.Series):
        return pd.Series(np.nan, given.index, name=given.name)
    if isinstance(given, pd.DataFrame):
        return pd.DataFrame(np.nan, given.index, given.columns)
    return np.full(given.shape, np.nan)


def without_none(X_and_y):
    """Return X, and y if there is one."""
    return [part for part in X_and_y if part is not None]
