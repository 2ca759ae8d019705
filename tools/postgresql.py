"""A PostgreSQL of one's own, for tests and benchmarks.

It trusts whoever connects, and listens on the loopback address and on a socket of its own.
"""

from __future__ import annotations

import shutil
import signal
import subprocess
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Literal

from tools.postgresql_programs import Programs, find_programs, lay_cluster
from tools.processes import (
    PATIENCE_SECONDS,
    Leash,
    ProgramFailed,
    free_port,
    give_away,
    kill_tree,
    launch,
    run,
    wait_until,
)

Setting = str | int
StopMode = Literal["fast", "immediate"]

STOP_SIGNALS: Mapping[StopMode, signal.Signals] = {"fast": signal.SIGINT, "immediate": signal.SIGQUIT}
LOG_TAIL_BYTES = 4_000
ALWAYS: Mapping[str, Setting] = {
    "listen_addresses": "127.0.0.1",
    "max_connections": 200,
    "dynamic_shared_memory_type": "mmap",  # in the data folder, so that a killed server leaves nothing outside of it
}
# For a server whose data nobody wants after a crash of the machine. What is committed outlives a SIGKILL all the same,
# because a commit is written, although not flushed, before it is answered.
UNSAFE: Mapping[str, Setting] = {"fsync": "off", "full_page_writes": "off", "max_wal_size": "128MB"}


