"""Ids that a test can foresee."""

from __future__ import annotations

from nova_server.ports.clock import Instant


class FakeIdentifiers:
    """An `Identifiers` that counts: `c` and 24 digits."""

    def __init__(self) -> None:
        self._made = 0

    def new(self, now: Instant) -> str:
        """Return the next id, whatever the time."""
        assert now > 0
        self._made += 1
        return f"c{self._made:024d}"
