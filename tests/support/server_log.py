"""What a running server writes to its standard error, as it writes it."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from io import TextIOBase
from typing import Any

Wanted = Callable[[dict[str, Any]], bool]
PATIENCE_SECONDS = 120  # far beyond what any event takes, for a machine that is on its knees


class ServerLog:
    """Reads the log of a process in a thread, so that the process never waits for its reader."""

    def __init__(self, stream: TextIOBase) -> None:
        self.text: list[str] = []
        self._changed = threading.Condition()
        self._ended = False
        self._thread = threading.Thread(target=self._read, args=(stream,), daemon=True, name="server log")
        self._thread.start()

    def _read(self, stream: TextIOBase) -> None:
        with stream:
            for line in stream:
                with self._changed:
                    self.text.append(line)
                    self._changed.notify_all()
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def lines(self) -> list[dict[str, Any]]:
        """Return every line so far. Fails when one of them is not a JSON object."""
        with self._changed:
            return [json.loads(line) for line in self.text]

    def wait_for(self, event: str, wanted: Wanted = lambda _line: True) -> dict[str, Any]:
        """Return the first line of an event that is `wanted`.

        Fails when the log ends, or patience does, before it comes.
        """
        found = self._wait(lambda: self.first(event, wanted))
        assert found is not None, f"the log has no {event}: {''.join(self.text)}"
        return found

    def comes(self, event: str) -> bool:
        """Wait until a line of an event is there, or the log has ended. Returns whether there is one."""
        return self._wait(lambda: self.first(event)) is not None

    def first(self, event: str, wanted: Wanted = lambda _line: True) -> dict[str, Any] | None:
        """Return the first line of an event that is `wanted`, and there by now."""
        return next((line for line in self.lines_of(event) if wanted(line)), None)

    def lines_of(self, event: str) -> list[dict[str, Any]]:
        """Return every line of an event that is there by now."""
        return [line for line in map(_as_object, self.text) if line.get("event") == event]

    def wait_for_end(self) -> None:
        """Return once the process has closed its standard error."""
        self._thread.join(PATIENCE_SECONDS)
        assert not self._thread.is_alive()

    def _wait(self, find: Callable[[], dict[str, Any] | None]) -> dict[str, Any] | None:
        with self._changed:
            self._changed.wait_for(lambda: find() is not None or self._ended, PATIENCE_SECONDS)
            return find()


def _as_object(line: str) -> dict[str, Any]:
    """Return the object of a line, or an empty one for the text of a crash."""
    try:
        value = json.loads(line)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
