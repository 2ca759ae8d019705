"""What `nova serve` says, and how it ends, when it cannot serve."""

from __future__ import annotations

import signal
import socket
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.running_server import RunningServer, forked, started
from tests.unit.cli.command_line import call


def told(server: RunningServer, event: str) -> dict[str, str]:
    """Return the line of an event after the server ended by itself, with 1."""
    assert server.exit_code() == 1
    lines = [line for line in server.log.lines() if line["event"] == event]
    assert len(lines) == 1
    assert lines[0]["level"] == "error"
    return lines[0]


def contents(file: Path) -> list[str]:
    """Return everything in a database: schema and rows."""
    with closing(sqlite3.connect(file)) as store:
        return list(store.iterdump())


def tables(file: Path) -> set[str]:
    with closing(sqlite3.connect(file)) as store:
        return {name for (name,) in store.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}


def test_a_second_server_on_the_same_data_folder_ends_with_a_readable_line(tmp_path: Path) -> None:
    with started(tmp_path) as first:
        first.log.wait_for("serving")
        with started(tmp_path) as second:
            assert "NOVA_DATA_DIR" in told(second, "store_in_use")["advice"]
        assert first.stop() == 0


def test_a_data_folder_is_free_again_as_soon_as_its_server_was_killed(tmp_path: Path) -> None:
    for _ in range(2):
        with forked(tmp_path) as server:
            server.log.wait_for("serving")
            server.kill()
            assert server.exit_code() == -signal.SIGKILL


@pytest.mark.parametrize("address", ["grpc_address", "metrics_address"])
def test_an_address_in_use_ends_the_server_with_a_readable_line(tmp_path: Path, address: str) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = f"127.0.0.1:{other.getsockname()[1]}"
        with started(tmp_path, **{address: taken}) as server:
            assert f"NOVA_{address.upper()}" in told(server, "start_failed")["advice"]


@pytest.mark.parametrize("setting", ["grpc_address", "metrics_address", "rest_address"])
def test_an_address_that_is_none_ends_the_command_with_the_name_of_its_setting(tmp_path: Path, setting: str) -> None:
    name = f"NOVA_{setting.upper()}"
    outcome = call("serve", **{"NOVA_DATA_DIR": str(tmp_path), name: "nonsense"})
    assert (outcome.code, outcome.output) == (2, "")
    (line,) = outcome.errors.splitlines()
    assert line.startswith(f"{name}: ")
    assert "nonsense" not in line.removeprefix(f"{name}: ")


@pytest.mark.parametrize(
    "url",
    [
        "nonsense",
        "mysql+aiomysql://nova:secret@store/nova",
        "sqlite:///nova.sqlite3",
        "sqlite+aiosqlite://",
        "sqlite+aiosqlite:///:memory:",
    ],
)
def test_a_url_of_no_store_ends_the_command_with_the_name_of_its_setting(tmp_path: Path, url: str) -> None:
    outcome = call("serve", NOVA_DATA_DIR=str(tmp_path), NOVA_DATABASE_URL=url)
    assert outcome.code == 2
    (line,) = outcome.errors.splitlines()
    assert line.startswith("NOVA_DATABASE_URL: ")
    assert url not in line


def test_a_store_that_is_no_database_ends_the_server_with_a_readable_line(tmp_path: Path) -> None:
    (tmp_path / "nova.sqlite3").write_bytes(b"this is no database, but it is long enough to be taken for one" * 20)
    with forked(tmp_path) as server:
        assert "NOVA_DATA_DIR" in told(server, "start_failed")["advice"]


def test_a_data_folder_that_cannot_be_made_ends_the_server_with_a_readable_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with forked(tmp_path / "file" / "data") as server:
        assert "NOVA_DATA_DIR" in told(server, "start_failed")["advice"]


def test_the_first_start_makes_everything_and_the_second_changes_nothing(tmp_path: Path) -> None:
    data = tmp_path / "not" / "there" / "yet"
    with forked(data) as server:
        server.log.wait_for("serving")
        assert server.stop() == 0
    assert {"alembic_version", "api_keys", "scoring_batches", "scoring_jobs", "texts"} <= tables(data / "nova.sqlite3")
    before = contents(data / "nova.sqlite3")
    with forked(data) as server:
        server.log.wait_for("serving")
        assert server.stop() == 0
    assert contents(data / "nova.sqlite3") == before


def test_a_clean_stop_leaves_one_file_and_an_empty_folder_for_documents(tmp_path: Path) -> None:
    with forked(tmp_path) as server:
        server.log.wait_for("serving")
        assert server.stop() == 0
    assert {path.name for path in tmp_path.iterdir()} == {"documents", "nova.sqlite3", "nova.sqlite3.lock"}
    assert list((tmp_path / "documents").iterdir()) == []


def test_ctrl_c_stops_the_server_like_sigterm_does(tmp_path: Path) -> None:
    with started(tmp_path) as server:
        server.log.wait_for("serving")
        server.interrupt()
        assert server.exit_code() == 0
        assert server.log.lines()[-1]["event"] == "stopped"
