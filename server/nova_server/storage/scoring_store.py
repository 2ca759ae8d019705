"""The scoring use cases' store."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from nova_server.ports.clock import Clock
from nova_server.ports.identifiers import Identifiers
from nova_server.ports.scoring import AcceptedBatch, BatchSubmission, BatchWithJobs, JobTexts
from nova_server.ports.signals import Signals
from nova_server.ports.tenancy import TenantKey
from nova_server.storage.criteria_versions import CriteriaVersions
from nova_server.storage.database import Database
from nova_server.storage.digests import tenant_key
from nova_server.storage.job_texts import read_job_texts
from nova_server.storage.scoring_batches import read_batch
from nova_server.storage.scoring_jobs import read_jobs_of_batch
from nova_server.storage.submissions import SubmitBatches
from nova_server.storage.webhook_outbox import Outbox


class SqlScoringStore:
    """Implements `ports.scoring.ScoringStore`."""

    def __init__(
        self, database: Database, clock: Clock, identifiers: Identifiers, signals: Signals, *, outbox: Outbox
    ) -> None:
        self._database = database
        self._signals = signals
        self._submit = SubmitBatches(clock, identifiers, CriteriaVersions(identifiers), outbox)

    async def submit_batch(self, submission: BatchSubmission) -> AcceptedBatch:
        accepted, deliveries = await self._database.writer.run(self._submit, submission)
        self._signals.queue_grew()
        if deliveries:
            self._signals.deliveries_grew()
        return accepted

    async def read_batch(self, tenant: TenantKey, job_id: str, batch_id: str) -> BatchWithJobs | None:
        def read(connection: Connection) -> BatchWithJobs | None:
            batch = read_batch(connection, tenant_key(tenant), job_id, batch_id)
            return None if batch is None else BatchWithJobs(batch, read_jobs_of_batch(connection, batch_id))

        return await self._database.read(read)

    async def read_job_texts(self, job_ids: Sequence[str]) -> dict[str, JobTexts]:
        return await self._database.read(lambda connection: read_job_texts(connection, job_ids))
