"""Every parameter has one place in the packed vector, every region of the workspace its own, and paddings stay zero."""

import dataclasses
import itertools
import pickle

import naive
import numpy as np
import pytest
from cells import VARIANTS
from compiled import adam, cell_code

from tsrnn import RNNClassifier
from tsrnn.kernels import plan as p
from tsrnn.kernels.buffers import flatten
from tsrnn.kernels.layout import MAX_SLICES, make_plan
from tsrnn.kernels.step import OptimizerState, Step, pack
from tsrnn.kernels.target import vector_length
from tsrnn.kernels.workers import Workers
from tsrnn.network.architecture import MAX_VARIANTS, Architecture

DTYPES = [np.float32, np.float64]
SIZES = [(1,), (5,), (16,), (17,), (9, 5), (5, 17), (40, 3, 8)]
each_case = pytest.mark.parametrize("cell, dtype", list(itertools.product(VARIANTS, DTYPES)))
N_STEPS, N_FEATURES = 6, 3


def make(cell, dtype, sizes, n_outputs, trains=True, n_steps=N_STEPS, dropout=0.0):
    name, reset_after = cell
    return make_plan(
        cell=name, n_steps=n_steps, n_features=N_FEATURES, hidden_layer_sizes=sizes, n_outputs=n_outputs,
        activation="tanh", reset_after=reset_after, window_norm=None, loss="squared_error", loss_numbers=(),
        bidirectional=False, return_sequences=False, dense_layer_sizes=(), dense_activation="relu", n_tokens=0,
        categories=(), trains_embedding=True, dropout=dropout, recurrent_dropout=dropout, input_noise=0.0,
        horizon=0, n_past=0, skips_missing=False, carries=False, n_skip=0, patch=1, dtype=dtype, trains=trains,
    )  # fmt: skip


def mathematics(cell):
    """Return the module that says what a cell keeps; that it says so rightly, its numbers show (`test_kernels`)."""
    return p.MATHEMATICS[cell_code(*cell)]


def plans(cell, dtype, **options):
    """Yield hidden_layer_sizes, n_outputs and the plan of networks that fill their vectors and that do not."""
    for sizes, n_outputs in itertools.product(SIZES, [1, 3, 17]):
        yield sizes, n_outputs, make(cell, dtype, sizes, n_outputs, **options)


def places_of(plan, block):
    """Return where the numbers of a block stand in the packed vector, in the shape of its array."""
    return plan.places[block.offset : block.offset + block.size].reshape(block.shape)


def padded(n, V):
    return (n + V - 1) // V * V


def train(plan, dtype, n_epochs, seed=0):
    """Return a Step after some epochs of several minibatches, the last a partial one."""
    rng = np.random.default_rng(seed)
    table = plan.table
    X = rng.normal(size=(27, table[0, p.N_STEPS], table[0, p.N_FEATURES])).astype(dtype)
    Y = rng.normal(size=(27, table[0, p.N_OUTPUTS])).astype(dtype)
    with Workers(2) as workers:
        step = Step(plan, pack(plan, rng.normal(scale=0.3, size=len(plan.places)).astype(dtype)), workers)
        for _ in range(n_epochs):
            loss = step.train_epoch(flatten(X), flatten(Y), rng.permutation(27), 10, adam(step, 3))
            assert np.isfinite(loss)
    return step


@each_case
def test_places_are_distinct_and_inside_the_packed_vector(cell, dtype):
    for *_, plan in plans(cell, dtype):
        assert len(np.unique(plan.places)) == len(plan.places)
        assert plan.places.min() >= 0 and plan.places.max() < plan.n_packed


@each_case
def test_blocks_have_the_shapes_of_the_equations_and_fill_the_vector(cell, dtype):
    name, reset_after = cell
    for sizes, n_outputs, plan in plans(cell, dtype):
        weights = naive.random_weights(name, N_FEATURES, sizes, n_outputs, reset_after, np.random.default_rng(0))
        expected = {name: values.shape for name, values in weights.items()}
        assert {block.name: block.shape for block in plan.blocks} == expected
        offset = 0
        for block in plan.blocks:
            assert (block.offset, block.size) == (offset, np.prod(expected[block.name]))
            offset += block.size
        assert offset == len(plan.places)


