"""SequenceEncoder: texts and lists of symbols become padded ids and come back; expected ids are written by hand."""

import pickle

import numpy as np
import pandas as pd
import pytest
from refusals import refused
from scipy.sparse import csr_matrix
from sklearn import config_context
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.exceptions import NotFittedError, SkipTestWarning
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder
from sklearn.utils import estimator_checks, get_tags

from tsrnn import RNNClassifier, SequenceEncoder

TEXTS = ["It was good, very good.", "It was bad!"]
VOCABULARY = {"good": 2, "it": 3, "was": 4, "!": 5, ",": 6, ".": 7, "bad": 8, "very": 9}
TEXT_IDS = [[3, 4, 2, 6, 9, 2, 7], [3, 4, 8, 5, 0, 0, 0]]

CHORDS = [["C", "E", "G"], [], ["C", "C", "F"]]
CHORD_IDS = [[2, 3, 5], [0, 0, 0], [2, 2, 4]]

ADJECTIVES = {"good": 1, "bad": 0, "great": 1, "dull": 0, "fine": 1, "poor": 0, "nice": 1, "awful": 0}
REVIEWS = [f"{who} was {adjective}" for who in ("It", "He", "She") for adjective in ADJECTIVES]
LABELS = [*ADJECTIVES.values()] * 3


def encode(X, unit="word", **options):
    """Return the ids of X by an encoder that was fitted on it, as a list of lists."""
    return SequenceEncoder(unit, **options).fit_transform(X).tolist()


def encode_and_decode(X, unit="word", **options):
    encoder = SequenceEncoder(unit, **options)
    return encoder.inverse_transform(encoder.fit_transform(X))


def classifier(**options):
    encoder, one_hot = SequenceEncoder(max_length=3, **options), OneHotEncoder(handle_unknown="ignore")
    return Pipeline([("encoder", encoder), ("one_hot", one_hot), ("classifier", LogisticRegression())])


# The vocabulary


def test_vocabulary_starts_with_the_most_frequent_symbol_and_has_equals_in_their_own_order():
    encoder = SequenceEncoder().fit(TEXTS)
    assert list(encoder.vocabulary_.items()) == list(VOCABULARY.items())


def test_vocabulary_does_not_depend_on_the_order_of_rows():
    forwards, backwards = (SequenceEncoder().fit(texts).vocabulary_ for texts in (TEXTS, TEXTS[::-1]))
    assert list(forwards.items()) == list(backwards.items())


def test_padding_is_zero_unknown_is_one_and_all_ids_are_below_n_tokens():
    encoder = SequenceEncoder().fit(TEXTS)
    assert (encoder.padding_id_, encoder.unknown_id_, encoder.n_tokens_) == (0, 1, 10)
    assert encoder.transform([*TEXTS, "unheard"]).max() == 9


@pytest.mark.parametrize("max_tokens, kept", [(3, ["good"]), (5, ["good", "it", "was"]), (10, [*VOCABULARY])])
def test_max_tokens_counts_padding_and_unknown_and_keeps_the_most_frequent(max_tokens, kept):
    encoder = SequenceEncoder(max_tokens=max_tokens).fit(TEXTS)
    assert list(encoder.vocabulary_) == kept
    assert encoder.n_tokens_ == max_tokens


def test_symbols_that_occur_less_than_min_count_times_are_unknown():
    assert encode(TEXTS, min_count=2) == [[3, 4, 2, 1, 1, 2, 1], [3, 4, 1, 1, 0, 0, 0]]


def test_symbols_may_be_numbers_or_tuples():
    assert encode([[7, -1, 7], [10]], "symbol") == [[2, 3, 2], [4, 0, 0]]
    assert encode([[("C", 4), ("E", 4)], [("C", 3)]], "symbol") == [[3, 4], [2, 0]]


# From rows to ids


def test_rows_are_padded_at_the_end():
    assert encode(TEXTS) == TEXT_IDS
    assert encode(CHORDS, "symbol") == CHORD_IDS


def test_ids_are_int64():
    assert SequenceEncoder().fit_transform(TEXTS).dtype == np.int64


