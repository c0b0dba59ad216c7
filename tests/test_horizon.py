"""Outputs of the steps after a window: levels of windows, targets in the same rows, and what is missing."""

import naive
import numpy as np
import pytest
from cells import each_cell
from compiled import TOLERANCE, assert_slopes_are_those_of_the_twin, parameters_of

from tsrnn.kernels.buffers import Sequences, flatten
from tsrnn.kernels.plan import LEAST_VARIANCE
from tsrnn.kernels.workers import Workers
from tsrnn.network.architecture import Architecture

N_ROWS, HORIZON, N_STEPS, SIZES = 60, 3, 7, (5, 3)
ORIGINS = np.array([0, 4, 50, 11, 30, 29, 44, 20, 8])
LENGTHS = np.array([7, 7, 1, 5, 7, 3, 7, 6, 2])


def make_rows(n_targets, has_missing, has_counts=False, seed=0):
    """Return rows of targets, perhaps counts, and two features more, far from zero, some of the targets missing."""
    rows = np.random.default_rng(seed).normal(10, 3, size=(N_ROWS, n_targets + 2))
    if has_counts:
        rows[:, :n_targets] = np.maximum(rows[:, :n_targets] // 1 - 6, 0)  # some of them zero
    else:
        rows[::7] *= -1
    if has_missing:
        rows[[2, 3, 10, 13, 14, 31, 32, 33, 47], 0] = np.nan
        rows[50, :] = np.nan  # all that one window sees
        rows[[5, 33, 34], n_targets] = np.nan
    return rows


def normalised(rows, n_targets, window_norm):
    """Return windows padded with zeros, targets, levels and scales as the equations say it, one row at a time."""
    X = np.zeros((len(ORIGINS), N_STEPS, rows.shape[1]))
    y, levels = np.zeros((len(ORIGINS), HORIZON, n_targets)), np.zeros((len(ORIGINS), n_targets))
    scales = np.ones((len(ORIGINS), n_targets))
    for n, (first, length) in enumerate(zip(ORIGINS, LENGTHS, strict=True)):
        window, after = rows[first : first + length].copy(), rows[first + length : first + length + HORIZON]
        for k in range(n_targets):
            known = window[:, k][~np.isnan(window[:, k])]
            if len(known) and window_norm:
                levels[n, k] = known[-1] if window_norm == "last" else known.mean()
            if len(known) and window_norm == "standard":
                scales[n, k] = np.sqrt(known.var() + LEAST_VARIANCE)
            if len(known) and window_norm == "scale":
                levels[n, k], scales[n, k] = 0, 1 + np.abs(known).mean()
            window[:, k] = (window[:, k] - levels[n, k]) / scales[n, k]
        X[n, :length], y[n] = np.nan_to_num(window), (after[:, :n_targets] - levels[n]) / scales[n]
    return X, y.reshape(len(y), -1), levels, scales


def build(cell, n_targets, loss="squared_error", **options):
    numbers = (0.1, 0.5, 0.8) if loss == "quantile" else ()
    n_outputs = HORIZON * n_targets * naive.N_PARAMETERS.get(loss, max(1, len(numbers)))
    return Architecture(
        cell, N_STEPS, n_targets + 2, SIZES, n_outputs, loss=loss, horizon=HORIZON, loss_numbers=numbers, **options
    )


def flat(rows, n_targets):
    """Return X and Y, windows of rows and the targets after them."""
    X = flatten(Sequences(rows, ORIGINS, LENGTHS))
    return X, flatten(Sequences(rows[:, :n_targets], ORIGINS, LENGTHS))


def run(architecture, weights, rows, n_targets):
    """Return forecasts, the loss without training and with it, and the gradient by name, of compiled code."""
    samples = np.arange(len(ORIGINS))
    with Workers(2) as workers:
        step = architecture.step(parameters_of(architecture, weights), workers)
        X, Y = flat(rows, n_targets)
        forecasts, evaluated = step.predict(X, samples), step.loss(X, Y, samples)
        trained, gradient = step.gradient(X, Y, samples)
    return forecasts, evaluated, trained, architecture.views(gradient)


NORMS, COUNTS = [None, "last", "mean", "standard", "scale"], ("poisson", "negative_binomial")
each_norm = pytest.mark.parametrize("window_norm", NORMS)


@each_cell
@pytest.mark.parametrize(
    "loss, window_norm",
    [
        *((loss, norm) for loss in ("squared_error", "quantile", "normal", "student_t") for norm in NORMS),
        *((loss, norm) for loss in COUNTS for norm in (None, "scale")),
    ],
)
@pytest.mark.parametrize("n_targets", [1, 2])
@pytest.mark.parametrize("has_missing", [False, True])
def test_forecasts_losses_and_gradients_are_those_of_the_windows_written_out(
    cell, window_norm, n_targets, has_missing, loss
):
    rows = make_rows(n_targets, has_missing, loss in COUNTS)
    architecture = build(cell, n_targets, loss, window_norm=window_norm, skips_missing=has_missing)
    rng = np.random.default_rng(1)
    weights = naive.random_weights(cell, n_targets + 2, SIZES, architecture.n_outputs, True, rng)
    forecasts, evaluated, trained, gradient = run(architecture, weights, rows, n_targets)

    windows, targets, levels, scales = normalised(rows, n_targets, window_norm)
    outputs = naive.forward(cell, weights, windows, lengths=LENGTHS)
    by_target = outputs.reshape(len(ORIGINS), HORIZON, n_targets, -1)
    expected = naive.parameters(loss, by_target, levels[:, None, :, None], scales[:, None, :, None])
    expected = np.concatenate(expected, axis=-1) if loss in naive.N_PARAMETERS else expected
    np.testing.assert_allclose(forecasts, expected.reshape(outputs.shape), **TOLERANCE)
    of_twin = {"lengths": LENGTHS, "name": loss, "numbers": architecture.loss_numbers or (0.0,)}
    if loss in COUNTS:
        of_twin["scales"] = np.tile(scales, HORIZON)
        targets = np.rint(targets * of_twin["scales"])  # the counts themselves
    expected_loss = naive.loss(cell, weights, windows, targets, **of_twin)
    np.testing.assert_allclose([evaluated, trained], expected_loss, **TOLERANCE)
    assert np.isfinite(expected_loss)
    assert_slopes_are_those_of_the_twin(gradient, cell, weights, windows, targets, **of_twin)


def in_patches(windows, patch):
    """Return windows, padded with zeros behind, with so many steps side by side as one, and their numbers of steps."""
    of_network = -(-LENGTHS // patch)
    read = np.zeros((len(windows), -(-N_STEPS // patch), patch * windows.shape[2]))
    for n, (length, n_patches) in enumerate(zip(LENGTHS, of_network, strict=True)):
        before = np.zeros((n_patches * patch - length, windows.shape[2]))  # the window ends where a patch does
        read[n, :n_patches] = np.concatenate([before, windows[n, :length]]).reshape(n_patches, -1)
    return read, of_network


def last_steps(windows, n_targets, n_skip):
    """Return the targets of the last steps of windows, oldest first, zero before the window."""
    longer = np.concatenate([np.zeros((len(windows), n_skip, n_targets)), windows[:, :, :n_targets]], axis=1)
    return np.array([longer[n, length : length + n_skip].ravel() for n, length in enumerate(LENGTHS)])


@each_cell
@each_norm
@pytest.mark.parametrize("patch, n_skip", [(3, 0), (1, 5), (3, 7)])
@pytest.mark.parametrize("n_targets, has_missing, bidirectional", [(1, False, True), (2, True, False)])
def test_patches_and_a_linear_skip_read_the_same_windows(
    cell, window_norm, patch, n_skip, n_targets, has_missing, bidirectional
):
    rows, n_columns = make_rows(n_targets, has_missing), n_targets + 2
    architecture = build(
        cell, n_targets, window_norm=window_norm, skips_missing=has_missing, n_skip=n_skip, patch=patch,
        bidirectional=bidirectional,
    )  # fmt: skip
    rng = np.random.default_rng(1)
    sizes = SIZES, architecture.n_outputs, True, rng, bidirectional
    weights = naive.random_weights(cell, n_columns * patch, *sizes, n_skip=n_skip * n_targets)
    forecasts, evaluated, trained, gradient = run(architecture, weights, rows, n_targets)

    windows, targets, levels, scales = normalised(rows, n_targets, window_norm)
    read, lengths = in_patches(windows, patch)
    of_twin = {"lengths": lengths, "skip": last_steps(windows, n_targets, n_skip) if n_skip else None}
    outputs = naive.forward(cell, weights, read, **of_twin)
    expected = outputs.reshape(len(ORIGINS), HORIZON, n_targets) * scales[:, None] + levels[:, None]
    np.testing.assert_allclose(forecasts, expected.reshape(outputs.shape), **TOLERANCE)
    np.testing.assert_allclose([evaluated, trained], naive.loss(cell, weights, read, targets, **of_twin), **TOLERANCE)
    assert_slopes_are_those_of_the_twin(gradient, cell, weights, read, targets, **of_twin)


@pytest.mark.parametrize("name", ["squared_error", "quantile", "student_t"])
def test_each_step_of_a_horizon_has_the_weight_of_its_own_row(name):
    rows, n_targets = make_rows(2, True), 2
    architecture = build("gru", n_targets, name, skips_missing=True, window_norm="mean")
    rng = np.random.default_rng(2)
    weights = naive.random_weights("gru", 4, SIZES, architecture.n_outputs, True, rng)
    of_rows, samples = rng.uniform(0, 2, N_ROWS), np.arange(len(ORIGINS))
    of_rows[rng.choice(N_ROWS, 20, replace=False)] = 0
    with Workers(1) as workers:
        step = architecture.step(parameters_of(architecture, weights), workers)
        loss, gradient = step.gradient(*flat(rows, n_targets), samples, of_rows)
    windows, targets, _, _ = normalised(rows, n_targets, "mean")
    of_targets = of_rows[(ORIGINS + LENGTHS)[:, None] + np.arange(HORIZON)].repeat(n_targets, axis=1)
    of_twin = {
        "lengths": LENGTHS, "sample_weight": of_targets, "name": name, "numbers": architecture.loss_numbers or (0.0,)
    }  # fmt: skip
    np.testing.assert_allclose(loss, naive.loss("gru", weights, windows, targets, **of_twin), **TOLERANCE)
    assert_slopes_are_those_of_the_twin(architecture.views(gradient), "gru", weights, windows, targets, **of_twin)


def test_without_skipping_what_is_missing_makes_the_loss_nan():
    rows = make_rows(1, True)
    architecture = build("rnn", 1)
    weights = naive.random_weights("rnn", 3, SIZES, HORIZON, True, np.random.default_rng(0))
    with Workers(1) as workers:
        step = architecture.step(parameters_of(architecture, weights), workers)
        assert np.isnan(step.loss(*flat(rows, 1), np.arange(len(ORIGINS))))


def decoded(rows, n_targets, window_norm):
    """Return windows with the steps of the horizon, targets of every step (NaN where no output is), levels and scales.

    Of these steps the targets and the next feature are unknown; the last feature says which they are.
    """
    X, y, levels, scales = normalised(rows, n_targets, window_norm)
    longer = np.zeros((len(X), N_STEPS + HORIZON, rows.shape[1] + 1))
    targets = np.full((len(X), N_STEPS + HORIZON, n_targets), np.nan)
    for n, (first, length) in enumerate(zip(ORIGINS, LENGTHS, strict=True)):
        longer[n, :length, :-1] = X[n, :length]
        ahead = slice(length, length + HORIZON)
        longer[n, ahead, n_targets + 1 : -1] = np.nan_to_num(rows[first:][ahead, n_targets + 1 :])
        longer[n, ahead, -1] = 1
        targets[n, ahead] = y[n].reshape(HORIZON, n_targets)
    return longer, targets, levels, scales


def with_categories(rows, windows, n_targets):
    """Return both with categories before the two covariates, unknown in the steps of the horizon, and after them."""
    rng = np.random.default_rng(5)
    past, ahead = (rng.choice([np.nan, -1, *range(n)], N_ROWS).astype(np.float64) for n in (4, 3))
    rows = np.column_stack([rows[:, :n_targets], past, rows[:, n_targets:], ahead])
    places = np.minimum(ORIGINS[:, None] + np.arange(windows.shape[1]), N_ROWS - 1)
    past = np.where(np.arange(windows.shape[1]) < LENGTHS[:, None], past[places], np.nan)
    longer = np.insert(windows, [n_targets, n_targets + 2], 0, axis=2)
    longer[:, :, n_targets], longer[:, :, n_targets + 3] = past, ahead[places]
    return rows, longer


@each_cell
@each_norm
@pytest.mark.parametrize(
    "n_targets, has_missing, has_categories, loss_name",
    [
        (1, False, False, "squared_error"),
        (2, True, False, "squared_error"),
        (2, True, True, "squared_error"),
        (2, True, False, "normal"),
    ],
)
def test_decoded_steps_read_what_is_known_ahead_and_nothing_else(
    cell, window_norm, n_targets, has_missing, has_categories, loss_name
):
    rows = make_rows(n_targets, has_missing)
    windows, targets, levels, scales = decoded(rows, n_targets, window_norm)
    n_past, categories = n_targets + 1, ()
    if has_categories:
        rows, windows = with_categories(rows, windows, n_targets)
        n_past, categories = n_targets + 2, ((n_targets, 4, 3), (n_targets + 3, 3, 2))
    n_features, n_outputs = windows.shape[2], n_targets * naive.N_PARAMETERS.get(loss_name, 1)
    architecture = Architecture(
        cell, N_STEPS + HORIZON, n_features, SIZES, n_outputs, horizon=HORIZON, n_past=n_past,
        window_norm=window_norm, skips_missing=has_missing, categories=categories, loss=loss_name,
    )  # fmt: skip
    rng = np.random.default_rng(1)
    weights = naive.random_weights(cell, n_features, SIZES, n_outputs, True, rng, categories=categories)
    samples = np.arange(len(ORIGINS))
    X = flatten(Sequences(rows, ORIGINS, LENGTHS + HORIZON))
    Y = flatten(Sequences(rows[:, :n_targets], ORIGINS, LENGTHS + HORIZON))
    of_rows = np.random.default_rng(3).uniform(0, 2, N_ROWS) if has_missing else np.zeros(0)
    with Workers(2) as workers:
        step = architecture.step(parameters_of(architecture, weights), workers)
        forecasts, evaluated = step.predict(X, samples), step.loss(X, Y, samples, of_rows)
        trained, gradient = step.gradient(X, Y, samples, of_rows)

    of_twin = {"lengths": LENGTHS + HORIZON, "return_sequences": True, "categories": [c for c, *_ in categories]}
    outputs = naive.forward(cell, weights, windows, **of_twin)
    ahead = LENGTHS[:, None] + np.arange(HORIZON)
    of_steps = outputs[samples[:, None], ahead].reshape(len(samples), HORIZON, n_targets, -1)
    expected = naive.parameters(loss_name, of_steps, levels[:, None, :, None], scales[:, None, :, None])
    expected = np.concatenate(expected, axis=-1) if loss_name in naive.N_PARAMETERS else expected
    np.testing.assert_allclose(forecasts, expected.reshape(-1, n_outputs), **TOLERANCE)

    def loss(weights):
        outputs = naive.forward(cell, weights, windows, **of_twin)[samples[:, None], ahead].reshape(-1, n_outputs)
        of_targets = targets[samples[:, None], ahead].reshape(-1, n_targets)
        of_losses = of_rows[ORIGINS[:, None] + ahead].reshape(-1, 1).repeat(n_targets, 1) if has_missing else None
        return naive.mean_loss(outputs, of_targets, loss_name, sample_weight=of_losses)

    np.testing.assert_allclose([evaluated, trained], loss(weights), **TOLERANCE)
    for name, values in architecture.views(gradient).items():
        direction = np.random.default_rng(4).choice([-1.0, 1.0], values.shape)
        stepped = {**weights, name: weights[name] + 1j * naive.COMPLEX_STEP * direction}
        slope = loss(stepped).imag / naive.COMPLEX_STEP
        terms = values * direction
        assert abs(terms.sum() - slope) <= 1e-12 * np.abs(terms).sum() + 1e-13, name
