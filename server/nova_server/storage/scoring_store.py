"""The scoring use cases' store."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from nova_server.errors import NovaError
from nova_server.ports.clock import Clock
from nova_server.ports.identifiers import Identifiers
from nova_server.ports.scoring import (
    AcceptedBatch,
    BatchSubmission,
    BatchWithJobs,
    JobSubmission,
    JobTexts,
    ScoringJob,
)
from nova_server.ports.signals import Signals
from nova_server.ports.tenancy import TenantKey
from nova_server.storage.criteria_versions import CriteriaVersions
from nova_server.storage.database import Database
from nova_server.storage.digests import tenant_key
from nova_server.storage.job_texts import read_job_texts
from nova_server.storage.scoring_batches import read_batch
from nova_server.storage.scoring_jobs import ApplicationKey, read_job, read_jobs_of_batch, read_latest_job
from nova_server.storage.single_submissions import SubmitJobs
from nova_server.storage.submissions import SubmitBatches
from nova_server.storage.webhook_outbox import Outbox


class SqlScoringStore:
    """Implements `ports.scoring.ScoringStore`."""

    def __init__(
        self, database: Database, clock: Clock, identifiers: Identifiers, signals: Signals, *, outbox: Outbox
    ) -> None:
        self._database = database
        self._signals = signals
        versions = CriteriaVersions()
        self._submit_batch = SubmitBatches(clock, identifiers, versions, outbox)
        self._submit_job = SubmitJobs(clock, identifiers, versions)

    async def submit_batch(self, submission: BatchSubmission) -> AcceptedBatch:
        outcome = await self._database.writer.run(self._submit_batch, submission)
        if isinstance(outcome, NovaError):
            raise outcome
        if outcome.jobs_made:
            self._signals.queue_grew()
        if outcome.deliveries:
            self._signals.deliveries_grew()
        return outcome.accepted

    async def submit_job(self, submission: JobSubmission) -> ScoringJob:
        outcome = await self._database.writer.run(self._submit_job, submission)
        if isinstance(outcome, NovaError):
            raise outcome
        if outcome.made:
            self._signals.queue_grew()
        return outcome.job

    async def read_job(
        self, tenant: TenantKey, job_id: str, application_id: str, scoring_job_id: str
    ) -> ScoringJob | None:
        application = ApplicationKey(tenant_key(tenant), job_id, application_id)
        return await self._database.read(lambda connection: read_job(connection, application, scoring_job_id))

    async def read_latest_job(self, tenant: TenantKey, job_id: str, application_id: str) -> ScoringJob | None:
        application = ApplicationKey(tenant_key(tenant), job_id, application_id)
        return await self._database.read(lambda connection: read_latest_job(connection, application))

    async def read_batch(self, tenant: TenantKey, job_id: str, batch_id: str) -> BatchWithJobs | None:
        def read(connection: Connection) -> BatchWithJobs | None:
            batch = read_batch(connection, tenant_key(tenant), job_id, batch_id)
            return None if batch is None else BatchWithJobs(batch, read_jobs_of_batch(connection, batch_id))

        return await self._database.read(read)

    async def read_job_texts(self, job_ids: Sequence[str]) -> dict[str, JobTexts]:
        return await self._database.read(lambda connection: read_job_texts(connection, job_ids))
