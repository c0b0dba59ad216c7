"""Compiled mathematics of recurrent networks: Numba and flat arrays, nothing of the rooms above.

The ways in are :mod:`tsrnn.kernels.step` and :mod:`tsrnn.kernels.stream`, with plans, buffers and workers for them.
"""
