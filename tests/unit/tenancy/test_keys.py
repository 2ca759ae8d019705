"""Creating, listing, revoking and restoring API keys."""

from __future__ import annotations

import hashlib
import re

import pytest
from nova_server.ports.tenancy import Environment
from nova_server.tenancy.keys import KeyAdministration, KeyNotFound

from tests.support.clock import START, FakeClock
from tests.support.identifiers import FakeIdentifiers
from tests.support.keys import MemoryKeyStore


@pytest.fixture
async def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def store() -> MemoryKeyStore:
    return MemoryKeyStore()


@pytest.fixture
def administration(store: MemoryKeyStore, clock: FakeClock) -> KeyAdministration:
    return KeyAdministration(store, clock, FakeIdentifiers())


@pytest.mark.parametrize(
    ("environment", "prefix"), [(Environment.SANDBOX, "sk_test_"), (Environment.PRODUCTION, "sk_live_")]
)
async def test_a_secret_begins_with_the_prefix_of_its_environment(
    administration: KeyAdministration, environment: Environment, prefix: str
) -> None:
    key, secret = await administration.create("acme", environment)

    assert re.fullmatch(prefix + "[A-Za-z0-9_-]{32}", secret)
    assert (key.partner_id, key.environment, key.created_at, key.revoked_at) == ("acme", environment, START, None)


async def test_two_secrets_differ(administration: KeyAdministration) -> None:
    _, first = await administration.create("acme", Environment.SANDBOX)
    _, second = await administration.create("acme", Environment.SANDBOX)

    assert first != second


async def test_the_secret_is_stored_as_its_digest_only(
    administration: KeyAdministration, store: MemoryKeyStore
) -> None:
    key, secret = await administration.create("acme", Environment.PRODUCTION)

    assert store.keys == {hashlib.sha256(secret.encode()).digest(): key}
    assert secret[len("sk_live_") : -4] not in repr(key)


async def test_a_list_shows_four_characters_of_the_secret(store: MemoryKeyStore, clock: FakeClock) -> None:
    fixed = KeyAdministration(store, clock, FakeIdentifiers(), random_bytes=lambda count: bytes(range(count)))

    _, secret = await fixed.create("acme", Environment.PRODUCTION)

    assert secret == "sk_live_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX"
    assert [key.masked for key in await fixed.list()] == ["sk_live_****FRYX"]


async def test_a_list_can_be_limited_to_one_environment(administration: KeyAdministration) -> None:
    sandbox, _ = await administration.create("acme", Environment.SANDBOX)
    production, _ = await administration.create("acme", Environment.PRODUCTION)

    assert await administration.list(Environment.SANDBOX) == [sandbox]
    assert await administration.list() == [sandbox, production]


async def test_a_revoked_key_says_since_when_and_can_be_restored(
    administration: KeyAdministration, clock: FakeClock
) -> None:
    key, _ = await administration.create("acme", Environment.SANDBOX)
    clock.advance(60)

    revoked = await administration.revoke(key.id)
    restored = await administration.restore(key.id)

    assert revoked.revoked_at == clock.now()
    assert restored == key


async def test_a_key_that_does_not_exist_can_be_neither_revoked_nor_restored(
    administration: KeyAdministration,
) -> None:
    with pytest.raises(KeyNotFound):
        await administration.revoke("unknown")
    with pytest.raises(KeyNotFound):
        await administration.restore("unknown")