@each_case
def test_every_parameter_and_moment_comes_back_from_the_packed_vector(cell, dtype):
    with Workers(1) as workers:
        for *_, plan in plans(cell, dtype):
            n = len(plan.places)
            parameters = np.arange(1, n + 1).astype(dtype)  # whole numbers below 2^24: exact, and all different
            moments = np.stack([parameters + n, parameters + 2 * n])
            step = Step(plan, pack(plan, parameters, OptimizerState(moments, 5)), workers, 5)
            assert np.array_equal(step.parameters, parameters)
            unpacked, state = step.unpack(step.snapshot())
            assert np.array_equal(unpacked, parameters)
            assert np.array_equal(state.moments, moments)
            assert state.n_updates == 5
            packed = step.snapshot().packed[0]
            assert np.count_nonzero(packed) == n
            for block in plan.blocks:
                expected = parameters[block.offset : block.offset + block.size].reshape(block.shape)
                assert np.array_equal(packed[places_of(plan, block)], expected)


@each_case
def test_hidden_units_of_one_gate_lie_side_by_side_in_vectors(cell, dtype):
    """A vector holds what one term gives to a vector of hidden units of one gate, in their order."""
    name, _ = cell
    V = vector_length(np.dtype(dtype))
    for sizes, _, plan in plans(cell, dtype):
        blocks = {block.name: places_of(plan, block) for block in plan.blocks}
        for layer, n_hidden in enumerate(sizes):
            lane = np.arange(n_hidden) % V
            for kind in ("W_x", "W_h", "b"):
                places = blocks[f"layers.{layer}.{kind}"].reshape(-1, naive.N_BLOCKS[name], n_hidden)
                assert (places % V == lane).all()
                for first in range(0, n_hidden, V):
                    vectors = places[..., first : first + V] // V
                    assert (vectors == vectors[..., :1]).all()


@each_case
def test_what_the_way_back_multiplies_by_is_copied_transposed_once_and_nothing_else(cell, dtype):
    for *_, plan in plans(cell, dtype):
        copied = np.bincount(plan.transposed_places, minlength=plan.n_packed)
        assert copied.max() == 1
        for block in plan.blocks:
            is_needed = block.name.endswith((".W_h", ".W_y")) or (
                block.name.endswith(".W_x") and block.name != "layers.0.W_x"
            )
            assert (copied[places_of(plan, block)] == is_needed).all(), block.name


@each_case
def test_transposed_copy_has_the_terms_of_one_column_side_by_side(cell, dtype):
    """Neighbours in a vector of the copy are neighbouring terms of one column of the weights."""
    V = vector_length(np.dtype(dtype))
    for *_, plan in plans(cell, dtype):
        vectors = plan.transposed_places.reshape(-1, V)
        assert (np.diff(vectors, axis=1) == V).all()


@each_case
@pytest.mark.parametrize("sizes, n_outputs", [((5,), 1), ((17,), 17), ((9, 5), 3), ((5, 17), 1)])
def test_training_renews_the_transposed_copy_to_the_bit(cell, dtype, sizes, n_outputs):
    plan = make(cell, dtype, sizes, n_outputs)
    step = train(plan, dtype, 1)
    copy = step._transposed
    assert np.array_equal(copy, step._packed[0, plan.transposed_places])
    before = np.zeros(plan.n_packed, dtype)
    before[plan.places] = np.random.default_rng(0).normal(scale=0.3, size=len(plan.places))
    assert not np.array_equal(copy, before[plan.transposed_places])  # it is not that of before training


