"""The cells that tests run with: all of the naive twin's, so a cell that is written there is in all of these tests."""

import naive
import pytest

CELLS = list(naive.STEPS)
VARIANTS = [*((cell, True) for cell in CELLS), ("gru", False)]  # with reset_after; each its own compiled version
ACTIVATIONS = ("tanh", "relu")
NETWORKS = [(cell, activation, reset_after) for cell, reset_after in VARIANTS for activation in ACTIVATIONS]

each_cell = pytest.mark.parametrize("cell", CELLS)
each_variant = pytest.mark.parametrize("cell, reset_after", VARIANTS)
each_network = pytest.mark.parametrize("cell, activation, reset_after", NETWORKS)
