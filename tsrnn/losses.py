"""What a loss says of the outputs of a network, and asks of the data and of other arguments."""

from numbers import Real

import numpy as np

from .bands import as_probability
from .base import list_values, shorten
from .choices import is_auto
from .distributions import COUNTS
from .kernels.plan import N_PARAMETERS

LIKELIHOODS = set(N_PARAMETERS)
LARGEST_COUNT = 1e9  # whose quantiles SciPy finds


def quantile_levels(quantile):
    """Return the levels of quantiles as a user gave them, one or more; raise for what is none."""
    levels = list_values(quantile.item() if isinstance(quantile, np.ndarray) and not quantile.ndim else quantile)
    if not levels or not all(isinstance(level, Real) and 0 < level < 1 for level in levels):
        others = [level for level in levels if isinstance(level, Real) and not 0 < level < 1]
        cure = as_probability(others[0]) if others else ""
        raise ValueError(f"quantile must hold one or more levels between 0 and 1; got {shorten(quantile)}{cure}.")
    return tuple(map(float, levels))


def numbers_of(loss, delta, quantile):
    """Return what a network is told of a loss beside its name: levels in rising order, each once, or `delta`."""
    levels = quantile_levels(quantile)  # which are checked with any loss, as other arguments are
    if loss == "quantile":
        return tuple(sorted(set(levels)))
    return (float(delta),) if loss == "huber" else ()


def has_distribution(loss, numbers):
    """Return whether what a network forecasts by a loss is a distribution, and not one number."""
    return loss in LIKELIHOODS or (loss == "quantile" and len(numbers) > 1)


def refuse_for_counts(loss, **arguments):
    """Raise if an argument is given that changes what is counted: each must be "auto", None or the one that is named.

    Parameters
    ----------
    arguments : tuple of (object, object)
        What was given, and what is allowed beside.
    """
    for name, (given, allowed) in arguments.items():
        if not is_auto(given) and given is not None and (allowed is None or given != allowed):
            cure = "None" if allowed is None else f"{allowed!r} or None"
            raise ValueError(
                f"loss={loss!r} is of counts as they are, which {name}={given!r} would change; set it to {cure}."
            )


def refuse_falling(loss, preparation, series):
    """Raise if what a Preparation undoes falls where it should rise: quantiles would change places."""
    scaled = np.array([-1.0, 0.0, 1.0])[:, np.newaxis, np.newaxis].repeat(series.values.shape[1], axis=2)
    restored = preparation.restore(scaled, np.zeros(3, np.int64), series.lengths[:1].repeat(3), series)
    if (np.diff(restored, axis=0) < 0).any():
        raise ValueError(
            f"loss={loss!r} forecasts quantiles, which change places where a transform falls as values rise; take "
            "target_transform and scaler that rise."
        )


def refuse_no_counts(loss, panel):
    """Raise if a value of a Panel is no count, for a loss of counts."""
    if loss not in COUNTS:
        return
    is_other = is_no_count(panel.values)
    if is_other.any():
        row, column = (int(place[0]) for place in is_other.nonzero())
        value = panel.values[row, column]
        refuse_no_count(loss, value, f"{panel.form.label} is {value:g} {panel.place(row)}")


def is_no_count(values):
    """Return whether values are known, and no counts that can be learnt from."""
    return (values < 0) | (values % 1 > 0) | (values > LARGEST_COUNT)


def refuse_no_count(loss, value, what):
    """Raise if a value is no count, for a loss of counts; `what` says which value it is."""
    if loss in COUNTS and is_no_count(value):
        cure = "may be negative" if value < 0 else "need not be whole" if value % 1 > 0 else "are so large"
        raise ValueError(
            f"{what}, but loss={loss!r} is of counts: 0, 1, 2 and so on to a billion; correct it, or fit with "
            f"loss='normal' for values that {cure}, and leave out what transforms counts before."
        )


def refuse_bounds(loss, limits):
    """Raise if counts are to be kept within bounds that are no counts; `limits` are two floats, or None."""
    if loss in COUNTS and limits is not None and any(np.isfinite(limit) and limit % 1 for limit in limits):
        raise ValueError(f"loss={loss!r} is of counts, and the bounds {limits} are no whole numbers; give such.")


def refuse_history(loss, transform):
    """Raise if a transform adds up forecasts of several steps, whose distributions do not add up."""
    if transform.needs_history:
        raise ValueError(
            f"loss={loss!r} forecasts a distribution for each step, of which target_transform would have to take sums, "
            "as it takes differences; take another one, such as 'deseasonalise'."
        )
