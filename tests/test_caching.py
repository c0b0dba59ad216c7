"""The cache on disk is never stale: whatever machine code follows from is part of the name of its entry."""

import os
import shutil
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numba
import pytest
from cached_kernel import MARK, anew, ask, import_again, make_kernel
from numba.core import event

from tsrnn.kernels import caching

PACKAGE = Path(caching.__file__).resolve().parent.parent


def test_an_entry_under_the_name_of_another_is_refused(cached):
    assert not ask(make_kernel(7), mark=7)
    (other,) = set(cached.parent.iterdir()) - {cached}
    shutil.copyfile(other, cached)
    assert not ask(make_kernel())
    assert ask(make_kernel())


def test_two_keys_of_one_name_are_told_apart(cache_folder, monkeypatch):
    monkeypatch.setattr(caching.SealedCache, "_path", lambda cache, key: cache_folder / "tsrnn-collision.nbc")
    assert not ask(make_kernel())
    assert not ask(make_kernel(7), mark=7)
    assert ask(make_kernel(7), mark=7)


def test_numbers_and_claims_in_the_closure_are_part_of_the_key(cached):
    def make(is_doubled):
        def scale(x):
            return 2 * x if is_doubled else x

        return caching.entry(anew(scale))

    for _ in range(2):
        assert (make(True)(3), make(False)(3)) == (6, 3)
        assert ask(make_kernel(MARK))
        assert make_kernel(7)(0) == 7
    assert len(list(cached.parent.iterdir())) == 4


def test_functions_of_one_name_and_shape_are_told_apart(cache_folder):
    def make(is_first):
        if is_first:

            def add(x):
                return x + 1
        else:

            def add(x):
                return x + 2

        return caching.entry(anew(add))

    for _ in range(2):
        assert (make(True)(0), make(False)(0)) == (1, 2)


def test_an_edit_of_the_file_a_kernel_stands_in_is_seen_outside_the_package_too(cache_folder, tmp_path):
    path = tmp_path / "outside.py"
    for number in (1, 2):
        path.write_text(f"def add(x):\n    return x + {number}\n# {'edited' * number}\n")
        names = {"__name__": "outside"}
        exec(compile(path.read_text(), path, "exec"), names)
        assert caching.entry(names["add"])(0) == number


def test_the_same_code_and_closure_are_one_kernel_and_any_other_is_another(cache_folder):
    def make(number):
        def add(x):
            return x + number

        return caching.entry(add)

    assert make(1) is make(1)
    different = {1: make(1), 2: make(2), "1": make("1"), "as a float": make(1.0), "as a claim": make(True)}
    assert len(set(map(id, different.values()))) == 5
    assert (make(1)(1), make(2)(1)) == (2, 3)
    assert type(make(1.0)(1)) is float


def test_threads_that_ask_for_one_kernel_at_once_compile_it_once(cache_folder, monkeypatch):
    """They meet where both have found that there is none yet."""
    meeting, make = threading.Barrier(2), caching._make_kernel

    def make_at_once(function):
        meeting.wait(60)
        return make(function)

    def put_mark(x):
        return x ^ MARK

    def call(_):
        kernel = caching.entry(put_mark)
        assert kernel(5) == 5 ^ MARK
        return kernel

    monkeypatch.setattr(caching, "_make_kernel", make_at_once)
    with event.install_recorder("numba:compile") as recorder, ThreadPoolExecutor(2) as pool:
        one, other = pool.map(call, range(2))
    assert one is other
    compiled = [happened.data["dispatcher"].py_func for _, happened in recorder.buffer if happened.is_start]
    assert compiled == [put_mark]
    assert not one.stats.cache_hits  # nor did one of them take it from the disk


def test_an_error_of_the_compiler_is_raised_where_the_kernel_is_called(cache_folder):
    with pytest.raises(numba.TypingError):
        make_kernel()("text")
    assert make_kernel()(5) == 5 ^ MARK
    assert caching._COMPILING == []


def test_kernels_that_may_not_be_compiled_say_so(monkeypatch):
    monkeypatch.setattr(numba.config, "DISABLE_JIT", 1)
    with pytest.raises(RuntimeError, match="NUMBA_DISABLE_JIT"):
        make_kernel()


def test_kernels_compile_where_no_thread_can_be_started(cache_folder, monkeypatch):
    def refuse(*arguments):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(caching, "start_new_thread", refuse)
    assert not ask(make_kernel())
    assert ask(make_kernel())


def test_entries_of_other_editions_and_remains_of_killed_processes_are_swept(cached):
    family, edition = caching._FAMILY, caching._EDITION
    old, fresh, foreign = "tsrnn-cpython-27-0-put_mark.nbc", f"{cached.name}.0123", "somebody_else.nbc"
    stale, abandoned = f"{family}{'0' * len(edition)}-put_mark-00.nbc", f"{cached.name}.4567"
    for name in (old, fresh, foreign, stale, abandoned):
        (cached.parent / name).touch()
    hours_ago = time.time() - 2 * caching._ABANDONED
    os.utime(cached.parent / abandoned, (hours_ago, hours_ago))
    make_kernel(7)(0)
    left = {path.name for path in cached.parent.iterdir()}
    assert {old, fresh, foreign, cached.name} < left  # another Python and another process may still need theirs
    assert not {stale, abandoned} & left
    assert len(left) == 5


