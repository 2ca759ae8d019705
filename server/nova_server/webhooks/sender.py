"""One POST to a URL that a partner chose.

The receiver may be slow, dead or hostile. Of its answer only the status and the wish to be left alone for a while
count. A short body is read to its end, so that the connection can carry the next delivery, and is thrown away.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Final

import aiohttp
from aiohttp.abc import AbstractResolver

from nova_server.egress.connector import build_session
from nova_server.egress.policy import EgressPolicy
from nova_server.errors import ServiceUnavailable
from nova_server.ports.webhooks import FailureReason
from nova_server.webhooks.failures import FAULTS, reason_of_fault, reason_of_status

# A limit of the public contract: how long an answer may take, counted from the lookup of the name to its last header.
DEADLINE_SECONDS: Final = 30.0
BODY_LIMIT_BYTES: Final = 16 * 1024
BODY_SECONDS: Final = 3.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of one attempt. `retry_after` is the header as the receiver wrote it."""

    http_status: int | None
    failure: FailureReason | None
    retry_after: str | None = field(default=None, repr=False)


class WebhookSender:
    """Sends deliveries. Connections are kept for a while and used again.

    `resolver` and `tls` are the system's unless given. `connection_limit` is how many deliveries are sent at once at
    most, so that none waits for a connection. `deadline_seconds` bounds the time until the headers of the answer are
    there, and `body_seconds` that for its body.
    """

    name = "webhook sender"

    def __init__(
        self,
        policy: EgressPolicy,
        *,
        connection_limit: int,
        resolver: AbstractResolver | None = None,
        tls: ssl.SSLContext | None = None,
        deadline_seconds: float = DEADLINE_SECONDS,
        body_seconds: float = BODY_SECONDS,
    ) -> None:
        self._policy = policy
        self._connection_limit = connection_limit
        self._resolver = resolver
        self._tls = tls
        self._deadline_seconds = deadline_seconds
        self._body_seconds = body_seconds
        self._session: aiohttp.ClientSession | None = None
        self._deadlines: set[asyncio.Timeout] = set()

    async def start(self) -> None:
        """Prepare the session."""
        self._session = build_session(
            self._policy,
            resolver=self._resolver,
            tls=self._tls,
            # The two times are bounded one by one; this one only has to be longer than both.
            timeout_seconds=2 * (self._deadline_seconds + self._body_seconds),
            connection_limit=self._connection_limit,
        )

    def ready(self) -> bool:
        """Tell whether the sender was started, and not stopped since."""
        return self._session is not None

    async def stop(self) -> None:
        """End what is being sent, so that it may be sent again, and close the connections."""
        session, self._session = self._session, None
        for deadline in self._deadlines:
            if not deadline.expired():
                deadline.reschedule(0)
        if session is not None:
            await session.close()

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Send `body` to `url`, and return what came of it. Raises ServiceUnavailable once the sender is stopped."""
        try:
            response = await self._open(url, headers, body)
        except FAULTS as error:
            if self._session is None:  # nothing was wrong with the receiver
                raise ServiceUnavailable from None
            return Answer(None, reason_of_fault(error))
        await self._finish(response)
        return Answer(response.status, reason_of_status(response.status), response.headers.get("Retry-After"))

    async def _open(self, url: str, headers: Mapping[str, str], body: bytes) -> aiohttp.ClientResponse:
        """Return the answer, its body not yet read."""
        if self._session is None:
            raise ServiceUnavailable
        async with self._within(self._deadline_seconds):
            return await self._session.post(
                self._policy.check_url(url),
                data=body,
                # A compressed answer could unpack to anything. None is asked for, and none is unpacked.
                headers={"Accept-Encoding": "identity", **headers},
                allow_redirects=False,
                auto_decompress=False,
                read_bufsize=BODY_LIMIT_BYTES,
            )

    async def _finish(self, response: aiohttp.ClientResponse) -> None:
        try:
            await self._skip_body(response)
        finally:
            _close(response)

    async def _skip_body(self, response: aiohttp.ClientResponse) -> None:
        """Read a short body to its end. Whatever is wrong with it, the status was given before."""
        if response.content.at_eof():  # as most are: an answer of 204 has none
            return
        left = BODY_LIMIT_BYTES
        with suppress(Exception):
            async with self._within(self._body_seconds):
                while left > 0 and (chunk := await response.content.read(left)):
                    left -= len(chunk)

    @asynccontextmanager
    async def _within(self, seconds: float) -> AsyncIterator[None]:
        """Raise TimeoutError after `seconds`, or when the sender stops: a closed session does not wake its readers."""
        async with asyncio.timeout(seconds) as deadline:
            self._deadlines.add(deadline)
            try:
                yield
            finally:
                self._deadlines.discard(deadline)


def _close(response: aiohttp.ClientResponse) -> None:
    """Close a connection on which more would come. One whose answer was read to its end already waits for its reuse.

    It is cut off: to close it in good order would leave it to the receiver when it ends.
    """
    connection = response.connection
    if connection is not None and connection.transport is not None:
        connection.transport.abort()
    response.close()
