"""Waiting that takes no time."""

from __future__ import annotations


class Waits:
    """A sleep that takes no time, and remembers how long it would have been."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)
