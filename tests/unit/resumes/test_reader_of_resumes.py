"""The reader joins fetch and extraction, and turns every failure into a RESUME_ code."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from nova.errors.v1 import error_reason_pb2
from nova.errors.v1.error_reason_pb2 import ErrorReason
from nova_server.children.failures import ChildCrashed, ChildOutOfMemory, ChildPoolStopped, ChildTimedOut
from nova_server.children.pool import ChildPool
from nova_server.ports.resumes import ResumeFailed, ResumeReader
from nova_server.resumes.documents.extract import prepare
from nova_server.resumes.documents.failure import DocumentFailed
from nova_server.resumes.reader import FetchedDocument, FetchingResumeReader

URL = "https://example.com/resume"


class Shelf:
    """A fetcher of one document that tells whether the document is lent now."""

    def __init__(self, path: Path, failure: ResumeFailed | None = None) -> None:
        self.path = path
        self.failure = failure
        self.lent = False
        self.urls: list[str] = []

    @contextlib.asynccontextmanager
    async def fetch(self, url: str) -> AsyncIterator[FetchedDocument]:
        self.urls.append(url)
        if self.failure:
            raise self.failure
        self.lent = True
        try:
            yield self
        finally:
            self.lent = False


class FailingChildren:
    """Children that fail every call."""

    def __init__(self, failure: Exception) -> None:
        self.failure = failure

    async def run(self, function: Callable[..., Any], *arguments: object, wall_seconds: float) -> Any:
        assert callable(function)
        assert arguments
        assert wall_seconds > 0
        raise self.failure


async def failure_of(reader: ResumeReader) -> ResumeFailed:
    with pytest.raises(ResumeFailed) as failure:
        await reader.read(URL)
    return failure.value


async def test_the_text_of_the_document_at_the_url_is_returned(tmp_path: Path) -> None:
    path = tmp_path / "document"
    path.write_text("Bridge engineer")
    shelf, children = Shelf(path), ChildPool(size=1, warm_up=prepare)
    await children.start()
    assert await FetchingResumeReader(shelf, children).read(URL) == "Bridge engineer"
    await children.stop()
    assert shelf.urls == [URL]
    assert not shelf.lent


async def test_a_failed_fetch_comes_through(tmp_path: Path) -> None:
    failure = ResumeFailed(error_reason_pb2.RESUME_FETCH_FAILED, passing=True)
    shelf = Shelf(tmp_path, failure)
    assert await failure_of(FetchingResumeReader(shelf, ChildPool(size=1))) is failure


@pytest.mark.parametrize(
    ("failure", "reason", "passing"),
    [
        (DocumentFailed(error_reason_pb2.RESUME_ENCRYPTED), error_reason_pb2.RESUME_ENCRYPTED, False),
        (DocumentFailed(error_reason_pb2.RESUME_EMPTY), error_reason_pb2.RESUME_EMPTY, False),
        (ChildTimedOut("late"), error_reason_pb2.RESUME_PARSE_FAILED, False),
        (ChildCrashed(-11), error_reason_pb2.RESUME_PARSE_FAILED, False),
        (ChildOutOfMemory("full"), error_reason_pb2.RESUME_PARSE_FAILED, False),
        (ChildPoolStopped("over"), error_reason_pb2.RESUME_PARSE_FAILED, True),
        (BlockingIOError("no more processes"), error_reason_pb2.RESUME_PARSE_FAILED, True),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
async def test_a_failure_to_read_becomes_its_code(
    tmp_path: Path, failure: Exception, reason: ErrorReason.ValueType, passing: bool
) -> None:
    shelf = Shelf(tmp_path)
    failed = await failure_of(FetchingResumeReader(shelf, FailingChildren(failure)))
    assert (failed.reason, failed.passing) == (reason, passing)
    assert not shelf.lent


async def test_a_failure_shows_nothing_of_its_cause(tmp_path: Path) -> None:
    cause = DocumentFailed(error_reason_pb2.RESUME_CORRUPTED)
    failed = await failure_of(FetchingResumeReader(Shelf(tmp_path), FailingChildren(cause)))
    assert str(failed) == "RESUME_CORRUPTED"
    assert failed.__suppress_context__
