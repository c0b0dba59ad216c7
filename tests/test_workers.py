"""The team of threads: a call needs nobody but its caller, all may join it, nothing outlives the block."""

import threading
import time

import pytest

from tsrnn.kernels.workers import Workers

TEAMS = [1, 2, 3, 5]
SECONDS = 10  # after which a thread that never comes is given up: far more than a loaded machine needs


@pytest.mark.parametrize("n_threads", TEAMS)
def test_all_calls_run_before_the_team_is_closed(n_threads):
    seen = []
    with Workers(n_threads) as workers:
        for n_workers in range(1, n_threads + 1):
            workers.run(lambda worker, n_workers=n_workers: seen.append((n_workers, worker)), n_workers)
    assert sorted(seen) == [(n, worker) for n in range(1, n_threads + 1) for worker in range(n)]


@pytest.mark.parametrize("n_threads", TEAMS)
def test_calls_run_side_by_side(n_threads):
    meeting = threading.Barrier(n_threads)  # nobody passes before all have come
    with Workers(n_threads) as workers:
        for _ in range(3):
            workers.run(lambda worker: meeting.wait(SECONDS), n_threads)


def test_run_returns_with_the_callers_own_call_whether_others_have_come_or_not():
    held, done = threading.Event(), []

    def call(worker):
        if worker:
            assert held.wait(SECONDS)
        done.append(worker)

    with Workers(3) as workers:
        workers.run(call, 3)
        assert done == [0]
        held.set()
    assert sorted(done) == [0, 1, 2]


def test_more_workers_than_threads_are_not_asked():
    seen = []
    with Workers(2) as workers:
        workers.run(seen.append, 5)
    assert sorted(seen) == [0, 1]


@pytest.mark.parametrize("bad", range(3))
def test_error_of_any_worker_comes_through(bad):
    def call(worker):
        if worker == bad:
            raise ArithmeticError(f"worker {worker}")

    with pytest.raises(ArithmeticError, match=f"worker {bad}"), Workers(3) as workers:
        workers.run(call, 3)


def test_team_works_on_after_an_interrupt():
    def interrupted(worker):
        if worker == 0:
            raise KeyboardInterrupt

    seen = []
    with Workers(3) as workers:
        with pytest.raises(KeyboardInterrupt):
            workers.run(interrupted, 3)
        workers.close()
        workers.run(seen.append, 3)
    assert sorted(seen) == [0, 1, 2]


@pytest.mark.parametrize("n_threads", TEAMS)
def test_nothing_is_left_running_after_the_block(n_threads):
    before = set(threading.enumerate())
    with Workers(n_threads) as workers:
        workers.run(lambda worker: time.sleep(0.02 * worker), n_threads)
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
    assert callers[0] not in (callers[1], callers[2])


def test_team_of_one_starts_no_thread():
    before = set(threading.enumerate())
    seen = []
    with Workers(1) as workers:
        workers.run(lambda worker: seen.append(set(threading.enumerate())), 1)
    assert seen == [before]


def test_a_thread_that_cannot_be_started_is_done_without(monkeypatch):
    def refuse(thread):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    seen = []
    with Workers(3) as workers:
        workers.run(seen.append, 3)
    assert seen == [0]


def test_close_waits_for_the_others_although_it_is_interrupted(monkeypatch):
    held, done = threading.Event(), []

    def call(worker):
        if worker:
            assert held.wait(SECONDS)
            done.append(worker)

    sleep, interrupts = time.sleep, [KeyboardInterrupt, KeyboardInterrupt]

    def interrupted(seconds):
        if interrupts:
            raise interrupts.pop()
        held.set()
        sleep(seconds)

    monkeypatch.setattr(time, "sleep", interrupted)
    workers = Workers(2)
    workers.run(call, 2)
    with pytest.raises(KeyboardInterrupt):
        workers.close()
    assert done == [1]


def test_a_team_that_nobody_closes_ends_with_its_owner(monkeypatch):
    monkeypatch.setattr("tsrnn.kernels.workers.HEARTBEAT", 0.01)
    before = set(threading.enumerate())
    workers = Workers(3)
    workers.run(lambda worker, owner=workers: None, 3)
    threads = set(threading.enumerate()) - before
    assert len(threads) == 2
    del workers
    for thread in threads:
        thread.join(SECONDS)
        assert not thread.is_alive()
