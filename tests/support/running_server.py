"""A real server on a real data folder: a process of its own, which tests kill, stop and ask.

`started` runs the command `nova serve`, as an operator does. `forked` and `forked_command` run a command in a process
that was forked from one which has imported everything: it starts in a third of a second instead of two, and so can be
killed often.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from io import TextIOBase
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, cast

import grpc.aio
import psutil
from nova.scoring.v1.scoring_service_pb2_grpc import ScoringServiceStub
from nova_server.foundation import open_key_administration
from nova_server.gateway.admin import EnvoyAdmin
from nova_server.ports.tenancy import Environment
from nova_server.settings import Settings

from tests.support.server_log import PATIENCE_SECONDS, ServerLog

if TYPE_CHECKING:  # the stub of an asyncio channel has a type of its own, and no class
    from nova.scoring.v1.scoring_service_pb2_grpc import ScoringServiceAsyncStub

NOVA = Path(sys.executable).parent / "nova"
Metadata = tuple[tuple[str, str], ...]


class ServerProcess(Protocol):
    """A process, however it was started."""

    @property
    def pid(self) -> int | None:
        """The id of the process."""
        ...

    def kill(self) -> None:
        """End it with SIGKILL."""
        ...

    def exit_code(self) -> int:
        """Wait until it ended, and return how."""
        ...


class StartedProcess:
    """A `ServerProcess` of the standard library's `subprocess`."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.pid = process.pid
        self.kill = process.kill

    def exit_code(self) -> int:
        return self._process.wait(PATIENCE_SECONDS)


class ForkedProcess:
    """A `ServerProcess` of the standard library's `multiprocessing`."""

    def __init__(self, process: multiprocessing.process.BaseProcess) -> None:
        self._process = process
        self.pid = process.pid
        self.kill = process.kill

    def exit_code(self) -> int:
        self._process.join(PATIENCE_SECONDS)
        assert self._process.exitcode is not None
        return self._process.exitcode


@dataclass(frozen=True, slots=True)
class RunningServer:
    """A process that serves, or tries to."""

    process: ServerProcess
    log: ServerLog

    @property
    def pid(self) -> int:
        assert self.process.pid is not None
        return self.process.pid

    @property
    def address(self) -> str:
        """Host and port of the gRPC api, once it serves."""
        return f"127.0.0.1:{self.serving()['grpc_port']}"

    @property
    def rest_url(self) -> str:
        """URL of the REST gateway, once it serves."""
        return f"http://127.0.0.1:{self.serving()['rest_port']}"

    @property
    def metrics_url(self) -> str:
        """URL of the metrics, once they are served."""
        return f"http://127.0.0.1:{self.serving()['metrics_port']}/metrics"

    def serving(self) -> dict[str, Any]:
        """Return what it logs once it serves. Of several processes that is the parent, which waits for the others."""
        return self.log.wait_for("serving", lambda line: "process" not in line)

    def children(self) -> list[psutil.Process]:
        """Return the child processes that it has now."""
        try:
            return psutil.Process(self.pid).children(recursive=True)
        except psutil.NoSuchProcess:
            return []

    def envoy(self) -> psutil.Process:
        """Return the Envoy that it runs now."""
        (process,) = [child for child in self.children() if child.name() == "envoy"]
        return process

    def envoy_admin(self) -> EnvoyAdmin:
        """Return the administration of its Envoy."""
        command = self.envoy().cmdline()
        return EnvoyAdmin(Path(command[command.index("--config-path") + 1]).parent / "admin.sock")

    def terminate(self) -> None:
        """Send SIGTERM."""
        os.kill(self.pid, signal.SIGTERM)

    def interrupt(self) -> None:
        """Send SIGINT, as Ctrl-C does."""
        os.kill(self.pid, signal.SIGINT)

    def exit_code(self) -> int:
        """Return how it ended, with its log complete."""
        code = self.process.exit_code()
        self.log.wait_for_end()
        return code

    def stop(self) -> int:
        """Send SIGTERM, and return the exit code."""
        self.terminate()
        return self.exit_code()

    def kill(self) -> None:
        """Send SIGKILL, and return once neither the server nor any child of it is left."""
        with ExitStack() as stack:
            children = [stack.enter_context(_watched(child.pid)) for child in self.children()]
            self.process.kill()
            self.exit_code()
            for child in children:
                readable, _, _ = select.select([child], [], [], PATIENCE_SECONDS)
                assert readable, "a child outlived its server"


