"""Shows how far the scoring is: a bar on a terminal, a line for each change elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

QUIET_SECONDS = 2.0


class ProgressDisplay(Protocol):
    """Where progress goes."""

    def show(self, ended: int, total: int) -> None:
        """Show that `ended` of `total` applications have a score or failed."""
        ...


@contextmanager
def progress_shown(console: Console) -> Iterator[ProgressDisplay]:
    """Yield a display that fits `console`."""
    if not console.is_terminal:
        yield _Lines(console)
        return
    columns = (TextColumn("Scoring"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as progress:
        yield _Bar(progress)


@contextmanager
def late_progress_shown(
    console: Console, *, monotonic: Callable[[], float] = time.monotonic
) -> Iterator[ProgressDisplay]:
    """Yield a display that fits `console` and appears only when there is something to show for two seconds."""
    with ExitStack() as stack:
        yield _Late(lambda: stack.enter_context(progress_shown(console)), monotonic)


class _Late:
    def __init__(self, appear: Callable[[], ProgressDisplay], monotonic: Callable[[], float]) -> None:
        self._appear = appear
        self._monotonic = monotonic
        self._quiet_until = monotonic() + QUIET_SECONDS
        self._display: ProgressDisplay | None = None

    def show(self, ended: int, total: int) -> None:
        if self._display is None and self._monotonic() >= self._quiet_until:
            self._display = self._appear()
        if self._display is not None:
            self._display.show(ended, total)


class _Bar:
    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task = progress.add_task("", total=None)

    def show(self, ended: int, total: int) -> None:
        self._progress.update(self._task, completed=ended, total=total)


class _Lines:
    def __init__(self, console: Console) -> None:
        self._console = console
        self._last: tuple[int, int] | None = None

    def show(self, ended: int, total: int) -> None:
        if (ended, total) != self._last:
            self._console.print(f"{ended} of {total} scored or failed", highlight=False)
        self._last = (ended, total)
