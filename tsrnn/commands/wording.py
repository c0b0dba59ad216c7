"""The sentences of the library, whose advice is Python, in terms of options."""

import re

_SENTENCES = {
    "set missing='interpolate' or 'mask'": "add --missing interpolate or --missing mask",
    "name its freq": "name its --freq, or see --time-format",
    "Shorten horizon, or set early_stopping=False.": "Shorten --horizon.",
    "Shorten horizon": "Shorten --horizon",
    "sort it with sort_index(), or name the ids by id_col": "sort the rows of the file, or name their ids by --id-col",
    "keep one row per stamp, or name the ids by id_col": "keep one row per stamp in the file, or name the ids by "
    "--id-col",
    "convert it (pd.to_numeric)": "see --decimal",
    "check the column, or use SeasonalNaive": "check the column",
    "; use future_frame(h) for rows that are": "",
    "give X the same kind of index, as future_frame(h) does": "write both alike",
    "give one for every step to forecast, name": "give one in the file --future for each step to come, name",
    "as columns of X": "as columns of the file --future",
    "X has ": "--future has ",
    "the rows of X ": "the rows of --future ",
    "set freq to a clock that has one": "give a --freq that has one",
    "set it to None": "leave it out",
    "set it to 'mask'": "give mask",
    "set it to 'direct'": "give direct",
    "set refit to True or a number": "give --refit yes or a number",
    "set refit=True": "give --refit yes",
    "set refit to True, False or a number": "give --refit yes, no or a number",
    "level and q need": "--level needs",
    "ask for less, or": "lower --level, or",
    "set it to 'scale' or None": "leave it out",
    "convert X with tz_localize or tz_convert": "write both alike",
    "give the data an index of dates or periods, or omit calendar": "give dates as --time-col, or omit --calendar",
}
# Arguments with their values; and names of arguments that no sentence has in another meaning.
_UNDERSCORED = (
    "past_covariates|static_covariates|categorical_features|id_col|time_col|n_members|max_time|max_iter|learning_rate|"
    "windows_per_epoch|window_size|n_origins|hidden_layer_sizes|random_state|target_transform|window_norm|"
    "validation_fraction"
)
_WITH_VALUE = re.compile(
    rf"(?<![\w'\"-])(set )?({_UNDERSCORED}|missing|initial|step|window|refit|horizon|lookback|calendar|freq|target|"
    r"scaler|bounds|state|strategy|loss|quantile)="
    r"(\[[^]]*\]|\([^)]*\)|'[^']*'|\w+(?:\.\w+)*)"
)
_ALONE = re.compile(rf"(?<![\w'\"-])({_UNDERSCORED})(?![\w'\"])")


def in_terms_of_options(sentence):
    """Return a sentence of the library, whose advice is given in Python, for somebody at a command line."""
    for python, option in _SENTENCES.items():
        sentence = sentence.replace(python, option)
    sentence = _WITH_VALUE.sub(_option_with_value, sentence)
    sentence = _ALONE.sub(lambda match: _option(match[1]), sentence)
    return " ".join(sentence.split())


def _option_with_value(match):
    value = match[3].strip("'")
    if value.startswith("["):
        value = value[1:-1].replace("', '", " ").strip("'")
    return f"{'add ' if match[1] else ''}{_option(match[2])} {value}"


def _option(name):
    return "--" + name.replace("_", "-")
