"""Right answers wherever a fit may run: beside other threads, in workers, in forked children and in searches.

Right means: the same bits as a plain fit by one thread in a process that does nothing else. That fits do not slow each
other down by more than their fair share is a statement about time, which belongs in the benchmarks; here a collapse
(threads that spin for a processor another one needs) shows only by running out of its time limit.
"""

import functools
import multiprocessing
import os
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from apart import apart
from fits import KINDS, REGRESSORS, SECONDS, STRESS, answers, digest, fit, learn, make, right
from joblib import Parallel, delayed
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, cross_val_predict

pytestmark = STRESS


# Threads of one process


def meeting_of(n):
    """Return a callback after whose first call n fits are all under way."""
    barrier = threading.Barrier(n)

    def meet(estimator, record):
        if record["epoch"] == 1 and record["run"] == "training":
            barrier.wait(SECONDS)

    return meet


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
    # Minibatches of 16 tasks, so that all eight have something to wait for.
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    options = {"max_iter": 1000, "batch_size": 128, "n_iter_no_change": 10**6}
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
