"""Signing, with outside code as the judge of it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nova_server.clock import SystemClock
from nova_server.ports.clock import Instant, plus_seconds
from nova_server.ports.webhooks import WebhookEvent
from nova_server.webhooks.signing import SignatureInvalid, new_secret, signed_headers, verify
from standardwebhooks import Webhook, WebhookVerificationError

from tests.support.clock import START

ID = "cmlz26fk7003xwp61q2m8s4va"
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwbJy1Xr3pQ0k="
OTHER_SECRET = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oDazfgGWVXsGk="
BODY = '{"event":"test","message":"Grüße"}'.encode()

secrets = st.binary(min_size=32, max_size=32).map(lambda key: new_secret(lambda _: key))


def headers_of(*signing: str, body: bytes = BODY, now: Instant = START) -> dict[str, str]:
    return signed_headers(ID, WebhookEvent.SCORE_COMPLETED, body, signing or (SECRET,), now)


def is_signed_as_documented(headers: dict[str, str], body: bytes, secret: str) -> bool:
    """What a partner writes after reading the documentation."""
    expected = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    given = headers["X-Webhook-Signature"].split(", ")
    return any(hmac.compare_digest(f"sha256={expected}", signature) for signature in given)


def test_a_secret_is_its_prefix_and_32_bytes_in_base64() -> None:
    assert new_secret(bytes) == "whsec_" + "A" * 43 + "="
    assert base64.b64decode(new_secret(lambda count: b"\xff" * count).removeprefix("whsec_")) == b"\xff" * 32


def test_the_headers_are_those_of_the_contract_and_of_standard_webhooks() -> None:
    assert headers_of(body=b"{}") == {
        "Content-Type": "application/json",
        "X-Webhook-Id": ID,
        "X-Webhook-Event": "SCORE_COMPLETED",
        "X-Webhook-Timestamp": "2026-03-01T09:00:00Z",
        # printf '{}' | openssl dgst -sha256 -hmac "$SECRET"
        "X-Webhook-Signature": "sha256=202c769ae33115ea5a1c63595e35d07f035adedf9ba25d391d688aa3781e6ef2",
        "webhook-id": ID,
        "webhook-timestamp": "1772355600",
        # printf "$ID.1772355600.{}" | openssl dgst -sha256 -mac HMAC -macopt hexkey:… -binary | base64
        "webhook-signature": "v1,xqPSC8HpoUVAkNAk4pPv5bimfDDdamDUcaUAG6c9YUk=",
    }


@pytest.mark.parametrize(
    ("event", "name"),
    [
        (WebhookEvent.SCORE_COMPLETED, "SCORE_COMPLETED"),
        (WebhookEvent.SCORE_FAILED, "SCORE_FAILED"),
        (WebhookEvent.BATCH_COMPLETED, "BATCH_COMPLETED"),
        (WebhookEvent.TEST, "test"),
    ],
)
def test_the_event_is_named_in_a_header(event: WebhookEvent, name: str) -> None:
    assert signed_headers(ID, event, BODY, [SECRET], START)["X-Webhook-Event"] == name


@given(secret=secrets, body=st.dictionaries(st.text(), st.text()))
def test_the_reference_verifier_of_standard_webhooks_accepts_what_is_signed(secret: str, body: dict[str, str]) -> None:
    raw = json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")
    headers = headers_of(secret, body=raw, now=SystemClock().now())

    assert Webhook(secret).verify(raw, headers) == json.loads(raw)
    assert is_signed_as_documented(headers, raw, secret)


def test_the_reference_verifier_refuses_another_body() -> None:
    headers = headers_of(now=SystemClock().now())

    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(BODY + b" ", headers)
    assert not is_signed_as_documented(headers, BODY + b" ", SECRET)


def test_both_secrets_sign_while_one_replaces_the_other_the_newest_first() -> None:
    now = SystemClock().now()
    both, new, old = headers_of(OTHER_SECRET, SECRET, now=now), headers_of(OTHER_SECRET, now=now), headers_of(now=now)

    assert both["X-Webhook-Signature"] == f"{new['X-Webhook-Signature']}, {old['X-Webhook-Signature']}"
    assert both["webhook-signature"] == f"{new['webhook-signature']} {old['webhook-signature']}"
    for secret in (SECRET, OTHER_SECRET):
        verify(both, BODY, secret, now)
        Webhook(secret).verify(BODY, both, json_parse=False)
        assert is_signed_as_documented(both, BODY, secret)


def test_what_was_signed_twice_differs_in_its_time_and_in_what_covers_it() -> None:
    first, second = headers_of(), headers_of(now=plus_seconds(START, 60))

    changed = {name for name in first if first[name] != second[name]}
    assert changed == {"X-Webhook-Timestamp", "webhook-timestamp", "webhook-signature"}


@pytest.mark.parametrize("seconds", [-300, 0, 300])
def test_what_arrives_in_time_is_verified_however_its_headers_are_spelled(seconds: float) -> None:
    upper = {name.upper(): value for name, value in headers_of().items()}

    verify(upper, BODY, SECRET, plus_seconds(START, seconds))
    with pytest.raises(SignatureInvalid, match="webhook-signature"):
        verify(upper, BODY, OTHER_SECRET, plus_seconds(START, seconds))


@pytest.mark.parametrize("seconds", [-301, 301])
def test_what_arrives_too_early_or_too_late_is_refused(seconds: float) -> None:
    with pytest.raises(SignatureInvalid, match="5 minutes"):
        verify(headers_of(), BODY, SECRET, plus_seconds(START, seconds))


def test_another_body_is_refused() -> None:
    with pytest.raises(SignatureInvalid, match="webhook-signature"):
        verify(headers_of(), BODY + b" ", SECRET, START)


@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp", "webhook-signature", "X-Webhook-Signature"])
@pytest.mark.parametrize("value", [None, "", "x", "ü\udcff", "9" * 5000])
def test_a_header_that_is_missing_or_wrong_is_refused(name: str, value: str | None) -> None:
    headers = headers_of()
    del headers[name]

    with pytest.raises(SignatureInvalid):
        verify(headers if value is None else headers | {name: value}, BODY, SECRET, START)
