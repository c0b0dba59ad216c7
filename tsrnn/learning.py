"""How the networks of a forecaster learn: several ways are tried, each network is trained, and again on everything."""

import time
import warnings
from dataclasses import dataclass, replace
from functools import partial
from typing import NamedTuple

import numpy as np
import pandas as pd
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state

from . import choices
from .arguments import (
    count_members,
    count_training,
    describe_choices,
    forecasts_distributions,
    settings_for,
    ways_to_try,
)
from .base import CUT_SHORT, NothingLearnt, describe_cut
from .carried import CarriedMember, CarriedTask
from .choices import resolve
from .counts import how_many
from .losses import refuse_falling
from .member import Member, Task, Tasks, remembering
from .network.together import run_together
from .network.training import Training
from .preparation import Series

# Why else a refit may have been cut short.
_STOPPED = {
    "callback": "{run} was stopped by a callback after {n}; {kept}.",
    "max_time": "{run} ran out of max_time after {n}; {kept}.",
}


class _Kind(NamedTuple):
    """What forecasters of one `state` are made of."""

    task: type
    member: type


_KINDS = {
    "window": _Kind(Task, Member),
    "carried": _Kind(CarriedTask, CarriedMember),
}


@dataclass(frozen=True)
class _Learnt:
    """What one network has come to: its first training, the weights that are kept, and the task these learnt."""

    training: Training
    parameters: np.ndarray
    task: Task
    stop_reason: str
    warning: str = ""


