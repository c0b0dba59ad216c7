"""Where the origins of a back-test stand, and where the training before them begins."""

from numbers import Integral, Real

import numpy as np

from ..base import shorten
from ..counts import how_many

N_ORIGINS = 10  # if nobody says how many


def choose_origins(panel, horizon, step, initial, n_origins):
    """Return the last known step of each origin, rising."""
    check_count("step", step)
    if n_origins is not None:
        check_count("n_origins", n_origins)
    n = panel.clock.n
    last = n - 1 - horizon
    if initial is None:
        least = 0 if n_origins is not None else min(n // 2, last)
        most = (last - least) // step + 1 if last >= 0 else 0
        wanted = max(min(most, N_ORIGINS), 1) if n_origins is None else n_origins
        if most < wanted:
            n_needed = (wanted - 1) * step + horizon + 1
            raise ValueError(
                f"{how_many(wanted, 'origin')}, {how_many(step, 'step')} apart, with {how_many(horizon, 'step')} after "
                f"each need at least {how_many(n_needed, 'step')}, but the data have {n}; ask for less, or give more."
            )
        return last - step * np.arange(wanted)[::-1]
    is_fraction = isinstance(initial, Real) and not isinstance(initial, Integral)
    if is_fraction and not 0 < initial < 1:
        raise ValueError(f"initial={initial} is no fraction between 0 and 1; for steps give a whole number.")
    if not is_fraction:
        check_count("initial", initial)
    n_first = max(int(initial * n), 1) if is_fraction else int(initial)
    origins = np.arange(n_first - 1, last + 1, step)[:n_origins]
    if len(origins) < (n_origins or 1):
        raise ValueError(
            f"the data have {n} steps, in which {how_many(len(origins), 'origin')} from initial={initial} on have "
            f"{how_many(horizon, 'step')} after them; ask for fewer, or for a shorter initial or horizon."
        )
    return origins


def check_window(window, window_size, origins, panel):
    """Return the steps of a rolling window, None for an expanding one."""
    if window not in ("expanding", "rolling"):
        raise ValueError(f"window must be 'expanding' or 'rolling'; got {shorten(window)}.")
    if window == "expanding":
        if window_size is not None:
            raise ValueError(f"window_size={window_size} is for window='rolling'; an expanding one has no size.")
        return None
    if window_size is None:
        return int(origins[0]) + 1
    check_count("window_size", window_size)
    if window_size > origins[0] + 1:
        raise ValueError(
            f"window_size={window_size} is more than the {origins[0] + 1} steps up to the first origin, "
            f"{panel.stamps(origins[:1])[0]}; give a shorter one, a longer initial, or fewer origins."
        )
    return int(window_size)


def check_count(name, value):
    """Raise unless a value is a whole number from 1 on."""
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise TypeError(f"{name} must be a whole number; got {shorten(value)}.")
    if value < 1:
        raise ValueError(f"{name} must be at least 1; got {value}.")
