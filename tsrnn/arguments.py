"""What the arguments of a forecaster mean for its data: Settings, in which nothing is "auto" any more.

Functions here are given the forecaster itself, whose attributes are its arguments.
"""

from dataclasses import replace
from numbers import Real

import numpy as np

from . import choices
from .base import layer_sizes
from .calendar import check_calendar, seasonal_features, seasonal_periods
from .carried import CarriedSettings, refuse_for_carried
from .choices import is_auto, resolve
from .counts import how_many
from .covariates import check_covariates
from .losses import (
    COUNTS,
    has_distribution,
    numbers_of,
    refuse_bounds,
    refuse_for_counts,
    refuse_history,
    refuse_no_counts,
)
from .member import Settings
from .network.architecture import Architecture
from .panel import refuse_outside
from .transforms import make_chain


def check(given, panel):
    """Raise if the arguments do not fit a panel, or each other."""
    check_covariates(panel, given.past_covariates, given.static_covariates)
    refuse_outside(panel, limits(given.bounds))
    if given.loss in COUNTS:
        refuse_for_counts(
            given.loss, target_transform=(given.target_transform, None), scaler=(given.scaler, None),
            window_norm=(given.window_norm, "scale"),
        )  # fmt: skip
        refuse_bounds(given.loss, limits(given.bounds))
        refuse_no_counts(given.loss, panel)
    settings_for(given, panel)


def ways_to_try(given, panel, known):
    """Return what is to be tried, as :func:`tsrnn.choices.recipes` has it, for values of a panel that are learnt from.

    A warm start goes on with what was chosen before.
    """
    transform, window_norm = given.target_transform, given.window_norm
    if given.loss in COUNTS and is_auto(transform):
        transform = None
    if is_auto(window_norm) and (given.state == "carried" or given.loss in COUNTS):
        window_norm = None if given.state == "carried" else "scale"
    is_one_number = not forecasts_distributions(given)
    has_logarithms = is_one_number and not (known < 0).any()
    lookback = lookback_for(given, panel)
    season = choices.season_to_remove(seasonal_periods(panel.clock.freq)[0], lookback, panel.lengths)
    scaler = None if given.loss in COUNTS and is_auto(given.scaler) else given.scaler
    ways = choices.recipes(
        transform, window_norm, season, has_logarithms, lookback, scaler, panel.n_series, has_deviations=is_one_number
    )
    chosen = getattr(given, "choices_", {}).get("recipes") if given.warm_start else None
    return [chosen] if chosen in ways else ways


def lookback_for(given, panel):
    """Return the steps that a window sees."""
    seasons = seasonal_periods(panel.clock.freq)
    return choices.resolve_lookback(given.lookback, given.horizon, seasons, np.median(panel.lengths))


def calendar_for(given, panel):
    """Return the names of what is read off the clock: "auto" is what tells its seasons, of distributions.

    The seasons of counts stay in them, and short windows do not show them well; nor do they show how sure one can be,
    which may have seasons of its own. A warm start goes on with what was chosen before.
    """
    freq = panel.clock.freq
    if not is_auto(given.calendar):
        return check_calendar(given.calendar, freq)
    if not forecasts_distributions(given) or lookback_for(given, panel) >= choices.LONG_LOOKBACK:
        return ()
    if given.warm_start and hasattr(given, "choices_"):
        return given.choices_["calendar"]
    return seasonal_features(freq, np.median(panel.lengths))


def forecasts_distributions(given):
    """Return whether what is forecast are distributions."""
    return has_distribution(given.loss, numbers_of(given.loss, given.delta, given.quantile))


def count_members(given, way, settings):
    """Return how many networks learn by the recipes of a way."""
    return len(way) * settings.sizes.n_seeds if is_auto(given.n_members) else given.n_members


