"""What was not measured is said to be so: in the table's verdict on every goal, and where libraries are compared."""

from pathlib import Path
from types import SimpleNamespace

import pytest

BENCHMARKS = Path(__file__).resolve().parent.parent / "benchmarks"


@pytest.fixture
def benchmarks(monkeypatch):
    """The modules of the benchmarks within reach."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))


@pytest.fixture
def ledger(benchmarks):
    """An empty ledger of verdicts."""
    from verdicts import Ledger

    return Ledger()


def test_a_verdict_is_yes_no_disturbed_or_not_measured(ledger):
    good, disturbed = {"disturbed": False}, {"disturbed": True}
    assert ledger.at_least("claim", "row", 1.81, 2.0, good) == "yes"  # within 10 %
    assert ledger.at_least("claim", "row", 1.79, 2.0, good) == "no"
    assert ledger.at_most("claim", "row", 2.21, 2.0, good) == "yes"
    assert ledger.at_most("claim", "row", 2.23, 2.0, good) == "no"
    assert ledger.at_least("claim", "row", 9.0, 2.0, good, disturbed) == "disturbed"
    assert ledger.at_least("claim", "row", None, 2.0, good, None) == "not measured"
    assert [verdict for _, _, verdict in ledger.entries] == ["yes", "no", "yes", "no", "disturbed", "not measured"]


def test_goals_without_a_measurement_are_not_reached(ledger):
    import table_of_training
    import workload

    table_of_training.training([], ledger, "float32")
    assert len(ledger.entries) == len(workload.GOALS) * len(workload.CELLS)
    assert {verdict for _, _, verdict in ledger.entries} == {"not measured"}


def test_a_failure_of_ours_is_a_goal_missed(ledger):
    import table_of_use

    start = {"benchmark": "start", "run": "1", "date": "2026-01-01 00:00:00", "error": "killed"}
    job = {**start, "case": {"task": "forecast"}, "label": "tsrnn, warm"}
    compiled = {**start, "case": {"task": "compile", "cell": "lstm", "dtype": "float32"}, "label": "tsrnn, cold"}
    memory = {**start, "benchmark": "memory", "case": {"n_windows": 1000, "n_batch": 32}}
    for section, line in [
        (table_of_use.whole_job, job),
        (table_of_use.start, compiled),
        (table_of_use.memory, memory),
    ]:
        section([line], ledger)
        assert ledger.entries.pop()[2] == "no"
        assert not ledger.entries


CASE = {"cell": "lstm"}
FAILED = ["not measured: no library gave a result"]


def trained(peer, first):
    return {"peer": peer, "first": [first], "second": [first]}


@pytest.mark.usefixtures("benchmarks")
@pytest.mark.parametrize("benchmark", ["training", "inference"])
@pytest.mark.parametrize("others", [[], ["peak"], ["peak", "whole"]])
def test_where_no_library_was_measured_nothing_is_compared_and_that_is_said(benchmark, others):
    import parity

    lines = {label: trained(label, 1.0) for label in others}
    assert parity.differences(benchmark, CASE, lines) == {}
    assert parity.complaints(benchmark, CASE, lines) == FAILED


@pytest.mark.usefixtures("benchmarks")
def test_a_library_with_other_losses_is_named_and_whom_it_differs_from():
    import parity

    lines = {"peak": trained("peak", 9.0), "tsrnn:fit": trained("tsrnn", 1.0), "jax": trained("jax", 1.5)}
    assert parity.complaints("training", CASE, lines) == ["jax differs from tsrnn:fit by 5.0e-01, 5.0e-01"]
    del lines["jax"]
    assert parity.complaints("training", CASE, lines) == []


class Broken:
    """A library's process that fails whatever it is asked."""

    peer = "tsrnn"

    def ask(self, what, **request):
        return {"ok": False, "error": "the process ended", "variants": ["default"]}


@pytest.mark.usefixtures("benchmarks")
def test_a_benchmark_whose_libraries_all_fail_says_so(tmp_path, capsys):
    import inference
    import training_step

    arguments = SimpleNamespace(dtype="float32", rounds=1, chunk=0.1, out=tmp_path / "lines")
    (complaint,) = inference.measure_task([Broken()], "lstm", "window", arguments)
    assert complaint.endswith(FAILED[0])
    case = {"cell": "lstm", "shape": (32, 24, 1, 32, 1), "dtype": "float32"}
    first, second = training_step.measure_case([Broken()], "training", case, arguments)
    assert first.endswith(FAILED[0])
    assert second.endswith("tsrnn was not measured")
    assert "the process ended" in capsys.readouterr().err


@pytest.mark.usefixtures("benchmarks")
def test_the_index_for_torch_is_asked_for_torch_alone(monkeypatch):
    import setup_peers

    monkeypatch.setattr("sys.argv", ["setup_peers.py", "folder", "--torch-index", "https://cpu.example"])
    asked = []
    monkeypatch.setattr(setup_peers.subprocess, "run", lambda command, check: asked.append([*map(str, command)]))
    setup_peers.main()
    installed = {command[0].split("/")[1]: command[4:] for command in asked if "pip" in command}
    further = ["--extra-index-url", "https://cpu.example"]
    assert installed == {**setup_peers.PACKAGES, "torch": [*further, *setup_peers.PACKAGES["torch"]]}
