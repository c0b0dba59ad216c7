"""A stand-in: the season of a series as the means of its phases."""

import numpy as np


def seasonal_figures(values, bounds, period):
    """Return figures (n_series, period): means of the phases less the mean of the series."""
    series, length = np.repeat(np.arange(len(bounds) - 1), np.diff(bounds)), np.arange(len(values))
    phase = (length - np.repeat(bounds[:-1], np.diff(bounds))) % period
    figures = np.zeros((len(bounds) - 1, period))
    for s in range(len(bounds) - 1):
        for p in range(period):
            mine = values[(series == s) & (phase == p)]
            mine = mine[~np.isnan(mine)]
            if len(mine):
                figures[s, p] = mine.mean() - np.nanmean(values[series == s])
    return figures
