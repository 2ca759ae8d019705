"""The composition: what runs in one process, when it is ready, and how it ends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import grpc.aio
import pytest
from nova_server.app import Application
from nova_server.program import run
from nova_server.settings import Settings

from tests.support.health import NOT_SERVING, SERVING, health, until_health_is


@pytest.fixture
async def application(tmp_path: Path) -> AsyncIterator[Application]:
    """A service that runs in this process."""
    settings = Settings(
        data_dir=tmp_path, grpc_address="127.0.0.1:0", metrics_address="127.0.0.1:0", worker_processes=1
    )
    running = Application(settings, exclusive_store=True)
    await running.start()
    yield running
    await running.stop()


async def test_an_application_that_is_asked_to_stop_ends_with_0(application: Application) -> None:
    stopping = asyncio.Event()
    ended = asyncio.create_task(run(application, stopping))
    async with grpc.aio.insecure_channel(f"127.0.0.1:{application.api.port}") as channel:
        await until_health_is(channel, SERVING)
    stopping.set()
    assert await asyncio.wait_for(ended, 60) == 0


async def test_a_part_that_dies_ends_the_application_with_1(
    application: Application, capsys: pytest.CaptureFixture[str]
) -> None:
    await application.metrics_server.stop()
    assert await asyncio.wait_for(run(application, asyncio.Event()), 60) == 1
    printed = capsys.readouterr()
    assert "part_died" in printed.out + printed.err
    assert not application.api.ready()


async def test_an_application_stops_twice_without_harm(application: Application) -> None:
    await application.stop()
    await application.stop()
    assert not application.api.ready()


async def test_an_application_asked_to_stop_before_it_serves_stops_at_once(application: Application) -> None:
    stopping = asyncio.Event()
    stopping.set()
    assert await asyncio.wait_for(run(application, stopping), 60) == 0


async def test_health_is_told_by_a_started_application(application: Application) -> None:
    async with grpc.aio.insecure_channel(f"127.0.0.1:{application.api.port}") as channel:
        assert await health(channel) == SERVING
        watching = asyncio.create_task(until_health_is(channel, NOT_SERVING))
        await until_health_is(channel, SERVING)
        await application.stop()
        await asyncio.wait_for(watching, 60)


async def status_of(application: Application) -> int:
    """Return the status that orchestrators see."""
    url = f"http://127.0.0.1:{application.metrics_server.port}/healthz"
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        return answer.status


async def test_orchestrators_see_that_every_part_works(application: Application) -> None:
    assert await status_of(application) == 200


async def test_orchestrators_see_that_a_part_died(application: Application) -> None:
    await application.api.stop()
    assert await status_of(application) == 503
