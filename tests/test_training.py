"""The loop over epochs: its updates are Adam's, and the monitor keeps and ends what it should."""

import itertools
import math

import naive
import numpy as np
import pytest
import reference_cases
from cells import each_cell
from compiled import adam, parameters_of

from tsrnn.kernels import step as step_module
from tsrnn.kernels.buffers import flatten
from tsrnn.kernels.step import Step
from tsrnn.kernels.workers import Workers
from tsrnn.network import training as module
from tsrnn.network.architecture import Architecture
from tsrnn.network.initializers import initial_parameters
from tsrnn.network.training import TrainingOptions, predict, train
from tsrnn.network.windows import Windows

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(40, 6, 2)), RNG.normal(size=(40, 3))


def options(**changes):
    settings = dict(
        optimizer="adam", learning_rate=0.01, clip_norm=1.0, batch_size=8, shuffle=True, max_iter=5,
        n_iter_no_change=100, tol=0.0, n_threads=2,
    )  # fmt: skip
    return TrainingOptions(**{**settings, **changes})


def network(n_hidden=4, cell="gru"):
    architecture = Architecture(cell, X.shape[1], X.shape[2], (n_hidden,), Y.shape[1])
    return architecture, initial_parameters(architecture, np.random.RandomState(0), np.float64)


def run(validation=None, on_epoch=None, rng=0, windows=None, **changes):
    architecture, start = network()
    windows = Windows(X, Y) if windows is None else windows
    return train(
        architecture, start, windows, options(**changes), np.random.RandomState(rng), validation, on_epoch=on_epoch
    )


@pytest.mark.parametrize("clip_norm", [0.05, 1e6])  # one that always binds, one that never does
def test_full_batch_training_makes_the_naive_twins_adam_updates(clip_norm):
    architecture, start = network()
    weights = {name: view.copy() for name, view in architecture.views(start).items()}
    expected = naive.train(
        weights, lambda theta: naive.gradient("gru", theta, X, Y), n_steps=4, learning_rate=0.01, clip_norm=clip_norm
    )
    training = run(batch_size=len(X), max_iter=4, clip_norm=clip_norm)
    for name, view in architecture.views(training.parameters).items():
        # Adam divides by the root of the squared gradient, which makes roundings of 1e-16 in small gradients larger.
        np.testing.assert_allclose(view, expected[name], rtol=1e-9, atol=1e-11, err_msg=name)


def test_six_updates_equal_those_of_pytorchs_adam_with_clipping():
    recorded = reference_cases.training_run()
    case = recorded.start
    n, n_steps, n_features = case.X.shape
    architecture = Architecture(
        case.cell, n_steps, n_features, case.hidden_layer_sizes, case.y.shape[1], case.activation, case.reset_after
    )
    start = parameters_of(architecture, case.weights)
    settings = options(
        batch_size=n, max_iter=recorded.n_steps, learning_rate=recorded.learning_rate, clip_norm=recorded.clip_norm
    )
    training = train(architecture, start, Windows(case.X, case.y), settings, np.random.RandomState(0))
    for name, view in architecture.views(training.parameters).items():
        np.testing.assert_allclose(view, recorded.trained_weights[name], rtol=1e-9, atol=1e-11, err_msg=name)


def test_epoch_visits_every_window_once_in_minibatches_of_the_order_drawn():
    """One epoch of five minibatches equals five full-batch epochs on the rows that the seed's permutation names."""
    order = np.random.RandomState(7).permutation(len(X))
    whole = run(rng=7, max_iter=1)
    architecture, parameters = network()
    state, losses = None, []
    for first in range(0, len(X), 8):
        rows = order[first : first + 8]
        part = train(
            architecture, parameters, Windows(X[rows], Y[rows]), options(max_iter=1, shuffle=False),
            np.random.RandomState(0), optimizer_state=state,
        )  # fmt: skip
        parameters, state = part.parameters, part.optimizer_state
        losses.append(part.history[0]["loss"])
    np.testing.assert_array_equal(whole.parameters, parameters)
    np.testing.assert_allclose(whole.history[0]["loss"], np.mean(losses), rtol=1e-14)  # the same five numbers, summed


def test_without_shuffling_the_seed_changes_nothing_and_with_it_it_does():
    assert np.array_equal(run(rng=0, shuffle=False).parameters, run(rng=1, shuffle=False).parameters)
    assert not np.array_equal(run(rng=0).parameters, run(rng=1).parameters)


