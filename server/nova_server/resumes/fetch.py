"""Fetching a document from a URL that a caller chose.

Everything on the other side may be hostile: its address, its redirects, its pace, and the size and encoding of what
it sends.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import IO, Final
from urllib.parse import urljoin

import aiohttp
from aiohttp.abc import AbstractResolver
from nova.errors.v1 import error_reason_pb2

from nova_server.egress.connector import build_session
from nova_server.egress.policy import EgressPolicy
from nova_server.ports.resumes import ResumeFailed
from nova_server.resumes.fetch_failures import failures_as_resume_failed, fetch_failed, status_failure
from nova_server.resumes.temporary_documents import new_document, prepare_folder, remove_document

# Limits of the public contract.
LIMIT_BYTES: Final = 50 * 1024 * 1024
DEADLINE_SECONDS: Final = 30.0
REDIRECT_LIMIT: Final = 5

_CHUNK_BYTES: Final = 64 * 1024
_ENCODINGS: Final = frozenset({"", "identity", "gzip", "deflate"})
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})


@dataclass(frozen=True, slots=True)
class FetchedDocument:
    """A fetched document: the file that holds it, and its length in bytes."""

    path: Path
    size: int


class ResumeFetcher:
    """Fetches documents into files of `folder`.

    `resolver` and `tls` are the system's unless given. `deadline_seconds` bounds the whole of a fetch, with its
    lookups and redirects. `limit_bytes` bounds the decoded body.
    """

    name = "resume fetcher"

    def __init__(
        self,
        policy: EgressPolicy,
        *,
        folder: Path,
        resolver: AbstractResolver | None = None,
        tls: ssl.SSLContext | None = None,
        deadline_seconds: float = DEADLINE_SECONDS,
        limit_bytes: int = LIMIT_BYTES,
        redirect_limit: int = REDIRECT_LIMIT,
    ) -> None:
        self._policy = policy
        self._folder = folder
        self._resolver = resolver
        self._tls = tls
        self._deadline_seconds = deadline_seconds
        self._limit_bytes = limit_bytes
        self._redirect_limit = redirect_limit
        self._session: aiohttp.ClientSession | None = None
        self._deadlines: set[asyncio.Timeout] = set()

    async def start(self) -> None:
        """Prepare the folder and the session. Raises OSError when the folder cannot be made."""
        await asyncio.to_thread(prepare_folder, self._folder)
        self._session = build_session(
            self._policy, resolver=self._resolver, tls=self._tls, timeout_seconds=self._deadline_seconds
        )

    def ready(self) -> bool:
        """Tell whether the fetcher was started, and not stopped since."""
        return self._session is not None

    async def stop(self) -> None:
        """End the fetches that are running, so that they may be tried again, and close the connections."""
        for deadline in self._deadlines:
            if not deadline.expired():
                deadline.reschedule(0)
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    @asynccontextmanager
    async def fetch(self, url: str) -> AsyncIterator[FetchedDocument]:
        """Yield the document at `url`. Its file is gone when the block ends, however it ends.

        Raises ResumeFailed: RESUME_FETCH_FAILED, RESUME_TOO_LARGE, or RESUME_EMPTY for a document without a byte.
        """
        with failures_as_resume_failed():
            file = new_document(self._folder)
        path = Path(file.name)
        try:
            with failures_as_resume_failed(), file:
                async with self._deadline():
                    size = await self._download(url, file)
            yield FetchedDocument(path, size)
        finally:
            remove_document(path)

    @asynccontextmanager
    async def _deadline(self) -> AsyncIterator[None]:
        """Raise TimeoutError at the deadline, or when the fetcher stops: a closed session does not wake its readers."""
        async with asyncio.timeout(self._deadline_seconds) as deadline:
            self._deadlines.add(deadline)
            try:
                yield
            finally:
                self._deadlines.discard(deadline)

    async def _download(self, url: str, file: IO[bytes]) -> int:
        async with await self._open(url) as response:
            if response.status != HTTPStatus.OK:
                raise status_failure(response.status)
            size = await _save(response, file, self._limit_bytes)
        if size == 0:
            raise ResumeFailed(error_reason_pb2.RESUME_EMPTY)
        return size

    async def _open(self, url: str) -> aiohttp.ClientResponse:
        """Return the first response that is no redirect, its body not yet read.

        Each request of the chain is made anew from its URL alone, so nothing that was meant for one host goes to the
        next.
        """
        if self._session is None:  # stopping; whoever takes over the scoring job tries again
            raise fetch_failed(passing=True)
        for _ in range(self._redirect_limit + 1):
            response = await self._session.get(self._policy.check_url(url), allow_redirects=False)
            if response.status not in _REDIRECTS:
                return response
            response.close()
            url = _redirect_target(url, response)
        raise fetch_failed(passing=False)


def _redirect_target(url: str, response: aiohttp.ClientResponse) -> str:
    """Return the URL that a redirect leads to, unchecked."""
    try:
        return urljoin(url, response.headers["Location"])
    except (KeyError, ValueError):
        raise fetch_failed(passing=False) from None


async def _save(response: aiohttp.ClientResponse, file: IO[bytes], limit_bytes: int) -> int:
    """Write the decoded body to `file` and return its length. The client decodes in small, bounded steps."""
    _check_announcement(response, limit_bytes)
    size = 0
    async for chunk in response.content.iter_chunked(_CHUNK_BYTES):
        size += len(chunk)
        if size > limit_bytes:
            raise ResumeFailed(error_reason_pb2.RESUME_TOO_LARGE)
        file.write(chunk)
    return size


def _check_announcement(response: aiohttp.ClientResponse, limit_bytes: int) -> None:
    """Raise ResumeFailed when the headers alone tell that the body is of no use."""
    encoding = ", ".join(response.headers.getall("Content-Encoding", [])).strip().lower()
    if encoding not in _ENCODINGS:
        raise fetch_failed(passing=False)
    if (response.content_length or 0) > limit_bytes:
        raise ResumeFailed(error_reason_pb2.RESUME_TOO_LARGE)
