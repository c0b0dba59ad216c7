"""What the tests of the cache, and those of fits in threads and processes, have in common."""

import signal
import sys
from pathlib import Path

import numba
import pytest
from apart import run_apart
from cached_kernel import ask, make_kernel

collect_ignore = ["reference"]  # scripts that need other frameworks


@pytest.fixture(scope="session", autouse=True)
def interrupts():
    """Let Ctrl-C be heard as in the foreground: a process in the background is begun with it ignored."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def one_plain_network(request, monkeypatch):
    """Let "auto" mean one network that reads the series as they are: most tests are of other things than choosing.

    Those marked `chosen` have what users get.
    """
    if "chosen" in request.keywords:
        return

    def recipes(target_transform, window_norm, *_):
        transform = None if choices.is_auto(target_transform) else target_transform
        return [(choices.Recipe(transform, "last" if choices.is_auto(window_norm) else window_norm),)]

    monkeypatch.setattr(choices, "recipes", recipes)
    monkeypatch.setattr(choices, "FEW_WINDOWS", replace(choices.FEW_WINDOWS, n_seeds=1))


@pytest.fixture
def cache_folder(tmp_path, monkeypatch):
    """The empty folder of the cache of `make_kernel`."""
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(tmp_path / "cache"))
    return Path(make_kernel().stats.cache_path)


@pytest.fixture
def cached(cache_folder):
    """The one file of that cache, whole."""
    assert not ask(make_kernel())
    assert ask(make_kernel())
    (path,) = cache_folder.iterdir()
    return path


@pytest.fixture(scope="session")
def plain_fits(tmp_path_factory):
    """Lay down, once for all tests, the plain answers and the compiled kernels; return the environment to find them."""
    from fits import FOLDER  # only here: it imports all of the library, which most tests need not wait for

    folder = tmp_path_factory.mktemp("stress")
    environment = {FOLDER: str(folder), "NUMBA_CACHE_DIR": str(folder / "cache")}
    fault, text = run_apart([sys.executable, "-c", "import fits; fits.write_answers()"], 300, **environment)
    assert not fault, text
    return environment


@pytest.fixture
def among_plain_fits(plain_fits, monkeypatch):
    """Let the processes of a test find them."""
    for name, value in plain_fits.items():
        monkeypatch.setenv(name, value)
