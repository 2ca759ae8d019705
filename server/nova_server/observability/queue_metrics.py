"""What the worker and the sweeper report, as metrics."""

from __future__ import annotations

from nova_server.observability.metrics import Metrics
from nova_server.ports.queue import QueueDepth, Swept


class QueueMetrics:
    """Counts the queue's events in the metrics of the process."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    def job_finished(self, outcome: str) -> None:
        """Count an ended job. `outcome` is `completed` or the name of an error: a closed set."""
        self._metrics.jobs_finished.labels(outcome).inc()

    def job_retried(self) -> None:
        self._metrics.job_retries.inc()

    def lease_lost(self) -> None:
        self._metrics.lease_losses.inc()

    def leases_swept(self, swept: Swept) -> None:
        self._metrics.leases_swept.inc(swept.requeued + swept.failed)

    def queue_measured(self, depth: QueueDepth, oldest_age_seconds: float) -> None:
        self._metrics.queue_depth.set(depth.pending)
        self._metrics.queue_running.set(depth.running)
        self._metrics.queue_oldest_age_seconds.set(oldest_age_seconds)
