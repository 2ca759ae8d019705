"""A resume that hangs, explodes or kills its reader fails its own job, and nothing beside it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import grpc.aio
import psutil
from aiohttp import web
from nova.errors.v1.error_reason_pb2 import ErrorReason
from nova.scoring.v1 import scoring_batch_pb2, scoring_job_pb2

from tests.contract.service.conftest import Service
from tests.documents.hostile_docx import docx_bomb
from tests.documents.hostile_pdf import cut_inside_the_only_page, encrypted, form_that_draws_itself
from tests.support.held_site import RESUME
from tests.support.requests import COMPLETED, FAILED, get, text_batch, url_batch, watch
from tests.support.running_server import metadata_of, stub_of
from tests.support.server_log import PATIENCE_SECONDS
from tests.support.sites import Site, running_site

DOCUMENTS = {
    "/good": RESUME,
    "/exploding.pdf": form_that_draws_itself(3),  # fills all memory that its reader is given, which then aborts
    "/bomb.docx": docx_bomb(),
    "/truncated.pdf": cut_inside_the_only_page(),
    "/encrypted.pdf": encrypted("AES-256")(),
    "/nothing.txt": b" \n",
    "/picture.png": b"\x89PNG\r\n\x1a\n" + bytes(200),
}
FAILURES = {
    "/exploding.pdf": "RESUME_PARSE_FAILED",
    "/bomb.docx": "RESUME_TOO_LARGE",
    "/truncated.pdf": "RESUME_CORRUPTED",
    "/encrypted.pdf": "RESUME_ENCRYPTED",
    "/nothing.txt": "RESUME_EMPTY",
    "/picture.png": "RESUME_UNSUPPORTED_TYPE",
    "/gone": "RESUME_FETCH_FAILED",
}


async def serve_document(request: web.Request) -> web.Response:
    if request.path not in DOCUMENTS:
        raise web.HTTPNotFound
    return web.Response(body=DOCUMENTS[request.path])


@asynccontextmanager
async def documents() -> AsyncIterator[Site]:
    async with running_site(serve_document) as site:
        yield site


async def finished(
    channel: grpc.aio.Channel, service: Service, job_id: str, urls: list[str]
) -> tuple[scoring_batch_pb2.ScoringBatch, list[scoring_job_pb2.ScoringJob]]:
    """Submit the resumes at these URLs and return what became of them."""
    metadata, stub = metadata_of(service.sandbox), stub_of(channel)
    batch = (await stub.SubmitScoringBatch(url_batch(job_id, urls), metadata=metadata)).batch
    async for _ in stub.WatchScoringBatch(watch(job_id, batch.id), metadata=metadata):
        pass
    found = await stub.GetScoringBatch(get(job_id, batch.id), metadata=metadata)
    return found.batch, list(found.scoring_jobs)


def reason(job: scoring_job_pb2.ScoringJob) -> str:
    return ErrorReason.Name(job.error_code) if job.HasField("error_code") else "none"


async def test_hostile_resumes_fail_their_own_jobs_while_the_others_complete(
    service: Service, channel: grpc.aio.Channel
) -> None:
    paths = ["/good", *FAILURES, "/good"]
    async with documents() as site:
        batch, jobs = await finished(channel, service, "hostile", [site.url(path) for path in paths])
        assert {path: reason(job) for path, job in zip(paths, jobs, strict=True)} == {"/good": "none"} | FAILURES
        assert (batch.status, batch.completed_jobs, batch.failed_jobs) == (FAILED, 2, len(FAILURES))
        assert all(job.HasField("failed_at") and job.error_message for job in jobs[1:-1])
        await assert_works_on(channel, service, site, "after hostile")
    assert list((service.data / "documents").iterdir()) == []


async def test_a_reader_that_dies_fails_the_job_that_it_was_at(service: Service, channel: grpc.aio.Channel) -> None:
    async with documents() as site:
        working = asyncio.create_task(finished(channel, service, "crash", [site.url("/exploding.pdf")]))
        (await busy_reader(service, channel)).kill()
        _, (job,) = await working
        assert reason(job) == "RESUME_PARSE_FAILED"
        await assert_works_on(channel, service, site, "after crash")


async def test_a_reader_that_hangs_fails_the_job_that_it_was_at_when_its_time_is_over(
    service: Service, channel: grpc.aio.Channel
) -> None:
    async with documents() as site:
        urls = [site.url("/exploding.pdf"), *[site.url("/good")] * 4]
        working = asyncio.create_task(finished(channel, service, "hang", urls))
        reader = await busy_reader(service, channel)
        reader.suspend()
        batch, jobs = await working
        assert [reason(job) for job in jobs] == ["RESUME_PARSE_FAILED", *["none"] * 4]
        assert all(job.completed_at.ToNanoseconds() < jobs[0].failed_at.ToNanoseconds() for job in jobs[1:])
        assert batch.failed_jobs == 1
        await assert_works_on(channel, service, site, "after hang")
    assert not reader.is_running() or reader.status() == psutil.STATUS_ZOMBIE


async def assert_works_on(channel: grpc.aio.Channel, service: Service, site: Site, job_id: str) -> None:
    """Check that the worker and its children are there for the next batch."""
    batch, _ = await finished(channel, service, job_id, [site.url("/good")] * 3)
    assert batch.status == COMPLETED


async def test_idle_readers_that_die_are_replaced_before_anybody_notices(
    service: Service, channel: grpc.aio.Channel
) -> None:
    for reader in service.server.children():
        reader.kill()
    async with documents() as site:
        batch, jobs = await finished(channel, service, "idle", [site.url("/good")] * 8)
    assert (batch.status, [reason(job) for job in jobs]) == (COMPLETED, ["none"] * 8)


async def busy_reader(service: Service, channel: grpc.aio.Channel) -> psutil.Process:
    """Return the child that has a document open, once there is one. Asks the service, and looks after every answer."""
    folder = service.data / "documents"
    metadata = metadata_of(service.sandbox)
    batch = (await stub_of(channel).SubmitScoringBatch(text_batch("other", ["other"]), metadata=metadata)).batch
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            for child in service.server.children():
                if any(Path(file.path).parent == folder for file in open_files(child)):
                    return child
            await stub_of(channel).GetScoringBatch(get("other", batch.id), metadata=metadata)


def open_files(process: psutil.Process) -> list[psutil._ntuples.popenfile]:
    """Return the files that a process has open, of which there are none when it has just ended."""
    try:
        return process.open_files()
    except psutil.NoSuchProcess:
        return []
