"""What is installed is complete and works from any folder."""

import os
import re
import shutil
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def test_readme_states_the_two_commands_that_the_check_runs():
    readme, check = (ROOT / "README.md").read_text(), (ROOT / ".ci" / "run").read_text()
    patterns = re.findall(r"grep -m 1 '([^']+)' README\.md", check)
    assert len(patterns) == 2
    for pattern in patterns:
        assert len(re.findall(pattern, readme, flags=re.MULTILINE)) == 1


@pytest.mark.slow
def test_wheel_holds_everything_and_forecasts_in_an_empty_environment(tmp_path):
    source = tmp_path / "source"
    shutil.copytree(
        ROOT, source, ignore=shutil.ignore_patterns(".git", "build", "*.egg-info", "__pycache__", ".venv", ".*_cache")
    )
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "-w", tmp_path, source], check=True, timeout=300
    )
    (wheel,) = tmp_path.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    modules = {str(path.relative_to(ROOT)) for path in (ROOT / "tsrnn").rglob("*.py")}
    data = {
        f"tsrnn/data/{path.name}" for path in (ROOT / "datasets").iterdir() if path.suffix in (".csv", ".md", ".txt")
    }
    assert {name for name in names if ".dist-info/" not in name} == modules | data

    venv.create(tmp_path / "venv", with_pip=True)
    bin_folder = tmp_path / "venv" / ("Scripts" if os.name == "nt" else "bin")
    subprocess.run([bin_folder / "python", "-m", "pip", "install", "--quiet", wheel], check=True, timeout=600)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    for command in ([bin_folder / "tsrnn"], [bin_folder / "python", "-m", "tsrnn"]):
        subprocess.run(
            [*command, "forecast", "nile", "--horizon", "5"], cwd=elsewhere, env=clean, check=True, timeout=300
        )
        (elsewhere / "forecast.csv").rename(elsewhere / f"forecast-{len(command)}.csv")
    first, second = sorted(elsewhere.iterdir())
    assert first.read_text() == second.read_text()
    assert len(first.read_text().splitlines()) == 6
