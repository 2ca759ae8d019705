"""A store on a real database, with the verbs that its tests are written in."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nova_server.identifiers import RandomIdentifiers
from nova_server.ports.clock import plus_seconds
from nova_server.ports.queue import Claim, Completion, Failed, Lease, Requeue, Succeeded, Sweep, Swept
from nova_server.ports.scorer import Assessment, ScoreResult
from nova_server.ports.scoring import AcceptedBatch, BatchSubmission, BatchWithJobs, JobSubmission, ScoringJob
from nova_server.ports.signals import Signals
from nova_server.ports.tenancy import TenantKey
from nova_server.ports.webhooks import EventBodies
from nova_server.storage.database import Database
from nova_server.storage.job_queue import SqlJobQueue
from nova_server.storage.key_store import SqlKeyStore
from nova_server.storage.options import StoreOptions
from nova_server.storage.schema import scoring_jobs
from nova_server.storage.scoring_store import SqlScoringStore
from nova_server.storage.webhook_outbox import Outbox
from nova_server.storage.webhook_queue import SqlWebhookQueue
from nova_server.storage.webhook_store import SqlWebhookStore
from sqlalchemy import Connection, Executable, Row, Table, func, select

from tests.support.bodies import PlainBodies
from tests.support.clock import FakeClock
from tests.support.signals import RecordedSignals
from tests.support.submissions import ACME

LEASE_SECONDS = 30
STUCK = Failed("TASK_STUCK", "Scoring the application stopped each time.")
ASSESSMENT = Assessment("A good fit.", ("Ten years of Python.",), ("No Go.",), ("Ask about Go.",))
SCORED = Succeeded(ScoreResult(7, ASSESSMENT, "local", "1"))
FAILED = Failed("RESUME_EMPTY", "The resume's document holds no text. It may be a scan.")


class RunStatements:
    """An operation that runs statements of a test."""

    def apply(self, connection: Connection, intents: Sequence[Executable]) -> Sequence[None]:
        for statement in intents:
            connection.execute(statement)
        return [None] * len(intents)


_RUN_STATEMENTS = RunStatements()


@dataclass(frozen=True, slots=True)
class StoreUnderTest:
    """Everything that lives on one database."""

    database: Database
    clock: FakeClock
    store: SqlScoringStore
    queue: SqlJobQueue
    keys: SqlKeyStore
    webhooks: SqlWebhookStore
    deliveries: SqlWebhookQueue

    async def submit(self, submission: BatchSubmission) -> AcceptedBatch:
        return await self.store.submit_batch(submission)

    async def submit_job(self, submission: JobSubmission) -> ScoringJob:
        return await self.store.submit_job(submission)

    async def submit_jobs(self, *submissions: JobSubmission) -> list[ScoringJob]:
        """Submit at once, so that all of them share one transaction."""
        return list(await asyncio.gather(*(self.submit_job(one) for one in submissions)))

    async def latest(self, application_id: str, tenant: TenantKey = ACME) -> ScoringJob:
        """Return the latest job of an application of job-1 that must have one."""
        found = await self.store.read_latest_job(tenant, "job-1", application_id)
        assert found is not None
        return found

    async def read(self, accepted: AcceptedBatch, tenant: TenantKey = ACME) -> BatchWithJobs:
        """Return a batch that must be there."""
        found = await self.store.read_batch(tenant, accepted.batch.job_id, accepted.batch.id)
        assert found is not None
        return found

    async def claim(self, limit: int = 100, *, group_limit: int = 1_000) -> list[Lease]:
        now = self.clock.now()
        return list(await self.queue.claim(Claim(limit, "worker", now, plus_seconds(now, LEASE_SECONDS), group_limit)))

    async def claim_one(self) -> Lease:
        (lease,) = await self.claim(1)
        return lease

    async def complete(self, lease: Lease) -> bool:
        return await self.queue.complete(Completion(lease.job_id, lease.attempt, SCORED))

    async def fail(self, lease: Lease) -> bool:
        return await self.queue.complete(Completion(lease.job_id, lease.attempt, FAILED))

    async def requeue(self, lease: Lease, *, seconds: float = 0, give_back_start: bool = False) -> bool:
        available_at = plus_seconds(self.clock.now(), seconds)
        return await self.queue.requeue(Requeue(lease.job_id, lease.attempt, available_at, give_back_start))

    async def sweep(self, *, max_starts: int = 5) -> Swept:
        now = self.clock.now()
        return await self.queue.sweep(Sweep(now, now, max_starts, STUCK))

    async def complete_everything(self) -> None:
        while leases := await self.claim(500):
            assert all(await asyncio.gather(*(self.complete(lease) for lease in leases)))

    async def execute(self, statement: Executable) -> None:
        """Write something that no port offers."""
        await self.database.writer.run(_RUN_STATEMENTS, statement)

    async def rows(self, statement: Executable) -> Sequence[Row[Any]]:
        return await self.database.read(lambda connection: connection.execute(statement).all())

    async def count(self, table: Table) -> int:
        statement = select(func.count()).select_from(table)
        return await self.database.read(lambda connection: connection.execute(statement).scalar_one())

    async def job_row(self, job_id: str) -> Row[Any]:
        statement = select(scoring_jobs).where(scoring_jobs.c.id == job_id)
        return await self.database.read(lambda connection: connection.execute(statement).one())


@asynccontextmanager
async def open_store(
    url: str,
    clock: FakeClock | None = None,
    signals: Signals | None = None,
    options: StoreOptions | None = None,
    bodies: EventBodies | None = None,
) -> AsyncIterator[StoreUnderTest]:
    """Yield a store that is started, and stop it afterwards."""
    database = Database(url, options)
    clock = clock or FakeClock()
    signals = signals or RecordedSignals()
    identifiers = RandomIdentifiers()
    outbox = Outbox(bodies or PlainBodies(), identifiers)
    await database.start()
    try:
        yield StoreUnderTest(
            database=database,
            clock=clock,
            store=SqlScoringStore(database, clock, identifiers, signals, outbox=outbox),
            queue=SqlJobQueue(database, clock, signals, outbox=outbox),
            keys=SqlKeyStore(database),
            webhooks=SqlWebhookStore(database, signals),
            deliveries=SqlWebhookQueue(database, clock),
        )
    finally:
        await database.stop()


def sqlite_url(folder: Path) -> str:
    """Return the URL of a SQLite file in a folder."""
    return f"sqlite+aiosqlite:///{folder / 'store.sqlite3'}"
