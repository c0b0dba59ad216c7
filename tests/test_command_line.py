"""The command line: what it prints, writes and refuses."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import tsrnn
from tsrnn.__main__ import main

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def sales(folder):
    """A CSV file of 160 days: a week's pattern on a rise."""
    days = pd.date_range("2024-01-01", periods=160, freq="D")
    units = 50 + 0.1 * np.arange(160) + 8 * np.sin(np.arange(160) * 2 * np.pi / 7)
    pd.DataFrame({"day": days.strftime("%Y-%m-%d"), "units": units.round(2), "shop": "A"}).to_csv(
        "sales.csv", index=False
    )
    return "sales.csv"


def edit(path, row, column, value):
    frame = pd.read_csv(path, dtype=object)
    frame.loc[row, column] = value
    frame.to_csv(path, index=False)


FORECAST = ["forecast", "sales.csv", "--time-col", "day", "--target", "units", "--horizon", "7"]


def test_forecast_writes_the_next_steps_and_reports_what_it_did(sales, folder, capsys):
    assert main([*FORECAST, "--plot", "picture.png", "--output", "next.csv"]) == 0
    out, err = capsys.readouterr()
    written = pd.read_csv("next.csv", parse_dates=["day"], index_col="day")
    assert list(written.columns) == ["units"]
    assert list(written.index) == list(pd.date_range("2024-06-09", periods=7, freq="D"))
    assert np.isfinite(written["units"]).all()
    assert Path("picture.png").read_bytes()[:4] == b"\x89PNG"
    for said in (
        "160 points, 2024-01-01 to 2024-06-08, step D",
        "0 missing values, 0 absent stamps",
        "LSTM of 32 units",
    ):
        assert said in out
    for score in ("MAE", "RMSE", "sMAPE", "MASE", "seasonal naive (7)", "next.csv", "picture.png"):
        assert score in out
    assert "epoch" in err  # the progress bar
    assert sorted(path.name for path in folder.iterdir()) == ["next.csv", "picture.png", "sales.csv"]


def test_printed_scores_are_those_of_a_forecast_made_without_the_held_out_points(sales, capsys):
    assert main(FORECAST) == 0
    out = capsys.readouterr().out
    series = pd.read_csv(sales, parse_dates=["day"], index_col="day")["units"].asfreq("D")
    known, truth = series[:-7], series[-7:]
    model = tsrnn.RNNForecaster(7, random_state=0).fit(known)
    expected = tsrnn.metrics.forecast_scores(truth, model.forecast(), known, 7)
    line = next(line for line in out.splitlines() if line.startswith("LSTM "))
    assert line.split()[1:] == [f"{expected[name]:.4g}" for name in ("MAE", "RMSE", "sMAPE", "MASE")]
    # and the forecast is that of everything, for as many epochs
    n_epochs = model.best_iter_
    assert n_epochs > 10  # beyond the patience of training, which must not end this run
    everything = tsrnn.RNNForecaster(
        7, random_state=0, early_stopping=False, max_iter=n_epochs, n_iter_no_change=n_epochs
    ).fit(series)
    assert everything.n_iter_ == n_epochs
    final = everything.forecast()
    np.testing.assert_allclose(pd.read_csv("forecast.csv")["units"], final, rtol=1e-7)  # eight digits are written


def test_python_m_and_the_command_are_the_same(folder):
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    listing = subprocess.run(
        [sys.executable, "-m", "tsrnn", "datasets"], capture_output=True, text=True, env=environment, check=True
    )
    assert [line.split()[0] for line in listing.stdout.splitlines()] == list(tsrnn.datasets.names())
    assert "tsrnn = tsrnn.__main__:main" in (ROOT / "setup.cfg").read_text()


def test_gaps_are_counted_interpolated_and_not_scored(sales, capsys):
    edit(sales, 20, "units", "")
    edit(sales, 158, "units", "")
    frame = pd.read_csv(sales).drop(index=[40, 41])
    frame.to_csv(sales, index=False)
    assert main([*FORECAST, "--missing", "interpolate"]) == 0
    out = capsys.readouterr().out
    assert "2 missing values, 2 absent stamps: interpolated" in out
    assert "scores on 6 held-out observations" in out


def test_whole_numbers_are_a_clock_too(folder, capsys):
    years = np.arange(1900, 2000)
    pd.DataFrame({"year": years.astype(float), "level": np.sin(years / 3)}).to_csv("levels.csv", index=False)
    assert (
        main(["forecast", "levels.csv", "--time", "year", "--target", "level", "--horizon", "3", "--cell", "gru"]) == 0
    )
    assert list(pd.read_csv("forecast.csv")["year"]) == [2000, 2001, 2002]


def test_bundled_set_with_several_columns_takes_a_target(folder, capsys):
    assert main(["forecast", "us_macro", "--horizon", "4", "--target", "unemp", "--cell", "rnn"]) == 0
    assert list(pd.read_csv("forecast.csv").columns) == ["ds", "unemp"]


