"""Training runs side by side, each in a thread of its own, that an interrupt ends as it ends a single one."""

import ctypes
import time
from contextlib import suppress
from queue import Empty, SimpleQueue
from threading import Thread

LOOK = 0.002  # seconds between two looks whether all runs have ended


def run_together(runs, n_at_once):
    """Return what each of some functions returns, in their order; so many run at a time.

    Kernels release the interpreter lock, so runs share the cores as processes would, without copies of the data.

    Parameters
    ----------
    runs : list of callable
        Without arguments.
    n_at_once : int

    Returns
    -------
    list
        None for a run that an interrupt kept from beginning, or that raised KeyboardInterrupt itself.

    Raises
    ------
    BaseException
        The error of the first run, in their order, that raised one, when all have ended.
    KeyboardInterrupt
        If no run has come to a result.
    """
    if len(runs) == 1:
        return [runs[0]()]
    results, errors, waiting = [None] * len(runs), {}, SimpleQueue()
    for number in range(len(runs)):
        waiting.put(number)

    def serve():
        while True:
            number = waiting.get_nowait()
            try:
                results[number] = runs[number]()
            except BaseException as error:
                errors[number] = error

    def begin():
        with suppress(Empty, KeyboardInterrupt):  # an interrupt that came between two runs
            serve()

    threads, is_interrupted = [Thread(target=begin, daemon=True) for _ in range(min(n_at_once, len(runs)))], False
    while True:
        try:
            while (threads and threads[-1].ident is None) or any(thread.is_alive() for thread in threads):
                for thread in threads:
                    if thread.ident is None:
                        thread.start()
                time.sleep(LOOK)
            break
        except KeyboardInterrupt:
            is_interrupted = True
            _drop_all(waiting)
            for thread in threads:
                if thread.is_alive():
                    number = ctypes.c_ulong(thread.ident)
                    ctypes.pythonapi.PyThreadState_SetAsyncExc(number, ctypes.py_object(KeyboardInterrupt))
    return _results(results, errors, is_interrupted)


def _drop_all(waiting):
    """Take all that waits out of a queue."""
    with suppress(Empty):
        while True:
            waiting.get_nowait()


def _results(results, errors, is_interrupted):
    """Return the results, or raise: the first error, or the interrupt that has left none."""
    others = [errors[number] for number in sorted(errors) if not isinstance(errors[number], KeyboardInterrupt)]
    if others:
        raise others[0]
    if (is_interrupted or errors) and all(result is None for result in results):
        raise KeyboardInterrupt
    return results
