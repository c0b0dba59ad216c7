"""The covariates that a fitted forecaster is given for steps to come."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from .asking import find_rows, warn, with_names
from .columns import read_covariates
from .counts import how_many
from .frames import listing, plain
from .panel import Panel, repeat_last

STAND_IN = {  # what the network reads of steps before those that are to be forecast
    "raise": "the means of training stand for them, and no category",
    "mask": "they are masked",
    "interpolate": "they are interpolated, or the last ones repeated",
}


@dataclass(frozen=True)
class Ahead:
    """The covariates that are known of steps to come.

    Parameters
    ----------
    panel : Panel
    static : list of int
        The columns of those that never change.
    places : list of int
        The columns of those that are given.
    series, leads : ndarray of int64, shape (n,)
        The series and the step after training of each row that is given.
    values : ndarray of shape (n, n_places)
    """

    panel: Panel
    static: list
    places: list = field(default_factory=list)
    series: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))
    leads: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))
    values: np.ndarray = field(default_factory=lambda: np.zeros((0, 0)))

    def of(self, series, n_steps):
        """Return the covariates of the first steps of some series, NaN where unknown.

        Parameters
        ----------
        series : ndarray of int64, shape (n,)
            Each once.
        n_steps : int

        Returns
        -------
        ndarray of shape (n, n_steps, n_covariates)
        """
        panel = self.panel
        ahead = np.full((len(series), n_steps, panel.covariates.shape[1]), np.nan)
        if self.static:
            ahead[:, :, self.static] = _last_known(panel, self.static)[series, np.newaxis]
        numbers = np.full(panel.n_series, -1)
        numbers[series] = np.arange(len(series))
        is_here = (numbers[self.series] >= 0) & (self.leads < n_steps)
        rows, leads = numbers[self.series[is_here]], self.leads[is_here]
        ahead[rows[:, np.newaxis], leads[:, np.newaxis], self.places] = self.values[is_here]
        return ahead


def read_ahead(X, panel, terms, series, steps, rows=None):
    """Return what is known Ahead.

    Parameters
    ----------
    X : DataFrame or array
        The covariates.
    panel : Panel
    terms : Terms
    series, steps : ndarray of int64, shape (n,)
        What is to be forecast, of the steps after training.
    rows : Rows, optional
        Those of X; they are read from it if not given.

    Raises
    ------
    TypeError, ValueError
        If X has not these columns or gives a step twice; or, if `terms.missing` is "raise", if covariates of a step to
        forecast are missing, or of a category that training did not have.

    Warns
    -----
    UserWarning
        If they are missing and that is allowed, unless X says so by NaN; or if X has other values of static covariates
        than training, which stand.
    """
    static = [panel.covariate_names.get_loc(name) for name in terms.static]
    given_static = [name for name in terms.static if isinstance(X, pd.DataFrame) and name in X.columns]
    if given_static:
        _compare_static(X, panel, terms, given_static, rows)
    if not terms.ahead:
        return Ahead(panel, static)
    names = list(terms.ahead)
    given, X = X, with_names(X, panel, "forecast")
    if lacking := [name for name in names if not isinstance(X, pd.DataFrame) or name not in X.columns]:
        raise ValueError(
            f"the covariates {listing(lacking)} are not given for the steps to come; give them as columns of X, or "
            "name them in past_covariates."
        )
    rows = find_rows(given, panel, terms, are_ahead=True) if rows is None else rows
    of = np.zeros(len(X), np.int64) if rows.series is None else rows.series
    is_ahead = rows.steps >= panel.ends[of]
    X, of, leads = X.loc[is_ahead, names], of[is_ahead], (rows.steps - panel.ends[of])[is_ahead]
    values, _ = read_covariates(X, panel.categories)
    places = [panel.covariate_names.get_loc(name) for name in names]
    ahead = Ahead(panel, static, places, of, leads, values)
    _tell_new_categories(X, ahead, terms)
    _refuse_contradictions(ahead)
    _tell_unknown(ahead, names, series, steps - panel.ends[series], terms)
    return ahead


def static_values(panel, names, number):
    """Return the last known values of the static covariates of one series, by name."""
    values = _last_known(panel, panel.covariate_names.get_indexer(list(names)))[number] if names else ()
    return dict(zip(names, values, strict=True))


def _last_known(panel, columns):
    """Return some covariates of each series as they were last known, shape (n_series, n_columns); NaN if never."""
    last = panel.bounds[1:] - 1
    values = panel.covariates[last][:, columns]
    return repeat_last(panel.covariates[:, columns], panel.bounds)[last] if np.isnan(values).any() else values


def tell_new_categories(panel, before, terms):
    """Raise, or warn as `terms.missing` says, if a panel was extended by a category that training did not have."""
    is_later = np.arange(len(panel.values)) - np.repeat(panel.bounds[:-1], panel.lengths) >= np.repeat(
        before.lengths, panel.lengths
    )
    for name in panel.categories:
        is_new = is_later & (panel.covariates[:, panel.covariate_names.get_loc(name)] == -1)
        if is_new.any():
            tell_new_category(name, "holds", panel.categories, terms, " " + panel.place(int(is_new.argmax())))


def tell_new_category(name, what, categories, terms, place=""):
    """Raise, or warn as `terms.missing` says, about a category that training did not have."""
    cure = "correct it, or set missing='mask', by which it is no category"
    message = (
        f"covariate {plain(name)!r} {what} a category that training did not have{place}; it had "
        f"{listing(categories[name])}: {cure if terms.missing == 'raise' else 'it is taken for no category'}."
    )
    if terms.missing == "raise":
        raise ValueError(message)
    warn(message)


def _tell_new_categories(X, ahead, terms):
    """Raise or warn if a category of the rows ahead is not among those of training."""
    categories = ahead.panel.categories
    for place, name in enumerate(X.columns):
        is_new = ahead.values[:, place] == -1 if name in categories else np.zeros(len(X), bool)
        if is_new.any():
            value = plain(X[name].iloc[int(is_new.argmax())])
            tell_new_category(name, f"is {value!r} in X,", categories, terms)


def tell_other_covariates(X, panel, rows):
    """Warn if rows of training have other covariates in X than they had there."""
    if not isinstance(X, pd.DataFrame):
        return
    names = [name for name in panel.covariate_names if name in X.columns]
    is_inside = rows.steps < panel.ends[rows.series]
    given, _ = read_covariates(X.loc[is_inside, names], panel.categories)
    places = (panel.bounds[rows.series] + rows.steps - panel.starts[rows.series])[is_inside]
    columns = panel.covariate_names.get_indexer(names)
    known = panel.covariates[places][:, columns]
    # A transformer may give the same rows other last bits, alone or among others; one that mixes columns (PCA) even a
    # column of nothing else, as many as those of the largest.
    sizes = np.nanmax(np.abs(panel.covariates), axis=0, initial=0)
    allowed = np.maximum(1e-6 * sizes, 1e-13 * sizes.max())[columns]
    is_other = np.abs(given - known) > allowed + 1e-6 * np.abs(known)  # False where one of them is missing
    if is_other.any():
        warn(
            f"X has other covariates than training for {how_many(int(is_other.any(axis=1).sum()), 'row')} of it, where "
            "those of training count; ask for the effect of covariates on rows after training."
        )


def _compare_static(X, panel, terms, names, rows):
    """Warn if static covariates have other values in X than in training."""
    rows = find_rows(X, panel, terms, are_ahead=True) if rows is None else rows
    given, _ = read_covariates(X[names], panel.categories)
    series = np.zeros(len(X), np.int64) if rows.series is None else rows.series
    known = _last_known(panel, panel.covariate_names.get_indexer(names))[series]
    is_told = ~np.isnan(given) & ~np.isnan(known) & (rows.steps >= panel.ends[series])[:, np.newaxis]
    differs = (given != known) & is_told
    if differs.any():
        row, place = (int(of[0]) for of in differs.nonzero())
        warn(
            f"static covariate {plain(names[place])!r} of {panel.label(series[row])} is "
            f"{plain(X[names[place]].iloc[row])!r} in X, and was another in training, which counts; for a new value "
            "fit again, or do not name it in static_covariates."
        )


def _refuse_contradictions(ahead):
    """Raise if two rows of one step have different covariates."""
    order = np.lexsort((ahead.leads, ahead.series))
    series, leads, values = ahead.series[order], ahead.leads[order], ahead.values[order]
    is_same = (values[1:] == values[:-1]) | (np.isnan(values[1:]) & np.isnan(values[:-1]))
    contradicts = (np.diff(series) == 0) & (np.diff(leads) == 0) & ~is_same.all(axis=1)
    if contradicts.any():
        row, panel = int(contradicts.argmax()), ahead.panel
        stamp = panel.stamps([panel.ends[series[row]] + leads[row]])[0]
        raise ValueError(
            f"X has {stamp} of {panel.label(series[row])} more than once, with different covariates; keep one row per "
            "stamp."
        )


def _tell_unknown(ahead, names, series, leads, terms):
    """Raise if covariates of what is to be forecast are not known; warn if those of steps before it are not.

    Where they may be missing, warn of those that are to be forecast and have no row.
    """
    panel, may_miss = ahead.panel, terms.missing != "raise"
    stand_in = ", and interpolated or repeated" * (terms.missing == "interpolate")
    span = 1 + max(leads.max(), ahead.leads.max(initial=0))
    is_known = np.ones(len(ahead.values), bool) if may_miss else ~np.isnan(ahead.values).any(axis=1)
    known = np.unique(ahead.series[is_known] * span + ahead.leads[is_known])
    is_unknown = ~np.isin(series * span + leads, known)
    if is_unknown.any():
        row = int(is_unknown.argmax())
        of, stamp = panel.label(series[row]), panel.stamps([panel.ends[series[row]] + leads[row]])[0]
        if not may_miss:
            is_row = (ahead.series == series[row]) & (ahead.leads == leads[row])
            lacks = np.isnan(ahead.values[is_row]).any(axis=0) if is_row.any() else np.ones(len(names), bool)
            which = listing([name for name, is_lacking in zip(names, lacks, strict=True) if is_lacking])
            raise ValueError(
                f"no value of {which} is given for {of} at {stamp}; give one for every step to forecast, name what "
                "nobody knows ahead in past_covariates, or set missing='mask'."
            )
        warn(
            f"X has no rows for {is_unknown.sum()} of the {len(series)} steps to forecast, the first of {of} at "
            f"{stamp}; their covariates {listing(names)} are taken for missing{stand_in}."
        )
    wanted = np.zeros(panel.n_series, np.int64)
    np.maximum.at(wanted, series, leads + 1)
    n_unknown = int(wanted.sum() - (known % span < wanted[known // span]).sum() - is_unknown.sum())
    if n_unknown:
        warn(
            f"the covariates {listing(names)} are not given for {how_many(n_unknown, 'step')} between training and the "
            f"rows of X; {STAND_IN[terms.missing]}. Give these rows, too, or name them in past_covariates."
        )
