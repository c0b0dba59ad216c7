"""Covariates as columns that a network reads: first what is known of the past alone, then what is known ahead."""

from dataclasses import dataclass, field

import numpy as np

from .frames import read_names
from .panel import interpolate
from .scaling import StandardScaling

MOST_CATEGORIES = 100_000  # of one column: more are ids, or texts, and their vectors take gigabytes in training
LARGEST_SIZE = 50  # of a category's vector


def check_covariates(panel, past, static):
    """Raise if covariates of a Panel are named that are none, or not static.

    Parameters
    ----------
    panel : Panel
    past, static : sequence of str, or None
        What was given as `past_covariates` and `static_covariates`.
    """
    past, static = read_names("past_covariates", past), read_names("static_covariates", static)
    for argument, names in (("past_covariates", past), ("static_covariates", static)):
        for name in names:
            if name not in panel.covariate_names:
                what = ", ".join(map(repr, panel.covariate_names)) or "none"
                raise ValueError(f"{argument} holds {name!r}, which is no covariate; the covariates are {what}.")
    if both := [name for name in static if name in past]:
        raise ValueError(
            f"past_covariates and static_covariates both hold {both[0]!r}; what never changes is known ahead: leave it "
            "out of past_covariates."
        )
    refuse_changing(panel, static)


def refuse_changing(panel, static):
    """Raise if a static covariate of a Panel changes within a series."""
    for name in static:
        values, firsts = panel.covariates[:, panel.covariate_names.get_loc(name)], panel.bounds[:-1]
        changes = np.fmax.reduceat(values, firsts) > np.fmin.reduceat(values, firsts)  # not where all are NaN
        if changes.any():
            label = panel.label(int(changes.argmax()))
            raise ValueError(f"static covariate {name!r} changes within {label}; leave it out of static_covariates.")


@dataclass
class Columns:
    """Which columns a network reads beside the targets, and how they are scaled.

    Numbers are scaled by mean and deviation over the rows of training, of all series together, so that they keep what
    tells series apart. A category stays a number: the network reads the vector that it has learnt for it, and zeros for
    none (:class:`tsrnn.network.architecture.Architecture`). A number that is missing is 0, which is the mean; with a
    mask there is a column beside each that says where it is.

    Parameters
    ----------
    names : tuple
        Of the columns that are given.
    categories : dict
        Of names to the categories of a column; its numbers count them, -1 is none of them, NaN none.
    past : tuple
        The names of those that are not known ahead.
    has_mask : bool
        Whether numbers may be missing and are then told apart.
    """

    names: tuple
    categories: dict
    past: tuple = ()
    has_mask: bool = False
    means: np.ndarray = field(init=False)
    scales: np.ndarray = field(init=False)
    seen: dict = field(init=False)

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
        self.means, self.scales, self.seen = np.zeros(len(self.names)), np.ones(len(self.names)), {}
        for k, name in enumerate(self.names):
            if name in self.categories:  # a vector that nothing was learnt for is noise
                self.seen[name] = np.append(
                    np.isin(np.arange(len(self.categories[name])), values[:, k]), False
                )  # of -1
            else:
                scaling = StandardScaling().fit(values[:, k], [0, len(values)], [f"covariate {name!r}"])
                self.means[k], self.scales[k] = scaling.center_[0], scaling.scale_[0]
        return self

    @property
    def n_past(self):
        """Columns that are not known ahead; they come first."""
        return sum(self._width(name) for name in self.names if name in self.past)

    @property
    def n_columns(self):
        """Columns that are read."""
        return sum(map(self._width, self.names))

    @property
    def embedded(self):
        """Of each column that holds categories its place, their number, and the size of their vectors."""
        places = [(place, len(self.categories[name])) for name, place in self._places() if name in self.categories]
        return tuple((place, n, vector_size(n)) for place, n in places)

    def transform(self, values, dtype):
        """Return what is read of rows (n, n_names), shape (n, n_columns): of categories their number, -1 for none."""
        columns = np.zeros((len(values), self.n_columns), dtype)
        for name, place in self._places():
            k = self.names.index(name)
            if name in self.categories:
                numbers = np.where(values[:, k] >= 0, values[:, k], -1).astype(np.int64)
                columns[:, place] = np.where(self.seen[name][numbers], numbers, -1)
                continue
            is_missing = np.isnan(values[:, k])
            with np.errstate(over="ignore"):
                scaled = (values[:, k] - self.means[k]) / self.scales[k]
                columns[:, place] = np.where(is_missing, 0, scaled)
            if np.isinf(columns[:, place]).any():
                value = values[np.isinf(columns[:, place]).argmax(), k]
                raise ValueError(
                    f"covariate {name!r} has the value {value:g}, which is too far from those of training, around "
                    f"{self.means[k]:g}; correct it, or fit again."
                )
            if self.has_mask:
                columns[:, place + 1] = is_missing
        return columns

    def unknown(self, dtype):
        """Return what is read where nothing is known, shape (n_columns,)."""
        return self.transform(np.full((1, len(self.names)), np.nan), dtype)[0]

    def _places(self):
        """Return the names in the order of their columns, each with the number of its first one."""
        names = sorted(self.names, key=lambda name: name not in self.past)  # a stable sort
        return list(zip(names, np.cumsum([0, *map(self._width, names)]).tolist(), strict=False))

    def _width(self, name):
        return 1 if name in self.categories else 1 + self.has_mask

    @property
    def are_numbers(self):
        """Of each column that is given whether it holds numbers, and no categories."""
        return np.array([name not in self.categories for name in self.names], bool)

    def interpolate(self, values, bounds):
        """Return the rows of series (n_rows, n_names), those numbers interpolated within each series that are missing.

        A series without any is left as it is, and so are categories.
        """
        filled = values.copy()
        for k, name in enumerate(self.names):
            if name not in self.categories:
                filled[:, k] = interpolate(values[:, k], bounds)
        return filled


def vector_size(n_categories):
    """Return the size of the vectors of so many categories: the rule of thumb of the library fastai (`emb_sz_rule`).

    Theirs goes up to 600, for networks much larger than those that are usual here.
    """
    return max(1, min(LARGEST_SIZE, round(1.6 * n_categories**0.56)))
