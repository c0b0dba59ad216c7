"""The options of the commands: their names, which are those of the constructors, and what each is said to mean."""

import argparse
import sys
from difflib import get_close_matches

DESCRIPTION = "Forecast time series with a recurrent network, and say how good the forecasts are."
EXAMPLES = """examples:
  tsrnn datasets                        bundled sets, to try this on
  tsrnn forecast elnino --horizon 12    writes forecast.csv, the next 12 months
  tsrnn backtest elnino --horizon 12    how far off such forecasts would have been
  tsrnn forecast sales.csv --time-col week --target units --horizon 8

"tsrnn forecast --help" and "tsrnn backtest --help" explain everything.
"""
EXIT_CODES = """exit codes:
  0    done
  1    the data or a file cannot be used; one line says why, and nothing is written
  2    wrong usage
  70   a fault of tsrnn itself
  130  interrupted (Ctrl-C)
"""
DATA = """what SOURCE may hold: a header line, then a row for each time stamp
  week,units                one series:        --time-col week
  week,north,south          one a column:      --time-col week
  shop,week,units           below each other:  --id-col shop --time-col week
                                               --target units
  day,units,price,visitors  with covariates:   --time-col day --target units
                                               {known}
                                               --past-covariates visitors
Columns named ds (time), unique_id (series) and y (target) need no option.
Columns that no option names are left out, and listed.

Covariates are columns that may help to forecast another one. {ahead}
Those of the past alone: --past-covariates. Those that are the same in all rows
of a series: --static-covariates. What the date says: --calendar.
"""
DATA_OF_FORECAST = DATA.format(
    known="--future next.csv",
    ahead="Those known ahead\nstand in a second file with the rows to come, --future; here day,price.",
)
DATA_OF_BACKTEST = DATA.format(known="--covariates price", ahead="Those known ahead,\nlike prices: --covariates.")
FORECASTING = """Forecast the next steps of one series, or of many by one network.

First a test: the last HORIZON steps are held out of training, forecast, and
scored beside the seasonal naive forecast, which repeats the last season. Then a
network is fitted to everything in the same way, and its forecast is written.
"""
BACKTESTING = """Make forecasts at many points of the past, each from what was known there, and
score them beside the seasonal naive forecast, which repeats the last season.

Such a point, the last step known, is an origin. At each the network is trained
anew, unless --refit says otherwise, and forecasts the HORIZON steps that follow.
"""
FORECAST = """examples:
  tsrnn forecast co2 --horizon 104 --missing interpolate --plot co2.png
  tsrnn forecast us_employment --horizon 12 --out next_year.parquet
  tsrnn forecast seattle_weather --target temp_max --past-covariates wind \\
      --calendar all --horizon 7
"""
BACKTEST = """examples:
  tsrnn backtest elnino --horizon 12
  tsrnn backtest elnino --horizon 12 --n-origins 60 --refit no --out tests.csv
  tsrnn backtest us_employment --horizon 12 --step 6 --refit 5 --plot errors.png
"""
SCORES = ("MAE", "RMSE", "MAPE", "sMAPE", "WAPE", "MASE", "RMSSE", "bias", "R2", "DA")
TRANSFORMS = (
    "log1p", "signed_log1p", "boxcox", "yeojohnson", "difference", "seasonal_difference", "deseasonalise", "stl",
    "mstl",
)  # fmt: skip
LOSSES = (
    "absolute_error", "squared_error", "huber", "quantile", "normal", "student_t", "poisson", "negative_binomial",
)  # fmt: skip
SHOWN = ["MAE", "RMSE", "sMAPE", "MASE"]  # if nobody asks for others
# Those that the forecaster takes as they stand; its own defaults hold for what is not given.
OF_NETWORK = (
    "cell", "hidden_layer_sizes", "lookback", "n_members", "max_iter", "max_time", "learning_rate",
    "windows_per_epoch", "random_state", "calendar", "missing", "freq", "strategy", "target_transform", "scaler",
    "window_norm", "bounds", "state", "loss", "quantile", "validation_fraction",
)  # fmt: skip


