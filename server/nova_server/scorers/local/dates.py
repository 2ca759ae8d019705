"""Years of work, from date ranges in text."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_EARLIEST_YEAR = 1950
# "2019 – 2019" is somewhere between a day and a year.
_MONTHS_OF_ONE_YEAR = 6

_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}"
_DATE = rf"(?:({_MONTH})\.?,?\s{{1,3}}|(0?[1-9]|1[0-2])[/.])?((?:19|20)\d\d)(?:[-/.](0[1-9]|1[0-2])(?!\d))?"
_OPEN = r"(present|current|now|today|ongoing|(?:to\s)?date)"
_RANGE = re.compile(
    rf"(?<!\d){_DATE}\s{{0,3}}(?:[-–—]|to|until|till|through)\s{{0,3}}(?:{_DATE}(?!\d)|{_OPEN}\b)", re.IGNORECASE
)
_SINCE = re.compile(rf"\bsince\s{{1,3}}{_DATE}(?!\d)", re.IGNORECASE)

_NUMBERS = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
}  # fmt: skip
_YEARS = re.compile(
    r"(?<!under )(?<!less than )(?<!next )(?<!last )(?<!past )(?<!up to )"
    rf"\b(\d{{1,2}}|{'|'.join(_NUMBERS)})\s?(?:\+|plus\b|or more\b)?\s?"
    r"(?:(?:-|–|to)\s?\d{1,2}\s?\+?\s?)?-?\s?(?:full\s)?(?:years?|yrs?)\b(?!\sold)"
    # Nobody worked for the years of "a five-year plan".
    r"(?!(?<=-year)\s(?:\w{1,20}\s)?(?:plans?|forecasts?|roadmaps?|strategy|budgets?|contracts?|horizon)\b)",
    re.IGNORECASE,
)
_MOST_YEARS = 50


class Interval(NamedTuple):
    """Months counted from year 0: the first worked, and the one after the last."""

    start: int
    end: int


def intervals(text: str, today: date, *, since: bool = True) -> list[Interval]:
    """Return the valid date ranges in `text`. An open end is `today`; the future is left out.

    `since` tells whether "since 2019" is a range too.
    """
    found = [_interval(match.groups(), today) for match in _RANGE.finditer(text)]
    if since:
        found += [_interval((*match.groups(), *[None] * 4, "now"), today) for match in _SINCE.finditer(text)]
    return [interval for interval in found if interval]


def _interval(groups: tuple[str | None, ...], today: date) -> Interval | None:
    this_month = today.year * 12 + today.month - 1
    start = _month(groups[:4])
    end = this_month + 1 if groups[8] else _end(groups[4:8], start)
    end = min(end, this_month + 1)
    return Interval(start, end) if start >= _EARLIEST_YEAR * 12 and start < end else None


def _end(groups: tuple[str | None, ...], start: int) -> int:
    """Return the month after the last. A bare year stands for its first day, so 2019–2023 is four years."""
    end = _month(groups)
    if _names_a_month(groups):
        return end + 1
    return start + _MONTHS_OF_ONE_YEAR if end == start else end


def _names_a_month(groups: tuple[str | None, ...]) -> bool:
    return any((groups[0], groups[1], groups[3]))


def _month(groups: tuple[str | None, ...]) -> int:
    name, before, year, after = groups
    month = _MONTHS.index(name[:3].lower()) if name else int(before or after or 1) - 1
    return int(year or 0) * 12 + month


def years_in(spans: Iterable[Interval]) -> float:
    """Return the length in years of the union of `spans`: two jobs at once count once."""
    months, reached = 0, 0
    for start, end in sorted(spans):
        months += max(0, end - max(start, reached))
        reached = max(reached, end)
    return round(months / 12, 2)


def years_named(text: str) -> float | None:
    """Return the largest number of years that `text` speaks of ("5+ years", "three to five years": 5, 3), or None."""
    found = [_NUMBERS.get(match.lower()) or int(match) for match in _YEARS.findall(text)]
    valid = [years for years in found if 0 < years <= _MOST_YEARS]
    return float(max(valid)) if valid else None
