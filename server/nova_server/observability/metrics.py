"""Every metric of the service, in one place, so that names and labels stay few and bounded.

A label's values come from the code (a method, a status, a reason), never from a caller: an unbounded label is a leak of
memory, and a caller's text in one is a leak of data.
"""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector

# Seconds. From a cached answer up to the default deadline of a call.
LATENCY_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
# Seconds. An idle loop wakes within a millisecond; a tenth of a second is felt by every caller.
LAG_BUCKETS = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5)
# Intents that shared one commit.
GROUP_BUCKETS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)


class Metrics:
    """The metrics of one process, in a registry of their own. Each attribute is the metric `nova_<attribute>`.

    Counters are exposed with the suffix `_total`.
    """

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self._count_intake()
        self._count_store()
        self._count_queue()
        self._count_webhooks()
        self._count_calls()
        self._count_process()

    def _count_intake(self) -> None:
        self.submissions = self._counter(
            "submissions", "Batches and single applications accepted, repeated ones included."
        )
        self.submitted_applications = self._counter("submitted_applications", "Applications in those.")

    def _count_store(self) -> None:
        self.commit_group_size = Histogram(
            "nova_commit_group_size", "Intents in one commit.", buckets=GROUP_BUCKETS, registry=self.registry
        )
        self.store_retries = self._counter("store_retries", "Transactions run again, by reason.", "reason")
        self.store_connections = self._gauge(
            "store_connections", "Connections to PostgreSQL, by what they are for, busy or free.", "use", "state"
        )
        self.clock_offset_seconds = self._gauge(
            "clock_offset_seconds", "How far the clock of PostgreSQL is ahead of this machine's."
        )

    def _count_queue(self) -> None:
        self.queue_depth = self._gauge("queue_depth", "Scoring jobs that wait to be claimed.")
        self.queue_running = self._gauge("queue_running", "Scoring jobs that are worked on, by all processes.")
        self.queue_oldest_age_seconds = self._gauge("queue_oldest_age_seconds", "Age of the longest waiting job.")
        self.jobs_finished = self._counter("jobs_finished", "Scoring jobs that ended, by outcome.", "outcome")
        self.job_retries = self._counter("job_retries", "Scoring jobs put back after a passing fault.")
        self.lease_losses = self._counter("lease_losses", "Results refused because the lease had gone to another.")
        self.leases_swept = self._counter("leases_swept", "Jobs put back because their lease had ended.")

    def _count_webhooks(self) -> None:
        self.webhook_attempts = self._counter("webhook_attempts", "Attempts, by outcome.", "event", "outcome")
        self.webhook_attempt_seconds = Histogram(
            "nova_webhook_attempt_seconds",
            "Time from the start of an attempt to its answer or failure.",
            buckets=LATENCY_BUCKETS,
            registry=self.registry,
        )
        self.webhook_queue_depth = self._gauge("webhook_queue_depth", "Deliveries that wait to be claimed.")
        self.webhook_queue_running = self._gauge("webhook_queue_running", "Deliveries on their way, by all processes.")
        self.webhook_oldest_age_seconds = self._gauge("webhook_oldest_age_seconds", "Age of the longest waiting one.")
        self.webhooks_finished = self._counter("webhooks_finished", "Deliveries that ended, delivered or failed.")
        self.webhook_retries = self._counter("webhook_retries", "Deliveries put back after a failed attempt.")
        self.webhook_lease_losses = self._counter(
            "webhook_lease_losses", "Attempts of which the end was refused because the lease had gone to another."
        )
        self.webhook_leases_swept = self._counter(
            "webhook_leases_swept", "Deliveries put back because their lease had ended."
        )

    def _count_calls(self) -> None:
        self.grpc_requests = self._counter("grpc_requests", "Calls that ended, by method and status.", "method", "code")
        self.grpc_request_seconds = Histogram(
            "nova_grpc_request_seconds",
            "Time from a call's start to its end.",
            ("method",),
            buckets=LATENCY_BUCKETS,
            registry=self.registry,
        )
        self.egress_denied = self._counter("egress_denied", "Connections refused by the egress policy.", "reason")

    def _count_process(self) -> None:
        self.role = self._gauge("role", "1 for each role that the process has.", "role")
        self.event_loop_lag_seconds = Histogram(
            "nova_event_loop_lag_seconds",
            "How much later than asked the event loop woke.",
            buckets=LAG_BUCKETS,
            registry=self.registry,
        )

    def _counter(self, name: str, documentation: str, *labels: str) -> Counter:
        return Counter(f"nova_{name}", documentation, labels, registry=self.registry)

    def _gauge(self, name: str, documentation: str, *labels: str) -> Gauge:
        return Gauge(f"nova_{name}", documentation, labels, registry=self.registry)
