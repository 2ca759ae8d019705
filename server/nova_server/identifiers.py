"""Ids in the documented shape, such as `cmlz26em4002cwp61t7ukh3lb`: `c`, eight characters of time, sixteen random."""

from __future__ import annotations

import os
from collections.abc import Callable

from nova_server.ports.clock import Instant

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_TIME_CHARACTERS = 8  # milliseconds in base 36: enough until the year 2059
_RANDOM_CHARACTERS = 16  # five bits each: 80 bits

# Each of the 256 byte values maps to one of 32 characters, eight values to each, so that no character is likelier.
_ALPHABET = bytes(_DIGITS[value % 32].encode()[0] for value in range(256))


class RandomIdentifiers:
    """Makes ids from the time and the system's random source."""

    def __init__(self, random_bytes: Callable[[int], bytes] = os.urandom) -> None:
        self._random_bytes = random_bytes
        self._prefix_at = -1
        self._prefix = ""

    def new(self, now: Instant) -> str:
        """Return a new id. Ids of different milliseconds sort by time."""
        millisecond = now // 1000
        if millisecond != self._prefix_at:
            self._prefix_at, self._prefix = millisecond, "c" + _base36(millisecond)
        return self._prefix + self._random_bytes(_RANDOM_CHARACTERS).translate(_ALPHABET).decode("ascii")


def _base36(number: int) -> str:
    digits = []
    for _ in range(_TIME_CHARACTERS):
        number, digit = divmod(number, 36)
        digits.append(_DIGITS[digit])
    return "".join(reversed(digits))
