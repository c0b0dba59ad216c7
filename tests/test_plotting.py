"""Pictures hold what they say they hold."""

import itertools
import warnings

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter, date2num
from matplotlib.figure import Figure
from refusals import refused
from scipy.stats import binom
from sklearn.exceptions import NotFittedError

import tsrnn
from tsrnn import plotting


@pytest.fixture
def ax():
    return Figure(figsize=(8, 3.6), layout="constrained").subplots()


@pytest.fixture
def pyplot():
    with mpl.rc_context({"backend": "agg"}):
        import matplotlib.pyplot as plt

        plt.switch_backend("agg")
        yield plt
        plt.close("all")


def series(n, first=0, name="load", freq="D", **options):
    days = pd.date_range("2024-01-01", periods=first + n, freq=freq, **options)[first:]
    return pd.Series(np.arange(first, first + n, dtype=float), index=days, name=name)


def lines(ax):
    return {line.get_label(): line for line in ax.get_lines()}


def legend(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def shade(collection):
    """Return where the shade of a fan stands: {x: (lower, upper)}."""
    corners = pd.DataFrame(collection.get_paths()[0].vertices).groupby(0)[1]
    return {x: (low, high) for x, low, high in zip(corners.min().index, corners.min(), corners.max(), strict=True)}


def tick_labels(ax):
    ax.get_figure().canvas.draw()
    return [text for text in ax.xaxis.get_ticklabels() if text.get_text()]


# A forecast


def test_forecast_is_drawn_behind_its_history_beside_truth_and_baseline(ax):
    forecast, truth, baseline = series(5, 40), series(5, 40) + 1, series(5, 40) - 1
    assert plotting.plot_forecast(forecast, series(40), truth, baseline, title="Load", ax=ax) is ax
    drawn = lines(ax)
    assert set(drawn) == set(legend(ax)) == {"history", "truth, held out", "seasonal naive", "forecast"}
    assert len({(line.get_color(), line.get_linestyle()) for line in drawn.values()}) == 4
    assert list(drawn["history"].get_ydata()) == list(range(30, 40))  # twice the horizon
    assert all(line.get_ydata()[0] == 39 for name, line in drawn.items() if name != "history")  # no hole after it
    for name, expected in {"forecast": forecast, "truth, held out": truth, "seasonal naive": baseline}.items():
        assert list(drawn[name].get_ydata()[1:]) == list(expected)
        assert list(drawn[name].get_xdata()[1:]) == list(expected.index.values)
    assert ax.get_title(loc="left") == "Load"
    assert ax.get_ylabel() == "load"


def test_title_counts_the_steps_and_labels_are_the_callers(ax):
    plotting.plot_forecast(
        series(5, 40), series(40), baseline=series(5, 40), ylabel="MW", ax=ax, labels={"baseline": "ETS"}
    )
    assert ax.get_title(loc="left") == "Forecast of 5 steps"
    assert ax.get_ylabel() == "MW"
    assert legend(ax) == ["history", "ETS", "forecast"]


@pytest.mark.parametrize("freq", ["D", "B", "MS", "YS", "h"])
def test_forecast_is_joined_to_its_history_unless_there_is_a_hole(ax, freq):
    plotting.plot_forecast(series(5, 40, freq=freq), series(40, freq=freq), ax=ax)
    assert lines(ax)["forecast"].get_ydata()[0] == 39
    other = Figure().subplots()
    plotting.plot_forecast(series(5, 40, freq=freq), series(37, freq=freq), ax=other)
    assert list(lines(other)["forecast"].get_ydata()) == list(range(40, 45))
    assert list(lines(other)["history"].get_ydata()) == list(range(27, 37))


def test_history_that_knows_the_steps_ahead_is_drawn_up_to_their_end(ax):
    plotting.plot_forecast(series(5, 20) + 1, series(40), n_history=3, ax=ax)
    assert list(lines(ax)["history"].get_ydata()) == list(range(17, 25))
    assert list(lines(ax)["forecast"].get_ydata()) == [19, 21, 22, 23, 24, 25]


def test_value_between_missing_ones_is_a_dot_and_missing_ones_are_nothing(ax):
    history = series(40)
    history.iloc[[34, 36]] = np.nan
    plotting.plot_forecast(series(5, 40), history, ax=ax)
    line = lines(ax)["history"]
    assert line.get_marker() == "."
    assert [line.get_ydata()[at] for at in line.get_markevery()] == [35]
    assert np.isnan(line.get_ydata()[[4, 6]]).all()
    assert lines(ax)["forecast"].get_marker() == "None"


def test_single_step_is_seen(ax):
    plotting.plot_forecast(series(1, 40), intervals={80: (series(1, 40) - 1, series(1, 40) + 1)}, ax=ax)
    assert lines(ax)["forecast"].get_marker() == "."
    bar = ax.collections[0]
    assert [segment[:, 1].tolist() for segment in bar.get_segments()] == [[39, 41]]
    assert bar.get_linewidth() > 5
    other = Figure().subplots()
    plotting.plot_forecast(series(1, 40), series(40), intervals={80: (series(1, 40) - 1, series(1, 40) + 1)}, ax=other)
    assert sorted(shade(other.collections[0]).values()) == [(39, 39), (39, 41)]  # from what is known


def one_series_in_each_format(values):
    frame = values.to_frame("load")
    long = frame.rename_axis("ds").reset_index().assign(unique_id="a")[["unique_id", "ds", "load"]]
    return {
        "series": values,
        "column": frame,
        "long": long,
        "levels": long.set_index(["unique_id", "ds"]),
        "unsorted": long.iloc[::-1],
        "time in a column": long.drop(columns="unique_id"),
        "nullable": values.astype("Float64"),
    }


@pytest.mark.parametrize("kind", one_series_in_each_format(series(3)))
def test_every_format_of_one_series_is_drawn_alike(ax, kind):
    forecast, history = one_series_in_each_format(series(5, 40))[kind], one_series_in_each_format(series(40))[kind]
    plotting.plot_forecast(forecast, history, ax=ax)
    assert list(lines(ax)["history"].get_ydata()) == list(range(30, 40))
    assert list(lines(ax)["forecast"].get_ydata()) == list(range(39, 45))
    assert list(lines(ax)["forecast"].get_xdata()) == list(series(6, 39).index.values)
    assert ax.get_ylabel() == "load"


def test_target_is_drawn_and_not_its_covariates(ax):
    history = series(40).to_frame().assign(price=7.0)
    plotting.plot_forecast(series(5, 40).to_frame(), history, target="load", ax=ax)
    assert list(lines(ax)["history"].get_ydata()) == list(range(30, 40))


@pytest.mark.parametrize(
    "index", [pd.period_range("2000", periods=30, freq="Y"), pd.RangeIndex(30, name="year"), pd.RangeIndex(30)]
)
def test_periods_and_whole_numbers_are_drawn_too(ax, index):
    values = pd.Series(np.arange(30.0), index=index)
    plotting.plot_forecast(values[25:].to_frame("value"), values[:25], ax=ax, n_history=25)
    assert len(lines(ax)["history"].get_xdata()) == 25
    assert ax.get_ylabel() == "value"
    assert ax.get_xlabel() == ("" if isinstance(index, pd.PeriodIndex) else index.name or "step")
    texts = [text.get_text() for text in tick_labels(ax)]
    assert set(texts) >= ({"2004", "2012", "2020"} if isinstance(index, pd.PeriodIndex) else {"0", "10", "20"})


def test_dates_are_told_in_the_time_zone_of_the_data(ax):
    zone = "Asia/Tokyo"
    plotting.plot_forecast(series(48, 24, freq="h", tz=zone), series(24, freq="h", tz=zone), ax=ax)
    assert ax.get_xlabel() == "time, Asia/Tokyo"
    assert lines(ax)["history"].get_xdata()[0] == np.datetime64("2023-12-31T15:00")  # matplotlib counts in UTC
    midnight = date2num(pd.Timestamp("2024-01-02", tz=zone))
    ticks = {tick: text.get_text() for tick, text in zip(ax.get_xticks(), tick_labels(ax), strict=True)}
    assert ticks[midnight] == "Jan-02"


def test_ticks_say_their_months_and_years(ax):
    plotting.plot_forecast(series(2, 364), series(364), n_history=5, ax=ax)  # December 25 to 31
    assert [text.get_text() for text in tick_labels(ax)][:3] == ["25", "26", "27"]
    assert ax.xaxis.get_major_formatter().get_offset() == "2024-Dec"
    over_new_year = Figure(figsize=(8, 3.6)).subplots()
    plotting.plot_forecast(series(2, 366), series(366), n_history=5, ax=over_new_year)
    assert {"27", "Jan"} <= {text.get_text() for text in tick_labels(over_new_year)}
    assert over_new_year.xaxis.get_major_formatter().get_offset() == "2024-Dec to 2025-Jan"


def test_forecast_of_another_time_zone_stands_at_its_instant(ax):
    plotting.plot_forecast(series(5, 40, tz="UTC").tz_convert("Asia/Tokyo"), series(40, tz="UTC"), ax=ax)
    assert list(lines(ax)["forecast"].get_xdata()[1:]) == list(series(5, 40).index.values)


def test_intervals_are_a_fan_of_shades_the_narrower_the_darker(ax):
    forecast = series(5, 40)
    intervals = {level: (forecast - level, forecast + level) for level in (50, 95, 80)}
    plotting.plot_forecast(forecast, series(40), intervals=intervals, ax=ax)
    assert [fan.get_label() for fan in ax.collections] == [
        "95 % interval",
        "80 % interval",
        "50 % interval",
    ]  # the widest is behind
    for fan, level in zip(ax.collections, (95, 80, 50), strict=True):
        corners = shade(fan)
        assert corners.pop(date2num(series(1, 39).index[0])) == (39, 39)
        assert list(corners) == list(date2num(forecast.index))
        expected = np.column_stack([forecast - level, forecast + level])
        np.testing.assert_array_equal(list(corners.values()), expected)
    brightness = [fan.get_facecolor()[0][:3].sum() for fan in ax.collections]
    assert brightness == sorted(brightness, reverse=True)
    assert len(set(brightness)) == 3
    assert legend(ax)[-3:] == ["50 % interval", "80 % interval", "95 % interval"]


def test_legend_stands_above_the_data(ax):
    forecast = series(5, 40)
    intervals = {level: (forecast - level, forecast + level) for level in (50, 80)}
    plotting.plot_forecast(forecast, series(40), forecast, forecast, intervals, ax=ax)
    ax.get_figure().canvas.draw()
    assert ax.get_legend().get_window_extent().y0 > ax.get_window_extent().y1 - 1  # pixels
    title = ax._left_title.get_window_extent()  # which has no public door
    assert title.y0 > ax.get_legend().get_window_extent().y1 - 1


def with_intervals(forecast, name="load", levels=(80, 95)):
    """Return a frame of a Series and of its intervals, whose bounds are as far away as their level."""
    bounds = {f"{name}-lo-{level}": forecast - level for level in levels}
    bounds |= {f"{name}-hi-{level}": forecast + level for level in levels}
    return pd.DataFrame({name: forecast, **bounds})


@pytest.mark.parametrize("clock", ["dates", "dates in Tokyo", "periods", "numbers"])
def test_intervals_in_columns_of_the_forecast_are_drawn_as_those_given_apart(ax, clock):
    stamps = {
        "dates": series(45).index,
        "dates in Tokyo": series(45, tz="Asia/Tokyo").index,
        "periods": pd.period_range("2020-01", periods=45, freq="M"),
        "numbers": pd.RangeIndex(45),
    }[clock]
    values = series(45).set_axis(stamps)
    forecast = values[40:]
    plotting.plot_forecast(with_intervals(forecast), values[:40], baseline=with_intervals(forecast), ax=ax)
    other = Figure().subplots()
    intervals = {level: (forecast - level, forecast + level) for level in (80, 95)}
    plotting.plot_forecast(forecast, values[:40], baseline=forecast, intervals=intervals, ax=other)
    assert [fan.get_label() for fan in ax.collections] == ["95 % interval", "80 % interval"]
    for fan, expected in zip(ax.collections, other.collections, strict=True):
        assert shade(fan) == shade(expected)
        assert len(shade(fan)) == 6
    assert legend(ax) == ["history", "seasonal naive", "forecast", "80 % interval", "95 % interval"]
    assert ax.get_ylabel() == "load"


def test_long_frame_of_one_series_has_its_intervals_and_those_of_its_target_alone(ax):
    forecast = with_intervals(series(5, 40), levels=(80, 99.5)).rename_axis("ds").reset_index().assign(unique_id="a")
    prices = with_intervals(series(5, 40), "price", (50,)).reset_index(drop=True)
    plotting.plot_forecast(pd.concat([forecast, prices], axis=1), series(40), target="load", ax=ax)
    assert [fan.get_label() for fan in ax.collections] == ["99.5 % interval", "80 % interval"]
    assert list(shade(ax.collections[1]).values())[1:] == [(step - 80, step + 80) for step in range(40, 45)]


def test_interval_is_not_drawn_where_a_bound_is_missing(ax):
    forecast = with_intervals(series(5, 40), levels=(80,))
    forecast.loc[forecast.index[2], "load-lo-80"] = np.nan
    plotting.plot_forecast(forecast, ax=ax)
    drawn = [len(path.vertices) > 1 for path in ax.collections[0].get_paths()]
    assert drawn == [True, True]  # before and after it


@pytest.mark.parametrize("width", [2.5, 8])
@pytest.mark.parametrize(
    "n, freq",
    [
        (30, "min"),
        (300, "min"),
        (50, "h"),
        (400, "h"),
        (45, "D"),
        (100, "D"),
        (400, "D"),
        (15, "MS"),
        (36, "MS"),
        (70, "MS"),
        (60, "YS"),
    ],
)
def test_dates_are_readable_on_axes_of_any_width_and_length_of_time(width, n, freq):
    ax = Figure(figsize=(width, 2.5), layout="constrained").subplots()
    plotting.plot_forecast(series(n // 3, n - n // 3, freq=freq), series(n - n // 3, freq=freq), n_history=n, ax=ax)
    assert isinstance(ax.xaxis.get_major_locator(), AutoDateLocator)
    assert isinstance(ax.xaxis.get_major_formatter(), ConciseDateFormatter)
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # matplotlib warns if it finds no good distance of ticks
        boxes = [text.get_window_extent() for text in tick_labels(ax)]
    assert 2 <= len(boxes) <= 10
    span = ax.xaxis.get_offset_text().get_window_extent()
    assert span.x1 < ax.get_figure().bbox.x1
    assert all(left.x1 < right.x0 for left, right in itertools.pairwise(boxes))


def test_axes_of_a_subfigure_have_as_many_ticks_as_others_of_their_width():
    left, right = Figure(figsize=(12, 4), dpi=50).subfigures(1, 2)
    alone = Figure(figsize=(6, 4), dpi=200).subplots()
    for ax in (alone, left.subplots(), right.subplots()):
        plotting.plot_forecast(series(5, 40), series(40), ax=ax)
    locators = [ax.xaxis.get_major_locator() for ax in (alone, *left.axes, *right.axes)]
    assert [locator.minticks for locator in locators] == [3] * 3
    assert [{*locator.maxticks.values()} for locator in locators] == [{7}] * 3


# A panel


def panel(first, n, ids="abcde", offset=0.0):
    """Return a wide panel whose series are told apart by their hundreds."""
    return pd.DataFrame({one: 100 * place + series(n, first) + offset for place, one in enumerate(ids)}).rename_axis(
        "ds"
    )


def as_long(wide):
    return wide.reset_index().melt("ds", var_name="unique_id", value_name="y")


FORMATS = {
    "wide": lambda wide: wide,
    "long": as_long,
    "levels": lambda wide: as_long(wide).set_index(["unique_id", "ds"]),
    "by time": lambda wide: as_long(wide).sort_values("ds", kind="stable"),
}


@pytest.mark.parametrize("kind", FORMATS)
def test_panel_has_a_picture_for_each_series_in_every_format(pyplot, kind):
    to_format = FORMATS[kind]
    forecast = panel(20, 4)
    axes = plotting.plot_panel(to_format(forecast), to_format(panel(0, 20)), to_format(forecast + 1), forecast - 1)
    assert axes.shape == (5,)
    assert len(axes[0].get_figure().axes) == 5  # none is left empty
    assert [ax.get_title(loc="left") for ax in axes] == list("abcde")
    for place, ax in enumerate(axes):
        drawn = lines(ax)
        assert list(drawn["history"].get_ydata()) == list(range(100 * place + 12, 100 * place + 20))
        for name, offset in {"forecast": 0, "truth, held out": 1, "seasonal naive": -1}.items():
            assert list(drawn[name].get_ydata()[1:]) == list(100 * place + offset + np.arange(20.0, 24.0))


def test_panel_says_how_many_series_it_leaves_out(pyplot):
    axes = plotting.plot_panel(panel(20, 4), max_series=3, n_columns=2, title="Load", ylabel="MW")
    figure = axes[0].get_figure()
    assert [ax.get_title(loc="left") for ax in axes] == list("abc")
    assert figure.get_supxlabel() == "the first 3 of 5 series, 2 left out"
    assert figure.get_supylabel() == "MW"
    assert figure.legends[0].get_title().get_text() == "Load"
    columns = {ax.get_subplotspec().colspan.start for ax in axes}
    assert columns == {0, 1}
    assert plotting.plot_panel(panel(20, 4))[0].get_figure().get_supxlabel() == ""


@pytest.mark.parametrize("n, shape", [(1, (1, 1)), (2, (1, 2)), (3, (1, 3)), (4, (2, 2)), (5, (2, 3)), (12, (4, 3))])
def test_grid_of_a_panel_is_three_wide_and_of_four_a_square(pyplot, n, shape):
    axes = plotting.plot_panel(panel(20, 4, "abcdefghijkl"[:n]))
    assert axes[0].get_subplotspec().get_gridspec().get_geometry() == shape
    wide = plotting.plot_panel(panel(20, 4, "abcdefghijkl"[:n]), n_columns=4)
    assert wide[0].get_subplotspec().get_gridspec().ncols == min(n, 4)


def test_truth_of_other_steps_is_refused():
    words = ["truth has no step of the forecast", "give the part that came true"]
    refused(ValueError, words, plotting.plot_forecast, series(5, 40), series(40), truth=series(20))


def test_truth_is_seen_where_the_forecast_is_the_same(ax):
    forecast = series(5, 40)
    plotting.plot_forecast(forecast, series(40), truth=forecast, ax=ax)
    truth, above = lines(ax)["truth, held out"], lines(ax)["forecast"]
    assert truth.get_zorder() > above.get_zorder()
    assert truth.get_linewidth() > above.get_linewidth()
    assert truth.is_dashed()  # through whose gaps it is seen
    assert not above.is_dashed()


def test_lowest_pictures_of_each_column_tell_the_time_for_those_above(pyplot):
    axes = plotting.plot_panel(panel(20, 4), panel(0, 20))
    axes[0].get_figure().canvas.draw()
    labelled = [any(text.get_text() and text.get_visible() for text in ax.xaxis.get_ticklabels()) for ax in axes]
    assert labelled == [False, False, True, True, True]
    assert axes[0].get_xlim() == axes[4].get_xlim()
    assert axes[0].get_ylim() != axes[4].get_ylim()


def test_series_of_other_times_have_axes_of_their_own(pyplot):
    frame = pd.concat([as_long(panel(0, 4, "a")), as_long(panel(300, 4, "b"))])
    axes = plotting.plot_panel(frame)
    assert axes[0].get_xlim()[1] < axes[1].get_xlim()[0]
    axes[0].get_figure().canvas.draw()
    assert all(any(text.get_text() for text in ax.xaxis.get_ticklabels()) for ax in axes)


def test_panel_draws_what_there_is_of_truth_and_history(pyplot):
    axes = plotting.plot_panel(panel(20, 4, "ab"), as_long(panel(0, 20, "bc")), panel(20, 4, "a"))
    assert set(lines(axes[0])) == {"forecast", "truth, held out"}
    assert set(lines(axes[1])) == {"forecast", "history"}
    assert {text.get_text() for text in axes[0].get_figure().legends[0].get_texts()} == {*lines(axes[0]), "history"}


@pytest.mark.parametrize("kind", FORMATS)
def test_panel_has_the_intervals_of_each_series(pyplot, kind):
    forecast = panel(20, 4)
    intervals = {90: (FORMATS[kind](forecast - 2), FORMATS[kind](forecast + 3))}
    axes = plotting.plot_panel(forecast, intervals=intervals)
    for place, ax in enumerate(axes):
        expected = [(100 * place + step - 2, 100 * place + step + 3) for step in range(20, 24)]
        assert list(shade(ax.collections[0]).values()) == expected


def panel_with_intervals(kind, forecast, levels=(80, 95)):
    """Return a panel with intervals in a format, whose bounds are as far away as their level."""
    if kind == "wide":
        return pd.concat([with_intervals(forecast[one], one, levels) for one in forecast], axis=1)
    return with_intervals(FORMATS["levels"](forecast)["y"], "y", levels).pipe(
        lambda frame: frame if kind == "levels" else frame.reset_index()
    )


@pytest.mark.parametrize("kind", ["wide", "long", "levels"])
def test_panel_has_the_intervals_that_are_in_its_columns(pyplot, kind):
    forecast = panel(20, 4)
    frame = panel_with_intervals(kind, forecast)
    axes = plotting.plot_panel(frame, panel(0, 20), baseline=frame, target="y")
    assert [ax.get_title(loc="left") for ax in axes] == list("abcde")
    for place, ax in enumerate(axes):
        assert [fan.get_label() for fan in ax.collections] == ["95 % interval", "80 % interval"]
        for fan, level in zip(ax.collections, (95, 80), strict=True):
            expected = [(100 * place + step - level, 100 * place + step + level) for step in range(20, 24)]
            assert list(shade(fan).values())[1:] == expected  # after what is known
    texts = [text.get_text() for text in axes[0].get_figure().legends[0].get_texts()]
    assert texts == ["history", "seasonal naive", "forecast", "80 % interval", "95 % interval"]


def test_panel_with_one_column_and_its_intervals_needs_no_target(pyplot):
    frame = panel_with_intervals("long", panel(20, 4)).rename(columns=lambda name: name.replace("y", "load"))
    assert list(frame.columns)[2:4] == ["load", "load-lo-80"]
    axes = plotting.plot_panel(frame, baseline=frame)
    assert len(axes) == 5
    assert [fan.get_label() for fan in axes[0].collections] == ["95 % interval", "80 % interval"]


def test_panel_is_drawn_on_axes_that_are_given():
    given = Figure().subplots(2, 3)
    axes = plotting.plot_panel(panel(20, 4), panel(0, 20), axes=given)
    assert list(axes) == list(given.ravel()[:5])
    assert legend(axes[0]) == ["history", "forecast"]
    assert not given.ravel()[5].lines


def test_panel_takes_the_target_and_other_names_of_columns(pyplot):
    history = as_long(panel(0, 20)).assign(price=7.0).rename(columns={"unique_id": "shop", "ds": "day", "y": "sold"})
    forecast = as_long(panel(20, 4)).rename(columns={"unique_id": "shop", "ds": "day", "y": "sold"})
    names = {"target": "sold", "id_col": "shop", "time_col": "day"}
    for given in (forecast, forecast.assign(price=8.0), forecast.set_index(["shop", "day"])):
        axes = plotting.plot_panel(given, history, **names)
        assert list(lines(axes[1])["history"].get_ydata()) == list(range(112, 120))
        assert list(lines(axes[1])["forecast"].get_ydata()) == list(range(119, 124))


def test_legend_of_a_grid_on_axes_that_lay_themselves_out_is_that_of_the_figure():
    figure = Figure(figsize=(9, 4), layout="constrained")
    axes = plotting.plot_panel(panel(20, 4), panel(0, 20), title="Load", axes=figure.subplots(2, 3))
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["history", "forecast"]
    assert figure.legends[0].get_title().get_text() == "Load"
    assert axes[0].get_legend() is None


def test_long_id_does_not_reach_into_the_next_picture(pyplot):
    ids = [f"trade_and_transportation_of_goods_{number}" for number in range(3)]
    axes = plotting.plot_panel(panel(20, 4, ids))
    axes[0].get_figure().canvas.draw()
    for number, ax in enumerate(axes):
        title = ax._left_title  # which has no public door
        assert title.get_text().startswith("trade_and_t")
        assert title.get_text().endswith(f"…_of_goods_{number}"[-9:])
        assert title.get_window_extent().x1 < ax.get_window_extent().x1 + 0.1 * ax.get_window_extent().width


def test_target_of_a_long_frame_says_nothing_about_a_wide_one(pyplot):
    history = as_long(panel(0, 20)).assign(price=7.0)
    axes = plotting.plot_panel(panel(20, 4), history, target="y")
    assert list(lines(axes[1])["history"].get_ydata()) == list(range(112, 120))


# Training


def losses(loss, validation=None):
    frame = pd.DataFrame({"epoch": range(1, len(loss) + 1), "loss": loss})
    return frame if validation is None else frame.assign(validation_loss=validation)


def test_training_has_both_losses_and_marks_the_epoch_of_least_validation_loss(ax):
    assert plotting.plot_training(losses([3.0, 2.0, 1.0], [4.0, 2.5, 3.0]), ax=ax) is ax
    drawn = lines(ax)
    assert list(drawn["training"].get_ydata()) == [3, 2, 1]
    assert list(drawn["validation"].get_ydata()) == [4, 2.5, 3]
    assert list(drawn["validation"].get_xdata()) == [1, 2, 3]
    assert (*drawn["best epoch: 2"].get_xdata(), *drawn["best epoch: 2"].get_ydata()) == (2, 2.5)
    assert (ax.get_xlabel(), ax.get_ylabel(), ax.get_title(loc="left")) == ("epoch", "loss", "Training")
    assert ax.get_yscale() == "linear"


@pytest.mark.parametrize("validation", [None, [np.nan] * 3])
def test_training_without_validation_marks_the_least_loss(ax, validation):
    plotting.plot_training(losses([3.0, 1.0, 2.0], validation), ax=ax)
    assert legend(ax) == ["training", "best epoch: 2"]


@pytest.mark.parametrize(
    "loss, scale",
    [
        ([300.0, 2.0], "log"),
        ([200.0, 2.0], "linear"),
        ([300.0, -1.0], "linear"),
        ([np.inf, 300.0, 2.0], "log"),
        ([np.inf, 3.0, 2.0], "linear"),
    ],
)
def test_axis_of_losses_is_logarithmic_beyond_two_decades(ax, loss, scale):
    plotting.plot_training(losses(loss), ax=ax)
    assert ax.get_yscale() == scale


ESTIMATORS = {
    "regressor": lambda X, y: tsrnn.RNNRegressor(max_iter=3, random_state=0).fit(X, y),
    "classifier": lambda X, y: tsrnn.RNNClassifier(max_iter=3, random_state=0).fit(X, y > 0),
    "generator": lambda X, y: tsrnn.RNNGenerator(max_iter=3, random_state=0).fit(1 + (X > 0)),
    "forecaster": lambda X, y: tsrnn.RNNForecaster(max_iter=3, random_state=0).fit(series(60)),
}


@pytest.mark.parametrize("name", ESTIMATORS)
def test_training_of_every_estimator_is_drawn_with_the_epoch_it_kept(ax, name):
    X = np.random.default_rng(0).normal(size=(40, 6))
    model = ESTIMATORS[name](X, X[:, 0])
    plotting.plot_training(model, ax=ax)
    assert list(lines(ax)["training"].get_ydata()) == model.history_["loss"].tolist()
    assert lines(ax)[legend(ax)[-1]].get_xdata() == [model.best_iter_]


class Fitted:
    """What is known of an estimator."""

    def __init__(self, **attributes):
        self.__dict__.update(attributes)


def test_estimator_is_found_inside_pipelines_and_searches_and_knows_its_best_epoch(ax):
    model = Fitted(history_=losses([3.0, 1.0, 2.0]), best_iter_=3, loss="squared_error")
    search = Fitted(best_estimator_=Fitted(steps=[("scale", object()), ("net", Fitted(regressor_=model))]))
    plotting.plot_training(search, ax=ax)
    assert legend(ax) == ["training", "epoch kept: 3"]  # which is not the one of least loss
    assert ax.get_ylabel() == "loss: squared error"


def test_each_member_of_an_ensemble_has_lines_of_its_own(ax):
    members = [losses([3.0, 2.0, 1.0], [4.0, 2.5, 3.0]), losses([5.0, 4.0], [6.0, 7.0])]
    model = Fitted(history_=pd.concat(members, keys=[0, 1], names=["member"]), best_iter_=2)
    plotting.plot_training(model, ax=ax)
    *curves, best = ax.get_lines()
    assert [list(line.get_ydata()) for line in curves] == [[3, 2, 1], [5, 4], [4, 2.5, 3], [6, 7]]
    assert list(zip(*best.get_data(), strict=True)) == [(2, 2.5), (1, 6)]
    assert legend(ax) == ["training", "validation", "best epochs: 1 to 2"]


# A back-test


def backtest(origins=(9, 11), horizon=3, error=lambda origin, step: step, values=None):
    values = series(20) if values is None else values
    rows = [
        (values.index[o], step, values.index[o + step], values.iloc[o + step] + error(o, step), values.iloc[o + step])
        for o in origins
        for step in range(1, horizon + 1)
    ]
    return pd.DataFrame(rows, columns=["origin", "step", "ds", "forecast", "truth"])


XLABELS = {"numbers": "step", "dates in Tokyo": "time, Asia/Tokyo"}


@pytest.mark.parametrize("clock", ["dates", "periods", "numbers", "dates in Tokyo"])
def test_backtest_by_origin_has_a_line_for_each_origin_over_the_truth(ax, clock):
    values = series(20) ** 2
    if clock == "periods":
        values.index = values.index.to_period("D")
    if clock == "numbers":
        values.index = pd.RangeIndex(20)
    if clock == "dates in Tokyo":
        values.index = values.index.tz_localize("UTC").tz_convert("Asia/Tokyo")
    frame = backtest(values=values).sample(frac=1, random_state=0)  # the order of rows is of no matter
    assert plotting.plot_backtest(frame, ax=ax) is ax
    truth, *others = ax.get_lines()
    assert list(truth.get_ydata()) == [100, 121, 144, 169, 196]
    fans = [line for line in others if len(line.get_ydata()) > 1]
    assert [list(line.get_ydata()) for line in fans] == [
        [101, 123, 147],
        [121, 145, 171, 199],
    ]  # 121 is the truth of step 11
    dates = values.index if clock == "numbers" else series(20).index
    assert list(fans[0].get_xdata()) == list(dates.values[10:13])
    assert list(fans[1].get_xdata()) == list(dates.values[11:15])
    assert legend(ax) == ["truth", "forecast"]
    assert ax.get_title(loc="left") == "Forecasts from 2 origins"
    assert (ax.get_xlabel(), ax.get_ylabel()) == (XLABELS.get(clock, ""), "value")
    assert isinstance(ax.xaxis.get_major_formatter(), ConciseDateFormatter) == (clock != "numbers")


def test_clock_of_a_backtest_has_its_own_name(ax):
    frame = backtest(values=series(20).set_axis(pd.RangeIndex(2000, 2020)))
    plotting.plot_backtest(frame.rename(columns={"ds": "year"}), ax=ax)
    assert ax.get_xlabel() == "year"


def test_truth_of_a_backtest_has_no_line_over_what_was_not_observed(ax):
    frame = backtest()
    frame.loc[frame["ds"] == series(20).index[11], "truth"] = np.nan
    plotting.plot_backtest(frame, ax=ax)
    np.testing.assert_array_equal(ax.get_lines()[0].get_ydata(), [10, np.nan, 12, 13, 14])


def test_backtest_of_one_series_is_taken_out_of_many(ax):
    both = pd.concat([backtest().assign(unique_id="a"), backtest(values=series(20) + 50).assign(unique_id="b")])
    plotting.plot_backtest(both, series="b", ylabel="MW", ax=ax)
    assert list(ax.get_lines()[0].get_ydata()) == [60, 61, 62, 63, 64]
    assert ax.get_title(loc="left") == "Forecasts of b from 2 origins"
    assert ax.get_ylabel() == "MW"
    refused(ValueError, ["2 series", "series", "'a', 'b'"], plotting.plot_backtest, both)


class Result:
    """A back-test that has its frame as an attribute."""

    def __init__(self, forecasts):
        self.forecasts = forecasts


def test_columns_of_ids_and_stamps_are_found_by_their_places(ax):
    both = pd.concat([backtest().assign(shop="a"), backtest(values=series(20) + 50).assign(shop="b")])
    both = both.rename(columns={"ds": "day"})[["shop", "origin", "step", "day", "forecast", "truth"]]
    plotting.plot_backtest(Result(both), series="b", ax=ax)
    assert list(ax.get_lines()[0].get_ydata()) == [60, 61, 62, 63, 64]
    assert list(ax.get_lines()[0].get_xdata()) == list(series(5, 10).index.values)
    odd = both.rename(columns={"shop": "key"})[["origin", "step", "forecast", "truth", "day", "key"]]
    other = Figure().subplots()
    plotting.plot_backtest(odd, series="b", id_col="key", time_col="day", ax=other)
    assert list(other.get_lines()[0].get_ydata()) == [60, 61, 62, 63, 64]


def test_targets_of_a_backtest_are_not_mixed(ax):
    error = backtest(error=lambda origin, step: 5 * step)
    both = pd.concat([backtest().assign(target="load"), error.assign(target="price")])
    plotting.plot_backtest(both, "step", target="price", ax=ax)
    assert list(lines(ax)["forecast"].get_ydata()) == [5, 10, 15]
    refused(ValueError, ["'load', 'price'", "by target"], plotting.plot_backtest, both, "step")
    refused(ValueError, ["no target 'wind'"], lambda: plotting.plot_backtest(both, "step", target="wind"))


def test_backtest_by_step_has_the_error_over_all_origins_and_its_spread(ax):
    errors = np.random.default_rng(0).normal(size=(20, 4))
    frame = backtest(range(4, 15), error=lambda origin, step: errors[origin, step])
    assert plotting.plot_backtest(frame, "step", ax=ax) is ax
    absolute = np.abs(errors[4:15, 1:])
    line = lines(ax)["forecast"]
    assert list(line.get_xdata()) == [1, 2, 3]
    np.testing.assert_allclose(line.get_ydata(), absolute.mean(axis=0), rtol=1e-12)  # the truth was added and taken off
    expected = np.quantile(absolute, [0.1, 0.9], axis=0).T
    np.testing.assert_allclose(list(shade(ax.collections[0]).values()), expected, rtol=1e-12)
    assert legend(ax) == ["forecast", "10 to 90 % of origins"]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("steps ahead", "MAE")
    assert ax.get_title(loc="left") == "Error by step ahead, 11 origins"
    assert ax.get_ylim()[0] == 0


@pytest.mark.parametrize(
    "metric, label, expected",
    [
        ("rmse", "RMSE", np.sqrt([5.0, 20.0, 45.0])),
        ("bias", "bias", [-1.0, -2.0, -3.0]),
        (lambda truth, forecast: np.max(forecast - truth), "<lambda>", [1.0, 2.0, 3.0]),
    ],
)
def test_backtest_by_step_takes_other_scores(ax, metric, label, expected):
    frame = backtest(error=lambda origin, step: step if origin == 9 else -3 * step)
    plotting.plot_backtest(frame, "step", metric=metric, ax=ax)
    np.testing.assert_allclose(lines(ax)["forecast"].get_ydata(), expected, rtol=1e-12)
    assert ax.get_ylabel() == label


def test_score_that_one_origin_has_not_is_drawn_without_spread(ax):
    plotting.plot_backtest(backtest(), "step", metric="r2", ax=ax)
    # Truths 10 and 12 have the mean squared deviation 1, the errors of a step s the mean square s^2.
    np.testing.assert_allclose(lines(ax)["forecast"].get_ydata(), [0, -3, -8], rtol=1e-12)
    assert not ax.collections
    assert legend(ax) == ["forecast"]


def test_baseline_of_a_backtest_stands_beside_it(ax):
    baseline = backtest(error=lambda origin, step: 2 * step)
    plotting.plot_backtest(backtest(), "step", baseline=baseline, labels={"forecast": "LSTM"}, ax=ax)
    assert list(lines(ax)["LSTM"].get_ydata()) == [1, 2, 3]
    assert list(lines(ax)["seasonal naive"].get_ydata()) == [2, 4, 6]
    assert len({to_hex(line.get_color()) for line in ax.get_lines()}) == 2
    other = Figure().subplots()
    plotting.plot_backtest(backtest(), baseline=baseline, ax=other)
    assert legend(other) == ["truth", "seasonal naive", "forecast"]
    assert list(lines(other)["seasonal naive"].get_ydata()) == [12, 15, 18]


def test_rows_without_truth_have_no_part_in_the_error(ax):
    frame = backtest(error=lambda origin, step: origin)
    frame.loc[0, "truth"] = np.nan
    plotting.plot_backtest(frame, "step", ax=ax)
    assert list(lines(ax)["forecast"].get_ydata()) == [11, 10, 10]


# Residuals


def autocorrelation(values, lag):
    """The definition of Hyndman and Athanasopoulos 2021, section 2.8, of values without NaN."""
    mean = sum(values) / len(values)
    products = [(values[t] - mean) * (values[t - lag] - mean) for t in range(lag, len(values))]
    return sum(products) / sum((value - mean) ** 2 for value in values)


def drawn_autocorrelation(ax):
    return np.asarray(ax.get_lines()[-1].get_ydata())


def band(ax):
    (patch,) = ax.patches
    return patch.get_y(), patch.get_y() + patch.get_height()


def residual_axes():
    return Figure(figsize=(8, 5)).subplots(1, 3)


def test_residuals_are_drawn_in_time_as_histogram_and_with_their_autocorrelation():
    values = series(60)
    values[:] = np.random.default_rng(0).normal(size=60)
    in_time, histogram, lags = plotting.plot_residuals(
        series(70) + values, series(60), axes=residual_axes(), ylabel="MW"
    )
    np.testing.assert_allclose(in_time.get_lines()[0].get_ydata(), values, atol=1e-13)  # 59 was added and taken off
    assert list(in_time.get_lines()[0].get_xdata()) == list(values.index.values)
    assert isinstance(in_time.xaxis.get_major_formatter(), ConciseDateFormatter)
    bars = histogram.patches
    assert sum(bar.get_height() for bar in bars) == 60
    for bar in bars:
        inside = (values >= bar.get_x()) & (values < bar.get_x() + bar.get_width())
        assert abs(inside.sum() - bar.get_height()) <= 1  # the last bar has its right end too
    expected = [autocorrelation(values.to_numpy(), lag) for lag in range(1, 18)]  # 10 log10(60) = 17.8
    np.testing.assert_allclose(drawn_autocorrelation(lags), expected, rtol=1e-9)
    assert band(lags) == pytest.approx((-1.96 / np.sqrt(60), 1.96 / np.sqrt(60)))
    titles = [ax.get_title(loc="left") for ax in (in_time, histogram, lags)]
    assert titles == ["Residuals", "Histogram", "Autocorrelation"]
    assert (in_time.get_ylabel(), histogram.get_xlabel(), histogram.get_ylabel()) == ("MW", "MW", "steps")
    assert (lags.get_xlabel(), lags.get_ylabel()) == ("lag, steps", "autocorrelation")


def test_normal_curve_has_the_mean_deviation_and_area_of_the_histogram():
    values = np.random.default_rng(0).normal(3, 2, size=500)
    histogram = plotting.plot_residuals(values, axes=residual_axes())[1]
    x, y = lines(histogram)["normal with this mean and deviation"].get_data()
    area = sum(bar.get_height() * bar.get_width() for bar in histogram.patches)
    step = x[1] - x[0]
    assert y.sum() * step == pytest.approx(area, rel=0.01)  # beyond three deviations is 0.3 %
    assert (x * y).sum() / y.sum() == pytest.approx(values.mean(), abs=0.02)
    assert x[y.argmax()] == pytest.approx(values.mean(), abs=step)
    inflections = x[np.flatnonzero(np.diff(np.sign(np.diff(y, 2)))) + 1]
    assert np.ptp(inflections) / 2 == pytest.approx(values.std(ddof=1), abs=2 * step)


def test_missing_residuals_and_absent_stamps_are_left_out_of_every_picture():
    values = pd.Series(np.tile([1.0, -1.0], 30), series(60).index)
    absent, missing = values.drop(values.index[20:25]), values.copy()
    missing.iloc[20:25] = np.nan
    for given in (absent, missing):
        in_time, histogram, lags = plotting.plot_residuals(given, axes=residual_axes(), n_lags=2)
        np.testing.assert_array_equal(in_time.get_lines()[0].get_ydata(), missing)
        assert sum(bar.get_height() for bar in histogram.patches) == 55
        assert band(lags) == pytest.approx((-1.96 / np.sqrt(55), 1.96 / np.sqrt(55)))
        # Of the pairs that are there every product is -1, then 1, but for the mean of 1 / 55 to 0.
        np.testing.assert_allclose(drawn_autocorrelation(lags), [-59 / 60, 58 / 60], atol=0.002)


def test_residuals_are_those_of_arrays_too_and_of_the_stamps_of_the_forecast():
    in_time, *_ = plotting.plot_residuals([1.0, 2.0, 4.0], [1.5, 1.0, np.nan], axes=residual_axes())
    np.testing.assert_array_equal(in_time.get_lines()[0].get_ydata(), [-0.5, 1, np.nan])
    assert in_time.get_ylabel() == "truth - forecast"
    months = pd.Series(np.arange(24.0), pd.period_range("2024-01", periods=24, freq="M"))
    in_time, *_ = plotting.plot_residuals(months, months[6:] - 1, axes=residual_axes())
    assert list(in_time.get_lines()[0].get_ydata()) == [1] * 18
    assert in_time.get_lines()[0].get_xdata()[0] == np.datetime64("2024-07-01")


@pytest.mark.parametrize("unit", [0.1, 1.0, 5.0])
def test_bins_of_rounded_residuals_hold_equally_many_values_that_are_possible(unit):
    values = unit * np.random.default_rng(0).integers(-8, 9, size=1000)
    histogram = plotting.plot_residuals(values, axes=residual_axes())[1]
    inside = [
        sum(bar.get_x() < unit * step < bar.get_x() + bar.get_width() for step in range(-30, 31))
        for bar in histogram.patches
    ]
    assert len(set(inside)) == 1
    assert sum(bar.get_height() for bar in histogram.patches) == 1000


def test_an_outlier_makes_no_histogram_of_thousands_of_bins():
    values = np.append(np.random.default_rng(0).normal(size=1000), 1e6)
    histogram = plotting.plot_residuals(values, axes=residual_axes())[1]
    assert 5 < len(histogram.patches) <= 50
    assert sum(bar.get_height() for bar in histogram.patches) == 1001


def test_what_is_no_series_of_residuals_is_refused():
    refused(TypeError, ["residuals must be a Series", "got object"], plotting.plot_residuals, object())


def test_residuals_that_are_all_the_same_have_no_autocorrelation():
    _, histogram, lags = plotting.plot_residuals(np.full(20, 0.1), axes=residual_axes())
    assert [bar.get_height() for bar in histogram.patches] == [20]
    assert not lags.collections
    assert "none" in lags.texts[0].get_text()


# Calibration


def symmetric(index, levels):
    """Return a forecast of 0, whose intervals of a level reach from -level to level."""
    return with_intervals(pd.Series(0.0, index), "load", levels)


def test_calibration_is_the_share_of_truths_inside_over_the_level(ax):
    forecast, truth = symmetric(range(8), (25, 50, 90)), pd.Series([0.0, -25, 26, 50, -60, 90, -91, np.nan])
    assert plotting.plot_calibration(forecast, truth, symmetric(range(4), (50,)), ax=ax) is ax
    drawn = lines(ax)
    assert list(drawn["forecast"].get_xdata()) == [25, 50, 90]
    # Of 7 steps with truth, 2, 4 and 6 are inside: bounds are, too.
    np.testing.assert_allclose(drawn["forecast"].get_ydata(), [200 / 7, 400 / 7, 600 / 7], rtol=1e-15)
    assert (list(drawn["seasonal naive"].get_xdata()), list(drawn["seasonal naive"].get_ydata())) == ([50], [100])
    assert list(zip(*drawn["calibrated"].get_data(), strict=True)) == [(0, 0), (100, 100)]
    assert legend(ax) == ["95 % band for 7 steps", "calibrated", "seasonal naive", "forecast"]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("level, %", "truths inside, %")
    assert ax.get_title(loc="left") == "Calibration"
    assert ax.get_xlim() == ax.get_ylim() == (0, 100)


@pytest.mark.parametrize("n", [20, 100, 1000])
def test_band_of_the_calibration_is_that_of_a_binomial_distribution(ax, n):
    plotting.plot_calibration(symmetric(range(n), (80,)), pd.Series(np.zeros(n)), ax=ax)
    for level, (lower, upper) in shade(ax.collections[0]).items():
        expected = 100 * binom.ppf([0.025, 0.975], n, level / 100) / n
        # Shares are multiples of 1 / n, so that the exact band is that much too wide.
        np.testing.assert_allclose([lower, upper], expected, atol=100 / n)


@pytest.mark.parametrize("kind", ["wide", "long", "levels"])
def test_calibration_of_a_panel_counts_the_steps_of_all_series(ax, kind):
    forecast = panel(20, 4)
    truth = forecast.copy()
    truth.iloc[0] += 81
    truth.iloc[1, :2] -= 96
    truth.iloc[2, 0] = np.nan
    frame = panel_with_intervals(kind, forecast)
    plotting.plot_calibration(frame, FORMATS["levels"](truth), ax=ax)
    assert list(lines(ax)["forecast"].get_xdata()) == [80, 95]
    np.testing.assert_allclose(lines(ax)["forecast"].get_ydata(), [1200 / 19, 1700 / 19], rtol=1e-15)
    other = Figure().subplots()
    plotting.plot_calibration(frame, truth.iloc[1:, :2], title="Of two", labels={"forecast": "LSTM"}, ax=other)
    np.testing.assert_allclose(lines(other)["LSTM"].get_ydata(), [300 / 5, 300 / 5], rtol=1e-15)
    assert other.get_title(loc="left") == "Of two"


def test_calibration_takes_the_truth_of_one_series_whatever_it_is_called(ax):
    truth = pd.Series(np.zeros(5), series(5, 40).index, name="MW").tz_localize("UTC")
    forecast = symmetric(truth.index, (80,)).tz_convert("Asia/Tokyo")
    plotting.plot_calibration(forecast, truth, ax=ax)
    assert list(lines(ax)["forecast"].get_ydata()) == [100]


# Of all


CALLS = {
    "forecast": (lambda **ax: plotting.plot_forecast(series(3, 20), series(20), **ax), 1),
    "panel": (lambda **ax: plotting.plot_panel(panel(20, 3, "abc"), **ax), 3),
    "training": (lambda **ax: plotting.plot_training(losses([3.0, 2.0]), **ax), 1),
    "origins": (lambda **ax: plotting.plot_backtest(backtest(), **ax), 1),
    "steps": (lambda **ax: plotting.plot_backtest(backtest(), "step", **ax), 1),
    "residuals": (lambda **ax: plotting.plot_residuals(series(20), **ax), 3),
    "calibration": (lambda **ax: plotting.plot_calibration(with_intervals(series(5)), series(5), **ax), 1),
}


@pytest.mark.parametrize("name", CALLS)
def test_without_axes_one_figure_is_opened_and_with_them_none(pyplot, name):
    call, n = CALLS[name]
    assert len(np.ravel(call())) == n
    assert len(pyplot.get_fignums()) == 1
    given = Figure().subplots(1, n)
    drawn = call(**({"ax": given} if n == 1 else {"axes": given}))
    assert list(np.ravel(drawn)) == list(np.ravel(given))
    assert len(pyplot.get_fignums()) == 1


FORECAST, HISTORY = series(5, 40), series(40)
WIDE = panel(40, 5)
BACKTEST = backtest()
REFUSALS = {
    "array": (TypeError, ["forecast", "Series", "list"], plotting.plot_forecast, [1.0, 2.0]),
    "old order": (ValueError, ["history begins after", "forecast first"], plotting.plot_forecast, HISTORY, FORECAST),
    "several series": (ValueError, ["forecast holds 5 series", "plot_panel"], plotting.plot_forecast, WIDE),
    "no rows": (ValueError, ["history has no rows"], plotting.plot_forecast, FORECAST, HISTORY[:0]),
    "text": (TypeError, ["truth", "no numbers"], plotting.plot_forecast, FORECAST, None, FORECAST.map("n{}".format)),
    "text as stamps": (
        TypeError, ["stamps of forecast", "to_datetime"],
        plotting.plot_forecast, FORECAST.set_axis(FORECAST.index.astype(str)),
    ),
    "twice a stamp": (
        ValueError, ["forecast", "more than one", "2024-02-10"],
        plotting.plot_forecast, pd.concat([FORECAST, FORECAST]),
    ),
    "no stamp": (
        ValueError, ["1 row without a stamp"],
        plotting.plot_forecast, FORECAST.set_axis([*FORECAST.index[:4], pd.NaT]),
    ),
    "another clock": (
        TypeError, ["clock of dates", "history", "of numbers"],
        plotting.plot_forecast, FORECAST, HISTORY.reset_index(drop=True),
    ),
    "a time zone in one": (
        TypeError, ["time zone", "truth"], plotting.plot_forecast, FORECAST, HISTORY, FORECAST.tz_localize("UTC"),
    ),
    "n_history": (ValueError, ["n_history", "0"], lambda: plotting.plot_forecast(FORECAST, HISTORY, n_history=0)),
    "labels": (ValueError, ["'naive'", "baseline"], lambda: plotting.plot_forecast(FORECAST, labels={"naive": "x"})),
    "levels as shares": (
        ValueError, ["level of intervals is in percent", "0.8", "write 80"],
        lambda: plotting.plot_forecast(FORECAST, intervals={0.8: (FORECAST, FORECAST)}),
    ),
    "no pair": (
        ValueError, ["intervals[80]", "(lower, upper)"],
        lambda: plotting.plot_forecast(FORECAST, intervals={80: FORECAST}),
    ),
    "intervals twice": (
        ValueError, ["forecast has intervals in its columns", "given too"],
        lambda: plotting.plot_forecast(with_intervals(FORECAST), intervals={80: (FORECAST, FORECAST)}),
    ),
    "intervals of a panel twice": (
        ValueError, ["forecasts has intervals in its columns"],
        lambda: plotting.plot_panel(panel_with_intervals("long", WIDE), intervals={80: (WIDE, WIDE)}),
    ),
    "one bound": (
        ValueError, ["forecast has no column 'load-lo-80'", "both"],
        plotting.plot_forecast, with_intervals(FORECAST).drop(columns="load-lo-80"),
    ),
    "columns with levels as shares": (
        ValueError, ["'load-lo-0.95' of forecast", "percent", "write 95"],
        plotting.plot_forecast, with_intervals(FORECAST, levels=(0.95,)),
    ),
    "crossed in columns": (
        ValueError, ["lower bound of the 80 % interval", "2024-02-10"],
        plotting.plot_forecast, with_intervals(FORECAST).assign(**{"load-lo-80": 1000.0}),
    ),
    "text as a bound": (
        TypeError, ["the 80 % interval", "no numbers"],
        plotting.plot_forecast, with_intervals(FORECAST).assign(**{"load-lo-80": "low"}),
    ),
    "intervals of other ids": (
        ValueError, ["the 80 % interval has none", "'v'"],
        lambda: plotting.plot_panel(WIDE, intervals={80: (panel(40, 5, "vw"), panel(40, 5, "vw"))}),
    ),
    "calibration without intervals": (
        ValueError, ["forecast has no columns of intervals", "y-lo-80"], plotting.plot_calibration, FORECAST, FORECAST,
    ),
    "calibration of a baseline without intervals": (
        ValueError, ["baseline has no columns of intervals"],
        plotting.plot_calibration, with_intervals(FORECAST), FORECAST, FORECAST,
    ),
    "calibration without truth": (
        ValueError, ["truth has no step", "95 % interval", "came true."], plotting.plot_calibration,
        with_intervals(FORECAST, levels=(95,)), HISTORY,
    ),
    "calibration with missing truth": (
        ValueError, ["truth has no value", "95 % interval"], plotting.plot_calibration,
        with_intervals(FORECAST, levels=(95,)), FORECAST * np.nan,
    ),
    "calibration with the truth of others": (
        ValueError, ["truth has none", "'v'"],
        plotting.plot_calibration, panel_with_intervals("long", WIDE), panel(40, 5, "vw"),
    ),
    "calibration on two clocks": (
        ValueError, ["truth has no step", "int64 there and datetime64"],
        plotting.plot_calibration, with_intervals(FORECAST), FORECAST.reset_index(drop=True),
    ),
    "calibration of crossed bounds": (
        ValueError, ["lower bound of level 95", "'load' at 2024-02-10"],
        plotting.plot_calibration, with_intervals(FORECAST).assign(**{"load-lo-95": 1000.0}), FORECAST,
    ),
    "calibration with labels": (
        ValueError, ["'naive'"],
        lambda: plotting.plot_calibration(with_intervals(FORECAST), FORECAST, labels={"naive": "x"}),
    ),
    "calibration of nothing": (
        TypeError, ["forecast must be a DataFrame", "NoneType"], plotting.plot_calibration, None, FORECAST,
    ),
    "calibration of arrays": (
        TypeError, ["truth must be a Series"], plotting.plot_calibration, with_intervals(FORECAST), [1.0, 2.0],
    ),
    "no dict": (
        TypeError, ["intervals", "dict"], lambda: plotting.plot_forecast(FORECAST, intervals=(FORECAST, FORECAST)),
    ),
    "bounds crossed": (
        ValueError, ["lower bound", "80 %", "2024-02-10"],
        lambda: plotting.plot_forecast(FORECAST, intervals={80: (FORECAST + 1, FORECAST)}),
    ),
    "bounds apart": (
        ValueError, ["80 % interval", "different stamps"],
        lambda: plotting.plot_forecast(FORECAST, intervals={80: (FORECAST, FORECAST[:3])}),
    ),
    "unknown target": (
        ValueError, ["'price'", "'a'"], lambda: plotting.plot_forecast(WIDE, target="price"),
    ),
    "panel of other ids": (ValueError, ["truth has none", "'v'"], plotting.plot_panel, WIDE, None, panel(40, 5, "vw")),
    "panel of no series": (ValueError, ["max_series", "0"], lambda: plotting.plot_panel(WIDE, max_series=0)),
    "too few axes": (ValueError, ["2 Axes", "5"], lambda: plotting.plot_panel(WIDE, axes=Figure().subplots(2))),
    "panel with several targets": (
        ValueError, ["targets", "'y', 'z'"],
        lambda: plotting.plot_panel(as_long(WIDE).assign(z=1.0), target=["y", "z"]),
    ),
    "not fitted": (
        NotFittedError, ["RNNRegressor", "not fitted"], plotting.plot_training, tsrnn.RNNRegressor(),
    ),
    "no loss": (ValueError, ["'loss'", "'MSE'"], plotting.plot_training, pd.DataFrame({"MSE": [1.0]})),
    "diverged": (ValueError, ["no finite loss"], plotting.plot_training, losses([np.nan, np.inf])),
    "kind": (ValueError, ["'steps'", "'origin' or 'step'"], plotting.plot_backtest, BACKTEST, "steps"),
    "metric": (
        ValueError, ["'mase'", "callable", "rmse"], lambda: plotting.plot_backtest(BACKTEST, "step", metric="mase"),
    ),
    "no column": (ValueError, ["0 columns named 'truth'"], plotting.plot_backtest, BACKTEST.drop(columns="truth")),
    "no back-test": (TypeError, ["DataFrame", "Series"], plotting.plot_backtest, FORECAST),
    "back-test without rows": (ValueError, ["no rows"], plotting.plot_backtest, BACKTEST[:0]),
    "back-test in text": (
        TypeError, ["'forecast'", "no numbers"], plotting.plot_backtest, BACKTEST.assign(forecast="high"),
    ),
    "origin in text": (TypeError, ["'origin'", "not dates"], plotting.plot_backtest, BACKTEST.assign(origin="May")),
    "step missing": (
        ValueError, ["without origin, step or time"], plotting.plot_backtest, BACKTEST.assign(step=np.nan),
    ),
    "baseline on another clock": (
        TypeError, ["clock of dates", "baseline", "time zone"],
        lambda: plotting.plot_backtest(BACKTEST, baseline=backtest(values=series(20, tz="UTC"))),
    ),
    "unknown series": (
        ValueError, ["'b'", "'a'"], lambda: plotting.plot_backtest(BACKTEST.assign(unique_id="a"), series="b"),
    ),
    "two truths": (
        ValueError, ["more than one truth"], plotting.plot_backtest, pd.concat([BACKTEST, BACKTEST.assign(truth=0.0)]),
    ),
    "no truth": (
        ValueError, ["both forecast and truth"], plotting.plot_backtest, BACKTEST.assign(truth=np.nan), "step",
    ),
    "one residual": (ValueError, ["1 residuals", "two"], plotting.plot_residuals, [1.0, np.nan]),
    "infinite residual": (ValueError, ["infinite"], plotting.plot_residuals, [1.0, np.inf, 2.0]),
    "residuals of text": (TypeError, ["residuals", "no numbers"], plotting.plot_residuals, ["a", "b"]),
    "residuals of two": (ValueError, ["5 columns", "one series"], plotting.plot_residuals, WIDE),
    "truth too short": (ValueError, ["2024-02-14", "truth"], plotting.plot_residuals, FORECAST[:4], FORECAST),
    "residuals without step": (
        ValueError, ["residuals", "no regular step"],
        plotting.plot_residuals, FORECAST.set_axis([*FORECAST.index[:4], FORECAST.index[3] + pd.Timedelta("7h")]),
    ),
    "too many lags": (ValueError, ["n_lags=5", "5 steps"], lambda: plotting.plot_residuals(FORECAST, n_lags=5)),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSALS)
def test_bad_input_is_refused_in_one_sentence_and_opens_no_figure(pyplot, name):
    kind, words, call, *arguments = REFUSALS[name]
    refused(kind, words, call, *arguments)
    assert pyplot.get_fignums() == []


# The report of the command line, and files


def test_report_has_the_test_above_and_the_forecast_below():
    all_of_it, test = series(60), series(6, 54)
    figure = plotting.draw_report(all_of_it, test, test, test, series(6, 60), ylabel="MW")
    above, below = figure.axes
    assert list(lines(above)["history"].get_ydata())[-1] == 53
    assert list(lines(below)["history"].get_ydata())[-1] == 59
    assert [axes.get_ylabel() for axes in figure.axes] == ["MW", "MW"]
    assert "held out" in above.get_title(loc="left")


def test_a_picture_is_written_whole_or_not_at_all(tmp_path, monkeypatch):
    figure = Figure()
    figure.subplots()
    path = tmp_path / "picture.PNG"
    path.write_bytes(b"before")

    def break_off(target, **options):
        target.write_bytes(b"half")
        raise OSError("no space left on device")

    monkeypatch.setattr(figure, "savefig", break_off)
    with pytest.raises(OSError, match="no space"):
        plotting.save_figure(figure, path)
    assert [(file.name, file.read_bytes()) for file in tmp_path.iterdir()] == [("picture.PNG", b"before")]
    monkeypatch.undo()
    plotting.save_figure(figure, path)
    assert path.read_bytes()[:4] == b"\x89PNG"
    assert len(list(tmp_path.iterdir())) == 1
