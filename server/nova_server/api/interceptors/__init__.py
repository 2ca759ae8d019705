"""What happens around every call, in one list."""

from __future__ import annotations

from nova_server.api.interceptors.authentication import AuthenticationInterceptor
from nova_server.api.interceptors.chain import CallInterceptor
from nova_server.api.interceptors.closing import ClosingInterceptor
from nova_server.api.interceptors.deadline import DeadlineInterceptor
from nova_server.api.interceptors.errors import ErrorInterceptor
from nova_server.api.interceptors.gateway_faults import GatewayFaultsInterceptor
from nova_server.api.interceptors.metrics import MetricsInterceptor
from nova_server.api.interceptors.trace import TraceInterceptor
from nova_server.observability.metrics import Metrics
from nova_server.ports.clock import Clock
from nova_server.ports.tenancy import Authenticator


def build_interceptors(
    authenticator: Authenticator,
    metrics: Metrics,
    clock: Clock,
    default_deadline_seconds: float,
    closing: ClosingInterceptor,
) -> list[CallInterceptor]:
    """Return the interceptors, outermost first."""
    return [
        # Outermost, so that whatever fails, here or further in, leaves as a status that says nothing of its inside.
        ErrorInterceptor(),
        # Next, so that every line logged from here on carries the trace id.
        TraceInterceptor(),
        # Outside of what may refuse a call, so that refused calls are counted.
        MetricsInterceptor(metrics, clock),
        closing,
        # Outside of authentication, which may wait for the store.
        DeadlineInterceptor(default_deadline_seconds),
        AuthenticationInterceptor(authenticator),
        # Inside of it, because the key and the tenant are looked at before the body.
        GatewayFaultsInterceptor(),
    ]
