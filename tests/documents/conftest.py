"""What the tests of documents share: one pool of real children."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Protocol

import pytest
import pytest_asyncio
from nova_server.children.pool import ChildPool
from nova_server.resumes.documents.extract import extract_text, prepare
from nova_server.resumes.reader import WALL_SECONDS


class ExtractText(Protocol):
    """Reads a document in a child, from a file whose name says nothing of its type unless one is given."""

    async def __call__(self, content: bytes, name: str = "document") -> str: ...


@pytest_asyncio.fixture(loop_scope="session", scope="session")
async def children() -> AsyncIterator[ChildPool]:
    pool = ChildPool(size=1, warm_up=prepare)
    await pool.start()
    yield pool
    await pool.stop()


@pytest.fixture
def extract(children: ChildPool, tmp_path: Path) -> ExtractText:
    async def read(content: bytes, name: str = "document") -> str:
        path = tmp_path / name
        path.write_bytes(content)
        return await children.run(extract_text, str(path), wall_seconds=WALL_SECONDS)

    return read
