"""What an operator sees of a running service."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import grpc.aio
import pytest
from aiohttp import web

from tests.contract.service.conftest import Service
from tests.support.api import refusal
from tests.support.held_site import LOOPBACK, held_site
from tests.support.requests import get, text_batch, url_batch, watch
from tests.support.running_server import forked, make_key, metadata_of, stub_of
from tests.support.scraping import scraped, scraped_until
from tests.support.sites import running_site

SCORING = "/nova.scoring.v1.ScoringService"
TENANT_LIMIT = 4


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[Service]:
    """A service of the test's own, so that what it counts is what the test did."""
    _, secret = await make_key(tmp_path)
    settings = {"allow_networks": LOOPBACK, "sweep_seconds": 0.1, "tenant_in_flight_limit": TENANT_LIMIT}
    with forked(tmp_path, **settings) as server:
        await asyncio.to_thread(server.log.wait_for, "serving")
        yield Service(server, tmp_path, secret, production="", other_partner="")


async def serve_nothing(_request: web.Request) -> web.Response:
    return web.Response(body=b" \n")


async def test_metrics_count_what_came_in_and_how_it_ended(service: Service, channel: grpc.aio.Channel) -> None:
    metadata = metadata_of(service.sandbox)
    await stub_of(channel).SubmitScoringBatch(text_batch("job-1", ["anna", "ben"]), metadata=metadata)
    await refusal(stub_of(channel).GetScoringBatch(get("job-1", "unknown"), metadata=metadata))
    metrics = await scraped_until(
        service.server.metrics_url, lambda now: now.get("nova_jobs_finished_total[completed]") == 2
    )
    assert metrics["nova_submissions_total"] == 1
    assert metrics["nova_submitted_applications_total"] == 2
    assert metrics[f"nova_grpc_requests_total[OK][{SCORING}/SubmitScoringBatch]"] == 1
    assert metrics[f"nova_grpc_requests_total[NOT_FOUND][{SCORING}/GetScoringBatch]"] == 1
    assert metrics[f"nova_grpc_request_seconds_count[{SCORING}/SubmitScoringBatch]"] == 1
    assert metrics["nova_commit_group_size_count"] >= 2
    assert metrics["nova_lease_losses_total"] == 0


async def test_metrics_tell_how_deep_the_queue_is_and_for_how_long(service: Service, channel: grpc.aio.Channel) -> None:
    metadata = metadata_of(service.sandbox)
    async with held_site() as site:
        urls = [f"{site.url}/{number}" for number in range(TENANT_LIMIT + 3)]
        batch = (await stub_of(channel).SubmitScoringBatch(url_batch("job-1", urls), metadata=metadata)).batch
        metrics = await scraped_until(service.server.metrics_url, lambda now: now["nova_queue_depth"] == 3)
        assert metrics["nova_queue_oldest_age_seconds"] > 0
        assert metrics["nova_queue_running"] == TENANT_LIMIT
        site.answer()
        async for _ in stub_of(channel).WatchScoringBatch(watch("job-1", batch.id), metadata=metadata):
            pass
        metrics = await scraped_until(service.server.metrics_url, lambda now: now["nova_queue_depth"] == 0)
        assert metrics["nova_queue_oldest_age_seconds"] == 0


async def test_a_job_that_failed_is_counted_by_the_name_of_its_error(
    service: Service, channel: grpc.aio.Channel
) -> None:
    async with running_site(serve_nothing) as site:
        batch = url_batch("job-1", [site.url()])
        await stub_of(channel).SubmitScoringBatch(batch, metadata=metadata_of(service.sandbox))
        failed = "nova_jobs_finished_total[RESUME_EMPTY]"
        assert (await scraped_until(service.server.metrics_url, lambda now: failed in now))[failed] == 1


async def test_a_submission_that_was_refused_is_not_counted_as_one(service: Service, channel: grpc.aio.Channel) -> None:
    await refusal(stub_of(channel).SubmitScoringBatch(text_batch("", ["anna"]), metadata=metadata_of(service.sandbox)))
    assert (await scraped(service.server.metrics_url))["nova_submissions_total"] == 0
