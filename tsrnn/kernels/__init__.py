"""Compiled mathematics of recurrent networks: Numba and flat arrays, nothing of the rooms above.

The way in is :mod:`tsrnn.kernels.step`; everything else here is called by it.
"""