@pytest.mark.parametrize("unit, fitted, given, expected", [
    ("word", TEXTS, ["it was dull"], [[3, 4, 1]]),
    ("character", ["abba"], ["abc"], [[2, 3, 1]]),
    ("symbol", CHORDS, [["H", "C", 3]], [[1, 2, 1]]),
])  # fmt: skip
def test_what_fit_has_not_seen_is_unknown(unit, fitted, given, expected):
    assert SequenceEncoder(unit).fit(fitted).transform(given).tolist() == expected


@pytest.mark.parametrize(
    "text, words",
    [
        ("Good, very\tgood.\n", "good , very good ."),
        ("don't, won\u2019t, 'quoted'", "don't , won\u2019t , ' quoted '"),
        ("3.14 ca. 50% :-)", "3 . 14 ca . 50 % : - )"),
        ("Ünïcödé Straße 東京", "ünïcödé straße 東京"),
        ("a I snake_case", "a i snake_case"),
        ("  ", ""),
    ],
)
def test_words_are_runs_of_letters_and_single_marks(text, words):
    assert encode_and_decode([text, "x"]) == [words, "x"]


def test_a_token_pattern_decides_what_a_word_is():
    assert encode_and_decode(["no, no 1 2"], token_pattern=r"[a-z]+") == ["no no"]
    assert encode_and_decode(["<a> b <c>"], token_pattern=r"<(\w)>") == ["a c"]


def test_lower_case_is_an_option():
    assert encode_and_decode(["Oh, OH"], lowercase=False) == ["Oh , OH"]
    assert encode(["Aa"], "character") == [[2, 2]]
    assert encode(["Aa"], "character", lowercase=False) == [[2, 3]]


def test_max_length_makes_every_call_as_wide():
    encoder = SequenceEncoder("character", max_length=4).fit(["ab"])
    assert encoder.transform(["ab"]).tolist() == [[2, 3, 0, 0]]
    assert encoder.transform(["abbaab", ""]).tolist() == [[2, 3, 3, 2], [0, 0, 0, 0]]


@pytest.mark.parametrize("truncate, kept", [("end", "abc"), ("start", "cde")])
def test_truncate_names_the_end_that_is_cut_off_and_what_is_cut_off_is_unknown(truncate, kept):
    encoder = SequenceEncoder("character", max_length=3, truncate=truncate).fit(["abcde"])
    assert list(encoder.vocabulary_) == list(kept)
    assert encoder.transform(["abcde", kept[0]]).tolist() == [[2, 3, 4], [2, 0, 0]]
    assert encoder.transform(["ae"]).tolist() == [[2, 1, 0] if truncate == "end" else [1, 4, 0]]


def test_without_max_length_a_call_is_as_wide_as_its_longest_row():
    encoder = SequenceEncoder("character").fit(["abc"])
    assert encoder.transform(["a"]).tolist() == [[2]]
    assert encoder.transform(["abcabc", "c"]).tolist() == [[2, 3, 4, 2, 3, 4], [4, 0, 0, 0, 0, 0]]


@pytest.mark.parametrize("unit, empty", [("word", " \n"), ("character", ""), ("symbol", [])])
def test_an_empty_row_is_padding_alone(unit, empty):
    full = ["a"] if unit == "symbol" else "a"
    encoder = SequenceEncoder(unit).fit([full, empty])
    assert encoder.transform([empty, full]).tolist() == [[0], [2]]
    assert encoder.transform([empty]).tolist() == [[0]]


@pytest.mark.parametrize(
    "container",
    [
        tuple, np.array, lambda X: np.array(X, dtype=object), pd.Series, pd.Index, lambda X: pd.Series(X, dtype=object),
        lambda X: pd.Series(X, dtype="string"), lambda X: pd.Series(X, dtype="category"),
        lambda X: pd.Series(X, index=[5, 3]),
    ],
    ids=["tuple", "array", "array of objects", "Series", "Index", "Series of objects", "string dtype", "category",
         "index of its own"],
)  # fmt: skip
def test_texts_may_stand_in_any_one_dimensional_container(container):
    assert encode(container(TEXTS)) == TEXT_IDS


