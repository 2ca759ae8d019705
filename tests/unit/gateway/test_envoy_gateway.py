"""When Envoy is started again, how often, and how it is stopped. Envoy and its administration are the test's."""

from __future__ import annotations

import asyncio
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import pytest
import structlog
from nova_gateway.configuration import GatewayOptions
from nova_server.gateway.admin import EnvoyAdmin
from nova_server.gateway.envoy import EnvoyGateway, gateway_folder
from nova_server.gateway.process import copy_to_log
from nova_server.kept_process import LONGEST_DELAY_SECONDS, STABLE_SECONDS
from structlog.testing import capture_logs

from tests.support.clock import FakeClock

PORT = 18080
PATIENCE_SECONDS = 5


class FakeEnvoy:
    """A process that ends when it is told to."""

    pid = 4711

    def __init__(self) -> None:
        self.returncode: int | None = None
        self.signals: list[str] = []
        self._ended = asyncio.Event()

    def die(self, code: int = -9) -> None:
        self.returncode = code
        self._ended.set()

    async def wait(self) -> int | None:
        await self._ended.wait()
        return self.returncode

    def terminate(self) -> None:
        self.signals.append("terminate")
        self.die(0)

    def kill(self) -> None:
        self.signals.append("kill")
        self.die(-9)


@dataclass(frozen=True)
class FakeAdmin(EnvoyAdmin):
    """An administration that answers from a list."""

    socket: Path = Path("/nowhere")
    running: list[int] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    unreachable: list[int] = field(default_factory=list)

    async def listening_port(self) -> int:
        if self.unreachable:
            self.unreachable.pop()
            raise OSError
        return PORT

    async def running_requests(self) -> int:
        self.asked.append("running")
        return self.running.pop(0) if self.running else 0

    async def drain(self) -> None:
        self.asked.append("drain")


@dataclass
class Scene:
    """A gateway, and everything that it uses."""

    gateway: EnvoyGateway
    clock: FakeClock
    admin: FakeAdmin
    spawned: list[FakeEnvoy] = field(default_factory=list)
    configurations: list[str] = field(default_factory=list)
    refusals: list[OSError] = field(default_factory=list)
    has_spawned: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def envoy(self) -> FakeEnvoy:
        return self.spawned[-1]

    def spawn(self, configuration: str) -> FakeEnvoy:
        self.configurations.append(configuration)
        if self.refusals:
            raise self.refusals.pop()
        self.spawned.append(FakeEnvoy())
        self.has_spawned.set()
        return self.envoy

    async def until_spawned(self, count: int) -> None:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while len(self.spawned) != count:
                self.has_spawned.clear()
                await self.has_spawned.wait()

    async def die_after(self, seconds: float, delay: float) -> None:
        """Let Envoy die after it ran for so long, and be started again after this delay, within a hundredth of it."""
        count = len(self.spawned)
        self.clock.advance(seconds)
        self.envoy.die()
        await self.clock.until_asleep()
        self.clock.advance(delay * 0.99)
        await asyncio.sleep(0)
        assert len(self.spawned) == count
        self.clock.advance(delay * 0.02)
        await self.until_spawned(count + 1)
        await asyncio.sleep(0)


@pytest.fixture(autouse=True)
def _silent() -> Iterator[None]:
    with capture_logs():
        yield
    structlog.reset_defaults()


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    async def spawn(configuration: Path) -> Process:
        return cast(Process, prepared.spawn(configuration.read_text()))  # noqa: ASYNC240 (a small file)

    clock, admin = FakeClock(), FakeAdmin()
    options = GatewayOptions("127.0.0.1:0", ("unix:/api.sock",), "unix:/admin.sock")
    gateway = EnvoyGateway(options, tmp_path, clock, grace_seconds=2, spawn=spawn)
    gateway.admin = admin
    prepared = Scene(gateway, clock, admin)
    yield prepared
    await gateway.stop()


async def test_it_is_ready_once_envoy_listens_and_until_it_is_stopped(scene: Scene) -> None:
    assert not scene.gateway.ready()
    await scene.gateway.start()
    assert (scene.gateway.ready(), scene.gateway.port, scene.gateway.pid) == (True, PORT, FakeEnvoy.pid)
    await scene.gateway.stop()
    assert (scene.gateway.ready(), scene.gateway.pid) == (False, None)


async def test_it_waits_for_an_envoy_that_does_not_listen_yet(scene: Scene) -> None:
    scene.admin.unreachable.extend([1, 1])
    starting = asyncio.create_task(scene.gateway.start())
    for _ in range(2):
        await scene.clock.until_asleep()
        assert not scene.gateway.ready()
        scene.clock.advance(0.02)
    await starting
    assert scene.gateway.ready()


