"""Calls that are done once, however often they arrive."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from nova_server.errors import IdempotencyKeyReused, IdempotencyRequestInProgress, NovaError
from nova_server.ports.clock import Clock, plus_seconds
from nova_server.ports.criteria import CriteriaOutcome, CriteriaStore, IdempotentCall, Refusal, Reservation

KEPT_SECONDS = 24 * 60 * 60
RETRY_AFTER_SECONDS = 1.0


Reserved = Reservation | CriteriaOutcome | Refusal


class IdempotentCalls:
    """Lets one of the calls with a key through. What it does and its outcome are written in one transaction.

    `lease_seconds` is longer than any call runs. After it, a call whose process died may be made again.
    """

    def __init__(self, store: CriteriaStore, clock: Clock, *, lease_seconds: float) -> None:
        self._store = store
        self._clock = clock
        self._lease_seconds = lease_seconds

    @asynccontextmanager
    async def once(self, call: IdempotentCall | None) -> AsyncIterator[Reservation | CriteriaOutcome | None]:
        """Yield the right to do a call, or the outcome that it had before. None needs no right.

        A call that ends with an error gives the right back. Raises IdempotencyRequestInProgress or
        IdempotencyKeyReused.
        """
        held = None if call is None else await self._reserve(call)
        try:
            yield held
        except BaseException:
            if isinstance(held, Reservation):
                await self._release(held)
            raise

    async def _reserve(self, call: IdempotentCall) -> Reservation | CriteriaOutcome:
        now = self._clock.now()
        lease_ends_at, expires_at = plus_seconds(now, self._lease_seconds), plus_seconds(now, KEPT_SECONDS)
        reserving = self._store.reserve(call, now=now, lease_ends_at=lease_ends_at, expires_at=expires_at)
        reserved = await self._finish(asyncio.ensure_future(reserving))
        if isinstance(reserved, Refusal):
            raise IdempotencyKeyReused if reserved is Refusal.REUSED else in_progress()
        return reserved

    async def _finish(self, reserving: asyncio.Future[Reserved]) -> Reserved:
        """Return what was reserved. A caller who hangs up meanwhile must not leave the key taken behind."""
        try:
            return await asyncio.shield(reserving)
        except asyncio.CancelledError:
            with suppress(NovaError):
                if isinstance(reserved := await reserving, Reservation):
                    await self._release(reserved)
            raise

    async def _release(self, held: Reservation) -> None:
        """Let the next call with the key through. Where the store is away its lease ends by itself.

        A change that is on its way to the store gets there first, so that the key of what was done is never given back.
        """
        with suppress(NovaError):
            await self._store.release(held)


def in_progress() -> IdempotencyRequestInProgress:
    """Return the refusal of a call while another with its key is running."""
    return IdempotencyRequestInProgress(retry_after_seconds=RETRY_AFTER_SECONDS)
