"""A step of `stream()`: how long an observation and a forecast take, by state, network and length of the past.

Beside them stands what the forecaster itself takes for the same: for a forecast, and for `update` and a forecast.
"""

import argparse
import time
from pathlib import Path

import machine
import records
from markdown import microseconds, section
from one_network import make_forecaster

RESULTS = records.FOLDER / "STREAMS.md"
GOAL = 50e-6  # of an observation, with state="carried" and 64 hidden units
HORIZON, LOOKBACK = 12, 24
CASES = [(state, cell, n_hidden, n_steps) for state in ("window", "carried") for cell, n_hidden, n_steps in (
    ("lstm", 64, 1_000), ("lstm", 64, 100_000), ("gru", 64, 1_000), ("lstm", 128, 1_000),
)]  # fmt: skip
COLUMNS = ["state", "cell", "units", "past", "observation", "numbers", "Series", "forecaster: forecast", "and update"]
TEXT = (
    f"Microseconds; `RNNForecaster({HORIZON}, lookback={LOOKBACK}, n_jobs=1)`, one network, of hourly values. "
    "Observation: `stream.update(value)`, whose goal is 50 with a carried state. Numbers: `stream.predict()`; Series: "
    "`stream.forecast()`. Forecaster: its `forecast()`, and `update` with one row before it."
)


def main():
    """Measure all cases; write lines, and with `--table` the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--chunk", type=float, default=0.2, help="seconds of a round")
    parser.add_argument("--out", type=Path, default=records.LINES)
    parser.add_argument("--table", action="store_true", help=f"write {RESULTS.name}")
    arguments = parser.parse_args()
    described = machine.describe()
    where = f"{described['cpu']}, {described['usable_cores']} of {described['cores']} cores; the fastest of "
    where += f"{arguments.rounds} rounds."
    rows = [measure(*case, arguments) for case in CASES]
    if arguments.table:
        RESULTS.write_text("\n\n".join([section("# Streams", f"{TEXT} {where}", COLUMNS, rows)]) + "\n")


def measure(state, cell, n_hidden, n_steps, arguments):
    """Measure one case; return the row of the table."""
    import numpy as np
    import pandas as pd

    hours = pd.date_range("2000-01-01", periods=n_steps + 1, freq="h")
    series = pd.Series(10 + np.sin(np.arange(n_steps + 1) / 4), hours)
    model = make_forecaster(
        HORIZON, lookback=LOOKBACK, state=state, cell=cell, hidden_layer_sizes=n_hidden, max_iter=1,
        early_stopping=False, n_jobs=1, window_norm="last" if state == "window" else None,
    ).fit(series[:1000])  # fmt: skip
    if n_steps > 1000:
        model.update(series[1000:n_steps])
    stream, one_more, before = model.stream(), series[n_steps:], model.panel_

    def update_and_forecast():
        model.panel_ = before
        model.update(one_more).forecast()

    tasks = {
        "observation": lambda: stream.update(10.0),
        "numbers": stream.predict,
        "Series": stream.forecast,
        "forecast": model.forecast,
        "update": update_and_forecast,
    }
    case = {"state": state, "cell": cell, "n_hidden": n_hidden, "n_steps": n_steps}
    seconds = {name: fastest(task, arguments) for name, task in tasks.items()}
    records.write(arguments.out, "streams", case=case, **seconds)
    lines = [{"seconds": one} for one in seconds.values()]
    records.note(f"{case}: {', '.join(f'{name} {1e6 * one:.0f}' for name, one in seconds.items())} us")
    verdict = "" if state == "window" else " (reached)" if seconds["observation"] < GOAL else " (not reached)"
    first, *others = map(microseconds, lines)
    return [state, cell, n_hidden, f"{n_steps:,}", first + verdict, *others]


def fastest(task, arguments):
    """Return the seconds of one call in the fastest round."""
    task()
    started = time.perf_counter()
    task()
    n = max(1, int(arguments.chunk / max(time.perf_counter() - started, 1e-7)))
    rounds = []
    for _ in range(arguments.rounds):
        started = time.perf_counter()
        for _ in range(n):
            task()
        rounds.append((time.perf_counter() - started) / n)
    return min(rounds)


if __name__ == "__main__":
    main()
