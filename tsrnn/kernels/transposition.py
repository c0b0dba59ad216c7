"""The transposed copy of the weights, which the way back multiplies by. These functions write code."""

from . import plan as p
from .code import loop


def copy_panels(plan, parameters, transposed, first, last):
    """Copy the weights of some panels, rows of the plan, to their transposed places.

    Parameters
    ----------
    plan : Table
    parameters, transposed : Buffer
        The second is modified.
    first, last : Index
        Rows of the plan: the first, and that after the last.
    """
    V = parameters.kind.count
    for panel in loop(last, first):
        for gate in loop(plan[panel, p.N_GATES]):
            of = plan[panel, p.PANEL] + gate * plan[panel, p.N_TERMS] * V
            column = plan[panel, p.COLUMN] + gate * V
            copies = (p.FIRST_A, p.N_VECTORS_A, p.TO_A), (p.FIRST_B, p.N_VECTORS_B, p.TO_B)
            for term, n_vectors, to in (tuple(plan[panel, name] for name in names) for names in copies):
                for vector in loop(n_vectors):
                    block = transposed + to + (vector * plan[panel, p.N_COLUMNS] + column) * V
                    _copy_block(parameters + of + (term + vector * V) * V, block, V)


def _copy_block(of, to, V):
    """Copy V rows of V numbers transposed."""
    for lane in loop(to.index(V)):
        for term in loop(to.index(V)):
            (to + lane * V + term).set_number((of + term * V + lane).number())
