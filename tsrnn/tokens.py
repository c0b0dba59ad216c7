"""SequenceEncoder: texts or lists of symbols become padded integer ids, and ids become texts or lists again."""

import re
from collections import Counter
from itertools import chain
from numbers import Integral

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from .base import POSITIVE_INT, reject_booleans, shorten
from .counts import how_many
from .ids import read_rows

PADDING_ID, UNKNOWN_ID = 0, 1
N_RESERVED = 2

# What stands for an unknown symbol in a text: Unicode's replacement character, which is also a word of its own, so that
# a text that was given back is encoded to the same ids again.
REPLACEMENT = "\ufffd"

JOIN = {"word": " ".join, "character": "".join, "symbol": list}


class SequenceEncoder(TransformerMixin, BaseEstimator):
    r"""Transformer of texts, or lists of symbols, to padded rows of integer ids.

    `fit` learns a vocabulary; `transform` looks symbols up in it. Id 0 is padding and id 1 any symbol that is not in
    the vocabulary. Rows are padded at the end, because a recurrent network starts with the first column.

    Parameters
    ----------
    unit : {"word", "character", "symbol"}, default="word"
        What a row is made of: a text is cut into words or into characters (code points of Unicode); with "symbol" a row
        is a list of symbols, which are strings, numbers or tuples of them.
    max_tokens : int or None, default=None
        Number of ids at most, padding and unknown included; the most frequent symbols are kept.
    min_count : int, default=1
        Symbols that occur less often in `fit` are unknown. With 1, and no `max_tokens`, the unknown id is in no row of
        `fit`, so that a network learns nothing of it and its vector stays random; 2 teaches what is unknown by the
        symbols that occur once.
    max_length : int or None, default=None
        Number of columns: longer rows are cut off, shorter ones padded; symbols that `fit` sees only in what is cut off
        are unknown. None makes each call as wide as its longest row, and cuts nothing off; columns then have no names,
        and there is no `set_output`.
    truncate : {"end", "start"}, default="end"
        Which end of a row longer than `max_length` is cut off.
    lowercase : bool, default=True
        Whether texts are turned into lower case first.
    token_pattern : str, default=r"\w+(?:['\u2019]\w+)*|[^\w\s]"
        Regular expression of a word. If it has a group, the group is the word. The default takes letters, digits and
        inner apostrophes together, and each other mark alone, so that only white space is left out.

    Attributes
    ----------
    vocabulary_ : dict
        The id of each symbol, in rising order from 2 on: the most frequent symbol first, equals sorted.
    n_tokens_ : int
        Number of ids, padding and unknown included; ids are smaller than this.
    padding_id_, unknown_id_ : int
        0 and 1.

    Examples
    --------
    >>> from tsrnn import SequenceEncoder
    >>> encoder = SequenceEncoder().fit(["It was good, very good.", "It was bad!"])
    >>> encoder.vocabulary_
    {'good': 2, 'it': 3, 'was': 4, '!': 5, ',': 6, '.': 7, 'bad': 8, 'very': 9}
    >>> ids = encoder.transform(["It was very bad", "Good fun"])
    >>> ids
    array([[3, 4, 9, 8],
           [2, 1, 0, 0]])
    >>> encoder.inverse_transform(ids)
    ['it was very bad', 'good �']

    Lists of symbols, each row four columns wide:

    >>> SequenceEncoder("symbol", max_length=4).fit_transform([["C", "E", "G"], ["C", "C", "F", "A", "C"]])
    array([[2, 4, 6, 0],
           [2, 2, 5, 3]])
    """

    _parameter_constraints = {
        "unit": [StrOptions(set(JOIN))],
        "max_tokens": [Interval(Integral, N_RESERVED + 1, None, closed="left"), None],
        "min_count": [POSITIVE_INT],
        "max_length": [POSITIVE_INT, None],
        "truncate": [StrOptions({"end", "start"})],
        "lowercase": ["boolean"],
        "token_pattern": [str],
    }

    def __init__(
        self,
        unit="word",
        *,
        max_tokens=None,
        min_count=1,
        max_length=None,
        truncate="end",
        lowercase=True,
        token_pattern=r"\w+(?:['\u2019]\w+)*|[^\w\s]",
    ):
        self.unit = unit
        self.max_tokens = max_tokens
        self.min_count = min_count
        self.max_length = max_length
        self.truncate = truncate
        self.lowercase = lowercase
        self.token_pattern = token_pattern

    def fit(self, X, y=None):
        """Learn the vocabulary.

        Parameters
        ----------
        X : list, 1-D array or Series of length n_samples
            Texts; with ``unit="symbol"`` lists, tuples or 1-D arrays of symbols. A row may be empty.
        y : None
            Ignored.

        Returns
        -------
        self

        Raises
        ------
        TypeError
            If a row is not a text (or not a list of symbols), a value is missing, or symbols of one type cannot be
            sorted among those of another.
        ValueError
            If an argument is out of range, X is empty or not one-dimensional, or no symbol is frequent enough.

        Examples
        --------
        >>> from tsrnn import SequenceEncoder
        >>> SequenceEncoder(min_count=2).fit(["a good film", "a bad film"]).vocabulary_
        {'a': 2, 'film': 3}
        """
        self._validate_params()
        reject_booleans(self)
        _check_pattern(self.token_pattern)
        counts = Counter(chain.from_iterable(self._kept_end(row, self.max_length) for row in self._cut(X)))
        if self.unit == "word" and "" in counts:  # as an assertion like \b does, or a group that is not met
            raise ValueError(f"token_pattern={self.token_pattern!r} matches an empty word in X; demand a character.")
        kept = [symbol for symbol, count in counts.items() if count >= self.min_count]
        if not counts:
            words = f", with words that token_pattern={self.token_pattern!r} finds" if self.unit == "word" else ""
            raise ValueError(f"X has no symbol; give rows that are not empty{words}.")
        if not kept:
            raise ValueError(f"no symbol of X occurs min_count={self.min_count} times or more; lower min_count.")
        try:
            kept.sort()
        except TypeError:
            types = ", ".join(sorted({type(symbol).__name__ for symbol in kept}))
            raise TypeError(f"symbols of X cannot be sorted among types {types}; give symbols of one type.") from None
        kept.sort(key=counts.get, reverse=True)  # equals stay in the order they have
        if self.max_tokens is not None:
            kept = kept[: self.max_tokens - N_RESERVED]
        self.vocabulary_ = {symbol: token for token, symbol in enumerate(kept, start=N_RESERVED)}
        self.n_tokens_ = N_RESERVED + len(kept)
        self.padding_id_, self.unknown_id_ = PADDING_ID, UNKNOWN_ID
        return self

    def transform(self, X):
        """Return the ids of texts or lists of symbols.

        Parameters
        ----------
        X : list, 1-D array or Series of length n_samples
            As for `fit`.

        Returns
        -------
        ndarray of shape (n_samples, n_steps), of int64
            Ids, padded at the end; an empty row is padding alone. n_steps is `max_length` or, without it, the length of
            the longest row, at least 1.

        Raises
        ------
        NotFittedError
            Before `fit`.
        TypeError, ValueError
            If X is malformed, as for `fit`.

        Examples
        --------
        >>> from tsrnn import SequenceEncoder
        >>> encoder = SequenceEncoder().fit(["a good film"])
        >>> encoder.transform(["a film", "a very good film", ""])
        array([[2, 3, 0, 0],
               [2, 1, 4, 3],
               [0, 0, 0, 0]])
        """
        check_is_fitted(self)
        rows = [[self.vocabulary_.get(symbol, UNKNOWN_ID) for symbol in row] for row in self._cut(X)]
        n_steps = self.max_length or max(map(len, rows)) or 1
        try:
            ids = np.full((len(rows), n_steps), PADDING_ID, dtype=np.int64)
        except (ValueError, MemoryError):
            raise ValueError(
                f"max_length={n_steps} of {how_many(len(rows), 'row')} is too large for memory: lower it."
            ) from None
        for places, row in zip(ids, rows, strict=True):
            row = self._kept_end(row, n_steps)
            places[: len(row)] = row
        return ids

    def _kept_end(self, row, most):
        """Return what is kept of a row that may be too long."""
        if most is None:
            return row
        return row[:most] if self.truncate == "end" else row[-most:]

    def inverse_transform(self, X):
        """Return the texts or lists of symbols of rows of ids.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_steps), or a list of sequences, of integers
            Ids, as `transform` gives them, or `RNNGenerator.generate`.

        Returns
        -------
        list of str, or list of list
            Words are joined by one space, characters by nothing. Padding is left out wherever it stands; what is
            unknown becomes "�" (U+FFFD) in a text and None in a list.

        Raises
        ------
        NotFittedError
            Before `fit`.
        TypeError
            If X does not hold integers.
        ValueError
            If X is not rows of ids, or holds one that is none of this encoder's, or masked values, as the answers of
            `RNNClassifier` at every step: give ``answers.filled(0)``.

        Examples
        --------
        >>> from tsrnn import SequenceEncoder
        >>> encoder = SequenceEncoder().fit(["a good film"])
        >>> encoder.inverse_transform([[2, 3, 0, 0], [2, 1, 4, 3]])
        ['a film', 'a � good film']
        """
        check_is_fitted(self)
        ids, lengths = read_rows(X, None, self.n_tokens_, is_strict=True, cure="")
        rows = np.split(ids, np.cumsum(lengths)[:-1])
        symbols = [None, None if self.unit == "symbol" else REPLACEMENT, *self.vocabulary_]
        join = JOIN[self.unit]
        return [join([symbols[token] for token in row if token != PADDING_ID]) for row in rows]

    def _has_fixed_width(self):
        if self.max_length is None:
            raise AttributeError("columns have names only where their number is fixed: set max_length.")
        return True

    @available_if(_has_fixed_width)
    def get_feature_names_out(self, input_features=None):
        """Return the names of the columns, which only `max_length` makes the same in all calls.

        Without `max_length` this method and `set_output` are absent.

        Parameters
        ----------
        input_features : None
            Ignored.

        Returns
        -------
        ndarray of shape (max_length,), of str objects
            "step0", "step1", ...

        Raises
        ------
        AttributeError
            Without `max_length`.
        NotFittedError
            Before `fit`.

        Examples
        --------
        >>> from tsrnn import SequenceEncoder
        >>> SequenceEncoder(max_length=3).fit(["a good film"]).get_feature_names_out().tolist()
        ['step0', 'step1', 'step2']
        """
        check_is_fitted(self)
        return np.array([f"step{step}" for step in range(self.max_length)], dtype=object)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        tags.input_tags.one_d_array = True
        tags.input_tags.string = self.unit != "symbol"
        tags.transformer_tags.preserves_dtype = []
        return tags

    def _cut(self, X):
        """Return the symbols of each row, as a list of lists."""
        rows = _list_rows(X)
        if self.unit == "symbol":
            return [_read_symbols(row, n) for n, row in enumerate(rows)]
        texts = [_read_text(row, n) for n, row in enumerate(rows)]
        split = list if self.unit == "character" else re.compile(self.token_pattern).findall
        return [split(text.lower() if self.lowercase else text) for text in texts]


