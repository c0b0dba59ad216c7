"""Right answers wherever a fit may run: beside other threads, in workers and forked children, and after an interrupt.

Right means: the same bits as a plain fit by one thread in a process that does nothing else. That fits do not slow each
other down by more than their fair share is a statement about time, which belongs in the benchmarks; here a collapse
(threads that spin for a processor another one needs) shows only by running out of its time limit.
"""

import contextlib
import functools
import hashlib
import itertools
import json
import multiprocessing
import os
import random
import resource
import signal
import subprocess
import sys
import threading
import time
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from apart import apart, run_apart
from joblib import Parallel, delayed
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV, cross_val_predict

from tsrnn import RNNForecaster, RNNRegressor

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc, forks, and sets affinity"),
]

# Four estimators that between them run every cell, both precisions, stacked layers, and sizes that are no multiple of
# anything. Windows are 12 steps long; a batch of 50 is cut unevenly and leaves a rest.
REGRESSORS = {
    "lstm": RNNRegressor("lstm", hidden_layer_sizes=17),
    "gru": RNNRegressor("gru", hidden_layer_sizes=(12, 7)),
    "rnn": RNNRegressor("rnn", hidden_layer_sizes=32, early_stopping=True),
}
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
        return RNNForecaster(6, lookback=12, hidden_layer_sizes=9, **{"n_iter_no_change": 99, **common}), (series,)
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


@pytest.fixture(scope="module", autouse=True)
def _answers_and_machine_code(tmp_path_factory):
    """Lay down, once for all tests, the plain answers and the compiled kernels."""
    folder = tmp_path_factory.mktemp("stress")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(FOLDER, str(folder))
        patch.setenv("NUMBA_CACHE_DIR", str(folder / "cache"))
        fault, text = run_apart([sys.executable, "-c", "import test_stress; test_stress.write_answers()"], 300)
        assert not fault, text
        yield


def write_answers():
    (Path(os.environ[FOLDER]) / "answers.json").write_text(json.dumps({kind: learn(kind) for kind in KINDS}))


def meeting_of(n):
    """Return a callback after whose first call n fits are all under way."""
    barrier = threading.Barrier(n)

    def meet(estimator, record):
        if record["epoch"] == 1 and record["run"] == "training":
            barrier.wait(SECONDS)

    return meet


# Threads of one process


@pytest.mark.parametrize("kinds", [KINDS * 2, ["lstm"] * 4], ids=["different estimators", "the same estimator"])
@apart(SECONDS)
def test_threads_that_fit_at_once_each_learn_what_one_learns_alone(kinds):
    meet = meeting_of(len(kinds))
    with ThreadPoolExecutor(len(kinds)) as pool:
        learnt = list(pool.map(lambda kind: learn(kind, n_jobs=2, callbacks=meet), kinds))
    assert learnt == right(kinds)


@apart(SECONDS)
def test_threads_that_fit_at_once_may_share_their_data():
    estimator, data = make("lstm", n_jobs=2, callbacks=meeting_of(3))
    with ThreadPoolExecutor(3) as pool:
        learnt = list(pool.map(lambda _: digest(clone(estimator).fit(*data), data), range(3)))
    assert learnt == right(["lstm"] * 3)


@apart(SECONDS)
def test_threads_may_predict_with_one_fitted_estimator_while_another_fits():
    estimators = {kind: fit(kind) for kind in KINDS}
    expected = {kind: np.asarray(estimator.predict(make(kind)[1][0])) for kind, estimator in estimators.items()}

    def predict_often(number):
        kind, rng = KINDS[number % len(KINDS)], np.random.RandomState(number)
        data, estimator = make(kind)[1][0], estimators[kind]
        for _ in range(40):
            first = rng.randint(len(data) - 1)
            rows = slice(first, rng.randint(first + 1, len(data)))
            if not np.array_equal(np.asarray(estimator.predict(data[rows])), expected[kind][rows]):
                return False
        return True

    for estimator in estimators.values():
        estimator.set_params(n_jobs=2)
    with ThreadPoolExecutor(9) as pool:
        learnt = pool.submit(learn, "gru", n_jobs=2)
        assert list(pool.map(predict_often, range(8))) == [True] * 8
        assert learnt.result() == answers()["gru"]


