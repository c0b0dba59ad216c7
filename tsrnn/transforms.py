"""Reversible transforms of one series: learnt on a part of it, applied to all of it."""

import numpy as np


class StandardTransform:
    """Subtracts the mean and divides by the standard deviation (by one where that is zero)."""

    def fit(self, values):
        """Learn mean and deviation from `values`, an ndarray of shape (n,); return self."""
        with np.errstate(over="ignore", invalid="ignore"):
            self.mean_ = values.mean()
            deviation = values.std()
        if not (np.isfinite(self.mean_) and np.isfinite(deviation)):
            raise ValueError(
                f"values up to {np.abs(values).max():.3g} are too large to scale; divide the series first."
            )
        is_constant = values.min() == values.max()  # equal values may still deviate, by rounding
        self.scale_ = deviation if deviation > 0 and not is_constant else 1.0
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