class Parser(argparse.ArgumentParser):
    """A parser whose errors are one line, and that of a command names the help of that command."""

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, allow_abbrev=False, **options)

    def parse_known_args(self, args=None, namespace=None):
        """Refuse what this parser does not know, which else the parser above it would."""
        known, unknown = super().parse_known_args(args, namespace)
        if unknown:
            names = [name for action in self._actions for name in action.option_strings]
            close = get_close_matches(unknown[0].partition("=")[0], names, 1)
            hint = f"; did you mean {close[0]}?" if close else ""
            if unknown[0].partition("=")[0] == "--future":
                hint = "; a backtest knows all rows: name their columns known ahead with --covariates"
            self.error(f"unrecognized arguments: {' '.join(unknown)}{hint}")
        if getattr(known, "quantile", None) is not None and known.loss != "quantile":
            self.error("--quantile is for --loss quantile; add that, or leave it out")
        return known, unknown

    def error(self, message):
        """Say what is wrong in one line, and end with exit code 2."""
        if "SOURCE" in message:
            message += "; SOURCE comes first, before the options"
        self.exit(2, f"{self.prog}: error: {message} (see: {self.prog} --help)\n")


def make_parser(version, forecast, backtest, datasets):
    """Return the parser; what it reads has the function of its command, one of those given, as `run`."""
    parser = Parser(
        "tsrnn", description=DESCRIPTION, epilog=f"{EXAMPLES}\n{EXIT_CODES}", formatter_class=_formatter
    )  # fmt: skip
    parser.add_argument("--version", action="version", version=f"tsrnn {version}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND", parser_class=Parser)
    _add_forecast(commands, forecast)
    _add_backtest(commands, backtest)
    _add_datasets(commands, datasets)
    return parser


def _formatter(prog):
    return argparse.RawDescriptionHelpFormatter(prog, max_help_position=32)


def _add_forecast(commands, run):
    parser = commands.add_parser(
        "forecast",
        help="forecast a bundled set or a file",
        usage="tsrnn forecast SOURCE --horizon N [options]",
        description=FORECASTING,
        epilog=f"{DATA_OF_FORECAST}\n{FORECAST}\n{EXIT_CODES}",
        formatter_class=_formatter,
    )
    parser.set_defaults(run=run)
    _add_source(parser)
    parser.add_argument("--horizon", type=_count, required=True, metavar="N", help="how many steps to forecast")
    _add_data(parser, future=True)
    _add_network(parser)
    output = parser.add_argument_group("output")
    _add_level(
        output, "of units the columns units-lo-80 and units-hi-80, a shade in the picture, and how many of the test "
        "they hold",
    )  # fmt: skip
    output.add_argument(
        "--out", "--output", default="forecast.csv", metavar="FILE",
        help="where the forecast goes, in the form of the data: .csv or .parquet (default: forecast.csv)",
    )  # fmt: skip
    output.add_argument(
        "--plot", metavar="FILE",
        help="also draw it, and of one series the test beside it: .png, .pdf, .svg, ...; of many series twelve are "
        "drawn, without their tests",
    )  # fmt: skip
    output.add_argument("--n-jobs", type=_threads, metavar="N", help="threads; -1 is all cores (default: all cores)")


def _add_backtest(commands, run):
    parser = commands.add_parser(
        "backtest",
        help="score forecasts made at many points of the past",
        usage="tsrnn backtest SOURCE --horizon N [options]",
        description=BACKTESTING,
        epilog=f"{DATA_OF_BACKTEST}\n{BACKTEST}\n{EXIT_CODES}",
        formatter_class=_formatter,
    )
    parser.set_defaults(run=run)
    _add_source(parser)
    parser.add_argument("--horizon", type=_count, required=True, metavar="N", help="steps to forecast at each origin")
    origins = parser.add_argument_group("origins")
    origins.add_argument("--step", type=_count, default=1, metavar="N", help="steps between origins (default: 1)")
    origins.add_argument(
        "--n-origins", type=_count, metavar="N",
        help="how many origins: the last N, or with --initial the first (default: the last 10)",
    )  # fmt: skip
    origins.add_argument(
        "--initial", type=_steps_or_share, metavar="N",
        help="steps known at the first origin; 0.8 is 80%% of all steps. Origins then go on to the end",
    )  # fmt: skip
    origins.add_argument(
        "--window", choices=("expanding", "rolling"), default="expanding",
        help="train on all that lies before an origin, or on the last --window-size steps (default: expanding)",
    )  # fmt: skip
    origins.add_argument(
        "--window-size", type=_count, metavar="N",
        help="steps of a rolling window (default: as many as are known at the first origin)",
    )  # fmt: skip
    origins.add_argument(
        "--refit", type=_refit, default=True, metavar="yes|no|warm|N",
        help="train anew at every origin (yes), at the first alone (no, fast: later ones only read what has come "
        "since), at every N-th; or train on at each (warm) (default: yes)",
    )  # fmt: skip
    _add_data(parser, future=False)
    _add_network(parser)
    output = parser.add_argument_group("output")
    output.add_argument(
        "--scores", nargs="+", type=_score, default=SHOWN, metavar="SCORE",
        help=f"which scores: {', '.join(SCORES)} or all (default: MAE RMSE sMAPE MASE)",
    )  # fmt: skip
    output.add_argument(
        "--by", choices=("step", "origin", "series"), default="step", help="what a row of the table is (default: step)"
    )  # fmt: skip
    _add_level(output, "how many they have held, and in the file the columns forecast-lo-80 and forecast-hi-80")
    output.add_argument(
        "--out", "--output", metavar="FILE",
        help="write all forecasts, a row each with origin, step, forecast and truth: .csv or .parquet",
    )  # fmt: skip
    output.add_argument("--plot", metavar="FILE", help="draw the error by step ahead: .png, .pdf, .svg, ...")
    output.add_argument(
        "--n-jobs", type=_threads, metavar="N",
        help="origins to train at once, each on one core; -1 is all cores (default: one, on all cores)",
    )  # fmt: skip


