"""Waits between tries grow, up to a limit, and are spread by chance."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nova_server.queue.retry import FIRST_SECONDS, LONGEST_SECONDS, backoff_seconds


@pytest.mark.parametrize(
    ("starts", "longest"), [(1, 2), (2, 4), (3, 8), (4, 16), (5, 32), (6, 60), (7, 60), (1_000, 60)]
)
def test_the_longest_wait_doubles_with_each_start_up_to_a_minute(starts: int, longest: float) -> None:
    assert backoff_seconds(starts, lambda: 1.0) == longest


@pytest.mark.parametrize("starts", [1, 3, 9])
def test_chance_may_shorten_a_wait_to_nothing(starts: int) -> None:
    assert backoff_seconds(starts, lambda: 0.0) == 0


@given(starts=st.integers(1, 10_000), chance=st.floats(0, 1, exclude_max=True))
def test_a_wait_is_a_share_of_the_longest_one(starts: int, chance: float) -> None:
    longest = backoff_seconds(starts, lambda: 1.0)
    assert backoff_seconds(starts, lambda: chance) == pytest.approx(chance * longest)
    assert FIRST_SECONDS <= longest <= LONGEST_SECONDS
