"""The cache on disk is neither stale nor harmful: the right answer each time, compiled anew if need be."""

import errno
import hashlib
import importlib.util
import json
import os
import pickle
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numba
import numpy as np
import pytest

from tsrnn.kernels import caching

PACKAGE = Path(caching.__file__).resolve().parent.parent

# Stands as one immediate operand in the machine code, so that a test can plant another number in its place.
MARK = 0x12345678


def make_kernel(mark=MARK, entry=caching.entry):
    """Return a new kernel that has nothing compiled yet, as in a new process; it compiles in a tenth of a second."""

    def put_mark(x):
        return x ^ mark

    return entry(put_mark)


def import_again():
    """Return a second copy of the room, that sees Python and Numba as a test has changed them."""
    spec = importlib.util.spec_from_file_location("caching_again", caching.__file__)
    again = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(again)
    return again


def ask(kernel, x=5, mark=MARK):
    """Check a kernel's answer; return whether its machine code came from the disk."""
    assert kernel(x) == x ^ mark
    return sum(kernel.stats.cache_hits.values()) == 1


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The empty folder of the cache of `make_kernel`."""
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(tmp_path / "cache"))
    return Path(make_kernel().stats.cache_path)


@pytest.fixture
def cached(folder):
    """The one file of that cache, whole."""
    assert not ask(make_kernel())
    assert ask(make_kernel())
    (path,) = folder.iterdir()
    return path


# Damage to an entry. What a fault needs to know of the file is its bytes alone.


def flip_bit(where):
    def damage(content):
        at = int(where * (len(content) - 1))
        return content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]

    return damage


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


def test_an_entry_under_the_name_of_another_is_refused(cached):
    assert not ask(make_kernel(7), mark=7)
    (other,) = set(cached.parent.iterdir()) - {cached}
    shutil.copyfile(other, cached)
    assert not ask(make_kernel())
    assert ask(make_kernel())


def test_two_keys_of_one_name_are_told_apart(folder, monkeypatch):
    monkeypatch.setattr(caching.SealedCache, "_path", lambda cache, key: folder / "tsrnn-collision.nbc")
    assert not ask(make_kernel())
    assert not ask(make_kernel(7), mark=7)
    assert ask(make_kernel(7), mark=7)


def test_numbers_and_claims_in_the_closure_are_part_of_the_key(cached):
    def make(is_doubled):
        def scale(x):
            return 2 * x if is_doubled else x

        return caching.entry(scale)

    for _ in range(2):
        assert (make(True)(3), make(False)(3)) == (6, 3)
        assert ask(make_kernel(MARK))
        assert make_kernel(7)(0) == 7
    assert len(list(cached.parent.iterdir())) == 4


def test_functions_of_one_name_and_shape_are_told_apart(folder):
    def make(is_first):
        if is_first:

            def add(x):
                return x + 1
        else:

            def add(x):
                return x + 2

        return caching.entry(add)

    for _ in range(2):
        assert (make(True)(0), make(False)(0)) == (1, 2)


def test_an_edit_of_the_file_a_kernel_stands_in_is_seen_outside_the_package_too(folder, tmp_path):
    path = tmp_path / "outside.py"
    for number in (1, 2):
        path.write_text(f"def add(x):\n    return x + {number}\n# {'edited' * number}\n")
        names = {"__name__": "outside"}
        exec(compile(path.read_text(), path, "exec"), names)
        assert caching.entry(names["add"])(0) == number


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
def test_an_entry_that_cannot_be_written_leaves_no_trace(folder, monkeypatch, number, step):
    error = OSError(number, os.strerror(number))

    def refuse(*arguments):
        raise error

    with monkeypatch.context() as patched:
        if step == "write":
            fail_on_entries(patched, "write_bytes", error)
        else:
            patched.setattr(caching.os, "replace", refuse)
        assert not ask(make_kernel())
    assert list(folder.iterdir()) == []
    assert not ask(make_kernel())
    assert ask(make_kernel())


def test_a_disk_that_fills_up_halfway_leaves_no_trace_and_no_damage(folder):
    resource = pytest.importorskip("resource")
    kernel = make_kernel()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))  # bytes: an entry has some thousands
    try:
        assert not ask(kernel)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert list(folder.iterdir()) == []
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
def test_a_numba_with_another_inside_compiles_and_caches_nothing(folder, monkeypatch, name, changed):
    monkeypatch.setattr(numba.core.caching, name, changed)
    kernel = make_kernel(entry=import_again().entry)
    assert not ask(kernel)
    assert kernel.stats.cache_path is None
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("name", ["caching.NullCache", "caching.FunctionCache", "serialize.dumps"])
def test_a_numba_without_one_of_its_private_names_compiles(folder, monkeypatch, name):
    monkeypatch.delattr(f"numba.core.{name}")
    assert not ask(make_kernel(entry=import_again().entry))
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("name", ["reduce", "rebuild"])
def test_a_numba_that_fails_when_it_packs_or_unpacks_compiles(folder, monkeypatch, name):
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


def test_kernels_compile_uncached_where_the_source_cannot_be_stamped(folder, monkeypatch):
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


# In processes of their own: a copy of the package with two files of kernels more, one calling the other.

CALLEE = """
from .caching import inner

