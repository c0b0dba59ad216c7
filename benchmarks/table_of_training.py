"""The sections of the table on training steps and on the kernels below them."""

import statistics

import parity
import workload
from markdown import microseconds, milliseconds, percent, ratio, section, sizes, spread, times
from records import best, latest_series
from verdicts import FLOAT64_GOAL, MANY_HIDDEN, SHARE_OF_PEAK, goal_of

OTHERS = {"torch": "PyTorch, fastest way", "jax": "JAX", "keras": "Keras (TensorFlow)", "keras-jax": "Keras (JAX)"}
SIZES = "B, T, F, H, layers"


def training(lines, ledger, dtype):
    """Our training steps beside their goals."""
    rows, missing = [], {(shape, cell) for shape in workload.GOALS for cell in workload.CELLS}
    for case, series in _cases(lines, "training", dtype):
        shape, cell = tuple(case["shape"]), case["cell"]
        ours, eager, peak = series["tsrnn:fit"], series.get("torch:eager"), series.get("peak")
        gflops, share = _speed(ours, peak)
        goal, row = goal_of(shape, cell, dtype), f"{cell} ({sizes(shape)}), {dtype}"
        times_faster = eager["seconds"] / ours["seconds"] if eager else None
        reached = ledger.at_least(f"training, {dtype}, against PyTorch", row, times_faster, goal, ours, eager)
        fast = ""
        if shape[3] >= MANY_HIDDEN:
            claim = f"training, {dtype}, {percent(SHARE_OF_PEAK)} of the peak"
            fast = ledger.at_least(claim, row, share, SHARE_OF_PEAK, ours, peak)
        needed = share * goal / times_faster if eager and peak else None
        missing.discard((shape, cell))
        rows.append([
            sizes(shape), cell, milliseconds(ours), ratio(times_faster), f"{goal:g}x", reached, f"{gflops:.0f}",
            percent(share), percent(needed), fast, spread(ours, eager),
        ])  # fmt: skip
    for shape, cell in sorted(missing):
        row = f"{cell} ({sizes(shape)}), {dtype}"
        ledger.judge(f"training, {dtype}, against PyTorch", row, False, None)
    columns = [
        SIZES, "cell", "tsrnn ms", "PyTorch eager / tsrnn", "goal", "reached", "GFLOP/s", "of peak",
        "goal needs, of peak", f"{percent(SHARE_OF_PEAK)} of peak at H >= {MANY_HIDDEN}",
        "rounds: spread of tsrnn / PyTorch",
    ]  # fmt: skip
    explanation = "One update: gather, forward, back-propagation through time, head, clip, Adam; tsrnn through `fit`. "
    if dtype == "float32":
        explanation += (
            "The goals were set on another machine; what a goal needs is the share of this machine's multiply-add peak "
            "that it would take here, PyTorch being as fast as it is here."
        )
    else:
        explanation += f"The goal is {FLOAT64_GOAL:g}x PyTorch everywhere."
    return section(f"## Training step, {dtype}", explanation, columns, rows)


def training_of_others(lines, ledger, dtype):
    """The same steps in the other libraries, and whether we are ahead."""
    rows = []
    for case, series in _cases(lines, "training", dtype):
        ours, row = series["tsrnn:fit"], f"{case['cell']} ({sizes(case['shape'])}), {dtype}"
        found = {peer: best(series, peer) for peer in OTHERS}
        ahead = []
        for name, peers in {"JAX": ["jax"], "Keras": ["keras", "keras-jax"]}.items():
            fastest = min(filter(None, map(found.get, peers)), key=lambda line: line["seconds"], default=None)
            faster = fastest is not None and fastest["seconds"] > ours["seconds"]
            ahead.append(ledger.judge(f"training, {dtype}, ahead of {name}", row, faster, ours, fastest))
        rows.append([
            sizes(case["shape"]), case["cell"], milliseconds(series.get("torch:eager")),
            *(times(line, ours) for line in found.values()), *ahead,
        ])  # fmt: skip
    columns = [SIZES, "cell", "PyTorch eager ms", *OTHERS.values(), "ahead of JAX", "ahead of Keras"]
    explanation = "How many times as long as tsrnn the others take, each in its fastest way, in the same rotation."
    return section(f"## Training step, {dtype}: the others", explanation, columns, rows)


def odd(lines, ledger):
    """Sizes that no kernel is cut for."""
    rows = []
    for case, series in _cases(lines, "odd"):
        shape, cell = tuple(case["shape"]), case["cell"]
        ours, peak, whole = series["tsrnn:fit"], series.get("peak"), series.get("whole")
        gflops, share = _speed(ours, peak)
        row = f"{cell} ({sizes(shape)}), {case['dtype']}"
        added = goal = longer = None
        if peak:
            added = workload.padding(shape, lanes=int(peak["first"][0]))
            goal = SHARE_OF_PEAK / added
        if whole:
            longer = ours["seconds"] / whole["seconds"]
        fast = ledger.at_least("odd sizes, 60 % of the peak less padding", row, share, goal or 0, ours, peak)
        as_fast = ""
        if whole or added is None or workload.whole(shape, lanes=int(peak["first"][0])) != shape:
            as_fast = ledger.at_most("odd sizes, as fast as the next whole size", row, longer, 1.0, ours, whole)
        rows.append([
            sizes(shape), cell, case["dtype"], milliseconds(ours), f"{gflops:.0f}", percent(share), ratio(added),
            percent(goal), fast, ratio(longer), as_fast, times(best(series, "torch"), ours), spread(ours),
        ])  # fmt: skip
    columns = [
        SIZES, "cell", "dtype", "tsrnn ms", "GFLOP/s", "of peak", "padding", "goal", "reached",
        "time by that of the whole size", "at most 1", "PyTorch / tsrnn", "rounds: spread",
    ]  # fmt: skip
    explanation = (
        "Sizes that no kernel is cut for. Padding is how much arithmetic it adds to fill vectors of hidden units; the "
        f"goal is {percent(SHARE_OF_PEAK)} of the peak less that. If padding costs its share and no more, the row "
        "takes no longer than the next size whose hidden units fill vectors and whose rows come in eights."
    )
    return section("## Training step at odd sizes", explanation, columns, rows)


