"""Calls reach the children and their results come back."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from pathlib import Path

import pytest
import uvloop
from nova_server.children.failures import (
    ChildCrashed,
)
from nova_server.children.pool import ChildPool

from tests.unit.children import functions
from tests.unit.children.pools import AMPLE, BRIEF, answers_fifty_calls, named_pipe, started


class TestCalls:
    async def test_a_call_returns_what_the_function_returns(self, pool: ChildPool) -> None:
        assert await pool.run(functions.double, 21, wall_seconds=AMPLE) == 42

    async def test_calls_run_in_other_processes(self, pool: ChildPool) -> None:
        assert await pool.run(functions.process_id, wall_seconds=AMPLE) != os.getpid()

    async def test_results_of_a_megabyte_come_through(self, pool: ChildPool) -> None:
        assert await pool.run(functions.repeat, "x", 1_000_000, wall_seconds=AMPLE) == "x" * 1_000_000

    async def test_arguments_of_five_megabytes_come_through(self, pool: ChildPool) -> None:
        assert len(await pool.run(functions.repeat, "x" * 5_000_000, 2, wall_seconds=AMPLE)) == 10_000_000

    async def test_more_calls_than_children_wait_their_turn(self, single: ChildPool) -> None:
        assert await answers_fifty_calls(single)

    async def test_a_child_is_used_again(self, single: ChildPool) -> None:
        ids = [await single.run(functions.process_id, wall_seconds=AMPLE) for _ in range(3)]
        assert len(set(ids)) == 1

    async def test_waiting_for_a_free_child_is_not_wall_time(self, single: ChildPool, tmp_path: Path) -> None:
        began, finish = named_pipe(tmp_path / "began"), named_pipe(tmp_path / "finish")
        first = asyncio.create_task(
            single.run(functions.announce_and_wait, str(began), str(finish), wall_seconds=AMPLE)
        )
        await asyncio.to_thread(began.read_text)
        second = asyncio.create_task(single.run(functions.double, 1, wall_seconds=BRIEF))
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(asyncio.shield(second), 2 * BRIEF)
        await asyncio.to_thread(finish.write_text, "done")
        assert await first == "done"
        assert await second == 2

    async def test_what_a_library_prints_does_not_garble_the_answer(self, pool: ChildPool) -> None:
        assert await pool.run(functions.chatter, wall_seconds=AMPLE) == "quiet"
        assert await answers_fifty_calls(pool)

    def test_the_pool_works_on_uvloop(self, living: Callable[[], list[int]]) -> None:
        async def main() -> bool:
            pool = await started(ChildPool(size=1))
            with pytest.raises(ChildCrashed):
                await pool.run(functions.segfault, wall_seconds=AMPLE)
            answered = await answers_fifty_calls(pool)
            await pool.stop()
            return answered

        assert uvloop.run(main())
        assert living() == []
