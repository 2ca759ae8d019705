"""From text to terms: what two texts are compared by."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache

from nova_server.scorers.local.vocabulary import (
    ALIASES,
    COMMON_WORDS,
    GENERIC_WORDS,
    PHRASES,
    SOFT_TERMS,
    STOP_WORDS,
    UNSTEMMED,
)
from nova_server.scorers.local.weights import COMMON_TERM, GENERIC_TERM, NAME_TERM, PLAIN_TERM

# A word is a run of letters and digits, with the few signs that belong to names: C++, C#, .NET, Node.js. Every
# repetition is bounded and no two alternatives can match the same text in two ways, so the time is linear.
WORD = re.compile(r"\.net\b|[^\W_]{1,40}(?:\+\+|#|\.js\b)?", re.IGNORECASE)

# Zero-width and direction marks, which hide text from a reader or cut words in two, and the soft hyphen.
_INVISIBLE = dict.fromkeys([0xAD, *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2070), 0xFEFF])
# Control characters other than the line ends, and the line ends of other systems.
_CONTROLS = {code: " " for code in (*range(32), *range(127, 160)) if code != 10} | dict.fromkeys(
    (0x0B, 0x0C, 0x85, 0x2028, 0x2029), "\n"
)

_LONGEST_PHRASE = max(len(phrase) for phrase in PHRASES)
_PHRASE_STARTS = frozenset(phrase[0] for phrase in PHRASES)
_LETTERS_THAT_ARE_NAMES = frozenset("cr")


def clean(text: str, limit: int) -> str:
    """Return the first `limit` characters of `text` in one form: NFKC, `\\n` line ends, nothing invisible."""
    composed = unicodedata.normalize("NFKC", text[:limit])[: 2 * limit]
    return composed.replace("\r\n", "\n").replace("\r", "\n").translate(_INVISIBLE).translate(_CONTROLS)


def words(text: str) -> list[str]:
    """Return the words of `text` in lower case, in their order."""
    return [word.lower() for word in WORD.findall(text)]


def terms(text_words: Sequence[str]) -> list[str]:
    """Return the terms that `text_words` stand for, in their order, without stop words and bare numbers."""
    found: list[str] = []
    position = 0
    while position < len(text_words):
        phrase, length = _phrase_at(text_words, position)
        term = phrase or term_of(text_words[position])
        if term:
            found.append(term)
        position += length
    return found


def _phrase_at(text_words: Sequence[str], position: int) -> tuple[str, int]:
    if text_words[position] in _PHRASE_STARTS:
        for length in range(_LONGEST_PHRASE, 1, -1):
            phrase = PHRASES.get(tuple(text_words[position : position + length]))
            if phrase:
                return phrase, length
    return "", 1


@lru_cache(maxsize=50_000)
def term_of(word: str) -> str:
    """Return the term that one word stands for, or the empty string when it tells nothing."""
    if word in STOP_WORDS or _is_noise(word):
        return ""
    alias = ALIASES.get(word)
    return alias if alias and not alias.isalpha() else stem(alias or word)


def _is_noise(word: str) -> bool:
    if len(word) == 1:
        return word not in _LETTERS_THAT_ARE_NAMES
    return word.isdigit() and (len(word) < 3 or word[:2] in {"19", "20"})


def stem(word: str) -> str:
    """Return `word` without its English endings, so that managed, managing and management meet."""
    if len(word) < 4 or word in UNSTEMMED or not word.isascii() or not word.isalpha():
        return word
    return _without_suffix(_singular(word))


def _singular(word: str) -> str:
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("sses", "shes", "ches", "xes")):
        return word[:-2]
    return word[:-1] if word.endswith("s") and not word.endswith(("ss", "us", "is")) else word


# The longest first, each with the number of letters that must remain.
_SUFFIXES = (
    ("ization", 3), ("isation", 3), ("ations", 3), ("ation", 3), ("ating", 3), ("ators", 3), ("ator", 3), ("ated", 3),
    ("izing", 3), ("ising", 3), ("ized", 3), ("ised", 3), ("ement", 3), ("ment", 4), ("ings", 3),
    ("ate", 4), ("ize", 3), ("ise", 3), ("ing", 3), ("ors", 4), ("ers", 4), ("ion", 4), ("ed", 3), ("er", 4), ("or", 4),
    ("ly", 4), ("e", 3),
)  # fmt: skip


def _without_suffix(word: str) -> str:
    if word in UNSTEMMED:
        return word
    for suffix, remaining in _SUFFIXES:
        if word.endswith(suffix) and len(word) - len(suffix) >= remaining:
            return _undoubled(word[: -len(suffix)])
    return word[:-1] + "i" if word.endswith("y") and len(word) > 4 else word


def _undoubled(word: str) -> str:
    return word[:-1] if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "lsz" else word


_GENERIC_TERMS = frozenset(term_of(word) for word in sorted(GENERIC_WORDS)) - {""}
_COMMON_TERMS = frozenset(term_of(word) for word in sorted(COMMON_WORDS)) - {""} - _GENERIC_TERMS | SOFT_TERMS


def weight_of(term: str, *, looks_like_a_name: bool = False) -> float:
    """Return how much `term` tells about a job, from GENERIC_TERM to NAME_TERM."""
    if term in _GENERIC_TERMS:
        return GENERIC_TERM
    if term in _COMMON_TERMS:
        return COMMON_TERM
    return NAME_TERM if looks_like_a_name or not term.isalpha() else PLAIN_TERM
