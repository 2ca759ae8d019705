"""What processes that have only some of the roles do, and what they leave to others."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import aiohttp
import grpc.aio
import pytest
from nova_server.foundation import open_webhooks
from nova_server.ports.tenancy import Caller, Environment
from nova_server.settings import Role, Settings

from tests.support.health import SERVING, health
from tests.support.held_site import LOOPBACK, held_site
from tests.support.requests import COMPLETED, PENDING, text_batch, url_batch, watch
from tests.support.running_server import Metadata, RunningServer, forked, make_key, metadata_of, stub_of
from tests.support.scraping import scraped, scraped_until
from tests.support.webhook_receiver import receiving
from tests.unit.cli.command_line import call

OWNER = Caller("partner-1", Environment.SANDBOX)
# Short, so that a job of a dead process is soon another's.
LEASE = {"lease_seconds": 1, "heartbeat_seconds": 0.2, "sweep_seconds": 0.2}


@pytest.mark.parametrize(
    "command",
    [
        ("serve", "--roles", "api"),
        ("serve", "--roles", "worker,dispatcher,sweeper"),
        ("serve", "--workers", "2"),
        ("worker",),
    ],
)
def test_several_processes_on_sqlite_are_refused_before_anything_is_done(
    tmp_path: Path, command: tuple[str, ...]
) -> None:
    outcome = call(*command, NOVA_DATA_DIR=str(tmp_path / "data"))
    assert (outcome.code, outcome.output) == (2, "")
    (line,) = outcome.errors.splitlines()
    assert line.startswith(("NOVA_ROLES: ", "NOVA_WORKERS: "))
    assert "PostgreSQL" in line
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("roles", ["scorer", "api,scorer", ","])
def test_what_is_no_role_is_refused(tmp_path: Path, roles: str) -> None:
    outcome = call("serve", "--roles", roles, NOVA_DATA_DIR=str(tmp_path))
    assert outcome.code == 2
    assert all(line.startswith("NOVA_ROLES: ") for line in outcome.errors.splitlines())


def test_options_count_and_not_the_environment(tmp_path: Path) -> None:
    outcome = call("serve", "--workers", "2", NOVA_DATA_DIR=str(tmp_path), NOVA_WORKERS="1", NOVA_ROLES="")
    assert (outcome.code, outcome.errors.partition(":")[0]) == (2, "NOVA_WORKERS")


class Processes:
    """Starts processes on one store, each with the roles that it is told."""

    def __init__(self, url: str, folder: Path, stack: ExitStack) -> None:
        self.url = url
        self.folder = folder
        self._stack = stack

    async def start(self, *roles: Role, **settings: object) -> RunningServer:
        """Return a process that serves."""
        given = {"database_url": self.url, "roles": ",".join(roles), "worker_processes": 1, **settings}
        server = self._stack.enter_context(forked(self.folder, **given))
        await asyncio.to_thread(server.serving)
        return server


@pytest.fixture
def processes(postgresql_url: str, tmp_path: Path) -> Iterator[Processes]:
    with ExitStack() as stack:
        yield Processes(postgresql_url, tmp_path, stack)


@pytest.fixture
async def metadata(processes: Processes) -> Metadata:
    return metadata_of((await make_key(processes.folder, database_url=processes.url))[1])


async def status_of(server: RunningServer) -> int:
    """Return what an orchestrator is told."""
    url = server.metrics_url.replace("/metrics", "/healthz")
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        return answer.status


async def test_an_api_accepts_what_a_worker_scores(processes: Processes, metadata: Metadata) -> None:
    api = await processes.start(Role.API)
    async with grpc.aio.insecure_channel(api.address) as channel:
        assert await health(channel) == SERVING
        stub = stub_of(channel)
        submitted = (await stub.SubmitScoringBatch(text_batch("job-1", ["anna", "ben"]), metadata=metadata)).batch
        told = stub.WatchScoringBatch(watch("job-1", submitted.id), metadata=metadata).__aiter__()
        assert (await anext(told)).batch.status == PENDING
        worker = await processes.start(Role.WORKER)
        changes = [change async for change in told]
    assert changes[-1].batch.status == COMPLETED
    finished = "nova_jobs_finished_total[completed]"
    await scraped_until(worker.metrics_url, lambda now: now.get(finished) == 2)
    assert finished not in await scraped(api.metrics_url)


async def test_an_api_answers_rest_too(processes: Processes) -> None:
    api = await processes.start(Role.API, gateway=True)
    async with aiohttp.ClientSession() as session, session.get(f"{api.rest_url}/healthz") as answer:
        assert answer.status == 200


@pytest.mark.parametrize("role", [Role.WORKER, Role.DISPATCHER, Role.SWEEPER])
async def test_a_process_without_the_api_takes_no_calls_and_tells_of_its_health(
    processes: Processes, role: Role
) -> None:
    server = await processes.start(role, gateway=True)
    line = server.serving()
    assert (line["grpc_port"], line["rest_port"]) == (None, None)
    assert line["metrics_port"] > 0
    assert await status_of(server) == 200
    assert "envoy" not in [child.name() for child in server.children()]
    assert await asyncio.to_thread(server.stop) == 0
    assert server.log.lines()[-1]["event"] == "stopped"


@pytest.mark.parametrize(("role", "count"), [(Role.API, 1), (Role.WORKER, 1), (Role.DISPATCHER, 0), (Role.SWEEPER, 0)])
async def test_children_run_where_texts_are_read(processes: Processes, role: Role, count: int) -> None:
    server = await processes.start(role)
    assert len(server.children()) == count


async def test_a_dispatcher_delivers_what_others_have_to_tell(processes: Processes, metadata: Metadata) -> None:
    async with receiving() as receiver:
        settings = Settings(data_dir=processes.folder, database_url=processes.url)
        async with open_webhooks(settings) as webhooks:
            await webhooks.create_endpoint(OWNER, receiver.url, name=None, events=(), enabled=True)
        working = await processes.start(Role.API, Role.WORKER)
        async with grpc.aio.insecure_channel(working.address) as channel:
            batch = (await stub_of(channel).SubmitScoringBatch(text_batch("job-1", ["anna"]), metadata=metadata)).batch
            async for _ in stub_of(channel).WatchScoringBatch(watch("job-1", batch.id), metadata=metadata):
                pass
        assert receiver.arrivals == []
        await processes.start(Role.DISPATCHER, allow_networks=LOOPBACK)
        await receiver.until(lambda: len(receiver.arrivals) == 2)
    assert sorted(event for event, _ in receiver.ids()) == ["batch.completed", "score.completed"]


async def test_a_sweeper_gives_the_jobs_of_a_dead_worker_to_another(processes: Processes, metadata: Metadata) -> None:
    api = await processes.start(Role.API, allow_networks=LOOPBACK)
    sweeper = await processes.start(Role.SWEEPER, **LEASE)
    async with held_site() as site, grpc.aio.insecure_channel(api.address) as channel:
        dying = await processes.start(Role.WORKER, allow_networks=LOOPBACK, **LEASE)
        submitted = await stub_of(channel).SubmitScoringBatch(url_batch("job-1", [site.url]), metadata=metadata)
        await site.asked.get()
        await asyncio.to_thread(dying.kill)
        site.answer()
        await processes.start(Role.WORKER, allow_networks=LOOPBACK, **LEASE)
        told = stub_of(channel).WatchScoringBatch(watch("job-1", submitted.batch.id), metadata=metadata)
        assert [change async for change in told][-1].batch.status == COMPLETED
    assert sweeper.log.wait_for("leases_swept")["requeued"] == 1
