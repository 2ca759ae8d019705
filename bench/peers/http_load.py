"""Sends requests over kept connections, so many in flight at once, at as little cost to the machine as there can be.

The server that is measured shares the machine with what measures it. So requests are made beforehand, one coroutine
writes and reads each connection, and of an answer is looked at its status and its length.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterable
from dataclasses import dataclass

ACCEPTED = b"HTTP/1.1 202"


@dataclass(frozen=True, slots=True)
class HttpTarget:
    """A running service, and a key for it."""

    port: int
    secret: str


class Refused(Exception):
    """The service answered something else than 202. Says what."""


def http_submission(target: HttpTarget, job_id: str, applications: int, characters: int) -> bytes:
    """Return a whole request, with the texts that `bench.load.submission` makes."""
    body = {
        "jobDescription": "We look for an engineer who has run what they built. " * 10,
        "applications": [
            {
                "applicationId": f"{job_id}-{number}",
                "resume": {
                    "type": "text",
                    "content": (f"{job_id} {number} led a team and shipped it. " * 200)[:characters],
                },
            }
            for number in range(applications)
        ],
    }
    return http_request(target, f"/v1/jobs/{job_id}/scoring-batches", json.dumps(body).encode())


def http_request(target: HttpTarget, path: str, body: bytes) -> bytes:
    """Return a POST of JSON."""
    lines = (
        f"POST {path} HTTP/1.1",
        f"Host: 127.0.0.1:{target.port}",
        f"Authorization: Bearer {target.secret}",
        "X-Tenant-Id: bench",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
    )
    return "\r\n".join((*lines, "", "")).encode() + body


async def http_rate(target: HttpTarget, requests: Iterable[bytes], in_flight: int) -> float:
    """Return requests a second, every one of them answered with 202. Raises Refused.

    The first `in_flight` of the requests are sent before the clock runs, one on each connection.
    """
    queue = iter(requests)
    connections = [await asyncio.open_connection("127.0.0.1", target.port) for _ in range(in_flight)]
    await asyncio.gather(*(_send(*connection, [next(queue)]) for connection in connections))
    began = time.perf_counter()
    counts = await asyncio.gather(*(_send(*connection, queue) for connection in connections))
    seconds = time.perf_counter() - began
    for _, writer in connections:
        writer.close()
    return sum(counts) / seconds


async def _send(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, requests: Iterable[bytes]) -> int:
    """Send one request after the other, and return how many."""
    count = 0
    for request in requests:
        writer.write(request)
        await _expect_acceptance(reader)
        count += 1
    return count


async def _expect_acceptance(reader: asyncio.StreamReader) -> None:
    head = await reader.readuntil(b"\r\n\r\n")
    length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
    body = await reader.readexactly(int(length.partition(b":")[2]))
    if not head.startswith(ACCEPTED):
        raise Refused(f"{head.decode()}{body.decode()}")
