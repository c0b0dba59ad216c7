"""The table of accuracy: tasks are what the papers define, tests stay out of choices, figures are what was found."""

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

BENCHMARKS = Path(__file__).resolve().parent.parent / "benchmarks"


@pytest.fixture(autouse=True)
def benchmarks(monkeypatch):
    """The modules of the benchmarks within reach."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))


@pytest.fixture
def folder(tmp_path):
    """A folder with three small sets in the place of those of the archive: two classes, told by the level."""
    rng = np.random.default_rng(0)
    for name in ("GunPoint", "ItalyPowerDemand", "BasicMotions"):
        y = np.array(["1", "2"] * 10)
        X = rng.normal(size=(20, 2, 30)) + 3 * (y == "2")[:, None, None]
        np.savez(tmp_path / f"{name}.npz", X_train=X, y_train=y, X_test=X[:6], y_test=y[:6])
    return tmp_path


def test_adding_problem_marks_two_steps_and_adds_them():
    import sequence_tasks

    X, y = sequence_tasks.adding_problem(500, 7, seed=0)
    for window, target in zip(X, y, strict=True):
        values, marks = window.T
        assert sorted(marks) == [0] * 5 + [1] * 2
        # The targets are float64, the values rounded to float32.
        assert sum(value for value, mark in zip(values, marks, strict=True) if mark) == pytest.approx(target, rel=1e-6)
    assert 0 <= X[:, :, 0].min() < 0.01 < 0.99 < X[:, :, 0].max() < 1
    # Every step is marked alike often: 2 of 7 of 500, five standard deviations of a binomial.
    assert X[:, :, 1].sum(axis=0) == pytest.approx(np.full(7, 500 * 2 / 7), abs=5 * (500 * 2 / 7 * 5 / 7) ** 0.5)


def test_temporal_order_is_told_by_the_two_rare_symbols():
    import sequence_tasks

    X, y = sequence_tasks.temporal_order(300, 50, seed=0)
    assert X.shape == (300, 50, 6)
    assert (X.sum(axis=2) == 1).all()
    symbols = X.argmax(axis=2)
    for window, kind in zip(symbols, y, strict=True):
        early, late = np.flatnonzero(window < 2)
        assert 5 <= early < 10
        assert 25 <= late < 30
        assert kind == 2 * window[early] + window[late]
    assert set(y) == {0, 1, 2, 3}
    assert set(symbols.ravel()) == set(range(6))


def test_copy_memory_asks_for_the_symbols_after_the_sign():
    import sequence_tasks

    X, said = sequence_tasks.copy_memory(50, 30, seed=0)
    assert X.shape == said.shape == (50, 30 + 20)
    for window, target in zip(X, said, strict=True):
        assert set(window[:10]) <= set(range(1, 9))
        assert list(window[10:]) == [0] * 29 + [9] * 11
        assert list(target) == [0] * 40 + list(window[:10])


@pytest.mark.parametrize("task", ["adding_problem", "temporal_order", "copy_memory"])
def test_a_task_is_drawn_by_its_seed(task):
    import sequence_tasks

    draw = getattr(sequence_tasks, task)
    (X, y), (again, y_again), (other, _) = draw(20, 30, 1), draw(20, 30, 1), draw(20, 30, 2)
    assert (again == X).all()
    assert (y == y_again).all()
    assert (other != X).any()


def test_windows_are_scaled_as_training_says_and_cut_from_the_end():
    from sequence_recipes import Prepare

    X = np.arange(24.0).reshape(2, 6, 2)
    prepare = Prepare(mean_of=2, side_by_side=2).fit(X[:1])
    means, deviations = [5.0, 6.0], [np.sqrt(35 / 3)] * 2  # of 0, 2 .. 10 and of 1, 3 .. 11
    assert (prepare.mean_ == means).all()
    pairs = ((X - means) / deviations).reshape(2, 3, 2, 2).mean(axis=2)  # 3 steps, of which the last two are kept
    assert prepare.transform(X) == pytest.approx(pairs[:, 1:].reshape(2, 1, 4))
    X[0] *= -1
    assert Prepare(magnitude=True).fit_transform(X).shape == (2, 6, 4)
    assert (Prepare(magnitude=True).fit(X).mean_[2:] == np.abs(X).mean(axis=(0, 1))).all()


def test_what_was_chosen_is_among_the_candidates():
    import sequence_recipes

    assert sequence_recipes.CHOSEN.keys() == sequence_recipes.CANDIDATES.keys()
    for name, settings in sequence_recipes.CHOSEN.items():
        assert sequence_recipes.CANDIDATES[name].count(settings) == 1


def test_choosing_looks_at_training_parts_alone(folder, monkeypatch, capsys):
    import sequence_accuracy
    import sequence_recipes

    path = folder / "GunPoint.npz"
    with np.load(path) as data:
        parts = dict(data)
    np.savez(path, **{**parts, "X_test": np.full((6, 2, 30), np.nan)})  # who looks at it raises
    good = {**sequence_recipes.CHOSEN["GunPoint"], "max_iter": 10}
    poor = {**good, "learning_rate": 1e-9}
    monkeypatch.setattr(sequence_recipes, "CANDIDATES", {"GunPoint": [poor, good]})
    monkeypatch.setattr(sequence_recipes, "CHOSEN", {"GunPoint": good})
    sequence_accuracy.choose(SimpleNamespace(data=folder, only=[""], n_jobs=1))
    _, best, worst, verdict = capsys.readouterr().out.splitlines()
    assert best == f"  1.000 {best.split()[1]} {good}"
    assert worst.endswith(str(poor))
    assert verdict.endswith("yes")


def test_the_table_has_medians_and_what_is_reached(folder, tmp_path, monkeypatch):
    import sequence_accuracy
    import sequence_recipes

    quick = {name: {**settings, "max_iter": 15} for name, settings in sequence_recipes.CHOSEN.items()}
    monkeypatch.setattr(sequence_recipes, "CHOSEN", quick)
    out, table = tmp_path / "lines.jsonl", tmp_path / "ACCURACY.md"
    monkeypatch.setattr(
        "sys.argv",
        ["sequence_accuracy.py", "--only", "Gun", "--seeds", "3", "--n-jobs", "1", "--data", str(folder), "--out",
         str(out), "--table", str(table)],
    )  # fmt: skip
    sequence_accuracy.main()
    (row,) = [line.split(" | ") for line in table.read_text().splitlines() if line.startswith("| GunPoint")]
    assert row[1:8] == ["lstm", "1.000", "1.000 to 1.000", "3", ">= 0.95", "yes", "1.000"]
    found = [json.loads(line) for line in out.read_text().splitlines()][1:]
    assert [line["seed"] for line in found] == [0, 1, 2]
    for line, figure in zip(found, [0.9, 0.94, 1.0], strict=True):
        line["figure"] = figure
    row = sequence_accuracy._row(found[0]["case"], found)
    assert row[2:7] == ["0.940", "0.900 to 1.000", 3, ">= 0.95", "no"]
    for line in found:
        line["goal"] = ["<", 0.95]
    assert sequence_accuracy._row(found[0]["case"], found)[6] == "yes"
