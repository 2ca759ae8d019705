"""What an attacker tries in order to have this service connect to a place that only it can reach.

Every row runs through the real fetcher. None of them may open a connection: the interpreter reports each attempt, and a
listening socket on the loopback address must stay untouched.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest
from aiohttp import web

from tests.contract.resumes.fetching import Fetching, assert_lasting, started_fetcher
from tests.support.connections import Canary, dialled_addresses, listening_canary
from tests.support.sites import running_site
from tests.unit.egress.fake_resolver import FakeResolver
from tests.unit.egress.refused_addresses import REFUSED_ADDRESSES, in_url
from tests.unit.egress.test_egress_urls import REFUSED_URLS

PUBLIC = "93.184.216.34"
PUBLIC_IPV6 = "2606:2800:21f:cb07:6820:80da:af6b:8b2c"
ADDRESSES = [address for address, _ in REFUSED_ADDRESSES]
FORMS = [pytest.param(url, reason, id=name.replace(" ", "-")) for name, url, reason in REFUSED_URLS]

# Other ways to write the loopback address, each with the port of the canary.
LOOPBACK_FORMS = (
    "127.0.0.1",
    "2130706433",
    "017700000001",
    "0177.0.0.1",
    "0177.0.0.01",
    "0x7f000001",
    "0x7F.0.0.1",
    "0x7f.0x0.0x0.0x1",
    "127.1",
    "127.0.1",
    "127.0.0.01",
    "127.0.0.1.",
    "0",
    "0.0.0.0",  # noqa: S104 - a host of a URL, nothing binds to it
    "１２７.0.0.1",
    "①②⑦.0.0.1",
    "127。0。0。1",
    "%31%32%37.0.0.1",
    "user@127.0.0.1",
    "storage.example@127.0.0.1",
    "storage.example\\@127.0.0.1",
    "127.0.0.1\t",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[0:0:0:0:0:ffff:127.0.0.1]",
    "[::127.0.0.1]",
    "[::1]",
    "[::1%25lo]",
    "[::]",
)

MIXED_ANSWERS = (
    (PUBLIC, "127.0.0.1"),
    ("127.0.0.1", PUBLIC),
    (PUBLIC, PUBLIC, "10.0.0.1"),
    (PUBLIC, "::1"),
    (PUBLIC_IPV6, "127.0.0.1"),
    (PUBLIC_IPV6, "fd00::1"),
    (PUBLIC, "::ffff:169.254.169.254"),
    (PUBLIC, "fe80::1%eth0"),
)


@pytest.fixture
def canary() -> Iterator[Canary]:
    with listening_canary() as canary:
        yield canary


async def _assert_refused_unconnected(url: str, canary: Canary, resolver: FakeResolver | None = None) -> Fetching:
    with dialled_addresses() as dialled:
        async with started_fetcher(allow=(), resolver=resolver) as fetching:
            assert_lasting(await fetching.failure(url))
    assert dialled == []
    assert not canary.was_reached()
    return fetching


@pytest.mark.parametrize(("address", "reason"), REFUSED_ADDRESSES)
@pytest.mark.parametrize("scheme", ["https", "http"])
async def test_a_literal_address_is_refused(address: str, reason: str, scheme: str, canary: Canary) -> None:
    fetching = await _assert_refused_unconnected(f"{scheme}://{in_url(address)}:{canary.port}/1.pdf", canary)
    assert fetching.denials == [reason]


@pytest.mark.parametrize(("address", "reason"), REFUSED_ADDRESSES)
async def test_a_name_that_resolves_to_the_address_is_refused(address: str, reason: str, canary: Canary) -> None:
    resolver = FakeResolver({"storage.example": [[address]]})
    url = f"https://storage.example:{canary.port}/1.pdf"
    fetching = await _assert_refused_unconnected(url, canary, resolver)
    assert fetching.denials == [reason]
    assert resolver.asked == ["storage.example"]


@pytest.mark.parametrize("answers", MIXED_ANSWERS, ids=",".join)
async def test_a_name_with_one_refused_address_among_its_addresses_is_refused(
    answers: Sequence[str], canary: Canary
) -> None:
    resolver = FakeResolver({"storage.example": [answers]})
    await _assert_refused_unconnected(f"https://storage.example:{canary.port}/1.pdf", canary, resolver)


@pytest.mark.parametrize("host", LOOPBACK_FORMS)
@pytest.mark.parametrize("scheme", ["https", "http"])
async def test_another_way_to_write_the_loopback_address_is_refused(host: str, scheme: str, canary: Canary) -> None:
    await _assert_refused_unconnected(f"{scheme}://{host}:{canary.port}/1.pdf", canary)


@pytest.mark.parametrize(("url", "reason"), FORMS)
async def test_a_url_that_could_be_read_in_two_ways_is_refused(url: str, reason: str, canary: Canary) -> None:
    fetching = await _assert_refused_unconnected(url, canary, FakeResolver({"storage.example": [[PUBLIC]]}))
    assert fetching.denials == [reason]


@pytest.mark.parametrize("host", [PUBLIC, in_url(PUBLIC_IPV6), "storage.example"])
async def test_plain_http_to_a_public_host_is_refused(host: str, canary: Canary) -> None:
    resolver = FakeResolver({"storage.example": [[PUBLIC]]})
    fetching = await _assert_refused_unconnected(f"http://{host}/1.pdf", canary, resolver)
    assert fetching.denials == ["plain_http"]
    assert resolver.asked == []


async def _assert_redirect_refused(location: str, canary: Canary, resolver: FakeResolver | None = None) -> Fetching:
    """Assert that a redirect from the one allowed address to `location` is not followed."""

    async def redirect(_: web.Request) -> web.Response:
        return web.Response(status=302, headers={"Location": location})

    async with (
        running_site(redirect, host="127.0.0.2") as site,
        started_fetcher(allow=["127.0.0.2/32"], resolver=resolver) as fetching,
    ):
        with dialled_addresses() as dialled:
            assert_lasting(await fetching.failure(site.url("/1.pdf")))
        assert dialled == ["127.0.0.2"]
        assert len(site.requests) == 1
    assert not canary.was_reached()
    return fetching


@pytest.mark.parametrize(("address", "reason"), REFUSED_ADDRESSES)
async def test_a_redirect_to_the_address_is_refused(address: str, reason: str, canary: Canary) -> None:
    fetching = await _assert_redirect_refused(f"http://{in_url(address)}:{canary.port}/", canary)
    assert fetching.denials == [reason]


@pytest.mark.parametrize("host", LOOPBACK_FORMS)
async def test_a_redirect_to_another_way_to_write_the_loopback_address_is_refused(host: str, canary: Canary) -> None:
    await _assert_redirect_refused(f"https://{host}:{canary.port}/", canary)


@pytest.mark.parametrize("answers", [["127.0.0.1"], *MIXED_ANSWERS], ids=",".join)
async def test_a_redirect_to_a_name_with_a_refused_address_is_refused(answers: Sequence[str], canary: Canary) -> None:
    resolver = FakeResolver({"storage.example": [answers]})
    await _assert_redirect_refused(f"https://storage.example:{canary.port}/", canary, resolver)


@pytest.mark.parametrize(
    ("location", "reason"),
    [
        ("file:///etc/passwd", "scheme"),
        ("ftp://storage.example/1.pdf", "scheme"),
        ("gopher://127.0.0.1:6379/_FLUSHALL", "scheme"),
        ("data:text/plain,resume", "scheme"),
        ("//127.0.0.1/", "loopback"),
        ("/\\127.0.0.1/", "malformed"),
        ("http://user:secret@127.0.0.2/", "user_information"),
    ],
)
async def test_a_redirect_out_of_https_is_refused(location: str, reason: str, canary: Canary) -> None:
    fetching = await _assert_redirect_refused(location, canary)
    assert fetching.denials == [reason]


@pytest.mark.parametrize("host", [PUBLIC, "storage.example"])
async def test_a_redirect_to_plain_http_outside_the_allowed_networks_is_refused(host: str, canary: Canary) -> None:
    resolver = FakeResolver({"storage.example": [[PUBLIC]]})
    fetching = await _assert_redirect_refused(f"http://{host}/", canary, resolver)
    assert fetching.denials == ["plain_http"]


async def test_the_address_that_was_checked_is_the_one_dialled_though_the_name_changes_its_answer() -> None:
    resolver = FakeResolver({"rebinding.example": [["127.0.0.2"], ["127.0.0.1"]]})

    async def answer(_: web.Request) -> web.Response:
        return web.Response(body=b"from the checked address")

    async with (
        running_site(answer, host="127.0.0.2") as site,
        started_fetcher(allow=["127.0.0.2/32"], resolver=resolver) as fetching,
    ):
        with dialled_addresses() as dialled:
            content = await fetching.content(site.url(host="rebinding.example"))
        assert content == b"from the checked address"
        assert resolver.asked == ["rebinding.example"]
        assert dialled == ["127.0.0.2"]


async def test_the_second_answer_of_a_rebinding_name_is_checked_as_the_first_was(canary: Canary) -> None:
    resolver = FakeResolver({"rebinding.example": [["127.0.0.2"], ["127.0.0.1"]]})

    async def redirect_to_itself(_: web.Request) -> web.Response:
        return web.Response(status=302, headers={"Location": f"http://rebinding.example:{canary.port}/"})

    async with (
        running_site(redirect_to_itself, host="127.0.0.2") as site,
        started_fetcher(allow=["127.0.0.2/32"], resolver=resolver) as fetching,
    ):
        with dialled_addresses() as dialled:
            assert_lasting(await fetching.failure(site.url(host="rebinding.example")))
        assert resolver.asked == ["rebinding.example", "rebinding.example"]
        assert dialled == ["127.0.0.2"]
        assert fetching.denials == ["loopback"]
    assert not canary.was_reached()


async def test_the_canary_and_the_watch_see_a_connection_that_is_allowed(canary: Canary) -> None:
    """The rows above would prove nothing if nobody noticed a connection."""
    async with started_fetcher(deadline_seconds=0.1) as fetching:
        with dialled_addresses() as dialled:
            await fetching.failure(f"http://127.0.0.1:{canary.port}/")
    assert dialled == ["127.0.0.1"]
    assert canary.was_reached()
