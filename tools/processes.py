"""Programs that run beside this process: how they are run, waited for, and ended with it."""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import psutil

PATIENCE_SECONDS = 60
POLL_SECONDS = 0.01
UNPRIVILEGED = "nobody"
# Above what needs root, and below what the system takes for connections: a client that tries again and again would
# otherwise take the port of a stopped server itself, now and then.
PORTS = range(20_000, 32_000)
# Whoever holds the other end of the pipe keeps `read` waiting, and an end by SIGKILL lets go of it too. A signal on the
# parent's death would be simpler, and comes too early where the thread that started the program ends first.
# A dead program of which nobody has been told yet counts as one that has ended.
LEASH = """
runs() { kill -0 "$1" && ! grep -q '^State:.Z' "/proc/$1/status"; }
read -r _
kill -s "$1" "$2"
attempts=0
while runs "$2" && [ "$attempts" -lt 200 ]; do attempts=$((attempts + 1)); sleep 0.05; done
shift 2
rm -rf -- "$@"
"""


class ProgramFailed(Exception):
    """A program is missing, or did not do its work."""


class Leash:
    """Ends a program with this process, however this one ends, and removes its folders then."""

    def __init__(self, pid: int, signal_name: str, *folders: Path) -> None:
        """Hold the program with this id until `release`. `signal_name` ends it, such as `TERM`."""
        self._shell = subprocess.Popen(  # noqa: S603 (our own script)
            ["/bin/sh", "-c", LEASH, "leash", signal_name, str(pid), *map(str, folders)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,  # or whoever reads the output of this process would wait for the program
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # so that Ctrl-C and the end of a process group leave it to do its work
        )

    def release(self) -> None:
        """Let the program be. For one that has ended."""
        self._shell.kill()
        self._shell.communicate()


def launch(command: Sequence[str], log: Path) -> subprocess.Popen[bytes]:
    """Start an `unprivileged` program whose output is added to the file `log`."""
    with log.open("ab") as output:
        return subprocess.Popen(  # noqa: S603 (our own arguments)
            unprivileged(command),
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,  # so that Ctrl-C leaves it to whoever started it
        )


def run(command: Sequence[str]) -> str:
    """Run a program, and return what it prints. Raises ProgramFailed with what it said."""
    done = subprocess.run(command, env=environment(), capture_output=True, text=True, check=False)  # noqa: S603 (our own)
    if done.returncode:
        raise ProgramFailed(f"{Path(command[0]).name} ended with code {done.returncode}\n{done.stderr}")
    return done.stdout


def environment() -> Mapping[str, str]:
    """Return the environment without the settings of PostgreSQL that whoever runs this has for other servers."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PG")}


def unprivileged(command: Sequence[str]) -> list[str]:
    """Return the command as a user other than root runs it. PostgreSQL and PgBouncer refuse root.

    Root's command keeps the right to pass any folder, because the folders of tests are often root's alone.
    """
    if os.geteuid() != 0:
        return list(command)
    user = pwd.getpwnam(UNPRIVILEGED)
    owner = (f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups")
    return ["setpriv", *owner, "--inh-caps=-all,+dac_override", "--ambient-caps=+dac_override", *command]


def unprivileged_user() -> str:
    """Return the name of the user who runs `unprivileged` commands."""
    return UNPRIVILEGED if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name


def give_away(folder: Path) -> None:
    """Make the folder belong to whoever runs `unprivileged` commands."""
    if os.geteuid() == 0:
        shutil.chown(folder, UNPRIVILEGED)


def free_port() -> int:
    """Return a port of `PORTS` that nothing listens on."""
    while True:
        port = secrets.choice(PORTS)
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port


def wait_until(condition: Callable[[], bool], otherwise: str) -> None:
    """Return once the condition holds. Raises ProgramFailed, saying `otherwise`, when that takes too long."""
    end = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        if time.monotonic() > end:
            raise ProgramFailed(otherwise)
        time.sleep(POLL_SECONDS)


def kill_tree(pid: int) -> None:
    """End a process and every child of it with SIGKILL, and return once all have ended. Raises ProgramFailed."""
    parent = psutil.Process(pid)
    parent.suspend()  # so that it starts no other child meanwhile
    processes = [parent, *parent.children(recursive=True)]
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    wait_until(lambda: not any(map(is_alive, processes)), "a process outlived its SIGKILL")


def is_alive(process: psutil.Process) -> bool:
    """Tell whether a process runs still, and is not a dead one that nobody has asked about."""
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
