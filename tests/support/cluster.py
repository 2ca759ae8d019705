"""Several processes on one PostgreSQL, as on several machines: apis, workers, and one Envoy in front.

    with cluster(postgresql_url, apis=2, workers=3) as running:
        running.rest_url, running.addresses, running.metadata
        running.workers[0].kill()
        running.workers[0].restart()

Every process is forked, see `running_server`. One that is restarted listens where it did before.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.running_server import Metadata, RunningServer, forked_command, metadata_of, new_key, variables

FREE_PORT = "127.0.0.1:0"


class Node:
    """A process of a cluster, which may be dead: `nova` with these arguments and settings."""

    def __init__(self, arguments: Sequence[str], environment: dict[str, str]) -> None:
        self._arguments = arguments
        self._environment = environment
        self._life = ExitStack()
        self._server: RunningServer | None = None

    @property
    def server(self) -> RunningServer:
        """The process that runs now, or ran last."""
        assert self._server is not None, "it was never started"
        return self._server

    @property
    def address(self) -> str:
        """Host and port of its gRPC api."""
        return self.server.address

    def start(self) -> None:
        """Start it, and do not wait until it serves."""
        self._server = self._life.enter_context(forked_command(self._arguments, self._environment))

    def settle(self) -> None:
        """Wait until it serves. From now on it listens where it does now, however often it is started again."""
        for name, port in self.server.serving().items():
            if name.endswith("_port") and port is not None:
                self._environment[f"NOVA_{name.removesuffix('_port').upper()}_ADDRESS"] = f"127.0.0.1:{port}"

    def kill(self) -> None:
        """End it with SIGKILL. Returns once nothing is left of it and of what it had started."""
        self._life.close()

    def restart(self) -> None:
        """Start it again after it ended, or kill it first, and wait until it serves."""
        self.kill()
        self.start()
        self.settle()

    def stop(self) -> None:
        """Stop it as an operator does. Fails when it does not end cleanly."""
        assert self.server.stop() == 0, "".join(self.server.log.text)


class GatewayNode(Node):
    """A process that runs Envoy, which is told where to listen by an option."""

    def __init__(self, api_addresses: Sequence[str]) -> None:
        self._apis = [option for address in api_addresses for option in ("--api-address", address)]
        super().__init__(self._at(FREE_PORT), {})

    def settle(self) -> None:
        self._arguments = self._at(f"127.0.0.1:{self.server.serving()['rest_port']}")

    def _at(self, address: str) -> list[str]:
        return ["gateway", "run", *self._apis, "--rest-address", address]


@dataclass(frozen=True, slots=True)
class Cluster:
    """Running processes on one store, and the key of a partner of it."""

    apis: Sequence[Node]
    workers: Sequence[Node]
    gateway: Node
    secret: str = field(repr=False)

    @property
    def metadata(self) -> Metadata:
        """What a gRPC caller sends with each call."""
        return metadata_of(self.secret)

    @property
    def addresses(self) -> list[str]:
        """Host and port of each gRPC api."""
        return [node.address for node in self.apis]

    @property
    def rest_url(self) -> str:
        """URL of the gateway."""
        return self.gateway.server.rest_url

    def stop(self) -> None:
        """Stop every process as an operator does, the gateway first. Fails when one does not end cleanly."""
        for node in (self.gateway, *self.apis, *self.workers):
            node.stop()


@contextmanager
def cluster(url: str, apis: int = 2, workers: int = 3, **settings: object) -> Iterator[Cluster]:
    """Run so many apis and workers, with these settings, on the PostgreSQL at `url`, whose database may be empty.

    Yields when all of them serve. Whatever runs in the end is killed.
    """
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="nova-cluster-")))
        secret = new_key(folder, database_url=url)  # brings the schema up to date, too
        given = {"worker_processes": 1, **settings, "database_url": url}
        api_nodes = [Node(["serve", "--roles", "api"], variables(folder, given)) for _ in range(apis)]
        worker_nodes = [Node(["worker"], variables(folder, given)) for _ in range(workers)]
        _start([*api_nodes, *worker_nodes], stack)
        gateway = GatewayNode([node.address for node in api_nodes])
        _start([gateway], stack)
        yield Cluster(api_nodes, worker_nodes, gateway, secret)


def _start(nodes: Sequence[Node], stack: ExitStack) -> None:
    """Start them all at once, and wait until they serve."""
    for node in nodes:
        stack.callback(node.kill)
        node.start()
    for node in nodes:
        node.settle()
