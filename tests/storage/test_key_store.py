"""API keys are found by the digest of their secret, and can be taken away and given back."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from hashlib import sha256

import pytest
from nova_server.ports.clock import plus_seconds
from nova_server.ports.tenancy import ApiKey, Environment, KeyStore
from sqlalchemy.exc import IntegrityError

from tests.support.clock import START
from tests.support.store import StoreUnderTest

DIGEST = sha256(b"sk_test_secret").digest()
KEY = ApiKey("c" + "1" * 24, "partner-1", Environment.SANDBOX, "sk_test_****7f3a", START, None)
LIVE = replace(KEY, id="c" + "2" * 24, environment=Environment.PRODUCTION, masked="sk_live_****9c1d")


@pytest.fixture
def keys(store: StoreUnderTest) -> KeyStore:
    return store.keys


async def test_a_key_is_found_by_its_digest_with_every_field(keys: KeyStore) -> None:
    await keys.insert_key(KEY, DIGEST)
    assert await keys.find_key(DIGEST) == KEY


async def test_an_unknown_digest_finds_nothing(keys: KeyStore) -> None:
    await keys.insert_key(KEY, DIGEST)
    assert await keys.find_key(sha256(b"another").digest()) is None


async def test_the_same_digest_cannot_be_stored_twice(keys: KeyStore) -> None:
    await keys.insert_key(KEY, DIGEST)
    with pytest.raises(IntegrityError):
        await keys.insert_key(LIVE, DIGEST)
    assert await keys.find_key(DIGEST) == KEY


async def test_keys_stored_at_the_same_time_do_not_hinder_one_another(keys: KeyStore) -> None:
    answers = await asyncio.gather(
        keys.insert_key(KEY, DIGEST),
        keys.insert_key(replace(LIVE, id=KEY.id), sha256(b"taken id").digest()),
        keys.insert_key(LIVE, sha256(b"another").digest()),
        return_exceptions=True,
    )
    assert [type(answer) for answer in answers] == [type(None), IntegrityError, type(None)]
    assert await keys.list_keys(None) == [KEY, LIVE]


async def test_keys_are_listed_by_environment_oldest_first(keys: KeyStore) -> None:
    older = replace(KEY, id="c" + "3" * 24, created_at=plus_seconds(START, -1))
    for place, key in enumerate((KEY, LIVE, older)):
        await keys.insert_key(key, bytes([place]) * 32)
    assert await keys.list_keys(Environment.SANDBOX) == [older, KEY]
    assert await keys.list_keys(Environment.PRODUCTION) == [LIVE]
    assert await keys.list_keys(None) == [older, KEY, LIVE]


async def test_a_revoked_key_is_found_as_revoked_and_can_be_restored(keys: KeyStore) -> None:
    await keys.insert_key(KEY, DIGEST)
    revoked = replace(KEY, revoked_at=START)
    assert await keys.set_revoked(KEY.id, START) == revoked
    assert await keys.find_key(DIGEST) == revoked
    assert await keys.set_revoked(KEY.id, None) == KEY
    assert await keys.find_key(DIGEST) == KEY


async def test_a_key_that_is_revoked_again_stays_revoked_since_the_first_time(keys: KeyStore) -> None:
    await keys.insert_key(KEY, DIGEST)
    revoked = await keys.set_revoked(KEY.id, START)
    assert await keys.set_revoked(KEY.id, plus_seconds(START, 60)) == revoked
    assert await keys.find_key(DIGEST) == revoked


async def test_only_the_named_key_is_revoked(keys: KeyStore) -> None:
    await keys.insert_key(KEY, DIGEST)
    await keys.insert_key(LIVE, sha256(b"another").digest())
    await keys.set_revoked(LIVE.id, START)
    assert await keys.find_key(DIGEST) == KEY


async def test_a_key_that_does_not_exist_cannot_be_revoked(keys: KeyStore) -> None:
    assert await keys.set_revoked("c" + "9" * 24, START) is None
