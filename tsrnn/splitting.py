"""Data parted by time: one split into training, validation and test, or the folds of a cross-validation.

Both number the stamps of the clock, sorted, and cut between two of them. So all series of a panel are cut at the same
stamps, whatever the format of the data and the order of their rows.
"""

import math
import warnings
from numbers import Integral, Real

import numpy as np
from sklearn.model_selection import BaseCrossValidator

from .base import shorten
from .counts import how_many
from .stamps import ID_COL, TIME_COL, first_id, number_rows

__all__ = ["train_val_test_split", "PanelTimeSeriesSplit"]


def train_val_test_split(data, *more, val_size=0, test_size=0.25, gap=0, id_col=ID_COL, time_col=TIME_COL):
    """Return training, validation and test part of the data, each later than the one before.

    Parameters
    ----------
    data : Series, DataFrame, array or list
        A Series or wide frame whose index is the clock; a long frame with columns of ids and stamps; a Series or frame
        with a MultiIndex (id, time); or an array or list, whose rows are steps in time order.
    *more : Series, DataFrame, array or list
        Further data with the same rows, such as the targets y. The first object that has a clock gives it to all;
        without any, rows are steps. Two that have an index of their own, not 0, 1, 2, ..., must have the same one.
    val_size, test_size : int or float, default=0 and 0.25
        Steps of the validation and the test part; as a float between 0 and 1 a fraction of all steps, rounded up.
        Steps are stamps of the clock that some row has: absent ones are not counted. Of a panel they are the stamps of
        all series together, so a series that ends early has fewer rows in the test part, or none.
    gap : int, default=0
        Steps left out between two parts: to keep windows or targets of the one from reaching into the other, or for
        data that arrive late.
    id_col, time_col : str, default="unique_id" and "ds"
        Names of the ids and stamps: columns of a long frame, or levels of its index.

    Returns
    -------
    list
        ``[train, val, test]``; with ``val_size=0`` just ``[train, test]``. For several objects the parts of the first,
        then those of the second, and so on, as scikit-learn's ``train_test_split`` gives them. Parts have the format
        of the data, the index and the order of the rows. Those of arrays and of pandas' objects are views wherever
        their rows stand side by side, as those of a single series do.

    Raises
    ------
    TypeError
        If a size, a gap or the data are of the wrong kind, or stamps are no dates, periods or whole numbers.
    ValueError
        If the sizes leave nothing for training, a stamp or an id is missing, a series is unsorted or has a stamp
        twice, columns that were named are not there, or the objects do not have the same rows.

    See Also
    --------
    PanelTimeSeriesSplit : The same cuts as folds of a cross-validation.

    Examples
    --------
    >>> import tsrnn
    >>> temperature = tsrnn.datasets.load_elnino()
    >>> train, val, test = tsrnn.train_val_test_split(temperature, val_size=12, test_size=24)
    >>> [part.index[-1].date().isoformat() for part in (train, val, test)]
    ['2007-12-01', '2008-12-01', '2010-12-01']

    X and y together, with a step left out before the test part:

    >>> import numpy as np
    >>> X, y = np.arange(12).reshape(6, 2), np.arange(6)
    >>> X_train, X_test, y_train, y_test = tsrnn.train_val_test_split(X, y, test_size=2, gap=1)
    >>> y_train, y_test
    (array([0, 1, 2]), array([4, 5]))

    A long frame; both series are cut at the same stamp:

    >>> import pandas as pd
    >>> sales = pd.DataFrame({"unique_id": list("aaabb"), "ds": [1, 2, 3, 2, 3], "y": [5.0, 6.0, 7.0, 1.0, 2.0]})
    >>> train, test = tsrnn.train_val_test_split(sales, test_size=1)
    >>> test
      unique_id  ds    y
    2         a   3  7.0
    4         b   3  2.0
    """
    objects = (data, *more)
    _check_integer("gap", gap, 0)
    names = ["data"] if not more else [f"object {n}" for n in range(1, len(objects) + 1)]
    rows = number_rows(dict(zip(names, objects, strict=True)), id_col, time_col)
    n_steps = rows.n_stamps
    n_val, n_test = _count_steps("val_size", val_size, n_steps), _count_steps("test_size", test_size, n_steps)
    if not n_test:
        raise ValueError("test_size is 0; give it at least one step: what it holds may serve for validation as well.")
    cuts, end = [], n_steps
    for size in (n_test, n_val) if n_val else (n_test,):
        cuts.insert(0, (end - size, end))
        end -= size + int(gap)
    if end < 1:
        raise ValueError(
            f"val_size={val_size}, test_size={test_size} and gap={gap} take {n_steps - end} steps of {n_steps} and "
            "leave none for training; ask for less, or give more data."
        )
    parts = [rows.between(first, last) for first, last in [(0, end), *cuts]]
    return [_take(given, part) for given in objects for part in parts]


