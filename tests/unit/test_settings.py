"""What the environment may say, and what becomes of it."""

from __future__ import annotations

from typing import Any

import pytest
from nova_server.settings import Role, Settings
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


POSTGRESQL = "postgresql://nova@store/nova"


def refusal(**given: Any) -> list[tuple[str, str]]:
    """Return which settings are refused, and in which words."""
    with pytest.raises(ValidationError) as caught:
        Settings(**given)
    return [(str(fault["loc"][0]), fault["msg"]) for fault in caught.value.errors()]


def test_a_process_does_everything_unless_told_otherwise() -> None:
    assert set(Settings().roles) == set(Role)


def test_roles_are_a_comma_separated_list(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOVA_DATABASE_URL", POSTGRESQL)
    monkeypatch.setenv("NOVA_ROLES", "worker, sweeper")
    assert Settings().roles == (Role.WORKER, Role.SWEEPER)


@pytest.mark.parametrize("roles", ["scorer", "api,scorer", "API", ","])
def test_what_is_no_role_is_refused(roles: str) -> None:
    assert {name for name, _ in refusal(database_url=POSTGRESQL, roles=roles)} == {"roles"}


@pytest.mark.parametrize("url", [None, "sqlite+aiosqlite:///nova.sqlite3"])
@pytest.mark.parametrize("given", [{"roles": "api"}, {"roles": "worker,dispatcher,sweeper"}, {"workers": 2}])
def test_several_processes_on_sqlite_are_refused_with_what_it_takes(given: dict[str, Any], url: str | None) -> None:
    ((name, sentence),) = refusal(database_url=url, **given)
    assert name in given
    assert "PostgreSQL" in sentence


def test_on_sqlite_one_process_may_name_all_of_its_roles() -> None:
    assert len(Settings(roles="sweeper,dispatcher,worker,api", workers=1).roles) == 4


def test_only_the_url_is_told_of_when_it_is_at_fault() -> None:
    assert [name for name, _ in refusal(database_url="nonsense", roles="api", workers=2)] == ["database_url"]


def test_several_processes_cannot_share_a_unix_socket() -> None:
    ((name, sentence),) = refusal(database_url=POSTGRESQL, grpc_address="unix:/run/nova.sock", workers=2)
    assert name == "workers"
    assert "NOVA_GRPC_ADDRESS" in sentence


@pytest.mark.parametrize(("url", "shared"), [(None, False), ("sqlite+aiosqlite:///x", False), (POSTGRESQL, True)])
def test_only_postgresql_is_shared(url: str | None, shared: bool) -> None:
    assert Settings(database_url=url).store_is_shared is shared


@pytest.mark.parametrize(
    ("given", "runs"), [({}, True), ({"gateway": False}, False), ({"roles": "api"}, True), ({"roles": "worker"}, False)]
)
def test_envoy_runs_where_the_api_is_unless_it_is_not_wanted(given: dict[str, Any], runs: bool) -> None:
    assert Settings(database_url=POSTGRESQL, **given).runs_gateway is runs
