"""One child process, as its parent sees it."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Callable
from typing import cast

from nova_server.children.failures import ChildCrashed, ChildFailed, ChildOutOfMemory, ChildTimedOut
from nova_server.children.frames import Call, FrameTooLarge, Outcome, Reply, Setup, decode, encode, receive_frame

# A child given processor time ends by itself; this much beyond the wall time leaves the parent the first word.
CPU_MARGIN_SECONDS = 1.0

# How much of a reply is taken out of the pipe before somebody reads it.
PIPE_BUFFER_BYTES = 1024 * 1024


class ChildProcess:
    """A running child: answers one call at a time, can be killed at any moment.

    `retired` tells that it must not be asked again: it said so, or an exchange broke off and both ends are out of step.
    """

    def __init__(self, process: Process) -> None:
        self._process = process
        self.retired = False

    @classmethod
    async def spawn(cls) -> ChildProcess:
        """Return a child that has yet to be warmed up. Raises OSError."""
        # A session of its own keeps the terminal's Ctrl-C away. What a parser prints may quote the document, so no
        # child has a standard error.
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-m", "nova_server.children.child", str(os.getpid())),
            stdin=PIPE,
            stdout=PIPE,
            stderr=DEVNULL,
            start_new_session=True,
            env=_environment(),
            limit=PIPE_BUFFER_BYTES,
        )
        return cls(process)

    async def warm_up(self, setup: Setup, wall_seconds: float) -> None:
        """Set the limits and import what calls need. Raises ChildFailed, or what the warm-up raised."""
        await self._ask(setup, wall_seconds)

    @property
    def pid(self) -> int:
        """The id of the process."""
        return self._process.pid

    def alive(self) -> bool:
        """Tell whether the process runs, asking the kernel, because the event loop learns of a death only later."""
        if self._process.returncode is not None:
            return False
        try:
            return os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None
        except ChildProcessError:
            return False

    async def call(self, function: Callable[..., object], arguments: tuple[object, ...], wall_seconds: float) -> object:
        """Return what the function returns.

        Raises what it raises, or ChildTimedOut, ChildCrashed, ChildOutOfMemory or ResultNotPicklable.
        """
        return await self._ask(Call(function, arguments, wall_seconds + CPU_MARGIN_SECONDS), wall_seconds)

    def kill(self) -> None:
        """End the process now."""
        self.retired = True
        if self.alive():
            # Not `Process.kill`: it may collect the exit code itself, and asyncio then reports 255 in its place.
            os.kill(self.pid, signal.SIGKILL)

    async def gone(self) -> int:
        """Wait until the process ended, and return its exit code."""
        return await self._process.wait()

    async def _ask(self, message: object, wall_seconds: float) -> object:
        frame = encode(message)
        self.retired = True  # until an answer proves that both ends are in step
        reply = await self._exchange(frame, wall_seconds)
        self.retired = reply.retires
        if reply.outcome is Outcome.OUT_OF_MEMORY:
            raise ChildOutOfMemory("the child process ran out of memory")
        if reply.outcome is Outcome.RAISED:
            raise cast(Exception, reply.value)
        return reply.value

    async def _exchange(self, frame: bytes, wall_seconds: float) -> Reply:
        try:
            async with asyncio.timeout(wall_seconds):
                return decode_reply(await self._send(frame))
        except TimeoutError:
            raise ChildTimedOut(f"the child process took longer than {wall_seconds:g} s") from None
        except (asyncio.IncompleteReadError, ConnectionError):
            raise await self._autopsy() from None

    async def _send(self, frame: bytes) -> bytes:
        stdin = _input(self._process)
        stdin.write(frame)
        await stdin.drain()
        try:
            return await receive_frame(_output(self._process))
        except FrameTooLarge:
            raise ConnectionError from None

    async def _autopsy(self) -> ChildFailed:
        """Say why the conversation broke off."""
        self.kill()
        exit_code = await self.gone()
        if exit_code == -signal.SIGXCPU:
            return ChildTimedOut("the child process used up its processor time")
        return ChildCrashed(exit_code)


def decode_reply(body: bytes) -> Reply:
    """Return the reply in the body of a frame."""
    return cast(Reply, decode(body))


def _environment() -> dict[str, str]:
    """Return what a child needs to find its modules, and none of the secrets that a server's environment holds."""
    return {"PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "LC_ALL": "C.UTF-8"}


def _input(process: Process) -> asyncio.StreamWriter:
    return cast(asyncio.StreamWriter, process.stdin)


def _output(process: Process) -> asyncio.StreamReader:
    return cast(asyncio.StreamReader, process.stdout)
