"""Where the plain fits of stress tests are made; and the scripts in reference/ need other frameworks."""

import sys

import pytest
from apart import run_apart

collect_ignore = ["reference"]


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
