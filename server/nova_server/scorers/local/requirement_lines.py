"""Which lines of a job's texts ask for something, and how firmly. Company blurb, benefits and notices are dropped."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from nova_server.scorers.local.lines import Line, could_be_heading
from nova_server.scorers.local.vocabulary import TITLE_WORDS, word_set

_I = re.IGNORECASE


class Asking(Enum):
    """How a line of a job's texts asks. One that is UNMARKED stands under no heading, and may be anything."""

    MUST = auto()
    RESPONSIBILITY = auto()
    NICE = auto()
    UNMARKED = auto()


def _any_of(*alternatives: str) -> re.Pattern[str]:
    """Return a pattern for any of the alternatives as whole words."""
    return re.compile(rf"\b(?:{'|'.join(alternatives)})\b", _I)


# What an advert calls its own company: "About Globex", "At Globex, we".
_COMPANY_NAME = re.compile(
    r"^(?:About|ABOUT) (?!(?i:you|your|the|this|it|me|us|our)\b)(?P<heading>[A-Z][^\s:]*(?: [A-Z][^\s:]*){0,3}):?$"
    r"|\bAt (?P<sentence>[A-Z][^\s,]*(?: [A-Z&][^\s,]*){0,3}), (?:we|our|you)\b"
)

# Tried in this order: "Preferred qualifications" is nice to have, "What we offer" is no requirement.
_HEADINGS: Final = (
    (_any_of(r"nice|preferred|bonus|plus(?:es)?|desir\w{2,5}|advantage\w{0,4}|ideally|optional"), Asking.NICE),
    (
        _any_of(
            r"benefits?|perks|offer|compensation|salary|pay|remuneration|equal|eeo|diversity|inclusion|apply|culture",
            r"why (?:join|us|work|you)|values|location|hours|schedule|legal|privacy|notice|disclaimer|accommodation",
            r"about (?:us|the company|our)|who we are|our (?:company|story|mission|team)|company|next steps",
            r"^about (?!(?:you|your|the|this|it|me)\b)\w+",
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
        Asking.MUST,
    ),
    (
        _any_of(
            r"responsibilit(?:y|ies)|duties|do|doing|role|tasks?|day|summary|scope|mission|position|job|description",
            r"overview|accountabilities|opportunity|work",
        ),
        Asking.RESPONSIBILITY,
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
    asking: Asking


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


def of_description(lines: Sequence[Line]) -> Iterator[ClassifiedLine]:
    """Yield the lines of a job description that ask for something. Those about the company do not."""
    company = _company_named_in(lines)
    under: Asking | None = Asking.UNMARKED
    for line in lines:
        heading, rest = _heading_and_rest(line)
        if heading is not None:
            under = heading[0]
        asking = _asking(rest, under)
        if rest and asking and not _is_blurb(rest, company):
            yield from (ClassifiedLine(item, asking) for item in _items(rest, asking))


def of_role_knowledge(lines: Iterable[Line]) -> Iterator[ClassifiedLine]:
    """Yield the lines of the role knowledge that ask for something. They are duties unless they say more."""
    under: Asking | None = Asking.RESPONSIBILITY
    for line in lines:
        heading, rest = _heading_and_rest(line)
        if heading is not None:
            under = heading[0]
        wanted = _LESS_WANTED.split(rest, maxsplit=1)[0]
        asking = _asking(wanted, under)
        if wanted and asking and not _AVOIDED.search(rest) and not _is_blurb(rest, None):
            yield ClassifiedLine(wanted, asking)


def _heading_and_rest(line: Line) -> tuple[tuple[Asking | None] | None, str]:
    """Return what a heading puts the lines under, or None for an ordinary line, and the text that is no heading."""
    if _is_marked_heading(line) or _is_bare_heading(line):
        return _under(line.text) or (Asking.UNMARKED,), ""
    label = _LABEL.match(line.text)
    if label and not line.bullet and len(label[1].split()) <= 3 and (found := _under(label[1])):
        return found, label[2]
    return None, line.text


def _is_marked_heading(line: Line) -> bool:
    """Tell whether a line is written as a heading. A bullet point in capitals is the name of a tool: "- SQL"."""
    if not line.marked or not could_be_heading(line):
        return False
    return bool(not line.bullet or not line.text.isupper() or _under(line.text))


def _is_bare_heading(line: Line) -> bool:
    """Tell whether an unmarked line holds nothing but the words of headings."""
    if line.bullet or not line.text[:1].isupper() or not could_be_heading(line):
        return False
    return all(word.lower() in _HEADING_WORDS for word in re.findall(r"\w+", line.text)) and bool(_under(line.text))


def _under(heading: str) -> tuple[Asking | None] | None:
    for pattern, asking in _HEADINGS:
        if pattern.search(heading):
            return (asking,)
    return None


def _asking(text: str, under: Asking | None) -> Asking | None:
    """Return how a line asks, by its own words first and by its heading else. None: it asks nothing."""
    if under is None:
        return None
    if _NICE.search(text):
        return Asking.NICE
    if under in (Asking.UNMARKED, Asking.RESPONSIBILITY) and _MUST.search(text):
        return Asking.MUST
    return under


def _company_named_in(lines: Iterable[Line]) -> re.Pattern[str] | None:
    """Return a pattern for the names by which a description calls its company, or None when it names none."""
    found = [match for line in lines for match in _COMPANY_NAME.finditer(line.text)]
    names = "|".join(sorted({re.escape(match["heading"] or match["sentence"]) for match in found}))
    return re.compile(rf"(?<!\w)(?:{names})(?!\w)") if names else None


def _is_blurb(text: str, company: re.Pattern[str] | None) -> bool:
    if any(pattern.search(text) for pattern in _BLURB):
        return True
    return bool(company and company.search(text) and not _MUST.search(text))


def _items(text: str, asking: Asking) -> list[str]:
    """Return the items of a plain list ("Python, SQL, Docker"), or the line as it is."""
    items = [item.strip(" .") for item in _LIST_SEPARATOR.split(text)]
    plain = len(items) >= _ITEMS_OF_A_LIST and all(len(item.split()) <= _WORDS_OF_AN_ITEM for item in items)
    listed = plain and asking is not Asking.UNMARKED and " or " not in text
    return [item for item in items if item] if listed else [text]