@inner
def add(x):
    return x + 1
"""
CALLER = """
from .callee import add
from .caching import entry

def make():
    def call(x):
        return 10 * add(x)
    return entry(call)

kernel = make()
"""
SCRIPT = """
import json
from tsrnn.kernels import caller
{first}
answer = caller.kernel(4)
stats = caller.kernel.stats
print(json.dumps([answer, sum(stats.cache_hits.values()), sum(stats.cache_misses.values())]))
"""
COLD, WARM = [50, 0, 1], [50, 1, 0]

# Root may read and write everywhere; a process started after this may not. The numbers are Linux's.
WITHOUT_PRIVILEGES = """
import ctypes, os, sys
if os.geteuid() == 0:
    for capability in (1, 2):  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH
        if ctypes.CDLL(None).prctl(24, capability, 0, 0, 0):  # PR_CAPBSET_DROP
            sys.exit("cannot drop")
os.execv(sys.executable, [sys.executable, "-c", *sys.argv[1:]])
"""


class Installed:
    """A copy of the package that a test may edit, a home and a cache folder of its own."""

    def __init__(self, path):
        self.site, self.cache, self.home = path / "site", path / "cache", path / "home"
        self.kernels = self.site / "tsrnn" / "kernels"
        self.cache.mkdir()
        self.home.mkdir()

    def start(self, first="", *, unprivileged=False, **environment):
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("NUMBA_", "XDG_"))}
        paths = {"PYTHONPATH": str(self.site), "NUMBA_CACHE_DIR": str(self.cache), "HOME": str(self.home)}
        command = [WITHOUT_PRIVILEGES] if unprivileged else []
        return subprocess.Popen(
            [sys.executable, "-W", "default", "-c", *command, SCRIPT.format(first=first)],
            env={name: value for name, value in {**kept, **paths, **environment}.items() if value is not None},
            cwd=self.site, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    def finish(self, process):
        out, err = process.communicate(timeout=120)
        if err.strip() == "cannot drop":
            pytest.skip("this root cannot drop its privileges")
        assert (process.returncode, err) == (0, "")
        return json.loads(out)

    def run(self, first="", **options):
        return self.finish(self.start(first, **options))

    def entries(self):
        return [path for path in self.cache.rglob("*") if path.is_file()]


@pytest.fixture(scope="module")
def warm_original(tmp_path_factory):
    """The package with a kernel compiled and cached once, for tests to copy."""
    installed = Installed(tmp_path_factory.mktemp("original"))
    shutil.copytree(PACKAGE, installed.site / "tsrnn", ignore=shutil.ignore_patterns("__pycache__"))
    (installed.kernels / "callee.py").write_text(CALLEE)
    (installed.kernels / "caller.py").write_text(CALLER)
    assert installed.run() == COLD
    return installed


@pytest.fixture
def installed(tmp_path, warm_original):
    """A cold copy of the package."""
    installed = Installed(tmp_path)
    shutil.copytree(warm_original.site, installed.site)
    return installed


@pytest.fixture
def warm(warm_original, tmp_path):
    """The package with a copy of its warm cache."""
    warm = Installed(tmp_path)
    warm.site, warm.kernels = warm_original.site, warm_original.kernels
    shutil.copytree(warm_original.cache, warm.cache, dirs_exist_ok=True)
    return warm


def test_a_second_process_takes_machine_code_from_the_disk(warm):
    assert warm.run() == WARM


def test_an_edit_of_a_callee_alone_compiles_anew_and_replaces_the_entry(installed):
    assert installed.run() == COLD
    (installed.kernels / "callee.py").write_text(CALLEE.replace("x + 1", "x + 12"))
    assert installed.run() == [160, 0, 1]
    assert len(installed.entries()) == 1


def test_an_edit_under_a_running_process_is_neither_saved_nor_answered_from_the_disk(installed):
    edit = f"""
