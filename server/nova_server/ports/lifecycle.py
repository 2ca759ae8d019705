"""The life of every long-lived part."""

from __future__ import annotations

from typing import Protocol


class Service(Protocol):
    """A part that starts, runs and stops. `stop` may be called twice, and before `start`."""

    name: str

    async def start(self) -> None:
        """Return once the part does its work."""
        ...

    def ready(self) -> bool:
        """Tell whether the part does its work now."""
        ...

    async def stop(self) -> None:
        """Finish what is running within a bounded time, and return."""
        ...
