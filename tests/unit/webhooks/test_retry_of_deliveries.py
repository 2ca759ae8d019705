"""The time between two attempts stays within the limits of the contract, whatever the receiver and chance say."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nova_server.ports.webhooks import MAX_ATTEMPTS
from nova_server.webhooks.retry import LONGEST_SECONDS, SHORTEST_SECONDS, delay_seconds, read_retry_after

from tests.support.clock import START

attempts = st.integers(1, MAX_ATTEMPTS - 1)
chances = st.floats(0, 1, exclude_max=True)


@pytest.mark.parametrize(("attempts_made", "longest"), [(1, 180), (2, 540), (3, 1620), (4, 1800), (10_000, 1800)])
def test_the_longest_wait_grows_threefold_up_to_half_an_hour(attempts_made: int, longest: float) -> None:
    assert delay_seconds(attempts_made, None, lambda: 1.0) == longest


@given(attempts_made=attempts)
def test_no_wait_is_shorter_than_a_minute(attempts_made: int) -> None:
    assert delay_seconds(attempts_made, None, lambda: 0.0) == 60


@given(attempts_made=attempts, chance=chances)
def test_a_wait_is_anywhere_between_the_shortest_and_the_longest(attempts_made: int, chance: float) -> None:
    longest = delay_seconds(attempts_made, None, lambda: 1.0)

    wait = delay_seconds(attempts_made, None, lambda: chance)

    assert SHORTEST_SECONDS <= wait <= longest <= LONGEST_SECONDS
    assert wait == pytest.approx(SHORTEST_SECONDS + chance * (longest - SHORTEST_SECONDS))


@pytest.mark.parametrize(("wish", "wait"), [(-5, 60), (0, 60), (60, 60), (61.5, 61.5), (1800, 1800), (86_400, 1800)])
def test_the_wish_of_the_receiver_is_followed_within_the_limits(wish: float, wait: float) -> None:
    assert delay_seconds(1, wish, lambda: 0.5) == wait


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120),
        (" 120 ", 120),
        ("0", 0),
        ("9" * 5000, float("inf")),
        ("Sun, 01 Mar 2026 09:10:00 GMT", 600),
        ("Sunday, 01-Mar-26 09:10:00 GMT", 600),
        ("Sun Mar  1 09:10:00 2026", 600),
        ("Sun, 01 Mar 2026 09:10:00 -0000", 600),
        ("Sun, 01 Mar 2026 08:00:00 GMT", -3600),
    ],
)
def test_a_number_of_seconds_and_each_form_of_an_http_date_are_read(header: str, seconds: float) -> None:
    assert read_retry_after(header, START) == seconds


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "soon",
        "-5",
        "1.5",
        "1e3",
        "١٢",
        "Sun, 99 Mar 2026 09:10:00 GMT",
        "Sun, 01 Mar 99999999 09:10:00 GMT",
        "Sun, 01 Mar 2026 09:10:00 +9999",
    ],
)
def test_a_header_that_makes_no_sense_is_no_wish(header: str | None) -> None:
    assert read_retry_after(header, START) is None


@given(header=st.text() | st.from_regex(r"[A-Z][a-z]{2},? \d{1,2}[ -][A-Z][a-z]{2}[ -]\d{1,6} [\d:]{1,9} \S{1,6}"))
def test_whatever_the_header_says_the_wait_is_within_the_limits(header: str) -> None:
    assert 60 <= delay_seconds(1, read_retry_after(header, START), lambda: 0.5) <= 1800
