"""What the tests of the cache, and those of fits in threads and processes, have in common."""

import signal
import sys
from dataclasses import replace
from pathlib import Path

import numba
import pytest
from apart import run_apart
from cached_kernel import ask, make_kernel

from tsrnn import choices

collect_ignore = ["reference"]  # scripts that need other frameworks


@pytest.fixture(scope="session", autouse=True)
def interrupts():
    """Let Ctrl-C be heard as in the foreground: a process in the background is begun with it ignored."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def plain_recipes(target_transform, window_norm, season, is_positive, lookback, scaler, *_, **__):
    """Stand in for `choices.recipes`: series as they are, nothing to try."""
    transform = None if choices.is_auto(target_transform) else target_transform
    window_norm = "last" if choices.is_auto(window_norm) else window_norm
    return [(choices.Recipe(transform, window_norm, choices.resolve("scaler", scaler)),)]


PLAIN = {
    "recipes": plain_recipes,
    "AUTO": {**choices.AUTO, "loss": "squared_error", "schedule": "constant", "linear_skip": False},
    "FEW_WINDOWS": replace(choices.FEW_WINDOWS, n_seeds=1),
}
CHOSEN = {name: getattr(choices, name) for name in PLAIN}


@pytest.fixture(scope="module", autouse=True)
def plain_network():
    """Let "auto" mean one plain network on series as they are: most tests are of other things than choosing.

    Doctests, examples and what runs in processes of its own have what users get.
    """
    with pytest.MonkeyPatch.context() as patch:
        for name, value in PLAIN.items():
            patch.setattr(choices, name, value)
        yield


@pytest.fixture
def chosen(monkeypatch):
    """Let "auto" mean what it does for users."""
    for name, value in CHOSEN.items():
        monkeypatch.setattr(choices, name, value)


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
