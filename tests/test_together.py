"""Runs side by side come to the results they come to alone, and an interrupt reaches each of them."""

import threading
import time

import pytest

from tsrnn.network.together import run_together

each_number = pytest.mark.parametrize("n_at_once", [1, 2, 5])


@each_number
def test_results_stand_in_the_order_of_the_runs(n_at_once):
    def run(number):
        time.sleep(0.01 * (4 - number))
        return number

    assert run_together([lambda number=number: run(number) for number in range(4)], n_at_once) == [0, 1, 2, 3]


def test_so_many_run_at_a_time_and_no_more():
    present, most, lock = [], [], threading.Lock()

    def run():
        with lock:
            present.append(1)
            most.append(len(present))
        time.sleep(0.02)
        with lock:
            present.pop()

    run_together([run] * 6, 3)
    assert max(most) == 3


@each_number
def test_the_first_error_is_raised_when_all_have_ended(n_at_once):
    ended = []

    def run(number):
        if number == 1:
            raise ValueError("one")
        if number == 2:
            raise ValueError("two")
        time.sleep(0.03)
        ended.append(number)

    with pytest.raises(ValueError, match="one"):
        run_together([lambda number=number: run(number) for number in range(3)], n_at_once)
    assert ended == [0]


def interrupt_soon():
    """Interrupt the main thread once, in a moment."""
    import _thread

    timer = threading.Timer(0.1, _thread.interrupt_main)
    timer.start()
    return timer


@pytest.mark.parametrize("n_at_once", [1, 2])
def test_an_interrupt_ends_each_run_which_may_keep_what_it_has(n_at_once):
    heard = []

    def run():
        try:
            while True:
                time.sleep(0.001)
        except KeyboardInterrupt:
            heard.append(threading.get_ident())
            return "so far"

    timer = interrupt_soon()
    results = run_together([run] * 3, n_at_once)
    timer.join()
    assert results == ["so far"] * len(heard) + [None] * (3 - len(heard))
    assert len(set(heard)) == len(heard) == n_at_once


@pytest.mark.parametrize("n_at_once", [1, 2])
def test_an_interrupt_that_leaves_no_result_is_raised(n_at_once):
    def run():
        while True:
            time.sleep(0.001)

    timer = interrupt_soon()
    with pytest.raises(KeyboardInterrupt):
        run_together([run] * 3, n_at_once)
    timer.join()
