"""Parts are started in stages, watched, and stopped in the opposite order."""

from __future__ import annotations

import asyncio

import pytest
from nova_server.supervisor import WATCH_SECONDS, Supervisor

from tests.support.clock import FakeClock


class Part:
    """A part that notes what is done to it."""

    def __init__(self, name: str, story: list[str], *, fault: BaseException | None = None) -> None:
        self.name = name
        self.alive = True
        self._story = story
        self._fault = fault

    async def start(self) -> None:
        self._story.append(f"start {self.name}")
        if self._fault:
            raise self._fault

    def ready(self) -> bool:
        return self.alive

    async def stop(self) -> None:
        self._story.append(f"stop {self.name}")


class Stubborn(Part):
    """A part that cannot be stopped."""

    async def stop(self) -> None:
        raise RuntimeError("no")


class Pair(Part):
    """A part that stops only together with another."""

    def __init__(self, name: str, story: list[str], both: asyncio.Barrier) -> None:
        super().__init__(name, story)
        self._both = both

    async def stop(self) -> None:
        await self._both.wait()
        await super().stop()


@pytest.fixture
def story() -> list[str]:
    return []


async def test_stages_start_in_order_and_stop_in_the_opposite_one(story: list[str]) -> None:
    supervisor = Supervisor([[Part("store", story)], [Part("worker", story)], [Part("api", story)]], FakeClock())
    await supervisor.start()
    await supervisor.stop()
    assert story == ["start store", "start worker", "start api", "stop api", "stop worker", "stop store"]


async def test_the_parts_of_one_stage_stop_together(story: list[str]) -> None:
    both = asyncio.Barrier(2)
    supervisor = Supervisor([[Pair("worker", story, both), Pair("api", story, both)]], FakeClock())
    await supervisor.start()
    async with asyncio.timeout(5):
        await supervisor.stop()
    assert sorted(story[2:]) == ["stop api", "stop worker"]


async def test_a_part_that_cannot_start_stops_those_before_it_and_itself(story: list[str]) -> None:
    stages = [[Part("store", story)], [Part("api", story, fault=OSError("taken"))], [Part("later", story)]]
    with pytest.raises(OSError, match="taken"):
        await Supervisor(stages, FakeClock()).start()
    assert story == ["start store", "start api", "stop api", "stop store"]


async def test_a_start_that_is_cancelled_stops_what_was_started(story: list[str]) -> None:
    stages = [[Part("store", story)], [Part("api", story, fault=asyncio.CancelledError())]]
    with pytest.raises(asyncio.CancelledError):
        await Supervisor(stages, FakeClock()).start()
    assert story[2:] == ["stop api", "stop store"]


async def test_a_part_that_cannot_stop_does_not_keep_the_others_from_it(
    story: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    supervisor = Supervisor([[Part("store", story)], [Stubborn("api", story), Part("worker", story)]], FakeClock())
    await supervisor.start()
    await supervisor.stop()
    assert story[3:] == ["stop worker", "stop store"]
    printed = capsys.readouterr()
    assert "stop_failed" in printed.out + printed.err


async def test_stopping_twice_stops_each_part_once(story: list[str]) -> None:
    supervisor = Supervisor([[Part("store", story)]], FakeClock())
    await supervisor.start()
    await supervisor.stop()
    await supervisor.stop()
    assert story == ["start store", "stop store"]


async def test_stopping_what_was_never_started_does_nothing(story: list[str]) -> None:
    await Supervisor([[Part("store", story)]], FakeClock()).stop()
    assert story == []


async def test_the_first_part_that_dies_is_named(story: list[str]) -> None:
    clock, worker = FakeClock(), Part("worker", story)
    supervisor = Supervisor([[Part("store", story)], [worker, Part("api", story)]], clock)
    await supervisor.start()
    death = asyncio.create_task(supervisor.wait_for_death())
    await clock.until_asleep()
    assert not death.done()
    worker.alive = False
    clock.advance(WATCH_SECONDS)
    assert await asyncio.wait_for(death, 5) == "worker"


async def test_the_whole_is_ready_from_the_last_start_to_the_first_death(story: list[str]) -> None:
    store, api = Part("store", story), Part("api", story)
    supervisor = Supervisor([[store], [api]], FakeClock())
    assert not supervisor.ready()
    await supervisor.start()
    assert supervisor.ready()
    store.alive = False
    assert not supervisor.ready()


class Curious(Part):
    """A part that asks whether the whole is ready while it starts and while it is stopped."""

    def __init__(self, name: str, story: list[str], stages: list[list[Part]]) -> None:
        super().__init__(name, story)
        stages[-1].append(self)
        self.supervisor = Supervisor(stages, FakeClock())

    async def start(self) -> None:
        self._story.append(f"ready {self.supervisor.ready()}")

    async def stop(self) -> None:
        self._story.append(f"ready {self.supervisor.ready()}")


async def test_the_whole_is_not_ready_while_it_starts_or_stops(story: list[str]) -> None:
    supervisor = Curious("api", story, [[Part("store", story)], []]).supervisor
    await supervisor.start()
    assert supervisor.ready()
    await supervisor.stop()
    assert story == ["start store", "ready False", "ready False", "stop store"]
