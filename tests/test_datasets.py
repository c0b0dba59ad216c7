"""Readers of the shipped data. Expected numbers were copied by hand from the CSV files, opened as text."""

import csv
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tsrnn import datasets

FOLDER = Path(__file__).resolve().parent.parent / "datasets"

# name: file, first stamp, last stamp, freq, rows, missing, first and last value of the first column
SERIES = {
    "co2": ("co2_weekly.csv", "1958-03-29", "2001-12-29", "W-SAT", 2284, 59, 316.1, 371.5),
    "elnino": ("elnino_monthly.csv", "1950-01-01", "2010-12-01", "MS", 732, 0, 23.11, 22.07),
    "nile": ("nile_yearly.csv", "1871-01-01", "1970-01-01", "YS", 100, 0, 1120.0, 740.0),
    "sunspots": ("sunspots_yearly.csv", "1700-01-01", "2008-01-01", "YS", 309, 0, 5.0, 2.9),
    "us_macro": ("us_macro_quarterly.csv", "1959-01-01", "2009-07-01", "QS", 203, 0, 2710.349, 12990.341),
    "seattle_temps": (
        "seattle_temps_hourly.csv", "2010-01-01", "2010-12-31 23:00", "h", 8760, 1, 39.4, 39.6),
    "sf_temps": ("sf_temps_hourly.csv", "2010-01-01", "2010-12-31 23:00", "h", 8760, 1, 47.8, 48.3),
    "seattle_weather": ("seattle_weather_daily.csv", "2012-01-01", "2015-12-31", "D", 1461, 0, 0.0, 0.0),
    "sea_surface_temperature": (
        "sea_surface_temperature_30min.csv", "2016-02-15T00:00Z", "2017-03-22T00:00Z", "30min", 19249, 24,
        4.929, 4.316),
}  # fmt: skip
clocked = pytest.mark.parametrize("name", SERIES)


@clocked
def test_index_is_regular_sorted_unique_and_carries_its_frequency(name):
    _, first, last, freq, n_rows, *_ = SERIES[name]
    index = datasets.load(name).index
    assert index.name == "ds"
    assert index.freq == pd.tseries.frequencies.to_offset(freq)
    assert index.is_monotonic_increasing and index.is_unique
    assert (index[0], index[-1], len(index)) == (pd.Timestamp(first), pd.Timestamp(last), n_rows)


@clocked
def test_values_are_those_of_the_file(name):
    *_, n_missing, first, last = SERIES[name]
    frame = pd.DataFrame(datasets.load(name))
    assert frame.iloc[:, 0].iloc[[0, -1]].tolist() == [first, last]
    assert frame.isna().any(axis="columns").sum() == n_missing
    assert set(frame.drop(columns="weather", errors="ignore").dtypes) == {np.dtype("float64")}


def test_one_quantity_is_a_series_named_after_it_and_several_are_a_frame():
    several = {
        "us_macro": (
            [
                "realgdp",
                "realcons",
                "realinv",
                "realgovt",
                "realdpi",
                "cpi",
                "m1",
                "tbilrate",
                "unemp",
                "pop",
                "infl",
                "realint",
            ]
        ),
        "seattle_weather": ["precipitation", "temp_max", "temp_min", "wind", "weather"],
    }
    single = {
        "co2": "co2", "elnino": "sst", "nile": "volume", "sunspots": "sunactivity", "seattle_temps": "temp",
        "sf_temps": "temp", "sea_surface_temperature": "temperature",
    }  # fmt: skip
    assert {name: list(datasets.load(name).columns) for name in several} == several
    assert {name: datasets.load(name).name for name in single} == single


def test_only_the_set_whose_file_states_utc_has_a_time_zone():
    zones = {name: str(datasets.load(name).index.tz) for name in SERIES}
    assert zones.pop("sea_surface_temperature") == "UTC"
    assert set(zones.values()) == {"None"}


@pytest.mark.parametrize(
    ("name", "around"), [("seattle_temps", [43.0, np.nan, 42.2]), ("sf_temps", [50.8, np.nan, 49.9])]
)
def test_hour_skipped_in_spring_is_a_row_of_nan(name, around):
    hours = datasets.load(name).loc["2010-03-14 02:00":"2010-03-14 04:00"]
    np.testing.assert_array_equal(hours.to_numpy(), around)


