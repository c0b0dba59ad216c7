"""The team of threads: every call is made, errors come through, nothing outlives the block."""

import threading
import time

import pytest

from tsrnn.kernels.workers import Workers

TEAMS = [1, 2, 3, 5]
SECONDS = 10  # after which a thread that never comes is given up: far more than a loaded machine needs


@pytest.mark.parametrize("n_threads", TEAMS)
def test_every_call_runs_once_in_every_run(n_threads):
    with Workers(n_threads) as workers:
        for n_workers in range(1, n_threads + 1):
            seen = []
            workers.run(seen.append, n_workers)
            assert sorted(seen) == list(range(n_workers))


@pytest.mark.parametrize("n_threads", TEAMS)
def test_calls_run_side_by_side(n_threads):
    meeting = threading.Barrier(n_threads)  # nobody passes before all have come
    with Workers(n_threads) as workers:
        for _ in range(3):
            workers.run(lambda worker: meeting.wait(SECONDS), n_threads)


@pytest.mark.parametrize("n_threads", TEAMS)
def test_run_returns_only_when_all_are_done(n_threads):
    done = []

    def call(worker):
        time.sleep(0.02 * worker)  # the calling thread's own share is over first
        done.append(worker)

    with Workers(n_threads) as workers:
        workers.run(call, n_threads)
        assert len(done) == n_threads


@pytest.mark.parametrize("bad", range(3))
def test_error_of_any_worker_comes_through_after_all_are_done(bad):
    done = []

    def call(worker):
        if worker == bad:
            raise ArithmeticError(f"worker {worker}")
        time.sleep(0.05)
        done.append(worker)

    with Workers(3) as workers:
        with pytest.raises(ArithmeticError, match=f"worker {bad}"):
            workers.run(call, 3)
        assert sorted(done) == [worker for worker in range(3) if worker != bad]
        workers.run(done.append, 3)  # the team still works
        assert len(done) == 5


def test_interrupt_of_the_caller_waits_for_the_others():
    done = []

    def call(worker):
        if worker == 0:
            raise KeyboardInterrupt
        time.sleep(0.05)
        done.append(worker)

    with Workers(3) as workers:
        with pytest.raises(KeyboardInterrupt):
            workers.run(call, 3)
        assert sorted(done) == [1, 2]


@pytest.mark.parametrize("n_threads", TEAMS)
def test_nothing_is_left_running_after_the_block(n_threads):
    before = set(threading.enumerate())
    with Workers(n_threads) as workers:
        workers.run(lambda worker: None, n_threads)
    assert set(threading.enumerate()) == before


def test_nothing_is_left_running_after_an_error():
    before = set(threading.enumerate())
    with pytest.raises(ZeroDivisionError), Workers(3) as workers:
        workers.run(lambda worker: 1 / worker, 3)
    assert set(threading.enumerate()) == before


def test_caller_takes_the_first_share():
    callers = {}
    with Workers(3) as workers:
        workers.run(lambda worker: callers.update({worker: threading.current_thread()}), 3)
    assert callers[0] is threading.current_thread()
    assert callers[1] is not callers[0] is not callers[2]


def test_team_of_one_starts_no_thread():
    before = set(threading.enumerate())
    seen = []
    with Workers(1) as workers:
        workers.run(lambda worker: seen.append(set(threading.enumerate())), 1)
    assert seen == [before]
