"""Becomes Envoy, after seeing to it that Envoy never outlives the process that wants it.

Run as `python -m nova_server.gateway.launch PARENT_PID ENVOY ARGUMENT…`.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1  # linux/prctl.h


def main() -> None:
    """Ask to be killed together with the parent, and become the program in the arguments."""
    parent, program = int(sys.argv[1]), sys.argv[2]
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it died before we asked
        sys.exit(1)
    os.execv(program, sys.argv[2:])  # noqa: S606 (no shell is what we want)


if __name__ == "__main__":
    main()