def test_stamps_the_buoy_skipped_are_the_only_nan():
    temperature = datasets.load_sea_surface_temperature()
    hole = pd.date_range("2016-07-08 02:00", "2016-07-08 13:00", freq="30min", tz="UTC")
    missing = temperature.index[temperature.isna()]
    assert missing.tolist() == [pd.Timestamp("2016-06-14 13:30", tz="UTC"), *hole]


def test_first_of_the_two_readings_at_the_repeated_stamp_is_kept():
    text = (FOLDER / "sea_surface_temperature_30min.csv").read_text()
    assert "2017-03-21T16:30:00Z,4.276\n2017-03-21T16:30:00Z,4.289\n2017-03-21T17:00:00Z,4.25\n" in text
    readings = datasets.load_sea_surface_temperature().loc["2017-03-21 16:30":"2017-03-21 17:00"]
    assert readings.tolist() == [4.276, 4.25]


def test_us_employment_is_a_long_panel_of_22_complete_series_in_the_order_of_the_file():
    panel = datasets.load_us_employment()
    assert list(panel.columns) == ["unique_id", "ds", "y"]
    assert panel.shape == (2640, 3)
    assert panel.index.equals(pd.RangeIndex(2640))
    assert panel["y"].dtype == np.float64
    assert not panel.isna().any(axis=None)
    assert panel.iloc[0].tolist() == ["nonfarm", pd.Timestamp("2006-01-01"), 135450.0]
    assert panel.iloc[-1].tolist() == ["government", pd.Timestamp("2015-12-01"), 22100.0]
    assert panel["unique_id"].nunique() == 22
    months = pd.date_range("2006-01-01", "2015-12-01", freq="MS")
    for _, one in panel.groupby("unique_id"):
        assert one["ds"].tolist() == months.tolist()


def test_kind_of_weather_is_a_categorical():
    counts = datasets.load_seattle_weather()["weather"].value_counts()
    assert isinstance(counts.index, pd.CategoricalIndex)
    assert counts.to_dict() == {"sun": 714, "fog": 411, "rain": 259, "drizzle": 54, "snow": 23}


def test_every_name_has_its_own_reader_and_one_line():
    for name in datasets.names():
        by_reader = getattr(datasets, f"load_{name}")()
        assert type(by_reader) is type(datasets.load(name))
        assert by_reader.equals(datasets.load(name))
        line = datasets.describe(name)
        assert line.endswith(".") and "\n" not in line
    readers = {name.removeprefix("load_") for name in datasets.__all__ if name.startswith("load_")}
    assert readers - {"alice", "opinions"} == set(datasets.names()) == {*SERIES, "us_employment"}


def test_every_shipped_file_is_read_by_a_reader_and_named_in_the_readme(monkeypatch):
    read = []
    read_csv = pd.read_csv
    monkeypatch.setattr(pd, "read_csv", lambda path: read.append(Path(path).name) or read_csv(path))
    for name in datasets.names():
        datasets.load(name)
    readme = (FOLDER / "README.md").read_text()
    shipped = sorted(path.name for path in FOLDER.iterdir())
    assert shipped == sorted([*read, "README.md", "alice.txt", "opinions.csv"])
    for name, file in zip(datasets.names(), read, strict=True):
        assert f"| `{name}` | `{file}` |" in readme


def test_the_text_is_that_of_the_file():
    text = datasets.load_alice()
    assert text == (FOLDER / "alice.txt").read_text(encoding="ascii")
    assert len(text) == 3334 and text.count("\n") == 59 and text.endswith("nice grand words to say.)\n")
    assert "`alice.txt`" in (FOLDER / "README.md").read_text()


def test_opinions_are_those_of_the_file_and_balanced():
    opinions = datasets.load_opinions()
    with open(FOLDER / "opinions.csv", newline="", encoding="ascii") as file:
        header, *rows = csv.reader(file)
    assert list(opinions.columns) == header == ["sentence", "label"]
    assert opinions.to_numpy().tolist() == rows
    assert opinions.index.equals(pd.RangeIndex(320))
    assert rows[0] == ["I loved this film from the first minute to the last.", "positive"]
    assert rows[-1] == ["The app is slow, annoying and full of mistakes.", "negative"]
    assert not opinions["sentence"].str.lower().duplicated().any()
    for first in range(0, 320, 80):  # a subject each
        assert (opinions["label"][first : first + 80] == "positive").sum() == 40
    assert set(opinions["label"]) == {"positive", "negative"}
    assert "`opinions.csv`" in (FOLDER / "README.md").read_text()


