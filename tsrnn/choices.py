"""What "auto" means. Each is one documented constant or rule; later they are decided on the training data."""

import math

LOOKBACK_FACTOR = 1.25
LONGEST_SEASON = 400  # a longer season (the 1,440 minutes of a day) would make windows that train for hours
N_UPDATES, FEWEST_EPOCHS, MOST_EPOCHS = 5000, 5, 100
AUTO = {
    "hidden_layer_sizes": (32,),
    "target_transform": None,
    "scaler": "standard",
    "window_norm": "last",
    "learning_rate": 3e-3,
    "loss": "squared_error",
    "schedule": "constant",
    "linear_skip": False,
    "patch_size": 1,
    "batch_size": 32,
    "n_members": 1,
}


def resolve(name, value):
    """Return `value`, or the constant that "auto" means for this argument."""
    return AUTO[name] if isinstance(value, str) and value == "auto" else value


def resolve_lookback(lookback, horizon, season):
    """Return `lookback`, or for "auto" 1.25 times the longer of horizon and season, rounded up; all in steps.

    The rule is that of Hewamalage, Bergmeir and Bandara 2021. Of a season at most 400 steps are counted.
    """
    if lookback != "auto":
        return lookback
    return math.ceil(LOOKBACK_FACTOR * max(horizon, min(season, LONGEST_SEASON)))


def resolve_max_iter(max_iter, n_windows, batch_size):
    """Return `max_iter`, or for "auto" the epochs that make about 5,000 updates, at least 5 and at most 100.

    What a network has learnt depends on its updates; with a fixed number of epochs a long series would train for hours.
    """
    if max_iter != "auto":
        return max_iter
    n_batches = math.ceil(n_windows / batch_size)
    return min(max(math.ceil(N_UPDATES / n_batches), FEWEST_EPOCHS), MOST_EPOCHS)
