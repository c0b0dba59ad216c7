"""CSV files for the command line: columns and stamps are read without guessing, or refused with the option to name."""

import warnings
from pathlib import Path

import pandas as pd

from . import datasets


def read_csv(arguments):
    """Return the series that a CSV file holds, on an index of dates or integers.

    Parameters
    ----------
    arguments : argparse.Namespace
        With source (the path), time, time_format, target, sep, decimal and encoding.

    Raises
    ------
    ValueError
        If there is no such file or column, or a time stamp cannot be read; the sentence names the option that helps.
    """
    path = arguments.source
    if not Path(path).is_file():
        raise ValueError(
            f"there is no file {path!r} and no bundled set of this name; the sets are {', '.join(datasets.names())}."
        )
    try:
        frame = pd.read_csv(path, sep=arguments.sep, decimal=arguments.decimal, encoding=arguments.encoding)
    except (ValueError, LookupError) as error:
        hint = "; see --encoding" if isinstance(error, UnicodeDecodeError | LookupError) else ""
        raise ValueError(f"{path} cannot be read as a CSV file: {' '.join(str(error).split())}{hint}") from None
    for mark, option in ((";", "';'"), ("\t", "$'\\t'")):
        if frame.shape[1] == 1 and mark in str(frame.columns[0]):
            raise ValueError(
                f"{path} has one column, {frame.columns[0]!r}; its columns may be parted by --sep {option}."
            )
    stamps = take_column(frame, arguments.time, "--time", path)
    series = take_column(frame, arguments.target, "--target", path)
    if arguments.time == arguments.target:
        raise ValueError(f"--time and --target both name {arguments.time!r}; give two columns.")
    return series.set_axis(_parse_stamps(stamps, arguments.time_format, path))


def take_column(frame, name, option, source):
    """Return a column of a frame; the error names the option that chooses one."""
    columns = ", ".join(map(str, frame.columns))
    if name is None:
        raise ValueError(f"{source} has the columns {columns}; name one with {option}.")
    if name not in frame.columns:
        raise ValueError(f"{source} has no column {name!r}; {option} takes one of {columns}.")
    return frame[name]


def _parse_stamps(stamps, time_format, path):
    """Return the clock of a CSV file as an index; line numbers count the header as line 1."""

    def complain(row, what):
        line = row + 2
        return ValueError(f"{path} line {line}: {stamps.name} is {stamps.iloc[row]!r}, {what}")

    if stamps.isna().any():
        raise complain(
            int(stamps.isna().to_numpy().argmax()), "but every row needs a time stamp; fill it or drop the row."
        )
    if time_format is not None and pd.api.types.is_float_dtype(stamps) and (stamps % 1 == 0).all():
        stamps = stamps.astype("int64")
    if pd.api.types.is_numeric_dtype(stamps) and time_format is None:
        broken = (stamps % 1 != 0).to_numpy()
        if broken.any():
            raise complain(int(broken.argmax()), "which is neither a date nor a whole number.")
        return pd.Index(stamps.astype("int64"), name=stamps.name)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # pandas warns where it would have to guess
            parsed = _read_dates(stamps.astype(str), time_format)
    except (ValueError, Warning):
        raise complain(0, "and no one format of dates is recognised; name it with --time-format.") from None
    if parsed.isna().any():
        how = f"the format {time_format}" if time_format else f"the way of the first one, {stamps.iloc[0]!r}"
        raise complain(int(parsed.isna().to_numpy().argmax()), f"which is not a date in {how}; see --time-format.")
    return pd.DatetimeIndex(parsed, name=stamps.name)


def _read_dates(texts, time_format):
    """Return Timestamps, NaT for what is none; offsets from UTC that change within the file are read as UTC."""
    try:
        return pd.to_datetime(texts, format=time_format, errors="coerce")
    except (ValueError, FutureWarning) as error:  # before pandas 3 it is a warning
        if "timezones" not in str(error).replace("time zones", "timezones"):
            raise
        print("          the offsets from UTC change within the file: all stamps are read as UTC")
        return pd.to_datetime(texts, format=time_format, errors="coerce", utc=True)