def test_recompiling_forgets_the_entries_of_that_function_alone(cached):
    (cached.parent / "somebody_else.nbc").touch()
    kernel = make_kernel()
    assert ask(kernel)
    cached.write_bytes(b"damaged")
    kernel.recompile()
    assert ask(make_kernel())
    make_kernel()._cache.flush()
    assert [path.name for path in cached.parent.iterdir()] == ["somebody_else.nbc"]


@pytest.mark.parametrize("name, value", [("OPT", 2), ("BOUNDSCHECK", 1), ("LOOP_VECTORIZE", 0)])
def test_machine_code_of_another_setting_is_another_entry(cached, monkeypatch, name, value):
    assert getattr(numba.config, name) != value
    with monkeypatch.context() as patched:
        patched.setattr(numba.config, name, value)
        assert not ask(make_kernel())
        assert ask(make_kernel())
    assert ask(make_kernel())


@pytest.mark.parametrize(
    "where, value",
    [
        ("numba.__version__", "99.0"),
        ("llvmlite.__version__", "99.0"),
        ("numpy.__version__", "99.0"),
        ("sys.version", "3.99.0 (rebuilt)"),
    ],
)
def test_an_upgrade_of_what_compiles_replaces_the_entry(cached, monkeypatch, where, value):
    with monkeypatch.context() as patched:
        patched.setattr(where, value)
        assert not ask(make_kernel(entry=import_again().entry))
        (new,) = cached.parent.iterdir()
        assert new != cached
        assert ask(make_kernel(entry=import_again().entry))
    new.rename(cached)
    assert not ask(make_kernel())


def test_another_python_has_entries_of_its_own(cached, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr(sys.implementation, "cache_tag", "cpython-99")
        patched.setattr(sys, "version", "3.99.0")
        assert not ask(make_kernel(entry=import_again().entry))
    assert len(list(cached.parent.iterdir())) == 2
    assert ask(make_kernel())


# Where Numba is not as it was.


def raise_attribute_error(*arguments):
    raise AttributeError("no such thing any more")


@pytest.mark.parametrize("name, changed", [("FunctionCache", object), ("NullCache", int)])
def test_a_numba_with_another_inside_compiles_and_caches_nothing(cache_folder, monkeypatch, name, changed):
    monkeypatch.setattr(numba.core.caching, name, changed)
    kernel = make_kernel(entry=import_again().entry)
    assert not ask(kernel)
    assert kernel.stats.cache_path is None
    assert list(cache_folder.iterdir()) == []


@pytest.mark.parametrize("name", ["caching.NullCache", "caching.FunctionCache", "serialize.dumps"])
def test_a_numba_without_one_of_its_private_names_compiles(cache_folder, monkeypatch, name):
    monkeypatch.delattr(f"numba.core.{name}")
    assert not ask(make_kernel(entry=import_again().entry))
    assert list(cache_folder.iterdir()) == []


@pytest.mark.parametrize("name", ["reduce", "rebuild"])
def test_a_numba_that_fails_when_it_packs_or_unpacks_compiles(cache_folder, monkeypatch, name):
    monkeypatch.setattr(caching.SealedCache._impl_class, name, raise_attribute_error)
    assert not ask(make_kernel())
    assert not ask(make_kernel())


def test_kernels_compile_uncached_where_no_folder_is_writable(monkeypatch):
    def find_no_folder(*arguments):
        raise RuntimeError("cannot cache function: no locator available")  # what Numba raises then

    monkeypatch.setattr(caching.SealedCache._impl_class, "__init__", find_no_folder)
    kernel = make_kernel()
    assert not ask(kernel)
    assert kernel.stats.cache_path is None


def test_kernels_compile_uncached_where_the_source_cannot_be_stamped(cache_folder, monkeypatch):
    monkeypatch.setattr(caching, "_STAMP", "")
    kernel = make_kernel()
    assert not ask(kernel)
    assert kernel.stats.cache_path is None


def test_every_file_of_the_kernels_is_in_the_stamp(tmp_path, monkeypatch):
    kernels = tmp_path / "kernels"
    shutil.copytree(PACKAGE / "kernels", kernels, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(caching, "__file__", str(kernels / "caching.py"))
    stamps = {caching.stamp()}
    files = sorted(kernels.glob("*.py"))
    for path in files:
        path.write_text(path.read_text() + "# edited\n")
        stamps.add(caching.stamp())
    assert len(stamps) == len(files) + 1


def test_a_package_without_source_files_has_no_stamp(tmp_path, monkeypatch):
    for missing in (tmp_path / "caching.pyc", tmp_path / "archive.zip" / "kernels" / "caching.py"):
        monkeypatch.setattr(caching, "__file__", str(missing))
        assert caching.stamp() == ""


def test_source_files_are_read_once_per_process(monkeypatch):
    before = caching.stamp()

    def refuse(path):
        raise AssertionError(f"{path} is read again")

    monkeypatch.setattr(Path, "read_bytes", refuse)
    assert caching.stamp() == before
