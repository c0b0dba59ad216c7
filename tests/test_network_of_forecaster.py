"""Arguments of `RNNForecaster` that say what network is trained, and how: each arrives, and changes what it names."""

import numpy as np
import pandas as pd
import pytest

from tsrnn import RNNForecaster

DAYS = pd.date_range("2024-01-01", periods=90, freq="D")
SERIES = pd.Series(10 + np.sin(np.arange(90) / 3) + np.random.default_rng(0).normal(size=90) / 9, DAYS)


def make(**options):
    settings = {"lookback": 8, "hidden_layer_sizes": 4, "max_iter": 4, "random_state": 0, "n_jobs": 1}
    return RNNForecaster(3, **{**settings, **options})


@pytest.fixture(scope="module")
def plain():
    return make().fit(SERIES)


OF_NETWORK = {  # attributes of the network that are another
    "bidirectional": (True, {"bidirectional": True}),
    "dropout": (0.3, {"dropout": 0.3}),
    "recurrent_dropout": (0.2, {"recurrent_dropout": 0.2}),
    "loss": ("absolute_error", {"loss": "absolute_error"}),
    "linear_skip": (True, {"n_skip": 8}),
    "patch_size": (4, {"patch": 4}),
}


@pytest.mark.parametrize("name", OF_NETWORK)
def test_an_argument_of_the_network_changes_the_network_and_nothing_else_of_it(name, plain):
    value, expected = OF_NETWORK[name]
    model = make(**{name: value}).fit(SERIES)
    before, after = (vars(one._architecture) for one in (plain, model))
    changed = {key: after[key] for key in before if key != "_kept_plans" and before[key] != after[key]}
    assert changed == expected
    assert not np.array_equal(model.forecast(), plain.forecast())


@pytest.mark.parametrize(
    "options", [{"alpha": 0.5}, {"schedule": "cosine"}, {"schedule": {"name": "step", "every": 1}}], ids=str
)
def test_how_it_is_trained_changes_the_weights_of_the_same_network(options, plain):
    model = make(**options).fit(SERIES)
    assert model._architecture == plain._architecture
    assert not np.array_equal(model.parameters_, plain.parameters_)


def test_the_cosine_ends_with_the_epochs_of_each_training():
    rates = {}
    make(schedule="cosine", callbacks=lambda _, record: rates.setdefault(record["run"], []).append(record)).fit(SERIES)
    for records in rates.values():  # the last update of an epoch: shortly before its end
        falling = [record["learning_rate"] for record in records]
        assert falling == sorted(falling, reverse=True)
        assert len(falling) == 1 or falling[-1] < 0.3 * falling[0]


def test_delta_is_where_the_loss_turns_straight():
    near, far = (make(loss="huber", delta=delta).fit(SERIES) for delta in (0.1, 1e6))
    assert (near._architecture.loss_numbers, far._architecture.loss_numbers) == ((0.1,), (1e6,))
    squared = make(loss="squared_error").fit(SERIES)
    np.testing.assert_allclose(2 * np.array(far.loss_curve_), squared.loss_curve_, rtol=0.2)  # so far out, half of it
    assert near.loss_curve_[0] < 0.5 * far.loss_curve_[0]


def test_the_skip_has_weights_of_its_own_one_for_each_step_of_the_window_and_of_the_horizon():
    weights = make(linear_skip=True).fit(SERIES).get_weights()
    assert weights["head.W_skip"].shape == (8, 3)
    assert weights["head.W_skip"].any()


def test_with_a_skip_a_straight_line_is_gone_on_with():
    line = pd.Series(np.arange(90.0), DAYS)
    for skips, error in ((True, 0.3), (False, np.inf)):
        model = make(linear_skip=skips, max_iter=60, early_stopping=False).fit(line)
        assert np.abs(model.forecast() - [90, 91, 92]).max() < error


def test_patches_read_several_steps_side_by_side():
    weights = make(patch_size=4).fit(SERIES).get_weights()
    assert weights["layers.0.W_x"].shape == (4, 16)


@pytest.mark.parametrize("options", [{"linear_skip": True}, {"patch_size": 3}, {"bidirectional": True}], ids=str)
@pytest.mark.parametrize("missing", ["raise", "mask"])
def test_they_follow_updates_and_streams_and_give_fitted_values(options, missing):
    model = make(missing=missing, **options).fit(SERIES[:-2])
    stream = model.stream()
    for value in SERIES[-2:]:
        stream.update(value)
    forecast = model.update(SERIES[-2:]).forecast()
    pd.testing.assert_series_equal(stream.forecast(), forecast)
    np.testing.assert_array_equal(model.predict(model.future_frame()), forecast)
    assert np.isfinite(model.predict(SERIES.to_frame())).all()
    assert np.isfinite(model.forecast(7)).all()  # beyond the horizon, from forecasts


def test_many_windows_are_learnt_from_again_for_all_epochs_and_few_until_the_best(chosen, monkeypatch):
    from tsrnn import choices

    runs = []

    def count(_, record):
        runs.append(record["run"])

    settings = dict(n_members=1, window_norm="last", target_transform=None, max_iter="auto", learning_rate=0.05)
    monkeypatch.setattr(choices, "FEWEST_EPOCHS", 1)
    for threshold, is_all in ((10**6, False), (10, True)):
        monkeypatch.setattr(choices, "MANY_SHORT", threshold)
        runs.clear()
        model = make(**settings, n_iter_no_change=2, callbacks=count).fit(SERIES)
        n_refit = sum(run.startswith("refit") for run in runs)
        assert n_refit == (model.choices_["max_iter"] if is_all else model.best_iter_)
        assert model.best_iter_ < model.choices_["max_iter"]
