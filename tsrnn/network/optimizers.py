"""The optimizers by name, and their constants."""

from typing import NamedTuple


class Adam(NamedTuple):
    """The constants of Adam, as proposed by Kingma and Ba 2015."""

    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-8


OPTIMIZERS = {"adam": Adam()}