@pytest.mark.parametrize(
    "X",
    [
        [tuple(row) for row in CHORDS],
        [np.array(row) for row in CHORDS],
        [np.array(row, dtype=object) for row in CHORDS],
        pd.Series(CHORDS),
        np.array(CHORDS, dtype=object),
    ],
    ids=["tuples", "arrays", "arrays of objects", "Series", "array of lists"],
)
def test_symbols_may_stand_in_lists_tuples_and_arrays(X):
    assert encode(X, "symbol") == CHORD_IDS


def test_rows_of_a_table_are_sequences_once_it_is_a_list():
    assert encode(list(np.array([[5, 6], [6, 6]])), "symbol") == [[3, 2], [2, 2]]


def test_symbols_of_arrays_are_kept_as_plain_python_values():
    encoder = SequenceEncoder("symbol").fit([np.array([3, 4])])
    assert [type(symbol) for symbol in encoder.vocabulary_] == [int, int]
    encoder.fit([np.array(["a", "b"])])
    assert [type(symbol) for symbol in encoder.vocabulary_] == [str, str]


# And back


def test_characters_come_back_as_they_were():
    texts = ["Hello, World!\n\tline  two", "", "naïve 東京 🙂", " "]
    assert encode_and_decode(texts, "character", lowercase=False) == texts


def test_symbols_come_back_as_they_were():
    assert encode_and_decode(CHORDS, "symbol") == CHORDS
    assert encode_and_decode([[3, 1], [2]], "symbol") == [[3, 1], [2]]


def test_words_come_back_joined_by_one_space():
    assert encode_and_decode(TEXTS) == ["it was good , very good .", "it was bad !"]


def test_what_is_unknown_comes_back_as_the_replacement_character_or_none():
    ids = [[2, 1, 2]]
    assert SequenceEncoder().fit(["a"]).inverse_transform(ids) == ["a \ufffd a"]
    assert SequenceEncoder("character").fit(["a"]).inverse_transform(ids) == ["a\ufffda"]
    assert SequenceEncoder("symbol").fit([["a"]]).inverse_transform(ids) == [["a", None, "a"]]


@pytest.mark.parametrize("unit", ["word", "character"])
def test_a_text_that_was_given_back_has_the_same_ids_again(unit):
    encoder = SequenceEncoder(unit, max_length=8, lowercase=False).fit(["a b", "b!"])
    ids = encoder.transform(["a c!", "", "zz b"])
    assert (ids == 1).any()
    np.testing.assert_array_equal(encoder.transform(encoder.inverse_transform(ids)), ids)


def test_padding_is_left_out_wherever_it_stands():
    encoder = SequenceEncoder("symbol").fit([["a", "b"]])
    assert encoder.inverse_transform([[0, 2, 0, 3], [0, 0, 0, 0]]) == [["a", "b"], []]


@pytest.mark.parametrize("container", [np.asarray, pd.DataFrame, lambda X: np.asarray(X, dtype=np.uint8)])
def test_ids_may_stand_in_any_table_of_integers(container):
    assert SequenceEncoder().fit(TEXTS).inverse_transform(container(TEXT_IDS))[1] == "it was bad !"


# Among scikit-learn's tools

CHECKS_WITHOUT_A_TABLE = [
    "check_do_not_raise_errors_in_init_or_set_params", "check_estimator_cloneable", "check_estimator_repr",
    "check_estimator_tags_renamed", "check_get_params_invariance", "check_mixin_order",
    "check_no_attributes_set_in_init", "check_param_validation", "check_parameters_default_constructible",
    "check_set_params", "check_transformers_unfitted", "check_valid_tag_types",
]  # fmt: skip


@pytest.mark.parametrize("unit", ["word", "symbol"])
def test_check_estimator_passes_and_reads_from_the_tags_that_tables_are_not_for_it(unit):
    with pytest.warns(SkipTestWarning, match="one_d_array=True, two_d_array=False"):
        results = estimator_checks.check_estimator(SequenceEncoder(unit), on_fail="raise", on_skip=None)
    assert {result["status"] for result in results} == {"passed"}


