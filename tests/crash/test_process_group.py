"""`nova serve --workers 2`: one port, two processes, and what becomes of both when one of the three dies."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from pathlib import Path

import aiohttp
import grpc.aio
import psutil
import pytest

from tests.support.held_site import LOOPBACK, held_site
from tests.support.postgresql import PostgresqlDatabases
from tests.support.requests import COMPLETED, text_batch, url_batch, watch
from tests.support.rest import RestClient, submission
from tests.support.running_server import Metadata, RunningServer, forked, metadata_of, new_key, stub_of
from tests.support.scraping import scraped
from tests.support.server_log import PATIENCE_SECONDS

GROUP = {"workers": 2, "worker_processes": 1}
# Short, so that the jobs of a dead process are soon another's.
LEASE = {"lease_seconds": 1, "heartbeat_seconds": 0.2, "sweep_seconds": 0.2}
SUBMISSIONS = "nova_grpc_requests_total[OK][/nova.scoring.v1.ScoringService/SubmitScoringBatch]"


@pytest.fixture(scope="module")
def store(postgresql: PostgresqlDatabases) -> Iterator[str]:
    """The URL of the database that all groups of this file use."""
    url = postgresql.migrated()
    yield url
    postgresql.give_back(url)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="module")
def metadata(store: str, data: Path) -> Metadata:
    return metadata_of(new_key(data, database_url=store))


@contextmanager
def grouped(store: str, data: Path, **settings: object) -> Iterator[RunningServer]:
    """Run two processes, and kill them in the end if they run still."""
    given = {"database_url": store, "gateway": True, "allow_networks": LOOPBACK, **GROUP, **settings}
    with forked(data, **given) as server:
        yield server


@pytest.fixture(scope="module")
def group(store: str, data: Path) -> Iterator[RunningServer]:
    """A group for tests that leave both of its processes running."""
    with grouped(store, data) as server:
        server.serving()
        yield server
        assert server.log.first("part_died") is None
        assert server.stop() == 0


def members(server: RunningServer) -> list[psutil.Process]:
    """Return the processes of the group that run now, without what they and the parent run beside them."""
    return [child for child in server.children() if "nova_server.member" in child.cmdline()]


@asynccontextmanager
async def killed(server: RunningServer, number: int) -> AsyncIterator[psutil.Process]:
    """Kill a process of the group, go on once it is gone, and return once it is back."""
    process = members(server)[number]
    restarts = len(server.log.lines_of("process_started"))
    process.kill()
    await asyncio.to_thread(process.wait, PATIENCE_SECONDS)
    yield process
    wanted = restarts + 1
    await asyncio.to_thread(
        server.log.wait_for, "process_started", lambda _line: len(server.log.lines_of("process_started")) == wanted
    )


async def submissions_of(server: RunningServer) -> list[float]:
    """Return how many submissions each process of the group has accepted, by the ports that they told last."""
    ports = {line["process"]: line["metrics_port"] for line in server.log.lines_of("serving") if "process" in line}
    each = [await scraped(f"http://127.0.0.1:{port}/metrics") for _, port in sorted(ports.items())]
    return [metrics.get(SUBMISSIONS, 0) for metrics in each]


async def call_anew(server: RunningServer, metadata: Metadata) -> None:
    """Make a call over a connection of its own."""
    options = [("grpc.use_local_subchannel_pool", 1)]
    async with grpc.aio.insecure_channel(server.address, options=options) as channel:
        await stub_of(channel).SubmitScoringBatch(text_batch("job-1", ["anna"]), metadata=metadata, wait_for_ready=True)


async def call_until_all_answer(server: RunningServer, metadata: Metadata) -> None:
    """Make calls until each process has answered one more than it has now."""
    before = await submissions_of(server)
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not all(now > then for now, then in zip(await submissions_of(server), before, strict=True)):
            await call_anew(server, metadata)


async def test_connections_to_one_port_are_spread_over_the_processes(group: RunningServer, metadata: Metadata) -> None:
    await call_until_all_answer(group, metadata)


async def test_one_envoy_spreads_requests_over_the_processes(group: RunningServer, metadata: Metadata) -> None:
    async with aiohttp.ClientSession() as session:
        rest = RestClient(group.rest_url, session)
        before = await submissions_of(group)
        for _ in range(6):
            answer = await rest.post("/v1/jobs/job-2/scoring-batches", json=submission(), headers=dict(metadata))
            assert answer.status == 202
        after = await submissions_of(group)
    assert [now > then for now, then in zip(after, before, strict=True)] == [True, True]


@pytest.mark.parametrize("second", [{"workers": 1}, GROUP])
def test_no_other_server_shares_the_port_of_a_group_unasked(
    group: RunningServer, store: str, tmp_path: Path, second: dict[str, object]
) -> None:
    with forked(tmp_path, database_url=store, grpc_address=group.address, **second) as server:
        assert "NOVA_GRPC_ADDRESS" in server.log.wait_for("start_failed")["advice"]
        assert server.exit_code() == 1


async def test_a_process_that_was_killed_comes_back_at_the_same_port(group: RunningServer, metadata: Metadata) -> None:
    async with killed(group, 0) as dead:
        pass
    assert dead.pid not in [member.pid for member in members(group)]
    assert len(members(group)) == 2
    await call_until_all_answer(group, metadata)


async def test_callers_are_served_while_a_process_is_away(group: RunningServer, metadata: Metadata) -> None:
    async with killed(group, 1), aiohttp.ClientSession() as session:
        await call_anew(group, metadata)
        rest = RestClient(group.rest_url, session)
        answers = [await rest.get("/v1/jobs/job-1/scoring-batches/unknown", headers=dict(metadata)) for _ in range(9)]
    assert {answer.status for answer in answers} == {404}


async def test_a_stop_lets_running_jobs_end_and_leaves_nothing_running(
    store: str, tmp_path: Path, metadata: Metadata
) -> None:
    async with held_site() as site:
        with grouped(store, tmp_path) as group:
            await asyncio.to_thread(group.serving)
            children = group.children()
            urls = [f"{site.url}/{number}" for number in range(4)]
            async with grpc.aio.insecure_channel(group.address) as channel:
                await stub_of(channel).SubmitScoringBatch(url_batch("job-3", urls), metadata=metadata)
            for _ in urls:
                await site.asked.get()
            group.terminate()
            await asyncio.to_thread(group.log.wait_for, "stopping", lambda line: "process" in line)
            site.answer()
            assert await asyncio.to_thread(group.exit_code) == 0
    assert [child for child in children if child.is_running()] == []
    assert len(group.log.lines_of("stopped")) == 3
    assert [line for line in group.log.lines() if line["level"] in {"warning", "error"}] == []


async def test_a_killed_parent_takes_its_processes_along_and_what_they_accepted_is_scored(
    store: str, tmp_path: Path, metadata: Metadata
) -> None:
    with grouped(store, tmp_path, **LEASE) as group:
        async with grpc.aio.insecure_channel(await asyncio.to_thread(lambda: group.address)) as channel:
            batch = (await stub_of(channel).SubmitScoringBatch(text_batch("job-4", ["anna"]), metadata=metadata)).batch
        await asyncio.to_thread(group.kill)  # which fails when a child outlives it
    with forked(tmp_path, database_url=store, **LEASE) as server:
        async with grpc.aio.insecure_channel(await asyncio.to_thread(lambda: server.address)) as channel:
            told = stub_of(channel).WatchScoringBatch(watch("job-4", batch.id), metadata=metadata)
            assert [change async for change in told][-1].batch.status == COMPLETED


def test_a_port_in_use_ends_the_group_with_a_readable_line(store: str, tmp_path: Path) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as other:
        taken = f"127.0.0.1:{other.getsockname()[1]}"
        with grouped(store, tmp_path, grpc_address=taken) as server:
            assert "NOVA_GRPC_ADDRESS" in server.log.wait_for("start_failed")["advice"]
            assert server.exit_code() == 1


def test_processes_that_cannot_start_end_the_group_with_their_reason(tmp_path: Path) -> None:
    with grouped("postgresql://postgres@127.0.0.1:1/nova", tmp_path) as server:
        assert server.exit_code() == 1
        failures = server.log.lines_of("start_failed")
    assert "NOVA_DATABASE_URL" in next(line["advice"] for line in failures if "process" in line)
    assert [line["error"] for line in failures if "process" not in line] == ["MemberDidNotStart"]


def test_workers_are_several_processes_too(store: str, tmp_path: Path) -> None:
    with grouped(store, tmp_path, roles="worker,dispatcher,sweeper") as server:
        line = server.serving()
        assert (line["grpc_port"], line["rest_port"]) == (None, None)
        assert len(members(server)) == 2
        assert server.stop() == 0


async def test_servers_that_agree_to_it_share_a_port(store: str, tmp_path: Path, metadata: Metadata) -> None:
    sharing = {"database_url": store, "roles": "api", "grpc_reuse_port": True, "worker_processes": 1}
    with forked(tmp_path, **sharing) as one:
        address = await asyncio.to_thread(lambda: one.address)
        with forked(tmp_path, grpc_address=address, **sharing) as other:
            assert await asyncio.to_thread(lambda: other.address) == address
            for server in (one, other):
                await call_until_accepted_by(server, metadata)


async def call_until_accepted_by(server: RunningServer, metadata: Metadata) -> None:
    """Make calls to the port that it shares, until it has answered one."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while (await scraped(server.metrics_url)).get(SUBMISSIONS, 0) == 0:
            await call_anew(server, metadata)
