"""How parameters are packed for the kernels: products, panels, vectors, and where each named number goes.

The weights of one product (:mod:`tsrnn.kernels.layer`) stand panel by panel; a panel is one vector of hidden units, or
of outputs, with all its gates. Panel by panel parameters are updated, and copied transposed.
"""

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

TABLE_ROWS = 64  # of a matrix that is read row by row, in one panel


@dataclass(frozen=True)
class Block:
    """One named array inside the flat vector of parameters, in the layout of the equations."""

    name: str
    offset: int
    shape: tuple

    @property
    def size(self):
        """Number of its values."""
        return math.prod(self.shape)

    @property
    def is_weight(self):
        """Whether its values multiply something; biases, which only add, are one row."""
        return len(self.shape) == 2


class Copied(NamedTuple):
    """Terms of a product whose weights are also kept transposed: whole vectors of them, from `first` on."""

    first: int
    n_vectors: int


class Panel(NamedTuple):
    """The weights of one panel in one product: numbers [gate][term][lane] of the packed vector, and where copies go.

    A copy stands at [vector of terms][column + gate, lane][term], columns counted over the whole product.
    """

    offset: int
    n_terms: int
    n_gates: int
    column: int
    n_columns: int
    copies: tuple  # of (first term, number of vectors, offset in the transposed copy)


@dataclass(frozen=True)
class Product:
    """The weights of one product in the packed vector.

    offset, n_terms, n_gates : int
    copies : tuple of int
        Offsets of its transposed copies.
    """

    offset: int
    n_terms: int
    n_gates: int
    copies: tuple
    V: int

    def places(self, terms, gates, n):
        """Return where the weights of some terms (rows) and, side by side, some gates of n units (columns) stand."""
        panel, lane = np.divmod(np.arange(n), self.V)
        columns = (panel * self.n_gates + np.reshape(gates, (-1, 1))) * self.n_terms * self.V + lane
        return self.offset + np.reshape(terms, (-1, 1)) * self.V + columns.ravel()


class Packing:
    """The packed vector of parameters while it is laid out.

    Parameters
    ----------
    V : int
        Numbers in a vector.
    """

    def __init__(self, V):
        self.V = V
        self.n_packed = self.n_transposed = 0
        self.panels, self.blocks = [], []
        self._places = []  # of each block

    def add(self, n_panels, n_gates, n_terms, *copied):
        """Place the weights of a product; return the Product."""
        n_columns = n_panels * n_gates * self.V
        starts = np.cumsum([self.n_transposed, *(part.n_vectors * self.V * n_columns for part in copied)])
        copies = tuple((*part, int(start)) for part, start in zip(copied, starts[:-1], strict=True))
        product = Product(self.n_packed, n_terms, n_gates, tuple(to for *_, to in copies), self.V)
        for panel in range(n_panels):
            column = panel * n_gates * self.V
            self.panels.append(Panel(self.n_packed, n_terms, n_gates, column, n_columns, copies))
            self.n_packed += n_terms * n_gates * self.V
        self.n_transposed = int(starts[-1])
        return product

    def add_table(self, name, n_rows, n_columns, is_trained):
        """Place and name a matrix that is read row by row; return its offset and how far its rows are apart.

        Rows are whole vectors. One that is not trained has no panels, and must be the last that is placed.
        """
        offset, stride = self.n_packed, -(-n_columns // self.V) * self.V
        for first in range(0, n_rows if is_trained else 0, TABLE_ROWS):
            n_vectors = (min(n_rows, first + TABLE_ROWS) - first) * stride // self.V
            self.panels.append(Panel(offset + first * stride, n_vectors, 1, 0, 0, ()))
        self.n_packed += n_rows * stride
        self.name(name, offset + np.arange(n_rows)[:, None] * stride + np.arange(n_columns))
        return offset, stride

    def name(self, name, places):
        """Give a name to the numbers at some places: the next block of the flat vector of parameters."""
        offset = self.blocks[-1].offset + self.blocks[-1].size if self.blocks else 0
        self.blocks.append(Block(name, offset, places.shape))
        self._places.append(places.ravel())

    def places(self):
        """Return where each parameter of the flat vector stands in the packed one."""
        return np.concatenate(self._places)

    def transposed_places(self):
        """Return for each number of the transposed copy the place in the packed vector that it is copied from."""
        places = np.zeros(self.n_transposed, np.int64)
        for panel in self.panels:
            for first, n_vectors, to in panel.copies:
                vector, gate, lane, term = np.ogrid[:n_vectors, : panel.n_gates, : self.V, : self.V]
                there = to + (vector * panel.n_columns + panel.column + gate * self.V + lane) * self.V + term
                places[there] = panel.offset + (gate * panel.n_terms + first + vector * self.V + term) * self.V + lane
        return places
