"""Reading URLs."""

from __future__ import annotations

from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nova_server.egress.denied import DenyReason, EgressDenied
from nova_server.egress.urls import read_url
from yarl import URL

REFUSED_URLS: tuple[tuple[str, str, DenyReason], ...] = (
    ("empty", "", "malformed"),
    ("relative", "/resumes/1.pdf", "malformed"),
    ("no scheme", "storage.example/1.pdf", "malformed"),
    ("tab in the scheme", "ht\ttps://storage.example/", "malformed"),
    ("tab in the host", "https://storage\t.example/", "malformed"),
    ("line break in the path", "https://storage.example/\r\nHost: internal", "malformed"),
    ("null character", "https://storage.example\x00.evil.example/", "malformed"),
    ("C1 control character", "https://storage\x85.example/", "malformed"),
    ("leading space", " https://storage.example/", "malformed"),
    ("backslash for a slash", "https:\\\\storage.example/", "malformed"),
    ("backslash before the at sign", "https://storage.example\\@127.0.0.1/", "malformed"),
    ("lone surrogate", "https://storage.example/\ud800", "malformed"),
    ("file", "file:///etc/passwd", "scheme"),
    ("file of a host", "file://storage.example/etc/passwd", "scheme"),
    ("ftp", "ftp://storage.example/1.pdf", "scheme"),
    ("gopher", "gopher://storage.example/_x", "scheme"),
    ("data", "data:text/plain,resume", "scheme"),
    ("javascript", "javascript:alert(1)", "scheme"),
    ("web socket", "wss://storage.example/", "scheme"),
    ("scheme that begins like https", "httpsx://storage.example/", "scheme"),
    ("user", "https://user@storage.example/", "user_information"),
    ("user and password", "https://user:secret@storage.example/", "user_information"),
    ("empty user", "https://@storage.example/", "user_information"),
    ("host before the at sign", "https://storage.example@127.0.0.1/", "user_information"),
    ("two at signs", "https://a@b@storage.example/", "user_information"),
    ("no authority", "https:storage.example/1.pdf", "host"),
    ("empty host", "https:///1.pdf", "host"),
    ("empty host with a port", "https://:443/", "host"),
    ("empty host with a query", "https://?q", "host"),
    ("trailing dot", "https://storage.example./", "host"),
    ("leading dot", "https://.storage.example/", "host"),
    ("empty label", "https://storage..example/", "host"),
    ("percent-encoded host", "https://%31%32%37.0.0.1/", "host"),
    ("percent-encoded dot", "https://storage%2eexample/", "host"),
    ("space in the host", "https://storage example/", "host"),
    ("label of 64 characters", f"https://{'a' * 64}.example/", "host"),
    ("name of 254 characters", f"https://{'a.' * 126}aa/", "host"),
    ("label that begins with a hyphen", "https://-storage.example/", "host"),
    ("letters of another script", "https://bücher.example/", "host"),
    ("full-width digits", "https://１２７.0.0.1/", "host"),
    ("circled digits", "https://①②⑦.0.0.1/", "host"),
    ("ideographic full stops", "https://127。0。0。1/", "host"),
    ("Arabic digits", "https://١٢٧.0.0.1/", "host"),
    ("soft hyphen", "https://storage\u00ad.example/", "host"),
    ("decimal address", "https://2130706433/", "host"),
    ("octal address", "https://0177.0.0.1/", "host"),
    ("octal address of one number", "https://017700000001/", "host"),
    ("hexadecimal address", "https://0x7f000001/", "host"),
    ("hexadecimal address of four numbers", "https://0x7f.0x0.0x0.0x1/", "host"),
    ("hexadecimal first number", "https://0x7f.0.0.1/", "host"),
    ("hexadecimal prefix without digits", "https://127.0.0.0x/", "host"),
    ("address of two numbers", "https://127.1/", "host"),
    ("address of three numbers", "https://127.0.1/", "host"),
    ("mixed notations", "https://0x7f.1/", "host"),
    ("leading zero", "https://127.0.0.01/", "host"),
    ("number over 255", "https://127.0.0.256/", "host"),
    ("five numbers", "https://127.0.0.0.1/", "host"),
    ("address with a trailing dot", "https://127.0.0.1./", "host"),
    ("zero", "https://0/", "host"),
    ("zone", "https://[fe80::1%eth0]/", "host"),
    ("encoded zone", "https://[fe80::1%25eth0]/", "host"),
    ("open bracket", "https://[::1/", "host"),
    ("closing bracket", "https://::1]/", "host"),
    ("text behind the bracket", "https://[::1]storage.example/", "host"),
    ("IPv6 without brackets", "https://::1/", "host"),
    ("empty brackets", "https://[]/", "host"),
    ("name in brackets", "https://[storage.example]/", "host"),
    ("IPv4 in brackets", "https://[127.0.0.1]/", "host"),
    ("address of the future", "https://[v1.a]/", "host"),
    ("port zero", "https://storage.example:0/", "port"),
    ("port over 65535", "https://storage.example:65536/", "port"),
    ("long port", "https://storage.example:0000443/", "port"),
    ("negative port", "https://storage.example:-1/", "port"),
    ("empty port", "https://storage.example:/", "port"),
    ("port in other digits", "https://storage.example:٤٤٣/", "port"),
    ("two ports", "https://storage.example:80:443/", "port"),
)


