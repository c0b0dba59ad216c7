"""Reversible transforms of one series: learnt on a part of it, applied to all of it."""

import numpy as np


class StandardTransform:
    """Subtracts the mean and divides by the standard deviation (by one where that is zero)."""

    def fit(self, values):
        """Learn mean and deviation from `values`, an ndarray of shape (n,); return self."""
        largest = np.abs(values).max() or 1.0
        shares = values / largest  # so that no square overflows or vanishes
        mean = shares.mean()
        widest = np.abs(shares - mean).max() or 1.0
        deviation = largest * (widest * ((shares - mean) / widest).std())
        is_constant = values.min() == values.max()  # equal values may still deviate, by rounding
        self.mean_ = largest * mean
        self.scale_ = 1.0 if is_constant or deviation == 0 else deviation
        with np.errstate(over="ignore"):
            if not np.isfinite(values - self.mean_).all():
                raise ValueError(f"values up to {largest:.3g} are too large to scale; divide the series first.")
        return self

    def transform(self, values):
        """Return the scaled values, float64."""
        return (values - self.mean_) / self.scale_

    def inverse_transform(self, values):
        """Return values on the original scale, float64."""
        return np.asarray(values, np.float64) * self.scale_ + self.mean_


class IdentityTransform:
    """Leaves values as they are."""

    def fit(self, values):
        """Return self."""
        return self

    def transform(self, values):
        """Return `values`."""
        return values

    def inverse_transform(self, values):
        """Return `values` as float64."""
        return np.asarray(values, np.float64)


TRANSFORMS = {"standard": StandardTransform, None: IdentityTransform}
