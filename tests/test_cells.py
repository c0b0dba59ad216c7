"""A fourth cell can be written as ARCHITECTURE.md says: cells that only these tests know, in forms that no other has.

Each has the names that :mod:`tsrnn.kernels.rnn` explains, and in `step` its equations once more, as
:mod:`naive` has those of the other cells; `register` makes the entries that a reader would make in `plan` and `naive`.
"""

import inspect
from types import ModuleType

import naive
import numpy as np
import pytest
import test_kernels
from cells import VARIANTS
from compiled import cell_code
from test_stream import advanced

from tsrnn.kernels import caching, rnn
from tsrnn.kernels import plan as p
from tsrnn.kernels.vector import fma, sigmoid
from tsrnn.network.architecture import Architecture
from tsrnn.network.initializers import initial_parameters

NAMES = {"N_GATES", "N_SUMS", "N_MEMORY", "SPLITS_INPUT", "IN_TWO_PARTS", "HAS_STATE_BIAS", "STATE_GATES"}
FUNCTIONS = {False: {"forward", "backward"},
             True: {"forward_gates", "forward_state", "backward_state", "backward_gates"}}  # fmt: skip


class MinimalGated:
    """Zhou et al. 2016, with the gate after the product: two gates, input and state apart, no bias with the state.

    f = s(x W_f + h R_f + b_f);   n = act(x W_n + b_n + f (h R_n));   h = (1 - f) h + f n
    """

    N_GATES, N_SUMS, N_MEMORY = 2, 3, 0  # f, n; u_n, f, a_n
    SPLITS_INPUT, IN_TWO_PARTS, HAS_STATE_BIAS = True, False, False
    STATE_GATES = (1, 0)

    @staticmethod
    def forward(sums, h, memory, activation):
        u_n, f, a_n = sums
        f = sigmoid(f)
        n = activation.value(fma(f, u_n, a_n))
        return [u_n, f, n], [], fma(f, n - h, h)

    @staticmethod
    def backward(kept, h, memory_before, memory, dh, carry, activation):
        u_n, f, n = kept
        dh = dh + carry
        da_n = dh * f * activation.slope(n)
        df = fma(da_n, u_n, dh * (n - h))
        return [da_n * f, df * f * (1 - f), da_n], dh * (1 - f)

    @staticmethod
    def step(w, x, h, c, act):
        (W_f, W_n), (R_f, R_n), (b_f, b_n) = (np.split(w[name], 2, axis=-1) for name in ("W_x", "W_h", "b"))
        f = naive._sigmoid(x @ W_f + h @ R_f + b_f)
        n = act(x @ W_n + b_n + f * (h @ R_n))
        return (1 - f) * h + f * n, c


class Peeking:
    """A toy: an LSTM whose output gate sees the memory through a fifth gate p. Five gates, memory.

    c = f c + i g;   o = s(s_o + p c);   h = o act(c)
    """

    N_GATES, N_SUMS, N_MEMORY = 5, 5, 2  # i, f, g, o, p; c and a = act(c)
    SPLITS_INPUT, IN_TWO_PARTS, HAS_STATE_BIAS = False, False, False
    STATE_GATES = (0, 1, 2, 3, 4)

    @staticmethod
    def forward(sums, h, memory, activation):
        i, f, p = sigmoid(sums[0]), sigmoid(sums[1]), sigmoid(sums[4])
        g = activation.value(sums[2])
        c = fma(f, memory[0], i * g)
        o = sigmoid(fma(p, c, sums[3]))
        a = activation.value(c)
        return [i, f, g, o, p], [c, a], o * a

    @staticmethod
    def backward(kept, h, memory_before, memory, dh, carry, activation):
        (i, f, g, o, p), (c, a) = kept, memory
        do = dh * a * o * (1 - o)
        dc = dh * o * activation.slope(a) + do * p + carry
        di, df = dc * g * i * (1 - i), dc * memory_before[0] * f * (1 - f)
        return [di, df, dc * i * activation.slope(g), do, do * c * p * (1 - p)], dc * f

    @staticmethod
    def step(w, x, h, c, act):
        i, f, g, o, p = np.split(x @ w["W_x"] + h @ w["W_h"] + w["b"], 5, axis=1)
        c = naive._sigmoid(f) * c + naive._sigmoid(i) * act(g)
        return naive._sigmoid(o + naive._sigmoid(p) * c) * act(c), c


