"""Progress that appears only when there is something to wait for."""

from __future__ import annotations

import io

from nova_server.cli.progress import QUIET_SECONDS, late_progress_shown
from rich.console import Console


class Watch:
    """A stopwatch that is moved by hand."""

    seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


def test_what_takes_less_than_two_seconds_shows_no_progress() -> None:
    stream, watch = io.StringIO(), Watch()
    with late_progress_shown(Console(file=stream), monotonic=watch) as display:
        for _ in range(5):
            display.show(0, 1)
        watch.seconds += QUIET_SECONDS - 0.01
        display.show(1, 1)
    assert QUIET_SECONDS == 2
    assert stream.getvalue() == ""


def test_what_takes_longer_shows_how_far_it_is_and_its_end() -> None:
    stream, watch = io.StringIO(), Watch()
    with late_progress_shown(Console(file=stream), monotonic=watch) as display:
        display.show(0, 1)
        watch.seconds += QUIET_SECONDS
        for ended in (0, 0, 1):
            display.show(ended, 1)
    assert stream.getvalue().splitlines() == ["0 of 1 scored or failed", "1 of 1 scored or failed"]


def test_on_a_terminal_a_bar_appears_late_and_is_taken_down() -> None:
    stream, watch = io.StringIO(), Watch()
    console = Console(file=stream, force_terminal=True, width=100)
    with late_progress_shown(console, monotonic=watch) as display:
        display.show(0, 1)
        assert stream.getvalue() == ""
        watch.seconds += QUIET_SECONDS
        display.show(0, 1)
        display.show(1, 1)
    assert "1/1" in stream.getvalue()
    # The cursor, which the bar hides, is there again.
    assert stream.getvalue().rindex("\x1b[?25h") > stream.getvalue().rindex("\x1b[?25l")
