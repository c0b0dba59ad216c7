"""Transforms that bend the scale: the logarithm, Box-Cox and Yeo-Johnson."""

import numpy as np

from .scaling import Transform, deviations, is_constant, like, means, name_of, reduce, series_of_row, spread

# Exponents are looked for from 0, the logarithm, to 2. A negative one has an upper bound for what it gives, and a
# forecast above that has no value to go back to.
LARGEST_EXPONENT = 2.0
N_GRID, N_SECTIONS = 9, 20  # 0.25 apart, then 0.5 x 0.618^20 = 3e-5; exponents are uncertain by more than 0.1
GOLDEN = (np.sqrt(5) - 1) / 2
MOST_DIGITS_LOST = np.log(1e3)  # at the smallest values, of the sixteen
LARGEST_LOGARITHM = 700.0  # e^709.8 overflows


class Log1p(Transform):
    """Takes the logarithm of one plus the value, for series that grow by shares and may be zero.

    Examples
    --------
    >>> import numpy as np
    >>> values, bounds = np.array([0.0, 9.0, 99.0]), np.array([0, 3])
    >>> transform = Log1p().fit(values, bounds)
    >>> transform.transform(values, bounds).round(3)
    array([0.   , 2.303, 4.605])
    >>> transform.inverse_transform([[np.log(1000.0)]], series=[0], rows=[3]).round(6)
    array([[999.]])
    """

    def fit(self, values, bounds, names=None):
        """Refuse values of -1 and below, in one sentence; there is nothing to learn."""
        self._names = names
        self._refuse(values, bounds)
        return self

    def _refuse(self, values, bounds):
        refuse_up_to(-1, "log1p", values, bounds, self._names)

    def transform(self, values, bounds):
        """Return ``log(1 + x)``; raise as `fit` does."""
        values = np.asarray(values, np.float64)
        self._refuse(values, bounds)
        return np.log1p(values)

    def inverse_transform(self, forecasts, series, rows, values=None, bounds=None):
        """Return forecasts in units of the target, above -1."""
        with np.errstate(over="ignore"):
            return finite(np.expm1(np.asarray(forecasts, np.float64)))


class SignedLog1p(Transform):
    """Takes the logarithm of one plus the size of the value, and gives it the value's sign.

    What `Log1p` is for series without negative values, and defined for all others.

    Examples
    --------
    >>> import numpy as np
    >>> values, bounds = np.array([0.0, 9.0, -99.0]), np.array([0, 3])
    >>> transform = SignedLog1p().fit(values, bounds)
    >>> transform.transform(values, bounds).round(3)
    array([ 0.   ,  2.303, -4.605])
    >>> transform.inverse_transform([[-np.log(1000.0)]], series=[0], rows=[3]).round(6)
    array([[-999.]])
    """

    def transform(self, values, bounds):
        """Return ``sign(x) log(1 + |x|)``."""
        values = np.asarray(values, np.float64)
        return np.copysign(np.log1p(np.abs(values)), values)

    def inverse_transform(self, forecasts, series, rows, values=None, bounds=None):
        """Return forecasts in units of the target."""
        forecasts = np.asarray(forecasts, np.float64)
        with np.errstate(over="ignore"):
            return finite(np.copysign(np.expm1(np.abs(forecasts)), forecasts))


