"""A process that falls silent in the middle of a transaction, as one that is cut off, keeps its locks for no longer
than a statement may take.
"""

from __future__ import annotations

import asyncio

from nova_server.storage.options import StoreOptions
from nova_server.storage.postgresql.transactions import begin

from tests.support.queue_history import connected
from tests.support.server_log import PATIENCE_SECONDS

LOCK = "SELECT virtual_time FROM queue_clock FOR UPDATE"


async def test_a_transaction_that_falls_silent_lets_go_of_its_locks(postgresql_url: str) -> None:
    async with connected(postgresql_url) as silent, connected(postgresql_url) as other:
        await silent.execute(begin("READ COMMITTED", StoreOptions(statement_timeout_seconds=0.1)))
        await silent.execute(LOCK)
        async with asyncio.timeout(PATIENCE_SECONDS):
            await other.execute(LOCK)
