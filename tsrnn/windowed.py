"""What the estimators share whose rows are windows or sequences: how they are read, trained on and answered."""

import warnings
from dataclasses import replace
from numbers import Integral, Real

import numpy as np
import pandas as pd
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import (
    _check_feature_names,
    _num_samples,
    check_is_fitted,
    check_X_y,
    validate_data,
)

from .base import (
    NETWORK_CONSTRAINTS,
    OPTIMIZER_CONSTRAINTS,
    RATE,
    STEPS_OF_MEMORY,
    UNITS,
    RecurrentEstimator,
    count_threads,
    layer_sizes,
    reject_booleans,
    shorten,
    warn_if_cut_short,
)
from .checking import as_windows, check_weights, names_of, names_of_rows, read_windows, refusing_numbers
from .counts import how_many
from .ids import LARGEST_ID, read_ids
from .kernels.buffers import Sequences
from .kernels.plan import ACTIVATIONS
from .kernels.step import EQUAL_WEIGHTS
from .network.architecture import Architecture
from .network.training import predict
from .network.windows import Windows
from .sequences import as_sequences, drop_missing, is_ragged, join_rows, join_targets, share_steps, take_windows

WINDOW_CONSTRAINTS = {
    **NETWORK_CONSTRAINTS,
    **OPTIMIZER_CONSTRAINTS,
    "chrono_init": [STEPS_OF_MEMORY, None],
    "bidirectional": ["boolean"],
    "return_sequences": ["boolean"],
    "dense_layer_sizes": ["array-like", UNITS],
    "dense_activation": [StrOptions(set(ACTIVATIONS))],
    "dropout": [RATE],
    "recurrent_dropout": [RATE],
    "input_noise": [Interval(Real, 0, 1e30, closed="left")],
    "input": [StrOptions({"values", "tokens"})],
    "embedding_size": [UNITS],
    "n_tokens": [Interval(Integral, 1, LARGEST_ID, closed="both"), None],
    "padding_id": [Interval(Integral, 0, LARGEST_ID, closed="left"), None],
    "embedding_vectors": ["array-like", None],
    "train_embedding": ["boolean"],
    "missing": [StrOptions({"raise", "mask"})],
    "warm_start": ["boolean"],
}


class MaskedSteps(np.ma.MaskedArray):
    """A masked array that keeps its mask when NumPy joins several, as scikit-learn's tools do with predictions."""

    def __array_function__(self, function, types, args, kwargs):
        answer = super().__array_function__(function, types, args, kwargs)
        if function is np.concatenate and isinstance(answer, MaskedSteps):
            axis = kwargs.get("axis", args[1] if len(args) > 1 else 0)
            answer.mask = np.concatenate([np.ma.getmaskarray(part) for part in args[0]], axis)
        return answer


