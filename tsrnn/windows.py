"""Windows as views: the steps a network sees and the steps it is asked for, never copied."""

import numpy as np

from .network.windows import Windows


def cut_windows(values, lookback, horizon):
    """Return every window of one series that has a full lookback and a full horizon.

    Parameters
    ----------
    values : ndarray of shape (n,)
    lookback, horizon : int
        Steps seen, and steps asked for right after them; ``lookback + horizon <= n``.

    Returns
    -------
    Windows
        X of shape (n_windows, lookback, 1) and y of shape (n_windows, horizon), both views of `values`; window k has
        its first step at row k.

    Examples
    --------
    >>> import numpy as np
    >>> from tsrnn.windows import cut_windows
    >>> X, y, _ = cut_windows(np.arange(6.0), lookback=3, horizon=2)
    >>> X[:, :, 0]
    array([[0., 1., 2.],
           [1., 2., 3.]])
    >>> y
    array([[3., 4.],
           [4., 5.]])
    """
    both = np.lib.stride_tricks.sliding_window_view(values, lookback + horizon)
    return Windows(both[:, :lookback, None], both[:, lookback:])


def split_windows(values, lookback, horizon, n_validation):
    """Return training and validation windows of one series, parted by time.

    No target of training lies among the last `n_validation` values; all targets of validation do, while the steps its
    windows see may reach back.

    Returns
    -------
    training, validation : Windows
    """
    border = len(values) - n_validation
    return cut_windows(values[:border], lookback, horizon), cut_windows(values[border - lookback :], lookback, horizon)
