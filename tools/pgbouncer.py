"""A PgBouncer of one's own in front of a PostgreSQL of one's own, for tests and benchmarks.

No wheel has it, so that it has to be installed: on Debian the package `pgbouncer`.
"""

from __future__ import annotations

import shutil
import socket
import subprocess
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

from tools.postgresql import PostgresServer, Setting
from tools.processes import Leash, ProgramFailed, free_port, launch, wait_until

DEBIAN = "/usr/sbin/pgbouncer"  # where the path of few users leads
DEFAULTS: Mapping[str, Setting] = {
    "pool_mode": "transaction",
    "max_client_conn": 1_000,
    "default_pool_size": 20,
    "auth_type": "any",  # whoever connects is let in, as the server's superuser
    "listen_addr": "127.0.0.1",
    "unix_socket_dir": "",
}


def find_pgbouncer() -> str | None:
    """Return where the program is, or None where it is not installed."""
    return shutil.which("pgbouncer") or shutil.which(DEBIAN)


class PgBouncer:
    """A pooler of a server's databases. A context manager, which starts it and stops it.

    It gives out a connection for one transaction unless `settings` say otherwise. It stops when the process that
    started it ends, however that ends. The server may stop and start meanwhile.
    """

    def __init__(self, folder: Path, server: PostgresServer, settings: Mapping[str, Setting] | None = None) -> None:
        """Take a folder for its configuration and its log. `settings` are PgBouncer's own and win over ours."""
        self.folder = folder
        self.port = free_port()
        self._server = server
        self._settings = {**DEFAULTS, **(settings or {}), "listen_port": self.port}
        self._process: subprocess.Popen[bytes] | None = None
        self._leash: Leash | None = None

    def __enter__(self) -> PgBouncer:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is not None:
            self.stop()

    @property
    def log(self) -> Path:
        """The file of what it says."""
        return self.folder / "pgbouncer.log"

    def url(self, database: str = "postgres") -> str:
        """Return the URL of a database of the server, through the pooler. `pgbouncer` is its own console."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        """Start, and return once it takes connections. Raises ProgramFailed, also when it is not installed."""
        program = find_pgbouncer()
        if program is None:
            raise ProgramFailed("there is no PgBouncer: install Debian's package `pgbouncer`")
        self.folder.mkdir(parents=True, exist_ok=True)
        configuration = self.folder / "pgbouncer.ini"
        configuration.write_text(self._configuration())
        self._process = launch([program, str(configuration)], self.log)
        self._leash = Leash(self._process.pid, "KILL")
        self._wait_until_ready()

    def stop(self) -> None:
        """End it at once, with every connection through it. It keeps nothing that a friendlier end would save."""
        self._started().kill()
        self._forget()

    def _configuration(self) -> str:
        target = f"* = host=127.0.0.1 port={self._server.port} user=postgres"
        settings = (f"{name} = {value}" for name, value in self._settings.items())
        return "\n".join(("[databases]", target, "[pgbouncer]", *settings, ""))

    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            raise ProgramFailed("PgBouncer does not run")
        return self._process

    def _wait_until_ready(self) -> None:
        try:
            wait_until(self._is_ready, "PgBouncer did not start")
        except ProgramFailed as fault:
            self.stop()
            raise ProgramFailed(f"{fault}\n{self.log.read_text()}") from None

    def _is_ready(self) -> bool:
        """Tell whether it takes connections. Raises ProgramFailed once it has ended."""
        process = self._started()
        if process.poll() is not None:
            raise ProgramFailed(f"PgBouncer ended with code {process.returncode}")
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def _forget(self) -> None:
        """Give up what belonged to the process, which ends."""
        self._started().wait()
        if self._leash is not None:
            self._leash.release()
        self._process = self._leash = None
