"""API keys kept in memory."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from nova_server.ports.clock import Instant
from nova_server.ports.tenancy import ApiKey, Environment


class MemoryKeyStore:
    """A `KeyStore` in a dictionary. `reads` counts look-ups; while `open` is not set, they wait; `fault` fails them."""

    def __init__(self) -> None:
        self.keys: dict[bytes, ApiKey] = {}
        self.reads = 0
        self.fault: Exception | None = None
        self.open = asyncio.Event()
        self.open.set()
        self.asked = asyncio.Event()

    async def insert_key(self, key: ApiKey, digest: bytes) -> None:
        self.keys[digest] = key

    async def find_key(self, digest: bytes) -> ApiKey | None:
        self.reads += 1
        found = self.keys.get(digest)
        self.asked.set()
        await self.open.wait()
        if self.fault is not None:
            raise self.fault
        return found

    async def list_keys(self, environment: Environment | None) -> list[ApiKey]:
        return [key for key in self.keys.values() if environment in (None, key.environment)]

    async def set_revoked(self, key_id: str, revoked_at: Instant | None) -> ApiKey | None:
        for digest, key in self.keys.items():
            if key.id == key_id:
                self.keys[digest] = replace(key, revoked_at=revoked_at and (key.revoked_at or revoked_at))
                return self.keys[digest]
        return None