class Multiplicative:
    """Wu et al. 2016, multiplicative integration: one gate, two biases, and memory for the way back alone.

    h = act((x W + b) (h R + b_hn))
    """

    N_GATES, N_SUMS, N_MEMORY = 1, 2, 1  # u, a; the new state
    SPLITS_INPUT, IN_TWO_PARTS, HAS_STATE_BIAS = True, False, True
    STATE_GATES = (0,)

    @staticmethod
    def forward(sums, h, memory, activation):
        h = activation.value(sums[0] * sums[1])
        return sums, [h], h

    @staticmethod
    def backward(kept, h, memory_before, memory, dh, carry, activation):
        ds = dh * activation.slope(memory[0])
        return [ds * kept[1], ds * kept[0]], carry

    @staticmethod
    def step(w, x, h, c, act):
        return act((x @ w["W_x"] + w["b"]) * (h @ w["W_h"] + w["b_hn"])), c


class UpdateGated:
    """Collins et al. 2017 (UGRNN): two gates, input and state in one product.

    z = s(s_z);   n = act(s_n);   h = z h + (1 - z) n
    """

    N_GATES, N_SUMS, N_MEMORY = 2, 2, 0
    SPLITS_INPUT, IN_TWO_PARTS, HAS_STATE_BIAS = False, False, False
    STATE_GATES = (0, 1)

    @staticmethod
    def forward(sums, h, memory, activation):
        z, n = sigmoid(sums[0]), activation.value(sums[1])
        return [z, n], [], fma(z, h - n, n)

    @staticmethod
    def backward(kept, h, memory_before, memory, dh, carry, activation):
        z, n = kept
        dh = dh + carry
        return [dh * (h - n) * z * (1 - z), dh * (1 - z) * activation.slope(n)], dh * z

    @staticmethod
    def step(w, x, h, c, act):
        z, n = np.split(x @ w["W_x"] + h @ w["W_h"] + w["b"], 2, axis=1)
        return naive._sigmoid(z) * h + (1 - naive._sigmoid(z)) * act(n), c


class Resetting:
    """A toy: an LSTM with the reset gate of a GRU on its candidate. Five gates, input and state apart, memory.

    g = act(x W_g + b_g + r (h R_g));   c = f c + i g;   h = o act(c)
    """

    N_GATES, N_SUMS, N_MEMORY = 5, 6, 2  # i, f, o, r, g; u_g, i, f, o, r, a_g; c and a = act(c)
    SPLITS_INPUT, IN_TWO_PARTS, HAS_STATE_BIAS = True, False, False
    STATE_GATES = (4, 0, 1, 2, 3)

    @staticmethod
    def forward(sums, h, memory, activation):
        u_g, *gates, a_g = sums
        i, f, o, r = (sigmoid(s) for s in gates)
        g = activation.value(fma(r, u_g, a_g))
        c = fma(f, memory[0], i * g)
        a = activation.value(c)
        return [u_g, i, f, o, r, g], [c, a], o * a

    @staticmethod
    def backward(kept, h, memory_before, memory, dh, carry, activation):
        u_g, i, f, o, r, g = kept
        a = memory[1]
        dc = fma(dh * o, activation.slope(a), carry)
        da_g = dc * i * activation.slope(g)
        di, df = dc * g * i * (1 - i), dc * memory_before[0] * f * (1 - f)
        return [da_g * r, di, df, dh * a * o * (1 - o), da_g * u_g * r * (1 - r), da_g], dc * f

    @staticmethod
    def step(w, x, h, c, act):
        W, R, b = (np.split(w[name], 5, axis=-1) for name in ("W_x", "W_h", "b"))
        i, f, o, r = (naive._sigmoid(x @ W[k] + h @ R[k] + b[k]) for k in range(4))
        g = act(x @ W[4] + b[4] + r * (h @ R[4]))
        c = f * c + i * g
        return o * act(c), c


