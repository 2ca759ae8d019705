"""Runs `nova serve` on free ports for as long as a demonstration takes."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

NOVA = Path(sys.executable).parent / "nova"
LOG = "server.log"
START_SECONDS = 60
STOP_SECONDS = 30
POLL_SECONDS = 0.05


class Unexpected(Exception):
    """The demo did not go as it should."""


@dataclass(frozen=True, slots=True)
class Server:
    """A running `nova serve` and the environment that reaches it."""

    process: subprocess.Popen[bytes]
    environment: Mapping[str, str]

    @property
    def rest_url(self) -> str:
        """Where REST is served, without a slash at the end."""
        return f"http://{self.environment['NOVA_REST_ADDRESS']}"

    def run(self, *arguments: str) -> str:
        """Run a `nova` command against the server and return what it prints. Raises Unexpected."""
        command = [str(NOVA), *arguments]
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True, check=False)  # noqa: S603 (our own)
        if done.returncode:
            raise Unexpected(f"nova {arguments[0]} ended with code {done.returncode}\n{done.stderr}")
        return done.stdout


@contextmanager
def running_server(data: Path) -> Iterator[Server]:
    """Start a server on free ports with its store in the folder `data`, and stop it with SIGTERM. Raises Unexpected."""
    data.mkdir(parents=True, exist_ok=True)
    environment = server_environment(data)
    print(f"Starting nova serve on {environment['NOVA_REST_ADDRESS']}; its log is {data / LOG}")
    with (data / LOG).open("wb") as log:
        process = subprocess.Popen([NOVA, "serve"], env=environment, stdout=log, stderr=log)  # noqa: S603 (our own)
    server = Server(process, environment)
    try:
        wait_until_serving(server)
        yield server
    finally:
        code = stop(process)
    if code != 0:
        raise Unexpected(f"the server ended with code {code}")


def server_environment(data: Path) -> dict[str, str]:
    """Return an environment with every address on a free port, and none of the settings of whoever runs the demo."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("NOVA_")}
    addresses = free_addresses("NOVA_GRPC_ADDRESS", "NOVA_REST_ADDRESS", "NOVA_METRICS_ADDRESS")
    return {**ours, **addresses, "NOVA_DATA_DIR": str(data), "NOVA_ALLOW_NETWORKS": "127.0.0.0/8"}


def free_addresses(*names: str) -> dict[str, str]:
    """Return a loopback address for each name. All ports are taken at once, so that they differ."""
    with ExitStack() as stack:
        sockets = {name: stack.enter_context(socket.create_server(("127.0.0.1", 0))) for name in names}
        return {name: f"127.0.0.1:{taken.getsockname()[1]}" for name, taken in sockets.items()}


def wait_until_serving(server: Server) -> None:
    """Return once `/healthz` says so. Raises Unexpected when the server dies or takes too long."""
    end = time.monotonic() + START_SECONDS
    while server.process.poll() is None and time.monotonic() < end:
        if is_healthy(server.rest_url):
            return
        time.sleep(POLL_SECONDS)
    raise Unexpected("the server did not start")


def is_healthy(rest_url: str) -> bool:
    """Tell whether the server says that it can take requests."""
    try:
        with urllib.request.urlopen(f"{rest_url}/healthz", timeout=START_SECONDS) as answer:  # noqa: S310 (our own)
            return bool(answer.status == 200)
    except (OSError, urllib.error.HTTPError):
        return False


def stop(process: subprocess.Popen[bytes]) -> int:
    """End the server with SIGTERM and return its exit code."""
    process.terminate()
    try:
        return process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()