def test_sentences_are_not_where_a_series_is_expected():
    assert "opinions" not in datasets.names()
    for function in (datasets.load, datasets.describe, datasets.axis_label):
        with pytest.raises(ValueError, match="there is no data set 'opinions'"):
            function("opinions")


@pytest.mark.parametrize(
    ("file", "read", "word"),
    [("alice.txt", datasets.load_alice, "White Rabbit"), ("opinions.csv", datasets.load_opinions, "Not a bad film")],
)
def test_another_text_is_refused_but_not_for_its_line_ends(tmp_path, monkeypatch, file, read, word):
    shipped, text = read(), (FOLDER / file).read_text()
    monkeypatch.setattr(datasets, "_FOLDERS", (tmp_path,))
    (tmp_path / file).write_bytes(text.replace("\n", "\r\n").encode())  # as git may check it out on Windows
    assert np.array_equal(read(), shipped)
    assert text.count(word) == 1
    for other in (text[:-1], text.replace(word, word.lower()), text + "\xe9"):
        (tmp_path / file).write_text(other, encoding="latin-1")
        with pytest.raises(ValueError, match=rf"{re.escape(file)} is not the text .* restore the file"):
            read()


@pytest.mark.parametrize("function", [datasets.load, datasets.describe])
def test_unknown_name_is_refused_with_the_list_of_names(function):
    with pytest.raises(ValueError) as caught:
        function("airline")
    assert str(caught.value) == (
        "there is no data set 'airline'; choose one of co2, elnino, nile, sunspots, us_macro, us_employment, "
        "seattle_temps, sf_temps, seattle_weather, sea_surface_temperature."
    )


def test_installed_folder_comes_before_the_source_checkout(tmp_path, monkeypatch):
    package = Path(datasets.__file__).resolve().parent
    assert (package / "data", package.parent / "datasets") == datasets._FOLDERS
    text = (FOLDER / "nile_yearly.csv").read_text()
    (tmp_path / "nile_yearly.csv").write_text(text.replace("1871.0,1120.0", "1871.0,7.0"))
    monkeypatch.setattr(datasets, "_FOLDERS", (tmp_path, FOLDER))
    assert datasets.load_nile().iloc[0] == 7.0
    assert datasets.load_elnino().iloc[0] == 23.11  # not in tmp_path: found in the second folder


def test_absent_file_is_one_sentence_that_names_both_folders(tmp_path, monkeypatch):
    monkeypatch.setattr(datasets, "_FOLDERS", (tmp_path / "data", tmp_path / "datasets"))
    with pytest.raises(FileNotFoundError) as caught:
        datasets.load("nile")
    assert str(caught.value) == (
        f"the data file nile_yearly.csv is neither in {tmp_path / 'data'} nor in {tmp_path / 'datasets'}; "
        "install tsrnn again, or use a complete checkout of its source."
    )


@pytest.mark.parametrize(
    ("name", "line", "instead", "message"),
    [
        ("nile", "1900.0,840.0\n", "", r"\(99, 1, 0\), but .* \(100, 0, 0\)"),
        ("nile", "1900.0,840.0\n", "1900.0,840.0\n1900.0,840.0\n", r"\(101, 0, 1\), but .* \(100, 0, 0\)"),
        ("nile", "1970.0,740.0\n", "", r"\(99, 0, 0\), but .* \(100, 0, 0\)"),
        ("nile", "1900.0,840.0\n", "1990.0,840.0\n", "out of order"),
        ("sea_surface_temperature", "2016-02-15T00:30", "2016-02-15T00:31", "off its clock '30min'"),
        ("co2", "1958-04-05,", "1958-04-04,", "off its clock 'W-SAT'"),
        ("us_employment", "private,2006-02-01", "government,2006-02-01", "out of order|absent"),
    ],
)
def test_changed_file_is_refused_rather_than_repaired(tmp_path, monkeypatch, name, line, instead, message):
    file = "us_employment_monthly_panel.csv" if name == "us_employment" else SERIES[name][0]
    text = (FOLDER / file).read_text()
    assert text.count(line) == 1
    (tmp_path / file).write_text(text.replace(line, instead))
    monkeypatch.setattr(datasets, "_FOLDERS", (tmp_path,))
    with pytest.raises(ValueError, match=message):
        datasets.load(name)