CELLS = {cell.__name__: cell for cell in (MinimalGated, Peeking, Multiplicative, UpdateGated, Resetting)}
IN_FAST_TIER = "Peeking"  # the others too cost some seconds of compiling each


@pytest.fixture(params=[name if name == IN_FAST_TIER else pytest.param(name, marks=pytest.mark.slow) for name in CELLS])
def cell(request, monkeypatch):
    """The name of a cell that the package knows for the length of one test."""
    return register(request.param, monkeypatch)


def register(name, monkeypatch):
    module, number = CELLS[name], 1000 + list(CELLS).index(name)
    monkeypatch.setitem(p.CELLS, name, number)
    monkeypatch.setitem(p.MATHEMATICS, number, module)
    monkeypatch.setitem(naive.STEPS, name, module.step)
    monkeypatch.setitem(naive.N_BLOCKS, name, module.N_GATES)
    monkeypatch.setattr(naive, "WITH_B_HN", {cell for cell in CELLS if CELLS[cell].HAS_STATE_BIAS})
    # The key of a cached kernel follows from the package's files, and this file is none: nothing is read or kept.
    monkeypatch.setattr(caching, "stamp", lambda: "")
    return name


def problem(cell, n, n_steps, sizes, seed=0):
    """Return windows of three features, two targets, and weights."""
    rng = np.random.default_rng(seed)
    weights = naive.random_weights(cell, 3, sizes, 2, True, rng)
    return rng.normal(size=(n, n_steps, 3)), rng.normal(size=(n, 2)), weights


def test_cells_of_a_reader_have_the_predictions_and_gradients_of_their_equations(cell):
    for n, n_steps, sizes, activation in [(5, 7, (9, 5), "tanh"), (13, 4, (3, 10), "relu")]:
        X, y, weights = problem(cell, n, n_steps, sizes)
        architecture = Architecture(cell, n_steps, 3, sizes, 2, activation)
        prediction, loss, gradient = test_kernels.run(architecture, weights, X, y)
        expected = naive.forward(cell, weights, X, activation)
        np.testing.assert_allclose(prediction, expected, **test_kernels.TOLERANCE)
        np.testing.assert_allclose(loss, naive.loss(cell, weights, X, y, activation), **test_kernels.TOLERANCE)
        expected = naive.gradient(cell, weights, X, y, activation)
        assert gradient.keys() == expected.keys()
        for name in expected:
            np.testing.assert_allclose(gradient[name], expected[name], err_msg=name, **test_kernels.TOLERANCE)


def test_cells_of_a_reader_stay_exact_over_many_steps_and_panels(cell):
    X, y, weights = problem(cell, 13, 27, (33, 17))  # more rows than one product of the weights' gradient takes
    architecture = Architecture(cell, 27, 3, (33, 17), 2)
    prediction, _, gradient = test_kernels.run(architecture, weights, X, y)
    np.testing.assert_allclose(prediction, naive.forward(cell, weights, X), **test_kernels.TOLERANCE)
    test_kernels.assert_slopes_are_those_of_the_twin(gradient, cell, weights, X, y)


