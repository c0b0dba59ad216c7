"""The open panels that forecasts are measured on: their files, and how they are read."""

from typing import NamedTuple

import pandas as pd

SEEDS = (0, 1, 2)  # figures are medians over them


class OpenSet(NamedTuple):
    """A panel: its files, the step of its clock, and its season."""

    train: str
    test: str
    freq: str
    season: int


PANELS = {
    "cif2016": OpenSet("cif2016/train.csv", "cif2016/test.csv", "MS", 12),
    "m1_monthly": OpenSet("m1/monthly_train.csv", "m1/monthly_test.csv", "MS", 12),
    "m4_hourly": OpenSet("m4_hourly/train.csv", "m4_hourly/test.csv", "h", 24),
}


def read_panel(folder, name):
    """Return the training part and the test part of a panel, long frames with dates in the place of numbers of steps.

    Parameters
    ----------
    folder : Path
        That of all sets.
    name : str
        One of `PANELS`.
    """
    of = PANELS[name]
    train, test = (pd.read_csv(folder / file, dtype={"unique_id": str}) for file in (of.train, of.test))
    both = pd.concat([train, test])[["unique_id", "y"]]
    steps = both.groupby("unique_id").cumcount()
    both["ds"] = pd.date_range("2000-01-01", periods=steps.max() + 1, freq=of.freq)[steps]
    return both[: len(train)], both[len(train) :]


def hold_out(train, test):
    """Return the training part without as many of its last steps as each series has in the test part; and these."""
    left = train.groupby("unique_id").cumcount(ascending=False)
    is_last = left < train["unique_id"].map(horizons(test))
    return train[~is_last], train[is_last]


def horizons(test):
    """Return how many steps each series has in the test part."""
    return test.groupby("unique_id").size()


def by_horizon(train, test):
    """Yield each number of steps that series of a panel have in the test part, and the training part of these series.

    A forecaster has one horizon.
    """
    of = train["unique_id"].map(horizons(test))
    for horizon in sorted(of.unique()):
        yield int(horizon), train[of == horizon]
