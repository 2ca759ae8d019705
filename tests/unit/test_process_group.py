"""When a process of a group counts as serving, when it is started again, and how all are stopped. They are fakes."""

from __future__ import annotations

import asyncio
from asyncio.subprocess import Process
from collections.abc import Iterator
from typing import cast

import pytest
import structlog
from nova_server.kept_process import FIRST_DELAY_SECONDS
from nova_server.process_group import Member, Members, metrics_address
from nova_server.program import MemberDidNotStart
from structlog.testing import capture_logs
from structlog.typing import EventDict

from tests.support.clock import FakeClock

PATIENCE_SECONDS = 5


class FakeProcess:
    """A process that serves, and ends, when it is told to."""

    def __init__(self, number: int, *, obedient: bool = True) -> None:
        self.number = number
        self.returncode: int | None = None
        self.signals: list[str] = []
        self.stdout = asyncio.StreamReader()
        self._obedient = obedient
        self._ended = asyncio.Event()

    def serve(self) -> None:
        self.stdout.feed_data(b"serving\n")

    def die(self, code: int = -9) -> None:
        self.returncode = code
        self.stdout.feed_eof()
        self._ended.set()

    async def wait(self) -> int | None:
        await self._ended.wait()
        return self.returncode

    def terminate(self) -> None:
        self.signals.append("terminate")
        if self._obedient:
            self.die(0)

    def kill(self) -> None:
        self.signals.append("kill")
        self.die()


class Machine:
    """Starts processes, and remembers them."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.started: list[FakeProcess] = []
        self.obedient = True
        self._grew = asyncio.Event()

    async def spawn(self, number: int) -> Process:
        self.started.append(FakeProcess(number, obedient=self.obedient))
        self._grew.set()
        return cast(Process, self.started[-1])

    async def until_started(self, count: int) -> list[FakeProcess]:
        """Wait until so many processes were started in all, and return them."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while len(self.started) < count:
                self._grew.clear()
                await self._grew.wait()
        return self.started

    def member(self, number: int = 0, grace_seconds: float = 20) -> Member:
        return Member(number, self.spawn, self.clock, grace_seconds)

    async def serving(self, count: int) -> Members:
        """Return that many members, all of which serve."""
        members = Members([self.member(number) for number in range(count)])
        starting = asyncio.create_task(members.start())
        for process in await self.until_started(count):
            process.serve()
        await asyncio.wait_for(starting, PATIENCE_SECONDS)
        return members


@pytest.fixture(autouse=True)
def logged() -> Iterator[list[EventDict]]:
    with capture_logs() as lines:
        yield lines
    structlog.reset_defaults()


@pytest.fixture
async def machine() -> Machine:
    return Machine()


async def test_all_processes_are_started_at_once_and_waited_for(machine: Machine) -> None:
    members = Members([machine.member(number) for number in range(3)])
    starting = asyncio.create_task(members.start())
    first, second, third = await machine.until_started(3)
    assert [process.number for process in (first, second, third)] == [0, 1, 2]
    first.serve()
    third.serve()
    await asyncio.sleep(0)
    assert not starting.done()
    assert not members.ready()
    second.serve()
    await asyncio.wait_for(starting, PATIENCE_SECONDS)
    assert members.ready()


async def test_a_process_that_ends_before_it_serves_fails_the_start_and_takes_the_others_along(
    machine: Machine,
) -> None:
    members = Members([machine.member(number) for number in range(2)])
    starting = asyncio.create_task(members.start())
    one, other = await machine.until_started(2)
    one.die(1)
    with pytest.raises(MemberDidNotStart):
        await asyncio.wait_for(starting, PATIENCE_SECONDS)
    assert other.signals == ["terminate"]
    assert not members.ready()


async def test_a_process_that_dies_is_started_again_while_the_group_stays(
    machine: Machine, logged: list[EventDict]
) -> None:
    members = await machine.serving(2)
    machine.started[1].die()
    await machine.clock.until_asleep()
    assert members.ready()
    assert len(machine.started) == 2
    machine.clock.advance(FIRST_DELAY_SECONDS)
    *_, again = await machine.until_started(3)
    assert again.number == 1
    assert logged == [{"event": "process_died", "log_level": "error", "exit_code": -9, "process": 1}]


async def test_a_process_that_cannot_start_again_is_tried_again(machine: Machine, logged: list[EventDict]) -> None:
    members = await machine.serving(1)
    machine.started[0].die()
    for count, delay in ((2, FIRST_DELAY_SECONDS), (3, 2 * FIRST_DELAY_SECONDS)):
        await machine.clock.until_asleep()
        machine.clock.advance(delay)
        (await machine.until_started(count))[-1].die(1)
    await machine.clock.until_asleep()
    assert members.ready()
    assert [line["event"] for line in logged if line["log_level"] == "error"].count("process_start_failed") == 2


async def test_stopping_asks_every_process_to_end(machine: Machine) -> None:
    members = await machine.serving(2)
    await members.stop()
    assert [process.signals for process in machine.started] == [["terminate"], ["terminate"]]
    assert not members.ready()


async def test_a_process_that_is_asked_to_end_is_not_started_again(machine: Machine) -> None:
    members = await machine.serving(1)
    await members.stop()
    machine.clock.advance(3_600)
    await asyncio.sleep(0)
    assert len(machine.started) == 1


async def test_a_process_that_does_not_end_in_time_is_killed(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nova_server.process_group.STOP_MARGIN_SECONDS", 0.01)
    machine.obedient = False
    member = machine.member(grace_seconds=0)
    starting = asyncio.create_task(member.start())
    (process,) = await machine.until_started(1)
    process.serve()
    await starting
    await member.stop()
    assert process.signals == ["terminate", "kill"]


async def test_stopping_twice_or_unstarted_does_nothing_more(machine: Machine) -> None:
    await Members([machine.member()]).stop()
    members = await machine.serving(1)
    await members.stop()
    await members.stop()
    assert machine.started[0].signals == ["terminate"]


@pytest.mark.parametrize(
    ("first", "number", "address"),
    [
        ("127.0.0.1:9464", 0, "127.0.0.1:9464"),
        ("127.0.0.1:9464", 3, "127.0.0.1:9467"),
        ("[::1]:9464", 1, "[::1]:9465"),
        ("0.0.0.0:0", 3, "0.0.0.0:0"),
    ],
)
def test_metrics_are_at_ports_that_follow_one_another_unless_free_ones_are_asked_for(
    first: str, number: int, address: str
) -> None:
    assert metrics_address(first, number) == address
