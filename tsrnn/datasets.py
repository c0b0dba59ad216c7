"""Small real data that come with the package: time series, each read on a complete, regular clock, and two of texts.

The files lie in the top-level ``datasets/`` folder of the source and are installed as ``tsrnn/data``; the
README beside them gives the source, terms, units, holes and repeats of each. One table below states the facts
of every file, one function, ``load``, reads by them and refuses a file that does not agree, and one thin
function per set is the door with the documentation. The texts, `load_alice`, a string, and `load_opinions`, a table of
sentences, are none of the sets that have names, because these are series.

Rules that hold for every set:

- A stamp that is absent from a file becomes an explicit row of NaN; nothing is interpolated.
- The index is called "ds", is sorted and unique, and carries its frequency. Stamps have no time zone unless
  the file states one.
- Columns keep the names they have in the file. Numbers are float64.
"""

import io
import zlib
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

__all__ = [
    "axis_label",
    "describe",
    "load",
    "load_alice",
    "load_co2",
    "load_elnino",
    "load_nile",
    "load_opinions",
    "load_sea_surface_temperature",
    "load_seattle_temps",
    "load_seattle_weather",
    "load_sf_temps",
    "load_sunspots",
    "load_us_employment",
    "load_us_macro",
    "names",
]

# The installed copy first; then the folder beside the package in a source checkout.
_FOLDERS = (Path(__file__).resolve().parent / "data", Path(__file__).resolve().parent.parent / "datasets")

# The CRC-32 of each text.
_TEXTS = {"alice.txt": 3629996567, "opinions.csv": 67683321}


@dataclass(frozen=True)
class _Facts:
    """What is known of one file before it is opened; counts are rows of the file."""

    file: str
    clock: tuple[str, ...]  # the columns that hold the time: one of text or years, or year and quarter
    freq: str
    n_rows: int
    about: str
    n_absent: int = 0  # stamps of the regular clock that the file skips
    n_repeated: int = 0  # rows whose stamp an earlier row already has
    label: str | None = None  # of the axis, with the unit, for a set of one series
    series: str | None = None  # the column that tells series apart, for a panel


_SETS = {
    "co2": _Facts(
        "co2_weekly.csv", ("date",), "W-SAT", 2284,
        "Atmospheric CO2 at Mauna Loa, ppm by volume, weekly, 1958-2001, 59 weeks missing.",
        label="CO$_2$, ppm"),
    "elnino": _Facts(
        "elnino_monthly.csv", ("date",), "MS", 732,
        "Sea surface temperature of the eastern Pacific (Nino 1+2), degrees Celsius, monthly, 1950-2010.",
        label="sea surface temperature, °C"),
    "nile": _Facts(
        "nile_yearly.csv", ("year",), "YS", 100,
        "Flow of the Nile at Aswan, 10^8 cubic metres a year, yearly, 1871-1970.",
        label="flow, 10$^8$ m$^3$ a year"),
    "sunspots": _Facts(
        "sunspots_yearly.csv", ("year",), "YS", 309,
        "Sunspot number, yearly, 1700-2008.",
        label="sunspot number"),
    "us_macro": _Facts(
        "us_macro_quarterly.csv", ("year", "quarter"), "QS", 203,
        "Twelve series of the United States economy, various units, quarterly, 1959-2009."),
    "us_employment": _Facts(
        "us_employment_monthly_panel.csv", ("month",), "MS", 2640,
        "Employment in 22 sectors of the United States, thousands of jobs, monthly, 2006-2015, a panel.",
        series="unique_id"),
    "seattle_temps": _Facts(
        "seattle_temps_hourly.csv", ("date",), "h", 8759,
        "Temperature of a typical year in Seattle, degrees Fahrenheit, hourly, 1 hour missing.",
        n_absent=1,
        label="temperature, °F"),
    "sf_temps": _Facts(
        "sf_temps_hourly.csv", ("date",), "h", 8759,
        "Temperature of a typical year in San Francisco, degrees Fahrenheit, hourly, 1 hour missing.",
        n_absent=1,
        label="temperature, °F"),
    "seattle_weather": _Facts(
        "seattle_weather_daily.csv", ("date",), "D", 1461,
        "Rain, temperature, wind and kind of weather in Seattle, metric units, daily, 2012-2015."),
    "sea_surface_temperature": _Facts(
        "sea_surface_temperature_30min.csv", ("time_utc",), "30min", 19226,
        "Sea surface temperature at buoy B01 (credit: NERACOOS), degrees Celsius, half-hourly, 2016-2017, "
        "24 stamps missing.",
        n_absent=24, n_repeated=1,
        label="sea surface temperature, °C"),
}  # fmt: skip


