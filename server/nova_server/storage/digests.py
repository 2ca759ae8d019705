"""Identity by content."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256

from nova_server.ports.tenancy import TenantKey

# 160 bits: nobody can make two texts with one digest. SHA-256, because processors compute it themselves.
_HEX_DIGITS = 40


def digest_of(text: str) -> str:
    """Return 40 hex characters that identify a text."""
    return sha256(text.encode()).hexdigest()[:_HEX_DIGITS]


def digest_of_all(parts: Iterable[str | None]) -> str:
    """Return 40 hex characters that identify a list of texts. None differs from an empty text."""
    # The length of each goes first, so that no two lists run together into the same text.
    return digest_of("".join("-;" if part is None else f"{len(part)};{part}" for part in parts))


def tenant_key(tenant: TenantKey) -> str:
    """Return the key of a tenant's row, so that no read is needed to know it.

    It stands at the head of every index, and 100 bits tell all tenants apart that there will ever be.
    """
    return digest_of_all((tenant.partner_id, tenant.environment.value, tenant.tenant_id))[:25]
