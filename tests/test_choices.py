"""What "auto" means, and that anything else passes through untouched."""

import numpy as np
import pandas as pd
import pytest

from tsrnn.choices import AUTO, resolve, resolve_lookback, resolve_max_iter
from tsrnn.forecaster import RNNForecaster


@pytest.mark.parametrize(
    "horizon, season, lookback",
    [(1, 1, 2), (12, 12, 15), (18, 12, 23), (6, 52, 65), (24, 7, 30), (104, 52, 130), (3, 4, 5)],
)
def test_auto_lookback_is_five_quarters_of_the_longer_of_horizon_and_season_rounded_up(horizon, season, lookback):
    assert resolve_lookback("auto", horizon, season) == lookback
    assert type(resolve_lookback("auto", horizon, season)) is int


def test_lookback_given_is_kept():
    assert resolve_lookback(7, 100, 52) == 7


@pytest.mark.parametrize("name", AUTO)
def test_auto_is_the_documented_constant(name):
    documented = {
        "hidden_layer_sizes": (32,),
        "scaler": "standard",
        "window_norm": "last",
        "n_members": 1,
        "target_transform": None,
        "learning_rate": 3e-3,
        "batch_size": 32,
    }
    assert resolve(name, "auto") == documented[name]


@pytest.mark.parametrize("name", AUTO)
@pytest.mark.parametrize("value", [None, 5, (8, 8), [8], "standard"])
def test_value_given_is_kept(name, value):
    assert resolve(name, value) is value


def test_every_auto_of_the_forecaster_has_a_meaning():
    autos = {name for name, value in RNNForecaster().get_params().items() if isinstance(value, str) and value == "auto"}
    assert autos == {"lookback", "max_iter", *AUTO}


@pytest.mark.parametrize(
    "n_windows, batch_size, epochs",
    [(1, 32, 100), (1600, 32, 100), (1700, 32, 93), (3200, 32, 50), (10**6, 32, 5), (500, 1000, 100)],
)
def test_auto_epochs_make_5000_updates_within_bounds(n_windows, batch_size, epochs):
    assert resolve_max_iter("auto", n_windows, batch_size) == epochs
    assert resolve_max_iter(7, n_windows, batch_size) == 7


def test_the_auto_lookback_counts_at_most_400_steps_of_a_season():
    assert resolve_lookback("auto", 60, 1440) == 500
    assert resolve_lookback("auto", 1000, 1440) == 1250


def test_the_forecaster_trains_for_the_auto_epochs_on_its_training_windows():
    series = pd.Series(np.sin(np.arange(400.0)), pd.date_range("2000", periods=400, freq="D"))
    model = RNNForecaster(1, lookback=3, hidden_layer_sizes=1, batch_size=4, n_iter_no_change=10**6, refit=False)
    n_windows = 400 - 40 - 3  # a tenth is held out
    assert model.fit(series).n_iter_ == -(-5000 // -(-n_windows // 4)) == 56
