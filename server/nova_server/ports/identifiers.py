"""Where new ids come from."""

from __future__ import annotations

from typing import Protocol

from nova_server.ports.clock import Instant


class Identifiers(Protocol):
    """Makes ids: 25 lower-case characters, sortable by time, not guessable from one another."""

    def new(self, now: Instant) -> str:
        """Return an id that was never returned before."""
        ...
