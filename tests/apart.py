"""Code that may hang, crash or be killed, or that needs another environment: each in a process, under a time limit."""

import contextlib
import functools
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

import tsrnn

SOURCES = [Path(__file__).resolve().parent, Path(tsrnn.__file__).resolve().parent.parent]
SECONDS_TO_DUMP = 3  # in which every process of a hanging group writes where its threads stand


def apart(seconds, exit_code=0):
    """Return a decorator that runs the body of a test, its parameters given, in a new process; errors fail the test.

    The body must be a function of an importable module with literals for parameters. The process leads a group of its
    own, with the processes that it starts. When the time is over, all of them write where each of their threads
    stands, and are killed.

    Parameters
    ----------
    seconds : float
        Far more than a loaded machine needs: only a hang takes longer.
    exit_code : int
        With which the process must end.
    """

    def decorate(body):
        @functools.wraps(body)
        def test(**parameters):
            call_apart(body, parameters, seconds, exit_code)

        return test

    return decorate


def call_apart(body, parameters, seconds, exit_code=0, **variables):
    """Call a function, with literals by name, in a new process; fail the test on an error, return what was written.

    As for :func:`apart`, whose tests are such functions; `variables` as for :func:`run_apart`.
    """
    call = (  # Ctrl-C, which is off in what a shell runs in the background, is switched on
        "import inspect, signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
        f"import {body.__module__} as cases; inspect.unwrap(cases.{body.__name__})(**{parameters!r})"
    )
    fault, text = run_apart([sys.executable, "-c", call], seconds, exit_code, **variables)
    if fault:
        pytest.fail(f"{fault}\n{text}", pytrace=False)
    return text


def run_apart(command, seconds, exit_code=0, folder=None, **variables):
    """Run a command in a process group of its own; return what went wrong, or "", and what it wrote.

    `variables` are those of its environment that differ from this process; None is one that it lacks.
    """
    changes = {
        "PYTHONPATH": os.pathsep.join(map(str, SOURCES)),
        "PYTHONFAULTHANDLER": "1",  # of a crash, and of SIGABRT, every thread's stack is written; children inherit it
        **variables,
    }
    environment = {name: value for name, value in {**os.environ, **changes}.items() if value is not None}
    with tempfile.TemporaryFile("w+", errors="replace") as output:  # not a pipe, which a grandchild may keep open
        process = subprocess.Popen(
            command, env=environment, cwd=folder, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
            start_new_session=True,
        )  # fmt: skip
        try:
            process.wait(seconds)
            right = process.returncode == exit_code
            fault = "" if right else f"ended with {process.returncode} instead of {exit_code}"
        except subprocess.TimeoutExpired:
            fault = f"still running after {seconds} s"
            _signal_group(process, signal.SIGABRT)
            try:
                process.wait(SECONDS_TO_DUMP)
            except subprocess.TimeoutExpired:
                fault += ", and deaf"
        finally:  # also when the test session itself is interrupted
            _signal_group(process, signal.SIGKILL)
            process.wait()
        output.seek(0)
        return fault, output.read()


def _signal_group(leader, number):
    with contextlib.suppress(ProcessLookupError):  # all have ended
        os.killpg(leader.pid, number)