def _add_datasets(commands, run):
    parser = commands.add_parser(
        "datasets",
        help="list the bundled sets, or write one to a file",
        description="List the bundled sets. Their names stand for files in the other commands.",
        epilog="examples:\n  tsrnn datasets\n  tsrnn datasets nile --out nile.csv\n",
        formatter_class=_formatter,
    )
    parser.set_defaults(run=run)
    parser.add_argument("name", nargs="?", metavar="NAME", help="a set, whose first rows are shown")
    parser.add_argument("--out", "--output", metavar="FILE", help="write the set NAME there: .csv or .parquet")


def _add_level(output, what):
    output.add_argument(
        "--level", nargs="+", action=_Levels, metavar="PERCENT",
        help=f"also give intervals that hold so many percent of what comes, such as 80 95: {what}",
    )  # fmt: skip


def _add_source(parser):
    parser.add_argument(
        "source", metavar="SOURCE",
        help='a file, .csv or .parquet, or the name of a bundled set (see "tsrnn datasets")',
    )  # fmt: skip


def _add_data(parser, future):
    data = parser.add_argument_group("data")
    data.add_argument(
        "--time-col", "--time", metavar="COLUMN", help="time stamps: dates, or whole numbers (default: ds)"
    )  # fmt: skip
    data.add_argument(
        "--target", nargs="+", metavar="COLUMN",
        help="what to forecast (default: y; else every column of numbers, each a series of its own). Several targets "
        "are forecast together, as one series",
    )  # fmt: skip
    data.add_argument(
        "--id-col", metavar="COLUMN",
        help="says of each row which series it belongs to, where they stand below each other (default: unique_id)",
    )  # fmt: skip
    data.add_argument(
        "--freq", metavar="STEP",
        help="from one stamp to the next: h, 15min, D, W-SAT, MS, ... (default: read off them)",
    )  # fmt: skip
    data.add_argument(
        "--missing", choices=("raise", "mask", "interpolate"), default="raise",
        help="empty values and absent stamps: an error, hidden from the network, or filled by a straight line between "
        "their neighbours (default: raise, the error)",
    )  # fmt: skip
    data.add_argument("--time-format", metavar="FORMAT", help="CSV: how dates are written, such as %%d/%%m/%%Y")
    data.add_argument(
        "--sep", type=_separator, default=",", metavar="CHAR",
        help="CSV: what stands between columns, one character or tab (default: ,)",
    )  # fmt: skip
    data.add_argument("--decimal", type=_mark, default=".", metavar="CHAR", help="CSV: the decimal mark (default: .)")
    data.add_argument("--thousands", type=_mark, metavar="CHAR", help="CSV: the mark in 1,234,567 (default: none)")
    data.add_argument("--encoding", default="utf-8", metavar="NAME", help="CSV: encoding (default: utf-8)")
    covariates = parser.add_argument_group("covariates")
    if future:
        covariates.add_argument(
            "--future", metavar="FILE",
            help="the rows to come, with the columns that are known ahead: prices, promotions, ...",
        )  # fmt: skip
    covariates.add_argument(
        "--covariates", nargs="+", metavar="COLUMN",
        help="columns that are known ahead" + " (default: those of the file --future)" * future,
    )  # fmt: skip
    covariates.add_argument(
        "--past-covariates", nargs="+", metavar="COLUMN", help="columns that are known only of the past"
    )  # fmt: skip
    covariates.add_argument(
        "--static-covariates", nargs="+", metavar="COLUMN", help="columns that never change within a series"
    )  # fmt: skip
    covariates.add_argument(
        "--categorical-features", nargs="+", metavar="COLUMN",
        help="covariates whose numbers are mere names, such as 1 to 4 for four regions; those of text always are names",
    )  # fmt: skip
    covariates.add_argument(
        "--calendar", nargs="+", action=_Names, alone=("all", "none"), metavar="FEATURE",
        help="all that fit the clock; none; or some of minute, hour, weekday, day_of_month, day_of_year, month, "
        'holidays:DE, holidays:US-CA; holidays need an extra package: python -m pip install ".[holidays]" (default: '
        "none; with a --loss of distributions what tells their seasons)",
    )  # fmt: skip

    series = parser.add_argument_group("scale of the series, given back to forecasts")
    series.add_argument(
        "--target-transform", nargs="+", action=_Names, alone=("none",), choices=("none", *TRANSFORMS), metavar="NAME",
        help=f"none, or one after the other, before the scaler: {', '.join(TRANSFORMS)} (default: deseasonalise if the "
        "clock has a season; for some of the networks signed_log1p before it if no value is negative; none of counts); "
        'stl and mstl need an extra package: python -m pip install ".[statsmodels]"',
    )  # fmt: skip
    series.add_argument(
        "--scaler", choices=("standard", "minmax", "robust", "mean", "pooled", "none"),
        help="of each series (default: standard; for some networks that learn from logarithms pooled; none of counts)",
    )  # fmt: skip
    series.add_argument(
        "--window-norm", choices=("last", "mean", "standard", "scale", "none"),
        help="what is taken from each window that the network sees: its last value, its mean, its mean and deviation, "
        "or its size (default: last or mean, beside logarithms standard, whichever forecasts a part held out better; "
        "scale of counts)",
    )  # fmt: skip
    series.add_argument(
        "--bounds", nargs=2, type=_bound, metavar=("LOW", "HIGH"),
        help="keep forecasts within, such as 0 none for what cannot be negative",
    )  # fmt: skip


