"""Words, terms and their weights."""

from __future__ import annotations

import pytest
from nova_server.scorers.local.terms import clean, stem, term_of, terms, weight_of, words
from nova_server.scorers.local.vocabulary import ALIASES, PHRASES
from nova_server.scorers.local.weights import COMMON_TERM, GENERIC_TERM, NAME_TERM, PLAIN_TERM


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("C++, C# and F#", ["c++", "c#", "and", "f#"]),
        ("Node.js/React.js", ["node.js", "react.js"]),
        (".NET and ASP.NET", [".net", "and", "asp", ".net"]),
        ("CI/CD-pipelines", ["ci", "cd", "pipelines"]),
        ("snake_case", ["snake", "case"]),
        ("Zürich café", ["zürich", "café"]),
        ("", []),
        ("—•|", []),
    ],
)
def test_a_text_is_cut_into_words_that_keep_the_signs_of_names(text: str, expected: list[str]) -> None:
    assert words(text) == expected


def test_a_word_without_end_is_cut_into_pieces() -> None:
    assert {len(word) for word in words("a" * 100)} == {40, 20}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("k8s", "Kubernetes"),
        ("JS", "JavaScript"),
        ("Postgres", "PostgreSQL"),
        ("nodejs", "Node.js"),
        ("golang", "Go"),
        ("dotnet", ".NET"),
        ("ML", "machine learning"),
        ("AWS", "Amazon Web Services"),
        ("front-end", "frontend"),
        ("micro services", "microservices"),
        ("manager", "managing"),
        ("management", "managed"),
        ("analysis", "analysed"),
        ("queries", "query"),
        ("testing", "tests"),
        ("migrations", "migrate"),
        ("administrator", "administration"),
        ("technologies", "technology"),
        ("bachelor's", "BSc"),
    ],
)
def test_two_spellings_become_one_term(one: str, other: str) -> None:
    assert terms(words(one)) == terms(words(other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Java", "JavaScript"),
        ("C", "C++"),
        ("C++", "C#"),
        ("customer", "custom"),
        ("server", "service"),
        ("nurse", "nursery"),
        ("computer", "compute"),
        ("platform", "form"),
    ],
)
def test_different_things_stay_different_terms(one: str, other: str) -> None:
    assert terms(words(one)) != terms(words(other))


@pytest.mark.parametrize("word", ["the", "with", "experience", "2019", "7", "x", "she", "his"])
def test_a_word_that_tells_nothing_is_no_term(word: str) -> None:
    assert term_of(word) == ""


@pytest.mark.parametrize("word", ["r", "c", "9001", "365", "sql"])
def test_a_short_name_or_a_number_of_a_standard_is_a_term(word: str) -> None:
    assert term_of(word) == word


@pytest.mark.parametrize("word", ["aws", "redis", "kubernetes", "docker", "business", "sales"])
def test_a_word_whose_ending_is_no_suffix_keeps_it(word: str) -> None:
    assert stem(word) == word


def test_a_phrase_is_found_in_the_middle_of_a_sentence_and_the_longest_wins() -> None:
    found = terms(words("we use Google Cloud Platform for machine learning daily"))

    assert "google-cloud" in found
    assert "machine-learning" in found
    assert "platform" not in found


def test_no_alias_leads_to_another_alias() -> None:
    assert not set(ALIASES.values()) & set(ALIASES)


def test_phrases_are_lower_case_words_of_at_most_three() -> None:
    assert all(2 <= len(phrase) <= 3 and all(word == word.lower() for word in phrase) for phrase in PHRASES)


def test_a_name_weighs_more_than_a_plain_word_and_a_filler_least() -> None:
    weights = [
        weight_of(term_of("kubernetes"), looks_like_a_name=True),
        weight_of(term_of("welding")),
        weight_of(term_of("management"), looks_like_a_name=True),
        weight_of(term_of("team")),
    ]

    assert weights == sorted(weights, reverse=True)
    assert {NAME_TERM, PLAIN_TERM, GENERIC_TERM} <= set(weights)


def test_a_soft_skill_of_two_words_weighs_no_more_than_a_common_word() -> None:
    assert weight_of("critical-thinking") == COMMON_TERM


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("py\u200bthon", "python"),
        ("\u202epython", "python"),
        ("\ufeffpy\u00adthon", "python"),
        ("\uff30ython", "Python"),
        ("\ufb01nance", "finance"),
        ("one\r\ntwo\rthree", "one\ntwo\nthree"),
        ("tab\there\x00", "tab here "),
        ("page\x0cbreak", "page\nbreak"),
        ("line\u2028and\u2029paragraph", "line\nand\nparagraph"),
        ("of\x85old\x9bterminals", "of\nold terminals"),
    ],
)
def test_cleaning_leaves_nothing_invisible(text: str, expected: str) -> None:
    assert clean(text, 100) == expected


def test_cleaning_reads_no_further_than_its_limit() -> None:
    assert clean("abcdef", 3) == "abc"


def test_a_character_that_unfolds_into_many_does_not_blow_up() -> None:
    assert len(clean("\ufdfa" * 1000, 1000)) == 2000
