"""A network that carries its state over whole series: what it is trained on, and its forecasts, on arrays."""

from dataclasses import dataclass, replace

import numpy as np

from .member import Member, Settings, Task, check_targets, prepare
from .network.carrying import read_through


def refuse_for_carried(window_norm, strategy, missing, windows_per_epoch, known_ahead, transform):
    """Raise if an argument needs whole windows, or values of later steps."""

    def refuse(what, cure):
        raise ValueError(f"{what}, which state='carried' cannot do; {cure}, or set state='window'.")

    if window_norm not in ("auto", None):
        refuse(f"window_norm={window_norm!r} looks at a whole window", "set it to None")
    if strategy != "direct":
        refuse(f"strategy={strategy!r} reads on from each step with forecasts of its own", "set it to 'direct'")
    if missing == "interpolate":
        refuse("missing='interpolate' looks at the next value that is known", "set it to 'mask'")
    if windows_per_epoch not in ("auto", None):
        refuse(f"windows_per_epoch={windows_per_epoch} draws windows out of their order", "set it to None")
    if known_ahead:
        names = ", ".join(map(repr, known_ahead))
        refuse(f"the covariates {names} would be read ahead", "name them in past_covariates, or static_covariates")
    if not transform.is_causal:
        refuse("'stl' and 'mstl' look at later values", "take 'deseasonalise' or 'seasonal_difference'")


@dataclass(frozen=True, kw_only=True)
class CarriedSettings(Settings):
    """Those of a network that carries its state: `lookback` is the stretch over which gradients go back."""

    def count_windows(self, n_training):
        """Return how many stretches an epoch has."""
        return int(-(-np.maximum(n_training - 1 - self.n_lost, 0) // self.lookback).sum())


class CarriedTask(Task):
    """What such a network is trained on: stretches of series in their order, with an output after each step."""

    @classmethod
    def of(cls, settings, series, n_training):
        """Return the task to learn from the first rows of each series, so many; the others are held out."""
        preparation, n_targets = prepare(settings, series, n_training), series.values.shape[1]
        architecture = replace(
            settings.network, n_steps=settings.lookback, n_features=preparation.n_features,
            n_outputs=n_targets * settings.horizon * settings.network.n_of_target, return_sequences=True,
            skips_missing=True, carries=True,
        )  # fmt: skip
        rows = preparation.rows(series, n_training)
        windows, validation = make_stretches(preparation, settings, series, rows, 0, n_training), None
        if (n_training < series.lengths).any():  # their states come from the rows before them
            validation = make_stretches(preparation, settings, series, rows, n_training, series.lengths)
        check_targets(windows, validation)
        return cls(architecture, preparation, windows, validation)


def make_stretches(preparation, settings, series, rows, first, last):
    """Return the stretches of these series, the targets of which are their rows from `first` on and before `last`."""
    return preparation.stretches(rows, series, settings.lookback, settings.horizon, first, last, settings.batch_size)


class CarriedMember(Member):
    """A trained network that has read each series from its first row on."""

    _ends = None  # what `at_end` has last come to: the bits of the parameters, outputs and states

    def __getstate__(self):
        return {**self.__dict__, "_ends": None}

    def with_memory(self, memory):
        """Return this member with another memory."""
        other = super().with_memory(memory)
        other._ends = None
        return other

    def memory_of(self, series, rows=None):
        """Return the memory of a Series that forecasts are made from; as :meth:`Member.memory_of` does."""
        rows = self.preparation.rows(series, series.lengths) if rows is None else rows
        return series, make_stretches(self.preparation, self.settings, series, rows, 0, series.lengths), series

    @property
    def _n_unread(self):
        """First rows of a series from which no forecast is made: before the first that is read."""
        return self.settings.n_lost

    def _forecast_inside(self, numbers, rows, n_threads):
        """Return outputs on the scale of the network, as those of a window: all of a series in one pass."""
        asked, place = np.unique(numbers, return_inverse=True)
        last = rows - self.settings.n_lost - 1
        n_read = np.zeros(len(asked), np.int64)
        np.maximum.at(n_read, place, last + 1)
        outputs, _ = self._read(self._windows.rows, self._windows.firsts[asked], n_read, n_threads, place, last)
        return self._of_targets(outputs)

    def outputs_ahead(self, numbers, n_steps, n_threads, ahead=None):
        """Return the outputs of the steps after these series; as :meth:`Member.outputs_ahead` does."""
        outputs, states = self.at_end(numbers, n_threads)
        made = self._of_targets(outputs)[:, :n_steps]
        if n_steps <= self.settings.horizon:
            return made
        return self._read_on(made, states, numbers, n_steps, n_threads, ahead)

    def at_end(self, numbers, n_threads):
        """Return the outputs after the last row of these series, and the states there; all series are read once."""
        bits = self.parameters.tobytes()
        if self._ends is None or self._ends[0] != bits:
            n_read = np.maximum(self._series.lengths - self.settings.n_lost, 0)
            rows, firsts = self._windows.rows, self._windows.firsts
            self._ends = bits, *self._read(rows, firsts, n_read, n_threads, np.arange(len(n_read)), n_read - 1)
        _, outputs, states = self._ends
        return outputs[numbers], states[numbers]

    def _read_on(self, made, states, numbers, n_steps, n_threads, ahead):
        """Return outputs that go on from those of a first horizon, as if their forecasts had been observed."""
        horizon, n, n_targets, parts = self.settings.horizon, len(numbers), made.shape[2], []
        n_ahead = -(-n_steps // horizon) * horizon
        no_rows = np.zeros((0, self.preparation.n_features), self.settings.dtype)
        tail, _ = self.preparation.tail(no_rows, self._series, numbers, 0, n_ahead, ahead)
        rows, firsts, each = tail.reshape(n * n_ahead, -1), np.arange(n) * n_ahead, np.arange(n)
        for first in range(0, n_ahead, horizon):
            if first:
                every = np.full(n, horizon)
                outputs, states = self._read(rows, firsts + first - horizon, every, n_threads, each, every - 1, states)
                made = self._of_targets(outputs)
            parts.append(made)
            tail[:, first : first + horizon, :n_targets] = self._points(made)
            tail[:, first : first + horizon, n_targets : self.preparation.n_of_targets] = 0  # as if observed
        return np.concatenate(parts, axis=1)[:, :n_steps]

    def _read(self, *arguments):
        return read_through(self.architecture, self.parameters, *arguments)


class FollowedMember(CarriedMember):
    """A member that has been led on row by row: of one series, whose last row alone it remembers.

    Parameters
    ----------
    member : CarriedMember
    preparation : Preparation
        Of that series, from its last row on.
    """

    def __init__(self, member, preparation):
        self.settings, self.architecture, self.parameters = member.settings, member.architecture, member.parameters
        self.preparation = preparation

    def standing_at(self, series, outputs, state):
        """Return this member after the one row of a Series, with what the network put out there, and its state."""
        other = self.with_memory((series, None, series))
        other._at_end = outputs[np.newaxis], state[np.newaxis]
        return other

    def at_end(self, numbers, n_threads):
        """Return what the network has put out after the last row, and its state."""
        return self._at_end
