"""How PostgreSQL ran the statements of the store: the server itself tells, with the rows and blocks of each step.

It tells through its module `auto_explain`, so that what is judged is what was run, over the store's own connections.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import asyncpg
from nova_server.storage.options import StoreOptions
from nova_server.storage.postgresql.transactions import begin
from sqlalchemy import event
from sqlalchemy.pool import Pool

# A custom plan is made for the parameters of one run. A generic one is kept, and serves whatever they are.
CUSTOM = "force_custom_plan"
GENERIC = "force_generic_plan"
_TELL = {
    "session_preload_libraries": "auto_explain",
    "auto_explain.log_min_duration": "0",
    "auto_explain.log_analyze": "on",
    "auto_explain.log_buffers": "on",
    "auto_explain.log_timing": "off",
    "auto_explain.log_format": "json",
    "auto_explain.log_level": "notice",
}
# Tables with a row, or with a few, for whatever happens. All others grow.
SMALL = frozenset({"queue_clock", "webhook_endpoints", "api_keys"})
# Joins that read both sides from end to end, workers that have to be started, and scans that mark no entries as dead.
UNWANTED = frozenset({"Hash Join", "Merge Join", "Gather", "Gather Merge", "Bitmap Heap Scan"})
# Most rows that one step may read for nothing, or sort.
FEW = 2_000


@dataclass(frozen=True, slots=True)
class Step:
    """A step of a plan, see the manual's chapter on EXPLAIN."""

    described: Mapping[str, Any]

    @property
    def kind(self) -> str:
        return str(self.described["Node Type"])

    @property
    def about(self) -> str:
        """What it reads, or the order that it makes."""
        return str(next(filter(None, map(self.described.get, ("Index Name", "Relation Name", "Sort Key"))), ""))

    @property
    def reads_everything(self) -> bool:
        """Whether it reads a table that grows from end to end, or an index that is not of unfinished rows alone."""
        if self.kind == "Seq Scan":
            return self.about not in SMALL
        bounded = "Index Cond" in self.described or self.about.endswith(("_pending", "_pending_by_tenant", "_running"))
        return "Index" in self.kind and not bounded and self.described.get("Relation Name") not in SMALL

    @property
    def wasted(self) -> int:
        """How many rows it read that were not asked for, or put in order."""
        rows = "Actual Rows" if "Sort" in self.kind else "Rows Removed by Filter"
        return int(self.described.get(rows, 0) * self.described.get("Actual Loops", 0))


@dataclass(frozen=True, slots=True)
class Plan:
    """A statement that was run, and how."""

    statement: str
    steps: Sequence[Step]
    blocks: int  # of tables and indexes that were looked at

    @property
    def faults(self) -> list[str]:
        """Return what is wrong with it, whatever the statement is about."""
        everything = [f"{step.kind} of all of {step.about}" for step in self.steps if step.reads_everything]
        unwanted = [f"{step.kind} {step.about}" for step in self.steps if step.kind in UNWANTED]
        waste = [f"{step.kind} {step.about}: {step.wasted} rows" for step in self.steps if step.wasted > FEW]
        return everything + unwanted + waste

    def __str__(self) -> str:
        steps = "\n".join(f"    {step.kind} {step.about}" for step in self.steps)
        return f"{' '.join(self.statement.split())}\n  {self.blocks} blocks\n{steps}"


def telling(url: str, cache_mode: str) -> str:
    """Return the URL of a database whose connections tell of their plans, which are all CUSTOM or all GENERIC."""
    return f"{url}?{urlencode({**_TELL, 'plan_cache_mode': cache_mode})}"


@contextmanager
def recorded_plans() -> Iterator[list[Plan]]:
    """Yield the plans of what is run over connections that are made meanwhile to a URL of `telling`."""
    plans: list[Plan] = []

    def note(_connection: Any, message: Any) -> None:
        start = message.message.find("{")
        if message.message.startswith("duration: ") and start > 0:
            told = json.loads(message.message[start:])
            if " pg_catalog." not in told["Query Text"]:  # of the driver, about types
                plans.append(_plan(told["Query Text"], told["Plan"]))

    def listen(connection: Any, _record: Any) -> None:
        connection.driver_connection.add_log_listener(note)

    event.listen(Pool, "connect", listen)
    try:
        yield plans
    finally:
        event.remove(Pool, "connect", listen)


def faults_of(plans: Sequence[Plan]) -> list[tuple[str, list[str]]]:
    """Return the plans that have faults, with these."""
    return [(str(plan), plan.faults) for plan in plans if plan.faults]


def indexes_of(plans: Sequence[Plan]) -> set[str]:
    """Return the indexes that were used."""
    return {step.about for plan in plans for step in plan.steps if "Index" in step.kind}


async def planned_now(url: str, statements: Collection[str]) -> list[Plan]:
    """Return the generic plans that these statements of the store get in another one, where they are not run."""
    connection = await asyncpg.connect(url, server_settings={"plan_cache_mode": GENERIC})
    try:
        await connection.execute(begin("READ COMMITTED", StoreOptions()))
        return [await _planned(connection, statement) for statement in statements]
    finally:
        await connection.close()


async def _planned(connection: asyncpg.Connection[asyncpg.Record], statement: str) -> Plan:
    await connection.execute(f"PREPARE statement AS {statement}")
    places = {int(place) for place in re.findall(r"\$(\d+)", statement)}
    nulls = ", ".join("NULL" for _ in range(max(places, default=0)))
    explained = await connection.fetchval(
        f"EXPLAIN (FORMAT JSON, BUFFERS) EXECUTE statement{f'({nulls})' if nulls else ''}"
    )
    await connection.execute("DEALLOCATE statement")
    return _plan(statement, json.loads(explained)[0]["Plan"])


def _plan(statement: str, root: Mapping[str, Any]) -> Plan:
    return Plan(statement, list(_steps(root)), root.get("Shared Hit Blocks", 0) + root.get("Shared Read Blocks", 0))


def _steps(described: Mapping[str, Any]) -> Iterator[Step]:
    yield Step(described)
    for child in described.get("Plans", ()):
        yield from _steps(child)