def _add_network(parser):
    network = parser.add_argument_group("network")
    network.add_argument(
        "--strategy", choices=("direct", "recursive"),
        help="forecast all steps at once, or one from which the next is forecast (default: direct)",
    )  # fmt: skip
    network.add_argument(
        "--state", choices=("window", "carried"),
        help="forecast from the last --lookback steps, or carry the state over all of a series (default: window)",
    )  # fmt: skip
    network.add_argument("--cell", choices=("lstm", "gru", "rnn"), help="its kind (default: lstm)")
    network.add_argument(
        "--hidden-layer-sizes", nargs="+", type=_count, metavar="N",
        help="units of each layer (default: one layer of 32, or of 64 for much data)",
    )  # fmt: skip
    network.add_argument(
        "--lookback", type=_count, metavar="N",
        help="steps it sees (default: 1.25 times HORIZON or the season, whichever is longer; two weeks where there are "
        "days and weeks, and series are twice as long)",
    )  # fmt: skip
    network.add_argument(
        "--loss", choices=LOSSES, metavar="NAME",
        help="what it learns: one number by absolute_error, squared_error, huber; what --quantile says by quantile; "
        "distributions, which give intervals of their own, by normal, student_t, or of counts poisson, "
        "negative_binomial (default: absolute_error)",
    )  # fmt: skip
    network.add_argument(
        "--quantile", nargs="+", action=_Quantiles, metavar="Q",
        help="for --loss quantile: between 0 and 1; one is the forecast, of several it is the median. Each also has "
        "a column of its own, units-q-0.9, set right by earlier errors (default: 0.1 0.5 0.9)",
    )  # fmt: skip
    network.add_argument(
        "--n-members", type=_count, metavar="N",
        help="networks whose forecasts are combined (default: 3 of each kind, of values and of logarithms; 1 of each "
        "for much data)",
    )  # fmt: skip
    network.add_argument(
        "--learning-rate", type=_positive, metavar="X", help="size of the steps of training (default: 0.003)"
    )  # fmt: skip
    network.add_argument(
        "--max-iter", type=_count, metavar="N",
        help="epochs (passes over the data) at most (default: 5 to 100, for about 5,000 updates of the weights; "
        "fewer for much data)",
    )  # fmt: skip
    network.add_argument(
        "--validation-fraction", type=_share, metavar="SHARE",
        help="of the rows of each series, the latest, that are held out to watch a fit (default: 0.1)",
    )  # fmt: skip
    network.add_argument("--max-time", type=_positive, metavar="SECONDS", help="of each fit (default: no limit)")
    network.add_argument(
        "--windows-per-epoch", type=_count, metavar="N",
        help="most windows of an epoch (default: all, or some thousands of much data)",
    )  # fmt: skip
    network.add_argument(
        "--random-state", "--seed", type=_seed, default=0, metavar="N", help="same number, same forecast (default: 0)"
    )  # fmt: skip


