"""Pictures hold what they say they hold."""

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from tsrnn import plotting


@pytest.fixture
def ax():
    return Figure().subplots()


def series(n, first=0, name="load"):
    days = pd.date_range("2024-01-01", periods=first + n, freq="D")[first:]
    return pd.Series(np.arange(first, first + n, dtype=float), index=days, name=name)


def lines(ax):
    return {line.get_label(): line for line in ax.get_lines()}


def test_forecast_is_drawn_behind_its_history_beside_truth_and_baseline(ax):
    forecast, truth, baseline = series(5, 40), series(5, 40) + 1, series(5, 40) - 1
    assert plotting.plot_forecast(series(40), forecast, truth=truth, baseline=baseline, title="Load", ax=ax) is ax
    drawn = lines(ax)
    assert set(drawn) == {"history", "truth, held out", "seasonal naive", "forecast"}
    assert len({(line.get_color(), line.get_linestyle()) for line in drawn.values()}) == 4
    assert list(drawn["history"].get_ydata()) == list(range(30, 40))  # twice the horizon
    assert all(line.get_ydata()[0] == 39 for name, line in drawn.items() if name != "history")  # no hole after it
    for name, expected in {"forecast": forecast, "truth, held out": truth, "seasonal naive": baseline}.items():
        assert list(drawn[name].get_ydata()[1:]) == list(expected)
    assert ax.get_title(loc="left") == "Load"
    assert ax.get_ylabel() == "load"
    assert ax.get_legend() is not None


@pytest.mark.parametrize(
    "index", [pd.period_range("2000", periods=30, freq="Y"), pd.RangeIndex(30, name="year"), pd.RangeIndex(30)]
)
def test_periods_and_whole_numbers_are_drawn_too(ax, index):
    values = pd.Series(np.arange(30.0), index=index)
    plotting.plot_forecast(values[:25], values[25:].to_frame("value"), ax=ax, n_history=25)
    assert len(lines(ax)["history"].get_xdata()) == 25
    assert ax.get_ylabel() == "value"
    assert ax.get_xlabel() == ("" if isinstance(index, pd.PeriodIndex) else index.name or "step")


def test_report_has_the_test_above_and_the_forecast_below():
    all_of_it, test = series(60), series(6, 54)
    figure = plotting.draw_report(all_of_it, test, test, test, series(6, 60), ylabel="MW")
    above, below = figure.axes
    assert list(lines(above)["history"].get_ydata())[-1] == 53
    assert list(lines(below)["history"].get_ydata())[-1] == 59
    assert [axes.get_ylabel() for axes in figure.axes] == ["MW", "MW"]
    assert "held out" in above.get_title(loc="left")


def test_without_axes_a_figure_is_opened():
    with mpl.rc_context({"backend": "agg"}):
        import matplotlib.pyplot as plt

        plt.switch_backend("agg")
        ax = plotting.plot_forecast(series(20), series(3, 20))
        assert ax.figure in map(plt.figure, plt.get_fignums())
        plt.close("all")


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
