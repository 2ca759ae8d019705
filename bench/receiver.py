"""A receiver of webhooks as fast as can be: it reads a request by its length, answers 204, and counts.

Run as a process of its own. Prints its port. For each number that it reads from standard input it prints how many have
arrived, once those are as many.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import cast

import uvloop

_ANSWER = b"HTTP/1.1 204 No Content\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Receiver:
    """A running receiver."""

    process: subprocess.Popen[str]
    url: str

    def arrived(self, at_least: int = 0) -> int:
        """Return how many requests it has answered, once it has answered `at_least` so many."""
        assert self.process.stdin
        assert self.process.stdout
        print(at_least, file=self.process.stdin, flush=True)
        return int(self.process.stdout.readline())


@contextmanager
def receiver() -> Iterator[Receiver]:
    """Run a receiver for as long as the context lasts."""
    command = [sys.executable, "-m", "bench.receiver"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout
        yield Receiver(process, f"http://127.0.0.1:{process.stdout.readline().strip()}/webhooks")
    finally:
        process.kill()
        process.wait()


class _Counting(asyncio.Protocol):
    count = 0
    wanted = 0
    reached = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._read = b""

    def data_received(self, data: bytes) -> None:
        self._read += data
        while (end := self._read.find(b"\r\n\r\n")) >= 0:
            lower = self._read[:end].lower()
            length = int(lower.partition(b"content-length: ")[2].partition(b"\r\n")[0])
            if len(self._read) < end + 4 + length:
                return
            self._read = self._read[end + 4 + length :]
            _Counting.count += 1
            self._transport.write(_ANSWER)
            if _Counting.count >= _Counting.wanted:
                _Counting.reached.set()


async def _serve() -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(_Counting, "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        _Counting.wanted = int(line)
        if _Counting.count < _Counting.wanted:
            _Counting.reached.clear()
            await _Counting.reached.wait()
        print(_Counting.count, flush=True)


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve())
