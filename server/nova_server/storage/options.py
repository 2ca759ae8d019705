"""How a store is connected to. What each number is good for is said in `settings.py`, which sets them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


def _unheard(*_observed: object) -> None:
    """Tell nobody."""


@dataclass(frozen=True, slots=True)
class StoreOptions:
    """Limits of the connections, and who hears of what the store does.

    `on_group` is told how many intents each transaction brought together, `on_retry` why a transaction is run again.
    `on_pool` is told of each pool of connections: what they are for, how many there may be, and how many are in use.
    """

    busy_timeout_seconds: float = 5
    write_connections: int = 4
    read_connections: int = 4
    connect_timeout_seconds: float = 5
    statement_timeout_seconds: float = 10
    lock_timeout_seconds: float = 5
    transaction_pooling: bool = False
    on_group: Callable[[int], None] = _unheard
    on_retry: Callable[[str], None] = _unheard
    on_pool: Callable[[str, int, Callable[[], int]], None] = _unheard
