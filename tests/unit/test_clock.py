"""The system's clock keeps the promises of the port, and so does the one that tests move by hand."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest
from nova_server.clock import SystemClock
from nova_server.ports.clock import MICROSECONDS, Clock, Instant, plus_seconds

from tests.support.clock import FakeClock


def test_the_wall_clock_tells_microseconds_since_the_epoch() -> None:
    clock: Clock = SystemClock()
    before = datetime.now(UTC).timestamp()
    told = clock.now() / MICROSECONDS
    assert before - 1 <= told <= datetime.now(UTC).timestamp() + 1


def test_the_monotonic_clock_never_goes_back() -> None:
    clock = SystemClock()
    assert clock.monotonic() <= clock.monotonic()


async def test_the_system_clock_sleeps_at_least_as_long_as_asked() -> None:
    clock = SystemClock()
    begun = clock.monotonic()
    await clock.sleep(0.01)
    assert clock.monotonic() - begun >= 0.009


@pytest.mark.parametrize(("seconds", "later"), [(1, 1_000_000), (0.25, 250_000), (-2, -2_000_000), (0.000_000_4, 0)])
def test_seconds_are_added_in_microseconds(seconds: float, later: int) -> None:
    assert plus_seconds(Instant(5_000_000), seconds) == 5_000_000 + later


async def test_a_sleeper_on_the_fake_clock_wakes_when_its_time_has_come_and_not_before() -> None:
    clock = FakeClock()
    sleeper = asyncio.create_task(clock.sleep(10))
    await clock.until_asleep()
    clock.advance(9)
    await clock.until_asleep()
    assert not sleeper.done()
    clock.advance(1)
    await asyncio.wait_for(sleeper, 5)
    assert clock.monotonic() == 10
