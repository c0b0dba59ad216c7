"""What users name as `scaler` and `target_transform`, made into one transform of many series."""

import warnings

import numpy as np
from sklearn.base import clone

from .powers import BoxCox, Log1p, SignedLog1p, YeoJohnson
from .scaling import MeanScaling, MinMaxScaling, PooledScaling, RobustScaling, StandardScaling, Transform, name_of
from .seasons import STL, Deseasonalise, Difference

SCALERS = {
    None: Transform,
    "standard": StandardScaling,
    "minmax": MinMaxScaling,
    "robust": RobustScaling,
    "mean": MeanScaling,
    "pooled": PooledScaling,
}
PLAIN_TRANSFORMS = {
    None: Transform,
    "log1p": Log1p,
    "signed_log1p": SignedLog1p,
    "boxcox": BoxCox,
    "yeojohnson": YeoJohnson,
    "difference": Difference,
}
SEASONAL_TRANSFORMS = {  # made from the rows of each season
    "seasonal_difference": lambda seasons: Difference(seasons[0]),
    "deseasonalise": lambda seasons: _one_or_chain([Deseasonalise(season) for season in seasons]),
    "stl": lambda seasons: STL(seasons[:1]),
    "mstl": STL,
}
TARGET_TRANSFORMS = {**PLAIN_TRANSFORMS, **SEASONAL_TRANSFORMS}

# Of the largest value: what two roundings of float32 cost, which some transformers keep.
COMES_BACK = 1e-6


def make_transform(given, season=1, argument="target_transform"):
    """Return the transform that a user means.

    Parameters
    ----------
    given : None, str, scikit-learn transformer, or list of these
        A list is applied from the first to the last, and undone from the last to the first.
    season : int or tuple of int, default=1
        Rows of a season, 1 for none. Of several, "deseasonalise" and "mstl" take all and the others the first.
    argument : {"target_transform", "scaler"}, default="target_transform"
        What the user gave it as; it says which names there are, and stands in errors. A scaler is no list.

    Returns
    -------
    Transform
        Not fitted.

    Raises
    ------
    ValueError
        For an unknown name, or a seasonal one without a season.
    TypeError
        For what is no name and no transformer, or a transformer that cannot be undone.

    Examples
    --------
    >>> import numpy as np
    >>> values, bounds = np.array([1.0, 2.0, 4.0, 8.0]), np.array([0, 4])
    >>> transform = make_transform(["log1p", "difference"]).fit(values, bounds)
    >>> z = transform.transform(values, bounds)
    >>> transform.inverse_transform(z[None, 2:], [0], [2], values, bounds).round(6)
    array([[4., 8.]])
    """
    names = SCALERS if argument == "scaler" else TARGET_TRANSFORMS
    if isinstance(given, (list, tuple)) and argument != "scaler":
        return Chain([make_transform(one, season, argument) for one in given])
    if given is None or isinstance(given, str):
        return _make_named(given, names, np.atleast_1d(season).tolist(), argument)
    if isinstance(given, type):
        raise TypeError(f"{argument}={given.__name__} is a class; give an instance, {given.__name__}().")
    kind = type(given).__name__
    if not all(hasattr(given, method) for method in ("fit", "transform", "get_params")):
        raise TypeError(
            f"{argument} is of type {kind}, no name and no scikit-learn transformer; take one of {_listed(names)}."
        )
    if not hasattr(given, "inverse_transform"):
        raise TypeError(
            f"{argument}={kind}(...) has no inverse_transform, so forecasts could not be brought back; "
            "take a transformer that has one."
        )
    return PerSeries(given)


def make_chain(target_transform, scaler, season=1):
    """Return the transform that `target_transform` and `scaler`, as a user gave them, make one after the other."""
    scaling = make_transform(scaler, season, "scaler")
    return scaling if target_transform is None else Chain([make_transform(target_transform, season), scaling])


def _make_named(name, names, seasons, argument):
    if name not in names:
        raise ValueError(
            f"{argument}={name!r} is not known; take one of {_listed(names)}, or a scikit-learn transformer."
        )
    if name not in SEASONAL_TRANSFORMS:
        return names[name]()
    if min(seasons) < 2:
        raise ValueError(
            f"{argument}={name!r} needs a season, but the clock has none (season {min(seasons)}); "
            "set freq to a clock that has one, or take another transform."
        )
    return SEASONAL_TRANSFORMS[name](seasons)


def _one_or_chain(transforms):
    return transforms[0] if len(transforms) == 1 else Chain(transforms)


def _listed(names):
    return ", ".join(map(repr, names))


class Chain(Transform):
    """Several transforms, one after the other.

    Parameters
    ----------
    transforms : list of Transform

    Examples
    --------
    >>> import numpy as np
    >>> from tsrnn.scaling import StandardScaling
    >>> from tsrnn.seasons import Difference
    >>> values, bounds = np.array([1.0, 2.0, 5.0]), np.array([0, 3])
    >>> chain = Chain([Difference(), StandardScaling()]).fit(values, bounds)
    >>> chain.transform(values, bounds)
    array([nan, -1.,  1.])
    >>> chain.inverse_transform([[1.0, -1.0]], series=[0], rows=[3], values=values, bounds=bounds)
    array([[8., 9.]])
    """

    def __init__(self, transforms):
        self.transforms = list(transforms)
        self.n_lost = sum(transform.n_lost for transform in self.transforms)
        self.needs_history = any(transform.needs_history for transform in self.transforms)
        self.is_causal = all(transform.is_causal for transform in self.transforms)

    def fit(self, values, bounds, names=None):
        """Fit each to what those before it give."""
        for transform in self.transforms:
            values = transform.fit(values, bounds, names).transform(values, bounds)
        return self

    def of_series(self, number, before):
        """Return this chain for one series alone, which then begins with a later row; see :class:`Transform`."""
        ones = []
        for transform in self.transforms:
            ones.append(transform.of_series(number, before))
            before = transform.of_series(number, before[:0]).transform(before, np.array([0, len(before)]))
        return Chain(ones)

    def transform(self, values, bounds):
        """Return what the last gives."""
        values = np.asarray(values, np.float64)
        for transform in self.transforms:
            values = transform.transform(values, bounds)
        return values

    def inverse_transform(self, forecasts, series, rows, values=None, bounds=None):
        """Return forecasts on the scale that the first was given, as are `values`."""
        histories = [values]
        if self.needs_history:
            last = max(n for n, transform in enumerate(self.transforms) if transform.needs_history)
            for transform in self.transforms[:last]:
                histories.append(transform.transform(histories[-1], bounds))
        histories += [None] * (len(self.transforms) - len(histories))
        forecasts = np.asarray(forecasts, np.float64)
        for transform, history in zip(self.transforms[::-1], histories[::-1], strict=False):
            forecasts = transform.inverse_transform(forecasts, series, rows, history, bounds)
        return forecasts