class PanelTimeSeriesSplit(BaseCrossValidator):
    """Folds of a panel by time: the model learns from what lies before a stamp and is tested on what follows.

    Like scikit-learn's ``TimeSeriesSplit``, of which it makes the very folds for one series, but it counts stamps of
    the clock instead of rows. All series are cut at the same stamps, whatever the order of the rows, so no fold knows
    of one series what is the future of another.

    Parameters
    ----------
    n_splits : int, default=5
        Folds, at least two.
    test_size : int, optional
        Stamps of each test part; ``n_stamps // (n_splits + 1)`` if not given. Counted are stamps that some row has:
        where all series have a hole, a part spans more time.
    gap : int, default=0
        Stamps left out between training and test.
    max_train_size : int, optional
        Most stamps of a training part: a window that rolls instead of one that expands.
    new_series : {"raise", "drop", "keep"}, default="raise"
        What happens to a series that has rows in the test part of a fold and none in its training part, so that a
        forecaster cannot know it: an error that names it; its rows are left out of that test part; or they stay, for
        models that do not look at ids.
    id_col, time_col : str, default="unique_id" and "ds"
        Names of the ids and stamps: columns of a long frame, or levels of the index.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong kind or out of range.

    See Also
    --------
    train_val_test_split : One split, of the data themselves.

    Notes
    -----
    Sort the rows by time for scikit-learn's ``learning_curve``. It shortens a training part to its first rows: those of
    a panel sorted by id lack whole series, and the scores of small sizes are NaN.

    Examples
    --------
    Two series of which one starts later, as scikit-learn's tools pass them on:

    >>> import pandas as pd
    >>> import tsrnn
    >>> stamps = [("a", 1), ("a", 2), ("a", 3), ("a", 4), ("b", 2), ("b", 3), ("b", 4)]
    >>> X = pd.DataFrame(index=pd.MultiIndex.from_tuples(stamps, names=["unique_id", "ds"]))
    >>> for train, test in tsrnn.PanelTimeSeriesSplit(n_splits=2, test_size=1).split(X):
    ...     print(train, test)
    [0 1 4] [2 5]
    [0 1 2 4 5] [3 6]

    Three rows of one series are three stamps:

    >>> for train, test in tsrnn.PanelTimeSeriesSplit(n_splits=2).split([5.0, 6.0, 7.0]):
    ...     print(train, test)
    [0] [1]
    [0 1] [2]
    """

    def __init__(
        self,
        n_splits=5,
        *,
        test_size=None,
        gap=0,
        max_train_size=None,
        new_series="raise",
        id_col=ID_COL,
        time_col=TIME_COL,
    ):
        _check_integer("n_splits", n_splits, 2)
        _check_integer("gap", gap, 0)
        for name, size in (("test_size", test_size), ("max_train_size", max_train_size)):
            if size is not None:
                _check_integer(name, size, 1)
        if new_series not in ("raise", "drop", "keep"):
            raise ValueError(f"new_series must be 'raise', 'drop' or 'keep'; got {shorten(new_series)}.")
        self.n_splits = n_splits
        self.test_size = test_size
        self.gap = gap
        self.max_train_size = max_train_size
        self.new_series = new_series
        self.id_col = id_col
        self.time_col = time_col

    def get_n_splits(self, X=None, y=None, groups=None):
        """Return the number of folds; the data are not looked at."""
        return int(self.n_splits)

    def split(self, X, y=None, groups=None):
        """Return an iterator over the folds.

        Parameters
        ----------
        X : DataFrame, Series, array or list with n rows
            Stamps are those of a MultiIndex (id, time), or of the columns `time_col` and `id_col`, or of an index that
            is the clock of one series or of a wide frame.
        y : Series, DataFrame or array with n rows, optional
            Gives the stamps if X has none. Where neither has, each row is a step.
        groups : object
            Ignored, with a warning.

        Returns
        -------
        iterator over (train, test)
            Arrays of row numbers, int64, rising.

        Raises
        ------
        TypeError, ValueError
            If stamps cannot be read, as in :func:`train_val_test_split`; if there are too few for the folds; or if
            a fold tests a new series and `new_series` is "raise". All is checked before the first fold is given.
        """
        if groups is not None:
            warnings.warn("groups is ignored by PanelTimeSeriesSplit, which parts by time.", UserWarning, stacklevel=2)
        rows = number_rows({"X": X} if y is None else {"X": X, "y": y}, self.id_col, self.time_col)
        folds = list(self._cut(rows.n_stamps))
        if rows.series is not None and self.new_series != "keep":
            for n, fold in enumerate(folds):
                self._check_new_series(rows, n, *fold)
        return (self._rows_of_fold(rows, *fold) for fold in folds)

    def _cut(self, n_stamps):
        """Yield for each fold the stamps of training and of test, (first, last + 1) each."""
        n_splits, gap = int(self.n_splits), int(self.gap)
        test_size = max(n_stamps // (n_splits + 1), 1) if self.test_size is None else int(self.test_size)
        n_taken = n_splits * test_size + gap
        if n_stamps <= n_taken:
            raise ValueError(
                f"n_splits={n_splits} test parts of {how_many(test_size, 'stamp')} after a gap of {gap} need more than "
                f"{n_taken} stamps, but the data have {n_stamps}; ask for fewer or shorter parts, or give more data."
            )
        for start in range(n_stamps - n_splits * test_size, n_stamps, test_size):
            end = start - gap
            first = 0 if self.max_train_size is None else max(0, end - int(self.max_train_size))
            yield (first, end), (start, start + test_size)

    def _check_new_series(self, rows, n, training, test):
        """Raise if a fold tests series that it does not train on, or, where these are dropped, tests no other."""
        has_training, has_test = rows.have_rows(*training), rows.have_rows(*test)
        is_new = has_test & ~has_training
        if self.new_series == "raise" and is_new.any():
            raise ValueError(
                f"fold {n} tests {is_new.sum()} series without rows in its training part, such as "
                f"{first_id(rows.ids[is_new])!r}; set new_series='drop' to leave them out of the test, or 'keep' for a "
                "model that does not look at ids, or ask for fewer or shorter test parts."
            )
        if is_new.sum() == has_test.sum():
            raise ValueError(
                f"fold {n} tests only series without rows in its training part, so that new_series='drop' leaves "
                "nothing to test; ask for fewer or shorter test parts."
            )

    def _rows_of_fold(self, rows, training, test):
        test_rows = rows.between(*test)
        if rows.series is not None and self.new_series == "drop":
            test_rows = _numbers(test_rows)
            test_rows = test_rows[rows.have_rows(*training)[rows.series[test_rows]]]
        return _numbers(rows.between(*training)), _numbers(test_rows)


def _take(given, rows):
    """Return some rows of an object, in its own format."""
    if hasattr(given, "iloc"):
        return given.iloc[rows]
    if isinstance(given, list | tuple) and not isinstance(rows, slice):
        taken = [given[row] for row in rows]
        return taken if isinstance(given, list) else tuple(taken)
    return given[rows]


def _numbers(rows):
    """Return rows as an array of their numbers."""
    return np.arange(rows.start, rows.stop) if isinstance(rows, slice) else rows


def _count_steps(name, size, n_steps):
    """Return a size in steps."""
    if isinstance(size, bool) or not isinstance(size, Real):
        raise TypeError(f"{name} must be a whole number of steps or a fraction of them; got {shorten(size)}.")
    if isinstance(size, Integral):
        if size < 0:
            raise ValueError(f"{name} must not be negative; got {size}.")
        return int(size)
    if size == 0:
        return 0
    if not 0 < size < 1:
        raise ValueError(f"{name}={size} is no fraction between 0 and 1; for steps give a whole number.")
    return max(math.ceil(round(float(size) * n_steps, 6)), 1)  # 0.07 * 100 is a little more than 7


def _check_integer(name, value, least):
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise TypeError(f"{name} must be a whole number; got {shorten(value)}.")
    if value < least:
        raise ValueError(f"{name} must be at least {least}; got {value}.")
