"""Write RESULTS.md from the lines that the benchmarks have left: machine, versions, date, and each row beside its goal.

Of every row the latest run that has it is taken; all numbers of a row, and so all ratios, are from that one run. The
text on rows that fall short is written by hand, in ``shortfalls.md``.
"""

import argparse
from pathlib import Path

import records
import table_of_training
import table_of_use
from markdown import table
from verdicts import Ledger

VERDICTS = ("yes", "no", "disturbed", "not measured")

RESULTS = records.FOLDER / "RESULTS.md"
SHORTFALLS = records.FOLDER / "shortfalls.md"


def main():
    """Read the results and write the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("results", nargs="*", type=Path, default=[records.LINES])
    parser.add_argument("--out", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    lines, ledger = records.read(arguments.results), Ledger()
    parts = [
        table_of_training.training(lines, ledger, "float32"),
        table_of_training.training_of_others(lines, ledger, "float32"),
        table_of_training.training(lines, ledger, "float64"),
        table_of_training.odd(lines, ledger),
        table_of_training.avx2(lines),
        table_of_use.inference(lines, ledger),
        table_of_use.start(lines, ledger),
        table_of_use.whole_job(lines, ledger),
        table_of_use.overhead(lines, ledger),
        table_of_use.memory(lines, ledger),
        table_of_use.busy(lines, ledger),
        table_of_training.kernels(lines),
        table_of_training.same_training(lines, ledger),
    ]
    parts = [_head(lines), _summary(ledger), *parts, _shortfalls(ledger)]
    arguments.out.write_text("\n\n".join(part for part in parts if part) + "\n")


def _head(lines):
    dates = sorted(line["date"] for line in lines)
    return "\n\n".join([
        "# Measured",
        "Written by `benchmarks/table.py`; how it is measured, and what is not, is in [README.md](README.md). Times "
        "are medians of rounds in rotation, ratios are of two medians of one rotation. A goal counts as reached within "
        "10 %. \\* marks rows that others on the machine disturbed in every round.",
        f"From {dates[0]} to {dates[-1]}.",
        "\n".join(f"- {one}" for one in [*_machines(lines), *_peaks(lines), *_versions(lines)]),
    ])  # fmt: skip


def _machines(lines):
    commits = {}
    for line in lines:
        if line["benchmark"] == "machine":
            caches = ", ".join(f"{name} {size}" for name, size in line["caches"].items())
            text = (
                f"{line['cpu']}, {line['usable_cores']} of {line['cores']} cores, {line['threads']} threads; {caches}; "
                f"{line['memory_gb']} GB; {line['system']}"
            )
            commits.setdefault(text, {})[line["commit"]] = None
    return [f"{text}; tsrnn at {', '.join(found)}" for text, found in commits.items()]


def _peaks(lines):
    peaks = {(line["threads"], line["dtype"]): line for line in lines if line["benchmark"] == "peak"}
    return [
        f"peak, {n_threads} thread(s), {dtype}: {one['gflops']:.0f} GFLOP/s at {one['clock_ghz']:.2f} GHz, "
        f"{one['flops_per_cycle_and_core']:.1f} operations per cycle and core"
        for (n_threads, dtype), one in peaks.items()
    ]


def _versions(lines):
    found = {line["peer"]: line["versions"] for line in lines if line["benchmark"] == "versions"}
    return [
        f"{peer}: " + ", ".join(f"{name} {version}" for name, version in versions.items())
        for peer, versions in found.items()
    ]


def _summary(ledger):
    claims = dict.fromkeys(claim for claim, _, _ in ledger.entries)
    rows = []
    for claim in claims:
        found = [verdict for one, _, verdict in ledger.entries if one == claim]
        rows.append([claim, len(found), *(found.count(verdict) or "" for verdict in VERDICTS)])
    return "## In short\n\n" + table(["claim", "rows", "reached", "not reached", *VERDICTS[2:]], rows) if rows else ""


def _shortfalls(ledger):
    """Name what was not reached, and append what is known about it."""
    missed = {}
    for claim, row, verdict in ledger.entries:
        if verdict != "yes":
            missed.setdefault((claim, verdict), []).append(row)
    named = [f"- {claim}, {verdict}: {'; '.join(rows)}" for (claim, verdict), rows in missed.items()]
    text = "\n".join(named) or "None."
    return "\n\n".join(["## Rows that fall short", text, SHORTFALLS.read_text().strip()])


if __name__ == "__main__":
    main()
