"""What a child process does to itself before it works: limits, signals, and dying with its parent."""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import sys
from contextlib import suppress
from math import ceil
from pathlib import Path

PR_SET_PDEATHSIG = 1  # linux/prctl.h
STATM = Path("/proc/self/statm")


def die_with_parent(parent: int) -> None:
    """Ask the kernel to kill this process when its parent ends, even by kill -9.

    The kernel watches the *thread* that forked this process, not the process. That is the thread of the parent's event
    loop, which lives as long as the parent does; a pool must not be started from a thread that ends earlier.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        # The parent ended before the request was made, so nothing would ever end this process.
        sys.exit(1)


def ignore_signals() -> None:
    """Leave Ctrl-C and SIGTERM to the parent, which drains before it ends its children."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)


def limit_memory(memory_bytes: int) -> None:
    """Bound the address space, leave no core file, and volunteer when the kernel runs out of memory."""
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")


def limit_processor_time(seconds: float) -> None:
    """Let the kernel end this process by SIGXCPU once it has used about `seconds` more, rounded up.

    The parent's wall clock is the first guard. This one holds when the parent is too busy to look.
    """
    used = resource.getrusage(resource.RUSAGE_SELF)
    soft = ceil(used.ru_utime + used.ru_stime + seconds) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (soft, resource.getrlimit(resource.RLIMIT_CPU)[1]))


def resident_memory_bytes() -> int:
    """Return how much memory this process holds now, or 0 where /proc does not tell.

    Not `ru_maxrss`: Linux starts that off with the size of the parent.
    """
    try:
        pages = int(STATM.read_text().split()[1])
    except OSError:
        return 0
    return pages * resource.getpagesize()
