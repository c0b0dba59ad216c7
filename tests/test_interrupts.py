"""Ctrl-C: heard within a second, and whenever it comes it leaves a usable process and whole weights."""

import contextlib
import functools
import os
import random
import signal
import subprocess
import sys
import time
import warnings

import numpy as np
import pytest
from apart import apart
from fits import SECONDS, STRESS, answers, fit, is_idle, learn, make, tasks
from numba.core import event
from sklearn.exceptions import ConvergenceWarning

from tsrnn import RNNRegressor
from tsrnn.kernels import caching

pytestmark = STRESS

LONG_FITS = {
    "slow epochs": dict(hidden_layer_sizes=256, n_samples=20_000, n_steps=48),
    "slow minibatches": dict(hidden_layer_sizes=128, n_samples=20_000, n_steps=96, batch_size=20_000),
    "long windows": dict(hidden_layer_sizes=128, n_samples=64, n_steps=4_000),
    "many small epochs": dict(hidden_layer_sizes=8, n_samples=60, n_steps=12),
}


N_THREADS = 2
INTERRUPT = """
import os, sys, time
seconds, process = float(sys.argv[1]), int(sys.argv[2])
time.sleep(seconds)
user, system = open(f"/proc/{process}/stat").read().rsplit(")", 1)[1].split()[11:13]
print(time.monotonic(), (int(user) + int(system)) / os.sysconf("SC_CLK_TCK"), flush=True)
os.kill(process, 2)
"""


def delay_of_interrupt(call, seconds):
    """Return how long after a Ctrl-C `call()` came back, returning or raising KeyboardInterrupt.

    In seconds of processor time by N_THREADS, which on a machine with nothing else to do is the time on the clock, and
    on a loaded one is what the call is to blame for. Another process sends the interrupt after so many seconds: a
    thread of this one might have to wait for the same thing.
    """
    command = [sys.executable, "-S", "-c", INTERRUPT, str(seconds), str(os.getpid())]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as sender:
        with contextlib.suppress(KeyboardInterrupt):
            call()
        after = time.monotonic(), time.process_time()
        clock, used = (now - float(then) for now, then in zip(after, sender.stdout.read().split(), strict=True))
    sys.stderr.write(f"{clock=} {used=}\n")
    assert clock > 0, "the call was over before"
    return used / N_THREADS


@pytest.mark.parametrize("case", LONG_FITS)
@apart(SECONDS)
def test_ctrl_c_ends_a_fit_within_a_second_and_leaves_a_process_that_fits(case):
    warnings.simplefilter("ignore", ConvergenceWarning)  # "was interrupted"
    options = dict(LONG_FITS[case])
    X = np.zeros((options.pop("n_samples"), options.pop("n_steps")), np.float32)
    X += np.sin(np.arange(X.shape[1]))
    model = RNNRegressor("lstm", n_jobs=N_THREADS, max_iter=10**6, n_iter_no_change=10**6, tol=0).set_params(**options)
    assert learn("lstm", n_jobs=2) == answers()["lstm"]  # nothing is left to compile
    n_tasks = tasks()
    for seconds in (1.0, 1.3):
        assert delay_of_interrupt(lambda: model.fit(X, X[:, 0]), seconds) < 1
    assert learn("lstm", n_jobs=2) == answers()["lstm"]
    assert is_idle(n_tasks)


@apart(SECONDS)
def test_ctrl_c_ends_a_prediction_of_many_windows_within_a_second():
    series = np.sin(np.arange(400_000, dtype=np.float32))
    X = np.lib.stride_tricks.sliding_window_view(series, 168)
    model = RNNRegressor("lstm", hidden_layer_sizes=128, n_jobs=N_THREADS, max_iter=1).fit(X[:64], X[:64, 0])
    n_tasks = tasks()
    for seconds in (1.0, 1.3):
        assert delay_of_interrupt(lambda: model.predict(X), seconds) < 1
    assert learn("lstm", n_jobs=2) == answers()["lstm"]
    assert is_idle(n_tasks)


@apart(SECONDS)
def test_ctrl_c_ends_a_fit_of_many_words_within_a_second():
    """An update then costs far more than what leads to it."""
    warnings.simplefilter("ignore", ConvergenceWarning)  # "was interrupted"
    X = np.random.default_rng(0).integers(1, 300_000, (4000, 4))
    model = RNNRegressor("lstm", hidden_layer_sizes=8, input="tokens", batch_size=8, max_iter=99, n_jobs=N_THREADS)
    assert learn("lstm", n_jobs=2) == answers()["lstm"]  # nothing is left to compile
    assert delay_of_interrupt(lambda: model.fit(X, X[:, 0] % 7.0), 3.0) < 1


