"""The parts that deliver webhooks: a lane of their own, so that no receiver holds up the scoring."""

from __future__ import annotations

from nova.errors.v1 import error_reason_pb2

from nova_server.egress.policy import EgressPolicy
from nova_server.foundation import Foundation
from nova_server.lanes.queue_lane import QueueLane
from nova_server.observability.webhook_metrics import WebhookMetrics
from nova_server.ports.queue import Failed
from nova_server.queue.sweeper import Sweeper
from nova_server.queue.worker import Worker, WorkerOptions
from nova_server.settings import Role
from nova_server.webhooks.delivery import DeliverWebhook
from nova_server.webhooks.sender import WebhookSender

# A process that dies is no attempt: the receiver may have heard nothing, and the event must not be lost.
_UNLIMITED_STARTS = 2**31 - 1
_NEVER = Failed(error_reason_pb2.ErrorReason.Name(error_reason_pb2.INTERNAL_ERROR), "A webhook ends with its attempts.")


def build_webhook_lane(base: Foundation, policy: EgressPolicy, *, owner: str, sole_process: bool) -> QueueLane:
    """Return what claims deliveries, sends them and writes how that went, and rescues those of dead processes.

    `owner` is who holds the leases. `sole_process` says that no other process delivers from this store.
    """
    roles, metrics = base.settings.roles, WebhookMetrics(base.metrics)
    sweeper = _build_sweeper(base, metrics, sole_process=sole_process) if Role.SWEEPER in roles else None
    if Role.DISPATCHER not in roles:
        return QueueLane(sweeper)
    sender = WebhookSender(policy, connection_limit=base.settings.webhook_concurrency)
    return QueueLane(sweeper, _build_dispatcher(base, sender, metrics, owner), [sender])


def _build_sweeper(base: Foundation, metrics: WebhookMetrics, *, sole_process: bool) -> Sweeper:
    return Sweeper(
        base.deliveries,
        base.clock,
        metrics,
        interval_seconds=base.settings.sweep_seconds,
        max_starts=_UNLIMITED_STARTS,
        stuck=_NEVER,
        sole_process=sole_process,
        name="webhook sweeper",
    )


def _build_dispatcher(base: Foundation, sender: WebhookSender, metrics: WebhookMetrics, owner: str) -> Worker:
    settings = base.settings
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
    handler = DeliverWebhook(sender, base.clock, metrics)
    signal = base.signals.deliveries
    return Worker(base.deliveries, handler, options, base.clock, signal, metrics, name="dispatcher")