@pytest.mark.parametrize(
    ("url", "reason"), [row[1:] for row in REFUSED_URLS], ids=[row[0].replace(" ", "-") for row in REFUSED_URLS]
)
def test_an_ambiguous_url_is_refused(url: str, reason: DenyReason) -> None:
    with pytest.raises(EgressDenied) as denied:
        read_url(url)
    assert denied.value.reason == reason


@pytest.mark.parametrize(
    ("url", "host", "port"),
    [
        ("https://storage.example/1.pdf", "storage.example", 443),
        ("HTTPS://Storage.Example:8443/1.pdf?signature=a%2Fb#page", "storage.example", 8443),
        ("http://storage.example", "storage.example", 80),
        ("https://my_bucket.storage.example/a b/ü.pdf", "my_bucket.storage.example", 443),
        ("https://xn--bcher-kva.example/?url=http://user@127.0.0.1/", "xn--bcher-kva.example", 443),
        ("https://127.0.0.1.example/", "127.0.0.1.example", 443),
        ("https://localhost/", "localhost", 443),
        (f"https://{'a' * 63}.example/", f"{'a' * 63}.example", 443),
        (f"https://{'a.' * 126}a/", f"{'a.' * 126}a", 443),
    ],
)
def test_an_ordinary_url_is_read(url: str, host: str, port: int) -> None:
    destination = read_url(url)
    assert (destination.url.raw_host, destination.url.port) == (host, port)
    assert destination.address is None


@pytest.mark.parametrize(
    ("host", "address"),
    [("8.8.8.8", "8.8.8.8"), ("[::1]", "::1"), ("[0:0::1]", "::1"), ("[::FFFF:127.0.0.1]", "::ffff:7f00:1")],
)
def test_a_host_that_is_an_address_is_read_as_one(host: str, address: str) -> None:
    assert read_url(f"https://{host}:8443/").address == ip_address(address)


def test_only_http_is_plain() -> None:
    assert read_url("http://storage.example/").plain_http
    assert not read_url("https://storage.example/").plain_http


@given(st.text(alphabet=st.characters(codec=None)) | st.from_regex(r"https?://[^/]{0,20}/?.{0,10}"))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        destination = read_url(text)
    except EgressDenied:
        return
    assert destination.url.scheme in {"http", "https"}
    assert destination.url.raw_host
    assert destination.url.user is None


@given(st.from_regex(r"https://[A-Za-z0-9.:\[\]x-]{1,20}/", fullmatch=True))
def test_what_the_client_dials_is_read_the_same_way_again(text: str) -> None:
    try:
        destination = read_url(text)
    except EgressDenied:
        return
    assert read_url(str(destination.url)) == destination
    assert URL(str(destination.url)) == destination.url
