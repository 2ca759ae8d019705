"""Fetching from a server that behaves, and from servers that answer with something else than a document."""

from __future__ import annotations

import asyncio
import gzip
import os
import ssl
import time
import zlib
from pathlib import Path

import pytest
from aiohttp import web
from nova.errors.v1 import error_reason_pb2
from nova_server.egress.policy import EgressPolicy
from nova_server.ports.lifecycle import Service
from nova_server.ports.resumes import ResumeFailed
from nova_server.resumes.fetch import ResumeFetcher

from tests.contract.resumes.fetching import assert_lasting, assert_passing, started_fetcher
from tests.support.authority import Authority
from tests.support.connections import dialled_addresses, listening_canary
from tests.support.sites import Handler, running_site
from tests.unit.egress.fake_resolver import FakeResolver

RESUME = b"%PDF-1.7 the resume of an invented person"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


async def resume(_: web.Request) -> web.Response:
    return web.Response(body=RESUME)


def answer(status: int = 200, body: bytes = b"", **headers: str) -> Handler:
    """Return a handler; underscores in the names of `headers` stand for hyphens."""

    async def handle(_: web.Request) -> web.Response:
        return web.Response(status=status, body=body, headers={k.replace("_", "-"): v for k, v in headers.items()})

    return handle


async def test_a_document_is_fetched_over_plain_http_from_an_allowed_network() -> None:
    async with running_site(resume) as site, started_fetcher() as fetching:
        assert await fetching.content(site.url("/1.pdf")) == RESUME
        assert fetching.denials == []


async def test_a_document_is_fetched_from_a_name_that_resolves_into_an_allowed_network() -> None:
    resolver = FakeResolver({"storage.example": [["127.0.0.1"]]})
    async with running_site(resume) as site, started_fetcher(resolver=resolver) as fetching:
        assert await fetching.content(site.url(host="storage.example")) == RESUME
        assert site.requests[0].host == f"storage.example:{site.port}"


async def test_the_next_address_is_tried_when_the_first_does_not_answer() -> None:
    resolver = FakeResolver({"storage.example": [["127.0.0.9", "127.0.0.1"]]})
    async with running_site(resume) as site, started_fetcher(resolver=resolver) as fetching:
        with dialled_addresses() as dialled:
            assert await fetching.content(site.url(host="storage.example")) == RESUME
        assert dialled == ["127.0.0.9", "127.0.0.1"]


async def test_a_request_says_who_asks_and_carries_nothing_else() -> None:
    async with running_site(resume) as site, started_fetcher() as fetching:
        await fetching.content(site.url("/1.pdf"))
    assert dict(site.requests[0].headers) == {
        "Host": f"127.0.0.1:{site.port}",
        "User-Agent": "nova-scoring",
        "Accept": "*/*",
        "Accept-Encoding": "gzip, deflate",
    }


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ("/1.pdf?signature=x%2Fy%2b%3D+&expires=1", "/1.pdf?signature=x%2Fy%2b%3D+&expires=1"),
        ("/%7Ejane/a%20b.pdf", "/%7Ejane/a%20b.pdf"),
        ("/a b/ü.pdf", "/a%20b/%C3%BC.pdf"),
        ("/1.pdf#page=2", "/1.pdf"),
        ("?id=1", "/?id=1"),
        ("", "/"),
    ],
)
async def test_a_url_is_sent_as_written_for_signatures_may_cover_it(written: str, sent: str) -> None:
    async with running_site(resume) as site, started_fetcher() as fetching:
        await fetching.content(site.url(written))
    assert site.requests[0].raw_path == sent


async def test_many_documents_are_fetched_at_once_into_files_of_their_own() -> None:
    async def echo(request: web.Request) -> web.Response:
        return web.Response(text=request.path)

    async with running_site(echo) as site, started_fetcher() as fetching:
        all_fetched = asyncio.Barrier(20)
        contents = await asyncio.gather(
            *(_read_once_all_are_fetched(fetching.fetcher, site.url(f"/{number}"), all_fetched) for number in range(20))
        )
    assert contents == [f"/{number}".encode() for number in range(20)]


async def _read_once_all_are_fetched(fetcher: ResumeFetcher, url: str, all_fetched: asyncio.Barrier) -> bytes:
    async with fetcher.fetch(url) as document:
        await all_fetched.wait()
        return document.path.read_bytes()


async def test_a_fetched_file_can_be_read_by_its_owner_alone() -> None:
    async with (
        running_site(resume) as site,
        started_fetcher() as fetching,
        fetching.fetcher.fetch(site.url()) as document,
    ):
        assert document.path.stat().st_mode & 0o777 == 0o600
        assert document.path.parent.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("identity", RESUME),
        ("gzip", gzip.compress(RESUME)),
        ("GZIP", gzip.compress(RESUME)),
        ("gzip", gzip.compress(RESUME[:9]) + gzip.compress(RESUME[9:])),
        ("deflate", zlib.compress(RESUME)),
    ],
    ids=["identity", "gzip", "capitals", "two members", "deflate"],  # the bytes would tell the time in the name
)
async def test_an_encoded_body_is_decoded(encoding: str, body: bytes) -> None:
    async with running_site(answer(body=body, Content_Encoding=encoding)) as site, started_fetcher() as fetching:
        assert await fetching.content(site.url()) == RESUME


