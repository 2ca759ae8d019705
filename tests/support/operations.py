"""Operations of tests, and places inside their transactions where they wait for one another."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from nova_server.storage.database import Database
from nova_server.storage.schema import texts
from sqlalchemy import Connection, insert, select, text
from sqlalchemy.util import await_only

from tests.support.clock import PATIENCE_SECONDS

POISON = "poison"
_TAKE_LOCK = text("SELECT pg_advisory_xact_lock(:key)")


class Write:
    """Stores each intent as a text, fails at `POISON`, and answers with the intent in capitals."""

    def apply(self, connection: Connection, intents: Sequence[str]) -> Sequence[str]:
        for intent in intents:
            connection.execute(insert(texts).values(tenant_id="t", digest=intent, content=""))
            if intent == POISON:
                raise ValueError("an intent that cannot be written")
        return [intent.upper() for intent in intents]


class Gate:
    """Where transactions of PostgreSQL wait until it is opened."""

    def __init__(self) -> None:
        self._open = asyncio.Event()
        self._someone_came = asyncio.Event()

    def open(self) -> None:
        self._open.set()

    def pass_through(self) -> None:
        """Wait until it is open. Called inside a transaction."""
        self._someone_came.set()
        await_only(asyncio.wait_for(self._open.wait(), PATIENCE_SECONDS))

    async def until_someone_waits(self) -> None:
        await asyncio.wait_for(self._someone_came.wait(), PATIENCE_SECONDS)


class Meeting:
    """Where so many transactions of PostgreSQL wait for one another. One that comes back later is not held up."""

    def __init__(self, parties: int = 2) -> None:
        self._missing = parties
        self._complete = asyncio.Event()

    def join(self) -> None:
        """Wait until all are there. Called inside a transaction."""
        self._missing -= 1
        if self._missing <= 0:
            self._complete.set()
        await_only(asyncio.wait_for(self._complete.wait(), PATIENCE_SECONDS))


class HeldWrite(Write):
    """A `Write` that stays in its transaction until its gate opens. `runs` counts how often it began."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self.runs = 0

    def apply(self, connection: Connection, intents: Sequence[str]) -> Sequence[str]:
        self.runs += 1
        answers = super().apply(connection, intents)
        self._gate.pass_through()
        return answers


class Run(Write):
    """A `Write` that runs a statement first. `runs` counts how often it began."""

    def __init__(self, statement: str) -> None:
        self._statement = text(statement)
        self.runs = 0

    def apply(self, connection: Connection, intents: Sequence[str]) -> Sequence[str]:
        self.runs += 1
        connection.execute(self._statement)
        return super().apply(connection, intents)


def take_lock(connection: Connection, key: int) -> None:
    """Take a lock of the transaction, or wait for it."""
    connection.execute(_TAKE_LOCK, {"key": key})


async def stored(database: Database) -> list[str]:
    """Return what was written, in alphabetical order."""
    return await database.read(lambda connection: list(connection.scalars(select(texts.c.digest).order_by("digest"))))
