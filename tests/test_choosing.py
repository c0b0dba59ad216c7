"""`RNNForecaster` with nothing set: what it chooses is tried, told, kept, and the same however the data come."""

import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

import tsrnn
from tsrnn import RNNForecaster, choices
from tsrnn.choices import Recipe

pytestmark = pytest.mark.usefixtures("chosen")
MONTHS = pd.date_range("2000-01-01", periods=120, freq="MS")
LOG = ["signed_log1p", "deseasonalise"]


def make_panel(lowest=5.0, seed=0):
    """Return three monthly series with a season, none of them below about `lowest`."""
    rng, months = np.random.default_rng(seed), np.arange(120)
    season = 2 * np.sin(2 * np.pi * months / 12)
    return pd.DataFrame({k: lowest + 3 + k + season + rng.normal(scale=0.3, size=120) for k in range(3)}, MONTHS)


def make(horizon=3, **options):
    return RNNForecaster(horizon, **{"hidden_layer_sizes": 4, "max_iter": 4, "random_state": 0, **options})


@pytest.fixture(scope="module")
def panel():
    return make_panel()


@pytest.fixture
def model(panel):
    return make().fit(panel)


def test_what_is_chosen_is_told_by_the_name_of_the_argument(model):
    told = dict(model.choices_)
    recipes, errors = told.pop("recipes"), told.pop("trial_errors")
    assert recipes in choices.recipes("auto", "auto", 12, True, 15, n_series=3)
    assert set(errors) == {"mean", "last"} and min(errors.values()) > 0
    assert told == {
        "season": 12, "lookback": 15, "calendar": (), "hidden_layer_sizes": (4,), "dropout": 0.0, "linear_skip": True,
        "patch_size": 1, "loss": "absolute_error", "learning_rate": 3e-3, "schedule": "cosine", "batch_size": 32,
        "windows_per_epoch": None, "max_iter": 4, "n_members": 9,
    }  # fmt: skip


def test_the_report_prints_what_was_chosen(model, capsys):
    model.report()
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["season", "12"]
    assert lines[3] == f"recipes             {model.choices_['recipes'][0]}"
    assert lines[4] == f"                    {model.choices_['recipes'][1]}"
    assert len(lines) == len(model.choices_) + 2


def test_the_forecast_is_the_mean_over_recipes_of_the_medians_of_their_networks(model):
    forecasts = [member.forecast_ahead(np.arange(3), 3, 1)[:, :, 0] for member in model._members]
    groups = [member.settings.group for member in model._members]
    assert groups == [0, 1, 2, 0, 1, 2, 0, 1, 2]
    expected = np.mean([np.median(forecasts[k::3], axis=0) for k in range(3)], axis=0)
    np.testing.assert_allclose(model.forecast().to_numpy().T, expected[model._numbers], rtol=1e-15)


def test_members_of_one_recipe_have_its_transform_its_level_and_its_scaling(model):
    for member in model._members:
        recipe = model.choices_["recipes"][member.settings.group]
        assert member.architecture.window_norm == recipe.window_norm
        of_target, scaling = member.preparation.transforms[0].transforms
        assert type(scaling).__name__ == {"pooled": "PooledScaling", "standard": "StandardScaling"}[recipe.scaler]
        names = [type(one).__name__ for one in getattr(of_target, "transforms", [of_target])]
        assert names == ["SignedLog1p"] * (recipe.target_transform == LOG) + ["Deseasonalise"]


def test_a_number_of_members_is_shared_out_among_the_recipes(panel):
    one = make(n_members=1).fit(panel)
    assert one.choices_["n_members"] == 1 and one.choices_["recipes"][0].target_transform == LOG
    assert [member.settings.group for member in make(n_members=4).fit(panel)._members] == [0, 1, 2, 0]


def test_one_series_has_no_scale_that_others_share(panel):
    recipes = make().fit(panel[0]).choices_["recipes"]
    assert [recipe.target_transform for recipe in recipes] == [LOG, "deseasonalise"]
    assert {recipe.scaler for recipe in recipes} == {"standard"}


def test_negative_values_have_no_logarithm_among_the_recipes():
    model = make().fit(make_panel(lowest=-5.0))
    assert [recipe.target_transform for recipe in model.choices_["recipes"]] == ["deseasonalise"]
    assert len(model._members) == 3


def test_negative_values_in_the_part_held_out_alone_choose_nothing():
    panel = make_panel()
    panel.iloc[-2:] = -1.0
    model = make().fit(panel)
    assert [recipe.target_transform for recipe in model.choices_["recipes"]] == [LOG, "deseasonalise", LOG]
    assert np.isfinite(model.forecast().to_numpy()).all()


