"""What became of every row of the queues, as PostgreSQL itself notes it: a trigger writes each change with its writer.

The notes are written in the transaction of the change, so that there are none of what was undone. Of one row they are
in the order of the commits, because each transaction holds the row until its end.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import asyncpg

JOBS, DELIVERIES, RESULTS = "scoring_jobs", "webhook_deliveries", "scoring_results"
_LEASE = ("state", "attempt", "lease_owner", "lease_expires_at", "finished_at")

_NOTES = """
CREATE SCHEMA history;
CREATE TABLE history.changes (
    position bigserial PRIMARY KEY,
    transaction bigint NOT NULL,
    writer text NOT NULL,
    place text NOT NULL,
    operation text NOT NULL,
    id text NOT NULL,
    state text,
    attempt integer,
    owner text
);
CREATE FUNCTION history.note() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    changed jsonb := to_jsonb(CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END);
BEGIN
    INSERT INTO history.changes (transaction, writer, place, operation, id, state, attempt, owner)
    VALUES (
        txid_current(), current_setting('application_name'), TG_TABLE_NAME, TG_OP,
        coalesce(changed ->> 'id', changed ->> 'scoring_job_id'),
        changed ->> 'state', (changed ->> 'attempt')::integer, changed ->> 'lease_owner'
    );
    RETURN NULL;
END $$;
CREATE TRIGGER note AFTER INSERT OR UPDATE OR DELETE ON scoring_results
    FOR EACH ROW EXECUTE FUNCTION history.note();
"""
# A job also changes in ways that have nothing to do with who works on it: its place, its latest rescore.
_NOTES_OF_QUEUE = """
CREATE TRIGGER note_row AFTER INSERT OR DELETE ON {queue} FOR EACH ROW EXECUTE FUNCTION history.note();
CREATE TRIGGER note_lease AFTER UPDATE ON {queue} FOR EACH ROW
    WHEN (({before}) IS DISTINCT FROM ({after})) EXECUTE FUNCTION history.note();
"""

# A receiver that failed is given a minute at least, for which no test should wait.
_HASTE = """
CREATE FUNCTION history.hasten() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.available_at := least(NEW.available_at, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint);
    RETURN NEW;
END $$;
CREATE TRIGGER hasten BEFORE UPDATE ON webhook_deliveries FOR EACH ROW
    WHEN (NEW.state = 'pending') EXECUTE FUNCTION history.hasten();
"""


@dataclass(frozen=True, slots=True)
class Change:
    """A row as it was after a change. `writer` is what the connection of the change said it was."""

    transaction: int
    writer: str
    place: str  # the name of the table
    operation: str  # INSERT, UPDATE or DELETE
    id: str
    state: str | None = None
    attempt: int | None = None
    owner: str | None = None


def named(url: str, writer: str) -> str:
    """Return the URL of a database with the name by which whoever connects by it is noted."""
    return f"{url}{'&' if '?' in url else '?'}application_name={writer}"


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
    """Yield a connection of the test's own."""
    connection = await asyncpg.connect(url)
    try:
        yield connection
    finally:
        await connection.close()


async def note_changes(url: str) -> None:
    """Let the database at `url` note from now on what becomes of jobs and deliveries."""
    async with connected(url) as connection:
        await connection.execute(_NOTES)
        for queue in (JOBS, DELIVERIES):
            before, after = (", ".join(f"{row}.{name}" for name in _LEASE) for row in ("OLD", "NEW"))
            await connection.execute(_NOTES_OF_QUEUE.format(queue=queue, before=before, after=after))


async def hasten_deliveries(url: str) -> None:
    """Let the database at `url` make a delivery due at once that is put off after a failed attempt."""
    async with connected(url) as connection:
        await connection.execute(_HASTE)


async def noted_changes(url: str) -> list[Change]:
    """Return every change so far, those of each row in the order in which they happened."""
    async with connected(url) as connection:
        names = ", ".join(Change.__dataclass_fields__)
        rows = await connection.fetch(f"SELECT {names} FROM history.changes ORDER BY position")  # noqa: S608 (our names)
        return [Change(**row) for row in rows]
