"""The optimizers by name, and what each keeps between updates."""

from ..kernels.step import AdamState

OPTIMIZERS = {"adam": AdamState}
