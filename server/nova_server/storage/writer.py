"""What every writer of a store can do, however it brings intents together."""

from __future__ import annotations

from typing import Protocol, TypeVar

from nova_server.storage.group_commit import Operation

Intent = TypeVar("Intent")
Result = TypeVar("Result")


class Writer(Protocol):
    """Runs operations in shared transactions."""

    async def start(self) -> None: ...

    def ready(self) -> bool: ...

    async def stop(self) -> None:
        """Commit what is waiting, then stop."""
        ...

    async def run(self, operation: Operation[Intent, Result], intent: Intent) -> Result:
        """Return the result of `intent` once it is durable. Raises as `GroupCommit.run` does."""
        ...
