"""Parts of one process wake each other."""

from __future__ import annotations

import asyncio

from nova_server.signals import ProcessSignals


async def test_a_submission_wakes_the_worker() -> None:
    signals = ProcessSignals()
    signals.queue_grew()
    assert signals.queue.is_set()


async def test_a_change_wakes_every_watcher_of_the_batch_and_nobody_else() -> None:
    signals = ProcessSignals()
    with signals.watch("one") as first, signals.watch("one") as second, signals.watch("other") as other:
        signals.batches_changed(["one", "unwatched"])
        assert [first.is_set(), second.is_set(), other.is_set()] == [True, True, False]


async def test_a_watcher_who_left_is_forgotten_and_the_others_are_not() -> None:
    signals = ProcessSignals()
    with signals.watch("one") as staying:
        with signals.watch("one") as leaving:
            pass
        signals.batches_changed(["one"])
        assert staying.is_set()
        assert not leaving.is_set()


async def test_the_end_wakes_everybody() -> None:
    signals = ProcessSignals()
    with signals.watch("one") as watcher:
        signals.wake_all()
        async with asyncio.timeout(5):
            await watcher.wait()
            await signals.queue.wait()
