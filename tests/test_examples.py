"""Every example runs as a user would run it, and leaves a picture."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
EXAMPLES = sorted((ROOT / "examples").glob("plot_*.py"))


def test_there_is_an_example():
    assert EXAMPLES


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
def test_example_runs_and_writes_its_picture(example, tmp_path):
    environment = {**os.environ, "MPLBACKEND": "agg", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, str(example)], env=environment, cwd=tmp_path, capture_output=True, text=True,
        timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    pictures = list(tmp_path.glob("*.png"))
    assert [picture.read_bytes()[:4] for picture in pictures] == [b"\x89PNG"]


def test_the_python_of_the_readme_runs_and_beats_seasonal_naive(tmp_path):
    text = (ROOT / "README.md").read_text()
    code = text.split("```python\n")[1].split("```")[0]
    environment = {**os.environ, "MPLBACKEND": "agg", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, cwd=tmp_path, capture_output=True, text=True,
        timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    ours, naive = (float(line.split("'MAE': ")[1].split(",")[0]) for line in done.stdout.splitlines())
    stated, stated_naive = (float(word) for word in re.findall(r"(\d\.\d\d) ppm", text))
    assert f"{naive:.2f}" == f"{stated_naive:.2f}"
    # Another processor rounds exp and tanh otherwise, and training may then stop at another epoch.
    assert abs(ours - stated) < 0.25
    assert ours < 0.5 * naive  # a clear margin