class LearningMixin:
    """Gives a forecaster what its networks learn: trials of several ways, training, a refit on everything."""

    def _learn(self, panel):
        begun = time.perf_counter()
        series = Series.of(panel)
        first = settings_for(self, panel)
        n_training = count_training(self, series, first)
        has_refit, kind = self.refit and bool((n_training < series.lengths).any()), _KINDS[self.state]
        ways = ways_to_try(self, panel, series.head(n_training).values)
        n_members = count_members(self, ways[0], first)
        ways = [way[:n_members] for way in ways]
        *seeds, trial_seed = self._draw_seeds(n_members + 1)
        way, errors = self._try(ways, panel, series, n_training, trial_seed)
        settings = [settings_for(self, panel, recipe, group) for group, recipe in enumerate(way)]
        n_windows, max_time = settings[0].count_windows(n_training), self.max_time
        if max_time is not None and has_refit:  # which makes no more epochs, but of more windows
            max_time -= time.perf_counter() - begun
            max_time *= 0.9 * n_windows / (n_windows + settings[0].count_windows(series.lengths))
        options = self._options_for(settings[0], n_windows, max_time)
        tasks = [
            Tasks(partial(kind.task.of, one, series), n_training, series.lengths, has_refit, n)
            for one, n in zip(settings, (len(range(k, n_members, len(way))) for k in range(len(way))), strict=True)
        ]
        starts = self._earlier_weights([one.first for one in tasks], n_members)
        if forecasts_distributions(self):
            refuse_falling(self.loss, tasks[0].first.preparation, series)

        def learn(k, options, name):
            group = k % len(way)
            ends_early = settings[group].sizes.ends_early
            return self._learn_one(tasks[group], options, seeds[k], name, begun, starts[k], ends_early)

        learnt = self._side_by_side(learn, n_members, options, stacklevel=5)
        groups = [k % len(way) for k, one in enumerate(learnt) if one is not None]
        learnt = [one for one in learnt if one is not None]
        if forecasts_distributions(self) and len({one.task.preparation for one in learnt}) > 1:
            # A distribution is made of all their outputs, which are in units of what they have learnt of the series.
            learnt = [replace(one, parameters=one.training.parameters, task=tasks[0].first) for one in learnt]

        # Nothing is kept before everything has gone well: a fit that fails leaves an earlier one as it was.
        pairs = list(zip(groups, learnt, strict=True))
        members = [kind.member(settings[group], one.task, one.parameters) for group, one in pairs]
        rows = {key: made for one in tasks for key, made in one.rows_of_all().items()}
        self._members = remembering(members, series, rows)
        before = [kind.member(settings[group], tasks[group].first, one.training.parameters) for group, one in pairs]
        self._before_refit = before, n_training, series.lengths
        self.choices_ = describe_choices(way, errors, settings[0], options, n_members)
        self._began_warm = starts[0] is not None
        self._keep_attributes(settings[0], learnt)
        self._numbers = np.argsort(panel.order)  # of each series of the panel, in the order of training

    def _keep_attributes(self, settings, learnt):
        """Keep what users look at: of the first member, and the histories of all."""
        first = learnt[0]
        self._keep(first.training)
        self.parameters_, self.stop_reason_ = first.parameters, first.stop_reason
        histories = [pd.DataFrame(one.training.history) for one in learnt]
        self.history_ = (
            histories[0]
            if self.choices_["n_members"] == 1
            else pd.concat(histories, keys=range(len(learnt)), names=["member"])
        )
        self.season_, self.lookback_ = settings.season, settings.lookback
        self.hidden_layer_sizes_ = settings.network.hidden_layer_sizes
        self._architecture = first.task.architecture

    def _learn_on(self, members, n_epochs):
        """Return the members after so many further epochs, from all rows that they remember."""
        seeds = self._draw_seeds(len(members))
        options = self._training_options(
            learning_rate=resolve("learning_rate", self.learning_rate),
            schedule="constant",
            batch_size=members[0].settings.batch_size,
            max_iter=n_epochs,
            max_time=self.max_time,
        )
        options = replace(options, n_iter_no_change=n_epochs)

        def learn(k, options, name):
            task, label = members[k].task_again(), f"fine-tuning{name}"
            training = self._train_on(task, options, seeds[k], label, members[k].parameters)
            warning = describe_cut(training, label) if training.stop_reason in CUT_SHORT else ""
            return _Learnt(training, training.parameters, task, training.stop_reason, warning)

        learnt = self._side_by_side(learn, len(members), options, stacklevel=4)
        pairs = zip(members, learnt, strict=True)
        return [member if one is None else member.with_parameters(one.parameters) for member, one in pairs]

    def _draw_seeds(self, n):
        rng = check_random_state(self.random_state)
        return [rng.randint(np.iinfo(np.int32).max) for _ in range(n)]

    def _try(self, ways, panel, series, n_training, seed):
        """Return the best of some ways, and the mean errors of all that were tried, by their `window_norm`.

        Each is tried by a network of its first recipe, which is trained for a part of the epochs.
        """
        if len(ways) == 1 or (n_training == series.lengths).all():
            return ways[0], {}
        kind = _KINDS[self.state]

        def attempt(k, options, name):
            task = kind.task.of(settings[k], series, n_training)
            training = self._train_on(task, options, seed, f"trial of window_norm={ways[k][0].window_norm!r}")
            if training.stop_reason == "interrupted":
                raise KeyboardInterrupt
            member = kind.member(settings[k], task, training.parameters)
            (member,) = remembering([member], series, {id(task.preparation): task.windows.rows})

            def forecast(of, rows):
                return member.forecast_from(numbers[of], rows, options.n_threads)

            return choices.trial_errors(forecast, panel, n_training[numbers], self.horizon)

        numbers = np.argsort(panel.order)
        settings = [settings_for(self, panel, way[0]) for way in ways]
        options = self._options_for(settings[0], settings[0].count_windows(n_training), self.max_time)
        options = replace(options, max_iter=-(-options.max_iter // choices.TRIAL_SHARE))
        options = replace(options, max_time=options.max_time and options.max_time / (2 * choices.TRIAL_SHARE))
        errors = self._side_by_side(attempt, len(ways), options)
        if any(of is None for of in errors):  # a trial is nothing to keep
            raise KeyboardInterrupt
        means = {way[0].window_norm: float(of.mean()) for way, of in zip(ways, errors, strict=True) if len(of)}
        return ways[choices.best_way(errors)], means

    def _options_for(self, settings, n_windows, max_time):
        """Return the TrainingOptions that the arguments mean for so many windows of an epoch."""
        batch_size = settings.batch_size
        return self._training_options(
            learning_rate=resolve("learning_rate", self.learning_rate),
            schedule=resolve("schedule", self.schedule),
            batch_size=batch_size,
            max_iter=choices.resolve_max_iter(self.max_iter, n_windows, batch_size, settings.sizes.n_updates),
            max_time=max_time,
        )

    def _earlier_weights(self, tasks, n_members):
        """Return the parameters of each member of the last fit, to start from; None where there was none."""
        if not self.warm_start or not hasattr(self, "_members"):
            return [None] * n_members
        networks = [tasks[k % len(tasks)].architecture for k in range(n_members)]
        if [member.architecture for member in self._members] != networks:
            raise ValueError(
                "warm_start needs the same network, and as many members, as the fit before; set it to False. Another "
                "loss or covariate, or another category of one, makes another network."
            )
        return [member.parameters.astype(self.dtype) for member in self._members]

    def _side_by_side(self, learn, n, options, stacklevel=1):
        """Return what each of n members has learnt, None for those that never began.

        `learn` is given the number of the member, its TrainingOptions and what messages add to its name.
        """
        n_at_once = min(n, options.n_threads)
        rounds = -(-n // n_at_once)
        options = replace(
            options, n_threads=options.n_threads // n_at_once, max_time=options.max_time and options.max_time / rounds
        )
        names = [f", member {k} of {n}" if n > 1 else "" for k in range(1, n + 1)]
        runs = [partial(learn, k, options, names[k]) for k in range(n)]
        learnt = run_together(runs, n_at_once)
        for one in learnt:
            if getattr(one, "warning", ""):
                warnings.warn(one.warning, ConvergenceWarning, stacklevel=stacklevel)
        return learnt

    def _learn_one(self, tasks, options, seed, name, begun, start, ends_early):
        """Return what one network has learnt: by the first task; then by the second, for as long as was best or all."""
        training = self._train_on(tasks.first, options, seed, f"training{name}", start)
        tasks.let_go()
        task = replace(tasks.first, windows=None, validation=None)
        learnt = _Learnt(training, training.parameters, task, training.stop_reason)
        if training.stop_reason in CUT_SHORT:
            return replace(learnt, warning=describe_cut(training, f"training{name}"))
        if not tasks.has_refit:
            return learnt
        n_epochs, label = training.best_iter if ends_early else options.max_iter, f"refit on everything{name}"
        # Distributions must be as unsure as those whose scores are measured: learning rates fall no faster than there.
        length = options.max_iter if forecasts_distributions(self) else None
        options = replace(options, max_iter=n_epochs, n_iter_no_change=n_epochs, schedule_length=length)
        try:
            on_all = tasks.on_all()
            if self.max_time is not None:
                options = replace(options, max_time=self.max_time - (time.perf_counter() - begun))
            refitted = self._train_on(on_all, options, seed, label, start)
        except (KeyboardInterrupt, NothingLearnt) as error:
            reason = "interrupted" if isinstance(error, KeyboardInterrupt) else "diverged"
            refitted = Training(None, None, stop_reason=reason)
        if len(refitted.history) == n_epochs and refitted.stop_reason not in CUT_SHORT:
            return replace(learnt, parameters=refitted.parameters, task=on_all)
        kept = "the network trained without the held-out part is kept"
        stopped = {**CUT_SHORT, **_STOPPED}[refitted.stop_reason]
        warning = stopped.format(run=label, n=how_many(len(refitted.history), "epoch"), kept=kept)
        return replace(learnt, stop_reason=refitted.stop_reason, warning=warning)

    def _train_on(self, task, options, seed, label, start=None):
        """Return the Training of a fresh network, or from these parameters."""
        rng = np.random.RandomState(seed)  # the kind of generator scikit-learn passes around
        going_on = None if start is None else Training(start, None)
        return self._train(task.architecture, task.windows, options, rng, task.validation, going_on, label=label)