@each_case
@pytest.mark.parametrize("sizes, n_outputs", [((5,), 1), ((9,), 3), ((17,), 17), ((9, 5), 3), ((5, 17), 1)])
def test_paddings_of_parameters_gradients_and_moments_stay_zero_in_training(cell, dtype, sizes, n_outputs):
    plan = make(cell, dtype, sizes, n_outputs)
    is_padding = np.ones(plan.n_packed, bool)
    is_padding[plan.places] = False
    assert is_padding.any()
    step = train(plan, dtype, 4)
    for packed in (*step._packed, *step._gradients):
        assert (packed[is_padding] == 0).all()
    assert (step._packed[2, plan.places] > 0).all()  # and every parameter has been trained


@each_case
@pytest.mark.parametrize("trains", [True, False])
def test_offsets_and_places_are_whole_vectors(cell, dtype, trains):
    V = vector_length(np.dtype(dtype))
    for sizes, _, plan in plans(cell, dtype, trains=trains):
        network, layers, dense, panels = np.split(plan.table, np.cumsum([1, len(sizes), plan.table[0, p.N_DENSE]]))
        assert network[0, p.LENGTH] == V
        assert not (network[0, [p.LEVEL, p.PREDICTION, p.ZEROS, p.SCALES, p.N_WORK]] % V).any()
        offsets = [p.W_H, p.W_X, p.W_HT, p.W_XT, p.INPUT, p.STATE, p.SUMS, p.MEMORY, p.RESET, p.CARRY, p.DH, p.DX]
        assert not (layers[:, [*offsets, p.DSTATE]] % V).any()
        assert not (dense[:, [p.W, p.WT, p.ROWS, p.OUT, p.DROWS]] % V).any()
        assert not (panels[:, [p.PANEL, p.COLUMN, p.TO_A, p.TO_B]] % V).any()
        assert plan.n_packed % V == 0


@each_case
def test_strides_are_odd_numbers_of_vectors(cell, dtype):
    V = vector_length(np.dtype(dtype))
    for sizes, _, plan in plans(cell, dtype):
        layers = plan.table[1 : 1 + len(sizes)]
        assert (layers[:, [p.INPUT_STRIDE, p.SUMS_STRIDE]] % (2 * V) == V).all()
        expected = V if mathematics(cell).N_MEMORY else 0
        assert (layers[:, p.MEMORY_STRIDE] % (2 * V) == expected).all()


