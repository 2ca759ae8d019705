"""Lets in calls that bring a key in force, and names the tenant whose data they are about."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from nova_server.api.call import Call
from nova_server.errors import FieldViolation, ValidationFailed
from nova_server.ports.tenancy import Authenticator, TenantKey

# Health and reflection tell nothing about anybody, and are asked by machines that hold no key.
PROTECTED_PREFIX = "/nova."
MAX_TENANT_CHARACTERS = 255
_TENANT_ID = "x-tenant-id"
_FIELD = "X-Tenant-Id"
# What gRPC allows in metadata. A proxy passes on other bytes too, which decoding could make the same for two tenants.
_TENANT = re.compile(r"[\x20-\x7e]*")


class AuthenticationInterceptor:
    """Checks the key first, then the tenant, as the contract orders."""

    def __init__(self, authenticator: Authenticator) -> None:
        self._authenticator = authenticator

    @asynccontextmanager
    async def around(self, call: Call) -> AsyncIterator[None]:
        """Serve `call` with its tenant. Raises Unauthorized, ValidationFailed or StoreUnavailable."""
        if call.method.startswith(PROTECTED_PREFIX):
            caller = await self._authenticator.authenticate(call.text("authorization"))
            if _TENANT_ID in call.repeated:
                raise ValidationFailed([FieldViolation(_FIELD, "duplicate", "must be given once.")])
            tenant_id = checked_tenant_id(call.metadata.get(_TENANT_ID))
            call.tenant = TenantKey(caller.partner_id, caller.environment, tenant_id)
        yield


def checked_tenant_id(value: str | bytes | None) -> str:
    """Return the tenant id when it is one. Raises ValidationFailed."""
    if not value:
        raise ValidationFailed([FieldViolation(_FIELD, "required", "is required.")])
    if isinstance(value, bytes) or not _TENANT.fullmatch(value):
        raise ValidationFailed([FieldViolation(_FIELD, "invalid", "must hold printable ASCII characters only.")])
    if len(value) > MAX_TENANT_CHARACTERS:
        raise ValidationFailed([FieldViolation(_FIELD, "too_long", "must be at most 255 characters long.")])
    return value