class BoxCox(Transform):
    """Raises each series to the power that makes it most like a normal sample, or takes the logarithm.

    With the geometric mean g of the series, ``z = ((x / g)**exponent - 1) / exponent``, and ``log(x / g)`` for the
    exponent 0. Dividing by g moves and stretches what is usual, ``(x**exponent - 1) / exponent``, and changes nothing
    else; but z has no unit, and no digits are lost where x is far from 1. The exponent is the one between 0 and 2 of
    the largest likelihood, to within 1e-4. Equal values have the exponent 1.

    Attributes
    ----------
    exponent_ : ndarray of shape (n_series,)
        Box and Cox call it lambda.
    log_center_ : ndarray of shape (n_series,)
        The logarithm of the geometric mean.

    References
    ----------
    Box and Cox (1964), An analysis of transformations, Journal of the Royal Statistical Society B 26, eq. (1), and
    section 3 for the likelihood: for values divided by their geometric mean it is largest where the variance is least.

    Examples
    --------
    >>> import numpy as np
    >>> values, bounds = np.array([1.0, 10.0, 100.0, 4.0, 4.0]), np.array([0, 3, 5])
    >>> transform = BoxCox().fit(values, bounds)
    >>> transform.exponent_
    array([0., 1.])
    >>> z = transform.transform(values, bounds)
    >>> transform.inverse_transform(z[None, :3], series=[0], rows=[0]).round(6)
    array([[  1.,  10., 100.]])
    """

    of_each_series = ("log_center_", "exponent_")

    def fit(self, values, bounds, names=None):
        """Learn an exponent for each series; refuse values that are not positive, in one sentence."""
        values = np.asarray(values, np.float64)
        self._names = names
        self._refuse(values, bounds)
        logarithms = np.log(values)
        self.log_center_ = means(logarithms, bounds)
        logarithms -= spread(self.log_center_, bounds)
        lowest, highest = (reduce(ufunc, logarithms, bounds, 0.0) for ufunc in (np.fmin, np.fmax))
        is_flat = is_constant(values, bounds)
        lowest, highest = np.where(is_flat, 0, lowest), np.where(is_flat, 0, highest)

        def loss(exponent):
            largest = np.maximum(-power(lowest, exponent), power(highest, exponent))
            return log_deviation(power(logarithms, spread(exponent, bounds)), bounds, largest)

        with np.errstate(divide="ignore"):
            limit = np.minimum(MOST_DIGITS_LOST / np.maximum(-lowest, 0), LARGEST_LOGARITHM / np.maximum(highest, 0))
        exponent = best_exponent(loss, np.zeros(len(limit)), np.minimum(limit, LARGEST_EXPONENT))
        self.exponent_ = np.where(is_flat, 1.0, exponent)
        return self

    def _refuse(self, values, bounds):
        refuse_up_to(0, "boxcox", values, bounds, self._names)

    def transform(self, values, bounds):
        """Return what the powers give; raise as `fit` does."""
        values = np.asarray(values, np.float64)
        self._refuse(values, bounds)
        return power(np.log(values) - spread(self.log_center_, bounds), spread(self.exponent_, bounds))

    def inverse_transform(self, forecasts, series, rows, values=None, bounds=None):
        """Return forecasts in units of the target; below what any value gives, 0."""
        forecasts = np.asarray(forecasts, np.float64)
        logarithms = root(forecasts, like(forecasts, self.exponent_[series]))
        with np.errstate(over="ignore"):
            return finite(np.exp(logarithms + like(forecasts, self.log_center_[series])))


class YeoJohnson(Transform):
    """Does to series of both signs what Box-Cox does to positive ones.

    ``z = ((1 + x)**exponent - 1) / exponent`` for x from 0 up, ``z = -((1 - x)**(2 - exponent) - 1) / (2 - exponent)``
    below, with logarithms for the power 0. The exponent is the one between 0 and 2 of the largest likelihood, to within
    1e-4: in this range every z has an x. Equal values have the exponent 1, which changes nothing.

    Attributes
    ----------
    exponent_ : ndarray of shape (n_series,)
        Yeo and Johnson call it lambda.

    References
    ----------
    Yeo and Johnson (2000), A new family of power transformations to improve normality or symmetry, Biometrika 87,
    eq. (2.1), and eq. (3.1) for the likelihood.

    Examples
    --------
    >>> import numpy as np
    >>> values, bounds = np.array([-1.0, 0.0, 1.0, 0.0, 1.0, 100.0]), np.array([0, 3, 6])
    >>> transform = YeoJohnson().fit(values, bounds)
    >>> transform.exponent_
    array([1., 0.])
    >>> z = transform.transform(values, bounds)
    >>> transform.inverse_transform(z[None, 3:], series=[1], rows=[0]).round(6)
    array([[  0.,   1., 100.]])
    """

    of_each_series = ("exponent_",)

    def fit(self, values, bounds, names=None):
        """Learn an exponent for each series."""
        values = np.asarray(values, np.float64)
        signs, logarithms = self._parts(values)
        lowest, highest = (reduce(ufunc, values, bounds, 0.0) for ufunc in (np.fmin, np.fmax))
        is_flat = is_constant(values, bounds)
        lowest, highest = np.where(is_flat, 0, lowest), np.where(is_flat, 0, highest)
        logarithms[np.repeat(is_flat, np.diff(bounds))] = 0
        jacobian = means(signs * logarithms, bounds)

        def loss(exponent):
            ends = [np.abs(self._bend(*self._parts(end), exponent)) for end in (lowest, highest)]
            z = self._bend(signs, logarithms, spread(exponent, bounds))
            return log_deviation(z, bounds, np.maximum(*ends)) - (exponent - 1) * jacobian

        with np.errstate(divide="ignore"):
            upper = LARGEST_LOGARITHM / np.log1p(np.maximum(highest, 0))
            lower = 2 - LARGEST_LOGARITHM / np.log1p(np.maximum(-lowest, 0))
        lower, upper = np.clip(lower, 0, 1), np.clip(upper, 1, LARGEST_EXPONENT)  # 1 changes nothing, so it always goes
        self.exponent_ = np.where(is_flat, 1.0, best_exponent(loss, lower, upper))
        return self

    @staticmethod
    def _parts(values):
        """Return the signs of values, and the logarithms of one plus their sizes."""
        return np.where(values < 0, -1.0, 1.0), np.log1p(np.abs(values))

    @staticmethod
    def _bend(signs, logarithms, exponent):
        return signs * power(logarithms, np.where(signs > 0, exponent, 2 - exponent))

    def transform(self, values, bounds):
        """Return what the powers give."""
        parts = self._parts(np.asarray(values, np.float64))
        return self._bend(*parts, spread(self.exponent_, bounds))

    def inverse_transform(self, forecasts, series, rows, values=None, bounds=None):
        """Return forecasts in units of the target."""
        forecasts = np.asarray(forecasts, np.float64)
        exponent = like(forecasts, self.exponent_[series])
        logarithms = root(np.abs(forecasts), np.where(forecasts < 0, 2 - exponent, exponent))
        with np.errstate(over="ignore"):
            return finite(np.copysign(np.expm1(logarithms), forecasts))