@pytest.mark.parametrize("unit", ["word", "symbol"])
@pytest.mark.parametrize("check", CHECKS_WITHOUT_A_TABLE)
def test_scikit_learns_checks_that_need_no_table_pass(check, unit):
    getattr(estimator_checks, check)("SequenceEncoder", SequenceEncoder(unit))


@pytest.mark.parametrize("unit, of_strings", [("word", True), ("character", True), ("symbol", False)])
def test_tags_tell_what_rows_are(unit, of_strings):
    tags = get_tags(SequenceEncoder(unit))
    assert tags.input_tags.string == of_strings
    assert tags.transformer_tags.preserves_dtype == []


def test_clone_keeps_arguments_and_pickle_keeps_the_vocabulary():
    encoder = SequenceEncoder("character", max_tokens=9, max_length=5, truncate="start").fit(TEXTS)
    assert clone(encoder).get_params() == encoder.get_params()
    again = pickle.loads(pickle.dumps(encoder))
    assert list(again.vocabulary_.items()) == list(encoder.vocabulary_.items())
    np.testing.assert_array_equal(again.transform(TEXTS), encoder.transform(TEXTS))


def test_fit_learns_anew_and_transform_learns_nothing():
    encoder = SequenceEncoder().fit(["entirely other words"]).fit(TEXTS)
    assert encoder.vocabulary_ == VOCABULARY
    encoder.transform(["words that are new"])
    assert encoder.vocabulary_ == VOCABULARY and encoder.n_tokens_ == 10


@pytest.mark.parametrize("container", [list, np.array, pd.Series])
def test_stands_before_a_classifier_in_a_pipeline(container):
    """Each fold is without one of the words it, he, she: it is unknown there."""
    assert cross_val_score(classifier(), container(REVIEWS), LABELS, cv=3).min() == 1.0


def test_lists_of_symbols_pass_through_a_pipeline_and_cross_validation():
    assert cross_val_score(classifier(unit="symbol"), [text.split() for text in REVIEWS], LABELS, cv=3).min() == 1.0


def test_a_grid_search_chooses_among_its_arguments():
    grid = {"encoder__unit": ["word", "character"], "encoder__max_length": [2, 3]}
    search = GridSearchCV(classifier(), grid, cv=3).fit(REVIEWS, LABELS)
    assert search.best_params_ == {"encoder__unit": "word", "encoder__max_length": 3}
    assert search.best_score_ == 1.0


def test_reads_one_column_of_a_table():
    table = pd.DataFrame({"text": REVIEWS, "stars": LABELS})
    columns = ColumnTransformer([("text", SequenceEncoder(max_length=3), "text")], remainder="passthrough")
    assert columns.set_output(transform="pandas").fit_transform(table).columns.tolist() == [
        "text__step0", "text__step1", "text__step2", "remainder__stars"
    ]  # fmt: skip


def test_set_output_gives_a_frame_whose_columns_are_steps():
    encoder = SequenceEncoder(max_length=2).set_output(transform="pandas")
    frame = encoder.fit_transform(TEXTS)
    pd.testing.assert_frame_equal(frame, pd.DataFrame([[2, 3], [2, 3]], columns=["step0", "step1"]))
    assert encoder.inverse_transform(frame) == ["it was", "it was"]


def test_columns_have_names_only_where_max_length_fixes_their_number():
    assert SequenceEncoder(max_length=2).fit(TEXTS).get_feature_names_out().tolist() == ["step0", "step1"]
    encoder = SequenceEncoder().fit(TEXTS)
    assert not hasattr(encoder, "get_feature_names_out") and not hasattr(encoder, "set_output")
    with pytest.raises(AttributeError) as caught:
        encoder.get_feature_names_out()
    assert "set max_length" in str(caught.value.__cause__)  # which a traceback shows above
    with config_context(transform_output="pandas"):
        assert type(encoder.transform(TEXTS)) is np.ndarray


def test_the_unknown_id_is_learnt_of_only_where_some_symbols_are_too_rare():
    texts, y = ["good film", "bad film", "good play", "bad plot"], [1, 0, 1, 0]
    untaught, taught = (SequenceEncoder(min_count=count).fit_transform(texts) for count in (1, 2))
    for ids, is_learnt in ((untaught, False), (taught, True)):
        models = [RNNClassifier(input="tokens", max_iter=n, random_state=0).fit(ids, y) for n in (1, 2)]
        first, second = (model.get_weights()["embedding.W"][1] for model in models)
        assert np.array_equal(first, second) != is_learnt


