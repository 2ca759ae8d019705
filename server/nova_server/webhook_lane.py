"""The parts that deliver webhooks: a lane of their own, so that no receiver holds up the scoring."""

from __future__ import annotations

from nova.errors.v1 import error_reason_pb2

from nova_server.egress.policy import EgressPolicy
from nova_server.foundation import Foundation
from nova_server.observability.webhook_metrics import WebhookMetrics
from nova_server.ports.lifecycle import Service
from nova_server.ports.queue import Failed
from nova_server.queue.sweeper import Sweeper
from nova_server.queue.worker import Worker, WorkerOptions
from nova_server.webhooks.delivery import DeliverWebhook
from nova_server.webhooks.sender import WebhookSender

# A process that dies is no attempt: the receiver may have heard nothing, and the event must not be lost.
_UNLIMITED_STARTS = 2**31 - 1
_NEVER = Failed(error_reason_pb2.ErrorReason.Name(error_reason_pb2.INTERNAL_ERROR), "A webhook ends with its attempts.")


class WebhookLane:
    """Claims what waits for delivery, sends it, and writes how that went.

    `sole_process` says that no other process delivers from this store.
    """

    def __init__(self, base: Foundation, policy: EgressPolicy, *, owner: str, sole_process: bool) -> None:
        settings, metrics = base.settings, WebhookMetrics(base.metrics)
        self.sender = WebhookSender(policy, connection_limit=settings.webhook_concurrency)
        options = WorkerOptions(
            owner=owner,
            concurrency=settings.webhook_concurrency,
            group_limit=settings.webhook_endpoint_in_flight_limit,
            lease_seconds=settings.lease_seconds,
            heartbeat_seconds=settings.heartbeat_seconds,
            max_starts=_UNLIMITED_STARTS,
            grace_seconds=settings.shutdown_grace_seconds,
            exhausted=_NEVER,
        )
        self.dispatcher = Worker(
            base.deliveries,
            DeliverWebhook(self.sender, base.clock, metrics),
            options,
            base.clock,
            base.signals.deliveries,
            metrics,
            name="dispatcher",
        )
        self.sweeper = Sweeper(
            base.deliveries,
            base.clock,
            metrics,
            interval_seconds=settings.sweep_seconds,
            max_starts=_UNLIMITED_STARTS,
            stuck=_NEVER,
            sole_process=sole_process,
            name="webhook sweeper",
        )

    @property
    def parts(self) -> tuple[Service, Service]:
        """The parts that run beside the worker, the sweeper first: it must look before anything is claimed."""
        return (self.sweeper, self.dispatcher)
