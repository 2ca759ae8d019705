"""Years of work from date ranges, and years asked for."""

from __future__ import annotations

from datetime import date

import pytest
from nova_server.scorers.local.dates import intervals, years_in, years_named

TODAY = date(2026, 11, 23)


def years(text: str) -> float:
    """Return the years of the union of the ranges in `text`."""
    return years_in(intervals(text, TODAY))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2019 - 2023", 4),
        ("(2014-2019)", 5),
        ("2015 – 2018", 3),
        ("2015 — 2018", 3),
        ("from 2015 to 2018", 3),
        ("2015 until 2018", 3),
        ("Jan 2020 – Dec 2020", 1),
        ("January 2020 to December 2021", 2),
        ("Sept. 2020 - Aug 2021", 1),
        ("03/2018 - 02/2020", 2),
        ("3/2018 - 2/2020", 2),
        ("03.2018 – 02.2020", 2),
        ("2018-03 - 2020-02", 2),
        ("2018/03 to 2020/02", 2),
        ("Dec 2025 – Present", 1),
        ("Dec 2025 - now", 1),
        ("12/2025 – today", 1),
        ("Dec 2024 to date", 2),
        ("since December 2024", 2),
        ("2019 – 2019", 0.5),
    ],
)
def test_a_range_is_read_in_its_many_spellings(text: str, expected: float) -> None:
    assert years(text) == expected


def test_an_open_end_is_the_day_that_is_given_as_today() -> None:
    assert years_in(intervals("Jan 2020 – present", date(2020, 12, 31))) == 1
    assert years_in(intervals("Jan 2020 – present", date(2029, 12, 31))) == 10


def test_jobs_at_the_same_time_count_once() -> None:
    assert years("2010 - 2016, 2012 - 2014, 2015 - 2018") == 8


def test_a_gap_is_not_counted() -> None:
    assert years("2010 - 2012 and 2016 - 2018") == 4


@pytest.mark.parametrize(
    "text",
    [
        "2023 - 2019",
        "2031 - 2035",
        "1890 - 1899",
        "call 020 1234 5678",
        "ISO 9001 - 2015",
        "12019 - 20231",
        "no dates at all",
        "2019",
    ],
)
def test_what_is_no_range_of_work_counts_nothing(text: str) -> None:
    assert years(text) == 0


def test_a_range_that_ends_in_the_future_ends_today() -> None:
    assert years("Dec 2025 - Jan 2030") == 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("5+ years of experience", 5),
        ("5 or more years", 5),
        ("at least three years", 3),
        ("3-5 years", 3),
        ("3 to 5 years", 3),
        ("10 yrs", 10),
        ("a 2-year contract and 7 years of practice", 7),
        ("no number of years", None),
        ("you are 18 years old", None),
        ("the next two years will be busy", None),
        ("under three years of experience", None),
        ("founded 150 years ago", None),
        ("own the 5-year plan", None),
        ("write a five-year financial strategy", None),
        ("a five-year experience in planning", 5),
        ("five years planning of budgets", 5),
    ],
)
def test_years_asked_for_are_read(text: str, expected: float | None) -> None:
    assert years_named(text) == expected