def names():
    """Names that `load` and `describe` take.

    Returns
    -------
    tuple of str

    Examples
    --------
    >>> from tsrnn import datasets
    >>> datasets.names()[:3]
    ('co2', 'elnino', 'nile')
    """
    return tuple(_SETS)


def describe(name):
    """One line that says what a set holds, in which unit, how often and when.

    Parameters
    ----------
    name : str
        One of `names()`.

    Returns
    -------
    str

    Raises
    ------
    ValueError
        If there is no set of this name.

    Examples
    --------
    >>> from tsrnn import datasets
    >>> datasets.describe("nile")
    'Flow of the Nile at Aswan, 10^8 cubic metres a year, yearly, 1871-1970.'
    """
    return _facts(name).about


def axis_label(name):
    """What to write on the axis of a picture: the quantity and its unit.

    Parameters
    ----------
    name : str
        One of `names()`.

    Returns
    -------
    str or None
        None for a set of several series.

    Examples
    --------
    >>> from tsrnn import datasets
    >>> datasets.axis_label("sunspots")
    'sunspot number'
    """
    return _facts(name).label


def load(name):
    """The set of this name, on its complete regular clock.

    Parameters
    ----------
    name : str
        One of `names()`.

    Returns
    -------
    Series, or DataFrame
        A Series of shape (n_steps,) for one quantity; a DataFrame of shape (n_steps, n_features) for several;
        for a panel a long DataFrame with the columns unique_id, ds, y. Units: see the reader of the set,
        ``load_<name>``.

    Raises
    ------
    ValueError
        If there is no set of this name, or if its file is not the one that came with the package.
    FileNotFoundError
        If the file is neither in the installed package nor in a source checkout.

    Examples
    --------
    >>> from tsrnn import datasets
    >>> datasets.load("sunspots").shape
    (309,)
    """
    facts = _facts(name)
    raw = pd.read_csv(_path(facts.file))
    frame = raw.drop(columns=list(facts.clock)).set_axis(_stamps(raw, facts.clock), axis="index")
    if facts.series is None:
        frame, n_absent, n_repeated = _on_clock(frame, facts)
    else:
        panel = [_on_clock(one, facts) for _, one in frame.groupby(facts.series, sort=False)]
        frames, absent, repeated = zip(*panel, strict=True)
        frame, n_absent, n_repeated = pd.concat(frames), sum(absent), sum(repeated)
    found, stated = (len(raw), n_absent, n_repeated), (facts.n_rows, facts.n_absent, facts.n_repeated)
    if found != stated:
        raise ValueError(
            f"{facts.file} has (rows, absent stamps, repeated stamps) = {found}, but the one that came "
            f"with tsrnn has {stated}; restore the file by installing tsrnn again or checking it out again."
        )
    if facts.series is not None:
        return frame.reset_index()[[facts.series, "ds", "y"]]
    if "weather" in frame:
        frame["weather"] = frame["weather"].astype("category")
    return frame.iloc[:, 0] if frame.shape[1] == 1 else frame


def load_co2():
    """Weekly carbon dioxide in the air at Mauna Loa, Hawaii, 1958-03-29 to 2001-12-29.

    A trend, a yearly season and 59 empty weeks (the longest gap is 18 weeks in 1964): a set for trying what
    to do with missing values. Every week has a row in the file; an empty one is NaN.

    Returns
    -------
    Series of shape (2284,), name "co2"
        Parts per million by volume; weeks are stamped on Saturdays (freq "W-SAT").

    Examples
    --------
    >>> from tsrnn.datasets import load_co2
    >>> co2 = load_co2()
    >>> co2.index.freqstr, int(co2.isna().sum())
    ('W-SAT', 59)
    """
    return load("co2")


def load_elnino():
    """Monthly sea surface temperature of the eastern Pacific, January 1950 to December 2010.

    The region Nino 1+2, 0-10 degrees South and 90-80 degrees West. Complete.

    Returns
    -------
    Series of shape (732,), name "sst"
        Degrees Celsius; months are stamped on their first day (freq "MS").

    Examples
    --------
    >>> from tsrnn.datasets import load_elnino
    >>> float(load_elnino().loc["1950-01-01"])
    23.11
    """
    return load("elnino")


