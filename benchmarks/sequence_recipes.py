"""How each task of the table of accuracy is learnt: settings as literals, and the candidates they were chosen among.

What stands in CHOSEN is what ``sequence_accuracy.py --choose`` prints: of CANDIDATES the best in cross-validation on
the training part.
"""

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.model_selection import RepeatedStratifiedKFold, cross_validate
from sklearn.pipeline import make_pipeline

import tsrnn

# ---------------------------------------------------------------- tasks that are generated

_LONG = {"hidden_layer_sizes": 64, "learning_rate": 0.01, "batch_size": 100, "max_iter": 15}
ADDING = {
    "lstm": {"cell": "lstm", **_LONG},
    "gru": {"cell": "gru", **_LONG},
    "rnn": {"cell": "rnn", **_LONG},
    "rnn, small steps": {"cell": "rnn", **_LONG, "learning_rate": 3e-4, "batch_size": 20},
}
_ORDER = {"hidden_layer_sizes": 64, "batch_size": 50, "max_iter": 10}
_ORDER_RATES = {"lstm": 0.002, "gru": 0.02, "rnn": 0.001}  # with 0.005 one LSTM of five learns nothing
ORDER = {cell: {"cell": cell, **_ORDER, "learning_rate": rate} for cell, rate in _ORDER_RATES.items()}
# Every step is said, and ids are read through an embedding; id 0 is a blank, which is a symbol here and no padding. A
# symbol is said 60 steps after it was read.
_COPY = {
    "hidden_layer_sizes": 128, "optimizer": "rmsprop", "learning_rate": 0.01, "schedule": "cosine", "batch_size": 50,
    "max_iter": 30, "chrono_init": 60, "input": "tokens", "padding_id": None, "return_sequences": True,
}  # fmt: skip
COPY = {cell: {"cell": cell, **_COPY} for cell in ("lstm", "gru", "rnn")}

# Loss of an epoch at which training on a generated task ends: of one answer, and of all steps that copy memory says.
LEARNT, COPIED = 1e-3, 2.5e-3


def long_memory_model(kind, settings, seed, n_jobs, learnt=LEARNT):
    """Return an estimator that trains until the task is learnt, or for `max_iter` epochs."""
    return kind(
        **settings, n_iter_no_change=settings["max_iter"], random_state=seed, n_jobs=n_jobs,
        callbacks=lambda estimator, epoch: epoch["loss"] < learnt,
    )  # fmt: skip


# ---------------------------------------------------------------- small sets of real windows


class Prepare(TransformerMixin, BaseEstimator):
    """Scale each channel by the mean and deviation of training, and make windows shorter.

    Parameters
    ----------
    magnitude : bool
        Whether the absolute value of each channel becomes another channel, before scaling.
    mean_of : int
        Steps whose mean becomes one step.
    side_by_side : int
        Steps whose channels become those of one step.
    """

    def __init__(self, magnitude=False, mean_of=1, side_by_side=1):
        self.magnitude = magnitude
        self.mean_of = mean_of
        self.side_by_side = side_by_side

    def fit(self, X, y=None):
        """Learn the scales from windows (n, steps, channels)."""
        X = self._channels(X)
        self.mean_, self.deviation_ = X.mean(axis=(0, 1)), X.std(axis=(0, 1))
        return self

    def transform(self, X):
        """Return windows (n, fewer steps, channels); steps that no whole piece is left for fall off at the start."""
        X = (self._channels(X) - self.mean_) / self.deviation_
        X = _cut(_cut(X, self.mean_of).mean(axis=2), self.side_by_side)
        return X.reshape(*X.shape[:2], -1)

    def _channels(self, X):
        return np.concatenate([X, np.abs(X)], axis=2) if self.magnitude else X


