"""What an operator does with API keys: create, list, revoke, restore."""

from __future__ import annotations

import secrets
from collections.abc import Callable

from nova_server.ports.clock import Clock, Instant
from nova_server.ports.identifiers import Identifiers
from nova_server.ports.tenancy import ApiKey, Environment, KeyStore
from nova_server.tenancy.secrets import digest_of, masked, new_secret


class KeyNotFound(Exception):
    """There is no key with this id."""


class KeyAdministration:
    """Creates keys and takes them out of force. Every call may raise StoreUnavailable."""

    def __init__(
        self,
        store: KeyStore,
        clock: Clock,
        identifiers: Identifiers,
        random_bytes: Callable[[int], bytes] = secrets.token_bytes,
    ) -> None:
        self._store = store
        self._clock = clock
        self._identifiers = identifiers
        self._random_bytes = random_bytes

    async def create(self, partner_id: str, environment: Environment) -> tuple[ApiKey, str]:
        """Store a new key. Returns it with its secret, which cannot be had again."""
        secret = new_secret(environment, self._random_bytes)
        now = self._clock.now()
        key = ApiKey(self._identifiers.new(now), partner_id, environment, masked(secret), now, revoked_at=None)
        await self._store.insert_key(key, digest_of(secret))
        return key, secret

    async def list(self, environment: Environment | None = None) -> list[ApiKey]:
        """Return the keys of one environment, or of both, oldest first."""
        return await self._store.list_keys(environment)

    async def revoke(self, key_id: str) -> ApiKey:
        """Take a key out of force: within a second, every process refuses it. Raises KeyNotFound."""
        return await self._set_revoked(key_id, self._clock.now())

    async def restore(self, key_id: str) -> ApiKey:
        """Put a revoked key back in force. Raises KeyNotFound."""
        return await self._set_revoked(key_id, None)

    async def _set_revoked(self, key_id: str, revoked_at: Instant | None) -> ApiKey:
        key = await self._store.set_revoked(key_id, revoked_at)
        if key is None:
            raise KeyNotFound(key_id)
        return key