def power(logarithms, exponent):
    """Return ``(e**(exponent * logarithm) - 1) / exponent``, the logarithm itself where the exponent is 0."""
    is_logarithm = exponent == 0
    with np.errstate(over="ignore"):
        bent = np.expm1(exponent * logarithms) / np.where(is_logarithm, 1.0, exponent)
    return np.where(is_logarithm, logarithms, bent)


def root(bent, exponent):
    """Return the logarithms that `power` bent; -inf below what it gives for any."""
    is_logarithm = exponent == 0
    with np.errstate(over="ignore", divide="ignore"):
        logarithms = np.log1p(np.maximum(exponent * bent, -1.0)) / np.where(is_logarithm, 1.0, exponent)
    return np.where(is_logarithm, bent, logarithms)


def finite(forecasts):
    """Return forecasts, the largest number of float64 in the place of what overflowed."""
    return np.clip(forecasts, -np.finfo(np.float64).max, np.finfo(np.float64).max)


def log_deviation(values, bounds, largest):
    """Return the logarithm of the standard deviation of each series (n_series,), whose largest size is `largest`."""
    largest = np.where(largest > 0, largest, 1.0)
    with np.errstate(divide="ignore"):
        return np.log(deviations(values / spread(largest, bounds), bounds)) + np.log(largest)


def best_exponent(loss, lower, upper):
    """Return where in its range each series has the least loss, to within 1e-4.

    A grid finds the neighbourhood, since a likelihood may have several peaks; sections in golden ratio narrow it
    (Kiefer 1953, Sequential minimax search for a maximum, Proceedings of the American Mathematical Society 4).

    Parameters
    ----------
    loss : callable
        From exponents (n_series,) to losses (n_series,).
    lower, upper : ndarray of shape (n_series,)

    Returns
    -------
    ndarray of shape (n_series,)
    """
    grid = np.linspace(lower, upper, N_GRID)
    losses = np.array([loss(exponent) for exponent in grid])
    every, best = np.arange(len(lower)), losses.argmin(axis=0)
    on_grid, least_on_grid = grid[best, every], losses[best, every]
    left, right = grid[np.maximum(best - 1, 0), every], grid[np.minimum(best + 1, N_GRID - 1), every]
    inner = [right - GOLDEN * (right - left), left + GOLDEN * (right - left)]
    at_inner = [loss(exponent) for exponent in inner]
    for _ in range(N_SECTIONS):
        is_left = at_inner[0] < at_inner[1]
        left, right = np.where(is_left, left, inner[0]), np.where(is_left, inner[1], right)
        new = np.where(is_left, right - GOLDEN * (right - left), left + GOLDEN * (right - left))
        at_new = loss(new)
        inner = [np.where(is_left, new, inner[1]), np.where(is_left, inner[0], new)]
        at_inner = [np.where(is_left, at_new, at_inner[1]), np.where(is_left, at_inner[0], at_new)]
    # The end of a range, and the grid's own points, are reached exactly.
    return np.where(least_on_grid <= np.minimum(*at_inner), on_grid, (left + right) / 2)


def refuse_up_to(limit, name, values, bounds, names):
    """Raise if a value is not above the limit."""
    is_low = np.less_equal(values, limit)
    if is_low.any():
        row = int(is_low.argmax())
        s = series_of_row(row, bounds)
        raise ValueError(
            f"{name_of(s, names)} has the value {values[row]:g} in its row {row - bounds[s]}, but {name!r} needs "
            f"values above {limit}; shift the series, or take 'yeojohnson'."
        )