@apart(SECONDS)
def test_threads_that_load_their_machine_code_at_once_are_right():
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(functools.partial(learn, n_jobs=2), KINDS * 2)) == right(KINDS * 2)


@apart(SECONDS)
def test_a_fit_inside_a_callback_of_a_fit_disturbs_neither():
    inner = []

    def fit_and_predict(estimator, record):
        if record["epoch"] in (1, 7):
            inner.extend(learn(kind, n_jobs=2) for kind in KINDS)

    assert [learn(kind, n_jobs=2, callbacks=fit_and_predict) for kind in REGRESSORS] == right(REGRESSORS)
    assert inner == right(KINDS) * 2 * len(REGRESSORS)


@apart(SECONDS)
def test_any_n_jobs_gives_the_same_bits():
    for n_jobs in (-1, -2, 1, 2, 3, 8, 40, None):
        assert [learn(kind, n_jobs=n_jobs) for kind in KINDS] == right(KINDS), n_jobs


@apart(2 * SECONDS)
def test_eight_threads_on_one_processor_finish():
    # 10,000 updates: about 2 s by one thread. Threads that wait for each other by spinning lose a time slice of some
    # milliseconds at every meeting, which adds up to minutes.
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    options = {"max_iter": 1000, "batch_size": 32, "n_iter_no_change": 10**6}
    one, eight = (fit("rnn", n_jobs=n_jobs, **options).parameters_ for n_jobs in (1, 8))
    assert one.tobytes() == eight.tobytes()


@apart(SECONDS)
def test_where_no_thread_can_be_started_a_fit_is_right_or_an_error():
    threading.stack_size(2**46)  # more than there are addresses, so that the next thread fails to start
    try:
        learnt = learn("lstm", n_jobs=2)
    except RuntimeError as error:
        learnt = str(error)
    assert learnt in (answers()["lstm"], "can't start new thread")
    threading.stack_size(0)
    assert learn("lstm", n_jobs=2) == answers()["lstm"]


# Worker processes


@pytest.mark.parametrize("backend", ["loky", "threading", "multiprocessing"])
@apart(SECONDS)
def test_fits_in_joblib_workers_are_right(backend):
    fits = [delayed(learn)(kind, n_jobs=n_jobs) for n_jobs in (None, 2) for kind in KINDS]
    assert learn("rnn", n_jobs=2) == answers()["rnn"]  # the parent has fitted, and may again
    assert Parallel(n_jobs=2, backend=backend)(fits) == right(KINDS) * 2
    assert learn("gru", n_jobs=2) == answers()["gru"]


@pytest.mark.parametrize("backend", ["loky", "multiprocessing"])
@apart(SECONDS)
def test_memory_mapped_data_and_estimators_in_workers_are_right(backend):
    fitted, data = {kind: fit(kind) for kind in REGRESSORS}, {kind: make(kind)[1] for kind in REGRESSORS}
    with Parallel(n_jobs=2, backend=backend, max_nbytes=100) as parallel:  # all arrays come as read-only files
        assert parallel(delayed(digest)(fitted[kind], data[kind]) for kind in REGRESSORS) == right(REGRESSORS)
        assert parallel(delayed(fit_again)(fitted[kind], data[kind]) for kind in REGRESSORS) == right(REGRESSORS)


