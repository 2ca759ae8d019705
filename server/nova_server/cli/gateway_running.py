"""Envoy as all that a process runs: `nova gateway run`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nova_gateway.configuration import GatewayOptions

from nova_server.clock import SystemClock
from nova_server.gateway.envoy import EnvoyGateway
from nova_server.observability.logs import configure_logging
from nova_server.program import Supervised, run_program
from nova_server.settings import Settings


def run_gateway(settings: Settings, options: GatewayOptions, folder: Path) -> int:
    """Run Envoy, with its files in the folder, until SIGTERM or SIGINT. Returns the exit code of the process."""
    configure_logging(settings.log_level)
    return run_program(lambda: _program(settings, options, folder))


@contextmanager
def _program(settings: Settings, options: GatewayOptions, folder: Path) -> Iterator[Supervised]:
    clock = SystemClock()
    gateway = EnvoyGateway(options, folder, clock, grace_seconds=settings.shutdown_grace_seconds)
    yield Supervised([[gateway]], clock, lambda: {"rest_port": gateway.port})
