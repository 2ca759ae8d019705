"""Not one word that a caller sent is in the log or in the metrics, whatever became of the call."""

from __future__ import annotations

import asyncio
import re
import sqlite3
from collections.abc import Awaitable
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import aiohttp
import grpc.aio
from aiohttp import web
from nova.criteria.v1.criteria_service_pb2 import AddCriterionRequest, RemoveCriterionRequest, SetCriteriaRequest
from nova.criteria.v1.criteria_service_pb2_grpc import CriteriaServiceStub
from nova.criteria.v1.criterion_pb2 import MUST_HAVE
from nova.scoring.v1.scoring_job_pb2 import Rescore, ScoringJob
from nova.scoring.v1.scoring_service_pb2 import SubmitScoringBatchRequest

from tests.support.api import Refusal, refusal
from tests.support.held_site import LOOPBACK
from tests.support.requests import get, get_job, latest_score, text_batch, text_job, url_batch, watch
from tests.support.running_server import Metadata, RunningServer, forked, make_key, metadata_of, stub_of
from tests.support.server_log import PATIENCE_SECONDS
from tests.support.sites import running_site

if TYPE_CHECKING:  # the stub of an asyncio channel has a type of its own, and no class
    from nova.criteria.v1.criteria_service_pb2_grpc import CriteriaServiceAsyncStub

# A word of every text that the caller sends, followed by a word for which text it was.
MARK = "quuxmark"
EVENT_NAME = re.compile(r"[a-z]+(_[a-z]+)*")
TRACE_ID = re.compile(r"[0-9a-f]{32}")


def marked_batch() -> SubmitScoringBatchRequest:
    """Return a valid batch with the mark in every text."""
    request = text_batch(f"{MARK}-job", [f"{MARK}-application"])
    request.job_description = f"An engineer. Must have: {MARK}-requirement."
    request.job_title, request.company_name = f"{MARK}-title", f"{MARK}-company"
    request.role_knowledge = f"{MARK}-knowledge matters most."
    application = request.applications[0]
    application.resume.content = f"Ten years of {MARK}-resume, Python and PostgreSQL, in teams of all sizes."
    application.application_data.context = f"{MARK}-context"
    application.application_data.application_answers.add(question=f"{MARK}-question", answer=f"{MARK}-answer")
    return request


def invalid_batch() -> SubmitScoringBatchRequest:
    """Return a batch with faults that an error could quote."""
    request = marked_batch()
    request.applications.add().CopyFrom(request.applications[0])
    request.applications[0].resume.url = f"http://user:{MARK}-password@{MARK}-host.example/{MARK}-path"
    return request


async def serve_marked(request: web.Request) -> web.Response:
    """Answer with a document that holds the mark: a sound one, or one that no parser can read."""
    start = "%PDF-1.7 " if request.path.startswith("/broken") else ""
    return web.Response(body=f"{start}{MARK}-document has worked with Python for ten years.".encode())


async def to_the_end(channel: grpc.aio.Channel, request: SubmitScoringBatchRequest, metadata: Metadata) -> str:
    stub = stub_of(channel)
    batch = (await stub.SubmitScoringBatch(request, metadata=metadata)).batch
    async for _ in stub.WatchScoringBatch(watch(batch.job_id, batch.id), metadata=metadata):
        pass
    return batch.id


async def succeed(channel: grpc.aio.Channel, metadata: Metadata) -> None:
    """Let texts and documents be scored, and documents fail."""
    batch_id = await to_the_end(channel, marked_batch(), metadata)
    await stub_of(channel).GetScoringBatch(get(f"{MARK}-job", batch_id), metadata=metadata)
    async with running_site(serve_marked) as site:
        urls = [site.url(f"/{MARK}"), site.url(f"/broken?{MARK}"), f"https://127.0.0.1:{site.port}/{MARK}"]
        await to_the_end(channel, url_batch(f"{MARK}-urls", urls), metadata)


