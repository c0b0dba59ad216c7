"""The team of threads: a call needs nobody but its caller, all may join it, nothing outlives the block."""

import os
import sys
import threading
import time
from _thread import start_new_thread
from queue import Empty, SimpleQueue

import pytest
from apart import apart

from tsrnn.kernels import workers as module
from tsrnn.kernels.workers import Workers

TEAMS = [1, 2, 3, 5]
SECONDS = 10  # after which a thread that never comes is given up: far more than a loaded machine needs


def threads_there():
    """Return the numbers of all threads that run Python code."""
    return set(sys._current_frames())


def are_gone(threads):
    """Return whether threads come to their end, after which they need some microseconds to be gone."""
    end = time.monotonic() + SECONDS
    while threads & threads_there() and time.monotonic() < end:
        time.sleep(0.001)
    return not threads & threads_there()


def together(n_workers, call):
    """Return a call that each worker makes when all have come."""
    meeting = threading.Barrier(n_workers)

    def meet_and_call(worker):
        meeting.wait(SECONDS)
        call(worker)

    return meet_and_call


def started(workers, n_workers):
    """Return the threads of a team that has met for one call, the caller's own aside."""
    threads, meeting = set(), threading.Barrier(n_workers)

    def call(worker):
        threads.add(threading.get_ident())
        meeting.wait(SECONDS)

    workers.run(call, n_workers)
    return threads - {threading.get_ident()}


@pytest.mark.parametrize("n_threads", TEAMS)
def test_workers_run_side_by_side(n_threads):
    with Workers(n_threads) as workers:
        for n_workers in [*range(1, n_threads + 1), *range(n_threads, 0, -1)]:
            assert len(started(workers, n_workers)) == n_workers - 1


@pytest.mark.parametrize("n_threads", TEAMS)
def test_each_worker_is_asked_once(n_threads):
    for n_workers in range(1, n_threads + 1):
        seen = []
        with Workers(n_threads) as workers:
            workers.run(together(n_workers, seen.append), n_workers)
        assert sorted(seen) == list(range(n_workers))


def test_run_returns_with_the_callers_own_call_whether_others_have_come_or_not():
    come, held, done = threading.Semaphore(0), threading.Event(), []

    def call(worker):
        if worker:
            come.release()
            assert held.wait(SECONDS)
        done.append(worker)

    with Workers(3) as workers:
        workers.run(call, 3)
        assert done == [0]
        assert come.acquire(timeout=SECONDS) and come.acquire(timeout=SECONDS)
        held.set()
    assert sorted(done) == [0, 1, 2]


def test_more_workers_than_threads_are_not_asked():
    seen = []
    with Workers(2) as workers:
        workers.run(together(2, seen.append), 5)
    assert sorted(seen) == [0, 1]


@pytest.mark.parametrize("bad", range(3))
def test_error_of_any_worker_comes_through(bad):
    def call(worker):
        if worker == bad:
            raise ArithmeticError(f"worker {worker}")

    with pytest.raises(ArithmeticError, match=f"worker {bad}"), Workers(3) as workers:
        workers.run(together(3, call), 3)


def test_error_of_another_thread_is_raised_after_the_callers_own_call():
    done = []

    def call(worker):
        if worker:
            raise ArithmeticError
        while not workers._team.errors:
            time.sleep(0.001)
        done.append(worker)

    with Workers(2) as workers:
        with pytest.raises(ArithmeticError):
            workers.run(call, 2)
        assert done == [0]
        workers.run(together(2, done.append), 2)  # once: the team works on
    assert sorted(done) == [0, 0, 1]


def test_team_works_on_after_an_interrupt():
    def interrupted(worker):
        if worker == 0:
            raise KeyboardInterrupt

    seen = []
    with Workers(3) as workers:
        with pytest.raises(KeyboardInterrupt):
            workers.run(interrupted, 3)
        workers.close()
        workers.run(together(3, seen.append), 3)
    assert sorted(seen) == [0, 1, 2]


@pytest.mark.parametrize("n_threads", TEAMS)
def test_nothing_is_left_running_after_the_block(n_threads):
    before = threads_there()
    with Workers(n_threads) as workers:
        workers.run(together(n_threads, lambda worker: time.sleep(0.02 * worker)), n_threads)
        threads = threads_there() - before
        assert len(threads) == n_threads - 1
    assert are_gone(threads)


def test_nothing_is_left_running_after_an_error():
    before = threads_there()
    with pytest.raises(ZeroDivisionError), Workers(3) as workers:
        workers.run(together(3, lambda worker: 1 / worker), 3)
    assert are_gone(threads_there() - before)


def test_caller_takes_the_first_share():
    callers = {}
    with Workers(3) as workers:
        workers.run(together(3, lambda worker: callers.update({worker: threading.get_ident()})), 3)
    assert callers[0] == threading.get_ident()
    assert callers[0] not in (callers[1], callers[2])


def test_team_of_one_starts_no_thread():
    before = threads_there()
    seen = []
    with Workers(1) as workers:
        workers.run(lambda worker: seen.append(threads_there()), 1)
    assert seen[0] <= before  # one of an earlier test may still be on its way out


