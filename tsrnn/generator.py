"""RNNGenerator: a recurrent network that learns sequences of tokens, tells what comes next, and goes on with it."""

from dataclasses import replace
from numbers import Integral, Real

import numpy as np
import pandas as pd
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, StrOptions, validate_parameter_constraints
from sklearn.utils.validation import _check_feature_names, check_is_fitted

from .base import (
    NETWORK_CONSTRAINTS,
    OPTIMIZER_CONSTRAINTS,
    POSITIVE_INT,
    STEPS_OF_MEMORY,
    UNITS,
    RecurrentEstimator,
    count_threads,
    count_validation,
    layer_sizes,
    reject_booleans,
)
from .checking import names_of
from .counts import how_many
from .ids import LARGEST_ID, read_ids
from .kernels.buffers import Sequences
from .kernels.plan import ACTIVATIONS
from .network.architecture import Architecture
from .network.training import evaluate, predict
from .network.windows import Windows

SCALE_WEIGHTS = "the weights are too large: fit with a lower learning_rate, or set smaller ones"

RATE = Interval(Real, 0, 1, closed="left")

GENERATE_CONSTRAINTS = {
    "n_steps": [POSITIVE_INT],
    "temperature": [Interval(Real, 0, None, closed="left")],
    "top_k": [POSITIVE_INT, None],
    "random_state": ["random_state"],
}


