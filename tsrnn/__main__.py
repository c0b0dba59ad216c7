"""The command line: ``tsrnn`` and ``python -m tsrnn``."""

import argparse
import os
import sys
import warnings
from pathlib import Path

from . import __version__

_DESCRIPTION = "Forecast a time series with a recurrent network, and say how good the forecast is."
_EXAMPLES = """examples:
  tsrnn forecast co2 --horizon 104 --missing interpolate --plot forecast.png
  tsrnn forecast sales.csv --time week --target units --horizon 12
  tsrnn datasets
"""


def main(argv=None):
    """Run the command line and return its exit code: 0, 1 for bad data, 2 for bad usage, 130 for an interrupt."""
    arguments = _parser().parse_args(argv)
    with warnings.catch_warnings():
        warnings.simplefilter("default")
        warnings.filterwarnings("ignore", "training was interrupted")  # said below, for the whole program
        warnings.showwarning = _show_warning
        arguments.written = []
        try:
            arguments.run(arguments)
        except (ValueError, TypeError, OSError) as error:
            print(f"tsrnn: error: {_in_terms_of_options(str(error))}", file=sys.stderr)
            return 1
        except KeyboardInterrupt:
            print(f"tsrnn: interrupted; written: {', '.join(arguments.written) or 'nothing'}.", file=sys.stderr)
            return 130
    return 0


# The sentences of the library give advice in Python; here they are given to somebody at a command line.
_OPTIONS = {
    "set missing='interpolate'": "add --missing interpolate",
    "name its freq": "name its --freq, or see --time-format",
    "Shorten lookback or horizon, or set early_stopping=False.": "Shorten --horizon or --lookback.",
    "; sort it with sort_index()": "; sort the rows of the file",
    ", for example with groupby(level=0).mean()": " in the file",
    "which is not a number; convert it (pd.to_numeric)": "which is not a number; see --decimal",
    "check the column, or use SeasonalNaive": "check the column",
}


def _in_terms_of_options(sentence):
    for python, option in _OPTIONS.items():
        sentence = sentence.replace(python, option)
    return sentence


