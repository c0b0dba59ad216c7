"""The sections of the table on prediction, starting, a whole job, and what comes on top of the kernels."""

import parity
import workload
from markdown import microseconds, milliseconds, ratio, section, spread, star, times
from records import best, latest, latest_series
from verdicts import (
    COLD_GOAL,
    FAIR_SHARES,
    IMPORT_GOAL,
    JOB_GOAL,
    OVERHEAD_GOAL,
    PREDICTION_GOAL,
    STREAMING_GOAL,
    WARM_GOAL,
)


def inference(lines, ledger):
    """Prediction of many windows, of one, and of one step of a stream."""
    rows = []
    for case, series in latest_series(lines, "inference"):
        # A goal is the user's: where there is a public way, it is the one that counts.
        ours = series.get("tsrnn:predict") or best(series, "tsrnn")
        torch, row = best(series, "torch"), f"{case['task']} {case['cell']}, {case['dtype']}"
        if case["task"] == "streaming":
            goal, seconds = f"{1e6 * STREAMING_GOAL:g} us", ours and ours["seconds"]
            reached = ledger.at_most("streaming", row, seconds, STREAMING_GOAL, ours)
            ways = ["", microseconds(ours)]
        else:
            goal, faster = f"{PREDICTION_GOAL:g}x PyTorch", ours and torch and torch["seconds"] / ours["seconds"]
            reached = ledger.at_least("prediction", row, faster, PREDICTION_GOAL, ours, torch)
            ways = [microseconds(series.get(f"tsrnn:{way}")) for way in ("predict", "kernels")]
        others = [times(best(series, peer), ours) for peer in ("torch", "jax", "keras")]
        found = parity.differences("inference", case, series)
        alike = all(parity.agree(*one) for one in found.values())
        same = ledger.judge("all predict the same", row, alike, {} if len(found) > 1 else None)
        rounds = spread(ours, torch) if ours else ""
        rows.append([case["task"], case["cell"], case["dtype"], *ways, goal, reached, *others, same, rounds])
    columns = [
        "task", "cell", "dtype", "`predict` us", "below it us", "goal", "reached", "PyTorch", "JAX", "Keras",
        "the same", "rounds: spread of tsrnn / PyTorch",
    ]  # fmt: skip
    explanation = (
        f"{workload.N_INFERENCE:,} windows (48 steps, 8 features, 64 hidden units) at once; one window; one step of a "
        "stream with the state carried. The others, each in its fastest way: times as long as tsrnn."
    )
    return section("## Inference", explanation, columns, rows)


def start(lines, ledger):
    """Imports and the first training step, from fresh processes."""
    rows = []
    for case, series in _by_label(lines, "start"):
        if case["task"] == "forecast":
            continue
        what = " ".join(case.get(name, "") for name in ("cell", "dtype")).strip() or case["task"]
        for label, one in series.items():
            if "error" in one:
                if label.startswith(("tsrnn", "import tsrnn after")):
                    ledger.judge("import" if label.startswith("import") else f"start: {label}", what, False)
                rows.append([what, label, one["error"], "", "", "", ""])
                continue
            figure, goal, reached = f"{one['wall']:.2f} s in all", "", ""
            if label == "import tsrnn after its dependencies":
                figure, goal = f"adds {one['tsrnn_s']:.3f} s to {one['dependencies_s']:.2f} s", f"{IMPORT_GOAL:g} s"
                reached = ledger.at_most("import", label, one["tsrnn_s"], IMPORT_GOAL, one)
            elif case["task"] == "compile":
                value = one["first_s"] - one["second_s"]
                figure = f"first step {value:.2f} s above the second"
                limit = {"tsrnn, cold": COLD_GOAL, "tsrnn, warm": WARM_GOAL}.get(label)
                if limit:
                    goal = f"{limit:g} s"
                    reached = ledger.at_most(f"start: {label}", what, value, limit, one)
            rows.append([what, label + star(one), figure, goal, reached, f"{one['rss_mb']:.0f} MB", one["runs"]])
    explanation = "Medians of fresh processes. Cold is with Numba's cache empty, warm with it filled."
    columns = ["", "process", "time", "goal", "reached", "peak memory", "runs"]
    return section("## Cold and warm start", explanation, columns, rows)


