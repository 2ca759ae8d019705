"""A cluster in which each life of a process has a name of its own at the database, so that a history tells who did it.

Processes are killed and started as a machine's supervisor would: again and again, until they serve.
"""

from __future__ import annotations

import asyncio
import tempfile
import threading
from collections.abc import AsyncIterator, Sequence
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.cluster import Cluster, GatewayNode, Node
from tests.support.queue_history import named
from tests.support.running_server import RunningServer, make_key, variables


class NamedNode(Node):
    """A process of a cluster. `name` and the number of its life are the name of its connections."""

    def __init__(self, name: str, arguments: Sequence[str], environment: dict[str, str]) -> None:
        super().__init__(arguments, environment)
        self.name = name
        self.lives: list[RunningServer] = []
        self._url = environment["NOVA_DATABASE_URL"]
        self._given_up = threading.Event()
        self._starting = threading.Lock()

    @property
    def writer(self) -> str:
        """The name of the connections of its latest life."""
        return f"{self.name}-{len(self.lives)}"

    def start(self) -> None:
        self._environment["NOVA_DATABASE_URL"] = named(self._url, f"{self.name}-{len(self.lives) + 1}")
        super().start()
        self.lives.append(self.server)

    def revive(self) -> None:
        """Kill it, and start it until it serves or is given up. While the database is away it ends by itself."""
        while not self._given_up.is_set():
            self.kill()
            if self._begin() and self.server.log.comes("serving"):
                self.settle()
                return

    def give_up(self) -> None:
        """Kill it for good, even if another thread is about to revive it."""
        with self._starting:
            self._given_up.set()
        self.kill()

    def _begin(self) -> bool:
        with self._starting:
            if not self._given_up.is_set():
                self.start()
            return not self._given_up.is_set()


@dataclass(frozen=True, slots=True)
class NamedCluster(Cluster):
    """A cluster of such nodes."""

    apis: Sequence[NamedNode]
    workers: Sequence[NamedNode]

    @property
    def nodes(self) -> list[NamedNode]:
        """Every process that uses the database."""
        return [*self.apis, *self.workers]

    def lives(self) -> list[RunningServer]:
        """Return every life that one of them has had."""
        return [life for node in self.nodes for life in node.lives]


@asynccontextmanager
async def named_cluster(url: str, apis: int = 2, workers: int = 3, **settings: object) -> AsyncIterator[NamedCluster]:
    """Run so many apis and workers, and a gateway, on the PostgreSQL at `url`, which has no options.

    Yields when all of them serve. Whatever runs in the end is killed.
    """
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="nova-cluster-")))
        _, secret = await make_key(folder, database_url=url)
        given = {"worker_processes": 1, **settings, "database_url": url}
        api_nodes = [_named("api", n, ["serve", "--roles", "api"], variables(folder, given)) for n in range(apis)]
        worker_nodes = [_named("worker", n, ["worker"], variables(folder, given)) for n in range(workers)]
        await _start([*api_nodes, *worker_nodes], stack)
        gateway = GatewayNode([node.address for node in api_nodes])
        await _start([gateway], stack)
        yield NamedCluster(api_nodes, worker_nodes, gateway, secret)


def _named(kind: str, number: int, arguments: Sequence[str], environment: dict[str, str]) -> NamedNode:
    return NamedNode(f"{kind}-{number + 1}", arguments, environment)


async def _start(nodes: Sequence[Node], stack: ExitStack) -> None:
    """Start them all at once, and wait until they serve."""
    for node in nodes:
        stack.callback(node.give_up if isinstance(node, NamedNode) else node.kill)
        await asyncio.to_thread(node.start)
    for node in nodes:
        await asyncio.to_thread(node.settle)