def avx2(lines):
    """What a processor without AVX-512 runs."""
    rows = []
    for case, series in _cases(lines, "avx2"):
        ours, there = series["tsrnn:fit"], series.get("tsrnn-avx2:fit")
        share = _speed(there, series.get("peak-avx2"))[1] if there else None
        rows.append([
            sizes(case["shape"]), case["cell"], milliseconds(ours), milliseconds(there), times(there, ours),
            percent(share), times(best(series, "torch"), there), times(best(series, "torch-avx2"), there),
        ])  # fmt: skip
    columns = [
        SIZES, "cell", "tsrnn ms", "tsrnn on AVX2 ms", "times as long", "of peak of 256-bit vectors",
        "PyTorch / tsrnn on AVX2", "both on AVX2",
    ]  # fmt: skip
    explanation = (
        "The same training compiled for AVX2 (`NUMBA_CPU_NAME=haswell`), beside what is compiled for this processor, "
        "and beside PyTorch as it is and held to AVX2."
    )
    return section("## Training step on AVX2", explanation, columns, rows)


def kernels(lines):
    """Parts of the kernels, one by one."""
    rows = []
    for case, series in latest_series(lines, "kernels"):
        first, ours = next(iter(series.values())), series.get("tsrnn")
        if case["part"] in ("forward", "gradient", "step"):
            what = f"{case['cell']} {sizes(case['shape'])}"
        else:
            what = sizes(case.get("sizes", [case.get("size")]))
        speed = share = "-"
        if ours and "flops" in first:
            gflops, share = _speed(ours, series.get("peak"))
            speed, share = f"{gflops:.0f} GFLOP/s", percent(share)
        elif ours:
            speed = f"{first['elements'] / ours['seconds'] / 1e9:.2f} G/s"
        others = [times(best(series, peer), ours) for peer in ("numpy", "torch", "jax")]
        rows.append([case["part"], what, case["dtype"], microseconds(ours), speed, share, *others])
    columns = ["part", "sizes", "dtype", "tsrnn us", "speed", "of peak", "NumPy", "PyTorch", "JAX"]
    explanation = (
        "Products (rows, k, columns) and activations on one thread; forward, gradient (forward and backward) and step "
        "(gradient, clip, Adam) of whole networks on all. The others: times as long as tsrnn."
    )
    return section("## Kernels one by one", explanation, columns, rows)


def same_training(lines, ledger):
    """The losses of all libraries, and whether they agree."""
    rows = []
    for benchmark in ("training", "odd", "avx2"):
        for case, series in _cases(lines, benchmark):
            found = parity.differences("training", case, series)
            title, ours = f"{case['cell']} ({sizes(case['shape'])}), {case['dtype']}", series["tsrnn:fit"]
            alike = all(parity.agree(*one) for one in found.values())
            verdict = ledger.judge("all compute the same losses", title, alike, {} if len(found) > 1 else None)
            off = [f"{name} {one[0][0]:.0e}, {one[0][1]:.0e}" for name, one in found.items() if name != "tsrnn:fit"]
            losses = ", ".join(f"{statistics.fmean(ours[key]):.6f}" for key in ("first", "second"))
            rows.append([sizes(case["shape"]), case["cell"], case["dtype"], losses, "; ".join(off), verdict])
    explanation = (
        "All start from the same weights and see the same minibatches: mean loss of updates 1 to 8, and of 9 to 16, "
        "and how far the others are off. Where a library keeps two biases per gate (PyTorch; Keras in the GRU), Adam "
        "moves both: the third digit differs, in large networks the second. Keras adds Adam's epsilon at another "
        "place. Predictions of untrained networks are compared under Inference: they agree to "
        f"{parity.PREDICTION_ALLOWED:g}."
    )
    columns = [SIZES, "cell", "dtype", "losses of tsrnn", "relative differences", "the same"]
    return section("## The same training", explanation, columns, rows)


def _cases(lines, benchmark, dtype=None):
    """Return the cases that we took part in, goals' sizes in their order."""
    order = list(workload.GOALS)
    found = [
        (case, series)
        for case, series in latest_series(lines, benchmark)
        if "tsrnn:fit" in series and dtype in (None, case["dtype"])
        if benchmark != "training" or tuple(case["shape"]) in order
    ]
    if benchmark == "training":
        found.sort(key=lambda one: (order.index(tuple(one[0]["shape"])), workload.CELLS.index(one[0]["cell"])))
    return found


def _speed(line, peak):
    """Return the GFLOP/s of a line, and their share of the peak measured beside it (None if it was not)."""
    gflops = line["flops"] / line["seconds"] / 1e9
    return gflops, gflops * peak["seconds"] if peak else None  # one turn of the peak is 10^9 operations
