"""Who is let in, what the cache keeps, and how soon a revocation counts."""

from __future__ import annotations

import asyncio

import pytest
from nova_server.errors import StoreUnavailable, Unauthorized
from nova_server.ports.tenancy import ApiKey, Caller, Environment
from nova_server.tenancy import authentication
from nova_server.tenancy.authentication import CachedAuthenticator
from nova_server.tenancy.secrets import digest_of

from tests.support.clock import START, FakeClock
from tests.support.keys import MemoryKeyStore

SECRET = "sk_test_" + "a" * 32
CALLER = Caller("acme", Environment.SANDBOX)
KEY = ApiKey("k1", "acme", Environment.SANDBOX, "sk_test_****aaaa", START, None)
BEARER = f"Bearer {SECRET}"


@pytest.fixture
async def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def store() -> MemoryKeyStore:
    kept = MemoryKeyStore()
    await kept.insert_key(KEY, digest_of(SECRET))
    return kept


@pytest.fixture
def authenticator(store: MemoryKeyStore, clock: FakeClock) -> CachedAuthenticator:
    return CachedAuthenticator(store, clock)


async def refuses(authenticator: CachedAuthenticator, authorization: str | None) -> bool:
    with pytest.raises(Unauthorized) as refusal:
        await authenticator.authenticate(authorization)
    return str(refusal.value) == "Invalid or missing API key."


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
async def test_a_key_in_force_names_its_partner_and_environment(
    authenticator: CachedAuthenticator, scheme: str
) -> None:
    assert await authenticator.authenticate(f"{scheme} {SECRET}") == CALLER


@pytest.mark.parametrize(
    "authorization",
    [
        None,
        "",
        "Bearer",
        SECRET,
        f"Basic {SECRET}",
        f"Bearer  {SECRET}",
        f"Bearer {SECRET} ",
        f"Bearer {SECRET}a",
        f"Bearer {SECRET[:-1]}",
        f"Bearer {SECRET[:-1]}ä",
        f"Bearer {SECRET[:-1]}\n",
        "Bearer sk_prod_" + "a" * 32,
        "Bearer sk_test_" + "a" * 31 + "!",
    ],
)
async def test_a_malformed_key_is_refused_without_asking_the_store(
    authenticator: CachedAuthenticator, store: MemoryKeyStore, authorization: str | None
) -> None:
    assert await refuses(authenticator, authorization)
    assert store.reads == 0


async def test_an_unknown_key_is_refused_and_not_remembered(
    authenticator: CachedAuthenticator, store: MemoryKeyStore
) -> None:
    unknown = "Bearer sk_test_" + "b" * 32

    assert await refuses(authenticator, unknown)
    assert await refuses(authenticator, unknown)
    assert store.reads == 2


async def test_an_unknown_key_counts_from_the_moment_it_is_created(
    authenticator: CachedAuthenticator, store: MemoryKeyStore
) -> None:
    secret = "sk_test_" + "b" * 32
    assert await refuses(authenticator, f"Bearer {secret}")

    await store.insert_key(KEY, digest_of(secret))

    assert await authenticator.authenticate(f"Bearer {secret}") == CALLER


async def test_a_key_whose_environment_is_not_that_of_its_prefix_is_refused(
    authenticator: CachedAuthenticator, store: MemoryKeyStore
) -> None:
    live = "sk_live_" + "a" * 32
    await store.insert_key(KEY, digest_of(live))

    assert await refuses(authenticator, f"Bearer {live}")


async def test_a_known_key_is_read_once_in_half_a_second(
    authenticator: CachedAuthenticator, store: MemoryKeyStore, clock: FakeClock
) -> None:
    await authenticator.authenticate(BEARER)
    clock.advance(0.49)
    await authenticator.authenticate(BEARER)
    assert store.reads == 1

    clock.advance(0.01)
    await authenticator.authenticate(BEARER)
    assert store.reads == 2


async def test_a_revocation_is_seen_within_a_second(
    authenticator: CachedAuthenticator, store: MemoryKeyStore, clock: FakeClock
) -> None:
    await authenticator.authenticate(BEARER)
    await store.set_revoked(KEY.id, clock.now())

    clock.advance(0.999)

    assert await refuses(authenticator, BEARER)


async def test_a_restored_key_is_let_in_at_once(
    authenticator: CachedAuthenticator, store: MemoryKeyStore, clock: FakeClock
) -> None:
    await store.set_revoked(KEY.id, clock.now())
    assert await refuses(authenticator, BEARER)

    await store.set_revoked(KEY.id, None)

    assert await authenticator.authenticate(BEARER) == CALLER


async def test_callers_that_arrive_together_share_one_read(
    authenticator: CachedAuthenticator, store: MemoryKeyStore
) -> None:
    store.open.clear()
    calls = [asyncio.create_task(authenticator.authenticate(BEARER)) for _ in range(20)]
    await asyncio.wait_for(store.asked.wait(), 5)
    store.open.set()

    assert await asyncio.gather(*calls) == [CALLER] * 20
    assert store.reads == 1


async def test_a_read_that_hangs_is_not_joined_by_those_who_come_after_its_lifetime(
    authenticator: CachedAuthenticator, store: MemoryKeyStore, clock: FakeClock
) -> None:
    store.open.clear()
    early = asyncio.create_task(authenticator.authenticate(BEARER))
    await asyncio.wait_for(store.asked.wait(), 5)
    await store.set_revoked(KEY.id, clock.now())
    clock.advance(0.6)
    store.asked.clear()
    late = asyncio.create_task(authenticator.authenticate(BEARER))
    await asyncio.wait_for(store.asked.wait(), 5)
    store.open.set()

    assert await early == CALLER
    with pytest.raises(Unauthorized):
        await late


async def test_one_caller_that_hangs_up_fails_none_of_the_others(
    authenticator: CachedAuthenticator, store: MemoryKeyStore
) -> None:
    store.open.clear()
    leaving = asyncio.create_task(authenticator.authenticate(BEARER))
    staying = asyncio.create_task(authenticator.authenticate(BEARER))
    await asyncio.wait_for(store.asked.wait(), 5)
    leaving.cancel()
    await asyncio.wait([leaving])
    store.open.set()

    assert leaving.cancelled()
    assert await staying == CALLER


async def test_a_store_that_is_away_is_asked_again_by_the_next_caller(
    authenticator: CachedAuthenticator, store: MemoryKeyStore
) -> None:
    store.fault = StoreUnavailable()
    with pytest.raises(StoreUnavailable):
        await authenticator.authenticate(BEARER)

    store.fault = None

    assert await authenticator.authenticate(BEARER) == CALLER


async def test_the_cache_is_bounded(
    authenticator: CachedAuthenticator, store: MemoryKeyStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(authentication, "MAX_ENTRIES", 2)
    secrets = ["sk_test_" + letter * 32 for letter in "xyz"]
    for secret in secrets:
        await store.insert_key(KEY, digest_of(secret))
        await authenticator.authenticate(f"Bearer {secret}")

    await authenticator.authenticate(f"Bearer {secrets[2]}")
    assert store.reads == 3
    await authenticator.authenticate(f"Bearer {secrets[0]}")
    assert store.reads == 4