def load_nile():
    """Yearly flow of the Nile at Aswan, 1871 to 1970.

    Known for the change of level near 1898. Complete.

    Returns
    -------
    Series of shape (100,), name "volume"
        10^8 cubic metres; years are stamped on 1 January (freq "YS").

    Examples
    --------
    >>> from tsrnn.datasets import load_nile
    >>> float(load_nile().iloc[0])
    1120.0
    """
    return load("nile")


def load_sunspots():
    """Yearly number of sunspots, 1700 to 2008.

    A cycle of about eleven years whose height changes. Complete.

    Returns
    -------
    Series of shape (309,), name "sunactivity"
        Sunspot number, without unit; years are stamped on 1 January (freq "YS").

    Examples
    --------
    >>> from tsrnn.datasets import load_sunspots
    >>> float(load_sunspots().max())
    190.2
    """
    return load("sunspots")


def load_us_macro():
    """Twelve quarterly series of the economy of the United States, 1959Q1 to 2009Q3.

    Complete, but the first quarter of infl and realint is a zero that stands for "no quarter before".

    Returns
    -------
    DataFrame of shape (203, 12)
        Quarters are stamped on their first day (freq "QS"). realgdp, realcons, realinv, realgovt, realdpi:
        billions of chained 2005 US dollars at a yearly rate; cpi: index, 1982-84 = 100; m1: billions of US
        dollars; tbilrate, unemp, infl, realint: per cent; pop: millions of people.

    Examples
    --------
    >>> from tsrnn.datasets import load_us_macro
    >>> load_us_macro().loc["2009-07-01", ["realgdp", "unemp"]].tolist()
    [12990.341, 9.6]
    """
    return load("us_macro")


def load_us_employment():
    """Monthly employment in 22 sectors of the United States, January 2006 to December 2015.

    A panel in the long format. The series are seasonally adjusted, complete, and nested: some are sums of
    others ("nonfarm" is "private" and "government" together). Sectors stand in the order of the file.

    Returns
    -------
    DataFrame of shape (2640, 3)
        unique_id: the sector; ds: the first day of the month; y: thousands of jobs.

    Examples
    --------
    >>> from tsrnn.datasets import load_us_employment
    >>> panel = load_us_employment()
    >>> panel["unique_id"].nunique(), list(panel.columns)
    (22, ['unique_id', 'ds', 'y'])
    """
    return load("us_employment")


def load_seattle_temps():
    """Hourly temperature of a typical year at Seattle-Tacoma airport, stamped with the hours of 2010.

    Averages over 30 years (climate normals), so smoother than weather is. The file skips 2010-03-14 03:00, in
    the night the clocks went forward; that hour is a row of NaN here.

    Returns
    -------
    Series of shape (8760,), name "temp"
        Degrees Fahrenheit; freq "h", no time zone.

    Examples
    --------
    >>> from tsrnn.datasets import load_seattle_temps
    >>> load_seattle_temps().loc["2010-03-14 02:00":"2010-03-14 04:00"].tolist()
    [43.0, nan, 42.2]
    """
    return load("seattle_temps")


def load_sf_temps():
    """Hourly temperature of a typical year at San Francisco airport, stamped with the hours of 2010.

    Averages over 30 years (climate normals), so smoother than weather is. The file skips 2010-03-14 03:00, in
    the night the clocks went forward; that hour is a row of NaN here.

    Returns
    -------
    Series of shape (8760,), name "temp"
        Degrees Fahrenheit; freq "h", no time zone.

    Examples
    --------
    >>> from tsrnn.datasets import load_sf_temps
    >>> load_sf_temps().loc["2010-03-14 02:00":"2010-03-14 04:00"].tolist()
    [50.8, nan, 49.9]
    """
    return load("sf_temps")


def load_seattle_weather():
    """Daily weather in Seattle, 2012-01-01 to 2015-12-31.

    Complete. The kind of weather was derived from several records by the makers of vega-datasets.

    Returns
    -------
    DataFrame of shape (1461, 5)
        freq "D". precipitation: millimetres; temp_max, temp_min: degrees Celsius; wind: metres per second;
        weather: a categorical of drizzle, fog, rain, snow, sun.

    Examples
    --------
    >>> from tsrnn.datasets import load_seattle_weather
    >>> load_seattle_weather()["weather"].value_counts()["snow"].item()
    23
    """
    return load("seattle_weather")


