"""Fits for tests that run them in unusual places, and the plain fits that theirs must equal bit by bit.

The plain fits are made once, by one thread in a process that does nothing else (`conftest.py`).
"""

import functools
import hashlib
import json
import os
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from cells import CELLS
from sklearn.base import clone

from tsrnn import RNNForecaster, RNNRegressor

# The marks of tests that compare with the plain fits.
STRESS = [
    pytest.mark.slow,
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc, forks, and sets affinity"),
    pytest.mark.usefixtures("among_plain_fits"),
]

# Estimators that between them run every cell, both precisions, stacked layers, and sizes that are no multiple of
# anything. Windows are 12 steps long; a batch of 50 is cut unevenly and leaves a rest.
REGRESSORS = {cell: RNNRegressor(cell, hidden_layer_sizes=17) for cell in CELLS}
REGRESSORS["gru"].set_params(hidden_layer_sizes=(12, 7))
REGRESSORS["rnn"].set_params(hidden_layer_sizes=32, early_stopping=True)
KINDS = [*REGRESSORS, "forecaster"]
FOLDER = "TSRNN_STRESS_FOLDER"  # name of the environment variable: where the processes find machine code and answers
SECONDS = 60  # in which a loaded machine surely does what takes two seconds when it is quiet


def make(kind, **changes):
    """Return an unfitted estimator of a kind, and the data to fit it to."""
    rng = np.random.RandomState(0)
    common = {"max_iter": 15, "batch_size": 50, "learning_rate": 0.01, "random_state": 0, "n_jobs": 1, **changes}
    if kind == "forecaster":
        days = pd.date_range("2024-01-01", periods=220, freq="D")
        series = pd.Series(np.sin(np.arange(220) / 5) + rng.normal(size=220) / 9, days, name="sales")
        # Whether or not "auto" is plain, as it is in the tests but not in processes of their own.
        plain = {"target_transform": None, "window_norm": "last", "linear_skip": False, "n_members": 1}
        plain |= {"loss": "squared_error", "schedule": "constant", "n_iter_no_change": 99}
        return RNNForecaster(6, lookback=12, hidden_layer_sizes=9, **{**plain, **common}), (series,)
    X = rng.normal(size=(220, 12, 3)).astype(np.float64 if kind == "gru" else np.float32)
    estimator = clone(REGRESSORS[kind]).set_params(**{"n_iter_no_change": 99, "tol": 0, **common})
    return estimator, (X, (X[:, :, 0] * X[:, :, 1]).mean(axis=1))


def fit(kind, **changes):
    """Return a fitted estimator of a kind."""
    estimator, data = make(kind, **changes)
    return estimator.fit(*data)


def digest(estimator, data):
    """Return the hash of all bits that an estimator has learnt, and of those it predicts."""
    predictions = np.asarray(estimator.predict(data[0]))
    curves = estimator.loss_curve_ + estimator.validation_loss_curve_
    bits = b"".join(part.tobytes() for part in (estimator.parameters_, predictions, np.array(curves)))
    return hashlib.sha256(bits).hexdigest()


def learn(kind, **changes):
    """Return the hash of what a kind learns and predicts."""
    estimator, data = make(kind, **changes)
    return digest(estimator.fit(*data), data)


@functools.cache
def answers():
    """Return {kind: hash} of plain fits, made once by one thread in another process."""
    return json.loads((Path(os.environ[FOLDER]) / "answers.json").read_text())


def right(kinds):
    """Return the plain answers for some kinds."""
    return [answers()[kind] for kind in kinds]


def write_answers():
    (Path(os.environ[FOLDER]) / "answers.json").write_text(json.dumps({kind: learn(kind) for kind in KINDS}))


def tasks():
    """Return how many threads this process has, those included that Python knows nothing of."""
    return len(os.listdir("/proc/self/task"))


def is_idle(n_tasks):
    """Return whether this process comes down to so many threads, and then uses no processor."""
    for _ in range(100):
        if tasks() <= n_tasks:
            break
        time.sleep(0.05)  # a thread that Python has joined may still be on its way out
    before = time.process_time()
    time.sleep(1)
    used = time.process_time() - before
    return tasks() <= n_tasks and used < 0.05
