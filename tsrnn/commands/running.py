"""What the commands do: read, refuse what can be refused before training, train, score, write."""

import copy
import re
import sys
import warnings
from functools import partial

import numpy as np
import pandas as pd

from .. import datasets
from ..answering import held_out_of
from ..arguments import count_training, settings_for
from ..backtesting import backtest
from ..backtesting.data import Data, without_none
from ..backtesting.fits import prepare
from ..backtesting.origins import check_window, choose_origins
from ..bands import is_answer
from ..baselines import SeasonalNaive
from ..counts import how_many
from ..forecaster import RNNForecaster
from ..frames import WIDE, listing
from ..intervals import TooFewErrors
from ..losses import quantile_levels
from ..preparation import Series
from ..residuals import residuals_of
from ..spread import Spread, column_names
from .files import check_outputs, write_file
from .options import OF_NETWORK, SCORES, SHOWN
from .printing import (
    Comparison,
    how_long,
    print_data,
    print_ends,
    print_fit,
    print_negative,
    print_network,
    print_summary,
    print_table,
    span,
    when,
)
from .selection import select


def run_forecast(arguments):
    """Score a network on the last steps, held out; fit another to everything in the same way; write its forecast."""
    check_outputs({"--out": arguments.out, "--plot": arguments.plot}, [arguments.source, arguments.future])
    selection = _select(arguments)
    horizon = arguments.horizon
    model = _make_model(arguments, selection, verbose=_is_watched(), n_jobs=arguments.n_jobs)
    panel = _check(model, selection)
    cut = _check_test(panel, horizon)
    spread = _check_spread(arguments, model, panel)
    print_data(panel, selection, arguments.missing)
    print_network(model, panel)
    print_ends(panel, arguments.missing)

    first = when(panel.stamps([cut])[0])
    held_out = "is held out" if horizon == 1 else "are held out"
    print(f"test      the last {how_long(horizon)}, from {first} on, {held_out} of training")
    fitted = []
    model.set_params(callbacks=lambda estimator, record: fitted.append(estimator))
    try:
        comparison = _backtest(model, selection, _supported(spread, model, selection, 0, cut), n_origins=1)
    except ValueError as error:
        raise ValueError(f"training for the test (without the last {how_long(horizon)}): {error}") from None
    print_fit(fitted[-1], "a part of the rest held out to watch")
    print(f"\n{comparison.headline(SHOWN)}")
    print_summary(comparison, SHOWN)

    print(f"\nforecast  of the next {how_long(horizon)}, by a fit to everything in the same way")
    final = model.set_params(callbacks=None).fit(selection.frame)
    forecast = final._frame_ahead(final._values_ahead(horizon, selection.future), selection.future, spread)
    print_fit(final, "the latest part; then trained on that, too")
    _write(forecast, arguments)
    print(f"written   {span(_stamps_of(forecast, selection))} -> {arguments.out}")
    print_negative(forecast, panel, final.bounds)
    if arguments.plot is not None:
        forecast = _without_quantiles(forecast, spread)
        _draw_forecast(arguments, selection, panel, comparison, forecast)


def run_backtest(arguments):
    """Score forecasts made at many origins, beside the seasonal naive forecast; write them all."""
    check_outputs({"--out": arguments.out, "--plot": arguments.plot}, [arguments.source])
    names = list(SCORES) if "all" in arguments.scores else list(dict.fromkeys(arguments.scores))
    selection = _select(arguments)
    n_threads = 1 if arguments.n_jobs not in (None, 1) else None
    model = _make_model(arguments, selection, n_jobs=n_threads)
    panel = _check(model, selection)
    if arguments.by == "series" and panel.ids is None:
        raise ValueError("--by series needs several series, but the data have one; give --by step or --by origin.")
    spread = _check_spread(arguments, model, panel)
    print_data(panel, selection, arguments.missing)
    print_network(model, panel)
    print_ends(panel, arguments.missing)
    how = ("step", "window", "window_size", "initial", "n_origins", "refit", "n_jobs")
    how = {name: getattr(arguments, name) for name in how}
    if spread is not None:
        origins = choose_origins(panel, arguments.horizon, how["step"], how["initial"], how["n_origins"])
        size = check_window(how["window"], how["window_size"], origins, panel)
        first = 0 if size is None else origins[0] + 1 - size
        _refuse_few(spread, model, _panel_of(model, selection, first, origins[0] + 1))
    comparison = _backtest(model, selection, spread, verbose=_is_watched(), **how)

    forecasts = comparison.ours.forecasts
    origins = forecasts["origin"].drop_duplicates()
    trained = {True: "anew at each", False: "at the first alone", "warm": "on at each"}
    refit = trained.get(arguments.refit, f"anew every {arguments.refit} origins")
    first, last = when(origins.iloc[0]), when(origins.iloc[-1])
    print(f"origins   {len(origins):,}, {first} to {last}; {arguments.window} window; trained {refit}")
    print(f"\n{comparison.headline(names)}")
    print_table(comparison, arguments.by, names)
    print("\nall together")
    print_summary(comparison, names)
    if arguments.out is not None:
        _write(forecasts, arguments)
        print(f"\nwritten   {how_many(len(forecasts), 'forecast')} -> {arguments.out}")
    if arguments.plot is not None:
        from ..plotting import plot_backtest

        target = forecasts["target"].iloc[0] if "target" in forecasts else None
        labels = {"forecast": comparison.name, "baseline": comparison.naive_name}
        title = None if target is None else f"Error by step ahead, {target}"
        axes = plot_backtest(forecasts, "step", baseline=comparison.naive.forecasts, target=target, labels=labels,
                             title=title)  # fmt: skip
        _save(axes.get_figure(), arguments)


