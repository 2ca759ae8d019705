"""Every document made to hurt ends with its code, within its limit, and hurts nobody else."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from nova.errors.v1.error_reason_pb2 import ErrorReason
from nova_server.children.pool import ChildPool
from nova_server.ports.resumes import ResumeFailed
from nova_server.resumes.reader import WALL_SECONDS, FetchedDocument, FetchingResumeReader

from tests.documents.hostile import RESUME, Hostile
from tests.documents.hostile_docx import DOCX
from tests.documents.hostile_others import OTHERS
from tests.documents.hostile_pdf import PDF, sound_pdf

CORPUS = [*PDF, *DOCX, *OTHERS]

on_the_loop_of_the_children = pytest.mark.asyncio(loop_scope="session")


class OnDisk:
    """A document that is on disk already."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @contextlib.asynccontextmanager
    async def fetch(self, url: str) -> AsyncIterator[FetchedDocument]:
        assert url
        yield self


def reader(path: Path, children: ChildPool, wall_seconds: float) -> FetchingResumeReader:
    return FetchingResumeReader(OnDisk(path), children, wall_seconds=wall_seconds)


@on_the_loop_of_the_children
@pytest.mark.parametrize("hostile", CORPUS, ids=lambda hostile: hostile.name)
async def test_a_hostile_document_ends_with_its_code(hostile: Hostile, children: ChildPool, tmp_path: Path) -> None:
    path = tmp_path / "document"
    path.write_bytes(hostile.make())
    with pytest.raises(ResumeFailed) as failure:
        await reader(path, children, hostile.wall_seconds).read("https://example.com/resume")
    assert ErrorReason.Name(failure.value.reason) == ErrorReason.Name(hostile.reason)
    assert not failure.value.passing


@on_the_loop_of_the_children
async def test_the_children_read_sound_documents_after_all_that(children: ChildPool, tmp_path: Path) -> None:
    path = tmp_path / "document"
    path.write_bytes(sound_pdf())
    text = await reader(path, children, WALL_SECONDS).read("https://example.com/resume")
    assert text.splitlines()[: len(RESUME)] == RESUME


def test_the_corpus_is_large_and_its_names_are_distinct() -> None:
    assert len(CORPUS) >= 40
    assert max(Counter(hostile.name for hostile in CORPUS).values()) == 1
