"""The store and what it needs: all that commands beside `nova serve` are made of."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from nova_server.clock import SystemClock
from nova_server.identifiers import RandomIdentifiers
from nova_server.observability.metrics import Metrics
from nova_server.observability.store_metrics import StoreMetrics
from nova_server.ports.clock import Clock
from nova_server.ports.lifecycle import Service
from nova_server.settings import Settings
from nova_server.signals import ProcessSignals
from nova_server.storage.criteria_store import SqlCriteriaStore
from nova_server.storage.database import Database
from nova_server.storage.job_queue import SqlJobQueue
from nova_server.storage.key_store import SqlKeyStore
from nova_server.storage.options import StoreOptions
from nova_server.storage.postgresql.clock import ServerClock
from nova_server.storage.postgresql.listener import Listener
from nova_server.storage.scoring_store import SqlScoringStore
from nova_server.storage.webhook_outbox import Outbox
from nova_server.storage.webhook_queue import SqlWebhookQueue
from nova_server.storage.webhook_store import SqlWebhookStore
from nova_server.tenancy.keys import KeyAdministration
from nova_server.webhooks.bodies import JsonEventBodies
from nova_server.webhooks.use_cases import Webhooks


@dataclass(frozen=True, slots=True)
class Foundation:
    """What every part stands on. `parts` are the long-lived ones, the first of which is started first."""

    settings: Settings
    clock: Clock
    signals: ProcessSignals
    metrics: Metrics
    database: Database
    queue: SqlJobQueue
    store: SqlScoringStore
    criteria: SqlCriteriaStore
    deliveries: SqlWebhookQueue
    parts: tuple[Service, ...]


def build_foundation(settings: Settings) -> Foundation:
    """Return the store with what it needs, not started."""
    signals, metrics = ProcessSignals(), Metrics()
    store_metrics = StoreMetrics(metrics)
    for role in settings.roles:
        metrics.role.labels(role).set(1)
    database = Database(settings.store_url, _options(settings, store_metrics))
    clock, parts = _clock_and_parts(settings, database, signals, store_metrics)
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
        parts=(database, *parts),
    )


def _clock_and_parts(
    settings: Settings, database: Database, signals: ProcessSignals, metrics: StoreMetrics
) -> tuple[Clock, tuple[Service, ...]]:
    """Return the clock of the store, and what keeps the processes together where several share it."""
    if not settings.store_is_shared:
        return SystemClock(), ()
    clock = ServerClock(SystemClock(), database)
    metrics.watch_clock(clock.offset_seconds)
    if settings.listen_url is None:
        return clock, (clock,)
    listener = Listener(settings.listen_url, signals, clock)
    metrics.watch_listener(listener.connected.is_set)
    return clock, (clock, listener)


def _options(settings: Settings, metrics: StoreMetrics) -> StoreOptions:
    return StoreOptions(
        busy_timeout_seconds=settings.store_busy_timeout_seconds,
        write_connections=settings.database_write_connections,
        read_connections=settings.database_read_connections,
        connect_timeout_seconds=settings.database_connect_timeout_seconds,
        statement_timeout_seconds=settings.database_statement_timeout_seconds,
        lock_timeout_seconds=settings.database_lock_timeout_seconds,
        transaction_pooling=settings.database_transaction_pooling,
        on_group=metrics.group_committed,
        on_retry=metrics.transaction_retried,
        on_pool=metrics.watch_connections,
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
    try:
        await base.database.start()
        yield KeyAdministration(SqlKeyStore(base.database), base.clock, RandomIdentifiers())
    finally:
        await base.database.stop()


@asynccontextmanager
async def open_webhooks(settings: Settings) -> AsyncIterator[Webhooks]:
    """Yield what can be done with webhooks in the store of `settings`. Raises StoreUnavailable."""
    base = build_foundation(settings)
    try:
        await base.database.start()
        yield build_webhooks(base)
    finally:
        await base.database.stop()