def load_sea_surface_temperature():
    """Half-hourly sea surface temperature at buoy B01, 2016-02-15 to 2017-03-22, credit "NERACOOS, buoy B01".

    The file skips 24 stamps, which are rows of NaN here: 2016-06-14 13:30, and 2016-07-08 from 02:00 to
    13:00. It has one stamp twice, 2017-03-21 16:30, with 4.276 and then 4.289. The rule for a repeated stamp:
    the first row is kept. So 4.276 is in the Series and 4.289 is not.

    Returns
    -------
    Series of shape (19249,), name "temperature"
        Degrees Celsius; freq "30min", time zone UTC.

    Examples
    --------
    >>> from tsrnn.datasets import load_sea_surface_temperature
    >>> temperature = load_sea_surface_temperature()
    >>> int(temperature.isna().sum()), float(temperature.loc["2017-03-21 16:30+00:00"])
    (24, 4.276)
    """
    return load("sea_surface_temperature")


def load_alice():
    """The opening of "Alice's Adventures in Wonderland" by Lewis Carroll (1865), for generators of text.

    Returns
    -------
    str
        3334 characters of ASCII in 59 lines, each ended by a line feed; paragraphs are parted by an empty line.

    Raises
    ------
    ValueError
        If the file is not the one that came with the package.
    FileNotFoundError
        If the file is neither in the installed package nor in a source checkout.

    Examples
    --------
    >>> from tsrnn.datasets import load_alice
    >>> load_alice().splitlines()[0]
    'Alice was beginning to get very tired of sitting by her sister on the'
    """
    return _read_text("alice.txt")


def load_opinions():
    """Short English sentences of everyday opinions and whether each is positive, for classifiers of text.

    80 each about four subjects, in this order: films, books and games; food; travel; things bought. Half of each are
    positive. Many have a negation, which turns what is said round ("Not a bad film at all."). Written for this package:
    what a model makes of them says little about opinions that people wrote for others.

    Returns
    -------
    DataFrame of shape (320, 2)
        sentence: str, of ASCII; label: "positive" or "negative".

    Raises
    ------
    ValueError
        If the file is not the one that came with the package.
    FileNotFoundError
        If the file is neither in the installed package nor in a source checkout.

    Examples
    --------
    >>> from tsrnn.datasets import load_opinions
    >>> opinions = load_opinions()
    >>> opinions["label"].value_counts().to_dict()
    {'positive': 160, 'negative': 160}
    >>> opinions.iloc[-1].tolist()
    ['The app is slow, annoying and full of mistakes.', 'negative']
    """
    return pd.read_csv(io.StringIO(_read_text("opinions.csv")))


def _facts(name):
    if name not in _SETS:
        raise ValueError(f"there is no data set {name!r}; choose one of {', '.join(_SETS)}.")
    return _SETS[name]


def _path(file):
    """Where a file lies. Asked file by file: site-packages may hold somebody else's folder "datasets"."""
    for folder in _FOLDERS:
        if (folder / file).is_file():
            return folder / file
    raise FileNotFoundError(
        f"the data file {file} is neither in {_FOLDERS[0]} nor in {_FOLDERS[1]}; install tsrnn again, or use "
        "a complete checkout of its source."
    )


def _read_text(file):
    """Return the text of a file, with line feeds whatever the line ends; git may check it out with others."""
    text = _path(file).read_bytes().decode("ascii", errors="replace").replace("\r\n", "\n")
    if zlib.crc32(text.encode()) != _TEXTS[file]:
        raise ValueError(
            f"{file} is not the text that came with tsrnn; restore the file by installing tsrnn again or checking it "
            "out again."
        )
    return text


def _stamps(raw, clock):
    """DatetimeIndex called "ds" of shape (n_rows,): the first instant of each row's period."""
    if clock[0] == "year":
        quarter = raw["quarter"] if "quarter" in clock else 1
        stamps = pd.to_datetime(pd.DataFrame({"year": raw["year"], "month": 3 * quarter - 2, "day": 1}))
    else:
        stamps = pd.to_datetime(raw[clock[0]])
    return pd.DatetimeIndex(stamps, name="ds")


def _on_clock(frame, facts):
    """One series on its whole clock; how many stamps were absent, and how many rows repeated a stamp."""
    once = frame[~frame.index.duplicated(keep="first")]
    grid = pd.date_range(frame.index.min(), frame.index.max(), freq=facts.freq, name="ds")
    # Without this check reindex would drop a stamp between two ticks, and reorder rows, without a word.
    if not once.index.is_monotonic_increasing or not once.index.isin(grid).all():
        raise ValueError(
            f"{facts.file} has stamps out of order or off its clock {facts.freq!r}; restore the file by "
            "installing tsrnn again or checking it out again."
        )
    return once.reindex(grid), len(grid) - len(once), len(frame) - len(once)
