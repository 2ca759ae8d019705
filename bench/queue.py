"""Jobs a second through claim, an instant handler and completion, beside bare SQLite doing the same writes."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from pathlib import Path

from nova_server.foundation import Foundation, build_foundation
from nova_server.observability.queue_metrics import QueueMetrics
from nova_server.ports.queue import Failed, Lease, Outcome, Succeeded
from nova_server.ports.scorer import Assessment, ScoreResult
from nova_server.ports.scoring import BatchSubmission, ResumeSource, SubmittedApplication
from nova_server.ports.tenancy import Environment, TenantKey
from nova_server.queue.worker import Worker, WorkerOptions
from nova_server.settings import Settings

from bench.machine import run_in_loop

JOBS = 20_000
CONCURRENCY = 512
ASSESSMENT = Assessment(
    "A strong fit. Invite.", ("Python — “8 years of Python”",), ("Go — not found in the resume",), ()
)


async def measure(data_dir: Path, label: str = "empty store") -> float:
    """Print and return jobs a second."""
    base = build_foundation(Settings(data_dir=data_dir))
    await base.database.start()
    try:
        await _fill(base, str(time.time_ns()))
        ours = await _drain(base)
    finally:
        await base.database.stop()
    bare = bare_sqlite(data_dir)
    print(
        f"queue, {label}: {ours:,.0f} jobs/s through claim, instant scorer and completion beside {bare:,.0f}/s of bare "
        f"sqlite3 = {ours / bare:.2f}  ({JOBS} jobs, {CONCURRENCY} at once, synchronous=FULL)"
    )
    return ours


async def _fill(base: Foundation, name: str) -> None:
    tenant = TenantKey("bench", Environment.SANDBOX, "bench")
    submissions = [
        BatchSubmission(
            tenant,
            f"{name}-{batch}",
            "We look for an engineer.",
            tuple(SubmittedApplication(str(number), ResumeSource(text=f"{batch} {number}")) for number in range(25)),
        )
        for batch in range(JOBS // 25)
    ]
    await asyncio.gather(*(base.store.submit_batch(submission) for submission in submissions))


async def _drain(base: Foundation) -> float:
    """Let a real worker finish everything that is queued. Returns jobs a second."""
    done = asyncio.Event()
    finished = 0

    class Metrics(QueueMetrics):
        def job_finished(self, outcome: str) -> None:
            nonlocal finished
            super().job_finished(outcome)
            finished += 1
            if finished == JOBS:
                done.set()

    options = WorkerOptions("bench", CONCURRENCY, CONCURRENCY, 30, 10, 5, 10, Failed("MAX_RETRIES_EXCEEDED", ""))
    worker = Worker(base.queue, instant, options, base.clock, base.signals.queue, Metrics(base.metrics))
    began = time.perf_counter()
    await worker.start()
    await done.wait()
    rate = JOBS / (time.perf_counter() - began)
    await worker.stop()
    return rate


async def instant(_lease: Lease) -> Outcome:
    """Score without work."""
    return Succeeded(ScoreResult(7, ASSESSMENT, "instant", "1"))


def bare_sqlite(folder: Path) -> float:
    """Return jobs a second of the same row writes in plain SQL, as many in a transaction: the limit of the engine."""
    connection = sqlite3.connect(folder / f"bare-{time.time_ns()}.sqlite3", isolation_level=None)
    connection.executescript(
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
        "CREATE TABLE jobs (id TEXT PRIMARY KEY, tenant TEXT, state TEXT, attempt INT, starts INT, virtual_time REAL,"
        " owner TEXT, expires INT, started INT, finished INT) WITHOUT ROWID;"
        "CREATE INDEX pending ON jobs (virtual_time, id) WHERE state = 'pending';"
        "CREATE INDEX running ON jobs (tenant, expires) WHERE state = 'running';"
        "CREATE TABLE results (job TEXT PRIMARY KEY, score INT, words TEXT);"
    )
    rows = [(f"job-{number:020}", "t", "pending", number) for number in range(JOBS)]
    connection.execute("BEGIN")
    connection.executemany(
        "INSERT INTO jobs (id, tenant, state, attempt, starts, virtual_time) VALUES (?, ?, ?, 0, 0, ?)", rows
    )
    connection.execute("COMMIT")
    began = time.perf_counter()
    while _bare_round(connection):
        pass
    return JOBS / (time.perf_counter() - began)


def _bare_round(connection: sqlite3.Connection) -> bool:
    """Claim a round of jobs in one transaction and complete it in the next."""
    connection.execute("BEGIN IMMEDIATE")
    claimed = connection.execute(
        "UPDATE jobs SET state = 'running', attempt = attempt + 1, starts = starts + 1, owner = 'me', expires = 1,"
        " started = 1 WHERE id IN (SELECT id FROM jobs WHERE state = 'pending' ORDER BY virtual_time, id LIMIT ?)"
        " RETURNING id, attempt",
        (CONCURRENCY,),
    ).fetchall()
    connection.execute("COMMIT")
    connection.execute("BEGIN IMMEDIATE")
    connection.executemany(
        "UPDATE jobs SET state = 'completed', finished = 1, owner = NULL, expires = NULL WHERE id = ? AND attempt = ?"
        " AND state = 'running'",
        claimed,
    )
    words = [(job, 7, ASSESSMENT.verdict + ASSESSMENT.strengths[0] + ASSESSMENT.concerns[0]) for job, _ in claimed]
    connection.executemany("INSERT INTO results VALUES (?, ?, ?)", words)
    connection.execute("COMMIT")
    return bool(claimed)


if __name__ == "__main__":
    run_in_loop(measure)
