"""What the environment may say, and what becomes of it."""

from __future__ import annotations

import pytest
from nova_server.settings import Settings
from pydantic import ValidationError


def test_an_empty_variable_is_one_that_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOVA_DATABASE_URL", "")
    monkeypatch.setenv("NOVA_WORKER_CONCURRENCY", "")
    settings = Settings()
    assert settings.database_url is None
    assert settings.worker_concurrency == Settings.model_fields["worker_concurrency"].default


def test_networks_are_a_comma_separated_list(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOVA_ALLOW_NETWORKS", "127.0.0.0/8, ::1/128")
    assert [str(network) for network in Settings().allow_networks] == ["127.0.0.0/8", "::1/128"]


@pytest.mark.parametrize("networks", ["127.0.0.1/8", "localhost", "10.0.0.0/33"])
def test_what_is_no_network_is_refused(monkeypatch: pytest.MonkeyPatch, networks: str) -> None:
    monkeypatch.setenv("NOVA_ALLOW_NETWORKS", networks)
    with pytest.raises(ValidationError):
        Settings()


def test_the_url_of_the_store_stays_out_of_the_representation(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOVA_DATABASE_URL", "sqlite+aiosqlite:///secret-place/store.sqlite3")
    assert "secret-place" not in repr(Settings())
