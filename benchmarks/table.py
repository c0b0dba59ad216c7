"""Write RESULTS.md from the lines that the benchmarks have left: machine, versions, date, and each row beside its goal.

Of every row the latest run that has it is taken; all numbers of a row, and so all ratios, are from that one run.
"""

import argparse
import json
import statistics
from pathlib import Path

import workload

FOLDER = Path(__file__).resolve().parent
ALMOST = 0.9  # a goal counts as reached within 10 %
MANY_HIDDEN, SHARE_OF_PEAK = 128, 0.60  # at least this share of the peak, from that many hidden units on


def main():
    """Read the results and write the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("results", nargs="*", type=Path, default=[FOLDER / "results" / "results.jsonl"])
    parser.add_argument("--out", type=Path, default=FOLDER / "RESULTS.md")
    arguments = parser.parse_args()
    lines = [json.loads(line) for file in arguments.results for line in file.read_text().splitlines()]
    parts = [
        _head(lines), _training(lines, "float32"), _training(lines, "float64"), _odd(lines), _kernels(lines),
        _inference(lines), _start(lines), _overhead(lines), _parity(lines),
    ]  # fmt: skip
    arguments.out.write_text("\n\n".join(part for part in parts if part) + "\n")


# ---------------------------------------------------------------- parts


def _head(lines):
    machines = {}
    for line in lines:
        if line["benchmark"] == "machine":
            key = line["cpu"], line["usable_cores"], line["threads"], line["system"]
            machines.setdefault(key, {**line, "commits": {}})["commits"][line["commit"]] = None
    versions = {line["peer"]: line["versions"] for line in lines if line["benchmark"] == "versions"}
    dates = sorted(line["date"] for line in lines)
    text = [
        "# Measured",
        "Written by `benchmarks/table.py`; how it is measured, and what is not, is in "
        "[benchmarks/README.md](README.md). Times are medians of rounds in rotation. \\* marks rows that others on the "
        "machine disturbed in every round.",
        f"From {dates[0]} to {dates[-1]}.",
    ]
    for one in machines.values():
        caches = ", ".join(f"{name} {size}" for name, size in one["caches"].items())
        text.append(
            f"- {one['cpu']}, {one['usable_cores']} of {one['cores']} cores, {one['threads']} threads; {caches}; "
            f"{one['memory_gb']} GB; {one['system']}; tsrnn at {', '.join(one['commits'])}"
        )
    peaks = {(one["threads"], one["dtype"]): one for one in lines if one["benchmark"] == "peak"}
    for (n_threads, dtype), one in peaks.items():
        text.append(
            f"- peak, {n_threads} thread(s), {dtype}: {one['gflops']:.0f} GFLOP/s at {one['clock_ghz']:.2f} GHz, "
            f"{one['flops_per_cycle_and_core']:.1f} operations per cycle and core"
        )
    for peer, found in versions.items():
        text.append(f"- {peer}: " + ", ".join(f"{name} {version}" for name, version in found.items()))
    return "\n\n".join(text[:3]) + "\n\n" + "\n".join(text[3:])


def _training(lines, dtype):
    rows = []
    for case, series in _cases(lines, "training"):
        shape = tuple(case["shape"])
        if case["dtype"] != dtype or shape not in workload.GOALS:
            continue
        ours, gflops, share = _speed(series, series["tsrnn:fit"]["flops"])
        eager = series.get("torch:eager")
        goal = workload.GOALS[shape][case["cell"]] if dtype == "float32" else 1.4
        ratio = eager["seconds"] / ours["seconds"] if eager else None
        reached = "" if ratio is None else _verdict(ratio >= ALMOST * goal, ours, eager)
        others = [_times(_best(series, peer), ours) for peer in ("torch", "jax", "keras", "keras-jax")]
        of_peak = _percent(share)
        if share is not None and shape[3] >= MANY_HIDDEN:
            of_peak += (
                f" (goal {_percent(SHARE_OF_PEAK)}: {_verdict(share >= ALMOST * SHARE_OF_PEAK, ours, series['peak'])})"
            )
        needed = "" if ratio is None or share is None else _percent(share * goal / ratio)
        rows.append([
            _shape(shape), case["cell"], _milliseconds(ours), _ratio(ratio), f"{goal:g}x", reached, needed, *others,
            f"{gflops:.0f}", of_peak,
        ])  # fmt: skip
    order = list(workload.GOALS)
    rows.sort(key=lambda row: ([_shape(shape) for shape in order].index(row[0]), workload.CELLS.index(row[1])))
    columns = [
        "B, T, F, H, layers", "cell", "tsrnn ms", "PyTorch eager / tsrnn", "goal", "reached", "goal needs, of peak",
        "best of PyTorch", "JAX",
        "Keras (TensorFlow)", "Keras (JAX)", "GFLOP/s", "of peak",
    ]  # fmt: skip
    explanation = (
        "One update: gather, forward, back-propagation through time, head, clip, Adam; tsrnn through `fit`. The "
        "columns of the others say how many times as long they take, each in its fastest way. The goals were set on "
        "another machine; beside each stands the share of this machine's multiply-add peak that it would take here."
    )
    return _section(f"## Training step, {dtype}", explanation, columns, rows)


def _odd(lines):
    rows = []
    for case, series in _cases(lines, "training"):
        shape = tuple(case["shape"])
        if shape in workload.GOALS:
            continue
        ours, gflops, share = _speed(series, series["tsrnn:fit"]["flops"])
        lanes = int((series.get("peak") or {"first": [16]})["first"][0])
        added = workload.padding(shape, lanes)
        goal = reached = ""
        if share is not None:
            goal = _percent(SHARE_OF_PEAK / added)
            reached = _verdict(share >= ALMOST * SHARE_OF_PEAK / added, ours, series["peak"])
        rows.append([
            _shape(shape), case["cell"], case["dtype"], _milliseconds(ours), f"{gflops:.0f}", _percent(share),
            f"{added:.2f}x", goal, reached, _times(_best(series, "torch"), ours),
        ])  # fmt: skip
    columns = ["B, T, F, H, layers", "cell", "dtype", "tsrnn ms", "GFLOP/s", "of peak", "padding", "goal", "reached"]
    explanation = (
        "Sizes that no kernel is cut for. Padding is how much arithmetic whole vectors of hidden units add; "
        f"the goal is {_percent(SHARE_OF_PEAK)} of the peak, less that."
    )
    return _section("## Training step at odd sizes", explanation, [*columns, "PyTorch"], rows)


def _kernels(lines):
    rows = []
    for case, series in _cases(lines, "kernels"):
        first = next(iter(series.values()))
        ours = series.get("tsrnn")
        if case["part"] in ("forward", "gradient", "step"):
            what = f"{case['cell']} {_shape(case['shape'])}"
        else:
            what = ", ".join(map(str, case.get("sizes", [case.get("size")])))
        speed = share = ""
        if ours and "flops" in first:
            _, gflops, share = _speed(series, first["flops"], "tsrnn")
            speed, share = f"{gflops:.0f} GFLOP/s", _percent(share)
        elif ours:
            speed = f"{first['elements'] / ours['seconds'] / 1e9:.2f} G/s"
        others = [_times(_best(series, peer), ours) for peer in ("numpy", "torch", "jax")]
        rows.append([case["part"], what, case["dtype"], _microseconds(ours), speed, share, *others])
    columns = ["part", "sizes", "dtype", "tsrnn us", "speed", "of peak", "NumPy", "PyTorch", "JAX"]
    explanation = (
        "Products (rows, k, columns) and activations on one thread; forward, gradient (forward and backward) and step "
        "(gradient, clip, Adam) of whole networks on all. The others: times as long as tsrnn."
    )
    return _section("## Kernels one by one", explanation, columns, rows)


def _inference(lines):
    goals = {"prediction": "3x PyTorch", "window": "3x PyTorch", "streaming": "3 us"}
    rows = []
    for case, series in _cases(lines, "inference"):
        # A goal is the user's: where there is a public way, it is the one that counts.
        ours, torch = series.get("tsrnn:predict") or _best(series, "tsrnn"), _best(series, "torch")
        ratio = torch["seconds"] / ours["seconds"] if ours and torch else None
        if case["task"] == "streaming":
            reached = "" if ours is None else _verdict(ours["seconds"] * ALMOST <= 3e-6, ours)
        else:
            reached = "" if ratio is None else _verdict(ratio >= ALMOST * 3, ours, torch)
        others = [_times(_best(series, peer), ours) for peer in ("torch", "jax", "keras")]
        ways = [series.get(f"tsrnn:{way}") for way in ("predict", "kernels")]
        ways = [_microseconds(way) for way in ways] if any(ways) else ["", _microseconds(ours)]
        rows.append([case["task"], case["cell"], case["dtype"], *ways, goals[case["task"]], reached, *others])
    columns = ["task", "cell", "dtype", "`predict` us", "below it us", "goal", "reached", "PyTorch", "JAX", "Keras"]
    explanation = (
        f"{workload.N_INFERENCE:,} windows (48 steps, 8 features, 64 hidden units) at once; one window; one step of a "
        "stream with the state carried. The others, each in its fastest way: times as long as `predict`."
    )
    return _section("## Inference", explanation, columns, rows)


def _start(lines):
    rows = []
    for case, series in _cases(lines, "start", key="label"):
        warm, torch = series.get("tsrnn, warm"), series.get("torch")
        for label, one in series.items():
            what = " ".join(case.get(name, "") for name in ("cell", "dtype")).strip() or case["task"]
            if "error" in one:
                rows.append([what, label, one["error"], "", "", "", ""])
                continue
            figure, goal, reached = f"{one['wall']:.2f} s in all", "", ""
            if label == "import tsrnn after its dependencies":
                figure, goal, reached = f"adds {one['tsrnn_s']:.3f} s", "0.1 s", _below(one["tsrnn_s"], 0.1, one)
            elif case["task"] == "compile":
                value = one["first_s"] - one["second_s"]
                figure = f"first step {value:.2f} s above the second"
                limit = {"tsrnn, cold": 4.0, "tsrnn, warm": 0.3}.get(label)
                goal, reached = (f"{limit:g} s", _below(value, limit, one)) if limit else ("", "")
            elif case["task"] == "forecast":
                figure += f" (import {one['import_s']:.2f}, fit {one['fit_s']:.2f}, predict {one['predict_s']:.3f})"
                if one is warm and torch and "error" not in torch:
                    ratio = torch["wall"] / one["wall"]
                    goal = "2.8x PyTorch, less memory"
                    fine = ratio >= ALMOST * 2.8 and one["rss_mb"] < torch["rss_mb"]
                    reached = f"{_verdict(fine, one, torch)}: {ratio:.1f}x"
            error = f"{one['mae']:.3f}" if "mae" in one else ""
            rows.append([what, label + _mark(one), figure, goal, reached, f"{one['rss_mb']:.0f} MB", error])
    explanation = (
        "Each figure from fresh processes. The forecast is a whole job: import, 20,000 hourly points, windows of 48 "
        "steps to 24, an LSTM of 64, five epochs, a forecast; warm is with Numba's cache filled."
    )
    columns = ["", "process", "time", "goal", "reached", "peak memory", "error of the forecast"]
    return _section("## Cold and warm start", explanation, columns, rows)


def _overhead(lines):
    rows = []
    for case, series in _cases(lines, "epochs"):
        fit, kernels, torch = (series.get(name) for name in ("tsrnn:fit", "tsrnn:kernels", "torch"))
        ratio = fit["seconds"] / kernels["seconds"] if fit and kernels else None
        what = f"{case['n_epochs']} epochs of {case['n_windows']} windows, {case['cell']}"
        beside = f"kernels {_milliseconds(kernels)} ms, PyTorch {_milliseconds(torch)} ms"
        times = f"{_milliseconds(fit)} ms, {_ratio(ratio)} the kernels'"
        rows.append([what, times, "1.5x", _below(ratio, 1.5, fit, kernels) if ratio else "", beside])
    for case, (one, *_) in _cases(lines, "memory", key=None):
        what = f"memory of fit, {case['n_windows']:,} windows, minibatches of {case['n_batch']:,}"
        if "error" in one:
            rows.append([what, one["error"], "", "", ""])
            continue
        rows.append([what, f"adds {one['added_mb']:.1f} MB", "", "", f"copied windows: {one['copy_mb']:.1f} MB"])
    fair = {"spinning": 1.5, "same": 2.0}
    for case, many in _cases(lines, "busy", key=None):
        found = {(one["peer"], one["company"]): one for one in many}
        for peer in dict.fromkeys(one["peer"] for one in many):
            for company, share in fair.items():
                if not {(peer, company), (peer, "alone")} <= set(found):
                    continue
                one, alone = found[peer, company], found[peer, "alone"]
                ratio = one["seconds"] / alone["seconds"]
                name = {"spinning": "a process that spins", "same": "another training like it"}[company]
                beside = f"{_milliseconds(alone)} ms alone"
                reached = _below(ratio, share, one, alone) if peer == "tsrnn" else ""
                what = f"{peer}, training {case['cell']} beside {name}"
                rows.append([what, f"{ratio:.2f}x as long", f"{share:g}x", reached, beside])
    return _section("## Overhead", "", ["", "measured", "goal", "reached", "beside it"], rows)


def _parity(lines):
    rows = []
    for case, series in _cases(lines, "training"):
        found = {}
        for name, one in series.items():
            if name != "peak" and one["first"]:
                found[name] = f"{statistics.fmean(one['first']):.6f}, {statistics.fmean(one['second']):.6f}"
        ours = found.pop("tsrnn:fit", "weights cannot be set")
        others = "; ".join(f"{name} {losses}" for name, losses in found.items())
        rows.append([_shape(case["shape"]), case["cell"], case["dtype"], ours, others])
    explanation = (
        "All start from the same weights and see the same minibatches: mean loss of updates 1 to 8, and 9 to 16. "
        "Where a library keeps two biases per gate (PyTorch; Keras in the GRU), Adam moves both: the third "
        "digit differs."
    )
    columns = ["B, T, F, H, layers", "cell", "dtype", "tsrnn", "others"]
    return _section("## The same training", explanation, columns, rows)


# ---------------------------------------------------------------- reading


def _cases(lines, benchmark, key="peer"):
    """Return [(case, {name: line})], or with key=None [(case, [line])], each case from the latest run that has it."""
    by_case = {}
    for line in lines:
        if line["benchmark"] == benchmark:
            text = json.dumps(
                {name: value for name, value in line["case"].items() if name != "variant"}, sort_keys=True
            )
            runs = by_case.setdefault(text, {})
            runs.setdefault(line["run"], []).append(line)
    result = []
    for text, runs in by_case.items():
        latest = list(runs.values())[-1]
        if key == "peer":
            named = {}
            for line in latest:
                way = line.get("variant")
                named[f"{line['peer']}:{way}" if way else line["peer"]] = line
            if benchmark == "training" and "tsrnn:fit" not in named:
                continue
            result.append((json.loads(text), named))
        else:
            result.append((json.loads(text), latest if key is None else {line[key]: line for line in latest}))
    return result


def _best(series, peer):
    """Return the fastest way of a peer, or None."""
    ways = [one for name, one in series.items() if name.split(":")[0] == peer]
    return min(ways, key=lambda one: one["seconds"], default=None)


def _speed(series, flops, name="tsrnn:fit"):
    """Return our line, its GFLOP/s, and its share of the peak measured beside it (None if it was not)."""
    ours, peak = series[name], series.get("peak")
    gflops = flops / ours["seconds"] / 1e9
    return ours, gflops, gflops * peak["seconds"] if peak else None  # one turn of the peak is 10^9 operations


# ---------------------------------------------------------------- writing


def _section(title, explanation, columns, rows):
    if not rows:
        return ""
    table = [columns, ["---"] * len(columns), *rows]
    text = "\n".join("| " + " | ".join(str(cell) for cell in row) + " |" for row in table)
    return "\n\n".join(part for part in (title, explanation, text) if part)


def _shape(shape):
    return ", ".join(map(str, shape))


def _mark(line):
    return " \\*" if line.get("disturbed") else ""


def _milliseconds(line):
    return "-" if line is None else f"{1e3 * line['seconds']:.3g}{_mark(line)}"


def _microseconds(line):
    return "-" if line is None else f"{1e6 * line['seconds']:.3g}{_mark(line)}"


def _ratio(ratio):
    return "-" if ratio is None else f"{ratio:.2g}x" if ratio < 10 else f"{ratio:.0f}x"


def _times(line, ours):
    return "-" if line is None or ours is None else _ratio(line["seconds"] / ours["seconds"]) + _mark(line)


def _percent(share):
    return "-" if share is None else f"{100 * share:.0f} %"


def _below(value, limit, *lines):
    return _verdict(value * ALMOST <= limit, *lines)


def _verdict(reached, *lines):
    """Return "yes" or "no", or that one of the measurements it rests on was disturbed."""
    return "disturbed" if any(line.get("disturbed") for line in lines) else "yes" if reached else "no"


if __name__ == "__main__":
    main()
