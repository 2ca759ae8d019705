"""Which lines of a job's texts ask for something, and how firmly. Company blurb, benefits and notices are dropped."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from nova_server.scorers.local.lines import Line, could_be_heading
from nova_server.scorers.local.vocabulary import TITLE_WORDS, word_set
from nova_server.scorers.local.weights import Importance

DESCRIPTION: Final = "job description"
ROLE_KNOWLEDGE: Final = "role knowledge"

_I = re.IGNORECASE


def _any_of(*alternatives: str) -> re.Pattern[str]:
    """Return a pattern for any of the alternatives as whole words."""
    return re.compile(rf"\b(?:{'|'.join(alternatives)})\b", _I)


# Tried in this order: "Preferred qualifications" is nice to have, "What we offer" is no requirement.
_HEADINGS: Final = (
    (_any_of(r"nice|preferred|bonus|plus(?:es)?|desir\w{2,5}|advantage\w{0,4}|ideally|optional"), Importance.NICE),
    (
        _any_of(
            r"benefits?|perks|offer|compensation|salary|pay|remuneration|equal|eeo|diversity|inclusion|apply|culture",
            r"why (?:join|us|work|you)|values|location|hours|schedule|legal|privacy|notice|disclaimer|accommodation",
            r"about (?:us|the company|our)|who we are|our (?:company|story|mission|team)|company|next steps",
            r"the process|contract|employer|how we hire|reports? to|job type",
        ),
        None,
    ),
    (
        _any_of(
            r"require[sd]?|requirements?|qualifications?|must|essential|skills?|experiences?|expertise|criteria",
            r"you(?:'|’| wi)ll (?:need|bring)|what you (?:need|bring)|who you are|about you|you have|looking for",
            r"education|knowledge|competenc\w{1,4}|the ideal|certifications?|licen[cs]es?|technolog(?:y|ies)|stack",
        ),
        Importance.MUST,
    ),
    (
        _any_of(
            r"responsibilit(?:y|ies)|duties|do|doing|role|tasks?|day|summary|scope|mission|position|job|description",
            r"overview|accountabilities|opportunity|work",
        ),
        Importance.RESPONSIBILITY,
    ),
)
_HEADING_WORDS: Final = word_set(
    """
    a about additional and apply are basic benefits bring company core culture day description desirable desired
    do duties education essential experience experiences for have how ideal in job join key knowledge ll
    looking main minimum must need nice of offer opportunity our overview perks plus position preferred primary
    profile qualifications required requirement requirements responsibilities responsibility role salary scope skills
    skill summary tasks technical the to us we what who why will with work working you your
    """
)
_NICE = _any_of(
    r"nice to have|(?:is|are|be|as) an? (?:big |strong |definite |real )?(?:plus|bonus|advantage|asset)|a plus|bonus",
    r"preferred|preferably|ideally|desirable|advantageous|not required|an advantage|optional",
)
_MUST = _any_of(
    r"must|required|requires?|essential|mandatory|at least|minimum|proven|non-negotiable|need to have|you have|we need",
    r"\d{1,2}\s?\+? ?years?|degree in|bachelor|licen[cs]ed?|certified|registration|fluent in",
    r"strong (?:knowledge|experience)",
)
_NOTICE = _any_of(
    r"equal opportunit\w{1,5}|regardless of|without regard to|protected (?:veteran|characteristic)|we celebrate",
    r"reasonable (?:accommodation|adjustment)s?|all qualified applicants|background check|drug (?:test|screen)\w{0,4}",
    r"e-verify|click (?:here|apply)|apply (?:now|today|online|via)|send (?:us )?(?:your|a) (?:cv|resume|application)",
    r"cover letter",
)
_BENEFIT = _any_of(
    r"401\(?k|dental (?:cover\w{0,3}|insurance|plan)|(?:vision|health|medical) insurance|pension|annual leave",
    r"paid (?:time off|holidays?|vacation|leave)|days(?:'|’)? (?:of )?(?:holiday|leave|vacation)|parental leave",
    r"(?:stock|share) options|bonus scheme|we offer|our benefits|competitive (?:salary|pay|compensation)",
    r"per (?:hour|annum)|salary range|training budget|free (?:lunch|coffee|parking)|gym membership|hybrid working",
    r"relocation (?:package|support)",
)
_COMPANY = _any_of(
    r"founded in|headquartered|our mission is|our customers (?:include|love)|backed by|market leader",
    r"we are (?:proud|an? (?:fast|growing|leading|family|global|award))",
)
_MONEY = re.compile(r"[$£€]\s?\d")
_AVOIDED = _any_of(r"avoid|red flag|do(?:es)? not (?:want|need|count)|don(?:'|’)t (?:want|need)|not a fit|no need")
_NOT_ASKED = re.compile(r"\bnot (?:required|needed|necessary|essential)\W{0,3}$", _I)
# "Leeds, UK · full-time": what stands beside a title.
_PARTICULARS = re.compile(
    r" [·|] |\b(?:full-time|part-time|permanent|in the office|on-site|remote-first|fully remote)\b", _I
)
_BLURB: Final = (_NOTICE, _BENEFIT, _COMPANY, _MONEY, _NOT_ASKED, _PARTICULARS)
# "Distributed systems over front-end work": only what stands before it is wanted.
_LESS_WANTED = re.compile(r"\s(?:over|rather than|instead of|more than just|as opposed to|not just)\s", _I)
_TITLE_LABEL = re.compile(r"^(?:job title|title|position|role|vacancy)\s{0,3}(?::|$)\s{0,3}", _I)
_LABEL = re.compile(r"^([^:]{3,60}):\s{1,4}(\S.*)$")
_LIST_SEPARATOR = re.compile(r"[,;]\s{1,3}(?:and\s|&\s)?")
_LINES_BEFORE_TITLE = 3
_LONGEST_TITLE_WORDS = 10
_ITEMS_OF_A_LIST = 3
_WORDS_OF_AN_ITEM = 4


@dataclass(frozen=True, slots=True)
class ClassifiedLine:
    """A line that asks for something."""

    text: str
    importance: Importance
    source: str


def find_title(lines: list[Line]) -> tuple[str, int] | None:
    """Return the title that the description opens with and the index of the line after it, or None."""
    for index, line in enumerate(lines[:_LINES_BEFORE_TITLE]):
        label = _TITLE_LABEL.match(line.text)
        if label and label.end() < len(line.text):
            return line.text[label.end() :], index + 1
        if label and index + 1 < len(lines):
            return lines[index + 1].text, index + 2
    return _short_first_line(lines)


def _short_first_line(lines: list[Line]) -> tuple[str, int] | None:
    if not lines or len(lines[0].text.split()) > _LONGEST_TITLE_WORDS or lines[0].text.endswith((".", ":")):
        return None
    named = any(word.strip(",.()").lower() in TITLE_WORDS for word in lines[0].text.split())
    return (lines[0].text, 1) if named or lines[0].marked else None


def of_description(lines: Iterable[Line], company: str | None) -> Iterator[ClassifiedLine]:
    """Yield the lines of a job description that ask for something."""
    under: Importance | None = Importance.UNMARKED
    for line in lines:
        heading, rest = _heading_and_rest(line)
        if heading is not None:
            under = heading[0]
        if rest and not _is_blurb(rest, company):
            importance = _importance(rest, under)
            if importance:
                yield from (ClassifiedLine(item, importance, DESCRIPTION) for item in _items(rest, importance))


def of_role_knowledge(lines: Iterable[Line]) -> Iterator[ClassifiedLine]:
    """Yield the lines of the role knowledge that ask for something. They are duties unless they say more."""
    under: Importance | None = Importance.RESPONSIBILITY
    for line in lines:
        heading, rest = _heading_and_rest(line)
        if heading is not None:
            under = heading[0]
        wanted = _LESS_WANTED.split(rest, maxsplit=1)[0]
        importance = _importance(wanted, under)
        if wanted and importance and not _AVOIDED.search(rest) and not _is_blurb(rest, None):
            yield ClassifiedLine(wanted, importance, ROLE_KNOWLEDGE)


def _heading_and_rest(line: Line) -> tuple[tuple[Importance | None] | None, str]:
    """Return what a heading puts the lines under, or None for an ordinary line, and the text that is no heading."""
    if (line.marked and could_be_heading(line)) or _is_bare_heading(line):
        return _under(line.text) or (Importance.UNMARKED,), ""
    label = _LABEL.match(line.text)
    if label and not line.bullet and len(label[1].split()) <= 3 and (found := _under(label[1])):
        return found, label[2]
    return None, line.text


def _is_bare_heading(line: Line) -> bool:
    """Tell whether an unmarked line holds nothing but the words of headings."""
    if line.bullet or not line.text[:1].isupper() or not could_be_heading(line):
        return False
    return all(word.lower() in _HEADING_WORDS for word in re.findall(r"\w+", line.text)) and bool(_under(line.text))


def _under(heading: str) -> tuple[Importance | None] | None:
    for pattern, importance in _HEADINGS:
        if pattern.search(heading):
            return (importance,)
    return None


def _importance(text: str, under: Importance | None) -> Importance | None:
    """Return how firmly a line asks, by its own words first and by its heading else. None: it asks nothing."""
    if under is None:
        return None
    if _NICE.search(text):
        return Importance.NICE
    if under in (Importance.UNMARKED, Importance.RESPONSIBILITY) and _MUST.search(text):
        return Importance.MUST
    return under


def _is_blurb(text: str, company: str | None) -> bool:
    if any(pattern.search(text) for pattern in _BLURB):
        return True
    return bool(company and company.lower() in text.lower() and not _MUST.search(text))


def _items(text: str, importance: Importance) -> list[str]:
    """Return the items of a plain list ("Python, SQL, Docker"), or the line as it is."""
    items = [item.strip(" .") for item in _LIST_SEPARATOR.split(text)]
    plain = len(items) >= _ITEMS_OF_A_LIST and all(len(item.split()) <= _WORDS_OF_AN_ITEM for item in items)
    listed = plain and importance is not Importance.UNMARKED and " or " not in text
    return [item for item in items if item] if listed else [text]
