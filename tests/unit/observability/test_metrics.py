"""The metrics by name, as Prometheus scrapes them, and the monitor of the event loop."""

from __future__ import annotations

from collections.abc import AsyncIterator

import aiohttp
import pytest
from nova_server.observability.loop_lag import INTERVAL_SECONDS, LoopLagMonitor
from nova_server.observability.metrics import Metrics
from nova_server.observability.metrics_server import MetricsServer

from tests.support.clock import FakeClock

NAMES = [
    "nova_submissions_total",
    "nova_submitted_applications_total",
    "nova_queue_depth",
    "nova_queue_oldest_age_seconds",
    'nova_jobs_finished_total{outcome="completed"}',
    "nova_job_retries_total",
    "nova_lease_losses_total",
    "nova_leases_swept_total",
    'nova_webhook_attempts_total{event="score.completed",outcome="delivered"}',
    "nova_webhook_attempt_seconds_count",
    "nova_webhook_queue_depth",
    "nova_webhook_oldest_age_seconds",
    "nova_webhooks_finished_total",
    "nova_webhook_retries_total",
    "nova_webhook_lease_losses_total",
    "nova_webhook_leases_swept_total",
    "nova_event_loop_lag_seconds_count",
    'nova_grpc_requests_total{code="OK",method="m"}',
    'nova_grpc_request_seconds_count{method="m"}',
    'nova_egress_denied_total{reason="private"}',
    "nova_commit_group_size_count",
    'nova_store_retries_total{reason="conflict"}',
    'nova_store_connections{state="free",use="write"}',
    "nova_clock_offset_seconds",
    'nova_role{role="api"}',
    "nova_queue_running",
    "nova_webhook_queue_running",
]


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


class Answer:
    """What is said when somebody asks whether the process is ready."""

    def __init__(self) -> None:
        self.ready = True
        self.fault: Exception | None = None

    async def __call__(self) -> bool:
        if self.fault is not None:
            raise self.fault
        return self.ready


@pytest.fixture
def readiness() -> Answer:
    return Answer()


@pytest.fixture
async def server(metrics: Metrics, readiness: Answer) -> AsyncIterator[MetricsServer]:
    serving = MetricsServer("127.0.0.1:0", metrics.registry, readiness)
    await serving.start()
    yield serving
    await serving.stop()


async def scrape(server: MetricsServer, path: str = "/metrics") -> tuple[int, str]:
    async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{server.port}{path}") as answer:
        return answer.status, await answer.text()


async def test_every_metric_is_scraped_under_its_name(metrics: Metrics, server: MetricsServer) -> None:
    metrics.jobs_finished.labels("completed").inc()
    metrics.webhook_attempts.labels("score.completed", "delivered").inc()
    metrics.grpc_requests.labels("m", "OK").inc()
    metrics.grpc_request_seconds.labels("m").observe(0.1)
    metrics.egress_denied.labels("private").inc()
    metrics.store_retries.labels("conflict").inc()
    metrics.store_connections.labels("write", "free").set(4)
    metrics.role.labels("api").set(1)

    status, text = await scrape(server)

    assert status == 200
    assert [name for name in NAMES if f"\n{name} " not in text] == []
    assert "process_resident_memory_bytes" in text


async def test_a_count_is_scraped_as_it_is_now(metrics: Metrics, server: MetricsServer) -> None:
    metrics.submissions.inc()
    metrics.submitted_applications.inc(25)

    _, text = await scrape(server)

    assert "nova_submissions_total 1.0" in text
    assert "nova_submitted_applications_total 25.0" in text


async def test_health_is_a_status_that_follows_readiness(server: MetricsServer, readiness: Answer) -> None:
    assert await scrape(server, "/healthz") == (200, "")

    readiness.ready = False
    assert await scrape(server, "/healthz") == (503, "")

    readiness.ready = True
    assert await scrape(server, "/healthz") == (200, "")


async def test_a_readiness_that_cannot_be_had_is_none(server: MetricsServer, readiness: Answer) -> None:
    readiness.fault = RuntimeError("no")

    assert await scrape(server, "/healthz") == (503, "")


async def test_nothing_else_is_served_beside_the_metrics(server: MetricsServer) -> None:
    status, _ = await scrape(server, "/")

    assert status == 404


async def test_a_stopped_metrics_server_no_longer_answers(server: MetricsServer) -> None:
    assert server.ready()

    await server.stop()
    await server.stop()

    assert not server.ready()
    with pytest.raises(aiohttp.ClientConnectionError):
        await scrape(server)


async def test_a_metrics_server_that_never_started_can_be_stopped(metrics: Metrics) -> None:
    never_started = MetricsServer("127.0.0.1:0", metrics.registry, Answer())

    await never_started.stop()

    assert not never_started.ready()


async def test_an_address_that_is_taken_fails_the_start(metrics: Metrics, server: MetricsServer) -> None:
    second = MetricsServer(f"127.0.0.1:{server.port}", metrics.registry, Answer())

    with pytest.raises(OSError, match="address already in use"):
        await second.start()
    await second.stop()


def test_two_processes_in_one_interpreter_keep_their_metrics_apart() -> None:
    first, second = Metrics(), Metrics()
    first.submissions.inc()

    assert first.registry.get_sample_value("nova_submissions_total") == 1
    assert second.registry.get_sample_value("nova_submissions_total") == 0


@pytest.mark.parametrize(("late_by", "measured"), [(0.0, 0.0), (0.75, 0.75)])
async def test_a_loop_that_wakes_late_is_noticed(metrics: Metrics, late_by: float, measured: float) -> None:
    clock = FakeClock()
    monitor = LoopLagMonitor(clock, metrics.event_loop_lag_seconds)
    await monitor.start()
    await clock.until_asleep()

    clock.advance(INTERVAL_SECONDS + late_by)
    await clock.until_asleep()

    assert metrics.registry.get_sample_value("nova_event_loop_lag_seconds_sum") == pytest.approx(measured)
    assert metrics.registry.get_sample_value("nova_event_loop_lag_seconds_count") == 1
    await monitor.stop()


async def test_the_loop_monitor_can_be_stopped_twice_and_before_it_starts(metrics: Metrics) -> None:
    clock = FakeClock()
    monitor = LoopLagMonitor(clock, metrics.event_loop_lag_seconds)
    await monitor.stop()
    await monitor.start()
    assert monitor.ready()

    await monitor.stop()
    await monitor.stop()

    assert not monitor.ready()
