"""What a resume says about the person rather than the work, left out before anything is counted.

Contacts, pronouns and labelled personal lines are removed anywhere; names and places at the head of the document. A
name that turns up elsewhere stays: whether `baker` counts in a line of work must not depend on whether the applicant is
called Baker.
"""

from __future__ import annotations

import re

from nova_server.scorers.local.lines import Line
from nova_server.scorers.local.vocabulary import TITLE_WORDS

_LABELS = (
    "name full.?name first.?name last.?name surname e-?mail email.?address phone telephone tel mobile cell fax "
    "address home.?address location city postcode zip country date.of.birth birth.?date birthday dob d.o.b born "
    "place.of.birth age gender sex religion faith nationality citizenship ethnicity race marital.status civil.status "
    "family children pronouns photo linkedin github website portfolio skype twitter contact contacts"
)
_LABELLED = re.compile(rf"^\W{{0,4}}(?:{'|'.join(_LABELS.split())})\s{{0,3}}[:=|–-]", re.IGNORECASE)
_BORN = re.compile(r"^\W{0,4}(?:born\s(?:on|in|\d)|aged?\s\d\d|\d\d\syears\sold|married\b|single$)", re.IGNORECASE)
_CONTACT = re.compile(
    r"[^\s@|,;<>]{1,80}@[^\s@|,;<>]{1,80}"
    r"|\b(?:https?://|www\.)[^\s|,;<>]{1,300}"
    r"|\b[a-z0-9-]{1,60}\.(?:com|org|net|io|dev|me|co)/[^\s|,;<>]{0,200}"
    r"|\+?\(?\b\d[\d().\s-]{6,16}\d\b",
    re.IGNORECASE,
)
_STARTS_AS_DATE = re.compile(r"^\(?(?:\d\d\.)?(?:19|20)\d\d(?!\d)")
_PRONOUNS = re.compile(
    r"\(?\b(?:she|he|they)\s?/\s?(?:her|him|them)(?:\s?/\s?(?:hers|his|theirs))?\b\)?", re.IGNORECASE
)
_PERSONAL_HEADING = re.compile(
    r"^(?:personal|contact)(?:\s(?:information|details|data|profile|info))?:?$", re.IGNORECASE
)
_PARTS = re.compile(r"\s{0,9}[|•·]\s{0,9}|\s{3,9}|\t")
_NAME = re.compile(r"^(?:[^\W\d_][\w'’.-]{0,30}\s{1,3}){1,4}[^\W\d_][\w'’.-]{0,30}$")
_ADDRESS = re.compile(
    r"\d{1,5}[a-z]?,?\s[^\d|]{1,60}\b(?:street|st|road|rd|avenue|ave|lane|drive|way|court|close|square"
    r"|boulevard|blvd|terrace)\b"
    r"|\b[a-z]{1,2}\d{1,2}[a-z]?\s\d[a-z]{2}\b|,\s[a-z]{2}\s\d{5}\b",
    re.IGNORECASE,
)
_LONGEST_ADDRESS = 120
_WORDS_OF_A_PLACE = 5
_HEAD_LINES = 8
_HEAD_LINES_WITHOUT_HEADINGS = 4


def redact(lines: list[Line], headings: set[int]) -> list[Line | None]:
    """Return `lines` without what is personal, None where nothing is left. `headings` holds the indexes of headings."""
    head = min([*headings, _HEAD_LINES]) if headings else _HEAD_LINES_WITHOUT_HEADINGS
    kept: list[Line | None] = []
    personal = False
    for index, line in enumerate(lines):
        if index in headings:
            personal = bool(_PERSONAL_HEADING.match(line.text))
        kept.append(None if personal else _redacted(line, in_head=index < head, first=index == 0))
    return kept


def _redacted(line: Line, *, in_head: bool, first: bool) -> Line | None:
    if _LABELLED.match(line.text) or _BORN.match(line.text):
        return None
    text = _PRONOUNS.sub("", _CONTACT.sub(_unless_dates, line.text))
    if in_head:
        text = _without_names_and_places(text, first=first)
    return Line(text.strip(), line.marked, line.bullet) if text.strip(" |•·,-") else None


def _unless_dates(match: re.Match[str]) -> str:
    """Keep "2014 - 2019", which has the digits of a telephone number."""
    return match.group() if _STARTS_AS_DATE.match(match.group()) else ""


def _without_names_and_places(text: str, *, first: bool) -> str:
    if first and _NAME.match(text.strip()) and not _names_a_title(text):
        return ""
    return " | ".join(part for part in _PARTS.split(text) if _is_about_work(part))


def _is_about_work(part: str) -> bool:
    if _ADDRESS.search(part[:_LONGEST_ADDRESS]):
        return False
    return len(part.split()) > _WORDS_OF_A_PLACE or _names_a_title(part)


def _names_a_title(text: str) -> bool:
    return any(word.strip(".,()").lower() in TITLE_WORDS for word in text.split())