async def change_and_rescore(channel: grpc.aio.Channel, metadata: Metadata) -> list[Refusal]:
    """Set criteria with a key, score an application against them again, and be refused both."""
    criteria: CriteriaServiceAsyncStub = CriteriaServiceStub(channel)
    keyed = (*metadata, ("idempotency-key", f"{MARK}-key"))
    wish = SetCriteriaRequest(job_id=f"{MARK}-job")
    wish.criteria.add(text=f"{MARK}-criterion", importance=MUST_HAVE)
    await criteria.SetCriteria(wish, metadata=keyed)
    job = text_job(f"{MARK}-job", f"{MARK}-application", rescore=Rescore(enabled=True))
    made = (await stub_of(channel).SubmitScoringJob(job, metadata=metadata)).scoring_job
    read = get_job(job.job_id, job.application_id, made.id)
    async with asyncio.timeout(PATIENCE_SECONDS):
        while (await stub_of(channel).GetScoringJob(read, metadata=metadata)).scoring_job.status == ScoringJob.PENDING:
            pass
    job.rescore.criteria_version_id = f"{MARK}-version"
    past = (*metadata, ("x-expected-criteria-revision", f"{MARK}-revision"))
    other = AddCriterionRequest(job_id=f"{MARK}-job", text=f"{MARK}-other", importance=MUST_HAVE)
    calls: tuple[Awaitable[object], ...] = (
        stub_of(channel).SubmitScoringJob(job, metadata=metadata),
        stub_of(channel).GetLatestScore(latest_score(f"{MARK}-job", f"{MARK}-nobody"), metadata=metadata),
        criteria.AddCriterion(other, metadata=keyed),
        criteria.SetCriteria(wish, metadata=past),
        criteria.SetCriteria(wish, metadata=(*metadata, ("idempotency-key", MARK * 100))),
        criteria.RemoveCriterion(
            RemoveCriterionRequest(job_id=f"{MARK}-job", criterion_id=f"{MARK}-criterion"), metadata=metadata
        ),
    )
    return [await refusal(call) for call in calls]


async def fail(channel: grpc.aio.Channel, metadata: Metadata) -> list[Refusal]:
    """Make every kind of call that is refused."""
    stub, question = stub_of(channel), get(f"{MARK}-job", f"{MARK}-batch")
    unknown_key = metadata_of(f"sk_test_{MARK}")
    bad_tenant = (metadata[0], ("x-tenant-id", f"{MARK}" * 100))
    calls: tuple[Awaitable[object], ...] = (
        stub.SubmitScoringBatch(invalid_batch(), metadata=metadata),
        stub.GetScoringBatch(question, metadata=metadata),
        stub.GetScoringBatch(question, metadata=unknown_key),
        stub.GetScoringBatch(question, metadata=bad_tenant),
        stub.GetScoringBatch(question, metadata=(*metadata, ("x-request-id", MARK))),
        raw(channel, MARK, b"", metadata),
        raw(channel, "SubmitScoringBatch", b"\x0a\xff" + MARK.encode(), metadata),
    )
    return [await refusal(call) for call in calls]


def raw(channel: grpc.aio.Channel, method: str, body: bytes, metadata: Metadata) -> Awaitable[bytes]:
    """Call any method with any bytes."""
    call: Any = channel.unary_unary(f"/nova.scoring.v1.ScoringService/{method}")
    return cast(Awaitable[bytes], call(body, metadata=metadata))


async def fail_to_store(channel: grpc.aio.Channel, metadata: Metadata, file: Path) -> Refusal:
    """Submit to a store that is locked, whose driver likes to quote what it could not store."""
    request = text_batch(f"{MARK}-locked", [f"{MARK}-late"])
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        refused = await refusal(stub_of(channel).SubmitScoringBatch(request, metadata=metadata))
        other.execute("ROLLBACK")
    return refused


async def metrics_text(server: RunningServer) -> str:
    async with aiohttp.ClientSession() as session, session.get(server.metrics_url) as response:
        return await response.text()


async def test_neither_log_nor_metrics_hold_a_word_of_a_caller(tmp_path: Path) -> None:
    _, secret = await make_key(tmp_path)
    metadata = metadata_of(secret, f"{MARK}-tenant")
    settings = {"allow_networks": LOOPBACK, "store_busy_timeout_seconds": 0.1, "log_level": "debug"}
    with forked(tmp_path, **settings) as server:
        async with grpc.aio.insecure_channel(server.address) as channel:
            await succeed(channel, metadata)
            refused = [*await change_and_rescore(channel, metadata), *await fail(channel, metadata)]
            unavailable = await fail_to_store(channel, metadata, tmp_path / "nova.sqlite3")
            metrics = await metrics_text(server)
        assert await asyncio.to_thread(server.stop) == 0
    log = "".join(server.log.text)
    for text in (log, metrics, *(one.message for one in refused)):
        assert MARK not in text.lower()
        assert secret not in text
    assert "nova_submissions_total 3.0" in metrics
    assert_readable(server, {one.trace_id for one in (*refused, unavailable)})


def assert_readable(server: RunningServer, trace_ids: set[str | None]) -> None:
    """Check that every line is an object with an event's name, a level and a time, and that each refusal is found."""
    lines = server.log.lines()
    for line in lines:
        assert EVENT_NAME.fullmatch(line["event"]), line
        assert line["level"] in {"debug", "info", "warning", "error"}
        assert datetime.fromisoformat(line["timestamp"]).utcoffset() is not None
        assert TRACE_ID.fullmatch(line.get("trace_id", "0" * 32))
    assert trace_ids <= {line.get("trace_id") for line in lines}
    assert {"serving", "stopping", "stopped", "call_refused", "call_unavailable"} <= {line["event"] for line in lines}
