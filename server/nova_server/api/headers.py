"""The rules on headers, which no proto describes. Over gRPC they are metadata."""

from __future__ import annotations

import re
from dataclasses import dataclass

from nova_server.api.call import Call
from nova_server.api.fault_table import FAULTS, GIVEN_TWICE, NOT_ASCII, Fault
from nova_server.errors import FieldViolation

MAX_CHARACTERS = 255
# What gRPC allows in metadata. A proxy passes on other bytes too, which decoding could make the same for two callers.
_PRINTABLE_ASCII = re.compile(r"[\x20-\x7e]*")
_EMPTY = Fault("too_short", FAULTS["string.min_len"].describe(1))
_TOO_LONG = Fault("too_long", FAULTS["string.max_len"].describe(MAX_CHARACTERS))


@dataclass(frozen=True, slots=True)
class Header:
    """A header that holds 1 to 255 printable ASCII characters. `name` is as REST callers write it."""

    name: str
    required: bool = False

    @property
    def key(self) -> str:
        """The name in metadata."""
        return self.name.lower()

    def text(self, call: Call) -> str | None:
        """Return what the header of `call` holds. None when it was not sent, or there are violations."""
        return None if self.violations(call) else call.text(self.key)

    def violations(self, call: Call) -> list[FieldViolation]:
        """Return what is wrong with the header of `call`, which is one thing at most."""
        fault = GIVEN_TWICE if self.key in call.repeated else self._fault_of(call.metadata.get(self.key))
        return [FieldViolation(self.name, fault.code, fault.sentence)] if fault else []

    def _fault_of(self, value: str | bytes | None) -> Fault | None:
        if not value and self.required:
            return FAULTS["required"]
        return None if value is None else _text_fault(value)


def _text_fault(value: str | bytes) -> Fault | None:
    if isinstance(value, bytes) or not _PRINTABLE_ASCII.fullmatch(value):
        return NOT_ASCII
    if not value:
        return _EMPTY
    return _TOO_LONG if len(value) > MAX_CHARACTERS else None