class PerSeries(Transform):
    """A scikit-learn transformer, cloned for each series and fitted to its observed values as one column.

    It goes from series to series, in about a millisecond each. The transformer must treat each row on its own, as those
    of scikit-learn do. A series without any value is left as it is.

    Parameters
    ----------
    transformer : estimator
        With `inverse_transform`; it stays as it is.

    Attributes
    ----------
    transformers_ : list of n_series estimators
        None for a series without any value.
    ranges_ : list of n_series tuples of float
        The lowest and the highest of the transformed values. A forecast beyond them that a transformer cannot undo,
        as a power has its limits, is undone from there.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.preprocessing import MaxAbsScaler
    >>> values, bounds = np.array([1.0, -4.0, np.nan, 7.0]), np.array([0, 3, 4])
    >>> PerSeries(MaxAbsScaler()).fit(values, bounds).transform(values, bounds)
    array([ 0.25, -1.  ,   nan,  1.  ])
    """

    of_each_series = ("transformers_", "ranges_")

    def __init__(self, transformer):
        self.transformer = transformer

    def fit(self, values, bounds, names=None):
        """Fit the clones; refuse what does not give one finite number for each value, or does not come back."""
        values = np.asarray(values, np.float64)
        self.transformers_, self.ranges_ = [], []
        for s in range(len(bounds) - 1):
            mine = values[bounds[s] : bounds[s + 1]]
            mine = mine[~np.isnan(mine)]
            transformer, reached = self._fit_one(mine[:, None], name_of(s, names)) if len(mine) else (None, (0.0, 0.0))
            self.transformers_.append(transformer)
            self.ranges_.append(reached)
        return self

    def _fit_one(self, column, name):
        kind = type(self.transformer).__name__
        try:
            transformer = clone(self.transformer).fit(column)
        except ValueError as error:
            first_line = str(error).partition("\n")[0]
            raise ValueError(f"{name} cannot be transformed by {kind}: {first_line}") from error
        transformed = np.asarray(transformer.transform(column))
        if transformed.shape != column.shape:
            raise ValueError(
                f"{kind} turns {len(column)} values of {name} into an array of shape {transformed.shape}; "
                f"a transform of the target must give one column, {column.shape}."
            )
        back = np.asarray(transformer.inverse_transform(transformed))
        if not np.abs(back - column).max() <= COMES_BACK * np.abs(column).max():  # nor where anything is NaN
            raise ValueError(
                f"{kind} does not bring the values of {name} back: its inverse_transform must undo its transform."
            )
        return transformer, (transformed.min(), transformed.max())

    def transform(self, values, bounds):
        """Return what the clones give, NaN where values are missing."""
        result = np.array(values, np.float64)
        for s, transformer in enumerate(self.transformers_):
            mine = result[bounds[s] : bounds[s + 1]]
            is_observed = ~np.isnan(mine)
            if transformer is not None and is_observed.any():
                made = np.asarray(transformer.transform(mine[is_observed][:, None]))[:, 0]
                if not np.isfinite(made).all():
                    value = mine[is_observed][int((~np.isfinite(made)).argmax())]
                    raise ValueError(
                        f"the target has the value {value:g}, of which {type(self.transformer).__name__} makes no "
                        "finite number; correct it, or take another transform."
                    )
                mine[is_observed] = made
        return result

    def inverse_transform(self, forecasts, series, rows, values=None, bounds=None):
        """Return forecasts in units of the target."""
        result, series = np.array(forecasts, np.float64), np.asarray(series)
        order = np.argsort(series, kind="stable")
        for group in np.split(order, np.flatnonzero(np.diff(series[order])) + 1):
            transformer = self.transformers_[series[group[0]]] if len(group) else None
            mine = result[group]
            is_number = ~np.isnan(mine)
            if transformer is not None and is_number.any():
                mine[is_number] = _undone(transformer, mine[is_number], *self.ranges_[series[group[0]]])
                result[group] = mine
        return result


def _undone(transformer, values, lowest, highest):
    """Return what a transformer was given for these values; where it has no answer, for the nearest it has learnt."""
    with warnings.catch_warnings(), np.errstate(over="ignore", invalid="ignore"):
        warnings.simplefilter("ignore")  # of what has no answer, which is seen below
        back = np.asarray(transformer.inverse_transform(values[:, None]), np.float64)[:, 0]
    is_lost = ~np.isfinite(back)
    if is_lost.any():
        nearest = np.clip(values[is_lost], lowest, highest)
        back[is_lost] = np.asarray(transformer.inverse_transform(nearest[:, None]))[:, 0]
    return back