# Malformed input


# What is refused as texts: made when the test runs, the error, and the decisive words.
BAD_TEXTS = {
    "one text": (lambda: "It was good", TypeError, ["single text", "'It was good'", "[text]"]),
    "one NumPy text": (lambda: np.str_("good"), TypeError, ["single text", "[text]"]),
    "bytes": (lambda: b"good", TypeError, ["single text", "b'good'"]),
    "nothing": (lambda: None, TypeError, ["None", "give a list"]),
    "a number": (lambda: 3.5, TypeError, ["3.5", "float", "give a list"]),
    "a NumPy number": (lambda: np.float64(3.5), ValueError, ["()", "(n_samples,)"]),
    "an array without dimensions": (lambda: np.array("good"), ValueError, ["()", "(n_samples,)"]),
    "a set": (lambda: {"good"}, TypeError, ["set", "give a list"]),
    "a dict": (lambda: {"text": "good"}, TypeError, ["dict", "give a list"]),
    "a generator": (lambda: (text for text in TEXTS), TypeError, ["generator", "give a list"]),
    "a sparse matrix": (lambda: csr_matrix(np.eye(2)), TypeError, ["csr_matrix", "give a list"]),
    "no rows": (lambda: [], ValueError, ["empty", "at least one row"]),
    "an empty array": (lambda: np.array([], dtype=str), ValueError, ["empty", "at least one row"]),
    "an empty Series": (lambda: pd.Series([], dtype=str), ValueError, ["empty", "at least one row"]),
    "an array of two dimensions": (lambda: np.array([TEXTS]), ValueError, ["(1, 2)", "one column"]),
    "a frame": (lambda: pd.DataFrame({"text": TEXTS}), ValueError, ["(2, 1)", "one column"]),
    "an array of three dimensions": (lambda: np.full((2, 1, 1), "a"), ValueError, ["(2, 1, 1)", "one column"]),
    "a number among texts": (lambda: ["good", 3], TypeError, ["row 1", "3", "not a text"]),
    "numbers": (lambda: np.ones(3), TypeError, ["row 0", "1.0", "not a text"]),
    "booleans": (lambda: [True, False], TypeError, ["row 0", "True", "not a text"]),
    "dates": (lambda: pd.Series(pd.date_range("2020", periods=2)), TypeError, ["row 0", "Timestamp", "not a text"]),
    "None among texts": (lambda: ["good", None], TypeError, ["row 1", "None", "drop the row or fill it"]),
    "NaN among texts": (lambda: ["good", np.nan], TypeError, ["row 1", "nan", "drop the row or fill it"]),
    "missing in a Series": (lambda: pd.Series(["good", None]), TypeError, ["row 1", "drop the row or fill it"]),
    "missing in a Series of objects": (
        lambda: pd.Series([np.nan, "good"], dtype=object), TypeError, ["row 0", "nan", "drop the row or fill it"]),
    "missing in the string dtype": (
        lambda: pd.Series(["good", None], dtype="string"), TypeError, ["row 1", "<NA>", "drop the row or fill it"]),
    "missing in a category": (
        lambda: pd.Series(["good", None], dtype="category"), TypeError, ["row 1", "nan", "drop the row or fill it"]),
    "bytes among texts": (lambda: ["good", b"bad"], TypeError, ["row 1", "b'bad'", "decode"]),
    "an array of bytes": (lambda: np.array([b"good"]), TypeError, ["row 0", "b'good'", "decode"]),
    "a list among texts": (lambda: ["good", ["bad"]], TypeError, ["row 1", "['bad']", "unit='symbol'"]),
    "lists of symbols": (lambda: CHORDS, TypeError, ["row 0", "['C', 'E', 'G']", "unit='symbol'"]),
    "a tuple among texts": (lambda: ["good", ("bad",)], TypeError, ["row 1", "('bad',)", "unit='symbol'"]),
    "an array among texts": (lambda: ["good", np.array(["bad"])], TypeError, ["row 1", "bad", "unit='symbol'"]),
}  # fmt: skip

