"""Kernels take denormal numbers for zero, by a switch or without one, and leave the processor as they found it."""

import ctypes
import math
import platform
import sys
import threading

import apart
import naive
import numpy as np
import pytest
from cells import VARIANTS
from compiled import TOLERANCE, adam, parameters_of, run
from numba import njit

from tsrnn import RNNRegressor
from tsrnn.kernels import processor
from tsrnn.kernels.buffers import flatten
from tsrnn.kernels.workers import Workers
from tsrnn.network.architecture import Architecture

TINY = 1e-40  # a denormal float32
SECONDS = 10  # after which a thread that never comes is given up


def denormals_are_kept():
    """Return whether this thread computes with denormals as IEEE 754 has it."""
    x = np.full(64, TINY, np.float32)
    return bool((x * np.float32(1) == x).all() and (x * np.float32(0.5) > 0).all() and (np.float32(TINY) + x > x).all())


def control_register():
    """Return the bits that control this thread's arithmetic, as the C library reads them; 0 where it is unknown how."""
    if sys.platform != "linux" or platform.libc_ver()[0] != "glibc":
        return 0
    environment = (ctypes.c_uint32 * 16)()
    assert ctypes.CDLL(None).fegetenv(environment) == 0
    # Flags of what has happened, the lowest six, do not control anything.
    return {"x86_64": environment[7] & ~0x3F, "aarch64": environment[0]}.get(platform.machine(), 0)


class WatchedWorkers(Workers):
    """A team that notes for each thread the register before and after its part, and whether it then keeps denormals.

    Every call waits for all threads to begin and to end.
    """

    def run(self, call, n_workers):
        self.seen, meeting = [], threading.Barrier(n_workers)

        def watched(worker):
            meeting.wait(SECONDS)
            before = control_register()
            call(worker)
            self.seen.append((before, control_register(), denormals_are_kept()))

        super().run(watched, n_workers)
        super().close()
        assert len(self.seen) == n_workers


def relay(dtype):
    """Return a network of one step and one unit that gives back max(0, x) * 1e30."""
    architecture = Architecture("rnn", 1, 1, (1,), 1, activation="relu")
    one = {"layers.0.W_x": [[1]], "layers.0.W_h": [[1]], "layers.0.b": [0], "head.W_y": [[1e30]], "head.b_y": [0]}
    return architecture, parameters_of(architecture, one, dtype)


@pytest.mark.parametrize("n_threads", [1, 3])
def test_kernels_take_denormals_for_zero_and_every_thread_keeps_them_afterwards(n_threads):
    if not processor.flushes_denormals():
        pytest.skip("this processor cannot be told to")
    architecture, parameters = relay(np.float32)
    X = np.full((50, 1, 1), TINY, np.float32)
    X[::2] = 1e-30
    expected = np.where(np.arange(50) % 2, 0, 1).astype(np.float32)[:, None]
    assert denormals_are_kept()
    before = control_register()
    samples, Y = np.arange(50), flatten(np.zeros((50, 1), np.float32))
    with WatchedWorkers(n_threads) as workers:
        step = architecture.step(parameters, workers)
        np.testing.assert_allclose(step.predict(flatten(X), samples), expected, rtol=1e-6)  # one product of roundings
        assert all(seen == (before, before, True) for seen in workers.seen)
        step.loss(flatten(X), Y, samples)
        assert all(seen == (before, before, True) for seen in workers.seen)
        assert math.isfinite(step.train_epoch(flatten(X), Y, samples, 10, adam(step, 5)))
        assert all(seen == (before, before, True) for seen in workers.seen)
        assert workers.seen
    stream = architecture.stream(parameters)
    assert stream.advance(np.array([TINY], np.float32)) == 0
    assert stream.advance(np.array([1e-30], np.float32)) > 0.9
    assert denormals_are_kept()
    assert control_register() == before


@pytest.mark.parametrize("n_threads", [1, 3])
def test_denormals_are_kept_after_an_epoch_that_ends_early(n_threads):
    architecture, parameters = relay(np.float32)
    X = np.ones((50, 1, 1), np.float32)
    X[25] = np.inf
    before = control_register()
    with WatchedWorkers(n_threads) as workers:
        step = architecture.step(parameters, workers)
        samples, Y = np.arange(50), flatten(np.zeros((50, 1), np.float32))
        assert math.isnan(step.train_epoch(flatten(X), Y, samples, 10, adam(step, 5)))
        assert all(seen == (before, before, True) for seen in workers.seen)
        assert workers.seen
    assert denormals_are_kept()
    assert control_register() == before