def test_negative_values_that_come_later_are_taken(panel):
    model = make().fit(panel)
    later = pd.DataFrame(-2.0, pd.date_range("2010-01-01", periods=2, freq="MS"), panel.columns)
    assert np.isfinite(model.update(later).forecast().to_numpy()).all()


def test_without_a_part_held_out_nothing_is_tried(panel):
    model = make(early_stopping=False).fit(panel)
    assert model.choices_["trial_errors"] == {}
    assert model.choices_["recipes"] == choices.recipes("auto", "auto", 12, True, 15, n_series=3)[0]


def test_a_stretch_held_out_that_nobody_observed_is_left_out_of_the_trial(panel):
    """Of the first series nothing is known of a whole stretch; a mean of nothing would warn, and choose nothing."""
    holed = panel.copy()
    holed.iloc[-9:-2, 0] = np.nan
    model = make(missing="mask", validation_fraction=0.1).fit(holed)
    assert len(model.choices_["trial_errors"]) == 2
    assert np.isfinite(list(model.choices_["trial_errors"].values())).all()


def test_series_that_wander_have_their_last_value_as_level_and_series_around_a_mean_have_not():
    rng = np.random.default_rng(0)
    noise = rng.normal(size=(400, 12))
    days = pd.date_range("2020-01-01", periods=400, freq="D")
    settings = dict(horizon=6, lookback=80, linear_skip=False, max_iter=12)
    wandering = make(**settings).fit(pd.DataFrame(100 * noise.cumsum(axis=0), days))
    still = make(**settings).fit(pd.DataFrame(100 * noise, days))
    assert {recipe.window_norm for recipe in wandering.choices_["recipes"]} == {"last"}
    assert {recipe.window_norm for recipe in still.choices_["recipes"]} == {"standard"}


def test_the_choice_follows_from_the_training_part_and_the_part_held_out_alone(panel):
    first = make(refit=False).fit(panel).choices_
    assert make(refit=True).fit(panel).choices_ == first


@pytest.mark.parametrize("name, value", [("window_norm", "last"), ("target_transform", "boxcox"), ("scaler", "robust")])
def test_what_is_given_is_not_chosen(panel, name, value):
    model = make(**{name: value}).fit(panel)
    assert {getattr(recipe, name) for recipe in model.choices_["recipes"]} == {value}


def test_the_choice_given_as_arguments_makes_the_same_network(panel):
    chosen = make(n_members=1).fit(panel)
    recipe = chosen.choices_["recipes"][0]
    given = make(n_members=1, **vars(recipe)).fit(panel)
    np.testing.assert_array_equal(given.parameters_, chosen.parameters_)


def test_every_format_and_any_number_of_threads_give_the_same_bits(panel, model):
    long = panel.rename_axis(columns="unique_id").stack().rename("y").rename_axis(["ds", "unique_id"]).reset_index()
    expected = model.forecast()
    for n_jobs in (1, 2, 3):
        pd.testing.assert_frame_equal(make(n_jobs=n_jobs).fit(panel).forecast(), expected)
    forecast = make().fit(long).forecast().pivot(index="ds", columns="unique_id", values="y")
    np.testing.assert_array_equal(forecast[panel.columns].to_numpy(), expected.to_numpy())


def test_a_copy_from_a_pickle_a_clone_and_a_second_fit_are_the_same(panel, model):
    expected = model.forecast()
    for again in (pickle.loads(pickle.dumps(model)), clone(model).fit(panel), model.fit(panel)):
        pd.testing.assert_frame_equal(again.forecast(), expected)
        assert again.choices_ == model.choices_


def test_update_stream_and_predict_agree(panel):
    model, series = make(), panel[0]
    model.fit(series[:-2])
    stream = model.stream()
    for value in series[-2:]:
        stream.update(value)
    forecast = model.update(series[-2:]).forecast()
    pd.testing.assert_series_equal(stream.forecast(), forecast)
    np.testing.assert_array_equal(model.predict(model.future_frame()), forecast)


def test_a_warm_start_goes_on_with_what_was_chosen(panel):
    model = make(warm_start=True).fit(panel)
    before = model.choices_["recipes"]
    model.set_params(max_iter=1).fit(panel)
    assert model.choices_["recipes"] == before and model.choices_["trial_errors"] == {}


def test_intervals_and_back_tests_work_with_nothing_set(panel):
    forecast = make().fit(panel).forecast(level=80)
    names = [f"{k}-{bound}-80" for k in panel for bound in ("lo", "hi")]
    assert np.isfinite(forecast[names].to_numpy()).all()
    test = tsrnn.backtest(make(), panel, n_origins=3, refit=False)
    assert np.isfinite(test.forecasts["forecast"]).all()


def test_no_forecast_sees_what_comes_after_its_origin(panel):
    def job(data):
        return tsrnn.backtest(make(max_iter=1, n_members=2), data, n_origins=2).forecasts

    tsrnn.assert_no_lookahead(job, panel)


