"""What the pool and a child say to each other: pickled objects, each behind its length.

Both ends stop at `MAX_FRAME_BYTES`, so that neither can be made to swallow an endless message.
"""

from __future__ import annotations

import pickle
import struct
from asyncio import StreamReader
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import BinaryIO

LENGTH = struct.Struct(">I")

# The largest request there is holds one application (under 5 MiB); the largest reply is the text of one document.
MAX_FRAME_BYTES = 16 * 1024 * 1024


class FrameTooLarge(Exception):
    """A message is over `MAX_FRAME_BYTES`."""


@dataclass(frozen=True, slots=True)
class Setup:
    """The first message to a child."""

    memory_bytes: int
    warm_up: Callable[[], object] | None


@dataclass(frozen=True, slots=True)
class Call:
    """Ask a child to call `function(*arguments)` and to use at most about `cpu_seconds` of processor time for it."""

    function: Callable[..., object]
    arguments: tuple[object, ...]
    cpu_seconds: float


class Outcome(Enum):
    """How a call ended."""

    RETURNED = "returned"
    RAISED = "raised"
    OUT_OF_MEMORY = "out_of_memory"


@dataclass(frozen=True, slots=True)
class Reply:
    """A child's answer to a message. A child that retires answers no further message."""

    outcome: Outcome
    value: object = None
    retires: bool = False


def encode(message: object) -> bytes:
    """Return the frame of `message`. Raises FrameTooLarge, or whatever pickling raises."""
    body = pickle.dumps(message, protocol=pickle.HIGHEST_PROTOCOL)
    if len(body) > MAX_FRAME_BYTES:
        raise FrameTooLarge(f"a message of {len(body)} bytes is over the limit of {MAX_FRAME_BYTES}")
    return LENGTH.pack(len(body)) + body


def decode(body: bytes) -> object:
    """Return the message in the body of a frame."""
    return pickle.loads(body)  # noqa: S301  both ends are this program; the child is a limit, not a sandbox


def read_frame(stream: BinaryIO) -> bytes | None:
    """Return the body of the next frame, or None when the other end is gone."""
    header = stream.read(LENGTH.size)
    return stream.read(body_length(header)) if len(header) == LENGTH.size else None


async def receive_frame(stream: StreamReader) -> bytes:
    """Return the body of the next frame. Raises asyncio.IncompleteReadError when the other end is gone."""
    return await stream.readexactly(body_length(await stream.readexactly(LENGTH.size)))


def body_length(header: bytes) -> int:
    """Return the length that a frame announces. Raises FrameTooLarge."""
    (length,) = LENGTH.unpack(header)
    if length > MAX_FRAME_BYTES:
        raise FrameTooLarge(f"a message of {length} bytes is over the limit of {MAX_FRAME_BYTES}")
    return int(length)
