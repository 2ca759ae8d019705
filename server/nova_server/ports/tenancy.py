"""Who is calling."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from nova_server.ports.clock import Instant


class Environment(StrEnum):
    """The two worlds of a partner. The prefix of the API key decides which."""

    SANDBOX = "sandbox"
    PRODUCTION = "production"


@dataclass(frozen=True, slots=True)
class Caller:
    """An authenticated partner in one environment."""

    partner_id: str
    environment: Environment


@dataclass(frozen=True, slots=True)
class TenantKey:
    """Whose data a call is about. `tenant_id` is the partner's own id of its customer (`X-Tenant-Id`)."""

    partner_id: str
    environment: Environment
    tenant_id: str


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A stored API key. The secret itself is not stored: `masked` shows its last four characters."""

    id: str
    partner_id: str
    environment: Environment
    masked: str
    created_at: Instant
    revoked_at: Instant | None


class Authenticator(Protocol):
    """Turns the `authorization` metadata of a call into its caller."""

    async def authenticate(self, authorization: str | None) -> Caller:
        """Return the caller. Raises Unauthorized, or StoreUnavailable."""
        ...


class KeyStore(Protocol):
    """Where API keys are kept. Every call may raise StoreUnavailable."""

    async def insert_key(self, key: ApiKey, digest: bytes) -> None:
        """Store a key under the SHA-256 digest of its secret."""
        ...

    async def find_key(self, digest: bytes) -> ApiKey | None:
        """Return the key with this digest, revoked or not."""
        ...

    async def list_keys(self, environment: Environment | None) -> list[ApiKey]:
        """Return the keys of an environment, or of both, oldest first."""
        ...

    async def set_revoked(self, key_id: str, revoked_at: Instant | None) -> ApiKey | None:
        """Revoke or restore a key. Returns it as it is then, or None when there is no such key.

        A key that is revoked already stays so since the first time.
        """
        ...
