"""A store of the release before criteria could be set is taken over as it is, and may still be written by that release.

Its rows are written here as that release did: versions without a number, jobs without the texts submitted with them.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from nova_server.ports.criteria import CriteriaSource
from nova_server.ports.scoring import JobTexts, ResumeSource
from nova_server.storage.digests import digest_of, digest_of_all, tenant_key
from nova_server.storage.migrate import upgrade
from nova_server.storage.sqlite.engine import create_writer_engine

from tests.support.clock import START
from tests.support.current_criteria import active, archive_criteria, set_criteria, stored_versions
from tests.support.store import open_store, sqlite_url
from tests.support.submissions import ACME, rescore, single, submission

TENANT = tenant_key(ACME)


def version_id(number: int) -> str:
    return f"cv{number:023d}"


class OlderRelease:
    """What the release before wrote."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def insert(self, table: str, **values: Any) -> None:
        names, places = ", ".join(values), ", ".join(f":{name}" for name in values)
        statement = f"INSERT OR IGNORE INTO {table} ({names}) VALUES ({places})"  # noqa: S608 - names of ours
        self._connection.execute(statement, values)

    def submit(self, name: str, description: str, version: int, job_id: str = "job-1") -> str:
        """Store an application with the version of its text. Returns the id of its scoring job."""
        description_digest, resume_digest = digest_of(description), digest_of(f"The resume of {name}.")
        self.insert("tenants", id=TENANT, partner_id=ACME.partner_id, environment=ACME.environment.value,
                    external_id=ACME.tenant_id, virtual_time=0, created_at=START)  # fmt: skip
        self.insert("texts", tenant_id=TENANT, digest=description_digest, content=description)
        self.insert("texts", tenant_id=TENANT, digest=resume_digest, content=f"The resume of {name}.")
        self.insert("criteria_versions", id=version_id(version), tenant_id=TENANT, job_id=job_id,
                    digest=digest_of_all((description_digest, None)), job_description_digest=description_digest,
                    created_at=START + version)  # fmt: skip
        scoring_job_id = digest_of(f"{job_id} {name}")[:25]
        self.insert("scoring_jobs", id=scoring_job_id, tenant_id=TENANT, job_id=job_id, application_id=name,
                    criteria_version_id=version_id(version), state="pending", virtual_time=1, available_at=START,
                    queued_at=START)  # fmt: skip
        self.insert("scoring_inputs", scoring_job_id=scoring_job_id, resume_digest=resume_digest)
        return scoring_job_id


@contextmanager
def older_release(file: Path) -> Iterator[OlderRelease]:
    with closing(sqlite3.connect(file)) as connection, connection:
        yield OlderRelease(connection)


@pytest.fixture
def older(tmp_path: Path) -> Path:
    """The file of an empty store of the release before."""
    engine = create_writer_engine(sqlite_url(tmp_path), 5)
    with engine.begin() as connection:
        upgrade(connection, "0002")
    engine.dispose()
    return tmp_path / "store.sqlite3"


def old_texts(name: str, description: str, version: int) -> JobTexts:
    resume = ResumeSource(text=f"The resume of {name}.")
    return JobTexts(description, resume, None, None, None, (), None, version_id(version), None)


async def test_versions_are_numbered_as_they_were_made_and_the_latest_is_current(older: Path) -> None:
    with older_release(older) as release:
        for number, name in ((2, "ben"), (1, "anna"), (3, "cleo")):
            release.submit(name, f"Text {number}.", number)
        release.submit("anna", "Text 4.", 4, job_id="job-2")
    async with open_store(sqlite_url(older.parent)) as store:
        rows = await stored_versions(store)
        assert [(row.id, row.version) for row in rows] == [(version_id(number), number) for number in (1, 2, 3)]
        assert [row.archived_at for row in rows] == [START + 2, START + 3, None]
        assert await active(store) == (CriteriaSource.TEXTS, version_id(3), 3)
        assert await active(store, job_id="job-2") == (CriteriaSource.TEXTS, version_id(4), 1)


async def test_jobs_that_wait_in_an_older_store_are_scored_from_their_texts(older: Path) -> None:
    with older_release(older) as release:
        anna = release.submit("anna", "One.", 1)
        ben = release.submit("ben", "Two.", 2)
    async with open_store(sqlite_url(older.parent)) as store:
        assert {lease.job_id for lease in await store.claim()} == {anna, ben}
        assert await store.store.read_job_texts([anna, ben]) == {
            anna: old_texts("anna", "One.", 1),
            ben: old_texts("ben", "Two.", 2),
        }