async def test_an_envoy_that_cannot_be_started_is_an_error(scene: Scene) -> None:
    scene.refusals.append(FileNotFoundError())
    with pytest.raises(FileNotFoundError):
        await scene.gateway.start()
    assert not scene.gateway.ready()


async def test_an_envoy_that_ends_while_it_starts_is_an_error(scene: Scene) -> None:
    scene.admin.unreachable.append(1)
    starting = asyncio.create_task(scene.gateway.start())
    await scene.clock.until_asleep()
    scene.envoy.die(1)
    scene.clock.advance(0.02)
    with pytest.raises(OSError, match="ended while it started"):
        await starting
    assert not scene.gateway.ready()


async def test_an_envoy_that_dies_is_started_again_at_the_same_port(scene: Scene) -> None:
    await scene.gateway.start()
    await scene.die_after(0, delay=0.1)
    assert scene.gateway.ready()
    assert "port_value: 0}" in scene.configurations[0]
    assert f"port_value: {PORT}}}" in scene.configurations[1]


async def test_an_envoy_that_keeps_dying_is_started_ever_more_rarely(scene: Scene) -> None:
    await scene.gateway.start()
    for delay in (0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 25.6, LONGEST_DELAY_SECONDS, LONGEST_DELAY_SECONDS):
        await scene.die_after(1, delay=delay)


async def test_an_envoy_that_ran_for_a_while_is_started_again_at_once(scene: Scene) -> None:
    await scene.gateway.start()
    for delay in (0.1, 0.2, 0.4):
        await scene.die_after(1, delay=delay)
    await scene.die_after(STABLE_SECONDS, delay=0.1)


async def test_an_envoy_that_cannot_be_started_again_is_tried_again(scene: Scene) -> None:
    await scene.gateway.start()
    scene.refusals.append(OSError())
    scene.envoy.die()
    for delay in (0.1, 0.2):
        await scene.clock.until_asleep()
        scene.clock.advance(delay)
    await scene.until_spawned(2)
    assert scene.gateway.ready()


async def test_stopping_while_envoy_is_dead_starts_none(scene: Scene) -> None:
    await scene.gateway.start()
    scene.envoy.die()
    await scene.clock.until_asleep()
    await scene.gateway.stop()
    scene.clock.advance(60)
    await asyncio.sleep(0)
    assert len(scene.spawned) == 1


async def test_running_requests_are_waited_for(scene: Scene) -> None:
    await scene.gateway.start()
    scene.admin.running.extend([2, 1])
    stopping = asyncio.create_task(scene.gateway.stop())
    for _ in range(2):
        await scene.clock.until_asleep()
        assert scene.envoy.signals == []
        scene.clock.advance(0.02)
    await stopping
    assert scene.admin.asked == ["drain", "running", "running", "running"]
    assert scene.envoy.signals == ["terminate"]


async def test_running_requests_are_not_waited_for_beyond_the_grace(scene: Scene) -> None:
    await scene.gateway.start()
    scene.admin.running.extend([1, 1])
    stopping = asyncio.create_task(scene.gateway.stop())
    await scene.clock.until_asleep()
    scene.clock.advance(2)
    await stopping
    assert scene.envoy.signals == ["terminate"]


async def test_stopping_twice_or_unstarted_does_nothing_more(scene: Scene) -> None:
    await scene.gateway.stop()
    await scene.gateway.start()
    await scene.gateway.stop()
    await scene.gateway.stop()
    assert scene.envoy.signals == ["terminate"]


@pytest.mark.parametrize("usual", ["/tmp", "/" + "long/" * 20])  # noqa: S108 (compared, and not written to)
def test_the_folder_is_private_and_short_enough_for_sockets(usual: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.gettempdir", lambda: usual)
    with gateway_folder() as folder:
        assert folder.stat().st_mode & 0o777 == 0o700
        assert len(str(folder / "admin.sock")) <= 107
    assert not folder.exists()


async def logged(content: bytes, limit: int = 64) -> list[str]:
    """Return what is logged of what Envoy writes."""
    stream = asyncio.StreamReader(limit=limit)
    stream.feed_data(content)
    stream.feed_eof()
    with capture_logs() as lines:
        await copy_to_log(stream)
    assert {line["event"] for line in lines} <= {"envoy"}
    return [line["message"] for line in lines]


async def test_each_line_of_envoy_becomes_a_line_of_the_log() -> None:
    assert await logged(b"first\nsecond\r\n\nlast") == ["first", "second", "", "last"]


async def test_what_is_no_text_is_logged_as_far_as_it_is() -> None:
    assert await logged(b"\xffx\n") == ["\ufffdx"]


async def test_a_line_without_end_is_dropped_and_the_next_one_is_not() -> None:
    assert (await logged(b"x" * 500 + b"\nnext\n"))[-1] == "next"
