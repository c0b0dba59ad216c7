"""The import rules of the house, proved by reading the source; a new room must be placed in the lists below."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import tsrnn

PACKAGE = Path(tsrnn.__file__).resolve().parent


def rooms_of(package, names):
    return [f"{package}.{name}" for name in names.split()]


# A room imports only rooms listed below it. The packages of the lower floors hold a docstring alone, so anybody may
# import them.
COMMANDS = rooms_of("commands", "running printing options wording selection files __init__")
PLOTTING = rooms_of("plotting", "__init__ forecasts training backtests residuals calibration axes reading files")
BACKTESTING = rooms_of("backtesting", "__init__ rolling fits origins data result")
METRICS = rooms_of("metrics", "__init__ scorers tables probabilistic formulas grouped steps reading")
SURFACE = [
    "__main__", "__init__", *COMMANDS, "forecaster", "generator", "regressor", "classifier", "windowed", "skill",
    "baselines", "streaming", "adapting", "memories", "learning", "answering", "arguments", "losses", "choices",
    *BACKTESTING, "lookahead", "contract", "intervals", "spread", "answers", "residuals", "held_out", "calibration",
    "ahead", "asking", "splitting", "tokens", "ids", "carried", "member", "preparation", "covariates", *PLOTTING,
    "datasets", *METRICS, "transforms", "powers", "seasons", "scaling", "decomposition", "distributions", "windows",
    "sequences", "checking", "calendar", "stamps", "reading", "panel", "columns", "bands", "frames", "clock", "base",
    "weights", "counts",
]  # fmt: skip
NETWORK = [
    "training", "together", "carrying", "windows", "architecture", "schedules", "optimizers", "initializers",
    "__init__",
]  # fmt: skip
KERNELS = [
    "step", "stream", "tasks", "shard", "network", "embedding", "head", "connections", "recurrence", "dropout",
    "transposition", "layer", "layout", "plan", "packing", "optimizers", "random", "elementwise", "product", "rnn",
    "lstm", "gru", "gru_before", "losses", "likelihoods", "special", "code", "vector", "processor", "buffers", "target",
    "workers", "caching", "__init__",
]  # fmt: skip
ROOMS = [*SURFACE, *(f"network.{room}" for room in NETWORK), *(f"kernels.{room}" for room in KERNELS)]

# Who may import what is neither of this package nor of Python itself. All may import NumPy, nobody what is not named.
# Rooms of the design that are not built yet are named already.
PANDAS = [
    *COMMANDS, "forecaster", "learning", "skill", "generator", "baselines", "backtesting.fits", "backtesting.data",
    "backtesting.result", "lookahead", "splitting", "datasets", "metrics.tables", "metrics.steps", "metrics.scorers",
    "windows", "windowed", "checking", "calendar", "stamps", "reading", "panel", "columns", "bands", "frames", "clock",
    "contract", "intervals", "ahead", "asking",
    *PLOTTING,
]  # fmt: skip
SKLEARN = [
    "forecaster", "learning", "generator", "regressor", "classifier", "baselines", "backtesting.rolling",
    "backtesting.fits",
    "splitting", "tokens", "metrics.formulas", "metrics.scorers", "base", "contract", "intervals", "calibration",
    "checking", "windowed", "plotting.training",
    "transforms",  # which clones users' transformers
]  # fmt: skip
ALLOWED = {
    "numpy": ROOMS,
    "numba": [room for room in ROOMS if room.startswith("kernels.")],
    "llvmlite": [room for room in ROOMS if room.startswith("kernels.")],
    "pandas": PANDAS,
    "sklearn": SKLEARN,
    "joblib": SKLEARN,
    "matplotlib": PLOTTING,
    "tqdm": ["base", "backtesting.rolling"],
    "holidays": ["calendar"],
    "scipy": ["distributions", "residuals"],
    "statsmodels": ["decomposition"],
}


def room_of(path):
    return ".".join(path.relative_to(PACKAGE).with_suffix("").parts)


def sources():
    """Return {room: source} for every Python file of the package."""
    return {room_of(path): path.read_text(encoding="utf-8") for path in sorted(PACKAGE.rglob("*.py"))}


def imports(room, source):
    """Return the full dotted names that a room imports, at any depth: inside functions and conditions too."""
    folder = ["tsrnn", *room.split(".")[:-1]]
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = folder[: len(folder) - node.level + 1] if node.level else []
            base = ".".join([*base, *([node.module] if node.module else [])])
            yield from (f"{base}.{alias.name}" for alias in node.names)


def imported_room(name):
    """Return the room that ``tsrnn.a.b.c`` stands in: the longest beginning that is a room, else its package."""
    parts = name.split(".")[1:]
    for n in range(len(parts), -1, -1):
        for room in (".".join(parts[:n]), ".".join([*parts[:n], "__init__"])):
            if room in ROOMS:
                return room
    raise AssertionError("the package's __init__ is a room")


def faults(room, source):
    """Return one sentence per broken rule."""
    found = []
    for name in imports(room, source):
        root = name.split(".")[0]
        if root == "tsrnn":
            other = imported_room(name)
            if ROOMS.index(other) <= ROOMS.index(room):
                found.append(f"{room} imports {other}, which is not below it")
        elif root not in sys.stdlib_module_names and room not in ALLOWED.get(root, []):
            found.append(f"{room} imports {root}")
    hidden = {"import_module", "__import__"}  # what this file could not follow
    words = {getattr(node, "id", getattr(node, "attr", None)) for node in ast.walk(ast.parse(source))}
    if room != "__init__" and hidden & words:
        found.append(f"{room} imports by a name made at run time")
    return found


def test_every_file_has_its_place_and_every_place_its_file():
    assert sorted(sources()) == sorted(ROOMS)


@pytest.mark.parametrize("room", ROOMS)
def test_room_imports_only_what_lies_below_it_and_what_it_may(room):
    assert faults(room, sources()[room]) == []


def test_no_module_is_called_utils():
    assert [room for room in sources() if "utils" in room] == []


@pytest.mark.parametrize(
    "room, line, fault",
    [
        ("kernels.plan", "from ..network import training", "network.training"),
        ("network.training", "from ..forecaster import RNNForecaster", "forecaster"),
        ("network.training", "import tsrnn.windows", "windows"),
        ("kernels.plan", "from .. import __version__", "imports __init__"),
        ("base", "from .panel import Clock", "panel"),
        ("base", "from . import panel", "panel"),
        ("kernels.gru", "from . import plan as p", "kernels.plan"),
        ("kernels.gru", "from .gru import forward", "kernels.gru"),
        ("panel", "def f():\n    if True:\n        import tsrnn.forecaster as x", "forecaster"),
        ("network.training", "import numba", "numba"),
        ("network.architecture", "try:\n    import pandas as pd\nexcept ImportError:\n    pass", "pandas"),
        ("choices", "from pandas.tseries import offsets", "pandas"),
        ("windows", "from sklearn.base import BaseEstimator", "sklearn"),
        ("calendar", "import joblib", "joblib"),
        ("forecaster", "def f():\n    import matplotlib.pyplot as plt", "matplotlib"),
        ("kernels.step", "import torch", "torch"),
        ("classifier", "from keras import layers", "keras"),
        ("network.training", "import jax.numpy", "jax"),
        ("base", "import tensorflow as tf", "tensorflow"),
        ("base", "import os, requests", "requests"),
        ("base", "from importlib import import_module\nimport_module('torch')", "run time"),
        ("base", "import importlib\nimportlib.import_module('torch')", "run time"),
        ("base", "__import__('torch')", "run time"),
    ],
)
def test_checker_finds_a_planted_fault(room, line, fault):
    assert len(found := faults(room, line)) == 1
    assert fault in found[0]


@pytest.mark.parametrize(
    "room, line",
    [
        ("forecaster", "from .network.training import train\nfrom .kernels import plan"),
        ("network.training", "import math\nimport numpy as np\nfrom ..kernels.workers import Workers"),
        ("kernels.step", "from . import gru, lstm\nfrom .caching import entry\nimport numba"),
        ("__main__", "from . import __version__, datasets"),
        ("panel", "text = 'import torch'  # import numba"),
    ],
)
def test_checker_lets_an_import_downwards_pass(room, line):
    assert faults(room, line) == []


@pytest.mark.parametrize(
    "code, kept_out",
    [
        ("import tsrnn; dir(tsrnn)", "numba pandas sklearn matplotlib"),
        ("import tsrnn; tsrnn.RNNForecaster", "matplotlib"),
    ],
)
def test_import_is_lazy(code, kept_out):
    code += f"; import sys; print([name for name in {kept_out.split()} if name in sys.modules])"
    run = subprocess.run([sys.executable, "-c", code], cwd=PACKAGE.parent, capture_output=True, text=True, timeout=120)
    assert run.stdout.strip() == "[]", run.stdout + run.stderr


@pytest.mark.parametrize("name", tsrnn.__all__)
def test_every_public_name_can_be_had(name):
    assert getattr(tsrnn, name) is not None
