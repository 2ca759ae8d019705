"""Tells who calls, from the `authorization` of the call.

Most calls come with a key that was seen a moment ago, so reads of the store are kept for half a second. That bound is
the promise of revocation: a read is used only while it *began* less than half a second ago, so no call that arrives
later than that after a revocation is let in. Only keys in force are kept. An unknown or a revoked key is looked up each
time, so that whoever guesses keys fills no memory, and both are refused by the same path with the same error.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from dataclasses import dataclass

from nova_server.errors import Unauthorized
from nova_server.ports.clock import Clock
from nova_server.ports.tenancy import ApiKey, Caller, KeyStore
from nova_server.tenancy.secrets import digest_of, environment_of, secret_of

# Half of the second within which a revocation must be seen.
LIFETIME_SECONDS = 0.5
# About 1 kB each. Past this, the key that was read longest ago is read again.
MAX_ENTRIES = 10_000


@dataclass(frozen=True, slots=True)
class _Read:
    """One look into the store, under way or done."""

    began_at: float
    task: asyncio.Task[ApiKey | None]


class CachedAuthenticator:
    """The `Authenticator` over a store of keys. Callers that arrive together share one read of their key."""

    def __init__(self, store: KeyStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._reads: OrderedDict[bytes, _Read] = OrderedDict()

    async def authenticate(self, authorization: str | None) -> Caller:
        """Return the caller. Raises Unauthorized, or StoreUnavailable."""
        secret = secret_of(authorization)
        if secret is None:
            raise Unauthorized
        key = await self._find(digest_of(secret))
        if key is None or key.environment is not environment_of(secret):
            raise Unauthorized
        return Caller(key.partner_id, key.environment)

    async def _find(self, digest: bytes) -> ApiKey | None:
        read = self._reads.get(digest)
        if read is None or self._clock.monotonic() - read.began_at >= LIFETIME_SECONDS:
            read = self._begin(digest)
        if read.task.done():
            return read.task.result()
        # Shielded, because one caller that hangs up must not fail the others that wait for the same read.
        return await asyncio.shield(read.task)

    def _begin(self, digest: bytes) -> _Read:
        read = _Read(self._clock.monotonic(), asyncio.create_task(self._read(digest), name="read API key"))
        self._reads[digest] = read
        self._reads.move_to_end(digest)
        if len(self._reads) > MAX_ENTRIES:
            self._reads.popitem(last=False)
        read.task.add_done_callback(lambda task: self._forget_unless_in_force(digest, read, task))
        return read

    async def _read(self, digest: bytes) -> ApiKey | None:
        key = await self._store.find_key(digest)
        return key if key is not None and key.revoked_at is None else None

    def _forget_unless_in_force(self, digest: bytes, read: _Read, task: asyncio.Task[ApiKey | None]) -> None:
        # Asking for the exception also marks it as seen, for the case that every caller hung up meanwhile.
        in_force = not task.cancelled() and task.exception() is None and task.result() is not None
        if not in_force and self._reads.get(digest) is read:
            del self._reads[digest]
