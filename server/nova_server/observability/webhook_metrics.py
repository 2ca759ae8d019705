"""What the dispatcher of webhooks reports, as metrics."""

from __future__ import annotations

from functools import cache

from nova_server.observability.metrics import Metrics
from nova_server.ports.queue import QueueDepth, Swept
from nova_server.ports.webhooks import WebhookEvent


class WebhookMetrics:
    """Counts what the worker, the sweeper and the handler of deliveries report in the metrics of the process."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        # Finding the child of a metric takes a lock and a search each time. There are as many as events and outcomes.
        self._attempts = cache(metrics.webhook_attempts.labels)

    def webhook_attempted(self, event: WebhookEvent, outcome: str, seconds: float) -> None:
        """Count an attempt. `outcome` is `delivered` or a FailureReason: a closed set."""
        self._attempts(event.value, outcome).inc()
        self._metrics.webhook_attempt_seconds.observe(seconds)

    def job_finished(self, _outcome: str) -> None:
        """Count an ended delivery. Its last attempt tells how it ended; to the worker every one is `completed`."""
        self._metrics.webhooks_finished.inc()

    def job_retried(self) -> None:
        self._metrics.webhook_retries.inc()

    def lease_lost(self) -> None:
        self._metrics.webhook_lease_losses.inc()

    def leases_swept(self, swept: Swept) -> None:
        self._metrics.webhook_leases_swept.inc(swept.requeued + swept.failed)

    def queue_measured(self, depth: QueueDepth, oldest_age_seconds: float) -> None:
        self._metrics.webhook_queue_depth.set(depth.pending)
        self._metrics.webhook_queue_running.set(depth.running)
        self._metrics.webhook_oldest_age_seconds.set(oldest_age_seconds)