def test_team_that_is_not_asked_starts_no_thread():
    before = threads_there()
    with Workers(3) as workers:
        workers.run(lambda worker: None, 1)
        assert threads_there() <= before


def test_a_thread_that_cannot_be_started_is_done_without(monkeypatch):
    refused, seen = [], []

    def refuse(function, arguments):
        refused.append(function)
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(module, "start_new_thread", refuse)
    with Workers(3) as workers:
        workers.run(seen.append, 3)
        workers.run(seen.append, 3)
    assert seen == [0, 0]
    assert len(refused) == 1  # it is not asked for again


def test_close_waits_for_calls_under_way_although_it_is_interrupted_and_drops_those_not_begun(monkeypatch):
    begun, held, done = threading.Event(), threading.Event(), []

    def first(worker):
        if worker:
            begun.set()
            assert held.wait(SECONDS)
            done.append("first")

    def second(worker):
        if worker:
            done.append("second")

    sleep, interrupts = time.sleep, [KeyboardInterrupt, KeyboardInterrupt]

    def interrupted(seconds):
        if interrupts:
            raise interrupts.pop()
        held.set()
        sleep(seconds)

    workers = Workers(2)
    workers.run(first, 2)
    assert begun.wait(SECONDS)
    workers.run(second, 2)
    monkeypatch.setattr(time, "sleep", interrupted)
    with pytest.raises(KeyboardInterrupt):
        workers.close()
    assert done == ["first"]


def test_threads_are_kept_from_call_to_call(monkeypatch):
    starts = []
    monkeypatch.setattr(module, "start_new_thread", lambda *given: starts.append(start_new_thread(*given)))
    with Workers(3) as workers:
        for _ in range(3):
            started(workers, 3)
    assert len(starts) == 2


def test_threads_that_are_not_asked_end_by_themselves_and_are_started_again(monkeypatch):
    monkeypatch.setattr(module, "IDLE", 0.01)
    with Workers(3) as workers:
        for _ in range(3):
            threads = started(workers, 3)
            assert len(threads) == 2 and are_gone(threads)


def test_call_that_is_offered_to_a_thread_about_to_end_is_done_without_it(monkeypatch):
    offered = threading.Event()

    class TooLate(SimpleQueue):
        """The first to wait hears of nothing until a call is there, and then that its time is over."""

        def get(self, timeout):
            if not offered.is_set():
                assert offered.wait(SECONDS)
                raise Empty
            return super().get(timeout=timeout)

    monkeypatch.setattr(module, "SimpleQueue", TooLate)
    seen = []
    with Workers(2) as workers:
        workers.run(seen.append, 2)
        assert seen == [0]
        offered.set()
        while workers._team.started:
            time.sleep(0.001)
        assert len(started(workers, 2)) == 1
    assert seen == [0, 1]  # the next thread has found it


def interrupt_at(number, call, files):
    """Run `call` with an interrupt before one bytecode of some source files, if it comes to so many."""
    left = number

    def trace(frame, event, argument):
        nonlocal left
        if frame.f_code.co_filename not in files:
            return None
        frame.f_trace_opcodes = True
        if event == "opcode":
            left -= 1
            if left < 0:
                raise KeyboardInterrupt
        return trace

    before = sys.gettrace()
    sys._getframe().f_trace_opcodes = True  # without it Python 3.12 traces no bytecode in any frame
    sys.settrace(trace)
    try:
        call()
    finally:
        sys.settrace(before)


def test_interrupt_before_any_bytecode_leaves_no_thread(monkeypatch):
    """However often it is asked, no thread is at work once the caller has heard of the interrupt, and none stays."""
    monkeypatch.setattr(module, "IDLE", 0.05)
    before, kept = threads_there(), []  # what is kept holds the team, as a traceback may
    for number in range(10**6):
        over, at_work = threading.Event(), []

        def call(worker, over=over, at_work=at_work):
            if worker == 0:
                return
            at_work.append(worker)
            over.wait(SECONDS)
            at_work.remove(worker)

        def use(over=over, at_work=at_work, call=call):
            with Workers(3) as workers:
                kept.append(workers)
                try:
                    workers.run(call, 3)
                except BaseException:
                    over.set()
                    workers.close()
                    assert not at_work
                    raise
                over.set()

        try:
            interrupt_at(number, use, {module.__file__, __file__})
        except KeyboardInterrupt as error:
            kept.append(error)
        else:
            break
        over.set()
        assert are_gone(threads_there() - before)
    assert number > 200  # bytecodes there are, in any version of Python


@apart(60)
def test_forked_child_can_close_a_team_at_work_and_go_on_with_one_of_its_own():
    begun, held = threading.Event(), threading.Event()

    def call(worker):
        if worker:
            begun.set()
            held.wait()

    with Workers(2) as workers:
        workers.run(call, 2)
        assert begun.wait(SECONDS)
        for use in (workers.close, lambda: started(workers, 2)):
            child = os.fork()
            if child == 0:
                use()
                os._exit(7)
            assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
        held.set()
