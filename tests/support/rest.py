"""A real Envoy in front of an api, and a plain HTTP client in front of Envoy."""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
from nova_gateway.configuration import GatewayOptions
from nova_server.clock import SystemClock
from nova_server.gateway.envoy import EnvoyGateway

from tests.support import api
from tests.support.api import Served

HEADERS = {"Authorization": f"Bearer {api.SECRET}", "X-Tenant-Id": "tenant-1"}
BATCHES = "/v1/jobs/job-1/scoring-batches"
RESUME: Mapping[str, str] = {"type": "text", "content": "Seven years of Python. " * 3}
Sent = Mapping[str, str] | Sequence[tuple[str, str]]
PROBLEM_TYPE = "application/problem+json"
TRACE_ID = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. `json` is None when there is no body."""

    status: int
    headers: Mapping[str, str]
    text: str
    json: Any

    @property
    def content_type(self) -> str:
        return self.headers.get("content-type", "")


def faults(answer: Answer) -> list[tuple[str, str]]:
    """Return where the faults are and their codes, of an answer that must be a problem of the request."""
    refused(answer, 400, "VALIDATION_ERROR")
    return [(fault["field"], fault["code"]) for fault in answer.json["details"]]


def refused(answer: Answer, status: int, code: str) -> None:
    """Assert that an answer is this problem."""
    assert (answer.status, answer.content_type) == (status, PROBLEM_TYPE), answer.text
    assert answer.json["code"] == code


@dataclass(frozen=True)
class RestClient:
    """A client of the gateway at `url`."""

    url: str
    session: aiohttp.ClientSession

    async def call(self, method: str, path: str, *, headers: Sent | None = None, **body: Any) -> Answer:
        """Send a request with the headers of a valid caller, or with `headers` in their place."""
        sent = HEADERS if headers is None else headers
        async with self.session.request(method, self.url + path, headers=sent, **body) as answer:
            text = await answer.text()
            parsed = json.loads(text) if text and "json" in answer.content_type else None
            return Answer(answer.status, answer.headers, text, parsed)

    async def get(self, path: str, **more: Any) -> Answer:
        return await self.call("GET", path, **more)

    async def post(self, path: str, **more: Any) -> Answer:
        return await self.call("POST", path, **more)


@dataclass(frozen=True)
class Rest(RestClient):
    """A gateway with a client of the test's own."""

    gateway: EnvoyGateway


def submission(count: int = 1) -> dict[str, Any]:
    """Return a valid request with `count` text resumes."""
    resume = dict(RESUME)
    applications = [{"applicationId": f"app-{number}", "resume": resume} for number in range(1, count + 1)]
    return {"jobDescription": "A backend engineer.", "applications": applications}


def job_submission(**changes: Any) -> dict[str, Any]:
    """Return a valid request with one text resume, changed."""
    return {"jobDescription": "A backend engineer.", "resume": dict(RESUME), **changes}


@contextmanager
def short_folder() -> Iterator[Path]:
    """Yield a new folder with a short path, for sockets."""
    folder = Path(tempfile.mkdtemp(prefix="nova-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


@asynccontextmanager
async def envoy_to(*api_addresses: str, **options: Any) -> AsyncIterator[EnvoyGateway]:
    """Run Envoy in front of these addresses."""
    with short_folder() as folder:
        chosen = GatewayOptions("127.0.0.1:0", api_addresses, f"unix:{folder}/admin.sock", **options)
        gateway = EnvoyGateway(chosen, folder, SystemClock())
        await gateway.start()
        try:
            yield gateway
        finally:
            await gateway.stop()


@asynccontextmanager
async def client_of(gateway: EnvoyGateway) -> AsyncIterator[Rest]:
    """Yield a client without a connection yet."""
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=60)) as session:
        yield Rest(f"http://127.0.0.1:{gateway.port}", session, gateway)


@asynccontextmanager
async def gateway_to(*api_addresses: str, **options: Any) -> AsyncIterator[Rest]:
    """Run Envoy in front of these addresses. Fails when its Lua did."""
    async with envoy_to(*api_addresses, **options) as gateway, client_of(gateway) as rest:
        yield rest
        assert await gateway.admin.lua_errors() == 0


@asynccontextmanager
async def serving(*, gateway: Mapping[str, Any] | None = None, **settings: Any) -> AsyncIterator[tuple[Rest, Served]]:
    """Serve an api whose use cases, keys and clock are the test's, with Envoy in front of it."""
    async with (
        api.serving(**settings) as served,
        gateway_to(f"127.0.0.1:{served.api.port}", **(gateway or {})) as rest,
    ):
        yield rest, served
