"""Whether there is anything to migrate is found without Alembic, which takes longer to load than all the rest."""

from __future__ import annotations

import subprocess
import sys

import pytest
from alembic.script import ScriptDirectory
from nova_server.storage.database import Database
from nova_server.storage.revision import MIGRATIONS, latest

IS_ALEMBIC_LOADED = "import nova_server.foundation, sys; print('alembic' in sys.modules)"


def test_the_latest_revision_is_the_one_that_alembic_knows() -> None:
    assert latest() == ScriptDirectory(str(MIGRATIONS)).get_current_head()


def test_files_of_migrations_are_named_after_their_revisions() -> None:
    scripts = list(ScriptDirectory(str(MIGRATIONS)).walk_revisions())
    names = [script.path.rpartition("/")[2] for script in scripts]
    assert [name.partition("_")[0] for name in names] == [script.revision for script in scripts]
    assert names == sorted(names, reverse=True)


def test_alembic_is_not_loaded_before_it_is_needed() -> None:
    told = subprocess.run([sys.executable, "-c", IS_ALEMBIC_LOADED], capture_output=True, check=True, text=True)
    assert told.stdout.split() == ["False"]


async def test_a_schema_that_is_up_to_date_needs_no_alembic(store_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = Database(store_url), Database(store_url)
    await first.migrate()
    await first.stop()
    monkeypatch.setitem(sys.modules, "nova_server.storage.migrate", None)  # to import it fails
    await second.start()
    await second.check()
    await second.stop()
