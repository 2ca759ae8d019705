"""API keys."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, Select, bindparam, case, func, insert, null, select, update

from nova_server.ports.clock import Instant
from nova_server.ports.tenancy import ApiKey, Environment
from nova_server.storage.database import Database
from nova_server.storage.schema import api_keys

_FIND = select(api_keys).where(api_keys.c.digest == bindparam("digest"))
_READ = select(api_keys).where(api_keys.c.id == bindparam("key_id"))
_LIST = select(api_keys).order_by(api_keys.c.created_at, api_keys.c.id)
_WHEN = bindparam("when", type_=api_keys.c.revoked_at.type)
# A key that is revoked again stays revoked since the first time: that is when callers lost it.
_SINCE = case((_WHEN.is_(None), null()), else_=func.coalesce(api_keys.c.revoked_at, _WHEN))
_REVOKE = update(api_keys).where(api_keys.c.id == bindparam("key_id")).values(revoked_at=_SINCE)


class InsertKeys:
    """The operation that stores keys."""

    def apply(self, connection: Connection, intents: Sequence[tuple[ApiKey, bytes]]) -> Sequence[None]:
        connection.execute(insert(api_keys), [_row(key, digest) for key, digest in intents])
        return [None] * len(intents)


class RevokeKeys:
    """The operation that revokes and restores keys."""

    def apply(self, connection: Connection, intents: Sequence[tuple[str, Instant | None]]) -> Sequence[None]:
        connection.execute(_REVOKE, [{"key_id": key_id, "when": when} for key_id, when in intents])
        return [None] * len(intents)


class SqlKeyStore:
    """Implements `ports.tenancy.KeyStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._insert = InsertKeys()
        self._revoke = RevokeKeys()

    async def insert_key(self, key: ApiKey, digest: bytes) -> None:
        await self._database.writer.run(self._insert, (key, digest))

    async def find_key(self, digest: bytes) -> ApiKey | None:
        return await self._database.read(lambda connection: _read_one(connection, _FIND, digest=digest))

    async def list_keys(self, environment: Environment | None) -> list[ApiKey]:
        statement = _LIST if environment is None else _LIST.where(api_keys.c.environment == environment.value)
        return await self._database.read(lambda connection: [_to_key(row) for row in connection.execute(statement)])

    async def set_revoked(self, key_id: str, revoked_at: Instant | None) -> ApiKey | None:
        await self._database.writer.run(self._revoke, (key_id, revoked_at))
        return await self._database.read(lambda connection: _read_one(connection, _READ, key_id=key_id))


def _read_one(connection: Connection, statement: Select[*tuple[Any, ...]], **parameters: object) -> ApiKey | None:
    row = connection.execute(statement, parameters).one_or_none()
    return None if row is None else _to_key(row)


def _row(key: ApiKey, digest: bytes) -> dict[str, object]:
    return {
        "id": key.id,
        "digest": digest,
        "partner_id": key.partner_id,
        "environment": key.environment.value,
        "masked": key.masked,
        "created_at": key.created_at,
        "revoked_at": key.revoked_at,
    }


def _to_key(row: Row[Any]) -> ApiKey:
    return ApiKey(row.id, row.partner_id, Environment(row.environment), row.masked, row.created_at, row.revoked_at)
