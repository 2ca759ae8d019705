"""What the store reports reaches the metrics."""

from __future__ import annotations

import pytest
from nova_server.foundation import build_foundation
from nova_server.observability.metrics import Metrics
from nova_server.observability.store_metrics import StoreMetrics
from nova_server.settings import Settings

POSTGRESQL = "postgresql://localhost/nova"


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


def sample(metrics: Metrics, name: str, **labels: str) -> float | None:
    return metrics.registry.get_sample_value(f"nova_{name}", labels)


def connections(metrics: Metrics) -> dict[tuple[str, str], float]:
    """Return the numbers of connections, by what they are for and whether they are busy."""
    (family,) = metrics.store_connections.collect()
    return {(found.labels["use"], found.labels["state"]): found.value for found in family.samples}


def test_connections_are_counted_when_they_are_asked_for(metrics: Metrics) -> None:
    busy = [1]
    StoreMetrics(metrics).watch_connections("write", 4, lambda: busy[0])
    assert connections(metrics) == {("write", "busy"): 1, ("write", "free"): 3}

    busy[0] = 4
    assert connections(metrics) == {("write", "busy"): 4, ("write", "free"): 0}


@pytest.mark.parametrize("connected", [True, False])
def test_the_listener_is_one_connection_or_none(metrics: Metrics, connected: bool) -> None:
    StoreMetrics(metrics).watch_listener(lambda: connected)
    assert connections(metrics)["listen", "busy"] == connected


def test_the_offset_of_the_clock_is_what_it_is_now(metrics: Metrics) -> None:
    StoreMetrics(metrics).watch_clock(lambda: -0.25)
    assert sample(metrics, "clock_offset_seconds") == -0.25


def test_commits_and_retries_are_counted(metrics: Metrics) -> None:
    store = StoreMetrics(metrics)
    store.group_committed(7)
    store.transaction_retried("conflict")
    assert sample(metrics, "commit_group_size_sum") == 7
    assert sample(metrics, "store_retries_total", reason="conflict") == 1


def test_a_process_shows_all_connections_that_it_may_have() -> None:
    settings = Settings(database_url=POSTGRESQL, database_write_connections=3, database_read_connections=2)
    assert connections(build_foundation(settings).metrics) == {
        ("write", "busy"): 0,
        ("write", "free"): 3,
        ("read", "busy"): 0,
        ("read", "free"): 2,
        ("listen", "busy"): 0,
        ("listen", "free"): 1,
    }


def test_a_process_behind_a_pooler_has_no_listener_that_could_be_away() -> None:
    settings = Settings(database_url=POSTGRESQL, database_transaction_pooling=True)
    assert {use for use, _ in connections(build_foundation(settings).metrics)} == {"write", "read"}


def test_a_process_on_a_sqlite_file_has_no_connections_to_run_out_of() -> None:
    metrics = build_foundation(Settings()).metrics
    assert connections(metrics) == {}
    assert sample(metrics, "clock_offset_seconds") == 0


@pytest.mark.parametrize(
    ("roles", "shown"),
    [
        ("worker,sweeper", {"worker", "sweeper"}),
        ("api,worker,dispatcher,sweeper", {"api", "worker", "dispatcher", "sweeper"}),
    ],
)
def test_a_process_shows_its_roles(roles: str, shown: set[str]) -> None:
    metrics = build_foundation(Settings(database_url=POSTGRESQL, roles=roles)).metrics
    (family,) = metrics.role.collect()
    assert {found.labels["role"]: found.value for found in family.samples} == dict.fromkeys(shown, 1)
