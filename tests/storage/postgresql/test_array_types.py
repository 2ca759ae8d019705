"""A connection writes rows at once: it knows the types of arrays without asking the server about them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import asyncpg
import pytest
from nova_server.storage.postgresql.array_types import ARRAY_TYPES
from sqlalchemy import event
from sqlalchemy.pool import Pool

from tests.support.store import open_store
from tests.support.stored_criteria import job_of
from tests.support.stored_webhooks import add_endpoint, add_test, claim_one, end
from tests.support.submissions import rescore, submission

ARRAYS = "SELECT oid, typname, typelem FROM pg_type WHERE oid = ANY ($1) AND typdelim = ','"


@pytest.fixture
def questions() -> Iterator[list[str]]:
    """What connections ask the server beside the statements of the store, from now on."""
    asked: list[str] = []

    def listen(connection: Any, _record: Any) -> None:
        connection.driver_connection.add_query_logger(lambda logged: asked.append(logged.query))

    event.listen(Pool, "connect", listen)
    yield asked
    event.remove(Pool, "connect", listen)


async def test_the_types_are_those_of_the_server(other: asyncpg.Connection[asyncpg.Record]) -> None:
    found = await other.fetch(ARRAYS, [oid for oid, _, _ in ARRAY_TYPES])
    assert sorted(tuple(row) for row in found) == sorted(ARRAY_TYPES)


async def test_no_statement_of_the_store_makes_the_driver_ask(postgresql_url: str, questions: list[str]) -> None:
    async with open_store(postgresql_url) as store:
        endpoint = await add_endpoint(store)
        await store.submit(submission("anna", "ben"))
        await store.submit_job(rescore("anna"))
        await job_of(store).set("Go")
        await store.complete_everything()
        await add_test(store, endpoint)
        await end(store, await claim_one(store))
    assert questions
    assert not [question for question in questions if "pg_type" in question]
