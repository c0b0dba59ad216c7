"""The products and activations that every cell is made of.

Plain loops whose innermost one runs along contiguous memory, which is what the compiler turns into vector code. Each
element of a result is summed in an order that depends on its own row alone, so a row has the same bits in any batch.
"""

import math

from .caching import inner

TANH = 0
RELU = 1


@inner
def add_product(x, k_first, k_last, W, j_first, j_last, out):
    """Add ``x[:, k] @ W[k, j]`` to ``out[:, j]`` for k and j in the given ranges.

    Parameters
    ----------
    x : ndarray of shape (n_rows, n_k)
    k_first, k_last : int
        The columns of x, and rows of W, that are multiplied.
    W : ndarray of shape (n_k, n_j)
    j_first, j_last : int
        The columns of W, and of out, that are meant.
    out : ndarray of shape (n_rows, n_j)
        Modified in place.
    """
    k_blocks = k_first + (k_last - k_first) // 4 * 4
    n = j_last - j_first
    for r in range(x.shape[0]):
        o = out[r, j_first:j_last]
        for k in range(k_first, k_blocks, 4):  # four at a time: one load and store of `o` serves four products
            x0, x1, x2, x3 = x[r, k], x[r, k + 1], x[r, k + 2], x[r, k + 3]
            w0, w1 = W[k, j_first:j_last], W[k + 1, j_first:j_last]
            w2, w3 = W[k + 2, j_first:j_last], W[k + 3, j_first:j_last]
            for j in range(n):
                o[j] += x0 * w0[j] + x1 * w1[j] + x2 * w2[j] + x3 * w3[j]
        for k in range(k_blocks, k_last):
            xk, w = x[r, k], W[k, j_first:j_last]
            for j in range(n):
                o[j] += xk * w[j]


@inner
def add_outer(x, dz, j_first, j_last, dW):
    """Add ``x.T @ dz[:, j]`` to ``dW[:, j]`` for j in the given range: the gradient of a weight matrix.

    Parameters
    ----------
    x : ndarray of shape (n_rows, n_k)
    dz : ndarray of shape (n_rows, n_j)
    j_first, j_last : int
        The columns of dz, and of dW, that are meant.
    dW : ndarray of shape (n_k, n_j)
        Modified in place.
    """
    n_rows = x.shape[0]
    r_blocks = n_rows // 4 * 4
    n = j_last - j_first
    for k in range(x.shape[1]):
        d = dW[k, j_first:j_last]
        for r in range(0, r_blocks, 4):
            x0, x1, x2, x3 = x[r, k], x[r + 1, k], x[r + 2, k], x[r + 3, k]
            z0, z1 = dz[r, j_first:j_last], dz[r + 1, j_first:j_last]
            z2, z3 = dz[r + 2, j_first:j_last], dz[r + 3, j_first:j_last]
            for j in range(n):
                d[j] += x0 * z0[j] + x1 * z1[j] + x2 * z2[j] + x3 * z3[j]
        for r in range(r_blocks, n_rows):
            xr, z = x[r, k], dz[r, j_first:j_last]
            for j in range(n):
                d[j] += xr * z[j]


@inner
def add_rows(dz, j_first, j_last, db):
    """Add the sum over rows of ``dz[:, j_first:j_last]`` to `db`, modified in place: the gradient of a bias."""
    for r in range(dz.shape[0]):
        z = dz[r, j_first:j_last]
        for j in range(z.shape[0]):
            db[j] += z[j]


@inner
def set_rows(out, j_first, b):
    """Overwrite ``out[:, j_first : j_first + len(b)]``, in every row, by b."""
    for r in range(out.shape[0]):
        o = out[r, j_first : j_first + b.shape[0]]
        for j in range(b.shape[0]):
            o[j] = b[j]


@inner
def fill(out, value):
    """Overwrite every element of a contiguous array by `value`."""
    flat = out.reshape(out.size)
    for k in range(flat.shape[0]):
        flat[k] = value


@inner
def sigmoid(x):
    """Return 1 / (1 + exp(-x)) in the precision of x; exp may overflow to infinity, which gives 0, as it should."""
    one = type(x)(1)
    return one / (one + math.exp(-x))


@inner
def activate(x, activation):
    """Return tanh(x) or max(x, 0) in the precision of x; NaN stays NaN."""
    if activation == RELU:
        return type(x)(0) if x < 0 else x
    return math.tanh(x)


@inner
def slope(a, activation):
    """Return the derivative of the activation, from its value `a`."""
    one = type(a)(1)
    if activation == RELU:
        return one if a > 0 else type(a)(0)
    return one - a * a