BAD_SYMBOLS = {
    "texts": (lambda: TEXTS, TypeError, ["row 0", "It was", "not a list of symbols", "unit='word'"]),
    "a text among lists": (lambda: [["C"], "C"], TypeError, ["row 1", "'C'", "not a list of symbols"]),
    "one sequence": (lambda: [3, 4, 5], TypeError, ["row 0", "3", "give a list in each row"]),
    "one sequence as an array": (lambda: np.arange(3), TypeError, ["row 0", "give a list in each row"]),
    "a table of symbols": (lambda: np.eye(2, dtype=int), ValueError, ["(2, 2)", "list(X)"]),
    "a frame of symbols": (lambda: pd.DataFrame(np.eye(2)), ValueError, ["(2, 2)", "list(X)"]),
    "no rows": (lambda: [], ValueError, ["empty", "at least one row"]),
    "nothing": (lambda: None, TypeError, ["None", "give a list"]),
    "a missing row": (lambda: [["C"], None], TypeError, ["row 1", "None", "not a list of symbols"]),
    "a missing row of a Series": (lambda: pd.Series([["C"], np.nan]), TypeError, ["row 1", "nan", "not a list"]),
    "a set as a row": (lambda: [{"C"}], TypeError, ["row 0", "{'C'}", "not a list of symbols"]),
    "a dict as a row": (lambda: [{"C": 1}], TypeError, ["row 0", "{'C': 1}", "not a list of symbols"]),
    "bytes as a row": (lambda: [b"CE"], TypeError, ["row 0", "b'CE'", "not a list of symbols"]),
    "a generator as a row": (lambda: [iter("CE")], TypeError, ["row 0", "<str_", "not a list of symbols"]),
    "an array without dimensions as a row": (lambda: [np.array(3)], TypeError, ["row 0", "not a list of symbols"]),
    "None as a symbol": (lambda: [["C"], ["C", None]], TypeError, ["row 1", "None", "missing"]),
    "NaN as a symbol": (lambda: [["C", np.nan]], TypeError, ["row 0", "nan", "missing"]),
    "NaN in an array of symbols": (lambda: [np.array([1.0, np.nan])], TypeError, ["row 0", "nan", "missing"]),
    "NA as a symbol": (lambda: [["C", pd.NA]], TypeError, ["row 0", "<NA>", "missing"]),
    "NaT as a symbol": (lambda: [["C", pd.NaT]], TypeError, ["row 0", "NaT", "missing"]),
    "NaT in an array of symbols": (lambda: [np.array(["NaT"], "M8[s]")], TypeError, ["row 0", "None", "missing"]),
    "a list as a symbol": (lambda: [[["C", "E"]]], TypeError, ["row 0", "['C', 'E']", "not hashable"]),
    "a dict as a symbol": (lambda: [[{"C": 1}]], TypeError, ["row 0", "{'C': 1}", "not hashable"]),
    "an array as a symbol": (lambda: [[np.arange(2)]], TypeError, ["row 0", "array([0, 1])", "not hashable"]),
    "a list inside a symbol": (lambda: [[("C", [4])]], TypeError, ["row 0", "('C', [4])", "not hashable"]),
    "a table as a row": (lambda: [np.eye(2, dtype=int)], TypeError, ["row 0", "[1, 0]", "not hashable"]),
}  # fmt: skip


def _named(cases):
    return pytest.mark.parametrize("make_X, kind, words", cases.values(), ids=cases.keys())


@_named(BAD_TEXTS)
@pytest.mark.parametrize("unit", ["word", "character"])
def test_what_is_not_a_row_of_texts_is_refused(unit, make_X, kind, words):
    refused(kind, words, SequenceEncoder(unit).fit, make_X())
    refused(kind, words, SequenceEncoder(unit).fit(TEXTS).transform, make_X())


@_named(BAD_SYMBOLS)
def test_what_is_not_a_row_of_lists_of_symbols_is_refused(make_X, kind, words):
    refused(kind, words, SequenceEncoder("symbol").fit, make_X())
    refused(kind, words, SequenceEncoder("symbol").fit(CHORDS).transform, make_X())


