"""What a stream remembers of its series: the last rows, or the last one and the states in which it was read."""

from dataclasses import dataclass, replace

import numpy as np

from .carried import FollowedMember
from .frames import WIDE
from .member import remembering
from .panel import NO_WEIGHTS, Panel
from .preparation import Series

NO_FEATURES = np.zeros(0)
STEPS_OF_CALENDAR = 256  # whose features are made at once
SPARE_ROWS = 64  # that gather behind what is needed, until they are cut off together


@dataclass(frozen=True)
class WindowMemory:
    """The last rows of one series, as many as windows need, and the members of a forecaster which remember them alone.

    Parameters
    ----------
    panel : Panel
    members : list of Member
    """

    panel: Panel
    members: list

    @classmethod
    def of(cls, panel, number, in_training, members):
        """Return that of a series, `in_training` its number in the order of training."""
        return cls(_alone(panel, number), members)._cut(in_training)

    def after(self, values, covariates):
        """Return the memory after one more row."""
        panel, n = self.panel, len(self.panel.values) + 1
        longer = replace(
            panel, values=np.append(panel.values, [values], axis=0),
            covariates=np.append(panel.covariates, [covariates], axis=0), bounds=np.array([0, n]),
            clock=replace(panel.clock, n=n),
        )  # fmt: skip
        memory = replace(self, panel=longer)
        return memory._cut() if n > self._n_needed + SPARE_ROWS else memory._observing()

    @property
    def targets(self):
        """The values of the last row, on the scale of the network."""
        return self.members[0].last_targets()

    def kept(self):
        """Return what a snapshot keeps."""
        return self.panel, [member.preparation for member in self.members]

    def back_at(self, kept):
        """Return the memory that a snapshot has kept."""
        panel, preparations = kept
        pairs = zip(self.members, preparations, strict=True)
        return WindowMemory(panel, [member.with_preparation(own) for member, own in pairs])._observing()

    @property
    def _n_needed(self):
        return self.members[0].settings.lookback

    def _observing(self):
        """Return this memory with members that have made their windows of it."""
        return replace(self, members=remembering(self.members, self._series))

    @property
    def _series(self):
        return _series_of(self.panel)

    def _cut(self, number=0):
        """Return this memory without the rows that no window needs; `number` is that of the series for its members."""
        panel, n = self.panel, len(self.panel.values)
        first = max(n - self._n_needed, 0)
        values, covariates, preparation = panel.values, panel.covariates, self.members[0].preparation
        if preparation.missing == "interpolate":
            # What is missing after the last value of a column is known when its next one is: from that last one on all
            # is kept. Before it nothing will change any more, so what is missing there is filled for good.
            filled = preparation.fill(self._series)
            values, first_of_values = _filled_for_good(values, filled.values, first)
            covariates, first_of_covariates = _filled_for_good(covariates, filled.covariates, first)
            first = min(first_of_values, first_of_covariates)
        elif preparation.missing == "mask":  # the last value is the level of a window without any
            is_known = ~np.isnan(values)
            last = n - 1 - is_known[::-1].argmax(axis=0)
            first = min(first, int(last[is_known.any(axis=0)].min(initial=first)))
        preparations = {id(member.preparation): member.preparation for member in self.members}
        alone = {key: preparation.of_series(number, values[:first]) for key, preparation in preparations.items()}
        members = [member.with_preparation(alone[id(member.preparation)]) for member in self.members]
        panel = replace(panel, values=values, covariates=covariates)
        return WindowMemory(_from_row(panel, first), members)._observing()


