"""The policy: https to public addresses, anything to the allowed networks."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

import pytest
from nova_server.egress.denied import DENY_REASONS, DenyReason, EgressDenied
from nova_server.egress.policy import EgressPolicy
from nova_server.ports.resumes import ResumeUrlPolicy

from tests.unit.egress.refused_addresses import PUBLIC_ADDRESSES, REFUSED_ADDRESSES, in_url
from tests.unit.egress.test_egress_urls import REFUSED_URLS

LOOPBACK = ip_network("127.0.0.0/8")


def test_the_policy_is_what_submissions_ask_about_urls() -> None:
    policy: ResumeUrlPolicy = EgressPolicy()
    assert policy.fault("https://storage.example/1.pdf") is None


@pytest.mark.parametrize("address", PUBLIC_ADDRESSES)
def test_https_to_a_public_address_has_no_fault(address: str) -> None:
    assert EgressPolicy().fault(f"https://{in_url(address)}/") is None


@pytest.mark.parametrize("address", [address for address, _ in REFUSED_ADDRESSES])
def test_an_address_off_the_public_internet_is_a_fault(address: str) -> None:
    assert EgressPolicy().fault(f"https://{in_url(address)}/") == (
        "The URL must not lead to a private or reserved address."
    )


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("http://storage.example/", "The URL must begin with https://."),
        ("http://8.8.8.8/", "The URL must begin with https://."),
        ("ftp://storage.example/", "The URL must begin with https://."),
        ("https://a:b@storage.example/", "The URL must not carry a user name or a password."),
        ("https://storage.example:0/", "The URL's port must be a number from 1 to 65535."),
        ("https://storage .example/", "The URL's host must be a domain name in its ASCII form, or an IP address in its "
                                      "usual form."),
        ("not a url", "The URL is malformed."),
    ],
)  # fmt: skip
def test_a_fault_is_told_in_a_sentence(url: str, sentence: str) -> None:
    assert EgressPolicy().fault(url) == sentence


@pytest.mark.parametrize("url", [row[1] for row in REFUSED_URLS if row[1].strip()])
def test_a_fault_does_not_repeat_the_url(url: str) -> None:
    fault = EgressPolicy().fault(url)
    assert fault is not None
    assert url not in fault


def test_an_allowed_network_may_be_dialled_with_and_without_encryption() -> None:
    policy = EgressPolicy([LOOPBACK])
    policy.check_address(ip_address("127.0.0.1"))
    policy.check_address(ip_address("127.0.0.1"), plain_http=True)
    assert policy.fault("http://127.0.0.1:8000/1.pdf") is None
    assert policy.fault("https://127.0.0.1/1.pdf") is None


def test_an_allowed_network_is_also_reached_by_its_ipv4_mapped_addresses() -> None:
    EgressPolicy([LOOPBACK]).check_address(ip_address("::ffff:127.0.0.1"), plain_http=True)


def test_an_allowed_network_opens_no_other() -> None:
    policy = EgressPolicy([LOOPBACK, ip_network("fd00::/8")])
    for address in ("10.0.0.1", "::1", "fc00::1"):
        with pytest.raises(EgressDenied):
            policy.check_address(ip_address(address))


def test_plain_http_stays_inside_the_allowed_networks() -> None:
    policy = EgressPolicy([LOOPBACK])
    assert policy.fault("http://8.8.8.8/") is not None
    with pytest.raises(EgressDenied, match="plain_http"):
        policy.check_address(ip_address("8.8.8.8"), plain_http=True)


def test_plain_http_to_a_name_may_be_submitted_once_a_network_is_allowed() -> None:
    assert EgressPolicy([LOOPBACK]).fault("http://storage.example/") is None
    assert EgressPolicy().fault("http://storage.example/") is not None


def test_every_denial_is_counted_once_by_its_reason() -> None:
    denials: list[DenyReason] = []
    policy = EgressPolicy(on_denied=denials.append)
    for url in ("ftp://storage.example/", "https://127.0.0.1/", "http://storage.example/"):
        with pytest.raises(EgressDenied):
            policy.check_url(url)
    with pytest.raises(EgressDenied):
        policy.check_address(ip_address("10.0.0.1"))
    assert denials == ["scheme", "loopback", "plain_http", "private"]
    assert set(denials) < set(DENY_REASONS)


def test_a_fault_of_a_submission_is_no_denied_connection() -> None:
    denials: list[DenyReason] = []
    assert EgressPolicy(on_denied=denials.append).fault("https://127.0.0.1/") is not None
    assert denials == []


def test_a_denial_carries_its_reason_and_no_part_of_the_url() -> None:
    with pytest.raises(EgressDenied) as denied:
        EgressPolicy().check_url("https://candidate-name.example@127.0.0.1/secret")
    assert str(denied.value) == "user_information"
    assert denied.value.args == ("user_information",)


def test_an_accepted_url_is_returned_as_the_client_dials_it() -> None:
    assert str(EgressPolicy().check_url("https://Storage.Example/a b.pdf")) == "https://storage.example/a%20b.pdf"