def test_best_weights_on_validation_are_kept_not_the_last():
    validation = Windows(X[:10], -Y[:10])  # the opposite of what is learnt: it gets worse
    training = run(validation, max_iter=12, learning_rate=0.05, batch_size=40)
    curve = [record["validation_loss"] for record in training.history]
    assert training.best_iter == np.argmin(curve) + 1 < 12
    architecture, _ = network()
    kept = np.mean((predict(architecture, training.parameters, validation.X, 1) - validation.y) ** 2)
    np.testing.assert_allclose(kept, min(curve), rtol=1e-12)  # a mean of 30 squares in another order
    shorter = run(validation, max_iter=training.best_iter, learning_rate=0.05, batch_size=40)
    assert np.array_equal(shorter.parameters, training.parameters)


def test_training_ends_after_n_iter_no_change_epochs_without_improvement():
    validation = Windows(X[:10], -Y[:10])
    training = run(validation, max_iter=100, learning_rate=0.05, batch_size=40, n_iter_no_change=3)
    assert training.stop_reason == "no_change"
    assert len(training.history) == training.best_iter + 3


def test_improvement_below_tol_does_not_count_as_change_but_is_kept():
    training = run(max_iter=50, tol=1e9, n_iter_no_change=4, validation=Windows(X, Y))
    assert len(training.history) == 5  # the first epoch improves on infinity
    assert training.best_iter == 5


def test_without_validation_the_last_weights_are_kept():
    training = run(max_iter=3)
    assert training.best_iter == 3
    assert training.stop_reason == "max_iter"
    assert all(math.isnan(record["validation_loss"]) for record in training.history)


def test_validation_that_is_not_watched_is_recorded_and_keeps_the_last_weights():
    validation = Windows(X[:10], -Y[:10])
    settings = dict(max_iter=12, learning_rate=0.05, batch_size=40, n_iter_no_change=3)
    recorded = run(validation, early_stopping=False, **settings)
    assert recorded.best_iter == len(recorded.history) == 12
    assert np.array_equal(recorded.parameters, run(**settings).parameters)
    watched = run(validation, **settings)
    curves = [[record["validation_loss"] for record in training.history] for training in (recorded, watched)]
    assert curves[0][: len(curves[1])] == curves[1]


def test_single_epochs_that_go_on_with_a_history_are_one_training():
    whole, rng = run(max_iter=4, schedule={"name": "step", "every": 2}), np.random.RandomState(0)
    architecture, parameters = network()
    state, history = None, []
    for _ in range(4):
        part = train(
            architecture, parameters, Windows(X, Y), options(max_iter=4, schedule={"name": "step", "every": 2}), rng,
            optimizer_state=state, before=history,
        )  # fmt: skip
        parameters, state, history = part.parameters, part.optimizer_state, part.history
        assert (part.best_iter, part.stop_reason) == (len(history), "partial_fit")
    assert np.array_equal(parameters, whole.parameters)
    assert [{**record, "seconds": 0} for record in history] == [{**record, "seconds": 0} for record in whole.history]


def test_callback_sees_each_epoch_and_ends_training_by_true():
    seen = []

    def on_epoch(record):
        seen.append(record["epoch"])
        return record["epoch"] == 2

    training = run(on_epoch=on_epoch)
    assert seen == [1, 2]
    assert training.stop_reason == "callback"


def interrupt(monkeypatch, owner, name, numbers):
    """Let the calls of these numbers (from 1) of a function or method end by an interrupt."""
    called, count = getattr(owner, name), itertools.count(1)

    def interrupted(*arguments):
        result = called(*arguments)
        if next(count) in numbers:
            raise KeyboardInterrupt
        return result

    monkeypatch.setattr(owner, name, interrupted)


def test_interrupt_keeps_what_was_learnt():
    def on_epoch(record):
        if record["epoch"] == 2:
            raise KeyboardInterrupt

    training = run(on_epoch=on_epoch, max_iter=50)
    assert training.stop_reason == "interrupted"
    assert np.array_equal(training.parameters, run(max_iter=2).parameters)


def test_interrupt_in_the_first_epoch_is_raised(monkeypatch):
    interrupt(monkeypatch, module, "_run_epoch", [1])
    with pytest.raises(KeyboardInterrupt):
        run()


