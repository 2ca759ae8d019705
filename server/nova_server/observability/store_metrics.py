"""What the store reports, as metrics."""

from __future__ import annotations

from collections.abc import Callable

from nova_server.observability.metrics import Metrics


class StoreMetrics:
    """Counts what the store does in the metrics of the process, and looks at its connections when they are asked for.

    What a connection is for is `write`, `read` or `listen`.
    """

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    def group_committed(self, size: int) -> None:
        """Count a commit. `size` is the number of intents in it."""
        self._metrics.commit_group_size.observe(size)

    def transaction_retried(self, reason: str) -> None:
        """Count a transaction that is run again. `reason` is `conflict` or `connection`."""
        self._metrics.store_retries.labels(reason).inc()

    def watch_connections(self, use: str, limit: int, busy: Callable[[], int]) -> None:
        """Show how many of up to `limit` connections are `busy`, and how many more could be."""
        connections = self._metrics.store_connections
        connections.labels(use, "busy").set_function(busy)
        connections.labels(use, "free").set_function(lambda: limit - busy())

    def watch_listener(self, connected: Callable[[], bool]) -> None:
        """Show whether the one connection that listens to other processes is there."""
        self.watch_connections("listen", 1, connected)

    def watch_clock(self, offset_seconds: Callable[[], float]) -> None:
        """Show how far the server's clock is ahead of the machine's."""
        self._metrics.clock_offset_seconds.set_function(offset_seconds)
