"""Which URLs may be asked for, and which addresses may be dialled."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Final

from yarl import URL

from nova_server.egress.addresses import Address, Network, refusal, unwrap
from nova_server.egress.denied import DenyReason, EgressDenied
from nova_server.egress.urls import Destination, read_url

_SENTENCES: Final[Mapping[DenyReason, str]] = {
    "host": "The URL's host must be a domain name in its ASCII form, or an IP address in its usual form.",
    "malformed": "The URL is malformed.",
    "plain_http": "The URL must begin with https://.",
    "port": "The URL's port must be a number from 1 to 65535.",
    "scheme": "The URL must begin with https://.",
    "user_information": "The URL must not carry a user name or a password.",
}
_ADDRESS_SENTENCE: Final = "The URL must not lead to a private or reserved address."


class EgressPolicy:
    """Https to public addresses; anything to the allowed networks.

    `allow_networks` are networks that may be dialled although they are not public, and with plain http too.
    `on_denied` is called with the reason of every refusal that `check_url` and `check_address` raise. Reasons are a
    closed set (`DENY_REASONS`), so they can label a metric.
    """

    def __init__(
        self,
        allow_networks: Sequence[Network] = (),
        *,
        on_denied: Callable[[DenyReason], None] = lambda _: None,
    ) -> None:
        self._allow_networks = tuple(allow_networks)
        self._on_denied = on_denied

    def fault(self, url: str) -> str | None:
        """Return a sentence that says what is wrong with `url`, without repeating it, or None.

        Judges by the URL alone. What a name resolves to is only known, and checked, when it is dialled.
        """
        try:
            self._judge(read_url(url))
        except EgressDenied as denied:
            return _SENTENCES.get(denied.reason, _ADDRESS_SENTENCE)
        return None

    def check_url(self, url: str) -> URL:
        """Return `url` as the HTTP client should dial it. Raises EgressDenied."""
        with self._counting():
            destination = read_url(url)
            self._judge(destination)
        return destination.url

    def check_address(self, address: Address, *, plain_http: bool = False) -> None:
        """Raise EgressDenied unless `address` may be dialled, without encryption when `plain_http`."""
        with self._counting():
            self._judge_address(address, plain_http=plain_http)

    def _judge(self, destination: Destination) -> None:
        if destination.address is not None:
            self._judge_address(destination.address, plain_http=destination.plain_http)
        elif destination.plain_http and not self._allow_networks:
            raise EgressDenied("plain_http")

    def _judge_address(self, address: Address, *, plain_http: bool) -> None:
        target = unwrap(address)
        if any(target in network for network in self._allow_networks):
            return
        reason = refusal(target)
        if reason is not None:
            raise EgressDenied(reason)
        if plain_http:
            raise EgressDenied("plain_http")

    @contextmanager
    def _counting(self) -> Iterator[None]:
        try:
            yield
        except EgressDenied as denied:
            self._on_denied(denied.reason)
            raise
