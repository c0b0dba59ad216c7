"""What "auto" means, and that anything else passes through untouched."""

import pytest

from tsrnn.choices import AUTO, resolve, resolve_lookback
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
        "learning_rate": 3e-3,
        "batch_size": 32,
        "max_iter": 100,
    }
    assert resolve(name, "auto") == documented[name]


@pytest.mark.parametrize("name", AUTO)
@pytest.mark.parametrize("value", [None, 5, (8, 8), [8], "standard"])
def test_value_given_is_kept(name, value):
    assert resolve(name, value) is value


def test_every_auto_of_the_forecaster_has_a_meaning():
    autos = {name for name, value in RNNForecaster().get_params().items() if isinstance(value, str) and value == "auto"}
    assert autos == {"lookback", *AUTO}