def test_interrupt_of_the_last_check_keeps_what_was_learnt_and_a_second_one_is_raised(monkeypatch):
    """Without validation data the check of the last weights is all that the loss is computed for."""
    expected = run(max_iter=3)
    interrupt(monkeypatch, Step, "loss", [1])
    training = run(max_iter=3)
    assert training.stop_reason == "interrupted"
    assert training.best_iter == len(training.history) == 3
    assert np.array_equal(training.parameters, expected.parameters)
    interrupt(monkeypatch, Step, "loss", [1, 2])
    with pytest.raises(KeyboardInterrupt):
        run(max_iter=3)


def test_loss_that_is_not_finite_is_an_error_if_nothing_was_learnt():
    with pytest.raises(FloatingPointError, match="the loss or its gradient is not finite in the first epoch"):
        run(windows=Windows(X, np.where(Y > 0, Y, np.nan)))


def test_divergence_keeps_the_last_good_weights():
    y = Y.copy()

    def poison(record):
        y[:] = np.inf  # the kernels read the targets in place: from the next epoch on the loss is infinite

    validation = Windows(X[:10], Y[:10])
    training = run(validation, poison, windows=Windows(X, y), max_iter=50)
    assert training.stop_reason == "diverged"
    assert np.array_equal(training.parameters, run(validation, max_iter=1).parameters)


@pytest.mark.parametrize("is_interrupted", [False, True])
def test_weights_that_give_no_finite_loss_are_taken_back(monkeypatch, is_interrupted):
    """The last update of the third epoch breaks the weights; nothing has been computed from them when training ends."""
    if is_interrupted:  # before it is known that they are broken
        interrupt(monkeypatch, Step, "loss", [1])
    run_epoch, calls = module._run_epoch, []

    def break_the_third(step, *arguments):
        loss = run_epoch(step, *arguments)
        calls.append(loss)
        if len(calls) >= 3:
            broken = step.snapshot()
            broken.packed[0] = np.inf
            step.restore(broken)
        return loss

    monkeypatch.setattr(module, "_run_epoch", break_the_third)
    training = run(max_iter=3)
    assert training.stop_reason == "diverged"
    assert training.best_iter == 2
    monkeypatch.undo()
    assert np.array_equal(training.parameters, run(max_iter=2).parameters)


def test_starting_parameters_and_windows_are_left_as_they_are():
    architecture, start = network()
    x, y, before = X.copy(), Y.copy(), start.copy()
    train(architecture, start, Windows(x, y), options(), np.random.RandomState(0))
    assert np.array_equal(start, before)
    assert np.array_equal(x, X)
    assert np.array_equal(y, Y)


def test_loss_is_that_of_the_predictions():
    architecture, start = network()
    with Workers(2) as workers:
        loss = architecture.step(start, workers).loss(flatten(X), flatten(Y), np.arange(len(X)))
    expected = np.mean((predict(architecture, start, X, 1) - Y) ** 2)
    np.testing.assert_allclose(loss, expected, rtol=1e-13)  # a mean of 120 squares in another order


@each_cell
def test_training_learns_a_recurrence(cell):
    """The mean of the window is the target: a constant would leave its variance."""
    rng = np.random.default_rng(1)
    x = rng.normal(size=(256, 6, 1))
    windows = Windows(x, x.mean(axis=1))
    architecture = Architecture(cell, 6, 1, (8,), 1)
    start = initial_parameters(architecture, np.random.RandomState(0), np.float64)
    training = train(architecture, start, windows, options(max_iter=40), np.random.RandomState(0))
    assert training.history[-1]["loss"] < 0.05 * np.var(windows.y)


def test_an_epoch_with_a_smaller_last_minibatch_is_adam_minibatch_by_minibatch():
    """42 rows in minibatches of 8: the loss is that of all rows alike, the updates those of the naive twin."""
    x, y = np.concatenate([X, X[:2] + 1]), np.concatenate([Y, Y[:2] + 5])
    architecture, start = network()
    weights = {name: view.copy() for name, view in architecture.views(start).items()}
    batches, losses = iter(range(0, 42, 8)), []

    def gradient_of_the_next_minibatch(theta):
        first = next(batches)
        rows = slice(first, first + 8)
        losses.extend([naive.loss("gru", theta, x[rows], y[rows])] * len(x[rows]))
        return naive.gradient("gru", theta, x[rows], y[rows])

    expected = naive.train(weights, gradient_of_the_next_minibatch, n_steps=6, learning_rate=0.01, clip_norm=1.0)
    training = run(windows=Windows(x, y), shuffle=False, max_iter=1)
    assert len(losses) == 42
    np.testing.assert_allclose(training.history[0]["loss"], np.mean(losses), rtol=1e-11)  # six updates of rounding
    for name, view in architecture.views(training.parameters).items():
        np.testing.assert_allclose(view, expected[name], rtol=1e-9, atol=1e-11, err_msg=name)


