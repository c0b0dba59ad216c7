"""The same seed gives the same bits: on any number of threads, from a cold cache and a warm one, never a stale one."""

import hashlib
import json
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
from apart import call_apart, run_apart
from cached_kernel import flip_bit
from cells import each_variant
from compiled import cell_code

import tsrnn
from tsrnn import RNNRegressor
from tsrnn.kernels import tasks

PACKAGE = Path(tsrnn.__file__).resolve().parent

# Trains through the public door, and says what was learnt and whether machine code came from the cache.
SCRIPT = """
import hashlib, json
import numpy as np
from tsrnn import RNNForecaster
from tsrnn.kernels import plan, tasks
series = np.sin(np.arange(160) / 5) + np.arange(160) / 50
import warnings; warnings.simplefilter("ignore")  # the series has no clock, on purpose
learnt = {}
for threads in (1, 2, 3, 8):
    model = RNNForecaster(6, lookback=11, cell="gru", hidden_layer_sizes=(7, 5), max_iter=4, batch_size=50,
                          loss="squared_error", random_state=3, n_jobs=threads).fit(series)
    learnt[threads] = hashlib.sha256(model.parameters_.tobytes() + model.forecast().to_numpy().tobytes()).hexdigest()
kernel = tasks.compile_tasks(plan.GRU)
print(json.dumps({"learnt": learnt, "loss": model.loss_curve_[-1], "hits": sum(kernel.stats.cache_hits.values()),
                  "misses": sum(kernel.stats.cache_misses.values()), "cells": tasks.compile_tasks.cache_info().currsize,
                  "versions": len(kernel.signatures)}))
"""


def run_script(package_parent, cache):
    fault, text = run_apart(
        [sys.executable, "-c", SCRIPT], 300, folder=cache.parent, PYTHONPATH=str(package_parent),
        NUMBA_CACHE_DIR=str(cache),
    )  # fmt: skip
    assert not fault, text
    return json.loads(text)


@pytest.fixture(scope="module")
def copied_package(tmp_path_factory):
    """A copy of the package, its cache folder, and what the script said while that was cold."""
    folder = tmp_path_factory.mktemp("copied")
    shutil.copytree(PACKAGE, folder / "site" / "tsrnn", ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "cache").mkdir()
    return folder / "site", folder / "cache", run_script(folder / "site", folder / "cache")


def test_fit_and_forecast_compile_one_version_of_one_cell(copied_package):
    _, _, cold = copied_package
    assert (cold["hits"], cold["misses"]) == (0, 1)
    assert (cold["cells"], cold["versions"]) == (1, 1)


def test_threads_and_a_cold_or_warm_cache_change_no_bit(copied_package):
    site, cache, cold = copied_package
    warm = run_script(site, cache)
    assert (warm["hits"], warm["misses"]) == (1, 0)
    assert cold["learnt"] == warm["learnt"]
    assert len(set(cold["learnt"].values())) == 1


@pytest.mark.slow
def test_an_edited_callee_is_never_answered_from_a_stale_cache(copied_package):
    site, cache, before = copied_package
    losses = site / "tsrnn" / "kernels" / "losses.py"
    text = losses.read_text()
    edited = text.replace(
        "return off * off\n",
        "return type(off)(4) * off * off\n",
    )
    assert edited != text
    losses.write_text(edited)  # tasks.py, where the cached function stands, keeps its time stamp and text
    try:
        after = run_script(site, cache)
    finally:
        losses.write_text(text)
    assert (after["hits"], after["misses"]) == (0, 1)
    # Only the reported value was edited, not its slope: the same weights, four times the loss, exactly (a power of 2).
    assert after["loss"] == 4 * before["loss"]
    assert after["learnt"] == before["learnt"]


def test_seed_decides_every_bit_within_one_process():
    X = np.random.default_rng(0).normal(size=(70, 5)).astype(np.float32)
    y = X.mean(axis=1)

    def fit(seed):
        parameters = RNNRegressor(hidden_layer_sizes=4, max_iter=3, random_state=seed).fit(X, y).parameters_
        return hashlib.sha256(parameters.tobytes()).hexdigest()

    assert fit(0) == fit(0)
    assert fit(0) != fit(1)


def test_the_threads_of_the_blas_library_change_no_bit_of_a_wide_layer():
    assert len({call_apart(learn_wide_layer, {}, 300, OPENBLAS_NUM_THREADS=threads) for threads in ("1", "2")}) == 1


def learn_wide_layer():
    X = np.random.default_rng(0).normal(size=(16, 3))
    model = RNNRegressor("rnn", hidden_layer_sizes=300, max_iter=1, random_state=0).fit(X, X[:, 0])
    print(hashlib.sha256(model.parameters_.tobytes()).hexdigest())  # noqa: T201


@pytest.mark.slow
def test_a_fit_learns_the_same_bits_from_a_cold_a_damaged_and_a_warm_cache_on_any_number_of_threads(tmp_path):
    learnt = {}
    for n_jobs in (1, 2, 3, 8):
        folder = tmp_path / str(n_jobs)
        learnt[n_jobs, "cold"], n_hits = learn_apart(folder, n_jobs=n_jobs)
        assert n_hits == 0
        entries = list(folder.rglob("*.nbc"))
        assert entries
        for path in entries:
            path.write_bytes(flip_bit(0.2)(path.read_bytes()))
        learnt[n_jobs, "damaged"], n_hits = learn_apart(folder, n_jobs=n_jobs)
        assert n_hits == 0
        assert sorted(folder.rglob("*.nbc")) == sorted(entries)
        learnt[n_jobs, "warm"], n_hits = learn_apart(folder, n_jobs=n_jobs)
        assert n_hits == 1
    assert len(set(learnt.values())) == 1, learnt


@pytest.mark.slow
@each_variant
def test_a_fit_learns_the_same_bits_with_checked_bounds(tmp_path, cell, reset_after):
    options = dict(cell=cell, reset_after=reset_after, n_jobs=2)
    unchecked, _ = learn_apart(tmp_path, **options, checks_bounds=False)
    assert learn_apart(tmp_path, **options, checks_bounds=True) == [unchecked, 0]  # and compiles for it


def learn_apart(folder, checks_bounds=False, **options):
    """Return what `learn` writes in a process with a cache of its own."""
    variables = dict(NUMBA_CACHE_DIR=str(folder), NUMBA_BOUNDSCHECK=str(int(checks_bounds)), PYTHONWARNINGS="error")
    return json.loads(call_apart(learn, options, 300, **variables))


def learn(n_jobs, cell="gru", reset_after=True):
    """Fit and predict; write the hash of weights and predictions, and how much machine code came from the cache."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 7, 2)).astype(np.float32)  # a minibatch has shards for more than eight threads
    model = RNNRegressor(
        cell, hidden_layer_sizes=(5, 9), reset_after=reset_after, batch_size=130, max_iter=3, random_state=0,
        early_stopping=True, n_jobs=n_jobs,
    ).fit(X, X.mean(axis=1))  # fmt: skip
    content = model.parameters_.tobytes() + model.predict(X).tobytes()
    kernel = tasks.compile_tasks(cell_code(cell, reset_after))
    print(json.dumps([hashlib.sha256(content).hexdigest(), sum(kernel.stats.cache_hits.values())]))  # noqa: T201
