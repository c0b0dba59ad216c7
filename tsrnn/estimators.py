"""RNNRegressor: a recurrent network on windows, as a scikit-learn estimator whose rows are independent."""

import warnings

import numpy as np
import pandas as pd
from sklearn.base import RegressorMixin
from sklearn.exceptions import DataConversionWarning
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, check_X_y, validate_data

from .base import (
    NETWORK_CONSTRAINTS,
    RecurrentEstimator,
    count_threads,
    layer_sizes,
    reject_booleans,
    warn_if_cut_short,
)
from .kernels.buffers import cast
from .network.architecture import Architecture
from .network.training import Windows, predict


class RNNRegressor(RegressorMixin, RecurrentEstimator):
    """Recurrent network that predicts one or several numbers from a window.

    Recurrent layers of one cell, stacked, and a dense layer on the last state of the top one, trained by
    back-propagation through time on the squared error.

    Parameters
    ----------
    cell : {"lstm", "gru", "rnn"}, default="lstm"
        Long short-term memory (Hochreiter and Schmidhuber 1997, with the forget gate of Gers et al. 2000), gated
        recurrent unit (Cho et al. 2014), or simple recurrent network (Elman 1990).
    hidden_layer_sizes : int or tuple of int, default=(64,)
        Hidden units of each recurrent layer, the one that reads the window first.
    activation : {"tanh", "relu"}, default="tanh"
        Of the state of "rnn"; of the candidate and the cell's output in "lstm" and "gru", whose gates are sigmoid.
    reset_after : bool, default=True
        "gru" only: the reset gate acts after the recurrent product, as in cuDNN, Keras and PyTorch, or before it, as
        in Cho et al. 2014.
    optimizer : {"adam"}, default="adam"
        Kingma and Ba 2015, with beta_1 = 0.9, beta_2 = 0.999, epsilon = 1e-8.
    learning_rate : float, default=1e-3
    clip_norm : float or None, default=1.0
        Largest norm of the gradient of a minibatch; a longer one is shortened. None for no limit.
    batch_size : int, default=32
        Rows of a minibatch.
    shuffle : bool, default=True
        Whether each epoch takes the rows in a new random order.
    max_iter : int, default=100
        Epochs at most.
    early_stopping : bool, default=False
        Whether to hold out the latest rows, watch the loss on them, and keep the weights of the best epoch. Otherwise
        the training loss is watched and the last weights are kept.
    validation_fraction : float, default=0.1
        Part of the rows that early stopping holds out.
    n_iter_no_change : int, default=10
        Epochs without an improvement by `tol` after which training ends.
    tol : float, default=1e-4
        In units of the loss.
    warm_start : bool, default=False
        Whether `fit` goes on from the weights of the previous `fit`, or those of `set_weights`.
    random_state : int, RandomState or None, default=None
        Seeds initial weights and shuffling. The same seed gives the same bits on any number of threads.
    n_jobs : int or None, default=None
        Threads, -1 and k as in joblib. None is all the cores this process may use (affinity and the limits of a
        container count), and one inside a joblib worker. Training uses at most 16.
    verbose : int, default=0
        1 shows a progress bar.
    callbacks : callable or list of callables, optional
        Called after each epoch with the estimator and a dict (run, epoch, loss, validation_loss, seconds); if one
        returns True that run ends.

    Attributes
    ----------
    n_features_in_ : int
        Number of columns of X: steps of a window.
    n_outputs_ : int
    n_iter_ : int
        Epochs made.
    best_iter_ : int
        The epoch whose weights were kept.
    loss_curve_, validation_loss_curve_ : list of float
        Mean loss of each epoch; validation NaN without early stopping.
    history_ : DataFrame
        The same with the seconds of each epoch.
    stop_reason_ : {"max_iter", "no_change", "callback", "diverged", "interrupted"}
    parameters_ : ndarray
        The flat vector of all weights; `get_weights` gives them by name.

    References
    ----------
    Elman (1990), Finding structure in time, Cognitive Science 14.
    Hochreiter and Schmidhuber (1997), Long short-term memory, Neural Computation 9.
    Gers, Schmidhuber and Cummins (2000), Learning to forget, Neural Computation 12.
    Cho et al. (2014), Learning phrase representations using RNN encoder-decoder, EMNLP, equations 5 to 8.
    Kingma and Ba (2015), Adam: a method for stochastic optimization, ICLR, algorithm 1.

    Examples
    --------
    >>> import numpy as np
    >>> from tsrnn import RNNRegressor
    >>> wave = np.sin(np.arange(300) / 4)
    >>> X = np.lib.stride_tricks.sliding_window_view(wave, 20)[:-1]
    >>> y = wave[20:]
    >>> model = RNNRegressor(hidden_layer_sizes=16, learning_rate=0.01, random_state=0).fit(X[:200], y[:200])
    >>> bool(model.score(X[200:], y[200:]) > 0.99)
    True
    """

    _parameter_constraints = {**NETWORK_CONSTRAINTS, "warm_start": ["boolean"]}

    def __init__(
        self,
        cell="lstm",
        *,
        hidden_layer_sizes=(64,),
        activation="tanh",
        reset_after=True,
        optimizer="adam",
        learning_rate=1e-3,
        clip_norm=1.0,
        batch_size=32,
        shuffle=True,
        max_iter=100,
        early_stopping=False,
        validation_fraction=0.1,
        n_iter_no_change=10,
        tol=1e-4,
        warm_start=False,
        random_state=None,
        n_jobs=None,
        verbose=0,
        callbacks=None,
    ):
        self.cell = cell
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.reset_after = reset_after
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self.clip_norm = clip_norm
        self.batch_size = batch_size
        self.shuffle = shuffle
        self.max_iter = max_iter
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.tol = tol
        self.warm_start = warm_start
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.verbose = verbose
        self.callbacks = callbacks

    def fit(self, X, y):
        """Train on windows and their targets.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_steps) or (n_samples, n_steps, n_features)
            Windows, oldest step first. float32 is computed in float32, anything else in float64.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If arguments are out of range, data are not finite, shapes do not fit, or the loss is not finite.
        """
        self._validate_params()
        reject_booleans(self)
        given = X
        dtypes = [np.float64, np.float32]
        X, y = check_X_y(
            _cast_windows(X, dtypes), y, dtype=dtypes, allow_nd=True, multi_output=True, y_numeric=True, estimator=self
        )
        X = _as_windows(X)
        if y.ndim == 2 and y.shape[1] == 1:
            warnings.warn(
                "A column-vector y was passed when a 1d array was expected; predictions will be 1d too.",
                DataConversionWarning,
                stacklevel=2,
            )
        windows = Windows(X, _cast_targets(y.reshape(len(y), -1), X.dtype))
        training_part, validation = windows, None
        if self.early_stopping:
            n_validation = max(1, round(self.validation_fraction * len(X)))
            if n_validation >= len(X):
                raise ValueError(f"{len(X)} row(s) leave none to train on beside validation; set early_stopping=False.")
            training_part = Windows(*(part[:-n_validation] for part in windows))
            validation = Windows(*(part[-n_validation:] for part in windows))
        architecture = Architecture(
            self.cell, X.shape[1], X.shape[2], layer_sizes(self.hidden_layer_sizes), windows.y.shape[1],
            self.activation, bool(self.reset_after),
        )  # fmt: skip
        going_on = self._training if self.warm_start and hasattr(self, "_training") else None
        if going_on is not None and (architecture, X.dtype) != (self._architecture, going_on.parameters.dtype):
            raise ValueError(
                "warm_start needs the same shapes, dtype and network as the previous fit; set it to False."
            )
        training = self._train(
            architecture, training_part, self._training_options(), check_random_state(self.random_state), validation,
            going_on,
        )  # fmt: skip
        warn_if_cut_short(training, stacklevel=2)
        # Nothing is kept before everything has gone well: a fit that fails leaves an earlier one as it was.
        validate_data(self, given, skip_check_array=True)  # the names and the number of columns
        self._architecture, self._training = architecture, training
        self._y_is_1d = y.ndim == 1 or y.shape[1] == 1
        self.n_outputs_ = windows.y.shape[1]
        self._keep(training)
        self.history_ = pd.DataFrame(training.history)
        return self

    def predict(self, X):
        """Return the predictions for windows.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_steps) or (n_samples, n_steps, n_features)

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_outputs)
            In the dtype of training. A row has the same bits alone and in any batch.
        """
        X = _as_windows(self._check_windows(X))
        if X.shape[2] != self._architecture.n_features:
            raise ValueError(
                f"X has {X.shape[2]} feature(s) per step, but RNNRegressor was fitted with "
                f"{self._architecture.n_features}."
            )
        n_threads = count_threads(self.n_jobs, at_most=len(X))
        predictions = predict(self._architecture, self.parameters_, X, n_threads)
        return predictions[:, 0] if self._y_is_1d else predictions

    def _check_windows(self, X):
        """Return X as an array in the dtype of training; raise or warn as scikit-learn does.

        Its checks take longer than the prediction of a window. An array that they would return unchanged skips them.
        """
        if type(X) is np.ndarray and hasattr(self, "parameters_") and not hasattr(self, "feature_names_in_"):
            is_plain = X.dtype == self.parameters_.dtype and X.ndim in (2, 3) and X.shape[1] == self.n_features_in_
            with np.errstate(over="ignore", invalid="ignore"):
                if is_plain and X.size and np.isfinite(X.sum()):  # then all of it is
                    return X
        check_is_fitted(self)
        dtype = self.parameters_.dtype
        return validate_data(self, _cast_windows(X, [dtype]), dtype=dtype, allow_nd=True, reset=False)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.target_tags.multi_output = True
        return tags


