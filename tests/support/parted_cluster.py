"""Nodes on machines of their own, with their database on another: each can be cut off from it.

Every node does everything, and is called over a unix socket, which the network does not concern.
"""

from __future__ import annotations

import asyncio
import socket
import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import grpc.aio
from aiohttp import web
from nova_server.foundation import migrate
from nova_server.settings import Settings

from tests.support.held_site import LOOPBACK, HeldSite
from tests.support.network import Machine, network
from tests.support.queue_history import named, note_changes
from tests.support.requests import COMPLETED, get, watch
from tests.support.running_server import Metadata, RunningServer, make_key, metadata_of, started, stub_of
from tests.support.server_log import PATIENCE_SECONDS
from tools.postgresql import PostgresServer

NAMES = ("a", "b")
SETTINGS = {
    "allow_networks": LOOPBACK,
    "gateway": False,
    "worker_processes": 1,
    "lease_seconds": 2,
    "heartbeat_seconds": 0.5,
    "sweep_seconds": 0.5,
    "default_deadline_seconds": 2,
    "database_connect_timeout_seconds": 2,
    "database_lock_timeout_seconds": 2,
    "database_statement_timeout_seconds": 2,
}


@dataclass(frozen=True, slots=True)
class PartedNode:
    """A node on its machine. Its `site` has the resumes of that machine, at the same URL as on any other."""

    name: str
    machine: Machine
    server: RunningServer
    channel: grpc.aio.Channel
    site: HeldSite


@dataclass(frozen=True, slots=True)
class PartedCluster:
    """Two nodes. `url` is the test's own way to their database, which is always open."""

    url: str
    nodes: Sequence[PartedNode]
    metadata: Metadata = field(repr=False)

    @property
    def resume_url(self) -> str:
        """The URL of a resume on the machine of whoever asks for it."""
        return self.nodes[0].site.url

    def other(self, node: PartedNode) -> PartedNode:
        """Return the other one."""
        (other,) = (one for one in self.nodes if one is not node)
        return other

    async def first_asked(self) -> PartedNode:
        """Wait until one of the nodes fetches a resume, and return it."""
        asked = {asyncio.create_task(node.site.asked.get()): node for node in self.nodes}
        done, waiting = await asyncio.wait(asked, return_when=asyncio.FIRST_COMPLETED, timeout=PATIENCE_SECONDS)
        for task in waiting:
            task.cancel()
        (first,) = done
        return asked[first]

    async def is_scored(self, node: PartedNode, batch_id: str) -> bool:
        """Wait at a node until a batch of job-1 has ended. Tells whether all of it was scored."""
        stub = stub_of(node.channel)
        async with asyncio.timeout(PATIENCE_SECONDS):
            async for _ in stub.WatchScoringBatch(watch("job-1", batch_id), metadata=self.metadata):
                pass
        found = await stub.GetScoringBatch(get("job-1", batch_id), metadata=self.metadata)
        return bool(found.batch.status == COMPLETED)


@asynccontextmanager
async def parted_cluster() -> AsyncIterator[PartedCluster]:
    """Run the nodes, and yield once they serve. Skips the test where machines cannot be made."""
    with network(*NAMES) as (hub, machines), ExitStack() as processes:
        folder = Path(processes.enter_context(tempfile.TemporaryDirectory(prefix="nova-")))
        database = processes.enter_context(database_on(hub, folder / "postgresql"))
        url = f"postgresql://postgres@/nova?host={database.socket_folder}&port={database.port}"
        await asyncio.to_thread(migrate, Settings(database_url=url))
        await note_changes(url)
        _, secret = await make_key(folder, database_url=url)
        async with AsyncExitStack() as stack:
            sites = await stack.enter_async_context(sites_on(machines))
            nodes = []
            for name, machine, site in zip(NAMES, machines, sites, strict=True):
                server = node_on(machine, name, folder / name, database.port, processes)
                channel = grpc.aio.insecure_channel(f"unix:{folder / name}.sock")
                nodes.append(PartedNode(name, machine, server, await stack.enter_async_context(channel), site))
            for node in nodes:
                await asyncio.to_thread(node.server.serving)
            yield PartedCluster(url, nodes, metadata_of(secret))


@contextmanager
def database_on(hub: Machine, folder: Path) -> Iterator[PostgresServer]:
    """Run a server that is reached over every cable, and in the hub, with an empty database `nova`."""
    server = PostgresServer(folder, settings={"listen_addresses": "*"})
    hub.run(server.start)
    try:
        with (server.data / "pg_hba.conf").open("a") as access:
            access.write("host all all 10.77.0.0/16 trust\n")
        hub.run(lambda: server.execute("SELECT pg_reload_conf()", server.creation("nova")))
        yield server
    finally:
        hub.run(server.close)


def node_on(machine: Machine, name: str, folder: Path, port: int, processes: ExitStack) -> RunningServer:
    """Start a node, to be killed with `processes`. It is known to the database by its name."""
    url = named(f"postgresql://postgres@{machine.hub_address}:{port}/nova", name)
    settings = {**SETTINGS, "database_url": url, "grpc_address": f"unix:{folder}.sock"}
    return machine.run(lambda: processes.enter_context(started(folder, **settings)))


@asynccontextmanager
async def sites_on(machines: Sequence[Machine]) -> AsyncIterator[list[HeldSite]]:
    """Run a site on the loopback address of each machine, at the same port of each."""
    sites: list[HeldSite] = []
    port = 0
    async with AsyncExitStack() as stack:
        for machine in machines:
            place = machine.run(partial(socket.create_server, ("127.0.0.1", port)))
            port = place.getsockname()[1]
            site = HeldSite()
            site.url = f"http://127.0.0.1:{port}/resume"
            await stack.enter_async_context(_serving(site, place))
            sites.append(site)
        yield sites


@asynccontextmanager
async def _serving(site: HeldSite, place: socket.socket) -> AsyncIterator[None]:
    application = web.Application()
    application.router.add_get("/{path:.*}", site.handle)
    runner = web.AppRunner(application, handler_cancellation=True, access_log=None)
    await runner.setup()
    try:
        await web.SockSite(runner, place).start()
        yield
    finally:
        await runner.cleanup()
