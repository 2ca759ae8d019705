"""The PgBouncer that tests start."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import psutil
import pytest

from tests.support.postgresql import PostgresqlDatabases, require_pgbouncer
from tools.pgbouncer import PgBouncer
from tools.postgresql import PostgresServer
from tools.processes import ProgramFailed

BACKEND = "SELECT pg_backend_pid()"


async def test_callers_share_a_connection_of_the_server(pgbouncer: PgBouncer) -> None:
    async with connected(pgbouncer) as first, connected(pgbouncer) as second:
        assert await first.fetchval(BACKEND) == await second.fetchval(BACKEND)


async def test_a_caller_has_a_connection_to_itself_for_one_transaction(pgbouncer: PgBouncer) -> None:
    async with connected(pgbouncer) as first, connected(pgbouncer) as second, first.transaction():
        assert await first.fetchval(BACKEND) != await second.fetchval(BACKEND)


def test_nothing_is_left_of_it(postgresql: PostgresqlDatabases, tmp_path: Path) -> None:
    require_pgbouncer()
    before = psutil.Process().children()
    with PgBouncer(tmp_path, postgresql.server):
        assert len(psutil.Process().children()) > len(before)
    assert psutil.Process().children() == before


async def test_callers_stay_connected_while_the_server_starts_again(tmp_path: Path) -> None:
    require_pgbouncer()
    with PostgresServer(tmp_path / "postgresql") as server, PgBouncer(tmp_path / "pgbouncer", server) as pooler:
        async with connected(pooler) as caller:
            before = await caller.fetchval(BACKEND)
            await asyncio.to_thread(server.restart)
            assert await caller.fetchval(BACKEND) != before


def test_settings_of_a_test_win(postgresql: PostgresqlDatabases, tmp_path: Path) -> None:
    require_pgbouncer()
    with PgBouncer(tmp_path, postgresql.server, {"pool_mode": "session"}):
        assert "pool_mode = session" in (tmp_path / "pgbouncer.ini").read_text()


def test_one_that_cannot_start_says_why(postgresql: PostgresqlDatabases, tmp_path: Path) -> None:
    require_pgbouncer()
    with pytest.raises(ProgramFailed, match="unknown parameter"), PgBouncer(tmp_path, postgresql.server, {"depth": 3}):
        pass


def test_where_it_is_not_installed_the_fault_names_the_package(
    postgresql: PostgresqlDatabases, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tools.pgbouncer.find_pgbouncer", lambda: None)
    with pytest.raises(ProgramFailed, match="Debian's package `pgbouncer`"):
        PgBouncer(tmp_path, postgresql.server).start()


@asynccontextmanager
async def connected(pooler: PgBouncer) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
    """Yield a connection as a pooler of transactions can serve it: without statements that are prepared for later."""
    connection = await asyncpg.connect(pooler.url(), statement_cache_size=0)
    try:
        yield connection
    finally:
        await connection.close()
