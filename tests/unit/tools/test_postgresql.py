"""The PostgreSQL that tests and benchmarks start."""

from __future__ import annotations

import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.support.postgresql import roomy_memory
from tools.postgresql import PostgresServer
from tools.postgresql_programs import CHOICE, OLDEST, Programs, find_programs, system_programs, wheel_programs
from tools.processes import ProgramFailed, is_alive, wait_until

OWNER = """
import sys
from pathlib import Path
from tools.postgresql import PostgresServer
with PostgresServer(Path(sys.argv[1]), temporary=True) as server:
    print(server.pid, server.socket_folder, flush=True)
    sys.stdin.read()
"""


def installed_programs() -> list[Programs]:
    """Return the system's programs, where it has any, and the wheel's."""
    system = system_programs()
    return [*([system] if system else []), wheel_programs()]


@pytest.fixture(scope="module", params=installed_programs(), ids=lambda programs: programs.version())
def shared(request: pytest.FixtureRequest) -> Iterator[PostgresServer]:
    """A server of each version, which tests may stop as long as it can be started again."""
    folder = Path(tempfile.mkdtemp(dir=roomy_memory()))
    with PostgresServer(folder, programs=request.param, temporary=True) as server:
        yield server


@pytest.fixture
def server(shared: PostgresServer) -> PostgresServer:
    if not shared.running:
        shared.start()
    return shared


@pytest.fixture
def kept(server: PostgresServer) -> Iterator[str]:
    """A database with a committed row, which has to outlive what comes."""
    server.create_database("kept")
    server.execute("CREATE TABLE kept (word text)", "INSERT INTO kept VALUES ('here')", database="kept")
    yield "kept"
    server.drop_database("kept")


def kept_rows(server: PostgresServer, database: str) -> str:
    return server.execute("SELECT word FROM kept", database=database)


def processes_of(server: PostgresServer) -> list[psutil.Process]:
    parent = psutil.Process(server.pid)
    return [parent, *parent.children(recursive=True)]


def test_each_version_serves(server: PostgresServer) -> None:
    assert server.programs.version() in server.execute("SELECT version()")


def test_the_unix_socket_serves_too(server: PostgresServer) -> None:
    psql = [server.programs.path("psql"), "--no-psqlrc", "--tuples-only", "--no-align", "--command=SELECT 1"]
    options = ["--username=postgres", f"--host={server.socket_folder}", f"--port={server.port}", "postgres"]
    assert subprocess.run([*psql, *options], check=True, capture_output=True, text=True).stdout == "1\n"


def test_a_server_stopped_in_order_keeps_its_data_and_its_url(server: PostgresServer, kept: str) -> None:
    url = server.url(kept)
    server.restart()
    assert kept_rows(server, kept) == "here"
    assert server.url(kept) == url


def test_a_server_stopped_at_once_recovers_its_data(server: PostgresServer, kept: str) -> None:
    server.restart("immediate")
    assert kept_rows(server, kept) == "here"
    assert "not properly shut down" in server.log.read_text()


def test_a_killed_server_leaves_no_process_and_recovers_its_data(server: PostgresServer, kept: str) -> None:
    processes = processes_of(server)
    server.kill()
    assert len(processes) > 1
    assert not any(map(is_alive, processes))
    server.start()
    assert kept_rows(server, kept) == "here"


def test_a_server_that_died_by_itself_can_be_killed_and_started(server: PostgresServer) -> None:
    psutil.Process(server.pid).kill()
    server.kill()
    server.start()
    assert server.execute("SELECT 1") == "1"


def test_a_later_server_goes_on_with_the_cluster_of_an_earlier_one(tmp_path: Path) -> None:
    with PostgresServer(tmp_path) as earlier:
        earlier.create_database("kept")
    with PostgresServer(tmp_path) as later:
        assert later.execute("SELECT datname FROM pg_database WHERE datname = 'kept'") == "kept"


def test_nothing_is_left_of_a_temporary_server(tmp_path: Path) -> None:
    with PostgresServer(tmp_path / "gone", temporary=True) as server:
        processes, sockets = processes_of(server), server.socket_folder
        assert sockets.exists()
    assert not any(map(is_alive, processes))
    assert not sockets.exists()
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_left_of_a_temporary_server_that_was_killed(tmp_path: Path) -> None:
    with PostgresServer(tmp_path / "gone", temporary=True) as server:
        mark = (server.data / "postmaster.pid").read_text().split()[-2]
        server.kill()
        assert mark in shared_memory_ids()
    assert mark not in shared_memory_ids()
    assert list(tmp_path.iterdir()) == []


