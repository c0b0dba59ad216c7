"""No damage to the cache and no fault of the disk costs more than compiling, or leaves a trace that harms later."""

import errno
import hashlib
import os
import pickle
import shutil
from pathlib import Path

import numpy as np
import pytest
from cached_kernel import MARK, ask, flip_bit, make_kernel

from tsrnn.kernels import caching

# Damage to an entry. What a fault needs to know of the file is its bytes alone.


def plant_another_number(content):
    old, new = MARK.to_bytes(4, "little"), (MARK + 1).to_bytes(4, "little")
    assert old in content
    return content.replace(old, new)


DAMAGE = {
    "empty": lambda content: b"",
    "cut in the seal": lambda content: content[:20],
    "the seal alone": lambda content: content[:32],
    "cut in half": lambda content: content[: len(content) // 2],
    "last byte lost": lambda content: content[:-1],
    "a byte too many": lambda content: content + b"\0",
    "all zeros": lambda content: bytes(len(content)),
    "garbage": lambda content: np.random.default_rng(0).bytes(len(content)),
    "text": lambda content: b"404 Not Found\n",
    "a bit of the seal": flip_bit(0.0),
    "a bit of the first half": flip_bit(0.3),
    "a bit of the second half": flip_bit(0.7),
    "the last bit": flip_bit(1.0),
    "another number in the machine code": plant_another_number,
    "two entries in one": lambda content: content + content,
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE.keys())
def test_a_damaged_entry_is_compiled_anew_and_written_over(cached, damage):
    whole = cached.read_bytes()
    damaged = damage(whole)
    assert damaged != whole
    cached.write_bytes(damaged)
    assert not ask(make_kernel())
    assert ask(make_kernel())
    assert list(cached.parent.iterdir()) == [cached]


def test_nothing_is_unpickled_before_the_seal_is_verified(cached, monkeypatch):
    unpickled = []
    loads = pickle.loads
    monkeypatch.setattr(caching.pickle, "loads", lambda content: unpickled.append(content) or loads(content))
    whole = cached.read_bytes()
    assert ask(make_kernel())
    cached.write_bytes(flip_bit(0.5)(whole))
    assert not ask(make_kernel())
    assert unpickled.count(whole[32:]) == len(unpickled) == 1


@pytest.mark.parametrize("packed", [b"", b"garbage", pickle.dumps(None), pickle.dumps(("key", ("version",)))])
def test_a_sealed_entry_that_cannot_be_used_is_compiled_anew(cached, packed):
    cached.write_bytes(hashlib.sha256(packed).digest() + packed)
    assert not ask(make_kernel())
    assert ask(make_kernel())


def test_a_sealed_entry_that_cannot_be_rebuilt_is_compiled_anew(cached, monkeypatch):
    def fail(*arguments):
        raise OSError("no such symbol")

    with monkeypatch.context() as patched:
        patched.setattr(caching.SealedCache._impl_class, "rebuild", fail)
        assert not ask(make_kernel())
    assert ask(make_kernel())


def test_an_entry_that_is_a_folder_costs_compiling_and_is_left_alone(cached):
    cached.unlink()
    cached.mkdir()
    (cached / "kept").touch()
    assert not ask(make_kernel())
    assert [path.name for path in cached.parent.rglob("*")] == [cached.name, "kept"]


def fail_on_entries(monkeypatch, name, error):
    """Make a method of Path raise for files of the cache alone."""
    method = getattr(Path, name)

    def fail(path, *arguments, **options):
        if ".nbc" in path.name:
            raise error
        return method(path, *arguments, **options)

    monkeypatch.setattr(Path, name, fail)


@pytest.mark.parametrize("error", [PermissionError(errno.EACCES, "denied"), OSError(errno.EIO, "bad disk")])
def test_an_entry_that_cannot_be_read_is_compiled_anew(cached, monkeypatch, error):
    with monkeypatch.context() as patched:
        fail_on_entries(patched, "read_bytes", error)
        assert not ask(make_kernel())
    assert ask(make_kernel())


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EACCES, errno.EROFS, errno.EDQUOT, errno.EIO])
@pytest.mark.parametrize("step", ["write", "replace"])
def test_an_entry_that_cannot_be_written_leaves_no_trace(cache_folder, monkeypatch, number, step):
    error = OSError(number, os.strerror(number))

    def refuse(*arguments):
        raise error

    with monkeypatch.context() as patched:
        if step == "write":
            fail_on_entries(patched, "write_bytes", error)
        else:
            patched.setattr(caching.os, "replace", refuse)
        assert not ask(make_kernel())
    assert list(cache_folder.iterdir()) == []
    assert not ask(make_kernel())
    assert ask(make_kernel())


def test_a_disk_that_fills_up_halfway_leaves_no_trace_and_no_damage(cache_folder):
    resource = pytest.importorskip("resource")
    kernel = make_kernel()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))  # bytes: an entry has some thousands
    try:
        assert not ask(kernel)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert list(cache_folder.iterdir()) == []
    assert not ask(make_kernel())
    assert ask(make_kernel())


def test_a_folder_that_vanishes_is_made_again(cached):
    kernel = make_kernel()
    shutil.rmtree(cached.parent)
    assert not ask(kernel)
    assert ask(make_kernel())


def test_a_folder_that_turns_into_a_file_costs_compiling(cached):
    kernel = make_kernel()
    shutil.rmtree(cached.parent)
    cached.parent.write_text("in the way")
    assert not ask(kernel)
    assert cached.parent.read_text() == "in the way"
