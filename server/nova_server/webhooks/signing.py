"""The signatures of a delivery, and the headers that carry them.

Every delivery is signed twice. The signature of the public contract covers the body; it is hex, and its key is the
whole secret as it was shown. That of Standard Webhooks 1.0.0 covers the id and the time too, so that an old delivery
cannot be played again; its key is what the secret encodes.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Iterable, Mapping, Sequence

from nova_server.ports.clock import MICROSECONDS, Instant
from nova_server.ports.webhooks import WebhookEvent
from nova_server.webhooks.times import rfc3339

SECRET_PREFIX = "whsec_"  # noqa: S105 - what every secret begins with
SECRET_BYTES = 32
TOLERANCE_SECONDS = 300

# As the public contract writes them in the header; in the body they are `score.completed` and so on.
EVENT_NAMES: Mapping[WebhookEvent, str] = {
    WebhookEvent.SCORE_COMPLETED: "SCORE_COMPLETED",
    WebhookEvent.SCORE_FAILED: "SCORE_FAILED",
    WebhookEvent.BATCH_COMPLETED: "BATCH_COMPLETED",
    WebhookEvent.TEST: "test",
}


class SignatureInvalid(Exception):
    """What arrived is not what the owner of the secret sent just now. The message says why."""


def new_secret(random_bytes: Callable[[int], bytes]) -> str:
    """Return a secret from 32 bytes of `random_bytes`."""
    return SECRET_PREFIX + base64.b64encode(random_bytes(SECRET_BYTES)).decode("ascii")


def signed_headers(
    delivery_id: str, event: WebhookEvent, body: bytes, secrets: Sequence[str], now: Instant
) -> dict[str, str]:
    """Return the headers of one attempt. Each of `secrets` signs, in their order."""
    timestamp = str(now // MICROSECONDS)
    return {
        "Content-Type": "application/json",
        "X-Webhook-Id": delivery_id,
        "X-Webhook-Event": EVENT_NAMES[event],
        "X-Webhook-Timestamp": rfc3339(now),
        "X-Webhook-Signature": ", ".join(_body_signature(secret, body) for secret in secrets),
        "webhook-id": delivery_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": " ".join(_standard_signature(secret, delivery_id, timestamp, body) for secret in secrets),
    }


def verify(headers: Mapping[str, str], body: bytes, secret: str, now: Instant) -> None:
    """Return when both signatures of a delivery that arrived at `now` are right. Raises SignatureInvalid.

    The time that was signed may be up to 5 minutes from `now`.
    """
    given = {name.lower(): value for name, value in headers.items()}
    timestamp = given.get("webhook-timestamp", "")
    _check_time(timestamp, now)
    standard = _standard_signature(secret, given.get("webhook-id", ""), timestamp, body)
    _check_signature("webhook-signature", standard, given.get("webhook-signature", "").split())
    signatures = [part.strip() for part in given.get("x-webhook-signature", "").split(",")]
    _check_signature("X-Webhook-Signature", _body_signature(secret, body), signatures)


def _body_signature(secret: str, body: bytes) -> str:
    return "sha256=" + hmac.new(secret.encode("ascii"), body, hashlib.sha256).hexdigest()


def _standard_signature(secret: str, delivery_id: str, timestamp: str, body: bytes) -> str:
    key = base64.b64decode(secret.removeprefix(SECRET_PREFIX))
    # A received id may hold bytes that are no UTF-8. Signing them gives some signature, and that is wrong.
    content = f"{delivery_id}.{timestamp}.".encode("utf-8", "surrogatepass") + body
    return "v1," + base64.b64encode(hmac.digest(key, content, hashlib.sha256)).decode("ascii")


def _check_time(timestamp: str, now: Instant) -> None:
    if not (timestamp.isascii() and timestamp.isdecimal() and len(timestamp) <= 12):
        raise SignatureInvalid("webhook-timestamp is missing or no number")
    if abs(int(timestamp) - now / MICROSECONDS) > TOLERANCE_SECONDS:
        raise SignatureInvalid("webhook-timestamp is more than 5 minutes away")


def _check_signature(header: str, expected: str, given: Iterable[str]) -> None:
    """Compare in constant time, and with all of them, so that the time it takes does not tell how much was right."""
    wanted = expected.encode("ascii")
    matches = [hmac.compare_digest(wanted, signature.encode("utf-8", "replace")) for signature in given]
    if not any(matches):
        raise SignatureInvalid(f"{header} is missing or wrong")
