"""A store that has scored a million applications, written in one go."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import asyncpg
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
    "scoring_jobs": "(?, ?, ?, ?, '', ?, 'completed', 1, 1, ?, ?, NULL, NULL, ?, ?, ?, false, '')",
    "scoring_inputs": "(?, NULL, ?, NULL, NULL, NULL, ?, NULL)",
    "scoring_results": "(?, 7, ?, 'local', '1', NULL, NULL)",
    "scoring_batch_jobs": "(?, ?, ?)",
}
_CONSTANTS = {"NULL": None, "false": False} | {str(number): number for number in (0, 1, 7, BATCH)}
Rows = dict[str, list[tuple[object, ...]]]


def grow(data_dir: Path) -> None:
    """Fill the store in `data_dir` with finished jobs, each with texts, result and batch of its own."""
    asyncio.run(_create(data_dir))
    connection = sqlite3.connect(data_dir / "nova.sqlite3", isolation_level=None)
    connection.execute("PRAGMA cache_size=-1000000")
    connection.execute("BEGIN")
    for rows in chunks():
        for table, values in rows.items():
            connection.executemany(f"INSERT INTO {table} VALUES {TABLES[table]}", values)  # noqa: S608 - names of ours
    connection.execute("COMMIT")
    connection.close()


async def _create(data_dir: Path) -> None:
    database = build_foundation(Settings(data_dir=data_dir)).database
    await database.migrate()
    await database.stop()


async def grow_on_postgresql(url: str) -> None:
    """Do the same in a PostgreSQL database that has the schema."""
    connection = await asyncpg.connect(url)
    for rows in chunks():
        for table, values in rows.items():
            await connection.copy_records_to_table(table, records=(record_of(table, row) for row in values))
    await connection.execute("VACUUM ANALYZE", timeout=600)
    await connection.close()


def record_of(table: str, row: tuple[object, ...]) -> tuple[object, ...]:
    """Return a whole row of a table: the values of `row` where its words in TABLES leave room for them."""
    values = iter(row)
    words = TABLES[table].strip("()").split(", ")
    return tuple(next(values) if word == "?" else _CONSTANTS.get(word, word.strip("'")) for word in words)


def chunks() -> Iterator[Rows]:
    """Yield the rows of all tables, 400 batches at a time."""
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
