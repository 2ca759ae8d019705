"""Refuses the calls whose JSON the gateway has found to be wrong.

The gateway sees what a message no longer tells: a key given twice, a number where a string belongs. It sends such a
call on with an empty message and the faults in a header, so that the key, the rate limit and the tenant are looked at
before the body, for every caller alike.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

from nova_server.api.call import Call
from nova_server.errors import FieldViolation, ValidationFailed

FAULTS_METADATA = "nova-request-faults"

# `path=code:argument`. Whoever calls over gRPC can send this header too, so nothing else is taken from it.
_FAULT = re.compile(
    r"(?P<field>[A-Za-z0-9_.\[\]-]{1,255})=(?P<code>[a-z_]{1,32})(:(?P<argument>[A-Za-z0-9_,/ ]{1,255}))?"
)

# What each code of the Lua filter says to the caller.
_MESSAGES = {
    "conflict": "must not be given together with {argument}.",
    "duplicate_key": "is given twice.",
    "invalid": "must be one of: {argument}.",
    "malformed_encoding": "is not percent-encoded UTF-8.",
    "malformed_json": "is not valid JSON, from byte {argument} on.",
    "out_of_range": "must be a number of 32 bits.",
    "required": "is required.",
    "too_deep": "is nested more than {argument} levels deep.",
    "too_many_values": "holds more than {argument} values.",
    "unknown_parameter": "is not a parameter of this route.",
    "wrong_type": "must be of type {argument}.",
}


class GatewayFaultsInterceptor:
    """Answers with the faults that the gateway found, if it found any."""

    @asynccontextmanager
    async def around(self, call: Call) -> AsyncIterator[None]:
        """Serve `call`. Raises ValidationFailed when the header is there, also when it holds no fault that is known."""
        header = call.text(FAULTS_METADATA)
        if header is not None:
            raise ValidationFailed(list(faults_in(header)))
        yield


def faults_in(header: str) -> Iterator[FieldViolation]:
    """Yield the faults that are well-formed and known."""
    for item in header.split(";"):
        found = _FAULT.fullmatch(item)
        if found and found["code"] in _MESSAGES:
            message = _MESSAGES[found["code"]].format(argument=found["argument"] or "another")
            yield FieldViolation(found["field"], found["code"], message)