async def test_an_application_of_an_older_store_keeps_its_job_and_can_be_rescored(older: Path) -> None:
    with older_release(older) as release:
        anna = release.submit("anna", "One.", 1)
    async with open_store(sqlite_url(older.parent)) as store:
        assert (await store.submit_job(single("anna", job_description="One."))).id == anna
        again = await store.submit_job(rescore("anna", version_id(1)))
        assert (again.is_rescore, again.criteria_version_id) == (True, version_id(1))
        assert await store.submit_job(rescore("anna", job_description="One.")) == again
        assert (await store.submit(submission("anna"))).scoring_job_ids == (again.id,)


async def test_the_texts_of_an_older_store_are_its_versions_still(older: Path) -> None:
    with older_release(older) as release:
        release.submit("anna", "One.", 1)
        release.submit("ben", "Two.", 2)
    async with open_store(sqlite_url(older.parent)) as store:
        cleo = await store.submit_job(single("cleo", job_description="One."))
        assert cleo.criteria_version_id == version_id(1)
        assert await active(store) == (CriteriaSource.TEXTS, version_id(1), 3)
        new = await store.submit_job(single("dave", job_description="Three."))
        assert [row.id for row in await stored_versions(store)][2:] == [new.criteria_version_id]


@pytest.fixture
async def migrated(older: Path) -> Path:
    """The file of a store that was migrated while the release before is still writing to it."""
    async with open_store(sqlite_url(older.parent)):
        pass
    return older


async def test_what_the_older_release_writes_after_the_migration_is_scored_and_found(migrated: Path) -> None:
    with older_release(migrated) as release:
        anna = release.submit("anna", "One.", 1)
    async with open_store(sqlite_url(migrated.parent)) as store:
        assert await store.store.read_job_texts([anna]) == {anna: old_texts("anna", "One.", 1)}
        assert await store.complete(await store.claim_one())
        found = await store.submit_job(single("anna", job_description="One."))
        assert (found.id, found.score, found.is_rescore) == (anna, 7, False)


async def test_the_latest_of_several_rescores_is_known_of_a_job_that_the_older_release_wrote_at_whatever_time(
    older: Path,
) -> None:
    with older_release(older) as release:
        release.submit("anna", "One.", 1)
    async with open_store(sqlite_url(older.parent)) as store:
        with older_release(older) as release:
            release.submit("ben", "One.", 1)
        for name in ("anna", "ben"):
            await store.submit_jobs(*(rescore(name, job_description=text) for text in ("Two.", "Three.")))
            latest = await store.submit_job(rescore(name, job_description="Four."))
            assert (await store.submit_job(rescore(name, job_description="Two."))).is_rescore
            assert await store.latest(name) == await store.submit_job(single(name)) == latest
            assert (await store.submit(submission(name))).scoring_job_ids == (latest.id,)


async def test_a_version_that_the_older_release_made_becomes_current_with_the_next_submission_of_its_text(
    migrated: Path,
) -> None:
    with older_release(migrated) as release:
        release.submit("anna", "One.", 1)
    async with open_store(sqlite_url(migrated.parent)) as store:
        ben = await store.submit_job(single("ben", job_description="One."))
        assert ben.criteria_version_id == version_id(1)
        assert await active(store) == (CriteriaSource.TEXTS, version_id(1), 1)
        cleo = await store.submit_job(single("cleo", job_description="Two."))
        assert [(row.id, row.version) for row in await stored_versions(store)] == [
            (version_id(1), 0),
            (cleo.criteria_version_id, 1),
        ]


async def test_what_the_older_release_writes_beside_criteria_of_a_partner_changes_them_not(migrated: Path) -> None:
    async with open_store(sqlite_url(migrated.parent)) as store:
        python = await set_criteria(store, "Python")
        with older_release(migrated) as release:
            anna = release.submit("anna", "One.", 1)
        assert await store.store.read_job_texts([anna]) == {anna: old_texts("anna", "One.", 1)}
        assert (await store.submit_job(rescore("anna"))).criteria_version_id == python


async def test_what_the_older_release_accepts_for_archived_criteria_is_found_and_scored(migrated: Path) -> None:
    async with open_store(sqlite_url(migrated.parent)) as store:
        await archive_criteria(store)
        with older_release(migrated) as release:
            anna = release.submit("anna", "One.", 1)
        assert (await store.submit_job(single("anna"))).id == anna
        assert await store.complete(await store.claim_one())
