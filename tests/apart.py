"""Tests that may hang, crash or be killed: the body of each runs in a process of its own, under a time limit."""

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
            call = f"import {body.__module__} as cases; cases.{body.__name__}.__wrapped__(**{parameters!r})"
            fault, text = run_apart([sys.executable, "-c", call], seconds, exit_code)
            if fault:
                pytest.fail(f"{fault}\n{text}", pytrace=False)

        return test

    return decorate


def run_apart(command, seconds, exit_code=0, **variables):
    """Run a command in a process group of its own; return what went wrong, or "", and what it wrote.

    `variables` are those of its environment that it does not inherit.
    """
    environment = {
        **os.environ,
        **variables,
        "PYTHONPATH": os.pathsep.join(map(str, SOURCES)),
        "PYTHONFAULTHANDLER": "1",  # of a crash, and of SIGABRT, every thread's stack is written; children inherit it
    }
    with tempfile.TemporaryFile("w+", errors="replace") as output:  # not a pipe, which a grandchild may keep open
        process = subprocess.Popen(
            command, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
        )
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