def test_adam_in_float32_is_that_of_float64_to_its_own_precision():
    architecture, start = network()
    wide = train(architecture, start, Windows(X, Y), options(max_iter=20), np.random.RandomState(0))
    narrow = train(
        architecture, start.astype(np.float32), Windows(X.astype(np.float32), Y.astype(np.float32)),
        options(max_iter=20), np.random.RandomState(0),
    )  # fmt: skip
    # 100 updates of up to 0.01 each; measured 1e-5, while beta_2 = 0.99 in place of 0.999 differs by 5e-2.
    np.testing.assert_allclose(narrow.parameters, wide.parameters, rtol=0, atol=2e-4)


@pytest.mark.parametrize("spoil", ["loss", "gradient"])
def test_a_minibatch_that_is_not_finite_changes_neither_weights_nor_state(spoil):
    architecture, start = network()
    y = Y.copy()
    y[3, 1] = np.inf if spoil == "loss" else 1e160  # whose square, as a loss or in a norm, overflows
    with Workers(1) as workers:
        step = architecture.step(start, workers)
        step.train_epoch(flatten(X), flatten(Y), np.arange(40), 40, adam(step, 1))
        before = step.snapshot()
        loss = step.train_epoch(flatten(X), flatten(y), np.arange(40), 40, adam(step, 1))
        after = step.snapshot()
    assert not math.isfinite(loss)
    assert np.array_equal(after.packed, before.packed)
    assert after.n_updates == before.n_updates == 1


def test_minibatches_before_one_that_is_not_finite_have_counted_and_those_after_it_have_not():
    architecture, start = network()
    y = Y.copy()
    y[20] = np.nan  # in the third of five minibatches
    with Workers(2) as workers:
        step = architecture.step(start, workers)
        assert math.isnan(step.train_epoch(flatten(X), flatten(y), np.arange(40), 8, adam(step, 5)))
        after = step.snapshot()
        step = architecture.step(start, workers)
        step.train_epoch(flatten(X), flatten(Y), np.arange(16), 8, adam(step, 2))
    assert after.n_updates == 2
    assert np.array_equal(after.packed, step.snapshot().packed)


def test_float32_survives_gradients_whose_square_does_not_fit():
    y = (Y * 1e19).astype(np.float32)  # losses of 1e38 and a squared norm beyond float32
    architecture, start = network()
    training = train(
        architecture, start.astype(np.float32), Windows(X.astype(np.float32), y), options(max_iter=1),
        np.random.RandomState(0),
    )  # fmt: skip
    assert math.isfinite(training.history[0]["loss"])
    assert not np.array_equal(training.parameters, start.astype(np.float32))


def test_a_run_that_goes_on_keeps_its_start_unless_it_finds_better_and_its_state_belongs_to_its_weights():
    validation = Windows(X[:10], Y[:10])
    architecture, start = network()
    settings = options(max_iter=10, batch_size=40)
    first = train(architecture, start, Windows(X, Y), settings, np.random.RandomState(0), validation)
    before = [first.parameters.copy(), first.optimizer_state.moments.copy(), first.optimizer_state.n_updates]
    worse = train(
        architecture, first.parameters, Windows(X, -9 * Y), options(max_iter=2, learning_rate=1.0),
        np.random.RandomState(0), validation, first.optimizer_state,
    )  # fmt: skip
    assert worse.best_iter == 0
    assert np.array_equal(worse.parameters, before[0])
    assert np.array_equal(first.optimizer_state.moments, before[1])  # left as it was
    assert first.optimizer_state.n_updates == before[2] == first.best_iter


def test_calls_cut_short_for_ctrl_c_change_no_bit(monkeypatch):
    architecture, start = network()
    validation = Windows(X[:20], Y[:20])
    whole = run(validation, max_iter=2, batch_size=40)
    predictions = predict(architecture, start, X, 2)
    monkeypatch.setattr(step_module, "CALL_COST", 1)  # one task a call
    cut = run(validation, max_iter=2, batch_size=40)
    assert np.array_equal(cut.parameters, whole.parameters)
    assert [record["loss"] for record in cut.history] == [record["loss"] for record in whole.history]
    assert [record["validation_loss"] for record in cut.history] == [
        record["validation_loss"] for record in whole.history
    ]
    assert np.array_equal(predict(architecture, start, X, 2), predictions)
