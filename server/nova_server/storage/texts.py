"""Texts, stored once per distinct content and tenant."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy import Connection

from nova_server.storage.digests import digest_of
from nova_server.storage.prepared import insert_where_free
from nova_server.storage.schema import texts


class StoredText(NamedTuple):
    """A text on its way into the store."""

    tenant_id: str
    digest: str
    content: str


_INSERT = insert_where_free(texts, StoredText._fields)


def to_text(tenant_id: str, content: str) -> StoredText:
    """Return the row that stores `content`."""
    return StoredText(tenant_id, digest_of(content), content)


def insert_texts(connection: Connection, rows: Iterable[StoredText]) -> None:
    """Store each text that is not there yet."""
    distinct = {(row.tenant_id, row.digest): row for row in rows}
    _INSERT.run(connection, list(distinct.values()))
