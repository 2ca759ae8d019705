"""What the tests call in children. Importable by name, as everything that a child calls must be."""

from __future__ import annotations

import os
import signal
import sys
import threading
from pathlib import Path

from nova_server.children import limits

WARM: list[str] = []
KEPT: list[bytes] = []


class Refusal(Exception):
    """An exception of the called function."""


class UnpicklableRefusal(Exception):
    """Cannot be rebuilt from its arguments, as is easily done by mistake."""

    def __init__(self, first: int, second: int) -> None:
        super().__init__(f"{first} {second}")


def double(number: int) -> int:
    return 2 * number


def repeat(text: str, times: int) -> str:
    return text * times


def process_id() -> int:
    return os.getpid()


def hang() -> None:
    threading.Event().wait()


def spin() -> None:
    while True:
        pass


def spin_with_no_processor_time_left() -> None:
    limits.limit_processor_time(0)
    spin()


def segfault() -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


def leave() -> None:
    os._exit(3)


def leave_politely() -> None:
    sys.exit(4)


def hoard() -> int:
    return len(bytearray(2 * 1024 * 1024 * 1024))


def grow(megabytes: int) -> None:
    """Use memory and keep it."""
    KEPT.append(b"x" * (megabytes * 1024 * 1024))


def use(megabytes: int) -> int:
    """Use memory and give it back."""
    return len(b"x" * (megabytes * 1024 * 1024))


def refuse(words: str) -> None:
    raise Refusal(words)


def refuse_unpicklably() -> None:
    raise UnpicklableRefusal(1, 2)


def return_a_lock() -> object:
    return threading.Lock()


def return_too_much() -> bytes:
    return bytes(17 * 1024 * 1024)


def chatter() -> str:
    """Print, as parsers in C do, to the descriptors themselves."""
    os.write(1, b"this is not a reply")
    os.write(2, b"this is not a log line")
    print("nor is this", flush=True)  # noqa: T201  that is what is being tested
    return "quiet"


def announce_and_hang(path: str) -> None:
    """Open the named pipe at `path`, which whoever waits for this call to begin has open for reading, and hang."""
    with open(path, "w") as pipe:
        pipe.write("begun")
    hang()


def announce_and_wait(began: str, finish: str) -> str:
    """Say through one named pipe that the call began, and end when something comes through the other."""
    Path(began).write_text("begun")
    return Path(finish).read_text()


def warm() -> None:
    WARM.append("warm")


def is_warm() -> bool:
    return bool(WARM)


def fail_to_warm() -> None:
    raise Refusal("cold")


def environment_names() -> set[str]:
    return set(os.environ)


def core_limit_and_memory_limit() -> tuple[int, int]:
    import resource

    return resource.getrlimit(resource.RLIMIT_CORE)[0], resource.getrlimit(resource.RLIMIT_AS)[0]