def fit_again(estimator, data):
    return digest(clone(estimator).set_params(n_jobs=2).fit(*data), data)


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
@apart(SECONDS)
def test_a_pool_made_after_the_parent_has_fitted_is_right(method):
    learn_by_two = functools.partial(learn, n_jobs=2)
    assert learn_by_two("lstm") == answers()["lstm"]
    with multiprocessing.get_context(method).Pool(2) as pool:
        assert pool.map(learn_by_two, KINDS * 2, chunksize=1) == right(KINDS * 2)
    assert [learn_by_two(kind) for kind in KINDS] == right(KINDS)


@apart(SECONDS)
def test_a_pool_forked_before_the_parent_fits_is_right():
    with multiprocessing.get_context("fork").Pool(2) as pool:
        asked = pool.map_async(functools.partial(learn, n_jobs=2), KINDS, chunksize=1)
        assert [learn(kind, n_jobs=2) for kind in KINDS] == right(KINDS)
        assert asked.get(SECONDS) == right(KINDS)


@apart(2 * SECONDS)
def test_threads_of_processes_that_compile_at_once_into_an_empty_cache_are_right():
    os.environ["NUMBA_CACHE_DIR"] += "-empty"  # for the children, who read it when they import Numba
    kinds = ["rnn"] * 2
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        assert pool.map(learn_in_threads, [kinds] * 2, chunksize=1) == [right(kinds)] * 2


