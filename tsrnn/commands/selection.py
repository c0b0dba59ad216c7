"""Which columns of a table are time stamps, ids, targets and covariates, as the options of the command line say."""

import re
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from .. import datasets
from ..frames import listing
from .files import PARQUET, check_ending, read_file, read_stamps

_WITH_COMMA = r"\s*[+-]?[\d.]*(?:,\d+)?\s*"  # numbers, some of them such as 1,5 or 1.234,50


@dataclass
class Selection:
    """What is forecast, and from what.

    Parameters
    ----------
    frame : Series or DataFrame
        As `fit` of a forecaster takes it.
    source : str
        Where it is from.
    options : dict
        The arguments of the forecaster that name its columns.
    covariates, left_out, series : list of str
        Columns known ahead; those that no option has asked for; those that are a series each, which nobody has named.
    label : str or None
        Of the axis of values.
    future : DataFrame or None
        The rows to come of the columns known ahead.
    """

    frame: object
    source: str
    options: dict = field(default_factory=dict)
    covariates: list = field(default_factory=list)
    left_out: list = field(default_factory=list)
    series: list = field(default_factory=list)
    label: str | None = None
    future: object = None

    @property
    def is_csv(self):
        """Whether rows are lines of a file."""
        return self.source not in datasets.names() and Path(self.source).suffix.lower() not in PARQUET

    @property
    def inputs(self):
        """The columns that help to forecast others."""
        return [*self.covariates, *self.options.get("past_covariates", []), *self.options.get("static_covariates", [])]

    @property
    def bare(self):
        """The frame and the options without covariates, for a forecaster that reads none."""
        names = [name for name in self.options if name in ("target", "id_col", "time_col")]
        options = {name: self.options[name] for name in names}
        if "target" not in options:
            return self.frame, options
        target = options["target"]
        kept = {options.get("id_col"), options.get("time_col"), *([target] if isinstance(target, str) else target)}
        return self.frame[[name for name in self.frame.columns if name in kept]], options


def select(arguments):
    """Return the Selection that arguments name.

    Raises
    ------
    ValueError
        If there is no such file or column, or it cannot be told which column is what; the sentence names the option
        that helps.
    """
    name = arguments.source
    is_set = name in datasets.names()
    frame = _load_set(arguments) if is_set else _read(arguments, name, "SOURCE")
    future = None
    if getattr(arguments, "future", None) is not None:
        future = _read(arguments, arguments.future, "--future")
    roles = _Roles(arguments, frame, future)
    stamps = frame[roles.time] if is_set else read_stamps(frame[roles.time], arguments.time_format, name)
    selection = roles.select(frame, stamps)
    selection.label = datasets.axis_label(name) if is_set else None
    if selection.label is None and len(roles.targets) == 1:
        selection.label = roles.targets[0]
    if future is not None:
        selection.future = roles.read_future(future, pd.Index(stamps))
    return selection


def load_set(name):
    """Return a bundled set as a table whose stamps are the column "ds"."""
    data = datasets.load(name)
    if data.ndim == 1:
        data = data.to_frame()
    return data if "ds" in data.columns else data.reset_index()


def _load_set(arguments):
    for option in ("--time-col", "--time-format", "--id-col"):
        if getattr(arguments, option[2:].replace("-", "_")) is not None:
            raise ValueError(f"{option} is for files; the bundled set {arguments.source} needs none.")
    return load_set(arguments.source)


def _read(arguments, path, option):
    if Path(path).is_dir():
        raise ValueError(f"{path} is a folder; give a file, .csv or .parquet.")
    check_ending(path, option)
    if not Path(path).is_file():
        also = f" and no bundled set of this name; the sets are {', '.join(datasets.names())}"
        raise ValueError(f"there is no file {path!r}{also if option == 'SOURCE' else ', which --future names'}.")
    texts = [arguments.id_col or "unique_id"]
    if arguments.thousands == arguments.decimal:
        raise ValueError(f"--thousands and --decimal are both {arguments.decimal!r}; give each mark one meaning.")
    kept = [arguments.time_col]
    return read_file(
        path, arguments.sep, arguments.decimal, arguments.encoding, texts, kept, thousands=arguments.thousands
    )


