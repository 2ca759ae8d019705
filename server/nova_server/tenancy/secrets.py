"""What the secret of an API key looks like: `sk_test_` or `sk_live_`, then 32 URL-safe characters.

24 random bytes give those 32 characters, 192 bits, so a plain SHA-256 digest is enough at rest:
there is nothing to guess.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable

from nova_server.ports.tenancy import Environment

RANDOM_BYTES = 24
PREFIXES = {Environment.SANDBOX: "sk_test_", Environment.PRODUCTION: "sk_live_"}
_ENVIRONMENTS = {prefix: environment for environment, prefix in PREFIXES.items()}
_PREFIX_LENGTH = len("sk_test_")
# The scheme of `authorization` is matched without regard to case, as RFC 9110 section 11.1 asks.
_AUTHORIZATION = re.compile(r"[Bb][Ee][Aa][Rr][Ee][Rr] (sk_(?:test|live)_[A-Za-z0-9_-]{32})")


def new_secret(environment: Environment, random_bytes: Callable[[int], bytes]) -> str:
    """Return a secret for `environment` from 24 bytes of `random_bytes`."""
    return PREFIXES[environment] + base64.urlsafe_b64encode(random_bytes(RANDOM_BYTES)).decode("ascii")


def secret_of(authorization: str | None) -> str | None:
    """Return the secret in the value of an `authorization` header, or None when it is not a well-formed one."""
    found = _AUTHORIZATION.fullmatch(authorization or "")
    return found and found[1]


def environment_of(secret: str) -> Environment:
    """Return the environment that the prefix of a well-formed secret names."""
    return _ENVIRONMENTS[secret[:_PREFIX_LENGTH]]


def digest_of(secret: str) -> bytes:
    """Return the SHA-256 digest under which a secret's key is stored."""
    return hashlib.sha256(secret.encode("ascii")).digest()


def masked(secret: str) -> str:
    """Return what a list may show of a secret: `sk_live_****7f3a`."""
    return f"{secret[:_PREFIX_LENGTH]}****{secret[-4:]}"
