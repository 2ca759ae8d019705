"""A store that has scored a million applications, written in one go."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from nova_server.foundation import build_foundation
from nova_server.identifiers import RandomIdentifiers
from nova_server.ports.clock import Instant
from nova_server.ports.tenancy import Environment, TenantKey
from nova_server.settings import Settings
from nova_server.storage.digests import digest_of, tenant_key

JOBS = 1_000_000
BATCH = 25
TENANTS = 1_000
TABLES = {
    "scoring_batches": "(?, ?, ?, ?, 25, 25, 0, ?, ?)",
    "criteria_versions": "(?, ?, ?, ?, ?, NULL, ?, 1, '[]', NULL)",
    "job_criteria": "(?, ?, 'texts', ?, 1, 0, ?)",
    "texts": "(?, ?, ?)",
    "scoring_jobs": "(?, ?, ?, ?, '', ?, 'completed', 1, 1, ?, ?, NULL, NULL, ?, ?, ?, 0, '')",
    "scoring_inputs": "(?, NULL, ?, NULL, NULL, NULL, ?, NULL)",
    "scoring_results": "(?, 7, ?, 'local', '1', NULL, NULL)",
    "scoring_batch_jobs": "(?, ?, ?)",
}
Rows = dict[str, list[tuple[object, ...]]]


def grow(data_dir: Path) -> None:
    """Fill the store in `data_dir` with finished jobs, each with texts, result and batch of its own."""
    asyncio.run(_create(data_dir))
    connection = sqlite3.connect(data_dir / "nova.sqlite3", isolation_level=None)
    connection.execute("PRAGMA cache_size=-1000000")
    connection.execute("BEGIN")
    for rows in _chunks():
        for table, values in rows.items():
            connection.executemany(f"INSERT INTO {table} VALUES {TABLES[table]}", values)  # noqa: S608 - names of ours
    connection.execute("COMMIT")
    connection.close()


async def _create(data_dir: Path) -> None:
    database = build_foundation(Settings(data_dir=data_dir)).database
    await database.migrate()
    await database.stop()


def _chunks() -> Iterator[Rows]:
    identifiers = RandomIdentifiers()
    for chunk in range(JOBS // BATCH // 400):
        rows: Rows = {table: [] for table in TABLES}
        for number in range(chunk * 400, (chunk + 1) * 400):
            _add_batch(rows, identifiers, number)
        yield rows


def _add_batch(rows: Rows, identifiers: RandomIdentifiers, number: int) -> None:
    now = Instant(1_700_000_000_000_000 + number * 1_000_000)
    tenant = tenant_key(TenantKey("grown", Environment.PRODUCTION, str(number % TENANTS)))
    batch, version, job_id = identifiers.new(now), identifiers.new(now), identifiers.new(now)
    description = digest_of(job_id)
    rows["scoring_batches"].append((batch, tenant, job_id, description, now, now))
    rows["criteria_versions"].append((version, tenant, job_id, description, description, now))
    rows["job_criteria"].append((tenant, job_id, version, now))
    rows["texts"].append((tenant, description, "We look for an engineer. " * 10))
    for position in range(BATCH):
        job, application = identifiers.new(now), identifiers.new(now)
        resume = digest_of(application)
        rows["texts"].append((tenant, resume, f"{application} has led a team and shipped what it built. " * 4))
        rows["scoring_jobs"].append((job, tenant, job_id, application, version, float(number), now, now, now, now))
        rows["scoring_inputs"].append((job, resume, description))
        rows["scoring_results"].append((job, '["A strong fit. Invite.", ["Led a team"], [], []]'))
        rows["scoring_batch_jobs"].append((batch, position, job))
