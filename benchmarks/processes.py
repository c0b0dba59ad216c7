"""The processes that are measured: one that serves a library request by request, or a fresh one for a single job.

Standard library only, so that any interpreter can run it.
"""

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import machine
from records import FOLDER, note, write

# What LLVM and the libraries of the others are told when AVX2 is the most that they may use.
_AVX2 = "+sse,+sse2,+sse3,+ssse3,+sse4.1,+sse4.2,+popcnt,+avx,+avx2,+fma,+bmi,+bmi2,+f16c,+lzcnt,+movbe"
TSRNN_ON_AVX2 = {"NUMBA_CPU_NAME": "haswell", "NUMBA_CPU_FEATURES": _AVX2}
TORCH_ON_AVX2 = {"ATEN_CPU_CAPABILITY": "avx2", "ONEDNN_MAX_CPU_ISA": "AVX2", "MKL_ENABLE_INSTRUCTIONS": "AVX2"}

# name -> (virtual environment, file in peers/, what its process needs to be told)
PEERS = {
    "tsrnn": ("tsrnn", "tsrnn", {}),
    "tsrnn-avx2": ("tsrnn", "tsrnn", TSRNN_ON_AVX2),
    "numpy": ("tsrnn", "numpy", {}),
    "torch": ("torch", "torch", {}),
    "torch-avx2": ("torch", "torch", TORCH_ON_AVX2),
    "jax": ("jax", "jax", {"JAX_PLATFORMS": "cpu"}),
    "keras": ("keras", "keras", {"KERAS_BACKEND": "tensorflow"}),
    "keras-jax": ("jax", "keras", {"KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu"}),
}
THREAD_VARIABLES = (
    "BENCHMARK_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS",
)  # fmt: skip


def interpreter(peer, arguments):
    """Return the Python of a peer, or None if there is none; tsrnn and numpy default to the one that runs this."""
    named = dict(pair.split("=", 1) for pair in arguments.python)
    if peer in named:
        return named[peer]
    venv = PEERS[peer][0]
    if venv == "tsrnn":
        return named.get("tsrnn", sys.executable)
    file = Path(arguments.venvs or ".") / venv / "bin" / "python"
    return str(file) if file.exists() else None


def environment(peer, n_threads):
    """Return the environment variables for a process of a peer."""
    threads = dict.fromkeys(THREAD_VARIABLES, str(n_threads))
    threads["OMP_DYNAMIC"] = "FALSE"  # with TRUE, losses of PyTorch's LSTM of two layers were off on a busy machine
    return {**os.environ, **threads, "PYTHONWARNINGS": "ignore", **PEERS[peer][2]}


class Worker:
    """A process that serves one library; see ``worker.py`` for what it can be asked."""

    def __init__(self, peer, arguments, n_threads=None):
        self.peer, self._python = peer, interpreter(peer, arguments)
        self._environment = environment(peer, n_threads or arguments.threads)
        self._start()

    def _start(self):
        with tempfile.NamedTemporaryFile("w", prefix=f"{self.peer}-", suffix=".log", delete=False) as log:
            self._log = Path(log.name)
            self._process = subprocess.Popen(
                [self._python, FOLDER / "worker.py", PEERS[self.peer][1]], stdin=subprocess.PIPE,
                stdout=subprocess.PIPE, stderr=log, text=True, env=self._environment,
            )  # fmt: skip

    @property
    def pid(self):
        """Number of the process."""
        return self._process.pid

    def ask(self, what, **request):
        """Send a request and return the answer, a dict with "ok"; a process that dies is started anew."""
        try:
            self._process.stdin.write(json.dumps({"what": what, **request}) + "\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        except BrokenPipeError:
            line = ""
        if line:
            return json.loads(line)
        last = (self._end().splitlines() or ["no message"])[-1]
        self._start()
        return {"ok": False, "error": f"the process ended: {last}"[:300]}

    def close(self):
        """End the process, which does so when nothing more can be asked."""
        self._process.stdin.close()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
        self._end()

    def _end(self):
        """Wait for the end of the process; return what it said, and remove it."""
        self._process.wait()
        with contextlib.suppress(BrokenPipeError):  # of a request that nobody read
            self._process.stdin.close()
        self._process.stdout.close()
        text = self._log.read_text(errors="replace").strip()
        self._log.unlink()
        return text


class Workers:
    """The processes of all peers that were asked for and can be had, as a context."""

    def __init__(self, arguments, n_threads=None):
        self.workers = []
        for peer in arguments.peers:
            if interpreter(peer, arguments) is None:
                note(f"{peer} is left out: no interpreter; give --venvs or --python {peer}=FILE")
                continue
            worker = Worker(peer, arguments, n_threads)
            answer = worker.ask("versions")
            if not answer["ok"]:
                note(f"{peer} is left out: {answer['error']}")
                worker.close()
                continue
            self.workers.append(worker)
            write(arguments.out, "versions", peer=peer, versions=answer["versions"])

    def __enter__(self):
        return self.workers

    def __exit__(self, *error):
        for worker in self.workers:
            worker.close()


def fresh_process(command, variables):
    """Run a command to its end in a new process.

    Returns
    -------
    dict
        What it printed as JSON on its last line, and wall (seconds), cpu (seconds), rss_mb (peak) and foreign.
    """
    machine.wait_until_quiet()
    with tempfile.TemporaryFile("w+") as output, tempfile.TemporaryFile("w+") as errors:
        before, started = machine.busy_seconds(), time.perf_counter()
        process = subprocess.Popen([str(part) for part in command], stdout=output, stderr=errors, env=variables)
        _, status, usage = os.wait4(process.pid, 0)
        wall, busy = time.perf_counter() - started, machine.busy_seconds() - before
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        errors.seek(0)
        lines = output.read().strip().splitlines()
        if process.returncode or not lines:
            return {"error": (errors.read().strip().splitlines() or [f"exit {process.returncode}"])[-1][:300]}
        cpu = usage.ru_utime + usage.ru_stime
        foreign = machine.foreign(busy, cpu, wall)
        return {**json.loads(lines[-1]), "wall": wall, "cpu": cpu, "rss_mb": usage.ru_maxrss / 1024, "foreign": foreign}