class RNNGenerator(RecurrentEstimator):
    """Recurrent network that learns which symbol follows which, and continues a sequence.

    Each symbol is an integer id and becomes a vector that is learnt; recurrent layers of one cell, stacked, read the
    vectors; after each symbol a dense layer with a softmax gives the probability of every symbol that may come next.
    Trained by back-propagation through time on the cross-entropy at every step.

    Padding is no symbol: it stands at the end of rows alone, is never read, has no vector and no output. So its
    probability is exactly zero, it is never generated, and no result depends on it.

    Parameters
    ----------
    cell : {"lstm", "gru", "rnn"}, default="lstm"
        Long short-term memory (Hochreiter and Schmidhuber 1997, with the forget gate of Gers et al. 2000), gated
        recurrent unit (Cho et al. 2014), or simple recurrent network (Elman 1990).
    hidden_layer_sizes : int or tuple of int, default=(64,)
        Hidden units of each recurrent layer, the one that reads the symbols first.
    activation : {"tanh", "relu"}, default="tanh"
        Of the state of "rnn"; of the candidate and the cell's output in "lstm" and "gru", whose gates are sigmoid.
    reset_after : bool, default=True
        "gru" only: the reset gate acts after the recurrent product, as in cuDNN, Keras and PyTorch, or before it, as
        in Cho et al. 2014.
    chrono_init : int or None, default=None
        "lstm" and "gru" only: steps over which some units are to remember from the start, as far back as X can matter.
        The gates' biases are then drawn for units that forget within 2 to so many steps (Tallec and Ollivier 2018).
        None is a bias of 1 for the forget gate of "lstm" (Jozefowicz et al. 2015), 0 for all else.
    embedding_size : int, default=32
        Numbers of the vector of a symbol (Bengio et al. 2003).
    n_tokens : int or None, default=None
        Ids are smaller than this. None is one more than the largest id of `fit`, padding included;
        ``SequenceEncoder.n_tokens_`` also counts what was cut off.
    padding_id : int or None, default=0
        The id that fills rows up. None if there is none and all ids are symbols.
    n_steps : int or None, default=None
        Longest piece that is trained on at once. A longer row, as a whole text in one, is cut into pieces of so many
        steps, which do not overlap and each start from the zero state; every symbol but the first of a row is
        predicted in one of them. None does not cut. `score`, `predict_proba` and `generate` always read whole rows.
    dense_layer_sizes : int or tuple of int, default=()
        Units of dense layers between the states and the softmax.
    dense_activation : {"tanh", "relu"}, default="relu"
        Of those layers.
    dropout : float, default=0.0
        Probability that in training a number of what is read from the vectors, or from a recurrent layer, is zero, and
        the others greater by as much, over all steps of a piece (Gal and Ghahramani 2016).
    recurrent_dropout : float, default=0.0
        The same of the state that a layer reads from its last step.
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
        pieces of a minibatch, is added to what is minimised, though not to the loss that is reported. "adamw" instead
        shrinks weights by `alpha` times the learning rate, apart from the gradient.
    momentum : float, default=0.9
        "sgd" only.
    nesterovs_momentum : bool, default=True
        "sgd" only: the gradient counts as if the momentum's step had been made before it (Sutskever et al. 2013).
    beta_1 : float, default=0.9
        "adam", "adamw", "nadam": how much of the running mean of the gradient is kept.
    beta_2 : float or None, default=None
        The same of its square, "rmsprop" included. None is 0.999, in "rmsprop" 0.9.
    epsilon : float, default=1e-7
        Added to the root of that mean, by which the step is divided.
    clip_norm : float or None, default=1.0
        Largest norm of the gradient of a minibatch; a longer one is shortened. None for no limit.
    clip_value : float or None, default=None
        Largest absolute value of each number of the gradient, before its norm is taken. None for no limit.
    batch_size : int, default=32
        Pieces of a minibatch (see `n_steps`).
    shuffle : bool, default=True
        Whether each epoch takes the pieces in a new random order.
    max_iter : int, default=100
        Epochs at most.
    max_time : float or None, default=None
        Seconds after which training ends, with the epoch it is in; they include what compiling takes. None for no
        limit.
    early_stopping : bool, default=False
        Whether to hold out pieces, drawn by `random_state`, watch the loss on them, and keep the weights of the best
        epoch. Otherwise the training loss is watched and the last weights are kept.
    validation_fraction : float, default=0.1
        Part of the pieces that early stopping holds out.
    n_iter_no_change : int, default=10
        Epochs without an improvement by `tol` after which training ends.
    tol : float, default=1e-4
        In units of the loss.
    warm_start : bool, default=False
        Whether `fit` goes on from the weights of the previous `fit`, or those of `set_weights`.
    random_state : int, RandomState or None, default=None
        Seeds initial weights, shuffling, dropout and what is held out. The same seed gives the same bits on any number
        of threads.
    n_jobs : int or None, default=None
        Threads, -1 and k as in joblib. None is all the cores this process may use (affinity and the limits of a
        container count), and one inside a joblib worker. Training uses at most 16.
    verbose : int, default=0
        0 is quiet, 1 shows a progress bar, 2 prints a line per epoch.
    callbacks : callable or list of callables, optional
        Called after each epoch with the estimator and a dict (run, epoch, loss, validation_loss, learning_rate,
        seconds); if one returns True that run ends.

    Attributes
    ----------
    n_tokens_ : int
        Ids are smaller than this.
    symbols_ : ndarray of shape (n_symbols,)
        All ids but that of padding, in the order that the network has them in.
    n_iter_ : int
        Epochs made.
    best_iter_ : int
        The epoch whose weights were kept.
    loss_curve_, validation_loss_curve_ : list of float
        Mean loss of each epoch; validation NaN without early stopping.
    history_ : DataFrame
        The same with the seconds of each epoch.
    stop_reason_ : {"max_iter", "no_change", "max_time", "callback", "diverged", "interrupted"}
    parameters_ : ndarray
        The flat vector of all weights; `get_weights` gives them by name: the vectors of `symbols_` are the rows of
        ``embedding.W``, the columns of ``head.W_y`` are in the same order, and dense layers are ``dense.k.W`` and
        ``dense.k.b``.

    References
    ----------
    Elman (1990), Finding structure in time, Cognitive Science 14.
    Hochreiter and Schmidhuber (1997), Long short-term memory, Neural Computation 9.
    Gers, Schmidhuber and Cummins (2000), Learning to forget, Neural Computation 12.
    Cho et al. (2014), Learning phrase representations using RNN encoder-decoder, EMNLP, equations 5 to 8.
    Bengio, Ducharme, Vincent and Jauvin (2003), A neural probabilistic language model, JMLR 3.
    Graves (2013), Generating sequences with recurrent neural networks, arXiv 1308.0850.
    Fan, Lewis and Dauphin (2018), Hierarchical neural story generation, ACL.
    Gal and Ghahramani (2016), A theoretically grounded application of dropout in recurrent neural networks, NIPS.
    Kingma and Ba (2015), Adam: a method for stochastic optimization, ICLR, algorithm 1.
    Loshchilov and Hutter (2019), Decoupled weight decay regularization, ICLR, algorithm 2.
    Dozat (2016), Incorporating Nesterov momentum into Adam, ICLR workshop, algorithm 2.
    Tieleman and Hinton (2012), Lecture 6.5: RMSprop, Neural networks for machine learning.
    Duchi, Hazan and Singer (2011), Adaptive subgradient methods, JMLR 12, figure 1, diagonal.
    Sutskever et al. (2013), On the importance of initialization and momentum in deep learning, ICML, equations 3 and 4.
    Jozefowicz, Zaremba and Sutskever (2015), An empirical exploration of recurrent network architectures, ICML.
    Tallec and Ollivier (2018), Can recurrent neural networks warp time?, ICLR, section 2.

    Examples
    --------
    >>> from tsrnn import RNNGenerator, SequenceEncoder
    >>> encoder = SequenceEncoder("character").fit(["abcd" * 5])
    >>> model = RNNGenerator("gru", hidden_layer_sizes=16, embedding_size=4, learning_rate=0.02, random_state=0)
    >>> model = model.fit(encoder.transform(["abcd" * 5, "cdab" * 3]))
    >>> prompt = encoder.transform(["bc"])[0]
    >>> encoder.inverse_transform([model.generate(prompt, n_steps=6, temperature=0)])
    ['dabcda']
    >>> round(model.perplexity(encoder.transform(["abcdabcd"])), 1)
    1.0
    """

    _parameter_constraints = {
        **NETWORK_CONSTRAINTS,
        **OPTIMIZER_CONSTRAINTS,
        "chrono_init": [STEPS_OF_MEMORY, None],
        "embedding_size": [UNITS],
        "n_tokens": [Interval(Integral, 1, LARGEST_ID, closed="both"), None],
        "padding_id": [Interval(Integral, 0, LARGEST_ID, closed="left"), None],
        "n_steps": [POSITIVE_INT, None],
        "dense_layer_sizes": ["array-like", UNITS],
        "dense_activation": [StrOptions(set(ACTIVATIONS))],
        "dropout": [RATE],
        "recurrent_dropout": [RATE],
        "warm_start": ["boolean"],
    }

    def __init__(
        self,
        cell="lstm",
        *,
        hidden_layer_sizes=(64,),
        activation="tanh",
        reset_after=True,
        chrono_init=None,
        embedding_size=32,
        n_tokens=None,
        padding_id=0,
        n_steps=None,
        dense_layer_sizes=(),
        dense_activation="relu",
        dropout=0.0,
        recurrent_dropout=0.0,
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
        self.embedding_size = embedding_size
        self.n_tokens = n_tokens
        self.padding_id = padding_id
        self.n_steps = n_steps
        self.dense_layer_sizes = dense_layer_sizes
        self.dense_activation = dense_activation
        self.dropout = dropout
        self.recurrent_dropout = recurrent_dropout
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
        self.n_iter_no_change = n_iter_no_change
        self.tol = tol
        self.warm_start = warm_start
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.verbose = verbose
        self.callbacks = callbacks

    def fit(self, X, y=None):
        """Learn from sequences, computing in float32.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_steps), or a list of sequences, of int
            Ids, as `SequenceEncoder` makes them, padded at the end. A row of fewer than two symbols has no next one to
            learn, and counts for nothing.
        y : None
            Ignored.

        Returns
        -------
        self

        Raises
        ------
        TypeError
            If X does not hold integers.
        ValueError
            If arguments or ids are out of range, padding stands before a symbol, no row has two symbols, or the loss is
            not finite.

        Examples
        --------
        Two rows, as a padded array or as a list, are the same:

        >>> import numpy as np
        >>> from tsrnn import RNNGenerator
        >>> model = RNNGenerator(hidden_layer_sizes=8, max_iter=2, random_state=0)
        >>> padded = model.fit(np.array([[1, 2, 3, 1], [3, 2, 0, 0]])).loss_curve_
        >>> model.fit([[1, 2, 3, 1], [3, 2]]).loss_curve_ == padded
        True
        """
        self._validate_params()
        reject_booleans(self)
        if None not in (self.n_tokens, self.padding_id) and self.padding_id >= self.n_tokens:
            raise ValueError(f"padding_id={self.padding_id} is no id below n_tokens={self.n_tokens}; give more tokens.")
        ids = read_ids(X, self.padding_id, self.n_tokens, is_strict=True)
        names_of(X)
        n_tokens = self.n_tokens
        if n_tokens is None:
            n_tokens = 1 + max(int(ids.steps.max(initial=0)), self.padding_id or 0)
        symbols = np.arange(n_tokens)
        if self.padding_id is not None:
            symbols = np.delete(symbols, self.padding_id)
        if self.warm_start and hasattr(self, "_training") and not np.array_equal(symbols, self.symbols_):
            raise ValueError(
                f"warm_start goes on with {len(self.symbols_)} symbols and padding_id={self._padding_id}, but there "
                f"are {len(symbols)} with padding_id={self.padding_id}; set it to False."
            )
        rows = _number_symbols(ids, self.padding_id)
        pieces = _next_symbols(rows, self.n_steps)
        counts = np.repeat(rows.lengths > 1, rows.lengths)
        is_seen = np.isin(np.arange(len(symbols)), rows.steps[counts])
        if self.warm_start and hasattr(self, "_training"):
            is_seen |= self._is_seen
        rng = check_random_state(self.random_state)
        windows, validation = pieces, None
        if n_validation := count_validation(self, len(pieces.X)):
            drawn = rng.permutation(len(pieces.X))
            windows, validation = (
                Windows(pieces.X[rows], pieces.y[rows])
                for rows in (np.sort(drawn[n_validation:]), np.sort(drawn[:n_validation]))
            )
        architecture = Architecture(
            self.cell, pieces.X.shape[1], self.embedding_size, layer_sizes(self.hidden_layer_sizes), len(symbols),
            self.activation, bool(self.reset_after), loss="classes", return_sequences=True,
            dense_layer_sizes=layer_sizes(self.dense_layer_sizes, "dense_layer_sizes"),
            dense_activation=self.dense_activation, n_tokens=len(symbols), dropout=float(self.dropout),
            recurrent_dropout=float(self.recurrent_dropout),
        )  # fmt: skip
        training = self._train_or_go_on(architecture, windows, rng, validation)
        self._architecture, self._training = architecture, training
        self._keep(training)
        self.history_ = pd.DataFrame(training.history)
        self.n_tokens_, self.symbols_, self._padding_id = int(n_tokens), symbols, self.padding_id
        self._is_seen = is_seen
        _check_feature_names(self, X, reset=True)
        return self

    def set_weights(self, weights):
        """Put other weights in the place of those that were learnt; `generate` may draw any symbol from then on.

        Parameters
        ----------
        weights : mapping of str to array-like
            An array for every name, in the shapes of `get_weights`. Copied.

        Returns
        -------
        self

        Raises
        ------
        NotFittedError
            Before `fit`, as shapes come from the data.
        TypeError, ValueError
            If names, shapes or values do not fit. Nothing is changed then.

        Examples
        --------
        >>> from tsrnn import RNNGenerator
        >>> model = RNNGenerator(hidden_layer_sizes=8, max_iter=1, random_state=0).fit([[1, 2, 3, 1], [3, 2]])
        >>> zeros = {name: 0 * values for name, values in model.get_weights().items()}
        >>> round(model.set_weights(zeros).perplexity([[1, 2, 3]]), 3)  # three symbols, all as probable
        3.0
        """
        super().set_weights(weights)
        self._is_seen = np.ones(len(self.symbols_), bool)  # as whoever trained them may have seen them all
        return self

    def predict_proba(self, X):
        """Return the probability of each symbol to come next, after the last one of each row.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_steps), or a list of sequences, of int
            Ids; each row has one symbol or more.

        Returns
        -------
        ndarray of shape (n_samples, n_tokens_), of float32
            In the order of the ids; that of padding is zero. A row has the same bits alone and in any batch, whatever
            pads it.

        Raises
        ------
        NotFittedError
            Before `fit`.
        TypeError
            If X does not hold integers.
        ValueError
            If ids are out of range, padding stands before a symbol, a row has no symbol, or what comes out is not
            finite.

        Examples
        --------
        >>> from tsrnn import RNNGenerator
        >>> model = RNNGenerator(hidden_layer_sizes=8, max_iter=1, random_state=0).fit([[1, 2, 3, 1], [3, 2]])
        >>> probabilities = model.predict_proba([[1, 2], [3]])
        >>> probabilities.shape, float(probabilities[:, 0].sum())
        ((2, 4), 0.0)
        """
        probabilities = self._after_last(X)
        of_ids = np.zeros((len(probabilities), self.n_tokens_), probabilities.dtype)
        of_ids[:, self.symbols_] = probabilities
        return of_ids

    def predict(self, X):
        """Return the most probable next symbol of each row.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_steps), or a list of sequences, of int
            Ids; each row has one symbol or more.

        Returns
        -------
        ndarray of shape (n_samples,), of int
            What `generate` gives with the temperature zero, unless it is an id that no row of `fit` had.

        Raises
        ------
        NotFittedError
            Before `fit`.
        TypeError
            If X does not hold integers.
        ValueError
            If ids are out of range, padding stands before a symbol, a row has no symbol, or what comes out is not
            finite.

        Examples
        --------
        >>> from tsrnn import RNNGenerator
        >>> model = RNNGenerator(hidden_layer_sizes=8, max_iter=1, random_state=0).fit([[1, 2, 3, 1], [3, 2]])
        >>> model.predict([[1, 2], [3]]).shape
        (2,)
        """
        outputs = self._after_last(X, loss="squared_error")
        return self.symbols_[outputs.argmax(axis=1)]

    def score(self, X, y=None):
        """Return the mean log-likelihood per symbol; higher is better, and zero the most there can be.

        The first symbol of a row is not predicted and does not count; all others count the same. A row is read as a
        whole, and memory grows with the longest: give a text of very many steps in parts.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_steps), or a list of sequences, of int
            Ids; one row at least has two symbols or more. Rows of fewer have nothing to predict and count for nothing.
        y : None
            Ignored.

        Returns
        -------
        float
            Natural logarithm; `fit` minimises its negative.

        Raises
        ------
        NotFittedError
            Before `fit`.
        TypeError
            If X does not hold integers.
        ValueError
            If ids are out of range, padding stands before a symbol, no row has two symbols, or what comes out is not
            finite.

        Examples
        --------
        >>> from tsrnn import RNNGenerator
        >>> model = RNNGenerator(hidden_layer_sizes=8, max_iter=1, random_state=0).fit([[1, 2, 3, 1], [3, 2]])
        >>> bool(model.score([[1, 2, 3]]) < 0)
        True
        """
        windows = _next_symbols(self._read(X))
        architecture = self._architecture.for_steps(windows.X.shape[1])
        n_threads = count_threads(self.n_jobs, at_most=len(windows.X))
        loss = evaluate(architecture, self.parameters_, windows, n_threads)
        if not np.isfinite(loss):
            raise ValueError(f"the likelihood of X is not finite; {SCALE_WEIGHTS}.")
        return -loss

    def perplexity(self, X):
        """Return the perplexity, exp(-score): among how many symbols, all as probable, choice would be as hard.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_steps), or a list of sequences, of int
            As for `score`.

        Returns
        -------
        float
            One if all was foreseen; of a network that knows nothing about the number of symbols.

        Raises
        ------
        NotFittedError, TypeError, ValueError
            As `score`.

        Examples
        --------
        >>> from tsrnn import RNNGenerator
        >>> model = RNNGenerator(hidden_layer_sizes=8, max_iter=1, random_state=0).fit([[1, 2, 3, 1], [3, 2]])
        >>> bool(1 < model.perplexity([[1, 2, 3]]) < 10)
        True
        """
        return float(np.exp(-self.score(X)))

    def generate(self, prompt, n_steps, temperature=1.0, top_k=None, random_state=None):
        """Return how a sequence may go on: each symbol is drawn and then read like those before it.

        An id that `fit` has not seen, as often that of unknown symbols, is never drawn, although `predict_proba` leaves
        it a little: what has been learnt says nothing of it. With `warm_start` all fits count; `set_weights` lets all
        ids be drawn.

        Parameters
        ----------
        prompt : array-like of shape (n_symbols,), of int
            One sequence of ids, one or more.
        n_steps : int
            How many symbols to add.
        temperature : float, default=1.0
            By which the logarithms of the probabilities are divided: below 1 what is probable becomes more so, above
            it less. 0 takes the most probable symbol.
        top_k : int or None, default=None
            Draw from so many of the most probable symbols alone (Fan et al. 2018).
        random_state : int, RandomState or None, default=None
            Seeds the draws. The same seed gives the same ids, with any `n_jobs`.

        Returns
        -------
        ndarray of shape (n_steps,), of int
            The new ids, without the prompt; never padding.

        Raises
        ------
        NotFittedError
            Before `fit`.
        TypeError, ValueError
            If the prompt is not one sequence of ids with at least one symbol, or another argument is out of range.

        Examples
        --------
        >>> from tsrnn import RNNGenerator
        >>> model = RNNGenerator(max_iter=1, random_state=0).fit([[1, 2, 3, 1, 2, 3]])
        >>> model.generate([1, 2], n_steps=4, temperature=0.5, random_state=0).shape
        (4,)
        """
        check_is_fitted(self)
        options = {"n_steps": n_steps, "temperature": temperature, "top_k": top_k, "random_state": random_state}
        validate_parameter_constraints(GENERATE_CONSTRAINTS, options, caller_name="generate")
        for name, value in options.items():
            if isinstance(value, bool):
                raise TypeError(f"{name} must be a number, not a bool; got {value!r}.")
        ids = read_ids([prompt], self._padding_id, self.n_tokens_, "the prompt", is_strict=True)
        read = _number_symbols(ids, self._padding_id)
        if not len(read.steps):
            raise ValueError("the prompt has no symbol; give at least one to begin with.")
        rng = check_random_state(random_state)
        stream = replace(self._architecture, return_sequences=False, loss="squared_error").stream(self.parameters_)
        for symbol in read.steps:
            outputs = stream.advance(symbol)
        chosen = np.empty(n_steps, int)
        for step in range(n_steps):
            if not np.isfinite(outputs).all():
                raise ValueError(f"what follows after {how_many(step, 'new symbol')} is not finite; {SCALE_WEIGHTS}.")
            heights = np.where(self._is_seen, outputs.astype(np.float64), -np.inf)
            chosen[step] = _choose(heights, temperature, top_k, rng)
            outputs = stream.advance(chosen[step : step + 1])
        return self.symbols_[chosen]

    def _after_last(self, X, **changes):
        """Return what the network puts out after the last symbol of each row, shape (n_samples, n_symbols)."""
        rows = self._read(X)
        if not rows.lengths.all():
            raise ValueError(f"row {rows.lengths.argmin()} of X has no symbol; give at least one, or leave it out.")
        architecture = self._architecture.variant(return_sequences=False, **changes).for_steps(rows.shape[1])
        outputs = predict(architecture, self.parameters_, rows, count_threads(self.n_jobs, at_most=len(rows)))
        is_finite = np.isfinite(outputs).all(axis=1)
        if not is_finite.all():
            raise ValueError(f"what follows row {is_finite.argmin()} of X is not finite; {SCALE_WEIGHTS}.")
        return outputs

    def _read(self, X):
        """Return rows of ids as Sequences of the numbers that symbols have in the network."""
        check_is_fitted(self)
        ids = read_ids(X, self._padding_id, self.n_tokens_, is_strict=True)
        names_of(X)
        _check_feature_names(self, X, reset=False)
        return _number_symbols(ids, self._padding_id)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.categorical = True  # whole numbers without an order,
        tags.input_tags.positive_only = True  # from zero on
        return tags


def _number_symbols(ids, padding_id):
    """Return Sequences of the numbers that symbols have in the network, which counts padding out."""
    return ids if padding_id is None else replace(ids, steps=ids.steps - (ids.steps > padding_id))


def _next_symbols(rows, n_steps=None):
    """Return all symbols and those that follow them, in pieces of at most so many steps."""
    n_next = np.maximum(rows.lengths - 1, 0)
    if not n_next.any():
        raise ValueError("no row of X has two symbols or more, so that none has a next one; give longer rows.")
    most = int(n_next.max()) if n_steps is None else n_steps
    n_pieces = -(-n_next // most)
    row_of = np.repeat(np.arange(len(rows)), n_pieces)
    starts = most * (np.arange(len(row_of)) - np.repeat(np.cumsum(n_pieces) - n_pieces, n_pieces))
    pieces = Sequences(rows.steps, rows.origins[row_of] + starts, np.minimum(most, n_next[row_of] - starts))
    return Windows(pieces, replace(pieces, steps=rows.steps[1:]))


def _choose(outputs, temperature, top_k, rng):
    """Return the number of the next symbol, by what the network puts out for each, shape (n_symbols,), or -inf."""
    if temperature == 0:
        return int(outputs.argmax())
    if top_k is not None:
        outputs[np.argsort(-outputs, kind="stable")[top_k:]] = -np.inf
    with np.errstate(over="ignore"):  # a tiny temperature
        heights = np.exp((outputs - outputs.max()) / temperature).cumsum()
    return int(np.searchsorted(heights / heights[-1], rng.random_sample(), side="right"))
