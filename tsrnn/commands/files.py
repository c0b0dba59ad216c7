"""Tables in files, for the command line: CSV or parquet, as their ending says; read without guessing, written whole."""

import os
import warnings
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd
from pandas.tseries.api import guess_datetime_format

from ..bands import is_answer
from ..frames import is_default

PARQUET = (".parquet", ".pq")
_OTHERS = (".xlsx", ".xls", ".ods", ".json", ".feather", ".arrow", ".orc", ".h5", ".hdf5", ".pkl", ".pickle")


def check_ending(path, option):
    """Raise if the ending of a path is that of neither CSV nor parquet, or if parquet cannot be had."""
    ending = Path(path).suffix.lower()
    if ending in _OTHERS:
        raise ValueError(f"{option} {path} ends in {ending}; tables are read and written as .csv or .parquet.")
    if ending in PARQUET and find_spec("pyarrow") is None:
        raise ValueError(
            f"{option} {path} needs the package pyarrow, which is not installed: python -m pip install pyarrow, or use "
            ".csv."
        )


def check_outputs(named, sources):
    """Raise if what is to be written cannot be, or would replace what was read."""
    named = {option: path for option, path in named.items() if path is not None}
    for option, path in named.items():
        if option == "--plot":
            from ..plotting import picture_formats

            endings = ["." + name for name in picture_formats()]
            if Path(path).suffix.lower() not in endings:
                raise ValueError(f"--plot {path} must end in one of {', '.join(endings)}.")
        else:
            check_ending(path, option)
        others = [*(source for source in sources if source), *(p for o, p in named.items() if o != option)]
        path = Path(path)
        if path.exists() and not path.is_file():
            raise ValueError(f"{option} {path} is not a file that can be written; name another.")
        if over := [other for other in others if path.resolve() == Path(other).resolve()]:
            what = f"{over[0]}, which is read" if over[0] in sources else "the other output"
            raise ValueError(f"{option} {path} would overwrite {what}; name another file.")
        try:
            _partial_path(path).touch()
            _partial_path(path).unlink()
        except OSError as error:
            raise ValueError(
                f"{option} {path} cannot be written: {error.strerror}; name a file in a folder that exists "
                "and is writable."
            ) from None


def read_file(path, sep=",", decimal=".", encoding="utf-8", texts=(), kept=(), thousands=None):
    """Return the table that a file holds.

    Parameters
    ----------
    path : str
    sep, decimal, encoding : str
        How a CSV file is written.
    texts : sequence of str
        Columns of a CSV file that are not read as numbers, if it has them: an id 007 stays 007.
    thousands : str, optional
        The mark between thousands in a CSV file.
    kept : sequence of str
        Columns of a CSV file that are not left out, though they have no name and may number the rows.

    Raises
    ------
    ValueError
        If the file cannot be read; the sentence names the option that helps.
    """
    is_parquet = Path(path).suffix.lower() in PARQUET
    try:
        if is_parquet:
            frame = pd.read_parquet(path, engine="pyarrow")
        else:
            numbers = {"decimal": decimal, "thousands": thousands}
            frame = _read_csv(path, {"sep": sep, "encoding": encoding}, numbers, texts, kept)
    except pd.errors.EmptyDataError:
        raise ValueError(f"{path} is empty; give a header line, then a row for each time stamp.") from None
    except (ValueError, LookupError, OSError, TypeError) as error:
        kind = "parquet" if is_parquet else "CSV"
        hint = "; see --encoding" if isinstance(error, UnicodeDecodeError | LookupError) and not is_parquet else ""
        what = error.strerror if isinstance(error, OSError) and error.strerror else " ".join(str(error).split())
        raise ValueError(f"{path} cannot be read as a {kind} file: {what}{hint}") from None
    if is_parquet:
        frame = _with_index(frame)
    if not len(frame):
        raise ValueError(f"{path} has no rows; give at least two.")
    frame.columns = frame.columns.map(str)
    return frame


def _read_csv(path, written, numbers, texts, kept):
    """Return the table of a CSV file as it stands: no column becomes an index, is renamed or cut off."""
    written["engine"] = "c" if written["sep"].isascii() else "python"  # the faster one reads separators of one byte
    header = pd.read_csv(path, header=None, nrows=1, dtype=str, keep_default_na=False, **written).iloc[0]
    for mark, option in ((";", "';'"), ("\t", "tab")):
        if len(header) == 1 and mark in header[0]:
            raise ValueError(f"it has one column, {header[0]!r}; its columns may be parted by --sep {option}")
    named = header[header != ""]
    if named.duplicated().any():
        raise ValueError(f"two columns are called {named[named.duplicated()].iloc[0]!r}; give each its own name")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)
            # Else the first field of rows with one field more than the header becomes an index.
            frame = pd.read_csv(path, index_col=False, dtype=dict.fromkeys(texts, str), **written, **numbers)
    except pd.errors.ParserWarning:
        first = pd.read_csv(path, header=None, skiprows=1, nrows=1, dtype=str, **written)
        raise ValueError(
            f"line 2 has {first.shape[1]} fields, its header {len(header)}; name each column in the header, and put "
            "texts that hold the separator in quotes, or see --sep"
        ) from None
    return _without_nameless(frame, np.flatnonzero(header == ""), path, kept)


def _without_nameless(frame, places, path, kept):
    """Return a table without those of its nameless columns that hold nothing, or the numbers of rows."""
    for name in frame.columns[places].difference(kept):
        if frame[name].isna().all():  # a separator at the end of every line
            frame = frame.drop(columns=name)
        elif name == frame.columns[0] and np.array_equal(frame[name], np.arange(len(frame))):
            print(f"left out  the first column of {path}, which has no name and counts the rows")
            frame = frame.drop(columns=name)
    return frame


