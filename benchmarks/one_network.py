"""The forecaster whose time and memory are measured: one network that learns by one recipe, whatever "auto" means.

By itself a forecaster is several networks by two recipes, chosen by a trial, and takes as many times longer; other
libraries' loops train one network. Nothing of tsrnn is imported before it is asked for.
"""

ARGUMENTS = {
    "hidden_layer_sizes": 32,
    "dropout": 0.0,
    "linear_skip": False,
    "patch_size": 1,
    "calendar": None,
    "scaler": "standard",
    "target_transform": None,
    "window_norm": "last",
    "loss": "squared_error",
    "learning_rate": 3e-3,
    "schedule": "constant",
    "batch_size": 32,
    "windows_per_epoch": None,
    "n_members": 1,
    "random_state": 0,
}


def make_forecaster(horizon, **arguments):
    """Return an RNNForecaster of one network; lookback and epochs are to be given, and what else differs."""
    from tsrnn import RNNForecaster

    return RNNForecaster(horizon, **{**ARGUMENTS, **arguments})