def test_an_interrupt_while_ways_are_tried_is_raised_and_leaves_an_earlier_fit(panel, model):
    expected = model.forecast()

    def interrupt(_, record):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        model.set_params(callbacks=interrupt).fit(panel)
    pd.testing.assert_frame_equal(model.forecast(), expected)


def test_callbacks_are_told_which_run_is_a_trial(panel):
    runs = []
    make(n_members=1, refit=False, callbacks=lambda _, record: runs.append(record["run"])).fit(panel)
    trials = {run for run in runs if run.startswith("trial")}
    assert trials == {"trial of window_norm='mean'", "trial of window_norm='last'"}
    assert runs.count("training") >= 1


@pytest.mark.parametrize(
    "options, words",
    [
        ({"linear_skip": True, "state": "carried"}, ["linear_skip=True", "state='carried'"]),
        ({"patch_size": 3, "state": "carried"}, ["patch_size=3", "state='carried'"]),
    ],
)
def test_what_needs_windows_that_end_in_what_is_known_is_refused_without_them(panel, options, words):
    with pytest.raises(ValueError) as caught:
        make(**options).fit(panel)
    assert all(word in str(caught.value) for word in words)


@pytest.mark.parametrize("option, value", [("linear_skip", True), ("patch_size", 3)])
def test_with_a_skip_or_patches_windows_alone_are_told_of_the_calendar_and_covariates_ahead_refused(option, value):
    months = pd.date_range("2001-01-01", periods=90, freq="MS")
    frame = pd.DataFrame({"y": np.sin(np.arange(90.0)), "price": np.cos(np.arange(90.0))}, months)
    model = make(calendar=["month"], **{option: value}).fit(frame["y"])
    assert model._architecture.n_past == 0 and model._architecture.n_features == 3
    assert model.choices_[option] == value
    without = make(calendar=None, **{option: value}).fit(frame["y"])
    assert not np.array_equal(model.forecast(), without.forecast())
    assert make(calendar=["month"]).fit(frame["y"])._architecture.n_past == 1
    with pytest.raises(ValueError, match=f"{option}={value} needs windows.*covariates known ahead.*leave it out"):
        make(target="y", **{option: value}).fit(frame)


def test_the_calendar_and_carried_states_do_without_a_skip(panel):
    for options in ({"calendar": ["month"]}, {"state": "carried"}):
        model = make(**options).fit(panel)
        assert not model.choices_["linear_skip"]
        assert np.isfinite(model.forecast().to_numpy()).all()


def test_hours_are_read_in_days_with_both_seasons_taken_out():
    hours = pd.date_range("2024-01-01", periods=24 * 35, freq="h")
    rows = np.arange(len(hours))
    values = 50 + 9 * np.sin(2 * np.pi * rows / 24) + 5 * np.cos(2 * np.pi * rows / 168)
    model = make(24, n_members=2).fit(pd.Series(values + np.random.default_rng(0).normal(size=len(rows)), hours))
    assert (model.choices_["lookback"], model.choices_["patch_size"]) == (336, 24)
    assert model._architecture.patch == 24 and model.get_weights()["layers.0.W_x"].shape == (24, 16)
    ahead = len(rows) + np.arange(24)
    truth = 50 + 9 * np.sin(2 * np.pi * ahead / 24) + 5 * np.cos(2 * np.pi * ahead / 168)
    assert np.abs(model.forecast() - truth).mean() < 2  # of a noise of 1; both seasons are of 9 and of 5


def test_few_stretches_of_many_hours_are_learnt_from_with_dropout_and_with_their_season(monkeypatch):
    monkeypatch.setattr(choices, "MANY", 1000)
    rows = np.arange(24 * 101)
    hours = pd.Series(np.sin(2 * np.pi * rows / 24), pd.date_range("2024-01-01", periods=len(rows), freq="h"))
    model = RNNForecaster(horizon=48, hidden_layer_sizes=1, max_iter=1, refit=False, n_members=1, random_state=0)
    model.fit(hours)
    assert (model.choices_["dropout"], model.choices_["recipes"][0].target_transform) == (0.3, None)
    assert model._architecture.dropout == 0.3
    model.set_params(dropout=0.1).fit(hours)
    assert model.choices_["dropout"] == model._architecture.dropout == 0.1


def test_a_recipe_says_what_it_is():
    assert str(Recipe("log1p", None)) == "target_transform='log1p', window_norm=None, scaler='standard'"


def test_an_interrupt_that_ends_one_trial_alone_is_raised(panel, monkeypatch):
    """As it does where the other has just come to its end."""
    monkeypatch.setattr("tsrnn.learning.run_together", lambda runs, n_at_once: [runs[0](), None])
    with pytest.raises(KeyboardInterrupt):
        make().fit(panel)