@pytest.fixture
def empty_cache(among_plain_fits, tmp_path, monkeypatch):
    """Let the process of a test find the plain answers but no machine code."""
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))


def endless_fit():
    fit("lstm", n_jobs=N_THREADS, max_iter=10**6, n_iter_no_change=10**6)


@pytest.mark.usefixtures("empty_cache")
@pytest.mark.parametrize("seconds", [0.1, 0.3, 0.5, 1.0, 2.0])
@apart(SECONDS)
def test_one_ctrl_c_while_kernels_are_compiled_ends_the_fit_and_nothing_that_was_begun_is_lost(seconds):
    n_tasks = tasks()
    with event.install_recorder("numba:compile") as recorder:
        assert delay_of_interrupt(endless_fit, seconds) < 1
        assert learn("lstm", n_jobs=2) == answers()["lstm"]
    compiled = [happened.data["dispatcher"].__name__ for _, happened in recorder.buffer if happened.is_start]
    assert compiled.count("run_tasks") == 1
    assert is_idle(n_tasks)


@pytest.mark.usefixtures("empty_cache")
@pytest.mark.parametrize("seconds", [0.3, 1.0, 2.0])
@apart(SECONDS)
def test_process_that_ends_after_ctrl_c_while_kernels_are_compiled_ends_well(seconds):
    assert delay_of_interrupt(endless_fit, seconds) < 1
    assert caching._COMPILING
    before = time.process_time()
    caching._end_compilers()  # as at the end of the process
    assert time.process_time() - before < 1


@pytest.mark.usefixtures("empty_cache")
@apart(SECONDS)
def test_child_forked_while_a_kernel_is_compiled_is_told_so():
    delay_of_interrupt(endless_fit, 0.5)
    assert caching._COMPILING
    child = os.fork()
    if not child:
        try:
            fit("gru")
        except RuntimeError as error:
            os._exit(3 if "forked while a thread of its parent compiled" in str(error) else 4)
        os._exit(5)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 3
    assert learn("lstm", n_jobs=2) == answers()["lstm"]


@pytest.mark.parametrize("n_jobs, presses", [(1, 1), (2, 1), (2, 2)])
@apart(SECONDS)
def test_ctrl_c_at_any_moment_leaves_the_weights_of_a_whole_epoch(n_jobs, presses):
    warnings.simplefilter("ignore", ConvergenceWarning)  # "was interrupted"
    (X, y), draw, left, is_at_work = make("lstm")[1], random.Random(0), 0, False

    def press(*_):
        nonlocal left
        if not is_at_work:  # a signal of before, that comes late
            return
        left -= 1
        # Python swallows what is raised inside a weakref's callback; then the user presses again.
        signal.setitimer(signal.ITIMER_REAL, 0.0005 if left > 0 else 0.5)
        raise KeyboardInterrupt

    def small(**options):
        # Epochs of less than a millisecond: every line between two kernels has its chance.
        return RNNRegressor("lstm", hidden_layer_sizes=3, tol=0, n_iter_no_change=10**6, random_state=0, **options)

    @functools.cache
    def weights_after(n_epochs):
        return small(max_iter=n_epochs, n_jobs=1).fit(X[:40], y[:40]).parameters_.tobytes()

    weights_after(1)  # compiles
    signal.signal(signal.SIGALRM, press)  # the clock's signal in the part of Ctrl-C's
    n_tasks, n_returned = tasks(), 0
    for _ in range(400):
        model, left = small(max_iter=10**6, n_jobs=n_jobs), presses
        try:
            try:
                is_at_work = True
                signal.setitimer(signal.ITIMER_REAL, draw.uniform(0.0005, 0.015))
                model.fit(X[:40], y[:40])
            finally:
                is_at_work = False
                signal.setitimer(signal.ITIMER_REAL, 0)
        except KeyboardInterrupt:
            continue
        n_returned += 1
        assert model.best_iter_ > 0, "a network that has learnt nothing was kept"
        assert model.parameters_.tobytes() == weights_after(model.best_iter_), (model.best_iter_, model.n_iter_)
    is_at_work = False
    signal.setitimer(signal.ITIMER_REAL, 0)
    assert n_returned > 50 or presses > 1  # the second press comes while the first is being answered, and is raised
    assert learn("lstm", n_jobs=2) == answers()["lstm"]
    assert is_idle(n_tasks)