@each_case
@pytest.mark.parametrize("trains", [True, False])
@pytest.mark.parametrize("n_steps", [1, 2, 6])
@pytest.mark.parametrize("dropout", [0.0, 0.5])
def test_regions_of_the_workspace_have_their_room_and_do_not_overlap(cell, dtype, trains, n_steps, dropout):
    """Offsets and sizes are per row of a shard, so that what holds for one row holds for any number."""
    V, numbers = vector_length(np.dtype(dtype)), mathematics(cell)
    dropout *= trains
    for sizes, n_outputs, plan in plans(cell, dtype, trains=trains, n_steps=n_steps, dropout=dropout):
        network, n_kept = plan.table[0], n_steps if trains else 1
        assert network[p.N_KEPT] == n_kept
        regions = [
            (network[p.LEVEL], 2, "levels"),
            (network[p.PREDICTION], padded(n_outputs, V), "prediction"),
            (network[p.ZEROS], padded(sizes[-1], V), "zeros"),
            (network[p.SCALES], 3, "scales"),
        ]
        (dense,) = plan.table[1 + len(sizes) :][: network[p.N_DENSE]]
        assert dense[p.ROWS_STRIDE] > padded(sizes[-1], V)
        regions += [
            (dense[p.ROWS], dense[p.ROWS_STRIDE], "rows of the head"),
            (dense[p.DROWS], padded(sizes[-1], V) if trains else 0, "gradient of the head"),
        ]
        n_x = N_FEATURES
        for layer, n_hidden in enumerate(sizes):
            row, n = plan.table[1 + layer], padded(n_hidden, V)
            has_states = dropout > 0
            if not has_states:  # the state of an input row is the state itself
                assert (row[p.STATE], row[p.STATE_STRIDE]) == (row[p.INPUT], row[p.INPUT_STRIDE])
            assert row[p.INPUT_STRIDE] >= n + 1 + n_x
            assert row[p.SUMS_STRIDE] >= numbers.N_SUMS * n
            assert row[p.MEMORY_STRIDE] >= numbers.N_MEMORY * n
            regions += [
                (row[p.INPUT], (n_steps + 1) * row[p.INPUT_STRIDE], f"{layer} input"),
                (row[p.STATE], (n_steps + 1) * row[p.STATE_STRIDE] * has_states, f"{layer} state"),
                (row[p.MASK], row[p.MASK_STRIDE] if has_states else 0, f"{layer} mask"),
                (row[p.OUTPUT_MASK], row[p.OUTPUT_MASK_STRIDE] if has_states else 0, f"{layer} output mask"),
                (row[p.IS_UNIT], n, f"{layer} units"),
                (row[p.SUMS], n_kept * row[p.SUMS_STRIDE], f"{layer} sums"),
                (row[p.MEMORY], (n_kept + 1) * row[p.MEMORY_STRIDE], f"{layer} memory"),
                (row[p.RESET], n_kept * n if numbers.IN_TWO_PARTS else 0, f"{layer} reset"),
                (row[p.CARRY], n if trains else 0, f"{layer} carry"),
                (row[p.DH], n if trains else 0, f"{layer} dh"),
                (row[p.DX], n_steps * n_x if trains and layer else 0, f"{layer} dx"),
                (row[p.DSTATE], n_steps * n if trains and layer + 1 < len(sizes) else 0, f"{layer} dstate"),
            ]
            n_x = n  # what the layer above reads has whole vectors
        regions = sorted(region for region in regions if region[1])
        for (start, size, one), (following, _, other) in itertools.pairwise(regions):
            assert start + size <= following, (one, other)
        assert regions[-1][0] + regions[-1][1] <= network[p.N_WORK]


@each_case
def test_units_cover_the_packed_vector_and_slices_have_one_at_least(cell, dtype):
    V = vector_length(np.dtype(dtype))
    for sizes, _, plan in plans(cell, dtype):
        panels = plan.table[1 + len(sizes) + plan.table[0, p.N_DENSE] :]
        assert len(panels) == plan.table[0, p.N_WEIGHT_PANELS]
        ends = panels[:, p.PANEL] + panels[:, p.N_TERMS] * panels[:, p.N_GATES] * V
        assert np.array_equal(panels[:, p.PANEL], [0, *ends[:-1]])
        assert ends[-1] == plan.n_packed
        assert 1 <= plan.table[0, p.N_SLICES] <= min(len(panels), MAX_SLICES)


def test_what_a_plan_holds_only_for_training_is_made_only_for_it():
    for cell, dtype in itertools.product(VARIANTS, DTYPES):
        assert len(make(cell, dtype, (9, 5), 3, trains=True).transposed_places)
        assert not len(make(cell, dtype, (9, 5), 3, trains=False).transposed_places)


def test_a_network_keeps_what_predictions_need_and_nothing_of_training_and_pickles_none():
    architecture, same = (Architecture("gru", 4, 3, (9,), 2) for _ in range(2))
    parameters = np.zeros(architecture.n_parameters, np.float32)
    with Workers(1) as workers:
        used, again, trained = (
            architecture.step(parameters, workers, trains=trains) for trains in (False, False, True)
        )
    assert used._plan is again._plan is not trained._plan
    assert used._packed is again._packed is not trained._packed
    kept = [part for parts in architecture._kept.values() for part in parts]
    assert any(part is used._plan for part in kept) and any(part is used._packed for part in kept)
    assert not any(part is trained._plan or part is trained._packed for part in kept)
    assert architecture == same and hash(architecture) == hash(same)
    unpickled = pickle.loads(pickle.dumps(architecture))
    assert unpickled == architecture
    assert vars(unpickled).keys() == {field.name for field in dataclasses.fields(Architecture)}


