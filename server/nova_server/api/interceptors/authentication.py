"""Lets in calls that bring a key in force, and names the caller, and the tenant whose data they are about."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from nova_server.api.call import Call
from nova_server.api.headers import Header
from nova_server.api.method_options import is_without_tenant
from nova_server.errors import ValidationFailed
from nova_server.ports.tenancy import Authenticator, Caller, TenantKey

# Health and reflection tell nothing about anybody, and are asked by machines that hold no key.
PROTECTED_PREFIX = "/nova."
TENANT_ID = Header("X-Tenant-Id", required=True)


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
    tenant_id = TENANT_ID.text(call)
    if tenant_id is None:
        raise ValidationFailed(TENANT_ID.violations(call))
    return TenantKey(caller.partner_id, caller.environment, tenant_id)
