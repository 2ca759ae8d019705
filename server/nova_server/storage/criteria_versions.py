"""Criteria versions: what a job's applications are scored against, identified by content."""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import NamedTuple
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, RootTransaction, and_, bindparam, func, literal_column, select

from nova_server.ports.clock import Instant
from nova_server.storage.job_criteria import JobKey
from nova_server.storage.json_rows import among, json_rows, rows_parameter, texts_parameter
from nova_server.storage.prepared import InsertNew, Prepared
from nova_server.storage.row_statements import RowInsertion
from nova_server.storage.schema import criteria_versions

# Versions whose ids are remembered: that of a text never changes, and is asked for at every submission.
_KNOWN = 10_000

_of_job = criteria_versions.alias("of_job")
# Numbered in the statement itself: whoever makes versions of a tenant's jobs holds the tenant's row.
_next_number = (
    select(func.coalesce(func.max(_of_job.c.version), literal_column("0")) + literal_column("1"))
    .where(_of_job.c.tenant_id == bindparam("tenant"), _of_job.c.job_id == bindparam("job"))
    .scalar_subquery()
)
_INSERT = InsertNew(
    criteria_versions,
    insertion=Prepared(
        RowInsertion(
            criteria_versions,
            {
                "id": bindparam("new_id"),
                "tenant_id": bindparam("tenant"),
                "job_id": bindparam("job"),
                "digest": bindparam("content"),
                "job_description_digest": bindparam("description"),
                "role_knowledge_digest": bindparam("knowledge"),
                "criteria": bindparam("new_criteria"),
                "created_at": bindparam("now"),
                "version": _next_number,
            },
        ),
        ("new_id", "tenant", "job", "content", "description", "knowledge", "new_criteria", "now"),
    ),
)

_wanted = json_rows("wanted", "tenant_id", "job_id", "digest")
_SELECT = select(
    criteria_versions.c.id, criteria_versions.c.tenant_id, criteria_versions.c.job_id, criteria_versions.c.digest
).select_from(
    _wanted.join(
        criteria_versions,
        and_(
            criteria_versions.c.tenant_id == _wanted.c.tenant_id,
            criteria_versions.c.job_id == _wanted.c.job_id,
            criteria_versions.c.digest == _wanted.c.digest,
        ),
    )
)

_SELECT_PINNED = select(criteria_versions.c.id, criteria_versions.c.tenant_id, criteria_versions.c.job_id).where(
    among(criteria_versions.c.id, "ids")
)

Identity = tuple[str, str, str]


class Pin(NamedTuple):
    """A version that a caller names, and the job whose it must be."""

    tenant_id: str
    job_id: str
    version_id: str


class NewVersion(NamedTuple):
    """A version on its way into the store: it follows from texts, or has criteria (JSON) that a partner set."""

    id: str
    tenant_id: str
    job_id: str
    digest: str
    job_description_digest: str | None
    role_knowledge_digest: str | None
    criteria: str | None
    created_at: Instant

    @property
    def identity(self) -> Identity:
        return (self.tenant_id, self.job_id, self.digest)


def insert_versions(connection: Connection, versions: Sequence[NewVersion]) -> set[str]:
    """Store versions, and number those of each job. Returns the ids of those whose content the job did not have."""
    return {version_id for together in _rounds(versions) for version_id in _INSERT.run(connection, together)}


def find_versions(connection: Connection, identities: Sequence[Identity]) -> dict[Identity, str]:
    """Return the ids of the versions that exist."""
    if not identities:
        return {}
    rows = connection.execute(_SELECT, rows_parameter("wanted", identities))
    return {(row.tenant_id, row.job_id, row.digest): row.id for row in rows}


def find_pinned(connection: Connection, pins: Collection[Pin]) -> set[Pin]:
    """Return those pins of which the job has the version."""
    if not pins:
        return set()
    rows = connection.execute(_SELECT_PINNED, texts_parameter("ids", sorted({pin.version_id for pin in pins})))
    return {Pin(row.tenant_id, row.job_id, row.id) for row in rows} & set(pins)


@dataclass(frozen=True, slots=True)
class TextDigests:
    """The texts of a job that a criteria version follows from, by digest. `digest` is that of all of them."""

    tenant_id: str
    job_id: str
    digest: str
    job_description_digest: str
    role_knowledge_digest: str | None

    @property
    def identity(self) -> Identity:
        return (self.tenant_id, self.job_id, self.digest)

    @property
    def job(self) -> JobKey:
        return JobKey(self.tenant_id, self.job_id)


class CriteriaVersions:
    """Finds the versions of texts, makes those that are new, and remembers those it has seen committed."""

    def __init__(self) -> None:
        self._known: OrderedDict[Identity, str] = OrderedDict()
        # What a transaction that is still running has made. Several may run at once.
        self._made: WeakKeyDictionary[RootTransaction, set[Identity]] = WeakKeyDictionary()

    def find(self, connection: Connection, wanted: Sequence[TextDigests]) -> dict[Identity, str]:
        """Return the ids of the versions that exist."""
        identities = {digests.identity for digests in wanted}
        ids = {identity: self._known[identity] for identity in identities if identity in self._known}
        found = find_versions(connection, sorted(identities - ids.keys()))
        self._remember(connection, found)
        return ids | found

    def make(self, connection: Connection, versions: Mapping[str, TextDigests], now: Instant) -> None:
        """Store versions, by their ids, that were not found in this transaction."""
        insert_versions(connection, [_new_version(digests, new_id, now) for new_id, digests in versions.items()])
        if (transaction := connection.get_transaction()) is not None:
            self._made.setdefault(transaction, set()).update(digests.identity for digests in versions.values())

    def _remember(self, connection: Connection, found: Mapping[Identity, str]) -> None:
        """Remember versions, but not those that go when this transaction does."""
        transaction = connection.get_transaction()
        uncommitted = self._made.get(transaction, set()) if transaction is not None else set()
        self._known |= {identity: version for identity, version in found.items() if identity not in uncommitted}
        while len(self._known) > _KNOWN:
            self._known.popitem(last=False)


def _rounds(versions: Iterable[NewVersion]) -> Iterator[list[NewVersion]]:
    """Yield the versions in lists, none of which has two of one job: those of one list are numbered at once."""
    of_jobs: defaultdict[JobKey, list[NewVersion]] = defaultdict(list)
    for version in versions:
        of_jobs[JobKey(version.tenant_id, version.job_id)].append(version)
    for together in zip_longest(*of_jobs.values()):
        yield [version for version in together if version is not None]


def _new_version(digests: TextDigests, new_id: str, now: Instant) -> NewVersion:
    texts = (digests.job_description_digest, digests.role_knowledge_digest)
    return NewVersion(new_id, *digests.identity, *texts, criteria=None, created_at=now)
