"""Lets in calls that bring a key in force, and names the caller, and the tenant whose data they are about."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from nova_server.api.call import Call
from nova_server.api.method_options import is_without_tenant
from nova_server.errors import FieldViolation, ValidationFailed
from nova_server.ports.tenancy import Authenticator, Caller, TenantKey

# Health and reflection tell nothing about anybody, and are asked by machines that hold no key.
PROTECTED_PREFIX = "/nova."
MAX_TENANT_CHARACTERS = 255
_TENANT_ID = "x-tenant-id"
_FIELD = "X-Tenant-Id"
# What gRPC allows in metadata. A proxy passes on other bytes too, which decoding could make the same for two tenants.
_TENANT = re.compile(r"[\x20-\x7e]*")


class AuthenticationInterceptor:
    """Checks the key first, then the tenant, as the contract orders. Of some services no tenant is asked."""

    def __init__(self, authenticator: Authenticator) -> None:
        self._authenticator = authenticator

    @asynccontextmanager
    async def around(self, call: Call) -> AsyncIterator[None]:
        """Serve `call` with its caller and tenant. Raises Unauthorized, ValidationFailed or StoreUnavailable."""
        if call.method.startswith(PROTECTED_PREFIX):
            call.caller = await self._authenticator.authenticate(call.text("authorization"))
            if not is_without_tenant(call.method):
                call.tenant = _tenant_of(call, call.caller)
        yield


def _tenant_of(call: Call, caller: Caller) -> TenantKey:
    if _TENANT_ID in call.repeated:
        raise ValidationFailed([FieldViolation(_FIELD, "duplicate", "must be given once.")])
    tenant_id = checked_tenant_id(call.metadata.get(_TENANT_ID))
    return TenantKey(caller.partner_id, caller.environment, tenant_id)


def checked_tenant_id(value: str | bytes | None) -> str:
    """Return the tenant id when it is one. Raises ValidationFailed."""
    if not value:
        raise ValidationFailed([FieldViolation(_FIELD, "required", "is required.")])
    if isinstance(value, bytes) or not _TENANT.fullmatch(value):
        raise ValidationFailed([FieldViolation(_FIELD, "invalid", "must hold printable ASCII characters only.")])
    if len(value) > MAX_TENANT_CHARACTERS:
        raise ValidationFailed([FieldViolation(_FIELD, "too_long", "must be at most 255 characters long.")])
    return value