import pathlib
callee = pathlib.Path({str(installed.kernels / "callee.py")!r})
callee.write_text(callee.read_text().replace("x + 1", "x + 11"))
"""
    assert installed.run(edit) == COLD  # as it was imported
    assert installed.entries() == []
    assert installed.run() == [150, 0, 1]
    reload = "import importlib, tsrnn.kernels.callee\nimportlib.reload(tsrnn.kernels.callee); importlib.reload(caller)"
    assert installed.run(edit + reload) == [1150, 0, 1]


@pytest.mark.parametrize("name, value", [("NUMBA_CPU_NAME", "generic"), ("NUMBA_CPU_FEATURES", "")])
def test_machine_code_for_another_target_is_another_entry(warm, name, value):
    assert warm.run(**{name: value}) == COLD
    assert len(warm.entries()) == 2  # side by side, as where machines share a disk


def test_a_kernel_that_numba_cannot_cache_is_compiled_without_a_word(installed):
    assert installed.run(NUMBA_OPT="0") == COLD
    assert installed.entries() == []


def test_processes_that_compile_at_once_leave_one_whole_entry(installed):
    processes = [installed.start() for _ in range(3)]
    assert [installed.finish(process)[0] for process in processes] == [50, 50, 50]
    assert len(installed.entries()) == 1
    assert installed.run() == WARM


@pytest.mark.parametrize("written", [0.0, 0.5, 1.0])
def test_a_process_killed_while_it_saves_does_no_harm(installed, written):
    kill = f"""
import os, pathlib, signal
def write(path, content):
    with path.open("wb") as file:
        file.write(content[:int({written} * len(content))])
    os.kill(os.getpid(), signal.SIGKILL)
pathlib.Path.write_bytes = write
"""
    process = installed.start(kill)
    process.communicate(timeout=120)
    assert process.returncode == -signal.SIGKILL
    assert len(installed.entries()) == 1
    assert installed.run() == COLD


def test_a_cache_folder_that_is_a_file_costs_compiling_at_most(installed):
    installed.cache.rmdir()
    installed.cache.write_text("in the way")
    assert installed.run() == COLD
    assert installed.cache.read_text() == "in the way"
    assert len(list(installed.kernels.rglob("*.nbc"))) == 1  # beside the source instead


@pytest.mark.skipif(sys.platform != "linux", reason="drops privileges in Linux's way")
@pytest.mark.parametrize("has_home", [True, False])
def test_a_read_only_disk_costs_compiling(installed, has_home):
    # Without HOME the password file names one, which is not the test's to write to.
    home = {"HOME": str(installed.home)} if has_home else {"HOME": None, "XDG_CACHE_HOME": str(installed.home)}
    folders = [installed.cache, installed.home, installed.kernels, installed.site]
    for folder in folders:
        folder.chmod(0o555)
    try:
        assert installed.run(unprivileged=True, **home) == COLD
    finally:
        for folder in folders:
            folder.chmod(0o755)
    assert installed.entries() == []


@pytest.mark.skipif(sys.platform != "linux", reason="drops privileges in Linux's way")
@pytest.mark.parametrize("what", ["entry", "folder"])
def test_permissions_taken_away_cost_compiling(warm, what):
    (entry,) = warm.entries()
    path, mode = (entry, 0o644) if what == "entry" else (entry.parent, 0o755)
    path.chmod(0)
    try:
        assert warm.run(unprivileged=True) == COLD
    finally:
        path.chmod(mode)
    assert warm.run() == WARM


@pytest.mark.slow
def test_a_fit_learns_the_same_bits_from_a_cold_a_damaged_and_a_warm_cache(tmp_path):
    script = """
import hashlib, json
import numpy as np
from tsrnn import RNNRegressor
from tsrnn.kernels import plan, tasks
X = np.random.default_rng(0).normal(size=(60, 7)).astype(np.float32)
model = RNNRegressor("gru", hidden_layer_sizes=5, max_iter=2, random_state=0).fit(X, X.mean(axis=1))
stats = tasks.compile_tasks(plan.GRU).stats
print(json.dumps([hashlib.sha256(model.parameters_.tobytes()).hexdigest(), sum(stats.cache_hits.values())]))
"""
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path), "PYTHONPATH": str(PACKAGE.parent)}

    def fit():
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", script], env=environment, capture_output=True, text=True, timeout=300
        )
        assert (done.returncode, done.stderr) == (0, "")
        return json.loads(done.stdout)

    learnt, hits = fit()
    assert hits == 0
    entries = list(tmp_path.rglob("*.nbc"))
    assert entries
    whole = {path: hashlib.sha256(path.read_bytes()).digest() for path in entries}
    for path in entries:
        path.write_bytes(flip_bit(0.2)(path.read_bytes()))
    assert fit() == [learnt, 0]
    assert all(path.exists() for path in whole)
    assert fit() == [learnt, 1]
