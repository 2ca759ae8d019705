"""How a call to a child process fails, apart from the exceptions of the called function itself.

ChildFailed
├── ChildTimedOut
├── ChildCrashed
├── ChildOutOfMemory
└── ChildPoolStopped
ResultNotPicklable
"""

from __future__ import annotations

import signal
from contextlib import suppress


class ChildFailed(Exception):
    """A child process did not answer a call."""


class ChildTimedOut(ChildFailed):
    """The call took longer than it was given, by the clock on the wall or by processor time. The child was killed."""


class ChildCrashed(ChildFailed):
    """The child ended during the call. `exit_code` is minus the signal's number when a signal ended it."""

    def __init__(self, exit_code: int) -> None:
        super().__init__(f"the child process ended with {_describe(exit_code)}")
        self.exit_code = exit_code


class ChildOutOfMemory(ChildFailed):
    """The call needed more memory than a child may have. The child was replaced."""


class ChildPoolStopped(ChildFailed):
    """The pool was stopped before the call ended."""


class ResultNotPicklable(Exception):
    """A function returned, or raised, something that cannot be sent to the parent."""


def _describe(exit_code: int) -> str:
    with suppress(ValueError):
        return signal.Signals(-exit_code).name
    return f"exit code {exit_code}"
