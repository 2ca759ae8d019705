"""The table of refused networks."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from nova_server.egress.addresses import REFUSED_NETWORKS, Network, refusal, unwrap
from nova_server.egress.denied import AddressReason

from tests.unit.egress.refused_addresses import PUBLIC_ADDRESSES, REFUSED_ADDRESSES


@pytest.mark.parametrize(("address", "reason"), REFUSED_ADDRESSES)
def test_an_address_off_the_public_internet_is_refused_for_its_reason(address: str, reason: AddressReason) -> None:
    assert refusal(unwrap(ip_address(address))) == reason


@pytest.mark.parametrize("address", PUBLIC_ADDRESSES)
def test_a_public_address_is_not_refused(address: str) -> None:
    assert refusal(unwrap(ip_address(address))) is None


@pytest.mark.parametrize("network", [network for network, _ in REFUSED_NETWORKS], ids=str)
def test_a_refused_network_is_refused_from_its_first_address_to_its_last(network: Network) -> None:
    assert refusal(network[0]) is not None
    assert refusal(network[-1]) is not None


def test_every_refused_network_has_an_address_in_the_tables_of_these_tests() -> None:
    tested = [unwrap(ip_address(address)) for address, _ in REFUSED_ADDRESSES]
    assert [network for network, _ in REFUSED_NETWORKS if not any(address in network for address in tested)] == []


@given(st.ip_addresses())
@example(IPv4Address("192.0.0.9"))
@example(IPv6Address("2001:1::1"))
def test_nothing_that_python_knows_to_be_special_is_accepted(address: IPv4Address | IPv6Address) -> None:
    target = unwrap(address)
    if not target.is_global:
        assert refusal(target) is not None


@given(st.ip_addresses(v=4))
def test_an_ipv4_mapped_address_is_judged_as_the_ipv4_address(address: IPv4Address) -> None:
    assert unwrap(IPv6Address(f"::ffff:{address}")) == address
