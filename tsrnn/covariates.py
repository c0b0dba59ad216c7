"""Covariates as columns that a network reads: first what is known of the past alone, then what is known ahead."""

from dataclasses import dataclass, field

import numpy as np

MOST_CATEGORIES = 1000  # of one column: more are ids, not categories


def check_covariates(panel, past, static, is_complete):
    """Raise if covariates of a Panel are missing, or named that are none, or not static.

    Parameters
    ----------
    panel : Panel
    past, static : sequence of str, or None
        What was given as `past_covariates` and `static_covariates`.
    is_complete : bool
        Whether none may be missing.
    """
    for argument, names in (("past_covariates", past), ("static_covariates", static)):
        if isinstance(names, str):
            raise TypeError(f"{argument} must be a list of names of columns; got {names!r}, which is one: [{names!r}].")
        for name in names or ():
            if name not in panel.covariate_names:
                what = ", ".join(map(repr, panel.covariate_names)) or "none"
                raise ValueError(f"{argument} holds {name!r}, which is no covariate; the covariates are {what}.")
    is_missing = np.isnan(panel.covariates)
    if is_complete and is_missing.any():
        row, column = (int(place[0]) for place in is_missing.nonzero())
        raise ValueError(
            f"covariate {panel.covariate_names[column]!r} is missing {panel.place(row)}; fill it, or set "
            "missing='mask'."
        )
    for name in static or ():
        values, firsts = panel.covariates[:, panel.covariate_names.get_loc(name)], panel.bounds[:-1]
        changes = np.fmax.reduceat(values, firsts) != np.fmin.reduceat(values, firsts)
        if changes.any():
            label = panel.label(int(changes.argmax()))
            raise ValueError(f"static covariate {name!r} changes within {label}; leave it out of static_covariates.")


@dataclass
class Columns:
    """Which columns a network reads beside the targets, and how they are scaled.

    Numbers are scaled by mean and deviation over the rows of training, of all series together, so that they keep what
    tells series apart; a category has a column of its own, 1 where it is and 0 elsewhere, so that each has its vector
    of weights in the first layer (what an embedding is, whose size is that layer's). What is missing is 0, which is the
    mean, or no category.

    Parameters
    ----------
    names : tuple
        Of the columns that are given.
    categories : dict
        Of names to the categories of a column; its numbers count them, -1 is none of them, NaN none.
    past : tuple
        The names of those that are not known ahead.
    """

    names: tuple
    categories: dict
    past: tuple = ()
    means: np.ndarray = field(init=False)
    scales: np.ndarray = field(init=False)

    def __post_init__(self):
        unknown = [name for name in self.past if name not in self.names]
        if unknown:
            raise ValueError(
                f"past_covariates holds {unknown[0]!r}, which is no covariate; the covariates are "
                f"{', '.join(map(repr, self.names)) or 'none'}."
            )
        for name, known in self.categories.items():
            if len(known) > MOST_CATEGORIES:
                raise ValueError(
                    f"covariate {name!r} has {len(known)} categories; give at most {MOST_CATEGORIES}, or leave it out."
                )

    def fit(self, values):
        """Learn means and deviations from the rows of training, shape (n, n_columns); return self."""
        self.means, self.scales = np.zeros(len(self.names)), np.ones(len(self.names))
        for k, name in enumerate(self.names):
            known = values[:, k][~np.isnan(values[:, k])]
            if name not in self.categories and len(known):
                self.means[k], deviation = known.mean(), known.std()
                self.scales[k] = deviation if deviation > 0 else 1.0
        return self

    @property
    def n_past(self):
        """Columns that are not known ahead; they come first."""
        return sum(self._width(name) for name in self.names if name in self.past)

    @property
    def n_columns(self):
        """Columns that are read."""
        return sum(map(self._width, self.names))

    def transform(self, values, dtype):
        """Return what is read of rows (n, n_names), shape (n, n_columns)."""
        columns = np.zeros((len(values), self.n_columns), dtype)
        place = 0
        for name in sorted(self.names, key=lambda name: name not in self.past):  # a stable sort
            k, width = self.names.index(name), self._width(name)
            if name in self.categories:
                rows = np.flatnonzero(values[:, k] >= 0)
                columns[rows, place + values[rows, k].astype(np.int64)] = 1
            else:
                scaled = (values[:, k] - self.means[k]) / self.scales[k]
                columns[:, place] = np.where(np.isnan(scaled), 0, scaled)
            place += width
        return columns

    def _width(self, name):
        return len(self.categories[name]) if name in self.categories else 1
