"""Whether there is anything to migrate is found without Alembic."""

from __future__ import annotations

import subprocess
import sys

from alembic.script import ScriptDirectory
from nova_server.storage.revision import MIGRATIONS, latest

START = """
import asyncio, sys
from nova_server.storage.database import Database

async def start():
    database = Database(sys.argv[1])
    await database.start()
    await database.stop()

asyncio.run(start())
print("alembic" in sys.modules)
"""


def test_the_latest_revision_is_the_one_that_alembic_knows() -> None:
    assert latest() == ScriptDirectory(str(MIGRATIONS)).get_current_head()


def test_files_of_migrations_are_named_after_their_revisions() -> None:
    scripts = list(ScriptDirectory(str(MIGRATIONS)).walk_revisions())
    names = [script.path.rpartition("/")[2] for script in scripts]
    assert [name.partition("_")[0] for name in names] == [script.revision for script in scripts]
    assert names == sorted(names, reverse=True)


def test_a_process_that_finds_its_schema_up_to_date_does_not_load_alembic(store_url: str) -> None:
    loaded = [subprocess.run([sys.executable, "-c", START, store_url], capture_output=True, check=True, text=True)
              for _ in range(2)]  # fmt: skip
    assert loaded[-1].stdout.split() == ["False"]
