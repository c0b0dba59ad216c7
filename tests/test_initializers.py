"""Where training starts: bounds, orthogonality, biases, and the same numbers for both dtypes."""

import naive
import numpy as np
import pytest
from cells import CELLS, each_variant

from tsrnn.network.architecture import Architecture
from tsrnn.network.initializers import _orthogonal, initial_parameters

N_FEATURES, SIZES, N_OUTPUTS = 40, (50, 3, 20), 30


def draw(cell, reset_after=True, seed=0, dtype=np.float64, sizes=SIZES, chrono_init=None, **options):
    """Return {name: array} of fresh weights, and the vector they stand in."""
    architecture = Architecture(cell, 5, N_FEATURES, sizes, N_OUTPUTS, reset_after=reset_after, **options)
    parameters = initial_parameters(architecture, np.random.RandomState(seed), dtype, chrono_init)
    return architecture.views(parameters), parameters


@each_variant
def test_input_and_head_weights_fill_the_glorot_interval_of_each_gate(cell, reset_after):
    views, _ = draw(cell, reset_after)
    matrices = [views["head.W_y"]]
    for layer in range(len(SIZES)):
        matrices += np.split(views[f"layers.{layer}.W_x"], naive.N_BLOCKS[cell], axis=1)
    for W in matrices:
        limit = np.sqrt(6 / sum(W.shape))
        assert np.abs(W).max() <= limit
        # At least 60 uniform draws in each: all below 80 % has probability 0.8^60, about 2e-6; the seed is fixed.
        assert np.abs(W).max() > 0.8 * limit
        # The mean of n uniform draws deviates by limit / sqrt(3 n); four deviations.
        assert abs(W.mean()) < 4 * limit / np.sqrt(3 * W.size)


@each_variant
def test_recurrent_weights_are_orthogonal_gate_by_gate(cell, reset_after):
    views, _ = draw(cell, reset_after)
    for layer, n_hidden in enumerate(SIZES):
        for Q in np.split(views[f"layers.{layer}.W_h"], naive.N_BLOCKS[cell], axis=1):
            # Sums of at most 50 products of float64: about 50 roundings of 1e-16.
            np.testing.assert_allclose(Q.T @ Q, np.eye(n_hidden), rtol=0, atol=1e-13)


@pytest.mark.parametrize("n", [63, 64, 65, 80, 81, 97, 240])
def test_orthogonal_rows_of_any_number_of_blocks_are_those_of_the_plain_method(n):
    """Householder's method makes the same rows of the same draws, up to signs that its diagonal tells."""
    Q = draw("rnn", seed=n, sizes=(n,))[0]["layers.0.W_h"]
    np.testing.assert_allclose(Q @ Q.T, np.eye(n), rtol=0, atol=1e-12)
    rng = np.random.RandomState(n)
    rng.uniform(size=(N_FEATURES, n))  # W_x, drawn before
    columns, R = np.linalg.qr(rng.normal(size=(n, n)).T)
    # The last rows follow from what is left of them, some thousandths: roundings of 1e-16 times the condition.
    np.testing.assert_allclose(Q, (columns * np.sign(np.diag(R))).T, rtol=0, atol=1e-10)


@pytest.mark.parametrize("n", [65, 97])
def test_rows_stay_orthogonal_in_every_one_of_many_draws(n):
    draws = (_orthogonal(np.random.RandomState(seed), n) for seed in range(100))
    worst = max(np.abs(Q @ Q.T - np.eye(n)).max() for Q in draws)
    assert worst < 1e-13  # measured: 2e-15; with one pass for the last rows too, 1e-11


@pytest.mark.parametrize("cell", [cell for cell in CELLS if naive.N_BLOCKS[cell] > 1])
def test_gates_are_drawn_apart(cell):
    views, _ = draw(cell)
    for name in ("layers.0.W_x", "layers.0.W_h"):
        gates = np.split(views[name], naive.N_BLOCKS[cell], axis=1)
        assert not any(np.array_equal(gates[0], gate) for gate in gates[1:])


def test_orthogonal_draws_favour_no_sign():
    # A method that fixes a sign, as Householder's does, would give a 1 x 1 matrix the same number in every draw.
    signs = {draw("rnn", seed=seed, sizes=(1,))[0]["layers.0.W_h"].item() for seed in range(30)}
    assert signs == {-1.0, 1.0}


@each_variant
def test_biases_are_zero_and_the_forget_gate_is_held_open(cell, reset_after):
    views, _ = draw(cell, reset_after)
    biases = {name: values for name, values in views.items() if ".b" in name}
    names = naive.random_weights(cell, N_FEATURES, SIZES, N_OUTPUTS, reset_after, np.random.default_rng(0))
    assert biases.keys() == {name for name in names if ".b" in name}
    for name, values in biases.items():
        expected = np.zeros(values.shape)
        if cell == "lstm" and name != "head.b_y":
            np.split(expected, 4)[1][:] = 1  # gates i, f, g, o
        np.testing.assert_array_equal(values, expected, err_msg=name)


@each_variant
def test_chrono_biases_spread_the_memory_of_units_and_change_nothing_else(cell, reset_after):
    n_units, longest = 100, 41
    plain, chrono = (
        draw(cell, reset_after, sizes=(8, n_units), bidirectional=True, chrono_init=steps)[0]
        for steps in (None, longest)
    )
    n_changed = 0
    for name, values in chrono.items():
        if not name.endswith(".b") or cell == "rnn":
            np.testing.assert_array_equal(values, plain[name], err_msg=name)
            continue
        gates = np.split(values, naive.N_BLOCKS[cell])  # of i, f, g, o, or of r, z, n
        if cell == "lstm":
            np.testing.assert_array_equal(gates[0], -gates[1])
            assert not np.any(gates[2:])
        else:
            assert not np.any([gates[0], gates[2]])
        kept = 1 / (1 + np.exp(-gates[1]))  # of the state per step, with weights that say nothing
        steps = 1 / (1 - kept)  # after which 1 / e is left, about
        assert steps.min() >= 2 and steps.max() <= longest
        if len(steps) == n_units:  # uniform on [2, 41]: the mean of 100 deviates by 1.1; four deviations
            assert abs(steps.mean() - (2 + longest) / 2) < 4.5
        n_changed += 1
    assert n_changed == (0 if cell == "rnn" else 4)


@each_variant
def test_both_dtypes_start_from_the_same_numbers(cell, reset_after):
    single, double = draw(cell, reset_after, dtype=np.float32)[1], draw(cell, reset_after)[1]
    assert (single.dtype, double.dtype) == (np.float32, np.float64)
    np.testing.assert_array_equal(single, double.astype(np.float32))


@each_variant
def test_seed_decides(cell, reset_after):
    one = draw(cell, reset_after, seed=7)[1]
    np.testing.assert_array_equal(one, draw(cell, reset_after, seed=7)[1])
    assert not np.array_equal(one, draw(cell, reset_after, seed=8)[1])