def _parser():
    parser = argparse.ArgumentParser(
        "tsrnn", description=_DESCRIPTION, epilog=_EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--version", action="version", version=f"tsrnn {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    forecast = commands.add_parser(
        "forecast",
        help="forecast a bundled set or a CSV file",
        description="Score a network on the last HORIZON points, held out of training, beside the seasonal naive "
        "forecast; then train on everything and write the forecast of the HORIZON steps that follow.",
    )
    forecast.set_defaults(run=_forecast)
    forecast.add_argument(
        "source", metavar="SOURCE", help="a bundled set (see: tsrnn datasets) or the path of a CSV file"
    )
    forecast.add_argument("--horizon", type=_positive, required=True, metavar="N", help="steps to forecast")
    forecast.add_argument("--time", metavar="COLUMN", help="CSV: the column of time stamps (dates, or whole numbers)")
    forecast.add_argument("--time-format", metavar="FORMAT", help="CSV: how dates are written, such as %%d/%%m/%%Y")
    forecast.add_argument("--sep", default=",", metavar="CHAR", help="CSV: what stands between columns (default: ,)")
    forecast.add_argument("--decimal", default=".", metavar="CHAR", help="CSV: the decimal mark (default: .)")
    forecast.add_argument("--encoding", default="utf-8", metavar="NAME", help="CSV: encoding (default: utf-8)")
    forecast.add_argument("--target", metavar="COLUMN", help="the column to forecast")
    forecast.add_argument("--freq", metavar="STEP", help="the step, such as h, D, W-SAT, MS, if it cannot be inferred")
    forecast.add_argument(
        "--missing",
        choices=("raise", "interpolate"),
        default="raise",
        help="what to do about missing values and absent stamps (default: raise, which is an error)",
    )
    forecast.add_argument(
        "--cell", choices=("lstm", "gru", "rnn"), default="lstm", help="kind of network (default: lstm)"
    )
    forecast.add_argument("--lookback", type=_positive, metavar="N", help="steps the network sees (default: chosen)")
    forecast.add_argument("--seed", type=int, default=0, metavar="N", help="same seed, same forecast (default: 0)")
    forecast.add_argument(
        "--output", default="forecast.csv", metavar="PATH", help="where the forecast goes (default: forecast.csv)"
    )
    forecast.add_argument("--plot", metavar="PATH", help="also draw it: .png, .pdf, .svg, ...")

    datasets = commands.add_parser("datasets", help="list the bundled sets")
    datasets.set_defaults(run=_list_datasets)
    return parser


def _positive(text):
    try:
        number = int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"must be a whole number of steps, got {text!r}") from None
    if number < 1:
        raise argparse.ArgumentTypeError(f"must be at least 1, got {number}")
    return number


def _show_warning(message, *_):
    print(f"tsrnn: warning: {message}", file=sys.stderr)


def _list_datasets(arguments):
    from . import datasets

    width = max(map(len, datasets.names()))
    for name in datasets.names():
        print(f"{name:<{width}}  {datasets.describe(name)}")


def _forecast(arguments):
    """Read, test, train, write; everything that can be refused is refused before training."""
    from .panel import refuse_missing
    from .reading import read_panel

    _check_targets(arguments)
    series, ylabel = _read(arguments)
    data = read_panel(series, freq=arguments.freq)
    if arguments.missing == "raise":
        refuse_missing(data)
    _print_data(data)
    _print_network(arguments, data)
    # Absent stamps as NaN, so that the test part can be cut off before anything is interpolated.
    on_clock = series.reindex(data.clock.stamps(0, data.clock.n))

    _print_end(on_clock)
    test_forecast, baseline, truth, n_epochs = _test(arguments, on_clock)
    print(
        f"forecast  of the next {arguments.horizon} steps: the network is trained on everything for {n_epochs} epochs"
    )
    as_long = {"early_stopping": False, "max_iter": n_epochs, "n_iter_no_change": n_epochs}
    final = _fit(arguments, on_clock, "training for the forecast", **as_long)
    forecast = final.forecast()
    _write_csv(forecast, arguments.output)
    arguments.written.append(arguments.output)
    print(f"written   {_span(forecast.index)} -> {arguments.output}")
    if arguments.plot is not None:
        from .plotting import draw_report, save_figure

        save_figure(draw_report(on_clock, test_forecast, truth, baseline, forecast, ylabel=ylabel), arguments.plot)
        arguments.written.append(arguments.plot)
        print(f"          picture -> {arguments.plot}")


def _read(arguments):
    """Return the series that the arguments name, and a label for its axis."""
    from . import datasets
    from .csv_input import read_csv, take_column

    if arguments.source in datasets.names():
        for option in ("time", "time_format"):
            if getattr(arguments, option) is not None:
                raise ValueError(f"--{option.replace('_', '-')} is for CSV files; the bundled set has a clock already.")
        print(f"{arguments.source}: {datasets.describe(arguments.source)}")
        data = datasets.load(arguments.source)
        if data.ndim == 1:
            if arguments.target not in (None, data.name):
                raise ValueError(
                    f"{arguments.source} has no column {arguments.target!r}; it is one series, {data.name!r}."
                )
            return data, datasets.axis_label(arguments.source)
        if "unique_id" in data.columns:
            raise ValueError(
                f"{arguments.source} holds many series, and this version forecasts one; in Python take one of them: "
                f"frame = tsrnn.datasets.load({arguments.source!r}); "
                "frame[frame.unique_id == 'nonfarm'].set_index('ds')['y']."
            )
        series = take_column(data, arguments.target, "--target", arguments.source)
        return series, arguments.target
    return read_csv(arguments), arguments.target


def _print_data(data):
    step = data.clock.freq.freqstr if data.clock.freq is not None else str(data.clock.step)
    print(f"data      {_span(data.clock.stamps(0, data.clock.n))}, step {step}")
    holes = f"{data.n_missing} missing values, {data.n_absent} absent stamps"
    print(f"          {holes}{': interpolated linearly' if data.n_missing + data.n_absent else ''}")


def _print_end(series):
    """Say it where the series ends in values that nobody observed."""
    n_unknown = int(series.notna().to_numpy()[::-1].argmax())
    if n_unknown:
        print(f"          the last {n_unknown} values are unknown: the last known one is repeated")


def _print_network(arguments, data):
    from .calendar import seasonal_period
    from .choices import resolve, resolve_lookback

    lookback = resolve_lookback(arguments.lookback or "auto", arguments.horizon, seasonal_period(data.clock.freq))
    sizes = " + ".join(map(str, resolve("hidden_layer_sizes", "auto")))
    n_windows = max(data.clock.n - lookback - arguments.horizon + 1, 0)
    print(f"network   {arguments.cell.upper()} of {sizes} units; reads {lookback} steps, gives {arguments.horizon}")
    print(
        f"          {n_windows:,} windows an epoch"
        + "; a shorter --lookback is faster" * (n_windows * lookback > 10**7)
    )


def _span(index):
    return f"{len(index):,} points, {_stamp(index[0])} to {_stamp(index[-1])}"


def _stamp(stamp):
    text = str(stamp)
    return text.removesuffix(" 00:00:00")


def _test(arguments, series):
    """Forecast the held-out points, print the scores; return forecast, baseline, truth and the number of epochs."""
    import pandas as pd

    from .baselines import SeasonalNaive
    from .metrics import forecast_scores

    horizon = arguments.horizon
    known, truth = series.iloc[:-horizon], series.iloc[-horizon:]
    if len(known) == 0:
        raise ValueError(f"{len(series)} points are too few to hold {horizon} out as a test; give a shorter --horizon.")
    observed = truth.notna().to_numpy()
    if not observed.any():
        raise ValueError(
            f"none of the last {horizon} points was observed, so there is nothing to test against; cut the "
            "empty end off, or give a longer --horizon."
        )
    print(f"test      the last {horizon} points, from {_stamp(truth.index[0])} on, are held out of training")
    model = _fit(arguments, known, "training for the test")
    print(f"          best after {model.best_iter_} of {model.n_iter_} epochs, on a part of the rest held out to watch")
    naive = SeasonalNaive(horizon, freq=arguments.freq, missing=arguments.missing).fit(known)
    baseline = f"seasonal naive ({naive.season_})" if naive.season_ > 1 else "last value"
    forecasts = {arguments.cell.upper(): model.forecast(), baseline: naive.forecast()}
    scores = pd.DataFrame(
        {
            name: forecast_scores(truth[observed], forecast[observed], known, naive.season_)
            for name, forecast in forecasts.items()
        }
    ).T[["MAE", "RMSE", "sMAPE", "MASE"]]
    print(f"\nscores on {observed.sum()} held-out observations (sMAPE in percent)")
    print(scores.to_string(float_format="{:.4g}".format))
    ours, base = scores["MAE"]
    verdict = (
        f"{1 - ours / base:.0%} lower" if ours < base else f"{ours / base - 1:.0%} HIGHER" if base else "not lower"
    )
    print(f"In this one test the mean absolute error is {verdict} than that of {baseline}.")
    if not ours < base:
        print(f"Prefer {baseline}, or try another --cell, --lookback or more data.")
    print()
    return *forecasts.values(), truth, model.best_iter_


def _fit(arguments, series, label, **training):
    """Return a fitted forecaster, whose progress is shown; an interrupt ends the program."""
    from .forecaster import RNNForecaster

    model = RNNForecaster(
        arguments.horizon,
        lookback=arguments.lookback or "auto",
        cell=arguments.cell,
        freq=arguments.freq,
        missing=arguments.missing,
        random_state=arguments.seed,
        verbose=1,
        **training,
    )
    try:
        model.fit(series)
    except ValueError as error:
        raise ValueError(f"{label} ({len(series)} of the points): {error}") from None
    if model.stop_reason_ == "interrupted":
        raise KeyboardInterrupt
    return model


def _check_targets(arguments):
    """Raise if what is to be written cannot be, or would replace what was read."""
    from .plotting import picture_formats

    named = {"--output": arguments.output} | ({"--plot": arguments.plot} if arguments.plot is not None else {})
    if arguments.plot is not None and Path(arguments.plot).suffix[1:].lower() not in picture_formats():
        raise ValueError(
            f"--plot {arguments.plot} must end in one of {', '.join('.' + name for name in picture_formats())}."
        )
    for option, path in named.items():
        path = Path(path)
        if path.exists() and not path.is_file():
            raise ValueError(f"{option} {path} is not a file that can be written; name another.")
        if path.resolve() in (
            Path(arguments.source).resolve(),
            *(Path(p).resolve() for o, p in named.items() if o != option),
        ):
            raise ValueError(
                f"{option} {path} would overwrite {arguments.source} or the other output; name another file."
            )
        try:
            _partial(path).touch()
            _partial(path).unlink()
        except OSError as error:
            raise ValueError(
                f"{option} {path} cannot be written: {error.strerror}; name a file in a folder that exists "
                "and is writable."
            ) from None


def _partial(path):
    """Return where a file stands until all of it is written."""
    return Path(path).with_name(f".{Path(path).name}.part")


def _write_csv(forecast, path):
    """Write a Series as CSV; either all of the file is written or none."""
    forecast = forecast.rename(forecast.name if forecast.name is not None else "forecast")
    index_label = forecast.index.name if forecast.index.name is not None else "step"
    partial = _partial(path)
    try:
        forecast.to_csv(partial, index_label=index_label, float_format="%.8g")
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)


if __name__ == "__main__":
    sys.exit(main())