def test_weights_that_are_written_over_or_have_another_dtype_are_packed_anew():
    architecture = Architecture("lstm", 4, 3, (9,), 2)
    parameters = np.random.RandomState(0).normal(size=architecture.n_parameters)
    X = np.random.RandomState(1).normal(size=(5, 4, 3))
    with Workers(1) as workers:

        def predict(network, dtype):
            step = network.step(parameters.astype(dtype), workers, trains=False)
            return step.predict(flatten(X.astype(dtype)), np.arange(5))

        for change in (0.0, 1.0, -0.5):
            parameters[17] += change
            for dtype in (np.float32, np.float64):
                fresh = Architecture("lstm", 4, 3, (9,), 2)
                np.testing.assert_array_equal(predict(architecture, dtype), predict(fresh, dtype))


@pytest.mark.parametrize("return_sequences", [False, True])
def test_windows_may_have_fewer_steps_than_there_is_room_for(return_sequences):
    """Forward, loss and gradient have the bits of a network with just this room."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(11, 5, 3))
    y = rng.normal(size=(11, 5, 2) if return_sequences else (11, 2))
    found = []
    for n_steps in (5, 9):
        network = Architecture("lstm", n_steps, 3, (9,), 2, return_sequences=return_sequences)
        parameters = np.random.default_rng(1).normal(size=network.n_parameters) / 9
        with Workers(2) as workers:
            step = network.step(parameters, workers)
            of = flatten(X), flatten(y), np.arange(10)[::-1]
            found.append([step.predict(of[0], of[2]), step.loss(*of), *step.gradient(*of)])
    for own, other in zip(*found, strict=True):
        np.testing.assert_array_equal(own, other)


def test_windows_may_not_have_more_steps_than_there_is_room_for():
    network = Architecture("lstm", 4, 3, (9,), 2)
    with Workers(1) as workers:
        step = network.step(np.zeros(network.n_parameters), workers, trains=False)
        with pytest.raises(ValueError, match="5 steps, but the network was laid out for 4"):
            step.predict(flatten(np.zeros((2, 5, 3))), np.arange(2))


def test_predictions_of_other_lengths_are_planned_once(monkeypatch):
    planned = []

    def count(**attributes):
        planned.append(attributes["n_steps"])
        return make_plan(**attributes)

    monkeypatch.setattr("tsrnn.network.architecture.make_plan", count)
    rows = [np.full((n, 2), 0.1) for n in (9, 3, 12, 10, 9, 11)]
    model = RNNClassifier(hidden_layer_sizes=3, max_iter=1).fit(rows, [0, 1, 2, 0, 1, 2])
    expected = model.decision_function(rows)
    planned.clear()
    for row, outputs in zip(rows, expected, strict=True):
        np.testing.assert_array_equal(model.decision_function([row])[0], outputs)
    assert planned == [4]  # the others have room enough, and not too much, where twelve have it


def test_a_network_keeps_no_more_than_its_latest_variants():
    network = Architecture("rnn", 4, 3, (9,), 2)
    first, *others = [network.variant(n_outputs=n) for n in range(3, 4 + MAX_VARIANTS)]
    assert [network.variant(n_outputs=n) is other for n, other in enumerate(others, 4)] == [True] * MAX_VARIANTS
    assert network.variant(n_outputs=3) == first and network.variant(n_outputs=3) is not first


def test_variants_that_differ_in_steps_or_loss_share_what_is_packed():
    network = Architecture("lstm", 4, 3, (9,), 2)
    parameters = np.zeros(network.n_parameters)
    for variant in (network.variant(n_steps=8), network.variant(n_steps=8, loss="poisson")):
        (plan, packed), (own, own_packed) = (of._for_use(parameters) for of in (variant, network))
        assert packed is own_packed and plan.places is own.places
        assert np.array_equal(make(("lstm", True), np.float64, (9,), 2, trains=False, n_steps=8).places, own.places)