def _check_pattern(token_pattern):
    try:
        pattern = re.compile(token_pattern)
    except re.error as error:
        raise ValueError(f"token_pattern={token_pattern!r} is no regular expression: {error}.") from None
    if pattern.groups > 1:
        raise ValueError(f"token_pattern={token_pattern!r} has {pattern.groups} groups; write all but one as (?:...).")
    if pattern.fullmatch(""):
        raise ValueError(f"token_pattern={token_pattern!r} matches an empty word; demand a character, as with '+'.")


def _list_rows(X):
    """Return the rows of X, whose kind is for others to check, as a list."""
    if isinstance(X, str | bytes):
        raise TypeError(f"X is a single text, {shorten(X)}; give a list, [text].")
    if not isinstance(X, list | tuple):
        if not hasattr(X, "__array__"):
            raise TypeError(f"X is {shorten(X)}, of type {type(X).__name__}; give a list, a 1-D array or a Series.")
        X = X if hasattr(X, "__len__") else np.asarray(X)
        if np.ndim(X) != 1:
            raise ValueError(
                f"X has shape {np.shape(X)}, not (n_samples,); give one column of a table, or list(X) of an array whose"
                " rows are lists of symbols."
            )
    if len(X) == 0:
        raise ValueError("X is empty; give at least one row.")
    return list(X)


