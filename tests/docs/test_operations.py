"""What the pages for operators tell them to type works, and what they name exists."""

from __future__ import annotations

import configparser
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from nova_server.foundation import migrate
from nova_server.observability.metrics import Metrics
from nova_server.settings import Settings
from nova_server.storage.database import Database
from nova_server.storage.options import StoreOptions

from tests.support.postgresql import require_pgbouncer
from tools.pgbouncer import PgBouncer
from tools.postgresql import PostgresServer

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "docs/operations"
PAGES = sorted(FOLDER.glob("*.md"))
SETUP = "CREATE DATABASE"


def blocks(language: str, page: Path) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)


def statements(page: Path) -> list[str]:
    return [one.strip() for block in blocks("sql", page) for one in block.split(";") if one.strip()]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    """A server set up as the page says, with the schema of a role that has no other rights than that page gives it."""
    with PostgresServer(tmp_path_factory.mktemp("operations")) as server:
        (setup,) = [block for block in blocks("sql", FOLDER / "postgresql.md") if SETUP in block]
        server.execute(*(one for one in setup.split(";") if one.strip()))
        migrate(Settings(database_url=url_of_role(server.url("nova"))))
        yield server


def url_of_role(url: str) -> str:
    return url.replace("postgres@", "nova@")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_page_is_listed(page: Path) -> None:
    assert f"(operations/{page.name})" in (ROOT / "docs/operations.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_metric_that_is_named_exists(page: Path) -> None:
    named = set(re.findall(r"`(nova_[a-z_]+?)(?:_total)?(?:\{|`)", page.read_text(encoding="utf-8")))
    assert named <= {family.name for family in Metrics().registry.collect()}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_section_that_is_linked_to_exists(page: Path) -> None:
    for target, anchor in re.findall(r"\]\((?!https?:)([^)#]*)#([^)]+)\)", page.read_text(encoding="utf-8")):
        linked = page.parent / target if target else page
        headings = re.findall(r"^#+ (.+)$", linked.read_text(encoding="utf-8"), re.MULTILINE)
        assert anchor in {re.sub(r"[^\w\- ]", "", heading).lower().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", [page for page in PAGES if blocks("sql", page)], ids=lambda page: page.name)
def test_every_statement_is_one_that_the_server_takes(page: Path, server: PostgresServer) -> None:
    for statement in statements(page):
        if SETUP not in statement and "CREATE ROLE nova" not in statement and "pg_reload_conf" not in statement:
            server.execute(statement, database="nova")


async def test_the_service_works_through_a_pooler_with_these_settings(server: PostgresServer, tmp_path: Path) -> None:
    require_pgbouncer()
    (block,) = blocks("ini", FOLDER / "postgresql.md")
    configuration = configparser.ConfigParser()
    configuration.read_string(block)
    with PgBouncer(tmp_path / "pgbouncer", server, settings=configuration["pgbouncer"]) as pooler:
        database = Database(pooler.url("nova"), StoreOptions(transaction_pooling=True))
        await database.start()
        await database.check()
        await database.stop()


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed")
def test_prometheus_takes_the_scrape_configuration(tmp_path: Path) -> None:
    (block,) = blocks("yaml", FOLDER / "monitoring.md")
    (tmp_path / "prometheus.yml").write_text(block, encoding="utf-8")
    shutil.copy(ROOT / "docs/monitoring/alerts.yml", tmp_path)
    command = ["promtool", "check", "config", str(tmp_path / "prometheus.yml")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