def in_fork(call):
    """Return whether `call()` is true in a forked child."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            code = 0 if call() else 2
        finally:
            os._exit(code)
    return os.waitpid(child, 0)[1] == 0


@apart(SECONDS)
def test_a_fork_beside_a_thread_that_fits_is_right_in_both():
    going, enough = threading.Event(), threading.Event()

    def go_on(estimator, record):
        going.set()
        return enough.is_set()

    assert learn("lstm", n_jobs=2) == answers()["lstm"]
    with ThreadPoolExecutor(1) as pool:
        fitted = pool.submit(fit, "lstm", n_jobs=2, max_iter=10**6, n_iter_no_change=10**6, callbacks=go_on)
        going.wait(SECONDS)
        for kind in KINDS * 3:
            assert in_fork(lambda kind=kind: learn(kind, n_jobs=2) == answers()[kind])
        assert not fitted.done()
        enough.set()
        model = fitted.result()
    plain = fit("lstm", max_iter=model.n_iter_, n_iter_no_change=10**6)
    assert model.parameters_.tobytes() == plain.parameters_.tobytes()


@apart(SECONDS)
def test_a_fork_inside_a_callback_is_right_in_both():
    forked = []

    def fork(estimator, record):
        if record["epoch"] == 3:
            forked.extend(in_fork(lambda kind=kind: learn(kind, n_jobs=2) == answers()[kind]) for kind in KINDS)

    assert [learn(kind, n_jobs=2, callbacks=fork) for kind in REGRESSORS] == right(REGRESSORS)
    assert forked == [True] * len(KINDS) * len(REGRESSORS)


# Searches, and workers inside workers


@pytest.mark.parametrize("n_jobs", [None, 2])
@apart(2 * SECONDS)
def test_a_search_by_two_processes_finds_what_one_finds(n_jobs):
    estimator, data = make("lstm", n_jobs=n_jobs)
    found = []
    for n_processes in (1, 2):
        search = GridSearchCV(estimator, {"cell": ["lstm", "rnn"], "hidden_layer_sizes": [8, 17]}, n_jobs=n_processes)
        search.fit(*data)
        found.append([search.cv_results_["mean_test_score"].tolist(), digest(search.best_estimator_, data)])
        found[-1].append(cross_val_predict(estimator, *data, cv=3, n_jobs=n_processes).tolist())
    assert found[0] == found[1]
    assert learn("lstm", n_jobs=2) == answers()["lstm"]


def learn_in_threads(kinds):
    return Parallel(n_jobs=2, backend="threading")(delayed(learn)(kind, n_jobs=2) for kind in kinds)


@pytest.mark.parametrize("backend", ["loky", "multiprocessing", "threading"])
@apart(SECONDS)
def test_threads_inside_workers_are_right(backend):
    assert Parallel(n_jobs=2, backend=backend)(delayed(learn_in_threads)(KINDS) for _ in range(2)) == [right(KINDS)] * 2


# How many threads


def tasks():
    """Return how many threads this process has, those included that Python knows nothing of."""
    return len(os.listdir("/proc/self/task"))


def most_tasks(n_jobs):
    """Return how many threads at most a fit was seen to use, counting its own."""
    over, seen, settled = threading.Event(), [], []

    def watch():
        while not over.is_set():
            seen.append(tasks())

    for _ in range(20):  # threads of an earlier fit may still be on their way out
        time.sleep(0.02)
        settled.append(tasks())
    watcher = threading.Thread(target=watch)
    watcher.start()
    # A minibatch of all rows is cut into more shards than there are threads, and takes long enough to be seen.
    fit("lstm", n_jobs=n_jobs, batch_size=220, max_iter=60, n_iter_no_change=99)
    over.set()
    watcher.join()
    return max(seen) - min(settled)  # one more is the watcher, one less the thread that fits


@apart(SECONDS)
def test_n_jobs_is_the_number_of_threads():
    assert [most_tasks(n_jobs) for n_jobs in (1, 2, 3)] == [1, 2, 3]


@apart(SECONDS)
def test_by_default_affinity_and_joblibs_limit_decide_the_number_of_threads():
    allowed = os.sched_getaffinity(0)
    assert most_tasks(None) == min(len(allowed), 16)  # no more than there are gradient buffers
    os.environ["LOKY_MAX_CPU_COUNT"] = "1"
    assert (most_tasks(None), most_tasks(-1), most_tasks(2)) == (1, 1, 2)
    del os.environ["LOKY_MAX_CPU_COUNT"]
    os.sched_setaffinity(0, {min(allowed)})
    assert (most_tasks(None), most_tasks(-1), most_tasks(2)) == (1, 1, 2)


@pytest.mark.parametrize("backend", ["loky", "multiprocessing", "threading"])
@apart(SECONDS)
def test_by_default_a_fit_in_a_joblib_worker_uses_one_thread(backend):
    assert Parallel(n_jobs=2, backend=backend)([delayed(most_tasks)(None)]) == [1]
    assert Parallel(n_jobs=2, backend=backend)([delayed(most_tasks)(2)]) == [2]


# Nothing is left behind


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


@apart(SECONDS)
def test_after_a_fit_no_thread_is_left_and_no_processor_used():
    n_tasks, n_threads = tasks(), threading.active_count()
    for kind in KINDS:
        learn(kind, n_jobs=3)
    with pytest.raises(ZeroDivisionError):
        fit("lstm", n_jobs=3, callbacks=lambda estimator, record: 1 / 0)
    with pytest.raises(ValueError):
        fit("rnn", n_jobs=3, learning_rate=1e38, clip_norm=None, activation="relu")
    assert is_idle(n_tasks)
    assert threading.active_count() == n_threads


@apart(SECONDS)
def test_while_a_callback_sleeps_no_processor_is_used():
    used = []

    def sleep(estimator, record):
        if record["epoch"] in (2, 3):
            before = time.process_time()
            time.sleep(1)
            used.append(time.process_time() - before)

    assert learn("lstm", n_jobs=3, callbacks=sleep) == answers()["lstm"]
    assert len(used) == 2 and max(used) < 0.05


def fit_for_ever(going):
    """Fit until the process ends."""

    def go_on(estimator, record):
        going.set()

    fit("lstm", n_jobs=2, max_iter=10**9, n_iter_no_change=10**9, callbacks=go_on)


@pytest.mark.parametrize("attempt", range(3))
@apart(SECONDS)
def test_the_interpreter_ends_while_a_daemon_thread_fits(attempt):
    going = threading.Event()
    threading.Thread(target=fit_for_ever, args=(going,), daemon=True).start()
    going.wait(SECONDS)
    time.sleep(0.1 * attempt)


@apart(SECONDS, exit_code=7)
def test_os_exit_ends_a_process_whose_thread_fits():
    going = threading.Event()
    threading.Thread(target=fit_for_ever, args=(going,), daemon=True).start()
    going.wait(SECONDS)
    os._exit(7)


@apart(SECONDS, exit_code=7)
def test_a_fit_in_a_thread_goes_on_after_the_main_thread_has_ended():
    main = threading.main_thread()

    def outlive(estimator, record):
        if record["epoch"] == 1:
            main.join(SECONDS)

    def learn_late():
        os._exit(7 if learn("lstm", n_jobs=2, callbacks=outlive) == answers()["lstm"] else 1)

    threading.Thread(target=learn_late).start()


# Ctrl-C

LONG_FITS = {
    "slow epochs": dict(hidden_layer_sizes=256, n_samples=20_000, n_steps=48),
    "slow minibatches": dict(hidden_layer_sizes=128, n_samples=20_000, n_steps=96, batch_size=20_000),
    "long windows": dict(hidden_layer_sizes=128, n_samples=64, n_steps=4_000),
    "many small epochs": dict(hidden_layer_sizes=8, n_samples=60, n_steps=12),
}


def delays_of_interrupts(call):
    """Return how many seconds after a Ctrl-C `call()` came back, returning or raising KeyboardInterrupt; twice.

    Another process sends the interrupt and writes when: a thread of this one might have to wait for the same thing.
    """
    delays = []
    for seconds in (1.0, 1.3):
        code = f"import os, time; time.sleep({seconds}); print(time.monotonic(), flush=True); os.kill({os.getpid()}, 2)"
        with subprocess.Popen([sys.executable, "-S", "-c", code], stdout=subprocess.PIPE, text=True) as sender:
            with contextlib.suppress(KeyboardInterrupt):
                call()
            delays.append(time.monotonic() - float(sender.stdout.read()))  # negative if the call was over before
    sys.stderr.write(f"{delays=}\n")
    return delays


@pytest.mark.parametrize("case", LONG_FITS)
@apart(SECONDS)
def test_ctrl_c_ends_a_fit_within_a_second_and_leaves_a_process_that_fits(case):
    warnings.simplefilter("ignore", ConvergenceWarning)  # "was interrupted"
    options = dict(LONG_FITS[case])
    X = np.zeros((options.pop("n_samples"), options.pop("n_steps")), np.float32)
    X += np.sin(np.arange(X.shape[1]))
    model = RNNRegressor("lstm", n_jobs=2, max_iter=10**6, n_iter_no_change=10**6, tol=0).set_params(**options)
    assert learn("lstm", n_jobs=2) == answers()["lstm"]  # nothing is left to compile
    n_tasks = tasks()
    delays = delays_of_interrupts(lambda: model.fit(X, X[:, 0]))
    assert min(delays) > 0 and max(delays) < 1
    assert learn("lstm", n_jobs=2) == answers()["lstm"]
    assert is_idle(n_tasks)


@apart(SECONDS)
def test_ctrl_c_ends_a_prediction_of_many_windows_within_a_second():
    series = np.sin(np.arange(400_000, dtype=np.float32))
    X = np.lib.stride_tricks.sliding_window_view(series, 168)
    model = RNNRegressor("lstm", hidden_layer_sizes=128, n_jobs=2, max_iter=1).fit(X[:64], X[:64, 0])
    n_tasks = tasks()
    delays = delays_of_interrupts(lambda: model.predict(X))
    assert min(delays) > 0 and max(delays) < 1
    assert learn("lstm", n_jobs=2) == answers()["lstm"]
    assert is_idle(n_tasks)


@pytest.mark.parametrize("n_jobs, presses", [(1, 1), (2, 1), (2, 2)])
@apart(SECONDS)
def test_ctrl_c_at_any_moment_leaves_the_weights_of_a_whole_epoch(n_jobs, presses):
    warnings.simplefilter("ignore", ConvergenceWarning)  # "was interrupted"
    (X, y), draw, left = make("lstm")[1], random.Random(0), 0

    def press(*_):
        nonlocal left
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
                signal.setitimer(signal.ITIMER_REAL, draw.uniform(0.0005, 0.015))
                model.fit(X[:40], y[:40])
            finally:
                signal.setitimer(signal.ITIMER_REAL, 0)
        except KeyboardInterrupt:
            continue
        n_returned += 1
        assert model.best_iter_ > 0, "a network that has learnt nothing was kept"
        assert model.parameters_.tobytes() == weights_after(model.best_iter_), (model.best_iter_, model.n_iter_)
    signal.setitimer(signal.ITIMER_REAL, 0)
    assert n_returned > 50 or presses > 1  # the second press comes while the first is being answered, and is raised
    assert learn("lstm", n_jobs=2) == answers()["lstm"]
    assert is_idle(n_tasks)


# Memory

MEGABYTE = 2**20


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


# Numbers that are none


def outcome(kind, **changes):
    """Return how a fit ended and all bits it kept, or its error; check that all of them are finite."""
    estimator, data = make(kind, **changes)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        try:
            estimator.fit(*data)
        except ValueError as error:
            return f"refused {error}" if "the loss is not finite" in str(error) else str(error)
    assert np.isfinite(estimator.parameters_).all() and np.isfinite(estimator.loss_curve_).all()
    diverged = any("diverged" in str(warning.message) for warning in said)
    assert diverged == (estimator.stop_reason_ == "diverged")
    return f"{estimator.stop_reason_} {digest(estimator, data)}"


@apart(SECONDS)
def test_overflow_ends_in_an_error_or_a_warning_by_any_number_of_threads():
    outcomes = set()
    for kind in KINDS:
        for choice in itertools.product(("tanh", "relu"), (None, 1.0), (50, 220), (4.0, 15.0, 1e18, 1e300)):
            options = dict(zip(("activation", "clip_norm", "batch_size", "learning_rate"), choice, strict=True))
            one, two = outcome(kind, **options), outcome(kind, n_jobs=2, **options)
            assert one == two, (kind, options)
            outcomes.add(one.split()[0])
    # All ways to end were met: NaN in the first epoch, in a later one, and never.
    assert outcomes == {"refused", "diverged", "max_iter"}


@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn"])
@apart(SECONDS)
def test_one_window_that_overflows_is_found_at_every_place_of_a_batch(cell):
    (X, y), options = make(cell)[1], dict(activation="relu", shuffle=False, max_iter=1, random_state=0)
    most = float(np.finfo(X.dtype).max)
    for n_jobs in (1, 2, 3):
        model = RNNRegressor(cell, hidden_layer_sizes=17, batch_size=len(X), n_jobs=n_jobs, **options)
        assert np.isfinite(model.fit(X, y).loss_curve_).all()
        for row in (0, 1, 7, 8, 100, 215, 216, len(X) - 1):
            X_bad, y_bad = X.copy(), y.copy()
            X_bad[row] *= most**0.75  # in float32 the loss, summed in float64, is finite; the gradient cannot be
            y_bad[row] = most / 2
            with pytest.raises(ValueError, match="the loss is not finite"):
                model.fit(X_bad, y_bad)


@apart(SECONDS)
def test_a_weight_that_is_no_number_makes_every_prediction_none():
    for kind in REGRESSORS:
        for activation in ("tanh", "relu"):
            model = fit(kind, max_iter=1, activation=activation)
            X, weights = make(kind)[1][0][:11], model.parameters_
            assert np.isfinite(model.predict(X)).all()
            hidden = []
            for k in range(weights.size):
                before, weights[k] = weights[k], np.nan
                hidden += [k] if not np.isnan(model.predict(X)).all() else []
                weights[k] = before
            assert hidden == [], (kind, activation, weights.size)
