"""One series, one step at a time, with the state carried from step to step."""

from functools import cache

import numpy as np

from . import plan as p
from . import processor, tasks
from .buffers import aligned_zeros
from .caching import entry
from .layer import ACTIVE, UPDATE
from .network import forward, head_forward
from .shard import column_of, find_vector, read_behind, write_predictions


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
        self._work, self._spans = tasks.make_workspace(plan, 1, parameters.dtype)
        self._spans[:], self._place = 1, np.zeros(1, np.int64)  # one row of one step
        self._spans[UPDATE] = -1
        self._x = np.empty(table[0, p.N_GIVEN] + (table[0, p.N_DECODED] > 0), parameters.dtype)
        self._out = np.empty((1, table[0, p.N_OUTPUTS]), parameters.dtype)
        self._places = np.concatenate([_places_of_state(table, layer) for layer in range(table[0, p.N_LAYERS])])

    @property
    def state(self):
        """The state after the last step, shape (n_numbers,), as a row of :meth:`Step.first_states`; a copy."""
        return self._work[self._places]

    @state.setter
    def state(self, state):
        self._work[self._places] = state

    def advance(self, x):
        """Take one step and return the predictions after it.

        Parameters
        ----------
        x : array-like of shape (n_features,), or (1,), the token
            Where categories are read, the columns of X, with their numbers.

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
        self._advance(self._table, self._packed, self._spans, self._place, self._work, self._x, self._out)
        return self._out[0]


def _places_of_state(table, layer):
    """Return where the state and the memory before the one step of a layer stand in the workspace."""
    row = table[1 + layer]
    state, memory = np.arange(row[p.N_PANELS] * table[0, p.LENGTH]), np.arange(row[p.MEMORY_STRIDE])
    return np.concatenate([row[p.INPUT] + state, row[p.MEMORY] + memory])


@cache
def compile_stream(cell):
    """Return the compiled step of one cell."""

    def advance(plan, parameters, spans, place, work, x, out):
        """Take x into the state that `work` carries and write the predictions; all from spans on but x are modified."""
        control = processor.flush_denormals()
        V = plan[0, p.LENGTH]
        first = plan[1, p.INPUT] + plan[1, p.N_PANELS] * V + 1
        for k in range(column_of(plan, 0, x.shape[0])):
            work[first + k] = x[k]
        for table in range(plan[0, p.N_TABLES]):
            spans[ACTIVE + 4 + table] = find_vector(plan, table, x, 0, 1, False)
            read_behind(plan, table, x, 0, 1, x.shape[0], first, work)
        forward(cell, plan, parameters, work, spans, parameters, 1, 0)
        head_forward(cell, plan, parameters, work, spans, parameters, 1, 0)
        for layer in range(plan[0, p.N_LAYERS]):
            row = plan[1 + layer]
            h, state, memory = row[p.INPUT], row[p.STATE], row[p.MEMORY]
            for k in range(row[p.N_PANELS] * V):
                work[h + k] = work[h + row[p.INPUT_STRIDE] + k]
                work[state + k] = work[state + row[p.STATE_STRIDE] + k]
            for k in range(row[p.MEMORY_STRIDE]):
                work[memory + k] = work[memory + row[p.MEMORY_STRIDE] + k]
        write_predictions(plan, place, 0, 1, spans, work, out)
        processor.restore_denormals(control)

    return entry(advance)
