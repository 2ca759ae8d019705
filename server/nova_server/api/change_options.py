"""What callers say in headers beside a change: that it is to be done once, and what they believe is there."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from google.protobuf.message import Message

from nova_server.api.call import Call, current_call, current_caller, current_tenant
from nova_server.api.headers import Header
from nova_server.api.method_options import takes_expected_revision, takes_idempotency_key
from nova_server.errors import FieldViolation
from nova_server.ports.criteria import ChangeOptions, IdempotentCall

IDEMPOTENCY_KEY = Header("Idempotency-Key")
EXPECTED_REVISION = Header("X-Expected-Criteria-Revision")

# SHA-256, cut to the 160 bits that the service uses wherever it tells one content from another.
_DIGEST_HEX_DIGITS = 40
_LENGTH_BYTES = 8


def header_violations(call: Call) -> list[FieldViolation]:
    """Return what is wrong with the headers that the method of `call` heeds. It may bring any others."""
    return [violation for header in _heeded(call.method) for violation in header.violations(call)]


def change_options(request: Message) -> ChangeOptions:
    """Return the options of the current call, whose headers have no violations."""
    call = current_call.get()
    heeded = _heeded(call.method)
    key = IDEMPOTENCY_KEY.text(call) if IDEMPOTENCY_KEY in heeded else None
    revision = EXPECTED_REVISION.text(call) if EXPECTED_REVISION in heeded else None
    if key is None:
        return ChangeOptions(expected_revision=revision)
    digest = call_digest(call.method, current_tenant().tenant_id, revision, request)
    return ChangeOptions(IdempotentCall(current_caller(), key, digest), revision)


def call_digest(method: str, tenant_id: str, expected_revision: str | None, request: Message) -> str:
    """Return 40 hex digits that identify a call of one caller, however its fields were ordered.

    No revision is as an empty one, which cannot be sent.
    """
    body = request.SerializeToString(deterministic=True)
    return _digest_of([method.encode(), tenant_id.encode(), (expected_revision or "").encode(), body])


def _digest_of(parts: Iterable[bytes]) -> str:
    """Return a digest of `parts`, each with its length before it, so that none can run into the next."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(_LENGTH_BYTES, "big"))
        digest.update(part)
    return digest.hexdigest()[:_DIGEST_HEX_DIGITS]


def _heeded(method: str) -> list[Header]:
    heeded = [IDEMPOTENCY_KEY] if takes_idempotency_key(method) else []
    return [*heeded, EXPECTED_REVISION] if takes_expected_revision(method) else heeded