# What an option accepts; argparse says the rest of the sentence.


class _Names(argparse.Action):
    """Takes names, of which some, `alone`, go with no other."""

    def __init__(self, *arguments, alone, **options):
        super().__init__(*arguments, **options)
        self.alone = alone

    def __call__(self, parser, namespace, values, option_string=None):
        alone = next((value for value in values if value in self.alone), None)
        if alone is not None and len(values) > 1:
            others = " ".join(value for value in values if value not in self.alone)
            parser.error(f"{option_string} {alone} stands alone; give it, or {others}")
        setattr(namespace, self.dest, values)


class _Numbers(argparse.Action):
    """Takes numbers, or refuses them in the words of the library, by the method `check`."""

    def __call__(self, parser, namespace, values, option_string=None):
        try:
            numbers = [_number(text, self.example) for text in values]
            self.check(numbers)
        except (TypeError, ValueError, argparse.ArgumentTypeError) as error:
            raise argparse.ArgumentError(self, str(error).removesuffix(".")) from None
        setattr(namespace, self.dest, numbers)


class _Levels(_Numbers):
    example = "80 95"

    def check(self, levels):
        from ..spread import read_levels

        read_levels(levels)


class _Quantiles(_Numbers):
    example = "0.1 0.9"

    def check(self, levels):
        from ..losses import quantile_levels
        from ..spread import read_probabilities

        read_probabilities(quantile_levels(levels), "quantile")


def _number(text, example):
    try:
        number = float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"must be numbers, such as {example}; got {text!r}") from None
    return int(number) if number.is_integer() else number


def _whole(text, what, least):
    try:
        number = int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"must be {what}, got {text!r}") from None
    if number < least:
        raise argparse.ArgumentTypeError(f"must be at least {least}, got {number}")
    return number


def _mark(text):
    if len(text) != 1:
        raise argparse.ArgumentTypeError(f"must be one character, got {text!r}")
    return text


def _separator(text):
    if text in ("tab", "\\t"):
        return "\t"
    if len(text) != 1 or text in '"\r\n':
        raise argparse.ArgumentTypeError(f"must be one character, or tab; got {text!r}")
    return text


def _count(text):
    return _whole(text, "a whole number", 1)


def _seed(text):
    number = _whole(text, "a whole number", 0)
    if number >= 2**32:
        raise argparse.ArgumentTypeError(f"must be less than 2^32, got {number}")
    return number


def _threads(text):
    number = _whole(text, "a whole number", -sys.maxsize)
    if number == 0:
        raise argparse.ArgumentTypeError("must not be 0; -1 is all cores")
    return number


def _positive(text):
    try:
        number = float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"must be a number, got {text!r}") from None
    if not 0 < number < float("inf"):
        raise argparse.ArgumentTypeError(f"must be more than 0, got {text}")
    return number


def _share(text):
    share = _positive(text)
    if share >= 1:
        raise argparse.ArgumentTypeError(f"must be a share below 1, such as 0.2; got {text}")
    return share


def _bound(text):
    if text.lower() == "none":
        return None
    try:
        return float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"must be numbers, or none; got {text!r}") from None


def _steps_or_share(text):
    if "." not in text:
        return _whole(text, "a whole number of steps, or a share such as 0.8", 1)
    share = _positive(text)
    if share >= 1:
        raise argparse.ArgumentTypeError(f"must be a whole number of steps, or a share such as 0.8, got {text}")
    return share


def _refit(text):
    named = {"yes": True, "true": True, "no": False, "false": False, "warm": "warm"}
    return named[text.lower()] if text.lower() in named else _whole(text, "yes, no, warm or a whole number", 1)


def _score(text):
    known = {name.lower(): name for name in (*SCORES, "all")}
    if text.lower() not in known:
        raise argparse.ArgumentTypeError(f"there is no score {text!r}; choose of {', '.join(SCORES)} or all")
    return known[text.lower()]