def _as_windows(X):
    """Return X as (n_samples, n_steps, n_features); a 2-D X has one feature."""
    if X.ndim > 3:
        raise ValueError(f"X has {X.ndim} dimensions; windows have 2 (samples, steps) or 3 (samples, steps, features).")
    for size, what in zip(X.shape[1:], ("step", "feature"), strict=False):
        if size == 0:
            raise ValueError(f"X has 0 {what}(s) in shape {X.shape}; windows need at least one.")
    return X[:, :, None] if X.ndim == 2 else X


def _cast_windows(X, dtypes):
    """Return X in the first of some dtypes, unless it has one of them; only what scikit-learn would cast as well.

    It would cast window by window what overlaps.
    """
    if type(X) is not np.ndarray:
        return X
    if X.dtype.kind in "mM":
        raise ValueError(f"X holds {X.dtype}; windows hold numbers: give differences of dates as floats.")
    return cast(X, dtypes[0]) if X.ndim > 1 and X.dtype.kind in "biuf" and X.dtype not in dtypes else X


def _cast_targets(y, dtype):
    """Return the targets in the precision of the network."""
    if y.dtype.kind in "mM":
        raise ValueError(f"y holds {y.dtype}; targets are numbers: give differences of dates as floats.")
    if y.dtype.kind in "SU":
        y = y.astype(np.float64)
    cast_y = y if y.dtype == dtype else cast(y, dtype)
    if not (np.isfinite(cast_y.min()) and np.isfinite(cast_y.max())):
        worst, cure = y[~np.isfinite(cast_y)][0], ", or give X as float64" if dtype == np.float32 else ""
        raise ValueError(f"y holds {worst:.3g}, no finite number of type {dtype}; scale y{cure}.")
    return cast_y
