"""The tasks of the table of accuracy: what is generated from the papers' definitions, and sets read from a folder.

A task that is generated is drawn by a seed; a training set and a test set are two seeds.
"""

import numpy as np


def adding_problem(n, n_steps, seed):
    """Return windows (n, n_steps, 2) and their targets (n,): the sum of the two values that are marked.

    The first feature is uniform on [0, 1), the second is 1 at two steps and 0 elsewhere (Hochreiter and Schmidhuber
    1997, experiment 4; with values and steps as in Le, Jaitly and Hinton 2015, section 4.1). Whoever always says 1 has
    a mean squared error of 1/6.
    """
    rng = np.random.default_rng(seed)
    values = rng.random((n, n_steps))
    marks = np.zeros((n, n_steps))
    first, second = _two_steps(rng, n, n_steps)
    rows = np.arange(n)
    marks[rows, first] = marks[rows, second] = 1
    X = np.stack([values, marks], axis=2).astype(np.float32)
    return X, values[rows, first] + values[rows, second]


def _two_steps(rng, n, n_steps):
    """Return two different steps for each of n windows, every pair as likely as any other."""
    first, second = rng.integers(n_steps, size=n), rng.integers(n_steps - 1, size=n)
    return first, second + (second >= first)


def temporal_order(n, n_steps, seed):
    """Return windows (n, n_steps, 6) of one-hot symbols, and their classes (n,): in which order X and Y came.

    Symbols a, b, c, d at random, but X or Y at one step of the second tenth and at one of the sixth; the class is the
    pair: XX, XY, YX or YY (Hochreiter and Schmidhuber 1997, experiment 6a, here of a fixed length, and without the
    symbols that begin and end a sequence).
    """
    rng = np.random.default_rng(seed)
    rows, tenth = np.arange(n), n_steps // 10
    symbols = rng.integers(2, 6, (n, n_steps))
    early, late = rng.integers(tenth, 2 * tenth, n), rng.integers(5 * tenth, 6 * tenth, n)
    pair = rng.integers(0, 2, (2, n))
    symbols[rows, early], symbols[rows, late] = pair
    return np.eye(6, dtype=np.float32)[symbols], 2 * pair[0] + pair[1]


N_COPIED = 10  # symbols to remember


def copy_memory(n, n_steps, seed):
    """Return token ids and the ids that are to be said at every step, both (n, n_steps + 20).

    Ten symbols from 1 to 8, then n_steps - 1 times the blank 0, then the sign to speak, 9, to the end; what is to be
    said is 0 until the last ten steps, and there the ten symbols (Hochreiter and Schmidhuber 1997; Arjovsky, Shah and
    Bengio 2016, section 4.1; the sign goes on to the end as in Bai, Kolter and Koltun 2018). Without memory the
    cross-entropy is 10 log 8 / (n_steps + 20) at best.
    """
    rng = np.random.default_rng(seed)
    symbols = rng.integers(1, 9, (n, N_COPIED))
    blanks, signs = np.zeros((n, n_steps - 1), int), np.full((n, N_COPIED + 1), 9)
    said = np.concatenate([np.zeros((n, n_steps + N_COPIED), int), symbols], axis=1)
    return np.concatenate([symbols, blanks, signs], axis=1), said


def load_ucr(folder, name):
    """Return training windows and classes, and test windows and classes, of a set of the UCR and UEA archive.

    Windows have the shape (n, steps, channels), in float32. The file ``<name>.npz`` holds X_train and X_test of shape
    (n, channels, steps), y_train and y_test.
    """
    with np.load(folder / f"{name}.npz") as data:
        X_train, X_test = (data[part].transpose(0, 2, 1).astype(np.float32) for part in ("X_train", "X_test"))
        return X_train, data["y_train"], X_test, data["y_test"]
