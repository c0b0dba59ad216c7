"""Memory during fit and prediction: it grows with the parameters alone, not with windows or batch."""

import re
import resource
import warnings
from ctypes import CDLL
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from apart import apart
from fits import SECONDS, STRESS

from tsrnn import RNNForecaster, RNNRegressor

pytestmark = STRESS

MEGABYTE = 2**20
ARCHITECTURE = Path(__file__).resolve().parent.parent / "ARCHITECTURE.md"


def growth(call):
    """Return by how many bytes a call raised the most memory that this process ever held."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    call()
    return (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024


@apart(SECONDS)
def test_memory_does_not_grow_with_the_number_of_windows():
    n_windows, n_steps = 80_000, 400
    wave = np.sin(np.arange(n_windows + n_steps) / 9)
    series = pd.Series(wave, pd.date_range("2000-01-01", periods=len(wave), freq="h"))
    X = np.lib.stride_tricks.sliding_window_view(wave.astype(np.float32), n_steps)
    small = {"hidden_layer_sizes": 2, "batch_size": 256, "early_stopping": False, "max_iter": 1, "n_jobs": 2}
    forecaster, regressor = RNNForecaster(1, lookback=n_steps, cell="rnn", **small), RNNRegressor("rnn", **small)
    forecaster.fit(series[:2000]).predict(series[:2000])
    regressor.fit(X[:2000], wave[:2000]).predict(X[:2000])

    # The windows are 122 MB in float32. What may grow is some numbers per window: target, prediction, time stamp.
    assert n_windows * n_steps * 4 > 120 * MEGABYTE
    for call in (
        lambda: forecaster.fit(series),
        lambda: forecaster.predict(series),
        lambda: regressor.fit(X, wave[: len(X)]),
        lambda: regressor.predict(X),
    ):
        assert growth(call) < 30 * MEGABYTE


@pytest.mark.parametrize("kind", ["int64", "float64", "float32", "reversed"])
@apart(SECONDS)
def test_overlapping_windows_and_targets_of_any_kind_are_never_copied(kind):
    n_windows, n_steps = 60_000, 600
    series = np.random.RandomState(0).randint(-9, 9, n_windows + 2 * n_steps - 1)
    series = series[::-1].astype(float) if kind == "reversed" else series.astype(kind)
    both = np.lib.stride_tricks.sliding_window_view(series, 2 * n_steps)
    X, y = both[:, :n_steps], both[:, n_steps::6]
    model = RNNRegressor("rnn", hidden_layer_sizes=2, batch_size=4096, max_iter=1, n_jobs=2)
    model.fit(X[:2000], y[:2000]).predict(X[:2000])  # compiles
    single = RNNRegressor(**model.get_params()).fit(X[:2000].astype(np.float32), y[:2000])
    # The windows are 144 MB in float32 and 288 in float64, of the targets there are 24 and 48; so are the predictions.
    assert growth(lambda: model.fit(X, y)) < 16 * MEGABYTE
    assert growth(lambda: single.predict(X)) < (24 + 16) * MEGABYTE


@apart(SECONDS)
def test_memory_does_not_grow_with_the_batch():
    X = np.lib.stride_tricks.sliding_window_view(np.sin(np.arange(20_000, dtype=np.float32) / 9), 100)
    y = X[:, 0]
    model = RNNRegressor("rnn", hidden_layer_sizes=32, max_iter=1, n_jobs=2)
    model.fit(X[:2000], y[:2000]).predict(X[:2000])
    # The states alone of all rows are 243 MB, and the way back needs them.
    assert len(X) * 100 * 32 * 4 > 240 * MEGABYTE
    assert growth(lambda: model.set_params(batch_size=len(X)).fit(X, y)) < 40 * MEGABYTE
    assert growth(lambda: model.predict(X)) < 40 * MEGABYTE


@apart(SECONDS)
def test_memory_grows_with_the_parameters_by_no_more_than_the_factor_that_is_documented():
    factor = int(re.search(r"at most (\d+) times\s+the\s+parameters", ARCHITECTURE.read_text()).group(1))
    X = np.random.RandomState(0).normal(size=(2048, 1)).astype(np.float32)
    # As many gradient buffers as there can be, and epochs for as many snapshots.
    model = RNNRegressor("lstm", batch_size=1024, max_iter=4, n_jobs=2)
    model.set_params(hidden_layer_sizes=16).fit(X, X[:, 0])
    grown = growth(lambda: model.set_params(hidden_layer_sizes=768).fit(X, X[:, 0]))
    n_bytes = model.parameters_.nbytes
    assert n_bytes > 9 * MEGABYTE  # beside which the rest is small
    assert grown < factor * n_bytes, grown / n_bytes


@pytest.mark.parametrize("kind", ["dates", "numbers", "array"])
@apart(SECONDS)
def test_ten_million_steps_are_trained_on_while_memory_grows_by_less_than_twice_their_size(kind):
    def steps(n):
        values = np.sin(np.arange(n) / 9)
        index = pd.date_range("1990-01-01", periods=n, freq="min") if kind == "dates" else None
        return values if kind == "array" else pd.Series(values, index)

    warnings.simplefilter("ignore", UserWarning)  # that an array has no clock
    small = {"hidden_layer_sizes": 2, "batch_size": 256, "max_iter": 1, "n_jobs": 2}
    plain = {"target_transform": None, "window_norm": "last", "n_members": 1}  # each recipe more is a copy more
    forecaster = RNNForecaster(24, lookback=500, cell="rnn", windows_per_epoch=2000, **plain, **small)
    forecaster.fit(steps(5000)).forecast()
    series = steps(10_000_000)
    CDLL(None).malloc_trim(0)  # memory that compiling has left free would be used first, unseen
    Path("/proc/self/clear_refs").write_text("5")  # what making it took at most is forgotten
    # What is kept is a copy of the series in float64 and its rows in float32: one and a half times its size.
    assert growth(lambda: forecaster.fit(series)) < 2 * series.nbytes
    assert forecaster.validation_loss_curve_  # a tenth of the windows is held out, and some of them are watched
    assert growth(forecaster.forecast) < 10 * MEGABYTE