@pytest.mark.parametrize(
    "options, X, kind, words",
    [
        ({}, ["", " "], ValueError, ["X has no symbol", "not empty"]),
        ({"token_pattern": "[0-9]+"}, TEXTS, ValueError, ["X has no symbol", "token_pattern='[0-9]+' finds"]),
        ({"unit": "character"}, [""], ValueError, ["X has no symbol", "not empty."]),
        ({"unit": "symbol"}, [[], []], ValueError, ["X has no symbol", "not empty."]),
        ({"min_count": 4}, TEXTS, ValueError, ["no symbol", "min_count=4", "lower min_count"]),
        ({"unit": "symbol"}, [["C", 4]], TypeError, ["sorted", "int, str", "one type"]),
    ],
    ids=["empty texts", "no match", "no characters", "empty lists", "all too rare", "texts and numbers"],
)
def test_rows_that_make_no_vocabulary_are_refused(options, X, kind, words):
    refused(kind, words, SequenceEncoder(**options).fit, X)


BAD_ARGUMENTS = [
    ("unit", "letter"), ("unit", None), ("max_tokens", 2), ("max_tokens", 2.5), ("max_tokens", "all"),
    ("min_count", 0), ("min_count", None), ("min_count", 0.5), ("min_count", True), ("max_length", 0),
    ("max_length", -1), ("max_length", 2.5), ("max_length", True), ("truncate", "left"), ("truncate", None),
    ("lowercase", "yes"), ("lowercase", None), ("token_pattern", None), ("token_pattern", b"a"),
    ("token_pattern", "("), ("token_pattern", "(a)(b)"), ("token_pattern", "a*"),
]  # fmt: skip


@pytest.mark.parametrize("name, value", BAD_ARGUMENTS, ids=[f"{name}={value!r}" for name, value in BAD_ARGUMENTS])
def test_an_argument_out_of_range_is_refused(name, value):
    refused((TypeError, ValueError), [name, repr(value)], SequenceEncoder(**{name: value}).fit, TEXTS)


@pytest.mark.parametrize("method", ["transform", "inverse_transform", "get_feature_names_out"])
def test_an_encoder_that_is_not_fitted_says_so(method):
    refused(NotFittedError, ["SequenceEncoder", "fit"], getattr(SequenceEncoder(max_length=2), method), TEXTS)


BAD_IDS = {
    "an id too large": (lambda: [[2, 10]], ValueError, ["10", "0 to 9"]),
    "a negative id": (lambda: [[2, -1]], ValueError, ["-1", "0 to 9"]),
    "one row alone": (lambda: [2, 3], ValueError, ["row 0 of X is 2", "a row of its own"]),
    "three dimensions": (lambda: np.array([[[2]]]), ValueError, ["(1, 1, 1)", "(n_samples, n_steps)"]),
    "floats": (lambda: [[2.0, 3.0]], TypeError, ["row 0 of X holds 2.0", "integers"]),
    "NaN": (lambda: [[2, np.nan]], TypeError, ["row 0 of X holds nan", "integers"]),
    "booleans": (lambda: [[True]], TypeError, ["bool", "integers"]),
    "texts": (lambda: [["2"]], TypeError, ["row 0 of X holds '2'", "integers"]),
    "objects": (lambda: np.array([[2, None]], dtype=object), TypeError, ["row 0 of X holds None", "integers"]),
    "no rows": (lambda: np.empty((0, 3), dtype=int), ValueError, ["X is empty"]),
    "nothing": (lambda: None, (TypeError, ValueError), ["None"]),
}


@_named(BAD_IDS)
def test_ids_that_are_not_this_encoders_are_refused(make_X, kind, words):
    refused(kind, words, SequenceEncoder().fit(TEXTS).inverse_transform, make_X())


@pytest.mark.parametrize("X", [[""], [None], []])
def test_a_fit_that_fails_leaves_the_earlier_one_as_it_was(X):
    encoder = SequenceEncoder().fit(TEXTS)
    with pytest.raises((TypeError, ValueError)):
        encoder.fit(X)
    assert encoder.transform(TEXTS).tolist() == TEXT_IDS
