"""Criteria versions: what a job's applications are scored against, identified by content."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, and_, select

from nova_server.ports.clock import Instant
from nova_server.ports.identifiers import Identifiers
from nova_server.storage.json_rows import json_rows, rows_parameter
from nova_server.storage.prepared import InsertNew, Values
from nova_server.storage.schema import criteria_versions

_KNOWN = (
    10_000  # versions whose ids are remembered: a job's version never changes, and is asked for at every submission
)

_INSERT = InsertNew(
    criteria_versions,
    ("tenant_id", "job_id", "digest", "job_description_digest", "role_knowledge_digest", "created_at"),
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

Identity = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class CriteriaText:
    """The content of a criteria version, by digest."""

    tenant_id: str
    job_id: str
    digest: str
    job_description_digest: str
    role_knowledge_digest: str | None

    @property
    def identity(self) -> Identity:
        return (self.tenant_id, self.job_id, self.digest)


class CriteriaVersions:
    """Finds or makes criteria versions, and remembers those it has seen committed."""

    def __init__(self, identifiers: Identifiers) -> None:
        self._identifiers = identifiers
        self._known: OrderedDict[Identity, str] = OrderedDict()

    def resolve(self, connection: Connection, wanted: Sequence[CriteriaText], now: Instant) -> dict[Identity, str]:
        """Return the id of the version of each content."""
        ids = {text.identity: self._known[text.identity] for text in wanted if text.identity in self._known}
        unknown = {text.identity: text for text in wanted if text.identity not in ids}
        if unknown:
            made = self._insert(connection, list(unknown.values()), now)
            ids |= made
            ids |= self._find(connection, [identity for identity in unknown if identity not in made])
        return ids

    def _insert(self, connection: Connection, texts: Sequence[CriteriaText], now: Instant) -> dict[Identity, str]:
        """Make versions. Returns those that were not there before; they are not remembered until they are committed."""
        rows = [_row(text, self._identifiers.new(now), now) for text in texts]
        made = _INSERT.run(connection, rows)
        return {text.identity: row[0] for text, row in zip(texts, rows, strict=True) if row[0] in made}

    def _find(self, connection: Connection, identities: Sequence[Identity]) -> dict[Identity, str]:
        if not identities:
            return {}
        rows = connection.execute(_SELECT, rows_parameter("wanted", identities))
        found = {(row.tenant_id, row.job_id, row.digest): row.id for row in rows}
        self._remember(found)
        return found

    def _remember(self, found: dict[Identity, str]) -> None:
        self._known |= found
        while len(self._known) > _KNOWN:
            self._known.popitem(last=False)


def _row(text: CriteriaText, new_id: str, now: Instant) -> Values:
    return (new_id, *text.identity, text.job_description_digest, text.role_knowledge_digest, now)
