"""Ids have the documented shape, sort by time, and cannot be guessed from one another."""

from __future__ import annotations

import re
from collections import Counter
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nova_server.identifiers import RandomIdentifiers
from nova_server.ports.clock import MICROSECONDS, Instant
from nova_server.ports.identifiers import Identifiers

from tests.support.clock import START

# Until then eight characters hold the milliseconds.
LAST = Instant(36**8 * 1_000 - 1)
instants = st.integers(0, LAST).map(Instant)


def zeros(count: int) -> bytes:
    return bytes(count)


def test_the_port_is_satisfied() -> None:
    identifiers: Identifiers = RandomIdentifiers()
    assert identifiers.new(START)


@given(instants)
def test_an_id_has_25_lower_case_characters_and_begins_with_a_letter(now: Instant) -> None:
    assert re.fullmatch(r"c[0-9a-z]{24}", RandomIdentifiers().new(now))


@given(instants, instants)
def test_ids_of_different_milliseconds_sort_by_time(one: Instant, other: Instant) -> None:
    identifiers = RandomIdentifiers()
    first, second = identifiers.new(one), identifiers.new(other)
    if one // 1_000 != other // 1_000:
        assert (first < second) == (one < other)


def test_the_time_of_an_id_can_be_read_from_it() -> None:
    assert int(RandomIdentifiers(zeros).new(START)[1:9], 36) == START // 1_000


def test_the_shape_lasts_until_the_year_2059() -> None:
    assert datetime.fromtimestamp(LAST / MICROSECONDS, UTC).year == 2059


def test_ids_of_one_millisecond_differ() -> None:
    identifiers = RandomIdentifiers()
    assert len({identifiers.new(START) for _ in range(10_000)}) == 10_000


def test_a_clock_that_goes_back_does_not_keep_the_later_time() -> None:
    identifiers = RandomIdentifiers(zeros)
    early, late = identifiers.new(START), identifiers.new(Instant(START + 5_000))
    assert early < late
    assert identifiers.new(START) == early


def test_sixteen_characters_are_drawn_from_sixteen_random_bytes() -> None:
    asked: list[int] = []

    def random_bytes(count: int) -> bytes:
        asked.append(count)
        return bytes(range(count))

    assert RandomIdentifiers(random_bytes).new(START)[9:] == "0123456789abcdef"
    assert asked == [16]


def test_no_character_is_likelier_than_another() -> None:
    drawn: Counter[str] = Counter()
    for value in range(256):
        drawn.update(RandomIdentifiers(bytes([value]).__mul__).new(START)[9:])
    assert len(drawn) == 32
    assert set(drawn.values()) == {256 * 16 // 32}


@pytest.mark.parametrize("position", range(9, 25))
def test_every_random_character_depends_on_its_own_byte(position: int) -> None:
    def random_bytes(count: int) -> bytes:
        return bytes(1 if place == position - 9 else 0 for place in range(count))

    assert RandomIdentifiers(random_bytes).new(START)[9:] == "".join(
        "1" if place == position else "0" for place in range(9, 25)
    )
