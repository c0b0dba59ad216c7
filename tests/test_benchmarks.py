"""The table of the benchmarks says of every goal whether it is reached, also of one that was not measured."""

from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).resolve().parent.parent / "benchmarks"


@pytest.fixture
def ledger(monkeypatch):
    """An empty ledger of verdicts, with the modules of the table within reach."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
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
