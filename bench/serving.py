"""A real `nova serve` to measure, as an operator would start it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import grpc
from grpc_health.v1 import health_pb2

SERVING = health_pb2.HealthCheckResponse.SERVING
NOVA = str(Path(sys.executable).parent / "nova")


@dataclass(frozen=True, slots=True)
class Serving:
    """A running server with a key for it."""

    process: subprocess.Popen[bytes]
    address: str
    rest_url: str
    metadata: tuple[tuple[str, str], ...]

    @property
    def headers(self) -> dict[str, str]:
        """The metadata as a REST caller sends it."""
        return dict(self.metadata)


@contextmanager
def serving(data_dir: Path, *, gateway: bool = False, **settings: str) -> Iterator[Serving]:
    """Yield a server that answers, over REST too with the `gateway`, and stop it with SIGTERM afterwards.

    `settings` are further ones by their names, such as `database_url`.
    """
    address, rest_address = f"127.0.0.1:{_free_port()}", f"127.0.0.1:{_free_port()}"
    environment = os.environ | {
        **{f"NOVA_{name.upper()}": value for name, value in settings.items()},
        "NOVA_DATA_DIR": str(data_dir),
        "NOVA_GRPC_ADDRESS": address,
        "NOVA_REST_ADDRESS": rest_address,
        "NOVA_GATEWAY": str(gateway),
        "NOVA_METRICS_ADDRESS": "127.0.0.1:0",
        "NOVA_LOG_LEVEL": "error",
    }
    process = subprocess.Popen([NOVA, "serve"], env=environment)
    try:
        wait_until_serving(address)
        if gateway:
            wait_until_healthy(f"http://{rest_address}/healthz")
        metadata = (("authorization", f"Bearer {_key(environment)}"), ("x-tenant-id", "bench"))
        yield Serving(process, address, f"http://{rest_address}", metadata)
    finally:
        process.terminate()
        process.wait(timeout=60)


def wait_until_serving(address: str) -> None:
    """Return once the server says that it serves."""
    with grpc.insecure_channel(address) as channel:
        check: grpc.UnaryUnaryMultiCallable[health_pb2.HealthCheckRequest, health_pb2.HealthCheckResponse]
        check = channel.unary_unary(
            "/grpc.health.v1.Health/Check",
            request_serializer=health_pb2.HealthCheckRequest.SerializeToString,
            response_deserializer=health_pb2.HealthCheckResponse.FromString,
        )
        while check(health_pb2.HealthCheckRequest(), timeout=60, wait_for_ready=True).status != SERVING:
            time.sleep(0.05)


def wait_until_healthy(url: str) -> None:
    """Return once the gateway says that the api is ready."""
    while True:
        try:
            with urllib.request.urlopen(url, timeout=5):  # noqa: S310 (our own server)
                return
        except OSError:
            time.sleep(0.05)


def _key(environment: dict[str, str]) -> str:
    command = [NOVA, "keys", "create", "--environment", "sandbox"]
    ran = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True)
    return ran.stdout.strip()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
