"""What the interceptors learn about a call, shared along their chain and with the servicer."""

from __future__ import annotations

from collections import Counter
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

import grpc.aio

from nova_server.ports.tenancy import Caller, TenantKey

# Stands for every method that does not exist, because a label or a cache must not grow with what callers make up.
UNKNOWN_METHOD = "unknown"


@dataclass(slots=True)
class Call:
    """One call of `method` (`/package.Service/Method`) while it is being served.

    `metadata` has the last value of each key, and `repeated` the keys that were sent with several. `streams` tells
    whether it answers with, or takes, a stream. `trace_id`, `caller` and `tenant` are set on the way in.
    """

    method: str
    streams: bool
    context: grpc.aio.ServicerContext[Any, Any]
    metadata: dict[str, str | bytes] = field(init=False)
    repeated: frozenset[str] = field(init=False)
    trace_id: str = ""
    caller: Caller | None = None
    tenant: TenantKey | None = None

    def __post_init__(self) -> None:
        sent = tuple(self.context.invocation_metadata() or ())
        self.metadata = dict(sent)
        counts = Counter(key for key, _ in sent)
        self.repeated = frozenset(key for key, count in counts.items() if count > 1)

    def text(self, key: str) -> str | None:
        """Return the metadata `key` when it was sent once, as text. Of two values nobody knows which one is meant."""
        value = self.metadata.get(key)
        return value if isinstance(value, str) and key not in self.repeated else None


# Every call runs in a task of its own, so a value set here is never seen by another call and needs no reset.
current_call: ContextVar[Call] = ContextVar("current_call")


def current_caller() -> Caller:
    """Return who makes the current call."""
    caller = current_call.get().caller
    if caller is None:
        raise LookupError("this method is served without authentication")
    return caller


def current_tenant() -> TenantKey:
    """Return whose data the current call is about."""
    tenant = current_call.get().tenant
    if tenant is None:
        raise LookupError("this method is served without a tenant")
    return tenant
