"""Documents on disk, lent over loopback."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import aiohttp
import pytest
from nova_server.cli.document_server import lend


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
def documents(tmp_path: Path) -> list[Path]:
    paths = [tmp_path / "jane smith.pdf", tmp_path / "größe.docx"]
    for path in paths:
        path.write_bytes(path.name.encode())
    (tmp_path / "secret.txt").write_text("not lent", encoding="utf-8")
    return paths


def at(url: str, path: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=path))


async def test_each_document_is_at_its_url(http: aiohttp.ClientSession, documents: list[Path]) -> None:
    async with lend(documents) as urls:
        for path in documents:
            async with http.get(urls[path]) as response:
                assert response.status == 200
                assert await response.read() == path.name.encode()


async def test_nothing_else_is_served(http: aiohttp.ClientSession, documents: list[Path]) -> None:
    async with lend(documents) as urls:
        url = urls[documents[0]]
        lent = urlsplit(url).path
        for path in ("/", "/secret.txt", f"{lent}/", f"{lent}/secret.txt", f"{lent}/..%2fsecret.txt", lent[:-1]):
            async with http.get(at(url, path)) as response:
                assert response.status == 404, path


async def test_documents_are_only_lent_on_loopback(documents: list[Path]) -> None:
    async with lend(documents) as urls:
        assert {urlsplit(url).hostname for url in urls.values()} == {"127.0.0.1"}


async def test_the_name_of_a_document_is_not_in_its_url(documents: list[Path]) -> None:
    async with lend(documents) as urls:
        assert not any("jane" in url or ".pdf" in url for url in urls.values())


async def test_no_url_can_be_guessed_from_another(documents: list[Path]) -> None:
    async with lend(documents) as urls, lend(documents) as others:
        tokens = {urlsplit(url).path.removeprefix("/") for url in (*urls.values(), *others.values())}
    assert len(tokens) == 4
    assert all(len(token) >= 22 for token in tokens)


async def test_nothing_is_served_afterwards(http: aiohttp.ClientSession, documents: list[Path]) -> None:
    async with lend(documents) as urls:
        url = urls[documents[0]]
    with pytest.raises(aiohttp.ClientConnectorError):
        await http.get(url)
