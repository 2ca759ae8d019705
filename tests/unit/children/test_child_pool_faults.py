"""A fault in a child is the fault of one call, and the pool answers the next one."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from nova_server.children.child import RETIRE_AFTER_CALLS
from nova_server.children.failures import (
    ChildCrashed,
    ChildFailed,
    ChildOutOfMemory,
    ChildPoolStopped,
    ChildTimedOut,
    ResultNotPicklable,
)
from nova_server.children.frames import MAX_FRAME_BYTES, FrameTooLarge
from nova_server.children.pool import ChildPool

from tests.unit.children import functions
from tests.unit.children.pools import AMPLE, BRIEF, answers_fifty_calls, named_pipe


class TestFaults:
    @pytest.mark.parametrize(
        ("function", "failure", "wall_seconds"),
        [
            pytest.param(functions.hang, ChildTimedOut, BRIEF, id="hangs"),
            pytest.param(functions.spin, ChildTimedOut, BRIEF, id="spins"),
            pytest.param(functions.spin_with_no_processor_time_left, ChildTimedOut, AMPLE, id="uses_up_processor_time"),
            pytest.param(functions.segfault, ChildCrashed, AMPLE, id="segfaults"),
            pytest.param(functions.leave, ChildCrashed, AMPLE, id="exits_at_once"),
            pytest.param(functions.leave_politely, ChildCrashed, AMPLE, id="exits"),
            pytest.param(functions.hoard, ChildOutOfMemory, AMPLE, id="hoards_memory"),
            pytest.param(functions.return_a_lock, ResultNotPicklable, AMPLE, id="returns_what_cannot_be_sent"),
            pytest.param(functions.return_too_much, ResultNotPicklable, AMPLE, id="returns_too_much"),
            pytest.param(functions.refuse_unpicklably, ResultNotPicklable, AMPLE, id="raises_what_cannot_be_sent"),
        ],
    )
    async def test_a_function_that_misbehaves_fails_alone(
        self, pool: ChildPool, function: Callable[[], object], failure: type[Exception], wall_seconds: float
    ) -> None:
        with pytest.raises(failure):
            await pool.run(function, wall_seconds=wall_seconds)
        assert await answers_fifty_calls(pool)

    async def test_neighbours_of_a_crash_end_well(self, pool: ChildPool) -> None:
        outcomes = await asyncio.gather(
            pool.run(functions.segfault, wall_seconds=AMPLE),
            *(pool.run(functions.double, number, wall_seconds=AMPLE) for number in range(20)),
            pool.run(functions.leave, wall_seconds=AMPLE),
            return_exceptions=True,
        )
        assert isinstance(outcomes[0], ChildCrashed)
        assert isinstance(outcomes[-1], ChildCrashed)
        assert outcomes[1:-1] == [2 * number for number in range(20)]

    async def test_a_crash_names_its_signal(self, pool: ChildPool) -> None:
        with pytest.raises(ChildCrashed, match="SIGSEGV") as crash:
            await pool.run(functions.segfault, wall_seconds=AMPLE)
        assert crash.value.exit_code == -signal.SIGSEGV

    async def test_a_crash_names_its_exit_code(self, pool: ChildPool) -> None:
        with pytest.raises(ChildCrashed, match="exit code 3"):
            await pool.run(functions.leave, wall_seconds=AMPLE)

    async def test_the_exception_of_the_function_comes_through_with_its_stack(self, pool: ChildPool) -> None:
        with pytest.raises(functions.Refusal, match="not today") as refusal:
            await pool.run(functions.refuse, "not today", wall_seconds=AMPLE)
        assert "in refuse" in "".join(refusal.value.__notes__)

    async def test_an_exception_of_the_function_costs_no_child(self, single: ChildPool) -> None:
        before = await single.run(functions.process_id, wall_seconds=AMPLE)
        with pytest.raises(functions.Refusal):
            await single.run(functions.refuse, "", wall_seconds=AMPLE)
        assert await single.run(functions.process_id, wall_seconds=AMPLE) == before

    async def test_a_function_that_cannot_be_sent_is_refused_and_costs_no_child(self, single: ChildPool) -> None:
        before = await single.run(functions.process_id, wall_seconds=AMPLE)
        with pytest.raises((AttributeError, TypeError), match=r"pickle|local object"):
            await single.run(lambda: 1, wall_seconds=AMPLE)
        assert await single.run(functions.process_id, wall_seconds=AMPLE) == before

    async def test_arguments_that_are_too_large_are_refused_and_cost_no_child(self, single: ChildPool) -> None:
        before = await single.run(functions.process_id, wall_seconds=AMPLE)
        with pytest.raises(FrameTooLarge):
            await single.run(functions.repeat, "x" * (MAX_FRAME_BYTES + 1), 1, wall_seconds=AMPLE)
        assert await single.run(functions.process_id, wall_seconds=AMPLE) == before

    async def test_a_child_that_answered_often_is_replaced(self, single: ChildPool) -> None:
        ids = [await single.run(functions.process_id, wall_seconds=AMPLE) for _ in range(RETIRE_AFTER_CALLS + 1)]
        assert len(set(ids)) == 2
        assert ids[-1] != ids[-2]

    async def test_the_death_of_an_idle_child_is_nobodys_fault(self, single: ChildPool) -> None:
        for _ in range(3):
            child = await single.run(functions.process_id, wall_seconds=AMPLE)
            kill_and_see_dead(child)
            assert await single.run(functions.double, 4, wall_seconds=AMPLE) == 8

    async def test_a_child_that_grew_large_is_replaced(self, single: ChildPool) -> None:
        before = await single.run(functions.process_id, wall_seconds=AMPLE)
        await single.run(functions.grow, 300, wall_seconds=AMPLE)
        assert await single.run(functions.process_id, wall_seconds=AMPLE) != before

    async def test_a_child_that_gave_its_memory_back_is_kept(self, single: ChildPool) -> None:
        before = await single.run(functions.process_id, wall_seconds=AMPLE)
        await single.run(functions.use, 300, wall_seconds=AMPLE)
        assert await single.run(functions.process_id, wall_seconds=AMPLE) == before

    async def test_a_cancelled_call_does_not_poison_the_pool(self, single: ChildPool, tmp_path: Path) -> None:
        began = named_pipe(tmp_path / "began")
        for _ in range(3):
            call = asyncio.create_task(single.run(functions.announce_and_hang, str(began), wall_seconds=AMPLE))
            await asyncio.to_thread(began.read_text)
            call.cancel()
            with pytest.raises(asyncio.CancelledError):
                await call
        assert await answers_fifty_calls(single)

    async def test_a_call_cancelled_while_it_waits_does_not_poison_the_pool(self, single: ChildPool) -> None:
        calls = [asyncio.create_task(single.run(functions.hang, wall_seconds=BRIEF)) for _ in range(5)]
        for call in calls[1:]:
            call.cancel()
        outcomes = await asyncio.gather(*calls, return_exceptions=True)
        assert isinstance(outcomes[0], (ChildTimedOut, asyncio.CancelledError))
        assert await answers_fifty_calls(single)


@pytest.mark.parametrize(
    "failure",
    [ChildTimedOut("late"), ChildCrashed(-9), ChildOutOfMemory("full"), ChildPoolStopped("over")],
    ids=lambda failure: type(failure).__name__,
)
def test_every_failure_of_a_child_is_a_child_failed(failure: Exception) -> None:
    assert isinstance(failure, ChildFailed)


def kill_and_see_dead(process_id: int) -> None:
    os.kill(process_id, signal.SIGKILL)
    with suppress(ChildProcessError):  # which means that the event loop noticed already
        os.waitid(os.P_PID, process_id, os.WEXITED | os.WNOWAIT)
