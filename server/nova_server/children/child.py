"""The program of a child process: read a call, make it, answer, until the parent goes away.

Run as `python -m nova_server.children.child PARENT_PID` with pipes as standard input and output.
"""

from __future__ import annotations

import os
import pickle
import sys
import traceback
from collections.abc import Callable
from dataclasses import replace
from typing import BinaryIO, TypeVar

from nova_server.children import limits
from nova_server.children.failures import ResultNotPicklable
from nova_server.children.frames import Call, Outcome, Reply, Setup, decode, encode, read_frame

# A child that holds this much more than after its warm-up, or answered this often, is replaced by a fresh one: parsers
# leak, heaps fragment, and idle children ought to be small.
RETIRE_AFTER_GROWTH_BYTES = 192 * 1024 * 1024
RETIRE_AFTER_CALLS = 1000

Argument = TypeVar("Argument")


def main() -> None:
    """Serve the parent named on the command line."""
    limits.die_with_parent(int(sys.argv[1]))
    limits.ignore_signals()
    requests, replies = _take_pipes()
    ready = _attempt(_set_up, read_frame(requests))
    if ready.outcome is not Outcome.RETURNED:
        ready = replace(ready, retires=True)  # without its limits this process must do no work
    _answer(replies, ready)
    if not ready.retires:
        _serve(requests, replies)


def _take_pipes() -> tuple[BinaryIO, BinaryIO]:
    """Move the pipes off descriptors 0 and 1, so that a library that prints cannot garble the conversation."""
    requests, replies = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, 0)
    os.dup2(nowhere, 1)
    os.close(nowhere)
    return requests, replies


def _set_up(body: bytes | None) -> None:
    setup = decode(body) if body else None
    if not isinstance(setup, Setup):
        raise TypeError("the first message must be a Setup")
    limits.limit_memory(setup.memory_bytes)
    if setup.warm_up:
        setup.warm_up()


def _serve(requests: BinaryIO, replies: BinaryIO) -> None:
    ceiling = limits.resident_memory_bytes() + RETIRE_AFTER_GROWTH_BYTES
    calls = 0
    while (body := read_frame(requests)) is not None:
        calls += 1
        reply = _attempt(_call, body)
        worn = calls >= RETIRE_AFTER_CALLS or limits.resident_memory_bytes() > ceiling
        _answer(replies, replace(reply, retires=True) if worn else reply)
        if worn or reply.retires:
            return


def _call(body: bytes) -> object:
    call = decode(body)
    if not isinstance(call, Call):
        raise TypeError("a message after the first must be a Call")
    limits.limit_processor_time(call.cpu_seconds)
    return call.function(*call.arguments)


def _attempt(function: Callable[[Argument], object], argument: Argument) -> Reply:
    try:
        return Reply(Outcome.RETURNED, function(argument))
    except MemoryError:
        # Whatever was half done when memory ran out is not worth repairing.
        return Reply(Outcome.OUT_OF_MEMORY, retires=True)
    except Exception as error:
        return Reply(Outcome.RAISED, _portable(error))


def _portable(error: Exception) -> Exception:
    """Return `error` with its stack as a note, or a substitute when it would not survive the journey."""
    error.add_note("In a child process:\n" + "".join(traceback.format_tb(error.__traceback__)))
    try:
        pickle.loads(pickle.dumps(error))  # noqa: S301  its own bytes
    except Exception:
        return ResultNotPicklable(f"{type(error).__name__} was raised, which cannot be pickled")
    return error


def _answer(replies: BinaryIO, reply: Reply) -> None:
    replies.write(_frame(reply))
    replies.flush()


def _frame(reply: Reply) -> bytes:
    try:
        return encode(reply)
    except MemoryError:
        return encode(Reply(Outcome.OUT_OF_MEMORY, retires=True))
    except Exception as error:
        # Not chained and not quoted: the message of a pickling error may repeat what it failed on.
        refusal = ResultNotPicklable(f"the result could not be sent: {type(error).__name__}")
        return encode(replace(reply, outcome=Outcome.RAISED, value=refusal))


if __name__ == "__main__":
    main()
