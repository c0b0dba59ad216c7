"""Threads for kernels that release the interpreter lock: they all run the same call, and share its tasks."""

import os
import time
from _thread import start_new_thread  # `Thread.start`, interrupted, can leave a thread that waits for ever
from queue import Empty, SimpleQueue

PATIENCE = 2e-5  # seconds between two looks whether the others have ended
IDLE = 0.5  # seconds without a call after which a thread ends


class Workers:
    """A team of threads that lives as long as one fit or one prediction.

    Nothing outlives the ``with`` block: no thread spins or sleeps afterwards, and a process forked later inherits none.
    The calling thread is one of the team, so a team of one starts no thread, nor does a team that is never asked.

    An interrupt may come anywhere, also between the last line of the block and the first of `close`. So no thread
    depends on being closed: one that is not asked ends by itself after half a second, and `run` starts it again.

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
        """Wait until the other threads have come to the end of what they have begun, and end them.

        What they have not begun is dropped. An interrupt waits as well: its handler must not find a thread at work.
        """
        team, interrupt, is_closed = self._team_of_this_process(), None, False
        while not is_closed:
            try:
                team.is_open = False
                for _ in range(len(team.present)):
                    team.calls.put((None, None))  # wakes a thread; it finds the team closed
                while team.present:
                    time.sleep(PATIENCE)
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
        team, n_workers = self._team_of_this_process(), min(n_workers, self.n_threads)
        while len(team.started) < n_workers - 1:
            team.started.append(True)  # first: an interrupt in between costs the team a thread, it does not add one
            try:
                start_new_thread(_serve, (team,))
            except RuntimeError:  # the system gives no more, or the interpreter is about to end
                team.started.pop()
                self.n_threads = n_workers = len(team.started) + 1
        for worker in range(1, n_workers):
            team.calls.put((call, worker))
        call(0)
        if team.errors:
            raise team.errors.pop()

    def _team_of_this_process(self):
        if self._team.process != os.getpid():  # a fork has none of the threads
            self._team = _Team()
        return self._team


class _Team:
    """What threads are offered, their errors, and a mark for each that was started and each that is present.

    The owner marks a thread as started before it is; the thread marks itself as present, and takes both marks away.
    """

    def __init__(self):
        self.process, self.is_open = os.getpid(), True
        self.calls, self.errors, self.started, self.present = SimpleQueue(), [], [], []


def _serve(team):
    """Run what the team is offered until it is closed or nothing has come for a while; keep what goes wrong.

    A call that is offered just when a thread gives up waits for the next one, or is dropped.
    """
    team.present.append(True)  # first, since `close` looks who is present when it has closed the team
    while team.is_open:
        try:
            call, worker = team.calls.get(timeout=IDLE)
        except Empty:
            break
        try:
            if team.is_open:
                call(worker)
        except BaseException as error:
            team.errors.append(error)
    team.started.pop()
    team.present.pop()