def _with_index(frame):
    """Return a frame whose ids and stamps, if they are its index, are columns."""
    index = frame.index
    if index.nlevels == 1 and index.name is None and not isinstance(index, pd.DatetimeIndex | pd.PeriodIndex):
        return frame.reset_index(drop=True)  # numbers of rows
    defaults = ["ds"] if index.nlevels == 1 else ["unique_id", "ds"]
    names = [name or default for name, default in zip(index.names, defaults, strict=False)]
    return frame.rename_axis(names).reset_index()


def read_stamps(column, time_format, path):
    """Return the stamps of a column as an index of dates, periods or whole numbers.

    Raises
    ------
    ValueError
        If one is missing or no date; lines are those of a CSV file whose header is line 1.
    """
    is_parquet = Path(path).suffix.lower() in PARQUET

    def complain(row, what):
        where = f"row {row}" if is_parquet else f"line {row + 2}"
        value = column.iloc[row]
        given = "empty" if pd.isna(value) else repr(getattr(value, "item", lambda: value)())
        return ValueError(f"{path} {where}: {column.name} is {given}, {what}")

    if column.isna().any():
        row = int(column.isna().to_numpy().argmax())
        raise complain(row, "but every row needs a time stamp; fill it or drop the row.")
    types = pd.api.types
    if types.is_datetime64_any_dtype(column.dtype):
        return pd.DatetimeIndex(column)
    if isinstance(column.dtype, pd.PeriodDtype):
        return pd.PeriodIndex(column)
    if time_format is not None and types.is_float_dtype(column) and (column % 1 == 0).all():
        column = column.astype("int64")
    if types.is_numeric_dtype(column) and time_format is None:
        broken = (column % 1 != 0).to_numpy()
        if broken.any():
            raise complain(int(broken.argmax()), "which is neither a date nor a whole number.")
        for written, digits in (("%Y%m", 6), ("%Y%m%d", 8)):
            texts = column.astype("int64").astype(str)
            is_year = texts.str.len().eq(digits) & texts.str[:2].isin(["18", "19", "20", "21"])
            if is_year.all() and pd.to_datetime(texts, format=written, errors="coerce").notna().all():
                raise complain(0, f"which looks like a date written as a number; add --time-format {written}.")
        return pd.Index(column.astype("int64"), name=column.name)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # pandas warns where it would have to guess
            parsed = _read_dates(column.astype(str), time_format)
    except (ValueError, Warning):
        raise complain(0, "and no one format of dates is recognised; name it with --time-format.") from None
    if parsed.isna().any():
        how = f"the format {time_format}" if time_format else f"the way of the first one, {column.iloc[0]!r}"
        raise complain(int(parsed.isna().to_numpy().argmax()), f"which is not a date in {how}; see --time-format.")
    if time_format is None and (formats := _readings(column.astype(str), parsed)):
        raise complain(
            0, f"and no date of the column tells whether months or days come first; add --time-format "
            f"{formats[0]} or --time-format {formats[1]}.",
        )  # fmt: skip
    return pd.DatetimeIndex(parsed, name=column.name)


def _readings(texts, parsed):
    """Return two formats if texts are dates in both, and not the same: 01/02/2020 is in January or in February."""
    first = texts.iloc[0]
    formats = [guess_datetime_format(first, dayfirst=is_day_first) for is_day_first in (True, False)]
    if None in formats or formats[0] == formats[1] or formats[0].startswith("%Y"):  # as of 2020-02-01, without doubt
        return None
    other = pd.to_datetime(texts, format=formats[0], errors="coerce", utc=parsed.dt.tz is not None or None)
    return None if other.isna().any() or (other == parsed).all() else formats


def _read_dates(texts, time_format):
    """Return Timestamps, NaT for what is none; offsets from UTC that change within the file are read as UTC."""
    try:
        return pd.to_datetime(texts, format=time_format, errors="coerce")
    except (ValueError, FutureWarning) as error:  # before pandas 3 it is a warning
        if "timezones" not in str(error).replace("time zones", "timezones"):
            raise
        print("          the offsets from UTC change within the file: all stamps are read as UTC")
        return pd.to_datetime(texts, format=time_format, errors="coerce", utc=True)


def write_file(table, path):
    """Write a Series or DataFrame; its index becomes columns. Either all of the file is written or none.

    In CSV what a back-test forecast, or all numbers of another table, are written with eight digits: networks compute
    with seven.
    """
    if isinstance(table, pd.Series):
        table = table.to_frame(table.name if table.name is not None else "forecast")
    if not (is_default(table.index) and table.index.name is None):
        table = table.rename_axis(table.index.name if table.index.name is not None else "step").reset_index()
    partial = _partial_path(path)
    try:
        if Path(path).suffix.lower() in PARQUET:
            table.to_parquet(partial, engine="pyarrow", index=False)
        else:
            _round(table).to_csv(partial, index=False)
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def _partial_path(path):
    """Return where a file stands until all of it is written."""
    return Path(path).with_name(f".{Path(path).name}.part")


def _round(table):
    names = table.columns
    if {"forecast", "truth"} <= set(names):  # what came true is written as it was read
        names = [name for name in names if name == "forecast" or is_answer(name)]
    floats = [name for name in names if table[name].dtype.kind == "f"]
    return table.assign(**{name: [np.float64(f"{value:.8g}") for value in table[name]] for name in floats})