def test_same_seed_same_file_and_another_seed_another(sales):
    texts = []
    for seed in ("0", "0", "1"):
        assert main([*FORECAST, "--seed", seed]) == 0
        texts.append(Path("forecast.csv").read_text())
    assert texts[0] == texts[1] != texts[2]


@pytest.mark.parametrize(
    "change, arguments, message",
    [
        (None, ["forecast", "no.csv", "--horizon", "3"], "no file 'no.csv' and no bundled set"),
        (None, ["forecast", "sales.csv", "--horizon", "3"], "name one with --time"),
        (None, ["forecast", "sales.csv", "--horizon", "3", "--time-col", "day"], "name one with --target"),
        (
            None,
            [*FORECAST[:2], "--time", "when", *FORECAST[4:]],
            "no column 'when'; --time takes one of day, units, shop",
        ),
        (None, [*FORECAST[:4], "--target", "price", *FORECAST[6:]], "no column 'price'; --target takes one of"),
        (None, [*FORECAST[:4], "--target", "day", *FORECAST[6:]], "both name 'day'"),
        (None, [*FORECAST[:4], "--target", "shop", *FORECAST[6:]], "which is not a number"),
        (None, ["forecast", "co2", "--horizon", "3"], "missing='interpolate'|--missing interpolate"),
        (None, ["forecast", "co2", "--horizon", "3", "--time", "ds"], "--time is for CSV files"),
        (None, ["forecast", "co2", "--horizon", "3", "--target", "x"], "no column 'x'"),
        (None, ["forecast", "us_macro", "--horizon", "3"], "name one with --target"),
        (None, ["forecast", "us_employment", "--horizon", "3"], "many series"),
        (None, [*FORECAST, "--output", "nowhere/f.csv"], "nowhere/f.csv cannot be written"),
        (None, [*FORECAST, "--plot", "nowhere/f.png"], "nowhere/f.png cannot be written"),
        (None, [*FORECAST, "--plot", "f.xyz"], "must end in one of"),
        (None, [*FORECAST[:7], "100"], "needs at least .*Shorten --horizon or --lookback"),
        (None, [*FORECAST[:7], "160"], "too few to hold 160 out"),
        ((5, "day", "soon"), FORECAST, "line 7: day is 'soon', which is not a date"),
        ((5, "day", ""), FORECAST, "line 7: day is nan, but every row needs a time stamp"),
        ((5, "day", "2024-01-05"), FORECAST, "2024-01-05 .*more than once; keep one row per stamp in the file"),
        ((5, "day", "2025-01-06"), FORECAST, "not sorted: .*; sort the rows of the file"),
        ((5, "units", ""), FORECAST, "1 missing value"),
        ((5, "units", "inf"), FORECAST, "infinite value"),
        ((5, "units", "many"), FORECAST, "'many'.*not a number; see --decimal"),
    ],
)
def test_what_cannot_be_forecast_is_one_sentence_and_writes_nothing(sales, folder, capsys, change, arguments, message):
    if change is not None:
        edit(sales, *change)
    before = sorted(path.name for path in folder.iterdir())
    assert main(arguments) == 1
    err = capsys.readouterr().err
    assert err.startswith("tsrnn: error: ")
    assert err.count("\n") == 1
    import re

    assert re.search(message, err), err
    assert sorted(path.name for path in folder.iterdir()) == before


@pytest.mark.parametrize(
    "arguments, message",
    [
        ([], "COMMAND"),
        (["forecast", "co2"], "--horizon"),
        (["forecast", "co2", "--horizon", "0"], "must be at least 1, got 0"),
        (["forecast", "co2", "--horizon", "two"], "must be a whole number of steps, got 'two'"),
        (["forecast", "co2", "--horizon", "3", "--missing", "drop"], "invalid choice"),
    ],
)
def test_wrong_usage_exits_with_two(capsys, arguments, message):
    with pytest.raises(SystemExit) as stop:
        main(arguments)
    assert stop.value.code == 2
    assert message in capsys.readouterr().err


def test_empty_and_binary_files_are_refused(folder, capsys):
    Path("empty.csv").write_text("")
    Path("binary.csv").write_bytes(bytes(range(128, 256)) * 4)
    for name in ("empty.csv", "binary.csv"):
        assert main(["forecast", name, "--horizon", "3", "--time", "a", "--target", "b"]) == 1
        assert f"{name} cannot be read as a CSV file" in capsys.readouterr().err


def test_dates_in_another_order_are_refused_until_their_format_is_named(folder, capsys):
    days = pd.date_range("2024-01-01", periods=160, freq="D")
    units = np.sin(np.arange(160) * 2 * np.pi / 7)
    pd.DataFrame({"day": days.strftime("%d/%m/%Y"), "units": units}).to_csv("sales.csv", index=False)
    assert main(FORECAST) == 1
    assert "see --time-format" in capsys.readouterr().err
    assert main([*FORECAST, "--time-format", "%d/%m/%Y"]) == 0
    assert pd.read_csv("forecast.csv")["day"][0] == "2024-06-09"


