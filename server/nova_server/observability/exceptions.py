"""An exception as a log may show it: where it was raised, and never what it says.

The message of an exception is written by whoever raised it, and libraries like to quote what they choked on: a database
driver its parameters, a decoder its input, a URL parser its URL. Each of these is a caller's data. The class of the
exception and the lines it passed through are the code's own, and together with the trace id they are what one needs to
find the fault.
"""

from __future__ import annotations

import traceback
from pathlib import PurePath
from types import TracebackType
from typing import TypedDict

# An error that went through more frames than this is a recursion; the last ones tell which.
MAX_FRAMES = 40
MAX_CAUSES = 5
PATH_PARTS = 3


class DescribedException(TypedDict):
    """The class of an exception and its frames, outermost first: `api/server.py:12 in start`."""

    type: str
    frames: list[str]


def describe_exception(error: BaseException) -> list[DescribedException]:
    """Describe `error` and what caused it, the error itself first."""
    described: list[DescribedException] = []
    cause: BaseException | None = error
    while cause is not None and len(described) < MAX_CAUSES:
        described.append(DescribedException(type=_name(cause), frames=_frames(cause.__traceback__)))
        cause = cause.__cause__ or (None if cause.__suppress_context__ else cause.__context__)
    return described


def _name(error: BaseException) -> str:
    kind = type(error)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def _frames(trace: TracebackType | None) -> list[str]:
    frames = [
        f"{_short(frame.f_code.co_filename)}:{line} in {frame.f_code.co_qualname}"
        for frame, line in traceback.walk_tb(trace)
    ]
    return frames[-MAX_FRAMES:]


def _short(path: str) -> str:
    return "/".join(PurePath(path).parts[-PATH_PARTS:])
