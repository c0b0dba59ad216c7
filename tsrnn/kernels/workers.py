"""Threads for kernels that release the interpreter lock: they all run the same call, and share its tasks."""

import time
import weakref
from queue import Empty, SimpleQueue
from threading import Thread

PATIENCE = 2e-5  # seconds between two looks whether the others have ended
HEARTBEAT = 1.0  # seconds after which a thread that is given nothing looks whether its team is still wanted


class Workers:
    """A team of threads that lives as long as one fit or one prediction.

    Nothing outlives the ``with`` block: no thread spins or sleeps afterwards, and a process forked later inherits none.
    The calling thread is one of the team, so a team of one starts no thread, nor does a team that is never asked.

    Parameters
    ----------
    n_threads : int
        At least 1.
    """

    def __init__(self, n_threads):
        self.n_threads = n_threads
        self._team = _Team()

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.close()

    def close(self):
        """Wait until the other threads have come to the end of what they were given, and end them.

        An interrupt waits as well: its handler must not find a thread at work.
        """
        team, interrupt, is_closed = self._team, None, False
        while not is_closed:
            try:
                for _ in range(self.n_threads):  # also for a thread whose start was interrupted
                    team.calls.put(None)
                # Not by `Thread.join` alone: interrupted, it takes a running thread for ended (Python 3.11, 3.12).
                while len(team.ended) < len(team.begun):
                    time.sleep(PATIENCE)
                for thread in team.threads:
                    thread.join()
                self._team, is_closed = _Team(), True
            except KeyboardInterrupt as error:
                interrupt = error
        if interrupt or team.errors:
            raise interrupt or team.errors[0]

    def run(self, call, n_workers):
        """Run ``call(worker)`` in this thread, for worker 0, and offer it to the others, for 1 ... n_workers - 1.

        Returns when this thread's own call does. `call` must come to the right end whether others join it early, late
        or never. An error of another thread is raised after this thread's own call, or by `close`.
        """
        team, n_workers = self._team, min(n_workers, self.n_threads)
        while len(team.threads) < n_workers - 1:
            thread = Thread(target=_serve, args=(team, weakref.ref(self)), name="tsrnn", daemon=True)
            try:
                thread.start()
            except RuntimeError:  # the system gives no more, or the interpreter is about to end
                self.n_threads = n_workers = len(team.threads) + 1
                break
            team.threads.append(thread)
        for worker in range(1, n_workers):
            team.calls.put((call, worker))
        call(0)
        if team.errors:
            raise team.errors.pop()


class _Team:
    """The threads that are there, their queue, and what they leave: errors, and marks of beginning and end."""

    def __init__(self):
        self.threads, self.calls = [], SimpleQueue()
        self.errors, self.begun, self.ended = [], [], []


def _serve(team, owner):
    """Run what the queue of calls holds, until it holds None or the owner is no more; keep what goes wrong."""
    team.begun.append(True)
    while True:
        try:
            given = team.calls.get(timeout=HEARTBEAT)
        except Empty:  # interrupts can keep an owner from ever closing its team
            if owner() is None:
                break
            continue
        if given is None:
            break
        call, worker = given
        try:
            call(worker)
        except BaseException as error:
            team.errors.append(error)
        del given, call  # they hold the owner
    team.ended.append(True)