def test_semicolons_decimal_commas_and_encodings_are_options(folder, capsys):
    days = pd.date_range("2024-01-01", periods=160, freq="D")
    frame = pd.DataFrame({"Tag": days.strftime("%Y-%m-%d"), "Stück": 5 + np.sin(np.arange(160) * 2 * np.pi / 7)})
    frame.to_csv("laden.csv", index=False, sep=";", decimal=",", encoding="cp1252")
    command = ["forecast", "laden.csv", "--time", "Tag", "--target", "Stück", "--horizon", "7"]
    assert main(command) == 1
    assert "see --encoding" in capsys.readouterr().err
    assert main([*command, "--encoding", "cp1252"]) == 1
    assert "--sep ';'" in capsys.readouterr().err
    assert main([*command, "--encoding", "cp1252", "--sep", ";"]) == 1
    assert "see --decimal" in capsys.readouterr().err
    assert main([*command, "--encoding", "cp1252", "--sep", ";", "--decimal", ","]) == 0


@pytest.mark.parametrize("dates", ["%d/%m/%Y", "%Y%m"])
def test_months_that_would_be_misread_are_refused_until_their_format_is_named(folder, capsys, dates):
    months = pd.date_range("2010-01-01", periods=150, freq="MS")
    sales = np.sin(np.arange(150) * 2 * np.pi / 12)
    pd.DataFrame({"month": months.strftime(dates), "sales": sales}).to_csv("months.csv", index=False)
    command = ["forecast", "months.csv", "--time", "month", "--target", "sales", "--horizon", "3"]
    assert main([*command, "--missing", "interpolate"]) == 1  # not taken for days of which most are absent
    assert "no regular step" in capsys.readouterr().err
    assert main([*command, "--time-format", dates]) == 0
    assert list(pd.read_csv("forecast.csv")["month"]) == ["2022-07-01", "2022-08-01", "2022-09-01"]


def test_offsets_that_change_with_the_clocks_are_read_as_utc_and_said_so(folder, capsys):
    hours = pd.date_range("2024-03-25", periods=300, freq="h", tz="Europe/Berlin")
    load = np.sin(np.arange(300) * 2 * np.pi / 24)
    pd.DataFrame({"hour": hours.map(lambda stamp: stamp.isoformat()), "load": load}).to_csv("load.csv", index=False)
    assert main(["forecast", "load.csv", "--time", "hour", "--target", "load", "--horizon", "5"]) == 0
    assert "read as UTC" in capsys.readouterr().out
    following = pd.date_range(hours[-1], periods=6, freq="h")[1:].tz_convert("UTC")
    assert list(pd.to_datetime(pd.read_csv("forecast.csv")["hour"])) == list(following)


@pytest.mark.parametrize(
    "arguments", [["--output", "sales.csv"], ["--plot", "./sales.png"], ["--output", "a.png", "--plot", "a.png"]]
)
def test_what_was_read_is_never_overwritten(sales, folder, capsys, arguments):
    Path("sales.png").symlink_to("sales.csv")
    before = Path(sales).read_bytes()
    assert main([*FORECAST, *arguments]) == 1
    assert "would overwrite" in capsys.readouterr().err
    assert Path(sales).read_bytes() == before


def test_an_output_that_is_no_regular_file_is_refused(sales, folder, capsys):
    (folder / "next").mkdir()
    os.mkfifo(folder / "pipe")
    for target in ("next", "pipe"):
        assert main([*FORECAST, "--output", target]) == 1
        assert "is not a file that can be written" in capsys.readouterr().err


def test_an_end_that_nobody_observed_is_said_and_not_tested_against(sales, capsys):
    for row in (157, 158, 159):
        edit(sales, row, "units", "")
    assert main([*FORECAST, "--missing", "interpolate"]) == 0
    assert "the last 3 values are unknown" in capsys.readouterr().out
    assert main([*FORECAST[:7], "3", "--missing", "interpolate"]) == 1
    assert "none of the last 3 points was observed" in capsys.readouterr().err


def test_advice_is_given_in_options_of_the_command(sales, capsys):
    edit(sales, 20, "units", "")
    assert main(FORECAST) == 1
    err = capsys.readouterr().err
    assert "add --missing interpolate" in err
    assert "missing='interpolate'" not in err


def test_interrupt_exits_with_130_and_writes_nothing(sales, folder, capsys, monkeypatch):
    from tsrnn.network import training

    run_epoch, calls = training._run_epoch, []

    def interrupted(*arguments):
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return run_epoch(*arguments)

    monkeypatch.setattr(training, "_run_epoch", interrupted)
    assert main(FORECAST) == 130
    assert "written: nothing" in capsys.readouterr().err
    assert not Path("forecast.csv").exists()
