"""Runs `nova` as a person does: a process of its own, with its own environment.

`called` runs the same command inside the test's process, which saves the seconds in which a process imports everything.
It serves where nothing depends on there being one: no signals, and no gRPC, whose threads do not like two event loops.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from dataclasses import dataclass
from pathlib import Path

import structlog
from nova_server.cli.main import application
from typer.testing import CliRunner

PROGRAM = Path(sys.executable).parent / "nova"
TIMEOUT_SECONDS = 60

# What a shell starts in its background ignores SIGINT, and so would the commands that are started here. Whoever handles
# it passes on that it is heard. Not in the child between fork and exec, where gRPC's threads do not survive.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a command ended."""

    code: int
    output: str
    errors: str


async def nova(*arguments: str | Path, **variables: str) -> Outcome:
    """Run `nova` with `arguments`, and `variables` added to an environment without any setting of it."""
    return await ended(await start(*arguments, **variables))


async def called(*arguments: str | Path, **variables: str) -> Outcome:
    """Call `nova` with `arguments`, and `variables` added to an environment without any setting of it."""
    return await asyncio.to_thread(call, *arguments, **variables)


def call(*arguments: str | Path, **variables: str) -> Outcome:
    """Call `nova` where no event loop runs."""
    cleared: dict[str, str | None] = {name: None for name in os.environ if name.startswith("NOVA_")}
    ended = CliRunner().invoke(application, [*map(str, arguments)], env={**cleared, **variables})
    structlog.reset_defaults()  # what it logs to is closed by now
    if ended.exception is not None and not isinstance(ended.exception, SystemExit):
        raise ended.exception
    return Outcome(ended.exit_code, ended.stdout, ended.stderr)


async def start(*arguments: str | Path, **variables: str) -> asyncio.subprocess.Process:
    """Start `nova` and return while it runs."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("NOVA_")} | variables
    return await asyncio.create_subprocess_exec(
        PROGRAM,
        *map(str, arguments),
        env=environment,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


async def ended(process: asyncio.subprocess.Process) -> Outcome:
    """Return how a command ends. Kills it when it does not."""
    try:
        output, errors = await asyncio.wait_for(process.communicate(), TIMEOUT_SECONDS)
    except TimeoutError:
        process.kill()
        await process.wait()
        raise
    return Outcome(process.returncode or 0, output.decode(), errors.decode())
