"""One series, one step at a time, with the state carried from step to step."""

from functools import cache

import numpy as np

from . import plan as p
from . import processor
from .buffers import aligned_zeros
from .caching import entry
from .network import forward


class Stream:
    """A network that is fed one step after the other.

    Parameters
    ----------
    plan : Plan
        Of one step, without training.
    parameters : ndarray of shape (n_parameters,)
        Copied.
    """

    def __init__(self, plan, parameters):
        table = plan.table
        self._table, self._advance = table, compile_stream(plan.cell)
        self._packed = aligned_zeros((plan.n_packed,), parameters.dtype)
        self._packed[plan.places] = parameters
        self._work = aligned_zeros((int(table[0, p.N_WORK]),), parameters.dtype)
        for row in table[1 : 1 + table[0, p.N_LAYERS]]:
            bias = row[p.INPUT] + row[p.N_PANELS] * table[0, p.LENGTH]  # its input is one
            self._work[[bias, bias + row[p.INPUT_STRIDE]]] = 1
            self._work[row[p.IS_UNIT] : row[p.IS_UNIT] + row[p.N_HIDDEN]] = 1
        self._x = np.empty(table[0, p.N_FEATURES], parameters.dtype)
        self._out = np.empty(table[0, p.N_OUTPUTS], parameters.dtype)

    def advance(self, x):
        """Take one step and return the predictions after it.

        Parameters
        ----------
        x : array-like of shape (n_features,)

        Returns
        -------
        ndarray of shape (n_outputs,)
            Overwritten by the next call.

        Raises
        ------
        ValueError
            If x has another shape.
        """
        x = np.asarray(x)
        if x.shape != self._x.shape:
            raise ValueError(f"x has shape {x.shape}; a step of this network has shape {self._x.shape}.")
        self._x[:] = x  # in one layout and dtype, for one compiled version
        self._advance(self._table, self._packed, self._work, self._x, self._out)
        return self._out


@cache
def compile_stream(cell):
    """Return the compiled step of one cell."""

    def advance(plan, parameters, work, x, out):
        """Take x into the state that `work` carries and write the predictions; work and out are modified in place."""
        control = processor.flush_denormals()
        V = plan[0, p.LENGTH]
        first = plan[1, p.INPUT] + plan[1, p.N_PANELS] * V + 1
        for k in range(plan[0, p.N_FEATURES]):
            work[first + k] = x[k]
        forward(cell, plan, parameters, work, 1, parameters)
        for layer in range(plan[0, p.N_LAYERS]):
            row = plan[1 + layer]
            h, memory = row[p.INPUT], row[p.MEMORY]
            for k in range(row[p.N_PANELS] * V):
                work[h + k] = work[h + row[p.INPUT_STRIDE] + k]
            for k in range(row[p.MEMORY_STRIDE]):
                work[memory + k] = work[memory + row[p.MEMORY_STRIDE] + k]
        for k in range(plan[0, p.N_OUTPUTS]):
            out[k] = work[plan[0, p.PREDICTION] + k]
        processor.restore_denormals(control)

    return entry(advance)
