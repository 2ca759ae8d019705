"""Serves the metrics to Prometheus, and readiness to orchestrators, on a port that need not be reachable by callers."""

from __future__ import annotations

from http import HTTPStatus

from aiohttp import web
from prometheus_client import CollectorRegistry
from prometheus_client.aiohttp import make_aiohttp_handler

from nova_server.observability.readiness import Readiness, is_ready


class MetricsServer:
    """A `Service` that answers at `address` (host:port; port 0 picks a free one).

    `GET /metrics` has the metrics, and `GET /healthz` the status 200 while `readiness` says yes, and 503 otherwise.
    """

    name = "metrics"

    def __init__(self, address: str, registry: CollectorRegistry, readiness: Readiness) -> None:
        self._host, _, port = address.rpartition(":")
        self._requested_port = int(port)
        self._registry = registry
        self._readiness = readiness
        self._runner: web.AppRunner | None = None
        self.port: int | None = None

    async def start(self) -> None:
        """Listen. Raises OSError when the address is taken."""
        application = web.Application()
        application.router.add_get("/metrics", make_aiohttp_handler(self._registry))
        application.router.add_get("/healthz", self._tell_health)
        # An access log line for every scrape would be most of the log.
        self._runner = web.AppRunner(application, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, self._host.strip("[]"), self._requested_port).start()
        self.port = self._runner.addresses[0][1]

    def ready(self) -> bool:
        """Tell whether the metrics are being served."""
        return self._runner is not None

    async def stop(self) -> None:
        """Stop listening."""
        runner, self._runner = self._runner, None
        if runner is not None:
            await runner.cleanup()

    async def _tell_health(self, _request: web.Request) -> web.Response:
        ready = await is_ready(self._readiness)
        return web.Response(status=HTTPStatus.OK if ready else HTTPStatus.SERVICE_UNAVAILABLE)
