"""Which addresses are not on the public internet.

Sources are the IANA special-purpose address registries for IPv4 (RFC 6890 and its updates) and IPv6, and the documents
of the cloud platforms. The table is explicit because `ipaddress.is_global` has changed its answers between releases of
Python, and because it calls some tunnels public that lead to private IPv4 addresses.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network
from typing import Final

from nova_server.egress.denied import AddressReason

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_REFUSED_IPV4: Final[tuple[tuple[str, AddressReason], ...]] = (
    ("0.0.0.0/8", "reserved"),  # "this network"; Linux connects 0.0.0.0 to the machine itself
    ("10.0.0.0/8", "private"),
    ("100.64.0.0/10", "private"),  # shared address space of carriers, and of some clouds for their metadata
    ("127.0.0.0/8", "loopback"),
    ("168.63.129.16/32", "platform"),  # Azure's host agent, on a public address that every virtual machine reaches
    ("169.254.0.0/16", "link_local"),  # holds the metadata services of most clouds
    ("172.16.0.0/12", "private"),
    ("192.0.0.0/24", "reserved"),  # protocol assignments; Oracle Cloud keeps metadata here
    ("192.0.2.0/24", "reserved"),  # documentation
    ("192.88.99.0/24", "embedded_ipv4"),  # relays of 6to4
    ("192.168.0.0/16", "private"),
    ("198.18.0.0/15", "reserved"),  # benchmarks
    ("198.51.100.0/24", "reserved"),  # documentation
    ("203.0.113.0/24", "reserved"),  # documentation
    ("224.0.0.0/4", "multicast"),
    ("240.0.0.0/4", "reserved"),  # with the broadcast address
)

# The first network that holds an address names the reason, so the narrow ones stand above the wide ones.
_REFUSED_IPV6: Final[tuple[tuple[str, AddressReason], ...]] = (
    ("::1/128", "loopback"),
    ("::/128", "reserved"),  # unspecified; Linux connects it to the machine itself
    ("::/96", "embedded_ipv4"),  # IPv4-compatible, deprecated
    ("::ffff:0:0:0/96", "embedded_ipv4"),  # IPv4-translated
    ("64:ff9b::/96", "embedded_ipv4"),  # NAT64
    ("64:ff9b:1::/48", "embedded_ipv4"),  # NAT64 of a site
    ("2001::/32", "embedded_ipv4"),  # Teredo
    ("2002::/16", "embedded_ipv4"),  # 6to4
    ("100::/64", "reserved"),  # discard
    ("2001::/23", "reserved"),  # protocol assignments
    ("2001:db8::/32", "reserved"),  # documentation
    ("3fff::/20", "reserved"),  # documentation
    ("5f00::/16", "reserved"),  # segment routing
    ("fc00::/7", "private"),
    ("fe80::/10", "link_local"),
    ("fec0::/10", "private"),  # site-local, deprecated
    ("ff00::/8", "multicast"),
    # Only 2000::/3 is assigned to the public internet; these three are everything else.
    ("::/3", "reserved"),
    ("4000::/2", "reserved"),
    ("8000::/1", "reserved"),
)

REFUSED_NETWORKS: Final[tuple[tuple[Network, AddressReason], ...]] = tuple(
    (ip_network(network), reason) for network, reason in (*_REFUSED_IPV4, *_REFUSED_IPV6)
)


def unwrap(address: Address) -> Address:
    """Return the IPv4 address inside an IPv4-mapped one, because that is the one a connection would go to."""
    return getattr(address, "ipv4_mapped", None) or address


def refusal(address: Address) -> AddressReason | None:
    """Return why an unwrapped address is not on the public internet, or None when it is."""
    return next((reason for network, reason in REFUSED_NETWORKS if address in network), None)
