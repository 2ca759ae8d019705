"""State machines that run beside a store of their own, on whichever engine."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import AbstractContextManager, AsyncExitStack
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test

from tests.support.store import StoreUnderTest, open_store

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Engine:
    """What the stores of state machines live on. `new_url` gives out an empty database for each of them.

    Of the examples that are asked for, one in `tries_one_in` is tried: some engines take their time.
    """

    new_url: Callable[[], AbstractContextManager[str]]
    tries_one_in: int = 1


class StoreMachine(RuleBasedStateMachine):
    """A state machine beside a store, which opens with it and closes with it."""

    def __init__(self, engine: Engine) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.opened = AsyncExitStack()
        url = self.opened.enter_context(engine.new_url())
        self.store: StoreUnderTest = self.run(self.opened.enter_async_context(open_store(url)))

    def run(self, work: Coroutine[Any, Any, Answer]) -> Answer:
        """Return what the store answers."""
        return self.runner.run(work)

    def teardown(self) -> None:
        self.run(self.opened.aclose())
        self.runner.close()


def try_out(machine: type[StoreMachine], engine: Engine, *, examples: int, steps: int) -> None:
    """Try so many random walks of so many steps."""
    factory = cast(type[StoreMachine], lambda: machine(engine))  # whatever returns a machine will do
    run_state_machine_as_test(
        factory,
        settings=settings(
            max_examples=max(1, examples // engine.tries_one_in),
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow],
        ),
    )
