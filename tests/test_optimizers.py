"""Optimizers, decay, clips and schedules: the updates that training makes are those of the papers."""

import math

import naive
import numpy as np
import pytest

from tsrnn import RNNRegressor
from tsrnn.network.architecture import Architecture
from tsrnn.network.initializers import initial_parameters
from tsrnn.network.optimizers import OPTIMIZERS
from tsrnn.network.schedules import SCHEDULES, LearningRates, read_schedule
from tsrnn.network.training import TrainingOptions, train
from tsrnn.network.windows import Windows

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(24, 4, 2)), RNG.normal(size=(24, 2))  # small: the twin reads them once for every weight
SETTINGS = dict(
    learning_rate=0.01, batch_size=24, shuffle=False, max_iter=5, n_iter_no_change=100, tol=0.0, n_threads=2,
    clip_norm=None,
)  # fmt: skip


def learn(**options):
    """Return the weights by name before and after training on all windows at once."""
    architecture = Architecture("gru", 4, 2, (3, 2), 2)
    start = initial_parameters(architecture, np.random.RandomState(0), np.float64)
    training = train(
        architecture, start, Windows(X, Y), TrainingOptions(**{**SETTINGS, **options}), np.random.RandomState(0)
    )
    before, after = (architecture.views(parameters) for parameters in (start, training.parameters))
    return {name: view.copy() for name, view in before.items()}, after


def gradient(weights):
    return naive.gradient("gru", weights, X, Y)


# Of 24 rows at once: an alpha of 12 is half of each weight in its gradient.
CASES = {
    **{name: (dict(optimizer=name), {}) for name in OPTIMIZERS},
    "adamw with decay": (dict(optimizer="adamw", alpha=0.5), dict(alpha=0.5)),
    "adam with decay": (dict(optimizer="adam", alpha=12.0), dict(alpha=0.5)),
    "adam with other constants": (
        dict(optimizer="adam", beta_1=0.5, beta_2=0.7, epsilon=1e-3), dict(beta_1=0.5, beta_2=0.7, epsilon=1e-3),
    ),
    "nadam with other constants": (
        dict(optimizer="nadam", beta_1=0.5, beta_2=0.7, epsilon=1e-3), dict(beta_1=0.5, beta_2=0.7, epsilon=1e-3),
    ),
    "rmsprop with other constants": (
        dict(optimizer="rmsprop", beta_2=0.5, epsilon=1e-3), dict(beta_2=0.5, epsilon=1e-3),
    ),
    "adagrad with another constant": (dict(optimizer="adagrad", epsilon=0.1), dict(epsilon=0.1)),
    "sgd with decay": (dict(optimizer="sgd", alpha=12.0), dict(alpha=0.5)),
    "sgd with less momentum": (dict(optimizer="sgd", momentum=0.3), dict(momentum=0.3)),
    "sgd with plain momentum": (dict(optimizer="sgd", nesterovs_momentum=False), dict(nesterovs_momentum=False)),
    "sgd without momentum": (dict(optimizer="sgd", momentum=0.0), dict(momentum=0.0)),
    "clipped by value": (dict(optimizer="sgd", clip_value=0.02), dict(clip_value=0.02)),
    "clipped by norm": (dict(optimizer="sgd", clip_norm=0.05), dict(clip_norm=0.05)),
    "decayed, clipped by value and by norm": (
        dict(optimizer="sgd", alpha=12.0, clip_value=0.02, clip_norm=0.05),
        dict(alpha=0.5, clip_value=0.02, clip_norm=0.05),
    ),
}  # fmt: skip


@pytest.mark.parametrize("options, constants", [pytest.param(*case, id=name) for name, case in CASES.items()])
def test_updates_are_those_of_the_paper(options, constants):
    before, after = learn(**options)
    own = dict(optimizer=options["optimizer"], learning_rate=SETTINGS["learning_rate"])
    expected = naive.train(before, gradient, SETTINGS["max_iter"], **own, **constants)
    for name, values in expected.items():
        # Dividing by the root of the squared gradient makes roundings of 1e-16 in small gradients larger.
        np.testing.assert_allclose(after[name], values, rtol=1e-9, atol=1e-11, err_msg=name)