class _Roles:
    """The names of the columns of each kind.

    Parameters
    ----------
    arguments : argparse.Namespace
    frame, future : DataFrame
        The table, and that of the rows to come, or None.
    """

    def __init__(self, arguments, frame, future):
        self.arguments, self.source, self.columns = arguments, arguments.source, list(frame.columns)
        self.time = self._one("--time-col", "ds")
        if self.time is None:
            raise ValueError(
                f"{self.source} has the columns {', '.join(self.columns)}; name that of time stamps with --time-col."
            )
        self.id = self._one("--id-col", "unique_id")
        self.past, self.static = self._several("--past-covariates"), self._several("--static-covariates")
        self.covariates, self.targets = self._several("--covariates"), self._several("--target")
        keys = [name for name in (self.time, self.id) if name is not None]
        if future is not None and not self.covariates and set(keys) <= set(future.columns):
            taken = {self.time, self.id, *self.targets, *self.past, *self.static}
            if not self.targets:
                taken.add("y")
            self.covariates = [name for name in future.columns if name not in taken]
            if unknown := [name for name in self.covariates if name not in self.columns]:
                raise ValueError(
                    f"--future {arguments.future} has the column {unknown[0]!r}, which {self.source} lacks; choose of "
                    "its columns with --covariates."
                )
            if not self.covariates:
                raise ValueError(
                    f"--future {arguments.future} has no columns but {', '.join(future.columns)}; add those that are "
                    "known ahead, or leave it out."
                )
        self.categories = self._several("--categorical-features")
        self._refuse_two_roles()
        if self.covariates and future is None and hasattr(arguments, "future"):
            raise ValueError(
                f"the rows to come of {listing(self.covariates)} are not known; give them in a file, --future, or name "
                "the columns with --past-covariates."
            )
        others = [*self.past, *self.static, *self.covariates]
        self._refuse_commas(frame, [name for name in (*self.targets, *others) if name not in self.categories])
        rest = frame.drop(columns=[*keys, *others])
        self.is_wide = False
        if not self.targets:
            self.targets = self._default_targets(rest, has_roles=self.id is not None or bool(others))
        self.used = [*keys, *self.targets, *others]

    def _one(self, option, default):
        name = getattr(self.arguments, option[2:].replace("-", "_"))
        if name is None:
            return default if default in self.columns else None
        return self._check(option, name)

    def _several(self, option):
        names = getattr(self.arguments, option[2:].replace("-", "_")) or []
        return [self._check(option, name) for name in names]

    def _check(self, option, name):
        if name not in self.columns:
            raise ValueError(f"{self.source} has no column {name!r}; {option} takes one of {', '.join(self.columns)}.")
        return name

    def _refuse_two_roles(self):
        given = {
            "--time-col": [self.time], "--id-col": [] if self.id is None else [self.id], "--target": self.targets,
            "--past-covariates": self.past, "--static-covariates": self.static, "--covariates": self.covariates,
        }  # fmt: skip
        first = {}
        for option, names in given.items():
            for name in names:
                if first.get(name) == option:
                    raise ValueError(f"{option} names {name!r} twice; name each column once.")
                if name in first:
                    raise ValueError(f"{first[name]} and {option} both name {name!r}; a column has one meaning.")
                first[name] = option

    def _refuse_commas(self, frame, names):
        """Raise if one of these columns holds numbers with a comma, which have been read as text."""
        for name in names:
            if pd.api.types.is_numeric_dtype(frame[name].dtype):
                continue
            texts = frame[name].dropna().astype(str)
            thousands, decimal = (",", ".") if self.arguments.decimal == "." else (".", self.arguments.decimal)
            grouped = rf"\s*[+-]?\d{{1,3}}(?:{re.escape(thousands)}\d{{3}})*(?:{re.escape(decimal)}\d*)?\s*"
            marked = texts[texts.str.contains(thousands, regex=False)]
            is_sure = (texts.str.contains(decimal, regex=False) | (texts.str.count(re.escape(thousands)) > 1)).any()
            plain = rf"\s*[+-]?\d+(?:{re.escape(decimal)}\d*)?\s*"
            if len(marked) and is_sure and texts.str.fullmatch(f"{grouped}|{plain}").all():
                raise ValueError(
                    f"{self.source} has {marked.iloc[0]!r} in column {name!r}, which is not a number; if its "
                    f"{thousands!r} parts thousands, see --thousands."
                )
            commas = texts[texts.str.contains(",", regex=False)]
            if len(commas) and texts.str.fullmatch(_WITH_COMMA).all():
                raise ValueError(
                    f"{self.source} has {commas.iloc[0]!r} in column {name!r}, which is not a number; if its comma is "
                    "the decimal mark, see --decimal and --sep."
                )

    def _default_targets(self, rest, has_roles):
        """Return the targets if nobody says: y, the only column of numbers, or each of them as a series."""
        if self.id is not None and "y" in rest.columns:
            return ["y"]
        self._refuse_commas(rest, rest.columns)
        numbers = [name for name in rest.columns if pd.api.types.is_numeric_dtype(rest[name].dtype)]
        for name in rest.columns.difference(numbers, sort=False):
            is_number = pd.to_numeric(rest[name], errors="coerce").notna()
            if is_number.any():  # which was meant to be one of numbers
                row = int((rest[name].notna() & ~is_number).to_numpy().argmax())
                raise ValueError(
                    f"{self.source} has {rest[name].iloc[row]!r} in column {name!r}, which is not a number; mend it, "
                    "see --decimal, or name the column to forecast with --target."
                )
        if len(numbers) == 1:
            return numbers
        if not numbers:
            raise ValueError(
                f"{self.source} has no column of numbers to forecast beside {self.time!r}; its columns are "
                f"{', '.join(self.columns)}."
            )
        if has_roles or "y" in numbers:
            raise ValueError(
                f"{self.source} has several columns of numbers, {', '.join(numbers)}; name the one to forecast with "
                "--target."
            )
        self.is_wide = True
        return numbers

    def select(self, frame, stamps):
        """Return the Selection of a table with these stamps."""
        left_out = [name for name in self.columns if name not in self.used]
        options = {"past_covariates": self.past or None, "static_covariates": self.static or None}
        options = {name: names for name, names in options.items() if names}
        if self.categories:
            others = [*self.past, *self.static, *self.covariates]
            texts = [name for name in others if not pd.api.types.is_numeric_dtype(frame[name].dtype)]
            options["categorical_features"] = list(dict.fromkeys([*self.categories, *texts]))
        # In the order of the file, as somebody who reads it in Python has them.
        values = frame[[name for name in self.columns if name in self.used]]
        if self.id is not None:
            options |= {"id_col": self.id, "time_col": self.time}
            values = values.assign(**{self.time: pd.Series(stamps, frame.index)})
        else:
            values = values.drop(columns=self.time).set_axis(pd.Index(stamps, name=self.time))
        if self.id is not None or options or self.covariates or (len(self.targets) > 1 and not self.is_wide):
            options["target"] = self.targets[0] if len(self.targets) == 1 else self.targets
        elif not self.is_wide:
            values = values[self.targets[0]]
        return Selection(values, self.source, options, self.covariates, left_out, self.targets if self.is_wide else [])

    def read_future(self, future, stamps):
        """Return the rows to come, on the same kind of clock."""
        path = self.arguments.future
        keys = [name for name in (self.time, self.id) if name is not None]
        if missing := [name for name in [*keys, *self.covariates] if name not in future.columns]:
            raise ValueError(
                f"--future {path} has no column {missing[0]!r}; it needs {', '.join([*keys, *self.covariates])}, and "
                f"has {', '.join(future.columns)}."
            )
        clock = read_stamps(future[self.time], self.arguments.time_format, path)
        zones = [getattr(index, "tz", None) for index in (stamps, clock)]
        if None not in zones:
            clock = clock.tz_convert(zones[0])
        if self.id is None:
            return future[self.covariates].set_axis(pd.Index(clock, name=self.time))
        ids = future[[self.id]].assign(**{self.time: pd.Series(clock, future.index)})
        return pd.concat([ids, future[self.covariates]], axis=1)
