"""Why a connection was not opened."""

from __future__ import annotations

from typing import Final, Literal, get_args

AddressReason = Literal["embedded_ipv4", "link_local", "loopback", "multicast", "platform", "private", "reserved"]
UrlReason = Literal["host", "malformed", "plain_http", "port", "scheme", "user_information"]
DenyReason = AddressReason | UrlReason

# Every reason there is: a closed set, because it labels a metric.
DENY_REASONS: Final[tuple[DenyReason, ...]] = (*get_args(AddressReason), *get_args(UrlReason))


class EgressDenied(Exception):
    """The policy refuses a URL or an address. Carries the reason alone: no part of the URL, so it can be logged."""

    def __init__(self, reason: DenyReason) -> None:
        super().__init__(reason)
        self.reason: Final = reason
