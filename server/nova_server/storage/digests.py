"""Identity by content."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b

from nova_server.ports.tenancy import TenantKey

_BYTES = 20  # 160 bits: nobody can make two texts with one digest


def digest_of(*parts: str | None) -> str:
    """Return 40 hex characters that identify a list of texts. None differs from an empty text."""
    state = blake2b(digest_size=_BYTES)
    for part in parts:
        encoded = b"" if part is None else part.encode()
        # The length goes first, so that no two lists run together into the same bytes.
        state.update(b"-;" if part is None else b"%d;" % len(encoded))
        state.update(encoded)
    return state.hexdigest()


def digest_of_set(members: Iterable[str]) -> str:
    """Return a digest of a set of texts that does not depend on their order."""
    return digest_of(*sorted(members))


def tenant_key(tenant: TenantKey) -> str:
    """Return the key of a tenant's row, so that no read is needed to know it."""
    return digest_of(tenant.partner_id, tenant.environment, tenant.tenant_id)