def _cut(X, k):
    """Return windows in pieces of k steps, shape (n, steps // k, k, channels)."""
    n, n_steps, n_channels = X.shape
    return X[:, n_steps % k :].reshape(n, n_steps // k, k, n_channels)


def classifier(settings, seed, n_jobs):
    """Return the pipeline of some settings: those of `Prepare` stand under "prepare"."""
    own = {name: value for name, value in settings.items() if name != "prepare"}
    network = {"batch_size": 16, "schedule": "cosine", "n_iter_no_change": own["max_iter"], **own}
    model = tsrnn.RNNClassifier(**network, random_state=seed, n_jobs=n_jobs)
    return make_pipeline(Prepare(**settings.get("prepare", {})), model)


def _variants(base, *changes):
    return [base, *({**base, **change} for change in changes)]


_SMALL = {"cell": "gru", "hidden_layer_sizes": 32, "learning_rate": 0.005, "max_iter": 100}
_LARGE = {"cell": "gru", "hidden_layer_sizes": 64, "learning_rate": 0.005, "max_iter": 200}
CANDIDATES = {
    "GunPoint": _variants(
        {**_LARGE, "prepare": {"side_by_side": 5}},
        {"cell": "lstm"},
        {"cell": "rnn", "learning_rate": 0.001},
        {"prepare": {"mean_of": 2}},
        {"prepare": {"mean_of": 5}},
        {"prepare": {"side_by_side": 10}},
        {"cell": "lstm", "prepare": {"side_by_side": 10}},
        {"cell": "lstm", "prepare": {"mean_of": 5}},
        {"cell": "lstm", "alpha": 0.1},
        {"learning_rate": 0.01},
    ),
    "ItalyPowerDemand": _variants(
        _SMALL,
        {"cell": "lstm"},
        {"cell": "rnn", "learning_rate": 0.001},
        {"alpha": 0.1},
        {"max_iter": 50},
        {"hidden_layer_sizes": 64},
        {"prepare": {"side_by_side": 2}},
        {"prepare": {"side_by_side": 4}},
        {"prepare": {"side_by_side": 4}, "alpha": 0.1},
        {"prepare": {"side_by_side": 4}, "max_iter": 50},
        {"cell": "lstm", "prepare": {"side_by_side": 4}},
        {"prepare": {"side_by_side": 6}},
        {"learning_rate": 0.001},
        {"cell": "rnn", "learning_rate": 0.001, "max_iter": 200},
        {"cell": "rnn", "learning_rate": 0.001, "alpha": 0.1},
        {"cell": "rnn", "learning_rate": 0.001, "prepare": {"side_by_side": 4}},
    ),
    "BasicMotions": _variants(
        _LARGE,
        {"cell": "lstm"},
        {"cell": "rnn", "learning_rate": 0.001},
        {"prepare": {"side_by_side": 5}},
        {"prepare": {"magnitude": True}},
        {"prepare": {"magnitude": True, "side_by_side": 5}},
        {"prepare": {"magnitude": True, "mean_of": 2}},
        {"prepare": {"magnitude": True, "mean_of": 5}},
        {"cell": "lstm", "prepare": {"magnitude": True, "mean_of": 5}},
    ),
}

CHOSEN = {
    "GunPoint": {**_LARGE, "cell": "lstm", "prepare": {"side_by_side": 5}},
    "ItalyPowerDemand": {**_SMALL, "cell": "rnn", "learning_rate": 0.001, "alpha": 0.1},
    "BasicMotions": {**_LARGE, "prepare": {"magnitude": True, "mean_of": 5}},
}


def cross_validated(settings, X, y, n_jobs):
    """Return the accuracy and the cross-entropy of settings, means over three times five folds of training data."""
    folds = RepeatedStratifiedKFold(n_splits=5, n_repeats=3, random_state=0)
    scores = cross_validate(
        classifier(settings, 0, n_jobs), X, y, cv=folds, scoring=["accuracy", "neg_log_loss"], error_score="raise"
    )
    return scores["test_accuracy"].mean(), -scores["test_neg_log_loss"].mean()
