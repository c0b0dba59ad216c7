"""What is given of how sure a forecast is, ends of intervals or quantiles: read, and named in columns."""

import math
from collections.abc import Iterable
from numbers import Real
from typing import NamedTuple

import numpy as np

from .bands import as_probability, check_level
from .base import shorten
from .calibration import exactly, tail
from .frames import TARGET, plain


class Spread(NamedTuple):
    """Ends of intervals, and quantiles, that are given beside forecasts.

    Parameters
    ----------
    levels : tuple of float
        Percent that intervals are to hold, the widest first.
    probabilities : tuple of float
        Of quantiles, rising.
    has_points : bool
        Whether the forecast itself stands before them.
    """

    levels: tuple = ()
    probabilities: tuple = ()
    has_points: bool = True

    @classmethod
    def read(cls, level=None, q=None, has_points=True):
        """Return that of levels in percent and probabilities, one or several or None; raise for what is none."""
        levels = () if level is None else read_levels(level)
        return cls(tuple(levels), () if q is None else tuple(read_probabilities(q)), has_points)

    @property
    def needs(self):
        """What needs errors: a share (a Fraction), what is called so, and what n errors support, for each."""
        intervals = [(tail(level), f"an interval of {written(level)} %", _levels_from) for level in self.levels]
        return intervals + [(exactly(q), f"the quantile {written(q)}", _probabilities_from) for q in self.probabilities]

    @property
    def suffixes(self):
        """What columns add to the name of their target, in the order of the columns."""
        levels = [written(number) for number in self.levels]
        return [
            *[""] * self.has_points,
            *(f"-lo-{text}" for text in levels),
            *(f"-hi-{text}" for text in levels[::-1]),
            *(f"-q-{written(number)}" for number in self.probabilities),
        ]


def column_names(form, suffixes):
    """Return the names of the columns of an answer, for each target one with each suffix; raise if two are the same."""
    names = [_text_of(name) + suffix for name in form.targets for suffix in suffixes]
    keys = [name for name in (form.id_name, form.time_name) if form.columns is not None and name is not None]
    seen = set()
    for name in [*keys, *names]:
        if name in seen:
            raise ValueError(f"the answer would have two columns called {name!r}; rename that of the data.")
        seen.add(name)
    return names


def read_levels(level):
    """Return levels in percent, the widest first; raise for what is none."""
    levels = _read_numbers("level", level, "(80, 95)")
    for given in levels:
        check_level(given)
    return sorted(levels, reverse=True)


def read_probabilities(q, what="q"):
    """Return probabilities in rising order; raise for what is none, and call it `what`."""
    probabilities = _read_numbers(what, q, "(0.1, 0.5, 0.9)")
    for given in probabilities:
        if not 0 < given < 1:
            raise ValueError(f"{what} must be between 0 and 1, both left out; got {given}{as_probability(given)}.")
    return sorted(probabilities)


def _read_numbers(what, given, example):
    if isinstance(given, np.ndarray) and not given.ndim:
        given = given.item()
    values = list(given) if isinstance(given, Iterable) and not isinstance(given, str | bytes) else [given]
    if not values:
        raise ValueError(f"{what} is empty; give numbers, such as {example}.")
    for value in values:
        if isinstance(value, bool | np.bool_) or not isinstance(value, Real):
            raise TypeError(f"{what} must be numbers, such as {example}; got {shorten(given)}.")
    for value in values:
        if values.count(value) > 1:
            raise ValueError(f"{what} has {value} more than once; give each number once.")
    return values


def _levels_from(n):
    return f"levels up to {math.floor(1000 * (n - 1) / (n + 1)) / 10:g}"


def _probabilities_from(n):
    least = math.ceil(10_000 / (n + 1)) / 10_000
    return f"quantiles from {least:g} to {1 - least:g}"


def written(number):
    """Return a number as it is written in the name of a column: 80, 99.5, 0.1."""
    return str(number).removesuffix(".0")


def _text_of(name):
    """Return the name of a target as text; one of several parts has them side by side, and no name is y."""
    if name is None:
        return TARGET
    return "_".join(map(str, name)) if isinstance(name, tuple) else str(plain(name))
