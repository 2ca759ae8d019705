"""Parts of a process wake one another, and leave nothing behind."""

from __future__ import annotations

from nova_server.ports.signals import Signals
from nova_server.signals import ProcessSignals


async def test_the_port_is_satisfied() -> None:
    signals: Signals = ProcessSignals()
    signals.batches_changed(["nobody watches this"])


async def test_a_submission_wakes_the_worker() -> None:
    signals = ProcessSignals()
    assert not signals.queue.is_set()
    signals.queue_grew()
    assert signals.queue.is_set()


async def test_every_watcher_of_a_batch_is_woken_and_no_other() -> None:
    signals = ProcessSignals()
    with signals.watch("batch-1") as first, signals.watch("batch-1") as second, signals.watch("batch-2") as other:
        signals.batches_changed({"batch-1"})
        assert (first.is_set(), second.is_set(), other.is_set()) == (True, True, False)


async def test_a_watcher_that_left_is_not_woken_while_others_stay() -> None:
    signals = ProcessSignals()
    with signals.watch("batch-1") as stays:
        with signals.watch("batch-1") as leaves:
            pass
        signals.batches_changed(["batch-1"])
        assert (stays.is_set(), leaves.is_set()) == (True, False)


async def test_everybody_who_waits_is_woken_at_once() -> None:
    signals = ProcessSignals()
    with signals.watch("batch-1") as first, signals.watch("batch-2") as second:
        signals.wake_all()
        assert first.is_set()
        assert second.is_set()
        assert signals.queue.is_set()


async def test_a_batch_can_be_watched_again() -> None:
    signals = ProcessSignals()
    for _ in range(2):
        with signals.watch("batch-1") as changed:
            signals.batches_changed(["batch-1"])
            assert changed.is_set()
