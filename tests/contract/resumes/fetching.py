"""A started fetcher with everything around it, and sentences about what it does."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from nova.errors.v1 import error_reason_pb2
from nova.errors.v1.error_reason_pb2 import ErrorReason
from nova_server.egress.denied import DenyReason
from nova_server.egress.policy import EgressPolicy
from nova_server.ports.resumes import ResumeFailed
from nova_server.resumes.fetch import ResumeFetcher

from tests.unit.egress.fake_resolver import FakeResolver


@dataclass(frozen=True)
class Fetching:
    """A started fetcher, the folder of its files, and the reasons of the connections it was denied."""

    fetcher: ResumeFetcher
    folder: Path
    denials: list[DenyReason]

    async def content(self, url: str) -> bytes:
        """Return the document at `url`."""
        async with self.fetcher.fetch(url) as document:
            content = document.path.read_bytes()
            assert len(content) == document.size
        assert self.files() == []
        return content

    async def failure(self, url: str) -> ResumeFailed:
        """Return the failure that fetching `url` ends with, having left no file behind."""
        with pytest.raises(ResumeFailed) as failed:
            await self.content(url)
        assert self.files() == []
        return failed.value

    def files(self) -> list[Path]:
        """Return the files that the fetcher holds."""
        return list(self.folder.iterdir())


@asynccontextmanager
async def started_fetcher(
    *,
    allow: Sequence[str] = ("127.0.0.0/8",),
    resolver: FakeResolver | None = None,
    tls: ssl.SSLContext | None = None,
    deadline_seconds: float = 30,
    limit_bytes: int = 1024 * 1024,
) -> AsyncIterator[Fetching]:
    """Run a fetcher that may fetch from the networks `allow`."""
    denials: list[DenyReason] = []
    policy = EgressPolicy([ip_network(network) for network in allow], on_denied=denials.append)
    with TemporaryDirectory() as folder:
        fetcher = ResumeFetcher(
            policy,
            folder=Path(folder) / "documents",
            resolver=resolver or FakeResolver(),
            tls=tls,
            deadline_seconds=deadline_seconds,
            limit_bytes=limit_bytes,
        )
        await fetcher.start()
        try:
            yield Fetching(fetcher, Path(folder) / "documents", denials)
        finally:
            await fetcher.stop()


def assert_lasting(failure: ResumeFailed, reason: ErrorReason.ValueType = error_reason_pb2.RESUME_FETCH_FAILED) -> None:
    """Assert that a fetch failed for `reason` and would fail again."""
    assert (failure.reason, failure.passing) == (reason, False)


def assert_passing(failure: ResumeFailed) -> None:
    """Assert that a fetch failed and may succeed on another try."""
    assert (failure.reason, failure.passing) == (error_reason_pb2.RESUME_FETCH_FAILED, True)
