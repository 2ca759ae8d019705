"""What a hostile document is."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from nova.errors.v1 import error_reason_pb2
from nova.errors.v1.error_reason_pb2 import ErrorReason
from nova_server.resumes.reader import WALL_SECONDS

UNSUPPORTED = error_reason_pb2.RESUME_UNSUPPORTED_TYPE
ENCRYPTED = error_reason_pb2.RESUME_ENCRYPTED
CORRUPTED = error_reason_pb2.RESUME_CORRUPTED
EMPTY = error_reason_pb2.RESUME_EMPTY
TOO_LARGE = error_reason_pb2.RESUME_TOO_LARGE
PARSE_FAILED = error_reason_pb2.RESUME_PARSE_FAILED

MEGABYTE = 1024 * 1024
LITTLE_TIME = 1.0
RESUME = ["Ada Example", "Bridge engineer, eleven years", "Steel, concrete, load models"]
SHOW_WORDS = b"BT /F1 12 Tf 72 700 Td (Bridge engineer) Tj ET"


@dataclass(frozen=True)
class Hostile:
    """A document and the reason it must fail with. Those that only a clock stops are given little time."""

    name: str
    reason: ErrorReason.ValueType
    make: Callable[[], bytes]
    wall_seconds: float = WALL_SECONDS


def cut(content: bytes, share: float) -> bytes:
    return content[: int(len(content) * share)]


def noise() -> bytes:
    return random.Random(2).randbytes(50_000)
