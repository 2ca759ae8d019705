"""The authority that vouches for the receivers."""

from __future__ import annotations

import ssl

import pytest

from tests.contract.webhooks.sending import NAME
from tests.support.authority import Authority


@pytest.fixture(scope="package")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="package")
def trusting(authority: Authority) -> ssl.SSLContext:
    """What the sender trusts."""
    return authority.trusting_client()


@pytest.fixture(scope="package")
def tls(authority: Authority) -> ssl.SSLContext:
    """What a receiver shows that is in order."""
    return authority.server(NAME)