def test_fit_its_callbacks_and_predict_leave_denormals_to_the_caller():
    X = np.random.default_rng(0).normal(size=(40, 4, 1)).astype(np.float32)
    before, during = control_register(), []
    model = RNNRegressor("rnn", hidden_layer_sizes=1, activation="relu", max_iter=3, n_jobs=2)
    model.set_params(callbacks=[lambda model, record: during.append((control_register(), denormals_are_kept()))])
    model.fit(X, X[:, -1, 0])
    assert during == [(before, True)] * 3
    assert (control_register(), denormals_are_kept()) == (before, True)
    model.predict(X)
    assert (control_register(), denormals_are_kept()) == (before, True)


@pytest.mark.skipif(control_register() == 0, reason="nothing reads the register here")
def test_the_control_register_shows_what_the_kernels_do_to_it():
    """The check of the two tests above can fail."""
    change = njit(lambda: processor.flush_denormals())
    undo = njit(lambda control: processor.restore_denormals(control))
    before = control_register()
    control = change()
    try:
        assert control_register() != before
        assert not denormals_are_kept()
    finally:
        undo(control)
    assert control_register() == before
    assert denormals_are_kept()


@pytest.mark.parametrize(
    "cell, reset_after",
    VARIANTS,
)
@pytest.mark.slow
def test_where_denormals_cannot_be_flushed_tiny_gradients_are_made_zero(tmp_path, cell, reset_after):
    call_portable(tmp_path, check_portable, cell=cell, reset_after=reset_after)


@pytest.mark.slow
def test_where_denormals_cannot_be_flushed_tiny_gradients_of_float32_are_made_zero(tmp_path):
    call_portable(tmp_path, check_portable_float32)


def call_portable(folder, check, **parameters):
    apart.call_apart(check, parameters, 300, PYTHONWARNINGS="error", NUMBA_CACHE_DIR=str(folder))


def take_switch_away():
    """Let kernels be compiled as for a processor without a switch."""
    processor._FLUSH.clear()
    assert not processor.flushes_denormals()


def check_portable_float32():
    take_switch_away()
    architecture, parameters = relay(np.float32)
    tiny = architecture.stream(parameters).advance(np.array([TINY], np.float32))
    np.testing.assert_allclose(tiny, [1e-10], rtol=1e-4)  # the switch is off; TINY itself has 16 bits
    check_vanishing_gradients(np.float32, factor=1e-2, n_kept=15, limit=1e-30, rtol=1e-5)


def check_portable(cell, reset_after):
    """Compare the kernels without a switch with the twin, and let gradients vanish."""
    take_switch_away()
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(13, 7, 3)), rng.normal(size=(13, 2))
    weights = naive.random_weights(cell, 3, (5, 9), 2, reset_after, rng)
    architecture = Architecture(cell, 7, 3, (5, 9), 2, reset_after=reset_after)
    prediction, loss, gradient = run(architecture, weights, X, y)
    options = dict(reset_after=reset_after)
    np.testing.assert_allclose(prediction, naive.forward(cell, weights, X, **options), **TOLERANCE)
    np.testing.assert_allclose(loss, naive.loss(cell, weights, X, y, **options), **TOLERANCE)
    for name, expected in naive.gradient(cell, weights, X, y, **options).items():
        np.testing.assert_allclose(gradient[name], expected, err_msg=name, **TOLERANCE)

    X[4, 3, 1] = np.nan
    prediction, loss, gradient = run(architecture, weights, X, y)
    assert list(np.flatnonzero(np.isnan(prediction).any(axis=1))) == [4]
    assert np.isnan(loss)
    assert all(np.isnan(values).any() for values in gradient.values())

    if cell == "rnn":
        check_vanishing_gradients(np.float64, factor=1e-10, n_kept=29, limit=1e-290, rtol=1e-12)


def check_vanishing_gradients(dtype, factor, n_kept, limit, rtol):
    """Compare the gradient that reaches the first of many steps with its closed form, 2 h_T W_y^2 W_h^(T-1) x_0."""
    for n_steps in (n_kept, n_kept + 2):
        weights = {
            "layers.0.W_x": np.ones((1, 1)), "layers.0.W_h": np.full((1, 1), factor), "layers.0.b": np.ones(1),
            "head.W_y": np.ones((1, 1)), "head.b_y": np.zeros(1),
        }  # fmt: skip
        X = np.zeros((1, n_steps, 1))
        X[0, 0] = 1  # the only input: the gradient of W_x is that of its product with W_x
        h = naive.forward("rnn", weights, X, activation="relu")
        architecture = Architecture("rnn", n_steps, 1, (1,), 1, activation="relu")
        gradient = run(architecture, weights, X, np.zeros((1, 1)), dtype)[2]["layers.0.W_x"]
        exact = 2 * h * factor ** (n_steps - 1)
        if exact > limit:
            np.testing.assert_allclose(gradient, exact, rtol=rtol)
        else:
            assert 0 < exact < limit
            assert (gradient == 0).all()
    assert exact < limit  # both sides of it have been seen