class PostgresServer:
    """A server with its cluster in a folder. A context manager, which starts it and stops it.

    It stops when the process that started it ends, however that ends. Every method is synchronous.
    """

    def __init__(
        self,
        folder: Path,
        durable: bool = False,
        settings: Mapping[str, Setting] | None = None,
        *,
        programs: Programs | None = None,
        temporary: bool = False,
    ) -> None:
        """Take a folder, which need not exist and may hold the cluster of an earlier server.

        A `durable` server flushes what it commits. `settings` are PostgreSQL's own and win over ours. `temporary` says
        that the folder is to go in the end. Raises ProgramFailed when there is no PostgreSQL.
        """
        self.folder = folder
        self.durable = durable
        self.programs = programs or find_programs()
        self.port = free_port()
        self._settings = {**ALWAYS, **({} if durable else UNSAFE), **(settings or {}), "port": self.port}
        self._temporary = temporary
        self._process: subprocess.Popen[bytes] | None = None
        self._socket_folder: Path | None = None
        self._leash: Leash | None = None

    def __enter__(self) -> PostgresServer:
        try:
            self.start()
        except ProgramFailed:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def data(self) -> Path:
        """The folder of the cluster."""
        return self.folder / "data"

    @property
    def log(self) -> Path:
        """The file of what the server says."""
        return self.folder / "postgresql.log"

    @property
    def running(self) -> bool:
        """Whether it was started, and neither stopped nor killed since."""
        return self._process is not None

    @property
    def pid(self) -> int:
        """The id of its first process. Raises ProgramFailed unless it runs."""
        return self._started().pid

    @property
    def socket_folder(self) -> Path:
        """Where its unix socket is. Raises ProgramFailed unless it runs."""
        if self._socket_folder is None:
            raise ProgramFailed("the server does not run")
        return self._socket_folder

    def url(self, database: str = "postgres") -> str:
        """Return the URL of a database on it, which stays the same when it starts again."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        """Start, and return once it takes connections. Raises ProgramFailed with the end of its log."""
        self.folder.mkdir(parents=True, exist_ok=True)
        if not self.data.exists():
            lay_cluster(self.programs, self.data)
        sockets = Path(tempfile.mkdtemp(prefix="nova-postgresql-"))  # short, as the path of a socket has to be
        give_away(sockets)
        self._process = launch([self.programs.path("postgres"), *self._options(sockets)], self.log)
        self._socket_folder = sockets
        self._leash = Leash(self.pid, "QUIT", sockets, *([self.folder] if self._temporary else []))
        self._wait_until_ready()

    def stop(self, mode: StopMode = "fast") -> None:
        """Stop: `fast` writes everything down first, `immediate` leaves that to the recovery of the next start."""
        process = self._started()
        process.send_signal(STOP_SIGNALS[mode])
        try:
            process.wait(PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
            raise ProgramFailed(f"the server did not stop\n{self._log_tail()}") from None
        self._forget()

    def close(self) -> None:
        """Stop if it runs, and remove the folder if it is temporary."""
        try:
            if self.running:
                self.stop()
            self._remove_mark()
        finally:
            if self._temporary:
                shutil.rmtree(self.folder, ignore_errors=True)

    def restart(self, mode: StopMode = "fast") -> None:
        """Stop and start, on the same port."""
        self.stop(mode)
        self.start()

    def kill(self) -> None:
        """End every process of the server with SIGKILL. The next start recovers what was committed."""
        if self._started().poll() is None:
            kill_tree(self.pid)
        self._forget()

    def create_database(self, name: str, template: str | None = None) -> None:
        """Create a database, as a copy of the database `template`. Raises ProgramFailed."""
        self.execute(self.creation(name, template))

    def drop_database(self, name: str) -> None:
        """Drop a database, and end the connections to it. Raises ProgramFailed."""
        self.execute(self.removal(name))

    def creation(self, name: str, template: str | None = None) -> str:
        """Return the statement that creates a database."""
        # Copying files is two to four times as quick as logging every page, but flushes everything, twice.
        strategy = "WAL_LOG" if self.durable else "FILE_COPY"
        return f'CREATE DATABASE "{name}" TEMPLATE "{template or "template1"}" STRATEGY {strategy}'

    def removal(self, name: str) -> str:
        """Return the statement that drops a database."""
        return f'DROP DATABASE "{name}" WITH (FORCE)'

    def execute(self, *statements: str, database: str = "postgres") -> str:
        """Run each statement in a transaction of its own. Returns what they yield as `psql` prints it, unaligned.

        Raises ProgramFailed with what the server said.
        """
        options = ("--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--set=ON_ERROR_STOP=1")
        commands = [f"--command={statement}" for statement in statements]
        return run([self.programs.path("psql"), *options, *commands, self.url(database)]).rstrip("\n")

    def _options(self, sockets: Path) -> list[str]:
        settings = {**self._settings, "unix_socket_directories": sockets}
        return ["-D", str(self.data), *(part for name, value in settings.items() for part in ("-c", f"{name}={value}"))]

    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            raise ProgramFailed("the server does not run")
        return self._process

    def _wait_until_ready(self) -> None:
        try:
            wait_until(self._is_ready, "the server did not start")
        except ProgramFailed as fault:
            self.kill()
            raise ProgramFailed(f"{fault}\n{self._log_tail()}") from None

    def _is_ready(self) -> bool:
        """Read the file in which it tells its process, and in the last line how far it is."""
        process = self._started()
        if process.poll() is not None:
            raise ProgramFailed(f"the server ended with code {process.returncode}")
        with suppress(FileNotFoundError):
            lines = (self.data / "postmaster.pid").read_text().split()
            return lines[:1] == [str(process.pid)] and lines[-1] == "ready"
        return False

    def _remove_mark(self) -> None:
        """Remove from shared memory the mark of a killed server, which its next start would have removed."""
        with suppress(FileNotFoundError, ProgramFailed):
            _key, mark = (self.data / "postmaster.pid").read_text().split("\n")[6].split()
            run(["ipcrm", "--shmem-id", mark])

    def _forget(self) -> None:
        """Give up what belonged to the process, which has ended."""
        self._started().wait()
        if self._leash is not None:
            self._leash.release()
        shutil.rmtree(self.socket_folder, ignore_errors=True)
        self._process = self._leash = self._socket_folder = None

    def _log_tail(self) -> str:
        return self.log.read_bytes()[-LOG_TAIL_BYTES:].decode(errors="replace")
