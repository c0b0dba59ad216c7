"""One series, one observation at a time: a forecaster whose memory is only as long as its next forecast needs."""

import hashlib
import math
from copy import copy
from dataclasses import dataclass
from numbers import Real

import numpy as np

from .adapting import Adaptation
from .ahead import static_values, tell_new_category
from .carried import CarriedMember
from .frames import TARGET, WIDE, listing, plain
from .losses import refuse_no_count
from .memories import CarriedMemory, WindowMemory
from .spread import Spread, read_levels


@dataclass(frozen=True)
class Snapshot:
    """Where a stream stands, to come back to; it can be pickled, and nothing in it is ever changed.

    Parameters
    ----------
    of : str
        Tells the stream of one series of one fitted forecaster from all others.
    memory : object
    adaptation : Adaptation or None
        Of its intervals, if it has some.
    """

    of: str
    memory: object
    adaptation: object = None


class Stream:
    """A fitted forecaster that follows one series, one observation at a time; :meth:`tsrnn.RNNForecaster.stream`.

    It has weights and a memory of its own: neither the forecaster nor other streams are changed by it, or change it.

    Parameters
    ----------
    forecaster : RNNForecaster
        Fitted.
    number : int
        Of the series in its panel.
    levels : list of float
        Of the intervals that its forecasts may have, in percent.
    """

    def __init__(self, forecaster, number, levels=()):
        self._view, panel = copy(forecaster), forecaster.panel_  # which is given a panel of one series, and members
        self._view.n_jobs, self._view._numbers = 1, np.zeros(1, np.int64)
        self._view.parameters_ = forecaster.parameters_.copy()
        self._names = [TARGET if name is None else name for name in panel.form.targets.tolist()]
        if panel.form.kind == WIDE:
            self._names = self._names[number : number + 1]
        self._names += panel.covariate_names.tolist()
        self._n_targets, self._categories = panel.n_targets, panel.categories
        self._static = static_values(panel, self._view._terms.static, number)
        members = self._view._members
        self._limits = members[0].settings.bounds or (-np.inf, np.inf)
        self._loss = members[0].architecture.loss
        kind = CarriedMemory if isinstance(members[0], CarriedMember) else WindowMemory
        self._memory = kind.of(panel, number, forecaster._numbers[number], members)
        weights = b"".join(member.parameters.tobytes() for member in members)
        self._of = f"{panel.label(number)} {hashlib.sha256(weights).hexdigest()}"
        # What is of all series, a stream does not hold on to.
        for name in ("_before_refit", "_residuals", "_all_residuals"):
            self._view.__dict__.pop(name, None)
        self._adaptation = None
        if levels:
            self._adaptation = Adaptation.of(forecaster._errors_for(Spread(tuple(levels))), number, levels)
        self._seen()

    def update(self, observation):
        """Take the observation of the next stamp of the clock.

        Parameters
        ----------
        observation : float, array-like of shape (n_targets,), or mapping
            The value of the target, or those of several in the order of training; with covariates a dict or Series
            with all of them, and the targets, by name (an unnamed target is "y"). NaN where missing, if `missing` is
            not "raise".

        Returns
        -------
        self

        Raises
        ------
        ValueError, TypeError
            If it cannot be read; the stream is then where it was.
        """
        values, covariates = self._read(observation)
        self._memory = self._memory.after(values, covariates)
        if self._adaptation is not None:
            self._adaptation = self._adaptation.after(values, self._memory.targets)
        return self

    def forecast(self, h=None, X=None, level=None):
        """Return the forecast of the h steps after the last observation; as :meth:`tsrnn.RNNForecaster.forecast` does.

        To the bit what the forecaster gives after its own `update` with the same observations; but intervals adapt.

        Parameters
        ----------
        h : int, optional
            Number of steps; the horizon by default.
        X : DataFrame, optional
            The rows of these steps, with the covariates that are known ahead.
        level : float or sequence of float, optional
            Percent of the truths that intervals are to hold; of those that the stream was made with.

        Returns
        -------
        Series or DataFrame
            In the format of the data, of this series alone.

        Raises
        ------
        TypeError, ValueError
            As :meth:`tsrnn.RNNForecaster.forecast`; or if a level is not among those that the stream was made with.

        Notes
        -----
        Intervals begin as those of the forecaster. Each observation is compared with the interval that was forecast for
        it from the step before, if one was, and the share of misses that is asked for goes up or down, so that in the
        long run as many are made as are wished for (Gibbs and Candès 2021). Its errors take the place of the oldest, of
        each step that was forecast with an interval. Where little was held out, errors of what was learnt are forgotten
        besides, until as many are left as were held out, or 39, or as the highest level needs, when that many new ones
        have come; later ones fill their places again. Of a panel those of other series go before the own ones. So a
        stream that is asked at every step follows a world that changes; one that is not asked does not adapt. At most
        500 errors of each step are remembered.

        References
        ----------
        Gibbs and Candès (2021), Adaptive conformal inference under distribution shift, NeurIPS 34, equation 2.

        Examples
        --------
        >>> import tsrnn
        >>> temperature = tsrnn.datasets.load_elnino()
        >>> model = tsrnn.RNNForecaster(horizon=2, max_iter=2, random_state=0).fit(temperature[:-24])
        >>> stream, n_held = model.stream(level=80), 0
        >>> for observation in temperature[-24:]:
        ...     lower, upper = stream.forecast(1, level=80).iloc[0, 1:]
        ...     n_held += lower <= observation <= upper
        ...     stream = stream.update(observation)
        >>> 12 < n_held <= 24
        True
        """
        view = self._seen()
        if level is None:
            return view.forecast(h, X)
        view, levels, n_steps = copy(view), self._levels(level), view._steps_ahead(h)
        view._errors_for, view._tails = (lambda _: self._adaptation.residuals), self._adaptation.tails
        forecasts = view._values_ahead(n_steps, X)
        frame = view._frame_ahead(forecasts, X, Spread(tuple(levels)))
        self._adaptation = self._adaptation.awaiting(view._answers_ahead(forecasts, X), levels)
        return frame

    def _levels(self, level):
        """Return the levels that are asked for, the widest first; raise for others than the stream was made with."""
        levels, own = read_levels(level), [] if self._adaptation is None else list(self._adaptation.levels)
        others = [level for level in levels if level not in own]
        if others:
            what = f"those of {own}" if own else "no intervals"
            raise ValueError(f"the stream was made with {what}; make one with model.stream(level={levels}).")
        return levels

    def predict(self, h=None, X=None):
        """Return the numbers of `forecast`, which takes far longer to give them their stamps.

        Returns
        -------
        ndarray of shape (h,), or (h, n_targets) for several targets
        """
        view = self._seen()
        n_steps = view._fitted_horizon if h is None else view._steps_ahead(h)  # which asks whether it is fitted
        forecasts = view._values_ahead(n_steps, X)[0]
        return forecasts if self._n_targets > 1 else forecasts[:, 0]

    def snapshot(self):
        """Return a Snapshot of where the stream stands."""
        return Snapshot(self._of, self._memory.kept(), self._adaptation)

    def restore(self, snapshot):
        """Go back to a snapshot of this stream, or of another one of the same series and weights.

        Parameters
        ----------
        snapshot : Snapshot

        Returns
        -------
        self

        Raises
        ------
        TypeError, ValueError
            If it is none, or of another series, or of other weights.
        """
        if not isinstance(snapshot, Snapshot):
            raise TypeError(f"a stream is restored from what its snapshot() gave; got {type(snapshot).__name__}.")
        if snapshot.of != self._of:
            its, own = (of.rpartition(" ")[0] for of in (snapshot.of, self._of))
            what = f"{its}, and this stream follows {own}" if its != own else "a forecaster with other weights"
            raise ValueError(f"the snapshot is of {what}; restore it in a stream of its own series and forecaster.")
        its, own = (list(one.levels) if one else [] for one in (snapshot.adaptation, self._adaptation))
        if its != own:
            raise ValueError(
                f"the snapshot is of a stream with intervals of the levels {its}, and this one has {own}; restore it "
                f"in one that is made with model.stream(level={its or None})."
            )
        self._memory, self._adaptation = self._memory.back_at(snapshot.memory), snapshot.adaptation
        return self

    def _seen(self):
        """Return the forecaster, whose memory is that of the stream."""
        self._view.panel_, self._view._members = self._memory.panel, self._memory.members
        return self._view

    def _read(self, observation):
        """Return the values of an observation: of targets (n_targets,), and covariates (n_covariates,)."""
        n_targets, names = self._n_targets, self._names
        if hasattr(getattr(observation, "index", None), "freq"):  # of dates
            raise TypeError(
                f"the observation is a {type(observation).__name__} of {len(observation)} rows of time; give one "
                "observation, always that of the next stamp: stream.update(series.iloc[-1])."
            )
        if hasattr(observation, "keys"):
            given = dict(observation)
            if set(given) != set(names):
                raise ValueError(f"the observation has {listing(list(given))}; give {listing(names)}, each once.")
            given = [given[name] for name in names]
        elif len(names) > n_targets:
            raise TypeError(
                f"the observation is {observation!r}, but there are covariates; give a dict or Series with "
                f"{listing(names)}."
            )
        else:
            given = [observation] if isinstance(observation, Real) or not np.ndim(observation) else list(observation)
            if len(given) != n_targets:
                raise ValueError(f"the observation has {len(given)} values; give one for each of {listing(names)}.")
        numbers = [self._number(name, value) for name, value in zip(names, given, strict=True)]
        if self._view._terms.missing == "raise" and any(map(math.isnan, numbers)):
            name = next(name for name, number in zip(names, numbers, strict=True) if math.isnan(number))
            raise ValueError(
                f"the observation of {plain(name)!r} is missing (NaN), which missing='raise' does not allow; give a "
                f"number, or {self._view._cures_of_missing()} and fit again."
            )
        lowest, highest = self._limits
        for name, number in zip(names, numbers[:n_targets], strict=False):
            if number < lowest or number > highest:
                raise ValueError(
                    f"the observation of {plain(name)!r} is {number:g}, out of the bounds {self._limits}; correct "
                    "it, or give bounds that hold what is observed."
                )
        for name, number in zip(names, numbers[:n_targets], strict=False):
            refuse_no_count(self._loss, number, f"the observation of {plain(name)!r} is {number:g}")
        for name, known in self._static.items():
            number = numbers[names.index(name, n_targets)]
            if number != known and not math.isnan(number) and not math.isnan(known):
                raise ValueError(
                    f"static covariate {plain(name)!r} has another value in the observation than before; correct it, "
                    "or fit again without naming it in static_covariates."
                )
        return np.array(numbers[:n_targets]), np.array(numbers[n_targets:])

    def _number(self, name, value):
        """Return a value as a float, of a category its number as :func:`tsrnn.columns.read_covariates` does."""
        if name in self._categories:
            if value is None or value != value:
                return np.nan
            number = float(self._categories[name].get_indexer([value])[0])
            if number < 0:
                terms = self._view._terms
                tell_new_category(name, f"is {plain(value)!r} in the observation,", self._categories, terms)
            return number
        is_yes_or_no = isinstance(value, bool | np.bool_) and name in self._names[: self._n_targets]
        if not isinstance(value, Real | np.bool_) or is_yes_or_no:
            raise TypeError(f"the observation has {plain(value)!r} for {plain(name)!r}; give a number, NaN if missing.")
        number = float(value)
        if math.isinf(number):
            raise ValueError(f"the observation of {plain(name)!r} is infinite; give a number, NaN if it is missing.")
        return number