def settings_for(given, panel, recipe=None, group=0):
    """Return the Settings that the arguments mean for these data, by a recipe; without one by the first."""
    seasons, lookback = seasonal_periods(panel.clock.freq), lookback_for(given, panel)
    recipe = recipe or ways_to_try(given, panel, panel.values)[0][0]
    window_norm, transform = recipe.window_norm, make_chain(recipe.target_transform, recipe.scaler, seasons)
    if forecasts_distributions(given):
        refuse_history(given.loss, transform)
    if window_norm == "standard" and recipe.scaler is None:
        raise ValueError(
            "window_norm='standard' tells still windows from moving ones by the scale of the series; give a scaler."
        )
    if given.state == "carried":
        known_ahead = given._names_ahead(panel)
        refuse_for_carried(
            given.window_norm, given.strategy, given.missing, given.windows_per_epoch, known_ahead, transform
        )
    calendar = calendar_for(given, panel)
    settings = (CarriedSettings if given.state == "carried" else Settings)(
        horizon=given.horizon if given.strategy == "direct" else 1,
        n_ahead=given.horizon,
        lookback=lookback,
        least_seen=choices.least_seen(lookback),
        season=seasons[0],
        group=group,
        network=_network(given, panel, window_norm, lookback, seasons[0], calendar),
        transform=transform,
        missing=given.missing,
        bounds=limits(given.bounds),
        dtype=given.dtype,
        windows_per_epoch=None,
        batch_size=1,
        past_covariates=tuple(given.past_covariates or ()),
        calendar=calendar,
    )
    return _with_sizes(given, settings, panel)


def _with_sizes(given, settings, panel):
    """Return the Settings with sizes of the network and of its portions, which follow from how much there is."""
    is_carried = given.state == "carried"
    sizes = choices.sizes_for(settings.count_windows(panel.lengths), settings.lookback, settings.horizon)

    def chosen(name):
        return getattr(sizes, name) if is_auto(getattr(given, name)) else getattr(given, name)

    batch_size = chosen("batch_size")
    return replace(
        settings,
        network=replace(
            settings.network,
            hidden_layer_sizes=layer_sizes(chosen("hidden_layer_sizes")),
            dropout=float(chosen("dropout")),
        ),
        batch_size=min(batch_size, panel.n_series) if is_carried else batch_size,
        windows_per_epoch=None if is_carried else chosen("windows_per_epoch"),
        sizes=replace(sizes, ends_early=sizes.ends_early or not is_auto(given.max_iter)),
    )


def _network(given, panel, window_norm, lookback, season, calendar):
    """Return the Architecture that the arguments mean, of which the data give the sizes of what goes in and out.

    Windows with a linear skip, or in patches, must end in what is known: these are told of the calendar up to there
    alone. A calendar that somebody asks for is known ahead, if that is not asked for, too.
    """
    loss, is_carried = resolve("loss", given.loss), given.state == "carried"
    reads_ahead = bool(given._names_ahead(panel) or given.static_covariates)
    may_read_ahead = reads_ahead or is_carried or bool(calendar and not is_auto(given.calendar))
    skips = resolve("linear_skip", given.linear_skip)
    if is_auto(given.linear_skip) and (may_read_ahead or loss in COUNTS):
        skips = False
    patch = choices.resolve_patch(given.patch_size, lookback, 1 if may_read_ahead or panel.categories else season)
    for name, is_used in (("linear_skip=True", skips), (f"patch_size={patch}", patch > 1)):
        if is_used and (reads_ahead or is_carried):
            what = "state='carried' has" if is_carried else "covariates known ahead leave"
            raise ValueError(f"{name} needs windows that end in what is known, which {what} none of; leave it out.")
    if patch > 1 and panel.categories:
        raise ValueError(f"patch_size={patch} cannot read categories; leave it out, or give them as numbers.")
    return Architecture(
        cell=given.cell,
        n_steps=0,
        n_features=0,
        hidden_layer_sizes=(),
        n_outputs=0,
        activation=given.activation,
        reset_after=bool(given.reset_after),
        window_norm=window_norm,
        loss=loss,
        loss_numbers=numbers_of(loss, given.delta, given.quantile),
        bidirectional=bool(given.bidirectional),
        recurrent_dropout=float(given.recurrent_dropout),
        horizon=given.horizon if given.strategy == "direct" else 1,
        skips_missing=given.missing == "mask",
        n_skip=lookback * bool(skips),
        patch=patch,
    )


