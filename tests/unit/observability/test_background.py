"""A task that nobody awaits does not die in silence."""

from __future__ import annotations

import asyncio

from nova_server.observability.background import run_in_background
from structlog.testing import capture_logs


async def fail() -> None:
    raise RuntimeError("what a library says may quote a caller")


async def test_a_failure_is_logged_at_once_with_the_name_of_its_task() -> None:
    with capture_logs() as logs:
        task = run_in_background(fail(), "sweeper")
        await asyncio.wait([task])
    assert [(entry["event"], entry["log_level"], entry["task"]) for entry in logs] == [
        ("background_task_failed", "error", "sweeper")
    ]
    assert logs[0]["exc_info"] is task.exception()


async def test_an_end_or_a_cancellation_is_no_failure() -> None:
    with capture_logs() as logs:
        ended = run_in_background(asyncio.sleep(0), "ends")
        cancelled = run_in_background(asyncio.Event().wait(), "is cancelled")  # type: ignore[arg-type]  # never returns
        cancelled.cancel()
        await asyncio.wait([ended, cancelled])
    assert logs == []
