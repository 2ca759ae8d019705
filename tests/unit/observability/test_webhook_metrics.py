"""What the dispatcher of webhooks reports, as it is scraped."""

from __future__ import annotations

import pytest
from nova_server.observability.metrics import Metrics
from nova_server.observability.webhook_metrics import WebhookMetrics
from nova_server.ports.clock import Instant
from nova_server.ports.queue import QueueDepth, Swept
from nova_server.ports.webhooks import WebhookEvent
from nova_server.queue.sweeper import SweeperMetrics
from nova_server.queue.worker import WorkerMetrics
from nova_server.webhooks.delivery import DeliveryMetrics


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


def samples(metrics: Metrics) -> dict[str, float]:
    """Return every count and gauge of webhooks that is not zero."""
    return {
        sample.name: sample.value
        for family in metrics.registry.collect()
        for sample in family.samples
        if sample.name.startswith("nova_webhook") and not sample.name.endswith(("_created", "_bucket")) and sample.value
    }


def test_an_attempt_is_counted_by_event_and_outcome_and_timed(metrics: Metrics) -> None:
    reporting: DeliveryMetrics = WebhookMetrics(metrics)

    reporting.webhook_attempted(WebhookEvent.SCORE_COMPLETED, "delivered", 0.2)
    reporting.webhook_attempted(WebhookEvent.SCORE_COMPLETED, "timeout", 30)

    for outcome in ("delivered", "timeout"):
        labels = {"event": "score.completed", "outcome": outcome}
        assert metrics.registry.get_sample_value("nova_webhook_attempts_total", labels) == 1
    assert metrics.registry.get_sample_value("nova_webhook_attempt_seconds_sum") == pytest.approx(30.2)


def test_the_worker_of_deliveries_is_counted_apart_from_that_of_jobs(metrics: Metrics) -> None:
    reporting: WorkerMetrics = WebhookMetrics(metrics)

    reporting.job_finished("completed")
    reporting.job_retried()
    reporting.lease_lost()

    assert samples(metrics) == {
        "nova_webhooks_finished_total": 1,
        "nova_webhook_retries_total": 1,
        "nova_webhook_lease_losses_total": 1,
    }
    assert metrics.registry.get_sample_value("nova_lease_losses_total") == 0


def test_the_sweeper_of_deliveries_is_counted_apart_from_that_of_jobs(metrics: Metrics) -> None:
    reporting: SweeperMetrics = WebhookMetrics(metrics)

    reporting.leases_swept(Swept(requeued=2, failed=1))
    reporting.queue_measured(QueueDepth(pending=7, running=3, oldest_queued_at=Instant(1)), 12.5)

    assert samples(metrics) == {
        "nova_webhook_leases_swept_total": 3,
        "nova_webhook_queue_depth": 7,
        "nova_webhook_queue_running": 3,
        "nova_webhook_oldest_age_seconds": 12.5,
    }
    assert metrics.registry.get_sample_value("nova_queue_depth") == 0