@pytest.mark.parametrize("encoding", ["br", "zstd", "compress", "gzip, gzip", "aes128gcm", "x"])
async def test_a_body_in_an_encoding_that_was_not_asked_for_is_refused(encoding: str) -> None:
    async with running_site(answer(body=RESUME, Content_Encoding=encoding)) as site, started_fetcher() as fetching:
        assert_lasting(await fetching.failure(site.url()))


@pytest.mark.parametrize("status", [201, 204, 206, 300, 304, 400, 401, 403, 404, 410, 451])
async def test_a_status_that_is_no_document_and_will_not_become_one_is_lasting(status: int) -> None:
    async with running_site(answer(status)) as site, started_fetcher() as fetching:
        assert_lasting(await fetching.failure(site.url()))


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
async def test_a_status_that_asks_for_patience_is_passing(status: int) -> None:
    async with running_site(answer(status)) as site, started_fetcher() as fetching:
        assert_passing(await fetching.failure(site.url()))


@pytest.mark.parametrize("encoding", ["identity", "gzip"])
async def test_an_empty_body_is_an_empty_resume(encoding: str) -> None:
    body = b"" if encoding == "identity" else gzip.compress(b"")
    async with running_site(answer(body=body, Content_Encoding=encoding)) as site, started_fetcher() as fetching:
        assert_lasting(await fetching.failure(site.url()), error_reason_pb2.RESUME_EMPTY)


async def test_a_name_that_does_not_exist_is_lasting() -> None:
    async with started_fetcher() as fetching:
        assert_lasting(await fetching.failure("https://nowhere.example/"))


async def test_a_proxy_of_the_environment_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    with listening_canary() as proxy:
        for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        async with running_site(resume) as site, started_fetcher() as fetching:
            assert await fetching.content(site.url()) == RESUME
        assert not proxy.was_reached()


async def test_a_document_is_fetched_over_verified_tls(authority: Authority) -> None:
    resolver = FakeResolver({"storage.example": [["127.0.0.1"]]})
    async with (
        running_site(resume, tls=authority.server("storage.example")) as site,
        started_fetcher(resolver=resolver, tls=authority.trusting_client()) as fetching,
    ):
        assert await fetching.content(site.url(host="storage.example", scheme="https")) == RESUME


async def _assert_certificate_refused(server: ssl.SSLContext, client: ssl.SSLContext | None) -> None:
    resolver = FakeResolver({"storage.example": [["127.0.0.1"]]})
    async with (
        running_site(resume, tls=server) as site,
        started_fetcher(resolver=resolver, tls=client) as fetching,
    ):
        assert_lasting(await fetching.failure(site.url(host="storage.example", scheme="https")))
        assert site.requests == []


async def test_a_certificate_of_an_unknown_authority_is_refused(authority: Authority) -> None:
    await _assert_certificate_refused(authority.server("storage.example"), None)


async def test_a_certificate_for_another_name_is_refused(authority: Authority) -> None:
    await _assert_certificate_refused(authority.server("other.example"), authority.trusting_client())


async def test_an_expired_certificate_is_refused(authority: Authority) -> None:
    await _assert_certificate_refused(authority.server("storage.example", expired=True), authority.trusting_client())


async def test_an_https_url_of_a_server_that_speaks_plain_http_fails(authority: Authority) -> None:
    async with running_site(resume) as site, started_fetcher(tls=authority.trusting_client()) as fetching:
        assert_lasting(await fetching.failure(site.url(scheme="https")))


async def test_starting_removes_the_files_of_killed_processes_and_no_others(tmp_path: Path) -> None:
    killed, living, other = (tmp_path / name for name in ("resume-killed", "resume-living", "other"))
    for path in (killed, living, other):
        path.write_bytes(RESUME)
    two_hours_ago = time.time() - 7200
    os.utime(killed, (two_hours_ago, two_hours_ago))
    os.utime(other, (two_hours_ago, two_hours_ago))
    fetcher = ResumeFetcher(EgressPolicy(), folder=tmp_path, resolver=FakeResolver())
    await fetcher.start()
    await fetcher.stop()
    assert not killed.exists()
    assert living.exists()
    assert other.exists()


async def test_the_fetcher_is_ready_between_start_and_stop(tmp_path: Path) -> None:
    fetcher = ResumeFetcher(EgressPolicy(), folder=tmp_path, resolver=FakeResolver())
    service: Service = fetcher
    await service.stop()
    assert not service.ready()
    await service.start()
    assert service.ready()
    await service.stop()
    await service.stop()
    assert not service.ready()


async def test_a_lost_folder_is_passing() -> None:
    async with running_site(resume) as site, started_fetcher() as fetching:
        fetching.folder.rmdir()
        with pytest.raises(ResumeFailed) as failed:
            async with fetching.fetcher.fetch(site.url()):
                pytest.fail("there is nowhere to write")
    assert_passing(failed.value)


async def test_the_failure_tells_nothing_of_the_url() -> None:
    async with started_fetcher() as fetching:
        failure = await fetching.failure("https://jane-smith.example/resume-of-jane-smith.pdf")
    assert str(failure) == "RESUME_FETCH_FAILED"
    assert failure.__cause__ is None
    assert failure.__suppress_context__
