"""The session that all outgoing connections go through."""

from __future__ import annotations

import socket
from ipaddress import ip_network

import aiohttp
import pytest
from nova_server.egress.connector import CheckedConnector, CheckedResolver, build_session
from nova_server.egress.denied import DenyReason, EgressDenied
from nova_server.egress.policy import EgressPolicy

from tests.unit.egress.fake_resolver import FakeResolver

PUBLIC = "93.184.216.34"
LOOPBACK = ip_network("127.0.0.0/8")


async def test_the_addresses_that_were_checked_are_the_ones_returned() -> None:
    resolver = CheckedResolver(
        EgressPolicy([LOOPBACK]), FakeResolver({"storage.example": [["127.0.0.1", "127.0.0.2"]]})
    )
    assert [answer["host"] for answer in await resolver.resolve("storage.example", 443)] == ["127.0.0.1", "127.0.0.2"]


@pytest.mark.parametrize("answers", [[PUBLIC, "10.0.0.1"], ["10.0.0.1", PUBLIC], [PUBLIC, "::1"]], ids=", ".join)
async def test_one_refused_address_refuses_the_name(answers: list[str]) -> None:
    denials: list[DenyReason] = []
    resolver = CheckedResolver(
        EgressPolicy([LOOPBACK], on_denied=denials.append), FakeResolver({"x.example": [answers]})
    )
    with pytest.raises(EgressDenied):
        await resolver.resolve("x.example", 443)
    assert len(denials) == 1


async def test_a_lookup_outside_a_request_counts_as_one_for_plain_http() -> None:
    resolver = CheckedResolver(EgressPolicy(), FakeResolver({"storage.example": [[PUBLIC]]}))
    with pytest.raises(EgressDenied, match="plain_http"):
        await resolver.resolve("storage.example", 80)


async def test_a_name_without_addresses_is_a_failed_lookup() -> None:
    with pytest.raises(socket.gaierror):
        await CheckedResolver(EgressPolicy(), FakeResolver({"storage.example": [[]]})).resolve("storage.example")


async def test_no_socket_is_made_for_a_refused_address() -> None:
    """The HTTP client asks no resolver about a host that is an address, and other code may use the connector too."""
    connector = CheckedConnector(EgressPolicy(), FakeResolver(), None)
    async with aiohttp.ClientSession(connector=connector) as session:
        with pytest.raises(EgressDenied, match="loopback"):
            await session.get("https://127.0.0.1:9/")


@pytest.mark.parametrize(
    ("url", "reason"),
    [("https://127.0.0.1:9/", "loopback"), ("http://storage.example/", "plain_http"), ("http://127.1:9/", "host")],
)
async def test_a_session_asks_the_policy_even_if_its_user_did_not(url: str, reason: str) -> None:
    resolver = FakeResolver({"storage.example": [[PUBLIC]]})
    async with build_session(EgressPolicy(), resolver=resolver) as session:
        with pytest.raises(EgressDenied, match=reason):
            await session.get(url)
    assert resolver.asked == []


@pytest.mark.parametrize("limit", [1, 256])
async def test_a_session_has_as_many_connections_as_it_is_told(limit: int) -> None:
    async with build_session(EgressPolicy(), resolver=FakeResolver(), connection_limit=limit) as session:
        assert session.connector is not None
        assert session.connector.limit == limit


async def test_closing_the_session_closes_the_resolver() -> None:
    resolver = FakeResolver()
    await build_session(EgressPolicy(), resolver=resolver).close()
    assert resolver.closed


async def test_a_session_reads_nothing_from_the_environment_and_keeps_no_cookies() -> None:
    async with build_session(EgressPolicy(), resolver=FakeResolver()) as session:
        assert not session.trust_env
        assert isinstance(session.cookie_jar, aiohttp.DummyCookieJar)
