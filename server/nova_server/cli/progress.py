"""Shows how far the scoring is: a bar on a terminal, a line for each change elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn


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
