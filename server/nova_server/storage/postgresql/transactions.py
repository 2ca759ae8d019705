"""Transactions on PostgreSQL: begun with their limits, and run again where they ran into each other.

They are begun here and not by SQLAlchemy, because the limits then travel with BEGIN, in one message. They hold for the
transaction alone, so that they are right behind a pooler too, where connections are shared with others.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from typing import Any, TypeVar

from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from nova_server.storage.options import StoreOptions
from nova_server.storage.postgresql.faults import OutcomeUnknown, connection_lost, met_another

Result = TypeVar("Result")
Driver = Any  # a connection of asyncpg, which SQLAlchemy hands out untyped

ATTEMPTS = 5  # of a transaction that meets others
LONGEST_PAUSE_SECONDS = 0.05
# Every statement finds its few rows by nested loops over indexes, on SQLite because there is nothing else. PostgreSQL
# keeps a plan as long as a connection, and would keep one that reads whole tables from when the store was empty.
# Bitmaps would besides find the entries of rows that are gone again and again, which other scans mark as dead; and to
# start workers or a compiler takes longer than any statement of ours.
PLANNING = {
    "enable_seqscan": "off",
    "enable_bitmapscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
    "max_parallel_workers_per_gather": "0",
    "jit": "off",
}


def begin(mode: str, options: StoreOptions) -> str:
    """Return the statements that begin a transaction with its limits, and with how its statements are planned."""
    limits = {
        "statement_timeout": options.statement_timeout_seconds,
        "lock_timeout": options.lock_timeout_seconds,
        # Whoever is cut off between two statements would keep his locks until TCP gives him up, after many minutes.
        "idle_in_transaction_session_timeout": options.statement_timeout_seconds,
    }
    settings = {name: str(round(seconds * 1000)) for name, seconds in limits.items()} | PLANNING
    set_local = (f"SET LOCAL {name} = {value}" for name, value in settings.items())
    return "; ".join((f"BEGIN ISOLATION LEVEL {mode}", *set_local))


class Transactions:
    """Implements `group_commit.Transactor`. `beginning` are the statements that begin a transaction."""

    def __init__(self, engine: AsyncEngine, beginning: str, on_retry: Callable[[str], None]) -> None:
        self._engine = engine
        self._beginning = beginning
        self._on_retry = on_retry

    async def transact(self, work: Callable[[Connection], Result]) -> Result:
        """Return what `work` returns, once it is durable. Raises what it raises, with nothing written.

        `work` is run again when its transaction and another stood in each other's way, and once when the connection
        turns out to be lost before anything was committed: that of a server which was restarted, say.
        """
        for attempt in range(1, ATTEMPTS):
            try:
                return await self._transact(work)
            except Exception as error:
                if met_another(error):
                    self._on_retry("conflict")
                    await asyncio.sleep(random.uniform(0, LONGEST_PAUSE_SECONDS))  # noqa: S311 (spreads them)
                elif attempt == 1 and connection_lost(error):
                    self._on_retry("connection")
                else:
                    raise
        return await self._transact(work)

    async def _transact(self, work: Callable[[Connection], Result]) -> Result:
        async with self._engine.connect() as connection:
            driver: Driver = (await connection.get_raw_connection()).driver_connection
            try:
                await driver.execute(self._beginning)
                result = await connection.run_sync(work)
            except TimeoutError:  # the server is out of reach, and so is a rollback
                await connection.invalidate()
                raise
            except BaseException:
                await _roll_back(connection, driver)
                raise
            await _commit(connection, driver)
            return result


async def _commit(connection: AsyncConnection, driver: Driver) -> None:
    try:
        await driver.execute("COMMIT")
    except BaseException as error:
        await connection.invalidate()
        if isinstance(error, Exception):
            raise OutcomeUnknown from error
        raise


async def _roll_back(connection: AsyncConnection, driver: Driver) -> None:
    """End a transaction that failed, or else its connection: it must not be found open by whoever is next."""
    try:
        await driver.execute("ROLLBACK")
    except BaseException as error:
        await connection.invalidate()
        if not isinstance(error, Exception):
            raise