def _read_text(row, n):
    """Return row n if it is a text."""
    if isinstance(row, str):
        return row
    if isinstance(row, bytes):
        cure = "decode it"
    elif isinstance(row, list | tuple | np.ndarray):
        cure = "set unit='symbol' if rows are lists of symbols"
    else:
        cure = "drop the row or fill it, as with ''"
    raise TypeError(f"row {n} of X is {shorten(row)}, which is not a text; {cure}.")


def _read_symbols(row, n):
    """Return row n as a list or tuple if it is one of symbols."""
    symbols = row.tolist() if isinstance(row, np.ndarray) else row
    if not isinstance(symbols, list | tuple):
        cure = "give a list in each row, or set unit='word' or 'character' for texts"
        raise TypeError(f"row {n} of X is {shorten(row)}, which is not a list of symbols; {cure}.")
    for symbol in symbols:
        if not _is_symbol(symbol):
            cure = "give strings, numbers or tuples of them"
            raise TypeError(f"row {n} of X holds {shorten(symbol)}, which is missing or not hashable; {cure}.")
    return symbols


def _is_symbol(value):
    """Return whether a value can be looked up: it has a hash and, unlike what is missing, equals itself."""
    try:
        hash(value)
        if isinstance(value, tuple):
            return all(map(_is_symbol, value))
        return value is not None and bool(value == value)
    except TypeError:  # a list has no hash, and pandas.NA is neither equal nor unequal to itself
        return False
