"""RNNRegressor: a recurrent network that predicts numbers from windows, rows that are independent."""

import warnings
from numbers import Integral, Real

import numpy as np
from sklearn.base import RegressorMixin
from sklearn.exceptions import DataConversionWarning
from sklearn.metrics import r2_score
from sklearn.utils._param_validation import Interval, StrOptions

from .base import count_validation
from .checking import cast_targets, check_weights, read_scored, read_targets
from .kernels.buffers import Sequences
from .losses import numbers_of, quantile_levels
from .network.windows import Windows
from .windowed import WINDOW_CONSTRAINTS, WindowEstimator

REGRESSION_LOSSES = {"squared_error", "absolute_error", "huber", "poisson", "quantile"}


class RNNRegressor(RegressorMixin, WindowEstimator):
    """Recurrent network that predicts one or several numbers from a window.

    Recurrent layers of one cell, stacked, and a dense layer on the last state of the top one, trained by
    back-propagation through time.

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
    chrono_init : int or None, default=None
        "lstm" and "gru" only: steps over which some units are to remember from the start, as far back as X can matter.
        The gates' biases are then drawn for units that forget within 2 to so many steps (Tallec and Ollivier 2018).
        None is a bias of 1 for the forget gate of "lstm" (Jozefowicz et al. 2015), 0 for all else.
    bidirectional : bool, default=False
        Whether each layer is two, the second of which reads the steps from the last to the first (Schuster and Paliwal
        1997); what reads them has both states side by side.
    return_sequences : bool, default=False
        Whether to predict at every step, and not from the last alone; y then has a target for each, and the loss is a
        mean over steps.
    dense_layer_sizes : int or tuple of int, default=()
        Units of dense layers between the states and the outputs.
    dense_activation : {"relu", "tanh"}, default="relu"
        Of these layers; of no effect without any.
    dropout : float, default=0.0
        Probability that a unit is zero for a window in training, the others being greater by as much, in what is read
        from a recurrent layer, or from the vectors of tokens; the same units at all steps (Gal and Ghahramani 2016).
    recurrent_dropout : float, default=0.0
        The same of the state that a layer multiplies by its recurrent weights.
    input_noise : float, default=0.0
        Standard deviation of normal noise that is added to X in training (Bishop 1995).
    input : {"values", "tokens"}, default="values"
        "tokens": X holds ids, as `SequenceEncoder` gives them, and the network reads a vector for each (Bengio et al.
        2003), in float32. Only then the five arguments that follow have an effect; `missing` and `input_noise` are
        refused.
    embedding_size : int, default=32
        Numbers of such a vector, unless `embedding_vectors` are given.
    n_tokens : int or None, default=None
        Ids are smaller than this. None is one more than the largest in `fit`; where later ones may be larger, as in
        parts of data, give all there are, `SequenceEncoder.n_tokens_`.
    padding_id : int or None, default=0
        Where X holds this id there is no step. None if all ids are tokens. A row of padding alone, or of nothing,
        leaves the network in its first state, zero.
    embedding_vectors : array-like of shape (n_tokens, embedding_size), optional
        Vectors to start from, instead of random ones, whose shape takes the place of the two sizes.
    train_embedding : bool, default=True
        Whether the vectors are trained, or stay as they are.
    missing : {"raise", "mask"}, default="raise"
        "mask": a step of X that is NaN in all features is left out, as if X had never had it.
    loss : {"squared_error", "absolute_error", "huber", "poisson", "quantile"}, default="squared_error"
        What is minimised, as a mean over windows and targets: of the prediction p and the target y,

        - "squared_error": (p - y)^2, by which p is a mean.
        - "absolute_error": abs(p - y), a median.
        - "huber": (p - y)^2 / 2 as far as `delta`, straight beyond (Huber 1964).
        - "poisson": p - y log p, for counts and what else is not negative: p is the exponential of what the network
          puts out.
        - "quantile": (1 - q) (p - y) above y and q (y - p) below, a quantile of level q (Koenker and Bassett 1978).
    delta : float, default=1.0
        "huber" only.
    quantile : float or sequence of float, default=0.5
        "quantile" only: the level or levels, between 0 and 1. Several never cross: an output of the network is the
        quantile in the middle of them, and each of the others is so much further away from there as the softplus of an
        output of its own.
    optimizer : {"adam", "adamw", "nadam", "rmsprop", "adagrad", "sgd"}, default="adam"
        Kingma and Ba 2015; Loshchilov and Hutter 2019; Dozat 2016; Tieleman and Hinton 2012; Duchi et al. 2011;
        stochastic gradient descent with momentum.
    learning_rate : float, default=1e-3
    schedule : str or dict, default="constant"
        How the learning rate changes: a name, or {"name": ..., option: value}.

        - "constant".
        - "step": times `factor` (0.1) after every `every` (10) epochs.
        - "exponential": times `factor` (0.95) per epoch, update by update.
        - "cosine": along a half cosine from `learning_rate` to `end` (0) times it in epoch `max_iter`, after a straight
          rise over `warm_up` (0) epochs.
        - "plateau": times `factor` (0.1) when the loss that is watched has not fallen by more than `tol` for `patience`
          (5) epochs, down to `end` (0) times `learning_rate`.
    alpha : float, default=0.0
        Strength of the L2 penalty: half `alpha` times the sum of the squared weights, biases left out, divided by the
        rows of a minibatch, each as often as it weighs, is added to what is minimised, though not to the loss that is
        reported. "adamw" instead shrinks weights by `alpha` times the learning rate, apart from the gradient.
    momentum : float, default=0.9
        "sgd" only.
    nesterovs_momentum : bool, default=True
        "sgd" with momentum only: the gradient counts as if the momentum's step had been made before it (Sutskever et
        al. 2013).
    beta_1 : float, default=0.9
        "adam", "adamw", "nadam": how much of the running mean of the gradient is kept.
    beta_2 : float or None, default=None
        The same of its square, "rmsprop" included. None is 0.999, in "rmsprop" 0.9.
    epsilon : float, default=1e-7
        Added to the root of that mean, by which the step is divided; all but "sgd".
    clip_norm : float or None, default=1.0
        Largest norm of the gradient of a minibatch; a longer one is shortened. None for no limit.
    clip_value : float or None, default=None
        Largest absolute value of each number of the gradient, before its norm is taken. None for no limit.
    batch_size : int, default=32
        Rows of a minibatch.
    shuffle : bool, default=True
        Whether each epoch takes the rows in a new random order.
    max_iter : int, default=100
        Epochs at most.
    max_time : float or None, default=None
        Seconds after which training ends, with the epoch it is in; they include what compiling takes. None for no
        limit.
    early_stopping : bool, default=False
        Whether to hold out the latest rows, or take those of `eval_set`, watch the loss on them, and keep the weights
        of the best epoch. Otherwise the training loss is watched and the last weights are kept.
    validation_fraction : float, default=0.1
        Part of the rows that early stopping holds out; of no effect without it, or with an `eval_set`.
    validation_gap : int, default=0
        Rows left out between those trained on and those held out, so that windows that overlap do not tell of them.
        Where none are held out there is no gap.
    n_iter_no_change : int, default=10
        Epochs without an improvement by `tol` after which training ends, with and without `early_stopping`.
    tol : float, default=1e-4
        In units of the loss.
    warm_start : bool, default=False
        Whether `fit` goes on from the weights of the previous `fit`, or those of `set_weights`.
    random_state : int, RandomState or None, default=None
        Seeds initial weights, shuffling, dropout and noise. The same seed gives the same bits on any number of
        threads.
    n_jobs : int or None, default=None
        Threads, -1 and k as in joblib. None is all the cores this process may use (affinity and the limits of a
        container count), and one inside a joblib worker. Training uses at most 16.
    verbose : int, default=0
        0 is quiet, 1 shows a progress bar, 2 prints a line per epoch.
    callbacks : callable or list of callables, optional
        Called after each epoch with the estimator and a dict (run, epoch, loss, validation_loss, learning_rate,
        seconds); if one returns True that run ends. Until `fit` is over the estimator is as it was before.

    Attributes
    ----------
    n_features_in_ : int
        Number of columns of X, an array: steps of a window. There is none after a fit of sequences or tokens.
    feature_names_in_ : ndarray of shape (n_columns,)
        Names of columns, where X was a table whose columns have texts for names; after a table of ids there is no
        `n_features_in_` beside it. A list of tables leaves none, though their names are checked by all that reads X
        later.
    n_outputs_ : int
        Targets.
    n_iter_ : int
        Epochs made.
    best_iter_ : int
        The epoch whose weights were kept.
    loss_curve_, validation_loss_curve_ : list of float
        Mean loss of each epoch; validation NaN with neither early stopping nor `eval_set`.
    history_ : DataFrame
        The same with the seconds of each epoch.
    stop_reason_ : {"max_iter", "no_change", "max_time", "callback", "diverged", "interrupted", "partial_fit"}
        Why training ended.
    parameters_ : ndarray
        The flat vector of all weights; `get_weights` gives them by name.

    References
    ----------
    Elman (1990), Finding structure in time, Cognitive Science 14.
    Hochreiter and Schmidhuber (1997), Long short-term memory, Neural Computation 9.
    Gers, Schmidhuber and Cummins (2000), Learning to forget, Neural Computation 12.
    Cho et al. (2014), Learning phrase representations using RNN encoder-decoder, EMNLP, equations 5 to 8.
    Huber (1964), Robust estimation of a location parameter, Annals of Mathematical Statistics 35.
    Koenker and Bassett (1978), Regression quantiles, Econometrica 46.
    Kingma and Ba (2015), Adam: a method for stochastic optimization, ICLR, algorithm 1.
    Loshchilov and Hutter (2019), Decoupled weight decay regularization, ICLR, algorithm 2.
    Dozat (2016), Incorporating Nesterov momentum into Adam, ICLR workshop, algorithm 2.
    Tieleman and Hinton (2012), Lecture 6.5: RMSprop, Neural networks for machine learning.
    Schuster and Paliwal (1997), Bidirectional recurrent neural networks, IEEE Transactions on Signal Processing 45.
    Gal and Ghahramani (2016), A theoretically grounded application of dropout in recurrent neural networks, NIPS.
    Bishop (1995), Training with noise is equivalent to Tikhonov regularization, Neural Computation 7.
    Bengio et al. (2003), A neural probabilistic language model, JMLR 3.
    Duchi, Hazan and Singer (2011), Adaptive subgradient methods, JMLR 12, figure 1, diagonal.
    Sutskever et al. (2013), On the importance of initialization and momentum in deep learning, ICML, equations 3 and 4.
    Jozefowicz, Zaremba and Sutskever (2015), An empirical exploration of recurrent network architectures, ICML.
    Tallec and Ollivier (2018), Can recurrent neural networks warp time?, ICLR, section 2.

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

    Values far from one are scaled, those of X in a pipeline, those of y around it:

    >>> from sklearn.compose import TransformedTargetRegressor
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> X, y = 1000 * X + 50_000, 1000 * y + 50_000
    >>> scaled = TransformedTargetRegressor(make_pipeline(StandardScaler(), model), transformer=StandardScaler())
    >>> [bool(regressor.fit(X[:200], y[:200]).score(X[200:], y[200:]) > 0.99) for regressor in (scaled, model)]
    [True, False]
    """

    _parameter_constraints = {
        **WINDOW_CONSTRAINTS,
        "loss": [StrOptions(REGRESSION_LOSSES)],
        "delta": [Interval(Real, 0, None, closed="neither")],
        "quantile": [Real, "array-like"],
        "validation_gap": [Interval(Integral, 0, None, closed="left")],
    }

    def __init__(
        self,
        cell="lstm",
        *,
        hidden_layer_sizes=(64,),
        activation="tanh",
        reset_after=True,
        chrono_init=None,
        bidirectional=False,
        return_sequences=False,
        dense_layer_sizes=(),
        dense_activation="relu",
        dropout=0.0,
        recurrent_dropout=0.0,
        input_noise=0.0,
        input="values",
        embedding_size=32,
        n_tokens=None,
        padding_id=0,
        embedding_vectors=None,
        train_embedding=True,
        missing="raise",
        loss="squared_error",
        delta=1.0,
        quantile=0.5,
        optimizer="adam",
        learning_rate=1e-3,
        schedule="constant",
        alpha=0.0,
        momentum=0.9,
        nesterovs_momentum=True,
        beta_1=0.9,
        beta_2=None,
        epsilon=1e-7,
        clip_norm=1.0,
        clip_value=None,
        batch_size=32,
        shuffle=True,
        max_iter=100,
        max_time=None,
        early_stopping=False,
        validation_fraction=0.1,
        validation_gap=0,
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
        self.chrono_init = chrono_init
        self.bidirectional = bidirectional
        self.return_sequences = return_sequences
        self.dense_layer_sizes = dense_layer_sizes
        self.dense_activation = dense_activation
        self.dropout = dropout
        self.recurrent_dropout = recurrent_dropout
        self.input_noise = input_noise
        self.input = input
        self.embedding_size = embedding_size
        self.n_tokens = n_tokens
        self.padding_id = padding_id
        self.embedding_vectors = embedding_vectors
        self.train_embedding = train_embedding
        self.missing = missing
        self.loss = loss
        self.delta = delta
        self.quantile = quantile
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self.schedule = schedule
        self.alpha = alpha
        self.momentum = momentum
        self.nesterovs_momentum = nesterovs_momentum
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon
        self.clip_norm = clip_norm
        self.clip_value = clip_value
        self.batch_size = batch_size
        self.shuffle = shuffle
        self.max_iter = max_iter
        self.max_time = max_time
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.validation_gap = validation_gap
        self.n_iter_no_change = n_iter_no_change
        self.tol = tol
        self.warm_start = warm_start
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.verbose = verbose
        self.callbacks = callbacks

    def fit(self, X, y, sample_weight=None, eval_set=None):
        """Train on windows and their targets.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_steps) or (n_samples, n_steps, n_features), or list of such sequences
            Windows, oldest step first; in a list each may have a number of steps of its own. With `input` "tokens" ids,
            in a list or padded by `padding_id`. float32 is computed in float32, anything else in float64: booleans
            count as 0 and 1, texts as the numbers that they spell. Networks learn from values of about one: scale
            others, in two dimensions by a StandardScaler in a Pipeline. Of tables, and of a list of tables, one for
            each sequence, the names of columns are checked by all that reads X later.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            With `return_sequences` (n_samples, n_steps) or (n_samples, n_steps, n_outputs), of a list of sequences a
            list of the same lengths; where steps of X are left out, anything may stand in y. Targets far from values of
            about one are scaled by a TransformedTargetRegressor; those of every step by hand, if there are lists or
            steps are left out.
        sample_weight : array-like of shape (n_samples,), optional
            How much each window counts in the mean that is minimised, and in that which early stopping watches. Not
            negative. A window of weight zero is as if it were not there, to the last bit, once its values have been
            checked: it is left out before rows are held out, counted or drawn.
        eval_set : tuple (X, y) or (X, y, sample_weight), or a list that holds one such tuple, optional
            Windows whose loss is recorded after each epoch as the validation loss. With `early_stopping` it is watched,
            and no rows of X are held out; without, nothing depends on it. X is what reaches the network: the steps of a
            Pipeline before it do not transform it.

        Returns
        -------
        self

        Raises
        ------
        TypeError, ValueError
            If arguments are out of range, data are no numbers or not finite, shapes do not fit, or the loss is not
            finite.

        Examples
        --------
        Windows of six steps, then two sequences of three and five, with two features:

        >>> import numpy as np
        >>> from tsrnn import RNNRegressor
        >>> X = np.random.default_rng(0).normal(size=(40, 6))
        >>> model = RNNRegressor(hidden_layer_sizes=8, max_iter=2, random_state=0).fit(X, X[:, 0])
        >>> model.n_iter_, model.n_features_in_
        (2, 6)
        >>> model.fit([X[:3, :2], X[:5, :2]], [0.5, 1.5]).predict([X[:4, :2]]).shape
        (1,)
        """
        self._check_arguments()
        windows = self._read_windows(X, y, sample_weight)
        if self.loss == "poisson" and not np.any(windows.y.steps if isinstance(windows.y, Sequences) else windows.y):
            raise ValueError("loss='poisson' needs targets that are not all zero; all of them are.")
        validation = self._read_eval_set(eval_set, X, windows, self._read_windows)
        n_validation = count_validation(self, len(windows.X), self.validation_gap) if validation is None else 0
        if n_validation:
            n_training = len(windows.X) - n_validation - self.validation_gap
            validation = Windows(*(part[-n_validation:] for part in windows))
            windows = Windows(*(part[:n_training] for part in windows))
        self._learn(X, windows, validation, *self._outputs(windows))
        self._keep_targets(windows)
        return self

    def partial_fit(self, X, y, sample_weight=None):
        """Train on for one epoch.

        The first call draws fresh weights; a later one, or one after `fit` or `set_weights`, goes on from the weights
        that there are, with the state of the optimizer, the random numbers, `n_iter_` and `history_`. So n calls with
        the same rows are a `fit` of n epochs. The number of the epoch, by which a `schedule` goes, is `n_iter_` so far,
        that of `fit` included; "cosine" stays at its end once there have been `max_iter`. Nothing is held out, and
        `max_iter`, `max_time`, `tol` and `warm_start` end and change nothing.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_steps) or (n_samples, n_steps, n_features), or list of such sequences
            As in `fit`, computed in the dtype of the first call and of the same features. Arrays of values have its
            number of steps, too, and tables its columns; lists and arrays of ids any. Ids are those that the first call
            knows.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            As in `fit`, with `return_sequences` also of every step.
        sample_weight : array-like of shape (n_samples,), optional
            As in `fit`.

        Returns
        -------
        self

        Raises
        ------
        TypeError, ValueError
            As `fit`; or if early_stopping is True, or shapes or the network are not those of the earlier call. What was
            learnt before is then kept.

        Examples
        --------
        >>> import numpy as np
        >>> from tsrnn import RNNRegressor
        >>> X = np.random.default_rng(0).normal(size=(40, 6))
        >>> model = RNNRegressor(hidden_layer_sizes=8, random_state=0)
        >>> for first in range(0, 40, 10):
        ...     model = model.partial_fit(X[first : first + 10], X[first : first + 10, 0])
        >>> model.n_iter_
        4
        """
        windows = self._read_windows(X, y, sample_weight, **self._start_partial_fit(X))
        self._learn(X, windows, None, *self._outputs(windows), is_partial=True)
        self._keep_targets(windows)
        return self

    def predict(self, X):
        """Return the predictions for windows.

        Parameters
        ----------
        X : array-like
            As in `fit`.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_outputs)
            In the dtype of training; with several quantiles (n_samples, n_quantiles) or (n_samples, n_outputs,
            n_quantiles). A row has the same bits alone and in any batch. With `return_sequences` there is an axis of
            steps after the first; of a list of sequences there is an array of objects, an array with the steps of each,
            and of an array in which steps are left out, or of padded tokens, a masked array. `cross_val_predict` puts
            all of them together.

        Raises
        ------
        NotFittedError
            Before `fit`.
        TypeError, ValueError
            If X is no such numbers or ids, or not as in `fit`: other steps of a window, features, names of columns, or
            ids that the network does not know; or if what is predicted is not finite.

        Notes
        -----
        Of a masked array only what is not masked is compared, ``seen = ~answers.mask`` and then
        ``r2_score(Y[seen], answers[seen])``; of several outputs ``seen = ~answers.mask[..., 0]``, as they lack the same
        steps. ``answers.filled(0)`` is a plain array for what knows no masks. Where no step of X is left out the array
        is plain already: ``np.ma.getmaskarray(answers)`` and ``np.ma.filled(answers, 0)`` take both.

        Examples
        --------
        >>> import numpy as np
        >>> from sklearn.metrics import r2_score
        >>> from tsrnn import RNNRegressor
        >>> X = np.random.default_rng(0).normal(size=(40, 6))
        >>> RNNRegressor(hidden_layer_sizes=8, max_iter=1, random_state=0).fit(X, X[:, 0]).predict(X[:5]).shape
        (5,)

        At every step, of windows the first of which lacks two:

        >>> Y = X.cumsum(axis=1)
        >>> X[0, :2] = np.nan
        >>> model = RNNRegressor(hidden_layer_sizes=8, return_sequences=True, missing="mask", random_state=0)
        >>> answers = model.set_params(max_iter=1).fit(X, Y).predict(X)
        >>> seen = ~answers.mask
        >>> answers.shape, Y[seen].shape, r2_score(Y[seen], answers[seen]) == model.score(X, Y)
        ((40, 6), (238,), True)
        """
        X = self._check_windows(X)
        return self._as_given(self._answers(X), X)

    def _answers(self, X):
        """Return the predictions for checked windows, a row for each window or step."""
        predictions = self._run(self._architecture, self.parameters_, X)
        if len(self._levels) > 1:
            places = np.unique(self._levels, return_inverse=True)[1]
            predictions = predictions.reshape(len(predictions), self.n_outputs_, -1)[..., places]
        return predictions[:, 0] if self._y_is_1d else predictions

    def score(self, X, y, sample_weight=None):
        """Return R^2, with `return_sequences` that over all steps; of several quantiles there is none.

        Parameters
        ----------
        X : array-like
            As in `fit`.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            As in `fit`, with `return_sequences` of every step; where steps of X are left out anything may stand in y.
        sample_weight : array-like of shape (n_samples,), optional
            How much each window, or each of its steps, counts. Not negative.

        Returns
        -------
        float
            One at most, zero of a constant that is the mean of y; of several outputs the mean of theirs. NaN, with a
            warning, of one number alone.

        Raises
        ------
        NotFittedError
            Before `fit`.
        TypeError, ValueError
            If X is refused by `predict`, y or the weights are no finite numbers or do not fit X, the network predicts
            several quantiles, or the squares of y are too large for float64.

        Examples
        --------
        >>> import numpy as np
        >>> from tsrnn import RNNRegressor
        >>> X = np.random.default_rng(0).normal(size=(40, 6))
        >>> model = RNNRegressor(hidden_layer_sizes=8, max_iter=1, random_state=0).fit(X, X[:, 0])
        >>> residuals = X[:, 0] - model.predict(X)
        >>> bool(np.isclose(model.score(X, X[:, 0]), 1 - (residuals**2).mean() / X[:, 0].var()))
        True
        """
        if len(getattr(self, "_levels", ())) > 1:
            raise ValueError(
                f"R^2 is of one prediction for each target, but the quantiles {list(self._levels)} are several; use "
                "sklearn.metrics.mean_pinball_loss for each of them."
            )
        return self._score(r2_score, read_scored, X, y, sample_weight)

    def _read_windows(self, X, y, sample_weight, **dtypes):
        """Return checked windows, targets and weights."""
        X, y = self._read(X, y, read_targets, **dtypes, multi_output=True, y_numeric=True)
        if y.ndim == 2 and y.shape[1] == 1:
            warnings.warn(
                "A column-vector y was passed when a 1d array was expected; predictions will be 1d too.",
                DataConversionWarning,
                stacklevel=3,
            )
        y = cast_targets(np.asarray(y).reshape(len(y), -1), X.dtype)
        if self.loss == "poisson" and y.min() < 0:
            raise ValueError(f"loss='poisson' needs targets that are not negative; the least of them is {y.min():.3g}.")
        return self._drop_weightless(Windows(X, self._as_targets(y, X), check_weights(sample_weight, X)))

    def _outputs(self, windows):
        """Return the number of outputs of the network, the loss and its numbers."""
        numbers = numbers_of(self.loss, self.delta, self.quantile)
        return windows.y.shape[-1] * (len(numbers) if self.loss == "quantile" else 1), self.loss, numbers

    def _keep_targets(self, windows):
        self.n_outputs_ = windows.y.shape[-1]
        self._y_is_1d = self.n_outputs_ == 1
        self._levels = self._read_levels()

    def _read_levels(self):
        """Return the levels of the quantiles as they were given; nothing of another loss."""
        if self.loss != "quantile":
            return ()
        return quantile_levels(self.quantile)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        tags.target_tags.positive_only = self.loss == "poisson"
        return tags