@contextmanager
def _watched(pid: int) -> Iterator[int]:
    """Yield a descriptor that becomes readable when the process ends, whoever has to reap it."""
    descriptor = os.pidfd_open(pid)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


@contextmanager
def started(data_dir: Path, *arguments: str, **settings: object) -> Iterator[RunningServer]:
    """Run `nova serve` with arguments, and kill it in the end if it runs still."""
    process = subprocess.Popen(
        [NOVA, "serve", *arguments],
        env=clean_environment() | variables(data_dir, settings),
        stderr=subprocess.PIPE,
        text=True,
    )
    server = RunningServer(StartedProcess(process), ServerLog(cast(TextIOBase, process.stderr)))
    with _ended(server):
        yield server


@contextmanager
def forked(data_dir: Path, **settings: object) -> Iterator[RunningServer]:
    """Run what `nova serve` runs, and kill it in the end if it runs still."""
    with forked_command(["serve"], variables(data_dir, settings)) as server:
        yield server


@contextmanager
def forked_command(arguments: Sequence[str], environment: Mapping[str, str]) -> Iterator[RunningServer]:
    """Run what `nova` runs with these arguments and settings, and kill it in the end if it runs still."""
    reader, writer = multiprocessing.Pipe(duplex=False)
    process = _FORKS.Process(target=run_in_fork, args=(writer, arguments, environment))
    process.start()
    writer.close()
    stream = os.fdopen(os.dup(reader.fileno()), encoding="utf-8")
    reader.close()
    with _ended(RunningServer(ForkedProcess(process), ServerLog(cast(TextIOBase, stream)))) as server:
        yield server


@contextmanager
def _ended(server: RunningServer) -> Iterator[RunningServer]:
    try:
        yield server
    finally:
        server.kill()


_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(
    [
        "nova_server.app",
        "nova_server.cli.gateway_running",
        "nova_server.cli.main",
        "nova_server.process_group",
        "nova_server.storage.migrate",
        "sqlalchemy.dialects.sqlite.aiosqlite",
    ]
)


def run_in_fork(log: Connection, arguments: Sequence[str], environment: Mapping[str, str]) -> None:
    """Run a command, with its log on `log` in place of standard error. The body of a forked process."""
    from nova_server.cli.main import application

    os.environ.update(environment)
    os.dup2(log.fileno(), 2)
    log.close()
    application(arguments, prog_name="nova")


def clean_environment() -> dict[str, str]:
    """Return the environment of this process without any setting of the service."""
    return {name: value for name, value in os.environ.items() if not name.startswith("NOVA_")}


def variables(data_dir: Path, settings: dict[str, object]) -> dict[str, str]:
    """Return environment variables for a server on free ports, which runs Envoy only when `gateway` is asked for."""
    addresses = dict.fromkeys(("grpc_address", "rest_address", "metrics_address"), "127.0.0.1:0")
    named = {**addresses, "gateway": False, **settings, "data_dir": data_dir}
    return {f"NOVA_{name.upper()}": str(value) for name, value in named.items()}


async def make_key(
    data_dir: Path,
    *,
    partner: str = "partner-1",
    environment: Environment = Environment.SANDBOX,
    database_url: str | None = None,
) -> tuple[str, str]:
    """Return the id and the secret of a new API key, in the store at the URL or else in that of the folder."""
    async with open_key_administration(Settings(data_dir=data_dir, database_url=database_url)) as keys:
        key, secret = await keys.create(partner, environment)
        return key.id, secret


def new_key(
    data_dir: Path,
    *,
    partner: str = "partner-1",
    environment: Environment = Environment.SANDBOX,
    database_url: str | None = None,
) -> str:
    """Return the secret of a new API key. For tests without an event loop."""
    return asyncio.run(make_key(data_dir, partner=partner, environment=environment, database_url=database_url))[1]


def metadata_of(secret: str, tenant: str = "tenant-1") -> Metadata:
    """Return what a caller sends with each call."""
    return (("authorization", f"Bearer {secret}"), ("x-tenant-id", tenant))


def stub_of(channel: grpc.aio.Channel) -> ScoringServiceAsyncStub:
    """Return the stub of an asyncio channel, with the type that it has."""
    return ScoringServiceStub(channel)
