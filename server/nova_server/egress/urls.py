"""Reading a URL so strictly that two readers cannot disagree on where it leads.

An attacker profits when the reader that checks a URL and the one that dials it see different hosts. So everything that
URL readers are known to treat differently is refused, and the client gets a URL built from what was read here. Its own
reader has to find the same host and port in it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import Final
from urllib.parse import quote

from yarl import URL

from nova_server.egress.addresses import Address
from nova_server.egress.denied import EgressDenied

# URLs of which it is remembered where they lead: at most 2 KiB each.
_REMEMBERED: Final = 1024

_DEFAULT_PORTS: Final = {"http": 80, "https": 443}

# Control characters and lone surrogates (bytes that were not UTF-8), which some readers drop, and the backslash, which
# some take for a slash.
_AMBIGUOUS: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\\]")
_URL: Final = re.compile(r"(?P<scheme>[a-z][a-z0-9+.-]*):(?://(?P<authority>[^/?#]*))?", re.IGNORECASE | re.ASCII)
_AUTHORITY: Final = re.compile(r"(?P<host>\[[^\]]*\]|[^:]*)(?::(?P<port>.*))?")

# A host whose last label is a number is an IPv4 address to every browser (WHATWG URL, "ends in a number checker"), in
# forms such as 2130706433, 0177.1 and 0x7f.1. Only the dotted decimal form of four numbers is accepted.
_ENDS_IN_NUMBER: Final = re.compile(r"(?:^|\.)(?:[0-9]+|0x[0-9a-f]*)\.?$", re.IGNORECASE | re.ASCII)

# RFC 1123, and the underscore that some storage hosts have. A name in another script is written in its ASCII form.
_LABEL: Final = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_NAME: Final = re.compile(rf"(?=.{{1,253}}\Z){_LABEL}(?:\.{_LABEL})*", re.IGNORECASE | re.ASCII)


# Characters that RFC 3986 gives a meaning. They are sent as written, as are letters, digits and "-._~", because
# signatures in URLs may cover them. All else is percent-encoded.
_MEANINGFUL: Final = "!#$%&'()*+,/:;=?@[]"


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a URL leads. `address` is None when its host is a name."""

    url: URL
    address: Address | None

    @property
    def plain_http(self) -> bool:
        """Tell whether the connection would not be encrypted."""
        return self.url.scheme == "http"


# Depends on nothing but the text, and every delivery to an endpoint asks twice: by its sender and by the session.
@lru_cache(maxsize=_REMEMBERED)
def read_url(text: str) -> Destination:
    """Return where `text` leads. Raises EgressDenied when it is not an unambiguous http or https URL."""
    scheme, authority, rest = _split(text)
    parts = _AUTHORITY.fullmatch(authority)
    if parts is None:
        raise EgressDenied("host")
    address = _read_host(parts["host"])
    port = _DEFAULT_PORTS[scheme] if parts["port"] is None else _read_port(parts["port"])
    url = _build(f"{scheme}://{authority}{rest}")
    if (_normal(url.raw_host), url.port) != (_normal(parts["host"].strip("[]")), port):
        raise EgressDenied("malformed")
    return Destination(url, address)


def _split(text: str) -> tuple[str, str, str]:
    """Return scheme and authority in lower case, and the rest as it is."""
    match = _URL.match(text)
    if match is None or _AMBIGUOUS.search(text):
        raise EgressDenied("malformed")
    scheme = match["scheme"].lower()
    if scheme not in _DEFAULT_PORTS:
        raise EgressDenied("scheme")
    authority = (match["authority"] or "").lower()
    if "@" in authority:
        raise EgressDenied("user_information")
    return scheme, authority, text[match.end() :]


def _read_host(host: str) -> Address | None:
    """Return the address that a host in lower case is, or None for a name."""
    try:
        if host.startswith("["):
            return _read_ipv6(host[1:-1])
        if _ENDS_IN_NUMBER.search(host):
            return IPv4Address(host)
    except AddressValueError:
        raise EgressDenied("host") from None
    if not _NAME.fullmatch(host):
        raise EgressDenied("host")
    return None


def _read_ipv6(text: str) -> IPv6Address:
    if "%" in text:  # a zone names a network interface of this machine
        raise EgressDenied("host")
    return IPv6Address(text)


def _read_port(text: str) -> int:
    """Return the port. Any port will do: what counts is the address, and partners do serve on odd ports.

    Blocking the ports of other protocols, as browsers do, guards services on private addresses, and those are refused
    whatever the port.
    """
    if not (text.isascii() and text.isdecimal() and len(text) <= 5 and 1 <= int(text) <= 65535):
        raise EgressDenied("port")
    return int(text)


def _build(text: str) -> URL:
    try:
        return URL(quote(text, safe=_MEANINGFUL), encoded=True)
    except ValueError:
        raise EgressDenied("malformed") from None


def _normal(host: str | None) -> str:
    """Return one spelling for all spellings of an IPv6 address."""
    return str(IPv6Address(host)) if host and ":" in host else host or ""