class CarriedMemory:
    """The last row of one series, and the networks that have read all of it; it is led on in place.

    Parameters
    ----------
    panel : Panel
        Of that row alone.
    members : list of FollowedMember
        With the same preparation where they share one.
    outputs, states : list of ndarray
        What each network has put out after that row, and its state.
    """

    def __init__(self, panel, members, outputs, states):
        self._panel, self._label, self._members, self._outputs = panel, panel.label(), members, outputs
        self._streams = [member.architecture.stream(member.parameters) for member in members]
        for stream, state in zip(self._streams, states, strict=True):
            stream.state = state
        self._row, self._values, self._covariates = 0, panel.values[0], panel.covariates[0]
        self._calendar = None

    @classmethod
    def of(cls, panel, number, in_training, members):
        """Return that of a series, `in_training` its number in the order of training."""
        alone = _alone(panel, number)
        before = alone.values[:-1]
        preparations = {id(member.preparation): member.preparation for member in members}
        own = {key: preparation.of_series(in_training, before) for key, preparation in preparations.items()}
        ends = [member.at_end(np.array([in_training]), 1) for member in members]
        followed = [FollowedMember(member, own[id(member.preparation)]) for member in members]
        outputs, states = ([end[k][0] for end in ends] for k in (0, 1))
        return cls(_from_row(alone, len(before)), followed, outputs, states)

    def after(self, values, covariates):
        """Return the memory after one more row: itself."""
        of_calendar, rows = self._of_calendar(), {}
        for member in self._members:
            if id(member.preparation) not in rows:
                preparation = member.preparation.after(self._values)
                rows[id(member.preparation)] = (
                    preparation, preparation.row(values, covariates, of_calendar, self._label)
                )  # fmt: skip
        # Nothing is refused any more.
        for k, (member, stream) in enumerate(zip(self._members, self._streams, strict=True)):
            member.preparation, row = rows[id(member.preparation)]
            if not member.preparation.transform.n_lost:
                self._outputs[k] = stream.advance(row).copy()
        self._row, self._values, self._covariates = self._row + 1, values, covariates
        self.targets = np.where(np.isnan(values), np.nan, row[: len(values)])
        return self

    @property
    def panel(self):
        """The Panel of the last row alone."""
        row, first = self._row, self._panel
        if row > STEPS_OF_CALENDAR:  # whose stamps cost more and more
            clock = replace(first.clock, start=first.clock.stamps(row, row + 1)[0])
            self._row, self._calendar, self._panel = 0, None, replace(first, clock=clock)
        return replace(
            self._panel, values=self._values[np.newaxis], covariates=self._covariates[np.newaxis],
            starts=np.array([self._row]), clock=replace(self._panel.clock, n=self._row + 1),
        )  # fmt: skip

    @property
    def members(self):
        """The members, with a memory of the last row."""
        series, states = _series_of(self.panel), (stream.state for stream in self._streams)
        each = zip(self._members, self._outputs, states, strict=True)
        return [member.standing_at(series, outputs, state) for member, outputs, state in each]

    def kept(self):
        """Return what a snapshot keeps."""
        preparations = [member.preparation for member in self._members]
        return self.panel, preparations, list(self._outputs), [stream.state for stream in self._streams]

    def back_at(self, kept):
        """Return the memory that a snapshot has kept."""
        panel, preparations, outputs, states = kept
        pairs = zip(self._members, preparations, strict=True)
        members = [FollowedMember(member, preparation) for member, preparation in pairs]
        return CarriedMemory(_from_row(panel, 0), members, list(outputs), states)

    def _of_calendar(self):
        """Return the features of the calendar of the next step, which are made for many steps at once."""
        preparation, step = self._members[0].preparation, self._row + 1
        if not preparation.calendar:
            return NO_FEATURES
        if self._calendar is None or step >= self._calendar[0] + STEPS_OF_CALENDAR:
            series = _series_of(self.panel)
            step = self._row + 1
            self._calendar = step, preparation.of_calendar(series, step + np.arange(STEPS_OF_CALENDAR))
        first, features = self._calendar
        return features[step - first]


def _filled_for_good(columns, filled, first):
    """Return columns, filled up to the last value of each, and the first row to keep: `first`, or before a hole.

    A column that stays without a value where it is filled, one of categories or without any, keeps its holes.
    """
    n = len(columns)
    is_known = ~np.isnan(columns)
    last = n - 1 - is_known[::-1].argmax(axis=0)
    holes = last[np.isnan(columns[-1]) & ~np.isnan(filled[-1])]
    return np.where(np.arange(n)[:, None] <= last, filled, columns), min(first, int(holes.min(initial=first)))


def _alone(panel, number):
    """Return the Panel of one series."""
    rows = slice(*panel.bounds[number : number + 2])
    own, form = slice(number, number + 1), panel.form
    if form.kind == WIDE:
        form = replace(form, targets=form.targets[own])
    return replace(
        panel, values=panel.values[rows], covariates=panel.covariates[rows],
        bounds=np.array([0, rows.stop - rows.start]), starts=panel.starts[own], form=form,
        ids=None if panel.ids is None else panel.ids[own], weights=NO_WEIGHTS,
    )  # fmt: skip


def _from_row(panel, first):
    """Return the Panel of one series from one of its rows on, with which its clock begins."""
    start, n = int(panel.starts[0]) + first, len(panel.values) - first
    return replace(
        panel, values=panel.values[first:].copy(), covariates=panel.covariates[first:].copy(), bounds=np.array([0, n]),
        starts=np.zeros(1, np.int64), clock=replace(panel.clock, start=panel.clock.stamps(start, start + 1)[0], n=n),
    )  # fmt: skip


def _series_of(panel):
    """Return the Series of a panel of one."""
    return Series(panel.values, panel.covariates, panel.bounds, NO_WEIGHTS, panel)
