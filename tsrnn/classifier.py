"""RNNClassifier: a recurrent network that tells classes of windows, rows that are independent."""

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.metrics import accuracy_score
from sklearn.model_selection import train_test_split
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import StrOptions
from sklearn.utils.validation import check_is_fitted

from .base import count_validation
from .checking import (
    check_weights,
    classes_of,
    multiply_weights,
    number_classes,
    read_classes,
    read_kind,
    read_labels,
    read_scored_labels,
    weigh_classes,
)
from .kernels.step import EQUAL_WEIGHTS
from .network.windows import Windows
from .windowed import WINDOW_CONSTRAINTS, WindowEstimator


class RNNClassifier(ClassifierMixin, WindowEstimator):
    """Recurrent network that tells the class of a window, or which of several labels it has.

    Recurrent layers of one cell, stacked, and a dense layer on the last state of the top one, trained by
    back-propagation through time on the cross-entropy: of two classes or of each label with a logistic output, of more
    classes with a softmax.

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
        Whether to predict at every step, and not from the last alone; y then has a class for each, and the loss is a
        mean over steps. Several labels and `class_weight` are refused.
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
    class_weight : dict, list of dict, "balanced" or None, default=None
        How much a window of each class counts, times its `sample_weight`: {class: weight}, 1 where there is none,
        "balanced" for the inverse of how often the class comes, a window as often as it weighs, None for all the same.
        With several labels a dict {0: weight, 1: weight} for each, and the product of all labels counts. Refused with
        `return_sequences`, where a window has many classes but one weight: weigh windows by `sample_weight`.
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
        Whether to hold out rows, drawn from each class by `random_state`, or take those of `eval_set`, watch the loss
        on them, and keep the weights of the best epoch. Otherwise the training loss is watched and the last weights are
        kept.
    validation_fraction : float, default=0.1
        Part of the rows that early stopping holds out; of no effect without it, or with an `eval_set`.
    n_iter_no_change : int, default=10
        Epochs without an improvement by `tol` after which training ends, with and without `early_stopping`.
    tol : float, default=1e-4
        In units of the loss.
    warm_start : bool, default=False
        Whether `fit` goes on from the weights of the previous `fit`, or those of `set_weights`.
    random_state : int, RandomState or None, default=None
        Seeds initial weights, shuffling, dropout, noise and which rows are held out. The same seed gives the same
        bits on any number of threads.
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
    classes_ : ndarray of shape (n_classes,)
        In the order of the columns of `predict_proba`; with several labels their numbers.
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
    >>> from tsrnn import RNNClassifier
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(300, 12)).cumsum(axis=1)
    >>> y = np.where(X[:, -1] > X[:, 0], "up", "down")
    >>> model = RNNClassifier(hidden_layer_sizes=8, learning_rate=0.01, random_state=0).fit(X[:200], y[:200])
    >>> bool(model.score(X[200:], y[200:]) > 0.9)
    True
    """

    _parameter_constraints = {
        **WINDOW_CONSTRAINTS,
        "class_weight": [dict, list, StrOptions({"balanced"}), None],
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
        class_weight=None,
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
        self.class_weight = class_weight
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

    def fit(self, X, y, sample_weight=None, eval_set=None):
        """Train on windows and their classes.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_steps) or (n_samples, n_steps, n_features), or list of such sequences
            Windows, oldest step first; in a list each may have a number of steps of its own. With `input` "tokens" ids,
            in a list or padded by `padding_id`. float32 is computed in float32, anything else in float64: booleans
            count as 0 and 1, texts as the numbers that they spell. Networks learn from values of about one: scale
            others, in two dimensions by a StandardScaler in a Pipeline. Of tables, and of a list of tables, one for
            each sequence, the names of columns are checked by all that reads X later.
        y : array-like of shape (n_samples,) or (n_samples, n_labels)
            Classes, two at least; or for each label 1 where a window has it, else 0. So a one-hot y means labels that
            do not exclude each other: give ``y.argmax(axis=1)`` for classes. With `return_sequences` a class for each
            step, (n_samples, n_steps), of a list of sequences a list of the same lengths; where steps of X are left
            out, padding for instance, anything may stand in y.
        sample_weight : array-like of shape (n_samples,), optional
            How much each window counts in the mean that is minimised, and in that which early stopping watches. Not
            negative. A window of weight zero is as if it were not there, to the last bit, once its values have been
            checked: it is left out before rows are held out, counted or drawn. Its class alone is still known, as in
            scikit-learn: `classes_` are those of y.
        eval_set : tuple (X, y) or (X, y, sample_weight), or a list that holds one such tuple, optional
            Windows whose loss is recorded after each epoch as the validation loss. With `early_stopping` it is watched,
            and no rows of X are held out; without, nothing depends on it. `class_weight` counts as it does in `fit`.
            X is what reaches the network: the steps of a Pipeline before it do not transform it.

        Returns
        -------
        self

        Raises
        ------
        TypeError, ValueError
            If arguments are out of range, data are no numbers or not finite, shapes do not fit, y holds no classes, or
            the loss is not finite.

        Examples
        --------
        Two classes of windows, then two labels for each:

        >>> import numpy as np
        >>> from tsrnn import RNNClassifier
        >>> X = np.random.default_rng(0).normal(size=(40, 6))
        >>> model = RNNClassifier(hidden_layer_sizes=8, max_iter=2, random_state=0)
        >>> model.fit(X, np.where(X[:, 0] > 0, "up", "down")).classes_.tolist()
        ['down', 'up']
        >>> model.fit(X, (X[:, :2] > 0).astype(int)).classes_.tolist()
        [0, 1]
        """
        self._check_arguments()
        windows, labels = self._read_labels(X, y, sample_weight)
        classes = classes_of(labels)
        if self.warm_start and hasattr(self, "_training") and not self._knows(classes, labels.ndim > 1):
            raise ValueError(
                f"warm_start goes on with the classes {self.classes_.tolist()}, but y holds {classes.tolist()}; set it "
                "to False."
            )
        numbers = number_classes(labels, classes, windows.X.dtype)
        known, weights = labels, windows.weights
        windows = self._weigh(windows._replace(y=self._as_targets(numbers, windows.X)), labels, known, weights)

        def read_known(X, y, sample_weight, dtypes):
            part, labels = self._read_labels(X, y, sample_weight, dtypes=dtypes)
            numbers = number_classes(labels, classes, part.X.dtype, is_multilabel=known.ndim > 1)
            return self._weigh(part._replace(y=self._as_targets(numbers, part.X)), labels, known, weights)

        validation = self._read_eval_set(eval_set, X, windows, read_known)
        n_validation = count_validation(self, len(windows.X)) if validation is None else 0
        if n_validation:
            kinds = np.zeros((len(windows.X), 1)) if self.return_sequences else windows.y
            held_out = self._draw_validation(kinds, n_validation)
            weights = windows.weights if len(windows.weights) else np.ones(len(windows.X))
            windows, validation = (windows._replace(weights=weights * part) for part in (~held_out, held_out))
        self._learn(X, windows, validation, *_outputs(classes, labels))
        self.classes_, self._is_multilabel = classes, labels.ndim > 1
        return self

    def partial_fit(self, X, y, classes=None, sample_weight=None):
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
        y : array-like of shape (n_samples,) or (n_samples, n_labels)
            Some of the classes; or labels; as in `fit`, with `return_sequences` classes of every step.
        classes : array-like of shape (n_classes,), optional
            All classes that will ever come, of labels their numbers 0, 1, ... Needed in the first call, unless after
            `fit`; later on it must be the same.
        sample_weight : array-like of shape (n_samples,), optional
            As in `fit`.

        Returns
        -------
        self

        Raises
        ------
        TypeError, ValueError
            As `fit`; or if early_stopping is True, class_weight is "balanced", which needs all rows at once, y holds a
            class that is not known, or shapes or the network are not those of the earlier call. What was learnt before
            is then kept.

        Examples
        --------
        >>> import numpy as np
        >>> from tsrnn import RNNClassifier
        >>> X = np.random.default_rng(0).normal(size=(40, 6))
        >>> y = np.where(X[:, 0] > 0, "up", "down")
        >>> model = RNNClassifier(hidden_layer_sizes=8, random_state=0)
        >>> for first in range(0, 40, 10):
        ...     model = model.partial_fit(X[first : first + 10], y[first : first + 10], classes=["down", "up"])
        >>> model.n_iter_
        4
        """
        dtypes = self._start_partial_fit(X)
        if self.class_weight == "balanced":
            raise ValueError("class_weight='balanced' needs all rows at once, unlike partial_fit; give a dict.")
        if classes is None and not dtypes:
            raise ValueError("the first call of partial_fit needs classes, all that will ever come.")
        windows, labels = self._read_labels(X, y, sample_weight, **dtypes)
        is_multilabel = self._is_multilabel if dtypes else labels.ndim > 1
        known = self.classes_ if dtypes else read_classes(classes)
        if dtypes and classes is not None and not np.array_equal(read_classes(classes), known):
            raise ValueError(
                f"classes must be those of the first call, {known.tolist()}; got {np.asarray(classes).tolist()}."
            )
        numbers = number_classes(labels, known, windows.X.dtype, is_multilabel)
        windows = windows._replace(y=self._as_targets(numbers, windows.X))
        windows = self._weigh(windows, labels, labels if is_multilabel else known)
        self._learn(X, windows, None, *_outputs(known, labels), is_partial=True)
        self.classes_, self._is_multilabel = known, is_multilabel
        return self

    def predict_proba(self, X):
        """Return the probability of each class, or of each label.

        Parameters
        ----------
        X : array-like
            As in `fit`.

        Returns
        -------
        ndarray of shape (n_samples, n_classes) or (n_samples, n_labels)
            In the dtype of training; those of classes sum to one, labels are independent. A row has the same bits alone
            and in any batch. With `return_sequences` (n_samples, n_steps, n_classes); of a list of sequences an array
            of objects, (n_steps, n_classes) for each, and of an array in which steps are left out, or of padded tokens,
            a masked array. These `cross_val_predict` cannot put together, as it expects one class per row: its
            ``method="predict"`` can.

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
        >>> from tsrnn import RNNClassifier
        >>> X = np.random.default_rng(0).normal(size=(40, 6))
        >>> model = RNNClassifier(hidden_layer_sizes=8, max_iter=1, random_state=0).fit(X, np.arange(40) % 3)
        >>> probabilities = model.predict_proba(X)
        >>> probabilities.shape, bool(np.allclose(probabilities.sum(axis=1), 1))
        ((40, 3), True)
        """
        X = self._check_windows(X)
        return self._as_given(self._probabilities(X), X)

    def decision_function(self, X):
        """Return what the network puts out before it is turned into probabilities.

        Parameters
        ----------
        X : array-like
            As in `fit`.

        Returns
        -------
        ndarray of shape (n_samples,), (n_samples, n_classes) or (n_samples, n_labels)
            Of two classes the log-odds of the second, of more what the softmax takes, of labels the log-odds of each.
            With `return_sequences` (n_samples, n_steps) or (n_samples, n_steps, n_classes), of lists and of arrays with
            padding as in `predict_proba`. In the dtype of training.

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
        >>> from tsrnn import RNNClassifier
        >>> X = np.random.default_rng(0).normal(size=(40, 6))
        >>> model = RNNClassifier(hidden_layer_sizes=8, max_iter=1, random_state=0).fit(X, X[:, 0] > 0)
        >>> bool(np.array_equal(model.decision_function(X) > 0, model.predict(X)))
        True
        """
        X = self._check_windows(X)
        return self._as_given(self._decisions(X), X)

    def predict_log_proba(self, X):
        """Return the logarithm of `predict_proba`, finite also where a probability is rounded to zero.

        Parameters
        ----------
        X : array-like
            As in `fit`.

        Returns
        -------
        ndarray
            In the shape, form and dtype of `predict_proba`.

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
        >>> from tsrnn import RNNClassifier
        >>> X = np.random.default_rng(0).normal(size=(40, 6))
        >>> model = RNNClassifier(hidden_layer_sizes=8, max_iter=1, random_state=0).fit(X, np.arange(40) % 3)
        >>> bool(np.allclose(np.exp(model.predict_log_proba(X)), model.predict_proba(X)))
        True
        """
        X = self._check_windows(X)
        outputs = self._decisions(X)
        if self._is_multilabel:
            outputs = -np.logaddexp(0, -outputs)
        elif outputs.ndim == 1:
            outputs = -np.logaddexp(0, np.column_stack([outputs, -outputs]))
        else:
            outputs = outputs - outputs.max(axis=1, keepdims=True)
            outputs = outputs - np.log(np.exp(outputs).sum(axis=1, keepdims=True))
        return self._as_given(outputs, X)

    def predict(self, X):
        """Return the most probable class of each window, or 1 for each label that is more probable than not.

        Parameters
        ----------
        X : array-like
            As in `fit`.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_labels)
            Classes in the dtype of `classes_`, labels in int. With `return_sequences` (n_samples, n_steps); of a list
            of sequences an array of objects, an array with the steps of each, and of an array in which steps are left
            out, or of padded tokens, a masked array, which `cross_val_predict` puts together again.

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
        ``accuracy_score(Y[seen], answers[seen])``. Where classes are ids of a `SequenceEncoder`, its
        `inverse_transform` takes ``answers.filled(0)``, in which 0 is padding. Where no step of X is left out the array
        is a plain one: ``np.ma.getmaskarray(answers)`` and ``np.ma.filled(answers, 0)`` take both.

        Examples
        --------
        >>> from sklearn.metrics import accuracy_score
        >>> from tsrnn import RNNClassifier, SequenceEncoder
        >>> encoder = SequenceEncoder()
        >>> X, Y = encoder.fit_transform(["a b", "b a a"]), encoder.transform(["b a", "a b b"])
        >>> model = RNNClassifier(input="tokens", return_sequences=True, hidden_layer_sizes=8, random_state=0)
        >>> answers = model.set_params(max_iter=1).fit(X, Y).predict(X)
        >>> seen = ~answers.mask  # without the padding of the first row
        >>> accuracy_score(Y[seen], answers[seen]) == model.score(X, Y)
        True
        >>> [len(text.split()) for text in encoder.inverse_transform(answers.filled(0))]
        [2, 3]
        """
        X = self._check_windows(X)
        return self._as_given(self._answers(X), X)

    def _answers(self, X):
        """Return the classes or labels of checked windows, a row for each window or step."""
        probabilities = self._probabilities(X)
        if self._is_multilabel:
            return (probabilities > 0.5).astype(int)
        return self.classes_[probabilities.argmax(axis=1)]

    def score(self, X, y, sample_weight=None):
        """Return the share of windows, with `return_sequences` of steps, whose class is predicted rightly.

        Parameters
        ----------
        X : array-like
            As in `fit`.
        y : array-like of shape (n_samples,) or (n_samples, n_labels)
            As in `fit`, with `return_sequences` of every step; where steps of X are left out anything may stand in y.
        sample_weight : array-like of shape (n_samples,), optional
            How much each window, or each of its steps, counts. Not negative.

        Returns
        -------
        float
            From zero to one; of several labels the share of windows of which all are right.

        Raises
        ------
        NotFittedError
            Before `fit`.
        TypeError, ValueError
            If X is refused by `predict`, y holds no classes, or not of the kind of those of `fit`, or y or the weights
            do not fit X.

        Examples
        --------
        >>> import numpy as np
        >>> from tsrnn import RNNClassifier
        >>> X = np.random.default_rng(0).normal(size=(40, 6))
        >>> model = RNNClassifier(hidden_layer_sizes=8, max_iter=1, random_state=0).fit(X, np.arange(40) % 3)
        >>> bool(model.score(X, np.arange(40) % 3) == (model.predict(X) == np.arange(40) % 3).mean())
        True
        """
        check_is_fitted(self)
        return self._score(accuracy_score, lambda y: read_scored_labels(y, self.classes_), X, y, sample_weight)

    def _probabilities(self, X):
        """Return those of checked windows, a row for each window or step."""
        probabilities = self._run(self._architecture, self.parameters_, X)
        if self._is_multilabel or len(self.classes_) > 2:
            return probabilities
        return np.hstack([1 - probabilities, probabilities])

    def _decisions(self, X):
        """Return what the network puts out for checked windows, a row for each window or step."""
        outputs = self._run(self._architecture.variant(loss="squared_error"), self.parameters_, X)
        return outputs if self._is_multilabel or len(self.classes_) > 2 else outputs[:, 0]

    def _read_labels(self, X, y, sample_weight, **dtypes):
        """Return windows without targets, and y: classes (n_samples,), or zeros and ones (n_samples, n_labels)."""
        X, y = self._read(X, y, read_labels, **dtypes, multi_output=True)
        labels = read_kind(y)
        if self.return_sequences and (labels.ndim > 1 or self.class_weight is not None):
            problem, cure = "several labels", "give one class for each step"
            if labels.ndim == 1:
                problem, cure = f"class_weight={self.class_weight!r}", "leave it at None, and weigh by sample_weight"
            raise ValueError(
                f"return_sequences=True has one class per step and one weight per window; got {problem}: {cure}."
            )
        return Windows(X, None, check_weights(sample_weight, X)), labels

    def _knows(self, classes, is_multilabel):
        """Return whether the fitted network has these classes."""
        return is_multilabel == self._is_multilabel and np.array_equal(classes, self.classes_)

    def _weigh(self, windows, labels, known, known_weights=EQUAL_WEIGHTS):
        """Return the windows that count, with weights by class too; "balanced" goes by the classes of rows `known`."""
        if self.class_weight is not None:
            factors = [weigh_classes(self.class_weight, labels, known, known_weights)]
            factors += [windows.weights] if len(windows.weights) else []
            weights = multiply_weights("sample_weight times class_weight", "row", *factors)
            windows = windows._replace(weights=weights)
        return self._drop_weightless(windows)

    def _draw_validation(self, targets, n_validation):
        """Return which rows are held out: so many, of each class its share if each has two rows or more."""
        kinds, counts = np.unique(targets, axis=0, return_counts=True)
        rows, n_least = np.arange(len(targets)), min(n_validation, len(targets) - n_validation)
        stratify = targets if counts.min() > 1 and len(kinds) <= n_least else None
        rng = check_random_state(self.random_state)
        _, held_out = train_test_split(rows, test_size=n_validation, stratify=stratify, random_state=rng)
        return np.isin(rows, held_out)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags


def _outputs(classes, labels):
    """Return the number of outputs of the network and the loss."""
    if labels.ndim > 1:
        return labels.shape[1], "binary"
    return (1, "binary") if len(classes) == 2 else (len(classes), "classes")
