"""Overflow and NaN: never hidden, never kept, and found by any number of threads alike."""

import itertools
import warnings

import numpy as np
import pytest
from apart import apart
from cells import each_cell
from fits import KINDS, REGRESSORS, SECONDS, STRESS, digest, fit, make

from tsrnn import RNNRegressor
from tsrnn.network.training import predict

pytestmark = STRESS


def outcome(kind, **changes):
    """Return how a fit ended and all bits it kept, or its error; check that all of them are finite."""
    estimator, data = make(kind, **changes)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        try:
            estimator.fit(*data)
        except ValueError as error:
            return f"refused {error}" if "is not finite" in str(error) else str(error)
    assert np.isfinite(estimator.parameters_).all() and np.isfinite(estimator.loss_curve_).all()
    diverged = any("diverged" in str(warning.message) for warning in said)
    assert diverged == (estimator.stop_reason_ == "diverged")
    return f"{estimator.stop_reason_} {digest(estimator, data)}"


@apart(SECONDS)
def test_overflow_ends_in_an_error_or_a_warning_by_any_number_of_threads():
    outcomes = set()
    for kind in KINDS:
        for choice in itertools.product(("tanh", "relu"), (None, 1.0), (50, 220), (4.0, 15.0, 1e18, 1e300)):
            options = dict(zip(("activation", "clip_norm", "batch_size", "learning_rate"), choice, strict=True))
            one, two = outcome(kind, **options), outcome(kind, n_jobs=2, **options)
            assert one == two, (kind, options)
            outcomes.add(one.split()[0])
    # All ways to end were met: NaN in the first epoch, in a later one, and never.
    assert outcomes == {"refused", "diverged", "max_iter"}


@each_cell
@apart(SECONDS)
def test_one_window_that_overflows_is_found_at_every_place_of_a_batch(cell):
    (X, y), options = make(cell)[1], dict(activation="relu", shuffle=False, max_iter=1, random_state=0)
    most = float(np.finfo(X.dtype).max)
    for n_jobs in (1, 2, 3):
        model = RNNRegressor(cell, hidden_layer_sizes=17, batch_size=len(X), n_jobs=n_jobs, **options)
        assert np.isfinite(model.fit(X, y).loss_curve_).all()
        for row in (0, 1, 7, 8, 100, 215, 216, len(X) - 1):
            X_bad, y_bad = X.copy(), y.copy()
            X_bad[row] *= most**0.75  # in float32 the loss, summed in float64, is finite; the gradient cannot be
            y_bad[row] = most / 2
            with pytest.raises(ValueError, match="the loss or its gradient is not finite"):
                model.fit(X_bad, y_bad)


@apart(SECONDS)
def test_a_weight_that_is_no_number_makes_every_prediction_none():
    for kind in REGRESSORS:
        for activation in ("tanh", "relu"):
            model = fit(kind, max_iter=1, activation=activation)
            X, weights = make(kind)[1][0][:11], model.parameters_
            assert np.isfinite(model.predict(X)).all()
            hidden = []
            for k in range(weights.size):
                before, weights[k] = weights[k], np.nan
                hidden += [k] if not np.isnan(predict(model._architecture, weights, X, 1)).all() else []
                weights[k] = before
            assert hidden == [], (kind, activation, weights.size)
            weights[0] = np.nan
            with pytest.raises(ValueError, match="predicted for row 0 of X is not finite"):
                model.predict(X)