def _select(arguments):
    if arguments.source in datasets.names():
        print(f"{arguments.source}: {datasets.describe(arguments.source)}")
    selection = select(arguments)
    if selection.series:
        print(f"series    {listing(selection.series)}: each column of numbers; for one alone see --target")
    if selection.left_out:
        print(f"left out  {listing(selection.left_out)}")
    return selection


def _is_watched():
    """Return 1 if somebody sees a progress bar, which floods a file, else 0."""
    return int(sys.stderr.isatty())


def _make_model(arguments, selection, **more):
    """Return the forecaster that the arguments describe."""
    given = {name: getattr(arguments, name) for name in OF_NETWORK if getattr(arguments, name) is not None}
    if given.get("calendar") in (["all"], ["none"]):
        given["calendar"] = given["calendar"][0]
    if len(given.get("target_transform", [])) == 1:
        given["target_transform"] = given["target_transform"][0]
    for name in ("calendar", "scaler", "window_norm", "target_transform"):
        if given.get(name) == "none":
            given[name] = None
    return RNNForecaster(arguments.horizon, **given, **selection.options, **more)


def _check(model, selection):
    """Return the data as the forecaster reads them; raise what it would raise after it has trained."""
    try:
        panel = model._read_panel(selection.frame)
    except (TypeError, ValueError) as error:
        if not selection.is_csv or not re.search(r"\brow \d", str(error)):
            raise
        in_lines = re.sub(r"\brow (\d+)", lambda match: f"line {int(match[1]) + 2}", str(error))  # 1 is the header
        raise type(error)(f"{selection.source}: {in_lines}") from None
    if selection.future is not None:
        probe = copy.copy(model)  # knows the data, and has learnt nothing
        probe._keep_terms(panel)
        probe._read_ahead(selection.future, *probe._future_rows(model.horizon))
    return panel


def _check_spread(arguments, model, panel):
    """Return the Spread that is asked for, or None; raise if errors are too few for it, before anything is trained.

    Quantiles that a network learns have columns of their own if errors support them.
    """
    levels = None if arguments.level is None else Spread.read(arguments.level)
    if levels is not None:
        _refuse_few(levels, model, panel)
    if arguments.loss != "quantile" or getattr(arguments, "refit", None) == "warm":
        return levels
    spread = Spread.read(arguments.level, quantile_levels(model.quantile))
    try:
        _refuse_few(spread, model, panel)
    except TooFewErrors as error:
        print(f"left out  columns of quantiles: {error}")
        return levels
    return spread


def _refuse_few(spread, model, panel):
    """Raise what a Spread would raise for too few errors of a network that was fitted to a panel, or for names."""
    column_names(panel.form, spread.suffixes)
    settings, probe = settings_for(model, panel), copy.copy(model)
    n_training = count_training(model, Series.of(panel), settings)[np.argsort(panel.order)]
    lowest = np.nanmin(panel.values)

    def forecast(series, rows):
        return np.full((len(rows), model.horizon, panel.n_targets), lowest - 1 - abs(lowest))  # which misses them all

    held_out = held_out_of(n_training, panel.lengths - model.horizon, settings.lookback, forecast)
    probe._measured = partial(residuals_of, held_out, panel, model.horizon)
    with warnings.catch_warnings(action="ignore"):  # of what the forecast warns of, too
        probe._errors_for(spread)


