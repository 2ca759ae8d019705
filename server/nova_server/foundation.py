"""The store and what it needs: all that commands beside `nova serve` are made of."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from nova_server.clock import SystemClock
from nova_server.identifiers import RandomIdentifiers
from nova_server.observability.metrics import Metrics
from nova_server.ports.clock import Clock
from nova_server.settings import Settings
from nova_server.signals import ProcessSignals
from nova_server.storage.criteria_store import SqlCriteriaStore
from nova_server.storage.database import Database
from nova_server.storage.job_queue import SqlJobQueue
from nova_server.storage.key_store import SqlKeyStore
from nova_server.storage.scoring_store import SqlScoringStore
from nova_server.storage.webhook_outbox import Outbox
from nova_server.storage.webhook_queue import SqlWebhookQueue
from nova_server.storage.webhook_store import SqlWebhookStore
from nova_server.tenancy.keys import KeyAdministration
from nova_server.webhooks.bodies import JsonEventBodies
from nova_server.webhooks.use_cases import Webhooks


@dataclass(frozen=True, slots=True)
class Foundation:
    """What every part stands on."""

    settings: Settings
    clock: Clock
    signals: ProcessSignals
    metrics: Metrics
    database: Database
    queue: SqlJobQueue
    store: SqlScoringStore
    criteria: SqlCriteriaStore
    deliveries: SqlWebhookQueue


def build_foundation(settings: Settings) -> Foundation:
    """Return the store with what it needs, not started."""
    clock, signals, metrics = SystemClock(), ProcessSignals(), Metrics()
    database = Database(settings.store_url, settings.store_busy_timeout_seconds, metrics.commit_group_size.observe)
    identifiers = RandomIdentifiers()
    outbox = Outbox(JsonEventBodies(), identifiers)
    return Foundation(
        settings=settings,
        clock=clock,
        signals=signals,
        metrics=metrics,
        database=database,
        queue=SqlJobQueue(database, clock, signals, outbox=outbox),
        store=SqlScoringStore(database, clock, identifiers, signals, outbox=outbox),
        criteria=SqlCriteriaStore(database, identifiers),
        deliveries=SqlWebhookQueue(database, clock),
    )


def build_webhooks(base: Foundation) -> Webhooks:
    """Return the use cases of webhooks."""
    store = SqlWebhookStore(base.database, base.signals)
    return Webhooks(store, JsonEventBodies(), base.clock, RandomIdentifiers())


def migrate(settings: Settings) -> None:
    """Bring the schema of the store up to date. Raises StoreUnavailable."""

    async def run() -> None:
        database = build_foundation(settings).database
        try:
            await database.migrate()
        finally:
            await database.stop()

    asyncio.run(run())


@asynccontextmanager
async def open_key_administration(settings: Settings) -> AsyncIterator[KeyAdministration]:
    """Yield the administration of the API keys in the store of `settings`. Raises StoreUnavailable."""
    base = build_foundation(settings)
    await base.database.start()
    try:
        yield KeyAdministration(SqlKeyStore(base.database), base.clock, RandomIdentifiers())
    finally:
        await base.database.stop()


@asynccontextmanager
async def open_webhooks(settings: Settings) -> AsyncIterator[Webhooks]:
    """Yield what can be done with webhooks in the store of `settings`. Raises StoreUnavailable."""
    base = build_foundation(settings)
    await base.database.start()
    try:
        yield build_webhooks(base)
    finally:
        await base.database.stop()
