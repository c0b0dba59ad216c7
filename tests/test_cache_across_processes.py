"""The cache in fresh processes: after edits, beside other processes, killed while saving, on disks without rights."""

import json
import os
import shutil
import signal
import sys
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from apart import run_apart

import tsrnn

PACKAGE = Path(tsrnn.__file__).resolve().parent

# Two files of kernels more, one calling the other.

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

    def run(self, first="", *, unprivileged=False, exit_code=0, **environment):
        """Return the answer, and whether it came from the disk or was compiled, or None if the process was to fail."""
        inherited = {name: None for name in os.environ if name.startswith(("NUMBA_", "XDG_"))}
        paths = {"PYTHONPATH": str(self.site), "NUMBA_CACHE_DIR": str(self.cache), "HOME": str(self.home)}
        command = [sys.executable, "-W", "default", "-c", *[WITHOUT_PRIVILEGES] * unprivileged]
        fault, text = run_apart(
            [*command, SCRIPT.format(first=first)], 120, exit_code, self.site, **{**inherited, **paths, **environment}
        )
        if text.strip() == "cannot drop":
            pytest.skip("this root cannot drop its privileges")
        assert not fault, text
        return json.loads(text) if exit_code == 0 else None  # a warning, too, would be in the text

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


def build_wheel(package, version, folder):
    """Return a wheel of a package's Python files, as zip archives have them when builds are to be reproducible."""
    path = folder / f"tsrnn-{version}-py3-none-any.whl"
    about = f"tsrnn-{version}.dist-info"
    content = {
        **{f"tsrnn/{file.relative_to(package)}": file.read_text() for file in sorted(package.rglob("*.py"))},
        f"{about}/METADATA": f"Metadata-Version: 2.1\nName: tsrnn\nVersion: {version}\n",
        f"{about}/WHEEL": "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    content[f"{about}/RECORD"] = "".join(f"{name},,\n" for name in content)
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in content.items():
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), text)
    return path


def install(wheel, site):
    """Install a wheel over what is there; files get the times of the archive, which pip alone does not give them."""
    options = ["--quiet", "--no-index", "--no-deps", "--no-compile", "--upgrade"]
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", *options, "--target", site, wheel]
    fault, text = run_apart(command, 120, PYTHONPATH=None)
    assert not fault, text
    for path in site.rglob("*.py"):
        os.utime(path, (315532800, 315532800))  # 1980-01-01


@pytest.mark.slow
@pytest.mark.parametrize("upgrade", ["1.0", "1.1"])
def test_a_wheel_installed_over_another_is_never_answered_from_the_others_cache(installed, tmp_path, upgrade):
    """The two differ in one digit of a callee: all files keep their size, and the time of every file is the same."""
    wheels = []
    for version, number in (("1.0", 1), (upgrade, 2)):
        (installed.kernels / "callee.py").write_text(CALLEE.replace("x + 1", f"x + {number}"))
        (tmp_path / str(number)).mkdir()
        wheels.append(build_wheel(installed.site / "tsrnn", version, tmp_path / str(number)))
    shutil.rmtree(installed.site)
    install(wheels[0], installed.site)
    assert installed.run() == COLD
    assert installed.run() == WARM
    install(wheels[1], installed.site)
    assert installed.run() == [60, 0, 1]
    assert installed.run() == [60, 1, 0]
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
    with ThreadPoolExecutor(3) as pool:
        assert [answer for answer, _, _ in pool.map(lambda _: installed.run(), range(3))] == [50, 50, 50]
    assert len(installed.entries()) == 1
    assert installed.run() == WARM


@pytest.mark.parametrize("written", [0.5, *(pytest.param(part, marks=pytest.mark.slow) for part in (0.0, 1.0))])
def test_a_process_killed_while_it_saves_does_no_harm(installed, written):
    kill = f"""
import os, pathlib, signal
def write(path, content):
    with path.open("wb") as file:
        file.write(content[:int({written} * len(content))])
    os.kill(os.getpid(), signal.SIGKILL)
pathlib.Path.write_bytes = write
"""
    installed.run(kill, exit_code=-signal.SIGKILL)
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
