"""The command line: what it prints, writes and refuses."""

import argparse
import ast
import os
import re
import shlex
import subprocess
import sys
import warnings
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


def one_line(err):
    """Return the only line of an output that is no progress bar."""
    lines = [line for line in err.splitlines() if line and "/s]" not in line]
    assert len(lines) == 1, lines
    return lines[0]


def edit(path, row, column, value):
    frame = pd.read_csv(path, dtype=object)
    frame.loc[row, column] = value
    frame.to_csv(path, index=False)


# A network that costs next to nothing: these tests are of what stands around it.
TINY = ["--hidden-layer-sizes", "4", "--max-iter", "2"]
FORECAST = ["forecast", "sales.csv", "--time-col", "day", "--target", "units", "--horizon", "7"]


def test_forecast_writes_the_next_steps_and_reports_what_it_did(sales, folder, capsys, monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    assert main([*FORECAST, "--plot", "picture.png", "--out", "next.csv"]) == 0
    out, err = capsys.readouterr()
    written = pd.read_csv("next.csv", parse_dates=["day"], index_col="day")
    assert list(written.columns) == ["units"]
    assert list(written.index) == list(pd.date_range("2024-06-09", periods=7, freq="D"))
    assert np.isfinite(written["units"]).all()
    assert Path("picture.png").read_bytes()[:4] == b"\x89PNG"
    for said in (
        "160 points, 2024-01-01 to 2024-06-08, step D",
        "no value missing, no stamp absent",
        "\nnetwork   LSTM of 32 units; reads 9 steps, gives 7\n",
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
    # and the forecast is that of a fit to everything in the same way
    final = tsrnn.RNNForecaster(7, random_state=0).fit(series)
    written = pd.read_csv("forecast.csv")["units"]
    np.testing.assert_allclose(written, final.forecast(), rtol=1e-7)  # eight digits are written
    recipe = "          by --target-transform none --window-norm last --scaler standard\n"
    for fitted, where in ((model, "a part of the rest held out to watch"), (final, "the latest part; then ")):
        best = f"          best after {fitted.best_iter_} of {fitted.n_iter_} epochs, on {where}"
        assert out[out.index(best) :].partition("\n")[2].startswith(recipe)


def test_what_is_tried_and_chosen_for_test_and_forecast_is_what_the_library_does(sales, capsys, chosen, monkeypatch):
    from tsrnn import choices

    monkeypatch.setattr(choices, "best_way", lambda errors: len(errors) - 1)  # not the first
    assert main([*FORECAST, "--hidden-layer-sizes", "4", "--max-iter", "3"]) == 0
    out = capsys.readouterr().out
    series = pd.read_csv(sales, parse_dates=["day"], index_col="day")["units"].asfreq("D")
    model = tsrnn.RNNForecaster(7, hidden_layer_sizes=4, max_iter=3, random_state=0)
    tested, final = model.fit(series[:-7]).choices_["recipes"], model.fit(series)
    np.testing.assert_allclose(pd.read_csv("forecast.csv")["units"], final.forecast(), rtol=1e-7)  # eight digits
    assert len(final.choices_["trial_errors"]) == 2
    assert out.count(" epochs (the first of 6 networks), on ") == 2
    transforms = ["signed_log1p deseasonalise", "deseasonalise"]
    assert re.findall("3 networks by (.*)", out) == [
        f"--target-transform {transform} --window-norm {recipe.window_norm} --scaler {recipe.scaler}"
        for recipes in (tested, final.choices_["recipes"])
        for transform, recipe in zip(transforms, recipes, strict=True)
    ]


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
        main(["forecast", "levels.csv", "--time-col", "year", "--target", "level", "--horizon", "3", "--cell", "gru"])
        == 0
    )
    assert list(pd.read_csv("forecast.csv")["year"]) == [2000, 2001, 2002]


def test_bundled_set_with_several_columns_takes_a_target(folder, capsys):
    assert main(["forecast", "us_macro", "--horizon", "4", "--target", "unemp", "--cell", "rnn"]) == 0
    assert list(pd.read_csv("forecast.csv").columns) == ["ds", "unemp"]


def test_same_seed_same_file_and_another_seed_another(sales):
    texts = []
    for seed in ("0", "0", "1"):
        assert main([*FORECAST, "--random-state", seed]) == 0
        texts.append(Path("forecast.csv").read_text())
    assert texts[0] == texts[1] != texts[2]


@pytest.mark.parametrize(
    "change, arguments, message",
    [
        (None, ["forecast", "no.csv", "--horizon", "3"], "no file 'no.csv' and no bundled set"),
        (None, ["forecast", ".", "--horizon", "3"], "is a folder"),
        (None, ["forecast", "sales.xlsx", "--horizon", "3"], "ends in .xlsx; .* .csv or .parquet"),
        (None, ["forecast", "sales.csv", "--horizon", "3"], "name that of time stamps with --time-col"),
        (None, [*FORECAST[:3], "when", *FORECAST[4:]], "no column 'when'; --time-col takes one of day, units, shop"),
        (None, [*FORECAST[:4], "--target", "price", *FORECAST[6:]], "no column 'price'; --target takes one of"),
        (None, [*FORECAST[:4], "--target", "day", *FORECAST[6:]], "--time-col and --target both name 'day'"),
        (None, [*FORECAST[:4], "--target", "shop", *FORECAST[6:]], "which is not a number"),
        (None, [*FORECAST[:4], "--past-covariates", "units", *FORECAST[6:]], "no column of numbers to forecast"),
        (None, [*FORECAST, "--past-covariates", "shop", "shop"], "--past-covariates names 'shop' twice"),
        (None, [*FORECAST, "--id-col", "store"], "no column 'store'; --id-col takes one of"),
        (None, [*FORECAST, "--covariates", "shop"], "rows to come of 'shop' are not known; .* --future"),
        (None, [*FORECAST, "--future", "no.csv"], "no file 'no.csv', which --future names"),
        (None, [*FORECAST, "--future", "sales.csv"], "no value of .shop. .* at 2024-06-09.* in the file --future"),
        (None, [*FORECAST, "--calendar", "week"], "no feature 'week'"),
        (None, [*FORECAST, "--bounds", "60", "none"], "out of the bounds"),
        (None, [*FORECAST, "--loss", "poisson"], "but --loss poisson is of counts: .* or fit with --loss normal for"),
        (
            None,
            [*FORECAST, "--loss", "poisson", "--scaler", "mean"],
            "--loss poisson is of counts .* --scaler mean would change; leave it out",
        ),
        (
            None,
            [*FORECAST, "--loss", "poisson", "--window-norm", "mean"],
            "--loss poisson is of counts .* --window-norm mean would change; leave it out",
        ),
        (
            None,
            [*FORECAST, "--loss", "normal", "--target-transform", "difference"],
            "--loss normal forecasts a distribution .* --target-transform would",
        ),
        (None, [*FORECAST, "--freq", "W"], "no regular step: .* name its --freq"),
        (None, ["forecast", "co2", "--horizon", "3"], "add --missing interpolate or --missing mask"),
        (None, ["forecast", "co2", "--horizon", "3", "--time-col", "ds"], "--time-col is for files"),
        (None, ["forecast", "co2", "--horizon", "3", "--target", "x"], "no column 'x'"),
        (
            None,
            ["forecast", "seattle_weather", "--horizon", "3", "--past-covariates", "wind"],
            "name the one .*--target",
        ),
        (None, [*FORECAST, "--out", "nowhere/f.csv"], "nowhere/f.csv cannot be written"),
        (None, [*FORECAST, "--out", "f.xlsx"], "--out f.xlsx ends in .xlsx"),
        (None, [*FORECAST, "--plot", "nowhere/f.png"], "nowhere/f.png cannot be written"),
        (None, [*FORECAST, "--plot", "f.xyz"], "must end in one of"),
        (None, [*FORECAST[:7], "100"], "needs at least .*Shorten --horizon"),
        (None, [*FORECAST[:7], "160"], "too few to hold 160 out"),
        (None, ["backtest", *FORECAST[1:], "--initial", "158"], "0 origins from --initial 158 on"),
        (None, ["backtest", *FORECAST[1:], "--window-size", "9"], "--window-size 9 is for --window rolling"),
        (None, ["backtest", *FORECAST[1:], "--by", "series"], "--by series needs several series"),
        (None, ["backtest", *FORECAST[1:], "--initial", "9"], "needs at least 15.* fitted at 2024-01-09"),
        (None, ["datasets", "co3"], "no data set 'co3'"),
        (None, ["datasets", "--out", "f.csv"], "needs the name of a set"),
        ((5, "day", "soon"), FORECAST, "line 7: day is 'soon', which is not a date"),
        ((5, "day", ""), FORECAST, "line 7: day is empty, but every row needs a time stamp"),
        (
            (5, "day", "2024-01-05"),
            FORECAST,
            "2024-01-05 .*more than once; keep one row per stamp in the file, or name the ids by --id-col",
        ),
        ((5, "day", "2025-01-06"), FORECAST, "not sorted: .*; sort the rows of the file"),
        ((5, "units", ""), FORECAST, "1 missing value"),
        ((5, "units", "inf"), FORECAST, "infinite value"),
        ((5, "units", "many"), FORECAST, "'many'.*not a number; see --decimal"),
        ((5, "units", "1,5"), [*FORECAST[:4], *FORECAST[6:]], "'1,5' in column 'units'.*see --decimal"),
        (
            (5, "units", "1,5"),
            FORECAST,
            "'1,5' in column 'units'.* if its comma is the decimal mark, see --decimal and --sep",
        ),
        ((slice(None), "shop", "1.200,5"), [*FORECAST[:4], *FORECAST[6:]], "'1.200,5' .*see --decimal and --sep"),
        ((slice(None), "shop", "-1,5"), [*FORECAST, "--past-covariates", "shop"], "'-1,5' .*see --decimal and --sep"),
    ],
)
def test_what_cannot_be_forecast_is_one_sentence_and_writes_nothing(sales, folder, capsys, change, arguments, message):
    if change is not None:
        edit(sales, *change)
    before = sorted(path.name for path in folder.iterdir())
    assert main(arguments) == 1
    err = one_line(capsys.readouterr().err)
    assert err.startswith("tsrnn: error: ")
    assert re.search(message, err), err
    assert not re.search(r"\w=|\(\)|\bX\b", err), "the advice is Python"
    assert sorted(path.name for path in folder.iterdir()) == before


@pytest.mark.parametrize(
    "arguments, message",
    [
        ([], "COMMAND"),
        (["forecast", "co2"], "--horizon"),
        (["forecast", "co2", "--horizon", "0"], "must be at least 1, got 0"),
        (["forecast", "co2", "--horizon", "two"], "must be a whole number, got 'two'"),
        (["forecast", "co2", "--horizon", "3", "--missing", "drop"], "invalid choice"),
        (["forecast", "--horizon", "3"], "SOURCE comes first, before the options"),
        (["forecast", "co2", "--horizon", "3", "--n-jobs", "0"], "-1 is all cores"),
        (["forecast", "co2", "--horizon", "3", "--learning-rate", "-1"], "must be more than 0, got -1"),
        (["forecast", "co2", "--horizon", "3", "--bounds", "0", "much"], "must be numbers, or none; got 'much'"),
        (["forecast", "co2", "--horizon", "3", "--random-state", "-1"], "must be at least 0, got -1"),
        (["backtest", "co2", "--horizon", "3", "--refit", "often"], "must be yes, no, warm or a whole number"),
        (["backtest", "co2", "--horizon", "3", "--initial", "1.5"], "or a share such as 0.8, got 1.5"),
        (["backtest", "co2", "--horizon", "3", "--scores", "foo"], "no score 'foo'; choose of MAE, RMSE"),
        (["backtest", "co2", "--horizon", "3", "--future", "f.csv"], "known ahead with --covariates"),
        (["forecast", "co2", "--horizon", "3", "--calendar", "all", "holidays:DE"], "--calendar all stands alone"),
        (
            ["forecast", "co2", "--horizon", "3", "--calendar", "month", "none"],
            "--calendar none stands alone; give it, or",
        ),
        (["forecast", "co2", "--horizon", "3", "--miss", "mask"], "arguments: --miss mask; did you mean --missing?"),
        (["forecast", "co2", "--horizon", "3", "more.csv"], "unrecognized arguments: more.csv"),
        (["--vers", "datasets"], "did you mean --version?"),
        (["forecast", "co2", "--horizon", "3", "--level", "80", "0.95"], "to below 100; got 0.95: write 95 (see"),
        (["forecast", "co2", "--horizon", "3", "--level", "100"], "in percent, from 1 to below 100; got 100 (see"),
        (["forecast", "co2", "--horizon", "3", "--level", "nan"], "in percent, from 1 to below 100; got nan (see"),
        (
            ["forecast", "co2", "--horizon", "3", "--level", "80%"],
            "--level: must be numbers, such as 80 95; got '80%' (see",
        ),
        (["forecast", "co2", "--horizon", "3", "--level", "80", "80.0"], "level has 80 more than once"),
        (["backtest", "co2", "--horizon", "3", "--level", "0.8"], "to below 100; got 0.8: write 80 (see"),
        (
            ["forecast", "co2", "--horizon", "3", "--loss", "quantile", "--quantile", "0.5", "0.5"],
            "argument --quantile: quantile has 0.5 more than once; give each number once (see",
        ),
        (["forecast", "co2", "--horizon", "3", "--loss", "mse"], "argument --loss: invalid choice: 'mse'"),
        (["forecast", "co2", "--horizon", "3", "--quantile", "1"], "levels between 0 and 1; got [1] (see"),
        (["forecast", "co2", "--horizon", "3", "--quantile", "95"], "between 0 and 1; got [95]: write 0.95 (see"),
        (["forecast", "co2", "--horizon", "3", "--quantile", "0.9"], "--quantile is for --loss quantile; add that"),
        (["backtest", "co2", "--horizon", "3", "--loss", "normal", "--quantile", "0.9"], "--quantile is for --loss"),
        (
            ["forecast", "co2", "--horizon", "3", "--loss", "quantile", "--quantile", "0,9"],
            "as 0.1 0.9; got '0,9' (see",
        ),
        (["forecast", "co2", "--horizon", "3", "--validation-fraction", "20"], "a share below 1, such as 0.2; got 20"),
        (["forecast", "co2", "--horizon", "3", "--validation-fraction", "1"], "a share below 1, such as 0.2; got 1"),
        (
            ["forecast", "co2", "--horizon", "3", "--target-transform", "none", "log1p"],
            "none stands alone; give it, or",
        ),
        (["forecast", "co2", "--horizon", "3", "--sep", "||"], "must be one character, or tab; got '||'"),
        (["forecast", "co2", "--horizon", "3", "--sep", ""], "must be one character, or tab; got ''"),
        (["forecast", "co2", "--horizon", "3", "--decimal", ",,"], "must be one character, got ',,'"),
    ],
)
def test_wrong_usage_is_one_line_and_exits_with_two(capsys, arguments, message):
    with pytest.raises(SystemExit) as stop:
        main(arguments)
    assert stop.value.code == 2
    err = capsys.readouterr().err
    assert message in err
    assert err.count("\n") == 1
    command = [word for word in arguments[:1] if not word.startswith("-")]
    assert f"(see: {' '.join(['tsrnn', *command])} --help)" in err


@pytest.mark.parametrize(
    "content, message",
    [
        (b"", "broken.csv is empty; give a header line"),
        (bytes(range(128, 256)) * 4, "broken.csv cannot be read as a CSV file: .*; see --encoding"),
        (b"a,b\n2024-01-01,1,5\n2024-01-02,2,6\n", "broken.csv .*: line 2 has 3 fields, its header 2; "),
        (b"a,b\n2024-01-01,1,\n2024-01-02,2,6\n", "broken.csv .*: line 2 has 3 fields, its header 2; "),
        (b"a,b\n2024-01-01,1\n2024-01-02,2,6\n", "broken.csv .*Expected 2 fields in line 3, saw 3"),
        (b"a,b,b\n2024-01-01,1,2\n2024-01-02,2,3\n", "broken.csv .*: two columns are called 'b'; give each"),
    ],
)
def test_files_that_are_no_table_are_refused(folder, capsys, content, message):
    Path("broken.csv").write_bytes(content)
    assert main(["forecast", "broken.csv", "--horizon", "3", "--time-col", "a", "--target", "b"]) == 1
    assert re.search(message, one_line(capsys.readouterr().err))


@pytest.mark.parametrize("header", ["day,units,shop\n", "day,units,shop,\n"])
def test_a_comma_at_the_end_of_every_line_is_no_column(sales, capsys, header):
    assert main([*FORECAST, *TINY, "--out", "plain.csv"]) == 0
    plain = capsys.readouterr().out
    Path(sales).write_text(header + "".join(line + ",\n" for line in Path(sales).read_text().splitlines()[1:]))
    assert main([*FORECAST, *TINY, "--out", "plain.csv"]) == 0
    assert capsys.readouterr().out == plain


def test_numbers_of_rows_that_pandas_wrote_are_no_series(sales, capsys):
    pd.read_csv(sales).to_csv(sales)
    assert main(["forecast", sales, "--time-col", "day", "--horizon", "7", *TINY]) == 0
    out = capsys.readouterr().out
    assert "left out  'shop'\n" in out
    assert "left out  the first column of sales.csv, which has no name and counts the rows\n" in out
    assert list(pd.read_csv("forecast.csv").columns) == ["day", "units"]


def test_dates_in_another_order_are_refused_until_their_format_is_named(folder, capsys):
    days = pd.date_range("2024-01-01", periods=160, freq="D")
    units = np.sin(np.arange(160) * 2 * np.pi / 7)
    pd.DataFrame({"day": days.strftime("%d/%m/%Y"), "units": units}).to_csv("sales.csv", index=False)
    assert main(FORECAST) == 1
    assert "see --time-format" in capsys.readouterr().err
    assert main([*FORECAST, "--time-format", "%d/%m/%Y"]) == 0
    assert pd.read_csv("forecast.csv")["day"][0] == "2024-06-09"


@pytest.mark.parametrize("separator, hour", [("/", ""), (".", " %H:%M"), ("-", "")])
def test_dates_whose_month_and_day_can_be_swapped_are_refused_until_their_format_is_named(
    folder, capsys, separator, hour
):
    days = pd.date_range("2020-02-01", periods=12, freq="D")
    formats = [separator.join(order) + hour for order in (["%d", "%m", "%Y"], ["%m", "%d", "%Y"])]
    pd.DataFrame({"day": days.strftime(formats[0]), "units": np.arange(12.0) % 3}).to_csv("sales.csv", index=False)
    assert main([*FORECAST[:7], "1", *TINY]) == 1
    err = one_line(capsys.readouterr().err)
    assert "tells whether months or days come first; add --time-format" in err
    assert all(f"--time-format {one}" in err for one in formats), err
    assert main([*FORECAST[:7], "1", *TINY, "--time-format", formats[0]]) == 0
    # a thirteenth day tells
    days = pd.date_range("2020-02-01", periods=13, freq="D")
    pd.DataFrame({"day": days.strftime(formats[1]), "units": np.arange(13.0) % 3}).to_csv("sales.csv", index=False)
    assert main([*FORECAST[:7], "1", *TINY]) == 0
    assert pd.read_csv("forecast.csv")["day"][0].startswith("2020-02-14")


def test_semicolons_decimal_commas_and_encodings_are_options(folder, capsys):
    days = pd.date_range("2024-01-01", periods=160, freq="D")
    frame = pd.DataFrame({"Tag": days.strftime("%Y-%m-%d"), "Stück": 5 + np.sin(np.arange(160) * 2 * np.pi / 7)})
    frame.to_csv("laden.csv", index=False, sep=";", decimal=",", encoding="cp1252")
    command = ["forecast", "laden.csv", "--time-col", "Tag", "--target", "Stück", "--horizon", "7"]
    assert main(command) == 1
    assert "see --encoding" in capsys.readouterr().err
    assert main([*command, "--encoding", "cp1252"]) == 1
    assert "--sep ';'" in capsys.readouterr().err
    assert main([*command, "--encoding", "cp1252", "--sep", ";"]) == 1
    assert "see --decimal" in capsys.readouterr().err
    assert main([*command, "--encoding", "cp1252", "--sep", ";", "--decimal", ","]) == 0


@pytest.mark.parametrize("written, options", [("99,{:03}.50", []), ("99.{:03},50", ["--decimal", ","])])
def test_marks_of_thousands_are_an_option(folder, capsys, written, options):
    days = pd.date_range("2024-01-01", periods=60, freq="D")
    frame = pd.DataFrame({"ds": days, "y": [written.format(n % 7) for n in range(60)]})
    frame.to_csv("sales.csv", index=False)
    command = ["forecast", "sales.csv", "--horizon", "2", "--target", "y", *TINY, *options]
    assert main(command) == 1
    assert f"'{written.format(0)}' in column 'y', which is not a number; if its '{written[2]}' parts thousands, see " \
        "--thousands." in one_line(capsys.readouterr().err)  # fmt: skip
    assert main([*command, "--thousands", written[2]]) == 0
    assert pd.read_csv("forecast.csv")["y"].between(99_000, 99_010).all()
    assert main([*command, "--thousands", "," if options else "."]) == 1
    assert "--thousands and --decimal are both" in one_line(capsys.readouterr().err)


@pytest.mark.parametrize("named", ["tab", "\\t", "\t", "|", "§"])  # the dot of a regular expression is no dot here
def test_separator_is_one_character_as_it_stands_or_a_tab(folder, capsys, named):
    days, units = pd.date_range("2024-01-01", periods=60, freq="D"), np.sin(np.arange(60))
    pd.DataFrame({"ds": days, "y": units}).to_csv(
        "sales.csv", index=False, sep="\t" if named in ("tab", "\\t") else named
    )
    assert main(["forecast", "sales.csv", "--horizon", "2", *TINY, "--sep", named]) == 0
    assert "warning" not in capsys.readouterr().err
    assert list(pd.read_csv("forecast.csv")["ds"]) == ["2024-03-01", "2024-03-02"]


def test_file_of_tabs_that_nobody_has_named_is_one_sentence(folder, capsys):
    Path("tabs.csv").write_text("ds\ty\n2024-01-01\t1\n")
    assert main(["forecast", "tabs.csv", "--horizon", "2"]) == 1
    assert "may be parted by --sep tab" in one_line(capsys.readouterr().err)


@pytest.mark.parametrize("n", [1, 2])
def test_numbers_of_one_and_of_none_are_said_as_such(sales, capsys, n):
    for row in range(160 - n, 160):
        edit(sales, row, "units", "")
    frame = pd.read_csv(sales).drop(index=list(range(40, 40 + n)))
    frame.to_csv(sales, index=False)
    assert (
        main([*FORECAST[:7], str(n + 1), "--missing", "mask", "--hidden-layer-sizes", str(n), "--max-iter", "1"]) == 0
    )
    out = capsys.readouterr().out
    said = {
        1: ["1 missing value, 1 absent stamp: hidden", "LSTM of 1 unit;", "the last value is unknown",
            "scores on 1 held-out observation ("],
        2: ["2 missing values, 2 absent stamps: hidden", "LSTM of 2 units;", "the last 2 values are unknown",
            "the last 3 steps, from 2024-06-06 on, are held out"],
    }[n]  # fmt: skip
    assert [words for words in said if words not in out] == []
    assert main([*FORECAST[:7], "1", *TINY]) == 1
    err = one_line(capsys.readouterr().err)
    assert f"has {n} missing value{'s' * (n > 1)} and {n} absent stamp{'s' * (n > 1)} in steps" in err
    pd.read_csv(sales).iloc[:40].to_csv(sales, index=False)
    assert main([*FORECAST[:7], "1", *TINY]) == 0
    assert "the last step, from 2024-02-09 on, is held out" in capsys.readouterr().out


@pytest.mark.parametrize(
    "dates, message", [("%d/%m/%Y", "whether months or days come first"), ("%Y%m", "add --time-format %Y%m"),
                       ("%Y%m%d", "add --time-format %Y%m%d")]
)  # fmt: skip
def test_months_that_would_be_misread_are_refused_until_their_format_is_named(folder, capsys, dates, message):
    months = pd.date_range("2010-01-01", periods=150, freq="MS")
    sales = np.sin(np.arange(150) * 2 * np.pi / 12)
    pd.DataFrame({"month": months.strftime(dates), "sales": sales}).to_csv("months.csv", index=False)
    command = ["forecast", "months.csv", "--time-col", "month", "--target", "sales", "--horizon", "3"]
    assert main([*command, "--missing", "interpolate"]) == 1  # not taken for days of which most are absent
    assert message in one_line(capsys.readouterr().err)
    assert main([*command, "--time-format", dates]) == 0
    assert list(pd.read_csv("forecast.csv")["month"]) == ["2022-07-01", "2022-08-01", "2022-09-01"]


def test_offsets_that_change_with_the_clocks_are_read_as_utc_and_said_so(folder, capsys):
    hours = pd.date_range("2024-03-25", periods=300, freq="h", tz="Europe/Berlin")
    load = np.sin(np.arange(300) * 2 * np.pi / 24)
    pd.DataFrame({"hour": hours.map(lambda stamp: stamp.isoformat()), "load": load}).to_csv("load.csv", index=False)
    assert main(["forecast", "load.csv", "--time-col", "hour", "--target", "load", "--horizon", "5"]) == 0
    assert "read as UTC" in capsys.readouterr().out
    following = pd.date_range(hours[-1], periods=6, freq="h")[1:].tz_convert("UTC")
    # of the rows to come the offsets do not change: they are hours of the same clock all the same
    winds = pd.DataFrame({"hour": hours.map(lambda stamp: stamp.isoformat()), "load": load, "wind": 1 + load})
    winds.to_csv("load.csv", index=False)
    ahead = following.tz_convert("Europe/Berlin").map(lambda stamp: stamp.isoformat())
    pd.DataFrame({"hour": ahead, "wind": 2.0}).to_csv("next.csv", index=False)
    command = ["forecast", "load.csv", "--time-col", "hour", "--target", "load", "--horizon", "5", *TINY]
    assert main([*command, "--future", "next.csv", "--out", "second.csv"]) == 0
    assert list(pd.to_datetime(pd.read_csv("second.csv")["hour"])) == list(following)
    assert list(pd.to_datetime(pd.read_csv("forecast.csv")["hour"])) == list(following)


@pytest.mark.parametrize(
    "arguments", [["--out", "sales.csv"], ["--plot", "./sales.png"], ["--out", "a.png", "--plot", "a.png"]]
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
        assert main([*FORECAST, "--out", target]) == 1
        assert "is not a file that can be written" in capsys.readouterr().err


def test_an_end_that_nobody_observed_is_said_and_not_tested_against(sales, capsys):
    for row in (157, 158, 159):
        edit(sales, row, "units", "")
    assert main([*FORECAST, "--missing", "interpolate"]) == 0
    assert "the last 3 values are unknown" in capsys.readouterr().out
    assert main([*FORECAST[:7], "3", "--missing", "interpolate"]) == 1
    assert "none of the last 3 points was observed" in capsys.readouterr().err


@pytest.mark.parametrize("missing, cure", [("mask", ""), ("interpolate", ": the last known one is repeated")])
def test_series_of_a_panel_that_end_unknown_are_counted(shops, capsys, missing, cure):
    past, _ = shops
    wide = past.pivot(index="day", columns="shop", values="units")
    wide.iloc[-2:, 0] = np.nan
    wide.to_csv("wide.csv")
    command = ["forecast", "wide.csv", "--time-col", "day", "--horizon", "3", *TINY, "--missing", missing]
    assert main(command) == 0
    assert f"1 series ends in 2 unknown values{cure}\n" in capsys.readouterr().out
    wide.iloc[-1, 1] = np.nan
    wide.to_csv("wide.csv")
    assert main(command) == 0
    assert f"2 series end in up to 2 unknown values{cure}\n" in capsys.readouterr().out


def test_holes_of_covariates_are_counted_and_no_warning_is_said_twice(shops, capsys):
    edit("shops.csv", 5, "visits", "")
    ends = pd.read_csv("shops.csv", dtype={"shop": str}).query("shop != '100' or day < '2024-02-25'")
    ends.to_csv("shops.csv", index=False)
    assert main(["forecast", *PANEL, "--past-covariates", "visits", "--missing", "mask"]) == 0
    out, err = capsys.readouterr()
    assert "1 missing value of covariates: hidden from the network\n" in out
    assert "1 of 3 series ends before 2024-02-29\n" in out
    assert len(set(err.splitlines())) == len(err.splitlines())
    assert "epoch" not in err  # a progress bar that nobody watches


def test_row_without_an_id_is_named_by_its_line(shops, capsys):
    edit("shops.csv", 5, "shop", "")
    assert main(["forecast", *PANEL]) == 1
    assert "shops.csv: line 7 has no id; " in one_line(capsys.readouterr().err)


@pytest.mark.parametrize("error, n_warnings", [(10.0, 0), (12.0, 1)])
def test_training_that_went_astray_is_warned_of(capsys, error, n_warnings):
    from types import SimpleNamespace

    from tsrnn.commands.printing import Comparison, print_summary

    ours, naive = (
        SimpleNamespace(
            scores=lambda by, mae=mae: pd.Series({"MAE": mae}), forecasts=pd.DataFrame({"origin": [0]}), season=1,
            q=(),
            levels=(),
        )
        for mae in (error, 1.0)
    )  # fmt: skip
    series = tsrnn.SeasonalNaive().fit(pd.Series([1.0, 2.0], pd.date_range("2024", periods=2))).panel_
    comparison = Comparison(tsrnn.RNNForecaster(1), ours, naive, series)
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        print_summary(comparison, ["MAE"])
    assert [str(warning.message)[:11] for warning in warned] == ["such errors"] * n_warnings
    assert f"{100 * (error - 1):.0f}% HIGHER" in capsys.readouterr().out


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


@pytest.fixture
def shops(folder):
    """A panel: files of three shops over 60 days, rows by day, with covariates, and of the seven days to come."""
    days = pd.date_range("2024-01-01", periods=67, freq="D")
    rng = np.random.default_rng(0)
    rows = [
        {"day": day, "shop": shop, "price": rng.integers(1, 5), "visits": rng.normal(), "kind": "ab"[number % 2]}
        for day in days
        for number, shop in enumerate(["007", "100", "012"])
    ]
    frame = pd.DataFrame(rows)
    frame["units"] = (20 + 3 * np.sin(np.arange(len(frame)) / 3) - frame["price"]).round(3)
    is_past = frame["day"] < days[60]
    frame[is_past].to_csv("shops.csv", index=False)
    frame.loc[~is_past, ["day", "shop", "price"]].to_csv("next.csv", index=False)
    return frame[is_past].reset_index(drop=True), frame[~is_past].drop(columns="units")


PANEL = ["shops.csv", "--id-col", "shop", "--time-col", "day", "--target", "units", "--horizon", "7", *TINY]


def test_panel_with_covariates_is_forecast_in_its_own_format_as_the_library_does(shops, capsys):
    past, future = shops
    options = [
        "--past-covariates",
        "visits",
        "--static-covariates",
        "kind",
        "--calendar",
        "weekday",
        "--categorical-features",
        "price",
    ]
    options += ["--calendar", "weekday", "--n-members", "2"]
    assert main(["forecast", *PANEL, "--future", "next.csv", *options]) == 0
    out = capsys.readouterr().out
    assert "3 series, 180 values on 60 points, 2024-01-01 to 2024-02-29" in out
    assert "covariates known ahead: price; of the past: visits; of each series: kind" in out
    assert "mean over 3 series" in out
    model = tsrnn.RNNForecaster(
        7, hidden_layer_sizes=4, max_iter=2, n_members=2, random_state=0, target="units",
        id_col="shop", time_col="day", past_covariates=["visits"], static_covariates=["kind"], calendar=["weekday"],
        categorical_features=["price", "kind"],
    )  # fmt: skip
    expected = model.fit(past).forecast(X=future[["day", "shop", "price"]])
    written = pd.read_csv("forecast.csv", dtype={"shop": str}, parse_dates=["day"])
    assert list(written.columns) == ["day", "shop", "units"]
    assert list(written["shop"][:4]) == ["007", "100", "012", "007"]  # as it was: by day, and 007 is no number
    pd.testing.assert_frame_equal(written, expected, rtol=1e-7, check_dtype=False)  # eight digits are written


def test_wide_file_is_a_panel_of_every_column_of_numbers(shops, capsys):
    past, _ = shops
    wide = past.pivot(index="day", columns="shop", values="units").assign(weather="sun")
    wide.to_csv("wide.csv")
    assert main(["forecast", "wide.csv", "--time-col", "day", "--horizon", "7", *TINY, "--plot", "p.png"]) == 0
    out = capsys.readouterr().out
    assert "left out  'weather'\n" in out
    assert "series    '007', '012', '100': each column of numbers; for one alone see --target\n" in out
    assert "3 series, 180 values on 60 points" in out
    assert list(pd.read_csv("forecast.csv").columns) == ["day", "007", "012", "100"]
    assert Path("p.png").read_bytes()[:4] == b"\x89PNG"


def test_picture_of_a_panel_says_what_it_is_and_of_which_unit(shops, capsys, monkeypatch):
    from tsrnn.commands import running

    figures = []
    monkeypatch.setattr(running, "_save", lambda figure, arguments: figures.append(figure))
    assert main(["forecast", *PANEL, "--past-covariates", "price", "--plot", "p.png"]) == 0
    (figure,) = figures
    assert figure.legends[0].get_title().get_text() == "Forecast of the next 7 steps"
    assert figure.get_supylabel() == "units"
    assert [ax.get_title(loc="left") for ax in figure.axes] == ["007", "100", "012"]


def test_picture_of_a_panel_of_several_targets_is_of_the_first_and_says_so(shops, capsys, monkeypatch):
    from tsrnn.commands import running

    figures = []
    monkeypatch.setattr(running, "_save", lambda figure, arguments: figures.append(figure))
    assert main(["forecast", *PANEL, "--target", "units", "visits", "--plot", "p.png"]) == 0
    assert "drawn is the first target, units\n" in capsys.readouterr().out
    (figure,) = figures
    assert figure.get_supylabel() == "units"
    written = pd.read_csv("forecast.csv", dtype={"shop": str})
    (line,) = (line for line in figure.axes[0].get_lines() if line.get_label() == "forecast")
    np.testing.assert_allclose(line.get_ydata()[-7:], written.loc[written["shop"] == "007", "units"], rtol=1e-7)


def test_baseline_is_called_alike_in_table_and_picture(folder, capsys, monkeypatch):
    from tsrnn.commands import running

    figures = []
    monkeypatch.setattr(running, "_save", lambda figure, arguments: figures.append(figure))
    assert main(["forecast", "nile", "--horizon", "3", *TINY, "--plot", "p.png"]) == 0
    assert "last value " in capsys.readouterr().out
    names = [text.get_text() for text in figures[0].axes[0].get_legend().get_texts()]
    assert "last value" in names and "seasonal naive" not in names


@pytest.mark.parametrize("options", [[], ["--id-col", "shop"]])
def test_levels_are_the_intervals_of_the_library_in_file_and_picture(sales, monkeypatch, options):
    from tsrnn.commands import running

    figures = []
    monkeypatch.setattr(running, "_save", lambda figure, arguments: figures.append(figure))
    assert main([*FORECAST, *TINY, *options, "--level", "50", "80", "--plot", "p.png"]) == 0
    series = pd.read_csv(sales, parse_dates=["day"], index_col="day")["units"].asfreq("D")
    model = tsrnn.RNNForecaster(7, hidden_layer_sizes=4, max_iter=2, random_state=0).fit(series)
    written = pd.read_csv("forecast.csv", parse_dates=["day"], index_col="day").drop(columns="shop", errors="ignore")
    assert list(written.columns) == ["units", "units-lo-80", "units-lo-50", "units-hi-50", "units-hi-80"]
    pd.testing.assert_frame_equal(written, model.forecast(level=(80, 50)), rtol=1e-7, check_freq=False)  # eight digits
    test, forecast = ([text.get_text() for text in ax.get_legend().get_texts()] for ax in figures[0].axes)
    assert forecast == ["history", "forecast", "50 % interval", "80 % interval"]
    assert test[-2:] == ["50 % interval", "80 % interval"]
    before, shades = model.fit(series[:-7]).forecast(level=(80, 50)), figures[0].axes[0].collections
    assert min(shade.get_paths()[0].vertices[:, 1].min() for shade in shades) == before["units-lo-80"].min()


@pytest.mark.parametrize("is_wide", [False, True])
def test_levels_of_a_panel_are_a_fan_for_each_series(shops, monkeypatch, is_wide):
    from tsrnn.commands import running

    figures = []
    monkeypatch.setattr(running, "_save", lambda figure, arguments: figures.append(figure))
    data, command = shops[0][["day", "shop", "units"]], PANEL
    if is_wide:
        data = data.pivot(index="day", columns="shop", values="units")
        data.to_csv("wide.csv")
        command = ["wide.csv", "--time-col", "day", "--horizon", "7", *TINY]
    assert main(["forecast", *command, "--level", "80", "--plot", "p.png"]) == 0
    names = {} if is_wide else {"target": "units", "id_col": "shop", "time_col": "day"}
    model = tsrnn.RNNForecaster(7, hidden_layer_sizes=4, max_iter=2, random_state=0, **names).fit(data)
    written = pd.read_csv(
        "forecast.csv", parse_dates=["day"], dtype={"shop": str}, index_col="day" if is_wide else None
    )
    pd.testing.assert_frame_equal(  # eight digits are written
        written, model.forecast(level=80), rtol=1e-7, check_dtype=False, check_freq=False, check_names=False
    )
    assert "80 % interval" in [text.get_text() for text in figures[0].legends[0].get_texts()]
    assert all(ax.collections for ax in figures[0].axes)


@pytest.mark.parametrize("strategy", ["direct", "recursive"])
def test_level_that_the_errors_do_not_support_is_refused_before_training_as_the_library_does(shops, capsys, strategy):
    from tsrnn.commands.wording import in_terms_of_options

    # Series of several lengths, with holes: how many errors there are depends on both.
    late = pd.read_csv("shops.csv", dtype={"shop": str}).query("shop != '007' or day > '2024-01-20'")
    late.reset_index(drop=True).to_csv("shops.csv", index=False)
    for row in (3, 130):
        edit("shops.csv", row, "units", "")
    options = ["--missing", "mask", "--strategy", strategy, "--level", "99.5", "--validation-fraction", "0.2"]
    assert main(["forecast", *PANEL, *options]) == 1
    out, err = capsys.readouterr()
    assert "test " not in out
    model = tsrnn.RNNForecaster(
        7, hidden_layer_sizes=4, max_iter=1, random_state=0, target="units", id_col="shop", time_col="day",
        missing="mask", strategy=strategy, validation_fraction=0.2,
    )  # fmt: skip
    frame = pd.read_csv("shops.csv", parse_dates=["day"], dtype={"shop": str})[["day", "shop", "units"]]
    with pytest.raises(ValueError, match=r"an interval of 99\.5 % needs 399 errors of each step") as refusal:
        model.fit(frame).forecast(level=99.5)
    sentence = in_terms_of_options(str(refusal.value))
    assert one_line(err) == f"tsrnn: error: {sentence}"
    assert sentence.endswith("; lower --level, or give longer series, or more of them.")


def test_level_that_one_series_does_not_support_is_refused_by_all_rows_with_a_window_before_them(sales, capsys):
    assert main([*FORECAST, *TINY, "--level", "99.5"]) == 1
    n = 160 - 9 - 7 + 1  # a window is 1.25 times the week, and the last rows leave no horizon
    assert f"99.5 % needs 399 errors of each step, and there are {n}" in one_line(capsys.readouterr().err)


def printed(out, row):
    """Return the numbers of the first printed line of a table that begins so."""
    line = next(line for line in out.splitlines() if " ".join(line.split()).startswith(row))
    return " ".join(line.split()).removeprefix(row).split()


def test_the_test_says_how_many_observations_its_intervals_held(sales, capsys):
    assert main([*FORECAST, *TINY, "--level", "50", "80"]) == 0
    out = capsys.readouterr().out
    series = pd.read_csv(sales, parse_dates=["day"], index_col="day")["units"].asfreq("D")
    train, truth = series[:-7], series[-7:]
    tables = []
    for model in (tsrnn.RNNForecaster(7, hidden_layer_sizes=4, max_iter=2, random_state=0), tsrnn.SeasonalNaive(7)):
        scores = tsrnn.metrics.interval_scores(truth, model.fit(train).forecast(level=(50, 80)), train, 7)
        tables.append(
            {
                level: [f"{row[column]:.4g}" for column in ("coverage", "width", "MSIS")]
                for level, row in scores.iterrows()
            }
        )
    for level in (50, 80):
        line = f"{level} LSTM {' '.join(tables[0][level])} seasonal naive (7) {' '.join(tables[1][level])}"
        assert line in " ".join(out.split())


def test_a_test_with_too_few_errors_goes_without_intervals_but_the_forecast_has_them(sales, capsys):
    n = 160 - 9 - 7 + 1  # errors of the last fit, and seven less in the test
    level = f"{100 * (n - 4) / (n - 2):.3f}"
    assert main([*FORECAST, *TINY, "--level", level]) == 0
    out = capsys.readouterr().out
    assert "coverage" not in out
    assert f"its intervals and quantiles are left out: an interval of {level} % needs" in out
    assert pd.read_csv("forecast.csv").shape == (7, 4)


def test_quantiles_are_columns_and_judged_by_the_pinball_loss(sales, capsys):
    frame = pd.read_csv(sales)
    frame.assign(units=frame["units"] + np.random.default_rng(0).normal(size=160).round(2)).to_csv(sales, index=False)
    assert main([*FORECAST, *TINY, "--loss", "quantile", "--quantile", "0.9", "0.5", "--plot", "p.png"]) == 0
    out = capsys.readouterr().out
    assert list(pd.read_csv("forecast.csv")) == ["day", "units", "units-q-0.5", "units-q-0.9"]
    series = pd.read_csv(sales, parse_dates=["day"], index_col="day")["units"].asfreq("D")
    ours = tsrnn.RNNForecaster(
        7, hidden_layer_sizes=4, max_iter=2, random_state=0, loss="quantile", quantile=[0.5, 0.9]
    )  # fmt: skip
    losses = []
    for model in (ours, tsrnn.SeasonalNaive(7)):
        quantiles = model.fit(series[:-7]).predict_quantiles(model.future_frame(), q=[0.5, 0.9])
        losses.append(tsrnn.metrics.pinball_loss(series[-7:], quantiles, [0.5, 0.9]))
    assert losses[0] > losses[1]
    assert f"the mean pinball loss is {losses[0] / losses[1] - 1:.0%} HIGHER than that of seasonal naive (7)" in out
    for q, row in zip((0.5, 0.9), quantiles.T.to_numpy(), strict=True):
        assert f"{tsrnn.metrics.pinball_loss(series[-7:], row, q):.4g}" in out


def test_a_backtest_gives_levels_and_quantiles_in_its_file_and_their_scores(sales, capsys):
    options = ["--n-origins", "4", "--refit", "no", "--level", "80", "--loss", "quantile", "--out", "tests.csv"]
    assert main(["backtest", *FORECAST[1:], *TINY, *options]) == 0
    out = capsys.readouterr().out
    series = pd.read_csv(sales, parse_dates=["day"], index_col="day")["units"].asfreq("D")
    model = tsrnn.RNNForecaster(7, hidden_layer_sizes=4, max_iter=2, random_state=0, loss="quantile")
    test = tsrnn.backtest(model, series, n_origins=4, refit=False, level=80, q=(0.1, 0.5, 0.9))
    written = pd.read_csv("tests.csv", parse_dates=["origin", "day"])
    pd.testing.assert_frame_equal(written, test.forecasts, rtol=1e-7)  # eight digits are written
    as_text = pd.read_csv("tests.csv", dtype=str)
    assert as_text["truth"].tolist() == [repr(value) for value in test.forecasts["truth"]]  # as it was read
    for name in ("forecast", "forecast-lo-80", "forecast-q-0.9"):
        assert as_text[name].str.replace(".", "").str.len().max() == 8
    row = test.interval_scores(by=None).loc[80]
    assert printed(out, "80 LSTM") == [f"{row[column]:.4g}" for column in ("coverage", "width", "MSIS")]
    for q, row in test.quantile_scores(by=None).iterrows():
        assert printed(out, f"{q} LSTM") == [f"{row[column]:.4g}" for column in ("below", "pinball")]
    assert "Over 4 origins the mean pinball loss is" in out


@pytest.mark.parametrize("options", [["--n-origins", "40"], ["--initial", "90", "--window", "rolling"]])
def test_a_backtest_whose_levels_the_first_origin_does_not_support_is_refused_before_training(
    sales, capsys, monkeypatch, options
):
    from tsrnn import RNNForecaster

    n = (160 - 7 - 39 if "40" in options else 90) - 9 - 7 + 1  # errors of the first fit
    level = f"{100 * (n - 1) / (n + 1) + 0.05:.2f}"
    monkeypatch.setattr(RNNForecaster, "fit", lambda *_: pytest.fail("it trains"))
    assert main(["backtest", *FORECAST[1:], *TINY, *options, "--level", level]) == 1
    assert f"and there are {n}, which support" in one_line(capsys.readouterr().err)


def test_quantiles_that_errors_do_not_support_have_no_columns_and_a_warm_backtest_has_none(sales, capsys):
    options = ["--loss", "quantile", "--quantile", "0.001", "0.5"]
    assert main([*FORECAST, *TINY, *options]) == 0
    assert "left out  columns of quantiles: the quantile 0.001 needs 999 errors" in capsys.readouterr().out
    assert list(pd.read_csv("forecast.csv")) == ["day", "units"]
    assert main(["backtest", *FORECAST[1:], *TINY, "--loss", "quantile", "--refit", "warm", "--n-origins", "2"]) == 0
    assert "pinball" not in capsys.readouterr().out
    assert main(["backtest", *FORECAST[1:], *TINY, "--level", "80", "--refit", "warm"]) == 1
    err = one_line(capsys.readouterr().err)
    assert "--level needs errors" in err and err.endswith("give --refit yes, no or a number.")


def test_quantiles_of_several_units_are_judged_in_those_of_the_naive_forecast(shops, capsys):
    frame = shops[0][["day", "shop", "units"]]
    frame.assign(units=frame["units"] + np.random.default_rng(0).normal(size=len(frame))).to_csv(
        "shops.csv", index=False
    )
    assert main(["forecast", *PANEL, "--loss", "quantile", "--quantile", "0.2"]) == 0
    names = {"target": "units", "id_col": "shop", "time_col": "day"}
    data = pd.read_csv("shops.csv", parse_dates=["day"], dtype={"shop": str})[["day", "shop", "units"]]
    losses = []
    for model in (
        tsrnn.RNNForecaster(
            7, hidden_layer_sizes=4, max_iter=2, random_state=0, loss="quantile", quantile=0.2, **names
        ),
        tsrnn.SeasonalNaive(7, **names),
    ):
        test = tsrnn.backtest(model, data, n_origins=1, q=0.2)
        losses.append(test.quantile_scores(by=None).loc[0.2, "scaled_pinball"])
    ratio = losses[0] / losses[1]
    verdict = f"{1 - ratio:.0%} lower" if ratio < 1 else f"{ratio - 1:.0%} HIGHER"
    assert f"the mean scaled pinball loss is {verdict} than" in capsys.readouterr().out


def test_a_naive_forecast_with_too_few_errors_is_scored_without_intervals_and_quantiles(sales, capsys):
    n = 160 - 7 - 2 - 7 + 1  # errors of a network that sees two steps; the naive forecast needs a season
    q = f"{1 / (n - 1):.5f}"
    options = ["--lookback", "2", "--loss", "quantile", "--quantile", q, "0.5"]
    assert main(["backtest", *FORECAST[1:], *TINY, *options, "--n-origins", "1"]) == 0
    out = capsys.readouterr().out
    assert f"{float(q)} LSTM" in " ".join(out.split()) and "the mean absolute error is" in out


@pytest.mark.parametrize("usual", [0.0, 1.0, -5.0])
def test_levels_of_data_that_are_mostly_one_number_are_not_refused_before_training(folder, usual):
    values = np.full(120, usual)
    values[::7] += 3
    pd.DataFrame({"ds": pd.date_range("2024-01-01", periods=120), "y": values}).to_csv("rare.csv", index=False)
    assert main(["forecast", "rare.csv", "--horizon", "3", "--level", "95", *TINY]) == 0


@pytest.mark.parametrize(
    "options, arguments",
    [
        (["--loss", "quantile", "--quantile", "0.9"], {"loss": "quantile", "quantile": 0.9}),
        (["--loss", "poisson", "--level", "80"], {"loss": "poisson"}),
        (["--loss", "huber", "--target-transform", "none"], {"loss": "huber", "target_transform": None}),
    ],
)
def test_losses_are_those_of_the_library_and_none_is_no_transform(sales, options, arguments):
    frame = pd.read_csv(sales)
    frame.assign(units=frame["units"].round()).to_csv(sales, index=False)
    assert main([*FORECAST, *TINY, *options]) == 0
    series = pd.read_csv(sales, parse_dates=["day"], index_col="day")["units"].asfreq("D")
    model = tsrnn.RNNForecaster(7, hidden_layer_sizes=4, max_iter=2, random_state=0, **arguments).fit(series)
    written = pd.read_csv("forecast.csv", parse_dates=["day"], index_col="day")
    expected = model.forecast(level=80) if "--level" in options else model.forecast().to_frame()
    if "--quantile" in options:
        expected = expected.join(model.predict_quantiles(model.future_frame(), q=0.9))
    pd.testing.assert_frame_equal(written, expected, rtol=1e-7, check_freq=False)  # eight digits are written


@pytest.mark.parametrize(
    "unit, least, options, is_said, are_counts",
    [(1, 0, [], True, True), (0.5, 0, [], True, False), (0.5, 0, ["--bounds", "none", "9"], True, False),
     (0.5, 0, ["--bounds", "-9", "none"], False, False), (1, -1, [], False, False)],
)  # fmt: skip
def test_negative_numbers_are_said_where_the_data_have_none(folder, capsys, unit, least, options, is_said, are_counts):
    values = least + unit * np.random.default_rng(0).poisson(0.4, 120)
    pd.DataFrame({"ds": pd.date_range("2024-01-01", periods=120), "y": values}).to_csv("rare.csv", index=False)
    assert main(["forecast", "rare.csv", "--horizon", "3", "--level", "90", *TINY, *options]) == 0
    n = (pd.read_csv("forecast.csv").drop(columns="ds") < 0).to_numpy().sum()
    assert n > 1
    out = capsys.readouterr().out
    sentence = f" {n} numbers of it are negative, but no value of the data: try --bounds 0 none\n"
    assert (sentence in out) == is_said == ("negative, but" in out)
    assert ("(the data are counts, which --loss negative_binomial" in out) == are_counts


def test_network_that_carries_its_state_is_an_option(sales, capsys):
    assert main([*FORECAST, *TINY, "--state", "carried"]) == 0
    out = capsys.readouterr().out
    assert "reads on from the first step, learns over stretches of 9, gives 7" in out
    assert out.count("          by --target-transform none --window-norm none --scaler standard\n") == 2
    series = pd.read_csv(sales, parse_dates=["day"], index_col="day")["units"].asfreq("D")
    model = tsrnn.RNNForecaster(7, state="carried", hidden_layer_sizes=4, max_iter=2, random_state=0)
    np.testing.assert_allclose(pd.read_csv("forecast.csv")["units"], model.fit(series).forecast(), rtol=1e-7)
    assert main([*FORECAST, *TINY, "--state", "carried", "--missing", "interpolate"]) == 1
    err = one_line(capsys.readouterr().err)
    assert "which --state carried cannot do; " in err
    assert not re.search(r"\w=|set it to|missing '", err), err


def test_names_of_a_long_table_need_no_option(shops, capsys):
    past, _ = shops
    long = past.rename(columns={"shop": "unique_id", "day": "ds", "units": "y"})
    long["note"] = ["2 days late", "3"] * 90  # which nobody has asked for
    long.to_csv("long.csv", index=False)
    assert main(["forecast", "long.csv", "--horizon", "3", *TINY]) == 0
    assert "left out  'price', 'visits', 'kind', 'note'" in capsys.readouterr().out
    assert list(pd.read_csv("forecast.csv").columns) == ["ds", "unique_id", "y"]


def test_several_targets_are_one_series_and_its_test_has_a_row_for_each(folder, capsys):
    assert main(["forecast", "us_macro", "--horizon", "2", "--target", "unemp", "infl", *TINY]) == 0
    out = capsys.readouterr().out
    assert "2 targets, 203 points" in out
    assert re.search(r"^unemp LSTM .*\n +seasonal naive \(4\) .*\ninfl ", out, re.MULTILINE)
    assert list(pd.read_csv("forecast.csv").columns) == ["ds", "unemp", "infl"]


def test_static_or_future_columns_that_do_not_fit_are_refused_before_training(shops, capsys):
    Path("short.csv").write_text("".join(Path("next.csv").read_text().splitlines(keepends=True)[:19]))
    Path("other.csv").write_text(Path("next.csv").read_text().replace("price", "cost"))
    Path("keys.csv").write_text("day,shop\n2024-03-01,100\n")
    Path("unknown.csv").write_text(Path("next.csv").read_text().replace("007", "7"))
    cases = [
        (["--static-covariates", "visits"], "'visits' changes within series '007'"),
        (["--categorical-features", "price"], "categorical-features holds 'price', which is no covariate"),
        (["--future", "short.csv"], "no value of 'price' is given for series '007' at 2024-03-07"),
        (["--future", "other.csv"], "--future other.csv has the column 'cost', which shops.csv lacks"),
        (["--future", "keys.csv"], "--future keys.csv has no columns but day, shop"),
        (
            ["--future", "next.csv", "--covariates", "kind"],
            "--future next.csv has no column 'kind'; it needs day, shop",
        ),
        (["--future", "unknown.csv"], "('7')"),
    ]
    for options, message in cases:
        assert main(["forecast", *PANEL, *options]) == 1
        out, err = capsys.readouterr()
        assert message in one_line(err), options
        assert "test " not in out
    assert not Path("forecast.csv").exists()


def test_backtest_prints_and_writes_what_the_library_finds(shops, capsys):
    past, _ = shops
    how = ["--n-origins", "3", "--step", "2", "--window", "rolling", "--window-size", "40", "--refit", "2"]
    command = ["backtest", *PANEL, "--covariates", "price", *how, "--scores", "mae", "DA", "--out", "tests.csv"]
    assert main(command) == 0
    out = capsys.readouterr().out
    model = tsrnn.RNNForecaster(
        7, hidden_layer_sizes=4, max_iter=2, random_state=0, target="units", id_col="shop", time_col="day"
    )
    columns = past[["day", "shop", "price", "units"]]
    how = {"n_origins": 3, "step": 2, "window": "rolling", "window_size": 40, "refit": 2}
    expected = tsrnn.backtest(model, columns, **how)
    naive = tsrnn.SeasonalNaive(7, target="units", id_col="shop", time_col="day")
    naive = tsrnn.backtest(naive, columns, **how).scores()
    scores = expected.scores()
    table = [line.split() for line in out.splitlines() if re.match(r" +\d +\d+\.", line)]
    columns = [scores["MAE"], naive["MAE"], scores["DA"], naive["DA"]]
    assert table == [[str(step), *(f"{one[step]:.4g}" for one in columns)] for step in range(1, 8)]
    assert "3, 2024-02-18 to 2024-02-22; rolling window; trained anew every 2 origins" in out
    written = pd.read_csv("tests.csv", dtype={"shop": str}, parse_dates=["origin", "day"])
    pd.testing.assert_frame_equal(written, expected.forecasts, rtol=1e-7, check_dtype=False)  # eight digits


@pytest.mark.parametrize(
    "options, first",
    [
        (["--by", "origin"], "  2024-05-25 "),
        (["--scores", "all", "--refit", "no", "--plot", "p.png"], "   1 "),
        (["--refit", "warm", "--n-members", "2", "--strategy", "recursive"], "   1 "),
    ],
)
def test_backtest_of_one_series_is_a_row_each(sales, capsys, options, first):
    command = ["backtest", *FORECAST[1:], "--n-origins", "8", *TINY, *options]
    assert main(command) == 0
    out = capsys.readouterr().out
    assert "Over 8 origins the mean absolute error is" in out
    assert any(line.startswith(first.lstrip() if "by" in options[0] else first) for line in out.splitlines()), out
    assert Path("p.png").exists() == ("--plot" in options)
    assert not Path("forecast.csv").exists()


def test_parquet_is_read_and_written_as_csv_is(shops, capsys):
    past, future = shops
    past.set_index(["day", "shop"]).to_parquet("shops.parquet")  # the index of pandas is columns again
    future[["day", "shop", "price"]].to_parquet("next.pq")
    texts = []
    for ending, given in ((".csv", ["shops.csv", "next.csv"]), (".parquet", ["shops.parquet", "next.pq"])):
        command = ["forecast", given[0], *PANEL[1:], "--future", given[1], "--out", f"forecast{ending}"]
        assert main(command) == 0
        texts.append(capsys.readouterr().out.replace(ending, ""))
    assert texts[0] == texts[1]
    written = pd.read_parquet("forecast.parquet")
    assert list(written.columns) == ["day", "shop", "units"]
    assert written["day"].dtype.kind == "M"
    expected = pd.read_csv("forecast.csv", dtype={"shop": str}, parse_dates=["day"])
    pd.testing.assert_frame_equal(written, expected, rtol=1e-7, check_dtype=False)  # eight digits are in the CSV file
    Path("broken.parquet").write_text("day,units")
    assert main(["forecast", "broken.parquet", "--horizon", "7"]) == 1
    assert "broken.parquet cannot be read as a parquet file" in one_line(capsys.readouterr().err)


def test_parquet_without_pyarrow_is_one_sentence_before_training(sales, folder, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    for arguments in ([*FORECAST, "--out", "f.parquet"], ["forecast", "sales.parquet", "--horizon", "7"]):
        assert main(arguments) == 1
        assert "needs the package pyarrow, which is not installed: python -m pip install pyarrow" in one_line(
            capsys.readouterr().err
        )
    assert "parquet =\n    pyarrow" in (ROOT / "setup.cfg").read_text()


def test_a_set_that_is_written_is_forecast_like_the_set(folder, capsys):
    assert main(["datasets", "elnino", "--out", "elnino.csv"]) == 0
    assert "1950-01-01 23.11" in capsys.readouterr().out
    for source in ("elnino", "elnino.csv"):
        assert (
            main(["forecast", source, "--horizon", "3", *TINY, "--out", f"of_{source.removesuffix('.csv')}.csv"]) == 0
        )
        Path("of_elnino.csv").rename(f"of_{len(source)}.csv")
    assert Path("of_6.csv").read_text() == Path("of_10.csv").read_text()


def test_what_could_not_be_written_to_its_end_leaves_what_was_there(sales, folder, capsys, monkeypatch):
    Path("forecast.csv").write_text("of yesterday")

    def full_disk(table, path, **_):
        Path(path).write_text("ds,un")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pd.DataFrame, "to_csv", full_disk)
    assert main([*FORECAST, *TINY]) == 1
    assert "No space left on device" in capsys.readouterr().err
    assert Path("forecast.csv").read_text() == "of yesterday"
    assert sorted(path.name for path in folder.iterdir()) == ["forecast.csv", "sales.csv"]


@pytest.mark.parametrize(
    "error, code, message",
    [
        (KeyError("b"), 70, "tsrnn: error: this is a fault of tsrnn, .*KeyError in .*, line \\d+"),
        (MemoryError(), 1, "tsrnn: error: there is not enough memory"),
        (ImportError("calendar needs the package holidays."), 1, "tsrnn: error: calendar needs the package holidays."),
        (KeyboardInterrupt(), 130, "tsrnn: interrupted; written: nothing."),
    ],
)
def test_every_other_end_is_one_line_with_a_code_that_help_explains(sales, capsys, monkeypatch, error, code, message):
    from tsrnn.commands import running

    def fail(*_):
        raise error

    monkeypatch.setattr(running, "select", fail)
    assert main(FORECAST) == code
    assert re.match(message, one_line(capsys.readouterr().err))
    with pytest.raises(SystemExit):
        main(["--help"])
    assert f"\n  {code} " in capsys.readouterr().out


def test_an_error_that_nobody_raised_on_purpose_is_a_fault_and_not_one_of_the_data(sales, capsys, monkeypatch):
    from tsrnn.commands import running

    monkeypatch.setattr(running, "how_long", None)
    assert main([*FORECAST, *TINY]) == 70
    assert "this is a fault of tsrnn, please report it" in one_line(capsys.readouterr().err)


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_nobody_reading_on_is_no_error_that_is_printed(unbuffered):
    reading, writing = os.pipe()
    os.close(reading)
    run = subprocess.run(
        [sys.executable, "-m", "tsrnn", "datasets"],
        stdout=writing,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": unbuffered},
    )
    os.close(writing)
    assert (run.returncode, run.stderr) == (1, "")


def commands():
    """Return {name: parser} of the commands."""
    from tsrnn.commands.options import make_parser

    parser = make_parser("0", *[None] * 3)
    (choices,) = (action.choices for action in parser._actions if isinstance(action, argparse._SubParsersAction))
    return parser, choices


def test_options_are_arguments_of_the_library_by_name_and_by_choice():
    import inspect

    from tsrnn.commands import options
    from tsrnn.kernels.plan import WINDOW_NORMS
    from tsrnn.metrics import forecast_scores
    from tsrnn.transforms import SCALERS, TARGET_TRANSFORMS

    network = inspect.signature(tsrnn.RNNForecaster).parameters
    test = inspect.signature(tsrnn.backtest).parameters
    parsers = commands()[1]
    own = {"help", "source", "future", "level", "covariates", "time_format", "sep", "decimal", "thousands", "encoding",
           "scores", "by", "out", "plot"}  # fmt: skip
    for name in ("forecast", "backtest"):
        actions = {action.dest: action for action in parsers[name]._actions}
        assert set(actions) - own <= {*network, *(test if name == "backtest" else ())}
        assert {*options.OF_NETWORK, "horizon", "target", "id_col", "time_col", "n_jobs"} <= set(actions)
        assert all(f"--{dest.replace('_', '-')}" in action.option_strings for dest, action in actions.items()
                   if dest != "source")  # fmt: skip
        assert {"none", *filter(None, SCALERS)} == set(actions["scaler"].choices)
        assert {"none", *filter(None, TARGET_TRANSFORMS)} == set(actions["target_transform"].choices)
        assert {"none", *filter(None, WINDOW_NORMS)} == set(actions["window_norm"].choices)
        assert tsrnn.RNNForecaster._parameter_constraints["loss"][0].options == set(actions["loss"].choices)
    assert tuple(forecast_scores([1.0, 2.0], [1.0, 2.0], [1.0, 2.0])) == options.SCORES


def defaults_in_help():
    """Return {name: what its help says of the default} of the options that are arguments of the forecaster."""
    from tsrnn.commands import options

    helps = {action.dest: action.help for action in commands()[1]["forecast"]._actions}
    found = {name: re.search(r"\(default: (.*?)\)", helps[name]) for name in options.OF_NETWORK}
    return {name: "" if of is None else of[1] for name, of in found.items()}


def test_help_says_the_defaults_of_the_forecaster():
    import inspect

    said = defaults_in_help()
    for name, argument in inspect.signature(tsrnn.RNNForecaster).parameters.items():
        if name in said and name != "random_state":  # whose default is the command's own
            default = argument.default
            if isinstance(default, tuple):
                assert said[name] == " ".join(map(str, default))
            elif default is not None and default != "auto":
                assert said[name].startswith(str(default)), name


def test_help_says_what_auto_means(chosen):
    from itertools import product

    from tsrnn import choices

    said, few, many = defaults_in_help(), choices.FEW_WINDOWS, choices.MANY_WINDOWS
    numbers = {
        "hidden_layer_sizes": [*few.hidden_layer_sizes, *many.hidden_layer_sizes],
        "lookback": [choices.LOOKBACK_FACTOR],
        "n_members": [few.n_seeds, many.n_seeds],
        "max_iter": [choices.FEWEST_EPOCHS, choices.MOST_EPOCHS, few.n_updates],
    }
    for name, known in numbers.items():
        assert {f"{number:,}" for number in known} <= set(re.findall(r"[\d.,]*\d", said[name])), name
    for name in ("learning_rate", "scaler", "loss"):
        assert said[name].startswith(str(choices.AUTO[name]))
    for season, has_logarithms, lookback in product((1, 7), (False, True), (4, 24, 200)):
        for way in choices.recipes("auto", "auto", season, has_logarithms, lookback):
            for recipe in way:
                assert recipe.window_norm in said["window_norm"]
                assert all(name in said["target_transform"] for name in np.atleast_1d(recipe.target_transform or []))


def test_help_explains_every_option_and_examples_are_commands_there_and_in_the_readme(capsys):
    parser, parsers = commands()
    examples = []
    helps = [parser.format_help(), *(one.format_help() for one in parsers.values())]
    for text in [*helps, (ROOT / "README.md").read_text()]:
        examples += re.findall(r"^(?:  )?(tsrnn \w.*?)(?:  .*)?$", re.sub(r"\\\n +", "", text), re.MULTILINE)
    assert len(examples) >= 15
    for example in examples:
        parser.parse_args(shlex.split(example)[1:])
    for one in parsers.values():
        assert all(action.help for action in one._actions)
        assert max(map(len, one.format_help().splitlines())) <= 100


def test_older_spellings_of_options_still_work():
    arguments = commands()[0].parse_args(
        ["forecast", "a", "--horizon", "1", "--time", "t", "--output", "o", "--seed", "3"]
    )
    assert (arguments.time_col, arguments.out, arguments.random_state) == ("t", "o", 3)


@pytest.mark.parametrize(
    "python, options",
    [
        ("fill them, or set missing='interpolate' or 'mask'.",
         "fill them, or add --missing interpolate or --missing mask."),
        ("window_size=9 is for window='rolling'; an expanding one has no size.",
         "--window-size 9 is for --window rolling; an expanding one has no size."),
        ("needs warm_start, which refit='warm' needs; set refit to True or a number.",
         "needs warm_start, which --refit warm needs; give --refit yes or a number."),
        ("calendar=['hour', 'x y'] needs dates", "--calendar hour x y needs dates"),
        ("(season 1); set freq to a clock that has one, or", "(season 1); give a --freq that has one, or"),
        ("there is no column 'id_col'; leave it out of static_covariates.",
         "there is no column 'id_col'; leave it out of --static-covariates."),
        ("two\n lines", "two lines"),
    ],
)  # fmt: skip
def test_sentences_of_the_library_name_options(python, options):
    from tsrnn.commands.wording import in_terms_of_options

    assert in_terms_of_options(python) == options


def test_every_sentence_that_is_reworded_is_one_of_the_library():
    from tsrnn.commands import wording

    texts = []
    for path in Path(tsrnn.__file__).parent.rglob("*.py"):
        if path.parent.name == "commands":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.JoinedStr):
                texts.append("{}".join(part.value for part in node.values if isinstance(part, ast.Constant)))
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                texts.append(node.value)
    lost = [sentence for sentence in wording._SENTENCES if not any(sentence in text for text in texts)]
    # Put together from parts; what cannot be forecast, above, has both.
    assert lost == [
        "set missing='interpolate' or 'mask'", "Shorten horizon, or set early_stopping=False.",
        "set it to 'scale' or None",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "change, options, message",
    [
        (
            {"ds": "2024-03-01 12:00"},
            ["--future", "f.csv"],
            "--future has a row at 2024-03-01 12:00:00, which is not on",
        ),
        ({"ds": "2023-12-01"}, ["--future", "f.csv"], "--future has a row at 2023-12-01 00:00:00, before"),
        ({"ds": "2024-03-01T00:00Z"}, ["--future", "f.csv"], "have the time zone UTC, .* None; write both alike"),
        ({"ds": "3"}, ["--future", "f.csv"], "the rows of --future are on a clock of integers"),
        ({"flat": "1"}, ["--target", "flat"], "is constant .*; check the column"),
        (
            {},
            ["--target", "y", "--static-covariates", "x"],
            "static covariate 'x' changes .* out of --static-covariates",
        ),
    ],
)
def test_files_that_do_not_fit_together_are_refused_in_terms_of_options(folder, capsys, change, options, message):
    days = pd.date_range("2024-01-01", periods=60, freq="D")
    frame = pd.DataFrame({"ds": days, "y": np.sin(np.arange(60)), "x": np.arange(60), "flat": 1})
    frame.to_csv("data.csv", index=False)
    pd.DataFrame([{"ds": "2024-03-01", "x": 1} | change]).drop(columns="flat", errors="ignore").to_csv(
        "f.csv", index=False
    )
    options = options if "--target" in options else [*options, "--target", "y"]
    assert main(["forecast", "data.csv", "--horizon", "1", *TINY, *options]) == 1
    err = one_line(capsys.readouterr().err)
    assert re.search(message, err), err
    assert not re.search(r"\w=|\(\w?\)|\bX\b|\w_\w", err), "the advice is Python"
