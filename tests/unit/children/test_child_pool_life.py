"""Children live from start to stop, confined."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from nova_server.children.failures import (
    ChildCrashed,
    ChildPoolStopped,
)
from nova_server.children.pool import ChildPool

from tests.unit.children import functions
from tests.unit.children.pools import AMPLE, BRIEF, named_pipe, started


class TestLife:
    async def test_children_are_warm_before_the_first_call(self) -> None:
        pool = await started(ChildPool(size=1, warm_up=functions.warm))
        assert await pool.run(functions.is_warm, wall_seconds=AMPLE)
        await pool.stop()

    async def test_a_replaced_child_is_warm_too(self) -> None:
        pool = await started(ChildPool(size=1, warm_up=functions.warm))
        with pytest.raises(ChildCrashed):
            await pool.run(functions.leave, wall_seconds=AMPLE)
        assert await pool.run(functions.is_warm, wall_seconds=AMPLE)
        await pool.stop()

    async def test_a_warm_up_that_fails_fails_the_start_and_leaves_no_child(
        self, living: Callable[[], list[int]]
    ) -> None:
        pool = ChildPool(size=2, warm_up=functions.fail_to_warm)
        with pytest.raises(functions.Refusal, match="cold"):
            await pool.start()
        assert not pool.ready()
        assert living() == []

    async def test_a_pool_is_ready_between_start_and_stop(self) -> None:
        pool = ChildPool(size=1)
        assert not pool.ready()
        await pool.start()
        assert pool.ready()
        await pool.stop()
        assert not pool.ready()

    async def test_stop_may_come_before_start_and_twice(self, living: Callable[[], list[int]]) -> None:
        never_started = ChildPool(size=1)
        await never_started.stop()
        pool = await started(ChildPool(size=1))
        await pool.stop()
        await pool.stop()
        assert living() == []

    async def test_no_call_is_taken_before_start_or_after_stop(self) -> None:
        pool = ChildPool(size=1)
        with pytest.raises(ChildPoolStopped):
            await pool.run(functions.double, 1, wall_seconds=AMPLE)
        await pool.start()
        await pool.stop()
        with pytest.raises(ChildPoolStopped):
            await pool.run(functions.double, 1, wall_seconds=AMPLE)

    async def test_no_child_survives_stop(self, living: Callable[[], list[int]], pool: ChildPool) -> None:
        processes = [psutil.Process(pid) for pid in living()]
        assert len(processes) == 2
        await pool.stop()
        assert not any(process.is_running() for process in processes)

    async def test_stop_lets_a_running_call_end(self, tmp_path: Path) -> None:
        pool = await started(ChildPool(size=1, drain_seconds=AMPLE))
        began, finish = named_pipe(tmp_path / "began"), named_pipe(tmp_path / "finish")
        call = asyncio.create_task(pool.run(functions.announce_and_wait, str(began), str(finish), wall_seconds=AMPLE))
        await asyncio.to_thread(began.read_text)
        stop = asyncio.create_task(pool.stop())
        await asyncio.to_thread(finish.write_text, "ended by itself")
        await stop
        assert await call == "ended by itself"

    async def test_stop_ends_a_call_that_hangs_and_refuses_those_that_wait(
        self, tmp_path: Path, living: Callable[[], list[int]]
    ) -> None:
        pool = await started(ChildPool(size=1, drain_seconds=BRIEF))
        began = named_pipe(tmp_path / "began")
        hanging = asyncio.create_task(pool.run(functions.announce_and_hang, str(began), wall_seconds=AMPLE))
        await asyncio.to_thread(began.read_text)
        waiting = [asyncio.create_task(pool.run(functions.double, 1, wall_seconds=AMPLE)) for _ in range(3)]
        await pool.stop()
        outcomes = await asyncio.gather(hanging, *waiting, return_exceptions=True)
        assert [type(outcome) for outcome in outcomes] == [ChildPoolStopped] * 4
        assert living() == []


class TestConfinement:
    async def test_the_signals_of_a_terminal_and_a_supervisor_leave_children_alone(self, single: ChildPool) -> None:
        child = await single.run(functions.process_id, wall_seconds=AMPLE)
        os.kill(child, signal.SIGINT)
        os.kill(child, signal.SIGTERM)
        assert await single.run(functions.process_id, wall_seconds=AMPLE) == child
        assert os.getsid(child) == child

    async def test_children_do_not_inherit_the_secrets_of_the_environment(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("NOVA_DATABASE_URL", "postgresql://nova:secret@store/nova")
        pool = await started(ChildPool(size=1))
        names = await pool.run(functions.environment_names, wall_seconds=AMPLE)
        await pool.stop()
        assert names <= {"PYTHONPATH", "LC_ALL", "LC_CTYPE"}

    async def test_memory_is_bounded_and_no_core_file_is_left(self, pool: ChildPool) -> None:
        limits = await pool.run(functions.core_limit_and_memory_limit, wall_seconds=AMPLE)
        assert limits == (0, 512 * 1024 * 1024)
