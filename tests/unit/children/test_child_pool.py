"""A fault in a child is the fault of one call, and the pool answers the next one."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
import uvloop
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

AMPLE = 20.0
BRIEF = 0.3


@pytest.fixture(autouse=True)
def of_other_tests() -> set[int]:
    """Return the ids of the children that other tests of this session keep."""
    return {child.pid for child in psutil.Process().children()}


@pytest.fixture
def living(of_other_tests: set[int]) -> Callable[[], list[int]]:
    """Return a function that lists the children that this test has."""
    return lambda: [child.pid for child in psutil.Process().children() if child.pid not in of_other_tests]


async def started(pool: ChildPool) -> ChildPool:
    await pool.start()
    return pool


@pytest.fixture
async def pool() -> AsyncIterator[ChildPool]:
    pool = await started(ChildPool(size=2, memory_bytes=512 * 1024 * 1024, drain_seconds=BRIEF))
    yield pool
    await pool.stop()


@pytest.fixture
async def single() -> AsyncIterator[ChildPool]:
    pool = await started(ChildPool(size=1, drain_seconds=BRIEF))
    yield pool
    await pool.stop()


async def answers_fifty_calls(pool: ChildPool) -> bool:
    numbers = await asyncio.gather(*(pool.run(functions.double, number, wall_seconds=AMPLE) for number in range(50)))
    return numbers == [2 * number for number in range(50)]


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
        with pytest.raises((AttributeError, TypeError), match="pickle"):
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


def named_pipe(path: Path) -> Path:
    """Make a pipe that both ends open by name, to wait for each other without a clock."""
    os.mkfifo(path)
    return path