def limits(bounds):
    """Return `bounds` as two floats, infinite for None, or None if there are no bounds."""
    if bounds is None:
        return None
    is_pair = isinstance(bounds, tuple | list) and len(bounds) == 2
    are_limits = is_pair and all(
        limit is None or (isinstance(limit, Real) and not isinstance(limit, bool)) for limit in bounds
    )
    if not are_limits:
        raise TypeError(f"bounds must be a pair of numbers, None for no bound, such as (0, None); got {bounds!r}.")
    lower, upper = (-np.inf if bounds[0] is None else bounds[0]), (np.inf if bounds[1] is None else bounds[1])
    if not lower < upper:
        raise ValueError(f"the lower of the bounds must be below the upper; got {bounds!r}.")
    return float(lower), float(upper)


def count_training(given, series, settings):
    """Return how many rows of each series are trained on; raise if they are too few, or all constant."""
    lengths, horizon = series.lengths, settings.horizon
    n_validation, least = np.zeros(len(lengths), np.int64), horizon + 1 + settings.n_lost
    if given.early_stopping:
        n_validation = np.maximum(given.horizon, np.ceil(given.validation_fraction * lengths).astype(np.int64))
    n_training = np.where(lengths - n_validation >= least, lengths - n_validation, lengths)
    is_known = ~np.isnan(series.values)
    if not is_known.all():  # what has no value before the part held out has no scale: it is learnt from, all of it
        row = np.arange(len(is_known)) - np.repeat(series.bounds[:-1], lengths)
        firsts = np.minimum.reduceat(np.where(is_known, row[:, np.newaxis], len(row)), series.bounds[:-1], axis=0)
        is_late = firsts.max(axis=1) >= n_training
        if is_late.all() and (n_training < lengths).any():
            label = series.label(0) if len(lengths) == 1 else f"each of the {len(lengths)} series"
            raise ValueError(
                f"{label} has its first value in the part that is held out for validation, the last "
                f"{how_many(int(n_validation[0]), 'row')}; give longer series, or set early_stopping=False."
            )
        n_training = np.where(is_late, lengths, n_training)
    is_one = len(lengths) == 1
    if (n_training < least).all() or (given.early_stopping and (n_training == lengths).all()):
        longest = int(np.argmax(lengths))
        also = f" + {n_validation[longest]} held out for validation" if given.early_stopping else ""
        seen = "one to see" + (f" + {settings.n_lost} to take differences from" if settings.n_lost else "")
        label = series.label(longest) if is_one else f"the longest, {series.label(longest)},"
        rows = f"{lengths[longest]} rows" if lengths[longest] > 1 else "1 row (one sample)"
        raise ValueError(
            f"{label} has {rows}; {seen} + horizon {horizon}{also} needs at least "
            f"{least + n_validation[longest]}. Shorten horizon{', or set early_stopping=False' if also else ''}."
        )
    of_series = series.bounds[:-1]
    highest, lowest = (of.reduceat(series.values, of_series, axis=0) for of in (np.fmax, np.fmin))
    if (highest == lowest).all():
        what = series.label(0) if is_one else f"each of the {len(lengths)} series"
        raise ValueError(
            f"{what} is constant ({series.values[0, 0]:g} in all {lengths[0]} rows), so there is nothing to learn; "
            "check the column, or use SeasonalNaive."
        )
    return n_training


def describe_choices(way, errors, settings, options, n_members):
    """Return what the arguments that are "auto" have become."""
    network = settings.network
    return {
        "season": settings.season,
        "lookback": settings.lookback,
        "calendar": settings.calendar,
        "recipes": way,
        "trial_errors": errors,
        "hidden_layer_sizes": network.hidden_layer_sizes,
        "dropout": network.dropout,
        "linear_skip": network.n_skip > 0,
        "patch_size": network.patch,
        "loss": network.loss,
        "learning_rate": options.learning_rate,
        "schedule": options.schedule,
        "batch_size": options.batch_size,
        "windows_per_epoch": settings.windows_per_epoch,
        "max_iter": options.max_iter,
        "n_members": n_members,
    }
