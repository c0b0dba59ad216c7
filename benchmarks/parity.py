"""Whether all libraries did the same: from the same weights, the same losses and predictions."""

import statistics

NOT_COMPARED = ("peak", "peak-avx2", "whole")  # series beside those of the libraries

# How far the mean loss of updates 1 to 8, and of 9 to 16, may be off, relative to ours, for what a library does
# otherwise. Gates in another order are off by 5e-2 at once.
ROUNDING = (1e-4, 1e-3)  # nothing: what differs is the order of sums
EPSILON = (5e-4, 5e-3)  # Keras adds Adam's epsilon at another place
TWO_BIASES = (5e-3, 5e-2)  # two biases per gate: Adam moves both
ALLOWED = {
    ("torch", "lstm"): TWO_BIASES, ("torch", "gru"): TWO_BIASES, ("torch", "rnn"): TWO_BIASES,
    ("keras", "lstm"): EPSILON, ("keras", "gru"): TWO_BIASES, ("keras", "rnn"): EPSILON,
}  # fmt: skip
PREDICTION_ALLOWED = 2e-5  # absolute, before any training: the rounding of float32 over 48 steps


def differences(benchmark, case, lines):
    """Return how far each series is from the first one, which is ours.

    Parameters
    ----------
    benchmark : {"training", "inference"}
    case : dict
    lines : dict of label to dict with "peer", "first" and "second", what the first two runs gave back

    Returns
    -------
    dict of label to (list of differences, list of what is allowed)
        Empty if no library was measured.
    """
    compared = {label: line for label, line in lines.items() if label not in NOT_COMPARED}
    ours, found = next(iter(compared.values()), None), {}
    for label, line in compared.items():
        if benchmark == "training":
            off = [abs(_mean(line[key]) / _mean(ours[key]) - 1) for key in ("first", "second")]
            library = line["peer"].split("-")[0]  # keras-jax, torch-avx2: the same recipe
            found[label] = off, list(ALLOWED.get((library, case["cell"]), ROUNDING))
        else:
            n = min(len(line["first"]), len(ours["first"]))
            off = [abs(a - b) for a, b in zip(line["first"][:n], ours["first"][:n], strict=True)]
            found[label] = off, [PREDICTION_ALLOWED] * n
    return found


def agree(off, allowed):
    """Return whether there is something to compare and all of it is near; NaN is not."""
    return bool(off) and all(one <= most for one, most in zip(off, allowed, strict=True))


def complaints(benchmark, case, lines):
    """Return one sentence for each series that disagrees with the first, or one if there is none."""
    found = differences(benchmark, case, lines)
    if not found:
        return ["not measured: no library gave a result"]
    return [
        f"{label} differs from {next(iter(found))} by {', '.join(f'{one:.1e}' for one in off) or 'giving nothing'}"
        for label, (off, allowed) in found.items()
        if not agree(off, allowed)
    ]


def _mean(numbers):
    return statistics.fmean(numbers) if numbers else float("nan")