def test_every_case_trains_another_network():
    ends = {name: learn(**options)[1]["head.W_y"].tobytes() for name, (options, _) in CASES.items()}
    assert ends.pop("adamw") == ends["adam"]  # they differ in how they decay
    assert len(set(ends.values())) == len(ends)


def test_training_in_float32_decays_and_clips_as_in_float64():
    architecture = Architecture("lstm", 4, 2, (4,), 2)
    start = initial_parameters(architecture, np.random.RandomState(0), np.float64)
    for options, _ in CASES.values():
        wide, narrow = (
            train(
                architecture, start.astype(dtype), Windows(X.astype(dtype), Y.astype(dtype)),
                TrainingOptions(**{**SETTINGS, **options}), np.random.RandomState(0),
            ).parameters
            for dtype in (np.float64, np.float32)
        )  # fmt: skip
        # Five steps of at most a few hundredths, whose direction roundings of 1e-7 may turn where a gradient vanishes.
        np.testing.assert_allclose(narrow, wide, rtol=0, atol=2e-3, err_msg=str(options))


# Schedules


def rates(schedule, n_epochs, n_updates=4, max_iter=10, watched=(), tol=0.0):
    of_run, all_rates = LearningRates(schedule, 0.5, max_iter, tol), []
    for epoch in range(n_epochs):
        all_rates.append(of_run.of_epoch(epoch, n_updates))
        of_run.after_epoch(watched[epoch] if watched else 1.0)
    return np.array(all_rates)


def test_a_constant_rate_stays():
    assert (rates("constant", 3) == 0.5).all()


def test_a_rate_in_steps_falls_between_epochs():
    expected = [0.5, 0.5, 0.1, 0.1, 0.02]
    np.testing.assert_allclose(rates({"name": "step", "every": 2, "factor": 0.2}, 5), np.repeat([expected], 4, 0).T)


def test_an_exponential_rate_falls_with_every_update():
    all_rates = rates({"name": "exponential", "factor": 0.81}, 3, n_updates=2)
    np.testing.assert_allclose(all_rates.ravel(), 0.5 * 0.9 ** np.arange(6))


def test_a_cosine_falls_from_the_rate_to_its_end():
    all_rates = rates({"name": "cosine", "end": 0.2}, 10).ravel()
    way = np.arange(40) / 40
    np.testing.assert_allclose(all_rates, 0.1 + 0.4 * (1 + np.cos(math.pi * way)) / 2)


def test_a_cosine_rises_to_the_rate_in_equal_steps_first():
    all_rates = rates({"name": "cosine", "warm_up": 2}, 10).ravel()
    np.testing.assert_allclose(all_rates[:8], 0.5 * np.arange(1, 9) / 8)
    np.testing.assert_allclose(all_rates[8:], 0.5 * (1 + np.cos(math.pi * np.arange(32) / 32)) / 2)


@pytest.mark.parametrize("warm_up", [10, 11, 10.5])
def test_a_rise_may_take_all_of_the_training(warm_up):
    all_rates = rates({"name": "cosine", "warm_up": warm_up}, 10).ravel()
    np.testing.assert_allclose(all_rates, 0.5 * np.arange(1, 41) / (4 * warm_up))


def test_the_rate_falls_when_the_loss_has_not_for_a_while():
    schedule = {"name": "plateau", "factor": 0.1, "patience": 2, "end": 0.01}
    watched = [3.0, 2.0, 1.95, 1.9, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0]
    expected = 0.5 * np.array([1, 1, 1, 1, 0.1, 0.1, 0.1, 0.01, 0.01, 0.01])
    np.testing.assert_allclose(rates(schedule, 10, watched=watched, tol=0.5)[:, 0], expected)