class WindowEstimator(RecurrentEstimator):
    """What the estimators share whose rows are windows."""

    def _check_arguments(self):
        self._validate_params()
        reject_booleans(self)
        if self.embedding_vectors is not None:
            self._read_vectors()
        if self.input == "tokens" and self.input_noise:
            raise ValueError(f"input_noise={self.input_noise} is noise on values, which tokens are not; use dropout.")
        if self.input == "tokens" and self.missing != "raise":
            raise ValueError(f"missing={self.missing!r} is for steps of NaN, which tokens have not; use padding_id.")
        if self.input == "tokens" and self.padding_id is not None:
            n_tokens = self._n_known_tokens(False)
            if n_tokens is not None and self.padding_id >= n_tokens:
                raise ValueError(f"padding_id={self.padding_id} is no id below n_tokens={n_tokens}; give more tokens.")

    def _start_partial_fit(self, X):
        """Check the arguments and, in a later call, the columns of X; return the options of `_read`."""
        self._check_arguments()
        if self.early_stopping:
            raise ValueError("partial_fit holds no rows out to watch; set early_stopping=False.")
        if not hasattr(self, "_training"):
            return {}
        fitted = "tokens" if self._architecture.n_tokens else "values"
        if self.input != fitted:
            raise ValueError(f"partial_fit goes on with the same network, of input={fitted!r}; got {self.input!r}.")
        self._check_names(X)
        if not self._architecture.n_tokens and not self._is_list(X, is_fitted=True):
            with refusing_numbers():
                validate_data(self, X, reset=False, skip_check_array=True)
        return {"dtypes": [self.parameters_.dtype.type], "is_going_on": True}

    def _read(self, X, y, read_y, dtypes=(np.float64, np.float32), is_going_on=False, **checks):
        """Return X and y as scikit-learn checks them; `read_y` makes an array of what y is given as.

        Returns
        -------
        X : ndarray of shape (n_samples, n_steps, n_features) or Sequences
            In one of some dtypes: its own, if it is one of them, else the first. Tokens are float32.
        y : ndarray
            A row for each window, or with `return_sequences` for each step, of one window after the other.
        """
        dtypes, sequences = list(dtypes), self._read_sequences(X, is_going_on, dtypes)
        if sequences is not None and not sequences.lengths.any():
            raise ValueError("X holds nothing but padding; give at least one row a step.")
        array = np.zeros((len(sequences), 1)) if sequences is not None else read_windows(X, dtypes)
        of_rows = np.zeros(_num_samples(array)) if self.return_sequences else read_y(y)
        with refusing_numbers():
            array, of_rows = check_X_y(
                array, of_rows, dtype=dtypes, allow_nd=True, estimator=self, ensure_all_finite=self._finite, **checks
            )
        names_of(X)
        _check_feature_names(RecurrentEstimator(), X, reset=True)  # bad names show before training, not after
        if sequences is None:
            sequences = as_windows(array)
            if self.missing == "mask":
                sequences = drop_missing(sequences, "mask")
        return sequences, read_y(join_targets(y, sequences)) if self.return_sequences else of_rows

    def _read_sequences(self, X, is_fitted, dtypes):
        """Return sequences of several lengths, or tokens, as Sequences; None if X is an array of windows.

        A network that is fitted reads as it was fitted, whatever has been set since.
        """
        if self._architecture.n_tokens if is_fitted else self.input == "tokens":
            padding_id = self._padding_id if is_fitted else self.padding_id
            return read_ids(X, padding_id, self._n_known_tokens(is_fitted))
        if not self._is_list(X, is_fitted):
            return None
        sequences = join_rows(X)
        if sequences.dtype not in dtypes:
            with np.errstate(over="ignore"):  # what does not fit becomes infinite, and is refused
                sequences = replace(sequences, steps=sequences.steps.astype(dtypes[0]))
        return drop_missing(sequences, self.missing)

    def _is_list(self, X, is_fitted):
        """Return whether X is a list of sequences, and no array: those of one length are, if such a list was fitted."""
        return is_ragged(X, also_of_one_length=is_fitted and not hasattr(self, "n_features_in_"))

    @property
    def _finite(self):
        """What scikit-learn's checks are to ask of numbers."""
        return "allow-nan" if self.missing == "mask" else True

    def _n_known_tokens(self, is_fitted):
        """Return how many tokens the network, or the arguments, know; None if the data decide."""
        if is_fitted and hasattr(self, "_architecture"):
            return self._architecture.n_tokens or None
        return self.n_tokens if self.embedding_vectors is None else len(self._read_vectors())

    def _read_vectors(self):
        """Return the vectors of tokens that were given."""
        try:
            vectors = np.asarray(self.embedding_vectors, np.float32)
        except (TypeError, ValueError):
            vectors = np.zeros(0)
        if vectors.ndim != 2 or not vectors.size or not np.isfinite(vectors).all():
            given = shorten(self.embedding_vectors)
            raise ValueError(f"embedding_vectors must be finite numbers of shape (n_tokens, size); got {given}.")
        if self.n_tokens not in (None, len(vectors)):
            raise ValueError(
                f"embedding_vectors has {how_many(len(vectors), 'row')}, but n_tokens={self.n_tokens}; give one alone."
            )
        return vectors

    def _initial_parameters(self, architecture, rng, dtype):
        parameters = super()._initial_parameters(architecture, rng, dtype)
        if self.embedding_vectors is not None and architecture.n_tokens:
            architecture.views(parameters)["embedding.W"][:] = self._read_vectors()
        return parameters

    def _read_eval_set(self, eval_set, given, windows, read):
        """Return the Windows of `eval_set`, or None if it is None.

        Parameters
        ----------
        eval_set : tuple, list or None
            As `fit` was given it.
        given : array-like
            X as `fit` was given it.
        windows : Windows
            Those to train on.
        read : callable
            Given X, y, sample_weight and the dtypes of `_read`, returns Windows.
        """
        if eval_set is None:
            return None
        only = eval_set[0] if isinstance(eval_set, list) and len(eval_set) == 1 else eval_set
        if not isinstance(only, tuple) or len(only) not in (2, 3):
            what = f"{type(only).__name__} of {len(only)}" if isinstance(only, tuple | list) else type(only).__name__
            raise (ValueError if isinstance(only, tuple | list) else TypeError)(
                "eval_set must be a tuple (X, y) or (X, y, sample_weight), or a list that holds one such tuple; got a "
                f"{what}."
            )
        X, y, sample_weight = (*only, None)[:3]
        names, own = names_of(X, "X of eval_set"), names_of(given)
        if names is not None and own is not None and names != own:
            raise ValueError(f"X of eval_set has the columns {names}; those of fit are {own}, in this order.")
        if (names is None) != (own is None):
            warnings.warn(
                "of X and the X of eval_set only one has names of columns; they are taken in their order.",
                UserWarning,
                stacklevel=3,
            )
        try:
            held_out = read(X, y, sample_weight, dtypes=[windows.X.dtype.type])
        except (TypeError, ValueError) as error:
            raise (TypeError if isinstance(error, TypeError) else ValueError)(f"eval_set: {error}") from error
        for part, own, what in ((held_out.X, windows.X, "X"), (held_out.y, windows.y, "y")):
            found, expected = part.shape[-1], own.shape[-1]
            if found != expected:
                counts = f"{how_many(found, 'feature')} per step" if what == "X" else how_many(found, "target")
                raise ValueError(f"{what} of eval_set has {counts}, but that of fit {expected}.")
        if self.input == "values" and not is_ragged(X) and not is_ragged(given):  # as in all that predicts
            n_steps, expected = np.shape(X)[1], np.shape(given)[1]
            if n_steps != expected:
                raise ValueError(f"X of eval_set has windows of {n_steps} steps, but that of fit {expected}.")
        return held_out

    def _learn(self, given, windows, validation, n_outputs, loss, loss_numbers=(), is_partial=False):
        """Train a network and keep what it has learnt.

        Parameters
        ----------
        given : array-like
            X as `fit` or `partial_fit` was given it.
        windows : Windows
        validation : Windows or None
        n_outputs : int
        loss : str
        loss_numbers : tuple of float
        is_partial : bool
            Whether to make one more epoch.
        """
        for part, what in ((windows, "train on"), (validation, "validate on")):
            if part is None or not isinstance(part.X, Sequences):
                continue
            counts = part.weights > 0 if len(part.weights) else slice(None)
            if not part.X.lengths[counts].any():
                raise ValueError(f"no row to {what} has a step that is no padding; give one that has.")
        goes_on = (self.warm_start or is_partial) and hasattr(self, "_training")
        dtype, (windows, validation) = windows.X.dtype, _of_one_kind(windows, validation)
        architecture = self._network(windows, validation, n_outputs, loss, loss_numbers, goes_on)
        # Rows of several lengths, and those in which steps may be missing, have no width.
        has_width = hasattr(self, "n_features_in_") and self.missing == "raise" and not self._is_list(given, True)
        going_on = self._training_to_go_on_from(architecture, dtype, has_width, is_partial) if goes_on else None
        # The random numbers of partial_fit go on, so that n calls draw what fit draws for n epochs.
        rng = self._rng if is_partial and going_on is not None else check_random_state(self.random_state)
        label = "partial_fit" if is_partial else "training"
        options = self._training_options()
        training = self._train(architecture, windows, options, rng, validation, going_on, label, is_partial)
        warn_if_cut_short(training, stacklevel=3)
        # Nothing is kept before everything has gone well: a fit that fails leaves an earlier one as it was.
        if not is_partial or going_on is None:
            for name in ("n_features_in_", "feature_names_in_"):
                if hasattr(self, name):
                    delattr(self, name)
            if self.input == "values" and not is_ragged(given):
                validate_data(self, given, skip_check_array=True)  # the names and the number of columns
            else:
                _check_feature_names(self, given, reset=True)
            self._row_names, self._padding_id = names_of_rows(given), self.padding_id
        self._architecture, self._training, self._rng = architecture, training, rng
        self._keep(training)

    @property
    def history_(self):
        """DataFrame with a row per epoch: epoch, loss, validation_loss, learning_rate, seconds.

        Returns
        -------
        DataFrame
            ``epoch`` counts from 1, of int; the others are float: the mean loss over what was trained on and over what
            was held out, or `eval_set`, NaN without either; the learning rate of its last update; the seconds it took.
            `partial_fit` adds a row, `fit` begins anew. Each time a new one.

        Raises
        ------
        AttributeError
            Before `fit`.

        Examples
        --------
        >>> import numpy as np
        >>> from tsrnn import RNNRegressor
        >>> X = np.random.default_rng(0).normal(size=(40, 6))
        >>> model = RNNRegressor(hidden_layer_sizes=8, max_iter=2, random_state=0).fit(X, X[:, 0])
        >>> model.history_.columns.tolist(), model.history_["epoch"].tolist()
        (['epoch', 'loss', 'validation_loss', 'learning_rate', 'seconds'], [1, 2])
        """
        # Made when asked for: partial_fit would have to make it for every epoch anew.
        if not hasattr(self, "_training"):
            raise AttributeError("there is no history_ before fit; call fit first.")
        return pd.DataFrame(self._training.history)

    def encode(self, X):
        """Return the last state of the top layer for windows: features for another estimator.

        Parameters
        ----------
        X : array-like
            As in `fit`.

        Returns
        -------
        ndarray of shape (n_samples, n_hidden)
            In the dtype of training; with `bidirectional` the states of both directions side by side. A row has the
            same bits alone and in any batch. With `return_sequences` too it is that of the last step alone, of the
            second direction that of the first; of a row without any step zero.

        Raises
        ------
        NotFittedError
            Before `fit`.
        TypeError, ValueError
            If X is no such numbers or ids, or not as in `fit`: other steps of a window, features, names of columns, or
            ids that the network does not know; or if what is predicted is not finite.

        Examples
        --------
        >>> import numpy as np
        >>> from tsrnn import RNNRegressor
        >>> X = np.random.default_rng(0).normal(size=(40, 6))
        >>> RNNRegressor(hidden_layer_sizes=(8, 5), max_iter=1, random_state=0).fit(X, X[:, 0]).encode(X).shape
        (40, 5)
        """
        X = self._check_windows(X)
        n_hidden = self._architecture.hidden_layer_sizes[-1] * (1 + self._architecture.bidirectional)
        encoder = self._architecture.variant(
            n_outputs=n_hidden, loss="squared_error", loss_numbers=(), dense_layer_sizes=(), return_sequences=False
        )
        parameters = np.zeros(encoder.n_parameters, self.parameters_.dtype)
        own = self._architecture.views(self.parameters_)
        for name, view in encoder.views(parameters).items():  # a head that gives the state as it is
            view[...] = np.eye(n_hidden) if name == "head.W_y" else 0 if name == "head.b_y" else own[name]
        return self._run(encoder, parameters, X)

    def _run(self, architecture, parameters, X):
        """Return what a network makes of checked windows."""
        X = X if isinstance(X, Sequences) else as_windows(X)
        if X.shape[2] != self._architecture.n_features and not self._architecture.n_tokens:
            raise ValueError(
                f"X has {how_many(X.shape[2], 'feature')} per step, but {type(self).__name__} was fitted with "
                f"{self._architecture.n_features}."
            )
        n_threads = count_threads(self.n_jobs, at_most=len(X))
        outputs = predict(architecture.for_steps(X.shape[1]), parameters, X, n_threads)
        if not np.isfinite(outputs).all():
            row = int(np.argmax(~np.isfinite(outputs).all(axis=1)))
            if architecture.return_sequences:
                lengths = X.lengths if isinstance(X, Sequences) else np.full(len(X), X.shape[1])
                row = int(np.searchsorted(np.cumsum(lengths), row, side="right"))
            raise ValueError(f"what is predicted for row {row} of X is not finite in {X.dtype}; scale X or weights.")
        return outputs

    def _check_windows(self, X):
        """Return X as an array in the dtype of training; raise or warn as scikit-learn does.

        Its checks take longer than the prediction of a window. An array that they would return unchanged skips them.
        """
        if type(X) is np.ndarray and hasattr(self, "n_features_in_") and not hasattr(self, "feature_names_in_"):
            is_plain = X.dtype == self.parameters_.dtype and X.ndim in (2, 3) and X.shape[1] == self.n_features_in_
            with np.errstate(over="ignore", invalid="ignore"):
                if is_plain and X.size and np.isfinite(X.sum()):  # then all of it is
                    return X
        check_is_fitted(self)
        dtype = self.parameters_.dtype
        sequences = self._read_sequences(X, True, [dtype])
        self._check_names(X)  # after what cannot be read at all: a warning beside an error says nothing
        if sequences is not None:
            return sequences
        X = read_windows(X, [dtype])
        with refusing_numbers():
            X = validate_data(self, X, dtype=dtype, allow_nd=True, reset=False, ensure_all_finite=self._finite)
        return drop_missing(as_windows(X), self.missing) if self.missing == "mask" else X

    def _drop_weightless(self, windows):
        """Return windows without those of weight zero, before anything is counted, drawn or held out."""
        rows = np.flatnonzero(windows.weights)
        if not len(rows):  # all count the same
            return windows
        weights = windows.weights[rows]
        weights = EQUAL_WEIGHTS if (weights == 1).all() else weights
        if len(rows) == len(windows.X):
            return windows._replace(weights=weights)
        X, y = windows.X, windows.y
        y = take_windows(y, rows) if isinstance(y, Sequences) else y[rows]
        # Targets of every step are an array as large as that of the windows, which are then no view either.
        is_view = not self.return_sequences or isinstance(X, Sequences)
        return Windows(take_windows(X, rows) if is_view else X[rows], y, weights)

    def _check_names(self, X):
        """Raise, or warn as scikit-learn does, unless X has the names of columns of fit: those of a list are its rows'.

        Those of a table of numbers are checked with its numbers.
        """
        if self._architecture.n_tokens:
            names_of(X)
            _check_feature_names(self, X, reset=False)
        names, own = names_of_rows(X), self._row_names
        if own is not None and isinstance(X, pd.DataFrame):
            raise ValueError("X is one table, but those of fit were a list of tables; one sequence is given as [X].")
        if names is not None and own is not None and names != own:
            raise ValueError(
                f"the rows of X have the columns {names}, but those of fit {own}; give the same, in the same order."
            )
        if (names is None) != (own is None):
            known = "with such names" if names is None else "without"
            warnings.warn(
                f"the rows of X have {'no ' if names is None else ''}names of columns, but {type(self).__name__} was "
                f"fitted {known}; they are taken in their order.",
                UserWarning,
                stacklevel=4,
            )

    def _network(self, windows, validation, n_outputs, loss, loss_numbers, is_fitted):
        """Return the network that the arguments describe, for some windows."""
        parts = [part.X for part in (windows, validation) if part is not None]
        n_features, n_tokens = parts[0].shape[2], 0
        if self.input == "tokens":
            largest = [int(part.steps.max(initial=0)) for part in parts]
            n_tokens = self._n_known_tokens(is_fitted) or 1 + largest[0]
            for found, what in zip(largest, ("X", "X of eval_set"), strict=False):
                if found >= n_tokens:
                    raise ValueError(
                        f"{what} holds the id {found}, but those that the network knows are 0 to {n_tokens - 1}; give "
                        "n_tokens, as many as there are, to the first fit."
                    )
            given = self.embedding_vectors
            n_features = self.embedding_size if given is None else self._read_vectors().shape[1]
        return Architecture(
            self.cell,
            parts[0].shape[1],
            n_features,
            layer_sizes(self.hidden_layer_sizes),
            n_outputs,
            self.activation,
            bool(self.reset_after),
            loss=loss,
            loss_numbers=loss_numbers,
            bidirectional=bool(self.bidirectional),
            return_sequences=bool(self.return_sequences),
            dense_layer_sizes=layer_sizes(self.dense_layer_sizes, "dense_layer_sizes"),
            dense_activation=self.dense_activation,
            n_tokens=n_tokens,
            trains_embedding=bool(self.train_embedding) or not n_tokens,
            dropout=float(self.dropout),
            recurrent_dropout=float(self.recurrent_dropout),
            input_noise=float(self.input_noise),
        )

    def _as_targets(self, targets, X):
        """Return targets, a row for each window or step, in the form of windows."""
        if not self.return_sequences:
            return targets
        if isinstance(X, Sequences):
            return replace(X, steps=targets)
        return targets.reshape(*X.shape[:2], -1)

    def _as_given(self, values, X):
        """Return what was predicted, a row for each window or step, in the form of X."""
        if not self._architecture.return_sequences:
            return values
        if not isinstance(X, Sequences):
            return values.reshape(*X.shape[:2], *values.shape[1:])
        spread = X.spread(values)
        if isinstance(spread, list):  # scikit-learn's tools join predictions of arrays, not of lists
            return np.fromiter(spread, object, len(spread))
        if not isinstance(spread, np.ma.MaskedArray):
            return spread
        if spread.dtype.kind == "f":
            spread.data[spread.mask] = np.nan  # seen where a mask is not
        return spread.view(MaskedSteps)

    def _score(self, metric, read_y, X, y, sample_weight):
        """Return a metric over all windows, or all steps of them, which count with the weight of their window."""
        windows, weights = self._check_windows(X), None
        if sample_weight is not None:
            weights = check_weights(sample_weight, windows)
        if self._architecture.return_sequences:
            y = join_targets(y, windows)
            lengths = windows.lengths if isinstance(windows, Sequences) else np.full(len(windows), windows.shape[1])
            weights = None if weights is None else np.repeat(weights, lengths)
        elif y is None:
            raise ValueError("a score needs y, the targets or classes of the windows; got None.")
        y, answers = read_y(y), self._answers(windows)
        with np.errstate(over="ignore", invalid="ignore"):
            score = metric(y, answers, sample_weight=weights)
        if not np.isfinite(score) and len(answers) > 1:  # of one number alone there is no R^2, and a warning
            raise ValueError("the score is not finite, as the squares of y are too large for float64; scale y.")
        return score

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.input_tags.allow_nan = self.missing == "mask"
        tags.input_tags.categorical = tags.input_tags.positive_only = self.input == "tokens"
        return tags


def _of_one_kind(windows, validation):
    """Return windows to train and to validate on; as Sequences both if they are of several widths, or one is."""
    if validation is None or (
        not isinstance(windows.X, Sequences)
        and not isinstance(validation.X, Sequences)
        and windows.X.shape[1] == validation.X.shape[1]
    ):
        return windows, validation
    return _as_sequences_with_targets(windows), _as_sequences_with_targets(validation)


def _as_sequences_with_targets(windows):
    """Return windows as Sequences, and the targets of every step, which then have the places of the steps."""
    X, y = windows.X, windows.y
    if isinstance(y, Sequences) or y.ndim == 3:
        return windows._replace(X=as_sequences(X), y=as_sequences(y))
    shared = None if isinstance(X, Sequences) else share_steps(X)
    return windows._replace(X=as_sequences(X) if shared is None else shared)
