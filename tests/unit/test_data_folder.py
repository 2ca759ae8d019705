"""One process at a time serves a SQLite store."""

from __future__ import annotations

import multiprocessing
from pathlib import Path

import pytest
from nova_server.data_folder import DataFolderInUse, DataFolderUnusable, exclusive


def url_of(folder: Path) -> str:
    return f"sqlite+aiosqlite:///{folder / 'nova.sqlite3'}"


def test_a_store_is_held_by_one_process(tmp_path: Path) -> None:
    with exclusive(url_of(tmp_path)) as held:
        assert held
        with pytest.raises(DataFolderInUse), exclusive(url_of(tmp_path)):
            pytest.fail("it was held twice")


def test_a_store_is_free_again_afterwards(tmp_path: Path) -> None:
    for _ in range(2):
        with exclusive(url_of(tmp_path)) as held:
            assert held


def test_a_store_is_free_again_after_a_failure(tmp_path: Path) -> None:
    with pytest.raises(KeyError), exclusive(url_of(tmp_path)):
        raise KeyError
    with exclusive(url_of(tmp_path)) as held:
        assert held


def test_stores_beside_each_other_do_not_meet(tmp_path: Path) -> None:
    with exclusive(url_of(tmp_path / "one")) as one, exclusive(url_of(tmp_path / "other")) as other:
        assert one
        assert other


def hold_for_good(url: str, held: multiprocessing.synchronize.Event) -> None:
    """Hold a store until the process is killed."""
    with exclusive(url):
        held.set()
        multiprocessing.Event().wait()


def test_the_kernel_frees_the_store_of_a_process_that_was_killed(tmp_path: Path) -> None:
    processes = multiprocessing.get_context("forkserver")
    held = processes.Event()
    process = processes.Process(target=hold_for_good, args=(url_of(tmp_path), held))
    process.start()
    assert held.wait(60)
    with pytest.raises(DataFolderInUse), exclusive(url_of(tmp_path)):
        pytest.fail("it was held twice")
    process.kill()
    process.join(60)
    with exclusive(url_of(tmp_path)) as again:
        assert again


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://db/nova",
        "postgresql://one:5432,other:5432/nova?target_session_attrs=read-write",
        "sqlite+aiosqlite://",
    ],
)
def test_a_store_that_is_no_file_is_not_held(url: str) -> None:
    with exclusive(url) as held:
        assert not held


def test_the_folder_is_made(tmp_path: Path) -> None:
    with exclusive(url_of(tmp_path / "a" / "b")):
        assert (tmp_path / "a" / "b").is_dir()


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DataFolderUnusable), exclusive(url_of(tmp_path / "file" / "data")):
        pytest.fail("it was held")
