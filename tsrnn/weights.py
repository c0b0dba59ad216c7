"""The door for weights by name: what is given is checked against the arrays of a network, and cast to its dtype."""

from collections.abc import Mapping

import numpy as np

from .counts import how_many


def read_weights(given, own):
    """Return the arrays of `given` in the order, shapes and dtype of a network's own.

    Parameters
    ----------
    given : mapping of str to array-like
        Left as it is.
    own : dict of str to ndarray
        The arrays that the network has.

    Returns
    -------
    dict of str to ndarray

    Raises
    ------
    TypeError
        If `given` is not a mapping, or an array does not hold real numbers.
    ValueError
        If a name is missing or unknown, or an array has another shape, values that are not finite, or values too large
        for the dtype.
    """
    if not isinstance(given, Mapping):
        raise TypeError(
            f"weights must be a dict of arrays by name, as get_weights() gives; got {type(given).__name__}."
        )
    missing = [name for name in own if name not in given]
    unknown = [name for name in given if name not in own]
    if missing or unknown:
        faults = ["lack " + _enumerate(missing)] if missing else []
        faults += [f"hold {_enumerate(unknown)}, which this network does not have"] if unknown else []
        raise ValueError(f"weights {' and '.join(faults)}; give exactly the names that get_weights() gives.")
    return {name: _read_array(f"weights[{name!r}]", given[name], values) for name, values in own.items()}


def _read_array(label, given, own):
    """Return one array in the shape and dtype of the network's own."""
    try:
        values = np.asarray(given)
    except (TypeError, ValueError, RuntimeError) as error:  # ragged lists; tensors that are not plain arrays
        reason = " ".join(str(error).split()).rstrip(".")
        raise TypeError(f"{label} cannot be read as an array ({reason}); give a NumPy array of numbers.") from error
    if values.dtype.kind not in "fiu":
        raise TypeError(f"{label} is an array of {values.dtype}, not of real numbers; give integers or floats.")
    if values.shape != own.shape:
        cure = "transpose it" if values.T.shape == own.shape else "give an array of that shape"
        raise ValueError(f"{label} has shape {values.shape}, but that of this network is {own.shape}; {cure}.")
    n_not_finite = values.size - np.isfinite(values).sum()
    if n_not_finite:
        raise ValueError(f"{label} holds {how_many(n_not_finite, 'NaN or infinite value')}; replace by finite numbers.")
    with np.errstate(over="ignore", under="ignore"):
        cast = values.astype(own.dtype)
    if not np.isfinite(cast).all():
        wider = ", or fit in float64" if own.dtype == np.float32 else ""
        raise ValueError(f"{label} holds {np.abs(values).max():.3g}, too large for {own.dtype}; scale it{wider}.")
    return cast


def _enumerate(names, most=6):
    """Return the names for a message, the first few alone where there are many."""
    shown = ", ".join(repr(name) for name in names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"