def test_cells_of_a_reader_are_drawn_and_trained(cell):
    X, y, weights = problem(cell, 40, 6, (9, 5))
    architecture = Architecture(cell, 6, 3, (9, 5), 2)
    start = initial_parameters(architecture, np.random.RandomState(0), np.float64)
    W_h = architecture.views(start)["layers.0.W_h"]
    for Q in np.split(W_h, CELLS[cell].N_GATES, axis=1):
        np.testing.assert_allclose(Q @ Q.T, np.eye(9), rtol=0, atol=1e-13)  # a few roundings of 1e-16
    losses, packed = test_kernels.train(architecture, weights, X, y, 16, np.float64, n_threads=1, n_epochs=30)
    assert losses[-1] < 0.9 * losses[0]
    same_losses, same = test_kernels.train(architecture, weights, X, y, 16, np.float64, n_threads=2, n_epochs=30)
    assert same_losses == losses
    assert np.array_equal(same, packed)


@pytest.mark.slow
@pytest.mark.parametrize("name", CELLS)
def test_cells_of_a_reader_run_in_float32_and_step_by_step(name, monkeypatch):
    cell = register(name, monkeypatch)
    X, y, weights = problem(cell, 13, 6, (9, 5))
    architecture = Architecture(cell, 6, 3, (9, 5), 2)
    prediction, _, gradient = test_kernels.run(architecture, weights, X, y, np.float32)
    # 6 steps of sums of some ten products, each rounded to 6e-8.
    np.testing.assert_allclose(prediction, naive.forward(cell, weights, X), rtol=1e-4, atol=1e-5)
    for name, values in test_kernels.run(architecture, weights, X, y)[2].items():
        np.testing.assert_allclose(gradient[name], values, rtol=1e-3, atol=1e-5, err_msg=name)
    parameters = np.zeros(architecture.n_parameters, np.float32)
    for name, view in architecture.views(parameters).items():
        view[:] = weights[name]
    last = advanced(architecture.stream(parameters), X[4].astype(np.float32))[-1]
    assert np.array_equal(last, prediction[4])


BUILT_IN = dict(p.MATHEMATICS)


@pytest.mark.parametrize("module", [*BUILT_IN.values(), *CELLS.values()], ids=lambda module: module.__name__)
def test_constants_of_a_cell_agree_with_each_other(module):
    assert module.N_SUMS == module.N_GATES + module.SPLITS_INPUT
    assert sorted(module.STATE_GATES) == list(range(module.N_GATES))
    if not module.SPLITS_INPUT:
        # One block after the other, one bias, and r h has no product of its own.
        assert tuple(range(module.N_GATES)) == module.STATE_GATES
        assert not module.HAS_STATE_BIAS and not module.IN_TWO_PARTS
    if module.IN_TWO_PARTS:
        assert not module.HAS_STATE_BIAS and module.N_MEMORY == 0
        assert module.N_GATES == 3  # which the two products of such a step count on
    assert module.N_MEMORY >= 0
    assert {type(getattr(module, name)) for name in NAMES if name.startswith("N_")} == {int}


@pytest.mark.parametrize("module", BUILT_IN.values(), ids=lambda module: module.__name__)
def test_a_cell_has_exactly_the_names_that_the_documentation_lists(module):
    public = {name for name in vars(module) if not name.startswith("_")}
    public -= {name for name in public if getattr(vars(module)[name], "__module__", module.__name__) != module.__name__}
    public -= {name for name in public if isinstance(vars(module)[name], ModuleType)}
    assert public == NAMES | FUNCTIONS[module.IN_TWO_PARTS]
    for name in FUNCTIONS[module.IN_TWO_PARTS] & {"forward", "backward"}:
        assert inspect.signature(getattr(module, name)) == inspect.signature(getattr(rnn, name))


def test_the_documentation_lists_every_name_of_a_cell():
    assert {line for line in rnn.__doc__.splitlines() if line.isupper() and " " not in line} == NAMES


def test_every_cell_that_can_be_asked_for_has_its_mathematics():
    assert p.CELLS.keys() == {cell for cell, _ in VARIANTS}
    assert {cell_code(*variant) for variant in VARIANTS} == set(p.MATHEMATICS)
    assert len({module.__name__ for module in p.MATHEMATICS.values()}) == len(p.MATHEMATICS)
