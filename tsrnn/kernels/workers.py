"""Threads for kernels that release the interpreter lock: n of them, each running the same call on its own tasks."""

from concurrent.futures import ThreadPoolExecutor


class Workers:
    """A team of threads that lives as long as one fit or one prediction.

    Nothing outlives the ``with`` block: no thread spins or sleeps afterwards, and a process forked later inherits none.
    The calling thread is one of the team, so a team of one starts no thread at all.

    Parameters
    ----------
    n_threads : int
        At least 1.
    """

    def __init__(self, n_threads):
        self.n_threads = n_threads
        self._pool = ThreadPoolExecutor(n_threads - 1, "tsrnn") if n_threads > 1 else None

    def __enter__(self):
        return self

    def __exit__(self, *error):
        if self._pool is not None:
            self._pool.shutdown(wait=True)

    def run(self, call, n_workers):
        """Run ``call(worker)`` for worker = 0 ... n_workers - 1 side by side; return when all are done."""
        others = [self._pool.submit(call, worker) for worker in range(1, n_workers)]
        try:
            call(0)
        finally:  # also when this thread was interrupted: nobody may still write when the caller reads
            errors = [future.exception() for future in others]
        for error in errors:
            if error is not None:
                raise error
