"""The parts that score: the worker with what it needs, and the sweeper of its queue."""

from __future__ import annotations

from nova.errors.v1 import error_reason_pb2

from nova_server.egress.policy import EgressPolicy
from nova_server.foundation import Foundation
from nova_server.lanes.local_scoring import LocalScoring
from nova_server.lanes.queue_lane import QueueLane
from nova_server.observability.queue_metrics import QueueMetrics
from nova_server.queue.sweeper import Sweeper
from nova_server.queue.worker import Worker, WorkerOptions
from nova_server.resumes.fetch import ResumeFetcher
from nova_server.resumes.reader import FetchingResumeReader
from nova_server.scoring.score_job import ScoreJob, failed
from nova_server.settings import Role


def build_scoring_lane(
    base: Foundation, policy: EgressPolicy, local: LocalScoring, *, owner: str, sole_process: bool
) -> QueueLane:
    """Return what claims scoring jobs, works on them, and rescues those of dead processes.

    `owner` is who holds the leases. `sole_process` says that no other process works on the queue of this store.
    """
    roles, metrics = base.settings.roles, QueueMetrics(base.metrics)
    sweeper = _build_sweeper(base, metrics, sole_process=sole_process) if Role.SWEEPER in roles else None
    if Role.WORKER not in roles:
        return QueueLane(sweeper)
    fetcher = ResumeFetcher(policy, folder=base.settings.data_dir / "documents")
    resumes = FetchingResumeReader(fetcher, local.children)
    handler = ScoreJob(base.store, resumes, local.scorer, local.derived, base.clock)
    return QueueLane(sweeper, _build_worker(base, handler, metrics, owner), [fetcher])


def _build_sweeper(base: Foundation, metrics: QueueMetrics, *, sole_process: bool) -> Sweeper:
    return Sweeper(
        base.queue,
        base.clock,
        metrics,
        interval_seconds=base.settings.sweep_seconds,
        max_starts=base.settings.max_starts,
        stuck=failed(error_reason_pb2.TASK_STUCK),
        sole_process=sole_process,
    )


def _build_worker(base: Foundation, handler: ScoreJob, metrics: QueueMetrics, owner: str) -> Worker:
    settings = base.settings
    options = WorkerOptions(
        owner=owner,
        concurrency=settings.worker_concurrency,
        group_limit=settings.tenant_in_flight_limit,
        lease_seconds=settings.lease_seconds,
        heartbeat_seconds=settings.heartbeat_seconds,
        max_starts=settings.max_starts,
        grace_seconds=settings.shutdown_grace_seconds,
        exhausted=failed(error_reason_pb2.MAX_RETRIES_EXCEEDED),
    )
    return Worker(base.queue, handler, options, base.clock, base.signals.queue, metrics)
