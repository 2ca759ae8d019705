"""Releases before this one, from the history of the repository, to be run beside the code at hand.

This is the one place that says which they are. Move a constant when a release has been made from which nobody upgrades
in one step any more.
"""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import pytest

from tests.support.running_server import RunningServer, StartedProcess, clean_environment, variables
from tests.support.server_log import ServerLog

# The last release that knew nothing but SQLite.
SQLITE = "6b51894c77b746cb5ef20a696ed39725efe4842e"
# The last commit that speaks PostgreSQL and knows fewer migrations than the code at hand. There is none yet. Until then
# it is the latest commit, which has the same migrations or fewer.
POSTGRESQL = "HEAD"

ROOT = Path(__file__).resolve().parents[2]
RELEASES = ROOT / ".build/releases"  # kept from run to run, because their bytecode is
ROOMS = ("server", "clients/python", "gateway")
SPEAKS_POSTGRESQL = Path("server/nova_server/storage/postgresql")
RUN = "from nova_server.cli.main import main; main()"
WHERE = "import nova_server; print(nova_server.__file__)"


@dataclass(frozen=True, slots=True)
class Release:
    """A release whose code is in a folder. It runs with the packages that the code at hand is installed with."""

    folder: Path

    @contextmanager
    def started(self, data_dir: Path, *arguments: str, **settings: object) -> Iterator[RunningServer]:
        """Run its `nova` with arguments, and kill it in the end if it runs still."""
        process = subprocess.Popen(
            [sys.executable, "-P", "-c", RUN, *arguments],
            env=self._environment() | variables(data_dir, settings),
            stderr=subprocess.PIPE,
            text=True,
        )
        server = RunningServer(StartedProcess(process), ServerLog(cast(io.TextIOBase, process.stderr)))
        try:
            yield server
        finally:
            server.kill()

    def code(self) -> Path:
        """Return where its processes find their code."""
        command = [sys.executable, "-P", "-c", WHERE]
        return Path(subprocess.run(command, env=self._environment(), capture_output=True, text=True, check=True).stdout)

    def _environment(self) -> dict[str, str]:
        """Return an environment in which its rooms are found before those that are installed."""
        return clean_environment() | {"PYTHONPATH": os.pathsep.join(str(self.folder / room) for room in ROOMS)}


def unpacked(commit: str) -> Release:
    """Return the release of a commit. Skips the test where the commit is not at hand."""
    found = subprocess.run(
        ["git", "rev-parse", "--verify", f"{commit}^{{commit}}"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if found.returncode:
        pytest.skip(f"the release {commit[:7]} is not in this clone, which may be a shallow one")
    folder = RELEASES / found.stdout.strip()
    if not folder.exists():
        _unpack(found.stdout.strip(), folder)
    release = Release(folder)
    assert release.code().is_relative_to(folder)
    return release


def unpacked_with_postgresql() -> Release:
    """Return the release that runs on PostgreSQL. Skips the test as long as there is none."""
    release = unpacked(POSTGRESQL)
    if not (release.folder / SPEAKS_POSTGRESQL).is_dir():
        pytest.skip("no release speaks PostgreSQL yet")
    return release


def _unpack(commit: str, folder: Path) -> None:
    """Unpack a commit beside the folder, and then move it there. Another process may have been quicker."""
    archive = subprocess.run(["git", "archive", commit, *ROOMS], cwd=ROOT, capture_output=True, check=True).stdout
    RELEASES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=RELEASES) as place, tarfile.open(fileobj=io.BytesIO(archive)) as files:
        files.extractall(Path(place) / "release", filter="data")
        with suppress(OSError):
            (Path(place) / "release").rename(folder)