def shared_memory_ids() -> list[str]:
    """Return the ids of the System V segments of shared memory."""
    return [line.split()[1] for line in Path("/proc/sysvipc/shm").read_text().splitlines()[1:]]


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM])
def test_a_server_ends_with_its_owner_however_that_ends(tmp_path: Path, end: signal.Signals) -> None:
    folder = tmp_path / "gone"
    command = [sys.executable, "-c", OWNER, str(folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout is not None
        pid, sockets = owner.stdout.readline().split()
        leashes = [child for child in psutil.Process(owner.pid).children() if child.pid != int(pid)]
        processes = [psutil.Process(int(pid)), *leashes]
        owner.send_signal(end)
    wait_until(lambda: not any(map(is_alive, processes)), "something outlived its owner")
    assert len(processes) == 2
    assert not folder.exists()
    assert not Path(sockets).exists()


def test_databases_are_made_from_a_template_and_dropped_under_a_connection(server: PostgresServer, kept: str) -> None:
    server.create_database("copy", template=kept)
    query = [server.programs.path("psql"), "--no-psqlrc", server.url("copy")]
    with subprocess.Popen(query, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as connected:
        assert connected.stdin is not None
        assert connected.stdout is not None
        connected.stdin.write("SELECT word FROM kept;\n")
        connected.stdin.flush()
        assert "word" in connected.stdout.readline()
        server.drop_database("copy")
    assert server.execute("SELECT datname FROM pg_database WHERE datname = 'copy'") == ""


@pytest.mark.parametrize(("durable", "flushes"), [(True, "on"), (False, "off")])
def test_only_a_durable_server_flushes(tmp_path: Path, durable: bool, flushes: str) -> None:
    with PostgresServer(tmp_path, durable) as server:
        assert server.execute("SHOW fsync") == flushes


def test_settings_of_a_test_win(tmp_path: Path) -> None:
    with PostgresServer(tmp_path, settings={"max_connections": 7, "synchronous_commit": "local"}) as server:
        assert server.execute("SHOW max_connections", "SHOW synchronous_commit") == "7\nlocal"


def test_a_server_that_cannot_start_says_why_and_leaves_nothing(tmp_path: Path) -> None:
    broken = PostgresServer(tmp_path / "gone", settings={"work_mem": "plenty"}, temporary=True)
    with pytest.raises(ProgramFailed, match='invalid value for parameter "work_mem": "plenty"'), broken:
        pass
    assert not broken.running
    assert list(tmp_path.iterdir()) == []


def test_a_refused_statement_says_why(server: PostgresServer) -> None:
    with pytest.raises(ProgramFailed, match='database "nowhere" does not exist'):
        server.drop_database("nowhere")


def test_a_server_that_does_not_run_cannot_be_stopped(tmp_path: Path) -> None:
    with pytest.raises(ProgramFailed, match="does not run"):
        PostgresServer(tmp_path).stop()


def test_the_programs_can_be_chosen(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(CHOICE, "wheel")
    assert find_programs() == wheel_programs()
    monkeypatch.setenv(CHOICE, str(tmp_path))
    assert find_programs() == Programs(tmp_path)


def test_the_wheel_steps_in_where_the_system_has_only_old_programs(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    old = tmp_path / str(OLDEST - 1) / "bin/postgres"
    old.parent.mkdir(parents=True)
    old.write_text(f"#!/bin/sh\necho 'postgres (PostgreSQL) {OLDEST - 1}.3'\n")
    old.chmod(0o755)
    monkeypatch.delenv(CHOICE, raising=False)
    monkeypatch.setattr("tools.postgresql_programs.DEBIAN", tmp_path)
    monkeypatch.setenv("PATH", str(old.parent))
    assert find_programs() == wheel_programs()


def test_the_newest_of_the_systems_programs_are_taken(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for version in ("9", str(OLDEST), str(OLDEST + 1)):
        server = tmp_path / version / "bin/postgres"
        server.parent.mkdir(parents=True)
        server.write_text(f"#!/bin/sh\necho 'postgres (PostgreSQL) {version}.1 (Debian)'\n")
        server.chmod(0o755)
    monkeypatch.setattr("tools.postgresql_programs.DEBIAN", tmp_path)
    found = system_programs()
    assert found is not None
    assert found.version() == f"{OLDEST + 1}.1"
