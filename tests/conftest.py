"""What the tests of the cache have in common, and what pytest leaves alone."""

from pathlib import Path

import numba
import pytest
from cached_kernel import ask, make_kernel

collect_ignore = ["reference"]  # scripts that need other frameworks


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
