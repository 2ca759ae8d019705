"""Reads the body of a request: its size first, before any memory is spent on parsing it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from google.protobuf.message import DecodeError

from nova_server.api.method_options import max_bytes
from nova_server.errors import FieldViolation, PayloadTooLarge, ValidationFailed

Deserializer = Callable[[bytes], Any]

_MALFORMED = FieldViolation("", "invalid", "The body is not a message of this method's request type.")


def body_reader(method: str, deserialize: Deserializer | None) -> Deserializer:
    """Return a function that parses a body of `method`.

    It raises PayloadTooLarge when the body is over the `max_bytes` of its message, and ValidationFailed when it is not
    such a message at all.
    """
    limit = max_bytes(method)

    def read(body: bytes) -> Any:
        if limit is not None and len(body) > limit:
            raise PayloadTooLarge
        try:
            return deserialize(body) if deserialize else body
        except DecodeError:
            # Not chained: the text of the cause quotes the body.
            raise ValidationFailed([_MALFORMED]) from None

    return read