def whole_job(lines, ledger):
    """From nothing to a forecast."""
    rows = []
    for case, series in _by_label(lines, "start"):
        if case["task"] != "forecast":
            continue
        warm = series.get("tsrnn, warm", {})
        for label, one in series.items():
            if "error" in one:
                if label == "tsrnn, warm":
                    ledger.judge("whole job", "wall clock and memory against PyTorch", False)
                rows.append([label, one["error"], *[""] * 7])
                continue
            slower, verdict = None, ""
            if "error" not in warm and warm:
                slower = one["wall"] / warm["wall"]
            if label == "torch" and slower:
                leaner = warm["rss_mb"] < one["rss_mb"]
                verdict = ledger.at_least("whole job", "wall clock against PyTorch", slower, JOB_GOAL, warm, one)
                verdict += ", " + ledger.judge("whole job", "memory against PyTorch", leaner, warm, one)
            parts = [f"{one[part]:.2f}" for part in ("import_s", "fit_s", "predict_s")]
            memory, error = f"{one['rss_mb']:.0f} MB", f"{one['mae']:.3f}"
            rows.append([label + star(one), f"{one['wall']:.2f}", *parts, memory, error, ratio(slower), verdict])
    explanation = (
        "A fresh process: import, 20,000 hourly points, windows of 48 steps to 24, an LSTM of 64, five epochs, a "
        f"forecast. The goal is {JOB_GOAL:g}x PyTorch's plain loop by wall clock with a warm cache, and less memory."
    )
    columns = [
        "process", "wall s", "import s", "fit s", "predict s", "peak memory", "error of the forecast",
        "times as long as tsrnn, warm", "goals reached",
    ]  # fmt: skip
    return section("## A whole job", explanation, columns, rows)


def overhead(lines, ledger):
    """What `fit` adds to the kernels."""
    rows = []
    for case, series in latest_series(lines, "epochs"):
        fit, below, torch = (series.get(name) for name in ("tsrnn:fit", "tsrnn:kernels", "torch"))
        value = fit["seconds"] / below["seconds"] if fit and below else None
        reached = ledger.at_most("overhead of fit", case["cell"], value, OVERHEAD_GOAL, fit, below)
        what = f"{case['n_epochs']} epochs of {case['n_windows']} windows, {case['cell']}"
        row = [milliseconds(fit), milliseconds(below), ratio(value), f"{OVERHEAD_GOAL:g}x", reached]
        rows.append([what, *row, times(torch, fit)])
    columns = ["", "`fit` ms", "kernels ms", "`fit` / kernels", "goal", "reached", "PyTorch / `fit`"]
    explanation = "A small set and many epochs: `fit` against the same updates in one call of the kernels."
    return section("## Overhead", explanation, columns, rows)


def memory(lines, ledger):
    """What `fit` adds to the peak of a process."""
    rows = []
    for case, (one, *_) in latest(lines, "memory"):
        row = [f"{case['n_windows']:,}", f"{case['n_batch']:,}"]
        if "error" in one:
            ledger.judge("memory of fit", f"{row[0]} windows by {row[1]}", False)
            rows.append([*row, one["error"], "", "", ""])
            continue
        limit = one["series_mb"] + 1.0
        reached = ledger.judge("memory of fit", f"{row[0]} windows by {row[1]}", one["added_mb"] <= limit, {})
        sizes = [f"{one[key]:.1f} MB" for key in ("added_mb", "series_mb", "copy_mb")]
        rows.append([*row, *sizes, f"{limit:.1f} MB", reached])
    columns = ["windows", "minibatch", "`fit` adds", "the series", "copied windows would be", "goal", "reached"]
    explanation = (
        "What `fit` of strided windows (48 steps, 8 features) adds to the peak of a process in which it has run before "
        "on 64 windows. It may copy the series, and add 1 MB for what has one number per window; neither the windows "
        "nor the minibatch may show."
    )
    return section("## Memory during `fit`", explanation, columns, rows)


def busy(lines, ledger):
    """Training on a machine that is shared."""
    names = {
        "spinning": "a process that spins",
        "pinned": "one that spins, bound to a core",
        "same": "training like it",
    }
    rows = []
    for case, many in latest(lines, "busy"):
        found = {(one["peer"], one["company"]): one for one in many}
        for peer in dict.fromkeys(one["peer"] for one in many):
            for company, share in FAIR_SHARES.items():
                one, alone = found.get((peer, company)), found.get((peer, "alone"))
                if not (one and alone):
                    if peer == "tsrnn":
                        ledger.judge("beside a busy process", names[company], False, None)
                    continue
                value, what = one["seconds"] / alone["seconds"], f"{peer}, {case['cell']}"
                reached = ""
                if peer == "tsrnn":
                    reached = ledger.at_most("beside a busy process", names[company], value, share, one, alone)
                row = [milliseconds(alone), milliseconds(one), ratio(value), f"{share:g}x", reached, spread(one)]
                rows.append([what, names[company], *row])
    columns = [
        "training",
        "beside",
        "alone ms",
        "in company ms",
        "times as long",
        "fair share",
        "reached",
        "rounds: spread",
    ]
    explanation = (
        "All on the same cores. With two threads on two cores, one more that is busy leaves two thirds, two leave half."
    )
    return section("## Beside a busy process", explanation, columns, rows)


def _by_label(lines, benchmark):
    return [(case, {line["label"]: line for line in found}) for case, found in latest(lines, benchmark)]
