"""TLS for the gRPC api."""

from __future__ import annotations

import grpc

from nova_server.settings import Settings


def server_credentials(settings: Settings) -> grpc.ServerCredentials | None:
    """Return what the api shows to callers, and asks of them, or None when it speaks without TLS. Raises OSError."""
    if settings.grpc_tls_certificate is None or settings.grpc_tls_key is None:
        return None
    pair = (settings.grpc_tls_key.read_bytes(), settings.grpc_tls_certificate.read_bytes())
    authority = settings.grpc_tls_client_ca
    return grpc.ssl_server_credentials(
        [pair],
        root_certificates=authority.read_bytes() if authority else None,
        require_client_auth=authority is not None,
    )