@pytest.mark.parametrize("name", SCHEDULES)
def test_training_follows_the_schedule(name):
    own = {"step": {"every": 2}, "cosine": {"warm_up": 2}, "plateau": {"patience": 1}}
    schedule = {"name": name, **own.get(name, {})}
    before, after = learn(optimizer="sgd", schedule=schedule, tol=10.0)  # no epoch is that much better than the last
    all_rates = rates(schedule, 5, 1, max_iter=5, tol=10.0).ravel() * SETTINGS["learning_rate"] / 0.5
    assert len(set(all_rates)) > 1 or name == "constant"
    expected = naive.train(before, gradient, 5, lambda t: all_rates[t - 1], "sgd")
    for key, values in expected.items():
        # Five updates of gradients that are summed in another order.
        np.testing.assert_allclose(after[key], values, rtol=1e-9, atol=1e-11, err_msg=key)


@pytest.mark.parametrize(
    "schedule, said",
    [
        ("linear", "schedule must name one of constant, step, exponential, cosine, plateau; got 'linear'"),
        ({}, "schedule must name one of"),
        ({"every": 3}, "schedule must name one of"),
        ({"name": "step", "warm_up": 3}, "schedule 'step' takes every, factor; got 'warm_up'"),
        ({"name": "constant", "factor": 0.5}, "schedule 'constant' takes no options; got 'factor'"),
        ({"name": "step", "every": 0}, r"every of schedule 'step' must lie in \[1, inf\]; got 0"),
        ({"name": "exponential", "factor": 1.5}, r"factor of schedule 'exponential' must lie in \[0, 1\]; got 1.5"),
        ({"name": "exponential", "factor": math.nan}, "factor of schedule 'exponential'"),
        ({"name": "cosine", "end": True}, "end of schedule 'cosine'"),
        ({"name": "plateau", "patience": "5"}, "patience of schedule 'plateau'"),
    ],
)
def test_a_schedule_that_is_none_gets_one_sentence(schedule, said):
    with pytest.raises(ValueError, match=said):
        read_schedule(schedule)
    with pytest.raises(ValueError):
        RNNRegressor(schedule=schedule).fit(X, Y)


# Through the estimator


@pytest.mark.parametrize(
    "option",
    [
        dict(optimizer="sgd"), dict(alpha=0.1), dict(beta_1=0.5), dict(beta_2=0.5), dict(epsilon=0.1),
        dict(clip_norm=0.01), dict(clip_value=0.001), dict(schedule="exponential"), dict(schedule={"name": "cosine"}),
        dict(optimizer="sgd", momentum=0.1), dict(optimizer="sgd", nesterovs_momentum=False),
    ],
    ids=str,
)  # fmt: skip
def test_each_option_changes_what_an_estimator_learns(option):
    model = RNNRegressor("rnn", hidden_layer_sizes=3, max_iter=4, random_state=0, learning_rate=0.01)
    plain = model.set_params(optimizer=option.get("optimizer", "adam")).fit(X, Y).parameters_
    if option == {"optimizer": "sgd"}:
        plain = model.set_params(optimizer="adam").fit(X, Y).parameters_
    assert np.abs(model.set_params(**option).fit(X, Y).parameters_ - plain).max() > 1e-6


def test_going_on_with_any_optimizer_is_as_if_training_had_never_stopped():
    for optimizer in OPTIMIZERS:
        model = RNNRegressor("rnn", hidden_layer_sizes=3, shuffle=False, optimizer=optimizer, random_state=0, tol=0.0)
        whole = model.set_params(max_iter=9).fit(X, Y).parameters_
        model.set_params(max_iter=4).fit(X, Y)
        np.testing.assert_array_equal(model.set_params(max_iter=5, warm_start=True).fit(X, Y).parameters_, whole)
        model.set_params(warm_start=False)


def test_another_optimizer_goes_on_from_the_weights_alone():
    model = RNNRegressor("rnn", hidden_layer_sizes=3, shuffle=False, random_state=0, tol=0.0, max_iter=4).fit(X, Y)
    again = RNNRegressor(**model.get_params()).fit(X, Y).set_weights(model.get_weights())  # which drops the moments
    one, other = (m.set_params(optimizer="sgd", warm_start=True).fit(X, Y).parameters_ for m in (model, again))
    np.testing.assert_array_equal(one, other)