def _supported(spread, model, selection, first, end):
    """Return a Spread if the errors of a network that was fitted to these steps support it, or None, which is said."""
    if spread is None:
        return None
    try:
        _refuse_few(spread, model, _panel_of(model, selection, first, end))
    except TooFewErrors as error:
        print(f"          its intervals and quantiles are left out: {error}")
        return None
    return spread


def _panel_of(model, selection, first, end):
    """Return the data from one step of the clock to before another, as a forecaster reads them."""
    data = Data.read(selection.frame, None, model)
    return prepare(model, data.panel.clock, refit=True)._read_panel(*without_none(data.known(data.rows(first, end))))


def _check_test(panel, horizon):
    """Return the first step of the test; raise if nothing can be tested there."""
    cut = panel.clock.n - horizon
    if cut < 1:
        raise ValueError(
            f"{panel.clock.n} points are too few to hold {horizon} out as a test; give a shorter --horizon."
        )
    series = np.arange(panel.n_series).repeat(panel.lengths)
    steps = np.arange(len(series)) - panel.bounds[series] + panel.starts[series]
    is_known = ~np.isnan(panel.values).all(axis=1)
    if not (is_known & (steps >= cut) & (panel.starts[series] < cut)).any():
        what = "the last point was not" if horizon == 1 else f"none of the last {horizon} points was"
        raise ValueError(
            f"{what} observed, so there is nothing to test against; cut the empty end off, or give a longer --horizon."
        )
    return cut


def _backtest(model, selection, spread, **how):
    """Return the Comparison of a forecaster, with a Spread or None."""
    of_spread = {} if spread is None else {"level": spread.levels or None, "q": spread.probabilities or None}
    ours = backtest(model, selection.frame, horizon=model.horizon, **of_spread, **how)
    frame, options = selection.bare
    naive = SeasonalNaive(
        model.horizon, freq=model.freq, missing="raise" if model.missing == "raise" else "interpolate", **options
    )
    refit = how.get("refit", True)
    how |= {"refit": True if refit == "warm" else refit, "verbose": 0, "n_jobs": None}
    how["horizon"] = model.horizon
    try:
        theirs = backtest(naive, frame, **of_spread, **how)
    except TooFewErrors:  # which the network has; it is scored without
        theirs = backtest(naive, frame, **how)
    return Comparison(model, ours, theirs, ours._panel)


def _stamps_of(forecast, selection):
    time = selection.options.get("time_col")
    return forecast.index if time is None else forecast[time].sort_values()


def _without_quantiles(forecast, spread):
    """Return a forecast without the columns of quantiles, which are not drawn."""
    if spread is None or not spread.probabilities:
        return forecast
    of_quantiles = tuple(suffix for suffix in spread.suffixes if suffix.startswith("-q-"))
    return forecast.drop(columns=[name for name in forecast if str(name).endswith(of_quantiles)])


def _draw_forecast(arguments, selection, panel, comparison, forecast):
    from ..plotting import draw_report, plot_panel

    if comparison.is_one:
        series = _by_stamp(selection.frame, selection.options)
        if isinstance(series, pd.DataFrame):
            series = series[selection.options["target"]]
        index = panel.clock.stamps(0, panel.clock.n)
        cut = panel.clock.n - arguments.horizon
        ours, naive = (
            test.forecasts.set_index(test.time_col).reindex(index[cut:]) for test in (comparison.ours, comparison.naive)
        )
        bounds = [name for name in ours if is_answer(name) and "-q-" not in name]
        figure = draw_report(
            series.reindex(index),
            ours[["forecast", *bounds]],
            ours["truth"],
            naive["forecast"],
            _by_stamp(forecast, selection.options),
            ylabel=selection.label,
            labels={"baseline": comparison.naive_name},
        )
    else:
        frame, options = selection.bare
        if panel.form.kind != WIDE and "id_col" not in options:
            options = {}
        title, label = f"Forecast of the next {how_long(arguments.horizon)}", selection.label
        if panel.ids is not None and panel.n_targets > 1:
            options["target"] = label = panel.form.targets[0]
            print(f"          drawn is the first target, {label}")
        figure = plot_panel(forecast, frame, title=title, ylabel=label, **options)[0].get_figure()
    _save(figure, arguments)


def _by_stamp(table, options):
    """Return a table of one series with its stamps as the index, and no id."""
    return table.set_index(options["time_col"]).drop(columns=options["id_col"]) if "time_col" in options else table


def _save(figure, arguments):
    from ..plotting import save_figure

    save_figure(figure, arguments.plot)
    arguments.written.append(arguments.plot)
    print(f"          picture -> {arguments.plot}")


def _write(table, arguments):
    write_file(table, arguments.out)
    arguments.written.append(arguments.out)
