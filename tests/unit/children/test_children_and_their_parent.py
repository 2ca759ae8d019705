"""Children end with their parent, even when it has no time to say so."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import psutil
import pytest

GONE_SECONDS = 10.0


class Family:
    """A parent in a session of its own, as a terminal would start it, with its children."""

    def __init__(self) -> None:
        self.parent = subprocess.Popen(
            [sys.executable, "-m", "tests.unit.children.doomed_parent"],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        assert self.parent.stdout is not None
        with self.parent.stdout as stdout:
            self.children = [psutil.Process(pid) for pid in json.loads(stdout.readline())]

    def end(self) -> None:
        self.parent.kill()
        self.parent.wait()


@pytest.fixture
def family() -> Iterator[Family]:
    family = Family()
    yield family
    family.end()


def test_no_child_survives_the_sudden_death_of_its_parent(family: Family) -> None:
    assert len(family.children) == 2
    family.parent.send_signal(signal.SIGKILL)
    _, alive = psutil.wait_procs(family.children, timeout=GONE_SECONDS)
    assert alive == []


def test_ctrl_c_in_the_terminal_reaches_the_parent_only(family: Family) -> None:
    groups = {os.getpgid(child.pid) for child in family.children}
    assert os.getpgid(family.parent.pid) not in groups
