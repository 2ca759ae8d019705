"""Addresses that must never be dialled, with the reason that a metric shows for each."""

from __future__ import annotations

from typing import Final

from nova_server.egress.denied import AddressReason

REFUSED_ADDRESSES: Final[tuple[tuple[str, AddressReason], ...]] = (
    ("0.0.0.0", "reserved"),  # noqa: S104 - a row of the table, nothing binds to it
    ("0.1.2.3", "reserved"),
    ("10.0.0.1", "private"),
    ("10.255.255.255", "private"),
    ("100.64.0.1", "private"),
    ("100.100.100.200", "private"),  # metadata of Alibaba Cloud
    ("127.0.0.1", "loopback"),
    ("127.255.255.254", "loopback"),
    ("168.63.129.16", "platform"),  # Azure's host agent
    ("169.254.0.1", "link_local"),
    ("169.254.169.254", "link_local"),  # metadata of most clouds
    ("172.16.0.1", "private"),
    ("172.31.255.255", "private"),
    ("192.0.0.192", "reserved"),  # metadata of Oracle Cloud
    ("192.0.2.1", "reserved"),
    ("192.88.99.1", "embedded_ipv4"),
    ("192.168.0.1", "private"),
    ("198.18.0.1", "reserved"),
    ("198.19.255.255", "reserved"),
    ("198.51.100.1", "reserved"),
    ("203.0.113.1", "reserved"),
    ("224.0.0.1", "multicast"),
    ("239.255.255.250", "multicast"),
    ("240.0.0.1", "reserved"),
    ("255.255.255.255", "reserved"),
    ("::", "reserved"),
    ("::1", "loopback"),
    ("::127.0.0.1", "embedded_ipv4"),
    ("::ffff:127.0.0.1", "loopback"),
    ("::ffff:169.254.169.254", "link_local"),
    ("::ffff:10.0.0.1", "private"),
    ("::ffff:0:127.0.0.1", "embedded_ipv4"),
    ("64:ff9b::127.0.0.1", "embedded_ipv4"),
    ("64:ff9b::8.8.8.8", "embedded_ipv4"),
    ("64:ff9b:1::1", "embedded_ipv4"),
    ("100::1", "reserved"),
    ("2001::1", "embedded_ipv4"),
    ("2001:10::1", "reserved"),
    ("2001:db8::1", "reserved"),
    ("2002:7f00:1::", "embedded_ipv4"),
    ("3fff::1", "reserved"),
    ("4000::1", "reserved"),
    ("5f00::1", "reserved"),
    ("8000::1", "reserved"),
    ("fc00::1", "private"),
    ("fd00:ec2::254", "private"),  # metadata of Amazon EC2
    ("fe80::1", "link_local"),
    ("fec0::1", "private"),
    ("ff02::1", "multicast"),
)

PUBLIC_ADDRESSES: Final = (
    "1.1.1.1",
    "8.8.8.8",
    "9.255.255.255",
    "11.0.0.0",
    "100.63.255.255",
    "100.128.0.0",
    "126.255.255.255",
    "128.0.0.0",
    "168.63.129.15",
    "172.15.255.255",
    "172.32.0.0",
    "223.255.255.255",
    "::ffff:8.8.8.8",
    "2001:200::1",
    "2001:4860:4860::8888",
    "2003::1",
    "2606:4700:4700::1111",
)


def in_url(address: str) -> str:
    """Return an address as the host of a URL."""
    return f"[{address}]" if ":" in address else address
