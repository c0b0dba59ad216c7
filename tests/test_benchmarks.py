"""What was not measured is said to be so: in the table's verdict on every goal, and where libraries are compared."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
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


@pytest.mark.usefixtures("benchmarks")
def test_what_is_timed_is_one_network_and_nothing_of_it_is_left_to_auto():
    import one_network

    arguments = one_network.make_forecaster(12, lookback=15, max_iter=1).get_params()
    assert [name for name, value in arguments.items() if value == "auto"] == []
    assert arguments["n_members"] == 1


# Intervals on open panels


def long_frame(series, first=0):
    """Return a long frame of years from {id: values}, each series from a row on."""
    years = pd.date_range("2000-01-01", periods=100, freq="YS")
    parts = [
        pd.DataFrame({"unique_id": name, "ds": years[first : first + len(values)], "y": values})
        for name, values in series.items()
    ]
    return pd.concat(parts)


@pytest.mark.usefixtures("benchmarks")
def test_scores_of_intervals_are_those_by_hand():
    import intervals

    train = long_frame({"a": [1.0, 2.0, 3.0], "b": [10.0, 30.0, 50.0]})  # which change by 1 and by 20
    truths = pd.concat([long_frame({"a": [5.0, 9.0]}, 3), long_frame({"b": [50.0]}, 3)])
    forecasts = truths.assign(y=0.0, **{"y-lo-95": [4.0, 5.0, 40.0], "y-hi-95": [6.0, 8.0, 60.0]})
    found = intervals.figures(truths, forecasts, train, season=1)
    assert found[95] == pytest.approx(2 / 3)
    assert found["width"] == pytest.approx((2.5 / 1 + 20 / 20) / 2)
    assert found["MSIS"] == pytest.approx(((2 + 3 + 40 * 1) / 2 + 20 / 20) / 2)  # 40 is 2 / 0.05
    assert np.isnan([found[80], found["CRPS"]]).all()


@pytest.mark.usefixtures("benchmarks")
def test_the_crps_of_a_single_number_is_the_mase():
    import intervals

    train, truths = long_frame({"a": [1.0, 3.0, 5.0]}), long_frame({"a": [5.0, 9.0]}, 3)
    bounds = {f"y-{side}-{level}": [6.0, 5.0] for level in intervals.LEVELS for side in ("lo", "hi")}
    found = intervals.figures(truths, truths.assign(**bounds), train, season=1)
    assert found["CRPS"] == pytest.approx((1 + 4) / 2 / 2)


@pytest.mark.usefixtures("benchmarks")
def test_normal_intervals_of_the_naive_forecast_grow_with_the_root_of_seasons():
    import intervals

    found = intervals.normal_naive(2, long_frame({"a": [1.0, 3.0, 2.0, 6.0], "b": [5.0, 5.0, 5.0, 5.0]}))
    half = 1.96 * np.sqrt((2**2 + 1**2 + 4**2) / 3) * np.sqrt([1, 2])
    np.testing.assert_allclose(found["y-hi-95"], [*(6 + half), 5, 5])
    np.testing.assert_allclose(found["y-lo-95"], [*(6 - half), 5, 5])


WALKS = {name: np.random.default_rng(k).normal(size=n).cumsum() for k, (name, n) in enumerate([("a", 70), ("b", 65)])}
AHEAD = {"a": 2, "b": 3}


@pytest.fixture
def panel_folder(tmp_path):
    """A folder with a panel of two walks; of its test part nothing is known but how long it is."""
    folder = tmp_path / "cif2016"
    folder.mkdir()
    tests = {name: np.full(AHEAD[name], np.nan) for name in WALKS}
    for part, series in (("train", WALKS), ("test", tests)):
        long_frame(series).drop(columns="ds").to_csv(folder / f"{part}.csv")
    return tmp_path


@pytest.mark.usefixtures("benchmarks")
def test_parts_of_a_panel_follow_each_other_and_each_horizon_has_its_series(panel_folder):
    import open_sets

    train, test = open_sets.read_panel(panel_folder, "cif2016")
    known, held_out = open_sets.hold_out(train, test)
    for horizon, of in open_sets.by_horizon(known, test):
        (name,) = of["unique_id"].unique()
        assert horizon == AHEAD[name]
        np.testing.assert_allclose(of["y"], WALKS[name][:-horizon])
        later = held_out[held_out["unique_id"] == name]
        np.testing.assert_allclose(later["y"], WALKS[name][-horizon:])
        dates = pd.concat([of, later, test[test["unique_id"] == name]])["ds"]
        expected = pd.date_range("2000-01-01", periods=len(WALKS[name]) + horizon, freq="MS")
        np.testing.assert_array_equal(dates, expected)


def test_validation_looks_at_no_test_part_and_what_is_no_better_reaches_no_goal(panel_folder, benchmarks, monkeypatch):
    import intervals

    monkeypatch.setattr(intervals, "network", lambda horizon, train, **_: intervals.seasonal_naive(horizon, train))
    arguments = dict(folder=panel_folder, seeds=[0])
    network, naive, normal = intervals.measure("cif2016", **arguments, validate=True)
    assert network[4:7] == ["1.00", f"{naive[5]} (not reached)", naive[6]]
    assert "nan" not in " ".join(network + naive + normal)
    with pytest.raises(ValueError, match="missing"):
        intervals.measure("cif2016", **arguments, validate=False)
    of_losses = intervals.measure("cif2016", **arguments, validate=True, losses=("normal", "quantile"))
    assert [row[1] for row in of_losses[:2]] == ["RNNForecaster, loss='normal'", "RNNForecaster, loss='quantile'"]
    assert [row[0] for row in of_losses] == ["cif2016", "", "", ""] and of_losses[0][2:] == network[2:]
